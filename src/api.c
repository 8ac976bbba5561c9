/* SPDX-License-Identifier: MIT */
#include "api.h"

#include <string.h>

#include "error.h"
#include "gate.h"
#include "http.h"
#include "retry.h"
#include "status_error.h"
#include "worker.h"

struct _CkApi {
    GMainContext *context;
    const CkConfig *config;
    CkHttp *http;
    CkGate *gate;
    CkWorker *worker;
    GHashTable *calls;  /* those not ended yet */
    CkApiReport report; /* or NULL */
    gpointer report_data;
    CkCauses *causes;
    CkApiUsage usage;  /* but for what http and gate know, and … */
    char **rate_limit; /* or NULL */
    char *key_trouble; /* why the key could last not be read again; NULL: it could */
};

/* A call has one of these at a time: a ticket, which may wait at the gate or be that of a request
 * under way; a timer for the next attempt; or a task that decodes the answer. */
struct _CkApiCall {
    CkApi *api;
    CkQuestion *question;
    CkCause cause;
    char *url; /* NULL: it is refused */
    CkTicket *ticket;
    CkHttpRequest *request;
    GSource *timer;
    GError *refusal; /* with which it ends without a request; or NULL */
    CkTask *decoding;
    guint retries;
    gboolean rekeyed;     /* sent again, since the key was another one */
    gboolean once;        /* it is not sent again */
    gboolean doubted;     /* sent again, since the answer proved nothing, or … */
    GError *misfit;       /* was none that it can have: why; else NULL */
    guint connection;     /* the one over which the answer came, and … */
    gboolean kept;        /* as in CkHttpResponse */
    gint64 deadline;      /* monotonic µs; no further attempt begins after it */
    CkPageDone page_done; /* one of these three is set */
    CkThreadDone thread_done;
    CkCallDone done;
    CkPageArrived arrived; /* or NULL */
    gpointer data;
};

/* Calls */

static void attempt(CkApiCall *call);

static void call_free(gpointer data)
{
    CkApiCall *call = data;
    g_clear_pointer(&call->request, ck_http_cancel);
    g_clear_pointer(&call->ticket, ck_gate_return);
    g_clear_pointer(&call->decoding, ck_task_cancel);
    if (call->timer) {
        g_source_destroy(call->timer);
        g_source_unref(call->timer);
    }
    g_clear_error(&call->refusal);
    g_clear_error(&call->misfit);
    ck_question_unref(call->question);
    g_free(call->url);
    g_free(call);
}

gboolean ck_api_is_asked(const CkApiCall *call)
{
    return call->request || call->decoding;
}

void ck_api_cancel(CkApiCall *call)
{
    g_hash_table_remove(call->api->calls, call);
}

static void finish(CkApiCall *call, CkPage *page, CkPreparedThread *thread, const GError *error)
{
    CkApi *api = call->api;
    CkApiKind kind = call->question->kind;
    gboolean answer = (kind == CK_API_GET_THREAD || kind == CK_API_DELETE_THREAD) &&
                      g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND);
    g_hash_table_steal(api->calls, call);
    api->usage.failed += error && !answer;
    CkCause before = ck_causes_swap(api->causes, call->cause);
    if (kind == CK_API_DELETE_THREAD)
        call->done(error, call->data);
    else if (kind == CK_API_GET_THREAD)
        call->thread_done(thread, error, call->data);
    else
        call->page_done(page, error, call->data);
    ck_causes_swap(api->causes, before);
    call_free(call);
}

/* An answer that is decoded on another thread, which does not look at the call. */
typedef struct {
    CkApiCall *call;
    CkQuestion *question; /* the call's */
    GBytes *body;
    CkPage *page;
    CkPreparedThread *thread;
    GError *error;
} Answer;

static void answer_free(gpointer data)
{
    Answer *answer = data;
    g_clear_pointer(&answer->page, ck_page_free);
    g_clear_pointer(&answer->thread, ck_prepared_thread_free);
    g_clear_error(&answer->error);
    g_bytes_unref(answer->body);
    ck_question_unref(answer->question);
    g_free(answer);
}

static void decode(gpointer data)
{
    Answer *answer = data;
    const CkQuestion *question = answer->question;
    CkSlice json = ck_slice_bytes(answer->body);
    gboolean is_page = question->kind == CK_API_LIST_THREADS || question->kind == CK_API_LIST_ITEMS;
    if (is_page) {
        answer->page = question->kind == CK_API_LIST_ITEMS
                           ? ck_prepare_items(answer->body, &answer->error)
                           : ck_prepare_threads(answer->body, &answer->error);
        if (answer->page && !ck_question_fits_page(question, answer->page, &answer->error))
            g_clear_pointer(&answer->page, ck_page_free);
    } else if (!ck_json_check(json, &answer->error) ||
               !ck_question_fits_thread(question, json, &answer->error)) {
        return;
    } else if (question->kind == CK_API_GET_THREAD) {
        answer->thread = ck_prepare_thread(json, &answer->error);
    } else {
        ck_decode_deleted(json, &answer->error);
    }
}

