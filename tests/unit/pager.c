/* SPDX-License-Identifier: MIT */
#include "pager.h"

#include "error.h"
#include "rows.h"
#include "server.h"

#define LIST    "GET /v1/chatkit/threads"
#define THREADS "GET /v1/chatkit/threads?limit=2&order=desc"
#define ITEMS   "GET /v1/chatkit/threads/cthr_1/items?limit=2&order=asc"
#define THREAD  "GET /v1/chatkit/threads/cthr_1"

#define NO_RETRY "x-should-retry: false\r\n"

typedef struct {
    GMainContext *context;
    Server *server;
    CkConfig *config;
    CkStore *store;
    CkApi *api;
    CkPager *pager;
    guint reports;
} Fixture;

static void on_report(const GError *error, gpointer data)
{
    g_assert_nonnull(error);
    ((Fixture *)data)->reports++;
}

static Fixture *fixture_new(void)
{
    g_autoptr(GError) error = NULL;
    Fixture *f = g_new0(Fixture, 1);
    f->context = g_main_context_new();
    f->server = server_new(f->context);
    f->config = ck_config_new();
    f->config->page_size = 2;
    g_free(f->config->base_url);
    f->config->base_url = server_url(f->server, "/v1");
    f->store = rows_new_store();
    f->api = ck_api_new(f->context, f->config, &error);
    g_assert_no_error(error);
    f->pager = ck_pager_new(f->context, f->store, f->api, f->config);
    ck_pager_set_report(f->pager, on_report, f);
    return f;
}

