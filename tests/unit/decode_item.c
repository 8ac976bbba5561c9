/* SPDX-License-Identifier: MIT */
#include "parts.h"

#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

/* {"id":"x","deep":[[…]]} with that many levels in all. */
static char *nested(guint depth, const char *other_members)
{
    g_autofree char *open = g_strnfill(depth - 1, '[');
    g_autofree char *close = g_strnfill(depth - 1, ']');
    return g_strdup_printf("{\"id\":\"x\",%s\"deep\":%s%s}", other_members, open, close);
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
        g_autoptr(CkItem) item = parts_item(text);
        g_autofree char *parts = parts_describe(item);
        g_assert_cmpstr(item->role, ==, role);
        g_assert_true(item->finished);
        g_assert_cmpstr(parts, ==, this->parts);
    }
}

static void reads_a_full_item(void)
{
    g_autoptr(CkItem) item = parts_item(
        "{\"id\":\"cthi_user_001\",\"object\":\"chatkit.thread_item\",\"created_at\":1712345600,"
        "\"thread_id\":\"cthr_1\",\"type\":\"chatkit.user_message\","
        "\"content\":[{\"type\":\"input_text\",\"text\":\"Hello\"}],\"attachments\":[],"
        "\"inference_options\":{\"tool_choice\":null,\"model\":null}}");
    g_autofree char *parts = parts_describe(item);
    g_assert_cmpstr(item->role, ==, "user");
    g_assert_cmpint(item->created_at, ==, 1712345600);
    g_assert_true(item->finished);
    g_assert_cmpstr(parts, ==, "text text=Hello");
}

static void takes_only_sensible_times(void)
{
    static const struct {
        const char *created_at;
        gint64 seconds;
    } cases[] = {{"1712345600", 1712345600},
                 {"1712345600.75", 1712345600},
                 {"\"1712345600\"", 0},
                 {"-5", 0},
                 {"null", 0},
                 {"NaN", 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("{\"created_at\":%s}", cases[i].created_at);
        g_autoptr(CkItem) item = parts_item(text);
        g_assert_cmpint(item->created_at, ==, cases[i].seconds);
    }
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
        {"\"attachments\":\"x\",\"inference_options\":\"x\"",
         "note text=not shown here, see the .json: attachments, inference_options"},
        {"\"content\":false", "json text=false label=Content"},
        {"\"content\":{\"text\":\"a\"}", "text text=a; json text={\"text\":\"a\"} label=Content"},
        {"\"content\":NaN", ""},
        {"\"content\":[null]", "json text=null label=Content"},
        {"\"content\":[NaN]", "json text=NaN label=Content"},
        {"\"content\":[{\"text\":\"a\"}],\"inference_options\":{\"model\":7}",
         "text text=a; note text=not shown here, see the .json: inference_options"},
        {"\"inference_options\":{\"model\":\"m\",\"tool_choice\":\"auto\"}",
         "note text=model: m; note text=not shown here, see the .json: inference_options"},
        {"\"inference_options\":{\"model\":null,\"tool_choice\":{\"id\":7}}",
         "note text=not shown here, see the .json: inference_options"},
        {"\"inference_options\":{}", ""},
        {"\"content\":[{\"text\":\"a\"},{\"type\":\"audio\",\"seconds\":2.50,\"n\":"
         "9007199254740993}]",
         "text text=a; json text={\"type\":\"audio\",\"seconds\":2.50,\"n\":9007199254740993} "
         "label=Content"},
        {"\"attachments\":[7,{\"name\":7}]", "json text=7 label=Attachment; "
                                             "json text={\"name\":7} label=Attachment"},
        {"\"attachments\":[{\"name\":\"a\",\"preview_url\":7,\"mime_type\":[]}]",
         "attachment label=a"},
        {"\"attachments\":[{\"id\":\"f\",\"name\":\"\",\"type\":\"file\",\"mime_type\":\"\"}]",
         "attachment label=f detail=file"},
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
         "text text=a; json text=\"x\" label=Annotations; text text=b; "
         "json text=7 label=Annotations"},
        {"\"content\":[{\"text\":\"a\",\"annotations\":{\"title\":\"T\",\"n\":1.0}},"
         "{\"text\":\"b\",\"annotations\":null}]",
         "text text=a; text text=T; json text={\"title\":\"T\",\"n\":1.0} label=Annotations; "
         "text text=b"},
        {"\"content\":[{\"text\":\"a\",\"annotations\":[{\"n\": 9007199254740993 }, 1e400]}]",
         "text text=a; json text={\"n\": 9007199254740993 } label=Annotation; "
         "json text=1e400 label=Annotation"},
        {"\"content\":[{\"text\":\"a\",\"annotations\":[{\"source\":{\"url\":\"\",\"title\":\"T\"}}"
         "]}]",
         "text text=a; source label=T"},
        {"\"attachments\":[{\"id\":\"f\",\"name\":\"a.png\"}],"
         "\"inference_options\":{\"model\":\"m\"}",
         "attachment label=a.png; note text=model: m"},
        {"", ""},
        {"\"content\":null", ""},
    };
    assert_parts("assistant_message", "assistant", cases, G_N_ELEMENTS(cases));
}

