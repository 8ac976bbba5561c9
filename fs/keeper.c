/* SPDX-License-Identifier: MIT */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "error.h"

/* How long it may take to mount, which can wait for the disk, and to unmount, in s. */
#define MOUNT_S   30
#define UNMOUNT_S 10

/*
 * $0: where to mount; $1: the options. Its standard input is the socket, over which fusermount3
 * passes a descriptor to whoever runs it (_FUSE_COMMFD, as in lib/mount.c of libfuse). What
 * fusermount3 says is what is said to the user.
 *
 * That the descriptor could not be passed, because the program is gone, is no reason not to
 * unmount. What is alive is somebody else's by now; to tell that takes statfs(2), which stat -f
 * calls: the kernel alone answers any other call.
 */
static const char script[] =
    "read -r go || exit\n"
    "fusermount3 -o \"$1\" -- \"$0\" && exec 2>/dev/null && read -r end\n"
    "stat -f -- \"$0\" >/dev/null 2>&1 || exec fusermount3 -u -z -q -- \"$0\" 2>/dev/null\n";

struct _CkKeeper {
    char *mountpoint;
    int socket;
    int words; /* the reading end of the shell's standard error; -1 once mounted */
    gboolean mounted;
};

/* Between fork(2) and exec: nothing but system calls. Its end comes with ours, not with a signal
 * that is sent to both, as by a terminal or by whoever stops all processes of a service.
 *
 * Where an automounter has us mount, the kernel lets its process group alone into the directory:
 * fusermount3 in another one would wait for the mount that it is to make, and stat, when that is
 * unmounted, would have it made again. */
static void detach(gpointer data)
{
    const gboolean *automounted = data;
    if (!*automounted)
        setsid();
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
}

/* What fusermount3 is told, of what libfuse is told: it does not know allow_root, which is
 * allow_other to the kernel; and with auto_unmount it would not return. A backslash guards a comma
 * within a value. */
static char *fusermount_options(const char *options)
{
    GString *out = g_string_new(NULL);
    const char *end;
    for (const char *at = options; *at; at = *end ? end + 1 : end) {
        for (end = at; *end && *end != ','; end++)
            end += *end == '\\' && end[1];
        g_autofree char *option = g_strndup(at, (gsize)(end - at));
        if (strcmp(option, "auto_unmount") != 0 && *option)
            g_string_append_printf(out, "%s%s", out->len > 0 ? "," : "",
                                   strcmp(option, "allow_root") == 0 ? "allow_other" : option);
    }
    return g_string_free(out, FALSE);
}

/* Neither the key, which the environment may have, nor anything else that a shell does not need. */
static char **new_environment(void)
{
    const char *path = g_getenv("PATH");
    char **environment = g_environ_setenv(NULL, "_FUSE_COMMFD", "0", TRUE);
    return path ? g_environ_setenv(environment, "PATH", path, TRUE) : environment;
}

/* g_spawn_async_with_fds() has it no child of ours, so that nobody needs to wait for it. */
static gboolean start(CkKeeper *keeper, const char *options, int socket, int words, GError **error)
{
    struct statfs status;
    gboolean automounted =
        statfs(keeper->mountpoint, &status) == 0 && status.f_type == AUTOFS_SUPER_MAGIC;
    g_autofree char *told = fusermount_options(options);
    g_auto(GStrv) environment = new_environment();
    const char *const argv[] = {"/bin/sh", "-c", script, keeper->mountpoint, told, NULL};
    g_autoptr(GError) reason = NULL;
    return g_spawn_async_with_fds("/", (char **)argv, environment, G_SPAWN_STDOUT_TO_DEV_NULL,
                                  detach, &automounted, NULL, socket, -1, words, &reason) ||
           ck_error_invalid(error, "can't start a process: %s", reason->message);
}

