/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <fuse_opt.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

static const char help[] =
    "Usage: chatkitfs [OPTION]... [SOURCE] MOUNTPOINT\n"
    "       chatkitfs --sync [OPTION]...\n"
    "       chatkitfs --refresh MOUNTPOINT\n"
    "Mounts the ChatKit threads of an OpenAI project as read-only folders.\n"
    "\n"
    "  --group-by=user       a folder for each user, with the user's threads in it\n"
    "  --user=USER           only this user's threads\n"
    "  --since=WHEN, --until=WHEN\n"
    "                        only threads created in that span: 2026-07-01,\n"
    "                        2026-07-01T09:30:00Z, an age such as 7d, seconds since 1970\n"
    "  --names=title|id      how threads' folders are called (default title)\n"
    "  --formats=LIST        files that are listed: json, md, transcript (thread.md), jsonl\n"
    "                        (items.jsonl); default json,md,transcript; with : for , in -o\n"
    "  --base-url=URL        the API, with its /v1 (default: OPENAI_BASE_URL, else\n"
    "                        https://api.openai.com/v1)\n"
    "  --api-key-file=FILE   the API key, in a file for its owner alone; read again when the "
    "server\n"
    "                        refuses the key, and by SIGHUP (default: the systemd credential\n"
    "                        openai-api-key, else OPENAI_API_KEY)\n"
    "  --organization=ID     sent with each request (default: OPENAI_ORG_ID)\n"
    "  --project=ID          the same (default: OPENAI_PROJECT_ID)\n"
    "  --concurrency=N       requests under way at once (default 16)\n"
    "  --page-size=N         threads or items asked for at once (default 100, the most)\n"
    "  --timeout=SECONDS     how long a file operation waits for the server (default 30)\n"
    "  --ttl=TIME            how long what is known counts as current: 30 (seconds), 10m, inf;\n"
    "                        0: it is checked at every lookup (default 30)\n"
    "  --relist=TIME         after how long titles, states and deletions are looked for in the\n"
    "                        whole list of threads (default 10m)\n"
    "  --strict              what can't be checked is an error; else what is known is shown\n"
    "  --refresh MOUNTPOINT  has a running chatkitfs do so now, and waits for it\n"
    "  --offline             show what the cache has, and ask for nothing\n"
    "  --sync                bring everything into the cache, and mount nothing\n"
    "  --cache-dir=DIR       keep what was fetched in DIR, and use it at the next mount\n"
    "  --cache-size=SIZE     how much of it, such as 500M (default 1G)\n"
    "  -f                    stay in the foreground; log to standard error\n"
    "  -d                    the same, and print every request of the kernel\n"
    "  -s                    accepted; chatkitfs is single-threaded in any case\n"
    "  -o OPTION[,OPTION]... the long options above (-o group_by=user), nonempty, and the options "
    "of\n"
    "                        mount.fuse3(8), such as allow_other\n"
    "  -h, --help            print this\n"
    "  -V, --version         print the version\n"
    "\n"
    "Unmount with: fusermount3 -u MOUNTPOINT\n";

const char *ck_options_help(void)
{
    return help;
}

/* What fuse_opt_parse() carries along. */
typedef struct {
    CkOptions *options;
    GError **error;
} Parse;

static int invalid(Parse *parse, const char *format, const char *what)
{
    g_set_error(parse->error, CK_ERROR, CK_ERROR_INVALID, format, what);
    return -1;
}

/* Names no value: it may be a key that somebody tried to give here. */
static int unknown_option(Parse *parse, const char *how, const char *option)
{
    g_autofree char *name = g_strndup(option, strcspn(option, "="));
    g_autofree char *what = g_strconcat(how, name, NULL);
    return invalid(parse, "unknown option %s; see chatkitfs --help", what);
}

/* What libfuse 3.14 (mount.fuse3(8)) or the kernel (mount(8)) has a use for on this mount. libfuse
 * would refuse the others as well, but only when it mounts, and in its own words. */
static gboolean is_mount_option(const char *option)
{
    static const char *const names[] = {
        "allow_other", "allow_root", "async",  "atime",  "auto_unmount", "default_permissions",
        "dev",         "diratime",   "exec",   "fsname", "max_read",     "noatime",
        "nodev",       "nodiratime", "noexec", "nosuid", "ro",           "rw",
        "subtype",     "suid",       "sync",   NULL,
    };
    g_autofree char *name = g_strndup(option, strcspn(option, "="));
    return g_strv_contains(names, name);
}

static int take_argument(Parse *parse, const char *argument)
{
    CkOptions *options = parse->options;
    if (options->source)
        return invalid(parse, "one argument too many: %s", argument);
    options->source = options->mountpoint;
    options->mountpoint = g_strdup(argument);
    return 0;
}

