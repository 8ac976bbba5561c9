/* SPDX-License-Identifier: MIT */
#include "render.h"

#include "markdown.h"
#include "text.h"
#include "timestamp.h"

static void put_text(CkSink *out, const char *text)
{
    ck_text_put(out, text, strlen(text));
}

/* On one line: line breaks become spaces. */
static void put_line(CkSink *out, const char *text)
{
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        ck_text_put(out, text, (gsize)(end - text) - (end > text && end[-1] == '\r'));
        ck_sink_char(out, ' ');
    }
    put_text(out, text);
}

/* Brackets in pairs, as in "report[1].pdf", stand for themselves (CommonMark 6.3), unless what
 * follows makes them a link of their own. */
static gboolean has_plain_brackets(const char *text)
{
    int open = 0;
    for (; *text && open >= 0; text++) {
        open += (*text == '[') - (*text == ']');
        if (*text == ']' && text[1] && strchr("([:", text[1]))
            return FALSE;
    }
    return open == 0;
}

/* A character reference such as &amp; or &#38; (CommonMark 6.2). */
static gboolean is_entity(const char *at)
{
    gsize size = 1 + (at[1] == '#');
    while (g_ascii_isalnum(at[size]))
        size++;
    return size > 1 && at[size] == ';';
}

/* Whether a character of a text that is no Markdown would be read as such. */
static gboolean needs_escape(const char *text, const char *at, gboolean plain_brackets)
{
    switch (*at) {
    case '[':
    case ']':
        return !plain_brackets;
    case '\\':
        return g_ascii_ispunct(at[1]) || !at[1];
    case '_': /* between letters it stands for itself */
        return at == text || !g_ascii_isalnum(at[-1]) || !g_ascii_isalnum(at[1]);
    case '^': /* an inline footnote */
        return at[1] == '[';
    case '&':
        return is_entity(at);
    case '#': /* at its end it would close a heading */
        return !at[1] && (at == text || strchr(" #", at[-1]));
    case '`':
    case '*':
    case '<':
        return TRUE;
    default:
        return FALSE;
    }
}

/* Text to be read as it is and not as Markdown, on one line. */
static void put_plain(CkSink *out, const char *text)
{
    gboolean plain_brackets = has_plain_brackets(text);
    gboolean url = strstr(text, "://") || strstr(text, "www."); /* has backslashes of its own */
    g_autoptr(GString) escaped = g_string_new(NULL);
    for (const char *at = text; *at; at++) {
        if (!needs_escape(text, at, plain_brackets))
            g_string_append_c(escaped, *at);
        else if (url && strchr("<^", *at))
            g_string_append(escaped, *at == '<' ? "&lt;" : "&#94;");
        else
            g_string_append_printf(escaped, "\\%c", *at);
    }
    put_line(out, escaped->str);
}

/* The same where it begins a line: it must not begin a heading, a list or another block. */
static void put_plain_line(CkSink *out, const char *text)
{
    text += strspn(text, " \t");
    gsize digits = strspn(text, "0123456789");
    gboolean numbered = digits > 0 && text[digits] && strchr(".)", text[digits]);
    if (numbered || (*text && strchr("#>+-~=|", *text))) {
        gsize mark = numbered ? digits : 0;
        ck_sink_bytes(out, text, mark);
        ck_sink_char(out, '\\');
        ck_sink_char(out, text[mark]);
        text += mark + 1;
    }
    put_plain(out, text);
}

static void put_plain_lines(CkSink *out, const char *text)
{
    const char *at;
    gsize size;
    while (ck_text_next_line(&text, &at, &size)) {
        g_autofree char *line = g_strndup(at, size);
        put_plain_line(out, line);
        ck_sink_char(out, '\n');
    }
    ck_sink_char(out, '\n');
}

/* What may stand in a link's target (CommonMark 6.3); the rest is percent-encoded, as a browser
 * would. */
static gboolean stands_in_target(gunichar c)
{
    return c > 0x20 && !ck_text_is_control(c) && !(c < 0x80 && strchr("()<>\\`", (char)c));
}

