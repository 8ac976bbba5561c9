/* SPDX-License-Identifier: MIT */
/* chatkitfs --sync: the whole account into the cache, without a mount. */
#pragma once

#include "log.h"
#include "options.h"

/* Tells on standard output how far it is: one line that changes where that is a terminal, else a
 * line now and then. log: for answers that were dropped. Error: what ended it, or left threads out.
 */
gboolean ck_sync_command(const CkOptions *options, CkLog *log, GError **error);
