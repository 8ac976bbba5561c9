# SPDX-License-Identifier: MIT
"""The mount of the fault matrix, and its operations as a program performs them: system calls, each
measured."""

import contextlib
import ctypes
import errno
import glob
import json
import os
import stat
import subprocess
import threading
import time

from faults_server import KEY, LIMIT, wait_until

PAGE_SIZE = 4
ITEMS = 18  # of a thread: 5 pages
THREADS = 40

# Seconds. A call that takes longer than --timeout, a second, and what a busy machine may add hangs.
SLACK = 8


def thread_id(number):
    return f"cthr_{number:05}"


# Each operation has a thread of its own. No two are neighbours, neither as they are listed nor by
# name, so that no reader looks like one that walks from thread to thread and has others fetched
# ahead; none is of the first page.
THREAD_OF = {name: thread_id(2 + 3 * place) for place, name in enumerate((
    "lookup", "getattr", "readdir", "readdirplus", "open", "read", "lookup by id", "opendir",
    "unmount"))}
KNOWN_WHEN_COLD = ("lookup", "getattr", "readdir", "readdirplus", "open", "read")

libc = ctypes.CDLL(None, use_errno=True)
AT_EMPTY_PATH = 0x1000
AT_STATX_FORCE_SYNC = 0x2000
STATX_MODE_SIZE = 0x2 | 0x200


def holders(path):
    """Of a mount that is busy: who has something of it open, by file and command line."""
    found = []
    for link in glob.glob("/proc/[0-9]*/cwd") + glob.glob("/proc/[0-9]*/task/*/fd/*"):
        with contextlib.suppress(OSError):
            target = os.readlink(link)
            if target == path or target.startswith(f"{path}/"):
                with open(f"/proc/{link.split('/')[2]}/cmdline", encoding="utf-8") as file:
                    found.append(f"{link} -> {target}: {file.read()!r}")
    return found


def force_getattr(fd):
    """Mode and size from statx(2), which has the kernel ask the file system whatever it knows."""
    found = (ctypes.c_uint8 * 256)()
    if libc.statx(fd, b"", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_MODE_SIZE, found):
        raise OSError(ctypes.get_errno(), "statx")
    return (int.from_bytes(bytes(found[28:30]), "little"),  # stx_mode
            int.from_bytes(bytes(found[40:48]), "little"))  # stx_size


class Reader:
    """A program that does one operation, again where it failed. The result of an operation is what
    it saw, to be compared with what a healthy mount shows."""

    def __init__(self, mount, operation, cold):
        self.latest = mount.latest
        self.mount, self.operation, self.cold = mount, operation, cold
        self.path = f"{mount.path}/{THREAD_OF.get(operation, '')}"
        self.folder = self.file = None
        self.longest = 0.0  # call, in seconds

    def call(self, function, *arguments, **named):
        begin = time.monotonic()
        try:
            return function(*arguments, **named)
        finally:
            self.longest = max(self.longest, time.monotonic() - begin)

    def prepare(self):
        """Opens what the operation is done with, as far as that is known in every state."""
        if self.operation in KNOWN_WHEN_COLD and self.folder is None:
            self.folder = self.call(os.open, self.path, os.O_RDONLY | os.O_DIRECTORY)
        if self.operation in ("getattr", "read") and self.file is None:
            # A file is not known without its size, hence its contents.
            if self.operation == "read" or not self.cold:
                self.file = self.call(os.open, "thread.md", os.O_RDONLY, dir_fd=self.folder)

    def close(self):
        for fd in (self.folder, self.file):
            if fd is not None:
                self.call(os.close, fd)
        self.folder = self.file = None

    def perform(self):
        self.prepare()
        return getattr(self, self.operation.replace(" ", "_"))()

    def lookup(self):
        found = self.call(os.stat, f"{ITEMS:04}-assistant.md", dir_fd=self.folder,
                          follow_symlinks=False)
        return stat.S_IFMT(found.st_mode), found.st_size

    def lookup_by_id(self):
        return self.call(os.readlink, self.path)

    def getattr(self):
        return self.call(force_getattr, self.folder if self.cold else self.file)

    def opendir(self):
        fd = self.call(os.open, self.path, os.O_RDONLY | os.O_DIRECTORY)
        self.call(os.close, fd)
        return True

    def names(self, fd):
        """As readdir(3) gives them."""
        names = []
        with contextlib.closing(self.call(os.scandir, fd)) as entries:
            while entry := self.call(next, entries, None):
                names.append(entry.name)
        return names

    def readdir(self):
        return self.names(self.folder)

    def readdirplus(self):
        found = [(name, self.call(os.stat, name, dir_fd=self.folder, follow_symlinks=False))
                 for name in self.names(self.folder)]
        return [(name, one.st_mode, one.st_size) for name, one in found]

    def readdir_of_all(self):
        return self.names(self.mount.path)

    def open(self):
        fd = self.call(os.open, "thread.md", os.O_RDONLY, dir_fd=self.folder)
        size = self.call(os.fstat, fd).st_size
        self.call(os.close, fd)
        return size

    def read(self):
        os.posix_fadvise(self.file, 0, 0, os.POSIX_FADV_DONTNEED)  # the kernel is to ask
        pieces, position = [], 0
        while piece := self.call(os.pread, self.file, 4096, position):
            pieces.append(piece)
            position += len(piece)
        return b"".join(pieces)

    def statfs(self):
        return self.call(os.statvfs, self.mount.path).f_namemax


