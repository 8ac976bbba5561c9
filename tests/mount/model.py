# SPDX-License-Identifier: MIT
"""Changes an account at random while a mount of it is read at random, and compares all that is read
with all that the server has had.

What must hold whenever something is read:

  - a file is, whole, one of the states that the server had of it; of a transcript each part is, and
    its last item is finished
  - who has seen a state of a file sees no older one; who has an open file sees nothing but more of it
  - sizes are those of the bytes, an item keeps its number
  - a folder lists what was in it all the time since it was listed last, and nothing that never was
  - nothing fails but what is about a thread that was deleted, or a name that nobody has been told
  - with --ttl=0 files are as the server has them at that moment

and after `chatkitfs --refresh`, and where all expires within a second without that: everything is as
the server has it.

A seed decides upon the account, the options of the mount, and every change and read; when the mount
checks what it knows is up to time. To repeat a failure, give its seed and steps again:

    tests/mount/model.py --seed 17 --steps 800
"""

import argparse
import collections
import contextlib
import errno
import http.client
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from model_account import (Account, Low, forms_of, match_transcript, present, sizes_of_transcript,
                           USERS)

REPOSITORY = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
KEY = "sk-test-model"
LIMIT = 10 * int(os.environ.get("SLOWER", "1"))  # seconds that anything may take
TRANSCRIPTS = ("thread.md", "items.jsonl")
GONE = (errno.ENOENT, errno.ESTALE)
OPEN_FILES = 12


