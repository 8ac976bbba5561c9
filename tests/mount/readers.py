#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many processes that read at the same time: readers.py [--again] COUNT OPERATION:PATH...

They begin together, and take the operations in turn: stat, list (a folder) or read (a file). Once
none of them can go on by itself, "waiting" is printed; in the end how many have come to what:
"COUNT OPERATION NAME OUTCOME", a line for each, OUTCOME being the name of an errno or the first
digits of a SHA-256: of the file, or of the sorted names one a line.

--again  who fails asks a second time, at once; the outcome is then "ERRNO, " and the second one
"""

import collections
import errno
import hashlib
import mmap
import os
import sys
import time
from pathlib import Path

LOOK = 0.02  # seconds between two looks


def contents(operation: str, path: str) -> bytes:
    if operation == "stat":
        return str(os.stat(path).st_size).encode()
    if operation == "list":
        return "".join(f"{name}\n" for name in sorted(os.listdir(path))).encode()
    return Path(path).read_bytes()


def outcome(operation: str, path: str) -> str:
    try:
        return hashlib.sha256(contents(operation, path)).hexdigest()[:16]
    except OSError as error:
        return errno.errorcode[error.errno]


def read(operation: str, path: str, again: bool) -> str:
    first = outcome(operation, path)
    if again and first in errno.errorcode.values():
        return f"{first}, {outcome(operation, path)}"
    return first


def is_running(pid: int) -> bool:
    # proc_pid_stat(5): the state is the first field after the name.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("R")


def main() -> None:
    again = sys.argv[1] == "--again"
    number, *operations = sys.argv[2:] if again else sys.argv[1:]
    count = int(number)
    begun = mmap.mmap(-1, count)  # shared: a byte for each that has begun
    go, let_go = os.pipe()
    results, result = os.pipe()
    children = []
    for i in range(count):
        operation, _, path = operations[i % len(operations)].partition(":")
        pid = os.fork()
        if pid == 0:
            os.close(let_go)
            os.read(go, 1)
            begun[i] = 1
            line = f"{operation} {os.path.basename(path.rstrip('/'))} {read(operation, path, again)}\n"
            os.write(result, line.encode())
            os._exit(0)
        children.append(pid)
    os.close(result)
    os.close(let_go)
    # One that has begun does nothing else that it could wait in.
    while b"\0" in begun[:] or any(is_running(pid) for pid in children):
        time.sleep(LOOK)
    print("waiting", flush=True)
    lines = b""
    while chunk := os.read(results, 65536):
        lines += chunk
    for pid in children:
        os.waitpid(pid, 0)
    for line, times in sorted(collections.Counter(lines.decode().splitlines()).items()):
        print(times, line)


if __name__ == "__main__":
    main()
