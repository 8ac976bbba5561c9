/* SPDX-License-Identifier: MIT */
#include "text.h"

#include "exact.h"

#define SEED     20240607
#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

/* What is written; the same text must be counted as many bytes when nobody keeps them. */
static char *written(const char *text, gsize size)
{
    g_autofree char *block = NULL;
    const char *copy = exact_copy(text, size, &block);
    CkSink keep = {.text = g_string_new(NULL)}, count = {0};
    ck_text_put(&keep, copy, size);
    ck_text_put(&count, copy, size);
    g_assert_cmpuint(keep.size, ==, keep.text->len);
    g_assert_cmpuint(count.size, ==, keep.text->len);
    return g_string_free(keep.text, FALSE);
}

static gboolean is_direction(gunichar c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void tells_controls_from_text(void)
{
    for (gunichar c = 0; c < 0x3000; c++) {
        gboolean control = g_unichar_iscntrl(c) && c != '\n' && c != '\t';
        g_assert_cmpint(ck_text_is_control(c), ==, control || is_direction(c));
    }
}

static void every_control_has_a_picture(void)
{
    for (gunichar c = 1; c < 0x2100; c++) {
        char character[7] = {0}, shown[7] = {0};
        gunichar picture = is_direction(c) ? 0x2426
                           : c < 0x20      ? 0x2400 + c
                           : c == 0x7f     ? 0x2421
                                           : 0xfffd;
        g_unichar_to_utf8(c, character);
        g_unichar_to_utf8(ck_text_is_control(c) ? picture : c, shown);
        g_autofree char *text = g_strconcat(character, "a", character, NULL);
        g_autofree char *expected = g_strconcat(shown, "a", shown, NULL);
        g_autofree char *found = written(text, strlen(text));
        g_assert_cmpstr(found, ==, expected);
    }
}

static void shows_a_line_break_once(void)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"\n", "\n"},
        {"\r\n", "\n"},
        {"a\r\nb\r\n", "a\nb\n"},
        {"\r\n\r\n", "\n\n"},
        {"a\rb", "a\xe2\x90\x8d"
                 "b"},
        {"a\r", "a\xe2\x90\x8d"},
        {"\r\r\n", "\xe2\x90\x8d\n"},
        {"\n\r", "\n\xe2\x90\x8d"},
        {"\r \n", "\xe2\x90\x8d \n"},
        {"\r\x1b\n", "\xe2\x90\x8d\xe2\x90\x9b\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = written(cases[i].text, strlen(cases[i].text));
        g_assert_cmpstr(found, ==, cases[i].shown);
    }
}

static void keeps_every_other_character(void)
{
    static const char *const texts[] = {"a\tb\nc",
                                        "caf\xc3\xa9 \xf0\x9f\xa6\x86",
                                        "\xc2\xa0\xc2\xbf",
                                        "\xc3\x80\xc3\xbf",
                                        "\xe2\x80\xa8\xe2\x80\xaf\xe2\x81\xaa\xef\xbb\xbf",
                                        REPLACED};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *found = written(texts[i], strlen(texts[i]));
        g_assert_cmpstr(found, ==, texts[i]);
    }
}

/* A newline that stands behind the part belongs to somebody else. */
static void looks_at_no_byte_behind_the_text(void)
{
    g_autoptr(GString) found = g_string_new(NULL);
    ck_text_put(&(CkSink){.text = found}, "a\r\n\x1b", 2);
    g_assert_cmpstr(found->str, ==, "a\xe2\x90\x8d");
}

static void takes_line_after_line(void)
{
    static const struct {
        const char *text, *lines;
    } cases[] = {
        {"", "<>"},         {"a", "<a>"},           {"a\n", "<a>"},
        {"\n", "<>"},       {"a\nb", "<a><b>"},     {"a\r\n\r\nb\r\n", "<a><><b>"},
        {"a\n\n", "<a><>"}, {"a\rb\r", "<a\rb\r>"}, {"\r\r\n", "<\r>"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) found = g_string_new(NULL);
        const char *text = cases[i].text, *line;
        gsize size;
        while (ck_text_next_line(&text, &line, &size))
            g_string_append_printf(found, "<%.*s>", (int)size, line);
        g_assert_cmpstr(found->str, ==, cases[i].lines);
    }
}

/* What is written has no control left and is written as it is. */
static void random_texts_end_up_without_controls(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
    for (int i = 0; i < 5000; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (int n = g_rand_int_range(random, 0, 30); n > 0; n--) {
            gunichar c =
                (gunichar)g_rand_int_range(random, 1, g_rand_boolean(random) ? 0x100 : 0x30000);
            if (g_unichar_validate(c))
                g_string_append_unichar(text, g_rand_int_range(random, 0, 8) ? c : '\n');
        }
        g_autofree char *found = written(text->str, text->len);
        g_autofree char *again = written(found, strlen(found));
        g_assert_true(g_utf8_validate(found, -1, NULL));
        g_assert_cmpstr(again, ==, found);
        for (const char *at = found; *at; at = g_utf8_next_char(at))
            g_assert_false(ck_text_is_control(g_utf8_get_char(at)));
    }
}

static void a_line_is_one_line_whose_text_runs_one_way(void)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"as it is: é 日 \xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",
         "as it is: é 日 \xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9"},
        {"a\nb\r\nc\td", "a\u240ab\u240d\u240ac\u2409d"},
        {"\x1b[2J\x7f\xc2\x9b", "\u241b[2J\u2421\ufffd"},
        {"a\u2028b\u2029c", "a\u2426b\u2426c"},
        {"\u202a\u202b\u202c\u202d\u202e.\u2066\u2067\u2068\u2069",
         "\u2426\u2426\u2426\u2426\u2426.\u2426\u2426\u2426\u2426"},
        {"no text: \xff\xc3", "no text: \ufffd\ufffd"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line = ck_text_line(cases[i][0]);
        g_assert_cmpstr(line, ==, cases[i][1]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/controls", tells_controls_from_text);
    g_test_add_func("/text/pictures", every_control_has_a_picture);
    g_test_add_func("/text/line-breaks", shows_a_line_break_once);
    g_test_add_func("/text/others", keeps_every_other_character);
    g_test_add_func("/text/end", looks_at_no_byte_behind_the_text);
    g_test_add_func("/text/line", a_line_is_one_line_whose_text_runs_one_way);
    g_test_add_func("/text/lines", takes_line_after_line);
    g_test_add_func("/text/random", random_texts_end_up_without_controls);
    return g_test_run();
}
