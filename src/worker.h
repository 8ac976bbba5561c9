/* SPDX-License-Identifier: MIT */
/*
 * A thread for work that takes long and touches nothing but its own data, so that the main loop
 * goes on answering. What it has done comes back to the loop, in the order in which it was begun.
 */
#pragma once

#include <glib.h>

typedef struct _CkWorker CkWorker;
typedef struct _CkTask CkTask;

typedef void (*CkWork)(gpointer data);

CkWorker *ck_worker_new(GMainContext *context);

/* Waits for the piece of work that is under way; the rest is not done, and done() is not called any
 * more. */
void ck_worker_free(CkWorker *worker);

/* Calls work(data) on the thread and then, from the main context, done(data), unless the task is
 * cancelled by then; and last free_data(data). The result is valid until done() is called. */
CkTask *ck_worker_run(CkWorker *worker, CkWork work, CkWork done, gpointer data,
                      GDestroyNotify free_data);

/* Done() is not called any more; data is freed once it is not worked on. */
void ck_task_cancel(CkTask *task);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkWorker, ck_worker_free)
