/* SPDX-License-Identifier: MIT */
/*
 * Accounts that change at random while they are listed anew, and what must hold whatever happens:
 *
 *   - a thread that is there all the time stays listed, under its row;
 *   - what is dropped is gone;
 *   - what was listed anew while nothing changed is as the account, in its order.
 *
 * The functions of api.h that are needed are here, so that a seed tells all that happens: which
 * answer comes next, and what has changed by then. What a page says is settled when it is asked for
 * or when it comes, as it may be with any server.
 */
#include "relist.h"

#include "error.h"
#include "listing.h"
#include "names.h"
#include "rows.h"
#include "stride.h"

#define SEEDS 150
#define STEPS 150

typedef struct {
    guint serial;
    char *id; /* NULL: the server sends none */
    gint64 created_at;
    guint title;
    gboolean deleted;
    gint64 row; /* under which it was listed last; 0: not yet */
} Thread;

/* What the server does with a cursor whose thread is gone. */
typedef enum { REJECTS, KNOWS_WHERE_IT_WAS, BEGINS_AGAIN, ANSWERS_NOTHING, CURSORS } Cursors;

struct _CkApi {
    GRand *random;
    GPtrArray *threads; /* Thread, the newest first; those that were deleted as well */
    Cursors cursors;
    gboolean sound; /* no request fails */
    GPtrArray *calls;
};

struct _CkApiCall {
    CkApi *api;
    char *after;
    guint limit;
    char *body; /* what is answered; NULL: it is settled when it is */
    CkPageDone done;
    CkThreadDone thread_done; /* instead: a thread is retrieved, the one with the id after */
    gpointer data;
};

/* An account, a store and what reads the one into the other. */
typedef struct {
    CkApi api;
    CkConfig *config;
    CkStore *store;
    CkRelist *relist;
    CkListing *listing;
    CkApiCall *reading; /* the page that a reader waits for */
    gboolean under_way, failed;
    gboolean disordered; /* a reader had to begin again: what was new came behind */
    guint serial;        /* of the last thread */
    gint64 now;
} Model;

static gboolean one_in(GRand *random, gint32 count)
{
    return g_rand_int_range(random, 0, count) == 0;
}

/* The server */

static void thread_free(gpointer data)
{
    Thread *thread = data;
    g_free(thread->id);
    g_free(thread);
}

static char *cursor_of(const Thread *thread)
{
    return thread->id && ck_name_is_id(thread->id) ? g_strdup(thread->id)
                                                   : g_strdup_printf("serial_%u", thread->serial);
}

static void append_thread(GString *page, const Thread *thread)
{
    g_string_append(page, "{");
    if (thread->id)
        g_string_append_printf(page, "\"id\":\"%s\",", thread->id);
    if (thread->created_at)
        g_string_append_printf(page, "\"created_at\":%" G_GINT64_FORMAT ",", thread->created_at);
    g_string_append_printf(page, "\"serial\":%u,\"title\":\"T%u\"}", thread->serial, thread->title);
}

/* Where the page begins; -1: the cursor is rejected. */
static int begin_of(const CkApi *api, const char *after)
{
    for (guint i = 0; after && i < api->threads->len; i++) {
        const Thread *thread = g_ptr_array_index(api->threads, i);
        g_autofree char *cursor = cursor_of(thread);
        if (strcmp(cursor, after) == 0)
            return !thread->deleted || api->cursors == KNOWS_WHERE_IT_WAS ? (int)i + 1
                   : api->cursors == BEGINS_AGAIN                         ? 0
                   : api->cursors == ANSWERS_NOTHING                      ? (int)api->threads->len
                                                                          : -1;
    }
    return 0;
}

