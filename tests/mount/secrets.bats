# SPDX-License-Identifier: MIT
# The key: where it comes from, how it is exchanged, and that nobody gets to see it. It is looked for
# wherever the program could leave it.

load helper

KEY=sk-proj-C4naryOfTheFirstHalf0AndOfTheSecondHalf9
NEW_KEY=sk-proj-An0therCanaryOfTheFirst1AlsoOfTheSecond8
# Either half of one is a leak, as is what base64 makes of the middle of one.
CANARIES=(-e C4naryOfTheFirst -e OfTheSecondHalf9 -e An0therCanaryOfThe -e AlsoOfTheSecond8
    -e QzRuYXJ5T2ZUaGVGaXJzd -e M0bmFyeU9mVGhlRmlyc3 -e DNG5hcnlPZlRoZUZpcn)

unset CREDENTIALS_DIRECTORY
export no_proxy='*'

setup_file() {
    start_sandbox
    THREAD=$(account '.[-1].thread.id')
    export THREAD
}

# All that the program may write to of its own accord is in $SEARCHED.
setup() {
    MNT=$BATS_TEST_TMPDIR/mnt
    SEARCHED=$BATS_TEST_TMPDIR/searched
    LOG=$SEARCHED/log
    mkdir -p "$MNT" "$SEARCHED"/{home,tmp,here}
    mkdir -m 700 "$SEARCHED/cache"
    export HOME=$SEARCHED/home TMPDIR=$SEARCHED/tmp SQLITE_TMPDIR=$SEARCHED/tmp
    cd "$SEARCHED/here"
    control POST /reset >/dev/null
    unset OPENAI_API_KEY
    KEY_FILE=$BATS_TEST_TMPDIR/key
    use_key "$KEY"
    watchdog 3>&- &
    started+=($!)
}

# write_key KEY: the way the manual recommends.
write_key() {
    (umask 077 && printf '%s\n' "$1" >"$KEY_FILE.new")
    mv "$KEY_FILE.new" "$KEY_FILE"
}

# use_key KEY: in the file, and what the server takes.
use_key() {
    write_key "$1"
    control POST /key "{\"key\": \"$1\"}" >/dev/null
}

# no_canary WHAT FILE...: none of the files, or of those below, holds a key. Some can't be read.
no_canary() {
    local found
    found=$(grep -raoF "${CANARIES[@]}" -- "${@:2}" 2>/dev/null) || true
    expect "$found" "" "$1"
}

