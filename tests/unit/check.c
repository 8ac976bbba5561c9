/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdlib.h>

#include "client.h"
#include "error.h"
#include "rows.h"

/*
 * Threads are told by their ids, 9 8 7 … 1 from the newest on; 7b is as old as 7. "7=Other" has
 * another title. Items are told by theirs: "2" is finished, "2~" is not, "2~x" says something else.
 *
 * A request is told by what comes after "/chatkit/threads".
 */
#define LIST  "GET /v1/chatkit/threads"
#define ITEMS LIST "/t/items"
#define PAGE  3

typedef struct {
    GMainContext *context;
    Server *server;
    CkConfig *config;
    CkStore *store;
    CkApi *api;
    CkCheckEvents events;
    CkCheck *check;
    CkWant want;
    GString *told; /* of events, since expect() */
    guint asked;   /* requests that expect() has been told of */
    gint64 began;
    gboolean ended;
    GError *error;
} Fixture;

/* Events */

static void note(Fixture *f, const char *event, const char *what)
{
    g_string_append_printf(f->told, "%s%s:%s", f->told->len ? " " : "", event, what);
}

static void on_thread_changed(const char *thread_id, gpointer data)
{
    Fixture *f = data;
    g_auto(CkThreadRow) row = {0};
    rows_get_thread(f->store, thread_id, &row); /* what is told of is in the store */
    note(f, "changed", thread_id);
}

static void on_grown(const char *thread_id, gpointer data)
{
    note(data, "grown", thread_id);
}

static void on_item_changed(gint64 row, gpointer data)
{
    Fixture *f = data;
    g_autofree char *id = ck_store_item_id(f->store, row, NULL);
    note(f, "item", id);
}

static void on_thread_gone(const CkThreadRow *thread, gpointer data)
{
    Fixture *f = data;
    g_auto(CkThreadRow) row = {0};
    g_assert_cmpint(ck_store_thread(f->store, thread->row, &row, NULL), ==, CK_ABSENT);
    note(f, "gone", thread->id);
}

static void on_done(const GError *error, gpointer data)
{
    Fixture *f = data;
    g_assert_false(f->ended);
    f->ended = TRUE;
    f->error = error ? g_error_copy(error) : NULL;
    g_clear_pointer(&f->check, ck_check_free); /* as it may be */
}

/* The fixture */

static Fixture *fixture_new(void)
{
    Fixture *f = g_new0(Fixture, 1);
    f->context = g_main_context_new();
    f->server = server_new(f->context);
    f->config = client_config(f->server);
    f->config->page_size = PAGE;
    f->store = rows_new_store();
    f->api = client_api(f->context, f->config);
    f->events = (CkCheckEvents){on_thread_changed, on_grown, on_item_changed, on_thread_gone, f};
    f->told = g_string_new(NULL);
    f->want = (CkWant){CK_WANT_THREADS, NULL};
    return f;
}

