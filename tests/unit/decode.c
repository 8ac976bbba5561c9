/* SPDX-License-Identifier: MIT */
#include "decode.h"

#include "error.h"

#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

static CkSlice slice(const char *text)
{
    return (CkSlice){text, strlen(text)};
}

static GBytes *bytes(const char *text)
{
    return g_bytes_new_static(text, strlen(text));
}

/* In the log of a failure: which case it was. */
static void say(const char *text)
{
    g_autofree char *line = g_strescape(text, NULL);
    g_test_message("%s", line);
}

static void assert_slice(CkSlice found, const char *expected)
{
    g_assert_cmpmem(found.data, (int)found.size, expected, (int)strlen(expected));
}

/* {"id":"x","deep":[[…]]} with that many levels in all. */
static char *nested(guint depth, const char *other_members)
{
    g_autofree char *open = g_strnfill(depth - 1, '[');
    g_autofree char *close = g_strnfill(depth - 1, ']');
    return g_strdup_printf("{\"id\":\"x\",%s\"deep\":%s%s}", other_members, open, close);
}

/* Pages */

static CkPage *page_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) body = bytes(text);
    CkPage *page = ck_decode_page(body, &error);
    g_assert_no_error(error);
    g_assert_nonnull(page);
    return page;
}

static void reads_a_full_page(void)
{
    g_autoptr(CkPage) page =
        page_of("{\"object\":\"list\",\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}],"
                "\"first_id\":\"a\",\"last_id\":\"b\",\"has_more\":true}");
    g_assert_cmpuint(page->elements->len, ==, 2);
    g_assert_cmpstr(page->first_id, ==, "a");
    g_assert_cmpstr(page->last_id, ==, "b");
    g_assert_true(page->has_more);
}

static void cuts_elements_out_as_they_came(void)
{
    static const char *const elements[] = {
        "{ \"id\" :\t\"a\", \"n\":9007199254740993 }",
        "{\"text\":\"], }\\\" \\ud83d \xff\"}",
        "{}",
        "[ 1, 2 ]",
        "null",
    };
    g_autoptr(GString) text = g_string_new(" { \"data\" : [");
    for (gsize i = 0; i < G_N_ELEMENTS(elements); i++)
        g_string_append_printf(text, "%s\r\n %s\t", i > 0 ? "," : "", elements[i]);
    g_string_append(text, "] , \"has_more\" : false } ");
    g_autoptr(CkPage) page = page_of(text->str);
    g_assert_cmpuint(page->elements->len, ==, G_N_ELEMENTS(elements));
    for (guint i = 0; i < page->elements->len; i++)
        assert_slice(g_array_index(page->elements, CkSlice, i), elements[i]);
}

static void elements_live_as_long_as_their_page(void)
{
    GBytes *body = g_bytes_new("{\"data\":[\"x\"],\"has_more\":false}", 31);
    g_autoptr(CkPage) page = ck_decode_page(body, NULL);
    g_bytes_unref(body);
    assert_slice(g_array_index(page->elements, CkSlice, 0), "\"x\"");
}

static void cursors_may_be_missing(void)
{
    static const char *const pages[] = {
        "{\"data\":[],\"has_more\":false}",
        "{\"data\":[],\"has_more\":false,\"first_id\":null,\"last_id\":null}",
        "{\"data\":[],\"first_id\":\"x\",\"first_id\":null,\"has_more\":true,\"has_more\":false}",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_autoptr(CkPage) page = page_of(pages[i]);
        g_assert_cmpuint(page->elements->len, ==, 0);
        g_assert_null(page->first_id);
        g_assert_null(page->last_id);
        g_assert_false(page->has_more);
    }
}

static void decodes_cursors(void)
{
    g_autoptr(CkPage) page = page_of("{\"data\":[],\"has_more\":false,\"first_id\":\"\\u0061\\/b\","
                                     "\"last_id\":\"\\ud83d\"}");
    g_assert_cmpstr(page->first_id, ==, "a/b");
    g_assert_cmpstr(page->last_id, ==, REPLACED);
}

