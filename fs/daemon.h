/* SPDX-License-Identifier: MIT */
/* Becoming a daemon as mount(8) expects: the parent waits and exits 0 only when the mount
 * answers. And the same for who needs no daemon: a service manager is told. */
#pragma once

#include <glib.h>

/* Forks; returns in the child, with a descriptor for ck_daemon_ready(), or -1 with errno set. The
 * parent never returns: it exits 0 once the child is ready, and with the child's exit status if
 * the child ends before. Must be called before there is any thread. */
int ck_daemon_fork(void);

/* Lets the parent go and leaves the terminal: own session, working directory /, standard streams
 * on /dev/null. */
void ck_daemon_ready(int fd);

/* In the foreground: tells the service manager that the mount answers, if NOTIFY_SOCKET says that
 * it wants to know (sd_notify(3), whose library this takes the place of). */
void ck_daemon_notify(void);