/* What is answered now: "": the cursor is rejected. */
static char *answer(const CkApiCall *call)
{
    const GPtrArray *threads = call->api->threads;
    g_autoptr(GString) page = g_string_new("{\"data\":[");
    g_autofree char *last = NULL;
    guint taken = 0;
    gboolean more = FALSE;
    int begin = begin_of(call->api, call->after);
    for (guint i = (guint)begin; begin >= 0 && i < threads->len && !more; i++) {
        const Thread *thread = g_ptr_array_index(threads, i);
        if (thread->deleted)
            continue;
        more = taken == call->limit;
        if (more)
            break;
        g_string_append(page, taken++ ? "," : "");
        append_thread(page, thread);
        g_free(last);
        last = cursor_of(thread);
    }
    g_string_append_printf(page, "],\"last_id\":\"%s\",\"has_more\":%s}", last ? last : "",
                           more ? "true" : "false");
    return g_strdup(begin < 0 ? "" : page->str);
}

static void call_free(gpointer data)
{
    CkApiCall *call = data;
    g_free(call->after);
    g_free(call->body);
    g_free(call);
}

CkApiCall *ck_api_list_threads(CkApi *api, const CkListQuery *query, CkPageDone done, gpointer data)
{
    CkApiCall *call = g_new0(CkApiCall, 1);
    *call = (CkApiCall){api, g_strdup(query->after), query->limit, .done = done, .data = data};
    if (one_in(api->random, 2))
        call->body = answer(call);
    g_ptr_array_add(api->calls, call);
    return call;
}

CkApiCall *ck_api_get_thread(CkApi *api, const char *thread_id, CkThreadDone done, gpointer data)
{
    CkApiCall *call = g_new0(CkApiCall, 1);
    *call = (CkApiCall){api, g_strdup(thread_id), .thread_done = done, .data = data};
    g_ptr_array_add(api->calls, call);
    return call;
}

static void answer_with_thread(CkApiCall *call)
{
    g_autoptr(GString) json = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(CkPreparedThread) prepared = NULL;
    for (guint i = 0; i < call->api->threads->len; i++) {
        const Thread *thread = g_ptr_array_index(call->api->threads, i);
        if (!thread->deleted && g_strcmp0(thread->id, call->after) == 0)
            append_thread(json, thread);
    }
    if (!call->api->sound && one_in(call->api->random, 60))
        error = g_error_new_literal(CK_ERROR, CK_ERROR_SERVER, "it failed");
    else if (json->len > 0)
        prepared = ck_prepare_thread((CkSlice){json->str, json->len}, NULL);
    else
        error = g_error_new_literal(CK_ERROR, CK_ERROR_NOT_FOUND, "no thread");
    call->thread_done(prepared, error, call->data);
}

void ck_api_cancel(CkApiCall *call)
{
    g_ptr_array_remove(call->api->calls, call);
}

/* One of the answers comes. */
static void answer_one(CkApi *api)
{
    guint which = (guint)g_rand_int_range(api->random, 0, (gint32)api->calls->len);
    CkApiCall *call = g_ptr_array_steal_index(api->calls, which);
    if (call->thread_done) {
        answer_with_thread(call);
        call_free(call);
        return;
    }
    g_autofree char *body = call->body ? g_steal_pointer(&call->body) : answer(call);
    g_autoptr(GError) error = NULL;
    g_autoptr(CkPage) page = NULL;
    if (!api->sound && one_in(api->random, 60))
        error = g_error_new_literal(CK_ERROR, CK_ERROR_SERVER, "it failed");
    else if (!api->sound && call->limit > 1 && one_in(api->random, 30))
        error = g_error_new_literal(CK_ERROR, CK_ERROR_TOO_LARGE, "it is too large");
    else if (*body == '\0')
        error = g_error_new_literal(
            CK_ERROR, one_in(api->random, 2) ? CK_ERROR_REJECTED : CK_ERROR_NOT_FOUND, "no cursor");
    if (!error) {
        g_autoptr(GBytes) bytes = g_bytes_new(body, strlen(body));
        page = ck_prepare_threads(bytes, &error);
        g_assert_no_error(error);
    }
    call->done(page, error, call->data);
    call_free(call);
}

