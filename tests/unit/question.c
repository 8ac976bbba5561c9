/* SPDX-License-Identifier: MIT */
#include "question.h"

#include "error.h"

/* URLs */

static void urls_are_made_of_base_path_and_query(void)
{
    static const struct {
        CkApiKind kind;
        const char *base, *id;
        CkListQuery query;
        const char *url;
    } cases[] = {
        {CK_API_LIST_THREADS, "https://h/v1", NULL, {0}, "https://h/v1/chatkit/threads"},
        {CK_API_LIST_THREADS, "https://h/v1//", NULL, {0}, "https://h/v1/chatkit/threads"},
        {CK_API_GET_THREAD, "https://h", "cthr_1", {0}, "https://h/chatkit/threads/cthr_1"},
        {CK_API_DELETE_THREAD, "https://h", "cthr_1", {0}, "https://h/chatkit/threads/cthr_1"},
        {CK_API_LIST_ITEMS,
         "https://h",
         "cthr_1",
         {.limit = 100},
         "https://h/chatkit/threads/cthr_1/items?limit=100"},
        {CK_API_LIST_THREADS,
         "https://h",
         NULL,
         {.order = CK_ORDER_ASC},
         "https://h/chatkit/threads?order=asc"},
        {CK_API_LIST_THREADS,
         "https://h",
         NULL,
         {20, CK_ORDER_DESC, "cthr_1", "cthr_2", 1, "ann"},
         "https://h/chatkit/threads?limit=20&order=desc&after=cthr_1&before=cthr_2&user=ann"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkQuestion) question =
            ck_question_new(cases[i].kind, cases[i].id, &cases[i].query);
        g_autofree char *url = ck_question_url(question, cases[i].base, NULL);
        g_assert_cmpstr(url, ==, cases[i].url);
    }
}

static void users_are_escaped_in_urls(void)
{
    static const struct {
        const char *user, *escaped;
    } cases[] = {
        {"a-b_c.d~e", "a-b_c.d~e"},
        {"org/team", "org%2Fteam"},
        {"a b", "a%20b"},
        {"a+b", "a%2Bb"},
        {"x&limit=1", "x%26limit%3D1"},
        {"100%", "100%25"},
        {"a?b#c", "a%3Fb%23c"},
        {"jörg", "j%C3%B6rg"},
        {"a@b:c;d,e", "a%40b%3Ac%3Bd%2Ce"},
        {"\r\nX: y", "%0D%0AX%3A%20y"},
        {"\xff", "%FF"},
        {"", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CkListQuery query = {.user = cases[i].user};
        g_autoptr(CkQuestion) question = ck_question_new(CK_API_LIST_THREADS, NULL, &query);
        g_autofree char *expected =
            g_strdup_printf("https://h/chatkit/threads?user=%s", cases[i].escaped);
        g_autofree char *url = ck_question_url(question, "https://h", NULL);
        g_assert_cmpstr(url, ==, expected);
    }
}

static void no_url_has_an_id_that_is_none(void)
{
    static const struct {
        const char *id;
        CkListQuery query;
    } cases[] = {
        {"../models", {0}},
        {"", {0}},
        {"cthr_1", {.after = "x&limit=1"}},
        {"cthr_1", {.before = "cthi_1/.."}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkQuestion) question =
            ck_question_new(CK_API_LIST_ITEMS, cases[i].id, &cases[i].query);
        g_autoptr(GError) error = NULL;
        g_assert_null(ck_question_url(question, "https://h", &error));
        g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    }
}

/* Pages */

typedef struct {
    const char *elements;
    gboolean fits;
} Case;

static void assert_page_fits(CkApiKind kind, const CkListQuery *query, const char *body,
                             gboolean fits)
{
    g_autoptr(CkQuestion) question =
        ck_question_new(kind, kind == CK_API_LIST_ITEMS ? "cthr_1" : NULL, query);
    g_autoptr(GBytes) bytes = g_bytes_new(body, strlen(body));
    g_autoptr(GError) error = NULL;
    g_autoptr(CkPage) page = ck_decode_page(bytes, &error);
    g_assert_no_error(error);
    g_test_message("%s", body);
    g_assert_true(ck_question_fits_page(question, page, &error) == fits);
    if (fits)
        g_assert_no_error(error);
    else
        g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
}

static void assert_pages_fit(CkApiKind kind, const CkListQuery *query, const Case *cases,
                             gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *body = g_strdup_printf(
            "{\"object\":\"list\",\"data\":[%s],\"has_more\":false}", cases[i].elements);
        assert_page_fits(kind, query, body, cases[i].fits);
    }
}