static void reads_the_example_of_the_reference(void)
{
    g_autoptr(CkPage) page =
        page_of("{\n  \"data\": [\n    {\n      \"id\": \"cthr_abc123\",\n"
                "      \"object\": \"chatkit.thread\",\n      \"title\": \"Customer escalation\"\n"
                "    },\n    {\n      \"id\": \"cthr_def456\",\n"
                "      \"object\": \"chatkit.thread\",\n      \"title\": \"Demo feedback\"\n    }\n"
                "  ],\n  \"has_more\": false,\n  \"object\": \"list\"\n}\n");
    g_assert_cmpuint(page->elements->len, ==, 2);
    g_autoptr(CkThread) thread = ck_decode_thread(g_array_index(page->elements, CkSlice, 1), NULL);
    g_assert_cmpstr(thread->id, ==, "cthr_def456");
    g_assert_cmpstr(thread->title, ==, "Demo feedback");
    g_assert_null(thread->user);
    g_assert_null(thread->status);
    g_assert_cmpint(thread->created_at, ==, 0);
}

/* A listing that can't be read is an error and never a short one. */
static void refuses_what_is_no_page(void)
{
    static const char *const bodies[] = {
        "",
        "<html>502 Bad Gateway</html>",
        "{\"data\":[{\"id\":\"a\"},{\"id\":",
        "{\"data\":[{\"id\":\"a\"}],\"has_more\":false",
        "{\"data\":[],\"has_more\":false} x",
        "[]",
        "null",
        "{}",
        "{\"has_more\":false}",
        "{\"data\":null,\"has_more\":false}",
        "{\"data\":{},\"has_more\":false}",
        "{\"data\":\"[]\",\"has_more\":false}",
        "{\"data\":[]}",
        "{\"data\":[],\"has_more\":null}",
        "{\"data\":[],\"has_more\":0}",
        "{\"data\":[],\"has_more\":\"false\"}",
        "{\"data\":[],\"has_more\":false,\"first_id\":1}",
        "{\"data\":[],\"has_more\":false,\"last_id\":1}",
        "{\"data\":[],\"has_more\":false,\"last_id\":{\"id\":\"x\"}}",
        "{\"data\":[],\"has_more\":false,\"last_id\":false}",
        "{\"error\":{\"message\":\"no\"}}",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) body = bytes(bodies[i]);
        say(bodies[i]);
        g_assert_null(ck_decode_page(body, &error));
        g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    }
}

static void finds_the_id_of_an_element(void)
{
    static const struct {
        const char *element, *id;
    } cases[] = {
        {"{\"id\":\"cthi_1\"}", "cthi_1"},
        {"{ \"type\":\"x\", \"id\" : \"a\\u0062\" }", "ab"},
        {"{\"id\":\"\\ud83d\"}", REPLACED},
        {"{\"id\":\"\"}", NULL},
        {"{\"id\":null}", NULL},
        {"{\"id\":7}", NULL},
        {"{\"id\":[\"a\"]}", NULL},
        {"{\"ID\":\"a\"}", NULL},
        {"{\"x\":{\"id\":\"a\"}}", NULL},
        {"{}", NULL},
        {"[\"id\"]", NULL},
        {"\"id\"", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *id = ck_decode_id(slice(cases[i].element));
        g_assert_cmpstr(id, ==, cases[i].id);
    }
}

/* Threads */

static CkThread *thread_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    CkThread *thread = ck_decode_thread(slice(text), &error);
    g_assert_no_error(error);
    g_assert_nonnull(thread);
    assert_slice(thread->json, text);
    return thread;
}

static void reads_a_full_thread(void)
{
    g_autoptr(CkThread) thread =
        thread_of("{\"id\":\"cthr_1\",\"object\":\"chatkit.thread\",\"created_at\":1712345600,"
                  "\"title\":\"Caf\\u00e9 \\ud83e\\udd86\",\"user\":\"user_456\","
                  "\"status\":{\"type\":\"locked\",\"reason\":\"in review\"}}");
    g_assert_cmpstr(thread->id, ==, "cthr_1");
    g_assert_cmpstr(thread->title, ==, "Caf\xc3\xa9 \xf0\x9f\xa6\x86");
    g_assert_cmpstr(thread->user, ==, "user_456");
    g_assert_cmpstr(thread->status, ==, "locked");
    g_assert_cmpstr(thread->reason, ==, "in review");
    g_assert_cmpint(thread->created_at, ==, 1712345600);
}

