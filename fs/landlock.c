/* SPDX-License-Identifier: MIT */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of include/uapi/linux/landlock.h what the headers of Debian 12 (Linux 6.1) do not have. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP    (1ULL << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL               (1ULL << 1)
#endif
#define RULE_NET_PORT 2

typedef struct {
    guint64 files;
    guint64 tcp;
    guint64 scopes;
} Ruleset; /* struct landlock_ruleset_attr */

typedef struct {
    guint64 allowed;
    guint64 port;
} Port; /* struct landlock_net_port_attr */

/* From which version on the kernel knows what. */
static const struct {
    long version;
    Ruleset added;
} versions[] = {
    {1,
     {.files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
               LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
               LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
               LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
               LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
               LANDLOCK_ACCESS_FS_MAKE_SYM}},
    {2, {.files = LANDLOCK_ACCESS_FS_REFER}},
    {3, {.files = LANDLOCK_ACCESS_FS_TRUNCATE}},
    {CK_LANDLOCK_TCP, {.tcp = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP}},
    {5, {.files = LANDLOCK_ACCESS_FS_IOCTL_DEV}},
    {6, {.scopes = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL}},
};

/* What SQLite and cache.c do in the directory. */
#define IN_DIRECTORY                                                                               \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_REG |   \
     LANDLOCK_ACCESS_FS_REMOVE_FILE)

/* FALSE with errno set. */
static gboolean allow_below(int ruleset, const char *path, guint64 allowed)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = allowed};
    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return FALSE;
    long failed = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
    return failed == 0;
}

static gboolean allow_port(int ruleset, guint16 port)
{
    const Port rule = {LANDLOCK_ACCESS_NET_CONNECT_TCP, port};
    return syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) == 0;
}

static gboolean restrict_by(int ruleset, const Ruleset *denied, const char *directory,
                            const guint16 *ports, gsize count)
{
    gboolean ok = allow_below(ruleset, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE) &&
                  (!directory || allow_below(ruleset, directory, IN_DIRECTORY & denied->files));
    for (gsize i = 0; ok && denied->tcp && i < count; i++)
        ok = allow_port(ruleset, ports[i]);
    return ok && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

guint ck_landlock(const char *directory, const guint16 *ports, gsize count)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    Ruleset denied = {0};
    if (version < 1)
        return 0;
    for (gsize i = 0; i < G_N_ELEMENTS(versions) && versions[i].version <= version; i++) {
        denied.files |= versions[i].added.files;
        denied.tcp |= versions[i].added.tcp;
        denied.scopes |= versions[i].added.scopes;
    }
    /* A kernel takes a structure longer than its own if the rest is 0. */
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &denied, sizeof denied, 0);
    if (ruleset < 0)
        return 0;
    gboolean ok = restrict_by(ruleset, &denied, directory, ports, count);
    int saved_errno = errno;
    close(ruleset);
    errno = saved_errno;
    return ok ? (guint)version : 0;
}
