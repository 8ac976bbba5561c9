#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Every operation, in every state, under every fault; see faults.py --help.

load helper

WATCHDOG=400

# run_matrix OPTION...
run_matrix() {
    CHATKITFS=$CHATKITFS timeout -k 10 "$WATCHDOG" python3 "$BATS_TEST_DIRNAME/faults.py" "$@" \
        >"$BATS_TEST_TMPDIR/told" 3>&-
}

@test "every operation, in every state, under every fault" {
    local cells
    run_matrix --table "$BATS_TEST_TMPDIR/expected.md"
    cells=$(<"$BATS_TEST_TMPDIR/told")
    ((${cells% cells} >= 9 * 3 * 40))
    run_matrix --table "$BATS_TEST_TMPDIR/faults.md" "$BATS_TEST_TMPDIR/run"
    expect "$(<"$BATS_TEST_TMPDIR/told")" "$cells, 0 mounts with failures"
    expect "$(<"$BATS_TEST_TMPDIR/faults.md")" "$(<"$REPOSITORY/docs/faults.md")" "docs/faults.md"
}
