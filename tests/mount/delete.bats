# SPDX-License-Identifier: MIT
#
# Deleting threads: by chatkitfs --delete, in a mount with --allow-delete. Nothing else deletes, see
# habits.bats.

load helper

# A server for each test, since nothing comes back: 20 threads of 3 items each, of 10 users.
setup() {
    MNT=$BATS_TEST_TMPDIR/mnt
    LOG=$BATS_TEST_TMPDIR/log
    mkdir "$MNT"
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 20 3)
    watchdog 3>&- &
    started+=($!)
    T=$MNT/Thread-7.cthr_00007
    OTHERS=$(account '.[].thread.id | select(. != "cthr_00007")')
}

# The threads that the server has, oldest first.
on_server() {
    control GET /account | jq -r '.[].thread.id'
}

# shows IDS: the mount lists just these threads, in whatever order.
shows() {
    expect "$(ls "$MNT" | ids | sort)" "$(sort <<<"$1")" "folders"
}

# Thread 7 is gone everywhere, nothing else is, and the server was asked for that once.
only_7_is_gone() {
    expect "$(on_server)" "$OTHERS" "threads on the server"
    shows "$OTHERS"
    expect_errno ENOENT stat "$T"
    expect_errno ENOENT lstat "$MNT/cthr_00007"
    expect_requests 1 ^DELETE
    expect_requests 1 '^DELETE /v1/chatkit/threads/cthr_00007$'
}

# All threads are there, whatever was asked for.
all_are_there() {
    expect "$(on_server)" "$(account '.[].thread.id')" "threads on the server"
    shows "$(account '.[].thread.id')"
    expect "$(ls "$T" | wc -l)" 8 "files"
}

# Nothing is gone, and nothing was asked for.
nothing_is_gone() {
    all_are_there
    expect_requests 0 ^DELETE
}

# logged REGEX: a line of the log matches.
logged() {
    wait_until grep -qE "^chatkitfs: .*$1" "$LOG"
}

# deletes ARGUMENT...: without a question, and without an error.
deletes() {
    quiet "$CHATKITFS" --delete --yes "$@"
}

# refuses REGEX ARGUMENT...: --delete fails, and what it writes on standard error matches.
refuses() {
    local regex=$1
    shift
    run -1 --separate-stderr "$CHATKITFS" --delete "$@" </dev/null
    [[ $stderr =~ ^chatkitfs:\ $regex ]] || expect "$stderr" "chatkitfs: $regex"
}

# on_terminal [SHOWN KEYS]... -- COMMAND...: see terminal.py; what it shows is $output.
on_terminal() {
    run env LIMIT="$LIMIT" python3 "$BATS_TEST_DIRNAME/terminal.py" "$@"
}

# deletes_slowly THREAD ARGUMENT...: in the background. All have been looked at, and the server holds
# the request to delete that one.
deletes_slowly() {
    fault hold "^DELETE .*$1"
    shift
    in_background "$CHATKITFS" --delete --yes "$@"
    wait_until held 1
}

# ends_with STATUS [REGEX]: it goes on to its end, and what it wrote on standard error matches.
ends_with() {
    ended "$READER"
    local said
    said=$(<"$BATS_TEST_TMPDIR/reader.err")
    expect "$STATUS" "$1" "status after: $said"
    [[ $said =~ ^${2:-}$ ]] || expect "$said" "${2:-}"
}

# --- What is deleted -------------------------------------------------------------------------

@test "a thread's folder is deleted, with one request to look at it and one to delete it" {
    mount_in_foreground --allow-delete
    deletes "$T"
    expect "$output" "cthr_00007  begun 2023-11-15T00:10:00Z, newest item 2023-11-15T00:10:02Z, 3 items, user user_7: Thread 7
deleted cthr_00007: Thread 7"
    expect_requests 3 # the threads, and these
    only_7_is_gone
    logged 'thread cthr_00007 has been deleted, for chatkitfs\[[0-9]+\]$'
    refuses "$T: No such file or directory; nothing was deleted" --yes "$T"
    expect_requests 1 ^DELETE
}

