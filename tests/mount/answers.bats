# SPDX-License-Identifier: MIT
#
# Answers that are not those to what was asked, in every place of a walk: all that is shown is right, or an
# error. The server that sends them is liar.py.

load helper

setup_file() {
    start_sandbox_with < <(python3 "$BATS_TEST_DIRNAME/many.py" 30 25)
    make_certificate right localhost
    cat "$BATS_FILE_TMPDIR"/right.{pem,key} >"$BATS_FILE_TMPDIR/both.pem"
    export SSL_CERT_FILE=$BATS_FILE_TMPDIR/right.pem no_proxy='*'
    export TRUTH=$BATS_FILE_TMPDIR/truth
    MNT=$BATS_FILE_TMPDIR/mnt
    mkdir "$MNT"
    "$CHATKITFS" --page-size=10 "$MNT"
    everything >"$TRUTH"
    fusermount3 -u "$MNT"
}

everything() {
    (cd "$MNT" && find . -type f -exec md5sum {} +) | sort -k 2
}

# start_liar LIE [PEM]: $LIES has a line for each lie, after that of the port.
start_liar() {
    LIES=$(mktemp -p "$BATS_TEST_TMPDIR")
    local port=${SANDBOX##*:}
    "$BATS_TEST_DIRNAME/liar.py" "${port%%/*}" "$@" >"$LIES" 3>&- &
    started+=($!)
    wait_until test -s "$LIES"
    OPENAI_BASE_URL=http${2:+s}://localhost:$(head -n 1 "$LIES")/v1
}

lies() {
    (($(sed 1d "$LIES" | wc -l) >= $1)) || expect "$(sed 1d "$LIES" | wc -l) lies" "at least $1"
}

# walk_well OPTION...: a walk finds everything, as it is.
walk_well() {
    mount_in_foreground --page-size=10 "$@"
    expect "$(everything)" "$(<"$TRUTH")" "$*"
    expect "$(grep -vE ': asked for again, over a new connection: |^chatkitfs: confined' "$LOG")" "" "the log"
    unmount
}

@test "an answer to another request, for each request" {
    start_liar swapped
    walk_well
    lies 90
    grep -q ': asked for again, over a new connection: the answer is not one to what was asked: ' "$LOG"
    start_liar swapped
    walk_well --concurrency=1
    lies 90
}

@test "an empty page over each kept connection" {
    start_liar empty
    walk_well --concurrency=1
    lies 90
    expect "$(grep -c 'asked for again' "$LOG")" 0
}

@test "an earlier page of the same listing, for each page" {
    start_liar earlier
    walk_well
    lies 60
    start_liar earlier
    walk_well --concurrency=1
    lies 60
}

@test "the same where threads are grouped by users" {
    local lie
    mount_fs --group-by=user
    everything >"$BATS_TEST_TMPDIR/truth"
    unmount
    TRUTH=$BATS_TEST_TMPDIR/truth
    for lie in swapped empty earlier; do
        start_liar "$lie"
        walk_well --group-by=user --concurrency=1
        lies 60
    done
}

@test "a second answer that comes late, after each answer" {
    start_liar late
    walk_well --concurrency=1
    lies 90
    start_liar late
    walk_well
    lies 90
}

@test "a second answer in the same write, and the same record of TLS, as the end of each one" {
    start_liar joined
    walk_well --concurrency=1
    lies 60
    start_liar joined "$BATS_FILE_TMPDIR/both.pem"
    walk_well --concurrency=1
    lies 60
    # The connection is known to be out of step before it is used, so that nothing is asked for twice.
    expect "$(sed 1d "$LIES" | sort | uniq -d)" ""
}

@test "wrong answers without an end are errors, and nothing of them is shown" {
    local folder
    start_liar always
    mount_in_foreground --page-size=10
    for folder in "$MNT"/*; do
        expect_errno EIO list "$folder"
        expect_errno EIO open "$folder/thread.md"
    done
    grep -q 'the answer is not one to what was asked: .*: check that' "$LOG"
}

@test "nothing wrong gets into a cache, and --sync tells what it dropped" {
    start_liar swapped
    run -0 --separate-stderr "$CHATKITFS" --sync --page-size=10 --cache-dir="$BATS_TEST_TMPDIR/cache" 3>&-
    lies 90
    [[ $stderr == *": asked for again, over a new connection: "* ]] || expect "$stderr" "…asked for again…"
    mount_in_foreground --page-size=10 --cache-dir="$BATS_TEST_TMPDIR/cache" --offline
    expect "$(everything)" "$(<"$TRUTH")"
}
