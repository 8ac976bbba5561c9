/* SPDX-License-Identifier: MIT */
#include "markdown.h"

#include <string.h>

#define SEED 20240607
#define TURN "assistant · 2025-10-09 08:53:30 UTC"

/* What is written; the same text must be counted as many bytes when nobody keeps them. */
static char *marked(const char *text, const char *mark)
{
    CkSink keep = {.text = g_string_new(NULL)}, count = {0};
    gboolean joins = ck_markdown_put(&keep, text, mark);
    g_assert_cmpint(ck_markdown_put(&count, text, mark), ==, joins);
    g_assert_cmpuint(keep.size, ==, keep.text->len);
    g_assert_cmpuint(count.size, ==, keep.text->len);
    return g_string_free(keep.text, FALSE);
}

typedef struct {
    const char *text, *written;
} Case;

/* Each case as it is, with a line break at its end, and with the line breaks of Windows. What was
 * written is written as it is. */
static void assert_each(const Case *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *ended = g_strconcat(cases[i].text, "\n", NULL);
        g_auto(GStrv) lines = g_strsplit(ended, "\n", -1);
        g_autofree char *windows = g_strjoinv("\r\n", lines);
        g_autofree char *wanted = g_strconcat(cases[i].written, "\n", NULL);
        const char *const texts[] = {cases[i].text, ended, windows, wanted};
        for (gsize k = 0; k < G_N_ELEMENTS(texts); k++) {
            g_autofree char *written = marked(texts[k], "");
            g_assert_cmpstr(written, ==, wanted);
        }
    }
}

static void assert_kept(const char *const *texts, gsize count)
{
    for (gsize i = 0; i < count; i++)
        assert_each(&(Case){texts[i], texts[i]}, 1);
}

static void leaves_ordinary_texts_as_they_are(void)
{
    static const char *const texts[] = {
        "",
        "text",
        "# Title\n\n## Pros & Cons\n\n### A · B\n\n#### c",
        "Title\n===\n\nPart\n---\n\n---\n\n***",
        "- a\n- b\n\n  c\n\n1. d\n2. e\n   - f",
        "> a\n> b\n>\n> c\nlazy",
        "a < b, 3 <4, x <- y, <",
        "<https://example.com/a?b=c> <mailto:me@example.com> <me.too+x@example.com>",
        "`<b>` and ``a ` <b> `` and `vector<int>`",
        "[docs](https://example.com/a_(b)) and `vector<int>`",
        "[`list<int>`](https://example.com/) ![a](b.png) [c][d] [e]",
        "- [ ] `a<b>`\n- [x] done",
        "see [1] and a[i]: x",
        "| a | b |\n|---|---|\n| `x<y>` | 2 < 3 |",
        "\\<b> \\\\ \\[",
        "text[^1] x^2",
        "    indented\n\n\tcode",
        "1. a\n2. b",
        "a\\\nb  \nc",
        "caf\xc3\xa9 \xf0\x9f\xa6\x86",
    };
    assert_kept(texts, G_N_ELEMENTS(texts));
}

/* Definitions */

