/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include "contents.h"
#include "error.h"
#include "names.h"

struct _CkTree {
    CkStore *store;
    CkContents *contents;
    const CkConfig *config;
    gint64 began; /* seconds since 1970; the time of the root */
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
G_STATIC_ASSERT(ITEM_MD < 1 << KIND_BITS);

static guint64 make_node(Kind kind, gint64 row)
{
    return (guint64)row << KIND_BITS | kind;
}

static Kind node_kind(guint64 node)
{
    return node & ((1 << KIND_BITS) - 1);
}

static gint64 node_row(guint64 node)
{
    return (gint64)(node >> KIND_BITS);
}

/* Whether it is a file that all items of a thread are in. */
static gboolean holds_items(Kind kind)
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

CkTree *ck_tree_new(CkStore *store, const CkConfig *config)
{
    CkTree *tree = g_new(CkTree, 1);
    *tree = (CkTree){store, ck_contents_new(store), config, g_get_real_time() / G_USEC_PER_SEC};
    return tree;
}

void ck_tree_free(CkTree *tree)
{
    ck_contents_free(tree->contents);
    g_free(tree);
}

static CkTreeResult from_found(CkFound found)
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
static gboolean ask_complete(CkTree *tree, const CkWant *listing, gboolean *complete,
                             GError **error)
{
    g_autofree char *key = ck_want_key(listing);
    g_auto(CkListingState) state = {0};
    gboolean ok = ck_store_listing(tree->store, key, &state, error);
    *complete = state.complete;
    return ok;
}

/* CK_TREE_ABSENT where the listing has been read to its end, else CK_TREE_WANT. */
static CkTreeResult want_listing(CkTree *tree, const CkWant *listing, CkWant *want, GError **error)
{
    gboolean complete;
    if (!ask_complete(tree, listing, &complete, error))
        return CK_TREE_FAILED;
    if (complete)
        return CK_TREE_ABSENT;
    *want = ck_want_copy(listing);
    return CK_TREE_WANT;
}

static CkTreeResult want_items(CkTree *tree, const CkThreadRow *thread, CkWant *want,
                               GError **error)
{
    const CkWant items = {CK_WANT_ITEMS, thread->id};
    return want_listing(tree, &items, want, error);
}

/* user: NULL for all that the mount shows. */
static CkTreeResult want_threads(CkTree *tree, const char *user, CkWant *want, GError **error)
{
    const CkWant threads = ck_want_threads_of(user, tree->config);
    return want_listing(tree, &threads, want, error);
}

/* Attributes */

static char *link_target(CkTree *tree, Kind kind, const CkThreadRow *thread, GError **error)
{
    g_auto(CkUserRow) user = {0};
    if (kind == LINK_IN_USER || !tree->config->group_by_user)
        return g_strdup(thread->name);
    if (!ck_store_must_find(ck_store_user(tree->store, thread->user, &user, error), error))
        return NULL;
    return g_strdup_printf("%s/%s", user.name, thread->name);
}

static void user_stat(const CkUserRow *user, CkStat *stat)
{
    *stat = (CkStat){
        .node = make_node(USER, user->row), .type = CK_TYPE_FOLDER, .time = user->newest_at};
}

/* The folder alone, which never lacks anything. Its time is not that of its newest item: to read a
 * folder for the first time would change it, and with it what the kernel has just cached of it. */
static void folder_stat(const CkThreadRow *thread, CkStat *stat)
{
    *stat = (CkStat){
        .node = make_node(THREAD, thread->row), .type = CK_TYPE_FOLDER, .time = thread->created_at};
}

/* A file of a thread, as it is once all items are known if it holds these. */
static void thread_file_stat(Kind kind, const CkThreadRow *thread, CkStat *stat)
{
    *stat = (CkStat){.node = make_node(kind, thread->row),
                     .type = CK_TYPE_FILE,
                     .time = holds_items(kind) ? thread->newest_at : thread->created_at,
                     .final = TRUE};
    if (kind == THREAD_JSON)
        stat->size = thread->json_size;
    else if (kind == THREAD_MD)
        stat->size = thread->head_size + thread->md_size;
    else
        stat->size = thread->jsonl_size;
}

static gboolean link_stat(CkTree *tree, Kind kind, const CkThreadRow *thread, CkStat *stat,
                          GError **error)
{
    g_autofree char *target = link_target(tree, kind, thread, error);
    if (!target)
        return FALSE;
    *stat = (CkStat){.node = make_node(kind, thread->row),
                     .type = CK_TYPE_LINK,
                     .size = strlen(target),
                     .time = thread->created_at};
    return TRUE;
}

/* What a thread is shown as. The sizes of files that hold all items are known when these are. */
static CkTreeResult thread_stat(CkTree *tree, Kind kind, const CkThreadRow *thread, CkStat *stat,
                                CkWant *want, GError **error)
{
    switch (kind) {
    case THREAD:
        folder_stat(thread, stat);
        return CK_TREE_OK;
    case LINK:
    case LINK_IN_USER:
        return link_stat(tree, kind, thread, stat, error) ? CK_TREE_OK : CK_TREE_FAILED;
    case THREAD_JSON:
    case THREAD_MD:
    case ITEMS_JSONL:
        break;
    default:
        return CK_TREE_ABSENT;
    }
    thread_file_stat(kind, thread, stat);
    CkTreeResult rest = holds_items(kind) ? want_items(tree, thread, want, error) : CK_TREE_ABSENT;
    return rest == CK_TREE_ABSENT ? CK_TREE_OK : rest;
}

static void item_stat(Kind kind, const CkItemRow *item, CkStat *stat)
{
    *stat = (CkStat){.node = make_node(kind, item->row),
                     .type = CK_TYPE_FILE,
                     .size = kind == ITEM_JSON ? item->json_size : item->md_size,
                     .time = item->created_at,
                     .final = item->finished};
}

CkTreeResult ck_tree_stat(CkTree *tree, guint64 node, CkStat *stat, CkWant *want, GError **error)
{
    Kind kind = node_kind(node);
    gint64 row = node_row(node);
    CkFound found;
    if (kind == ROOT) {
        *stat = (CkStat){.node = CK_TREE_ROOT, .type = CK_TYPE_FOLDER, .time = tree->began};
        return CK_TREE_OK;
    }
    if (kind == USER) {
        g_auto(CkUserRow) user = {0};
        found = ck_store_user(tree->store, row, &user, error);
        if (found == CK_FOUND)
            user_stat(&user, stat);
        return from_found(found);
    }
    if (kind == ITEM_JSON || kind == ITEM_MD) {
        g_auto(CkItemRow) item = {0};
        found = ck_store_item(tree->store, row, &item, error);
        if (found == CK_FOUND)
            item_stat(kind, &item, stat);
        return from_found(found);
    }
    g_auto(CkThreadRow) thread = {0};
    found = ck_store_thread(tree->store, row, &thread, error);
    return found == CK_FOUND ? thread_stat(tree, kind, &thread, stat, want, error)
                             : from_found(found);
}

/* Lookups */

/* A thread by its folder's name, present or former, or by its bare id. user: the row of the user
 * whose folder this is, 0 in the root. */
static CkTreeResult lookup_thread(CkTree *tree, gint64 user, const char *name, gboolean no_thread,
                                  CkStat *stat, CkWant *want, GError **error)
{
    /* By its folder's name, where the folders are. */
    gboolean folders_here = user || !tree->config->group_by_user;
    g_auto(CkThreadRow) thread = {0};
    CkFound found = ck_store_thread_named(tree->store, name, &thread, error);
    if (found == CK_FOUND && folders_here) {
        folder_stat(&thread, stat);
        return !user || thread.user == user ? CK_TREE_OK : CK_TREE_ABSENT;
    }
    if (found == CK_FAILED)
        return CK_TREE_FAILED;
    /* By the id that the name is or ends in, the latter only to learn what its folder is called:
     * then all this is done again. */
    const char *id = ck_name_thread_id(name);
    if (!id)
        return CK_TREE_ABSENT;
    ck_thread_row_clear(&thread);
    found = ck_store_thread_by_id(tree->store, id, &thread, error);
    if (found == CK_FAILED)
        return CK_TREE_FAILED;
    if (found == CK_ABSENT && no_thread)
        return CK_TREE_ABSENT;
    if (found == CK_ABSENT) {
        *want = (CkWant){CK_WANT_THREAD, g_strdup(id)};
        return CK_TREE_WANT;
    }
    if (id != name || (user && thread.user != user))
        return CK_TREE_ABSENT;
    return thread_stat(tree, user ? LINK_IN_USER : LINK, &thread, stat, want, error);
}

static CkTreeResult lookup_user(CkTree *tree, const char *name, CkStat *stat, CkWant *want,
                                GError **error)
{
    g_auto(CkUserRow) user = {0};
    CkFound found = ck_store_user_named(tree->store, name, &user, error);
    if (found == CK_FOUND)
        user_stat(&user, stat);
    if (found != CK_ABSENT)
        return from_found(found);
    g_autofree char *only = tree->config->user ? ck_name_user(tree->config->user) : NULL;
    if (only && strcmp(only, name) != 0)
        return CK_TREE_ABSENT;
    gboolean only_listed;
    g_autofree char *id = ck_name_user_id(name, &only_listed);
    return id || only_listed ? want_threads(tree, id, want, error) : CK_TREE_ABSENT;
}

static CkTreeResult lookup_in_root(CkTree *tree, const char *name, gboolean no_thread, CkStat *stat,
                                   CkWant *want, GError **error)
{
    if (!tree->config->group_by_user)
        return lookup_thread(tree, 0, name, no_thread, stat, want, error);
    CkTreeResult result = lookup_user(tree, name, stat, want, error);
    gboolean known = result == CK_TREE_OK || result == CK_TREE_FAILED;
    if (known || no_thread || ck_name_thread_id(name) != name)
        return result;
    /* A bare id is a thread's, unless a user of that name is known already, or it is no thread's.
     */
    ck_want_clear(want);
    return lookup_thread(tree, 0, name, no_thread, stat, want, error);
}

static CkTreeResult lookup_in_thread(CkTree *tree, gint64 row, const char *name, CkStat *stat,
                                     CkWant *want, GError **error)
{
    g_auto(CkThreadRow) thread = {0};
    CkFound found = ck_store_thread(tree->store, row, &thread, error);
    if (found != CK_FOUND)
        return from_found(found);
    for (gsize i = 0; i < G_N_ELEMENTS(thread_files); i++)
        if (strcmp(name, thread_files[i].name) == 0)
            return thread_stat(tree, thread_files[i].kind, &thread, stat, want, error);
    guint64 number = ck_name_item_number(name);
    stat->final = number == 0;
    if (number == 0)
        return CK_TREE_ABSENT;
    if (number > thread.items)
        return want_items(tree, &thread, want, error);
    g_auto(CkItemRow) item = {0};
    found = ck_store_item_numbered(tree->store, row, number, &item, error);
    if (found != CK_FOUND)
        return from_found(found);
    for (gsize i = 0; i < G_N_ELEMENTS(item_files); i++) {
        g_autofree char *own = ck_name_item(number, item.role, item_files[i].extension);
        if (strcmp(name, own) == 0) {
            item_stat(item_files[i].kind, &item, stat);
            return CK_TREE_OK;
        }
    }
    return CK_TREE_ABSENT;
}

CkTreeResult ck_tree_lookup(CkTree *tree, guint64 folder, const char *name, gboolean no_thread,
                            CkStat *stat, CkWant *want, GError **error)
{
    /* No name that is made here begins so (names.h). */
    *stat = (CkStat){.final = *name == '.' || *name == '-'};
    switch (node_kind(folder)) {
    case ROOT:
        return lookup_in_root(tree, name, no_thread, stat, want, error);
    case USER:
        return lookup_thread(tree, node_row(folder), name, no_thread, stat, want, error);
    case THREAD:
        return lookup_in_thread(tree, node_row(folder), name, stat, want, error);
    default:
        return CK_TREE_ABSENT;
    }
}

/* Directories. list_users(), list_threads() and list_items() give the rows that are known, and end
 * with CK_FOUND when there was no more room, with CK_ABSENT after the last one. */

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
        user_stat(&user, &stat);
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

/* The threads of a folder: those up to the gap, while its listing has one. What has been read of a
 * user's threads has none either once all threads are known. user: 0 for those of any. */
static CkTreeResult list_folders(CkTree *tree, gint64 user, const CkWant *next, guint64 position,
                                 Listing *listing, CkWant *want, GError **error)
{
    const CkWant all = {CK_WANT_THREADS, NULL};
    gboolean complete, all_known;
    if (!ask_complete(tree, next, &complete, error))
        return CK_TREE_FAILED;
    all_known = complete;
    if (!complete && next->kind != all.kind && !ask_complete(tree, &all, &all_known, error))
        return CK_TREE_FAILED;
    guint64 before = all_known ? G_MAXINT64 : CK_BACK_PLACE;
    if (list_threads(tree, user, position, before, listing, error) == CK_FAILED)
        return CK_TREE_FAILED;
    return after_rows(listing, complete, next, want);
}

static CkTreeResult list_root(CkTree *tree, guint64 position, Listing *listing, CkWant *want,
                              GError **error)
{
    const CkWant next = ck_want_threads_of(NULL, tree->config);
    if (!tree->config->group_by_user)
        return list_folders(tree, 0, &next, position, listing, want, error);
    CkFound found = list_users(tree, position, listing, error);
    return after_all_rows(tree, found, listing, &next, want, error);
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
    return result == CK_TREE_ABSENT ? CK_TREE_OK : result;
}

GArray *ck_tree_nodes_of(CkTree *tree, const char *thread_id)
{
    GArray *nodes = g_array_new(FALSE, FALSE, sizeof(guint64));
    g_auto(CkThreadRow) thread = {0};
    if (ck_store_thread_by_id(tree->store, thread_id, &thread, NULL) != CK_FOUND)
        return nodes;
    guint64 parent =
        tree->config->group_by_user ? make_node(USER, thread.user) : (guint64)CK_TREE_ROOT;
    g_array_append_val(nodes, parent);
    for (gsize i = 0; i < G_N_ELEMENTS(thread_files); i++) {
        guint64 file = make_node(thread_files[i].kind, thread.row);
        g_array_append_val(nodes, file);
    }
    return nodes;
}

gint64 ck_tree_thread(guint64 node)
{
    Kind kind = node_kind(node);
    return kind == THREAD || holds_items(kind) ? node_row(node) : 0;
}

CkTreeResult ck_tree_locate(CkTree *tree, guint64 file, guint64 *folder, guint64 *position,
                            GError **error)
{
    Kind kind = node_kind(file);
    for (gsize i = 0; i < G_N_ELEMENTS(thread_files); i++) {
        if (thread_files[i].kind == kind) {
            *folder = make_node(THREAD, node_row(file));
            *position = THREAD_FILES_AT + i;
            return CK_TREE_OK;
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(item_files); i++) {
        g_auto(CkItemRow) item = {0};
        if (item_files[i].kind != kind)
            continue;
        CkFound found = ck_store_item(tree->store, node_row(file), &item, error);
        *folder = make_node(THREAD, item.thread);
        *position = item.number * 2 + i;
        return from_found(found);
    }
    return CK_TREE_ABSENT;
}

CkTreeResult ck_tree_read(CkTree *tree, guint64 node, guint64 offset, gsize size, GString *out,
                          GError **error)
{
    static const CkFile files[] = {
        [THREAD_JSON] = CK_FILE_THREAD_JSON, [THREAD_MD] = CK_FILE_THREAD_MD,
        [ITEMS_JSONL] = CK_FILE_ITEMS_JSONL, [ITEM_JSON] = CK_FILE_ITEM_JSON,
        [ITEM_MD] = CK_FILE_ITEM_MD,
    };
    Kind kind = node_kind(node);
    if (kind < THREAD_JSON || kind > ITEM_MD) {
        g_set_error_literal(error, CK_ERROR, CK_ERROR_INVALID, "not a file");
        return CK_TREE_FAILED;
    }
    return ck_contents_read(tree->contents, files[kind], node_row(node), offset, size, out, error)
               ? CK_TREE_OK
               : CK_TREE_FAILED;
}

CkTreeResult ck_tree_read_link(CkTree *tree, guint64 node, char **target, GError **error)
{
    Kind kind = node_kind(node);
    g_auto(CkThreadRow) thread = {0};
    if (kind != LINK && kind != LINK_IN_USER) {
        g_set_error_literal(error, CK_ERROR, CK_ERROR_INVALID, "not a link");
        return CK_TREE_FAILED;
    }
    CkFound found = ck_store_thread(tree->store, node_row(node), &thread, error);
    if (found != CK_FOUND)
        return from_found(found);
    *target = link_target(tree, kind, &thread, error);
    return *target ? CK_TREE_OK : CK_TREE_FAILED;
}
