# SPDX-License-Identifier: MIT
# However it ends, nothing is left of it; and what another one left is no obstacle.

load helper

WATCHDOG=180 # it takes a hundred mounts

setup_file() {
    start_sandbox
}

# The process that unmounts when the program has ended.
keeper() {
    pgrep -f -- "^/bin/sh .* $MNT fsname="
}

no_keeper() {
    ! keeper >/dev/null
}

# die: as when the memory is short, or the machine's session ends: its keeper is killed with it.
die() {
    local pid
    pid=$(keeper)
    kill -KILL "$pid"
    wait_until gone "$pid"
    kill -KILL "$FS_PID"
    wait_until gone "$FS_PID"
    mounted
}

# heals [LINES]: it says so, and mounts.
heals() {
    run --separate-stderr "$CHATKITFS" "$MNT" 3>&-
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
    expect "$status" 0 "$stderr"
    expect "$stderr" "$(for ((i = 0; i < ${1:-1}; i++)); do
        echo "chatkitfs: $MNT: unmounted a file system that had died there"
    done)"
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
    expect "$(grep -c " $MNT " /proc/self/mounts)" 1
}

@test "killed a hundred times, with readers blocked in half of them, it is gone and mounts again" {
    local i id reader
    id=$(account '.[-1].thread.id')
    fault hold "/threads/$id/items" 'times: null'
    for ((i = 0; i < 100; i++)); do
        "$CHATKITFS" -f "$MNT" >/dev/null 2>>"$LOG" 3>&- &
        FS_PID=$!
        started+=("$FS_PID")
        wait_until mounted
        [[ $(<"$MNT/$id/thread.json") == *"$id"* ]]
        if ((i % 2)); then
            in_background cat "$MNT/$id/thread.md"
            reader=$READER
            wait_until eval '(($(requests "/items") == i / 2 + 1))'
        fi
        kill -KILL "$FS_PID"
        wait_until not_mounted
        if ((i % 2)); then
            ended "$reader"
            ((STATUS != 0))
        fi
        wait "$FS_PID" 2>/dev/null || true
        started=("${started[@]:0:1}")
    done
    expect "$(<"$LOG")" ""
    expect "$(ls -A "$MNT")" ""
    wait_until no_keeper
    expect "$(file_systems "$BATS_TEST_TMPDIR")" ""
}

@test "who kills all processes of the group that it was started in leaves the shell that unmounts" {
    setsid "$CHATKITFS" -f "$MNT" >/dev/null 2>"$LOG" 3>&- &
    wait_until mounted
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
    expect "$(ps -o pgid= -p "$FS_PID" | tr -d ' ')" "$FS_PID" "its process group"
    kill -KILL -- "-$FS_PID"
    wait_until not_mounted
    wait_until no_keeper
}

@test "once the process is gone, so is the mount" {
    local i signal
    for signal in TERM INT; do
        mount_in_foreground
        kill "-$signal" "$FS_PID"
        wait "$FS_PID"
        rmdir "$MNT"
        no_keeper
        mkdir "$MNT"
    done
}

@test "^C in its terminal, and who ends all processes of a service, do not leave it mounted" {
    local pid
    # A process group of its own, as a terminal's shell makes it.
    setsid "$CHATKITFS" -f "$MNT" 2>"$LOG" 3>&- &
    FS_PID=$!
    started+=("$FS_PID")
    wait_until mounted
    pid=$(keeper)
    kill -TERM "$pid"
    kill -HUP "$pid"
    kill -INT -- "-$FS_PID"
    ended "$FS_PID"
    expect "$STATUS" 0
    not_mounted
    expect "$(<"$LOG")" ""
    wait_until no_keeper
}

@test "who unmounts ends it, and nothing is left" {
    mount_fs
    keeper
    unmount
    wait_until no_keeper
}

@test "what waits to unmount is no reader of its output, and has nothing of the program's" {
    local fd pid
    timeout "$LIMIT" bash -c '"$0" "$1" | cat' "$CHATKITFS" "$MNT" 3>&-
    mounted
    pid=$(keeper)
    # Its descriptors: the socket, and /dev/null twice; no more, for a shell that waits.
    for fd in "/proc/$pid/fd"/*; do
        readlink "$fd"
    done >"$BATS_TEST_TMPDIR/links"
    expect "$(sed 's/:.*//' "$BATS_TEST_TMPDIR/links")" $'socket\n/dev/null\n/dev/null'
    run -1 grep -aF "$KEY" "/proc/$pid/environ" "/proc/$pid/cmdline"
    expect "$(readlink "/proc/$pid/cwd")" /
}

@test "one that died in a directory with odd characters is unmounted, which is said" {
    local place="$BATS_TEST_TMPDIR/a b,c\\d é"
    mkdir "$place"
    ln -s "$place" "$BATS_TEST_TMPDIR/link"
    "$CHATKITFS" "$place" 3>&-
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
    kill -KILL "$(pgrep -f -- '^/bin/sh .*/a b,c.d é fsname=')" "$FS_PID"
    wait_until gone "$FS_PID"
    cd "$BATS_TEST_TMPDIR"
    run --separate-stderr "$CHATKITFS" link 3>&-
    expect "$status $stderr" "0 chatkitfs: $place: unmounted a file system that had died there"
    expect "$(ls "$place" | wc -l)" "$(account length)"
    fusermount3 -u "$place"
}

@test "several that died on one another" {
    mount_fs
    local layers=1
    # To mount on what is read-only takes root.
    if ((EUID == 0)); then
        /usr/bin/python3 - "$MNT" <<'END'
import os, socket, subprocess, sys
ours, theirs = socket.socketpair()
subprocess.run(["fusermount3", "-o", "subtype=other", "--", sys.argv[1]], check=True,
               pass_fds=[theirs.fileno()], env={**os.environ, "_FUSE_COMMFD": str(theirs.fileno())})
END
        layers=2
    fi
    die
    heals "$layers"
}

@test "one that can't be unmounted says who can" {
    mount_fs
    die
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\nexit 1\n' >"$BATS_TEST_TMPDIR/bin/fusermount3"
    chmod +x "$BATS_TEST_TMPDIR/bin/fusermount3"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH run --separate-stderr "$CHATKITFS" "$MNT" 3>&-
    ((status != 0))
    [[ $stderr == "chatkitfs: can't mount on $MNT: a file system that died"*"fusermount3 -u"* ]]
    expect "$(wc -l <<<"$stderr")" 1
    heals
}

@test "without what unmounts it works all the same, and tells that it stays mounted" {
    mount_in_foreground
    local pid
    pid=$(keeper)
    kill -KILL "$pid"
    wait_until gone "$pid"
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
    kill -TERM "$FS_PID"
    ended "$FS_PID"
    expect "$STATUS" 0
    expect "$(<"$LOG")" \
        "chatkitfs: $MNT is still mounted, and could not be unmounted: fusermount3 -u does so"
    heals
}

@test "without fusermount3 it says what is missing" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    fails 'fusermount3' env PATH="$BATS_TEST_TMPDIR/bin" "$CHATKITFS" "$MNT"
    expect "$stderr" "chatkitfs: can't mount: there is no fusermount3; install the package fuse3"
    not_mounted
}
