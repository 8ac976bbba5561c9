# SPDX-License-Identifier: MIT
#
# What all tests against a real mount share: a sandbox server, a mount of it, and the certainty
# that nothing of either is left behind. Loaded by every .bats file; run with `bats tests/mount`.
#
#   CHATKITFS       the program under test (default: build/chatkitfs of the repository)
#   MNT             where a test mounts
#   LOG             what the program wrote to standard error, see mount_in_foreground
#   FS_PID          the process that serves the mount
#   OPENAI_BASE_URL, OPENAI_API_KEY, SANDBOX (its control URL), ACCOUNT (a file with what it holds)
#                   are set by start_sandbox, for one test or, in setup_file, for all of a file
#
# Nothing here sleeps for a fixed time: wait_until polls for what must come.

bats_require_minimum_version 1.5.0

REPOSITORY=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
CHATKITFS=$(realpath "${CHATKITFS:-$REPOSITORY/build/chatkitfs}")

# Not the sandbox's default, so that a leak of it can't be confused with anything else.
KEY=sk-test-Zq7hXw2LsecretT9

# The system's own programs: a version manager's take half a second to start.
PATH=/usr/bin:$PATH

# Neither the caller's account and configuration nor the caller's language or proxy.
export XDG_CONFIG_HOME=$BATS_RUN_TMPDIR/config
unset OPENAI_ORG_ID OPENAI_PROJECT_ID http_proxy HTTP_PROXY all_proxy ALL_PROXY
export LC_ALL=C.UTF-8 TZ=UTC

# A program with sanitizers in it (scripts/test) is slower, and writes down here what they find.
export SLOWER=1
if grep -qs CHATKITFS_SANITIZER_REPORTS "$CHATKITFS"; then
    SLOWER=4
    export CHATKITFS_SANITIZER_REPORTS=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/sanitizers
    mkdir -p "$CHATKITFS_SANITIZER_REPORTS"
    # What GLib keeps for itself would hide from them who uses freed memory.
    export G_SLICE=always-malloc
fi

LIMIT=$((10 * SLOWER))    # seconds that wait_until waits
WATCHDOG=$((60 * SLOWER)) # seconds that a test may take
LOOK=0.02                 # seconds between two looks

# A pipe into which nobody writes: reading from it with a limit waits without a process.
exec {idle}<> <(:)

# --- A test's life ---------------------------------------------------------------------------

# Processes that this test (or file) started; ended with it.
started=()

setup() {
    MNT=$BATS_TEST_TMPDIR/mnt
    LOG=$BATS_TEST_TMPDIR/log
    mkdir "$MNT"
    if [[ -n ${SANDBOX:-} ]]; then
        control POST /reset >/dev/null
    fi
    watchdog 3>&- &
    started+=($!)
}

teardown() {
    end_everything "$BATS_TEST_TMPDIR"
}

teardown_file() {
    end_everything "$BATS_FILE_TMPDIR"
}

# A test must not hang for ever, not even on a file system that no longer answers: without its
# process the kernel ends every call to it.
watchdog() {
    local pid
    read -rt "$WATCHDOG" -u "$idle" || true
    for pid in $(file_systems "$BATS_TEST_TMPDIR"); do
        echo "the test took more than $WATCHDOG s: killing its file system $pid" >&2
        kill -KILL "$pid"
    done
}

# Whatever happened before: unmounts, ends every process and removes the directory. Fails if a
# sanitizer has found something.
end_everything() {
    local directory=$1 place pid found
    set +e
    while read -r place; do
        fusermount3 -u "$place" 2>/dev/null || fusermount3 -uz "$place" || umount -l "$place"
    done < <(mounts_below "$directory")
    for pid in $(file_systems "$directory"); do
        end_process "$pid"
    done
    for pid in "${started[@]}"; do
        end_process "$pid"
    done
    found=$(sanitizer_reports "$directory")
    rm -rf --one-file-system "${directory:?}"
    set -e
    if [[ -n $found ]]; then
        echo "a sanitizer has found:"$'\n'"$found" >&2
        return 1
    fi
}

# What the sanitizers have found in the programs of a directory's tests, the beginning of each.
sanitizer_reports() {
    find "$1/sanitizers" -type f -size +0 -exec head -n 50 {} \; 2>/dev/null
}

end_process() {
    kill -TERM "$1" 2>/dev/null || return 0
    LIMIT=$((3 * SLOWER)) wait_until gone "$1" || kill -KILL "$1" 2>/dev/null
}

# Where something is mounted below a directory, one a line.
mounts_below() {
    findmnt -ln -o TARGET | grep -F -- "$1/" || true
}

# The processes of this program that were given a directory below that one. By the name that it gives
# itself, whatever its file is called: which that is, as much else of /proc, is shown to nobody but root.
file_systems() {
    local cmdline comm
    for cmdline in $(grep -lzF -- "$1/" /proc/[0-9]*/cmdline 2>/dev/null); do
        if { read -r comm <"${cmdline%cmdline}comm"; } 2>/dev/null && [[ $comm == chatkitfs ]]; then
            cmdline=${cmdline%/cmdline}
            echo "${cmdline#/proc/}"
        fi
    done
}

