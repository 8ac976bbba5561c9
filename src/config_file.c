/* SPDX-License-Identifier: MIT */
#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

struct _CkConfigFile {
    char *path;
    GKeyFile *sections;
};

static gboolean cannot_read(const char *path, const char *why, GError **error)
{
    return ck_error_invalid(
        error, "can't read the configuration %s: %s; mend that, or name another with --config",
        path, why);
}

/* What was opened, whatever the path means by now. */
static gboolean is_trusted(const char *path, int fd, GError **error)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return cannot_read(path, g_strerror(errno), error);
    if (!S_ISREG(status.st_mode))
        return cannot_read(path, "it is not a regular file", error);
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return ck_error_invalid(error,
                                "the configuration %s belongs to somebody else, who could"
                                " have the key sent anywhere: chown it, or use another",
                                path);
    if (status.st_mode & S_IWOTH)
        return ck_error_invalid(error, "others can write the configuration %s: chmod o-w %s", path,
                                path);
    return TRUE;
}

/* The line that is none of a configuration, counted from 1; 0 where all of them are. Key and value
 * are not looked at. */
static guint find_bad_line(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean in_section = FALSE;
    for (guint i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);
        gboolean section = *line == '[' && g_str_has_suffix(line, "]");
        gboolean setting = in_section && *line != '=' && strchr(line, '=');
        if (*line && *line != '#' && !section && !setting)
            return i + 1;
        in_section = in_section || section;
    }
    return 0;
}

static gboolean load(CkConfigFile *file, const char *text, gsize size, GError **error)
{
    guint line = find_bad_line(text);
    if (line > 0)
        return ck_error_invalid(error, "%s, line %u: neither [PROFILE] nor, below one, NAME=VALUE",
                                file->path, line);
    if (!g_utf8_validate_len(text, size, NULL) ||
        !g_key_file_load_from_data(file->sections, text, size, G_KEY_FILE_NONE, NULL))
        return ck_error_invalid(error, "%s: not a configuration in UTF-8, see chatkitfs.conf(5)",
                                file->path);
    return TRUE;
}

static gboolean read_opened(CkConfigFile *file, int fd, GError **error)
{
    if (!is_trusted(file->path, fd, error))
        return FALSE;
    g_autoptr(GError) reason = NULL;
    g_autoptr(GMappedFile) mapped = g_mapped_file_new_from_fd(fd, FALSE, &reason);
    if (!mapped)
        return cannot_read(file->path, reason->message, error);
    gsize size = g_mapped_file_get_length(mapped);
    g_autofree char *text =
        size > 0 ? g_strndup(g_mapped_file_get_contents(mapped), size) : g_strdup("");
    return load(file, text, size, error);
}

CkConfigFile *ck_config_file_read(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        cannot_read(path, g_strerror(errno), error);
        return NULL;
    }
    g_autoptr(CkConfigFile) file = g_new0(CkConfigFile, 1);
    file->path = g_strdup(path);
    file->sections = g_key_file_new();
    gboolean ok = read_opened(file, fd, error);
    close(fd);
    return ok ? g_steal_pointer(&file) : NULL;
}

void ck_config_file_free(CkConfigFile *file)
{
    g_free(file->path);
    g_key_file_unref(file->sections);
    g_free(file);
}

gboolean ck_config_file_has(const CkConfigFile *file, const char *profile)
{
    return g_key_file_has_group(file->sections, profile);
}

char *ck_config_file_profiles(const CkConfigFile *file)
{
    g_auto(GStrv) names = g_key_file_get_groups(file->sections, NULL);
    g_autofree char *all = g_strjoinv(", ", names);
    return g_strescape(all, "\"");
}

/* Of a key that there is not. Its value is not told: it may be the API key. */
static gboolean unknown(const CkConfigFile *file, const char *profile, const char *name,
                        GError **error)
{
    g_autofree char *shown = g_strescape(name, "\"");
    const char *nearest = ck_config_nearest(name);
    if (strcmp(name, "api-key") == 0)
        return ck_error_invalid(error,
                                "%s, [%s]: the key itself has no place there; write it to a file of"
                                " its own, and name that in api-key-file",
                                file->path, profile);
    return ck_error_invalid(error, "%s, [%s]: there is no %s%s%s%s; see chatkitfs.conf(5)",
                            file->path, profile, shown, nearest ? "; did you mean " : "",
                            nearest ? nearest : "", nearest ? "?" : "");
}

static gboolean apply_switch(const CkConfigFile *file, const char *profile, const char *name,
                             CkConfig *config, GError **error)
{
    g_autoptr(GError) reason = NULL;
    gboolean on = g_key_file_get_boolean(file->sections, profile, name, &reason);
    if (reason)
        return ck_error_invalid(error, "%s, [%s]: %s must be true or false", file->path, profile,
                                name);
    if (on)
        ck_config_switch_on(config, name);
    return TRUE;
}

static gboolean apply_setting(const CkConfigFile *file, CkSource source, const char *profile,
                              const char *name, CkConfig *config, GError **error)
{
    g_autoptr(GError) reason = NULL;
    /* GKeyFile takes the space before a value off, and not the space after it. */
    g_autofree char *raw = g_key_file_get_value(file->sections, profile, name, NULL);
    g_key_file_set_value(file->sections, profile, name, g_strchomp(raw));
    g_autofree char *value = g_key_file_get_string(file->sections, profile, name, &reason);
    if (reason)
        return ck_error_invalid(error,
                                "%s, [%s]: %s has a backslash that means nothing; write \\\\",
                                file->path, profile, name);
    if (ck_config_set(config, source, name, value, &reason))
        return TRUE;
    return ck_error_invalid(error, "%s, [%s]: %s", file->path, profile, reason->message);
}

gboolean ck_config_file_apply(const CkConfigFile *file, CkSource source, const char *profile,
                              CkConfig *config, GError **error)
{
    g_auto(GStrv) names = g_key_file_get_keys(file->sections, profile, NULL, NULL);
    g_free(config->account.profile);
    config->account.profile = g_strdup(profile);
    for (char **name = names; name && *name; name++) {
        gboolean ok =
            ck_config_has_switch(*name) ? apply_switch(file, profile, *name, config, error)
            : ck_config_has(*name)      ? apply_setting(file, source, profile, *name, config, error)
                                        : unknown(file, profile, *name, error);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}
