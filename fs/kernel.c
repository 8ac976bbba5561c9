/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <linux/fuse.h>
#include <stdio.h>
#include <sys/utsname.h>

gboolean ck_kernel_caches_folders(const char *release)
{
    unsigned major, minor;
    if (sscanf(release, "%u.%u", &major, &minor) != 2)
        return FALSE;
    return major != 6 || minor < 9 || minor > 12;
}

void ck_kernel_choose(CkKernel *kernel, struct fuse_conn_info *connection)
{
    struct utsname name;
    gboolean caches = uname(&name) == 0 && ck_kernel_caches_folders(name.release);
    unsigned can = connection->capable;
    *kernel = (CkKernel){
        .opens_files = can & FUSE_CAP_NO_OPEN_SUPPORT,
        .opens_folders = caches && can & FUSE_CAP_NO_OPENDIR_SUPPORT,
        .caches_folders = caches,
        .parallel_dirops = can & FUSE_CAP_PARALLEL_DIROPS,
    };
    connection->want |= can & (FUSE_CAP_READDIRPLUS | FUSE_CAP_PARALLEL_DIROPS);
    /* AUTO would have the kernel guess when attributes are wanted; they cost us nothing. Splicing
     * pays for large writes alone. */
    connection->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_SPLICE_READ);
}

void ck_kernel_allow_parallel_dirops(void *init, size_t size)
{
    struct fuse_init_out out;
    size_t end = offsetof(struct fuse_init_out, flags) + sizeof out.flags;
    if (size < end)
        return;
    memcpy(&out, init, end);
    out.flags |= FUSE_PARALLEL_DIROPS;
    memcpy(init, &out, end);
}
