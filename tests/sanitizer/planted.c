/* SPDX-License-Identifier: MIT */
/*
 * Bugs, to see that they are found: one test for each that the sanitizers of this build, or
 * valgrind, are there to find (DETECTORS, see meson.build). It passes when a process that does it
 * fails with the report.
 */
#include <glib.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "worker.h"

/* What the compiler may not look through. */
static volatile int zero = 0;
static int *volatile kept;

static int *numbers(int count)
{
    kept = g_new0(int, count);
    int *result = kept;
    kept = NULL;
    return result;
}

static void use_after_free(void)
{
    int *freed = numbers(2);
    g_free(freed);
    kept = freed;
    zero += kept[1];
}

static void overflow_of_the_heap(void)
{
    g_autofree int *two = numbers(2);
    kept = two;
    zero += kept[2 + zero];
}

static G_NO_INLINE void keep_local(void)
{
    int local = zero;
    kept = &local;
}

static void use_after_return(void)
{
    keep_local();
    zero += *kept;
}

static void leak(void)
{
    for (int i = 0; i < 10; i++)
        numbers(2);
}

static void signed_overflow(void)
{
    volatile int most = INT_MAX;
    zero = most + 1 + zero;
}

static void uninitialised(void)
{
    g_autofree int *two = malloc(2 * sizeof *two);
    kept = two;
    if (kept[1] == INT_MAX)
        g_printerr("by chance\n");
}

/* Races: each thread does its work with the lock, and then one counts without. */

static struct {
    GMutex lock;
    int count;
} shared;

static gpointer count(gpointer data)
{
    for (int i = 0; i < 100; i++) {
        g_mutex_lock(&shared.lock);
        shared.count++;
        g_mutex_unlock(&shared.lock);
    }
    return data;
}

static gpointer count_without_lock(gpointer data)
{
    shared.count++;
    return data;
}

static void race_of_threads(void)
{
    GThread *one = g_thread_new("one", count, NULL);
    GThread *other = g_thread_new("other", count_without_lock, NULL);
    g_thread_join(one);
    g_thread_join(other);
}

static void count_work(gpointer data)
{
    ++*(int *)data;
}

static void count_done(gpointer data)
{
    ++*(int *)data;
    zero = 1;
}

/* What the worker has not given back is not the loop's. */
static void race_with_the_worker(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(CkWorker) worker = ck_worker_new(context);
    int *data = numbers(1);
    ck_worker_run(worker, count_work, count_done, data, g_free);
    ++*data;
    while (!zero)
        g_main_context_iteration(context, TRUE);
}

/* No bugs: what is handed over by the worker, a mutex, a condition or a queue. */

static gpointer answer(gpointer data)
{
    GAsyncQueue **queues = data;
    int *number;
    while (*(number = g_async_queue_pop(queues[0])) >= 0) {
        ++*number;
        g_async_queue_push(queues[1], number);
    }
    return NULL;
}

static void ask(void)
{
    GAsyncQueue *queues[] = {g_async_queue_new(), g_async_queue_new()};
    GThread *thread = g_thread_new("answer", answer, queues);
    int number = 1;
    for (int i = 0; i < 100; i++) {
        number++;
        g_async_queue_push(queues[0], &number);
        g_async_queue_pop(queues[1]);
    }
    g_assert_cmpint(number, ==, 201);
    number = -1;
    g_async_queue_push(queues[0], &number);
    g_thread_join(thread);
    g_async_queue_unref(queues[0]);
    g_async_queue_unref(queues[1]);
}

static void no_race(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(CkWorker) worker = ck_worker_new(context);
    ck_worker_run(worker, count_work, count_done, numbers(1), g_free);
    GThread *one = g_thread_new("one", count, NULL);
    count(NULL);
    g_thread_join(one);
    ask();
    while (!zero)
        g_main_context_iteration(context, TRUE);
}

typedef struct {
    const char *detector, *name;
    void (*plant)(void);
    const char *report; /* a pattern; NULL: there is none, it succeeds */
} Bug;

static const Bug bugs[] = {
    {"address", "use-after-free", use_after_free, "*AddressSanitizer: heap-use-after-free*"},
    {"address", "overflow", overflow_of_the_heap, "*AddressSanitizer: heap-buffer-overflow*"},
    {"address", "use-after-return", use_after_return, "*AddressSanitizer: stack-use-after-return*"},
    {"address", "leak", leak, "*LeakSanitizer: detected memory leaks*"},
    {"undefined", "signed-overflow", signed_overflow, "*signed integer overflow*"},
    {"thread", "race", race_of_threads, "*ThreadSanitizer: data race*"},
    {"thread", "race-with-the-worker", race_with_the_worker,
     "*ThreadSanitizer: data race*count_work*"},
    {"thread", "no-race", no_race, NULL},
    {"valgrind", "use-after-free", use_after_free, "*Invalid read of size 4*"},
    {"valgrind", "overflow", overflow_of_the_heap, "*Invalid read of size 4*"},
    {"valgrind", "leak", leak, "*80 bytes in 10 blocks are definitely lost*"},
    {"valgrind", "uninitialised", uninitialised, "*depends on uninitialised value*"},
};

static void is_found(gconstpointer data)
{
    const Bug *bug = data;
    if (g_test_subprocess()) {
        bug->plant();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    if (!bug->report) {
        g_test_trap_assert_passed();
        return;
    }
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(bug->report);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    const char *names = g_getenv("DETECTORS");
    g_auto(GStrv) detectors = g_strsplit(names ? names : "", ",", -1);
    for (gsize i = 0; i < G_N_ELEMENTS(bugs); i++) {
        g_autofree char *path = g_strdup_printf("/planted/%s", bugs[i].name);
        if (g_strv_contains((const char *const *)detectors, bugs[i].detector))
            g_test_add_data_func(path, &bugs[i], is_found);
    }
    return g_test_run();
}