static void fixture_free(Fixture *f)
{
    g_clear_pointer(&f->pager, ck_pager_free);
    ck_api_free(f->api);
    ck_store_free(f->store);
    server_free(f->server);
    ck_config_free(f->config);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static const CkWant *all_threads(void)
{
    static const CkWant want = {CK_WANT_THREADS, NULL};
    return &want;
}

static CkWant want_of(CkWantKind kind, const char *id)
{
    return (CkWant){kind, (char *)id};
}

/* Somebody who waits. */
typedef struct {
    guint calls; /* of woken */
    GError *error;
} Waiter;

static void waiter_clear(Waiter *waiter)
{
    g_clear_error(&waiter->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Waiter, waiter_clear)

static void on_woken(const GError *error, gpointer data)
{
    Waiter *waiter = data;
    waiter->calls++;
    waiter->error = error ? g_error_copy(error) : NULL;
}

/* Waits once; *waiter is as new before. */
static void wait_once(Fixture *f, const CkWant *want, Waiter *waiter)
{
    waiter_clear(waiter);
    waiter->calls = 0;
    ck_pager_wait(f->pager, want, on_woken, waiter);
    g_assert_cmpuint(waiter->calls, ==, 0); /* later, from the main context */
    server_run_until(f->context, waiter->calls > 0);
    g_assert_cmpuint(waiter->calls, ==, 1);
}

static void wait_well(Fixture *f, const CkWant *want)
{
    g_auto(Waiter) waiter = {0};
    wait_once(f, want, &waiter);
    g_assert_no_error(waiter.error);
}

static void wait_badly(Fixture *f, const CkWant *want, CkError code)
{
    g_auto(Waiter) waiter = {0};
    wait_once(f, want, &waiter);
    g_assert_error(waiter.error, CK_ERROR, (gint)code);
}

/* The answer to a request: elements of these ids, separated by spaces. */
static void script_page(Fixture *f, const char *request, const char *ids, const char *last_id,
                        gboolean has_more)
{
    g_auto(GStrv) each = g_strsplit(ids, " ", -1);
    g_autoptr(GString) page = g_string_new("{\"data\":[");
    for (char **id = each; *id && **id; id++)
        g_string_append_printf(page, "%s{\"id\":\"%s\"}", id == each ? "" : ",", *id);
    g_string_append(page, "],\"last_id\":");
    if (last_id)
        g_string_append_printf(page, "\"%s\"", last_id);
    else
        g_string_append(page, "null");
    g_string_append_printf(page, ",\"has_more\":%s}", has_more ? "true" : "false");
    server_json(f->server, request, page->str);
}

static void assert_state(Fixture *f, const char *key, const char *cursor, gboolean complete)
{
    g_auto(CkListingState) state = {0};
    g_assert_true(ck_store_listing(f->store, key, &state, NULL));
    g_assert_cmpstr(state.cursor, ==, cursor);
    g_assert_cmpint(state.complete, ==, complete);
}

static gboolean is_complete(Fixture *f, const char *key)
{
    g_auto(CkListingState) state = {0};
    return ck_store_listing(f->store, key, &state, NULL) && state.complete;
}

/* The ids of the threads that are listed, in their order. */
static void assert_threads(Fixture *f, const char *expected)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    guint64 after = 0;
    for (;;) {
        g_auto(CkThreadRow) thread = {0};
        if (ck_store_next_thread(f->store, 0, after, &thread, NULL) != CK_FOUND)
            break;
        g_string_append_printf(ids, "%s%s", ids->len ? " " : "", thread.id);
        after = thread.place;
    }
    g_assert_cmpstr(ids->str, ==, expected);
}

static void assert_items(Fixture *f, guint count)
{
    g_auto(CkThreadRow) thread = {0};
    rows_get_thread(f->store, "cthr_1", &thread);
    g_assert_cmpuint(thread.items, ==, count);
}

/* Wants */

static void every_want_has_its_own_listing(void)
{
    static const struct {
        CkWant want;
        const char *key;
    } cases[] = {
        {{CK_WANT_THREADS, NULL}, "threads:"},
        {{CK_WANT_USER_THREADS, (char *)"ann"}, "user:ann"},
        {{CK_WANT_ITEMS, (char *)"cthr_1"}, "items:cthr_1"},
        {{CK_WANT_THREAD, (char *)"cthr_1"}, "thread:cthr_1"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *key = ck_want_key(&cases[i].want);
        g_assert_cmpstr(key, ==, cases[i].key);
    }
}

static void a_want_is_copied(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) waiter = {0};
    g_auto(CkWant) want = {CK_WANT_THREAD, g_strdup("cthr_1")};
    server_json(f->server, THREAD, "{\"id\":\"cthr_1\"}");
    ck_pager_wait(f->pager, &want, on_woken, &waiter);
    memset(want.id, 'x', strlen(want.id));
    ck_want_clear(&want);
    server_run_until(f->context, waiter.calls > 0);
    g_assert_no_error(waiter.error);
    assert_items(f, 0);
}

/* Requests */

static void threads_are_asked_for_newest_first(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "cthr_3 cthr_2", "cthr_2", FALSE);
    wait_well(f, all_threads());
    assert_threads(f, "cthr_3 cthr_2");
    assert_state(f, "threads:", NULL, TRUE);
}

static void threads_of_a_user_are_asked_for_by_the_filter(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_USER_THREADS, "org/team");
    script_page(f, THREADS "&user=org%2Fteam", "cthr_3", "cthr_3", TRUE);
    script_page(f, THREADS "&after=cthr_3&user=org%2Fteam", "cthr_2", NULL, FALSE);
    wait_well(f, &want);
    wait_well(f, &want);
    assert_threads(f, "cthr_3 cthr_2");
    assert_state(f, "user:org/team", NULL, TRUE);
    assert_state(f, "threads:", NULL, FALSE);
}

static void items_are_asked_for_oldest_first(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_ITEMS, "cthr_1");
    rows_put_thread(f->store, "{\"id\":\"cthr_1\"}");
    script_page(f, ITEMS, "cthi_1 cthi_2", "cthi_2", TRUE);
    script_page(f, ITEMS "&after=cthi_2", "cthi_3", "cthi_3", FALSE);
    wait_well(f, &want);
    assert_items(f, 2);
    assert_state(f, "items:cthr_1", "cthi_2", FALSE);
    wait_well(f, &want);
    assert_items(f, 3);
    assert_state(f, "items:cthr_1", NULL, TRUE);
}

