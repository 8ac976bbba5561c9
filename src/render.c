/* SPDX-License-Identifier: MIT */
#include "render.h"

/* Unicode's block Control Pictures: U+2400 + the control, U+2421 for DEL. C1 controls have none
 * and become U+FFFD. */
static gunichar picture(gunichar control)
{
    return control < 0x20 ? 0x2400 + control : control == 0x7f ? 0x2421 : 0xfffd;
}

static gboolean is_control(gunichar c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0);
}

static void put_char(CkSink *out, gunichar c)
{
    char utf8[6];
    ck_sink_bytes(out, utf8, (gsize)g_unichar_to_utf8(c, utf8));
}

/* Text of a stranger, valid UTF-8. */
static void put_text(CkSink *out, const char *text)
{
    const char *run = text;
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (!is_control(c))
            continue;
        ck_sink_bytes(out, run, (gsize)(at - run));
        put_char(out, picture(c));
        run = g_utf8_next_char(at);
    }
    ck_sink_string(out, run);
}

/* The same on one line: line breaks become spaces. */
static void put_line(CkSink *out, const char *text)
{
    g_autofree char *line = g_strdelimit(g_strdup(text), "\n", ' ');
    put_text(out, line);
}

/* Ends a block: a line break if its text has none, then an empty line. */
static void end_block(CkSink *out, const char *text)
{
    ck_sink_string(out, g_str_has_suffix(text, "\n") ? "\n" : "\n\n");
}

static gboolean has_balanced_brackets(const char *text)
{
    int open = 0;
    for (; *text && open >= 0; text++)
        open += (*text == '[') - (*text == ']');
    return open == 0;
}

/* CommonMark 6.3: link text may hold brackets in pairs, as in "report[1].pdf"; others are escaped,
 * and so is a backslash that would itself escape something (2.4). */
static void put_link_text(CkSink *out, const char *text)
{
    gboolean balanced = has_balanced_brackets(text);
    g_autoptr(GString) escaped = g_string_new(NULL);
    for (const char *at = text; *at; at++) {
        gboolean bracket = *at == '[' || *at == ']';
        if ((bracket && !balanced) || (*at == '\\' && (g_ascii_ispunct(at[1]) || !at[1])))
            g_string_append_c(escaped, '\\');
        g_string_append_c(escaped, *at);
    }
    put_line(out, escaped->str);
}

/* A link where there is a URL, else the label alone. What would end a link's target, and controls,
 * are percent-encoded, as a browser would. */
static void put_link(CkSink *out, const char *label, const char *url)
{
    if (!url) {
        put_line(out, label);
        return;
    }
    ck_sink_char(out, '[');
    put_link_text(out, label);
    ck_sink_string(out, "](");
    for (const char *at = url; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        gboolean stands = c > 0x20 && !is_control(c) && !(c < 0x80 && strchr("()<>\\", (char)c));
        for (const char *byte = at; byte < g_utf8_next_char(at); byte++) {
            char encoded[4];
            g_snprintf(encoded, sizeof encoded, stands ? "%c" : "%%%02X", (guchar)*byte);
            ck_sink_string(out, encoded);
        }
    }
    ck_sink_char(out, ')');
}

/* A block quote (CommonMark 5.1). */
static void put_quoted(CkSink *out, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        ck_sink_string(out, **line ? "> " : ">");
        put_text(out, *line);
        ck_sink_char(out, '\n');
    }
    ck_sink_char(out, '\n');
}

static gsize longest_run(const char *text, char c)
{
    gsize longest = 0, run = 0;
    for (; *text; text++) {
        run = *text == c ? run + 1 : 0;
        longest = MAX(longest, run);
    }
    return longest;
}

/* Deeper JSON is shown as it was sent: indentation would make many times its size of it. */
#define INDENT_MAX 16

/* CommonMark 4.5: a fence longer than any run of backticks inside can't be ended by the text. */
static void put_code(CkSink *out, const CkPart *part)
{
    CkSlice json = {part->text, strlen(part->text)};
    gboolean is_json = ck_json_check(json, NULL);
    gboolean indent = is_json && part->kind == CK_PART_JSON && ck_json_depth(json) <= INDENT_MAX;
    g_autoptr(GString) text = g_string_new(indent ? NULL : part->text);
    if (indent)
        ck_json_show(json, &(CkSink){.text = text});
    g_autofree char *fence = g_strnfill(MAX(3, longest_run(text->str, '`') + 1), '`');
    ck_sink_string(out, part->label);
    ck_sink_string(out, ":\n\n");
    ck_sink_string(out, fence);
    ck_sink_string(out, is_json ? "json\n" : "\n");
    put_text(out, text->str);
    if (!g_str_has_suffix(text->str, "\n"))
        ck_sink_char(out, '\n');
    ck_sink_string(out, fence);
    ck_sink_string(out, "\n\n");
}

