/* SPDX-License-Identifier: MIT */
#include "revalidate.h"

#include "causes.h"

#include "error.h"
#include "follow.h"

/* How long what is shown while it is being checked may be taken as current, in seconds. */
#define MEANWHILE 1.0

/* With --ttl=0, how soon after a check the same reader's next question counts as the same one, in
 * microseconds: a program looks a file up, and then asks for its attributes. */
#define SAME_QUESTION (G_USEC_PER_SEC / 4)

/* How long nothing is checked after a failure, in seconds: at first, and at most. */
#define PAUSE_FIRST 1
#define PAUSE_MAX   30

/*
 * A listing that is to be checked. While check is NULL it stands in the queue; nobody waits for it
 * then, and it is in the table all the same, so that it is not queued twice.
 */
typedef struct {
    CkRevalidator *revalidator;
    char *key;
    CkWant want;
    CkCheckParts parts;
    CkCause cause;
    CkCheck *check;
    GPtrArray *waits; /* CkRevalidation */
    gint64 began;     /* when the check was, in microseconds since 1970 */
    gboolean of_refresh;
    gboolean again; /* it is to be checked once more: a refresh came after it had begun */
} Job;

struct _CkRevalidation {
    GPtrArray *waits; /* that it is in; NULL while those in it are being woken */
    CkRevalidated woken;
    gpointer data;
};

struct _CkRevalidator {
    GMainContext *context;
    CkStore *store;
    CkApi *api;
    const CkConfig *config;
    CkRevalidatorEvents events;
    CkRelist *relist;
    CkFollow *follow;
    gboolean relists;        /* it is under way, … */
    GError *relist_failure;  /* … and this happened */
    GSource *ending;         /* it has ended, which is still to be told */
    gint64 relisted_at;      /* when it was begun last, in microseconds since 1970 */
    GPtrArray *relist_waits; /* CkRevalidation */
    GHashTable *jobs;        /* key → Job */
    GQueue queue;            /* Job, borrowed */
    guint under_way;         /* jobs with a check */
    guint asked_for;         /* threads by their ids since they were listed anew */
    gint64 refreshed_at;     /* what was checked before does not count */
    gboolean refreshes;    /* all that is known is being checked: at first the threads, then … */
    GPtrArray *refreshing; /* … the items of these; ids, owned; NULL: it has not come to them */
    guint checks_of_refresh;  /* jobs of it that are under way */
    GPtrArray *refresh_waits; /* CkRevalidation */
    gint64 paused_until;      /* monotonic time */
    guint pause;              /* seconds; 0: the last check succeeded */
    GError *failure;          /* of the last check, while pause is set */
};

/* Waking */

static CkRevalidation *add_wait(GPtrArray *waits, CkRevalidated woken, gpointer data)
{
    CkRevalidation *wait = g_new(CkRevalidation, 1);
    *wait = (CkRevalidation){waits, woken, data};
    g_ptr_array_add(waits, wait);
    return wait;
}

/* Takes waits, in whose stead there must be others by now. */
static void wake(GPtrArray *waits, const GError *error)
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

