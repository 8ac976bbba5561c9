# SPDX-License-Identifier: MIT
# Nothing is fetched before somebody reads it, and nothing twice.

load helper

setup_file() {
    start_sandbox
}

# One getdents call with a buffer of that many bytes; prints how many names came.
one_getdents() {
    python3 - "$MNT" "$1" <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(int(sys.argv[2]))
folder = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY)
got = libc.getdents64(folder, buffer, ctypes.c_size_t(len(buffer)))
assert got > 0, os.strerror(ctypes.get_errno())
# struct linux_dirent64: d_reclen stands at 16
names = at = 0
while at < got:
    names += 1
    at += int.from_bytes(buffer[at + 16:at + 18], sys.byteorder)
print(names)
END
}

# The requests that reading everything takes.
whole_account() {
    account '((length / 100 | ceil) as $pages | [1, $pages] | max)
        + (map([1, (.items | length / 100 | ceil)] | max) | add)'
}

@test "mounting takes one request" {
    mount_fs
    expect_requests 1
}

@test "looking at the mountpoint, its space and its own attributes takes none" {
    mount_fs
    stat "$MNT" >/dev/null
    stat -f "$MNT" >/dev/null
    expect_requests 1
}

@test "the first entries of 1,000 threads take no second request" {
    start_sandbox --generate 1000x0
    local size
    for size in 4096 32768 1048576; do
        control POST /reset >/dev/null
        mount_fs
        (($(one_getdents "$size") >= 10))
        expect_requests 1
        unmount
    done
}

@test "ls -U1 | head -1 comes back for a second page at most" {
    start_sandbox --generate 1000x0
    mount_fs
    ls -U1 "$MNT" | head -n 1 >/dev/null
    (($(requests '/threads[?]') <= 2))
}

@test "ls of a thread takes a request for each hundred of items, one at least; files then none" {
    local counts='[0, 1, 99, 100, 101, 200, 278]' count
    start_sandbox_with < <(jq 'map(. as $count | {thread: {id: "cthr_\($count)"}, items:
        [range($count) | {id: "cthi_\($count)_\(.)", type: "chatkit.user_message",
        content: [{type: "input_text", text: "Message \(.)"}]}]})' <<<"$counts")
    for count in $(jq '.[]' <<<"$counts"); do
        control POST /reset >/dev/null
        mount_fs
        expect "$(ls "$MNT/cthr_$count" | wc -l)" $((count * 2 + 2))
        local pages=$(((count + 99) / 100))
        pages=$((pages > 0 ? pages : 2)) # an empty one is asked for twice
        expect_requests $((1 + pages))
        cat "$MNT/cthr_$count"/* "$MNT/cthr_$count/items.jsonl" >/dev/null
        ls -l "$MNT/cthr_$count" >/dev/null
        expect_requests $((1 + pages))
        unmount
    done
}

@test "thread.json takes no request for items" {
    mount_fs
    cat "$MNT"/*/thread.json >/dev/null
    expect_requests 1
}

@test "an early item of a long thread takes one page" {
    local id
    id=$(account 'first(.[] | select(.items | length == 278)).thread.id')
    mount_fs
    cat "$MNT/$id/0100-user.json" "$MNT/$id/0100-assistant.json" >/dev/null 2>&1 || true
    expect_requests 1 /items
    cat "$MNT/$id/0101-user.json" "$MNT/$id/0101-assistant.json" >/dev/null 2>&1 || true
    expect_requests 2 /items
}

@test "find over the whole account takes each page once, a second one none" {
    mount_fs
    find "$MNT" -type f | wc -l
    expect_requests $(($(whole_account) + $(asked_again)))
    find "$MNT" -type f | wc -l
    grep -r order "$MNT" | wc -l
    expect_requests $(($(whole_account) + $(asked_again)))
}

@test "grep -r over the whole account takes each page once, a second one none" {
    mount_fs
    grep -r order "$MNT" | wc -l
    expect_requests $(($(whole_account) + $(asked_again)))
    grep -r order "$MNT" | wc -l
    expect_requests $(($(whole_account) + $(asked_again)))
}

@test "the same over three pages of threads, some of several pages of items" {
    start_sandbox --generate 230x130
    mount_fs
    expect "$(find "$MNT" -type f | wc -l)" "$(account '[.[] | 2 + 2 * (.items | length)] | add')"
    expect_requests $(($(whole_account) + $(asked_again)))
    expect_requests 3 '/threads[?]'
    find "$MNT" -type f | wc -l
    expect_requests $(($(whole_account) + $(asked_again)))
}

@test "two readers of one listing share its requests" {
    start_sandbox --generate 250x0
    mount_fs
    control POST /latency '{"ms": 50}' >/dev/null
    in_background ls -U "$MNT"
    expect "$(ls -U "$MNT" | wc -l)" 250
    ended "$READER"
    expect "$(wc -l <"$BATS_TEST_TMPDIR/reader.out")" 250
    expect_requests 3
}
