/* SPDX-License-Identifier: MIT */
#include "pager.h"

#include "client.h"
#include "error.h"
#include "rows.h"
#include "store_file.h"

#define LIST    "GET /v1/chatkit/threads"
#define THREADS "GET /v1/chatkit/threads?limit=2&order=desc"
#define BACK    "GET /v1/chatkit/threads?limit=2&order=asc"
#define ITEMS   "GET /v1/chatkit/threads/cthr_1/items?limit=2&order=asc"

/* With fixture_of_large_pages() */
#define LARGE_THREADS "GET /v1/chatkit/threads?limit=20&order=desc"
#define LARGE_ITEMS   "GET /v1/chatkit/threads/cthr_1/items?limit=20&order=asc"
#define THREAD        "GET /v1/chatkit/threads/cthr_1"

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
    Fixture *f = g_new0(Fixture, 1);
    f->context = g_main_context_new();
    f->server = server_new(f->context);
    f->config = client_config(f->server);
    f->config->page_size = 2;
    f->store = rows_new_store();
    f->api = client_api(f->context, f->config);
    f->pager = ck_pager_new(f->context, f->store, f->api, f->config);
    ck_pager_set_report(f->pager, on_report, f);
    return f;
}

static Fixture *fixture_of_large_pages(void)
{
    Fixture *f = fixture_new();
    f->config->page_size = 20;
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

/* The ids of the threads that have places before that one, in their order. */
static char *threads_before(Fixture *f, guint64 place)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    guint64 after = 0;
    for (;;) {
        g_auto(CkThreadRow) thread = {0};
        if (ck_store_next_thread(f->store, 0, after, place, &thread, NULL) != CK_FOUND)
            return g_strdup(ids->str);
        g_string_append_printf(ids, "%s%s", ids->len ? " " : "", thread.id);
        after = thread.place;
    }
}