static void reads_a_status_in_every_form(void)
{
    static const struct {
        const char *status, *word, *reason;
    } cases[] = {
        {"{\"type\":\"active\"}", "active", NULL},
        {"{\"type\":\"closed\",\"reason\":null}", "closed", NULL},
        {"{\"type\":\"closed\",\"reason\":\"\"}", "closed", ""},
        {"{\"type\":\"archived\",\"reason\":\"old\"}", "archived", "old"},
        {"\"active\"", "active", NULL},
        {"{}", NULL, NULL},
        {"{\"type\":1,\"reason\":2}", NULL, NULL},
        {"[\"active\"]", NULL, NULL},
        {"null", NULL, NULL},
        {"7", NULL, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("{\"id\":\"x\",\"status\":%s}", cases[i].status);
        g_autoptr(CkThread) thread = thread_of(text);
        g_assert_cmpstr(thread->status, ==, cases[i].word);
        g_assert_cmpstr(thread->reason, ==, cases[i].reason);
    }
}

static void takes_fields_of_a_wrong_type_as_not_given(void)
{
    static const char *const values[] = {"null", "true", "7", "[\"x\"]", "{\"x\":\"y\"}"};
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"id\":\"x\",\"title\":%s,\"user\":%s,\"status\":%s}", values[i],
                            values[i], values[i]);
        g_autoptr(CkThread) thread = thread_of(text);
        g_assert_null(thread->title);
        g_assert_null(thread->user);
        g_assert_null(thread->status);
        g_assert_null(thread->reason);
    }
}

static void takes_only_sensible_times(void)
{
    static const struct {
        const char *created_at;
        gint64 seconds;
    } cases[] = {
        {"1712345600", 1712345600},
        {"1712345600.75", 1712345600},
        {"1.7e9", 1700000000},
        {"1", 1},
        {"0", 0},
        {"-5", 0},
        {"1e16", 0},
        {"1e400", 0},
        {"\"1712345600\"", 0},
        {"true", 0},
        {"null", 0},
        {"[1]", 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"id\":\"x\",\"created_at\":%s}", cases[i].created_at);
        g_autoptr(CkThread) thread = thread_of(text);
        g_autoptr(CkItem) item = ck_decode_item(slice(text));
        g_assert_cmpint(thread->created_at, ==, cases[i].seconds);
        g_assert_cmpint(item->created_at, ==, cases[i].seconds);
    }
}

static void repairs_the_strings_of_a_thread(void)
{
    g_autoptr(CkThread) thread =
        thread_of("{\"id\":\"x\",\"title\":\"a\\ud83d\\u0000b\xff\",\"user\":\"\\q\"}");
    g_assert_cmpstr(thread->title, ==,
                    "a" REPLACED "\xe2\x90\x80"
                    "b" REPLACED);
    g_assert_cmpstr(thread->user, ==, REPLACED);
}

static void a_thread_needs_an_id(void)
{
    static const char *const texts[] = {
        "{}", "{\"id\":null}",    "{\"id\":\"\"}", "{\"id\":7}", "{\"title\":\"x\"}",
        "[]", "[{\"id\":\"x\"}]", "\"id\"",        "null",       "7"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ck_decode_thread(slice(texts[i]), &error));
        g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    }
}

/* Items */

static void describe_field(GString *out, const char *name, const char *value)
{
    if (value)
        g_string_append_printf(out, " %s=%s", name, value);
}

/* The parts in one line, e.g. "text text=Hello; source label=a.pdf". */
static char *describe_parts(const CkItem *item)
{
    static const char *const kinds[] = {"text",       "quote",  "code", "json",
                                        "attachment", "source", "task", "note"};
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < item->parts->len; i++) {
        const CkPart *part = g_ptr_array_index(item->parts, i);
        g_string_append_printf(out, "%s%s", i > 0 ? "; " : "", kinds[part->kind]);
        describe_field(out, "text", part->text);
        describe_field(out, "label", part->label);
        describe_field(out, "url", part->url);
        describe_field(out, "detail", part->detail);
    }
    return g_string_free(out, FALSE);
}

static CkItem *item_of(const char *text)
{
    CkItem *item = ck_decode_item(slice(text));
    assert_slice(item->json, text);
    say(text);
    return item;
}

/* members: what stands beside the type. */
typedef struct {
    const char *members, *parts;
} PartsCase;

