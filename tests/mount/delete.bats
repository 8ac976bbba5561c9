# SPDX-License-Identifier: MIT
#
# Deleting threads: with --allow-delete, by removing their folders, and in no other way.

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

# --- Without the option ----------------------------------------------------------------------

@test "without --allow-delete nothing can be removed" {
    mount_fs
    ls "$T" >/dev/null
    expect_errno EROFS rmdir "$T"
    expect_errno EROFS unlink "$T/0001-user.md"
    expect_errno EROFS unlink "$MNT/cthr_00007"
    run -1 rm -r "$T" </dev/null
    [[ $output == *"Read-only file system"* ]]
    run -1 find "$T" -delete
    run -1 python3 -c 'import shutil, sys; shutil.rmtree(sys.argv[1])' "$T"
    nothing_is_gone
    expect "$(findmnt -no OPTIONS "$MNT" | cut -d , -f 1)" ro
    expect "$(stat -c %a "$T")" 500
}

# --- What deletes ----------------------------------------------------------------------------

@test "rmdir deletes the thread, with one request" {
    mount_in_foreground --allow-delete
    rmdir "$T"
    only_7_is_gone
    expect_requests 2 # the threads, and that
    logged 'thread cthr_00007 has been deleted, for rmdir\[[0-9]+\]$'
    expect_errno ENOENT rmdir "$T"
    expect_requests 1 ^DELETE
}

@test "rm -r deletes the thread" {
    mount_in_foreground --allow-delete
    quiet rm -rf "$T"
    only_7_is_gone
    logged 'for rm\[[0-9]+\]$'
    # What it has unlinked is no file that was to be removed for itself.
    unmount
    run -1 grep 'still there' "$LOG"
}

@test "so do find -delete and what programs have for it" {
    mount_fs --allow-delete
    quiet find "$T" -delete
    only_7_is_gone
    quiet python3 -c 'import shutil, sys; shutil.rmtree(sys.argv[1])' "$MNT/Thread-8.cthr_00008"
    quiet busybox_rm "$MNT/Thread-9.cthr_00009"
    # From one file system to another mv copies, then removes.
    cp -r "$MNT/Thread-10.cthr_00010" "$BATS_TEST_TMPDIR/copy"
    quiet mv -f "$MNT/Thread-10.cthr_00010" "$BATS_TEST_TMPDIR/moved"
    diff -r "$BATS_TEST_TMPDIR/copy" "$BATS_TEST_TMPDIR/moved"
    shows "$(grep -v -e 00008 -e 00009 -e 00010 <<<"$OTHERS")"
    expect_requests 4 ^DELETE
}

# As busybox does: by paths, while the folder is open.
busybox_rm() {
    python3 - "$1" <<'END'
import os, sys
with os.scandir(sys.argv[1]) as entries:
    for entry in entries:
        os.unlink(entry.path)
os.rmdir(sys.argv[1])
END
}

