#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What was read is checked once its time has passed, with exactly the requests that takes, and what
# has changed is shown; readers do not wait for it.

load helper.bash
eval "$(declare -f setup | sed '1s/setup/setup_of_helper/')"

setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 5 3)
}

# Every test changes the account.
setup() {
    setup_of_helper
    for id in $(control GET /account | jq -r '.[].thread.id'); do
        control DELETE "/threads/$id" >/dev/null
    done
    control POST /threads "$(<"$ACCOUNT")" >/dev/null
}

T=Thread-4.cthr_00004 # the newest
NEWEST='GET /v1/chatkit/threads?limit=100&order=desc'
ITEMS='GET /v1/chatkit/threads/cthr_00004/items?limit=100&order=asc'

# asked LINES: these requests and no others, in any order.
asked() {
    [[ $(request_lines | sed 's/?$//' | sort) == "$(sort <<<"$1")" ]]
}

expect_asked() {
    expect "$(request_lines | sed 's/?$//' | sort)" "$(sort <<<"$1")" "requests"
}

# message ID TIME TEXT: as JSON
message() {
    jq -cn --arg id "$1" --arg text "$3" --argjson at "$2" '{$id, object: "chatkit.thread_item",
        created_at: $at, type: "chatkit.user_message", content: [{type: "input_text", $text}],
        attachments: [], inference_options: null}'
}

# tool ID TIME: a call in progress
tool() {
    jq -cn --arg id "$1" --argjson at "$2" '{$id, object: "chatkit.thread_item", created_at: $at,
        type: "chatkit.client_tool_call", status: "in_progress", call_id: $id, name: "look",
        arguments: "{}", output: null}'
}

say() {
    control POST /threads/cthr_00004/items "$(message "$@")" >/dev/null
}

call() {
    control POST /threads/cthr_00004/items "$(tool "$@")" >/dev/null
}

complete() {
    control PATCH "/threads/cthr_00004/items/$1" '{"status": "completed", "output": "\"done\""}' \
        >/dev/null
}

has() {
    grep -q "$1" "$2"
}

# expires: what was read at this moment does not count as current any more.
expires() {
    local end=$((${EPOCHREALTIME/./} + 1000000 * TTL + 100000))
    wait_until eval "((\${EPOCHREALTIME/./} > $end))"
}

@test "within the ttl nothing is asked for again; after it the newest page, once for all readers" {
    TTL=$((3 * SLOWER))
    mount_fs --ttl=$TTL
    ls -l "$MNT" >/dev/null
    stat "$MNT/$T" "$MNT"/Thread-* >/dev/null
    expect_asked "$NEWEST"
    expires
    for _ in 1 2 3 4 5; do
        ls -l "$MNT" >/dev/null
        stat "$MNT/$T" >/dev/null
    done
    wait_until eval '[[ $(requests) == 2 ]]'
    ls -l "$MNT" >/dev/null
    expect_asked "$NEWEST
$NEWEST"
}

@test "a thread's files after the ttl: what comes after its last item, and the thread itself" {
    TTL=$((2 * SLOWER))
    mount_fs --ttl=$TTL
    ls -l "$MNT/$T" >/dev/null
    cat "$MNT/$T/thread.md" >/dev/null
    expires
    control POST /reset >/dev/null
    fault hold 'threads\?' # which would bring this thread as well
    cat "$MNT/$T/thread.md" "$MNT/$T/0001-user.md" >/dev/null
    wait_until asked "$NEWEST
$ITEMS&after=cthi_4_1
GET /v1/chatkit/threads/cthr_00004"
}

@test "items in progress are asked for again, by themselves, and finished ones are not" {
    TTL=1
    call t1 1800000001
    say m1 1800000002 one
    call t2 1800000003
    call t3 1800000004
    say m2 1800000005 two
    call t4 1800000006
    mount_fs --ttl=$TTL --relist=inf
    ls "$MNT/cthr_00004/" >/dev/null
    expires
    control POST /reset >/dev/null
    ls "$MNT/cthr_00004/" >/dev/null
    wait_until eval '[[ $(requests "/items") == 3 ]]'
    expect "$(request_lines | grep /items)" "$(cat <<END
${ITEMS/100/1}&after=cthi_4_2
${ITEMS/100/2}&after=m1
$ITEMS&after=m2
END
)"
}

