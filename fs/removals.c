/* SPDX-License-Identifier: MIT */
#include "removals.h"

/* How long after the folder was closed the rmdir is waited for. */
#define RMDIR_MS 1000

typedef struct {
    guint64 folder;
    int process;
} Opened;

typedef struct {
    CkRemovals *removals;
    guint64 folder;
    int process;
    GHashTable *files; /* guint64 *, nodes */
    GSource *end;      /* NULL while the folder is open */
} Removal;

struct _CkRemovals {
    GMainContext *context;
    GHashTable *opened;   /* handle, guint64 * → Opened */
    GHashTable *removals; /* Removal, its folder as key */
    guint64 last_handle;
};

static void stop_waiting(Removal *removal)
{
    if (removal->end)
        g_source_destroy(removal->end);
    g_clear_pointer(&removal->end, g_source_unref);
}

static void removal_free(gpointer data)
{
    Removal *removal = data;
    stop_waiting(removal);
    g_hash_table_unref(removal->files);
    g_free(removal);
}

static gboolean is_open(const CkRemovals *removals, guint64 folder, int process)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, removals->opened);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Opened *opened = value;
        if (opened->folder == folder && opened->process == process)
            return TRUE;
    }
    return FALSE;
}

/* NULL: it has unlinked nothing. */
static Removal *find(const CkRemovals *removals, guint64 folder, int process)
{
    Removal *removal = g_hash_table_lookup(removals->removals, &folder);
    return removal && removal->process == process ? removal : NULL;
}

guint64 ck_removals_open(CkRemovals *removals, guint64 folder, int process)
{
    const Opened opened = {folder, process};
    Removal *removal = find(removals, folder, process);
    guint64 handle = ++removals->last_handle;
    if (removal)
        stop_waiting(removal);
    g_hash_table_insert(removals->opened, g_memdup2(&handle, sizeof handle),
                        g_memdup2(&opened, sizeof opened));
    return handle;
}

static gboolean on_end(gpointer data)
{
    Removal *removal = data;
    g_message(
        "files were to be removed, and are still there (%u of them): only a whole thread can be"
        " deleted, by rmdir or rm -r of its folder",
        g_hash_table_size(removal->files));
    g_hash_table_remove(removal->removals->removals, &removal->folder);
    return G_SOURCE_REMOVE;
}

void ck_removals_close(CkRemovals *removals, guint64 handle)
{
    const Opened *opened = g_hash_table_lookup(removals->opened, &handle);
    const Opened closed = opened ? *opened : (Opened){0};
    g_hash_table_remove(removals->opened, &handle);
    Removal *removal = g_hash_table_lookup(removals->removals, &closed.folder);
    if (!removal || removal->end || is_open(removals, removal->folder, removal->process))
        return;
    removal->end = g_timeout_source_new(RMDIR_MS);
    g_source_set_callback(removal->end, on_end, removal, NULL);
    g_source_attach(removal->end, removals->context);
}

static Removal *begin(CkRemovals *removals, guint64 folder, int process)
{
    Removal *removal = g_new0(Removal, 1);
    removal->removals = removals;
    removal->folder = folder;
    removal->process = process;
    removal->files = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_hash_table_replace(removals->removals, &removal->folder, removal);
    return removal;
}

gboolean ck_removals_unlink(CkRemovals *removals, guint64 folder, int process, guint64 file)
{
    if (process == 0 || !is_open(removals, folder, process))
        return FALSE;
    Removal *removal = find(removals, folder, process);
    if (!removal)
        removal = begin(removals, folder, process);
    /* Once: who finds what it has removed again and again (Go's os.RemoveAll) would never end. */
    return g_hash_table_add(removal->files, g_memdup2(&file, sizeof file));
}

gboolean ck_removals_has_begun(const CkRemovals *removals, guint64 folder, int process)
{
    return find(removals, folder, process) != NULL;
}

gboolean ck_removals_has_unlinked(const CkRemovals *removals, guint64 folder, int process,
                                  guint64 file)
{
    const Removal *removal = find(removals, folder, process);
    return removal && g_hash_table_contains(removal->files, &file);
}

void ck_removals_rmdir(CkRemovals *removals, guint64 folder)
{
    g_hash_table_remove(removals->removals, &folder);
}

CkRemovals *ck_removals_new(GMainContext *context)
{
    CkRemovals *removals = g_new0(CkRemovals, 1);
    removals->context = context;
    removals->opened = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    removals->removals = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, removal_free);
    return removals;
}

void ck_removals_free(CkRemovals *removals)
{
    g_hash_table_unref(removals->removals);
    g_hash_table_unref(removals->opened);
    g_free(removals);
}
