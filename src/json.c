/* SPDX-License-Identifier: MIT */
#include "json.h"

#include "error.h"
#include "text.h"

static gboolean is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Brackets, commas and colons. */
static gboolean is_structure(char c)
{
    return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':';
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at;
}

/* at is on the opening quote; returns the place after the closing one, NULL if there is none. */
static const char *skip_string(const char *at, const char *end)
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

/* The place after a string, a number or a word; NULL where there is none. */
static const char *check_scalar(const char *at, const char *end)
{
    static const char *const words[] = {"true", "false", "null", "NaN", "Infinity", "-Infinity"};
    if (at < end && *at == '"')
        return skip_string(at, end);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *after = skip_word(at, end, words[i]);
        if (after)
            return after;
    }
    return skip_number(at, end);
}

/* The place where the next value of a container begins, behind its key in an object; NULL where
 * the key is none. */
static const char *check_key(const char *at, const char *end, gboolean object)
{
    at = skip_space(at, end);
    if (!object)
        return at;
    if (at == end || *at != '"' || !(at = skip_string(at, end)))
        return NULL;
    at = skip_space(at, end);
    return at < end && *at == ':' ? skip_space(at + 1, end) : NULL;
}

/* The place after the value and the white space that follow, NULL where it is not JSON, or too
 * deep.
 */
static const char *check_value(const char *at, const char *end, gboolean *too_deep)
{
    char open[CK_JSON_DEPTH_MAX]; /* for each open bracket what closes it */
    guint depth = 0;
    at = skip_space(at, end);
    for (;;) {
        /* Here begins a value. */
        if (at < end && (*at == '{' || *at == '[')) {
            char close = *at == '{' ? '}' : ']';
            if ((*too_deep = depth == CK_JSON_DEPTH_MAX))
                return NULL;
            open[depth++] = close;
            at = skip_space(at + 1, end);
            if (at == end || *at != close) {
                if (!(at = check_key(at, end, close == '}')))
                    return NULL;
                continue;
            }
        } else if (!(at = check_scalar(at, end))) {
            return NULL;
        }
        /* Here one has ended, and with it perhaps those around it. */
        at = skip_space(at, end);
        while (depth > 0 && at < end && *at == open[depth - 1]) {
            depth--;
            at = skip_space(at + 1, end);
        }
        if (depth == 0)
            return at;
        if (at == end || *at != ',' || !(at = check_key(at + 1, end, open[depth - 1] == '}')))
            return NULL;
    }
}

gboolean ck_json_check(CkSlice text, GError **error)
{
    const char *end = text.data + text.size;
    gboolean too_deep = FALSE;
    const char *after = check_value(text.data, end, &too_deep);
    if (after && after == end)
        return TRUE;
    if (too_deep)
        g_set_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE,
                    "the JSON is nested deeper than %d levels", CK_JSON_DEPTH_MAX);
    else
        g_set_error_literal(error, CK_ERROR, CK_ERROR_BAD_RESPONSE, "the text is not JSON");
    return FALSE;
}

/* What follows wants a checked text. */

/* at is on a string, a number or a word. */
static const char *skip_scalar(const char *at, const char *end)
{
    if (*at == '"')
        return skip_string(at, end);
    while (at < end && !is_structure(*at) && !is_space(*at))
        at++;
    return at;
}

