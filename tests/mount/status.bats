#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# .chatkitfs: what the mount says of itself. It is true, to the last request; to read it causes none
# and waits for none; and whoever reads it gets one text, whole.

load helper.bash

THREADS=230

setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" "$THREADS" 3)
}

status() {
    jq -c "$1" "$MNT/.chatkitfs/status"
}

# The lines of .chatkitfs/requests without the pids, sorted.
by_name() {
    sed -E 's/\[[0-9]+\]( [0-9]+)$/\1/' "$MNT/.chatkitfs/requests" | sort
}

# What the lines add up to.
sum() {
    awk '{ sum += $NF } END { print sum + 0 }' "$MNT/.chatkitfs/requests"
}

# Both files tell of as many requests as the sandbox has seen.
expect_true_counts() {
    expect "$(sum)" "$(requests)" "the sum of requests"
    expect "$(status '.requests | .list_threads + .list_items + .retrieve_thread')" "$(requests)"
    expect "$(status .requests.list_threads)" "$(requests '/threads(\?|$)')"
    expect "$(status .requests.list_items)" "$(requests '/items')"
    expect "$(status .requests.retrieve_thread)" "$(requests '/threads/[^/]*$')"
}

@test "it is not listed, but always there" {
    local options
    for options in "" --group-by=user; do
        mount_fs $options
        expect "$(find "$MNT" -maxdepth 2 -name '.*')" "" "what find sees"
        expect "$(ls -A "$MNT" | grep -c chatkitfs)" 0
        expect "$(ls -A "$MNT/.chatkitfs")" $'requests\nstatus'
        expect "$(find "$MNT/.chatkitfs" -type f -printf '%f %m\n' | sort)" $'requests 600\nstatus 600'
        expect_errno ENOENT open "$MNT/.chatkitfs/other"
        expect_errno ENOENT stat "$MNT/$(ls "$MNT" | head -n 1)/.chatkitfs"
        unmount
    done
}

@test "grep -r and rg of the whole mount do not read it" {
    mount_fs
    expect "$(grep -rl mounted_since "$MNT")" ""
    expect "$(rg --hidden -l mounted_since "$MNT")" ""
    expect "$(tar -cC "$MNT" . | tar -t | grep -c chatkitfs)" 0
    expect "$(grep -l mounted_since "$MNT/.chatkitfs"/*)" "$MNT/.chatkitfs/status"
}

@test "reading it causes no request" {
    local i waited
    mount_fs --ttl=0
    # On the way there the mount's own folder is looked at, which is checked when its time has passed.
    cd "$MNT/.chatkitfs"
    control POST /reset >/dev/null
    waited=$(jq .cache.waited status)
    for i in 1 2 3; do
        ls -lA . >/dev/null
        cat status requests >/dev/null
        grep -r . . >/dev/null
    done
    expect "$(jq .cache.waited status)" "$waited"
    cd /
    expect_requests 0
}

@test "status is one JSON object, indented, with the mount's own account and options" {
    local before after
    before=$(date -u +%FT%TZ)
    mount_fs --user=user-1 --since=2020-01-01 --names=id --ttl=7 --concurrency=3 --page-size=50
    after=$(date -u +%FT%TZ)
    cp "$MNT/.chatkitfs/status" "$BATS_TEST_TMPDIR/status"
    expect "$(<"$BATS_TEST_TMPDIR/status")" "$(jq . "$BATS_TEST_TMPDIR/status")"
    expect "$(tail -c 2 "$MNT/.chatkitfs/status" | od -An -tx1 | tr -d ' ')" 7d0a
    expect "$(status .version)" "\"$("$CHATKITFS" -V | sed -n '1s/.* //p')\""
    expect "$(status .account)" \
        "{\"base_url\":\"$OPENAI_BASE_URL\",\"organization\":null,\"project\":null}"
    expect "$(status .view)" '{"user":"user-1","since":"2020-01-01T00:00:00Z","until":null,"group_by":null,"names":"id","formats":"json,md,transcript"}'
    expect "$(status .options)" '{"ttl":7,"relist":600,"strict":false,"allow_delete":false,"concurrency":3,"page_size":50,"timeout":30,"offline":false,"cache_dir":null,"cache_size":1073741824}'
    expect "$(jq --arg a "$before" --arg b "$after" \
        '.mounted_since >= $a and .mounted_since <= $b' "$MNT/.chatkitfs/status")" true
    expect "$(status keys_unsorted)" '["version","mounted_since","account","view","options","confined","counts","listing","items","requests","bytes_received","cache","rate_limit","server_reachable","last_error"]'
    expect "$(status .last_error)" null
}

