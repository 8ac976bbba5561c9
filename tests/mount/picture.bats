#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The picture in README.md.

load helper

@test "README's terminal shows what the commands print" {
    CHATKITFS=$CHATKITFS "$REPOSITORY/scripts/picture" "$BATS_TEST_TMPDIR/terminal.svg" 3>&-
    expect "$(<"$BATS_TEST_TMPDIR/terminal.svg")" "$(<"$REPOSITORY/docs/terminal.svg")" \
        "docs/terminal.svg, which scripts/picture draws"
}
