/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "error.h"
#include "listing.h"
#include "names.h"

/* Items that are asked for: those after one, to the end of the listing or no more than limit. */
typedef struct {
    char *after; /* NULL: from the first one on */
    guint limit;
    gboolean to_end;
} Run;

struct _CkCheck {
    CkStore *store;
    CkApi *api;
    const CkConfig *config;
    const CkCheckEvents *events;
    CkWant want;
    CkCheckParts parts; /* that are left to be asked */
    CkCheckDone done;
    gpointer data;
    char *key;
    gint64 began; /* in microseconds since 1970 */
    CkCause cause;
    CkApiCall *call;
    guint limit; /* elements asked for; fewer where pages are too large */
    GSource *ending;

    GHashTable *cursors; /* those that came with pages: one twice would make it endless */
    gboolean re_read;    /* the server did not know a cursor: all is asked for once more */

    /* of threads */
    char *cursor;
    GPtrArray *fresh; /* ids of those without a place, the newest first; owned */
    gboolean met;     /* one that has a place */

    /* of items */
    GQueue runs;   /* Run; the first one is being asked for */
    gboolean lost; /* the server did not know the thread when it was asked for its items */

    gboolean trusted; /* the server has shown threads, after it had not known this one */
};

static void run_free(gpointer data)
{
    Run *run = data;
    g_free(run->after);
    g_free(run);
}

void ck_check_free(CkCheck *check)
{
    g_clear_pointer(&check->call, ck_api_cancel);
    if (check->ending)
        g_source_destroy(check->ending);
    g_clear_pointer(&check->ending, g_source_unref);
    g_queue_clear_full(&check->runs, run_free);
    g_ptr_array_unref(check->fresh);
    g_hash_table_unref(check->cursors);
    ck_want_clear(&check->want);
    g_free(check->cursor);
    g_free(check->key);
    g_free(check);
}

/* To be called last: the check may be freed by it. */
static void end(CkCheck *check, const GError *failure)
{
    g_autoptr(GError) error = failure ? g_error_copy(failure) : NULL;
    gboolean of_thread = check->parts == CK_CHECK_THREAD; /* alone */
    const CkWant asked = {of_thread ? CK_WANT_THREAD : check->want.kind, check->want.id};
    g_autofree char *what = ck_want_describe(&asked);
    g_prefix_error(&error, "%s, to see what is new: ", what);
    check->done(error, check->data);
}

/* Threads */

static void ask_for_threads(CkCheck *check);

/* Whether the threads that come after this one are known to the listing. That it has a place is
 * not enough where threads are grouped by users: one that is newer than what the listing of all was
 * checked for may have got it from its user's. */
static gboolean is_met(const CkCheck *check, const CkThreadRow *thread, const CkListingState *state)
{
    gboolean of_users = check->config->group_by_user && !check->want.id && !state->complete;
    return thread->place > 0 && (!of_users || thread->row <= state->newest_row);
}

/* Adds those of the page that have no place to fresh: those before the last one that has, and all
 * where the listing has been read to its end. The others are next to be listed in any case. */
static gboolean take_threads(CkCheck *check, const CkPage *page, GPtrArray *changed, gboolean *past,
                             GError **error)
{
    g_auto(CkListingState) state = {0};
    guint newer = check->fresh->len;
    if (!ck_store_listing(check->store, check->key, &state, error))
        return FALSE;
    for (guint i = 0; i < page->prepared->len; i++) {
        const CkPreparedThread *thread = g_ptr_array_index(page->prepared, i);
        g_auto(CkThreadRow) row = {0};
        gboolean is_changed;
        *past |= thread->created_at > 0 && thread->created_at < check->config->since;
        if (!thread->id || !ck_listing_shows(check->store, check->config, thread))
            continue;
        if (!ck_listing_put_thread(check->store, check->config, thread->id, thread, &is_changed,
                                   error) ||
            !ck_store_must_find(ck_store_thread_by_id(check->store, thread->id, &row, error),
                                error))
            return FALSE;
        if (is_changed)
            g_ptr_array_add(changed, thread->id);
        if (row.place == 0)
            g_ptr_array_add(check->fresh, g_strdup(thread->id));
        if (row.place > 0 || state.complete)
            newer = check->fresh->len;
        check->met |= is_met(check, &row, &state);
    }
    if (check->met)
        g_ptr_array_set_size(check->fresh, (gint)newer);
    return TRUE;
}

