#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Types into an interactive bash or zsh, and prints what the line has become.

usage: complete.py bash|zsh COMPLETION-FILE LINE KEYS

KEYS: t for Tab, a for the key that inserts all that could stand there.
"""
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile

LIMIT = 30  # seconds; a shell that is stuck is a failure

BASH = """
PS1=
bind 'set bell-style none'
bind 'set completion-query-items 0'
bind '"\\C-a": insert-completions'
bind -x '"\\C-]": printf %s "$READLINE_LINE" >"$DUMP"'
source "$COMPLETION"
"""

ZSH = """
PS1=
fpath=("$ZDOTDIR" $fpath)
autoload -Uz compinit
compinit -u -d "$ZDOTDIR/dump"
zle -C all-matches complete-word _generic
zstyle ':completion:all-matches::::' completer _all_matches _complete
zstyle ':completion:*' insert true
show() { print -rn -- "$BUFFER" >"$DUMP" }
zle -N show
bindkey '^I' complete-word '^A' all-matches '^]' show
"""


def main():
    shell, completion, line, keys = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        dump = os.path.join(directory, "line")
        os.mkfifo(dump)
        environment = dict(os.environ, DUMP=dump, COMPLETION=completion, ZDOTDIR=directory, TERM="dumb",
                           INPUTRC="/dev/null")
        if shell == "bash":
            startup = os.path.join(directory, "bashrc")
            arguments = ["bash", "--noprofile", "--rcfile", startup, "-i"]
        else:
            startup = os.path.join(directory, ".zshrc")
            os.symlink(completion, os.path.join(directory, "_chatkitfs"))
            arguments = ["zsh", "-d", "-i"]
        with open(startup, "w") as out:
            out.write(BASH if shell == "bash" else ZSH)
        typed = line.encode() + keys.replace("t", "\t").replace("a", "\x01").encode() + b"\x1d"
        print(run(arguments, environment, typed, dump))


def run(arguments, environment, typed, dump):
    """What the shell writes to the FIFO; what it shows is read so that it can go on."""
    screen, terminal = pty.openpty()
    shell = subprocess.Popen(arguments, stdin=terminal, stdout=terminal, stderr=terminal,
                             env=environment, start_new_session=True)
    os.close(terminal)
    told = os.open(dump, os.O_RDONLY | os.O_NONBLOCK)
    os.write(screen, typed)
    shown = b""
    answer = b""
    try:
        while True:
            ready, _, _ = select.select([screen, told], [], [], LIMIT)
            if not ready:
                sys.exit(f"{arguments[0]} did not answer; it shows: {shown!r}")
            if screen in ready:
                shown += os.read(screen, 65536)
            if told in ready:
                part = os.read(told, 65536)
                answer += part
                if not part and answer:
                    return answer.decode()
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
        os.close(told)
        os.close(screen)


if __name__ == "__main__":
    main()