static void assert_threads(Fixture *f, const char *expected)
{
    g_autofree char *listed = threads_before(f, G_MAXINT64);
    g_assert_cmpstr(listed, ==, expected);
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

static void a_users_threads_are_wanted_by_the_filter_where_there_is_one(void)
{
    g_autofree char *longest = g_strnfill(CK_USER_MAX, 'u');
    g_autofree char *too_long = g_strnfill(CK_USER_MAX + 1, 'u');
    g_autoptr(GString) longest_of_letters = g_string_new(NULL);
    for (int i = 0; i < CK_USER_MAX; i++)
        g_string_append(longest_of_letters, "é");
    const struct {
        const char *user, *only; /* the one that was asked for, and that of the configuration */
        const char *filter;      /* NULL: all threads */
    } cases[] = {
        {NULL, NULL, NULL},       {"", NULL, NULL}, /* no user: the API can't filter by that */
        {"ann", NULL, "ann"},     {"org/team", NULL, "org/team"},
        {longest, NULL, longest}, {longest_of_letters->str, NULL, longest_of_letters->str},
        {too_long, NULL, NULL},   {"\xff\"\\ud83d\"", NULL, NULL}, /* identities that are no text */
        {"\xff", NULL, NULL},     {NULL, "bob", "bob"},
        {"", "bob", "bob"},       {"ann", "bob", "bob"},
        {"bob", "bob", "bob"},    {too_long, "bob", "bob"},
        {"\xff", "bob", "bob"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkConfig) config = ck_config_new();
        config->user = g_strdup(cases[i].only);
        CkWant want = ck_want_threads_of(cases[i].user, config);
        g_assert_cmpint(want.kind, ==, cases[i].filter ? CK_WANT_USER_THREADS : CK_WANT_THREADS);
        g_assert_cmpstr(want.id, ==, cases[i].filter);
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
    script_page(f, THREADS, "cthr_5 cthr_4", "cursor-x", TRUE);
    script_page(f, THREADS "&after=cursor-x", "cthr_3 cthr_2", "cthr_2", TRUE);
    script_page(f, THREADS "&after=cthr_2", "cthr_1", "cthr_1", FALSE);
    wait_well(f, all_threads());
    assert_state(f, "threads:", "cursor-x", FALSE);
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
    script_page(f, THREADS "&after=cthr_2", "cthr_1", NULL, FALSE);
    for (int i = 0; i < 3; i++)
        wait_well(f, all_threads());
    assert_threads(f, "cthr_5 cthr_4 cthr_3 cthr_2 cthr_1");
    assert_state(f, "threads:", NULL, TRUE);
}

static void more_without_data_is_a_bad_response(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "", "cthr_5", TRUE);
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

/* Nothing else goes into a URL, however it could be written there. */
static void a_cursor_that_is_no_id_is_a_bad_response(void)
{
    g_autofree char *id = g_strnfill(129, 'a');
    g_autofree char *too_long =
        g_strdup_printf("{\"data\":[{\"id\":\"b\"}],\"last_id\":\"%s\",\"has_more\":true}", id);
    const char *const pages[] = {
        too_long,
        "{\"data\":[{\"id\":\"cthr_5\"}],\"last_id\":\"a b\",\"has_more\":true}",
        "{\"data\":[{\"id\":\"cthr_5\"}],\"last_id\":\"../a\",\"has_more\":true}",
        "{\"data\":[{\"id\":\"cthr_5\"}],\"last_id\":\"a\\r\\nX: y\",\"has_more\":true}",
        "{\"data\":[{\"id\":\"cthr_5\"}],\"last_id\":\"\xc3\xa9\",\"has_more\":true}",
        "{\"data\":[{\"id\":\"cthr_5?x\"}],\"has_more\":true}",
        "{\"data\":[{\"id\":\"cthr_5\"}],\"last_id\":\"\\ud83d\",\"has_more\":true}",
        "{\"data\":[{\"id\":\"cthr_5\"}],\"last_id\":\"a\\u0000\",\"has_more\":true}",
        "{\"data\":[{\"id\":\"cthr_5\"}],\"last_id\":\"\xff\",\"has_more\":true}",
        "{\"data\":[{\"id\":\"\\udcb8\"}],\"has_more\":true}",
        "{\"data\":[{\"id\":\"a\xc3\"}],\"last_id\":null,\"has_more\":true}",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_autoptr(Fixture) f = fixture_new();
        server_json(f->server, THREADS, pages[i]);
        wait_badly(f, all_threads(), CK_ERROR_BAD_RESPONSE);
        assert_threads(f, "");
        assert_state(f, "threads:", NULL, FALSE);
        g_assert_cmpuint(f->reports, ==, 1);
    }
}

static void after_the_last_page_no_cursor_is_needed(void)
{
    g_autoptr(Fixture) f = fixture_new();
    server_json(f->server, THREADS,
                "{\"data\":[{\"id\":\"cthr_5\"}],\"last_id\":\"\\ud83d\",\"has_more\":false}");
    wait_well(f, all_threads());
    assert_threads(f, "cthr_5");
    assert_state(f, "threads:", NULL, TRUE);
}

static void a_cursor_may_be_any_id(void)
{
    g_autofree char *longest = g_strnfill(128, 'Z');
    const char *const cursors[] = {"-", "_9", "\\u0041-0", longest};
    for (gsize i = 0; i < G_N_ELEMENTS(cursors); i++) {
        g_autoptr(Fixture) f = fixture_new();
        const char *sent = i == 2 ? "A-0" : cursors[i];
        g_autofree char *second = g_strconcat(THREADS "&after=", sent, NULL);
        script_page(f, THREADS, "cthr_5", cursors[i], TRUE);
        script_page(f, second, "cthr_4", "cthr_4", FALSE);
        wait_well(f, all_threads());
        wait_well(f, all_threads());
        assert_threads(f, "cthr_5 cthr_4");
    }
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

/* The first cursor is not known to be one that was there before. */
static void a_circle_into_an_earlier_mount_makes_the_listing_begin_again(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_assert_true(ck_store_put_listing(f->store, "threads:", "a", FALSE, NULL));
    script_page(f, THREADS "&after=a", "cthr_4", "b", TRUE);
    script_page(f, THREADS "&after=b", "cthr_3", "a", TRUE);
    script_page(f, THREADS "&after=a", "cthr_4", "b", TRUE);
    wait_well(f, all_threads());
    wait_well(f, all_threads());
    wait_badly(f, all_threads(), CK_ERROR_BAD_RESPONSE);
    assert_threads(f, "cthr_4 cthr_3");
    assert_state(f, "threads:", NULL, FALSE);
    /* What was right all the time is no circle now. */
    script_page(f, THREADS, "cthr_5", "a", TRUE);
    script_page(f, THREADS "&after=a", "cthr_4", "b", TRUE);
    script_page(f, THREADS "&after=b", "cthr_3", NULL, FALSE);
    for (int i = 0; i < 3; i++)
        wait_well(f, all_threads());
    assert_state(f, "threads:", NULL, TRUE);
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

/* What was asked of it before is not stored any more: behind a cursor of which the store knows
 * nothing, it would be taken for the beginning. */
static void after_the_store_lost_all_every_listing_begins_again(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autoptr(GError) failure = g_error_new_literal(CK_ERROR, CK_ERROR_STORE_DAMAGED, "damaged");
    g_auto(Waiter) waiter = {0}, cancelled = {0};
    script_page(f, THREADS, "cthr_5 cthr_4", "cthr_4", TRUE);
    script_page(f, THREADS "&after=cthr_4", "cthr_3", NULL, FALSE);
    script_page(f, THREADS, "cthr_5 cthr_4", "cthr_4", TRUE);
    script_page(f, THREADS "&after=cthr_4", "cthr_3", NULL, FALSE);
    wait_well(f, all_threads());
    server_hold(f->server);
    ck_pager_wait(f->pager, all_threads(), on_woken, &waiter);
    ck_pager_cancel(ck_pager_wait(f->pager, all_threads(), on_woken, &cancelled));
    server_run_until(f->context, server_seen(f->server) == 2);
    ck_store_replace(f->store, rows_new_store());
    ck_pager_begin_again(f->pager, failure);
    g_assert_cmpuint(waiter.calls, ==, 1);
    g_assert_error(waiter.error, CK_ERROR, CK_ERROR_STORE_DAMAGED);
    g_assert_cmpuint(cancelled.calls, ==, 0);
    server_release(f->server, 3); /* the one that is of no use any more, too */
    wait_well(f, all_threads());
    assert_threads(f, "cthr_5 cthr_4");
    wait_well(f, all_threads());
    assert_threads(f, "cthr_5 cthr_4 cthr_3");
    assert_state(f, "threads:", NULL, TRUE);
}

/* A server may answer so for a cursor that is gone. */
static void an_empty_page_is_the_end_where_the_cursor_is_still_there(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "cthr_5 cthr_4", "cthr_4", TRUE);
    script_page(f, THREADS "&after=cthr_4", "", NULL, FALSE);
    script_page(f, THREADS "&after=cthr_4", "", NULL, FALSE);
    server_json(f->server, "GET /v1/chatkit/threads/cthr_4", "{\"id\":\"cthr_4\"}");
    wait_well(f, all_threads());
    wait_well(f, all_threads());
    assert_state(f, "threads:", NULL, TRUE);
}

static void an_empty_page_is_no_end_where_the_cursor_is_gone(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_page(f, THREADS, "cthr_5 cthr_4", "cthr_4", TRUE);
    script_page(f, THREADS "&after=cthr_4", "", NULL, FALSE);
    script_page(f, THREADS "&after=cthr_4", "", NULL, FALSE);
    server_reply(f->server, "GET /v1/chatkit/threads/cthr_4", 404, "", "");
    script_page(f, THREADS, "cthr_5 cthr_3", NULL, FALSE);
    wait_well(f, all_threads());
    wait_badly(f, all_threads(), CK_ERROR_NOT_FOUND);
    assert_state(f, "threads:", NULL, FALSE);
    wait_well(f, all_threads());
    assert_threads(f, "cthr_5 cthr_4 cthr_3");
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

/* Gives a thread that no listing brings that name: another one can't be stored under it. */
static void take_name(Fixture *f, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *json = g_strdup_printf("{\"title\":\"%s\"}", name);
    g_autoptr(CkPreparedThread) thread = ck_prepare_thread((CkSlice){json, strlen(json)}, NULL);
    ck_store_put_thread(f->store, "in-the-way", NULL, name, thread, &(gboolean){0}, &error);
    g_assert_no_error(error);
}

static void a_page_that_cannot_be_stored_is_not_stored_at_all(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(CkThreadRow) first = {0};
    take_name(f, "cthr_4");
    script_page(f, THREADS, "cthr_5 cthr_4", "cthr_4", FALSE);
    wait_badly(f, all_threads(), CK_ERROR_STORE);
    assert_threads(f, "");
    g_assert_cmpint(ck_store_thread_by_id(f->store, "cthr_5", &first, NULL), ==, CK_ABSENT);
    assert_state(f, "threads:", NULL, FALSE);
    take_name(f, "other");
    script_page(f, THREADS, "cthr_5 cthr_4", "cthr_4", FALSE);
    wait_well(f, all_threads());
    assert_threads(f, "cthr_5 cthr_4");
}

static void a_failed_page_leaves_its_cursor_free(void)
{
    g_autoptr(Fixture) f = fixture_new();
    take_name(f, "cthr_5");
    script_page(f, THREADS, "cthr_5", "a", TRUE);
    wait_badly(f, all_threads(), CK_ERROR_STORE);
    assert_state(f, "threads:", NULL, FALSE);
    take_name(f, "other");
    script_page(f, THREADS, "cthr_5", "a", TRUE);
    wait_well(f, all_threads());
    assert_state(f, "threads:", "a", FALSE);
}

static void strange_items_cost_no_page(void)
{
    g_autoptr(Fixture) f = fixture_of_large_pages();
    CkWant want = want_of(CK_WANT_ITEMS, "cthr_1");
    rows_put_thread(f->store, "{\"id\":\"cthr_1\"}");
    server_json(f->server, LARGE_ITEMS,
                "{\"data\":[{\"id\":\"cthi_1\"},null,\"text\",{\"type\":7}],\"has_more\":false}");
    wait_well(f, &want);
    assert_items(f, 4);
}

/* Elements that their ids don't tell apart */

/* Scripts a page of these elements, separated by newlines. */
static void script_elements(Fixture *f, const char *request, const char *elements,
                            const char *last_id, gboolean has_more)
{
    g_auto(GStrv) each = g_strsplit(elements, "\n", -1);
    g_autofree char *joined = g_strjoinv(",", each);
    g_autofree char *last = last_id ? g_strdup_printf("\"%s\"", last_id) : g_strdup("null");
    g_autofree char *page = g_strdup_printf("{\"data\":[%s],\"last_id\":%s,\"has_more\":%s}",
                                            joined, last, has_more ? "true" : "false");
    server_json(f->server, request, page);
}

static CkWant want_items(Fixture *f)
{
    rows_put_thread(f->store, "{\"id\":\"cthr_1\"}");
    return want_of(CK_WANT_ITEMS, "cthr_1");
}

/* The ids of the threads that are listed. */
static GPtrArray *listed_ids(Fixture *f)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
    guint64 after = 0;
    for (;;) {
        g_auto(CkThreadRow) thread = {0};
        if (ck_store_next_thread(f->store, 0, after, G_MAXINT64, &thread, NULL) != CK_FOUND)
            return ids;
        g_ptr_array_add(ids, g_strdup(thread.id));
        after = thread.place;
    }
}

static gboolean is_substitute(const char *id)
{
    return g_regex_match_simple("^no-id~[0-9a-f]{32}(-[1-9][0-9]*)?$", id, 0, 0);
}

/* All that is no id: missing, another type, empty, no object. Two are the same to the byte. */
#define WITHOUT_ID                                                                                 \
    "{\"title\":\"T\"}\n{\"title\":\"T\"}\n{\"id\":null}\n{\"id\":7}\n{\"id\":7.0}\n{\"id\":\"\"}" \
    "\n"                                                                                           \
    "{\"id\":[\"cthr_1\"]}\n{\"id\":{\"id\":\"cthr_1\"}}\n{\"id\":true}\n{}\nnull\n\"cthr_1\"\n[]"
#define N_WITHOUT_ID 13

static void threads_without_an_id_are_each_kept(void)
{
    g_autoptr(Fixture) f = fixture_of_large_pages();
    script_elements(f, LARGE_THREADS, "{\"id\":\"cthr_5\"}\n" WITHOUT_ID, NULL, FALSE);
    wait_well(f, all_threads());
    g_autoptr(GPtrArray) ids = listed_ids(f);
    g_assert_cmpuint(ids->len, ==, 1 + N_WITHOUT_ID);
    g_assert_cmpstr(g_ptr_array_index(ids, 0), ==, "cthr_5");
    for (guint i = 1; i < ids->len; i++)
        g_assert_true(is_substitute(g_ptr_array_index(ids, i)));
    g_assert_cmpuint(f->reports, ==, 0);
}

static void a_thread_without_an_id_is_named_by_its_title(void)
{
    g_autoptr(Fixture) f = fixture_of_large_pages();
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkUserRow) user = {0};
    script_elements(f, LARGE_THREADS, "{\"title\":\"No id\",\"user\":\"ann\",\"created_at\":7}",
                    NULL, FALSE);
    wait_well(f, all_threads());
    g_assert_cmpint(ck_store_next_thread(f->store, 0, 0, G_MAXINT64, &thread, NULL), ==, CK_FOUND);
    g_autofree char *name = g_strconcat("No-id.", thread.id, NULL);
    g_assert_cmpstr(thread.name, ==, name);
    g_assert_cmpint(thread.created_at, ==, 7);
    g_assert_cmpint(ck_store_user(f->store, thread.user, &user, NULL), ==, CK_FOUND);
    g_assert_cmpstr(user.id, ==, "ann");
}

static void items_without_an_id_are_each_kept(void)
{
    g_autoptr(Fixture) f = fixture_of_large_pages();
    CkWant want = want_items(f);
    script_elements(f, LARGE_ITEMS, WITHOUT_ID "\n{\"id\":\"cthi_1\"}", NULL, TRUE);
    script_elements(f, LARGE_ITEMS "&after=cthi_1", WITHOUT_ID, NULL, FALSE);
    wait_well(f, &want);
    assert_items(f, N_WITHOUT_ID + 1);
    wait_well(f, &want);
    assert_items(f, 2 * N_WITHOUT_ID + 1);
}

/* Places count from the listing's beginning as well as from an id. */
static void elements_before_any_id_are_each_kept(void)
{
    g_autoptr(Fixture) f = fixture_of_large_pages();
    CkWant want = want_items(f);
    script_elements(f, LARGE_ITEMS, "{}\n{}\n{\"id\":\"a\"}\n{}\n{}\n{\"id\":\"b\"}\n{}", NULL,
                    FALSE);
    wait_well(f, &want);
    assert_items(f, 7);
}

static void a_second_element_with_the_id_of_another_is_kept(void)
{
    static const struct {
        const char *elements;
        guint kept;
    } cases[] = {
        {"{\"id\":\"a\",\"n\":1}\n{\"id\":\"a\",\"n\":2}", 2},
        {"{\"id\":\"a\",\"n\":1}\n{\"id\":\"a\",\"n\":2}\n{\"id\":\"a\",\"n\":3}", 3},
        {"{\"id\":\"a\",\"n\":1}\n{\"id\":\"b\"}\n{\"id\":\"a\",\"n\":2}", 3},
        {"{\"id\":\"a\"}\n{\"id\": \"a\"}", 2}, /* other bytes are another element */
        {"{\"id\":\"a\"}\n{\"id\":\"\\u0061\"}", 2},
        {"{\"id\":\"a\",\"n\":1}\n{\"id\":\"a\",\"n\":12}", 2}, /* the one begins the other */
        {"{\"id\":\"a\",\"n\":1}\n{\"id\":\"a\",\"n\":1}", 1},  /* the same one again */
        {"{\"id\":\"a\",\"n\":1}\n{\"id\":\"a\",\"n\":2}\n{\"id\":\"a\",\"n\":1}", 2},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_of_large_pages();
        CkWant want = want_items(f);
        g_test_message("%s", cases[i].elements);
        script_elements(f, LARGE_ITEMS, cases[i].elements, NULL, FALSE);
        script_elements(f, LARGE_THREADS, cases[i].elements, NULL, FALSE);
        wait_well(f, &want);
        wait_well(f, all_threads());
        assert_items(f, cases[i].kept);
        g_autoptr(GPtrArray) ids = listed_ids(f);
        g_assert_cmpuint(ids->len, ==, 1 + cases[i].kept); /* cthr_1 has the items */
    }
}

static void the_first_of_two_with_one_id_has_it(void)
{
    g_autoptr(Fixture) f = fixture_of_large_pages();
    g_auto(CkThreadRow) thread = {0};
    script_elements(f, LARGE_THREADS,
                    "{\"id\":\"cthr_5\",\"title\":\"One\"}\n{\"id\":\"cthr_5\",\"title\":\"Two\"}",
                    NULL, FALSE);
    wait_well(f, all_threads());
    g_autoptr(GPtrArray) ids = listed_ids(f);
    g_assert_cmpuint(ids->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(ids, 0), ==, "cthr_5");
    g_assert_true(is_substitute(g_ptr_array_index(ids, 1)));
    rows_get_thread(f->store, "cthr_5", &thread);
    g_assert_cmpstr(thread.name, ==, "One.cthr_5");
}

/* Pages may overlap, and a thread may have changed when it comes again. */
static void an_id_that_comes_on_a_later_page_is_the_same_element(void)
{
    g_autoptr(Fixture) f = fixture_of_large_pages();
    g_auto(CkThreadRow) thread = {0};
    script_elements(f, LARGE_THREADS, "{\"id\":\"cthr_5\",\"title\":\"One\"}\n{\"id\":\"cthr_4\"}",
                    NULL, TRUE);
    script_elements(f, LARGE_THREADS "&after=cthr_4", "{\"id\":\"cthr_5\",\"title\":\"Two\"}", NULL,
                    FALSE);
    wait_well(f, all_threads());
    wait_well(f, all_threads());
    assert_threads(f, "cthr_5 cthr_4");
    rows_get_thread(f->store, "cthr_5", &thread);
    g_assert_cmpstr(thread.name, ==, "Two.cthr_5");
}

/* A listing for the tests of its beginning again. */
static const char *const elements[] = {
    "{\"n\":0}",      "{\"id\":\"a\"}",         "{\"n\":1}",
    "{\"n\":1}",      "{\"id\":\"b\",\"n\":1}", "{\"id\":\"b\",\"n\":2}",
    "{\"n\":1}",      "{\"id\":\"c\"}",         "{\"n\":1}",
    "{\"id\":\"d\"}",
};

/* Scripts the listing in pages that end after the elements whose bits are set, and waits for them
 * all. The cursors are those elements' ids or, where they have none, "after-N". */
static void read_in_pages(Fixture *f, const CkWant *want, guint ends, gboolean has_more)
{
    const char *first = want->kind == CK_WANT_ITEMS ? LARGE_ITEMS : LARGE_THREADS;
    g_autofree char *request = g_strdup(first);
    g_autoptr(GString) page = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(elements); i++) {
        gboolean last = i == G_N_ELEMENTS(elements) - 1;
        g_string_append_printf(page, "%s%s", page->len > 0 ? "\n" : "", elements[i]);
        if (!last && !(ends & 1 << i))
            continue;
        CkSlice slice = {elements[i], strlen(elements[i])};
        g_autofree char *id = ck_decode_identity(slice, "id");
        g_autofree char *cursor = id ? g_strdup(id) : g_strdup_printf("after-%u", i);
        script_elements(f, request, page->str, cursor, !last || has_more);
        wait_well(f, want);
        g_free(request);
        request = g_strdup_printf("%s&after=%s", first, cursor);
        g_string_truncate(page, 0);
    }
    if (has_more) { /* so that the listing begins again */
        server_reply(f->server, request, 400, "", "");
        wait_badly(f, want, CK_ERROR_REJECTED);
    }
}

/* Reads the listing twice, in pages of these ends: the second time brings nothing new. */
static void assert_known_again(guint first_ends, guint second_ends)
{
    g_autoptr(Fixture) f = fixture_of_large_pages();
    CkWant items = want_items(f);
    g_test_message("pages end at %x, then at %x", first_ends, second_ends);
    read_in_pages(f, &items, first_ends, TRUE);
    assert_items(f, G_N_ELEMENTS(elements));
    read_in_pages(f, &items, second_ends, FALSE);
    assert_items(f, G_N_ELEMENTS(elements));

    read_in_pages(f, all_threads(), first_ends, TRUE);
    g_autoptr(GPtrArray) before = listed_ids(f);
    g_assert_cmpuint(before->len, ==, 1 + G_N_ELEMENTS(elements));
    read_in_pages(f, all_threads(), second_ends, FALSE);
    g_autoptr(GPtrArray) after = listed_ids(f);
    g_assert_cmpuint(after->len, ==, before->len);
    for (guint i = 0; i < after->len; i++)
        g_assert_cmpstr(g_ptr_array_index(after, i), ==, g_ptr_array_index(before, i));
}

static void a_listing_that_begins_again_in_other_pages_knows_its_elements(void)
{
    static const guint ends[] = {0, 1 << 1, 1 << 7, 1 << 1 | 1 << 7};
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(ends); k++)
            assert_known_again(ends[i], ends[k]);
}