/* The oldest first, since each gets the place before the last one. */
static gboolean place_fresh(CkCheck *check, GError **error)
{
    for (guint i = check->fresh->len; i-- > 0;)
        if (!ck_store_place_thread(check->store, g_ptr_array_index(check->fresh, i), CK_PLACE_NEW,
                                   error))
            return FALSE;
    return ck_store_set_checked(check->store, check->key, check->began, FALSE, error);
}

static void tell_changed(CkCheck *check, const GPtrArray *ids)
{
    for (guint i = 0; i < ids->len; i++)
        check->events->thread_changed(g_ptr_array_index(ids, i), check->events->data);
}

/* Where the page after this one, which is not the last, begins; FALSE with the error set where that
 * can't be told. */
static gboolean move_cursor(CkCheck *check, const CkPage *page, char **cursor, GError **error)
{
    g_free(*cursor);
    if (!ck_listing_next_cursor(page, cursor, error))
        return FALSE;
    if (g_hash_table_add(check->cursors, g_strdup(*cursor)))
        return TRUE;
    g_set_error_literal(error, CK_ERROR, CK_ERROR_BAD_RESPONSE,
                        "the server's cursors go in a circle");
    return FALSE;
}

/* All threads that are new have come. */
static void end_threads(CkCheck *check)
{
    g_autoptr(GError) error = NULL;
    if (!(ck_store_begin(check->store, &error) && place_fresh(check, &error) &&
          ck_store_commit(check->store, &error)))
        ck_store_rollback(check->store);
    else
        tell_changed(check, check->fresh);
    end(check, error);
}

/* The thread that the next page was to come after is gone. */
static void begin_again(CkCheck *check)
{
    if (check->re_read) {
        g_autoptr(GError) error = g_error_new_literal(
            CK_ERROR, CK_ERROR_BAD_RESPONSE, "too many threads are being deleted at this moment");
        end(check, error);
        return;
    }
    check->re_read = TRUE;
    g_clear_pointer(&check->cursor, g_free);
    g_hash_table_remove_all(check->cursors);
    g_ptr_array_set_size(check->fresh, 0);
    ask_for_threads(check);
}

static void on_cursor(CkPreparedThread *thread, const GError *failure, gpointer data)
{
    CkCheck *check = data;
    check->call = NULL;
    if (thread)
        end_threads(check);
    else if (ck_listing_is_cursor_lost(failure))
        begin_again(check);
    else
        end(check, failure);
}

/* Nothing comes after the last thread of a page that was not the last: that is the end, if that
 * thread is there. */
static void ask_for_cursor(CkCheck *check)
{
    check->call = ck_api_get_thread(check->api, check->cursor, on_cursor, check);
}

static void on_threads(CkPage *page, const GError *failure, gpointer data)
{
    CkCheck *check = data;
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    g_autoptr(GError) error = failure ? g_error_copy(failure) : NULL;
    gboolean past = FALSE;
    check->call = NULL;
    if (check->limit > 1 && g_error_matches(failure, CK_ERROR, CK_ERROR_TOO_LARGE)) {
        check->limit /= 2;
        ask_for_threads(check);
        return;
    }
    if (check->cursor && ck_listing_is_cursor_lost(failure)) {
        begin_again(check);
        return;
    }
    if (page && ck_listing_is_doubtful_end(page, check->cursor)) {
        ask_for_cursor(check);
        return;
    }
    gboolean ok = page && ck_store_begin(check->store, &error) &&
                  take_threads(check, page, changed, &past, &error);
    gboolean last = ok && (check->met || past || !page->has_more);
    ok = ok && (last || move_cursor(check, page, &check->cursor, &error)) &&
         ck_store_commit(check->store, &error);
    if (!ok) {
        if (page)
            ck_store_rollback(check->store);
        end(check, error);
        return;
    }
    tell_changed(check, changed);
    if (last)
        end_threads(check);
    else
        ask_for_threads(check);
}