# Whether a process has ended. One that nobody waited for counts: not every PID 1 does.
gone() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    stat=${stat##*) }
    [[ $stat == Z* || $stat == X* ]]
}

# Looks every 20 ms whether COMMAND succeeds by now.
wait_until() {
    local end=$((SECONDS + LIMIT))
    until "$@"; do
        if ((SECONDS > end)); then
            echo "waited $LIMIT s in vain for: $*" >&2
            return 1
        fi
        read -rt "$LOOK" -u "$idle" || true
    done
}

# --- The sandbox -----------------------------------------------------------------------------

# start_sandbox [OPTION]...: see scripts/sandbox --help. Not in a subshell (run, pipe).
start_sandbox() {
    local directory=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}
    local url_file=$directory/sandbox.url
    rm -f "$url_file"
    "$REPOSITORY/scripts/sandbox" --key "$KEY" --url-file "$url_file" --parent-pid "$$" "$@" \
        >/dev/null 2>"$directory/sandbox.log" 3>&- &
    SANDBOX_PID=$!
    started+=("$SANDBOX_PID")
    wait_until test -s "$url_file"
    OPENAI_BASE_URL=$(<"$url_file")
    SANDBOX=${OPENAI_BASE_URL%/v1}/sandbox
    OPENAI_API_KEY=$KEY
    ACCOUNT=$directory/account.json
    export OPENAI_BASE_URL OPENAI_API_KEY SANDBOX SANDBOX_PID ACCOUNT
    control GET /account >"$ACCOUNT"
}

# start_sandbox_with: the same with a data file read from standard input.
start_sandbox_with() {
    local data=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/data.json
    cat >"$data"
    start_sandbox --data "$data" "$@"
}

# control METHOD PATH [JSON]
control() {
    curl -sS --fail-with-body --noproxy '*' --max-time "$LIMIT" -X "$1" \
        ${3+--data-raw "$3"} "$SANDBOX$2"
}

# fault KIND MATCH [FIELDS]: plans a misbehaviour, FIELDS being further members of the object.
fault() {
    control POST /faults "$(jq -n --arg kind "$1" --arg match "$2" \
        "{\$kind, \$match} + {${3:-}}")" >/dev/null
}

# How many requests matched, of all since the mount.
requests() {
    curl -sS --fail-with-body --noproxy '*' --max-time "$LIMIT" -G \
        --data-urlencode "match=${1:-}" "$SANDBOX/count"
}

# The requests so far, "METHOD path?query" a line, decoded.
request_lines() {
    control GET /requests | jq -r '.requests[] | .method + " " + .path + "?" + .query'
}

# How many threads without items have been asked for theirs twice, as an empty page is that came over a
# kept connection: on a new one.
asked_again() {
    request_lines | grep -F "$(account '.[] | select(.items == []) | "/" + .thread.id + "/items"')" |
        sort | uniq -c | grep -c '^ *2 ' || true
}

# How many requests wait for their release (see the fault "hold").
held() {
    [[ $(control GET /requests | jq .held) == "$1" ]]
}

# What the sandbox holds: account FILTER, with the oldest thread first.
account() {
    jq -r "$1" "$ACCOUNT"
}

# --- nginx -----------------------------------------------------------------------------------

# make_certificate NAME HOST [DAYS]: $BATS_FILE_TMPDIR/NAME.pem and NAME.key.
make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "${3:-2}" \
        -subj "/CN=$2" -addext "subjectAltName=DNS:$2" \
        -keyout "$BATS_FILE_TMPDIR/$1.key" -out "$BATS_FILE_TMPDIR/$1.pem" 2>/dev/null
}

# A port that nobody has just now.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# run_nginx DIRECTORY HTTP [MAIN]: nginx with what the function HTTP writes for that context, and
# MAIN besides it; all that it writes itself is in DIRECTORY. Not in a subshell. HTTP may choose
# ports, and is called again where somebody else has taken one meanwhile.
run_nginx() {
    local directory=$1 http=$2 main=${3:-} module
    mkdir -p "$directory"
    while true; do
        rm -f "$directory/nginx.pid"
        {
            printf 'daemon off;\npid %s/nginx.pid;\nerror_log stderr;\n' "$directory"
            # Nobody else can enter the directories of a test that root runs.
            ((EUID != 0)) || echo 'user root;'
            printf '%s\nevents { worker_connections 1024; }\nhttp {\n' "$main"
            for module in client_body proxy fastcgi uwsgi scgi; do
                echo "${module}_temp_path $directory/$module;"
            done
            "$http"
            echo '}'
        } >"$directory/nginx.conf"
        PATH=$PATH:/usr/sbin nginx -c "$directory/nginx.conf" -p "$directory" \
            >"$directory/nginx.log" 2>&1 3>&- &
        NGINX_PID=$!
        started+=("$NGINX_PID")
        # The file is there once all ports are open.
        wait_until eval '[[ -s $directory/nginx.pid ]] || gone "$NGINX_PID"'
        gone "$NGINX_PID" || return 0
        if ! grep -q 'Address already in use' "$directory/nginx.log"; then
            cat "$directory/nginx.log" >&2
            return 1
        fi
    done
}

