/* SPDX-License-Identifier: MIT */
#include "prepare.h"

#include "error.h"
#include "render.h"

#define THREAD                                                                                     \
    "{ \"id\": \"cthr_1\", \"user\": \"ann\", \"title\": \"Größe\", \"created_at\": 5,"          \
    " \"tags\": [1, {\"a\": []}] }"
#define ITEM                                                                                       \
    "{ \"id\": \"cthi_1\", \"type\": \"assistant_message\", \"created_at\": 7,"                    \
    " \"content\": [{\"type\": \"output_text\", \"text\": \"a\\u0007b\"}] }"

static CkSlice slice(const char *text)
{
    return (CkSlice){text, strlen(text)};
}

static guint64 indented_size(CkSlice json)
{
    CkSink sink = {0};
    ck_json_indent(json, &sink);
    return sink.size;
}

static guint64 line_size(CkSlice json)
{
    CkSink sink = {0};
    ck_json_compact(json, &sink);
    return sink.size;
}

static void a_thread_is_what_decoder_and_renderer_say(void)
{
    CkSlice json = slice(THREAD);
    g_autoptr(CkThread) thread = ck_decode_thread(json, NULL);
    g_autoptr(CkPreparedThread) prepared = ck_prepare_thread(json, NULL);
    CkSink head = {0};
    ck_render_thread_head(thread, &head);
    g_assert_true(prepared->json.data == json.data && prepared->json.size == json.size);
    g_assert_cmpstr(prepared->id, ==, "cthr_1");
    g_assert_cmpstr(prepared->user, ==, "ann");
    g_assert_cmpstr(prepared->title, ==, "Größe");
    g_assert_cmpint(prepared->created_at, ==, 5);
    g_assert_cmpuint(prepared->json_size, ==, indented_size(json));
    g_assert_cmpuint(prepared->head_size, ==, head.size);
}

static void an_item_is_what_decoder_and_renderer_say(void)
{
    CkSlice json = slice(ITEM);
    g_autoptr(CkItem) item = ck_decode_item(json, NULL);
    g_autoptr(CkPreparedItem) prepared = ck_prepare_item(json, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    CkSink md = {.text = text};
    ck_render_item(item, &md);
    g_assert_true(prepared->json.data == json.data && prepared->json.size == json.size);
    g_assert_cmpstr(prepared->id, ==, "cthi_1");
    g_assert_cmpstr(prepared->role, ==, "assistant");
    g_assert_cmpint(prepared->created_at, ==, 7);
    g_assert_true(prepared->finished);
    g_assert_cmpuint(prepared->json_size, ==, indented_size(json));
    g_assert_cmpuint(prepared->jsonl_size, ==, line_size(json));
    g_assert_cmpuint(prepared->md_size, ==, md.size);
    g_autoptr(GBytes) expected = g_bytes_new(text->str, text->len);
    g_assert_true(g_bytes_equal(prepared->md, expected));
}

static void what_is_missing_is_missing(void)
{
    static const char *const odd[] = {"{}", "[]",     "null",
                                      "1",  "\"id\"", "{\"id\":5,\"user\":\"\"}"};
    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autoptr(CkPreparedThread) thread = ck_prepare_thread(slice(odd[i]), NULL);
        g_autoptr(CkPreparedItem) item = ck_prepare_item(slice(odd[i]), NULL);
        g_assert_null(thread->id);
        g_assert_null(thread->user);
        g_assert_null(thread->title);
        g_assert_cmpint(thread->created_at, ==, 0);
        g_assert_null(item->id);
        g_assert_nonnull(item->role);
        g_assert_cmpuint(thread->json_size, ==, indented_size(slice(odd[i])));
        g_assert_cmpuint(item->jsonl_size, ==, line_size(slice(odd[i])));
    }
}

static void an_unfinished_item_is_told(void)
{
    g_autoptr(CkPreparedItem) item =
        ck_prepare_item(slice("{\"type\":\"client_tool_call\",\"status\":\"in_progress\"}"), NULL);
    g_assert_false(item->finished);
}

/* Its text would take the room of many others. */
static void the_text_of_a_large_item_is_not_kept(void)
{
    g_autoptr(GString) json = g_string_new("{\"type\":\"user_message\",\"content\":[{\"type\":"
                                           "\"input_text\",\"text\":\"");
    for (int i = 0; i < 70000; i++)
        g_string_append_c(json, 'x');
    g_string_append(json, "\"}]}");
    g_autoptr(CkPreparedItem) item = ck_prepare_item((CkSlice){json->str, json->len}, NULL);
    g_assert_null(item->md);
    g_assert_cmpuint(item->md_size, >, 70000);
}

static void a_page_has_all_its_elements_in_order(void)
{
    static const char body[] = "{\"data\":[{\"id\":\"b\"},7,{\"id\":\"a\"}],\"has_more\":false}";
    g_autoptr(GBytes) bytes = g_bytes_new_static(body, strlen(body));
    g_autoptr(CkPage) threads = ck_prepare_threads(bytes, NULL);
    g_autoptr(CkPage) items = ck_prepare_items(bytes, NULL);
    g_assert_cmpuint(threads->prepared->len, ==, 3);
    g_assert_cmpuint(items->prepared->len, ==, 3);
    static const char *const ids[] = {"b", NULL, "a"};
    for (guint i = 0; i < 3; i++) {
        const CkPreparedThread *thread = g_ptr_array_index(threads->prepared, i);
        const CkPreparedItem *item = g_ptr_array_index(items->prepared, i);
        g_assert_cmpstr(thread->id, ==, ids[i]);
        g_assert_cmpstr(item->id, ==, ids[i]);
        g_assert_true(item->json.data == g_array_index(items->elements, CkSlice, i).data);
    }
}

static void what_is_no_page_is_an_error(void)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("{}", 2);
    g_autoptr(GError) error = NULL;
    g_assert_null(ck_prepare_threads(bytes, &error));
    g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    g_clear_error(&error);
    g_assert_null(ck_prepare_items(bytes, &error));
    g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prepare/thread", a_thread_is_what_decoder_and_renderer_say);
    g_test_add_func("/prepare/item", an_item_is_what_decoder_and_renderer_say);
    g_test_add_func("/prepare/missing", what_is_missing_is_missing);
    g_test_add_func("/prepare/unfinished", an_unfinished_item_is_told);
    g_test_add_func("/prepare/large", the_text_of_a_large_item_is_not_kept);
    g_test_add_func("/prepare/page", a_page_has_all_its_elements_in_order);
    g_test_add_func("/prepare/no-page", what_is_no_page_is_an_error);
    return g_test_run();
}
