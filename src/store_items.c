/* SPDX-License-Identifier: MIT */
#include "store_private.h"

/* Writing items: each is added once, and may change until it is finished. */

static void keep_recent(CkStore *store, gint64 row, const CkPreparedItem *item)
{
    if (item->md)
        ck_recent_add(store->recent, row, g_bytes_new(item->json.data, item->json.size),
                      g_bytes_ref(item->md));
}

/* The transcripts go up to that item, whose texts begin and end there. */
static void settle(CkThreadRow *thread, guint64 number, guint64 md_end, guint64 jsonl_end)
{
    thread->settled = number;
    thread->settled_md_size = md_end;
    thread->settled_jsonl_size = jsonl_end;
}

/* A thread is as new as its newest item; its own time counts while it has none. An item without a
 * time (0) has its thread's, and does not make it newer. */
static void grow(CkThreadRow *thread, const CkPreparedItem *item)
{
    if (item->created_at)
        thread->newest_at =
            thread->items == 0 ? item->created_at : MAX(thread->newest_at, item->created_at);
    thread->items++;
    thread->md_size += item->md_size;
    thread->jsonl_size += item->jsonl_size;
    if (item->finished)
        settle(thread, thread->items, thread->md_size, thread->jsonl_size);
}

/* *added: FALSE where the thread has an item with that id. */
static gboolean add(CkStore *store, CkThreadRow *thread, const char *id, const CkPreparedItem *item,
                    gboolean *added, GError **error)
{
    gint64 row = item_row(thread->row, thread->items + 1);
    sqlite3_stmt *put = use(store, ADD_ITEM);
    sqlite3_bind_int64(put, 1, row);
    sqlite3_bind_int64(put, 2, thread->row);
    bind_text(put, 3, id);
    bind_text(put, 4, item->role);
    sqlite3_bind_int64(put, 5, item->created_at ? item->created_at : thread->created_at);
    sqlite3_bind_int(put, 6, item->finished);
    sqlite3_bind_blob64(put, 7, item->json.data, item->json.size, SQLITE_STATIC);
    sqlite3_bind_int64(put, 8, (gint64)item->json_size);
    sqlite3_bind_int64(put, 9, (gint64)item->md_size);
    sqlite3_bind_int64(put, 10, (gint64)item->jsonl_size);
    sqlite3_bind_int64(put, 11, (gint64)thread->md_size);
    sqlite3_bind_int64(put, 12, (gint64)thread->jsonl_size);
    if (!run(store, put, error))
        return FALSE;
    *added = sqlite3_changes(store->db) > 0;
    if (*added) {
        keep_recent(store, row, item);
        grow(thread, item);
    }
    return TRUE;
}

/* The item with that id, if it was not finished and has become another one. */
static CkFound find_changed(CkStore *store, const CkThreadRow *thread, const char *id,
                            const CkPreparedItem *item, CkItemRow *known, GError **error)
{
    sqlite3_stmt *statement = use(store, KNOWN_ITEM);
    sqlite3_bind_int64(statement, 1, thread->row);
    bind_text(statement, 2, id);
    sqlite3_bind_blob64(statement, 3, item->json.data, item->json.size, SQLITE_STATIC);
    return ck_store_read_item(store, statement, known, error);
}

static gboolean keep_former(CkStore *store, const CkItemRow *known, guint until, gboolean settled,
                            GError **error)
{
    sqlite3_stmt *keep = use(store, KEEP_FORMER_ITEM);
    sqlite3_bind_int64(keep, 1, known->row);
    sqlite3_bind_int64(keep, 2, until);
    sqlite3_bind_int(keep, 3, settled);
    return run(store, keep, error);
}

static gboolean update(CkStore *store, const CkItemRow *known, const CkPreparedItem *item,
                       guint version, gint64 now, GError **error)
{
    sqlite3_stmt *put = use(store, UPDATE_ITEM);
    sqlite3_bind_int64(put, 1, known->row);
    sqlite3_bind_int(put, 2, item->finished);
    sqlite3_bind_blob64(put, 3, item->json.data, item->json.size, SQLITE_STATIC);
    sqlite3_bind_int64(put, 4, (gint64)item->json_size);
    sqlite3_bind_int64(put, 5, (gint64)item->md_size);
    sqlite3_bind_int64(put, 6, (gint64)item->jsonl_size);
    sqlite3_bind_int64(put, 7, version);
    sqlite3_bind_int64(put, 8, now);
    return run(store, put, error);
}

