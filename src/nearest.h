/* SPDX-License-Identifier: MIT */
/* What somebody may have meant who mistyped a name. A pure function. */
#pragma once

#include <glib.h>

/* Of the names, NULL-terminated, the first of those that the fewest changes of one character
 * (insert, drop, replace; Levenshtein 1966) make of what was typed; NULL where it takes more than a
 * third of its characters. Bytes count as characters. */
const char *ck_nearest(const char *const *names, const char *typed);