@test "the folder may be named in any way that leads to it, and counts once" {
    mount_fs --allow-delete
    ln -s "$MNT/cthr_00007" "$BATS_TEST_TMPDIR/link"
    cd "$T"
    deletes . "$T/" "$MNT/cthr_00007" "../${T##*/}" "$BATS_TEST_TMPDIR/link"
    expect "${#lines[@]}" 2
    cd /
    only_7_is_gone
    cd "$MNT"
    deletes -- cthr_00008 Thread-9.cthr_00009/
    cd /
    expect "$(on_server)" "$(grep -v -e 00008 -e 00009 <<<"$OTHERS")"
}

@test "many threads are deleted one by one, and all of them" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 230 1)
    mount_fs --allow-delete --page-size=50
    deletes "$MNT"/Thread-1*
    expect "$(on_server | wc -l)" 119
    shows "$(on_server)"
    deletes "$MNT"/*
    expect "$(on_server)" ""
    shows ""
    expect_requests 230 ^DELETE
}

@test "threads of several mounts are deleted in one call" {
    mount_fs --allow-delete --user=user_7
    local other=$BATS_TEST_TMPDIR/other
    mkdir "$other"
    "$CHATKITFS" --allow-delete --group-by=user "$other" 3>&-
    # Both mounts show one of them: it is gone when the second is asked.
    deletes "$T" "$other/user_8/cthr_00008" "$other/user_7/cthr_00007"
    expect "$(grep -c ^deleted <<<"$output")" 3
    expect "$(on_server)" "$(grep -v 00008 <<<"$OTHERS")"
}

@test "a user's folder goes with its last thread" {
    mount_fs --allow-delete --group-by=user
    deletes "$MNT/user_8/Thread-8.cthr_00008"
    expect "$(ls "$MNT/user_8")" Thread-18.cthr_00018
    deletes "$MNT"/user_8/*
    expect_errno ENOENT stat "$MNT/user_8"
    expect "$(ls "$MNT" | wc -l)" 9
}

@test "all items are counted where they are more than a page" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 8 25)
    mount_fs --allow-delete --page-size=10
    quiet "$CHATKITFS" --delete --dry-run "$T"
    [[ $output == *", 25 items, "* ]]
    expect_requests 4 /items # the newest page, then all of them
    quiet "$CHATKITFS" --delete --dry-run "$T"
    [[ $output == *", 25 items, "* ]]
    expect_requests 5 /items
}

@test "a page that is too large is asked for in smaller ones" {
    start_sandbox_with < <(jq -n '{thread: {id: "cthr_1"}, items: [range(3) | {id: "cthi_\(.)",
        type: "chatkit.user_message", created_at: (1700000000 + .),
        content: [{type: "input_text", text: ("x" * 7000000)}]}]}')
    mount_fs --allow-delete --page-size=4
    quiet "$CHATKITFS" --delete --dry-run "$MNT/cthr_1"
    [[ $output == *"newest item 2023-11-14T22:13:22Z, 3 items, "* ]]
}

@test "who reads a thread that is deleted gets ESTALE" {
    mount_fs --allow-delete
    exec {file}<"$T/thread.md"
    deletes "$T"
    # As soon as the kernel has dropped what it had of it.
    wait_until eval '[[ $(read_again 2>&1) == *"Stale file handle"* ]]'
    exec {file}<&-
    only_7_is_gone
}

# The beginning of what is open as $file.
read_again() {
    python3 -c 'import os, sys; os.pread(int(sys.argv[1]), 10, 0)' "$file"
}

@test "a cache has it no more either" {
    mount_fs --allow-delete --cache-dir="$BATS_TEST_TMPDIR/cache"
    cat "$T/thread.md" >/dev/null
    deletes "$T"
    unmount
    mount_fs --offline --cache-dir="$BATS_TEST_TMPDIR/cache"
    shows "$OTHERS"
    expect_errno ENETUNREACH stat "$T" # as any other that it does not know
}

# Its listing had been read up to that thread.
@test "the next mount of the cache lists on where the thread was" {
    local last
    last=$(account '.[-5].thread.id')
    mount_fs --allow-delete --page-size=5 --cache-dir="$BATS_TEST_TMPDIR/cache"
    deletes "$MNT/$last"
    unmount
    mount_in_foreground --page-size=5 --cache-dir="$BATS_TEST_TMPDIR/cache"
    shows "$(account '.[].thread.id' | grep -v "$last")"
    expect "$(<"$LOG")" ""
}

@test "a listing that still has it for a while does not bring it back" {
    mount_fs --allow-delete
    local page
    page=$(curl -sS --noproxy '*' -H "Authorization: Bearer $KEY" -H 'OpenAI-Beta: chatkit_beta=v1' \
        "$OPENAI_BASE_URL/chatkit/threads?limit=100")
    deletes "$T"
    fault body '^GET /v1/chatkit/threads\?' "times: null, body: $page"
    "$CHATKITFS" --refresh "$MNT"
    only_7_is_gone
    fault body '^GET /v1/chatkit/threads/cthr_00007$' \
        "times: null, body: $(account '.[] | select(.thread.id == "cthr_00007").thread | @json')"
    expect_errno ENOENT stat "$MNT/cthr_00007"
    only_7_is_gone
}

# --- What is asked first ---------------------------------------------------------------------

@test "on a terminal it asks once, and only y deletes" {
    mount_fs --allow-delete
    local answer
    for answer in 'n\r' '\r' '\x04' 'no\r' 'yet\r'; do
        on_terminal 'Delete 1 thread for good\? \[y/N\] $' "$answer" -- "$CHATKITFS" --delete "$T"
        expect "$status" 1 "status after $answer"
        [[ $output == *"chatkitfs: nothing was deleted"* ]] || expect "$output" "…nothing was deleted"
    done
    nothing_is_gone
    on_terminal 'Delete 1 thread for good\? \[y/N\] $' 'y\r' -- "$CHATKITFS" --delete "$T"
    expect "$status" 0
    only_7_is_gone
    on_terminal 'Delete 2 threads for good\? \[y/N\] $' 'Yes\r' -- \
        "$CHATKITFS" --delete "$MNT/cthr_00008" "$MNT/cthr_00009"
    expect "$status" 0
    expect "$(on_server | wc -l)" 17
}

@test "^C at the question deletes nothing, and says so" {
    mount_fs --allow-delete
    on_terminal 'good\? \[y/N\] $' '\x03' -- "$CHATKITFS" --delete "$T"
    expect "$status" 254 # as Python tells SIGINT, which ends it
    [[ $output == *"chatkitfs: interrupted: nothing was deleted"* ]] || expect "$output" "…interrupted…"
    nothing_is_gone
}

@test "where there is no terminal it takes --yes" {
    mount_fs --allow-delete
    refuses 'nothing was deleted: there is no terminal to ask on; give --yes' "$T"
    run -1 bash -c 'yes | "$0" --delete "$1"' "$CHATKITFS" "$T"
    # What it shows must be seen.
    on_terminal -- sh -c '"$0" --delete "$1" | cat' "$CHATKITFS" "$T"
    [[ $output == *"there is no terminal to ask on"* ]]
    expect_requests 1
    nothing_is_gone
}

@test "--dry-run shows what would be deleted, and deletes nothing" {
    mount_fs --allow-delete
    quiet "$CHATKITFS" --delete --dry-run --yes "$T" "$MNT/cthr_00008"
    expect "${lines[2]}" "2 threads would be deleted"
    nothing_is_gone
}

@test "what was shown is deleted, whatever its path leads to by then" {
    mount_fs --allow-delete --ttl=0
    local link=$BATS_TEST_TMPDIR/link
    ln -s "$MNT/cthr_00007" "$link"
    deletes_slowly 00008 "$MNT/cthr_00008" "$link"
    ln -sfn "$MNT/cthr_00009" "$link"
    control PATCH /threads/cthr_00007 '{"title": "Another"}' >/dev/null
    ls "$MNT" >/dev/null
    control POST /release >/dev/null
    ends_with 0
    expect "$(tail -n 1 "$BATS_TEST_TMPDIR/reader.out")" "deleted cthr_00007: Thread 7"
    expect "$(on_server)" "$(grep -v 00008 <<<"$OTHERS")"
}

@test "titles and users can't drive the terminal, nor make up lines" {
    start_sandbox_with <<'END'
{"thread": {"id": "cthr_1", "title": "a\u001b[2Jb\nDelete\tc\u202ed\u0085e\u2028f", "user": "u\u0007\r\n\u001b]0;x\u0007"}, "items": []}
END
    mount_fs --allow-delete
    deletes "$MNT/cthr_1"
    expect "$output" "cthr_1  begun at an unknown time, 0 items, user u␇␍␊␛]0;x␇: a␛[2Jb␊Delete␉c␦d�e␦f
deleted cthr_1: a␛[2Jb␊Delete␉c␦d�e␦f"
}

@test "a long title is cut, to a whole character" {
    start_sandbox_with < <(jq -n '{thread: {id: "cthr_1", title: ("日" * 200)}, items: []}')
    mount_fs --allow-delete
    deletes "$MNT/cthr_1"
    expect "${lines[1]}" "deleted cthr_1: $(printf '日%.0s' {1..85})"
}

# --- What is no thread's folder --------------------------------------------------------------

@test "what is not a thread's folder is an error before anything is deleted" {
    mount_fs --allow-delete --group-by=user
    T=$MNT/user_7/Thread-7.cthr_00007
    local path
    for path in "$MNT" "$MNT/user_7" "$MNT/user_7/" "$MNT/.chatkitfs"; do
        refuses "$path: .*; nothing was deleted$" --yes "$T" "$path"
    done
    refuses "$MNT: it is not the folder of a thread" --yes "$MNT"
    refuses "$T/thread.md: it is no folder" --yes "$T" "$T/thread.md"
    refuses "$T/0001-user.json/: it is no folder" --yes "$T" "$T/0001-user.json/"
    refuses "$MNT/cthr_nobody: No such file or directory" --yes "$T" "$MNT/cthr_nobody"
    refuses "$BATS_TEST_TMPDIR: no chatkitfs of this version serves it" --yes "$T" "$BATS_TEST_TMPDIR"
    refuses '/proc: no chatkitfs' --yes /proc
    refuses '--delete: one of the folders has no name' --yes "$T" ''
    refuses 'a␊b: No such file' --yes $'a\nb'
    expect_requests 0 ^DELETE
    expect "$(on_server)" "$(account '.[].thread.id')"
}

@test "without --allow-delete it says how, and deletes nothing" {
    mount_fs
    refuses "$T: the mount deletes nothing; unmount it, and mount it with --allow-delete, and without --offline; nothing was deleted$" --yes "$T"
    refuses "$MNT: the mount deletes nothing" --yes --idle-for=1d "$MNT"
    refuses "$T: the mount deletes nothing" --dry-run "$T"
    nothing_is_gone
}

@test "options that do not fit together" {
    mount_fs --allow-delete
    refuses '--delete needs the folders of threads$' --yes
    refuses '--delete knows no --user, ' --yes --user=user_7 "$T"
    refuses '--delete knows no --since, ' --yes --idle-for=1d --since=7d "$MNT"
    refuses '.*--delete contradict one another' --yes --sync "$T"
    refuses '--idle-for takes one mountpoint' --yes --idle-for=1d "$MNT" "$MNT"
    refuses 'unknown option --dryrun; did you mean --dry-run' --dryrun "$T"
    local age
    for age in '' = =x =30 =0d =2023-01-01 =-1d =1y; do
        refuses '--idle-for needs an age' --yes "--idle-for$age" "$MNT"
    done
    local option
    for option in --yes --dry-run --idle-for=1d; do
        run -1 "$CHATKITFS" "$option" "$MNT"
        expect "$output" "chatkitfs: --yes, --dry-run and --idle-for belong to --delete"
    done
    nothing_is_gone
}

@test "another user can't, though allow_other lets everybody in" {
    ((EUID == 0)) || return 0 # nobody else can be another user
    mount_fs --allow-delete -o allow_other
    run as_another_user "$MNT" 'ls /mnt/cthr_00007/
        "$0" --delete --yes /mnt/cthr_00007
        "$0" --delete --yes --idle-for=1d /mnt'
    [[ $output == *"thread.md"*"chatkitfs: /mnt/cthr_00007: only the user who mounted it can delete there; nothing was deleted"*"chatkitfs: /mnt: only the user"* ]] ||
        expect "$output" "…only the user who mounted it can delete there…"
    nothing_is_gone
}

@test "--check tells whether threads can be deleted, and -o ro changes nothing" {
    run "$CHATKITFS" --check -o ro,allow_delete
    [[ $output == *$'\ndeleting       chatkitfs --delete may delete threads, for good'* ]]
    run "$CHATKITFS" --check
    [[ $output == *$'\ndeleting       nothing can be deleted'* ]]
    mount_fs -o ro,allow_delete
    expect "$(findmnt -no OPTIONS "$MNT" | cut -d , -f 1)" ro
    deletes "$T"
    only_7_is_gone
}

# --- When it fails ---------------------------------------------------------------------------

# fails_with REGEX: the thread is not deleted for that reason, which the log has as well.
fails_with() {
    refuses "cthr_00007 is not deleted: deleting thread cthr_00007: $1.*
chatkitfs: 0 of 1 thread deleted" --yes "$T"
    logged "deleting thread cthr_00007: $1"
    control DELETE /faults >/dev/null
    all_are_there
}

# The same as only_7_is_gone after so many requests that failed.
only_7_is_gone_after() {
    expect_requests $((1 + $1)) ^DELETE
    expect "$(on_server)" "$OTHERS"
    shows "$OTHERS"
}

@test "a key that may not delete: it says so, and so does the log" {
    mount_in_foreground --allow-delete
    fault status ^DELETE 'times: null, status: 403'
    fails_with 'the server answered 403 .*to delete one, write'
    deletes "$T"
    only_7_is_gone_after 1
}

@test "it goes on after a thread that can't be deleted, and its status says so" {
    mount_fs --allow-delete
    fault status '^DELETE .*cthr_00007' 'times: null, status: 403'
    refuses 'cthr_00007 is not deleted: .*403.*
chatkitfs: 2 of 3 threads deleted$' --yes "$MNT/cthr_00008" "$T" "$MNT/cthr_00009"
    expect "$(grep ^deleted <<<"$output")" "deleted cthr_00008: Thread 8
deleted cthr_00009: Thread 9"
    expect "$(on_server)" "$(account '.[].thread.id' | grep -v -e 00008 -e 00009)"
}

@test "a thread that can't be looked at is an error before anything is deleted" {
    mount_in_foreground --allow-delete
    fault status 'cthr_00007/items' 'times: null, status: 401'
    refuses "$T: asking for the newest items of cthr_00007: the server answered 401.*: check OPENAI_API_KEY.*; nothing was deleted" \
        --yes "$MNT/cthr_00008" "$T"
    logged 'asking for the newest items of cthr_00007: the server answered 401'
    control DELETE /faults >/dev/null
    nothing_is_gone
}

@test "a server that fails is asked again, then it is an error" {
    mount_in_foreground --allow-delete --timeout=10
    fault status ^DELETE 'times: null, status: 500, headers: {"retry-after-ms": "1"}'
    fails_with 'the server answered 500'
    (($(requests ^DELETE) > 1))
    control POST /reset >/dev/null
    fault status ^DELETE 'status: 503, headers: {"retry-after-ms": "1"}'
    deletes "$T"
    only_7_is_gone_after 1
}

@test "a server that can't be reached is an error" {
    mount_fs --allow-delete
    ls "$MNT" >/dev/null
    kill "$SANDBOX_PID"
    wait_until gone "$SANDBOX_PID"
    refuses "$T: asking for the newest items of cthr_00007: .*: check that the server runs.*; nothing was deleted" --yes "$T"
}

@test "an answer that is lost is found out about" {
    mount_in_foreground --allow-delete
    fault truncate ^DELETE 'bytes: 10'
    deletes "$T"
    # The second attempt is answered 404, so the server is asked for the thread.
    only_7_is_gone_after 1
    expect_requests 4 '^GET /v1/chatkit/threads/cthr_00007$' # a 404 is asked for twice
}

@test "a thread that somebody else deletes meanwhile is gone" {
    mount_fs --allow-delete
    deletes_slowly 00008 "$MNT/cthr_00008" "$T"
    control DELETE /threads/cthr_00007 >/dev/null
    control POST /release >/dev/null
    ends_with 0
    expect "$(on_server)" "$(grep -v 00008 <<<"$OTHERS")"
    shows "$(on_server)"
}

@test "a thread that is gone already is an error before anything is deleted" {
    mount_fs --allow-delete
    ls "$MNT" >/dev/null
    control DELETE /threads/cthr_00007 >/dev/null
    refuses "$T: asking .*404.*it may have been deleted.*; nothing was deleted" --yes "$MNT/cthr_00008" "$T"
    expect_requests 0 ^DELETE
}

@test "a server that knows nothing any more loses no thread" {
    mount_fs --allow-delete
    deletes_slowly 00008 "$MNT/cthr_00008" "$T"
    fault status '' 'times: null, status: 404'
    control POST /release >/dev/null
    ends_with 1 '.*cthr_00007 is not deleted: .*the server answers 404 to everything.*1 of 2 threads deleted'
    control DELETE /faults >/dev/null
    expect "$(on_server)" "$(account '.[].thread.id' | grep -v 00008)"
    shows "$(on_server)"
}

@test "a server that does not know how to delete is an error" {
    mount_in_foreground --allow-delete
    fault status ^DELETE 'times: null, status: 404'
    fails_with 'the server shows the thread, but does not find it to delete it'
}

@test "an answer that confirms nothing is none" {
    mount_in_foreground --allow-delete
    local body
    for body in '{"id": "cthr_00007", "object": "chatkit.thread.deleted", "deleted": false}' \
        '{"id": "cthr_00008", "object": "chatkit.thread.deleted", "deleted": true}' '{}' '"no JSON"'; do
        fault body ^DELETE "times: 2, body: $body"
        refuses 'cthr_00007 is not deleted: ' --yes "$T"
        all_are_there
    done
    logged 'deleting thread cthr_00007: the server does not say that the thread has been deleted'
}

@test "^C ends it with what was deleted so far, and what was asked for goes on" {
    mount_in_foreground --allow-delete
    deletes_slowly 00007 "$MNT/cthr_00008" "$T" "$MNT/cthr_00009"
    kill -INT "$READER"
    ends_with 130 "chatkitfs: it is not known whether cthr_00007 was deleted: interrupted; chatkitfs --refresh tells
chatkitfs: interrupted: 1 of 3 threads deleted"
    control POST /release >/dev/null
    logged 'thread cthr_00007 has been deleted, for chatkitfs'
    wait_until eval '[[ ! -e $T ]]'
    expect "$(on_server)" "$(grep -v 00008 <<<"$OTHERS")"
}

@test "^C while it looks deletes nothing" {
    mount_fs --allow-delete
    ls "$MNT" >/dev/null
    fault hold /items
    in_background "$CHATKITFS" --delete --yes "$T"
    wait_until held 1
    kill -INT "$READER"
    ends_with 130 'chatkitfs: .*nothing was deleted'
    control POST /release >/dev/null
    nothing_is_gone
}

@test "^C ends what has not been asked for, or was refused" {
    mount_in_foreground --allow-delete
    fault status ^DELETE 'times: null, status: 429, headers: {"retry-after": "3"}'
    in_background "$CHATKITFS" --delete --yes "$T"
    wait_until eval '[[ $(requests ^DELETE) == 1 ]]'
    kill -INT "$READER"
    ends_with 130 '.*interrupted: 0 of 1 thread deleted'
    logged 'thread cthr_00007 is not deleted: who wanted that has gone'
    control DELETE /faults >/dev/null
    deletes "$MNT/cthr_00008" # after the pause, as any other would
    expect_requests 1 '^DELETE .*/cthr_00007$'
    expect "$(on_server)" "$(account '.[].thread.id' | grep -v 00008)"
}

