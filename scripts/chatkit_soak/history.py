"""All that the account has been, and what readers have been shown of it so far.

Whatever a reader gets must be a state that the account had, and not one older than what any reader
had been shown when this one began. The account is that of tests/mount/model_account.py.
"""

import threading
import time
from itertools import chain
from random import Random
from typing import Iterator, NamedTuple, Optional

from model_account import (FINISHED, Account, Item, ItemForm, Low, Thread, forms_of,
                           match_transcript, parts_of, present, sizes_of_transcript)

TRANSCRIPTS = ("thread.md", "items.jsonl")
LISTED = ["thread.json", "thread.md"]  # by --formats as they are by default
MOST_SIZES = 5000  # of a transcript, more are not worked out
READ_ON = 60  # seconds for which a thread is read after it was deleted
MOST_CHANGES = 200  # of a thread: after 255 versions its files change where they are


class SoakAccount(Account):
    """So many threads and items as were asked for, more or less, while they come and go."""

    def __init__(self, rng: Random, threads: int, items: int):
        super().__init__(rng)
        self.most = threads
        self.most_items = items

    def fill(self) -> bytes:
        """A data file of the sandbox, of finished items but for some at the threads' ends."""
        for _ in range(self.most):
            self.clock += self.rng.choice((0, 1, 60, 3600))
            thread = Thread({"id": self.next_id("cthr_"), "object": "chatkit.thread",
                             "created_at": self.clock, "title": self.title(),
                             "status": {"type": "active"}, "user": None})
            thread.items = [self.finished(self.item(thread))
                            for _ in range(self.rng.randrange(self.most_items + 1))]
            if self.rng.random() < 0.3:
                thread.items.append(self.item(thread))
            self.threads.append(thread)
        return b"[%s]" % b",".join(
            b'{"thread":%s,"items":[%s]}' % (
                thread.now.raw, b",".join(item.forms[0].raw for item in thread.items))
            for thread in self.threads)

    @staticmethod
    def finished(item: Item) -> Item:
        fields = item.forms[0].fields
        if "status" in fields:
            item.forms = [ItemForm({**fields, "status": FINISHED, "output": '{"r":1}'})]
        return item

    def change(self) -> tuple[str, str, Optional[bytes]]:
        alive = self.alive()
        changing = [thread for thread in alive if thread.changes < MOST_CHANGES]
        kind = self.rng.choices(
            ("items", "finish", "title", "threads", "delete"),
            (50, 30, 10, 3, 7) if len(alive) > self.most else (50, 30, 10, 7, 3))[0]
        if kind == "threads" or not changing:
            return self.add_threads()
        thread = self.rng.choice(changing)
        if kind == "delete":
            thread.deleted = True
            return "DELETE", f"/sandbox/threads/{thread.id}", None
        if kind == "title":
            return self.change_thread(thread)
        if kind == "finish":
            pending = [(thread, item) for thread in changing for item in thread.items
                       if not item.forms[-1].finished]
            if pending:
                return self.change_item(*self.rng.choice(pending))
        if len(thread.items) > 2 * self.most_items + 4:
            return self.change_thread(thread)
        return self.add_items(thread)


class Seen:
    """What readers have been shown of a thread: nobody may be shown less from then on."""

    def __init__(self, items: int, name: int = 0, files: Optional[dict] = None):
        self.items = items  # listed
        self.name = name  # which of the thread's forms had the name that was listed
        self.files = files or {}  # file: which of its forms; of a transcript a Low

    def copy(self) -> "Seen":
        return Seen(self.items, self.name, dict(self.files))


class Before(NamedTuple):
    """What had been shown when a reader began."""
    seen: dict[Thread, Seen]
    known: frozenset[Thread]  # threads that a listing of all had
    dropped: frozenset[Thread]  # deleted ones that a listing of all had no more
    told: frozenset[str]  # names of folders


class Wrong(NamedTuple):
    kind: str
    what: str


BYTES, SIZE, SHORT, NEVER, OLDER, GONE, MESSAGE = KINDS = (
    "wrong bytes", "wrong sizes", "short listings", "names that never were", "older than before",
    "gone though there", "messages not understood")


