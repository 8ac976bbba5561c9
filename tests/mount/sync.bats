#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# chatkitfs --sync brings the whole account into the cache, and goes on where it was interrupted;
# --offline shows what the cache has, and never less than it says.

load helper.bash

THREADS=250

setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" "$THREADS" 3)
}

cache() {
    echo "$BATS_TEST_TMPDIR/cache"
}

sync_all() {
    "$CHATKITFS" --sync --cache-dir="$(cache)" "$@" 3>&-
}

LISTING='/threads\?'
ITEMS='/items\?'

# As it is shown without a cache.
fresh() {
    local other=$BATS_TEST_TMPDIR/fresh
    mkdir "$other"
    "$CHATKITFS" "$other" 3>&-
    (cd "$other" && "$@")
    fusermount3 -u "$other"
}

everything() {
    find . -type f -exec md5sum {} + | sort
}

@test "it asks for every page once, and a mount on that cache for nothing" {
    run sync_all
    expect "$status" 0
    [[ ${lines[-1]} == "threads $THREADS/$THREADS  items $((3 * THREADS))  requests $((3 + THREADS)) "* ]]
    expect_requests $((3 + THREADS))
    mount_fs --cache-dir="$(cache)"
    (cd "$MNT" && everything) >"$BATS_TEST_TMPDIR/cached"
    expect "$(wc -l <"$BATS_TEST_TMPDIR/cached")" $((THREADS * 8))
    expect_requests $((3 + THREADS))
    fresh everything >"$BATS_TEST_TMPDIR/now"
    cmp "$BATS_TEST_TMPDIR/cached" "$BATS_TEST_TMPDIR/now"
}

@test "again within the ttl it asks for nothing; after it each thread for what is new" {
    sync_all >/dev/null
    control POST /reset >/dev/null
    sync_all >/dev/null
    expect_requests 0
    control POST /threads/cthr_00007/items \
        '{"id": "new", "type": "user_message", "content": []}' >/dev/null
    sync_all --ttl=0 >"$BATS_TEST_TMPDIR/out"
    grep -q "items $((3 * THREADS + 1)) " "$BATS_TEST_TMPDIR/out"
    expect_requests 3 "$LISTING"
    expect_requests "$THREADS" "$ITEMS.*after="
    expect_requests $((3 + THREADS))
    control DELETE /threads/cthr_00007/items/new >/dev/null
}

@test "interrupted, it goes on where it was" {
    local asked
    fault hold '/cthr_000../items' 'times: null'
    in_background "$CHATKITFS" --sync --cache-dir="$(cache)"
    wait_until held 16
    wait_until eval '[[ $(control GET /requests | jq .in_flight) == 16 ]]'
    kill -INT "$READER"
    ended "$READER"
    expect "$STATUS" 1
    expect "$(<"$BATS_TEST_TMPDIR/reader.err")" "chatkitfs: stopped; the next --sync goes on from here"
    control DELETE /faults >/dev/null
    control POST /release >/dev/null
    asked=$(requests "$ITEMS")
    control POST /reset >/dev/null
    sync_all >"$BATS_TEST_TMPDIR/out"
    grep -q "threads $THREADS/$THREADS " "$BATS_TEST_TMPDIR/out"
    # Those that were under way once more.
    expect_requests $((THREADS - asked + 16))
}

@test "killed at any moment, it goes on with what it had" {
    local i
    for i in 1 2 3 4 5 6; do
        fault hold '' 'skip: 35, times: null'
        in_background "$CHATKITFS" --sync --cache-dir="$(cache)"
        wait_until eval '(($(control GET /requests | jq .held) > 0))'
        kill -KILL "$READER"
        ended "$READER"
        control DELETE /faults >/dev/null
        control POST /release >/dev/null
    done
    sync_all >/dev/null
    # No more than what was under way was lost each time.
    (($(requests) <= 3 + THREADS + 6 * 17))
    mount_fs --offline --cache-dir="$(cache)"
    expect "$(jq -c '[.server_reachable, .options.offline]' "$MNT/.chatkitfs/status")" '[null,true]'
    (cd "$MNT" && everything) >"$BATS_TEST_TMPDIR/cached"
    fresh everything >"$BATS_TEST_TMPDIR/now"
    cmp "$BATS_TEST_TMPDIR/cached" "$BATS_TEST_TMPDIR/now"
}

