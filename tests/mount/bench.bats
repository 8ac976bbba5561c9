# SPDX-License-Identifier: MIT
#
# scripts/bench measures what it says, on tiny accounts, and leaves nothing behind. What it measures
# is no test's business.

load helper

setup_file() {
    mkdir "$BATS_FILE_TMPDIR/bin"
}

# bench [OPTION]...: one run each, its table in $TABLE, its samples in $SAMPLES.
bench() {
    TABLE=$BATS_TEST_TMPDIR/table SAMPLES=$BATS_TEST_TMPDIR/samples
    mkdir -p "$BATS_TEST_TMPDIR/work"
    CHATKITFS=$CHATKITFS TMPDIR=$BATS_TEST_TMPDIR/work "$REPOSITORY/scripts/bench" --runs 1 \
        --json "$SAMPLES" "$@" >"$TABLE" 2>"$LOG" 3>&-
}

# The values of a measure, in the order of the runs.
samples() {
    jq -c --arg name "$1" '.samples[$name]' "$SAMPLES"
}

# fails_to_bench REGEX [OPTION]...: with one message that matches, and nothing left.
fails_to_bench() {
    local regex=$1
    shift
    run -1 bench "$@"
    [[ $(<"$LOG") =~ $regex ]] || expect "$(<"$LOG")" "$regex"
    nothing_left
}

# Whether nothing of a bench is left but perhaps, of one that was killed, files.
nothing_runs() {
    [[ -z $(mounts_below "$BATS_TEST_TMPDIR") ]] &&
        ! grep -qzF -- "$BATS_TEST_TMPDIR/work" /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null
}

nothing_left() {
    wait_until nothing_runs
    expect "$(ls -A "$BATS_TEST_TMPDIR/work")" ""
}

# in_bench [OPTION]...: in the background, until it has a mount.
in_bench() {
    mkdir "$BATS_TEST_TMPDIR/work"
    in_background env -u XDG_RUNTIME_DIR CHATKITFS="$CHATKITFS" TMPDIR="$BATS_TEST_TMPDIR/work" \
        "$REPOSITORY/scripts/bench" --runs 1000 "$@"
    wait_until eval '[[ -n $(mounts_below "$BATS_TEST_TMPDIR") ]] || gone "$READER"'
    [[ -n $(mounts_below "$BATS_TEST_TMPDIR") ]]
}

@test "walks see every item, and ask for each page once; the kernel is counted too" {
    bench --walks 103x2 walks
    nothing_left
    grep -F '**Walks of 103 threads of 2 items, 618 files, no latency**' "$TABLE"
    run -1 grep 'left out' "$TABLE"
    local walk
    for walk in find 'find -size +0' 'ls -lR' 'grep -r' rg; do
        expect "$(samples "$walk http")" '[105]' "$walk: HTTP requests"
        expect "$(samples "$walk cold" | jq length)" 1 "$walk: cold runs"
        expect "$(samples "$walk warm" | jq length)" 5 "$walk: warm runs"
        expect "$(samples "$walk tmpfs" | jq length)" 5 "$walk: runs on tmpfs"
    done
    expect "$(samples curl | jq length)" 1
    # A cold walk can't do with less than reading each folder, nor a warm one take more.
    jq -e '.samples | [."find cold fuse", ."grep -r cold fuse" | .[0] >= 104] +
        [."find warm fuse" <= ."find cold fuse", ."grep -r warm fuse" <= ."grep -r cold fuse"] |
        all' "$SAMPLES"
}

@test "a distant server, over HTTP/2 too, is asked for each page once" {
    bench --delay 2 --latency 21x1 --http2 latency
    nothing_left
    expect "$(samples 'chatkitfs http')" '[22]'
    expect "$(samples 'chatkitfs h2 http')" '[22]'
    expect "$(samples 'latency curl 16' | jq length)" 1
    # The proxy never hands on too early.
    samples 'latency request' | jq -e 'length == 10 and min >= 0.002'
}

@test "listing and memory" {
    bench --delay 2 --first 1,101 --pages 3 --memory 2x3,101x3 listing memory
    nothing_left
    expect "$(samples '1 first http')" '[1]'
    expect "$(samples '101 first http')" '[1]'
    expect "$(samples 'listing http')" '[4]'
    # No process with libfuse and libcurl is as small as one MiB.
    samples 'memory 101 threads of 3 items' | jq -e '.[0] > 1048576'
    grep -E '^\| 101 threads of 3 items \| [0-9.]+ MiB ' "$TABLE"
}

@test "interrupts, of readers and of the mount" {
    bench --tries 2 interrupts
    nothing_left
    local operation signal
    for operation in lookup getattr readdir open read; do
        for signal in SIGINT SIGKILL; do
            expect "$(samples "$operation $signal" | jq length)" 2 "$operation, $signal"
        done
    done
    expect "$(samples SIGTERM | jq length)" 1
    expect "$(grep -cE 'p99 [0-9.]+ (m|µ)?s' "$TABLE")" 11
}

@test "the table goes into a document, between its markers" {
    local document=$BATS_TEST_TMPDIR/document
    printf '%s\n' before '<!-- scripts/bench: begin -->' old '<!-- scripts/bench: end -->' after \
        >"$document"
    bench --memory 1x1 --write "$document" memory
    expect "$(head -n 2 "$document")" "$(printf '%s\n' before '<!-- scripts/bench: begin -->')"
    expect "$(tail -n 2 "$document")" "$(printf '%s\n' '<!-- scripts/bench: end -->' after)"
    run -1 grep -x old "$document"
    expect "$(grep '^|' "$document")" "$(grep '^|' "$TABLE")"
    echo other >"$document"
    fails_to_bench 'has no lines' --memory 1x1 --write "$document" memory
}

@test "what can't be measured is an error" {
    CHATKITFS=/bin/false fails_to_bench 'not chatkitfs' walks
    CHATKITFS=/nowhere fails_to_bench 'no program' walks
}

@test "a request that there is no page for is an error" {
    cat >"$BATS_FILE_TMPDIR/bin/small-pages" <<END
#!/bin/sh
exec "$CHATKITFS" --page-size=50 "\$@"
END
    chmod +x "$BATS_FILE_TMPDIR/bin/small-pages"
    CHATKITFS=$BATS_FILE_TMPDIR/bin/small-pages fails_to_bench 'limit=50' --walks 1x1 walks
}

@test "nothing is left where it is interrupted" {
    local signal copy
    for signal in INT TERM; do
        in_bench --walks 103x20 walks
        # Nor in the tmpfs that the copy of the tree is on.
        copy=/dev/shm/$(ls "$BATS_TEST_TMPDIR/work")
        wait_until test -d "$copy"
        kill "-$signal" "$READER"
        ended "$READER"
        expect "$STATUS" $((128 + $(kill -l "$signal")))
        nothing_left
        [[ ! -e $copy ]]
        rmdir "$BATS_TEST_TMPDIR/work"
    done
}

@test "nothing goes on where it is killed" {
    in_bench --delay 50 --latency 103x1 latency
    kill -KILL "$READER"
    wait_until nothing_runs
}
