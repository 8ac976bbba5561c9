/* SPDX-License-Identifier: MIT */
#include "tree_private.h"

#include "error.h"
#include "names.h"

/* list_users(), list_threads() and list_items() give the rows that are known, and end with CK_FOUND
 * when there was no more room, with CK_ABSENT after the last one. */

typedef struct {
    CkTreeTake take;
    gpointer data;
    guint taken;   /* entries that take has taken */
    gboolean full; /* it had no room for the last one */
} Listing;

static gboolean give(Listing *listing, const char *name, const CkStat *stat, guint64 position)
{
    listing->full = !listing->take(name, stat, position, listing->data);
    listing->taken += !listing->full;
    return !listing->full;
}

static CkFound list_users(CkTree *tree, guint64 position, Listing *listing, GError **error)
{
    for (;;) {
        g_auto(CkUserRow) user = {0};
        CkFound found = ck_store_next_user(tree->store, (gint64)position, &user, error);
        if (found != CK_FOUND)
            return found;
        CkStat stat;
        user_stat(tree, &user, &stat);
        position = (guint64)user.row;
        if (!give(listing, user.name, &stat, position))
            return CK_FOUND;
    }
}

static CkFound list_threads(CkTree *tree, gint64 user, guint64 position, guint64 before,
                            Listing *listing, GError **error)
{
    for (;;) {
        g_auto(CkThreadRow) thread = {0};
        CkFound found = ck_store_next_thread(tree->store, user, position, before, &thread, error);
        if (found != CK_FOUND)
            return found;
        CkStat stat;
        folder_stat(&thread, &stat);
        position = thread.place;
        if (!give(listing, thread.name, &stat, position))
            return CK_FOUND;
    }
}

typedef struct {
    Listing *listing;
    CkFormats formats;
    guint64 after; /* the position */
} ItemListing;

/* A CkStoreTake. */
static gboolean give_item(const CkItemRow *item, gpointer data)
{
    ItemListing *items = data;
    for (gsize i = 0; i < G_N_ELEMENTS(item_files); i++) {
        guint64 at = item->number * 2 + i;
        if (at <= items->after || !(items->formats & item_files[i].format))
            continue;
        g_autofree char *name = ck_name_item(item->number, item->role, item_files[i].extension);
        CkStat stat;
        item_stat(item_files[i].kind, item, &stat);
        if (!give(items->listing, name, &stat, at))
            return FALSE;
    }
    return TRUE;
}

static CkFound list_items(CkTree *tree, gint64 thread, guint64 position, Listing *listing,
                          GError **error)
{
    ItemListing items = {listing, tree->config->formats, position};
    return ck_store_items(tree->store, thread, (position + 1) / 2, give_item, &items, error);
}

/* CK_TREE_WANT where a file's size takes items that are not known yet. all_known: none is missing;
 * else the store is asked. */
static CkTreeResult list_thread_files(CkTree *tree, const CkThreadRow *thread, guint64 position,
                                      gboolean all_known, Listing *listing, CkWant *want,
                                      GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(thread_files); i++) {
        guint64 at = THREAD_FILES_AT + i;
        Kind kind = thread_files[i].kind;
        if (at <= position || !(tree->config->formats & thread_files[i].format))
            continue;
        if (holds_items(kind) && !all_known) {
            CkTreeResult rest = want_items(tree, thread, want, error);
            if (rest != CK_TREE_ABSENT)
                return rest;
            all_known = TRUE;
        }
        CkStat stat;
        thread_file_stat(kind, thread, &stat);
        if (!give(listing, thread_files[i].name, &stat, at))
            break;
    }
    return CK_TREE_OK;
}

/* What it means that no more rows were given: CK_TREE_ABSENT, the listing has no more; CK_TREE_OK,
 * the reader has enough to go on with; else the listing's next page is wanted. */
static CkTreeResult after_rows(const Listing *listing, gboolean complete, const CkWant *next,
                               CkWant *want)
{
    if (listing->full)
        return CK_TREE_OK;
    if (complete)
        return CK_TREE_ABSENT;
    if (listing->taken > 0)
        return CK_TREE_OK;
    *want = ck_want_copy(next);
    return CK_TREE_WANT;
}

/* The same for rows that are listed whether the listing is complete or not. */
static CkTreeResult after_all_rows(CkTree *tree, CkFound found, const Listing *listing,
                                   const CkWant *next, CkWant *want, GError **error)
{
    gboolean complete = FALSE;
    if (found == CK_FAILED || (!listing->full && !ask_complete(tree, next, &complete, error)))
        return CK_TREE_FAILED;
    return after_rows(listing, complete, next, want);
}