static void a_page_says_that_it_is_a_list_or_nothing(void)
{
    const CkListQuery query = {0};
    assert_page_fits(CK_API_LIST_ITEMS, &query, "{\"data\":[],\"has_more\":false}", TRUE);
    assert_page_fits(CK_API_LIST_ITEMS, &query, "{\"object\":1,\"data\":[],\"has_more\":false}",
                     TRUE);
    assert_page_fits(CK_API_LIST_ITEMS, &query,
                     "{\"object\":\"chatkit.thread\",\"data\":[],\"has_more\":false}", FALSE);
}

static void items_are_those_of_the_thread(void)
{
    static const Case cases[] = {
        {"", TRUE},
        {"{\"id\":\"cthi_1\",\"thread_id\":\"cthr_1\",\"object\":\"chatkit.thread_item\"}", TRUE},
        {"{\"id\":\"msg_1\",\"thread_id\":\"cthr_\\u0031\"}", TRUE},
        {"{\"type\":\"chatkit.something_new\"}", TRUE},
        {"{\"id\":null,\"thread_id\":null,\"object\":null}", TRUE},
        {"{\"id\":7,\"thread_id\":7,\"object\":7}", TRUE},
        {"\"no object\"", TRUE},
        {"{\"id\":\"cthi_1\",\"thread_id\":\"cthr_2\"}", FALSE},
        {"{\"id\":\"cthi_1\",\"thread_id\":\"cthr_1\"},{\"thread_id\":\"cthr_2\"}", FALSE},
        {"{\"id\":\"cthi_1\",\"object\":\"chatkit.thread\"}", FALSE},
        {"{\"id\":\"cthr_2\"}", FALSE},
    };
    assert_pages_fit(CK_API_LIST_ITEMS, &(const CkListQuery){0}, cases, G_N_ELEMENTS(cases));
}

static void threads_are_those_of_the_user(void)
{
    static const Case cases[] = {
        {"{\"id\":\"cthr_1\",\"user\":\"ann\",\"object\":\"chatkit.thread\"}", TRUE},
        {"{\"id\":\"cthr_1\",\"user\":null}", TRUE},
        {"{\"id\":\"cthr_1\"}", TRUE},
        {"{\"id\":\"cthr_1\",\"user\":\"bob\"}", FALSE},
        {"{\"id\":\"cthr_1\",\"user\":\"ann\"},{\"id\":\"cthr_2\",\"user\":\"bob\"}", FALSE},
        {"{\"id\":\"cthi_1\",\"user\":\"ann\"}", FALSE},
        {"{\"id\":\"cthr_1\",\"object\":\"chatkit.thread_item\"}", FALSE},
    };
    assert_pages_fit(CK_API_LIST_THREADS, &(const CkListQuery){.user = "ann"}, cases,
                     G_N_ELEMENTS(cases));
    assert_pages_fit(CK_API_LIST_THREADS, &(const CkListQuery){0},
                     &(const Case){"{\"user\":\"ann\"},{\"user\":\"bob\"}", TRUE}, 1);
}

static void a_page_has_no_more_than_was_asked_for(void)
{
    static const Case cases[] = {{"{},{}", TRUE}, {"{},{},{}", FALSE}};
    assert_pages_fit(CK_API_LIST_ITEMS, &(const CkListQuery){.limit = 2}, cases,
                     G_N_ELEMENTS(cases));
}

static void a_page_is_in_the_order_asked_for(void)
{
    static const Case up[] = {
        {"{\"created_at\":1},{\"created_at\":1},{\"created_at\":3}", TRUE},
        {"{\"created_at\":2},{},{\"created_at\":null},{\"created_at\":2}", TRUE},
        {"{\"created_at\":2},{\"created_at\":1}", FALSE},
        {"{\"created_at\":2},{},{\"created_at\":1}", FALSE},
    };
    static const Case down[] = {
        {"{\"created_at\":3},{\"created_at\":1},{\"created_at\":1}", TRUE},
        {"{\"created_at\":1},{\"created_at\":2}", FALSE},
    };
    assert_pages_fit(CK_API_LIST_ITEMS, &(const CkListQuery){.order = CK_ORDER_ASC}, up,
                     G_N_ELEMENTS(up));
    assert_pages_fit(CK_API_LIST_THREADS, &(const CkListQuery){.order = CK_ORDER_DESC}, down,
                     G_N_ELEMENTS(down));
}

