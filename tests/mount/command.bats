# SPDX-License-Identifier: MIT
# The command behaves like a mount program.

load helper

setup_file() {
    start_sandbox
}

# hold_items: some thread whose items a reader waits for, in $READER.
hold_items() {
    fault hold /items
    in_background ls "$MNT/$(account '.[-1].thread.id')/"
    wait_until held 1
}

# ends_well: the foreground program ends with status 0, and nothing is mounted.
ends_well() {
    ended "$FS_PID"
    expect "$STATUS" 0 "exit status; log: $(cat "$LOG")"
    not_mounted
}

@test "-h and --help print what it takes, without a key" {
    local flag
    for flag in -h --help; do
        OPENAI_API_KEY='' run -0 --separate-stderr "$CHATKITFS" "$flag"
        [[ $output == "Usage: chatkitfs"*--group-by=user*OPENAI_API_KEY* ]]
        expect "$stderr" ""
    done
}

@test "-V and --version print the version, without a key" {
    local flag
    for flag in -V --version; do
        OPENAI_API_KEY='' run -0 --separate-stderr "$CHATKITFS" "$flag"
        [[ ${lines[0]} =~ ^chatkitfs\ [0-9]+\.[0-9]+ ]]
        expect "$stderr" ""
    done
}

@test "as a daemon it returns once the mount answers, with status 0 and no word" {
    local id
    id=$(account '.[-1].thread.id')
    run -0 --separate-stderr "$CHATKITFS" "$MNT" 3>&-
    cat "$MNT/$id/thread.json" | jq -e .id
    expect "$output$stderr" ""
}

@test "the daemon holds neither the terminal nor a directory nor a stream" {
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here"
    mount_fs
    cd /
    if ((EUID == 0)); then # the process shows it to nobody else
        expect "$(readlink "/proc/$FS_PID/cwd")" /
        expect "$(readlink "/proc/$FS_PID/fd/0" "/proc/$FS_PID/fd/1" "/proc/$FS_PID/fd/2" | sort -u)" /dev/null
    fi
    # its session is its own: field 6 of stat
    expect "$(cut -d ' ' -f 6 "/proc/$FS_PID/stat")" "$FS_PID"
}

@test "a relative mountpoint works as a daemon" {
    cd "$BATS_TEST_TMPDIR"
    "$CHATKITFS" mnt 3>&-
    cd /
    mounted
    ls "$MNT" >/dev/null
}

@test "a mountpoint with a space, a comma and a backslash works" {
    MNT="$BATS_TEST_TMPDIR/a b,c\\d"
    mkdir "$MNT"
    mount_fs
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
    unmount
}

@test "the mount is read-only, and neither runs programs nor trusts modes of them" {
    mount_fs
    local options
    options=$(awk -v place="$MNT" '$2 == place { print $4 }' /proc/self/mounts)
    local option
    for option in ro nosuid nodev noexec default_permissions; do
        [[ ,$options, == *,$option,* ]] || expect "$options" "$option"
    done
}

@test "no option takes that back, and allow_other does not come without default_permissions" {
    local given=suid,dev,exec,rw options option
    ((EUID != 0)) || given+=,allow_other
    mount_fs -o "$given"
    options=$(awk -v place="$MNT" '$2 == place { print $4 }' /proc/self/mounts)
    for option in ro nosuid nodev noexec default_permissions; do
        [[ ,$options, == *,$option,* ]] || expect "$options" "$option"
    done
}

@test "-f stays in the foreground and logs to standard error" {
    mount_in_foreground
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
    kill -0 "$FS_PID"
    expect "$(cat "$LOG")" ""
    fusermount3 -u "$MNT"
    ends_well
}

@test "where standard error is the journal, as of a service, lines carry their levels" {
    local JOURNAL_STREAM
    touch "$LOG"
    JOURNAL_STREAM=$(stat -c %d:%i "$LOG")
    export JOURNAL_STREAM
    OPENAI_API_KEY=wrong "$CHATKITFS" -f "$MNT" 2>"$LOG" 3>&- && return 1
    expect "$(grep -c '^<3>.*the server answered 401' "$LOG")" 1 "$(cat "$LOG")"
    mount_in_foreground
    expect "$(grep -c '^<6>confined: ' "$LOG")" 1 "$(cat "$LOG")"
    fault status /items 'status: 400, times: null'
    ls "$MNT/$(account '.[-1].thread.id')/" && return 1
    expect "$(grep -c '^<4>.* answered 400' "$LOG")" 1 "$(cat "$LOG")"
    # Another program's stream to it, inherited.
    JOURNAL_STREAM=1:1 run -1 --separate-stderr "$CHATKITFS" --bogus
    [[ $stderr == "chatkitfs: unknown option"* ]]
}

