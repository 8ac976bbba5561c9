/* SPDX-License-Identifier: MIT */
/* The file system's operations, thin adapters from FUSE's low-level API to the tree. */
#pragma once

#include "request.h"

extern const struct fuse_lowlevel_ops ck_operations;
