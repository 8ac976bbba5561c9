/* SPDX-License-Identifier: MIT */
/*
 * What the mount looks like: the store's rows as folders and files. No FUSE here and no waiting;
 * an operation either has its answer in the store, or says what it lacks, and is asked again from
 * the start when that has been fetched.
 *
 *   /                                   root
 *   /USER/                              user, only when grouped by user
 *   /[USER/]TITLE.ID/                   thread
 *   /[USER/]ID                          link to the thread's folder, unless that is its name
 *   /[USER/]TITLE.ID/0001-user.json     item
 *   /[USER/]TITLE.ID/thread.json, …     thread files
 *
 * A node (an inode number) is the row of a user, thread or item and the kind of thing that is made
 * of it: node = row · 16 + kind. Rows are never reused, so nodes mean the same for ever and there
 * is nothing to remember or to forget. Positions in a directory are rows, places in the listing and
 * item numbers, which do not change either.
 *
 * The bytes of a node never change; a transcript's grow. When a file changes in another way, its
 * name leads to another node, with the new version (store.h) in the highest byte, as when a program
 * replaces a file by renaming: who has the old one open reads that to its end, and goes on
 * following it.
 */
#pragma once

#include "pager.h"

#define CK_TREE_ROOT 1 /* FUSE_ROOT_ID */

/* What the last four bits of no node are: those of nodes that somebody else makes. */
#define CK_TREE_OTHERS 15

typedef struct _CkTree CkTree;

typedef enum { CK_TYPE_FOLDER, CK_TYPE_FILE, CK_TYPE_LINK } CkNodeType;

typedef struct {
    guint64 node;
    CkNodeType type;
    guint64 size; /* bytes; 0 for folders */
    gint64 time;  /* seconds since 1970, and … */
    guint32 nanoseconds;
    gboolean final; /* can't change any more */
    gboolean brief; /* of what is absent: for how long, is not known here */
} CkStat;

typedef enum {
    CK_TREE_FAILED, /* the error is set */
    CK_TREE_OK,
    CK_TREE_ABSENT, /* there is no such thing, and nothing needs to be fetched to know it */
    CK_TREE_WANT,   /* the want is set: ask again when it is there */
} CkTreeResult;

/* Both must outlive the tree. */
CkTree *ck_tree_new(CkStore *store, const CkConfig *config);
void ck_tree_free(CkTree *tree);

/* All that follow: stat and target are set with CK_TREE_OK, want (to be cleared by the caller) with
 * CK_TREE_WANT, error with CK_TREE_FAILED; none otherwise. Errors: the store's, CK_ERROR_INVALID.
 */

/* What a folder has under that name, listed or not: a thread also by a former name of its folder
 * and by its bare id. CK_TREE_ABSENT as well where folder is none; stat->final is then set where
 * there never can be such a name, stat->brief where it is that of a known thread or of an item that
 * the thread does not have, which may come to be there. no_thread: the API has been asked and has
 * no thread with the id that the name is or ends in. */
CkTreeResult ck_tree_lookup(CkTree *tree, guint64 folder, const char *name, gboolean no_thread,
                            CkStat *stat, CkWant *want, GError **error);

/* The attributes of a node that a lookup or a listing gave. CK_TREE_WANT for thread.md and
 * items.jsonl until all items are known: their size is not known before; and for an item that is
 * not known any more. */
CkTreeResult ck_tree_stat(CkTree *tree, guint64 node, CkStat *stat, CkWant *want, GError **error);

/* Takes an entry and the position after it; FALSE when there is no more room. It may read files,
 * but not list a folder. */
typedef gboolean (*CkTreeTake)(const char *name, const CkStat *stat, guint64 position,
                               gpointer data);

/* Gives the entries after a position (0: from the beginning) to take, as many as are known or as
 * it takes. CK_TREE_ABSENT: there is no such folder. CK_TREE_OK without an entry taken is the end;
 * CK_TREE_WANT comes only when none is known. */
CkTreeResult ck_tree_list(CkTree *tree, guint64 folder, guint64 position, CkTreeTake take,
                          gpointer data, CkWant *want, GError **error);

/* A thread's row, to be cleared; FALSE where it is unknown. */
gboolean ck_tree_find_thread(CkTree *tree, const char *id, CkThreadRow *thread);

/* The same of the thread of an item, or whose folder is that node. */
gboolean ck_tree_find_thread_of(CkTree *tree, gint64 item, CkThreadRow *thread);
gboolean ck_tree_find_thread_at(CkTree *tree, guint64 folder, CkThreadRow *thread);

/* Nodes (guint64) of a thread's folder and of the links to it. */
GArray *ck_tree_folders_of(const CkThreadRow *thread);

/* Nodes (guint64) that say something else when a thread has changed, or grown: its folder, its
 * transcripts, and the folders that tell of it by their entries. */
GArray *ck_tree_nodes_of(CkTree *tree, const CkThreadRow *thread);

/* The names (owned) of the files in a thread's folder that are made of it, or (an item's row) of
 * one of its items. */
GPtrArray *ck_tree_names_of(CkTree *tree, gint64 row, gboolean of_item);

/* The folders that list threads are not as they were: they have another time from now on. */
void ck_tree_set_changed(CkTree *tree);

/* The listing that a node's contents (entries: the names in that folder and what they lead to) come
 * from, in *listing, to be cleared; nothing where it can't change. */
void ck_tree_source(CkTree *tree, guint64 node, gboolean entries, CkWant *listing);

/* The row of the thread that a node is the folder of, or a file with all items of; else 0. */
gint64 ck_tree_thread(guint64 node);

/* Where a file of a thread stands: its folder, and its position there. */
CkTreeResult ck_tree_locate(CkTree *tree, guint64 file, guint64 *folder, guint64 *position,
                            GError **error);

/* Appends to out the bytes of a file from offset on, at most size; less only at its end.
 * CK_TREE_WANT only where items that were known are not any more, see ck_store_evict().
 * CK_TREE_ABSENT: its thread is gone. */
CkTreeResult ck_tree_read(CkTree *tree, guint64 node, guint64 offset, gsize size, GString *out,
                          CkWant *want, GError **error);

/* *target: the link's text, to be freed. CK_TREE_ABSENT also where the folder itself has the link's
 * name by now. */
CkTreeResult ck_tree_read_link(CkTree *tree, guint64 node, char **target, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkTree, ck_tree_free)
