/* SPDX-License-Identifier: MIT */
/*
 * Requests of the kernel, and how they wait.
 *
 * An operation is a function that answers its request from the tree, as a straight line. When the
 * tree lacks something, nothing has been replied yet: the request is parked with the pager and the
 * operation is run again from the start once the page, or its failure, has arrived. A request is
 * therefore in one of two states:
 *
 *   running  within ck_request_start() or a wake-up; it ends replied or parked
 *   parked   in mount->parked, with a wait at the pager and a timer for its deadline; it is run
 *            again when woken, and replied to with EINTR when interrupted, ETIMEDOUT when nothing
 *            came for --timeout seconds, ENOTCONN when the mount ends
 *
 * The fetch that a request waits for goes on when the request does not. A request that may show
 * only what has been checked (revalidate.h) is parked in the same way, but with a wait at the
 * revalidator; if that takes too long it is run with what is known. One whose reader has waited in
 * the kernel for another request, which failed, is told the same instead of being parked
 * (failures.h). One that wants a thread deleted lacks that it is gone: when that has come about, it
 * is run again for its reply. Nobody waits in the kernel for another one's ioctl.
 */
#pragma once

#include <fuse_lowlevel.h>

#include "confine.h"
#include "deletion.h"
#include "expiry.h"
#include "failures.h"
#include "kernel.h"
#include "log.h"
#include "newest.h"
#include "own_files.h"
#include "revalidate.h"
#include "store_ahead.h"
#include "thread_ioctl.h"
#include "tree.h"
#include "walk.h"

/* Seconds for which the kernel may keep names and attributes of what can't change. */
#define CK_FINAL_SECONDS 86400.0

/* What all operations stand on; the userdata of the FUSE session. */
typedef struct {
    GMainContext *context;
    const CkConfig *config;
    CkStore *store;
    CkApi *api;
    CkPager *pager;
    CkRevalidator *revalidator;
    CkDeleter *deleter; /* NULL without --allow-delete */
    CkTree *tree;
    CkWalks *walks;
    CkLog *log;
    CkOwnFiles *own;
    CkConfined confined;
    CkFailures *failures;
    gint64 mounted_at;    /* seconds since 1970 */
    guint64 operations;   /* that were started */
    guint64 waited;       /* those of them that were parked, however often */
    CkKernel kernel;      /* chosen with the first request, INIT */
    gboolean initialized; /* which has come */
    CkStoreAhead *ahead;  /* the session's, as the next three */
    CkExpiry *expiry;
    CkNotifier *notifier;
    void (*refresh)(gpointer session); /* has the kernel forget what is not current any more, */
    void (*flush)(gpointer session);   /* and names that it was to forget at leisure */
    gpointer session;
    gboolean shared; /* others may read as well */
    uid_t uid;       /* owner of all files */
    gid_t gid;
    GQueue parked;                /* CkRequest */
    gboolean ending;              /* nothing is parked any more */
    void (*ready)(gpointer data); /* called when INIT has ended well */
    gpointer ready_data;
} CkMount;

typedef struct _CkRequest CkRequest;

/* CK_TREE_OK: replied. Otherwise it did not reply, and says with the tree's word why. */
typedef CkTreeResult (*CkOperation)(CkRequest *request, CkWant *want, GError **error);

struct _CkRequest {
    CkMount *mount;
    fuse_req_t req;
    /* what was asked; an operation uses what it has a use for */
    fuse_ino_t node;
    char *name;
    guint64 position;
    gsize size;
    gboolean plus;      /* readdirplus */
    gboolean no_thread; /* set when the thread that it lacked turned out not to exist */
    double absent_for; /* to be set with CK_TREE_ABSENT: seconds for which that may be remembered */
    double valid;      /* seconds for which what can change may be taken as current */
    gboolean checked;  /* whether that is so has been looked at */
    gboolean refreshed;
    CkThreadIoctl *ioctl; /* what it asks, and then the answer; NULL: it is no such request */
    gboolean has_newest;  /* it lacked a CK_WANT_NEWEST, which has come: */
    CkNewest newest;
    /* private */
    CkOperation operation;
    enum { CK_WAITS_FOR_PAGE, CK_WAITS_FOR_CHECK, CK_WAITS_FOR_REFRESH } waits_for;
    CkWant lacks; /* what it was parked for last */
    CkWait *wait;
    CkRevalidation *check;
    CkNewestCall *asking;
    CkDeletion *deletion;
    gint64 latest;     /* monotonic µs; it waits no longer, however often it is parked */
    GSource *deadline; /* while it is parked */
};

/* Runs the operation. asked: its node, name, position, size, plus and ioctl; copied, the rest is
 * ours. */
void ck_request_start(fuse_req_t req, CkOperation operation, const CkRequest *asked);

/* To be called by an operation that shows a node's contents (entries: the names in that folder, and
 * what they lead to), once what it shows is found, and before it replies: sets request->valid.
 * Anything but CK_TREE_OK is to be returned. again: see ck_revalidate(). */
CkTreeResult ck_request_revalidate(CkRequest *request, gboolean entries, gboolean again,
                                   CkWant *want, GError **error);

/* The same for one that has everything read anew. */
CkTreeResult ck_request_refresh(CkRequest *request);

/* Ends all parked requests with ENOTCONN, and from now on those that would be parked. */
void ck_mount_end_requests(CkMount *mount);