static void fixture_free(Fixture *f)
{
    g_clear_pointer(&f->check, ck_check_free);
    ck_api_free(f->api);
    ck_store_free(f->store);
    server_free(f->server);
    ck_config_free(f->config);
    g_string_free(f->told, TRUE);
    g_clear_error(&f->error);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* What the server has */

static char *thread_json(const char *spec)
{
    g_auto(GStrv) parts = g_strsplit(spec, "=", 2);
    return g_strdup_printf("{\"id\":\"%s\",\"title\":\"%s\",\"user\":\"%s\",\"created_at\":%d}",
                           parts[0], parts[1] ? parts[1] : "T", atoi(parts[0]) % 2 ? "ann" : "bob",
                           1000 + atoi(parts[0]));
}

/* One whose id is no number has no time. */
static char *item_json(const char *spec)
{
    g_auto(GStrv) parts = g_strsplit(spec, "~", 2);
    int number = atoi(parts[0]);
    return g_strdup_printf("{\"id\":\"%s\",\"type\":\"client_tool_call\",\"created_at\":%d,"
                           "\"name\":\"%s\",\"status\":\"%s\"}",
                           parts[0], number ? 2000 + number : 0, parts[1] ? parts[1] : "",
                           parts[1] ? "in_progress" : "completed");
}

/* Elements, "" for none; a "+" at their end: there are more. */
static char *page_of(const char *elements, char *(*json)(const char *spec))
{
    g_auto(GStrv) each = g_strsplit(elements, " ", -1);
    g_autoptr(GString) page = g_string_new("{\"data\":[");
    gboolean more = FALSE, any = FALSE;
    for (char **element = each; *element; element++) {
        if (strcmp(*element, "+") == 0) {
            more = TRUE;
        } else if (**element) {
            g_autofree char *one = json(*element);
            g_string_append_printf(page, "%s%s", any ? "," : "", one);
            any = TRUE;
        }
    }
    g_string_append_printf(page, "],\"has_more\":%s}", more ? "true" : "false");
    return g_strdup(page->str);
}

static void script_threads(Fixture *f, const char *request, const char *elements)
{
    g_autofree char *target = g_strconcat(LIST, request, NULL);
    g_autofree char *page = page_of(elements, thread_json);
    server_json(f->server, target, page);
    if (*elements == '\0' || *elements == '+') /* which proves nothing */
        server_json(f->server, target, page);
}

static void script_items(Fixture *f, const char *request, const char *elements)
{
    g_autofree char *target = g_strconcat(ITEMS, request, NULL);
    g_autofree char *page = page_of(elements, item_json);
    server_json(f->server, target, page);
}

static void script_thread(Fixture *f, const char *spec)
{
    g_autofree char *json = thread_json(spec);
    server_json(f->server, LIST "/t", json);
}

static void script_status(Fixture *f, const char *request, int status)
{
    g_autofree char *target = g_strconcat(LIST, request, NULL);
    server_reply(f->server, target, status, "", "{}");
}

static void script_large(Fixture *f, const char *request)
{
    g_autofree char *target = g_strconcat(LIST, request, NULL);
    g_autofree char *large = g_strnfill(16 * 1024 * 1024 + 1, ' ');
    server_json(f->server, target, large);
}

/* What is known */

static void know_threads(Fixture *f, const char *specs)
{
    g_auto(GStrv) each = g_strsplit(specs, " ", -1);
    for (char **spec = each; *spec && **spec; spec++) {
        g_autofree char *json = thread_json(*spec);
        rows_put_thread(f->store, json);
    }
}

static void put_listing(Fixture *f, const char *key, const char *cursor, gboolean complete)
{
    g_assert_true(ck_store_put_listing(f->store, key, cursor, complete, NULL));
    g_assert_true(ck_store_set_checked(f->store, key, 1, TRUE, NULL));
}

/* All threads have been listed. */
static Fixture *fixture_with_threads(const char *specs)
{
    Fixture *f = fixture_new();
    know_threads(f, specs);
    put_listing(f, "threads:", NULL, TRUE);
    return f;
}

/* Threads have been listed as far as that one. */
static Fixture *fixture_read_up_to(const char *specs, const char *cursor)
{
    Fixture *f = fixture_new();
    know_threads(f, specs);
    put_listing(f, "threads:", cursor, FALSE);
    return f;
}

/* All items of the thread t have been read. */
static Fixture *fixture_with_items(const char *specs)
{
    g_auto(GStrv) each = g_strsplit(specs, " ", -1);
    Fixture *f = fixture_new();
    know_threads(f, "t");
    for (char **spec = each; *spec && **spec; spec++) {
        g_autofree char *json = item_json(*spec);
        rows_put_item(f->store, "t", json);
    }
    put_listing(f, "items:t", NULL, TRUE);
    f->want = (CkWant){CK_WANT_ITEMS, (char *)"t"};
    return f;
}

/* Checking */

static void begin(Fixture *f, CkCheckParts parts)
{
    f->ended = FALSE;
    g_clear_error(&f->error);
    f->began = g_get_real_time();
    f->check = ck_check_new(f->context, f->store, f->api, f->config, &f->events, &f->want, parts,
                            on_done, f);
    g_assert_false(f->ended);
}

static void run(Fixture *f, CkCheckParts parts)
{
    begin(f, parts);
    server_run_until(f->context, f->ended);
}

/* What has been asked for since the last call is what was scripted, in that order; and told. */
static void expect(Fixture *f, guint requests, const char *told)
{
    g_assert_cmpstr(f->told->str, ==, told);
    g_assert_cmpuint(server_seen(f->server) - f->asked, ==, requests);
    f->asked = server_seen(f->server);
    g_string_truncate(f->told, 0);
}

static void check(Fixture *f, CkCheckParts parts, guint requests, const char *told)
{
    run(f, parts);
    g_assert_no_error(f->error);
    expect(f, requests, told);
}

static void check_badly(Fixture *f, CkCheckParts parts, CkError code, guint requests,
                        const char *told)
{
    run(f, parts);
    g_assert_error(f->error, CK_ERROR, (gint)code);
    expect(f, requests, told);
}

static void assert_asked(Fixture *f, guint index, const char *request)
{
    g_autofree char *expected = g_strconcat(LIST, request, NULL);
    g_autofree char *seen = server_request(f->server, index);
    g_assert_cmpstr(seen, ==, expected);
}

/* The store */

static void assert_listed(Fixture *f, const char *expected)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    guint64 after = 0;
    for (;;) {
        g_auto(CkThreadRow) row = {0};
        if (ck_store_next_thread(f->store, 0, after, G_MAXINT64, &row, NULL) != CK_FOUND)
            break;
        g_string_append_printf(ids, "%s%s", ids->len ? " " : "", row.id);
        after = row.place;
    }
    g_assert_cmpstr(ids->str, ==, expected);
}

/* The items as they would be written here. */
static void assert_items(Fixture *f, const char *expected)
{
    g_auto(CkThreadRow) thread = {0};
    g_autoptr(GString) specs = g_string_new(NULL);
    rows_get_thread(f->store, "t", &thread);
    for (guint64 number = 1; number <= thread.items; number++) {
        g_auto(CkItemRow) item = {0};
        rows_get_item(f->store, thread.row, number, &item);
        g_autoptr(GBytes) json = ck_store_item_json(f->store, item.row, NULL);
        g_autofree char *id = ck_store_item_id(f->store, item.row, NULL);
        g_autofree char *name = ck_decode_identity(ck_slice_bytes(json), "name");
        g_string_append_printf(specs, "%s%s%s%s", specs->len ? " " : "", id,
                               item.finished ? "" : "~", name ? name : "");
    }
    g_assert_cmpstr(specs->str, ==, expected);
}

static gint64 checked_at(Fixture *f)
{
    g_autofree char *key = ck_want_key(&f->want);
    g_auto(CkListingState) state = {0};
    g_assert_true(ck_store_listing(f->store, key, &state, NULL));
    return state.checked_at;
}

static gint64 listed_at(Fixture *f)
{
    g_autofree char *key = ck_want_key(&f->want);
    g_auto(CkListingState) state = {0};
    g_assert_true(ck_store_listing(f->store, key, &state, NULL));
    return state.listed_at;
}

/* Threads */

static void where_nothing_is_new_one_page_is_asked_for(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("7 6 5 4");
    script_threads(f, "?limit=3&order=desc", "7 6 5 +");
    check(f, 0, 1, "");
    assert_listed(f, "7 6 5 4");
}

