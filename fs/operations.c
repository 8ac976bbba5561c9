/* SPDX-License-Identifier: MIT */
#include "operations.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "refresh.h"
#include "thread_operations.h"

/* How much a directory is read at a time: readers that look at st_blksize (glibc) then take
 * thousands of entries with one request. */
#define FOLDER_BLOCK (1024 * 1024)
#define FILE_BLOCK   (128 * 1024)

/* How long the kernel may remember that there is no such name, where there can come to be one: it
 * can't be told of the new name (session.c), however long --ttl is. */
#define ABSENT_SECONDS 30.0

static double seconds_valid(const CkRequest *request, const CkStat *stat)
{
    return stat->final ? CK_FINAL_SECONDS : MIN(request->valid, CK_FINAL_SECONDS);
}

/* Where time_t has 32 bits, libfuse takes no more: what is later than 2038 stays the latest. */
static time_t clamped(gint64 seconds)
{
    gint64 last = sizeof(time_t) < sizeof(gint64) ? G_MAXINT32 : G_MAXINT64;
    return (time_t)MIN(seconds, last);
}

static struct stat attributes(const CkMount *mount, const CkStat *stat)
{
    /* A copy has the same modes, and its owner must be able to remove it. Nobody can write here:
     * the mount is "ro". */
    const mode_t modes[] = {
        [CK_TYPE_FOLDER] = S_IFDIR | (mount->shared ? 0755 : 0700),
        [CK_TYPE_FILE] = S_IFREG | (mount->shared ? 0644 : 0600),
        [CK_TYPE_LINK] = S_IFLNK | 0777,
    };
    gboolean folder = stat->type == CK_TYPE_FOLDER;
    struct timespec time = {.tv_sec = clamped(stat->time), .tv_nsec = stat->nanoseconds};
    return (struct stat){
        .st_ino = stat->node,
        .st_mode = modes[stat->type],
        .st_nlink = 1, /* of a folder: not counted; 2 would tell find(1) that it has no folders */
        .st_uid = mount->uid,
        .st_gid = mount->gid,
        .st_size = (off_t)stat->size,
        .st_blksize = folder ? FOLDER_BLOCK : FILE_BLOCK,
        .st_blocks = (blkcnt_t)((stat->size + 511) / 512), /* POSIX: units of 512 bytes */
        .st_atim = time,
        .st_mtim = time,
        .st_ctim = time,
    };
}

static struct fuse_entry_param entry(const CkRequest *request, const CkStat *stat)
{
    return (struct fuse_entry_param){
        .ino = stat->node,
        .attr = attributes(request->mount, stat),
        .attr_timeout = seconds_valid(request, stat),
        .entry_timeout = seconds_valid(request, stat),
    };
}

static CkTreeResult lookup(CkRequest *request, CkWant *want, GError **error)
{
    CkMount *mount = request->mount;
    CkStat stat;
    CkTreeResult result = ck_tree_lookup(mount->tree, request->node, request->name,
                                         request->no_thread, &stat, want, error);
    /* That there never is such a name need not be checked. */
    if (result == CK_TREE_OK || result == CK_TREE_WANT || !stat.final) {
        CkTreeResult current = ck_request_revalidate(request, TRUE, FALSE, want, error);
        if (current != CK_TREE_OK)
            return current;
    }
    if (result == CK_TREE_OK) {
        struct fuse_entry_param found = entry(request, &stat);
        fuse_reply_entry(request->req, &found);
        if (stat.type == CK_TYPE_FILE) {
            ck_walks_visit(mount->walks, ck_tree_thread(stat.node));
            ck_expiry_add(mount->expiry, request->node, request->valid);
        }
    }
    request->absent_for = stat.brief   ? 0
                          : stat.final ? CK_FINAL_SECONDS
                                       : MIN(request->valid, ABSENT_SECONDS);
    return result;
}

static CkTreeResult getattr(CkRequest *request, CkWant *want, GError **error)
{
    CkMount *mount = request->mount;
    CkStat stat;
    CkTreeResult current = ck_request_revalidate(request, FALSE, TRUE, want, error);
    if (current != CK_TREE_OK)
        return current;
    CkTreeResult result = ck_tree_stat(mount->tree, request->node, &stat, want, error);
    if (result == CK_TREE_OK) {
        struct stat found = attributes(mount, &stat);
        fuse_reply_attr(request->req, &found, seconds_valid(request, &stat));
    }
    return result;
}

static CkTreeResult read_link(CkRequest *request, CkWant *want, GError **error)
{
    g_autofree char *target = NULL;
    (void)want;
    CkTreeResult result = ck_tree_read_link(request->mount->tree, request->node, &target, error);
    if (result == CK_TREE_OK)
        fuse_reply_readlink(request->req, target);
    return result;
}

