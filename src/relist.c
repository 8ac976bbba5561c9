/* SPDX-License-Identifier: MIT */
#include "relist_private.h"

#include "error.h"
#include "listing.h"
#include "names.h"
#include "want.h"

/* How often a listing is begun because bounds went while it was read. */
#define TRIES 3

/* The end of a listing */

static void clear_segments(CkRelist *relist)
{
    g_queue_clear(&relist->waiting);
    g_hash_table_remove_all(relist->segments);
    g_clear_pointer(&relist->last, g_free);
    relist->under_way = 0;
    relist->unordered = FALSE;
}

static void want_free(gpointer data)
{
    ck_want_clear(data);
    g_free(data);
}

static void fail(CkRelist *relist, const GError *failure)
{
    g_autoptr(GError) error = g_error_copy(failure);
    g_prefix_error(&error, "listing threads anew: ");
    relist->events.failed(error, relist->events.data);
}

/* The listing has been read anew, or (failure) can't be. */
static void drop_listing(CkRelist *relist, const GError *failure)
{
    clear_segments(relist);
    g_hash_table_remove_all(relist->lost);
    relist->tries = 0;
    if (failure)
        fail(relist, failure);
    want_free(g_queue_pop_head(&relist->wants)); /* until now a start() comes after it */
}

static void begin_next(CkRelist *relist);

static void end_listing(CkRelist *relist, const GError *failure)
{
    drop_listing(relist, failure);
    begin_next(relist);
}

/* The segments in the order of the listing, borrowed; NULL where they do not make a chain. */
static GPtrArray *make_chain(CkRelist *relist)
{
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    const char *bound = "";
    while (bound && g_strcmp0(bound, relist->last) != 0) {
        CkSegment *segment = g_hash_table_lookup(relist->segments, bound);
        if (!segment->read || chain->len > g_hash_table_size(relist->segments))
            return NULL;
        g_ptr_array_add(chain, segment);
        bound = segment->met;
    }
    return g_steal_pointer(&chain);
}

static gboolean place_one(CkRelist *relist, const CkSegment *segment, guint which,
                          CkPlacing placing, GError **error)
{
    return ck_store_place_thread(relist->store, g_ptr_array_index(segment->fresh, which), placing,
                                 error);
}

/* Whether the thread that the listing has been read up to was not met where the chain ends. */
static gboolean is_last_gone(const CkRelist *relist, const CkSegment *end)
{
    return relist->last && (end->passed || !end->met);
}

/* Where last is gone, threads as old as it may come that were behind it: they are next to be listed
 * in any case. The others come before all, the oldest first, since each gets the place before the
 * last one. */
static gboolean place_fresh(CkRelist *relist, const GPtrArray *chain, GError **error)
{
    const CkSegment *end = g_ptr_array_index(chain, chain->len - 1);
    guint newer = is_last_gone(relist, end) ? end->newer : end->fresh->len;
    for (guint j = newer; j < end->fresh->len; j++)
        if (!place_one(relist, end, j, CK_PLACE_FRONT, error))
            return FALSE;
    for (guint i = chain->len; i-- > 0;) {
        const CkSegment *segment = g_ptr_array_index(chain, i);
        for (guint j = segment == end ? newer : segment->fresh->len; j-- > 0;)
            if (!place_one(relist, segment, j, CK_PLACE_NEW, error))
                return FALSE;
    }
    return TRUE;
}

static void thread_row_free(gpointer data)
{
    ck_thread_row_clear(data);
    g_free(data);
}

/* Threads without an id of their own can't be told from others, and stay. */
static gboolean drop_gone(CkRelist *relist, const CkSegment *end, GPtrArray *gone, GError **error)
{
    if (relist->unordered && end->met)
        return TRUE;
    /* Of those as old as last some may come behind it. */
    gint64 since = !end->met ? 0 : end->passed ? relist->last_at : relist->last_at + 1;
    gint64 row = 0;
    for (;;) {
        g_auto(CkThreadRow) thread = {0};
        CkFound found = ck_store_next_unlisted(relist->store, relist->user, row, relist->newest_row,
                                               since, &thread, error);
        if (found != CK_FOUND)
            return found == CK_ABSENT;
        row = thread.row;
        if (!ck_name_is_id(thread.id))
            continue;
        if (!ck_store_drop_thread(relist->store, thread.row, error))
            return FALSE;
        g_ptr_array_add(gone, g_memdup2(&thread, sizeof thread));
        thread = (CkThreadRow){0};
    }
}

/* Where the thread that the listing has been read up to is gone, the one before it takes its place;
 * if nothing comes behind, it has been read to its end. */
