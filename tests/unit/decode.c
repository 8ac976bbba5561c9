/* SPDX-License-Identifier: MIT */
#include "decode.h"

#include "error.h"

#define SEED     20240607
#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

static CkSlice slice(const char *text)
{
    return (CkSlice){text, strlen(text)};
}

static GBytes *bytes(const char *text)
{
    return g_bytes_new_static(text, strlen(text));
}

/* In the log of a failure: which case it was. */
static void say(const char *text)
{
    g_autofree char *line = g_strescape(text, NULL);
    g_test_message("%s", line);
}

static void assert_slice(CkSlice found, const char *expected)
{
    g_assert_cmpmem(found.data, (int)found.size, expected, (int)strlen(expected));
}

/* {"id":"x","deep":[[…]]} with that many levels in all. */
static char *nested(guint depth, const char *other_members)
{
    g_autofree char *open = g_strnfill(depth - 1, '[');
    g_autofree char *close = g_strnfill(depth - 1, ']');
    return g_strdup_printf("{\"id\":\"x\",%s\"deep\":%s%s}", other_members, open, close);
}

/* Pages */

static CkPage *page_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) body = bytes(text);
    CkPage *page = ck_decode_page(body, &error);
    g_assert_no_error(error);
    g_assert_nonnull(page);
    return page;
}

static void reads_a_full_page(void)
{
    g_autoptr(CkPage) page =
        page_of("{\"object\":\"list\",\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}],"
                "\"first_id\":\"a\",\"last_id\":\"b\",\"has_more\":true}");
    g_assert_cmpuint(page->elements->len, ==, 2);
    g_assert_cmpstr(page->last_id, ==, "b");
    g_assert_true(page->has_more);
}

static void cuts_elements_out_as_they_came(void)
{
    static const char *const elements[] = {
        "{ \"id\" :\t\"a\", \"n\":9007199254740993 }",
        "{\"text\":\"], }\\\" \\ud83d \xff\"}",
        "{}",
        "[ 1, 2 ]",
        "null",
        "NaN",
        "[[[[{\"a\":[-Infinity]}]]]]",
    };
    g_autoptr(GString) text = g_string_new(" { \"data\" : [");
    for (gsize i = 0; i < G_N_ELEMENTS(elements); i++)
        g_string_append_printf(text, "%s\r\n %s\t", i > 0 ? "," : "", elements[i]);
    g_string_append(text, "] , \"has_more\" : false } ");
    g_autoptr(CkPage) page = page_of(text->str);
    g_assert_cmpuint(page->elements->len, ==, G_N_ELEMENTS(elements));
    for (guint i = 0; i < page->elements->len; i++)
        assert_slice(g_array_index(page->elements, CkSlice, i), elements[i]);
}

static void elements_live_as_long_as_their_page(void)
{
    GBytes *body = g_bytes_new("{\"data\":[\"x\"],\"has_more\":false}", 31);
    g_autoptr(CkPage) page = ck_decode_page(body, NULL);
    g_bytes_unref(body);
    assert_slice(g_array_index(page->elements, CkSlice, 0), "\"x\"");
}

/* The first of these has no bytes and no address. */
static void refuses_an_empty_body(void)
{
    g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);
    g_autoptr(GBytes) empty = bytes("");
    GBytes *const bodies[] = {nothing, empty};
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *message = NULL, *code = NULL;
        g_assert_false(ck_json_check(ck_slice_bytes(bodies[i]), NULL));
        g_assert_null(ck_decode_page(bodies[i], &error));
        g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
        ck_decode_error(bodies[i], &message, &code);
        g_assert_null(message);
    }
}

static void cursors_may_be_missing(void)
{
    static const char *const pages[] = {
        "{\"data\":[],\"has_more\":false}",
        "{\"data\":[],\"has_more\":false,\"first_id\":null,\"last_id\":null}",
        "{\"data\":[],\"has_more\":false,\"first_id\":1,\"last_id\":1}",
        "{\"data\":[],\"has_more\":false,\"last_id\":{\"id\":\"x\"}}",
        "{\"data\":[],\"has_more\":false,\"last_id\":false}",
        "{\"data\":[],\"has_more\":false,\"last_id\":NaN}",
        "{\"data\":[],\"has_more\":false,\"last_id\":\"\"}",
        "{\"data\":[],\"first_id\":\"x\",\"first_id\":null,\"has_more\":true,\"has_more\":false}",
        "{\"data\":[],\"has_more\":false,\"first_id\":\"\",\"last_id\":\"\"}",
        "{\"d\\u0061ta\":[],\"has\\u005fmore\":false,\"\\u006cast_id\":null}",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_autoptr(CkPage) page = page_of(pages[i]);
        g_assert_cmpuint(page->elements->len, ==, 0);
        g_assert_null(page->last_id);
        g_assert_false(page->has_more);
    }
}

