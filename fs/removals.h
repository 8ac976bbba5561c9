/* SPDX-License-Identifier: MIT */
/*
 * Which process is removing a whole thread, and may therefore unlink its files.
 *
 * The API deletes threads, not files of them. Who removes a folder with all that is in it (rm -r,
 * find -delete, shutil.rmtree) unlinks the files first, while it has the folder open, and asks for
 * what counts, rmdir, at the end. Who removes one file (rm FILE, rm *) has no folder open. So a
 * process that has a folder open is told that its files are unlinked, each of them once in an
 * attempt, though all of them stay; any other is not. If no rmdir follows, the log says so.
 *
 *   opened    a folder that a process has open
 *   removal   what a process has begun in a folder: from the first file that it tries to unlink,
 *             told so or not, to the rmdir that deletes the thread, or the end of the process. As
 *             long as it lasts an rmdir of that process is no deletion unless all files were named
 *   attempt   a part of a removal: the files that were unlinked in it. It is over when its rmdir
 * was refused, or none has come for a while since the folder was closed; then who opens the folder
 * begins another one
 *
 * Processes are those of ck_causes_instance(); 0, of which nothing is known, may do nothing.
 */
#pragma once

#include <glib.h>

typedef struct _CkRemovals CkRemovals;

/* is_alive: whether a process has not ended. */
CkRemovals *ck_removals_new(GMainContext *context, gboolean (*is_alive)(guint64 process));
void ck_removals_free(CkRemovals *removals);

/* A process opens a folder (a node): what close is given. */
guint64 ck_removals_open(CkRemovals *removals, guint64 folder, guint64 process);
void ck_removals_close(CkRemovals *removals, guint64 handle);

/* Whether a process is told that a file in a folder (nodes both) is unlinked. */
gboolean ck_removals_unlink(CkRemovals *removals, guint64 folder, guint64 process, guint64 file);

/* Whether a process has begun a removal in a folder; whether that file has been unlinked in its
 * last attempt, or in one of another process that is not over: the kernel tells of a file that one
 * of several has unlinked to none of the others. */
gboolean ck_removals_has_begun(const CkRemovals *removals, guint64 folder, guint64 process);
gboolean ck_removals_has_unlinked(const CkRemovals *removals, guint64 folder, guint64 process,
                                  guint64 file);

/* The process's rmdir of the folder was refused; somebody's deletes the thread. */
void ck_removals_refused(CkRemovals *removals, guint64 folder, guint64 process);
void ck_removals_rmdir(CkRemovals *removals, guint64 folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkRemovals, ck_removals_free)
