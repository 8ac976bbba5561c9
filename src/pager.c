/* SPDX-License-Identifier: MIT */
#include "pager.h"

#include "error.h"
#include "listing.h"
#include "names.h"

/* How long the front of a listing waits for a page of the back, which is only there to be quicker.
 */
#define BACK_PATIENCE_MS 1000

/*
 * A fetch is one want that somebody waited for. It exists from the first wait until its answer
 * was stored or failed, whether or not the waits are cancelled meanwhile. That of a listing's back
 * is begun along with one of its front.
 */
typedef struct {
    CkPager *pager;
    char *key;
    CkWant want;
    CkEnd end;          /* of a listing */
    gboolean goes_on;   /* of the back: the front has gone on to its next page */
    CkListing *listing; /* borrowed from pager->listings; NULL where the want is none */
    char *cursor;       /* what the page is asked to come after, or NULL; when that … */
    gint64 cursor_at;   /* was created, if the store does not know it yet */
    char *next;         /* the same of the next page, once this one has come; or NULL */
    gint64 next_at;
    guint limit;      /* elements asked for */
    CkApiCall *call;  /* NULL once it has ended */
    GSource *source;  /* instead of call: it ends soon without one, or waits for the back */
    GError *failure;  /* with which it ends without a call, or NULL */
    GPtrArray *waits; /* CkWait */
    CkCause cause;
} Fetch;

struct _CkWait {
    Fetch *fetch;  /* NULL once it has ended */
    CkWoken woken; /* NULL: cancelled */
    gpointer data;
    CkCause cause;
};

struct _CkPager {
    GMainContext *context;
    CkStore *store;
    CkApi *api;
    const CkConfig *config;
    CkPagerReport report; /* or NULL */
    gpointer report_data;
    CkPagerChanged changed; /* or NULL */
    gpointer changed_data;
    GHashTable *fetches;   /* key → Fetch */
    GHashTable *overtaken; /* the same; their page has come, and the next one is asked for */
    GHashTable *listings;  /* key → CkListing; those that are not complete, or being fetched */
};

static void clear_source(Fetch *fetch)
{
    if (fetch->source)
        g_source_destroy(fetch->source);
    g_clear_pointer(&fetch->source, g_source_unref);
}

static void fetch_free(gpointer data)
{
    Fetch *fetch = data;
    g_clear_pointer(&fetch->call, ck_api_cancel);
    clear_source(fetch);
    g_clear_error(&fetch->failure);
    g_ptr_array_unref(fetch->waits);
    ck_want_clear(&fetch->want);
    g_free(fetch->cursor);
    g_free(fetch->next);
    g_free(fetch->key);
    g_free(fetch);
}

static char *fetch_key(const CkWant *want, CkEnd end)
{
    g_autofree char *key = ck_want_key(want);
    return g_strconcat(end == CK_BACK ? "back of " : "", key, NULL);
}

static gboolean is_fetched(CkPager *pager, const CkWant *want, CkEnd end)
{
    g_autofree char *key = fetch_key(want, end);
    return g_hash_table_contains(pager->fetches, key) ||
           g_hash_table_contains(pager->overtaken, key);
}

/* A listing that is complete need not be known any more. */
static void forget_listing(CkPager *pager, const CkWant *want)
{
    g_autofree char *key = ck_want_key(want);
    g_auto(CkListingState) state = {0};
    if (!is_fetched(pager, want, CK_FRONT) && !is_fetched(pager, want, CK_BACK) &&
        ck_store_listing(pager->store, key, &state, NULL) && state.complete)
        g_hash_table_remove(pager->listings, key);
}