static void decodes_cursors(void)
{
    g_autoptr(CkPage) page = page_of("{\"data\":[],\"has_more\":false,\"first_id\":\"\\u0061\\/b\","
                                     "\"last_id\":\"\\ud83d\"}");
    g_assert_cmpstr(page->last_id, ==, "\xff\"\\ud83d\"");
}

static void reads_the_example_of_the_reference(void)
{
    g_autoptr(CkPage) page =
        page_of("{\n  \"data\": [\n    {\n      \"id\": \"cthr_abc123\",\n"
                "      \"object\": \"chatkit.thread\",\n      \"title\": \"Customer escalation\"\n"
                "    },\n    {\n      \"id\": \"cthr_def456\",\n"
                "      \"object\": \"chatkit.thread\",\n      \"title\": \"Demo feedback\"\n    }\n"
                "  ],\n  \"has_more\": false,\n  \"object\": \"list\"\n}\n");
    g_assert_cmpuint(page->elements->len, ==, 2);
    g_autoptr(CkThread) thread = ck_decode_thread(g_array_index(page->elements, CkSlice, 1), NULL);
    g_assert_cmpstr(thread->id, ==, "cthr_def456");
    g_assert_cmpstr(thread->title, ==, "Demo feedback");
    g_assert_null(thread->user);
    g_assert_null(thread->status);
    g_assert_cmpint(thread->created_at, ==, 0);
}

/* A listing that can't be read is an error and never a short one. */
static void a_page_is_not_endless(void)
{
    for (guint count = 100; count <= 101; count++) {
        g_autoptr(GString) text = g_string_new("{\"has_more\":false,\"data\":[0");
        for (guint i = 1; i < count; i++)
            g_string_append(text, ",0");
        g_string_append(text, "]}");
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) body = bytes(text->str);
        g_autoptr(CkPage) page = ck_decode_page(body, &error);
        g_assert_true((page == NULL) == (count > 100));
        g_assert_true((page == NULL) == g_error_matches(error, CK_ERROR, CK_ERROR_BAD_RESPONSE));
    }
}

static void refuses_what_is_no_page(void)
{
    static const char *const bodies[] = {
        "",
        "<html>502 Bad Gateway</html>",
        "{\"data\":[{\"id\":\"a\"},{\"id\":",
        "{\"data\":[{\"id\":\"a\"}],\"has_more\":false",
        "{\"data\":[],\"has_more\":false} x",
        "[]",
        "null",
        "{}",
        "{\"has_more\":false}",
        "{\"data\":null,\"has_more\":false}",
        "{\"data\":{},\"has_more\":false}",
        "{\"data\":\"[]\",\"has_more\":false}",
        "{\"data\":[]}",
        "{\"data\":[],\"has_more\":null}",
        "{\"data\":[],\"has_more\":0}",
        "{\"data\":[],\"has_more\":\"false\"}",
        "{\"data\":[{}],\"has_more\":true,\"last_id\":1}",
        "{\"data\":[{}],\"has_more\":true,\"last_id\":{\"id\":\"x\"}}",
        "{\"data\":[{}],\"has_more\":true,\"last_id\":false}",
        "{\"data\":[{}],\"has_more\":true,\"last_id\":NaN}",
        "{\"data\":NaN,\"has_more\":false}",
        "{\"data\":[],\"has_more\":NaN}",
        "{\"error\":{\"message\":\"no\"}}",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) body = bytes(bodies[i]);
        say(bodies[i]);
        g_assert_null(ck_decode_page(body, &error));
        g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    }
}

