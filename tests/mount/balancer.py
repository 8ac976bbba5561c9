#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A TCP balancer on loopback: balancer.py PORT PORT... forwards each connection to one of them.

Prints its own port. Which backend a connection gets is random, and the same in each run.
"""

import asyncio
import contextlib
import random
import sys

CHOICE = random.Random(16)


async def forward(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


async def serve(reader, writer):
    there, back = await asyncio.open_connection("127.0.0.1", CHOICE.choice(sys.argv[1:]))
    await asyncio.gather(forward(reader, back), forward(there, writer))


async def run():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(run())
