/* SPDX-License-Identifier: MIT */
#include "error.h"
#include "revalidate_private.h"

/* How long nothing is checked after a failure, in seconds: at first, and at most. */
#define PAUSE_FIRST 1
#define PAUSE_MAX   30

/* Waking */

GPtrArray *ck_revalidations_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

CkRevalidation *ck_revalidations_add(GPtrArray *waits, CkRevalidated woken, gpointer data)
{
    CkRevalidation *wait = g_new(CkRevalidation, 1);
    *wait = (CkRevalidation){waits, woken, data};
    g_ptr_array_add(waits, wait);
    return wait;
}

void ck_revalidations_wake(GPtrArray *waits, const GError *error)
{
    for (guint i = 0; i < waits->len; i++)
        ((CkRevalidation *)g_ptr_array_index(waits, i))->waits = NULL;
    for (guint i = 0; i < waits->len; i++) {
        CkRevalidation *wait = g_ptr_array_index(waits, i);
        if (wait->woken)
            wait->woken(error, wait->data);
    }
    g_ptr_array_unref(waits);
}

void ck_revalidator_cancel(CkRevalidation *wait)
{
    if (wait->waits)
        g_ptr_array_remove(wait->waits, wait);
    else
        wait->woken = NULL;
}

/* Pauses */

void ck_pause_free(CkPause *pause)
{
    g_clear_error(&pause->error);
    g_free(pause);
}

static gboolean is_over(const CkPause *pause)
{
    return g_get_monotonic_time() >= pause->until;
}

/* The pause after another failure: twice as long as the one before. What was under way when that
 * began fails for the same reason, and makes it no longer. Takes and gives ownership. */
static CkPause *prolong(CkPause *pause, const GError *error)
{
    if (!pause)
        pause = g_new0(CkPause, 1);
    if (is_over(pause)) {
        pause->seconds = MIN(MAX(pause->seconds * 2, PAUSE_FIRST), PAUSE_MAX);
        pause->until = g_get_monotonic_time() + (gint64)pause->seconds * G_USEC_PER_SEC;
    }
    g_clear_error(&pause->error);
    pause->error = g_error_copy(error);
    return pause;
}

const GError *ck_jobs_why_failed(const CkRevalidator *revalidator, const char *key)
{
    const CkPause *pause = g_hash_table_lookup(revalidator->pauses, key);
    pause = revalidator->pause ? revalidator->pause : pause;
    return pause ? pause->error : NULL;
}

const GError *ck_jobs_why_paused(const CkRevalidator *revalidator, const char *key)
{
    const CkPause *pause = g_hash_table_lookup(revalidator->pauses, key);
    if (revalidator->pause && !is_over(revalidator->pause))
        pause = revalidator->pause;
    return pause && !is_over(pause) ? pause->error : NULL;
}

/* A failure that is likely to be the server's with just this listing, … */
static gboolean is_of_one(const GError *error)
{
    return g_error_matches(error, CK_ERROR, CK_ERROR_BAD_RESPONSE) ||
           g_error_matches(error, CK_ERROR, CK_ERROR_REJECTED) ||
           g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND) ||
           g_error_matches(error, CK_ERROR, CK_ERROR_TOO_LARGE) ||
           g_error_matches(error, CK_ERROR, CK_ERROR_SERVER);
}

/* … if no other one has just failed as well. */
static gboolean fails_alone(const CkRevalidator *revalidator, const char *key, const GError *error)
{
    return is_of_one(error) && !revalidator->pause &&
           (!revalidator->failed || strcmp(revalidator->failed, key) == 0);
}

static void fail_alone(CkRevalidator *revalidator, const char *key, const GError *error)
{
    g_autofree char *stolen = NULL;
    CkPause *pause = NULL;
    g_hash_table_steal_extended(revalidator->pauses, key, (gpointer *)&stolen, (gpointer *)&pause);
    gboolean known = pause && pause->error->code == error->code;
    g_hash_table_insert(revalidator->pauses, g_strdup(key), prolong(pause, error));
    g_free(revalidator->failed);
    revalidator->failed = g_strdup(key);
    if (!known)
        revalidator->events.failed(error, revalidator->events.data);
}

/* What is queued would fail as well; readers that come later have it checked again. Said once,
 * however long it lasts. */
