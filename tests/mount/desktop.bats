# SPDX-License-Identifier: MIT
#
# What desktops, indexers and file servers do with folders: they look for files of their own in
# passing, walk everything there is, and take only some names.

load helper

# Without a session's programs behind it, which not every machine has.
export GIO_USE_VFS=local

# More threads than a page has, so that no listing is complete before somebody has read it.
setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 250 2)
}

# What GNOME, KDE, Windows and macOS look for where folders are shown.
PROBES=(.hidden .Trash ".Trash-$(id -u)" .Trash-1000 autorun.inf Autorun.inf AUTORUN.INF .autorun
    .xdg-volume-info .directory desktop.ini Desktop.ini Thumbs.db thumbs.db .DS_Store ._.DS_Store
    .Spotlight-V100 .metadata_never_index .localized .git .nomedia)

# none_of_the_probes FOLDER: each of them is ENOENT, to stat and to open.
none_of_the_probes() {
    expect "$(python3 - "$1" "${PROBES[@]}" <<'END'
import os, sys
for name in sys.argv[2:]:
    for operation in os.stat, open:
        try:
            operation(os.path.join(sys.argv[1], name))
            print(operation.__name__, name, "succeeds")
        except FileNotFoundError:
            pass
END
    )" ""
}

@test "what desktops look for is not there, and costs no request" {
    mount_fs --ttl=1d
    none_of_the_probes "$MNT"
    none_of_the_probes "$MNT/Thread-249.cthr_00249"
    expect_requests 1
}

@test "nor does it with folders of users" {
    mount_fs --ttl=1d --group-by=user
    ls "$MNT/user_1" >/dev/null
    expect_requests 2
    none_of_the_probes "$MNT"
    none_of_the_probes "$MNT/user_1"
    none_of_the_probes "$MNT/user_1/Thread-241.cthr_00241"
    expect_requests 2
}

@test "a user who is called like that has a folder by another name" {
    start_sandbox_with <<'END'
[{"thread": {"id": "cthr_1", "user": "desktop.ini", "created_at": 1}},
 {"thread": {"id": "cthr_2", "user": "THUMBS.DB", "created_at": 2}},
 {"thread": {"id": "cthr_3", "user": "autorun.inf.old", "created_at": 3}}]
END
    mount_fs --group-by=user --page-size=1
    expect "$(ls "$MNT/desktop%2Eini")" cthr_1
    expect_requests 1 'user=desktop.ini$'
    expect "$(ls "$MNT/autorun.inf.old")" cthr_3
    none_of_the_probes "$MNT"
    expect "$(ls "$MNT" | xargs)" "THUMBS%2EDB autorun.inf.old desktop%2Eini"
}

