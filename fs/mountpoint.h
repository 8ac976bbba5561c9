/* SPDX-License-Identifier: MIT */
/* Whether a directory can be mounted on. */
#pragma once

#include <glib.h>

/* The absolute path of a mountpoint, to be freed; NULL where it can't be one: missing, not a
 * directory, not empty (unless non_empty), or a FUSE file system is mounted there already. One that
 * has died is no obstacle: it is unmounted, which the log tells. Runs fusermount3, so it must be
 * called before the program is confined. Error: CK_ERROR_INVALID, in one line. */
char *ck_mountpoint_resolve(const char *path, gboolean non_empty, GError **error);
