# SPDX-License-Identifier: MIT
# The programs that people use on files.

load helper

# Nobody's settings of these programs.
unset FZF_DEFAULT_COMMAND FZF_DEFAULT_OPTS LESS LESSOPEN RIPGREP_CONFIG_PATH TREE_COLORS ZIPOPT

setup_file() {
    export HOME=$BATS_FILE_TMPDIR
    start_sandbox
}

long_thread() {
    account 'first(.[] | select(.items | length == 278)).thread.id'
}

files() {
    account '[.[] | 2 + 2 * (.items | length)] | add'
}

# How many items have a word in their .json.
items_with() {
    account "[.[].items[] | select(tojson | contains(\"$1\"))] | length"
}

copy() {
    mkdir "$BATS_TEST_TMPDIR/$1"
    quiet cp -a "$MNT/." "$BATS_TEST_TMPDIR/$1"
}

# mount_read [OPTION]...: everything has been read, and the kernel has been told.
mount_read() {
    mount_fs --ttl=1d "$@"
    quiet find "$MNT" -type f -exec cat {} +
    control POST /reset >/dev/null
}

@test "find" {
    mount_fs
    quiet find "$MNT" -type f
    expect "${#lines[@]}" "$(files)"
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

# Each finds the word in as many items as have it, in the same files as the others, without a request.
@test "grep, rg and git grep" {
    mount_read
    quiet grep -rl --include='[0-9]*.json' invoice "$MNT"
    expect "${#lines[@]}" "$(items_with invoice)"
    quiet grep -rlw invoice "$MNT"
    sort >"$BATS_TEST_TMPDIR/grep" <<<"$output"
    quiet rg -lw invoice "$MNT"
    sort <<<"$output" | diff - "$BATS_TEST_TMPDIR/grep"
    quiet rg -uuu -lw invoice "$MNT"
    sort <<<"$output" | diff - "$BATS_TEST_TMPDIR/grep"
    quiet git -C "$MNT" -c core.quotePath=no grep --no-index -lw invoice
    sed "s,^,$MNT/," <<<"$output" | sort | diff - "$BATS_TEST_TMPDIR/grep"
    expect_requests 0
}

# What VS Code runs in a folder to search it (find in files) and to list it (go to file), with the
# default settings: getRgArgs() in ripgrepTextSearchEngine.ts (of 807175ef6669) and in
# ripgrepFileSearch.ts (of 041040db7769), both in src/vs/workbench/services/search/node/ of
# https://github.com/microsoft/vscode; excluded is what files.exclude and search.exclude have.
EXCLUDED=(-g '!**/.git' -g '!**/.svn' -g '!**/.hg' -g '!**/.DS_Store' -g '!**/Thumbs.db'
    -g '!**/node_modules' -g '!**/bower_components' -g '!**/*.code-search')
TEXT=("${EXCLUDED[@]}" --no-ignore-parent --follow --crlf)

vs_code() {
    env -C "$MNT" rg --hidden --no-require-git "$@"
}

grep_in_mount() {
    env -C "$MNT" grep "$@" | sort
}

@test "VS Code finds in files, and goes to them" {
    mount_read
    local found='select(.type == "match").data'
    quiet vs_code --ignore-case "${TEXT[@]}" --fixed-strings --no-config --no-ignore-global --json \
        -- Invoice .
    expect "$(jq -r "$found.path.text" <<<"$output" | sort -u)" "$(grep_in_mount -rli invoice .)"
    expect "$(jq -s "map($found.submatches | length) | add" <<<"$output")" \
        "$(grep_in_mount -rohi invoice . | wc -l)"
    quiet vs_code --case-sensitive "${TEXT[@]}" --engine auto --regexp '[Ii]nvoice[sd]?\b' --no-config \
        --no-ignore-global --json -- .
    expect "$(jq -r "$found.path.text" <<<"$output" | sort -u)" \
        "$(grep_in_mount -rlP '[Ii]nvoice[sd]?\b' .)"
    quiet vs_code --files --case-sensitive "${EXCLUDED[@]}" --no-ignore-parent --follow --no-config \
        --no-ignore-global
    expect "${#lines[@]}" "$(files)"
    expect_requests 0
}

@test "fd" {
    mount_read
    quiet fdfind --type f . "$MNT"
    expect "${#lines[@]}" "$(files)"
    quiet fdfind --unrestricted --type f . "$MNT"
    expect "${#lines[@]}" "$(files)"
    quiet fdfind --extension md user "$MNT"
    expect "${#lines[@]}" "$(account '[.[].items[] | select(.type | endswith("user_message"))] | length')"
    quiet fdfind --type d --max-depth 1 '^Late-' "$MNT"
    expect "$output" "$(printf '%s/\n' "$MNT"/Late-*)"
    expect_requests 0
}

@test "fzf, of a list and of what it lists itself" {
    mount_read
    local id
    id=$(long_thread)
    quiet fzf --filter "'$id" < <(ls "$MNT")
    expect "$output" "$(readlink "$MNT/$id")"
    quiet fzf --filter '^late-' < <(ls "$MNT")
    expect "$output" "$(cd "$MNT" && printf '%s\n' Late-*)"
    # It lists where its input is a terminal.
    quiet env -C "$MNT" LIMIT="$LIMIT" python3 "$BATS_TEST_DIRNAME/terminal.py" -- fzf --filter 'thread.md$'
    expect "$(grep -c '/thread.md$' <<<"$output")" "$(account length)"
    expect_requests 0
}

@test "what rg, fd, git and VS Code look for beside users' folders costs no request" {
    mount_read --group-by=user
    quiet env -C "$MNT" rg -l invoice .
    quiet env -C "$MNT" fdfind thread.md
    expect "${#lines[@]}" "$(account length)"
    quiet env -C "$MNT" git grep --no-index -l invoice
    quiet vs_code --files "${EXCLUDED[@]}" --no-ignore-parent
    expect "${#lines[@]}" "$(files)"
    expect_requests 0
}

@test "ls -lR and tree" {
    mount_read
    quiet ls -lR "$MNT"
    expect "$(grep -c '^-rw------- 1 ' <<<"$output")" "$(files)"
    quiet tree -aJ "$MNT"
    expect "$(jq '[.. | objects | select(.type == "file")] | length' <<<"$output")" "$(files)"
    expect "$(jq '[.. | objects | select(.type == "directory")] | length - 1' <<<"$output")" \
        "$(account length)"
    expect_requests 0
}

@test "du and df" {
    mount_read
    local bytes
    bytes=$(find "$MNT" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
    quiet du -sb "$MNT"
    expect "$output" "$bytes"$'\t'"$MNT"
    quiet du -s --block-size=1 "$MNT"
    ((${output%%$'\t'*} >= bytes))
    quiet df "$MNT"
    grep -q " $MNT\$" <<<"$output"
    expect_requests 0
}

@test "tar packs everything, and then finds no difference" {
    mount_fs --ttl=1d
    quiet tar -C "$MNT" -cf "$BATS_TEST_TMPDIR/all.tar" .
    expect "$(tar -tf "$BATS_TEST_TMPDIR/all.tar" | grep -vc '/$')" "$(files)"
    control POST /reset >/dev/null
    quiet tar -C "$MNT" -df "$BATS_TEST_TMPDIR/all.tar"
    expect "$output" ""
    expect_requests 0
}

@test "zip packs everything" {
    mount_fs --ttl=1d
    quiet env -C "$MNT" zip -qr "$BATS_TEST_TMPDIR/all.zip" .
    quiet unzip -q "$BATS_TEST_TMPDIR/all.zip" -d "$BATS_TEST_TMPDIR/unpacked"
    expect "$(find "$BATS_TEST_TMPDIR/unpacked" -type f | wc -l)" "$(files)"
    control POST /reset >/dev/null
    quiet diff -r "$BATS_TEST_TMPDIR/unpacked" "$MNT"
    expect_requests 0
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
    quiet rsync -a "$MNT/" "$BATS_TEST_TMPDIR/copy"
    expect "$(find "$BATS_TEST_TMPDIR/copy" -type f | wc -l)" "$(files)"
    expect "$(rsync -a --itemize-changes "$MNT/" "$BATS_TEST_TMPDIR/copy")" ""
}

@test "rsync -a from a new mount transfers no file, not even by checksum" {
    mount_fs
    quiet rsync -a "$MNT/" "$BATS_TEST_TMPDIR/copy"
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

@test "cmark reads a conversation, each message under its heading" {
    mount_read
    local folder
    folder=$MNT/$(readlink "$MNT/$(long_thread)")
    quiet cmark "$folder/thread.md"
    expect "$(grep -cE '^<h2>[a-z]+ · ' <<<"$output")" 278
    quiet cmark "$folder/0001-user.md"
    [[ $output == "<h2>user · "* ]] || expect "$output" "<h2>user · …"
    expect_requests 0
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
    expect_requests $(($(account '1 + (map([1, (.items | length / 100 | ceil)] | max) | add)') + $(asked_again)))
}