/* The levels of the page itself count. Never is an element left out for what is in it. */
static void a_page_of_64_levels_is_one_and_no_deeper(void)
{
    static const char page[] = "{\"data\":[{\"id\":\"a\"},%s,{\"id\":\"b\"}],\"has_more\":false}";
    for (guint more = 0; more < 2; more++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *element = nested(CK_JSON_DEPTH_MAX - 2 + more, "");
        g_autofree char *text = g_strdup_printf(page, element);
        g_autoptr(GBytes) body = bytes(text);
        g_autoptr(CkPage) read = ck_decode_page(body, &error);
        if (more) {
            g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
            g_assert_nonnull(strstr(error->message, "64 levels"));
        } else {
            g_assert_no_error(error);
            g_assert_cmpuint(read->elements->len, ==, 3);
        }
    }
}

/* Identities */

static void identifies_by_the_text_of_a_string(void)
{
    static const struct {
        const char *element, *id;
    } cases[] = {
        {"{\"id\":\"cthi_1\"}", "cthi_1"},
        {"{ \"type\":\"x\", \"id\" : \"a\\u0062\" }", "ab"},
        {"{\"\\u0069d\":\"a\\/b \\\"c\\\\\"}", "a/b \"c\\"},
        {"{\"id\":\"\\ud83e\\udd86\"}", "\xf0\x9f\xa6\x86"},
        {"{\"id\":\"\xf0\x9f\xa6\x86\"}", "\xf0\x9f\xa6\x86"},
        {"{\"id\":\"\\ufffd\"}", REPLACED},
        {"{\"id\":\"\\u2400\"}", "\xe2\x90\x80"},
        {"{\"id\":\"%41\"}", "%41"},
        {"{\"id\":\" \"}", " "},
        {"{\"id\":\"a\nb\"}", "a\nb"},
        {"{\"id\":\"a\",\"id\":\"b\"}", "b"},
        {"{\"id\":\"a\",\"id\":null}", NULL},
        {"{\"id\":\"\"}", NULL},
        {"{\"id\":null}", NULL},
        {"{\"id\":7}", NULL},
        {"{\"id\":NaN}", NULL},
        {"{\"id\":[\"a\"]}", NULL},
        {"{\"ID\":\"a\"}", NULL},
        {"{\"x\":{\"id\":\"a\"}}", NULL},
        {"{}", NULL},
        {"[\"id\"]", NULL},
        {"\"id\"", NULL},
        {"NaN", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *id = ck_decode_identity(slice(cases[i].element), "id");
        say(cases[i].element);
        g_assert_cmpstr(id, ==, cases[i].id);
    }
}

/* U+FFFD in their place would give two of them one identity. */
static void identifies_by_the_token_where_there_is_no_text(void)
{
    static const char *const tokens[] = {
        "\"\\ud83d\"", "\"\\ud83e\"",        "\"\\uDD86\"", "\"a\\ud83d\"", "\"\xff\"",
        "\"\xfe\"",    "\"a\xed\xa0\x80\"",  "\"\\u0000\"", "\"a\\u0000\"", "\"\\x\"",
        "\"\\u12\"",   "\"\\udd86\\ud83e\"", "\"\xc3\"",    "\"\\ud83D\"",
    };
    g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tokens); i++) {
        g_autofree char *object = g_strdup_printf("{\"n\":1,\"user\" : %s }", tokens[i]);
        g_autofree char *expected = g_strconcat("\xff", tokens[i], NULL);
        char *identity = ck_decode_identity(slice(object), "user");
        say(tokens[i]);
        g_assert_cmpstr(identity, ==, expected);
        g_assert_true(g_hash_table_add(all, identity));
    }
}

static void identifies_tokens_with_nul_bytes_apart(void)
{
    static const char one[] = "{\"id\":\"a\0b\"}", other[] = "{\"id\":\"a\0c\"}";
    static const char alone[] = "{\"id\":\"a\"}";
    g_autofree char *one_id = ck_decode_identity((CkSlice){one, sizeof one - 1}, "id");
    g_autofree char *other_id = ck_decode_identity((CkSlice){other, sizeof other - 1}, "id");
    g_autofree char *alone_id = ck_decode_identity((CkSlice){alone, sizeof alone - 1}, "id");
    g_assert_cmpint(*one_id, ==, '\xff');
    g_assert_cmpint(*other_id, ==, '\xff');
    g_assert_cmpstr(one_id, !=, other_id);
    g_assert_cmpstr(one_id, !=, alone_id);
}