# manager SOCKET: listens there as a service manager, and writes what it is told, and whether $MNT is
# mounted by then, to $LOG.told.
manager() {
    python3 - "$1" "$MNT" "$LOG.told" 3>&- <<'END' &
import socket, sys
path, place, told = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind("\0" + path[1:] if path[0] == "@" else path)
with open(told, "w") as out:
    while True:
        word = listener.recv(4096).decode()
        with open("/proc/self/mounts") as mounts:
            print(word, "mounted" if f" {place} fuse." in mounts.read() else "not mounted", file=out, flush=True)
END
    started+=($!)
    wait_until test -e "$LOG.told"
}

@test "-f tells a service manager when the mount answers, once" {
    local socket
    for socket in "$BATS_TEST_TMPDIR/notify" "@chatkitfs$BATS_TEST_TMPDIR"; do
        rm -f "$LOG.told"
        manager "$socket"
        NOTIFY_SOCKET=$socket mount_in_foreground
        wait_until test -s "$LOG.told"
        fusermount3 -u "$MNT"
        ends_well
        expect "$(cat "$LOG.told")" "READY=1 mounted" "$socket"
    done
}

@test "a service manager is told nothing when it can't mount, and need not be there" {
    local socket
    manager "$BATS_TEST_TMPDIR/notify"
    fault status /threads 'status: 403'
    NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify fails 403 "$CHATKITFS" -f "$MNT"
    expect "$(cat "$LOG.told")" ""
    for socket in "$BATS_TEST_TMPDIR/none" relative @abstract / '' "/$(printf '%200s' '' | tr ' ' x)"; do
        NOTIFY_SOCKET=$socket mount_in_foreground
        fusermount3 -u "$MNT"
        ends_well
    done
}

@test "stopped while it waits for the server it has failed, but not with -f, as a service" {
    local options
    for options in -f ''; do
        fault hold /threads
        "$CHATKITFS" $options "$MNT" >/dev/null 2>"$LOG" 3>&- &
        FS_PID=$!
        started+=("$FS_PID")
        wait_until held 1
        kill -TERM $(file_systems "$BATS_TEST_TMPDIR" | if [[ $options ]]; then cat; else grep -vx "$FS_PID"; fi)
        ended "$FS_PID"
        expect "$STATUS" "$([[ $options ]] && echo 0 || echo 32)" "$options"
        expect "$(<"$LOG")" "chatkitfs: stopped before mounting"
        control POST /release >/dev/null
        wait_until held 0
    done
    not_mounted
}

# fails_with STATUS REGEX COMMAND...
fails_with() {
    fails "${@:2}"
    expect "$status" "$1" "exit status of ${*:3}"
}

@test "its exit status tells what has to be mended first, 1, from what may pass, 32" {
    local options
    for options in -f ''; do
        fails_with 1 'profile none' "$CHATKITFS" $options none: "$MNT"
        OPENAI_API_KEY=wrong fails_with 1 'answered 401' "$CHATKITFS" $options "$MNT"
        fails_with 1 'answered 404' env OPENAI_BASE_URL="$OPENAI_BASE_URL/v2" "$CHATKITFS" $options "$MNT"
        fails_with 32 'connect to' env OPENAI_BASE_URL="http://127.0.0.1:$(free_port)/v1" "$CHATKITFS" $options "$MNT"
        fault status /threads 'status: 500, times: null'
        fails_with 32 'answered 500' "$CHATKITFS" $options "$MNT"
        control DELETE /faults >/dev/null
        fails_with 1 'not fetched before' "$CHATKITFS" $options --offline \
            --cache-dir="$BATS_TEST_TMPDIR/cache" "$MNT"
    done
    # Not of what mounts nothing.
    fails_with 1 'connect to' env OPENAI_BASE_URL="http://127.0.0.1:$(free_port)/v1" "$CHATKITFS" --check
}

