# SPDX-License-Identifier: MIT
# Sizes, times and modes are exact, and nothing can be changed.

load helper

setup_file() {
    start_sandbox
}

long_thread() {
    account 'first(.[] | select(.items | length == 278)).thread.id'
}

@test "every file's size, before it is opened, is the number of bytes read" {
    mount_fs
    python3 - "$MNT" <<'END'
import os, sys
files = 0
for folder, _, names in os.walk(sys.argv[1]):
    for name in names + ["items.jsonl"] * ("thread.json" in names):
        path = os.path.join(folder, name)
        size = os.stat(path).st_size
        with open(path, "rb") as file:
            read = len(file.read())
        assert size == read, (path, size, read)
        assert os.stat(path).st_size == size, path
        files += 1
assert files > 1500, files
END
}

@test "so it is in an account of many sizes" {
    start_sandbox --generate 30x150
    mount_fs
    # tar says how many bytes are missing, or that a file grew
    tar -C "$MNT" -cf /dev/null . 2>&1 | diff - /dev/null
    expect "$(find "$MNT" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')" \
        "$(find "$MNT" -type f -exec cat {} + | wc -c)"
}

@test "the blocks of a file are those that its size takes" {
    mount_fs
    expect "$(find "$MNT" -type f -printf '%s %b\n' | awk '$2 != int(($1 + 511) / 512)')" ""
}

@test "an item's time is its creation time" {
    mount_fs
    local id
    for id in $(account '.[] | select(.items != []) | .thread.id'); do
        stat -c %Y "$MNT/$id"/[0-9]*.json "$MNT/$id"/[0-9]*.md
    done >"$BATS_TEST_TMPDIR/times"
    diff "$BATS_TEST_TMPDIR/times" <(account '.[] | [.items[].created_at] | (., .)[]')
}

@test "a thread's times are its own creation time and that of its newest item" {
    mount_fs
    local id
    for id in $(account '.[].thread.id'); do
        stat -L -c %Y "$MNT/$id/thread.json" "$MNT/$id/thread.md"
    done >"$BATS_TEST_TMPDIR/times"
    diff "$BATS_TEST_TMPDIR/times" \
        <(account '.[] | .thread.created_at, ([.thread.created_at, .items[].created_at] | max)')
}

@test "an item without a time has its thread's" {
    start_sandbox_with <<'END'
{"thread": {"id": "cthr_1", "created_at": 1600000000}, "items": [{"id": "cthi_1", "type": "task"}]}
END
    mount_fs
    expect "$(stat -c %Y "$MNT/cthr_1/0001-task.json")" 1600000000
}

@test "folders are 0700 and files 0600, all of them the mounting user's" {
    mount_fs
    expect "$(find "$MNT" -printf '%y %m %U %G\n' | sort -u)" \
        "d 700 $(id -u) $(id -g)
f 600 $(id -u) $(id -g)"
    expect "$(stat -c '%F %a' "$MNT")" "directory 700"
}

