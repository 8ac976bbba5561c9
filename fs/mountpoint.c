/* SPDX-License-Identifier: MIT */
#include "mountpoint.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

/* Whether a FUSE file system is mounted there: it would be, below a FUSE file system, on a device
 * of its own. path is one that stat(2) and statfs(2) take. */
static gboolean is_fuse_mount(const char *path, const struct stat *here)
{
    struct statfs file_system;
    struct stat above;
    g_autofree char *parent = g_build_filename(path, "..", NULL);
    return statfs(path, &file_system) == 0 && file_system.f_type == FUSE_SUPER_MAGIC &&
           (stat(parent, &above) != 0 || above.st_dev != here->st_dev);
}

/* FALSE with errno set where the directory can't be read. */
static gboolean is_empty(const char *path, gboolean *empty)
{
    const struct dirent *entry;
    DIR *folder = opendir(path);
    if (!folder)
        return FALSE;
    *empty = TRUE;
    while (*empty && (entry = readdir(folder)))
        *empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(folder);
    return TRUE;
}

char *ck_mountpoint_resolve(const char *path, gboolean non_empty, GError **error)
{
    struct stat here;
    gboolean empty;
    if (stat(path, &here) != 0)
        return unreadable(error, path, errno);
    if (!S_ISDIR(here.st_mode))
        return unusable(error, path, "it is not a directory");
    if (is_fuse_mount(path, &here))
        return unusable(error, path,
                        "it is busy: a FUSE file system is mounted there already; unmount it with"
                        " fusermount3 -u, or use another directory");
    if (!is_empty(path, &empty))
        return unreadable(error, path, errno);
    if (!empty && !non_empty)
        return unusable(error, path, "it is not empty; use another directory, or -o nonempty");
    char *resolved = realpath(path, NULL);
    return resolved ? resolved : unreadable(error, path, errno);
}