static void new_threads_come_before_all_in_the_order_of_the_server(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("6 5");
    script_threads(f, "?limit=3&order=desc", "8 7 6 +");
    check(f, 0, 1, "changed:8 changed:7");
    assert_listed(f, "8 7 6 5");
}

static void pages_are_read_until_one_has_a_known_thread(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("3 2 1");
    script_threads(f, "?limit=3&order=desc", "12 11 10 +");
    script_threads(f, "?limit=3&order=desc&after=10", "9 8 7 +");
    script_threads(f, "?limit=3&order=desc&after=7", "6 3 2 +");
    check(f, 0, 3, "changed:12 changed:11 changed:10 changed:9 changed:8 changed:7 changed:6");
    assert_listed(f, "12 11 10 9 8 7 6 3 2 1");
}

static void pages_are_read_to_the_end_where_all_that_was_known_is_gone(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("3");
    script_threads(f, "?limit=3&order=desc", "9 8 7 +");
    script_threads(f, "?limit=3&order=desc&after=7", "6");
    check(f, 0, 2, "changed:9 changed:8 changed:7 changed:6");
    assert_listed(f, "9 8 7 6 3"); /* what is gone is not told by a check */
}

static void an_account_may_be_empty(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("");
    script_threads(f, "?limit=3&order=desc", "");
    check(f, 0, 2, "");
    script_threads(f, "?limit=3&order=desc", "2 1");
    check(f, 0, 1, "changed:2 changed:1");
    assert_listed(f, "2 1");
}

static void known_threads_are_brought_up_to_date(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("6 5 4");
    script_threads(f, "?limit=3&order=desc", "7 6=Other 5 +");
    check(f, 0, 1, "changed:6 changed:7");
    g_auto(CkThreadRow) row = {0};
    rows_get_thread(f->store, "6", &row);
    g_assert_cmpstr(row.name, ==, "Other.6");
}

static void a_thread_known_by_its_id_alone_gets_its_place(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("5 4");
    g_autofree char *json = thread_json("6");
    g_autoptr(CkPreparedThread) thread = ck_prepare_thread((CkSlice){json, strlen(json)}, NULL);
    g_assert_true(ck_store_put_thread(f->store, "6", "bob", "T.6", thread, &(gboolean){0}, NULL));
    script_threads(f, "?limit=3&order=desc", "7 6 5 +");
    check(f, 0, 1, "changed:7 changed:6");
    assert_listed(f, "7 6 5 4");
}

static void what_is_behind_the_last_known_thread_is_left_to_the_listing(void)
{
    g_autoptr(Fixture) f = fixture_read_up_to("5 4", "4");
    script_threads(f, "?limit=3&order=desc", "6 5 4 +");
    check(f, 0, 1, "changed:6");
    script_threads(f, "?limit=3&order=desc", "6 4 3 +");
    check(f, 0, 1, "");
    assert_listed(f, "6 5 4");
    g_auto(CkListingState) state = {0};
    g_assert_true(ck_store_listing(f->store, "threads:", &state, NULL));
    g_assert_cmpstr(state.cursor, ==, "4");
    g_assert_false(state.complete);
}

static void what_comes_among_the_known_ones_is_placed_before_all(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("6 4");
    script_threads(f, "?limit=3&order=desc", "6 5 4");
    check(f, 0, 1, "changed:5");
    assert_listed(f, "5 6 4");
}

static void a_thread_that_is_known_from_its_user_is_none_that_was_met(void)
{
    g_autoptr(Fixture) f = fixture_read_up_to("5 4", "4");
    f->config->group_by_user = TRUE;
    know_threads(f, "9");
    script_threads(f, "?limit=3&order=desc", "9 8 7 +");
    script_threads(f, "?limit=3&order=desc&after=7", "6 5 4 +");
    check(f, 0, 2, "changed:8 changed:7 changed:6");
    script_threads(f, "?limit=3&order=desc", "9 8 7 +");
    check(f, 0, 1, "");
}

static void threads_behind_all_that_is_known_are_new_where_the_listing_is_complete(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("6");
    script_threads(f, "?limit=3&order=desc", "6 5");
    check(f, 0, 1, "changed:5");
    assert_listed(f, "5 6");
}

static void nothing_is_read_that_is_older_than_since(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("");
    f->config->since = 1006;
    script_threads(f, "?limit=3&order=desc", "8 7 6 +");
    script_threads(f, "?limit=3&order=desc&after=6", "6b 5 4 +");
    check(f, 0, 2, "changed:8 changed:7 changed:6 changed:6b");
    assert_listed(f, "8 7 6 6b");
    g_auto(CkThreadRow) row = {0};
    g_assert_cmpint(ck_store_thread_by_id(f->store, "5", &row, NULL), ==, CK_ABSENT);
}

static void what_is_newer_than_until_is_gone_past(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("4");
    f->config->until = 1006;
    script_threads(f, "?limit=3&order=desc", "9 8 7 +");
    script_threads(f, "?limit=3&order=desc&after=7", "6 5 4 +");
    check(f, 0, 2, "changed:6 changed:5");
    assert_listed(f, "6 5 4");
}

static void the_listing_of_a_user_is_asked_for_by_the_user(void)
{
    g_autoptr(Fixture) f = fixture_new();
    know_threads(f, "5 3");
    put_listing(f, "user:ann", NULL, TRUE);
    f->want = (CkWant){CK_WANT_USER_THREADS, (char *)"ann"};
    script_threads(f, "?limit=3&order=desc&user=ann", "11 9 7 +");
    script_threads(f, "?limit=3&order=desc&after=7&user=ann", "5 3");
    check(f, 0, 2, "changed:11 changed:9 changed:7");
    assert_listed(f, "11 9 7 5 3");
    g_assert_cmpint(checked_at(f), >=, f->began);
}

