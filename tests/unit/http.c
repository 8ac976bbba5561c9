/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <gio/gio.h>
#include <string.h>

#include "error.h"
#include "keys.h"
#include "server.h"

typedef struct {
    GMainContext *context;
    Server *server;
    CkHttp *http;
} Fixture;

static Fixture *fixture_of(CkHttpOptions options)
{
    static const char *const headers[] = {"X-Test: yes", "X-Other: no", NULL};
    g_autoptr(GError) error = NULL;
    Fixture *f = g_new(Fixture, 1);
    f->context = g_main_context_new();
    f->server = server_new(f->context);
    options.headers = headers;
    options.patience = 30;
    f->http = ck_http_new(f->context, &options, &error);
    g_assert_no_error(error);
    return f;
}

static Fixture *fixture_new(guint concurrency)
{
    return fixture_of((CkHttpOptions){.concurrency = concurrency});
}

static void fixture_free(Fixture *f)
{
    g_clear_pointer(&f->http, ck_http_free);
    server_free(f->server);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* How a request ended. */
typedef struct {
    guint calls; /* of its callback */
    guint sent;  /* calls of the callback for that */
    int status;
    guint key;
    char *body, *retry_after, *retry_after_ms, *should_retry, *rate_limit;
    gsize size;
    GError *error;
} Outcome;

static void outcome_clear(Outcome *outcome)
{
    g_free(outcome->body);
    g_free(outcome->retry_after);
    g_free(outcome->retry_after_ms);
    g_free(outcome->should_retry);
    g_free(outcome->rate_limit);
    g_clear_error(&outcome->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

static void on_done(const CkHttpResponse *response, const GError *error, gpointer data)
{
    Outcome *outcome = data;
    outcome->calls++;
    g_assert_true((response == NULL) == (error != NULL));
    if (error) {
        outcome->error = g_error_copy(error);
        return;
    }
    const char *bytes = g_bytes_get_data(response->body, &outcome->size);
    outcome->status = response->status;
    outcome->key = response->key;
    outcome->body = g_strndup(bytes ? bytes : "", outcome->size);
    outcome->retry_after = g_strdup(response->retry_after);
    outcome->retry_after_ms = g_strdup(response->retry_after_ms);
    outcome->should_retry = g_strdup(response->should_retry);
    outcome->rate_limit = response->rate_limit ? g_strjoinv(" ", response->rate_limit) : NULL;
}

static void on_sent(gpointer data)
{
    ((Outcome *)data)->sent++;
}

/* The data of every request must be an Outcome. */
static Fixture *fixture_counting(guint concurrency)
{
    return fixture_of((CkHttpOptions){.concurrency = concurrency, .sent = on_sent});
}

static CkHttpRequest *get(Fixture *f, const char *path, Outcome *outcome)
{
    g_autofree char *url = server_url(f->server, path);
    return ck_http_send(f->http, NULL, url, FALSE, on_done, outcome);
}

static void get_and_wait(Fixture *f, const char *path, Outcome *outcome)
{
    get(f, path, outcome);
    g_assert_cmpuint(outcome->calls, ==, 0); /* not before the context runs */
    server_run_until(f->context, outcome->calls > 0);
    g_assert_cmpuint(outcome->calls, ==, 1);
}

/* Gets what the script answers with these bytes, which must fail. */
static void assert_raw_answer_fails(const char *bytes, CkError code)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    server_raw(f->server, "GET /", bytes, strlen(bytes));
    get_and_wait(f, "/", &outcome);
    g_assert_error(outcome.error, CK_ERROR, (gint)code);
}

/* Answers */

static void an_answer_has_status_body_and_the_headers_about_retries(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    server_reply(f->server, "GET /a/b?c=d", 429,
                 "Retry-After: 7\r\nretry-after-ms: 70\r\nX-Should-Retry: true\r\n", "slow down");
    get_and_wait(f, "/a/b?c=d", &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpint(outcome.status, ==, 429);
    g_assert_cmpstr(outcome.body, ==, "slow down");
    g_assert_cmpstr(outcome.retry_after, ==, "7");
    g_assert_cmpstr(outcome.retry_after_ms, ==, "70");
    g_assert_cmpstr(outcome.should_retry, ==, "true");
}

static void headers_that_are_missing_are_null(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    server_json(f->server, "GET /", "");
    get_and_wait(f, "/", &outcome);
    g_assert_cmpint(outcome.status, ==, 200);
    g_assert_cmpuint(outcome.size, ==, 0);
    g_assert_null(outcome.retry_after);
    g_assert_null(outcome.retry_after_ms);
    g_assert_null(outcome.should_retry);
    g_assert_null(outcome.rate_limit);
}

static void an_answer_has_the_headers_about_the_rate_limit(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    server_reply(f->server, "GET /", 200,
                 "X-RateLimit-Limit-Requests: 60\r\nx-rate: 1\r\nx-ratelimit-reset-tokens: 6m0s\r\n"
                 "x-ratelimit-limit-requests: again\r\n",
                 "");
    get_and_wait(f, "/", &outcome);
    g_assert_cmpstr(outcome.rate_limit, ==,
                    "x-ratelimit-limit-requests 60 x-ratelimit-reset-tokens 6m0s");
}

static void no_more_headers_about_the_rate_limit_are_kept_than_make_sense(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    g_autoptr(GString) headers = g_string_new(NULL);
    for (int i = 0; i < 100; i++)
        g_string_append_printf(headers, "x-ratelimit-%d: x\r\n", i);
    server_reply(f->server, "GET /", 200, headers->str, "");
    get_and_wait(f, "/", &outcome);
    g_assert_true(g_str_has_suffix(outcome.rate_limit, " x-ratelimit-15 x"));
}

static void every_request_carries_the_headers(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    for (guint i = 0; i < 2; i++) {
        g_auto(Outcome) outcome = {0};
        server_json(f->server, "GET /", "{}");
        get_and_wait(f, "/", &outcome);
        g_autofree char *other = server_header(f->server, i, "X-Other");
        g_autofree char *test = server_header(f->server, i, "X-Test");
        g_assert_cmpstr(other, ==, "no");
        g_assert_cmpstr(test, ==, "yes");
    }
}

static void a_chunked_body_is_put_together(void)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n";
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    server_raw(f->server, "GET /", answer, strlen(answer));
    get_and_wait(f, "/", &outcome);
    g_assert_cmpstr(outcome.body, ==, "abcdefg");
}

static GByteArray *gzip(const void *bytes, gsize size)
{
    g_autoptr(GZlibCompressor) zlib = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
    g_autoptr(GInputStream) plain = g_memory_input_stream_new_from_data(bytes, (gssize)size, NULL);
    g_autoptr(GInputStream) stream = g_converter_input_stream_new(plain, G_CONVERTER(zlib));
    GByteArray *out = g_byte_array_new();
    guint8 buffer[4096];
    gssize count;
    while ((count = g_input_stream_read(stream, buffer, sizeof buffer, NULL, NULL)) > 0)
        g_byte_array_append(out, buffer, (guint)count);
    g_assert_cmpint(count, ==, 0);
    return out;
}

static void script_gzip(Fixture *f, const void *bytes, gsize size)
{
    g_autoptr(GByteArray) compressed = gzip(bytes, size);
    g_autoptr(GString) answer = g_string_new(NULL);
    g_string_printf(answer,
                    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %u\r\n\r\n",
                    compressed->len);
    g_string_append_len(answer, (const char *)compressed->data, compressed->len);
    server_raw(f->server, "GET /", answer->str, answer->len);
}

static void a_compressed_body_is_decompressed(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    g_autofree char *text = g_strnfill(100000, 'z');
    script_gzip(f, text, strlen(text));
    get_and_wait(f, "/", &outcome);
    g_autofree char *accepted = server_header(f->server, 0, "Accept-Encoding");
    g_assert_nonnull(strstr(accepted, "gzip"));
    g_assert_cmpstr(outcome.body, ==, text);
}

static void a_redirect_is_an_answer_and_not_followed(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    server_reply(f->server, "GET /", 307, "Location: /elsewhere\r\n", "");
    get_and_wait(f, "/", &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpint(outcome.status, ==, 307);
    g_assert_cmpuint(server_seen(f->server), ==, 1);
}

/* Limits */

#define CURL_MAX_WRITE 16384

static void script_body(Fixture *f, gsize size)
{
    g_autofree char *body = g_strnfill(size, 'x');
    server_json(f->server, "GET /", body);
}

static void a_body_of_16_mib_is_taken(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    script_body(f, CK_HTTP_MAX_BODY);
    get_and_wait(f, "/", &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpuint(outcome.size, ==, CK_HTTP_MAX_BODY);
}

static void a_larger_body_is_too_large(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    script_body(f, CK_HTTP_MAX_BODY + 1);
    get_and_wait(f, "/", &outcome);
    g_assert_error(outcome.error, CK_ERROR, CK_ERROR_TOO_LARGE);
    g_assert_nonnull(strstr(outcome.error->message, "16 MiB"));
}

static void a_body_that_inflates_beyond_16_mib_is_too_large(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    g_autofree char *zeros = g_malloc0(CK_HTTP_MAX_BODY + 1);
    script_gzip(f, zeros, CK_HTTP_MAX_BODY + 1);
    get_and_wait(f, "/", &outcome);
    g_assert_error(outcome.error, CK_ERROR, CK_ERROR_TOO_LARGE);
}

/* An answer whose status line and headers take so many bytes; lines: of 1 KiB at most. */
static void script_head(Fixture *f, gsize size, gboolean lines)
{
    g_autoptr(GString) answer = g_string_new("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n");
    while (answer->len + 2 < size) {
        gsize left = size - answer->len - 2; /* the empty line */
        gsize line = !lines ? left : left < 2048 ? left - left / 2 * (left > 1024) : 1024;
        g_autofree char *value = g_strnfill(line - 5, 'x');
        g_string_append_printf(answer, "X: %s\r\n", value);
    }
    g_string_append(answer, "\r\n");
    g_assert_cmpuint(answer->len, ==, size);
    g_string_append(answer, "{}");
    server_raw(f->server, "GET /", answer->str, answer->len);
}

static void headers_of_64_kib_are_taken_and_no_more(void)
{
    for (gsize more = 0; more < 2; more++) {
        for (int lines = 0; lines < 2; lines++) {
            g_autoptr(Fixture) f = fixture_new(1);
            g_auto(Outcome) outcome = {0};
            script_head(f, CK_HTTP_MAX_HEADERS + more, lines);
            get_and_wait(f, "/", &outcome);
            if (more) {
                g_assert_error(outcome.error, CK_ERROR, CK_ERROR_TOO_LARGE);
                g_assert_nonnull(strstr(outcome.error->message, "headers"));
                g_assert_nonnull(strstr(outcome.error->message, "64 KiB"));
            } else {
                g_assert_no_error(outcome.error);
                g_assert_cmpstr(outcome.body, ==, "{}");
            }
        }
    }
}

/* What is answered with first, then so often what comes again and again, and what ends it. */
static void get_repeated(const char *first, const char *again, guint times, const char *last,
                         Outcome *outcome)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_autoptr(GString) answer = g_string_new(first);
    for (guint i = 0; i < times; i++)
        g_string_append(answer, again);
    g_string_append(answer, last);
    server_raw(f->server, "GET /", answer->str, answer->len);
    get_and_wait(f, "/", outcome);
}

/* Each of them ends with an empty line, so that a limit of one head would not end them. */
static void interim_answers_are_not_endless(void)
{
    static const char hint[] = "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n";
    static const char last[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    guint most = (CK_HTTP_MAX_HEADERS - (sizeof last - 3)) / (sizeof hint - 1);
    g_auto(Outcome) taken = {0}, endless = {0};
    get_repeated("", hint, most, last, &taken);
    g_assert_no_error(taken.error);
    g_assert_cmpstr(taken.body, ==, "{}");
    get_repeated("", hint, most + 1, last, &endless);
    g_assert_error(endless.error, CK_ERROR, CK_ERROR_TOO_LARGE);
}

/* Of a hundred bytes each: newer curls take no more than 5000 lines. */
static void trailers_are_not_endless(void)
{
    static const char trailer[] = "X: 4567890123456789012345678901234567890123456789"
                                  "0123456789012345678901234567890123456789012345678\r\n";
    g_assert_cmpuint(strlen(trailer), ==, 100);
    static const char first[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "2\r\n{}\r\n0\r\n";
    g_auto(Outcome) taken = {0}, endless = {0};
    get_repeated(first, trailer, 600, "\r\n", &taken);
    g_assert_no_error(taken.error);
    g_assert_cmpstr(taken.body, ==, "{}");
    get_repeated(first, trailer, CK_HTTP_MAX_HEADERS / 100, "\r\n", &endless);
    g_assert_error(endless.error, CK_ERROR, CK_ERROR_TOO_LARGE);
}

/* curl has a limit of its own for a line, which it does not hand on before it is whole. */
static void a_header_without_an_end_is_too_large(void)
{
    g_auto(Outcome) outcome = {0};
    get_repeated("HTTP/1.1 200 OK\r\nX: ", "x", 1 << 20, "", &outcome);
    g_assert_error(outcome.error, CK_ERROR, CK_ERROR_TOO_LARGE);
}

/* Little more is decompressed than is taken. */
static void a_bomb_is_given_up_at_the_limit(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    gsize size = (gsize)128 << 20;
    g_autofree char *zeros = g_malloc0(size);
    script_gzip(f, zeros, size);
    get_and_wait(f, "/", &outcome);
    g_assert_error(outcome.error, CK_ERROR, CK_ERROR_TOO_LARGE);
    /* curl hands on no more than that at once (CURL_MAX_WRITE_SIZE). */
    g_assert_cmpuint(ck_http_totals(f->http).decoded, <=, CK_HTTP_MAX_BODY + CURL_MAX_WRITE);
}

/* Failures of the transport */

/* A port that is bound and not listened on refuses. */
static char *refused_url(GSocket **bound)
{
    *bound = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0);
    g_assert_true(g_socket_bind(*bound, any, FALSE, NULL));
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(*bound, NULL);
    return g_strdup_printf("http://127.0.0.1:%u/",
                           g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address)));
}

static void a_closed_port_is_refused(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    g_autoptr(GSocket) bound = NULL;
    g_autofree char *url = refused_url(&bound);
    ck_http_send(f->http, NULL, url, FALSE, on_done, &outcome);
    server_run_until(f->context, outcome.calls > 0);
    g_assert_error(outcome.error, CK_ERROR, CK_ERROR_REFUSED);
}

/* What is told of requests */

static void a_request_is_sent_once_whatever_is_answered(void)
{
    g_autoptr(Fixture) f = fixture_counting(1);
    static const int statuses[] = {200, 404, 500};
    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_auto(Outcome) outcome = {0};
        server_reply(f->server, "GET /", statuses[i], "", "x");
        get_and_wait(f, "/", &outcome);
        g_assert_cmpuint(outcome.sent, ==, 1);
    }
    g_auto(Outcome) broken = {0};
    server_raw(f->server, "GET /", NULL, 0);
    get_and_wait(f, "/", &broken);
    g_assert_nonnull(broken.error);
    g_assert_cmpuint(broken.sent, ==, 1);
    g_assert_cmpuint(server_seen(f->server), ==, 4);
}

static void bytes_are_counted_as_they_came_and_decoded(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0}, compressed = {0};
    server_json(f->server, "GET /", "0123456789");
    get_and_wait(f, "/", &outcome);
    CkHttpTotals totals = ck_http_totals(f->http);
    g_assert_cmpuint(totals.under_way, ==, 0);
    g_assert_cmpuint(totals.wire, ==, 10);
    g_assert_cmpuint(totals.decoded, ==, 10);

    g_autofree char *text = g_strnfill(100000, 'z');
    script_gzip(f, text, strlen(text));
    get_and_wait(f, "/", &compressed);
    g_autoptr(GByteArray) sent = gzip(text, strlen(text));
    totals = ck_http_totals(f->http);
    g_assert_cmpuint(totals.wire, ==, 10 + sent->len);
    g_assert_cmpuint(totals.decoded, ==, 10 + 100000);
}

