/* SPDX-License-Identifier: MIT */
/*
 * The ChatKit API's requests: GET /chatkit/threads, /chatkit/threads/{id} and
 * /chatkit/threads/{id}/items, DELETE /chatkit/threads/{id} (API reference, "ChatKit"). A call is
 * one request with its retries; its answer arrives decoded, and prepared for the store (prepare.h):
 * that is done on another thread. Answers are handed on in the order in which they came, each of
 * them one to what was asked (question.h).
 */
#pragma once

#include "causes.h"
#include "config.h"
#include "gate.h"
#include "prepare.h"
#include "question.h"

typedef struct _CkApi CkApi;
typedef struct _CkApiCall CkApiCall;

/* With --offline every call fails with CK_ERROR_OFFLINE. */

/* Called once for each call that was not cancelled, from the main context: with the page or the
 * thread, else with the error (those of http.h; of the status; CK_ERROR_BAD_RESPONSE). All of it is
 * freed after the callback. Pages are prepared. */
typedef void (*CkPageDone)(CkPage *page, const GError *error, gpointer data);
typedef void (*CkThreadDone)(CkPreparedThread *thread, const GError *error, gpointer data);

/* The same of a call without a result. */
typedef void (*CkCallDone)(const GError *error, gpointer data);

/* Called before that with a page that has just come and is not prepared yet, for who is going to
 * ask for the next one. It must not cancel the call. */
typedef void (*CkPageArrived)(const CkPage *page, gpointer data);

/* The configuration must outlive the result. Error: CK_ERROR_CONNECTION. */
CkApi *ck_api_new(GMainContext *context, const CkConfig *config, GError **error);

/* Reads the key again: who asks for something from then on, and a call that is under way and gets a
 * 401, uses the new one. The log says that there is one, or why it could not be read; then the key
 * that there was stays. A 401 has it done as well, but the log says the same only once. */
void ck_api_read_key(CkApi *api);

/* Cancels all calls; no callback is called any more. Not from within a callback. */
void ck_api_free(CkApi *api);

/* Each starts a call, valid until its callback or ck_api_cancel(). One with a thread's id or a
 * cursor that is no id (ck_name_is_id()) fails with CK_ERROR_BAD_RESPONSE, and asks for nothing. */
CkApiCall *ck_api_list_threads(CkApi *api, const CkListQuery *query, CkPageDone done,
                               gpointer data);
CkApiCall *ck_api_list_items(CkApi *api, const char *thread_id, const CkListQuery *query,
                             CkPageDone done, gpointer data);
CkApiCall *ck_api_get_thread(CkApi *api, const char *thread_id, CkThreadDone done, gpointer data);

/* Without an error the server has confirmed that it has deleted the thread. With CK_ERROR_NOT_FOUND
 * an earlier attempt may have done so, and with any other too, but nobody knows. */
CkApiCall *ck_api_delete_thread(CkApi *api, const char *thread_id, CkCallDone done, gpointer data);

/* At once after it was started: it is sent once, whatever is answered. */
void ck_api_set_once(CkApiCall *call);

/* For a call for a page, at once after it was started. */
void ck_api_set_arrived(CkApiCall *call, CkPageArrived arrived);

/* Called with the error of an answer that was dropped, when it is asked for again. */
typedef void (*CkApiReport)(const GError *error, gpointer data);
void ck_api_set_report(CkApi *api, CkApiReport report, gpointer data);

/* What the server has been asked for so far, and by whom. */
typedef struct {
    guint64 sent[CK_API_KINDS]; /* requests that went out, retries among them */
    guint64 retries;
    guint64 failed;                /* calls; that there is no such thread is no failure */
    guint under_way;               /* requests */
    guint64 wire, decoded;         /* bytes received, see CkHttpTotals */
    guint64 limited;               /* answers of status 429 */
    const char *const *rate_limit; /* names and values of the last x-ratelimit-* headers in turn,
                                borrowed until the loop runs; NULL: there were none */
    CkGateState gate;
} CkApiUsage;

CkApiUsage ck_api_usage(const CkApi *api);

/* For whom calls are made: each counts for the cause that is current when it starts, and that is
 * current again within its callbacks. Owned by the API. */
CkCauses *ck_api_causes(CkApi *api);

/* Whether it waits for the server's answer, or for what is made of it, and not to ask (again). */
gboolean ck_api_is_asked(const CkApiCall *call);

/* Ends and frees the call; its callback is not called any more. */
void ck_api_cancel(CkApiCall *call);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkApi, ck_api_free)