/* Ends the fetch, then wakes those who waited for it; they may begin the next one. */
static void finish(Fetch *fetch, const GError *failure)
{
    CkPager *pager = fetch->pager;
    g_autoptr(GPtrArray) waits = g_steal_pointer(&fetch->waits);
    g_autoptr(GError) error = failure ? g_error_copy(failure) : NULL;
    g_auto(CkWant) want = ck_want_copy(&fetch->want);
    g_autofree char *what = ck_want_describe(&want);
    /* That a thread looked up by its id does not exist is an answer, not a failure. */
    gboolean answer =
        want.kind == CK_WANT_THREAD && g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND);
    g_prefix_error(&error, "%s: ", what);
    if (error && !answer && pager->report)
        pager->report(error, pager->report_data);
    for (guint i = 0; i < waits->len; i++)
        ((CkWait *)g_ptr_array_index(waits, i))->fetch = NULL;
    fetch->waits = g_ptr_array_new();
    gboolean overtaken = g_hash_table_lookup(pager->overtaken, fetch->key) == fetch;
    g_hash_table_remove(overtaken ? pager->overtaken : pager->fetches, fetch->key);
    forget_listing(pager, &want);
    for (guint i = 0; i < waits->len; i++) {
        CkWait *wait = g_ptr_array_index(waits, i);
        if (wait->woken)
            wait->woken(error, wait->data);
    }
}

static void ask_for_page(Fetch *fetch);
static void ask_the_back(CkPager *pager, const CkWant *want);
static Fetch *fetch_new(CkPager *pager, const CkWant *want, CkEnd end);

static void tell_changed(CkPager *pager, const char *thread_id)
{
    if (pager->changed)
        pager->changed(thread_id, pager->changed_data);
}

/* Asks for the page after this one, which is not stored yet. Never two pages ahead: if this one
 * can't be stored, the one that follows must not be. */
static void ask_for_next(Fetch *fetch)
{
    CkPager *pager = fetch->pager;
    if (!fetch->next || g_hash_table_contains(pager->overtaken, fetch->key))
        return;
    g_hash_table_steal(pager->fetches, fetch->key);
    g_hash_table_insert(pager->overtaken, fetch->key, fetch);
    Fetch *next = fetch_new(pager, &fetch->want, fetch->end);
    next->cursor = g_strdup(fetch->next);
    next->cursor_at = fetch->next_at;
    ask_for_page(next);
}

/* For whom the pages after this one are asked for: who waited for it first may have gone. */
static CkCause reader_of(const Fetch *fetch)
{
    return fetch->waits->len > 0 ? ((const CkWait *)g_ptr_array_index(fetch->waits, 0))->cause
                                 : fetch->cause;
}

/* A page has come. A reader that goes on through a wide listing is read ahead of: the next page,
 * and one of the back with each of the front, are asked for before this one is decoded and stored,
 * so that the server works while we do. */
static void on_arrival(const CkPage *page, gpointer data)
{
    Fetch *fetch = data;
    CkPager *pager = fetch->pager;
    g_autofree char *back_key = fetch_key(&fetch->want, CK_BACK);
    Fetch *back = g_hash_table_lookup(pager->fetches, back_key);
    gboolean goes_on = fetch->end == CK_FRONT ? fetch->waits->len > 0 : fetch->goes_on;
    g_free(fetch->next);
    fetch->next = ck_listing_peek_cursor(fetch->listing, fetch->end, page);
    fetch->next_at = fetch->next ? ck_question_time_of(page, fetch->next) : 0;
    if (!ck_listing_is_wide(fetch->listing))
        return;
    CkCause before = ck_causes_swap(ck_pager_causes(pager), reader_of(fetch));
    if (goes_on)
        ask_for_next(fetch);
    if (goes_on && fetch->end == CK_FRONT && back) {
        back->goes_on = TRUE;
        back->cause = reader_of(fetch);
        ask_for_next(back); /* if its page has come as well */
    } else if (goes_on && fetch->end == CK_FRONT) {
        ask_the_back(pager, &fetch->want);
    }
    ck_causes_swap(ck_pager_causes(pager), before);
}