static void a_page_comes_after_its_cursor(void)
{
    static const Case up[] = {
        {"{\"id\":\"cthi_8\",\"created_at\":70},{\"id\":\"cthi_9\",\"created_at\":71}", TRUE},
        {"{\"id\":\"cthi_8\"}", TRUE},
        {"{\"id\":\"cthi_6\",\"created_at\":69}", FALSE},
        {"{\"id\":\"cthi_7\",\"created_at\":70}", FALSE},
        {"{\"id\":\"cthi_8\",\"created_at\":71},{\"id\":\"cthi_7\",\"created_at\":71}", FALSE},
    };
    static const Case down[] = {
        {"{\"id\":\"cthr_6\",\"created_at\":70}", TRUE},
        {"{\"id\":\"cthr_8\",\"created_at\":71}", FALSE},
    };
    const CkListQuery after_item = {.order = CK_ORDER_ASC, .after = "cthi_7", .after_at = 70};
    const CkListQuery after_thread = {.order = CK_ORDER_DESC, .after = "cthr_7", .after_at = 70};
    assert_pages_fit(CK_API_LIST_ITEMS, &after_item, up, G_N_ELEMENTS(up));
    assert_pages_fit(CK_API_LIST_THREADS, &after_thread, down, G_N_ELEMENTS(down));
}

static void the_time_of_an_element_is_told_by_its_id(void)
{
    static const char body[] = "{\"data\":[{\"id\":\"a\",\"created_at\":5},{\"id\":\"b\"},"
                               "{\"id\":\"c\",\"created_at\":7.5}],\"has_more\":true}";
    g_autoptr(GBytes) bytes = g_bytes_new_static(body, strlen(body));
    g_autoptr(CkPage) page = ck_decode_page(bytes, NULL);
    g_assert_cmpint(ck_question_time_of(page, "a"), ==, 5);
    g_assert_cmpint(ck_question_time_of(page, "b"), ==, 0);
    g_assert_cmpint(ck_question_time_of(page, "c"), ==, 0);
    g_assert_cmpint(ck_question_time_of(page, "d"), ==, 0);
}

/* Threads */

static void a_thread_is_the_one_that_was_asked_for(void)
{
    static const struct {
        CkApiKind kind;
        const char *json;
        gboolean fits;
    } cases[] = {
        {CK_API_GET_THREAD, "{\"id\":\"cthr_1\",\"object\":\"chatkit.thread\"}", TRUE},
        {CK_API_GET_THREAD, "{\"id\":\"cthr_1\"}", TRUE},
        {CK_API_GET_THREAD, "{\"id\":\"cthr_2\",\"object\":\"chatkit.thread\"}", FALSE},
        {CK_API_GET_THREAD, "{\"object\":\"chatkit.thread\"}", FALSE},
        {CK_API_GET_THREAD, "{\"id\":\"cthr_1\",\"object\":\"chatkit.thread.deleted\"}", FALSE},
        {CK_API_GET_THREAD, "{\"object\":\"list\",\"data\":[]}", FALSE},
        {CK_API_GET_THREAD, "[]", FALSE},
        {CK_API_DELETE_THREAD, "{\"id\":\"cthr_1\",\"object\":\"chatkit.thread.deleted\"}", TRUE},
        {CK_API_DELETE_THREAD, "{\"id\":\"cthr_1\"}", TRUE},
        {CK_API_DELETE_THREAD, "{\"id\":\"cthr_1\",\"object\":\"chatkit.thread\"}", FALSE},
        {CK_API_DELETE_THREAD, "{\"id\":\"cthr_2\"}", FALSE},
        {CK_API_DELETE_THREAD, "{\"id\":null}", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkQuestion) question = ck_question_new(cases[i].kind, "cthr_1", NULL);
        const CkSlice json = {cases[i].json, strlen(cases[i].json)};
        g_autoptr(GError) error = NULL;
        g_test_message("%s", cases[i].json);
        g_assert_true(ck_question_fits_thread(question, json, &error) == cases[i].fits);
        g_assert_true(cases[i].fits || g_error_matches(error, CK_ERROR, CK_ERROR_BAD_RESPONSE));
    }
}

#define TEST(name) g_test_add_func("/question/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(urls_are_made_of_base_path_and_query);
    TEST(users_are_escaped_in_urls);
    TEST(no_url_has_an_id_that_is_none);
    TEST(a_page_says_that_it_is_a_list_or_nothing);
    TEST(items_are_those_of_the_thread);
    TEST(threads_are_those_of_the_user);
    TEST(a_page_has_no_more_than_was_asked_for);
    TEST(a_page_is_in_the_order_asked_for);
    TEST(a_page_comes_after_its_cursor);
    TEST(the_time_of_an_element_is_told_by_its_id);
    TEST(a_thread_is_the_one_that_was_asked_for);
    return g_test_run();
}
