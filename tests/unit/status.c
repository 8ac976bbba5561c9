/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "json.h"
#include "keys.h"

static char *write_status(const CkStatus *status)
{
    GString *out = g_string_new("before\n");
    ck_status_write(status, out);
    g_assert_true(g_str_has_prefix(out->str, "before\n{\n"));
    g_string_erase(out, 0, (gssize)strlen("before\n"));
    return g_string_free(out, FALSE);
}

/* It is JSON, and indented as .json files are. */
static void assert_indented(const char *text)
{
    CkSlice slice = {text, strlen(text)};
    g_autoptr(GString) indented = g_string_new(NULL);
    CkSink sink = {.text = indented};
    g_assert_true(ck_json_check(slice, NULL));
    ck_json_indent(slice, &sink);
    g_assert_cmpstr(text, ==, indented->str);
}

static void a_new_mount_has_every_member(void)
{
    g_autoptr(CkConfig) config = ck_config_new();
    CkStatus status = {.config = config, .mounted_at = 1700000000};
    g_autofree char *text = write_status(&status);
    g_assert_cmpstr(text, ==,
                    "{\n"
                    "  \"version\": \"" CK_VERSION "\",\n"
                    "  \"mounted_since\": \"2023-11-14T22:13:20Z\",\n"
                    "  \"account\": {\n"
                    "    \"base_url\": \"https://api.openai.com/v1\",\n"
                    "    \"organization\": null,\n"
                    "    \"project\": null\n"
                    "  },\n"
                    "  \"view\": {\n"
                    "    \"user\": null,\n"
                    "    \"since\": null,\n"
                    "    \"until\": null,\n"
                    "    \"group_by\": null,\n"
                    "    \"names\": \"title\",\n"
                    "    \"formats\": \"json,md,transcript\"\n"
                    "  },\n"
                    "  \"options\": {\n"
                    "    \"ttl\": 30,\n"
                    "    \"relist\": 600,\n"
                    "    \"strict\": false,\n"
                    "    \"allow_delete\": false,\n"
                    "    \"concurrency\": 16,\n"
                    "    \"page_size\": 100,\n"
                    "    \"timeout\": 30,\n"
                    "    \"offline\": false,\n"
                    "    \"cache_dir\": null,\n"
                    "    \"cache_size\": 1073741824\n"
                    "  },\n"
                    "  \"confined\": {\n"
                    "    \"files\": false,\n"
                    "    \"tcp\": false,\n"
                    "    \"sockets\": false,\n"
                    "    \"system_calls\": false\n"
                    "  },\n"
                    "  \"counts\": {\n"
                    "    \"threads\": 0,\n"
                    "    \"users\": 0,\n"
                    "    \"items\": 0\n"
                    "  },\n"
                    "  \"listing\": {\n"
                    "    \"complete\": false,\n"
                    "    \"threads\": 0,\n"
                    "    \"newest_checked\": {\n"
                    "      \"at\": null,\n"
                    "      \"seconds_ago\": null\n"
                    "    },\n"
                    "    \"all_listed\": {\n"
                    "      \"at\": null,\n"
                    "      \"seconds_ago\": null\n"
                    "    }\n"
                    "  },\n"
                    "  \"items\": {\n"
                    "    \"threads_read\": 0,\n"
                    "    \"oldest_check\": {\n"
                    "      \"at\": null,\n"
                    "      \"seconds_ago\": null\n"
                    "    },\n"
                    "    \"newest_check\": {\n"
                    "      \"at\": null,\n"
                    "      \"seconds_ago\": null\n"
                    "    }\n"
                    "  },\n"
                    "  \"requests\": {\n"
                    "    \"list_threads\": 0,\n"
                    "    \"list_items\": 0,\n"
                    "    \"retrieve_thread\": 0,\n"
                    "    \"delete_thread\": 0,\n"
                    "    \"retries\": 0,\n"
                    "    \"failed\": 0,\n"
                    "    \"under_way\": 0\n"
                    "  },\n"
                    "  \"bytes_received\": {\n"
                    "    \"wire\": 0,\n"
                    "    \"decoded\": 0\n"
                    "  },\n"
                    "  \"cache\": {\n"
                    "    \"operations\": 0,\n"
                    "    \"waited\": 0\n"
                    "  },\n"
                    "  \"rate_limit\": {\n"
                    "    \"headers\": {},\n"
                    "    \"pause_seconds\": 0,\n"
                    "    \"answers_429\": 0,\n"
                    "    \"requests_at_once\": 0\n"
                    "  },\n"
                    "  \"server_reachable\": false,\n"
                    "  \"last_error\": null\n"
                    "}\n");
    assert_indented(text);
}

static void replace(char **setting, const char *value)
{
    g_free(*setting);
    *setting = g_strdup(value);
}

/* Whether text has these, one after the other. */
static void assert_has(const char *text, const char *const *parts)
{
    const char *at = text;
    for (; *parts; parts++) {
        const char *found = strstr(at, *parts);
        if (!found)
            g_error("%s is not in, or comes too early in:\n%s", *parts, text);
        at = found;
    }
}

