/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "error.h"
#include "timestamp.h"

#define KEY "sk-a-secret-that-nobody-may-see"

/* In the log of a failure: which case it was. */
static void say(const char *text)
{
    g_autofree char *line = g_strescape(text, NULL);
    g_test_message("%s", line);
}

/* With a key, once all has been set. */
static gboolean check(CkConfig *config, GError **error)
{
    char *environment[] = {(char *)"OPENAI_API_KEY=" KEY, NULL};
    g_assert_true(ck_config_complete(config, environment, NULL));
    return ck_config_check(config, error);
}

static void set(CkConfig *config, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ck_config_set(config, CK_SOURCE_COMMAND_LINE, name, value, &error));
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
    g_assert_null(strpbrk(error->message, "\r\n"));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

/* Defaults and environment */

static void begins_with_the_defaults(void)
{
    g_autoptr(CkConfig) config = ck_config_new();
    g_assert_cmpstr(config->account.base_url.value, ==, "https://api.openai.com/v1");
    g_assert_cmpstr(ck_key_text(config->key), ==, "");
    g_assert_null(config->account.organization.value);
    g_assert_null(config->account.project.value);
    g_assert_false(config->group_by_user);
    g_assert_cmpuint(config->concurrency, ==, 16);
    g_assert_cmpuint(config->page_size, ==, 100);
    g_assert_cmpuint(config->timeout, ==, 30);
    g_assert_cmpuint(config->ttl, ==, 30);
    g_assert_null(config->user);
    g_assert_cmpint(config->since, ==, 0);
    g_assert_cmpint(config->until, ==, G_MAXINT64);
    g_assert_false(config->name_by_id);
    g_assert_cmpuint(config->formats, ==, CK_FORMAT_JSON | CK_FORMAT_MD | CK_FORMAT_TRANSCRIPT);
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
    g_assert_true(ck_config_complete(config, environment, NULL));
    g_assert_cmpstr(ck_key_text(config->key), ==, KEY);
    g_assert_cmpstr(config->account.base_url.value, ==, "http://127.0.0.1:8080/v1");
    g_assert_cmpstr(config->account.organization.value, ==, "org-1");
    g_assert_cmpstr(config->account.project.value, ==, "proj_2");
}

static void takes_empty_variables_as_not_set(void)
{
    char *environment[] = {(char *)"OPENAI_API_KEY=", (char *)"OPENAI_BASE_URL=",
                           (char *)"OPENAI_ORG_ID=", (char *)"OPENAI_PROJECT_ID=", NULL};
    g_autoptr(CkConfig) config = ck_config_new();
    g_assert_true(ck_config_complete(config, environment, NULL));
    g_assert_cmpstr(ck_key_text(config->key), ==, "");
    g_assert_cmpstr(config->account.base_url.value, ==, "https://api.openai.com/v1");
    g_assert_null(config->account.organization.value);
    g_assert_null(config->account.project.value);
}

static void reads_an_environment_without_any_of_them(void)
{
    char *environment[] = {(char *)"OPENAI_API_KEYS=x", NULL};
    g_autoptr(CkConfig) config = ck_config_new();
    g_assert_true(ck_config_complete(config, environment, NULL));
    g_assert_cmpstr(ck_key_text(config->key), ==, "");
}

/* Settings */

