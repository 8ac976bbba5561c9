/* SPDX-License-Identifier: MIT */
#include "status_error.h"

#include <string.h>

#include "decode.h"
#include "error.h"

/* The longest part of a server's own words that goes into an error, in bytes. */
#define WORDS_MAX 200

/* The code of an error of status 429 that does not pass by itself ("Error codes" of OpenAI's API
 * guides). */
#define OUT_OF_QUOTA "insufficient_quota"

static CkError status_code(int status, const char *code)
{
    if (status == 429 && g_strcmp0(code, OUT_OF_QUOTA) == 0)
        return CK_ERROR_QUOTA;
    if (status == 401 || status == 403)
        return CK_ERROR_DENIED;
    if (status == 404)
        return CK_ERROR_NOT_FOUND;
    if (status == 408)
        return CK_ERROR_TIMED_OUT;
    if (status == 429)
        return CK_ERROR_RATE_LIMITED;
    if (status >= 500)
        return CK_ERROR_SERVER;
    if (status >= 400)
        return CK_ERROR_REJECTED;
    return CK_ERROR_BAD_RESPONSE;
}

/* As many bytes of a text as there may be, to a whole character. */
static GString *beginning(const char *text, gsize most)
{
    gsize length = strnlen(text, most);
    while (length > 0 && ((guchar)text[length] & 0xc0) == 0x80)
        length--;
    return g_string_new_len(text, (gssize)length);
}

/* The server's words on one line, short, and without the key should it repeat it. Of a 401 only
 * the code: OpenAI's message shows parts of the key. */
static char *server_words(int status, const char *message, const char *code, const CkKey *key)
{
    const char *said = message && status != 401 ? message : code;
    if (!said)
        return NULL;
    g_autoptr(GString) words = beginning(said, WORDS_MAX + CK_KEY_MAX);
    ck_key_cut_out(key, words);
    g_autoptr(GString) line = g_string_new(NULL);
    for (const char *at = words->str; *at && line->len < WORDS_MAX; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(line, g_unichar_iscntrl(c) ? ' ' : c);
    }
    return g_string_free(g_steal_pointer(&line), FALSE);
}

GError *ck_status_error(int status, GBytes *body, const CkKey *key)
{
    g_autofree char *message = NULL, *code = NULL;
    ck_decode_error(body, &message, &code);
    g_autofree char *words = server_words(status, message, code, key);
    return g_error_new(CK_ERROR, status_code(status, code), "the server answered %d%s%s%s", status,
                       words ? " (" : "", words ? words : "", words ? ")" : "");
}
