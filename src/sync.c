/* SPDX-License-Identifier: MIT */
#include "sync.h"

#include "check.h"
#include "error.h"
#include "listing.h"
#include "relist.h"

/* Threads that are gone through at a stretch: so many that take no request must not hold up the
 * loop. */
#define STRETCH 200

/* A thread whose items are being read or checked. */
typedef struct {
    CkSync *sync;
    CkWant items;
    gboolean lost;  /* the server did not know the thread, or the item to go on from */
    CkWait *wait;   /* for the next page, or … */
    CkCheck *check; /* … the check that is under way */
} Reading;

struct _CkSync {
    GMainContext *context;
    CkStore *store;
    CkApi *api;
    CkPager *pager;
    const CkConfig *config;
    CkSynced done;
    gpointer data;
    CkWant threads;       /* the listing */
    gint64 since;         /* what was known to be current then still is; microseconds since 1970 */
    gboolean old;         /* the listing was read before that, as a whole or in part */
    gboolean begun_again; /* the server did not know the thread to go on from */
    CkWait *wait;         /* for its next page, … */
    CkRelist *relist;     /* … or to list it anew */
    GError *list_failure; /* of the latter */
    guint64 place;        /* of the last thread that was begun with */
    GSource *stretch;     /* until the next one begins */
    GPtrArray *readings;  /* Reading, under way */
    CkSyncProgress progress;
    GError *failure; /* the first one */
};

static void reading_free(gpointer data)
{
    Reading *reading = data;
    g_clear_pointer(&reading->wait, ck_pager_cancel);
    g_clear_pointer(&reading->check, ck_check_free);
    ck_want_clear(&reading->items);
    g_free(reading);
}

static void clear_stretch(CkSync *sync)
{
    if (sync->stretch)
        g_source_destroy(sync->stretch);
    g_clear_pointer(&sync->stretch, g_source_unref);
}

/* To be called last: the sync may be freed by it. */
static void end(CkSync *sync, const GError *error)
{
    g_autoptr(GError) failure = error ? g_error_copy(error) : g_steal_pointer(&sync->failure);
    clear_stretch(sync);
    g_ptr_array_set_size(sync->readings, 0);
    sync->done(failure, sync->data);
}

/* Whether it would happen to every other thread as well. */
static gboolean concerns_all(const GError *error)
{
    return !g_error_matches(error, CK_ERROR, CK_ERROR_BAD_RESPONSE) &&
           !g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND) &&
           !g_error_matches(error, CK_ERROR, CK_ERROR_REJECTED) &&
           !g_error_matches(error, CK_ERROR, CK_ERROR_SERVER) &&
           !g_error_matches(error, CK_ERROR, CK_ERROR_TOO_LARGE);
}

/* Items */

static void go_on(CkSync *sync);
static void read_on(Reading *reading);

/* Its thread has been gone through; one that is gone is not counted. */
static void drop(Reading *reading)
{
    CkSync *sync = reading->sync;
    g_auto(CkThreadRow) thread = {0};
    if (ck_store_thread_by_id(sync->store, reading->items.id, &thread, NULL) != CK_ABSENT) {
        sync->progress.threads++;
        sync->progress.read++;
    }
    g_ptr_array_remove_fast(sync->readings, reading);
    go_on(sync);
}

static void take_failure(Reading *reading, const GError *error)
{
    CkSync *sync = reading->sync;
    if (concerns_all(error)) {
        end(sync, error);
        return;
    }
    sync->progress.failed++;
    if (!sync->failure)
        sync->failure = g_error_copy(error);
    drop(reading);
}

/* CkCheckEvents and those of the relist: nobody has seen what was before. */

static void on_thread(const char *thread_id, gpointer data)
{
    (void)thread_id;
    (void)data;
}

static void on_item(gint64 row, gpointer data)
{
    (void)row;
    (void)data;
}

static void on_gone(const CkThreadRow *thread, gpointer data)
{
    (void)thread;
    (void)data;
}