@test "a reader gets what is known at once, while the server does not answer" {
    TTL=1
    mount_fs --ttl=$TTL
    cat "$MNT/$T/thread.md" >"$BATS_TEST_TMPDIR/before"
    expires
    fault hold . 'times: null'
    say m1 1800000002 "something new"
    timeout 5 cat "$MNT/$T/thread.md" >"$BATS_TEST_TMPDIR/during"
    cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/during"
    timeout 5 ls -lR "$MNT/$T" >/dev/null
    control DELETE /faults >/dev/null
    control POST /release >/dev/null
    wait_until has "something new" "$MNT/$T/thread.md"
}

@test "with --ttl=0 every lookup is answered by the server's state" {
    mount_fs --ttl=0
    expect "$(ls "$MNT" | wc -l)" 5
    control POST /threads '{"thread": {"id": "cthr_new", "title": "New", "created_at": 1900000000},
        "items": []}' >/dev/null
    stat "$MNT/New.cthr_new" >/dev/null
    expect "$(ls "$MNT" | head -n 1)" New.cthr_new
    say m1 1800000002 "something new"
    grep -q "something new" "$MNT/$T/thread.md"
    expect "$(ls "$MNT/$T" | tail -n 3 | head -n 1)" 0004-user.md
    control PATCH /threads/cthr_00004 '{"title": "Renamed"}' >/dev/null
    jq -e '.title == "Renamed"' "$MNT/$T/thread.json"
    control POST /reset >/dev/null
    stat "$MNT/$T" >/dev/null
    expect_requests 1 'threads\?limit=100&order=desc$'
}

@test "with --ttl=inf nothing is asked for again until --refresh" {
    mount_fs --ttl=inf
    ls -lR "$MNT" >/dev/null
    say m1 1800000002 "something new"
    control PATCH /threads/cthr_00003 '{"title": "Renamed"}' >/dev/null
    control POST /reset >/dev/null
    ls -lR "$MNT" >/dev/null
    expect_requests 0
    "$CHATKITFS" --refresh "$MNT"
    expect_requests 1 'threads\?'
    expect_requests 5 'items\?limit=100&order=asc&after='
    grep -q "something new" "$MNT/$T/thread.md"
    expect "$(ls "$MNT" | sed -n 4p)" Thread-2.cthr_00002
    [[ -d $MNT/Renamed.cthr_00003 ]]
    jq -e '.title == "Renamed"' "$MNT/Thread-3.cthr_00003/thread.json"
    expect_requests 6
}

@test "a thread that is new is found by its name after the ttl" {
    TTL=1
    mount_fs --ttl=$TTL
    expect_errno ENOENT stat "$MNT/New.cthr_new"
    control POST /threads '{"thread": {"id": "cthr_new", "title": "New", "created_at": 1900000000},
        "items": []}' >/dev/null
    expires
    wait_until test -d "$MNT/New.cthr_new"
    expect "$(ls "$MNT" | wc -l)" 6
}

@test "a shell in a folder whose title has changed goes on working" {
    mount_fs
    cd "$MNT/$T"
    ls -l >/dev/null
    control PATCH /threads/cthr_00004 '{"title": "Another title"}' >/dev/null
    "$CHATKITFS" --refresh "$MNT"
    expect "$(ls | head -n 1)" 0001-user.json
    grep -q '^title: "Another title"' thread.md
    expect "$(ls "$MNT" | head -n 1)" Another-title.cthr_00004
    cmp thread.md "$MNT/Another-title.cthr_00004/thread.md"
    cmp thread.md "$MNT/$T/thread.md"
    cd /
}

@test "a deleted thread's folder goes, and its open files are stale" {
    mount_fs
    cat "$MNT/$T/thread.md" >/dev/null
    exec 7<"$MNT/$T/thread.md" 8<"$MNT/$T/0001-user.json"
    curl -sS -X DELETE -H "Authorization: Bearer $KEY" -H "OpenAI-Beta: chatkit_beta=v1" \
        "$OPENAI_BASE_URL/chatkit/threads/cthr_00004" >/dev/null
    "$CHATKITFS" --refresh "$MNT"
    expect "$(ls "$MNT" | wc -l)" 4
    expect_errno ENOENT stat "$MNT/$T"
    expect_errno ENOENT open "$MNT/$T/thread.md"
    run cat <&7
    [[ $status == 1 && $output == *"Stale file handle"* ]]
    exec 7<&- 8<&-
}

