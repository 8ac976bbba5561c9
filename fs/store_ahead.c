/* SPDX-License-Identifier: MIT */
#include "store_ahead.h"

/* Bytes that are stored with one read. Rendering as much takes the loop some milliseconds. */
#define ROOM (1024 * 1024)

/* The size of a file that is worth storing. */
#define FILE_MAX (ROOM / 4)

/* How many folders are remembered: more than there can be jobs (notifier.c), so that one without a
 * job can always be forgotten. */
#define FOLDERS 64

/*
 * A folder in which a file was read.
 *
 * While its job is not done, no other read of the folder waits: the notifier may be waiting for
 * just that read (notifier.h). Then position tells up to where files were stored.
 */
typedef struct {
    guint64 folder; /* node; 0: unused */
    CkContentsJob *job;
    gboolean stored;  /* anything, since the kernel listed the folder last */
    guint64 position; /* of the last file that was stored, G_MAXUINT64: all */
    guint64 used;     /* when, in reads */
} Folder;

struct _CkStoreAhead {
    CkNotifier *notifier;
    CkTree *tree;
    Folder folders[FOLDERS];
    guint64 reads;
};

CkStoreAhead *ck_store_ahead_new(CkNotifier *notifier, CkTree *tree)
{
    CkStoreAhead *ahead = g_new0(CkStoreAhead, 1);
    ahead->notifier = notifier;
    ahead->tree = tree;
    return ahead;
}

void ck_store_ahead_free(CkStoreAhead *ahead)
{
    for (guint i = 0; i < FOLDERS; i++)
        g_clear_pointer(&ahead->folders[i].job, ck_contents_job_unref);
    g_free(ahead);
}

static gboolean is_busy(const Folder *folder)
{
    return folder->job && !ck_contents_job_is_done(folder->job);
}

static Folder *find(CkStoreAhead *ahead, guint64 node)
{
    for (guint i = 0; i < FOLDERS; i++)
        if (ahead->folders[i].folder == node)
            return &ahead->folders[i];
    return NULL;
}

/* The folder's, else the one that was used longest ago and is not busy. */
static Folder *find_or_replace(CkStoreAhead *ahead, guint64 node)
{
    Folder *found = find(ahead, node);
    for (guint i = 0; i < FOLDERS && !found; i++)
        if (!is_busy(&ahead->folders[i]))
            found = &ahead->folders[i];
    for (guint i = 0; i < FOLDERS && found->folder != node; i++)
        if (!is_busy(&ahead->folders[i]) && ahead->folders[i].used < found->used)
            found = &ahead->folders[i];
    if (found->folder != node) {
        g_clear_pointer(&found->job, ck_contents_job_unref);
        *found = (Folder){.folder = node};
    }
    found->used = ++ahead->reads;
    return found;
}

void ck_store_ahead_forget(CkStoreAhead *ahead, guint64 folder)
{
    Folder *found = find(ahead, folder);
    if (found)
        found->stored = FALSE;
}

/* Takes files for a job as the tree lists them. */
typedef struct {
    CkTree *tree;
    CkContentsJob *job;
    guint64 except; /* the node that is being read */
    guint64 end;    /* the position to stop at */
    guint64 last;   /* the position of the last one that was looked at */
    gsize room;     /* bytes */
} Taking;

/* A CkTreeTake. Leaves out what is large, or can't be rendered: who reads that asks for it. What
 * can still change becomes another node then, or grows (tree.h). */
static gboolean take(const char *name, const CkStat *stat, guint64 position, gpointer data)
{
    Taking *taking = data;
    (void)name;
    if (position > taking->end || taking->room == 0)
        return FALSE;
    gboolean wanted =
        stat->type == CK_TYPE_FILE && stat->node != taking->except && stat->size <= FILE_MAX;
    if (wanted && stat->size > taking->room) { /* the next part begins with it */
        taking->room = 0;
        return FALSE;
    }
    taking->last = position;
    if (!wanted)
        return TRUE;
    GString *bytes = ck_contents_job_bytes(taking->job);
    gsize before = bytes->len;
    gsize size = (gsize)stat->size;
    g_auto(CkWant) want = {0};
    if (ck_tree_read(taking->tree, stat->node, 0, size, bytes, &want, NULL) != CK_TREE_OK ||
        bytes->len - before != size) {
        g_string_truncate(bytes, before);
        return TRUE;
    }
    ck_contents_job_add(taking->job, stat->node, size);
    taking->room -= size;
    return TRUE;
}

/* Takes what follows a position, as far as it is known. TRUE when that is all there is. */
static gboolean take_after(Taking *taking, guint64 folder, guint64 position)
{
    for (;;) {
        g_auto(CkWant) want = {0};
        taking->last = position;
        CkTreeResult result =
            ck_tree_list(taking->tree, folder, position, take, taking, &want, NULL);
        if (result != CK_TREE_OK || taking->room == 0)
            return FALSE;
        if (taking->last == position)
            return TRUE;
        position = taking->last;
    }
}

/* The contents of the files around a position of the folder. */
static CkContentsJob *fill(CkStoreAhead *ahead, Folder *folder, guint64 node, guint64 position)
{
    CkContentsJob *job = ck_contents_job_new();
    Taking taking = {
        .tree = ahead->tree, .job = job, .except = node, .end = G_MAXUINT64, .room = ROOM};
    gboolean to_the_end = take_after(&taking, folder->folder, position);
    folder->position = taking.last;
    if (to_the_end && !folder->stored) {
        taking.end = position;
        take_after(&taking, folder->folder, 0);
    }
    if (to_the_end)
        folder->position = G_MAXUINT64;
    folder->stored = TRUE;
    return job;
}

static void reply(fuse_req_t read, GString *answer)
{
    fuse_reply_buf(read, answer->str, answer->len);
    g_string_free(answer, TRUE);
}

void ck_store_ahead_reply(CkStoreAhead *ahead, fuse_req_t read, guint64 node, GString *answer)
{
    guint64 parent, position;
    if (ck_tree_locate(ahead->tree, node, &parent, &position, NULL) != CK_TREE_OK ||
        !ck_notifier_can_store(ahead->notifier)) {
        reply(read, answer);
        return;
    }
    Folder *folder = find_or_replace(ahead, parent);
    if (is_busy(folder) || (folder->stored && position <= folder->position)) {
        reply(read, answer);
        return;
    }
    g_clear_pointer(&folder->job, ck_contents_job_unref);
    folder->job = fill(ahead, folder, node, position);
    if (ck_contents_job_is_empty(folder->job)) {
        g_clear_pointer(&folder->job, ck_contents_job_unref);
        reply(read, answer);
        return;
    }
    ck_notifier_store(ahead->notifier, folder->job, read, answer);
}