static void check(Reading *reading, CkCheckParts parts, CkCheckDone done)
{
    static const CkCheckEvents events = {
        .thread_changed = on_thread,
        .grown = on_thread,
        .item_changed = on_item,
        .thread_gone = on_gone,
    };
    CkSync *sync = reading->sync;
    reading->check = ck_check_new(sync->context, sync->store, sync->api, sync->config, &events,
                                  &reading->items, parts, done, reading);
}

static void on_checked(const GError *error, gpointer data)
{
    Reading *reading = data;
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    g_clear_pointer(&reading->check, ck_check_free);
    if (failure)
        take_failure(reading, failure);
    else
        drop(reading);
}

/* Whether the thread is still there. If so, its items are read from the first one on. */
static void on_looked_for(const GError *error, gpointer data)
{
    Reading *reading = data;
    g_auto(CkThreadRow) thread = {0};
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    g_clear_pointer(&reading->check, ck_check_free);
    if (failure)
        take_failure(reading, failure);
    else if (ck_store_thread_by_id(reading->sync->store, reading->items.id, &thread, NULL) ==
             CK_ABSENT)
        drop(reading);
    else
        read_on(reading);
}

static void on_items(const GError *error, gpointer data)
{
    Reading *reading = data;
    reading->wait = NULL;
    if (ck_listing_is_cursor_lost(error) && !reading->lost) {
        reading->lost = TRUE;
        check(reading, CK_CHECK_THREAD, on_looked_for);
    } else if (error) {
        take_failure(reading, error);
    } else {
        read_on(reading);
    }
}

static void read_on(Reading *reading)
{
    CkSync *sync = reading->sync;
    g_auto(CkListingState) state = {0};
    g_autoptr(GError) error = NULL;
    if (!ck_listing_state(sync->store, &reading->items, &state, &error))
        end(sync, error);
    else if (state.complete)
        drop(reading);
    else
        reading->wait = ck_pager_wait(sync->pager, &reading->items, on_items, reading);
}

/* What is in the future is from before the clock was set back. */
static gboolean is_current(const CkSync *sync, gint64 checked_at)
{
    return checked_at >= sync->since && checked_at <= g_get_real_time();
}

/* What is complete and current takes no request, and is not begun with. */
static gboolean is_done(CkSync *sync, const CkWant *items, gboolean *complete, GError **error)
{
    g_auto(CkListingState) state = {0};
    if (!ck_listing_state(sync->store, items, &state, error))
        return FALSE;
    *complete = state.complete;
    return state.complete && is_current(sync, state.checked_at);
}

static void begin(CkSync *sync, const CkWant *items, gboolean complete)
{
    Reading *reading = g_new0(Reading, 1);
    reading->sync = sync;
    reading->items = ck_want_copy(items);
    g_ptr_array_add(sync->readings, reading);
    if (complete)
        check(reading, CK_CHECK_ITEMS, on_checked);
    else
        reading->wait = ck_pager_wait(sync->pager, items, on_items, reading);
}

static gboolean on_stretch(gpointer data)
{
    CkSync *sync = data;
    g_clear_pointer(&sync->stretch, g_source_unref);
    go_on(sync);
    return G_SOURCE_REMOVE;
}

static void go_on_later(CkSync *sync)
{
    clear_stretch(sync);
    sync->stretch = g_idle_source_new();
    g_source_set_callback(sync->stretch, on_stretch, sync, NULL);
    g_source_attach(sync->stretch, sync->context);
}

/* Begins with the next thread, if that takes a request. CK_ABSENT: there is none. */
static CkFound begin_next(CkSync *sync, GError **error)
{
    g_auto(CkThreadRow) thread = {0};
    gboolean complete = FALSE;
    CkFound found = ck_store_next_thread(sync->store, 0, sync->place, G_MAXINT64, &thread, error);
    if (found != CK_FOUND)
        return found;
    const CkWant items = {CK_WANT_ITEMS, thread.id};
    sync->place = thread.place;
    if (is_done(sync, &items, &complete, error))
        sync->progress.threads++;
    else if (*error)
        return CK_FAILED;
    else
        begin(sync, &items, complete);
    return CK_FOUND;
}

