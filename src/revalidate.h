/* SPDX-License-Identifier: MIT */
/*
 * Keeps what is known current, with no more requests than readers have a use for.
 *
 * A listing is current for --ttl seconds after it was read or checked. The first reader that comes
 * after that gets what is known all the same, and has it checked behind its back (check.h); what
 * turns out to be new reaches the kernel by the events. So it is with a thread itself, whose title
 * and state come with the listing of threads: who opens it after the ttl has it asked for by its
 * id, unless so many are opened that to list all threads anew (relist.h) costs less. That is done
 * every --relist seconds as well, if there are readers, since nothing else tells of a thread that
 * was renamed, locked or deleted.
 *
 * With --ttl=0 readers wait for the check. Half of the requests that may be under way at a time are
 * left to readers.
 *
 * When a check fails nothing is checked for a second, after the next failure for two, and so on up
 * to half a minute: for as long as the network is gone, readers get what is known at once; with
 * --strict the failure. Where the server fails with one listing alone, only that one is left alone.
 */
#pragma once

#include "check.h"
#include "relist.h"

typedef struct _CkRevalidator CkRevalidator;
typedef struct _CkRevalidation CkRevalidation;

typedef struct {
    CkCheckEvents check;
    void (*failed)(const GError *error, gpointer data); /* what is known stays as it was */
    gpointer data;
} CkRevalidatorEvents;

/* All but events must outlive the result. */
CkRevalidator *ck_revalidator_new(GMainContext *context, CkStore *store, CkApi *api,
                                  const CkConfig *config, const CkRevalidatorEvents *events);

/* Cancels what is under way; those who wait are not woken. */
void ck_revalidator_free(CkRevalidator *revalidator);

typedef enum {
    CK_SERVE, /* what is known may be shown, … */
    CK_WAIT,  /* … or only after ck_revalidator_wait(), … */
    CK_REFUSE /* … or not: the error is set */
} CkServe;

/* Somebody reads what a listing says. *valid: seconds for which that may be taken as current; short
 * while it is being checked. again: it is likely that the same reader has just asked. */
CkServe ck_revalidate(CkRevalidator *revalidator, const CkWant *listing, gboolean again,
                      double *valid, GError **error);

/* Calls woken once, later, when the listing has been checked, unless that is cancelled. The error
 * is for those who want none but current answers. */
typedef void (*CkRevalidated)(const GError *error, gpointer data);
CkRevalidation *ck_revalidator_wait(CkRevalidator *revalidator, const CkWant *listing,
                                    CkRevalidated woken, gpointer data);
void ck_revalidator_cancel(CkRevalidation *wait);

/* The store has lost all that it held: ends what is under way, for those who wait with that
 * failure. */
void ck_revalidator_begin_again(CkRevalidator *revalidator, const GError *failure);

/* Checks all that is known: lists the threads anew, then asks for the items of those whose items
 * have been read. Readers get what is known meanwhile. woken, if not NULL, is called once that has
 * ended, as above. While a refresh is under way, however many more are asked for are one, which
 * begins when it has ended: what it has checked already may have changed since. */
CkRevalidation *ck_revalidator_refresh(CkRevalidator *revalidator, CkRevalidated woken,
                                       gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkRevalidator, ck_revalidator_free)
