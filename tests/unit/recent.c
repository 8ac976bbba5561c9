/* SPDX-License-Identifier: MIT */
#include "recent.h"

#include <string.h>

/* An item whose JSON and .md are that many bytes, all of them c. */
static void add(CkRecent *recent, gint64 row, char c, gsize json, gsize md)
{
    g_autofree char *bytes = g_malloc(json + md);
    memset(bytes, c, json + md);
    ck_recent_add(recent, row, g_bytes_new(bytes, json), g_bytes_new(bytes, md));
}

static void assert_kept(const CkRecent *recent, gint64 row, char c, gsize json, gsize md)
{
    const CkRecentItem *item = ck_recent_get(recent, row);
    g_assert_nonnull(item);
    g_assert_cmpuint(g_bytes_get_size(item->json), ==, json);
    g_assert_cmpuint(g_bytes_get_size(item->md), ==, md);
    for (gsize i = 0; i < md; i++)
        g_assert_cmpint(((const char *)g_bytes_get_data(item->md, NULL))[i], ==, c);
}

static void keeps_what_was_added(void)
{
    g_autoptr(CkRecent) recent = ck_recent_new(1000);
    g_assert_null(ck_recent_get(recent, 1));
    add(recent, 1, 'a', 10, 20);
    add(recent, (gint64)1 << 40, 'b', 30, 0);
    assert_kept(recent, 1, 'a', 10, 20);
    assert_kept(recent, (gint64)1 << 40, 'b', 30, 0);
    g_assert_null(ck_recent_get(recent, 2));
}

static void drops_the_oldest_first(void)
{
    g_autoptr(CkRecent) recent = ck_recent_new(100);
    for (gint64 row = 1; row <= 50; row++) {
        add(recent, row, 'x', 2, 3);
        assert_kept(recent, row, 'x', 2, 3);
    }
    for (gint64 row = 1; row <= 30; row++)
        g_assert_null(ck_recent_get(recent, row));
    for (gint64 row = 31; row <= 50; row++)
        assert_kept(recent, row, 'x', 2, 3);
}

static void does_not_keep_large_ones(void)
{
    g_autoptr(CkRecent) recent = ck_recent_new(160);
    add(recent, 1, 'x', 5, 5);
    add(recent, 2, 'x', 5, 6);
    assert_kept(recent, 1, 'x', 5, 5);
    g_assert_null(ck_recent_get(recent, 2));
}

static void keeps_the_first_of_a_row(void)
{
    g_autoptr(CkRecent) recent = ck_recent_new(1000);
    add(recent, 1, 'a', 1, 1);
    add(recent, 1, 'b', 2, 2);
    assert_kept(recent, 1, 'a', 1, 1);
}

static void forgets_all(void)
{
    g_autoptr(CkRecent) recent = ck_recent_new(100);
    for (gint64 row = 1; row <= 20; row++)
        add(recent, row, 'x', 2, 3);
    ck_recent_clear(recent);
    for (gint64 row = 1; row <= 20; row++)
        g_assert_null(ck_recent_get(recent, row));
    for (gint64 row = 1; row <= 20; row++)
        add(recent, row, 'y', 2, 3);
    assert_kept(recent, 1, 'y', 2, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recent/keeps", keeps_what_was_added);
    g_test_add_func("/recent/oldest", drops_the_oldest_first);
    g_test_add_func("/recent/large", does_not_keep_large_ones);
    g_test_add_func("/recent/twice", keeps_the_first_of_a_row);
    g_test_add_func("/recent/clear", forgets_all);
    return g_test_run();
}