static CkTreeResult read_file(CkRequest *request, CkWant *want, GError **error)
{
    g_autoptr(GString) bytes = g_string_new(NULL);
    CkMount *mount = request->mount;
    CkTreeResult result = ck_tree_read(mount->tree, request->node, request->position, request->size,
                                       bytes, want, error);
    if (result == CK_TREE_OK)
        ck_store_ahead_reply(mount->ahead, request->req, request->node, g_steal_pointer(&bytes));
    return result;
}

/* Directories. "." and ".." stand at 1 and 2, and the tree's positions after these. */

#define DOTS 2

typedef struct {
    CkRequest *request;
    char *bytes;
    gsize used;
} Page;

/* Adds an entry at a position of the directory; FALSE when it does not fit. */
static gboolean add_at(Page *page, const char *name, const CkStat *stat, guint64 position)
{
    const CkRequest *request = page->request;
    struct fuse_entry_param found = entry(request, stat);
    char *at = page->bytes + page->used;
    gsize left = request->size - page->used;
    gsize size =
        request->plus
            ? fuse_add_direntry_plus(request->req, at, left, name, &found, (off_t)position)
            : fuse_add_direntry(request->req, at, left, name, &found.attr, (off_t)position);
    if (size > left)
        return FALSE;
    page->used += size;
    return TRUE;
}

/* A CkTreeTake. */
static gboolean add_entry(const char *name, const CkStat *stat, guint64 position, gpointer data)
{
    return add_at(data, name, stat, position + DOTS);
}

static CkTreeResult read_folder(CkRequest *request, CkWant *want, GError **error)
{
    static const char *const dots[DOTS] = {".", ".."};
    /* What follows is part of a listing that has been begun. */
    gboolean begins = request->position == 0;
    CkTreeResult current = ck_request_revalidate(request, TRUE, !begins, want, error);
    if (current != CK_TREE_OK)
        return current;
    g_autofree char *bytes = g_malloc(request->size);
    Page page = {request, bytes, 0};
    /* Only inode and type of these are used, and that of ".." need not be exact. */
    CkStat self = {.node = request->node, .type = CK_TYPE_FOLDER};
    for (guint64 i = request->position; i < DOTS; i++)
        if (!add_at(&page, dots[i], &self, i + 1))
            break;
    guint64 position = request->position > DOTS ? request->position - DOTS : 0;
    CkMount *mount = request->mount;
    if (begins)
        ck_store_ahead_forget(mount->ahead, request->node);
    CkTreeResult result =
        ck_tree_list(mount->tree, request->node, position, add_entry, &page, want, error);
    if (result == CK_TREE_OK)
        fuse_reply_buf(request->req, bytes, page.used);
    if (result == CK_TREE_OK && begins)
        ck_walks_visit(mount->walks, ck_tree_thread(request->node));
    if (result == CK_TREE_OK && request->node != CK_TREE_ROOT)
        ck_expiry_add(mount->expiry, request->node, request->valid);
    return result;
}

static CkTreeResult refresh(CkRequest *request, CkWant *want, GError **error)
{
    (void)want;
    (void)error;
    CkTreeResult result = ck_request_refresh(request);
    if (result != CK_TREE_OK)
        return result;
    request->mount->flush(request->mount->session);
    ck_notifier_answer(request->mount->notifier, request->req);
    return result;
}

/* What libfuse calls */

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
    CkMount *mount = userdata;
    ck_kernel_choose(&mount->kernel, conn);
    mount->initialized = TRUE;
}

/* The files of the mount itself are beside the tree. */
static CkOwnFiles *own_files(fuse_req_t req)
{
    return ((const CkMount *)fuse_req_userdata(req))->own;
}

static void op_lookup(fuse_req_t req, fuse_ino_t folder, const char *name)
{
    if (ck_own_files_has_name(folder, name))
        ck_own_files_lookup(own_files(req), req, folder, name);
    else
        ck_request_start(req, lookup, &(CkRequest){.node = folder, .name = (char *)name});
}

static void op_getattr(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file)
{
    (void)file;
    if (ck_own_files_has(node))
        ck_own_files_getattr(own_files(req), req, node);
    else
        ck_request_start(req, getattr, &(CkRequest){.node = node});
}

static void op_readlink(fuse_req_t req, fuse_ino_t node)
{
    ck_request_start(req, read_link, &(CkRequest){.node = node});
}

/* There is nothing to keep for an open file or folder. ENOSYS tells the kernel never to ask again:
 * it then opens by itself, and keeps the pages of both (fuse_file_open(), fs/fuse/file.c). It drops
 * them itself when size or mtime change. */