# What can be read of a process, but for its memory and tables of its pages; which files it has open,
# and what is in those.
no_canary_in_process() {
    local fd files=() opened=()
    [[ -r /proc/$1/cmdline ]]
    mapfile -t files < <(find "/proc/$1" "/proc/$1/attr" /proc/"$1"/task/* -maxdepth 1 -type f -readable \
        ! -name mem ! -name pagemap 2>/dev/null)
    no_canary "what /proc tells of $2" "${files[@]}"
    for fd in "/proc/$1/fd"/*; do
        [[ ! -f $fd ]] || opened+=("$fd")
    done
    no_canary "what $2 has open" "${opened[@]}" /dev/null
    expect "$(find "/proc/$1" -maxdepth 2 -type l -printf '%l\n' 2>/dev/null | grep -F "${CANARIES[@]}")" "" \
        "links of $2"
    # Nobody but root sees its environment at all.
    if ((EUID == 0)); then
        grep -qazF "HOME=$HOME" "/proc/$1/environ"
    else
        [[ ! -r /proc/$1/environ ]]
    fi
}

# Nor is one in what the mount shows, or in what was written.
no_canary_anywhere() {
    no_canary "the mount" "$MNT" "$MNT/.chatkitfs/status" "$MNT/.chatkitfs/requests"
    no_canary "mount table" /proc/self/mounts /proc/self/mountinfo
    no_canary_in_process "$FS_PID" "the file system"
    no_canary "what was written" "$SEARCHED"
}

# Every request came with the key that the server takes.
expect_authorized() {
    expect "$(control GET /requests | jq -r '[.requests[].headers.authorization // .requests[].authorization]
        | unique[]')" present "authorization of all requests"
}

# recorder: a server on port $RECORDER that writes what it is told to $RECORDED, and ends the connection.
recorder() {
    RECORDED=$BATS_TEST_TMPDIR/recorded
    python3 - "$RECORDED" 3>&- <<'END' &
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + ".port", "w") as port:
    print(server.getsockname()[1], file=port)
while True:
    client, _ = server.accept()
    with open(sys.argv[1], "ab") as recorded:
        recorded.write(client.recv(65536))
    client.close()
END
    started+=($!)
    wait_until test -s "$RECORDED.port"
    RECORDER=$(<"$RECORDED.port")
    : >"$RECORDED"
}

# --- Where it comes from ---------------------------------------------------------------------

# mounted_with NAME OPTION...: mounts with all that can be logged, reads everything, and looks for it.
mounted_with() {
    control POST /reset >/dev/null
    G_MESSAGES_DEBUG=all mount_in_foreground -d --cache-dir="$SEARCHED/cache/$1" "${@:2}"
    grep -r . "$MNT" >/dev/null
    expect_authorized
    no_canary_anywhere
    grep -q 'unique:' "$LOG" # so it did log
    unmount
    no_canary "what is left of it" "$SEARCHED"
}

@test "the key comes from a file, a credential or a variable, and is nowhere to be seen" {
    mkdir -m 700 "$BATS_TEST_TMPDIR/credentials"
    cp "$KEY_FILE" "$BATS_TEST_TMPDIR/credentials/openai-api-key"
    chmod 440 "$BATS_TEST_TMPDIR/credentials/openai-api-key" # as with an ACL
    OPENAI_API_KEY=sk-wrong mounted_with file --api-key-file="$KEY_FILE"
    OPENAI_API_KEY=sk-wrong CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR/credentials mounted_with credential
    OPENAI_API_KEY=$KEY mounted_with environment
    WORK_KEY=$KEY mounted_with variable --api-key-env=WORK_KEY
}

@test "neither the parent that waits for the daemon nor who unmounts gets to see it" {
    local pid pids
    fault hold /threads
    # Nor the keys of variables that are named and not used.
    (umask 077 && printf '[default]\napi-key-env=HOME_KEY\n' >"$BATS_TEST_TMPDIR/config")
    OPENAI_API_KEY=$NEW_KEY HOME_KEY=$NEW_KEY WORK_KEY=$KEY "$CHATKITFS" --config="$BATS_TEST_TMPDIR/config" \
        --api-key-env=WORK_KEY -o auto_unmount "$MNT" 3>&- &
    started+=($!)
    wait_until held 1
    mapfile -t pids < <(file_systems "$BATS_TEST_TMPDIR")
    expect "${#pids[@]}" 2 "processes while it waits"
    for pid in "${pids[@]}"; do
        no_canary_in_process "$pid" "a process while it waits"
    done
    control POST /release >/dev/null
    wait_until mounted
    wait_until gone "$!"
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
    no_canary_anywhere
    # The shell that waits to unmount.
    pids=($(grep -lzxF -- "$MNT" /proc/[0-9]*/cmdline | tr -dc '0-9\n'))
    for pid in "${pids[@]}"; do
        [[ $(cat "/proc/$pid/comm" 2>/dev/null) != sh ]] || keeper=$pid # grep itself is gone
    done
    no_canary "the keeper" "/proc/$keeper/cmdline" "/proc/$keeper/environ"
}

@test "a relative file works as a daemon, and so does -o api_key_file" {
    cd "$BATS_TEST_TMPDIR"
    mount_fs --api-key-file=key
    use_key "$NEW_KEY"
    ls "$MNT/$THREAD/" >/dev/null # which reads it again
    unmount
    control POST /reset >/dev/null
    mount_fs -o "api_key_file=$KEY_FILE"
    ls "$MNT/$THREAD/" >/dev/null
    expect_authorized
}

@test "a file that others can use, or that holds no key, is refused before anything is asked" {
    local mode
    for mode in 640 604 660; do
        chmod "$mode" "$KEY_FILE"
        fails "chmod 600 $KEY_FILE" "$CHATKITFS" --api-key-file="$KEY_FILE" "$MNT"
    done
    OPENAI_API_KEY=$KEY fails "chmod 600 $KEY_FILE" "$CHATKITFS" --sync --api-key-file="$KEY_FILE"
    write_key ''
    fails 'is empty' "$CHATKITFS" -f --api-key-file="$KEY_FILE" "$MNT"
    write_key "$KEY"$'\n'"$NEW_KEY"
    fails 'nothing but the key' "$CHATKITFS" --api-key-file="$KEY_FILE" "$MNT"
    rm "$KEY_FILE"
    fails 'No such file' "$CHATKITFS" --api-key-file="$KEY_FILE" "$MNT"
    mkfifo -m 600 "$KEY_FILE"
    fails 'not a regular file' "$CHATKITFS" --api-key-file="$KEY_FILE" "$MNT"
    expect_requests 0
}

