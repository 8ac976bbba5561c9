/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include "error.h"
#include "names.h"

/* Pages that a reader takes from the front before the back is read too. */
#define FRONT_ALONE 2

/* Pages between both ends that make a listing wide. */
#define WIDE_PAGES 8

/* One end of a listing, as far as it has been read. */
typedef struct {
    guint pages;
    guint64 threads;
    gint64 first, last; /* created_at of the first and the last thread */
    gboolean ordered;   /* all had a time, which never went the wrong way */
    GPtrArray *ids;     /* of the last page; owned */
} End;

struct _CkListing {
    CkStore *store;
    const CkConfig *config;
    CkWant want;
    char *key;
    End ends[2];
    GHashTable *cursors[2]; /* those that each end has had: one twice would make it endless */
    GHashTable *lost;       /* those that went with threads that were deleted here */
    GHashTable *unnamed;    /* digests of elements without an id of their own → how many */
    GPtrArray *changed;     /* see ck_listing_changed() */
    GArray *changed_items;  /* see ck_listing_changed_items() */
    gboolean grown;         /* see ck_listing_has_grown() */
    char *back_cursor;      /* the front's is in the store */
    gboolean given_up;      /* the back */
    gboolean taken_up;      /* begun by an earlier mount, whose cursors are not known */
};

