#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Listing anew: SIGHUP has the threads that are known listed once more, in segments side by side, and
# what is new, renamed or gone shows at once.

load helper.bash

# The newest is cthr_00349; cthr_00250, cthr_00150 and cthr_00050 are every hundredth.
THREADS=350
LISTING='GET /v1/chatkit/threads\?'

# For every test its own: they change it.
setup() {
    MNT=$BATS_TEST_TMPDIR/mnt
    LOG=$BATS_TEST_TMPDIR/log
    mkdir "$MNT"
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" "$THREADS" 2)
    watchdog 3>&- &
    started+=($!)
}

shown() {
    ls -U "$MNT" | ids
}

# The same of the account, newest first.
listed() {
    control GET /account | jq -r 'reverse | .[].thread.id'
}

shows_what_there_is() {
    [[ $(shown) == "$(listed)" ]]
}

add_thread() {
    control POST /threads "$(jq -nc --arg id "$1" --argjson at "$2" '{thread: {$id,
        object: "chatkit.thread", created_at: $at, title: "Added", user: "user_1"}}')" >/dev/null
}

remove_thread() {
    control DELETE "/threads/$1" >/dev/null
}

rename_thread() {
    control PATCH "/threads/$1" "$(jq -n --arg title "$2" '{$title}')" >/dev/null
}

hang_up() {
    kill -HUP "$FS_PID"
}

answered() {
    [[ $(requests "$LISTING") == "$1" && $(control GET /requests | jq .in_flight) == 0 ]]
}

@test "after SIGHUP the mount shows what was added, renamed and deleted" {
    mount_fs
    expect "$(shown)" "$(listed)"
    add_thread cthr_new1 1900000000
    add_thread cthr_new2 1900000001
    rename_thread cthr_00100 Renamed
    remove_thread cthr_00349
    remove_thread cthr_00150
    remove_thread cthr_00000
    control POST /reset
    expect "$(shown | wc -l)" "$THREADS"
    hang_up
    wait_until shows_what_there_is
    expect "$(ls "$MNT" | grep 00100)" Renamed.cthr_00100
    # A page for each of the four segments, one of which is refused, and another page for the first
    # one, where there is more now, and for that which goes on where a bound is gone.
    expect_requests 6 "$LISTING"
    expect_errno ENOENT stat "$MNT/Thread-150.cthr_00150"
    expect_errno ENOENT stat "$MNT/cthr_00150"
    expect "$(cat "$MNT/Thread-100.cthr_00100/thread.md")" "$(cat "$MNT/Renamed.cthr_00100/thread.md")"
}

@test "without a change SIGHUP takes a request for each hundred threads, and nothing is forgotten" {
    mount_in_foreground
    expect "$(shown | wc -l)" "$THREADS"
    control POST /reset
    hang_up
    wait_until answered 4
    expect "$(shown | wc -l)" "$THREADS"
    expect_requests 4
    expect "$(<"$LOG")" ""
}

@test "what was read is asked for anew as well, from its last item on" {
    mount_fs
    grep -r needle "$MNT" >"$BATS_TEST_TMPDIR/first"
    control POST /reset
    "$CHATKITFS" --refresh "$MNT"
    expect_requests 4 "$LISTING"
    expect_requests "$THREADS" '/items\?limit=100&order=asc&after='
    grep -r needle "$MNT" >"$BATS_TEST_TMPDIR/second"
    cmp "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/second"
    expect_requests $((4 + THREADS))
}

@test "the segments are asked for side by side, but half of the requests are left to readers" {
    mount_fs --concurrency=4
    expect "$(shown | wc -l)" "$THREADS"
    control POST /reset
    fault hold "$LISTING" 'times: null'
    hang_up
    wait_until held 2
    cat "$MNT/cthr_00007/thread.md" >"$BATS_TEST_TMPDIR/out"
    held 2
    expect_requests 2 "$LISTING"
    expect "$(shown | wc -l)" "$THREADS"
    control DELETE /faults
    control POST /release
    wait_until answered 4
}

@test "a listing that was read in part is listed anew as far as it was read" {
    mount_fs
    # Mounting has read the first page.
    add_thread cthr_new 1900000000
    remove_thread cthr_00250 # the one that was read last
    remove_thread cthr_00300
    control POST /reset
    hang_up
    wait_until answered 1
    expect_requests 1
    expect "$(shown)" "$(listed)"
}

@test "users' folders appear and go with their threads" {
    mount_fs --group-by=user
    expect "$(ls "$MNT" | wc -l)" 10
    ls "$MNT"/user_3 >/dev/null
    for number in $(seq 3 10 349); do
        remove_thread "$(printf 'cthr_%05d' "$number")"
    done
    add_thread cthr_new 1900000000
    control PATCH /threads/cthr_new '{"user": "someone"}' >/dev/null
    hang_up
    wait_until eval '[[ $(ls "$MNT" | tr "\n" " ") == \
        "someone user_0 user_1 user_2 user_4 user_5 user_6 user_7 user_8 user_9 " ]]'
    expect "$(ls "$MNT/someone")" Added.cthr_new
}

