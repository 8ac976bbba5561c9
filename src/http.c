/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "connections.h"
#include "curl_loop.h"
#include "error.h"
#include "retry.h"

#define HEADERS_TOO_LARGE "the headers of the answer are larger than 64 KiB"

/*
 * A request is in http->running, its easy handle added to the multi handle, until it is freed:
 * before its callback, or by a cancel. It is sent once it has a connection.
 */
struct _CkHttpRequest {
    CkHttp *http;
    const char *method; /* NULL: GET */
    char *url;
    gboolean fresh; /* it gets a connection of its own */
    CkHttpDone done;
    gpointer data;
    CURL *easy;
    struct curl_slist authorization; /* a header of its own, then those of all; data: secret */
    guint key;                       /* which one that has */
    GByteArray *body;
    guint64 received;  /* bytes, after decompression */
    gsize head_size;   /* bytes of status lines, headers and trailers */
    gboolean has_head; /* the empty line has come that ends the headers */
    gboolean sent;
    guint connection;      /* the number of the one it was sent over; 0: none */
    gboolean kept;         /* which had carried another request before */
    gboolean refused;      /* the kept connection: it had something to read before the request */
    const char *too_large; /* says what is; or NULL */
    char message[CURL_ERROR_SIZE];
};

struct _CkHttp {
    CURLM *multi;
    CURLSH *sessions; /* of TLS: curl would keep them in the easy handle, and forget them with it */
    struct curl_slist *headers;
    const CkKey *key; /* or NULL */
    CkRetryLimits limits;
    char *ca_file;         /* or NULL */
    CkHttpSent sent;       /* or NULL */
    guint64 wire, decoded; /* see CkHttpTotals */
    CkCurlLoop *loop;
    GQueue running; /* CkHttpRequest, oldest first */
    CkConnections *connections;
};

/* Connections */

/* CURLOPT_SOCKOPTFUNCTION: a socket was made, to be connected. */
static int note_connection(void *data, curl_socket_t fd, curlsocktype purpose)
{
    CkHttp *http = data;
    (void)purpose;
    ck_connections_add(http->connections, fd);
    return CURL_SOCKOPT_OK;
}

/* CURLOPT_CLOSESOCKETFUNCTION */
static int close_connection(void *data, curl_socket_t fd)
{
    CkHttp *http = data;
    ck_connections_remove(http->connections, fd);
    return close(fd);
}

void ck_http_distrust(CkHttp *http, guint number)
{
    const CkConnection *connection = ck_connections_numbered(http->connections, number);
    if (connection)
        ck_connection_shut_down(connection);
}

/* One request */

/* CURLOPT_WRITEFUNCTION */
static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
    CkHttpRequest *request = data;
    request->received += size * count;
    if (request->body->len + size * count > CK_HTTP_MAX_BODY) {
        request->too_large = "the answer is larger than 16 MiB";
        return 0;
    }
    g_byte_array_append(request->body, (const guint8 *)bytes, (guint)(size * count));
    return size * count;
}

/* CURLOPT_HEADERFUNCTION: a status line, a header or a trailer with its line end, or the line end
 * alone behind the headers; also those of interim answers (1xx), however many come. curl 8.23 gives
 * a line without its end where the connection ends in it. */
static size_t take_header(char *line, size_t size, size_t count, void *data)
{
    CkHttpRequest *request = data;
    gboolean begins = size * count >= 5 && memcmp(line, "HTTP/", 5) == 0;
    gboolean is_whole = size * count > 0 && line[size * count - 1] == '\n';
    request->head_size += size * count;
    request->has_head =
        (is_whole && (*line == '\r' || *line == '\n')) || (request->has_head && !begins);
    if (request->head_size > CK_HTTP_MAX_HEADERS) {
        request->too_large = HEADERS_TOO_LARGE;
        return 0;
    }
    return size * count;
}

/* CURLOPT_PREREQFUNCTION: the request has a connection and is about to go out. curl does so again
 * where a kept connection turned out to be closed, over which the server saw nothing. What a kept
 * HTTP/1.1 connection has to read now would pass for the answer to this request. */
static int on_connection(void *data, char *address, char *own_address, int port, int own_port)
{
    CkHttpRequest *request = data;
    CkConnection *connection = ck_connections_from(request->http->connections, own_port);
    (void)address;
    (void)own_address;
    (void)port;
    request->connection = connection ? connection->number : 0;
    request->kept = connection && connection->carried && !connection->http2;
    request->refused = request->kept && ck_connection_has_input(connection, request->easy);
    if (request->refused)
        return CURL_PREREQFUNC_ABORT;
    if (connection)
        connection->busy = connection->carried = TRUE;
    if (!request->sent && request->http->sent)
        request->http->sent(request->data);
    request->sent = TRUE;
    return CURL_PREREQFUNC_OK;
}

static gboolean is_tls(const char *url)
{
    return g_ascii_strncasecmp(url, "https:", 6) == 0;
}

