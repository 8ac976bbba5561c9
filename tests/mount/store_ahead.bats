#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Store-ahead: who reads one file of a thread finds the others in the page cache; who reads none has
# nothing put there. What is put there is counted in what libfuse prints of it (-d):
#
#   NOTIFY: code=4 length=LENGTH      FUSE_NOTIFY_STORE, LENGTH being 40 bytes more than the file

load helper.bash

setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 40 6)
}

mount_counted() {
    mount_in_foreground -d "$@"
}

# The sizes of the files that were stored since the mount, one a line.
stored() {
    sed -n 's/^NOTIFY: code=4 length=//p' "$LOG" | awk '{ print $1 - 40 }'
}

# How many reads the kernel has asked for since the mount.
reads() {
    grep -c 'opcode: READ (' "$LOG" || true
}

# Everything that is cached is as what the program gives when the cache is passed by (O_DIRECT).
# Prints how many files there were.
same_bytes() {
    python3 - "$MNT" <<'END'
import mmap, os, sys
files = 0
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = f"{folder}/{name}"
        with open(path, "rb") as file:
            cached = file.read()
        size = os.stat(path).st_size
        room = mmap.mmap(-1, (size // 4096 + 1) * 4096)
        direct = os.open(path, os.O_RDONLY | os.O_DIRECT)
        got = 0
        while got < size:
            count = os.preadv(direct, [memoryview(room)[got:]], got)
            assert count > 0, path
            got += count
        os.close(direct)
        assert len(cached) == size == got and cached == room[:size], path
        files += 1
print(files)
END
}

# Has the kernel drop what it keeps of the mount, as memory that becomes short would.
drop_caches() {
    if ((EUID == 0)); then
        echo 3 >/proc/sys/vm/drop_caches
    else
        evict_pages
    fi
}

# The pages alone, which everybody may.
evict_pages() {
    python3 - "$MNT" <<'END'
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        file = os.open(f"{folder}/{name}", os.O_RDONLY)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)
END
}

# The sizes of a folder's files but for one.
sizes_without() {
    (cd "$1" && stat -c '%s %n' -- * | grep -v " $2\$" | cut -d ' ' -f 1 | sort -n)
}

@test "who only looks has nothing stored" {
    mount_counted
    find "$MNT" -type f -size +0 | wc -l
    ls -lR "$MNT" | wc -l
    stat "$MNT"/*/thread.md "$MNT"/*/0001-* | wc -l
    du -s "$MNT"
    expect "$(stored)" ""
    expect "$(reads)" 0
}

@test "who reads one file of a thread finds its others in the cache, and of no other thread" {
    local thread=$MNT/Thread-20.cthr_00020 file
    for file in 0001-user.json 0004-assistant.md thread.json thread.md; do
        mount_counted
        ls -l "$MNT"/* >/dev/null
        cat "$thread/$file" | grep -q .
        expect "$(stored | sort -n)" "$(sizes_without "$thread" "$file")"
        expect "$(reads)" 1
        cat "$thread"/* "$thread"/* | wc -l
        expect "$(reads)" 1
        expect "$(stored | wc -l)" 13
        cat "$MNT/Thread-21.cthr_00021/thread.md" | grep -q .
        expect "$(reads)" 2
        expect "$(stored | wc -l)" 26
        expect "$(same_bytes)" $((40 * 14))
        unmount
    done
}

@test "only what is listed is stored" {
    local thread=$MNT/Thread-20.cthr_00020 formats count
    while read -r formats count; do
        mount_counted --formats="$formats"
        ls "$thread" >/dev/null
        cat "$thread/thread.json" | grep -q .
        expect "$(stored | wc -l)" "$count" "$formats"
        expect "$(reads)" 1
        same_bytes >/dev/null
        unmount
    done <<<'json 6
md 6
transcript 1
jsonl 1
md,jsonl 7'
}

@test "what has no items has an empty file stored, too" {
    start_sandbox_with <<<'[{"thread": {"id": "cthr_1"}, "items": []}]'
    mount_counted --formats=json,jsonl,transcript
    expect "$(ls "$MNT/cthr_1" | xargs)" "items.jsonl thread.json thread.md"
    cat "$MNT/cthr_1/thread.json" | grep -q .
    expect "$(stored | sort -n | head -n 1)" 0
    expect "$(stored | wc -l)" 2
    expect "$(same_bytes)" 3
}

@test "what is opened by its name alone, and was never listed, is all that is read" {
    mount_counted
    cat "$MNT/cthr_00003/0001-user.md" | grep -q .
    expect "$(reads)" 1
    (($(stored | wc -l) <= 1)) # the kernel refuses it
    expect "$(same_bytes)" $((40 * 14))
}

@test "what can still change is stored as well: it becomes another file then" {
    start_sandbox_with <<<'[{"thread": {"id": "cthr_1"}, "items": [
        {"id": "cthi_1", "type": "chatkit.user_message", "content": []},
        {"id": "cthi_2", "type": "chatkit.client_tool_call", "status": "in_progress",
         "name": "f", "arguments": "{}", "call_id": "c"}]}]'
    mount_counted
    ls -l "$MNT/cthr_1"
    cat "$MNT/cthr_1/0001-user.json" | grep -q .
    expect "$(stored | sort -n)" \
        "$(cd "$MNT/cthr_1" && stat -c %s 0001-user.md 0002-* thread.json thread.md | sort -n)"
    expect "$(reads)" 1
    expect "$(same_bytes)" 6
}

# A thread of 120 items of 30 KB, as .json and .md.
large_thread() {
    jq -nc '[{thread: {id: "cthr_1"}, items: [range(120) | {id: "cthi_\(.)",
        type: "chatkit.user_message", content: [{type: "input_text",
        text: ("Line \(.) of it.\n" * 2000)}]}]}]'
}

@test "a large thread is stored part by part as the reader goes on" {
    local total
    start_sandbox_with < <(large_thread)
    mount_counted --formats=json,md
    # As they are listed, every one whole.
    total=$(cd "$MNT/cthr_1" && ls -U | xargs cat | wc -c)
    expect "$total" "$(cd "$MNT/cthr_1" && stat -c %s -- * | awk '{ n += $1 } END { print n }')"
    ((total > 6000000))
    # One for each part, of a MiB less what the last file of it had no room in.
    (($(reads) <= total / 1000000 + 1))
    expect "$(stored | wc -l)" $((241 - $(reads)))
    expect "$(same_bytes)" 241
}

@test "a large thread is read rightly in any order" {
    local order
    start_sandbox_with < <(large_thread)
    for order in 'sort -r' 'shuf --random-source=/dev/zero' 'tail -n 50'; do
        mount_counted
        ls -U "$MNT/cthr_1" | $order >"$BATS_TEST_TMPDIR/order"
        (cd "$MNT/cthr_1" && xargs cat <"$BATS_TEST_TMPDIR/order" | md5sum) >"$BATS_TEST_TMPDIR/sum"
        expect "$(same_bytes)" 242
        expect "$(cd "$MNT/cthr_1" && xargs cat <"$BATS_TEST_TMPDIR/order" | md5sum)" \
            "$(<"$BATS_TEST_TMPDIR/sum")"
        unmount
    done
}

@test "what the kernel has dropped is stored again" {
    local thread=$MNT/Thread-20.cthr_00020
    mount_counted --ttl=1
    ls -l "$thread" >/dev/null
    cat "$thread/0001-user.json" | grep -q .
    expect "$(stored | wc -l)" 13
    drop_caches
    if ((EUID != 0)); then # pages alone were dropped; a new mount has nothing
        unmount
        mount_counted
        ls -l "$thread" >/dev/null
        cat "$thread/0001-user.json" | grep -q .
        expect "$(stored | wc -l)" 13
    else
        ls -l "$thread" >/dev/null
        cat "$thread/0001-user.json" | grep -q .
        expect "$(stored | wc -l)" 26
        expect "$(reads)" 2
    fi
    expect "$(same_bytes)" $((40 * 14))
    evict_pages
    expect "$(same_bytes)" $((40 * 14))
}

# Fails with what a reader saw last.
repeat() {
    local times=$1 lines=$2 count
    shift 2
    for ((; times > 0; times--)); do
        count=$("$@" | wc -l)
        [[ $count == "$lines" ]] || { echo "$*: $count lines"; return 1; }
    done
}

@test "many readers at once see the right bytes while the kernel drops them" {
    local pids=() pid
    mount_in_foreground
    repeat 6 720 rg -j8 needle "$MNT" &
    pids+=($!)
    repeat 6 720 grep -r needle "$MNT" &
    pids+=($!)
    repeat 6 40 tail -qc 1 "$MNT"/*/thread.md &
    pids+=($!)
    started+=("${pids[@]}")
    for _ in 1 2 3 4 5 6; do
        drop_caches
        evict_pages
    done
    for pid in "${pids[@]}"; do
        wait "$pid"
    done
    expect "$(same_bytes)" $((40 * 14))
    expect "$(<"$LOG")" ""
}

# Readers of folders' first files, each waiting for its folder's others to be stored, and readers of
# these others: all while the program can't answer, so that the kernel sends it as many as it may.
@test "readers of many threads at once don't wait for each other" {
    start_sandbox_with < <(jq -nc '[range(16) | {thread: {id: "cthr_\(.)"}, items: [range(9) |
        {id: "cthi_\(.)", type: "chatkit.user_message", content: [{type: "input_text",
        text: ("Line \(.) of it.\n" * 1000)}]}]}]')
    mount_in_foreground
    ls -lR "$MNT" | wc -l
    cat "$MNT/cthr_15/thread.md" >/dev/null # from now on the kernel opens by itself
    timeout 30 python3 - "$MNT" "$FS_PID" <<'END'
