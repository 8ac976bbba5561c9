# SPDX-License-Identifier: MIT
#
# Whoever waits can be interrupted, and what is waited for comes all the same; whatever is waited
# for, the mount can be ended. How fast, scripts/bench measures.

load helper

setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 64 150)
}

# Whether so many operations have waited, since the mount.
have_waited() {
    [[ $(jq .cache.waited "$MNT/.chatkitfs/status") == "$1" ]]
}

# begins SIGNAL COMMAND...: in the background, to be ended by that signal; until it waits.
begins() {
    waiting=$((${waiting:-0} + 1))
    in_background "${@:2}"
    readers+=("$READER") signals+=("$1")
    wait_until have_waited "$waiting"
}

# Sends each its signal, at which it ends, whatever the server does.
all_end() {
    local i
    for i in "${!readers[@]}"; do
        kill "-${signals[i]}" "${readers[i]}"
    done
    for i in "${!readers[@]}"; do
        ended "${readers[i]}"
        expect "$STATUS" $((128 + $(kill -l "${signals[i]}"))) "${signals[i]} to reader $i"
    done
}

# begins_python SIGNAL OPERATION: the same for what Python does with an open file, in $file. To look
# at the status would have other things checked with --ttl=0.
begins_python() {
    local begun=$BATS_TEST_TMPDIR/begun.${#readers[@]}
    in_background python3 -c "import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
open('$begun', 'w').close()
$2"
    readers+=("$READER") signals+=("$1")
    wait_until test -e "$begun"
    wait_until eval '! is_running "$READER" || gone "$READER"'
}

# Whether a process does not wait, be it for its turn.
is_running() {
    local stat
    read -r stat <"/proc/$1/stat"
    [[ ${stat##*) } == R* ]]
}

# in_storm NAME SIGNAL MS RESTART OPERATION: see signals.py, what it prints being in NAME.
in_storm() {
    python3 "$BATS_TEST_DIRNAME/signals.py" "${@:2}" >"$BATS_TEST_TMPDIR/$1" \
        2>"$BATS_TEST_TMPDIR/$1.err" 3>&- &
    started+=($!)
    storms+=("$1")
}

# Until all of them have been interrupted often enough.
all_interrupted() {
    local name
    for name in "${storms[@]}"; do
        wait_until grep -q interrupted "$BATS_TEST_TMPDIR/$name"
    done
}

# came_to NAME OUTCOME
came_to() {
    wait_until eval '[[ $(wc -l <"$BATS_TEST_TMPDIR/'"$1"'") == 2 ]]'
    expect "$(sed 1d "$BATS_TEST_TMPDIR/$1")" "$2" "$1"
}

# sum COMMAND...: what readers.py prints for these bytes.
sum() {
    "$@" | sha256sum | cut -c -16
}

# --- ^C and SIGKILL --------------------------------------------------------------------------

@test "^C and SIGKILL end who looks up, lists or opens what is not known; one request brings it" {
    mount_thread
    fault hold /items
    begins INT stat "$T/0001-user.md"
    begins KILL stat "$T/0002-assistant.md"
    begins INT ls "$T/"
    begins KILL find "$T/" -name '*.md'
    begins INT cat "$T/thread.md"
    begins KILL cat "$T/items.jsonl"
    held 1
    all_end
    held 1
    expect_requests 1
    control POST /release >/dev/null
    stat "$T/0001-user.md" "$T/0002-assistant.md" >/dev/null
    expect "$(ls "$T/" | wc -l)" 302
    expect "$(find "$T/" -name '*.md' | wc -l)" 151
    expect "$(wc -l <"$T/items.jsonl")" 150
    expect "$(grep -c needle "$T/thread.md")" 150
    expect_requests 2
    expect "$(<"$LOG")" ""
}

# The kernel asks for the attributes of an open file before it reads (fuse_cache_read_iter()).
@test "^C and SIGKILL end who asks for attributes or reads and waits for a check; it goes on" {
    mount_thread --ttl=0
    local file signal operation
    exec {file}<"$T/thread.md"
    fault hold /cthr_00001
    # What has been checked just now is not checked for the same program's next question.
    wait_until eval 'begins_python KILL "os.fstat($file)"; held 1'
    control POST /reset >/dev/null
    for signal in INT KILL; do
        for operation in "os.fstat($file)" "os.pread($file, 10, 0)"; do
            begins_python "$signal" "$operation"
        done
    done
    readers=("${readers[@]: -5}") signals=("${signals[@]: -5}")
    all_end
    held 1
    expect_requests 0 /cthr_00001
    control POST /release >/dev/null
    # The one that was held is of the thread; then comes that for what is after its last item.
    wait_until eval '[[ $(requests /cthr_00001) == 1 ]]'
    expect "$(python3 -c "import os; print(os.fstat($file).st_size)")" "$(stat -c %s "$T/thread.md")"
    expect "$(<"$LOG")" ""
}

# Of those that look up the same name the kernel lets all but one wait, deaf to signals.
@test "^C and SIGKILL end all of many that look up the same, together" {
    mount_thread
    fault hold /items
    begins KILL stat "$T/thread.md"
    local i
    for i in 1 2 3 4; do
        in_background cat "$T/thread.md"
        readers+=("$READER") signals+=(INT)
        # Before it is that, the shell has it ignore the signal.
        wait_until grep -qx cat "/proc/$READER/comm"
    done
    all_end
    held 1
    control POST /release >/dev/null
    expect "$(grep -c needle "$T/thread.md")" 150
    expect_requests 2
}

# --- Signals that programs handle ------------------------------------------------------------

@test "programs that handle signals all the time get what they ask for, with the requests of one" {
    mount_thread
    fault hold /items
    local signal restart
    for restart in yes no; do
        in_storm "1ms-$restart" ALRM 1 "$restart" "read:$T/thread.md"
        in_storm "10ms-$restart" ALRM 10 "$restart" "stat:$T/0001-user.md"
        in_storm "list-$restart" ALRM 5 "$restart" "list:$T/"
    done
    in_storm go URG 10 yes "read:$T/items.jsonl"
    in_storm go-list URG 10 yes "list:$T/"
    all_interrupted
    held 1
    expect_requests 1
    control POST /latency '{"ms": 200}' >/dev/null
    control POST /release >/dev/null
    for restart in yes no; do
        came_to "1ms-$restart" "$(sum cat "$T/thread.md")"
        came_to "10ms-$restart" "$(sum stat --printf %s "$T/0001-user.md")"
        came_to "list-$restart" "$(sum env LC_ALL=C ls -1 "$T")"
    done
    came_to go "$(sum cat "$T/items.jsonl")"
    came_to go-list "$(sum env LC_ALL=C ls -1 "$T")"
    expect_requests 2
    control POST /latency '{"ms": 0}' >/dev/null
    expect "$(grep -c needle "$T/thread.md")" 150
    expect "$(<"$LOG")" ""
}

@test "git grep --no-index reads a cold mount with slow pages" {
    mount_in_foreground
    control POST /latency '{"ms": 100}' >/dev/null
    expect "$(git -C "$MNT" grep --no-index -h -c 'Word 149 of' -- '*/thread.md' | wc -l)" 64
    expect_requests $((1 + 64 * 2))
    control POST /latency '{"ms": 0}' >/dev/null
}

# --- The end of the mount --------------------------------------------------------------------

# ends_all COUNT: SIGTERM ends the file system with status 0, and so many of 64 readers with an
# error.
ends_all() {
    kill -TERM "$FS_PID"
    ended "$FS_PID"
    expect "$STATUS" 0 "exit status; log: $(<"$LOG")"
    not_mounted
    ended "$READER"
    expect "$(awk '{ sum += $1 } / ENOTCONN$/ { count += $1 }
        END { print count, sum }' <(sed 1d "$BATS_TEST_TMPDIR/reader.out"))" "$1 64"
    expect "$(mounts_below "$BATS_TEST_TMPDIR")" ""
}

# readers_of_all: one for each of the 64 threads, in turn with each operation; until they wait.
readers_of_all() {
    local operations=(read:%s/thread.md list:%s/ stat:%s/0001-user.md) arguments=() i
    for i in {0..63}; do
        # shellcheck disable=SC2059
        arguments+=("$(printf "${operations[i % 3]}" "$MNT/$(printf 'Thread-%d.cthr_%05d' $i $i)")")
    done
    in_background python3 "$BATS_TEST_DIRNAME/readers.py" 64 "${arguments[@]}"
    wait_until grep -qs waiting "$BATS_TEST_TMPDIR/reader.out"
}

@test "SIGTERM with 64 requests in flight ends the mount, and its readers with an error" {
    mount_in_foreground --concurrency=64
    fault hold /items 'times: null'
    readers_of_all
    wait_until held 64
    ends_all 64
    wait_until held 0
}

@test "so it does while all answers come in, and are decoded and stored" {
    mount_in_foreground --concurrency=64
    fault hold /items 'times: null'
    readers_of_all
    wait_until held 64
    control POST /release >/dev/null
    kill -TERM "$FS_PID"
    ended "$FS_PID"
    expect "$STATUS" 0 "exit status; log: $(<"$LOG")"
    not_mounted
    ended "$READER"
    expect "$(awk '{ sum += $1 } END { print sum }' "$BATS_TEST_TMPDIR/reader.out")" 64
}

@test "so it does with a cache, which has lost nothing" {
    mount_in_foreground --concurrency=64 --cache-dir="$BATS_TEST_TMPDIR/cache"
    cat "$MNT"/*.cthr_00001/thread.md >"$BATS_TEST_TMPDIR/before"
    fault hold /items 'times: null'
    readers_of_all
    wait_until held 63
    ends_all 63
    control POST /reset >/dev/null
    mount_in_foreground --cache-dir="$BATS_TEST_TMPDIR/cache"
    cmp "$MNT"/*.cthr_00001/thread.md "$BATS_TEST_TMPDIR/before"
    expect_requests 0
}

# mount_over_tls HOST: from a cache that has all threads and no items, so that it starts while the
# server, which is far away behind FRONT, does what it wants. HOST must be this machine.
mount_over_tls() {
    local cache=(--concurrency=64 --cache-dir="$BATS_TEST_TMPDIR/cache") port=${SANDBOX%/sandbox}
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj "/CN=$1" -addext "subjectAltName=DNS:$1" -keyout "$BATS_TEST_TMPDIR/key.pem" \
        -out "$BATS_TEST_TMPDIR/certificate.pem" 2>/dev/null
    cat "$BATS_TEST_TMPDIR/key.pem" "$BATS_TEST_TMPDIR/certificate.pem" \
        >"$BATS_TEST_TMPDIR/both.pem"
    FRONT_LOG=$BATS_TEST_TMPDIR/front
    python3 "$BATS_TEST_DIRNAME/tls_front.py" "${port##*:}" "$BATS_TEST_TMPDIR/both.pem" \
        "$FRONT_LOG" 3>&- &
    FRONT=$!
    started+=("$FRONT")
    wait_until test -s "$FRONT_LOG"
    export OPENAI_BASE_URL="https://$1:$(<"$FRONT_LOG")/v1"
    export SSL_CERT_FILE=$BATS_TEST_TMPDIR/certificate.pem
    mount_in_foreground "${cache[@]}"
    unmount
    kill -USR1 "$FRONT"
    wait_until grep -q silent "$FRONT_LOG"
    if [[ -n ${STUCK:-} ]]; then
        touch "$STUCK"
    fi
    mount_in_foreground "${cache[@]}"
}

@test "so it does while the server does not answer to TLS" {
    mount_over_tls localhost
    readers_of_all
    wait_until grep -q connected "$FRONT_LOG"
    ends_all 64
}

@test "so it does while the server's name is being looked up" {
    # In the program under test alone: nothing else is to get stuck.
    local library=$BATS_TEST_TMPDIR/stuck.so program=$BATS_TEST_TMPDIR/bin/chatkitfs
    cc -shared -fPIC -D_GNU_SOURCE -o "$library" "$BATS_TEST_DIRNAME/stuck_resolver.c" -ldl
    export STUCK=$BATS_TEST_TMPDIR/stuck
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\nexport LD_PRELOAD=%s ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0"
exec %s "$@"\n' "$library" "$CHATKITFS" >"$program"
    chmod +x "$program"
    CHATKITFS=$program mount_over_tls nowhere.test
    readers_of_all
    wait_until grep -q 'a name is tried' "$LOG"
    ends_all 64
}
