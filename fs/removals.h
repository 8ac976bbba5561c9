/* SPDX-License-Identifier: MIT */
/*
 * Which process is removing a whole thread, and may therefore unlink its files.
 *
 * The API deletes threads, not files of them. Who removes a folder with all that is in it (rm -r,
 * find -delete, shutil.rmtree) unlinks the files first, while it has the folder open, and asks for
 * what counts, rmdir, at the end. Who removes one file (rm FILE, rm *) has no folder open. So a
 * process that has a folder open is told that its files are unlinked, each of them once until the
 * rmdir, though all of them stay; any other is not. If no rmdir follows, the log says so.
 *
 *   opened    a folder that a process has open, in opened
 *   removal   the files that a process has unlinked in a folder, in removals: from the first one to
 *             the rmdir, or until the folder has been closed for a while
 */
#pragma once

#include <glib.h>

typedef struct _CkRemovals CkRemovals;

CkRemovals *ck_removals_new(GMainContext *context);
void ck_removals_free(CkRemovals *removals);

/* A process opens a folder (a node): what close is given. */
guint64 ck_removals_open(CkRemovals *removals, guint64 folder, int process);
void ck_removals_close(CkRemovals *removals, guint64 handle);

/* Whether a process is told that a file in a folder (nodes both) is unlinked. */
gboolean ck_removals_unlink(CkRemovals *removals, guint64 folder, int process, guint64 file);

/* Whether a process has unlinked files in a folder, and has not come to the rmdir yet; whether that
 * file is one of them. */
gboolean ck_removals_has_begun(const CkRemovals *removals, guint64 folder, int process);
gboolean ck_removals_has_unlinked(const CkRemovals *removals, guint64 folder, int process,
                                  guint64 file);

/* Somebody removes the folder itself. */
void ck_removals_rmdir(CkRemovals *removals, guint64 folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkRemovals, ck_removals_free)
