/* SPDX-License-Identifier: MIT */
/*
 * What tree.c, nodes and names, and tree_list.c, whole folders, have in common: what a node is,
 * what a thread's folder holds and where, what the kinds of files look like, and what is lacking.
 */
#pragma once

#include "contents.h"
#include "listing.h"
#include "tree.h"

struct _CkTree {
    CkStore *store;
    CkContents *contents;
    const CkConfig *config;
    gint64 began;    /* seconds since 1970; the time of the root */
    guint32 changes; /* of the folders that list threads, see ck_tree_set_changed() */
};

/* What a node is. The value is a part of the inode number. */
typedef enum {
    ROOT = 1,     /* of row 0, which makes it FUSE_ROOT_ID */
    USER,         /* of a user's row */
    THREAD,       /* of a thread's row, as the next five */
    LINK,         /* in the root, to the thread's folder */
    LINK_IN_USER, /* the same in the user's folder */
    THREAD_JSON,
    THREAD_MD,
    ITEMS_JSONL,
    ITEM_JSON, /* of an item's row, as the next one */
    ITEM_MD,
} Kind;

#define KIND_BITS 4
G_STATIC_ASSERT(ITEM_MD < CK_TREE_OTHERS && CK_TREE_OTHERS < 1 << KIND_BITS);

#define VERSION_SHIFT 56
G_STATIC_ASSERT(CK_VERSION_MAX < 1 << (64 - VERSION_SHIFT));

static inline guint64 make_version(Kind kind, gint64 row, guint version)
{
    return (guint64)version << VERSION_SHIFT | (guint64)row << KIND_BITS | kind;
}

static inline guint64 make_node(Kind kind, gint64 row)
{
    return make_version(kind, row, 0);
}

static inline guint node_version(guint64 node)
{
    return (guint)(node >> VERSION_SHIFT);
}

static inline Kind node_kind(guint64 node)
{
    return node & ((1 << KIND_BITS) - 1);
}

static inline gint64 node_row(guint64 node)
{
    return (gint64)(node << (64 - VERSION_SHIFT) >> (64 - VERSION_SHIFT + KIND_BITS));
}

/* Whether it is a file that all items of a thread are in. */
static inline gboolean holds_items(Kind kind)
{
    return kind == THREAD_MD || kind == ITEMS_JSONL;
}

/* What a thread's folder holds besides items. */
static const struct {
    const char *name;
    Kind kind;
    CkFormats format; /* by which it is listed; it opens by its name all the same */
} thread_files[] = {
    {"thread.json", THREAD_JSON, CK_FORMAT_JSON},
    {"thread.md", THREAD_MD, CK_FORMAT_TRANSCRIPT},
    {"items.jsonl", ITEMS_JSONL, CK_FORMAT_JSONL},
};

/* What it holds for each item. ck_name_item_number() knows the extensions as well. */
static const struct {
    const char *extension;
    Kind kind;
    CkFormats format;
} item_files[] = {
    {"json", ITEM_JSON, CK_FORMAT_JSON},
    {"md", ITEM_MD, CK_FORMAT_MD},
};

/* Positions: an item's files stand at number · 2 and number · 2 + 1, the thread's files after all
 * items; a user's folder stands at its row, a thread's at its place. */
#define THREAD_FILES_AT ((guint64)1 << 48)

static inline CkTreeResult from_found(CkFound found)
{
    switch (found) {
    case CK_FOUND:
        return CK_TREE_OK;
    case CK_ABSENT:
        return CK_TREE_ABSENT;
    default:
        return CK_TREE_FAILED;
    }
}

/* Whether a listing has been read to its end. */
static inline gboolean ask_complete(CkTree *tree, const CkWant *listing, gboolean *complete,
                                    GError **error)
{
    g_auto(CkListingState) state = {0};
    gboolean ok = ck_listing_state(tree->store, listing, &state, error);
    *complete = state.complete;
    return ok;
}

/* The same of a listing of threads: one of a user's has been, if that of all has. */
static inline gboolean ask_threads_complete(CkTree *tree, const CkWant *listing, gboolean *complete,
                                            GError **error)
{
    const CkWant all = ck_want_threads_of(NULL, tree->config);
    return ask_complete(tree, listing, complete, error) &&
           (*complete || ask_complete(tree, &all, complete, error));
}

/* CK_TREE_ABSENT where the listing has been read to its end, else CK_TREE_WANT. */
static inline CkTreeResult want_listing(CkTree *tree, const CkWant *listing, CkWant *want,
                                        GError **error)
{
    gboolean complete;
    if (!(listing->kind == CK_WANT_ITEMS ? ask_complete(tree, listing, &complete, error)
                                         : ask_threads_complete(tree, listing, &complete, error)))
        return CK_TREE_FAILED;
    if (complete)
        return CK_TREE_ABSENT;
    *want = ck_want_copy(listing);
    return CK_TREE_WANT;
}

static inline CkTreeResult want_items(CkTree *tree, const CkThreadRow *thread, CkWant *want,
                                      GError **error)
{
    const CkWant items = {CK_WANT_ITEMS, thread->id};
    return want_listing(tree, &items, want, error);
}

/* Attributes */

/* Of a folder whose entries can change, the nanoseconds count the changes: the kernel drops what it
 * has cached of it when its time is another, and two changes may fall into one second. */

static inline void user_stat(const CkTree *tree, const CkUserRow *user, CkStat *stat)
{
    *stat = (CkStat){
        .node = make_node(USER, user->row),
        .type = CK_TYPE_FOLDER,
        .time = user->newest_at,
        .nanoseconds = tree->changes,
    };
}

/* The folder alone, which never lacks anything. Until something changes, its time is not that of
 * its newest item: to read a folder for the first time would change it, and with it what the kernel
 * has just cached of it. */
static inline void folder_stat(const CkThreadRow *thread, CkStat *stat)
{
    guint64 changes = thread->grown + thread->changes;
    *stat = (CkStat){
        .node = make_node(THREAD, thread->row),
        .type = CK_TYPE_FOLDER,
        .time = changes ? MAX(thread->newest_at, thread->changed_at) : thread->created_at,
        .nanoseconds = (guint32)(changes % 1000000000),
    };
}

static inline gint64 time_of_version(guint version, gint64 created_at, gint64 changed_at)
{
    return version > 0 ? MAX(created_at, changed_at) : created_at;
}

/* A file of a thread in its present version, as it is once all items are known if it holds these.
 */
static inline void thread_file_stat(Kind kind, const CkThreadRow *thread, CkStat *stat)
{
    guint version = kind == THREAD_JSON ? thread->json_version
                    : kind == THREAD_MD ? thread->md_version
                                        : thread->jsonl_version;
    gint64 time = holds_items(kind) ? thread->newest_at : thread->created_at;
    *stat = (CkStat){
        .node = make_version(kind, thread->row, version),
        .type = CK_TYPE_FILE,
        .time = time_of_version(version, time, thread->changed_at),
    };
    if (kind == THREAD_JSON)
        stat->size = thread->json_size;
    else if (kind == THREAD_MD)
        stat->size = thread->head_size + thread->settled_md_size;
    else
        stat->size = thread->settled_jsonl_size;
}

static inline void item_stat(Kind kind, const CkItemRow *item, CkStat *stat)
{
    *stat = (CkStat){
        .node = make_version(kind, item->row, item->version),
        .type = CK_TYPE_FILE,
        .size = kind == ITEM_JSON ? item->json_size : item->md_size,
        .time = time_of_version(item->version, item->created_at, item->changed_at),
        .final = item->finished,
    };
}