def wait_until(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {LIMIT} s in vain for {what}")
        time.sleep(0.01)  # between two looks


def folder_of_user(user):
    return user or "%none"


class Sandbox:
    def __init__(self, directory, latency):
        url_file = f"{directory}/url"
        empty = f"{directory}/empty.json"
        with open(empty, "w", encoding="ascii") as file:
            file.write("[]")
        self.process = subprocess.Popen(
            [f"{REPOSITORY}/scripts/sandbox", "--key", KEY, "--url-file", url_file, "--data", empty,
             "--parent-pid", str(os.getpid()), "--latency", str(latency)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(url_file) and os.path.getsize(url_file), "the sandbox")
        with open(url_file, encoding="ascii") as file:
            self.url = file.read().strip()
        self.connections = threading.local()

    def send(self, method, path, body):
        if not hasattr(self.connections, "one"):
            host = self.url.split("/")[2]
            self.connections.one = http.client.HTTPConnection(host, timeout=LIMIT)
        headers = {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "chatkit_beta=v1"}
        self.connections.one.request(method, path, body, headers)
        answer = self.connections.one.getresponse()
        text = answer.read()
        assert answer.status == 200, (method, path, answer.status, text)
        return text


class Mount:
    def __init__(self, program, directory, url, options):
        self.program = program
        self.path = f"{directory}/mnt"
        self.log = f"{directory}/log"
        os.mkdir(self.path)
        environment = dict(os.environ, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=url)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([program, "-f", *options, self.path],
                                            stdout=subprocess.DEVNULL, stderr=log,
                                            env=environment)
        wait_until(lambda: os.path.ismount(self.path) or self.process.poll() is not None, "a mount")
        assert os.path.ismount(self.path), self.logged()

    def logged(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def begin_refresh(self):
        return subprocess.Popen([self.program, "--refresh", self.path])

    def refresh(self):
        assert self.begin_refresh().wait(LIMIT) == 0, "a refresh failed"

    def end(self):
        """Unmounts, in any state; its exit status."""
        if subprocess.run(["fusermount3", "-u", self.path], stderr=subprocess.DEVNULL,
                          check=False).returncode:
            subprocess.run(["fusermount3", "-uz", self.path], stderr=subprocess.DEVNULL,
                           check=False)
            self.process.terminate()
        try:
            return self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "no end"


class Settings:
    """What a seed has the mount and the server be like."""

    def __init__(self, rng, fixed):
        self.ttl = fixed.ttl or rng.choice(("0", "1", "1", "2", "30", "inf"))
        self.relist = rng.choice((None, "1"))
        self.grouped = rng.random() < 0.3
        self.page_size = rng.choice((100, 100, 100, 7, 3))
        self.latency = rng.choice((0, 0, 0, 2, 8))
        self.formats = rng.choice((None, "json,md,transcript,jsonl"))
        self.concurrency = rng.choice((16, 16, 4, 1))
        self.overlap = rng.choice((0, 0.3))  # how often something changes during a read

    def options(self):
        options = [f"--ttl={self.ttl}", f"--page-size={self.page_size}",
                   f"--concurrency={self.concurrency}", f"--timeout={LIMIT}"]
        options += ["--group-by=user"] * self.grouped
        options += [f"--relist={self.relist}"] if self.relist else []
        return options + ([f"--formats={self.formats}"] if self.formats else [])

    def listed(self):
        return ["thread.json", "thread.md"] + (["items.jsonl"] if self.formats else [])


class OpenFile:
    """A file that stays open, and what has been read of it so far, from its beginning on."""

    def __init__(self, thread, name, descriptor, low):
        self.thread, self.name, self.descriptor, self.low = thread, name, descriptor, low
        self.seen = b""

    def check(self, ended):
        if self.name in TRANSCRIPTS:
            low = self.low if ended else Low(self.low.head, self.low.items)
            found = match_transcript(self.seen, self.thread, self.name, low, ended)
        else:
            found = next((form for form in forms_of(self.thread, self.name)[self.low:]
                          if form == self.seen or not ended and form.startswith(self.seen)), None)
        assert found is not None, f"{self} was never like that: {self.seen!r}"
        return found

    def __str__(self):
        return f"open {self.thread.id}/{self.name}, of which {len(self.seen)} bytes have been read"


class Run:
    def __init__(self, arguments, directory, seed):
        self.seed = seed
        self.rng = random.Random(seed)
        self.settings = Settings(self.rng, arguments)
        self.account = Account(self.rng)
        self.history = collections.deque(maxlen=arguments.history)
        self.step = 0
        self.low = {}  # (thread, file) → the state seen last, an index or a Low
        self.low_items = {}  # thread → how many its folder has listed
        self.low_names = {}  # thread → the index of the form whose name was listed last
        self.told = set()  # names that a listing had
        self.known = set()  # threads that a listing of the root or of a user had
        self.rooted = set()  # those whose users a listing of the root had
        self.dropped = set()  # threads that the mount knows to be gone
        self.in_vain = {}  # user → when the folder was not there
        self.files = []
        self.refreshes = []  # processes that wait for one
        self.exact = False  # whether nothing has changed since all was checked
        self.overlaps = False  # something changes just now
        self.there = self.account.threads  # that may be read: not those that are just coming
        self.sandbox = Sandbox(directory, self.settings.latency)
        self.mount = None
        try:
            for _ in range(self.rng.choice((0, 3, 12))):
                self.send(self.account.add_threads())()
            self.mount = Mount(arguments.program, directory, self.sandbox.url,
                               self.settings.options())
        except BaseException:
            self.end()
            raise

    def note(self, *what):
        self.history.append(f"{self.step:5} {' '.join(map(str, what))}")

    def send(self, change):
        method, path, body = change
        self.note("server:", method, path, (body or b"").decode()[:100])
        self.exact = False
        return lambda: self.sandbox.send(method, path, body)

    def change(self):
        self.send(self.account.change())()

    # Where files are

    def path(self, thread, which):
        """A path of its folder by one of its names, and whether it must be there."""
        names = thread.names()
        name = names[which % len(names)] if which >= 0 else thread.now.name
        in_vain = self.is_in_vain(thread.user)
        must = (name in self.told or name == thread.id) and not in_vain
        if name == thread.id and self.settings.grouped and which % 2:
            return f"{self.mount.path}/{name}", not in_vain  # a link to its folder
        parent = f"/{folder_of_user(thread.user)}" if self.settings.grouped else ""
        return f"{self.mount.path}{parent}/{name}", must

    def is_in_vain(self, user):
        """Whether the kernel may have been told that there is no such user: it believes that until
        the time has passed."""
        if not self.settings.grouped or user not in self.in_vain:
            return False
        ttl = float(self.settings.ttl)
        return ttl > 0 and time.monotonic() < self.in_vain[user] + ttl + 1

    def fails(self, error, thread, must):
        """Whether that is allowed to fail."""
        self.note("  ", errno.errorcode[error.errno])
        self.in_vain[thread.user] = time.monotonic()
        if error.errno not in GONE or (must and not thread.deleted):
            raise AssertionError(f"{error} though it is there") from error

    @contextlib.contextmanager
    def allowed(self, thread, must):
        try:
            yield
        except OSError as error:
            self.fails(error, thread, must)
        else:
            assert thread not in self.dropped, f"{thread.id} is there though it is gone"

    # What is seen

    def see(self, thread, name, blob):
        """That a file has been read whole."""
        key = thread, name
        current = self.is_current(thread)
        if name in TRANSCRIPTS:
            low = self.low.get(key, Low())
            found = match_transcript(blob, thread, name, low, True)
        else:
            low = self.low.get(key, 0)
            forms = forms_of(thread, name)
            found = next((n for n in range(low, len(forms)) if forms[n] == blob), None)
        assert found is not None, f"{thread.id}/{name} was never like that, not since {low}: {blob!r}"
        self.low[key] = found
        if current:
            assert not thread.deleted or name[0].isdigit(), f"{thread.id} is gone, {name} is not"
            assert blob == present(thread, name), \
                f"{thread.id}/{name} is not current: {blob!r}, but {present(thread, name)!r}"

    def is_current(self, thread):
        """Whether nothing but the present state may be seen."""
        return (self.settings.ttl == "0" and not self.overlaps) or \
            (self.exact and not thread.deleted)

    def see_size(self, thread, name, size):
        if name in TRANSCRIPTS:
            sizes = sizes_of_transcript(thread, name, self.low.get((thread, name), Low()))
        else:
            sizes = [len(form) for form in forms_of(thread, name)[self.low.get((thread, name), 0):]]
        assert size in sizes, f"{thread.id}/{name}: {size} bytes, not one of {sorted(sizes)}"

    def read(self, thread, name, path):
        descriptor = os.open(f"{path}/{name}", os.O_RDONLY)
        try:
            before, blob = os.fstat(descriptor).st_size, b""
            while piece := os.read(descriptor, self.rng_size):
                blob += piece
            after = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        self.note("   ", len(blob), "bytes")
        assert before <= len(blob) <= after and (name in TRANSCRIPTS or before == after), \
            f"{thread.id}/{name}: {len(blob)} bytes, by its size {before}, then {after}"
        self.see(thread, name, blob)
        return blob

    def file_of(self, thread):
        """One that the server has."""
        names = ["thread.json", "thread.md", "thread.md", "items.jsonl", "items.jsonl"]
        if thread.items:
            names += [self.rng.choice(thread.files()) for _ in range(4)]
        return self.rng.choice(names)

    def is_told(self, thread, name):
        """Whether the mount has shown that it knows of the file."""
        return not name[0].isdigit() or int(name[:4]) <= self.low_items.get(thread, 0) \
            or self.is_current(thread)

    # Reading

    def read_file(self, thread, which):
        name = self.file_of(thread)
        path, must = self.path(thread, which)
        self.note("read", path, name)
        with self.allowed(thread, must and self.is_told(thread, name)):
            self.read(thread, name, path)

    def stat_file(self, thread, which):
        name = self.file_of(thread)
        path, must = self.path(thread, which)
        self.note("stat", path, name)
        with self.allowed(thread, must and self.is_told(thread, name)):
            self.see_size(thread, name, os.stat(f"{path}/{name}").st_size)

    def open_file(self, thread, which):
        if len(self.files) >= OPEN_FILES:
            os.close(self.files.pop(0).descriptor)
        name = self.file_of(thread)
        path, must = self.path(thread, which)
        self.note("open", path, name)
        with self.allowed(thread, must and self.is_told(thread, name)):
            descriptor = os.open(f"{path}/{name}", os.O_RDONLY)
            low = self.low.get((thread, name), Low() if name in TRANSCRIPTS else 0)
            self.files.append(OpenFile(thread, name, descriptor, low))

    def read_on(self, file, whole):
        self.note("read on", file)
        with self.allowed_open(file):
            while True:
                size = self.rng.choice((1, 50, 4096, 100000)) if not whole else 1 << 20
                piece = os.read(file.descriptor, size)
                file.seen += piece
                file.check(not piece)
                if not piece or not whole:
                    return

    def read_again(self, file):
        self.note("read again", file)
        with self.allowed_open(file):
            blob = os.pread(file.descriptor, len(file.seen) + 1, 0)
            assert blob[:len(file.seen)] == file.seen, f"{file} was like {file.seen!r}, not {blob!r}"
            size = os.fstat(file.descriptor).st_size
            assert size >= len(file.seen), f"{file} has {size} bytes"

    @contextlib.contextmanager
    def allowed_open(self, file):
        try:
            yield
        except OSError as error:
            self.fails(error, file.thread, True)

    def see_names(self, thread, names):
        listed = [name for name in names if name[0].isdigit()]
        count = len(listed) // 2
        current = self.is_current(thread)
        assert listed == thread.files()[:2 * count], f"{thread.id} lists {listed}"
        assert names[len(listed):] == self.settings.listed(), f"{thread.id} lists {names}"
        low = len(thread.items) if current else self.low_items.get(thread, 0)
        assert count >= low, f"{thread.id} has {count} items, and had {low}"
        self.low_items[thread] = count

    def list_thread(self, thread, which):
        path, must = self.path(thread, which)
        self.note("list", path)

        def look():
            with self.allowed(thread, must):
                self.see_names(thread, os.listdir(path))
        self.soon(look)

    def walk_thread(self, thread, which):
        path, must = self.path(thread, which)
        self.note("walk", path)
        with self.allowed(thread, must):
            with os.scandir(path) as entries:
                entries = list(entries)
            for entry in entries:
                self.see_size(thread, entry.name, entry.stat().st_size)
            for entry in entries:
                self.read(thread, entry.name, path)

    def soon(self, look):
        """With --ttl=0 a folder that has just been listed counts as current for a moment."""
        end = time.monotonic() + 2
        while True:
            try:
                return look()
            except AssertionError:
                if self.settings.ttl != "0" or time.monotonic() > end:
                    raise
            time.sleep(0.05)

    def list_threads(self, user):
        """Those of the root, or of a user."""
        threads = [thread for thread in self.account.threads
                   if not self.settings.grouped or thread.user == user]
        path = self.mount.path + (f"/{folder_of_user(user)}" if self.settings.grouped else "")
        self.note("list", path)

        def look():
            try:
                names = os.listdir(path)
            except OSError as error:
                self.note("  ", errno.errorcode[error.errno])
                assert error.errno in GONE and self.settings.grouped, error
                assert self.is_in_vain(user) or not any(
                    t in self.known and not t.deleted for t in threads), f"{path} is gone"
                self.in_vain[user] = time.monotonic()
                return
            self.see_threads(threads, names)
        self.soon(look)

    def see_threads(self, threads, names):
        by_name = {form.name: (thread, n) for thread in threads
                   for n, form in reversed(list(enumerate(thread.forms)))}
        found = {}
        for name in names:
            assert name in by_name, f"{name} never was a thread's"
            thread = by_name[name][0]
            assert thread not in found, f"{thread.id} is listed twice"
            assert thread not in self.dropped, f"{thread.id} is listed though it was gone"
            found[thread] = name
        for thread, name in found.items():
            low = self.low_names.get(thread, 0)
            index = next((n for n in range(low, len(thread.forms))
                          if thread.forms[n].name == name), None)
            assert index is not None, f"{name} is listed, an older name than {low}"
            self.low_names[thread] = index
        everything = self.settings.ttl == "0" and not self.overlaps
        for thread in threads:
            if thread.deleted and thread in self.known and thread not in found:
                self.dropped.add(thread)
            if not thread.deleted and (thread in self.known or everything):
                assert thread in found, f"{thread.id} is not listed"
        order = [thread for thread in reversed(threads) if thread in found]
        # More new threads of a user than a page holds come behind those that are known.
        assert list(found) == order or self.settings.grouped and self.settings.page_size < 100, \
            f"not in their order: {[t.id for t in found]}, but {[t.id for t in order]}"
        self.told |= set(names)
        self.known |= set(found)

    def list_users(self):
        self.note("list", self.mount.path)
        names = os.listdir(self.mount.path)
        all_names = [folder_of_user(user) for user in USERS]
        assert len(set(names)) == len(names) and set(names) <= set(all_names), names
        for thread in self.rooted:
            assert thread.deleted or folder_of_user(thread.user) in names, (thread.id, names)
        self.rooted |= {t for t in self.known if folder_of_user(t.user) in names and not t.deleted}

    def look(self):
        rng = self.rng
        self.rng_size = rng.choice((100, 4096, 1 << 20))
        kind = rng.choices(("file", "stat", "open", "on", "end", "again", "list", "walk", "threads"),
                           (20, 8, 6, 12, 6, 6, 8, 4, 10))[0]
        thread = rng.choice(self.there) if self.there else None
        which = rng.choice((-1, -1, rng.randrange(1000)))
        user = rng.choice(USERS)
        place = rng.randrange(1000)
        if kind == "threads" or not thread:
            if self.settings.grouped and place % 3 == 0:
                self.list_users()
            self.list_threads(user)
        elif kind in ("on", "end", "again"):
            if self.files:
                file = self.files[place % len(self.files)]
                if kind == "again":
                    self.read_again(file)
                else:
                    self.read_on(file, kind == "end")
        else:
            {"file": self.read_file, "stat": self.stat_file, "open": self.open_file,
             "list": self.list_thread, "walk": self.walk_thread}[kind](thread, which)

    def look_while_changing(self):
        self.there = list(self.account.threads)
        send = self.send(self.account.change())
        failures = []

        def work():
            try:
                send()
            except Exception as error:
                failures.append(error)
        worker = threading.Thread(target=work)
        self.overlaps = True
        worker.start()
        try:
            self.look()
        finally:
            worker.join()
            self.overlaps = False
            self.there = self.account.threads
        assert not failures, failures

    # Everything

    def compare_threads(self):
        alive = self.account.alive()
        if not self.settings.grouped:
            listed = os.listdir(self.mount.path)
            assert listed == [thread.now.name for thread in reversed(alive)], listed
            self.see_threads(self.account.threads, listed)
            return
        users = {folder_of_user(thread.user): thread.user for thread in alive}
        listed = os.listdir(self.mount.path)
        assert sorted(listed) == sorted(users), (listed, sorted(users))
        for name, user in users.items():
            of_user = [thread for thread in self.account.threads if thread.user == user]
            listed = os.listdir(f"{self.mount.path}/{name}")
            names = [thread.now.name for thread in of_user if not thread.deleted]
            assert sorted(listed) == sorted(names), (name, listed, names)
            self.see_threads(of_user, listed)

    def compare_thread(self, thread, which):
        path, must = self.path(thread, which)
        if not must and thread.now.name != os.path.basename(path):
            return
        names = thread.files() + self.settings.listed()
        extra = [name for name in TRANSCRIPTS if name not in names]
        look_first = which % 2
        if look_first:
            assert os.listdir(path) == names, (path, os.listdir(path), names)
        for name in names + extra:
            wanted = present(thread, name)
            size = os.stat(f"{path}/{name}").st_size
            assert size == len(wanted), f"{path}/{name}: {size} bytes, not {len(wanted)}"
            with open(f"{path}/{name}", "rb") as file:
                blob = file.read()
            assert blob == wanted, f"{path}/{name}: {blob!r}, not {wanted!r}"
            self.see(thread, name, blob)
        self.see_names(thread, os.listdir(path))

    def compare(self, whichs):
        self.compare_threads()
        for thread, which in zip(self.account.threads, whichs):
            if thread.deleted:
                path, _ = self.path(thread, which)
                try:
                    os.stat(path)
                except OSError as error:
                    assert error.errno == errno.ENOENT, error
                else:
                    raise AssertionError(f"{path} is there though it is gone")
            else:
                self.compare_thread(thread, which)

    def compare_files(self):
        """The transcripts that are open end with the last finished item."""
        for file in self.files:
            if file.thread.deleted:
                continue
            self.read_on(file, True)
            if file.name in TRANSCRIPTS:
                items = file.check(True).items
                assert len(items) == file.thread.settled(), \
                    f"{file} ends with item {len(items)}, not with {file.thread.settled()}"

    def pause(self):
        """Nothing changes any more until all has been found to be as it is."""
        rng = self.rng
        whichs = [rng.randrange(-1, 1000) for _ in self.account.threads]
        expires = self.settings.relist and self.settings.ttl in ("0", "1")
        if expires and rng.random() < 0.5:
            self.note("everything, when it has expired")
            self.wait_for(lambda: (self.compare(whichs), self.compare_files()))
        else:
            self.note("everything, after a refresh")
            self.mount.refresh()
            self.compare(whichs)
            self.compare_files()
        while self.refreshes:
            assert self.refreshes.pop().wait(LIMIT) == 0, "a refresh that began before failed"
        self.exact = True

    def wait_for(self, compare):
        end = time.monotonic() + LIMIT
        while True:
            try:
                return compare()
            except (AssertionError, OSError):
                if time.monotonic() > end:
                    raise
            time.sleep(0.05)

    def steps(self, count):
        for self.step in range(1, count + 1):
            kind = self.rng.random()
            if kind < 0.35:
                self.change()
            elif kind < 0.37:
                self.note("a refresh begins")
                self.refreshes.append(self.mount.begin_refresh())
            elif kind < 0.99:
                overlap = self.rng.random() < self.settings.overlap
                (self.look_while_changing if overlap else self.look)()
            else:
                self.pause()
        self.pause()

    def end(self):
        """The exit status of the program."""
        for file in self.files:
            os.close(file.descriptor)
        self.files = []
        status = self.mount.end() if self.mount else None
        for refresh in self.refreshes:
            refresh.wait(LIMIT)
        self.sandbox.process.terminate()
        self.sandbox.process.wait()
        return status


def watch(run, done):
    """Without its process the kernel ends every call to a file system."""
    before = None
    while not done.wait(3 * LIMIT):
        if run.step == before:
            print(f"seed {run.seed}: step {before} hangs, killing the file system", flush=True)
            run.mount.process.kill()
            return
        before = run.step


def run_seed(arguments, seed):
    """Whether all was as it should be."""
    with tempfile.TemporaryDirectory(dir=arguments.directory, prefix=f"seed{seed}-") as directory:
        run = Run(arguments, directory, seed)
        done = threading.Event()
        watcher = threading.Thread(target=watch, args=(run, done), daemon=True)
        watcher.start()
        failure = None
        try:
            run.steps(arguments.steps)
        except Exception:
            failure = traceback.format_exc(limit=-3)
        finally:
            done.set()
            status = run.end()
        log = run.mount.logged()
        if not failure and (status != 0 or "CRITICAL" in log or "WARNING" in log):
            failure = f"it ended with {status}"
        options = " ".join(run.settings.options())
        told = f"{options}, {run.settings.latency} ms, overlap {run.settings.overlap}"
        if not failure:
            if arguments.verbose:
                print(f"seed {seed}: as it should be, {told}", flush=True)
            return True
        print("\n".join(run.history))
        print(f"Log:\n{log[-4000:]}")
        print(failure[:6000])
        print(f"seed {seed} failed at step {run.step} ({told}); to repeat:\n"
              f"  {sys.argv[0]} --seed {seed} --steps {arguments.steps}", flush=True)
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, action="append", help="may be repeated")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="N of them (1)")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first of them (1)")
    parser.add_argument("--steps", type=int, default=300, help="changes and reads (300)")
    parser.add_argument("--ttl", help="instead of what the seed says")
    parser.add_argument("--history", type=int, default=40, help="steps told of a failure (40)")
    parser.add_argument("--directory", help="where to mount (a temporary directory)")
    parser.add_argument("--program", default=os.environ.get(
        "CHATKITFS", f"{REPOSITORY}/build/chatkitfs"), help="default: $CHATKITFS, else build's")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell of each seed")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    seeds = arguments.seed or range(arguments.first, arguments.first + arguments.seeds)
    failed = [seed for seed in seeds if not run_seed(arguments, seed)]
    print(f"{len(seeds)} seeds, {len(failed)} failed: {failed}" if failed
          else f"{len(seeds)} seeds, all as it should be")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
