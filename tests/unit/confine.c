/* SPDX-License-Identifier: MIT */
/* Each test confines a child of its own, and is told by its exit status what that could do. What
 * the running kernel can't deny is expected to be told, and not to be denied. */
#include "confine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <pty.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "denylist.h"
#include "landlock.h"
#include "rows.h"
#include "store_file.h"

typedef struct {
    char *directory; /* the cache */
    char *outside;   /* another one, with a file "file" in it */
    int listener;    /* on loopback */
    guint16 port;    /* its */
    guint16 other_port;
    int other_listener;
    struct sockaddr_un server; /* somebody's, in the directory outside */
    int server_socket;
    int terminal, terminal_end;
} Fixture;

/* What a confined child tries; TRUE: as it must be. */
typedef gboolean (*Trial)(const Fixture *f, const CkConfined *confined);

static int listen_on_loopback(guint16 *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(listen(fd, 8), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &size), ==, 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static char *path_in(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->directory = g_dir_make_tmp("confine-XXXXXX", NULL);
    f->outside = g_dir_make_tmp("confine-XXXXXX", NULL);
    f->listener = listen_on_loopback(&f->port);
    f->other_listener = listen_on_loopback(&f->other_port);
    g_assert_cmpint(openpty(&f->terminal, &f->terminal_end, NULL, NULL, NULL), ==, 0);
    g_autofree char *server = path_in(f->outside, "server");
    f->server.sun_family = AF_UNIX;
    g_strlcpy(f->server.sun_path, server, sizeof f->server.sun_path);
    f->server_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(f->server_socket, (struct sockaddr *)&f->server, sizeof f->server), ==, 0);
    g_assert_cmpint(listen(f->server_socket, 8), ==, 0);
    g_autofree char *file = path_in(f->outside, "file");
    g_assert_true(g_file_set_contents(file, "text", -1, NULL));
}

static void remove_all(char *directory)
{
    g_autoptr(GDir) files = g_dir_open(directory, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(files))) {
        g_autofree char *path = path_in(directory, name);
        g_remove(path);
    }
    g_rmdir(directory);
    g_free(directory);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    remove_all(f->directory);
    remove_all(f->outside);
    close(f->listener);
    close(f->other_listener);
    close(f->server_socket);
    close(f->terminal);
    close(f->terminal_end);
}

