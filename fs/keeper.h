/* SPDX-License-Identifier: MIT */
/*
 * The process that mounts, and unmounts when the program that serves the mount has ended, however
 * it ended. It is a shell (keeper.c has its few lines), which has neither the API key nor a
 * descriptor of ours but one end of a socket, and does three things:
 *
 *   waits    until it is told to mount, or the socket ends
 *   mounts   with fusermount3(1), which hands the descriptor of /dev/fuse over the socket
 *   waits    until the socket ends; then, if what is mounted there is dead, unmounts it
 *
 * So the program can be confined before it reads a byte from the network, and a mount does not
 * outlive it. libfuse's own auto_unmount does the latter only as root, or since 3.15, and only for
 * file systems that are asked when a folder is opened (should_auto_unmount() of its
 * util/fusermount.c), which this one is not.
 */
#pragma once

#include <glib.h>

typedef struct _CkKeeper CkKeeper;

/* Starts it. mountpoint: an absolute path; options: for fusermount3 -o, as CkOptions has them.
 * Must be called before the program is confined, and before there is any thread. Error:
 * CK_ERROR_INVALID, in one line. */
CkKeeper *ck_keeper_new(const char *mountpoint, const char *options, GError **error);

/* Mounts, once. The descriptor from which the kernel's requests come, which the caller closes; -1
 * where it can't be mounted. Error: CK_ERROR_INVALID, in one line: fusermount3's words. */
int ck_keeper_mount(CkKeeper *keeper, GError **error);

/* Waits until what was mounted is unmounted: its descriptor must have been closed. Logs when that
 * fails. */
void ck_keeper_free(CkKeeper *keeper);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkKeeper, ck_keeper_free)
