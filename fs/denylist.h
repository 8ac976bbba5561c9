/* SPDX-License-Identifier: MIT */
/* System calls that the process has no use for, refused by the kernel (seccomp(2), libseccomp): as
 * a whole, or where their arguments are others than it has a use for. */
#pragma once

#include <glib.h>

/* Whether the filter sees what a socket is for. The C library of these machines makes sockets by
 * socketcall(2), whose arguments are in memory. */
#if !defined __i386__ && !defined __s390__
#define CK_DENYLIST_SOCKETS
#endif

/* From now on they fail with EPERM in all threads. Takes PR_SET_NO_NEW_PRIVS. FALSE where the
 * kernel can't do that. */
gboolean ck_denylist(void);
