/* SPDX-License-Identifier: MIT */
#include "breaker.h"

#define SECOND ((gint64)G_USEC_PER_SEC)

/* Each of them was sent after the one before had failed. */
static void fail_in_a_row(CkBreaker *breaker, guint times, gint64 now)
{
    for (guint i = 0; i < times; i++)
        ck_breaker_fail(breaker, FALSE, now, now);
}

static void assert_says(CkBreaker *breaker, gint64 now, CkBreakerWord word)
{
    g_assert_cmpint(ck_breaker_ask(breaker, TRUE, now), ==, word);
}

static void requests_are_sent_as_long_as_they_are_answered(void)
{
    CkBreaker breaker = {0};
    fail_in_a_row(&breaker, CK_BREAKER_FAILURES - 1, 0);
    assert_says(&breaker, 0, CK_BREAKER_SEND);
    ck_breaker_close(&breaker);
    fail_in_a_row(&breaker, CK_BREAKER_FAILURES - 1, 0);
    assert_says(&breaker, 0, CK_BREAKER_SEND);
}

static void five_failures_in_a_row_open_it_for_a_second(void)
{
    CkBreaker breaker = {0};
    g_assert_cmpuint(CK_BREAKER_FAILURES, ==, 5);
    fail_in_a_row(&breaker, 5, 7);
    assert_says(&breaker, 7, CK_BREAKER_REFUSE);
    assert_says(&breaker, 7 + SECOND - 1, CK_BREAKER_REFUSE);
    assert_says(&breaker, 7 + SECOND, CK_BREAKER_PROBE);
}

static void those_that_fail_together_are_one_failure(void)
{
    CkBreaker breaker = {0};
    for (gint64 i = 0; i < 64; i++)
        ck_breaker_fail(&breaker, FALSE, 10 + i, 100 + i);
    assert_says(&breaker, 200, CK_BREAKER_SEND);
    fail_in_a_row(&breaker, 4, 200);
    assert_says(&breaker, 200, CK_BREAKER_REFUSE);
}

static void one_request_is_the_probe_and_the_others_wait(void)
{
    CkBreaker breaker = {0};
    fail_in_a_row(&breaker, 5, 0);
    g_assert_cmpint(ck_breaker_ask(&breaker, FALSE, SECOND), ==, CK_BREAKER_WAIT); /* no room */
    assert_says(&breaker, SECOND, CK_BREAKER_PROBE);
    assert_says(&breaker, SECOND, CK_BREAKER_WAIT);
    assert_says(&breaker, 100 * SECOND, CK_BREAKER_WAIT);
    ck_breaker_close(&breaker);
    assert_says(&breaker, SECOND, CK_BREAKER_SEND);
}

static void another_request_is_the_probe_once_nobody_waits_for_the_first(void)
{
    CkBreaker breaker = {0};
    fail_in_a_row(&breaker, 5, 0);
    assert_says(&breaker, SECOND, CK_BREAKER_PROBE);
    ck_breaker_abandon(&breaker);
    assert_says(&breaker, SECOND, CK_BREAKER_PROBE);
}

static void it_stays_open_twice_as_long_after_each_probe(void)
{
    static const gint64 seconds[] = {1, 2, 4, 8, 16, 30, 30, 30};
    CkBreaker breaker = {0};
    gint64 now = 5;
    fail_in_a_row(&breaker, 5, now);
    for (gsize i = 0; i < G_N_ELEMENTS(seconds); i++) {
        assert_says(&breaker, now + seconds[i] * SECOND - 1, CK_BREAKER_REFUSE);
        now += seconds[i] * SECOND;
        assert_says(&breaker, now, CK_BREAKER_PROBE);
        ck_breaker_fail(&breaker, TRUE, now, now);
    }
    ck_breaker_close(&breaker);
    fail_in_a_row(&breaker, 5, now);
    assert_says(&breaker, now + SECOND, CK_BREAKER_PROBE);
}

static void what_was_under_way_when_it_opened_counts_no_more(void)
{
    CkBreaker breaker = {0};
    fail_in_a_row(&breaker, 5, 0);
    fail_in_a_row(&breaker, 64, SECOND / 2);
    assert_says(&breaker, SECOND, CK_BREAKER_PROBE);
    ck_breaker_fail(&breaker, FALSE, 0, SECOND);
    assert_says(&breaker, SECOND, CK_BREAKER_WAIT);
}

static void a_late_answer_closes_it(void)
{
    CkBreaker breaker = {0};
    fail_in_a_row(&breaker, 5, 0);
    ck_breaker_close(&breaker);
    assert_says(&breaker, 1, CK_BREAKER_SEND);
}

static void without_room_everything_waits(void)
{
    CkBreaker breaker = {0};
    g_assert_cmpint(ck_breaker_ask(&breaker, FALSE, 0), ==, CK_BREAKER_WAIT);
    fail_in_a_row(&breaker, 5, 0);
    g_assert_cmpint(ck_breaker_ask(&breaker, FALSE, 0), ==, CK_BREAKER_REFUSE);
}

#define TEST(name) g_test_add_func("/breaker/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(requests_are_sent_as_long_as_they_are_answered);
    TEST(five_failures_in_a_row_open_it_for_a_second);
    TEST(those_that_fail_together_are_one_failure);
    TEST(one_request_is_the_probe_and_the_others_wait);
    TEST(another_request_is_the_probe_once_nobody_waits_for_the_first);
    TEST(it_stays_open_twice_as_long_after_each_probe);
    TEST(what_was_under_way_when_it_opened_counts_no_more);
    TEST(a_late_answer_closes_it);
    TEST(without_room_everything_waits);
    return g_test_run();
}
