/* SPDX-License-Identifier: MIT */
#include "thread_operations.h"

#include <string.h>

#include "error.h"
#include "listing.h"
#include "names.h"

static CkTreeResult answer(const CkRequest *request)
{
    fuse_reply_ioctl(request->req, 0, request->ioctl, sizeof *request->ioctl);
    return CK_TREE_OK;
}

static CkTreeResult lack(CkWantKind kind, const char *id, CkWant *want)
{
    *want = ck_want_copy(&(CkWant){kind, (char *)id});
    return CK_TREE_WANT;
}

/* newest: NULL where the server has not been asked yet; known: how many items of the thread are.
 * What has no date may be new. A thread without items has been idle since it began, but one that
 * had some has no newest item only by mistake. */
static CkThreadState state_of(const CkThreadIoctl *asked, const CkNewest *newest, guint64 known)
{
    if (asked->idle_since == 0)
        return CK_THREAD_DUE;
    if (asked->created_at == 0 || (newest && newest->items + known > 0 && newest->created_at == 0))
        return CK_THREAD_UNDATED;
    if (asked->created_at >= asked->idle_since ||
        (newest && newest->created_at >= asked->idle_since))
        return CK_THREAD_RECENT;
    return CK_THREAD_DUE;
}

/* As much of a text as there is room for, to a whole character. */
static void copy_text(char *to, gsize room, const char *text)
{
    const char *end;
    g_strlcpy(to, text ? text : "", room);
    if (!g_utf8_validate(to, -1, &end))
        to[end - to] = '\0';
}

static gboolean describe(const CkMount *mount, const CkThreadRow *row, CkThreadIoctl *asked,
                         GError **error)
{
    g_autoptr(GBytes) json = ck_store_thread_json(mount->store, row->row, error);
    if (!json)
        return FALSE;
    g_autoptr(CkThread) thread = ck_decode_thread(ck_slice_bytes(json), error);
    if (!thread)
        return FALSE;
    asked->created_at = row->created_at;
    copy_text(asked->id, sizeof asked->id, row->id);
    copy_text(asked->title, sizeof asked->title, thread->title);
    copy_text(asked->user, sizeof asked->user, thread->user);
    return TRUE;
}

/* How many items the thread has, which takes reading all of them where they are more than a page.
 */
static CkTreeResult count(const CkRequest *request, const CkThreadRow *thread, CkWant *want,
                          GError **error)
{
    const CkWant items = {CK_WANT_ITEMS, thread->id};
    g_auto(CkListingState) listing = {0};
    request->ioctl->items = request->newest.items;
    if (!request->newest.more)
        return CK_TREE_OK;
    if (!ck_listing_state(request->mount->store, &items, &listing, error))
        return CK_TREE_FAILED;
    request->ioctl->items = MAX(thread->items, request->newest.items);
    return listing.complete ? CK_TREE_OK : lack(CK_WANT_ITEMS, thread->id, want);
}

CkTreeResult ck_look_at_thread(CkRequest *request, CkWant *want, GError **error)
{
    CkMount *mount = request->mount;
    CkThreadIoctl *asked = request->ioctl;
    g_auto(CkThreadRow) thread = {0};
    CkStat stat;
    CkTreeResult result = ck_tree_stat(mount->tree, request->node, &stat, want, error);
    if (result != CK_TREE_OK)
        return result;
    asked->id[0] = '\0';
    if (!ck_tree_find_thread_at(mount->tree, request->node, &thread))
        return answer(request);
    if (!ck_name_is_id(thread.id)) {
        ck_error_invalid(error, "the server can't be asked for a thread by such an id");
        return CK_TREE_FAILED;
    }
    if (!describe(mount, &thread, asked, error))
        return CK_TREE_FAILED;
    asked->state = state_of(asked, request->has_newest ? &request->newest : NULL, thread.items);
    if (asked->state != CK_THREAD_DUE)
        return answer(request);
    if (!request->has_newest)
        return lack(CK_WANT_NEWEST, thread.id, want);
    asked->newest_at = request->newest.created_at;
    result = count(request, &thread, want, error);
    return result == CK_TREE_OK ? answer(request) : result;
}

CkTreeResult ck_delete_thread(CkRequest *request, CkWant *want, GError **error)
{
    CkThreadIoctl *asked = request->ioctl;
    if (request->lacks.kind == CK_WANT_DELETED) /* what it was parked for last is done */
        return answer(request);
    asked->id[sizeof asked->id - 1] = '\0';
    if (!ck_name_is_id(asked->id)) {
        ck_error_invalid(error, "that is no thread's id");
        return CK_TREE_FAILED;
    }
    if (asked->idle_since != 0 && !request->has_newest)
        return lack(CK_WANT_NEWEST, asked->id, want);
    g_auto(CkThreadRow) thread = {0};
    if (ck_store_thread_by_id(request->mount->store, asked->id, &thread, error) == CK_FAILED)
        return CK_TREE_FAILED;
    asked->state = state_of(asked, request->has_newest ? &request->newest : NULL, thread.items);
    return asked->state == CK_THREAD_DUE ? lack(CK_WANT_DELETED, asked->id, want) : answer(request);
}
