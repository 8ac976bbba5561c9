#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the fault matrix: every operation, in every state, under every fault.

For each state and fault there is a mount of its own. All operations are done on it at once, each
with a thread that no other one touches. Then the fault ends, and each operation must come to what a
healthy mount shows, without remounting. Then the fault begins again, a reader has something asked
for and is killed, and the mount is unmounted.

A cell is right if the operation came to what faults_table.py says, no call took longer than
--timeout and a second (and what a busy machine may add), there was nothing but a whole listing or an
error, and it worked again after the fault. For the rest of a mount: something was asked for while
the fault was there, or where all is known nothing was; no redirect was followed, no key logged.

The program is that of the environment's CHATKITFS. Cells that fail are told on standard error, with
what the mount had to say; the number of cells goes to standard output, and the table to a file. After
a change of the table of faults, this writes anew what tests expect to get of it:

    tests/mount/faults.py --table docs/faults.md
"""

import argparse
import json
import os
import queue
import re
import shutil
import signal
import sys
import threading
import time
import traceback

import faults_mount
from faults_mount import Attempt, Mount, Reader, THREAD_OF, KNOWN_WHEN_COLD
from faults_server import LIMIT, OtherHost, Server, make_certificates, wait_until
from faults_table import FAULTS, OPERATIONS, STATES

READ = [name for name in OPERATIONS if name != "unmount"]

ABOUT = """# What comes of faults

