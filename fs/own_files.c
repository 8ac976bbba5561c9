/* SPDX-License-Identifier: MIT */
#include "own_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "request.h"
#include "snapshots.h"
#include "to_errno.h"

/*
 * node = number · 16 + CK_TREE_OTHERS, the number being
 *   0           the folder
 *   1, 2 …      a file, only for what st_ino and readdir say: tools that compare a file before and
 *               after it is opened (cp) are to find it the same
 *   SNAPSHOTS … a snapshot of one, which is what the kernel knows
 */
#define SNAPSHOTS 16

struct _CkOwnFiles {
    const CkOwnFile *files;
    guint count;
    gpointer data;
    struct timespec began;
    CkSnapshots *snapshots;
};

static fuse_ino_t make_node(guint64 number)
{
    return number << 4 | CK_TREE_OTHERS;
}

static guint64 number_of(fuse_ino_t node)
{
    return node >> 4;
}

gboolean ck_own_files_has(fuse_ino_t node)
{
    return (node & 15) == CK_TREE_OTHERS;
}

gboolean ck_own_files_has_name(fuse_ino_t folder, const char *name)
{
    return ck_own_files_has(folder) || (folder == FUSE_ROOT_ID && strcmp(name, CK_OWN_FOLDER) == 0);
}

/* Attributes */

static struct stat attributes(fuse_ino_t inode, mode_t mode, gsize size, struct timespec time)
{
    return (struct stat){
        .st_ino = inode,
        .st_mode = mode,
        .st_nlink = 1,
        .st_uid = getuid(),
        .st_gid = getgid(),
        .st_size = (off_t)size,
        .st_blksize = 4096,
        .st_blocks = (blkcnt_t)((size + 511) / 512),
        .st_atim = time,
        .st_mtim = time,
        .st_ctim = time,
    };
}

static struct stat folder_attributes(const CkOwnFiles *own)
{
    return attributes(make_node(0), S_IFDIR | 0700, 0, own->began);
}

static struct stat snapshot_attributes(const CkSnapshot *snapshot)
{
    return attributes(make_node(1 + snapshot->file), S_IFREG | 0600, snapshot->size,
                      snapshot->time);
}

/* Answers */

static void reply_folder(CkOwnFiles *own, fuse_req_t req)
{
    struct fuse_entry_param entry = {
        .ino = make_node(0),
        .attr = folder_attributes(own),
        .attr_timeout = CK_FINAL_SECONDS,
        .entry_timeout = CK_FINAL_SECONDS,
    };
    fuse_reply_entry(req, &entry);
}

static void reply_absent(fuse_req_t req)
{
    struct fuse_entry_param none = {.ino = 0, .entry_timeout = CK_FINAL_SECONDS};
    fuse_reply_entry(req, &none);
}

/* The name is to be looked up each time, but what it stands for then does not change any more. */
static void reply_file(CkOwnFiles *own, fuse_req_t req, guint file)
{
    const CkMount *mount = fuse_req_userdata(req);
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    if (!own->files[file].write(text, own->data, &error)) {
        ck_log_failure(error, mount->log);
        fuse_reply_err(req, ck_errno(error));
        return;
    }
    const CkSnapshot *snapshot = ck_snapshots_look_up(own->snapshots, file, g_steal_pointer(&text));
    guint64 number = snapshot->number;
    struct fuse_entry_param entry = {
        .ino = make_node(number),
        .attr = snapshot_attributes(snapshot),
        .attr_timeout = CK_FINAL_SECONDS,
    };
    if (fuse_reply_entry(req, &entry) != 0) /* interrupted: the kernel did not get it */
        ck_snapshots_forget(own->snapshots, number, 1);
}

void ck_own_files_lookup(CkOwnFiles *own, fuse_req_t req, fuse_ino_t folder, const char *name)
{
    if (folder == FUSE_ROOT_ID) {
        reply_folder(own, req);
        return;
    }
    for (guint i = 0; i < own->count; i++) {
        if (strcmp(name, own->files[i].name) == 0) {
            reply_file(own, req, i);
            return;
        }
    }
    reply_absent(req);
}

void ck_own_files_getattr(CkOwnFiles *own, fuse_req_t req, fuse_ino_t node)
{
    const CkSnapshot *snapshot = ck_snapshots_get(own->snapshots, number_of(node));
    if (!snapshot && node != make_node(0)) {
        fuse_reply_err(req, ESTALE);
        return;
    }
    struct stat found = snapshot ? snapshot_attributes(snapshot) : folder_attributes(own);
    fuse_reply_attr(req, &found, CK_FINAL_SECONDS);
}

void ck_own_files_read(CkOwnFiles *own, fuse_req_t req, fuse_ino_t node, gsize size, guint64 offset)
{
    const CkSnapshot *snapshot = ck_snapshots_get(own->snapshots, number_of(node));
    if (!snapshot) {
        fuse_reply_err(req, ESTALE);
        return;
    }
    gsize from = (gsize)MIN(offset, snapshot->size);
    fuse_reply_buf(req, snapshot->text + from, MIN(size, snapshot->size - from));
}

/* An entry without a node: only its name is listed, and it is looked up when somebody wants more.
 */
static gsize add_entry(fuse_req_t req, char *at, gsize left, const char *name,
                       const struct stat *found, guint64 position, gboolean plus)
{
    struct fuse_entry_param entry = {.ino = 0, .attr = *found};
    return plus ? fuse_add_direntry_plus(req, at, left, name, &entry, (off_t)position)
                : fuse_add_direntry(req, at, left, name, found, (off_t)position);
}

void ck_own_files_list(CkOwnFiles *own, fuse_req_t req, fuse_ino_t node, gsize size,
                       guint64 position, gboolean plus)
{
    static const char *const dots[] = {".", ".."};
    g_autofree char *bytes = g_malloc(size);
    gsize used = 0;
    if (node != make_node(0)) {
        fuse_reply_err(req, ENOTDIR);
        return;
    }
    for (guint64 i = position; i < G_N_ELEMENTS(dots) + own->count; i++) {
        gboolean dot = i < G_N_ELEMENTS(dots);
        guint64 file = dot ? 0 : i - G_N_ELEMENTS(dots);
        const char *name = dot ? dots[i] : own->files[file].name;
        /* Only inode and type are used. */
        struct stat found =
            dot ? folder_attributes(own) : attributes(make_node(1 + file), S_IFREG, 0, own->began);
        gsize wanted = add_entry(req, bytes + used, size - used, name, &found, i + 1, plus);
        if (wanted > size - used)
            break;
        used += wanted;
    }
    fuse_reply_buf(req, bytes, used);
}

void ck_own_files_forget(CkOwnFiles *own, fuse_ino_t node, guint64 lookups)
{
    if (ck_own_files_has(node))
        ck_snapshots_forget(own->snapshots, number_of(node), lookups);
}

CkOwnFiles *ck_own_files_new(const CkOwnFile *files, guint count, gpointer data)
{
    CkOwnFiles *own = g_new0(CkOwnFiles, 1);
    own->files = files;
    own->count = count;
    own->data = data;
    clock_gettime(CLOCK_REALTIME, &own->began);
    own->snapshots = ck_snapshots_new(count, SNAPSHOTS);
    return own;
}

void ck_own_files_free(CkOwnFiles *own)
{
    ck_snapshots_free(own->snapshots);
    g_free(own);
}