static void has_the_settings_that_can_be_set(void)
{
    static const char *const names[] = {
        "base-url", "organization", "project",    "group-by",     "concurrency", "page-size",
        "timeout",  "names",        "formats",    "user",         "since",       "until",
        "ttl",      "cache-dir",    "cache-size", "api-key-file", "api-key-env"};
    static const char *const others[] = {"",         "key",     "api-key",  "OPENAI_API_KEY",
                                         "base_url", "Timeout", "timeout ", "time",
                                         "name",     "format",  "users",    "after"};
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
    set(config, "ttl", "0");
    set(config, "names", "id");
    set(config, "formats", "jsonl");
    set(config, "user", "jörg");
    set(config, "since", "2026-07-01");
    set(config, "until", "2026-07-31");
    set(config, "cache-dir", "/var/cache/x");
    g_assert_true(check(config, NULL));
    set(config, "cache-size", "500M");
    g_assert_cmpstr(config->cache_dir, ==, "/var/cache/x");
    g_assert_cmpuint(config->cache_size, ==, 500 * 1024 * 1024);
    g_assert_cmpstr(config->account.base_url.value, ==, "https://example.org/v1");
    g_assert_cmpstr(config->account.organization.value, ==, "org-1");
    g_assert_cmpstr(config->account.project.value, ==, "proj_2");
    g_assert_true(config->group_by_user);
    g_assert_cmpuint(config->concurrency, ==, 1);
    g_assert_cmpuint(config->page_size, ==, 2);
    g_assert_cmpuint(config->timeout, ==, 3);
    g_assert_cmpuint(config->ttl, ==, 0);
    g_assert_true(config->name_by_id);
    g_assert_cmpuint(config->formats, ==, CK_FORMAT_JSONL);
    g_assert_cmpstr(config->user, ==, "jörg");
    g_assert_cmpint(config->since, ==, 1782864000); /* 00:00:00 */
    g_assert_cmpint(config->until, ==, 1785542399); /* 23:59:59 */
}

static void the_last_setting_counts(void)
{
    g_autoptr(CkConfig) config = ck_config_new();
    set(config, "timeout", "3");
    set(config, "timeout", "04");
    set(config, "base-url", "https://one.example/v1");
    set(config, "base-url", "https://two.example/v1");
    set(config, "names", "id");
    set(config, "names", "title");
    set(config, "formats", "jsonl");
    set(config, "formats", "json,md");
    set(config, "user", "ann");
    set(config, "user", "bob");
    set(config, "since", "2026-07-02");
    set(config, "since", "7");
    g_assert_true(check(config, NULL));
    g_assert_cmpuint(config->timeout, ==, 4);
    g_assert_cmpstr(config->account.base_url.value, ==, "https://two.example/v1");
    g_assert_false(config->name_by_id);
    g_assert_cmpuint(config->formats, ==, CK_FORMAT_JSON | CK_FORMAT_MD);
    g_assert_cmpstr(config->user, ==, "bob");
    g_assert_cmpint(config->since, ==, 7);
}

static void formats_are_words_with_commas_or_colons_between(void)
{
    static const struct {
        const char *value;
        guint formats;
    } cases[] = {
        {"json", CK_FORMAT_JSON},
        {"md", CK_FORMAT_MD},
        {"transcript", CK_FORMAT_TRANSCRIPT},
        {"jsonl", CK_FORMAT_JSONL},
        {"md,transcript", CK_FORMAT_MD | CK_FORMAT_TRANSCRIPT},
        {"transcript:md", CK_FORMAT_MD | CK_FORMAT_TRANSCRIPT}, /* a comma ends an option of -o */
        {"json,jsonl:md", CK_FORMAT_JSON | CK_FORMAT_JSONL | CK_FORMAT_MD},
        {"json,md,transcript,jsonl",
         CK_FORMAT_JSON | CK_FORMAT_MD | CK_FORMAT_TRANSCRIPT | CK_FORMAT_JSONL},
        {"md,md", CK_FORMAT_MD},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkConfig) config = ck_config_new();
        set(config, "formats", cases[i].value);
        g_assert_cmpuint(config->formats, ==, cases[i].formats);
    }
}

static void refuses_formats_that_there_are_not(void)
{
    static const char *const values[] = {
        "",      ",",     ":",      "html",  "JSON",    "json,",    ",json", "json,,md",
        "json;", "json ", "js",     "jsonx", "json md", "json, md", "all",   "thread.md",
        "md:",   ":md",   "jsonl?", "none",  "json|md", "json.md",  "-json", "json,html",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        g_autofree char *assignment = g_strconcat("--formats=", values[i], ":", NULL);
        set(config, "formats", "jsonl");
        g_assert_false(ck_config_set(config, CK_SOURCE_COMMAND_LINE, "formats", values[i], &error));
        assert_invalid(error, assignment, "json", "md", "transcript", "jsonl", NULL);
        g_assert_cmpuint(config->formats, ==, CK_FORMAT_JSONL);
    }
}