static void a_thread_is_asked_for_by_its_id(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_THREAD, "cthr_1");
    server_json(f->server, THREAD, "{\"id\":\"cthr_1\"}");
    wait_well(f, &want);
    assert_items(f, 0);
    assert_state(f, "threads:", NULL, FALSE);
}

static void a_thread_asked_for_by_its_id_is_listed_where_the_listing_has_it(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_THREAD, "cthr_1");
    server_json(f->server, THREAD, "{\"id\":\"cthr_1\"}");
    script_page(f, THREADS, "cthr_3 cthr_2", "cthr_2", TRUE);
    script_page(f, THREADS "&after=cthr_2", "cthr_1", "cthr_1", FALSE);
    wait_well(f, &want);
    assert_threads(f, "");
    wait_well(f, all_threads());
    wait_well(f, all_threads());
    assert_threads(f, "cthr_3 cthr_2 cthr_1");
}

static void a_page_that_is_too_large_is_asked_for_in_halves(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autofree char *large = g_strnfill(16 * 1024 * 1024 + 1, ' ');
    server_json(f->server, THREADS, large);
    script_page(f, LIST "?limit=1&order=desc", "cthr_3", "cthr_3", TRUE);
    script_page(f, THREADS "&after=cthr_3", "cthr_2", "cthr_2", FALSE);
    wait_well(f, all_threads());
    wait_well(f, all_threads());
    assert_threads(f, "cthr_3 cthr_2");
    g_assert_cmpuint(f->reports, ==, 0);
}

static void an_element_that_is_too_large_is_an_error(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autofree char *large = g_strnfill(16 * 1024 * 1024 + 1, ' ');
    server_json(f->server, THREADS, large);
    server_json(f->server, LIST "?limit=1&order=desc", large);
    wait_badly(f, all_threads(), CK_ERROR_TOO_LARGE);
}

/* Nobody has to know which URL belongs to which listing. */
static void errors_name_what_was_asked_for(void)
{
    static const struct {
        CkWant want;
        const char *words;
    } cases[] = {
        {{CK_WANT_THREADS, NULL}, "listing threads: "},
        {{CK_WANT_USER_THREADS, (char *)"ann"}, "listing a user's threads: "},
        {{CK_WANT_ITEMS, (char *)"cthr_1"}, "listing the items of cthr_1: "},
        {{CK_WANT_THREAD, (char *)"cthr_1"}, "retrieving thread cthr_1: "},
    };
    g_autoptr(Fixture) f = fixture_new();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Waiter) waiter = {0};
        server_reply(f->server, LIST "*", 404, "", "");
        wait_once(f, &cases[i].want, &waiter);
        g_assert_error(waiter.error, CK_ERROR, CK_ERROR_NOT_FOUND);
        g_assert_true(g_str_has_prefix(waiter.error->message, cases[i].words));
    }
}

static void nothing_is_asked_while_nobody_waits(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "cthr_3 cthr_2", "cthr_2", TRUE);
    wait_well(f, all_threads());
    while (g_main_context_iteration(f->context, FALSE))
        continue;
    g_assert_cmpuint(server_seen(f->server), ==, 1);
}

/* Cursors */

static void the_cursor_is_last_id(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "cthr_5 cthr_4", "cursor/x", TRUE);
    script_page(f, THREADS "&after=cursor%2Fx", "cthr_3 cthr_2", "cthr_2", TRUE);
    script_page(f, THREADS "&after=cthr_2", "cthr_1", "cthr_1", FALSE);
    wait_well(f, all_threads());
    assert_state(f, "threads:", "cursor/x", FALSE);
    wait_well(f, all_threads());
    wait_well(f, all_threads());
    assert_threads(f, "cthr_5 cthr_4 cthr_3 cthr_2 cthr_1");
    assert_state(f, "threads:", NULL, TRUE);
}

