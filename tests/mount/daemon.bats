# SPDX-License-Identifier: MIT
# Whatever a caller leaves behind or takes away - streams, descriptors, limits, the logger - the program
# does what it does otherwise, or says that it can't.

load helper

setup_file() {
    start_sandbox --generate 60x60
}

# How the standard streams can be missing, for eval.
WAYS=('<&-' '>&-' '2>&-' '<&- >&- 2>&-')

# The standard streams of the file system, which shows them to nobody but root.
expect_streams() {
    ((EUID == 0)) || return 0
    local fd
    for fd in 0 1 2; do
        [[ -e /proc/$FS_PID/fd/$fd ]] || expect "no descriptor $fd" "one ($1)"
    done
}

# Whether it has nothing to do: it waits, and takes no time of a processor meanwhile.
idle() {
    local before after
    before=$(cut -d ' ' -f 14,15 "/proc/$FS_PID/stat")
    read -rt 0.3 -u "$idle" || true
    after=$(cut -d ' ' -f 14,15 "/proc/$FS_PID/stat")
    [[ $before == "$after" ]]
}

@test "without standard streams it mounts, serves, rests and ends as with them" {
    local way
    for way in "${WAYS[@]}"; do
        eval "timeout $LIMIT \"\$CHATKITFS\" \"\$MNT\" 3>&- $way"
        FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
        expect_streams "$way"
        expect "$(ls "$MNT" | wc -l)" 60 "threads with $way"
        wait_until idle
        unmount

        eval "\"\$CHATKITFS\" -f \"\$MNT\" 3>&- $way &"
        FS_PID=$!
        started+=("$FS_PID")
        wait_until mounted
        expect_streams "$way, -f"
        expect "$(ls "$MNT" | wc -l)" 60 "threads with $way, -f"
        wait_until idle
        fusermount3 -u "$MNT"
        ended "$FS_PID"
        expect "$STATUS" 0 "status with $way, -f"
    done
}

@test "without them the other commands do their work, and a failure is one" {
    local way
    mount_fs
    for way in "${WAYS[@]}"; do
        eval "timeout $LIMIT \"\$CHATKITFS\" --refresh \"\$MNT\" 3>&- $way"
        eval "timeout $LIMIT \"\$CHATKITFS\" --check 3>&- $way"
        eval "timeout $LIMIT \"\$CHATKITFS\" --sync --cache-dir=\"\$BATS_TEST_TMPDIR/\$way\" 3>&- $way"
        STATUS=0
        eval "OPENAI_API_KEY=wrong timeout $LIMIT \"\$CHATKITFS\" \"\$MNT/none\" 3>&- $way" || STATUS=$?
        expect "$STATUS" 1 "status of a failure with $way"
    done
}

@test "no descriptor of who starts it stays open: neither a pipe nor a lock" {
    local words
    exec {lock}>"$BATS_TEST_TMPDIR/lock"
    flock "$lock"
    words=$(timeout "$LIMIT" "$CHATKITFS" "$MNT" 5>&1 3>&-)
    exec {lock}>&-
    expect "$words" ""
    mounted
    flock -n "$BATS_TEST_TMPDIR/lock" true
}

@test "nor with -f, where the mount is given by a descriptor" {
    exec {lock}>"$BATS_TEST_TMPDIR/lock"
    flock "$lock"
    "$CHATKITFS" -f /dev/fd/7 7<"$MNT" 2>"$LOG" 3>&- &
    FS_PID=$!
    started+=("$FS_PID")
    exec {lock}>&-
    wait_until mounted
    flock -n "$BATS_TEST_TMPDIR/lock" true
    expect "$(ls "$MNT" | wc -l)" 60
}

@test "signals that who starts it has blocked or ignores mean what they mean" {
    python3 - "$CHATKITFS" "$MNT" <<'END'
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
END
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
    kill -TERM "$FS_PID"
    wait_until not_mounted
    wait_until gone "$FS_PID"
}

@test "a file that may not grow further costs what does not fit, and nothing that is known" {
    local first
    (
        ulimit -f 300
        exec "$CHATKITFS" -f --cache-dir="$BATS_TEST_TMPDIR/cache" "$MNT" 2>"$LOG" 3>&-
    ) &
    FS_PID=$!
    started+=("$FS_PID")
    wait_until mounted
    first=$MNT/$(ls -U "$MNT" | head -n 1)/thread.md
    cat "$first" >"$BATS_TEST_TMPDIR/first"
    run --separate-stderr grep -r . "$MNT"
    [[ $stderr == *": No space left on device"* ]] || expect "$stderr" "…: No space left on device"
    grep -q '^chatkitfs: .*ulimit -f' "$LOG" || expect "$(cat "$LOG")" "chatkitfs: …ulimit -f…"
    cmp "$first" "$BATS_TEST_TMPDIR/first"
    cmp <(dd if="$first" iflag=direct status=none) "$BATS_TEST_TMPDIR/first"
    fusermount3 -u "$MNT"
    ended "$FS_PID"
    expect "$STATUS" 0
    # With room again, all of it.
    mount_fs --cache-dir="$BATS_TEST_TMPDIR/cache"
    grep -r . "$MNT" >/dev/null
}

