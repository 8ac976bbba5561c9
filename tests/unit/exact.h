/* SPDX-License-Identifier: MIT */
/* Bytes for tests of what must not read a step too far. */
#pragma once

#include <glib.h>
#include <string.h>

/* A copy without a byte after it, so that memory checkers see such a step; also of no bytes at all.
 * *block is to be freed. */
static inline const char *exact_copy(const char *bytes, gsize size, char **block)
{
    *block = g_malloc(size + 1);
    return memcpy(*block + 1, bytes, size);
}
