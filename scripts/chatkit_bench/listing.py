"""How long the first entry and all entries of the mountpoint take, from a distant server."""

import os
import signal
import subprocess
import time
from typing import Iterator

from .account import Account
from .delay import delayed
from .latency import NO_CLIENT, run_client
from .mount import Mount
from .pages import LIMIT
from .processes import BenchError, wait_until
from .server import Server
from .setting import Bench, local, say
from .table import Row, at_most, counted, left_out, timed, title


def measure(bench: Bench) -> Iterator[Row]:
    round_trip = bench.milliseconds / 1000
    yield title(f"Listing threads, {bench.milliseconds:g} ms")
    for threads in bench.first:
        account = Account(threads, 0)
        with bench.served(account) as server, delayed(server.port, bench.milliseconds) as port:
            for run in range(bench.runs):
                say(f"first of {threads:,} threads, run {run + 1} of {bench.runs}")
                first_entry(bench, server, port, threads)
        yield from first_rows(bench, threads)
    account = Account(bench.pages * LIMIT, 0)
    with bench.served(account) as server, delayed(server.port, bench.milliseconds) as port:
        for run in range(bench.runs):
            say(f"{bench.pages} pages, run {run + 1} of {bench.runs}")
            whole_listing(bench, server, port, account)
    ideal = bench.pages * round_trip
    chain = f"{bench.pages} × {bench.milliseconds:g} ms ="
    yield timed(f"`ls -U` of {account.threads:,} threads", bench.samples["listing chatkitfs"],
                chain, ideal, at_most(0.6))
    yield counted("the same: HTTP requests", bench.samples["listing http"])
    yield timed("the same anew, after SIGHUP, 8 pages at once", bench.samples["listing anew"],
                chain, ideal)
    yield counted("the same: HTTP requests", bench.samples["listing anew http"])
    if bench.client:
        yield timed("OpenAI's client, the same", bench.samples["listing client"], chain, ideal)
    else:
        yield left_out("OpenAI's client", NO_CLIENT)


def first_entry(bench: Bench, server: Server, port: int, threads: int) -> None:
    before = server.requests()
    start = time.perf_counter()
    with bench.mounted(local(port)) as mount:
        opened = time.perf_counter()
        with os.scandir(mount.path) as entries:
            if next(entries, None) is None:
                raise BenchError("the mount is empty")
            end = time.perf_counter()
            requests = server.requests() - before
    bench.samples[f"{threads} first"].append(end - opened)
    bench.samples[f"{threads} mount and first"].append(end - start)
    bench.samples[f"{threads} first http"].append(requests)


def first_rows(bench: Bench, threads: int) -> Iterator[Row]:
    samples = bench.samples
    yield timed(f"first entry of {threads:,} threads", samples[f"{threads} first"])
    yield timed("the same, from the program's start", samples[f"{threads} mount and first"])
    yield counted("the same: HTTP requests", samples[f"{threads} first http"], at_most(1))


def whole_listing(bench: Bench, server: Server, port: int, account: Account) -> None:
    before = server.requests()
    with bench.mounted(local(port)) as mount:
        start = time.perf_counter()
        names = subprocess.run(["ls", "-U", mount.path], check=True, stdout=subprocess.PIPE)
        bench.samples["listing chatkitfs"].append(time.perf_counter() - start)
        bench.samples["listing http"].append(server.requests() - before)
        list_anew(bench, server, mount, account)
    shown = names.stdout.count(b"\n")
    if shown != account.threads:
        raise BenchError(f"ls shows {shown} of {account.threads} threads")
    if bench.client:
        bench.samples["listing client"].append(
            run_client(bench, local(port), 0, account.threads, 0))


def list_anew(bench: Bench, server: Server, mount: Mount, account: Account) -> None:
    """Until the last page has been answered: nobody waits for what comes of it."""
    before, pages = server.requests(), -(-account.threads // LIMIT)
    start = time.perf_counter()
    os.kill(mount.pid, signal.SIGHUP)
    wait_until(lambda: server.requests() - before >= pages, "the last page")
    bench.samples["listing anew"].append(time.perf_counter() - start)
    bench.samples["listing anew http"].append(server.requests() - before)
