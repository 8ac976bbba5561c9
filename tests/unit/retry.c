/* SPDX-License-Identifier: MIT */
#include "retry.h"

#define NOW    784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define PLENTY 600000    /* milliseconds that the caller can wait */

/* After how long there is another attempt, -1 for none. */
static gint64 delay_of(const CkAttempt *attempt, guint retries, double jitter, gint64 left)
{
    gint64 wait = ck_retry_wait(attempt, retries, NOW, jitter);
    return ck_retry_again(attempt, retries, wait, left) ? wait : -1;
}

/* The delay of an attempt that failed with 503 and these headers; no retry was made yet. */
static gint64 delay_after(const char *retry_after_ms, const char *retry_after)
{
    CkAttempt attempt = {
        .status = 503, .retry_after_ms = retry_after_ms, .retry_after = retry_after};
    return delay_of(&attempt, 0, 0, PLENTY);
}

static void retries_what_may_pass_by_itself(void)
{
    static const struct {
        int status;
        gboolean again;
    } cases[] = {
        {0, TRUE},    {408, TRUE},  {409, TRUE},  {429, TRUE},  {500, TRUE},
        {502, TRUE},  {503, TRUE},  {504, TRUE},  {529, TRUE},  {200, FALSE},
        {204, FALSE}, {301, FALSE}, {304, FALSE}, {400, FALSE}, {401, FALSE},
        {403, FALSE}, {404, FALSE}, {422, FALSE}, {499, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CkAttempt attempt = {.status = cases[i].status};
        gint64 delay = delay_of(&attempt, 0, 0, PLENTY);
        g_test_message("status %d", cases[i].status);
        g_assert_cmpint(delay, ==, cases[i].again ? 500 : -1);
    }
}

static void the_server_may_overrule_the_status(void)
{
    static const struct {
        int status;
        const char *should_retry;
        gint64 delay;
    } cases[] = {
        {400, "true", 500}, {404, "true", 500},  {500, "false", -1}, {429, "false", -1},
        {0, "false", -1},   {500, "maybe", 500}, {400, "maybe", -1}, {400, "", -1},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CkAttempt attempt = {.status = cases[i].status, .should_retry = cases[i].should_retry};
        g_assert_cmpint(delay_of(&attempt, 0, 0, PLENTY), ==, cases[i].delay);
    }
}

static void backs_off_longer_each_time_and_gives_up(void)
{
    static const struct {
        guint retries;
        double jitter;
        gint64 delay;
    } cases[] = {
        {0, 0, 500}, {0, 0.5, 438}, {0, 1, 375}, {1, 0, 1000},
        {1, 1, 750}, {2, 0, -1},    {3, 0, -1},  {G_MAXUINT, 0, -1},
    };
    CkAttempt attempt = {.status = 500};
    g_assert_cmpint(CK_RETRY_MAX, ==, 2);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 delay = delay_of(&attempt, cases[i].retries, cases[i].jitter, PLENTY);
        g_assert_cmpint(delay, ==, cases[i].delay);
    }
}

static void even_the_server_cannot_ask_for_more_retries(void)
{
    CkAttempt attempt = {.status = 429, .retry_after = "1", .should_retry = "true"};
    g_assert_cmpint(delay_of(&attempt, CK_RETRY_MAX, 0, PLENTY), ==, -1);
}

