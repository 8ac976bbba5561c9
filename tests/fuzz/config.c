/* SPDX-License-Identifier: MIT */
/* Entries NAME=VALUE ended by NUL: settings in their order, and variables of the environment. */
#include "fuzz.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include "api.h"
#include "config.h"
#include "error.h"

/* An error of one line where something failed, else none. */
static void check_error(gboolean done, const GError *error)
{
    if (done) {
        g_assert_no_error(error);
        return;
    }
    g_assert_error(error, CK_ERROR, CK_ERROR_INVALID);
    g_assert_true(fuzz_is_line(error->message));
}

static void check_numbers(const CkConfig *config)
{
    g_assert_true(config->concurrency >= 1 && config->concurrency <= 256);
    g_assert_true(config->page_size >= 1 && config->page_size <= 100);
    g_assert_true(config->timeout >= 1 && config->timeout <= 3600);
}

static gboolean is_this_machine(const char *host)
{
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> 24 == 127;
    return g_ascii_strcasecmp(host, "localhost") == 0 || g_str_has_prefix(host, "[::1") ||
           strcmp(host, "[0:0:0:0:0:0:0:1]") == 0;
}

/* A key goes where curl takes the URL to lead, so it is curl that must not see another host. */
static void check_safe_url(const char *base)
{
    g_autoptr(CkQuestion) question = ck_question_new(CK_API_LIST_THREADS, NULL, NULL);
    g_autofree char *url = ck_question_url(question, base, NULL);
    char *scheme = NULL, *host = NULL, *user = NULL, *query = NULL;
    for (const char *at = base; *at; at++)
        g_assert_true(*at > 0x20 && *at < 0x7f && *at != '?' && *at != '#');
    CURLU *parsed = curl_url();
    if (curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK) {
        g_assert_cmpint(curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0), ==, CURLUE_OK);
        g_assert_cmpint(curl_url_get(parsed, CURLUPART_HOST, &host, 0), ==, CURLUE_OK);
        g_assert_cmpint(curl_url_get(parsed, CURLUPART_USER, &user, 0), ==, CURLUE_NO_USER);
        g_assert_cmpint(curl_url_get(parsed, CURLUPART_QUERY, &query, 0), ==, CURLUE_NO_QUERY);
        if (strcmp(scheme, "https") != 0) {
            g_assert_cmpstr(scheme, ==, "http");
            g_assert_true(is_this_machine(host));
        }
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parsed);
}

static void check_setting(CkConfig *config, const char *entry)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) parts = g_strsplit(entry, "=", 2);
    const char *value = parts[0] && parts[1] ? parts[1] : "";
    if (ck_config_is_safe_url(value))
        check_safe_url(value);
    if (parts[0] && ck_config_has(parts[0]))
        check_error(ck_config_set(config, CK_SOURCE_COMMAND_LINE, parts[0], value, &error), error);
    check_numbers(config);
}

/* One that can be used can stand in a header. The input must not choose files to open. */
static void check_key(CkKey *key)
{
    g_autoptr(GError) error = NULL;
    if (ck_key_file(key))
        return;
    gboolean good = ck_key_read(key, &error);
    check_error(good, error);
    g_assert_true(!good || *ck_key_text(key));
    for (const char *at = ck_key_text(key); good && *at; at++)
        g_assert_true(*at > 0x20 && *at < 0x7f);
}

/* A configuration that can be used is safe to use. */
static void check_whole(const CkConfig *config)
{
    g_autoptr(GError) error = NULL;
    gboolean good = ck_config_check(config, &error);
    check_error(good, error);
    if (good) {
        g_assert_true(ck_config_is_safe_url(config->account.base_url.value));
    } else if (strpbrk(config->account.base_url.value, "@?#")) { /* there may be a password in it */
        g_assert_null(strpbrk(error->message, "@?#"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(GStrv) entries = fuzz_fields(data, size, '\0', 1);
    g_autoptr(CkConfig) config = ck_config_new();
    g_autoptr(GError) error = NULL;
    for (char **entry = entries; *entry; entry++)
        check_setting(config, *entry);
    gboolean chosen = ck_config_complete(config, entries, &error);
    check_error(chosen, error);
    if (chosen)
        check_key(config->key);
    check_whole(config);
    return 0;
}