/* What there is to read of it is the subject of decode_widget.c. */
static void shows_the_payload_of_widgets_as_it_was_sent(void)
{
    static const PartsCase cases[] = {
        {"\"widget\":\"{\\\"type\\\":\\\"Text\\\", \\\"value\\\":\\\"hi\\\"}\"",
         "plain text=hi; code text={\"type\":\"Text\", \"value\":\"hi\"} label=Widget"},
        {"\"widget\":\"<Card>not JSON</Card>\"", "code text=<Card>not JSON</Card> label=Widget"},
        {"\"widget\":\"\"", "code text= label=Widget"},
        {"\"widget\":{ \"type\":\"Text\",\"value\":\"hi\",\"n\":9007199254740993 }",
         "plain text=hi; "
         "code text={ \"type\":\"Text\",\"value\":\"hi\",\"n\":9007199254740993 } label=Widget"},
        {"\"widget\":7", "code text=7 label=Widget"},
        {"\"widget\":[]", "code text=[] label=Widget"},
        {"\"widget\":null", ""},
        {"", ""},
        {"\"title\":\"T\"", "note text=not shown here, see the .json: title"},
        {"\"widget\":\"x\",\"copy_text\":\"x\"",
         "code text=x label=Widget; note text=not shown here, see the .json: copy_text"},
    };
    assert_parts("widget", "widget", cases, G_N_ELEMENTS(cases));
}

static void reads_tool_calls(void)
{
    static const PartsCase cases[] = {
        {"\"status\":\"completed\",\"call_id\":\"call_1\",\"name\":\"get_order\","
         "\"arguments\":\"{\\\"id\\\": 7}\",\"output\":\"\\\"shipped\\\"\"",
         "heading label=get_order detail=call_1, completed; "
         "json text={\"id\": 7} label=Arguments; "
         "json text=\"shipped\" label=Output"},
        {"\"call_id\":\"call_1\",\"name\":\"f\",\"output\":null", "heading label=f detail=call_1"},
        {"\"status\":\"failed\",\"name\":\"f\"", "heading label=f detail=failed"},
        {"", "heading label=a tool"},
        {"\"status\":7,\"call_id\":7,\"name\":7",
         "heading label=a tool; note text=not shown here, see the .json: status, call_id, name"},
        {"\"name\":\"f\",\"arguments\":{\"id\": 9007199254740993 },\"output\":[2.50]",
         "heading label=f; json text={\"id\": 9007199254740993 } label=Arguments; "
         "json text=[2.50] label=Output"},
        {"\"name\":\"f\",\"arguments\":\"\",\"output\":false",
         "heading label=f; json text= label=Arguments; json text=false label=Output"},
        {"\"name\":\"f\",\"output\":\"not JSON\",\"error\":{\"code\":1},\"took\":2.50",
         "heading label=f; json text=not JSON label=Output; "
         "note text=not shown here, see the .json: error, took"},
    };
    assert_parts("client_tool_call", "tool", cases, G_N_ELEMENTS(cases));
}