static void escapes_definitions(void)
{
    static const Case cases[] = {
        {"[1]: https://x/", "\\[1]: https://x/"},
        {"[docs]:\nhttps://x/", "\\[docs]:\nhttps://x/"},
        {"a\n[1]:x", "a\n\\[1]:x"},
        {"   [1]: /u", "   \\[1]: /u"},
        {"[^1]: note", "\\[^1]: note"},
        {"> [1]: /u", "> \\[1]: /u"},
        {"- > 1. [1]: /u", "- > 1. \\[1]: /u"},
        {"-\t[1]: /u", "-\t\\[1]: /u"},
        {"2. [1]: /u", "2. \\[1]: /u"},
        {"a\n2. [1]: /u", "a\n2. \\[1]: /u"},
        {"- [ ] [1]: /u", "- [ ] \\[1]: /u"},
        {"- [x] > [1]: /u", "- [x] > \\[1]: /u"},
        {"[a\\]b]: /u", "\\[a\\]b]: /u"},
        {"[a`b]: /u`", "\\[a`b\\]: /u`"},
        /* needless ones */
        {"    [1]: /u", "    \\[1]: /u"},
        {"[a [b]: /u", "[a [b\\]: /u"},
        /* over two lines and more */
        {"[do\ncs]: /u", "[do\ncs\\]: /u"},
        {"> [do\n> c\n> s]: /u", "> [do\n> c\n> s\\]: /u"},
        {"[a\n://\\]: /u", "[a\n://\\]: /u"},
        {"[a\n`b]: /u `", "[a\n`b\\]: /u `"},
        /* which the first backslash of another one would end */
        {"[\n[^1]: /u", "[\n\\[^1\\]: /u"},
        /* none */
        {"[a]b]: /u", "[a]b]: /u"},
        {"```\n[1]: /u\n```", "```\n[1]: /u\n```"},
        {"a [1]: /u", "a [1]: /u"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void escapes_inline_footnotes(void)
{
    static const Case cases[] = {
        {"a^[b]", "a\\^[b]"},
        {"^[a](b)", "\\^[a](b)"},
        {"\\^[a] \\\\^[b]", "\\^[a] \\\\\\^[b]"},
        {"`^[a]`", "`^[a]`"},
        {"<2b:^[a]> <b@^[a]>", "<2b:\\^[a]> <b@\\^[a]>"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

/* Headings */

static void escapes_what_may_be_a_turns_heading(void)
{
    static const Case cases[] = {
        {"## " TURN, "\\## " TURN},
        {"##\t" TURN " ##", "\\##\t" TURN " ##"},
        {"   ## " TURN, "   \\## " TURN},
        {"## **assistant** · 2025", "\\## **assistant** · 2025"},
        {"## assistant &middot; 2025", "\\## assistant &middot; 2025"},
        {"## assistant &#183; 2025", "\\## assistant &#183; 2025"},
        {"> - ## " TURN, "> - \\## " TURN},
        {TURN "\n---", TURN "\n\\---"},
        {TURN "\n  -  ", TURN "\n  \\-  "},
        {"assistant ·\n2025\n--", "assistant ·\n2025\n\\--"},
        {"`assistant · 2025`\n-", "`assistant · 2025`\n\\-"},
        {"assistant &middot; 2025\n-", "assistant &middot; 2025\n\\-"},
        {"```\n## " TURN "\n```", "```\n\\## " TURN "\n```"},
        /* none */
        {"# " TURN, "# " TURN},
        {"### " TURN, "### " TURN},
        {"##" TURN, "##" TURN},
        {"## assistant 2025", "## assistant 2025"},
        {"## Q&A", "## Q&A"},
        {TURN "\n===", TURN "\n==="},
        {TURN "\n\n---", TURN "\n\n---"},
        {TURN "\n- a", TURN "\n- a"},
        {"```\n ## a · b\n## a\n```", "```\n ## a · b\n## a\n```"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

/* HTML */

static void escapes_html(void)
{
    static const Case cases[] = {
        {"<div>", "\\<div>"},
        {"a <b>c</b>", "a \\<b>c\\</b>"},
        {"<!-- a -->", "\\<!-- a -->"},
        {"<?php <![CDATA[ <!X", "\\<?php \\<![CDATA[ \\<!X"},
        {"<div\nhidden>", "\\<div\nhidden>"},
        {"\\<b> \\\\<b>", "\\<b> \\\\\\<b>"},
        {"[a](<b c>)", "[a](\\<b c>)"},
        {"<a b@c> <a@b <ab:c d>", "\\<a b@c> \\<a@b \\<ab:c d>"},
        {"<!a@b.c>", "\\<!a@b.c>"},
        {"# a <b>", "# a \\<b>"},
        {"```\n<div>\n```\n<div>", "```\n<div>\n```\n\\<div>"},
        {"``` <div>\n<div>\n```", "``` \\<div>\n<div>\n```"},
        /* in what may be a link, without angle brackets */
        {"https://a/<b> www.a<b>", "https://a/&lt;b> www.a&lt;b>"},
        {"https://a/\\<b>", "https://a/\\&lt;b>"},
        {"https://a/^[b] <b>", "https://a/&#94;[b] \\<b>"},
        {"https://a/`<b>` `<b>`", "https://a/`&lt;b>` `\\<b>`"},
        /* a needless one */
        {"    <div>", "    \\<div>"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

/* What is in a code span for some reader only is in none. */
static void trusts_code_spans_only_where_they_are_sure(void)
{
    g_autofree char *run = g_strnfill(81, '`');
    g_autofree char *long_span = g_strconcat(run, " <b> ", run, NULL);
    g_autofree char *long_escaped = g_strconcat(run, " \\<b> ", run, NULL);
    const Case cases[] = {
        {"a ` <b>", "a ` \\<b>"},
        {"a ` b\nc ` <b> ` d", "a ` b\nc ` \\<b> ` d"},
        {"a ` b\n\n` <b> `", "a ` b\n\n` <b> `"},
        {"`\\` <b> `", "`\\` \\<b> `"},
        {"\\`<b>`", "\\`\\<b>`"},
        {"`` ` <b> `", "`` ` \\<b> `"},
        /* the target of a link */
        {"[a](b`c) <b> `", "[a](b`c) \\<b> `"},
        {"[a](\nb`c) <b> `", "[a](\nb`c) \\<b> `"},
        {"[a](b 'c`d') <b> `", "[a](b 'c`d') \\<b> `"},
        {"<https://a`b> <b> `", "\\<https://a`b> \\<b> `"},
        /* cells of a table */
        {"| ` | <b> | ` |\n|---|---|---|", "| ` | \\<b> | ` |\n|---|---|---|"},
        {"a|b\n-|-\n` | <b> `", "a|b\n-|-\n` | \\<b> `"},
        {"> ```\n> ```\n|`|<b>|`|\n|-|-|-|", "> ```\n> ```\n|`|\\<b>|`|\n|-|-|-|"},
        {"> ```\n|`|<b>|`|\n|-|-|-|", "> ```\n> ```\n|`|\\<b>|`|\n|-|-|-|"},
        {"a\n` | <b> `", "a\n` | <b> `"},
        /* an open bracket, see markdown.c */
        {"[`<b>` `", "[`\\<b>` `"},
        {"[`<b>`\na `", "[`\\<b>`\na `"},
        {long_span, long_escaped},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

/* Fences */

static void closes_fences(void)
{
    static const Case cases[] = {
        {"```", "```\n```"},
        {"```c\ncode\n\nmore", "```c\ncode\n\nmore\n```"},
        {"~~~~\n~~~\n````", "~~~~\n~~~\n````\n~~~~"},
        {"text\n```\n[1]: <b>", "text\n```\n[1]: <b>\n```"},
        {"```\n    ```", "```\n    ```\n```"},
        {"```\n``` x", "```\n``` x\n```"},
        {"```\n```\n```", "```\n```\n```\n```"},
        /* in lists and quotes, where these may end */
        {"- ```\n  <b>", "- ```\n  <b>\n  ```"},
        {"10) ~~~", "10) ~~~\n    ~~~"},
        {"-\t```", "-\t```\n \t```"},
        {"- ```\n<b>", "- ```\n  ```\n\\<b>"},
        {"- a\n  ```\n <b>", "- a\n  ```\n  ```\n \\<b>"},
        {"> ```\n> <b>\n<b>", "> ```\n> <b>\n> ```\n\\<b>"},
        {"- > ```\n> <b>", "- > ```\n  > ```\n> \\<b>"},
        {"> > ```\n> <b>", "> > ```\n> > ```\n> \\<b>"},
        /* closed already */
        {"```\n```", "```\n```"},
        {"```\n<b>\n````  ", "```\n<b>\n````  "},
        {"1. a\n\n   ```\n   <b>\n\n   ```\n2. b", "1. a\n\n   ```\n   <b>\n\n   ```\n2. b"},
        {"> ```\n> <b>\n>\n> ```\n> c", "> ```\n> <b>\n>\n> ```\n> c"},
        {"- a\n    - b\n    - c\n        ```\n        <b>\n        ```",
         "- a\n    - b\n    - c\n        ```\n        <b>\n        ```"},
        {"9. a\n10. b\n    ```\n    <b>\n    ```", "9. a\n10. b\n    ```\n    <b>\n    ```"},
        {"a\n\n    ```\n    <b>\n    ```\n\nc", "a\n\n    ```\n    <b>\n    ```\n\nc"},
        {"- > a\n     ```\n     <b>\n     ```", "- > a\n     ```\n     <b>\n     ```"},
        /* in another column than that of the fence */
        {"```\n   ```\n<b>", "```\n```\n\\<b>"},
        {"- ```\n  a\n```\n<b>", "- ```\n  a\n  ```\n\\<b>"},
        {"  ```\n<b>\n  ```", "  ```\n  <b>\n  ```"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

static void escapes_fences_that_may_be_none(void)
{
    g_autofree char *run = g_strnfill(256, '~');
    g_autofree char *long_fence = g_strconcat(run, "\n<b>", NULL);
    g_autofree char *long_escaped = g_strconcat("\\", run, "\n\\<b>", NULL);
    const Case cases[] = {
        {"a\n    ```\n    <b>", "a\n    \\```\n    \\<b>"},
        {"a\n2. ```\n   <b>", "a\n2. \\```\n   \\<b>"},
        {"> a\nb\n> 2. ~~~\n>    <b>", "> a\nb\n> 2. \\~~~\n>    \\<b>"},
        {"- a\nlazy\n     ```\n     <b>", "- a\nlazy\n     \\```\n     \\<b>"},
        {"> - a\n>     b\n>       ```", "> - a\n>     b\n>       \\```"},
        {"- - -\n  a\n     ```\n     <b>", "- - -\n  a\n     \\```\n     \\<b>"},
        {"~~~a|b\n-|-\n<b>", "\\~~~a|b\n-|-\n\\<b>"},
        {long_fence, long_escaped},
        /* none for any reader */
        {"``` a`b", "``` a`b"},
        {"a ```", "a ```"},
        {"``", "``"},
    };
    assert_each(cases, G_N_ELEMENTS(cases));
}

/* Readers have limits, and drop what is beyond them, with all that follows. */
static void limits_how_deep_blocks_nest(void)
{
    g_autofree char *quotes = g_strnfill(100000, '>');
    g_autofree char *written = marked(quotes, "");
    g_assert_true(written[63] == '>' && written[64] == '\\' && written[65] == '>');
    g_assert_cmpuint(strlen(written), ==, 100000 + 2);
    g_autoptr(GString) lines = g_string_new(NULL);
    for (int column = 0; column < 200; column += 2)
        g_string_append_printf(lines, "%*s- a\n", column, "");
    g_autofree char *nested = marked(lines->str, "");
    g_assert_nonnull(
        strstr(nested, "\n                                                              - a"));
    g_assert_null(
        strstr(nested, "                                                                - a"));
    assert_each(
        &(Case){"\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t12. a", "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t12\\. a"},
        1);
}

/* Quotes */

static void begins_each_line_with_the_mark(void)
{
    static const Case cases[] = {
        {"one", "> one\n"},
        {"one\n\n> two\n", "> one\n>\n> > two\n"},
        {"one\r\n\r\ntwo", "> one\n>\n> two\n"},
        {"", ">\n"},
        {"one\n\n", "> one\n>\n"},
        {"[1]: /u\n<b>", "> \\[1]: /u\n> \\<b>\n"},
        {"```\n<b>", "> ```\n> <b>\n> ```\n"},
        /* two columns are the mark's, two are left of the tab */
        {"a\n\t```\n\t<b>\n\t```", "> a\n> \t```\n> \t<b>\n> \t```\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *written = marked(cases[i].text, "> ");
        g_assert_cmpstr(written, ==, cases[i].written);
    }
}

/* Code of which the fences are the caller's. */
static void escapes_only_turns_in_code(void)
{
    static const Case cases[] = {
        {"## " TURN "\n## a\n### a · b", "\\## " TURN "\n## a\n### a · b\n"},
        {"<b>\r\n[1]: /u\n", "<b>\n[1]: /u\n"},
        {"", "\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) written = g_string_new(NULL);
        ck_markdown_put_code(&(CkSink){.text = written}, cases[i].text);
        g_assert_cmpstr(written->str, ==, cases[i].written);
    }
}

/* Lists */

static void tells_what_a_list_may_go_on_with(void)
{
    static const struct {
        const char *text;
        gboolean joins;
    } cases[] = {
        {"- a", TRUE},
        {"1. a\n", TRUE},
        {"text\n\n* a", TRUE},
        {"- a\n\n  b", TRUE},
        {"- > a", TRUE},
        {"-", TRUE},
        {"- ```\n  code\n  ```", TRUE},
        {"- a\nlazy", TRUE},
        {"    code", TRUE},
        {"text\n\n\tcode", TRUE},
        {"", FALSE},
        {"a", FALSE},
        {"> - a", FALSE},
        {"- a\n\nb", FALSE},
        {"    code\n\na", FALSE},
        {"```\n- a\n```", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CkSink sink = {0};
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(ck_markdown_put(&sink, cases[i].text, ""), ==, cases[i].joins);
    }
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

/* Lines of markers and of what begins, ends or looks like a block or more. */
static char *random_text(GRand *random)
{
    static const char *const pieces[] = {
        "- ",      "* ",   "1. ",   "2) ",   "-",     "> ",  ">",    " ",       "  ",
        "    ",    "\t",   "```",   "~~~",   "````",  "a",   "a b",  "`",       "<b>",
        "</b>",    "<!--", "\\",    "***",   "---",   "===", "# ",   "## ",     "10.",
        "[",       "]",    "]: /u", "[a]: ", "](",    ")",   "^[",   "·",       "|",
        "|---|\n", "-|-",  "<a:",   "<a@b",  "&amp;", "\r",  "\x1b", "\xc3\xa9"};
    GString *text = g_string_new("");
    for (int lines = g_rand_int_range(random, 0, 8); lines > 0; lines--) {
        for (int n = g_rand_int_range(random, 0, 6); n > 0; n--)
            g_string_append(text, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
        g_string_append(text, g_rand_int_range(random, 0, 9) ? "\n" : "\r\n");
    }
    return g_string_free(text, FALSE);
}

static void what_is_written_is_written_as_it_is(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
    guint changed = 0;
    for (int i = 0; i < 30000; i++) {
        g_autofree char *text = random_text(random);
        g_autofree char *written = marked(text, "");
        g_autofree char *again = marked(written, "");
        g_assert_cmpstr(again, ==, written);
        changed += strcmp(text, written) != 0;
    }
    g_assert_cmpuint(changed, >, 10000);
}

/* In bytes. AddressSanitizer has strchr() read each string to its end. */
#ifdef CK_SANITIZED
#define LARGE (64 * 1024)
#else
#define LARGE (4 * 1024 * 1024)
#endif

/* Much of what could make it look ahead, or back, again and again. */
static void takes_time_in_proportion_to_the_text(void)
{
    static const char *const pieces[] = {
        "`",        "[",   "](", "<a:", "<a@b",  "- ",     "1. ",  "> ", "\t",   "```\n",
        "  ```a\n", "[\n", "&",  "-\n", "|-|\n", "- `[\n", "](a ", "\\", "``` ", "> ```a\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(GString) text = g_string_new("");
        while (text->len < LARGE)
            g_string_append(text, pieces[i]);
        CkSink sink = {0};
        gint64 begin = g_get_monotonic_time();
        ck_markdown_put(&sink, text->str, "");
        g_test_message("%s: %.3f s", pieces[i], (double)(g_get_monotonic_time() - begin) / 1e6);
        g_assert_cmpuint(sink.size, <=, 3 * text->len + 8);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/markdown/ordinary", leaves_ordinary_texts_as_they_are);
    g_test_add_func("/markdown/definitions", escapes_definitions);
    g_test_add_func("/markdown/footnotes", escapes_inline_footnotes);
    g_test_add_func("/markdown/headings", escapes_what_may_be_a_turns_heading);
    g_test_add_func("/markdown/html", escapes_html);
    g_test_add_func("/markdown/code-spans", trusts_code_spans_only_where_they_are_sure);
    g_test_add_func("/markdown/fences/closed", closes_fences);
    g_test_add_func("/markdown/fences/escaped", escapes_fences_that_may_be_none);
    g_test_add_func("/markdown/depth", limits_how_deep_blocks_nest);
    g_test_add_func("/markdown/quote", begins_each_line_with_the_mark);
    g_test_add_func("/markdown/code", escapes_only_turns_in_code);
    g_test_add_func("/markdown/joins", tells_what_a_list_may_go_on_with);
    g_test_add_func("/markdown/continues-list", knows_what_continues_a_list);
    g_test_add_func("/markdown/random", what_is_written_is_written_as_it_is);
    g_test_add_func("/markdown/large", takes_time_in_proportion_to_the_text);
    return g_test_run();
}