class History:
    """Every method may be called from any thread."""

    def __init__(self, rng: Random, threads: int, items: int):
        self.lock = threading.RLock()
        self.account = SoakAccount(rng, threads, items)
        self.there: list[Thread] = []  # the server has had them
        self.since: dict[Thread, float] = {}
        self.deleted: dict[Thread, float] = {}
        self.seen: dict[Thread, Seen] = {}
        self.known: set[Thread] = set()
        self.dropped: set[Thread] = set()
        self.told: set[str] = set()
        self.by_name: dict[str, Thread] = {}
        self.latest = 0.0  # seconds after which a new thread was not listed yet, at most

    def fill(self) -> bytes:
        data = self.account.fill()
        self.arrived()
        self.known.update(self.there)
        return data

    def change(self) -> tuple[str, str, Optional[bytes]]:
        """A change to be made now: from here on it may be seen."""
        with self.lock:
            change = self.account.change()
            self.name_all()
            for thread in self.account.threads:
                if thread.deleted:
                    self.deleted.setdefault(thread, time.monotonic())
            return change

    def arrived(self) -> None:
        """The server has made the changes: threads must be there from here on."""
        with self.lock:
            for thread in self.account.threads[len(self.there):]:
                self.there.append(thread)
                self.since[thread] = time.monotonic()
                self.seen[thread] = Seen(len(thread.items))
            self.name_all()

    def readable(self) -> list[Thread]:
        """Threads to be read, the oldest first: those that are there or were a short time ago."""
        now = time.monotonic()
        with self.lock:
            return [thread for thread in self.there
                    if not thread.deleted or now < self.deleted[thread] + READ_ON]

    def some_thread(self, rng: Random) -> Thread:
        return rng.choice(self.readable())

    def name_all(self) -> None:
        for thread in self.account.threads:
            for name in thread.names():
                self.by_name[name] = thread

    def before(self, threads: Optional[list[Thread]] = None) -> Before:
        with self.lock:
            return Before({thread: self.seen[thread].copy() for thread in threads or self.there},
                          frozenset(self.known), frozenset(self.dropped), frozenset(self.told))

    # What was read. All of these tell what is wrong, in any number.

    def file(self, thread: Thread, name: str, blob: bytes, before: Before, whole: bool = True,
             exact: bool = False) -> Iterator[Wrong]:
        """A file has been read, or (not whole) its beginning."""
        low = before.seen[thread].files.get(name)
        found = self.match(thread, name, blob, low, whole)
        if found is None:
            old = low is not None and self.match(thread, name, blob, None, whole) is not None
            yield Wrong(OLDER if old else BYTES,
                        f"{thread.id}/{name}: {differs(blob, thread, name)}")
        elif exact and blob != present(thread, name):
            yield Wrong(OLDER, f"{thread.id}/{name} is not current")
        elif whole:
            self.show(thread, name, found)

    @staticmethod
    def match(thread: Thread, name: str, blob: bytes, low, whole: bool):
        if name in TRANSCRIPTS:
            return match_transcript(blob, thread, name, low or Low(), whole)
        forms = forms_of(thread, name)
        return next((number for number in range(low or 0, len(forms))
                     if forms[number] == blob or not whole and forms[number].startswith(blob)),
                    None)

    def show(self, thread: Thread, name: str, found) -> None:
        with self.lock:
            files = self.seen[thread].files
            files[name] = newer(files[name], found) if name in files else found

    def end_of_file(self, thread: Thread, name: str, blob: bytes, before: Before,
                    whole: bool) -> Iterator[Wrong]:
        """The last bytes of a file have been read; whole: they may be all of it, and are if so."""
        low = before.seen[thread].files.get(name)
        if name in TRANSCRIPTS:
            right = ends_transcript(blob, thread, name, low or Low(), whole)
        else:
            right = any(form.endswith(blob) and (not whole or form == blob)
                        for form in forms_of(thread, name)[low or 0:])
        if not right:
            yield Wrong(BYTES, f"the end of {thread.id}/{name} was never {blob[:200]!r}")

    def size(self, thread: Thread, name: str, size: int, before: Before) -> Iterator[Wrong]:
        low = before.seen[thread].files.get(name)
        if name in TRANSCRIPTS:
            sizes = self.sizes(thread, name, low or Low())
        else:
            sizes = {len(form) for form in forms_of(thread, name)[low or 0:]}
        if sizes and size not in sizes:
            yield Wrong(SIZE, f"{thread.id}/{name}: {size} bytes, not one of {sorted(sizes)[:50]}")

    @staticmethod
    def sizes(thread: Thread, name: str, low: Low) -> set[int]:
        """All that a transcript's may be; empty where these are too many."""
        heads, items = parts_of(thread, name)
        count = len(heads) - low.head
        for number, forms in enumerate(items):
            count *= len(forms) - (low.items[number] if number < len(low.items) else 0)
            if count > MOST_SIZES:
                return set()
        return sizes_of_transcript(thread, name, low)

    def listed(self, thread: Thread, names: list[str], before: Before, whole: bool = True,
               exact: bool = False) -> Iterator[Wrong]:
        """A thread's folder has been listed, or (not whole) some of it."""
        files = thread.files()
        if len(set(names)) < len(names):
            yield Wrong(NEVER, f"{thread.id} lists a name twice: {names}")
        if never := set(names) - set(files) - set(LISTED):
            yield Wrong(NEVER, f"{thread.id} lists {sorted(never)}")
        if not whole or never:
            return
        count = len(set(names) & set(files)) // 2
        low = len(thread.items) if exact else before.seen[thread].items
        if set(names) != {*files[:2 * count], *LISTED} or count < low:
            yield Wrong(SHORT, f"{thread.id} lists {count} items, and had {low}: {names}")
            return
        with self.lock:
            self.seen[thread].items = max(self.seen[thread].items, count)

    def all_listed(self, names: list[str], before: Before, began: float, whole: bool = True,
                   exact: bool = False) -> Iterator[Wrong]:
        """All threads have been listed, or (not whole) some of them."""
        with self.lock:
            by_name, there = dict(self.by_name), list(self.there)
        found: dict[Thread, str] = {}
        for name in names:
            thread = by_name.get(name)
            if not thread or thread in found:
                yield Wrong(NEVER, f"{name} is listed" + " twice" * bool(thread))
                continue
            found[thread] = name
            low = before.seen[thread].name if thread in before.seen else 0
            forms = [form.name for form in thread.forms]
            if name not in forms[low:] or exact and name != forms[-1]:
                yield Wrong(OLDER, f"{name} is listed, and had a newer name")
            if thread in before.dropped or exact and thread.deleted:
                yield Wrong(OLDER, f"{name} is listed though it was gone")
        if not whole:
            return
        missing = [thread for thread in there if thread not in found and not thread.deleted]
        for thread in missing:
            if exact or thread in before.known:
                yield Wrong(SHORT, f"{thread.id} is not listed")
        with self.lock:
            self.latest = max(chain([self.latest], (began - self.since[t] for t in missing)))
            self.dropped |= {thread for thread in before.known
                             if thread.deleted and thread not in found}
            self.known |= set(found)
            self.told |= set(names)
            for thread, name in found.items():
                seen = self.seen.get(thread)
                if seen and name not in [form.name for form in thread.forms[:seen.name]]:
                    seen.name = [form.name for form in thread.forms].index(name)

    def gone(self, path: str, before: Before) -> Iterator[Wrong]:
        """A program was told that there is no such file, of a path below the mountpoint."""
        folder, _, name = path.strip("/").partition("/")
        thread = self.by_name.get(folder)
        if not thread:
            yield Wrong(GONE, f"{path or 'the mountpoint'} is gone")
            return
        seen = before.seen.get(thread)
        if thread.deleted or not seen or folder != thread.id and folder not in before.told:
            return
        if not name[:1].isdigit() or int(name.partition("-")[0]) <= seen.items:
            yield Wrong(GONE, f"{path} is gone")


