"""A cold grep -r of a distant server, against OpenAI's client and against the ideal."""

import contextlib
import http.client
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Callable, Iterator, Optional

from .delay import delayed
from .pages import item_pages, query, thread_pages
from .processes import BenchError
from .setting import Bench, local, say
from .table import Row, at_least, at_most, counted, left_out, timed, title
from .walks import WALKS, curl_all, run_walk

AT_ONCE = 16  # requests: chatkitfs' default

GREP = next(walk for walk in WALKS if walk.name == "grep -r")
CLIENT = Path(__file__).with_name("client.mjs")
NO_CLIENT = "node or OpenAI's client is not here (scripts/install-client)"


def one_request(port: int) -> float:
    """Seconds that an answer takes on a connection that is there: what the network really is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        for _ in range(2):  # the first one waits for the connection too
            start = time.perf_counter()
            connection.request("GET", "/v1/chatkit/threads" + query("desc", "first"))
            connection.getresponse().read()
            elapsed = time.perf_counter() - start
    return elapsed


def run_client(bench: Bench, url: str, at_once: int, threads: int, items: int,
               certificate: Optional[Path] = None) -> float:
    """Seconds that OpenAI's client takes to list everything, its start not counted."""
    environment = {**os.environ, "NODE_PATH": str(bench.client), "OPENAI_BASE_URL": url}
    if certificate:
        environment["NODE_EXTRA_CA_CERTS"] = str(certificate)
    done = subprocess.run(["node", CLIENT, str(at_once)], env=environment, check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    result = json.loads(done.stdout)
    if (result["threads"], result["items"]) != (threads, items):
        raise BenchError(f"OpenAI's client listed {result}")
    return result["seconds"]


def measure(bench: Bench) -> Iterator[Row]:
    account, samples = bench.latency, bench.samples
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(bench.served(account))
        port = stack.enter_context(delayed(server.port, bench.milliseconds))

        def grep(url: str, name: str, certificate: Optional[Path] = None) -> float:
            before = server.requests()
            with bench.mounted(url, certificate=certificate) as mount:
                elapsed = run_walk(GREP, mount.path, account)
            samples[f"{name} http"].append(server.requests() - before)
            return elapsed

        def client(at_once: int) -> float:
            return run_client(bench, local(port), at_once, account.threads, account.all_items)

        measures: dict[str, Callable[[], float]] = {
            "chatkitfs": lambda: grep(local(port), "chatkitfs"),
            "curl 16": lambda: curl_all(account, port, bench.work, AT_ONCE),
        }
        if bench.http2:
            tls_port = stack.enter_context(delayed(server.tls_port, bench.milliseconds))
            measures["chatkitfs h2"] = lambda: grep(
                f"https://localhost:{tls_port}/v1", "chatkitfs h2", server.certificate)
        if bench.client:
            measures["client 16"] = lambda: client(AT_ONCE)
            measures["client 1"] = lambda: client(1)
        for run in range(bench.runs):
            samples["latency request"] += [one_request(port) for _ in range(10)]
            for name, measured in measures.items():
                say(f"at {bench.milliseconds:g} ms: {name}, run {run + 1} of {bench.runs}")
                samples[f"latency {name}"].append(measured())
    yield from rows(bench)


def rows(bench: Bench) -> Iterator[Row]:
    account, samples = bench.latency, bench.samples
    round_trip = bench.milliseconds / 1000
    ideal = (item_pages(account) / AT_ONCE + thread_pages(account)) * round_trip
    own = samples["latency chatkitfs"]
    mount = samples.median("latency chatkitfs")
    yield title(f"A network of {bench.milliseconds:g} ms, {account}")
    yield timed("one request", samples["latency request"])
    # Requests / concurrency, and the chain of pages that lists the threads.
    yield timed("`grep -r`, cold", own, "ideal", ideal, at_most(1.3))
    yield counted("`grep -r`, cold: HTTP requests", samples["chatkitfs http"])
    if bench.http2:
        yield timed("`grep -r`, cold, over TLS and HTTP/2", samples["latency chatkitfs h2"],
                    "ideal", ideal)
    yield timed("`curl --parallel`, 16 at once, of the same URLs", samples["latency curl 16"],
                "ideal", ideal)
    if not bench.client:
        yield left_out("OpenAI's client", NO_CLIENT)
        return
    yield timed("OpenAI's client, one by one", samples["latency client 1"],
                "chatkitfs' `grep -r`", mount, at_least(12))
    yield timed("OpenAI's client, 16 at once", samples["latency client 16"],
                "chatkitfs' `grep -r`", mount, at_least(1))
