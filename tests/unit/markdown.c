/* SPDX-License-Identifier: MIT */
#include "markdown.h"

#include <string.h>

#define SEED 20240607

typedef struct {
    const char *text, *closer; /* closer: NULL where nothing is left open */
} CloserCase;

/* What stands behind the text, its closer and an empty line begins a block of its own. */
static void assert_closed(const char *text, const char *closer)
{
    g_autofree char *closed = g_strconcat(text, "\n", closer ? closer : "", "\n\n", NULL);
    g_autofree char *followed = g_strconcat(closed, "next\n\n~~~~~~~~~", NULL);
    g_autofree char *left = ck_markdown_closer(closed);
    g_autofree char *next = ck_markdown_closer(followed);
    g_assert_cmpstr(left, ==, NULL);
    g_assert_cmpstr(next, ==, "~~~~~~~~~");
}

/* Each case as it is, with a line break behind it, and with the line breaks of Windows. */
static void assert_closers(const CloserCase *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *ended = g_strconcat(cases[i].text, "\n", NULL);
        g_auto(GStrv) lines = g_strsplit(ended, "\n", -1);
        g_autofree char *windows = g_strjoinv("\r\n", lines);
        const char *const texts[] = {cases[i].text, ended, windows};
        g_autofree char *line = g_strescape(cases[i].text, NULL);
        g_test_message("%s", line);
        for (gsize k = 0; k < G_N_ELEMENTS(texts); k++) {
            g_autofree char *closer = ck_markdown_closer(texts[k]);
            g_assert_cmpstr(closer, ==, cases[i].closer);
            assert_closed(texts[k], closer);
        }
    }
}

/* Fences */

static void closes_fences(void)
{
    static const CloserCase cases[] = {
        {"```", "```"},
        {"```\ncode", "```"},
        {"```c\ncode\n\nmore", "```"},
        {"~~~", "~~~"},
        {"~~~ `a` ```\ncode", "~~~"},
        {"`````\n```", "`````"},
        {"~~~~\n~~~\n````", "~~~~"},
        {"text\n```\ncode", "```"},
        {"# heading\n```", "```"},
        {"   ```\ncode", "```"},
        /* these do not end it */
        {"```\n~~~", "```"},
        {"```\n``", "```"},
        {"```\n``` x", "```"},
        {"```\n    ```", "```"},
        {"```\n> ```", "```"},
        {"```\n- ```", "```"},
        {"```\n\t```", "```"},
        {"````\n```\n", "````"},
        {"```\n<!-- -->", "```"},
        /* the second is opened behind the first */
        {"```\n```\n```", "```"},
        {"```\n```\n~~~~", "~~~~"},
    };
    assert_closers(cases, G_N_ELEMENTS(cases));
}

static void knows_what_is_no_open_fence(void)
{
    static const CloserCase cases[] = {
        {"", NULL},
        {"\n\n", NULL},
        {"text", NULL},
        {"``", NULL},
        {"~~", NULL},
        {"a ```", NULL},
        {"```code```", NULL},
        {"``` a`b", NULL},
        {"    ```", NULL},
        {"\t```", NULL},
        {"  \t```", NULL},
        {"a\n    ```", NULL},
        {"\\```", NULL},
        {"```\n```", NULL},
        {"```\n`````", NULL},
        {"```\n   ```  \t", NULL},
        {"~~~ a ~~~\ncode\n~~~", NULL},
        {"````\n```\n````", NULL},
        {"   ```\n```", NULL},
        {"```\n\n\n```", NULL},
        {"| ``` |", NULL},
    };
    assert_closers(cases, G_N_ELEMENTS(cases));
}

/* HTML blocks (CommonMark 4.6), the numbers are those of the spec */

