"""A cold grep -r against rclone mount of the same tree, served by WebDAV as far away."""

import contextlib
import shutil
from pathlib import Path
from typing import Iterator

from .delay import delayed
from .latency import GREP
from .mount import is_mounted, unmounting
from .processes import BenchError, accepts, free_port, running, wait_until
from .setting import Bench, local, say
from .table import Row, left_out, timed, title
from .tree import copied
from .walks import run_walk


def measure(bench: Bench) -> Iterator[Row]:
    account, samples = bench.rclone, bench.samples
    yield title(f"Against rclone mount, {bench.milliseconds:g} ms, {account}, "
                f"{account.files:,} files")
    if not shutil.which("rclone"):
        yield left_out("rclone mount", "rclone is not here (Debian's package rclone)")
        return
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(bench.served(account))
        with bench.mounted(server.url) as mount:
            tree = stack.enter_context(copied(mount.path, bench.place("copy")))
        webdav = stack.enter_context(delayed(
            stack.enter_context(webdav_of(bench, tree)), bench.milliseconds))
        api = stack.enter_context(delayed(server.port, bench.milliseconds))
        for run in range(bench.runs):
            say(f"rclone, run {run + 1} of {bench.runs}")
            with bench.mounted(local(api)) as mount:
                samples["rclone chatkitfs"].append(run_walk(GREP, mount.path, account))
            with rclone_mounted(bench, webdav) as path:
                samples["rclone"].append(run_walk(GREP, path, account))
    yield timed("`grep -r`, cold", samples["rclone chatkitfs"])
    yield timed("`grep -r`, cold, of rclone mount", samples["rclone"], "chatkitfs",
                samples.median("rclone chatkitfs"))


# Neither the user's settings nor his cache.
def rclone(bench: Bench, *words) -> list:
    return ["rclone", f"--config={bench.work}/rclone.conf", f"--cache-dir={bench.work}/rclone",
            *words]


@contextlib.contextmanager
def webdav_of(bench: Bench, tree: Path) -> Iterator[int]:
    port = free_port()
    with open(bench.place("webdav.log"), "wb") as log, \
            running(*rclone(bench, "serve", "webdav", "--read-only", f"--addr=127.0.0.1:{port}",
                            tree), stdout=log, stderr=log) as process:
        wait_until(lambda: process.poll() is not None or accepts(port), "rclone serve webdav")
        yield port


@contextlib.contextmanager
def rclone_mounted(bench: Bench, port: int) -> Iterator[Path]:
    path = bench.work / "rclone-mnt"
    path.mkdir(exist_ok=True)
    log = bench.place("rclone.log")
    with open(log, "wb") as errors, \
            running(*rclone(bench, "mount", "--read-only", f"--webdav-url=http://127.0.0.1:{port}",
                            ":webdav:", path), stdout=errors, stderr=errors) as process, \
            unmounting(path, process):
        wait_until(lambda: process.poll() is not None or is_mounted(path), "rclone mount")
        if not is_mounted(path):
            raise BenchError(f"rclone did not mount: {log.read_text().strip()}")
        yield path
