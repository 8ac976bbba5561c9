#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A person at a terminal: terminal.py [SHOWN KEYS]... -- COMMAND...

Runs COMMAND on a terminal of 24 lines and 80 columns. For each pair, once the terminal shows what
matches SHOWN, a regular expression, since the last keys, types KEYS (with Python's escapes). Then
waits for the program to end, and ends with its status. Prints all that the terminal has shown, with
each part that the cursor has gone to on a line of its own; its last lines, and status 124, where what
is waited for does not come within $LIMIT seconds (10).
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

CONTROL = re.compile(
    r"\x1b\[(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])"  # CSI
    r"|\x1b[]P_^].*?(?:\x07|\x1b\\)"  # strings: OSC, DCS, APC, PM
    r"|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f]", re.DOTALL)
REPEAT = re.compile(r"(.)\x1b\[(\d+)b", re.DOTALL)


def plain(control: re.Match) -> str:
    """What a control sequence puts between the texts on both of its sides."""
    final, parameters = control["final"], control["parameters"]
    if final == "C":
        return " " * int(parameters or 1)
    return "\n" if final in ("H", "d", "G") else ""


def shown(data: bytes) -> str:
    text = data.decode(errors="replace").replace("\r\n", "\n")
    text = REPEAT.sub(lambda match: match[1] * (int(match[2]) + 1), text)
    return CONTROL.sub(plain, text)


class Terminal:
    def __init__(self, command: list[str], limit: float):
        self.data, self.since = b"", 0
        self.end = time.monotonic() + limit
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            # With a size before the program looks, and to be ended with the terminal.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            os.execvp(command[0], command)

    def more(self) -> bool:
        """Waits for more to be shown; false once the program has left the terminal."""
        ready, _, _ = select.select([self.descriptor], [], [], max(0, self.end - time.monotonic()))
        if not ready:
            raise TimeoutError
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # EIO: nobody has it open any more
            data = b""
        self.data += data
        return data != b""

    def type(self, expected: str, keys: str) -> None:
        while not re.search(expected, shown(self.data[self.since:])):
            if not self.more():
                raise EOFError
        self.since = len(self.data)
        os.write(self.descriptor, keys.encode("latin-1").decode("unicode_escape").encode())

    def status(self) -> int:
        while self.more():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def main() -> int:
    split = sys.argv.index("--")
    steps, command = sys.argv[1:split], sys.argv[split + 1:]
    terminal = Terminal(command, float(os.environ.get("LIMIT", "10")))
    expected = "the end"
    try:
        for expected, keys in zip(steps[::2], steps[1::2], strict=True):
            terminal.type(expected, keys)
        expected = "the end"
        status = terminal.status()
        print(shown(terminal.data))
        return status
    except (TimeoutError, EOFError) as error:
        last = [line for line in shown(terminal.data).splitlines() if line.strip()][-15:]
        print(f"{type(error).__name__} before {expected}, after", *last, sep="\n", file=sys.stderr)
        return 124


sys.exit(main())