/* 512 characters, not bytes, as the API counts them. */
static void a_user_has_1_to_512_characters(void)
{
    static const char *const characters[] = {"u", "é", "\xf0\x9f\x92\xb8"};
    for (gsize i = 0; i < G_N_ELEMENTS(characters); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        g_autoptr(GString) user = g_string_new(NULL);
        for (int n = 0; n < CK_USER_MAX; n++)
            g_string_append(user, characters[i]);
        set(config, "user", characters[i]);
        set(config, "user", user->str);
        g_assert_cmpstr(config->user, ==, user->str);
        g_string_append(user, characters[i]);
        g_assert_false(ck_config_set(config, CK_SOURCE_COMMAND_LINE, "user", user->str, &error));
        assert_invalid(error, "--user=", "1 to 512 characters", NULL);
        g_assert_cmpuint(strlen(config->user), ==, user->len - strlen(characters[i]));
    }
}

static void a_user_may_be_any_text(void)
{
    static const char *const users[] = {"0", " ",    "-",    "org/team",     "a,b",     "%none",
                                        "%", "a\nb", "李雷", "\xef\xbf\xbd", "--user=x"};
    for (gsize i = 0; i < G_N_ELEMENTS(users); i++) {
        g_autoptr(CkConfig) config = ck_config_new();
        set(config, "user", users[i]);
        g_assert_cmpstr(config->user, ==, users[i]);
    }
}

static void ages_are_taken_from_now_on(void)
{
    static const char *const names[] = {"since", "until"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(CkConfig) config = ck_config_new();
        gint64 before = g_get_real_time() / G_USEC_PER_SEC;
        set(config, names[i], "2h");
        gint64 after = g_get_real_time() / G_USEC_PER_SEC;
        gint64 time = i == 0 ? config->since : config->until;
        g_assert_cmpint(time, >=, before - 7200);
        g_assert_cmpint(time, <=, after - 7200);
    }
}

/* A span of dates has its first and its last day in it. */
static void a_date_begins_or_ends_a_span(void)
{
    static const struct {
        const char *value;
        gint64 since, until;
    } cases[] = {
        {"2026-07-01", 1782864000, 1782950399},
        {"2026-07-01T00:00:00Z", 1782864000, 1782864000},
        {"2026-07-01T09:30", 1782898200, 1782898200},
        {"1782898200", 1782898200, 1782898200},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkConfig) config = ck_config_new();
        set(config, "since", cases[i].value);
        set(config, "until", cases[i].value);
        g_assert_cmpint(config->since, ==, cases[i].since);
        g_assert_cmpint(config->until, ==, cases[i].until);
    }
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
        g_assert_false(ck_config_set(config, CK_SOURCE_COMMAND_LINE, cases[i].name,
                                     cases[i].too_large, &error));
        assert_invalid(error, cases[i].name, cases[i].too_large, "a number from", cases[i].max,
                       NULL);
    }
}

static void takes_times_with_a_unit(void)
{
    static const struct {
        const char *value;
        guint seconds;
    } cases[] = {{"0", 0},     {"30", 30},         {"30s", 30},       {"10m", 600},
                 {"2h", 7200}, {"365d", 31536000}, {"inf", CK_NEVER}, {"007", 7}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkConfig) config = ck_config_new();
        set(config, "ttl", cases[i].value);
        g_assert_cmpuint(config->ttl, ==, cases[i].seconds);
    }
}

static void refuses_times_that_are_none(void)
{
    static const char *const values[] = {"",    "-1",   "1.5",      "1w",  "m",    "10 m",
                                         "10M", "366d", "31536001", "INF", "1m30s"};
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        g_assert_false(ck_config_set(config, CK_SOURCE_COMMAND_LINE, "ttl", values[i], &error));
        assert_invalid(error, "ttl", values[i], "such as 30, 10m or 2h", NULL);
        g_assert_cmpuint(config->ttl, ==, 30);
    }
    /* Over and over again is no pace. */
    g_autoptr(CkConfig) config = ck_config_new();
    g_assert_false(ck_config_set(config, CK_SOURCE_COMMAND_LINE, "relist", "0", NULL));
    g_assert_cmpuint(config->relist, ==, 600);
}

