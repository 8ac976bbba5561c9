/* SPDX-License-Identifier: MIT */
#include "tree_private.h"

#include "error.h"
#include "names.h"

CkTree *ck_tree_new(CkStore *store, const CkConfig *config)
{
    CkTree *tree = g_new(CkTree, 1);
    *tree = (CkTree){
        .store = store,
        .contents = ck_contents_new(store),
        .config = config,
        .began = g_get_real_time() / G_USEC_PER_SEC,
    };
    return tree;
}

void ck_tree_free(CkTree *tree)
{
    ck_contents_free(tree->contents);
    g_free(tree);
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

/* Whether that is what a link would lead to itself: the folder has its name by now. Who knows the
 * link gets ESTALE then, at which the kernel looks the name up again. */
static gboolean is_former_link(CkTree *tree, Kind kind, const CkThreadRow *thread)
{
    gboolean beside = kind == LINK_IN_USER || !tree->config->group_by_user;
    return beside && strcmp(thread->name, thread->id) == 0;
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
        if (is_former_link(tree, kind, thread))
            return CK_TREE_ABSENT;
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

/* A version of a thread's file that is not the present one; stat: the present one's. */
static CkTreeResult former_thread_stat(CkTree *tree, const CkThreadRow *thread, guint64 node,
                                       CkStat *stat, GError **error)
{
    guint version = node_version(node);
    if (node_kind(node) == THREAD_JSON) {
        g_auto(CkForm) form = {0};
        CkFound found = ck_store_former_thread(tree->store, thread->row, version, &form, error);
        stat->size = form.json_size;
        stat->time = form.time;
        stat->final = TRUE;
        stat->node = node;
        return from_found(found);
    }
    CkFile file = node_kind(node) == THREAD_MD ? CK_FILE_THREAD_MD : CK_FILE_ITEMS_JSONL;
    if (!ck_contents_measure(tree->contents, file, thread, version, &stat->size, error))
        return CK_TREE_FAILED;
    stat->time = thread->newest_at;
    stat->node = node;
    return CK_TREE_OK;
}

static CkTreeResult former_item_stat(CkTree *tree, guint64 node, CkStat *stat, GError **error)
{
    g_auto(CkForm) form = {0};
    CkFound found =
        ck_store_former_item(tree->store, node_row(node), node_version(node), &form, error);
    stat->size = node_kind(node) == ITEM_JSON ? form.json_size : form.md_size;
    stat->time = form.time;
    stat->final = TRUE;
    stat->node = node;
    return from_found(found);
}

/* An item that is not known (any more), though the kernel has a node of it. */
static CkTreeResult want_item(CkTree *tree, gint64 row, CkWant *want, GError **error)
{
    g_auto(CkThreadRow) thread = {0};
    CkFound found = ck_store_thread(tree->store, ck_store_thread_of_item(row), &thread, error);
    return found == CK_FOUND ? want_items(tree, &thread, want, error) : from_found(found);
}

CkTreeResult ck_tree_stat(CkTree *tree, guint64 node, CkStat *stat, CkWant *want, GError **error)
{
    Kind kind = node_kind(node);
    gint64 row = node_row(node);
    CkFound found;
    if (kind == ROOT) {
        *stat = (CkStat){
            .node = CK_TREE_ROOT,
            .type = CK_TYPE_FOLDER,
            .time = tree->began,
            .nanoseconds = tree->changes,
        };
        return CK_TREE_OK;
    }
    if (kind == USER) {
        g_auto(CkUserRow) user = {0};
        found = ck_store_user(tree->store, row, &user, error);
        if (found == CK_FOUND)
            user_stat(tree, &user, stat);
        return from_found(found);
    }
    if (kind == ITEM_JSON || kind == ITEM_MD) {
        g_auto(CkItemRow) item = {0};
        found = ck_store_item(tree->store, row, &item, error);
        if (found == CK_FOUND)
            item_stat(kind, &item, stat);
        if (found == CK_ABSENT)
            return want_item(tree, row, want, error);
        return found == CK_FOUND && stat->node != node ? former_item_stat(tree, node, stat, error)
                                                       : from_found(found);
    }
    g_auto(CkThreadRow) thread = {0};
    found = ck_store_thread(tree->store, row, &thread, error);
    CkTreeResult result =
        found == CK_FOUND ? thread_stat(tree, kind, &thread, stat, want, error) : from_found(found);
    return result == CK_TREE_OK && stat->node != node
               ? former_thread_stat(tree, &thread, node, stat, error)
               : result;
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
    if (found == CK_ABSENT && (no_thread || ck_store_is_deleted(tree->store, id)))
        return CK_TREE_ABSENT;
    if (found == CK_ABSENT) {
        *want = (CkWant){CK_WANT_THREAD, g_strdup(id)};
        return CK_TREE_WANT;
    }
    stat->brief = id != name;
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
        user_stat(tree, &user, stat);
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
    stat->brief = number > thread.items;
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

gboolean ck_tree_find_thread(CkTree *tree, const char *id, CkThreadRow *thread)
{
    return ck_store_thread_by_id(tree->store, id, thread, NULL) == CK_FOUND;
}

gboolean ck_tree_find_thread_of(CkTree *tree, gint64 item, CkThreadRow *thread)
{
    gint64 row = ck_store_thread_of_item(item);
    return ck_store_thread(tree->store, row, thread, NULL) == CK_FOUND;
}

gboolean ck_tree_find_thread_at(CkTree *tree, guint64 folder, CkThreadRow *thread)
{
    return node_kind(folder) == THREAD &&
           ck_store_thread(tree->store, node_row(folder), thread, NULL) == CK_FOUND;
}

GArray *ck_tree_folders_of(const CkThreadRow *thread)
{
    static const Kind kinds[] = {THREAD, LINK, LINK_IN_USER};
    GArray *nodes = g_array_new(FALSE, FALSE, sizeof(guint64));
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        guint64 node = make_node(kinds[i], thread->row);
        g_array_append_val(nodes, node);
    }
    return nodes;
}

GArray *ck_tree_nodes_of(CkTree *tree, const CkThreadRow *thread)
{
    GArray *nodes = g_array_new(FALSE, FALSE, sizeof(guint64));
    const guint64 root = CK_TREE_ROOT;
    const guint64 folder = make_node(THREAD, thread->row);
    const guint64 parent = tree->config->group_by_user ? make_node(USER, thread->user) : root;
    g_array_append_val(nodes, folder);
    g_array_append_val(nodes, parent);
    if (parent != root) /* its user may be new, or gone with it */
        g_array_append_val(nodes, root);
    for (guint version = 0; version <= thread->changes; version++) {
        guint64 transcripts[] = {
            make_version(THREAD_MD, thread->row, version),
            make_version(ITEMS_JSONL, thread->row, version),
        };
        g_array_append_vals(nodes, transcripts, G_N_ELEMENTS(transcripts));
    }
    return nodes;
}

GPtrArray *ck_tree_names_of(CkTree *tree, gint64 row, gboolean of_item)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_auto(CkItemRow) item = {0};
    if (!of_item)
        for (gsize i = 0; i < G_N_ELEMENTS(thread_files); i++)
            g_ptr_array_add(names, g_strdup(thread_files[i].name));
    if (of_item && ck_store_item(tree->store, row, &item, NULL) == CK_FOUND)
        for (gsize i = 0; i < G_N_ELEMENTS(item_files); i++)
            g_ptr_array_add(names, ck_name_item(item.number, item.role, item_files[i].extension));
    return names;
}

void ck_tree_set_changed(CkTree *tree)
{
    tree->changes = (tree->changes + 1) % 1000000000;
}

static void user_listing(CkTree *tree, gint64 row, CkWant *listing)
{
    g_auto(CkUserRow) user = {0};
    if (ck_store_user(tree->store, row, &user, NULL) != CK_FOUND)
        return;
    const CkWant own = ck_want_threads_of(user.id, tree->config);
    const CkWant all = ck_want_threads_of(NULL, tree->config);
    gboolean read = FALSE;
    if (!ask_complete(tree, &own, &read, NULL) || read || !ask_complete(tree, &all, &read, NULL))
        read = FALSE;
    *listing = ck_want_copy(read ? &all : &own);
}

static void items_listing(CkTree *tree, gint64 row, CkWant *listing)
{
    g_auto(CkThreadRow) thread = {0};
    if (ck_store_thread(tree->store, row, &thread, NULL) == CK_FOUND)
        *listing = (CkWant){CK_WANT_ITEMS, g_steal_pointer(&thread.id)};
}

/* A thread's folder is an entry of the folder that it is listed in, and its contents are not known
 * to be looked at before it is read, or looked into. */
void ck_tree_source(CkTree *tree, guint64 node, gboolean entries, CkWant *listing)
{
    const CkWant all = ck_want_threads_of(NULL, tree->config);
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) item = {0};
    *listing = (CkWant){0};
    switch (node_kind(node)) {
    case ROOT:
    case LINK:
        *listing = ck_want_copy(&all);
        break;
    case USER:
        user_listing(tree, node_row(node), listing);
        break;
    case THREAD:
    case LINK_IN_USER:
        if (entries)
            items_listing(tree, node_row(node), listing);
        else if (!tree->config->group_by_user)
            *listing = ck_want_copy(&all);
        else if (ck_store_thread(tree->store, node_row(node), &thread, NULL) == CK_FOUND)
            user_listing(tree, thread.user, listing);
        break;
    case THREAD_JSON:
    case THREAD_MD:
    case ITEMS_JSONL:
        items_listing(tree, node_row(node), listing);
        break;
    case ITEM_JSON:
    case ITEM_MD:
        if (ck_store_item(tree->store, node_row(node), &item, NULL) == CK_FOUND && !item.finished)
            items_listing(tree, item.thread, listing);
        break;
    }
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

/* What a file lacks that can't be read: CK_TREE_ABSENT where its thread has been dropped, or has no
 * such item; CK_TREE_OK where all is there. */
static CkTreeResult lacks(CkTree *tree, guint64 file, CkWant *want, GError **error)
{
    Kind kind = node_kind(file);
    gint64 row = node_row(file);
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) item = {0};
    CkFound found = CK_FOUND;
    if (kind == ITEM_JSON || kind == ITEM_MD) {
        found = ck_store_item(tree->store, row, &item, error);
        return found == CK_ABSENT ? want_item(tree, row, want, error) : from_found(found);
    }
    found = ck_store_thread(tree->store, row, &thread, error);
    if (found != CK_FOUND || !holds_items(kind))
        return from_found(found);
    CkTreeResult rest = want_items(tree, &thread, want, error);
    return rest == CK_TREE_ABSENT ? CK_TREE_OK : rest;
}

CkTreeResult ck_tree_read(CkTree *tree, guint64 node, guint64 offset, gsize size, GString *out,
                          CkWant *want, GError **error)
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
    /* A file of all items would be read without those that are not known. */
    CkTreeResult lack = holds_items(kind) ? lacks(tree, node, want, error) : CK_TREE_OK;
    if (lack != CK_TREE_OK)
        return lack;
    g_autoptr(GError) failure = NULL;
    if (ck_contents_read(tree->contents, files[kind], node_row(node), node_version(node), offset,
                         size, out, &failure))
        return CK_TREE_OK;
    lack = lacks(tree, node, want, NULL);
    if (lack == CK_TREE_ABSENT || lack == CK_TREE_WANT)
        return lack;
    g_propagate_error(error, g_steal_pointer(&failure));
    return CK_TREE_FAILED;
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
    if (is_former_link(tree, kind, &thread))
        return CK_TREE_ABSENT;
    *target = link_target(tree, kind, &thread, error);
    return *target ? CK_TREE_OK : CK_TREE_FAILED;
}
