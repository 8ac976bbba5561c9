/* SPDX-License-Identifier: MIT */
#include "sync.h"

#include <stdlib.h>

#include "client.h"
#include "error.h"
#include "rows.h"

/*
 * An account of threads that are called 01, 02 … from the newest on, with as many items each.
 *
 * Requests are told by short names: "-" is the first page of threads, "-05" the one after thread
 * 05; "03" the first page of the items of thread 03, "03/5" the one after its item 5; "?03" the
 * thread itself. "03=404" is answered with that status, "03=bad" with what is no page. They are
 * answered from the account as it is when they are scripted.
 */
#define PAGE 5

typedef struct {
    GMainContext *context;
    Server *server;
    CkConfig *config;
    CkStore *store;
    CkApi *api;
    CkPager *pager;
    CkSync *sync;
    guint threads, items; /* of the account */
    guint asked;          /* requests that expect() has been told of */
    guint ended;
    gboolean frees; /* the sync, when that has ended */
    CkSyncProgress progress;
    GError *error;
} Fixture;

static Fixture *fixture_new(guint threads, guint items)
{
    Fixture *f = g_new0(Fixture, 1);
    f->context = g_main_context_new();
    f->server = server_new(f->context);
    f->config = client_config(f->server);
    f->config->page_size = PAGE;
    f->config->ttl = 1000;
    f->store = rows_new_store();
    f->api = client_api(f->context, f->config);
    f->pager = ck_pager_new(f->context, f->store, f->api, f->config);
    f->threads = threads;
    f->items = items;
    return f;
}

