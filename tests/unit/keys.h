/* SPDX-License-Identifier: MIT */
/* Keys for tests: from a text, as if it came from the environment. */
#pragma once

#include "key.h"

static inline void keys_set(CkKey *key, const char *text)
{
    ck_key_set_variable(key, CK_KEY_VARIABLE, text);
}

static inline CkKey *keys_new(const char *text)
{
    CkKey *key = ck_key_new();
    keys_set(key, text);
    return key;
}