static void without_last_id_the_cursor_is_the_last_elements_id(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "cthr_5 cthr_4", NULL, TRUE);
    script_page(f, THREADS "&after=cthr_4", "cthr_3 cthr_2", "", TRUE);
    script_page(f, THREADS "&after=cthr_2", "", NULL, FALSE);
    for (int i = 0; i < 3; i++)
        wait_well(f, all_threads());
    assert_threads(f, "cthr_5 cthr_4 cthr_3 cthr_2");
    assert_state(f, "threads:", NULL, TRUE);
}

static void more_without_data_is_a_bad_response(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "", "cthr_5", TRUE);
    wait_badly(f, all_threads(), CK_ERROR_BAD_RESPONSE);
    assert_state(f, "threads:", NULL, FALSE);
}

static void more_without_a_cursor_is_a_bad_response(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_ITEMS, "cthr_1");
    rows_put_thread(f->store, "{\"id\":\"cthr_1\"}");
    server_json(f->server, ITEMS,
                "{\"data\":[{\"id\":\"cthi_1\"},{\"type\":\"task\"}],\"has_more\":true}");
    wait_badly(f, &want, CK_ERROR_BAD_RESPONSE);
    assert_items(f, 0);
    assert_state(f, "items:cthr_1", NULL, FALSE);
}

static void a_cursor_that_stays_is_a_bad_response(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "cthr_5", "a", TRUE);
    script_page(f, THREADS "&after=a", "cthr_4", "a", TRUE);
    wait_well(f, all_threads());
    wait_badly(f, all_threads(), CK_ERROR_BAD_RESPONSE);
    assert_threads(f, "cthr_5");
    assert_state(f, "threads:", "a", FALSE);
}

static void cursors_in_a_circle_are_a_bad_response(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "cthr_5", "a", TRUE);
    script_page(f, THREADS "&after=a", "cthr_4", "b", TRUE);
    script_page(f, THREADS "&after=b", "cthr_3", "c", TRUE);
    for (int i = 0; i < 3; i++)
        wait_well(f, all_threads());
    /* However often it is asked: never an end. */
    for (int i = 0; i < 2; i++) {
        script_page(f, THREADS "&after=c", "cthr_2", "a", TRUE);
        wait_badly(f, all_threads(), CK_ERROR_BAD_RESPONSE);
        assert_threads(f, "cthr_5 cthr_4 cthr_3");
        assert_state(f, "threads:", "c", FALSE);
    }
}

static void the_same_cursor_in_two_listings_is_no_circle(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant ann = want_of(CK_WANT_USER_THREADS, "ann");
    script_page(f, THREADS, "cthr_5", "a", TRUE);
    script_page(f, THREADS "&user=ann", "cthr_5", "a", TRUE);
    wait_well(f, all_threads());
    wait_well(f, &ann);
}

/* Single-flight */

static void many_who_wait_make_one_request(void)
{
    enum { WAITERS = 5 };
    g_autoptr(Fixture) f = fixture_new();
    Waiter waiters[WAITERS] = {0};
    server_hold(f->server);
    script_page(f, THREADS, "cthr_5", "cthr_5", TRUE);
    for (int i = 0; i < WAITERS - 1; i++)
        ck_pager_wait(f->pager, all_threads(), on_woken, &waiters[i]);
    server_run_until(f->context, server_seen(f->server) == 1);
    ck_pager_wait(f->pager, all_threads(), on_woken, &waiters[WAITERS - 1]);
    server_release(f->server, 1);
    for (int i = 0; i < WAITERS; i++) {
        server_run_until(f->context, waiters[i].calls > 0);
        g_assert_cmpuint(waiters[i].calls, ==, 1);
        g_assert_no_error(waiters[i].error);
    }
    g_assert_cmpuint(server_seen(f->server), ==, 1);
}