/* The account changes */

static Thread *any_thread(Model *m)
{
    GPtrArray *threads = m->api.threads;
    for (int tries = 0; threads->len > 0 && tries < 10; tries++) {
        Thread *thread = g_ptr_array_index(
            threads, (guint)g_rand_int_range(m->api.random, 0, (gint32)threads->len));
        if (!thread->deleted)
            return thread;
    }
    return NULL;
}

/* The one that a cursor is of. */
static Thread *find_cursor(Model *m, const char *cursor)
{
    for (guint i = 0; i < m->api.threads->len; i++) {
        Thread *thread = g_ptr_array_index(m->api.threads, i);
        g_autofree char *own = cursor_of(thread);
        if (strcmp(own, cursor) == 0)
            return thread;
    }
    return NULL;
}

static void create(Model *m)
{
    GRand *random = m->api.random;
    Thread *thread = g_new0(Thread, 1);
    m->now += g_rand_int_range(random, 0, 3); /* some in the same second */
    thread->serial = ++m->serial;
    thread->created_at = one_in(random, 25) ? 0 : m->now;
    if (!one_in(random, 25))
        thread->id = g_strdup_printf(one_in(random, 15) ? "cthr/%u" : "cthr_%u", m->serial);
    g_ptr_array_insert(m->api.threads, 0, thread);
}

/* Some that are listed one after the other, or one. */
static void delete_some(Model *m)
{
    GPtrArray *threads = m->api.threads;
    gint32 count = one_in(m->api.random, 4) ? g_rand_int_range(m->api.random, 1, 12) : 1;
    Thread *first = any_thread(m);
    guint at = 0;
    if (!first)
        return;
    g_ptr_array_find(threads, first, &at);
    for (; count > 0 && at < threads->len; count--, at++)
        ((Thread *)g_ptr_array_index(threads, at))->deleted = TRUE;
}

static void change_title(Model *m)
{
    Thread *thread = any_thread(m);
    if (thread && thread->id) /* what has no id would be another thread */
        thread->title++;
}

static Thread *find(Model *m, const char *id)
{
    for (guint i = 0; i < m->api.threads->len; i++) {
        Thread *thread = g_ptr_array_index(m->api.threads, i);
        if (g_strcmp0(thread->id, id) == 0)
            return thread;
    }
    return NULL;
}

/* What reads it */

static void on_changed(const char *thread_id, gpointer data)
{
    g_assert_nonnull(find(data, thread_id));
}

static void on_gone(const CkThreadRow *row, gpointer data)
{
    Thread *thread = find(data, row->id);
    g_assert_true(thread->deleted);
    g_assert_cmpint(thread->row, ==, row->place ? row->row : 0); /* 0: never shown in a folder */
    thread->row = 0;
}

static void on_failed(const GError *error, gpointer data)
{
    (void)error;
    ((Model *)data)->failed = TRUE;
}

static void on_ended(gpointer data)
{
    g_assert_true(((Model *)data)->under_way);
    ((Model *)data)->under_way = FALSE;
}

static void start(Model *m)
{
    m->under_way = TRUE;
    ck_relist_start(m->relist);
}

static const CkWant all_threads = {CK_WANT_THREADS, NULL};

static gboolean is_complete(Model *m, char **cursor)
{
    g_auto(CkListingState) state = {0};
    g_assert_true(ck_store_listing(m->store, "threads:", &state, NULL));
    if (cursor)
        *cursor = g_steal_pointer(&state.cursor);
    return state.complete;
}

/* Whether an empty page is no end, since the listing's cursor is gone. */
static gboolean is_for_nothing(Model *m, const CkPage *page)
{
    g_autofree char *cursor = NULL;
    g_assert_true(ck_listing_cursor(m->listing, CK_FRONT, &cursor, NULL));
    const Thread *thread = cursor ? find_cursor(m, cursor) : NULL;
    return page && page->elements->len == 0 && thread && thread->deleted;
}

