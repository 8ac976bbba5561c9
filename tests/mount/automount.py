#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command when somebody looks into a directory, as systemd and automount(8) do.

usage: automount.py DIRECTORY COMMAND [ARGUMENT]...

Prints "ready" when it does so from there on, then "mounted" or "failed" for each run of the command.
The protocol is autofs(5)'s, version 5, of a direct mount, see Documentation/filesystems/autofs.rst of
the kernel: who looks waits until the command has ended, but for the processes of this one's group.
"""

import fcntl
import os
import struct
import subprocess
import sys

READY = 0x9360  # AUTOFS_IOC_READY
FAIL = 0x9361  # AUTOFS_IOC_FAIL
MISSING = 5  # autofs_ptype_missing_direct
HEAD = struct.Struct("iiI")  # of struct autofs_v5_packet: version, type, token


def say(word: str) -> None:
    print(word, flush=True)


def main(directory: str, command: list[str]) -> None:
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    asks, asked = os.pipe()
    options = f"fd={asked},pgrp={os.getpid()},minproto=5,maxproto=5,direct"
    subprocess.run(
        ["mount", "-n", "-i", "-t", "autofs", "-o", options, "automount", directory],
        check=True,
        pass_fds=[asked],
    )
    os.close(asked)
    place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    say("ready")
    # A pipe of packets: each read(2) gets one.
    while packet := os.read(asks, 4096):
        _, kind, token = HEAD.unpack_from(packet)
        mounted = kind == MISSING and subprocess.run(command).returncode == 0
        say("mounted" if mounted else "failed")
        fcntl.ioctl(place, READY if mounted else FAIL, token)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
