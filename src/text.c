/* SPDX-License-Identifier: MIT */
#include "text.h"

gboolean ck_text_is_control(gunichar c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static gunichar picture(gunichar control)
{
    if (control < 0x20)
        return 0x2400 + control;
    return control == 0x7f ? 0x2421 : control < 0xa0 ? 0xfffd : 0x2426;
}

/* Whether a byte may begin a control: C0, DEL, or the first of those of the others. */
static gboolean is_suspect(guchar byte)
{
    return byte < 0x20 || byte == 0x7f || byte == 0xc2 || byte == 0xe2;
}

void ck_text_put(CkSink *out, const char *text, gsize size)
{
    const char *run = text, *end = text + size;
    for (const char *at = text; at < end; at++) {
        if (!is_suspect((guchar)*at))
            continue;
        gunichar c = g_utf8_get_char(at);
        if (!ck_text_is_control(c))
            continue;
        ck_sink_bytes(out, run, (gsize)(at - run));
        run = g_utf8_next_char(at);
        if (c == '\r' && run < end && *run == '\n')
            continue;
        char utf8[6];
        ck_sink_bytes(out, utf8, (gsize)g_unichar_to_utf8(picture(c), utf8));
    }
    ck_sink_bytes(out, run, (gsize)(end - run));
}

char *ck_text_line(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *line = g_string_new(NULL);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        gboolean breaks = c == '\n' || c == '\t' || c == 0x2028 || c == 0x2029;
        g_string_append_unichar(line, breaks || ck_text_is_control(c) ? picture(c) : c);
    }
    return g_string_free(line, FALSE);
}

gboolean ck_text_next_line(const char **text, const char **line, gsize *size)
{
    if (!*text)
        return FALSE;
    const char *end = strchr(*text, '\n');
    *line = *text;
    *size = end ? (gsize)(end - *text) : strlen(*text);
    if (end && *size > 0 && end[-1] == '\r')
        (*size)--;
    *text = end && end[1] ? end + 1 : NULL;
    return TRUE;
}