/* All headers of the request, which curl borrows. The key is the one of now. */
static struct curl_slist *authorize(CkHttpRequest *request)
{
    const CkHttp *http = request->http;
    if (!http->key)
        return http->headers;
    request->key = ck_key_count(http->key);
    request->authorization = (struct curl_slist){
        g_strconcat("Authorization: Bearer ", ck_key_text(http->key), NULL), http->headers};
    return &request->authorization;
}

static void forget_authorization(CkHttpRequest *request)
{
    char *header = request->authorization.data;
    if (header)
        explicit_bzero(header, strlen(header));
    g_free(header);
}

static CURL *new_easy(CkHttpRequest *request)
{
    CURL *easy = curl_easy_init();
    CkHttp *http = request->http;
    gboolean tls = is_tls(request->url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, authorize(request));
    curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE); /* not for a proxy */
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->message);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, ""); /* all that curl can undo */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Else giving up a request would wait for the thread that resolves its host name. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http");
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SHARE, http->sessions);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, note_connection);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, http);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_connection);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, http);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connection);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, request);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)request->fresh);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)http->limits.connect);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)http->limits.stall);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)http->limits.total);
    if (http->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
    if (!tls) /* a key for this machine must not go through a proxy from the environment */
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (request->method) /* with a GET's missing body */
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    return easy;
}

/* What a request received counts when it has ended. */
static void count_received(CkHttpRequest *request)
{
    curl_off_t wire = 0;
    curl_easy_getinfo(request->easy, CURLINFO_SIZE_DOWNLOAD_T, &wire);
    request->http->wire += (guint64)wire;
    request->http->decoded += request->received;
}

/* Hands the request to curl. */
static void begin(CkHttpRequest *request)
{
    request->easy = new_easy(request);
    curl_multi_add_handle(request->http->multi, request->easy);
}

/* Takes it back. */
static void end(CkHttpRequest *request)
{
    CkConnection *connection =
        ck_connections_numbered(request->http->connections, request->connection);
    if (connection)
        connection->busy = FALSE;
    curl_multi_remove_handle(request->http->multi, request->easy);
    curl_easy_cleanup(request->easy);
    forget_authorization(request);
}

static void request_free(CkHttpRequest *request)
{
    count_received(request);
    end(request);
    g_queue_remove(&request->http->running, request);
    g_clear_pointer(&request->body, g_byte_array_unref);
    g_free(request->url);
    g_free(request);
}

#if LIBCURL_VERSION_NUM < 0x080600
#define CURLE_TOO_LARGE CURLE_OUT_OF_MEMORY
#endif

/* curl does not hand on a line of the head before it is whole, and gives up at its own limit for
 * one (CURL_MAX_HTTP_HEADER, 100 KiB). */
static void note_endless_line(CkHttpRequest *request, CURLcode code)
{
    if (code == CURLE_TOO_LARGE && request->sent && !request->has_head)
        request->too_large = HEADERS_TOO_LARGE;
}

static GError *transport_error(CkHttpRequest *request, CURLcode code)
{
    const char *message = *request->message ? request->message : curl_easy_strerror(code);
    CkError error = CK_ERROR_CONNECTION;
    long os_errno = 0;
    curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &os_errno);
    note_endless_line(request, code);
    if (request->too_large)
        return g_error_new_literal(CK_ERROR, CK_ERROR_TOO_LARGE, request->too_large);
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        error = CK_ERROR_NO_MEMORY;
        break;
    case CURLE_OK: /* curl takes what came before the connection was closed for the whole head */
        message = "the connection was closed within the headers";
        break;
    case CURLE_OPERATION_TIMEDOUT:
        error = CK_ERROR_TIMED_OUT;
        break;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        error = CK_ERROR_UNREACHABLE;
        break;
    case CURLE_COULDNT_CONNECT:
        error = os_errno == ECONNREFUSED ? CK_ERROR_REFUSED : CK_ERROR_UNREACHABLE;
        break;
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_UNSUPPORTED_PROTOCOL: /* what curl says of an answer that is not HTTP */
    case CURLE_WEIRD_SERVER_REPLY:
        error = CK_ERROR_BAD_RESPONSE;
        break;
    default:
        break;
    }
    return g_error_new_literal(CK_ERROR, error, message);
}

static char *response_header(CURL *easy, const char *name)
{
    struct curl_header *header;
    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
               ? g_strdup(header->value)
               : NULL;
}

#define RATE_LIMITS_MAX 16 /* headers that are kept, OpenAI's API sends 6 */

/* The headers that tell how much may still be asked for ("Rate limits in headers" of OpenAI's guide
 * to rate limits): names in lower case and values, in turn. */
static char **rate_limit_headers(CURL *easy)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    struct curl_header *header = NULL;
    while (found->len < 2 * RATE_LIMITS_MAX &&
           (header = curl_easy_nextheader(easy, CURLH_HEADER, -1, header))) {
        if (header->index > 0 ||
            g_ascii_strncasecmp(header->name, "x-ratelimit-", strlen("x-ratelimit-")) != 0)
            continue;
        g_ptr_array_add(found, g_ascii_strdown(header->name, -1));
        g_ptr_array_add(found, g_strdup(header->value));
    }
    if (found->len == 0)
        return NULL;
    g_ptr_array_add(found, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&found), FALSE);
}

