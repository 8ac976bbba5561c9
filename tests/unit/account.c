/* SPDX-License-Identifier: MIT */
#include "account.h"

#include <glib/gstdio.h>
#include <string.h>

#include "error.h"

/* tests/mount/key.bats has every combination of sources; this is what can be seen without a server.
 */

typedef struct {
    CkAccount account;
    CkKey *key;
} Fixture;

static Fixture *fixture_new(void)
{
    Fixture *f = g_new0(Fixture, 1);
    ck_account_init(&f->account);
    f->account.profile = g_strdup("work");
    f->key = ck_key_new();
    return f;
}

static void fixture_free(Fixture *f)
{
    ck_account_clear(&f->account);
    ck_key_free(f->key);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static void collect(Fixture *f, CkSource source, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ck_account_collect(&f->account, source, name, value, &error));
    g_assert_no_error(error);
}

/* variables: such as "A=1 B=2". */
static gboolean choose(Fixture *f, const char *variables, GError **error)
{
    g_auto(GStrv) environment = g_strsplit(variables, " ", -1);
    return ck_account_choose(&f->account, f->key, environment, error);
}

static void assert_chosen(Fixture *f, const char *variables)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(choose(f, variables, &error));
    g_assert_no_error(error);
}

/* In one line that has the words and nothing of a key. */
static void assert_refused(const GError *error, const char *word, const char *other_word)
{
    g_assert_error(error, CK_ERROR, CK_ERROR_INVALID);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, word));
    g_assert_nonnull(strstr(error->message, other_word));
    g_assert_null(strstr(error->message, "secret"));
    g_assert_null(strpbrk(error->message, "\r\n"));
}

static void assert_setting(const CkSetting *setting, const char *value, const char *from)
{
    g_assert_cmpstr(setting->value, ==, value);
    g_assert_cmpstr(setting->from, ==, from);
}

static void begins_with_the_default_url_and_no_key(void)
{
    g_autoptr(Fixture) f = fixture_new();
    for (int i = 0; i < 2; i++) {
        assert_setting(&f->account.base_url, "https://api.openai.com/v1", "the default");
        assert_setting(&f->account.key, NULL, NULL);
        assert_setting(&f->account.organization, NULL, NULL);
        assert_chosen(f, "OPENAI_API_KEY= OPENAI_BASE_URL= OPENAI_ORG_ID= CREDENTIALS_DIRECTORY=");
    }
}

static void each_setting_names_its_source(void)
{
    static const struct {
        CkSource source;
        const char *file, *url;
    } cases[] = {
        {CK_SOURCE_COMMAND_LINE, "--api-key-file", "--base-url"},
        {CK_SOURCE_PROFILE, "api-key-file of the profile work", "base-url of the profile work"},
        {CK_SOURCE_DEFAULT, "api-key-file of the profile work", "base-url of the profile work"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new();
        collect(f, cases[i].source, "api-key-file", "/key");
        collect(f, cases[i].source, "base-url", "https://one.example");
        collect(f, cases[i].source, "base-url", "https://two.example");
        assert_chosen(f, "");
        assert_setting(&f->account.key, "/key", cases[i].file);
        assert_setting(&f->account.base_url, "https://two.example", cases[i].url);
    }
    g_autoptr(Fixture) f = fixture_new();
    assert_chosen(f, "OPENAI_API_KEY=k OPENAI_BASE_URL=u OPENAI_ORG_ID=o OPENAI_PROJECT_ID=p");
    assert_setting(&f->account.key, "OPENAI_API_KEY", "OPENAI_API_KEY");
    assert_setting(&f->account.base_url, "u", "OPENAI_BASE_URL");
    assert_setting(&f->account.organization, "o", "OPENAI_ORG_ID");
    assert_setting(&f->account.project, "p", "OPENAI_PROJECT_ID");
    g_assert_cmpstr(ck_key_text(f->key), ==, "k");
}

static void a_variable_can_be_named(void)
{
    static const CkSource sources[] = {CK_SOURCE_DEFAULT, CK_SOURCE_PROFILE,
                                       CK_SOURCE_COMMAND_LINE};
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++) {
        g_autoptr(Fixture) f = fixture_new();
        collect(f, sources[i], "api-key-env", "WORK_KEY");
        collect(f, sources[i], "base-url", "https://example.org");
        assert_chosen(f, "WORK_KEY=k");
        g_assert_cmpstr(ck_key_text(f->key), ==, "k");
        g_assert_cmpstr(f->account.key.value, ==, "WORK_KEY");
    }
    /* OPENAI_API_KEY too, which is the profile's then. */
    g_autoptr(Fixture) f = fixture_new();
    collect(f, CK_SOURCE_PROFILE, "api-key-env", "OPENAI_API_KEY");
    collect(f, CK_SOURCE_PROFILE, "base-url", "https://example.org");
    assert_chosen(f, "OPENAI_API_KEY=k");
    assert_setting(&f->account.key, "OPENAI_API_KEY", "api-key-env of the profile work");
}

