/* SPDX-License-Identifier: MIT */
/*
 * Threads for work that takes long and touches nothing but its own data, so that the main loop goes
 * on answering. What it has done comes back to the loop.
 */
#pragma once

#include <glib.h>

typedef struct _CkWorkers CkWorkers;
typedef struct _CkTask CkTask;

typedef void (*CkWork)(gpointer data);

/* threads: how many pieces of work are done at a time. */
CkWorkers *ck_workers_new(GMainContext *context, guint threads);

/* As many threads as leave the loop a processor of its own, up to a few; at least 1. */
guint ck_workers_suggest(void);

/* Waits for the work that is under way; the rest is not done, and done() is not called any more. */
void ck_workers_free(CkWorkers *workers);

/* Calls work(data) on a thread, in the order of the calls if there is one thread, and then, from
 * the main context, done(data), unless the task is cancelled by then; and last free_data(data). The
 * result is valid until done() is called. */
CkTask *ck_workers_run(CkWorkers *workers, CkWork work, CkWork done, gpointer data,
                       GDestroyNotify free_data);

/* Done() is not called any more; data is freed once no thread works on it. */
void ck_task_cancel(CkTask *task);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkWorkers, ck_workers_free)
