/* SPDX-License-Identifier: MIT */
#include "expiry.h"

/* The clock, in place of GLib's. */
static gint64 passed;

gint64 g_get_monotonic_time(void)
{
    return passed;
}

static void pass(double seconds)
{
    passed += (gint64)(seconds * G_USEC_PER_SEC);
}

/* The notifier: what is dropped from the kernel's cache, each followed by a space. */
struct _CkNotifier {
    GString *dropped;
};

void ck_notifier_invalidate(CkNotifier *notifier, guint64 node)
{
    g_string_append_printf(notifier->dropped, "%" G_GUINT64_FORMAT " ", node);
}

typedef struct {
    GMainContext *context;
    CkNotifier notifier;
    CkExpiry *expiry;
} Fixture;

static Fixture *fixture_new(void)
{
    Fixture *f = g_new(Fixture, 1);
    f->context = g_main_context_new();
    f->notifier.dropped = g_string_new(NULL);
    f->expiry = ck_expiry_new(f->context, &f->notifier);
    return f;
}

static void fixture_free(Fixture *f)
{
    ck_expiry_free(f->expiry);
    g_assert_false(g_main_context_pending(f->context));
    g_string_free(f->notifier.dropped, TRUE);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* Until something has expired, which is what it is. */
static void assert_drops(Fixture *f, const char *nodes)
{
    g_string_truncate(f->notifier.dropped, 0);
    while (f->notifier.dropped->len == 0)
        g_main_context_iteration(f->context, TRUE);
    g_assert_cmpstr(f->notifier.dropped->str, ==, nodes);
}

static void count(guint64 node, gpointer data)
{
    guint *counts = data;
    counts[node]++;
}

static void folders_are_dropped_when_their_time_has_passed(void)
{
    g_autoptr(Fixture) f = fixture_new();
    ck_expiry_add(f->expiry, 1, 10);
    ck_expiry_add(f->expiry, 2, 30);
    ck_expiry_add(f->expiry, 3, 20);
    pass(10.5);
    assert_drops(f, "1 ");
    pass(10);
    assert_drops(f, "3 ");
    pass(10);
    assert_drops(f, "2 ");
}

static void not_before_their_time(void)
{
    g_autoptr(Fixture) f = fixture_new();
    ck_expiry_add(f->expiry, 1, 0.5);
    ck_expiry_add(f->expiry, 2, 10);
    pass(9.9);
    assert_drops(f, "1 ");
    pass(0.6);
    assert_drops(f, "2 ");
}

static void folders_that_expire_together_are_all_dropped(void)
{
    g_autoptr(Fixture) f = fixture_new();
    ck_expiry_add(f->expiry, 1, 1);
    ck_expiry_add(f->expiry, 2, 1);
    ck_expiry_add(f->expiry, 2, 1);
    ck_expiry_add(f->expiry, 3, 1);
    pass(2);
    assert_drops(f, "1 2 3 ");
}

static void what_is_no_longer_current_at_once_is_dropped_soon(void)
{
    g_autoptr(Fixture) f = fixture_new();
    ck_expiry_add(f->expiry, 1, 0);
    ck_expiry_add(f->expiry, 2, -1);
    pass(0.5);
    while (f->notifier.dropped->len < strlen("1 2 "))
        g_main_context_iteration(f->context, TRUE);
}

static void a_folder_that_was_dropped_may_be_read_again(void)
{
    g_autoptr(Fixture) f = fixture_new();
    for (int i = 0; i < 3; i++) {
        ck_expiry_add(f->expiry, 1, 1);
        pass(2);
        assert_drops(f, "1 ");
    }
}

static void no_time_is_too_long(void)
{
    g_autoptr(Fixture) f = fixture_new();
    ck_expiry_add(f->expiry, 1, G_MAXINT);
    ck_expiry_add(f->expiry, 2, 1e300);
    ck_expiry_add(f->expiry, 3, 1);
    pass(86000);
    assert_drops(f, "3 ");
}

static void each_that_has_not_expired_is_given_once(void)
{
    g_autoptr(Fixture) f = fixture_new();
    guint counts[5] = {0};
    ck_expiry_foreach(f->expiry, count, counts);
    ck_expiry_add(f->expiry, 1, 10);
    ck_expiry_add(f->expiry, 2, 10);
    ck_expiry_add(f->expiry, 3, 1);
    pass(2);
    assert_drops(f, "3 ");
    ck_expiry_add(f->expiry, 1, 10); /* of another time */
    ck_expiry_add(f->expiry, 2, 10);
    ck_expiry_foreach(f->expiry, count, counts);
    g_assert_cmpuint(counts[1], ==, 1);
    g_assert_cmpuint(counts[2], ==, 1);
    g_assert_cmpuint(counts[3] + counts[0] + counts[4], ==, 0);
}

#define TEST(name) g_test_add_func("/expiry/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(folders_are_dropped_when_their_time_has_passed);
    TEST(not_before_their_time);
    TEST(folders_that_expire_together_are_all_dropped);
    TEST(what_is_no_longer_current_at_once_is_dropped_soon);
    TEST(a_folder_that_was_dropped_may_be_read_again);
    TEST(no_time_is_too_long);
    TEST(each_that_has_not_expired_is_given_once);
    return g_test_run();
}