static void put_target_char(CkSink *out, const char *at)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *next = g_utf8_next_char(at);
    if (*at == '&' && is_entity(at)) { /* a backslash before it stays one, in cmark */
        ck_sink_string(out, "&amp;");
        return;
    }
    if (stands_in_target(g_utf8_get_char(at))) {
        ck_sink_bytes(out, at, (gsize)(next - at));
        return;
    }
    for (; at < next; at++) {
        ck_sink_char(out, '%');
        ck_sink_char(out, digits[(guchar)*at >> 4]);
        ck_sink_char(out, digits[(guchar)*at & 15]);
    }
}

/* A link where there is a URL, else the label alone. */
static void put_link(CkSink *out, const char *label, const char *url)
{
    if (!url) {
        put_plain_line(out, label);
        return;
    }
    ck_sink_char(out, '[');
    put_plain(out, label);
    ck_sink_string(out, "](");
    for (const char *at = url; *at; at = g_utf8_next_char(at))
        put_target_char(out, at);
    ck_sink_char(out, ')');
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

/* cmark counts a fence's length in a byte. */
#define FENCE_MAX 255

/* CommonMark 4.5: a fence longer than any run of its character inside can't be ended by the text.
 * One that has very long runs of both characters stands without. */
static void put_code(CkSink *out, const CkPart *part)
{
    CkSlice json = {part->text, strlen(part->text)};
    gboolean is_json = ck_json_check(json, NULL);
    gboolean indent = is_json && part->kind == CK_PART_JSON && !strstr(part->text, "\n## ");
    char mark = longest_run(part->text, '`') < FENCE_MAX ? '`' : '~';
    gsize length = MAX(3, longest_run(part->text, mark) + 1);
    ck_sink_string(out, part->label);
    ck_sink_string(out, ":\n\n");
    if (length > FENCE_MAX) {
        put_plain_lines(out, part->text);
        return;
    }
    ck_sink_fill(out, mark, length);
    ck_sink_string(out, is_json ? "json\n" : "\n");
    if (indent)
        ck_json_show(json, out);
    else
        ck_markdown_put_code(out, part->text);
    ck_sink_fill(out, mark, length);
    ck_sink_string(out, "\n\n");
}

/* What is said of a part in brackets behind it, if anything. */
static void put_detail(CkSink *out, const CkPart *part)
{
    if (!part->detail)
        return;
    ck_sink_string(out, " (");
    put_plain(out, part->detail);
    ck_sink_char(out, ')');
}

static void put_heading(CkSink *out, const CkPart *part)
{
    g_autofree char *label = g_strstrip(g_strdup(part->label));
    ck_sink_string(out, "**");
    put_plain(out, *label ? label : "(untitled)");
    ck_sink_string(out, "**");
    put_detail(out, part);
    ck_sink_string(out, "\n\n");
}

/* One line of a list; number counts from 1. */
static void put_list_line(CkSink *out, const CkPart *part, guint number)
{
    g_autofree char *ordinal = g_strdup_printf("%u. ", number);
    ck_sink_string(out, part->kind == CK_PART_SOURCE ? ordinal : "- ");
    if (part->kind == CK_PART_BULLET)
        put_plain_line(out, part->text);
    else
        put_link(out, part->label, part->url);
    put_detail(out, part);
    ck_sink_char(out, '\n');
}

/* Those of one kind that follow one another are one list; returns its length. */
static guint put_list(CkSink *out, const GPtrArray *parts, guint first)
{
    const CkPart *part = g_ptr_array_index(parts, first);
    CkPartKind kind = part->kind;
    guint count = 0;
    if (kind != CK_PART_BULLET)
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
    put_plain(out, text);
    ck_sink_string(out, ")_\n\n");
}

/* Writes the part at that index, with those that belong to it; returns how many. *joins: whether
 * the one before ends, and then whether this one does, with what a list or code may go on with. */
static guint put_parts(CkSink *out, const GPtrArray *parts, guint index, gboolean *joins)
{
    const CkPart *part = g_ptr_array_index(parts, index);
    gboolean continues = part->kind == CK_PART_BULLET ||
                         (part->kind == CK_PART_TEXT && ck_markdown_continues_list(part->text));
    if (*joins && continues)
        ck_sink_string(out, "<!-- -->\n\n"); /* keeps lists apart (CommonMark 5.2) */
    *joins = FALSE;
    switch (part->kind) {
    case CK_PART_TEXT:
        *joins = ck_markdown_put(out, part->text, "");
        ck_sink_char(out, '\n');
        return 1;
    case CK_PART_QUOTE:
        ck_markdown_put(out, part->text, "> ");
        ck_sink_char(out, '\n');
        return 1;
    case CK_PART_CODE:
    case CK_PART_JSON:
        put_code(out, part);
        return 1;
    case CK_PART_PLAIN:
        put_plain_lines(out, part->text);
        return 1;
    case CK_PART_BULLET:
    case CK_PART_ATTACHMENT:
    case CK_PART_SOURCE:
        *joins = TRUE;
        return put_list(out, parts, index);
    case CK_PART_LINK:
        put_link(out, part->label, part->url);
        ck_sink_string(out, "\n\n");
        return 1;
    case CK_PART_HEADING:
        put_heading(out, part);
        return 1;
    case CK_PART_NOTE:
        put_note(out, part->text);
        return 1;
    }
    return 1;
}

/* In ISO 8601, to be freed; NULL where no time is given, or none before the year 10000. */
static char *format_time(gint64 seconds)
{
    return seconds > 0 ? ck_timestamp_format(seconds) : NULL;
}

void ck_render_item(const CkItem *item, CkSink *out)
{
    g_autofree char *time = format_time(item->created_at);
    ck_sink_string(out, "## ");
    ck_sink_string(out, item->role);
    ck_sink_string(out, time ? " · " : " · no time"); /* no text has a heading with this dot */
    if (time) {                                       /* 2024-04-05T12:00:00Z */
        ck_sink_bytes(out, time, strlen("2024-04-05"));
        ck_sink_string(out, " ");
        ck_sink_bytes(out, time + strlen("2024-04-05T"), strlen("12:00:00"));
        ck_sink_string(out, " UTC");
    }
    ck_sink_string(out, "\n\n");
    gboolean joins = FALSE;
    for (guint i = 0; i < item->parts->len;)
        i += put_parts(out, item->parts, i, &joins);
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
        /* What reads it as Markdown finds no HTML and no footnote in it. */
        gboolean markup =
            (c == '<' && (g_ascii_isalpha(at[1]) || (at[1] && strchr("/!?", at[1])))) ||
            (c == '[' && at > value && at[-1] == '^');
        if (c == '"' || c == '\\') {
            ck_sink_char(out, '\\');
            ck_sink_char(out, *at);
        } else if (markup || ck_text_is_control(c) || c == '\n' || c == '\t' || c == 0x2028 ||
                   c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff) {
            g_snprintf(escaped, sizeof escaped, "\\u%04X", c);
            ck_sink_string(out, escaped);
        } else {
            ck_sink_bytes(out, at, (gsize)(g_utf8_next_char(at) - at));
        }
    }
    ck_sink_string(out, "\"\n");
}

static gboolean is_titled(const CkThread *thread)
{
    g_autofree char *title = g_strstrip(g_strdup(thread->title ? thread->title : ""));
    return *title != '\0';
}

void ck_render_thread_head(const CkThread *thread, CkSink *out)
{
    g_autofree char *created = format_time(thread->created_at);
    ck_sink_string(out, "---\n");
    put_yaml(out, "id", thread->id);
    put_yaml(out, "title", thread->title);
    put_yaml(out, "user", thread->user);
    put_yaml(out, "status", thread->status);
    put_yaml(out, "reason", thread->reason);
    ck_sink_string(out, "created: ");
    ck_sink_string(out, created ? created : "null");
    ck_sink_string(out, "\n---\n\n# ");
    put_plain(out, is_titled(thread) ? thread->title : thread->id ? thread->id : "(no id)");
    ck_sink_string(out, "\n\n");
}
