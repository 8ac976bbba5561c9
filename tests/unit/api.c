/* SPDX-License-Identifier: MIT */
#include "api.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "client.h"
#include "error.h"
#include "keys.h"

#define KEY "sk-test-0123456789"

#define LIST "GET /v1/chatkit/threads"

#define NO_ITEMS                                                                                   \
    "{\"object\":\"list\",\"data\":[],\"first_id\":null,\"last_id\":null,\"has_more\":false}"

/* Of threads or of items. */
#define ONE_PAGE                                                                                   \
    "{\"object\":\"list\",\"data\":[{}],\"first_id\":null,\"last_id\":null,\"has_more\":false}"

#define THREAD "{\"id\":\"cthr_1\"}"

#define QUICK_RETRY "retry-after-ms: 1\r\n"

/* Calls */

typedef struct {
    GMainContext *context;
    Server *server;
    CkConfig *config;
    CkApi *api;
} Fixture;

static void fixture_start(Fixture *f)
{
    f->api = client_api(f->context, f->config);
}

/* For tests that change the configuration before fixture_start(). */
static Fixture *fixture_new_not_started(void)
{
    Fixture *f = g_new0(Fixture, 1);
    f->context = g_main_context_new();
    f->server = server_new(f->context);
    f->config = client_config(f->server);
    keys_set(f->config->key, KEY);
    return f;
}

static Fixture *fixture_new(void)
{
    Fixture *f = fixture_new_not_started();
    fixture_start(f);
    return f;
}

