/* SPDX-License-Identifier: MIT */
/* Becoming a daemon as mount(8) expects: the parent waits and exits 0 only when the mount
 * answers. And the same for who needs no daemon: a service manager is told. */
#pragma once

#include <glib.h>

/* To be called first of all. What a caller may leave behind does no harm afterwards: each of the
 * standard streams is open, on /dev/null where it was closed; no other descriptor is, so that
 * nobody waits for the end of a pipe or for a lock that a mount holds for its life; and a file that
 * grows beyond RLIMIT_FSIZE is an error, not the end. arguments: of main(); a file or
 * directory given as /dev/fd/N, also as --OPTION=/dev/fd/N, is replaced by its path. */
void ck_daemon_begin(char **arguments);

/* Forks; returns in the child, with a descriptor for ck_daemon_ready(), or -1 with errno set. The
 * parent never returns: it exits 0 once the child is ready, and with the child's exit status if
 * the child ends before. Must be called before there is any thread. */
int ck_daemon_fork(void);

/* Lets the parent go and leaves the terminal: own session, working directory /, standard streams
 * on /dev/null. */
void ck_daemon_ready(int fd);

/* In the foreground: a socket for ck_daemon_notify(), if NOTIFY_SOCKET says that a service manager
 * wants to know (sd_notify(3), whose library this takes the place of); -1: nobody does. A confined
 * program could not open it. */
int ck_daemon_open_notify(void);

/* Tells the manager that the mount answers, and closes the socket. */
void ck_daemon_notify(int fd);
