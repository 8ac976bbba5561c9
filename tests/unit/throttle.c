/* SPDX-License-Identifier: MIT */
#include "throttle.h"

static void as_many_as_configured_are_allowed(void)
{
    CkThrottle throttle = ck_throttle_new(16);
    g_assert_cmpuint(ck_throttle_allowed(&throttle), ==, 16);
    ck_throttle_grow(&throttle);
    g_assert_cmpuint(ck_throttle_allowed(&throttle), ==, 16);
    g_assert_cmpint(throttle.paused_until, ==, 0);
}

static void each_round_of_429_halves_them_down_to_one(void)
{
    static const guint allowed[] = {8, 4, 2, 1, 1, 1};
    CkThrottle throttle = ck_throttle_new(16);
    for (gint64 i = 0; i < (gint64)G_N_ELEMENTS(allowed); i++) {
        ck_throttle_limit(&throttle, 100 * i + 1, 100 * i + 2, 100 * i + 50);
        g_assert_cmpuint(ck_throttle_allowed(&throttle), ==, allowed[i]);
        g_assert_cmpint(throttle.paused_until, ==, 100 * i + 50);
    }
}

/* They would all have been sent in vain, and are one piece of news. */
static void those_sent_before_the_first_429_halve_once(void)
{
    CkThrottle throttle = ck_throttle_new(16);
    for (gint64 i = 0; i < 16; i++)
        ck_throttle_limit(&throttle, i, 100 + i, 0);
    g_assert_cmpuint(ck_throttle_allowed(&throttle), ==, 8);
    ck_throttle_limit(&throttle, 101, 200, 0);
    g_assert_cmpuint(ck_throttle_allowed(&throttle), ==, 4);
}

static void the_longest_pause_counts(void)
{
    CkThrottle throttle = ck_throttle_new(16);
    ck_throttle_limit(&throttle, 0, 1, 500);
    ck_throttle_limit(&throttle, 0, 2, 300);
    g_assert_cmpint(throttle.paused_until, ==, 500);
}

/* One more for each round of answers. */
static void they_grow_back_one_by_one(void)
{
    CkThrottle throttle = ck_throttle_new(16);
    guint answers = 0;
    ck_throttle_limit(&throttle, 0, 1, 0);
    for (guint allowed = 8; allowed < 16; allowed++) {
        g_assert_cmpuint(ck_throttle_allowed(&throttle), ==, allowed);
        for (guint i = 0; ck_throttle_allowed(&throttle) == allowed; i++) {
            g_assert_cmpuint(i, <=, allowed + 1);
            ck_throttle_grow(&throttle);
            answers++;
        }
    }
    g_assert_cmpuint(answers, >=, 8 + 9 + 10 + 11 + 12 + 13 + 14 + 15);
    ck_throttle_grow(&throttle);
    g_assert_cmpuint(ck_throttle_allowed(&throttle), ==, 16);
}

static void one_is_always_allowed(void)
{
    CkThrottle throttle = ck_throttle_new(1);
    ck_throttle_limit(&throttle, 0, 1, 0);
    g_assert_cmpuint(ck_throttle_allowed(&throttle), ==, 1);
    ck_throttle_grow(&throttle);
    g_assert_cmpuint(ck_throttle_allowed(&throttle), ==, 1);
}

#define TEST(name) g_test_add_func("/throttle/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(as_many_as_configured_are_allowed);
    TEST(each_round_of_429_halves_them_down_to_one);
    TEST(those_sent_before_the_first_429_halve_once);
    TEST(the_longest_pause_counts);
    TEST(they_grow_back_one_by_one);
    TEST(one_is_always_allowed);
    return g_test_run();
}
