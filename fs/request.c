/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <errno.h>

#include "error.h"
#include "to_errno.h"

static void run(CkRequest *request);

static void unpark(CkRequest *request)
{
    g_queue_remove(&request->mount->parked, request);
    g_clear_pointer(&request->wait, ck_pager_cancel);
    g_clear_pointer(&request->check, ck_revalidator_cancel);
    g_clear_pointer(&request->asking, ck_newest_cancel);
    g_clear_pointer(&request->deletion, ck_deleter_cancel);
    if (request->deadline) {
        g_source_destroy(request->deadline);
        g_clear_pointer(&request->deadline, g_source_unref);
    }
}

static void request_free(CkRequest *request)
{
    ck_want_clear(&request->lacks);
    g_free(request->name);
    g_free(request->ioctl);
    g_free(request);
}

static void end(CkRequest *request, int error)
{
    fuse_reply_err(request->req, error);
    request_free(request);
}

/* There is no such thing: a name that may be remembered, or a node that has gone. */
static void end_absent(CkRequest *request)
{
    if (request->name) {
        struct fuse_entry_param none = {
            .ino = 0,
            .entry_timeout = request->absent_for,
        };
        fuse_reply_entry(request->req, &none);
        request_free(request);
    } else {
        end(request, ESTALE);
    }
}

/* An ioctl is told in words as well. */
static void end_ioctl(CkRequest *request, const GError *error)
{
    CkError code = error->domain == CK_ERROR ? (CkError)error->code : CK_ERROR_STORE;
    CkThreadIoctl *ioctl = request->ioctl;
    g_autofree char *remedy = ck_account_remedy(&request->mount->config->account, code);
    ioctl->error = ck_errno(error);
    g_snprintf(ioctl->why, sizeof ioctl->why, "%s: %s", error->message, remedy);
    fuse_reply_ioctl(request->req, 0, ioctl, sizeof *ioctl);
    request_free(request);
}

/* readdir(3) of glibc takes ENOENT for the end of a directory that was removed, so that a failed
 * listing would look short: what has no name of its own fails with ESTALE instead. */
static void end_failed(CkRequest *request, const GError *error)
{
    gboolean absent = g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND);
    if (request->ioctl)
        end_ioctl(request, error);
    else
        end(request, absent && !request->name ? ESTALE : ck_errno(error));
}

/* The same once it has waited, for those who wait in the kernel. */
static void end_waited(CkRequest *request, const GError *error)
{
    int thread = fuse_req_ctx(request->req)->pid;
    if (request->waits_for != CK_WAITS_FOR_REFRESH && !request->ioctl)
        ck_failures_add(request->mount->failures, &request->lacks, thread, error);
    end_failed(request, error);
}

/* What it waited for is over. It may be handed to the notifier now, and be freed here before it is
 * replied to, so that nothing may be left for an interrupt. */
static void wake(CkRequest *request)
{
    unpark(request);
    fuse_req_interrupt_func(request->req, NULL, NULL);
}

/* A CkWoken, and a CkDeleted. */
static void on_woken(const GError *error, gpointer data)
{
    CkRequest *request = data;
    request->wait = NULL;
    request->deletion = NULL;
    wake(request);
    /* That there is no such thread is an answer: the name may be a user's. */
    if (request->lacks.kind == CK_WANT_THREAD &&
        g_error_matches(error, CK_ERROR, CK_ERROR_NOT_FOUND))
        request->no_thread = TRUE;
    else if (error) {
        end_waited(request, error);
        return;
    }
    ck_failures_forget(request->mount->failures, &request->lacks);
    run(request);
}

/* A CkNewestDone. */
static void on_newest(const CkNewest *newest, const GError *error, gpointer data)
{
    CkRequest *request = data;
    request->asking = NULL;
    wake(request);
    if (error) {
        g_autofree char *what = ck_want_describe(&request->lacks);
        g_autoptr(GError) failure = g_error_copy(error);
        g_prefix_error(&failure, "%s: ", what);
        ck_log_failure(failure, request->mount->log);
        end_waited(request, failure);
        return;
    }
    request->has_newest = TRUE;
    request->newest = *newest;
    run(request);
}

/* It has been checked, or can't be: what is known is shown all the same, unless that is not wanted.
 */
static void on_checked(const GError *error, gpointer data)
{
    CkRequest *request = data;
    request->check = NULL;
    wake(request);
    if (error && (request->mount->config->strict || request->waits_for == CK_WAITS_FOR_REFRESH)) {
        end_waited(request, error);
        return;
    }
    request->valid = request->mount->config->ttl;
    run(request);
}

static gboolean on_deadline(gpointer data)
{
    CkRequest *request = data;
    if (request->waits_for == CK_WAITS_FOR_CHECK && !request->mount->config->strict) {
        wake(request);
        run(request);
        return G_SOURCE_REMOVE;
    }
    g_autofree char *what = ck_want_describe(&request->lacks);
    g_autoptr(GError) error = g_error_new(CK_ERROR, CK_ERROR_TIMED_OUT, "%s: not done within %u s",
                                          what, request->mount->config->timeout);
    ck_log_failure(error, request->mount->log);
    unpark(request);
    end_waited(request, error);
    return G_SOURCE_REMOVE;
}

/* libfuse holds the request's lock while it calls this, so nothing here may take that lock; a reply
 * does not. */
static void on_interrupt(fuse_req_t req, void *data)
{
    CkRequest *request = data;
    (void)req;
    unpark(request);
    end(request, EINTR);
}