static GHashTable *new_strings(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void end_clear(End *end)
{
    g_clear_pointer(&end->ids, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(End, end_clear)

static gboolean is_begun(CkStore *store, const char *key)
{
    g_auto(CkListingState) state = {0};
    return ck_store_listing(store, key, &state, NULL) && state.cursor;
}

gboolean ck_listing_state(CkStore *store, const CkWant *want, CkListingState *state, GError **error)
{
    g_autofree char *key = ck_want_key(want);
    return ck_store_listing(store, key, state, error);
}

CkListing *ck_listing_new(CkStore *store, const CkConfig *config, const CkWant *want)
{
    CkListing *listing = g_new0(CkListing, 1);
    listing->store = store;
    listing->config = config;
    listing->want = ck_want_copy(want);
    listing->key = ck_want_key(want);
    listing->lost = new_strings();
    listing->unnamed = new_strings();
    listing->changed = g_ptr_array_new_with_free_func(g_free);
    listing->changed_items = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (int i = 0; i < 2; i++) {
        listing->ends[i].ordered = TRUE;
        listing->cursors[i] = new_strings();
    }
    /* Items are numbered from the front on; and what is older than --since is not to be read. Of a
     * listing that an earlier mount has begun it is not known what its ends were like. */
    listing->taken_up = is_begun(store, listing->key);
    listing->given_up = want->kind == CK_WANT_ITEMS || config->since > 0 || listing->taken_up;
    return listing;
}

void ck_listing_free(CkListing *listing)
{
    for (int i = 0; i < 2; i++) {
        end_clear(&listing->ends[i]);
        g_hash_table_unref(listing->cursors[i]);
    }
    g_hash_table_unref(listing->lost);
    g_hash_table_unref(listing->unnamed);
    g_ptr_array_unref(listing->changed);
    g_array_unref(listing->changed_items);
    ck_want_clear(&listing->want);
    g_free(listing->back_cursor);
    g_free(listing->key);
    g_free(listing);
}

/* What to ask for */

gboolean ck_listing_cursor(CkListing *listing, CkEnd end, char **cursor, GError **error)
{
    g_auto(CkListingState) state = {0};
    if (end == CK_BACK) {
        *cursor = g_strdup(listing->back_cursor);
        return TRUE;
    }
    if (!ck_store_listing(listing->store, listing->key, &state, error))
        return FALSE;
    *cursor = g_steal_pointer(&state.cursor);
    return TRUE;
}

/* How many threads there are likely to be between front and back, if they are as far apart there as
 * in what is known. */
static double estimate_gap(const End *front, const End *back)
{
    double span = (double)(front->first - front->last) + (double)(back->last - back->first);
    double gap = (double)(front->last - back->last);
    return span > 0 ? gap * (double)(front->threads + back->threads) / span : 0;
}

gboolean ck_listing_takes_back(const CkListing *listing)
{
    const End *front = &listing->ends[CK_FRONT], *back = &listing->ends[CK_BACK];
    if (listing->given_up || front->pages < FRONT_ALONE || !front->ordered)
        return FALSE;
    return back->pages == 0 || estimate_gap(front, back) > 1.5 * listing->config->page_size;
}

gboolean ck_listing_is_wide(const CkListing *listing)
{
    const End *front = &listing->ends[CK_FRONT], *back = &listing->ends[CK_BACK];
    return ck_listing_takes_back(listing) && back->pages > 0 &&
           estimate_gap(front, back) > WIDE_PAGES * listing->config->page_size;
}

gboolean ck_listing_knows_no_back(const CkListing *listing)
{
    return listing->ends[CK_BACK].pages == 0;
}

void ck_listing_give_up_back(CkListing *listing)
{
    listing->given_up = TRUE;
}

void ck_listing_begin_again(CkListing *listing)
{
    End *front = &listing->ends[CK_FRONT];
    end_clear(front);
    *front = (End){.ordered = TRUE};
    listing->taken_up = FALSE;
    g_hash_table_remove_all(listing->cursors[CK_FRONT]);
    g_hash_table_remove_all(listing->unnamed);
    /* Should the store fail as well, the error at hand is told. */
    ck_store_put_listing(listing->store, listing->key, NULL, FALSE, NULL);
}

gboolean ck_listing_begin_after_deletion(CkListing *listing, const char *cursor)
{
    gboolean of_threads = listing->want.kind != CK_WANT_ITEMS;
    gboolean expected =
        ck_store_is_deleted(listing->store, cursor) || (of_threads && listing->taken_up);
    /* Once for each: a copy that lags behind the server may have the thread for a while. */
    if (!expected || !g_hash_table_add(listing->lost, g_strdup(cursor)))
        return FALSE;
    ck_listing_begin_again(listing);
    return TRUE;
}

/* Cursors */

static gboolean broken(GError **error, const char *what)
{
    g_set_error_literal(error, CK_ERROR, CK_ERROR_BAD_RESPONSE, what);
    return FALSE;
}

static gboolean bad_cursor(GError **error, const char *cursor)
{
    g_autofree char *shown = g_strescape(cursor, NULL);
    g_set_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE,
                "the server's cursor is no id, and can't be sent: %.40s", shown);
    return FALSE;
}

gboolean ck_listing_next_cursor(const CkPage *page, char **cursor, GError **error)
{
    *cursor = NULL;
    if (!page->has_more)
        return TRUE;
    if (page->elements->len == 0)
        return broken(error, "the server says that there is more and sends nothing");
    CkSlice last = g_array_index(page->elements, CkSlice, page->elements->len - 1);
    g_autofree char *next =
        page->last_id ? g_strdup(page->last_id) : ck_decode_identity(last, "id");
    if (!next)
        return broken(error, "the server says that there is more and not from where");
    if (!ck_name_is_id(next))
        return bad_cursor(error, next);
    *cursor = g_steal_pointer(&next);
    return TRUE;
}

gint64 ck_listing_time_of(CkStore *store, const CkWant *want, const char *cursor)
{
    g_auto(CkThreadRow) thread = {0};
    if (!cursor)
        return 0;
    if (want->kind == CK_WANT_ITEMS)
        return ck_store_item_time(store, want->id, cursor);
    ck_store_thread_by_id(store, cursor, &thread, NULL);
    return thread.created_at;
}

/* The same, of the page that is to be taken: not one that this end has had, else *circle is TRUE.
 */
static gboolean next_cursor(CkListing *listing, CkEnd end, const CkPage *page, char **cursor,
                            gboolean *circle, GError **error)
{
    g_autofree char *next = NULL;
    if (!ck_listing_next_cursor(page, &next, error))
        return FALSE;
    *circle = next && g_hash_table_contains(listing->cursors[end], next);
    if (*circle)
        return broken(error, "the server's cursors go in a circle");
    *cursor = g_steal_pointer(&next);
    return TRUE;
}

gboolean ck_listing_is_cursor_lost(const GError *error)
{
    return g_error_matches(error, CK_ERROR, CK_ERROR_REJECTED) ||
           g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND);
}

gboolean ck_listing_is_doubtful_end(const CkPage *page, const char *cursor)
{
    return cursor && page->elements->len == 0 && !page->has_more;
}

gboolean ck_listing_end(CkListing *listing, GError **error)
{
    g_auto(CkListingState) state = {0};
    if (!ck_store_listing(listing->store, listing->key, &state, error) ||
        !ck_store_put_listing(listing->store, listing->key, NULL, TRUE, error))
        return FALSE;
    return listing->want.kind != CK_WANT_ITEMS || state.checked_at > 0 ||
           ck_store_set_checked(listing->store, listing->key, g_get_real_time(), TRUE, error);
}

char *ck_listing_peek_cursor(CkListing *listing, CkEnd end, const CkPage *page)
{
    char *cursor = NULL;
    next_cursor(listing, end, page, &cursor, &(gboolean){0}, NULL);
    return cursor;
}

/*
 * The ids of a page's elements. One without an id, or whose id another element of the page has with
 * other content, is told by what it is, and of several that are the same by which of them in the
 * listing: so it has the same id when the listing is read again, whatever the pages are then.
 */
typedef struct {
    GHashTable *before;  /* the listing's unnamed */
    GHashTable *seen;    /* ids of this page → CkSlice of page->elements */
    GHashTable *unnamed; /* the same as before, but of this page */
} Ids;

static Ids ids_begin(const CkListing *listing)
{
    return (Ids){.before = listing->unnamed, .seen = new_strings(), .unnamed = new_strings()};
}

static void ids_clear(Ids *ids)
{
    g_hash_table_unref(ids->seen);
    g_hash_table_unref(ids->unnamed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ids, ids_clear)

static guint count_of(GHashTable *counts, const char *digest)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(counts, digest));
}