@test "many threads are deleted one by one, and all of them" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 230 1)
    mount_fs --allow-delete --page-size=50
    quiet find "$MNT" -mindepth 1 -maxdepth 1 -name 'Thread-1*' -exec rm -rf {} +
    expect "$(on_server | wc -l)" 119
    shows "$(on_server)"
    quiet rm -rf "$MNT"/*
    expect "$(on_server)" ""
    shows ""
    expect_requests 230 ^DELETE
}

@test "a user's folder goes with its threads, and not before" {
    mount_fs --allow-delete --group-by=user
    expect_errno ENOTEMPTY rmdir "$MNT/user_7"
    expect_requests 0 ^DELETE
    quiet rm -rf "$MNT/user_7"
    expect "$(on_server)" "$(account '.[].thread.id' | grep -v '7$')"
    expect_requests 2 ^DELETE
    expect_errno ENOENT stat "$MNT/user_7"
    rmdir "$MNT/user_8/Thread-8.cthr_00008"
    expect_errno ENOTEMPTY rmdir "$MNT/user_8"
    rmdir "$MNT/user_8/Thread-18.cthr_00018"
    expect_errno ENOENT stat "$MNT/user_8"
    expect "$(ls "$MNT" | wc -l)" 8
}

@test "who reads a thread that is deleted gets ESTALE" {
    mount_fs --allow-delete
    exec {file}<"$T/thread.md"
    rmdir "$T"
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
    rmdir "$T"
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
    rmdir "$(realpath "$MNT/$last")"
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
    rmdir "$T"
    fault body '^GET /v1/chatkit/threads\?' "times: null, body: $page"
    "$CHATKITFS" --refresh "$MNT"
    only_7_is_gone
    fault body '^GET /v1/chatkit/threads/cthr_00007$' \
        "times: null, body: $(account '.[] | select(.thread.id == "cthr_00007").thread | @json')"
    expect_errno ENOENT stat "$MNT/cthr_00007"
    only_7_is_gone
}

# --- What does not ---------------------------------------------------------------------------

@test "a file of a thread is not removed by itself" {
    mount_fs --allow-delete
    expect_errno EROFS unlink "$T/0001-user.md"
    run -1 rm -f "$T/0001-user.md"
    [[ $output == *"Read-only file system"* ]]
    run -1 rm -f "$T"/*
    expect "$(grep -c 'Read-only file system' <<<"$output")" 8
    (cd "$T" && run -1 rm -f ./*)
    expect_errno EROFS unlink "$MNT/cthr_00007"
    nothing_is_gone
}

@test "who has another folder open, or is another process, does not remove its files" {
    mount_fs --allow-delete
    exec {folder}<"$T" # which is inherited, but not opened, by what follows
    run -1 rm -f "$T/0001-user.md"
    exec {folder}<&-
    python3 - "$T" "$MNT/Thread-8.cthr_00008" <<'END'
import errno, os, sys
other = os.open(sys.argv[2], os.O_RDONLY)
try:
    os.unlink(sys.argv[1] + "/0001-user.md")
    sys.exit("it is unlinked")
except OSError as error:
    assert error.errno == errno.EROFS, error
END
    nothing_is_gone
}

@test "files that find removes without their folder stay, and the log says so" {
    mount_in_foreground --allow-delete
    find "$T" -name '*.md' -delete
    logged 'files were to be removed, and are still there \(4 of them\): .* rmdir or rm -r of its folder$'
    nothing_is_gone
}

@test "who has not emptied a folder that it began to empty does not remove it" {
    mount_fs --allow-delete
    run -1 find "$T" -depth \( -name '*.md' -o -type d \) -delete
    [[ $output == *"Directory not empty"* ]]
    nothing_is_gone
}

# As rm -ri does, whose user thinks before the last answer.
@test "who takes his time between the files and rmdir has named the same files" {
    mount_in_foreground --allow-delete --ttl=0
    local item
    emptied_slowly "$T"
    only_7_is_gone
    control POST /reset >/dev/null
    item='{"id": "cthi_new", "type": "chatkit.user_message", "created_at": 1800000000, "content": []}'
    run -1 emptied_slowly "$MNT/Thread-8.cthr_00008" /threads/cthr_00008/items "$item"
    [[ $output == *"Directory not empty"* ]]
    expect_requests 0 ^DELETE
}

# emptied_slowly FOLDER [PATH JSON]: unlinks all that is there, closes it, has the sandbox add what is new
# once the log says that files are still there, lists that, and removes the folder.
emptied_slowly() {
    python3 - "$LOG" "$SANDBOX" "$@" <<'END'
import os, sys, time, urllib.request
log, sandbox, folder, *new = sys.argv[1:]
with os.scandir(folder) as entries:
    for entry in entries:
        os.unlink(entry.path)
said = open(log).read().count("still there")
while open(log).read().count("still there") == said:
    time.sleep(0.02)
if new:
    urllib.request.urlopen(urllib.request.Request(sandbox + new[0], new[1].encode())).read()
    print(len(os.listdir(folder)))
os.rmdir(folder)
END
}

@test "who was refused a file, or has left one, can't remove the folder; but from the beginning" {
    mount_fs --allow-delete
    python3 - "$T" "$MNT/Thread-8.cthr_00008" <<'END'
import errno, os, shutil, sys
refused, left = sys.argv[1:]
def fails(error, function, *arguments):
    try:
        function(*arguments)
        sys.exit(f"{function} succeeds")
    except OSError as failure:
        assert failure.errno == error, failure
fails(errno.EROFS, os.unlink, refused + "/thread.md")
fails(errno.ENOTEMPTY, os.rmdir, refused)
with os.scandir(left) as entries:
    os.unlink(next(entries).path)
    fails(errno.ENOTEMPTY, os.rmdir, left)
fails(errno.ENOTEMPTY, os.rmdir, left)
shutil.rmtree(left)
shutil.rmtree(refused)
END
    expect_requests 2 ^DELETE
    expect "$(on_server | grep -c -e 00007 -e 00008)" 0
}

@test "two that remove the same thread side by side delete it" {
    mount_fs --allow-delete
    local thread
    for thread in 11 12 13 14 15 16; do
        rm -rf "$MNT/Thread-$thread.cthr_000$thread" &
        rm -rf "$MNT/Thread-$thread.cthr_000$thread" || true # what is gone already may be ESTALE
        wait $! || true
    done
    expect "$(on_server | grep -c 'cthr_0001[1-6]')" 0
    expect_requests 6 ^DELETE
}

@test "what another process begins in a folder takes nothing from the first one" {
    mount_fs --allow-delete
    python3 - "$T" <<'END'
import errno, os, subprocess, sys
folder = sys.argv[1]
with os.scandir(folder) as entries:
    os.unlink(next(entries).path)
    subprocess.run(["find", folder, "-name", "thread.json", "-delete"], check=True)
try:
    os.rmdir(folder)
    sys.exit("it is removed")
except OSError as error:
    assert error.errno == errno.ENOTEMPTY, error
END
    nothing_is_gone
}

# Of a conversation that goes on, rm has not seen the end.
@test "a thread that grows while it is removed stays" {
    mount_fs --allow-delete --ttl=0
    run -1 python3 - "$T" "$SANDBOX" <<'END'
import os, sys, urllib.request
folder, sandbox = sys.argv[1:]
with os.scandir(folder) as entries:
    for entry in entries:
        os.unlink(entry.path)
urllib.request.urlopen(urllib.request.Request(sandbox + "/threads/cthr_00007/items",
    b'{"id": "cthi_new", "type": "chatkit.user_message", "created_at": 1800000000,'
    b'"content": [{"type": "input_text", "text": "One more thing"}]}', method="POST")).read()
print(len(os.listdir(folder)))
os.rmdir(folder)
END
    [[ $output == "10"*"Directory not empty"* ]]
    expect_requests 0 ^DELETE
    quiet rm -rf "$T"
    only_7_is_gone
}

# Go's os.RemoveAll reads a folder anew as long as it could remove something of it.
@test "who removes until nothing is left comes to an end" {
    mount_fs --allow-delete
    timeout "$LIMIT" python3 - "$T" <<'END'
import os, sys
removed = True
while removed:
    removed = False
    folder = os.open(sys.argv[1], os.O_RDONLY)
    for name in os.listdir(folder):
        try:
            os.unlink(name, dir_fd=folder)
            removed = True
        except OSError:
            pass
    os.close(folder)
os.rmdir(sys.argv[1])
END
    only_7_is_gone
}

@test "nothing can be written, moved or made" {
    mount_fs --allow-delete
    python3 - "$MNT" "$T" <<'END'
import errno, os, sys
root, folder = sys.argv[1:]
file, new = folder + "/0001-user.md", folder + "/new"
attempts = {
    "create": lambda: open(new, "w"),
    "create in the root": lambda: open(root + "/new", "w"),
    "mkdir": lambda: os.mkdir(new),
    "mkdir in the root": lambda: os.mkdir(root + "/new"),
    "mknod": lambda: os.mkfifo(new),
    "symlink": lambda: os.symlink("x", new),
    "link": lambda: os.link(file, new),
    "rename": lambda: os.rename(file, new),
    "rename a thread": lambda: os.rename(folder, root + "/new"),
    "chmod": lambda: os.chmod(file, 0o600),
    "chown": lambda: os.chown(file, os.getuid(), os.getgid()),
    "utime": lambda: os.utime(file),
    "truncate": lambda: os.truncate(file, 0),
    "append": lambda: open(file, "a"),
    "write": lambda: open(file, "r+"),
    "setxattr": lambda: os.setxattr(file, "user.x", b"x"),
    "removexattr": lambda: os.removexattr(file, "user.x"),
    "rmdir": lambda: os.rmdir(root + "/.chatkitfs"),
    "unlink": lambda: os.unlink(root + "/.chatkitfs/status"),
}
# Of a file's modes, the kernel tells its owner before it asks anybody.
allowed = {errno.EROFS} if os.getuid() == 0 else {errno.EROFS, errno.EACCES}
for name, attempt in attempts.items():
    try:
        attempt()
        sys.exit(f"{name} succeeds")
    except OSError as error:
        assert error.errno in allowed, (name, error)
END
    expect "$(stat -c %a "$T" "$T/thread.md" | xargs)" "700 400"
    nothing_is_gone
}

@test "-o ro and --allow-delete contradict each other" {
    fails 'contradict each other: leave one' "$CHATKITFS" -o ro,allow_delete "$MNT"
    printf '[work]\nallow-delete=true\n' >"$BATS_TEST_TMPDIR/config"
    chmod 600 "$BATS_TEST_TMPDIR/config"
    fails 'contradict each other' "$CHATKITFS" -o ro --config="$BATS_TEST_TMPDIR/config" work: "$MNT"
    run "$CHATKITFS" --check --config="$BATS_TEST_TMPDIR/config" work:
    [[ $output == *$'\ndeleting       rmdir and rm -r'* ]]
    run "$CHATKITFS" --check
    [[ $output == *$'\ndeleting       nothing can be deleted'* ]]
}

@test "with --offline nothing is deleted" {
    "$CHATKITFS" --sync --cache-dir="$BATS_TEST_TMPDIR/cache"
    mount_in_foreground --allow-delete --offline --cache-dir="$BATS_TEST_TMPDIR/cache"
    expect_errno ENETUNREACH rmdir "$T"
    logged 'deleting thread cthr_00007: the server is not asked: mount without --offline'
    nothing_is_gone
}

# --- When it fails ---------------------------------------------------------------------------

# fails_with ERRNO REGEX: rmdir does, the log says why, and the thread stays.
fails_with() {
    expect_errno "$1" rmdir "$T"
    logged "deleting thread cthr_00007: $2"
    control DELETE /faults >/dev/null
    all_are_there
}

@test "a key that may not delete is EACCES, and the log says so" {
    mount_in_foreground --allow-delete
    fault status ^DELETE 'times: null, status: 403'
    fails_with EACCES 'the server answered 403 .*to delete one, write'
    quiet rmdir "$T"
    only_7_is_gone_after 1
}

# The same after so many requests that failed.
only_7_is_gone_after() {
    expect_requests $((1 + $1)) ^DELETE
    expect "$(on_server)" "$OTHERS"
    shows "$OTHERS"
}

@test "a server that fails is asked again, then it is EIO" {
    mount_in_foreground --allow-delete --timeout=10
    fault status ^DELETE 'times: null, status: 500, headers: {"retry-after-ms": "1"}'
    fails_with EIO 'the server answered 500'
    (($(requests ^DELETE) > 1))
    control POST /reset >/dev/null
    fault status ^DELETE 'status: 503, headers: {"retry-after-ms": "1"}'
    quiet rmdir "$T"
    only_7_is_gone_after 1
}

@test "an answer that is lost is found out about" {
    mount_in_foreground --allow-delete
    fault truncate ^DELETE 'bytes: 10'
    quiet rmdir "$T"
    # The second attempt is answered 404, so the server is asked for the thread.
    only_7_is_gone_after 1
    expect_requests 2 '^GET /v1/chatkit/threads/cthr_00007$'
}

@test "a thread that somebody else has deleted is gone" {
    mount_in_foreground --allow-delete
    ls "$MNT" >/dev/null
    control DELETE /threads/cthr_00007 >/dev/null
    quiet rmdir "$T"
    only_7_is_gone
}

@test "a server that knows nothing any more loses no thread" {
    mount_in_foreground --allow-delete
    ls "$MNT" >/dev/null
    fault status '' 'times: null, status: 404'
    expect_errno EIO rmdir "$T" # to rm -f, ENOENT would be well
    control DELETE /faults >/dev/null
    all_are_there
}

@test "a server that does not know how to delete is EIO" {
    mount_in_foreground --allow-delete
    fault status ^DELETE 'times: null, status: 404'
    fails_with EIO 'the server has the thread, and does not know it to delete it'
}

@test "an answer that confirms nothing is none" {
    mount_in_foreground --allow-delete
    local body
    for body in '{"id": "cthr_00007", "object": "chatkit.thread.deleted", "deleted": false}' \
        '{"id": "cthr_00008", "object": "chatkit.thread.deleted", "deleted": true}' '{}' '"no JSON"'; do
        fault body ^DELETE "body: $body"
        expect_errno EIO rmdir "$T"
        all_are_there
    done
    logged 'deleting thread cthr_00007: the server does not say that the thread has been deleted'
}

@test "^C ends rmdir, and what was asked for goes on" {
    mount_in_foreground --allow-delete
    ls "$MNT" >/dev/null
    fault hold ^DELETE
    in_background rmdir "$T"
    wait_until held 1
    kill -INT "$READER"
    ended "$READER"
    expect "$STATUS" 130
    control POST /release >/dev/null
    logged 'thread cthr_00007 has been deleted, for rmdir'
    wait_until eval '[[ ! -e $T ]]'
    only_7_is_gone
}

@test "^C ends what has not been asked for, or was refused" {
    mount_in_foreground --allow-delete
    ls "$MNT" >/dev/null
    fault status ^DELETE 'times: null, status: 429, headers: {"retry-after": "3"}'
    in_background rmdir "$T"
    wait_until eval '[[ $(requests ^DELETE) == 1 ]]'
    kill -INT "$READER"
    ended "$READER"
    expect "$STATUS" 130
    logged 'thread cthr_00007 is not deleted: who wanted that has gone'
    control DELETE /faults >/dev/null
    quiet rmdir "$MNT/Thread-8.cthr_00008" # after the pause, as any other would
    expect_requests 1 '^DELETE .*/cthr_00007$'
    expect "$(on_server)" "$(account '.[].thread.id' | grep -v 00008)"
}

