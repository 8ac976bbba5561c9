/* SPDX-License-Identifier: MIT */
/* For LD_PRELOAD: nowhere.test is this machine, as long as there is no file $STUCK. Then no name
 * can be resolved any more, nor is an error said; $TRIED, which must be there, gets a byte where
 * that is tried. It is opened at the start: later the program may not write. */
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*Resolve)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int tried;

__attribute__((constructor)) static void open_tried(void)
{
    tried = open(getenv("TRIED"), O_WRONLY | O_APPEND | O_CLOEXEC);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    Resolve resolve = (Resolve)dlsym(RTLD_NEXT, "getaddrinfo");
    if (access(getenv("STUCK"), F_OK) == 0 && write(tried, ".", 1) == 1)
        for (;;)
            pause();
    if (name && strcmp(name, "nowhere.test") == 0)
        name = "127.0.0.1";
    return resolve(name, service, hints, found);
}