static void fixture_free(Fixture *f)
{
    g_clear_pointer(&f->api, ck_api_free);
    server_free(f->server);
    ck_config_free(f->config);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* How a call ended. */
typedef struct {
    guint calls; /* of its callback */
    GError *error;
    guint elements;
    gboolean has_more;
    char *first, *last; /* id and title of a thread; last: also last_id of a page */
} Outcome;

static void outcome_clear(Outcome *outcome)
{
    g_clear_error(&outcome->error);
    g_free(outcome->first);
    g_free(outcome->last);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

static void on_page(CkPage *page, const GError *error, gpointer data)
{
    Outcome *outcome = data;
    outcome->calls++;
    g_assert_true((page == NULL) == (error != NULL));
    if (error) {
        outcome->error = g_error_copy(error);
        return;
    }
    outcome->elements = page->elements->len;
    outcome->has_more = page->has_more;
    outcome->last = g_strdup(page->last_id);
}

static void on_thread(CkPreparedThread *thread, const GError *error, gpointer data)
{
    Outcome *outcome = data;
    outcome->calls++;
    g_assert_true((thread == NULL) == (error != NULL));
    if (error) {
        outcome->error = g_error_copy(error);
        return;
    }
    outcome->first = g_strdup(thread->id);
    outcome->last = g_strdup(thread->title);
}

static CkApiCall *list(Fixture *f, Outcome *outcome)
{
    return ck_api_list_threads(f->api, &(CkListQuery){0}, on_page, outcome);
}

static void wait_for(Fixture *f, Outcome *outcome)
{
    g_assert_cmpuint(outcome->calls, ==, 0); /* not before the context runs */
    server_run_until(f->context, outcome->calls > 0);
    g_assert_cmpuint(outcome->calls, ==, 1);
}

static void list_and_wait(Fixture *f, Outcome *outcome)
{
    list(f, outcome);
    wait_for(f, outcome);
}

static void assert_header(Fixture *f, const char *name, const char *expected)
{
    g_autofree char *value = server_header(f->server, 0, name);
    g_assert_cmpstr(value, ==, expected);
}

static void requests_carry_key_and_beta_alone(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    server_json(f->server, LIST, ONE_PAGE);
    list_and_wait(f, &outcome);
    assert_header(f, "Authorization", "Bearer " KEY);
    assert_header(f, "OpenAI-Beta", "chatkit_beta=v1");
    assert_header(f, "OpenAI-Organization", NULL);
    assert_header(f, "OpenAI-Project", NULL);
    assert_header(f, "User-Agent", "chatkitfs/" CK_VERSION);
}

static void requests_carry_organization_and_project_if_set(void)
{
    g_autoptr(Fixture) f = fixture_new_not_started();
    g_auto(Outcome) outcome = {0};
    f->config->account.organization.value = g_strdup("org-1");
    f->config->account.project.value = g_strdup("proj-1");
    fixture_start(f);
    server_json(f->server, LIST, ONE_PAGE);
    list_and_wait(f, &outcome);
    assert_header(f, "OpenAI-Organization", "org-1");
    assert_header(f, "OpenAI-Project", "proj-1");
}

static void threads_are_listed_by_pages(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    server_json(f->server, LIST "?limit=2&order=desc&after=cthr_9&user=a%20b",
                "{\"data\":[{\"id\":\"cthr_8\"},{\"id\":\"cthr_7\"}],\"first_id\":\"cthr_8\","
                "\"last_id\":\"cthr_7\",\"has_more\":true}");
    CkListQuery query = {.limit = 2, .order = CK_ORDER_DESC, .after = "cthr_9", .user = "a b"};
    ck_api_list_threads(f->api, &query, on_page, &outcome);
    wait_for(f, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(outcome.elements, ==, 2);
    g_assert_cmpstr(outcome.last, ==, "cthr_7");
    g_assert_true(outcome.has_more);
}

/* The server, which counts what it sees, is asked for nothing. */
static void what_is_no_id_goes_into_no_url(void)
{
    g_autofree char *longest = g_strnfill(128, 'a'), *too_long = g_strnfill(129, 'a');
    const char *const ids[] = {"",   "a/b", "..",        "a b",      "a?b",  "a#b",   "%61",
                               "a.", "~a",  "a\r\nb: c", "\xc3\xa9", "\xff", too_long};
    g_autoptr(Fixture) f = fixture_new();
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        const CkListQuery after = {.after = ids[i]}, before = {.before = ids[i]};
        Outcome outcomes[5] = {0};
        ck_api_list_threads(f->api, &after, on_page, &outcomes[0]);
        ck_api_list_items(f->api, "cthr_1", &before, on_page, &outcomes[1]);
        ck_api_list_items(f->api, "cthr_1", &after, on_page, &outcomes[2]);
        ck_api_list_items(f->api, ids[i], &(CkListQuery){0}, on_page, &outcomes[3]);
        ck_api_get_thread(f->api, ids[i], on_thread, &outcomes[4]);
        g_assert_cmpuint(outcomes[4].calls, ==, 0); /* not before the context runs */
        for (gsize k = 0; k < G_N_ELEMENTS(outcomes); k++) {
            server_run_until(f->context, outcomes[k].calls > 0);
            g_assert_error(outcomes[k].error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
            outcome_clear(&outcomes[k]);
        }
    }
    g_assert_cmpuint(server_seen(f->server), ==, 0);
    g_auto(Outcome) outcome = {0};
    g_autofree char *path = g_strconcat("GET /v1/chatkit/threads/", longest, NULL);
    g_autofree char *body = g_strdup_printf("{\"id\":\"%s\"}", longest);
    server_json(f->server, path, body);
    ck_api_get_thread(f->api, longest, on_thread, &outcome);
    wait_for(f, &outcome);
    g_assert_no_error(outcome.error);
}

static void items_are_listed_by_pages(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    server_json(f->server, LIST "/cthr_1/items?limit=3&order=asc", NO_ITEMS);
    CkListQuery query = {.limit = 3, .order = CK_ORDER_ASC};
    ck_api_list_items(f->api, "cthr_1", &query, on_page, &outcome);
    wait_for(f, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(outcome.elements, ==, 0);
    g_assert_null(outcome.first);
    g_assert_null(outcome.last);
    g_assert_false(outcome.has_more);
}

static void a_thread_is_retrieved(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    server_json(f->server, LIST "/cthr_1", "{\"id\":\"cthr_1\",\"title\":\"T\"}");
    ck_api_get_thread(f->api, "cthr_1", on_thread, &outcome);
    wait_for(f, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpstr(outcome.first, ==, "cthr_1");
    g_assert_cmpstr(outcome.last, ==, "T");
}

static void assert_bad_page(const char *body)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    server_json_twice(f->server, LIST, body);
    list_and_wait(f, &outcome);
    g_assert_error(outcome.error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
}

static void an_answer_that_is_no_page_is_a_bad_response(void)
{
    assert_bad_page("<!doctype html><html><body>Log in to the Wi-Fi</body></html>");
    assert_bad_page("");
    assert_bad_page("{\"data\":[]");
    assert_bad_page("{\"id\":\"cthr_1\"}");
    assert_bad_page("{\"data\":[{\"id\":\"cthi_1\"}],\"has_more\":false}");
}

static void an_answer_that_is_no_thread_is_a_bad_response(void)
{
    static const char *const bodies[] = {"<html></html>", "",   "{\"id\":\"cthr_1\"",  "{}{}",
                                         "\xff",          "{}", "{\"id\":\"cthr_2\"}", "null"};
    g_autoptr(Fixture) f = fixture_new();
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_auto(Outcome) outcome = {0};
        server_json_twice(f->server, LIST "/cthr_1", bodies[i]);
        ck_api_get_thread(f->api, "cthr_1", on_thread, &outcome);
        wait_for(f, &outcome);
        g_assert_error(outcome.error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    }
}

static void on_report(const GError *error, gpointer data)
{
    g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    ++*(guint *)data;
}

static void an_answer_to_something_else_is_dropped_and_asked_for_once_more(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) page = {0}, thread = {0};
    guint reports = 0;
    ck_api_set_report(f->api, on_report, &reports);
    server_json(f->server, LIST, "{\"data\":[{\"id\":\"cthi_1\"}],\"has_more\":false}");
    server_json(f->server, LIST, "{\"data\":[{\"id\":\"cthr_1\"}],\"has_more\":false}");
    list_and_wait(f, &page);
    g_assert_no_error(page.error);
    g_assert_cmpuint(page.elements, ==, 1);
    server_json(f->server, LIST "/cthr_1", "{\"id\":\"cthr_2\"}");
    server_json(f->server, LIST "/cthr_1", "{\"id\":\"cthr_1\"}");
    ck_api_get_thread(f->api, "cthr_1", on_thread, &thread);
    wait_for(f, &thread);
    g_assert_no_error(thread.error);
    g_assert_cmpstr(thread.first, ==, "cthr_1");
    g_assert_cmpuint(reports, ==, 2);
    g_assert_cmpuint(ck_api_usage(f->api).retries, ==, 2);
    g_assert_cmpuint(ck_api_usage(f->api).failed, ==, 0);
}

static void a_thread_may_lack_everything_but_its_id(void)
{
    static const char *const bodies[] = {"{\"id\":\"cthr_1\"}",
                                         "{\"id\":\"cthr_1\",\"title\":[],\"object\":null}"};
    g_autoptr(Fixture) f = fixture_new();
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_auto(Outcome) outcome = {0};
        server_json(f->server, LIST "/cthr_1", bodies[i]);
        ck_api_get_thread(f->api, "cthr_1", on_thread, &outcome);
        wait_for(f, &outcome);
        g_assert_no_error(outcome.error);
        g_assert_null(outcome.last);
    }
}

/* Deleting */

#define DELETE "DELETE /v1/chatkit/threads/cthr_1"

static void on_done(const GError *error, gpointer data)
{
    Outcome *outcome = data;
    outcome->calls++;
    outcome->error = error ? g_error_copy(error) : NULL;
}

static void delete_and_wait(Fixture *f, Outcome *outcome)
{
    ck_api_delete_thread(f->api, "cthr_1", on_done, outcome);
    wait_for(f, outcome);
}

static void a_thread_is_deleted(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    server_json(f->server, DELETE,
                "{\"id\":\"cthr_1\",\"object\":\"chatkit.thread.deleted\",\"deleted\":true}");
    delete_and_wait(f, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(ck_api_usage(f->api).sent[CK_API_DELETE_THREAD], ==, 1);
    g_autofree char *key = server_header(f->server, 0, "Authorization");
    g_assert_cmpstr(key, ==, "Bearer " KEY);
    g_autofree char *beta = server_header(f->server, 0, "OpenAI-Beta");
    g_assert_cmpstr(beta, ==, "chatkit_beta=v1");
    g_autofree char *length = server_header(f->server, 0, "Content-Length");
    g_assert_null(length);
}

/* As every other request; "not found" is then the last word. */
static void deleting_is_tried_again(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    server_reply(f->server, DELETE, 500, QUICK_RETRY, "");
    server_reply(f->server, DELETE, 404, "", "");
    delete_and_wait(f, &outcome);
    g_assert_error(outcome.error, CK_ERROR, CK_ERROR_NOT_FOUND);
    g_assert_cmpuint(ck_api_usage(f->api).failed, ==, 0);
}

static void what_does_not_confirm_is_a_bad_response(void)
{
    static const char *const bodies[] = {"", "{}", "{\"deleted\":true}",
                                         "{\"id\":\"cthr_2\",\"deleted\":true}",
                                         "{\"id\":\"cthr_1\",\"deleted\":false}"};
    g_autoptr(Fixture) f = fixture_new();
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_auto(Outcome) outcome = {0};
        server_json_twice(f->server, DELETE, bodies[i]);
        delete_and_wait(f, &outcome);
        g_assert_error(outcome.error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    }
}

static void nothing_is_deleted_offline_or_without_an_id(void)
{
    g_autoptr(Fixture) f = fixture_new_not_started();
    g_auto(Outcome) outcome = {0}, odd = {0};
    f->config->offline = TRUE;
    fixture_start(f);
    delete_and_wait(f, &outcome);
    g_assert_error(outcome.error, CK_ERROR, CK_ERROR_OFFLINE);
    f->config->offline = FALSE;
    ck_api_delete_thread(f->api, "", on_done, &odd); /* that would be the list of them */
    wait_for(f, &odd);
    g_assert_error(odd.error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    g_assert_cmpuint(server_seen(f->server), ==, 0);
}

static void only_200_is_an_answer(void)
{
    static const int statuses[] = {201, 204, 302};
    g_autoptr(Fixture) f = fixture_new();
    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_auto(Outcome) outcome = {0};
        server_reply(f->server, LIST, statuses[i], "Location: /\r\n",
                     statuses[i] == 204 ? "" : ONE_PAGE);
        list_and_wait(f, &outcome);
        g_assert_error(outcome.error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    }
}

/* Retries */

static void it_tries_again_until_it_succeeds(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    server_reply(f->server, LIST, 500, QUICK_RETRY, "");
    server_reply(f->server, LIST, 429, QUICK_RETRY, "");
    server_json(f->server, LIST, ONE_PAGE);
    list_and_wait(f, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(server_seen(f->server), ==, 3);
}

static void it_tries_again_after_a_broken_connection(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    server_raw(f->server, LIST, "", 0);
    server_json(f->server, LIST, ONE_PAGE);
    list_and_wait(f, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(server_seen(f->server), ==, 2);
}

static void assert_tries(int status, const char *headers, guint tries, CkError code)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    for (guint i = 0; i < tries; i++)
        server_reply(f->server, LIST, status, headers, "");
    list_and_wait(f, &outcome);
    g_assert_error(outcome.error, CK_ERROR, (gint)code);
    g_assert_cmpuint(server_seen(f->server), ==, tries);
}

static void it_gives_up_after_two_retries(void)
{
    assert_tries(503, QUICK_RETRY, 3, CK_ERROR_SERVER);
    assert_tries(429, QUICK_RETRY, 3, CK_ERROR_RATE_LIMITED);
    assert_tries(408, QUICK_RETRY, 3, CK_ERROR_TIMED_OUT);
}

static void it_does_not_repeat_what_is_wrong(void)
{
    assert_tries(400, QUICK_RETRY, 1, CK_ERROR_REJECTED);
    assert_tries(401, QUICK_RETRY, 1, CK_ERROR_DENIED);
    assert_tries(404, QUICK_RETRY, 1, CK_ERROR_NOT_FOUND);
}

static void the_server_may_forbid_a_retry(void)
{
    assert_tries(500, QUICK_RETRY "x-should-retry: false\r\n", 1, CK_ERROR_SERVER);
}

static void a_wait_beyond_the_deadline_fails_at_once(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    f->config->timeout = 1;
    server_reply(f->server, LIST, 429, "retry-after: 60\r\n", "");
    gint64 began = g_get_monotonic_time();
    list_and_wait(f, &outcome);
    g_assert_error(outcome.error, CK_ERROR, CK_ERROR_RATE_LIMITED);
    g_assert_cmpint(g_get_monotonic_time() - began, <, 15 * G_USEC_PER_SEC);
}

/* Cancelling */

static void a_cancelled_call_that_runs_is_not_answered(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) cancelled = {0}, other = {0};
    server_hold(f->server);
    server_json(f->server, LIST, ONE_PAGE);
    server_json(f->server, LIST "?limit=1", ONE_PAGE);
    CkApiCall *call = list(f, &cancelled);
    ck_api_list_threads(f->api, &(CkListQuery){.limit = 1}, on_page, &other);
    server_run_until(f->context, server_seen(f->server) == 2);
    ck_api_cancel(call);
    server_release(f->server, 2);
    wait_for(f, &other);
    g_assert_cmpuint(cancelled.calls, ==, 0);
}

/* With room for one request the second one shows that the first call waits for its next attempt,
 * and the retry of a third one takes longer than that would have. */
static void a_cancelled_call_that_waits_does_not_try_again(void)
{
    g_autoptr(Fixture) f = fixture_new_not_started();
    g_auto(Outcome) cancelled = {0}, second = {0}, third = {0};
    f->config->concurrency = 1;
    fixture_start(f);
    server_reply(f->server, LIST "?limit=1", 500, "retry-after-ms: 400\r\n", "");
    server_json(f->server, LIST "?limit=2", ONE_PAGE);
    server_reply(f->server, LIST "?limit=3", 500, "retry-after-ms: 500\r\n", "");
    server_json(f->server, LIST "?limit=3", ONE_PAGE);
    CkApiCall *call = ck_api_list_threads(f->api, &(CkListQuery){.limit = 1}, on_page, &cancelled);
    ck_api_list_threads(f->api, &(CkListQuery){.limit = 2}, on_page, &second);
    server_run_until(f->context, server_seen(f->server) == 2);
    ck_api_cancel(call);
    server_run_until(f->context, second.calls > 0);
    ck_api_list_threads(f->api, &(CkListQuery){.limit = 3}, on_page, &third);
    wait_for(f, &third);
    g_assert_cmpuint(cancelled.calls, ==, 0);
    g_assert_cmpuint(server_seen(f->server), ==, 4);
}

static void free_ends_calls_without_an_answer(void)
{
    g_autoptr(Fixture) f = fixture_new_not_started();
    g_auto(Outcome) retrying = {0}, running = {0}, waiting = {0};
    f->config->concurrency = 1;
    fixture_start(f);
    server_reply(f->server, LIST "?limit=1", 500, "retry-after-ms: 20000\r\n", "");
    server_json(f->server, LIST "?limit=2", ONE_PAGE);
    ck_api_list_threads(f->api, &(CkListQuery){.limit = 1}, on_page, &retrying);
    ck_api_list_threads(f->api, &(CkListQuery){.limit = 2}, on_page, &running);
    ck_api_list_threads(f->api, &(CkListQuery){.limit = 3}, on_page, &waiting);
    server_hold(f->server);
    server_release(f->server, 1);
    server_run_until(f->context, server_seen(f->server) == 2);
    g_clear_pointer(&f->api, ck_api_free);
    while (g_main_context_iteration(f->context, FALSE))
        continue;
    g_assert_cmpuint(retrying.calls + running.calls + waiting.calls, ==, 0);
}

/* What has been asked, and for whom */

static void assert_causes(Fixture *f, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    ck_causes_write(ck_api_causes(f->api), out);
    g_assert_cmpstr(out->str, ==, expected);
}

static void requests_are_told_apart_by_their_kind(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    server_json(f->server, LIST, ONE_PAGE);
    server_json(f->server, LIST "/cthr_1/items", ONE_PAGE);
    server_json(f->server, LIST "/cthr_1/items", ONE_PAGE);
    server_json(f->server, LIST "/cthr_1", THREAD);
    ck_api_list_threads(f->api, &(CkListQuery){0}, on_page, &outcome);
    ck_api_list_items(f->api, "cthr_1", &(CkListQuery){0}, on_page, &outcome);
    ck_api_list_items(f->api, "cthr_1", &(CkListQuery){0}, on_page, &outcome);
    ck_api_get_thread(f->api, "cthr_1", on_thread, &outcome);
    server_run_until(f->context, outcome.calls == 4);
    CkApiUsage usage = ck_api_usage(f->api);
    g_assert_cmpuint(usage.sent[CK_API_LIST_THREADS], ==, 1);
    g_assert_cmpuint(usage.sent[CK_API_LIST_ITEMS], ==, 2);
    g_assert_cmpuint(usage.sent[CK_API_GET_THREAD], ==, 1);
    g_assert_cmpuint(usage.retries + usage.failed + usage.limited + usage.under_way, ==, 0);
    g_assert_cmpint(usage.gate.pause_left, ==, 0);
    g_assert_null(usage.rate_limit);
    g_assert_cmpuint(usage.wire, ==, 3 * strlen(ONE_PAGE) + strlen(THREAD));
}

/* Each try is a request, for the cause of the call. */
static void retries_are_requests_too(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    const CkCause rg = {7, "rg"};
    server_reply(f->server, LIST, 429, QUICK_RETRY "x-ratelimit-limit-requests: 60\r\n", "");
    server_reply(f->server, LIST, 429, "retry-after: 100\r\n", "");
    CkCause before = ck_causes_swap(ck_api_causes(f->api), rg);
    ck_api_list_threads(f->api, &(CkListQuery){0}, on_page, &outcome);
    ck_causes_swap(ck_api_causes(f->api), before);
    server_run_until(f->context, server_seen(f->server) == 2);
    server_run_until(f->context, ck_api_usage(f->api).limited == 2);
    CkApiUsage usage = ck_api_usage(f->api);
    assert_causes(f, "rg[7] 2\n");
    g_assert_cmpuint(usage.sent[CK_API_LIST_THREADS], ==, 2);
    g_assert_cmpuint(usage.retries, ==, 1);
    g_assert_cmpstr(usage.rate_limit[0], ==, "x-ratelimit-limit-requests");
    g_assert_cmpstr(usage.rate_limit[1], ==, "60");
    g_assert_null(usage.rate_limit[2]);
    g_assert_cmpint(usage.gate.pause_left, >, 100 * 1000 - 20000); /* the watchdog's time */
    g_assert_cmpint(usage.gate.pause_left, <=, 100 * 1000);
}

static void a_thread_that_is_not_there_is_no_failure(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) outcome = {0};
    server_reply(f->server, LIST "/cthr_1", 404, "", "");
    server_reply(f->server, LIST "/cthr_1/items", 404, "", "");
    ck_api_get_thread(f->api, "cthr_1", on_thread, &outcome);
    server_run_until(f->context, outcome.calls == 1);
    g_assert_cmpuint(ck_api_usage(f->api).failed, ==, 0);
    g_clear_error(&outcome.error);
    ck_api_list_items(f->api, "cthr_1", &(CkListQuery){0}, on_page, &outcome);
    server_run_until(f->context, outcome.calls == 2);
    g_assert_cmpuint(ck_api_usage(f->api).failed, ==, 1);
}

/* What all calls share */

static void a_429_holds_all_calls_back_until_its_time(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) first = {0}, second = {0};
    server_reply(f->server, LIST, 429, "retry-after-ms: 60\r\n", "");
    server_json(f->server, LIST, ONE_PAGE);
    server_json(f->server, LIST "/cthr_1", THREAD);
    list(f, &first);
    server_run_until(f->context, ck_api_usage(f->api).limited == 1);
    ck_api_get_thread(f->api, "cthr_1", on_thread, &second);
    g_assert_cmpuint(ck_api_usage(f->api).under_way, ==, 0);
    g_assert_cmpuint(ck_api_usage(f->api).gate.allowed, ==, f->config->concurrency / 2);
    server_run_until(f->context, first.calls == 1 && second.calls == 1);
    g_assert_no_error(first.error);
    g_assert_no_error(second.error);
    g_assert_cmpuint(server_seen(f->server), ==, 3);
}

static void a_pause_that_is_too_long_fails_all_calls_at_once(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) first = {0}, second = {0};
    server_reply(f->server, LIST, 429, "retry-after: 100\r\n", "");
    list_and_wait(f, &first);
    list_and_wait(f, &second);
    g_assert_error(first.error, CK_ERROR, CK_ERROR_RATE_LIMITED);
    g_assert_error(second.error, CK_ERROR, CK_ERROR_RATE_LIMITED);
    g_assert_cmpuint(server_seen(f->server), ==, 1);
}

static void a_quota_that_is_used_up_is_told_at_once_and_stops_nobody_else(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) first = {0}, second = {0};
    server_reply(f->server, LIST, 429, "retry-after: 100\r\n",
                 "{\"error\":{\"message\":\"You exceeded your current quota\","
                 "\"code\":\"insufficient_quota\"}}");
    server_json(f->server, LIST, ONE_PAGE);
    list_and_wait(f, &first);
    list_and_wait(f, &second);
    g_assert_error(first.error, CK_ERROR, CK_ERROR_QUOTA);
    g_assert_no_error(second.error);
    g_assert_cmpuint(ck_api_usage(f->api).gate.allowed, ==, f->config->concurrency);
}

/* Three attempts of the first call, and one of each of two more: the wait for the next one, which
 * is at most half a second then, is over before the server would be tried again. The last call asks
 * nobody. */
static void a_server_out_of_reach_is_left_alone(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(Outcome) first = {0}, second = {0}, third = {0}, last = {0};
    for (int i = 0; i < 5; i++)
        server_raw(f->server, LIST, "", 0);
    list_and_wait(f, &first);
    list(f, &second);
    server_run_until(f->context,
                     server_seen(f->server) == 4 && ck_api_usage(f->api).under_way == 0);
    g_assert_true(ck_api_usage(f->api).gate.reachable);
    list(f, &third);
    server_run_until(f->context, second.calls == 1 && third.calls == 1);
    g_assert_false(ck_api_usage(f->api).gate.reachable);
    list_and_wait(f, &last);
    g_assert_error(first.error, CK_ERROR, CK_ERROR_CONNECTION);
    g_assert_error(second.error, CK_ERROR, CK_ERROR_CONNECTION);
    g_assert_error(third.error, CK_ERROR, CK_ERROR_CONNECTION);
    g_assert_error(last.error, CK_ERROR, CK_ERROR_CONNECTION);
    g_assert_nonnull(strstr(last.error->message, "; it is not tried again for "));
    g_assert_cmpuint(server_seen(f->server), ==, 5);
}

/* What was no use is not repeated, but the server is there. */
static void answers_that_make_no_sense_are_answers(void)
{
    static const char garbage[] = "this is not HTTP\r\n\r\n";
    g_autoptr(Fixture) f = fixture_new();
    for (int i = 0; i < 3; i++)
        server_raw(f->server, LIST, garbage, strlen(garbage));
    for (int i = 0; i < 3; i++)
        server_raw(f->server, LIST, garbage, strlen(garbage));
    for (int i = 0; i < 2; i++) {
        g_auto(Outcome) outcome = {0};
        list_and_wait(f, &outcome);
        g_assert_error(outcome.error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    }
    g_assert_true(ck_api_usage(f->api).gate.reachable);
}

typedef struct {
    Fixture *f;
    gboolean done;
} Chain;

static void on_second(CkPreparedThread *thread, const GError *error, gpointer data)
{
    (void)thread;
    g_assert_no_error(error);
    ((Chain *)data)->done = TRUE;
}

static void on_first(CkPreparedThread *thread, const GError *error, gpointer data)
{
    Chain *chain = data;
    (void)thread;
    g_assert_no_error(error);
    ck_api_get_thread(chain->f->api, "cthr_2", on_second, chain);
}

static void what_a_callback_asks_for_counts_for_its_call(void)
{
    g_autoptr(Fixture) f = fixture_new();
    const CkCause rg = {7, "rg"}, ls = {8, "ls"};
    Chain chain = {.f = f};
    server_json(f->server, LIST "/cthr_1", THREAD);
    server_json(f->server, LIST "/cthr_2", "{\"id\":\"cthr_2\"}");
    CkCause before = ck_causes_swap(ck_api_causes(f->api), rg);
    ck_api_get_thread(f->api, "cthr_1", on_first, &chain);
    ck_causes_swap(ck_api_causes(f->api), ls);
    server_run_until(f->context, chain.done);
    g_assert_cmpint(ck_causes_current(ck_api_causes(f->api)).pid, ==, ls.pid);
    assert_causes(f, "rg[7] 2\n");
    ck_causes_swap(ck_api_causes(f->api), before);
}

/* The key, in a file that is exchanged */

#define NEW_KEY "sk-test-9876543210"

static void write_key(const char *path, const char *text)
{
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0600), ==, 0);
}

