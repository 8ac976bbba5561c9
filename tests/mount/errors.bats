# SPDX-License-Identifier: MIT
# Errors while mounted: an errno that fits, one line in the log, and never a short listing.

load helper

setup_file() {
    start_sandbox --generate 250x120
    # A thread of the first page whose items take two, and how many it has.
    read -r THREAD ITEMS < <(account '[.[-95:][] | select(.items | length > 100)][-1]
        | .thread.id + " " + (.items | length | tostring)')
    export THREAD ITEMS
}

thread() {
    echo "$MNT/$THREAD"
}

# logged REGEX: the log has one line, which matches and tells no key.
logged() {
    wait_until test -s "$LOG"
    expect "$(wc -l <"$LOG")" 1 "lines of the log: $(cat "$LOG")"
    grep -qE "^chatkitfs: .*$1" "$LOG" || expect "$(cat "$LOG")" "chatkitfs: … $1"
    run -1 grep -F "$KEY" "$LOG"
}

# fails_with ERRNO REGEX: what comes of the fault when items are listed and when they are read.
# The log has one line with the regex, and once the fault is over everything is there.
fails_with() {
    expect_errno "$1" list "$(thread)/"
    logged "$2"
    expect_errno "$1" open "$(thread)/thread.md"
    control DELETE /faults >/dev/null
    expect_errno ok list "$(thread)/"
    expect_errno ok open "$(thread)/thread.md"
}

# unreadable BODY: the same for a page of items with that body.
unreadable() {
    fault body /items "times: null, body: $1"
    mount_in_foreground
    fails_with EIO 'check that OPENAI_BASE_URL'
}

# part_way KIND [FIELDS]: the second page of the threads fails, for readers too, and only that.
part_way() {
    fault "$1" 'threads[?].*after=' "${2:-}"
    mount_in_foreground
    python3 - "$MNT" <<'END'
import os, sys
names = []
try:
    for entry in os.scandir(sys.argv[1]):
        names.append(entry.name)
except OSError:
    assert len(names) == 100, len(names)
else:
    raise SystemExit(f"a listing of {len(names)} threads that ended as if it were whole")
END
}

# All 250 threads, once, with the mount that has seen the failure.
all_threads() {
    expect "$(ls -U "$MNT" | sed 's/.*\.//')" "$(account 'reverse | .[].thread.id')"
}

@test "401 is EACCES" {
    fault status /items 'status: 401, times: null'
    mount_in_foreground
    fails_with EACCES 'listing the items of cthr_.*401.*: check OPENAI_API_KEY'
}

@test "403 is EACCES" {
    fault status /items 'status: 403, times: null'
    mount_in_foreground
    fails_with EACCES '403.*: check OPENAI_API_KEY'
}

@test "404 of a thread's items is ENOENT to who opens a file" {
    fault status /items 'status: 404, times: null'
    mount_in_foreground
    expect_errno ENOENT open "$(thread)/thread.md"
    logged '404.*: it may have been deleted'
}

# To a reader of a folder ENOENT would be the end of it: readdir(3) takes it for one.
@test "404 of a thread's items is no empty folder" {
    fault status /items 'status: 404, times: null'
    mount_fs
    run errno_of list "$(thread)/"
    [[ $output == E* ]] || expect "$output" "an error"
}

@test "404 of a thread's second page is no short folder" {
    fault status 'items[?].*after=' 'status: 404, times: null'
    mount_fs
    run errno_of list "$(thread)/"
    [[ $output == E* ]] || expect "$output" "an error"
}

@test "404 of the threads' second page is no short listing" {
    part_way status 'times: 2, status: 404'
    all_threads
}

@test "400 is EIO" {
    fault status /items 'status: 400, times: null'
    mount_in_foreground
    fails_with EIO '400.*: check OPENAI_BASE_URL'
}

@test "429 is EAGAIN, after retries" {
    fault status /items 'status: 429, times: null, headers: {"retry-after-ms": "1"}'
    mount_in_foreground
    expect_errno EAGAIN list "$(thread)/"
    (($(requests /items) > 1))
    fails_with EAGAIN '429.*: wait a little'
}

@test "500 is EIO, after retries" {
    fault status /items 'status: 500, times: null, headers: {"retry-after-ms": "1"}'
    mount_in_foreground
    expect_errno EIO list "$(thread)/"
    (($(requests /items) > 1))
    fails_with EIO '500.*: the server has a problem'
}

@test "429, 500 or a broken connection once is not seen at all" {
    mount_in_foreground
    fault status /items 'status: 429, headers: {"retry-after-ms": "1"}'
    fault status /items 'status: 503, skip: 1, headers: {"retry-after-ms": "1"}'
    fault close /items 'skip: 2'
    expect "$(ls "$(thread)/" | grep -c md)" $((ITEMS + 1))
    expect "$(cat "$LOG")" ""
}

@test "no answer within --timeout is ETIMEDOUT" {
    fault hold /items 'times: null'
    mount_in_foreground --timeout=1
    expect_errno ETIMEDOUT list "$(thread)/"
    control DELETE /faults >/dev/null
    control POST /release >/dev/null
    expect_errno ok list "$(thread)/"
}

@test "what timed out is in the log when it did" {
    fault hold /items 'times: null'
    mount_in_foreground --timeout=1
    expect_errno ETIMEDOUT list "$(thread)/"
    LIMIT=2 logged ': check the network, or raise --timeout'
}

@test "no answer within --timeout is ETIMEDOUT for a lookup" {
    fault hold /cthr_unknown
    mount_in_foreground --timeout=1
    expect_errno ETIMEDOUT stat "$MNT/cthr_unknown"
}

@test "a server that is gone is ECONNREFUSED" {
    start_sandbox
    mount_in_foreground --timeout=1
    kill -KILL "$SANDBOX_PID"
    wait_until gone "$SANDBOX_PID"
    expect_errno ECONNREFUSED list "$MNT/$(account '.[-1].thread.id')/"
    logged ': check that the server runs'
    expect_errno ok open "$MNT/$(account '.[-1].thread.id')/thread.json"
    expect_errno ECONNREFUSED stat "$MNT/cthr_unknown"
}

@test "HTML is EIO" {
    unreadable '"<!DOCTYPE html><html><body>Sign in to this network</body></html>"'
}

@test "JSON that ends early is EIO" {
    unreadable '"{\"object\": \"list\", \"data\": [{\"id\": \"cthi_1\"}"'
}

@test "an empty answer is EIO" {
    unreadable '""'
}

@test "JSON of the wrong shape is EIO" {
    mount_in_foreground
    local body
    for body in '[]' '"null"' '7' '{}' '{data: {}, has_more: false}' '{data: null, has_more: false}' \
        '{data: []}' '{data: [], has_more: "no"}' '{data: [], has_more: null}' \
        '{data: [{id: "cthi_1"}], has_more: true, last_id: 7}'; do
        fault body /items "times: 2, body: $body"
        expect_errno EIO list "$(thread)/"
    done
    run -1 grep -v '^chatkitfs: listing the items of .*: check that OPENAI_BASE_URL' "$LOG"
    expect_errno ok list "$(thread)/"
}

@test "a page of threads that ends with one without an id, and no cursor, is EIO" {
    part_way patch 'patch: {data: [{id: "cthr_1"}, {title: "no id"}], last_id: null}'
    logged 'more and not from where.*: check that OPENAI_BASE_URL'
    all_threads
}

@test "an answer that breaks off is EIO" {
    fault truncate /items 'bytes: 1000, times: null'
    mount_in_foreground --timeout=1
    fails_with EIO ': check the network'
}

@test "a connection that is closed without an answer is EIO" {
    fault close /items 'times: null'
    mount_in_foreground --timeout=1
    fails_with EIO ': check the network'
}

@test "a connection that is reset is EIO" {
    fault reset /items 'times: null'
    mount_in_foreground --timeout=1
    fails_with EIO ': check the network'
}

@test "an answer that is not HTTP is EIO" {
    fault raw /items "times: null, raw: \"$(base64 -w 0 <<<'220 mail.example.com ESMTP')\""
    mount_in_foreground --timeout=1
    fails_with EIO ': check'
}

@test "a redirect is not followed: EIO, and the key goes nowhere" {
    fault status /items "status: 302, times: null, headers: {location: \"$SANDBOX/../v1/elsewhere\"}"
    mount_in_foreground
    fails_with EIO '302.*: check that OPENAI_BASE_URL'
    expect_requests 0 elsewhere
}

@test "errors of a lookup: 401, 404, 500" {
    mount_in_foreground
    fault status cthr_a 'status: 401'
    fault status cthr_b 'status: 404'
    fault status cthr_c 'status: 500, headers: {"x-should-retry": "false"}'
    expect_errno EACCES stat "$MNT/cthr_a"
    expect_errno ENOENT stat "$MNT/cthr_b"
    expect_errno EIO stat "$MNT/cthr_c"
    # That a thread does not exist is an answer; the other two are failures.
    expect "$(grep -c '^chatkitfs: retrieving thread cthr_[ac]: ' "$LOG")" 2
    expect "$(wc -l <"$LOG")" 2
}

@test "a failed lookup is not remembered" {
    mount_fs
    local id
    id=$(account '.[0].thread.id')
    fault status "$id" 'status: 500, headers: {"x-should-retry": "false"}'
    expect_errno EIO stat "$MNT/$id"
    expect_errno ok stat "$MNT/$id"
}

@test "another thread than the one that was asked for is EIO" {
    mount_fs
    fault body cthr_asked 'times: 2, body: {id: "cthr_sent"}'
    expect_errno EIO stat "$MNT/cthr_asked"
    fault body cthr_asked 'body: {id: "cthr_asked"}'
    expect_errno ok stat "$MNT/cthr_asked"
}

@test "the same failure again and again is one line of the log" {
    fault status /items 'status: 403, times: null'
    mount_in_foreground
    local id
    id=$(thread)
    expect_errno EACCES list "$id/"
    expect_errno EACCES list "$id/"
    expect_errno EACCES list "$id/"
    logged 403
}

@test "a key that the server repeats is not in the log" {
    fault status /items "status: 400, body: {error: {message: \"What is $KEY for?\"}}"
    mount_in_foreground
    expect_errno EIO list "$(thread)/"
    logged 'What is \[key\] for'
}

@test "a server's words can't break the log's lines" {
    fault status /items 'status: 400, body: {error: {message: "one\ntwo\u001b[2J\u0000three"}}'
    mount_in_foreground
    expect_errno EIO list "$(thread)/"
    logged 'one two'
    run -1 grep -P '\x1b' "$LOG"
}

@test "a listing whose second page fails ends with the error, and later goes on where it was" {
    part_way status 'status: 500, headers: {"x-should-retry": "false"}'
    logged 'listing threads: .*500'
    expect_requests 2
    all_threads
    expect_requests 4
    expect_requests 1 "limit=100&order=desc$"
}

@test "find, ls and grep tell of a listing that fails part-way" {
    fault status 'threads[?].*after=' 'status: 403, times: null'
    mount_fs
    local command
    for command in 'ls -U' 'ls -1f' 'find' 'grep -rs --include=thread.json zzz'; do
        run timeout "$LIMIT" $command "$MNT"
        ((status > 0))
        [[ $command == grep* || $output == *"Permission denied"* ]]
    done
    control DELETE /faults >/dev/null
    all_threads
}

@test "so does a thread's listing: the error, then the rest without a page again" {
    fault status 'items[?].*after=' 'status: 500, headers: {"x-should-retry": "false"}'
    mount_in_foreground
    expect_errno EIO list "$(thread)/"
    expect_requests 2 /items
    expect "$(ls "$(thread)/" | grep -c '^[0-9]*-.*md$')" "$ITEMS"
    expect_requests 1 'items[?]limit=100&order=asc$'
}

@test "thread.md is never shorter than the conversation" {
    fault status 'items[?].*after=' 'status: 500, headers: {"x-should-retry": "false"}'
    mount_in_foreground
    expect_errno EIO open "$(thread)/thread.md"
    expect "$(grep -c '^## ' "$(thread)/thread.md")" "$ITEMS"
}

@test "a user's listing that fails part-way fails, and later is whole" {
    fault status 'user=user_ada' 'status: 500, headers: {"x-should-retry": "false"}'
    mount_fs --group-by=user
    expect_errno EIO list "$MNT/user_ada"
    expect "$(ls "$MNT/user_ada" | wc -l)" \
        "$(account '[.[].thread | select(.user == "user_ada")] | length')"
}

@test "cursors that go in a circle are EIO, not an endless listing" {
    part_way patch "patch: {last_id: \"$(account 'reverse | .[99].thread.id')\"}"
    logged 'circle.*: check that OPENAI_BASE_URL'
    expect_requests 2
    all_threads
}

@test "so are those of items" {
    local first
    first=$(account ".[] | select(.thread.id == \"$THREAD\") | .items[99].id")
    fault patch 'items[?].*after=' "times: null, patch: {last_id: \"$first\", has_more: true}"
    mount_in_foreground
    expect_errno EIO list "$(thread)/"
    logged circle
    expect_requests 2 /items
}

@test "a page that says there is more and holds nothing is EIO, of threads" {
    part_way body 'times: 2, body: {object: "list", data: [], first_id: null, last_id: null, has_more: true}'
    logged 'more and sends nothing'
    all_threads
}

@test "a page that says there is more and holds nothing is EIO, of items" {
    unreadable '{object: "list", data: [], first_id: null, last_id: null, has_more: true}'
}

@test "a cursor whose thread was deleted fails the listing once, then it is whole" {
    start_sandbox --generate 250x0
    mount_in_foreground
    control DELETE "/threads/$(account 'reverse | .[99].thread.id')" >/dev/null
    expect_errno EIO list "$MNT"
    logged '400'
    # What was listed before stays known, the deleted thread as well.
    all_threads
}

@test "what fails for every folder alike is logged once" {
    local folder
    mount_in_foreground
    fault status /items 'status: 401, times: null'
    for folder in "$MNT"/*; do
        expect_errno EACCES list "$folder"
    done
    logged '401.*: check OPENAI_API_KEY'
}

@test "what fails for each folder in its own way is logged ten times a minute" {
    local folder
    mount_in_foreground
    fault body /items 'times: null, body: "<html>"'
    for folder in $(ls -U "$MNT" | head -n 15); do
        expect_errno EIO list "$MNT/$folder"
    done
    expect "$(grep -c 'check that OPENAI_BASE_URL' "$LOG")" 10
}