/* Every case, in both spellings of the type. */
static void assert_parts(const char *type, const char *role, const PartsCase *cases, gsize n_cases)
{
    static const char *const prefixes[] = {"", "chatkit."};
    for (gsize i = 0; i < n_cases * G_N_ELEMENTS(prefixes); i++) {
        const PartsCase *this = &cases[i / G_N_ELEMENTS(prefixes)];
        g_autofree char *text = g_strdup_printf("{\"id\":\"cthi_1\",\"type\":\"%s%s\"%s%s}",
                                                prefixes[i % G_N_ELEMENTS(prefixes)], type,
                                                *this->members ? "," : "", this->members);
        g_autoptr(CkItem) item = item_of(text);
        g_autofree char *parts = describe_parts(item);
        g_assert_cmpstr(item->id, ==, "cthi_1");
        g_assert_cmpstr(item->role, ==, role);
        g_assert_true(item->finished);
        g_assert_cmpstr(parts, ==, this->parts);
    }
}

static void reads_a_full_item(void)
{
    g_autoptr(CkItem) item = item_of(
        "{\"id\":\"cthi_user_001\",\"object\":\"chatkit.thread_item\",\"created_at\":1712345600,"
        "\"thread_id\":\"cthr_1\",\"type\":\"chatkit.user_message\","
        "\"content\":[{\"type\":\"input_text\",\"text\":\"Hello\"}],\"attachments\":[],"
        "\"inference_options\":{\"tool_choice\":null,\"model\":null}}");
    g_autofree char *parts = describe_parts(item);
    g_assert_cmpstr(item->id, ==, "cthi_user_001");
    g_assert_cmpstr(item->role, ==, "user");
    g_assert_cmpint(item->created_at, ==, 1712345600);
    g_assert_true(item->finished);
    g_assert_cmpstr(parts, ==, "text text=Hello");
}

static void reads_user_messages(void)
{
    static const PartsCase cases[] = {
        {"\"content\":[{\"type\":\"input_text\",\"text\":\"one\\ntwo\"},"
         "{\"type\":\"quoted_text\",\"text\":\"three\"}]",
         "text text=one\ntwo; quote text=three"},
        {"\"content\":[{\"type\":\"chatkit.quoted_text\",\"text\":\"q\"}]", "quote text=q"},
        {"\"content\":[{\"type\":\"input_text\",\"text\":\"see\"}],\"attachments\":["
         "{\"type\":\"image\",\"id\":\"f1\",\"name\":\"a.png\",\"mime_type\":\"image/png\","
         "\"preview_url\":\"https://x/a\"},"
         "{\"type\":\"file\",\"id\":\"f2\",\"name\":\"b.pdf\",\"mime_type\":\"application/pdf\","
         "\"preview_url\":null},{\"id\":\"f3\"}]",
         "text text=see; attachment label=a.png url=https://x/a detail=image/png; "
         "attachment label=b.pdf detail=application/pdf; attachment label=f3"},
        {"\"inference_options\":{\"tool_choice\":{\"id\":\"search\"},\"model\":\"gpt-5\"}",
         "note text=model: gpt-5, tool: search"},
        {"\"inference_options\":{\"tool_choice\":{\"id\":\"search\"},\"model\":null}",
         "note text=tool: search"},
        {"\"inference_options\":{\"tool_choice\":null,\"model\":\"gpt-5\"}",
         "note text=model: gpt-5"},
        {"\"inference_options\":null", ""},
        /* fields that are missing or not as documented */
        {"", ""},
        {"\"content\":null,\"attachments\":null", ""},
        {"\"content\":[],\"attachments\":[]", ""},
        {"\"content\":\"just text\"", "text text=just text"},
        {"\"content\":[{\"text\":\"no type\"}]", "text text=no type"},
        {"\"content\":[{\"type\":7,\"text\":\"a\"}]", "text text=a"},
        {"\"content\":7", "json text=7 label=Content"},
        {"\"content\":[7,\"a\"]", "json text=7 label=Content; text text=a"},
        {"\"content\":[{\"type\":\"input_text\",\"text\":7}]",
         "json text={\"type\":\"input_text\",\"text\":7} label=Content"},
        {"\"content\":[{\"type\":\"input_image\",\"caption\":\"a cat\",\"size\":[1,2]}]",
         "text text=a cat; json text={\"type\":\"input_image\",\"caption\":\"a cat\","
         "\"size\":[1,2]} label=Content"},
        {"\"attachments\":\"x\",\"inference_options\":\"x\"", ""},
        {"\"attachments\":[7,{\"name\":7}]", "json text=7 label=Attachment; "
                                             "json text={\"name\":7} label=Attachment"},
        {"\"attachments\":[{\"name\":\"a\",\"preview_url\":7,\"mime_type\":[]}]",
         "attachment label=a"},
    };
    assert_parts("user_message", "user", cases, G_N_ELEMENTS(cases));
}

