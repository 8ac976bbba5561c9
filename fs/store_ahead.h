/* SPDX-License-Identifier: MIT */
/*
 * Puts files into the kernel's page cache before they are read: whoever reads one file of a folder
 * (grep -r, rg, tar, an editor's search) will most likely read the others, and each would take a
 * request. The first read in a folder waits until the folder's other files are there, so that no
 * race decides how many requests a walk takes.
 *
 * What is stored with one read is bounded: the files that follow the one that is read, then, if
 * that was not the end of the room, those before it. A reader that comes to where it ended has the
 * next part stored. A folder that nobody reads in costs nothing, nor do files that the kernel has
 * not listed or looked up.
 */
#pragma once

#include "notifier.h"
#include "tree.h"

typedef struct _CkStoreAhead CkStoreAhead;

/* Both must outlive the result. */
CkStoreAhead *ck_store_ahead_new(CkNotifier *notifier, CkTree *tree);
void ck_store_ahead_free(CkStoreAhead *ahead);

/* Answers a read of a file with answer (taken), now or when more has been stored. */
void ck_store_ahead_reply(CkStoreAhead *ahead, fuse_req_t read, guint64 node, GString *answer);

/* The kernel lists a folder from its beginning: it may have dropped what was stored of it. */
void ck_store_ahead_forget(CkStoreAhead *ahead, guint64 folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkStoreAhead, ck_store_ahead_free)
