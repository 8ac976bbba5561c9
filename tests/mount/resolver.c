/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into the program by faults.py, to fail to resolve a name while the program runs.
 *
 * RESOLVER_FILE names a file that says what becomes of names that end in "chatkit.test", each time
 * one is asked for: "none" no such host, "again" a temporary failure, "silent" no answer for as
 * long as it says so; anything else, or no file: this machine.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOMAIN "chatkit.test"

typedef int (*Resolve)(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result);

static void read_mode(char *mode, int size)
{
    const char *path = getenv("RESOLVER_FILE");
    FILE *file = path ? fopen(path, "re") : NULL;
    mode[0] = '\0';
    if (!file)
        return;
    if (!fgets(mode, size, file))
        mode[0] = '\0';
    fclose(file);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    Resolve resolve = (Resolve)dlsym(RTLD_NEXT, "getaddrinfo");
    char mode[16];
    if (!node || strlen(node) < strlen(DOMAIN) ||
        strcmp(node + strlen(node) - strlen(DOMAIN), DOMAIN) != 0)
        return resolve(node, service, hints, result);
    for (read_mode(mode, sizeof mode); strcmp(mode, "silent") == 0; read_mode(mode, sizeof mode))
        usleep(20 * 1000); /* between two looks */
    if (strcmp(mode, "none") == 0)
        return EAI_NONAME;
    if (strcmp(mode, "again") == 0)
        return EAI_AGAIN;
    return resolve("127.0.0.1", service, hints, result);
}