static void a_page_that_is_too_large_is_asked_for_in_halves(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("1");
    f->config->page_size = 4;
    script_threads(f, "?limit=4&order=desc", "9 8 7 6 +");
    script_large(f, "?limit=4&order=desc&after=6");
    script_large(f, "?limit=2&order=desc&after=6");
    script_threads(f, "?limit=1&order=desc&after=6", "5 +");
    script_threads(f, "?limit=1&order=desc&after=5", "1");
    check(f, 0, 5, "changed:9 changed:8 changed:7 changed:6 changed:5");
    assert_listed(f, "9 8 7 6 5 1");
}

static void a_thread_that_is_too_large_is_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("1");
    script_large(f, "?limit=3&order=desc");
    script_large(f, "?limit=1&order=desc");
    check_badly(f, 0, CK_ERROR_TOO_LARGE, 2, "");
    g_assert_cmpint(checked_at(f), ==, 1);
}

static void cursors_in_a_circle_are_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("1");
    script_threads(f, "?limit=3&order=desc", "i h g +");
    script_threads(f, "?limit=3&order=desc&after=g", "f e d +");
    script_threads(f, "?limit=3&order=desc&after=d", "i h g +");
    check_badly(f, 0, CK_ERROR_BAD_RESPONSE, 3, "");
    g_assert_cmpint(checked_at(f), ==, 1);
    assert_listed(f, "1");
}

static void more_of_nothing_is_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("1");
    script_threads(f, "?limit=3&order=desc", "+");
    check_badly(f, 0, CK_ERROR_BAD_RESPONSE, 2, "");
    assert_listed(f, "1");
}

static void an_empty_page_is_the_end_where_its_cursor_is_there(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("");
    script_threads(f, "?limit=3&order=desc", "9 8 7 +");
    script_threads(f, "?limit=3&order=desc&after=7", "");
    g_autofree char *json = thread_json("7");
    server_json(f->server, LIST "/7", json);
    check(f, 0, 4, "changed:9 changed:8 changed:7");
    assert_listed(f, "9 8 7");
}

static void an_empty_page_is_no_end_where_its_cursor_is_gone(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("1");
    script_threads(f, "?limit=3&order=desc", "9 8 7 +");
    script_threads(f, "?limit=3&order=desc&after=7", "");
    script_status(f, "/7", 404);
    script_threads(f, "?limit=3&order=desc", "9 8 6 +");
    script_threads(f, "?limit=3&order=desc&after=6", "5 1");
    check(f, 0, 6, "changed:9 changed:8 changed:6 changed:5");
    assert_listed(f, "9 8 6 5 1");
    g_assert_cmpint(checked_at(f), >=, f->began);
}

static void a_cursor_that_goes_has_all_asked_for_once_more(void)
{
    static const int statuses[] = {400, 404};
    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(Fixture) f = fixture_with_threads("1");
        script_threads(f, "?limit=3&order=desc", "9 8 7 +");
        script_status(f, "?limit=3&order=desc&after=7", statuses[i]);
        script_threads(f, "?limit=3&order=desc", "9 8 1 +");
        check(f, 0, 3, "changed:9 changed:8");
        assert_listed(f, "9 8 1");
    }
}

static void cursors_that_go_twice_are_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("1");
    script_threads(f, "?limit=3&order=desc", "9 8 7 +");
    script_threads(f, "?limit=3&order=desc&after=7", "");
    script_status(f, "/7", 404);
    script_threads(f, "?limit=3&order=desc", "9 8 6 +");
    script_threads(f, "?limit=3&order=desc&after=6", "");
    script_status(f, "/6", 404);
    check_badly(f, 0, CK_ERROR_BAD_RESPONSE, 8, "");
    assert_listed(f, "1");
    g_assert_cmpint(checked_at(f), ==, 1);
}

static void an_error_leaves_what_was_known(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("1");
    script_threads(f, "?limit=3&order=desc", "9 8 7 +");
    script_status(f, "?limit=3&order=desc&after=7", 403);
    check_badly(f, 0, CK_ERROR_DENIED, 2, "");
    g_assert_true(g_str_has_prefix(f->error->message, "listing threads, to see what is new: "));
    assert_listed(f, "1");
    g_assert_cmpint(checked_at(f), ==, 1);
    /* And the next check finds all of them. */
    script_threads(f, "?limit=3&order=desc", "9 8 7 +");
    script_threads(f, "?limit=3&order=desc&after=7", "1");
    check(f, 0, 2, "changed:9 changed:8 changed:7");
    assert_listed(f, "9 8 7 1");
}

static void a_page_that_does_not_fit_leaves_the_store_as_it_was(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("1");
    script_threads(f, "?limit=3&order=desc", "9 8 \\ud83d +");
    check_badly(f, 0, CK_ERROR_BAD_RESPONSE, 1, "");
    g_auto(CkThreadRow) row = {0};
    g_assert_cmpint(ck_store_thread_by_id(f->store, "9", &row, NULL), ==, CK_ABSENT);
    g_assert_true(ck_store_begin(f->store, NULL)); /* none is left open */
    ck_store_rollback(f->store);
}

static void threads_are_current_since_the_check_began(void)
{
    g_autoptr(Fixture) f = fixture_with_threads("3");
    script_threads(f, "?limit=3&order=desc", "4 3");
    server_hold(f->server);
    begin(f, 0);
    gint64 begun = g_get_real_time();
    server_run_until(f->context, server_seen(f->server) == 1);
    while (g_get_real_time() <= begun)
        continue;
    server_release(f->server, 1);
    server_run_until(f->context, f->ended);
    g_assert_cmpint(checked_at(f), >=, f->began);
    g_assert_cmpint(checked_at(f), <=, begun);
    g_assert_cmpint(listed_at(f), ==, 1); /* its newest end alone */
}

/* Items */