static void refuses_bad_values_by_name_and_keeps_the_old_one(void)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        {"timeout", "0"},
        {"ttl", "-1"},
        {"ttl", "forever"},
        {"timeout", "-1"},
        {"timeout", "abc"},
        {"timeout", "1.5"},
        {"timeout", "30s"},
        {"timeout", " 5"},
        {"timeout", "+5"},
        {"timeout", "0x10"},
        {"timeout", "4294967297"},
        {"timeout", "99999999999999999999"},
        {"timeout", ""},
        {"concurrency", "0"},
        {"concurrency", "many"},
        {"page-size", "0"},
        {"page-size", "1,000"},
        {"group-by", "day"},
        {"group-by", "User"},
        {"group-by", ""},
        {"names", "ids"},
        {"names", "Title"},
        {"names", ""},
        {"names", "id,title"},
        {"formats", "html"},
        {"formats", ""},
        {"user", ""},
        {"since", "20260701"},
        {"since", "yesterday"},
        {"since", ""},
        {"since", "2026-02-30"},
        {"since", "-1d"},
        {"until", "7D"},
        {"until", " 7d"},
        {"until", ""},
        {"until", "99999999999999999999"},
        {"cache-dir", ""},
        {"cache-size", ""},
        {"cache-size", "0"},
        {"cache-size", "G"},
        {"cache-size", "1048575"},
        {"cache-size", "1023K"},
        {"cache-size", "1m"},
        {"cache-size", "1.5G"},
        {"cache-size", "-1G"},
        {"cache-size", "1GB"},
        {"cache-size", "1 G"},
        {"cache-size", "8589934592G"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        g_autofree char *assignment = g_strconcat("--", cases[i].name, "=", cases[i].value, NULL);
        g_assert_false(
            ck_config_set(config, CK_SOURCE_COMMAND_LINE, cases[i].name, cases[i].value, &error));
        assert_invalid(error, assignment, ": must be ", NULL);
        g_assert_cmpuint(config->timeout, ==, 30);
        g_assert_cmpuint(config->concurrency, ==, 16);
        g_assert_cmpuint(config->page_size, ==, 100);
        g_assert_false(config->group_by_user);
        g_assert_false(config->name_by_id);
        g_assert_null(config->user);
        g_assert_cmpint(config->since, ==, 0);
        g_assert_cmpint(config->until, ==, G_MAXINT64);
        g_assert_cmpuint(config->formats, ==, CK_FORMAT_JSON | CK_FORMAT_MD | CK_FORMAT_TRANSCRIPT);
        g_assert_null(config->cache_dir);
        g_assert_cmpuint(config->cache_size, ==, 1 << 30);
    }
}

static void sizes_have_units(void)
{
    static const struct {
        const char *value;
        guint64 size;
    } cases[] = {
        {"1048576", 1 << 20},     {"1024K", 1 << 20}, {"1M", 1 << 20},
        {"2G", (guint64)2 << 30}, {"007M", 7 << 20},  {"8589934591G", (guint64)8589934591 << 30},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkConfig) config = ck_config_new();
        set(config, "cache-size", cases[i].value);
        g_assert_cmpuint(config->cache_size, ==, cases[i].size);
    }
}

/* What a person can do about it stands in the message. */
static void tells_what_is_allowed(void)
{
    static const struct {
        const char *name, *allowed;
    } cases[] = {
        {"names", "must be title or id"},
        {"formats", "must be one or more of json, md, transcript and jsonl"},
        {"since", "must be " CK_TIMESTAMP_FORMS},
        {"until", "must be " CK_TIMESTAMP_FORMS},
        {"group-by", "must be user"},
        {"timeout", "must be a number from 1 to 3600"},
        {"cache-size", "must be a size from 1M on"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        g_assert_false(ck_config_set(config, CK_SOURCE_COMMAND_LINE, cases[i].name, "bad", &error));
        assert_invalid(error, "--", cases[i].name, "=bad: ", cases[i].allowed, NULL);
    }
}

static void an_error_is_one_line_of_text_whatever_the_value_is(void)
{
    static const char *const names[] = {"group-by", "names",       "formats",   "since",
                                        "until",    "concurrency", "page-size", "timeout"};
    static const struct {
        const char *value, *shown;
    } cases[] = {
        {"a\nb", "=a?b: "},
        {"a\r\nb\n", "=a??b?: "},
        {"a\x1b[2Jb\x7f\t", "=a?[2Jb??: "},
        {"a\xff\xc3(", "=a\xef\xbf\xbd\xef\xbf\xbd(: "},
        {"jörg", "=jörg: "},
    };
    for (gsize n = 0; n < G_N_ELEMENTS(names); n++)
        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
            g_autoptr(GError) error = NULL;
            g_autoptr(CkConfig) config = ck_config_new();
            g_assert_false(
                ck_config_set(config, CK_SOURCE_COMMAND_LINE, names[n], cases[i].value, &error));
            assert_invalid(error, names[n], cases[i].shown, "must be", NULL);
        }
}