static void reads_assistant_messages(void)
{
    static const PartsCase cases[] = {
        {"\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[]},"
         "{\"type\":\"output_text\",\"text\":\"b\"}]",
         "text text=a; text text=b"},
        {"\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":["
         "{\"type\":\"file\",\"source\":{\"type\":\"file\",\"filename\":\"a.pdf\"}},"
         "{\"type\":\"url\",\"source\":{\"type\":\"url\",\"url\":\"https://x/\"}},"
         "{\"type\":\"url\",\"source\":{\"url\":\"https://y/\",\"title\":\"Y\"}}]}]",
         "text text=a; source label=a.pdf; source label=https://x/ url=https://x/; "
         "source label=Y url=https://y/"},
        {"\"content\":[{\"text\":\"a\",\"annotations\":[{\"type\":\"file\",\"source\":7},"
         "{\"type\":\"new\",\"title\":\"T\"},null]}]",
         "text text=a; json text={\"type\":\"file\",\"source\":7} label=Annotation; "
         "text text=T; json text={\"type\":\"new\",\"title\":\"T\"} label=Annotation; "
         "json text=null label=Annotation"},
        {"\"content\":[{\"text\":\"a\",\"annotations\":\"x\"},{\"text\":\"b\",\"annotations\":7}]",
         "text text=a; text text=b"},
        {"", ""},
        {"\"content\":null", ""},
    };
    assert_parts("assistant_message", "assistant", cases, G_N_ELEMENTS(cases));
}

static void reads_widgets(void)
{
    static const PartsCase cases[] = {
        {"\"widget\":\"{\\\"type\\\":\\\"Card\\\",\\\"children\\\":[{\\\"type\\\":\\\"Title\\\","
         "\\\"value\\\":\\\"Seats\\\"},{\\\"type\\\":\\\"Button\\\",\\\"label\\\":\\\"12A\\\","
         "\\\"icon\\\":\\\"seat\\\"}]}\"",
         "text text=Seats; text text=12A; code text={\"type\":\"Card\",\"children\":[{\"type\":"
         "\"Title\",\"value\":\"Seats\"},{\"type\":\"Button\",\"label\":\"12A\","
         "\"icon\":\"seat\"}]} label=Widget"},
        {"\"widget\":\"<Card>not JSON</Card>\"", "code text=<Card>not JSON</Card> label=Widget"},
        {"\"widget\":\"\"", "code text= label=Widget"},
        {"\"widget\":{\"type\":\"Text\",\"value\":\"hi\"}",
         "text text=hi; json text={\"type\":\"Text\",\"value\":\"hi\"} label=Widget"},
        {"\"widget\":7", "json text=7 label=Widget"},
    };
    assert_parts("widget", "widget", cases, G_N_ELEMENTS(cases));
}

static void a_widget_without_a_payload_shows_all_of_itself(void)
{
    g_autoptr(CkItem) item = item_of("{\"type\":\"widget\",\"title\":\"T\"}");
    g_autofree char *parts = describe_parts(item);
    g_assert_cmpstr(parts, ==,
                    "text text=T; json text={\"type\":\"widget\",\"title\":\"T\"} "
                    "label=Widget");
}

static void reads_tool_calls(void)
{
    static const PartsCase cases[] = {
        {"\"status\":\"completed\",\"call_id\":\"call_1\",\"name\":\"get_order\","
         "\"arguments\":\"{\\\"id\\\": 7}\",\"output\":\"\\\"shipped\\\"\"",
         "text text=**get_order** (call_1, completed); "
         "json text={\"id\": 7} label=Arguments; "
         "json text=\"shipped\" label=Output"},
        {"\"call_id\":\"call_1\",\"name\":\"f\",\"output\":null", "text text=**f** (call_1)"},
        {"\"status\":\"failed\",\"name\":\"f\"", "text text=**f** (failed)"},
        {"", "text text=**a tool**"},
        {"\"status\":7,\"call_id\":7,\"name\":7", "text text=**a tool**"},
    };
    assert_parts("client_tool_call", "tool", cases, G_N_ELEMENTS(cases));
}

static void reads_tasks(void)
{
    static const PartsCase cases[] = {
        {"\"task_type\":\"thought\",\"heading\":\"Looking\",\"summary\":\"Found it\"",
         "task text=Found it label=Looking detail=thought"},
        {"\"task_type\":\"custom\",\"heading\":null,\"summary\":null", "task detail=custom"},
        {"\"heading\":7,\"summary\":[],\"task_type\":{}", "task"},
        {"", "task"},
    };
    assert_parts("task", "task", cases, G_N_ELEMENTS(cases));
}

static void reads_task_groups(void)
{
    static const PartsCase cases[] = {
        {"\"tasks\":[{\"type\":\"custom\",\"heading\":\"A\",\"summary\":\"a\"},"
         "{\"type\":\"thought\",\"heading\":null,\"summary\":\"b\"}]",
         "task text=a label=A detail=custom; task text=b detail=thought"},
        {"\"tasks\":[7,null]", "task; task"},
        {"\"tasks\":[]", ""},
        {"\"tasks\":\"x\"", ""},
        {"", ""},
    };
    assert_parts("task_group", "tasks", cases, G_N_ELEMENTS(cases));
}

static void shows_types_it_does_not_know(void)
{
    static const struct {
        const char *text, *role, *parts;
    } cases[] = {
        {"{\"type\":\"chatkit.workflow\",\"n\":9007199254740993,\"steps\":[{\"title\":\"S\"}]}",
         "workflow",
         "text text=S; json text={\"type\":\"chatkit.workflow\",\"n\":9007199254740993,"
         "\"steps\":[{\"title\":\"S\"}]} label=Item"},
        {"{\"id\":\"i\",\"object\":\"o\",\"thread_id\":\"t\",\"type\":\"x\",\"says\":[\"A\",{"
         "\"by\":\"B\"},"
         "\"\"]}",
         "x",
         "text text=A; text text=B; json text={\"id\":\"i\",\"object\":\"o\",\"thread_id\":\"t\","
         "\"type\":\"x\",\"says\":[\"A\",{\"by\":\"B\"},\"\"]} label=Item"},
        {"{\"type\":\"a/b c\"}", "a-b-c", "json text={\"type\":\"a/b c\"} label=Item"},
        {"{\"type\":7,\"text\":\"T\"}", "item",
         "text text=T; json text={\"type\":7,\"text\":\"T\"} label=Item"},
        {"{ }", "item", "json text={ } label=Item"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkItem) item = item_of(cases[i].text);
        g_autofree char *parts = describe_parts(item);
        g_assert_cmpstr(item->role, ==, cases[i].role);
        g_assert_cmpstr(parts, ==, cases[i].parts);
        g_assert_true(item->finished);
    }
}

static void only_a_tool_call_in_progress_is_unfinished(void)
{
    static const struct {
        const char *text;
        gboolean finished;
    } cases[] = {
        {"{\"type\":\"chatkit.client_tool_call\",\"status\":\"in_progress\"}", FALSE},
        {"{\"type\":\"client_tool_call\",\"status\":\"in_progress\"}", FALSE},
        {"{\"type\":\"client_tool_call\",\"status\":\"completed\"}", TRUE},
        {"{\"type\":\"client_tool_call\",\"status\":null}", TRUE},
        {"{\"type\":\"client_tool_call\"}", TRUE},
        {"{\"type\":\"user_message\",\"status\":\"in_progress\"}", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkItem) item = item_of(cases[i].text);
        g_assert_cmpint(item->finished, ==, cases[i].finished);
    }
}

static void an_item_needs_no_id(void)
{
    static const char *const ids[] = {"null", "\"\"", "7", "{}"};
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *text = g_strdup_printf("{\"id\":%s,\"type\":\"task\"}", ids[i]);
        g_autoptr(CkItem) item = item_of(text);
        g_assert_null(item->id);
        g_assert_cmpstr(item->role, ==, "task");
    }
}