/* path: where the key is; the file goes with remove_key(). */
static Fixture *fixture_with_file(char **path)
{
    g_autoptr(GError) error = NULL;
    Fixture *f = fixture_new_not_started();
    close(g_file_open_tmp("key-XXXXXX", path, NULL));
    write_key(*path, KEY);
    ck_key_set_file(f->config->key, *path);
    ck_key_read(f->config->key, &error);
    g_assert_no_error(error);
    fixture_start(f);
    return f;
}

static void remove_key(char *path)
{
    g_remove(path);
    g_free(path);
}

static void assert_keys(Fixture *f, const char *const *keys)
{
    for (guint i = 0; keys[i]; i++) {
        g_autofree char *sent = server_header(f->server, i, "Authorization");
        g_autofree char *expected = g_strconcat("Bearer ", keys[i], NULL);
        g_assert_cmpstr(sent, ==, expected);
    }
    g_assert_cmpuint(server_seen(f->server), ==, g_strv_length((char **)keys));
}

static void a_401_is_asked_again_with_a_new_key(void)
{
    char *path;
    g_autoptr(Fixture) f = fixture_with_file(&path);
    g_auto(Outcome) outcome = {0}, later = {0};
    server_reply(f->server, LIST, 401, "", "");
    server_json(f->server, LIST, ONE_PAGE);
    server_json(f->server, LIST, ONE_PAGE);
    write_key(path, NEW_KEY);
    list_and_wait(f, &outcome);
    g_assert_no_error(outcome.error);
    list_and_wait(f, &later);
    assert_keys(f, (const char *const[]){KEY, NEW_KEY, NEW_KEY, NULL});
    g_assert_cmpuint(ck_api_usage(f->api).retries, ==, 1);
    remove_key(path);
}