static void ask_for_threads(CkCheck *check)
{
    CkListQuery query = {
        .limit = check->limit,
        .order = CK_ORDER_DESC,
        .after = check->cursor,
        .after_at = ck_listing_time_of(check->store, &check->want, check->cursor),
        .user = check->want.id,
    };
    check->call = ck_api_list_threads(check->api, &query, on_threads, check);
}

/* A thread */

static void go_on(CkCheck *check);

static gboolean drop(CkCheck *check, GError **error)
{
    g_auto(CkThreadRow) thread = {0};
    CkFound found = ck_listing_drop_thread(check->store, check->want.id, &thread, error);
    if (found == CK_FOUND)
        check->events->thread_gone(&thread, check->events->data);
    return found != CK_FAILED;
}

static gboolean put_thread(CkCheck *check, const CkPreparedThread *thread, GError **error)
{
    gboolean changed;
    if (ck_store_is_deleted(check->store, check->want.id)) /* meanwhile */
        return TRUE;
    if (!(ck_store_begin(check->store, error) &&
          ck_listing_put_thread(check->store, check->config, thread->id, thread, &changed, error) &&
          ck_store_commit(check->store, error))) {
        ck_store_rollback(check->store);
        return FALSE;
    }
    if (changed)
        check->events->thread_changed(thread->id, check->events->data);
    return TRUE;
}

static void on_thread(CkPreparedThread *thread, const GError *failure, gpointer data);

/* Whether the server knows of threads at all. If so it is asked again for this one: it may have
 * recovered between its two answers. */
static void on_sample(CkPage *page, const GError *failure, gpointer data)
{
    CkCheck *check = data;
    check->call = NULL;
    check->trusted = page != NULL;
    if (page)
        check->call = ck_api_get_thread(check->api, check->want.id, on_thread, check);
    else
        end(check, failure);
}

/* The server says that it has no such thread. So it does when it answers 404 to everything, and
 * then nothing that is known may be lost. */
static void doubt(CkCheck *check)
{
    const CkListQuery query = {.limit = 1, .order = CK_ORDER_DESC};
    check->call = ck_api_list_threads(check->api, &query, on_sample, check);
}

static void on_thread(CkPreparedThread *thread, const GError *failure, gpointer data)
{
    CkCheck *check = data;
    gboolean unknown = g_error_matches(failure, CK_ERROR, CK_ERROR_NOT_FOUND);
    g_autoptr(GError) error = NULL;
    check->call = NULL;
    if (unknown && !check->trusted) {
        doubt(check);
    } else if (unknown) {
        drop(check, &error);
        end(check, error);
    } else if (!thread || !put_thread(check, thread, &error)) {
        end(check, error ? error : failure);
    } else if (check->lost) {
        error = g_error_new_literal(CK_ERROR, CK_ERROR_BAD_RESPONSE,
                                    "the server has the thread, and does not know its items");
        end(check, error);
    } else {
        check->parts &= ~(CkCheckParts)CK_CHECK_THREAD;
        go_on(check);
    }
}

/* Items */

static void on_items(CkPage *page, const GError *failure, gpointer data);

static void push_run(CkCheck *check, char *after, guint limit, gboolean to_end)
{
    const Run run = {after, limit, to_end};
    g_queue_push_tail(&check->runs, g_memdup2(&run, sizeof run));
}

/* The last item up to that number whose id can stand in a URL, and the number of the next one. */
static gboolean find_cursor(CkCheck *check, gint64 thread, guint64 *number, char **id,
                            GError **error)
{
    for (; *number > 0; (*number)--) {
        g_auto(CkItemRow) item = {0};
        CkFound found = ck_store_item_numbered(check->store, thread, *number, &item, error);
        if (!ck_store_must_find(found, error) ||
            !(*id = ck_store_item_id(check->store, item.row, error)))
            return FALSE;
        if (ck_name_is_id(*id))
            return TRUE;
        g_clear_pointer(id, g_free);
    }
    return TRUE;
}