/* In a child, since nobody is ever let out again. */
static void try(Fixture *f, gconstpointer data)
{
    Trial trial = (Trial)data;
    int status;
    pid_t child = fork();
    if (child == 0) {
        g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/v1", f->port);
        CkConfined confined = ck_confine(url, f->directory);
        _exit(trial(f, &confined) ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

/* As it must be where the kernel denies it (result < 0, with an errno out of these two) if it can,
 * else not. */
static gboolean is_denied(const char *what, gboolean can, long result, int error, int other_error)
{
    gboolean denied = result < 0 && (errno == error || errno == other_error);
    if (denied != can)
        g_printerr("# %s: %s\n", what, result < 0 ? g_strerror(errno) : "was done");
    return denied == can;
}

static gboolean is_done(const char *what, long result)
{
    if (result < 0)
        g_printerr("# %s: %s\n", what, g_strerror(errno));
    return result >= 0;
}

/* What is reached is what this kernel is known to have, and no less. */
static gboolean reaches_all_there_is(const Fixture *f, const CkConfined *confined)
{
    (void)f;
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1U /* its version */);
    guint expected = version > 0 ? (guint)version : 0;
    return confined->landlock == expected && confined->files == (expected > 0) &&
           confined->tcp == (expected >= CK_LANDLOCK_TCP) && confined->system_calls &&
#ifdef CK_DENYLIST_SOCKETS
           confined->sockets &&
#else
           !confined->sockets &&
#endif
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
}

static gboolean writes_nothing_outside(const Fixture *f, const CkConfined *confined)
{
    g_autofree char *file = path_in(f->outside, "file");
    g_autofree char *new = path_in(f->outside, "new");
    g_autofree char *inside = path_in(f->directory, "new");
    const struct sockaddr_un socket_address = {AF_UNIX, "/tmp/chatkitfs-confine-test"};
    int pair[2];
    gboolean can = confined->files;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    close(open(inside, O_WRONLY | O_CREAT, 0600));
    return is_denied("write", can, open(file, O_WRONLY), EACCES, 0) &&
           is_denied("append", can, open(file, O_RDWR | O_APPEND), EACCES, 0) &&
           is_denied("make", can, open(new, O_WRONLY | O_CREAT, 0600), EACCES, 0) &&
           is_denied("without a name", can, open(f->outside, O_WRONLY | O_TMPFILE, 0600), EACCES,
                     0) &&
           is_denied("directory", can, mkdir(new, 0700), EACCES, 0) &&
           is_denied("link", can, symlink("a", new), EACCES, 0) &&
           is_denied("fifo", can, mkfifo(new, 0600), EACCES, 0) &&
           is_denied("socket", can,
                     bind(pair[0], (const struct sockaddr *)&socket_address, sizeof socket_address),
                     EACCES, 0) &&
           is_denied("rename", can, rename(file, new), EACCES, 0) &&
           is_denied("move in", can, rename(file, inside), EACCES, EXDEV) &&
           is_denied("move out", can, rename(inside, new), EACCES, EXDEV) &&
           is_denied("hard link", can, link(file, new), EACCES, 0) &&
           is_denied("remove", can, unlink(file), EACCES, 0) &&
           is_denied("remove directory", can, rmdir(f->outside), EACCES, 0);
}

/* Landlock does not judge these before Linux 6.2, or at all. */
static gboolean changes_no_attributes(const Fixture *f, const CkConfined *confined)
{
    g_autofree char *file = path_in(f->outside, "file");
    gboolean can = confined->system_calls;
    return is_denied("chmod", can, chmod(file, 0644), EPERM, 0) &&
           is_denied("chown", can, chown(file, getuid(), getgid()), EPERM, 0) &&
           is_denied("lchown", can, lchown(file, getuid(), getgid()), EPERM, 0) &&
           is_denied("fchmodat", can, fchmodat(AT_FDCWD, file, 0644, 0), EPERM, 0) &&
           is_denied("fchownat", can, fchownat(AT_FDCWD, file, getuid(), getgid(), 0), EPERM, 0) &&
           is_denied("utimensat", can, utimensat(AT_FDCWD, file, NULL, 0), EPERM, 0) &&
           is_denied("truncate", can, truncate(file, 0), EPERM, EACCES);
}

/* Those of an open file are what they were. */
static gboolean changes_nothing_of_an_open_file(const Fixture *f, const CkConfined *confined)
{
    g_autofree char *file = path_in(f->outside, "file");
    struct stat before, after;
    struct fsxattr attributes = {0};
    int fd = open(file, O_RDONLY), flags = FS_NODUMP_FL, generation = 7;
    gboolean can = confined->system_calls;
    return is_done("stat", fstat(fd, &before)) && is_done("fchmod", fchmod(fd, 0777)) &&
           is_done("fchown", fchown(fd, getuid() + 1, getgid() + 1)) &&
           is_done("stat", fstat(fd, &after)) && before.st_mode == after.st_mode &&
           before.st_uid == after.st_uid && before.st_gid == after.st_gid &&
           is_denied("FS_IOC_SETFLAGS", can, ioctl(fd, FS_IOC_SETFLAGS, &flags), EPERM, 0) &&
           is_denied("FS_IOC_FSSETXATTR", can, ioctl(fd, FS_IOC_FSSETXATTR, &attributes), EPERM,
                     0) &&
           is_denied("FS_IOC_SETVERSION", can, ioctl(fd, FS_IOC_SETVERSION, &generation), EPERM, 0);
}

static gboolean writes_in_its_directory(const Fixture *f, const CkConfined *confined)
{
    g_autofree char *one = path_in(f->directory, "one");
    g_autofree char *two = path_in(f->directory, "two");
    (void)confined;
    int fd = open(one, O_RDWR | O_CREAT | O_EXCL, 0600);
    return is_done("make", fd) && is_done("write", write(fd, "text", 4)) &&
           is_done("modes", fchmod(fd, 0600)) && is_done("shorten", ftruncate(fd, 1)) &&
           is_done("empty", open(one, O_WRONLY | O_TRUNC)) && is_done("rename", rename(one, two)) &&
           is_done("remove", unlink(two));
}

/* A key file that is read again, certificates, time zones. */
static gboolean reads_everywhere(const Fixture *f, const CkConfined *confined)
{
    g_autofree char *file = path_in(f->outside, "file");
    g_autofree char *text = NULL;
    (void)confined;
    return g_file_get_contents(file, &text, NULL, NULL) && strcmp(text, "text") == 0 &&
           is_done("list", open(f->outside, O_RDONLY | O_DIRECTORY));
}

static gboolean becomes_a_daemon(const Fixture *f, const CkConfined *confined)
{
    (void)f;
    (void)confined;
    return is_done("/dev/null", open("/dev/null", O_RDWR)) && is_done("chdir", chdir("/"));
}

static gboolean executes_nothing(const Fixture *f, const CkConfined *confined)
{
    (void)f;
    gboolean can = confined->files || confined->system_calls;
    /* Whose status is taken for the child's if it is executed. */
    const char *program = can ? "/bin/false" : "/bin/true";
    const char *const arguments[] = {program, NULL};
    return is_denied("execve", can, execve(program, (char *const *)arguments, NULL), EPERM, EACCES);
}

static int connect_to(guint16 port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
}

static gboolean connects_to_one_port(const Fixture *f, const CkConfined *confined)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    return is_done("API", connect_to(f->port)) &&
           is_denied("other", confined->tcp, connect_to(f->other_port), EACCES, 0) &&
           is_denied("bind", confined->tcp,
                     bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&any, sizeof any),
                     EACCES, 0);
}

