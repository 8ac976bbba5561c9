#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server of HTTP/1.1 in front of the sandbox that sends wrong answers: liar.py PORT LIE [PEM]

Forwards to PORT and keeps its connections; with PEM, a certificate and its key, it speaks TLS. Prints its own
port, then a line for each lie. The lies, each told to the first request for a target unless said otherwise:

swapped  the answer to the request before
empty    a page without elements, where the connection has carried a request before: else it would be
         believed, as it must be
earlier  an earlier page of the same listing
late     the right answer, and 30 ms later the same again
joined   the right answer and, in the same write as the end of it, an empty page
always   the answer to another request, to each request for items
"""

import http.client
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

PORT, LIE = int(sys.argv[1]), sys.argv[2]
EMPTY = b'{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}'
PASSED_ON = ("Authorization", "OpenAI-Beta")
LOCK = threading.Lock()


class Seen:
    """What has been asked for, and answered."""

    targets: set[str] = set()
    last: list[tuple[str, bytes]] = []  # the last right answers to two targets
    pages: dict[str, bytes] = {}  # the last page of each listing


def listing_of(target):
    """What two pages of one listing have in common."""
    url = urllib.parse.urlsplit(target)
    query = [pair for pair in urllib.parse.parse_qsl(url.query) if pair[0] not in ("after", "limit")]
    return f"{url.path}?{urllib.parse.urlencode(query)}"


def right_answer(target, headers):
    backend = http.client.HTTPConnection("127.0.0.1", PORT)
    backend.request("GET", target, headers=headers)
    answer = backend.getresponse()
    body = answer.read()
    backend.close()
    return answer.status, body


def lie_about(target, body, kept):
    """What is sent instead of the body; None: nothing else."""
    with LOCK:
        first = target not in Seen.targets
        others = [other for at, other in Seen.last if at != target]
        earlier = Seen.pages.get(listing_of(target))
        Seen.targets.add(target)
        Seen.last = [(target, body)] + [pair for pair in Seen.last if pair[0] != target][:1]
        Seen.pages[listing_of(target)] = body
    if LIE == "always" and "/items" in target and others:
        return others[0]
    if not first:
        return None
    if LIE == "swapped" and others:
        return others[0]
    if LIE == "empty" and kept and "limit=" in target:
        return EMPTY
    if LIE == "earlier" and earlier and "after=" in target:
        return earlier
    return None


def answer_of(status, body):
    return (f"HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        self.sending = threading.Lock()
        kept = False
        while request := self.rfile.readline().decode():
            headers = http.client.parse_headers(self.rfile)
            target = request.split()[1]
            status, body = right_answer(target, {name: headers[name] for name in PASSED_ON})
            lie = lie_about(target, body, kept) if status == 200 else None
            if lie is not None and lie != body:
                self.say(target)
                self.send(answer_of(200, lie))
            elif LIE == "joined" and len(body) > 2000:
                self.send_joined(answer_of(status, body), target)
            else:
                self.send(answer_of(status, body))
            if LIE == "late":
                self.say(target)
                threading.Thread(target=self.send_late, args=(answer_of(status, body),)).start()
            kept = True

    def say(self, target):
        print(target, flush=True)

    def send(self, data):
        with self.sending:
            self.wfile.write(data)

    def send_late(self, data):
        time.sleep(0.03)
        try:
            self.send(data)
        except (OSError, ValueError):  # closed meanwhile
            pass

    def send_joined(self, data, target):
        """So that the client has read the beginning by itself, and asks for no more than the rest."""
        self.say(target)
        self.send(data[:-1000])
        time.sleep(0.01)
        self.send(data[-1000:] + answer_of(200, EMPTY))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def get_request(self):
        connection, address = super().get_request()
        if len(sys.argv) > 3:
            connection = TLS.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        pass  # a client that closes


if len(sys.argv) > 3:
    TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    TLS.load_cert_chain(sys.argv[3])
with Server(("127.0.0.1", 0), Connection) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
