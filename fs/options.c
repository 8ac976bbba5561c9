/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <fuse_opt.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "error.h"
#include "nearest.h"
#include "timestamp.h"

static const char help[] =
    "Usage: chatkitfs [OPTION]... [PROFILE:] MOUNTPOINT\n"
    "       chatkitfs --check [OPTION]... [PROFILE:] [MOUNTPOINT]\n"
    "       chatkitfs --sync [OPTION]... [PROFILE:]\n"
    "       chatkitfs --refresh MOUNTPOINT\n"
    "       chatkitfs --delete [--yes] [--dry-run] PATH...\n"
    "       chatkitfs --delete [--yes] [--dry-run] --idle-for=AGE MOUNTPOINT\n"
    "Mounts the ChatKit threads of an OpenAI project as read-only folders.\n"
    "\n"
    "  PROFILE:              a section of the configuration file\n"
    "  --config=FILE         the configuration file, see chatkitfs.conf(5) (default, if it is "
    "there:\n"
    "                        ~/.config/chatkitfs/config)\n"
    "  --check               ask key and server whether all is well, and tell what would be "
    "mounted\n"
    "  --group-by=user       a folder for each user, with the user's threads in it\n"
    "  --user=USER           only this user's threads\n"
    "  --since=WHEN, --until=WHEN\n"
    "                        only threads created in that span: 2026-07-01,\n"
    "                        2026-07-01T09:30:00Z, an age such as 7d, seconds since 1970\n"
    "  --names=title|id      how threads' folders are called (default title)\n"
    "  --formats=LIST        files that are listed: json, md, transcript (thread.md), jsonl\n"
    "                        (items.jsonl); default json,md,transcript; with : for , in -o\n"
    "  --base-url=URL        the API, with its /v1 (default: that of the profile, else\n"
    "                        OPENAI_BASE_URL, else https://api.openai.com/v1)\n"
    "  --api-key-file=FILE   the API key, in a file for its owner alone; read again when the "
    "server\n"
    "                        refuses the key, and by SIGHUP (default: the profile's, else the "
    "systemd\n"
    "                        credential openai-api-key, else OPENAI_API_KEY)\n"
    "  --api-key-env=NAME    the API key, in that variable of the environment\n"
    "  --organization=ID     sent with each request (default: the profile's with a key of the "
    "profile,\n"
    "                        OPENAI_ORG_ID with one of the environment)\n"
    "  --project=ID          the same (OPENAI_PROJECT_ID)\n"
    "  --concurrency=N       requests under way at once (default 16)\n"
    "  --page-size=N         threads or items asked for at once (default 100, the most)\n"
    "  --timeout=SECONDS     how long a file operation waits for the server (default 30)\n"
    "  --ttl=TIME            how long what is known counts as current: 30 (seconds), 10m, inf;\n"
    "                        0: it is checked at every lookup (default 30)\n"
    "  --relist=TIME         after how long titles, states and deletions are looked for in the\n"
    "                        whole list of threads (default 10m)\n"
    "  --strict              what can't be checked is an error; else what is known is shown\n"
    "  --refresh MOUNTPOINT  has the chatkitfs there check everything that it knows, and waits\n"
    "  --allow-delete        let chatkitfs --delete delete threads of this mount\n"
    "  --delete PATH...      has the chatkitfs there delete the threads of these folders, for "
    "good\n"
    "  --idle-for=AGE        with --delete: all threads with nothing new for so long, such as 30d\n"
    "  --yes, --dry-run      with --delete: do not ask; only show what would be deleted\n"
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
    GPtrArray *arguments; /* that are no options */
    GPtrArray *settings;  /* name, value, name, value …: of the configuration, in their order; the
                             value of a switch is "" */
    GError **error;
    gboolean helper; /* mount(8) runs it, by another name */
    gboolean type;   /* whose next argument is a type */
} Parse;

#define NO_MEMORY "the options can't be taken: no memory"

static int invalid(Parse *parse, const char *format, const char *what)
{
    g_set_error(parse->error, CK_ERROR, CK_ERROR_INVALID, format, what);
    return -1;
}

/* Options that are no settings of the configuration. */
static const char *const others[] = {"check",    "config",  "delete", "dry-run", "help", "idle-for",
                                     "nonempty", "refresh", "sync",   "version", "yes",  NULL};