/* As the pager does it. */
static void on_read(CkPage *page, const GError *failure, gpointer data)
{
    Model *m = data;
    g_autoptr(GError) error = NULL;
    gboolean rejected = is_for_nothing(m, page) ||
                        g_error_matches(failure, CK_ERROR, CK_ERROR_REJECTED) ||
                        g_error_matches(failure, CK_ERROR, CK_ERROR_NOT_FOUND);
    m->reading = NULL;
    if (page && !rejected)
        ck_listing_take(m->listing, CK_FRONT, page, &error);
    else if (rejected)
        ck_listing_begin_again(m->listing);
    m->disordered |= rejected || m->api.cursors == BEGINS_AGAIN;
    if (m->api.cursors != BEGINS_AGAIN) /* there, they may go in a circle */
        g_assert_no_error(error);
}

static void read_on(Model *m)
{
    g_autofree char *cursor = NULL;
    if (m->reading || is_complete(m, NULL))
        return;
    g_assert_true(ck_listing_cursor(m->listing, CK_FRONT, &cursor, NULL));
    CkListQuery query = {.limit = m->config->page_size, .order = CK_ORDER_DESC, .after = cursor};
    m->reading = ck_api_list_threads(&m->api, &query, on_read, m);
}

static void retrieve(Model *m)
{
    const Thread *thread = any_thread(m);
    g_autoptr(GString) json = g_string_new(NULL);
    gboolean changed;
    if (!thread || !thread->id || !ck_name_is_id(thread->id))
        return;
    append_thread(json, thread);
    g_autoptr(CkPreparedThread) prepared = ck_prepare_thread((CkSlice){json->str, json->len}, NULL);
    g_assert_true(ck_listing_put_thread(m->store, m->config, thread->id, prepared, &changed, NULL));
}

/* What must hold */

/* At any time. */
static void check(Model *m)
{
    g_autoptr(GHashTable) listed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint64 after = 0;
    for (;;) {
        g_auto(CkThreadRow) row = {0};
        if (ck_store_next_thread(m->store, 0, after, G_MAXINT64, &row, NULL) != CK_FOUND)
            break;
        after = row.place;
        g_hash_table_insert(listed, g_steal_pointer(&row.id), GINT_TO_POINTER(row.row));
    }
    for (guint i = 0; i < m->api.threads->len; i++) {
        Thread *thread = g_ptr_array_index(m->api.threads, i);
        gint64 row = thread->id ? GPOINTER_TO_INT(g_hash_table_lookup(listed, thread->id)) : 0;
        if (thread->row && !thread->deleted)
            g_assert_cmpint(row, ==, thread->row);
        thread->row = row ? row : thread->row;
    }
}

/* Whether a thread that is gone could not be told to be: it has no id of its own, or it may be
 * behind all that the listing was read up to. */
static gboolean may_stay(const CkThreadRow *row, const Thread *last)
{
    return !ck_name_is_id(row->id) || (last && row->created_at <= last->created_at);
}

/* A thread of the account is listed as it is, after that place. */
static void check_thread(Model *m, const Thread *thread, guint64 *place)
{
    g_auto(CkThreadRow) row = {0};
    g_autofree char *title = g_strdup_printf("T%u", thread->title);
    g_autofree char *name = ck_name_thread(title, thread->id);
    rows_get_thread(m->store, thread->id, &row);
    g_assert_cmpstr(row.name, ==, name);
    g_assert_cmpuint(row.place, >, (m->disordered ? 0 : *place));
    *place = row.place;
}