static void start_deadline(CkRequest *request)
{
    CkMount *mount = request->mount;
    gint64 left = MAX(request->latest - g_get_monotonic_time(), 0);
    request->deadline = g_timeout_source_new((guint)((left + 999) / 1000));
    g_source_set_callback(request->deadline, on_deadline, request, NULL);
    g_source_attach(request->deadline, mount->context);
}

/* What has just failed for the one behind which the request's reader may have waited in the kernel;
 * NULL where nothing has, or what is known can be shown instead. */
static const GError *find_failure(CkRequest *request, const CkWant *want)
{
    CkMount *mount = request->mount;
    gboolean fails = request->waits_for == CK_WAITS_FOR_PAGE ||
                     (request->waits_for == CK_WAITS_FOR_CHECK && mount->config->strict);
    return fails && !request->ioctl
               ? ck_failures_find(mount->failures, want, fuse_req_ctx(request->req)->pid)
               : NULL;
}

static void park(CkRequest *request, const CkWant *want)
{
    CkMount *mount = request->mount;
    const GError *failure = find_failure(request, want);
    if (failure) {
        end_failed(request, failure);
        return;
    }
    /* Asked before on_interrupt is registered: fuse_req_interrupt_func() would call it at once, and
     * hold a lock inside the request that on_interrupt frees. */
    if (mount->ending || fuse_req_interrupted(request->req)) {
        end(request, mount->ending ? ENOTCONN : EINTR);
        return;
    }
    mount->waited += request->lacks.kind == CK_WANT_NOTHING;
    ck_want_clear(&request->lacks);
    request->lacks = ck_want_copy(want);
    g_queue_push_tail(&mount->parked, request);
    if (request->waits_for == CK_WAITS_FOR_REFRESH) {
        request->check = ck_revalidator_refresh(mount->revalidator, on_checked, request);
    } else {
        start_deadline(request);
        if (request->waits_for == CK_WAITS_FOR_CHECK)
            request->check = ck_revalidator_wait(mount->revalidator, want, on_checked, request);
        else if (want->kind == CK_WANT_NEWEST)
            request->asking =
                ck_newest_ask(mount->api, want->id, mount->config->page_size, on_newest, request);
        else if (want->kind == CK_WANT_DELETED)
            request->deletion = ck_deleter_wait(mount->deleter, want->id,
                                                request->ioctl->idle_since != 0, on_woken, request);
        else
            request->wait = ck_pager_wait(mount->pager, want, on_woken, request);
    }
    if (want->kind == CK_WANT_ITEMS && !request->ioctl)
        ck_walks_visit(mount->walks, ck_tree_thread(request->node));
    fuse_req_interrupt_func(request->req, on_interrupt, request);
}

CkTreeResult ck_request_revalidate(CkRequest *request, gboolean entries, gboolean again,
                                   CkWant *want, GError **error)
{
    CkMount *mount = request->mount;
    g_auto(CkWant) listing = {0};
    if (request->checked)
        return CK_TREE_OK;
    request->checked = TRUE;
    ck_tree_source(mount->tree, request->node, entries, &listing);
    switch (ck_revalidate(mount->revalidator, &listing, again, &request->valid, error)) {
    case CK_WAIT:
        request->waits_for = CK_WAITS_FOR_CHECK;
        ck_want_clear(want);
        *want = listing;
        listing = (CkWant){0};
        return CK_TREE_WANT;
    case CK_REFUSE:
        return CK_TREE_FAILED;
    default:
        return CK_TREE_OK;
    }
}

CkTreeResult ck_request_refresh(CkRequest *request)
{
    CkMount *mount = request->mount;
    if (request->refreshed)
        return CK_TREE_OK;
    request->refreshed = TRUE;
    request->waits_for = CK_WAITS_FOR_REFRESH;
    mount->refresh(mount->session);
    return CK_TREE_WANT;
}

static void answer_or_park(CkRequest *request)
{
    g_auto(CkWant) want = {0};
    g_autoptr(GError) error = NULL;
    request->waits_for = CK_WAITS_FOR_PAGE;
    switch (request->operation(request, &want, &error)) {
    case CK_TREE_OK:
        request_free(request);
        return;
    case CK_TREE_ABSENT:
        end_absent(request);
        return;
    case CK_TREE_WANT:
        park(request, &want);
        return;
    case CK_TREE_FAILED:
        ck_log_failure(error, request->mount->log);
        end_failed(request, error);
        return;
    }
}

/* What is asked of the API meanwhile is asked for the process whose request this is. */
static void run(CkRequest *request)
{
    CkCauses *causes = ck_api_causes(request->mount->api);
    CkCause before = ck_causes_swap_thread(causes, fuse_req_ctx(request->req)->pid);
    answer_or_park(request);
    ck_causes_swap(causes, before);
}

void ck_request_start(fuse_req_t req, CkOperation operation, const CkRequest *asked)
{
    CkRequest *request = g_new(CkRequest, 1);
    *request = *asked;
    request->mount = fuse_req_userdata(req);
    request->req = req;
    request->name = g_strdup(asked->name);
    request->ioctl = g_memdup2(asked->ioctl, sizeof *asked->ioctl);
    request->operation = operation;
    request->mount->operations++;
    request->latest =
        g_get_monotonic_time() + (gint64)request->mount->config->timeout * G_USEC_PER_SEC;
    run(request);
}

void ck_mount_end_requests(CkMount *mount)
{
    mount->ending = TRUE;
    while (mount->parked.length > 0) {
        CkRequest *request = g_queue_peek_head(&mount->parked);
        unpark(request);
        end(request, ENOTCONN);
    }
}