/* Frees the request, then tells its caller, who may start another one or cancel any. */
static void finish_failed(CkHttpRequest *request, CURLcode code)
{
    if (request->refused) { /* curl has closed that connection */
        end(request);
        request->refused = FALSE;
        request->fresh = TRUE;
        begin(request);
        return;
    }
    CkHttp *http = request->http;
    CkHttpDone done = request->done;
    gpointer data = request->data;
    g_autoptr(GError) error = transport_error(request, code);
    request_free(request);
    /* With HTTP/2 what times out is the stream, and the connection is kept. Where it is dead, those
     * kept beside it may be dead as well, and would cost a timeout each. */
    if (code == CURLE_OPERATION_TIMEDOUT)
        ck_connections_shut_down_silent(http->connections, http->limits.stall * 1000 / 2);
    done(NULL, error, data);
}

/* Frees the request, then tells its caller, who may start another one or cancel any. */
static void finish(CkHttpRequest *request)
{
    CkHttpDone done = request->done;
    gpointer data = request->data;
    CkConnection *connection =
        ck_connections_numbered(request->http->connections, request->connection);
    long status, version;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(request->easy, CURLINFO_HTTP_VERSION, &version);
    if (connection)
        connection->http2 = version >= CURL_HTTP_VERSION_2_0;
    CkHttpResponse response = {
        .status = (int)status,
        .connection = request->connection,
        .kept = request->kept,
        .key = request->key,
        .body = g_byte_array_free_to_bytes(g_steal_pointer(&request->body)),
        .retry_after = response_header(request->easy, "retry-after"),
        .retry_after_ms = response_header(request->easy, "retry-after-ms"),
        .should_retry = response_header(request->easy, "x-should-retry"),
        .rate_limit = rate_limit_headers(request->easy),
    };
    request_free(request);
    done(&response, NULL, data);
    g_bytes_unref(response.body);
    g_free(response.retry_after);
    g_free(response.retry_after_ms);
    g_free(response.should_retry);
    g_strfreev(response.rate_limit);
}

/* Ends the requests that curl is through with. */
static void collect(gpointer data)
{
    CkHttp *http = data;
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        CkHttpRequest *request;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        if (message->data.result == CURLE_OK && request->has_head)
            finish(request);
        else
            finish_failed(request, message->data.result);
    }
}

CkHttpRequest *ck_http_send(CkHttp *http, const char *method, const char *url, gboolean fresh,
                            CkHttpDone done, gpointer data)
{
    CkHttpRequest *request = g_new0(CkHttpRequest, 1);
    request->http = http;
    request->method = method;
    request->url = g_strdup(url);
    request->fresh = fresh;
    request->done = done;
    request->data = data;
    request->body = g_byte_array_new();
    g_queue_push_tail(&http->running, request);
    begin(request);
    return request;
}

void ck_http_cancel(CkHttpRequest *request)
{
    request_free(request);
}

CkHttpTotals ck_http_totals(const CkHttp *http)
{
    return (CkHttpTotals){http->running.length, http->wire, http->decoded};
}

CkHttp *ck_http_new(GMainContext *context, const CkHttpOptions *options, GError **error)
{
    CURLM *multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
    if (!multi) {
        g_set_error_literal(error, CK_ERROR, CK_ERROR_CONNECTION, "libcurl can't be set up");
        return NULL;
    }
    CkHttp *http = g_new0(CkHttp, 1);
    http->multi = multi;
    http->loop = ck_curl_loop_new(context, multi, collect, http);
    http->sessions = curl_share_init();
    http->key = options->key;
    http->limits = ck_retry_limits(options->patience);
    http->ca_file = g_strdup(options->ca_file);
    http->sent = options->sent;
    http->connections = ck_connections_new();
    for (const char *const *header = options->headers; *header; header++)
        http->headers = curl_slist_append(http->headers, *header);
    curl_share_setopt(http->sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    /* Else curl keeps fewer connections, the fewer requests are under way. */
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)options->concurrency);
    /* What a new connection speaks is known from its first answer on. Before that curl 7.88 takes
     * one that speaks HTTP/1.1 for one that multiplexes, where the host has spoken HTTP/2, and
     * mixes up the answers. */
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
#ifdef HAVE_CURLMOPT_QUICK_EXIT /* meson.build; a multi then has the threads that resolve */
    curl_multi_setopt(multi, CURLMOPT_QUICK_EXIT, 1L);
#endif
    return http;
}

void ck_http_free(CkHttp *http)
{
    while (http->running.length > 0)
        request_free(g_queue_peek_head(&http->running));
    curl_multi_cleanup(http->multi);
    curl_share_cleanup(http->sessions);
    ck_curl_loop_free(http->loop);
    ck_connections_free(http->connections);
    curl_slist_free_all(http->headers);
    g_free(http->ca_file);
    g_free(http);
    curl_global_cleanup();
}