static void a_401_with_the_same_key_is_the_answer(void)
{
    char *path;
    g_autoptr(Fixture) f = fixture_with_file(&path);
    g_auto(Outcome) outcome = {0};
    server_reply(f->server, LIST, 401, "", "");
    list_and_wait(f, &outcome);
    g_assert_error(outcome.error, CK_ERROR, CK_ERROR_DENIED);
    assert_keys(f, (const char *const[]){KEY, NULL});
    remove_key(path);
}

static void a_new_key_is_tried_once_and_has_its_own_retries(void)
{
    char *path;
    g_autoptr(Fixture) f = fixture_with_file(&path);
    g_auto(Outcome) refused = {0}, failed = {0};
    server_reply(f->server, LIST, 401, "", "");
    server_reply(f->server, LIST, 401, "", "");
    write_key(path, NEW_KEY);
    list_and_wait(f, &refused);
    g_assert_error(refused.error, CK_ERROR, CK_ERROR_DENIED);
    server_reply(f->server, LIST, 401, "", "");
    for (int i = 0; i < 3; i++)
        server_reply(f->server, LIST, 500, QUICK_RETRY, "");
    write_key(path, KEY);
    list_and_wait(f, &failed);
    g_assert_error(failed.error, CK_ERROR, CK_ERROR_SERVER);
    assert_keys(f, (const char *const[]){KEY, NEW_KEY, NEW_KEY, KEY, KEY, KEY, NULL});
    remove_key(path);
}

