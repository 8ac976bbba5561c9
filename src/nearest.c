/* SPDX-License-Identifier: MIT */
#include "nearest.h"

#include <string.h>

/* Names are short; nothing is near to what is longer. */
#define LENGTH_MAX 64

/* distances[i]: from what has been looked at of a to the first i characters of b. */
static guint distance(const char *a, const char *b)
{
    guint distances[LENGTH_MAX + 1];
    gsize length = strlen(b);
    for (guint i = 0; i <= length; i++)
        distances[i] = i;
    for (guint row = 1; *a; a++, row++) {
        guint diagonal = row - 1;
        distances[0] = row;
        for (gsize i = 1; i <= length; i++) {
            guint replaced = diagonal + (*a != b[i - 1]);
            diagonal = distances[i];
            distances[i] = MIN(replaced, MIN(diagonal, distances[i - 1]) + 1);
        }
    }
    return distances[length];
}

const char *ck_nearest(const char *const *names, const char *typed)
{
    const char *nearest = NULL;
    gsize length = strlen(typed);
    gsize least = (length + 2) / 3 + 1;
    for (; length <= LENGTH_MAX && *names; names++) {
        guint changes = strlen(*names) <= LENGTH_MAX ? distance(*names, typed) : G_MAXUINT;
        if (changes < least) {
            least = changes;
            nearest = *names;
        }
    }
    return nearest;
}
