/* SPDX-License-Identifier: MIT */
/*
 * Bugs in a chatkitfs, to see that they are found there: chatkitfs-planted is chatkitfs but for the
 * calls of these functions, which the linker leads here. statfs does what PLANTED names.
 */
#include <glib.h>
#include <limits.h>
#include <string.h>

#include "notifier.h"

int __real_fuse_reply_statfs(fuse_req_t req, const struct statvfs *stat);
int __wrap_fuse_reply_statfs(fuse_req_t req, const struct statvfs *stat);
void __real_ck_notifier_store(CkNotifier *notifier, CkContentsJob *job, fuse_req_t read,
                              GString *answer);
void __wrap_ck_notifier_store(CkNotifier *notifier, CkContentsJob *job, fuse_req_t read,
                              GString *answer);

/* What the compiler may not look through. */
static volatile int zero = 0;
static int *volatile kept;

static gboolean is_planted(const char *bug)
{
    return g_strcmp0(g_getenv("PLANTED"), bug) == 0;
}

static G_NO_INLINE void plant(void)
{
    volatile int most = INT_MAX;
    for (int i = 0; i < 10; i++)
        kept = g_new0(int, 2);
    if (is_planted("use-after-free")) {
        g_free(kept);
        zero += kept[1];
    } else if (is_planted("signed-overflow")) {
        zero = most + 1 + zero;
    }
    kept = NULL;
}

int __wrap_fuse_reply_statfs(fuse_req_t req, const struct statvfs *stat)
{
    if (g_getenv("PLANTED"))
        plant();
    return __real_fuse_reply_statfs(req, stat);
}

/* A job that was handed over is the thread's. */
void __wrap_ck_notifier_store(CkNotifier *notifier, CkContentsJob *job, fuse_req_t read,
                              GString *answer)
{
    __real_ck_notifier_store(notifier, job, read, answer);
    if (is_planted("race"))
        ck_contents_job_bytes(job);
}
