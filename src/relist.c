/* SPDX-License-Identifier: MIT */
#include "relist.h"

#include "error.h"
#include "listing.h"
#include "names.h"
#include "want.h"

/* How often a listing is begun because bounds went while it was read. */
#define TRIES 3

/* A part of the listing. A page of it is asked for while call is set. */
typedef struct {
    CkRelist *relist;
    char *bound;         /* the thread that it comes after; NULL: the listing's start */
    char *cursor;        /* what the page is asked to come after; at first the bound */
    GHashTable *cursors; /* those that it has had: one twice would make it endless */
    guint limit;         /* elements asked for */
    CkApiCall *call;
    GPtrArray *fresh;  /* ids of its threads that had no place, the newest first; owned */
    guint newer;       /* how many of them surely come before relist->last */
    gboolean read;     /* as far as it goes: */
    char *met;         /* to this bound, or (NULL) to the end */
    gboolean passed;   /* met is relist->last, but that is gone: an older thread came instead */
    char *before_last; /* after which thread; NULL: none */
    gboolean rejected; /* the server does not know the bound */
} Segment;

/* One listing is read at a time; what is below wants is of that one. */
struct _CkRelist {
    CkStore *store;
    CkApi *api;
    const CkConfig *config;
    CkRelistEvents events;
    gboolean again; /* everything, once this is done */
    GQueue wants;   /* CkWant *; the listings that are still to be read; the first is being read */

    guint tries;
    GHashTable *lost;     /* ids of bounds that the server rejected in an earlier try */
    gint64 user;          /* row; 0: all threads */
    char *last;           /* the thread up to which the listing has been read; NULL: to its end */
    gint64 last_at;       /* its created_at */
    gint64 newest_row;    /* of the threads that were known when it began */
    GHashTable *segments; /* bound, "" for the start → Segment */
    GQueue waiting;       /* Segment, borrowed; not begun yet */
    guint under_way;
};

static void segment_free(gpointer data)
{
    Segment *segment = data;
    g_clear_pointer(&segment->call, ck_api_cancel);
    g_ptr_array_unref(segment->fresh);
    g_hash_table_unref(segment->cursors);
    g_free(segment->bound);
    g_free(segment->cursor);
    g_free(segment->met);
    g_free(segment->before_last);
    g_free(segment);
}

static void add_segment(CkRelist *relist, const char *bound)
{
    Segment *segment = g_new0(Segment, 1);
    segment->relist = relist;
    segment->bound = g_strdup(bound);
    segment->cursor = g_strdup(bound);
    segment->limit = relist->config->page_size;
    segment->fresh = g_ptr_array_new_with_free_func(g_free);
    segment->cursors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_insert(relist->segments, g_strdup(bound ? bound : ""), segment);
    g_queue_push_tail(&relist->waiting, segment);
}

static gboolean is_bound(const CkRelist *relist, const char *id)
{
    return g_hash_table_contains(relist->segments, id) || g_strcmp0(id, relist->last) == 0;
}

/* The end of a listing */

static void clear_segments(CkRelist *relist)
{
    g_queue_clear(&relist->waiting);
    g_hash_table_remove_all(relist->segments);
    g_clear_pointer(&relist->last, g_free);
    relist->under_way = 0;
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
        Segment *segment = g_hash_table_lookup(relist->segments, bound);
        if (!segment->read || chain->len > g_hash_table_size(relist->segments))
            return NULL;
        g_ptr_array_add(chain, segment);
        bound = segment->met;
    }
    return g_steal_pointer(&chain);
}

static gboolean place_one(CkRelist *relist, const Segment *segment, guint which, CkPlacing placing,
                          GError **error)
{
    return ck_store_place_thread(relist->store, g_ptr_array_index(segment->fresh, which), placing,
                                 error);
}

/* Where last is gone, threads as old as it may come that were behind it: they are next to be listed
 * in any case. The others come before all, the oldest first, since each gets the place before the
 * last one. */