@test "an open that finds the thread gone has its folder disappear" {
    TTL=1
    mount_fs --ttl=$TTL --relist=inf
    ls "$MNT/$T" >/dev/null
    control DELETE /threads/cthr_00004 >/dev/null
    expires
    ls "$MNT/$T" >/dev/null || true
    wait_until eval '[[ $(errno_of stat "$MNT/$T") == ENOENT ]]'
    expect "$(ls "$MNT" | wc -l)" 4
}

@test "titles and deletions are found at the pace of --relist" {
    mount_fs --ttl=1 --relist=2
    ls "$MNT" >/dev/null
    control PATCH /threads/cthr_00000 '{"title": "Renamed"}' >/dev/null
    control DELETE /threads/cthr_00001 >/dev/null
    wait_until eval '[[ $(ls "$MNT" | paste -sd " ") == "Renamed.cthr_00000 Thread-2"* ]]'
}

@test "tail -f shows a conversation as it goes on, and nothing twice" {
    local out=$BATS_TEST_TMPDIR/reader.out
    mount_fs --ttl=1
    cat "$MNT/$T/thread.md" >"$BATS_TEST_TMPDIR/before"
    in_background tail -c +1 -f "$MNT/$T/thread.md"
    wait_until has 'needle' "$out"
    say m1 1800000001 "the first"
    wait_until has 'the first' "$out"
    call t1 1800000002
    control PATCH /threads/cthr_00004 '{"title": "A title that is much longer than before"}'
    wait_until has 'much longer' "$MNT/$T/thread.md"
    wait_until test -e "$MNT/$T/0005-tool.md"
    grep -q in_progress "$MNT/$T/0005-tool.md"
    ! has look "$out"
    complete t1
    wait_until has 'done' "$out"
    grep -q done "$MNT/$T/0005-tool.md"
    say m2 1800000003 "the second"
    wait_until has 'the second' "$out"
    # But for its head it is what a fresh reader gets.
    expect "$(sed '1,/^# /d' "$out")" "$(sed '1,/^# /d' "$MNT/$T/thread.md")"
    expect "$(head -c "$(stat -c %s "$BATS_TEST_TMPDIR/before")" "$out" | md5sum)" \
        "$(md5sum <"$BATS_TEST_TMPDIR/before")"
}

@test "tail -F follows items.jsonl by its name" {
    local out=$BATS_TEST_TMPDIR/reader.out
    mount_fs --ttl=1
    in_background tail -n +1 -F "$MNT/$T/items.jsonl"
    wait_until has 'cthi_4_2' "$out"
    call t1 1800000001
    say m1 1800000002 "the first"
    control PATCH /threads/cthr_00004 '{"title": "Another"}'
    wait_until has 'the first' "$out"
    say m2 1800000003 "the second"
    wait_until has 'the second' "$out"
    expect "$(<"$BATS_TEST_TMPDIR/reader.err")" ""
    expect "$(jq -r .id "$out" | paste -sd ' ')" "cthi_4_0 cthi_4_1 cthi_4_2 t1 m1 m2"
    # A call that went by unfinished, and completes after all: the file is another one.
    complete t1
    wait_until has '"status":"completed"' "$MNT/$T/items.jsonl"
    expect "$(jq -r .id "$MNT/$T/items.jsonl" | paste -sd ' ')" "cthi_4_0 cthi_4_1 cthi_4_2 t1 m1 m2"
    wait_until has '"completed"' "$out"
}

@test "who walks through many threads after the ttl does not ask for each by its id" {
    local before=
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 250 2)
    TTL=$SLOWER
    mount_fs --ttl=$TTL
    grep -r needle "$MNT" >"$BATS_TEST_TMPDIR/first"
    # Where the walk took longer than the ttl, some were checked at once.
    until [[ $(requests) == "$before" ]]; do
        before=$(requests)
        expires
    done
    expires
    control POST /reset >/dev/null
    grep -r needle "$MNT" >"$BATS_TEST_TMPDIR/second"
    cmp "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/second"
    wait_until eval '[[ $(requests "items\?.*after=") == 250 ]]'
    (($(requests 'threads/cthr_[0-9]*$') <= 3))
    (($(requests 'threads\?') <= 8))
    expect_requests 0 'items\?[^&]*&[^&]*$'
}

