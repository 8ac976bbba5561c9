/* SPDX-License-Identifier: MIT */
/* What the process may not do with files and over TCP, by the kernel's Landlock (landlock(7)). */
#pragma once

#include <glib.h>

/* The version of Landlock's interface from which on it knows TCP ports. */
#define CK_LANDLOCK_TCP 4

/* From now on this thread, and those that it starts, can't execute a program; can't make, write,
 * shorten or remove a file but those in directory (NULL: none), and writes to /dev/null; and can
 * neither listen on TCP nor connect to other ports than these. What is open stays as it is.
 * Takes PR_SET_NO_NEW_PRIVS. The version of the kernel's interface, which tells how much of this it
 * does; 0: nothing, since it has none, or errno tells why. */
guint ck_landlock(const char *directory, const guint16 *ports, gsize count);
