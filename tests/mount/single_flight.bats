# SPDX-License-Identifier: MIT
#
# However many read the same, it is asked for once; and however many wait for what fails, too.

load helper

setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 3 150)
}

# readers [OPTION] COUNT OPERATION...: see readers.py, the paths being below T; until they wait.
readers() {
    in_background python3 "$BATS_TEST_DIRNAME/readers.py" "${@/:/:"$T"/}"
    LIMIT=50 wait_until grep -qs waiting "$BATS_TEST_TMPDIR/reader.out"
}

# came_to LINES: what became of them.
came_to() {
    LIMIT=50 ended "$READER"
    expect "$STATUS" 0 "status; $(cat "$BATS_TEST_TMPDIR/reader.err")"
    expect "$(sed 1d "$BATS_TEST_TMPDIR/reader.out")" "$1"
}

# sum FILE, sum_of_names: what readers.py calls contents.
sum() {
    sha256sum <"$1" | cut -c -16
}

sum_of_names() {
    LC_ALL=C ls -1 "$T" | sha256sum | cut -c -16
}

# What all come to where that is the same.
all() {
    printf '%s\n' "$1 list Thread-1.cthr_00001 $2" "$1 read 0001-user.md $2" \
        "$1 read thread.md $2" "$1 stat 0002-assistant.json $2"
}

OPERATIONS=(read:thread.md list: read:0001-user.md stat:0002-assistant.json)

@test "a thousand processes that read one cold thread cause its requests once" {
    mount_thread
    fault hold /items
    readers 1000 "${OPERATIONS[@]}"
    expect_requests 1
    held 1
    control POST /release >/dev/null
    came_to "250 list Thread-1.cthr_00001 $(sum_of_names)
250 read 0001-user.md $(sum "$T/0001-user.md")
250 read thread.md $(sum "$T/thread.md")
250 stat 0002-assistant.json $(stat --printf %s "$T/0002-assistant.json" | sha256sum | cut -c -16)"
    expect_requests 2
    expect "$(grep -c 'and a needle' "$T/thread.md")" 150
    expect "$(ls "$T" | wc -l)" 302
    grep -q '^Word 0 of 1, and a needle.$' "$T/0001-user.md"
    expect_requests 2
}

@test "a thousand processes that wait for what fails cause the requests of one, and all are told" {
    mount_thread
    fault stall /items 'bytes: 10'
    fault status /items 'status: 500, times: null, headers: {"retry-after-ms": "1"}'
    readers 1000 "${OPERATIONS[@]}"
    held 1
    control POST /release >/dev/null
    came_to "$(all 250 EIO)"
    expect_requests 3
    expect "$(wc -l <"$LOG")" 1
    control DELETE /faults >/dev/null
    cat "$T/thread.md" >/dev/null
    expect_requests 5
}

@test "so do those who wait for what does not come within --timeout" {
    mount_thread --timeout=1
    fault hold /items 'times: null'
    readers 200 "${OPERATIONS[@]}"
    came_to "$(all 50 ETIMEDOUT)"
    expect_requests 1
}

@test "who comes while a retry waits waits for the same" {
    mount_thread
    fault status /items 'status: 503, headers: {"retry-after-ms": "1000"}'
    fault hold /items
    cat "$T/thread.md" >/dev/null 3>&- &
    started+=($!)
    wait_until eval '[[ $(requests /items) == 1 ]]'
    readers 40 "${OPERATIONS[@]}"
    wait_until held 1
    control POST /release >/dev/null
    came_to "10 list Thread-1.cthr_00001 $(sum_of_names)
10 read 0001-user.md $(sum "$T/0001-user.md")
10 read thread.md $(sum "$T/thread.md")
10 stat 0002-assistant.json $(stat --printf %s "$T/0002-assistant.json" | sha256sum | cut -c -16)"
    expect_requests 3
}

# As a program that does not give up: the others get what the first of them has had fetched anew.
@test "who was told and asks again has it fetched anew, once for all" {
    mount_thread
    fault stall /items 'bytes: 10'
    fault status /items 'status: 500, times: 2, headers: {"retry-after-ms": "1"}'
    readers --again 200 read:thread.md
    control POST /release >/dev/null
    local told
    LIMIT=50 ended "$READER"
    expect "$STATUS" 0
    told=$(sed -n "s/ read thread.md EIO, $(sum "$T/thread.md")//p" "$BATS_TEST_TMPDIR/reader.out")
    ((told >= 1))
    expect "$(awk '{ sum += $1 } END { print sum }' "$BATS_TEST_TMPDIR/reader.out")" 200
    expect "$(grep -c "$(sum "$T/thread.md")" "$BATS_TEST_TMPDIR/reader.out")" \
        $((told < 200 ? 2 : 1))
    expect_requests 5
}

@test "many that look for a thread which does not exist cause one request, and one over a new connection" {
    mount_thread
    fault hold /cthr_unknown
    in_background python3 "$BATS_TEST_DIRNAME/readers.py" 200 "stat:$MNT/cthr_unknown" \
        "list:$MNT/cthr_unknown/"
    LIMIT=50 wait_until grep -qs waiting "$BATS_TEST_TMPDIR/reader.out"
    control POST /release >/dev/null
    came_to "100 list cthr_unknown ENOENT
100 stat cthr_unknown ENOENT"
    expect_requests 2
}
