/* SPDX-License-Identifier: MIT */
#include "remove.h"

#include <errno.h>

static guint64 process_of(const CkRequest *request)
{
    return ck_causes_instance(fuse_req_ctx(request->req)->pid);
}

/* Whether a folder is that of a thread, whose id is then *id. */
static gboolean is_thread(const CkMount *mount, guint64 folder, char **id)
{
    g_auto(CkThreadRow) thread = {0};
    if (!ck_tree_find_thread_at(mount->tree, folder, &thread))
        return FALSE;
    *id = g_steal_pointer(&thread.id);
    return TRUE;
}

/* What a process has left of a folder that it empties. */
typedef struct {
    const CkRemovals *removals;
    guint64 folder, process;
    guint64 position; /* up to which has been looked */
    gboolean any;     /* something was there */
    gboolean left;    /* a file that it has not unlinked, the last one looked at */
} Rest;

/* A CkTreeTake. */
static gboolean look_at(const char *name, const CkStat *stat, guint64 position, gpointer data)
{
    Rest *rest = data;
    (void)name;
    rest->any = TRUE;
    rest->position = position;
    rest->left = !ck_removals_has_unlinked(rest->removals, rest->folder, rest->process, stat->node);
    return !rest->left;
}

static CkTreeResult look_for_rest(const CkMount *mount, Rest *rest, CkWant *want, GError **error)
{
    CkTreeResult result;
    do {
        rest->any = FALSE;
        result =
            ck_tree_list(mount->tree, rest->folder, rest->position, look_at, rest, want, error);
    } while (result == CK_TREE_OK && rest->any && !rest->left);
    return result;
}

/* Whether a program may remove folders to make room for something else of that name, which can't
 * come here: mv where it can't rename from another file system, the others where they extract or
 * copy what is no folder. They rely on rmdir(2) to leave alone a folder that is not empty. So may
 * one of which nothing is known, of another PID namespace. */
static gboolean makes_room(const CkMount *mount)
{
    static const char *const programs[] = {
        "7z",      "7za",    "7zr",   "7zz",      "ark",         "bsdcpio", "bsdtar",
        "busybox", "cmake",  "cpio",  "engrampa", "file-roller", "mv",      "pax",
        "paxcpio", "paxtar", "rsync", "tar",      "xarchiver",   NULL};
    const CkCause cause = ck_causes_current(ck_api_causes(mount->api));
    return cause.pid == 0 || g_strv_contains(programs, cause.name);
}

/* CK_TREE_OK: *may. */
static CkTreeResult may_remove(const CkRequest *request, guint64 folder, gboolean *may,
                               CkWant *want, GError **error)
{
    const CkMount *mount = request->mount;
    Rest rest = {mount->removals, folder, process_of(request), 0, FALSE, FALSE};
    if (!ck_removals_has_begun(mount->removals, folder, rest.process)) {
        *may = !makes_room(mount);
        return CK_TREE_OK;
    }
    CkTreeResult result = look_for_rest(mount, &rest, want, error);
    *may = !rest.left;
    return result;
}

/* A thread's folder goes with the thread; a user's with the user's last one, so that there is
 * nothing left to do when somebody removes it. */
CkTreeResult ck_remove_folder(CkRequest *request, CkWant *want, GError **error)
{
    CkMount *mount = request->mount;
    gboolean of_users = request->node == CK_TREE_ROOT && mount->config->group_by_user;
    gboolean may = FALSE;
    g_autofree char *id = NULL;
    CkStat stat;
    if (request->lacks.kind == CK_WANT_DELETED) { /* what it was parked for last is done */
        fuse_reply_err(request->req, 0);
        return CK_TREE_OK;
    }
    CkTreeResult result = ck_tree_lookup(mount->tree, request->node, request->name,
                                         request->no_thread, &stat, want, error);
    if (result == CK_TREE_ABSENT) {
        fuse_reply_err(request->req, of_users ? 0 : ENOENT);
        return CK_TREE_OK;
    }
    if (result != CK_TREE_OK)
        return result;
    request->removed = stat.node;
    if (is_thread(mount, stat.node, &id))
        result = may_remove(request, stat.node, &may, want, error);
    if (result != CK_TREE_OK)
        return result;
    if (may) {
        ck_removals_rmdir(mount->removals, stat.node);
        *want = (CkWant){CK_WANT_DELETED, g_steal_pointer(&id)};
        return CK_TREE_WANT;
    }
    ck_removals_refused(mount->removals, stat.node, process_of(request));
    fuse_reply_err(request->req, stat.type == CK_TYPE_FOLDER ? ENOTEMPTY : ENOTDIR);
    return CK_TREE_OK;
}

CkTreeResult ck_remove_file(CkRequest *request, CkWant *want, GError **error)
{
    CkMount *mount = request->mount;
    CkStat stat;
    CkTreeResult result = ck_tree_lookup(mount->tree, request->node, request->name,
                                         request->no_thread, &stat, want, error);
    if (result == CK_TREE_WANT || result == CK_TREE_FAILED)
        return result;
    if (result == CK_TREE_ABSENT)
        fuse_reply_err(request->req, ENOENT);
    else if (ck_tree_thread(request->node) > 0 &&
             ck_removals_unlink(mount->removals, request->node, process_of(request), stat.node))
        fuse_reply_err(request->req, 0);
    else
        fuse_reply_err(request->req, EROFS);
    return CK_TREE_OK;
}
