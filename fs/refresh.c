/* SPDX-License-Identifier: MIT */
#include "refresh.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "error.h"

gboolean ck_refresh(const char *mountpoint, GError **error)
{
    int fd = open(mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        g_set_error(error, CK_ERROR, CK_ERROR_INVALID, "can't open %s: %s; give a mountpoint",
                    mountpoint, g_strerror(errno));
        return FALSE;
    }
    int failure = ioctl(fd, CK_REFRESH) == 0 ? 0 : errno;
    close(fd);
    if (failure == ENOTTY || failure == ENOSYS)
        g_set_error(error, CK_ERROR, CK_ERROR_INVALID,
                    "%s is not where a chatkitfs is mounted; findmnt -t fuse.chatkitfs says where",
                    mountpoint);
    else if (failure == EPERM)
        g_set_error(error, CK_ERROR, CK_ERROR_INVALID,
                    "%s: only the user who mounted it can have it checked", mountpoint);
    else if (failure)
        g_set_error(error, CK_ERROR, CK_ERROR_INVALID,
                    "%s could not be read anew: %s; its log says more", mountpoint,
                    g_strerror(failure));
    return failure == 0;
}
