"""Requests, answers and refusals, and which action a request is for."""

import http
import urllib.parse
from typing import Callable, NamedTuple, Optional

from .source import encode

REASONS = {status.value: status.phrase for status in http.HTTPStatus}


class Request(NamedTuple):
    method: str
    target: str  # as sent: path and query
    version: str
    headers: dict[str, str]  # lower-case names
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.target}"

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def segments(self) -> list[str]:
        """The path's parts; decoded after splitting, so that ids may contain any character."""
        return [urllib.parse.unquote(part, errors="surrogateescape")
                for part in self.path.split("/")[1:]]

    def parameters(self, *allowed: str) -> dict[str, str]:
        values: dict[str, str] = {}
        for name, value in urllib.parse.parse_qsl(
                self.query, keep_blank_values=True, errors="surrogateescape"):
            if name not in allowed:
                raise Refusal(400, f"Unknown parameter: '{name}'.", "unknown_parameter", name)
            if name in values:
                raise Refusal(400, f"Parameter '{name}' given twice.", "invalid_value", name)
            values[name] = value
        return values


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str] = {}


class Refusal(Exception):
    """An error that is answered with the API's error object."""

    DEFAULTS = {  # status: (type, code)
        401: ("invalid_request_error", "invalid_api_key"),
        403: ("invalid_request_error", "permission_denied"),
        404: ("invalid_request_error", "not_found"),
        405: ("invalid_request_error", "method_not_supported"),
        429: ("requests", "rate_limit_exceeded"),
        503: ("server_error", "service_unavailable"),
    }

    def __init__(self, status: int, message: str, code: Optional[str] = None,
                 param: Optional[str] = None, headers: Optional[dict[str, str]] = None):
        super().__init__(message)
        kind, usual_code = self.DEFAULTS.get(
            status, ("server_error" if status >= 500 else "invalid_request_error", None))
        error = {"message": message, "type": kind, "param": param, "code": code or usual_code}
        self.answer = Answer(status, encode({"error": error}), headers or {})


def route(request: Request, table: dict[str, dict[str, Callable]]) -> tuple[Callable, list[str]]:
    """The action from a table {path, * for an id: {method: action}}, and the ids for it."""
    segments = request.segments
    for path, actions in table.items():
        names = path.split("/")
        if len(names) == len(segments) and all(
                name in ("*", segment) for name, segment in zip(names, segments)):
            if request.method not in actions:
                raise Refusal(405, f"Not allowed to {request.method} on {request.path}.",
                              headers={"Allow": ", ".join(actions)})
            ids = [segment for name, segment in zip(names, segments) if name == "*"]
            return actions[request.method], ids
    raise Refusal(404, f"Invalid URL ({request.method} {request.path})", "unknown_url")
