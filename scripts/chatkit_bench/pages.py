"""An account as the files that nginx answers with, each a compressed page of the API.

    threads/ORDER/LIMIT/CURSOR.json.gz          ORDER desc and asc
    items/asc/LIMIT/THREAD.CURSOR.json.gz
    thread/THREAD.json.gz

CURSOR is "first", or the last id of the page before: no reader that follows cursors needs another.
"""

import gzip
import json
import os
import signal
from multiprocessing import Pool
from pathlib import Path
from typing import Iterator

from .account import Account, thread_id_of

LIMIT = 100
CHUNK = 500  # threads that a process makes at once
SIGNALS = {signal.SIGINT, signal.SIGTERM}


def write_pages(account: Account, directory: Path) -> None:
    for name in (f"threads/desc/{LIMIT}", f"threads/asc/{LIMIT}", f"items/asc/{LIMIT}", "thread"):
        (directory / name).mkdir(parents=True)
    starts = range(0, account.threads, CHUNK)
    # Until they are ready for signals these wait: a worker that got SIGTERM, at the end of the pool,
    # while it still had the bench's own handler would never end.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    with Pool(min(os.cpu_count() or 1, len(starts)), initializer=take_signals) as pool:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        chunks = pool.starmap(write_threads, [
            (account, directory, start, min(start + CHUNK, account.threads)) for start in starts])
    threads = [thread for chunk in chunks for thread in chunk]
    for order, listing in (("asc", threads), ("desc", threads[::-1])):
        for cursor, page in pages(listing):
            write(directory / f"threads/{order}/{LIMIT}/{cursor}", page)


def take_signals() -> None:
    """A terminal's ^C is for the bench, which ends its processes by SIGTERM."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def write_threads(account: Account, directory: Path, start: int,
                  end: int) -> list[tuple[str, bytes]]:
    """Writes some threads and their items; their ids and sources, for the listing."""
    threads = []
    for number in range(start, end):
        thread = account.thread(number)
        threads.append((thread.id, thread.json))
        write(directory / f"thread/{thread.id}", thread.json)
        for cursor, page in pages(thread.items):
            write(directory / f"items/asc/{LIMIT}/{thread.id}.{cursor}", page)
    return threads


def pages(listing: list[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """The cursors and pages of a listing of ids and sources; an empty one has a page too."""
    cursor = "first"
    for start in range(0, max(len(listing), 1), LIMIT):
        part = listing[start:start + LIMIT]
        first, last = (part[0][0], part[-1][0]) if part else (None, None)
        yield cursor, b'{"object":"list","data":[%s],"first_id":%s,"last_id":%s,"has_more":%s}' % (
            b",".join(source for _, source in part), json.dumps(first).encode(),
            json.dumps(last).encode(), b"true" if start + LIMIT < len(listing) else b"false")
        cursor = last


def write(path: Path, body: bytes) -> None:
    with open(f"{path}.json.gz", "wb") as file:
        file.write(gzip.compress(body, 1, mtime=0))


def thread_pages(account: Account) -> int:
    return max(-(-account.threads // LIMIT), 1)


def item_pages(account: Account) -> int:
    return account.threads * max(-(-account.items // LIMIT), 1)


def targets(account: Account) -> Iterator[str]:
    """Path and query of every request that listing all of the account takes, once each."""
    listing = [(thread_id_of(number), b"") for number in reversed(range(account.threads))]
    for cursor, _ in pages(listing):
        yield "/v1/chatkit/threads" + query("desc", cursor)
    for number in reversed(range(account.threads)):
        thread = account.thread(number)
        for cursor, _ in pages(thread.items):
            yield f"/v1/chatkit/threads/{thread.id}/items" + query("asc", cursor)


def query(order: str, cursor: str) -> str:
    after = "" if cursor == "first" else f"&after={cursor}"
    return f"?limit={LIMIT}&order={order}{after}"
