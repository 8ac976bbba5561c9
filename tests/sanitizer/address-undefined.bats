#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer find in a daemon, up to its
# very end, fails the test that ran it.

load planted

@test "a use of freed memory in a daemon fails its test" {
    PLANTED=use-after-free mount_fs
    stat -f "$MNT" && return 1
    ends_with 'AddressSanitizer: heap-use-after-free'
}

@test "so does an overflow" {
    PLANTED=signed-overflow mount_fs
    stat -f "$MNT" && return 1
    ends_with 'signed integer overflow'
}

@test "so does what is leaked, at an unmount" {
    PLANTED=leak mount_fs
    stat -f "$MNT"
    unmount
    ends_with 'LeakSanitizer: detected memory leaks'
}

@test "so does what is leaked, at SIGTERM" {
    PLANTED=leak mount_fs
    stat -f "$MNT"
    kill -TERM "$FS_PID"
    wait_until gone "$FS_PID"
    ends_with 'LeakSanitizer: detected memory leaks'
}

@test "so does what is leaked in the foreground" {
    PLANTED=leak mount_in_foreground
    stat -f "$MNT"
    unmount
    ended "$FS_PID"
    expect "$STATUS" 1
    ends_with 'LeakSanitizer: detected memory leaks'
}

@test "nothing is found where no bug is" {
    mount_fs
    stat -f "$MNT"
    unmount
    ends_without_a_report
}