static void what_is_under_way_is_told(void)
{
    g_autoptr(Fixture) f = fixture_new(2);
    g_auto(Outcome) one = {0}, two = {0};
    server_may_leave(f->server);
    server_hold(f->server);
    CkHttpRequest *first = get(f, "/", &one);
    CkHttpRequest *second = get(f, "/", &two);
    g_assert_cmpuint(ck_http_totals(f->http).under_way, ==, 2);
    ck_http_cancel(first);
    g_assert_cmpuint(ck_http_totals(f->http).under_way, ==, 1);
    ck_http_cancel(second);
    g_assert_cmpuint(ck_http_totals(f->http).under_way, ==, 0);
}

static void a_request_that_gets_no_connection_is_not_sent(void)
{
    g_autoptr(Fixture) f = fixture_counting(1);
    g_auto(Outcome) outcome = {0};
    g_autoptr(GSocket) bound = NULL;
    g_autofree char *url = refused_url(&bound);
    ck_http_send(f->http, NULL, url, FALSE, on_done, &outcome);
    server_run_until(f->context, outcome.calls > 0);
    g_assert_cmpuint(outcome.sent, ==, 0);
}

static void a_request_that_is_cancelled_before_is_not_sent(void)
{
    g_autoptr(Fixture) f = fixture_counting(1);
    g_auto(Outcome) first = {0}, cancelled = {0};
    server_json(f->server, "GET /1", "{}");
    get(f, "/1", &first);
    ck_http_cancel(get(f, "/2", &cancelled));
    server_run_until(f->context, first.calls > 0);
    g_assert_cmpuint(first.sent, ==, 1);
    g_assert_cmpuint(cancelled.sent, ==, 0);
}

