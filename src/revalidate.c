/* SPDX-License-Identifier: MIT */
#include "error.h"
#include "listing.h"
#include "revalidate_private.h"

/* How long what is shown while it is being checked may be taken as current, in seconds. */
#define MEANWHILE 1.0

/* With --ttl=0, how soon after a check the same reader's next question counts as the same one, in
 * microseconds: a program looks a file up, and then asks for its attributes. */
#define SAME_QUESTION (G_USEC_PER_SEC / 4)

/* Whether a check has taken for longer than anybody waits. */
static gboolean is_late(const CkRevalidator *revalidator, const char *key)
{
    const CkJob *job = g_hash_table_lookup(revalidator->jobs, key);
    gint64 patience = (gint64)revalidator->config->timeout * G_USEC_PER_SEC;
    return job && job->check && g_get_real_time() - job->began >= patience;
}

/* What is due */

/* Seconds for which what was known to be current then still is; 0 or less: not any more. */
static double seconds_left(const CkRevalidator *revalidator, gint64 at, gboolean again)
{
    guint ttl = revalidator->config->ttl;
    gint64 now = g_get_real_time();
    /* What is in the future is from before the clock was set back. */
    if ((at <= revalidator->refreshed_at && revalidator->refreshed_at <= now) || at > now)
        return 0;
    if (ttl == CK_NEVER)
        return G_MAXINT;
    if (ttl == 0)
        return again && now - at < SAME_QUESTION ? 1 : 0;
    return (double)ttl - (double)(now - at) / G_USEC_PER_SEC;
}

/* What a reader of the listing would have to have checked, and for how long else it is current. */
typedef struct {
    gboolean due;
    CkCheckParts parts;
    double left;
    gboolean relist; /* all threads are due to be listed anew */
} Due;

/* FALSE where the store fails, which others tell. */
static gboolean find_due(CkRevalidator *revalidator, const CkWant *want, gboolean again, Due *due)
{
    g_auto(CkListingState) state = {0};
    g_auto(CkThreadRow) thread = {0};
    *due =
        (Due){.left = revalidator->config->ttl == CK_NEVER ? G_MAXINT : revalidator->config->ttl};
    if (!ck_listing_state(revalidator->store, want, &state, NULL))
        return FALSE;
    gboolean items = want->kind == CK_WANT_ITEMS;
    if (state.checked_at > 0) {
        due->left = seconds_left(revalidator, state.checked_at, again);
        due->parts = items ? CK_CHECK_ITEMS : 0;
        due->due = due->left <= 0;
        due->parts = due->due ? due->parts : 0;
    }
    if (items && ck_store_thread_by_id(revalidator->store, want->id, &thread, NULL) == CK_FOUND) {
        double left = seconds_left(revalidator, thread.seen_at, again);
        due->left = MIN(due->left, left);
        due->due |= left <= 0;
        due->parts |= left <= 0 ? CK_CHECK_THREAD : 0;
    }
    due->relist =
        !items && state.listed_at > 0 && ck_revalidator_is_relist_due(revalidator, state.listed_at);
    return TRUE;
}

/* Queues what is due; NULL where that turns out to be nothing. */
static CkJob *queue(CkRevalidator *revalidator, const CkWant *want, const Due *due)
{
    g_autofree char *key = ck_want_key(want);
    CkJob *job = g_hash_table_lookup(revalidator->jobs, key);
    CkCheckParts parts = due->parts;
    if (job)
        return job;
    if (parts & CK_CHECK_THREAD && !ck_revalidator_asks_for_thread(revalidator))
        parts &= ~(CkCheckParts)CK_CHECK_THREAD;
    if (want->kind == CK_WANT_ITEMS && parts == 0)
        return NULL;
    return ck_job_get(revalidator, want, parts);
}

CkServe ck_revalidate(CkRevalidator *revalidator, const CkWant *listing, gboolean again,
                      double *valid, GError **error)
{
    const CkConfig *config = revalidator->config;
    Due due;
    *valid = config->ttl == CK_NEVER || config->offline ? G_MAXINT : config->ttl;
    if (config->offline)
        return CK_SERVE;
    if (listing->kind == CK_WANT_NOTHING || !find_due(revalidator, listing, again, &due))
        return CK_SERVE;
    if (again && listing->kind == CK_WANT_ITEMS)
        ck_follow_asked(revalidator->follow, listing);
    *valid = config->ttl == 0 ? 0 : due.left;
    if (!due.due)
        return CK_SERVE;
    *valid = MIN(config->ttl, MEANWHILE);
    g_autofree char *key = ck_want_key(listing);
    const GError *paused = ck_jobs_why_paused(revalidator, key);
    if (paused && config->strict)
        g_propagate_error(error, g_error_copy(paused));
    if (paused)
        return config->strict ? CK_REFUSE : CK_SERVE;
    if (due.relist)
        ck_revalidator_start_relist(revalidator);
    /* Who comes now would wait as long again, and a program that asks for a hundred files a hundred
     * times. */
    gboolean late = is_late(revalidator, key);
    if (late && config->strict) {
        g_set_error(error, CK_ERROR, CK_ERROR_TIMED_OUT, "no answer within %u s", config->timeout);
        return CK_REFUSE;
    }
    if (!late && (config->ttl == 0 || (config->strict && ck_jobs_why_failed(revalidator, key))))
        return CK_WAIT;
    /* To list all threads anew is to check them. */
    if (listing->kind == CK_WANT_ITEMS || !revalidator->relists)
        queue(revalidator, listing, &due);
    ck_jobs_begin(revalidator);
    return CK_SERVE;
}

