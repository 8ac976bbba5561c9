/* SPDX-License-Identifier: MIT */
#include "pager.h"

#include "error.h"
#include "names.h"

/*
 * A fetch is one want that somebody waited for. It exists from the first wait until its answer
 * was stored or failed, whether or not the waits are cancelled meanwhile.
 */
typedef struct {
    CkPager *pager;
    char *key;
    CkWant want;
    char *cursor;     /* what the page is asked to come after, or NULL */
    guint limit;      /* elements asked for */
    CkApiCall *call;  /* NULL once it has ended */
    GSource *ending;  /* instead of call: the end was clear before anything was asked */
    GError *failure;  /* for ending, or NULL */
    GPtrArray *waits; /* CkWait */
} Fetch;

struct _CkWait {
    Fetch *fetch;  /* NULL once it has ended */
    CkWoken woken; /* NULL: cancelled */
    gpointer data;
};

struct _CkPager {
    GMainContext *context;
    CkStore *store;
    CkApi *api;
    const CkConfig *config;
    CkPagerReport report; /* or NULL */
    gpointer report_data;
    GHashTable *fetches;  /* key → Fetch */
    GHashTable *progress; /* key of a listing → Progress; until it is complete */
};

CkWant ck_want_copy(const CkWant *want)
{
    return (CkWant){want->kind, g_strdup(want->id)};
}

void ck_want_clear(CkWant *want)
{
    g_clear_pointer(&want->id, g_free);
    want->kind = CK_WANT_NOTHING;
}

CkWant ck_want_threads_of(const char *user, const CkConfig *config)
{
    if (config->user)
        user = config->user;
    gboolean can_filter =
        user && *user && g_utf8_validate(user, -1, NULL) && g_utf8_strlen(user, -1) <= CK_USER_MAX;
    return can_filter ? (CkWant){CK_WANT_USER_THREADS, (char *)user}
                      : (CkWant){CK_WANT_THREADS, NULL};
}

char *ck_want_key(const CkWant *want)
{
    static const char *const kinds[] = {
        [CK_WANT_NOTHING] = "nothing",   [CK_WANT_THREADS] = "threads",
        [CK_WANT_USER_THREADS] = "user", [CK_WANT_ITEMS] = "items",
        [CK_WANT_THREAD] = "thread",
    };
    return g_strconcat(kinds[want->kind], ":", want->id, NULL);
}

char *ck_want_describe(const CkWant *want)
{
    switch (want->kind) {
    case CK_WANT_THREADS:
        return g_strdup("listing threads");
    case CK_WANT_USER_THREADS:
        return g_strdup("listing a user's threads");
    case CK_WANT_ITEMS:
        return g_strdup_printf("listing the items of %s", want->id);
    case CK_WANT_THREAD:
        return g_strdup_printf("retrieving thread %s", want->id);
    case CK_WANT_NOTHING:
        break;
    }
    return g_strdup("fetching");
}

static void fetch_free(gpointer data)
{
    Fetch *fetch = data;
    g_clear_pointer(&fetch->call, ck_api_cancel);
    if (fetch->ending) {
        g_source_destroy(fetch->ending);
        g_source_unref(fetch->ending);
    }
    g_clear_error(&fetch->failure);
    g_ptr_array_unref(fetch->waits);
    ck_want_clear(&fetch->want);
    g_free(fetch->cursor);
    g_free(fetch->key);
    g_free(fetch);
}

/* Ends the fetch, then wakes those who waited for it; they may begin the next one. */
static void finish(Fetch *fetch, const GError *failure)
{
    CkPager *pager = fetch->pager;
    g_autoptr(GPtrArray) waits = g_steal_pointer(&fetch->waits);
    g_autoptr(GError) error = failure ? g_error_copy(failure) : NULL;
    g_autofree char *what = ck_want_describe(&fetch->want);
    /* That a thread looked up by its id does not exist is an answer, not a failure. */
    gboolean answer =
        fetch->want.kind == CK_WANT_THREAD && g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND);
    g_prefix_error(&error, "%s: ", what);
    if (error && !answer && pager->report)
        pager->report(error, pager->report_data);
    for (guint i = 0; i < waits->len; i++)
        ((CkWait *)g_ptr_array_index(waits, i))->fetch = NULL;
    fetch->waits = g_ptr_array_new();
    g_hash_table_remove(pager->fetches, fetch->key);
    for (guint i = 0; i < waits->len; i++) {
        CkWait *wait = g_ptr_array_index(waits, i);
        if (wait->woken)
            wait->woken(error, wait->data);
    }
}