/* Asks again over a new connection, once for each call. FALSE: not any more. */
static gboolean ask_afresh(CkApiCall *call)
{
    if (call->doubted || call->once)
        return FALSE;
    call->doubted = TRUE;
    attempt(call);
    return TRUE;
}

/* An empty page has nothing to check. Over a kept connection it may be a stray answer, which is
 * taken for that to the next request. */
static gboolean is_unproven(const CkApiCall *call, const CkPage *page)
{
    return page && page->elements->len == 0 &&
           (call->kept || !ck_question_may_find_nothing(call->question));
}

/*
 * What does not fit its question (question.h), or can't be read, is dropped; the connection that it
 * came over is closed, since other answers may be out of step on it. What proves nothing is asked
 * for again.
 */
static gboolean resend_in_doubt(CkApiCall *call, const Answer *answer)
{
    CkApi *api = call->api;
    gboolean misfit = g_error_matches(answer->error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    gboolean unproven = is_unproven(call, answer->page);
    if (misfit)
        ck_http_distrust(api->http, call->connection);
    if (!(misfit || unproven) || !ask_afresh(call))
        return FALSE;
    call->misfit = misfit ? g_error_copy(answer->error) : NULL;
    return TRUE;
}

/* That the second answer is right hides the first one from the caller, and not from the log. */
static void report_misfit(CkApiCall *call)
{
    if (!call->misfit || !call->api->report)
        return;
    g_prefix_error(&call->misfit, "%s: asked for again, over a new connection: ", call->url);
    call->api->report(call->misfit, call->api->report_data);
}

static void on_decoded(gpointer data)
{
    Answer *answer = data;
    CkApiCall *call = answer->call;
    call->decoding = NULL;
    if (resend_in_doubt(call, answer))
        return;
    if (!answer->error)
        report_misfit(call);
    finish(call, answer->page, answer->thread, answer->error);
}

static void decode_later(CkApiCall *call, GBytes *body)
{
    Answer *answer = g_new0(Answer, 1);
    answer->call = call;
    answer->question = ck_question_ref(call->question);
    answer->body = g_bytes_ref(body);
    call->decoding = ck_worker_run(call->api->worker, decode, on_decoded, answer, answer_free);
    g_autoptr(CkPage) page = call->arrived ? ck_decode_page(body, NULL) : NULL;
    CkCause before = ck_causes_swap(call->api->causes, call->cause);
    if (page && ck_question_fits_page(call->question, page, NULL))
        call->arrived(page, call->data);
    ck_causes_swap(call->api->causes, before);
}

static gboolean on_timer(gpointer data)
{
    CkApiCall *call = data;
    g_clear_pointer(&call->timer, g_source_unref);
    attempt(call);
    return G_SOURCE_REMOVE;
}

static void attempt_later(CkApiCall *call, gint64 delay_ms)
{
    call->retries++;
    call->timer = g_timeout_source_new((guint)delay_ms);
    g_source_set_callback(call->timer, on_timer, call, NULL);
    g_source_attach(call->timer, call->api->context);
}

/* A CkHttpSent. */
static void on_sent(gpointer data)
{
    CkApiCall *call = data;
    CkApi *api = call->api;
    api->usage.sent[call->question->kind]++;
    api->usage.retries += call->retries > 0 || call->rekeyed || call->misfit;
    ck_causes_count(api->causes, &call->cause);
}

/* They are shown: not so a key that is repeated in them. */
static char **copy_limits(const CkApi *api, char **limits)
{
    char **copies = g_strdupv(limits);
    for (char **copy = copies; *copy; copy++) {
        GString *text = g_string_new(*copy);
        g_free(*copy);
        ck_key_cut_out(api->config->key, text);
        *copy = g_string_free(text, FALSE);
    }
    return copies;
}

static void note_limits(CkApi *api, const CkHttpResponse *response)
{
    if (response->rate_limit) {
        g_strfreev(api->rate_limit);
        api->rate_limit = copy_limits(api, response->rate_limit);
    }
    api->usage.limited += response->status == 429;
}

static CkAttempt attempt_ended(const CkHttpResponse *response, const GError *failure)
{
    CkAttempt ended = {0};
    if (response)
        ended = (CkAttempt){
            .status = response->status,
            .retry_after_ms = response->retry_after_ms,
            .retry_after = response->retry_after,
            .should_retry = response->should_retry,
        };
    ended.out_of_quota = g_error_matches(failure, CK_ERROR, CK_ERROR_QUOTA);
    if (g_error_matches(failure, CK_ERROR, CK_ERROR_TOO_LARGE))
        ended.should_retry = "false"; /* it would be as large again; the pager asks for less */
    return ended;
}

/* Hands the ticket back with what came of the attempt. An answer that can't be read, or is too
 * large, shows that the server can be reached. */
static void return_ticket(CkApiCall *call, const CkAttempt *ended, gint64 wait, const GError *error)
{
    CkTicket *ticket = g_steal_pointer(&call->ticket);
    if (ck_retry_pauses(ended))
        ck_gate_return_limited(ticket, wait);
    else if (ended->status != 0 || g_error_matches(error, CK_ERROR, CK_ERROR_TOO_LARGE) ||
             g_error_matches(error, CK_ERROR, CK_ERROR_BAD_RESPONSE))
        ck_gate_return_answered(ticket);
    else
        ck_gate_return_failed(ticket, error);
}

/* The key */

static void read_key(CkApi *api)
{
    guint before = ck_key_count(api->config->key);
    g_autoptr(GError) error = NULL;
    if (!ck_key_can_change(api->config->key))
        return;
    if (ck_key_read(api->config->key, &error)) {
        g_clear_pointer(&api->key_trouble, g_free);
        if (ck_key_count(api->config->key) != before)
            g_message("the API key has changed: the new one is used from now on");
    } else if (g_strcmp0(api->key_trouble, error->message) != 0) {
        g_warning("the API key stays as it was: %s", error->message);
        g_free(api->key_trouble);
        api->key_trouble = g_strdup(error->message);
    }
}

void ck_api_read_key(CkApi *api)
{
    g_clear_pointer(&api->key_trouble, g_free);
    read_key(api);
}

/* A 401 may mean that the key was exchanged. Then it is no retry: the server has not been asked
 * with this key yet. */
static gboolean resend_with_new_key(CkApiCall *call, const CkHttpResponse *response)
{
    const CkKey *key = call->api->config->key;
    if (response->status != 401 || call->rekeyed || g_get_monotonic_time() >= call->deadline)
        return FALSE;
    if (response->key == ck_key_count(key))
        read_key(call->api);
    if (response->key == ck_key_count(key))
        return FALSE;
    call->rekeyed = TRUE;
    attempt(call);
    return TRUE;
}

/* That there is no such thread may be a stray answer as well. */
static gboolean resend_not_found(CkApiCall *call, const CkHttpResponse *response)
{
    return response->status == 404 && response->kept && ask_afresh(call);
}

static void on_answer(const CkHttpResponse *response, const GError *error, gpointer data)
{
    CkApiCall *call = data;
    CkApi *api = call->api;
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    call->request = NULL;
    if (response) {
        note_limits(api, response);
        call->connection = response->connection;
        call->kept = response->kept;
    }
    if (response && response->status != 200)
        failure = ck_status_error(response->status, response->body, api->config->key);
    CkAttempt ended = attempt_ended(response, failure);
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    gint64 left_ms = (call->deadline - g_get_monotonic_time()) / 1000;
    gint64 wait_ms = ck_retry_wait(&ended, call->retries, now, g_random_double());
    return_ticket(call, &ended, wait_ms, error);
    if (!failure)
        decode_later(call, response->body);
    else if (response && (resend_with_new_key(call, response) || resend_not_found(call, response)))
        return;
    else if (!call->once && ck_retry_again(&ended, call->retries, wait_ms, left_ms))
        attempt_later(call, wait_ms);
    else
        finish(call, NULL, NULL, failure);
}

/* A CkAdmitted. */
static void on_admitted(const GError *refusal, gpointer data)
{
    CkApiCall *call = data;
    if (!refusal) {
        const char *method = call->question->kind == CK_API_DELETE_THREAD ? "DELETE" : NULL;
        call->request =
            ck_http_send(call->api->http, method, call->url, call->doubted, on_answer, call);
        return;
    }
    call->ticket = NULL;
    finish(call, NULL, NULL, refusal);
}

static void attempt(CkApiCall *call)
{
    call->ticket =
        ck_gate_enter(call->api->gate, call->deadline, call->retries > 0, on_admitted, call);
}

static gboolean on_refused(gpointer data)
{
    CkApiCall *call = data;
    g_autoptr(GError) error = g_steal_pointer(&call->refusal);
    g_clear_pointer(&call->timer, g_source_unref);
    finish(call, NULL, NULL, error);
    return G_SOURCE_REMOVE;
}

/* From the main context, as every other answer. */
static void refuse_later(CkApiCall *call)
{
    call->timer = g_idle_source_new();
    g_source_set_callback(call->timer, on_refused, call, NULL);
    g_source_attach(call->timer, call->api->context);
}

static CkApiCall *start(CkApi *api, CkApiKind kind, const char *thread_id, const CkListQuery *query,
                        gpointer data)
{
    gboolean deletes = kind == CK_API_DELETE_THREAD;
    CkApiCall *call = g_new0(CkApiCall, 1);
    call->api = api;
    call->question = ck_question_new(kind, thread_id, query);
    call->cause = ck_causes_current(api->causes);
    call->url =
        ck_question_url(call->question, api->config->account.base_url.value, &call->refusal);
    call->deadline = g_get_monotonic_time() + api->config->timeout * G_USEC_PER_SEC;
    call->data = data;
    g_hash_table_add(api->calls, call);
    if (call->url && api->config->offline)
        g_set_error_literal(&call->refusal, CK_ERROR, CK_ERROR_OFFLINE,
                            deletes ? "the server is not asked" : "not fetched before");
    if (call->refusal)
        refuse_later(call);
    else
        attempt(call);
    return call;
}

CkApiCall *ck_api_list_threads(CkApi *api, const CkListQuery *query, CkPageDone done, gpointer data)
{
    CkApiCall *call = start(api, CK_API_LIST_THREADS, NULL, query, data);
    call->page_done = done;
    return call;
}

CkApiCall *ck_api_list_items(CkApi *api, const char *thread_id, const CkListQuery *query,
                             CkPageDone done, gpointer data)
{
    CkApiCall *call = start(api, CK_API_LIST_ITEMS, thread_id, query, data);
    call->page_done = done;
    return call;
}

CkApiCall *ck_api_get_thread(CkApi *api, const char *thread_id, CkThreadDone done, gpointer data)
{
    CkApiCall *call = start(api, CK_API_GET_THREAD, thread_id, NULL, data);
    call->thread_done = done;
    return call;
}

CkApiCall *ck_api_delete_thread(CkApi *api, const char *thread_id, CkCallDone done, gpointer data)
{
    CkApiCall *call = start(api, CK_API_DELETE_THREAD, thread_id, NULL, data);
    call->done = done;
    return call;
}

void ck_api_set_arrived(CkApiCall *call, CkPageArrived arrived)
{
    call->arrived = arrived;
}

void ck_api_set_once(CkApiCall *call)
{
    call->once = TRUE;
}

void ck_api_set_report(CkApi *api, CkApiReport report, gpointer data)
{
    api->report = report;
    api->report_data = data;
}

CkApiUsage ck_api_usage(const CkApi *api)
{
    CkApiUsage usage = api->usage;
    CkHttpTotals totals = ck_http_totals(api->http);
    usage.under_way = totals.under_way;
    usage.wire = totals.wire;
    usage.decoded = totals.decoded;
    usage.rate_limit = (const char *const *)api->rate_limit;
    usage.gate = ck_gate_state(api->gate);
    return usage;
}

CkCauses *ck_api_causes(CkApi *api)
{
    return api->causes;
}

CkApi *ck_api_new(GMainContext *context, const CkConfig *config, GError **error)
{
    const char *organization = config->account.organization.value;
    const char *project = config->account.project.value;
    g_autoptr(GPtrArray) headers = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(headers, g_strdup("OpenAI-Beta: chatkit_beta=v1"));
    g_ptr_array_add(headers, g_strdup("Accept: application/json"));
    g_ptr_array_add(headers, g_strdup("User-Agent: chatkitfs/" CK_VERSION));
    if (organization)
        g_ptr_array_add(headers, g_strdup_printf("OpenAI-Organization: %s", organization));
    if (project)
        g_ptr_array_add(headers, g_strdup_printf("OpenAI-Project: %s", project));
    g_ptr_array_add(headers, NULL);
    CkHttpOptions options = {
        .headers = (const char *const *)headers->pdata,
        .key = config->key,
        .concurrency = config->concurrency,
        .patience = config->timeout,
        .ca_file = config->ca_file,
        .sent = on_sent,
    };
    CkHttp *http = ck_http_new(context, &options, error);
    if (!http)
        return NULL;
    CkApi *api = g_new0(CkApi, 1);
    api->context = g_main_context_ref(context);
    api->config = config;
    api->http = http;
    api->gate = ck_gate_new(context, config->concurrency);
    api->worker = ck_worker_new(context);
    api->calls = g_hash_table_new_full(NULL, NULL, call_free, NULL);
    api->causes = ck_causes_new();
    return api;
}

void ck_api_free(CkApi *api)
{
    ck_gate_close(api->gate);
    g_hash_table_unref(api->calls);
    ck_http_free(api->http);
    ck_gate_free(api->gate);
    ck_worker_free(api->worker);
    ck_causes_free(api->causes);
    g_strfreev(api->rate_limit);
    g_free(api->key_trouble);
    g_main_context_unref(api->context);
    g_free(api);
}