@test "on a terminal it tells how far it is on one line" {
    fault delay '/cthr_00010/items' 'ms: 700'
    python3 - "$CHATKITFS" --sync --cache-dir="$(cache)" >"$BATS_TEST_TMPDIR/out" 3>&- <<'END'
import os, pty, sys
pty.spawn(sys.argv[1:])
END
    expect "$(grep -vc '^chatkitfs: confined: ' "$BATS_TEST_TMPDIR/out")" 1
    tr '\r' '\n' <"$BATS_TEST_TMPDIR/out" | grep -Eq '^threads 2[0-9]*/250  items [0-9]+  requests [0-9]+  [0-9]+/s  [0-9]+ s left'
}

@test "a thread that can't be read is named, and the others are there" {
    fault status '/cthr_00010/items' 'status: 500, times: null, headers: {"x-should-retry": "false"}'
    run --separate-stderr sync_all
    expect "$status" 1
    [[ $stderr == "chatkitfs: 1 thread could not be read, the first because of: "*cthr_00010*500* ]]
    [[ ${lines[-1]} == "threads $THREADS/$THREADS  items $((3 * THREADS - 3)) "* ]]
    control POST /reset >/dev/null
    sync_all >/dev/null
    expect_requests 1
}

@test "a thread that is deleted meanwhile is gone, and not counted" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 50 3)
    fault hold '/cthr_00010/items'
    in_background "$CHATKITFS" --sync --cache-dir="$(cache)"
    wait_until held 1
    control DELETE /threads/cthr_00010 >/dev/null
    control POST /release >/dev/null
    ended "$READER"
    expect "$STATUS" 0
    grep -q '^threads 49/49  items 147 ' "$BATS_TEST_TMPDIR/reader.out"
    # Before and after the server has shown that it knows of threads, and each 404 twice.
    expect_requests 4 '/cthr_00010$'
    mount_fs --offline --cache-dir="$(cache)"
    expect "$(ls "$MNT" | wc -l)" 49
}

@test "who reads what it tells may go away" {
    sync_all | true
    expect "${PIPESTATUS[0]}" 0
    control POST /reset >/dev/null
    sync_all >/dev/null
    expect_requests 0
}

@test "what does not fit into the cache is told" {
    start_sandbox --generate 300x40
    run --separate-stderr sync_all --cache-size=1M
    expect "$status" 1
    [[ $stderr == "chatkitfs: all was read, but it is more than the "*": raise --cache-size" ]]
}

@test "it is not for --offline" {
    fails 'what --offline forbids' "$CHATKITFS" --sync --offline
}

@test "a network that goes ends it, with what is there kept" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 50 3)
    fault hold '/cthr_0001./items' 'times: null'
    in_background "$CHATKITFS" --sync --cache-dir="$(cache)"
    wait_until held 10
    kill -KILL "$SANDBOX_PID"
    ended "$READER"
    expect "$STATUS" 1
    grep -q 'goes on from here$' "$BATS_TEST_TMPDIR/reader.err"
    mount_fs --offline --cache-dir="$(cache)"
    expect "$(ls "$MNT" | wc -l)" 50
    grep -q needle "$MNT/cthr_00049/thread.md"
    expect_errno ENETUNREACH open "$MNT/cthr_00010/thread.md"
    expect_errno ENETUNREACH list "$MNT/Thread-10.cthr_00010"
}