static gboolean take_page(Fetch *fetch, const CkPage *page, GError **error)
{
    CkPager *pager = fetch->pager;
    gboolean ok = ck_listing_take(fetch->listing, fetch->end, page, error);
    const GPtrArray *changed = ck_listing_changed(fetch->listing);
    for (guint i = 0; i < changed->len; i++)
        tell_changed(pager, g_ptr_array_index(changed, i));
    return ok;
}

/* This page could not be stored, nor can the one that comes after it. */
static void forsake_next(Fetch *fetch, const GError *failure)
{
    CkPager *pager = fetch->pager;
    Fetch *next = g_hash_table_lookup(pager->fetches, fetch->key);
    if (next && next != fetch)
        finish(next, fetch->end == CK_FRONT ? failure : NULL); /* nobody waits for the back */
}

static void ask_for(Fetch *fetch);

/* A page of the back has come, or failed. Nobody waited for it: if it failed, the front goes on
 * alone and tells what fails. */
static void finish_back(Fetch *fetch, const GError *failure)
{
    CkPager *pager = fetch->pager;
    g_autofree char *key = fetch_key(&fetch->want, CK_FRONT);
    if (failure)
        ck_listing_give_up_back(fetch->listing);
    finish(fetch, NULL);
    Fetch *front = g_hash_table_lookup(pager->fetches, key);
    if (front && !front->call && !front->failure) {
        clear_source(front);
        ask_for(front);
    }
}

/* A page has failed. A server that no longer knows a cursor rejects it, and would for ever: the
 * listing begins again; at once and unnoticed where that was to be expected, as when a reader
 * deletes what it lists. */
static void finish_failed(Fetch *fetch, const GError *failure)
{
    gboolean lost = fetch->cursor && ck_listing_is_cursor_lost(failure);
    /* A page that is still to be stored would set the cursor, while the first one is asked for. */
    gboolean alone = !g_hash_table_contains(fetch->pager->overtaken, fetch->key);
    if (lost && alone && fetch->end == CK_FRONT &&
        ck_listing_begin_after_deletion(fetch->listing, fetch->cursor)) {
        ask_for(fetch);
        return;
    }
    if (lost)
        ck_listing_begin_again(fetch->listing);
    finish(fetch, failure);
}

/* Whether the thread of the cursor behind which there was nothing is still there. */
static void on_cursor(CkPreparedThread *thread, const GError *error, gpointer data)
{
    Fetch *fetch = data;
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    fetch->call = NULL;
    if (!thread) {
        finish_failed(fetch, failure);
        return;
    }
    ck_listing_end(fetch->listing, &failure);
    finish(fetch, failure);
}

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
    if (page && fetch->end == CK_FRONT && fetch->want.kind != CK_WANT_ITEMS &&
        ck_listing_is_doubtful_end(page, fetch->cursor)) {
        fetch->call = ck_api_get_thread(fetch->pager->api, fetch->cursor, on_cursor, fetch);
        return;
    }
    if (page && !take_page(fetch, page, &failure))
        forsake_next(fetch, failure);
    if (fetch->end == CK_BACK)
        finish_back(fetch, failure);
    else if (error)
        finish_failed(fetch, failure);
    else
        finish(fetch, failure);
}

/* Whether a thread that was asked for by its id is among those that the mount shows. */
static gboolean is_shown(const CkPager *pager, const CkPreparedThread *thread)
{
    return ck_listing_shows(pager->store, pager->config, thread) &&
           (!pager->config->user || g_strcmp0(thread->user, pager->config->user) == 0);
}

static void on_thread(CkPreparedThread *thread, const GError *error, gpointer data)
{
    Fetch *fetch = data;
    CkPager *pager = fetch->pager;
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    gboolean changed = FALSE;
    fetch->call = NULL;
    if (thread && !is_shown(pager, thread))
        g_set_error_literal(&failure, CK_ERROR, CK_ERROR_NOT_FOUND,
                            "the thread is not among those that this mount shows");
    else if (thread && !(ck_store_begin(pager->store, &failure) &&
                         ck_listing_put_thread(pager->store, pager->config, thread->id, thread,
                                               &changed, &failure) &&
                         ck_store_commit(pager->store, &failure)))
        ck_store_rollback(pager->store);
    if (changed && !failure)
        tell_changed(pager, fetch->want.id);
    finish(fetch, failure);
}