static void two_listings_are_fetched_at_once(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) threads = {0}, items = {0};
    CkWant want = want_of(CK_WANT_ITEMS, "cthr_1");
    rows_put_thread(f->store, "{\"id\":\"cthr_1\"}");
    server_hold(f->server);
    script_page(f, THREADS, "cthr_1", "cthr_1", FALSE);
    script_page(f, ITEMS, "cthi_1", "cthi_1", FALSE);
    ck_pager_wait(f->pager, all_threads(), on_woken, &threads);
    ck_pager_wait(f->pager, &want, on_woken, &items);
    server_run_until(f->context, server_seen(f->server) == 2);
    server_release(f->server, 2);
    server_run_until(f->context, threads.calls && items.calls);
    g_assert_no_error(threads.error);
    g_assert_no_error(items.error);
}

typedef struct {
    Fixture *f;
    guint calls;
} Walker;

static void walk_on(const GError *error, gpointer data)
{
    Walker *walker = data;
    g_assert_no_error(error);
    walker->calls++;
    if (!is_complete(walker->f, "threads:"))
        ck_pager_wait(walker->f->pager, all_threads(), walk_on, walker);
}

static void who_is_woken_may_wait_again(void)
{
    g_autoptr(Fixture) f = fixture_new();
    Walker one = {f, 0}, two = {f, 0};
    script_page(f, THREADS, "cthr_5", "cthr_5", TRUE);
    script_page(f, THREADS "&after=cthr_5", "cthr_4", "cthr_4", TRUE);
    script_page(f, THREADS "&after=cthr_4", "cthr_3", "cthr_3", FALSE);
    ck_pager_wait(f->pager, all_threads(), walk_on, &one);
    ck_pager_wait(f->pager, all_threads(), walk_on, &two);
    server_run_until(f->context, one.calls == 3 && two.calls == 3);
    assert_threads(f, "cthr_5 cthr_4 cthr_3");
    g_assert_cmpuint(server_seen(f->server), ==, 3);
}

/* Cancelling */

static void a_cancelled_wait_is_not_woken_and_the_page_is_stored(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) waiter = {0};
    server_hold(f->server);
    script_page(f, THREADS, "cthr_5", "cthr_5", FALSE);
    CkWait *wait = ck_pager_wait(f->pager, all_threads(), on_woken, &waiter);
    server_run_until(f->context, server_seen(f->server) == 1);
    ck_pager_cancel(wait);
    server_release(f->server, 1);
    server_run_until(f->context, is_complete(f, "threads:"));
    assert_threads(f, "cthr_5");
    g_assert_cmpuint(waiter.calls, ==, 0);
}

static void a_wait_joins_the_fetch_of_a_cancelled_one(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) first = {0}, second = {0};
    server_hold(f->server);
    script_page(f, THREADS, "cthr_5", "cthr_5", FALSE);
    ck_pager_cancel(ck_pager_wait(f->pager, all_threads(), on_woken, &first));
    ck_pager_wait(f->pager, all_threads(), on_woken, &second);
    server_run_until(f->context, server_seen(f->server) == 1);
    server_release(f->server, 1);
    server_run_until(f->context, second.calls > 0);
    g_assert_cmpuint(first.calls, ==, 0);
    g_assert_cmpuint(server_seen(f->server), ==, 1);
}

static void others_are_woken_although_one_cancelled(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) first = {0}, cancelled = {0}, last = {0};
    script_page(f, THREADS, "cthr_5", "cthr_5", FALSE);
    ck_pager_wait(f->pager, all_threads(), on_woken, &first);
    CkWait *wait = ck_pager_wait(f->pager, all_threads(), on_woken, &cancelled);
    ck_pager_wait(f->pager, all_threads(), on_woken, &last);
    ck_pager_cancel(wait);
    server_run_until(f->context, first.calls && last.calls);
    g_assert_cmpuint(cancelled.calls, ==, 0);
}

typedef struct {
    guint calls;
    CkWait *other;
} Canceller;