/* Storing what arrived */

static gboolean broken(GError **error, const char *what)
{
    g_set_error_literal(error, CK_ERROR, CK_ERROR_BAD_RESPONSE, what);
    return FALSE;
}

/* What is remembered of a listing while it is read. */
typedef struct {
    GHashTable *cursors; /* those it has had: one that comes twice would make it endless */
    GHashTable *unnamed; /* digests of its elements without an id of their own → how many */
} Progress;

static void progress_free(gpointer data)
{
    Progress *progress = data;
    g_hash_table_unref(progress->cursors);
    g_hash_table_unref(progress->unnamed);
    g_free(progress);
}

static Progress *get_progress(const Fetch *fetch)
{
    Progress *progress = g_hash_table_lookup(fetch->pager->progress, fetch->key);
    if (!progress) {
        progress = g_new0(Progress, 1);
        progress->cursors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        progress->unnamed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(fetch->pager->progress, g_strdup(fetch->key), progress);
    }
    return progress;
}

static void forget_progress(const Fetch *fetch)
{
    g_hash_table_remove(fetch->pager->progress, fetch->key);
}

/* Where the page after this one begins; NULL after the last one. */
static gboolean next_cursor(Fetch *fetch, const CkPage *page, char **cursor, GError **error)
{
    if (!page->has_more)
        return TRUE;
    if (page->elements->len == 0)
        return broken(error, "the server says that there is more and sends nothing");
    CkSlice last = g_array_index(page->elements, CkSlice, page->elements->len - 1);
    g_autofree char *next =
        page->last_id ? g_strdup(page->last_id) : ck_decode_identity(last, "id");
    if (!next)
        return broken(error, "the server says that there is more and not from where");
    if (!g_utf8_validate(next, -1, NULL))
        return broken(error, "the server's cursor is no text, and can't be sent");
    if (g_hash_table_contains(get_progress(fetch)->cursors, next))
        return broken(error, "the server's cursors go in a circle");
    *cursor = g_steal_pointer(&next);
    return TRUE;
}

/*
 * The ids of a page's elements. One without an id, or whose id another element of the page has with
 * other content, is told by what it is, and of several that are the same by which of them in the
 * listing: so it has the same id when the listing is read again, whatever the pages are then.
 */
typedef struct {
    const Progress *before;
    GHashTable *seen;    /* ids of this page → CkSlice of page->elements */
    GHashTable *unnamed; /* as in Progress, but of this page */
} Ids;

