/* SPDX-License-Identifier: MIT */
#include "decode_value.h"

#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

static CkSlice slice(const char *text)
{
    return (CkSlice){text, strlen(text)};
}

static void assert_slice(CkSlice found, const char *expected)
{
    g_assert_cmpmem(found.data, (int)found.size, expected, (int)strlen(expected));
}

/* NULL where there is too much of it. */
static cJSON *parse_any(CkSlice json, guint *lost)
{
    g_autoptr(GError) error = NULL;
    cJSON *value;
    g_assert_true(ck_value_parse(json, lost, &value, &error));
    g_assert_no_error(error);
    return value;
}

static cJSON *parse(const char *text)
{
    cJSON *value = parse_any(slice(text), NULL);
    g_assert_nonnull(value);
    return value;
}

static char *nested(guint depth, const char *inside)
{
    g_autofree char *open = g_strnfill(depth, '['), *close = g_strnfill(depth, ']');
    return g_strconcat(open, inside, close, NULL);
}

/* An array of that many values, itself included. */
static char *many(guint count)
{
    GString *text = g_string_new("[0");
    for (guint i = 2; i < count; i++)
        g_string_append(text, ",0");
    g_string_append_c(text, ']');
    return g_string_free(text, FALSE);
}

/* Parsing */

static void parses_what_a_strict_decoder_refuses(void)
{
    static const struct {
        const char *text, *parsed;
        guint lost;
    } cases[] = {
        {"{\"a\":[1,\"b\",null]}", "{\"a\":[1,\"b\",null]}", 0},
        {"[NaN,Infinity,-Infinity]", "[null,null,null]", 0},
        {"[\"\\ud83d\",\"\xff\"]", "[\"" REPLACED "\",\"" REPLACED "\"]", 2},
        {"{\"\\ud83d\":\"\\u0000\"}", "{\"" REPLACED "\":\"\xe2\x90\x80\"}", 1},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint lost = 5;
        g_autoptr(cJSON) value = parse_any(slice(cases[i].text), &lost);
        g_autofree char *parsed = cJSON_PrintUnformatted(value);
        g_assert_cmpstr(parsed, ==, cases[i].parsed);
        g_assert_cmpuint(lost, ==, 5 + cases[i].lost);
    }
}

static void parses_as_deep_as_json_can_be(void)
{
    g_autofree char *most = nested(CK_JSON_DEPTH_MAX, "1");
    g_autoptr(cJSON) value = parse(most);
    g_autofree char *parsed = cJSON_PrintUnformatted(value);
    g_assert_cmpstr(parsed, ==, most);
}

static void parses_so_many_values_and_no_more(void)
{
    g_autofree char *most = many(200000), *more = many(200002);
    g_autofree char *text = g_strnfill(300000, ',');
    g_autofree char *string = g_strconcat("\"", text, "\"", NULL);
    g_autoptr(cJSON) most_value = parse_any(slice(most), NULL);
    g_autoptr(cJSON) string_value = parse_any(slice(string), NULL);
    g_assert_nonnull(most_value);
    g_assert_cmpstr(cJSON_GetStringValue(string_value), ==, text);
    g_assert_null(parse_any(slice(more), NULL));
}

/* Objects */

static char *join(GPtrArray *names)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++)
        g_string_append_printf(text, "<%s>", (const char *)g_ptr_array_index(names, i));
    return g_string_free(text, FALSE);
}

static void of_too_large_an_object_there_is_what_is_not(void)
{
    g_autofree char *large = many(200002), *less = many(10);
    g_autofree char *text = g_strdup_printf("{ \"a\" : 1, \"b\":%s,\"c\":\"\\ud83d\",\"d\":%s, "
                                            "\"\\u0065\":%s,\"b\":null,\"\":%s}",
                                            large, less, large, large);
    g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
    guint lost = 0;
    g_autoptr(cJSON) object = ck_value_parse_object(slice(text), missing, &lost, NULL);
    g_autofree char *names = join(missing);
    g_assert_cmpint(cJSON_GetArraySize(object), ==, 7);
    g_assert_cmpfloat(ck_value_get(object, "a")->valuedouble, ==, 1);
    g_assert_cmpstr(ck_value_string(object, "c"), ==, REPLACED);
    g_assert_true(cJSON_IsArray(ck_value_get(object, "d")));
    g_assert_true(cJSON_IsNull(ck_value_get(object, "e")));
    g_assert_cmpstr(names, ==, "<b><e><>");
    g_assert_cmpuint(lost, ==, 1);
}

