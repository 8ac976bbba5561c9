/* SPDX-License-Identifier: MIT */
#include "status_error.h"

#include "error.h"
#include "keys.h"

#define KEY "sk-test-0123456789"

static GError *status_error(int status, const char *body)
{
    g_autoptr(GBytes) bytes = g_bytes_new(body, strlen(body));
    g_autoptr(CkKey) key = keys_new(KEY);
    return ck_status_error(status, bytes, key);
}

static void every_status_has_its_code(void)
{
    static const struct {
        int status;
        CkError code;
    } cases[] = {
        {401, CK_ERROR_DENIED},       {403, CK_ERROR_DENIED},       {404, CK_ERROR_NOT_FOUND},
        {408, CK_ERROR_TIMED_OUT},    {400, CK_ERROR_REJECTED},     {409, CK_ERROR_REJECTED},
        {422, CK_ERROR_REJECTED},     {429, CK_ERROR_RATE_LIMITED}, {500, CK_ERROR_SERVER},
        {503, CK_ERROR_SERVER},       {599, CK_ERROR_SERVER},       {204, CK_ERROR_BAD_RESPONSE},
        {302, CK_ERROR_BAD_RESPONSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = status_error(cases[i].status, "");
        g_autofree char *expected = g_strdup_printf("the server answered %d", cases[i].status);
        g_assert_error(error, CK_ERROR, (gint)cases[i].code);
        g_assert_cmpstr(error->message, ==, expected);
    }
}

static void the_servers_words_are_told(void)
{
    static const struct {
        int status;
        const char *body, *message;
    } cases[] = {
        {400, "{\"error\":{\"message\":\"bad limit\",\"code\":\"c\"}}",
         "the server answered 400 (bad limit)"},
        {400, "{\"error\":{\"message\":null,\"code\":\"bad_limit\"}}",
         "the server answered 400 (bad_limit)"},
        {400, "{\"error\":\"no object\"}", "the server answered 400"},
        {502, "<html>Bad gateway</html>", "the server answered 502"},
        {400, "{\"error\":{\"message\":\"two\\nlines\\u001b[0m\"}}",
         "the server answered 400 (two lines [0m)"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = status_error(cases[i].status, cases[i].body);
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

static void the_key_is_cut_out_of_the_servers_words(void)
{
    g_autoptr(GError) error =
        status_error(400, "{\"error\":{\"message\":\"no " KEY ", really " KEY "!\"}}");
    g_assert_cmpstr(error->message, ==, "the server answered 400 (no [key], really [key]!)");
}

static void of_a_401_only_the_code_is_told(void)
{
    g_autoptr(GError) with_code = status_error(
        401,
        "{\"error\":{\"message\":\"Incorrect key: sk-te**6789\",\"code\":\"invalid_api_key\"}}");
    g_autoptr(GError) without_code =
        status_error(401, "{\"error\":{\"message\":\"Incorrect key: sk-te**6789\"}}");
    g_assert_cmpstr(with_code->message, ==, "the server answered 401 (invalid_api_key)");
    g_assert_cmpstr(without_code->message, ==, "the server answered 401");
}

static void long_words_are_cut_at_a_character(void)
{
    g_autoptr(GString) body = g_string_new("{\"error\":{\"message\":\"");
    for (int i = 0; i < 1000; i++)
        g_string_append(body, "é");
    g_string_append(body, "\"}}");
    g_autoptr(GError) error = status_error(400, body->str);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_cmpint(g_utf8_strlen(error->message, -1), <, 300);
}

#define TEST(name) g_test_add_func("/status_error/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(every_status_has_its_code);
    TEST(the_servers_words_are_told);
    TEST(the_key_is_cut_out_of_the_servers_words);
    TEST(of_a_401_only_the_code_is_told);
    TEST(long_words_are_cut_at_a_character);
    return g_test_run();
}