@test "a copy can be removed by whoever has it" {
    mount_fs
    mkdir "$BATS_TEST_TMPDIR/copies"
    cp -r "$MNT" "$BATS_TEST_TMPDIR/copies/copied"
    cp -r "$MNT/.chatkitfs" "$BATS_TEST_TMPDIR/copies/own"
    cp -a "$MNT" "$BATS_TEST_TMPDIR/copies/archived"
    expect "$(find "$BATS_TEST_TMPDIR/copies" -name thread.md | wc -l)" $((2 * $(account length)))
    cd "$BATS_TEST_TMPDIR/copies"
    if ((EUID == 0)); then # which may remove anything
        chown -R 65534 .
        as_another_user . 'rm -rf *'
    else
        rm -rf ./*
    fi
    expect "$(ls)" ""
}

@test "inode numbers are different, and the same every time" {
    mount_fs
    find "$MNT" -printf '%i %P\n' | sort >"$BATS_TEST_TMPDIR/first"
    expect "$(cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/first" | uniq -d)" ""
    find "$MNT" -printf '%i %P\n' | sort | diff - "$BATS_TEST_TMPDIR/first"
}

@test "nothing can be changed: EROFS" {
    mount_fs
    local thread=$MNT/$(readlink "$MNT/$(long_thread)")
    python3 - "$thread" <<'END'
import errno, os, sys
folder = sys.argv[1]
file, new = folder + "/thread.md", folder + "/new"
changes = {
    "create": lambda: os.open(new, os.O_WRONLY | os.O_CREAT),
    "touch": lambda: os.utime(file),
    "open for writing": lambda: os.open(file, os.O_WRONLY),
    "append": lambda: os.open(file, os.O_WRONLY | os.O_APPEND),
    "open for both": lambda: os.open(file, os.O_RDWR),
    "empty on opening": lambda: os.open(file, os.O_WRONLY | os.O_TRUNC),
    "truncate": lambda: os.truncate(file, 0),
    "mkdir": lambda: os.mkdir(new),
    "mknod": lambda: os.mkfifo(new),
    "remove": lambda: os.unlink(file),
    "rmdir": lambda: os.rmdir(folder),
    "rename": lambda: os.rename(file, new),
    "rename a folder": lambda: os.rename(folder, folder + "-new"),
    "chmod": lambda: os.chmod(file, 0o600),
    "chmod a folder": lambda: os.chmod(folder, 0o700),
    "chown": lambda: os.chown(file, os.getuid(), os.getgid()),
    "hard link": lambda: os.link(file, new),
    "symbolic link": lambda: os.symlink("x", new),
    "extended attribute": lambda: os.setxattr(file, "user.x", b"1"),
}
wrong = {}
for what, change in changes.items():
    try:
        change()
        wrong[what] = "ok"
    except OSError as error:
        if error.errno != errno.EROFS:
            wrong[what] = errno.errorcode[error.errno]
assert not wrong, wrong
END
}

@test "the commands that change things fail, and say that it is read-only" {
    mount_fs
    local thread=$MNT/$(readlink "$MNT/$(long_thread)") command
    local before
    before=$(md5sum "$thread/thread.md")
    for command in 'touch new' 'touch thread.md' 'mkdir new' 'rm -f thread.md' 'mv thread.md new' \
        'chmod u+w thread.md' 'ln thread.md new' 'ln -s thread.md new' 'echo x >thread.md' \
        'echo x >new' 'cp /dev/null thread.md' 'truncate -s 0 thread.md' \
        'sed -i s/a/b/ thread.md' 'tee -a thread.md </dev/null'; do
        run bash -c "cd '$thread' && $command"
        ((status != 0)) || expect "$command" "a command that fails"
        [[ $output == *"Read-only file system"* ]]
    done
    expect "$(md5sum "$thread/thread.md")" "$before"
}

@test "any part of a file is the same part of the whole" {
    local id
    id=$(long_thread)
    mount_fs
    # The whole through one mount, the parts through another whose cache is empty.
    cat "$MNT/$id/thread.md" >"$BATS_TEST_TMPDIR/thread.md"
    cat "$MNT/$id/items.jsonl" >"$BATS_TEST_TMPDIR/items.jsonl"
    unmount
    mount_fs
    python3 - "$MNT/$id" "$BATS_TEST_TMPDIR" <<'END'
import os, random, sys
random.seed(7)
for name in "thread.md", "items.jsonl":
    whole = open(f"{sys.argv[2]}/{name}", "rb").read()
    file = os.open(f"{sys.argv[1]}/{name}", os.O_RDONLY)
    parts = [(random.randrange(len(whole) + 10), random.choice((1, 3, 500, 4097, 70001)))
             for _ in range(300)]
    parts += [(len(whole) - 1, 10), (len(whole), 10), (len(whole) + 100000, 10), (0, len(whole) + 1)]
    for offset, size in parts:
        assert os.pread(file, size, offset) == whole[offset:offset + size], (name, offset, size)
END
}

@test "unaligned reads past the page cache are right as well" {
    local id
    id=$(long_thread)
    mount_fs
    cat "$MNT/$id/thread.md" >"$BATS_TEST_TMPDIR/thread.md"
    local offset
    for offset in 0 1 4095 4097 65537; do
        dd if="$MNT/$id/thread.md" bs=1001 count=3 iflag=skip_bytes skip="$offset" 2>/dev/null |
            cmp - <(dd if="$BATS_TEST_TMPDIR/thread.md" bs=1001 count=3 iflag=skip_bytes \
                skip="$offset" 2>/dev/null)
        tail -c "+$offset" "$MNT/$id/thread.md" | cmp - <(tail -c "+$offset" "$BATS_TEST_TMPDIR/thread.md")
    done
    tail -c 777 "$MNT/$id/thread.md" | cmp - <(tail -c 777 "$BATS_TEST_TMPDIR/thread.md")
}

@test "a mapped file reads as the file does" {
    local id
    id=$(long_thread)
    mount_fs
    python3 - "$MNT/$id/thread.md" <<'END'
import mmap, sys
with open(sys.argv[1], "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    last, all_of_it = mapped[-10:], mapped[:]
with open(sys.argv[1], "rb") as file:
    whole = file.read()
assert all_of_it == whole and last == whole[-10:]
END
}