@test "a file of somebody who is neither the caller nor root is refused, and a credential is not" {
    local file=$KEY_FILE program=("$CHATKITFS")
    if ((EUID == 0)); then
        write_key "$KEY"$'\n'"$NEW_KEY"
        chown 65534 "$KEY_FILE"
    else
        # Where there is no other user than this one, root's files are somebody else's.
        file=/etc/passwd
        program=(unshare -Ur "$CHATKITFS")
    fi
    fails "$file belongs to another user \(65534\): chown it" "${program[@]}" --api-key-file="$file" "$MNT"
    CREDENTIALS_DIRECTORY=${file%/*} fails 'must hold nothing but the key' "${program[@]}" --api-key-file="$file" "$MNT"
    expect_requests 0
}

# --- Who could tell it -----------------------------------------------------------------------

@test "a server that repeats the key does not get it into log, errors, status or cache" {
    local threads id readers=()
    use_key "$NEW_KEY"
    mount_in_foreground -d --cache-dir="$SEARCHED/cache" --api-key-file="$KEY_FILE"
    use_key "$KEY"
    ls "$MNT/$(account '.[-7].thread.id')/" >/dev/null # from now on both are known
    # What is not HTTP, or odd, takes retries, so it is read at once, from threads so far from each other
    # that none is fetched ahead.
    mapfile -t threads < <(account '.[range(3; 30; 7)].thread.id')
    control POST /faults "$(jq -n --arg key "$KEY" --arg new "$NEW_KEY" '
        [(400, 401, 403, 500 | {kind: "status", status: ., body: {error: {code: $key,
             message: "No: \($key), or \($key[:30])... or \($new)"}}}),
         ({error: $key}, $key, {data: $key}, {data: [{($key): 1}]} | {kind: "body", body: .})
         | .match = "'"$THREAD"'/items"
         | if .kind == "body" then .times = 2 else . end
         | .headers = {($key): $key, "x-ratelimit-key": $key, "x-should-retry": "false"}] +
        [($key, "HTTP/1.1 \($key)\r\n", "HTTP/1.1 200 \($key)\r\nContent-Length: \($key)\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Encoding: \($key)\r\nContent-Length: 1\r\n\r\nx")
         | {kind: "raw", raw: @base64, times: null}]
        | [$ARGS.positional, .[8:]] as [$threads, $raw]
        | .[:8] + [range(4) | $raw[.] + {match: $threads[.]}]' --args "${threads[@]}")" >/dev/null
    for id in {1..8}; do
        run ! ls "$MNT/$THREAD/"
        no_canary "the status" "$MNT/.chatkitfs/status"
    done
    for id in "${threads[@]:0:4}"; do
        ls "$MNT/$id/" >>"$LOG.readers" 2>&1 3>&- &
        readers+=($!)
        started+=($!)
    done
    for id in "${readers[@]}"; do
        ended "$id"
        ((STATUS != 0))
    done
    grep -q '\[key\]' "$LOG"
    no_canary_anywhere
    unmount
    no_canary "what is left" "$SEARCHED"
}

@test "it goes neither where a server redirects to nor to a proxy" {
    recorder
    mount_in_foreground --api-key-file="$KEY_FILE"
    fault status /items "status: 302, times: null, headers: {location: \"http://127.0.0.1:$RECORDER/$KEY\"}"
    expect_errno EIO list "$MNT/$THREAD/"
    unmount
    expect "$(cat "$RECORDED")" "" "what went to the other host"
    export http_proxy=http://127.0.0.1:$RECORDER https_proxy=http://127.0.0.1:$RECORDER no_proxy=
    mount_in_foreground --api-key-file="$KEY_FILE"
    unmount
    expect "$(cat "$RECORDED")" "" "what went to the proxy"
    OPENAI_BASE_URL=https://api.example/v1 fails . "$CHATKITFS" --timeout=1 --api-key-file="$KEY_FILE" "$MNT"
    grep -q '^CONNECT api.example:443' "$RECORDED"
    no_canary "what was written, or went to the proxy" "$SEARCHED" "$RECORDED"
}

@test "a server without TLS where there should be one does not get it" {
    OPENAI_BASE_URL=https://${OPENAI_BASE_URL#http://} \
        fails . env G_MESSAGES_DEBUG=all "$CHATKITFS" -d --timeout=1 --api-key-file="$KEY_FILE" "$MNT"
    [[ $stderr != *C4nary* && $stderr != *SecondHalf* ]]
}

# --- Memory ----------------------------------------------------------------------------------

# sanitized: whether the program was built so that it traces itself.
sanitized() {
    grep -qE '__(asan|tsan)_init' "$CHATKITFS"
}

@test "no core is written, whatever the limit" {
    local signal signals=(SEGV ABRT QUIT)
    ! sanitized || signals=(ABRT QUIT) # SIGSEGV is AddressSanitizer's: it reports where it came
    for signal in "${signals[@]}"; do
        expect "$(python3 - "$CHATKITFS" "$MNT" "$KEY_FILE" "$signal" <<'END'
import os, resource, signal, subprocess, sys, time
program, mountpoint, key_file, name = sys.argv[1:]
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
pid = subprocess.Popen([program, "-f", "--api-key-file=" + key_file, mountpoint],
                       stdout=subprocess.DEVNULL).pid
while not os.path.ismount(mountpoint):
    time.sleep(0.01)
os.listdir(mountpoint)
os.kill(pid, getattr(signal, "SIG" + name))
status = os.waitpid(pid, 0)[1]
print("core" if os.WCOREDUMP(status) else "no core")
END
)" "no core" "after SIG$signal"
        wait_until not_mounted
    done
    expect "$(find "$SEARCHED/here" -type f)" "" "files"
}

@test "what is in memory is not even shown to its own user" {
    local as_user=()
    # By its descriptor, since its path may lead through folders that are root's alone.
    ((EUID != 0)) || as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    chmod 755 "$MNT"
    cd "$MNT"
    fault hold /threads
    # Where a sanitizer's reports go that user can't write.
    OPENAI_API_KEY=$KEY env -u CHATKITFS_SANITIZER_REPORTS "${as_user[@]}" /proc/self/fd/9 -f . 9<"$CHATKITFS" 3>&- &
    started+=($!)
    wait_until held 1
    expect "$(stat -c %u "/proc/$!")" "$((EUID == 0 ? 65534 : EUID))" "whose process it is"
    sanitized || expect "$(stat -c %u "/proc/$!/environ")" 0 "who may look into it"
}

@test "a debugger's core of it has no key" {
    mount_fs --api-key-file="$KEY_FILE"
    grep -r . "$MNT" >/dev/null
    run gdb -nx -batch -p "$FS_PID" -ex "generate-core-file $SEARCHED/core" 3>&-
    if ((EUID == 0)) || sanitized; then
        test -s "$SEARCHED/core"
        no_canary "the core" "$SEARCHED/core"
    else
        [[ $output == *"not permitted"* ]]
        test ! -e "$SEARCHED/core"
    fi
}

# --- Exchanging it ---------------------------------------------------------------------------

@test "a key that was exchanged is used from the first 401 on, and no reader notices" {
    mount_in_foreground --api-key-file="$KEY_FILE"
    use_key "$NEW_KEY"
    ls "$MNT/$THREAD/" >/dev/null
    expect_requests 2 /items
    find "$MNT" -name '*.json' -exec cat {} + >/dev/null
    expect "$(control GET /requests | jq -r '.requests[] | .status' | grep -c 401)" 1 "answers of status 401"
    expect "$(cat "$LOG")" "chatkitfs: the API key has changed: the new one is used from now on"
    no_canary_anywhere
}

@test "what the cache holds is there for the next mount, which has the new key" {
    mount_fs --cache-dir="$SEARCHED/cache" --api-key-file="$KEY_FILE"
    ls "$MNT/$THREAD/" >/dev/null
    use_key "$NEW_KEY"
    ls "$MNT/$(account '.[-2].thread.id')/" >/dev/null
    unmount
    control POST /reset >/dev/null
    mount_fs --ttl=inf --cache-dir="$SEARCHED/cache" --api-key-file="$KEY_FILE"
    ls "$MNT/$THREAD/" >/dev/null
    expect_requests 0
}

@test "SIGHUP has it read again" {
    mount_in_foreground --ttl=inf --api-key-file="$KEY_FILE"
    control POST /reset >/dev/null
    use_key "$NEW_KEY"
    kill -HUP "$FS_PID"
    wait_until grep -q 'has changed' "$LOG"
    ls "$MNT/$THREAD/" >/dev/null
    expect_authorized
}

@test "a new key that can't be taken leaves the old one, and the log says why" {
    mount_in_foreground --api-key-file="$KEY_FILE"
    use_key "$NEW_KEY"
    chmod 644 "$KEY_FILE"
    expect_errno EACCES list "$MNT/$THREAD/"
    expect_errno EACCES list "$MNT/$THREAD/"
    expect "$(grep -c "stays as it was: others can use .*: chmod 600 $KEY_FILE" "$LOG")" 1 "such lines"
    chmod 600 "$KEY_FILE"
    expect_errno ok list "$MNT/$THREAD/"
    no_canary_anywhere
}
