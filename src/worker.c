/* SPDX-License-Identifier: MIT */
#include "worker.h"

/* A task is the thread's from ck_worker_run() until it is in the queue of those that are done, then
 * the loop's; but cancelled, which is always the loop's. */
struct _CkTask {
    CkWorker *worker;
    CkWork work, done;
    gpointer data;
    GDestroyNotify free_data;
    gboolean cancelled;
};

struct _CkWorker {
    GMainContext *context;
    GThreadPool *pool;
    GHashTable *tasks; /* those not ended yet */
    GAsyncQueue *done;
    GSource *source; /* ends those that are done */
};

/* One at a time: between two of them the loop looks who else waits for it. */
typedef struct {
    GSource base;
    CkWorker *worker;
} DoneSource;

static void task_free(gpointer data)
{
    CkTask *task = data;
    task->free_data(task->data);
    g_free(task);
}

static gboolean has_done(GSource *source)
{
    return g_async_queue_length(((DoneSource *)source)->worker->done) > 0;
}

static gboolean prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return has_done(source);
}

static gboolean end_one(GSource *source, GSourceFunc callback, gpointer data)
{
    CkWorker *worker = ((DoneSource *)source)->worker;
    CkTask *task = g_async_queue_try_pop(worker->done);
    (void)callback;
    (void)data;
    g_hash_table_steal(worker->tasks, task);
    if (!task->cancelled)
        task->done(task->data);
    task_free(task);
    return G_SOURCE_CONTINUE;
}

static void run(gpointer data, gpointer unused)
{
    CkTask *task = data;
    CkWorker *worker = task->worker;
    (void)unused;
    task->work(task->data);
    g_async_queue_push(worker->done, task);
    g_main_context_wakeup(worker->context);
}

CkTask *ck_worker_run(CkWorker *worker, CkWork work, CkWork done, gpointer data,
                      GDestroyNotify free_data)
{
    CkTask *task = g_new(CkTask, 1);
    *task = (CkTask){worker, work, done, data, free_data, FALSE};
    g_hash_table_add(worker->tasks, task);
    g_thread_pool_push(worker->pool, task, NULL);
    return task;
}

void ck_task_cancel(CkTask *task)
{
    task->cancelled = TRUE;
}

CkWorker *ck_worker_new(GMainContext *context)
{
    static GSourceFuncs functions = {.prepare = prepare, .check = has_done, .dispatch = end_one};
    CkWorker *worker = g_new(CkWorker, 1);
    worker->context = g_main_context_ref(context);
    worker->pool = g_thread_pool_new(run, NULL, 1, FALSE, NULL);
    worker->tasks = g_hash_table_new_full(NULL, NULL, task_free, NULL);
    worker->done = g_async_queue_new();
    worker->source = g_source_new(&functions, sizeof(DoneSource));
    ((DoneSource *)worker->source)->worker = worker;
    g_source_attach(worker->source, context);
    return worker;
}

void ck_worker_free(CkWorker *worker)
{
    g_thread_pool_free(worker->pool, TRUE, TRUE);
    g_source_destroy(worker->source);
    g_source_unref(worker->source);
    g_async_queue_unref(worker->done);
    g_hash_table_unref(worker->tasks);
    g_main_context_unref(worker->context);
    g_free(worker);
}