What a program gets of each operation, by what is known when something goes wrong, and by what goes
wrong: *ok*, which is exactly what a mount of a healthy server shows, or the name of the errno; README.md
says [what each means](../README.md#when-something-fails). No call takes longer than `--timeout` and a
second, and when the fault is over each operation is ok again, on the same mount.

`tests/mount/faults.bats` does all this, and compares what it gets with this page, which is written by
`tests/mount/faults.py --table docs/faults.md` from `tests/mount/faults_table.py`.

- *lookup* is of an item's file on the last page of its thread, *lookup by id* of a thread that has not
  been listed.
- *getattr* is `statx` with `AT_STATX_FORCE_SYNC`: the kernel asks, whatever it knows. When cold it is of
  the thread's folder, else of an open file.
- *opendir* is to open the folder of a thread by its id. The program is asked to look it up; the rest the
  kernel does alone.
- *readdir* reads the names in a thread's folder, *readdirplus* asks for the attributes of each as well,
  *readdir of all* reads the names of all threads. Where the kernel has READDIRPLUS, it is what all three
  cause: the mount never asks for anything else, and READDIR can't be provoked there.
- *open* and *read* are of a thread's `thread.md`. When cold nothing can be opened, so that read fails in
  opening; else it is of a file that is open.
- *unmount* is `fusermount3 -u` while requests are under way that a reader, since killed, has caused."""


def write_account(path):
    """Threads whose listings take several pages each."""
    def item(thread, number):
        role, content = (("user_message", "input_text"),
                         ("assistant_message", "output_text"))[number % 2]
        return {"id": f"cthi_{thread}_{number}", "type": f"chatkit.{role}",
                "created_at": 1700000000 + thread * 1000 + number,
                "content": [{"type": content, "text": f"Words {number} of {thread}. " * 4}]}

    def thread(number):
        return {"id": faults_mount.thread_id(number), "created_at": 1700000000 + number * 1000,
                "title": f"Thread {number}", "user": f"user_{number % 3}"}

    with open(path, "w", encoding="ascii") as file:
        json.dump([{"thread": thread(number),
                    "items": [item(number, place) for place in range(faults_mount.ITEMS)]}
                   for number in range(faults_mount.THREADS)], file)


def together(readers, limit):
    """Has all of them perform at once, and waits so long."""
    attempts = [Attempt(reader) for reader in readers]
    end = time.monotonic() + limit
    for attempt in attempts:
        attempt.join(max(0, end - time.monotonic()))
    return attempts


class Worker(threading.Thread):
    """Has a server of its own, and does one state and fault after the other with it."""

    def __init__(self, matrix, number, tls):
        super().__init__(daemon=True)
        self.matrix, self.tls = matrix, tls
        self.directory = f"{matrix.directory}/{number}"
        self.serial = 0
        self.server = self.mounted = None
        self.start()

    def run(self):
        try:
            os.mkdir(self.directory)
            self.server = Server(f"{self.directory}/server", self.matrix.data,
                                 self.matrix.certificates if self.tls else None)
            self.fill()
            jobs = self.matrix.tls_jobs if self.tls else self.matrix.jobs
            while True:
                try:
                    state, fault = jobs.get_nowait()
                except queue.Empty:
                    return
                self.do(state, fault)
        except Exception:
            self.matrix.broken(traceback.format_exc())
        finally:
            self.end()

    def end(self):
        if self.mounted:
            self.mounted.end()
        if self.server:
            self.server.close()

    def mount(self, cache, *options, timeout=LIMIT):
        self.serial += 1
        self.mounted = Mount(f"{self.directory}/{self.serial}", self.server, cache, *options,
                             timeout=timeout)
        return self.mounted

    def fill(self):
        """Makes the caches, and learns what a healthy mount shows."""
        caches = f"{self.directory}/caches"
        os.mkdir(caches)
        self.caches = {"threads": f"{caches}/threads", "all": f"{caches}/all"}
        self.expected = {}
        mount = self.mount(self.caches["threads"])
        for operation in KNOWN_WHEN_COLD:
            os.readlink(f"{mount.path}/{THREAD_OF[operation]}")
        # Of a file's attributes there are none when cold, but of its folder.
        reader = Reader(mount, "getattr", True)
        self.expected["cold", "getattr"] = reader.perform()
        reader.close()
        assert mount.unmount() == "ok", mount.logged()
        self.forget_mount(mount)
        shutil.copytree(self.caches["threads"], self.caches["all"])
        mount = self.mount(self.caches["all"])
        for operation in READ:
            reader = Reader(mount, operation, False)
            self.expected[operation] = reader.perform()
            reader.close()
        assert len(self.expected["readdir of all"]) == faults_mount.THREADS
        assert len(self.expected["readdirplus"]) == 2 * faults_mount.ITEMS + 2
        os.listdir(f"{mount.path}/{THREAD_OF['opendir']}")
        assert mount.unmount() == "ok", mount.logged()
        self.filled = time.time()
        self.forget_mount(mount)

    def forget_mount(self, mount):
        shutil.rmtree(os.path.dirname(mount.path))

    def right(self, state, operation):
        return self.expected.get((state.name, operation), self.expected.get(operation))

    def do(self, state, fault):
        begin = time.monotonic()
        cache = f"{self.directory}/cache"
        shutil.copytree(self.caches[state.cache], cache)
        other_visits = self.matrix.other.visits
        # What a name means is remembered by curl for a minute.
        early = state.early or fault.place == "name"
        if state.name == "expired":
            wait_until(lambda: time.time() > self.filled + 2, "the end of the ttl")
        self.server.sandbox.control("POST", "reset")
        if early:
            self.server.begin(fault, self.matrix.other.port)
        mount = self.mount(cache, *state.options, *fault.options, timeout=fault.seconds())
        readers = {name: Reader(mount, name, state.name == "cold") for name in READ}
        met = []
        try:
            if not early:
                for reader in readers.values():
                    reader.prepare()
                # What is looked at twice within a quarter of a second is checked once.
                prepared = time.monotonic()
                wait_until(lambda: time.monotonic() > prepared + 0.3, "the next question")
                self.server.begin(fault, self.matrix.other.port)
            before = (0, 0) if early else mount.requests()
            cells = self.read(state, fault, mount, readers, met, before)
            for reader in readers.values():
                reader.close()
            self.server.begin(fault, self.matrix.other.port)
            cells["unmount"] = mount.unmount()
            self.server.end(fault)
            if mount.leaks_key():
                met.append("the key is in the log")
            if self.matrix.other.visits != other_visits and "another host" in fault.name:
                met.append("a redirect was followed")
        finally:
            mount.end()
        self.matrix.done(state, fault, cells, met, time.monotonic() - begin, mount.logged())
        shutil.rmtree(cache)
        self.forget_mount(mount)

    def read(self, state, fault, mount, readers, met, before):
        """The outcomes under the fault; the fault has ended when it returns. What is wrong with the
        mount as a whole is added to met."""
        attempts = together(readers.values(), 4 * mount.latest)
        cells = {attempt.reader.operation: attempt.outcome(
            self.right(state, attempt.reader.operation)) for attempt in attempts}
        try:
            if mount.requests() is None:
                assert "ok" not in (cells["lookup"], cells["readdir of all"])
            elif state.meets:
                wait_until(lambda: mount.requests() > before, "a request", mount.latest)
            elif mount.requests() != before:
                met.append("asked for what is known")
        except AssertionError:
            met.append("nothing was asked for")
        self.server.end(fault)
        self.recover(state, fault, readers, cells)
        return cells

    def recover(self, state, fault, readers, cells):
        """Each operation, until it is right."""
        left = {name: reader for name, reader in readers.items() if cells[name] != "(hangs)"}
        end = time.monotonic() + fault.patience
        while left:
            for attempt in together(left.values(), fault.patience):
                name = attempt.reader.operation
                outcome = attempt.outcome(self.right(state, name))
                if outcome == "ok" or attempt.is_alive():
                    del left[name]
                if outcome in ("ESTALE", "ENOENT"):
                    attempt.reader.close()  # to be opened anew
                if outcome != "ok" and (attempt.is_alive() or time.monotonic() > end):
                    cells[name] = f"({cells[name]}, then {outcome} after the fault)"
                    left.pop(name, None)
            time.sleep(0.05 if left else 0)  # between two looks


class Matrix:
    """The cells, and who fills them."""

    def __init__(self, options):
        self.directory = os.path.realpath(options.directory)
        self.data = f"{self.directory}/account.json"
        self.certificates = f"{self.directory}/certificates"
        self.other = OtherHost()
        self.lock = threading.Lock()
        self.cells, self.failures, self.times = {}, [], []
        self.jobs, self.tls_jobs = queue.Queue(), queue.Queue()
        write_account(self.data)
        os.mkdir(self.certificates)
        make_certificates(self.certificates)
        chosen = [(state, fault) for fault in FAULTS for state in STATES
                  if re.search(options.only, f"{state.name}: {fault.name}")]
        # Those that take longest first.
        for state, fault in sorted(chosen, key=lambda one: (-one[1].patience, -one[1].timeout, one[1].items != "ETIMEDOUT")):
            (self.tls_jobs if fault.place in ("name", "certificate") else self.jobs).put(
                (state, fault))
        tls = min(self.tls_jobs.qsize(), max(1, options.workers // 3))
        plain = min(self.jobs.qsize(), max(1, options.workers - tls))
        self.workers = [Worker(self, number, number < tls) for number in range(tls + plain)]

    def run(self):
        for worker in self.workers:
            worker.join()

    def broken(self, what):
        with self.lock:
            self.failures.append(what)

    def done(self, state, fault, cells, met, seconds, log):
        with self.lock:
            self.times.append((seconds, state.name, fault.name))
            wrong = [f"{state.name}, {fault.name}: {what}" for what in met]
            for operation in OPERATIONS:
                expected, got = fault.outcome(state, operation), cells[operation]
                right = got in expected.split(" or ")
                self.cells[state.name, fault.name, operation] = expected if right else got
                if not right:
                    wrong.append(f"{state.name}, {fault.name}, {operation}: {got}, expected "
                                 f"{expected}")
            if wrong:
                self.failures.append("\n".join(wrong + [f"    {line}" for line in
                                                        log.splitlines()[:6]]))

    def end(self):
        """At any moment: leaves no mount and no process behind."""
        for worker in self.workers:
            worker.end()


def table(outcome):
    """As Markdown; outcome tells that of a state, a fault and an operation."""
    lines = [ABOUT]
    for state in STATES:
        lines += ["", f"## {state.name.capitalize()}", "",
                  f"{state.about[0].upper()}{state.about[1:]}.", "",
                  "| fault | " + " | ".join(OPERATIONS) + " |", "|---" * (len(OPERATIONS) + 1) + "|"]
        lines += [f"| {fault.name} | "
                  + " | ".join(outcome(state, fault, operation) for operation in OPERATIONS) + " |"
                  for fault in FAULTS]
    return "\n".join(lines) + "\n"


def write(path, text):
    if path:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", metavar="FILE", help="where to write the table")
    parser.add_argument("--only", metavar="REGEX", default="",
                        help='of those "STATE: FAULT" that match')
    parser.add_argument("--workers", type=int, default=24)
    parser.add_argument("--slowest", type=int, default=0, help="tell which took longest")
    parser.add_argument("directory", nargs="?",
                        help="for all that the run needs; without it nothing is run, and the table "
                        "is what is expected")
    options = parser.parse_args()
    if not options.directory:
        write(options.table, table(lambda state, fault, operation: fault.outcome(state, operation)))
        print(f"{len(FAULTS) * len(STATES) * len(OPERATIONS)} cells")
        return 0
    os.makedirs(options.directory, exist_ok=True)
    matrix = Matrix(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        matrix.run()
    finally:
        matrix.end()
    write(options.table, table(lambda state, fault, operation: matrix.cells.get(
        (state.name, fault.name, operation), "?")))
    for seconds, *what in sorted(matrix.times, reverse=True)[:options.slowest]:
        print(f"{seconds:5.1f} s {': '.join(what)}", file=sys.stderr)
    for failure in matrix.failures:
        print(failure, file=sys.stderr)
    print(f"{len(matrix.cells)} cells, {len(matrix.failures)} mounts with failures")
    return 1 if matrix.failures else 0


if __name__ == "__main__":
    sys.exit(main())
