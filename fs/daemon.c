/* SPDX-License-Identifier: MIT */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Those of a sanitizer, which are not inherited, are above (tests/sanitizer/runtime.c). */
#ifdef CK_SANITIZED
#define LAST_DESCRIPTOR 499U
#else
#define LAST_DESCRIPTOR ~0U
#endif

/* How many are closed one by one, where the kernel is older than Linux 5.9. */
#define DESCRIPTORS 65536

static void close_inherited(void)
{
    if (syscall(SYS_close_range, STDERR_FILENO + 1, LAST_DESCRIPTOR, 0) == 0)
        return;
    for (unsigned fd = STDERR_FILENO + 1; fd < MIN(DESCRIPTORS, LAST_DESCRIPTOR); fd++)
        close((int)fd);
}

void ck_daemon_begin(char **arguments)
{
    int null;
    do
        if ((null = open("/dev/null", O_RDWR)) < 0)
            null = open("/", O_RDONLY | O_DIRECTORY); /* nothing else may take these numbers */
    while (null >= 0 && null <= STDERR_FILENO);
    for (char **argument = arguments; *argument; argument++) {
        const char *name = strstr(*argument, "/dev/fd/");
        gboolean whole = name && (name == *argument || name[-1] == '='); /* of it, or of a value */
        g_autofree char *path = whole ? realpath(name, NULL) : NULL;
        if (path)
            *argument = g_strdup_printf("%.*s%s", (int)(name - *argument), *argument, path);
    }
    close_inherited();
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* ignored, the end of a child could not be waited for */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

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

int ck_daemon_open_notify(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = g_getenv("NOTIFY_SOCKET");
    gsize length = path ? strlen(path) : 0;
    if (length < 2 || length > sizeof address.sun_path || (*path != '/' && *path != '@'))
        return -1;
    memcpy(address.sun_path, path, length);
    if (*path == '@') /* an abstract one (unix(7)) */
        address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, size) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void ck_daemon_notify(int fd)
{
    static const char word[] = "READY=1";
    if (fd < 0)
        return;
    /* A manager that does not hear it says so itself. */
    send(fd, word, sizeof word - 1, MSG_NOSIGNAL);
    close(fd);
}
