/* SPDX-License-Identifier: MIT */
#include "render.h"

#define NOON 1712318400 /* 2024-04-05 12:00:00 UTC */

/* What is rendered; counting must come to the same size. */
static char *item_text(const CkItem *item)
{
    CkSink keep = {.text = g_string_new(NULL)}, count = {0};
    ck_render_item(item, &keep);
    ck_render_item(item, &count);
    g_assert_cmpuint(keep.size, ==, keep.text->len);
    g_assert_cmpuint(count.size, ==, keep.text->len);
    g_assert_true(g_utf8_validate_len(keep.text->str, keep.text->len, NULL));
    return g_string_free(keep.text, FALSE);
}

static char *head_text(const CkThread *thread)
{
    CkSink keep = {.text = g_string_new(NULL)}, count = {0};
    ck_render_thread_head(thread, &keep);
    ck_render_thread_head(thread, &count);
    g_assert_cmpuint(count.size, ==, keep.text->len);
    g_assert_true(g_utf8_validate_len(keep.text->str, keep.text->len, NULL));
    return g_string_free(keep.text, FALSE);
}

/* An item's text below its heading. */
static char *parts_text(const CkPart *parts, gsize count)
{
    static const char heading[] = "## user\n\n";
    g_autoptr(GPtrArray) pointers = g_ptr_array_new();
    for (gsize i = 0; i < count; i++)
        g_ptr_array_add(pointers, (gpointer)&parts[i]);
    CkItem item = {.role = (char *)"user", .parts = pointers};
    g_autofree char *text = item_text(&item);
    g_assert_true(g_str_has_prefix(text, heading));
    g_assert_true(g_str_has_suffix(text, "\n\n"));
    return g_strdup(text + strlen(heading));
}

typedef struct {
    CkPart part;
    const char *markdown;
} PartCase;

static void assert_each(const PartCase *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *text = parts_text(&cases[i].part, 1);
        g_assert_cmpstr(text, ==, cases[i].markdown);
    }
}

/* Headings */

static void heads_an_item_with_role_and_time(void)
{
    static const struct {
        gint64 created_at;
        const char *heading;
    } cases[] = {
        {NOON, "## assistant · 2024-04-05 12:00:00 UTC\n\n"},
        {1, "## assistant · 1970-01-01 00:00:01 UTC\n\n"},
        {0, "## assistant\n\n"},
        {1000000000000000, "## assistant\n\n"}, /* later than any calendar goes */
    };
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CkItem item = {
            .role = (char *)"assistant", .created_at = cases[i].created_at, .parts = nothing};
        g_autofree char *text = item_text(&item);
        g_assert_cmpstr(text, ==, cases[i].heading);
    }
}

/* Parts */