/* Sockets */

/* What libcurl makes, and the C library as it resolves names. A stream of netlink is none that the
 * kernel has. */
static gboolean is_needed(int family, int type, int protocol)
{
    if (family == AF_NETLINK)
        return type >= SOCK_STREAM && type <= SOCK_RAW && protocol == NETLINK_ROUTE;
    return (family == AF_INET || family == AF_INET6) &&
           ((type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP)) ||
            (type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP)));
}

static gboolean makes(int family, int type, int protocol, gboolean allowed)
{
    int fd = socket(family, type, protocol);
    gboolean denied = fd < 0 && errno == EPERM;
    if (fd >= 0)
        close(fd);
    if (denied == allowed)
        g_printerr("# socket %d %d %d: %s\n", family, type, protocol, denied ? "denied" : "made");
    return denied != allowed;
}

/* Every family there is and more, every type, and protocols beyond the last, IPPROTO_MPTCP. */
static gboolean makes_only_the_sockets_it_needs(const Fixture *f, const CkConfined *confined)
{
    (void)f;
    if (!confined->sockets)
        return is_done("one that it does not need", socket(AF_UNIX, SOCK_DGRAM, 0));
    for (int family = 0; family < 64; family++)
        for (int type = 0; type <= 0xf; type++)
            for (int protocol = 0; protocol < 300; protocol++)
                if (!makes(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol,
                           is_needed(family, type, protocol)))
                    return FALSE;
    return makes(AF_INET, SOCK_STREAM, -1, FALSE) && makes(-1, SOCK_STREAM, 0, FALSE);
}

/* As clone(2) takes them: flags and stack, on s390x the other way round. */
static long clone_with(unsigned long flags)
{
#ifdef __s390__
    long child = syscall(SYS_clone, 0L, flags | SIGCHLD, 0L, 0L, 0L);
#else
    long child = syscall(SYS_clone, flags | SIGCHLD, 0L, 0L, 0L, 0L);
#endif
    if (child == 0)
        _exit(0);
    return child;
}

#if GLIB_SIZEOF_LONG > 4
#define UPPER (1L << 32)
#else
#define UPPER 0L
#endif

