/* SPDX-License-Identifier: MIT */
#include "snapshots.h"

#include <string.h>

/* A snapshot is kept while it has lookups, or is the newest one of its file. */
struct _CkSnapshots {
    GHashTable *kept;    /* number → CkSnapshot */
    CkSnapshot **newest; /* of each file; NULL: none yet. Borrowed from kept */
    guint64 next;
};

static void snapshot_free(gpointer data)
{
    CkSnapshot *snapshot = data;
    g_free(snapshot->text);
    g_free(snapshot);
}

static gboolean is_same(const CkSnapshot *snapshot, const GString *text)
{
    return snapshot->size == text->len && memcmp(snapshot->text, text->str, text->len) == 0;
}

static void drop_unused(CkSnapshots *snapshots, const CkSnapshot *snapshot)
{
    if (snapshot->lookups == 0 && snapshots->newest[snapshot->file] != snapshot)
        g_hash_table_remove(snapshots->kept, &snapshot->number);
}

static CkSnapshot *add(CkSnapshots *snapshots, guint file, GString *text)
{
    CkSnapshot *snapshot = g_new0(CkSnapshot, 1);
    const CkSnapshot *before = snapshots->newest[file];
    snapshot->number = snapshots->next++;
    snapshot->file = file;
    snapshot->size = text->len;
    snapshot->text = g_string_free(text, FALSE);
    clock_gettime(CLOCK_REALTIME, &snapshot->time);
    g_hash_table_insert(snapshots->kept, &snapshot->number, snapshot);
    snapshots->newest[file] = snapshot;
    if (before)
        drop_unused(snapshots, before);
    return snapshot;
}

const CkSnapshot *ck_snapshots_look_up(CkSnapshots *snapshots, guint file, GString *text)
{
    CkSnapshot *snapshot = snapshots->newest[file];
    if (snapshot && is_same(snapshot, text))
        g_string_free(text, TRUE);
    else
        snapshot = add(snapshots, file, text);
    snapshot->lookups++;
    return snapshot;
}

const CkSnapshot *ck_snapshots_get(CkSnapshots *snapshots, guint64 number)
{
    return g_hash_table_lookup(snapshots->kept, &number);
}

void ck_snapshots_forget(CkSnapshots *snapshots, guint64 number, guint64 lookups)
{
    CkSnapshot *snapshot = g_hash_table_lookup(snapshots->kept, &number);
    if (!snapshot)
        return;
    snapshot->lookups -= MIN(lookups, snapshot->lookups);
    drop_unused(snapshots, snapshot);
}

guint ck_snapshots_count(const CkSnapshots *snapshots)
{
    return g_hash_table_size(snapshots->kept);
}

CkSnapshots *ck_snapshots_new(guint files, guint64 first)
{
    CkSnapshots *snapshots = g_new(CkSnapshots, 1);
    *snapshots = (CkSnapshots){
        .kept = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, snapshot_free),
        .newest = g_new0(CkSnapshot *, files),
        .next = first,
    };
    return snapshots;
}

void ck_snapshots_free(CkSnapshots *snapshots)
{
    g_hash_table_unref(snapshots->kept);
    g_free(snapshots->newest);
    g_free(snapshots);
}