/* Names no value: it may be a key that somebody tried to give here. */
static int unknown_option(Parse *parse, const char *how, const char *option)
{
    g_autofree char *name = g_strndup(option, strcspn(option, "="));
    const char *bare = name + strspn(name, "-");
    const char *nearest = strlen(bare) > 1 ? ck_config_nearest(bare) : NULL;
    if (!nearest && strlen(bare) > 1)
        nearest = ck_nearest(others, bare);
    g_autofree char *meant =
        nearest ? g_strdup_printf("did you mean --%s?", nearest) : g_strdup("see chatkitfs --help");
    g_autofree char *what = g_strdup_printf("%s%s; %s", how, name, meant);
    return invalid(parse, "unknown option %s", what);
}

/* What libfuse 3.14 (mount.fuse3(8)) or the kernel (mount(8)) has a use for on this mount. libfuse
 * would refuse the others as well, but only when it mounts, and in its own words. */
static gboolean is_mount_option(const char *option)
{
    static const char *const names[] = {
        "allow_other", "allow_root", "async",  "atime",   "auto_unmount", "default_permissions",
        "dev",         "exec",       "fsname", "noatime", "nodev",        "noexec",
        "nosuid",      "ro",         "rw",     "subtype", "suid",         "sync",
        NULL,
    };
    g_autofree char *name = g_strndup(option, strcspn(option, "="));
    return g_strv_contains(names, name);
}

/* What stands in fstab(5) for others, and has no meaning here. Which of them reach a helper is
 * up to the version of libmount (MNT_NOHLPS in its optmap.c) and to mount.fuse3, which takes some
 * more away. */
static gboolean is_for_others(const char *option)
{
    static const char *const names[] = {
        /* mount(8) and systemd: when to mount, and who may */
        "_netdev", "auto", "defaults", "group", "noauto", "nofail", "nogroup", "noowner", "nouser",
        "nousers", "owner", "user", "users",
        /* the kernel: when times are written, which nothing here is; what is so in any case */
        "diratime", "dirsync", "iversion", "lazytime", "loud", "mand", "nodiratime", "noiversion",
        "nolazytime", "nomand", "norelatime", "nostrictatime", "relatime", "silent", "strictatime",
        "symfollow", NULL};
    static const char *const prefixes[] = {"comment=", "helper=", "uhelper=", "x-", "X-"};
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(option, prefixes[i]))
            return TRUE;
    return g_strv_contains(names, option); /* but not user=NAME */
}

static int take_argument(Parse *parse, const char *argument)
{
    if (!parse->type)
        g_ptr_array_add(parse->arguments, g_strdup(argument));
    parse->type = FALSE;
    return 0;
}

/* What mount(8) gives its helpers, mount.TYPE, beside -o. -f has another meaning there. */
static gboolean take_helper_flag(Parse *parse, const char *flag)
{
    if (strcmp(flag, "-f") == 0)
        parse->options->fake = TRUE;
    else if (strcmp(flag, "-t") == 0)
        parse->type = TRUE;
    else
        return strcmp(flag, "-n") == 0 || strcmp(flag, "-v") == 0;
    return TRUE;
}

static int take_flag(Parse *parse, const char *flag)
{
    CkOptions *options = parse->options;
    if (parse->helper && take_helper_flag(parse, flag))
        return 0;
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
    else if (strcmp(flag, "--check") == 0)
        options->check = TRUE;
    else if (strcmp(flag, "--delete") == 0)
        options->deletes = TRUE;
    else if (strcmp(flag, "--yes") == 0)
        options->yes = TRUE;
    else if (strcmp(flag, "--dry-run") == 0)
        options->dry_run = TRUE;
    else if (strcmp(flag, "-s") != 0)
        return unknown_option(parse, "", flag);
    return 0;
}

/* Whether it is there or not is all that there is to say. */
static gboolean is_switch(const char *name, gboolean dashes)
{
    static const char *const flags[] = {"check", "delete",  "dry-run", "help", "refresh",
                                        "sync",  "version", "yes",     NULL};
    return ck_config_has_switch(name) || (dashes && g_strv_contains(flags, name));
}

