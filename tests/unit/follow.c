/* SPDX-License-Identifier: MIT */
#include "follow.h"

#include <time.h>

/* What follow.c counts with: how late a question may be, in microseconds. */
#define LATE (3 * G_USEC_PER_SEC)

#define FOLLOWED_MAX 256

/* With a long ttl whatever is asked in a test is part of one question; after half of the short one
 * it is another. */
#define LONG  1000
#define SHORT 1

static const CkWant listing = {CK_WANT_ITEMS, (char *)"cthr_1"};
static const CkWant other = {CK_WANT_ITEMS, (char *)"cthr_2"};

/* How far the clock has been put forward, in microseconds. */
static gint64 forward;

/* In the place of GLib's, for follow.c. Whether GLib's own timers go by it as well, does not
 * matter: they are waited for. */
gint64 g_get_monotonic_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 + forward;
}

typedef struct {
    GMainContext *context;
    CkConfig *config;
    CkFollow *follow;
    guint due;       /* how often the listing was */
    gboolean passes; /* then a long time */
} Fixture;

static void pass(gint64 microseconds)
{
    forward += microseconds;
}

static void on_due(const CkWant *want, gpointer data)
{
    Fixture *f = data;
    g_assert_cmpint(want->kind, ==, listing.kind);
    g_assert_cmpstr(want->id, ==, listing.id);
    f->due++;
    if (f->passes) {
        pass(SHORT * G_USEC_PER_SEC + LATE + 1);
        ck_follow_checked(f->follow, &listing);
    }
}

static Fixture *fixture_new(void)
{
    Fixture *f = g_new0(Fixture, 1);
    f->context = g_main_context_new();
    f->config = ck_config_new();
    f->config->ttl = SHORT;
    f->follow = ck_follow_new(f->context, f->config, on_due, f);
    return f;
}

static void fixture_free(Fixture *f)
{
    g_clear_pointer(&f->follow, ck_follow_free);
    ck_config_free(f->config);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static void pass_half_a_ttl(void)
{
    pass(SHORT * G_USEC_PER_SEC / 2);
}

/* Milliseconds until the context has something to do; -1: never. */
static int time_left(Fixture *f)
{
    GPollFD fds[8];
    int priority, timeout;
    g_assert_true(g_main_context_acquire(f->context));
    g_main_context_prepare(f->context, &priority);
    g_main_context_query(f->context, priority, &timeout, fds, G_N_ELEMENTS(fds));
    g_main_context_release(f->context);
    return timeout;
}

/* Whether it is going to be due when it expires. */
static gboolean is_followed(Fixture *f, const CkWant *want)
{
    ck_follow_checked(f->follow, want);
    return time_left(f) >= 0;
}

/* It is asked for a second time after the ttl. */
static void follow(Fixture *f)
{
    ck_follow_asked(f->follow, &listing);
    pass_half_a_ttl();
    ck_follow_asked(f->follow, &listing);
}

static void run_until_nothing_is_left(Fixture *f)
{
    while (time_left(f) >= 0)
        g_main_context_iteration(f->context, TRUE);
}

/* Who follows */

static void who_has_not_asked_does_not_follow(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_assert_false(is_followed(f, &listing));
}

static void who_asks_once_does_not_follow(void)
{
    g_autoptr(Fixture) f = fixture_new();
    ck_follow_asked(f->follow, &listing);
    g_assert_false(is_followed(f, &listing));
}

static void who_asks_in_one_question_many_times_does_not_follow(void)
{
    g_autoptr(Fixture) f = fixture_new();
    f->config->ttl = LONG;
    for (guint i = 0; i < 10; i++)
        ck_follow_asked(f->follow, &listing);
    g_assert_false(is_followed(f, &listing));
}

static void who_asks_again_after_the_ttl_follows(void)
{
    g_autoptr(Fixture) f = fixture_new();
    follow(f);
    ck_follow_asked(f->follow, &other);
    g_assert_false(is_followed(f, &other));
    g_assert_true(is_followed(f, &listing));
    g_assert_cmpint(time_left(f), <=, SHORT * 1000);
    run_until_nothing_is_left(f);
    g_assert_cmpuint(f->due, ==, 1);
}

static void who_asks_again_long_after_that_does_not_follow(void)
{
    g_autoptr(Fixture) f = fixture_new();
    follow(f);
    pass(2 * SHORT * G_USEC_PER_SEC + LATE + 1);
    ck_follow_asked(f->follow, &listing);
    g_assert_false(is_followed(f, &listing));
    pass_half_a_ttl();
    ck_follow_asked(f->follow, &listing);
    g_assert_true(is_followed(f, &listing));
}

static void with_ttl_0_or_inf_nobody_follows(void)
{
    static const guint cases[] = {0, CK_NEVER};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new();
        f->config->ttl = cases[i];
        ck_follow_asked(f->follow, &listing);
        pass_half_a_ttl();
        ck_follow_asked(f->follow, &listing);
        f->config->ttl = SHORT; /* so that it would show */
        g_assert_false(is_followed(f, &listing));
        pass_half_a_ttl();
        ck_follow_asked(f->follow, &listing);
        g_assert_false(is_followed(f, &listing));
    }
}

