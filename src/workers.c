/* SPDX-License-Identifier: MIT */
#include "workers.h"

#define SUGGESTED_MAX 4

/* A task is a thread's from ck_workers_run() until its source is attached, then the loop's; but
 * cancelled, which is always the loop's. */
struct _CkTask {
    CkWorkers *workers;
    CkWork work, done;
    gpointer data;
    GDestroyNotify free_data;
    GSource *source; /* calls done() */
    gboolean cancelled;
};

struct _CkWorkers {
    GMainContext *context;
    GThreadPool *pool;
    GHashTable *tasks; /* those not ended yet */
};

static void task_free(gpointer data)
{
    CkTask *task = data;
    g_source_destroy(task->source);
    g_source_unref(task->source);
    task->free_data(task->data);
    g_free(task);
}

static gboolean on_done(gpointer data)
{
    CkTask *task = data;
    g_hash_table_steal(task->workers->tasks, task);
    if (!task->cancelled)
        task->done(task->data);
    task_free(task);
    return G_SOURCE_REMOVE;
}

static void run(gpointer data, gpointer unused)
{
    CkTask *task = data;
    (void)unused;
    task->work(task->data);
    g_source_attach(task->source, task->workers->context);
}

CkTask *ck_workers_run(CkWorkers *workers, CkWork work, CkWork done, gpointer data,
                       GDestroyNotify free_data)
{
    CkTask *task = g_new(CkTask, 1);
    *task = (CkTask){workers, work, done, data, free_data, g_idle_source_new(), FALSE};
    g_source_set_priority(task->source, G_PRIORITY_DEFAULT);
    g_source_set_callback(task->source, on_done, task, NULL);
    g_hash_table_add(workers->tasks, task);
    g_thread_pool_push(workers->pool, task, NULL);
    return task;
}

void ck_task_cancel(CkTask *task)
{
    task->cancelled = TRUE;
}

guint ck_workers_suggest(void)
{
    return CLAMP(g_get_num_processors() - 1, 1, SUGGESTED_MAX);
}

CkWorkers *ck_workers_new(GMainContext *context, guint threads)
{
    CkWorkers *workers = g_new(CkWorkers, 1);
    workers->context = g_main_context_ref(context);
    workers->pool = g_thread_pool_new(run, NULL, (gint)threads, FALSE, NULL);
    workers->tasks = g_hash_table_new_full(NULL, NULL, task_free, NULL);
    return workers;
}

void ck_workers_free(CkWorkers *workers)
{
    g_thread_pool_free(workers->pool, TRUE, TRUE);
    g_hash_table_unref(workers->tasks);
    g_main_context_unref(workers->context);
    g_free(workers);
}
