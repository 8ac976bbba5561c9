# SPDX-License-Identifier: MIT
# scripts/run: a mount to look at with one command, with a key or without.

load helper

# run_script [MOUNTPOINT]: its output in $output, all of it: who reads it through a pipe, as here,
# must not wait for what it left running.
run_script() {
    TMPDIR=$BATS_TEST_TMPDIR BUILD=$(dirname "$CHATKITFS") \
        run -0 --separate-stderr "$REPOSITORY/scripts/run" "$@" 3>&-
    FS_PID=$(file_systems "$BATS_TEST_TMPDIR")
}

sandbox_of_the_script() {
    pgrep -f "scripts/sandbox --url-file $BATS_TEST_TMPDIR/"
}

no_sandbox_of_the_script() {
    ! sandbox_of_the_script >/dev/null
}

@test "without a key it mounts the sandbox, which ends with the mount" {
    unset OPENAI_API_KEY OPENAI_BASE_URL
    run_script "$MNT"
    mounted
    expect "$(ls "$MNT" | wc -l)" "$(ls "$REPOSITORY/scripts/sample-account" | wc -l)"
    [[ $output == *"sandbox"*"$(ls -U "$MNT" | head -1)"*refund*"fusermount3 -u $MNT"* ]]
    started+=($(sandbox_of_the_script))
    # What it tells of the sandbox holds, and so does its own word when it is called again.
    eval "$(grep '^export OPENAI_API_KEY=' <<<"$output")"
    mkdir "$BATS_TEST_TMPDIR/other"
    "$CHATKITFS" --group-by=user "$BATS_TEST_TMPDIR/other" 3>&-
    [[ -d $BATS_TEST_TMPDIR/other/amelia.hart@example.com ]]
    fusermount3 -u "$BATS_TEST_TMPDIR/other"
    run -1 "$REPOSITORY/scripts/run" "$MNT"
    [[ $output == *"is mounted on $MNT already: fusermount3 -u"* ]]
    fusermount3 -u "$MNT"
    wait_until no_sandbox_of_the_script
    wait_until eval '! ls -d "$BATS_TEST_TMPDIR"/tmp.* 2>/dev/null'
}

@test "it tells how it is called, and mounts nothing" {
    run -0 "$REPOSITORY/scripts/run" --help
    [[ $output == *"usage: scripts/run "* ]]
}

@test "with a key it mounts that account, and does not read all of it" {
    start_sandbox --generate 950x3
    run_script "$MNT"
    mounted
    # How many pages ls has come back for before head(1) stopped it, and how far ahead the walk through
    # the first three threads was, is a matter of speed.
    (($(requests /items) < 100))
    [[ $output == *"$(ls -U "$MNT" | head -1)"*"fusermount3 -u $MNT"* && $output != *sandbox* ]]
    fusermount3 -u "$MNT"
    wait_until gone "$FS_PID"
}

@test "it makes the mountpoint, ./threads by default" {
    unset OPENAI_API_KEY OPENAI_BASE_URL
    cd "$BATS_TEST_TMPDIR"
    run_script
    [[ -e $BATS_TEST_TMPDIR/threads/cthr_b722d8f14ce1a58a6dc59dad/thread.md ]]
    fusermount3 -u threads
    wait_until no_sandbox_of_the_script
}

@test "where it can't mount it fails, says why, and leaves nothing running" {
    unset OPENAI_API_KEY OPENAI_BASE_URL
    touch "$MNT/file"
    TMPDIR=$BATS_TEST_TMPDIR BUILD=$(dirname "$CHATKITFS") \
        run --separate-stderr "$REPOSITORY/scripts/run" "$MNT" 3>&-
    ((status != 0))
    [[ $stderr == *"not empty"* ]]
    no_sandbox_of_the_script
}
