/* SPDX-License-Identifier: MIT */
/*
 * Every allocation failing in turn: the first one, the second one … until what is done passes
 * without a failure. Whatever is decoded, stored or listed is whole or an error, and whole when it
 * is tried again.
 *
 * cJSON and SQLite take their memory from here. GLib ends the program where it gets none.
 */
#include <cjson/cJSON.h>
#include <sqlite3.h>

#include "error.h"
#include "parts.h"
#include "prepare.h"
#include "render.h"

/* What fails. Another thread decodes what comes from a server. */
static struct {
    gint left;    /* allocations until one fails; negative: none does */
    gboolean all; /* those after it, too */
    gint failed;
    gint live; /* what has been allocated, and not freed */
} memory = {.left = -1};

static gboolean is_to_fail(void)
{
    gint left = g_atomic_int_add(&memory.left, -1);
    gboolean fails = left == 0 || (memory.all && left < 0 && g_atomic_int_get(&memory.failed) > 0);
    if (fails)
        g_atomic_int_inc(&memory.failed);
    return fails;
}

static void fail_at(guint which, gboolean all)
{
    memory.all = all;
    g_atomic_int_set(&memory.failed, 0);
    g_atomic_int_set(&memory.left, (gint)which);
}

/* Whether one has failed; none does any more. */
static gboolean has_failed(void)
{
    memory.all = FALSE;
    g_atomic_int_set(&memory.left, -1);
    return g_atomic_int_get(&memory.failed) > 0;
}

/* cJSON */

static void *json_malloc(size_t size)
{
    if (is_to_fail())
        return NULL;
    g_atomic_int_inc(&memory.live);
    return malloc(size);
}

static void json_free(void *data)
{
    if (data)
        g_atomic_int_add(&memory.live, -1);
    free(data);
}

static const char *const elements[] = {
    "{\"id\":\"cthi_1\",\"type\":\"chatkit.user_message\",\"created_at\":1,\"content\":["
    "{\"type\":\"input_text\",\"text\":\"a "
    "\\u00e9\\ud83d\"},{\"type\":\"quoted_text\",\"text\":\"b\"}"
    "],\"attachments\":[{\"id\":\"f\",\"name\":\"n\",\"mime_type\":\"m\",\"preview_url\":\"u\"}],"
    "\"inference_options\":{\"model\":\"m\",\"tool_choice\":{\"id\":\"t\"}},\"more\":[{\"x\":[1]}]"
    "}",
    "{\"id\":\"cthi_2\",\"type\":\"chatkit.assistant_message\",\"content\":[{\"type\":"
    "\"output_text\",\"text\":\"c\",\"annotations\":[{\"type\":\"url\",\"source\":{\"url\":\"u\","
    "\"title\":\"t\"}},{\"type\":\"file\",\"source\":{\"filename\":\"f\"}},{}]}]}",
    "{\"id\":\"cthi_3\",\"type\":\"chatkit.widget\",\"widget\":\"{\\\"type\\\":\\\"Card\\\","
    "\\\"children\\\":[{\\\"type\\\":\\\"Text\\\",\\\"value\\\":\\\"d\\\"},{\\\"type\\\":"
    "\\\"Button\\\",\\\"label\\\":\\\"e\\\"}]}\"}",
    "{\"id\":\"cthi_4\",\"type\":\"chatkit.widget\",\"widget\":{\"type\":\"Title\",\"value\":\"x\"}"
    "}",
    "{\"id\":\"cthi_5\",\"type\":\"chatkit.client_tool_call\",\"name\":\"f\",\"call_id\":\"c\","
    "\"status\":\"in_progress\",\"arguments\":\"{\\\"a\\\":[1]}\",\"output\":null}",
    "{\"id\":\"cthi_6\",\"type\":\"chatkit.task\",\"heading\":\"h\",\"summary\":\"s\"}",
    "{\"id\":\"cthi_7\",\"type\":\"chatkit.task_group\",\"tasks\":[{\"heading\":\"h\"},5]}",
    "{\"id\":\"cthi_8\",\"type\":\"hologram\",\"text\":{\"deep\":[\"light\"]},\"title\":\"T\","
    "\"status\":{\"type\":\"locked\",\"reason\":\"r\"},\"user\":\"ann\"}",
    "[\"no object\",{\"a\":1}]",
};

/* An item of which some is too much to be looked into: its members are parsed one by one. */
static char *large_element(void)
{
    GString *json = g_string_new("{\"id\":\"cthi_9\",\"type\":\"user_message\",\"\\u0061\":[0");
    for (guint i = 0; i < 200001; i++)
        g_string_append(json, ",0");
    g_string_append(json, "],\"content\":[{\"text\":\"T\"}],\"b\":{\"c\":[null]}}");
    return g_string_free(json, FALSE);
}

