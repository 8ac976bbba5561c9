/* SPDX-License-Identifier: MIT */
/* The command line: [SOURCE] MOUNTPOINT and options, as every libfuse program and mount(8) helper
 * takes them. */
#pragma once

#include "config.h"

typedef struct {
    CkConfig *config;
    char *source; /* the name of the mount in /proc/mounts; NULL: none given */
    char *mountpoint;
    char *mount_options; /* for -o: our fsname, the user's that are libfuse's or the kernel's, our
                            others */
    gboolean foreground;
    gboolean debug;
    gboolean non_empty; /* mount on a directory with something in it */
    gboolean help, version;
    gboolean sync;    /* all into the cache, instead of mounting */
    gboolean refresh; /* what is mounted at mountpoint, instead of mounting */
} CkOptions;

/* Environment, then arguments. Error: CK_ERROR_INVALID, in one line. */
CkOptions *ck_options_parse(int argc, char **argv, char **environment, GError **error);
void ck_options_free(CkOptions *options);

/* The text of --help. */
const char *ck_options_help(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkOptions, ck_options_free)