static void fixture_free(Fixture *f)
{
    g_clear_pointer(&f->sync, ck_sync_free);
    ck_pager_free(f->pager);
    ck_api_free(f->api);
    ck_store_free(f->store);
    server_free(f->server);
    ck_config_free(f->config);
    g_clear_error(&f->error);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* The account */

static char *thread_json(guint thread)
{
    return g_strdup_printf("{\"id\":\"cthr_%02u\",\"created_at\":%u}", thread, 1000 - thread);
}

static char *item_json(guint thread, guint item)
{
    return g_strdup_printf("{\"id\":\"cthi_%02u_%u\",\"type\":\"chatkit.user_message\","
                           "\"content\":[]}",
                           thread, item);
}

/* The page after an element: of the items of a thread, or (0) of the threads. */
static char *page_after(Fixture *f, guint thread, guint after)
{
    g_autoptr(GString) page = g_string_new("{\"data\":[");
    guint all = thread > 0 ? f->items : f->threads;
    for (guint i = after + 1; i <= MIN(after + PAGE, all); i++) {
        g_autofree char *json = thread > 0 ? item_json(thread, i) : thread_json(i);
        g_string_append_printf(page, "%s%s", i > after + 1 ? "," : "", json);
    }
    g_string_append_printf(page, "],\"has_more\":%s}", after + PAGE < all ? "true" : "false");
    return g_strdup(page->str);
}

/* The server */

static void script_answer(Fixture *f, const char *request, const char *how, const char *body)
{
    if (!how)
        server_json(f->server, request, body);
    else if (strcmp(how, "bad") == 0)
        server_json_twice(f->server, request, "[]"); /* it is doubted */
    else
        server_reply(f->server, request, atoi(how), "x-should-retry: false\r\n", "{}");
}

static void script_one(Fixture *f, const char *name, const char *how)
{
    g_autofree char *request = NULL, *body = NULL;
    guint thread = (guint)atoi(name + strspn(name, "-?"));
    const char *slash = strchr(name, '/');
    guint after = slash ? (guint)atoi(slash + 1) : 0;
    if (*name == '!') {
        g_autofree char *json = thread_json(1);
        request = g_strdup("GET /v1/chatkit/threads?limit=1&order=desc");
        body = g_strdup_printf("{\"data\":[%s],\"has_more\":true}", json);
    } else if (*name == '?') {
        request = g_strdup_printf("GET /v1/chatkit/threads/cthr_%02u", thread);
        body = thread_json(thread);
    } else if (*name == '-') {
        g_autofree char *cursor =
            thread > 0 ? g_strdup_printf("&after=cthr_%02u", thread) : g_strdup("");
        request = g_strconcat("GET /v1/chatkit/threads?limit=5&order=desc", cursor, NULL);
        body = page_after(f, 0, thread);
    } else {
        g_autofree char *cursor =
            after > 0 ? g_strdup_printf("&after=cthi_%02u_%u", thread, after) : g_strdup("");
        request = g_strdup_printf("GET /v1/chatkit/threads/cthr_%02u/items?limit=5&order=asc%s",
                                  thread, cursor);
        body = page_after(f, thread, after);
    }
    script_answer(f, request, how, body);
}

/* These requests are going to be made. Returns how many they are. */
static guint script(Fixture *f, const char *requests)
{
    g_auto(GStrv) each = g_strsplit(requests, " ", -1);
    guint count = 0;
    for (char **at = each; *at; at++) {
        g_auto(GStrv) parts = g_strsplit(*at, "=", 2);
        if (!**at)
            continue;
        script_one(f, parts[0], parts[1]);
        count += g_strcmp0(parts[1], "bad") == 0 ? 2 : 1;
    }
    return count;
}

/* What is known */

static void put_listing(Fixture *f, const char *key, const char *cursor, gboolean complete,
                        guint seconds_ago)
{
    gint64 at = g_get_real_time() - (gint64)seconds_ago * G_USEC_PER_SEC;
    g_assert_true(ck_store_put_listing(f->store, key, cursor, complete, NULL) &&
                  ck_store_set_checked(f->store, key, at, TRUE, NULL));
}

/* The first ones of the threads, listed so long ago. */
static void know_threads(Fixture *f, guint count, guint seconds_ago)
{
    g_autofree char *cursor = g_strdup_printf("cthr_%02u", count);
    gboolean complete = count == f->threads;
    for (guint i = 1; i <= count; i++) {
        g_autofree char *json = thread_json(i);
        rows_put_thread(f->store, json);
    }
    put_listing(f, "threads:", complete ? NULL : cursor, complete, seconds_ago);
}

static void know_items(Fixture *f, guint thread, guint count, guint seconds_ago)
{
    g_autofree char *id = g_strdup_printf("cthr_%02u", thread);
    g_autofree char *key = g_strconcat("items:", id, NULL);
    g_autofree char *cursor = g_strdup_printf("cthi_%02u_%u", thread, count);
    gboolean complete = count == f->items;
    for (guint i = 1; i <= count; i++) {
        g_autofree char *json = item_json(thread, i);
        rows_put_item(f->store, id, json);
    }
    put_listing(f, key, complete ? NULL : cursor, complete, seconds_ago);
}

static void know_all(Fixture *f, guint seconds_ago)
{
    know_threads(f, f->threads, seconds_ago);
    for (guint i = 1; i <= f->threads; i++)
        know_items(f, i, f->items, seconds_ago);
}

/* All threads are there with all of their items, but for one (0: none) that is not there at all. */
static void assert_all_but(Fixture *f, guint gone)
{
    for (guint i = 1; i <= f->threads; i++) {
        g_autofree char *id = g_strdup_printf("cthr_%02u", i);
        g_autofree char *key = g_strconcat("items:", id, NULL);
        g_auto(CkThreadRow) thread = {0};
        g_auto(CkListingState) state = {0};
        CkFound found = ck_store_thread_by_id(f->store, id, &thread, NULL);
        g_assert_cmpint(found, ==, i == gone ? CK_ABSENT : CK_FOUND);
        g_assert_cmpuint(thread.items, ==, i == gone ? 0 : f->items);
        g_assert_true(ck_store_listing(f->store, key, &state, NULL));
        g_assert_cmpint(state.complete, ==, i != gone);
    }
}

/* Running */

static void on_synced(const GError *error, gpointer data)
{
    Fixture *f = data;
    f->ended++;
    f->error = error ? g_error_copy(error) : NULL;
    f->progress = ck_sync_progress(f->sync);
    if (f->frees)
        g_clear_pointer(&f->sync, ck_sync_free);
}

static void start(Fixture *f)
{
    f->ended = 0;
    g_clear_error(&f->error);
    g_clear_pointer(&f->sync, ck_sync_free);
    f->sync = ck_sync_new(f->context, f->store, f->api, f->pager, f->config, on_synced, f);
}

/* Goes to the end, which takes these requests and no others. */
static void run(Fixture *f, const char *requests)
{
    guint count = script(f, requests);
    start(f);
    server_run_until(f->context, f->ended > 0);
    g_assert_cmpuint(server_seen(f->server) - f->asked, ==, count);
    f->asked += count;
}

static void expect(Fixture *f, guint64 threads, guint64 read)
{
    g_assert_no_error(f->error);
    g_assert_cmpuint(f->progress.threads, ==, threads);
    g_assert_cmpuint(f->progress.read, ==, read);
    g_assert_cmpuint(f->progress.failed, ==, 0);
    g_assert_cmpint(f->progress.listed_at, >, 0);
    g_assert_true(f->progress.complete);
}

/* The whole account */

static void an_empty_account_takes_two_requests(void)
{
    g_autoptr(Fixture) f = fixture_new(0, 0);
    run(f, "- -"); /* the first answer proves nothing */
    expect(f, 0, 0);
}

static void every_page_is_asked_for_once(void)
{
    g_autoptr(Fixture) f = fixture_new(8, 7);
    run(f, "- -05 01 02 03 04 05 06 07 08 01/5 02/5 03/5 04/5 05/5 06/5 07/5 08/5");
    expect(f, 8, 8);
    assert_all_but(f, 0);
    run(f, "");
    expect(f, 8, 0);
}

static void so_many_threads_are_read_at_once(void)
{
    static const guint cases[] = {1, 3, 8};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new(5, 1);
        f->config->concurrency = cases[i];
        script(f, "- 01 02 03 04 05");
        server_hold(f->server);
        start(f);
        server_run_until(f->context, server_seen(f->server) == 1);
        for (guint answered = 1; answered <= 5; answered++) {
            server_release(f->server, 1);
            server_run_until(f->context, server_seen(f->server) == MIN(6, answered + cases[i]));
        }
        server_release(f->server, 1);
        server_run_until(f->context, f->ended > 0);
        g_assert_cmpuint(server_most_at_once(f->server), ==, MIN(5, cases[i]));
        expect(f, 5, 5);
    }
}

