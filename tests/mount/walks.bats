#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Fetch-ahead: who goes from thread to thread finds the next ones there, nothing is asked for that a
# complete walk does not need, and who opens one thread causes its requests alone.

load helper.bash

THREADS=130

setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" "$THREADS" 3)
}

# The items requests that a thread's files take, as jq.
ITEM_PAGES='map([1, (.items | length / 100 | ceil)] | max) | add'

# The requests that reading everything takes.
whole_account() {
    account "([1, (length / 100 | ceil)] | max) + ($ITEM_PAGES)"
}

# The most that it takes where threads are grouped by user: each user's folder is a listing of its
# own.
whole_account_by_user() {
    account "(length / 100 | ceil) + (group_by(.thread.user) | map(length / 100 | ceil) | add)
        + ($ITEM_PAGES)"
}

files() {
    account 'map(2 + 2 * (.items | length)) | add'
}

items_requests() {
    [[ $(requests '/items\?') == "$1" ]]
}

# The first of them, the newest ones, are cthr_00129 to cthr_00110.
hold_from_21st_thread() {
    fault hold '/cthr_00(0..|10.)/items' 'times: null'
}

# in_flight NUMBER: so many requests are under way, and all of them are held.
in_flight() {
    control GET /requests | jq -e --argjson n "$1" '.in_flight == $n and .held == $n' >/dev/null
}

# Opens each folder as it comes, and goes into it at once; stops after so many that have no folders.
walker() {
    python3 - "$MNT" "${1:-1000000}" <<'END'
import os, sys
left = int(sys.argv[2])
def walk(folder):
    global left
    with os.scandir(folder) as entries:
        deepest = True
        for entry in entries:
            if entry.is_dir():
                deepest = False
                walk(entry.path)
                if left <= 0:
                    return
            else:
                print(entry.path)
    left -= deepest
walk(sys.argv[1])
END
}

# What walks there are. Each prints something for every file.
walks=(
    'grep -rc "" "$MNT"'
    'find "$MNT" -type f'
    'rg -c "" "$MNT"'
    'rg -j1 -c "" "$MNT"'
    'ls -lR "$MNT" | grep ^-'
    'tar -cC "$MNT" . | tar -t | grep -v /$'
    'walker'
)

# every_walk REQUESTS FILES OPTION...: each on a mount of its own.
every_walk() {
    local walk whole=$1 files=$2
    shift 2
    for walk in "${walks[@]}"; do
        control POST /reset >/dev/null
        mount_fs "$@"
        expect "$(eval "$walk" | wc -l)" "$files" "$walk"
        expect_requests "$whole" || expect "$walk" "exactly $whole requests"
        unmount
    done
}

@test "a walk takes each page once, whoever walks" {
    every_walk "$(whole_account)" "$(files)"
}

# A user's folder is whole without a request once all threads are known, which they are for who lists
# the root to its end before going on.
@test "a walk takes each page once, grouped by user" {
    local walk least most
    least=$(whole_account)
    most=$(whole_account_by_user)
    for walk in "${walks[@]}"; do
        control POST /reset >/dev/null
        mount_fs --group-by=user
        expect "$(eval "$walk" | wc -l)" "$(files)" "$walk"
        if [[ $walk == find* || $walk == ls* ]]; then
            expect_requests "$least"
        else
            (($(requests) >= least && $(requests) <= most)) || expect_requests "$least" || false
        fi
        expect "$(request_lines | sort | uniq -d)" ""
        unmount
    done
}

@test "a walk takes each page once, one at a time" {
    walks=(walker 'rg -c "" "$MNT"')
    every_walk "$(whole_account)" "$(files)" \
        --concurrency=1
}

@test "a walk takes each page once, through threads of several pages" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 8 250)
    expect "$(whole_account)" 25
    walks=('grep -rc "" "$MNT"' 'rg -c "" "$MNT"' walker)
    every_walk 25 $((8 * 502))
}

