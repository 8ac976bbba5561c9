"""How fast a signal ends who waits for the network, and how fast SIGTERM ends the mount."""

import contextlib
import http.client
import json
import mmap
import os
import signal
import time
from pathlib import Path
from statistics import median
from typing import Callable, Iterator
from urllib.parse import urlsplit

from .mount import Mount, is_mounted
from .processes import BenchError, running, wait_until
from .setting import Bench, say
from .table import Row, at_most, seconds, title

READERS = 64  # requests in flight when the mount ends
FOREVER = 3600  # --timeout, in seconds: nothing but the signal is to end anything
READER_LIMIT = at_most(0.2)
MOUNT_LIMIT = at_most(2)
SANDBOX = Path(__file__).resolve().parent.parent / "sandbox"
KEY = "sk-bench"  # clean_environment()'s


class Sandbox:
    """The server, which can hold its answers back."""

    def __init__(self, url: str):
        self.url = url

    def control(self, method: str, path: str, body: object = None) -> dict:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, f"/sandbox/{path}", body and json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
        if answer.status != 200:
            raise BenchError(f"the sandbox answered {answer.status}: {text.decode()}")
        return json.loads(text)

    def hold(self, match: str) -> None:
        self.control("POST", "faults", {"kind": "hold", "match": match, "times": None})

    def release(self) -> None:
        self.control("DELETE", "faults")
        self.control("POST", "release")

    def held(self) -> int:
        return self.control("GET", "requests")["held"]


@contextlib.contextmanager
def sandbox(bench: Bench) -> Iterator[Sandbox]:
    file = bench.place("sandbox-url")
    with open(bench.place("sandbox-log"), "wb") as log, \
            running(SANDBOX, "--key", KEY, "--generate", f"{READERS}x3", "--url-file", file,
                    stdout=log, stderr=log):
        wait_until(lambda: file.exists() and file.stat().st_size > 0, "the sandbox")
        yield Sandbox(file.read_text().strip())


def is_running(pid: int) -> bool:
    # proc_pid_stat(5): the state is the first field after the name.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("R")


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith(("Z", "X"))
    except OSError:
        return True


class Reader:
    """A process that does one thing, with the signals' usual effects."""

    def __init__(self, operation: Callable[[], object]):
        self.begun = mmap.mmap(-1, 1)
        self.pid = os.fork()
        if self.pid == 0:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            status = 2
            self.begun[0] = 1
            try:
                operation()
                status = 0
            except OSError:
                status = 1
            finally:
                os._exit(status)

    def waits(self) -> bool:
        return self.begun[0] == 1 and not is_running(self.pid)

    def end(self) -> int:
        """As os.waitstatus_to_exitcode(), once it has ended."""
        self.begun.close()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def interrupt(operation: Callable[[], object], mount: Mount, number: int) -> float:
    """Seconds that a reader, which is waited for in the file system, lives on after a signal."""
    reader = Reader(operation)
    wait_until(lambda: reader.waits() and not is_running(mount.pid), "a reader to wait")
    start = time.perf_counter()
    os.kill(reader.pid, number)
    status = reader.end()
    elapsed = time.perf_counter() - start
    if status != -number:
        raise BenchError(f"a reader ended with status {status} and not with the signal")
    return elapsed


def interrupt_all(bench: Bench, mount: Mount, operations: dict) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        for name, operation in operations.items():
            say(f"{name}, {number.name}, {bench.tries} times")
            bench.samples[f"{name} {number.name}"] += [
                interrupt(operation, mount, number) for _ in range(bench.tries)]


def folders(mount: Mount) -> list[Path]:
    return [Path(entry.path) for entry in os.scandir(mount.path)]


def unknown(bench: Bench, server: Sandbox) -> None:
    """What waits for a thread's items."""
    with bench.mounted(server.url, options=[f"--timeout={FOREVER}"]) as mount:
        folder = folders(mount)[0]
        server.hold("/items")
        interrupt_all(bench, mount, {
            "lookup": lambda: os.stat(folder / "0001-user.md"),
            "readdir": lambda: os.listdir(folder),
            "open": lambda: os.open(folder / "thread.md", os.O_RDONLY),
        })
        if server.held() != 1:
            raise BenchError("the readers did not wait for one and the same request")
        server.release()


def unchecked(bench: Bench, server: Sandbox) -> None:
    """What waits for a check of what is known: attributes, and therefore reads, with --ttl=0."""
    with bench.mounted(server.url, options=[f"--timeout={FOREVER}", "--ttl=0"]) as mount:
        folder = folders(mount)[0]
        file = os.open(folder / "thread.md", os.O_RDONLY)
        server.hold(f"/{folder.name.rpartition('.')[2]}")

        def check() -> bool:
            # What has been checked just now is not checked again for the same program.
            reader = Reader(lambda: os.fstat(file))
            wait_until(lambda: reader.waits() or is_gone(reader.pid), "a reader to wait")
            waits = not is_gone(reader.pid)
            os.kill(reader.pid, signal.SIGKILL)
            reader.end()
            return waits and server.held() == 1
        wait_until(check, "a check")
        interrupt_all(bench, mount, {
            "getattr": lambda: os.fstat(file),
            "read": lambda: os.pread(file, 1, 0),
        })
        os.close(file)
        server.release()


def end_mount(bench: Bench, server: Sandbox) -> float:
    """Seconds until process and mount are gone, with requests in flight for which readers wait."""
    arguments = [f"--timeout={FOREVER}", f"--concurrency={READERS}"]
    with bench.mounted(server.url, options=arguments) as mount:
        paths = [folder / "thread.md" for folder in folders(mount)]
        server.hold("/items")
        readers = [Reader(lambda path=path: os.stat(path)) for path in paths]
        wait_until(lambda: all(reader.waits() for reader in readers) and server.held() == READERS,
                   "the requests")
        start = time.perf_counter()
        os.kill(mount.pid, signal.SIGTERM)
        wait_until(lambda: is_gone(mount.pid) and not is_mounted(mount.path), "the end")
        elapsed = time.perf_counter() - start
        for reader in readers:
            if reader.end() != 1:
                raise BenchError("a reader did not get an error")
    server.release()
    wait_until(lambda: server.held() == 0, "the sandbox")
    return elapsed


def row(name: str, values: list[float], limit) -> Row:
    ordered = sorted(values)
    p99 = ordered[(len(ordered) * 99 + 99) // 100 - 1]
    return Row(name, seconds(median(ordered)), f"p99 {seconds(p99)}, max {seconds(ordered[-1])}",
               target=f"p99 {limit.sign} {seconds(limit.bound)}", met=limit.met(p99))


def measure(bench: Bench) -> Iterator[Row]:
    with sandbox(bench) as server:
        unknown(bench, server)
        unchecked(bench, server)
        ends = max(bench.tries // 5, 1)
        say(f"SIGTERM with {READERS} requests in flight, {ends} times")
        bench.samples["SIGTERM"] += [end_mount(bench, server) for _ in range(ends)]
    yield title(f"From a signal to the end of who waits, {bench.tries} times each")
    for number in (signal.SIGINT, signal.SIGKILL):
        for name in ("lookup", "getattr", "readdir", "open", "read"):
            yield row(f"{name}, {number.name}", bench.samples[f"{name} {number.name}"],
                      READER_LIMIT)
    yield title(f"From SIGTERM to the end of the mount, {READERS} requests in flight, "
                f"{ends} times")
    yield row("SIGTERM", bench.samples["SIGTERM"], MOUNT_LIMIT)