@test "odd organizations are escaped, and nothing of the key is told" {
    OPENAI_ORG_ID='a "b" \ 李' mount_fs --project=$'p\xff'
    expect "$(jq -r .account.organization "$MNT/.chatkitfs/status")" 'a "b" \ 李'
    expect "$(jq -r .account.project "$MNT/.chatkitfs/status")" p�
    find "$MNT" >/dev/null
    expect "$(grep -r "${KEY:0:8}" "$MNT/.chatkitfs")" ""
    expect "$(grep -r "${KEY: -8}" "$MNT/.chatkitfs")" ""
    expect "$(grep -ri bearer "$MNT/.chatkitfs")" ""
}

@test "what is known is counted as it comes" {
    local thread users
    mount_fs
    expect "$(status .counts.threads)" 100
    expect "$(status .counts.items)" 0
    expect "$(status '.listing | [.complete, .threads]')" '[false,100]'
    thread=$(ls -U "$MNT" | head -n 1)
    expect "$(status ".listing | [.complete, .threads]")" "[true,$THREADS]"
    ls "$MNT/$thread" >/dev/null
    users=$(account 'map(.thread.user // empty) | unique | length')
    expect "$(status .counts)" "{\"threads\":$THREADS,\"users\":$users,\"items\":3}"
    find "$MNT" >/dev/null
    expect "$(status .counts.items)" $((3 * THREADS))
}

@test "a thread by its id is known, but not listed" {
    mount_fs
    cat "$MNT/cthr_00003/thread.json" >/dev/null
    expect "$(status .counts.threads)" 101
    expect "$(status '.listing | [.complete, .threads]')" '[false,100]'
    expect_true_counts
    expect "$(by_name)" $'cat 1\nchatkitfs 1'
}

@test "a cold walk counts for who walks, whoever that is" {
    local walk name
    while read -r name walk; do
        control POST /reset >/dev/null
        mount_fs
        eval "$walk" >/dev/null
        expect_true_counts
        expect "$(by_name)" "$(printf '%s\n' "chatkitfs 1" "$name $(($(requests) - 1))" | sort)" "$walk"
        unmount
    done <<<'find find "$MNT" -type f
grep grep -rc "" "$MNT"
rg rg -j1 -c "" "$MNT"
rg rg -j4 -c "" "$MNT"
ls ls -lR "$MNT"
tar tar -cf /dev/zero -C "$MNT" .'
}

@test "each process has a line of its own, most requests first" {
    local found
    mount_fs
    in_background ls "$MNT"
    ended "$READER"
    local ls=$READER ls_requests=$(($(requests) - 1))
    in_background find "$MNT" -type f
    ended "$READER"
    local find=$READER find_requests=$(($(requests) - 1 - ls_requests))
    # All is known: it causes none.
    grep -r needle "$MNT" >/dev/null || true
    expect "$(<"$MNT/.chatkitfs/requests")" "find[$find] $find_requests
ls[$ls] $ls_requests
chatkitfs[$FS_PID] 1"
    expect "$find_requests" "$THREADS"
    expect_true_counts
}

