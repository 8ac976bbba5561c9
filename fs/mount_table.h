/* SPDX-License-Identifier: MIT */
/* What is mounted where, out of /proc/self/mountinfo (proc(5)). A pure function of its text. */
#pragma once

#include <glib.h>

/* The type of the file system that one sees at path, an absolute path without symbolic links: of
 * those that are mounted there, the last one. NULL: none is; else to be freed. */
char *ck_mount_table_type(const char *table, const char *path);
