/* SPDX-License-Identifier: MIT */
/* JSON as it is shown: compact, or indented. */
#include "json.h"
#include "json_token.h"
#include "text.h"

/* A token is a string, a number or a word, and written by a function. */
typedef void (*PutToken)(CkSlice token, CkSink *out);

static void line_break(CkSink *out, guint depth)
{
    ck_sink_char(out, '\n');
    ck_sink_fill(out, ' ', 2 * depth);
}

static void put_compact(CkSlice value, CkSink *out, PutToken put_token)
{
    for (const char *at = value.data, *end = at + value.size; at < end;) {
        const char *token = skip_space(at, end);
        if (token == end)
            break;
        if (is_structure(*token)) {
            ck_sink_char(out, *token);
            at = token + 1;
        } else {
            at = skip_scalar(token, end);
            put_token((CkSlice){token, (gsize)(at - token)}, out);
        }
    }
    ck_sink_char(out, '\n');
}

/* Whether indentation would make too much of it. What is nested so deep has this many brackets at
 * least, so that most need not be read for it. */
static gboolean stays_on_line(CkSlice value, guint deepest)
{
    gsize depth = value.size > 2 * deepest ? ck_json_depth(value) : 0;
    return depth > deepest || depth * value.size > CK_JSON_GROWTH_MAX;
}

/* What is nested deeper than deepest stands on one line. */
static void put_indented(CkSlice value, CkSink *out, guint deepest, PutToken put_token)
{
    guint depth = 0;
    if (stays_on_line(value, deepest)) {
        put_compact(value, out, put_token);
        return;
    }
    for (const char *at = value.data, *end = at + value.size; at < end;) {
        switch (*at) {
        case ' ':
        case '\t':
        case '\n':
        case '\r':
            at++;
            break;
        case '{':
        case '[': {
            const char *inside = skip_space(at + 1, end);
            ck_sink_char(out, *at);
            at = inside;
            if (*inside == '}' || *inside == ']')
                ck_sink_char(out, *at++);
            else
                line_break(out, ++depth);
            break;
        }
        case '}':
        case ']':
            line_break(out, --depth);
            ck_sink_char(out, *at++);
            break;
        case ',':
            ck_sink_char(out, *at++);
            line_break(out, depth);
            break;
        case ':':
            ck_sink_bytes(out, ": ", 2);
            at++;
            break;
        default: {
            const char *after = skip_scalar(at, end);
            put_token((CkSlice){at, (gsize)(after - at)}, out);
            at = after;
        }
        }
    }
    ck_sink_char(out, '\n');
}

static void put_as_sent(CkSlice token, CkSink *out)
{
    ck_sink_bytes(out, token.data, token.size);
}

void ck_json_indent(CkSlice value, CkSink *out)
{
    put_indented(value, out, CK_JSON_DEPTH_MAX, put_as_sent);
}

/* The character that the escape at at stands for and the place after it; 0 where it has to stay an
 * escape: a quote, a backslash, a backtick, a control, or half of a surrogate pair. */
static gunichar shown_character(const char *at, const char *end, const char **after)
{
    int unit = escaped_unit(at, end), low = escaped_unit(at + 6, end);
    *after = at + (unit < 0 ? 2 : 6);
    if (unit < 0)
        return at[1] == '/' ? '/' : 0;
    if (is_pair(unit, low)) {
        *after = at + 12;
        return pair_of(unit, low);
    }
    gboolean stays = unit == '"' || unit == '\\' || unit == '`' ||
                     (unit >= 0xd800 && unit < 0xe000) || g_unichar_iscntrl((gunichar)unit);
    return stays ? 0 : (gunichar)unit;
}

static void put_shown(CkSlice token, CkSink *out)
{
    const char *run = token.data, *end = token.data + token.size;
    for (const char *at = run; at < end;) {
        const char *after;
        char utf8[6];
        gunichar c = *at == '\\' ? shown_character(at, end, &after) : 0;
        if (c) {
            ck_text_put(out, run, (gsize)(at - run));
            ck_sink_bytes(out, utf8, (gsize)g_unichar_to_utf8(c, utf8));
            run = after;
        }
        at = *at == '\\' ? after : at + 1;
    }
    ck_text_put(out, run, (gsize)(end - run));
}

void ck_json_show(CkSlice value, CkSink *out)
{
    put_indented(value, out, CK_JSON_SHOW_MAX, put_shown);
}

static void put_on_line(CkSlice token, CkSink *out)
{
    const char *run = token.data, *end = token.data + token.size;
    if (!memchr(run, '\n', token.size) && !memchr(run, '\r', token.size)) {
        put_as_sent(token, out);
        return;
    }
    for (const char *at = run; at < end; at++) {
        const char *c = *at == '\\' ? at + 1 : at;
        if (*c == '\n' || *c == '\r') {
            ck_sink_bytes(out, run, (gsize)(at - run));
            ck_sink_bytes(out, *c == '\n' ? "\\n" : "\\r", 2);
            run = c + 1;
        }
        at = c;
    }
    ck_sink_bytes(out, run, (gsize)(end - run));
}

void ck_json_compact(CkSlice value, CkSink *out)
{
    put_compact(value, out, put_on_line);
}
