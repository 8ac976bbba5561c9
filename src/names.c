/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <string.h>

#define ID_MAX     128 /* longest id that goes into a URL */
#define DIGEST_LEN 32  /* hexadecimal digits of a SHA-256 that tell long identifiers apart */

static gboolean is_id_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-';
}

gboolean ck_name_is_id(const char *id)
{
    gsize size = 0;
    while (is_id_char(id[size]))
        size++;
    return size > 0 && size <= ID_MAX && id[size] == '\0';
}

/* The largest size <= max that does not cut a character of the UTF-8 text. */
static gsize cut_at_character(const char *text, gsize max)
{
    gsize size = strlen(text);
    if (size <= max)
        return size;
    size = max;
    while (size > 0 && ((guchar)text[size] & 0xc0) == 0x80)
        size--;
    return size;
}

/* What a character of a title becomes: itself, nothing, or a part of one '-'. */
typedef enum { KEEP, DROP, DASH } Fate;

static Fate title_fate(gunichar c)
{
    if (c < 0x80)
        return g_ascii_isalnum((char)c) || c == '_' ? KEEP : DASH;
    switch (g_unichar_type(c)) {
    case G_UNICODE_FORMAT: /* bidirectional and zero-width controls */
    case G_UNICODE_SURROGATE:
        return DROP;
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SPACE_SEPARATOR:
    case G_UNICODE_CONNECT_PUNCTUATION:
    case G_UNICODE_DASH_PUNCTUATION:
    case G_UNICODE_OPEN_PUNCTUATION:
    case G_UNICODE_CLOSE_PUNCTUATION:
    case G_UNICODE_INITIAL_PUNCTUATION:
    case G_UNICODE_FINAL_PUNCTUATION:
    case G_UNICODE_OTHER_PUNCTUATION:
        return DASH;
    default:
        return KEEP;
    }
}

/* A title in the characters that a shell and Windows take, at most max bytes; may be "". */
static char *safe_title(const char *title, gsize max)
{
    g_autofree char *valid = g_utf8_make_valid(title, -1);
    GString *safe = g_string_new(NULL);
    gboolean dash = FALSE;
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        Fate fate = title_fate(c);
        if (fate == KEEP) {
            if (dash && safe->len > 0)
                g_string_append_c(safe, '-');
            g_string_append_unichar(safe, c);
        }
        if (fate != DROP)
            dash = fate == DASH;
    }
    g_string_truncate(safe, cut_at_character(safe->str, max));
    while (safe->len > 0 && safe->str[safe->len - 1] == '-')
        g_string_truncate(safe, safe->len - 1);
    return g_string_free(safe, FALSE);
}

static gboolean is_one_of(const char *name, const char *const *names)
{
    while (*names && g_ascii_strcasecmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

/* Whether Windows has a device of this name: no file can be called so there, nor with a dot and
 * more behind it. */
static gboolean is_device(const char *name)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul", NULL};
    static const char *const numbers[] = {"0", "1", "2", "3",        "4",        "5",        "6",
                                          "7", "8", "9", "\xc2\xb9", "\xc2\xb2", "\xc2\xb3", NULL};
    gboolean port =
        g_ascii_strncasecmp(name, "com", 3) == 0 || g_ascii_strncasecmp(name, "lpt", 3) == 0;
    return is_one_of(name, devices) || (port && is_one_of(name + 3, numbers));
}

static gboolean user_char_can_stand(gunichar c)
{
    if (c == '/' || c == '%')
        return FALSE;
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return FALSE;
    default:
        return TRUE;
    }
}

/* Reversible: text with the bytes that can't stand in a name percent-encoded, and with them the
 * ASCII character never, if it is not 0. What makes a name too long is enough. */
static char *percent_encode(const char *text, char never)
{
    GString *out = g_string_new(NULL);
    for (const char *at = text; *at && out->len <= CK_NAME_MAX;) {
        gunichar c = g_utf8_get_char_validated(at, -1);
        gboolean valid = c != (gunichar)-1 && c != (gunichar)-2;
        gsize size = valid ? (gsize)(g_utf8_next_char(at) - at) : 1;
        gboolean leading = at == text && (*at == '-' || *at == '.');
        if (valid && !leading && *at != never && user_char_can_stand(c))
            g_string_append_len(out, at, (gssize)size);
        else
            for (gsize i = 0; i < size; i++)
                g_string_append_printf(out, "%%%02X", (guchar)at[i]);
        at += size;
    }
    return g_string_free(out, FALSE);
}