static void add_count(GHashTable *counts, const char *digest, guint count)
{
    count += count_of(counts, digest);
    g_hash_table_insert(counts, g_strdup(digest), GUINT_TO_POINTER(count));
}

/* '~' is in no id that can stand in a URL (names.h). */
static char *substitute_id(Ids *ids, CkSlice element)
{
    g_autofree char *digest =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)element.data, element.size);
    add_count(ids->unnamed, digest, 1);
    guint nth = count_of(ids->before, digest) + count_of(ids->unnamed, digest);
    return nth == 1 ? g_strdup_printf("no-id~%.32s", digest)
                    : g_strdup_printf("no-id~%.32s-%u", digest, nth);
}

static gboolean is_same(const CkSlice *one, const CkSlice *other)
{
    return one->size == other->size && memcmp(one->data, other->data, one->size) == 0;
}

/* To be called once for each element of the page, in order. own: the id that it has, or NULL. The
 * result is to be freed. */
static char *id_of(Ids *ids, const CkSlice *element, const char *own)
{
    const CkSlice *twin = own ? g_hash_table_lookup(ids->seen, own) : NULL;
    if (!own || (twin && !is_same(twin, element)))
        return substitute_id(ids, *element);
    g_hash_table_insert(ids->seen, g_strdup(own), (gpointer)element);
    return g_strdup(own);
}

/* Meeting */

/* The front's last page ends in the same threads, at least two, as the back's, the other way
 * round. */
static gboolean ends_in_the_same(const End *front, const End *back)
{
    guint same = 0;
    const char *last = g_ptr_array_index(back->ids, back->ids->len - 1);
    for (guint i = 0; i < front->ids->len && same == 0; i++)
        if (strcmp(g_ptr_array_index(front->ids, i), last) == 0)
            same = front->ids->len - i;
    if (same < 2 || same > back->ids->len)
        return FALSE;
    for (guint i = 0; i < same; i++)
        if (strcmp(g_ptr_array_index(front->ids, front->ids->len - same + i),
                   g_ptr_array_index(back->ids, back->ids->len - 1 - i)) != 0)
            return FALSE;
    return TRUE;
}

static gboolean have_one_in_common(const End *front, const End *back)
{
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean common = FALSE;
    for (guint i = 0; i < front->ids->len; i++)
        g_hash_table_add(ids, g_ptr_array_index(front->ids, i));
    for (guint i = 0; i < back->ids->len && !common; i++)
        common = g_hash_table_contains(ids, g_ptr_array_index(back->ids, i));
    return common;
}