/* Connections that break */

static void a_connection_closed_without_an_answer_broke(void)
{
    assert_raw_answer_fails("", CK_ERROR_CONNECTION);
}

static void a_truncated_body_broke(void)
{
    assert_raw_answer_fails("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":",
                            CK_ERROR_CONNECTION);
}

static void a_truncated_chunk_broke(void)
{
    assert_raw_answer_fails(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n9\r\nef",
        CK_ERROR_CONNECTION);
}

static void chunks_without_an_end_broke(void)
{
    assert_raw_answer_fails("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n",
                            CK_ERROR_CONNECTION);
}

static void what_is_not_http_is_a_bad_response(void)
{
    assert_raw_answer_fails("SSH-2.0-OpenSSH_9.2p1\r\n", CK_ERROR_BAD_RESPONSE);
}

static void a_body_that_is_not_what_its_encoding_says_is_a_bad_response(void)
{
    assert_raw_answer_fails("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n"
                            "plaintext",
                            CK_ERROR_BAD_RESPONSE);
}

static void an_error_says_something(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    g_auto(Outcome) outcome = {0};
    server_raw(f->server, "GET /", "", 0);
    get_and_wait(f, "/", &outcome);
    g_assert_cmpuint(strlen(outcome.error->message), >, 0);
}

