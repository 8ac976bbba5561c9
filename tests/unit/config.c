/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "error.h"

#define KEY "sk-a-secret-that-nobody-may-see"

/* In the log of a failure: which case it was. */
static void say(const char *text)
{
    g_autofree char *line = g_strescape(text, NULL);
    g_test_message("%s", line);
}

/* A configuration that passes the check. */
static CkConfig *with_key(void)
{
    char *environment[] = {(char *)"OPENAI_API_KEY=" KEY, NULL};
    CkConfig *config = ck_config_new();
    ck_config_read_environment(config, environment);
    return config;
}

static void set(CkConfig *config, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ck_config_set(config, name, value, &error));
    g_assert_no_error(error);
}

/* Says so, in words that hold each of the NULL-terminated rest. */
static void assert_invalid(const GError *error, ...)
{
    va_list words;
    const char *word;
    g_assert_error(error, CK_ERROR, CK_ERROR_INVALID);
    say(error->message);
    va_start(words, error);
    while ((word = va_arg(words, const char *)) != NULL)
        g_assert_nonnull(strstr(error->message, word));
    va_end(words);
    g_assert_null(strstr(error->message, "secret"));
}

/* Defaults and environment */

static void begins_with_the_defaults(void)
{
    g_autoptr(CkConfig) config = ck_config_new();
    g_assert_cmpstr(config->base_url, ==, "https://api.openai.com/v1");
    g_assert_cmpstr(config->key, ==, "");
    g_assert_null(config->organization);
    g_assert_null(config->project);
    g_assert_false(config->group_by_user);
    g_assert_cmpuint(config->concurrency, ==, 16);
    g_assert_cmpuint(config->page_size, ==, 100);
    g_assert_cmpuint(config->timeout, ==, 30);
}

static void reads_the_environment_of_the_official_sdks(void)
{
    char *environment[] = {(char *)"HOME=/root",
                           (char *)"OPENAI_API_KEY=" KEY,
                           (char *)"OPENAI_BASE_URL=http://127.0.0.1:8080/v1",
                           (char *)"OPENAI_ORG_ID=org-1",
                           (char *)"OPENAI_PROJECT_ID=proj_2",
                           NULL};
    g_autoptr(CkConfig) config = ck_config_new();
    ck_config_read_environment(config, environment);
    g_assert_cmpstr(config->key, ==, KEY);
    g_assert_cmpstr(config->base_url, ==, "http://127.0.0.1:8080/v1");
    g_assert_cmpstr(config->organization, ==, "org-1");
    g_assert_cmpstr(config->project, ==, "proj_2");
}

static void takes_empty_variables_as_not_set(void)
{
    char *environment[] = {(char *)"OPENAI_API_KEY=", (char *)"OPENAI_BASE_URL=",
                           (char *)"OPENAI_ORG_ID=", (char *)"OPENAI_PROJECT_ID=", NULL};
    g_autoptr(CkConfig) config = ck_config_new();
    ck_config_read_environment(config, environment);
    g_assert_cmpstr(config->key, ==, "");
    g_assert_cmpstr(config->base_url, ==, "https://api.openai.com/v1");
    g_assert_null(config->organization);
    g_assert_null(config->project);
}

static void reads_an_environment_without_any_of_them(void)
{
    char *environment[] = {(char *)"OPENAI_API_KEYS=x", NULL};
    g_autoptr(CkConfig) config = ck_config_new();
    ck_config_read_environment(config, environment);
    g_assert_cmpstr(config->key, ==, "");
}

/* Settings */