/* Where a page ends with an element that has no id, or not its own. */
static void a_listing_that_begins_again_in_any_pages_knows_its_elements(void)
{
    static const guint ends[] = {0, 1 << 0, 1 << 2, 1 << 3, 1 << 5, 1 << 6, 1 << 2 | 1 << 6};
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(ends); k++)
            assert_known_again(ends[i], ends[k]);
}

/* Identities that are no text. None may come to look like another, on one page or on two. */

static void ids_that_are_no_text_are_told_apart(void)
{
    static const char *const pages[] = {
        "{\"id\":\"\\ud83d\"}\n{\"id\":\"\\ud83e\"}\n{\"id\":\"\\udcb8\"}\n{\"id\":\"x\"}",
        "{\"id\":\"a\\u0000b\"}\n{\"id\":\"a\\u0000c\"}\n{\"id\":\"a\"}\n{\"id\":\"y\"}",
        "{\"id\":\"\xff\"}\n{\"id\":\"\xfe\"}\n{\"id\":\"\xef\xbf\xbd\"}\n{\"id\":\"\\u2400\"}",
    };
    g_autoptr(Fixture) f = fixture_of_large_pages();
    CkWant want = want_items(f);
    for (int round = 0; round < 2; round++) {
        const char *first[] = {LARGE_ITEMS, LARGE_ITEMS "&after=x", LARGE_ITEMS "&after=y"};
        const char *last[] = {"x", "y", "z"};
        for (gsize i = 0; i < G_N_ELEMENTS(pages); i++) {
            script_elements(f, first[i], pages[i], last[i], i < 2 || round == 0);
            wait_well(f, &want);
        }
        assert_items(f, 12); /* in the second round, the same ones */
        if (round == 0) {
            server_reply(f->server, LARGE_ITEMS "&after=z", 400, "", "");
            wait_badly(f, &want, CK_ERROR_REJECTED);
        }
    }
}

