/* SPDX-License-Identifier: MIT */
#include "config_file.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

typedef struct {
    char *directory, *path;
} Fixture;

static Fixture *fixture_new(void)
{
    Fixture *f = g_new(Fixture, 1);
    f->directory = g_dir_make_tmp("chatkitfs-config-XXXXXX", NULL);
    f->path = g_build_filename(f->directory, "config", NULL);
    return f;
}

static void fixture_free(Fixture *f)
{
    g_unlink(f->path);
    g_rmdir(f->directory);
    g_free(f->path);
    g_free(f->directory);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static void put_bytes(const Fixture *f, const char *bytes, gssize size)
{
    g_assert_true(
        g_file_set_contents_full(f->path, bytes, size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static void put(const Fixture *f, const char *text)
{
    put_bytes(f, text, -1);
}

static CkConfigFile *read_well(const Fixture *f, const char *text)
{
    g_autoptr(GError) error = NULL;
    put(f, text);
    CkConfigFile *file = ck_config_file_read(f->path, &error);
    g_assert_no_error(error);
    return file;
}

/* In one line, which holds each of the NULL-terminated rest, and nothing secret. */
static void assert_says(const GError *error, ...)
{
    va_list words;
    const char *word;
    g_assert_error(error, CK_ERROR, CK_ERROR_INVALID);
    va_start(words, error);
    while ((word = va_arg(words, const char *)) != NULL)
        if (!strstr(error->message, word))
            g_error("\"%s\" is not in: %s", word, error->message);
    va_end(words);
    g_assert_null(strstr(error->message, "sk-"));
    g_assert_null(strpbrk(error->message, "\r\n"));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static void sets_what_a_profile_says(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autoptr(CkConfigFile) file = read_well(
        f,
        "# accounts\n\n[default]\nttl=5\n[work]\n base-url = https://example.com/v1 \nuser=Ann Ó\n"
        "group-by=user\nstrict=true\noffline=false\nallow-delete=true\ncache-size=5M\n");
    g_autoptr(CkConfig) config = ck_config_new();
    g_autoptr(GError) error = NULL;
    g_assert_true(ck_config_file_apply(file, CK_SOURCE_PROFILE, "work", config, &error));
    g_assert_no_error(error);
    g_assert_true(ck_config_complete(config, (char *[]){NULL}, NULL));
    g_assert_cmpstr(config->account.base_url.value, ==, "https://example.com/v1");
    g_assert_cmpstr(config->account.base_url.from, ==, "base-url of the profile work");
    g_assert_cmpstr(config->user, ==, "Ann Ó");
    g_assert_true(config->group_by_user && config->strict && !config->offline);
    g_assert_true(config->allow_delete);
    g_assert_cmpuint(config->cache_size, ==, 5 << 20);
    g_assert_cmpuint(config->ttl, ==, 30); /* another profile's */
}

static void tells_its_profiles(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autoptr(CkConfigFile) file = read_well(f, "[a]\n[b c]\n");
    g_autofree char *profiles = ck_config_file_profiles(file);
    g_assert_cmpstr(profiles, ==, "a, b c");
    g_assert_true(ck_config_file_has(file, "b c"));
    g_assert_false(ck_config_file_has(file, "b"));
}

static void one_without_anything_has_none(void)
{
    static const char *const texts[] = {"", "\n", "# nothing\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_autoptr(CkConfigFile) file = read_well(f, texts[i]);
        g_autofree char *profiles = ck_config_file_profiles(file);
        g_assert_cmpstr(profiles, ==, "");
    }
}

static void names_the_line_that_is_none(void)
{
    static const struct {
        const char *text, *line;
    } cases[] = {{"sk-proj-secret\n", "line 1:"},
                 {"ttl=4\n", "line 1:"}, /* above the first profile */
                 {"[a]\nttl=4\n\n# x\nsk-proj-secret", "line 5:"},
                 {"[a]\n=4\n", "line 2:"},
                 {"[a\nttl=4\n", "line 1:"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_autoptr(GError) error = NULL;
        put(f, cases[i].text);
        g_assert_null(ck_config_file_read(f->path, &error));
        assert_says(error, f->path, cases[i].line, NULL);
    }
}

static void is_text_in_utf_8_to_its_end(void)
{
    static const struct {
        const char *bytes;
        gsize size;
    } cases[] = {{"[a]\nuser=\xff\n", 12}, {"[a]\nttl=4\n\0user=x\n", 18}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_autoptr(GError) error = NULL;
        put_bytes(f, cases[i].bytes, (gssize)cases[i].size);
        g_assert_null(ck_config_file_read(f->path, &error));
        assert_says(error, f->path, "UTF-8", NULL);
    }
}

static void refuses_what_it_does_not_know(void)
{
    static const struct {
        const char *text, *says, *meant;
    } cases[] = {
        {"[a]\nttll=4\n", "there is no ttll", "did you mean ttl?"},
        {"[a]\ngroup_by=user\n", "group_by", "did you mean group-by?"},
        {"[a]\nfrobnicate=sk-proj-1\n", "frobnicate; see", "chatkitfs.conf(5)"},
        {"[a]\napi-key=sk-proj-1\n", "api-key-file", "file of its own"},
        {"[a]\nttl=-1\n", "--ttl=-1", "must be"},
        {"[a]\napi-key-env=sk-proj-1\n", "api-key-env", "name of a variable"},
        {"[a]\napi-key-env=A\napi-key-file=b\n", "api-key-env", "contradict"},
        {"[a]\nstrict=perhaps\n", "strict", "true or false"},
        {"[a]\nuser=a\\qb\n", "user", "backslash"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfigFile) file = read_well(f, cases[i].text);
        g_autoptr(CkConfig) config = ck_config_new();
        g_assert_false(ck_config_file_apply(file, CK_SOURCE_DEFAULT, "a", config, &error));
        assert_says(error, f->path, "[a]", cases[i].says, cases[i].meant, NULL);
    }
}

static void is_nobody_elses_to_write(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autoptr(GError) error = NULL;
    put(f, "[a]\n");
    g_assert_cmpint(g_chmod(f->path, 0666), ==, 0);
    g_assert_null(ck_config_file_read(f->path, &error));
    assert_says(error, f->path, "chmod o-w", NULL);
    g_assert_cmpint(g_chmod(f->path, 0664), ==, 0); /* as where each user has a group */
    g_autoptr(CkConfigFile) file = ck_config_file_read(f->path, NULL);
    g_assert_nonnull(file);
}

static void what_is_no_file_is_refused_at_once(void)
{
    static const char *const paths[] = {"/nonexistent/config", "/", "/dev/null"};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ck_config_file_read(paths[i], &error));
        assert_says(error, "can't read the configuration", paths[i], NULL);
    }
}

#define TEST(name) g_test_add_func("/config-file/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(sets_what_a_profile_says);
    TEST(tells_its_profiles);
    TEST(one_without_anything_has_none);
    TEST(names_the_line_that_is_none);
    TEST(is_text_in_utf_8_to_its_end);
    TEST(refuses_what_it_does_not_know);
    TEST(is_nobody_elses_to_write);
    TEST(what_is_no_file_is_refused_at_once);
    return g_test_run();
}
