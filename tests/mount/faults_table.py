# SPDX-License-Identifier: MIT
"""The fault matrix as a table: what can go wrong, and what a program is to get of it.

An outcome is "ok", which means exactly the bytes, names, sizes and types that a healthy mount shows,
or the name of the errno that README.md tells of under "When something fails".
"""

import dataclasses

# What each operation is done with: to items, to one thread, to the list of threads, or to nothing
# of the API.
OPERATIONS = {
    "lookup": "items",
    "lookup by id": "thread",
    "getattr": "folder",
    "opendir": "thread",
    "readdir": "items",
    "readdirplus": "items",
    "readdir of all": "threads",
    "open": "items",
    "read": "items",
    "statfs": None,
    "unmount": None,
}

# Readers of a folder never get ENOENT, which readdir(3) takes for its end.
LISTS = ("readdir", "readdirplus", "readdir of all")


@dataclasses.dataclass(frozen=True)
class State:
    """What is known when the fault begins."""
    name: str
    options: tuple  # of the mount
    cache: str  # what an earlier mount has left: "threads" alone, or "all"
    meets: bool  # whether readers cause requests, which then meet the fault
    about: str
    early: bool = True  # the fault is there before the mount is


# Every mount begins with a copy of a cache, so that the program knows things of which the kernel has
# no memory: all that is asked for goes through the program.
STATES = (
    State("cold", ("--ttl=600",), "threads", True,
          "of each thread but its id and title nothing is known, of some not even that"),
    State("warm", ("--ttl=600",), "all", False,
          "everything is known, and was looked at within `--ttl`"),
    State("expired", ("--ttl=1",), "all", True,
          "everything is known, but `--ttl` has passed since: readers get it at once, and it is "
          "checked behind their backs"),
    State("waiting", ("--ttl=0",), "all", True,
          "everything is known, and with `--ttl=0` readers wait for a check of it", early=False),
    State("strict", ("--ttl=0", "--strict"), "all", True,
          "the same with `--strict`: what can't be checked is an error", early=False),
)


@dataclasses.dataclass(frozen=True)
class Fault:
    """One fault, and what comes of it.

    plans     for the sandbox (scripts/sandbox --help); a date is that far ahead: "@+2"
    place     where it is: the sandbox's answers, its port, the certificate, or the name of its host
    items, thread, threads
              outcomes of what needs requests of that kind, when cold
    strict    outcomes by kind that are others when strict, where no more than a page is asked for
    also      outcomes by state and operation that are others in another way
    """
    name: str
    plans: tuple = ()
    items: str = "EIO"
    thread: str = "EIO"
    threads: str = "EIO"
    place: str = "answers"
    mode: str = ""
    strict: dict = dataclasses.field(default_factory=dict)
    also: dict = dataclasses.field(default_factory=dict)
    timeout: int = 0  # of the mount, in seconds; 0: see seconds()
    options: tuple = ()  # of the mount
    patience: int = 30  # seconds until all is well after the fault

    def seconds(self):
        """--timeout: short where all of it is waited for, else so that all retries fit also on a busy
        machine."""
        return self.timeout or (1 if self.items == "ETIMEDOUT" else 10)

    def outcome(self, state, operation):
        """What the operation is to come to; several, with "or" between, where that is a matter of
        time."""
        if (state.name, operation) in self.also:
            return self.also[state.name, operation]
        kind = OPERATIONS[operation]
        errors = {"items": self.items, "thread": self.thread, "threads": self.threads}
        if state.name == "strict":
            # A thread that is known is found by way of the list of threads. Before the kernel
            # reads on in an open file it asks for the attributes.
            errors.update(thread=self.threads, folder=self.items)
            errors.update(self.strict)
            outcome = errors.get(kind, "ok")
        elif state.name == "cold":
            outcome = errors.get(kind, "ok")
        else:
            outcome = "ok"
        nameless = LISTS + ("getattr",) + (("read",) if state.name == "strict" else ())
        return "ESTALE" if outcome == "ENOENT" and operation in nameless else outcome


def fault(name, errno, kind, /, match="", lists_only=False, **fields):
    """A fault of all answers that match; lists_only: it is none to who asks for one thread."""
    own = {name: fields.pop(name) for name in ("strict", "also", "timeout", "patience", "options") if name in fields}
    plan = {"kind": kind, "match": match, "times": None, **fields}
    return Fault(name, (plan,), errno, "ok" if lists_only else errno, errno, **own)