static gboolean move_cursor(CkRelist *relist, const CkSegment *end, GError **error)
{
    g_autofree char *key = ck_want_key(g_queue_peek_head(&relist->wants));
    g_auto(CkListingState) state = {0};
    if (!is_last_gone(relist, end))
        return TRUE;
    if (!ck_store_listing(relist->store, key, &state, error))
        return FALSE;
    gboolean moved_on = state.complete || g_strcmp0(state.cursor, relist->last) != 0;
    return moved_on || ck_store_put_listing(relist->store, key, end->before_last, !end->met, error);
}

static gboolean set_checked(CkRelist *relist, GError **error)
{
    g_autofree char *key = ck_want_key(g_queue_peek_head(&relist->wants));
    return ck_store_set_checked(relist->store, key, relist->began, TRUE, error);
}

static void conclude(CkRelist *relist, const GPtrArray *chain)
{
    CkStore *store = relist->store;
    const CkSegment *end = g_ptr_array_index(chain, chain->len - 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(thread_row_free);
    if (!(ck_store_begin(store, &error) && place_fresh(relist, chain, &error) &&
          drop_gone(relist, end, gone, &error) && move_cursor(relist, end, &error) &&
          set_checked(relist, &error) && ck_store_commit(store, &error))) {
        ck_store_rollback(store);
        end_listing(relist, error);
        return;
    }
    for (guint i = 0; i < chain->len; i++) {
        const CkSegment *segment = g_ptr_array_index(chain, i);
        for (guint j = 0; j < segment->fresh->len; j++)
            relist->events.changed(g_ptr_array_index(segment->fresh, j), relist->events.data);
    }
    for (guint i = 0; i < gone->len; i++)
        relist->events.gone(g_ptr_array_index(gone, i), relist->events.data);
    end_listing(relist, NULL);
}

static CkFound begin_listing(CkRelist *relist, GError **error);

/* Every segment has been read, or is stuck. */
static void finish(CkRelist *relist)
{
    g_autoptr(GPtrArray) chain = make_chain(relist);
    g_autoptr(GError) error = NULL;
    GHashTableIter iter;
    gpointer value;
    if (chain) {
        conclude(relist, chain);
        return;
    }
    if (++relist->tries == TRIES) {
        error = g_error_new_literal(CK_ERROR, CK_ERROR_BAD_RESPONSE,
                                    "the server's pages do not fit together, or too many threads "
                                    "are being deleted at this moment");
        end_listing(relist, error);
        return;
    }
    g_hash_table_iter_init(&iter, relist->segments);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const CkSegment *segment = value;
        if (segment->stuck && g_strcmp0(segment->cursor, segment->bound) == 0)
            g_hash_table_add(relist->lost, g_strdup(segment->bound));
    }
    clear_segments(relist);
    if (begin_listing(relist, &error) != CK_FOUND)
        end_listing(relist, error);
}

static void begin_waiting(CkRelist *relist)
{
    guint at_once = MAX(1, relist->config->concurrency / 2);
    while (relist->under_way < at_once && relist->waiting.length > 0) {
        relist->under_way++;
        ck_segment_read(g_queue_pop_head(&relist->waiting));
    }
    if (relist->under_way == 0)
        finish(relist);
}

void ck_relist_segment_ended(CkRelist *relist, const GError *failure)
{
    relist->under_way--;
    if (failure)
        end_listing(relist, failure);
    else
        begin_waiting(relist);
}

/* What there is to do */

/* Every hundredth thread up to that place, but not the last one: nothing comes behind it. */
static gboolean add_bounds(CkRelist *relist, guint64 last_place, GError **error)
{
    guint page = relist->config->page_size;
    guint64 place = 0;
    for (guint skip = page - 1;;) {
        g_auto(CkThreadRow) thread = {0}, next = {0};
        CkFound found =
            ck_store_thread_behind(relist->store, relist->user, place, skip, &thread, error);
        if (found == CK_FOUND)
            found =
                ck_store_thread_behind(relist->store, relist->user, thread.place, 0, &next, error);
        if (found != CK_FOUND || next.place > last_place)
            return found != CK_FAILED;
        gboolean fits = ck_name_is_id(thread.id) && thread.created_at >= relist->last_at &&
                        !g_hash_table_contains(relist->lost, thread.id);
        if (fits)
            ck_segment_add(relist, thread.id);
        place = thread.place;
        skip = fits ? page - 1 : 0;
    }
}

