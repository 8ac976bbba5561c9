/* SPDX-License-Identifier: MIT */
/*
 * Has threads deleted, for those who wait for it.
 *
 * However many wait, the server is asked once. A request that it has goes on when nobody waits any
 * more; no other one is sent then. When the server has confirmed it the thread is taken out of the
 * store, and stays out.
 *
 * An answer that leaves it open is no confirmation. "Not found" may mean that somebody else was
 * faster, that an attempt before the last one did it and its answer was lost, or that the server
 * answers so to everything: then it is asked for the thread as check.h does. Where that is gone it
 * counts as deleted, else deleting it has failed. After any other failure the thread stays in the
 * store as well, and if it has been deleted all the same, later checks will find that.
 */
#pragma once

#include "check.h"

typedef struct _CkDeleter CkDeleter;
typedef struct _CkDeletion CkDeletion;

/* Errors: those of api.h and of the store. Everything has been told to those who look at the store
 * (CkCheckEvents) before. */
typedef void (*CkDeleted)(const GError *error, gpointer data);

/* What happens besides. */
typedef struct {
    CkCheckEvents check;
    void (*failed)(const GError *error, gpointer data); /* once, however many waited */
    gpointer data;
} CkDeleterEvents;

/* All but events must outlive the result. */
CkDeleter *ck_deleter_new(GMainContext *context, CkStore *store, CkApi *api, const CkConfig *config,
                          const CkDeleterEvents *events);

/* Cancels what is under way; those who wait are not woken. */
void ck_deleter_free(CkDeleter *deleter);

/* Has the thread deleted, and calls woken once, later, unless that is cancelled. The result is
 * valid until then. at_once: the server is asked once alone, since the thread is to be deleted as
 * it is now. */
CkDeletion *ck_deleter_wait(CkDeleter *deleter, const char *thread_id, gboolean at_once,
                            CkDeleted woken, gpointer data);

/* Frees the wait; woken is not called any more. What has been asked for goes on. */
void ck_deleter_cancel(CkDeletion *wait);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkDeleter, ck_deleter_free)
