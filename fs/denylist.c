/* SPDX-License-Identifier: MIT */
#include "denylist.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* LeakSanitizer stops and reads the process with these when it ends. */
#ifdef CK_SANITIZED
#define TRACING ""
#else
#define TRACING "ptrace process_vm_readv "
#endif

/* Names that the machine does not know are left out. Of some calls 32-bit machines have several:
 * chown32, utimensat_time64. */
static const char *const groups[] = {
    /* other programs: none is run any more */
    "execve execveat",
    /* other processes: their memory and descriptors */
    TRACING "process_vm_writev process_madvise kcmp pidfd_getfd",
    "setpriority ioprio_set",
    /* memory and queues that other processes share by name, without a file */
    "shmget shmat shmctl semget semop semtimedop semtimedop_time64 semctl msgget msgsnd msgrcv "
    "msgctl "
    "ipc mq_open mq_unlink",
    /* another view of the files; the keeper mounts */
    "mount umount umount2 pivot_root chroot move_mount open_tree open_tree_attr fsopen fsconfig "
    "fsmount fspick mount_setattr setns unshare",
    /* files by other ways than their paths, which Landlock judges */
    "open_by_handle_at",
    /* attributes, which Landlock leaves alone, and lengths, which it does before Linux 6.2 */
    "chmod fchmodat fchmodat2 chown chown32 lchown lchown32 fchownat truncate truncate64 utime "
    "utimes utimensat utimensat_time64 futimesat "
    "setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat "
    "file_setattr",
    /* another user or other capabilities */
    "setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset "
    "setuid32 setgid32 setreuid32 setregid32 setresuid32 setresgid32 setfsuid32 setfsgid32 "
    "setgroups32",
    /* large parts of the kernel that need not be within reach */
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register personality "
    "modify_ldt vm86 vm86old add_key request_key keyctl fanotify_init lookup_dcookie",
    /* the machine as a whole */
    "init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct "
    "quotactl quotactl_fd syslog settimeofday clock_settime clock_settime64 clock_adjtime "
    "clock_adjtime64 adjtimex sethostname setdomainname iopl ioperm",
#ifdef CK_DENYLIST_SOCKETS
    /* being a server: listen(2) takes a port without bind(2), which is what Landlock judges; and
     * another way to make sockets */
    "listen accept accept4 socketcall",
#endif
};

/* Those that libseccomp 2.5 has no names for or, on i386 and s390x, knows as a part of ipc(2)
 * alone. The numbers are the same on all machines but MIPS, where there are none such. */
static const struct {
    const char *name;
    int number;
} newer[] = {
    {"fchmodat2", 452},    {"setxattrat", 463}, {"removexattrat", 466}, {"open_tree_attr", 467},
    {"file_setattr", 469}, {"semget", 393},     {"semctl", 394},        {"shmget", 395},
    {"shmctl", 396},       {"shmat", 397},      {"msgget", 399},        {"msgsnd", 400},
    {"msgrcv", 401},       {"msgctl", 402},
};

/* Modes and owners of what is open, without which SQLite would not go on; the scheduling of
 * threads, which GLib makes that of the main one, as it is anyway. */
static const char in_appearance[] = "fchmod fchown fchown32 sched_setattr";

/* Which no filter can judge. The C library, told that there are none, takes clone(2) and openat(2).
 */
static const char with_flags_in_memory[] = "clone3 openat2";

/* Bits of an argument. The kernel looks at the lower half of it. */
typedef struct {
    guint argument; /* which one, counted from 0 */
    guint32 mask, value;
} Bits;

#define ALL G_MAXUINT32

/* A socket's type; above these bits are flags. */
#define TYPE_BITS 4
#define TYPES     0xF

#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

static const struct {
    const char *name;
    Bits denied;
} cases[] = {
    /* typing into a terminal */
    {"ioctl", {1, ALL, TIOCSTI}},
    {"ioctl", {1, ALL, TIOCLINUX}},
    /* emptying a file that is not opened for writing, which Landlock sees from Linux 6.2 on */
    {"open", {1, O_ACCMODE | O_TRUNC, O_RDONLY | O_TRUNC}},
    {"open", {1, O_ACCMODE | O_TRUNC, O_ACCMODE | O_TRUNC}},
    {"openat", {2, O_ACCMODE | O_TRUNC, O_RDONLY | O_TRUNC}},
    {"openat", {2, O_ACCMODE | O_TRUNC, O_ACCMODE | O_TRUNC}},
    /* attributes of what is open, be it for reading alone */
    {"ioctl", {1, ALL, (guint32)FS_IOC_SETFLAGS}},
    {"ioctl", {1, ALL, (guint32)FS_IOC_FSSETXATTR}},
    {"ioctl", {1, ALL, (guint32)FS_IOC_SETVERSION}},
    /* another view of files, users and processes */
    {"clone", {CLONE_FLAGS, CLONE_NEWNS, CLONE_NEWNS}},
    {"clone", {CLONE_FLAGS, CLONE_NEWCGROUP, CLONE_NEWCGROUP}},
    {"clone", {CLONE_FLAGS, CLONE_NEWUTS, CLONE_NEWUTS}},
    {"clone", {CLONE_FLAGS, CLONE_NEWIPC, CLONE_NEWIPC}},
    {"clone", {CLONE_FLAGS, CLONE_NEWUSER, CLONE_NEWUSER}},
    {"clone", {CLONE_FLAGS, CLONE_NEWPID, CLONE_NEWPID}},
    {"clone", {CLONE_FLAGS, CLONE_NEWNET, CLONE_NEWNET}},
#ifdef CK_DENYLIST_SOCKETS
    /* TCP connections that Landlock does not see */
    {"sendto", {3, MSG_FASTOPEN, MSG_FASTOPEN}},
    {"sendmsg", {2, MSG_FASTOPEN, MSG_FASTOPEN}},
    {"sendmmsg", {3, MSG_FASTOPEN, MSG_FASTOPEN}},
#endif
};

