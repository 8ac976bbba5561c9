/* SPDX-License-Identifier: MIT */
#include "recent.h"

/* Larger items than this share of all would crowd out the others. */
#define SHARE_MAX 16

struct _CkRecent {
    gsize bytes;       /* at most */
    gsize used;        /* sum of the sizes of all items */
    GHashTable *items; /* row → CkRecentItem */
    GQueue rows;       /* gint64 *, keys of items; the oldest first */
};

/* g_int64_hash() takes the lower half, which the items of all threads share (store.h). */
static guint hash_row(gconstpointer key)
{
    guint64 row = *(const guint64 *)key;
    return (guint)(row * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) >> 32);
}

static gsize size_of(const CkRecentItem *item)
{
    return g_bytes_get_size(item->json) + g_bytes_get_size(item->md);
}

static void item_free(gpointer data)
{
    CkRecentItem *item = data;
    g_bytes_unref(item->json);
    g_bytes_unref(item->md);
    g_free(item);
}

CkRecent *ck_recent_new(gsize bytes)
{
    CkRecent *recent = g_new0(CkRecent, 1);
    recent->bytes = bytes;
    recent->items = g_hash_table_new_full(hash_row, g_int64_equal, g_free, item_free);
    return recent;
}

void ck_recent_free(CkRecent *recent)
{
    g_queue_clear(&recent->rows);
    g_hash_table_unref(recent->items);
    g_free(recent);
}

static void drop_oldest(CkRecent *recent)
{
    const gint64 *row = g_queue_pop_head(&recent->rows);
    recent->used -= size_of(g_hash_table_lookup(recent->items, row));
    g_hash_table_remove(recent->items, row);
}

void ck_recent_add(CkRecent *recent, gint64 row, GBytes *json, GBytes *md)
{
    const CkRecentItem item = {json, md};
    gint64 *key = g_memdup2(&row, sizeof row);
    if (size_of(&item) > recent->bytes / SHARE_MAX || ck_recent_get(recent, row)) {
        g_bytes_unref(json);
        g_bytes_unref(md);
        g_free(key);
        return;
    }
    recent->used += size_of(&item);
    g_hash_table_insert(recent->items, key, g_memdup2(&item, sizeof item));
    g_queue_push_tail(&recent->rows, key);
    while (recent->used > recent->bytes)
        drop_oldest(recent);
}

const CkRecentItem *ck_recent_get(const CkRecent *recent, gint64 row)
{
    return g_hash_table_lookup(recent->items, &row);
}

void ck_recent_clear(CkRecent *recent)
{
    g_queue_clear(&recent->rows);
    g_hash_table_remove_all(recent->items);
    recent->used = 0;
}