@test "listing anew counts for the mount itself" {
    mount_fs
    ls "$MNT" >/dev/null
    control POST /threads '{"thread": {"id": "cthr_new", "object": "chatkit.thread", "title": "New",
        "created_at": 1900000000, "user": "ann", "status": {"type": "active"}}, "items": []}' \
        >/dev/null
    kill -HUP "$FS_PID"
    wait_until eval '[[ $(status .listing.threads) == $((THREADS + 1)) ]]'
    wait_until eval '[[ $(status .requests.under_way) == 0 ]]'
    expect_true_counts
    expect "$(by_name)" "chatkitfs $(($(requests) - 2))"$'\nls 2'
    control DELETE /threads/cthr_new >/dev/null
}

@test "a process may be called anything" {
    mount_fs
    python3 - "$MNT" <<'END'
import ctypes, os, sys
ctypes.CDLL(None).prctl(15, b"a\n[9] 7\xff\\\x1b")  # PR_SET_NAME
os.listdir(sys.argv[1])
END
    expect "$(wc -l <"$MNT/.chatkitfs/requests")" 2
    expect "$(by_name)" $'a\\x0a[9] 7\\xff\\\\\\x1b 2\nchatkitfs 1'
    expect_true_counts
}

@test "it answers while the server holds every answer" {
    fault hold '/threads' 'times: null, skip: 1'
    mount_fs --timeout=60
    in_background ls "$MNT"
    wait_until held 1
    timeout 5 cat "$MNT/.chatkitfs/status" "$MNT/.chatkitfs/requests" >/dev/null
    timeout 5 ls -l "$MNT/.chatkitfs" >/dev/null
    expect "$(status '[.requests.under_way, .requests.list_threads, .listing.complete]')" \
        '[1,2,false]'
    expect "$(status .cache.waited)" 1
    expect "$(by_name)" $'chatkitfs 1\nls 1'
    control DELETE /faults >/dev/null
    control POST /release >/dev/null
    ended "$READER"
    expect "$STATUS" 0
    expect_true_counts
}

@test "retries and failures are told, and what the server said" {
    local thread
    mount_fs
    thread=$(ls -U "$MNT" | head -n 1)
    fault status '/items' 'status: 429, headers: {"retry-after-ms": "1",
        "x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "0"}'
    ls "$MNT/$thread" >/dev/null
    expect "$(status '.requests | [.list_items, .retries, .failed]')" '[2,1,0]'
    expect "$(status .rate_limit.answers_429)" 1
    expect "$(status .rate_limit.headers)" \
        '{"x-ratelimit-limit-requests":"60","x-ratelimit-remaining-requests":"0"}'
    expect "$(status .last_error)" null
    expect_true_counts
    thread=$(ls -U "$MNT" | sed -n 20p)
    fault status '/items' 'times: null, status: 429, headers: {"retry-after": "100", "x-should-retry": "false"},
        body: {"error": {"message": "slow \"down\""}}'
    expect_errno EAGAIN list "$MNT/$thread"
    expect "$(status '.requests | [.list_items, .retries, .failed]')" '[3,1,1]'
    expect "$(status '.rate_limit.pause_seconds | . > 50 and . <= 100')" true
    expect "$(status '.last_error | [.message, .remedy]')" \
        "[\"listing the items of ${thread##*.}: the server answered 429 (slow \\\"down\\\")\",\"wait a little, or lower --concurrency\"]"
    expect "$(status '.last_error.time | fromdate > 1700000000')" true
    expect_true_counts
}

@test "bytes are counted as they come over the wire" {
    start_sandbox --gzip --generate 200x10
    mount_fs
    find "$MNT" >/dev/null
    expect "$(status '.bytes_received | .wire > 0 and .decoded > 2 * .wire')" true
    unmount
    start_sandbox --generate 200x10
    mount_fs
    find "$MNT" >/dev/null
    expect "$(status '.bytes_received | .wire == .decoded')" true
}

# finds_again OPERATIONS: the kernel asks more than that, since it does not know it any more.
finds_again() {
    find "$MNT" >/dev/null
    [[ $(status .cache.operations) -gt $1 ]]
}