/* Many at once */

static void all_requests_go_out_at_once(void)
{
    enum { REQUESTS = 7 };
    g_autoptr(Fixture) f = fixture_new(REQUESTS);
    Outcome outcomes[REQUESTS] = {0};
    server_hold(f->server);
    for (guint i = 0; i < REQUESTS; i++) {
        server_json(f->server, "GET /", "{}");
        get(f, "/", &outcomes[i]);
    }
    server_run_until(f->context, server_seen(f->server) == REQUESTS);
    server_release(f->server, REQUESTS);
    for (guint i = 0; i < REQUESTS; i++) {
        server_run_until(f->context, outcomes[i].calls > 0);
        g_assert_cmpint(outcomes[i].status, ==, 200);
        outcome_clear(&outcomes[i]);
    }
}

static void a_failed_request_leaves_the_others_alone(void)
{
    g_autoptr(Fixture) f = fixture_new(2);
    g_auto(Outcome) failed = {0}, other = {0};
    server_raw(f->server, "GET /1", "", 0);
    server_json(f->server, "GET /2", "{}");
    get(f, "/1", &failed);
    get(f, "/2", &other);
    server_run_until(f->context, failed.calls + other.calls == 2);
    g_assert_error(failed.error, CK_ERROR, CK_ERROR_CONNECTION);
    g_assert_cmpint(other.status, ==, 200);
}