/* Those that come after an item stand elsewhere when its size is another. */
static gboolean move_items(CkStore *store, const CkItemRow *known, gint64 md, gint64 jsonl,
                           GError **error)
{
    sqlite3_stmt *move = use(store, MOVE_ITEMS);
    if (md == 0 && jsonl == 0)
        return TRUE;
    sqlite3_bind_int64(move, 1, known->row);
    sqlite3_bind_int64(move, 2, item_row(known->thread, ITEMS_MAX));
    sqlite3_bind_int64(move, 3, md);
    sqlite3_bind_int64(move, 4, jsonl);
    return run(store, move, error);
}

static gboolean change(CkStore *store, CkThreadRow *thread, const CkItemRow *known,
                       const CkPreparedItem *item, GError **error)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    gint64 md = (gint64)item->md_size - (gint64)known->md_size;
    gint64 jsonl = (gint64)item->jsonl_size - (gint64)known->jsonl_size;
    gboolean settled = known->number <= thread->settled;
    guint version = MIN(thread->changes + 1, CK_VERSION_MAX);
    if (!keep_former(store, known, version, settled, error) ||
        !update(store, known, item, version, now, error) ||
        !move_items(store, known, md, jsonl, error))
        return FALSE;
    ck_recent_clear(store->recent);
    thread->changes = version;
    thread->md_size += (guint64)md;
    thread->jsonl_size += (guint64)jsonl;
    if (settled) {
        thread->settled_md_size += (guint64)md;
        thread->settled_jsonl_size += (guint64)jsonl;
        thread->jsonl_version = version;
        thread->changed_at = now;
    } else if (item->finished) {
        settle(thread, known->number, known->md_offset + item->md_size,
               known->jsonl_offset + item->jsonl_size);
    }
    return TRUE;
}

gboolean ck_store_put_item(CkStore *store, CkThreadRow *thread, const char *id,
                           const CkPreparedItem *item, gint64 *changed, GError **error)
{
    g_auto(CkItemRow) known = {0};
    gboolean added;
    *changed = 0;
    if (thread->items >= ITEMS_MAX || thread->row > THREADS_MAX) {
        g_set_error(error, CK_ERROR, CK_ERROR_STORE,
                    "the store: thread %s has too many items to be numbered", thread->id);
        return FALSE;
    }
    if (!add(store, thread, id, item, &added, error))
        return FALSE;
    if (added)
        return TRUE;
    CkFound found = find_changed(store, thread, id, item, &known, error);
    if (found != CK_FOUND)
        return found == CK_ABSENT;
    *changed = known.row;
    return change(store, thread, &known, item, error);
}

gboolean ck_store_put_totals(CkStore *store, const CkThreadRow *thread, GError **error)
{
    sqlite3_stmt *put = use(store, PUT_TOTALS);
    sqlite3_bind_int64(put, 1, thread->row);
    sqlite3_bind_int64(put, 2, (gint64)thread->items);
    sqlite3_bind_int64(put, 3, (gint64)thread->md_size);
    sqlite3_bind_int64(put, 4, (gint64)thread->jsonl_size);
    sqlite3_bind_int64(put, 5, thread->newest_at);
    sqlite3_bind_int64(put, 6, (gint64)thread->settled);
    sqlite3_bind_int64(put, 7, (gint64)thread->settled_md_size);
    sqlite3_bind_int64(put, 8, (gint64)thread->settled_jsonl_size);
    sqlite3_bind_int64(put, 9, thread->changes);
    sqlite3_bind_int64(put, 10, thread->jsonl_version);
    sqlite3_bind_int64(put, 11, (gint64)thread->grown);
    sqlite3_bind_int64(put, 12, thread->changed_at);
    return run(store, put, error) && ck_store_put_used(store, thread->row, error);
}
