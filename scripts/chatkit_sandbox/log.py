"""The log of the API requests, in memory and in a file."""

import re
import threading
from typing import Optional

from .messages import Request
from .source import encode


class RequestLog:
    """The API requests since the start or the last reset, and those still being answered."""

    def __init__(self, file: Optional[str]):
        self.lock = threading.Lock()
        self.file = open(file, "a", buffering=1, encoding="utf-8",
                         errors="surrogateescape") if file else None
        self.entries: list[dict] = []
        # By identity and apart from the entries: a reset must not lose count of them.
        self.in_flight: dict[int, dict] = {}

    def arrived(self, request: Request, authorization: str, connection: int) -> dict:
        entry = {"method": request.method, "path": request.path, "query": request.query,
                 "status": None, "headers": {**request.headers, "authorization": authorization},
                 "connection": connection}
        with self.lock:
            self.entries.append(entry)
            self.in_flight[id(entry)] = entry
        return entry

    def answered(self, entry: dict, request: Request, status: Optional[int]) -> None:
        """Notes the status, to be called before sending: who has an answer finds it noted."""
        with self.lock:
            entry["status"] = status
            if self.file:
                self.file.write(f"{request.line} {'-' if status is None else status}\n")

    def ended(self, entry: dict) -> None:
        with self.lock:
            self.in_flight.pop(id(entry), None)

    def clear(self) -> int:
        """Forgets the requests; how many there were."""
        with self.lock:
            forgotten, self.entries = len(self.entries), []
        return forgotten

    def count(self, pattern: str) -> int:
        match = re.compile(pattern).search
        with self.lock:
            return sum(1 for entry in self.entries if match(
                f"{entry['method']} {entry['path']}{'?' * bool(entry['query'])}{entry['query']}"))

    def report(self, held: int) -> bytes:
        with self.lock:
            return encode({"total": len(self.entries), "in_flight": len(self.in_flight),
                           "held": held, "requests": self.entries})
