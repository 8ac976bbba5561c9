/* SPDX-License-Identifier: MIT */
#include "json.h"

#include "error.h"

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* at is on the opening quote; returns the place after the closing one, NULL if there is none. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == '"')
            return at + 1;
        if (*at == '\\')
            at++;
    }
    return NULL;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && g_ascii_isdigit(*at))
        at++;
    return at;
}

/* RFC 8259, section 6. */
static const char *skip_number(const char *at, const char *end)
{
    if (at < end && *at == '-')
        at++;
    const char *whole = at;
    at = skip_digits(at, end);
    if (at == whole || (*whole == '0' && at > whole + 1))
        return NULL;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        at = skip_digits(at, end);
        if (at == fraction)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        const char *exponent = at;
        at = skip_digits(at, end);
        if (at == exponent)
            return NULL;
    }
    return at;
}

static const char *skip_word(const char *at, const char *end, const char *word)
{
    gsize size = strlen(word);
    return (gsize)(end - at) >= size && memcmp(at, word, size) == 0 ? at + size : NULL;
}

static const char *skip_value(const char *at, const char *end, guint depth);

static const char *skip_members(const char *at, const char *end, guint depth, gboolean object)
{
    char close = object ? '}' : ']';
    if (depth > CK_JSON_MAX_DEPTH)
        return NULL;
    at = skip_space(at + 1, end);
    if (at < end && *at == close)
        return at + 1;
    for (;;) {
        if (object) {
            at = skip_space(at, end);
            if (at == end || *at != '"' || !(at = skip_string(at, end)))
                return NULL;
            at = skip_space(at, end);
            if (at == end || *at++ != ':')
                return NULL;
        }
        if (!(at = skip_value(at, end, depth)))
            return NULL;
        at = skip_space(at, end);
        if (at == end || (*at != ',' && *at != close))
            return NULL;
        if (*at++ == close)
            return at;
    }
}

/* Returns the place after the value, NULL where it is not JSON. depth: what is open around it. */
static const char *skip_value(const char *at, const char *end, guint depth)
{
    at = skip_space(at, end);
    if (at == end)
        return NULL;
    switch (*at) {
    case '{':
        return skip_members(at, end, depth + 1, TRUE);
    case '[':
        return skip_members(at, end, depth + 1, FALSE);
    case '"':
        return skip_string(at, end);
    case 't':
        return skip_word(at, end, "true");
    case 'f':
        return skip_word(at, end, "false");
    case 'n':
        return skip_word(at, end, "null");
    default:
        return skip_number(at, end);
    }
}

gboolean ck_json_check(CkSlice text, GError **error)
{
    const char *end = text.data + text.size;
    const char *after = skip_value(text.data, end, 0);
    if (after && skip_space(after, end) == end)
        return TRUE;
    g_set_error_literal(error, CK_ERROR, CK_ERROR_BAD_RESPONSE,
                        "the text is not JSON, or nested too deeply");
    return FALSE;
}

guint ck_json_depth(CkSlice value)
{
    guint depth = 0, deepest = 0;
    for (const char *at = value.data, *end = at + value.size; at < end;) {
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if (*at == '}' || *at == ']')
            depth--;
        deepest = MAX(deepest, depth);
        at++;
    }
    return deepest;
}

gsize ck_json_count(CkSlice value)
{
    gsize count = 1;
    for (const char *at = value.data, *end = at + value.size; at < end;) {
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        count += *at == ',' || *at == '{' || *at == '[';
        at++;
    }
    return count;
}

void ck_json_iter_init(CkJsonIter *iter, CkSlice container)
{
    const char *end = container.data + container.size;
    const char *at = skip_space(container.data, end);
    gboolean object = at < end && *at == '{';
    gboolean array = at < end && *at == '[';
    *iter = (CkJsonIter){.at = object || array ? at + 1 : end, .end = end, .object = object};
}

gboolean ck_json_iter_next(CkJsonIter *iter)
{
    const char *at = skip_space(iter->at, iter->end);
    if (at < iter->end && *at == ',')
        at = skip_space(at + 1, iter->end);
    if (at == iter->end || *at == '}' || *at == ']')
        return FALSE;
    if (iter->object) {
        const char *after = skip_string(at, iter->end);
        iter->key = (CkSlice){at, (gsize)(after - at)};
        at = skip_space(skip_space(after, iter->end) + 1, iter->end);
    }
    iter->at = skip_value(at, iter->end, 0);
    iter->value = (CkSlice){at, (gsize)(iter->at - at)};
    return TRUE;
}

gboolean ck_json_member(CkSlice object, const char *name, CkSlice *value)
{
    gsize size = strlen(name);
    gboolean found = FALSE;
    CkJsonIter iter;
    ck_json_iter_init(&iter, object);
    while (iter.object && ck_json_iter_next(&iter)) {
        if (iter.key.size == size + 2 && memcmp(iter.key.data + 1, name, size) == 0) {
            *value = iter.value;
            found = TRUE;
        }
    }
    return found;
}

/* at is on a string, a number or a word of a checked text. */
static const char *skip_scalar(const char *at, const char *end)
{
    if (*at == '"')
        return skip_string(at, end);
    while (at < end && !strchr("{}[],: \t\r\n", *at))
        at++;
    return at;
}

