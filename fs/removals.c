/* SPDX-License-Identifier: MIT */
#include "removals.h"

/* How long after the folder was closed the rmdir is waited for. */
#define RMDIR_MS 1000

/* How many removals there may be before it is looked which of them are of processes that have
 * ended. */
#define LOOK_AT 64

typedef struct {
    guint64 folder, process;
} Whose;

typedef struct {
    Whose whose; /* first: it is the key */
    CkRemovals *removals;
    GHashTable *files; /* guint64 *, nodes: of the attempt */
    gboolean over;     /* the attempt is */
    GSource *end;      /* of the attempt; NULL while the folder is open, and when it is over */
} Removal;

struct _CkRemovals {
    GMainContext *context;
    gboolean (*is_alive)(guint64 process);
    GHashTable *opened;   /* handle, guint64 * → Whose */
    GHashTable *removals; /* Whose → Removal */
    guint look_at;        /* so many of them */
    guint64 last_handle;
};

static guint hash(gconstpointer key)
{
    const Whose *whose = key;
    return g_int64_hash(&whose->folder) * 31 + g_int64_hash(&whose->process);
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
    const Whose *one = a, *other = b;
    return one->folder == other->folder && one->process == other->process;
}

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

static gboolean is_open(const CkRemovals *removals, const Whose *whose)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, removals->opened);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (equal(value, whose))
            return TRUE;
    return FALSE;
}

/* NULL: it has begun none. */
static Removal *find(const CkRemovals *removals, guint64 folder, guint64 process)
{
    return g_hash_table_lookup(removals->removals, &(Whose){folder, process});
}

guint64 ck_removals_open(CkRemovals *removals, guint64 folder, guint64 process)
{
    const Whose whose = {folder, process};
    Removal *removal = find(removals, folder, process);
    guint64 handle = ++removals->last_handle;
    if (removal)
        stop_waiting(removal);
    if (removal && removal->over) {
        g_hash_table_remove_all(removal->files);
        removal->over = FALSE;
    }
    g_hash_table_insert(removals->opened, g_memdup2(&handle, sizeof handle),
                        g_memdup2(&whose, sizeof whose));
    return handle;
}

static gboolean on_end(gpointer data)
{
    Removal *removal = data;
    g_message(
        "files were to be removed, and are still there (%u of them): only a whole thread can be"
        " deleted, by rmdir or rm -r of its folder",
        g_hash_table_size(removal->files));
    stop_waiting(removal);
    removal->over = TRUE;
    return G_SOURCE_REMOVE;
}

void ck_removals_close(CkRemovals *removals, guint64 handle)
{
    const Whose *opened = g_hash_table_lookup(removals->opened, &handle);
    const Whose closed = opened ? *opened : (Whose){0};
    g_hash_table_remove(removals->opened, &handle);
    Removal *removal = g_hash_table_lookup(removals->removals, &closed);
    if (!removal || removal->over || removal->end || g_hash_table_size(removal->files) == 0 ||
        is_open(removals, &closed))
        return;
    removal->end = g_timeout_source_new(RMDIR_MS);
    g_source_set_callback(removal->end, on_end, removal, NULL);
    g_source_attach(removal->end, removals->context);
}

/* A GHRFunc: those that can't go on are dropped. */
static gboolean has_ended(gpointer key, gpointer value, gpointer data)
{
    const CkRemovals *removals = data;
    (void)key;
    const Removal *removal = value;
    return !removal->end && !removals->is_alive(removal->whose.process);
}

static Removal *begin(CkRemovals *removals, guint64 folder, guint64 process)
{
    if (g_hash_table_size(removals->removals) >= removals->look_at) {
        g_hash_table_foreach_remove(removals->removals, has_ended, removals);
        removals->look_at = MAX(LOOK_AT, 2 * g_hash_table_size(removals->removals));
    }
    Removal *removal = g_new0(Removal, 1);
    removal->whose = (Whose){folder, process};
    removal->removals = removals;
    removal->files = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_hash_table_insert(removals->removals, removal, removal);
    return removal;
}

gboolean ck_removals_unlink(CkRemovals *removals, guint64 folder, guint64 process, guint64 file)
{
    if (process == 0)
        return FALSE;
    Removal *removal = find(removals, folder, process);
    if (!removal)
        removal = begin(removals, folder, process);
    /* Once: who finds what it has removed again and again (Go's os.RemoveAll) would never end. */
    return is_open(removals, &removal->whose) &&
           g_hash_table_add(removal->files, g_memdup2(&file, sizeof file));
}

gboolean ck_removals_has_begun(const CkRemovals *removals, guint64 folder, guint64 process)
{
    return find(removals, folder, process) != NULL;
}

gboolean ck_removals_has_unlinked(const CkRemovals *removals, guint64 folder, guint64 process,
                                  guint64 file)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, removals->removals);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Removal *removal = value;
        if (removal->whose.folder == folder &&
            (removal->whose.process == process || !removal->over) &&
            g_hash_table_contains(removal->files, &file))
            return TRUE;
    }
    return FALSE;
}

void ck_removals_refused(CkRemovals *removals, guint64 folder, guint64 process)
{
    Removal *removal = find(removals, folder, process);
    if (!removal)
        return;
    stop_waiting(removal);
    removal->over = TRUE;
}

/* A GHRFunc. */
static gboolean is_of(gpointer key, gpointer value, gpointer data)
{
    const Whose *whose = key;
    (void)value;
    return whose->folder == *(const guint64 *)data;
}

void ck_removals_rmdir(CkRemovals *removals, guint64 folder)
{
    g_hash_table_foreach_remove(removals->removals, is_of, &folder);
}

CkRemovals *ck_removals_new(GMainContext *context, gboolean (*is_alive)(guint64 process))
{
    CkRemovals *removals = g_new0(CkRemovals, 1);
    removals->context = context;
    removals->is_alive = is_alive;
    removals->look_at = LOOK_AT;
    removals->opened = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    removals->removals = g_hash_table_new_full(hash, equal, NULL, removal_free);
    return removals;
}

void ck_removals_free(CkRemovals *removals)
{
    g_hash_table_unref(removals->removals);
    g_hash_table_unref(removals->opened);
    g_free(removals);
}