def newer(one, other):
    """Of two states that were shown the later one, of a transcript part by part."""
    if not isinstance(one, Low):
        return max(one, other)
    length = max(len(one.items), len(other.items))
    pad = [list(low.items) + [0] * (length - len(low.items)) for low in (one, other)]
    return Low(max(one.head, other.head), map(max, *pad) if length else ())


def differs(blob: bytes, thread: Thread, name: str) -> str:
    """Where from what is current, for people."""
    now = present(thread, name)
    at = next((n for n, (got, had) in enumerate(zip(blob, now)) if got != had),
              min(len(blob), len(now)))
    return (f"{len(blob)} bytes that never were; from {at} on {blob[at:at + 80]!r}, "
            f"now there are {len(now)}: {now[at:at + 80]!r}")


def ends_transcript(blob: bytes, thread: Thread, name: str, low: Low, whole: bool) -> bool:
    """Whether a state, not older than low, ends with these bytes, or (whole) is them."""
    heads, items = parts_of(thread, name)

    def ends(rest: int, number: int) -> bool:
        """blob[:rest] is the end of the head and the items before that number."""
        if rest == 0 and not whole:
            return True
        first = low.head if number == 0 else \
            low.items[number - 1] if number <= len(low.items) else 0
        parts = heads[first:] if number == 0 else [part for part, _ in items[number - 1][first:]]
        for part in parts:
            if len(part) >= rest and part.endswith(blob[:rest]):
                if not whole or number == 0 and len(part) == rest:
                    return True
            if number > 0 and len(part) <= rest and blob.endswith(part, 0, rest) and \
                    ends(rest - len(part), number - 1):
                return True
        return False

    finished = [number for number, forms in enumerate(items, 1) if any(end for _, end in forms)]
    last = [number for number in finished if number >= len(low.items)]
    return any(ends(len(blob), number) for number in ([] if low.items else [0]) + last)
