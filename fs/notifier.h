/* SPDX-License-Identifier: MIT */
/*
 * Notifications to the kernel, written by a thread of their own: the one exception to the program's
 * single thread.
 *
 * To write one can block. The kernel locks a page of a file while a read of it waits for us; what
 * is to be stored in that page, or would invalidate it, waits for that lock and so for the answer,
 * which can only come from the main loop. Hence two rules. The loop never writes a notification.
 * And a read may wait for the thread only where the thread can't come to wait for that read: the
 * read's own file is not among what it waits for, nor is anything queued before it but the contents
 * of other folders' files. And never so many that the kernel would keep back the reads which lock
 * those files' pages: it has only so many under way at once.
 *
 * Jobs are done in the order in which they came: every read that waits for one is answered after
 * those before it, however many more come.
 */
#pragma once

#include <fuse_lowlevel.h>
#include <glib.h>

typedef struct _CkNotifier CkNotifier;

/* Contents of files, whole, to be put into the kernel's page cache. Shared by the loop, which fills
 * it, and afterwards the thread. */
typedef struct _CkContentsJob CkContentsJob;

/* The session must outlive the result, and context be that of the loop that serves it. */
CkNotifier *ck_notifier_new(struct fuse_session *fuse, GMainContext *context);

/* Drops what has not begun, answers the reads that wait, and serves the loop until the thread has
 * ended. */
void ck_notifier_free(CkNotifier *notifier);

CkContentsJob *ck_contents_job_new(void);
CkContentsJob *ck_contents_job_ref(CkContentsJob *job);
void ck_contents_job_unref(CkContentsJob *job);

/* The bytes of all of the job's files, one after the other: those of a file are appended here, then
 * ck_contents_job_add() is told how many they were. */
GString *ck_contents_job_bytes(CkContentsJob *job);
void ck_contents_job_add(CkContentsJob *job, guint64 node, gsize size);
gboolean ck_contents_job_is_empty(const CkContentsJob *job);

/* Whether the thread is through with it. */
gboolean ck_contents_job_is_done(const CkContentsJob *job);

/* Queues the job, and answers a read with answer (taken) once it is done. A file that the kernel
 * does not know ends the job: nobody has listed it. */
void ck_notifier_store(CkNotifier *notifier, CkContentsJob *job, fuse_req_t read, GString *answer);

/* Whether a read may wait for another job now. */
gboolean ck_notifier_can_store(CkNotifier *notifier);

/* Has the kernel forget the attributes and the contents of a file or folder. */
void ck_notifier_invalidate(CkNotifier *notifier, guint64 node);

/* Has it forget what the name leads to. It locks the folder for that, so no request for that folder
 * may wait for anything but the loop. */
void ck_notifier_forget_name(CkNotifier *notifier, guint64 folder, const char *name);

/* Answers an ioctl with 0 once all that was queued before is done. */
void ck_notifier_answer(CkNotifier *notifier, fuse_req_t ioctl);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkNotifier, ck_notifier_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkContentsJob, ck_contents_job_unref)
