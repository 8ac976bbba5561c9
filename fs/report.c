/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "error.h"
#include "listing.h"
#include "status.h"

static gboolean read_listing(const CkMount *mount, CkStatus *status, GError **error)
{
    const CkWant threads = ck_want_threads_of(NULL, mount->config);
    g_auto(CkListingState) state = {0};
    gboolean ok = ck_listing_state(mount->store, &threads, &state, error);
    status->complete = state.complete;
    status->checked_at = state.checked_at / G_USEC_PER_SEC;
    status->listed_at = state.listed_at / G_USEC_PER_SEC;
    return ok;
}

static gboolean write_status(GString *out, gpointer data, GError **error)
{
    const CkMount *mount = data;
    CkStatus status = {
        .config = mount->config,
        .mounted_at = mount->mounted_at,
        .now = g_get_real_time() / G_USEC_PER_SEC,
        .usage = ck_api_usage(mount->api),
        .operations = mount->operations,
        .waited = mount->waited,
        .confined = {.files = mount->confined.files,
                     .tcp = mount->confined.tcp,
                     .sockets = mount->confined.sockets,
                     .system_calls = mount->confined.system_calls},
    };
    if (!ck_store_counts(mount->store, &status.counts, error) ||
        !ck_store_checks(mount->store, &status.checks, error) ||
        !read_listing(mount, &status, error))
        return FALSE;
    g_autofree char *remedy = NULL;
    const GError *last = ck_log_last_failure(mount->log, &status.last_error.time);
    if (last) {
        gboolean ours = last->domain == CK_ERROR;
        status.last_error.message = last->message;
        remedy = ck_account_remedy(&mount->config->account, ours ? last->code : CK_ERROR_STORE);
        status.last_error.remedy = remedy;
    }
    ck_status_write(&status, out);
    return TRUE;
}

static gboolean write_requests(GString *out, gpointer data, GError **error)
{
    const CkMount *mount = data;
    (void)error;
    ck_causes_write(ck_api_causes(mount->api), out);
    return TRUE;
}

const CkOwnFile ck_report_files[CK_REPORT_FILES] = {
    {"status", write_status},
    {"requests", write_requests},
};