static void threads_keep_their_ids_and_users_that_are_no_text(void)
{
    static const struct {
        const char *json, *id, *user;
    } cases[] = {
        {"{\"id\":\"\\ud83d\",\"user\":\"ann\"}", "\xff\"\\ud83d\"", "ann"},
        {"{\"id\":\"\\ud83e\",\"user\":\"\\ud83d\"}", "\xff\"\\ud83e\"", "\xff\"\\ud83d\""},
        {"{\"id\":\"\xe9\",\"user\":\"\\ud83e\"}", "\xff\"\xe9\"", "\xff\"\\ud83e\""},
        {"{\"id\":\"cthr_2\",\"user\":\"j\xf6rg\"}", "cthr_2", "\xff\"j\xf6rg\""},
        {"{\"id\":\"cthr_3\",\"user\":\"j\xc3\xb6rg\"}", "cthr_3", "j\xc3\xb6rg"},
        {"{\"id\":\"cthr_4\",\"user\":\"a\\u0000\"}", "cthr_4", "\xff\"a\\u0000\""},
        {"{\"id\":\"cthr_5\",\"user\":\"\"}", "cthr_5", ""},
        {"{\"id\":\"cthr_6\",\"user\":7}", "cthr_6", ""},
    };
    g_autoptr(Fixture) f = fixture_of_large_pages();
    g_autoptr(GString) page = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_string_append_printf(page, "%s%s", i ? "\n" : "", cases[i].json);
    script_elements(f, LARGE_THREADS, page->str, NULL, FALSE);
    wait_well(f, all_threads());
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(CkThreadRow) thread = {0};
        g_auto(CkUserRow) user = {0};
        rows_get_thread(f->store, cases[i].id, &thread);
        g_assert_cmpuint(thread.place, ==, CK_FRONT_PLACE + i);
        g_assert_true(g_utf8_validate(thread.name, -1, NULL));
        g_assert_cmpint(ck_store_user(f->store, thread.user, &user, NULL), ==, CK_FOUND);
        g_assert_cmpstr(user.id, ==, cases[i].user);
    }
}

