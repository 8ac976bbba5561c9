/* SPDX-License-Identifier: MIT */
#include "snapshots.h"

#include <string.h>

#define FIRST 16

/* Looks a file up that has that text in it now; its number. */
static guint64 look_up(CkSnapshots *snapshots, guint file, const char *text)
{
    const CkSnapshot *snapshot = ck_snapshots_look_up(snapshots, file, g_string_new(text));
    g_assert_cmpuint(snapshot->file, ==, file);
    return snapshot->number;
}

static void assert_kept(CkSnapshots *snapshots, guint64 number, const char *text)
{
    const CkSnapshot *snapshot = ck_snapshots_get(snapshots, number);
    g_assert_nonnull(snapshot);
    g_assert_cmpuint(snapshot->size, ==, strlen(text));
    g_assert_true(memcmp(snapshot->text, text, snapshot->size) == 0);
}

static void each_text_has_its_number(void)
{
    g_autoptr(CkSnapshots) snapshots = ck_snapshots_new(2, FIRST);
    guint64 a = look_up(snapshots, 0, "a");
    guint64 b = look_up(snapshots, 0, "b");
    guint64 other = look_up(snapshots, 1, "b");
    g_assert_cmpuint(a, ==, FIRST);
    g_assert_true(a != b && b != other && a != other);
    assert_kept(snapshots, a, "a");
    assert_kept(snapshots, b, "b");
    assert_kept(snapshots, other, "b");
}

static void the_same_text_is_the_same_snapshot_while_it_is_the_newest(void)
{
    g_autoptr(CkSnapshots) snapshots = ck_snapshots_new(1, FIRST);
    guint64 a = look_up(snapshots, 0, "a");
    g_assert_cmpuint(look_up(snapshots, 0, "a"), ==, a);
    guint64 b = look_up(snapshots, 0, "b");
    g_assert_cmpuint(look_up(snapshots, 0, "a"), >, b);
}

static void it_is_kept_until_each_lookup_is_forgotten(void)
{
    g_autoptr(CkSnapshots) snapshots = ck_snapshots_new(1, FIRST);
    guint64 a = look_up(snapshots, 0, "a");
    look_up(snapshots, 0, "a");
    look_up(snapshots, 0, "a");
    look_up(snapshots, 0, "b");
    ck_snapshots_forget(snapshots, a, 2);
    assert_kept(snapshots, a, "a");
    ck_snapshots_forget(snapshots, a, 1);
    g_assert_null(ck_snapshots_get(snapshots, a));
}

static void the_newest_is_kept_though_it_is_forgotten(void)
{
    g_autoptr(CkSnapshots) snapshots = ck_snapshots_new(1, FIRST);
    guint64 a = look_up(snapshots, 0, "a");
    ck_snapshots_forget(snapshots, a, 1);
    assert_kept(snapshots, a, "a");
    g_assert_cmpuint(look_up(snapshots, 0, "a"), ==, a);
    ck_snapshots_forget(snapshots, a, 1);
    look_up(snapshots, 0, "b");
    g_assert_null(ck_snapshots_get(snapshots, a));
}

static void numbers_are_never_given_twice(void)
{
    g_autoptr(CkSnapshots) snapshots = ck_snapshots_new(1, FIRST);
    for (guint64 i = 0; i < 1000; i++) {
        g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, i);
        guint64 number = look_up(snapshots, 0, text);
        g_assert_cmpuint(number, ==, FIRST + i);
        ck_snapshots_forget(snapshots, number, 1);
    }
    g_assert_cmpuint(ck_snapshots_count(snapshots), ==, 1);
}

static void what_is_unknown_is_none_and_may_be_forgotten(void)
{
    g_autoptr(CkSnapshots) snapshots = ck_snapshots_new(1, FIRST);
    guint64 a = look_up(snapshots, 0, "a");
    g_assert_null(ck_snapshots_get(snapshots, 0));
    g_assert_null(ck_snapshots_get(snapshots, a + 1));
    ck_snapshots_forget(snapshots, 0, 1);
    ck_snapshots_forget(snapshots, a + 1, 1);
    look_up(snapshots, 0, "b");
    ck_snapshots_forget(snapshots, a, 5); /* more than there were */
    g_assert_null(ck_snapshots_get(snapshots, a));
}

static void a_text_may_be_empty_or_hold_nul(void)
{
    g_autoptr(CkSnapshots) snapshots = ck_snapshots_new(1, FIRST);
    guint64 empty = look_up(snapshots, 0, "");
    const CkSnapshot *one = ck_snapshots_look_up(snapshots, 0, g_string_new_len("\0a", 2));
    g_assert_cmpuint(one->size, ==, 2);
    guint64 number = one->number;
    const CkSnapshot *other = ck_snapshots_look_up(snapshots, 0, g_string_new_len("\0b", 2));
    g_assert_cmpuint(other->number, !=, number);
    assert_kept(snapshots, empty, "");
}

#define TEST(name) g_test_add_func("/snapshots/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(each_text_has_its_number);
    TEST(the_same_text_is_the_same_snapshot_while_it_is_the_newest);
    TEST(it_is_kept_until_each_lookup_is_forgotten);
    TEST(the_newest_is_kept_though_it_is_forgotten);
    TEST(numbers_are_never_given_twice);
    TEST(what_is_unknown_is_none_and_may_be_forgotten);
    TEST(a_text_may_be_empty_or_hold_nul);
    return g_test_run();
}