/* How many unfinished items there are from that one on, without another between. */
static gboolean measure_run(CkCheck *check, gint64 thread, guint64 from, guint64 *length,
                            GError **error)
{
    for (*length = 1;; (*length)++) {
        g_auto(CkItemRow) next = {0};
        CkFound found =
            ck_store_next_unfinished(check->store, thread, from + *length, &next, error);
        if (found == CK_FAILED)
            return FALSE;
        if (found == CK_ABSENT || next.number != from + *length)
            return TRUE;
    }
}

static gboolean plan_items(CkCheck *check, GError **error)
{
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkListingState) state = {0};
    CkFound found = ck_store_thread_by_id(check->store, check->want.id, &thread, error);
    /* It may have been dropped since the check was asked for. */
    if (found != CK_FOUND)
        return found == CK_ABSENT;
    if (!ck_store_listing(check->store, check->key, &state, error))
        return FALSE;
    guint64 last = thread.items; /* after which the tail begins */
    for (guint64 from = 1;;) {
        g_auto(CkItemRow) item = {0};
        guint64 length;
        found = ck_store_next_unfinished(check->store, thread.row, from, &item, error);
        if (found == CK_FAILED)
            return FALSE;
        if (found == CK_ABSENT)
            break;
        if (!measure_run(check, thread.row, item.number, &length, error))
            return FALSE;
        from = item.number + length;
        if (from > thread.items && state.complete) {
            last = item.number - 1;
            break;
        }
        guint64 before = item.number - 1;
        char *after = NULL;
        if (!find_cursor(check, thread.row, &before, &after, error))
            return FALSE;
        push_run(check, after, (guint)MIN(from - 1 - before, G_MAXINT), FALSE);
    }
    char *after = NULL;
    if (!state.complete)
        return TRUE;
    /* A known item comes with what is new, since an empty page would prove nothing. */
    last -= last > 0 && last == thread.items;
    if (!find_cursor(check, thread.row, &last, &after, error))
        return FALSE;
    push_run(check, after, 0, TRUE);
    return TRUE;
}

static void ask_for_items(CkCheck *check)
{
    const Run *run = g_queue_peek_head(&check->runs);
    CkListQuery query = {
        .limit = run->to_end ? check->limit : MIN(check->limit, run->limit),
        .order = CK_ORDER_ASC,
        .after = run->after,
        .after_at = ck_listing_time_of(check->store, &check->want, run->after),
    };
    check->call = ck_api_list_items(check->api, check->want.id, &query, on_items, check);
}

/* What is left of the run after a page. Nothing is asked for after the one that ends it, so that
 * its last item need have no id that can be sent. */
static gboolean shorten(CkCheck *check, CkPage *page, GError **error)
{
    Run *run = g_queue_peek_head(&check->runs);
    guint came = page->elements->len;
    page->has_more = page->has_more && (run->to_end || came < run->limit);
    if (!page->has_more) {
        run_free(g_queue_pop_head(&check->runs));
        return TRUE;
    }
    run->limit -= run->to_end ? 0 : came;
    return move_cursor(check, page, &run->after, error);
}

static gboolean take_items(CkCheck *check, CkPage *page, GError **error)
{
    g_autoptr(CkListing) listing = ck_listing_new(check->store, check->config, &check->want);
    g_auto(CkListingState) state = {0};
    if (!ck_store_listing(check->store, check->key, &state, error))
        return FALSE;
    /* What is read from its beginning is being read in any case. */
    if (!state.complete && !state.cursor) {
        g_queue_clear_full(&check->runs, run_free);
        return TRUE;
    }
    if (!shorten(check, page, error) || !ck_listing_take(listing, CK_FRONT, page, error))
        return FALSE;
    /* It has been read no further than before. */
    if (!state.complete &&
        !ck_store_put_listing(check->store, check->key, state.cursor, FALSE, error))
        return FALSE;
    const GArray *changed = ck_listing_changed_items(listing);
    for (guint i = 0; i < changed->len; i++)
        check->events->item_changed(g_array_index(changed, gint64, i), check->events->data);
    if (changed->len > 0 || ck_listing_has_grown(listing))
        check->events->grown(check->want.id, check->events->data);
    return TRUE;
}