# --- The mount -------------------------------------------------------------------------------

# As a daemon, the way people mount.
mount_fs() {
    "$CHATKITFS" "$@" "$MNT" 3>&-
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
}

# In the foreground, with its log in $LOG; for wait, signals and what it writes.
mount_in_foreground() {
    # As from a terminal, also where the tests were started with nohup.
    env --default-signal=HUP "$CHATKITFS" -f "$@" "$MNT" 2>"$LOG" 3>&- &
    FS_PID=$!
    started+=("$FS_PID")
    wait_until eval 'mounted || gone "$FS_PID"'
    mounted
}

# The options with which unshare(1) runs a command among mounts of its own. In a chroot the root is no
# mount, which could be made private; what is left is unmounted with the test.
own_mounts() {
    echo -m "$(findmnt -nM / >/dev/null || echo --propagation=unchanged)"
}

# as_another_user DIRECTORY SCRIPT: as root, runs SCRIPT as a user who is not root, with the directory on /mnt,
# since nobody else can enter a test's; $0 is the program.
as_another_user() {
    local options
    read -ra options < <(own_mounts)
    unshare "${options[@]}" sh -ec 'mount --bind "$1" /mnt
        cd /mnt
        exec 9<"$2"
        exec env -u CHATKITFS_SANITIZER_REPORTS setpriv --reuid=65534 --regid=65534 --clear-groups \
            sh -c "$3" /proc/self/fd/9' sh "$1" "$CHATKITFS" "$2"
}

# mount_thread [OPTION]...: T is the folder of a thread of many.py, none of whose items have been read.
mount_thread() {
    mount_in_foreground --ttl=1d "$@"
    T=$MNT/Thread-1.cthr_00001
    control POST /reset >/dev/null
}

mounted() {
    grep -q " $MNT fuse.chatkitfs " /proc/self/mounts
}

not_mounted() {
    ! mounted
}

unmount() {
    fusermount3 -u "$MNT"
    wait_until gone "$FS_PID"
}

# The ids that the names of folders on standard input end in.
ids() {
    sed 's/.*\.//'
}

# How the users of the sample are named as folders: a slash can't stand in a name.
encoded() {
    sed 's,/,%2F,g'
}

# Runs COMMAND in the background as a terminal's shell does, so that ^C (SIGINT) ends it. Its
# process is then READER, what it writes goes to $BATS_TEST_TMPDIR/reader.out and reader.err.
in_background() {
    env --default-signal=INT "$@" >"$BATS_TEST_TMPDIR/reader.out" \
        2>"$BATS_TEST_TMPDIR/reader.err" 3>&- &
    READER=$!
    started+=("$READER")
}

# ended PID: waits for the end of a child, and sets STATUS.
ended() {
    wait_until gone "$1"
    STATUS=0
    wait "$1" || STATUS=$?
}

# --- What is expected ------------------------------------------------------------------------

# expect ACTUAL EXPECTED [WHAT]
expect() {
    if [[ $1 == "$2" ]]; then
        return 0
    fi
    echo "${3:-not as expected} (< expected, > got):" >&2
    diff <(cat <<<"$2") <(cat <<<"$1") | head -n 20 >&2
    return 1
}

# quiet COMMAND...: it succeeds and says nothing on standard error; what it prints is $output, $lines.
quiet() {
    run --separate-stderr "$@"
    expect "status $status $stderr" "status 0 " "$*"
}

# expect_requests COUNT [REGEX]
expect_requests() {
    local count
    count=$(requests "${2:-}")
    if [[ $count != "$1" ]]; then
        echo "$count requests${2:+ that match $2}, expected $1; all of them:" >&2
        request_lines >&2
        return 1
    fi
}

# expect_errno NAME list|open|FUNCTION PATH: what a program gets, by its exact name; "ok" for success.
# FUNCTION: one of Python's module os, such as stat.
expect_errno() {
    expect "$(errno_of "$2" "$3")" "$1" "$2 of $3"
}

errno_of() {
    python3 - "$@" <<'END'
import errno, os, sys
operation, path = sys.argv[1:]
try:
    if operation == "list":
        os.listdir(path)
    elif operation == "open":
        open(path, "rb").read()
    else:
        getattr(os, operation)(path)
    print("ok")
except OSError as error:
    print(errno.errorcode[error.errno])
END
}

# fails REGEX COMMAND...: fails with one line on standard error that matches, and mounts nothing.
fails() {
    local regex=$1
    shift
    run --separate-stderr timeout "$LIMIT" "$@" 3>&-
    ((status != 0)) || expect "status $status" "a failure" "$*"
    expect "$output" "" "standard output of $*"
    expect "$(printf '%s\n' "$stderr" | wc -l)" 1 "number of lines from $*: $stderr"
    [[ $stderr == "chatkitfs: "* ]] || expect "$stderr" "chatkitfs: …"
    [[ $stderr =~ $regex ]] || expect "$stderr" "$regex"
    [[ $stderr != *"$KEY"* ]] || expect "the key" "no key" "what $* says"
    not_mounted
}