/* Of strings made of good and broken pieces. */
static void identities_are_alike_only_where_texts_are(void)
{
    static const char *const pieces[] = {"a",       "b",       "\\ud83e", "\\udd86", "\\u0000",
                                         "\\u2400", "\\ufffd", "\xff",    "\\x",     "\\\\"};
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
    g_autoptr(GHashTable) tokens = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (int i = 0; i < 5000; i++) {
        g_autoptr(GString) object = g_string_new("{\"id\":\"");
        for (int n = g_rand_int_range(random, 1, 7); n > 0; n--)
            g_string_append(object, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
        g_string_append(object, "\"}");
        g_autofree char *identity = ck_decode_identity(slice(object->str), "id");
        const char *known = g_hash_table_lookup(tokens, identity);
        if (known)
            g_assert_cmpstr(known, ==, object->str);
        else
            g_hash_table_insert(tokens, g_strdup(identity), g_strdup(object->str));
    }
    g_assert_cmpuint(g_hash_table_size(tokens), >, 2000);
}

/* Threads */

static CkThread *thread_of(const char *text)
{
    CkThread *thread = ck_decode_thread(slice(text), NULL);
    g_assert_nonnull(thread);
    assert_slice(thread->json, text);
    return thread;
}

static void reads_a_full_thread(void)
{
    g_autoptr(CkThread) thread =
        thread_of("{\"id\":\"cthr_1\",\"object\":\"chatkit.thread\",\"created_at\":1712345600,"
                  "\"title\":\"Caf\\u00e9 \\ud83e\\udd86\",\"user\":\"user_456\","
                  "\"status\":{\"type\":\"locked\",\"reason\":\"in review\"}}");
    g_assert_cmpstr(thread->id, ==, "cthr_1");
    g_assert_cmpstr(thread->title, ==, "Caf\xc3\xa9 \xf0\x9f\xa6\x86");
    g_assert_cmpstr(thread->user, ==, "user_456");
    g_assert_cmpstr(thread->status, ==, "locked");
    g_assert_cmpstr(thread->reason, ==, "in review");
    g_assert_cmpint(thread->created_at, ==, 1712345600);
}

static void reads_a_status_in_every_form(void)
{
    static const struct {
        const char *status, *word, *reason;
    } cases[] = {
        {"{\"type\":\"active\"}", "active", NULL},
        {"{\"type\":\"closed\",\"reason\":null}", "closed", NULL},
        {"{\"type\":\"closed\",\"reason\":\"\"}", "closed", ""},
        {"{\"type\":\"archived\",\"reason\":\"old\"}", "archived", "old"},
        {"\"active\"", "active", NULL},
        {"{}", NULL, NULL},
        {"{\"type\":1,\"reason\":2}", NULL, NULL},
        {"[\"active\"]", NULL, NULL},
        {"null", NULL, NULL},
        {"7", NULL, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("{\"id\":\"x\",\"status\":%s}", cases[i].status);
        g_autoptr(CkThread) thread = thread_of(text);
        g_assert_cmpstr(thread->status, ==, cases[i].word);
        g_assert_cmpstr(thread->reason, ==, cases[i].reason);
    }
}

static void takes_fields_of_a_wrong_type_as_not_given(void)
{
    static const char *const values[] = {"null", "true", "7", "[\"x\"]", "{\"x\":\"y\"}"};
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"id\":\"x\",\"title\":%s,\"user\":%s,\"status\":%s}", values[i],
                            values[i], values[i]);
        g_autoptr(CkThread) thread = thread_of(text);
        g_assert_null(thread->title);
        g_assert_null(thread->user);
        g_assert_null(thread->status);
        g_assert_null(thread->reason);
    }
}

static void takes_only_sensible_times(void)
{
    static const struct {
        const char *created_at;
        gint64 seconds;
    } cases[] = {
        {"1712345600", 1712345600},
        {"1712345600.75", 1712345600},
        {"1.7e9", 1700000000},
        {"NaN", 0},
        {"Infinity", 0},
        {"-Infinity", 0},
        {"1", 1},
        {"0", 0},
        {"-5", 0},
        {"1e16", 0},
        {"1e400", 0},
        {"\"1712345600\"", 0},
        {"true", 0},
        {"null", 0},
        {"[1]", 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"id\":\"x\",\"created_at\":%s}", cases[i].created_at);
        g_autoptr(CkThread) thread = thread_of(text);
        g_assert_cmpint(thread->created_at, ==, cases[i].seconds);
    }
}