static GPtrArray *new_waits(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

/* Jobs */

static void job_free(gpointer data)
{
    Job *job = data;
    g_clear_pointer(&job->check, ck_check_free);
    g_clear_pointer(&job->waits, g_ptr_array_unref);
    ck_want_clear(&job->want);
    g_free(job->key);
    g_free(job);
}

static void begin_queued(CkRevalidator *revalidator);
static Job *get_job(CkRevalidator *revalidator, const CkWant *want, CkCheckParts parts);
static void add_to_refresh(CkRevalidator *revalidator, Job *job);

static void succeed(CkRevalidator *revalidator)
{
    revalidator->pause = 0;
    g_clear_error(&revalidator->failure);
}

static gboolean is_paused(const CkRevalidator *revalidator)
{
    return revalidator->pause > 0 && g_get_monotonic_time() < revalidator->paused_until;
}

static void begin_pause(CkRevalidator *revalidator)
{
    revalidator->pause = MIN(MAX(revalidator->pause * 2, PAUSE_FIRST), PAUSE_MAX);
    revalidator->paused_until =
        g_get_monotonic_time() + (gint64)revalidator->pause * G_USEC_PER_SEC;
}

/* What is queued would fail as well; readers that come later have it checked again. What is under
 * way fails for the same reason, and makes the pause no longer. */
static void fail(CkRevalidator *revalidator, const GError *error)
{
    Job *job;
    /* Said once, however long it lasts. */
    gboolean known = revalidator->failure && revalidator->failure->code == error->code;
    if (!is_paused(revalidator))
        begin_pause(revalidator);
    g_clear_error(&revalidator->failure);
    revalidator->failure = g_error_copy(error);
    while ((job = g_queue_pop_head(&revalidator->queue))) {
        revalidator->checks_of_refresh -= job->of_refresh;
        g_hash_table_remove(revalidator->jobs, job->key);
    }
    if (!known)
        revalidator->events.failed(error, revalidator->events.data);
}

static void end_refresh(CkRevalidator *revalidator, const GError *error)
{
    GPtrArray *waits = revalidator->refresh_waits;
    if (!revalidator->refreshes)
        return;
    revalidator->refreshes = FALSE;
    g_clear_pointer(&revalidator->refreshing, g_ptr_array_unref);
    revalidator->refresh_waits = new_waits();
    wake(waits, error);
}

static gboolean is_refreshed(const CkRevalidator *revalidator)
{
    return revalidator->refreshing && revalidator->refreshing->len == 0 &&
           revalidator->checks_of_refresh == 0;
}

static void on_checked(const GError *error, gpointer data)
{
    Job *job = data;
    CkRevalidator *revalidator = job->revalidator;
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    GPtrArray *waits = g_steal_pointer(&job->waits);
    g_auto(CkWant) want = ck_want_copy(&job->want);
    gboolean again = job->again && !failure;
    revalidator->under_way--;
    revalidator->checks_of_refresh -= job->of_refresh;
    g_hash_table_remove(revalidator->jobs, job->key);
    if (failure) {
        fail(revalidator, failure);
    } else {
        succeed(revalidator);
        if (again)
            add_to_refresh(revalidator, get_job(revalidator, &want, CK_CHECK_ITEMS));
        ck_follow_checked(revalidator->follow, &want);
        begin_queued(revalidator);
    }
    if (failure || is_refreshed(revalidator))
        end_refresh(revalidator, failure);
    wake(waits, failure); /* who is woken may begin another refresh */
}

static void begin(Job *job)
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

/* What has been read, be it in part, and not been checked for a reader since the refresh began. */
static gboolean is_left_to_refresh(const CkRevalidator *revalidator, const CkWant *want)
{
    g_autofree char *key = ck_want_key(want);
    g_auto(CkListingState) state = {0};
    return ck_store_listing(revalidator->store, key, &state, NULL) && state.checked_at > 0 &&
           state.checked_at <= revalidator->refreshed_at;
}

static void add_to_refresh(CkRevalidator *revalidator, Job *job)
{
    revalidator->checks_of_refresh += !job->of_refresh;
    job->of_refresh = TRUE;
}

/* Queues the next listing that a refresh has to check; FALSE where there is none. */
static gboolean queue_of_refresh(CkRevalidator *revalidator)
{
    GPtrArray *ids = revalidator->refreshing;
    if (!ids || ids->len == 0)
        return FALSE;
    g_autofree char *id = g_ptr_array_steal_index(ids, ids->len - 1);
    const CkWant items = {CK_WANT_ITEMS, id};
    if (!is_left_to_refresh(revalidator, &items))
        return TRUE;
    Job *job = get_job(revalidator, &items, CK_CHECK_ITEMS);
    add_to_refresh(revalidator, job);
    job->again = job->check && job->began <= revalidator->refreshed_at;
    return TRUE;
}

static void begin_queued(CkRevalidator *revalidator)
{
    guint at_once = MAX(1, revalidator->config->concurrency / 2);
    while (revalidator->under_way < at_once) {
        if (revalidator->queue.length > 0)
            begin(g_queue_pop_head(&revalidator->queue));
        else if (!queue_of_refresh(revalidator))
            break;
    }
}

/* The job that checks a listing, queued if there was none. */
static Job *get_job(CkRevalidator *revalidator, const CkWant *want, CkCheckParts parts)
{
    g_autofree char *key = ck_want_key(want);
    Job *job = g_hash_table_lookup(revalidator->jobs, key);
    if (job)
        return job;
    job = g_new(Job, 1);
    *job = (Job){
        .revalidator = revalidator,
        .key = g_steal_pointer(&key),
        .want = ck_want_copy(want),
        .parts = parts,
        .cause = ck_causes_current(ck_api_causes(revalidator->api)),
        .waits = new_waits(),
    };
    g_hash_table_insert(revalidator->jobs, job->key, job);
    g_queue_push_tail(&revalidator->queue, job);
    return job;
}

/* Listing anew */

static void clear_ending(CkRevalidator *revalidator)
{
    if (revalidator->ending)
        g_source_destroy(revalidator->ending);
    g_clear_pointer(&revalidator->ending, g_source_unref);
}

static void start_relist(CkRevalidator *revalidator)
{
    clear_ending(revalidator);
    revalidator->relists = TRUE;
    revalidator->asked_for = 0;
    revalidator->relisted_at = g_get_real_time();
    g_clear_error(&revalidator->relist_failure);
    CkCauses *causes = ck_api_causes(revalidator->api);
    CkCause before = ck_causes_swap(causes, ck_causes_own());
    ck_relist_start(revalidator->relist);
    ck_causes_swap(causes, before);
}

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
    fail(revalidator, error);
}

