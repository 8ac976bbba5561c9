/* SPDX-License-Identifier: MIT */
#include "listing.h"
#include "revalidate_private.h"

/* Listing anew */

void ck_revalidator_clear_ending(CkRevalidator *revalidator)
{
    if (revalidator->ending)
        g_source_destroy(revalidator->ending);
    g_clear_pointer(&revalidator->ending, g_source_unref);
}

void ck_revalidator_start_relist(CkRevalidator *revalidator)
{
    ck_revalidator_clear_ending(revalidator);
    revalidator->relists = TRUE;
    revalidator->asked_for = 0;
    revalidator->relisted_at = g_get_real_time();
    g_clear_error(&revalidator->relist_failure);
    CkCauses *causes = ck_api_causes(revalidator->api);
    CkCause before = ck_causes_swap(causes, ck_causes_own());
    ck_relist_start(revalidator->relist);
    ck_causes_swap(causes, before);
}

/* A time that is still to come is none: the clock has been set back since. */
gboolean ck_revalidator_is_relist_due(const CkRevalidator *revalidator, gint64 listed_at)
{
    guint seconds = revalidator->config->relist;
    gint64 now = g_get_real_time();
    gint64 last = MAX(listed_at > now ? 0 : listed_at,
                      revalidator->relisted_at > now ? 0 : revalidator->relisted_at);
    return seconds != CK_NEVER && !revalidator->relists &&
           now - last >= (gint64)seconds * G_USEC_PER_SEC;
}

gboolean ck_revalidator_asks_for_thread(CkRevalidator *revalidator)
{
    gint64 rows = ck_store_newest_row(revalidator->store, NULL);
    if (revalidator->relists)
        return FALSE;
    if (revalidator->asked_for++ <= rows / revalidator->config->page_size)
        return TRUE;
    ck_revalidator_start_relist(revalidator);
    return FALSE;
}

/* A refresh */

static gboolean is_done(const CkRevalidator *revalidator)
{
    return revalidator->refreshing && revalidator->refreshing->len == 0 &&
           revalidator->checks_of_refresh == 0;
}

static void start_refresh(CkRevalidator *revalidator)
{
    revalidator->refreshed_at = g_get_real_time();
    ck_jobs_succeed(revalidator); /* nor do failures of before count */
    g_hash_table_remove_all(revalidator->pauses);
    revalidator->refreshes = TRUE;
    revalidator->refreshes_again = FALSE;
    g_clear_error(&revalidator->refresh_failure);
    g_clear_pointer(&revalidator->refreshing, g_ptr_array_unref);
    ck_revalidator_start_relist(revalidator);
}

void ck_refresh_end_if_done(CkRevalidator *revalidator, const GError *error)
{
    if (!revalidator->refreshes || !(error || is_done(revalidator)))
        return;
    g_autoptr(GError) failure = g_steal_pointer(&revalidator->refresh_failure);
    GPtrArray *waits = revalidator->refresh_waits;
    revalidator->refreshes = FALSE;
    g_clear_pointer(&revalidator->refreshing, g_ptr_array_unref);
    revalidator->refresh_waits = revalidator->next_waits;
    revalidator->next_waits = ck_revalidations_new();
    if (revalidator->refreshes_again)
        start_refresh(revalidator);
    ck_revalidations_wake(waits, error ? error : failure);
}

/* What has been read, be it in part, and not been checked for a reader since the refresh began. */
static gboolean is_left(const CkRevalidator *revalidator, const CkWant *want)
{
    g_auto(CkListingState) state = {0};
    return ck_listing_state(revalidator->store, want, &state, NULL) && state.checked_at > 0 &&
           state.checked_at <= revalidator->refreshed_at;
}

void ck_refresh_add(CkRevalidator *revalidator, CkJob *job)
{
    revalidator->checks_of_refresh += !job->of_refresh;
    job->of_refresh = TRUE;
}