static void what_comes_after_the_last_finished_item_is_asked_for(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 2 3");
    script_items(f, "?limit=3&order=asc&after=2", "3");
    check(f, CK_CHECK_ITEMS, 1, "");
    script_items(f, "?limit=3&order=asc&after=2", "3 4 5");
    check(f, CK_CHECK_ITEMS, 1, "grown:t");
    script_items(f, "?limit=3&order=asc&after=4", "5");
    check(f, CK_CHECK_ITEMS, 1, "");
    assert_items(f, "1 2 3 4 5");
}

static void a_thread_without_items_is_read_from_its_beginning(void)
{
    g_autoptr(Fixture) f = fixture_with_items("");
    script_items(f, "?limit=3&order=asc", "1 2 3 +");
    script_items(f, "?limit=3&order=asc&after=3", "4");
    check(f, CK_CHECK_ITEMS, 2, "grown:t grown:t");
    assert_items(f, "1 2 3 4");
}

static void items_at_the_end_that_are_not_finished_are_asked_for_again(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 2~ 3~");
    script_items(f, "?limit=3&order=asc&after=1", "2~ 3~");
    check(f, CK_CHECK_ITEMS, 1, "");
    script_items(f, "?limit=3&order=asc&after=1", "2~x 3 4~ +");
    script_items(f, "?limit=3&order=asc&after=4", "5");
    check(f, CK_CHECK_ITEMS, 2, "item:2 item:3 grown:t grown:t");
    assert_items(f, "1 2~x 3 4~ 5");
}

static void where_none_is_finished_all_are_asked_for_again(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1~ 2~");
    script_items(f, "?limit=3&order=asc", "1~ 2");
    check(f, CK_CHECK_ITEMS, 1, "item:2 grown:t");
    script_items(f, "?limit=1&order=asc", "1 +");
    script_items(f, "?limit=3&order=asc&after=1", "2");
    check(f, CK_CHECK_ITEMS, 2, "item:1 grown:t");
    script_items(f, "?limit=3&order=asc&after=1", "2");
    check(f, CK_CHECK_ITEMS, 1, "");
    assert_items(f, "1 2");
}

static void each_run_of_unfinished_items_is_asked_for_by_itself(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 2~ 3~ 4 5 6~ 7 8~");
    script_items(f, "?limit=2&order=asc&after=1", "2~x 3 +");
    script_items(f, "?limit=1&order=asc&after=5", "6 +");
    script_items(f, "?limit=3&order=asc&after=7", "8~ 9");
    check(f, CK_CHECK_ITEMS, 3, "item:2 item:3 grown:t item:6 grown:t grown:t");
    assert_items(f, "1 2~x 3 4 5 6 7 8~ 9");
    assert_asked(f, 0, "/t/items?limit=2&order=asc&after=1");
    assert_asked(f, 1, "/t/items?limit=1&order=asc&after=5");
    assert_asked(f, 2, "/t/items?limit=3&order=asc&after=7");
}

static void a_run_longer_than_a_page_takes_more_of_them(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1~ 2~ 3~ 4~ 5~ 6");
    script_items(f, "?limit=3&order=asc", "1 2~ 3~ +");
    script_items(f, "?limit=2&order=asc&after=3", "4~ 5 +");
    script_items(f, "?limit=3&order=asc&after=5", "6");
    check(f, CK_CHECK_ITEMS, 3, "item:1 grown:t item:5 grown:t");
    assert_items(f, "1 2~ 3~ 4~ 5 6");
}

static void a_page_may_be_shorter_than_was_asked_for(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1~ 2~ 3~ 4");
    script_items(f, "?limit=3&order=asc", "1~ +");
    script_items(f, "?limit=2&order=asc&after=1", "2~ 3 +");
    script_items(f, "?limit=3&order=asc&after=3", "4 5 +");
    script_items(f, "?limit=3&order=asc&after=5", "6");
    check(f, CK_CHECK_ITEMS, 4, "item:3 grown:t grown:t grown:t");
    assert_items(f, "1~ 2~ 3 4 5 6");
}

static void a_page_longer_than_was_asked_for_is_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 2~ 3");
    script_items(f, "?limit=1&order=asc&after=1", "2 3 4 +");
    script_items(f, "?limit=1&order=asc&after=1", "2 3 4 +");
    check_badly(f, CK_CHECK_ITEMS, CK_ERROR_BAD_RESPONSE, 2, "");
    assert_items(f, "1 2~ 3");
}

static void no_item_is_asked_for_after_one_whose_id_can_not_be_sent(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 a/b 3~ 4 c.d");
    script_items(f, "?limit=2&order=asc&after=1", "a/b 3 +");
    script_items(f, "?limit=3&order=asc&after=4", "c.d 6");
    check(f, CK_CHECK_ITEMS, 2, "item:3 grown:t grown:t");
    assert_items(f, "1 a/b 3 4 c.d 6");
}

static void where_no_id_can_be_sent_all_items_are_read(void)
{
    g_autoptr(Fixture) f = fixture_with_items("a/b c.d");
    script_items(f, "?limit=3&order=asc", "a/b c.d 3");
    check(f, CK_CHECK_ITEMS, 1, "grown:t");
    assert_items(f, "a/b c.d 3");
}

static void a_run_may_end_in_an_item_whose_id_is_no_text(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 \\ud83d~ 3");
    script_items(f, "?limit=1&order=asc&after=1", "\\ud83d~x +");
    script_items(f, "?limit=3&order=asc&after=1", "\\ud83d~x 3 4");
    run(f, CK_CHECK_ITEMS);
    g_assert_no_error(f->error);
    g_auto(CkThreadRow) thread = {0};
    rows_get_thread(f->store, "t", &thread);
    g_assert_cmpuint(thread.items, ==, 4);
    g_assert_cmpuint(thread.changes, ==, 1);
}