@test "-d prints the kernel's requests in the foreground, and not the key" {
    "$CHATKITFS" -d "$MNT" >"$LOG" 2>&1 3>&- &
    FS_PID=$!
    started+=("$FS_PID")
    wait_until mounted
    ls "$MNT" >/dev/null
    fusermount3 -u "$MNT"
    ends_well
    grep -q READDIR "$LOG"
    run -1 grep -F "$KEY" "$LOG"
}

@test "options come by -o as well, with underscores or dashes, several at once" {
    mount_fs -o group_by=user,page_size=50 -o timeout=7,group-by=user
    [[ -d $MNT/user_3f9a ]]
    expect_requests 1 'limit=50'
}

@test "-s is accepted" {
    mount_fs -s
    ls "$MNT" >/dev/null
}

@test "the source is the mount's name in /proc/mounts" {
    "$CHATKITFS" my-threads "$MNT" 3>&-
    grep -q "^my-threads $MNT fuse.chatkitfs " /proc/self/mounts
}

@test "without a source the mount's name is chatkitfs" {
    mount_fs
    grep -q "^chatkitfs $MNT fuse.chatkitfs " /proc/self/mounts
}

@test "a source with a space, a comma and other scripts is taken as it is" {
    "$CHATKITFS" 'Köln, a\b' "$MNT" 3>&-
    expect "$(findmnt -n -o SOURCE "$MNT")" 'Köln, a\b'
}

@test "the form of fstab works: SOURCE MOUNTPOINT -o ro" {
    "$CHATKITFS" threads "$MNT" -o ro 3>&-
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
}

@test "-o allow_other lets others in, or fails in one line where only root may" {
    if ((EUID != 0)) && ! grep -qs '^user_allow_other' /etc/fuse.conf; then
        run -1 --separate-stderr "$CHATKITFS" -o allow_other "$MNT" 3>&-
        [[ $stderr == "chatkitfs: can't mount on $MNT: "*allow_other* ]] || expect "$stderr" "chatkitfs: …allow_other…"
        expect "$(wc -l <<<"$stderr")" 1 "lines"
        not_mounted
        return
    fi
    "$CHATKITFS" threads "$MNT" -o rw,nosuid,nodev,allow_other 3>&-
    awk -v place="$MNT" '$2 == place { print $4 }' /proc/self/mounts | grep -q '^ro,.*allow_other'
    local thread
    thread=$(ls -d "$MNT"/*.cthr_* | head -n 1)
    expect "$(stat -c %a "$MNT" "$thread" "$thread/thread.md" "$MNT/.chatkitfs" "$MNT/.chatkitfs/status" | xargs)" \
        "755 755 644 700 600"
    ((EUID == 0)) || return 0
    # Another user can't enter the test's directory.
    local options
    read -ra options < <(own_mounts)
    unshare "${options[@]}" sh -ec 'mount --bind "$1" /mnt
        exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "grep -c . /mnt/\$0/thread.md
            ! cat /mnt/.chatkitfs/status && ! chmod 777 /mnt/\$0 && ! rm -f /mnt/\$0/thread.md" "$2"' sh "$MNT" "${thread##*/}" >"$BATS_TEST_TMPDIR/read" 2>&1
    (($(head -n 1 "$BATS_TEST_TMPDIR/read") > 1))
}