@test "by default the cache is the user's" {
    XDG_CACHE_HOME=$BATS_TEST_TMPDIR/xdg "$CHATKITFS" --sync >/dev/null
    expect "$(stat -c %a "$BATS_TEST_TMPDIR/xdg/chatkitfs")" 700
    control POST /reset >/dev/null
    XDG_CACHE_HOME=$BATS_TEST_TMPDIR/xdg mount_fs --offline
    expect "$(ls "$MNT" | wc -l)" "$THREADS"
    expect_requests 0
}

@test "it does not write into a cache that a mount has" {
    mount_fs --cache-dir="$(cache)"
    run sync_all
    expect "$status" 1
    expect "$output" "chatkitfs: the cache in $(cache) is in use; unmount that, or have it read everything with grep -r"
}

@test "it mounts nothing" {
    fails 'mounts nothing: leave .* out' "$CHATKITFS" --sync "$MNT"
}

@test "without the network a listing that was read in part fails, and is not short" {
    mount_fs --cache-dir="$(cache)"
    cat "$MNT/cthr_00249/thread.md" >/dev/null
    unmount
    control POST /reset >/dev/null
    mount_fs --cache-dir="$(cache)" --offline
    expect_errno ENETUNREACH list "$MNT"
    expect_errno ENETUNREACH stat "$MNT/cthr_00001"
    grep -q needle "$MNT/cthr_00249/thread.md"
    expect "$(jq -c '.listing | [.complete, .threads]' "$MNT/.chatkitfs/status")" '[false,100]'
    expect "$(jq -c '.items | [.threads_read, .oldest_check.seconds_ago < 60]' \
        "$MNT/.chatkitfs/status")" '[1,true]'
    run "$CHATKITFS" --refresh "$MNT"
    [[ $status == 1 && $output == *"Network is unreachable"* ]]
    expect_requests 0
}

@test "without the network and without a cache there is nothing to mount" {
    fails 'not fetched before: mount without --offline' \
        "$CHATKITFS" --offline --cache-dir="$(cache)" "$MNT"
}

@test "users' folders are whole as well" {
    sync_all >/dev/null
    control POST /reset >/dev/null
    mount_fs --cache-dir="$(cache)" --offline --group-by=user
    expect "$(ls "$MNT" | wc -l)" 10
    expect "$(find "$MNT" -mindepth 2 -maxdepth 2 | wc -l)" "$THREADS"
    expect_errno ENOENT stat "$MNT/nobody"
    expect_requests 0
}

@test "a cache is mounted while the server is away, and says so once" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 50 3)
    sync_all >/dev/null
    kill -KILL "$SANDBOX_PID"
    mount_in_foreground --cache-dir="$(cache)" --ttl=0
    (cd "$MNT" && everything) >"$BATS_TEST_TMPDIR/first"
    expect "$(wc -l <"$BATS_TEST_TMPDIR/first")" 400
    expect "$(wc -l <"$LOG")" 1
    grep -q 'check that the server runs' "$LOG"
}

@test "an account of 1,000 threads that has not changed is checked by the next mount, not fetched" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 1000 2)
    sync_all >/dev/null
    control POST /reset >/dev/null
    # Within the ttl not even that.
    mount_fs --cache-dir="$(cache)" --ttl=1h
    expect "$(grep -r needle "$MNT" | wc -l)" 6000
    expect_requests 0
    unmount
    # Everything has expired.
    mount_fs --cache-dir="$(cache)" --ttl=1 --relist=inf
    wait_until eval '((${EPOCHREALTIME/./} > $(stat -c %Y "$BATS_TEST_TMPDIR/cache"/*.db) * 1000000 + 2200000))'
    expect "$(grep -r needle "$MNT" | wc -l)" 6000
    wait_until eval '[[ $(requests "$ITEMS.*after=cthi_[0-9]*_0\$") -ge 1000 ]]'
    expect_requests 0 "$ITEMS[^&]*&[^&]*$"
    # Threads themselves: by their ids, until to list them all anew takes no more requests.
    (($(requests "threads/cthr_[0-9]*\$") <= 11 + $(requests 'threads\?')))
}