/* The server does not know the thread, or the item after which something was asked for. */
static void on_lost(CkCheck *check, const GError *failure)
{
    gboolean by_cursor = ((Run *)g_queue_peek_head(&check->runs))->after != NULL;
    g_queue_clear_full(&check->runs, run_free);
    if (by_cursor && !check->re_read) {
        check->re_read = TRUE;
        g_hash_table_remove_all(check->cursors);
        push_run(check, NULL, 0, TRUE);
        check->parts |= CK_CHECK_THREAD;
        go_on(check);
    } else if (!by_cursor && g_error_matches(failure, CK_ERROR, CK_ERROR_NOT_FOUND)) {
        check->lost = TRUE;
        check->call = ck_api_get_thread(check->api, check->want.id, on_thread, check);
    } else {
        end(check, failure);
    }
}

static void on_items(CkPage *page, const GError *failure, gpointer data)
{
    CkCheck *check = data;
    g_autoptr(GError) error = NULL;
    check->call = NULL;
    if (check->limit > 1 && g_error_matches(failure, CK_ERROR, CK_ERROR_TOO_LARGE)) {
        check->limit /= 2;
        ask_for_items(check);
    } else if (ck_listing_is_cursor_lost(failure)) {
        on_lost(check, failure);
    } else if (!page || !take_items(check, page, &error)) {
        end(check, error ? error : failure);
    } else {
        go_on(check);
    }
}

/* The next request; that for the thread first, which tells whether there is any use in others. */
static void go_on(CkCheck *check)
{
    g_autoptr(GError) error = NULL;
    if (check->parts & CK_CHECK_THREAD) {
        check->call = ck_api_get_thread(check->api, check->want.id, on_thread, check);
        return;
    }
    if (check->runs.length > 0) {
        ask_for_items(check);
        return;
    }
    if (check->parts & CK_CHECK_ITEMS)
        ck_store_set_checked(check->store, check->key, check->began, TRUE, &error);
    end(check, error);
}

static gboolean on_unplanned(gpointer data)
{
    CkCheck *check = data;
    g_autoptr(GError) error = NULL;
    CkCauses *causes = ck_api_causes(check->api);
    CkCause before = ck_causes_swap(causes, check->cause);
    g_clear_pointer(&check->ending, g_source_unref);
    if (check->parts & CK_CHECK_ITEMS && !plan_items(check, &error))
        end(check, error);
    else
        go_on(check);
    ck_causes_swap(causes, before);
    return G_SOURCE_REMOVE;
}

CkCheck *ck_check_new(GMainContext *context, CkStore *store, CkApi *api, const CkConfig *config,
                      const CkCheckEvents *events, const CkWant *listing, CkCheckParts parts,
                      CkCheckDone done, gpointer data)
{
    CkCheck *check = g_new(CkCheck, 1);
    *check = (CkCheck){
        .store = store,
        .api = api,
        .config = config,
        .events = events,
        .want = ck_want_copy(listing),
        .parts = listing->kind == CK_WANT_ITEMS ? parts : 0,
        .done = done,
        .data = data,
        .key = ck_want_key(listing),
        .began = g_get_real_time(),
        .cause = ck_causes_current(ck_api_causes(api)),
        .limit = config->page_size,
        .cursors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .fresh = g_ptr_array_new_with_free_func(g_free),
    };
    if (listing->kind != CK_WANT_ITEMS) {
        ask_for_threads(check);
        return check;
    }
    /* Should the store fail, done must not be called from here. */
    check->ending = g_idle_source_new();
    g_source_set_callback(check->ending, on_unplanned, check, NULL);
    g_source_attach(check->ending, context);
    return check;
}