static void of_an_object_of_too_many_values_there_is_what_is_not(void)
{
    g_autofree char *half = many(150000), *more = many(200002);
    g_autofree char *halves = g_strdup_printf("{\"a\":%s,\"b\":%s}", half, half);
    g_autofree char *one = g_strdup_printf("{\"a\":%s,\"b\":7}", more);
    const struct {
        const char *text, *missing;
    } cases[] = {{halves, "<b>"}, {one, "<a>"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(cJSON) object = ck_value_parse_object(slice(cases[i].text), missing, NULL, NULL);
        g_autofree char *names = join(missing);
        g_assert_cmpint(cJSON_GetArraySize(object), ==, 2);
        g_assert_cmpstr(names, ==, cases[i].missing);
    }
}

static void there_is_a_value_whatever_the_text(void)
{
    g_autofree char *large = many(200002);
    const char *const texts[] = {"null", "7", "NaN", "\"a\"", "[]", "[1]", "{}", large};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(cJSON) value = ck_value_parse_object(slice(texts[i]), missing, NULL, NULL);
        g_assert_nonnull(value);
        g_assert_null(ck_value_string(value, "id"));
    }
}

/* Sources */

/* The source of every value below it is what the text of the value parses to. */
static void assert_sources(CkValue value)
{
    CkValueIter iter;
    CkValue child;
    g_autoptr(cJSON) again = parse_any(value.source, NULL);
    g_autofree char *found = cJSON_PrintUnformatted(again);
    g_autofree char *expected = cJSON_PrintUnformatted(value.value);
    int children = 0;
    g_assert_cmpstr(found, ==, expected);
    ck_value_iter_init(&iter, value);
    for (; ck_value_iter_next(&iter, &child); children++) {
        CkValue same = ck_value_child(value, child.value);
        g_assert_true(child.source.data >= value.source.data);
        g_assert_true(child.source.data + child.source.size <=
                      value.source.data + value.source.size);
        g_assert_true(same.value == child.value && same.source.data == child.source.data);
        assert_sources(child);
    }
    g_assert_cmpint(children, ==, cJSON_GetArraySize(value.value));
}

static void finds_the_source_of_every_value(void)
{
    static const char *const texts[] = {
        "7",
        " { } ",
        "[1,[2,[3]],{\"a\":4}]",
        (" { \"a\" : [ 9007199254740993 , 2.50 ] , "
         "\"b\":{\"a\":\"x\",\"\\u0061\":NaN},\"a\":\"\xff\" }"),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(cJSON) root = parse(texts[i]);
        assert_sources((CkValue){root, slice(texts[i])});
    }
}

