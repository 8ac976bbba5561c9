/* SPDX-License-Identifier: MIT */
/*
 * What items look like that were stored a short time ago. Most are read soon after they came, if
 * ever (grep -r, an open folder), and need then be neither looked up nor decoded and rendered
 * again. Bounded: what came first goes first.
 */
#pragma once

#include <glib.h>

typedef struct _CkRecent CkRecent;

typedef struct {
    GBytes *json; /* what the server sent */
    GBytes *md;   /* its .md */
} CkRecentItem;

/* bytes: how much of both is kept of all items. */
CkRecent *ck_recent_new(gsize bytes);
void ck_recent_free(CkRecent *recent);

/* Keeps an item, unless it is large or known. Takes json and md. row: not 0. */
void ck_recent_add(CkRecent *recent, gint64 row, GBytes *json, GBytes *md);

/* Borrowed until the next call but this one; NULL where it is not kept. */
const CkRecentItem *ck_recent_get(const CkRecent *recent, gint64 row);

void ck_recent_clear(CkRecent *recent);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkRecent, ck_recent_free)