/* JSON has none, but a string may be any bytes between quotes (json.h). */
static void ids_with_a_nul_byte_are_told_apart(void)
{
    static const char body[] =
        "HTTP/1.1 200 "
        "Scripted\r\n\r\n{\"data\":[{\"id\":\"a\0b\"},{\"id\":\"x\"}],\"has_more\":true}";
    static const char more[] =
        "HTTP/1.1 200 Scripted\r\n\r\n{\"data\":[{\"id\":\"a\0c\"}],\"has_more\":false}";
    g_autoptr(Fixture) f = fixture_of_large_pages();
    CkWant want = want_items(f);
    server_raw(f->server, LARGE_ITEMS, body, sizeof body - 1);
    server_raw(f->server, LARGE_ITEMS "&after=x", more, sizeof more - 1);
    wait_well(f, &want);
    wait_well(f, &want);
    assert_items(f, 3);
}

/* Names */

static void threads_are_called_by_their_ids_alone_if_told_so(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_THREAD, "cthr_1");
    g_auto(CkThreadRow) one = {0}, five = {0};
    f->config->name_by_id = TRUE;
    script_elements(f, THREADS, "{\"id\":\"cthr_5\",\"title\":\"Five\"}", NULL, FALSE);
    server_json(f->server, THREAD, "{\"id\":\"cthr_1\",\"title\":\"One\"}");
    wait_well(f, all_threads());
    wait_well(f, &want);
    rows_get_thread(f->store, "cthr_5", &five);
    rows_get_thread(f->store, "cthr_1", &one);
    g_assert_cmpstr(five.name, ==, "cthr_5");
    g_assert_cmpstr(one.name, ==, "cthr_1");
}

static void threads_are_called_by_their_titles_otherwise(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(CkThreadRow) five = {0};
    script_elements(f, THREADS, "{\"id\":\"cthr_5\",\"title\":\"Five\"}", NULL, FALSE);
    wait_well(f, all_threads());
    rows_get_thread(f->store, "cthr_5", &five);
    g_assert_cmpstr(five.name, ==, "Five.cthr_5");
}

/* The span. A page is a string of times; a thread's id is cthr_TIME, "-": one without a time. */

static void script_times(Fixture *f, const char *request, const char *times, gboolean has_more)
{
    g_auto(GStrv) each = g_strsplit(times, " ", -1);
    g_autoptr(GString) page = g_string_new(NULL);
    g_autofree char *last = NULL;
    for (char **time = each; *time && **time; time++) {
        g_free(last);
        last = g_strconcat("cthr_", *time, NULL);
        g_string_append_printf(page, "%s{\"id\":\"%s\"", time == each ? "" : "\n", last);
        if (g_ascii_isdigit(**time))
            g_string_append_printf(page, ",\"created_at\":%s", *time);
        g_string_append(page, "}");
    }
    script_elements(f, request, page->str, last, has_more);
}

static void set_span(Fixture *f, gint64 since, gint64 until)
{
    f->config->since = since;
    f->config->until = until;
}

/* Waits until the listing is complete, which takes that many waits and as many requests. */
static void read_to_the_end(Fixture *f, const CkWant *want, guint requests)
{
    g_autofree char *key = ck_want_key(want);
    for (guint i = 0; i < requests; i++) {
        g_assert_false(is_complete(f, key));
        wait_well(f, want);
    }
    g_assert_true(is_complete(f, key));
    wait_well(f, want); /* asks for nothing */
    g_assert_cmpuint(server_seen(f->server), ==, requests);
}

static void a_listing_ends_on_the_page_with_one_older_than_since(void)
{
    g_autoptr(Fixture) f = fixture_new();
    set_span(f, 100, G_MAXINT64);
    script_times(f, THREADS, "300 200", TRUE);
    script_times(f, THREADS "&after=cthr_200", "150 50", TRUE);
    read_to_the_end(f, all_threads(), 2);
    assert_threads(f, "cthr_300 cthr_200 cthr_150");
}

static void one_as_old_as_since_is_in_the_span(void)
{
    g_autoptr(Fixture) f = fixture_new();
    set_span(f, 100, G_MAXINT64);
    script_times(f, THREADS, "101 100", TRUE);
    script_times(f, THREADS "&after=cthr_100", "99 98", TRUE);
    read_to_the_end(f, all_threads(), 2);
    assert_threads(f, "cthr_101 cthr_100");
}

static void a_page_of_older_ones_alone_ends_the_listing_at_once(void)
{
    g_autoptr(Fixture) f = fixture_new();
    set_span(f, 100, G_MAXINT64);
    script_times(f, THREADS, "50 40", TRUE);
    read_to_the_end(f, all_threads(), 1);
    assert_threads(f, "");
}

static void threads_that_are_not_in_their_order_are_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_times(f, THREADS, "50 150", TRUE);
    script_times(f, THREADS, "50 150", TRUE);
    wait_badly(f, all_threads(), CK_ERROR_BAD_RESPONSE);
    assert_threads(f, "");
}

static void one_without_a_time_is_shown_and_ends_nothing(void)
{
    g_autoptr(Fixture) f = fixture_new();
    set_span(f, 100, 200);
    script_times(f, THREADS, "-1 -2", TRUE);
    script_times(f, THREADS "&after=cthr_-2", "0 -3", TRUE);
    script_times(f, THREADS "&after=cthr_-3", "150 -4", TRUE);
    script_times(f, THREADS "&after=cthr_-4", "-5", FALSE);
    read_to_the_end(f, all_threads(), 4);
    assert_threads(f, "cthr_-1 cthr_-2 cthr_0 cthr_-3 cthr_150 cthr_-4 cthr_-5");
}

static void ones_newer_than_until_are_passed_over(void)
{
    g_autoptr(Fixture) f = fixture_new();
    set_span(f, 0, 200);
    script_times(f, THREADS, "400 300", TRUE);
    script_times(f, THREADS "&after=cthr_300", "201 200", TRUE);
    script_times(f, THREADS "&after=cthr_200", "199 1", FALSE);
    wait_well(f, all_threads());
    assert_threads(f, "");
    assert_state(f, "threads:", "cthr_300", FALSE);
    wait_well(f, all_threads());
    script_times(f, BACK, "1 199", TRUE);
    wait_well(f, all_threads());
    assert_threads(f, "cthr_200 cthr_199 cthr_1");
    assert_state(f, "threads:", NULL, TRUE);
    g_assert_cmpuint(server_seen(f->server), ==, 4);
}

/* What has changed */

static void on_changed(const char *thread_id, gpointer data)
{
    g_string_append_printf(data, "%s ", thread_id);
}