static void cancel_the_other(const GError *error, gpointer data)
{
    Canceller *canceller = data;
    g_assert_no_error(error);
    canceller->calls++;
    ck_pager_cancel(canceller->other);
}

static void who_is_woken_may_cancel_another_wait(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) other = {0};
    Canceller canceller = {0};
    script_page(f, THREADS, "cthr_5", "cthr_5", FALSE);
    ck_pager_wait(f->pager, all_threads(), cancel_the_other, &canceller);
    canceller.other = ck_pager_wait(f->pager, all_threads(), on_woken, &other);
    server_run_until(f->context, canceller.calls > 0);
    while (g_main_context_iteration(f->context, FALSE))
        continue;
    g_assert_cmpuint(canceller.calls, ==, 1);
    g_assert_cmpuint(other.calls, ==, 0);
}

static void free_wakes_nobody(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) fetching = {0}, failing = {0};
    CkWant bad = want_of(CK_WANT_ITEMS, "a/b");
    server_hold(f->server);
    script_page(f, THREADS, "cthr_5", "cthr_5", FALSE);
    ck_pager_wait(f->pager, all_threads(), on_woken, &fetching);
    server_run_until(f->context, server_seen(f->server) == 1);
    ck_pager_wait(f->pager, &bad, on_woken, &failing);
    g_clear_pointer(&f->pager, ck_pager_free);
    server_release(f->server, 1);
    while (g_main_context_iteration(f->context, FALSE))
        continue;
    g_assert_cmpuint(fetching.calls, ==, 0);
    g_assert_cmpuint(failing.calls, ==, 0);
    assert_threads(f, "");
}

/* Failures */

static void a_failure_changes_nothing_and_the_page_is_tried_again(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "cthr_5", "cthr_5", TRUE);
    server_reply(f->server, THREADS "&after=cthr_5", 500, NO_RETRY, "");
    script_page(f, THREADS "&after=cthr_5", "cthr_4", "cthr_4", FALSE);
    wait_well(f, all_threads());
    wait_badly(f, all_threads(), CK_ERROR_SERVER);
    assert_threads(f, "cthr_5");
    assert_state(f, "threads:", "cthr_5", FALSE);
    wait_well(f, all_threads());
    assert_threads(f, "cthr_5 cthr_4");
    assert_state(f, "threads:", NULL, TRUE);
}

static void a_failure_reaches_all_who_wait_and_is_reported_once(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) one = {0}, two = {0};
    server_reply(f->server, THREADS, 401, "", "");
    ck_pager_wait(f->pager, all_threads(), on_woken, &one);
    ck_pager_wait(f->pager, all_threads(), on_woken, &two);
    server_run_until(f->context, one.calls && two.calls);
    g_assert_error(one.error, CK_ERROR, CK_ERROR_DENIED);
    g_assert_error(two.error, CK_ERROR, CK_ERROR_DENIED);
    g_assert_cmpuint(f->reports, ==, 1);
}

static void a_failure_is_reported_although_nobody_waits_any_more(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) waiter = {0};
    server_reply(f->server, THREADS, 401, "", "");
    ck_pager_cancel(ck_pager_wait(f->pager, all_threads(), on_woken, &waiter));
    server_run_until(f->context, f->reports > 0);
    g_assert_cmpuint(f->reports, ==, 1);
    g_assert_cmpuint(waiter.calls, ==, 0);
}

static void no_report_is_needed(void)
{
    g_autoptr(Fixture) f = fixture_new();
    ck_pager_set_report(f->pager, NULL, NULL);
    server_reply(f->server, THREADS, 401, "", "");
    wait_badly(f, all_threads(), CK_ERROR_DENIED);
}