static void has_the_settings_that_can_be_set(void)
{
    static const char *const names[] = {"base-url",    "organization", "project", "group-by",
                                        "concurrency", "page-size",    "timeout"};
    static const char *const others[] = {"",         "key",     "api-key",  "OPENAI_API_KEY",
                                         "base_url", "Timeout", "timeout ", "time"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_true(ck_config_has(names[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_false(ck_config_has(others[i]));
}

static void sets_each(void)
{
    g_autoptr(CkConfig) config = ck_config_new();
    set(config, "base-url", "https://example.org/v1");
    set(config, "organization", "org-1");
    set(config, "project", "proj_2");
    set(config, "group-by", "user");
    set(config, "concurrency", "1");
    set(config, "page-size", "2");
    set(config, "timeout", "3");
    g_assert_cmpstr(config->base_url, ==, "https://example.org/v1");
    g_assert_cmpstr(config->organization, ==, "org-1");
    g_assert_cmpstr(config->project, ==, "proj_2");
    g_assert_true(config->group_by_user);
    g_assert_cmpuint(config->concurrency, ==, 1);
    g_assert_cmpuint(config->page_size, ==, 2);
    g_assert_cmpuint(config->timeout, ==, 3);
}

static void the_last_setting_counts(void)
{
    g_autoptr(CkConfig) config = ck_config_new();
    set(config, "timeout", "3");
    set(config, "timeout", "04");
    set(config, "base-url", "https://one.example/v1");
    set(config, "base-url", "https://two.example/v1");
    g_assert_cmpuint(config->timeout, ==, 4);
    g_assert_cmpstr(config->base_url, ==, "https://two.example/v1");
}

static void numbers_have_a_range(void)
{
    static const struct {
        const char *name, *max, *too_large;
    } cases[] = {
        {"concurrency", "256", "257"},
        {"page-size", "100", "101"},
        {"timeout", "3600", "3601"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        set(config, cases[i].name, cases[i].max);
        g_assert_false(ck_config_set(config, cases[i].name, cases[i].too_large, &error));
        assert_invalid(error, cases[i].name, cases[i].too_large, "from 1 to", cases[i].max, NULL);
    }
}

static void refuses_bad_values_by_name_and_keeps_the_old_one(void)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        {"timeout", "0"},          {"timeout", "-1"},
        {"timeout", "abc"},        {"timeout", "1.5"},
        {"timeout", "30s"},        {"timeout", " 5"},
        {"timeout", "+5"},         {"timeout", "0x10"},
        {"timeout", "4294967297"}, {"timeout", "99999999999999999999"},
        {"timeout", ""},           {"concurrency", "0"},
        {"concurrency", "many"},   {"page-size", "0"},
        {"page-size", "1,000"},    {"group-by", "day"},
        {"group-by", "User"},      {"group-by", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = with_key();
        g_autofree char *assignment = g_strconcat("--", cases[i].name, "=", cases[i].value, NULL);
        g_assert_false(ck_config_set(config, cases[i].name, cases[i].value, &error));
        assert_invalid(error, assignment, "must be", NULL);
        g_assert_cmpuint(config->timeout, ==, 30);
        g_assert_cmpuint(config->concurrency, ==, 16);
        g_assert_cmpuint(config->page_size, ==, 100);
        g_assert_false(config->group_by_user);
    }
}

/* Check */

static void passes_with_a_key(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkConfig) config = with_key();
    g_assert_true(ck_config_check(config, &error));
    g_assert_no_error(error);
    set(config, "organization", "org-1");
    set(config, "project", "proj_2");
    set(config, "base-url", "http://localhost:8080/v1");
    g_assert_true(ck_config_check(config, NULL));
}

static void asks_for_a_missing_key(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkConfig) config = ck_config_new();
    g_assert_false(ck_config_check(config, &error));
    assert_invalid(error, "OPENAI_API_KEY", NULL);
}

static void refuses_a_key_that_would_break_a_header(void)
{
    static const char *const ends[] = {"\n", "\r\n", "\x1b", "\x7f", "\r\nX-Other: 1"};
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        g_autofree char *variable = g_strconcat("OPENAI_API_KEY=", KEY, ends[i], NULL);
        char *environment[] = {variable, NULL};
        ck_config_read_environment(config, environment);
        g_assert_false(ck_config_check(config, &error));
        assert_invalid(error, "OPENAI_API_KEY", "line break", NULL);
    }
}

static void refuses_an_organization_or_project_that_would_break_a_header(void)
{
    static const char *const names[] = {"organization", "project"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = with_key();
        set(config, names[i], "a\r\nX-Other: 1");
        g_assert_false(ck_config_check(config, &error));
        assert_invalid(error, names[i], NULL);
    }
}

static void names_a_base_url_that_gets_no_key(void)
{
    static const char *const urls[] = {"http://example.org/v1", "example.org/v1", "ftp://x/", "x"};
    for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = with_key();
        set(config, "base-url", urls[i]);
        g_assert_false(ck_config_check(config, &error));
        assert_invalid(error, urls[i], "https://", "OPENAI_BASE_URL", NULL);
    }
}