static void every_number_stands_where_it_belongs(void)
{
    g_autoptr(CkConfig) config = ck_config_new();
    static const char *const headers[] = {"x-ratelimit-limit-requests", "60",
                                          "x-ratelimit-reset-requests", "1s", NULL};
    replace(&config->user, "ann");
    replace(&config->account.organization.value, "org-1");
    replace(&config->account.project.value, "proj_1");
    config->group_by_user = config->name_by_id = TRUE;
    config->since = 1;
    config->until = 1700000000;
    config->ttl = 31;
    config->concurrency = 32;
    config->page_size = 33;
    config->timeout = 34;
    config->formats = CK_FORMAT_MD | CK_FORMAT_JSONL;
    config->cache_dir = g_strdup("/a cache");
    config->cache_size = 35;
    CkStatus status = {
        .config = config,
        .now = 1700000100,
        .counts = {.users = 1, .threads = 2, .listed = 3, .items = G_MAXINT64},
        .checks = {.threads = 4, .oldest = 1699999000, .newest = 1700000000},
        .complete = TRUE,
        .checked_at = 1700000095,
        .listed_at = 1700000200, /* the clock was set back */
        .usage = {.sent = {10, 11, 12},
                  .retries = 13,
                  .failed = 14,
                  .under_way = 15,
                  .wire = 16,
                  .decoded = 17,
                  .limited = 18,
                  .rate_limit = headers,
                  .gate = {19, 1001, TRUE}},
        .operations = 20,
        .waited = 21,
        .confined = {.files = TRUE, .system_calls = TRUE},
        .last_error = {"it broke", "mend it", 1700000000},
    };
    static const char *const parts[] = {
        "\"mounted_since\": \"1970-01-01T00:00:00Z\"",
        "\"organization\": \"org-1\"",
        "\"project\": \"proj_1\"",
        "\"user\": \"ann\"",
        "\"since\": \"1970-01-01T00:00:01Z\"",
        "\"until\": \"2023-11-14T22:13:20Z\"",
        "\"group_by\": \"user\"",
        "\"names\": \"id\",",
        "\"formats\": \"md,jsonl\"\n",
        "\"ttl\": 31,",
        "\"concurrency\": 32,",
        "\"page_size\": 33,",
        "\"timeout\": 34,",
        "\"offline\": false,",
        "\"cache_dir\": \"/a cache\",",
        "\"cache_size\": 35\n",
        "\"files\": true,\n    \"tcp\": false,\n    \"sockets\": false,\n    \"system_calls\": true\n",
        "\"threads\": 2,",
        "\"users\": 1,",
        "\"items\": 9223372036854775807\n",
        "\"complete\": true,",
        "\"threads\": 3,\n",
        "\"newest_checked\": {\n      \"at\": \"2023-11-14T22:14:55Z\",\n"
        "      \"seconds_ago\": 5\n",
        "\"all_listed\": {\n      \"at\": \"2023-11-14T22:16:40Z\",\n"
        "      \"seconds_ago\": 0\n",
        "\"threads_read\": 4,",
        "\"seconds_ago\": 1100\n",
        "\"seconds_ago\": 100\n",
        "\"list_threads\": 10,",
        "\"list_items\": 11,",
        "\"retrieve_thread\": 12,",
        "\"retries\": 13,",
        "\"failed\": 14,",
        "\"under_way\": 15\n",
        "\"wire\": 16,",
        "\"decoded\": 17\n",
        "\"operations\": 20,",
        "\"waited\": 21\n",
        "\"headers\": {\n      \"x-ratelimit-limit-requests\": \"60\",\n"
        "      \"x-ratelimit-reset-requests\": \"1s\"\n    },",
        "\"pause_seconds\": 2,",
        "\"answers_429\": 18,",
        "\"requests_at_once\": 19\n",
        "\"server_reachable\": true,",
        "\"last_error\": {\n    \"message\": \"it broke\",\n"
        "    \"time\": \"2023-11-14T22:13:20Z\",\n    \"remedy\": \"mend it\"\n  }\n}\n",
        NULL};
    g_autofree char *text = write_status(&status);
    assert_has(text, parts);
    assert_indented(text);
}

static void texts_are_escaped(void)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"\"quoted\" \\ / back", "\"\\\"quoted\\\" \\\\ / back\""},
        {"two\nlines\ttab\r", "\"two\\u000alines\\u0009tab\\u000d\""},
        {"\x1b[2J\x7f", "\"\\u001b[2J\\u007f\""},
        {"\xc2\x9b", "\"\\u009b\""},
        {"jörg 李", "\"jörg 李\""},
        {"\xff\xc3(", "\"\xef\xbf\xbd\xef\xbf\xbd(\""},
        {"", "\"\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkConfig) config = ck_config_new();
        g_autofree char *expected = g_strdup_printf("\"organization\": %s,\n", cases[i].written);
        CkStatus status = {.config = config};
        replace(&config->account.organization.value, cases[i].text);
        g_autofree char *text = write_status(&status);
        assert_has(text, (const char *const[]){expected, NULL});
        assert_indented(text);
    }
}

static void nothing_of_the_key_is_told(void)
{
    g_autoptr(CkConfig) config = ck_config_new();
    keys_set(config->key, "sk-Zq7hXw2LsecretT9");
    CkStatus status = {.config = config};
    g_autofree char *text = write_status(&status);
    g_assert_null(strstr(text, "sk-"));
    g_assert_null(strstr(text, "Zq7"));
    g_assert_null(strstr(text, "T9"));
}

#define TEST(name) g_test_add_func("/status/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_new_mount_has_every_member);
    TEST(every_number_stands_where_it_belongs);
    TEST(texts_are_escaped);
    TEST(nothing_of_the_key_is_told);
    return g_test_run();
}