/* percent_encode(), and where that is too long its beginning, "%~" and a digest of the text. No
 * shorter text gives such a name: after an encoded '%' come two hexadecimal digits. */
static char *bounded_name(const char *text, char never)
{
    g_autofree char *encoded = percent_encode(text, never);
    if (strlen(encoded) <= CK_NAME_MAX)
        return g_steal_pointer(&encoded);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    gsize head = cut_at_character(encoded, CK_NAME_MAX - 2 - DIGEST_LEN);
    return g_strdup_printf("%.*s%%~%.*s", (int)head, encoded, DIGEST_LEN, digest);
}

char *ck_name_thread(const char *title, const char *id)
{
    /* No dot in the id: what stands before the last dot is the title, in every name. */
    g_autofree char *last = bounded_name(id, '.');
    if (!title || strlen(last) + 2 > CK_NAME_MAX)
        return g_steal_pointer(&last);
    g_autofree char *safe = safe_title(title, CK_NAME_MAX - 1 - strlen(last));
    gboolean shown = *safe && !is_device(safe);
    return shown ? g_strconcat(safe, ".", last, NULL) : g_steal_pointer(&last);
}

const char *ck_name_thread_id(const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *id = dot ? dot + 1 : name;
    gboolean like_one = g_str_has_prefix(id, "cthr_") && id[strlen("cthr_")] && ck_name_is_id(id);
    return *name != '.' && like_one ? id : NULL;
}

char *ck_name_user(const char *user)
{
    /* What desktops, and Windows by way of Samba, look for in every folder. */
    static const char *const looked_for[] = {"autorun.inf", "desktop.ini", "thumbs.db", NULL};
    if (!user || !*user)
        return g_strdup("%none");
    return bounded_name(user, is_one_of(user, looked_for) ? '.' : '\0');
}

static gboolean is_digest_name(const char *name)
{
    const char *mark = strstr(name, "%~");
    return mark && strlen(mark + 2) == DIGEST_LEN &&
           strspn(mark + 2, "0123456789abcdef") == DIGEST_LEN;
}

char *ck_name_user_id(const char *name, gboolean *only_listed)
{
    *only_listed = is_digest_name(name) || strcmp(name, "%none") == 0;
    if (*only_listed)
        return NULL;
    g_autofree char *user = g_uri_unescape_string(name, NULL);
    if (!user)
        return NULL;
    g_autofree char *canonical = ck_name_user(user);
    return strcmp(canonical, name) == 0 ? g_steal_pointer(&user) : NULL;
}

char *ck_name_role(const char *type)
{
    static const struct {
        const char *type, *role;
    } known[] = {
        {"user_message", "user"}, {"assistant_message", "assistant"},
        {"widget", "widget"},     {"client_tool_call", "tool"},
        {"task", "task"},         {"task_group", "tasks"},
    };
    if (g_str_has_prefix(type, "chatkit."))
        type += strlen("chatkit.");
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        if (strcmp(type, known[i].type) == 0)
            return g_strdup(known[i].role);
    g_autofree char *safe = safe_title(type, 100);
    return *safe ? g_steal_pointer(&safe) : g_strdup("item");
}

char *ck_name_item(guint64 number, const char *role, const char *extension)
{
    char digits[24]; /* by hand: printf takes as long as all else that listing an item takes */
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    for (int left = 4; left > 0 || number > 0; left--, number /= 10)
        *--at = (char)('0' + number % 10);
    return g_strconcat(at, "-", role, ".", extension, NULL);
}

guint64 ck_name_item_number(const char *name)
{
    gsize digits = strspn(name, "0123456789");
    if (digits < 4 || digits > 18 || (digits > 4 && *name == '0') || name[digits] != '-')
        return 0;
    if (!g_str_has_suffix(name, ".json") && !g_str_has_suffix(name, ".md"))
        return 0;
    return g_ascii_strtoull(name, NULL, 10);
}