/* Calls that are allowed for some values of an argument alone. */
typedef struct {
    const char *name;
    guint argument;
    guint bits; /* how many of its lower ones count */
    gsize count;
    guint32 allowed[3];
    Bits only; /* where another argument is this; a mask of 0: always */
} Limit;

static const Limit limits[] = {
    /* its own limits, not those of others */
    {"prlimit64", 0, 32, 1, {0}, {0}},
    {"sched_setaffinity", 0, 32, 1, {0}, {0}},
    {"sched_setscheduler", 0, 32, 1, {0}, {0}},
    {"sched_setparam", 0, 32, 1, {0}, {0}},
#ifdef CK_DENYLIST_SOCKETS
    /* TCP, UDP, and what names are resolved with: which addresses this machine has */
    {"socket", 0, 32, 3, {AF_INET, AF_INET6, AF_NETLINK}, {0}},
    {"socket", 1, TYPE_BITS, 3, {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW}, {0}},
    {"socket", 2, 32, 2, {0, IPPROTO_TCP}, {1, TYPES, SOCK_STREAM}},
    {"socket", 2, 32, 2, {0, IPPROTO_UDP}, {1, TYPES, SOCK_DGRAM}},
    {"socket", 0, 32, 1, {AF_NETLINK}, {1, TYPES, SOCK_RAW}},
    {"socket", 2, 32, 1, {NETLINK_ROUTE}, {0, ALL, AF_NETLINK}},
    /* libcurl's; datagrams could be sent to other sockets than the pair's */
    {"socketpair", 0, 32, 1, {AF_UNIX}, {0}},
    {"socketpair", 1, TYPE_BITS, 1, {SOCK_STREAM}, {0}},
#endif
};

/* Negative: there is no such call. */
static int number_of(const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    for (gsize i = 0; number < 0 && i < G_N_ELEMENTS(newer); i++)
        if (strcmp(newer[i].name, name) == 0)
            return newer[i].number;
    return number;
}

/* Has it fail with that errno (0: succeed without doing anything) where all these bits are so. */
static gboolean deny(scmp_filter_ctx filter, const char *name, guint16 error, const Bits *bits,
                     guint count)
{
    struct scmp_arg_cmp comparisons[2];
    int number = number_of(name);
    for (guint i = 0; i < count; i++)
        comparisons[i] = (struct scmp_arg_cmp){bits[i].argument, SCMP_CMP_MASKED_EQ, bits[i].mask,
                                               bits[i].value};
    return number < 0 ||
           seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(error), number, count, comparisons) == 0;
}

static gboolean deny_list(scmp_filter_ctx filter, const char *list, guint16 error)
{
    g_auto(GStrv) names = g_strsplit(list, " ", -1);
    for (char **name = names; *name; name++)
        if (!deny(filter, *name, error, NULL, 0))
            return FALSE;
    return TRUE;
}

/* Denies the values that are not allowed, of those with these bits: all but the lowest, as many as
 * are unknown. */
static gboolean deny_others(scmp_filter_ctx filter, const Limit *limit, Bits known, guint unknown)
{
    gboolean any = FALSE;
    for (gsize i = 0; i < limit->count; i++)
        any |= (limit->allowed[i] & known.mask) == known.value;
    if (!any)
        return deny(filter, limit->name, EPERM, (const Bits[]){known, limit->only},
                    limit->only.mask ? 2 : 1);
    if (unknown == 0)
        return TRUE;
    Bits zero = known, one = known;
    guint32 next = (guint32)1 << (unknown - 1);
    zero.mask = one.mask = known.mask | next;
    one.value |= next;
    return deny_others(filter, limit, zero, unknown - 1) &&
           deny_others(filter, limit, one, unknown - 1);
}

static gboolean deny_all(scmp_filter_ctx filter)
{
    gboolean ok =
        deny_list(filter, in_appearance, 0) && deny_list(filter, with_flags_in_memory, ENOSYS);
    for (gsize i = 0; ok && i < G_N_ELEMENTS(groups); i++)
        ok = deny_list(filter, groups[i], EPERM);
    for (gsize i = 0; ok && i < G_N_ELEMENTS(cases); i++)
        ok = deny(filter, cases[i].name, EPERM, &cases[i].denied, 1);
    for (const Limit *limit = limits; ok && limit < limits + G_N_ELEMENTS(limits); limit++)
        ok = deny_others(filter, limit, (Bits){.argument = limit->argument}, limit->bits);
    return ok;
}

gboolean ck_denylist(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return FALSE;
    /* Nobody else's code runs here, so that branch prediction need not be slowed down for it, as
     * kernels before 5.16 do; and the calls are looked up in a tree. Both may be unknown. */
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    gboolean ok = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 && deny_all(filter) &&
                  seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}