static void a_rejected_cursor_makes_the_listing_begin_again(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "cthr_5 cthr_4", "cthr_4", TRUE);
    server_reply(f->server, THREADS "&after=cthr_4", 400, "", "");
    script_page(f, THREADS, "cthr_6 cthr_5", "cthr_5", TRUE);
    script_page(f, THREADS "&after=cthr_5", "cthr_3", "cthr_3", FALSE);
    wait_well(f, all_threads());
    wait_badly(f, all_threads(), CK_ERROR_REJECTED);
    assert_threads(f, "cthr_5 cthr_4");
    assert_state(f, "threads:", NULL, FALSE);
    wait_well(f, all_threads());
    wait_well(f, all_threads());
    assert_threads(f, "cthr_5 cthr_4 cthr_6 cthr_3");
    assert_state(f, "threads:", NULL, TRUE);
}

/* The cursors of the first attempt are no circle in the second. */
static void a_listing_that_begins_again_may_have_the_same_cursors(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "cthr_5", "a", TRUE);
    server_reply(f->server, THREADS "&after=a", 400, "", "");
    script_page(f, THREADS, "cthr_5", "a", TRUE);
    wait_well(f, all_threads());
    wait_badly(f, all_threads(), CK_ERROR_REJECTED);
    wait_well(f, all_threads());
    assert_state(f, "threads:", "a", FALSE);
}

static void a_rejected_first_page_is_only_an_error(void)
{
    g_autoptr(Fixture) f = fixture_new();
    server_reply(f->server, THREADS, 400, "", "");
    wait_badly(f, all_threads(), CK_ERROR_REJECTED);
    assert_state(f, "threads:", NULL, FALSE);
}

static void a_page_with_a_bad_thread_is_not_stored_at_all(void)
{
    g_autoptr(Fixture) f = fixture_new();
    server_json(f->server, THREADS,
                "{\"data\":[{\"id\":\"cthr_5\"},{\"title\":\"no id\"}],\"last_id\":\"cthr_5\","
                "\"has_more\":false}");
    wait_badly(f, all_threads(), CK_ERROR_BAD_RESPONSE);
    assert_threads(f, "");
    assert_state(f, "threads:", NULL, FALSE);
    script_page(f, THREADS, "cthr_5 cthr_4", "cthr_4", FALSE);
    wait_well(f, all_threads());
    assert_threads(f, "cthr_5 cthr_4");
}

static void a_failed_page_leaves_its_cursor_free(void)
{
    g_autoptr(Fixture) f = fixture_new();
    server_json(f->server, THREADS,
                "{\"data\":[{\"title\":\"no id\"}],\"last_id\":\"a\",\"has_more\":true}");
    script_page(f, THREADS, "cthr_5", "a", TRUE);
    wait_badly(f, all_threads(), CK_ERROR_BAD_RESPONSE);
    wait_well(f, all_threads());
    assert_state(f, "threads:", "a", FALSE);
}

static void strange_items_cost_no_page(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_ITEMS, "cthr_1");
    rows_put_thread(f->store, "{\"id\":\"cthr_1\"}");
    server_json(f->server, ITEMS,
                "{\"data\":[{\"id\":\"cthi_1\"},null,\"text\",{\"type\":7}],\"has_more\":false}");
    wait_well(f, &want);
    assert_items(f, 4);
}

/* Single threads */

static void a_thread_that_does_not_exist_is_an_answer(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_THREAD, "cthr_1");
    server_reply(f->server, THREAD, 404, "", "");
    wait_badly(f, &want, CK_ERROR_NOT_FOUND);
    g_assert_cmpuint(f->reports, ==, 0);
}

static void a_listing_that_does_not_exist_is_reported(void)
{
    g_autoptr(Fixture) f = fixture_new();
    server_reply(f->server, THREADS, 404, "", "");
    wait_badly(f, all_threads(), CK_ERROR_NOT_FOUND);
    g_assert_cmpuint(f->reports, ==, 1);
}

static void a_thread_that_cannot_be_retrieved_is_reported(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_THREAD, "cthr_1");
    server_reply(f->server, THREAD, 500, NO_RETRY, "");
    wait_badly(f, &want, CK_ERROR_SERVER);
    g_assert_cmpuint(f->reports, ==, 1);
}

