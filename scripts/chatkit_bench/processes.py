"""The programs that the bench starts: all end with it, however it ends."""

import contextlib
import os
import socket
import subprocess
import time
from typing import Callable, Iterator

WAIT = 30  # seconds that a condition may take to come
LOOK = 0.001


class BenchError(Exception):
    """What could not be measured, and why, for people."""


def clean_environment() -> None:
    """Neither the caller's account nor the caller's language or proxy, for us and all we start."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("OPENAI_"):
            del os.environ[name]
    # The system's own programs; nginx is in a directory that users don't have in their PATH.
    path = f"/usr/bin:/bin:{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    os.environ.update(LC_ALL="C.UTF-8", TZ="UTC", PATH=path, OPENAI_API_KEY="sk-bench")


@contextlib.contextmanager
def running(*command, **options) -> Iterator[subprocess.Popen]:
    """A program in the background, ended with the block, or with the bench if that is killed."""
    # A session of its own: a terminal's ^C is for the bench, which then ends the others in order.
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", *map(str, command)], stdin=subprocess.DEVNULL,
        start_new_session=True, **options)
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(condition: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > limit:
            raise BenchError(f"waited {WAIT} s in vain for {what}")
        time.sleep(LOOK)


def output_of(*command) -> str:
    """What a command says on standard output or error; empty where it is missing or fails."""
    try:
        return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
