"""What chatkitfs takes of the system, while it runs."""

import contextlib
import os
import re
import threading
import time
from pathlib import Path
from typing import NamedTuple, Optional

from chatkit_bench.mount import Mount
from chatkit_bench.processes import BenchError

EVERY = 1.0  # seconds between two looks
WARM_UP = 0.25  # of the time, which does not count for the slope


class Look(NamedTuple):
    at: float  # monotonic
    resident: int  # bytes
    sockets: int
    spilled: int  # files of SQLite, which begins them when memory no longer holds the store
    others: int  # other descriptors
    threads: int

    @property
    def descriptors(self) -> int:
        return self.sockets + self.spilled + self.others


def descriptors_of(pid: int) -> list[str]:
    """What they are of."""
    targets = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed in the meantime
            targets.append(os.readlink(f"/proc/{pid}/fd/{number}"))
    return targets


def look_at(mount: Mount) -> Look:
    """BenchError where its process has ended."""
    try:
        status = Path(f"/proc/{mount.pid}/status").read_text("ascii", "replace")
        resident, threads, room = (
            int(re.search(rf"^{name}:\s*([0-9]+)", status, re.MULTILINE)[1])
            for name in ("VmRSS", "Threads", "FDSize"))
        now = time.monotonic()
        try:
            targets = descriptors_of(mount.pid)
        except PermissionError:  # of a process that can't be dumped
            return Look(now, resident * 1024, 0, 0, room, threads)
    except (OSError, TypeError):  # a process that nobody waited for has no VmRSS
        raise BenchError("chatkitfs has ended") from None
    sockets = sum(target.startswith("socket:") for target in targets)
    spilled = sum("/etilqs_" in target for target in targets)
    return Look(now, resident * 1024, sockets, spilled, len(targets) - sockets - spilled, threads)


class Watch(threading.Thread):
    """Looks at it all the time."""

    def __init__(self, mount: Mount):
        super().__init__(daemon=True)
        self.mount = mount
        self.looks = [look_at(mount)]
        self.failure: Optional[BenchError] = None
        self.ending = threading.Event()

    def run(self) -> None:
        try:
            while not self.ending.wait(EVERY):
                self.looks.append(look_at(self.mount))
        except BenchError as error:
            self.failure = error

    def end(self) -> None:
        self.ending.set()
        self.join()

    def slope(self) -> float:
        """KiB a minute by which its memory grew after the warm-up, by least squares."""
        begin, end = self.looks[0].at, self.looks[-1].at
        counted = [look for look in self.looks if look.at >= begin + WARM_UP * (end - begin)]
        x = [(look.at - begin) / 60 for look in counted]
        y = [look.resident / 1024 for look in counted]
        mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
        spread = sum((one - mean_x) ** 2 for one in x)
        return sum((one - mean_x) * (two - mean_y) for one, two in zip(x, y)) / spread \
            if spread else 0
