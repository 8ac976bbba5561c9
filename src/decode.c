/* SPDX-License-Identifier: MIT */
#include "decode_value.h"
#include "error.h"

/* The largest error object that is looked into, in bytes. */
#define ERROR_MAX 65536

/* Elements of a page; 100 are asked for. More would take the store seconds. */
#define ELEMENTS_MAX 10000

/* Identities */

/* token: a string as it was sent. */
static char *identity(CkSlice token)
{
    g_autofree char *repaired = ck_json_repair(token, NULL);
    if (strlen(repaired) == token.size && memcmp(repaired, token.data, token.size) == 0) {
        g_autofree char *text = ck_json_text(token);
        return *text ? g_steal_pointer(&text) : NULL;
    }
    GString *as_sent = g_string_new("\xff");
    for (gsize i = 0; i < token.size; i++)
        if (token.data[i])
            g_string_append_c(as_sent, token.data[i]);
        else
            g_string_append(as_sent, "\\u0000");
    return g_string_free(as_sent, FALSE);
}

char *ck_decode_identity(CkSlice object, const char *name)
{
    CkSlice value;
    gboolean is_string = ck_json_member(object, name, &value) && *value.data == '"';
    return is_string ? identity(value) : NULL;
}

/* Pages */

static gboolean bad_page(GError **error, const char *what)
{
    g_set_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE, "the answer is not a list: %s", what);
    return FALSE;
}

static gboolean is_word(CkSlice value, const char *word)
{
    return value.size == strlen(word) && memcmp(value.data, word, value.size) == 0;
}

/* The members of a page that count, as ck_json_member() would find them, each by itself. */
typedef struct {
    CkSlice data, has_more, last_id; /* empty: missing */
} Members;

static Members find_members(CkSlice body)
{
    Members members = {{"", 0}, {"", 0}, {"", 0}};
    CkJsonIter iter;
    ck_json_iter_init(&iter, body);
    while (iter.object && ck_json_iter_next(&iter)) {
        if (ck_json_is_key(iter.key, "data"))
            members.data = iter.value;
        else if (ck_json_is_key(iter.key, "has_more"))
            members.has_more = iter.value;
        else if (ck_json_is_key(iter.key, "last_id"))
            members.last_id = iter.value;
    }
    return members;
}

static gboolean fill_page(CkPage *page, GError **error)
{
    CkSlice body = ck_slice_bytes(page->body);
    CkJsonIter iter;
    if (!ck_json_check(body, error))
        return FALSE;
    Members members = find_members(body);
    if (*members.data.data != '[')
        return bad_page(error, "no array \"data\"");
    ck_json_iter_init(&iter, members.data);
    while (ck_json_iter_next(&iter)) {
        if (page->elements->len == ELEMENTS_MAX)
            return bad_page(error, "more elements than anybody asked for");
        g_array_append_val(page->elements, iter.value);
    }
    if (!is_word(members.has_more, "true") && !is_word(members.has_more, "false"))
        return bad_page(error, "no boolean \"has_more\"");
    page->has_more = is_word(members.has_more, "true");
    page->last_id = *members.last_id.data == '"' ? identity(members.last_id) : NULL;
    gboolean odd = !page->last_id && members.last_id.size > 0 &&
                   !is_word(members.last_id, "null") && *members.last_id.data != '"';
    return !(odd && page->has_more) || bad_page(error, "a cursor that is no string");
}

CkPage *ck_decode_page(GBytes *body, GError **error)
{
    g_autoptr(CkPage) page = g_new0(CkPage, 1);
    page->body = g_bytes_ref(body);
    page->elements = g_array_new(FALSE, FALSE, sizeof(CkSlice));
    return fill_page(page, error) ? g_steal_pointer(&page) : NULL;
}

void ck_page_free(CkPage *page)
{
    g_bytes_unref(page->body);
    g_array_unref(page->elements);
    g_clear_pointer(&page->prepared, g_ptr_array_unref);
    g_free(page->last_id);
    g_free(page);
}

/* Threads */

CkThread *ck_decode_thread(CkSlice json, GError **error)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(cJSON) object = ck_value_parse_object(json, missing, NULL, error);
    if (!object)
        return NULL;
    const cJSON *status = ck_value_get(object, "status");
    CkThread *thread = g_new0(CkThread, 1);
    thread->json = json;
    thread->id = g_strdup(ck_value_filled(object, "id"));
    thread->title = g_strdup(ck_value_string(object, "title"));
    thread->user = g_strdup(ck_value_string(object, "user"));
    thread->status =
        g_strdup(cJSON_IsString(status) ? status->valuestring : ck_value_string(status, "type"));
    thread->reason = g_strdup(ck_value_string(status, "reason"));
    thread->created_at = ck_value_time(object, "created_at");
    return thread;
}

void ck_thread_free(CkThread *thread)
{
    g_free(thread->id);
    g_free(thread->title);
    g_free(thread->user);
    g_free(thread->status);
    g_free(thread->reason);
    g_free(thread);
}

gboolean ck_decode_deleted(CkSlice json, const char *id, GError **error)
{
    CkSlice deleted;
    if (!ck_json_check(json, error))
        return FALSE;
    g_autofree char *which = ck_decode_identity(json, "id");
    if (ck_json_member(json, "deleted", &deleted) && is_word(deleted, "true") &&
        g_strcmp0(which, id) == 0)
        return TRUE;
    g_set_error_literal(error, CK_ERROR, CK_ERROR_BAD_RESPONSE,
                        "the server does not say that the thread has been deleted");
    return FALSE;
}

/* Errors */

void ck_decode_error(GBytes *body, char **message, char **code)
{
    CkSlice json = ck_slice_bytes(body);
    *message = *code = NULL;
    if (json.size > ERROR_MAX || !ck_json_check(json, NULL))
        return;
    g_autoptr(cJSON) object = NULL;
    ck_value_parse(json, NULL, &object, NULL); /* without memory the status alone tells */
    const cJSON *inner = ck_value_get(object, "error");
    *message = g_strdup(ck_value_string(inner, "message"));
    *code = g_strdup(ck_value_string(inner, "code"));
}
