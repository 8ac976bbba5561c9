# SPDX-License-Identifier: MIT
#
# For tests of what the sanitizers find in a chatkitfs in which there are bugs: PLANTED=… names one,
# see planted_fs.c. Loaded by the .bats files beside it.

load ../mount/helper

# Also where this is the name already: a file and each of its tests load this.
[[ $CHATKITFS == */chatkitfs-planted ]] ||
    CHATKITFS=$(dirname "$CHATKITFS")/tests/sanitizer/chatkitfs-planted

setup_file() {
    start_sandbox
}

# ends_with REGEX: a test's end fails with a report that matches. Afterwards nothing is left of it.
ends_with() {
    run -1 end_everything "$BATS_TEST_TMPDIR"
    [[ $output == *'a sanitizer has found'* ]] || expect "$output" "a report"
    [[ $output =~ $1 ]] || expect "$output" "$1"
}

ends_without_a_report() {
    run -0 end_everything "$BATS_TEST_TMPDIR"
    expect "$output" ""
}
