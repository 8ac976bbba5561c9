/* SPDX-License-Identifier: MIT */
/*
 * Asks the server, with as few requests as can be, what has become of something that is known.
 *
 *   threads   the newest page, and those after it until one has a thread that is listed already;
 *             the threads that are new get places before all others
 *   items     what comes after the last finished item, to its end; and, each run of them with a
 *             request of its own, items before that which were not finished. A finished item is not
 *             asked for again: it can't change. Of a listing that has not been read to its end only
 *             what is known and was not finished is asked for; the rest is read when it is wanted.
 *   a thread  by its id: its title and state, and whether it is still there; if not, whether there
 *             is a list of threads, and then again whether it is there, so that a server that
 *             answers 404 to everything for a while loses none
 *
 * What comes is in the store before the events tell of it. A listing that has been checked to the
 * end is noted as current since the check began. A check that fails leaves what was known.
 */
#pragma once

#include "api.h"
#include "store.h"
#include "want.h"

typedef struct _CkCheck CkCheck;

typedef struct {
    void (*thread_changed)(const char *thread_id, gpointer data); /* it is new, or has changed */
    void (*grown)(const char *thread_id, gpointer data);          /* it has got items */
    void (*item_changed)(gint64 row, gpointer data);
    void (*thread_gone)(const CkThreadRow *thread, gpointer data); /* the store has it no more */
    gpointer data;
} CkCheckEvents;

/* What is asked of a thread. */
typedef enum { CK_CHECK_ITEMS = 1 << 0, CK_CHECK_THREAD = 1 << 1 } CkCheckParts;

/* Called once unless the check is freed before, from the main context; it may free the check. */
typedef void (*CkCheckDone)(const GError *error, gpointer data);

/* Begins. listing: one that has been read, at least in part; parts: of items alone. Store, API,
 * configuration and events must outlive the result. */
CkCheck *ck_check_new(GMainContext *context, CkStore *store, CkApi *api, const CkConfig *config,
                      const CkCheckEvents *events, const CkWant *listing, CkCheckParts parts,
                      CkCheckDone done, gpointer data);

/* Cancels what is under way. */
void ck_check_free(CkCheck *check);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkCheck, ck_check_free)
