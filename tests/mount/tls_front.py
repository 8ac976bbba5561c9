#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""TLS in front of a server on loopback, until it is told to say nothing: tls_front.py PORT PEM LOG

Forwards to PORT; PEM holds certificate and key. Its first line in LOG is its own port. At SIGUSR1 it
closes all connections and says "silent"; new ones are accepted ("connected"), and then nothing.
"""

import asyncio
import contextlib
import signal
import ssl
import sys


class Front:
    def __init__(self, port: int, certificate: str, log):
        self.port, self.certificate, self.log = port, certificate, log
        self.writers: set[asyncio.StreamWriter] = set()

    def say(self, line) -> None:
        print(line, file=self.log, flush=True)

    async def forward(self, reader, writer) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def serve(self, reader, writer) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers |= {writer, back}
        await asyncio.gather(self.forward(reader, back), self.forward(there, writer))
        self.writers -= {writer, back}

    async def say_nothing(self, _reader, writer) -> None:
        self.writers.add(writer)
        self.say("connected")

    async def run(self) -> None:
        silence = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, silence.set)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        self.say(port)
        await silence.wait()
        server.close()
        for writer in self.writers:
            writer.close()
        server = await asyncio.start_server(self.say_nothing, "127.0.0.1", port)
        self.say("silent")
        await server.serve_forever()


with open(sys.argv[3], "w", encoding="ascii") as log_file:
    asyncio.run(Front(int(sys.argv[1]), sys.argv[2], log_file).run())
