"""Resident memory after everything was read, at growing sizes of the account."""

from typing import Iterator

from .setting import Bench, say
from .table import Limit, Row, at_most, mebibytes, timed, title
from .walks import WALKS, run_walk

FIND = next(walk for walk in WALKS if walk.name == "find")
MOST = 64 * 2**20
GROWTH = 1.1


def measure(bench: Bench) -> Iterator[Row]:
    yield title("Resident memory after `find`, which fetches all")
    smaller = None
    for account in sorted(bench.memory, key=lambda account: account.all_items):
        with bench.served(account) as server, bench.mounted(server.url) as mount:
            say(f"find of {account}")
            elapsed = run_walk(FIND, mount.path, account)
            resident, peak = mount.memory("VmRSS"), mount.memory("VmHWM")
            cpu = mount.cpu()
        name = str(account)
        bench.samples[f"memory {name}"].append(resident)
        bench.samples[f"memory {name} peak"].append(peak)
        yield Row(name, mebibytes(resident), target="< 64 MiB", met=Limit("<", MOST).met(resident))
        if smaller:
            ratio = resident / smaller[1]
            yield Row("the same", mebibytes(resident), "", f"{smaller[0]} {mebibytes(smaller[1])}",
                      f"{ratio:.2f}", f"≤ {GROWTH}", at_most(GROWTH).met(ratio))
        yield Row("the same: the most it ever was", mebibytes(peak))
        yield timed("the same: `find`, cold", [elapsed])
        yield timed("the same: CPU of chatkitfs", [cpu])
        smaller = name, resident