@test "without it all is its owner's" {
    mount_fs
    local thread
    thread=$(ls -d "$MNT"/*.cthr_* | head -n 1)
    expect "$(stat -c %a "$MNT" "$thread" "$thread/thread.md" | xargs)" "700 700 600"
}

@test "-o allow_root is what libfuse knows, and the kernel does not; auto_unmount is so in any case" {
    local options=auto_unmount,noatime
    if ((EUID != 0)) && ! grep -qs '^user_allow_other' /etc/fuse.conf; then
        fails 'user_allow_other' "$CHATKITFS" -o allow_root "$MNT"
    else
        options+=,allow_root
    fi
    mount_fs -o "$options"
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
}

@test "mount(8), or its helper where only root may mount, mounts it" {
    local mount=(mount -t fuse3)
    ((EUID == 0)) || mount=(/sbin/mount.fuse3)
    "${mount[@]}" "$CHATKITFS#threads" "$MNT" -o group_by=user 3>&-
    [[ -d $MNT/user_3f9a ]]
    grep -q "^threads $MNT fuse.chatkitfs ro," /proc/self/mounts
}

@test "no key" {
    OPENAI_API_KEY='' fails OPENAI_API_KEY "$CHATKITFS" "$MNT"
    fails OPENAI_API_KEY env -u OPENAI_API_KEY "$CHATKITFS" "$MNT"
    fails OPENAI_API_KEY env -u OPENAI_API_KEY "$CHATKITFS" -f "$MNT"
    expect_requests 0
}

@test "a key with control characters" {
    local key
    for key in "$KEY"$'\n' "$KEY"$'\r' $'\t'"$KEY" "$KEY"$'\n'"X-Evil: 1" "$KEY"$'\x7f'; do
        OPENAI_API_KEY=$key fails 'control character' "$CHATKITFS" "$MNT"
    done
    expect_requests 0
}

@test "no mountpoint, or one too many" {
    fails 'no mountpoint' "$CHATKITFS"
    fails 'too many.*three' "$CHATKITFS" one "$MNT" three
}

@test "a mountpoint that is missing" {
    fails "$BATS_TEST_TMPDIR/none: .*mkdir" "$CHATKITFS" "$BATS_TEST_TMPDIR/none"
    expect_requests 0
}

@test "a mountpoint that is not a directory" {
    touch "$BATS_TEST_TMPDIR/file"
    fails 'not a directory' "$CHATKITFS" "$BATS_TEST_TMPDIR/file"
    fails 'Not a directory|not a directory' "$CHATKITFS" "$BATS_TEST_TMPDIR/file/below"
    expect_requests 0
}

@test "a mountpoint that is not empty, unless -o nonempty says so" {
    touch "$MNT/file"
    fails 'not empty' "$CHATKITFS" "$MNT"
    expect_requests 0
    mount_fs -o nonempty
    [[ ! -e $MNT/file ]]
    unmount
    [[ -e $MNT/file ]]
}

@test "a mountpoint that is busy" {
    mount_fs
    run --separate-stderr "$CHATKITFS" "$MNT" 3>&-
    ((status != 0))
    [[ $stderr == "chatkitfs: "*busy* && $stderr != *$'\n'* ]]
    expect_requests 1
    ls "$MNT" >/dev/null
    unmount
    not_mounted
}

@test "a URL that is neither https nor http to this machine" {
    local url
    for url in http://api.example.com/v1 http://10.0.0.1/v1 http://127.0.0.1.example.com/v1 \
        ftp://127.0.0.1/v1 file:///etc/passwd 127.0.0.1:80/v1 /v1 https:// 'http://[::2]/v1' \
        'http://127.0.0.1/v1?x=1' 'http://127.0.0.1/v1#x' http://0.0.0.0/v1; do
        OPENAI_BASE_URL=$url fails 'set OPENAI_BASE_URL again' "$CHATKITFS" "$MNT"
        fails 'set --base-url again' "$CHATKITFS" "--base-url=$url" "$MNT"
    done
    expect_requests 0
}

@test "a URL with a password in it, which is not repeated" {
    OPENAI_BASE_URL="http://user:$KEY@127.0.0.1/v1" fails 'user name' "$CHATKITFS" "$MNT"
    OPENAI_BASE_URL="https://user:$KEY@api.example.com/v1" fails 'user name' "$CHATKITFS" "$MNT"
}

@test "a URL with a trailing slash works, by option as well" {
    OPENAI_BASE_URL=http://127.0.0.1:1/v1 mount_fs "--base-url=$OPENAI_BASE_URL/"
    expect_requests 1 '^GET /v1/chatkit/threads[?]'
}

@test "localhost is this machine" {
    OPENAI_BASE_URL=${OPENAI_BASE_URL/127.0.0.1/localhost} mount_fs
    ls "$MNT" >/dev/null
}

@test "a proxy from the environment does not get the requests to this machine" {
    http_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 mount_fs
    ls "$MNT" >/dev/null
}

@test "a server that is not there" {
    # Port 1 of loopback: nobody listens, and nobody can without being root.
    OPENAI_BASE_URL=http://127.0.0.1:1/v1 fails 'connect.*(check|OPENAI_BASE_URL)' \
        "$CHATKITFS" --timeout=1 "$MNT"
    OPENAI_BASE_URL=http://127.0.0.1:1/v1 fails connect "$CHATKITFS" -f --timeout=1 "$MNT"
}

@test "a host that does not exist" {
    OPENAI_BASE_URL=https://nowhere.invalid/v1 fails 'resolve' "$CHATKITFS" --timeout=1 "$MNT"
}

@test "a wrong key: 401" {
    OPENAI_API_KEY=sk-wrong-$KEY-x fails '401.*OPENAI_API_KEY' "$CHATKITFS" "$MNT"
    OPENAI_API_KEY=sk-wrong-$KEY-x fails '401.*OPENAI_API_KEY' "$CHATKITFS" -f "$MNT"
    expect_requests 2
}

@test "a key that may not: 403" {
    fault status /threads 'status: 403'
    fails '403.*OPENAI_API_KEY' "$CHATKITFS" "$MNT"
}

@test "a URL of something else: 404, HTML, JSON of another kind" {
    OPENAI_BASE_URL+=/more fails '404.*OPENAI_BASE_URL' "$CHATKITFS" "$MNT"
    fault body /threads 'times: 2, body: "<html>Welcome!</html>"'
    fails 'OPENAI_BASE_URL' "$CHATKITFS" "$MNT"
    fault body /threads 'times: 2, body: {hello: "world"}'
    fails 'OPENAI_BASE_URL' "$CHATKITFS" "$MNT"
}

@test "a server that does not answer within --timeout" {
    fault hold /threads 'times: null'
    fails 'timed out|time' "$CHATKITFS" --timeout=1 "$MNT"
}

@test "an unknown option" {
    fails 'unknown option --bogus' "$CHATKITFS" --bogus "$MNT"
    fails 'unknown option -x' "$CHATKITFS" -x "$MNT"
    expect_requests 0
}

@test "an unknown option after -o" {
    fails 'bogus' "$CHATKITFS" -o bogus "$MNT"
    fails 'bogus' "$CHATKITFS" -f -o ro,bogus=1 "$MNT"
}

@test "a value that is none" {
    local option
    for option in --group-by=thread --timeout=0 --timeout=-1 --timeout=x --timeout=99999 --timeout= \
        --page-size=101 --page-size=0 --concurrency=0 '--concurrency=1 2'; do
        fails "${option%%=*}=" "$CHATKITFS" "$option" "$MNT"
    done
    fails 'group-by' "$CHATKITFS" --group-by "$MNT"
    expect_requests 0
}

@test "a value of an option that takes none" {
    local option
    for option in --strict=yes --offline= --refresh="$MNT" --check=1 --help=1; do
        fails "${option%%=*} takes no value" "$CHATKITFS" "$option" "$MNT"
    done
    fails '--strict takes no value' "$CHATKITFS" -o strict=true "$MNT"
    expect_requests 0
}

@test "options that do something else than mounting, together" {
    local options
    for options in '--refresh --sync' '--sync --check' "--refresh --check $MNT"; do
        fails 'contradict one another' "$CHATKITFS" $options
    done
    fails 'no mountpoint given' "$CHATKITFS" --refresh
    fails "takes a mountpoint alone: leave one out" "$CHATKITFS" --refresh one "$MNT"
    expect_requests 0
}

@test "-o with nothing after it" {
    fails '[-]o' "$CHATKITFS" "$MNT" -o
    expect_requests 0
}

@test "a value of an environment variable or option that would break a header" {
    OPENAI_ORG_ID=$'org\nX-Evil: 1' fails 'control character' "$CHATKITFS" "$MNT"
    fails 'control character' "$CHATKITFS" $'--project=p\r\nX-Evil: 1' "$MNT"
    expect_requests 0
}

@test "a key that somebody gives as an option is not repeated" {
    fails 'unknown option --api-key' "$CHATKITFS" "--api-key=$KEY" "$MNT"
    fails 'api_key' "$CHATKITFS" -o "api_key=$KEY" "$MNT"
}

@test "the key is in no argument, no mount table and no environment but the program's own" {
    mount_fs
    ls "$MNT" >/dev/null
    run -1 grep -aF "$KEY" "/proc/$FS_PID/cmdline" "/proc/$FS_PID/comm"
    run -1 grep -aF "$KEY" /proc/self/mounts /proc/self/mountinfo
    run -0 mount
    [[ $output == *"$MNT"* && $output != *"$KEY"* ]]
    run -0 find "$MNT"
    [[ $output != *"$KEY"* ]]
}

@test "SIGTERM and SIGINT end it with status 0" {
    local signal
    for signal in TERM INT; do
        mount_in_foreground
        kill "-$signal" "$FS_PID"
        ends_well
    done
}

@test "SIGTERM ends the daemon" {
    mount_fs
    kill -TERM "$FS_PID"
    wait_until gone "$FS_PID"
    not_mounted
}

@test "fusermount3 -u ends it with status 0" {
    mount_in_foreground
    ls "$MNT" >/dev/null
    fusermount3 -u "$MNT"
    ends_well
}

@test "started with nohup it outlives SIGHUP" {
    nohup "$CHATKITFS" "$MNT" >/dev/null 2>&1 3>&-
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
    kill -HUP "$FS_PID"
    ls "$MNT" >/dev/null
    mounted
}

@test "SIGTERM with a request in flight: it ends with status 0, and the blocked reader with an error" {
    mount_in_foreground
    hold_items
    kill -TERM "$FS_PID"
    ends_well
    ended "$READER"
    ((STATUS != 0))
    [[ -s $BATS_TEST_TMPDIR/reader.err ]]
}

@test "SIGINT with requests of several readers in flight ends all of them" {
    local id readers=()
    # No more than these, which could be fetched ahead.
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 5 1)
    mount_in_foreground
    fault hold /threads/ 'times: null'
    for id in $(account '.[].thread.id'); do
        in_background cat "$MNT/$id/thread.md"
        readers+=("$READER")
    done
    wait_until held 5
    kill -INT "$FS_PID"
    ends_well
    for id in "${readers[@]}"; do
        ended "$id"
        ((STATUS != 0))
    done
}

@test "the daemon's parent fails when the daemon dies before it is ready" {
    fault hold /threads
    in_background "$CHATKITFS" "$MNT"
    wait_until held 1
    kill -KILL "$(file_systems "$BATS_TEST_TMPDIR" | grep -vx "$READER")"
    ended "$READER"
    ((STATUS != 0))
    not_mounted
}

@test "fusermount3 -u with a request in flight ends it with status 0" {
    mount_in_foreground
    hold_items
    # Without its reader, which would keep the mount busy; the request stays.
    kill -INT "$READER"
    ended "$READER"
    held 1
    fusermount3 -u "$MNT"
    ends_well
}

@test "while somebody is in it fusermount3 -u says busy, and SIGTERM ends it all the same" {
    mount_in_foreground
    in_background bash -c "cd '$MNT' && echo there && exec tail -f /dev/null"
    wait_until test -s "$BATS_TEST_TMPDIR/reader.out"
    run fusermount3 -u "$MNT"
    ((status != 0))
    ls "$MNT" >/dev/null
    kill -TERM "$FS_PID"
    ends_well
}

@test "unmounted lazily it serves its last reader and then ends" {
    mount_in_foreground
    hold_items
    fusermount3 -uz "$MNT"
    control POST /release >/dev/null
    ended "$READER"
    expect "$STATUS" 0
    grep -q thread.json "$BATS_TEST_TMPDIR/reader.out"
    ends_well
}

@test "^C ends a blocked ls at once; the mount lives, and what it waited for arrives" {
    mount_in_foreground
    hold_items
    kill -INT "$READER"
    ended "$READER"
    expect "$STATUS" 130
    held 1 # the server has not let go: it was the signal
    control POST /release >/dev/null
    ls "$MNT/$(account '.[-1].thread.id')/" | grep -q thread.json
    expect_requests 1 /items
    expect "$(cat "$LOG")" ""
}

@test "^C ends a blocked lookup at once, and one of two readers alone" {
    mount_in_foreground
    fault hold /items
    local path
    path=$MNT/$(account '.[-1].thread.id')/thread.md
    in_background cat "$path"
    local first=$READER
    wait_until held 1
    in_background stat "$path"
    kill -INT "$first"
    ended "$first"
    expect "$STATUS" 130
    control POST /release >/dev/null
    ended "$READER"
    expect "$STATUS" 0
    expect_requests 1 /items
}

@test "SIGKILL ends a blocked reader as well" {
    mount_in_foreground
    hold_items
    kill -KILL "$READER"
    ended "$READER"
    control POST /release >/dev/null
    ls "$MNT/$(account '.[-1].thread.id')/" >/dev/null
}
