/* SPDX-License-Identifier: MIT */
#include "deletion.h"

#include "error.h"
#include "listing.h"

/* A thread that is being deleted: the server is asked to (call), or asked for it (check). */
typedef struct {
    CkDeleter *deleter;
    CkWant want; /* CK_WANT_DELETED */
    CkCause cause;
    CkApiCall *call;
    CkCheck *check;
    GError *answer;   /* what the server said to it, while that is checked */
    GPtrArray *waits; /* CkDeletion */
} Job;

struct _CkDeletion {
    Job *job;
    CkDeleted woken;
    gpointer data;
};

struct _CkDeleter {
    GMainContext *context;
    CkStore *store;
    CkApi *api;
    const CkConfig *config;
    CkDeleterEvents events;
    GHashTable *jobs; /* id of a thread → Job */
};

static void job_free(gpointer data)
{
    Job *job = data;
    g_clear_pointer(&job->call, ck_api_cancel);
    g_clear_pointer(&job->check, ck_check_free);
    g_clear_error(&job->answer);
    g_ptr_array_set_free_func(job->waits, g_free);
    g_ptr_array_unref(job->waits);
    ck_want_clear(&job->want);
    g_free(job);
}

/* One after the other, since a woken one may cancel another. */
static void wake(GPtrArray *waits, const GError *error)
{
    while (waits->len > 0) {
        g_autofree CkDeletion *wait = g_ptr_array_steal_index(waits, 0);
        wait->woken(error, wait->data);
    }
}

/* Frees the job. */
static void finish(Job *job, const GError *failure)
{
    CkDeleter *deleter = job->deleter;
    g_autoptr(GError) error = failure ? g_error_copy(failure) : NULL;
    g_autofree char *what = ck_want_describe(&job->want);
    g_autoptr(GPtrArray) waits = g_ptr_array_ref(job->waits);
    g_prefix_error(&error, "%s: ", what);
    g_hash_table_steal(deleter->jobs, job->want.id);
    if (error)
        deleter->events.failed(error, deleter->events.data);
    wake(waits, error);
    job_free(job);
}

/* The server has it no more. */
static void drop(Job *job)
{
    CkDeleter *deleter = job->deleter;
    g_auto(CkThreadRow) thread = {0};
    g_autoptr(GString) who = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    ck_cause_write(&job->cause, who);
    g_message("thread %s has been deleted, for %s", job->want.id, who->str);
    ck_store_set_deleted(deleter->store, job->want.id);
    if (ck_listing_drop_thread(deleter->store, job->want.id, &thread, &error) == CK_FOUND)
        deleter->events.check.thread_gone(&thread, deleter->events.check.data);
    finish(job, error);
}

static gboolean is_known(Job *job)
{
    g_auto(CkThreadRow) thread = {0};
    return ck_store_thread_by_id(job->deleter->store, job->want.id, &thread, NULL) != CK_ABSENT;
}

/* No CK_ERROR_NOT_FOUND, which to rm -f is as good as deleted. */
static void finish_odd(Job *job, const char *what)
{
    g_autoptr(GError) error = g_error_new_literal(CK_ERROR, CK_ERROR_BAD_RESPONSE, what);
    finish(job, error);
}

/* A CkCheckDone. */
static void on_checked(const GError *error, gpointer data)
{
    Job *job = data;
    g_autoptr(GError) answer = g_steal_pointer(&job->answer);
    g_clear_pointer(&job->check, ck_check_free);
    if (g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND))
        finish_odd(job, "the server answers 404 to everything");
    else if (error)
        finish(job, error);
    else if (!is_known(job))
        drop(job);
    else if (g_error_matches(answer, CK_ERROR, CK_ERROR_NOT_FOUND))
        finish_odd(job, "the server shows the thread, but does not find it to delete it");
    else
        finish(job, answer);
}

static void check(Job *job, const GError *answer)
{
    CkDeleter *deleter = job->deleter;
    const CkWant thread = {CK_WANT_ITEMS, job->want.id};
    job->answer = g_error_copy(answer);
    job->check = ck_check_new(deleter->context, deleter->store, deleter->api, deleter->config,
                              &deleter->events.check, &thread, CK_CHECK_THREAD, on_checked, job);
}

/* A CkCallDone. */
static void on_answer(const GError *error, gpointer data)
{
    Job *job = data;
    job->call = NULL;
    if (!error)
        drop(job);
    else if (g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND) ||
             g_error_matches(error, CK_ERROR, CK_ERROR_BAD_RESPONSE) ||
             g_error_matches(error, CK_ERROR, CK_ERROR_CONNECTION))
        check(job, error);
    else
        finish(job, error);
}

static Job *get_job(CkDeleter *deleter, const char *thread_id, gboolean at_once)
{
    Job *job = g_hash_table_lookup(deleter->jobs, thread_id);
    if (job)
        return job;
    job = g_new0(Job, 1);
    job->deleter = deleter;
    job->want = ck_want_copy(&(CkWant){CK_WANT_DELETED, (char *)thread_id});
    job->cause = ck_causes_current(ck_api_causes(deleter->api));
    job->waits = g_ptr_array_new();
    g_hash_table_insert(deleter->jobs, job->want.id, job);
    job->call = ck_api_delete_thread(deleter->api, thread_id, on_answer, job);
    if (at_once)
        ck_api_set_once(job->call);
    return job;
}

CkDeletion *ck_deleter_wait(CkDeleter *deleter, const char *thread_id, gboolean at_once,
                            CkDeleted woken, gpointer data)
{
    Job *job = get_job(deleter, thread_id, at_once);
    CkDeletion *wait = g_new(CkDeletion, 1);
    *wait = (CkDeletion){job, woken, data};
    g_ptr_array_add(job->waits, wait);
    return wait;
}

void ck_deleter_cancel(CkDeletion *wait)
{
    Job *job = wait->job;
    g_ptr_array_remove(job->waits, wait);
    g_free(wait);
    if (job->waits->len > 0 || !job->call || ck_api_is_asked(job->call))
        return;
    g_message("thread %s is not deleted: who wanted that has gone before the server took it",
              job->want.id);
    g_hash_table_remove(job->deleter->jobs, job->want.id);
}

CkDeleter *ck_deleter_new(GMainContext *context, CkStore *store, CkApi *api, const CkConfig *config,
                          const CkDeleterEvents *events)
{
    CkDeleter *deleter = g_new(CkDeleter, 1);
    *deleter = (CkDeleter){
        .context = context,
        .store = store,
        .api = api,
        .config = config,
        .events = *events,
        .jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, job_free),
    };
    return deleter;
}

void ck_deleter_free(CkDeleter *deleter)
{
    g_hash_table_unref(deleter->jobs);
    g_free(deleter);
}