static void reads_tasks(void)
{
    static const PartsCase cases[] = {
        {"\"task_type\":\"thought\",\"heading\":\"Looking\",\"summary\":\"Found it\"",
         "heading label=Looking detail=thought; text text=Found it"},
        {"\"task_type\":\"custom\",\"heading\":null,\"summary\":null",
         "heading label=Task detail=custom"},
        {"\"heading\":\"\",\"summary\":\"s\"", "heading label=Task; text text=s"},
        {"\"heading\":7,\"summary\":[],\"task_type\":{}",
         "heading label=Task; note text=not shown here, see the .json: heading, summary, "
         "task_type"},
        {"", "heading label=Task"},
    };
    assert_parts("task", "task", cases, G_N_ELEMENTS(cases));
}

static void reads_task_groups(void)
{
    static const PartsCase cases[] = {
        {"\"tasks\":[{\"type\":\"custom\",\"heading\":\"A\",\"summary\":\"a\"},"
         "{\"type\":\"thought\",\"heading\":null,\"summary\":\"b\"}]",
         "heading label=A detail=custom; text text=a; heading label=Task detail=thought; "
         "text text=b"},
        {"\"tasks\":[7,null,[\"x\"]]",
         "json text=7 label=Task; json text=null label=Task; text text=x; "
         "json text=[\"x\"] label=Task"},
        {"\"tasks\":[{\"heading\":7,\"summary\":\"s\"},{\"summary\":{\"n\":1.0}},{}]",
         "text text=s; json text={\"heading\":7,\"summary\":\"s\"} label=Task; "
         "json text={\"summary\":{\"n\":1.0}} label=Task; heading label=Task"},
        {"\"tasks\":[]", ""},
        {"\"tasks\":\"x\"", "note text=not shown here, see the .json: tasks"},
        {"\"tasks\":{}", "note text=not shown here, see the .json: tasks"},
        {"", ""},
    };
    assert_parts("task_group", "tasks", cases, G_N_ELEMENTS(cases));
}

/* Whatever an API adds to its items, nobody takes the .md for all there is. */
static void names_the_members_that_it_does_not_show(void)
{
    static const struct {
        const char *members, *note; /* note: NULL for none */
    } cases[] = {
        {"\"object\":\"chatkit.thread_item\",\"thread_id\":\"cthr_1\",\"created_at\":1", NULL},
        {"\"object\":7,\"thread_id\":{},\"created_at\":\"now\"", "object, thread_id, created_at"},
        {"\"a\":1,\"b\":null,\"c\":false,\"d\":\"\"", "a, c, d"},
        {"\"z\":[],\"a\":{}", "z, a"},
        {"\"n\":NaN", NULL},
        {"\"heading\":\"H\",\"Heading\":\"I\"", "Heading"},
        {"\"heading\":\"H\",\"heading\":\"I\"", "heading"},
        {"\"he\\u0061ding\":\"I\"", NULL},
        {"\"caf\\u00e9 [*]\":1", "caf\xc3\xa9 [*]"},
        {"\"tasks\":[1],\"content\":[1],\"widget\":\"w\"", "tasks, content, widget"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"id\":\"x\",\"type\":\"task\",%s}", cases[i].members);
        g_autoptr(CkItem) item = parts_item(text);
        const CkPart *last = g_ptr_array_index(item->parts, item->parts->len - 1);
        g_autofree char *expected =
            g_strconcat("not shown here, see the .json: ", cases[i].note, NULL);
        g_assert_cmpint(last->kind == CK_PART_NOTE, ==, cases[i].note != NULL);
        if (cases[i].note)
            g_assert_cmpstr(last->text, ==, expected);
    }
}

static void a_time_that_no_heading_shows_is_named(void)
{
    static const char *const times[] = {"-5", "1e400", "1e16"};
    for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"id\":\"x\",\"type\":\"task\",\"created_at\":%s}", times[i]);
        g_autoptr(CkItem) item = parts_item(text);
        g_autofree char *parts = parts_describe(item);
        g_assert_cmpint(item->created_at, ==, 0);
        g_assert_cmpstr(parts, ==,
                        "heading label=Task; note text=not shown here, see the .json: created_at");
    }
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
        {"{\"type\":\"x\",\"a\":[NaN, 1e400],\"b\":2.50}", "x",
         "json text={\"type\":\"x\",\"a\":[NaN, 1e400],\"b\":2.50} label=Item"},
        {"{\"type\":\"x\",\"a\":\"b\\ud83d\"}", "x",
         "text text=b" REPLACED "; json text={\"type\":\"x\",\"a\":\"b\\ud83d\"} label=Item; "
         "note text=1 character is no text and shown as " REPLACED ", see the .json"},
        {"{\"type\":\"x\",\"created_at\":\"now\",\"deep\":[[\"D\"]]}", "x",
         "text text=now; text text=D; "
         "json text={\"type\":\"x\",\"created_at\":\"now\",\"deep\":[[\"D\"]]} label=Item"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkItem) item = parts_item(cases[i].text);
        g_autofree char *parts = parts_describe(item);
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
        g_autoptr(CkItem) item = parts_item(cases[i].text);
        g_assert_cmpint(item->finished, ==, cases[i].finished);
    }
}