static void threads_that_have_changed_are_told(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autoptr(GString) changed = g_string_new(NULL);
    const CkWant one = want_of(CK_WANT_THREAD, "cthr_1");
    ck_pager_set_changed(f->pager, on_changed, changed);
    server_json(f->server, "GET /v1/chatkit/threads/cthr_1", "{\"id\":\"cthr_1\",\"title\":\"A\"}");
    wait_well(f, &one);
    g_assert_cmpstr(changed->str, ==, "");
    script_elements(f, THREADS, "{\"id\":\"cthr_2\"}\n{\"id\":\"cthr_1\",\"title\":\"B\"}",
                    "cthr_1", TRUE);
    wait_well(f, all_threads());
    g_assert_cmpstr(changed->str, ==, "cthr_1 ");
    script_elements(f, THREADS "&after=cthr_1", "{\"id\":\"cthr_2\"}", NULL, FALSE);
    wait_well(f, all_threads());
    server_json(f->server, "GET /v1/chatkit/threads/cthr_1", "{\"id\":\"cthr_1\",\"title\":\"C\"}");
    wait_well(f, &one);
    g_assert_cmpstr(changed->str, ==, "cthr_1 cthr_1 ");
}

/* The back of a listing */

static gboolean knows(Fixture *f, const char *id)
{
    g_auto(CkThreadRow) thread = {0};
    return ck_store_thread_by_id(f->store, id, &thread, NULL) == CK_FOUND;
}

/* Two pages of the front are there: threads of the times 90, 80, 70 and 60. */
static Fixture *fixture_with_two_pages(void)
{
    Fixture *f = fixture_new();
    script_times(f, THREADS, "90 80", TRUE);
    script_times(f, THREADS "&after=cthr_80", "70 60", TRUE);
    wait_well(f, all_threads());
    wait_well(f, all_threads());
    return f;
}

/* Its first page alone, as only then it is known how far both ends are apart. */
static void the_third_page_comes_with_pages_of_the_back(void)
{
    g_autoptr(Fixture) f = fixture_with_two_pages();
    g_auto(Waiter) waiter = {0};
    script_times(f, BACK, "20 30", TRUE);
    script_times(f, THREADS "&after=cthr_60", "50 40", TRUE);
    script_times(f, BACK "&after=cthr_30", "40 50", TRUE);
    server_hold(f->server);
    ck_pager_wait(f->pager, all_threads(), on_woken, &waiter);
    server_run_until(f->context, server_seen(f->server) == 3);
    g_autofree char *third = server_request(f->server, 2);
    g_assert_cmpstr(third, ==, BACK);
    server_release(f->server, 1);
    server_run_until(f->context, server_seen(f->server) == 5);
    server_release(f->server, 2);
    server_run_until(f->context, waiter.calls == 1);
    g_assert_no_error(waiter.error);
    wait_well(f, all_threads());
    assert_state(f, "threads:", NULL, TRUE);
    assert_threads(f, "cthr_90 cthr_80 cthr_70 cthr_60 cthr_50 cthr_40 cthr_30 cthr_20");
    g_assert_cmpuint(server_seen(f->server), ==, 5);
}

/* While both ends are far apart, their next pages are asked for before somebody wants them. */
static void a_wide_listing_is_read_ahead(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_times(f, THREADS, "900 890", TRUE);
    script_times(f, THREADS "&after=cthr_890", "880 870", TRUE);
    wait_well(f, all_threads());
    wait_well(f, all_threads());
    script_times(f, BACK, "10 20", TRUE);
    script_times(f, THREADS "&after=cthr_870", "860 850", TRUE);
    script_times(f, BACK "&after=cthr_20", "30 40", TRUE);
    script_times(f, THREADS "&after=cthr_850", "840 830", TRUE);
    script_times(f, BACK "&after=cthr_40", "50 60", TRUE);
    wait_well(f, all_threads());
    server_run_until(f->context, server_seen(f->server) == 7);
    /* Nobody has waited for these, so that they are the last ones. */
    server_run_until(f->context, knows(f, "cthr_830") && knows(f, "cthr_60"));
    g_assert_cmpuint(server_seen(f->server), ==, 7);
    assert_state(f, "threads:", "cthr_830", FALSE);
    assert_threads(f, "cthr_900 cthr_890 cthr_880 cthr_870 cthr_860 cthr_850 cthr_840 cthr_830 "
                      "cthr_60 cthr_50 cthr_40 cthr_30 cthr_20 cthr_10");
}

/* Else there would be a gap that nobody knows of. How far ahead the back is read meanwhile is a
 * matter of time. */
static void what_was_read_ahead_is_not_stored_without_what_is_before_it(void)
{
    g_autoptr(Fixture) f = fixture_new();
    script_times(f, THREADS, "900 890", TRUE);
    script_times(f, THREADS "&after=cthr_890", "880 870", TRUE);
    wait_well(f, all_threads());
    wait_well(f, all_threads());
    take_name(f, "cthr_850");
    server_may_leave(f->server);
    script_times(f, BACK, "10 20", TRUE);
    for (int time = 20; time < 200; time += 20) {
        g_autofree char *request = g_strdup_printf(BACK "&after=cthr_%d", time);
        g_autofree char *times = g_strdup_printf("%d %d", time + 10, time + 20);
        script_times(f, request, times, TRUE);
    }
    for (int tries = 0; tries < 2; tries++) {
        script_times(f, THREADS "&after=cthr_870", "860 850", TRUE);
        script_times(f, THREADS "&after=cthr_850", "840 830", TRUE);
    }
    script_times(f, THREADS "&after=cthr_830", "820 810", TRUE);
    wait_badly(f, all_threads(), CK_ERROR_STORE);
    g_assert_false(knows(f, "cthr_860"));
    take_name(f, "other");
    while (!knows(f, "cthr_830"))
        wait_well(f, all_threads());
    g_autofree char *front = threads_before(f, CK_BACK_PLACE);
    g_assert_true(g_str_has_prefix(front, "cthr_900 cthr_890 cthr_880 cthr_870 cthr_860 cthr_850 "
                                          "cthr_840 cthr_830"));
}

static void a_back_that_fails_does_not_fail_the_listing(void)
{
    g_autoptr(Fixture) f = fixture_with_two_pages();
    guint reported = f->reports;
    server_reply(f->server, BACK, 400, "", "{}");
    script_times(f, THREADS "&after=cthr_60", "50 40", TRUE);
    script_times(f, THREADS "&after=cthr_40", "30", FALSE);
    wait_well(f, all_threads());
    wait_well(f, all_threads());
    assert_state(f, "threads:", NULL, TRUE);
    assert_threads(f, "cthr_90 cthr_80 cthr_70 cthr_60 cthr_50 cthr_40 cthr_30");
    g_assert_cmpuint(f->reports, ==, reported);
}

static void a_back_that_can_not_be_trusted_is_not_used(void)
{
    static const char *const pages[] = {"20 10", "10 0"}; /* newest first; without a time */
    for (gsize i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_autoptr(Fixture) f = fixture_with_two_pages();
        server_may_leave(f->server);
        script_times(f, BACK, pages[i], TRUE);
        script_times(f, BACK, pages[i], TRUE); /* may be doubted */
        script_times(f, THREADS "&after=cthr_60", "50 40", TRUE);
        script_times(f, THREADS "&after=cthr_40", "30", FALSE);
        wait_well(f, all_threads());
        wait_well(f, all_threads());
        assert_state(f, "threads:", NULL, TRUE);
        assert_threads(f, "cthr_90 cthr_80 cthr_70 cthr_60 cthr_50 cthr_40 cthr_30");
    }
}