/* What is there already */

static void it_goes_on_with_threads_that_were_listed_in_part(void)
{
    g_autoptr(Fixture) f = fixture_new(7, 1);
    know_threads(f, 5, 10);
    know_items(f, 2, 1, 10);
    run(f, "-05 01 03 04 05 06 07");
    expect(f, 7, 6);
    assert_all_but(f, 0);
}

static void what_was_listed_in_part_long_ago_is_listed_anew(void)
{
    g_autoptr(Fixture) f = fixture_new(7, 1);
    know_threads(f, 5, 2000);
    run(f, "-05 - -05 01 02 03 04 05 06 07");
    expect(f, 7, 7);
    assert_all_but(f, 0);
}

static void it_goes_on_with_items_that_were_read_in_part(void)
{
    static const guint seconds_ago[] = {10, 2000};
    for (gsize i = 0; i < G_N_ELEMENTS(seconds_ago); i++) {
        g_autoptr(Fixture) f = fixture_new(2, 7);
        know_threads(f, 2, 10);
        know_items(f, 1, 5, seconds_ago[i]);
        run(f, "01/5 02 02/5");
        expect(f, 2, 2);
        assert_all_but(f, 0);
    }
}

static void what_is_current_takes_no_request(void)
{
    g_autoptr(Fixture) f = fixture_new(7, 2);
    know_all(f, 10);
    run(f, "");
    expect(f, 7, 0);
}

static void what_is_old_is_asked_for_what_is_new(void)
{
    g_autoptr(Fixture) f = fixture_new(3, 2);
    know_all(f, 2000);
    know_items(f, 2, 2, 10);
    f->threads = 4;
    f->items = 3;
    run(f, "- 01/1 03/1 04");
    expect(f, 4, 3);
    f->items = 2; /* thread 02 is as it was */
    run(f, "");
    expect(f, 4, 0);
}

