"""The programs that read: what each is started with, and what its output must be."""

import errno
import os
import re
import time
from abc import ABC, abstractmethod
from random import Random
from typing import Iterator, NamedTuple

from model_account import Thread

from .history import MESSAGE, NEVER, SIZE, TRANSCRIPTS, Before, History, Wrong

BY_MESSAGE = {os.strerror(number): name for number, name in errno.errorcode.items()}
FOLLOW = 3.0  # seconds for which tail -f follows a file


class Failure(NamedTuple):
    """A message of a program."""
    errno: str
    path: str  # below the mountpoint


class Output(NamedTuple):
    out: bytes
    failures: list[Failure]
    stopped: bool  # before its end

    @property
    def whole(self) -> bool:
        return not self.failures and not self.stopped


class Program(ABC):
    """One run of a program."""
    name: str
    seconds = 0.0  # after which it is to be ended, if not 0

    def __init__(self, mountpoint: str, history: History, threads: list[Thread]):
        self.mountpoint, self.history, self.threads = mountpoint, history, threads
        self.before: Before = history.before(threads)
        self.began = time.monotonic()
        self.words: list[str] = []

    @abstractmethod
    def check(self, output: Output) -> Iterator[Wrong]:
        """All that is wrong with its output, apart from its messages."""

    def folder(self, rng: Random, thread: Thread) -> str:
        """One of the paths of a thread's folder."""
        names = [name for name in thread.names() if name in self.before.told]
        return f"{self.mountpoint}/{rng.choice([thread.id, *names])}"

    def thread_of(self, path: str) -> Thread:
        return self.history.by_name[path.split("/")[0]]

    def failures(self, messages: str) -> Iterator[Failure | Wrong]:
        """What its messages tell; Wrong for what can't be understood."""
        for line in messages.splitlines():
            said = line.rpartition(": ")[2]
            path = re.search(re.escape(self.mountpoint) + r"/?([^'‘’\s:]*)", line)
            if said in BY_MESSAGE and path:
                yield Failure(BY_MESSAGE[said], path[1])
            elif line != "tail: no files remaining":  # as the failure in front of it had told
                yield Wrong(MESSAGE, line)

    def check_failures(self, output: Output) -> Iterator[Wrong]:
        for failure in output.failures:
            if failure.errno in ("ENOENT", "ESTALE"):
                yield from self.history.gone(failure.path, self.before)


def some_file(rng: Random, thread: Thread) -> str:
    names = ["thread.json", "thread.md", "thread.md", "items.jsonl"]
    if thread.items:
        names += rng.choices(thread.files(), k=4)
    return rng.choice(names)


def lines(out: bytes) -> list[str]:
    return out.decode("utf-8", "replace").splitlines()


class FindThreads(Program):
    """The names of all threads."""
    name = "find threads"

    def __init__(self, mountpoint: str, history: History, rng: Random):
        super().__init__(mountpoint, history, history.there)
        self.words = ["find", mountpoint, "-mindepth", "1", "-maxdepth", "1", "-printf", "%P\\n"]

    def check(self, output: Output) -> Iterator[Wrong]:
        yield from self.history.all_listed(lines(output.out), self.before, self.began,
                                           output.whole)


class FindEverything(Program):
    """Every file, with its size."""
    name = "find all"

    def __init__(self, mountpoint: str, history: History, rng: Random):
        super().__init__(mountpoint, history, history.there)
        self.words = ["find", mountpoint, "-mindepth", "1", "-printf", "%P\\t%s\\n"]

    def check(self, output: Output) -> Iterator[Wrong]:
        folders: dict[str, list[tuple[str, str]]] = {}
        for line in lines(output.out):
            path, _, size = line.partition("\t")
            folder, _, file = path.partition("/")
            files = folders.setdefault(folder, [])
            if file:
                files.append((file, size))
        failed = {failure.path.partition("/")[0] for failure in output.failures}
        # A folder that failed is listed all the same, but for one that is gone.
        all_there = not output.stopped and "" not in failed
        yield from self.history.all_listed(
            [*folders, *(failed - set(folders) if all_there else [])], self.before, self.began,
            all_there)
        for folder, files in folders.items():
            thread = self.history.by_name.get(folder)
            if thread in self.before.seen:
                whole = folder not in failed and not output.stopped
                yield from check_folder(self.history, thread, files, self.before, whole)


def check_folder(history: History, thread: Thread, files: list[tuple[str, str]], before: Before,
                 whole: bool) -> Iterator[Wrong]:
    never = list(history.listed(thread, [name for name, _ in files], before, whole))
    yield from never
    if not any(wrong.kind == NEVER for wrong in never):
        for name, size in files:
            yield from history.size(thread, name, int(size), before)


class FindThread(Program):
    """What is in a thread's folder, with sizes."""
    name = "find thread"

    def __init__(self, mountpoint: str, history: History, rng: Random):
        super().__init__(mountpoint, history, [history.some_thread(rng)])
        self.words = ["find", "-H", self.folder(rng, self.threads[0]), "-mindepth", "1", "-printf",
                      "%f\\t%s\\n"]

    def check(self, output: Output) -> Iterator[Wrong]:
        files = [tuple(line.split("\t")) for line in lines(output.out)]
        yield from check_folder(self.history, self.threads[0], files, self.before, output.whole)