static gboolean open_and_start(CkKeeper *keeper, const char *options, GError **error)
{
    int sockets[2], words[2];
    const struct timeval patience = {.tv_sec = MOUNT_S};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        return ck_error_invalid(error, "can't start a process: %s", g_strerror(errno));
    keeper->socket = sockets[0];
    setsockopt(keeper->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (pipe2(words, O_CLOEXEC) != 0) {
        int saved_errno = errno;
        close(sockets[1]);
        return ck_error_invalid(error, "can't start a process: %s", g_strerror(saved_errno));
    }
    keeper->words = words[0];
    gboolean started = start(keeper, options, sockets[1], words[1], error);
    close(sockets[1]);
    close(words[1]);
    return started;
}

CkKeeper *ck_keeper_new(const char *mountpoint, const char *options, GError **error)
{
    g_autofree char *program = g_find_program_in_path("fusermount3");
    if (!program) {
        ck_error_invalid(error, "can't mount: there is no fusermount3; install the package fuse3");
        return NULL;
    }
    g_autoptr(CkKeeper) keeper = g_new0(CkKeeper, 1);
    keeper->mountpoint = g_strdup(mountpoint);
    keeper->socket = keeper->words = -1;
    return open_and_start(keeper, options, error) ? g_steal_pointer(&keeper) : NULL;
}

/* A descriptor (unix(7), SCM_RIGHTS); -1: the socket has ended, or nothing came for MOUNT_S. */
static int receive_descriptor(int socket)
{
    char byte;
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t size;
    int fd = -1;
    do
        size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    const struct cmsghdr *header = size > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

/* Why it failed: the last line, to be freed. It may have warned of something before. */
static char *last_words(int fd)
{
    char bytes[4096];
    gsize length = 0;
    ssize_t size;
    struct pollfd more = {.fd = fd, .events = POLLIN};
    while (length < sizeof bytes - 1 && poll(&more, 1, UNMOUNT_S * 1000) > 0 &&
           (size = read(fd, bytes + length, sizeof bytes - 1 - length)) > 0)
        length += (gsize)size;
    bytes[length] = '\0';
    const char *line = strrchr(g_strchomp(bytes), '\n');
    line = line ? line + 1 : bytes;
    if (g_str_has_prefix(line, "fusermount3: "))
        line += strlen("fusermount3: ");
    return g_utf8_make_valid(*line ? line : "fusermount3 did not say why", -1);
}

int ck_keeper_mount(CkKeeper *keeper, GError **error)
{
    int fd = -1;
    if (send(keeper->socket, "\n", 1, MSG_NOSIGNAL) == 1)
        fd = receive_descriptor(keeper->socket);
    if (fd < 0) {
        g_autofree char *words = last_words(keeper->words);
        g_autofree char *what = g_strdup_printf("can't mount on %s", keeper->mountpoint);
        ck_error_invalid(error, "%s: %s", what, words);
        return -1;
    }
    keeper->mounted = TRUE;
    close(keeper->words);
    keeper->words = -1;
    return fd;
}

/* O_PATH: a statfs(2) of the path would have an automounter mount it again. */
static gboolean is_dead(const char *path)
{
    struct statfs status;
    int fd = open(path, O_PATH | O_CLOEXEC);
    gboolean dead = fd >= 0 && fstatfs(fd, &status) != 0 && errno == ENOTCONN;
    if (fd >= 0)
        close(fd);
    return dead;
}

/* The shell has the other end until it has unmounted. */
static void wait_for_end(CkKeeper *keeper)
{
    struct pollfd end = {.fd = keeper->socket, .events = POLLIN};
    shutdown(keeper->socket, SHUT_WR);
    while (poll(&end, 1, UNMOUNT_S * 1000) < 0 && errno == EINTR)
        ;
    if (is_dead(keeper->mountpoint))
        g_warning("%s is still mounted, and could not be unmounted: fusermount3 -u does so",
                  keeper->mountpoint);
}

void ck_keeper_free(CkKeeper *keeper)
{
    if (keeper->mounted)
        wait_for_end(keeper);
    if (keeper->socket >= 0)
        close(keeper->socket);
    if (keeper->words >= 0)
        close(keeper->words);
    g_free(keeper->mountpoint);
    g_free(keeper);
}
