/* SPDX-License-Identifier: MIT */
/* chatkitfs --check: whether a mount would work, and what it would show, in plain words. */
#pragma once

#include "options.h"

/* Asks the server for one page of threads, and tells on standard output what would be mounted.
 * Error: the first thing that is not as it has to be. */
gboolean ck_check_command(const CkOptions *options, GError **error);
