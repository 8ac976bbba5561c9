/* SPDX-License-Identifier: MIT */
/*
 * Lists threads anew that are known already: for what is new, for titles and states that are not as
 * they were, and for what is gone, none of which the API tells of itself.
 *
 * What the first reading had to do page by page can be done side by side now. A cursor is a
 * thread's id, so every known thread is one. With every hundredth as a bound, the listing falls
 * into segments of a page each:
 *
 *   start → bound 1 → bound 2 → … → end
 *
 * A segment is read from its bound on, until a page has another bound or is the last one: that is
 * one page, or more of them where threads were added or the next bound is gone. There is no gap
 * when the segments make a chain from the start to the end. A server may reject the cursor of a
 * thread that is gone, or say that nothing comes after it, which is why a thread is asked for by
 * its id where nothing does; then the chain goes past that bound, because the segment before it met
 * another one. Where it does not, since the bound went in between, all is listed once more, without
 * that bound.
 *
 * Known threads are kept until there is such a chain; only those that no page of it had are dropped
 * then. Threads that are new come before all others. A listing that has been read in part is listed
 * anew as far as it has been read.
 */
#pragma once

#include "api.h"
#include "store.h"

typedef struct _CkRelist CkRelist;

typedef struct {
    void (*changed)(const char *thread_id, gpointer data);  /* it is new, or not as before */
    void (*gone)(const CkThreadRow *thread, gpointer data); /* it is in the store no more */
    void (*failed)(const GError *error, gpointer data);     /* nothing was dropped */
    void (*ended)(gpointer data);                           /* well or not; may be NULL */
    gpointer data;
} CkRelistEvents;

/* Store, API and configuration must outlive the result. */
CkRelist *ck_relist_new(CkStore *store, CkApi *api, const CkConfig *config,
                        const CkRelistEvents *events);

/* Cancels what is under way. */
void ck_relist_free(CkRelist *relist);

/* Lists anew all that has been listed; while that is under way, once more after it. Half of the
 * requests that may be under way at a time are left to readers. */
void ck_relist_start(CkRelist *relist);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkRelist, ck_relist_free)
