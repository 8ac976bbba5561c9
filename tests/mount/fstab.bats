# SPDX-License-Identifier: MIT
# A line of fstab(5) is enough to mount it, by mount(8) as it is.

load helper

setup_file() {
    start_sandbox
}

# As at boot: no environment has what is needed, and mount(8) forgets PATH, so that mount.fuse3 finds
# the program where a shell looks by default. For root it is there in a namespace of the test's own.
setup() {
    MNT=$BATS_TEST_TMPDIR/mnt
    LOG=$BATS_TEST_TMPDIR/log
    KEY_FILE=$BATS_TEST_TMPDIR/key
    CONFIG=$BATS_TEST_TMPDIR/chatkitfs.conf
    FSTAB=$BATS_TEST_TMPDIR/fstab
    BIN=$BATS_TEST_TMPDIR/bin
    mkdir "$MNT" "$BIN"
    ln -s "$CHATKITFS" "$BIN/chatkitfs"
    control POST /reset >/dev/null
    watchdog 3>&- &
    started+=($!)
    (umask 077 && echo "$KEY" >"$KEY_FILE")
    printf '%s\n' '[default]' "base-url=$OPENAI_BASE_URL" "api-key-file=$KEY_FILE" '' \
        '[grouped]' "base-url=$OPENAI_BASE_URL" "api-key-file=$KEY_FILE" group-by=user >"$CONFIG"
    AT_BOOT=(env -i "PATH=$BIN:/usr/bin:/bin")
    [[ ! -v CHATKITFS_SANITIZER_REPORTS ]] ||
        AT_BOOT+=("CHATKITFS_SANITIZER_REPORTS=$CHATKITFS_SANITIZER_REPORTS")
    HERE=()
    if ((EUID == 0)); then
        local options
        read -ra options < <(own_mounts)
        unshare "${options[@]}" sh -c 'mount --bind "$0" /usr/local/bin && echo $$ && exec tail -f /dev/null' \
            "$BIN" >"$BATS_TEST_TMPDIR/namespace" 3>&- &
        started+=($!)
        wait_until test -s "$BATS_TEST_TMPDIR/namespace"
        # -r, -w: into its root and directory as well, which are others in a chroot.
        HERE=(nsenter -m -r -w -t "$(<"$BATS_TEST_TMPDIR/namespace")")
    fi
}

# here COMMAND...: where it is mounted.
here() {
    "${HERE[@]}" "$@" 3>&-
}

# The lines of the mount table that tell of $MNT.
mount_table() {
    here grep " $MNT " /proc/self/mounts
}

# fstab OPTIONS [SOURCE]: the line for $MNT.
fstab() {
    echo "${2:-chatkitfs} $MNT fuse.chatkitfs $1 0 0" >"$FSTAB"
}

# by_mount [OPTION]...: mount(8) with that line. Only root may name it a file, so for others it is the
# helper that is run, with the options that mount(8) does not keep for itself.
by_mount() {
    if ((EUID == 0)); then
        here "${AT_BOOT[@]}" mount "$@" -T "$FSTAB" "$MNT"
        return
    fi
    local source place type options
    read -r source place type options _ <"$FSTAB"
    options=$(tr , '\n' <<<"$options" | grep -vxE 'defaults|(no)?auto|comment=.*|[xX]-.*' | paste -sd ,)
    "${AT_BOOT[@]}" /sbin/mount.fuse3 "$source" "$place" "$@" -o "$options" -t "$type" 3>&-
}

by_umount() {
    if ((EUID == 0)); then
        here umount "$MNT"
    else
        fusermount3 -u "$MNT"
    fi
}