/* Begins with the next threads while there is room for their requests. */
static void go_on(CkSync *sync)
{
    CkFound found = CK_FOUND;
    g_autoptr(GError) error = NULL;
    for (guint i = 0; found == CK_FOUND && sync->readings->len < sync->config->concurrency; i++) {
        if (i == STRETCH) {
            go_on_later(sync);
            return;
        }
        found = begin_next(sync, &error);
    }
    sync->progress.complete = found == CK_ABSENT && sync->readings->len == 0;
    if (found == CK_FAILED || sync->progress.complete)
        end(sync, error);
}

/* Threads */

static void list_on(CkSync *sync);

static void on_threads(const GError *error, gpointer data)
{
    CkSync *sync = data;
    sync->wait = NULL;
    if (ck_listing_is_cursor_lost(error) && !sync->begun_again) {
        sync->begun_again = TRUE;
        list_on(sync);
    } else if (error) {
        end(sync, error);
    } else {
        list_on(sync);
    }
}

static void on_list_failed(const GError *error, gpointer data)
{
    CkSync *sync = data;
    g_clear_error(&sync->list_failure);
    sync->list_failure = g_error_copy(error);
}

static void go_through(CkSync *sync)
{
    sync->progress.listed_at = g_get_monotonic_time();
    go_on(sync);
}

static void on_listed_anew(gpointer data)
{
    CkSync *sync = data;
    if (sync->list_failure)
        end(sync, sync->list_failure);
    else
        go_through(sync);
}

static void list_anew(CkSync *sync)
{
    const CkRelistEvents events = {
        .changed = on_thread,
        .gone = on_gone,
        .failed = on_list_failed,
        .ended = on_listed_anew,
        .data = sync,
    };
    sync->relist = ck_relist_new(sync->store, sync->api, sync->config, &events);
    ck_relist_start(sync->relist);
}

/* To its end; then, if some of it was there before and is not current any more, all of it anew. */
static void list_on(CkSync *sync)
{
    g_auto(CkListingState) state = {0};
    g_autoptr(GError) error = NULL;
    if (!ck_listing_state(sync->store, &sync->threads, &state, &error)) {
        end(sync, error);
    } else if (!state.complete) {
        sync->wait = ck_pager_wait(sync->pager, &sync->threads, on_threads, sync);
    } else if (sync->old) {
        list_anew(sync);
    } else {
        go_through(sync);
    }
}

/* The time before which nothing counts as current any more. */
static gint64 since(const CkConfig *config)
{
    gint64 now = g_get_real_time();
    return config->ttl == CK_NEVER ? 0 : now - (gint64)config->ttl * G_USEC_PER_SEC;
}

CkSync *ck_sync_new(GMainContext *context, CkStore *store, CkApi *api, CkPager *pager,
                    const CkConfig *config, CkSynced done, gpointer data)
{
    CkSync *sync = g_new0(CkSync, 1);
    const CkWant threads = ck_want_threads_of(NULL, config);
    g_auto(CkListingState) state = {0};
    sync->context = context;
    sync->store = store;
    sync->api = api;
    sync->pager = pager;
    sync->config = config;
    sync->done = done;
    sync->data = data;
    sync->threads = ck_want_copy(&threads);
    sync->readings = g_ptr_array_new_with_free_func(reading_free);
    sync->since = since(config);
    sync->old = ck_listing_state(sync->store, &threads, &state, NULL) && state.listed_at > 0 &&
                !is_current(sync, state.listed_at);
    /* From the main context, as everything else: a pager that has nothing to ask for says so then.
     */
    sync->wait = ck_pager_wait(pager, &sync->threads, on_threads, sync);
    return sync;
}

void ck_sync_free(CkSync *sync)
{
    clear_stretch(sync);
    g_clear_pointer(&sync->wait, ck_pager_cancel);
    g_clear_pointer(&sync->relist, ck_relist_free);
    g_clear_error(&sync->list_failure);
    g_ptr_array_unref(sync->readings);
    g_clear_error(&sync->failure);
    ck_want_clear(&sync->threads);
    g_free(sync);
}

CkSyncProgress ck_sync_progress(const CkSync *sync)
{
    return sync->progress;
}