static void op_open(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file)
{
    const CkMount *mount = fuse_req_userdata(req);
    (void)node;
    if (mount->kernel.opens_files) {
        fuse_reply_err(req, ENOSYS);
        return;
    }
    file->keep_cache = 1;
    fuse_reply_open(req, file);
}

static void op_opendir(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *file)
{
    const CkMount *mount = fuse_req_userdata(req);
    (void)node;
    if (mount->kernel.opens_folders) {
        fuse_reply_err(req, ENOSYS);
        return;
    }
    file->keep_cache = file->cache_readdir = mount->kernel.caches_folders ? 1 : 0;
    fuse_reply_open(req, file);
}

static void op_read(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                    struct fuse_file_info *file)
{
    (void)file;
    if (ck_own_files_has(node))
        ck_own_files_read(own_files(req), req, node, size, (guint64)offset);
    else
        ck_request_start(req, read_file,
                         &(CkRequest){.node = node, .size = size, .position = (guint64)offset});
}

static void start_read_folder(fuse_req_t req, fuse_ino_t node, size_t size, off_t position,
                              gboolean plus)
{
    if (ck_own_files_has(node))
        ck_own_files_list(own_files(req), req, node, size, (guint64)position, plus);
    else
        ck_request_start(
            req, read_folder,
            &(CkRequest){.node = node, .size = size, .position = (guint64)position, .plus = plus});
}

static void op_readdir(fuse_req_t req, fuse_ino_t node, size_t size, off_t position,
                       struct fuse_file_info *file)
{
    (void)file;
    start_read_folder(req, node, size, position, FALSE);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t node, size_t size, off_t position,
                           struct fuse_file_info *file)
{
    (void)file;
    start_read_folder(req, node, size, position, TRUE);
}

static void start_thread_ioctl(fuse_req_t req, fuse_ino_t node, CkOperation operation,
                               const void *in, size_t size)
{
    const CkMount *mount = fuse_req_userdata(req);
    CkThreadIoctl ioctl;
    if (!mount->deleter || mount->config->offline) {
        fuse_reply_err(req, EROFS);
    } else if (size != sizeof ioctl) {
        fuse_reply_err(req, EINVAL);
    } else {
        memcpy(&ioctl, in, sizeof ioctl);
        ck_request_start(req, operation, &(CkRequest){.node = node, .ioctl = &ioctl});
    }
}

/* With allow_other everybody may read. But what costs requests each time, or can't be undone, is
 * for the mount's owner, and root. */
static gboolean is_owner(fuse_req_t req)
{
    const CkMount *mount = fuse_req_userdata(req);
    uid_t caller = fuse_req_ctx(req)->uid;
    return caller == mount->uid || caller == 0;
}

static void op_ioctl(fuse_req_t req, fuse_ino_t node, unsigned command, void *argument,
                     struct fuse_file_info *file, unsigned flags, const void *in, size_t in_size,
                     size_t out_size)
{
    (void)argument;
    (void)file;
    (void)flags;
    (void)out_size;
    if (!is_owner(req))
        fuse_reply_err(req, EPERM);
    else if (command == CK_REFRESH && node == CK_TREE_ROOT)
        ck_request_start(req, refresh, &(CkRequest){.node = node});
    else if (command == CK_THREAD_LOOK && !ck_own_files_has(node))
        start_thread_ioctl(req, node, ck_look_at_thread, in, in_size);
    else if (command == CK_THREAD_DELETE)
        start_thread_ioctl(req, node, ck_delete_thread, in, in_size);
    else
        fuse_reply_err(req, ENOTTY);
}

static void op_forget(fuse_req_t req, fuse_ino_t node, uint64_t lookups)
{
    ck_own_files_forget(own_files(req), node, lookups);
    fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
    CkOwnFiles *own = own_files(req);
    for (size_t i = 0; i < count; i++)
        ck_own_files_forget(own, forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(req);
}

static void op_statfs(fuse_req_t req, fuse_ino_t node)
{
    struct statvfs stat = {.f_bsize = 4096, .f_frsize = 4096, .f_namemax = NAME_MAX};
    (void)node;
    fuse_reply_statfs(req, &stat);
}

/* Nothing here writes: the mount is read-only and the kernel answers EROFS itself. Nodes are made
 * of rows, so there is nothing to forget but own files. To flush, access and the extended
 * attributes libfuse answers ENOSYS, after which the kernel does not ask again. */
const struct fuse_lowlevel_ops ck_operations = {
    .init = op_init,
    .lookup = op_lookup,
    .forget = op_forget,
    .forget_multi = op_forget_multi,
    .getattr = op_getattr,
    .readlink = op_readlink,
    .open = op_open,
    .opendir = op_opendir,
    .read = op_read,
    .readdir = op_readdir,
    .readdirplus = op_readdirplus,
    .statfs = op_statfs,
    .ioctl = op_ioctl,
};