static int take_idle_for(Parse *parse, const char *age)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC, since;
    if (!ck_timestamp_parse_age(age ? age : "", now, &since) || since == now)
        return invalid(parse, "%s needs an age, such as 90m, 24h, 30d or 8w", "--idle-for");
    parse->options->idle_since = MAX(since, 1);
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
    if (!dashes && is_for_others(option))
        return 0;
    g_strdelimit(parts[0], "_", '-');
    gboolean config = strcmp(parts[0], "config") == 0;
    if ((config || ck_config_has(parts[0])) && (!parts[1] || (config && !*parts[1])))
        return invalid(parse, "--%s needs a value, with a = before it", parts[0]);
    if (is_switch(parts[0], dashes) && parts[1])
        return invalid(parse, "--%s takes no value: leave out what comes after the name", parts[0]);
    if (config) {
        g_free(options->config_file);
        options->config_file = g_strdup(parts[1]);
        return 0;
    }
    if (ck_config_has(parts[0]) || ck_config_has_switch(parts[0])) {
        g_ptr_array_add(parse->settings, g_strdup(parts[0]));
        g_ptr_array_add(parse->settings, g_strdup(parts[1] ? parts[1] : ""));
        return 0;
    }
    if (dashes && strcmp(parts[0], "idle-for") == 0)
        return take_idle_for(parse, parts[1]);
    if (dashes)
        return take_flag(parse, option);
    options->shared |= strcmp(option, "allow_other") == 0;
    if (strcmp(option, "nonempty") == 0)
        options->non_empty = TRUE;
    else if (strcmp(option, "debug") == 0)
        options->foreground = options->debug = TRUE;
    else if (strcmp(option, "remount") == 0)
        return invalid(parse, "-o %s: unmount it, then mount it with other options", option);
    else if (g_str_has_prefix(option, "max_read="))
        return invalid(parse, "-o %s: the kernel chooses how much it reads; leave it out",
                       "max_read");
    else if (!is_mount_option(option))
        return unknown_option(parse, "-o ", option);
    else if (strcmp(option, "ro") != 0 && strcmp(option, "rw") != 0) /* by default mount(8)'s */
        return fuse_opt_add_opt_escaped(&options->mount_options, option);
    return 0;
}