/* The kernel ignores the upper half of an argument, and so does the filter. */
static gboolean is_not_deceived_by_upper_halves(const Fixture *f, const CkConfined *confined)
{
    gboolean can = confined->sockets;
    (void)f;
#ifndef CK_DENYLIST_SOCKETS
    return !can;
#else
    return is_done("TCP", syscall(SYS_socket, UPPER | AF_INET, UPPER | SOCK_STREAM, UPPER)) &&
           is_denied("family", can, syscall(SYS_socket, UPPER | AF_UNIX, SOCK_STREAM, 0L), EPERM,
                     0) &&
           is_denied("protocol", can,
                     syscall(SYS_socket, AF_INET, SOCK_STREAM, UPPER | IPPROTO_MPTCP), EPERM, 0) &&
           is_denied("clone", can, clone_with((unsigned long)UPPER | CLONE_NEWUSER), EPERM, 0);
#endif
}

/* No other Unix socket can be reached by one of a pair. */
static gboolean makes_pairs_of_streams(const Fixture *f, const CkConfined *confined)
{
    int pair[2];
    return is_done("pair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) &&
           is_done("write", write(pair[0], "x", 1)) &&
           is_denied("connect", TRUE,
                     connect(pair[0], (const struct sockaddr *)&f->server, sizeof f->server),
                     EINVAL, EISCONN) &&
           is_denied("TCP", confined->sockets, socketpair(AF_INET, SOCK_STREAM, 0, pair), EPERM,
                     0) &&
           is_denied("datagrams", confined->sockets, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair),
                     EPERM, 0);
}

static gboolean resolves_names(const Fixture *f, const CkConfined *confined)
{
    const struct addrinfo hints = {.ai_flags = AI_ADDRCONFIG, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses;
    (void)f;
    (void)confined;
    int failure = getaddrinfo("localhost", "80", &hints, &addresses);
    if (failure)
        g_printerr("# localhost: %s\n", gai_strerror(failure));
    return !failure;
}

/* By which Landlock would not see that a connection is made. */
static gboolean connects_to_nobody_as_it_sends(const Fixture *f, const CkConfined *confined)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(f->other_port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    struct iovec part = {(char *)"x", 1};
    struct mmsghdr message = {.msg_hdr = {.msg_name = &address,
                                          .msg_namelen = sizeof address,
                                          .msg_iov = &part,
                                          .msg_iovlen = 1}};
    gboolean can = confined->sockets;
    int fds[3];
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
    return is_denied("sendto", can,
                     sendto(fds[0], "x", 1, MSG_FASTOPEN, (const struct sockaddr *)&address,
                            sizeof address),
                     EPERM, 0) &&
           is_denied("sendmsg", can, sendmsg(fds[1], &message.msg_hdr, MSG_FASTOPEN | MSG_NOSIGNAL),
                     EPERM, 0) &&
           is_denied("sendmmsg", can, sendmmsg(fds[2], &message, 1, MSG_FASTOPEN), EPERM, 0);
}

static gboolean is_no_server(const Fixture *f, const CkConfined *confined)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    gboolean can = confined->sockets;
    return is_denied("listen", can, listen(fd, 1), EPERM, 0) &&
           is_done("not to wait", fcntl(f->listener, F_SETFL, O_NONBLOCK)) &&
           is_denied("accept", can, accept(f->listener, NULL, NULL), EPERM, 0);
}

/* Processes */

static gboolean starts_processes_in_no_namespace(const Fixture *f, const CkConfined *confined)
{
    static const unsigned long flags[] = {
        CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
        CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNS};
    gboolean can = confined->system_calls;
    (void)f;
    for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
        if (!is_denied("clone", can, clone_with(flags[i]), EPERM, 0))
            return FALSE;
    return is_done("process", clone_with(0)) &&
           is_denied("clone3", can, syscall(SYS_clone3, NULL, 0L), ENOSYS, 0);
}

static gboolean limits_nobody_else(const Fixture *f, const CkConfined *confined)
{
    struct rlimit limit;
    (void)f;
    return is_denied("prlimit", confined->system_calls,
                     prlimit(getppid(), RLIMIT_CORE, NULL, &limit), EPERM, 0) &&
           is_denied("sched_setscheduler", confined->system_calls,
                     sched_setscheduler(getppid(), SCHED_OTHER, &(struct sched_param){0}), EPERM,
                     0) &&
           /* which does nothing, not even look at its arguments */
           (!confined->system_calls ||
            is_done("sched_setattr", (int)syscall(SYS_sched_setattr, getppid(), NULL, 0))) &&
           is_done("getrlimit", getrlimit(RLIMIT_CORE, &limit)) &&
           is_done("setrlimit", setrlimit(RLIMIT_CORE, &limit));
}

