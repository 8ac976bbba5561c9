/* SPDX-License-Identifier: MIT */
#include "deletion.h"

#include "client.h"
#include "error.h"
#include "rows.h"

#define THREADS    "/v1/chatkit/threads"
#define DELETE     "DELETE " THREADS "/t"
#define THREAD     "GET " THREADS "/t"
#define CONFIRMED  "{\"id\":\"t\",\"object\":\"chatkit.thread.deleted\",\"deleted\":true}"
#define IS_THERE   "{\"id\":\"t\",\"title\":\"T\"}"
#define OTHERS     "{\"data\":[{\"id\":\"u\"}],\"has_more\":true}"
#define ASK_OTHERS "GET " THREADS "?limit=1&order=desc"

typedef struct {
    GMainContext *context;
    Server *server;
    CkConfig *config;
    CkStore *store;
    CkApi *api;
    CkDeleter *deleter;
    GString *told; /* of events */
} Fixture;

static void on_changed(const char *thread_id, gpointer data)
{
    g_string_append_printf(((Fixture *)data)->told, "changed:%s ", thread_id);
}

static void on_gone(const CkThreadRow *thread, gpointer data)
{
    g_string_append_printf(((Fixture *)data)->told, "gone:%s ", thread->id);
}

static void on_failed(const GError *error, gpointer data)
{
    g_assert_true(g_str_has_prefix(error->message, "deleting thread t: "));
    g_string_append(((Fixture *)data)->told, "failed ");
}

static Fixture *fixture_new(void)
{
    Fixture *f = g_new0(Fixture, 1);
    f->context = g_main_context_new();
    f->server = server_new(f->context);
    f->config = client_config(f->server);
    f->store = rows_new_store();
    f->api = client_api(f->context, f->config);
    f->told = g_string_new(NULL);
    const CkDeleterEvents events = {
        {.thread_changed = on_changed, .thread_gone = on_gone, .data = f}, on_failed, f};
    f->deleter = ck_deleter_new(f->context, f->store, f->api, f->config, &events);
    rows_put_thread(f->store, IS_THERE);
    rows_put_thread(f->store, "{\"id\":\"u\"}");
    return f;
}

static void fixture_free(Fixture *f)
{
    g_clear_pointer(&f->deleter, ck_deleter_free);
    ck_api_free(f->api);
    ck_store_free(f->store);
    server_free(f->server);
    ck_config_free(f->config);
    g_string_free(f->told, TRUE);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

typedef struct {
    CkDeletion *wait;
    gboolean woken;
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
    g_assert_false(waiter->woken);
    waiter->woken = TRUE;
    waiter->wait = NULL;
    waiter->error = error ? g_error_copy(error) : NULL;
}

static void start(Fixture *f, Waiter *waiter)
{
    waiter->wait = ck_deleter_wait(f->deleter, "t", FALSE, on_woken, waiter);
}

static void run(Fixture *f, Waiter *waiter)
{
    server_run_until(f->context, waiter->woken);
}

static void delete_and_run(Fixture *f, Waiter *waiter)
{
    start(f, waiter);
    g_assert_false(waiter->woken);
    run(f, waiter);
}

static gboolean is_known(Fixture *f, const char *id)
{
    g_auto(CkThreadRow) row = {0};
    return ck_store_thread_by_id(f->store, id, &row, NULL) == CK_FOUND;
}

static void expect_message(void)
{
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "thread t has been deleted, for *[*]");
}

/* It is gone, and who looks has been told so. */
static void assert_deleted(Fixture *f, const Waiter *waiter)
{
    g_assert_no_error(waiter->error);
    g_assert_false(is_known(f, "t"));
    g_assert_true(is_known(f, "u"));
    g_assert_true(ck_store_is_deleted(f->store, "t"));
    g_assert_cmpstr(f->told->str, ==, "gone:t ");
    g_test_assert_expected_messages();
}

/* It is there as before, and the failure has been told once. */
static void assert_failed(Fixture *f, const Waiter *waiter, CkError code)
{
    g_assert_error(waiter->error, CK_ERROR, (int)code);
    g_assert_true(is_known(f, "t"));
    g_assert_false(ck_store_is_deleted(f->store, "t"));
    g_assert_cmpstr(f->told->str, ==, "failed ");
}

static void test_what_the_server_confirms_is_gone(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) waiter = {0};
    expect_message();
    server_json(f->server, DELETE, CONFIRMED);
    delete_and_run(f, &waiter);
    assert_deleted(f, &waiter);
}

static void test_however_many_wait_it_is_asked_once(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) one = {0}, two = {0};
    expect_message();
    server_json(f->server, DELETE, CONFIRMED);
    start(f, &one);
    start(f, &two);
    run(f, &two);
    assert_deleted(f, &one);
    assert_deleted(f, &two);
}

static void test_it_goes_on_when_nobody_waits(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) waiter = {0};
    expect_message();
    server_json(f->server, DELETE, CONFIRMED);
    start(f, &waiter);
    ck_deleter_cancel(waiter.wait);
    server_run_until(f->context, !is_known(f, "t"));
    g_assert_false(waiter.woken);
    assert_deleted(f, &waiter);
}

