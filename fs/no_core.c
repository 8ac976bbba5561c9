/* SPDX-License-Identifier: MIT */
#include "no_core.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Which kinds of memory a core has, as bits: none. A debugger's core goes by it as well. */
static void keep_memory_out(void)
{
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t ignored = write(fd, "0", 1);
    (void)ignored;
    close(fd);
}

void ck_no_core(void)
{
    const struct rlimit none = {0, 0};
    keep_memory_out(); /* before the files of /proc/self belong to root */
    setrlimit(RLIMIT_CORE, &none);
#ifndef CK_SANITIZED /* LeakSanitizer traces its own process */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
