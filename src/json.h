/* SPDX-License-Identifier: MIT */
/*
 * JSON (RFC 8259) as a text of tokens. What a file of JSON shows must be what the server sent, so
 * tokens are found, moved and indented, and numbers never converted; only ck_json_show() and
 * ck_json_repair(), whose results are no such files, rewrite what is in strings (and, for raw line
 * breaks alone, which JSON does not have there, ck_json_compact()).
 *
 * A doubtful token shall not cost the page that it came in. Strings are taken as any bytes between
 * two quotes, a backslash going with the byte after it; NaN, Infinity and -Infinity, which Python's
 * json module writes, as numbers.
 *
 * What is nested too deep is refused as a whole, be it an answer or JSON in one of its strings:
 * every program that is to read it further on would have a limit of its own, and another one.
 */
#pragma once

#include "sink.h"

#define CK_JSON_DEPTH_MAX 64 /* objects and arrays that may be open at a place */

/* What is nested deeper is not indented where people are to read it, nor anywhere what would grow
 * too much: a text of n brackets would become one of n² spaces. */
#define CK_JSON_SHOW_MAX   16
#define CK_JSON_GROWTH_MAX ((gsize)256 << 20) /* depth times size, in bytes */

/* A part of a text that somebody else owns. data is not NULL, also where size is 0. */
typedef struct {
    const char *data;
    gsize size;
} CkSlice;

/* The whole of bytes, which stay their owner's. */
static inline CkSlice ck_slice_bytes(GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    return (CkSlice){data ? data : "", size};
}

/* Whether text is one JSON value with at most white space around it, nested no deeper than
 * CK_JSON_DEPTH_MAX. Every other function here
 * wants a slice that passed, or a value out of one that did. Error: CK_ERROR_BAD_RESPONSE. */
gboolean ck_json_check(CkSlice text, GError **error);

/* How many objects and arrays are open at the deepest place; 0 for a scalar. */
guint ck_json_depth(CkSlice value);

/* How many values it holds, itself included, at most: commas and brackets are counted. */
gsize ck_json_count(CkSlice value);

/* Walks the members of an object or the elements of an array (of anything else: none). */
typedef struct {
    CkSlice key;   /* with its quotes, as sent; empty in an array */
    CkSlice value; /* without white space around it */
    /* private */
    const char *at, *end;
    gboolean object;
} CkJsonIter;

void ck_json_iter_init(CkJsonIter *iter, CkSlice container);
gboolean ck_json_iter_next(CkJsonIter *iter);

/* Whether a key, with its quotes, spells a name, however it is escaped. name: ASCII. */
gboolean ck_json_is_key(CkSlice key, const char *name);

/* The text of a string that ck_json_repair() has nothing to do with, without quotes and escapes; to
 * be freed. */
char *ck_json_text(CkSlice string);

/* The value of an object's member, however its name is escaped; of several with that name the
 * last, as most readers do it. FALSE where there is none. name: ASCII. */
gboolean ck_json_member(CkSlice object, const char *name, CkSlice *value);

/* The same of several members at once: values[i] is that of names[i], of size 0 where there is
 * none. */
void ck_json_members(CkSlice object, gsize count, const char *const *names, CkSlice *values);

/* Writes value as `jq .` lays it out: two spaces a level, a newline at the end. One that
 * would grow beyond CK_JSON_GROWTH_MAX stands on one line. */
void ck_json_indent(CkSlice value, CkSink *out);

/* The same for people, of valid UTF-8: escapes of letters and other characters that can be shown,
 * and \/, are written as what they stand for, but \u0060 (`), so that no run of these grows;
 * control characters, which do not belong there, as ck_text_put() does. One that is nested deeper
 * than CK_JSON_SHOW_MAX stands on one line. */
void ck_json_show(CkSlice value, CkSink *out);

/* Writes value without white space between its tokens, and a newline. That is the only one: a
 * line break within a string, where JSON has none, becomes its escape (and takes the place of a
 * backslash before it). */
void ck_json_compact(CkSlice value, CkSink *out);

/* A copy that a strict decoder with C strings (cJSON) takes. What is not text (lone surrogates,
 * broken escapes, bytes that are not UTF-8) becomes U+FFFD, and *lost, if not NULL, grows by one
 * for each. An escaped NUL becomes U+2400, its control picture; a number of more than 60 digits 0;
 * NaN and Infinity null. */
char *ck_json_repair(CkSlice value, guint *lost);