/* With arguments that would do nothing. */
static gboolean calls_nothing_of_the_list(const Fixture *f, const CkConfined *confined)
{
    static const struct {
        const char *name;
        long number;
    } calls[] = {
        {"execveat", SYS_execveat},
#ifndef CK_SANITIZED
        {"ptrace", SYS_ptrace},
        {"process_vm_readv", SYS_process_vm_readv},
#endif
        {"process_vm_writev", SYS_process_vm_writev},
        {"kcmp", SYS_kcmp},
        {"pidfd_getfd", SYS_pidfd_getfd},
        {"setpriority", SYS_setpriority},
        {"ioprio_set", SYS_ioprio_set},
        {"mq_open", SYS_mq_open},
        {"mq_unlink", SYS_mq_unlink},
#ifdef SYS_shmget
        {"shmget", SYS_shmget},
        {"semget", SYS_semget},
        {"msgget", SYS_msgget},
#endif
        {"mount", SYS_mount},
        {"umount2", SYS_umount2},
        {"pivot_root", SYS_pivot_root},
        {"chroot", SYS_chroot},
        {"move_mount", SYS_move_mount},
        {"open_tree", SYS_open_tree},
        {"fsopen", SYS_fsopen},
        {"fsconfig", SYS_fsconfig},
        {"fsmount", SYS_fsmount},
        {"fspick", SYS_fspick},
        {"mount_setattr", SYS_mount_setattr},
        {"setns", SYS_setns},
        {"unshare", SYS_unshare},
        {"open_by_handle_at", SYS_open_by_handle_at},
        {"setxattr", SYS_setxattr},
        {"lsetxattr", SYS_lsetxattr},
        {"fsetxattr", SYS_fsetxattr},
        {"removexattr", SYS_removexattr},
        {"setuid", SYS_setuid},
        {"setgid", SYS_setgid},
        {"setreuid", SYS_setreuid},
        {"setregid", SYS_setregid},
        {"setresuid", SYS_setresuid},
        {"setresgid", SYS_setresgid},
        {"setfsuid", SYS_setfsuid},
        {"setfsgid", SYS_setfsgid},
        {"setgroups", SYS_setgroups},
        {"capset", SYS_capset},
        {"bpf", SYS_bpf},
        {"perf_event_open", SYS_perf_event_open},
        {"userfaultfd", SYS_userfaultfd},
        {"io_uring_setup", SYS_io_uring_setup},
        {"io_uring_enter", SYS_io_uring_enter},
        {"io_uring_register", SYS_io_uring_register},
        {"personality", SYS_personality},
        {"add_key", SYS_add_key},
        {"request_key", SYS_request_key},
        {"keyctl", SYS_keyctl},
        {"fanotify_init", SYS_fanotify_init},
        {"init_module", SYS_init_module},
        {"finit_module", SYS_finit_module},
        {"delete_module", SYS_delete_module},
        {"kexec_load", SYS_kexec_load},
        {"reboot", SYS_reboot},
        {"swapon", SYS_swapon},
        {"swapoff", SYS_swapoff},
        {"acct", SYS_acct},
        {"quotactl", SYS_quotactl},
        {"syslog", SYS_syslog},
        {"settimeofday", SYS_settimeofday},
        {"clock_settime", SYS_clock_settime},
        {"adjtimex", SYS_adjtimex},
        {"sethostname", SYS_sethostname},
        {"setdomainname", SYS_setdomainname},
        /* newer than Debian 12's headers, or than its libseccomp */
        {"fchmodat2", 452},
        {"setxattrat", 463},
        {"removexattrat", 466},
        {"open_tree_attr", 467},
        {"file_setattr", 469},
#ifdef SYS_setuid32 /* the calls of 32-bit machines with ids of 32 bits */
        {"setuid32", SYS_setuid32},
        {"setgid32", SYS_setgid32},
        {"setreuid32", SYS_setreuid32},
        {"setregid32", SYS_setregid32},
        {"setresuid32", SYS_setresuid32},
        {"setresgid32", SYS_setresgid32},
        {"setfsuid32", SYS_setfsuid32},
        {"setfsgid32", SYS_setfsgid32},
        {"setgroups32", SYS_setgroups32},
        {"chown32", SYS_chown32},
        {"lchown32", SYS_lchown32},
        {"truncate64", SYS_truncate64},
#endif
#ifdef SYS_clock_settime64 /* and with times of 64 bits */
        {"clock_settime64", SYS_clock_settime64},
        {"clock_adjtime64", SYS_clock_adjtime64},
        {"utimensat_time64", SYS_utimensat_time64},
#endif
    };
    (void)f;
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        if (!is_denied(calls[i].name, confined->system_calls,
                       syscall(calls[i].number, -1L, -1L, -1L, -1L, -1L, -1L), EPERM, 0))
            return FALSE;
    return TRUE;
}

