/* SPDX-License-Identifier: MIT */
#include "revalidate.h"

#include <stdlib.h>

#include "client.h"
#include "error.h"
#include "rows.h"

/*
 * An account of threads 1, 2, 3 …, the highest the newest, that have all been listed, with items of
 * the same ids that have all been read. Time passes as the test says: pass().
 *
 * What the revalidator asks for is told in one word each: "threads", "page:5" (the one after 5),
 * "thread:5", "items:5"; each is answered so that nothing has changed, unless it is scripted.
 */
#define LIST "GET /v1/chatkit/threads"
#define PAGE 2
#define TTL  30
#define ALL  1000 /* answers */

/* The clock, in place of GLib's: a microsecond later whenever it is looked at. The server's threads
 * do so too. */
static gint64 passed; /* atomic */

gint64 g_get_real_time(void)
{
    return __atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST);
}

gint64 g_get_monotonic_time(void)
{
    return __atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST);
}

static void pass(double seconds)
{
    __atomic_add_fetch(&passed, (gint64)(seconds * G_USEC_PER_SEC), __ATOMIC_SEQ_CST);
}

typedef struct _Fixture Fixture;

/* Somebody who waits. */
typedef struct {
    Fixture *f;
    CkRevalidation *wait; /* NULL: not any more */
    guint woken;
    int code; /* of the error; -1: none */
    void (*then)(Fixture *f);
} Waiter;

struct _Fixture {
    GMainContext *context;
    Server *server;
    CkConfig *config;
    CkStore *store;
    CkApi *api;
    CkRevalidator *revalidator;
    guint threads;
    guint failures, gone, changed, grown;
    guint asked; /* requests that expect() has been told of */
    gboolean settled;
    Waiter first, second;
};

/* Events */

static void on_thread_changed(const char *thread_id, gpointer data)
{
    (void)thread_id;
    ((Fixture *)data)->changed++;
}

static void on_grown(const char *thread_id, gpointer data)
{
    (void)thread_id;
    ((Fixture *)data)->grown++;
}

static void on_item_changed(gint64 row, gpointer data)
{
    (void)row;
    (void)data;
}

static void on_gone(const CkThreadRow *thread, gpointer data)
{
    (void)thread;
    ((Fixture *)data)->gone++;
}

static void on_failed(const GError *error, gpointer data)
{
    g_assert_nonnull(error);
    ((Fixture *)data)->failures++;
}

/* The fixture */

static char *thread_json(guint number)
{
    return g_strdup_printf("{\"id\":\"%u\",\"user\":\"u\",\"created_at\":%u}", number,
                           1000 + number);
}

static Fixture *fixture_new(guint threads)
{
    Fixture *f = g_new0(Fixture, 1);
    passed = 1000000 * (gint64)G_USEC_PER_SEC;
    f->threads = threads;
    f->context = g_main_context_new();
    f->server = server_new(f->context);
    f->config = client_config(f->server);
    f->config->page_size = PAGE;
    f->config->ttl = TTL;
    f->config->relist = CK_NEVER;
    f->store = rows_new_store();
    f->api = client_api(f->context, f->config);
    const CkRevalidatorEvents events = {
        {on_thread_changed, on_grown, on_item_changed, on_gone, f}, on_failed, f};
    f->revalidator = ck_revalidator_new(f->context, f->store, f->api, f->config, &events);
    f->first.f = f->second.f = f;
    return f;
}