static void a_user_that_is_not_utf_8_is_refused_in_utf_8(void)
{
    static const char *const users[] = {"\xff", "a\xc3", "\xed\xa0\xbd", "\xc0\x80", "a\xff\nb"};
    for (gsize i = 0; i < G_N_ELEMENTS(users); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        g_assert_false(ck_config_set(config, CK_SOURCE_COMMAND_LINE, "user", users[i], &error));
        assert_invalid(error, "--user=", "\xef\xbf\xbd", "must be a user", NULL);
        g_assert_null(config->user);
    }
}

/* The span */

static void shows_what_was_created_in_the_span(void)
{
    static const struct {
        gint64 since, until, created_at;
        gboolean shown;
    } cases[] = {
        {0, G_MAXINT64, 1, TRUE},
        {0, G_MAXINT64, G_MAXINT64, TRUE},
        {100, 200, 99, FALSE},
        {100, 200, 100, TRUE},
        {100, 200, 150, TRUE},
        {100, 200, 200, TRUE},
        {100, 200, 201, FALSE},
        {100, 100, 100, TRUE},
        /* of unknown time */
        {0, G_MAXINT64, 0, TRUE},
        {100, 200, 0, TRUE},
        {0, 0, 0, TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkConfig) config = ck_config_new();
        config->since = cases[i].since;
        config->until = cases[i].until;
        g_assert_cmpint(ck_config_shows(config, cases[i].created_at), ==, cases[i].shown);
    }
}

/* Check */

static void passes_with_a_key(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkConfig) config = ck_config_new();
    g_assert_true(check(config, &error));
    g_assert_no_error(error);
    set(config, "organization", "org-1");
    set(config, "project", "proj_2");
    set(config, "base-url", "http://localhost:8080/v1");
    g_assert_true(check(config, NULL));
}

static void refuses_an_organization_or_project_that_would_break_a_header(void)
{
    static const char *const names[] = {"organization", "project"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        set(config, names[i], "a\r\nX-Other: 1");
        g_assert_false(check(config, &error));
        assert_invalid(error, names[i], "--", NULL);
    }
}

static void names_a_base_url_that_gets_no_key(void)
{
    static const char *const urls[] = {"http://example.org/v1", "example.org/v1", "ftp://x/", "x"};
    for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        set(config, "base-url", urls[i]);
        g_assert_false(check(config, &error));
        assert_invalid(error, urls[i], "https://", "--base-url", NULL);
    }
}

static void does_not_repeat_a_password(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkConfig) config = ck_config_new();
    set(config, "base-url", "https://somebody:hidden@example.org/v1");
    g_assert_false(check(config, &error));
    assert_invalid(error, "user name", "--base-url", NULL);
    g_assert_null(strstr(error->message, "somebody"));
    g_assert_null(strstr(error->message, "hidden"));
}