/* Not even if it changes each time. */
static void a_call_is_asked_again_once(void)
{
    char *path;
    g_autoptr(Fixture) f = fixture_with_file(&path);
    g_auto(Outcome) outcome = {0};
    server_reply(f->server, LIST, 401, "", "");
    server_reply(f->server, LIST, 401, "", "");
    server_hold(f->server);
    list(f, &outcome);
    server_run_until(f->context, server_seen(f->server) == 1);
    write_key(path, NEW_KEY);
    server_release(f->server, 1);
    server_run_until(f->context, server_seen(f->server) == 2);
    write_key(path, KEY);
    server_release(f->server, 1);
    server_run_until(f->context, outcome.calls > 0);
    g_assert_error(outcome.error, CK_ERROR, CK_ERROR_DENIED);
    assert_keys(f, (const char *const[]){KEY, NEW_KEY, NULL});
    remove_key(path);
}

/* Both were sent with the key of before; the file need not be read for them. */
static void calls_that_were_under_way_use_a_key_that_is_known_by_then(void)
{
    char *path;
    g_autoptr(Fixture) f = fixture_with_file(&path);
    g_auto(Outcome) one = {0}, other = {0};
    server_reply(f->server, LIST, 401, "", "");
    server_reply(f->server, LIST, 401, "", "");
    server_json(f->server, LIST, ONE_PAGE);
    server_json(f->server, LIST, ONE_PAGE);
    server_hold(f->server);
    list(f, &one);
    list(f, &other);
    server_run_until(f->context, server_seen(f->server) == 2);
    write_key(path, NEW_KEY);
    ck_api_read_key(f->api);
    remove_key(path);
    server_release(f->server, 4);
    server_run_until(f->context, one.calls > 0 && other.calls > 0);
    g_assert_no_error(one.error);
    g_assert_no_error(other.error);
    assert_keys(f, (const char *const[]){KEY, KEY, NEW_KEY, NEW_KEY, NULL});
}