/* Cancelling */

static void a_cancelled_request_leaves_the_others_alone(void)
{
    g_autoptr(Fixture) f = fixture_new(2);
    g_auto(Outcome) cancelled = {0}, other = {0};
    server_hold(f->server);
    server_json(f->server, "GET /1", "{}");
    server_json(f->server, "GET /2", "{}");
    CkHttpRequest *request = get(f, "/1", &cancelled);
    get(f, "/2", &other);
    server_run_until(f->context, server_seen(f->server) == 2);
    ck_http_cancel(request);
    server_release(f->server, 2);
    server_run_until(f->context, other.calls > 0);
    g_assert_cmpuint(cancelled.calls, ==, 0);
    g_assert_cmpint(other.status, ==, 200);
}

/* One of two requests that cancel each other. */
typedef struct _Racer Racer;
struct _Racer {
    CkHttpRequest *request;
    Racer *other;
    guint calls;
};

static void cancel_the_other(const CkHttpResponse *response, const GError *error, gpointer data)
{
    Racer *racer = data;
    g_assert_nonnull(response);
    g_assert_no_error(error);
    racer->calls++;
    ck_http_cancel(racer->other->request);
}

static void a_callback_may_cancel_another_request(void)
{
    g_autoptr(Fixture) f = fixture_new(2);
    g_autofree char *url = server_url(f->server, "/");
    Racer one = {0}, two = {.other = &one};
    one.other = &two;
    server_hold(f->server);
    server_json(f->server, "GET /", "{}");
    server_json(f->server, "GET /", "{}");
    one.request = ck_http_send(f->http, NULL, url, FALSE, cancel_the_other, &one);
    two.request = ck_http_send(f->http, NULL, url, FALSE, cancel_the_other, &two);
    server_run_until(f->context, server_seen(f->server) == 2);
    server_release(f->server, 2);
    server_run_until(f->context, one.calls + two.calls > 0);
    while (g_main_context_iteration(f->context, FALSE))
        continue;
    g_assert_cmpuint(one.calls + two.calls, ==, 1);
}

