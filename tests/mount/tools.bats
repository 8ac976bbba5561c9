# SPDX-License-Identifier: MIT
# The programs that people use on files.

load helper

setup_file() {
    start_sandbox
}

long_thread() {
    account 'first(.[] | select(.items | length == 278)).thread.id'
}

files() {
    account '[.[] | 2 + 2 * (.items | length)] | add'
}

copy() {
    mkdir "$BATS_TEST_TMPDIR/$1"
    cp -a "$MNT/." "$BATS_TEST_TMPDIR/$1"
}

@test "find" {
    mount_fs
    expect "$(find "$MNT" -type f | wc -l)" "$(files)"
    expect "$(find "$MNT" -mindepth 1 -type d | wc -l)" "$(account length)"
    expect "$(find "$MNT" -name '0001-user.md' -newermt 2026-11-01 | wc -l)" \
        "$(account '[.[].items[0] | select(. and (.type | endswith("user_message"))
            and .created_at > ("2026-11-01T00:00:00Z" | fromdate))] | length')"
}

@test "grep -r --include asks what users wrote" {
    mount_fs
    # As many items as have a user's text or quotation with the word.
    expect "$(grep -ril --include='*-user.md' invoice "$MNT" | wc -l)" \
        "$(account '[.[].items[] | select(.type | endswith("user_message"))
            | select([.content[].text, .attachments[]?.name, .attachments[]?.preview_url] | join(" ")
                | ascii_downcase | contains("invoice"))] | length')"
}

@test "rg finds what grep finds, with no requests of its own" {
    mount_fs
    grep -rl segfault "$MNT" | sort >"$BATS_TEST_TMPDIR/grep"
    local before
    before=$(requests)
    rg -l segfault "$MNT" | sort | diff - "$BATS_TEST_TMPDIR/grep"
    expect_requests "$before"
}

@test "ls -lR" {
    mount_fs
    expect "$(ls -lR "$MNT" | grep -c '^-r-------- 1 ')" "$(files)"
}

@test "du and df" {
    mount_fs
    local bytes
    bytes=$(find "$MNT" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
    expect "$(du -sb "$MNT" | cut -f 1)" "$bytes"
    (($(du -s --block-size=1 "$MNT" | cut -f 1) >= bytes))
    df "$MNT" | grep -q " $MNT\$"
}

@test "tar packs everything without a complaint" {
    mount_fs
    run -0 --separate-stderr tar -C "$MNT" -cf "$BATS_TEST_TMPDIR/all.tar" .
    expect "$stderr" ""
    expect "$(tar -tf "$BATS_TEST_TMPDIR/all.tar" | grep -vc '/$')" "$(files)"
}

@test "cp -a twice gives two equal copies" {
    mount_fs
    copy one
    unmount
    mount_fs
    copy two
    diff -r "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
    diff -r "$BATS_TEST_TMPDIR/one" "$MNT"
    expect "$(find "$BATS_TEST_TMPDIR/one" -type f | wc -l)" "$(files)"
    # with the files' times
    expect "$(cd "$BATS_TEST_TMPDIR/one" && find . -type f -printf '%P %T@ %m\n' | sort | md5sum)" \
        "$(cd "$MNT" && find . -type f -printf '%P %T@ %m\n' | sort | md5sum)"
}

@test "rsync -a a second time changes nothing" {
    mount_fs
    rsync -a "$MNT/" "$BATS_TEST_TMPDIR/copy"
    expect "$(find "$BATS_TEST_TMPDIR/copy" -type f | wc -l)" "$(files)"
    expect "$(rsync -a --itemize-changes "$MNT/" "$BATS_TEST_TMPDIR/copy")" ""
}

@test "rsync -a from a new mount transfers no file, not even by checksum" {
    mount_fs
    rsync -a "$MNT/" "$BATS_TEST_TMPDIR/copy"
    unmount
    mount_fs
    expect "$(rsync -a --itemize-changes "$MNT/" "$BATS_TEST_TMPDIR/copy" | grep '^[<>]f')" ""
    expect "$(rsync -ac --itemize-changes "$MNT/" "$BATS_TEST_TMPDIR/copy" | grep '^[<>]f')" ""
}

@test "less, head, tail and cat show a thread" {
    mount_fs
    local file
    file=$MNT/$(long_thread)/thread.md
    cat "$file" >"$BATS_TEST_TMPDIR/whole"
    less "$file" </dev/null | cmp - "$BATS_TEST_TMPDIR/whole"
    head -n 20 "$file" | cmp - <(head -n 20 "$BATS_TEST_TMPDIR/whole")
    tail -n 20 "$file" | cmp - <(tail -n 20 "$BATS_TEST_TMPDIR/whole")
    wc -c "$file" | grep -q "^$(stat -c %s "$BATS_TEST_TMPDIR/whole") "
}

@test "tail -f shows a thread and ends with ^C" {
    mount_fs
    local file
    file=$MNT/$(long_thread)/thread.md
    in_background tail -f "$file"
    wait_until test -s "$BATS_TEST_TMPDIR/reader.out"
    kill -INT "$READER"
    ended "$READER"
    expect "$STATUS" 130
    cmp "$BATS_TEST_TMPDIR/reader.out" <(tail "$file")
}

@test "jq reads every .json, one program over all of them" {
    mount_fs
    expect "$(find "$MNT" -name '[0-9]*.json' -exec cat {} + | jq -s length)" \
        "$(account '[.[].items[]] | length')"
}

@test "a shell in the mount can complete names and go up" {
    mount_fs
    expect "$(cd "$MNT" && compgen -f Late-)" "$(ls "$MNT" | grep ^Late-)"
    expect "$(cd "$MNT/$(long_thread)" && cd -P .. && pwd)" "$BATS_TEST_TMPDIR/mnt"
}

@test "many readers at once get the same" {
    mount_fs
    local i readers=()
    for i in 1 2 3 4; do
        bash -c "find '$MNT' -type f -exec cat {} + | md5sum >'$BATS_TEST_TMPDIR/sum$i'" 3>&- &
        readers+=($!)
        started+=($!)
    done
    for i in "${readers[@]}"; do
        wait "$i"
    done
    expect "$(sort -u "$BATS_TEST_TMPDIR"/sum? | wc -l)" 1
    expect_requests "$(account '1 + (map([1, (.items | length / 100 | ceil)] | max) | add)')"
}