static void repairs_the_strings_of_a_thread(void)
{
    g_autoptr(CkThread) thread =
        thread_of("{\"id\":\"x\",\"title\":\"a\\ud83d\\u0000b\xff\",\"user\":\"\\q\"}");
    g_assert_cmpstr(thread->title, ==,
                    "a" REPLACED "\xe2\x90\x80"
                    "b" REPLACED);
    g_assert_cmpstr(thread->user, ==, REPLACED);
}

static void a_thread_needs_no_id(void)
{
    static const char *const texts[] = {"{\"title\":\"T\"}", "{\"id\":null,\"title\":\"T\"}",
                                        "{\"id\":\"\",\"title\":\"T\"}",
                                        "{\"id\":7,\"title\":\"T\"}"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(CkThread) thread = thread_of(texts[i]);
        g_assert_null(thread->id);
        g_assert_cmpstr(thread->title, ==, "T");
    }
}

static void what_is_no_object_is_a_thread_without_anything(void)
{
    static const char *const texts[] = {"{}",    "[]",  "[{\"id\":\"x\"}]", "\"id\"", "null", "7",
                                        "false", "NaN", "[[\"id\",\"x\"]]"};
    g_autofree char *open = g_strnfill(CK_JSON_DEPTH_MAX - 1, '[');
    g_autofree char *close = g_strnfill(CK_JSON_DEPTH_MAX - 1, ']');
    g_autofree char *deep = g_strconcat(open, "{\"id\":\"x\"}", close, NULL);
    for (gsize i = 0; i <= G_N_ELEMENTS(texts); i++) {
        g_autoptr(CkThread) thread = thread_of(i < G_N_ELEMENTS(texts) ? texts[i] : deep);
        g_assert_null(thread->id);
        g_assert_null(thread->title);
        g_assert_null(thread->user);
        g_assert_null(thread->status);
        g_assert_null(thread->reason);
        g_assert_cmpint(thread->created_at, ==, 0);
    }
}

/* Error objects */