static void a_source_is_what_was_sent(void)
{
    static const char text[] =
        "{\"a\":1,\"n\":[ 1, 9007199254740993 ,2.50],\"a\":\"\\u0061\\ud83d\"}";
    g_autoptr(cJSON) root = parse(text), stranger = parse("1");
    CkValue whole = {root, slice(text)}, n = ck_value_child(whole, ck_value_get(root, "n"));
    const struct {
        CkValue value;
        const char *source;
    } cases[] = {
        {ck_value_child(n, cJSON_GetArrayItem(n.value, 1)), "9007199254740993"},
        {ck_value_child(n, cJSON_GetArrayItem(n.value, 2)), "2.50"},
        {n, "[ 1, 9007199254740993 ,2.50]"},
        {ck_value_child(whole, ck_value_get(root, "a")), "\"\\u0061\\ud83d\""},
        {ck_value_child(whole, root->child), "1"},
        {ck_value_child(whole, stranger), ""},
        {ck_value_child(whole, NULL), ""},
        {ck_value_child(whole, n.value->child), ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_slice(cases[i].value.source, cases[i].source);
        g_assert_true(!cases[i].value.value == !*cases[i].source);
    }
}

static void finds_sources_beside_what_is_too_large(void)
{
    g_autofree char *large = many(200002);
    g_autofree char *text = g_strdup_printf("{\"a\":%s,\"b\":[2.50],\"c\":%s}", large, large);
    g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(cJSON) object = ck_value_parse_object(slice(text), missing, NULL, NULL);
    CkValue whole = {object, slice(text)};
    assert_slice(ck_value_child(whole, ck_value_get(object, "b")).source, "[2.50]");
    assert_slice(ck_value_child(whole, ck_value_get(object, "c")).source, large);
}

/* Members */

static void gets_members_of_objects_alone(void)
{
    g_autoptr(cJSON) object =
        parse("{\"a\":\"1\",\"A\":\"2\",\"e\":\"\",\"n\":7,\"z\":null,\"a\":\"3\","
              "\"s\":{\"a\":\"4\"}}");
    g_autoptr(cJSON) array = parse("[\"a\"]");
    g_assert_cmpstr(ck_value_string(object, "a"), ==, "3");
    g_assert_cmpstr(ck_value_string(object, "A"), ==, "2");
    g_assert_cmpstr(ck_value_string(object, "e"), ==, "");
    g_assert_null(ck_value_filled(object, "e"));
    g_assert_cmpstr(ck_value_filled(object, "a"), ==, "3");
    g_assert_null(ck_value_string(object, "n"));
    g_assert_null(ck_value_filled(object, "n"));
    g_assert_null(ck_value_string(object, "z"));
    g_assert_true(cJSON_IsNull(ck_value_get(object, "z")));
    g_assert_null(ck_value_get(object, "b"));
    g_assert_null(ck_value_get(object, ""));
    g_assert_null(ck_value_get(array, "a"));
    g_assert_null(ck_value_get(ck_value_get(object, "a"), "a"));
    g_assert_null(ck_value_get(NULL, "a"));
    g_assert_cmpstr(ck_value_string(ck_value_get(object, "s"), "a"), ==, "4");
}

static void takes_only_sensible_times(void)
{
    static const struct {
        const char *text;
        gint64 seconds;
    } cases[] = {
        {"{\"at\":1712345600}", 1712345600},
        {"{\"at\":1712345600.75}", 1712345600},
        {"{\"at\":1.7e9}", 1700000000},
        {"{\"at\":1}", 1},
        {"{\"at\":0}", 0},
        {"{\"at\":-5}", 0},
        {"{\"at\":253402300799}", 253402300799}, /* the last second of the year 9999 */
        {"{\"at\":253402300800}", 0},
        {"{\"at\":1e400}", 0},
        {"{\"at\":NaN}", 0},
        {"{\"at\":-Infinity}", 0},
        {"{\"at\":\"1\"}", 0},
        {"{\"at\":true}", 0},
        {"{\"at\":null}", 0},
        {"{\"at\":1,\"at\":2}", 2},
        {"{}", 0},
        {"[1]", 0},
        {"7", 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(cJSON) object = parse(cases[i].text);
        g_assert_cmpint(ck_value_time(object, "at"), ==, cases[i].seconds);
    }
}

static void knows_types_in_both_spellings(void)
{
    static const struct {
        const char *text, *type;
    } cases[] = {
        {"{\"type\":\"task\"}", "task"},
        {"{\"type\":\"chatkit.task\"}", "task"},
        {"{\"type\":\"chatkit.chatkit.task\"}", "chatkit.task"},
        {"{\"type\":\"chatkit.\"}", ""},
        {"{\"type\":\"chatkit\"}", "chatkit"},
        {"{\"type\":\"\"}", ""},
        {"{\"type\":7}", ""},
        {"{}", ""},
        {"[]", ""},
        {"\"type\"", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(cJSON) object = parse(cases[i].text);
        g_assert_cmpstr(ck_value_type(object), ==, cases[i].type);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode-value/parse/lenient", parses_what_a_strict_decoder_refuses);
    g_test_add_func("/decode-value/parse/deep", parses_as_deep_as_json_can_be);
    g_test_add_func("/decode-value/parse/many", parses_so_many_values_and_no_more);
    g_test_add_func("/decode-value/object/deep", of_too_large_an_object_there_is_what_is_not);
    g_test_add_func("/decode-value/object/many",
                    of_an_object_of_too_many_values_there_is_what_is_not);
    g_test_add_func("/decode-value/object/always", there_is_a_value_whatever_the_text);
    g_test_add_func("/decode-value/source/every", finds_the_source_of_every_value);
    g_test_add_func("/decode-value/source/as-sent", a_source_is_what_was_sent);
    g_test_add_func("/decode-value/source/deep", finds_sources_beside_what_is_too_large);
    g_test_add_func("/decode-value/members", gets_members_of_objects_alone);
    g_test_add_func("/decode-value/time", takes_only_sensible_times);
    g_test_add_func("/decode-value/type", knows_types_in_both_spellings);
    return g_test_run();
}