static void closes_html_blocks(void)
{
    static const CloserCase cases[] = {
        /* 1 */
        {"<script>", "</script>"},
        {"<script>\nlet a = `\n\n```", "</script>"},
        {"<PRE class=\"a\">\ncode", "</pre>"},
        {"<style\ntype=a>", "</style>"},
        {"<textarea>a\n\nb", "</textarea>"},
        {"<pre\t>", "</pre>"},
        {"<pre>\n</div>", "</pre>"},
        {"text\n<pre>", "</pre>"},
        {"   <script>", "</script>"},
        {"<pre>\n< /pre>", "</pre>"},
        {"<pre>\n</pre >", "</pre>"},
        /* 2 */
        {"<!--", "-->"},
        {"<!-- a\n\nb", "-->"},
        {"<!-- a\n-- >\n->", "-->"},
        {"text\n<!-- a", "-->"},
        {"<!-- <b>\n```", "-->"},
        {"<!-- a --> <!-- b -->\n<!-- c", "-->"},
        /* 3 */
        {"<?", "?>"},
        {"<?php\n\necho '>';", "?>"},
        /* 4 */
        {"<!DOCTYPE html", ">"},
        {"<!DOCTYPE\n\nhtml", ">"},
        /* 5 */
        {"<![CDATA[", "]]>"},
        {"<![CDATA[ a ]]\n\n>", "]]>"},
    };
    assert_closers(cases, G_N_ELEMENTS(cases));
}

static void knows_what_is_no_open_html_block(void)
{
    static const CloserCase cases[] = {
        /* 1 */
        {"<script>a</script>", NULL},
        {"<script>\na\n</script>", NULL},
        {"<pre>\n</PRE> b", NULL},
        {"<pre>\n</style>", NULL}, /* any of the four ends it */
        {"<script>\n\n</textarea>", NULL},
        {"<prefix>", NULL},
        {"<pre/>", NULL},
        {"</pre>", NULL},
        {"</script>", NULL},
        {"a <pre>", NULL},
        {"    <pre>", NULL},
        {"< pre>", NULL},
        /* 2 */
        {"<!-- a -->", NULL},
        {"<!-->", NULL},
        {"<!-- a\n\nb -->", NULL},
        {"a <!-- b", NULL},
        {"\\<!-- a", NULL},
        {"    <!-- a", NULL},
        {"<!- a", NULL},
        /* 3 */
        {"<?php ?>", NULL},
        {"<?\n?> a", NULL},
        /* 4 */
        {"<!DOCTYPE html>", NULL},
        {"<!D\n\n>", NULL},
        {"<! a", NULL},
        {"<!1", NULL},
        /* 5 */
        {"<![CDATA[ a ]]>", NULL},
        {"<![CDATA[\n\n]]>", NULL},
        {"<![cdata", NULL},
        /* 6 */
        {"<div>", NULL},
        {"<DIV\n```", NULL},
        {"</td>\n<!--", NULL},
        {"<p\n<?", NULL},
        {"<hr/>\n```", NULL},
        {"text\n<table>\n```", NULL},
        /* 7 */
        {"<b>", NULL},
        {"<b>\n```", NULL},
        {"</a >\n<!--", NULL},
        {"<my-tag a b=c d='e' f=\"g\" :h />\n```", NULL},
    };
    assert_closers(cases, G_N_ELEMENTS(cases));
}

/* Behind an empty line, or where they can't be, HTML blocks of the kinds 6 and 7 hide no fence. */
static void html_blocks_end_with_an_empty_line(void)
{
    static const CloserCase cases[] = {
        {"<div>\n\n```", "```"},
        {"<div>\n \t\n<!--", "-->"},
        {"<b>\n\n```", "```"},
        {"<divs\n```", "```"},
        {"<div+>\n```", "```"},
        {"text\n<b>\n```", "```"}, /* this one can't interrupt a paragraph */
        {"<b> text\n```", "```"},
        {"<b\n```", "```"},
        {"<1>\n```", "```"},
        {"</b a>\n```", "```"},
        {"<b a=>\n```", "```"},
        {"<b a='>\n```", "```"},
        {"<b a=\"b\"c>\n```", "```"},
        {"<https://x/>\n```", "```"},
        {"<b/ >\n```", "```"},
        {"# heading\n<b>\n```", NULL},
    };
    assert_closers(cases, G_N_ELEMENTS(cases));
}

/* Containers */

static void quotes_end_with_all_they_hold(void)
{
    static const CloserCase cases[] = {
        {"> ```", NULL},          {"> ```\n> code", NULL},   {">```\ncode", NULL},
        {"> ```\n```", "```"},    {"> <!--", NULL},          {"> <!--\na -->", NULL},
        {"> > ```", NULL},        {"> - ```", NULL},         {"- > ```", NULL},
        {"1. > <pre>", NULL},     {"> text\n```", "```"},    {"> text\nlazy\n```", "```"},
        {"> text\n<!--", "-->"},  {"> text\n    ```", NULL}, {"> ```\n> ```\n```", "```"},
        {"   > ```", NULL},       {"    > ```\n```", "```"}, {">\t```", NULL},
        {">     ```\n> a", NULL}, {"> ```\n\n> ```", NULL},  {"> ```\n\n```", "```"},
    };
    assert_closers(cases, G_N_ELEMENTS(cases));
}

