/* SPDX-License-Identifier: MIT */
/*
 * What libFuzzer's targets share. A target is a function of its input alone, and states what must
 * hold of every input by GLib's assertions: these abort, which libFuzzer reports.
 */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The fields of an input, each ended by the separator or a NUL; at least some. Free with
 * g_strfreev(). */
static inline char **fuzz_fields(const uint8_t *data, size_t size, char separator, guint some)
{
    GPtrArray *fields = g_ptr_array_new();
    const char *at = (const char *)data, *end = at + size;
    while (at < end || fields->len < some) {
        const char *begin = at;
        while (at < end && *at != separator && *at != '\0')
            at++;
        g_ptr_array_add(fields, g_strndup(begin, (gsize)(at - begin)));
        at += at < end;
    }
    g_ptr_array_add(fields, NULL);
    return (char **)g_ptr_array_free(fields, FALSE);
}

/* Whether text is valid UTF-8 without control characters other than the allowed ones. */
static inline gboolean fuzz_is_text(const char *text, gsize size, const char *allowed)
{
    if (!g_utf8_validate_len(text, size, NULL))
        return FALSE;
    for (const char *at = text; at < text + size; at = g_utf8_next_char(at))
        if (g_unichar_iscntrl(g_utf8_get_char(at)) && !strchr(allowed, *at))
            return FALSE;
    return TRUE;
}

/* The same, on one line. */
static inline gboolean fuzz_is_line(const char *text)
{
    return fuzz_is_text(text, strlen(text), "");
}