static void text_stands_as_it_was_written(void)
{
    static const PartCase cases[] = {
        {{CK_PART_TEXT, .text = "Hello"}, "Hello\n\n"},
        {{CK_PART_TEXT, .text = "one\n\ntwo\n"}, "one\n\ntwo\n\n"},
        {{CK_PART_TEXT, .text = "# not *escaped* <b>\n```\n"}, "# not *escaped* <b>\n```\n\n"},
        {{CK_PART_TEXT, .text = "a\tb"}, "a\tb\n\n"},
        {{CK_PART_TEXT, .text = "caf\xc3\xa9 \xf0\x9f\xa6\x86"},
         "caf\xc3\xa9 \xf0\x9f\xa6\x86\n\n"},
        {{CK_PART_TEXT, .text = ""}, "\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void a_quote_has_a_mark_before_every_line(void)
{
    static const PartCase cases[] = {
        {{CK_PART_QUOTE, .text = "one"}, "> one\n\n"},
        {{CK_PART_QUOTE, .text = "one\n\n> two"}, "> one\n>\n> > two\n\n"},
        {{CK_PART_QUOTE, .text = "bell\x07"}, "> bell\xe2\x90\x87\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void code_stands_in_a_fence(void)
{
    static const PartCase cases[] = {
        {{CK_PART_CODE, .text = "plain", .label = "Output"}, "Output:\n\n```\nplain\n```\n\n"},
        {{CK_PART_CODE, .text = "plain\n", .label = "Output"}, "Output:\n\n```\nplain\n```\n\n"},
        {{CK_PART_CODE, .text = "", .label = "Output"}, "Output:\n\n```\n\n```\n\n"},
        {{CK_PART_JSON, .text = "{\"a\":9007199254740993}", .label = "Arguments"},
         "Arguments:\n\n```json\n{\n  \"a\": 9007199254740993\n}\n```\n\n"},
        {{CK_PART_CODE, .text = "{\"a\":1}", .label = "Widget"},
         "Widget:\n\n```json\n{\"a\":1}\n```\n\n"},
        {{CK_PART_JSON, .text = "{broken", .label = "Arguments"},
         "Arguments:\n\n```\n{broken\n```\n\n"},
        {{CK_PART_JSON, .text = "a\x1b[2J", .label = "Output"},
         "Output:\n\n```\na\xe2\x90\x9b[2J\n```\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

/* Else a few kilobytes of "[[[…0,0,0" would become many megabytes of indentation. */
static void deep_json_is_not_indented(void)
{
    g_autofree char *open = g_strnfill(17, '['), *close = g_strnfill(17, ']');
    g_autofree char *deep = g_strconcat(open, "0,0", close, NULL);
    g_autofree char *expected = g_strconcat("Output:\n\n```json\n", deep, "\n```\n\n", NULL);
    PartCase cases[] = {{{CK_PART_JSON, .text = deep, .label = "Output"}, expected}};
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void no_text_can_end_its_fence(void)
{
    static const PartCase cases[] = {
        {{CK_PART_CODE, .text = "`` two", .label = "Output"}, "Output:\n\n```\n`` two\n```\n\n"},
        {{CK_PART_CODE, .text = "```\n# out", .label = "Output"},
         "Output:\n\n````\n```\n# out\n````\n\n"},
        {{CK_PART_CODE, .text = "` `````` ```", .label = "Output"},
         "Output:\n\n```````\n` `````` ```\n```````\n\n"},
        {{CK_PART_JSON, .text = "[\"```\"]", .label = "Output"},
         "Output:\n\n````json\n[\n  \"```\"\n]\n````\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void attachments_and_sources_are_links_where_they_have_a_url(void)
{
    static const PartCase cases[] = {
        {{CK_PART_ATTACHMENT, .label = "a.png", .url = "https://x/a", .detail = "image/png"},
         "Attachments:\n\n- [a.png](https://x/a) (image/png)\n\n"},
        {{CK_PART_ATTACHMENT, .label = "b.pdf"}, "Attachments:\n\n- b.pdf\n\n"},
        {{CK_PART_SOURCE, .label = "a.pdf"}, "Sources:\n\n1. a.pdf\n\n"},
        {{CK_PART_SOURCE, .label = "X", .url = "https://x/?q=1&r=2#s"},
         "Sources:\n\n1. [X](https://x/?q=1&r=2#s)\n\n"},
        /* what would end a link */
        {{CK_PART_SOURCE, .label = "a](b) \\[c", .url = "https://x/(y)<z>\\ \n\x1b"},
         "Sources:\n\n1. [a\\](b) \\\\\\[c](https://x/%28y%29%3Cz%3E%5C%20%0A%1B)\n\n"},
        {{CK_PART_ATTACHMENT, .label = "a\nb\x1b.png", .detail = "image\n/png\x07"},
         "Attachments:\n\n- a b\xe2\x90\x9b.png (image /png\xe2\x90\x87)\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void a_run_of_attachments_or_sources_is_one_list(void)
{
    static const CkPart parts[] = {
        {CK_PART_TEXT, .text = "See"},      {CK_PART_SOURCE, .label = "a"},
        {CK_PART_SOURCE, .label = "b"},     {CK_PART_TEXT, .text = "and"},
        {CK_PART_SOURCE, .label = "c"},     {CK_PART_ATTACHMENT, .label = "d"},
        {CK_PART_ATTACHMENT, .label = "e"}, {CK_PART_NOTE, .text = "end"},
    };
    g_autofree char *text = parts_text(parts, G_N_ELEMENTS(parts));
    g_assert_cmpstr(text, ==,
                    "See\n\nSources:\n\n1. a\n2. b\n\nand\n\nSources:\n\n1. c\n\n"
                    "Attachments:\n\n- d\n- e\n\n_(end)_\n\n");
}

static void a_task_has_heading_kind_and_summary(void)
{
    static const PartCase cases[] = {
        {{CK_PART_TASK, .label = "Looking", .text = "Found\nit", .detail = "thought"},
         "**Looking** (thought)\n\nFound\nit\n\n"},
        {{CK_PART_TASK, .label = "Two\nlines\x07"}, "**Two lines\xe2\x90\x87**\n\n"},
        {{CK_PART_TASK, .text = "Found it\n"}, "Task\n\nFound it\n\n"},
        {{CK_PART_TASK, .detail = "custom"}, "Task (custom)\n\n"},
        {{CK_PART_TASK}, "Task\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void a_note_is_one_line(void)
{
    static const PartCase cases[] = {
        {{CK_PART_NOTE, .text = "model: gpt-5"}, "_(model: gpt-5)_\n\n"},
        {{CK_PART_NOTE, .text = "a\nb\x1b"}, "_(a b\xe2\x90\x9b)_\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

/* Every control character but newline and tab, in text and in lines. */
static void control_characters_show_as_pictures(void)
{
    for (gunichar c = 1; c < 0xa0; c = c == 0x1f ? 0x7f : c + 1) {
        char control[7] = {0}, shown[7] = {0};
        if (c == '\n' || c == '\t')
            continue;
        g_unichar_to_utf8(c, control);
        g_unichar_to_utf8(c < 0x20 ? 0x2400 + c : c == 0x7f ? 0x2421 : 0xfffd, shown);
        g_autofree char *text = g_strconcat("a", control, "b", NULL);
        g_autofree char *expected = g_strdup_printf("a%sb\n\n_(a%sb)_\n\n", shown, shown);
        CkPart parts[] = {{CK_PART_TEXT, .text = text}, {CK_PART_NOTE, .text = text}};
        g_autofree char *markdown = parts_text(parts, G_N_ELEMENTS(parts));
        g_assert_cmpstr(markdown, ==, expected);
    }
}

/* Items, from the API's JSON */

static void renders_each_type_of_item(void)
{
    static const struct {
        const char *json, *markdown;
    } cases[] = {
        {"{\"id\":\"cthi_1\",\"type\":\"chatkit.user_message\",\"created_at\":1712318400,"
         "\"content\":[{\"type\":\"quoted_text\",\"text\":\"It broke\\nagain\"},"
         "{\"type\":\"input_text\",\"text\":\"Why?\"}],\"attachments\":[{\"type\":\"image\","
         "\"id\":\"f\",\"name\":\"a.png\",\"mime_type\":\"image/png\",\"preview_url\":null}],"
         "\"inference_options\":{\"tool_choice\":{\"id\":\"search\"},\"model\":\"gpt-5\"}}",
         "## user · 2024-04-05 12:00:00 UTC\n\n> It broke\n> again\n\nWhy?\n\n"
         "Attachments:\n\n- a.png (image/png)\n\n_(model: gpt-5, tool: search)_\n\n"},
        {"{\"id\":\"cthi_2\",\"type\":\"assistant_message\",\"content\":[{\"type\":\"output_text\","
         "\"text\":\"Because.\",\"annotations\":[{\"type\":\"file\",\"source\":{\"type\":\"file\","
         "\"filename\":\"log.txt\"}},{\"type\":\"url\",\"source\":{\"type\":\"url\","
         "\"url\":\"https://x/\"}}]}]}",
         "## assistant\n\nBecause.\n\nSources:\n\n1. log.txt\n2. [https://x/](https://x/)\n\n"},
        {"{\"type\":\"chatkit.widget\",\"widget\":\"{\\\"type\\\":\\\"Text\\\","
         "\\\"value\\\":\\\"Seat 12A\\\"}\"}",
         "## widget\n\nSeat 12A\n\nWidget:\n\n```json\n"
         "{\"type\":\"Text\",\"value\":\"Seat 12A\"}\n```\n\n"},
        {"{\"type\":\"chatkit.client_tool_call\",\"status\":\"completed\",\"call_id\":\"call_1\","
         "\"name\":\"get_order\",\"arguments\":\"{\\\"id\\\":7}\",\"output\":\"not ``` JSON\"}",
         "## tool\n\n**get_order** (call_1, completed)\n\nArguments:\n\n```json\n{\n  \"id\": "
         "7\n}\n"
         "```\n\nOutput:\n\n````\nnot ``` JSON\n````\n\n"},
        {"{\"type\":\"chatkit.task\",\"task_type\":\"thought\",\"heading\":\"Looking\","
         "\"summary\":\"Found it\"}",
         "## task\n\n**Looking** (thought)\n\nFound it\n\n"},
        {"{\"type\":\"chatkit.task_group\",\"tasks\":[{\"type\":\"custom\",\"heading\":\"A\","
         "\"summary\":null},{\"type\":\"thought\",\"heading\":null,\"summary\":\"b\"}]}",
         "## tasks\n\n**A** (custom)\n\nTask (thought)\n\nb\n\n"},
        {"{\"type\":\"chatkit.workflow\",\"title\":\"Refund\"}",
         "## workflow\n\nRefund\n\nItem:\n\n```json\n{\n  \"type\": \"chatkit.workflow\",\n"
         "  \"title\": \"Refund\"\n}\n```\n\n"},
        {"7", "## item\n\n_(not all of this item can be shown; see its .json)_\n\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkItem) item = ck_decode_item((CkSlice){cases[i].json, strlen(cases[i].json)});
        g_autofree char *text = item_text(item);
        g_assert_cmpstr(text, ==, cases[i].markdown);
    }
}

/* Thread heads */

static void heads_a_thread_with_front_matter_and_title(void)
{
    CkThread thread = {.id = (char *)"cthr_1",
                       .title = (char *)"Customer escalation",
                       .user = (char *)"alice",
                       .status = (char *)"locked",
                       .reason = (char *)"in review",
                       .created_at = NOON};
    g_autofree char *text = head_text(&thread);
    g_assert_cmpstr(text, ==,
                    "---\nid: \"cthr_1\"\ntitle: \"Customer escalation\"\nuser: \"alice\"\n"
                    "status: \"locked\"\nreason: \"in review\"\ncreated: 2024-04-05T12:00:00Z\n"
                    "---\n\n# Customer escalation\n\n");
}

static void says_null_for_what_the_server_did_not_send(void)
{
    CkThread thread = {.id = (char *)"cthr_1"};
    g_autofree char *text = head_text(&thread);
    g_assert_cmpstr(text, ==,
                    "---\nid: \"cthr_1\"\ntitle: null\nuser: null\nstatus: null\nreason: null\n"
                    "created: null\n---\n\n# cthr_1\n\n");
}

static void a_thread_with_an_empty_title_is_headed_by_its_id(void)
{
    CkThread thread = {.id = (char *)"cthr_1", .title = (char *)""};
    g_autofree char *text = head_text(&thread);
    g_assert_nonnull(strstr(text, "\ntitle: \"\"\n"));
    g_assert_true(g_str_has_suffix(text, "---\n\n# cthr_1\n\n"));
}

static void front_matter_is_yaml_whatever_the_title(void)
{
    static const struct {
        const char *title, *scalar, *heading;
    } cases[] = {
        {"a: b # c", "a: b # c", "a: b # c"},
        {"say \"hi\" \\o/", "say \\\"hi\\\" \\\\o/", "say \"hi\" \\o/"},
        {"two\n---\nlines", "two\\u000A---\\u000Alines", "two --- lines"},
        {"tab\t", "tab\\u0009", "tab\t"},
        {"\x1b[2J", "\\u001B[2J", "\xe2\x90\x9b[2J"},
        {"\x7f\xc2\x85", "\\u007F\\u0085", "\xe2\x90\xa1\xef\xbf\xbd"},
        {"\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf", "\\u2028\\u2029\\uFEFF",
         "\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf"},
        {"caf\xc3\xa9 \xf0\x9f\xa6\x86", "caf\xc3\xa9 \xf0\x9f\xa6\x86",
         "caf\xc3\xa9 \xf0\x9f\xa6\x86"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CkThread thread = {.id = (char *)"cthr_1", .title = (char *)cases[i].title};
        g_autofree char *text = head_text(&thread);
        g_autofree char *expected =
            g_strdup_printf("---\nid: \"cthr_1\"\ntitle: \"%s\"\nuser: null\nstatus: null\n"
                            "reason: null\ncreated: null\n---\n\n# %s\n\n",
                            cases[i].scalar, cases[i].heading);
        g_assert_cmpstr(text, ==, expected);
    }
}

static void no_url_can_drive_a_terminal(void)
{
    CkPart part = {CK_PART_SOURCE, .label = "X",
                   .url = "https://x/\xc2\x9b"
                          "2J"};
    g_autofree char *text = parts_text(&part, 1);
    g_assert_null(strstr(text, "\xc2\x9b"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/render/item/heading", heads_an_item_with_role_and_time);
    g_test_add_func("/render/part/text", text_stands_as_it_was_written);
    g_test_add_func("/render/part/quote", a_quote_has_a_mark_before_every_line);
    g_test_add_func("/render/part/code", code_stands_in_a_fence);
    g_test_add_func("/render/part/fence-deep", deep_json_is_not_indented);
    g_test_add_func("/render/part/fence", no_text_can_end_its_fence);
    g_test_add_func("/render/part/link", attachments_and_sources_are_links_where_they_have_a_url);
    g_test_add_func("/render/part/list", a_run_of_attachments_or_sources_is_one_list);
    g_test_add_func("/render/part/task", a_task_has_heading_kind_and_summary);
    g_test_add_func("/render/part/note", a_note_is_one_line);
    g_test_add_func("/render/controls", control_characters_show_as_pictures);
    g_test_add_func("/render/item/types", renders_each_type_of_item);
    g_test_add_func("/render/thread/full", heads_a_thread_with_front_matter_and_title);
    g_test_add_func("/render/thread/nothing-given", says_null_for_what_the_server_did_not_send);
    g_test_add_func("/render/thread/empty-title", a_thread_with_an_empty_title_is_headed_by_its_id);
    g_test_add_func("/render/thread/yaml", front_matter_is_yaml_whatever_the_title);
    g_test_add_func("/render/part/link-controls", no_url_can_drive_a_terminal);
    return g_test_run();
}
