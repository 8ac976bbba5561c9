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

# at_most LIMIT COMMAND...: the command's walk takes no more requests of the kernel than that; else the status
# is 3, and $pages says how many pages of its cache they are for.
at_most() {
    local limit=$1 asked count
    shift
    opcodes >/dev/null
    "$@" || return 1
    asked=$(opcodes)
    count=$(awk '{ n += $1 } END { print n + 0 }' <<<"$asked")
    echo "$*: $count requests of the kernel"
    if ((count > limit)); then
        printf '%s\nmore than %s\n' "$asked" "$limit" >&2
        pages=$(pages_of 0 <<<"$asked")
        return 3
    fi
}

# pages_of LISTED <OPCODES: of all requests but for so many that list folders, which take one more at the end.
pages_of() {
    awk -v "listed=$1" '$2 == "READDIRPLUS" { n += ($1 - listed) / 2; next } { n += $1 }
        END { print int(n) }'
}

# How many pages the kernel had given up, and has brought in again.
refaults() {
    awk '/^workingset_refault(_file)? / { n += $2 } END { print n + 0 }' /proc/vmstat
}

# Runs COMMAND, and once more if it ended with 3 and the kernel had given up at least $pages pages: where memory
# is short or, as on virtual machines with DAMON, is kept free of what nobody has used for a while.
with_pages_kept() {
    local tries before status pages
    for ((tries = 5; tries > 0; tries--)); do
        before=$(refaults) status=0
        "$@" || status=$?
        ((status == 3)) || return "$status"
        # Each processor adds what it has counted once a second.
        LIMIT=3 wait_until eval '(($(refaults) >= before + pages))' || return "$status"
        echo "the kernel had given up pages: once more"
    done
    return "$status"
}

# warm COMMAND...: a walk through what another one has seen asks for nothing.
warm() {
    with_pages_kept at_most 5 "$@"
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
    warm walk_find
    warm walk_find_size
    warm walk_ls
    warm walk_du
}

@test "a cold ls -lR asks for each folder, a warm one for nothing" {
    mount_counted --ttl=3600
    at_most $((2 * THREADS + 20)) walk_ls
    warm walk_ls
    warm walk_find
}

@test "a cold grep -r asks three times for each thread, a warm grep, rg or git grep for nothing" {
    mount_counted --ttl=3600
    at_most 3100 walk_grep
    warm walk_grep
    # What rg and git look for besides, once: ignore files of each folder.
    walk_rg
    walk_git_grep
    warm walk_rg
    warm walk_git_grep
    warm walk_grep
    # Threads in pages of 100, read from both ends, and one more since these are neighbours.
    expect_requests $((THREADS / 100 + 1 + THREADS))
}

# What COMMAND asks for, in $MNT, once the ttl has passed: not for what its listing brings with it, the files'
# attributes, nor for what has been read.
after_the_ttl() {
    # All that it was told has expired, and is taken from the kernel half a second later.
    local expired=$((${EPOCHREALTIME/./} + TTL * 1000000 + 700000))
    local asked=$BATS_TEST_TMPDIR/opcodes others
    wait_until eval "((\${EPOCHREALTIME/./} > $expired))" || return 1
    opcodes >/dev/null
    (cd "$MNT" && "$@" >"$BATS_TEST_TMPDIR/after") || return 1
    opcodes >"$asked"
    expect "$(sort "$BATS_TEST_TMPDIR/after")" "$(sort "$BATS_TEST_TMPDIR/before")" "$*" || return 1
    (($(awk '$2 ~ /^(LOOKUP|GETATTR)$/ {n += $1} END {print n + 0}' "$asked") <= 32)) || return 1
    # Each folder of a thread, and its end.
    others=$(grep -vE ' (LOOKUP|GETATTR)$' "$asked")
    expect "$(xargs <<<"$others")" "60 READDIRPLUS" "$*" && return
    pages=$(pages_of 60 <<<"$others")
    ((pages > 0)) && return 3
}

@test "after the ttl a walk looks up and lists each folder again, and reads nothing twice" {
    local walk TTL=2
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 30 4)
    mount_counted --ttl=$TTL
    rg needle "$MNT" | wc -l
    for walk in 'find . -type f -size +0' 'ls -lR' 'rg needle .'; do
        (cd "$MNT" && $walk >"$BATS_TEST_TMPDIR/before")
        with_pages_kept after_the_ttl $walk
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