import glob, os, signal, subprocess, sys
from time import sleep
mnt, pid = sys.argv[1], int(sys.argv[2])

def state(pid):
    return open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1][0]

def is_open(path, pid):
    for file in glob.glob(f"/proc/{pid}/fd/*"):
        try:
            if os.readlink(file) == path:
                return True
        except FileNotFoundError: # closed meanwhile
            pass
    return False

# Little, so that the kernel reads the rest ahead; and waits until it waits for that.
def read(path):
    reader = subprocess.Popen(["dd", "bs=1000", "status=none", f"if={path}", "of=/dev/null"])
    while not is_open(path, reader.pid) or state(reader.pid) not in "SD":
        sleep(0.01)
    return reader

os.kill(pid, signal.SIGSTOP)
while state(pid) != "T":
    sleep(0.01)
readers = [read(f"{mnt}/cthr_{i}/0001-user.json") for i in range(14)]
readers += [read(f"{mnt}/cthr_{i}/000{item}-user.md") for i in range(3) for item in (3, 5, 7)]
os.kill(pid, signal.SIGCONT)
for reader in readers:
    assert reader.wait() == 0
END
    expect "$(same_bytes)" $((16 * 20))
}

# Reads everything again and again until the mount is gone. (Not rg: of a file system that ends, its
# version 13 sometimes waits for itself for ever.)
busy_readers() {
    local command
    for command in 'grep -r needle "$1"' 'find "$1" -type f -print0 | xargs -0 -P 8 -n 20 cat' \
        'tail -qc 1 "$1"/*/thread.md'; do
        in_background bash -c "cd /
            while mountpoint -q \"\$1\"; do $command; done >/dev/null 2>&1" - "$MNT"
        readers+=("$READER")
    done
}

@test "SIGTERM and an unmount in the middle of it end everything" {
    local how pid readers
    for how in 'kill -TERM $FS_PID' 'fusermount3 -uz $MNT'; do
        readers=()
        mount_in_foreground
        busy_readers
        for _ in 1 2 3; do
            drop_caches
        done
        eval "$how"
        ended "$FS_PID"
        expect "$STATUS" 0 "$how"
        not_mounted
        for pid in "${readers[@]}"; do
            ended "$pid"
        done
    done
}
