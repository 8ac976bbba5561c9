/* SPDX-License-Identifier: MIT */
#include "notifier.h"

#include <errno.h>

/* How many jobs may wait, each with a read: fewer than the kernel sends reads at a time
 * (FUSE_DEFAULT_MAX_BACKGROUND of fs/fuse/inode.c, 12). Another read would wait in the kernel until
 * one of those is answered, with its pages locked, and the thread for these pages. */
#define JOBS_MAX 8

typedef struct {
    guint64 node;
    gsize size;
} File;

struct _CkContentsJob {
    gint references;
    gint done; /* atomic; set by the thread */
    GString *bytes;
    GArray *files; /* File; their bytes stand one after the other in bytes */
};

/* What the thread is to do: store a job's contents and then answer a read; or (job NULL) forget a
 * name in the folder that node is, answer an ioctl, or invalidate a node. */
typedef struct {
    CkContentsJob *job;
    fuse_req_t read; /* or ioctl */
    GString *answer;
    guint64 node;
    char *name;
} Task;

struct _CkNotifier {
    struct fuse_session *fuse;
    GMainContext *context;
    GThread *thread;
    GMutex mutex; /* for what follows */
    GCond changed;
    GQueue tasks;        /* Task, the oldest first; it stays here while it is done */
    guint invalidations; /* tasks without a job */
    gboolean ending;
    gboolean ended;
};

CkContentsJob *ck_contents_job_new(void)
{
    CkContentsJob *job = g_new0(CkContentsJob, 1);
    job->references = 1;
    job->bytes = g_string_new(NULL);
    job->files = g_array_new(FALSE, FALSE, sizeof(File));
    return job;
}

CkContentsJob *ck_contents_job_ref(CkContentsJob *job)
{
    g_atomic_int_inc(&job->references);
    return job;
}

void ck_contents_job_unref(CkContentsJob *job)
{
    if (!g_atomic_int_dec_and_test(&job->references))
        return;
    if (job->bytes)
        g_string_free(job->bytes, TRUE);
    g_array_unref(job->files);
    g_free(job);
}

GString *ck_contents_job_bytes(CkContentsJob *job)
{
    return job->bytes;
}

void ck_contents_job_add(CkContentsJob *job, guint64 node, gsize size)
{
    const File file = {node, size};
    g_array_append_val(job->files, file);
}

gboolean ck_contents_job_is_empty(const CkContentsJob *job)
{
    return job->files->len == 0;
}

gboolean ck_contents_job_is_done(const CkContentsJob *job)
{
    return g_atomic_int_get(&job->done);
}

/* The thread */

static gboolean is_ending(CkNotifier *notifier)
{
    g_mutex_lock(&notifier->mutex);
    gboolean ending = notifier->ending;
    g_mutex_unlock(&notifier->mutex);
    return ending;
}

/* Until the kernel does not know a file, or takes no more. */
static void store(CkNotifier *notifier, CkContentsJob *job)
{
    char *at = job->bytes->str;
    for (guint i = 0; i < job->files->len && !is_ending(notifier); i++) {
        const File *file = &g_array_index(job->files, File, i);
        struct fuse_bufvec bytes = FUSE_BUFVEC_INIT(file->size);
        bytes.buf[0].mem = at;
        if (fuse_lowlevel_notify_store(notifier->fuse, file->node, 0, &bytes, 0) != 0)
            break;
        at += file->size;
    }
    g_string_free(g_steal_pointer(&job->bytes), TRUE);
}

static void perform(CkNotifier *notifier, Task *task)
{
    if (!task->job) {
        if (task->read)
            fuse_reply_ioctl(task->read, 0, NULL, 0);
        else if (is_ending(notifier))
            return; /* the kernel forgets it all */
        else if (task->name)
            fuse_lowlevel_notify_inval_entry(notifier->fuse, task->node, task->name,
                                             strlen(task->name));
        else
            fuse_lowlevel_notify_inval_inode(notifier->fuse, task->node, 0, 0);
        return;
    }
    store(notifier, task->job);
    /* First this: the next read may come before fuse_reply_buf() has returned. */
    g_atomic_int_set(&task->job->done, TRUE);
    fuse_reply_buf(task->read, task->answer->str, task->answer->len);
}