typedef struct {
    Fixture *f;
    Outcome first, second;
} Chain;

static void start_the_second(const CkHttpResponse *response, const GError *error, gpointer data)
{
    Chain *chain = data;
    on_done(response, error, &chain->first);
    get(chain->f, "/2", &chain->second);
    g_assert_cmpuint(chain->second.calls, ==, 0);
}

static void a_callback_may_start_another_request(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    Chain chain = {.f = f};
    g_autofree char *url = server_url(f->server, "/1");
    server_json(f->server, "GET /1", "one");
    server_json(f->server, "GET /2", "two");
    ck_http_send(f->http, NULL, url, FALSE, start_the_second, &chain);
    server_run_until(f->context, chain.second.calls > 0);
    g_assert_cmpstr(chain.first.body, ==, "one");
    g_assert_cmpstr(chain.second.body, ==, "two");
    outcome_clear(&chain.first);
    outcome_clear(&chain.second);
}

static void free_ends_requests_without_a_callback(void)
{
    g_autoptr(Fixture) f = fixture_new(2);
    g_auto(Outcome) sent = {0}, unsent = {0};
    server_hold(f->server);
    server_json(f->server, "GET /1", "{}");
    get(f, "/1", &sent);
    server_run_until(f->context, server_seen(f->server) == 1);
    get(f, "/2", &unsent);
    g_clear_pointer(&f->http, ck_http_free);
    server_release(f->server, 1);
    while (g_main_context_iteration(f->context, FALSE))
        continue;
    g_assert_cmpuint(sent.calls + unsent.calls, ==, 0);
    g_assert_cmpuint(server_seen(f->server), ==, 1);
}