static void closes_what_is_open_in_a_list_item(void)
{
    static const CloserCase cases[] = {
        {"- ```", "  ```"},
        {"- ```\n  code", "  ```"},
        {"* a\n\n  ```\n\n  code", "  ```"},
        {"+ <!--", "  -->"},
        {"1. ```", "   ```"},
        {"10) <pre>", "    </pre>"},
        {"123456789. ~~~~", "           ~~~~"},
        {"-   ```", "    ```"},
        {"  - ```", "    ```"},
        {"- - ```", "    ```"},
        {"- 1. <?", "     ?>"},
        {"- a\n  - b\n    ```\n    code", "    ```"},
        {"-\t```", "    ```"},
        {"-\n  ```", "  ```"},
        {"-     code\n\n  ```", "  ```"},
        {"-    ```", "     ```"},
        {"-\t- ```", "      ```"},
    };
    assert_closers(cases, G_N_ELEMENTS(cases));
}

static void knows_where_a_list_item_ends(void)
{
    static const CloserCase cases[] = {
        {"- ```\ncode", NULL},
        {"- ```\n  ```", NULL},
        {"- ```\n```", "```"},
        {"- a\n```", "```"},
        {"- a\n\n```", "```"},
        {"- a\nlazy\n```", "```"},
        {"- a\n\n  b\n<!--", "-->"},
        {"- <!--\n-->", NULL},
        {"- ```\n- b", NULL},
        {"-     ```", NULL},   /* indented code in the item */
        {"-\n\n  ```", "```"}, /* an item begins with one empty line at most */
        {"- a\n\n      ```", NULL},
        {"a\n-     ```", NULL},
        {"- a\n 1. ```\n", "    ```"},
        {"1234567890. ```", NULL},
        {"-```", NULL},
        {"1.```", NULL},
        {"1 ```", NULL},
        {"- - -\n```", "```"},
        {"* * *\n```", "```"},
        {"a\n2. ```", NULL}, /* only 1 can interrupt a paragraph */
        {"a\n1. ```", "   ```"},
        {"a\n-\n```", "```"},
        {"a\n\n2. ```", "   ```"},
        {"- a\n2. ```", "   ```"},
    };
    assert_closers(cases, G_N_ELEMENTS(cases));
}

static void counts_tabs_in_columns(void)
{
    static const CloserCase cases[] = {
        {"\t```", NULL},
        {" \t```", NULL},
        {"a\n\n\t<!--", NULL},
        {"- a\n\n\t```", "  ```"},   /* two columns are the item's, two are left */
        {"- a\n\n\t\t```", NULL},    /* six are left */
        {"1. a\n\n\t```", "   ```"}, /* one is left */
        {"-\t```\n\tcode", "    ```"},
        {"-\t```\n  ```", "```"},
        {">\t\t```\n> a", NULL},
        {"> a\n\n```\t\n\t", "```"},
        {"```\n  ```\t", NULL},
        {"-\t\t```", NULL},
        {"<pre\t\n", "</pre>"},
    };
    assert_closers(cases, G_N_ELEMENTS(cases));
}

static void reads_headings_and_breaks_as_no_paragraphs(void)
{
    static const CloserCase cases[] = {
        {"a\n===\n<b>\n```", NULL},     {"a\n---\n<b>\n```", NULL},
        {"---\n<b>\n```", NULL},        {"a\n***\n<b>\n```", NULL},
        {"a\n= =\n<b>\n```", "```"},    {"a\n    ===\n<b>\n```", "```"},
        {"===\n<b>\n```", "```"},       {"###### a\n<b>\n```", NULL},
        {"####### a\n<b>\n```", "```"}, {"#a\n<b>\n```", "```"},
        {"#\n<b>\n```", NULL},          {"> a\n===\n<b>\n```", "```"}, /* lazy: no underline */
        {"> a\n---\n<b>\n```", NULL},   {"    a\n<b>\n```", NULL},
        {"a\n    b\n<b>\n```", "```"},  {"__*\n<b>\n```", "```"},
        {"_ _ _\t\n<b>\n```", NULL},
    };
    assert_closers(cases, G_N_ELEMENTS(cases));
}