static gboolean types_into_no_terminal(const Fixture *f, const CkConfined *confined)
{
    struct winsize size;
    gboolean can = confined->system_calls;
    return is_denied("TIOCSTI", can, ioctl(f->terminal_end, TIOCSTI, "x"), EPERM, 0) &&
           is_denied("TIOCLINUX", can, ioctl(f->terminal_end, TIOCLINUX, "x"), EPERM, 0) &&
           is_done("TIOCGWINSZ", ioctl(f->terminal_end, TIOCGWINSZ, &size));
}

static gpointer call_umount(gpointer data)
{
    (void)data;
    return GINT_TO_POINTER(umount2("/nonexistent", 0) < 0 && errno == EPERM);
}

static gpointer write_outside(gpointer data)
{
    g_autofree char *file = path_in(((const Fixture *)data)->outside, "file");
    return GINT_TO_POINTER(open(file, O_WRONLY) < 0 && errno == EACCES);
}

/* curl's, which resolve names, the worker and the notifier. */
static gboolean holds_for_threads(const Fixture *f, const CkConfined *confined)
{
    GThread *one = g_thread_new("one", call_umount, NULL);
    GThread *two = g_thread_new("two", write_outside, (gpointer)f);
    return !!GPOINTER_TO_INT(g_thread_join(one)) == confined->system_calls &&
           !!GPOINTER_TO_INT(g_thread_join(two)) == confined->files;
}

/* What does not fit in memory */

#define MESSAGES 256
#define LENGTH   65536 /* of each; together twice what a store holds in memory */

/* Text that tells which message it is; to be freed. */
static char *text_of(int i)
{
    g_autofree char *letters = g_strnfill(LENGTH, (char)('a' + i % 26));
    return g_strdup_printf("%d %s", i, letters);
}

static gboolean has_message(CkStore *store, gint64 thread, int i)
{
    g_auto(CkItemRow) row = {0};
    g_autofree char *text = text_of(i);
    rows_get_item(store, thread, (guint64)i + 1, &row);
    g_autoptr(GBytes) json = ck_store_item_json(store, row.row, NULL);
    return json && g_strstr_len(g_bytes_get_data(json, NULL), (gssize)g_bytes_get_size(json), text);
}

static gboolean holds_much(CkStore *store)
{
    g_auto(CkThreadRow) thread = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    g_assert_true(ck_store_begin(store, NULL));
    for (int i = 0; i < MESSAGES; i++) {
        g_autofree char *id = g_strdup_printf("cthi_%d", i);
        g_autofree char *text = text_of(i);
        rows_put_message(store, "cthr_1", id, i + 1, text);
    }
    g_assert_true(ck_store_commit(store, NULL));
    rows_get_thread(store, "cthr_1", &thread);
    for (int i = 0; i < MESSAGES; i++)
        if (!has_message(store, thread.row, i))
            return FALSE;
    return TRUE;
}

