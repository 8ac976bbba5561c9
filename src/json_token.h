/* SPDX-License-Identifier: MIT */
/* What the functions of json.h share: where the tokens of a text end, and what escapes stand for.
 * Pure functions of bytes from at to before end. */
#pragma once

#include <glib.h>
#include <string.h>

static inline gboolean is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Brackets, commas and colons. */
static inline gboolean is_structure(char c)
{
    return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':';
}

static inline const char *skip_space(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at;
}

/* at is on the opening quote; returns the place after the closing one, NULL if there is none. */
static inline const char *skip_string(const char *at, const char *end)
{
    const char *begin = at + 1;
    for (at = begin; at < end; at++) {
        const char *quote = memchr(at, '"', (gsize)(end - at));
        if (!quote)
            return NULL;
        const char *slash = quote; /* behind an odd number of backslashes it is escaped */
        while (slash[-1] == '\\')  /* the opening quote is none */
            slash--;
        if ((quote - slash) % 2 == 0)
            return quote + 1;
        at = quote;
    }
    return NULL;
}

/* at is on a string, a number or a word of a checked text. */
static inline const char *skip_scalar(const char *at, const char *end)
{
    if (*at == '"')
        return skip_string(at, end);
    while (at < end && !is_structure(*at) && !is_space(*at))
        at++;
    return at;
}

/* The code unit of a \uXXXX escape that begins at at, -1 if there is none. */
static inline int escaped_unit(const char *at, const char *end)
{
    int unit = 0;
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        if (!g_ascii_isxdigit(at[i]))
            return -1;
        unit = unit * 16 + g_ascii_xdigit_value(at[i]);
    }
    return unit;
}

static inline gboolean is_pair(int high, int low)
{
    return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
}

/* The character that the two halves of a surrogate pair are. */
static inline gunichar pair_of(int high, int low)
{
    return (gunichar)(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
}