static void task_free(gpointer data)
{
    Task *task = data;
    g_clear_pointer(&task->job, ck_contents_job_unref);
    if (task->answer)
        g_string_free(task->answer, TRUE);
    g_free(task->name);
    g_free(task);
}

/* Takes the task that is done off the queue and waits for the next one; NULL at the end. */
static Task *next_task(CkNotifier *notifier, Task *done)
{
    g_mutex_lock(&notifier->mutex);
    if (done) {
        g_queue_pop_head(&notifier->tasks);
        notifier->invalidations -= !done->job;
    }
    while (notifier->tasks.length == 0 && !notifier->ending)
        g_cond_wait(&notifier->changed, &notifier->mutex);
    Task *task = g_queue_peek_head(&notifier->tasks);
    notifier->ended = !task;
    g_mutex_unlock(&notifier->mutex);
    if (done)
        task_free(done);
    return task;
}

static gpointer run(gpointer data)
{
    CkNotifier *notifier = data;
    Task *task = NULL;
    while ((task = next_task(notifier, task)))
        perform(notifier, task);
    g_main_context_wakeup(notifier->context);
    return NULL;
}

/* The loop's side */

static void push(CkNotifier *notifier, Task task)
{
    g_mutex_lock(&notifier->mutex);
    g_queue_push_tail(&notifier->tasks, g_memdup2(&task, sizeof task));
    notifier->invalidations += !task.job;
    g_cond_signal(&notifier->changed);
    g_mutex_unlock(&notifier->mutex);
}

void ck_notifier_store(CkNotifier *notifier, CkContentsJob *job, fuse_req_t read, GString *answer)
{
    push(notifier, (Task){.job = ck_contents_job_ref(job), .read = read, .answer = answer});
}

void ck_notifier_invalidate(CkNotifier *notifier, guint64 node)
{
    push(notifier, (Task){.node = node});
}

void ck_notifier_forget_name(CkNotifier *notifier, guint64 folder, const char *name)
{
    push(notifier, (Task){.node = folder, .name = g_strdup(name)});
}

void ck_notifier_answer(CkNotifier *notifier, fuse_req_t ioctl)
{
    push(notifier, (Task){.read = ioctl});
}

gboolean ck_notifier_can_store(CkNotifier *notifier)
{
    g_mutex_lock(&notifier->mutex);
    gboolean can =
        !notifier->ending && notifier->invalidations == 0 && notifier->tasks.length < JOBS_MAX;
    g_mutex_unlock(&notifier->mutex);
    return can;
}

CkNotifier *ck_notifier_new(struct fuse_session *fuse, GMainContext *context)
{
    CkNotifier *notifier = g_new0(CkNotifier, 1);
    notifier->fuse = fuse;
    notifier->context = g_main_context_ref(context);
    g_mutex_init(&notifier->mutex);
    g_cond_init(&notifier->changed);
    notifier->thread = g_thread_new("notifier", run, notifier);
    return notifier;
}

static gboolean has_ended(CkNotifier *notifier)
{
    g_mutex_lock(&notifier->mutex);
    gboolean ended = notifier->ended;
    g_mutex_unlock(&notifier->mutex);
    return ended;
}

void ck_notifier_free(CkNotifier *notifier)
{
    g_mutex_lock(&notifier->mutex);
    notifier->ending = TRUE;
    g_cond_signal(&notifier->changed);
    g_mutex_unlock(&notifier->mutex);
    /* It may wait for a page whose read only the loop can answer. */
    while (!has_ended(notifier))
        g_main_context_iteration(notifier->context, TRUE);
    g_thread_join(notifier->thread);
    g_queue_clear_full(&notifier->tasks, task_free); /* what came after it had ended */
    g_cond_clear(&notifier->changed);
    g_mutex_clear(&notifier->mutex);
    g_main_context_unref(notifier->context);
    g_free(notifier);
}
