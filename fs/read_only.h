/* SPDX-License-Identifier: MIT */
/*
 * What a mount answers to those who would write, where it is not the kernel that does: one with
 * --allow-delete can't be mounted "ro", or nothing would be asked of it at all. EROFS to
 * everything.
 */
#pragma once

#include <fuse_lowlevel.h>

void ck_refuse_setattr(fuse_req_t req, fuse_ino_t node, struct stat *attributes, int set,
                       struct fuse_file_info *file);
void ck_refuse_mknod(fuse_req_t req, fuse_ino_t folder, const char *name, mode_t mode,
                     dev_t device);
void ck_refuse_mkdir(fuse_req_t req, fuse_ino_t folder, const char *name, mode_t mode);
void ck_refuse_create(fuse_req_t req, fuse_ino_t folder, const char *name, mode_t mode,
                      struct fuse_file_info *file);
void ck_refuse_symlink(fuse_req_t req, const char *target, fuse_ino_t folder, const char *name);
void ck_refuse_link(fuse_req_t req, fuse_ino_t node, fuse_ino_t folder, const char *name);
void ck_refuse_rename(fuse_req_t req, fuse_ino_t folder, const char *name, fuse_ino_t new_folder,
                      const char *new_name, unsigned flags);
void ck_refuse_setxattr(fuse_req_t req, fuse_ino_t node, const char *name, const char *value,
                        size_t size, int flags);
void ck_refuse_removexattr(fuse_req_t req, fuse_ino_t node, const char *name);