static void what_is_no_object_becomes_a_note(void)
{
    static const char *const texts[] = {"null", "7", "\"text\"", "true", "[]", "[{\"id\":\"x\"}]"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(CkItem) item = item_of(texts[i]);
        const CkPart *part = g_ptr_array_index(item->parts, 0);
        g_assert_null(item->id);
        g_assert_cmpstr(item->role, ==, "item");
        g_assert_true(item->finished);
        g_assert_cmpuint(item->parts->len, ==, 1);
        g_assert_cmpint(part->kind, ==, CK_PART_NOTE);
    }
}

/* 64 levels are looked into. Of a deeper item there is what is not too deep, and a note. */
static void shows_what_is_not_too_deep(void)
{
    static const char members[] = "\"type\":\"user_message\",\"content\":[{\"text\":\"T\"}],";
    g_autofree char *shallow = nested(64, members);
    g_autofree char *deep = nested(66, members);
    g_autoptr(CkItem) shallow_item = item_of(shallow);
    g_autoptr(CkItem) deep_item = item_of(deep);
    g_autofree char *shallow_parts = describe_parts(shallow_item);
    g_autofree char *deep_parts = describe_parts(deep_item);
    g_assert_cmpstr(shallow_parts, ==, "text text=T");
    g_assert_cmpstr(deep_item->role, ==, "user");
    g_assert_cmpuint(deep_item->parts->len, ==, 2);
    g_assert_true(g_str_has_prefix(deep_parts, "text text=T; note text="));
}