static void threads_that_are_old_are_asked_where_the_listing_is_not(void)
{
    g_autoptr(Fixture) f = fixture_new(3, 2);
    know_all(f, 10);
    know_items(f, 3, 2, 2000);
    run(f, "03/1");
    expect(f, 3, 1);
}

static void with_ttl_0_everything_is_asked_for(void)
{
    g_autoptr(Fixture) f = fixture_new(2, 2);
    know_all(f, 1);
    f->config->ttl = 0;
    run(f, "- 01/1 02/1");
    expect(f, 2, 2);
    run(f, "- 01/1 02/1");
    expect(f, 2, 2);
}

static void with_ttl_0_nothing_is_asked_for_twice(void)
{
    g_autoptr(Fixture) f = fixture_new(2, 2);
    f->config->ttl = 0;
    run(f, "- 01 02");
    expect(f, 2, 2);
}

static void with_ttl_inf_what_is_there_is_not_asked_for(void)
{
    g_autoptr(Fixture) f = fixture_new(2, 7);
    know_threads(f, 2, 100000000);
    know_items(f, 1, 7, 100000000);
    know_items(f, 2, 5, 100000000);
    f->config->ttl = CK_NEVER;
    run(f, "02/5");
    expect(f, 2, 1);
    assert_all_but(f, 0);
}

static gboolean on_turn(gpointer data)
{
    Fixture *f = data;
    guint64 threads = ck_sync_progress(f->sync).threads;
    if (threads > 0 && threads < f->threads)
        f->asked++; /* has seen it in between */
    return G_SOURCE_CONTINUE;
}

static void many_that_take_no_request_do_not_hold_up_the_loop(void)
{
    g_autoptr(Fixture) f = fixture_new(1000, 0);
    g_autoptr(GSource) turns = g_idle_source_new();
    know_all(f, 10);
    g_source_set_callback(turns, on_turn, f, NULL);
    start(f);
    g_source_attach(turns, f->context);
    server_run_until(f->context, f->ended > 0);
    g_source_destroy(turns);
    expect(f, 1000, 0);
    g_assert_cmpuint(f->asked, >, 1);
}

/* What is gone */

static void a_thread_that_is_deleted_meanwhile_is_dropped(void)
{
    g_autoptr(Fixture) f = fixture_new(3, 1);
    run(f, "- 01 02=404 ?02=404 ! ?02=404 03");
    expect(f, 2, 2);
    assert_all_but(f, 2);
}

static void a_thread_that_was_read_and_is_deleted_is_dropped(void)
{
    g_autoptr(Fixture) f = fixture_new(3, 1);
    know_threads(f, 3, 10);
    for (guint i = 1; i <= 3; i++)
        know_items(f, i, 1, 2000);
    run(f, "01 02=404 ?02=404 ! ?02=404 03");
    expect(f, 2, 2);
    assert_all_but(f, 2);
}

static void items_whose_cursor_is_gone_are_read_again(void)
{
    static const char *const requests[] = {"02/5=404 ?02 02 02/5", "02/5=400 ?02 02 02/5"};
    for (gsize i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_autoptr(Fixture) f = fixture_new(2, 7);
        know_threads(f, 2, 10);
        know_items(f, 1, 7, 10);
        know_items(f, 2, 5, 10);
        run(f, requests[i]);
        expect(f, 2, 1);
        assert_all_but(f, 0);
    }
}

static void threads_whose_cursor_is_gone_are_listed_again(void)
{
    g_autoptr(Fixture) f = fixture_new(7, 1);
    know_threads(f, 5, 10);
    run(f, "-05=404 - -05 01 02 03 04 05 06 07");
    expect(f, 7, 7);
    assert_all_but(f, 0);
}

/* Failures */

