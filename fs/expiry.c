/* SPDX-License-Identifier: MIT */
#include "expiry.h"

/* Folders that expire within one such time, in milliseconds, do so together. */
#define TICK_MS 250

/* Longer times are none: it is the kernel that forgets them first. */
#define SECONDS_MAX 86400.0

struct _CkExpiry {
    GMainContext *context;
    CkNotifier *notifier;
    GHashTable *ticks; /* the tick in which they expire (gint64) → GArray of nodes */
    GSource *timer;    /* while there are any */
    guint64 last;      /* the node that was added last, … */
    gint64 last_tick;  /* … and its tick: most are added again and again */
};

static gint64 this_tick(void)
{
    return g_get_monotonic_time() / 1000 / TICK_MS;
}

static gboolean on_timer(gpointer data)
{
    CkExpiry *expiry = data;
    GHashTableIter iter;
    gpointer key, value;
    gint64 now = this_tick();
    g_hash_table_iter_init(&iter, expiry->ticks);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const GArray *nodes = value;
        if (*(const gint64 *)key > now)
            continue;
        for (guint i = 0; i < nodes->len; i++)
            ck_notifier_invalidate(expiry->notifier, g_array_index(nodes, guint64, i));
        g_hash_table_iter_remove(&iter);
    }
    if (g_hash_table_size(expiry->ticks) > 0)
        return G_SOURCE_CONTINUE;
    g_clear_pointer(&expiry->timer, g_source_unref);
    return G_SOURCE_REMOVE;
}

static void start_timer(CkExpiry *expiry)
{
    if (expiry->timer)
        return;
    expiry->timer = g_timeout_source_new(TICK_MS);
    g_source_set_callback(expiry->timer, on_timer, expiry, NULL);
    g_source_attach(expiry->timer, expiry->context);
}

void ck_expiry_add(CkExpiry *expiry, guint64 node, double seconds)
{
    gint64 tick = this_tick() + (gint64)(MIN(seconds, SECONDS_MAX) * 1000 / TICK_MS) + 1;
    if (node == expiry->last && tick == expiry->last_tick)
        return;
    GArray *nodes = g_hash_table_lookup(expiry->ticks, &tick);
    if (!nodes) {
        nodes = g_array_new(FALSE, FALSE, sizeof(guint64));
        g_hash_table_insert(expiry->ticks, g_memdup2(&tick, sizeof tick), nodes);
    }
    g_array_append_val(nodes, node);
    expiry->last = node;
    expiry->last_tick = tick;
    start_timer(expiry);
}

void ck_expiry_foreach(CkExpiry *expiry, void (*each)(guint64 node, gpointer data), gpointer data)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, expiry->ticks);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        GArray *nodes = value;
        for (guint i = 0; i < nodes->len; i++)
            if (g_hash_table_add(seen, &g_array_index(nodes, guint64, i)))
                each(g_array_index(nodes, guint64, i), data);
    }
}

CkExpiry *ck_expiry_new(GMainContext *context, CkNotifier *notifier)
{
    CkExpiry *expiry = g_new0(CkExpiry, 1);
    expiry->context = context;
    expiry->notifier = notifier;
    expiry->ticks =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_array_unref);
    return expiry;
}

void ck_expiry_free(CkExpiry *expiry)
{
    if (expiry->timer)
        g_source_destroy(expiry->timer);
    g_clear_pointer(&expiry->timer, g_source_unref);
    g_hash_table_unref(expiry->ticks);
    g_free(expiry);
}
