"""The readers, each of which runs one program after the other, and what came of these."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from itertools import cycle
from random import Random
from typing import Iterator, Optional, Type

from chatkit_bench.mount import Mount

from .history import KINDS, History, Wrong
from .programs import PROGRAMS, Failure, Output, Program

SHOWN = 10  # of each kind of what is wrong, the rest is only counted
LOOK = 0.1
UNKILLABLE = 5  # seconds after which a program that was killed must be gone
LONG = 2000  # so many characters of each


class Tally:
    """What all programs came to."""

    def __init__(self):
        self.lock = threading.Lock()
        self.runs: Counter = Counter()
        self.failed: Counter = Counter()
        self.errors: dict[str, Counter] = defaultdict(Counter)
        self.wrong: Counter = Counter({kind: 0 for kind in KINDS})
        self.hung: list[str] = []
        self.longest = 0.0

    def add(self, program: Program, failures: list[Failure], wrong: list[Wrong]) -> None:
        with self.lock:
            self.runs[program.name] += 1
            self.failed[program.name] += bool(failures)
            self.errors[program.name].update(failure.errno for failure in failures)
            for kind, what in wrong:
                self.wrong[kind] += 1
                if self.wrong[kind] <= SHOWN:
                    print(f"{kind}: {shlex.join(program.words)[:1000]}: {what[:LONG]}",
                          file=sys.stderr, flush=True)

    def all_errors(self) -> Counter:
        with self.lock:
            return sum(self.errors.values(), Counter())

    @property
    def bad(self) -> bool:
        return any(self.wrong.values()) or bool(self.hung)


class Waiting:
    """How long a process has not done a thing, by its count of voluntary context switches: while it
    waits for one operation of the file system this stays the same."""

    def __init__(self, process: subprocess.Popen):
        self.process = process
        self.switches = ""
        self.since = time.monotonic()

    def seconds(self) -> float:
        now = time.monotonic()
        try:
            with open(f"/proc/{self.process.pid}/status", "rb") as file:
                status = file.read().decode("ascii", "replace")
        except OSError:
            status = ""
        _, _, switches = status.partition("\nvoluntary_ctxt_switches:")
        waits = "\nState:\tS" in status or "\nState:\tD" in status
        if not waits or switches != self.switches:
            self.switches, self.since = switches, now
        return now - self.since


class Readers:
    """So many threads that run programs; a watcher ends those that hang."""

    def __init__(self, count: int, mount: Mount, history: History, tally: Tally, seed: int,
                 limit: float):
        self.mount, self.history, self.tally, self.limit = mount, history, tally, limit
        self.ending = threading.Event()  # no further program begins
        self.abandoned = threading.Event()  # and those that run are killed
        self.lock = threading.Lock()
        self.running: dict[int, tuple[Program, Waiting]] = {}
        self.failure: Optional[BaseException] = None
        self.threads = [
            threading.Thread(target=self.read, args=(kind, Random(f"{seed} {number}")), daemon=True)
            for number, kind in zip(range(count), cycle(PROGRAMS))]  # each is run at first
        self.watcher = threading.Thread(target=self.watch, daemon=True)

    @contextlib.contextmanager
    def reading(self) -> Iterator["Readers"]:
        """Begins; at the end of the block nothing of it is left."""
        for thread in [*self.threads, self.watcher]:
            thread.start()
        try:
            yield self
        finally:
            self.ending.set()
            self.abandoned.set()
            for thread in [*self.threads, self.watcher]:
                thread.join()

    def end(self) -> None:
        """Lets the programs that run come to their ends."""
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def read(self, kind: Type[Program], rng: Random) -> None:
        try:
            while not self.ending.is_set():
                program = kind(str(self.mount.path), self.history, rng)
                self.tally.add(program, *self.run(program))
                kind = rng.choices(list(PROGRAMS), list(PROGRAMS.values()))[0]
        except BaseException as error:  # of this program; it must not go on with fewer readers
            self.failure = error
            raise

    def run(self, program: Program) -> tuple[list[Failure], list[Wrong]]:
        """Runs a program; what failed, and what was wrong."""
        process = subprocess.Popen(program.words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
        with self.lock:
            self.running[process.pid] = program, Waiting(process)
        try:
            stopped = False
            try:
                out, messages = process.communicate(timeout=program.seconds or None)
            except subprocess.TimeoutExpired:
                stopped = True
                process.terminate()
                out, messages = process.communicate()
        finally:
            with self.lock:
                del self.running[process.pid]
            if process.poll() is None:
                process.kill()
                process.wait()
        told = list(program.failures(messages.decode("utf-8", "replace")))
        failures = [one for one in told if isinstance(one, Failure)]
        wrong = [one for one in told if isinstance(one, Wrong)]
        output = Output(out, failures, stopped or process.returncode < 0)
        wrong += program.check(output)
        wrong += program.check_failures(output)
        return failures, wrong

    def watch(self) -> None:
        killed = None
        while not self.abandoned.wait(LOOK) or self.running:
            if self.abandoned.is_set():
                killed = killed or time.monotonic()
                time.sleep(LOOK)
            with self.lock:
                running = list(self.running.values())
            for program, waiting in running:
                seconds = waiting.seconds()
                self.tally.longest = max(self.tally.longest, seconds)
                if seconds > self.limit:
                    self.tell_hung(program, waiting)
                if seconds > self.limit or self.abandoned.is_set():
                    waiting.process.kill()
                if seconds > self.limit + UNKILLABLE or \
                        killed and time.monotonic() > killed + UNKILLABLE:
                    # Without its process the kernel ends every call to a file system.
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(self.mount.pid, signal.SIGKILL)

    def tell_hung(self, program: Program, waiting: Waiting) -> None:
        try:
            with open(f"/proc/{waiting.process.pid}/wchan", encoding="ascii") as file:
                where = file.read()
        except OSError:
            where = ""
        told = f"waits for more than {self.limit:g} s ({where}): {shlex.join(program.words)[:1000]}"
        if told not in self.tally.hung:
            self.tally.hung.append(told)
            print(f"hung: {told}", file=sys.stderr, flush=True)