static void does_not_repeat_a_password(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkConfig) config = with_key();
    set(config, "base-url", "https://somebody:hidden@example.org/v1");
    g_assert_false(ck_config_check(config, &error));
    assert_invalid(error, "user name", "OPENAI_BASE_URL", NULL);
    g_assert_null(strstr(error->message, "somebody"));
    g_assert_null(strstr(error->message, "hidden"));
}

/* URLs that get the key */

static void the_key_goes_over_https_or_to_this_machine(void)
{
    static const char *const urls[] = {
        "https://api.openai.com/v1", "HTTPS://example.org", "https://10.0.0.1:8443/v1",
        "https://[2001:db8::1]/v1",  "http://127.0.0.1",    "http://127.0.0.1:8080/v1",
        "http://127.255.255.254/v1", "http://[::1]:8080/",  "http://localhost/v1",
        "http://LOCALHOST:80",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
        say(urls[i]);
        g_assert_true(ck_config_is_safe_url(urls[i]));
    }
}

static void the_key_goes_nowhere_else(void)
{
    static const char *const urls[] = {
        "", "/", "x", "api.openai.com/v1", "//api.openai.com/v1", "https:", "https://",
        "https:///v1", "https://:443/v1", "https://h:99999/", "https://h:x/", "https://[::1",
        "ftp://127.0.0.1/", "file:///etc/passwd", "unix:/run/x", "httpss://h/",
        /* another machine, whatever it looks like */
        "http://example.org/v1", "http://10.0.0.1/", "http://0.0.0.0/", "http://128.0.0.1/",
        "http://[::]/", "http://[fe80::1]/", "http://localhost.example.org/",
        "http://127.0.0.1.example.org/", "http://example.org/127.0.0.1",
        "http://localhost%2f.example.org/", "http://127.0.0.1%2f.example.org/",
        "http://localhost\\.example.org/", "http://localhost%00.example.org/",
        /* user name, query, fragment */
        "https://user@h/", "https://user:password@h/", "https://@h/", "http://localhost@h/",
        "http://h\\@127.0.0.1/", "http://127.0.0.1:80@h/", "https://h/v1?", "https://h/v1?a=b",
        "https://h/v1#", "https://h/#a", "http://127.0.0.1/?@h"};
    for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
        say(urls[i]);
        g_assert_false(ck_config_is_safe_url(urls[i]));
    }
}

/* RFC 3986, section 2: neither is a character of a URL. */
static void white_space_and_control_characters_make_no_url(void)
{
    static const char *const urls[] = {
        "https://h/v1\n",      "https://h/v1\r\nX-Other: 1", "https://h\n/v1", "https://h\t/v1",
        "https://h/v1\x1b[2J", "https://h/v1\x7f",           "https://a h/v1", "https://h/v1 ",
        "https://h/a b"};
    for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
        say(urls[i]);
        g_assert_false(ck_config_is_safe_url(urls[i]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/defaults", begins_with_the_defaults);
    g_test_add_func("/config/environment/read", reads_the_environment_of_the_official_sdks);
    g_test_add_func("/config/environment/empty", takes_empty_variables_as_not_set);
    g_test_add_func("/config/environment/missing", reads_an_environment_without_any_of_them);
    g_test_add_func("/config/has", has_the_settings_that_can_be_set);
    g_test_add_func("/config/set/each", sets_each);
    g_test_add_func("/config/set/last", the_last_setting_counts);
    g_test_add_func("/config/set/ranges", numbers_have_a_range);
    g_test_add_func("/config/set/bad", refuses_bad_values_by_name_and_keeps_the_old_one);
    g_test_add_func("/config/check/good", passes_with_a_key);
    g_test_add_func("/config/check/no-key", asks_for_a_missing_key);
    g_test_add_func("/config/check/broken-key", refuses_a_key_that_would_break_a_header);
    g_test_add_func("/config/check/broken-header",
                    refuses_an_organization_or_project_that_would_break_a_header);
    g_test_add_func("/config/check/base-url", names_a_base_url_that_gets_no_key);
    g_test_add_func("/config/check/password", does_not_repeat_a_password);
    g_test_add_func("/config/url/safe", the_key_goes_over_https_or_to_this_machine);
    g_test_add_func("/config/url/unsafe", the_key_goes_nowhere_else);
    g_test_add_func("/config/url/no-url", white_space_and_control_characters_make_no_url);
    return g_test_run();
}
