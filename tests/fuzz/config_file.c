/* SPDX-License-Identifier: MIT */
/* A configuration file. */
#include "fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_file.h"
#include "error.h"

/* One line that has nothing of the file but names of sections and keys, as they can be shown. */
static void check_error(const GError *error)
{
    g_assert_error(error, CK_ERROR, CK_ERROR_INVALID);
    g_assert_true(fuzz_is_line(error->message));
}

/* That a line which is none is told by its number alone: it may be a key. */
static void check_refusal(const GError *error, const char *path, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    check_error(error);
    g_assert_nonnull(strstr(error->message, path));
    for (char **line = lines; *line; line++)
        if (strlen(*line) > 40)
            g_assert_null(strstr(error->message, *line));
}

static void check_profile(const CkConfigFile *file, const char *profile)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkConfig) config = ck_config_new();
    char *environment[] = {(char *)"KEY=k", NULL};
    g_assert_true(ck_config_file_has(file, profile));
    if (!ck_config_file_apply(file, CK_SOURCE_PROFILE, profile, config, &error)) {
        check_error(error);
        return;
    }
    g_assert_no_error(error);
    if (!ck_config_complete(config, environment, &error) || !ck_config_check(config, &error))
        check_error(error);
}

/* Every word within brackets may be a profile. */
static void check_profiles(const CkConfigFile *file, const char *text)
{
    g_autofree char *shown = ck_config_file_profiles(file);
    g_auto(GStrv) words = g_strsplit_set(text, "[]\n", -1);
    g_assert_true(fuzz_is_line(shown));
    for (char **word = words; *word; word++)
        if (ck_config_file_has(file, *word))
            check_profile(file, *word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strndup((const char *)data, size);
    int fd = memfd_create("config", MFD_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    g_assert_true(fd >= 0 && fchmod(fd, 0600) == 0);
    g_assert_cmpint(write(fd, data, size), ==, (ssize_t)size);
    g_autoptr(CkConfigFile) file = ck_config_file_read(path, &error);
    close(fd);
    if (file)
        check_profiles(file, text);
    else
        check_refusal(error, path, text);
    return 0;
}
