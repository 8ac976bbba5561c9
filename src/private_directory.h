/* SPDX-License-Identifier: MIT */
/*
 * The directory that --cache-dir names: its owner's, into which nobody else can look, and outside
 * of the mountpoint (an absolute path; NULL: there is none), of which it may be told by any link.
 * Errors: CK_ERROR_INVALID, naming directory and remedy.
 */
#pragma once

#include <glib.h>

/* Its real path, to be freed. It is made if need be. */
char *ck_private_directory_make(const char *given, const char *mountpoint, GError **error);

/* Whether that would succeed, as far as can be told without making anything. */
gboolean ck_private_directory_check(const char *given, const char *mountpoint, GError **error);
