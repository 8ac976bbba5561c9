/* SPDX-License-Identifier: MIT */
/*
 * One answer cut at every byte: whatever the connection brings before it ends, it is the whole
 * answer or an error, and never a page with less in it. Each cut is an answer of its own of a real
 * server, read by http.c and decoded as api.c does it.
 */
#include <string.h>

#include "error.h"
#include "http.h"
#include "prepare.h"
#include "server.h"

#define AT_ONCE 8   /* requests under way; more than the backlog of a GSocketListener would wait */
#define BATCH   250 /* answers of one server, which has a thread for each */

#define PAGE                                                                                       \
    "{\"object\":\"list\",\"data\":[{\"id\":\"cthi_1\",\"type\":\"user_message\"},"                \
    "{\"id\":\"cthi_2\",\"content\":[{\"text\":\"}]}\"}]}],"                                       \
    "\"has_more\":false,\"last_id\":\"cthi_2\"}"

/* The whole of an answer, and the offsets from which on a cut may, and does, leave the page whole.
 */
typedef struct {
    GString *bytes;
    gsize enough, sure;
} Answer;

static void answer_clear(Answer *answer)
{
    g_string_free(answer->bytes, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

typedef enum { LENGTH, CHUNKED, CLOSE } Framing;

/* In chunks of 50 bytes. */
static void append_chunks(GString *out, const char *bytes, gsize size)
{
    while (size > 0) {
        gsize part = MIN(size, 50);
        g_string_append_printf(out, "%zx\r\n", part);
        g_string_append_len(out, bytes, (gssize)part);
        g_string_append(out, "\r\n");
        bytes += part;
        size -= part;
    }
    g_string_append(out, "0\r\n\r\n");
}

static GString *compressed(const char *text)
{
    g_autoptr(GZlibCompressor) zlib = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
    GString *out = g_string_new(NULL);
    gsize read, written;
    char buffer[4096];
    GConverterResult result =
        g_converter_convert(G_CONVERTER(zlib), text, strlen(text), buffer, sizeof buffer,
                            G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
    g_assert_cmpint(result, ==, G_CONVERTER_FINISHED);
    g_string_append_len(out, buffer, (gssize)written);
    return out;
}

static Answer make_answer(Framing framing, gboolean gzip)
{
    GString *body = gzip ? compressed(PAGE) : g_string_new(PAGE);
    GString *out = g_string_new("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n");
    if (gzip)
        g_string_append(out, "Content-Encoding: gzip\r\n");
    if (framing == LENGTH)
        g_string_append_printf(out, "Content-Length: %zu\r\n", body->len);
    else
        g_string_append(out, framing == CHUNKED ? "Transfer-Encoding: chunked\r\n"
                                                : "Connection: close\r\n");
    g_string_append(out, "\r\n");
    if (framing == CHUNKED)
        append_chunks(out, body->str, body->len);
    else
        g_string_append_len(out, body->str, (gssize)body->len);
    /* Where nothing but the end of the connection tells the end of the body, JSON tells whether it
     * is whole, and it may be so without the checksum and the length behind it (RFC 1952, 2.3.1).
     * To curl, but not to newer ones, chunks have ended before the last byte behind the last one.
     */
    gsize spare = framing == CLOSE && gzip ? 8 : 0;
    gsize unsure = framing == CHUNKED ? 1 : 0;
    g_string_free(body, TRUE);
    return (Answer){out, out->len - spare - unsure, out->len - spare};
}

/* How one cut ended. */
typedef struct {
    guint *ended;
    gboolean whole;
    GError *error;
    int status;
} Cut;

static void on_done(const CkHttpResponse *response, const GError *error, gpointer data)
{
    Cut *cut = data;
    (*cut->ended)++;
    if (error) {
        cut->error = g_error_copy(error);
        return;
    }
    cut->status = response->status;
    g_autoptr(CkPage) page = ck_prepare_items(response->body, &cut->error);
    if (!page)
        return;
    g_assert_cmpuint(page->elements->len, ==, 2);
    g_assert_cmpuint(page->prepared->len, ==, 2);
    g_assert_cmpstr(page->last_id, ==, "cthi_2");
    g_assert_false(page->has_more);
    cut->whole = TRUE;
}

/* Cuts at each offset from one on, as many as one server answers. */
static void cut_some(const Answer *answer, gsize from, gboolean reset, Cut *cuts, gsize count)
{
    static const char *const headers[] = {NULL};
    const CkHttpOptions options = {.headers = headers, .concurrency = AT_ONCE, .patience = 30};
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(Server) server = server_new(context);
    g_autoptr(CkHttp) http = ck_http_new(context, &options, NULL);
    guint ended = 0;
    if (reset)
        server_reset(server);
    for (gsize i = 0; i < count; i++) {
        g_autofree char *path = g_strdup_printf("/%zu", from + i);
        g_autofree char *request = g_strconcat("GET ", path, NULL);
        g_autofree char *url = server_url(server, path);
        cuts[i] = (Cut){.ended = &ended};
        server_raw(server, request, answer->bytes->str, from + i);
        ck_http_send(http, NULL, url, FALSE, on_done, &cuts[i]);
        if ((i + 1) % AT_ONCE == 0)
            server_run_until(context, ended == i + 1);
    }
    server_run_until(context, ended == count);
}

/* Whether a cut at that offset ended as it should. A connection that is reset may fail although the
 * whole has come. */
static void assert_cut(const Answer *answer, gsize at, gboolean reset, const Cut *cut)
{
    gboolean must_be_whole = at >= answer->sure && !reset;
    if (cut->whole ? at < answer->enough : must_be_whole)
        g_error("cut at %zu of %zu: %s", at, answer->bytes->len,
                cut->whole ? "a page" : cut->error->message);
    g_assert_true(cut->whole == (cut->error == NULL));
}

static void cut_everywhere(const Answer *answer, gboolean reset)
{
    Cut cuts[BATCH];
    for (gsize from = 0; from <= answer->bytes->len; from += BATCH) {
        gsize count = MIN(BATCH, answer->bytes->len + 1 - from);
        cut_some(answer, from, reset, cuts, count);
        for (gsize i = 0; i < count; i++) {
            assert_cut(answer, from + i, reset, &cuts[i]);
            g_clear_error(&cuts[i].error);
        }
    }
}

static void a_page_is_whole_or_an_error(gconstpointer data)
{
    int variant = GPOINTER_TO_INT(data);
    g_auto(Answer) answer = make_answer((Framing)(variant / 2), variant % 2);
    cut_everywhere(&answer, FALSE);
}

static void a_reset_page_is_whole_or_an_error(gconstpointer data)
{
    int variant = GPOINTER_TO_INT(data);
    g_auto(Answer) answer = make_answer((Framing)(variant / 2), variant % 2);
    cut_everywhere(&answer, TRUE);
}

/* An answer that says that something is gone has to be whole as well. */
static void an_answer_without_its_whole_head_is_none(void)
{
    static const char head[] = "HTTP/1.1 404 Not Found\r\nX-Should-Retry: true\r\n"
                               "Content-Length: 0\r\n\r\n";
    g_auto(Answer) answer = {g_string_new(head), 0, 0};
    Cut cuts[sizeof head];
    cut_some(&answer, 0, FALSE, cuts, sizeof head);
    for (gsize i = 0; i < sizeof head; i++) {
        g_assert_false(cuts[i].whole);
        g_assert_nonnull(cuts[i].error);
        g_assert_cmpint(cuts[i].status, ==, i < sizeof head - 1 ? 0 : 404);
        g_clear_error(&cuts[i].error);
    }
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"length",       "length-gzip", "chunked",
                                        "chunked-gzip", "close",       "close-gzip"};
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strconcat("/cut/", names[i], NULL);
        g_test_add_data_func(path, GINT_TO_POINTER((int)i), a_page_is_whole_or_an_error);
    }
    g_test_add_data_func("/cut/reset/length", GINT_TO_POINTER(0),
                         a_reset_page_is_whole_or_an_error);
    g_test_add_data_func("/cut/reset/close-gzip", GINT_TO_POINTER(5),
                         a_reset_page_is_whole_or_an_error);
    g_test_add_func("/cut/head", an_answer_without_its_whole_head_is_none);
    return g_test_run();
}
