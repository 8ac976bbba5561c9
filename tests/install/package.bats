# SPDX-License-Identifier: MIT
# The Debian package: built, installed, used, removed. It is installed into a root of its own, by dpkg
# as on any machine, since what is installed here is none of a test's business.

load ../mount/helper

setup_file() {
    export ROOT=$BATS_FILE_TMPDIR/root STAMP=$BATS_FILE_TMPDIR/stamp
    touch "$STAMP"
    "$REPOSITORY/scripts/package" "$BATS_FILE_TMPDIR" >"$BATS_FILE_TMPDIR/log" 2>&1 3>&- ||
        { cat "$BATS_FILE_TMPDIR/log" && return 1; }
    DEB=$(echo "$BATS_FILE_TMPDIR"/chatkitfs_*.deb)
    export DEB
    mkdir -p "$ROOT"/var/lib/dpkg/{info,updates,triggers}
    touch "$ROOT/var/lib/dpkg/status"
    in_root --force-depends --install "$DEB"
    export CHATKITFS=$ROOT/usr/bin/chatkitfs
    start_sandbox
}

# The programs of sbin are not on an ordinary user's PATH; files that are root's are, to it.
in_root() {
    PATH=$PATH:/usr/sbin:/sbin fakeroot dpkg --root="$ROOT" --log=/dev/null --no-triggers --force-not-root \
        "$@" >"$BATS_FILE_TMPDIR/dpkg.log" 2>&1 3>&- || { cat "$BATS_FILE_TMPDIR/dpkg.log" && return 1; }
}

# All that is not dpkg's own.
files() {
    find "$ROOT" -path "$ROOT/var/lib/dpkg" -prune -o ! -type d -printf '/%P\n' | sort
}

@test "it has what meson install lays out, where Debian has such things, and a copyright" {
    expect "$(files)" "$(
        cat <<'END'
/usr/bin/chatkitfs
/usr/lib/systemd/user/chatkitfs@.service
/usr/sbin/mount.chatkitfs
/usr/share/bash-completion/completions/chatkitfs
/usr/share/doc/chatkitfs/changelog.gz
/usr/share/doc/chatkitfs/copyright
/usr/share/doc/chatkitfs/examples/chatkitfs.conf
/usr/share/fish/vendor_completions.d/chatkitfs.fish
/usr/share/man/man1/chatkitfs.1.gz
/usr/share/man/man5/chatkitfs.conf.5.gz
/usr/share/man/man8/mount.chatkitfs.8.gz
/usr/share/zsh/vendor-completions/_chatkitfs
END
    )"
    # It changes nothing by itself: no script is run, and nobody's unit enabled.
    expect "$(dpkg -e "$DEB" "$BATS_TEST_TMPDIR/control" && ls "$BATS_TEST_TMPDIR/control")" $'control\nmd5sums'
    [[ $(realpath "$ROOT/usr/sbin/mount.chatkitfs") == "$CHATKITFS" ]]
    gzip -dc "$ROOT/usr/share/man/man8/mount.chatkitfs.8.gz" | grep -q '^\.TH "chatkitfs" "1"'
    grep -q '^ExecStart=/usr/bin/chatkitfs ' "$ROOT/usr/lib/systemd/user/chatkitfs@.service"
}

@test "its version is the program's, and its dependencies are there" {
    expect "chatkitfs $(dpkg -f "$DEB" Version)" "$("$CHATKITFS" --version | head -n 1)"
    run -0 apt-get install -s "$DEB"
    [[ $output == *"Inst chatkitfs "* ]]
}

@test "building it leaves the working tree as it was" {
    expect "$(find "$REPOSITORY" \( -name .git -o -name 'build*' -o -name __pycache__ \) -prune -o \
        -newer "$STAMP" -print)" ""
}

@test "the installed program mounts" {
    mount_fs
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
    unmount
    not_mounted
}

# What mount(8) runs for a line of fstab; tests/mount/fstab.bats has mount(8) itself.
@test "it mounts as mount(8) would have it do, as fuse.chatkitfs and as chatkitfs" {
    local type helper key=$BATS_TEST_TMPDIR/key
    (umask 077 && echo "$KEY" >"$key")
    for type in fuse.chatkitfs chatkitfs; do
        helper=("$ROOT/usr/sbin/mount.chatkitfs")
        [[ $type == chatkitfs ]] || helper=(env "PATH=$ROOT/usr/bin:$PATH" /sbin/mount.fuse3)
        "${helper[@]}" threads "$MNT" -t fuse.chatkitfs \
            -o "ro,_netdev,nofail,base_url=$OPENAI_BASE_URL,api_key_file=$key" 3>&-
        grep -q "^threads $MNT fuse.chatkitfs ro," /proc/self/mounts
        expect "$(ls "$MNT" | wc -l)" "$(account length)"
        FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
        unmount
        wait_until gone "$FS_PID"
    done
}

# The last: there is no package after it.
@test "removed, it leaves nothing" {
    in_root --purge chatkitfs
    expect "$(files)" ""
    run -1 dpkg-query --admindir="$ROOT/var/lib/dpkg" -W chatkitfs
}