/* Asking */

static void set_source(Fetch *fetch, GSource *source, GSourceFunc callback)
{
    clear_source(fetch);
    fetch->source = source;
    g_source_set_callback(source, callback, fetch, NULL);
    g_source_attach(source, fetch->pager->context);
}

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
    set_source(fetch, g_idle_source_new(), on_ending);
}

static void ask_for_page(Fetch *fetch)
{
    CkApi *api = fetch->pager->api;
    CkListQuery query = {
        .limit = fetch->limit,
        .after = fetch->cursor,
        .after_at = fetch->cursor_at
                        ? fetch->cursor_at
                        : ck_listing_time_of(fetch->pager->store, &fetch->want, fetch->cursor),
    };
    if (fetch->want.kind == CK_WANT_ITEMS) {
        query.order = CK_ORDER_ASC;
        fetch->call = ck_api_list_items(api, fetch->want.id, &query, on_page, fetch);
    } else {
        query.order = fetch->end == CK_FRONT ? CK_ORDER_DESC : CK_ORDER_ASC;
        query.user = fetch->want.id;
        fetch->call = ck_api_list_threads(api, &query, on_page, fetch);
        if (ck_listing_is_wide(fetch->listing)) /* else nobody asks for more before it is stored */
            ck_api_set_arrived(fetch->call, on_arrival);
    }
}

static CkListing *get_listing(CkPager *pager, const CkWant *want)
{
    g_autofree char *key = ck_want_key(want);
    CkListing *listing = g_hash_table_lookup(pager->listings, key);
    if (!listing) {
        listing = ck_listing_new(pager->store, pager->config, want);
        g_hash_table_insert(pager->listings, g_steal_pointer(&key), listing);
    }
    return listing;
}

static Fetch *fetch_new(CkPager *pager, const CkWant *want, CkEnd end)
{
    Fetch *fetch = g_new0(Fetch, 1);
    fetch->pager = pager;
    fetch->key = fetch_key(want, end);
    fetch->want = ck_want_copy(want);
    fetch->end = end;
    fetch->limit = pager->config->page_size;
    fetch->waits = g_ptr_array_new_with_free_func(g_free);
    fetch->cause = ck_causes_current(ck_pager_causes(pager));
    if (want->kind != CK_WANT_THREAD)
        fetch->listing = get_listing(pager, want);
    g_hash_table_insert(pager->fetches, fetch->key, fetch);
    return fetch;
}

/* Whether there is more of the listing; FALSE with *failure set where the store fails. */
static gboolean is_unfinished(Fetch *fetch, GError **failure)
{
    g_auto(CkListingState) state = {0};
    return ck_store_listing(fetch->pager->store, fetch->key, &state, failure) && !state.complete;
}

static void ask_the_back(CkPager *pager, const CkWant *want)
{
    Fetch *fetch = fetch_new(pager, want, CK_BACK);
    ck_listing_cursor(fetch->listing, CK_BACK, &fetch->cursor, NULL);
    ask_for_page(fetch);
}

static gboolean on_late_back(gpointer data)
{
    Fetch *fetch = data;
    CkPager *pager = fetch->pager;
    g_autofree char *back = fetch_key(&fetch->want, CK_BACK);
    ck_listing_give_up_back(fetch->listing);
    g_hash_table_remove(pager->fetches, back);
    clear_source(fetch);
    ask_for(fetch);
    return G_SOURCE_REMOVE;
}

/* Front and back are asked side by side, and not again before both have come: else a page would be
 * asked of one end that the other one was about to bring. For the same reason the back's first page
 * comes alone; only then can be told how far they are apart. */
