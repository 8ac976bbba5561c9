#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Profiles of a configuration file, and --check. What goes before what is in key.bats.

load helper

setup_file() {
    start_sandbox
}

# Two profiles, without an environment.
configure() {
    export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR
    CONFIG=$XDG_CONFIG_HOME/chatkitfs/config
    KEY_FILE=$BATS_TEST_TMPDIR/key
    URL=$OPENAI_BASE_URL
    unset OPENAI_API_KEY OPENAI_BASE_URL
    (umask 077 && echo "$KEY" >"$KEY_FILE")
    mkdir "$XDG_CONFIG_HOME/chatkitfs"
    printf '[%s]\nbase-url=%s\napi-key-file=%s\n' default "$URL" "$KEY_FILE" \
        work "$URL" "$KEY_FILE" >"$CONFIG"
    echo 'group-by=user' >>"$CONFIG"
}

# mounts ARGUMENT...: in the background, at $MNT, without a word.
mounts() {
    run --separate-stderr "$CHATKITFS" "$@" "$MNT" 3>&-
    expect "$status $output$stderr" "0 "
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
}

users() {
    account '[.[].thread.user // "%none"] | unique | length'
}

@test "without SOURCE the default profile is mounted" {
    configure
    mounts
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
}

@test "SOURCE with a colon names a profile, and the mount" {
    configure
    mounts work:
    expect "$(ls "$MNT" | wc -l)" "$(users)"
    expect "$(findmnt -n -o SOURCE,FSTYPE "$MNT" | tr -s ' ')" "work: fuse.chatkitfs"
}

@test "SOURCE without one does so too, as in fstab; another is but a name" {
    configure
    mounts work
    expect "$(ls "$MNT" | wc -l)" "$(users)"
    unmount
    mounts chatkitfs
    expect "$(ls "$MNT" | wc -l)" "$(account length)"
    expect "$(findmnt -n -o SOURCE "$MNT")" chatkitfs
}

@test "another file can be named, with --config or in -o" {
    configure
    mv "$CONFIG" "$BATS_TEST_TMPDIR/other"
    fails 'no API key' "$CHATKITFS" --base-url="$URL" "$MNT"
    mounts --config="$BATS_TEST_TMPDIR/other" work:
    expect "$(ls "$MNT" | wc -l)" "$(users)"
    unmount
    mounts work: -o "ro,config=$BATS_TEST_TMPDIR/other"
    expect "$(ls "$MNT" | wc -l)" "$(users)"
}

@test "a profile that is not there is an error with those that are" {
    configure
    fails "has no profile wrok; it has: default, work" "$CHATKITFS" wrok: "$MNT"
    fails "no mountpoint" "$CHATKITFS" work:
    rm "$CONFIG"
    fails "no configuration with a profile work" "$CHATKITFS" work: "$MNT"
}

@test "what is not known is an error with the nearest that is" {
    configure
    echo 'tll=4' >>"$CONFIG"
    fails "$CONFIG, \[work\]: there is no tll; did you mean ttl\?" "$CHATKITFS" work: "$MNT"
    fails 'unknown option --tll; did you mean --ttl\?' "$CHATKITFS" --tll=4 "$MNT"
    fails 'unknown option -o groupby; did you mean --group-by\?' "$CHATKITFS" -o groupby=user "$MNT"
    fails 'unknown option --chek; did you mean --check\?' "$CHATKITFS" --chek "$MNT"
    mounts # the other profile is as good as before
}

@test "a key that somebody put into the file is not repeated" {
    configure
    printf '[work]\napi-key=%s\n' "$KEY" >"$CONFIG"
    fails 'api-key-file' "$CHATKITFS" work: "$MNT"
    echo "$KEY" >"$CONFIG"
    fails 'line 1' "$CHATKITFS" "$MNT"
}

@test "a file that others can write is refused" {
    configure
    chmod 666 "$CONFIG"
    fails "others can write .*: chmod o-w" "$CHATKITFS" "$MNT"
}

@test "--sync takes a profile as well" {
    configure
    run -0 "$CHATKITFS" --sync --cache-dir="$BATS_TEST_TMPDIR/cache" work: 3>&-
    [[ $output == *"threads $(account length)/$(account length) "* ]] || expect "$output" "all threads"
}

@test "--check tells what would be mounted, with one request, and mounts nothing" {
    configure
    control POST /reset >/dev/null
    run -0 --separate-stderr "$CHATKITFS" --check work: 3>&-
    expect "$stderr" ""
    expect "$output" "configuration  $CONFIG, profile work
server         $URL (base-url of the profile work), answers
key            from $KEY_FILE (api-key-file of the profile work), accepted
threads        everybody's; there are $(account length)
folders        one for each user, and in that one for each thread, called by its title and id
files          NNNN-ROLE.json, thread.json, NNNN-ROLE.md, thread.md
current        what is known is checked after 30 s, all threads are listed anew after 600 s
deleting       nothing can be deleted
cache          none: what is read is fetched again by the next mount"
    expect_requests 1
    not_mounted
}

@test "--check tells of every option that changes what is shown" {
    configure
    run -0 "$CHATKITFS" --check --user=u1 --since=2026-01-01 --until=2026-01-02 --names=id \
        --formats=jsonl --strict --ttl=inf --relist=5 --cache-dir="$BATS_TEST_TMPDIR/cache" \
        --cache-size=5M --organization=org-1 --project=proj_1 "$MNT" 3>&-
    [[ $output == *"those of the user u1, created since 2026-01-01T00:00:00Z, created until 2026-01-02T23:59:59Z; there are 0"* ]]
    [[ $output == *"called by its id"*"items.jsonl"*"checked never"*"after 5 s"*"is an error"* ]]
    [[ $output == *"up to 5.0"?"MiB in $BATS_TEST_TMPDIR/cache, unencrypted"* ]]
    [[ $output == *"organization   org-1 (--organization)"*"project        proj_1 (--project)"*"mountpoint     $MNT, free"* ]]
    not_mounted
    [[ ! -e $BATS_TEST_TMPDIR/cache ]]
}

@test "--check fails as mounting would, and says why" {
    configure
    fails 'unknown|no profile' "$CHATKITFS" --check nobody:
    echo 'sk-wrong' >"$KEY_FILE"
    fails '401' "$CHATKITFS" --check work:
    sed -i 's|^base-url=.*|base-url=http://127.0.0.1:1/v1|' "$CONFIG"
    fails 'http://127.0.0.1:1/v1: .*check that the server runs' "$CHATKITFS" --check --timeout=5 work:
    fails 'no such directory' "$CHATKITFS" --check work: "$BATS_TEST_TMPDIR/nowhere"
    mkdir -m 755 "$BATS_TEST_TMPDIR/open"
    fails 'others can use the cache directory' "$CHATKITFS" --check --cache-dir="$BATS_TEST_TMPDIR/open"
    fails 'is in the mountpoint' "$CHATKITFS" --check --cache-dir="$MNT/cache" "$MNT"
    rm "$KEY_FILE"
    fails "can't read the API key file" "$CHATKITFS" --check work:
}

@test "--check with --offline asks for nothing" {
    configure
    control POST /reset >/dev/null
    run -0 "$CHATKITFS" --check --offline 3>&-
    [[ $output == *"not asked (--offline)"*"nothing is asked for"* ]]
    expect_requests 0
}

@test "--check does not wait for a server longer than --timeout" {
    configure
    fault hold /threads
    fails 'did not answer.*--timeout' "$CHATKITFS" --check --timeout=1 work:
}