/* When it was listed anew while nothing changed, as far as it had been before. */
static void check_same(Model *m)
{
    g_autofree char *cursor = NULL;
    gboolean complete = is_complete(m, &cursor);
    const Thread *last = cursor ? find(m, cursor) : NULL;
    guint64 after = 0, place = 0;
    if (!complete && !(last && last->created_at)) /* it is not known how far that is */
        return;
    for (guint i = 0; i < m->api.threads->len; i++) {
        const Thread *thread = g_ptr_array_index(m->api.threads, i);
        if (!thread->deleted && thread->id)
            check_thread(m, thread, &place);
        if (thread == last)
            break;
    }
    for (;;) {
        g_auto(CkThreadRow) row = {0};
        if (ck_store_next_thread(m->store, 0, after, G_MAXINT64, &row, NULL) != CK_FOUND)
            break;
        after = row.place;
        const Thread *thread = find(m, row.id);
        g_assert_true((thread && !thread->deleted) || may_stay(&row, last));
    }
}

static void answer_all(Model *m)
{
    for (; m->api.calls->len > 0; check(m))
        answer_one(&m->api);
    g_assert_false(m->under_way);
}

/* Nothing changes, nothing fails. */
static void settle(Model *m)
{
    m->api.sound = TRUE;
    answer_all(m);
    m->failed = FALSE;
    start(m);
    answer_all(m);
    g_assert_false(m->failed);
    m->api.sound = FALSE;
}

static void step(Model *m)
{
    switch (g_rand_int_range(m->api.random, 0, 12)) {
    case 0:
    case 1:
        create(m);
        break;
    case 2:
        delete_some(m);
        break;
    case 3:
        change_title(m);
        break;
    case 4:
        start(m);
        break;
    case 5:
        if (one_in(m->api.random, 4))
            retrieve(m);
        break;
    case 6:
        if (one_in(m->api.random, 2))
            read_on(m);
        break;
    default:
        if (m->api.calls->len > 0)
            answer_one(&m->api);
    }
    check(m);
}

/* A model */

static Model *model_new(guint32 seed)
{
    Model *m = g_new0(Model, 1);
    const CkRelistEvents events = {on_changed, on_gone, on_failed, on_ended, m};
    GRand *random = m->api.random = g_rand_new_with_seed(seed);
    m->api.threads = g_ptr_array_new_with_free_func(thread_free);
    m->api.calls = g_ptr_array_new_with_free_func(call_free);
    m->api.cursors = (Cursors)(seed % CURSORS);
    m->config = ck_config_new();
    m->config->page_size = (guint)g_rand_int_range(random, 1, 6);
    m->config->concurrency = (guint)g_rand_int_range(random, 1, 12);
    m->store = rows_new_store();
    m->relist = ck_relist_new(m->store, &m->api, m->config, &events);
    m->listing = ck_listing_new(m->store, m->config, &all_threads);
    m->now = 1000;
    for (gint32 count = g_rand_int_range(random, 0, 40); count > 0; count--)
        create(m);
    m->api.sound = TRUE;
    gint32 pages = one_in(random, 2) ? 100 : g_rand_int_range(random, 0, 8);
    for (; pages > 0 && !is_complete(m, NULL); pages--) {
        read_on(m);
        answer_one(&m->api);
    }
    m->api.sound = FALSE;
    check(m);
    return m;
}

static void model_free(Model *m)
{
    ck_relist_free(m->relist);
    ck_listing_free(m->listing);
    ck_store_free(m->store);
    ck_config_free(m->config);
    g_ptr_array_unref(m->api.calls);
    g_ptr_array_unref(m->api.threads);
    g_rand_free(m->api.random);
    g_free(m);
}

static void nothing_is_lost_whatever_happens(void)
{
    for (guint32 seed = 0; seed < SEEDS; seed += stride()) {
        g_test_message("seed %u", seed);
        Model *m = model_new(seed);
        for (guint i = 1; i <= STEPS; i++) {
            step(m);
            if (i % (STEPS / 3) == 0) {
                settle(m);
                check_same(m);
            }
        }
        step(m); /* it may be under way when it is freed */
        model_free(m);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relist_model/nothing_is_lost_whatever_happens",
                    nothing_is_lost_whatever_happens);
    return g_test_run();
}
