/* SPDX-License-Identifier: MIT */
/*
 * Where renderers write. A sink keeps the text, or a part of it, or only counts its bytes: so the
 * size of a file is known by the very code that will produce it, and any part of a file can be
 * had without keeping the rest.
 */
#pragma once

#include <glib.h>
#include <string.h>

typedef struct {
    GString *text;    /* borrowed; NULL: count only */
    guint64 from, to; /* what is kept: the bytes from that offset up to that one; to 0: all */
    guint64 size;     /* bytes written so far */
} CkSink;

/* How many bytes of the next count are to be kept; *skip: how many of them come before these. */
static inline gsize ck_sink_room(const CkSink *sink, gsize count, gsize *skip)
{
    guint64 end = sink->size + count;
    guint64 from = MAX(sink->size, sink->from);
    guint64 to = sink->to ? MIN(end, sink->to) : end;
    *skip = (gsize)(from - sink->size);
    return sink->text && from < to ? (gsize)(to - from) : 0;
}

/* g_string_append_len(), which is a function before GLib 2.76, without its call where there is
 * room: most of what is written is short. */
static inline void ck_sink_keep(GString *text, const char *bytes, gsize count)
{
    if (count >= text->allocated_len - text->len) {
        g_string_append_len(text, bytes, (gssize)count);
        return;
    }
    memcpy(text->str + text->len, bytes, count);
    text->len += count;
    text->str[text->len] = '\0';
}

static inline void ck_sink_bytes(CkSink *sink, const char *bytes, gsize count)
{
    gsize skip, room = ck_sink_room(sink, count, &skip);
    if (room > 0)
        ck_sink_keep(sink->text, bytes + skip, room);
    sink->size += count;
}

static inline void ck_sink_string(CkSink *sink, const char *string)
{
    ck_sink_bytes(sink, string, strlen(string));
}

static inline void ck_sink_char(CkSink *sink, char c)
{
    ck_sink_bytes(sink, &c, 1);
}

/* The same character that many times. */
static inline void ck_sink_fill(CkSink *sink, char c, gsize count)
{
    gsize skip, room = ck_sink_room(sink, count, &skip);
    sink->size += count;
    if (room == 0)
        return;
    gsize kept = sink->text->len;
    g_string_set_size(sink->text, kept + room);
    memset(sink->text->str + kept, c, room);
}
