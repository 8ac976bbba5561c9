"""HTTP/1.1 on sockets: reads requests, applies faults, sends answers."""

import contextlib
import email.utils
import gzip
import itertools
import socket
import socketserver
import struct
import time
from typing import Optional

from .api import Api
from .control import Control
from .faults import pause
from .messages import REASONS, Answer, Refusal, Request

GZIP_FROM = 1024


class Handler(socketserver.StreamRequestHandler):
    """One connection.  http.server is not used: it is slow and gets in the way of faults."""

    disable_nagle_algorithm = True
    server: "Server"

    def handle(self) -> None:
        connection = next(self.server.connections)
        with contextlib.suppress(ConnectionError):
            while True:
                request = self.read()
                if request is None or not self.serve(request, connection):
                    return
                last = "close" in request.headers.get("connection", "").lower()
                if last or request.version == "HTTP/1.0":
                    return

    def read(self) -> Optional[Request]:
        """The next request, or None at the end of the connection or after nonsense."""
        line = self.rfile.readline(65536)
        if not line:
            return None
        try:
            method, target, version = line.decode("utf-8", "surrogateescape").split()
            headers: dict[str, str] = {}
            for line in iter(lambda: self.rfile.readline(65536).strip(), b""):
                name, _, value = line.decode("latin-1").partition(":")
                name, value = name.strip().lower(), value.strip()
                headers[name] = f"{headers[name]}, {value}" if name in headers else value
            if "transfer-encoding" in headers:
                raise ValueError("only bodies with a content-length are supported")
            if headers.get("expect", "").lower() == "100-continue":
                self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = self.rfile.read(int(headers.get("content-length", 0)))
        except ValueError as error:
            answer = Refusal(400, f"Malformed request: {error}").answer
            self.connection.sendall(self.head(None, answer) + answer.body)
            return None
        return Request(method, target, version, headers, body)

    def serve(self, request: Request, connection: int) -> bool:
        """Answers a request; False if the connection is to be closed."""
        if request.path.startswith("/sandbox/"):
            self.send(request, self.server.control.answer(request))
            return True
        log = self.server.control.log
        entry = log.arrived(request, self.server.api.authorization(request), connection)
        try:
            return self.serve_api(request, entry)
        finally:
            log.ended(entry)

    def serve_api(self, request: Request, entry: dict) -> bool:
        control, client = self.server.control, self.connection
        fault = control.faults.take(request.line)
        kind = fault.kind if fault else None
        waited = not fault or pause(client, fault.ms / 1000)
        if waited and kind == "hold":
            waited = control.gate.hold(client)
        if control.latency:
            time.sleep(control.latency)
        if not waited or (fault and not fault.answers):
            control.log.answered(entry, request, None)
            if kind == "reset":
                self.reset()
            elif kind == "raw":
                client.sendall(fault.raw)
            return False

        # A fault's own answer takes the place of the request, which then has no effect.
        replaced = kind in ("status", "body")
        answer = Answer(200, b"") if replaced else self.server.api.answer(request)
        if fault:
            answer = fault.answer(request, answer)
        answer = self.compressed(request, answer)
        control.log.answered(entry, request, answer.status)
        if kind in ("truncate", "stall", "drip", "reset"):
            head = self.head(request, answer)
            beginning = fault.beginning(head, answer.body)
            client.sendall(beginning)
            if kind == "stall":
                control.gate.hold(client)
            elif kind == "drip":
                rest = (head + answer.body)[len(beginning):]
                control.gate.drip(client, rest, fault.every / 1000)
            elif kind == "reset":
                self.reset()
            return False
        # Before sending, so that who has the answer finds nothing of it in flight.
        control.log.ended(entry)
        self.send(request, answer)
        return True

    def send(self, request: Request, answer: Answer) -> None:
        body = b"" if request.method == "HEAD" else answer.body
        # In one piece: head and body apart would cost the client a second wake-up.
        self.connection.sendall(self.head(request, answer) + body)

    def head(self, request: Optional[Request], answer: Answer) -> bytes:
        headers = {
            "Date": email.utils.formatdate(usegmt=True),
            "Content-Type": "application/json",
            "Content-Length": str(len(answer.body)),
            "X-Request-Id": f"req_{next(self.server.serials):032x}",
        }
        if request is None or "close" in request.headers.get("connection", "").lower():
            headers["Connection"] = "close"
        for name, value in answer.headers.items():
            headers = {key: old for key, old in headers.items() if key.lower() != name.lower()}
            headers[name] = value
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        reason = REASONS.get(answer.status, "Unknown")
        return f"HTTP/1.1 {answer.status} {reason}\r\n{lines}\r\n".encode("latin-1")

    def compressed(self, request: Request, answer: Answer) -> Answer:
        wanted = "gzip" in request.headers.get("accept-encoding", "").lower()
        if not (self.server.compress and wanted and len(answer.body) > GZIP_FROM):
            return answer
        return answer._replace(body=gzip.compress(answer.body, 1),
                               headers={**answer.headers, "Content-Encoding": "gzip"})

    def reset(self) -> None:
        """Closes with RST; the socket's other user, the reader, must let go of it first."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, api: Api, control: Control, compress: bool):
        if ":" in host:
            self.address_family = socket.AF_INET6
        self.api = api
        self.control = control
        self.compress = compress
        self.connections = itertools.count(1)
        self.serials = itertools.count(1)
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"