static void reads_that_a_thread_is_deleted(void)
{
    static const struct {
        const char *json;
        gboolean says_so;
    } cases[] = {
        {"{\"id\":\"cthr_1\",\"object\":\"chatkit.thread.deleted\",\"deleted\":true}", TRUE},
        {" { \"deleted\" : true , \"id\" : \"cthr_1\" } ", TRUE},
        {"{\"id\":\"cthr_1\",\"deleted\":false}", FALSE},
        {"{\"id\":\"cthr_1\",\"deleted\":\"true\"}", FALSE},
        {"{\"id\":\"cthr_1\",\"deleted\":1}", FALSE},
        {"{\"id\":\"cthr_1\"}", FALSE},
        {"[{\"id\":\"cthr_1\",\"deleted\":true}]", FALSE},
        {"true", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        say(cases[i].json);
        g_assert_true(ck_decode_deleted(slice(cases[i].json), &error) == cases[i].says_so);
        if (cases[i].says_so)
            g_assert_no_error(error);
        else
            g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
    }
}

static void reads_error_objects(void)
{
    static const struct {
        const char *body, *message, *code;
    } cases[] = {
        {"{\"error\":{\"message\":\"Incorrect API key\",\"type\":\"invalid_request_error\","
         "\"param\":null,\"code\":\"invalid_api_key\"}}",
         "Incorrect API key", "invalid_api_key"},
        {"{\"error\":{\"message\":\"No\",\"code\":null}}", "No", NULL},
        {"{\"error\":{\"code\":\"x\"}}", NULL, "x"},
        {"{\"error\":{\"message\":[],\"code\":7}}", NULL, NULL},
        {"{\"error\":{\"message\":\"a\\ud83d\"}}", "a" REPLACED, NULL},
        {"{\"error\":\"No\"}", NULL, NULL},
        {"{\"error\":null}", NULL, NULL},
        {"{\"message\":\"No\",\"code\":\"x\"}", NULL, NULL},
        {"[]", NULL, NULL},
        {"", NULL, NULL},
        {"<html>", NULL, NULL},
        {"{\"error\":{\"message\":\"cut", NULL, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) body = bytes(cases[i].body);
        g_autofree char *message = NULL, *code = NULL;
        ck_decode_error(body, &message, &code);
        g_assert_cmpstr(message, ==, cases[i].message);
        g_assert_cmpstr(code, ==, cases[i].code);
    }
}

/* As ck_json_member() does, and jq: of members with the same name the last one counts. */
static void of_several_members_the_last_counts(void)
{
    static const char text[] = "{\"id\":\"a\",\"id\":\"b\"}";
    g_autofree char *id = ck_decode_identity(slice(text), "id");
    g_autoptr(CkThread) thread = thread_of(text);
    g_assert_cmpstr(id, ==, "b");
    g_assert_cmpstr(thread->id, ==, "b");
}

static void a_deep_thread_is_a_thread_still(void)
{
    g_autofree char *text = nested(CK_JSON_DEPTH_MAX, "\"title\":\"T\",\"created_at\":NaN,");
    g_autoptr(CkThread) thread = thread_of(text);
    g_assert_cmpstr(thread->id, ==, "x");
    g_assert_cmpstr(thread->title, ==, "T");
    g_assert_cmpint(thread->created_at, ==, 0);
}

static void an_endless_error_object_is_not_looked_into(void)
{
    g_autofree char *deep = nested(30000, "\"error\":{\"message\":\"No\"},");
    g_autofree char *long_message = g_strnfill(70000, 'a');
    g_autofree char *large = g_strdup_printf("{\"error\":{\"message\":\"%s\"}}", long_message);
    const char *const bodies[] = {deep, large};
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GBytes) body = bytes(bodies[i]);
        g_autofree char *message = NULL, *code = NULL;
        ck_decode_error(body, &message, &code);
        g_assert_null(message);
        g_assert_null(code);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/page/full", reads_a_full_page);
    g_test_add_func("/decode/page/elements", cuts_elements_out_as_they_came);
    g_test_add_func("/decode/page/lifetime", elements_live_as_long_as_their_page);
    g_test_add_func("/decode/page/no-cursors", cursors_may_be_missing);
    g_test_add_func("/decode/page/cursors", decodes_cursors);
    g_test_add_func("/decode/page/reference", reads_the_example_of_the_reference);
    g_test_add_func("/decode/page/bad", refuses_what_is_no_page);
    g_test_add_func("/decode/page/levels", a_page_of_64_levels_is_one_and_no_deeper);
    g_test_add_func("/decode/page/endless", a_page_is_not_endless);
    g_test_add_func("/decode/page/empty", refuses_an_empty_body);
    g_test_add_func("/decode/identity/text", identifies_by_the_text_of_a_string);
    g_test_add_func("/decode/identity/token", identifies_by_the_token_where_there_is_no_text);
    g_test_add_func("/decode/identity/nul", identifies_tokens_with_nul_bytes_apart);
    g_test_add_func("/decode/identity/random", identities_are_alike_only_where_texts_are);
    g_test_add_func("/decode/thread/full", reads_a_full_thread);
    g_test_add_func("/decode/thread/status", reads_a_status_in_every_form);
    g_test_add_func("/decode/thread/wrong-types", takes_fields_of_a_wrong_type_as_not_given);
    g_test_add_func("/decode/thread/times", takes_only_sensible_times);
    g_test_add_func("/decode/thread/broken-strings", repairs_the_strings_of_a_thread);
    g_test_add_func("/decode/thread/no-id", a_thread_needs_no_id);
    g_test_add_func("/decode/thread/no-object", what_is_no_object_is_a_thread_without_anything);
    g_test_add_func("/decode/thread/duplicate-members", of_several_members_the_last_counts);
    g_test_add_func("/decode/thread/deep", a_deep_thread_is_a_thread_still);
    g_test_add_func("/decode/deleted", reads_that_a_thread_is_deleted);
    g_test_add_func("/decode/error", reads_error_objects);
    g_test_add_func("/decode/error/endless", an_endless_error_object_is_not_looked_into);
    return g_test_run();
}