@test "the manual's line: mount mounts it, umount unmounts it" {
    local line=ro,_netdev,nofail,noauto,x-systemd.automount,config=/etc/chatkitfs.conf
    grep -qF "chatkitfs /mnt/chatkit fuse.chatkitfs $line 0 0" "$REPOSITORY/fs/chatkitfs.1.scd"
    fstab "${line/\/etc\/chatkitfs.conf/$CONFIG}"
    by_mount
    [[ $(mount_table) == "chatkitfs $MNT fuse.chatkitfs ro,"* ]]
    expect "$(here ls "$MNT" | wc -l)" "$(account length)"
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
    by_umount
    run -1 mount_table
    wait_until gone "$FS_PID"
}

# Has $MNT mounted by its line whenever somebody looks into it; $BATS_TEST_TMPDIR/automount tells of it.
automount() {
    "${HERE[@]}" "${AT_BOOT[@]}" python3 "$BATS_TEST_DIRNAME/automount.py" "$MNT" mount -T "$FSTAB" "$MNT" \
        >"$BATS_TEST_TMPDIR/automount" 2>"$LOG" 3>&- &
    started+=($!)
    wait_until test -s "$BATS_TEST_TMPDIR/automount"
}

# looks TIMES: somebody looks, and finds it mounted for the so-and-so-many-th time.
looks() {
    expect "$(here timeout "$LIMIT" ls "$MNT" | wc -l)" "$(account length)"
    was_mounted "$1"
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
}

was_mounted() {
    expect "$(<"$BATS_TEST_TMPDIR/automount")" "ready$(for ((i = 0; i < $1; i++)); do printf '\nmounted'; done)" \
        "what was automounted; log: $(<"$LOG")"
}

# The program, and the shell that unmounts when that is gone; none of them looks into it again.
both_gone() {
    gone "$FS_PID" && ! pgrep -f -- "^/bin/sh .* $MNT fsname=" >/dev/null
}

@test "an automounter mounts it when somebody looks; unmounted, it stays so until somebody looks again" {
    fstab "ro,_netdev,config=$CONFIG"
    if ((EUID != 0)) || ! grep -qw autofs /proc/filesystems; then # nobody else may, or nothing can
        by_mount
        by_umount
        by_mount
        expect "$(here ls "$MNT" | wc -l)" "$(account length)"
        return
    fi
    automount
    looks 1
    here umount "$MNT"
    wait_until both_gone
    was_mounted 1
    looks 2
    kill -TERM "$FS_PID"
    wait_until both_gone
    was_mounted 2
    looks 3
    kill -KILL "$FS_PID"
    wait_until both_gone
    was_mounted 3
    echo wrong >"$KEY_FILE"
    run ! here timeout "$LIMIT" ls "$MNT"
    ((status != 124))
    expect "$(tail -n 1 "$BATS_TEST_TMPDIR/automount")" failed
    grep -q 'the server answered 401' "$LOG"
    echo "$KEY" >"$KEY_FILE"
    expect "$(here timeout "$LIMIT" ls "$MNT" | wc -l)" "$(account length)"
}

@test "the source names a section of the configuration" {
    fstab "ro,config=$CONFIG" grouped:
    by_mount
    [[ $(mount_table) == "grouped: $MNT fuse.chatkitfs ro,"* ]]
    here test -d "$MNT/user_3f9a"
}

@test "mount -a mounts it, once, and passes over what is noauto" {
    if ((EUID == 0)); then # nobody else may
        fstab "ro,noauto,base_url=$OPENAI_BASE_URL,api_key_file=$KEY_FILE"
        here "${AT_BOOT[@]}" mount -a -T "$FSTAB"
        run -1 mount_table
        fstab "ro,_netdev,nofail,base_url=$OPENAI_BASE_URL,api_key_file=$KEY_FILE"
        here "${AT_BOOT[@]}" mount -a -T "$FSTAB"
        run -0 here "${AT_BOOT[@]}" mount -a -T "$FSTAB"
        expect "$output" "" "what the second mount -a says"
    else
        fstab "ro,_netdev,nofail,base_url=$OPENAI_BASE_URL,api_key_file=$KEY_FILE"
        by_mount
    fi
    expect "$(mount_table | wc -l)" 1 mounts
    expect_requests 1
    expect "$(here ls "$MNT" | wc -l)" "$(account length)"
}