static gboolean have_met(const CkListing *listing, const End *front, const End *back)
{
    if (listing->given_up || front->threads == 0 || back->threads == 0 || !front->ordered)
        return FALSE;
    if (back->last == front->last)
        return ends_in_the_same(front, back);
    return back->last > front->last && have_one_in_common(front, back);
}

/* Storing */

gboolean ck_listing_put_thread(CkStore *store, const CkConfig *config, const char *id,
                               const CkPreparedThread *thread, gboolean *changed, GError **error)
{
    const char *title = config->name_by_id ? NULL : thread->title;
    g_autofree char *name = ck_name_thread(title, id);
    return ck_store_put_thread(store, id, thread->user, name, thread, changed, error);
}

gboolean ck_listing_shows(CkStore *store, const CkConfig *config, const CkPreparedThread *thread)
{
    return ck_config_shows(config, thread->created_at) &&
           !(thread->id && ck_store_is_deleted(store, thread->id));
}

CkFound ck_listing_drop_thread(CkStore *store, const char *id, CkThreadRow *gone, GError **error)
{
    g_auto(CkThreadRow) thread = {0};
    CkFound found = ck_store_thread_by_id(store, id, &thread, error);
    if (found != CK_FOUND)
        return found;
    if (!(ck_store_begin(store, error) && ck_store_drop_thread(store, thread.row, error) &&
          ck_store_commit(store, error))) {
        ck_store_rollback(store);
        return CK_FAILED;
    }
    *gone = thread;
    thread = (CkThreadRow){0};
    return CK_FOUND;
}

static void pass_thread(End *end, CkEnd which, gint64 created_at, const char *id)
{
    gboolean wrong_way =
        end->threads > 0 && (which == CK_FRONT ? created_at > end->last : created_at < end->last);
    end->ordered = end->ordered && created_at > 0 && !wrong_way;
    end->first = end->threads > 0 ? end->first : created_at;
    end->last = created_at;
    end->threads++;
    g_ptr_array_add(end->ids, g_strdup(id));
}

/* passed: the end after this page. *past: all further threads are too old to be shown. */
static gboolean store_threads(CkListing *listing, CkEnd end, const CkPage *page, Ids *ids,
                              End *passed, gboolean *past, GError **error)
{
    const CkConfig *config = listing->config;
    CkStore *store = listing->store;
    for (guint i = 0; i < page->prepared->len; i++) {
        const CkPreparedThread *thread = g_ptr_array_index(page->prepared, i);
        g_autofree char *id = id_of(ids, &thread->json, thread->id);
        gboolean changed = FALSE;
        pass_thread(passed, end, thread->created_at, id);
        *past |= thread->created_at > 0 && thread->created_at < config->since;
        if (ck_listing_shows(store, config, thread) &&
            !(ck_listing_put_thread(store, config, id, thread, &changed, error) &&
              ck_store_place_thread(store, id, end == CK_BACK ? CK_PLACE_BACK : CK_PLACE_FRONT,
                                    error)))
            return FALSE;
        if (changed)
            g_ptr_array_add(listing->changed, g_steal_pointer(&id));
    }
    return TRUE;
}

static gboolean store_items(CkListing *listing, const CkPage *page, Ids *ids, GError **error)
{
    CkStore *store = listing->store;
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkListingState) state = {0};
    if (!ck_store_listing(store, listing->key, &state, error))
        return FALSE;
    CkFound found = ck_store_thread_by_id(store, listing->want.id, &thread, error);
    if (found == CK_ABSENT)
        g_set_error_literal(error, CK_ERROR, CK_ERROR_NOT_FOUND,
                            "the thread was deleted meanwhile");
    if (found != CK_FOUND)
        return FALSE;
    guint64 items = thread.items;
    for (guint i = 0; i < page->prepared->len; i++) {
        const CkPreparedItem *item = g_ptr_array_index(page->prepared, i);
        g_autofree char *id = id_of(ids, &item->json, item->id);
        gint64 changed;
        if (!ck_store_put_item(store, &thread, id, item, &changed, error))
            return FALSE;
        if (changed)
            g_array_append_val(listing->changed_items, changed);
    }
    listing->grown = state.complete && thread.items > items;
    thread.grown += listing->grown;
    return ck_store_put_totals(store, &thread, error);
}