/* A CkFollow's: nobody has asked yet, but somebody is about to. */
static void on_followed_due(const CkWant *listing, gpointer data)
{
    CkRevalidator *revalidator = data;
    g_autofree char *key = ck_want_key(listing);
    Due due;
    if (ck_jobs_why_paused(revalidator, key) || !find_due(revalidator, listing, FALSE, &due) ||
        !due.due)
        return;
    queue(revalidator, listing, &due);
    ck_jobs_begin(revalidator);
}

CkRevalidation *ck_revalidator_wait(CkRevalidator *revalidator, const CkWant *listing,
                                    CkRevalidated woken, gpointer data)
{
    Due due = {0};
    CkJob *job = NULL;
    if (find_due(revalidator, listing, FALSE, &due))
        job = queue(revalidator, listing, &due);
    if (!job && revalidator->relists)
        return ck_revalidations_add(revalidator->relist_waits, woken, data);
    if (!job)
        job = ck_job_get(revalidator, listing, CK_CHECK_THREAD);
    if (!job->check) /* who waits has no use for what comes with the listing of all, later */
        job->parts |= due.parts;
    ck_job_begin_now(job);
    return ck_revalidations_add(job->waits, woken, data);
}

void ck_revalidator_begin_again(CkRevalidator *revalidator, const GError *failure)
{
    GHashTableIter iter;
    gpointer value;
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_hash_table_iter_init(&iter, revalidator->jobs);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(all, g_steal_pointer(&((CkJob *)value)->waits));
    g_queue_clear(&revalidator->queue);
    g_hash_table_remove_all(revalidator->jobs);
    revalidator->under_way = revalidator->checks_of_refresh = 0;
    revalidator->relists = FALSE;
    ck_revalidator_clear_ending(revalidator);
    ck_relist_free(revalidator->relist);
    revalidator->relist = ck_revalidator_new_relist(revalidator);
    g_ptr_array_add(all, g_steal_pointer(&revalidator->relist_waits));
    revalidator->relist_waits = ck_revalidations_new();
    ck_refresh_end_if_done(revalidator, failure);
    for (guint i = 0; i < all->len; i++)
        ck_revalidations_wake(g_ptr_array_index(all, i), failure);
}

CkRevalidator *ck_revalidator_new(GMainContext *context, CkStore *store, CkApi *api,
                                  const CkConfig *config, const CkRevalidatorEvents *events)
{
    CkRevalidator *revalidator = g_new0(CkRevalidator, 1);
    revalidator->context = context;
    revalidator->store = store;
    revalidator->api = api;
    revalidator->config = config;
    revalidator->events = *events;
    revalidator->relist_waits = ck_revalidations_new();
    revalidator->refresh_waits = ck_revalidations_new();
    revalidator->next_waits = ck_revalidations_new();
    revalidator->jobs =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)ck_job_free);
    revalidator->pauses =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)ck_pause_free);
    revalidator->relist = ck_revalidator_new_relist(revalidator);
    revalidator->follow = ck_follow_new(context, config, on_followed_due, revalidator);
    return revalidator;
}

void ck_revalidator_free(CkRevalidator *revalidator)
{
    ck_relist_free(revalidator->relist);
    ck_follow_free(revalidator->follow);
    ck_revalidator_clear_ending(revalidator);
    g_queue_clear(&revalidator->queue);
    g_hash_table_unref(revalidator->jobs);
    g_hash_table_unref(revalidator->pauses);
    g_clear_pointer(&revalidator->pause, ck_pause_free);
    g_free(revalidator->failed);
    g_ptr_array_unref(revalidator->relist_waits);
    g_ptr_array_unref(revalidator->refresh_waits);
    g_ptr_array_unref(revalidator->next_waits);
    g_clear_pointer(&revalidator->refreshing, g_ptr_array_unref);
    g_clear_error(&revalidator->relist_failure);
    g_clear_error(&revalidator->refresh_failure);
    g_free(revalidator);
}