/* A folder in which nothing comes after its rows is at its end. */
static CkTreeResult end_or(CkTreeResult result)
{
    return result == CK_TREE_ABSENT ? CK_TREE_OK : result;
}

/* The threads of a folder: those up to the gap, while its listing has one. user: 0 for those of
 * any.
 */
static CkTreeResult list_folders(CkTree *tree, gint64 user, const CkWant *next, guint64 position,
                                 Listing *listing, CkWant *want, GError **error)
{
    gboolean complete;
    if (!ask_threads_complete(tree, next, &complete, error))
        return CK_TREE_FAILED;
    guint64 before = complete ? G_MAXINT64 : CK_BACK_PLACE;
    if (list_threads(tree, user, position, before, listing, error) == CK_FAILED)
        return CK_TREE_FAILED;
    return end_or(after_rows(listing, complete, next, want));
}

static CkTreeResult list_root(CkTree *tree, guint64 position, Listing *listing, CkWant *want,
                              GError **error)
{
    const CkWant next = ck_want_threads_of(NULL, tree->config);
    if (!tree->config->group_by_user)
        return list_folders(tree, 0, &next, position, listing, want, error);
    CkFound found = list_users(tree, position, listing, error);
    return end_or(after_all_rows(tree, found, listing, &next, want, error));
}

static CkTreeResult list_user(CkTree *tree, gint64 row, guint64 position, Listing *listing,
                              CkWant *want, GError **error)
{
    g_auto(CkUserRow) user = {0};
    CkFound found = ck_store_user(tree->store, row, &user, error);
    if (found != CK_FOUND)
        return from_found(found);
    const CkWant next = ck_want_threads_of(user.id, tree->config);
    return list_folders(tree, row, &next, position, listing, want, error);
}

/* A thread without an id that can be asked for: what is known of it, then the pager's error. */
static CkTreeResult list_nameless_thread(CkTree *tree, const CkThreadRow *thread, guint64 position,
                                         Listing *listing, CkWant *want, GError **error)
{
    if (position < THREAD_FILES_AT) {
        CkTreeResult result =
            list_thread_files(tree, thread, position, FALSE, listing, want, error);
        if (result == CK_TREE_WANT && listing->taken > 0) {
            ck_want_clear(want);
            return CK_TREE_OK;
        }
        if (result != CK_TREE_OK || listing->taken > 0 || listing->full)
            return result;
    }
    return want_items(tree, thread, want, error);
}

static CkTreeResult list_thread(CkTree *tree, gint64 row, guint64 position, Listing *listing,
                                CkWant *want, GError **error)
{
    g_auto(CkThreadRow) thread = {0};
    CkFound found = ck_store_thread(tree->store, row, &thread, error);
    if (found != CK_FOUND)
        return from_found(found);
    if (!ck_name_is_id(thread.id))
        return list_nameless_thread(tree, &thread, position, listing, want, error);
    if (position < THREAD_FILES_AT) {
        const CkWant next = {CK_WANT_ITEMS, thread.id};
        gboolean lists_items = tree->config->formats & (CK_FORMAT_JSON | CK_FORMAT_MD);
        found = lists_items ? list_items(tree, row, position, listing, error) : CK_ABSENT;
        CkTreeResult result = after_all_rows(tree, found, listing, &next, want, error);
        if (result != CK_TREE_ABSENT)
            return result;
    }
    gboolean all_known = position < THREAD_FILES_AT;
    return list_thread_files(tree, &thread, position, all_known, listing, want, error);
}

CkTreeResult ck_tree_list(CkTree *tree, guint64 folder, guint64 position, CkTreeTake take,
                          gpointer data, CkWant *want, GError **error)
{
    Listing listing = {.take = take, .data = data};
    CkTreeResult result = CK_TREE_FAILED;
    switch (node_kind(folder)) {
    case ROOT:
        result = list_root(tree, position, &listing, want, error);
        break;
    case USER:
        result = list_user(tree, node_row(folder), position, &listing, want, error);
        break;
    case THREAD:
        result = list_thread(tree, node_row(folder), position, &listing, want, error);
        break;
    default:
        g_set_error_literal(error, CK_ERROR, CK_ERROR_INVALID, "not a folder");
    }
    return result;
}
