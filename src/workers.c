/* SPDX-License-Identifier: MIT */
#include "workers.h"

#define SUGGESTED_MAX 4

/* A task is a thread's from ck_workers_run() until it is in the queue of those that are done, then
 * the loop's; but cancelled, which is always the loop's. */
struct _CkTask {
    CkWorkers *workers;
    CkWork work, done;
    gpointer data;
    GDestroyNotify free_data;
    gboolean cancelled;
};

struct _CkWorkers {
    GMainContext *context;
    GThreadPool *pool;
    GHashTable *tasks; /* those not ended yet */
    GAsyncQueue *done;
    GSource *source; /* ends those that are done */
};

/* One at a time: between two of them the loop looks who else waits for it. */
typedef struct {
    GSource base;
    CkWorkers *workers;
} DoneSource;

static void task_free(gpointer data)
{
    CkTask *task = data;
    task->free_data(task->data);
    g_free(task);
}

static gboolean has_done(GSource *source)
{
    return g_async_queue_length(((DoneSource *)source)->workers->done) > 0;
}

static gboolean prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return has_done(source);
}

static gboolean end_one(GSource *source, GSourceFunc callback, gpointer data)
{
    CkWorkers *workers = ((DoneSource *)source)->workers;
    CkTask *task = g_async_queue_try_pop(workers->done);
    (void)callback;
    (void)data;
    g_hash_table_steal(workers->tasks, task);
    if (!task->cancelled)
        task->done(task->data);
    task_free(task);
    return G_SOURCE_CONTINUE;
}

static void run(gpointer data, gpointer unused)
{
    CkTask *task = data;
    CkWorkers *workers = task->workers;
    (void)unused;
    task->work(task->data);
    g_async_queue_push(workers->done, task);
    g_main_context_wakeup(workers->context);
}

CkTask *ck_workers_run(CkWorkers *workers, CkWork work, CkWork done, gpointer data,
                       GDestroyNotify free_data)
{
    CkTask *task = g_new(CkTask, 1);
    *task = (CkTask){workers, work, done, data, free_data, FALSE};
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
    static GSourceFuncs functions = {.prepare = prepare, .check = has_done, .dispatch = end_one};
    CkWorkers *workers = g_new(CkWorkers, 1);
    workers->context = g_main_context_ref(context);
    workers->pool = g_thread_pool_new(run, NULL, (gint)threads, FALSE, NULL);
    workers->tasks = g_hash_table_new_full(NULL, NULL, task_free, NULL);
    workers->done = g_async_queue_new();
    workers->source = g_source_new(&functions, sizeof(DoneSource));
    ((DoneSource *)workers->source)->workers = workers;
    g_source_attach(workers->source, context);
    return workers;
}

void ck_workers_free(CkWorkers *workers)
{
    g_thread_pool_free(workers->pool, TRUE, TRUE);
    g_source_destroy(workers->source);
    g_source_unref(workers->source);
    g_async_queue_unref(workers->done);
    g_hash_table_unref(workers->tasks);
    g_main_context_unref(workers->context);
    g_free(workers);
}