static void a_key_that_cannot_be_read_is_told_of_once_and_the_old_one_stays(void)
{
    char *path;
    g_autoptr(Fixture) f = fixture_with_file(&path);
    write_key(path, NEW_KEY);
    g_assert_cmpint(g_chmod(path, 0644), ==, 0);
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*stays as it was*chmod 600*");
    for (int i = 0; i < 2; i++) {
        g_auto(Outcome) refused = {0};
        server_reply(f->server, LIST, 401, "", "");
        list_and_wait(f, &refused);
        g_assert_error(refused.error, CK_ERROR, CK_ERROR_DENIED);
    }
    g_test_assert_expected_messages();
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*stays as it was*chmod 600*");
    ck_api_read_key(f->api); /* for who asks for it, again */
    g_test_assert_expected_messages();
    assert_keys(f, (const char *const[]){KEY, KEY, NULL});
    remove_key(path);
}

static void keys_of_before_are_cut_out_as_well(void)
{
    char *path;
    g_autoptr(Fixture) f = fixture_with_file(&path);
    g_auto(Outcome) outcome = {0};
    write_key(path, NEW_KEY);
    ck_api_read_key(f->api);
    remove_key(path);
    server_reply(f->server, LIST, 400, "x-ratelimit-limit-" KEY ": " NEW_KEY "\r\n",
                 "{\"error\":{\"message\":\"" KEY " or " NEW_KEY "\"}}");
    list_and_wait(f, &outcome);
    g_assert_cmpstr(outcome.error->message, ==, "the server answered 400 ([key] or [key])");
    CkApiUsage usage = ck_api_usage(f->api);
    g_assert_cmpstr(usage.rate_limit[0], ==, "x-ratelimit-limit-[key]");
    g_assert_cmpstr(usage.rate_limit[1], ==, "[key]");
}

