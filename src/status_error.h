/* SPDX-License-Identifier: MIT */
#pragma once

#include "key.h"

/* The error that an answer of this status means, with the server's own words, short and on one
 * line. Keys are cut out of them. */
GError *ck_status_error(int status, GBytes *body, const CkKey *key);
