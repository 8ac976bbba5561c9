/* SPDX-License-Identifier: MIT */
#include "causes.h"

#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static CkCause cause(int pid, const char *name)
{
    CkCause cause = {.pid = pid};
    g_strlcpy(cause.name, name, sizeof cause.name);
    return cause;
}

static void count(CkCauses *causes, int pid, const char *name, guint requests)
{
    const CkCause of = cause(pid, name);
    for (guint i = 0; i < requests; i++)
        ck_causes_count(causes, &of);
}

static void assert_written(const CkCauses *causes, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    ck_causes_write(causes, out);
    g_assert_cmpstr(out->str, ==, expected);
}

static void assert_current(CkCauses *causes, int pid, const char *name)
{
    CkCause current = ck_causes_current(causes);
    g_assert_cmpint(current.pid, ==, pid);
    g_assert_cmpstr(current.name, ==, name);
}

/* Counting */

static void nothing_is_written_of_nothing(void)
{
    g_autoptr(CkCauses) causes = ck_causes_new();
    assert_written(causes, "");
}

static void those_with_most_requests_come_first(void)
{
    g_autoptr(CkCauses) causes = ck_causes_new();
    count(causes, 1, "find", 2);
    count(causes, 812, "rg", 340);
    count(causes, 2, "ls", 3);
    assert_written(causes, "rg[812] 340\nls[2] 3\nfind[1] 2\n");
}

static void of_equals_the_later_comes_first(void)
{
    g_autoptr(CkCauses) causes = ck_causes_new();
    count(causes, 1, "a", 1);
    count(causes, 2, "b", 2);
    count(causes, 1, "a", 1);
    assert_written(causes, "a[1] 2\nb[2] 2\n");
}

/* A shell that becomes another program, and a pid that is used again. */
static void a_process_of_another_name_is_another_one(void)
{
    g_autoptr(CkCauses) causes = ck_causes_new();
    count(causes, 1, "bash", 1);
    count(causes, 1, "cat", 2);
    count(causes, 2, "cat", 3);
    assert_written(causes, "cat[2] 3\ncat[1] 2\nbash[1] 1\n");
}

static guint64 sum_of(const CkCauses *causes, guint *lines)
{
    g_autoptr(GString) out = g_string_new(NULL);
    ck_causes_write(causes, out);
    g_auto(GStrv) each = g_strsplit(out->str, "\n", -1);
    guint64 sum = 0;
    for (*lines = 0; *each[*lines]; ++*lines)
        sum += g_ascii_strtoull(strrchr(each[*lines], ' ') + 1, NULL, 10);
    return sum;
}

static void as_many_as_are_kept_have_no_others(void)
{
    g_autoptr(CkCauses) causes = ck_causes_new();
    guint lines;
    for (int pid = 1; pid <= CK_CAUSES_MAX; pid++)
        count(causes, pid, "cat", 1);
    g_assert_cmpuint(sum_of(causes, &lines), ==, CK_CAUSES_MAX);
    g_assert_cmpuint(lines, ==, CK_CAUSES_MAX);
}

static void those_with_fewest_requests_are_summed_up(void)
{
    g_autoptr(CkCauses) causes = ck_causes_new();
    g_autoptr(GString) out = g_string_new(NULL);
    guint lines;
    count(causes, 1, "rg", 7);
    for (int pid = 2; pid <= 1000; pid++)
        count(causes, pid, "cat", 2);
    count(causes, 1001, "find", 9);
    g_assert_cmpuint(sum_of(causes, &lines), ==, 7 + 999 * 2 + 9);
    g_assert_cmpuint(lines, ==, CK_CAUSES_MAX + 1);
    ck_causes_write(causes, out);
    g_assert_true(g_str_has_prefix(out->str, "find[1001] 9\nrg[1] 7\ncat[1000] 2\ncat[999] 2\n"));
    g_assert_true(g_str_has_suffix(out->str, "\nothers 1490\n")); /* 745 processes of 2 */
}

/* Names */