static const char *skip_value(const char *at, const char *end)
{
    gsize depth = 0;
    if (*at != '{' && *at != '[')
        return skip_scalar(at, end);
    do {
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
    } while (depth > 0);
    return at;
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
    *iter = (CkJsonIter){
        .key = {"", 0}, .at = object || array ? at + 1 : end, .end = end, .object = object};
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
    iter->at = skip_value(at, iter->end);
    iter->value = (CkSlice){at, (gsize)(iter->at - at)};
    return TRUE;
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

/* The character that the two halves of a surrogate pair are. */
static gunichar pair_of(int high, int low)
{
    return (gunichar)(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
}

gboolean ck_json_is_key(CkSlice key, const char *name)
{
    const char *at = key.data + 1, *end = key.data + key.size - 1;
    for (; *name && at < end; name++) {
        int unit = escaped_unit(at, end);
        if ((unit < 0 ? *at : unit) != *name)
            return FALSE;
        at += unit < 0 ? 1 : 6;
    }
    return !*name && at == end;
}

char *ck_json_text(CkSlice string)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    GString *text = g_string_sized_new(string.size);
    const char *end = string.data + string.size - 1;
    for (const char *at = string.data + 1; at < end;) {
        const char *slash = memchr(at, '\\', (gsize)(end - at));
        g_string_append_len(text, at, (slash ? slash : end) - at);
        if (!slash)
            break;
        int unit = escaped_unit(slash, end), low = escaped_unit(slash + 6, end);
        if (unit < 0)
            g_string_append_c(text, meant[strchr(letters, slash[1]) - letters]);
        else
            g_string_append_unichar(text, is_pair(unit, low) ? pair_of(unit, low) : (gunichar)unit);
        at = slash + (unit < 0 ? 2 : is_pair(unit, low) ? 12 : 6);
    }
    return g_string_free(text, FALSE);
}

gboolean ck_json_member(CkSlice object, const char *name, CkSlice *value)
{
    gboolean found = FALSE;
    CkJsonIter iter;
    ck_json_iter_init(&iter, object);
    while (iter.object && ck_json_iter_next(&iter)) {
        if (ck_json_is_key(iter.key, name)) {
            *value = iter.value;
            found = TRUE;
        }
    }
    return found;
}

/* Layout. A token is a string, a number or a word, and written by a function. */

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

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define NUL_PICTURE "\xe2\x90\x80" /* U+2400 */

/* cJSON 1.7.15 (parse_number) copies a number into 64 bytes and trips over the rest of a longer
 * one. */
#define CJSON_NUMBER_MAX 60

/* A copy being made. Most of it is copied in few large runs. */
typedef struct {
    GString *text;
    const char *run; /* behind what has been copied, or replaced */
    guint lost;      /* how much could not be kept */
} Repair;

static void copy_to(Repair *repair, const char *end)
{
    g_string_append_len(repair->text, repair->run, end - repair->run);
    repair->run = end;
}

/* Instead of what stands from at to after. */
static void replace(Repair *repair, const char *at, const char *after, const char *with)
{
    copy_to(repair, at);
    g_string_append(repair->text, with);
    repair->run = after;
}

static void replace_lost(Repair *repair, const char *at, const char *after)
{
    replace(repair, at, after, REPLACEMENT);
    repair->lost++;
}

/* The place behind those of the leading characters that are ASCII and no NUL, eight at a time. */
static const char *skip_ascii(const char *at, const char *end)
{
    guint64 bytes;
    for (; end - at >= (gssize)sizeof bytes; at += sizeof bytes) {
        memcpy(&bytes, at, sizeof bytes);
        /* A byte that is not ASCII has its highest bit set; one that is 0, when 1 is taken off. */
        if ((bytes | (bytes - 0x0101010101010101)) & 0x8080808080808080)
            break;
    }
    return at;
}

/* Sees to it that an escape sequence can be decoded; returns the place after it. */
static const char *repair_escape(const char *at, const char *end, Repair *repair)
{
    if (at[1] && strchr("\"\\/bfnrt", at[1]))
        return at + 2;
    int unit = escaped_unit(at, end);
    if (unit < 0) {
        gboolean character = (gint)g_utf8_get_char_validated(at + 1, end - at - 1) > 0;
        const char *after = character ? g_utf8_next_char(at + 1) : at + 2;
        replace_lost(repair, at, after);
        return after;
    }
    if (is_pair(unit, escaped_unit(at + 6, end)))
        return at + 12;
    if (unit == 0)
        replace(repair, at, at + 6, "\\u2400");
    else if (unit >= 0xd800 && unit <= 0xdfff)
        replace_lost(repair, at, at + 6);
    return at + 6;
}

static void repair_string(const char *at, const char *end, Repair *repair)
{
    while (at < end) {
        if (*at == '\\') {
            at = repair_escape(at, end, repair);
            continue;
        }
        const char *stop = memchr(at, '\\', (gsize)(end - at));
        const char *run = stop ? stop : end;
        at = skip_ascii(at, run);
        while (!g_utf8_validate_len(at, (gsize)(run - at), &at)) {
            if (*at)
                replace_lost(repair, at, at + 1);
            else
                replace(repair, at, at + 1, NUL_PICTURE);
            at++;
        }
    }
}

/* A number, or a word. */
static void repair_word(const char *at, const char *after, Repair *repair)
{
    gboolean number = *at == '-' || g_ascii_isdigit(*at);
    if (number && after - at > CJSON_NUMBER_MAX)
        replace(repair, at, after, "0");
    else if (*at == 'N' || *at == 'I' || (number && after > at + 1 && at[1] == 'I'))
        replace(repair, at, after, "null");
}

char *ck_json_repair(CkSlice value, guint *lost)
{
    const char *end = value.data + value.size;
    Repair repair = {g_string_sized_new(value.size + 1), value.data, 0};
    for (const char *at = value.data; at < end;) {
        if (is_structure(*at) || is_space(*at)) {
            at++;
            continue;
        }
        const char *after = skip_scalar(at, end);
        if (*at == '"')
            repair_string(at, after, &repair);
        else
            repair_word(at, after, &repair);
        at = after;
    }
    copy_to(&repair, end);
    if (lost)
        *lost += repair.lost;
    return g_string_free(repair.text, FALSE);
}
