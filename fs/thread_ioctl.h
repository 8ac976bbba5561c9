/* SPDX-License-Identifier: MIT */
/*
 * What chatkitfs --delete asks of the chatkitfs that serves a mount: ioctls of a folder of it, for
 * which one structure travels both ways.
 *
 *   CK_THREAD_LOOK    which thread the folder is of, with the server asked for its newest items;
 *                     without an id where the folder is not a thread's, but holds such folders
 *   CK_THREAD_DELETE  deletes the thread of that id, whatever folder was opened. With idle_since,
 *                     its newest item is asked for once more, just before
 *
 * idle_since limits both to threads that began before then and have had no item since; state says
 * of others why they stay.
 *
 * An ioctl that fails says why: in error and why, where the answer says more than an errno, else by
 * errno. EPERM: the caller is not the mount's owner. EROFS: it was mounted without --allow-delete.
 * ENOTTY: no folder of such a mount.
 */
#pragma once

#include <glib.h>
#include <sys/ioctl.h>

#define CK_THREAD_ID_MAX 128 /* ck_name_is_id() */

typedef enum {
    CK_THREAD_DUE,     /* it is deleted, or can be */
    CK_THREAD_RECENT,  /* not idle since then */
    CK_THREAD_UNDATED, /* it, or its newest item, has no date */
} CkThreadState;

/* Of the same layout on every ABI of a processor. Texts are UTF-8 and end with NUL, but a title or
 * user that is too long is cut. */
typedef struct {
    gint64 idle_since;             /* asked: seconds since 1970; 0: whatever the thread's age */
    gint64 created_at;             /* … of the thread; 0: it has no date */
    gint64 newest_at;              /* of its newest item; 0: no item, or no date */
    guint64 items;                 /* how many it has */
    guint32 state;                 /* CkThreadState */
    gint32 error;                  /* an errno; 0: it did not fail */
    char id[CK_THREAD_ID_MAX + 8]; /* also asked, with CK_THREAD_DELETE */
    char title[256], user[256];    /* "": none */
    char why[512];                 /* it failed */
} CkThreadIoctl;

G_STATIC_ASSERT(sizeof(CkThreadIoctl) == 1200);

#define CK_THREAD_LOOK   _IOWR('k', 0x67, CkThreadIoctl)
#define CK_THREAD_DELETE _IOWR('k', 0x68, CkThreadIoctl)
