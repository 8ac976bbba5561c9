/* SPDX-License-Identifier: MIT */
/* chatkitfs --delete: shows what is to be deleted, asks once, and has the mounts delete it. */
#pragma once

#include "options.h"

/* Error: the threads that were to be deleted are not, or not all of them. What went wrong with a
 * single one has been told before. */
gboolean ck_delete_command(const CkOptions *options, GError **error);