@test "who opens one thread causes its requests alone" {
    local thread
    mount_fs
    thread=$(ls -U "$MNT" | sed -n 52p)
    control POST /reset >/dev/null
    ls -l "$MNT/$thread" >/dev/null
    cat "$MNT/$thread"/* >/dev/null
    grep -r needle "$MNT/$thread" >/dev/null
    find "$MNT/$thread" >/dev/null
    vim -es -u NONE --not-a-term -c 'exe "norm G"' -c 'qa!' "$MNT/$thread/thread.md"
    expect_requests 1
    expect_requests 1 "/${thread##*.}/items"
    # Another one far from it, by its id.
    cat "$MNT/cthr_00003/thread.md" >/dev/null
    expect_requests 2 '/items'
}

@test "--concurrency requests are under way at once, and no more" {
    local most
    for most in 16 5; do
        control POST /reset >/dev/null
        hold_from_21st_thread
        mount_fs --concurrency="$most"
        in_background find "$MNT" -type f
        wait_until in_flight "$most"
        # find is at the 21st thread, which is one of them.
        expect_requests $((20 + most)) '/items\?'
        control DELETE /faults >/dev/null
        control POST /release >/dev/null
        ended "$READER"
        expect "$STATUS" 0
        expect_requests "$(whole_account)"
        unmount
    done
}

@test "items are fetched while pages of the listing are still to come" {
    local walk
    for walk in walker 'rg -j1 -c "" "$MNT"'; do
        control POST /reset >/dev/null
        fault hold '/threads\?.*after='
        mount_fs
        eval "$walk" >"$BATS_TEST_TMPDIR/seen" 3>&- &
        started+=($!)
        wait_until items_requests 100
        held 1
        control POST /release >/dev/null
        ended $!
        expect "$STATUS" 0
        expect "$(wc -l <"$BATS_TEST_TMPDIR/seen")" "$(files)"
        expect_requests "$(whole_account)"
        unmount
    done
}

@test "who stops after some threads has left a window at most" {
    local threads window
    while read -r threads window; do
        control POST /reset >/dev/null
        mount_fs
        walker "$threads" >/dev/null
        wait_until items_requests $((threads + window))
        unmount
        expect_requests $((1 + threads + window))
    done <<<'1 0
2 2
3 4
4 8
5 16
20 16'
}

@test "who is interrupted has left a window at most" {
    hold_from_21st_thread
    mount_fs
    in_background find "$MNT" -type f
    wait_until in_flight 16
    kill -INT "$READER"
    ended "$READER"
    expect "$STATUS" 130
    control DELETE /faults >/dev/null
    control POST /release >/dev/null
    wait_until items_requests 37 # the 21st thread, and 16 after it
    unmount
    expect_requests 37 '/items'
}

@test "an error in the middle of a walk is that thread's reader's alone" {
    local status id=cthr_00060
    for status in 500 429 404; do
        control POST /reset >/dev/null
        fault status "/$id/items" \
            "times: null, status: $status, headers: {\"x-should-retry\": \"false\"}"
        mount_fs
        run --separate-stderr find "$MNT" -type f
        expect "$status" 1
        [[ $(wc -l <<<"$stderr") == 1 && $stderr == *"Thread-60.$id"* ]]
        expect "$(wc -l <<<"$output")" "$(account "map(select(.thread.id != \"$id\")
            | 2 + 2 * (.items | length)) | add")"
        # The others once each, as ever.
        expect "$(request_lines | grep -v "$id" | sort | uniq -d)" ""
        expect_requests "$(($(whole_account) - 1))" "^(?!.*$id)"
        control DELETE /faults >/dev/null
        expect "$(find "$MNT" -type f | wc -l)" "$(files)"
        expect_requests "$(($(whole_account) - 1))" "^(?!.*$id)"
        unmount
    done
}

@test "an error that passes is not seen at all where it met nobody but the walk" {
    fault status '/cthr_00060/items' 'status: 500, headers: {"x-should-retry": "false"}'
    # The reader is five threads away while the walk meets it.
    fault hold '/cthr_00065/items'
    mount_fs
    in_background find "$MNT" -type f
    wait_until eval '(($(requests cthr_00060/items) > 0))'
    wait_until in_flight 1
    control POST /release >/dev/null
    ended "$READER"
    expect "$STATUS" 0
    expect "$(wc -l <"$BATS_TEST_TMPDIR/reader.out")" "$(files)"
    expect_requests $(($(whole_account) + 1))
}

@test "a mount ends at once in the middle of a walk" {
    hold_from_21st_thread
    mount_in_foreground
    in_background find "$MNT" -type f
    wait_until in_flight 16
    kill -TERM "$FS_PID"
    ended "$FS_PID"
    expect "$STATUS" 0
    not_mounted
    ended "$READER"
    control DELETE /faults >/dev/null
    control POST /release >/dev/null
}
