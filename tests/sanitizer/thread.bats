#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What ThreadSanitizer finds in a daemon fails the test that ran it.

load planted

# Has the notifier put the contents of a folder's files into the page cache.
read_first_thread() {
    local folders=("$MNT"/*)
    cat "${folders[0]}"/*.md >/dev/null
}

@test "a race of the loop with the notifier fails its test" {
    PLANTED=race mount_fs
    read_first_thread
    unmount
    # clang's runtime names functions by another program, which a confined one can't run.
    ends_with 'ThreadSanitizer: data race.*( ck_contents_job_bytes |chatkitfs-planted\+0x)'
}

@test "nothing is found where no bug is" {
    mount_fs
    read_first_thread
    unmount
    ends_without_a_report
}
