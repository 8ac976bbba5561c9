/* SPDX-License-Identifier: MIT */
/* How far those that try a great many cases go to the next one: 1, or $STRIDE where an emulator
 * runs them, see scripts/portability. */
#pragma once

#include <glib.h>
#include <stdlib.h>

static inline guint stride(void)
{
    const char *given = g_getenv("STRIDE");
    return given ? (guint)MAX(atoi(given), 1) : 1;
}