/* The row of the user whose threads are listed; 0: all are; -1: none of the user is known. */
static gboolean find_user(CkRelist *relist, const CkWant *want, GError **error)
{
    gboolean of_one = want->id && !relist->config->user; /* else nothing else is in the store */
    g_autofree char *name = of_one ? ck_name_user(want->id) : NULL;
    g_auto(CkUserRow) user = {0};
    CkFound found = name ? ck_store_user_named(relist->store, name, &user, error) : CK_FOUND;
    relist->user = found == CK_ABSENT ? -1 : user.row;
    return found != CK_FAILED;
}

/* How far the listing has been read: relist->last, and its place. CK_ABSENT where that can't be
 * told, or it has not been read at all. */
static CkFound find_last(CkRelist *relist, const CkWant *want, guint64 *place, GError **error)
{
    g_auto(CkListingState) state = {0};
    g_auto(CkThreadRow) thread = {0};
    *place = G_MAXINT64;
    relist->last_at = 0;
    if (!ck_listing_state(relist->store, want, &state, error))
        return CK_FAILED;
    if (state.complete)
        return CK_FOUND;
    CkFound found = state.cursor
                        ? ck_store_thread_by_id(relist->store, state.cursor, &thread, error)
                        : CK_ABSENT;
    if (found != CK_FOUND || thread.place == 0 || thread.created_at == 0)
        return found == CK_FAILED ? CK_FAILED : CK_ABSENT;
    relist->last = g_strdup(thread.id);
    relist->last_at = thread.created_at;
    *place = thread.place;
    return CK_FOUND;
}

/* Begins with the first of wants; CK_ABSENT: there is nothing to list anew. */
static CkFound begin_listing(CkRelist *relist, GError **error)
{
    const CkWant *want = g_queue_peek_head(&relist->wants);
    guint64 last_place;
    CkFound found = find_last(relist, want, &last_place, error);
    if (found != CK_FOUND)
        return found;
    if (!find_user(relist, want, error) || !ck_store_forget_listed(relist->store, error))
        return CK_FAILED;
    relist->began = g_get_real_time();
    relist->newest_row = ck_store_newest_row(relist->store, error);
    ck_segment_add(relist, NULL);
    if (relist->newest_row < 0 || !add_bounds(relist, last_place, error))
        return CK_FAILED;
    begin_waiting(relist);
    return CK_FOUND;
}

static void push(CkRelist *relist, const CkWant *want)
{
    const CkWant copy = ck_want_copy(want);
    g_queue_push_tail(&relist->wants, g_memdup2(&copy, sizeof copy));
}

/* The listing of all threads; and, unless that has been read to its end, those of users. */
static gboolean find_wants(CkRelist *relist, GError **error)
{
    const CkWant all = ck_want_threads_of(NULL, relist->config);
    g_autofree char *prefix = ck_want_key_prefix(CK_WANT_USER_THREADS);
    g_auto(CkListingState) state = {0};
    g_autoptr(GPtrArray) users = NULL;
    push(relist, &all);
    if (!ck_listing_state(relist->store, &all, &state, error))
        return FALSE;
    if (state.complete || !(users = ck_store_listings(relist->store, prefix, error)))
        return state.complete;
    for (guint i = 0; i < users->len; i++) {
        const CkWant user = {CK_WANT_USER_THREADS, g_ptr_array_index(users, i)};
        if (g_strcmp0(user.id, all.id) != 0)
            push(relist, &user);
    }
    return TRUE;
}

/* The next listing that has been read; else all is done. */
static void begin_next(CkRelist *relist)
{
    while (relist->wants.length > 0) {
        g_autoptr(GError) error = NULL;
        CkFound found = begin_listing(relist, &error);
        if (found == CK_FOUND)
            return;
        drop_listing(relist, error);
    }
    if (relist->again) {
        relist->again = FALSE;
        ck_relist_start(relist);
    } else if (relist->events.ended) {
        relist->events.ended(relist->events.data);
    }
}

void ck_relist_start(CkRelist *relist)
{
    g_autoptr(GError) error = NULL;
    if (relist->wants.length > 0) {
        relist->again = TRUE;
        return;
    }
    if (!find_wants(relist, &error))
        fail(relist, error);
    begin_next(relist);
}

CkRelist *ck_relist_new(CkStore *store, CkApi *api, const CkConfig *config,
                        const CkRelistEvents *events)
{
    CkRelist *relist = g_new0(CkRelist, 1);
    relist->store = store;
    relist->api = api;
    relist->config = config;
    relist->events = *events;
    relist->lost = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    relist->segments =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)ck_segment_free);
    return relist;
}

void ck_relist_free(CkRelist *relist)
{
    clear_segments(relist);
    g_queue_clear_full(&relist->wants, want_free);
    g_hash_table_unref(relist->segments);
    g_hash_table_unref(relist->lost);
    g_free(relist);
}
