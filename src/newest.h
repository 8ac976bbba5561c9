/* SPDX-License-Identifier: MIT */
/*
 * A thread's newest page of items, asked of the server each time and not stored: for a decision
 * that must not rest on what was known before.
 */
#pragma once

#include "api.h"

typedef struct {
    guint items;       /* how many the page has, … */
    gboolean more;     /* … and whether the thread has more of them */
    gint64 created_at; /* of the newest item, in seconds since 1970; 0: none given, or no item */
} CkNewest;

typedef struct _CkNewestCall CkNewestCall;

/* Errors: those of api.h. */
typedef void (*CkNewestDone)(const CkNewest *newest, const GError *error, gpointer data);

/* Asks for up to limit items, or fewer where they are too large for one answer. done is called
 * once, later, unless the call is cancelled; the call is valid until then. */
CkNewestCall *ck_newest_ask(CkApi *api, const char *thread_id, guint limit, CkNewestDone done,
                            gpointer data);
void ck_newest_cancel(CkNewestCall *call);