static int take_flag(Parse *parse, const char *flag)
{
    CkOptions *options = parse->options;
    if (strcmp(flag, "-f") == 0)
        options->foreground = TRUE;
    else if (strcmp(flag, "-d") == 0)
        options->foreground = options->debug = TRUE;
    else if (strcmp(flag, "-h") == 0 || strcmp(flag, "--help") == 0)
        options->help = TRUE;
    else if (strcmp(flag, "-V") == 0 || strcmp(flag, "--version") == 0)
        options->version = TRUE;
    else if (strcmp(flag, "--sync") == 0)
        options->sync = TRUE;
    else if (strcmp(flag, "--refresh") == 0)
        options->refresh = TRUE;
    else if (strcmp(flag, "-s") != 0)
        return unknown_option(parse, "", flag);
    return 0;
}

/* --name=value, or name=value out of -o. */
static int take_option(Parse *parse, const char *option)
{
    CkOptions *options = parse->options;
    gboolean dashes = g_str_has_prefix(option, "--");
    g_auto(GStrv) parts = g_strsplit(option + (dashes ? 2 : 0), "=", 2);
    if (!parts[0]) /* -o '' */
        return 0;
    g_strdelimit(parts[0], "_", '-');
    if (ck_config_has(parts[0])) {
        if (!parts[1])
            return invalid(parse, "--%s needs a value", parts[0]);
        return ck_config_set(options->config, parts[0], parts[1], parse->error) ? 0 : -1;
    }
    if (ck_config_has_switch(parts[0]) && !parts[1]) {
        ck_config_switch_on(options->config, parts[0]);
        return 0;
    }
    if (dashes)
        return take_flag(parse, option);
    if (strcmp(option, "nonempty") == 0)
        options->non_empty = TRUE;
    else if (strcmp(option, "debug") == 0)
        options->foreground = options->debug = TRUE;
    else if (!is_mount_option(option))
        return unknown_option(parse, "-o ", option);
    else if (strcmp(option, "rw") != 0) /* mount(8) says so by default */
        return fuse_opt_add_opt_escaped(&options->mount_options, option);
    return 0;
}

/* libfuse takes them in order: the user's fsname wins over ours, the rest can't be undone. */
static int add_own_options(CkOptions *options)
{
    static const char *const own[] = {"subtype=chatkitfs",   "noexec", "nosuid", "nodev",
                                      "default_permissions", "ro"};
    const char *source = options->source ? options->source : "chatkitfs";
    g_autofree char *name = g_strconcat("fsname=", source, NULL);
    char *users = options->mount_options;
    int failed = 0;
    options->mount_options = NULL;
    failed |= fuse_opt_add_opt_escaped(&options->mount_options, name);
    if (users)
        failed |= fuse_opt_add_opt(&options->mount_options, users);
    for (gsize i = 0; i < G_N_ELEMENTS(own); i++)
        failed |= fuse_opt_add_opt(&options->mount_options, own[i]);
    free(users);
    return failed;
}

/* A fuse_opt_proc_t. */
static int take(void *data, const char *argument, int key, struct fuse_args *rest)
{
    (void)rest;
    if (key == FUSE_OPT_KEY_NONOPT)
        return take_argument(data, argument);
    if (argument[0] == '-' && argument[1] != '-')
        return take_flag(data, argument);
    return take_option(data, argument);
}

CkOptions *ck_options_parse(int argc, char **argv, char **environment, GError **error)
{
    static const struct fuse_opt none[] = {FUSE_OPT_END};
    g_autoptr(CkOptions) options = g_new0(CkOptions, 1);
    struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
    g_autoptr(GError) reason = NULL;
    Parse parse = {options, &reason};
    options->config = ck_config_new();
    ck_config_read_environment(options->config, environment);
    /* fuse_opt_parse() would print its own words about an -o at the end. */
    if (strcmp(argv[argc - 1], "-o") == 0)
        invalid(&parse, "%s needs a value", "-o");
    else if ((fuse_opt_parse(&args, &parse, none, take) || add_own_options(options)) && !reason)
        invalid(&parse, "%s", "the options can't be taken: no memory");
    fuse_opt_free_args(&args);
    if (!reason && options->sync && options->mountpoint)
        g_set_error(&reason, CK_ERROR, CK_ERROR_INVALID, "--sync mounts nothing: %s is too much",
                    options->mountpoint);
    else if (!reason && options->sync && options->config->offline)
        g_set_error_literal(&reason, CK_ERROR, CK_ERROR_INVALID,
                            "--sync has to ask for what --offline forbids to ask for");
    if (!reason && !options->mountpoint && !options->sync && !options->help && !options->version)
        g_set_error_literal(&reason, CK_ERROR, CK_ERROR_INVALID,
                            "no mountpoint given; see chatkitfs --help");
    if (reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return NULL;
    }
    if ((options->sync || options->config->offline) && !options->config->cache_dir)
        options->config->cache_dir = g_build_filename(g_get_user_cache_dir(), "chatkitfs", NULL);
    return g_steal_pointer(&options);
}

void ck_options_free(CkOptions *options)
{
    ck_config_free(options->config);
    g_free(options->source);
    g_free(options->mountpoint);
    free(options->mount_options); /* libfuse's malloc */
    g_free(options);
}
