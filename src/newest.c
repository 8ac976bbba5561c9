/* SPDX-License-Identifier: MIT */
#include "newest.h"

#include "error.h"

struct _CkNewestCall {
    CkApi *api;
    char *thread_id;
    guint limit;
    CkApiCall *call;
    CkNewestDone done;
    gpointer data;
};

void ck_newest_cancel(CkNewestCall *call)
{
    g_clear_pointer(&call->call, ck_api_cancel);
    g_free(call->thread_id);
    g_free(call);
}

static CkNewest newest_of(const CkPage *page)
{
    const CkPreparedItem *item = page->prepared->len > 0 ? page->prepared->pdata[0] : NULL;
    return (CkNewest){
        .items = page->prepared->len,
        .more = page->has_more,
        .created_at = item ? item->created_at : 0,
    };
}

static void ask(CkNewestCall *call);

/* A CkPageDone. */
static void on_page(CkPage *page, const GError *error, gpointer data)
{
    CkNewestCall *call = data;
    call->call = NULL;
    if (g_error_matches(error, CK_ERROR, CK_ERROR_TOO_LARGE) && call->limit > 1) {
        call->limit /= 2;
        ask(call);
        return;
    }
    const CkNewest newest = page ? newest_of(page) : (CkNewest){0};
    call->done(page ? &newest : NULL, error, call->data);
    ck_newest_cancel(call);
}

static void ask(CkNewestCall *call)
{
    const CkListQuery query = {.limit = call->limit, .order = CK_ORDER_DESC};
    call->call = ck_api_list_items(call->api, call->thread_id, &query, on_page, call);
}

CkNewestCall *ck_newest_ask(CkApi *api, const char *thread_id, guint limit, CkNewestDone done,
                            gpointer data)
{
    CkNewestCall *call = g_new(CkNewestCall, 1);
    *call = (CkNewestCall){
        .api = api,
        .thread_id = g_strdup(thread_id),
        .limit = limit,
        .done = done,
        .data = data,
    };
    ask(call);
    return call;
}