static void items_of_a_page_too_large_are_asked_for_in_halves(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 2~ 3~ 4");
    script_large(f, "/t/items?limit=2&order=asc&after=1");
    script_items(f, "?limit=1&order=asc&after=1", "2 +");
    script_items(f, "?limit=1&order=asc&after=2", "3 +");
    script_items(f, "?limit=1&order=asc&after=3", "4 +");
    script_items(f, "?limit=1&order=asc&after=4", "5");
    check(f, CK_CHECK_ITEMS, 5, "item:2 grown:t item:3 grown:t grown:t");
    assert_items(f, "1 2 3 4 5");
}

static void an_item_that_is_too_large_is_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    script_large(f, "/t/items?limit=3&order=asc");
    script_large(f, "/t/items?limit=1&order=asc");
    check_badly(f, CK_CHECK_ITEMS, CK_ERROR_TOO_LARGE, 2, "");
    g_assert_cmpint(checked_at(f), ==, 1);
}

static void a_lost_cursor_has_all_items_read_once_more(void)
{
    static const int statuses[] = {400, 404};
    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(Fixture) f = fixture_with_items("1 2 3 4");
        script_status(f, "/t/items?limit=3&order=asc&after=3", statuses[i]);
        script_thread(f, "t");
        script_items(f, "?limit=3&order=asc", "1 2 3 +");
        script_items(f, "?limit=3&order=asc&after=3", "5");
        check(f, CK_CHECK_ITEMS, 4, "grown:t");
        assert_items(f, "1 2 3 4 5");
        g_assert_cmpint(checked_at(f), >=, f->began);
    }
}

static void a_cursor_that_is_lost_twice_is_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 2 3");
    script_status(f, "/t/items?limit=3&order=asc&after=2", 400);
    script_thread(f, "t");
    script_items(f, "?limit=3&order=asc", "1 2 3 +");
    script_status(f, "/t/items?limit=3&order=asc&after=3", 400);
    check_badly(f, CK_CHECK_ITEMS, CK_ERROR_REJECTED, 4, "");
    g_assert_cmpint(checked_at(f), ==, 1);
    assert_items(f, "1 2 3");
}

static void a_thread_whose_items_are_gone_is_dropped_if_it_is(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 2");
    script_status(f, "/t/items?limit=3&order=asc&after=1", 404);
    script_status(f, "/t", 404);
    script_threads(f, "?limit=1&order=desc", "5");
    script_status(f, "/t", 404);
    check(f, CK_CHECK_ITEMS, 4, "gone:t");
    g_autoptr(Fixture) g = fixture_with_items("");
    script_status(g, "/t/items?limit=3&order=asc", 404);
    script_status(g, "/t", 404);
    script_threads(g, "?limit=1&order=desc", "");
    script_status(g, "/t", 404);
    check(g, CK_CHECK_ITEMS, 5, "gone:t");
}

static void a_thread_that_is_there_without_its_items_is_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 2");
    script_status(f, "/t/items?limit=3&order=asc&after=1", 404);
    script_thread(f, "t");
    script_status(f, "/t/items?limit=3&order=asc", 404);
    script_thread(f, "t=Other");
    check_badly(f, CK_CHECK_ITEMS, CK_ERROR_BAD_RESPONSE, 4, "changed:t");
    assert_items(f, "1 2");
    g_assert_cmpint(checked_at(f), ==, 1);
}

static void items_that_are_rejected_from_the_first_on_are_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_items("");
    script_status(f, "/t/items?limit=3&order=asc", 400);
    check_badly(f, CK_CHECK_ITEMS, CK_ERROR_REJECTED, 1, "");
}

static void an_error_leaves_the_items_that_were_known(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 2~ 3");
    script_items(f, "?limit=1&order=asc&after=1", "2 +");
    script_status(f, "/t/items?limit=3&order=asc&after=2", 403);
    check_badly(f, CK_CHECK_ITEMS, CK_ERROR_DENIED, 2, "item:2 grown:t");
    g_assert_true(
        g_str_has_prefix(f->error->message, "listing the items of t, to see what is new: "));
    assert_items(f, "1 2 3");
    g_assert_cmpint(checked_at(f), ==, 1);
}

static void cursors_of_items_in_a_circle_are_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_items("a b");
    script_items(f, "?limit=3&order=asc&after=a", "b c d +");
    script_items(f, "?limit=3&order=asc&after=d", "e f g +");
    script_items(f, "?limit=3&order=asc&after=g", "b c d +");
    check_badly(f, CK_CHECK_ITEMS, CK_ERROR_BAD_RESPONSE, 3, "grown:t grown:t");
    assert_items(f, "a b c d e f g");
    g_assert_cmpint(checked_at(f), ==, 1);
}

static void a_listing_that_is_read_anew_meanwhile_is_left_alone(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 2~ 3");
    script_items(f, "?limit=1&order=asc&after=1", "2 +");
    server_hold(f->server);
    begin(f, CK_CHECK_ITEMS);
    server_run_until(f->context, server_seen(f->server) == 1);
    g_assert_true(ck_store_put_listing(f->store, "items:t", NULL, FALSE, NULL));
    server_release(f->server, 1);
    server_run_until(f->context, f->ended);
    g_assert_no_error(f->error);
    expect(f, 1, "");
    assert_items(f, "1 2~ 3");
}

static void items_are_current_since_the_check_began(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    script_items(f, "?limit=3&order=asc", "1 2");
    server_hold(f->server);
    begin(f, CK_CHECK_ITEMS);
    gint64 begun = g_get_real_time();
    server_run_until(f->context, server_seen(f->server) == 1);
    while (g_get_real_time() <= begun)
        continue;
    server_release(f->server, 1);
    server_run_until(f->context, f->ended);
    g_assert_cmpint(checked_at(f), >=, f->began);
    g_assert_cmpint(checked_at(f), <=, begun);
}