static gboolean waits_for_back(Fetch *fetch)
{
    CkPager *pager = fetch->pager;
    gboolean under_way = is_fetched(pager, &fetch->want, CK_BACK);
    gboolean takes_back = !under_way && ck_listing_takes_back(fetch->listing);
    gboolean first = takes_back && ck_listing_knows_no_back(fetch->listing);
    if (takes_back)
        ask_the_back(pager, &fetch->want);
    if (!under_way && !first)
        return FALSE;
    set_source(fetch, g_timeout_source_new(BACK_PATIENCE_MS), on_late_back);
    return TRUE;
}

static void ask(Fetch *fetch)
{
    CkPager *pager = fetch->pager;
    CkWantKind kind = fetch->want.kind;
    GError *failure = NULL;
    g_clear_pointer(&fetch->cursor, g_free); /* of before it waited for the back */
    fetch->cursor_at = 0;
    if (kind != CK_WANT_THREAD &&
        (!is_unfinished(fetch, &failure) ||
         !ck_listing_cursor(fetch->listing, CK_FRONT, &fetch->cursor, &failure))) {
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
    if (!waits_for_back(fetch))
        ask_for_page(fetch);
}

/* The same for its own cause, when that is not the current one: it has waited for the back. */
static void ask_for(Fetch *fetch)
{
    CkCauses *causes = ck_pager_causes(fetch->pager);
    CkCause before = ck_causes_swap(causes, reader_of(fetch));
    ask(fetch);
    ck_causes_swap(causes, before);
}

CkWait *ck_pager_wait(CkPager *pager, const CkWant *want, CkWoken woken, gpointer data)
{
    g_autofree char *key = fetch_key(want, CK_FRONT);
    Fetch *fetch = g_hash_table_lookup(pager->fetches, key);
    CkWait *wait = g_new(CkWait, 1);
    if (!fetch)
        fetch = g_hash_table_lookup(pager->overtaken, key);
    if (!fetch) {
        fetch = fetch_new(pager, want, CK_FRONT);
        ask(fetch);
    }
    *wait = (CkWait){fetch, woken, data, ck_causes_current(ck_pager_causes(pager))};
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
    pager->overtaken = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, fetch_free);
    pager->listings =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)ck_listing_free);
    return pager;
}

void ck_pager_set_report(CkPager *pager, CkPagerReport report, gpointer data)
{
    pager->report = report;
    pager->report_data = data;
}

void ck_pager_set_changed(CkPager *pager, CkPagerChanged changed, gpointer data)
{
    pager->changed = changed;
    pager->changed_data = data;
}

CkCauses *ck_pager_causes(CkPager *pager)
{
    return ck_api_causes(pager->api);
}

/* Moves the waits of all fetches of the table to waits. */
static void take_waits(GHashTable *fetches, GPtrArray *waits)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, fetches);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Fetch *fetch = value;
        for (guint i = 0; i < fetch->waits->len; i++)
            ((CkWait *)g_ptr_array_index(fetch->waits, i))->fetch = NULL;
        g_ptr_array_extend_and_steal(waits, fetch->waits);
        fetch->waits = g_ptr_array_new();
    }
}

void ck_pager_begin_again(CkPager *pager, const GError *failure)
{
    g_autoptr(GPtrArray) waits = g_ptr_array_new_with_free_func(g_free);
    take_waits(pager->fetches, waits);
    take_waits(pager->overtaken, waits);
    g_hash_table_remove_all(pager->fetches);
    g_hash_table_remove_all(pager->overtaken);
    g_hash_table_remove_all(pager->listings);
    for (guint i = 0; i < waits->len; i++) {
        CkWait *wait = g_ptr_array_index(waits, i);
        if (wait->woken)
            wait->woken(failure, wait->data);
    }
}

void ck_pager_free(CkPager *pager)
{
    g_hash_table_unref(pager->fetches);
    g_hash_table_unref(pager->overtaken);
    g_hash_table_unref(pager->listings);
    g_free(pager);
}
