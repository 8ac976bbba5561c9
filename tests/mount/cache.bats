#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# --cache-dir: what one mount has fetched is there for the next one, whatever happens to the first,
# to its files and to the room that they have.

load helper

THREADS=200

setup_file() {
    start_sandbox --generate "${THREADS}x6"
}

setup() {
    MNT=$BATS_TEST_TMPDIR/mnt
    LOG=$BATS_TEST_TMPDIR/log
    CACHE=$BATS_TEST_TMPDIR/parent/cache
    mkdir "$MNT"
    control POST /reset >/dev/null
    watchdog 3>&- &
    started+=($!)
}

cached() {
    "$1" --cache-dir="$CACHE" "${@:2}"
}

# Everything that a mount shows, as one checksum.
everything() {
    grep -r '' "$MNT" | md5sum
}

# The cache's file with that extension.
file() {
    echo "$CACHE"/*."$1"
}

# A mount that knows all, and has ended.
fill() {
    cached mount_fs
    everything >"$BATS_TEST_TMPDIR/filled"
    unmount
    control POST /reset
}

shows_what_was_filled() {
    expect "$(everything)" "$(<"$BATS_TEST_TMPDIR/filled")"
}

# --- The next mount --------------------------------------------------------------------------

@test "a second mount shows the same and asks for nothing" {
    fill
    cached mount_in_foreground
    expect_requests 0
    shows_what_was_filled
    find "$MNT" -type f | wc -l
    expect_requests 0
    expect "$(<"$LOG")" ""
}

@test "it is given with -o as well" {
    mount_fs -o "cache_dir=$CACHE,cache_size=10M"
    unmount
    expect "$(ls "$CACHE"/*.db | wc -l)" 1
}

@test "what was read in part is read on: no page is asked for twice" {
    cached mount_fs
    cat "$MNT/$(ls -U "$MNT" | sed -n 5p)/thread.md" >/dev/null
    expect_requests 3
    unmount
    cached mount_fs
    everything >"$BATS_TEST_TMPDIR/resumed"
    unmount
    expect_requests $(($(account '((length / 100 | ceil) as $pages | $pages) + length') + $(asked_again)))
    mount_fs
    expect "$(everything)" "$(<"$BATS_TEST_TMPDIR/resumed")"
}

@test "a long listing that was read from both ends is read on without a gap" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 1500 0)
    cached mount_in_foreground
    fault hold 'after=' 'skip: 5, times: null'
    in_background ls -U "$MNT"
    wait_until eval '(($(control GET /requests | jq .held) > 0))'
    (($(requests 'order=asc') > 0))
    kill -KILL "$FS_PID"
    wait_until gone "$FS_PID"
    wait_until gone "$READER"
    wait_until not_mounted
    control POST /release
    control POST /reset
    cached mount_fs
    expect "$(ls -U "$MNT" | ids)" "$(account 'reverse | .[].thread.id')"
}

@test "another account, or another key, has a cache of its own" {
    fill
    OPENAI_ORG_ID=org-other mount_fs --cache-dir="$CACHE"
    expect_requests 1
    unmount
    expect "$(ls "$CACHE"/*.db | wc -l)" 2
    control POST /reset
    OPENAI_API_KEY=sk-wrong fails 401 "$CHATKITFS" --cache-dir="$CACHE" "$MNT"
}

@test "another view is listed anew, and no item is fetched again" {
    local user
    fill
    user=$(account '.[0].thread.user')
    cached mount_fs --names=id
    expect "$(ls "$MNT")" "$(account '.[].thread.id' | sort)"
    grep -r '' "$MNT" | wc -l
    expect_requests 2
    expect_requests 0 /items
    unmount
    cached mount_fs --user="$user"
    expect "$(ls "$MNT" | ids | sort)" \
        "$(jq -r --arg user "$user" '.[].thread | select(.user == $user).id' "$ACCOUNT" | sort)"
    unmount
    control POST /reset
    cached mount_fs
    shows_what_was_filled
}

# --- Whatever happens ------------------------------------------------------------------------

@test "killed at any moment of a cold walk, the next mount goes on where it was" {
    local round before=0 after read end
    control POST /latency '{"ms": 5}'
    for round in $(seq 20); do
        cached mount_in_foreground --concurrency=3
        in_background grep -r '' "$MNT"
        end=$((RANDOM % 12))
        wait_until eval '(($(requests /items) >= end)) || gone "$READER"'
        kill -KILL "$FS_PID"
        wait_until gone "$FS_PID"
        wait_until gone "$READER"
        wait_until not_mounted
        control POST /reset
        expect "$(<"$LOG")" ""
        after=$(items_kept)
        read=$(grep -ao '/[0-9]\{4\}-[a-z]*.json:{' "$BATS_TEST_TMPDIR/reader.out" | wc -l)
        ((after >= before && after >= read))
        before=$after
    done
    ((before > 0))
    control POST /latency '{"ms": 0}'
    cached mount_fs
    cp -r "$MNT" "$BATS_TEST_TMPDIR/resumed"
    unmount
    mount_fs
    diff -r "$BATS_TEST_TMPDIR/resumed" "$MNT"
}

# How many items the cache holds, told from a copy: whoever opens it mends it.
items_kept() {
    mkdir -p "$BATS_TEST_TMPDIR/copy"
    cp "$CACHE"/*.db* "$BATS_TEST_TMPDIR/copy"
    python3 - "$BATS_TEST_TMPDIR/copy"/*.db <<'END'
import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM item").fetchone()[0])
END
    rm -r "$BATS_TEST_TMPDIR/copy"
}

@test "two mounts at once: the second one begins with a copy, and is told that it keeps nothing" {
    local other=$BATS_TEST_TMPDIR/other more
    mkdir "$other"
    fill
    cached mount_fs
    "$CHATKITFS" -f --cache-dir="$CACHE" "$other" 2>"$BATS_TEST_TMPDIR/other.log" 3>&- &
    more=$!
    started+=("$more")
    wait_until grep -q " $other fuse.chatkitfs " /proc/self/mounts
    diff -r "$MNT" "$other"
    expect_requests 0
    expect "$(wc -l <"$BATS_TEST_TMPDIR/other.log")" 1
    grep -q 'another mount uses the cache in .*cache.*not kept' "$BATS_TEST_TMPDIR/other.log"
    fusermount3 -u "$other"
    wait_until gone "$more"
    shows_what_was_filled
    unmount
    cached mount_in_foreground
    shows_what_was_filled
    expect_requests 0
    expect "$(<"$LOG")" ""
}

@test "what the first of two mounts held is free once it was killed" {
    fill
    cached mount_fs
    kill -KILL "$FS_PID"
    wait_until not_mounted
    cached mount_in_foreground
    shows_what_was_filled
    expect_requests 0
    expect "$(<"$LOG")" ""
}

@test "a damaged file is moved aside, with a warning, and the mount goes on with a new one" {
    fill
    head -c 100000 /dev/urandom | dd of="$(file db)" bs=4096 seek=20 conv=notrunc status=none
    cached mount_in_foreground
    expect "$(wc -l <"$LOG")" 1
    grep -q "the cache is damaged .*$(file db.damaged)" "$LOG"
    expect_requests 1
    shows_what_was_filled
    unmount
    control POST /reset
    cached mount_in_foreground
    shows_what_was_filled
    expect_requests 0
    expect "$(<"$LOG")" ""
}

@test "damage that is met while mounted costs an error, and then all is fetched again" {
    fill
    # Of the same size and time, so that it is trusted.
    touch -r "$(file db)" "$BATS_TEST_TMPDIR/time"
    python3 - "$(file db)" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    bytes = bytearray(file.read())
    # The pages that items are on.
    for at in range(0, len(bytes), 4096):
        if b'"type":' in bytes[at:at + 4096] and b"cthi_" in bytes[at:at + 4096]:
            bytes[at:at + 4096] = b"\xff" * 4096
    file.seek(0)
    file.write(bytes)
END
    touch -r "$BATS_TEST_TMPDIR/time" "$(file db)"
    cached mount_in_foreground --ttl=0
    expect_requests 0
    everything >/dev/null 2>&1 || true
    grep -q "the cache is damaged .*$(file db.damaged)" "$LOG"
    wait_until eval 'shows_what_was_filled 2>/dev/null'
    unmount
    control POST /reset
    cached mount_fs --ttl=1h
    shows_what_was_filled
    expect_requests 0
}

# --- Other versions --------------------------------------------------------------------------

# fill, as chatkitfs 0.1.0 left it: its name for the file, and its number for the tables.
fill_by_0_1() {
    fill
    python3 - "$(file db)" <<'END'
import os, sqlite3, sys
path = sys.argv[1]
db = sqlite3.connect(path)
db.execute("PRAGMA user_version = 82876973")
db.close()
os.rename(path, path.removesuffix("db") + "sqlite")
END
}

# All that would tell that something in the directory was touched.
directory() {
    find "$CACHE" -printf '%P %i %s %T@ %C@\n' | sort
    md5sum "$CACHE"/*
}

@test "what 0.1.0 fetched is kept beside a new cache, which is said once" {
    local bytes
    fill_by_0_1
    bytes=$(md5sum <"$(file sqlite)")
    cached mount_in_foreground
    expect "$(<"$LOG")" "chatkitfs: the cache was made by chatkitfs 0.1.0, and this version can't use\
 it: it is kept as $(realpath "$(file sqlite.0.1.0)"), and everything is fetched again"
    expect_requests 1
    shows_what_was_filled
    unmount
    control POST /reset
    cached mount_in_foreground --cache-size=1M
    shows_what_was_filled
    expect_requests 0
    expect "$(<"$LOG")" ""
    expect "$(md5sum <"$(file sqlite.0.1.0)")" "$bytes"
}

@test "--offline refuses what 0.1.0 fetched, and touches nothing; --sync keeps it" {
    local before
    fill_by_0_1
    before=$(directory)
    fails "the cache .*\.sqlite was made by chatkitfs 0\.1\.0, .*mount without --offline" \
        "$CHATKITFS" --offline --cache-dir="$CACHE" "$MNT"
    expect "$status" 1
    fails 'was made by chatkitfs 0\.1\.0' "$CHATKITFS" --check --offline --cache-dir="$CACHE"
    ln -s "$CACHE" "$BATS_TEST_TMPDIR/link"
    fails 'was made by chatkitfs 0\.1\.0' "$CHATKITFS" --offline --cache-dir="$BATS_TEST_TMPDIR/link" "$MNT"
    quiet "$CHATKITFS" --check --cache-dir="$CACHE" 3>&-
    [[ $output == *"$(file sqlite) was made by chatkitfs 0.1.0: a mount keeps it under another name"* ]]
    expect "$(directory)" "$before"
    run -0 --separate-stderr "$CHATKITFS" --sync --cache-dir="$CACHE" 3>&-
    [[ $stderr == *"it is kept as "*.sqlite.0.1.0,* ]]
    quiet "$CHATKITFS" --sync --cache-dir="$CACHE" 3>&-
    control POST /reset
    cached mount_fs --offline
    shows_what_was_filled
    expect_requests 0
}

@test "what 0.1.0 fetched stays where it is while 0.1.0 has it" {
    local before lock
    fill_by_0_1
    before=$(directory)
    exec {lock}<>"$(file lock)"
    flock "$lock"
    run "$CHATKITFS" --sync --cache-dir="$CACHE" 3>&-
    expect "$status" 1
    [[ $output == *" is in use; unmount that"* ]]
    cached mount_fs
    shows_what_was_filled
    unmount
    expect "$(directory | grep sqlite)" "$(grep sqlite <<<"$before")"
    exec {lock}>&-
}

# --- Directory and room ----------------------------------------------------------------------

@test "directory and files are their owner's alone, and the key is in none of them" {
    local entry
    fill
    cached mount_fs
    everything >/dev/null
    expect "$(stat -c %a "$CACHE" "${CACHE%/*}")" $'700\n700'
    expect "$(ls "$CACHE" | wc -l)" 4
    for entry in "$CACHE"/*; do
        expect "$(stat -c %a "$entry")" 600
    done
    ! grep -rqF "$KEY" "$CACHE"
    unmount
    ! grep -rqF "$KEY" "$CACHE"
    expect "$(ls "$CACHE" | sed 's/^[0-9a-f]\{32\}//')" $'.db\n.lock'
}

@test "a directory that others can use is refused, and the remedy is named" {
    mkdir -p "$CACHE"
    chmod 750 "$CACHE"
    fails "others can use the cache directory $CACHE: chmod 700 $CACHE$" \
        "$CHATKITFS" --cache-dir="$CACHE" "$MNT"
    chmod 700 "$CACHE"
    cached mount_fs
}

@test "a directory in the mountpoint is refused" {
    fails 'is in the mountpoint' "$CHATKITFS" --cache-dir="$MNT/cache" "$MNT"
    expect "$(ls "$MNT")" ""
}

# in_small_file_system SIZE COMMANDS: runs them where $CACHE is a file system of that size, alone in
# a mount namespace; as an ordinary user, in one of users too.
in_small_file_system() {
    local size=$1 options
    read -ra options < <(own_mounts)
    ((UID == 0)) || options+=(-Ur)
    mkdir -p "$CACHE"
    export MNT CACHE LOG CHATKITFS
    timeout "$WATCHDOG" unshare "${options[@]}" bash -e -c "
        mount -t tmpfs -o size=$size,mode=700 none \"\$CACHE\"
        $2" 3>&-
}

@test "a directory that can't be written to is an error that names it" {
    run in_small_file_system 1M '
        mount -o remount,bind,ro "$CACHE"
        "$CHATKITFS" --cache-dir="$CACHE" "$MNT"'
    ((status != 0))
    [[ $output == "chatkitfs: can't write to the cache directory $CACHE: Read-only file system; "* ]]
    [[ $output == *"choose another --cache-dir" ]]
}

@test "so is one without room" {
    run in_small_file_system 1M '
        cat /dev/zero >"$CACHE/zeros" 2>/dev/null || true
        "$CHATKITFS" --cache-dir="$CACHE" "$MNT"'
    ((status != 0))
    [[ $output == "chatkitfs: "*"$CACHE"*"make room there"* ]]
    expect "$(wc -l <<<"$output")" 1
}

@test "when the room is used up, what is known stays readable; with room again, all goes on" {
    in_small_file_system 30M '
        "$CHATKITFS" -f --cache-dir="$CACHE" "$MNT" 2>"$LOG" &
        server=$!
        until grep -q " $MNT fuse" /proc/self/mounts; do
            kill -0 "$server"
            read -rt 0.02 <> <(:) || true
        done
        ls "$MNT" >/dev/null
        first=$(ls -U "$MNT" | head -n 1)
        cat "$MNT/$first/thread.md" >"$LOG.first"
        cat /dev/zero >"$CACHE/zeros" 2>/dev/null || true
        grep -r "" "$MNT" >/dev/null 2>"$LOG.grep" && exit 1
        grep -q "No space left on device" "$LOG.grep"
        grep -q "make room in the directory of --cache-dir" "$LOG"
        cmp "$LOG.first" "$MNT/$first/thread.md"
        cmp "$LOG.first" <(dd if="$MNT/$first/thread.md" iflag=direct status=none)
        rm "$CACHE/zeros"
        grep -r "" "$MNT" | md5sum >"$LOG.sum"
        umount "$MNT"
        wait
        : >"$LOG"
        "$CHATKITFS" -f --cache-dir="$CACHE" "$MNT" 2>"$LOG" &
        server=$!
        until grep -q " $MNT fuse" /proc/self/mounts; do
            kill -0 "$server"
            read -rt 0.02 <> <(:) || true
        done
        cmp <(grep -r "" "$MNT" | md5sum) "$LOG.sum"
        test ! -s "$LOG"
        umount "$MNT"
        wait'
    mount_fs
    expect "$(everything)" "$(<"$LOG.sum")"
}

@test "a cache that is larger than --cache-size loses the items that were used longest ago" {
    start_sandbox --generate 100x100
    fill
    (($(stat -c %s "$(file db)") > 2 * 1024 * 1024))
    cached mount_in_foreground --cache-size=2M
    expect_requests 0
    ls "$MNT" | wc -l
    expect_requests 0
    unmount
    (($(stat -c %s "$(file db)") <= 2 * 1024 * 1024))
    cached mount_in_foreground --cache-size=2M
    shows_what_was_filled
    (($(requests) > 0 && $(requests) < 100))
    expect "$(<"$LOG")" ""
}
