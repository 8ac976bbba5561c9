/* SPDX-License-Identifier: MIT */
#include "sink.h"

#define SEED 20240607

/* Writes twelve bytes in every way there is. */
static void write_text(CkSink *sink)
{
    ck_sink_bytes(sink, "ab\0", 3);
    ck_sink_string(sink, "def");
    ck_sink_string(sink, "");
    ck_sink_fill(sink, ' ', 4);
    ck_sink_fill(sink, '!', 0);
    ck_sink_char(sink, 'g');
    ck_sink_bytes(sink, "h", 1);
}

static const char written[] = "ab\0def    gh";

static void keeps_all_or_only_counts(void)
{
    CkSink keep = {.text = g_string_new(NULL)}, count = {0};
    write_text(&keep);
    write_text(&count);
    g_assert_cmpmem(keep.text->str, (int)keep.text->len, written, sizeof written - 1);
    g_assert_cmpuint(keep.size, ==, sizeof written - 1);
    g_assert_cmpuint(count.size, ==, sizeof written - 1);
    g_string_free(keep.text, TRUE);
}

/* From any byte to any other: in front of the text, in it, behind it. */
static void keeps_any_window(void)
{
    const gsize size = sizeof written - 1;
    for (gsize from = 0; from <= size + 2; from++) {
        for (gsize to = 0; to <= size + 2; to++) {
            gsize end = to == 0 ? size : MIN(to, size);
            gsize begin = MIN(from, end);
            g_autoptr(GString) text = g_string_new(NULL);
            CkSink sink = {.text = text, .from = from, .to = to};
            write_text(&sink);
            g_assert_cmpmem(text->str, (int)text->len, written + begin, (int)(end - begin));
            g_assert_cmpuint(sink.size, ==, size);
        }
    }
}

static void appends_to_what_the_text_holds(void)
{
    g_autoptr(GString) text = g_string_new("before ");
    CkSink sink = {.text = text, .from = 4, .to = 8};
    ck_sink_string(&sink, "abcde");
    ck_sink_fill(&sink, '-', 5);
    g_assert_cmpstr(text->str, ==, "before e---");
    g_assert_cmpuint(sink.size, ==, 10);
}

/* The sizes of files are 64 bits wide, whatever the machine's memory. */
static void counts_beyond_four_gigabytes(void)
{
    const guint64 far = G_GUINT64_CONSTANT(5000000000);
    g_autoptr(GString) text = g_string_new(NULL);
    CkSink sink = {.text = text, .from = far + 1, .to = far + 4};
    while (sink.size < far)
        ck_sink_fill(&sink, '.', 1000000000);
    ck_sink_string(&sink, "abcdef");
    g_assert_cmpuint(sink.size, ==, far + 6);
    g_assert_cmpstr(text->str, ==, "bcd");
}

/* However a text is cut into pieces, the windows one after the other are the whole of it. */
static void random_windows_make_up_the_whole(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
    for (int i = 0; i < 2000; i++) {
        g_autoptr(GString) all = g_string_new(NULL);
        g_autoptr(GString) joined = g_string_new(NULL);
        guint32 seed = g_rand_int(random);
        guint64 step = (guint64)g_rand_int_range(random, 1, 20), size = 1;
        for (guint64 from = 0; from < size || from == 0; from += step) {
            g_autoptr(GRand) pieces = g_rand_new_with_seed(seed);
            CkSink whole = {.text = from == 0 ? all : NULL};
            CkSink part = {.text = joined, .from = from, .to = from + step};
            for (int n = g_rand_int_range(pieces, 1, 8); n > 0; n--) {
                char c = (char)g_rand_int_range(pieces, 'a', 'z' + 1);
                gsize count = (gsize)g_rand_int_range(pieces, 0, 9);
                g_autofree char *same = g_strnfill(count, c);
                ck_sink_string(&whole, same);
                ck_sink_fill(&part, c, count);
            }
            g_assert_cmpuint(part.size, ==, whole.size);
            size = whole.size;
        }
        g_assert_cmpstr(joined->str, ==, all->str);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sink/whole", keeps_all_or_only_counts);
    g_test_add_func("/sink/window", keeps_any_window);
    g_test_add_func("/sink/append", appends_to_what_the_text_holds);
    g_test_add_func("/sink/large", counts_beyond_four_gigabytes);
    g_test_add_func("/sink/random", random_windows_make_up_the_whole);
    return g_test_run();
}
