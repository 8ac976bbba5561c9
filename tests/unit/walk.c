/* SPDX-License-Identifier: MIT */
#include "walk.h"

#include <stdlib.h>

#include "client.h"
#include "rows.h"

/*
 * An account of threads 1 to N, as they are listed, of one item or several pages of one item each.
 * Their names are in another order: 27, 7, 34, 14, 41, 21, 1 …
 *
 * Requests are told by short names: "07" is the first page of items of thread 7, "07/2" its second
 * one; "list" the first page of threads, "list>07" the one after thread 7.
 */
#define THREADS   45
#define TITLES    47 /* a prime */
#define LIST_PAGE 5  /* threads on a page of the listing */

#define NO_RETRY "x-should-retry: false\r\n"

typedef struct {
    GMainContext *context;
    Server *server;
    CkConfig *config; /* of the walks; the API's own takes any number of requests at once */
    CkConfig *api_config;
    CkStore *store;
    CkApi *api;
    CkPager *pager;
    CkWalks *walks;
    Server *other; /* for round_trip() */
    CkConfig *other_config;
    CkApi *other_api;
    guint pages;     /* of items of each thread */
    guint seen;      /* requests that expect_asked() has been told of */
    GPtrArray *held; /* the names of those whose answers are held */
    guint failures;  /* that the pager has reported, since answers_ask() */
} Fixture;

static CkConfig *config_for(Server *server)
{
    CkConfig *config = client_config(server);
    config->concurrency = 256;
    return config;
}

static void on_failure(const GError *error, gpointer data)
{
    (void)error;
    ((Fixture *)data)->failures++;
}

/* Nothing is listed yet. */
static Fixture *fixture_empty(guint concurrency)
{
    Fixture *f = g_new0(Fixture, 1);
    f->context = g_main_context_new();
    f->server = server_new(f->context);
    f->other = server_new(f->context);
    f->api_config = config_for(f->server);
    f->other_config = config_for(f->other);
    f->config = ck_config_new();
    f->config->concurrency = concurrency;
    f->store = rows_new_store();
    f->api = client_api(f->context, f->api_config);
    f->other_api = client_api(f->context, f->other_config);
    f->pager = ck_pager_new(f->context, f->store, f->api, f->api_config);
    ck_pager_set_report(f->pager, on_failure, f);
    f->walks = ck_walks_new(f->store, f->pager, f->config);
    f->held = g_ptr_array_new_with_free_func(g_free);
    f->pages = 1;
    server_hold(f->server);
    return f;
}