static void an_item_needs_no_id(void)
{
    static const struct {
        const char *id, *parts;
    } cases[] = {
        {"null", "heading label=Task"},
        {"\"\"", "heading label=Task"},
        {"\"\\u0061\"", "heading label=Task"},
        {"7", "heading label=Task; note text=not shown here, see the .json: id"},
        {"{}", "heading label=Task; note text=not shown here, see the .json: id"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("{\"id\":%s,\"type\":\"task\"}", cases[i].id);
        g_autoptr(CkItem) item = parts_item(text);
        g_autofree char *parts = parts_describe(item);
        g_assert_cmpstr(item->role, ==, "task");
        g_assert_cmpstr(parts, ==, cases[i].parts);
    }
}

static void what_is_no_object_is_shown_as_it_was_sent(void)
{
    static const struct {
        const char *text, *parts;
    } cases[] = {
        {"null", "json text=null label=Item"},
        {"9007199254740993", "json text=9007199254740993 label=Item"},
        {"-Infinity", "json text=-Infinity label=Item"},
        {"\"text\"", "json text=\"text\" label=Item"},
        {"true", "json text=true label=Item"},
        {"[]", "json text=[] label=Item"},
        {"[{\"id\":\"x\"},\"a\"]", "text text=a; json text=[{\"id\":\"x\"},\"a\"] label=Item"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkItem) item = parts_item(cases[i].text);
        g_autofree char *parts = parts_describe(item);
        g_assert_cmpstr(item->role, ==, "item");
        g_assert_cmpint(item->created_at, ==, 0);
        g_assert_true(item->finished);
        g_assert_cmpstr(parts, ==, cases[i].parts);
    }
}

static void shows_what_is_beside_deep_members(void)
{
    static const char members[] = "\"type\":\"user_message\",\"content\":[{\"text\":\"T\"}],";
    g_autofree char *text = nested(CK_JSON_DEPTH_MAX, members);
    g_autoptr(CkItem) item = parts_item(text);
    g_autofree char *parts = parts_describe(item);
    g_assert_cmpstr(parts, ==, "text text=T; note text=not shown here, see the .json: deep");
}

/* {"type":"x","deep":[[…"T"…]]} with that many levels in all. */
static void reads_the_texts_of_all_levels(void)
{
    static const guint depths[] = {3, CK_JSON_DEPTH_MAX};
    for (gsize i = 0; i < G_N_ELEMENTS(depths); i++) {
        g_autofree char *open = g_strnfill(depths[i] - 1, '[');
        g_autofree char *close = g_strnfill(depths[i] - 1, ']');
        g_autofree char *text = g_strdup_printf("{\"type\":\"x\",\"deep\":%s\"T\"%s}", open, close);
        g_autofree char *expected = g_strdup_printf("text text=T; json text=%s label=Item", text);
        g_autoptr(CkItem) item = parts_item(text);
        g_autofree char *parts = parts_describe(item);
        g_assert_cmpstr(parts, ==, expected);
    }
}

static void shows_what_is_too_large_as_it_was_sent(void)
{
    g_autoptr(GString) values = g_string_new(NULL);
    for (guint i = 0; i < 200000; i++) /* more than are looked into */
        g_string_append(values, "0,");
    g_autofree char *array = g_strconcat("[", values->str, "\"T\"]", NULL);
    g_autofree char *unknown =
        g_strdup_printf("{\"type\":\"x\",\"text\":\"T\",\"wide\":%s}", array);
    g_autofree char *content = g_strdup_printf("{\"type\":\"user_message\",\"content\":%s}", array);
    const struct {
        const char *text, *role, *parts;
    } cases[] = {
        {array, "item", g_strconcat("json text=", array, " label=Item", NULL)},
        {unknown, "x", g_strconcat("text text=T; json text=", unknown, " label=Item", NULL)},
        {content, "user", g_strdup("note text=not shown here, see the .json: content")},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkItem) item = parts_item(cases[i].text);
        g_autofree char *parts = parts_describe(item);
        g_assert_cmpstr(item->role, ==, cases[i].role);
        g_assert_true(strcmp(parts, cases[i].parts) == 0); /* too long to be told */
        g_free((char *)cases[i].parts);
    }
}

