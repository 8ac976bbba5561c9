/* SPDX-License-Identifier: MIT */
#include "private_directory.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

static gboolean is_in(const char *path, const char *directory)
{
    gsize length = strlen(directory);
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || !path[length]);
}

static gboolean cannot_make(const char *path, GError **error)
{
    return ck_error_invalid(error,
                            "can't make the cache directory %s: %s; choose another --cache-dir",
                            path, g_strerror(errno));
}

/* Whether it is not, by its name, in the mountpoint (NULL: there is none). */
static gboolean is_outside(const char *path, const char *mountpoint, GError **error)
{
    return !mountpoint || !is_in(path, mountpoint) ||
           ck_error_invalid(
               error, "the cache directory %s is in the mountpoint: choose another --cache-dir",
               path);
}

/* The real path of a directory that is there, to be freed; NULL where somebody else can look into
 * it, or it is none. */
static char *judge_directory(const char *path, const char *mountpoint, GError **error)
{
    g_autofree char *real = realpath(path, NULL);
    struct stat status;
    if (!real || g_stat(real, &status) != 0)
        cannot_make(path, error);
    else if (!S_ISDIR(status.st_mode))
        ck_error_invalid(
            error, "the cache directory %s is no directory: choose another --cache-dir", path);
    else if (status.st_uid != geteuid())
        ck_error_invalid(
            error, "the cache directory %s belongs to another user: choose another --cache-dir",
            path);
    else if (status.st_mode & 077)
        ck_error_invalid(error, "others can use the cache directory %s: chmod 700 %s", path, path);
    else if (is_outside(real, mountpoint, error))
        return g_steal_pointer(&real);
    return NULL;
}

char *ck_private_directory_make(const char *given, const char *mountpoint, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(given, NULL);
    if (!is_outside(path, mountpoint, error))
        return NULL;
    if (g_mkdir_with_parents(path, 0700) != 0) {
        cannot_make(path, error);
        return NULL;
    }
    return judge_directory(path, mountpoint, error);
}

gboolean ck_private_directory_check(const char *given, const char *mountpoint, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(given, NULL);
    g_autofree char *there = g_strdup(path); /* it, or what is above it */
    if (!is_outside(path, mountpoint, error))
        return FALSE;
    while (g_access(there, F_OK) != 0 && errno == ENOENT) {
        char *above = g_path_get_dirname(there);
        g_free(there);
        there = above;
    }
    if (strcmp(there, path) != 0)
        return g_access(there, W_OK | X_OK) == 0 || cannot_make(path, error);
    g_autofree char *real = judge_directory(path, mountpoint, error);
    return real != NULL;
}
