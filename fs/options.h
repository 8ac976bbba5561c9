/* SPDX-License-Identifier: MIT */
/*
 * The command line: [SOURCE] MOUNTPOINT and options, as every libfuse program and mount(8) helper
 * takes them; with it a profile of a configuration file, and the environment (src/account.h).
 *
 * SOURCE names the profile. "work:", with a colon, has to be there; another is a profile if there
 * is one of that name, else only what the mount is called, and "default" is taken if that is there.
 */
#pragma once

#include "config.h"

typedef struct {
    CkConfig *config;
    char *config_file; /* what was read; NULL: none */
    char *source;      /* the name of the mount in /proc/mounts; NULL: none given */
    char *mountpoint;
    char *mount_options; /* for -o: our fsname, the user's that are libfuse's or the kernel's, our
                            others */
    gboolean foreground;
    gboolean debug;
    gboolean non_empty; /* mount on a directory with something in it */
    gboolean shared;    /* -o allow_other: others may read what is mounted */
    gboolean fake;      /* all but mount, as mount(8) -f has it */
    gboolean help, version;
    gboolean sync;     /* all into the cache, instead of mounting */
    gboolean refresh;  /* what is mounted at mountpoint, instead of mounting */
    gboolean check;    /* tell what would be mounted, instead of mounting */
    gboolean deletes;  /* threads, by paths, instead of mounting */
    char **paths;      /* with that; else NULL */
    gint64 idle_since; /* of --idle-for, in seconds since 1970; 0: not given */
    gboolean yes, dry_run;
} CkOptions;

/* config_file: the one that is read where no --config names another, if it is there. Error:
 * CK_ERROR_INVALID, in one line. */
CkOptions *ck_options_parse(int argc, char **argv, char **environment, const char *config_file,
                            GError **error);
void ck_options_free(CkOptions *options);

/* The text of --help. */
const char *ck_options_help(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkOptions, ck_options_free)