static void fixture_free(Fixture *f)
{
    g_clear_pointer(&f->walks, ck_walks_free);
    ck_pager_free(f->pager);
    ck_api_free(f->api);
    ck_api_free(f->other_api);
    ck_store_free(f->store);
    server_free(f->server);
    server_free(f->other);
    g_ptr_array_unref(f->held);
    ck_config_free(f->config);
    ck_config_free(f->api_config);
    ck_config_free(f->other_config);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static char *thread_json(guint thread)
{
    return g_strdup_printf("{\"id\":\"cthr_%02u\",\"title\":\"T%02u\",\"user\":\"%s\"}", thread,
                           thread * 7 % TITLES, thread % 2 ? "odd" : "even");
}

static void put_threads(Fixture *f, guint from, guint to)
{
    for (guint thread = from; thread <= to; thread++) {
        g_autofree char *json = thread_json(thread);
        rows_put_thread(f->store, json);
    }
}

static void complete(Fixture *f, const char *listing)
{
    g_assert_true(ck_store_put_listing(f->store, listing, NULL, TRUE, NULL));
}

/* All threads are listed. */
static Fixture *fixture_new(guint concurrency)
{
    Fixture *f = fixture_empty(concurrency);
    put_threads(f, 1, THREADS);
    complete(f, "threads:");
    return f;
}

/* Somebody looks at the thread. */
static void visit(Fixture *f, guint thread)
{
    g_autofree char *id = g_strdup_printf("cthr_%02u", thread);
    g_auto(CkThreadRow) row = {0};
    rows_get_thread(f->store, id, &row);
    ck_walks_visit(f->walks, row.row);
}

/* The answers. They say what a name asks for. */

static void script_items(Fixture *f, guint thread, guint page)
{
    g_autofree char *after =
        page > 1 ? g_strdup_printf("&after=cthi_%02u_%u", thread, page - 1) : g_strdup("");
    g_autofree char *request = g_strdup_printf(
        "GET /v1/chatkit/threads/cthr_%02u/items?limit=100&order=asc%s", thread, after);
    g_autofree char *answer =
        g_strdup_printf("{\"data\":[{\"id\":\"cthi_%02u_%u\"}],\"has_more\":%s}", thread, page,
                        page < f->pages ? "true" : "false");
    server_json(f->server, request, answer);
}

static void script_threads(Fixture *f, guint after)
{
    g_autofree char *cursor = after ? g_strdup_printf("&after=cthr_%02u", after) : g_strdup("");
    g_autofree char *request =
        g_strdup_printf("GET /v1/chatkit/threads?limit=100&order=desc%s", cursor);
    g_autoptr(GString) answer = g_string_new("{\"data\":[");
    guint last = MIN(after + LIST_PAGE, THREADS);
    for (guint thread = after + 1; thread <= last; thread++) {
        g_autofree char *json = thread_json(thread);
        g_string_append_printf(answer, "%s%s", thread > after + 1 ? "," : "", json);
    }
    g_string_append_printf(answer, "],\"has_more\":%s}", last < THREADS ? "true" : "false");
    server_json(f->server, request, answer->str);
}

static void script(Fixture *f, const char *names)
{
    g_auto(GStrv) each = g_strsplit(names, " ", -1);
    for (char **name = each; *name && **name; name++) {
        const char *slash = strchr(*name, '/');
        if (g_str_has_prefix(*name, "list"))
            script_threads(f, (*name)[4] ? (guint)atoi(*name + 5) : 0);
        else
            script_items(f, (guint)atoi(*name), slash ? (guint)atoi(slash + 1) : 1);
    }
}

/* The name of a request. */
static char *name_of(const char *request)
{
    const char *after = strstr(request, "after=");
    const char *thread = strstr(request, "/cthr_");
    if (!thread)
        return after ? g_strconcat("list>", strchr(after, '_') + 1, NULL) : g_strdup("list");
    return after ? g_strdup_printf("%.2s/%d", thread + 6, atoi(strrchr(after, '_') + 1) + 1)
                 : g_strndup(thread + 6, 2);
}

static void on_answer(CkPreparedThread *thread, const GError *error, gpointer data)
{
    (void)thread;
    g_assert_no_error(error);
    *(gboolean *)data = TRUE;
}

/* Asks another server for something and waits for the answer: what was about to be asked of the
 * first one has been asked by then. */
static void round_trip(Fixture *f)
{
    gboolean answered = FALSE;
    server_json(f->other, "*", "{\"id\":\"cthr_1\"}");
    ck_api_get_thread(f->other_api, "cthr_1", on_answer, &answered);
    server_run_until(f->context, answered);
}

static int compare(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/* These requests have been made since the last call, in any order, and no others. */
static void expect_asked(Fixture *f, const char *names)
{
    g_auto(GStrv) expected = g_strsplit(names, " ", -1);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    guint count = g_strv_length(expected);
    server_run_until(f->context, server_seen(f->server) >= f->seen + count);
    round_trip(f);
    for (; f->seen < server_seen(f->server); f->seen++) {
        g_autofree char *request = server_request(f->server, f->seen);
        char *name = name_of(request);
        g_strv_builder_add(builder, name);
        g_ptr_array_add(f->held, name);
    }
    g_auto(GStrv) asked = g_strv_builder_end(builder);
    qsort(asked, g_strv_length(asked), sizeof *asked, compare);
    g_autofree char *all = g_strjoinv(" ", asked);
    g_assert_cmpstr(all, ==, names);
}

/* Visiting the thread has these requested, whose answers are held. */
static void visit_asks(Fixture *f, guint thread, const char *names)
{
    script(f, names);
    visit(f, thread);
    expect_asked(f, names);
}

static gboolean is_stored(Fixture *f, const char *name)
{
    if (g_str_has_prefix(name, "list")) {
        g_auto(CkListingState) state = {0};
        g_autofree char *before = name[4] ? g_strconcat("cthr_", name + 5, NULL) : NULL;
        const char *key = f->config->group_by_user ? "user:odd" : "threads:";
        g_assert_true(ck_store_listing(f->store, key, &state, NULL));
        return state.complete || g_strcmp0(state.cursor, before) != 0;
    }
    g_autofree char *id = g_strdup_printf("cthr_%.2s", name);
    g_auto(CkThreadRow) row = {0};
    rows_get_thread(f->store, id, &row);
    return row.items >= (name[2] ? (guint)atoi(name + 3) : 1);
}

static gboolean all_are_stored(Fixture *f)
{
    guint missing = 0;
    for (guint i = 0; i < f->held->len; i++)
        missing += !is_stored(f, g_ptr_array_index(f->held, i));
    return missing == f->failures;
}

/* All that has been asked for is answered, which has these requested. */
static void answers_ask(Fixture *f, const char *names)
{
    script(f, names);
    f->failures = 0;
    server_release_held(f->server);
    server_run_until(f->context, all_are_stored(f));
    g_ptr_array_set_size(f->held, 0);
    expect_asked(f, names);
}

/* Recognition */

static void one_thread_alone_is_no_walk(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    for (int i = 0; i < 3; i++)
        visit_asks(f, 5, "");
}

static void threads_that_are_no_neighbours_are_no_walk(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    visit_asks(f, 5, "");
    visit_asks(f, 7, "");
    visit_asks(f, 20, "");
    visit_asks(f, 1, "");
    visit_asks(f, 30, "");
}

static void no_thread_is_no_visit(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    visit_asks(f, 1, "");
    ck_walks_visit(f->walks, 0);
    ck_walks_visit(f->walks, 12345);
    expect_asked(f, "");
    visit_asks(f, 2, "03 04");
}

static void neighbours_as_they_are_listed_are_a_walk(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    visit_asks(f, 5, "");
    visit_asks(f, 6, "07 08");
    visit_asks(f, 7, "09 10 11");
}

static void neighbours_backwards_are_a_walk(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    visit_asks(f, 30, "");
    visit_asks(f, 29, "27 28");
    visit_asks(f, 28, "24 25 26");
}

static void neighbours_by_name_are_a_walk(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    visit_asks(f, 27, "");
    visit_asks(f, 7, "14 34");
    visit_asks(f, 34, "01 21 41");
}

/* Another thread in between, as of another reader, does not hide a walk. */
static void a_walk_begins_whatever_others_do(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    visit_asks(f, 5, "");
    visit_asks(f, 20, "");
    visit_asks(f, 6, "07 08");
}

static void a_walk_ends_with_the_threads(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    visit_asks(f, 42, "");
    visit_asks(f, 43, "44 45");
    visit_asks(f, 44, "");
    visit_asks(f, 45, "");
    answers_ask(f, "");
}

static void a_walk_backwards_ends_with_the_first_thread(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    visit_asks(f, 3, "");
    visit_asks(f, 2, "01");
    visit_asks(f, 1, "");
}

/* The window */

static void the_window_doubles_up_to_the_concurrency(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03 04");
    visit_asks(f, 3, "05 06 07");
    visit_asks(f, 4, "08 09 10 11 12");
    visit_asks(f, 5, "13 14 15 16 17 18"); /* 16 under way */
    visit_asks(f, 6, "");
    /* The window's end is 16 threads after the last one that was visited. */
    answers_ask(f, "19 20 21 22");
    g_assert_cmpuint(server_most_at_once(f->server), ==, 16);
    answers_ask(f, "");
    visit_asks(f, 7, "23");
    visit_asks(f, 8, "24");
    visit_asks(f, 10, "25 26");
}

static void the_window_is_no_wider_than_the_concurrency(void)
{
    g_autoptr(Fixture) f = fixture_new(3);
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03 04");
    visit_asks(f, 3, "05");
    visit_asks(f, 4, "");
    answers_ask(f, "06 07");
    answers_ask(f, "");
    g_assert_cmpuint(server_most_at_once(f->server), ==, 3);
}

static void one_at_a_time_where_the_concurrency_is_one(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03");
    visit_asks(f, 3, "");
    answers_ask(f, "04");
    visit_asks(f, 4, "");
    answers_ask(f, "05");
    answers_ask(f, "");
    visit_asks(f, 5, "06");
    g_assert_cmpuint(server_most_at_once(f->server), ==, 1);
}

/* Readers with several threads of their own come to threads in a somewhat other order. */
static void visits_within_the_window_may_come_in_any_order(void)
{
    g_autoptr(Fixture) f = fixture_new(4);
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03 04");
    visit_asks(f, 4, "05 06");
    visit_asks(f, 3, "");
    visit_asks(f, 1, "");
    answers_ask(f, "07 08");
    visit_asks(f, 8, "09 10");
    visit_asks(f, 6, "");
    visit_asks(f, 5, "");
    visit_asks(f, 7, "");
    answers_ask(f, "11 12");
    answers_ask(f, "");
    visit_asks(f, 9, "13");
}

static void nothing_is_asked_for_twice(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    complete(f, "items:cthr_04");
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03");
    answers_ask(f, "");
    visit_asks(f, 3, "05 06 07");
    answers_ask(f, "");
    /* The same way once more, and back. */
    visit_asks(f, 1, "");
    visit_asks(f, 2, "");
    visit_asks(f, 3, "");
    visit_asks(f, 2, "");
    visit_asks(f, 1, "");
}

/* Pages */

static void all_pages_of_a_thread_are_fetched(void)
{
    g_autoptr(Fixture) f = fixture_new(4);
    f->pages = 2;
    complete(f, "items:cthr_04");
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03");
    answers_ask(f, "03/2");
    answers_ask(f, "");
    complete(f, "items:cthr_05");
    complete(f, "items:cthr_06");
    visit_asks(f, 3, "07");
    answers_ask(f, "07/2");
    answers_ask(f, "");
}

/* Whatever the threads hold, no more than a window's worth follows the last visit. */
static void no_more_is_asked_for_than_a_window(void)
{
    g_autoptr(Fixture) f = fixture_new(4);
    f->pages = 100;
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03 04");
    answers_ask(f, "");
    /* Four: the next pages of those two, and two threads more. */
    visit_asks(f, 3, "04/2 05 06 07");
    answers_ask(f, "");
    visit_asks(f, 3, "");
}

/* What the window had no room for is fetched when the reader goes on. */
static void what_is_incomplete_is_read_on(void)
{
    g_autoptr(Fixture) f = fixture_new(2);
    f->pages = 2;
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03 04");
    answers_ask(f, "");
    visit_asks(f, 3, "04/2 05");
    answers_ask(f, "");
    visit_asks(f, 4, "05/2 06");
    answers_ask(f, "");
}

/* The listing */

static void the_listing_is_read_on_where_the_path_ends(void)
{
    g_autoptr(Fixture) f = fixture_empty(4);
    put_threads(f, 1, 5);
    g_assert_true(ck_store_put_listing(f->store, "threads:", "cthr_05", FALSE, NULL));
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03 04");
    visit_asks(f, 3, "05 list>05");
    /* One page is enough, the rest of the window is for items. */
    answers_ask(f, "06 07");
    visit_asks(f, 4, "08");
    answers_ask(f, "");
    visit_asks(f, 6, "09 10");
    visit_asks(f, 7, "list>10");
    answers_ask(f, "11");
    answers_ask(f, "");
}

static void a_walk_backwards_or_by_name_reads_no_listing(void)
{
    g_autoptr(Fixture) f = fixture_empty(16);
    put_threads(f, 1,
                5); /* by name: 1, 2, 3, 4, 5, as 7 · 5 < TITLES; but 1 to 5 is the listing's */
    put_threads(f, 30, 30);
    visit_asks(f, 5, "");
    visit_asks(f, 4, "02 03");
    visit_asks(f, 3, "01");
    visit_asks(f, 2, "");
    visit_asks(f, 1, "");
    visit_asks(f, 30, "");
}

/* Errors */

static void an_error_ends_the_walk_and_another_one_may_begin(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    server_reply(f->server, "GET /v1/chatkit/threads/cthr_03/items*", 500, NO_RETRY, "");
    script(f, "04");
    visit_asks(f, 1, "");
    visit(f, 2);
    expect_asked(f, "03 04");
    visit_asks(f, 3, "05 06 07");
    answers_ask(f, "");
    visit_asks(f, 4, ""); /* the window begins anew, and is full */
    visit_asks(f, 5, "08 09");
    answers_ask(f, "");
}

static void an_error_of_the_listing_ends_the_walk(void)
{
    g_autoptr(Fixture) f = fixture_empty(16);
    put_threads(f, 1, 4);
    server_reply(f->server, "GET /v1/chatkit/threads?limit=100&order=desc", 500, NO_RETRY, "");
    visit_asks(f, 2, "");
    script(f, "04");
    visit(f, 3);
    expect_asked(f, "04 list");
    answers_ask(f, "");
    visit_asks(f, 4, "list");
    answers_ask(f, "05");
    answers_ask(f, "");
}

/* Several walks */

static void eight_walks_keep_apart(void)
{
    g_autoptr(Fixture) f = fixture_new(64);
    for (guint i = 0; i < 8; i++)
        visit_asks(f, 1 + 4 * i, "");
    for (guint i = 0; i < 8; i++) {
        guint at = 2 + 4 * i;
        g_autofree char *names = g_strdup_printf("%02u %02u", at + 1, at + 2);
        visit_asks(f, at, names);
    }
    /* The last one has the others' way no more ahead of it. */
    visit_asks(f, 31, "33 34 35");
    answers_ask(f, "");
}

static void the_walk_that_rested_longest_makes_room_for_another(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    for (guint i = 0; i < 8; i++) {
        guint at = 2 + 4 * i;
        g_autofree char *names = g_strdup_printf("%02u %02u", at + 1, at + 2);
        visit_asks(f, at - 1, "");
        visit_asks(f, at, names);
    }
    /* 16 are under way. The first walk's two are no longer waited for. */
    visit_asks(f, 41, "");
    visit_asks(f, 42, "43 44");
    answers_ask(f, "");
    visit_asks(f, 3, "");
}

static void all_walks_together_keep_to_the_concurrency(void)
{
    g_autoptr(Fixture) f = fixture_new(4);
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03 04");
    visit_asks(f, 11, "");
    visit_asks(f, 12, "13 14");
    visit_asks(f, 21, "");
    visit_asks(f, 22, "");
    visit_asks(f, 23, "");
    answers_ask(f, "");
    g_assert_cmpuint(server_most_at_once(f->server), ==, 4);
    /* What there was no room for is known to be the third one's way all the same. */
    visit_asks(f, 24, "25 26 27 28");
    answers_ask(f, "");
}

static void two_readers_of_one_way_are_one_walk(void)
{
    g_autoptr(Fixture) f = fixture_new(4);
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03 04");
    visit_asks(f, 1, "");
    visit_asks(f, 3, "05 06");
    visit_asks(f, 2, "");
    visit_asks(f, 3, "");
    answers_ask(f, "07");
    answers_ask(f, "");
}

/* Grouped by user */

static Fixture *fixture_grouped(void)
{
    Fixture *f = fixture_new(16);
    f->config->group_by_user = TRUE;
    complete(f, "user:odd");
    complete(f, "user:even");
    return f;
}

static void neighbours_are_those_of_the_user_where_grouped(void)
{
    g_autoptr(Fixture) f = fixture_grouped();
    visit_asks(f, 1, "");
    visit_asks(f, 2, "");
    visit_asks(f, 3, "05 07");
    visit_asks(f, 4, "06 08");
    visit_asks(f, 5, "09 11 13");
    /* And backwards. */
    visit_asks(f, 44, "");
    visit_asks(f, 42, "38 40");
}

static void the_users_listing_is_read_on_where_grouped(void)
{
    g_autoptr(Fixture) f = fixture_empty(16);
    f->config->group_by_user = TRUE;
    put_threads(f, 1, 5);
    server_json(f->server, "GET /v1/chatkit/threads?limit=100&order=desc&user=odd",
                "{\"data\":[{\"id\":\"cthr_07\",\"user\":\"odd\"}],\"has_more\":false}");
    visit_asks(f, 1, "");
    script(f, "05");
    visit(f, 3);
    expect_asked(f, "05 list");
    answers_ask(f, "");
    visit_asks(f, 5, "07");
    answers_ask(f, "");
}

/* What can't be fetched */

static void a_thread_that_is_not_listed_has_no_neighbours(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    g_autoptr(CkPreparedThread) thread = ck_prepare_thread((CkSlice){"{}", 2}, NULL);
    g_assert_true(ck_store_put_thread(f->store, "cthr_99", NULL, "T00.cthr_99", thread,
                                      &(gboolean){0}, NULL));
    visit_asks(f, 99, "");
    visit_asks(f, 27, ""); /* the next one by name */
    visit_asks(f, 99, "");
    visit_asks(f, 7, "14 34");
}

static void a_thread_without_an_id_is_passed_over(void)
{
    g_autoptr(Fixture) f = fixture_empty(16);
    put_threads(f, 1, 3);
    rows_put_thread_as(f->store, "no-id~0123456789abcdef0123456789abcdef", "{}");
    put_threads(f, 4, 20);
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03");
    visit_asks(f, 3, "04 05 06");
    visit_asks(f, 4, "07 08 09 10 11 12");
}

/* Freeing */

static void walks_can_be_freed_with_requests_under_way(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    f->pages = 2;
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03 04");
    visit_asks(f, 3, "05 06 07");
    g_clear_pointer(&f->walks, ck_walks_free);
    answers_ask(f, "");
}

static void all_can_be_freed_with_requests_under_way(void)
{
    g_autoptr(Fixture) f = fixture_new(16);
    visit_asks(f, 1, "");
    visit_asks(f, 2, "03 04");
}

/* For whom */

static void assert_causes(Fixture *f, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    ck_causes_write(ck_api_causes(f->api), out);
    g_assert_cmpstr(out->str, ==, expected);
}

/* A visit of a process. */
static void visit_as(Fixture *f, CkCause cause, guint thread, const char *names)
{
    CkCause before = ck_causes_swap(ck_api_causes(f->api), cause);
    visit_asks(f, thread, names);
    ck_causes_swap(ck_api_causes(f->api), before);
}

/* Also those that are made when answers come, whoever does something meanwhile. */
static void what_is_fetched_ahead_counts_for_the_reader(void)
{
    const CkCause rg = {7, "rg"}, ls = {8, "ls"};
    g_autoptr(Fixture) f = fixture_new(3);
    f->pages = 2;
    visit_as(f, rg, 1, "");
    visit_as(f, rg, 2, "03 04");
    visit_as(f, ls, 30, "");
    visit_as(f, ls, 31, "32");
    assert_causes(f, "rg[7] 2\nls[8] 1\n");
    answers_ask(f, "32/2");
    assert_causes(f, "ls[8] 2\nrg[7] 2\n");
    visit_as(f, rg, 3, "04/2 05");
    assert_causes(f, "rg[7] 4\nls[8] 2\n");
}

#define TEST(name) g_test_add_func("/walk/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(one_thread_alone_is_no_walk);
    TEST(threads_that_are_no_neighbours_are_no_walk);
    TEST(no_thread_is_no_visit);
    TEST(neighbours_as_they_are_listed_are_a_walk);
    TEST(neighbours_backwards_are_a_walk);
    TEST(neighbours_by_name_are_a_walk);
    TEST(a_walk_begins_whatever_others_do);
    TEST(a_walk_ends_with_the_threads);
    TEST(a_walk_backwards_ends_with_the_first_thread);
    TEST(the_window_doubles_up_to_the_concurrency);
    TEST(the_window_is_no_wider_than_the_concurrency);
    TEST(one_at_a_time_where_the_concurrency_is_one);
    TEST(visits_within_the_window_may_come_in_any_order);
    TEST(nothing_is_asked_for_twice);
    TEST(all_pages_of_a_thread_are_fetched);
    TEST(no_more_is_asked_for_than_a_window);
    TEST(what_is_incomplete_is_read_on);
    TEST(the_listing_is_read_on_where_the_path_ends);
    TEST(a_walk_backwards_or_by_name_reads_no_listing);
    TEST(an_error_ends_the_walk_and_another_one_may_begin);
    TEST(an_error_of_the_listing_ends_the_walk);
    TEST(eight_walks_keep_apart);
    TEST(the_walk_that_rested_longest_makes_room_for_another);
    TEST(all_walks_together_keep_to_the_concurrency);
    TEST(two_readers_of_one_way_are_one_walk);
    TEST(neighbours_are_those_of_the_user_where_grouped);
    TEST(the_users_listing_is_read_on_where_grouped);
    TEST(a_thread_that_is_not_listed_has_no_neighbours);
    TEST(a_thread_without_an_id_is_passed_over);
    TEST(walks_can_be_freed_with_requests_under_way);
    TEST(all_can_be_freed_with_requests_under_way);
    TEST(what_is_fetched_ahead_counts_for_the_reader);
    return g_test_run();
}