static void looks_into_items_of_any_width(void)
{
    g_autoptr(GString) text = g_string_new("{\"type\":\"user_message\",\"content\":[");
    for (guint i = 0; i < 1000; i++)
        g_string_append_printf(text, "%s{\"text\":\"T\"}", i > 0 ? "," : "");
    g_string_append(text, "]}");
    g_autoptr(CkItem) item = item_of(text->str);
    g_assert_cmpstr(item->role, ==, "user");
    g_assert_cmpuint(item->parts->len, ==, 1000);
}

static void repairs_the_strings_of_an_item(void)
{
    g_autoptr(CkItem) item = item_of("{\"id\":\"x\",\"type\":\"user_message\",\"content\":["
                                     "{\"text\":\"a\\ud83d b\"},{\"text\":\"c\\u0000d\xff\"},"
                                     "{\"text\":\"\\ud83e\\udd86\"}]}");
    g_autofree char *parts = describe_parts(item);
    g_assert_cmpstr(parts, ==,
                    "text text=a" REPLACED " b; text text=c\xe2\x90\x80"
                    "d" REPLACED "; text text=\xf0\x9f\xa6\x86");
}

/* Error objects */

static void reads_error_objects(void)
{
    static const struct {
        const char *body, *message, *code;
    } cases[] = {
        {"{\"error\":{\"message\":\"Incorrect API key\",\"type\":\"invalid_request_error\","
         "\"param\":null,\"code\":\"invalid_api_key\"}}",
         "Incorrect API key", "invalid_api_key"},
        {"{\"error\":{\"message\":\"No\",\"code\":null}}", "No", NULL},
        {"{\"error\":{\"code\":\"x\"}}", NULL, "x"},
        {"{\"error\":{\"message\":[],\"code\":7}}", NULL, NULL},
        {"{\"error\":{\"message\":\"a\\ud83d\"}}", "a" REPLACED, NULL},
        {"{\"error\":\"No\"}", NULL, NULL},
        {"{\"error\":null}", NULL, NULL},
        {"{\"message\":\"No\",\"code\":\"x\"}", NULL, NULL},
        {"[]", NULL, NULL},
        {"", NULL, NULL},
        {"<html>", NULL, NULL},
        {"{\"error\":{\"message\":\"cut", NULL, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) body = bytes(cases[i].body);
        g_autofree char *message = NULL, *code = NULL;
        ck_decode_error(body, &message, &code);
        g_assert_cmpstr(message, ==, cases[i].message);
        g_assert_cmpstr(code, ==, cases[i].code);
    }
}

/* What renderers take is valid UTF-8, and all of it. */
static void shows_unknown_types_as_valid_text(void)
{
    static const char broken[] = "{\"type\":\"x\",\"n\":1,\"a\":\"b\0c\xfc\"}";
    g_autofree char *copy = g_memdup2(broken, sizeof broken - 1);
    g_autoptr(CkItem) item = ck_decode_item((CkSlice){copy, sizeof broken - 1});
    const CkPart *all = g_ptr_array_index(item->parts, item->parts->len - 1);
    g_assert_cmpint(all->kind, ==, CK_PART_JSON);
    g_assert_true(g_utf8_validate(all->text, -1, NULL));
    g_assert_true(g_str_has_prefix(all->text, "{\"type\":\"x\",\"n\":1,\"a\":\"b"));
    g_assert_true(g_str_has_suffix(all->text, "c" REPLACED "\"}"));
}