/* A thread */

static void a_thread_alone_is_asked_for_by_its_id(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1 2~");
    script_thread(f, "t");
    check(f, CK_CHECK_THREAD, 1, "");
    script_thread(f, "t=Other");
    check(f, CK_CHECK_THREAD, 1, "changed:t");
    g_assert_cmpint(checked_at(f), ==, 1); /* its items are as old as they were */
    g_auto(CkThreadRow) row = {0};
    rows_get_thread(f->store, "t", &row);
    g_assert_cmpstr(row.name, ==, "Other.t");
    g_assert_cmpint(row.seen_at, >=, f->began);
}

static void the_thread_comes_before_its_items(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    script_thread(f, "t=Other");
    script_items(f, "?limit=3&order=asc", "1 2");
    check(f, CK_CHECK_ITEMS | CK_CHECK_THREAD, 2, "changed:t grown:t");
    assert_asked(f, 0, "/t");
    g_assert_cmpint(checked_at(f), >=, f->began);
}

static void a_thread_that_is_gone_is_dropped_and_its_items_not_asked_for(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    script_status(f, "/t", 404);
    script_threads(f, "?limit=1&order=desc", "");
    script_status(f, "/t", 404);
    check(f, CK_CHECK_ITEMS | CK_CHECK_THREAD, 4, "gone:t");
    g_auto(CkThreadRow) row = {0};
    g_assert_cmpint(ck_store_thread_by_id(f->store, "t", &row, NULL), ==, CK_ABSENT);
}

static void where_the_list_of_threads_fails_no_thread_is_taken_for_gone(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    script_status(f, "/t", 404);
    script_status(f, "?limit=1&order=desc", 404);
    check_badly(f, CK_CHECK_ITEMS | CK_CHECK_THREAD, CK_ERROR_NOT_FOUND, 2, "");
    assert_listed(f, "t");
    assert_items(f, "1");
}

static void a_thread_that_is_there_again_stays(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    script_status(f, "/t", 404);
    script_threads(f, "?limit=1&order=desc", "");
    script_thread(f, "t");
    script_items(f, "?limit=3&order=asc", "1");
    check(f, CK_CHECK_ITEMS | CK_CHECK_THREAD, 5, "");
    assert_listed(f, "t");
    assert_items(f, "1");
}

static void a_thread_that_fails_stays(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    script_status(f, "/t", 403);
    check_badly(f, CK_CHECK_ITEMS | CK_CHECK_THREAD, CK_ERROR_DENIED, 1, "");
    assert_items(f, "1");
}

static void another_thread_is_a_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    server_json_twice(f->server, LIST "/t", "{\"id\":\"5\"}");
    check_badly(f, CK_CHECK_THREAD, CK_ERROR_BAD_RESPONSE, 2, "");
    server_json_twice(f->server, LIST "/t", "{\"title\":\"none\"}");
    check_badly(f, CK_CHECK_THREAD, CK_ERROR_BAD_RESPONSE, 2, "");
    assert_listed(f, "t");
}

static void drop(Fixture *f)
{
    g_auto(CkThreadRow) row = {0};
    rows_get_thread(f->store, "t", &row);
    g_assert_true(ck_store_drop_thread(f->store, row.row, NULL));
}

static void a_thread_dropped_before_it_begins_is_no_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    begin(f, CK_CHECK_ITEMS);
    drop(f);
    server_run_until(f->context, f->ended);
    g_assert_no_error(f->error);
    expect(f, 0, "");
}

static void a_thread_dropped_meanwhile_is_no_failure(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    script_items(f, "?limit=3&order=asc", "1 2");
    server_hold(f->server);
    begin(f, CK_CHECK_ITEMS);
    server_run_until(f->context, server_seen(f->server) == 1);
    drop(f);
    server_release(f->server, 1);
    server_run_until(f->context, f->ended);
    g_assert_no_error(f->error);
    expect(f, 1, "");
}

static void a_thread_gone_that_was_dropped_meanwhile_is_told_once(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    script_status(f, "/t", 404);
    script_threads(f, "?limit=1&order=desc", "");
    script_status(f, "/t", 404);
    server_hold(f->server);
    begin(f, CK_CHECK_THREAD);
    server_run_until(f->context, server_seen(f->server) == 1);
    drop(f);
    server_release(f->server, 4);
    server_run_until(f->context, f->ended);
    g_assert_no_error(f->error);
    expect(f, 4, "");
}

/* Cancelling */

static void what_is_freed_asks_and_tells_no_more(void)
{
    for (guint after = 0; after < 4; after++) {
        g_autoptr(Fixture) f = fixture_with_items("1 2~ 3");
        server_may_leave(f->server);
        script_thread(f, "t=Other");
        script_items(f, "?limit=1&order=asc&after=1", "2 +");
        script_items(f, "?limit=3&order=asc&after=2", "3 4");
        server_hold(f->server);
        begin(f, CK_CHECK_ITEMS | CK_CHECK_THREAD);
        for (guint i = 1; i <= after; i++) {
            server_run_until(f->context, server_seen(f->server) == i);
            if (i < after)
                server_release(f->server, 1);
        }
        g_clear_pointer(&f->check, ck_check_free);
        server_release(f->server, 1);
        while (g_main_context_iteration(f->context, FALSE))
            continue;
        g_assert_false(f->ended);
        g_assert_cmpuint(server_seen(f->server), ==, after);
    }
}