static Ids ids_begin(const Fetch *fetch)
{
    return (Ids){
        .before = get_progress(fetch),
        .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .unnamed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
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
    guint nth = count_of(ids->before->unnamed, digest) + count_of(ids->unnamed, digest);
    return nth == 1 ? g_strdup_printf("no-id~%.32s", digest)
                    : g_strdup_printf("no-id~%.32s-%u", digest, nth);
}

static gboolean is_same(const CkSlice *one, const CkSlice *other)
{
    return one->size == other->size && memcmp(one->data, other->data, one->size) == 0;
}

/* To be called once for each element of the page, in order. The result is to be freed. */
static char *id_of(Ids *ids, const CkSlice *element)
{
    g_autofree char *id = ck_decode_identity(*element, "id");
    const CkSlice *twin = id ? g_hash_table_lookup(ids->seen, id) : NULL;
    if (!id || (twin && !is_same(twin, element)))
        return substitute_id(ids, *element);
    g_hash_table_insert(ids->seen, g_strdup(id), (gpointer)element);
    return g_steal_pointer(&id);
}

static gboolean put_thread(CkPager *pager, const char *id, const CkThread *thread, GError **error)
{
    const char *title = pager->config->name_by_id ? NULL : thread->title;
    g_autofree char *user = ck_decode_identity(thread->json, "user");
    g_autofree char *name = ck_name_thread(title, id);
    return ck_store_put_thread(pager->store, id, user, name, thread, error);
}

/* Threads come newest first: *past tells that all further ones are too old to be shown. */
static gboolean store_threads(Fetch *fetch, const CkPage *page, Ids *ids, gboolean *past,
                              GError **error)
{
    CkPager *pager = fetch->pager;
    for (guint i = 0; i < page->elements->len; i++) {
        const CkSlice *element = &g_array_index(page->elements, CkSlice, i);
        g_autoptr(CkThread) thread = ck_decode_thread(*element);
        g_autofree char *id = id_of(ids, element);
        *past |= thread->created_at > 0 && thread->created_at < pager->config->since;
        if (ck_config_shows(pager->config, thread->created_at) &&
            !(put_thread(pager, id, thread, error) &&
              ck_store_place_thread(pager->store, id, error)))
            return FALSE;
    }
    return TRUE;
}

static gboolean store_items(Fetch *fetch, const CkPage *page, Ids *ids, GError **error)
{
    for (guint i = 0; i < page->elements->len; i++) {
        const CkSlice *element = &g_array_index(page->elements, CkSlice, i);
        g_autoptr(CkItem) item = ck_decode_item(*element);
        g_autofree char *id = id_of(ids, element);
        if (!ck_store_put_item(fetch->pager->store, fetch->want.id, id, item, error))
            return FALSE;
    }
    return TRUE;
}

/* The listing goes on behind this page, or (cursor NULL) has been read to its end. */
static void keep_progress(const Fetch *fetch, const char *cursor, const Ids *ids)
{
    if (!cursor) {
        forget_progress(fetch);
        return;
    }
    Progress *progress = get_progress(fetch);
    GHashTableIter iter;
    gpointer digest, count;
    g_hash_table_add(progress->cursors, g_strdup(cursor));
    g_hash_table_iter_init(&iter, ids->unnamed);
    while (g_hash_table_iter_next(&iter, &digest, &count))
        add_count(progress->unnamed, digest, GPOINTER_TO_UINT(count));
}

static gboolean store_page(Fetch *fetch, const CkPage *page, GError **error)
{
    CkStore *store = fetch->pager->store;
    g_autofree char *cursor = NULL;
    gboolean past = FALSE;
    if (!next_cursor(fetch, page, &cursor, error))
        return FALSE;
    g_auto(Ids) ids = ids_begin(fetch);
    gboolean ok =
        ck_store_begin(store, error) &&
        (fetch->want.kind == CK_WANT_ITEMS ? store_items(fetch, page, &ids, error)
                                           : store_threads(fetch, page, &ids, &past, error)) &&
        ck_store_put_listing(store, fetch->key, cursor, past || !cursor, error) &&
        ck_store_commit(store, error);
    if (!ok) {
        ck_store_rollback(store);
        return FALSE;
    }
    keep_progress(fetch, past ? NULL : cursor, &ids);
    return TRUE;
}

/* A server that no longer knows a cursor (its thread was deleted) rejects it, and would for ever:
 * the listing begins again. What is known stays known. Should the store fail as well, the error at
 * hand is told. */
static void begin_again(Fetch *fetch)
{
    forget_progress(fetch);
    ck_store_put_listing(fetch->pager->store, fetch->key, NULL, FALSE, NULL);
}

static void ask_for_page(Fetch *fetch);

static void on_page(CkPage *page, const GError *error, gpointer data)
{
    Fetch *fetch = data;
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    fetch->call = NULL;
    if (fetch->limit > 1 && g_error_matches(error, CK_ERROR, CK_ERROR_TOO_LARGE)) {
        fetch->limit /= 2; /* items of a megabyte: fewer of them */
        ask_for_page(fetch);
        return;
    }
    if (page)
        store_page(fetch, page, &failure);
    else if (fetch->cursor && (g_error_matches(error, CK_ERROR, CK_ERROR_REJECTED) ||
                               g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND)))
        begin_again(fetch);
    finish(fetch, failure);
}

/* Whether a thread that was asked for by its id is among those that the mount shows. */
static gboolean is_shown(const CkPager *pager, const CkThread *thread)
{
    g_autofree char *user = ck_decode_identity(thread->json, "user");
    return ck_config_shows(pager->config, thread->created_at) &&
           (!pager->config->user || g_strcmp0(user, pager->config->user) == 0);
}

