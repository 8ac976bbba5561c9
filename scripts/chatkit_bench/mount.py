"""chatkitfs on a mountpoint of the bench's own, and what the kernel asks of it."""

import contextlib
import os
import re
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import Iterator, Optional, Sequence

from .processes import BenchError, running, wait_until

TICKS = os.sysconf("SC_CLK_TCK")

# As libfuse shows a request with -d, see fuse_session_process_buf_int() in its fuse_lowlevel.c.
OPCODE = re.compile(rb"opcode: ([A-Z0-9_]+) \([0-9]+\).* pid: ([0-9]+)")

# No part of what a walk costs: nobody waits for an answer to FORGET, which comes when the kernel
# drops what it remembers; STATFS is asked by some versions of the tools and takes no time.
NOT_COUNTED = {"STATFS", "FORGET", "BATCH_FORGET", "INTERRUPT"}


class Mount:
    def __init__(self, path: Path, process: subprocess.Popen, requests: "Optional[Requests]"):
        self.path = path
        self.process = process
        self.pid = process.pid
        self.requests = requests  # with debug

    def cpu(self) -> float:
        """Seconds of CPU that its process took so far, in user and kernel."""
        # proc_pid_stat(5): utime and stime are the 14th and 15th field, ") " ends the 2nd.
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, field: str) -> int:
        """Bytes, of a field of proc_pid_status(5) such as VmRSS."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s*([0-9]+) kB", status, re.MULTILINE)[1]) * 1024


class Requests:
    """Counts the kernel's requests, from libfuse's debugging output."""

    def __init__(self, process: subprocess.Popen, path: Path):
        self.counts: Counter = Counter()
        self.path = path
        self.marks = 0  # STATFS of our own, which tell that what came before has been counted
        self.process = process
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self) -> None:
        own = b"%d" % os.getpid()
        for line in self.process.stderr:
            match = OPCODE.search(line)
            if match and match[1] == b"STATFS" and match[2] == own:
                self.marks += 1
            elif match:
                self.counts[match[1].decode()] += 1

    def so_far(self) -> int:
        mark = self.marks + 1
        os.statvfs(self.path)
        wait_until(lambda: self.marks >= mark or not self.thread.is_alive(), "libfuse's output")
        return sum(count for name, count in self.counts.items() if name not in NOT_COUNTED)


def is_mounted(path: Path) -> bool:
    return f" {path} fuse." in Path("/proc/self/mounts").read_text()


@contextlib.contextmanager
def unmounting(path: Path, process: subprocess.Popen) -> Iterator[None]:
    """Unmounts at the end, which ends the process, or the other way round where that fails."""
    try:
        yield
    finally:
        if is_mounted(path):
            subprocess.run(["fusermount3", "-u", path], stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10 if not is_mounted(path) else 0)
        if is_mounted(path):
            process.kill()
            subprocess.run(["fusermount3", "-uz", path], stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def mounted(program: Path, url: str, path: Path, *, debug: bool = False,
            certificate: Optional[Path] = None, options: Sequence[str] = ()) -> Iterator[Mount]:
    """A new process with a new mount: nothing is known yet but what mounting takes."""
    path.mkdir(exist_ok=True)
    log = path.with_name("chatkitfs.log")
    environment = {**os.environ, **({"SSL_CERT_FILE": str(certificate)} if certificate else {})}
    with open(log, "wb") as errors, \
            running(program, "-f", *(["-d"] if debug else []), f"--base-url={url}",
                    *options, path, env=environment, stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE if debug else errors) as process, \
            unmounting(path, process):
        requests = Requests(process, path) if debug else None
        wait_until(lambda: is_mounted(path) or process.poll() is not None, "the mount")
        if not is_mounted(path):
            raise BenchError(f"chatkitfs did not mount: {log.read_text().strip()}")
        try:
            yield Mount(path, process, requests)
        except BenchError as error:
            raise BenchError(f"{error}\n{log.read_text().strip()}".strip()) from None
