/* SPDX-License-Identifier: MIT */
#include "relist.h"

#include <stdlib.h>

#include "client.h"
#include "error.h"
#include "pager.h"
#include "rows.h"

/*
 * An account of threads that are called 01, 02, 03 … from the newest on, and n1, n2 … where they
 * are newer than all of those, the highest first; 10b is as old as 10 and behind it. Thread 01 has
 * the id cthr_01 and the title T01.
 *
 * A request is told by the thread that its page comes after: "-" is a listing's first page, "05"
 * the one after thread 05. It is answered from the account as it is when it is scripted; after a
 * thread that is gone comes what came after it before. "05=404" is answered with that status.
 */
#define LIST "GET /v1/chatkit/threads?limit=5&order=desc"
#define PAGE 5
#define TIME 1000000

typedef struct {
    GMainContext *context;
    Server *server;
    CkConfig *config;
    CkStore *store;
    CkApi *api;
    CkPager *pager;
    CkRelist *relist;
    GPtrArray *account; /* names, the newest first */
    GHashTable *titles; /* name → title, where it is not T and the name */
    const char *user;   /* whom requests are for; NULL: all */
    guint page_size;    /* what is asked for */
    GString *events;    /* since expect() */
    guint asked;        /* requests that expect() has been told of */
    gboolean ended;
} Fixture;

static gint64 time_of(const char *name)
{
    return *name == 'n' ? TIME + 10 * atoi(name + 1) : TIME - 10 * atoi(name);
}

static const char *user_of(const char *name)
{
    return (name[strlen(name) - 1] - '0') % 2 ? "ann" : "bob";
}

/* Events */

static void note(Fixture *f, const char *event, const char *id)
{
    g_string_append_printf(f->events, "%s%s", f->events->len ? " " : "", event);
    if (id)
        g_string_append_printf(f->events, ":%s", id + strlen("cthr_"));
}

static void on_changed(const char *thread_id, gpointer data)
{
    Fixture *f = data;
    g_auto(CkThreadRow) row = {0};
    rows_get_thread(f->store, thread_id, &row);
    g_assert_cmpuint(row.place, >, 0);
    note(f, "changed", thread_id);
}

static void on_gone(const CkThreadRow *thread, gpointer data)
{
    Fixture *f = data;
    g_auto(CkThreadRow) row = {0};
    g_assert_cmpint(ck_store_thread(f->store, thread->row, &row, NULL), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_thread_by_id(f->store, thread->id, &row, NULL), ==, CK_ABSENT);
    g_assert_true(g_str_has_suffix(thread->name, thread->id));
    g_assert_cmpuint(thread->place, >, 0);
    note(f, "gone", thread->id);
}

static void on_failed(const GError *error, gpointer data)
{
    g_assert_nonnull(error);
    g_assert_true(g_str_has_prefix(error->message, "listing threads anew: "));
    note(data, "failed", NULL);
}

static void on_ended(gpointer data)
{
    ((Fixture *)data)->ended = TRUE;
    note(data, "ended", NULL);
}

/* The fixture */

static Fixture *fixture_new(void)
{
    Fixture *f = g_new0(Fixture, 1);
    const CkRelistEvents events = {on_changed, on_gone, on_failed, on_ended, f};
    f->context = g_main_context_new();
    f->server = server_new(f->context);
    f->config = client_config(f->server);
    f->config->page_size = f->page_size = PAGE;
    f->config->concurrency = 16; /* of the API alone */
    f->store = rows_new_store();
    f->api = client_api(f->context, f->config);
    f->config->concurrency = 2; /* one page at a time */
    f->pager = ck_pager_new(f->context, f->store, f->api, f->config);
    f->relist = ck_relist_new(f->store, f->api, f->config, &events);
    f->account = g_ptr_array_new_with_free_func(g_free);
    f->titles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    f->events = g_string_new(NULL);
    return f;
}

