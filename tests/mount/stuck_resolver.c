/* SPDX-License-Identifier: MIT */
/* For LD_PRELOAD: nowhere.test is this machine, as long as there is no file $STUCK. Then no name
 * can be resolved any more, nor is an error said; a line on standard error tells of each that is
 * tried. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*Resolve)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static const char tried[] = "a name is tried\n";

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    Resolve resolve = (Resolve)dlsym(RTLD_NEXT, "getaddrinfo");
    if (access(getenv("STUCK"), F_OK) == 0 && write(STDERR_FILENO, tried, sizeof tried - 1) > 0)
        for (;;)
            pause();
    if (name && strcmp(name, "nowhere.test") == 0)
        name = "127.0.0.1";
    return resolve(name, service, hints, found);
}