/* Of all threads whose items have been read. */
static void refresh_items(CkRevalidator *revalidator)
{
    g_autofree char *prefix = ck_want_key_prefix(CK_WANT_ITEMS);
    g_autoptr(GError) error = NULL;
    revalidator->refreshing = ck_store_listings(revalidator->store, prefix, &error);
    begin_queued(revalidator);
    if (error || is_refreshed(revalidator))
        end_refresh(revalidator, error);
}

static gboolean on_ending(gpointer data)
{
    CkRevalidator *revalidator = data;
    g_autoptr(GError) failure = g_steal_pointer(&revalidator->relist_failure);
    GPtrArray *waits = revalidator->relist_waits;
    g_clear_pointer(&revalidator->ending, g_source_unref);
    revalidator->relists = FALSE;
    revalidator->relist_waits = new_waits();
    if (failure)
        end_refresh(revalidator, failure);
    else if (revalidator->refreshes)
        refresh_items(revalidator);
    wake(waits, failure);
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

/* Whether the pause between two listings has passed. */
static gboolean is_relist_due(const CkRevalidator *revalidator, gint64 listed_at)
{
    guint seconds = revalidator->config->relist;
    gint64 last = MAX(listed_at, revalidator->relisted_at);
    return seconds != CK_NEVER && !revalidator->relists &&
           g_get_real_time() - last >= (gint64)seconds * G_USEC_PER_SEC;
}

/* Whether the thread is to be asked for by its id. Where that has been done for as many as there
 * are pages of the listing, the listing is read instead, which brings all. */
static gboolean asks_for_thread(CkRevalidator *revalidator)
{
    gint64 rows = ck_store_newest_row(revalidator->store, NULL);
    if (revalidator->relists)
        return FALSE;
    if (revalidator->asked_for++ <= rows / revalidator->config->page_size)
        return TRUE;
    start_relist(revalidator);
    return FALSE;
}

/* What is due */

/* Seconds for which what was known to be current then still is; 0 or less: not any more. */
static double seconds_left(const CkRevalidator *revalidator, gint64 at, gboolean again)
{
    guint ttl = revalidator->config->ttl;
    gint64 now = g_get_real_time();
    if (at <= revalidator->refreshed_at || at > now)
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
    g_autofree char *key = ck_want_key(want);
    g_auto(CkListingState) state = {0};
    g_auto(CkThreadRow) thread = {0};
    *due =
        (Due){.left = revalidator->config->ttl == CK_NEVER ? G_MAXINT : revalidator->config->ttl};
    if (!ck_store_listing(revalidator->store, key, &state, NULL))
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
    due->relist = !items && state.listed_at > 0 && is_relist_due(revalidator, state.listed_at);
    return TRUE;
}

/* Queues what is due; NULL where that turns out to be nothing. */
static Job *queue(CkRevalidator *revalidator, const CkWant *want, const Due *due)
{
    g_autofree char *key = ck_want_key(want);
    Job *job = g_hash_table_lookup(revalidator->jobs, key);
    CkCheckParts parts = due->parts;
    if (job)
        return job;
    if (parts & CK_CHECK_THREAD && !asks_for_thread(revalidator))
        parts &= ~(CkCheckParts)CK_CHECK_THREAD;
    if (want->kind == CK_WANT_ITEMS && parts == 0)
        return NULL;
    return get_job(revalidator, want, parts);
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
    if (is_paused(revalidator)) {
        if (!config->strict)
            return CK_SERVE;
        g_propagate_error(error, g_error_copy(revalidator->failure));
        return CK_REFUSE;
    }
    if (due.relist)
        start_relist(revalidator);
    if (config->ttl == 0 || (config->strict && revalidator->failure))
        return CK_WAIT;
    /* To list all threads anew is to check them. */
    if (listing->kind == CK_WANT_ITEMS || !revalidator->relists)
        queue(revalidator, listing, &due);
    begin_queued(revalidator);
    return CK_SERVE;
}

/* A CkFollow's: nobody has asked yet, but somebody is about to. */
static void on_followed_due(const CkWant *listing, gpointer data)
{
    CkRevalidator *revalidator = data;
    Due due;
    if (is_paused(revalidator) || !find_due(revalidator, listing, FALSE, &due) || !due.due)
        return;
    queue(revalidator, listing, &due);
    begin_queued(revalidator);
}

/* A job that somebody waits for does not wait for its turn. */
static void begin_now(Job *job)
{
    if (g_queue_remove(&job->revalidator->queue, job))
        begin(job);
}

CkRevalidation *ck_revalidator_wait(CkRevalidator *revalidator, const CkWant *listing,
                                    CkRevalidated woken, gpointer data)
{
    Due due = {0};
    Job *job = NULL;
    if (find_due(revalidator, listing, FALSE, &due))
        job = queue(revalidator, listing, &due);
    if (!job && revalidator->relists)
        return add_wait(revalidator->relist_waits, woken, data);
    if (!job)
        job = get_job(revalidator, listing, CK_CHECK_THREAD);
    if (!job->check) /* who waits has no use for what comes with the listing of all, later */
        job->parts |= due.parts;
    begin_now(job);
    return add_wait(job->waits, woken, data);
}

CkRevalidation *ck_revalidator_refresh(CkRevalidator *revalidator, CkRevalidated woken,
                                       gpointer data)
{
    CkRevalidation *wait = woken ? add_wait(revalidator->refresh_waits, woken, data) : NULL;
    revalidator->refreshed_at = g_get_real_time();
    revalidator->pause = 0;
    revalidator->refreshes = TRUE;
    g_clear_pointer(&revalidator->refreshing, g_ptr_array_unref);
    start_relist(revalidator);
    return wait;
}

static CkRelist *new_relist(CkRevalidator *revalidator)
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

void ck_revalidator_begin_again(CkRevalidator *revalidator, const GError *failure)
{
    GHashTableIter iter;
    gpointer value;
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_hash_table_iter_init(&iter, revalidator->jobs);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(all, g_steal_pointer(&((Job *)value)->waits));
    g_queue_clear(&revalidator->queue);
    g_hash_table_remove_all(revalidator->jobs);
    revalidator->under_way = revalidator->checks_of_refresh = 0;
    revalidator->relists = FALSE;
    ck_relist_free(revalidator->relist);
    revalidator->relist = new_relist(revalidator);
    g_ptr_array_add(all, g_steal_pointer(&revalidator->relist_waits));
    revalidator->relist_waits = new_waits();
    for (guint i = 0; i < all->len; i++)
        wake(g_ptr_array_index(all, i), failure);
    end_refresh(revalidator, failure);
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
    revalidator->relist_waits = new_waits();
    revalidator->refresh_waits = new_waits();
    revalidator->jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, job_free);
    revalidator->relist = new_relist(revalidator);
    revalidator->follow = ck_follow_new(context, config, on_followed_due, revalidator);
    return revalidator;
}

void ck_revalidator_free(CkRevalidator *revalidator)
{
    ck_relist_free(revalidator->relist);
    ck_follow_free(revalidator->follow);
    clear_ending(revalidator);
    g_queue_clear(&revalidator->queue);
    g_hash_table_unref(revalidator->jobs);
    g_ptr_array_unref(revalidator->relist_waits);
    g_ptr_array_unref(revalidator->refresh_waits);
    g_clear_pointer(&revalidator->refreshing, g_ptr_array_unref);
    g_clear_error(&revalidator->relist_failure);
    g_clear_error(&revalidator->failure);
    g_free(revalidator);
}