static void threads_that_fail_by_themselves_are_counted(void)
{
    static const struct {
        const char *first, *second;
        CkError code;
        guint64 failed;
    } cases[] = {
        {"- 01 02=500 03=bad", "02 03", CK_ERROR_SERVER, 2},
        {"- 01 02=bad 03=500", "02 03", CK_ERROR_BAD_RESPONSE, 2},
        {"- 01=404 ?01 01=404 02 03", "01", CK_ERROR_NOT_FOUND, 1},
        {"- 01 02 03=400 ?03 03=400", "03", CK_ERROR_REJECTED, 1},
        {"- 01 02 03=404 ?03=500", "03", CK_ERROR_SERVER, 1},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new(3, 1);
        f->config->concurrency = 1; /* so that one is the first */
        run(f, cases[i].first);
        g_assert_error(f->error, CK_ERROR, (gint)cases[i].code);
        g_assert_cmpuint(f->progress.failed, ==, cases[i].failed);
        g_assert_cmpuint(f->progress.threads, ==, 3);
        g_assert_true(f->progress.complete);
        run(f, cases[i].second);
        expect(f, 3, cases[i].failed);
        assert_all_but(f, 0);
    }
}

static void a_check_that_fails_by_itself_is_counted(void)
{
    g_autoptr(Fixture) f = fixture_new(3, 1);
    know_threads(f, 3, 10);
    for (guint i = 1; i <= 3; i++)
        know_items(f, i, 1, 2000);
    run(f, "01 02=500 03");
    g_assert_error(f->error, CK_ERROR, CK_ERROR_SERVER);
    g_assert_cmpuint(f->progress.failed, ==, 1);
    g_assert_cmpuint(f->progress.threads, ==, 3);
}