static gboolean place_fresh(CkRelist *relist, const GPtrArray *chain, GError **error)
{
    const Segment *end = g_ptr_array_index(chain, chain->len - 1);
    gboolean goes_past = relist->last && (end->passed || !end->met);
    guint newer = goes_past ? end->newer : end->fresh->len;
    for (guint j = newer; j < end->fresh->len; j++)
        if (!place_one(relist, end, j, CK_PLACE_FRONT, error))
            return FALSE;
    for (guint i = chain->len; i-- > 0;) {
        const Segment *segment = g_ptr_array_index(chain, i);
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
static gboolean drop_gone(CkRelist *relist, const Segment *end, GPtrArray *gone, GError **error)
{
    /* Of those as old as last some may come behind it. */
    gint64 since = !end->met ? 0 : end->passed ? relist->last_at : relist->last_at + 1;
    guint64 place = 0;
    for (;;) {
        g_auto(CkThreadRow) thread = {0};
        CkFound found = ck_store_next_unlisted(relist->store, relist->user, place,
                                               relist->newest_row, since, &thread, error);
        if (found != CK_FOUND)
            return found == CK_ABSENT;
        place = thread.place;
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
static gboolean move_cursor(CkRelist *relist, const Segment *end, GError **error)
{
    g_autofree char *key = ck_want_key(g_queue_peek_head(&relist->wants));
    g_auto(CkListingState) state = {0};
    if (!relist->last || (end->met && !end->passed))
        return TRUE;
    if (!ck_store_listing(relist->store, key, &state, error))
        return FALSE;
    gboolean moved_on = state.complete || g_strcmp0(state.cursor, relist->last) != 0;
    return moved_on || ck_store_put_listing(relist->store, key, end->before_last, !end->met, error);
}

static void conclude(CkRelist *relist, const GPtrArray *chain)
{
    CkStore *store = relist->store;
    const Segment *end = g_ptr_array_index(chain, chain->len - 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(thread_row_free);
    if (!(ck_store_begin(store, &error) && place_fresh(relist, chain, &error) &&
          drop_gone(relist, end, gone, &error) && move_cursor(relist, end, &error) &&
          ck_store_commit(store, &error))) {
        ck_store_rollback(store);
        end_listing(relist, error);
        return;
    }
    for (guint i = 0; i < chain->len; i++) {
        const Segment *segment = g_ptr_array_index(chain, i);
        for (guint j = 0; j < segment->fresh->len; j++)
            relist->events.changed(g_ptr_array_index(segment->fresh, j), relist->events.data);
    }
    for (guint i = 0; i < gone->len; i++)
        relist->events.gone(g_ptr_array_index(gone, i), relist->events.data);
    end_listing(relist, NULL);
}

static CkFound begin_listing(CkRelist *relist, GError **error);

/* Every segment has been read, or rejected. */
static void finish(CkRelist *relist)
{
    g_autoptr(GPtrArray) chain = make_chain(relist);
    g_autoptr(GError) error = NULL;
    GHashTableIter iter;
    gpointer segment;
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
    while (g_hash_table_iter_next(&iter, NULL, &segment))
        if (((Segment *)segment)->rejected)
            g_hash_table_add(relist->lost, g_strdup(((Segment *)segment)->bound));
    clear_segments(relist);
    if (begin_listing(relist, &error) != CK_FOUND)
        end_listing(relist, error);
}

/* Pages */

static void ask(Segment *segment);

static void begin_waiting(CkRelist *relist)
{
    guint at_once = MAX(1, relist->config->concurrency / 2);
    while (relist->under_way < at_once && relist->waiting.length > 0) {
        relist->under_way++;
        ask(g_queue_pop_head(&relist->waiting));
    }
    if (relist->under_way == 0)
        finish(relist);
}

static void end_segment(Segment *segment)
{
    segment->relist->under_way--;
    begin_waiting(segment->relist);
}

/* Stores a thread of the segment. *changed: whether it was known as something else. */
static gboolean take_thread(Segment *segment, const CkPreparedThread *thread, gboolean *changed,
                            GError **error)
{
    CkRelist *relist = segment->relist;
    gboolean placed = TRUE;
    if (!ck_config_shows(relist->config, thread->created_at))
        return TRUE;
    if (!ck_listing_put_thread(relist->store, relist->config, thread->id, thread, changed, error) ||
        !ck_store_set_listed(relist->store, thread->id, &placed, error))
        return FALSE;
    if (!placed)
        g_ptr_array_add(segment->fresh, g_strdup(thread->id));
    if (placed || thread->created_at > relist->last_at)
        segment->newer = segment->fresh->len;
    return TRUE;
}

/* Whether a thread comes behind all that the listing has been read up to, and is not to be. */
static gboolean is_past(CkRelist *relist, const CkPreparedThread *thread)
{
    gint64 since = MAX(relist->config->since, relist->last ? relist->last_at : 0);
    return thread->created_at > 0 && thread->created_at < since;
}

/* Takes threads up to where the segment ends, if that is in this page. Those that changed are added
 * to changed. */
static gboolean take_threads(Segment *segment, const CkPage *page, GPtrArray *changed,
                             GError **error)
{
    CkRelist *relist = segment->relist;
    const char *before = segment->cursor;
    for (guint i = 0; i < page->prepared->len && !segment->read; i++) {
        const CkPreparedThread *thread = g_ptr_array_index(page->prepared, i);
        gboolean is_changed = FALSE;
        if (is_past(relist, thread)) {
            segment->read = TRUE;
            segment->met = g_strdup(relist->last);
            segment->passed = relist->last != NULL;
            segment->before_last = g_strdup(before);
        } else if (thread->id) {
            if (!take_thread(segment, thread, &is_changed, error))
                return FALSE;
            if (is_changed)
                g_ptr_array_add(changed, thread->id);
            before = thread->id;
            segment->read = is_bound(relist, thread->id);
            segment->met = segment->read ? g_strdup(thread->id) : NULL;
        }
    }
    return TRUE;
}

/* Where the segment goes on. */
static gboolean take_cursor(Segment *segment, const CkPage *page, GError **error)
{
    g_autofree char *next = NULL;
    if (segment->read)
        return TRUE;
    if (!page->has_more) {
        segment->read = TRUE;
        return TRUE;
    }
    if (!ck_listing_next_cursor(page, &next, error))
        return FALSE;
    if (!g_hash_table_add(segment->cursors, g_strdup(next))) {
        g_set_error_literal(error, CK_ERROR, CK_ERROR_BAD_RESPONSE,
                            "the server's cursors go in a circle");
        return FALSE;
    }
    g_free(segment->cursor);
    segment->cursor = g_steal_pointer(&next);
    return TRUE;
}

static gboolean take_page(Segment *segment, const CkPage *page, GError **error)
{
    CkRelist *relist = segment->relist;
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    if (!(ck_store_begin(relist->store, error) && take_threads(segment, page, changed, error) &&
          take_cursor(segment, page, error) && ck_store_commit(relist->store, error))) {
        ck_store_rollback(relist->store);
        return FALSE;
    }
    for (guint i = 0; i < changed->len; i++)
        relist->events.changed(g_ptr_array_index(changed, i), relist->events.data);
    return TRUE;
}

static void on_page(CkPage *page, const GError *error, gpointer data)
{
    Segment *segment = data;
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    segment->call = NULL;
    if (segment->limit > 1 && g_error_matches(error, CK_ERROR, CK_ERROR_TOO_LARGE)) {
        segment->limit /= 2;
        ask(segment);
        return;
    }
    segment->rejected = segment->bound && g_strcmp0(segment->bound, segment->cursor) == 0 &&
                        (g_error_matches(error, CK_ERROR, CK_ERROR_REJECTED) ||
                         g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND));
    if (segment->rejected)
        end_segment(segment);
    else if (!page || !take_page(segment, page, &failure))
        end_listing(segment->relist, failure);
    else if (segment->read)
        end_segment(segment);
    else
        ask(segment);
}

static void ask(Segment *segment)
{
    CkRelist *relist = segment->relist;
    const CkWant *want = g_queue_peek_head(&relist->wants);
    CkListQuery query = {
        .limit = segment->limit,
        .order = CK_ORDER_DESC,
        .after = segment->cursor,
        .user = want->id,
    };
    segment->call = ck_api_list_threads(relist->api, &query, on_page, segment);
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
            add_segment(relist, thread.id);
        place = thread.place;
        skip = fits ? page - 1 : 0;
    }
}

/* The row of the user whose threads are listed; 0: all are; -1: none of the user is known. */
static gboolean find_user(CkRelist *relist, const CkWant *want, GError **error)
{
    g_autofree char *name = want->id ? ck_name_user(want->id) : NULL;
    g_auto(CkUserRow) user = {0};
    CkFound found = name ? ck_store_user_named(relist->store, name, &user, error) : CK_FOUND;
    relist->user = found == CK_ABSENT ? -1 : user.row;
    return found != CK_FAILED;
}

/* How far the listing has been read: relist->last, and its place. CK_ABSENT where that can't be
 * told, or it has not been read at all. */
static CkFound find_last(CkRelist *relist, const CkWant *want, guint64 *place, GError **error)
{
    g_autofree char *key = ck_want_key(want);
    g_auto(CkListingState) state = {0};
    g_auto(CkThreadRow) thread = {0};
    *place = G_MAXINT64;
    relist->last_at = 0;
    if (!ck_store_listing(relist->store, key, &state, error))
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
    relist->newest_row = ck_store_newest_row(relist->store, error);
    add_segment(relist, NULL);
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
    g_autofree char *key = ck_want_key(&all);
    g_autofree char *prefix = ck_want_key_prefix(CK_WANT_USER_THREADS);
    g_auto(CkListingState) state = {0};
    g_autoptr(GPtrArray) users = NULL;
    push(relist, &all);
    if (!ck_store_listing(relist->store, key, &state, error))
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
    relist->segments = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, segment_free);
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
