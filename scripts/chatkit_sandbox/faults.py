"""Faults, which are planned misbehaviour, and the waiting that some of them ask for."""

import base64
import gzip
import random
import re
import socket
import threading
import time
from typing import Optional

from .messages import REASONS, Answer, Refusal, Request
from .source import checked, decode, elements, encode, members, merged

# How often a waiting request looks whether its client is still there.
WATCH_SECONDS = 0.05


class Fault:
    """One planned misbehaviour; `sandbox -h` lists the kinds."""

    COMMON = {"kind", "match", "skip", "times", "chance", "seed", "ms"}
    FIELDS = {  # kind: its own fields; those with "!" are required
        "status": ("status!", "headers", "body"), "body": ("body!", "headers"),
        "patch": ("patch!",), "alter": ("headers", "pad", "gzip", "cut"),
        "circle": ("length!",), "delay": (), "hold": (), "close": (), "reset": ("head", "bytes"),
        "truncate": ("bytes!", "head"), "stall": ("bytes!", "head"),
        "drip": ("every!", "bytes", "head"), "raw": ("raw!",),
    }

    def __init__(self, source: bytes):
        """From a JSON object; ValueError tells what is wrong with it."""
        sources = {name: value for name, (_, value) in members(source).items()}
        values = {name: decode(value) for name, value in sources.items()
                  if name not in ("body", "patch")}
        self.kind = values.get("kind")
        if self.kind not in self.FIELDS:
            raise ValueError(f"unknown kind of fault: {self.kind!r}")
        fields = self.FIELDS[self.kind]
        unknown = set(sources) - self.COMMON - {field.rstrip("!") for field in fields}
        missing = {field[:-1] for field in fields if field.endswith("!")} - set(sources)
        if unknown or missing:
            raise ValueError(f"{self.kind}: fields that are unknown: {sorted(unknown)}, "
                             f"missing: {sorted(missing)}")

        def number(name, default):
            value = values.get(name, default)
            if type(value) is not int or value < 0:
                raise ValueError(f"{name} must be a number from 0")
            return value

        self.match = re.compile(values.get("match", ""))
        self.skip = number("skip", 0)
        self.times = None if values.get("times", 1) is None else number("times", 1)
        self.chance = values.get("chance", 1)
        if type(self.chance) not in (int, float) or not 0 <= self.chance <= 1:
            raise ValueError("chance must be a number from 0 to 1")
        self.random = random.Random(number("seed", 0))
        self.ms = number("ms", 0)
        self.status = number("status", 200)
        self.bytes = number("bytes", 0)
        self.head = number("head", 0) if "head" in values else None
        self.every = number("every", 0)
        self.pad = number("pad", 0)
        self.cut = number("cut", 0)
        self.gzip = values.get("gzip") is True
        self.circle = Circle(number("length", 0))
        self.headers = {name: str(value) for name, value in values.get("headers", {}).items()}
        self.raw = base64.b64decode(values.get("raw", ""), validate=True)
        self.body: Optional[bytes] = sources.get("body")
        if self.body is not None and self.body[:1] == b'"':  # a string is the body's text
            self.body = decode(self.body).encode("utf-8", "surrogateescape")
        self.patch = sources.get("patch", b"{}")
        drop = members(self.patch).get("drop", (b"", b"[]"))[1]
        self.drop = {"drop", *decode(drop)}

    @property
    def answers(self) -> bool:
        """Whether anything of an answer is sent; otherwise the request has no effect either."""
        if self.kind == "reset":
            return self.head is not None or self.bytes > 0
        return self.kind not in ("close", "raw")

    def answer(self, request: Request, usual: Answer) -> Answer:
        """What to send instead of the usual answer."""
        if self.kind == "status" and self.body is None:
            message = f"{REASONS.get(self.status, 'Unknown')} (a fault of the sandbox)."
            return Refusal(self.status, message, headers=self.headers).answer
        if self.kind in ("status", "body"):
            return Answer(self.status, self.body, self.headers)
        if self.kind == "patch" and usual.status == 200:
            return usual._replace(body=merged(usual.body, self.patch, self.drop))
        if self.kind == "alter":
            return self.altered(usual)
        if self.kind == "circle" and usual.status == 200:
            return usual._replace(body=self.circle.page(request, usual.body))
        return usual

    def altered(self, usual: Answer) -> Answer:
        body = usual.body + b" " * self.pad
        encoding = {"Content-Encoding": "gzip"} if self.gzip else {}
        if self.gzip:
            body = gzip.compress(body, 1)
        return Answer(usual.status, body[:len(body) - self.cut],
                      {**usual.headers, **encoding, **self.headers})

    def beginning(self, head: bytes, body: bytes) -> bytes:
        """What is sent before it goes wrong."""
        if self.head is not None:
            return head[:self.head]
        return head + body[:self.bytes]


class Circle:
    """Lists whose pages lead back to one that was asked for before."""

    def __init__(self, length: int):
        self.length = length
        self.lock = threading.Lock()
        self.asked: dict[tuple, list[str]] = {}  # by list, the cursors in turn

    def page(self, request: Request, usual: bytes) -> bytes:
        cursor = request.parameters("limit", "order", "after", "before", "user").get("after")
        if cursor is None or b'"has_more"' not in usual:
            return usual
        with self.lock:
            asked = self.asked.setdefault((request.path, "order=asc" in request.query), [])
            if cursor not in asked:
                asked.append(cursor)
            if len(asked) < self.length:
                return usual
            back = asked[-self.length]
        return merged(usual, encode({"last_id": back, "has_more": True}))


class Faults:
    """The faults that are planned, in the order in which they were given."""

    def __init__(self):
        self.lock = threading.Lock()
        self.planned: list[Fault] = []

    def add(self, source: bytes) -> int:
        new = [Fault(raw) for raw in elements(checked(source))]
        with self.lock:
            self.planned += new
        return len(new)

    def clear(self) -> None:
        with self.lock:
            self.planned = []

    def take(self, line: str) -> Optional[Fault]:
        """The fault for a request, which is thereby used once."""
        with self.lock:
            for fault in self.planned:
                if fault.times == 0 or not fault.match.search(line):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.random.random() >= fault.chance:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def left(self) -> list[dict]:
        with self.lock:
            return [{"kind": fault.kind, "match": fault.match.pattern, "skip": fault.skip,
                     "times": fault.times} for fault in self.planned if fault.times != 0]


class Gate:
    """Where requests wait, until they are released or their client has gone."""

    def __init__(self):
        self.changed = threading.Condition()
        self.releases = 0
        self.held = 0

    def hold(self, client: socket.socket) -> bool:
        """Waits for release(); False if the client went away before."""
        with self.changed:
            releases = self.releases
            self.held += 1
            try:
                while self.releases == releases:
                    if gone(client):
                        return False
                    self.changed.wait(WATCH_SECONDS)
            finally:
                self.held -= 1
        return True

    def drip(self, client: socket.socket, rest: bytes, seconds: float) -> None:
        """Sends a byte at a time until release(), then the rest; or until the client has gone."""
        with self.changed:
            releases = self.releases
        for place in range(len(rest)):
            if self.releases != releases:
                client.sendall(rest[place:])
                return
            client.sendall(rest[place:place + 1])
            if not pause(client, seconds):
                return

    def release(self) -> int:
        with self.changed:
            self.releases += 1
            self.changed.notify_all()
            return self.held


def gone(client: socket.socket) -> bool:
    try:
        return client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def pause(client: socket.socket, seconds: float) -> bool:
    """Waits so long; False as soon as the client has gone."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, WATCH_SECONDS))
        if gone(client):
            return False
    return True
