/* SPDX-License-Identifier: MIT */
/*
 * What relist.c, which plans and concludes the reading of a listing, and relist_segment.c, which
 * reads its parts, have in common.
 */
#pragma once

#include "relist.h"

/* A part of the listing. While call is set a page of it is asked for, or whether its cursor is
 * still there. */
typedef struct {
    CkRelist *relist;
    char *bound;         /* the thread that it comes after; NULL: the listing's start */
    char *cursor;        /* what the page is asked to come after; at first the bound */
    GHashTable *cursors; /* those that it has had: one twice would make it endless */
    guint limit;         /* elements asked for */
    CkApiCall *call;
    GPtrArray *fresh;  /* ids of its threads that had no place, the newest first; owned */
    guint newer;       /* how many of them surely come before relist->last */
    gboolean read;     /* as far as it goes: */
    char *met;         /* to this bound, or (NULL) to the end */
    gboolean passed;   /* met is relist->last, but that is gone: an older thread came instead */
    char *before_last; /* after which thread, one that can be a cursor; NULL: none */
    gboolean stuck;    /* the server does not know its cursor any more */
} CkSegment;

/* One listing is read at a time; what is below wants is of that one. */
struct _CkRelist {
    CkStore *store;
    CkApi *api;
    const CkConfig *config;
    CkRelistEvents events;
    gboolean again; /* everything, once this is done */
    GQueue wants;   /* CkWant *; the listings that are still to be read; the first is being read */

    guint tries;
    GHashTable *lost;     /* ids of bounds that the server did not know in an earlier try */
    gint64 user;          /* row; 0: all threads */
    char *last;           /* the thread up to which the listing has been read; NULL: to its end */
    gint64 last_at;       /* its created_at */
    gboolean unordered;   /* threads came whose times do not descend */
    gint64 newest_row;    /* of the threads that were known when it began */
    gint64 began;         /* in microseconds since 1970 */
    GHashTable *segments; /* bound, "" for the start → CkSegment */
    GQueue waiting;       /* CkSegment, borrowed; not begun yet */
    guint under_way;
};

/* Adds a part that comes after that thread, or (NULL) begins the listing. */
void ck_segment_add(CkRelist *relist, const char *bound);
void ck_segment_free(CkSegment *segment);

/* Reads it on until it ends: read, stuck, or failed. */
void ck_segment_read(CkSegment *segment);

/* To be called by a segment that has ended, and does not touch itself any more. failure: of the
 * store or the server, or NULL. */
void ck_relist_segment_ended(CkRelist *relist, const GError *failure);
