# SPDX-License-Identifier: MIT
"""Records who is sent which key: key_listener.py DIRECTORY CERTIFICATE SECRET NAME...

For each NAME it listens on a port of 127.0.0.1. The port "proxy" takes CONNECT, and then is the host
that was asked for itself, by TLS with that certificate. Each request is answered with a page of one
thread, and is a line "NAME AUTHORIZATION ORGANIZATION PROJECT" in DIRECTORY/recorded, with "-" for a
header that it has not. DIRECTORY/ports has a line NAME=PORT for each.
"""

import json
import os
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

directory, certificate, secret, *names = sys.argv[1:]
PAGE = json.dumps({"object": "list", "first_id": "cthr_1", "last_id": "cthr_1", "has_more": False,
                   "data": [{"id": "cthr_1", "object": "chatkit.thread", "created_at": 1,
                             "title": None, "user": "u", "status": {"type": "active"}}]}).encode()
HEADERS = ("Authorization", "OpenAI-Organization", "OpenAI-Project")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.name = self.server.name

    def log_message(self, *_):
        pass

    def do_CONNECT(self):
        self.send_response(200)
        self.end_headers()
        self.name = self.path
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, secret)
        self.connection = self.request = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)
        self.close_connection = False

    def do_GET(self):
        values = [self.headers.get(name, "-").removeprefix("Bearer ") for name in HEADERS]
        with open(os.path.join(directory, "recorded"), "a", encoding="utf-8") as recorded:
            print(self.name, *values, file=recorded)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)


servers = []
for name in names:
    servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
    servers[-1].name = name
    threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
with open(os.path.join(directory, "ports.new"), "w", encoding="utf-8") as ports:
    for server in servers:
        print(f"{server.name}={server.server_port}", file=ports)
os.rename(os.path.join(directory, "ports.new"), os.path.join(directory, "ports"))
threading.Event().wait()
