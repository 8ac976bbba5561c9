/* SPDX-License-Identifier: MIT */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits for a byte (ready) or the end of the pipe (the child is gone), then exits. */
static G_NORETURN void wait_for(pid_t child, int fd)
{
    char byte;
    ssize_t size;
    int status;
    do
        size = read(fd, &byte, 1);
    while (size < 0 && errno == EINTR);
    if (size == 1)
        _exit(EXIT_SUCCESS);
    if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) != 0)
        _exit(WEXITSTATUS(status));
    _exit(EXIT_FAILURE);
}

int ck_daemon_fork(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t child = fork();
    if (child < 0) {
        int saved_errno = errno;
        close(ends[0]);
        close(ends[1]);
        errno = saved_errno;
        return -1;
    }
    if (child > 0) {
        close(ends[1]);
        wait_for(child, ends[0]);
    }
    close(ends[0]);
    return ends[1];
}

void ck_daemon_ready(int fd)
{
    int null = open("/dev/null", O_RDWR);
    setsid();
    /* Neither fails on a working system; if one does, the mount works all the same. */
    int ignored = chdir("/");
    (void)ignored;
    for (int stream = 0; null >= 0 && stream < 3; stream++)
        dup2(null, stream);
    if (null > 2)
        close(null);
    while (write(fd, "", 1) < 0 && errno == EINTR)
        ;
    close(fd);
}
