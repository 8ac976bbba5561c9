/* SPDX-License-Identifier: MIT */
/* System calls that the process has no use for, refused by the kernel (seccomp(2), libseccomp). */
#pragma once

#include <glib.h>

/* From now on they fail with EPERM in all threads. Takes PR_SET_NO_NEW_PRIVS. FALSE where the
 * kernel can't do that. */
gboolean ck_denylist(void);
