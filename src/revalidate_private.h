/* SPDX-License-Identifier: MIT */
/*
 * What revalidate.c, which knows what is due and what readers get, revalidate_jobs.c, which has
 * checks made, and revalidate_refresh.c, which has everything checked, have in common.
 */
#pragma once

#include "follow.h"
#include "revalidate.h"

/*
 * A listing that is to be checked. While check is NULL it stands in the queue; nobody waits for it
 * then, and it is in the table all the same, so that it is not queued twice.
 */
typedef struct {
    CkRevalidator *revalidator;
    char *key;
    CkWant want;
    CkCheckParts parts;
    CkCause cause;
    CkCheck *check;
    GPtrArray *waits; /* CkRevalidation */
    gint64 began;     /* when the check was, in microseconds since 1970 */
    gboolean of_refresh;
    gboolean again; /* it is to be checked once more: a refresh came after it had begun */
} CkJob;

/* That checks failed: those of one listing, or all. */
typedef struct {
    GError *error;
    guint seconds; /* how long nothing is checked after that, … */
    gint64 until;  /* … to that monotonic time */
} CkPause;

struct _CkRevalidation {
    GPtrArray *waits; /* that it is in; NULL while those in it are being woken */
    CkRevalidated woken;
    gpointer data;
};

struct _CkRevalidator {
    GMainContext *context;
    CkStore *store;
    CkApi *api;
    const CkConfig *config;
    CkRevalidatorEvents events;
    CkFollow *follow;

    /* checks */
    GHashTable *jobs;    /* key → CkJob */
    GQueue queue;        /* CkJob, borrowed */
    guint under_way;     /* jobs with a check */
    CkPause *pause;      /* of all; NULL: the last check succeeded */
    GHashTable *pauses;  /* key → CkPause; of listings that fail by themselves */
    char *failed;        /* key of the one that did so last; NULL: another has succeeded since */
    gint64 refreshed_at; /* what was checked before does not count */

    /* all threads */
    CkRelist *relist;
    gboolean relists;        /* it is under way, … */
    GError *relist_failure;  /* … and this happened */
    GSource *ending;         /* it has ended, which is still to be told */
    gint64 relisted_at;      /* when it was begun last, in microseconds since 1970 */
    GPtrArray *relist_waits; /* CkRevalidation */
    guint asked_for;         /* threads by their ids since then */

    /* a refresh */
    gboolean refreshes;       /* it is under way: at first the threads are listed anew, then … */
    gboolean refreshes_again; /* another one begins when it has ended */
    GPtrArray *refreshing;    /* … items of these are checked; ids, owned; NULL: not yet */
    guint checks_of_refresh;  /* jobs of it that have not ended */
    GError *refresh_failure;  /* of one of them, which does not keep the others from being made */
    GPtrArray *refresh_waits; /* CkRevalidation; and those of the next one: */
    GPtrArray *next_waits;
};

/* Those who wait: wakes, and takes, waits, in whose stead there must be others by now. */
GPtrArray *ck_revalidations_new(void);
CkRevalidation *ck_revalidations_add(GPtrArray *waits, CkRevalidated woken, gpointer data);
void ck_revalidations_wake(GPtrArray *waits, const GError *error);

/* The job that checks a listing, queued if there was none. */
CkJob *ck_job_get(CkRevalidator *revalidator, const CkWant *want, CkCheckParts parts);
void ck_job_free(CkJob *job);

/* Begins it, if it is in the queue: a job that somebody waits for does not wait for its turn. */
void ck_job_begin_now(CkJob *job);

/* Begins those that are queued, as many as may be under way. */
void ck_jobs_begin(CkRevalidator *revalidator);

/* Why that listing is not checked at present; borrowed, NULL where it is. failed: why it was not
 * when that was tried last. */
const GError *ck_jobs_why_paused(const CkRevalidator *revalidator, const char *key);
const GError *ck_jobs_why_failed(const CkRevalidator *revalidator, const char *key);

/* A failure that concerns all. */
void ck_jobs_fail(CkRevalidator *revalidator, const GError *error);
void ck_jobs_succeed(CkRevalidator *revalidator);
void ck_pause_free(CkPause *pause);

/* Lists all threads anew; is due: when --relist has passed since then, in microseconds since 1970.
 */
CkRelist *ck_revalidator_new_relist(CkRevalidator *revalidator);
void ck_revalidator_start_relist(CkRevalidator *revalidator);
void ck_revalidator_clear_ending(CkRevalidator *revalidator);
gboolean ck_revalidator_is_relist_due(const CkRevalidator *revalidator, gint64 listed_at);

/* Whether a thread is to be asked for by its id. Where that has been done for as many as there are
 * pages of the listing, the listing is read instead, which brings all. */
gboolean ck_revalidator_asks_for_thread(CkRevalidator *revalidator);

/* Queues the next listing that a refresh has to check; FALSE where there is none. */
gboolean ck_refresh_queue_next(CkRevalidator *revalidator);
void ck_refresh_add(CkRevalidator *revalidator, CkJob *job);

/* Ends the refresh, if there is one, with an error or because all is checked. */
void ck_refresh_end_if_done(CkRevalidator *revalidator, const GError *error);