static void looks_into_items_of_any_width(void)
{
    g_autoptr(GString) text = g_string_new("{\"type\":\"user_message\",\"content\":[");
    for (guint i = 0; i < 1000; i++)
        g_string_append_printf(text, "%s{\"text\":\"T\"}", i > 0 ? "," : "");
    g_string_append(text, "]}");
    g_autoptr(CkItem) item = parts_item(text->str);
    g_assert_cmpstr(item->role, ==, "user");
    g_assert_cmpuint(item->parts->len, ==, 1000);
}

/* A second look at what stands before each of them would make minutes of this one. */
static void looks_at_each_unknown_element_once(void)
{
    g_autoptr(GString) text = g_string_new("{\"type\":\"user_message\",\"content\":[0");
    for (guint i = 1; i < 60000; i++)
        g_string_append_printf(text, ",%u", i);
    g_string_append(text, "]}");
    g_autoptr(CkItem) item = parts_item(text->str);
    g_assert_cmpuint(item->parts->len, ==, 60000);
    const CkPart *last = g_ptr_array_index(item->parts, 59999);
    g_assert_cmpstr(last->text, ==, "59999");
}

static void repairs_the_strings_of_an_item(void)
{
    g_autoptr(CkItem) item = parts_item("{\"id\":\"x\",\"type\":\"user_message\",\"content\":["
                                        "{\"text\":\"a\\ud83d b\"},{\"text\":\"c\\u0000d\xff\"},"
                                        "{\"text\":\"\\ud83e\\udd86\"}]}");
    g_autofree char *parts = parts_describe(item);
    g_assert_cmpstr(parts, ==,
                    "text text=a" REPLACED " b; text text=c\xe2\x90\x80"
                    "d" REPLACED "; text text=\xf0\x9f\xa6\x86; "
                    "note text=2 characters are no text and shown as " REPLACED ", see the .json");
}

/* A character counts once, wherever in the item it stands. */
static void counts_what_is_no_text(void)
{
    static const struct {
        const char *members;
        guint lost;
    } cases[] = {
        {"\"type\":\"task\",\"heading\":\"H\"", 0},
        {"\"type\":\"task\",\"heading\":\"a\\u0000\\ufffd\"", 0},
        {"\"type\":\"task\",\"heading\":\"\\ud83d\"", 1},
        {"\"type\":\"task\",\"heading\":\"\\ud83d\",\"summary\":\"\xff\\x\"", 3},
        {"\"type\":\"task\",\"h\\ud83d\":null", 1},
        {"\"type\":\"x\\ud83d\"", 1},
        {"\"type\":\"widget\",\"widget\":\"{\\\"type\\\":\\\"Text\\\",\\\"value\\\":"
         "\\\"\\\\ud83d\\\"}\"",
         1},
        {"\"type\":\"widget\",\"widget\":\"\\ud83d\"", 1},
        {"\"type\":\"widget\",\"widget\":{\"type\":\"Text\",\"value\":\"\\ud83d\"}", 1},
        {"\"type\":\"client_tool_call\",\"output\":\"\\udd86\",\"arguments\":[\"\\udd86\"]", 2},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("{\"id\":\"x\",%s}", cases[i].members);
        g_autoptr(CkItem) item = parts_item(text);
        const CkPart *last = g_ptr_array_index(item->parts, item->parts->len - 1);
        g_autofree char *expected =
            g_strdup_printf("%u %s no text and shown as " REPLACED ", see the .json", cases[i].lost,
                            cases[i].lost == 1 ? "character is" : "characters are");
        if (cases[i].lost > 0)
            g_assert_cmpstr(last->text, ==, expected);
        else
            g_assert_cmpint(last->kind, !=, CK_PART_NOTE);
    }
}

