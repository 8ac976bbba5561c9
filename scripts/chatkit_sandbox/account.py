"""The account: threads and their items, how they are ordered, paged and changed."""

import itertools
import re
import threading
from typing import Iterable, Optional

from .messages import Refusal
from .source import checked, decode, elements, members, merged

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_USER = 512


class Record:
    """A thread or item: its source and the few fields that paging needs."""

    __slots__ = ("raw", "id", "created_at", "user")

    def __init__(self, raw: bytes):
        try:
            fields = decode(raw)
        except RecursionError:  # too deep to be decoded as a whole
            sources = members(raw) if raw[:1] == b"{" else {}
            fields = {name: decode(sources[name][1])
                      for name in ("id", "created_at", "user") if name in sources}

        def field(name, kinds, default=None):
            value = fields.get(name) if isinstance(fields, dict) else None
            return value if isinstance(value, kinds) else default

        self.raw = raw
        self.id: Optional[str] = field("id", str)
        self.created_at: float = field("created_at", (int, float), 0)
        self.user: Optional[str] = field("user", str)


class Listing:
    """Records from the oldest to the newest, and how they are paged."""

    def __init__(self, records: Iterable[Record]):
        self.records = list(records)
        self.places: dict[str, int] = {}
        for place, record in enumerate(self.records):
            if record.id in self.places:
                raise ValueError(f"id {record.id!r} occurs twice")
            if record.id is not None:
                self.places[record.id] = place

    def page(self, parameters: dict[str, str]) -> tuple[list[Record], bool]:
        """The records the parameters ask for, and whether there are more."""
        limit = self.limit(parameters.get("limit"))
        order = parameters.get("order", "desc")
        if order not in ("asc", "desc"):
            raise Refusal(400, f"Invalid value: '{order}'. Supported values are: 'asc' and "
                          "'desc'.", "invalid_value", "order")
        user = parameters.get("user")
        if user is not None and not 1 <= len(user) <= MAX_USER:
            raise Refusal(400, f"Invalid 'user': expected 1 to {MAX_USER} characters.",
                          "invalid_value", "user")

        span = range(len(self.records))
        if order == "desc":
            span = span[::-1]
        start = span.index(self.place("after", parameters)) + 1 if "after" in parameters else 0
        stop = span.index(self.place("before", parameters)) if "before" in parameters else None
        chosen = span[start:stop]
        if user is not None:
            chosen = [place for place in chosen if self.records[place].user == user]
        return [self.records[place] for place in chosen[:limit]], len(chosen) > limit

    def place(self, name: str, parameters: dict[str, str]) -> int:
        cursor = parameters[name]
        if cursor not in self.places:
            raise Refusal(400, f"Invalid '{name}': no element has the id '{cursor}'.",
                          "invalid_cursor", name)
        return self.places[cursor]

    @staticmethod
    def limit(text: Optional[str]) -> int:
        if text is None:
            return DEFAULT_LIMIT
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise Refusal(400, f"Invalid type for 'limit': expected an integer, got '{text}'.",
                          "invalid_type", "limit")
        limit = int(text)
        if not 0 <= limit <= MAX_LIMIT:
            code = "integer_below_min_value" if limit < 0 else "integer_above_max_value"
            raise Refusal(400, f"Invalid 'limit': expected a value from 0 to {MAX_LIMIT}, "
                          f"got {limit}.", code, "limit")
        return limit


class Thread:
    def __init__(self, record: Record, items: Iterable[Record], serial: int):
        self.record = record
        self.items = Listing(items)
        self.serial = serial  # loading order, which decides between equal times


class Account:
    """All threads.  Every method may be called from any request's thread."""

    def __init__(self):
        self.lock = threading.RLock()
        self.threads: dict[str, Thread] = {}
        self.serials = itertools.count()
        self.listing: Optional[Listing] = None  # rebuilt when the threads have changed

    def load(self, source: bytes) -> int:
        """Adds what a data file holds, all of it or (ValueError) nothing."""
        sources = []
        for entry in elements(checked(source)):
            fields = members(entry)
            if "thread" not in fields:
                raise ValueError('expected {"thread": {...}, "items": [...]}')
            items = elements(fields["items"][1]) if "items" in fields else []
            sources.append((fields["thread"][1], items))
        return self.add(sources)

    def add(self, sources: Iterable[tuple[bytes, list[bytes]]]) -> int:
        """Adds threads, each given as its source and that of its items."""
        new: dict[str, Thread] = {}
        with self.lock:
            for thread, items in sources:
                record = Record(thread)
                if record.id is None:
                    raise ValueError("a thread without an id")
                if record.id in self.threads or record.id in new:
                    raise ValueError(f"thread {record.id!r} occurs twice")
                new[record.id] = Thread(record, map(Record, items), next(self.serials))
            self.threads.update(new)
            self.listing = None
        return len(new)

    def thread(self, thread_id: str) -> Thread:
        if thread_id not in self.threads:
            raise Refusal(404, f"No thread found with id '{thread_id}'.", param="thread_id")
        return self.threads[thread_id]

    def ordered(self) -> list[Thread]:
        """The threads from the oldest to the newest."""
        return sorted(self.threads.values(), key=lambda t: (t.record.created_at, t.serial))

    def page_of_threads(self, parameters: dict[str, str]) -> tuple[list[Record], bool]:
        with self.lock:
            if self.listing is None:
                self.listing = Listing(thread.record for thread in self.ordered())
            return self.listing.page(parameters)

    def page_of_items(self, thread_id: str,
                      parameters: dict[str, str]) -> tuple[list[Record], bool]:
        with self.lock:
            return self.thread(thread_id).items.page(parameters)

    def source(self, thread_id: str) -> bytes:
        with self.lock:
            return self.thread(thread_id).record.raw

    def change(self, thread_id: str, changes: bytes) -> bytes:
        with self.lock:
            thread = self.thread(thread_id)
            thread.record = self.changed(thread.record, changes)
            self.listing = None
            return thread.record.raw

    def remove(self, thread_id: str) -> None:
        with self.lock:
            self.thread(thread_id)
            del self.threads[thread_id]
            self.listing = None

    def append(self, thread_id: str, items: bytes) -> int:
        with self.lock:
            thread = self.thread(thread_id)
            new = [Record(raw) for raw in elements(checked(items))]
            thread.items = Listing(thread.items.records + new)
            return len(new)

    def change_item(self, thread_id: str, item_id: str, changes: bytes) -> bytes:
        with self.lock:
            items, place = self.item(thread_id, item_id)
            items.records[place] = self.changed(items.records[place], changes)
            return items.records[place].raw

    def remove_item(self, thread_id: str, item_id: str) -> None:
        with self.lock:
            items, place = self.item(thread_id, item_id)
            rest = items.records[:place] + items.records[place + 1:]
            self.thread(thread_id).items = Listing(rest)

    def item(self, thread_id: str, item_id: str) -> tuple[Listing, int]:
        items = self.thread(thread_id).items
        if item_id not in items.places:
            raise Refusal(404, f"No item found with id '{item_id}'.", param="item_id")
        return items, items.places[item_id]

    @staticmethod
    def changed(record: Record, changes: bytes) -> Record:
        new = Record(merged(record.raw, checked(changes)))
        if new.id != record.id:
            raise ValueError("an id cannot be changed")
        return new

    def dump(self) -> bytes:
        with self.lock:
            return b"[%s]" % b",\n".join(
                b'{"thread":%s,"items":[%s]}' % (
                    thread.record.raw, b",".join(item.raw for item in thread.items.records))
                for thread in self.ordered())