@test "what goes wrong is said in one line, and the status tells" {
    fstab "ro,nofail,base_url=$OPENAI_BASE_URL,api_key_file=$BATS_TEST_TMPDIR/none"
    run --separate-stderr by_mount
    ((status != 0))
    [[ $stderr == "chatkitfs: "*"$BATS_TEST_TMPDIR/none"* ]] || expect "$stderr" "chatkitfs: …none…"
    expect "$(wc -l <<<"$stderr")" 1 lines
    run -1 mount_table
}

# All that libmount knows but what is of other kinds of mounts (bind, loop devices, propagation, verity).
FOR_OTHERS=(_netdev auto defaults group noauto nofail nogroup noowner nouser nousers owner user users
    comment=what-it-is x-systemd.automount x-systemd.mount-timeout=10 X-mount.mkdir x-gvfs-show
    helper=other uhelper=other
    atime noatime diratime nodiratime relatime norelatime strictatime nostrictatime lazytime nolazytime
    sync async dirsync iversion noiversion mand nomand silent loud symfollow
    ro rw suid nosuid dev nodev exec noexec)

@test "what only mount(8), systemd and the kernel understand is taken, and changes nothing" {
    local options option
    mount_fs -o "$(IFS=, && echo "${FOR_OTHERS[*]}")"
    options=$(awk -v place="$MNT" '$2 == place { print $4 }' /proc/self/mounts)
    for option in ro nosuid nodev noexec; do
        [[ ,$options, == *,$option,* ]] || expect "$options" "$option"
    done
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
}

@test "so it is with what mount(8) and mount.fuse3 leave of it" {
    # helper=NAME has mount(8) run that one.
    fstab "$(printf '%s\n' "${FOR_OTHERS[@]}" | grep -v ^helper= | paste -sd ,),$(
    )base_url=$OPENAI_BASE_URL,api_key_file=$KEY_FILE"
    by_mount -v
    expect "$(here ls "$MNT" | wc -l)" "$(account length)"
}

@test "user is a word of mount(8), user=NAME and --user are not" {
    mount_fs -o user,user=jörg,users
    expect "$(ls "$MNT" | wc -l)" "$(account '[.[] | select(.thread.user == "jörg")] | length')"
    unmount
    fails '--user needs a value' "$CHATKITFS" --user "$MNT"
}

@test "what would be lost without a word is refused" {
    fails 'unknown option -o nosymfollow' "$CHATKITFS" -o nosymfollow "$MNT"
    fails 'unknown option -o setuid' "$CHATKITFS" -o setuid=nobody "$MNT"
    fails 'remount: unmount it' "$CHATKITFS" -o remount,ro "$MNT"
    expect_requests 0
}

# As mount(8) runs a helper of a type's own: SOURCE MOUNTPOINT [-sfnv] -o OPTIONS [-t TYPE].
helper() {
    ln -sf "$CHATKITFS" "$BATS_TEST_TMPDIR/mount.chatkitfs"
    "$BATS_TEST_TMPDIR/mount.chatkitfs" "$@" 3>&-
}

@test "as mount.chatkitfs it is mount(8)'s helper" {
    helper threads "$MNT" -s -n -v -o rw,_netdev,user -t fuse.chatkitfs
    grep -q "^threads $MNT fuse.chatkitfs ro," /proc/self/mounts
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
    expect "$(cat "/proc/$FS_PID/comm")" chatkitfs "its name"
    unmount
}

@test "as a helper -f is mount's: nothing is mounted" {
    run -0 --separate-stderr helper threads "$MNT" -f -o ro
    expect "$output$stderr" ""
    not_mounted
    expect_requests 0
}