static void threads_that_are_freed_tell_no_more(void)
{
    for (guint after = 1; after < 3; after++) {
        g_autoptr(Fixture) f = fixture_with_threads("1");
        server_may_leave(f->server);
        script_threads(f, "?limit=3&order=desc", "9 8 7 +");
        script_threads(f, "?limit=3&order=desc&after=7", "6 1");
        server_hold(f->server);
        begin(f, 0);
        server_run_until(f->context, server_seen(f->server) == 1);
        if (after == 2) {
            server_release(f->server, 1);
            server_run_until(f->context, server_seen(f->server) == 2);
        }
        g_clear_pointer(&f->check, ck_check_free);
        server_release(f->server, 1);
        while (g_main_context_iteration(f->context, FALSE))
            continue;
        g_assert_false(f->ended);
        expect(f, after, "");
        assert_listed(f, "1");
    }
}

/* Causes */

static void all_requests_are_for_whom_it_was_begun(void)
{
    g_autoptr(Fixture) f = fixture_with_items("1");
    CkCauses *causes = ck_api_causes(f->api);
    g_autoptr(GString) text = g_string_new(NULL);
    script_thread(f, "t");
    script_items(f, "?limit=3&order=asc", "1 2 +");
    script_items(f, "?limit=3&order=asc&after=2", "3");
    CkCause before = ck_causes_swap(causes, (CkCause){4711, "reader"});
    begin(f, CK_CHECK_ITEMS | CK_CHECK_THREAD);
    ck_causes_swap(causes, before);
    server_run_until(f->context, f->ended);
    ck_causes_write(causes, text);
    g_assert_nonnull(strstr(text->str, "reader[4711] 3"));
    g_assert_cmpint(ck_causes_current(causes).pid, ==, ck_causes_own().pid);
}

#define TEST(name) g_test_add_func("/check/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(where_nothing_is_new_one_page_is_asked_for);
    TEST(new_threads_come_before_all_in_the_order_of_the_server);
    TEST(pages_are_read_until_one_has_a_known_thread);
    TEST(pages_are_read_to_the_end_where_all_that_was_known_is_gone);
    TEST(an_account_may_be_empty);
    TEST(known_threads_are_brought_up_to_date);
    TEST(a_thread_known_by_its_id_alone_gets_its_place);
    TEST(what_is_behind_the_last_known_thread_is_left_to_the_listing);
    TEST(what_comes_among_the_known_ones_is_placed_before_all);
    TEST(a_thread_that_is_known_from_its_user_is_none_that_was_met);
    TEST(threads_behind_all_that_is_known_are_new_where_the_listing_is_complete);
    TEST(nothing_is_read_that_is_older_than_since);
    TEST(what_is_newer_than_until_is_gone_past);
    TEST(the_listing_of_a_user_is_asked_for_by_the_user);
    TEST(a_page_that_is_too_large_is_asked_for_in_halves);
    TEST(a_thread_that_is_too_large_is_a_failure);
    TEST(cursors_in_a_circle_are_a_failure);
    TEST(more_of_nothing_is_a_failure);
    TEST(an_empty_page_is_the_end_where_its_cursor_is_there);
    TEST(an_empty_page_is_no_end_where_its_cursor_is_gone);
    TEST(a_cursor_that_goes_has_all_asked_for_once_more);
    TEST(cursors_that_go_twice_are_a_failure);
    TEST(an_error_leaves_what_was_known);
    TEST(a_page_that_does_not_fit_leaves_the_store_as_it_was);
    TEST(threads_are_current_since_the_check_began);
    TEST(what_comes_after_the_last_finished_item_is_asked_for);
    TEST(a_thread_without_items_is_read_from_its_beginning);
    TEST(items_at_the_end_that_are_not_finished_are_asked_for_again);
    TEST(where_none_is_finished_all_are_asked_for_again);
    TEST(each_run_of_unfinished_items_is_asked_for_by_itself);
    TEST(a_run_longer_than_a_page_takes_more_of_them);
    TEST(a_page_may_be_shorter_than_was_asked_for);
    TEST(a_page_longer_than_was_asked_for_is_a_failure);
    TEST(no_item_is_asked_for_after_one_whose_id_can_not_be_sent);
    TEST(where_no_id_can_be_sent_all_items_are_read);
    TEST(a_run_may_end_in_an_item_whose_id_is_no_text);
    TEST(items_of_a_page_too_large_are_asked_for_in_halves);
    TEST(an_item_that_is_too_large_is_a_failure);
    TEST(a_lost_cursor_has_all_items_read_once_more);
    TEST(a_cursor_that_is_lost_twice_is_a_failure);
    TEST(a_thread_whose_items_are_gone_is_dropped_if_it_is);
    TEST(a_thread_that_is_there_without_its_items_is_a_failure);
    TEST(items_that_are_rejected_from_the_first_on_are_a_failure);
    TEST(an_error_leaves_the_items_that_were_known);
    TEST(cursors_of_items_in_a_circle_are_a_failure);
    TEST(a_listing_that_is_read_anew_meanwhile_is_left_alone);
    TEST(items_are_current_since_the_check_began);
    TEST(a_thread_alone_is_asked_for_by_its_id);
    TEST(the_thread_comes_before_its_items);
    TEST(a_thread_that_is_gone_is_dropped_and_its_items_not_asked_for);
    TEST(where_the_list_of_threads_fails_no_thread_is_taken_for_gone);
    TEST(a_thread_that_is_there_again_stays);
    TEST(a_thread_that_fails_stays);
    TEST(another_thread_is_a_failure);
    TEST(a_thread_dropped_before_it_begins_is_no_failure);
    TEST(a_thread_dropped_meanwhile_is_no_failure);
    TEST(a_thread_gone_that_was_dropped_meanwhile_is_told_once);
    TEST(what_is_freed_asks_and_tells_no_more);
    TEST(threads_that_are_freed_tell_no_more);
    TEST(all_requests_are_for_whom_it_was_begun);
    return g_test_run();
}
