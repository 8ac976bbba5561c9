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
    static const char heading[] = "## user · no time\n\n";
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
        {951827696, "## assistant · 2000-02-29 12:34:56 UTC\n\n"},
        {2147483647, "## assistant · 2038-01-19 03:14:07 UTC\n\n"},
        {2147483648, "## assistant · 2038-01-19 03:14:08 UTC\n\n"},
        {4294967296, "## assistant · 2106-02-07 06:28:16 UTC\n\n"},
        {253402300799, "## assistant · 9999-12-31 23:59:59 UTC\n\n"},
        {253402300800, "## assistant · no time\n\n"},
        {0, "## assistant · no time\n\n"},
        {1000000000000000, "## assistant · no time\n\n"}, /* later than any calendar goes */
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
        {{CK_PART_TEXT, .text = "# not *escaped* `<b>`\n"}, "# not *escaped* `<b>`\n\n"},
        {{CK_PART_TEXT, .text = "one\r\ntwo\r\n"}, "one\ntwo\n\n"},
        {{CK_PART_TEXT, .text = "one\rtwo\r"}, "one\xe2\x90\x8dtwo\xe2\x90\x8d\n\n"},
        {{CK_PART_TEXT, .text = "a\tb"}, "a\tb\n\n"},
        {{CK_PART_TEXT, .text = "caf\xc3\xa9 \xf0\x9f\xa6\x86"},
         "caf\xc3\xa9 \xf0\x9f\xa6\x86\n\n"},
        {{CK_PART_TEXT, .text = ""}, "\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

/* It must not change how what follows is read; see markdown.c for how. */
static void text_is_escaped_and_closed_where_it_has_to_be(void)
{
    static const PartCase cases[] = {
        {{CK_PART_TEXT, .text = "```\ncode"}, "```\ncode\n```\n\n"},
        {{CK_PART_TEXT, .text = "```\ncode\n"}, "```\ncode\n```\n\n"},
        {{CK_PART_TEXT, .text = "```\r\ncode\r\n"}, "```\ncode\n```\n\n"},
        {{CK_PART_TEXT, .text = "```\x1b\n"}, "```\xe2\x90\x9b\n```\n\n"},
        {{CK_PART_TEXT, .text = "a\n<!-- b"}, "a\n\\<!-- b\n\n"},
        {{CK_PART_TEXT, .text = "[1]: /u\n"}, "\\[1]: /u\n\n"},
        {{CK_PART_TEXT, .text = "## user · no time"}, "\\## user · no time\n\n"},
        {{CK_PART_QUOTE, .text = "[1]: /u\n<b>"}, "> \\[1]: /u\n> \\<b>\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void nothing_joins_the_list_before_it(void)
{
    static const struct {
        const CkPart parts[2];
        const char *markdown;
    } cases[] = {
        {{{CK_PART_TEXT, .text = "- a"}, {CK_PART_TEXT, .text = "- b"}},
         "- a\n\n<!-- -->\n\n- b\n\n"},
        {{{CK_PART_TEXT, .text = "1. a\n"}, {CK_PART_TEXT, .text = "1. b\n"}},
         "1. a\n\n<!-- -->\n\n1. b\n\n"},
        {{{CK_PART_TEXT, .text = "- a"}, {CK_PART_TEXT, .text = "  b"}},
         "- a\n\n<!-- -->\n\n  b\n\n"},
        {{{CK_PART_TEXT, .text = "    a"}, {CK_PART_TEXT, .text = "    b"}},
         "    a\n\n<!-- -->\n\n    b\n\n"},
        {{{CK_PART_TEXT, .text = "- a"}, {CK_PART_TEXT, .text = "b"}}, "- a\n\nb\n\n"},
        {{{CK_PART_TEXT, .text = "a"}, {CK_PART_TEXT, .text = "- b"}}, "a\n\n- b\n\n"},
        {{{CK_PART_TEXT, .text = "> - a"}, {CK_PART_TEXT, .text = "- b"}}, "> - a\n\n- b\n\n"},
        {{{CK_PART_ATTACHMENT, .label = "a"}, {CK_PART_TEXT, .text = "- b"}},
         "Attachments:\n\n- a\n\n<!-- -->\n\n- b\n\n"},
        {{{CK_PART_SOURCE, .label = "a"}, {CK_PART_TEXT, .text = "1. b"}},
         "Sources:\n\n1. a\n\n<!-- -->\n\n1. b\n\n"},
        {{{CK_PART_SOURCE, .label = "a"}, {CK_PART_TEXT, .text = "b"}},
         "Sources:\n\n1. a\n\nb\n\n"},
        {{{CK_PART_BULLET, .text = "a"}, {CK_PART_TEXT, .text = "- b"}},
         "- a\n\n<!-- -->\n\n- b\n\n"},
        {{{CK_PART_TEXT, .text = "- a"}, {CK_PART_BULLET, .text = "b"}},
         "- a\n\n<!-- -->\n\n- b\n\n"},
        {{{CK_PART_TEXT, .text = "- a"}, {CK_PART_QUOTE, .text = "b"}}, "- a\n\n> b\n\n"},
        {{{CK_PART_TEXT, .text = "- a"}, {CK_PART_SOURCE, .label = "b"}},
         "- a\n\nSources:\n\n1. b\n\n"},
        {{{CK_PART_QUOTE, .text = "- a"}, {CK_PART_TEXT, .text = "- b"}}, "> - a\n\n- b\n\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = parts_text(cases[i].parts, 2);
        g_assert_cmpstr(text, ==, cases[i].markdown);
    }
}

/* What is no Markdown is read as it is. */
static void plain_text_is_escaped(void)
{
    static const PartCase cases[] = {
        {{CK_PART_PLAIN, .text = "plain, (really) 100%!"}, "plain, (really) 100%!\n\n"},
        {{CK_PART_PLAIN, .text = "# a"}, "\\# a\n\n"},
        {{CK_PART_PLAIN, .text = "- a\n+ b\n* c"}, "\\- a\n\\+ b\n\\* c\n\n"},
        {{CK_PART_PLAIN, .text = "1. a\n12) b"}, "1\\. a\n12\\) b\n\n"},
        {{CK_PART_PLAIN, .text = "> a"}, "\\> a\n\n"},
        {{CK_PART_PLAIN, .text = "a\n==="}, "a\n\\===\n\n"},
        {{CK_PART_PLAIN, .text = "a\n---"}, "a\n\\---\n\n"},
        {{CK_PART_PLAIN, .text = "___"}, "\\_\\_\\_\n\n"},
        {{CK_PART_PLAIN, .text = "~~~"}, "\\~~~\n\n"},
        {{CK_PART_PLAIN, .text = "```"}, "\\`\\`\\`\n\n"},
        {{CK_PART_PLAIN, .text = "    code"}, "code\n\n"},
        {{CK_PART_PLAIN, .text = "\t# a"}, "\\# a\n\n"},
        {{CK_PART_PLAIN, .text = "<!-- a"}, "\\<!-- a\n\n"},
        {{CK_PART_PLAIN, .text = "*a* _b_ snake_case `c`"},
         "\\*a\\* \\_b\\_ snake_case \\`c\\`\n\n"},
        {{CK_PART_PLAIN, .text = "&amp; &#38; &#x26; & AT&T"},
         "\\&amp; \\&#38; \\&#x26; & AT&T\n\n"},
        {{CK_PART_PLAIN, .text = "[12A] a[1]"}, "[12A] a[1]\n\n"},
        {{CK_PART_PLAIN, .text = "[a](b)"}, "\\[a\\](b)\n\n"},
        {{CK_PART_PLAIN, .text = "![a](b)"}, "!\\[a\\](b)\n\n"},
        {{CK_PART_PLAIN, .text = "[a][b]"}, "\\[a\\]\\[b\\]\n\n"},
        {{CK_PART_PLAIN, .text = "[a]: b"}, "\\[a\\]: b\n\n"},
        {{CK_PART_PLAIN, .text = "a] b["}, "a\\] b\\[\n\n"},
        {{CK_PART_PLAIN, .text = "C:\\dir \\* \\"}, "C:\\dir \\\\\\* \\\\\n\n"},
        {{CK_PART_PLAIN, .text = "a\n\nb"}, "a\n\nb\n\n"},
        {{CK_PART_PLAIN, .text = "a\r\nb"}, "a\nb\n\n"},
        {{CK_PART_PLAIN, .text = "a\x1b"}, "a\xe2\x90\x9b\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void a_run_of_bullets_is_one_list(void)
{
    static const CkPart parts[] = {
        {CK_PART_BULLET, .text = "a · [b]"}, {CK_PART_BULLET, .text = "- c"},
        {CK_PART_BULLET, .text = "d\ne"},    {CK_PART_PLAIN, .text = "f"},
        {CK_PART_BULLET, .text = "*g*"},
    };
    g_autofree char *text = parts_text(parts, G_N_ELEMENTS(parts));
    g_assert_cmpstr(text, ==, "- a · [b]\n- \\- c\n- d e\n\nf\n\n- \\*g\\*\n\n");
}

static void a_link_stands_by_itself(void)
{
    static const PartCase cases[] = {
        {{CK_PART_LINK, .label = "a cat", .url = "https://x/a.png"},
         "[a cat](https://x/a.png)\n\n"},
        {{CK_PART_LINK, .label = "https://x/_a_", .url = "https://x/_a_"},
         "[https://x/\\_a\\_](https://x/_a_)\n\n"},
        {{CK_PART_LINK, .label = "a\nb", .url = "x\ny"}, "[a b](x%0Ay)\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void a_quote_has_a_mark_before_every_line(void)
{
    static const PartCase cases[] = {
        {{CK_PART_QUOTE, .text = "one"}, "> one\n\n"},
        {{CK_PART_QUOTE, .text = "one\n\n> two"}, "> one\n>\n> > two\n\n"},
        {{CK_PART_QUOTE, .text = "one\r\n\r\ntwo"}, "> one\n>\n> two\n\n"},
        {{CK_PART_QUOTE, .text = "one\n"}, "> one\n\n"},
        {{CK_PART_QUOTE, .text = "one\n\n"}, "> one\n>\n\n"},
        {{CK_PART_QUOTE, .text = "a\rb\r"},
         "> a\xe2\x90\x8d"
         "b\xe2\x90\x8d\n\n"},
        {{CK_PART_QUOTE, .text = "```\ncode"}, "> ```\n> code\n> ```\n\n"},
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
        {{CK_PART_CODE, .text = "a\r\nb\r\n", .label = "Output"}, "Output:\n\n```\na\nb\n```\n\n"},
        {{CK_PART_JSON, .text = "[NaN,\"\\u00e9\\/\"]", .label = "Output"},
         "Output:\n\n```json\n[\n  NaN,\n  \"\xc3\xa9/\"\n]\n```\n\n"},
        {{CK_PART_JSON, .text = "\"a\x1b\"", .label = "Output"},
         "Output:\n\n```json\n\"a\xe2\x90\x9b\"\n```\n\n"},
        {{CK_PART_CODE, .text = "[\"\\u0061\"]", .label = "Widget"},
         "Widget:\n\n```json\n[\"\\u0061\"]\n```\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

/* Else a few kilobytes of "[[[…0,0,0" would become many megabytes of indentation. */
static void deep_json_is_not_indented(void)
{
    g_autofree char *open = g_strnfill(CK_JSON_SHOW_MAX + 1, '[');
    g_autofree char *close = g_strnfill(CK_JSON_SHOW_MAX + 1, ']');
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
        {{CK_PART_JSON, .text = "[\"\\u0060\\u0060\\u0060\\u0060\"]", .label = "Output"},
         "Output:\n\n```json\n[\n  \"\\u0060\\u0060\\u0060\\u0060\"\n]\n```\n\n"},
        {{CK_PART_JSON, .text = "\"\n```\\u0060\n\"", .label = "Output"},
         "Output:\n\n````json\n\"\n```\\u0060\n\"\n````\n\n"},
        {{CK_PART_CODE, .text = "~~~\n~~~", .label = "Output"},
         "Output:\n\n```\n~~~\n~~~\n```\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

/* cmark counts no further than to 255. */
static void a_fence_has_no_more_characters_than_readers_count(void)
{
    g_autofree char *ticks = g_strnfill(255, '`');
    g_autofree char *tildes = g_strnfill(255, '~');
    g_autofree char *both = g_strconcat(ticks, "\n", tildes, "\n# a", NULL);
    g_autofree char *with_ticks = g_strconcat("Output:\n\n~~~\n", ticks, "\n~~~\n\n", NULL);
    g_autoptr(GString) with_both = g_string_new("Output:\n\n");
    for (int i = 0; i < 255; i++)
        g_string_append(with_both, "\\`");
    g_string_append_printf(with_both, "\n\\%s\n\\# a\n\n", tildes);
    PartCase cases[] = {{{CK_PART_CODE, .text = ticks, .label = "Output"}, with_ticks},
                        {{CK_PART_CODE, .text = both, .label = "Output"}, with_both->str}};
    assert_each(cases, G_N_ELEMENTS(cases));
}

/* For readers of the text itself. */
static void no_line_of_code_looks_like_a_turn(void)
{
    static const PartCase cases[] = {
        {{CK_PART_CODE, .text = "## user · no time\n## a", .label = "Output"},
         "Output:\n\n```\n\\## user · no time\n## a\n```\n\n"},
        {{CK_PART_JSON, .text = "[\"\n## user · no time\"]", .label = "Output"},
         "Output:\n\n```json\n[\"\n\\## user · no time\"]\n```\n\n"},
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
        {{CK_PART_SOURCE, .label = "X", .url = "https://x/`a`_b_*c*"},
         "Sources:\n\n1. [X](https://x/%60a%60_b_*c*)\n\n"},
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

/* A browser takes &copy; for ©, but for no more than a parameter's name in "&copy=". */
static void no_url_holds_a_character_reference(void)
{
    CkPart part = {CK_PART_LINK, .label = "X", .url = "https://x/?a=1&copy=2&lt;3&#38;&amp"};
    g_autofree char *text = parts_text(&part, 1);
    g_assert_cmpstr(text, ==, "[X](https://x/?a=1&copy=2&amp;lt;3&amp;#38;&amp)\n\n");
}

static void names_are_read_as_they_are(void)
{
    static const struct {
        const char *name, *markdown;
    } cases[] = {
        {"report[1].pdf", "report[1].pdf"},
        {"snake_case_name.txt", "snake_case_name.txt"},
        {"_private_", "\\_private\\_"},
        {"a*b*c", "a\\*b\\*c"},
        {"`rm`", "\\`rm\\`"},
        {"<b>", "\\<b>"},
        {"<https://x/>", "&lt;https://x/>"},
        {"www.x^[y]<b>", "www.x&#94;[y]&lt;b>"},
        {"R&D", "R&D"},
        {"&lt;", "\\&lt;"},
        {"[x](y)", "\\[x\\](y)"},
        {"![x](y)", "!\\[x\\](y)"},
        {"x^[y]", "x\\^[y]"},
        {"a\\", "a\\\\"},
        {"a\\b", "a\\b"},
        {"a\\.b", "a\\\\.b"},
        {"a b", "a b"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CkPart parts[] = {
            {CK_PART_ATTACHMENT, .label = cases[i].name},
            {CK_PART_SOURCE, .label = cases[i].name, .url = "x"},
            {CK_PART_HEADING, .label = cases[i].name, .detail = cases[i].name},
            {CK_PART_LINK, .label = cases[i].name, .url = "x"},
        };
        CkThread thread = {.title = (char *)cases[i].name};
        const char *name = cases[i].markdown;
        g_autofree char *text = parts_text(parts, G_N_ELEMENTS(parts));
        g_autofree char *head = head_text(&thread);
        g_autofree char *expected =
            g_strdup_printf("Attachments:\n\n- %s\n\nSources:\n\n1. [%s](x)\n\n**%s** (%s)\n\n"
                            "[%s](x)\n\n",
                            name, name, name, name, name);
        g_autofree char *title = g_strdup_printf("\n# %s\n\n", name);
        g_assert_cmpstr(text, ==, expected);
        g_assert_true(g_str_has_suffix(head, title));
    }
}

/* Where a name begins a line or an item, it could begin a block. */
static void a_name_begins_no_block(void)
{
    static const struct {
        const char *name, *markdown;
    } cases[] = {
        {"# a", "\\# a"},     {"- a", "\\- a"},       {"+ a", "\\+ a"},     {"* a", "\\* a"},
        {"> a", "\\> a"},     {"1. a", "1\\. a"},     {"12) a", "12\\) a"}, {"~~~", "\\~~~"},
        {"---", "\\---"},     {" # a", "\\# a"},      {"     a", "a"},      {"\t- a", "\\- a"},
        {"```", "\\`\\`\\`"}, {"<!-- a", "\\<!-- a"}, {"a # b", "a # b"},   {"2024", "2024"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CkPart part = {CK_PART_ATTACHMENT, .label = cases[i].name};
        g_autofree char *text = parts_text(&part, 1);
        g_autofree char *expected = g_strdup_printf("Attachments:\n\n- %s\n\n", cases[i].markdown);
        g_assert_cmpstr(text, ==, expected);
    }
}

static void a_heading_is_bold_with_its_detail_behind_it(void)
{
    static const PartCase cases[] = {
        {{CK_PART_HEADING, .label = "Looking", .detail = "thought"}, "**Looking** (thought)\n\n"},
        {{CK_PART_HEADING, .label = "Looking"}, "**Looking**\n\n"},
        {{CK_PART_HEADING, .label = "Two\nlines\x07"}, "**Two lines\xe2\x90\x87**\n\n"},
        {{CK_PART_HEADING, .label = " a "}, "**a**\n\n"},
        {{CK_PART_HEADING, .label = ""}, "**(untitled)**\n\n"},
        {{CK_PART_HEADING, .label = " \n\t", .detail = "custom"}, "**(untitled)** (custom)\n\n"},
        {{CK_PART_HEADING, .label = "a", .detail = "b\nc\x1b"}, "**a** (b c\xe2\x90\x9b)\n\n"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void a_line_break_of_windows_is_one_space_in_a_line(void)
{
    static const CkPart parts[] = {{CK_PART_HEADING, .label = "a\r\nb"},
                                   {CK_PART_LINK, .label = "a\r\nb", .url = "x"},
                                   {CK_PART_NOTE, .text = "a\r\nb"}};
    g_autofree char *text = parts_text(parts, G_N_ELEMENTS(parts));
    g_assert_cmpstr(text, ==, "**a b**\n\n[a b](x)\n\n_(a b)_\n\n");
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
         "## assistant · no time\n\nBecause.\n\nSources:\n\n1. log.txt\n2. "
         "[https://x/](https://x/)\n\n"},
        {"{\"type\":\"chatkit.widget\",\"widget\":\"{\\\"type\\\":\\\"Text\\\","
         "\\\"value\\\":\\\"Seat 12A\\\"}\"}",
         "## widget · no time\n\nSeat 12A\n\nWidget:\n\n```json\n"
         "{\"type\":\"Text\",\"value\":\"Seat 12A\"}\n```\n\n"},
        {"{\"type\":\"chatkit.client_tool_call\",\"status\":\"completed\",\"call_id\":\"call_1\","
         "\"name\":\"get_order\",\"arguments\":\"{\\\"id\\\":7}\",\"output\":\"not ``` JSON\"}",
         "## tool · no time\n\n**get_order** (call_1, completed)\n\nArguments:\n\n```json\n{\n  "
         "\"id\": "
         "7\n}\n"
         "```\n\nOutput:\n\n````\nnot ``` JSON\n````\n\n"},
        {"{\"type\":\"chatkit.task\",\"task_type\":\"thought\",\"heading\":\"Looking\","
         "\"summary\":\"Found it\"}",
         "## task · no time\n\n**Looking** (thought)\n\nFound it\n\n"},
        {"{\"type\":\"chatkit.task_group\",\"tasks\":[{\"type\":\"custom\",\"heading\":\"A\","
         "\"summary\":null},{\"type\":\"thought\",\"heading\":null,\"summary\":\"b\"}]}",
         "## tasks · no time\n\n**A** (custom)\n\n**Task** (thought)\n\nb\n\n"},
        {"{\"type\":\"chatkit.workflow\",\"title\":\"Refund\"}",
         "## workflow · no time\n\nRefund\n\nItem:\n\n```json\n{\n  \"type\": "
         "\"chatkit.workflow\",\n"
         "  \"title\": \"Refund\"\n}\n```\n\n"},
        {"7", "## item · no time\n\nItem:\n\n```json\n7\n```\n\n"},
        {"{\"type\":\"task\",\"heading\":\"*A*\",\"summary\":\"*b*\",\"steps\":[1],\"n\":2}",
         "## task · no time\n\n**\\*A\\***\n\n*b*\n\n_(not shown here, see the .json: steps, "
         "n)_\n\n"},
        {"{\"type\":\"user_message\",\"content\":[{\"text\":\"- a\\n- b\"},{\"text\":\"- c\"}]}",
         "## user · no time\n\n- a\n- b\n\n<!-- -->\n\n- c\n\n"},
        {"{\"type\":\"user_message\",\"content\":[{\"text\":\"```\\nlog\"}],"
         "\"attachments\":[{\"name\":\"a\"}]}",
         "## user · no time\n\n```\nlog\n```\n\nAttachments:\n\n- a\n\n"},
        {"{\"type\":\"task\",\"heading\":\"a\\ud83d\"}",
         "## task · no time\n\n**a\xef\xbf\xbd**\n\n_(1 character is no text and shown as "
         "\xef\xbf\xbd, "
         "see the .json)_\n\n"},
        {"{\"type\":\"chatkit.widget\",\"widget\":\"{\\\"type\\\":\\\"ListView\\\","
         "\\\"children\\\":["
         "{\\\"type\\\":\\\"Text\\\",\\\"value\\\":\\\"12A\\\"},{\\\"type\\\":\\\"Button\\\","
         "\\\"label\\\":\\\"Book\\\"}]}\"}",
         "## widget · no time\n\n- 12A\n- "
         "[Book]\n\nWidget:\n\n```json\n{\"type\":\"ListView\",\"children\":["
         "{\"type\":\"Text\",\"value\":\"12A\"},{\"type\":\"Button\",\"label\":\"Book\"}]}\n"
         "```\n\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkItem) item =
            ck_decode_item((CkSlice){cases[i].json, strlen(cases[i].json)}, NULL);
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
    static const struct {
        const char *title, *scalar;
    } cases[] = {{"", "\ntitle: \"\"\n"},
                 {"  ", "\ntitle: \"  \"\n"},
                 {"\n\t", "\ntitle: \"\\u000A\\u0009\"\n"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CkThread thread = {.id = (char *)"cthr_1", .title = (char *)cases[i].title};
        CkThread nameless = {.title = (char *)cases[i].title};
        g_autofree char *text = head_text(&thread);
        g_autofree char *nameless_text = head_text(&nameless);
        g_assert_nonnull(strstr(text, cases[i].scalar));
        g_assert_true(g_str_has_suffix(text, "---\n\n# cthr_1\n\n"));
        g_assert_true(g_str_has_prefix(nameless_text, "---\nid: null\n"));
        g_assert_true(g_str_has_suffix(nameless_text, "---\n\n# (no id)\n\n"));
    }
}

static void front_matter_is_yaml_whatever_the_title(void)
{
    static const struct {
        const char *title, *scalar, *heading;
    } cases[] = {
        {"a: b # c", "a: b # c", "a: b # c"},
        {"say \"hi\" \\o/", "say \\\"hi\\\" \\\\o/", "say \"hi\" \\o/"},
        {"*a* <b> [c](d)", "*a* \\u003Cb> [c](d)", "\\*a\\* \\<b> \\[c\\](d)"},
        {"</title> <!-- <? < 1 <", "\\u003C/title> \\u003C!-- \\u003C? < 1 <",
         "\\</title> \\<!-- \\<? \\< 1 \\<"},
        {"^[a] [b]", "^\\u005Ba] [b]", "\\^[a] [b]"},
        {"a\xe2\x80\xae"
         "b",
         "a\\u202Eb",
         "a\xe2\x90\xa6"
         "b"},
        {"C #", "C #", "C \\#"},
        {"C#", "C#", "C#"},
        {"a\r\nb", "a\\u000D\\u000Ab", "a b"},
        {"two\n---\nlines", "two\\u000A---\\u000Alines", "two --- lines"},
        {"tab\t", "tab\\u0009", "tab\t"},
        {"\x1b[2J", "\\u001B[2J", "\xe2\x90\x9b\\[2J"},
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
    g_test_add_func("/render/part/text-closed", text_is_escaped_and_closed_where_it_has_to_be);
    g_test_add_func("/render/part/lists-apart", nothing_joins_the_list_before_it);
    g_test_add_func("/render/part/plain", plain_text_is_escaped);
    g_test_add_func("/render/part/bullets", a_run_of_bullets_is_one_list);
    g_test_add_func("/render/part/link-alone", a_link_stands_by_itself);
    g_test_add_func("/render/part/quote", a_quote_has_a_mark_before_every_line);
    g_test_add_func("/render/part/code", code_stands_in_a_fence);
    g_test_add_func("/render/part/fence-deep", deep_json_is_not_indented);
    g_test_add_func("/render/part/fence", no_text_can_end_its_fence);
    g_test_add_func("/render/part/fence-long", a_fence_has_no_more_characters_than_readers_count);
    g_test_add_func("/render/part/fence-turns", no_line_of_code_looks_like_a_turn);
    g_test_add_func("/render/part/link", attachments_and_sources_are_links_where_they_have_a_url);
    g_test_add_func("/render/part/list", a_run_of_attachments_or_sources_is_one_list);
    g_test_add_func("/render/part/heading", a_heading_is_bold_with_its_detail_behind_it);
    g_test_add_func("/render/part/names", names_are_read_as_they_are);
    g_test_add_func("/render/part/names-in-lists", a_name_begins_no_block);
    g_test_add_func("/render/part/references", no_url_holds_a_character_reference);
    g_test_add_func("/render/part/line-breaks", a_line_break_of_windows_is_one_space_in_a_line);
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