/* The second one, who comes in time, has it asked again at once. */
static void test_but_is_not_asked_again_for_nobody(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) waiter = {0}, second = {0};
    server_reply(f->server, DELETE, 503, "retry-after-ms: 20000\r\n", "");
    start(f, &waiter);
    server_run_until(f->context,
                     server_seen(f->server) == 1 && ck_api_usage(f->api).under_way == 0);
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "thread t is not deleted: *");
    ck_deleter_cancel(waiter.wait);
    g_test_assert_expected_messages();
    g_assert_false(waiter.woken);
    g_assert_true(is_known(f, "t"));
    expect_message();
    server_json(f->server, DELETE, CONFIRMED);
    delete_and_run(f, &second);
    assert_deleted(f, &second);
    g_assert_cmpuint(server_seen(f->server), ==, 2);
}

static void test_who_ends_it_is_not_called(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) waiter = {0};
    server_hold(f->server);
    server_json(f->server, DELETE, CONFIRMED);
    start(f, &waiter);
    server_run_until(f->context, server_seen(f->server) == 1);
    g_clear_pointer(&f->deleter, ck_deleter_free);
    server_release(f->server, 1);
    g_assert_false(waiter.woken);
}

static void test_a_failure_loses_nothing(void)
{
    static const struct {
        int status;
        CkError code;
    } cases[] = {{401, CK_ERROR_DENIED}, {403, CK_ERROR_DENIED}, {400, CK_ERROR_REJECTED}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_auto(Waiter) waiter = {0};
        server_reply(f->server, DELETE, cases[i].status, "", "");
        delete_and_run(f, &waiter);
        assert_failed(f, &waiter, cases[i].code);
    }
}

static void test_after_a_failure_it_is_asked_anew(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) first = {0}, second = {0};
    server_reply(f->server, DELETE, 400, "", "");
    delete_and_run(f, &first);
    g_string_truncate(f->told, 0);
    expect_message();
    server_json(f->server, DELETE, CONFIRMED);
    delete_and_run(f, &second);
    assert_deleted(f, &second);
}

static void script_gone(Fixture *f)
{
    server_reply(f->server, THREAD, 404, "", "");
    server_json(f->server, ASK_OTHERS, OTHERS);
    server_reply(f->server, THREAD, 404, "", "");
}

/* Somebody else was faster, or an attempt whose answer was lost has done it. */
static void test_one_that_is_gone_already_is_deleted(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) waiter = {0};
    expect_message();
    server_reply(f->server, DELETE, 404, "", "");
    script_gone(f);
    delete_and_run(f, &waiter);
    assert_deleted(f, &waiter);
}

static void test_so_is_one_after_an_answer_that_says_nothing(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) waiter = {0};
    expect_message();
    server_json_twice(f->server, DELETE, "<html>");
    script_gone(f);
    delete_and_run(f, &waiter);
    assert_deleted(f, &waiter);
}

static void test_one_that_is_still_there_is_not(void)
{
    static const char *const answers[] = {"", "{}", "{\"id\":\"t\",\"deleted\":false}"};
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_auto(Waiter) waiter = {0};
        server_json_twice(f->server, DELETE, answers[i]);
        server_json(f->server, THREAD, IS_THERE);
        delete_and_run(f, &waiter);
        assert_failed(f, &waiter, CK_ERROR_BAD_RESPONSE);
    }
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) waiter = {0};
    server_reply(f->server, DELETE, 404, "", "");
    server_json(f->server, THREAD, IS_THERE);
    delete_and_run(f, &waiter);
    assert_failed(f, &waiter, CK_ERROR_BAD_RESPONSE);
}

static void test_a_server_that_knows_nothing_is_not_believed(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Waiter) waiter = {0};
    server_reply(f->server, DELETE, 404, "", "");
    server_reply(f->server, THREAD, 404, "", "");
    server_reply(f->server, ASK_OTHERS, 404, "", "");
    delete_and_run(f, &waiter);
    assert_failed(f, &waiter, CK_ERROR_BAD_RESPONSE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/deletion/confirmed", test_what_the_server_confirms_is_gone);
    g_test_add_func("/deletion/single-flight", test_however_many_wait_it_is_asked_once);
    g_test_add_func("/deletion/nobody-waits", test_it_goes_on_when_nobody_waits);
    g_test_add_func("/deletion/nobody-waits-again", test_but_is_not_asked_again_for_nobody);
    g_test_add_func("/deletion/freed", test_who_ends_it_is_not_called);
    g_test_add_func("/deletion/failure", test_a_failure_loses_nothing);
    g_test_add_func("/deletion/anew", test_after_a_failure_it_is_asked_anew);
    g_test_add_func("/deletion/gone-already", test_one_that_is_gone_already_is_deleted);
    g_test_add_func("/deletion/gone-unsaid", test_so_is_one_after_an_answer_that_says_nothing);
    g_test_add_func("/deletion/still-there", test_one_that_is_still_there_is_not);
    g_test_add_func("/deletion/not-found-everywhere",
                    test_a_server_that_knows_nothing_is_not_believed);
    return g_test_run();
}