static void fixture_free(Fixture *f)
{
    g_clear_pointer(&f->revalidator, ck_revalidator_free);
    ck_api_free(f->api);
    ck_store_free(f->store);
    server_free(f->server);
    ck_config_free(f->config);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static void know_listing(Fixture *f, const char *key)
{
    g_assert_true(ck_store_put_listing(f->store, key, NULL, TRUE, NULL));
    g_assert_true(ck_store_set_checked(f->store, key, g_get_real_time(), TRUE, NULL));
}

static void know_items(Fixture *f, guint number)
{
    g_autofree char *thread = g_strdup_printf("%u", number);
    g_autofree char *key = g_strconcat("items:", thread, NULL);
    rows_put_message(f->store, thread, thread, 2000, "text");
    know_listing(f, key);
}

static Fixture *fixture_of(guint threads)
{
    Fixture *f = fixture_new(threads);
    for (guint number = threads; number > 0; number--) {
        g_autofree char *json = thread_json(number);
        rows_put_thread(f->store, json);
        know_items(f, number);
    }
    know_listing(f, "threads:");
    return f;
}

/* The server */

static char *page_after(guint after)
{
    g_autoptr(GString) page = g_string_new("{\"data\":[");
    guint last = after > PAGE + 1 ? after - PAGE : 1;
    for (guint number = after - 1; number >= last; number--) {
        g_autofree char *json = thread_json(number);
        g_string_append_printf(page, "%s%s", number + 1 < after ? "," : "", json);
    }
    g_string_append_printf(page, "],\"has_more\":%s}", last > 1 ? "true" : "false");
    return g_strdup(page->str);
}

/* The request that a word stands for, and what answers it where nothing has changed. */
static void spell(Fixture *f, const char *word, char **request, char **answer)
{
    const char *id = strchr(word, ':');
    guint number = id ? (guint)atoi(id + 1) : 0;
    if (g_str_has_prefix(word, "threads")) {
        *request = g_strdup(LIST "?limit=2&order=desc");
        *answer = page_after(f->threads + 1);
    } else if (g_str_has_prefix(word, "page")) {
        *request = g_strdup_printf(LIST "?limit=2&order=desc&after=%u", number);
        *answer = page_after(number);
    } else if (g_str_has_prefix(word, "thread")) {
        *request = g_strdup_printf(LIST "/%u", number);
        *answer = thread_json(number);
    } else {
        *request = g_strdup_printf(LIST "/%u/items?limit=2&order=asc", number);
        *answer = g_strdup_printf("{\"data\":[{\"id\":\"%u\"}],\"has_more\":false}", number);
    }
}

/* These requests are going to be made; "threads=403" is answered with that status. */
static void script(Fixture *f, const char *words)
{
    g_auto(GStrv) each = g_strsplit(words, " ", -1);
    for (char **word = each; *word && **word; word++) {
        g_auto(GStrv) parts = g_strsplit(*word, "=", 2);
        g_autofree char *request = NULL, *answer = NULL;
        spell(f, parts[0], &request, &answer);
        if (parts[1])
            server_reply(f->server, request, atoi(parts[1]), "", "{}");
        else
            server_json(f->server, request, answer);
    }
}

static void on_settled(CkPreparedThread *thread, const GError *error, gpointer data)
{
    (void)thread;
    (void)error;
    ((Fixture *)data)->settled = TRUE;
}

/* A call of the API's own comes back after all that came before it. */
static void settle_once(Fixture *f)
{
    while (g_main_context_pending(f->context) || ck_api_usage(f->api).under_way > 0)
        g_main_context_iteration(f->context, TRUE);
    f->settled = FALSE;
    server_json(f->server, LIST "/settled", "{\"id\":\"settled\"}");
    ck_api_get_thread(f->api, "settled", on_settled, f);
    f->asked++;
    server_run_until(f->context, f->settled);
    while (g_main_context_iteration(f->context, FALSE))
        continue;
}

/* Until nothing is under way any more. */
static void run(Fixture *f)
{
    guint seen;
    do {
        seen = server_seen(f->server);
        settle_once(f);
    } while (server_seen(f->server) > seen + 1 || ck_api_usage(f->api).under_way > 0);
}

static void expect(Fixture *f, guint requests)
{
    run(f);
    g_assert_cmpuint(server_seen(f->server) - f->asked, ==, requests);
    f->asked = server_seen(f->server);
}

static void run_until_seen(Fixture *f, guint requests)
{
    server_run_until(f->context, server_seen(f->server) == f->asked + requests);
}

/* Readers */

static CkWant threads_want(void)
{
    return (CkWant){CK_WANT_THREADS, NULL};
}

static CkServe ask(Fixture *f, const CkWant *want, gboolean again, double *valid)
{
    g_autoptr(GError) error = NULL;
    CkServe serve = ck_revalidate(f->revalidator, want, again, valid, &error);
    g_assert_true((serve == CK_REFUSE) == (error != NULL));
    return serve;
}

static CkServe read_threads(Fixture *f)
{
    const CkWant want = threads_want();
    double valid;
    return ask(f, &want, FALSE, &valid);
}

static CkServe read_items(Fixture *f, const char *thread)
{
    const CkWant want = {CK_WANT_ITEMS, (char *)thread};
    double valid;
    return ask(f, &want, FALSE, &valid);
}

static void assert_near(double value, double expected)
{
    g_assert_cmpfloat_with_epsilon(value, expected, 0.001);
}

static double valid_of_threads(Fixture *f)
{
    const CkWant want = threads_want();
    double valid;
    g_assert_cmpint(ask(f, &want, FALSE, &valid), ==, CK_SERVE);
    return valid;
}

static void on_woken(const GError *error, gpointer data)
{
    Waiter *waiter = data;
    g_assert_nonnull(waiter->wait); /* later than the call that began it */
    waiter->wait = NULL;
    waiter->woken++;
    waiter->code = error ? error->code : -1;
    if (waiter->then)
        waiter->then(waiter->f);
}

static void wait_for(Waiter *waiter, const CkWant *want)
{
    waiter->wait = ck_revalidator_wait(waiter->f->revalidator, want, on_woken, waiter);
}

static void wait_for_threads(Waiter *waiter)
{
    const CkWant want = threads_want();
    wait_for(waiter, &want);
}

static void wait_for_items(Waiter *waiter, const char *thread)
{
    const CkWant want = {CK_WANT_ITEMS, (char *)thread};
    wait_for(waiter, &want);
}

static void refresh(Waiter *waiter)
{
    waiter->wait = ck_revalidator_refresh(waiter->f->revalidator, on_woken, waiter);
}

static void cancel(Waiter *waiter)
{
    ck_revalidator_cancel(g_steal_pointer(&waiter->wait));
}

static void assert_woken(const Waiter *waiter, int code)
{
    g_assert_cmpuint(waiter->woken, ==, 1);
    g_assert_null(waiter->wait);
    g_assert_cmpint(waiter->code, ==, code);
}

/* Within the ttl, and after it */

static void within_the_ttl_nothing_is_asked_for(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    assert_near(valid_of_threads(f), TTL);
    pass(TTL - 1);
    assert_near(valid_of_threads(f), 1);
    g_assert_cmpint(read_items(f, "2"), ==, CK_SERVE);
    expect(f, 0);
}

static void what_can_not_change_is_not_asked_for(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    const CkWant nothing = {0};
    double valid;
    pass(TTL);
    g_assert_cmpint(ask(f, &nothing, FALSE, &valid), ==, CK_SERVE);
    g_assert_cmpfloat(valid, ==, TTL);
    expect(f, 0);
}

static void what_was_never_read_is_the_pagers(void)
{
    g_autoptr(Fixture) f = fixture_new(0);
    pass(TTL);
    g_assert_cmpint(read_threads(f), ==, CK_SERVE);
    g_assert_cmpint(read_items(f, "1"), ==, CK_SERVE);
    expect(f, 0);
}

static void after_the_ttl_readers_cause_one_check(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    pass(TTL);
    script(f, "threads");
    for (int i = 0; i < 5; i++)
        assert_near(valid_of_threads(f), 1);
    run_until_seen(f, 1);
    assert_near(valid_of_threads(f), 1);
    expect(f, 1);
    assert_near(valid_of_threads(f), TTL);
    expect(f, 0);
}

static void a_thread_that_is_opened_is_checked_with_its_items(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    pass(TTL);
    script(f, "thread:2 items:2");
    read_items(f, "2");
    read_items(f, "2");
    expect(f, 2);
    read_items(f, "2");
    expect(f, 0);
}

static void of_a_thread_that_was_listed_just_now_only_the_items_are_checked(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    pass(TTL);
    script(f, "threads items:2");
    read_threads(f);
    run(f);
    read_items(f, "2");
    expect(f, 2);
}

static void what_the_clock_has_in_the_future_is_checked(void)
{
    g_autoptr(Fixture) f = fixture_of(1);
    pass(-3600);
    script(f, "threads");
    read_threads(f);
    expect(f, 1);
    read_threads(f);
    expect(f, 0);
}

static void with_ttl_inf_nothing_is_checked(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    f->config->ttl = CK_NEVER;
    pass(1e6);
    g_assert_cmpfloat(valid_of_threads(f), ==, G_MAXINT);
    g_assert_cmpint(read_items(f, "2"), ==, CK_SERVE);
    expect(f, 0);
}

/* With --ttl=0 */

static void with_ttl_0_readers_wait(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    f->config->ttl = 0;
    script(f, "threads");
    g_assert_cmpint(read_threads(f), ==, CK_WAIT);
    expect(f, 0);
    wait_for_threads(&f->first);
    g_assert_cmpint(read_threads(f), ==, CK_WAIT);
    wait_for_threads(&f->second);
    expect(f, 1);
    assert_woken(&f->first, -1);
    assert_woken(&f->second, -1);
}

static void with_ttl_0_the_same_question_is_not_asked_twice(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    const CkWant want = threads_want();
    double valid;
    f->config->ttl = 0;
    pass(0.1);
    g_assert_cmpint(ask(f, &want, TRUE, &valid), ==, CK_SERVE);
    g_assert_cmpfloat(valid, ==, 0);
    g_assert_cmpint(ask(f, &want, FALSE, &valid), ==, CK_WAIT);
    pass(0.2);
    g_assert_cmpint(ask(f, &want, TRUE, &valid), ==, CK_WAIT);
    expect(f, 0);
}

static void who_waits_is_told_of_the_failure(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    f->config->ttl = 0;
    script(f, "threads=403");
    wait_for_threads(&f->first);
    expect(f, 1);
    assert_woken(&f->first, CK_ERROR_DENIED);
    g_assert_cmpuint(f->failures, ==, 1);
    g_assert_cmpint(read_threads(f), ==, CK_SERVE); /* nothing is checked now */
    pass(1);
    g_assert_cmpint(read_threads(f), ==, CK_WAIT);
}

static void a_check_that_takes_too_long_keeps_nobody_else_waiting(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    f->config->ttl = 0;
    script(f, "threads");
    server_hold(f->server);
    wait_for_threads(&f->first);
    run_until_seen(f, 1);
    g_assert_cmpint(read_threads(f), ==, CK_WAIT);
    f->config->timeout = 0; /* so long has it taken by now */
    g_assert_cmpint(read_threads(f), ==, CK_SERVE);
    f->config->strict = TRUE;
    g_assert_cmpint(read_threads(f), ==, CK_REFUSE);
    f->config->timeout = 30;
    server_release(f->server, ALL);
    expect(f, 1);
    assert_woken(&f->first, -1);
    g_assert_cmpint(read_threads(f), ==, CK_WAIT);
}

static void who_waits_for_a_thread_has_all_of_it_checked(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    f->config->ttl = 0;
    script(f, "thread:2 items:2");
    wait_for_items(&f->first, "2");
    expect(f, 2);
    assert_woken(&f->first, -1);
}

static void who_waits_does_not_stand_in_the_queue(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    f->config->concurrency = 2; /* of checks: 1 */
    f->config->ttl = TTL;
    pass(TTL);
    script(f, "threads thread:2 items:2");
    server_hold(f->server);
    read_threads(f);
    run_until_seen(f, 1);
    read_items(f, "2");
    wait_for_items(&f->first, "2");
    run_until_seen(f, 2);
    server_release(f->server, ALL);
    expect(f, 3);
    assert_woken(&f->first, -1);
}

/* Failures */

static gboolean is_paused(Fixture *f)
{
    return read_threads(f) == CK_REFUSE;
}

static void after_each_failure_the_pause_is_twice_as_long(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    static const guint pauses[] = {1, 2, 4, 8, 16, 30, 30};
    f->config->strict = TRUE; /* in which a pause shows */
    pass(TTL);
    for (gsize i = 0; i < G_N_ELEMENTS(pauses); i++) {
        script(f, "threads=403");
        g_assert_cmpint(read_threads(f), ==, i == 0 ? CK_SERVE : CK_WAIT);
        if (i > 0)
            wait_for_threads(&f->first);
        expect(f, 1);
        pass(pauses[i] - 0.5);
        g_assert_true(is_paused(f));
        pass(0.5);
        g_assert_false(is_paused(f));
    }
    expect(f, 0);
    g_assert_cmpuint(f->failures, ==, 1); /* it is told once */
}

static void a_success_ends_the_pauses(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    f->config->strict = TRUE;
    pass(TTL);
    for (int i = 0; i < 3; i++) {
        script(f, "threads=403");
        wait_for_threads(&f->first);
        expect(f, 1);
        pass(30);
    }
    script(f, "threads");
    wait_for_threads(&f->first);
    expect(f, 1);
    g_assert_cmpint(read_threads(f), ==, CK_SERVE);
    pass(TTL);
    script(f, "threads=403");
    g_assert_cmpint(read_threads(f), ==, CK_SERVE);
    expect(f, 1);
    g_assert_true(is_paused(f));
    pass(1);
    g_assert_false(is_paused(f));
}

static void checks_that_fail_at_once_are_one_failure(void)
{
    g_autoptr(Fixture) f = fixture_of(4);
    f->config->strict = TRUE;
    pass(TTL);
    script(f, "threads=403 thread:1=403 thread:2=403 thread:3=403");
    server_hold(f->server);
    read_threads(f);
    read_items(f, "1");
    read_items(f, "2");
    read_items(f, "3");
    run_until_seen(f, 4);
    server_release(f->server, ALL);
    expect(f, 4);
    g_assert_true(is_paused(f));
    pass(1);
    g_assert_false(is_paused(f));
}

static void in_a_pause_what_is_known_is_served(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    pass(TTL);
    script(f, "threads=403");
    read_threads(f);
    expect(f, 1);
    assert_near(valid_of_threads(f), 1);
    g_assert_cmpint(read_items(f, "1"), ==, CK_SERVE);
    expect(f, 0);
    pass(1);
    script(f, "threads");
    read_threads(f);
    expect(f, 1);
}

static void strict_refuses_what_can_not_be_checked_and_nothing_else(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    g_autoptr(GError) error = NULL;
    const CkWant items = {CK_WANT_ITEMS, (char *)"1"};
    double valid;
    f->config->strict = TRUE;
    pass(TTL / 2);
    know_listing(f, "threads:");
    pass(TTL / 2);
    script(f, "thread:1=403");
    g_assert_cmpint(read_items(f, "1"), ==, CK_SERVE); /* nobody knows better yet */
    expect(f, 1);
    g_assert_cmpint(ck_revalidate(f->revalidator, &items, FALSE, &valid, &error), ==, CK_REFUSE);
    g_assert_error(error, CK_ERROR, CK_ERROR_DENIED);
    g_assert_cmpint(read_threads(f), ==, CK_SERVE); /* which is still current */
    pass(1);
    g_assert_cmpint(read_items(f, "1"), ==, CK_WAIT);
    expect(f, 0);
}

static void a_failure_forgets_what_waits_for_its_turn(void)
{
    g_autoptr(Fixture) f = fixture_of(8);
    f->config->concurrency = 2;
    pass(TTL);
    script(f, "threads=403");
    read_threads(f);
    read_items(f, "1");
    read_items(f, "2");
    expect(f, 1);
    pass(1);
    script(f, "thread:2 items:2");
    read_items(f, "2");
    expect(f, 2);
}

/* How much at once */

static void half_of_the_requests_are_left_to_readers(void)
{
    g_autoptr(Fixture) f = fixture_of(10);
    f->config->concurrency = 5;
    pass(TTL);
    script(f, "thread:1 thread:2 thread:3 thread:4 items:1 items:2 items:3 items:4");
    server_hold(f->server);
    read_items(f, "1");
    read_items(f, "2");
    read_items(f, "3");
    read_items(f, "4");
    run_until_seen(f, 2);
    server_release(f->server, ALL);
    expect(f, 8);
    g_assert_cmpuint(server_most_at_once(f->server), ==, 2);
}

static void one_request_may_always_be_under_way(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    f->config->concurrency = 1;
    pass(TTL);
    script(f, "threads thread:1 items:1");
    read_threads(f);
    read_items(f, "1");
    expect(f, 3);
    g_assert_cmpuint(server_most_at_once(f->server), ==, 1);
}

/* Threads by their ids, or all */

static void threads_are_asked_for_by_id_as_long_as_that_is_less_than_all(void)
{
    g_autoptr(Fixture) f = fixture_of(4); /* 2 pages */
    pass(TTL);
    script(f, "thread:1 items:1 thread:2 items:2 thread:3 items:3");
    read_items(f, "1");
    read_items(f, "2");
    read_items(f, "3");
    expect(f, 6);
    script(f, "threads page:3 items:4");
    read_items(f, "4");
    expect(f, 3);
    pass(TTL - 1); /* all are current now */
    read_items(f, "1");
    expect(f, 0);
    pass(1);
    script(f, "thread:1 items:1");
    read_items(f, "1");
    expect(f, 2);
}

static void who_waits_for_a_thread_while_all_are_listed_anew_waits_for_that(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    pass(TTL / 2);
    script(f, "threads");
    server_hold(f->server);
    ck_revalidator_refresh(f->revalidator, NULL, NULL);
    run_until_seen(f, 1);
    know_listing(f, "items:2"); /* the thread alone is due, and of the refresh the other one */
    wait_for_items(&f->first, "2");
    g_assert_cmpuint(f->first.woken, ==, 0);
    script(f, "items:1");
    server_release(f->server, ALL);
    expect(f, 2);
    assert_woken(&f->first, -1);
}

static void who_waits_for_items_has_the_thread_checked_while_all_are_listed_anew(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    script(f, "threads thread:2 items:2");
    server_hold(f->server);
    ck_revalidator_refresh(f->revalidator, NULL, NULL);
    run_until_seen(f, 1);
    wait_for_items(&f->first, "2");
    run_until_seen(f, 2);
    script(f, "items:1");
    server_release(f->server, ALL);
    expect(f, 4);
    assert_woken(&f->first, -1);
}

/* When all are listed anew */

static void all_threads_are_listed_anew_when_that_is_due(void)
{
    g_autoptr(Fixture) f = fixture_of(4);
    f->config->relist = 2 * TTL;
    pass(TTL);
    script(f, "threads");
    read_threads(f);
    expect(f, 1);
    pass(TTL);
    script(f, "threads page:3"); /* no check beside it */
    read_threads(f);
    read_threads(f);
    expect(f, 2);
    pass(TTL);
    script(f, "threads");
    read_threads(f);
    expect(f, 1);
}

static void what_the_clock_has_in_the_future_is_listed_anew(void)
{
    g_autoptr(Fixture) f = fixture_of(4);
    f->config->relist = 2 * TTL;
    for (int i = 0; i < 2; i++) { /* known from before; listed by this mount */
        pass(-3600);
        script(f, "threads page:3");
        read_threads(f);
        expect(f, 2);
        read_threads(f);
        expect(f, 0);
    }
}

static void items_alone_have_no_threads_listed_anew(void)
{
    g_autoptr(Fixture) f = fixture_of(4);
    f->config->relist = 2 * TTL;
    pass(2 * TTL);
    script(f, "thread:1 items:1");
    read_items(f, "1");
    expect(f, 2);
}

static void with_relist_inf_threads_are_not_listed_anew(void)
{
    g_autoptr(Fixture) f = fixture_of(4);
    pass(1e7);
    script(f, "threads");
    read_threads(f);
    expect(f, 1);
}

static void what_failed_is_not_listed_anew_before_it_is_due_again(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    f->config->relist = 2 * TTL;
    pass(2 * TTL);
    script(f, "threads=403");
    read_threads(f);
    expect(f, 1);
    g_assert_cmpuint(f->failures, ==, 1);
    read_threads(f);
    expect(f, 0);
    pass(1);
    server_json_twice(f->server, LIST "?limit=2&order=desc", "{\"data\":[],\"has_more\":false}");
    read_threads(f); /* a check, which drops nothing */
    expect(f, 2);
    g_assert_cmpuint(f->gone, ==, 0);
    pass(2 * TTL);
    server_json_twice(f->server, LIST "?limit=2&order=desc", "{\"data\":[],\"has_more\":false}");
    read_threads(f);
    expect(f, 2);
    g_assert_cmpuint(f->gone, ==, 2);
}

/* Refreshing */

static void a_refresh_lists_all_threads_and_then_asks_for_items(void)
{
    g_autoptr(Fixture) f = fixture_of(4);
    script(f, "threads page:3 items:1 items:2 items:3 items:4");
    server_hold(f->server);
    refresh(&f->first);
    run_until_seen(f, 2);
    g_assert_cmpuint(f->first.woken, ==, 0);
    server_release(f->server, ALL);
    expect(f, 6);
    assert_woken(&f->first, -1);
    read_threads(f);
    read_items(f, "1");
    expect(f, 0);
}

static void a_refresh_leaves_half_of_the_requests_to_readers(void)
{
    g_autoptr(Fixture) f = fixture_of(6);
    f->config->concurrency = 4;
    script(f, "threads page:5 page:3 items:1 items:2 items:3 items:4 items:5 items:6");
    refresh(&f->first);
    expect(f, 9);
    assert_woken(&f->first, -1);
    g_assert_cmpuint(server_most_at_once(f->server), <=, 2);
}

static void a_refresh_needs_nobody_to_wait_for_it(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    f->config->ttl = CK_NEVER;
    script(f, "threads items:1 items:2");
    g_assert_null(ck_revalidator_refresh(f->revalidator, NULL, NULL));
    expect(f, 3);
}

static void a_refresh_leaves_items_that_are_still_being_read(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    g_assert_true(ck_store_put_listing(f->store, "items:1", NULL, FALSE, NULL));
    script(f, "threads items:2");
    refresh(&f->first);
    expect(f, 2);
    assert_woken(&f->first, -1);
}

static void a_refresh_of_nothing_ends_later(void)
{
    g_autoptr(Fixture) f = fixture_new(0);
    refresh(&f->first);
    g_assert_nonnull(f->first.wait);
    g_assert_cmpuint(f->first.woken, ==, 0);
    expect(f, 0);
    assert_woken(&f->first, -1);
}

static void a_refresh_of_nothing_can_be_cancelled_and_freed(void)
{
    g_autoptr(Fixture) f = fixture_new(0);
    refresh(&f->first);
    cancel(&f->first);
    expect(f, 0);
    refresh(&f->first);
    g_clear_pointer(&f->revalidator, ck_revalidator_free);
    expect(f, 0);
    g_assert_cmpuint(f->first.woken, ==, 0);
}

static void two_refreshes_of_nothing_both_end(void)
{
    g_autoptr(Fixture) f = fixture_new(0);
    refresh(&f->first);
    refresh(&f->second);
    expect(f, 0);
    assert_woken(&f->first, -1);
    assert_woken(&f->second, -1);
}

static void a_refresh_whose_listing_fails_asks_for_nothing_more(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    script(f, "threads=403");
    refresh(&f->first);
    expect(f, 1);
    assert_woken(&f->first, CK_ERROR_DENIED);
    g_assert_cmpuint(f->failures, ==, 1);
}

static void a_refresh_whose_items_fail_asks_for_nothing_more(void)
{
    g_autoptr(Fixture) f = fixture_of(4);
    f->config->concurrency = 2;
    script(f, "threads page:3 items:4=403 items:3=403 items:2=403 items:1=403");
    server_may_leave(f->server); /* whichever is first */
    refresh(&f->first);
    expect(f, 3);
    assert_woken(&f->first, CK_ERROR_DENIED);
    g_assert_cmpuint(f->failures, ==, 1);
}

static void refreshes_during_a_refresh_are_one_that_begins_after_it(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    script(f, "threads items:1 items:2 threads items:1 items:2");
    server_may_leave(f->server); /* whichever items are first */
    server_hold(f->server);
    refresh(&f->first);
    run_until_seen(f, 1);
    refresh(&f->second);
    for (int i = 0; i < 20; i++)
        ck_revalidator_refresh(f->revalidator, NULL, NULL); /* as SIGHUP does */
    server_release(f->server, 3);
    server_run_until(f->context, f->first.woken > 0);
    assert_woken(&f->first, -1);
    g_assert_cmpuint(f->second.woken, ==, 0);
    server_release(f->server, ALL);
    expect(f, 6);
    assert_woken(&f->second, -1);
}

static void a_refresh_during_the_items_of_another_checks_all_of_them_again(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    f->config->concurrency = 2;
    script(f, "threads page:2 items:1 items:2 items:3 threads page:2 items:1 items:2 items:3");
    refresh(&f->first);
    server_run_until(f->context, server_seen(f->server) >= 3);
    refresh(&f->second);
    expect(f, 10);
    assert_woken(&f->first, -1);
    assert_woken(&f->second, -1);
}

static void a_refresh_that_fails_does_not_fail_the_next_one(void)
{
    g_autoptr(Fixture) f = fixture_of(1);
    script(f, "threads=403 threads items:1");
    server_hold(f->server);
    refresh(&f->first);
    run_until_seen(f, 1);
    refresh(&f->second);
    server_release(f->server, ALL);
    expect(f, 3);
    assert_woken(&f->first, CK_ERROR_DENIED);
    assert_woken(&f->second, -1);
}

static void a_refresh_that_nobody_waits_for_any_more_is_made_all_the_same(void)
{
    g_autoptr(Fixture) f = fixture_of(1);
    script(f, "threads items:1 threads items:1");
    server_hold(f->server);
    refresh(&f->first);
    run_until_seen(f, 1);
    refresh(&f->second);
    cancel(&f->first);
    cancel(&f->second);
    server_release(f->server, ALL);
    expect(f, 4);
    g_assert_cmpuint(f->first.woken + f->second.woken, ==, 0);
}

static void all_threads_may_be_listed_anew_during_the_items_of_a_refresh(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    f->config->relist = 2 * TTL;
    f->config->concurrency = 2; /* one of them the refresh's */
    script(f, "threads items:1 items:2 threads");
    server_hold(f->server);
    refresh(&f->first);
    run_until_seen(f, 1);
    server_release_held(f->server);
    run_until_seen(f, 2);
    pass(2 * TTL);
    read_threads(f);
    run_until_seen(f, 3);
    server_release_held(f->server);
    run_until_seen(f, 4);
    g_assert_cmpuint(f->first.woken, ==, 0);
    server_release(f->server, ALL);
    expect(f, 4);
    assert_woken(&f->first, -1);
}

static void a_refresh_ends_the_pause(void)
{
    g_autoptr(Fixture) f = fixture_of(1);
    f->config->strict = TRUE;
    pass(TTL);
    script(f, "threads=403");
    read_threads(f);
    expect(f, 1);
    g_assert_true(is_paused(f));
    script(f, "threads items:1");
    refresh(&f->first);
    expect(f, 2);
    assert_woken(&f->first, -1);
    g_assert_false(is_paused(f));
}

static void what_was_checked_before_a_refresh_does_not_count(void)
{
    static const guint ttls[] = {TTL, CK_NEVER};
    for (gsize i = 0; i < G_N_ELEMENTS(ttls); i++) {
        g_autoptr(Fixture) f = fixture_of(2);
        f->config->ttl = ttls[i];
        script(f, "threads items:1 items:2");
        server_hold(f->server);
        refresh(&f->first);
        run_until_seen(f, 1);
        assert_near(valid_of_threads(f), 1); /* it is being checked */
        read_items(f, "2");
        server_release(f->server, ALL);
        expect(f, 3); /* not twice */
        assert_woken(&f->first, -1);
    }
}

static void a_refresh_that_the_clock_has_in_the_future_does_not_count(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    script(f, "threads items:1 items:2");
    refresh(&f->first);
    expect(f, 3);
    pass(-3600);
    script(f, "threads");
    read_threads(f);
    expect(f, 1);
    read_threads(f);
    expect(f, 0);
}

/* Cancelling */

static void who_no_longer_waits_is_not_woken(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    pass(TTL);
    script(f, "threads");
    wait_for_threads(&f->first);
    wait_for_threads(&f->second);
    cancel(&f->first);
    expect(f, 1); /* the check goes on */
    g_assert_cmpuint(f->first.woken, ==, 0);
    assert_woken(&f->second, -1);
}

static void who_no_longer_waits_for_all_is_not_woken(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    script(f, "threads items:1");
    server_hold(f->server);
    refresh(&f->first);
    run_until_seen(f, 1);
    know_listing(f, "items:2");
    wait_for_items(&f->second, "2");
    cancel(&f->second);
    server_release(f->server, 1);
    run_until_seen(f, 2);
    cancel(&f->first);
    server_release(f->server, ALL);
    expect(f, 2);
    g_assert_cmpuint(f->first.woken + f->second.woken, ==, 0);
}

static void cancel_second(Fixture *f)
{
    if (f->second.wait)
        cancel(&f->second);
}

static void cancel_first(Fixture *f)
{
    if (f->first.wait)
        cancel(&f->first);
}

static void who_is_woken_may_cancel_others(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    pass(TTL);
    script(f, "threads");
    f->first.then = cancel_second;
    f->second.then = cancel_first;
    wait_for_threads(&f->first);
    wait_for_threads(&f->second);
    expect(f, 1);
    g_assert_cmpuint(f->first.woken + f->second.woken, ==, 1);
}

static void wait_again(Fixture *f)
{
    f->first.then = NULL;
    wait_for_threads(&f->first);
}

static void who_is_woken_may_wait_again(void)
{
    g_autoptr(Fixture) f = fixture_of(3);
    pass(TTL);
    script(f, "threads=403 threads");
    f->first.then = wait_again;
    wait_for_threads(&f->first);
    expect(f, 2);
    g_assert_cmpuint(f->first.woken, ==, 2);
    g_assert_cmpint(f->first.code, ==, -1);
}

static void refresh_second(Fixture *f)
{
    refresh(&f->second);
}

static void who_is_woken_by_a_failure_may_refresh(void)
{
    g_autoptr(Fixture) f = fixture_of(1);
    pass(TTL);
    script(f, "threads=403 threads items:1");
    f->first.then = refresh_second;
    wait_for_threads(&f->first);
    expect(f, 3);
    assert_woken(&f->first, CK_ERROR_DENIED);
    assert_woken(&f->second, -1);
}

static void what_is_under_way_ends_when_freed(void)
{
    g_autoptr(Fixture) f = fixture_of(6);
    f->config->concurrency = 2;
    pass(TTL);
    script(f, "threads thread:1 thread:2");
    server_may_leave(f->server);
    server_hold(f->server);
    read_items(f, "1");
    read_items(f, "3"); /* waits for its turn */
    wait_for_items(&f->first, "2");
    refresh(&f->second);
    run_until_seen(f, 3);
    g_clear_pointer(&f->revalidator, ck_revalidator_free);
    server_release(f->server, ALL);
    expect(f, 3);
    g_assert_cmpuint(f->first.woken + f->second.woken, ==, 0);
}

static void the_items_of_a_refresh_end_when_freed(void)
{
    g_autoptr(Fixture) f = fixture_of(2);
    f->config->concurrency = 2;
    script(f, "threads items:1 items:2");
    server_may_leave(f->server);
    server_hold(f->server);
    refresh(&f->first);
    run_until_seen(f, 1);
    server_release(f->server, 1);
    run_until_seen(f, 2);
    g_clear_pointer(&f->revalidator, ck_revalidator_free);
    server_release(f->server, ALL);
    expect(f, 2);
    g_assert_cmpuint(f->first.woken, ==, 0);
}

#define TEST(name) g_test_add_func("/revalidate/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(within_the_ttl_nothing_is_asked_for);
    TEST(what_can_not_change_is_not_asked_for);
    TEST(what_was_never_read_is_the_pagers);
    TEST(after_the_ttl_readers_cause_one_check);
    TEST(a_thread_that_is_opened_is_checked_with_its_items);
    TEST(of_a_thread_that_was_listed_just_now_only_the_items_are_checked);
    TEST(what_the_clock_has_in_the_future_is_checked);
    TEST(with_ttl_inf_nothing_is_checked);
    TEST(with_ttl_0_readers_wait);
    TEST(with_ttl_0_the_same_question_is_not_asked_twice);
    TEST(who_waits_is_told_of_the_failure);
    TEST(a_check_that_takes_too_long_keeps_nobody_else_waiting);
    TEST(who_waits_for_a_thread_has_all_of_it_checked);
    TEST(who_waits_does_not_stand_in_the_queue);
    TEST(after_each_failure_the_pause_is_twice_as_long);
    TEST(a_success_ends_the_pauses);
    TEST(checks_that_fail_at_once_are_one_failure);
    TEST(in_a_pause_what_is_known_is_served);
    TEST(strict_refuses_what_can_not_be_checked_and_nothing_else);
    TEST(a_failure_forgets_what_waits_for_its_turn);
    TEST(half_of_the_requests_are_left_to_readers);
    TEST(one_request_may_always_be_under_way);
    TEST(threads_are_asked_for_by_id_as_long_as_that_is_less_than_all);
    TEST(who_waits_for_a_thread_while_all_are_listed_anew_waits_for_that);
    TEST(who_waits_for_items_has_the_thread_checked_while_all_are_listed_anew);
    TEST(all_threads_are_listed_anew_when_that_is_due);
    TEST(what_the_clock_has_in_the_future_is_listed_anew);
    TEST(items_alone_have_no_threads_listed_anew);
    TEST(with_relist_inf_threads_are_not_listed_anew);
    TEST(what_failed_is_not_listed_anew_before_it_is_due_again);
    TEST(a_refresh_lists_all_threads_and_then_asks_for_items);
    TEST(a_refresh_leaves_half_of_the_requests_to_readers);
    TEST(a_refresh_needs_nobody_to_wait_for_it);
    TEST(a_refresh_leaves_items_that_are_still_being_read);
    TEST(a_refresh_of_nothing_ends_later);
    TEST(a_refresh_of_nothing_can_be_cancelled_and_freed);
    TEST(two_refreshes_of_nothing_both_end);
    TEST(a_refresh_whose_listing_fails_asks_for_nothing_more);
    TEST(a_refresh_whose_items_fail_asks_for_nothing_more);
    TEST(refreshes_during_a_refresh_are_one_that_begins_after_it);
    TEST(a_refresh_during_the_items_of_another_checks_all_of_them_again);
    TEST(a_refresh_that_fails_does_not_fail_the_next_one);
    TEST(a_refresh_that_nobody_waits_for_any_more_is_made_all_the_same);
    TEST(all_threads_may_be_listed_anew_during_the_items_of_a_refresh);
    TEST(a_refresh_ends_the_pause);
    TEST(what_was_checked_before_a_refresh_does_not_count);
    TEST(a_refresh_that_the_clock_has_in_the_future_does_not_count);
    TEST(who_no_longer_waits_is_not_woken);
    TEST(who_no_longer_waits_for_all_is_not_woken);
    TEST(who_is_woken_may_cancel_others);
    TEST(who_is_woken_may_wait_again);
    TEST(who_is_woken_by_a_failure_may_refresh);
    TEST(what_is_under_way_ends_when_freed);
    TEST(the_items_of_a_refresh_end_when_freed);
    return g_test_run();
}