/* Of a paragraph that only defines links, nothing is left to be a heading (CommonMark 4.3). */
static void definitions_of_links_are_no_headings(void)
{
    static const CloserCase cases[] = {
        {"[a]: /b\n===\n<b>\n```", "```"},
        {"[a]: /b\nc\n===\n<b>\n```", NULL},
    };
    assert_closers(cases, G_N_ELEMENTS(cases));
}

/* Joins */

typedef struct {
    const char *text, *next;
    gboolean joins;
} JoinCase;

static void assert_joins(const JoinCase *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *text = g_strescape(cases[i].text, NULL);
        g_autofree char *ended = g_strconcat(cases[i].text, "\n", NULL);
        g_test_message("\"%s\" and \"%s\"", text, cases[i].next);
        g_assert_cmpint(ck_markdown_joins(cases[i].text, cases[i].next), ==, cases[i].joins);
        g_assert_cmpint(ck_markdown_joins(ended, cases[i].next), ==, cases[i].joins);
    }
}

static void lists_join(void)
{
    static const JoinCase cases[] = {
        {"- a", "- b", TRUE},
        {"- a", "  b", TRUE},
        {"- a", "    b", TRUE},
        {"- a", "\tb", TRUE},
        {"1. a", "1. b", TRUE},
        {"1. a", "2. b", TRUE},
        {"text\n\n* a", "* b", TRUE},
        {"- a\n\n  b", "- c", TRUE},
        {"- a\n- b", "- c", TRUE},
        {"- > a", "- b", TRUE},
        {"-", "- b", TRUE},
        {"- ```\n  code\n  ```", "- b", TRUE},
        {"- a\nlazy", "- b", TRUE},
        {"- a", "-", TRUE},
        {"- a", "\n- b", TRUE},
        {"    code", "    more", TRUE},
        {"text\n\n\tcode", "    more", TRUE},
        /* what ends a list */
        {"- a", "b", FALSE},
        {"- a", "# b", FALSE},
        {"- a", "> b", FALSE},
        {"- a", "```", FALSE},
        {"- a", "-b", FALSE},
        {"- a", "1.b", FALSE},
        {"- a", "**b**", FALSE},
        {"- a\n\nb", "- c", FALSE},
        {"- a\n# b", "- c", FALSE},
        {"- a\n***", "- c", FALSE},
        {"- a\n> b", "- c", FALSE},
        /* no list */
        {"", "- b", FALSE},
        {"a", "- b", FALSE},
        {"a", "    b", FALSE},
        {"> - a", "- b", FALSE},
        {"> a", "    b", FALSE},
        {"    code\n\na", "    b", FALSE},
        {"```\n- a", "a", FALSE},
        {"a\n    - b", "- c", FALSE},
    };
    assert_joins(cases, G_N_ELEMENTS(cases));
}

static void knows_what_continues_a_list(void)
{
    static const char *const continuing[] = {
        "- a", "* a", "+ a", "-",     "-\ta",  "1. a",         "12) a",  "0.",  " a",
        "\ta", "",    "\n",  "\r\na", "  - a", "123456789. a", "- a\nb", "-\n", "1.\r\n"};
    static const char *const others[] = {
        "a",        "-a",  "--",     "1.a",           "1",   "1 a", "# a",
        "> a",      "**a", "a\n- b", "1234567890. a", ". a", "```", "<!--",
        "\302\240a"};
    for (gsize i = 0; i < G_N_ELEMENTS(continuing); i++) {
        g_test_message("%s", continuing[i]);
        g_assert_true(ck_markdown_continues_list(continuing[i]));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_test_message("%s", others[i]);
        g_assert_false(ck_markdown_continues_list(others[i]));
    }
}

/* Generated texts */

static void reads_deep_and_wide_texts(void)
{
    g_autofree char *quotes = g_strnfill(100000, '>');
    g_autoptr(GString) text = g_string_new("");
    for (guint i = 0; i < 50000; i++)
        g_string_append(text, "- ");
    g_string_append(text, "```\n");
    for (guint i = 0; i < 2000; i++)
        g_string_append_printf(text, "%.1000s\n", quotes);
    g_string_append(text, "\n<!--");
    g_autofree char *closer = ck_markdown_closer(text->str);
    g_autofree char *closer_of_quotes = ck_markdown_closer(quotes);
    g_assert_cmpstr(closer_of_quotes, ==, NULL);
    g_assert_cmpstr(closer, ==, "-->");
    assert_closed(text->str, closer);
}