class Grep(Program):
    """All lines of all files of some threads, one after the other."""
    name = "grep -r"
    exact = False

    def __init__(self, mountpoint: str, history: History, rng: Random):
        there = history.readable()
        first = rng.randrange(len(there))
        super().__init__(mountpoint, history, there[first:first + rng.choice((1, 1, 1, 2, 6))])
        self.command([self.folder(rng, thread) for thread in reversed(self.threads)])

    def command(self, paths: list[str]) -> None:
        self.words = ["grep", "-raHZ", "", *paths]

    def check(self, output: Output) -> Iterator[Wrong]:
        folders: dict[str, dict[str, bytes]] = {}
        for folder, file, blob in self.files(output.out):
            folders.setdefault(folder, {})[file] = blob
        failed = {failure.path for failure in output.failures}
        for folder, files in folders.items():
            thread = self.history.by_name.get(folder)
            if thread not in self.before.seen:
                yield Wrong(NEVER, f"{folder} is no thread's folder")
                continue
            whole = output.whole or not output.stopped and not any(
                path.partition("/")[0] == folder for path in failed)
            never = list(self.history.listed(thread, list(files), self.before, whole, self.exact))
            yield from never
            if any(wrong.kind == NEVER for wrong in never):
                continue
            for file, blob in files.items():
                complete = not output.stopped and f"{folder}/{file}" not in failed
                yield from self.history.file(thread, file, blob, self.before, complete, self.exact)

    def files(self, out: bytes) -> Iterator[tuple[str, str, bytes]]:
        """(folder, file, bytes) of each, from lines with the file's path and a NUL in front."""
        path, blob = b"", []
        for line in out.split(b"\n")[:-1]:
            name, _, text = line.partition(b"\0")
            if name != path and blob:
                yield *self.place(path), b"".join(blob)
                blob = []
            path = name
            blob += [text, b"\n"]
        if blob:
            yield *self.place(path), b"".join(blob)

    def place(self, path: bytes) -> tuple[str, str]:
        folder, _, file = path.decode("utf-8", "replace")[len(self.mountpoint) + 1:].partition("/")
        return folder, file


class GrepEverything(Grep):
    """All that there is, once nothing changes any more and all has been checked."""
    name = "grep all"
    exact = True

    def __init__(self, mountpoint: str, history: History):
        Program.__init__(self, mountpoint, history, history.there)
        self.command([mountpoint])

    def check(self, output: Output) -> Iterator[Wrong]:
        folders = dict.fromkeys(folder for folder, _, _ in self.files(output.out))
        yield from self.history.all_listed(list(folders), self.before, self.began, exact=True)
        yield from super().check(output)


class Cat(Program):
    """A file."""
    name = "cat"

    def __init__(self, mountpoint: str, history: History, rng: Random):
        super().__init__(mountpoint, history, [history.some_thread(rng)])
        self.file = some_file(rng, self.threads[0])
        self.words = ["cat", f"{self.folder(rng, self.threads[0])}/{self.file}"]

    def check(self, output: Output) -> Iterator[Wrong]:
        if output.whole or output.out:
            yield from self.history.file(self.threads[0], self.file, output.out, self.before,
                                         output.whole)


class TailFollow(Program):
    """A transcript from its beginning, and as it grows."""
    name = "tail -f"
    seconds = FOLLOW

    def __init__(self, mountpoint: str, history: History, rng: Random):
        super().__init__(mountpoint, history, [history.some_thread(rng)])
        self.file = rng.choice(TRANSCRIPTS)
        self.words = ["tail", "-c", "+1", "-f", "-s", "0.5", f"--pid={os.getpid()}",
                      f"{self.folder(rng, self.threads[0])}/{self.file}"]

    def check(self, output: Output) -> Iterator[Wrong]:
        if output.out:
            yield from self.history.file(self.threads[0], self.file, output.out, self.before, False)


class Tail(Program):
    """A file's last bytes or lines."""
    name = "tail"

    def __init__(self, mountpoint: str, history: History, rng: Random):
        super().__init__(mountpoint, history, [history.some_thread(rng)])
        self.file = some_file(rng, self.threads[0])
        self.bytes = rng.choice((0, 0, 1, 100, 3000))
        self.lines = rng.choice((1, 5, 50))
        self.words = ["tail", *(["-c", f"{self.bytes}"] if self.bytes else ["-n", f"{self.lines}"]),
                      f"{self.folder(rng, self.threads[0])}/{self.file}"]

    def check(self, output: Output) -> Iterator[Wrong]:
        got = output.out
        short = len(got) < self.bytes if self.bytes else got.count(b"\n") < self.lines
        if output.whole:
            yield from self.history.end_of_file(self.threads[0], self.file, got, self.before, short)


class Stat(Program):
    """The sizes of some of a thread's files."""
    name = "stat"

    def __init__(self, mountpoint: str, history: History, rng: Random):
        super().__init__(mountpoint, history, [history.some_thread(rng)])
        folder = self.folder(rng, self.threads[0])
        files = [f"{folder}/{some_file(rng, self.threads[0])}"
                 for _ in range(rng.choice((1, 2, 5)))]
        self.words = ["stat", "-c", "%F\t%s\t%n", *files]

    def check(self, output: Output) -> Iterator[Wrong]:
        for line in lines(output.out):
            kind, size, path = line.split("\t")
            if not kind.startswith("regular"):
                yield Wrong(SIZE, f"{path} is a {kind}")
            yield from self.history.size(self.threads[0], path.rpartition("/")[2], int(size),
                                         self.before)


# How often each is chosen.
PROGRAMS = {FindThreads: 4, FindEverything: 1, FindThread: 15, Grep: 20, Cat: 30, TailFollow: 3,
            Tail: 15, Stat: 15}
