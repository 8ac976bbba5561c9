/* SPDX-License-Identifier: MIT */
/* How one chatkitfs asks another, which serves a mount, to read everything anew: an ioctl of the
 * mount's root, answered once that is done. */
#pragma once

#include <glib.h>
#include <sys/ioctl.h>

#define CK_REFRESH _IO('k', 0x66)

/* Waits for it. Error: CK_ERROR_INVALID where that is no mount of chatkitfs, or it failed there. */
gboolean ck_refresh(const char *mountpoint, GError **error);
