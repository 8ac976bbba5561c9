/* SPDX-License-Identifier: MIT */
/*
 * What the mount says of itself: a folder in the root, which is not listed there but opens by its
 * name, and the files in it. Nothing here waits for anything, nor counts as an operation.
 *
 * A file is written when its name is looked up, which the kernel asks for whenever it is opened. It
 * is then another node for each text (snapshots.h), under an inode number that is always the same.
 */
#pragma once

#include <fuse_lowlevel.h>
#include <glib.h>

#define CK_OWN_FOLDER ".chatkitfs"

typedef struct {
    const char *name;
    /* Appends what the file has in it now. */
    gboolean (*write)(GString *out, gpointer data, GError **error);
} CkOwnFile;

typedef struct _CkOwnFiles CkOwnFiles;

/* The files must outlive the result; data is for write. */
CkOwnFiles *ck_own_files_new(const CkOwnFile *files, guint count, gpointer data);
void ck_own_files_free(CkOwnFiles *own);

/* Whether a node is one of these; whether a name in a folder is to be looked up here. */
gboolean ck_own_files_has(fuse_ino_t node);
gboolean ck_own_files_has_name(fuse_ino_t folder, const char *name);

/* Each answers a request, for such a node or name. */
void ck_own_files_lookup(CkOwnFiles *own, fuse_req_t req, fuse_ino_t folder, const char *name);
void ck_own_files_getattr(CkOwnFiles *own, fuse_req_t req, fuse_ino_t node);
void ck_own_files_read(CkOwnFiles *own, fuse_req_t req, fuse_ino_t node, gsize size,
                       guint64 offset);
void ck_own_files_list(CkOwnFiles *own, fuse_req_t req, fuse_ino_t node, gsize size,
                       guint64 position, gboolean plus);

/* The kernel has forgotten that many lookups of a node, of any. */
void ck_own_files_forget(CkOwnFiles *own, fuse_ino_t node, guint64 lookups);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkOwnFiles, ck_own_files_free)