@test "a lost network leaves what is known, and says so once" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 5 3)
    TTL=1
    mount_in_foreground --ttl=$TTL --timeout=5
    ls -lR "$MNT" >/dev/null
    cat "$MNT/$T/thread.md" >"$BATS_TEST_TMPDIR/before"
    kill -KILL "$SANDBOX_PID"
    expires
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        timeout 3 cat "$MNT/$T/thread.md" >"$BATS_TEST_TMPDIR/after"
        cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
        expect "$(timeout 3 ls "$MNT" | wc -l)" 5
    done
    wait_until test -s "$LOG"
    expect "$(wc -l <"$LOG")" 1
    run "$CHATKITFS" --refresh "$MNT"
    expect "$status" 1
    [[ $output == "chatkitfs: $MNT could not be read anew: Connection refused;"* ]]
}

@test "with --strict what can't be checked is an error" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 5 3)
    TTL=1
    mount_fs --ttl=$TTL --strict --timeout=5
    ls -lR "$MNT" >/dev/null
    kill -KILL "$SANDBOX_PID"
    expires
    wait_until eval '[[ $(errno_of list "$MNT") == ECONNREFUSED ]]'
    wait_until eval '[[ $(errno_of open "$MNT/$T/thread.md") == ECONNREFUSED ]]'
}

@test "an item that was looked for before it came is there after a refresh" {
    mount_fs --ttl=inf
    cat "$MNT/$T/thread.md" >/dev/null
    expect_errno ENOENT open "$MNT/$T/0004-user.md"
    say m1 1800000002 "something new"
    "$CHATKITFS" --refresh "$MNT"
    has "something new" "$MNT/$T/0004-user.md"
}

@test "an item in progress is current after a refresh, also where no more than its page was read" {
    call t1 1800000001
    for i in 2 3 4 5 6; do
        say "m$i" "180000000$i" "message $i"
    done
    mount_fs --ttl=inf --page-size=2
    has in_progress "$MNT/$T/0004-tool.json"
    complete t1
    control POST /reset >/dev/null
    "$CHATKITFS" --refresh "$MNT"
    expect "$(request_lines | grep items)" "${ITEMS/100/1}&after=cthi_4_2"
    has completed "$MNT/$T/0004-tool.json"
    expect "$(jq -r '.status // empty' "$MNT/$T/items.jsonl")" completed
    expect "$(wc -l <"$MNT/$T/items.jsonl")" 9
}

@test "a bare id leads to a thread that has lost its title" {
    mount_fs --ttl=inf
    has Thread "$MNT/cthr_00004/thread.json"
    control PATCH /threads/cthr_00004 '{"title": null}' >/dev/null
    "$CHATKITFS" --refresh "$MNT"
    has '"title": null' "$MNT/cthr_00004/thread.json"
    ls "$MNT/$T/0001-user.md"
}

@test "a thread that is dropped before its turn to be checked comes is no failure" {
    TTL=1
    mount_in_foreground --ttl=$TTL --concurrency=2 # one check at a time
    cat "$MNT/$T/thread.md" "$MNT"/Thread-3.*/thread.md >/dev/null
    expires
    fault hold 'cthr_00004/items'
    fault hold 'cthr_00004\?'
    cat "$MNT/$T/thread.md" >/dev/null
    wait_until held 1
    cat "$MNT"/Thread-3.*/thread.md >/dev/null
    control DELETE /threads/cthr_00003 >/dev/null
    in_background "$CHATKITFS" --refresh "$MNT"
    wait_until eval '[[ $(ls "$MNT" | wc -l) == 4 ]]'
    control DELETE /faults >/dev/null
    control POST /release >/dev/null
    ended "$READER"
    expect "$STATUS" 0 "status of --refresh"
    expect "$(<"$LOG")" ""
}

@test "an item is current after a refresh, also where its folder was being read meanwhile" {
    mount_fs --ttl=1d --page-size=2
    control POST /threads "$(jq -cn --argjson tool "$(tool t1 1800000001)" \
        --argjson one "$(message m1 1800000002 one)" --argjson two "$(message m2 1800000003 two)" \
        '{thread: {id: "cthr_read", created_at: 1800000000}, items: [$tool, $one, $two]}')" >/dev/null
    jq -e '.status == "in_progress"' "$MNT/cthr_read/0001-tool.json"
    fault hold 'cthr_read/items.*after='
    in_background stat "$MNT/cthr_read/0003-user.json"
    wait_until held 1
    control PATCH /threads/cthr_read/items/t1 '{"status": "completed", "output": "\"done\""}' \
        >/dev/null
    "$CHATKITFS" --refresh "$MNT"
    control POST /release >/dev/null
    ended "$READER"
    expect "$STATUS" 0 "status of stat"
    wait_until jq -e '.status == "completed"' "$MNT/cthr_read/0001-tool.json"
}

