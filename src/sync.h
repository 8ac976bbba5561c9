/* SPDX-License-Identifier: MIT */
/*
 * Brings everything into the store: the threads to the last one, then the items of each. What is
 * there already, from another time, is only checked (relist.h, check.h) where its --ttl had passed
 * when this began, so that a sync that was interrupted goes on where it was.
 */
#pragma once

#include "pager.h"

typedef struct _CkSync CkSync;

/* Called once, later, from the main context; it may free the sync. A failure that concerns all
 * requests alike ends it; threads that fail by themselves are left out, and the error is that of
 * the first one. */
typedef void (*CkSynced)(const GError *error, gpointer data);

/* All must outlive the result. Begins. */
CkSync *ck_sync_new(GMainContext *context, CkStore *store, CkApi *api, CkPager *pager,
                    const CkConfig *config, CkSynced done, gpointer data);
void ck_sync_free(CkSync *sync);

typedef struct {
    gint64 listed_at;  /* monotonic time since which all threads are known; 0: they are not */
    guint64 threads;   /* how many have been gone through, … */
    guint64 read;      /* … how many of these took requests, … */
    guint64 failed;    /* … and how many of those failed */
    gboolean complete; /* all have been gone through */
} CkSyncProgress;

CkSyncProgress ck_sync_progress(const CkSync *sync);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkSync, ck_sync_free)