/* How far the listing has been read with this page: to its end, or up to cursor. */
static gboolean store_state(CkListing *listing, CkEnd end, const End *passed, const char *cursor,
                            gboolean past, GError **error)
{
    g_auto(CkListingState) state = {0};
    const End *front = end == CK_FRONT ? passed : &listing->ends[CK_FRONT];
    const End *back = end == CK_BACK ? passed : &listing->ends[CK_BACK];
    if (!ck_store_listing(listing->store, listing->key, &state, error))
        return FALSE;
    gboolean complete = state.complete || past || !cursor || have_met(listing, front, back);
    const char *next = end == CK_FRONT ? cursor : state.cursor;
    if (!ck_store_put_listing(listing->store, listing->key, complete ? NULL : next, complete,
                              error))
        return FALSE;
    /* Threads are current from the first page on; no item is known to be more so than the first. */
    gboolean checked = listing->want.kind == CK_WANT_ITEMS ? state.checked_at == 0
                                                           : end == CK_FRONT && !state.cursor;
    return !checked || state.complete ||
           ck_store_set_checked(listing->store, listing->key, g_get_real_time(), TRUE, error);
}

/* A page was stored. */
static void keep(CkListing *listing, CkEnd end, End *passed, char *cursor, const Ids *ids)
{
    GHashTableIter iter;
    gpointer digest, count;
    end_clear(&listing->ends[end]);
    listing->ends[end] = *passed;
    passed->ids = NULL;
    if (cursor)
        g_hash_table_add(listing->cursors[end], g_strdup(cursor));
    if (end == CK_BACK) {
        g_free(listing->back_cursor);
        listing->back_cursor = g_strdup(cursor);
    }
    g_hash_table_iter_init(&iter, ids->unnamed);
    while (g_hash_table_iter_next(&iter, &digest, &count))
        add_count(listing->unnamed, digest, GPOINTER_TO_UINT(count));
}

const GPtrArray *ck_listing_changed(const CkListing *listing)
{
    return listing->changed;
}

const GArray *ck_listing_changed_items(const CkListing *listing)
{
    return listing->changed_items;
}

gboolean ck_listing_has_grown(const CkListing *listing)
{
    return listing->grown;
}

static void forget_changed(CkListing *listing)
{
    g_ptr_array_set_size(listing->changed, 0);
    g_array_set_size(listing->changed_items, 0);
    listing->grown = FALSE;
}

gboolean ck_listing_take(CkListing *listing, CkEnd end, const CkPage *page, GError **error)
{
    CkStore *store = listing->store;
    gboolean past = FALSE, circle = FALSE;
    g_autofree char *cursor = NULL;
    g_auto(Ids) ids = ids_begin(listing);
    g_auto(End) passed = listing->ends[end];
    passed.ids = g_ptr_array_new_with_free_func(g_free);
    passed.pages++;
    forget_changed(listing);
    if (end == CK_BACK && listing->given_up)
        return TRUE;
    gboolean ok = next_cursor(listing, end, page, &cursor, &circle, error) &&
                  ck_store_begin(store, error) &&
                  (listing->want.kind == CK_WANT_ITEMS
                       ? store_items(listing, page, &ids, error)
                       : store_threads(listing, end, page, &ids, &passed, &past, error)) &&
                  store_state(listing, end, &passed, cursor, past, error);
    gboolean doubtful = end == CK_BACK && (!passed.ordered || g_hash_table_size(ids.unnamed) > 0 ||
                                           page->elements->len == 0);
    if (!ok || doubtful || !ck_store_commit(store, error)) {
        ck_store_rollback(store);
        forget_changed(listing);
        listing->given_up |= end == CK_BACK;
        /* The circle may lead back to where an earlier mount was, and have been entered unseen:
         * then every right cursor would be one that was seen before, for ever. */
        if (circle && listing->taken_up && end == CK_FRONT)
            ck_listing_begin_again(listing);
        return ok && doubtful;
    }
    keep(listing, end, &passed, cursor, &ids);
    return TRUE;
}