static void on_thread(CkThread *thread, const GError *error, gpointer data)
{
    Fetch *fetch = data;
    CkPager *pager = fetch->pager;
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    fetch->call = NULL;
    if (thread && g_strcmp0(thread->id, fetch->want.id) != 0)
        g_set_error(&failure, CK_ERROR, CK_ERROR_BAD_RESPONSE, "the server sent another thread, %s",
                    thread->id ? thread->id : "without an id");
    else if (thread && !is_shown(pager, thread))
        g_set_error_literal(&failure, CK_ERROR, CK_ERROR_NOT_FOUND,
                            "the thread is not among those that this mount shows");
    else if (thread && !(ck_store_begin(pager->store, &failure) &&
                         put_thread(pager, thread->id, thread, &failure) &&
                         ck_store_commit(pager->store, &failure)))
        ck_store_rollback(pager->store);
    finish(fetch, failure);
}

/* Asking */

static gboolean on_ending(gpointer data)
{
    Fetch *fetch = data;
    g_autoptr(GError) failure = g_steal_pointer(&fetch->failure);
    finish(fetch, failure);
    return G_SOURCE_REMOVE;
}

/* Ends the fetch without a request, from the main context as every other end. */
static void end_later(Fetch *fetch, GError *failure)
{
    fetch->failure = failure;
    fetch->ending = g_idle_source_new();
    g_source_set_callback(fetch->ending, on_ending, fetch, NULL);
    g_source_attach(fetch->ending, fetch->pager->context);
}

static void ask_for_page(Fetch *fetch)
{
    CkApi *api = fetch->pager->api;
    CkListQuery query = {.limit = fetch->limit, .after = fetch->cursor};
    if (fetch->want.kind == CK_WANT_ITEMS) {
        query.order = CK_ORDER_ASC;
        fetch->call = ck_api_list_items(api, fetch->want.id, &query, on_page, fetch);
    } else {
        query.order = CK_ORDER_DESC;
        query.user = fetch->want.id;
        fetch->call = ck_api_list_threads(api, &query, on_page, fetch);
    }
}

static void ask(Fetch *fetch)
{
    CkPager *pager = fetch->pager;
    CkWantKind kind = fetch->want.kind;
    g_auto(CkListingState) state = {0};
    GError *failure = NULL;
    if (!ck_store_listing(pager->store, fetch->key, &state, &failure) || state.complete) {
        end_later(fetch, failure);
        return;
    }
    if ((kind == CK_WANT_ITEMS || kind == CK_WANT_THREAD) && !ck_name_is_id(fetch->want.id)) {
        end_later(fetch, g_error_new(CK_ERROR, CK_ERROR_BAD_RESPONSE,
                                     "the server gave the thread no id that can stand in a URL, so "
                                     "that this can't be asked for"));
        return;
    }
    if (kind == CK_WANT_THREAD) {
        fetch->call = ck_api_get_thread(pager->api, fetch->want.id, on_thread, fetch);
        return;
    }
    fetch->cursor = g_steal_pointer(&state.cursor);
    fetch->limit = pager->config->page_size;
    ask_for_page(fetch);
}

CkWait *ck_pager_wait(CkPager *pager, const CkWant *want, CkWoken woken, gpointer data)
{
    g_autofree char *key = ck_want_key(want);
    Fetch *fetch = g_hash_table_lookup(pager->fetches, key);
    CkWait *wait = g_new(CkWait, 1);
    if (!fetch) {
        fetch = g_new0(Fetch, 1);
        fetch->pager = pager;
        fetch->key = g_strdup(key);
        fetch->want = ck_want_copy(want);
        fetch->waits = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(pager->fetches, fetch->key, fetch);
        ask(fetch);
    }
    *wait = (CkWait){fetch, woken, data};
    g_ptr_array_add(fetch->waits, wait);
    return wait;
}

void ck_pager_cancel(CkWait *wait)
{
    if (wait->fetch)
        g_ptr_array_remove(wait->fetch->waits, wait);
    else /* its round of waking is under way; its turn must not come */
        wait->woken = NULL;
}

CkPager *ck_pager_new(GMainContext *context, CkStore *store, CkApi *api, const CkConfig *config)
{
    CkPager *pager = g_new0(CkPager, 1);
    pager->context = context;
    pager->store = store;
    pager->api = api;
    pager->config = config;
    pager->fetches = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, fetch_free);
    pager->progress = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, progress_free);
    return pager;
}

void ck_pager_set_report(CkPager *pager, CkPagerReport report, gpointer data)
{
    pager->report = report;
    pager->report_data = data;
}

void ck_pager_free(CkPager *pager)
{
    g_hash_table_unref(pager->fetches);
    g_hash_table_unref(pager->progress);
    g_free(pager);
}