static void a_thread_without_a_usable_id_is_counted(void)
{
    g_autoptr(Fixture) f = fixture_new(1, 1);
    know_threads(f, 1, 10);
    rows_put_thread(f->store, "{\"id\":\"a/b\"}");
    run(f, "01");
    g_assert_error(f->error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    g_assert_cmpuint(f->progress.failed, ==, 1);
    g_assert_cmpuint(f->progress.threads, ==, 2);
}

static void a_failure_that_concerns_all_ends_it(void)
{
    static const struct {
        const char *requests;
        guint known; /* seconds ago; 0: nothing is */
        gboolean listed;
        guint64 failed;
    } cases[] = {
        {"-=401", 0, FALSE, 0},       {"- -05=401", 0, FALSE, 0},
        {"- -05 01=401", 0, TRUE, 0}, {"- -05 01 02=500 03=401", 0, TRUE, 1},
        {"-=401", 2000, FALSE, 0},    {"- -05 01=401", 2000, TRUE, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (guint frees = 0; frees < 2; frees++) {
            g_autoptr(Fixture) f = fixture_new(7, 1);
            f->config->concurrency = 1; /* one after the other */
            f->frees = frees > 0;
            if (cases[i].known > 0)
                know_all(f, cases[i].known);
            run(f, cases[i].requests);
            g_assert_error(f->error, CK_ERROR, CK_ERROR_DENIED);
            g_assert_cmpint(f->progress.listed_at > 0, ==, cases[i].listed);
            g_assert_cmpuint(f->progress.failed, ==, cases[i].failed);
            g_assert_false(f->progress.complete);
        }
    }
}

static void what_is_under_way_ends_with_it(void)
{
    g_autoptr(Fixture) f = fixture_new(4, 1);
    know_threads(f, 4, 10);
    script(f, "01 02 03=401 04");
    server_hold(f->server);
    start(f);
    server_run_until(f->context, server_seen(f->server) == 4);
    server_release_held(f->server);
    server_run_until(f->context, f->ended > 0);
    while (g_main_context_iteration(f->context, FALSE))
        ;
    g_assert_error(f->error, CK_ERROR, CK_ERROR_DENIED);
    g_assert_cmpuint(f->ended, ==, 1);
}

/* Freeing */

static void it_may_be_freed_when_it_has_ended(void)
{
    static const struct {
        guint known;
        const char *requests;
    } cases[] = {
        {0, "- 01 02"},    {0, "- 01=404 ?01=404 ! ?01=404 02"},    {0, "- 01 02=500"}, {10, ""},
        {2000, "- 01 02"}, {2000, "- 01 02=404 ?02=404 ! ?02=404"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new(2, 1);
        f->frees = TRUE;
        if (cases[i].known > 0)
            know_all(f, cases[i].known);
        run(f, cases[i].requests);
        g_assert_null(f->sync);
        g_assert_true(f->progress.complete);
    }
}

static void on_last(CkPreparedThread *thread, const GError *error, gpointer data)
{
    g_assert_nonnull(thread);
    g_assert_no_error(error);
    *(gboolean *)data = TRUE;
}

/* Until all answers have come: they are handed on in their order. */
static void let_all_come(Fixture *f)
{
    gboolean last = FALSE;
    server_release_held(f->server);
    server_run_until(f->context, ck_api_usage(f->api).under_way == 0);
    script(f, "?01");
    server_release(f->server, 1);
    ck_api_get_thread(f->api, "cthr_01", on_last, &last);
    server_run_until(f->context, last);
}

/* After that many answers, when the request after them is under way. */
static void free_after(guint known, const char *requests, guint answers)
{
    g_autoptr(Fixture) f = fixture_new(2, 7);
    f->config->concurrency = 1;
    if (known > 0)
        know_all(f, known);
    script(f, requests);
    server_may_leave(f->server);
    server_hold(f->server);
    start(f);
    server_release(f->server, answers);
    server_run_until(f->context, server_seen(f->server) == answers + 1);
    g_clear_pointer(&f->sync, ck_sync_free);
    let_all_come(f);
    g_assert_cmpuint(f->ended, ==, 0);
}

static void it_may_be_freed_at_any_moment(void)
{
    for (guint answers = 0; answers < 5; answers++)
        free_after(0, "- 01 01/5 02 02/5", answers);
    for (guint answers = 0; answers < 4; answers++)
        free_after(0, "- 01=404 ?01 01 01/5", answers);
    for (guint answers = 0; answers < 3; answers++)
        free_after(2000, "- 01/6 02/6", answers);
}

static void it_may_be_freed_before_it_has_asked(void)
{
    g_autoptr(Fixture) f = fixture_new(1, 1);
    know_all(f, 10);
    start(f);
    g_clear_pointer(&f->sync, ck_sync_free);
    while (g_main_context_iteration(f->context, FALSE))
        ;
    g_assert_cmpuint(f->ended, ==, 0);
}

static void it_may_be_freed_between_stretches(void)
{
    g_autoptr(Fixture) f = fixture_new(1000, 0);
    know_all(f, 10);
    start(f);
    server_run_until(f->context, ck_sync_progress(f->sync).threads > 0);
    g_assert_cmpuint(ck_sync_progress(f->sync).threads, <, 1000);
    g_clear_pointer(&f->sync, ck_sync_free);
    while (g_main_context_iteration(f->context, FALSE))
        ;
    g_assert_cmpuint(f->ended, ==, 0);
}

#define TEST(name) g_test_add_func("/sync/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(an_empty_account_takes_two_requests);
    TEST(every_page_is_asked_for_once);
    TEST(so_many_threads_are_read_at_once);
    TEST(it_goes_on_with_threads_that_were_listed_in_part);
    TEST(what_was_listed_in_part_long_ago_is_listed_anew);
    TEST(it_goes_on_with_items_that_were_read_in_part);
    TEST(what_is_current_takes_no_request);
    TEST(what_is_old_is_asked_for_what_is_new);
    TEST(threads_that_are_old_are_asked_where_the_listing_is_not);
    TEST(with_ttl_0_everything_is_asked_for);
    TEST(with_ttl_0_nothing_is_asked_for_twice);
    TEST(with_ttl_inf_what_is_there_is_not_asked_for);
    TEST(many_that_take_no_request_do_not_hold_up_the_loop);
    TEST(a_thread_that_is_deleted_meanwhile_is_dropped);
    TEST(a_thread_that_was_read_and_is_deleted_is_dropped);
    TEST(items_whose_cursor_is_gone_are_read_again);
    TEST(threads_whose_cursor_is_gone_are_listed_again);
    TEST(threads_that_fail_by_themselves_are_counted);
    TEST(a_check_that_fails_by_itself_is_counted);
    TEST(a_thread_without_a_usable_id_is_counted);
    TEST(a_failure_that_concerns_all_ends_it);
    TEST(what_is_under_way_ends_with_it);
    TEST(it_may_be_freed_when_it_has_ended);
    TEST(it_may_be_freed_at_any_moment);
    TEST(it_may_be_freed_before_it_has_asked);
    TEST(it_may_be_freed_between_stretches);
    return g_test_run();
}
