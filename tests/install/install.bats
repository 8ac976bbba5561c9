# SPDX-License-Identifier: MIT
# What meson install lays out, and that each of it works with the others.

load ../mount/helper

setup_file() {
    start_sandbox
    export INSTALLED=$BATS_FILE_TMPDIR/root
    DESTDIR=$INSTALLED meson install -C "${CHATKITFS%/*}" --no-rebuild >"$BATS_FILE_TMPDIR/log" 2>&1 3>&- ||
        { cat "$BATS_FILE_TMPDIR/log" && return 1; }
    export PROGRAM=$INSTALLED/usr/local/bin/chatkitfs EXAMPLE=$INSTALLED/usr/local/share/doc/chatkitfs/examples/chatkitfs.conf
    export UNIT=$INSTALLED/usr/local/lib/systemd/user/chatkitfs@.service
}

# A home with the example and the keys that it speaks of, which go to the sandbox there: they would not
# to a server that the environment names.
at_home() {
    export HOME=$BATS_TEST_TMPDIR/home URL=$OPENAI_BASE_URL
    unset OPENAI_API_KEY OPENAI_BASE_URL XDG_CONFIG_HOME XDG_CACHE_HOME
    mkdir -p "$HOME/.config/chatkitfs"
    CONFIG=$HOME/.config/chatkitfs/config
    sed "s|^\[.*|&\nbase-url=$URL|" "$EXAMPLE" >"$CONFIG"
    (umask 077 && echo "$KEY" >"$HOME/.config/chatkitfs/default.key" && echo "$KEY" >"$HOME/.config/chatkitfs/work.key")
}

@test "nothing is missing and nothing too much" {
    expect "$(cd "$INSTALLED" && find . ! -type d -printf '%M %P %l\n' | sed 's/ $//' | sort -k 2)" "$(
        cat <<'END'
-rwxr-xr-x usr/local/bin/chatkitfs
-rw-r--r-- usr/local/lib/systemd/user/chatkitfs@.service
lrwxrwxrwx usr/local/sbin/mount.chatkitfs /usr/local/bin/chatkitfs
-rw-r--r-- usr/local/share/bash-completion/completions/chatkitfs
-rw-r--r-- usr/local/share/doc/chatkitfs/examples/chatkitfs.conf
-rw-r--r-- usr/local/share/fish/vendor_completions.d/chatkitfs.fish
-rw-r--r-- usr/local/share/man/man1/chatkitfs.1
-rw-r--r-- usr/local/share/man/man5/chatkitfs.conf.5
-rw-r--r-- usr/local/share/man/man8/mount.chatkitfs.8
-rw-r--r-- usr/local/share/zsh/site-functions/_chatkitfs
END
    )"
}

@test "the installed program mounts" {
    "$PROGRAM" "$MNT" 3>&-
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
}

@test "each profile of the example is one that can be mounted" {
    local profile profiles
    at_home
    profiles=$(sed -n 's/^\[\(.*\)\]$/\1/p' "$EXAMPLE")
    [[ $profiles == *work* ]]
    for profile in $profiles; do
        run -0 "$PROGRAM" --check "$profile:"
        [[ $output == *"profile $profile"* ]] || expect "$output" "…profile $profile…"
    done
    # What is commented out is an example too.
    sed 's/^#\([a-z-]*=\)/\1/; s/…/1/' "$CONFIG" >"$BATS_TEST_TMPDIR/all.conf"
    grep -q '^organization=' "$BATS_TEST_TMPDIR/all.conf"
    run -0 "$PROGRAM" --check --config="$BATS_TEST_TMPDIR/all.conf" work:
}

# of_unit NAME: what the unit says, for the instance "work".
of_unit() {
    sed -n "s/^$1=-\?//p" "$UNIT" | sed "s,%h,$HOME,g; s,%i,work,g; s,^/usr/local/,$INSTALLED&,"
}

@test "the unit mounts a profile, and SIGTERM to all of it unmounts and is no failure" {
    at_home
    $(of_unit ExecStartPre)
    MNT=$HOME/ChatKit/work
    $(of_unit ExecStart) 2>"$LOG" 3>&- &
    FS_PID=$!
    started+=("$FS_PID")
    wait_until eval 'mounted || gone "$FS_PID"'
    [[ -d $MNT/user_3f9a ]]
    control POST /reset >/dev/null
    MAINPID=$FS_PID eval "$(of_unit ExecReload)"
    wait_until eval '[[ $(requests "threads\?") == 1 ]]'
    # As systemd does: the program, and the shell that is to unmount.
    local keeper
    keeper=$(for keeper in $(pgrep -x sh); do
        ! grep -qzxF -- "$MNT" "/proc/$keeper/cmdline" 2>/dev/null || echo "$keeper"
    done)
    kill -0 "$keeper"
    kill -TERM "$FS_PID" "$keeper"
    ended "$FS_PID"
    expect "$STATUS" 0 "exit status; log: $(cat "$LOG")"
    wait_until not_mounted
}

@test "the unit is started again when there is no network, and not when somebody has to mend something" {
    at_home
    $(of_unit ExecStartPre)
    local start never
    start=$(of_unit ExecStart) never=$(of_unit RestartPreventExitStatus)
    expect "$(of_unit Restart)" on-failure
    sed -i "s|^base-url=.*|base-url=http://127.0.0.1:$(free_port)/v1|" "$CONFIG"
    run $start 3>&-
    [[ $output == *"connect to"* ]]
    ((status != 0 && status != never))
    sed -i "s|^base-url=.*|base-url=$URL|" "$CONFIG"
    echo wrong >"$HOME/.config/chatkitfs/work.key"
    run "-$never" $start 3>&-
    [[ $output == *"answered 401"* ]]
    rm "$HOME/.config/chatkitfs/work.key"
    run "-$never" $start 3>&-
    [[ $output == *work.key* ]]
}

@test "every setting that there is stands in chatkitfs.conf(5), and no other" {
    local page=$INSTALLED/usr/local/share/man/man5/chatkitfs.conf.5 settings
    settings=$(sed -n '/^\.SH SETTINGS/,/^\.SH EXAMPLES/p' "$page" | grep '^\\fB' |
        grep -oE '\\fB[a-z-]+' | sed 's/^\\fB//' | grep -vxE 'true|false' | sort)
    expect "$settings" "$("$PROGRAM" --help | grep -oE -- '--[a-z][a-z-]*' | sed 's/^--//' |
        grep -vxE 'check|config|delete|dry-run|help|idle-for|refresh|sync|version|yes' | sort -u)"
    expect "$(cat "$INSTALLED/usr/local/share/man/man8/mount.chatkitfs.8")" ".so man1/chatkitfs.1"
    [[ $(head -n 9 "$INSTALLED/usr/local/share/man/man1/chatkitfs.1") == *'.TH "chatkitfs" "1"'* ]]
}