/* The key */

static void each_request_carries_the_key_of_when_it_begins(void)
{
    g_autoptr(CkKey) key = keys_new("first");
    g_autoptr(Fixture) f = fixture_of((CkHttpOptions){.key = key, .concurrency = 1});
    g_auto(Outcome) one = {0}, other = {0};
    server_json(f->server, "GET /1", "");
    server_json(f->server, "GET /2", "");
    server_hold(f->server);
    get(f, "/1", &one);
    server_run_until(f->context, server_seen(f->server) == 1);
    keys_set(key, "second");
    get(f, "/2", &other);
    server_release(f->server, 2);
    server_run_until(f->context, one.calls + other.calls == 2);
    g_autofree char *before = server_header(f->server, 0, "Authorization");
    g_autofree char *after = server_header(f->server, 1, "Authorization");
    g_assert_cmpstr(before, ==, "Bearer first");
    g_assert_cmpstr(after, ==, "Bearer second");
    g_assert_cmpuint(one.key, ==, 1); /* although there is another one by then */
    g_assert_cmpuint(other.key, ==, 2);
}

#define TEST(name) g_test_add_func("/http/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(an_answer_has_status_body_and_the_headers_about_retries);
    TEST(headers_that_are_missing_are_null);
    TEST(an_answer_has_the_headers_about_the_rate_limit);
    TEST(no_more_headers_about_the_rate_limit_are_kept_than_make_sense);
    TEST(a_request_is_sent_once_whatever_is_answered);
    TEST(a_request_that_gets_no_connection_is_not_sent);
    TEST(a_request_that_is_cancelled_before_is_not_sent);
    TEST(bytes_are_counted_as_they_came_and_decoded);
    TEST(what_is_under_way_is_told);
    TEST(every_request_carries_the_headers);
    TEST(a_chunked_body_is_put_together);
    TEST(a_compressed_body_is_decompressed);
    TEST(a_redirect_is_an_answer_and_not_followed);
    TEST(a_body_of_16_mib_is_taken);
    TEST(a_larger_body_is_too_large);
    TEST(a_body_that_inflates_beyond_16_mib_is_too_large);
    TEST(a_bomb_is_given_up_at_the_limit);
    TEST(headers_of_64_kib_are_taken_and_no_more);
    TEST(interim_answers_are_not_endless);
    TEST(trailers_are_not_endless);
    TEST(a_header_without_an_end_is_too_large);
    TEST(a_closed_port_is_refused);
    TEST(a_connection_closed_without_an_answer_broke);
    TEST(a_truncated_body_broke);
    TEST(a_truncated_chunk_broke);
    TEST(chunks_without_an_end_broke);
    TEST(what_is_not_http_is_a_bad_response);
    TEST(a_body_that_is_not_what_its_encoding_says_is_a_bad_response);
    TEST(an_error_says_something);
    TEST(all_requests_go_out_at_once);
    TEST(a_failed_request_leaves_the_others_alone);
    TEST(a_cancelled_request_leaves_the_others_alone);
    TEST(a_callback_may_cancel_another_request);
    TEST(a_callback_may_start_another_request);
    TEST(free_ends_requests_without_a_callback);
    TEST(each_request_carries_the_key_of_when_it_begins);
    return g_test_run();
}
