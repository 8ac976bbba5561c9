/* SPDX-License-Identifier: MIT */
#include "failures.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How soon the kernel lets the next one ask, in microseconds. It takes less than a millisecond,
 * but for all those of a thousand processes that are run before. */
#define NEXT_US G_USEC_PER_SEC

typedef struct {
    GError *error;
    gint64 at;        /* when it came, … */
    gint64 until;     /* … and until when it is told; µs since boot */
    GHashTable *told; /* threads */
} Failure;

struct _CkFailures {
    const CkThreadClock *clock;
    GHashTable *failures; /* key of a want → Failure */
};

/* Time */

static gint64 now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* proc_pid_stat(5): starttime is the 22nd field, in clock ticks, rounded down, so that it may be
 * one tick later; ") " ends the 2nd, the only one that can hold a space. To read it never waits for
 * the thread. */
static gint64 began(int thread)
{
    char path[64], stat[1024];
    g_snprintf(path, sizeof path, "/proc/%d/stat", thread);
    int fd = thread > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    gssize size = fd >= 0 ? read(fd, stat, sizeof stat - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (size <= 0)
        return G_MININT64;
    stat[size] = '\0';
    const char *at = strrchr(stat, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? (g_ascii_strtoll(at, NULL, 10) + 1) * (G_USEC_PER_SEC / sysconf(_SC_CLK_TCK))
              : G_MININT64;
}

const CkThreadClock ck_thread_clock = {now, began};

/* Failures */

static void failure_free(gpointer data)
{
    Failure *failure = data;
    g_error_free(failure->error);
    g_hash_table_unref(failure->told);
    g_free(failure);
}

static gboolean is_over(gpointer key, gpointer value, gpointer data)
{
    (void)key;
    return ((const Failure *)value)->until < *(const gint64 *)data;
}

static void tell(Failure *failure, int thread, gint64 at)
{
    /* Of threads without a number each would count as another one, for ever. */
    if (thread > 0 && g_hash_table_add(failure->told, GINT_TO_POINTER(thread)))
        failure->until = at + NEXT_US;
}

void ck_failures_add(CkFailures *failures, const CkWant *want, int thread, const GError *error)
{
    gint64 at = failures->clock->now();
    g_autofree char *key = ck_want_key(want);
    g_hash_table_foreach_remove(failures->failures, is_over, &at);
    Failure *failure = g_hash_table_lookup(failures->failures, key);
    if (!failure) {
        failure = g_new(Failure, 1);
        *failure = (Failure){g_error_copy(error), at, at + NEXT_US, g_hash_table_new(NULL, NULL)};
        g_hash_table_insert(failures->failures, g_steal_pointer(&key), failure);
    }
    tell(failure, thread, at);
}

static gboolean may_have_waited(CkFailures *failures, const Failure *failure, int thread)
{
    return !g_hash_table_contains(failure->told, GINT_TO_POINTER(thread)) &&
           failures->clock->began(thread) <= failure->at;
}

const GError *ck_failures_find(CkFailures *failures, const CkWant *want, int thread)
{
    gint64 at = failures->clock->now();
    g_autofree char *key = ck_want_key(want);
    Failure *failure = g_hash_table_lookup(failures->failures, key);
    if (!failure)
        return NULL;
    if (is_over(key, failure, &at) || !may_have_waited(failures, failure, thread)) {
        g_hash_table_remove(failures->failures, key);
        return NULL;
    }
    tell(failure, thread, at);
    return failure->error;
}

void ck_failures_forget(CkFailures *failures, const CkWant *want)
{
    g_autofree char *key = ck_want_key(want);
    g_hash_table_remove(failures->failures, key);
}

CkFailures *ck_failures_new(const CkThreadClock *clock)
{
    CkFailures *failures = g_new(CkFailures, 1);
    failures->clock = clock;
    failures->failures = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, failure_free);
    return failures;
}

void ck_failures_free(CkFailures *failures)
{
    g_hash_table_unref(failures->failures);
    g_free(failures);
}
