/* SPDX-License-Identifier: MIT */
/* The FUSE session: a mountpoint and the descriptor that the kernel's requests come from, as a
 * source of the main context. */
#pragma once

#include "keeper.h"
#include "request.h"

typedef struct _CkSession CkSession;

/* Has the keeper mount. options: for -o, such as "fsname=x,allow_other"; debug: libfuse prints
 * every request. ended is called when somebody has unmounted, or when the kernel did not begin to
 * talk to us, so that mount->ready was not called. NULL where it fails, without an error where
 * libfuse has printed why. The mount must outlive the result. */
CkSession *ck_session_mount(CkMount *mount, CkKeeper *keeper, const char *options, gboolean debug,
                            void (*ended)(gpointer data), gpointer data, GError **error);

/* Have the kernel forget what it knows of a thread that is new or not as it was, that has got
 * items, of which an item is not as it was, or that is gone: CkCheckEvents, for which data is the
 * session. */
void ck_session_thread_changed(const char *thread_id, gpointer data);
void ck_session_thread_grown(const char *thread_id, gpointer data);
void ck_session_item_changed(gint64 row, gpointer data);
void ck_session_thread_gone(const CkThreadRow *thread, gpointer data);

/* Has it forget all that could have changed. */
void ck_session_refresh(gpointer session);

/* Names that it is to forget when there is time for that: now. */
void ck_session_flush(gpointer session);

/* Ends what still waits, and closes the kernel's descriptor: what is mounted is dead then, until
 * the keeper has unmounted it. */
void ck_session_free(CkSession *session);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkSession, ck_session_free)