/* libfuse takes them in order: the user's fsname wins over ours, the rest can't be undone. */
static int add_own_options(CkOptions *options)
{
    static const char *const own[] = {"subtype=chatkitfs",  "noexec", "nosuid", "nodev", "ro",
                                      "default_permissions"};
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

/* Whether an argument names a profile: "work:", and no path. */
static gboolean is_profile(const char *argument)
{
    return argument && strlen(argument) > 1 && g_str_has_suffix(argument, ":") &&
           !strchr(argument, '/');
}

/* How many of the options there are that do something else than mount. */
static guint count_commands(const CkOptions *options)
{
    return (guint)(options->sync + options->check + options->refresh + options->deletes);
}

/* What would choose threads when mounting chooses none here, and must not seem to. */
static gboolean arrange_paths(CkOptions *options, GPtrArray *arguments, const GPtrArray *settings,
                              GError **error)
{
    if (settings->len > 0)
        return ck_error_invalid(error, "--delete knows no --%s, which is the mount's: leave it out",
                                (const char *)settings->pdata[0]);
    if (options->idle_since && arguments->len != 1)
        return ck_error_invalid(error, "--idle-for takes one mountpoint");
    if (arguments->len == 0)
        return ck_error_invalid(error, "--delete needs the folders of threads");
    for (guint i = 0; i < arguments->len; i++)
        if (!*(const char *)arguments->pdata[i])
            return ck_error_invalid(error, "--delete: one of the folders has no name");
    g_ptr_array_add(arguments, NULL);
    options->paths = g_strdupv((char **)arguments->pdata);
    return TRUE;
}

/* SOURCE and MOUNTPOINT. */
static gboolean take_places(CkOptions *options, const GPtrArray *arguments, GError **error)
{
    if (options->deletes)
        return TRUE;
    if (arguments->len > 2)
        return ck_error_invalid(error, "one argument too many: %s; see chatkitfs --help",
                                (const char *)arguments->pdata[2]);
    if (arguments->len > 1)
        options->source = g_strdup(arguments->pdata[0]);
    if (arguments->len > 0)
        options->mountpoint = g_strdup(arguments->pdata[arguments->len - 1]);
    return TRUE;
}

/* Where one argument is enough, it may be the profile. */
static gboolean arrange_arguments(CkOptions *options, const Parse *parse, GError **error)
{
    if (!options->source && is_profile(options->mountpoint)) {
        options->source = options->mountpoint;
        options->mountpoint = NULL;
    }
    if (count_commands(options) > 1)
        return ck_error_invalid(error, "--sync, --check, --refresh and --delete contradict one "
                                       "another: give only one of them");
    if (!options->deletes && (options->yes || options->dry_run || options->idle_since))
        return ck_error_invalid(error, "--yes, --dry-run and --idle-for belong to --delete");
    if (options->deletes && !options->help && !options->version)
        return arrange_paths(options, parse->arguments, parse->settings, error);
    if (options->refresh && options->source)
        return ck_error_invalid(error, "--refresh takes a mountpoint alone: leave %s out",
                                options->source);
    if (options->sync && options->mountpoint)
        return ck_error_invalid(error, "--sync mounts nothing: leave %s out", options->mountpoint);
    if (!options->mountpoint && !options->sync && !options->check && !options->help &&
        !options->version)
        return ck_error_invalid(error, "no mountpoint given; see chatkitfs --help");
    return TRUE;
}

/* Applies the section of the file that counts, if any. */
static gboolean apply_profile(const CkOptions *options, const CkConfigFile *file, GError **error)
{
    CkConfig *config = options->config;
    g_autofree char *name = g_strdup(options->source ? options->source : "");
    gboolean must = is_profile(name);
    if (must)
        name[strlen(name) - 1] = '\0';
    if (file && *name && ck_config_file_has(file, name))
        return ck_config_file_apply(file, CK_SOURCE_PROFILE, name, config, error);
    if (must && !file)
        return ck_error_invalid(
            error, "there is no configuration with a profile %s: see chatkitfs.conf(5)", name);
    if (must) {
        g_autofree char *profiles = ck_config_file_profiles(file);
        return ck_error_invalid(error, "%s has no profile %s; it has: %s", options->config_file,
                                name, *profiles ? profiles : "none");
    }
    return !file || !ck_config_file_has(file, CK_PROFILE_DEFAULT) ||
           ck_config_file_apply(file, CK_SOURCE_DEFAULT, CK_PROFILE_DEFAULT, config, error);
}

/* default_file: where no other was named. */
static gboolean apply_file(CkOptions *options, const char *default_file, GError **error)
{
    if (!options->config_file && default_file && g_file_test(default_file, G_FILE_TEST_EXISTS))
        options->config_file = g_strdup(default_file);
    g_autoptr(CkConfigFile) file =
        options->config_file ? ck_config_file_read(options->config_file, error) : NULL;
    return (file || !options->config_file) && apply_profile(options, file, error);
}

static gboolean apply_settings(CkConfig *config, const GPtrArray *settings, GError **error)
{
    for (guint i = 0; i < settings->len; i += 2) {
        const char *name = settings->pdata[i], *value = settings->pdata[i + 1];
        if (ck_config_has_switch(name))
            ck_config_switch_on(config, name);
        else if (!ck_config_set(config, CK_SOURCE_COMMAND_LINE, name, value, error))
            return FALSE;
    }
    return TRUE;
}

/* What the arguments were is known; they go before the file. */
static gboolean apply_all(CkOptions *options, const GPtrArray *settings, char **environment,
                          const char *default_file, GError **error)
{
    CkConfig *config = options->config;
    if (options->help || options->version)
        return TRUE;
    if (!options->refresh && !options->deletes && !apply_file(options, default_file, error))
        return FALSE;
    if (!apply_settings(config, settings, error))
        return FALSE;
    if (!options->refresh && !ck_config_complete(config, environment, error))
        return FALSE;
    if (options->sync && config->offline)
        return ck_error_invalid(
            error,
            "--sync has to ask for what --offline forbids to ask for: leave one of them out");
    if ((options->sync || config->offline) && !config->cache_dir)
        config->cache_dir = g_build_filename(g_get_user_cache_dir(), "chatkitfs", NULL);
    return TRUE;
}

CkOptions *ck_options_parse(int argc, char **argv, char **environment, const char *config_file,
                            GError **error)
{
    static const struct fuse_opt none[] = {FUSE_OPT_END};
    g_autofree char *name = g_path_get_basename(argv[0]);
    g_autoptr(CkOptions) options = g_new0(CkOptions, 1);
    g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) settings = g_ptr_array_new_with_free_func(g_free);
    struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
    g_autoptr(GError) reason = NULL;
    Parse parse = {options, arguments, settings, &reason, g_str_has_prefix(name, "mount."), FALSE};
    options->config = ck_config_new();
    /* fuse_opt_parse() would print its own words about an -o at the end. */
    if (strcmp(argv[argc - 1], "-o") == 0)
        invalid(&parse, "%s needs a value", "-o");
    else if ((fuse_opt_parse(&args, &parse, none, take) ||
              (take_places(options, arguments, &reason) && add_own_options(options))) &&
             !reason)
        invalid(&parse, "%s", NO_MEMORY);
    fuse_opt_free_args(&args);
    if (reason || !arrange_arguments(options, &parse, &reason) ||
        !apply_all(options, settings, environment, config_file, &reason)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return NULL;
    }
    return g_steal_pointer(&options);
}

void ck_options_free(CkOptions *options)
{
    ck_config_free(options->config);
    g_free(options->config_file);
    g_free(options->source);
    g_free(options->mountpoint);
    g_strfreev(options->paths);
    free(options->mount_options); /* libfuse's malloc */
    g_free(options);
}
