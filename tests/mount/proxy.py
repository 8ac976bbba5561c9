#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A TCP proxy on loopback that loses connections: proxy.py PORT LOG

Forwards to PORT. Its first line in LOG is its own port, then "connected" for each connection,
"silent" and "closed" when it has obeyed:

SIGUSR1  forward nothing more over the connections there are, and keep them open
SIGUSR2  close the connections there are
"""

import asyncio
import signal
import sys


class Proxy:
    def __init__(self, port, log):
        self.port, self.log = port, log
        self.writers = set()  # of connections that are forwarded, both ends

    def say(self, line):
        print(line, file=self.log, flush=True)

    def silence(self):
        self.writers.clear()
        self.say("silent")

    def close(self):
        for writer in self.writers:
            writer.close()
        self.say("closed")

    async def forward(self, reader, writer):
        try:
            while data := await reader.read(65536):
                if writer in self.writers:
                    writer.write(data)
        except ConnectionError:
            pass
        writer.close()

    async def serve(self, reader, writer):
        self.say("connected")
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers |= {writer, back}
        await asyncio.gather(self.forward(reader, back), self.forward(there, writer))
        self.writers -= {writer, back}

    async def run(self):
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self.silence)
        loop.add_signal_handler(signal.SIGUSR2, self.close)
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.say(server.sockets[0].getsockname()[1])
        await server.serve_forever()


with open(sys.argv[2], "w", encoding="ascii") as log_file:
    asyncio.run(Proxy(int(sys.argv[1]), log_file).run())