gboolean ck_refresh_queue_next(CkRevalidator *revalidator)
{
    GPtrArray *ids = revalidator->refreshing;
    if (!ids || ids->len == 0)
        return FALSE;
    g_autofree char *id = g_ptr_array_steal_index(ids, ids->len - 1);
    const CkWant items = {CK_WANT_ITEMS, id};
    if (!is_left(revalidator, &items))
        return TRUE;
    CkJob *job = ck_job_get(revalidator, &items, CK_CHECK_ITEMS);
    ck_refresh_add(revalidator, job);
    job->again = job->check && job->began <= revalidator->refreshed_at;
    return TRUE;
}

/* Of all threads whose items have been read. */
static void refresh_items(CkRevalidator *revalidator)
{
    g_autofree char *prefix = ck_want_key_prefix(CK_WANT_ITEMS);
    g_autoptr(GError) error = NULL;
    /* There is one already where all threads were listed anew once more for a reader. */
    g_clear_pointer(&revalidator->refreshing, g_ptr_array_unref);
    revalidator->refreshing = ck_store_listings(revalidator->store, prefix, &error);
    ck_jobs_begin(revalidator);
    ck_refresh_end_if_done(revalidator, error);
}

CkRevalidation *ck_revalidator_refresh(CkRevalidator *revalidator, CkRevalidated woken,
                                       gpointer data)
{
    GPtrArray *waits =
        revalidator->refreshes ? revalidator->next_waits : revalidator->refresh_waits;
    CkRevalidation *wait = woken ? ck_revalidations_add(waits, woken, data) : NULL;
    if (revalidator->refreshes)
        revalidator->refreshes_again = TRUE;
    else
        start_refresh(revalidator);
    return wait;
}

/* CkRelistEvents */

static void on_relist_changed(const char *thread_id, gpointer data)
{
    CkRevalidator *revalidator = data;
    revalidator->events.check.thread_changed(thread_id, revalidator->events.check.data);
}

static void on_relist_gone(const CkThreadRow *thread, gpointer data)
{
    CkRevalidator *revalidator = data;
    revalidator->events.check.thread_gone(thread, revalidator->events.check.data);
}

static void on_relist_failed(const GError *error, gpointer data)
{
    CkRevalidator *revalidator = data;
    g_clear_error(&revalidator->relist_failure);
    revalidator->relist_failure = g_error_copy(error);
    ck_jobs_fail(revalidator, error);
}

static gboolean on_ending(gpointer data)
{
    CkRevalidator *revalidator = data;
    g_autoptr(GError) failure = g_steal_pointer(&revalidator->relist_failure);
    GPtrArray *waits = revalidator->relist_waits;
    g_clear_pointer(&revalidator->ending, g_source_unref);
    revalidator->relists = FALSE;
    revalidator->relist_waits = ck_revalidations_new();
    if (!failure)
        ck_jobs_succeed(revalidator);
    if (failure)
        ck_refresh_end_if_done(revalidator, failure);
    else if (revalidator->refreshes)
        refresh_items(revalidator);
    ck_revalidations_wake(waits, failure);
    return G_SOURCE_REMOVE;
}

/* Where there is nothing to list, that is within ck_relist_start(), and who has it listed does not
 * wait yet. */
static void on_relist_ended(gpointer data)
{
    CkRevalidator *revalidator = data;
    revalidator->ending = g_idle_source_new();
    g_source_set_callback(revalidator->ending, on_ending, revalidator, NULL);
    g_source_attach(revalidator->ending, revalidator->context);
}

CkRelist *ck_revalidator_new_relist(CkRevalidator *revalidator)
{
    const CkRelistEvents events = {
        .changed = on_relist_changed,
        .gone = on_relist_gone,
        .failed = on_relist_failed,
        .ended = on_relist_ended,
        .data = revalidator,
    };
    return ck_relist_new(revalidator->store, revalidator->api, revalidator->config, &events);
}
