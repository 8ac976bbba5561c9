/* SPDX-License-Identifier: MIT */
#include "failures.h"

#include <unistd.h>

#include "error.h"

#define SECOND G_USEC_PER_SEC

/* The clock: threads began as their numbers say, in tenths of a second, but for those above 1000,
 * of which nothing is known. */
static gint64 time_now;

static gint64 now(void)
{
    return time_now;
}

static gint64 began(int thread)
{
    return thread > 1000 || thread == 0 ? G_MININT64 : thread * (SECOND / 10);
}

static const CkThreadClock test_clock = {now, began};

static const CkWant items = {CK_WANT_ITEMS, (char *)"cthr_1"};
static const CkWant thread = {CK_WANT_THREAD, (char *)"cthr_1"};

static void add(CkFailures *failures, int reader, const char *message)
{
    g_autoptr(GError) error = g_error_new_literal(CK_ERROR, CK_ERROR_SERVER, message);
    ck_failures_add(failures, &items, reader, error);
}

static void assert_told(CkFailures *failures, int reader, const char *message)
{
    const GError *error = ck_failures_find(failures, &items, reader);
    g_assert_error(error, CK_ERROR, CK_ERROR_SERVER);
    g_assert_cmpstr(error->message, ==, message);
}

static void assert_fetches(CkFailures *failures, int reader)
{
    g_assert_null(ck_failures_find(failures, &items, reader));
}

/* Threads 1 and 2 began before time 10, at which the first failure comes. */
static CkFailures *failed(void)
{
    CkFailures *failures = ck_failures_new(&test_clock);
    time_now = 10 * (SECOND / 10);
    assert_fetches(failures, 1);
    add(failures, 1, "first");
    return failures;
}

static void test_who_may_have_waited_is_told(void)
{
    g_autoptr(CkFailures) failures = failed();
    for (int reader = 2; reader <= 10; reader++)
        assert_told(failures, reader, "first");
    assert_told(failures, 2000, "first");
}

static void test_who_asks_again_has_it_fetched(void)
{
    g_autoptr(CkFailures) failures = failed();
    assert_fetches(failures, 1);
    g_autoptr(CkFailures) others = failed();
    assert_told(others, 2, "first");
    assert_fetches(others, 2);
}

/* The fetch that one has had made anew is the one that the others are told of. */
static void test_a_newer_failure_is_told(void)
{
    g_autoptr(CkFailures) failures = failed();
    assert_fetches(failures, 1);
    assert_fetches(failures, 2);
    add(failures, 1, "second");
    add(failures, 2, "second");
    assert_told(failures, 3, "second");
    assert_fetches(failures, 2);
}

static void test_who_began_later_has_it_fetched(void)
{
    g_autoptr(CkFailures) failures = failed();
    assert_fetches(failures, 11);
    assert_fetches(failures, 3);
}

static void test_another_want_has_not_failed(void)
{
    g_autoptr(CkFailures) failures = failed();
    g_assert_null(ck_failures_find(failures, &thread, 2));
    assert_told(failures, 2, "first");
}

static void test_what_has_come_has_not_failed(void)
{
    g_autoptr(CkFailures) failures = failed();
    ck_failures_forget(failures, &thread);
    assert_told(failures, 2, "first");
    ck_failures_forget(failures, &items);
    assert_fetches(failures, 3);
}

static void test_it_is_over_a_second_after_the_last_one(void)
{
    g_autoptr(CkFailures) failures = failed();
    for (int reader = 2; reader <= 9; reader++) {
        time_now += SECOND;
        assert_told(failures, reader, "first");
    }
    time_now += SECOND + 1;
    assert_fetches(failures, 10);
}

/* Nobody knows whether a thread without a number asks again. */
static void test_threads_without_a_number_do_not_keep_it(void)
{
    g_autoptr(CkFailures) failures = failed();
    assert_told(failures, 0, "first");
    time_now += SECOND;
    assert_told(failures, 0, "first");
    time_now++;
    assert_fetches(failures, 0);
    add(failures, 0, "second");
    assert_told(failures, 0, "second");
}

/* When a thread began is known to a clock tick. */
#define TICK (G_USEC_PER_SEC / sysconf(_SC_CLK_TCK))

static void test_the_clock_of_threads(void)
{
    gint64 at = ck_thread_clock.now(), own = ck_thread_clock.began(getpid());
    g_assert_cmpint(own, >, 0);
    g_assert_cmpint(own, <=, at + TICK);
    g_assert_cmpint(at, <=, ck_thread_clock.now());
    g_assert_cmpint(ck_thread_clock.began(0), ==, G_MININT64);
    g_assert_cmpint(ck_thread_clock.began(-1), ==, G_MININT64);
}

typedef struct {
    GMutex mutex;
    GCond changed;
    gint number;
    gboolean ends;
} Thread;

static gpointer run_thread(gpointer data)
{
    Thread *self = data;
    g_mutex_lock(&self->mutex);
    self->number = gettid();
    g_cond_broadcast(&self->changed);
    while (!self->ends)
        g_cond_wait(&self->changed, &self->mutex);
    g_mutex_unlock(&self->mutex);
    return NULL;
}

/* Not that of its process; and its name is none that a field could be taken for. */
static void test_a_thread_has_its_own_beginning(void)
{
    gint64 first = ck_thread_clock.began(getpid()), its = first;
    while (its == first) { /* until a clock tick has passed */
        Thread one = {0};
        GThread *runs = g_thread_new(") R 1 (", run_thread, &one);
        g_mutex_lock(&one.mutex);
        while (!one.number)
            g_cond_wait(&one.changed, &one.mutex);
        its = ck_thread_clock.began(one.number);
        one.ends = TRUE;
        g_cond_broadcast(&one.changed);
        g_mutex_unlock(&one.mutex);
        g_thread_join(runs);
    }
    g_assert_cmpint(its, >, first);
    g_assert_cmpint(its, <=, ck_thread_clock.now() + TICK);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/failures/told", test_who_may_have_waited_is_told);
    g_test_add_func("/failures/again", test_who_asks_again_has_it_fetched);
    g_test_add_func("/failures/newer", test_a_newer_failure_is_told);
    g_test_add_func("/failures/later", test_who_began_later_has_it_fetched);
    g_test_add_func("/failures/other", test_another_want_has_not_failed);
    g_test_add_func("/failures/come", test_what_has_come_has_not_failed);
    g_test_add_func("/failures/over", test_it_is_over_a_second_after_the_last_one);
    g_test_add_func("/failures/no-number", test_threads_without_a_number_do_not_keep_it);
    g_test_add_func("/failures/clock", test_the_clock_of_threads);
    g_test_add_func("/failures/thread", test_a_thread_has_its_own_beginning);
    return g_test_run();
}