static void waits_as_long_as_the_server_asks(void)
{
    static const struct {
        const char *retry_after_ms, *retry_after;
        gint64 delay;
    } cases[] = {
        {"250", NULL, 250},
        {"0", NULL, 0},
        {"0.2", NULL, 1}, /* rounded up: never too early */
        {"120000", NULL, 120000},
        {NULL, "0", 0},
        {NULL, "7", 7000},
        {NULL, "1.5", 1500},
        {NULL, "120", 120000},
        {"250", "7", 250}, /* the more precise one counts */
        {"soon", "7", 7000},
        {NULL, "Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {NULL, "Sun, 06 Nov 1994 08:49:47 GMT", 10000},
        {NULL, "Sun, 06 Nov 1994 08:51:37 GMT", 120000},
        {NULL, "Sat, 05 Nov 1994 08:49:37 GMT", 0},
        {NULL, "Sat, 31 Dec 1960 00:00:00 GMT", 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 delay = delay_after(cases[i].retry_after_ms, cases[i].retry_after);
        g_test_message("%s, %s", cases[i].retry_after_ms, cases[i].retry_after);
        g_assert_cmpint(delay, ==, cases[i].delay);
    }
}

static void takes_no_jitter_off_what_the_server_asks(void)
{
    CkAttempt attempt = {.status = 429, .retry_after = "2"};
    g_assert_cmpint(delay_of(&attempt, 1, 1, PLENTY), ==, 2000);
}

/* What is no number, no date, or longer than two minutes counts as not said. */
static void falls_back_to_its_own_delay(void)
{
    static const char *const headers[] = {
        "",
        " ",
        "soon",
        "-5",
        "+5",
        "5 seconds",
        "5s",
        "5,6",
        "1e400",
        "inf",
        "nan",
        "120.1",
        "121",
        "99999999999999999999",
        "Sun, 06 Nov 1994 08:51:38 GMT",
        "Sun, 06 Nov 2094 08:49:37 GMT",
        "Sun, 06 Nov 1994",
        "Sun, 06 Foo 1994 08:49:47 GMT",
        "Sun, 06 anF 1994 08:49:47 GMT",
        "Sun, 32 Nov 1994 08:49:47 GMT",
        "Sun, 06 Nov 1994 25:49:47 GMT",
        "Sunday, 06-Nov-94 08:49:47 GMT",
        "Sun Nov  6 08:49:47 1994",
        "1994-11-06T08:49:47Z",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_test_message("%s", headers[i]);
        g_assert_cmpint(delay_after(NULL, headers[i]), ==, 500);
    }
    g_assert_cmpint(delay_after("-1", NULL), ==, 500);
    g_assert_cmpint(delay_after("120001", NULL), ==, 500);
    g_assert_cmpint(delay_after("x", "y"), ==, 500);
}

static void does_not_wait_longer_than_the_caller_can(void)
{
    static const struct {
        const char *retry_after;
        gint64 left, delay;
    } cases[] = {
        {"2", 2000, 2000}, {"2", 1999, -1}, {"2", 0, -1},   {"0", 0, 0},
        {NULL, 500, 500},  {NULL, 499, -1}, {NULL, -1, -1},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CkAttempt attempt = {.status = 503, .retry_after = cases[i].retry_after};
        g_assert_cmpint(delay_of(&attempt, 0, 0, cases[i].left), ==, cases[i].delay);
    }
}

static void hexadecimal_is_no_number_of_seconds(void)
{
    g_assert_cmpint(delay_after(NULL, "0x10"), ==, 500);
    g_assert_cmpint(delay_after("0x10", NULL), ==, 500);
}

static void a_date_is_in_gmt_and_nothing_follows_it(void)
{
    g_assert_cmpint(delay_after(NULL, "Sun, 06 Nov 1994 08:49:47 PST"), ==, 500);
    g_assert_cmpint(delay_after(NULL, "Sun, 06 Nov 1994 08:49:47"), ==, 500);
    g_assert_cmpint(delay_after(NULL, "Sun, 06 Nov 1994 08:49:47 GMT+1"), ==, 500);
}

static void what_the_quota_forbids_is_not_repeated(void)
{
    CkAttempt attempt = {.status = 429, .out_of_quota = TRUE, .retry_after = "1"};
    CkAttempt asked = {.status = 429, .out_of_quota = TRUE, .should_retry = "true"};
    g_assert_cmpint(delay_of(&attempt, 0, 0, PLENTY), ==, -1);
    g_assert_cmpint(delay_of(&asked, 0, 0, PLENTY), ==, -1);
}

/* Also when there is no attempt left. */
static void the_wait_goes_on_growing_up_to_eight_seconds(void)
{
    static const gint64 waits[] = {500, 1000, 2000, 4000, 8000, 8000, 8000};
    CkAttempt attempt = {.status = 429};
    for (guint i = 0; i < G_N_ELEMENTS(waits); i++)
        g_assert_cmpint(ck_retry_wait(&attempt, i, NOW, 0), ==, waits[i]);
    g_assert_cmpint(ck_retry_wait(&attempt, G_MAXUINT, NOW, 1), ==, 6000);
}

static void only_429_stops_everything(void)
{
    static const struct {
        CkAttempt attempt;
        gboolean pauses;
    } cases[] = {
        {{.status = 429}, TRUE},
        {{.status = 429, .should_retry = "false"}, TRUE},
        {{.status = 429, .out_of_quota = TRUE}, FALSE},
        {{.status = 503, .retry_after = "7"}, FALSE},
        {{.status = 0}, FALSE},
        {{.status = 200}, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(ck_retry_pauses(&cases[i].attempt), ==, cases[i].pauses);
}

static void the_patient_give_an_attempt_more_time(void)
{
    static const struct {
        guint patience;
        CkRetryLimits limits;
    } cases[] = {
        {1, {5, 10, 30}},  {30, {5, 10, 30}},       {32, {5, 10, 32}},
        {33, {5, 11, 33}}, {3600, {5, 1200, 3600}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CkRetryLimits limits = ck_retry_limits(cases[i].patience);
        g_assert_cmpuint(limits.connect, ==, cases[i].limits.connect);
        g_assert_cmpuint(limits.stall, ==, cases[i].limits.stall);
        g_assert_cmpuint(limits.total, ==, cases[i].limits.total);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/retry/statuses", retries_what_may_pass_by_itself);
    g_test_add_func("/retry/should-retry", the_server_may_overrule_the_status);
    g_test_add_func("/retry/backoff", backs_off_longer_each_time_and_gives_up);
    g_test_add_func("/retry/at-most", even_the_server_cannot_ask_for_more_retries);
    g_test_add_func("/retry/asked-for", waits_as_long_as_the_server_asks);
    g_test_add_func("/retry/no-jitter", takes_no_jitter_off_what_the_server_asks);
    g_test_add_func("/retry/nonsense", falls_back_to_its_own_delay);
    g_test_add_func("/retry/left", does_not_wait_longer_than_the_caller_can);
    g_test_add_func("/retry/hexadecimal", hexadecimal_is_no_number_of_seconds);
    g_test_add_func("/retry/date", a_date_is_in_gmt_and_nothing_follows_it);
    g_test_add_func("/retry/quota", what_the_quota_forbids_is_not_repeated);
    g_test_add_func("/retry/wait", the_wait_goes_on_growing_up_to_eight_seconds);
    g_test_add_func("/retry/pauses", only_429_stops_everything);
    g_test_add_func("/retry/limits", the_patient_give_an_attempt_more_time);
    return g_test_run();
}