static void what_is_not_printable_is_escaped(void)
{
    static const struct {
        const char *name, *written;
    } cases[] = {
        {"rg", "rg"},
        {"my tool] 3", "my tool] 3"},
        {"日本", "日本"},
        {"a\nb\tc", "a\\x0ab\\x09c"},
        {"\x1b[31m", "\\x1b[31m"},
        {"\x7f", "\\x7f"},
        {"\xff\xc3(", "\\xff\\xc3("},
        {"cut \xe6\x97", "cut \\xe6\\x97"},
        {"\xc2\x9bm", "\\xc2\\x9bm"},        /* a C1 control */
        {"\xe2\x80\xae", "\\xe2\\x80\\xae"}, /* right-to-left override */
        {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"}, /* line separator */
        {"C:\\x41", "C:\\\\x41"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkCauses) causes = ck_causes_new();
        g_autofree char *expected = g_strconcat(cases[i].written, "[5] 1\n", NULL);
        count(causes, 5, cases[i].name, 1);
        assert_written(causes, expected);
    }
}

/* The current cause */

static void it_is_this_process_until_another_one_is_set(void)
{
    g_autoptr(CkCauses) causes = ck_causes_new();
    prctl(PR_SET_NAME, "itself");
    assert_current(causes, getpid(), "itself");
    CkCause before = ck_causes_swap(causes, cause(7, "rg"));
    assert_current(causes, 7, "rg");
    CkCause within = ck_causes_swap(causes, cause(8, "ls"));
    assert_current(causes, 8, "ls");
    ck_causes_swap(causes, within);
    assert_current(causes, 7, "rg");
    ck_causes_swap(causes, before);
    assert_current(causes, getpid(), "itself");
}

typedef struct {
    CkCauses *causes;
    CkCause seen;
    pid_t thread;
} InThread;

static gpointer ask_from_thread(gpointer data)
{
    InThread *in = data;
    in->thread = gettid();
    prctl(PR_SET_NAME, "a worker");
    CkCause before = ck_causes_swap_thread(in->causes, in->thread);
    in->seen = ck_causes_current(in->causes);
    ck_causes_swap(in->causes, before);
    return NULL;
}

/* FUSE tells of threads. */
static void a_thread_counts_for_its_process(void)
{
    g_autoptr(CkCauses) causes = ck_causes_new();
    InThread in = {.causes = causes};
    prctl(PR_SET_NAME, "leader");
    g_thread_join(g_thread_new("worker", ask_from_thread, &in));
    g_assert_cmpint(in.thread, !=, getpid());
    g_assert_cmpint(in.seen.pid, ==, getpid());
    g_assert_cmpstr(in.seen.name, ==, "leader");
}

static void who_is_unknown_or_gone_has_no_name(void)
{
    static const int threads[] = {0, -1, G_MAXINT};
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_autoptr(CkCauses) causes = ck_causes_new();
        ck_causes_swap_thread(causes, threads[i]);
        CkCause unknown = ck_causes_current(causes);
        ck_causes_count(causes, &unknown);
        assert_written(causes, "?[0] 1\n");
    }
}

static void odd_names_are_read_as_they_are(void)
{
    static const struct {
        const char *name, *read;
    } cases[] = {{"two\nlines\n", "two\nlines\n"},
                 {"0123456789abcdef", "0123456789abcde"},
                 {"\xff", "\xff"},
                 {"", "?"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkCauses) causes = ck_causes_new();
        prctl(PR_SET_NAME, cases[i].name);
        ck_causes_swap_thread(causes, getpid());
        assert_current(causes, getpid(), cases[i].read);
    }
}

/* All from the thread: qemu-user makes up when a process began by who asks. */
#define TEST(name) g_test_add_func("/causes/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(nothing_is_written_of_nothing);
    TEST(those_with_most_requests_come_first);
    TEST(of_equals_the_later_comes_first);
    TEST(a_process_of_another_name_is_another_one);
    TEST(as_many_as_are_kept_have_no_others);
    TEST(those_with_fewest_requests_are_summed_up);
    TEST(what_is_not_printable_is_escaped);
    TEST(it_is_this_process_until_another_one_is_set);
    TEST(a_thread_counts_for_its_process);
    TEST(who_is_unknown_or_gone_has_no_name);
    TEST(odd_names_are_read_as_they_are);
    return g_test_run();
}