#define TEST(name) g_test_add_func("/api/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(requests_carry_key_and_beta_alone);
    TEST(requests_carry_organization_and_project_if_set);
    TEST(threads_are_listed_by_pages);
    TEST(what_is_no_id_goes_into_no_url);
    TEST(items_are_listed_by_pages);
    TEST(a_thread_is_retrieved);
    TEST(an_answer_that_is_no_page_is_a_bad_response);
    TEST(an_answer_that_is_no_thread_is_a_bad_response);
    TEST(an_answer_to_something_else_is_dropped_and_asked_for_once_more);
    TEST(a_thread_may_lack_everything_but_its_id);
    TEST(a_thread_is_deleted);
    TEST(deleting_is_tried_again);
    TEST(what_does_not_confirm_is_a_bad_response);
    TEST(nothing_is_deleted_offline_or_without_an_id);
    TEST(only_200_is_an_answer);
    TEST(it_tries_again_until_it_succeeds);
    TEST(it_tries_again_after_a_broken_connection);
    TEST(it_gives_up_after_two_retries);
    TEST(it_does_not_repeat_what_is_wrong);
    TEST(the_server_may_forbid_a_retry);
    TEST(a_wait_beyond_the_deadline_fails_at_once);
    TEST(a_cancelled_call_that_runs_is_not_answered);
    TEST(a_cancelled_call_that_waits_does_not_try_again);
    TEST(free_ends_calls_without_an_answer);
    TEST(requests_are_told_apart_by_their_kind);
    TEST(retries_are_requests_too);
    TEST(a_thread_that_is_not_there_is_no_failure);
    TEST(a_429_holds_all_calls_back_until_its_time);
    TEST(a_pause_that_is_too_long_fails_all_calls_at_once);
    TEST(a_quota_that_is_used_up_is_told_at_once_and_stops_nobody_else);
    TEST(a_server_out_of_reach_is_left_alone);
    TEST(answers_that_make_no_sense_are_answers);
    TEST(what_a_callback_asks_for_counts_for_its_call);
    TEST(a_401_is_asked_again_with_a_new_key);
    TEST(a_401_with_the_same_key_is_the_answer);
    TEST(a_new_key_is_tried_once_and_has_its_own_retries);
    TEST(a_call_is_asked_again_once);
    TEST(calls_that_were_under_way_use_a_key_that_is_known_by_then);
    TEST(a_key_that_cannot_be_read_is_told_of_once_and_the_old_one_stays);
    TEST(keys_of_before_are_cut_out_as_well);
    return g_test_run();
}
