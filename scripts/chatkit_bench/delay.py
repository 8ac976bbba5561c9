"""A network with a round-trip time: a TCP proxy that hands everything on that much later.

A proxy rather than tc-netem(8), which takes root and a kernel module that is often missing. Bytes
wait for half of the round-trip time in each direction, however many are on the way: the latency
grows, the throughput stays. The first bytes of a connection wait for a whole round trip more, as
they would for TCP's handshake. What it leaves out is TCP's slow start.

As a program: prints its port, and serves until it is ended.
usage: python3 -m chatkit_bench.delay PORT MILLISECONDS    the port of the server, the round trip
"""

import asyncio
import contextlib
import os
import selectors
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import Iterator, Optional

from .processes import BenchError, running


@contextlib.contextmanager
def delayed(port: int, milliseconds: float) -> Iterator[int]:
    """The port of a proxy for a port of this machine."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with running(sys.executable, "-B", "-m", "chatkit_bench.delay", port, milliseconds,
                 env=environment, stdout=subprocess.PIPE) as proxy:
        line = proxy.stdout.readline()
        if not line:
            raise BenchError("the delaying proxy ended")
        yield int(line)


class End(asyncio.Protocol):
    """One of the two ends of a connection; what it reads goes to its peer, later."""

    def __init__(self, one_way: float):
        self.one_way = one_way
        self.not_before = 0.0  # when the handshake would have ended
        self.peer: Optional[End] = None
        self.transport: Optional[asyncio.Transport] = None
        # What is on the way to the peer; None: the end. Due in this order, one for each timer.
        self.under_way: deque[Optional[bytes]] = deque()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.send_later(data)

    def connection_lost(self, error: Optional[Exception]) -> None:
        self.send_later(None)

    def send_later(self, data: Optional[bytes]) -> None:
        loop = asyncio.get_running_loop()
        self.under_way.append(data)
        loop.call_at(max(loop.time(), self.not_before) + self.one_way, self.send)

    def send(self) -> None:
        data = self.under_way.popleft()
        if data is None:
            self.peer.transport.close()
        elif not self.peer.transport.is_closing():
            self.peer.transport.write(data)


async def serve(port: int, round_trip: float) -> None:
    loop = asyncio.get_running_loop()

    async def connect(client: End) -> None:
        client.transport.pause_reading()  # until there is somebody to hand it to
        server = End(round_trip / 2)
        server.peer, client.peer = client, server
        try:
            await loop.create_connection(lambda: server, "127.0.0.1", port)
        except OSError:
            client.transport.abort()
            return
        if client.transport.is_closing():
            server.transport.close()
        else:
            client.transport.resume_reading()

    class Client(End):
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self.not_before = loop.time() + round_trip
            self.connecting = loop.create_task(connect(self))

        def connection_lost(self, error: Optional[Exception]) -> None:
            if self.peer and self.peer.transport:
                super().connection_lost(error)

    listener = await loop.create_server(lambda: Client(round_trip / 2), "127.0.0.1", 0)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


def main() -> None:
    port, milliseconds = int(sys.argv[1]), float(sys.argv[2])
    # select(2) waits to the microsecond, epoll_wait(2) in whole milliseconds.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    loop.run_until_complete(serve(port, milliseconds / 1000))


if __name__ == "__main__":
    main()