void ck_jobs_fail(CkRevalidator *revalidator, const GError *error)
{
    CkJob *job;
    gboolean known = revalidator->pause && revalidator->pause->error->code == error->code;
    revalidator->pause = prolong(revalidator->pause, error);
    while ((job = g_queue_pop_head(&revalidator->queue))) {
        revalidator->checks_of_refresh -= job->of_refresh;
        g_hash_table_remove(revalidator->jobs, job->key);
    }
    if (!known)
        revalidator->events.failed(error, revalidator->events.data);
}

void ck_jobs_succeed(CkRevalidator *revalidator)
{
    g_clear_pointer(&revalidator->pause, ck_pause_free);
    g_clear_pointer(&revalidator->failed, g_free);
}

/* Jobs */

void ck_job_free(CkJob *job)
{
    g_clear_pointer(&job->check, ck_check_free);
    g_clear_pointer(&job->waits, g_ptr_array_unref);
    ck_want_clear(&job->want);
    g_free(job->key);
    g_free(job);
}

CkJob *ck_job_get(CkRevalidator *revalidator, const CkWant *want, CkCheckParts parts)
{
    g_autofree char *key = ck_want_key(want);
    CkJob *job = g_hash_table_lookup(revalidator->jobs, key);
    if (job)
        return job;
    job = g_new(CkJob, 1);
    *job = (CkJob){
        .revalidator = revalidator,
        .key = g_steal_pointer(&key),
        .want = ck_want_copy(want),
        .parts = parts,
        .cause = ck_causes_current(ck_api_causes(revalidator->api)),
        .waits = ck_revalidations_new(),
    };
    g_hash_table_insert(revalidator->jobs, job->key, job);
    g_queue_push_tail(&revalidator->queue, job);
    return job;
}

static void succeed(CkRevalidator *revalidator, const CkWant *want, const char *key, gboolean again)
{
    ck_jobs_succeed(revalidator);
    g_hash_table_remove(revalidator->pauses, key);
    if (again)
        ck_refresh_add(revalidator, ck_job_get(revalidator, want, CK_CHECK_ITEMS));
    ck_follow_checked(revalidator->follow, want);
    ck_jobs_begin(revalidator);
}

static void on_checked(const GError *error, gpointer data)
{
    CkJob *job = data;
    CkRevalidator *revalidator = job->revalidator;
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    g_autofree char *key = g_strdup(job->key);
    GPtrArray *waits = g_steal_pointer(&job->waits);
    g_auto(CkWant) want = ck_want_copy(&job->want);
    gboolean of_refresh = job->of_refresh, again = job->again;
    gboolean alone = failure && fails_alone(revalidator, key, failure);
    revalidator->under_way--;
    revalidator->checks_of_refresh -= of_refresh;
    g_hash_table_remove(revalidator->jobs, key);
    if (alone) {
        fail_alone(revalidator, key, failure);
        if (of_refresh && !revalidator->refresh_failure)
            revalidator->refresh_failure = g_error_copy(failure);
        ck_jobs_begin(revalidator);
    } else if (failure) {
        ck_jobs_fail(revalidator, failure);
    } else {
        succeed(revalidator, &want, key, again);
    }
    ck_refresh_end_if_done(revalidator, alone ? NULL : failure);
    ck_revalidations_wake(waits, failure); /* who is woken may begin another refresh */
}

static void begin(CkJob *job)
{
    CkRevalidator *revalidator = job->revalidator;
    CkCauses *causes = ck_api_causes(revalidator->api);
    CkCause before = ck_causes_swap(causes, job->cause);
    revalidator->under_way++;
    job->began = g_get_real_time();
    job->check = ck_check_new(revalidator->context, revalidator->store, revalidator->api,
                              revalidator->config, &revalidator->events.check, &job->want,
                              job->parts, on_checked, job);
    ck_causes_swap(causes, before);
}

void ck_job_begin_now(CkJob *job)
{
    if (g_queue_remove(&job->revalidator->queue, job))
        begin(job);
}

void ck_jobs_begin(CkRevalidator *revalidator)
{
    guint at_once = MAX(1, revalidator->config->concurrency / 2);
    while (revalidator->under_way < at_once) {
        if (revalidator->queue.length > 0)
            begin(g_queue_pop_head(&revalidator->queue));
        else if (!ck_refresh_queue_next(revalidator))
            break;
    }
}
