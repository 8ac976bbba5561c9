/* SPDX-License-Identifier: MIT */
/*
 * Where renderers write. A sink either keeps the text or only counts its bytes, so that the size
 * of a file is known, by the very code that will produce it, without keeping the text.
 */
#pragma once

#include <glib.h>
#include <string.h>

typedef struct {
    GString *text; /* borrowed; NULL: count only */
    gsize size;    /* bytes written so far */
} CkSink;

static inline void ck_sink_bytes(CkSink *sink, const char *bytes, gsize size)
{
    sink->size += size;
    if (sink->text)
        g_string_append_len(sink->text, bytes, (gssize)size);
}

static inline void ck_sink_string(CkSink *sink, const char *string)
{
    ck_sink_bytes(sink, string, strlen(string));
}

static inline void ck_sink_char(CkSink *sink, char c)
{
    ck_sink_bytes(sink, &c, 1);
}