/* All that is made of an item, in one text. */
static char *describe_item(CkSlice json, GError **error)
{
    g_autoptr(CkItem) item = ck_decode_item(json, error);
    g_autoptr(CkPreparedItem) prepared = item ? ck_prepare_item(json, error) : NULL;
    if (!prepared)
        return NULL;
    g_autofree char *parts = parts_describe(item);
    CkSlice md = prepared->md ? ck_slice_bytes(prepared->md) : (CkSlice){"", 0};
    return g_strdup_printf("%s %s %s %d %zu %.*s", prepared->id, prepared->role, parts,
                           prepared->finished, (gsize)prepared->md_size, (int)md.size, md.data);
}

static char *describe_thread(CkSlice json, GError **error)
{
    g_autoptr(CkThread) thread = ck_decode_thread(json, error);
    g_autoptr(CkPreparedThread) prepared = thread ? ck_prepare_thread(json, error) : NULL;
    if (!prepared)
        return NULL;
    return g_strdup_printf("%s %s %s %s %s %zu", prepared->id, prepared->title, prepared->user,
                           thread->status, thread->reason, (gsize)prepared->head_size);
}

static char *describe_page(CkSlice json, GError **error)
{
    g_autoptr(GBytes) body = g_bytes_new_static(json.data, json.size);
    g_autoptr(CkPage) items = ck_prepare_items(body, error);
    g_autoptr(CkPage) threads = items ? ck_prepare_threads(body, error) : NULL;
    if (!threads)
        return NULL;
    g_assert_cmpuint(items->prepared->len, ==, items->elements->len);
    g_assert_cmpuint(threads->prepared->len, ==, threads->elements->len);
    GString *text = g_string_new(items->last_id);
    for (guint i = 0; i < items->prepared->len; i++) {
        const CkPreparedItem *item = g_ptr_array_index(items->prepared, i);
        const CkPreparedThread *thread = g_ptr_array_index(threads->prepared, i);
        g_string_append_printf(text, " %s %s %zu %s %s", item->id, item->role, (gsize)item->md_size,
                               thread->id, thread->title);
    }
    return g_string_free(text, FALSE);
}

typedef char *(*Describe)(CkSlice json, GError **error);

static void assert_whole_or_error(Describe describe, const char *text, gboolean all)
{
    CkSlice json = {text, strlen(text)};
    g_autofree char *whole = describe(json, NULL);
    gint live = memory.live;
    gboolean failed = TRUE;
    g_assert_nonnull(whole);
    for (guint which = 0; failed; which++) {
        g_autoptr(GError) error = NULL;
        fail_at(which, all);
        g_autofree char *made = describe(json, &error);
        failed = has_failed();
        if (failed) {
            g_assert_null(made);
            g_assert_error(error, CK_ERROR, CK_ERROR_NO_MEMORY);
        } else {
            g_assert_cmpuint(which, >, 0);
            g_assert_no_error(error);
            g_assert_cmpstr(made, ==, whole);
        }
        g_assert_cmpint(memory.live, ==, live);
    }
}

static void assert_always_whole_or_error(Describe describe, const char *text)
{
    assert_whole_or_error(describe, text, FALSE);
    assert_whole_or_error(describe, text, TRUE);
}

static void what_is_decoded_is_whole_or_an_error(void)
{
    g_autoptr(GString) page = g_string_new("{\"data\":[");
    g_autofree char *large = large_element();
    for (gsize i = 0; i < G_N_ELEMENTS(elements); i++) {
        assert_always_whole_or_error(describe_item, elements[i]);
        assert_always_whole_or_error(describe_thread, elements[i]);
        g_string_append_printf(page, "%s,", elements[i]);
    }
    assert_always_whole_or_error(describe_item, large);
    assert_always_whole_or_error(describe_thread, large);
    g_string_append(page, "5],\"last_id\":\"cthi_9\",\"has_more\":true}");
    assert_always_whole_or_error(describe_page, page->str);
}

/* The server's words are not worth another error. */
static void an_error_is_told_without_words(void)
{
    static const char text[] = "{\"error\":{\"message\":\"m\",\"code\":\"c\"}}";
    g_autoptr(GBytes) body = g_bytes_new_static(text, strlen(text));
    gboolean failed = TRUE;
    for (guint which = 0; failed; which++) {
        g_autofree char *message = NULL, *code = NULL;
        fail_at(which, FALSE);
        ck_decode_error(body, &message, &code);
        failed = has_failed();
        g_assert_cmpstr(message, ==, failed ? NULL : "m");
        g_assert_cmpstr(code, ==, failed ? NULL : "c");
        g_assert_cmpint(memory.live, ==, 0);
    }
}

int main(int argc, char **argv)
{
    cJSON_Hooks hooks = {json_malloc, json_free};
    cJSON_InitHooks(&hooks);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/allocation/decode", what_is_decoded_is_whole_or_an_error);
    g_test_add_func("/allocation/decode-error", an_error_is_told_without_words);
    return g_test_run();
}
