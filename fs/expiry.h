/* SPDX-License-Identifier: MIT */
/*
 * Folders whose entries the kernel has cached, and until when these count as current.
 *
 * The kernel serves a cached folder for as long as the folder's time is the same; it never asks
 * whether it still is what it was, but for attributes, and these are asked for by an ls of the
 * parent as well. So a reader of a folder could not be told from one of its parent. Hence a folder
 * is dropped from the kernel's cache when its time has passed: who reads it next is heard.
 */
#pragma once

#include "notifier.h"

typedef struct _CkExpiry CkExpiry;

/* Context and notifier must outlive the result. */
CkExpiry *ck_expiry_new(GMainContext *context, CkNotifier *notifier);
void ck_expiry_free(CkExpiry *expiry);

/* The kernel has read the folder, or looked into it; after so many seconds that does not count. */
void ck_expiry_add(CkExpiry *expiry, guint64 node, double seconds);

/* Calls each once for every folder that has not expired. */
void ck_expiry_foreach(CkExpiry *expiry, void (*each)(guint64 node, gpointer data), gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkExpiry, ck_expiry_free)
