/* SPDX-License-Identifier: MIT */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
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

void ck_daemon_notify(void)
{
    static const char word[] = "READY=1";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = g_getenv("NOTIFY_SOCKET");
    gsize length = path ? strlen(path) : 0;
    /* systemd's has a path; an abstract one ("@") would be out of reach, see landlock.c. */
    if (length < 2 || length > sizeof address.sun_path || *path != '/')
        return;
    memcpy(address.sun_path, path, length);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    /* A manager that does not hear it says so itself. */
    sendto(fd, word, sizeof word - 1, MSG_NOSIGNAL, (const struct sockaddr *)&address,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    close(fd);
}
