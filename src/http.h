/* SPDX-License-Identifier: MIT */
/*
 * GET and DELETE over HTTP(S): libcurl's multi interface on a GLib main context. Nothing here
 * blocks, and every callback runs from the main context.
 *
 * Requests go out at once; how many there are is for the caller to limit (gate.h). A connection
 * carries one request at a time, whatever it speaks (HTTP/2 where the server does). `concurrency`
 * connections are kept for later requests; a new one takes up the TLS session of an earlier one.
 * Each request has 5 s to connect and 30 s in all, and is given up when nothing arrives for 10 s; a
 * patient caller gets more.
 *
 * An answer is whole or an error: its body, as far as its framing tells, and its head, without
 * which no status counts. A kept HTTP/1.1 connection that has something to read before a request is
 * sent is closed, and the request gets a new one. A stray answer that comes later can still be
 * taken for that of the request: see `kept`, and the caller's own checks.
 *
 * Redirects are not followed, and the key is sent to nobody but the host of the URL: https from TLS
 * 1.2 on, or http. No .netrc, no cookies and no proxy get to know it, nor do they add to it.
 */
#pragma once

#include "key.h"

#define CK_HTTP_MAX_BODY    (16 * 1024 * 1024) /* bytes, after decompression */
#define CK_HTTP_MAX_HEADERS (64 * 1024)        /* bytes, of all that one request is answered with */

typedef struct _CkHttp CkHttp;
typedef struct _CkHttpRequest CkHttpRequest;

typedef struct {
    int status;
    guint connection; /* over which it came, for ck_http_distrust() */
    gboolean kept;    /* that speaks HTTP/1.1 and had carried another request before */
    guint key;        /* ck_key_count() of the one that it was asked with */
    GBytes *body;
    char *retry_after; /* headers, NULL where missing */
    char *retry_after_ms;
    char *should_retry;
    char **rate_limit; /* name, value, name, value … of the headers x-ratelimit-*; NULL: none */
} CkHttpResponse;

/* Called once for each request that was not cancelled, with an answer of any status or with the
 * error of the transport: CK_ERROR_TIMED_OUT, _REFUSED, _UNREACHABLE, _CONNECTION,
 * _TOO_LARGE, _NO_MEMORY or _BAD_RESPONSE (not HTTP). Both are the caller's to read, not to keep.
 */
typedef void (*CkHttpDone)(const CkHttpResponse *response, const GError *error, gpointer data);

/* Called when a request goes out to the server, data being that of the request: once for each, and
 * not for one that gets no connection, or is cancelled before. It must do nothing but take note. */
typedef void (*CkHttpSent)(gpointer data);

/* How all requests are made; copied. */
typedef struct {
    const char *const *headers; /* NULL-terminated; sent with every request */
    const CkKey *key;  /* borrowed; sent with each request as it is when that begins. NULL: none */
    guint concurrency; /* requests that the caller has under way at once, at most */
    guint patience;    /* seconds that callers are ready to wait; above 30, requests get that
                          much in all, and a third of it to stall */
    const char *ca_file; /* certificates to trust; NULL: the system's */
    CkHttpSent sent;     /* or NULL */
} CkHttpOptions;

typedef struct {
    guint under_way;
    guint64 wire;    /* bytes of bodies that were received, of all requests that have ended … */
    guint64 decoded; /* and what they were after decompression */
} CkHttpTotals;

/* Error: CK_ERROR_CONNECTION where libcurl can't be set up. */
CkHttp *ck_http_new(GMainContext *context, const CkHttpOptions *options, GError **error);

/* Cancels what is under way; no callback is called any more. Not from within a callback. */
void ck_http_free(CkHttp *http);

/* The result is valid until done has been called or the request was cancelled. method: a static
 * string. NULL: GET. fresh: over a new connection. */
CkHttpRequest *ck_http_send(CkHttp *http, const char *method, const char *url, gboolean fresh,
                            CkHttpDone done, gpointer data);

/* Closes a connection, if it is still there: its answers can't be trusted. A request that uses it
 * now fails. */
void ck_http_distrust(CkHttp *http, guint connection);

/* Frees the request; done is not called any more. */
void ck_http_cancel(CkHttpRequest *request);

CkHttpTotals ck_http_totals(const CkHttp *http);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkHttp, ck_http_free)