static void a_span_that_ends_before_it_begins_is_refused(void)
{
    static const struct {
        const char *since, *until;
        const char *from, *to; /* NULL: it is one */
    } cases[] = {
        {"2026-07-01", "2026-07-01", NULL, NULL},
        {"2026-07-01", "2026-07-31", NULL, NULL},
        {"2026-07-01T09:30", "2026-07-01T09:30", NULL, NULL},
        {"2026-07-01T23:59:59", "2026-07-01", NULL, NULL},
        {"2w", "7d", NULL, NULL},
        {"0", "9999-12-31", NULL, NULL},
        {"2026-07-02", "2026-07-01", "2026-07-02T00:00:00Z", "2026-07-01T23:59:59Z"},
        {"2026-07-01T09:30:01", "2026-07-01T09:30", "2026-07-01T09:30:01Z", "2026-07-01T09:30:00Z"},
        {"2", "1", "1970-01-01T00:00:02Z", "1970-01-01T00:00:01Z"},
        {"9999-12-31", "0", "9999-12-31T00:00:00Z", "1970-01-01T00:00:00Z"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        say(cases[i].since);
        /* In either order: what is told is known when all is. */
        set(config, i % 2 ? "since" : "until", i % 2 ? cases[i].since : cases[i].until);
        set(config, i % 2 ? "until" : "since", i % 2 ? cases[i].until : cases[i].since);
        g_assert_cmpint(check(config, &error), ==, cases[i].from == NULL);
        if (cases[i].from)
            assert_invalid(error, "--since", "--until", cases[i].from, cases[i].to, NULL);
        else
            g_assert_no_error(error);
    }
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

static void a_bad_value_leaves_names_as_they_were(void)
{
    g_autoptr(CkConfig) config = ck_config_new();
    set(config, "names", "id");
    g_assert_false(ck_config_set(config, CK_SOURCE_COMMAND_LINE, "names", "ids", NULL));
    g_assert_true(config->name_by_id);
}

static void an_error_shows_no_controls_of_two_bytes(void)
{
    static const char *const values[] = {"a\xc2\x85"
                                         "b",
                                         "a\xc2\x9b"
                                         "2Jb"};
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        g_assert_false(ck_config_set(config, CK_SOURCE_COMMAND_LINE, "names", values[i], &error));
        assert_invalid(error, "--names=a?", NULL);
    }
}

static void a_bad_base_url_is_told_in_one_line_of_text(void)
{
    static const char *const urls[] = {"https://h/v1\n", "https://h/v1\r\nX-Other: 1",
                                       "https://h/\x1b[2J", "https://h/\xff"};
    for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CkConfig) config = ck_config_new();
        set(config, "base-url", urls[i]);
        g_assert_false(check(config, &error));
        assert_invalid(error, "https://h/", "--base-url", NULL);
        g_assert_null(strchr(error->message, '\x1b'));
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
    g_test_add_func("/config/set/formats", formats_are_words_with_commas_or_colons_between);
    g_test_add_func("/config/set/bad-formats", refuses_formats_that_there_are_not);
    g_test_add_func("/config/set/user-size", a_user_has_1_to_512_characters);
    g_test_add_func("/config/set/user-text", a_user_may_be_any_text);
    g_test_add_func("/config/set/ages", ages_are_taken_from_now_on);
    g_test_add_func("/config/set/dates", a_date_begins_or_ends_a_span);
    g_test_add_func("/config/set/ranges", numbers_have_a_range);
    g_test_add_func("/config/set/times", takes_times_with_a_unit);
    g_test_add_func("/config/set/no-times", refuses_times_that_are_none);
    g_test_add_func("/config/set/bad", refuses_bad_values_by_name_and_keeps_the_old_one);
    g_test_add_func("/config/set/sizes", sizes_have_units);
    g_test_add_func("/config/set/allowed", tells_what_is_allowed);
    g_test_add_func("/config/set/one-line", an_error_is_one_line_of_text_whatever_the_value_is);
    g_test_add_func("/config/set/user-bytes", a_user_that_is_not_utf_8_is_refused_in_utf_8);
    g_test_add_func("/config/shows", shows_what_was_created_in_the_span);
    g_test_add_func("/config/check/good", passes_with_a_key);
    g_test_add_func("/config/check/span", a_span_that_ends_before_it_begins_is_refused);
    g_test_add_func("/config/check/broken-header",
                    refuses_an_organization_or_project_that_would_break_a_header);
    g_test_add_func("/config/check/base-url", names_a_base_url_that_gets_no_key);
    g_test_add_func("/config/check/password", does_not_repeat_a_password);
    g_test_add_func("/config/url/safe", the_key_goes_over_https_or_to_this_machine);
    g_test_add_func("/config/url/unsafe", the_key_goes_nowhere_else);
    g_test_add_func("/config/url/no-url", white_space_and_control_characters_make_no_url);
    g_test_add_func("/config/set/bad-names", a_bad_value_leaves_names_as_they_were);
    g_test_add_func("/config/set/controls", an_error_shows_no_controls_of_two_bytes);
    g_test_add_func("/config/check/one-line", a_bad_base_url_is_told_in_one_line_of_text);
    return g_test_run();
}
