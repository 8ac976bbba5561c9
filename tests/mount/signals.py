#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A program that signals interrupt, and that asks again: signals.py SIGNAL MS RESTART OPERATION:PATH

It handles SIGNAL, ALRM (a timer's) or URG (sent by another thread, as Go does to have goroutines
take turns), every MS milliseconds; RESTART tells whether with SA_RESTART (yes or no). Prints
"interrupted" after 20 signals, and what came of the operation (see readers.py) in the end.
"""

import signal
import sys
import threading

sys.dont_write_bytecode = True  # no __pycache__ among the tests

from readers import outcome  # noqa: E402

ENOUGH = 20

count = 0


def handle(_number, _frame) -> None:
    global count
    count += 1
    if count == ENOUGH:
        print("interrupted", flush=True)


def send(seconds: float) -> None:
    pause = threading.Event()
    while not pause.wait(seconds):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGURG)


def main() -> None:
    name, milliseconds, restart, argument = sys.argv[1:]
    number = signal.Signals[f"SIG{name}"]
    seconds = float(milliseconds) / 1000
    signal.signal(number, handle)
    signal.siginterrupt(number, restart == "no")
    if number == signal.SIGALRM:
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    else:
        threading.Thread(target=send, args=(seconds,), daemon=True).start()
    operation, _, path = argument.partition(":")
    while (result := outcome(operation, path)) == "EINTR":
        pass
    signal.signal(number, signal.SIG_IGN)
    print(result)


main()
