#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Random changes of an account and random reads of its mount, compared with all that the server has
# had; see model.py --help. For longer runs:
#
#   MODEL_SEEDS=500 MODEL_STEPS=2000 bats tests/mount/model.bats

load helper

if [[ -n ${MODEL_SEEDS:-}${MODEL_STEPS:-} ]]; then
    WATCHDOG=$((SLOWER * (60 + ${MODEL_SEEDS:-5} * (10 + ${MODEL_STEPS:-300} / 10))))
fi

# The mounts are below the test's directory, where the helper ends what is left.
model() {
    timeout "$WATCHDOG" python3 "$BATS_TEST_DIRNAME/model.py" --program "$CHATKITFS" \
        --directory "$BATS_TEST_TMPDIR" "$@" >"$BATS_TEST_TMPDIR/told" 3>&- ||
        { cat "$BATS_TEST_TMPDIR/told" >&2 && return 1; }
}

@test "what is read is what the server has or had, and never goes back" {
    model --seeds "${MODEL_SEEDS:-5}" --from "${MODEL_FROM:-1}" --steps "${MODEL_STEPS:-300}"
    expect "$(<"$BATS_TEST_TMPDIR/told")" "${MODEL_SEEDS:-5} seeds, all as it should be"
}

@test "with --ttl=0 files are what the server has at that moment" {
    model --seeds 2 --steps 200 --ttl 0
    expect "$(<"$BATS_TEST_TMPDIR/told")" "2 seeds, all as it should be"
}
