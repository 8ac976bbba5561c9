#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# When requests are sent again, held back, or not sent at all.

load helper

setup_file() {
    start_sandbox --generate 40x5
}

# The Nth folder of the listing.
folder() {
    printf '%s/%s' "$MNT" "$(ls -U "$MNT" | sed -n "$1p")"
}

status() {
    jq "$1" "$MNT/.chatkitfs/status"
}

@test "a 429 holds all readers back until its time, and then fewer go at once" {
    mount_fs --concurrency=8
    first=$(folder 1) second=$(folder 20)
    fault status '/items' 'status: 429, headers: {"retry-after": "2"}'
    in_background grep -q nothing-of-the-kind -r "$first"
    wait_until eval '[[ $(status .rate_limit.answers_429) == 1 ]]'
    before=$(requests)
    in_background ls "$second"
    wait_until eval '[[ $(status .cache.waited) == 2 ]]'
    during=$(requests)
    expect "$(status '.rate_limit | .pause_seconds > 0, .requests_at_once')" $'true\n4' "the pause"
    expect "$during" "$before" "requests while it lasted"
    ended "$READER"
    expect "$STATUS" 0
    expect "$(<"$BATS_TEST_TMPDIR/reader.out")" "$(ls "$second")"
    expect_requests 3 /items
}

@test "a pause longer than --timeout is EAGAIN at once, for all that would have to ask" {
    mount_fs --timeout=5
    first=$(folder 1) second=$(folder 20)
    fault status '/items' 'status: 429, headers: {"retry-after": "100"}'
    expect_errno EAGAIN list "$first"
    expect_errno EAGAIN list "$second"
    expect_errno EAGAIN open "$first/thread.md"
    expect_requests 1 /items
    expect_errno ok list "$MNT"
}

@test "insufficient_quota is EDQUOT, is not tried again, and is in the log with what to do" {
    mount_in_foreground
    first=$(folder 1)
    fault status '/items' 'status: 429, headers: {"retry-after": "1"}, body: {"error": {
        "code": "insufficient_quota", "message": "You exceeded your current quota"}}'
    expect_errno EDQUOT list "$first"
    expect_requests 1 /items
    grep -q 'You exceeded your current quota.*add credit' "$LOG"
    expect_errno ok list "$first"
}

@test "a server that does not answer is left alone after five attempts, and found again" {
    mount_in_foreground
    first=$(folder 1) second=$(folder 20)
    fault truncate '/items' 'bytes: 9, times: null'
    expect_errno EIO list "$first"
    expect_requests 3 "${first##*.}/items"
    expect_errno EIO list "$second"
    expect_requests 2 "${second##*.}/items"
    expect "$(status .server_reachable)" false
    control DELETE /faults
    wait_until eval 'ls "$first" >/dev/null 2>&1'
    expect_errno ok list "$second"
    expect "$(status .server_reachable)" true
    expect "$(grep -c . "$LOG")" 1 "lines of the log"
}

@test "what is known is there while the server is left alone" {
    mount_fs --ttl=0
    first=$(folder 1) second=$(folder 20)
    tar -cf "$BATS_TEST_TMPDIR/before.tar" -C "$first" .
    fault close '' 'times: null'
    wait_until eval '! ls "$second" >/dev/null 2>&1 && [[ $(status .server_reachable) == false ]]'
    tar -cf "$BATS_TEST_TMPDIR/after.tar" -C "$first" .
    cmp "$BATS_TEST_TMPDIR/before.tar" "$BATS_TEST_TMPDIR/after.tar"
    expect_errno ok list "$MNT"
}

@test "--timeout is for the whole of an operation; what came is kept, and the next goes on from there" {
    local errors=0
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 1 5)
    mount_fs --timeout=2 --page-size=1
    first=$(folder 1)
    fault delay "${first##*.}/items" 'ms: 600, times: null'
    expect_errno ETIMEDOUT stat "$first/thread.md"
    until [[ $(errno_of stat "$first/thread.md") == ok ]]; do
        ((++errors < 5))
    done
    expect_requests 5 "${first##*.}/items"
}
