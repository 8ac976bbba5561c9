/* SPDX-License-Identifier: MIT */
#include "json.h"

#include "error.h"
#include "json_token.h"

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

void ck_json_members(CkSlice object, gsize count, const char *const *names, CkSlice *values)
{
    CkJsonIter iter;
    for (gsize i = 0; i < count; i++)
        values[i] = (CkSlice){"", 0};
    ck_json_iter_init(&iter, object);
    while (iter.object && ck_json_iter_next(&iter))
        for (gsize i = 0; i < count; i++)
            if (ck_json_is_key(iter.key, names[i]))
                values[i] = iter.value;
}

gboolean ck_json_member(CkSlice object, const char *name, CkSlice *value)
{
    CkSlice member;
    ck_json_members(object, 1, &name, &member);
    if (member.size == 0)
        return FALSE;
    *value = member;
    return TRUE;
}
