"""The sandbox, its faults, and the changes of its account."""

import base64
import contextlib
import email.utils
import http.client
import json
import threading
import time
from pathlib import Path
from typing import Iterator, Optional

from chatkit_bench.processes import BenchError, running, wait_until

from .history import History

KEY = "sk-soak"
SANDBOX = Path(__file__).resolve().parent.parent / "sandbox"
LIMIT = 30  # seconds that the sandbox may take to answer


def raw(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kinds() -> list[dict]:
    """What goes wrong, all as often. Nothing here is an answer that a server could mean: a 404 is,
    of a thread that was deleted, and so is an empty list."""
    soon = email.utils.formatdate(time.time() + 3600, usegmt=True)
    return [
        *({"kind": "status", "status": status} for status in (429, 408, 409, 500, 502, 503, 504)),
        {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
        {"kind": "status", "status": 429, "headers": {"Retry-After-Ms": "150"}},
        {"kind": "status", "status": 503, "headers": {"Retry-After": "2"}},
        {"kind": "status", "status": 503, "headers": {"Retry-After": soon}},  # too late for anybody
        {"kind": "status", "status": 500, "headers": {"X-Should-Retry": "false"}},
        {"kind": "status", "status": 403},
        {"kind": "status", "status": 502, "body": "<html>Bad gateway</html>",
         "headers": {"Content-Type": "text/html"}},
        {"kind": "close"}, {"kind": "close", "ms": 100},
        {"kind": "reset"}, {"kind": "reset", "ms": 100},
        {"kind": "reset", "head": 30}, {"kind": "reset", "bytes": 900},
        {"kind": "truncate", "bytes": 0}, {"kind": "truncate", "bytes": 500},
        {"kind": "truncate", "bytes": 5000},
        {"kind": "stall", "bytes": 0}, {"kind": "stall", "bytes": 700},
        {"kind": "drip", "every": 20, "bytes": 300},
        {"kind": "alter", "gzip": True, "cut": 5}, {"kind": "alter", "cut": 1},
        {"kind": "alter", "headers": {"Content-Encoding": "gzip"}},
        {"kind": "hold"},  # never answered at all
        {"kind": "body", "body": "<html>Please log in</html>"},
        {"kind": "body", "body": '{"object":"list","data":[{"id":'},
        {"kind": "body", "body": ""}, {"kind": "body", "body": [1, 2]},
        {"kind": "patch", "patch": {"drop": ["data", "id"]}},
        {"kind": "patch", "patch": {"data": {"id": 1}, "id": 7}},
        {"kind": "raw", "raw": raw("\0\1\2 no HTTP at all\r\n\r\n")},
        {"kind": "raw", "raw": raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                                   "Content-Length: 9\r\n\r\nnot gzip.")},
        {"kind": "delay", "ms": 300}, {"kind": "delay", "ms": 1500}, {"kind": "delay", "ms": 4000},
    ]


def planned(percent: float, seed: int) -> list[dict]:
    """The kinds, so that so many of all requests meet one."""
    all_kinds = kinds()
    share = percent / 100 / len(all_kinds)
    # Each is asked only about the requests that those before it have let pass.
    return [{**kind, "times": None, "chance": share / (1 - number * share),
             "seed": seed * 1000 + number} for number, kind in enumerate(all_kinds)]


class Server:
    """Every method may be called from any thread."""

    def __init__(self, url: str):
        self.url = url
        self.forgotten = 0  # requests

    def send(self, method: str, path: str, body: Optional[bytes] = None) -> bytes:
        connection = http.client.HTTPConnection(self.url.split("/")[2], timeout=LIMIT)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read()
        if answer.status != 200:
            raise BenchError(f"the sandbox answered {answer.status} to {method} {path}: {text!r}")
        return text

    def plan(self, faults: list[dict]) -> None:
        self.send("POST", "/sandbox/faults", json.dumps(faults).encode())

    def end_faults(self) -> None:
        self.send("DELETE", "/sandbox/faults")
        self.send("POST", "/sandbox/release")

    def wait_for_answers(self) -> None:
        """What was asked before may come with what was there then."""
        self.requests()
        wait_until(lambda: json.loads(self.send("GET", "/sandbox/requests"))["in_flight"] == 0,
                   "the last answers")

    def requests(self) -> int:
        """So far; the sandbox then forgets them, since they would fill its memory."""
        self.forgotten += json.loads(self.send("DELETE", "/sandbox/requests"))["forgotten"]
        return self.forgotten


@contextlib.contextmanager
def serving(work: Path, data: bytes, latency: float) -> Iterator[Server]:
    url_file, data_file = work / "url", work / "account.json"
    data_file.write_bytes(data)
    with running(SANDBOX, "--key", KEY, "--data", data_file, "--latency", latency,
                 "--url-file", url_file, stdout=-3) as process:
        wait_until(lambda: url_file.exists() or process.poll() is not None, "the sandbox")
        if process.poll() is not None:
            raise BenchError("the sandbox did not start")
        yield Server(url_file.read_text().strip())


class Changes(threading.Thread):
    """Changes the account, so many times a second."""

    def __init__(self, server: Server, history: History, rate: float):
        super().__init__(daemon=True)
        self.server, self.history, self.rate = server, history, rate
        self.count = 0
        self.failure: Optional[Exception] = None
        self.ending = threading.Event()

    def run(self) -> None:
        try:
            while not self.ending.wait(1 / self.rate):
                self.server.send(*self.history.change())
                self.history.arrived()
                self.count += 1
        except (BenchError, OSError, http.client.HTTPException) as error:
            self.failure = error

    def end(self) -> None:
        self.ending.set()
        self.join()