@test "rmdir waits no longer than --timeout" {
    mount_in_foreground --allow-delete --timeout=1
    fault hold ^DELETE
    expect_errno ETIMEDOUT rmdir "$T"
    control POST /release >/dev/null
    wait_until eval '[[ ! -e $T ]]'
    only_7_is_gone
}

@test "who unmounts does not wait for it" {
    mount_in_foreground --allow-delete
    ls "$MNT" >/dev/null
    fault hold ^DELETE
    in_background rmdir "$T"
    wait_until held 1
    kill -TERM "$FS_PID"
    ended "$FS_PID"
    expect "$STATUS" 0
    ended "$READER"
    expect "$STATUS" 1
    not_mounted
}

# While the server holds what READER waits for, thread 7 gets another title and the mount is refreshed;
# then READER ends.
refreshes_beside_it() {
    wait_until held 1
    control PATCH /threads/cthr_00007 '{"title": "Another"}' >/dev/null
    quiet timeout "$LIMIT" "$CHATKITFS" --refresh "$MNT"
    held 1
    control POST /release >/dev/null
    ended "$READER"
}

# The kernel holds the folder's lock for who removes it. A notification that takes it would wait for the
# server, and a program that is killed meanwhile would never end.
@test "while a thread is being deleted the kernel is told of no name in it" {
    mount_in_foreground --allow-delete --timeout=100
    cat "$T"/* >/dev/null
    fault hold ^DELETE
    in_background rmdir "$T"
    refreshes_beside_it
    expect "$STATUS" 0
    only_7_is_gone
}

@test "nor while the rest of its files is looked for" {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 9 20)
    mount_in_foreground --allow-delete --timeout=100 --page-size=3
    cat >"$BATS_TEST_TMPDIR/remover.py" <<'END'
import os, sys, time
path, control = sys.argv[1:]
folder = os.open(path, os.O_RDONLY)
for number, role in (1, "user"), (2, "assistant"), (3, "user"):
    for extension in "md", "json":
        os.unlink(f"{number:04}-{role}.{extension}", dir_fd=folder)
open(control + "/unlinked", "w")
while not os.path.exists(control + "/go"):
    time.sleep(0.02)
os.rmdir(path)
END
    in_background python3 "$BATS_TEST_TMPDIR/remover.py" "$T" "$BATS_TEST_TMPDIR"
    wait_until test -e "$BATS_TEST_TMPDIR/unlinked"
    fault hold '^GET .*/items'
    touch "$BATS_TEST_TMPDIR/go"
    refreshes_beside_it
    expect "$STATUS" 1
    [[ $(<"$BATS_TEST_TMPDIR/reader.err") == *"Directory not empty"* ]]
    expect_requests 0 ^DELETE
}

# Pages come after the last thread of the one before, which is gone then.
@test "who deletes what it lists, while it lists it, misses nothing" {
    mount_in_foreground --allow-delete --page-size=3
    python3 - "$MNT" <<'END'
import os, sys
with os.scandir(sys.argv[1]) as entries:
    for entry in entries:
        os.rmdir(entry.path)
END
    expect "$(on_server)" ""
    shows ""
    expect_requests 20 ^DELETE
    run -1 grep listing "$LOG"
}

# Of what is there they remove a folder only if it is empty, and leave that to rmdir(2).
@test "what is moved or extracted into the mount takes no thread's place" {
    mount_in_foreground --allow-delete
    local from=$BATS_TEST_TMPDIR/from
    mkdir "$from"
    cp -r "$T" "$from"
    run -1 mv "$from/${T##*/}" "$MNT"
    [[ $output == *"Directory not empty"* ]]
    run -1 mv -T "$from/${T##*/}" "$T"
    touch "$from/${T##*/}.file"
    tar -cf "$BATS_TEST_TMPDIR/archive" -C "$from" --transform 's/[.]file$//' "${T##*/}.file"
    run -2 tar -xf "$BATS_TEST_TMPDIR/archive" -C "$MNT"
    nothing_is_gone
}