/* When it is due */

static void a_check_in_between_puts_it_off(void)
{
    g_autoptr(Fixture) f = fixture_new();
    follow(f);
    for (guint i = 0; i < 3; i++)
        ck_follow_checked(f->follow, &listing);
    run_until_nothing_is_left(f);
    g_assert_cmpuint(f->due, ==, 1);
}

static void it_is_not_due_where_nobody_asks_any_more(void)
{
    g_autoptr(Fixture) f = fixture_new();
    follow(f);
    f->passes = TRUE;
    ck_follow_checked(f->follow, &listing);
    run_until_nothing_is_left(f);
    g_assert_cmpuint(f->due, ==, 1);
    g_assert_false(is_followed(f, &listing));
}

static void the_longest_time_is_a_day(void)
{
    g_autoptr(Fixture) f = fixture_new();
    follow(f);
    f->config->ttl = CK_NEVER - 1;
    g_assert_true(is_followed(f, &listing));
    g_assert_cmpint(time_left(f), <=, 86400 * 1000);
    g_assert_cmpint(time_left(f), >, 86400 * 999);
}

/* How many */

static void no_more_are_followed_than_that(void)
{
    g_autoptr(Fixture) f = fixture_new();
    for (guint round = 0; round < 2; round++) {
        for (guint i = 0; i < FOLLOWED_MAX; i++) {
            g_autofree char *id = g_strdup_printf("cthr_of_many_%u", i);
            ck_follow_asked(f->follow, &(CkWant){CK_WANT_ITEMS, id});
        }
        ck_follow_asked(f->follow, &listing);
        pass_half_a_ttl();
    }
    g_assert_false(is_followed(f, &listing));
    g_assert_true(is_followed(f, &(CkWant){CK_WANT_ITEMS, (char *)"cthr_of_many_255"}));
}

static void those_who_are_gone_give_way(void)
{
    g_autoptr(Fixture) f = fixture_new();
    for (guint i = 0; i < FOLLOWED_MAX; i++) {
        g_autofree char *id = g_strdup_printf("cthr_of_many_%u", i);
        ck_follow_asked(f->follow, &(CkWant){CK_WANT_ITEMS, id});
    }
    pass(2 * SHORT * G_USEC_PER_SEC + LATE + 1);
    follow(f);
    g_assert_true(is_followed(f, &listing));
}

/* Freeing */

static void nothing_is_due_when_freed(void)
{
    g_autoptr(Fixture) f = fixture_new();
    follow(f);
    g_assert_true(is_followed(f, &listing));
    g_clear_pointer(&f->follow, ck_follow_free);
    g_assert_cmpint(time_left(f), ==, -1);
    g_assert_cmpuint(f->due, ==, 0);
}

#define TEST(name) g_test_add_func("/follow/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(who_has_not_asked_does_not_follow);
    TEST(who_asks_once_does_not_follow);
    TEST(who_asks_in_one_question_many_times_does_not_follow);
    TEST(who_asks_again_after_the_ttl_follows);
    TEST(who_asks_again_long_after_that_does_not_follow);
    TEST(with_ttl_0_or_inf_nobody_follows);
    TEST(a_check_in_between_puts_it_off);
    TEST(it_is_not_due_where_nobody_asks_any_more);
    TEST(the_longest_time_is_a_day);
    TEST(no_more_are_followed_than_that);
    TEST(those_who_are_gone_give_way);
    TEST(nothing_is_due_when_freed);
    return g_test_run();
}