/* As ck_json_member() does, and jq: of members with the same name the last one counts. */
static void of_several_members_the_last_counts(void)
{
    static const char text[] = "{\"id\":\"a\",\"id\":\"b\"}";
    g_autofree char *id = ck_decode_id(slice(text));
    g_autoptr(CkThread) thread = thread_of(text);
    g_autoptr(CkItem) item = item_of(text);
    g_assert_cmpstr(id, ==, "b");
    g_assert_cmpstr(thread->id, ==, "b");
    g_assert_cmpstr(item->id, ==, "b");
}

/* cJSON would take many times the size of it in memory. */
static void looks_into_so_many_values_and_no_more(void)
{
    GString *text = g_string_new("{\"id\":\"x\",\"type\":\"user_message\",\"zeros\":[0");
    for (int i = 0; i < 200000; i++)
        g_string_append(text, ",0");
    g_string_append(text, "],\"content\":[{\"type\":\"input_text\",\"text\":\"hi\"}]}");
    g_autoptr(CkItem) item = item_of(text->str);
    g_autofree char *parts = describe_parts(item);
    g_assert_cmpstr(item->id, ==, "x");
    g_assert_true(g_str_has_prefix(parts, "text text=hi; note "));
    g_string_free(text, TRUE);
}

/* One thread with a strange new field shall not cost the listing. */
static void a_deep_thread_is_a_thread_still(void)
{
    g_autofree char *text = nested(66, "\"title\":\"T\",");
    g_autoptr(CkThread) thread = thread_of(text);
    g_autoptr(CkItem) item = item_of(text);
    g_assert_cmpstr(thread->id, ==, "x");
    g_assert_cmpstr(thread->title, ==, "T");
    g_assert_cmpstr(item->id, ==, "x");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/page/full", reads_a_full_page);
    g_test_add_func("/decode/page/elements", cuts_elements_out_as_they_came);
    g_test_add_func("/decode/page/lifetime", elements_live_as_long_as_their_page);
    g_test_add_func("/decode/page/no-cursors", cursors_may_be_missing);
    g_test_add_func("/decode/page/cursors", decodes_cursors);
    g_test_add_func("/decode/page/reference", reads_the_example_of_the_reference);
    g_test_add_func("/decode/page/bad", refuses_what_is_no_page);
    g_test_add_func("/decode/id", finds_the_id_of_an_element);
    g_test_add_func("/decode/thread/full", reads_a_full_thread);
    g_test_add_func("/decode/thread/status", reads_a_status_in_every_form);
    g_test_add_func("/decode/thread/wrong-types", takes_fields_of_a_wrong_type_as_not_given);
    g_test_add_func("/decode/thread/times", takes_only_sensible_times);
    g_test_add_func("/decode/thread/broken-strings", repairs_the_strings_of_a_thread);
    g_test_add_func("/decode/thread/no-id", a_thread_needs_an_id);
    g_test_add_func("/decode/item/full", reads_a_full_item);
    g_test_add_func("/decode/item/user-message", reads_user_messages);
    g_test_add_func("/decode/item/assistant-message", reads_assistant_messages);
    g_test_add_func("/decode/item/widget", reads_widgets);
    g_test_add_func("/decode/item/widget-without-payload",
                    a_widget_without_a_payload_shows_all_of_itself);
    g_test_add_func("/decode/item/client-tool-call", reads_tool_calls);
    g_test_add_func("/decode/item/task", reads_tasks);
    g_test_add_func("/decode/item/task-group", reads_task_groups);
    g_test_add_func("/decode/item/unknown-type", shows_types_it_does_not_know);
    g_test_add_func("/decode/item/finished", only_a_tool_call_in_progress_is_unfinished);
    g_test_add_func("/decode/item/no-id", an_item_needs_no_id);
    g_test_add_func("/decode/item/no-object", what_is_no_object_becomes_a_note);
    g_test_add_func("/decode/item/deep", shows_what_is_not_too_deep);
    g_test_add_func("/decode/item/wide", looks_into_items_of_any_width);
    g_test_add_func("/decode/item/broken-strings", repairs_the_strings_of_an_item);
    g_test_add_func("/decode/error", reads_error_objects);
    g_test_add_func("/decode/item/unknown-type-broken", shows_unknown_types_as_valid_text);
    g_test_add_func("/decode/duplicate-members", of_several_members_the_last_counts);
    g_test_add_func("/decode/thread/deep", a_deep_thread_is_a_thread_still);
    g_test_add_func("/decode/item/many-values", looks_into_so_many_values_and_no_more);
    return g_test_run();
}
