#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# scripts/soak notices what it is there for, and leaves nothing behind. A run that says something of
# the program takes more than the seconds of these: scripts/soak 30.

load helper

# soak NAME MINUTES [OPTION]...: a small one; what it told is in NAME.out and NAME.err.
soak() {
    local name=$1 minutes=$2
    shift 2
    mkdir -p "$BATS_TEST_TMPDIR/work"
    CHATKITFS=$CHATKITFS TMPDIR=$BATS_TEST_TMPDIR/work "$REPOSITORY/scripts/soak" "$minutes" \
        --readers 8 --threads 20 --items 6 "$@" \
        >"$BATS_TEST_TMPDIR/$name.out" 2>"$BATS_TEST_TMPDIR/$name.err" 3>&-
}

# told NAME WHAT: that line of its table.
told() {
    sed -n "s/^$2  *//p" "$BATS_TEST_TMPDIR/$1.out"
}

nothing_runs() {
    [[ -z $(mounts_below "$BATS_TEST_TMPDIR") ]] &&
        ! grep -qzF -- "$BATS_TEST_TMPDIR/work" /proc/[0-9]*/cmdline 2>/dev/null
}

nothing_left() {
    wait_until nothing_runs
    expect "$(ls -A "$BATS_TEST_TMPDIR/work")" ""
}

# in_soak: in the background, until its readers read.
in_soak() {
    mkdir -p "$BATS_TEST_TMPDIR/work"
    in_background env CHATKITFS="$CHATKITFS" TMPDIR="$BATS_TEST_TMPDIR/work" \
        "$REPOSITORY/scripts/soak" 10 --readers 8 --threads 20 --items 6
    wait_until eval 'grep -qzF "$BATS_TEST_TMPDIR/work" /proc/[0-9]*/cmdline 2>/dev/null &&
        pgrep -P "$READER" -x "cat|tail|grep|find|stat" >/dev/null || gone "$READER"'
    [[ -n $(mounts_below "$BATS_TEST_TMPDIR") ]]
}

@test "under faults and changes nothing that is read is wrong" {
    soak plain 0.05 --faults 20 --timeout 10 --changes 20 ||
        { cat "$BATS_TEST_TMPDIR"/plain.* >&2 && false; }
    nothing_left
    expect "$(<"$BATS_TEST_TMPDIR/plain.err")" ""
    local kind
    for kind in 'wrong bytes' 'wrong sizes' 'short listings' 'names that never were' \
        'older than before' 'gone though there' 'messages not understood'; do
        expect "$(told plain "$kind")" 0 "$kind"
    done
    for kind in cat 'find all' 'find thread' 'find threads' 'grep -r' 'grep all' stat tail 'tail -f'
    do
        [[ $(told plain "$kind") =~ ^[1-9] ]] || expect "$(told plain "$kind")" "some" "$kind"
    done
    [[ $(told plain changes) =~ ^[1-9] && $(told plain requests) =~ ^[1-9] ]]
    [[ $(told plain descriptors) =~ ^[0-9]+' → '[0-9]+' (' ]]
}

@test "a wrong byte, a short listing and a hanging reader are noticed" {
    LIMIT=50
    local kind pid pids=()
    for kind in byte thread item; do
        soak "$kind" 1 --stop --faults 0 --pretend "$kind" &
        pids+=($!)
    done
    # It waits for ten times as long as it says.
    soak hung 1 --stop --faults 25 --timeout 1 --grace 0 -- --timeout=10 &
    pids+=($!)
    for pid in "${pids[@]}"; do
        ended "$pid"
        expect "$STATUS" 1
    done
    nothing_left
    [[ $(told byte 'wrong bytes') != 0 && $(told byte 'short listings') == 0 ]]
    grep -q '^wrong bytes: .*bytes that never were' "$BATS_TEST_TMPDIR/byte.err"
    [[ $(told thread 'wrong bytes') == 0 && $(told thread 'short listings') != 0 ]]
    grep -q '^short listings: .*is not listed' "$BATS_TEST_TMPDIR/thread.err"
    [[ $(told item 'wrong bytes') == 0 && $(told item 'short listings') != 0 ]]
    grep -q '^short listings: .*lists [0-9]* items, and had' "$BATS_TEST_TMPDIR/item.err"
    [[ $(told hung hung) != 0* ]]
    grep -q '^hung: waits for more than 1 s' "$BATS_TEST_TMPDIR/hung.err"
}

@test "nothing is left where it is interrupted" {
    local signal
    for signal in INT TERM; do
        in_soak
        kill "-$signal" "$READER"
        ended "$READER"
        expect "$STATUS" $((128 + $(kill -l "$signal")))
        nothing_left
    done
}

@test "that chatkitfs ended is a failure, and nothing goes on where the soak is killed" {
    in_soak
    kill -KILL "$(file_systems "$BATS_TEST_TMPDIR")"
    ended "$READER"
    expect "$STATUS" 1
    grep -q 'it ended early: chatkitfs has ended' "$BATS_TEST_TMPDIR/reader.out"
    nothing_left
    in_soak
    kill -KILL "$READER"
    wait_until nothing_runs
}

@test "faults of the sandbox happen at random as they are told to" {
    local seed met=()
    start_sandbox
    for seed in 1 1 2; do
        control POST /reset >/dev/null
        fault status '' "status: 500, times: null, chance: 0.3, seed: $seed"
        met+=("$(curl -sS -o /dev/null -w '%{http_code}\n' \
            "$OPENAI_BASE_URL/chatkit/threads?limit=[1-40]" | grep -c 500)")
    done
    expect "${met[0]}" "${met[1]}" "the same seed"
    ((met[0] > 2 && met[0] < 24 && met[2] > 2 && met[2] < 24))
    control POST /reset >/dev/null
    fault status '' 'status: 500, times: null, chance: 0'
    control DELETE /requests | jq -e '.forgotten == 0'
    expect "$(curl -sS -o /dev/null -w '%{http_code}' "$OPENAI_BASE_URL/chatkit/threads")" 401
    control DELETE /requests | jq -e '.forgotten == 1'
    expect_requests 0
}
