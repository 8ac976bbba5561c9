/* SPDX-License-Identifier: MIT */
#include "read_only.h"

#include <errno.h>
#include <glib.h>

void ck_refuse_setattr(fuse_req_t req, fuse_ino_t node G_GNUC_UNUSED,
                       struct stat *attributes G_GNUC_UNUSED, int set G_GNUC_UNUSED,
                       struct fuse_file_info *file G_GNUC_UNUSED)
{
    fuse_reply_err(req, EROFS);
}

void ck_refuse_mknod(fuse_req_t req, fuse_ino_t folder G_GNUC_UNUSED,
                     const char *name G_GNUC_UNUSED, mode_t mode G_GNUC_UNUSED,
                     dev_t device G_GNUC_UNUSED)
{
    fuse_reply_err(req, EROFS);
}

void ck_refuse_mkdir(fuse_req_t req, fuse_ino_t folder G_GNUC_UNUSED,
                     const char *name G_GNUC_UNUSED, mode_t mode G_GNUC_UNUSED)
{
    fuse_reply_err(req, EROFS);
}

void ck_refuse_create(fuse_req_t req, fuse_ino_t folder G_GNUC_UNUSED,
                      const char *name G_GNUC_UNUSED, mode_t mode G_GNUC_UNUSED,
                      struct fuse_file_info *file G_GNUC_UNUSED)
{
    fuse_reply_err(req, EROFS);
}

void ck_refuse_symlink(fuse_req_t req, const char *target G_GNUC_UNUSED,
                       fuse_ino_t folder G_GNUC_UNUSED, const char *name G_GNUC_UNUSED)
{
    fuse_reply_err(req, EROFS);
}

void ck_refuse_link(fuse_req_t req, fuse_ino_t node G_GNUC_UNUSED, fuse_ino_t folder G_GNUC_UNUSED,
                    const char *name G_GNUC_UNUSED)
{
    fuse_reply_err(req, EROFS);
}

void ck_refuse_rename(fuse_req_t req, fuse_ino_t folder G_GNUC_UNUSED,
                      const char *name G_GNUC_UNUSED, fuse_ino_t new_folder G_GNUC_UNUSED,
                      const char *new_name G_GNUC_UNUSED, unsigned flags G_GNUC_UNUSED)
{
    fuse_reply_err(req, EROFS);
}

void ck_refuse_setxattr(fuse_req_t req, fuse_ino_t node G_GNUC_UNUSED,
                        const char *name G_GNUC_UNUSED, const char *value G_GNUC_UNUSED,
                        size_t size G_GNUC_UNUSED, int flags G_GNUC_UNUSED)
{
    fuse_reply_err(req, EROFS);
}

void ck_refuse_removexattr(fuse_req_t req, fuse_ino_t node G_GNUC_UNUSED,
                           const char *name G_GNUC_UNUSED)
{
    fuse_reply_err(req, EROFS);
}