/* Lines of markers and of what begins, ends or looks like a block. */
static char *random_text(GRand *random)
{
    static const char *const pieces[] = {
        "- ",    "* ",     "1. ",       "2) ",   "-",        "> ",       ">",         " ",
        "  ",    "    ",   "\t",        "```",   "~~~",      "````",     "a",         "a b",
        "`",     "<!--",   "-->",       "<?",    "?>",       "<!A",      ">",         "]]>",
        "<pre>", "</pre>", "<![CDATA[", "<div>", "<b>",      "</b>",     "<b a='c'>", "***",
        "---",   "===",    "# ",        "\\",    "<script ", "</style>", "\xc3\xa9",  "10. "};
    GString *text = g_string_new(NULL);
    for (int lines = g_rand_int_range(random, 0, 8); lines > 0; lines--) {
        for (int n = g_rand_int_range(random, 0, 5); n > 0; n--)
            g_string_append(text, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
        g_string_append(text, g_rand_int_range(random, 0, 9) ? "\n" : "\r\n");
    }
    if (g_rand_boolean(random))
        g_strchomp(text->str);
    return g_string_free(text, FALSE);
}

static void random_texts_are_closed_by_their_closer(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
    guint open = 0, indented = 0;
    for (int i = 0; i < 30000; i++) {
        g_autofree char *text = random_text(random);
        g_autofree char *closer = ck_markdown_closer(text);
        g_autofree char *line = g_strescape(text, NULL);
        g_autofree char *with_break = g_strconcat(text, "\n", NULL);
        g_autofree char *same = ck_markdown_closer(with_break);
        g_assert_cmpstr(same, ==, closer);
        g_autofree char *closed = g_strconcat(text, "\n", closer ? closer : "", "\n\n", NULL);
        g_autofree char *left = ck_markdown_closer(closed);
        if (left)
            g_test_message("%s", line);
        assert_closed(text, closer);
        open += closer != NULL;
        indented += closer && *closer == ' ';
    }
    g_assert_cmpuint(open, >, 3000);
    g_assert_cmpuint(indented, >, 300);
}

static void random_texts_join_as_long_as_something_is_open(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED + 1);
    for (int i = 0; i < 5000; i++) {
        g_autofree char *text = random_text(random);
        g_autofree char *next = random_text(random);
        g_autofree char *separated = g_strconcat(text, "\n\n<!-- -->\n\n", NULL);
        gboolean joins = ck_markdown_joins(text, next);
        g_autofree char *closer = ck_markdown_closer(text);
        g_assert_true(!joins || ck_markdown_continues_list(next));
        g_assert_false(ck_markdown_joins(text, "next"));
        if (!closer)
            g_assert_false(ck_markdown_joins(separated, next));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/markdown/fence/open", closes_fences);
    g_test_add_func("/markdown/fence/none", knows_what_is_no_open_fence);
    g_test_add_func("/markdown/html/open", closes_html_blocks);
    g_test_add_func("/markdown/html/none", knows_what_is_no_open_html_block);
    g_test_add_func("/markdown/html/empty-line", html_blocks_end_with_an_empty_line);
    g_test_add_func("/markdown/quote", quotes_end_with_all_they_hold);
    g_test_add_func("/markdown/item/open", closes_what_is_open_in_a_list_item);
    g_test_add_func("/markdown/item/end", knows_where_a_list_item_ends);
    g_test_add_func("/markdown/tabs", counts_tabs_in_columns);
    g_test_add_func("/markdown/paragraphs", reads_headings_and_breaks_as_no_paragraphs);
    g_test_add_func("/markdown/link-definitions", definitions_of_links_are_no_headings);
    g_test_add_func("/markdown/joins", lists_join);
    g_test_add_func("/markdown/continues-list", knows_what_continues_a_list);
    g_test_add_func("/markdown/deep-and-wide", reads_deep_and_wide_texts);
    g_test_add_func("/markdown/random/closers", random_texts_are_closed_by_their_closer);
    g_test_add_func("/markdown/random/joins", random_texts_join_as_long_as_something_is_open);
    return g_test_run();
}
