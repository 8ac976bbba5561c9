/* SPDX-License-Identifier: MIT */
/*
 * Fetching ahead of readers that go from thread to thread.
 *
 * A program that looks into two threads one after the other that are neighbours (as they are
 * listed, backwards, or by name: what grep -r, rg and ls -R do) will most likely look into the next
 * ones. Their items are fetched before it comes to them: 2 threads ahead, then 4, 8, and so on with
 * each thread it comes to, up to --concurrency. Who opens one thread causes the requests of that
 * one alone.
 *
 * Nothing is asked for that a complete walk would not ask for, and nothing twice: it is the pager
 * that fetches. Where a reader stops, so does this: at most a window's worth of requests is made
 * after the last thread that it came to. They count for the reader that the walk follows.
 */
#pragma once

#include "pager.h"

typedef struct _CkWalks CkWalks;

/* All must outlive the result. */
CkWalks *ck_walks_new(CkStore *store, CkPager *pager, const CkConfig *config);
void ck_walks_free(CkWalks *walks);

/* Somebody looks at the items of a thread: its row; 0: no thread. To be called when what that
 * reader itself lacks has been asked for. Should the store fail, nothing is fetched ahead. */
void ck_walks_visit(CkWalks *walks, gint64 thread);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkWalks, ck_walks_free)