@test "a refresh checks again what was being checked when it began" {
    TTL=1
    call t1 1800000001
    say m1 1800000002 one
    mount_fs --ttl=$TTL
    has in_progress "$MNT/$T/0004-tool.json"
    expires
    fault hold 'items.*after=t1'
    has in_progress "$MNT/$T/0004-tool.json"
    wait_until held 1
    complete t1
    control POST /reset >/dev/null
    in_background "$CHATKITFS" --refresh "$MNT"
    wait_until eval '[[ $(requests "threads\\?") == 1 ]]'
    wait_until eval '[[ $(control GET /requests | jq .in_flight) == 1 ]]'
    control POST /release >/dev/null
    ended "$READER"
    expect "$STATUS" 0 "status of --refresh"
    has completed "$MNT/$T/0004-tool.json"
}

@test "a thread that the server fails with keeps no other from being current" {
    mount_in_foreground --ttl=1
    cat "$MNT"/*/thread.md >/dev/null
    fault status '/cthr_00002/items' 'status: 500, times: null, headers: {"x-should-retry": "false"}'
    say m1 1800000002 "something new"
    sees_it() {
        cat "$MNT"/*/thread.md | grep -q "something new"
    }
    wait_until sees_it
    say m2 1800000003 "something newer"
    run "$CHATKITFS" --refresh "$MNT"
    [[ $status == 1 && $output == *"Input/output error"* ]]
    grep -q "something newer" "$MNT/$T/thread.md"
    expect "$(grep -c . "$LOG")" 1
    grep -q cthr_00002 "$LOG"
}

# Each could have all that was checked so far checked anew, so that none would ever end.
@test "refreshes that overlap are one, which begins when the one under way has ended" {
    mount_fs --ttl=1d
    cat "$MNT"/*/thread.md >/dev/null
    control POST /reset >/dev/null
    "$CHATKITFS" --refresh "$MNT"
    local once pid pids=()
    once=$(requests)
    ((once > 5))
    control POST /reset >/dev/null
    fault hold '^GET .*/cthr_00000/items'
    for _ in {1..20}; do
        "$CHATKITFS" --refresh "$MNT" 3>&- &
        pids+=($!)
        kill -HUP "$FS_PID"
        wait_until eval '[[ $(waiting "${pids[@]}") == "${#pids[@]}" ]]'
        wait_until held 1
        # All that it asks for has come but for what is held.
        wait_until eval '[[ $(jq .requests.under_way "$MNT/.chatkitfs/status") == 1 ]]'
    done
    say m1 1800000001 "while they wait"
    control POST /release >/dev/null
    ended "${pids[0]}"
    expect "$STATUS" 0 "status of the first --refresh"
    for pid in "${pids[@]:1}"; do
        ended "$pid"
        expect "$STATUS" 0 "status of --refresh"
    done
    grep -q "while they wait" "$MNT/$T/thread.md"
    expect_requests $((2 * once))
}

# How many of these processes have the mount's root open, and sleep.
waiting() {
    local pid count=0
    for pid; do
        if [[ -n $(find "/proc/$pid/fd" -lname "$MNT" 2>/dev/null) && $(<"/proc/$pid/stat") == *") S "* ]]; then
            count=$((count + 1))
        fi
    done
    echo "$count"
}

@test "only who mounted it, and root, can have it checked" {
    ((EUID == 0)) || return 0 # nobody else can be another user
    mount_fs -o allow_other --ttl=1d
    cat "$MNT"/*/thread.md >/dev/null
    control POST /reset >/dev/null
    run as_another_user "$MNT" 'cat /mnt/*/thread.md | grep -c needle
        for i in 1 2 3 4 5 6 7 8 9 10; do "$0" --refresh /mnt; done'
    expect "$status" 1
    ((lines[0] > 0))
    expect "$(sort -u <<<"${output#*$'\n'}")" "chatkitfs: /mnt: only the user who mounted it can have it checked"
    expect_requests 0
    "$CHATKITFS" --refresh "$MNT"
    (($(requests) > 5))
}