@test "it waits for each no longer than --timeout" {
    mount_fs --allow-delete --timeout=1
    fault hold ^DELETE
    refuses 'it is not known whether cthr_00007 was deleted: .*: not done within 1 s.*; chatkitfs --refresh tells' \
        --yes "$T"
    control POST /release >/dev/null
    wait_until eval '[[ ! -e $T ]]'
    only_7_is_gone
}

@test "who unmounts does not wait for it" {
    mount_in_foreground --allow-delete
    deletes_slowly 00007 "$T"
    kill -TERM "$FS_PID"
    ended "$FS_PID"
    expect "$STATUS" 0
    ends_with 1 '.*cthr_00007 is not deleted: the mount has ended.*'
    not_mounted
}

@test "readers and a refresh go on while a thread is being deleted" {
    mount_fs --allow-delete --timeout=100
    cat "$T"/* >/dev/null
    deletes_slowly 00007 "$T"
    control PATCH /threads/cthr_00007 '{"title": "Another"}' >/dev/null
    quiet timeout "$LIMIT" "$CHATKITFS" --refresh "$MNT"
    quiet timeout "$LIMIT" cat "$T/thread.md"
    held 1
    control POST /release >/dev/null
    ends_with 0
    only_7_is_gone
}

@test "with --offline nothing is deleted" {
    "$CHATKITFS" --sync --cache-dir="$BATS_TEST_TMPDIR/cache"
    mount_fs --allow-delete --offline --cache-dir="$BATS_TEST_TMPDIR/cache"
    refuses "$T: the mount deletes nothing; .* without --offline; nothing was deleted" --yes "$T"
    nothing_is_gone
}

# --- Those that are idle ---------------------------------------------------------------------

# start_aged 'ID BEGUN ITEM...'...: threads, by how many days ago they began and their items came; "-": no date.
# The user of cthr_a is user_a.
start_aged() {
    start_sandbox_with < <(jq -n --argjson now "$(date +%s)" '
        def at: if . == "-" then {} else {created_at: ($now - tonumber * 86400)} end;
        [$ARGS.positional[] / " " | .[0] as $id
            | {thread: ({$id, title: $id, user: ("user" + $id[4:])} + (.[1] | at)),
               items: [.[2:] | to_entries[] | {id: "cthi\($id[4:])_\(.key)", type: "chatkit.user_message",
                   content: [{type: "input_text", text: "x"}]} + (.value | at)]}]' --args "$@")
}

# new_item THREAD
new_item() {
    control POST "/threads/$1/items" "{\"id\": \"cthi_new\", \"type\": \"chatkit.user_message\",
        \"created_at\": $(date +%s), \"content\": []}" >/dev/null
}

# idle STATUS ARGUMENT...: of those that have been idle for 30 days.
idle() {
    run "-$1" --separate-stderr "$CHATKITFS" --delete --idle-for=30d "${@:2}" "$MNT" </dev/null
}

@test "threads are idle by their newest item and by when they began" {
    start_aged 'cthr_recent 3 2' 'cthr_on 90 80 1' 'cthr_empty 60' 'cthr_edge 31 29' \
        'cthr_old 50 50 40' 'cthr_older 400 390' 'cthr_undated - 80' 'cthr_nodate 80 80 -'
    mount_fs --allow-delete
    ls "$MNT" >/dev/null
    idle 0 --dry-run
    expect "$(grep -o '^cthr_[a-z]*' <<<"$output" | sort)" $'cthr_empty\ncthr_old\ncthr_older'
    expect "$(sort <<<"$stderr")" "chatkitfs: cthr_nodate is not deleted: it, or its newest item, has no date
chatkitfs: cthr_undated is not deleted: it, or its newest item, has no date"
    expect_requests 0 ^DELETE
    # Of one that is too young itself the server is not asked.
    expect_requests 0 /cthr_recent/items
    expect_requests 1 /cthr_on/items
    idle 0 --yes
    expect "$(on_server | sort)" $'cthr_edge\ncthr_nodate\ncthr_on\ncthr_recent\ncthr_undated'
    idle 0 --yes
    expect "$output" ""
}

@test "it asks before it deletes those that are idle" {
    start_aged 'cthr_a 90 80' 'cthr_b 90 1'
    mount_fs --allow-delete
    on_terminal 'cthr_a(.|\n)*Delete 1 thread for good\? \[y/N\] $' 'n\r' -- "$CHATKITFS" --delete --idle-for=30d "$MNT"
    expect "$status" 1
    idle 1
    expect_requests 0 ^DELETE
    on_terminal 'Delete 1 thread for good\? \[y/N\] $' 'y\r' -- "$CHATKITFS" --delete --idle-for=30d "$MNT"
    expect "$status" 0
    expect "$(on_server)" cthr_b
}

@test "an age before 1970 leaves all" {
    mount_fs --allow-delete
    quiet "$CHATKITFS" --delete --yes --idle-for=999999999w "$MNT"
    nothing_is_gone
}

@test "whether a thread is idle is asked of the server, however current what is known is" {
    start_aged 'cthr_a 90 80' 'cthr_b 90 80'
    mount_fs --allow-delete --ttl=inf
    cat "$MNT"/*/thread.md >/dev/null
    new_item cthr_a
    idle 0 --yes
    expect "$(on_server)" cthr_a
}

