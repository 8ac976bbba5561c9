/* SPDX-License-Identifier: MIT */
/* JSON as a strict decoder wants it. */
#include "json.h"
#include "json_token.h"

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