static void fixture_free(Fixture *f)
{
    g_clear_pointer(&f->relist, ck_relist_free);
    ck_pager_free(f->pager);
    ck_api_free(f->api);
    ck_store_free(f->store);
    server_free(f->server);
    ck_config_free(f->config);
    g_ptr_array_unref(f->account);
    g_hash_table_unref(f->titles);
    g_string_free(f->events, TRUE);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* The account */

static void add(Fixture *f, const char *name)
{
    guint at = 0;
    while (at < f->account->len && time_of(g_ptr_array_index(f->account, at)) >= time_of(name))
        at++;
    g_ptr_array_insert(f->account, (gint)at, g_strdup(name));
}

/* Threads are created. */
static void create(Fixture *f, const char *names)
{
    g_auto(GStrv) each = g_strsplit(names, " ", -1);
    for (char **name = each; *name; name++)
        add(f, *name);
}

/* Threads are deleted. */
static void remove_from(Fixture *f, const char *names)
{
    g_auto(GStrv) each = g_strsplit(names, " ", -1);
    for (char **name = each; *name; name++) {
        guint at;
        g_assert_true(g_ptr_array_find_with_equal_func(f->account, *name, g_str_equal, &at));
        g_ptr_array_remove_index(f->account, at);
    }
}

static void rename_to(Fixture *f, const char *name, const char *title)
{
    g_hash_table_insert(f->titles, g_strdup(name), g_strdup(title));
}

static char *json_of(Fixture *f, const char *name)
{
    const char *title = g_hash_table_lookup(f->titles, name);
    return g_strdup_printf("{\"id\":\"cthr_%s\",\"title\":\"%s%s\",\"user\":\"%s\","
                           "\"created_at\":%" G_GINT64_FORMAT "}",
                           name, title ? title : "T", title ? "" : name, user_of(name),
                           time_of(name));
}

/* The first known ones of an account of count threads have been listed. */
static void begin_with(Fixture *f, guint count, guint known)
{
    for (guint i = 1; i <= count; i++) {
        g_autofree char *name = g_strdup_printf("%02u", i);
        g_autofree char *json = json_of(f, name);
        add(f, name);
        if (i <= known)
            rows_put_thread(f->store, json);
    }
}

static void put_listing(Fixture *f, const char *key, const char *cursor, gboolean complete)
{
    g_assert_true(ck_store_put_listing(f->store, key, cursor, complete, NULL));
}

/* All of them, to the end. */
static Fixture *fixture_complete(guint count)
{
    Fixture *f = fixture_new();
    begin_with(f, count, count);
    put_listing(f, "threads:", NULL, TRUE);
    return f;
}

/* The first known ones of them. */
static Fixture *fixture_in_part(guint count, guint known)
{
    Fixture *f = fixture_new();
    g_autofree char *cursor = g_strdup_printf("cthr_%02u", known);
    begin_with(f, count, known);
    put_listing(f, "threads:", cursor, FALSE);
    return f;
}

/* The server */

static char *page_after(Fixture *f, const char *after)
{
    g_autoptr(GString) page = g_string_new("{\"data\":[");
    guint taken = 0;
    gboolean more = FALSE;
    for (guint i = 0; i < f->account->len && !more; i++) {
        const char *name = g_ptr_array_index(f->account, i);
        g_autofree char *json = json_of(f, name);
        if ((*after != '-' && time_of(name) >= time_of(after)) ||
            (f->user && strcmp(user_of(name), f->user) != 0))
            continue;
        more = taken == f->page_size;
        if (!more)
            g_string_append_printf(page, "%s%s", taken++ ? "," : "", json);
    }
    g_string_append_printf(page, "],\"has_more\":%s}", more ? "true" : "false");
    return g_strdup(page->str);
}

static char *request_after(Fixture *f, const char *after)
{
    g_autofree char *cursor =
        *after == '-' ? g_strdup("") : g_strconcat("&after=cthr_", after, NULL);
    return g_strdup_printf("GET /v1/chatkit/threads?limit=%u&order=desc%s%s%s", f->page_size,
                           cursor, f->user ? "&user=" : "", f->user ? f->user : "");
}

static void script_body(Fixture *f, const char *after, const char *body)
{
    g_autofree char *request = request_after(f, after);
    server_json(f->server, request, body);
}

/* Whether a thread is there is going to be asked. */
static void script_thread(Fixture *f, const char *name)
{
    g_autofree char *request = g_strconcat("GET /v1/chatkit/threads/cthr_", name, NULL);
    g_autofree char *json = json_of(f, name);
    if (g_ptr_array_find_with_equal_func(f->account, name, g_str_equal, NULL))
        server_json(f->server, request, json);
    else
        server_reply(f->server, request, 404, "", "{}");
}

/* These requests are going to be made: NAME, a page after a thread ("-": the first one), perhaps
 * with its status as NAME=400; ?NAME, a thread. */
static void script(Fixture *f, const char *requests)
{
    g_auto(GStrv) each = g_strsplit(requests, " ", -1);
    for (char **at = each; *at && **at; at++) {
        if (**at == '?') {
            script_thread(f, *at + 1);
            continue;
        }
        g_auto(GStrv) parts = g_strsplit(*at, "=", 2);
        g_autofree char *request = request_after(f, parts[0]);
        g_autofree char *page = page_after(f, parts[0]);
        if (parts[1])
            server_reply(f->server, request, atoi(parts[1]), "retry-after-ms: 1\r\n", "{}");
        else
            server_json(f->server, request, page);
    }
}

/* Lists anew to the end. */
static void run(Fixture *f)
{
    f->ended = FALSE;
    ck_relist_start(f->relist);
    server_run_until(f->context, f->ended);
}

/* What has happened since the last call: so many requests, and these events. */
static void expect(Fixture *f, guint requests, const char *events)
{
    g_assert_cmpstr(f->events->str, ==, events);
    g_assert_cmpuint(server_seen(f->server) - f->asked, ==, requests);
    f->asked = server_seen(f->server);
    g_string_truncate(f->events, 0);
}

/* Lists anew, which takes these requests and no others. */
static void relist(Fixture *f, const char *requests, const char *events)
{
    g_auto(GStrv) each = g_strsplit(requests, " ", -1);
    script(f, requests);
    run(f);
    expect(f, *requests ? g_strv_length(each) : 0, events);
}

/* The store */

/* The threads in the order of ck_store_next_thread(). */
static char *listed(Fixture *f)
{
    GString *names = g_string_new(NULL);
    guint64 after = 0;
    for (;;) {
        g_auto(CkThreadRow) thread = {0};
        if (ck_store_next_thread(f->store, 0, after, G_MAXINT64, &thread, NULL) != CK_FOUND)
            return g_string_free(names, FALSE);
        g_string_append_printf(names, "%s%s", names->len ? " " : "", thread.id + strlen("cthr_"));
        after = thread.place;
    }
}

static void assert_listed(Fixture *f, const char *expected)
{
    g_autofree char *names = listed(f);
    g_assert_cmpstr(names, ==, expected);
}

/* The store has the account, in its order. */
static void assert_same(Fixture *f)
{
    g_ptr_array_add(f->account, NULL);
    g_autofree char *account = g_strjoinv(" ", (char **)f->account->pdata);
    g_ptr_array_set_size(f->account, (gint)f->account->len - 1);
    assert_listed(f, account);
}

static void assert_state(Fixture *f, const char *key, const char *cursor, gboolean complete)
{
    g_auto(CkListingState) state = {0};
    g_assert_true(ck_store_listing(f->store, key, &state, NULL));
    g_assert_cmpstr(state.cursor, ==, cursor);
    g_assert_cmpint(state.complete, ==, complete);
}

static void assert_name(Fixture *f, const char *name, gint64 row, const char *present)
{
    g_auto(CkThreadRow) thread = {0};
    g_assert_cmpint(ck_store_thread_named(f->store, name, &thread, NULL), ==, CK_FOUND);
    g_assert_cmpint(thread.row, ==, row);
    g_assert_cmpstr(thread.name, ==, present);
}

/* A thread that was retrieved by itself. */
static void retrieve(Fixture *f, const char *name)
{
    g_autofree char *id = g_strconcat("cthr_", name, NULL);
    g_autofree char *json = json_of(f, name);
    g_autoptr(CkPreparedThread) thread = ck_prepare_thread((CkSlice){json, strlen(json)}, NULL);
    g_assert_true(
        ck_store_put_thread(f->store, id, thread->user, id, thread, &(gboolean){0}, NULL));
}

static void on_woken(const GError *error, gpointer data)
{
    g_assert_no_error(error);
    *(gboolean *)data = TRUE;
}

/* Somebody reads one more page of the listing. */
static void read_on(Fixture *f, const char *requests)
{
    const CkWant want = {f->user ? CK_WANT_USER_THREADS : CK_WANT_THREADS, (char *)f->user};
    gboolean woken = FALSE;
    script(f, requests);
    ck_pager_wait(f->pager, &want, on_woken, &woken);
    server_run_until(f->context, woken);
}

/* Nothing has changed */

static void a_page_is_asked_for_each_page_that_is_known(void)
{
    static const struct {
        guint threads;
        const char *requests;
    } cases[] = {
        {0, "- -"}, /* an empty page proves nothing */
        {1, "-"},
        {PAGE - 1, "-"},
        {PAGE, "-"},
        {PAGE + 1, "- 05"},
        {2 * PAGE - 1, "- 05"},
        {2 * PAGE, "- 05"},
        {2 * PAGE + 1, "- 05 10"},
        {23, "- 05 10 15 20"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_complete(cases[i].threads);
        relist(f, cases[i].requests, "ended");
        relist(f, cases[i].requests, "ended");
        assert_same(f);
        assert_state(f, "threads:", NULL, TRUE);
    }
}

static void what_was_never_listed_is_not_listed_anew(void)
{
    g_autoptr(Fixture) f = fixture_new();
    begin_with(f, 3, 0);
    retrieve(f, "02");
    relist(f, "", "ended");
    assert_listed(f, "");
    assert_state(f, "threads:", NULL, FALSE);
}

static void half_of_the_requests_that_may_be_are_under_way(void)
{
    static const struct {
        guint concurrency, at_once;
    } cases[] = {{1, 1}, {2, 1}, {3, 1}, {4, 2}, {8, 4}, {9, 4}, {12, 6}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_complete(5 * PAGE);
        guint left = 5;
        f->config->concurrency = cases[i].concurrency;
        server_hold(f->server);
        script(f, "- 05 10 15 20");
        ck_relist_start(f->relist);
        while (left > 0) {
            guint seen = 5 - left + MIN(left, cases[i].at_once);
            server_run_until(f->context, server_seen(f->server) == seen);
            server_release(f->server, 1);
            left--;
        }
        server_run_until(f->context, f->ended);
        expect(f, 5, "ended");
        g_assert_cmpuint(server_most_at_once(f->server), ==, MIN(5, cases[i].at_once));
    }
}

/* New threads */

static void new_threads_come_first(void)
{
    g_autoptr(Fixture) f = fixture_complete(12);
    create(f, "n1 n2 n3");
    relist(f, "- 02 05 10", "changed:n3 changed:n2 changed:n1 ended");
    assert_same(f);
    relist(f, "- 02 07", "ended"); /* they are bounds like others */
    create(f, "n4");
    relist(f, "- 01 02 07", "changed:n4 ended");
    assert_same(f);
}

static void more_new_threads_than_a_page_come_first(void)
{
    g_autoptr(Fixture) f = fixture_complete(12);
    create(f, "n1 n2 n3 n4 n5 n6 n7 n8 n9 n10 n11 n12");
    relist(f, "- n8 n3 03 05 10",
           "changed:n12 changed:n11 changed:n10 changed:n9 changed:n8 changed:n7 changed:n6 "
           "changed:n5 changed:n4 changed:n3 changed:n2 changed:n1 ended");
    assert_same(f);
    relist(f, "- n8 n3 03 08", "ended");
}

static void all_are_new_where_none_was_known(void)
{
    g_autoptr(Fixture) f = fixture_complete(0);
    create(f, "01 02 03 04 05 06");
    relist(f, "- 05", "changed:01 changed:02 changed:03 changed:04 changed:05 changed:06 ended");
    assert_same(f);
}

static void a_thread_that_was_retrieved_gets_its_place(void)
{
    g_autoptr(Fixture) f = fixture_complete(6);
    create(f, "n1 n2 n3");
    retrieve(f, "n2");
    assert_listed(f, "01 02 03 04 05 06");
    relist(f, "- 02 05", "changed:n3 changed:n2 changed:n1 ended");
    assert_same(f);
}

/* Titles */

static void threads_that_changed_are_told_of(void)
{
    g_autoptr(Fixture) f = fixture_complete(12);
    g_auto(CkThreadRow) first = {0}, fifth = {0}, last = {0};
    rows_get_thread(f->store, "cthr_01", &first);
    rows_get_thread(f->store, "cthr_05", &fifth);
    rows_get_thread(f->store, "cthr_12", &last);
    rename_to(f, "01", "One");
    rename_to(f, "05", "Five");
    rename_to(f, "12", "Twelve");
    relist(f, "- 05 10", "changed:01 changed:05 changed:12 ended");
    assert_same(f);
    assert_name(f, "T01.cthr_01", first.row, "One.cthr_01");
    assert_name(f, "One.cthr_01", first.row, "One.cthr_01");
    assert_name(f, "T05.cthr_05", fifth.row, "Five.cthr_05");
    assert_name(f, "T12.cthr_12", last.row, "Twelve.cthr_12");
    relist(f, "- 05 10", "ended");
}

static void names_are_ids_where_they_are_to_be(void)
{
    g_autoptr(Fixture) f = fixture_complete(0);
    g_auto(CkThreadRow) row = {0};
    f->config->name_by_id = TRUE;
    create(f, "01");
    relist(f, "-", "changed:01 ended");
    rows_get_thread(f->store, "cthr_01", &row);
    g_assert_cmpstr(row.name, ==, "cthr_01");
}

/* Threads that are gone */

static void threads_that_are_gone_are_dropped(void)
{
    static const struct {
        guint known;
        const char *gone, *requests, *events;
    } cases[] = {
        {12, "03", "- 05 10", "gone:03 ended"},
        {12, "01", "- 05 10", "gone:01 ended"},
        {12, "12", "- 05 10", "gone:12 ended"},
        {12, "01 02 03 04", "- 05 10", "gone:01 gone:02 gone:03 gone:04 ended"},
        {12, "11 12", "- 05 10 10 ?10", "gone:11 gone:12 ended"},
        /* bounds, of which the server still knows where they were, … */
        {12, "05", "- 06 05 10", "gone:05 ended"},
        {12, "10", "- 05 11 10", "gone:10 ended"},
        {12, "05 10", "- 06 05 11 10", "gone:05 gone:10 ended"},
        /* … or does not */
        {12, "05", "- 06 05=400 10", "gone:05 ended"},
        {12, "05", "- 06 05=404 10", "gone:05 ended"},
        {12, "10", "- 05 11 10=400", "gone:10 ended"},
        {12, "05 10", "- 06 05=404 10=404", "gone:05 gone:10 ended"},
        {22, "05 10 15", "- 06 12 18 05=400 10=400 15=400 20", "gone:05 gone:10 gone:15 ended"},
        {6, "01 02 03 04 05 06", "- - 05=400",
         "gone:01 gone:02 gone:03 gone:04 gone:05 gone:06 ended"},
        {1, "01", "- -", "gone:01 ended"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_complete(cases[i].known);
        g_test_message("%s: %s", cases[i].gone, cases[i].requests);
        remove_from(f, cases[i].gone);
        relist(f, cases[i].requests, cases[i].events);
        assert_same(f);
        assert_state(f, "threads:", NULL, TRUE);
    }
}

static void a_thread_that_is_gone_takes_its_items(void)
{
    g_autoptr(Fixture) f = fixture_complete(3);
    g_auto(CkThreadRow) gone = {0}, kept = {0};
    g_auto(CkItemRow) item = {0}, none = {0};
    rows_put_message(f->store, "cthr_02", "cthi_1", 5, "gone");
    rows_put_message(f->store, "cthr_03", "cthi_1", 5, "kept");
    put_listing(f, "items:cthr_02", NULL, TRUE);
    put_listing(f, "items:cthr_03", NULL, TRUE);
    rows_get_thread(f->store, "cthr_02", &gone);
    rows_get_thread(f->store, "cthr_03", &kept);
    remove_from(f, "02");
    relist(f, "-", "gone:02 ended");
    g_assert_cmpint(ck_store_item_numbered(f->store, gone.row, 1, &none, NULL), ==, CK_ABSENT);
    rows_get_item(f->store, kept.row, 1, &item);
    assert_state(f, "items:cthr_02", NULL, FALSE);
    assert_state(f, "items:cthr_03", NULL, TRUE);
}

static void what_changed_in_several_ways_is_as_it_is_now(void)
{
    g_autoptr(Fixture) f = fixture_complete(16);
    create(f, "n1 n2");
    remove_from(f, "02 05 09 16");
    rename_to(f, "07", "Seven");
    relist(f, "- 04 05=404 10 15 15 ?15",
           "changed:07 changed:n2 changed:n1 gone:02 gone:05 gone:09 gone:16 ended");
    assert_same(f);
}

/* Its own page is asked for after the one that still has it. */
static void a_bound_that_goes_meanwhile_has_all_listed_once_more(void)
{
    static const struct {
        const char *requests, *bound, *once_more, *events;
        guint count;
    } rounds[] = {{"- 05=400 10", "05", "- 06 11", "gone:05 ended", 6},
                  {"- 06=400 11", "06", "- 07", "gone:06 ended", 5},
                  {"- 07=400", "07", "- 08", "gone:07 ended", 4}};
    g_autoptr(Fixture) f = fixture_complete(12);
    for (gsize i = 0; i < G_N_ELEMENTS(rounds); i++) {
        script(f, rounds[i].requests);
        remove_from(f, rounds[i].bound);
        script(f, rounds[i].once_more);
        run(f);
        expect(f, rounds[i].count, rounds[i].events);
        assert_same(f);
    }
}

static void bounds_that_go_three_times_are_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_complete(12);
    script(f, "- 05=400 10");
    remove_from(f, "05");
    script(f, "- 06=400 11");
    remove_from(f, "06");
    script(f, "- 07=400");
    run(f);
    expect(f, 8, "failed ended");
    assert_listed(f, "01 02 03 04 05 06 07 08 09 10 11 12");
    relist(f, "- 07 05=400 10", "gone:05 gone:06 ended"); /* 07 is there after all */
    assert_same(f);
}

/* Failures */

static void a_page_that_fails_has_nothing_dropped(void)
{
    static const struct {
        const char *requests; /* … */
        const char *last;     /* and one more after that thread, which gets this answer: */
        const char *body;
        gboolean doubted; /* and it is asked for once more */
    } cases[] = {
        {"- 05=500 05=500 05=500", NULL, NULL},
        {"- 05=401", NULL, NULL},
        {"-=404", NULL, NULL},
        {"-=400", NULL, NULL},
        {"- 05 10=503 10=503 10=503", NULL, NULL},
        {"-", "05", "{\"data\":[{\"id\":\"cthr_06\"", TRUE},
        {"-", "05", "{\"data\":[],\"has_more\":true}", TRUE},
        {"-", "05", "{\"data\":[{\"id\":5}],\"has_more\":true}"},
        {"", "-", "[]", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_complete(12);
        g_auto(GStrv) requests = g_strsplit(cases[i].requests, " ", -1);
        guint count = *cases[i].requests ? g_strv_length(requests) : 0;
        remove_from(f, "02 12");
        create(f, "n1");
        script(f, cases[i].requests);
        if (cases[i].last)
            script_body(f, cases[i].last, cases[i].body);
        if (cases[i].doubted)
            script_body(f, cases[i].last, cases[i].body);
        run(f);
        expect(f, count + (cases[i].last != NULL) + cases[i].doubted, "failed ended");
        assert_listed(f, "01 02 03 04 05 06 07 08 09 10 11 12");
        assert_state(f, "threads:", NULL, TRUE);
        relist(f, "- 05 10", "changed:n1 gone:02 gone:12 ended");
        assert_same(f);
    }
}

static void cursors_in_a_circle_are_a_failure(void)
{
    static const char page[] =
        "{\"data\":[{\"title\":\"no id\"}],\"last_id\":\"%s\",\"has_more\":true}";
    g_autoptr(Fixture) f = fixture_complete(12);
    g_autofree char *one = g_strdup_printf(page, "x");
    g_autofree char *other = g_strdup_printf(page, "y");
    remove_from(f, "02");
    script(f, "-");
    script_body(f, "05", one);
    server_json(f->server, LIST "&after=x", other);
    server_json(f->server, LIST "&after=y", one);
    run(f);
    expect(f, 4, "failed ended");
    assert_listed(f, "01 02 03 04 05 06 07 08 09 10 11 12");
}

static void a_cursor_within_a_segment_that_goes_has_all_listed_once_more(void)
{
    g_autoptr(Fixture) f = fixture_complete(12);
    remove_from(f, "05");
    relist(f, "- 06=400 05 10 - 06 05 10", "gone:05 ended");
    create(f, "05");
    remove_from(f, "10");
    relist(f, "- 05 06 11=404 - 05 06", "changed:05 gone:10 ended");
    assert_listed(f, "05 01 02 03 04 06 07 08 09 11 12");
}

/* A server may answer so for a cursor that is gone: the end is where the thread is still there. */
static void an_empty_page_is_no_end_where_its_cursor_is_gone(void)
{
    static const char nothing[] = "{\"data\":[],\"has_more\":false}";
    g_autoptr(Fixture) f = fixture_complete(12);
    script(f, "-");
    remove_from(f, "05");
    script_body(f, "05", nothing);
    script_body(f, "05", nothing);
    script(f, "?05 10 - 06 11");
    run(f);
    expect(f, 8, "gone:05 ended");
    assert_same(f);
}

static void a_cursor_that_is_no_id_is_a_failure(void)
{
    static const char page[] =
        "{\"data\":[{\"id\":\"cthr_01\",\"title\":\"New\"}],\"last_id\":\"a/b\",\"has_more\":true}";
    g_autoptr(Fixture) f = fixture_complete(3);
    script_body(f, "-", page);
    run(f);
    expect(f, 1, "failed ended");
    assert_listed(f, "01 02 03");
}

static void a_failure_ends_what_else_is_under_way(void)
{
    g_autoptr(Fixture) f = fixture_complete(4 * PAGE);
    f->config->concurrency = 8;
    script(f, "-=400 05 10 15");
    server_hold(f->server);
    ck_relist_start(f->relist);
    server_run_until(f->context, server_seen(f->server) == 4);
    server_release_held(f->server);
    server_run_until(f->context, f->ended);
    g_assert_cmpstr(f->events->str, ==, "failed ended");
}

/* Size */

static void a_page_that_is_too_large_is_asked_for_in_halves(void)
{
    g_autoptr(Fixture) f = fixture_complete(12);
    g_autofree char *large = g_strnfill(16 * 1024 * 1024 + 1, ' ');
    remove_from(f, "08");
    script(f, "-");
    script_body(f, "05", large);
    f->page_size = 2;
    script(f, "05 07");
    f->page_size = PAGE;
    script(f, "10");
    run(f);
    expect(f, 5, "gone:08 ended");
    assert_same(f);
}

static void a_thread_that_is_too_large_is_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_complete(2);
    g_autofree char *large = g_strnfill(16 * 1024 * 1024 + 1, ' ');
    static const guint sizes[] = {5, 2, 1};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        f->page_size = sizes[i];
        script_body(f, "-", large);
    }
    run(f);
    expect(f, 3, "failed ended");
}

/* Listings that were read in part */

static void a_listing_is_read_as_far_as_it_has_been(void)
{
    static const struct {
        guint known;
        const char *requests;
    } cases[] = {{1, "-"}, {3, "-"}, {5, "-"}, {6, "- 05"}, {10, "- 05"}, {11, "- 05 10"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_in_part(23, cases[i].known);
        g_autofree char *before = listed(f);
        g_autofree char *cursor = g_strdup_printf("cthr_%02u", cases[i].known);
        relist(f, cases[i].requests, "ended");
        assert_listed(f, before);
        assert_state(f, "threads:", cursor, FALSE);
    }
}

static void a_listing_that_changed_is_read_as_far_as_it_has_been(void)
{
    g_autoptr(Fixture) f = fixture_in_part(14, 8);
    create(f, "n1 n2");
    remove_from(f, "02 07");
    rename_to(f, "08", "Eight");
    rename_to(f, "09", "Nine"); /* on a page that is read, but behind */
    relist(f, "- 04 05", "changed:08 changed:n2 changed:n1 gone:02 gone:07 ended");
    assert_listed(f, "n2 n1 01 03 04 05 06 08");
    assert_state(f, "threads:", "cthr_08", FALSE);
    read_on(f, "08");
    read_on(f, "13");
    assert_same(f);
    assert_state(f, "threads:", NULL, TRUE);
}

/* The listing has been read up to the tenth thread. */
static void where_the_cursor_is_gone_the_listing_goes_on_before_it(void)
{
    static const struct {
        const char *gone, *requests, *events;
        const char *cursor; /* NULL: the beginning */
        const char *page, *next;
    } cases[] = {
        {"10", "- 05", "gone:10 ended", "cthr_09", "09", "15"},
        {"08 09 10", "- 05", "gone:08 gone:09 gone:10 ended", "cthr_07", "07", "15"},
        {"10 11 12", "- 05", "gone:10 ended", "cthr_09", "09", NULL},
        {"06 07 08 09 10", "- 05", "gone:06 gone:07 gone:08 gone:09 gone:10 ended", "cthr_05", "05",
         "15"},
        {"05 10", "- 06 05=400", "gone:05 gone:10 ended", "cthr_09", "09", "15"},
        {"05 10", "- 06 05", "gone:05 gone:10 ended", "cthr_09", "09", "15"},
        {"01 02 03 04 05 06 07 08 09 10", "- 05=400",
         "gone:01 gone:02 gone:03 gone:04 gone:05 gone:06 gone:07 gone:08 gone:09 gone:10 ended",
         NULL, "-", "15"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_in_part(17, 10);
        remove_from(f, cases[i].gone);
        relist(f, cases[i].requests, cases[i].events);
        assert_state(f, "threads:", cases[i].cursor, FALSE);
        read_on(f, cases[i].page);
        if (cases[i].next)
            read_on(f, cases[i].next);
        assert_state(f, "threads:", NULL, TRUE);
        assert_same(f);
    }
}

static void a_listing_is_complete_where_all_behind_its_cursor_is_gone(void)
{
    static const struct {
        const char *gone, *events;
    } cases[] = {{"11 12 13", "ended"},
                 {"10 11 12 13", "gone:10 ended"},
                 {"09 10 11 12 13", "gone:09 gone:10 ended"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_in_part(13, 10);
        remove_from(f, cases[i].gone);
        relist(f, "- 05", cases[i].events);
        assert_same(f);
        if (i == 0) { /* the cursor is there: the reader will see */
            assert_state(f, "threads:", "cthr_10", FALSE);
            read_on(f, "10 10 ?10");
        }
        assert_state(f, "threads:", NULL, TRUE);
    }
}

/* The listing goes on while it is listed anew. */
static void a_reader_may_go_on_meanwhile(void)
{
    g_autoptr(Fixture) f = fixture_in_part(14, 8);
    remove_from(f, "03");
    script(f, "-");
    ck_relist_start(f->relist);
    server_run_until(f->context, server_seen(f->server) == 1);
    script(f, "05");
    read_on(f, "08");
    read_on(f, "13");
    server_run_until(f->context, f->ended);
    expect(f, 4, "gone:03 ended");
    assert_same(f);
    assert_state(f, "threads:", NULL, TRUE);
}

/* It was behind the cursor's thread, and is not new. */
static void a_thread_as_old_as_the_cursor_that_is_gone_is_behind_all(void)
{
    for (int more = 0; more < 2; more++) {
        g_autoptr(Fixture) f = fixture_in_part(14, 10);
        create(f, "10b n1");
        remove_from(f, more ? "10" : "10 11 12 13 14");
        relist(f, more ? "- 04 05 10b" : "- 04 05", "changed:n1 changed:10b gone:10 ended");
        assert_listed(f, "n1 01 02 03 04 05 06 07 08 09 10b");
        assert_state(f, "threads:", more ? "cthr_10b" : NULL, !more);
        if (more)
            read_on(f, "10b");
        assert_same(f);
    }
}

/* It may be one that is behind it. */
static void a_thread_as_old_as_the_cursor_stays(void)
{
    g_autoptr(Fixture) f = fixture_in_part(14, 10);
    rows_put_thread(f->store, "{\"id\":\"cthr_10b\",\"created_at\":999900}");
    create(f, "10b");
    remove_from(f, "09");
    relist(f, "- 05", "gone:09 ended");
    assert_listed(f, "01 02 03 04 05 06 07 08 10 10b");
    assert_state(f, "threads:", "cthr_10", FALSE);
}

/* What comes after such a bound tells nothing of the cursor. */
static void a_bound_as_old_as_the_cursor_may_be_behind_it(void)
{
    g_autoptr(Fixture) f = fixture_in_part(14, 4);
    rows_put_thread(f->store, "{\"id\":\"cthr_10b\",\"created_at\":999900}");
    for (guint i = 5; i <= 10; i++) {
        g_autofree char *json = json_of(f, g_ptr_array_index(f->account, i - 1));
        rows_put_thread(f->store, json);
    }
    put_listing(f, "threads:", "cthr_10", FALSE);
    create(f, "10b");
    relist(f, "- 05 10b 09", "ended");
    assert_listed(f, "01 02 03 04 10b 05 06 07 08 09 10");
    assert_state(f, "threads:", "cthr_10", FALSE);
}

/* A reader who had to begin again brings it after the listing's first page was sent. */
static void what_comes_meanwhile_is_not_gone(void)
{
    g_autoptr(Fixture) f = fixture_in_part(14, 8);
    server_hold(f->server);
    script(f, "- 05");
    ck_relist_start(f->relist);
    server_run_until(f->context, server_seen(f->server) == 1);
    server_release(f->server, 1);
    server_run_until(f->context, server_seen(f->server) == 2);
    create(f, "n1");
    g_autofree char *json = json_of(f, "n1");
    rows_put_thread(f->store, json);
    server_release(f->server, 1);
    server_run_until(f->context, f->ended);
    expect(f, 2, "ended");
    assert_listed(f, "01 02 03 04 05 06 07 08 n1");
}

/* After a listing has been begun again. */
static void what_is_known_behind_the_cursor_is_not_listed_anew(void)
{
    g_autoptr(Fixture) f = fixture_in_part(23, 17);
    put_listing(f, "threads:", "cthr_10", FALSE);
    remove_from(f, "03 13");
    relist(f, "- 05", "gone:03 ended");
    assert_state(f, "threads:", "cthr_10", FALSE);
}

/* Users */

/* Their threads had places before that of all was begun. */
static void no_bound_is_behind_where_the_listing_ends(void)
{
    static const char *const of_ann[] = {"01", "03", "05", "07", "09", "11"};
    g_autoptr(Fixture) f = fixture_new();
    f->config->group_by_user = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(of_ann); i++) {
        g_autofree char *json = json_of(f, of_ann[i]);
        rows_put_thread(f->store, json);
    }
    begin_with(f, 12, 4);
    put_listing(f, "user:ann", NULL, TRUE);
    put_listing(f, "threads:", "cthr_04", FALSE);
    script(f, "- 02");
    f->user = "ann";
    script(f, "- 09");
    run(f);
    expect(f, 4, "ended");
    assert_listed(f, "01 03 05 07 09 11 02 04");
}

static void only_listings_of_users_are_read_where_they_alone_were(void)
{
    g_autoptr(Fixture) f = fixture_new();
    f->config->group_by_user = TRUE;
    begin_with(f, 24, 24);
    put_listing(f, "user:ann", NULL, TRUE);
    put_listing(f, "user:bob", "cthr_12", FALSE);
    remove_from(f, "03 09 08");
    create(f, "n1");
    f->user = "ann";
    script(f, "- 11 09=400 19");
    f->user = "bob";
    script(f, "- 10");
    run(f);
    expect(f, 6, "changed:n1 gone:03 gone:09 gone:08 ended");
    assert_same(f);
    assert_state(f, "user:bob", "cthr_12", FALSE);
    assert_state(f, "threads:", NULL, FALSE);
}

static void a_user_without_threads_is_no_user(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(CkUserRow) ann = {0}, bob = {0}, zoe = {0};
    f->config->group_by_user = TRUE;
    begin_with(f, 4, 4);
    put_listing(f, "user:ann", NULL, TRUE);
    put_listing(f, "user:zoe", NULL, TRUE);
    remove_from(f, "01 03");
    f->user = "ann";
    script(f, "-");
    f->user = "zoe";
    script(f, "-");
    run(f);
    expect(f, 2, "gone:01 gone:03 ended");
    assert_listed(f, "02 04");
    g_assert_cmpint(ck_store_user_named(f->store, "ann", &ann, NULL), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_user_named(f->store, "bob", &bob, NULL), ==, CK_FOUND);
    g_assert_cmpint(ck_store_user_named(f->store, "zoe", &zoe, NULL), ==, CK_ABSENT);
    create(f, "n1"); /* she is back */
    f->user = "ann";
    script(f, "-");
    f->user = "zoe";
    script(f, "-");
    run(f);
    expect(f, 2, "changed:n1 ended");
    g_assert_cmpint(ck_store_user_named(f->store, "ann", &ann, NULL), ==, CK_FOUND);
}

static void listings_of_users_are_not_read_where_that_of_all_is_complete(void)
{
    g_autoptr(Fixture) f = fixture_complete(6);
    f->config->group_by_user = TRUE;
    put_listing(f, "user:ann", NULL, TRUE);
    put_listing(f, "user:bob", "cthr_02", FALSE);
    remove_from(f, "03");
    relist(f, "- 05", "gone:03 ended");
    assert_same(f);
}

static void a_failed_listing_of_a_user_leaves_the_others(void)
{
    g_autoptr(Fixture) f = fixture_new();
    f->config->group_by_user = TRUE;
    begin_with(f, 4, 4);
    put_listing(f, "user:ann", NULL, TRUE);
    put_listing(f, "user:bob", NULL, TRUE);
    remove_from(f, "01 02");
    f->user = "ann";
    script(f, "-=401");
    f->user = "bob";
    script(f, "-");
    run(f);
    expect(f, 2, "failed gone:02 ended");
    assert_listed(f, "01 03 04");
}

static void the_one_user_that_is_shown_is_listed_once(void)
{
    g_autoptr(Fixture) f = fixture_new();
    f->config->user = g_strdup("ann");
    f->user = "ann";
    static const char *const names[] = {"01", "03", "05", "07", "09", "11"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *json = json_of(f, names[i]);
        add(f, names[i]);
        rows_put_thread(f->store, json);
    }
    for (int complete = 0; complete < 2; complete++) {
        put_listing(f, "user:ann", complete ? NULL : "cthr_11", complete);
        relist(f, "- 09", "ended");
    }
    remove_from(f, "03 11");
    relist(f, "- 09 09 ?09", "gone:03 gone:11 ended");
    assert_same(f);
}

/* Filters */

static void nothing_is_read_that_is_older_than_since(void)
{
    g_autoptr(Fixture) f = fixture_new();
    f->config->since = time_of("07");
    begin_with(f, 23, 7);
    put_listing(f, "threads:", NULL, TRUE);
    relist(f, "- 05", "ended");
    remove_from(f, "06 07");
    relist(f, "- 05", "gone:06 gone:07 ended");
    remove_from(f, "01 02 03 04 05");
    relist(f, "-", "gone:01 gone:02 gone:03 gone:04 gone:05 ended");
    assert_listed(f, "");
    assert_state(f, "threads:", NULL, TRUE);
}

static void a_listing_read_in_part_may_end_at_since(void)
{
    g_autoptr(Fixture) f = fixture_new();
    f->config->since = time_of("07");
    begin_with(f, 23, 5);
    put_listing(f, "threads:", "cthr_05", FALSE);
    remove_from(f, "05 06 07");
    relist(f, "-", "gone:05 ended");
    assert_state(f, "threads:", "cthr_04", FALSE);
    read_on(f, "04");
    assert_state(f, "threads:", NULL, TRUE);
    assert_listed(f, "01 02 03 04");
}

static void what_is_newer_than_until_is_gone_past(void)
{
    g_autoptr(Fixture) f = fixture_new();
    f->config->until = time_of("03");
    for (guint i = 12; i > 0; i--) {
        g_autofree char *name = g_strdup_printf("%02u", i);
        add(f, name);
    }
    for (guint i = 2; i < 12; i++) {
        g_autofree char *json = json_of(f, g_ptr_array_index(f->account, i));
        rows_put_thread(f->store, json);
    }
    put_listing(f, "threads:", NULL, TRUE);
    relist(f, "- 05 07", "ended");
    create(f, "n1");
    remove_from(f, "04");
    relist(f, "- 05 07", "gone:04 ended");
    assert_listed(f, "03 05 06 07 08 09 10 11 12");
}

/* Starting and ending */

static void what_is_under_way_is_followed_by_one_more(void)
{
    g_autoptr(Fixture) f = fixture_complete(6);
    script(f, "- 05");
    server_hold(f->server);
    ck_relist_start(f->relist);
    server_run_until(f->context, server_seen(f->server) == 1);
    ck_relist_start(f->relist);
    ck_relist_start(f->relist);
    remove_from(f, "02");
    script(f, "- 05");
    server_release(f->server, 4);
    server_run_until(f->context, f->ended);
    expect(f, 4, "gone:02 ended");
    assert_same(f);
}

static void nobody_need_be_told_of_the_end(void)
{
    g_autoptr(Fixture) f = fixture_complete(1);
    const CkRelistEvents events = {on_changed, on_gone, on_failed, NULL, f};
    ck_relist_free(f->relist);
    f->relist = ck_relist_new(f->store, f->api, f->config, &events);
    remove_from(f, "01");
    script(f, "- -");
    ck_relist_start(f->relist);
    server_run_until(f->context, f->events->len > 0);
    expect(f, 2, "gone:01");
}

static void on_failed_start_again(const GError *error, gpointer data)
{
    Fixture *f = data;
    on_failed(error, data);
    ck_relist_start(f->relist);
}

static void who_is_told_of_a_failure_may_start_again(void)
{
    g_autoptr(Fixture) f = fixture_complete(6);
    const CkRelistEvents events = {on_changed, on_gone, on_failed_start_again, on_ended, f};
    ck_relist_free(f->relist);
    f->relist = ck_relist_new(f->store, f->api, f->config, &events);
    remove_from(f, "02");
    script(f, "-=401 - 05");
    run(f);
    expect(f, 3, "failed gone:02 ended");
}

static void what_is_under_way_ends_when_freed(void)
{
    g_autoptr(Fixture) f = fixture_complete(6 * PAGE);
    f->config->concurrency = 8;
    script(f, "- 05 10 15");
    server_hold(f->server);
    ck_relist_start(f->relist);
    server_run_until(f->context, server_seen(f->server) == 4);
    g_clear_pointer(&f->relist, ck_relist_free);
    server_release(f->server, 4);
    expect(f, 4, "");
}

#define TEST(name) g_test_add_func("/relist/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_page_is_asked_for_each_page_that_is_known);
    TEST(what_was_never_listed_is_not_listed_anew);
    TEST(half_of_the_requests_that_may_be_are_under_way);
    TEST(new_threads_come_first);
    TEST(more_new_threads_than_a_page_come_first);
    TEST(all_are_new_where_none_was_known);
    TEST(a_thread_that_was_retrieved_gets_its_place);
    TEST(threads_that_changed_are_told_of);
    TEST(names_are_ids_where_they_are_to_be);
    TEST(threads_that_are_gone_are_dropped);
    TEST(a_thread_that_is_gone_takes_its_items);
    TEST(what_changed_in_several_ways_is_as_it_is_now);
    TEST(a_bound_that_goes_meanwhile_has_all_listed_once_more);
    TEST(bounds_that_go_three_times_are_a_failure);
    TEST(a_page_that_fails_has_nothing_dropped);
    TEST(cursors_in_a_circle_are_a_failure);
    TEST(a_cursor_within_a_segment_that_goes_has_all_listed_once_more);
    TEST(an_empty_page_is_no_end_where_its_cursor_is_gone);
    TEST(a_cursor_that_is_no_id_is_a_failure);
    TEST(a_failure_ends_what_else_is_under_way);
    TEST(a_page_that_is_too_large_is_asked_for_in_halves);
    TEST(a_thread_that_is_too_large_is_a_failure);
    TEST(a_listing_is_read_as_far_as_it_has_been);
    TEST(a_listing_that_changed_is_read_as_far_as_it_has_been);
    TEST(where_the_cursor_is_gone_the_listing_goes_on_before_it);
    TEST(a_listing_is_complete_where_all_behind_its_cursor_is_gone);
    TEST(a_reader_may_go_on_meanwhile);
    TEST(a_thread_as_old_as_the_cursor_that_is_gone_is_behind_all);
    TEST(a_thread_as_old_as_the_cursor_stays);
    TEST(a_bound_as_old_as_the_cursor_may_be_behind_it);
    TEST(what_comes_meanwhile_is_not_gone);
    TEST(what_is_known_behind_the_cursor_is_not_listed_anew);
    TEST(no_bound_is_behind_where_the_listing_ends);
    TEST(only_listings_of_users_are_read_where_they_alone_were);
    TEST(a_user_without_threads_is_no_user);
    TEST(listings_of_users_are_not_read_where_that_of_all_is_complete);
    TEST(a_failed_listing_of_a_user_leaves_the_others);
    TEST(the_one_user_that_is_shown_is_listed_once);
    TEST(nothing_is_read_that_is_older_than_since);
    TEST(a_listing_read_in_part_may_end_at_since);
    TEST(what_is_newer_than_until_is_gone_past);
    TEST(what_is_under_way_is_followed_by_one_more);
    TEST(nobody_need_be_told_of_the_end);
    TEST(who_is_told_of_a_failure_may_start_again);
    TEST(what_is_under_way_ends_when_freed);
    return g_test_run();
}
