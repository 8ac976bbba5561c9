/* SPDX-License-Identifier: MIT */
#include "mountpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "error.h"
#include "mount_table.h"

#define FUSE_SUPER_MAGIC 0x65735546 /* statfs(2) */

/* How long the keeper of a program that has just died may take to unmount (keeper.h), in ms. Who
 * did so in its place could have it unmount what is mounted next. */
#define KEEPER_MS 1000

/* How many dead file systems may be mounted on one another. */
#define STACKED_MAX 100

static char *unusable(GError **error, const char *path, const char *why)
{
    ck_error_invalid(error, "can't mount on %s: %s", path, why);
    return NULL;
}

static char *unreadable(GError **error, const char *path, int saved_errno)
{
    if (saved_errno == ENOENT)
        return unusable(error, path, "there is no such directory; make it with mkdir");
    return unusable(error, path, g_strerror(saved_errno));
}

/* What is dead */

/* Of all calls only this one is never answered without asking the file system. */
static gboolean is_dead(const char *path)
{
    struct statfs status;
    return statfs(path, &status) != 0 && errno == ENOTCONN;
}

/* poll(2) tells when something is mounted or unmounted (proc(5)). */
static void wait_for_keeper(const char *path)
{
    struct pollfd table = {open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC), POLLPRI, 0};
    gint64 end = g_get_monotonic_time() + KEEPER_MS * 1000;
    while (table.fd >= 0 && is_dead(path) && g_get_monotonic_time() < end)
        poll(&table, 1, (int)((end - g_get_monotonic_time()) / 1000) + 1);
    if (table.fd >= 0)
        close(table.fd);
}

static gboolean is_fuse(const char *path)
{
    g_autofree char *table = NULL;
    g_autofree char *type = NULL;
    if (g_file_get_contents("/proc/self/mountinfo", &table, NULL, NULL))
        type = ck_mount_table_type(table, path);
    return type && (g_str_has_prefix(type, "fuse.") || strcmp(type, "fuse") == 0);
}

/* fusermount3 unmounts what is the user's own. */
static gboolean unmount(const char *path)
{
    const char *const argv[] = {"fusermount3", "-u", "-z", "-q", "--", path, NULL};
    int status;
    return g_spawn_sync("/", (char **)argv, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                            G_SPAWN_STDERR_TO_DEV_NULL,
                        NULL, NULL, NULL, NULL, &status, NULL) &&
           g_spawn_check_wait_status(status, NULL);
}

/* FALSE where something dead can't be unmounted. */
static gboolean unmount_the_dead(const char *path, GError **error)
{
    g_autofree char *resolved = realpath(path, NULL);
    if (resolved)
        wait_for_keeper(resolved);
    for (int i = 0; resolved && i < STACKED_MAX && is_dead(resolved); i++) {
        if (!is_fuse(resolved) || !unmount(resolved))
            break;
        g_message("%s: unmounted a file system that had died there", resolved);
    }
    if (!is_dead(path))
        return TRUE;
    unusable(error, path,
             "a file system that died is still mounted there, and can't be unmounted: whoever"
             " mounted it can, with fusermount3 -u or umount");
    return FALSE;
}

/* What is alive */

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
    if (is_dead(path) && !unmount_the_dead(path, error))
        return NULL;
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