/* It is only there to be quicker. */
static void a_back_that_is_late_is_given_up(void)
{
    g_autoptr(Fixture) f = fixture_with_two_pages();
    g_auto(Waiter) waiter = {0};
    script_times(f, BACK, "10 20", TRUE);
    script_times(f, THREADS "&after=cthr_60", "50 40", FALSE);
    server_hold(f->server);
    ck_pager_wait(f->pager, all_threads(), on_woken, &waiter);
    server_run_until(f->context, server_seen(f->server) == 4);
    server_release(f->server, 2);
    server_run_until(f->context, waiter.calls == 1);
    g_assert_no_error(waiter.error);
    assert_threads(f, "cthr_90 cthr_80 cthr_70 cthr_60 cthr_50 cthr_40");
}

/* Nor is it asked where --since ends the listing before the oldest ones. */
static void a_span_that_begins_has_no_back(void)
{
    g_autoptr(Fixture) f = fixture_new();
    set_span(f, 10, G_MAXINT64);
    script_times(f, THREADS, "90 80", TRUE);
    script_times(f, THREADS "&after=cthr_80", "70 60", TRUE);
    script_times(f, THREADS "&after=cthr_60", "50 40", TRUE);
    script_times(f, THREADS "&after=cthr_40", "30 5", TRUE);
    read_to_the_end(f, all_threads(), 4);
    g_assert_cmpuint(server_seen(f->server), ==, 4);
}

static void a_span_has_both_ends(void)
{
    g_autoptr(Fixture) f = fixture_new();
    set_span(f, 100, 200);
    script_times(f, THREADS, "300 250", TRUE);
    script_times(f, THREADS "&after=cthr_250", "210 200", TRUE);
    script_times(f, THREADS "&after=cthr_200", "100 90", TRUE);
    read_to_the_end(f, all_threads(), 3);
    assert_threads(f, "cthr_200 cthr_100");
}

static void what_is_not_in_the_span_is_not_stored(void)
{
    static const char *const ids[] = {"cthr_300", "cthr_50"};
    g_autoptr(Fixture) f = fixture_new();
    g_auto(CkUserRow) user = {0};
    set_span(f, 100, 200);
    script_elements(f, THREADS,
                    "{\"id\":\"cthr_300\",\"created_at\":300,\"user\":\"ann\"}\n"
                    "{\"id\":\"cthr_50\",\"created_at\":50,\"user\":\"bob\"}",
                    NULL, TRUE);
    wait_well(f, all_threads());
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_auto(CkThreadRow) none = {0};
        g_assert_cmpint(ck_store_thread_by_id(f->store, ids[i], &none, NULL), ==, CK_ABSENT);
    }
    g_assert_cmpint(ck_store_next_user(f->store, 0, &user, NULL), ==, CK_ABSENT);
}

static void a_users_listing_ends_with_the_span_as_well(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_USER_THREADS, "ann");
    set_span(f, 100, 250);
    script_times(f, THREADS "&user=ann", "300 200", TRUE);
    script_times(f, THREADS "&after=cthr_200&user=ann", "150 50", TRUE);
    read_to_the_end(f, &want, 2);
    assert_threads(f, "cthr_200 cthr_150");
    assert_state(f, "threads:", NULL, FALSE);
}

/* The span is one of threads: what they hold is shown whole. */
static void items_of_any_time_are_shown(void)
{
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_items(f);
    set_span(f, 100, 200);
    script_elements(f, ITEMS, "{\"id\":\"a\",\"created_at\":1}\n{\"id\":\"b\",\"created_at\":150}",
                    NULL, TRUE);
    script_elements(f, ITEMS "&after=b", "{\"id\":\"c\",\"created_at\":300}", NULL, FALSE);
    read_to_the_end(f, &want, 2);
    assert_items(f, 3);
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
    server_json_twice(f->server, THREAD, "{\"id\":\"cthr_2\"}");
    wait_badly(f, &want, CK_ERROR_BAD_RESPONSE);
    assert_threads(f, "");
    g_assert_cmpuint(f->reports, ==, 1);
}

static void an_answer_without_an_id_is_a_bad_response(void)
{
    static const char *const answers[] = {"{}",
                                          "[]",
                                          "null",
                                          "{\"title\":\"T\"}",
                                          "{\"id\":null}",
                                          "{\"id\":\"\"}",
                                          "{\"id\":\"\\ud83d\"}"};
    g_autoptr(Fixture) f = fixture_new();
    CkWant want = want_of(CK_WANT_THREAD, "cthr_1");
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_auto(CkThreadRow) thread = {0};
        server_json_twice(f->server, THREAD, answers[i]);
        wait_badly(f, &want, CK_ERROR_BAD_RESPONSE);
        g_assert_cmpint(ck_store_thread(f->store, 1, &thread, NULL), ==, CK_ABSENT);
    }
}

/* That the mount does not show it is an answer as well, and no failure. */
static void a_thread_out_of_the_view_is_not_found(void)
{
    static const struct {
        gint64 since, until;
        const char *user;
        const char *thread;
        gboolean shown;
    } cases[] = {
        {100, 200, NULL, "{\"id\":\"cthr_1\",\"created_at\":99}", FALSE},
        {100, 200, NULL, "{\"id\":\"cthr_1\",\"created_at\":100}", TRUE},
        {100, 200, NULL, "{\"id\":\"cthr_1\",\"created_at\":200}", TRUE},
        {100, 200, NULL, "{\"id\":\"cthr_1\",\"created_at\":201}", FALSE},
        {100, 200, NULL, "{\"id\":\"cthr_1\"}", TRUE},
        {0, G_MAXINT64, "ann", "{\"id\":\"cthr_1\",\"user\":\"ann\"}", TRUE},
        {0, G_MAXINT64, "jörg", "{\"id\":\"cthr_1\",\"user\":\"j\\u00f6rg\"}", TRUE},
        {0, G_MAXINT64, "ann", "{\"id\":\"cthr_1\",\"user\":\"Ann\"}", FALSE},
        {0, G_MAXINT64, "ann", "{\"id\":\"cthr_1\",\"user\":\"anna\"}", FALSE},
        {0, G_MAXINT64, "ann", "{\"id\":\"cthr_1\",\"user\":null}", FALSE},
        {0, G_MAXINT64, "ann", "{\"id\":\"cthr_1\",\"user\":\"\"}", FALSE},
        {0, G_MAXINT64, "ann", "{\"id\":\"cthr_1\"}", FALSE},
        /* a lone surrogate, which is decoded as U+FFFD */
        {0, G_MAXINT64, "\xef\xbf\xbd", "{\"id\":\"cthr_1\",\"user\":\"\\ud83d\"}", FALSE},
        {100, 200, "ann", "{\"id\":\"cthr_1\",\"user\":\"ann\",\"created_at\":50}", FALSE},
        {100, 200, "ann", "{\"id\":\"cthr_1\",\"user\":\"bob\",\"created_at\":150}", FALSE},
        {100, 200, "ann", "{\"id\":\"cthr_1\",\"user\":\"ann\",\"created_at\":150}", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_auto(CkThreadRow) thread = {0};
        CkWant want = want_of(CK_WANT_THREAD, "cthr_1");
        g_test_message("%s", cases[i].thread);
        set_span(f, cases[i].since, cases[i].until);
        f->config->user = g_strdup(cases[i].user);
        server_json(f->server, THREAD, cases[i].thread);
        if (cases[i].shown)
            wait_well(f, &want);
        else
            wait_badly(f, &want, CK_ERROR_NOT_FOUND);
        g_assert_cmpint(ck_store_thread_by_id(f->store, "cthr_1", &thread, NULL), ==,
                        cases[i].shown ? CK_FOUND : CK_ABSENT);
        g_assert_cmpuint(f->reports, ==, 0);
    }
}

static void an_id_that_cannot_stand_in_a_url_is_not_asked_for(void)
{
    static const CkWantKind kinds[] = {CK_WANT_ITEMS, CK_WANT_THREAD};
    g_autofree char *long_id = g_strnfill(129, 'a');
    const char *ids[] = {"a/b", "..", "a?b", "a b", "", "é", long_id, "no-id~0", "\xff\"\\ud83d\""};
    g_autoptr(Fixture) f = fixture_new();
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
            CkWant want = want_of(kinds[k], ids[i]);
            wait_badly(f, &want, CK_ERROR_BAD_RESPONSE);
        }
    g_assert_cmpuint(server_seen(f->server), ==, 0);
    g_assert_cmpuint(f->reports, ==, G_N_ELEMENTS(ids) * G_N_ELEMENTS(kinds));
}