@test "operations that waited are told from those that did not" {
    local before
    mount_fs --ttl=1
    find "$MNT" >/dev/null
    before=$(status .cache)
    expect "$(jq '.waited > 0 and .waited < .operations' <<<"$before")" true
    wait_until finds_again "$(jq .operations <<<"$before")"
    expect "$(status .cache.waited)" "$(jq .waited <<<"$before")"
}

# Whether every tool reads the same of a file.
reads_alike() {
    cp -f "$1" "$BATS_TEST_TMPDIR/copy" &&
        cmp -s "$1" "$BATS_TEST_TMPDIR/copy" &&
        [[ $(cat "$1") == "$(<"$1")" ]] &&
        [[ $(wc -c <"$1") == "$(stat -c %s "$1")" ]] &&
        [[ $(cat "$1" | wc -c) == "$(stat -c %s "$1")" ]] &&
        [[ $(less "$1") == "$(<"$1")" ]] &&
        [[ $(tail -n 1 "$1") == "$(sed -n '$p' "$1")" ]] &&
        [[ $(head -c 5 "$1") == "$(cut -c 1-5 <"$1" | head -c 5)" ]] &&
        dd if="$1" bs=7 status=none | cmp -s - "$1"
}

@test "tools take it for the plain file that it is" {
    local file
    mount_fs
    find "$MNT" >/dev/null
    for file in status requests; do
        file=$MNT/.chatkitfs/$file
        # A second may pass between two looks, which some of the text tells.
        wait_until reads_alike "$file"
        expect_errno ok stat "$file"
        run dd if=/dev/null of="$file" conv=notrunc
        ((status != 0))
    done
    in_background tail -f "$MNT/.chatkitfs/requests"
    wait_until cmp "$MNT/.chatkitfs/requests" "$BATS_TEST_TMPDIR/reader.out"
    kill "$READER"
    ended "$READER"
}

@test "who has it open reads it as it was, however much happens meanwhile" {
    mount_fs
    python3 - "$MNT" <<'END'
import json, os, sys
mount = sys.argv[1]
path = mount + "/.chatkitfs/status"
threads = sorted(os.listdir(mount))
opened = []
for thread in threads:
    opened.append(os.open(path, os.O_RDONLY))
    os.listdir(mount + "/" + thread)
before = -1
for fd in opened:
    size = os.fstat(fd).st_size
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    text = b"".join(iter(lambda: os.read(fd, 100), b""))
    assert len(text) == size
    sent = json.loads(text)["requests"]["list_items"]
    assert sent >= before
    before = sent
    os.close(fd)
assert before > 200, before
END
}

@test "1,000 readers at once get whole texts while requests go on" {
    control POST /latency '{"ms": 2}' >/dev/null
    mount_fs --concurrency=2
    in_background find "$MNT" -type f
    python3 - "$MNT/.chatkitfs" <<'END'
import json, os, re, sys, threading
folder = sys.argv[1]
texts, failures = set(), []

def read(name):
    try:
        fd = os.open(f"{folder}/{name}", os.O_RDONLY)
        size = os.fstat(fd).st_size
        text = b"".join(iter(lambda: os.read(fd, 300), b""))
        assert size == len(text) == os.fstat(fd).st_size, (size, len(text))
        os.close(fd)
        if name == "status":
            assert text.endswith(b"}\n")
            json.loads(text)
        else:
            assert re.fullmatch(rb"([^\n]+\[\d+\] \d+\n)+", text), text
        texts.add(text)
    except BaseException as error:
        failures.append((name, error))

readers = [threading.Thread(target=read, args=(("status", "requests")[i % 2],))
           for i in range(1000)]
for reader in readers:
    reader.start()
for reader in readers:
    reader.join()
assert not failures, failures[:5]
assert len(texts) > 2, "nothing went on meanwhile"
END
    ended "$READER"
    expect "$STATUS" 0
    expect_true_counts
    control POST /latency '{"ms": 0}' >/dev/null
}