static void line_break(CkSink *out, guint depth)
{
    ck_sink_char(out, '\n');
    while (depth-- > 0)
        ck_sink_bytes(out, "  ", 2);
}

/* token writes a string, a number or a word. */
static void indent(CkSlice value, CkSink *out, void (*token)(CkSlice token, CkSink *out))
{
    guint depth = 0;
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
            token((CkSlice){at, (gsize)(after - at)}, out);
            at = after;
        }
        }
    }
    ck_sink_char(out, '\n');
}

static void put_token(CkSlice token, CkSink *out)
{
    ck_sink_bytes(out, token.data, token.size);
}

void ck_json_indent(CkSlice value, CkSink *out)
{
    indent(value, out, put_token);
}

/* The code unit of a \uXXXX escape that begins at at, -1 if there is none. */
static int escaped_unit(const char *at, const char *end)
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

static gboolean is_pair(int high, int low)
{
    return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
}

/* The character that the escape at at stands for and the place after it; 0 where it has to stay an
 * escape: a quote, a backslash, a control, or half of a surrogate pair. */
static gunichar shown_character(const char *at, const char *end, const char **after)
{
    int unit = escaped_unit(at, end), low = escaped_unit(at + 6, end);
    *after = at + (unit < 0 ? 2 : 6);
    if (unit < 0)
        return at[1] == '/' ? '/' : 0;
    if (is_pair(unit, low)) {
        *after = at + 12;
        return (gunichar)(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
    }
    gboolean stays = unit == '"' || unit == '\\' || (unit >= 0xd800 && unit < 0xe000) ||
                     g_unichar_iscntrl((gunichar)unit);
    return stays ? 0 : (gunichar)unit;
}

static void put_token_shown(CkSlice token, CkSink *out)
{
    const char *run = token.data, *end = token.data + token.size;
    for (const char *at = run; at < end;) {
        const char *after;
        char utf8[6];
        gunichar c = *at == '\\' ? shown_character(at, end, &after) : 0;
        if (c) {
            ck_sink_bytes(out, run, (gsize)(at - run));
            ck_sink_bytes(out, utf8, (gsize)g_unichar_to_utf8(c, utf8));
            run = after;
        }
        at = *at == '\\' ? after : at + 1;
    }
    ck_sink_bytes(out, run, (gsize)(end - run));
}

void ck_json_show(CkSlice value, CkSink *out)
{
    indent(value, out, put_token_shown);
}

void ck_json_compact(CkSlice value, CkSink *out)
{
    for (const char *at = value.data, *end = at + value.size; at < end;) {
        const char *token = skip_space(at, end);
        if (token == end)
            break;
        at = strchr("{}[],:", *token) ? token + 1 : skip_scalar(token, end);
        ck_sink_bytes(out, token, (gsize)(at - token));
    }
    ck_sink_char(out, '\n');
}

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define NUL_PICTURE "\xe2\x90\x80" /* U+2400 */

/* cJSON 1.7.15 (parse_number) copies a number into 64 bytes and trips over the rest of a longer
 * one. */
#define CJSON_NUMBER_MAX 60

/* Copies one escape sequence in a form that can be decoded; returns the place after it. */
static const char *repair_escape(const char *at, const char *end, GString *out)
{
    int unit = escaped_unit(at, end);
    if (unit < 0) {
        if (strchr("\"\\/bfnrt", at[1]) && at[1])
            g_string_append_len(out, at, 2);
        else
            g_string_append(out, REPLACEMENT);
        return at + 2;
    }
    if (unit == 0) {
        g_string_append(out, "\\u2400");
        return at + 6;
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        g_string_append_len(out, at, 6);
        return at + 6;
    }
    if (is_pair(unit, escaped_unit(at + 6, end))) {
        g_string_append_len(out, at, 12);
        return at + 12;
    }
    g_string_append(out, REPLACEMENT);
    return at + 6;
}

static void repair_string(const char *at, const char *end, GString *out)
{
    while (at < end) {
        if (*at == '\\') {
            at = repair_escape(at, end, out);
            continue;
        }
        const char *stop = memchr(at, '\\', (gsize)(end - at));
        const char *run = stop ? stop : end;
        const char *bad;
        g_utf8_validate_len(at, (gsize)(run - at), &bad);
        g_string_append_len(out, at, bad - at);
        at = bad;
        if (at < run) {
            g_string_append(out, *at ? REPLACEMENT : NUL_PICTURE);
            at++;
        }
    }
}

char *ck_json_repair(CkSlice value)
{
    GString *out = g_string_sized_new(value.size + 1);
    for (const char *at = value.data, *end = at + value.size; at < end;) {
        if (*at == '"') {
            const char *after = skip_string(at, end);
            repair_string(at, after, out);
            at = after;
        } else if (*at == '-' || g_ascii_isdigit(*at)) {
            const char *after = skip_scalar(at, end);
            if (after - at > CJSON_NUMBER_MAX)
                g_string_append_c(out, '0');
            else
                g_string_append_len(out, at, after - at);
            at = after;
        } else {
            g_string_append_c(out, *at++);
        }
    }
    return g_string_free(out, FALSE);
}