static void another_thread_than_the_one_asked_for_is_a_bad_response(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_THREAD, "cthr_1");
    server_json(f->server, THREAD, "{\"id\":\"cthr_2\"}");
    wait_badly(f, &want, CK_ERROR_BAD_RESPONSE);
    assert_threads(f, "");
    g_assert_cmpuint(f->reports, ==, 1);
}

static void an_id_that_cannot_stand_in_a_url_is_not_asked_for(void)
{
    static const CkWantKind kinds[] = {CK_WANT_ITEMS, CK_WANT_THREAD};
    g_autofree char *long_id = g_strnfill(129, 'a');
    const char *ids[] = {"a/b", "..", "a?b", "a b", "", "é", long_id};
    g_autoptr(Fixture) f = fixture_new();
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
            CkWant want = want_of(kinds[k], ids[i]);
            wait_badly(f, &want, CK_ERROR_BAD_RESPONSE);
        }
    g_assert_cmpuint(server_seen(f->server), ==, 0);
    g_assert_cmpuint(f->reports, ==, G_N_ELEMENTS(ids) * G_N_ELEMENTS(kinds));
}

#define TEST(name) g_test_add_func("/pager/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(every_want_has_its_own_listing);
    TEST(a_want_is_copied);
    TEST(threads_are_asked_for_newest_first);
    TEST(threads_of_a_user_are_asked_for_by_the_filter);
    TEST(items_are_asked_for_oldest_first);
    TEST(a_thread_is_asked_for_by_its_id);
    TEST(a_thread_asked_for_by_its_id_is_listed_where_the_listing_has_it);
    TEST(a_page_that_is_too_large_is_asked_for_in_halves);
    TEST(an_element_that_is_too_large_is_an_error);
    TEST(errors_name_what_was_asked_for);
    TEST(nothing_is_asked_while_nobody_waits);
    TEST(the_cursor_is_last_id);
    TEST(without_last_id_the_cursor_is_the_last_elements_id);
    TEST(more_without_data_is_a_bad_response);
    TEST(more_without_a_cursor_is_a_bad_response);
    TEST(a_cursor_that_stays_is_a_bad_response);
    TEST(cursors_in_a_circle_are_a_bad_response);
    TEST(the_same_cursor_in_two_listings_is_no_circle);
    TEST(many_who_wait_make_one_request);
    TEST(two_listings_are_fetched_at_once);
    TEST(who_is_woken_may_wait_again);
    TEST(a_cancelled_wait_is_not_woken_and_the_page_is_stored);
    TEST(a_wait_joins_the_fetch_of_a_cancelled_one);
    TEST(others_are_woken_although_one_cancelled);
    TEST(who_is_woken_may_cancel_another_wait);
    TEST(free_wakes_nobody);
    TEST(a_failure_changes_nothing_and_the_page_is_tried_again);
    TEST(a_failure_reaches_all_who_wait_and_is_reported_once);
    TEST(a_failure_is_reported_although_nobody_waits_any_more);
    TEST(no_report_is_needed);
    TEST(a_rejected_cursor_makes_the_listing_begin_again);
    TEST(a_listing_that_begins_again_may_have_the_same_cursors);
    TEST(a_rejected_first_page_is_only_an_error);
    TEST(a_page_with_a_bad_thread_is_not_stored_at_all);
    TEST(a_failed_page_leaves_its_cursor_free);
    TEST(strange_items_cost_no_page);
    TEST(a_thread_that_does_not_exist_is_an_answer);
    TEST(a_listing_that_does_not_exist_is_reported);
    TEST(a_thread_that_cannot_be_retrieved_is_reported);
    TEST(another_thread_than_the_one_asked_for_is_a_bad_response);
    TEST(an_id_that_cannot_stand_in_a_url_is_not_asked_for);
    return g_test_run();
}