static void notes_what_is_missing_before_what_is_no_text(void)
{
    g_autoptr(CkItem) item = parts_item("{\"type\":\"task\",\"a\":\"\xff\"}");
    g_autofree char *parts = parts_describe(item);
    g_assert_cmpstr(parts, ==,
                    "heading label=Task; note text=not shown here, see the .json: a; "
                    "note text=1 character is no text and shown as " REPLACED ", see the .json");
}

/* What renderers take is valid UTF-8, and all of it. */
static void shows_unknown_types_as_valid_text(void)
{
    static const char broken[] = "{\"type\":\"x\",\"n\":1,\"a\":\"b\0c\xfc\"}";
    g_autofree char *copy = g_memdup2(broken, sizeof broken - 1);
    g_autoptr(CkItem) item = ck_decode_item((CkSlice){copy, sizeof broken - 1}, NULL);
    const CkPart *all = g_ptr_array_index(item->parts, item->parts->len - 2);
    g_assert_cmpint(all->kind, ==, CK_PART_JSON);
    g_assert_true(g_utf8_validate(all->text, -1, NULL));
    g_assert_true(g_str_has_prefix(all->text, "{\"type\":\"x\",\"n\":1,\"a\":\"b"));
    g_assert_true(g_str_has_suffix(all->text, "c" REPLACED "\"}"));
}

/* cJSON would take many times the size of it in memory. */
static void looks_into_so_many_values_and_no_more(void)
{
    GString *text = g_string_new("{\"id\":\"x\",\"type\":\"user_message\",\"zeros\":[0");
    for (int i = 0; i < 200000; i++)
        g_string_append(text, ",0");
    g_string_append(text, "],\"content\":[{\"type\":\"input_text\",\"text\":\"hi\"}]}");
    g_autoptr(CkItem) item = parts_item(text->str);
    g_autofree char *parts = parts_describe(item);
    g_assert_cmpstr(parts, ==, "text text=hi; note text=not shown here, see the .json: zeros");
    g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode-item/full", reads_a_full_item);
    g_test_add_func("/decode-item/times", takes_only_sensible_times);
    g_test_add_func("/decode-item/user-message", reads_user_messages);
    g_test_add_func("/decode-item/assistant-message", reads_assistant_messages);
    g_test_add_func("/decode-item/widget", shows_the_payload_of_widgets_as_it_was_sent);
    g_test_add_func("/decode-item/client-tool-call", reads_tool_calls);
    g_test_add_func("/decode-item/task", reads_tasks);
    g_test_add_func("/decode-item/task-group", reads_task_groups);
    g_test_add_func("/decode-item/not-shown", names_the_members_that_it_does_not_show);
    g_test_add_func("/decode-item/time-not-shown", a_time_that_no_heading_shows_is_named);
    g_test_add_func("/decode-item/unknown-type", shows_types_it_does_not_know);
    g_test_add_func("/decode-item/unknown-type-broken", shows_unknown_types_as_valid_text);
    g_test_add_func("/decode-item/finished", only_a_tool_call_in_progress_is_unfinished);
    g_test_add_func("/decode-item/no-id", an_item_needs_no_id);
    g_test_add_func("/decode-item/no-object", what_is_no_object_is_shown_as_it_was_sent);
    g_test_add_func("/decode-item/deep", shows_what_is_beside_deep_members);
    g_test_add_func("/decode-item/depth", reads_the_texts_of_all_levels);
    g_test_add_func("/decode-item/large-as-sent", shows_what_is_too_large_as_it_was_sent);
    g_test_add_func("/decode-item/wide", looks_into_items_of_any_width);
    g_test_add_func("/decode-item/wide-unknown", looks_at_each_unknown_element_once);
    g_test_add_func("/decode-item/many-values", looks_into_so_many_values_and_no_more);
    g_test_add_func("/decode-item/broken-strings", repairs_the_strings_of_an_item);
    g_test_add_func("/decode-item/lost", counts_what_is_no_text);
    g_test_add_func("/decode-item/notes", notes_what_is_missing_before_what_is_no_text);
    return g_test_run();
}