class Attempt(threading.Thread):
    """One go of a reader, which may hang."""

    def __init__(self, reader):
        super().__init__(daemon=True)
        self.reader = reader
        self.result, self.error = None, None
        self.start()

    def run(self):
        try:
            self.result = self.reader.perform()
        except OSError as error:
            self.error = error

    def outcome(self, expected):
        """"ok", the name of an errno, or what went wrong, which is never a name."""
        if self.is_alive():
            return "(hangs)"
        if self.reader.longest > self.reader.latest:
            return f"(took {self.reader.longest:.1f} s)"
        if self.error:
            return errno.errorcode[self.error.errno]
        if self.result == expected:
            return "ok"
        if isinstance(expected, (list, bytes)):
            return f"({len(self.result)} of {len(expected)}, and no error)"
        return f"({self.result} for {expected})"


class Mount:
    def __init__(self, directory, server, cache, *options, timeout=LIMIT):
        self.latest = timeout + 1 + SLACK
        self.path, self.log = f"{directory}/mnt", f"{directory}/log"
        os.makedirs(self.path)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [os.environ["CHATKITFS"], "-f", f"--page-size={PAGE_SIZE}", f"--timeout={timeout}",
                 f"--cache-dir={cache}", *options, self.path],
                stdout=subprocess.DEVNULL, stderr=log,
                env=dict(os.environ, **server.environment))
        wait_until(lambda: self.is_there() or self.process.poll() is not None, "a mount")
        assert self.is_there(), self.logged()
        # With --ttl=0 the way there is checked, as everything is; with --strict it may be closed.
        try:
            self.own = os.open(f"{self.path}/.chatkitfs", os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            self.own = None

    def is_there(self):
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            return f" {self.path} fuse.chatkitfs " in mounts.read()

    def logged(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def requests(self):
        """How many were tried so far, and how many are under way; None where that is closed."""
        if self.own is None:
            return None
        with open("status", encoding="utf-8",
                  opener=lambda path, flags: os.open(path, flags, dir_fd=self.own)) as file:
            found = json.load(file)["requests"]
        tried = found["list_threads"] + found["list_items"] + found["retrieve_thread"]
        return tried + found["failed"], found["under_way"]

    def unmount(self):
        """"ok", or what did not work. A reader has just been ended, its requests may be under
        way."""
        reader = subprocess.Popen(["ls", f"{self.path}/{THREAD_OF['unmount']}/"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: reader.poll() is not None or (self.requests() or (0, 0))[1] > 0,
                   "a request")
        reader.kill()
        reader.wait()
        if self.own is not None:
            os.close(self.own)
        patient_until = time.monotonic() + LIMIT
        # A process that another thread is just starting has copies of what was open here.
        while (told := subprocess.run(["fusermount3", "-u", self.path], stderr=subprocess.PIPE,
                                      text=True, check=False)).returncode:
            if "busy" not in told.stderr or time.monotonic() > patient_until:
                return f"({told.stderr.strip()}: {holders(self.path)})"
        begin = time.monotonic()
        try:
            status = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            return "(does not end)"
        took = time.monotonic() - begin
        if status or self.is_there():
            return f"(ends with status {status})"
        return "ok" if took <= self.latest else f"(took {took:.1f} s)"

    def leaks_key(self):
        return KEY in self.logged()

    def end(self):
        """Whatever state it is in. Without its process every call that hangs ends."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.is_there():
            subprocess.run(["fusermount3", "-uz", self.path], stderr=subprocess.DEVNULL, check=False)
