/* SPDX-License-Identifier: MIT */
/* What the running kernel can do for the mount, and what is chosen by it when the session begins.
 */
#pragma once

#include <fuse_lowlevel.h>
#include <glib.h>

typedef struct {
    gboolean opens_files;    /* by itself, once told that there is no open (FUSE_NO_OPEN_SUPPORT) */
    gboolean opens_folders;  /* the same with opendir; it then caches them as well */
    gboolean caches_folders; /* rightly, see ck_kernel_caches_folders() */
    /* Looks up in a folder while a readdir of it waits. FALSE once INIT's reply has said so. */
    gboolean parallel_dirops;
} CkKernel;

/* To be called from the session's init: sets *kernel and what connection wants. */
void ck_kernel_choose(CkKernel *kernel, struct fuse_conn_info *connection);

/* Whether a kernel of this release (uname -r) serves the cached contents of a folder only as long
 * as they are the folder's. From 6.9 to 6.12 it went on when they had changed (gcsfuse issue 2792).
 */
gboolean ck_kernel_caches_folders(const char *release);

/* Has the kernel told of FUSE_PARALLEL_DIROPS in the reply to INIT, which libfuse before its commit
 * c9905341 leaves out although it takes FUSE_CAP_PARALLEL_DIROPS. init: the reply without its
 * header, of size bytes (struct fuse_init_out of linux/fuse.h, or its beginning). */
void ck_kernel_allow_parallel_dirops(void *init, size_t size);
