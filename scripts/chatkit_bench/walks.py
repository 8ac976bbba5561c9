"""Walks over everything without latency: cold and warm, against the same tree on tmpfs."""

import contextlib
import subprocess
import time
from pathlib import Path
from typing import Callable, Iterator, NamedTuple, Optional

from .account import PATTERN, Account
from .pages import targets
from .processes import BenchError
from .server import Server
from .setting import Bench, say
from .table import Row, at_most, counted, left_out, timed, title
from .tree import copied, tmpfs_for


class Walk(NamedTuple):
    name: str
    command: list[str]  # the folder's path follows
    lines: Callable[[Account], int]  # that it writes for an account
    warm: Optional[float]  # targets: as a ratio to tmpfs,
    cold_requests: Optional[Callable[[Account], int]]  # and how often the kernel may ask


def listing(account: Account) -> int:
    return 2 * account.threads + 20  # two for each folder


def reading(account: Account) -> int:
    return 3 * account.threads + 100


WALKS = [
    Walk("find", ["find"], lambda a: 1 + a.threads + a.files, 1.2, listing),
    Walk("find -size +0", ["find", "-type", "f", "-size", "+0"], lambda a: a.files, 1.2, listing),
    # Each folder: its name, its total, its entries; an empty line between folders.
    Walk("ls -lR", ["ls", "-lR"], lambda a: 2 + a.threads + 3 * a.threads + a.files, 1.2, listing),
    Walk("grep -r", ["grep", "-r", PATTERN], lambda a: a.matches, 1.4, reading),
    Walk("rg", ["rg", "--no-ignore", PATTERN], lambda a: a.matches, 1.2, None),
]
WARM_REQUESTS = 5
WARM_WALKS = 5  # on each mount, in turn with as many of tmpfs: they are short

# The cold walk may take as long as fetching, and this many times as long as tmpfs.
COLD_GREP = 4

ITEM_CPU = {"find": "fetch, decode, store", "grep -r": "the same and render"}


def run_walk(walk: Walk, folder: Path, account: Account) -> float:
    """Seconds that a walk takes; fails unless it finds all there is."""
    # find(1) wants the folder first, the others take it last.
    words = [walk.command[0], folder, *walk.command[1:]] if walk.command[0] == "find" else \
        [*walk.command, folder]
    start = time.perf_counter()
    # Through a pipe: GNU grep stops at the first match when it writes to /dev/null.
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            lines = 0
            while block := process.stdout.read1(1 << 20):
                lines += block.count(b"\n")
        except BaseException:
            process.kill()
            raise
    elapsed = time.perf_counter() - start
    if process.returncode != 0 or lines != walk.lines(account):
        raise BenchError(f"{walk.name} of {folder}: status {process.returncode}, {lines} lines "
                         f"instead of {walk.lines(account)}")
    return elapsed


def curl_all(account: Account, port: int, work: Path, at_once: int) -> float:
    """Seconds that curl(1) takes for what chatkitfs asks for."""
    config = work / "curl.config"
    config.write_text("".join(f'url = "http://127.0.0.1:{port}{target}"\noutput = "/dev/null"\n'
                              for target in targets(account)))
    start = time.perf_counter()
    # Of parallel transfers curl shows its meter whatever it is told.
    done = subprocess.run(["curl", "--fail", "--compressed", "--parallel", "--parallel-max",
                           str(at_once), "--config", config], stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise BenchError(f"curl failed with status {done.returncode}")
    return time.perf_counter() - start


def measure(bench: Bench) -> Iterator[Row]:
    account, samples = bench.walks, bench.samples
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(bench.served(account))
        tmpfs = tmpfs_for(account)
        tree = None
        if tmpfs:
            with bench.mounted(server.url) as mount:
                tree = stack.enter_context(copied(mount.path, tmpfs / bench.work.name))
        for run in range(bench.runs):
            for walk in WALKS:
                say(f"{walk.name}, run {run + 1} of {bench.runs}")
                time_walk(bench, walk, server, tree)
            samples["curl"].append(curl_all(account, server.port, bench.work, 16))
        for walk in WALKS:
            say(f"{walk.name}: FUSE requests")
            count_requests(bench, walk, server)
    yield title(f"Walks of {account}, {account.files:,} files, no latency")
    if not tmpfs:
        yield left_out("the same on tmpfs", "no tmpfs here has the room")
    for walk in WALKS:
        yield from time_rows(bench, walk)
    yield timed("`curl --parallel`, 16 at once, of the same URLs", samples["curl"])
    yield counted("`find`, cold: HTTP requests", samples["find http"])
    for walk in WALKS:
        yield counted(f"`{walk.name}`, cold: FUSE requests", samples[f"{walk.name} cold fuse"],
                      walk.cold_requests and at_most(walk.cold_requests(account)))
        yield counted(f"`{walk.name}`, warm: FUSE requests", samples[f"{walk.name} warm fuse"],
                      at_most(WARM_REQUESTS))
    for name, what in ITEM_CPU.items():
        yield timed(f"`{name}`, cold: CPU of chatkitfs for each item ({what})",
                    samples[f"{name} item cpu"])


def time_walk(bench: Bench, walk: Walk, server: Server, tree: Optional[Path]) -> None:
    account, samples = bench.walks, bench.samples
    before = server.requests()
    with bench.mounted(server.url) as mount:
        cpu = mount.cpu()
        samples[f"{walk.name} cold"].append(run_walk(walk, mount.path, account))
        samples[f"{walk.name} item cpu"].append((mount.cpu() - cpu) / max(account.all_items, 1))
        samples[f"{walk.name} http"].append(server.requests() - before)
        for _ in range(WARM_WALKS):
            samples[f"{walk.name} warm"].append(run_walk(walk, mount.path, account))
            if tree:
                samples[f"{walk.name} tmpfs"].append(run_walk(walk, tree, account))


def count_requests(bench: Bench, walk: Walk, server: Server) -> None:
    """Not in a timed run: writing all of them down takes longer than answering."""
    with bench.mounted(server.url, debug=True) as mount:
        for state in ("cold", "warm"):
            before = mount.requests.so_far()
            run_walk(walk, mount.path, bench.walks)
            bench.samples[f"{walk.name} {state} fuse"].append(mount.requests.so_far() - before)


def time_rows(bench: Bench, walk: Walk) -> Iterator[Row]:
    samples = bench.samples
    tmpfs = samples.median(f"{walk.name} tmpfs") if f"{walk.name} tmpfs" in samples else None
    cold = samples[f"{walk.name} cold"]
    yield timed(f"`{walk.name}`, cold", cold, "tmpfs", tmpfs)
    if walk.name == "grep -r" and tmpfs:
        yield timed(f"`{walk.name}`, cold", cold, f"{COLD_GREP} × tmpfs + curl",
                    COLD_GREP * tmpfs + samples.median("curl"), at_most(1))
    yield timed(f"`{walk.name}`, warm", samples[f"{walk.name} warm"], "tmpfs", tmpfs,
                at_most(walk.warm) if tmpfs else None)