@test "GIO, as Nautilus uses it, lists and describes without a complaint" {
    mount_fs --ttl=1d
    local folder=$MNT/Thread-1.cthr_00001
    cat "$folder"/* >/dev/null
    control POST /reset >/dev/null
    quiet gio list -h -l -a '*' "$folder"
    expect "${#lines[@]}" 6
    quiet gio list -h -a standard::is-hidden,thumbnail::path,access::can-trash "$folder"
    expect "${#lines[@]}" 6
    quiet gio tree -h "$folder"
    quiet gio info "$folder/thread.md"
    [[ $output == *"size:  $(stat -c %s "$folder/thread.md")"* ]]
    [[ $output == *"access::can-write: FALSE"* && $output == *"access::can-trash: FALSE"* ]]
    quiet gio info -f "$MNT"
    [[ $output == *"filesystem::readonly: TRUE"* ]]
    quiet gio cat "$folder/thread.md"
    quiet gio copy "$folder/thread.md" "$BATS_TEST_TMPDIR/copy"
    cmp "$folder/thread.md" "$BATS_TEST_TMPDIR/copy"
    expect_requests 0
}

@test "GIO can throw nothing away" {
    mount_fs
    local folder=$MNT/Thread-249.cthr_00249 file
    for file in "$folder/thread.md" "$folder"; do
        HOME=$BATS_TEST_TMPDIR run gio trash "$file"
        ((status != 0))
        run gio remove "$file"
        [[ $status != 0 && $output == *"Read-only file system"* ]]
    done
    expect "$(ls -A "$folder" | wc -l)" 6
}

# indexed PRUNEFS: the files that plocate finds in an index of the test's directory, which nothing
# but that keeps away from the mount.
indexed() {
    local index=$BATS_TEST_TMPDIR/index
    updatedb.plocate --prunefs "$1" --prunepaths '' --prune-bind-mounts no --require-visibility no \
        --database-root "$BATS_TEST_TMPDIR" --output "$index"
    plocate --database "$index" /
}

@test "updatedb keeps away from what PRUNEFS has" {
    mkdir "$BATS_TEST_TMPDIR/beside"
    mount_fs --ttl=1d
    control POST /reset >/dev/null
    quiet indexed 'nfs fuse.chatkitfs'
    expect "$(grep -c '/beside$' <<<"$output")" 1
    expect "$(grep -c '/mnt/' <<<"$output" || true)" 0
    expect_requests 0
    quiet indexed nfs
    expect "$(grep -c '/thread\.md$' <<<"$output")" 250
}

# invalid windows|nfs: the names in the mount that can't be names there, one a line. Windows, and
# Samba for it: https://learn.microsoft.com/windows/win32/fileio/naming-a-file. NFS: RFC 7530, 12.
invalid() {
    python3 - "$1" "$MNT" <<'END'
import os, re, sys

DEVICE = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³]) *(\.|$)", re.IGNORECASE)

def windows(name):
    return (re.search(r'[\x00-\x1f<>:"/\\|?*]|[. ]$', name) or DEVICE.match(name)
            or len(name.encode("utf-16-le")) > 2 * 255)

def nfs(name):
    return len(name.encode()) > 255 or re.search(r"[\0/]|^\.{0,2}$", name)

def fail(error):
    raise error

rule, mount = sys.argv[1:]
for _, folders, files in os.walk(os.fsencode(mount), onerror=fail):
    for name in folders + files:
        try:
            text = name.decode()
        except UnicodeDecodeError:
            print(name)
        else:
            if (windows if rule == "windows" else nfs)(text):
                print(text)
END
}

# An account whose titles, or else users, are these: a JSON list.
start_sandbox_of() {
    start_sandbox_with < <(jq ". as \$names | to_entries | map({thread: {id: \"cthr_\(.key)\",
        $1: .value, created_at: (1 + .key)}, items: [{id: \"cthi_\(.key)\", type: .value}]})")
}

HOSTILE='["CON", "con", "aux.txt", "NUL", "prn.", "COM1", "com¹", "LPT9", "CONIN$", "Con ", "CON:",
    "a. ", "x.", "x ", " x", "x:y?*", "C:\\Windows\\CON", "<b>\"q|r\"</b>", "a/b", "..", "...", "~", "-",
    "\u0000", "a\tb\n", "\u202egpj.exe", "de\u0301", "desktop.ini", "ok", ("日" * 300), ("💸" * 300),
    ("x" * 400 + ".")]'

@test "every name is one for Windows, Samba and NFS, whatever the titles and types are" {
    start_sandbox_of title < <(jq -n "$HOSTILE")
    mount_fs
    expect "$(find "$MNT" -mindepth 1 -type d | wc -l)" "$(jq -n "$HOSTILE | length")"
    expect "$(invalid windows)" ""
    expect "$(invalid nfs)" ""
}

@test "users' folders have names for NFS, and keep what Windows and Samba can't have" {
    start_sandbox_of user < <(jq -n "$HOSTILE")
    mount_fs --group-by=user
    expect "$(find "$MNT" -mindepth 1 -maxdepth 1 -type d | wc -l)" "$(jq -n "$HOSTILE | length")"
    expect "$(invalid nfs)" ""
    unmount
    start_sandbox_of user <<<'["acme:sales", "CON", "aux.txt", "a.", "a ", "jo/li", "50%", "Jörg Ö.x"]'
    mount_fs --group-by=user
    expect "$(invalid windows | sort)" $'CON\na \na.\nacme:sales\naux.txt'
}
