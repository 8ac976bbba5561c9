/* SPDX-License-Identifier: MIT */
/*
 * What the process gives up before it reads a byte from the network: Landlock (landlock.h) and a
 * list of denied system calls (denylist.h), as far as the kernel has them.
 */
#pragma once

#include <glib.h>

/* What has been reached. */
typedef struct {
    guint landlock;        /* the version of its interface; 0: none */
    gboolean files;        /* no program is run, and no file written but those of the cache */
    gboolean tcp;          /* no TCP port is connected to but the API's */
    gboolean system_calls; /* those of the list fail */
    gboolean sockets;      /* there are none but for TCP, UDP and addresses (denylist.h) */
} CkConfined;

/* For the rest of the process's life. base_url: of the API, NULL: nothing is asked for; directory:
 * the one that may be written to, NULL: none. Must be called before there is another thread:
 * Landlock does not hold for those that there are already, and then files and tcp are FALSE. */
CkConfined ck_confine(const char *base_url, const char *directory);

/* The TCP ports that may be connected to then, to be freed: that of the URL, which must have been
 * checked, and those of the proxies that libcurl takes from the environment for it. A GArray of
 * guint16. */
GArray *ck_confine_ports(const char *base_url, char **environment);

/* What has been reached, and what has not, in one line; to be freed. */
char *ck_confined_describe(const CkConfined *confined);
