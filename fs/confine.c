/* SPDX-License-Identifier: MIT */
#include "confine.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "denylist.h"
#include "landlock.h"

/* Of libcurl: CURLOPT_PROXY and CURLOPT_PROXYPORT. */
#define PROXY_PORT       1080
#define HTTPS_PROXY_PORT 443

static guint16 port_of(const char *url, guint16 other_port)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_PARSE_RELAXED, NULL);
    int port = uri ? g_uri_get_port(uri) : -1;
    if (port > 0)
        return (guint16)port;
    return uri && strcmp(g_uri_get_scheme(uri), "https") == 0 ? 443 : other_port;
}

GArray *ck_confine_ports(const char *base_url, char **environment)
{
    static const char *const variables[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    GArray *ports = g_array_new(FALSE, FALSE, sizeof(guint16));
    if (!base_url)
        return ports;
    guint16 port = port_of(base_url, 80);
    g_array_append_val(ports, port);
    /* http.c sends plain HTTP, which is for this machine, to no proxy. */
    if (g_ascii_strncasecmp(base_url, "https:", strlen("https:")) != 0)
        return ports;
    for (gsize i = 0; i < G_N_ELEMENTS(variables); i++) {
        const char *value = g_environ_getenv(environment, variables[i]);
        if (!value || !*value)
            continue;
        g_autofree char *url = g_strconcat(strstr(value, "://") ? "" : "http://", value, NULL);
        port = port_of(url, PROXY_PORT);
        g_array_append_val(ports, port);
    }
    return ports;
}

/* A directory's links: itself, its parent's, and one for each thread (proc(5)). Sanitizers have
 * threads of their own. */
static gboolean has_one_thread(void)
{
#ifdef CK_SANITIZED
    return TRUE;
#else
    struct stat tasks;
    return stat("/proc/self/task", &tasks) != 0 || tasks.st_nlink == 3;
#endif
}

CkConfined ck_confine(const char *base_url, const char *directory)
{
    CkConfined confined = {0};
    g_auto(GStrv) environment = g_get_environ();
    g_autoptr(GArray) ports = ck_confine_ports(base_url, environment);
    gboolean all = has_one_thread();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return confined;
    confined.landlock = ck_landlock(directory, (const guint16 *)ports->data, ports->len);
    confined.files = all && confined.landlock > 0;
    confined.tcp = all && confined.landlock >= CK_LANDLOCK_TCP;
    confined.system_calls = ck_denylist();
#ifdef CK_DENYLIST_SOCKETS
    confined.sockets = confined.system_calls;
#endif
    return confined;
}

static void append(GString *list, gboolean wanted, const char *what)
{
    if (wanted)
        g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", what);
}

char *ck_confined_describe(const CkConfined *confined)
{
    g_autoptr(GString) done = g_string_new(NULL);
    g_autoptr(GString) left = g_string_new(NULL);
    append(done, confined->files, "files");
    append(done, confined->tcp, "TCP ports");
    append(done, confined->sockets, "sockets");
    append(done, confined->system_calls, "system calls");
    append(left, !confined->files, "files (Landlock, Linux 5.13)");
    append(left, !confined->tcp, "TCP ports (Landlock, Linux 6.7)");
    append(left, !confined->sockets, "sockets (seccomp; on i386 and s390x none can)");
    append(left, !confined->system_calls, "system calls (seccomp)");
    if (left->len == 0)
        return g_strdup_printf("confined: %s", done->str);
    if (done->len == 0)
        return g_strdup_printf("not confined, this kernel can't: %s", left->str);
    return g_strdup_printf("confined: %s; not, this kernel can't: %s", done->str, left->str);
}
