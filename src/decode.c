/* SPDX-License-Identifier: MIT */
#include "decode_value.h"
#include "error.h"

/* The largest error object that is looked into, in bytes. */
#define ERROR_MAX 65536

/* Elements of a page: 100 are the most that can be asked for. */
#define ELEMENTS_MAX 100

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

char *ck_decode_string(CkSlice value)
{
    return *value.data == '"' ? identity(value) : NULL;
}

char *ck_decode_identity(CkSlice object, const char *name)
{
    CkSlice value;
    ck_json_members(object, 1, &name, &value);
    return ck_decode_string(value);
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

static gboolean fill_page(CkPage *page, GError **error)
{
    static const char *const names[] = {"object", "data", "has_more", "last_id"};
    CkSlice values[G_N_ELEMENTS(names)];
    CkSlice body = ck_slice_bytes(page->body);
    CkJsonIter iter;
    if (!ck_json_check(body, error))
        return FALSE;
    ck_json_members(body, G_N_ELEMENTS(names), names, values);
    CkSlice data = values[1], has_more = values[2], last_id = values[3];
    if (*data.data != '[')
        return bad_page(error, "no array \"data\"");
    ck_json_iter_init(&iter, data);
    while (ck_json_iter_next(&iter)) {
        if (page->elements->len == ELEMENTS_MAX)
            return bad_page(error, "more elements than anybody asked for");
        g_array_append_val(page->elements, iter.value);
    }
    if (!is_word(has_more, "true") && !is_word(has_more, "false"))
        return bad_page(error, "no boolean \"has_more\"");
    page->object = values[0];
    page->has_more = is_word(has_more, "true");
    page->last_id = ck_decode_string(last_id);
    gboolean odd =
        !page->last_id && last_id.size > 0 && !is_word(last_id, "null") && *last_id.data != '"';
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

gboolean ck_decode_deleted(CkSlice json, GError **error)
{
    CkSlice deleted;
    if (ck_json_member(json, "deleted", &deleted) && is_word(deleted, "true"))
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