/* For whom */

static CkWait *wait_as(Fixture *f, int pid, Waiter *waiter)
{
    CkCause cause = {.pid = pid, .name = "reader"};
    CkCause before = ck_causes_swap(ck_api_causes(f->api), cause);
    CkWait *wait = ck_pager_wait(f->pager, all_threads(), on_woken, waiter);
    ck_causes_swap(ck_api_causes(f->api), before);
    return wait;
}

static void assert_causes(Fixture *f, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    ck_causes_write(ck_api_causes(f->api), out);
    g_assert_cmpstr(out->str, ==, expected);
}

static void a_page_counts_once_for_who_waited_first(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) one = {0}, two = {0};
    script_page(f, THREADS, "cthr_1", NULL, FALSE);
    wait_as(f, 1, &one);
    wait_as(f, 2, &two);
    server_run_until(f->context, one.calls > 0 && two.calls > 0);
    assert_causes(f, "reader[1] 1\n");
}

/* Pages of both ends: those that are read ahead are asked for when answers come. Who waited first
 * and went away is not counted for any more. */
static void pages_that_are_read_ahead_count_for_who_waits(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) first = {0}, second = {0}, third = {0}, other = {0};
    script_times(f, THREADS, "900 890", TRUE);
    script_times(f, THREADS "&after=cthr_890", "880 870", TRUE);
    wait_as(f, 1, &first);
    server_run_until(f->context, first.calls > 0);
    wait_as(f, 1, &second);
    server_run_until(f->context, second.calls > 0);
    assert_causes(f, "reader[1] 2\n");
    script_times(f, BACK, "10 20", TRUE);
    script_times(f, THREADS "&after=cthr_870", "860 850", TRUE);
    script_times(f, BACK "&after=cthr_20", "30 40", TRUE);
    script_times(f, THREADS "&after=cthr_850", "840 830", TRUE);
    script_times(f, BACK "&after=cthr_40", "50 60", TRUE);
    server_hold(f->server);
    CkWait *gone = wait_as(f, 1, &third);
    wait_as(f, 2, &other);
    server_run_until(f->context, server_seen(f->server) == 3);
    ck_pager_cancel(gone);
    server_release(f->server, 5);
    server_run_until(f->context, server_seen(f->server) == 7);
    server_run_until(f->context, knows(f, "cthr_830") && knows(f, "cthr_60"));
    assert_causes(f, "reader[2] 4\nreader[1] 3\n");
}

#define TEST(name) g_test_add_func("/pager/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(every_want_has_its_own_listing);
    TEST(a_users_threads_are_wanted_by_the_filter_where_there_is_one);
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
    TEST(a_cursor_that_is_no_id_is_a_bad_response);
    TEST(after_the_last_page_no_cursor_is_needed);
    TEST(a_cursor_may_be_any_id);
    TEST(a_cursor_that_stays_is_a_bad_response);
    TEST(cursors_in_a_circle_are_a_bad_response);
    TEST(a_circle_into_an_earlier_mount_makes_the_listing_begin_again);
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
    TEST(after_the_store_lost_all_every_listing_begins_again);
    TEST(a_listing_that_begins_again_may_have_the_same_cursors);
    TEST(an_empty_page_is_the_end_where_the_cursor_is_still_there);
    TEST(an_empty_page_is_no_end_where_the_cursor_is_gone);
    TEST(a_rejected_first_page_is_only_an_error);
    TEST(a_page_that_cannot_be_stored_is_not_stored_at_all);
    TEST(a_failed_page_leaves_its_cursor_free);
    TEST(strange_items_cost_no_page);
    TEST(threads_without_an_id_are_each_kept);
    TEST(a_thread_without_an_id_is_named_by_its_title);
    TEST(items_without_an_id_are_each_kept);
    TEST(elements_before_any_id_are_each_kept);
    TEST(a_second_element_with_the_id_of_another_is_kept);
    TEST(the_first_of_two_with_one_id_has_it);
    TEST(an_id_that_comes_on_a_later_page_is_the_same_element);
    TEST(a_listing_that_begins_again_in_other_pages_knows_its_elements);
    TEST(ids_that_are_no_text_are_told_apart);
    TEST(threads_keep_their_ids_and_users_that_are_no_text);
    TEST(threads_are_called_by_their_ids_alone_if_told_so);
    TEST(threads_are_called_by_their_titles_otherwise);
    TEST(a_listing_ends_on_the_page_with_one_older_than_since);
    TEST(one_as_old_as_since_is_in_the_span);
    TEST(a_page_of_older_ones_alone_ends_the_listing_at_once);
    TEST(threads_that_are_not_in_their_order_are_a_failure);
    TEST(one_without_a_time_is_shown_and_ends_nothing);
    TEST(ones_newer_than_until_are_passed_over);
    TEST(a_span_has_both_ends);
    TEST(threads_that_have_changed_are_told);
    TEST(the_third_page_comes_with_pages_of_the_back);
    TEST(a_wide_listing_is_read_ahead);
    TEST(what_was_read_ahead_is_not_stored_without_what_is_before_it);
    TEST(a_back_that_fails_does_not_fail_the_listing);
    TEST(a_back_that_can_not_be_trusted_is_not_used);
    TEST(a_back_that_is_late_is_given_up);
    TEST(a_span_that_begins_has_no_back);
    TEST(what_is_not_in_the_span_is_not_stored);
    TEST(a_users_listing_ends_with_the_span_as_well);
    TEST(items_of_any_time_are_shown);
    TEST(a_thread_that_does_not_exist_is_an_answer);
    TEST(a_listing_that_does_not_exist_is_reported);
    TEST(a_thread_that_cannot_be_retrieved_is_reported);
    TEST(another_thread_than_the_one_asked_for_is_a_bad_response);
    TEST(an_answer_without_an_id_is_a_bad_response);
    TEST(a_thread_out_of_the_view_is_not_found);
    TEST(an_id_that_cannot_stand_in_a_url_is_not_asked_for);
    TEST(a_listing_that_begins_again_in_any_pages_knows_its_elements);
    TEST(ids_with_a_nul_byte_are_told_apart);
    TEST(a_page_counts_once_for_who_waited_first);
    TEST(pages_that_are_read_ahead_count_for_who_waits);
    return g_test_run();
}