@test "an item that comes after the question keeps its thread" {
    start_aged 'cthr_a 91 80' 'cthr_b 90 80'
    mount_fs --allow-delete
    deletes_slowly cthr_b --idle-for=30d "$MNT"
    new_item cthr_a
    control POST /release >/dev/null
    ends_with 1 'chatkitfs: cthr_a is not deleted: it has got an item meanwhile
chatkitfs: 1 of 2 threads deleted'
    expect "$(on_server)" cthr_a
}

@test "an idle thread that the server does not delete at once stays, since it may be idle no longer" {
    start_aged 'cthr_a 90 80'
    mount_fs --allow-delete
    fault status ^DELETE 'status: 503, headers: {"retry-after": "1"}'
    idle 1 --yes
    [[ $stderr == *"cthr_a is not deleted: deleting thread cthr_a: the server answered 503"* ]] ||
        expect "$stderr" "…503…"
    expect_requests 1 ^DELETE
    expect "$(on_server)" cthr_a
    idle 0 --yes
    expect "$(on_server)" ""
}

@test "a thread with known items is not idle because the server shows none" {
    start_aged 'cthr_a 90 80' 'cthr_b 90 80'
    mount_fs --allow-delete
    cat "$MNT"/*/thread.md >/dev/null
    fault body 'cthr_b/items.*order=desc' 'times: null, body: {object: "list", data: [], has_more: false}'
    idle 0 --yes
    expect "$(on_server)" cthr_b
}

@test "a long answer is read to its end" {
    mount_fs --allow-delete
    on_terminal 'good\? \[y/N\] $' 'y              no\r' -- "$CHATKITFS" --delete "$T"
    expect "$status" 1
    nothing_is_gone
}

@test "a thread of which the server does not tell stays, and the status says so" {
    start_aged 'cthr_a 90 80' 'cthr_b 90 80' 'cthr_c 90 80'
    mount_fs --allow-delete
    fault status 'cthr_b/items' 'times: null, status: 403'
    idle 1 --yes
    [[ $stderr =~ ^"chatkitfs: cthr_b.cthr_b is not deleted: asking for the newest items of cthr_b: the server answered 403".*$'\n'"chatkitfs: 2 of 2 threads deleted, and 1 could not be looked at"$ ]] ||
        expect "$stderr" "…403…2 of 2 threads deleted, and 1 could not be looked at"
    expect "$(on_server)" cthr_b
    idle 1 --dry-run
}

@test "idle threads in users' folders, and what a mount does not show" {
    start_aged 'cthr_a 90 80' 'cthr_b 60 1' 'cthr_c 60 59' 'cthr_d 80'
    mount_fs --allow-delete --group-by=user --since=70d
    idle 0 --yes
    expect "$(on_server | sort)" $'cthr_a\ncthr_b\ncthr_d'
    unmount
    mount_fs --allow-delete --user=user_a
    idle 0 --yes
    expect "$(on_server | sort)" $'cthr_b\ncthr_d'
}

@test "a listing that fails deletes nothing" {
    mount_fs --allow-delete --page-size=5
    fault status 'threads[?].*after=' 'times: null, status: 403'
    refuses "$MNT: Permission denied; nothing was deleted$" --yes --idle-for=30d "$MNT"
    control DELETE /faults >/dev/null
    refuses "$MNT/cthr_00001: it is the folder of a single thread; give the mountpoint; nothing was deleted$" \
        --yes --idle-for=1d "$MNT/cthr_00001"
    refuses "$BATS_TEST_TMPDIR: no chatkitfs" --yes --idle-for=1d "$BATS_TEST_TMPDIR"
    nothing_is_gone
}
