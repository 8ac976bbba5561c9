#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the kernel asks of the program: of a first walk little more than each folder once, of a
# second one nothing. The requests are counted in what libfuse prints of them (-d).

load helper.bash

WATCHDOG=$((180 * SLOWER))

THREADS=1000
ITEMS=29                    # of a thread, each as .json and .md
FILES=$((2 * ITEMS + 2))    # and thread.json, thread.md
EVERY_FILE=$((THREADS * FILES))

setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" "$THREADS" "$ITEMS")
}

mount_counted() {
    mount_in_foreground -d "$@"
    since=0
}

# The kernel's requests since the last call of this, "NUMBER OPCODE" a line, but for those that no
# walk is the cause of: STATFS is never cached, and memory may become short at any time.
opcodes() {
    local size
    size=$(stat -c %s "$LOG")
    tail -c "+$((since + 1))" "$LOG" | head -c "$((size - since))" |
        sed -n 's/^unique: [0-9]*, opcode: \([A-Z_]*\) .*/\1/p' |
        grep -vxE 'STATFS|FORGET|BATCH_FORGET|INTERRUPT|INIT' | sort | uniq -c
    since=$size
}

# at_most LIMIT COMMAND...: the command's walk takes no more requests of the kernel than that.
at_most() {
    local limit=$1 asked count
    shift
    opcodes >/dev/null
    "$@"
    asked=$(opcodes)
    count=$(awk '{ n += $1 } END { print n + 0 }' <<<"$asked")
    echo "$*: $count requests of the kernel"
    if ((count > limit)); then
        printf '%s\nmore than %s\n' "$asked" "$limit" >&2
        return 1
    fi
}

# The walks. Each must see everything, through a pipe: GNU grep and others stop early when their
# output is /dev/null.

walk_find() {
    expect "$(find "$MNT" -type f | wc -l)" "$EVERY_FILE"
}

walk_find_size() {
    expect "$(find "$MNT" -type f -size +0 -newermt 2000-01-01 | wc -l)" "$EVERY_FILE"
}

walk_ls() {
    expect "$(ls -lR "$MNT" | grep -c '^-')" "$EVERY_FILE"
}

# Every item says it, and so do its two files and thread.md.
walk_grep() {
    expect "$(grep -r needle "$MNT" | wc -l)" $((3 * ITEMS * THREADS))
}

walk_rg() {
    expect "$(rg needle "$MNT" | wc -l)" $((3 * ITEMS * THREADS))
}

walk_git_grep() {
    expect "$(cd "$MNT" && git grep --no-index needle | wc -l)" $((3 * ITEMS * THREADS))
}

walk_du() {
    du -s "$MNT" >/dev/null
}

@test "a cold find asks for each folder, a warm find, ls -lR or du for nothing" {
    mount_counted --ttl=3600
    at_most $((2 * THREADS + 20)) walk_find
    at_most 5 walk_find
    at_most 5 walk_find_size
    at_most 5 walk_ls
    at_most 5 walk_du
}

@test "a cold ls -lR asks for each folder, a warm one for nothing" {
    mount_counted --ttl=3600
    at_most $((2 * THREADS + 20)) walk_ls
    at_most 5 walk_ls
    at_most 5 walk_find
}

@test "a cold grep -r asks three times for each thread, a warm grep, rg or git grep for nothing" {
    mount_counted --ttl=3600
    at_most 3100 walk_grep
    at_most 5 walk_grep
    # What rg and git look for besides, once: ignore files of each folder.
    walk_rg
    walk_git_grep
    at_most 5 walk_rg
    at_most 5 walk_git_grep
    at_most 5 walk_grep
    # Threads in pages of 100, read from both ends, and one more since these are neighbours.
    expect_requests $((THREADS / 100 + 1 + THREADS))
}

# What its listing brings with it is not asked for: its files' attributes.
@test "after the ttl a walk looks up and lists each folder again, and reads nothing twice" {
    local walk ttl=2 expired
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 30 4)
    mount_counted --ttl=$ttl
    rg needle "$MNT" | wc -l
    for walk in 'find . -type f -size +0' 'ls -lR' 'rg needle'; do
        (cd "$MNT" && $walk >"$BATS_TEST_TMPDIR/before")
        # All that it was told has expired, and is taken from the kernel half a second later.
        expired=$((${EPOCHREALTIME/./} + ttl * 1000000 + 700000))
        wait_until eval '((${EPOCHREALTIME/./} > expired))'
        opcodes >/dev/null
        (cd "$MNT" && $walk >"$BATS_TEST_TMPDIR/after")
        expect "$(sort "$BATS_TEST_TMPDIR/after")" "$(sort "$BATS_TEST_TMPDIR/before")" "$walk"
        opcodes >"$BATS_TEST_TMPDIR/opcodes"
        # Each folder, and its end.
        expect "$(awk '$2 == "READDIRPLUS" {print $1}' "$BATS_TEST_TMPDIR/opcodes")" 60 "$walk"
        expect "$(awk '$2 !~ /^(READDIRPLUS|LOOKUP|GETATTR)$/' "$BATS_TEST_TMPDIR/opcodes")" "" "$walk"
        (($(awk '$2 ~ /^(LOOKUP|GETATTR)$/ {sum += $1} END {print sum + 0}' "$BATS_TEST_TMPDIR/opcodes") <= 32))
    done
}

@test "a name is looked up while a listing of its folder waits for a page" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 250 2)
    mount_counted --ttl=0
    fault hold 'GET /v1/chatkit/threads\?.*after='
    in_background ls -U "$MNT"
    wait_until held 1
    # A known name (of the first page, which mounting brings) needs no request, a thread by its id
    # that thread's alone; neither waits for the page.
    timeout 5 stat "$MNT/Thread-249.cthr_00249" >/dev/null
    expect_requests 0 '/threads/'
    timeout 5 stat "$MNT/cthr_00003" >/dev/null
    expect_requests 1 '/threads/cthr_00003'
    held 1
    control POST /release >/dev/null
    ended "$READER"
    expect "$STATUS" 0
    expect "$(wc -l <"$BATS_TEST_TMPDIR/reader.out")" 250
}

@test "a thread that is found to have changed is shown as it is, whatever the kernel kept" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 130 1)
    mount_counted --ttl=3600
    # Its page of the listing has not come yet.
    grep -q '"title": "Thread 3"' "$MNT/cthr_00003/thread.json"
    grep -q '^# Thread 3$' "$MNT/cthr_00003/thread.md"
    control PATCH /threads/cthr_00003 '{"title": "Threxd 3"}' >/dev/null
    [[ $(ls "$MNT") == *Threxd-3.cthr_00003* ]]
    wait_until grep -q '"title": "Threxd 3"' "$MNT/Threxd-3.cthr_00003/thread.json"
    wait_until grep -q '^# Threxd 3$' "$MNT/Threxd-3.cthr_00003/thread.md"
}
