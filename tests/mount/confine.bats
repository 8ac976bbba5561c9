# SPDX-License-Identifier: MIT
# The program gives up what it does not need. What the kernel denies then is tested by
# tests/unit/confine.c, which does what the program never would; here, that the program has it done.

load helper

setup_file() {
    start_sandbox
}

# What each thread of it has, "NoNewPrivs Seccomp" (proc(5)); once, where all are the same.
confinement() {
    cat /proc/"$FS_PID"/task/*/status | sed -n 's/^\(NoNewPrivs\|Seccomp\):\t//p' | paste - - | sort -u
}

confined() {
    jq ".confined.$1" "$MNT/.chatkitfs/status"
}

# mount_with_key_log FILE: libcurl writes the keys of TLS sessions there, for debugging, if it can.
mount_with_key_log() {
    SSLKEYLOGFILE=$1 mount_fs --cache-dir="$BATS_TEST_TMPDIR/cache"
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
}

@test "it is confined before anything comes from the network" {
    fault hold /threads
    "$CHATKITFS" -f "$MNT" >"$LOG" 2>&1 3>&- &
    FS_PID=$!
    started+=("$FS_PID")
    wait_until held 1
    expect "$(confinement)" $'1\t2'
    not_mounted
    control POST /release >/dev/null
    wait_until mounted
}

@test "all of its threads are, and it says once how far" {
    "$CHATKITFS" -f --cache-dir="$BATS_TEST_TMPDIR/cache" "$MNT" >"$LOG" 2>&1 3>&- &
    FS_PID=$!
    started+=("$FS_PID")
    wait_until mounted
    grep -r '' "$MNT" >/dev/null
    (($(ls "/proc/$FS_PID/task" | wc -l) > 1))
    expect "$(confinement)" $'1\t2'
    expect "$(confined system_calls)" true
    local level='system calls'
    [[ $(confined sockets) == false ]] || level="sockets, $level"
    if [[ $(confined files) == true ]]; then
        [[ $(confined tcp) == false ]] || level="TCP ports, $level"
        level="files, $level"
    fi
    expect "$(sed 's/;.*//' "$LOG")" "chatkitfs: confined: $level"
}

@test "so is --sync" {
    local directory=$BATS_TEST_TMPDIR/cache
    fault hold /threads
    "$CHATKITFS" --sync --cache-dir="$directory" >"$LOG" 2>&1 3>&- &
    FS_PID=$!
    started+=("$FS_PID")
    wait_until held 1
    expect "$(confinement)" $'1\t2'
    control POST /release >/dev/null
    ended "$FS_PID"
    expect "$STATUS" 0
    expect "$(grep -c '^chatkitfs: confined: .*system calls' "$LOG")" 1
}

@test "no file is written but in the cache, also by what it is linked with" {
    mount_with_key_log "$BATS_TEST_TMPDIR/cache/keys"
    [[ -e $BATS_TEST_TMPDIR/cache/keys ]]
    unmount
    mount_with_key_log "$BATS_TEST_TMPDIR/keys"
    [[ ! -e $BATS_TEST_TMPDIR/keys || $(confined files) == false ]]
}
