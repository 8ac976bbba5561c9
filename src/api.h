/* SPDX-License-Identifier: MIT */
/*
 * The ChatKit API's read requests: GET /chatkit/threads, /chatkit/threads/{id} and
 * /chatkit/threads/{id}/items (API reference, "ChatKit"). A call is one request with its retries;
 * its answer arrives decoded.
 */
#pragma once

#include "config.h"
#include "decode.h"

typedef struct _CkApi CkApi;
typedef struct _CkApiCall CkApiCall;

typedef enum { CK_ORDER_DEFAULT, CK_ORDER_ASC, CK_ORDER_DESC } CkOrder;

/* The query of a list; what is 0 or NULL is not sent. */
typedef struct {
    guint limit; /* up to 100 */
    CkOrder order;
    const char *after, *before; /* ids of threads or items */
    const char *user;           /* list threads only */
} CkListQuery;

/* Called once for each call that was not cancelled: with the page, or with the error. Both are the
 * API's; page elements live as long as the callback runs. */
typedef void (*CkPageDone)(CkPage *page, const GError *error, gpointer data);
typedef void (*CkThreadDone)(CkThread *thread, const GError *error, gpointer data);

/* The configuration must outlive the result, and so must the context. */
CkApi *ck_api_new(GMainContext *context, const CkConfig *config, GError **error);
void ck_api_free(CkApi *api);

CkApiCall *ck_api_list_threads(CkApi *api, const CkListQuery *query, CkPageDone done,
                               gpointer data);
/* thread_id must pass ck_name_is_id(). */
CkApiCall *ck_api_list_items(CkApi *api, const char *thread_id, const CkListQuery *query,
                             CkPageDone done, gpointer data);
CkApiCall *ck_api_get_thread(CkApi *api, const char *thread_id, CkThreadDone done, gpointer data);

void ck_api_cancel(CkApiCall *call);

/* Exposed for tests: a URL under base for path and query; the error that an answer of this status
 * means. key: cut out of whatever the server says. */
char *ck_api_url(const char *base, const char *path, const CkListQuery *query);
GError *ck_api_status_error(int status, GBytes *body, const char *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkApi, ck_api_free)
