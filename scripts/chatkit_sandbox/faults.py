"""Faults, which are planned misbehaviour, and the waiting that some of them ask for."""

import base64
import random
import re
import socket
import threading
import time
from typing import Optional

from .messages import REASONS, Answer, Refusal
from .source import checked, decode, elements, members, merged

# How often a waiting request looks whether its client is still there.
WATCH_SECONDS = 0.05


class Fault:
    """One planned misbehaviour; `sandbox -h` lists the kinds."""

    COMMON = {"kind", "match", "skip", "times", "chance", "seed", "ms"}
    FIELDS = {  # kind: its own fields; those with "!" are required
        "status": ("status!", "headers", "body"), "body": ("body!", "headers"),
        "patch": ("patch!",), "delay": (), "hold": (), "close": (), "reset": (),
        "truncate": ("bytes!",), "stall": ("bytes!",), "raw": ("raw!",),
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
        self.headers = {name: str(value) for name, value in values.get("headers", {}).items()}
        self.raw = base64.b64decode(values.get("raw", ""), validate=True)
        self.body: Optional[bytes] = sources.get("body")
        if self.body is not None and self.body[:1] == b'"':  # a string is the body's text
            self.body = decode(self.body).encode("utf-8", "surrogateescape")
        self.patch = sources.get("patch", b"{}")
        drop = members(self.patch).get("drop", (b"", b"[]"))[1]
        self.drop = {"drop", *decode(drop)}

    def answer(self, usual: Answer) -> Answer:
        """What to send instead of the usual answer."""
        if self.kind == "status" and self.body is None:
            message = f"{REASONS.get(self.status, 'Unknown')} (a fault of the sandbox)."
            return Refusal(self.status, message, headers=self.headers).answer
        if self.kind in ("status", "body"):
            return Answer(self.status, self.body, self.headers)
        if self.kind == "patch" and usual.status == 200:
            return usual._replace(body=merged(usual.body, self.patch, self.drop))
        return usual


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