def status(code, errno="EIO", name="", **fields):
    headers = fields.get("headers", {})
    said = ", ".join(f"{key}: {value}" for key, value in headers.items())
    return fault(" ".join(filter(None, (str(code), name or said))), errno, "status", status=code,
                 **fields)


def body(name, text, **fields):
    return fault(name, "EIO", "body", body=text, **fields)


def raw(name, text, **fields):
    import base64
    return fault(name, "EIO", "raw", raw=base64.b64encode(text).decode("ascii"), **fields)


def deep(levels):
    value = []
    for _ in range(levels - 1):
        value = [value]
    return value


def elsewhere(port, name, errno, mode, **fields):
    return Fault(name, (), errno, errno, errno, port, mode, **fields)


QUOTA = {"error": {"message": "You exceeded your current quota.", "type": "insufficient_quota",
                   "param": None, "code": "insufficient_quota"}}
OTHER_HOST = "http://127.0.0.2:@OTHER/v1/chatkit/threads"
# Of the list of threads no second page is asked for where all is known. But after several failures
# nothing at all is checked for a second or more, and what can't be checked is an error then.
SPARED = {"thread": "ok or EIO", "threads": "ok or EIO"}
PAGE = b'{"object":"list","data":[],"has_more":false}'

FAULTS = (
    # What a server says.
    status(400),
    status(401, "EACCES"),
    status(403, "EACCES"),
    # Before the kernel looks a name up it asks for the attributes of the folder. That there is no
    # such name may be remembered for half a minute (README.md, "Limits").
    status(404, "ENOENT", patience=40,
           also={("strict", name): "ESTALE" for name in ("lookup", "lookup by id", "opendir", "open")}),
    status(408, "ETIMEDOUT"),
    status(409),
    status(422),
    status(429, "EAGAIN"),
    status(429, "EAGAIN", headers={"retry-after": "0"}),
    status(429, "EAGAIN", headers={"retry-after": "1"}),
    status(429, "EAGAIN", headers={"retry-after": "3600"}),
    status(429, "EAGAIN", headers={"retry-after-ms": "200"}),
    status(429, "EAGAIN", "retry-after: a date", headers={"retry-after": "@+2"}),
    status(429, "EDQUOT", "insufficient_quota", body=QUOTA),
    status(500),
    status(500, headers={"x-should-retry": "false"}),
    status(502, name="HTML", body="<html><body>Bad gateway</body></html>"),
    status(503),
    status(503, headers={"retry-after": "1"}),
    status(503, name="retry-after: a date", headers={"retry-after": "@+2"}),
    status(504),
    status(529),
    status(204, body=""),
    status(304, body=""),
    status(301, name="to another host", headers={"location": OTHER_HOST}),
    status(302, name="to another host", headers={"location": OTHER_HOST}),
    status(307, name="to another host", headers={"location": OTHER_HOST}),
    # Connections.
    elsewhere("port", "connection refused", "ECONNREFUSED", "refuse"),
    fault("closed without a byte", "EIO", "close"),
    fault("reset before the headers", "EIO", "reset"),
    fault("reset within the headers", "EIO", "reset", head=40),
    fault("reset after the headers", "EIO", "reset", head=100_000),
    fault("reset within the body", "EIO", "reset", bytes=20),
    elsewhere("port", "stall at connecting", "ETIMEDOUT", "stall"),
    fault("stall before the headers", "ETIMEDOUT", "hold"),
    fault("stall within the headers", "ETIMEDOUT", "stall", head=40, bytes=0),
    fault("stall within the body", "ETIMEDOUT", "stall", bytes=20),
    fault("a byte each 0.3 s", "ETIMEDOUT", "drip", every=300),
    fault("cut within the headers", "EIO", "truncate", head=40, bytes=0),
    fault("cut after the headers", "EIO", "truncate", bytes=0),
    fault("cut within the body", "EIO", "truncate", bytes=20),
    # HTTP that is none, or not right.
    raw("not HTTP", b"220 mail.example.com ESMTP ready\r\n"),
    raw("a status that is no number", b"HTTP/1.1 fine\r\n\r\n" + PAGE),
    raw("nothing but 103 Early Hints", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    fault("content-length too long", "ETIMEDOUT", "alter", headers={"Content-Length": "100000"}),
    fault("content-length too short", "EIO", "alter", headers={"Content-Length": "20"}),
    fault("content-length that is no number", "EIO", "alter", headers={"Content-Length": "-9"}),
    raw("chunks cut", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2c\r\n" + PAGE[:30]),
    raw("chunks without a size", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n" + PAGE),
    fault("gzip that is none", "EIO", "alter", headers={"Content-Encoding": "gzip"}),
    fault("gzip cut", "EIO", "alter", gzip=True, cut=20),
    fault("an encoding that is not known", "EIO", "alter", headers={"Content-Encoding": "zip"}),
    fault("a gzip bomb", "EIO", "alter", gzip=True, pad=17 << 20, timeout=30,
          options=("--page-size=1",)),
    fault("a body of 17 MiB", "EIO", "alter", pad=17 << 20, timeout=30, options=("--page-size=1",)),
    fault("a header of 128 KiB", "EIO", "alter", headers={"X-Long": "x" * (128 << 10)}),
    fault("headers of 80 KiB", "EIO", "alter", headers={f"X-{n}": "x" * 1000 for n in range(80)}),
    # Answers that are not the API's.
    body("an empty body", ""),
    body("HTML", "<!DOCTYPE html><html><body>Sign in to this network</body></html>"),
    body("text", "ok"),
    body("JSON cut", '{"object":"list","data":[{"id":"cthi_1"'),
    body("two JSON texts", PAGE.decode() * 2),
    body("JSON: a list", []),
    body("JSON: null", "null"),
    body("JSON: a text", '"list"'),
    body("JSON: {}", {}),
    body("JSON: data that is no list", {"object": "list", "data": {}, "has_more": False}),
    body("JSON: no data", {"object": "list", "data": None, "has_more": False}),
    body("JSON: no has_more", {"object": "list", "data": []}),
    body("JSON: has_more that is a text", {"object": "list", "data": [], "has_more": "no"}),
    body("JSON: an error with status 200", QUOTA),
    fault("JSON: 65 levels deep", "EIO", "patch", patch={"new": deep(64)}),
    body("JSON: 100,000 levels deep", "[" * 100_000 + "]" * 100_000),
    # Pages that lead nowhere.
    body("a page without an id to go on from",
         {"object": "list", "data": [{"created_at": 1}], "has_more": True}),
    body("a page with a bad id to go on from",
         {"object": "list", "data": [{"id": "../../models"}], "has_more": True}),
    fault("a cursor that is no text", "EIO", "patch", patch={"id": "\ud83d", "last_id": "\ud83d",
                                                             "has_more": True}, strict=SPARED),
    fault("an empty page with has_more", "EIO", "patch", match="[?]", lists_only=True,
          patch={"data": [], "last_id": None, "has_more": True}),
    # Where all is known no second page is asked for, unless all threads are listed anew: that is less
    # than to ask for many of them by their ids.
    fault("a circle of one page", "EIO", "circle", lists_only=True, length=1, strict=SPARED),
    fault("a circle of three pages", "EIO", "circle", lists_only=True, length=3,
          strict={kind: "ok or EIO" for kind in ("thread", "threads", "items", "folder")}),
    fault("a cursor that was deleted, 400", "EIO", "status", match="after=", lists_only=True,
          status=400, strict=SPARED),
    fault("a cursor that was deleted, 404", "ENOENT", "status", match="after=", lists_only=True,
          status=404, strict={"thread": "ok or ESTALE", "threads": "ok or ESTALE"}),
    # Names and certificates.
    elsewhere("name", "no such host", "EHOSTUNREACH", "none"),
    elsewhere("name", "name servers that fail", "EHOSTUNREACH", "again"),
    elsewhere("name", "name servers that are silent", "ETIMEDOUT", "silent"),
    elsewhere("certificate", "a certificate of another host", "EIO", "other"),
    elsewhere("certificate", "a certificate that has expired", "EIO", "expired"),
    elsewhere("certificate", "a certificate signed by itself", "EIO", "selfsigned"),
    elsewhere("certificate", "HTTP where TLS is expected", "EIO", "plain"),
)
