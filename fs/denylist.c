/* SPDX-License-Identifier: MIT */
#include "denylist.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/ioctl.h>

/* LeakSanitizer stops and reads the process with these when it ends. */
#ifdef CK_SANITIZED
#define TRACING ""
#else
#define TRACING "ptrace process_vm_readv "
#endif

/* Names that libseccomp or the machine does not know are left out. Of some calls 32-bit machines
 * have several: chown32, utimensat_time64. */
static const char *const groups[] = {
    /* other programs: none is run any more */
    "execve execveat",
    /* other processes: their memory and descriptors */
    TRACING "process_vm_writev process_madvise kcmp pidfd_getfd",
    /* another view of the files; the keeper mounts */
    "mount umount umount2 pivot_root chroot move_mount open_tree open_tree_attr fsopen fsconfig "
    "fsmount fspick mount_setattr setns unshare",
    /* files by other ways than their paths, which Landlock judges */
    "open_by_handle_at",
    /* attributes, which Landlock leaves alone, and lengths, which it does before Linux 6.2. Those
     * of a descriptor stay: SQLite sets modes of what it opens */
    "chmod fchmodat fchmodat2 chown chown32 lchown lchown32 fchownat truncate truncate64 utime "
    "utimes utimensat utimensat_time64 futimesat "
    "setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat",
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
};

/* What they would do with a terminal: type into it. */
static const guint32 terminal_requests[] = {TIOCSTI, TIOCLINUX};

static gboolean deny(scmp_filter_ctx filter, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    return number < 0 || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0) == 0;
}

static gboolean deny_all(scmp_filter_ctx filter)
{
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_auto(GStrv) names = g_strsplit(groups[i], " ", -1);
        for (char **name = names; *name; name++)
            if (!deny(filter, *name))
                return FALSE;
    }
    /* The kernel looks at the lower half of the argument. */
    for (gsize i = 0; i < G_N_ELEMENTS(terminal_requests); i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, G_MAXUINT32, terminal_requests[i])) != 0)
            return FALSE;
    return TRUE;
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