/* What is said of a part in brackets behind it, if anything. */
static void put_detail(CkSink *out, const CkPart *part)
{
    if (!part->detail)
        return;
    ck_sink_string(out, " (");
    put_line(out, part->detail);
    ck_sink_char(out, ')');
}

static void put_task(CkSink *out, const CkPart *part)
{
    if (part->label) {
        ck_sink_string(out, "**");
        put_line(out, part->label);
        ck_sink_string(out, "**");
    } else {
        ck_sink_string(out, "Task");
    }
    put_detail(out, part);
    ck_sink_string(out, "\n\n");
    if (part->text) {
        put_text(out, part->text);
        end_block(out, part->text);
    }
}

/* One line of a list of attachments or sources; number counts from 1. */
static void put_list_line(CkSink *out, const CkPart *part, guint number)
{
    g_autofree char *ordinal = g_strdup_printf("%u. ", number);
    ck_sink_string(out, part->kind == CK_PART_SOURCE ? ordinal : "- ");
    put_link(out, part->label, part->url);
    put_detail(out, part);
    ck_sink_char(out, '\n');
}

/* Attachments and sources that follow one another are one list; returns its length. */
static guint put_list(CkSink *out, const GPtrArray *parts, guint first)
{
    const CkPart *part = g_ptr_array_index(parts, first);
    CkPartKind kind = part->kind;
    guint count = 0;
    ck_sink_string(out, kind == CK_PART_SOURCE ? "Sources:\n\n" : "Attachments:\n\n");
    while (first + count < parts->len) {
        part = g_ptr_array_index(parts, first + count);
        if (part->kind != kind)
            break;
        put_list_line(out, part, ++count);
    }
    ck_sink_char(out, '\n');
    return count;
}

static void put_note(CkSink *out, const char *text)
{
    ck_sink_string(out, "_(");
    put_line(out, text);
    ck_sink_string(out, ")_\n\n");
}

/* Writes the part at that index, with those that belong to it; returns how many. */
static guint put_parts(CkSink *out, const GPtrArray *parts, guint index)
{
    const CkPart *part = g_ptr_array_index(parts, index);
    switch (part->kind) {
    case CK_PART_TEXT:
        put_text(out, part->text);
        end_block(out, part->text);
        return 1;
    case CK_PART_QUOTE:
        put_quoted(out, part->text);
        return 1;
    case CK_PART_CODE:
    case CK_PART_JSON:
        put_code(out, part);
        return 1;
    case CK_PART_ATTACHMENT:
    case CK_PART_SOURCE:
        return put_list(out, parts, index);
    case CK_PART_TASK:
        put_task(out, part);
        return 1;
    case CK_PART_NOTE:
        put_note(out, part->text);
        return 1;
    }
    return 1;
}

static char *format_time(gint64 seconds, const char *format)
{
    g_autoptr(GDateTime) time = seconds > 0 ? g_date_time_new_from_unix_utc(seconds) : NULL;
    return time ? g_date_time_format(time, format) : NULL;
}

void ck_render_item(const CkItem *item, CkSink *out)
{
    g_autofree char *time = format_time(item->created_at, " · %Y-%m-%d %H:%M:%S UTC");
    ck_sink_string(out, "## ");
    ck_sink_string(out, item->role);
    ck_sink_string(out, time ? time : "");
    ck_sink_string(out, "\n\n");
    for (guint i = 0; i < item->parts->len;)
        i += put_parts(out, item->parts, i);
}

/* A line "key: value" of YAML 1.2, the value a double-quoted scalar (7.3.1) or null. */
static void put_yaml(CkSink *out, const char *key, const char *value)
{
    ck_sink_string(out, key);
    if (!value) {
        ck_sink_string(out, ": null\n");
        return;
    }
    ck_sink_string(out, ": \"");
    for (const char *at = value; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        char escaped[8];
        if (c == '"' || c == '\\') {
            ck_sink_char(out, '\\');
            put_char(out, c);
        } else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
                   c == 0xfeff || c == 0xfffe || c == 0xffff) {
            g_snprintf(escaped, sizeof escaped, "\\u%04X", c);
            ck_sink_string(out, escaped);
        } else {
            put_char(out, c);
        }
    }
    ck_sink_string(out, "\"\n");
}

void ck_render_thread_head(const CkThread *thread, CkSink *out)
{
    g_autofree char *created = format_time(thread->created_at, "%Y-%m-%dT%H:%M:%SZ");
    ck_sink_string(out, "---\n");
    put_yaml(out, "id", thread->id);
    put_yaml(out, "title", thread->title);
    put_yaml(out, "user", thread->user);
    put_yaml(out, "status", thread->status);
    put_yaml(out, "reason", thread->reason);
    ck_sink_string(out, "created: ");
    ck_sink_string(out, created ? created : "null");
    ck_sink_string(out, "\n---\n\n# ");
    put_line(out, thread->title && *thread->title ? thread->title : thread->id);
    ck_sink_string(out, "\n\n");
}
