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
    GHashTable *fetches; /* key → Fetch */
    GHashTable *cursors; /* key of a listing → set of the cursors it has had; until complete */
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

/* Cursors that a listing has had: one that comes twice would make an endless listing. */

static gboolean had_cursor(const Fetch *fetch, const char *cursor)
{
    GHashTable *had = g_hash_table_lookup(fetch->pager->cursors, fetch->key);
    return had && g_hash_table_contains(had, cursor);
}

static void keep_cursor(Fetch *fetch, const char *cursor)
{
    GHashTable *cursors = fetch->pager->cursors;
    GHashTable *had = g_hash_table_lookup(cursors, fetch->key);
    if (!had) {
        had = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(cursors, g_strdup(fetch->key), had);
    }
    g_hash_table_add(had, g_strdup(cursor));
}

static void forget_cursors(Fetch *fetch)
{
    g_hash_table_remove(fetch->pager->cursors, fetch->key);
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
        page->last_id && *page->last_id ? g_strdup(page->last_id) : ck_decode_id(last);
    if (!next)
        return broken(error, "the server says that there is more and not from where");
    if (had_cursor(fetch, next))
        return broken(error, "the server's cursors go in a circle");
    *cursor = g_steal_pointer(&next);
    return TRUE;
}

static gboolean store_threads(CkStore *store, const CkPage *page, GError **error)
{
    for (guint i = 0; i < page->elements->len; i++) {
        CkSlice element = g_array_index(page->elements, CkSlice, i);
        g_autoptr(CkThread) thread = ck_decode_thread(element, error);
        if (!thread || !ck_store_put_thread(store, thread, error) ||
            !ck_store_place_thread(store, thread->id, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean store_items(CkStore *store, const char *thread_id, const CkPage *page,
                            GError **error)
{
    for (guint i = 0; i < page->elements->len; i++) {
        g_autoptr(CkItem) item = ck_decode_item(g_array_index(page->elements, CkSlice, i));
        if (!ck_store_put_item(store, thread_id, item, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean store_page(Fetch *fetch, const CkPage *page, GError **error)
{
    CkStore *store = fetch->pager->store;
    g_autofree char *cursor = NULL;
    if (!next_cursor(fetch, page, &cursor, error))
        return FALSE;
    gboolean ok =
        ck_store_begin(store, error) &&
        (fetch->want.kind == CK_WANT_ITEMS ? store_items(store, fetch->want.id, page, error)
                                           : store_threads(store, page, error)) &&
        ck_store_put_listing(store, fetch->key, cursor, !cursor, error) &&
        ck_store_commit(store, error);
    if (!ok) {
        ck_store_rollback(store);
        return FALSE;
    }
    if (cursor)
        keep_cursor(fetch, cursor);
    else
        forget_cursors(fetch);
    return TRUE;
}

/* A server that no longer knows a cursor (its thread was deleted) rejects it, and would for ever:
 * the listing begins again. What is known stays known. Should the store fail as well, the error at
 * hand is told. */
static void begin_again(Fetch *fetch)
{
    forget_cursors(fetch);
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

static void on_thread(CkThread *thread, const GError *error, gpointer data)
{
    Fetch *fetch = data;
    CkStore *store = fetch->pager->store;
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    fetch->call = NULL;
    if (thread && strcmp(thread->id, fetch->want.id) != 0)
        g_set_error(&failure, CK_ERROR, CK_ERROR_BAD_RESPONSE, "the server sent another thread, %s",
                    thread->id);
    else if (thread &&
             !(ck_store_begin(store, &failure) && ck_store_put_thread(store, thread, &failure) &&
               ck_store_commit(store, &failure)))
        ck_store_rollback(store);
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
                                     "this id of the server's can't stand in a URL"));
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
    pager->cursors =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
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
    g_hash_table_unref(pager->cursors);
    g_free(pager);
}