@test "--sync says so as well, and ends" {
    run --separate-stderr bash -c 'ulimit -f 300; exec "$0" --sync --cache-dir="$1"' "$CHATKITFS" "$BATS_TEST_TMPDIR/cache"
    expect "$status" 1
    [[ $stderr == "chatkitfs: "*"ulimit -f"* ]] || expect "$stderr" "chatkitfs: …ulimit -f…"
}

@test "-o max_read is refused" {
    fails '^chatkitfs: -o max_read: .*leave it out$' "$CHATKITFS" -o max_read=65536 "$MNT"
}

# with_kernel WHAT: a fusermount3 that mounts nothing, and hands out a descriptor on which, as a kernel
# would, it begins to talk: old (a version that libfuse does not know any more), or says nothing and ends.
with_kernel() {
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    cat >"$BATS_TEST_TMPDIR/bin/fusermount3" <<END
#!/usr/bin/python3
import array, socket, struct, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
if "$1" == "old":
    ours.send(struct.pack("=IIQQIIII IIII", 56, 26, 1, 0, 0, 0, 0, 0, 6, 0, 0, 0))
asker = socket.socket(fileno=0)
asker.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))])
theirs.close()
if "$1" == "old":
    ours.recv(4096)
    asker.recv(1) # until the program is gone
END
    chmod +x "$BATS_TEST_TMPDIR/bin/fusermount3"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "what the kernel does not begin to use is no mount" {
    local kernel options
    for kernel in old gone; do
        for options in -f ''; do
            (
                with_kernel "$kernel"
                run --separate-stderr timeout "$LIMIT" "$CHATKITFS" $options "$MNT" 3>&-
                expect "$status" 1 "status with $kernel and '$options'"
                grep -q "^chatkitfs: can't mount on $MNT: " <<<"$stderr" || expect "$stderr" "can't mount"
            )
        done
    done
}

# logger NAME: listens as a logger does, and writes to $BATS_TEST_TMPDIR/NAME. LOGGER is its process.
logger() {
    python3 - "$BATS_TEST_TMPDIR/dev/log" "$BATS_TEST_TMPDIR/$1" 3>&- <<'END' &
import os, socket, sys
path, told = sys.argv[1:]
if os.path.exists(path):
    os.unlink(path)
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
with open(told, "w") as out:
    listener.bind(path)
    print("listens", file=out, flush=True)
    while True:
        print(listener.recv(65536).decode(), file=out, flush=True)
END
    LOGGER=$!
    started+=("$LOGGER")
    wait_until test -s "$BATS_TEST_TMPDIR/$1"
}

# fail_once THREAD: whoever looks it up gets an error, of which the log is to tell.
fail_once() {
    fault status "/$1" 'status: 400'
    run -1 here stat "$MNT/$1"
}

# mount_with_logger: as a daemon where $BATS_TEST_TMPDIR/dev/log is /dev/log; here COMMAND... is run there.
mount_with_logger() {
    local options dev=$BATS_TEST_TMPDIR/dev
    read -ra options < <(own_mounts)
    HERE=(nsenter -m)
    if ((EUID != 0)); then
        options+=(-Ur)
        HERE+=(-U --preserve-credentials)
    fi
    mkdir "$dev"
    unshare "${options[@]}" sh -ec 'for device in null zero full random urandom tty fuse; do
            : >"$0/$device"
            mount --bind "/dev/$device" "$0/$device"
        done
        mount --rbind "$0" /dev
        echo $$
        exec tail -f /dev/null' "$dev" >"$BATS_TEST_TMPDIR/namespace" 3>&- &
    started+=($!)
    wait_until test -s "$BATS_TEST_TMPDIR/namespace"
    # -r, -w: into its root and directory as well, which are others in a chroot.
    HERE+=(-r -w -t "$(<"$BATS_TEST_TMPDIR/namespace")")
    here "$CHATKITFS" "$MNT"
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
}

here() {
    timeout "$LIMIT" "${HERE[@]}" "$@" 3>&-
}

# told NAME THREAD: the logger gets a line of its own of the failure to retrieve that.
told() {
    wait_until grep -qE "^<28>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} chatkitfs\[$FS_PID\]: .*$2.* answered 400" \
        "$BATS_TEST_TMPDIR/$1"
}

@test "a logger that comes, goes and comes again is told of what fails, and one that hangs holds up nobody" {
    mount_with_logger
    fail_once cthr_a
    logger first
    fail_once cthr_b
    told first cthr_b
    kill "$LOGGER"
    wait_until gone "$LOGGER"
    fail_once cthr_c
    logger second
    fail_once cthr_d
    told second cthr_d
    kill -STOP "$LOGGER"
    python3 - "$BATS_TEST_TMPDIR/dev/log" <<'END'
import socket, sys
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sender.connect(sys.argv[1])
sender.setblocking(False)
try:
    while True:
        sender.send(b"x")
except BlockingIOError:
    pass
END
    fail_once cthr_e
    here ls "$MNT" >/dev/null
    kill -CONT "$LOGGER"
    fail_once cthr_f
    told second cthr_f
    here fusermount3 -u "$MNT"
    wait_until gone "$FS_PID"
}
