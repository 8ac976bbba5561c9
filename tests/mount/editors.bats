# SPDX-License-Identifier: MIT
#
# Editors and pagers as people use them, on a terminal: they open, search and quit without a
# complaint, say that there can be no writing, and go on.

load helper

# Nobody's settings of these programs, and what they keep of their own.
unset EDITOR VISUAL LESS LESSOPEN LESSKEY VIMINIT EXINIT VIM
export TERM=xterm

# What nobody wants to read in an editor that only reads: errors and warnings of vim, and
# those that it and nano have about files of their own.
COMPLAINT='E[0-9]+:|W[0-9]+:|[Ww]arning|[Ee]rror|[Ss]wap|[Bb]ackup|lock file|[Rr]ecover|binary file'

setup_file() {
    start_sandbox_with < <(jq -n '[{thread: {id: "cthr_1", title: "Zoë 💸", created_at: 1},
        items: [range(60) | {id: "cthi_\(.)", type: "user_message", created_at: (1 + .),
            content: [{type: "input_text", text: "Grüße 💸 \(if . == 50 then "haystack" else . end)"}]}]}]')
}

# The file of all tests is $FILE, the needle is in its line $LINE, which is not on the first screen.
mount_and_read() {
    export HOME=$BATS_TEST_TMPDIR LIMIT
    mount_fs --ttl=1d
    FOLDER=$(echo "$MNT"/*.cthr_1)
    FILE=$FOLDER/thread.md
    cat "$FOLDER"/* >/dev/null
    LINE=$(grep -n haystack "$FILE" | cut -d : -f 1)
    ((LINE > 24))
    find "$MNT" | sort >"$BATS_TEST_TMPDIR/before"
    control POST /reset >/dev/null
}

# on_terminal [SHOWN KEYS]... -- COMMAND...: see terminal.py. COMMAND runs in the thread's folder and
# succeeds; it asks the API for nothing, and leaves nothing behind in the mount.
on_terminal() {
    quiet env -C "$FOLDER" python3 "$BATS_TEST_DIRNAME/terminal.py" "$@"
    expect_requests 0
    find "$MNT" | sort | diff - "$BATS_TEST_TMPDIR/before"
}

no_complaint() {
    expect "$(grep -nE "$COMPLAINT" <<<"$output" || true)" "" "complaints"
}

@test "vim opens, searches and quits" {
    mount_and_read
    on_terminal "\"thread.md\" \[readonly\] $(wc -l <"$FILE")L, $(wc -c <"$FILE")B" '/haystack\r' \
        haystack ':echo "at" line(".")\r' \
        "at $LINE\b" ':q\r' -- vim thread.md
    no_complaint
}

@test "vim can't write, says why, and goes on" {
    mount_and_read
    mkdir "$HOME/tmp" # the first place after the file's folder that vim takes for a swap file
    on_terminal '\[readonly\]' ':normal ox\r' \
        'W10: Warning: Changing a readonly file' ':w\r' \
        "E45: 'readonly' option is set" ':set noreadonly | w\r' \
        'E505: "thread.md" is read-only' ':w!\r' \
        '"thread.md" E212: Can.t open file for writing' ':swapname\r' \
        "$HOME/tmp/thread.md.swp" ':echo "has" line("$")\r' \
        "has $(($(wc -l <"$FILE") + 1))\b" ':q!\r' -- vim thread.md
    expect "$(ls -A "$HOME/tmp")" ""
}

@test "vim lists folders, and opens what is chosen" {
    mount_and_read
    on_terminal 'cthr_1/' '/cthr_1\r\r' \
        '0001-user.json' '/0001-user.md\r\r' \
        '0001-user.md" \[readonly\]' ':q\r' -- vim ..
    no_complaint
}

@test "nano opens, searches and quits" {
    mount_and_read
    on_terminal 'Zoë' '\x17haystack\r' \
        haystack '\x03' \
        "line +$LINE/" '\x18' -- nano thread.md
    no_complaint
}

@test "nano can't write, says why, and goes on" {
    mount_and_read
    on_terminal 'Zoë' 'x\x0f' \
        'File Name to Write: thread.md' '\r' \
        'Error writing thread.md: Read-only file system' '\x18' \
        'Save modified buffer' 'n' -- nano thread.md
}

@test "nano that is to keep locks and backups shows the file all the same" {
    mount_and_read
    on_terminal 'Zoë' '\x17haystack\r' \
        haystack '\x03' \
        "line +$LINE/" '\x18' -- nano --locking --backup thread.md
    no_complaint
}

@test "less opens, searches and quits" {
    mount_and_read
    on_terminal 'thread.md' '/haystack\r' \
        haystack '=' \
        "lines $LINE-" 'q' -- less thread.md
    no_complaint
}