static void a_variable_that_is_not_set_is_an_error_and_not_told(void)
{
    static const char *const environments[] = {"", "secret=", "OPENAI_API_KEY=k secrets=k"};
    for (gsize i = 0; i < G_N_ELEMENTS(environments); i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_autoptr(GError) error = NULL;
        collect(f, CK_SOURCE_PROFILE, "api-key-env", "secret");
        g_assert_false(choose(f, environments[i], &error));
        assert_refused(error, "api-key-env of the profile work", "is not set");
    }
}

static void what_names_no_key_is_refused_and_not_told(void)
{
    static const char *const cases[][3] = {
        {"api-key-file", "", "must be a file"},
        {"api-key-env", "", "name of a variable"},
        {"api-key-env", "sk-secret", "name of a variable"},
        {"api-key-env", "secret=1", "name of a variable"},
        {"api-key-env", "1secret", "name of a variable"},
        {"api-key-env", "sécret", "name of a variable"},
        {"api-key-env", "secret\n", "name of a variable"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_autoptr(GError) error = NULL;
        g_assert_false(
            ck_account_collect(&f->account, CK_SOURCE_PROFILE, cases[i][0], cases[i][1], &error));
        assert_refused(error, cases[i][0], cases[i][2]);
    }
}

static void a_source_has_one_key(void)
{
    static const char *const settings[][2] = {{"api-key-file", "/key"}, {"api-key-env", "KEY"}};
    for (int i = 0; i < 2; i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_autoptr(GError) error = NULL;
        collect(f, CK_SOURCE_DEFAULT, settings[i][0], settings[i][1]);
        collect(f, CK_SOURCE_COMMAND_LINE, settings[!i][0], settings[!i][1]);
        g_assert_false(ck_account_collect(&f->account, CK_SOURCE_COMMAND_LINE, settings[i][0],
                                          settings[i][1], &error));
        assert_refused(error, "--api-key-file", "--api-key-env contradict");
    }
}

/* Not read here: one that is there counts even where reading it fails. */
static void a_credential_counts_if_it_is_there(void)
{
    g_autofree char *directory = g_dir_make_tmp("account-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, CK_KEY_CREDENTIAL, NULL);
    g_autofree char *environment =
        g_strdup_printf("OPENAI_API_KEY=k CREDENTIALS_DIRECTORY=%s", directory);
    g_autoptr(Fixture) none = fixture_new();
    assert_chosen(none, environment);
    g_assert_cmpstr(none->account.key.from, ==, "OPENAI_API_KEY");
    g_autoptr(Fixture) f = fixture_new();
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    assert_chosen(f, environment);
    assert_setting(&f->account.key, path, "the systemd credential openai-api-key");
    g_assert_cmpstr(ck_key_file(f->key), ==, path);
    g_assert_false(ck_key_read(f->key, NULL));
    g_unlink(path);
    g_rmdir(directory);
}

static void a_remedy_names_the_sources_and_no_other(void)
{
    g_autoptr(Fixture) plain = fixture_new(), f = fixture_new();
    collect(f, CK_SOURCE_PROFILE, "api-key-file", "/key");
    collect(f, CK_SOURCE_PROFILE, "base-url", "https://example.org");
    assert_chosen(plain, "OPENAI_API_KEY=k");
    assert_chosen(f, "OPENAI_API_KEY=k OPENAI_BASE_URL=u");
    for (int code = 0; code <= CK_ERROR_LAST; code++) {
        g_autofree char *remedy = ck_account_remedy(&f->account, code);
        g_autofree char *url_default = ck_account_remedy(&plain->account, code);
        g_assert_null(strstr(remedy, "OPENAI"));
        g_assert_null(strstr(url_default, "OPENAI_BASE_URL"));
    }
    g_autofree char *denied = ck_account_remedy(&f->account, CK_ERROR_DENIED);
    g_autofree char *refused = ck_account_remedy(&f->account, CK_ERROR_REFUSED);
    g_autofree char *denied_plain = ck_account_remedy(&plain->account, CK_ERROR_DENIED);
    g_assert_true(g_str_has_prefix(denied, "check api-key-file of the profile work, and"));
    g_assert_true(g_str_has_suffix(refused, "that base-url of the profile work is right"));
    g_assert_true(g_str_has_prefix(denied_plain, "check OPENAI_API_KEY, and"));
}

#define TEST(name) g_test_add_func("/account/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(begins_with_the_default_url_and_no_key);
    TEST(each_setting_names_its_source);
    TEST(a_variable_can_be_named);
    TEST(a_variable_that_is_not_set_is_an_error_and_not_told);
    TEST(what_names_no_key_is_refused_and_not_told);
    TEST(a_source_has_one_key);
    TEST(a_credential_counts_if_it_is_there);
    TEST(a_remedy_names_the_sources_and_no_other);
    return g_test_run();
}