/* A store without a cache writes to a file that was open before. */
static void a_store_of_before_grows(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        g_autoptr(CkStore) store = rows_new_store();
        ck_confine(NULL, NULL);
        _exit(holds_much(store) ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
}

/* As one with a cache makes it when that turns out to be damaged. */
static gboolean a_new_store_grows_in_the_directory(const Fixture *f, const CkConfined *confined)
{
    (void)confined;
    ck_store_set_temporary(f->directory);
    g_autoptr(CkStore) store = rows_new_store();
    return holds_much(store);
}

/* Other kernels */

/* Has system calls fail as on a kernel that lacks them. */
static void lose(const int *calls, gsize count)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    for (gsize i = 0; i < count; i++)
        g_assert_cmpint(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), calls[i], 0), ==, 0);
    g_assert_cmpint(seccomp_load(filter), ==, 0);
    seccomp_release(filter);
}

/* Each of the two denies what it does without the other. */

/* In all ways that take no permission to write, by which Landlock does not see it either before
 * Linux 6.2. */
static gboolean empties_no_file(const Fixture *f)
{
    g_autofree char *file = path_in(f->outside, "file");
    const guint64 how[3] = {O_RDONLY | O_TRUNC, 0, 0}; /* struct open_how */
    static const int modes[] = {O_RDONLY, O_ACCMODE};
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
#ifdef SYS_open
        if (!is_denied("open", TRUE, syscall(SYS_open, file, modes[i] | O_TRUNC, 0), EPERM, 0))
            return FALSE;
#endif
        if (!is_denied("openat", TRUE, syscall(SYS_openat, AT_FDCWD, file, modes[i] | O_TRUNC, 0),
                       EPERM, 0))
            return FALSE;
    }
    return is_denied("openat2", TRUE, syscall(SYS_openat2, AT_FDCWD, file, how, sizeof how), ENOSYS,
                     0) &&
           is_done("open", open(file, O_WRONLY | O_TRUNC));
}

static gboolean has_the_list_alone(const Fixture *f, const CkConfined *confined)
{
    return !confined->landlock && !confined->files && !confined->tcp && confined->system_calls &&
           executes_nothing(f, confined) &&
           is_done("write", open(f->outside, O_TMPFILE | O_RDWR, 0600)) && empties_no_file(f);
}

static gboolean has_landlock_alone(const Fixture *f, const CkConfined *confined)
{
    g_autofree char *file = path_in(f->outside, "file");
    return confined->files == (confined->landlock > 0) && !confined->system_calls &&
           !confined->sockets && executes_nothing(f, confined) &&
           is_denied("truncate", confined->landlock >= 3, truncate(file, 0), EACCES, 0);
}

static gboolean has_nothing(const Fixture *f, const CkConfined *confined)
{
    (void)f;
    return !confined->landlock && !confined->files && !confined->tcp && !confined->sockets &&
           !confined->system_calls;
}

static void a_kernel_that_can_do_less_is_told(Fixture *f, gconstpointer data)
{
    static const struct {
        int lost[2];
        gsize count;
        Trial is_told;
    } cases[] = {
        {{SYS_landlock_create_ruleset}, 1, has_the_list_alone},
        {{SYS_seccomp}, 1, has_landlock_alone},
        {{SYS_landlock_create_ruleset, SYS_seccomp}, 2, has_nothing},
    };
    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            lose(cases[i].lost, cases[i].count);
            CkConfined confined = ck_confine(NULL, NULL);
            _exit(cases[i].is_told(f, &confined) ? 0 : 1);
        }
        g_assert_cmpint(waitpid(child, &status, 0), ==, child);
        g_assert_cmpint(status, ==, 0);
    }
}

static gpointer wait_and_call(gpointer data)
{
    g_mutex_lock(data);
    g_mutex_unlock(data);
    return call_umount(NULL);
}

/* Landlock does not hold for that. */
static void another_thread_is_told(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        GMutex mutex;
        g_mutex_init(&mutex);
        g_mutex_lock(&mutex);
        GThread *thread = g_thread_new("early", wait_and_call, &mutex);
        CkConfined confined = ck_confine(NULL, NULL);
        g_mutex_unlock(&mutex);
        gboolean denied = !!GPOINTER_TO_INT(g_thread_join(thread));
        _exit(!confined.files && !confined.tcp && confined.system_calls && denied ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
}

/* Words */

static void assert_ports(const char *url, const char *const *environment, const char *expected)
{
    g_autoptr(GArray) ports = ck_confine_ports(url, (char **)environment);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < ports->len; i++)
        g_string_append_printf(text, "%s%u", i > 0 ? " " : "", g_array_index(ports, guint16, i));
    g_assert_cmpstr(text->str, ==, expected);
}