@test "a shell in a folder that is renamed goes on, one whose thread is gone gets ESTALE" {
    mount_in_foreground
    expect "$(shown | wc -l)" "$THREADS"
    python3 - "$MNT" "$FS_PID" "$SANDBOX" <<'END'
import errno, json, os, signal, sys, time, urllib.request
mnt, pid, sandbox = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def control(method, path, data=None):
    urllib.request.urlopen(urllib.request.Request(
        sandbox + path, data and json.dumps(data).encode(), method=method)).read()

def fails(call):
    try:
        call()
    except OSError as error:
        return errno.errorcode[error.errno]

def wait_for(what):
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)

os.chdir(mnt + "/Thread-200.cthr_00200")
before = open("thread.md").read()
gone_folder = os.open(mnt + "/Thread-201.cthr_00201", os.O_RDONLY | os.O_DIRECTORY)
gone_file = open(mnt + "/Thread-201.cthr_00201/thread.md")
gone_file.read()
control("PATCH", "/threads/cthr_00200", {"title": "Renamed"})
control("DELETE", "/threads/cthr_00201")
os.kill(pid, signal.SIGHUP)
wait_for(lambda: os.path.exists(mnt + "/Renamed.cthr_00200"))
wait_for(lambda: not os.path.exists(mnt + "/Thread-201.cthr_00201"))
assert os.getcwd().endswith("cthr_00200"), os.getcwd()
# Names of files in a folder are forgotten a little later.
wait_for(lambda: open("thread.md").read() == before.replace("Thread 200", "Renamed"))
wait_for(lambda: fails(lambda: os.pread(gone_file.fileno(), 100, 0)) == "ESTALE")
error = fails(lambda: os.listdir(gone_folder))
assert error == "ESTALE", error
assert fails(lambda: os.stat("thread.md", dir_fd=gone_folder)) in ("ESTALE", "ENOENT")
END
    expect "$(<"$LOG")" ""
}

@test "when listing anew fails, that is said once, and all stays as it was" {
    mount_in_foreground
    expect "$(shown | wc -l)" "$THREADS"
    remove_thread cthr_00200
    fault status 'after=cthr_00150' 'status: 500, times: null'
    hang_up
    wait_until grep -q 'listing threads anew' "$LOG"
    expect "$(shown | wc -l)" "$THREADS"
    expect "$(wc -l <"$LOG")" 1
    control DELETE /faults
    hang_up
    wait_until shows_what_there_is
}

@test "the program ends when its terminal hangs up" {
    python3 - "$CHATKITFS" "$MNT" <<'END'
import os, pty, sys, time
program, mnt = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(program, [program, "-f", mnt])
def mounted():
    return f" {mnt} fuse.chatkitfs " in open("/proc/self/mounts").read()
end = time.monotonic() + 10
while not mounted():
    assert time.monotonic() < end, "not mounted"
    time.sleep(0.02)
os.close(terminal)
assert os.waitpid(pid, 0)[1] == 0
assert not mounted()
END
}

@test "a daemon that was started from a terminal lists anew on SIGHUP" {
    python3 - "$CHATKITFS" "$MNT" <<'END'
import os, pty, sys
program, mnt = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(program, [program, mnt])
assert os.waitpid(pid, 0)[1] == 0
os.close(terminal)
END
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
    expect "$(shown)" "$(listed)"
    add_thread cthr_new 1900000000
    hang_up
    wait_until shows_what_there_is
    expect "$(file_systems "$BATS_TEST_TMPDIR")" "$FS_PID"
}

@test "a folder that is being listed does not keep the program from ending, nor from being killed" {
    local count=0 signal thread name
    for signal in TERM KILL; do
        control POST /reset
        mount_in_foreground
        thread=cthr_0030$((++count))
        name="$MNT/Thread-30$count.$thread"
        stat "$name" >/dev/null
        remove_thread "$thread"
        fault hold 'after=' 'times: null'
        in_background ls -U "$MNT"
        wait_until held 1
        hang_up
        wait_until eval '[[ $(errno_of stat "$name") == ENOENT ]]'
        kill "-$signal" "$FS_PID"
        if ! wait_until gone "$FS_PID" || ! wait_until gone "$READER"; then
            control POST /release # else it could not even be killed
            return 1
        fi
        control POST /release
        ended "$READER"
        ((STATUS != 0))
        wait_until not_mounted
    done
}

@test "a thread that was looked up and never listed goes as well" {
    mount_fs
    expect "$(shown | wc -l)" "$THREADS"
    add_thread cthr_new 1900000000
    expect_errno ok stat "$MNT/cthr_new"
    remove_thread cthr_new
    hang_up
    wait_until eval '[[ $(errno_of stat "$MNT/cthr_new") == ENOENT ]]'
    shows_what_there_is
}
