/* SPDX-License-Identifier: MIT */
#include "mountpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "error.h"

#define FUSE_SUPER_MAGIC 0x65735546 /* statfs(2) */

static char *unusable(GError **error, const char *path, const char *why)
{
    g_set_error(error, CK_ERROR, CK_ERROR_INVALID, "can't mount on %s: %s", path, why);
    return NULL;
}

static char *unreadable(GError **error, const char *path, int saved_errno)
{
    if (saved_errno == ENOENT)
        return unusable(error, path, "there is no such directory; make it with mkdir");
    if (saved_errno == ENOTCONN)
        return unusable(error, path,
                        "a file system that died is still mounted there; unmount it with"
                        " fusermount3 -u");
    return unusable(error, path, g_strerror(saved_errno));
}

char *ck_mountpoint_resolve(const char *path, gboolean non_empty, GError **error)
{
    struct stat stat_buf;
    struct statfs statfs_buf;
    if (stat(path, &stat_buf) != 0)
        return unreadable(error, path, errno);
    if (!S_ISDIR(stat_buf.st_mode))
        return unusable(error, path, "it is not a directory");
    if (statfs(path, &statfs_buf) != 0)
        return unreadable(error, path, errno);
    if (statfs_buf.f_type == FUSE_SUPER_MAGIC)
        return unusable(error, path,
                        "it is busy: a FUSE file system is mounted there already; unmount it with"
                        " fusermount3 -u, or use another directory");
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    if (!folder)
        return unreadable(error, path, errno);
    if (!non_empty && g_dir_read_name(folder))
        return unusable(error, path, "it is not empty; use another directory, or -o nonempty");
    char *resolved = realpath(path, NULL);
    return resolved ? resolved : unreadable(error, path, errno);
}