static void ports_are_those_of_the_url_and_its_proxies(void)
{
    const char *const none[] = {"http_proxy=http://proxy:3128", "no_proxy=*", "https_proxy=", NULL};
    const char *const some[] = {"https_proxy=http://proxy:3128",
                                "HTTPS_PROXY=user:pass%40word@proxy:8080/",
                                "all_proxy=socks5h://[::1]:9050", "ALL_PROXY=proxy", NULL};
    const char *const defaults[] = {"https_proxy=https://proxy", "all_proxy=socks5://proxy",
                                    "ALL_PROXY=not a url", NULL};
    assert_ports("https://api.openai.com/v1", none, "443");
    assert_ports("HTTPS://api.example.com:8443/v1", none, "8443");
    assert_ports("http://127.0.0.1/v1", none, "80");
    assert_ports("http://[::1]:65535/v1", some, "65535");
    assert_ports("https://api.openai.com/v1", some, "443 3128 8080 9050 1080");
    assert_ports("https://api.openai.com/v1", defaults, "443 443 1080 1080");
    assert_ports(NULL, some, "");
}

static void tells_what_is_reached_and_what_is_not(void)
{
    static const struct {
        CkConfined confined;
        const char *text;
    } cases[] = {
        {{7, TRUE, TRUE, TRUE, TRUE}, "confined: files, TCP ports, sockets, system calls"},
        {{7, TRUE, TRUE, TRUE, FALSE},
         "confined: files, TCP ports, system calls; not, this kernel can't: sockets (seccomp; on "
         "i386 and s390x none can)"},
        {{2, TRUE, FALSE, TRUE, TRUE},
         "confined: files, sockets, system calls; not, this kernel can't: TCP ports (Landlock, "
         "Linux 6.7)"},
        {{0, FALSE, FALSE, FALSE, FALSE},
         "not confined, this kernel can't: files (Landlock, Linux 5.13), TCP ports (Landlock, "
         "Linux 6.7), sockets (seccomp; on i386 and s390x none can), system calls (seccomp)"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = ck_confined_describe(&cases[i].confined);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        Trial trial;
    } trials[] = {
        {"/confine/level", reaches_all_there_is},
        {"/confine/files/outside", writes_nothing_outside},
        {"/confine/files/attributes", changes_no_attributes},
        {"/confine/files/open", changes_nothing_of_an_open_file},
        {"/confine/files/inside", writes_in_its_directory},
        {"/confine/files/read", reads_everywhere},
        {"/confine/daemon", becomes_a_daemon},
        {"/confine/execute", executes_nothing},
        {"/confine/tcp", connects_to_one_port},
        {"/confine/sockets", makes_only_the_sockets_it_needs},
        {"/confine/sockets/upper", is_not_deceived_by_upper_halves},
        {"/confine/sockets/pairs", makes_pairs_of_streams},
        {"/confine/sockets/names", resolves_names},
        {"/confine/sockets/fast-open", connects_to_nobody_as_it_sends},
        {"/confine/sockets/server", is_no_server},
        {"/confine/processes/namespaces", starts_processes_in_no_namespace},
        {"/confine/processes/limits", limits_nobody_else},
        {"/confine/system-calls", calls_nothing_of_the_list},
        {"/confine/terminal", types_into_no_terminal},
        {"/confine/threads", holds_for_threads},
        {"/confine/store/new", a_new_store_grows_in_the_directory},
    };
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(trials); i++)
        g_test_add(trials[i].path, Fixture, (gconstpointer)trials[i].trial, set_up, try, tear_down);
    g_test_add_func("/confine/store", a_store_of_before_grows);
    g_test_add("/confine/less", Fixture, NULL, set_up, a_kernel_that_can_do_less_is_told,
               tear_down);
#ifndef CK_SANITIZED
    g_test_add_func("/confine/early-thread", another_thread_is_told);
#endif
    g_test_add_func("/confine/ports", ports_are_those_of_the_url_and_its_proxies);
    g_test_add_func("/confine/words", tells_what_is_reached_and_what_is_not);
    return g_test_run();
}
