/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <cjson/cJSON.h>

#include "error.h"

#define SEED           20240607
#define BYTES(literal) literal, sizeof(literal) - 1

G_DEFINE_AUTOPTR_CLEANUP_FUNC(cJSON, cJSON_Delete)

static CkSlice slice(const char *text)
{
    return (CkSlice){text, strlen(text)};
}

static CkSlice slice_of(const GString *text)
{
    return (CkSlice){text->str, text->len};
}

static void assert_same(CkSlice one, CkSlice other)
{
    g_assert_cmpmem(one.data, (int)one.size, other.data, (int)other.size);
}

/* In the log of a failure: which case it was. */
static void say(const char *text)
{
    g_autofree char *line = g_strescape(text, NULL);
    g_test_message("%s", line);
}

/* Checks a copy without a byte after it, so that memory checkers see a step too far. */
static gboolean accepts(const char *text, gsize size)
{
    g_autofree char *copy = g_memdup2(text, size);
    return ck_json_check((CkSlice){copy, size}, NULL);
}

typedef void Writer(CkSlice value, CkSink *out);

/* What is written; the same writer must count as many bytes when nobody keeps them. */
static GString *written(Writer write, CkSlice value)
{
    CkSink keep = {.text = g_string_new(NULL)}, count = {0};
    write(value, &keep);
    write(value, &count);
    g_assert_cmpuint(keep.size, ==, keep.text->len);
    g_assert_cmpuint(count.size, ==, keep.text->len);
    return keep.text;
}

static char *nested(guint depth, const char *open, const char *inside, const char *close)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < depth; i++)
        g_string_append(text, open);
    g_string_append(text, inside);
    for (guint i = 0; i < depth; i++)
        g_string_append(text, close);
    return g_string_free(text, FALSE);
}

/* Check */

static void accepts_every_kind_of_value(void)
{
    static const char *const texts[] = {
        "null", "true", "false", "\"\"", "\"a\"", "{}", "[]", "[[],{}]", "{\"a\":{\"b\":[1,2]}}",
        " \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n", "{ \"a\" : 1 , \"a\" : 2 }",
        /* numbers, RFC 8259 section 6 */
        "0", "-0", "7", "-12", "9007199254740993", "0.5", "2.50", "-0.0e0", "1e5", "1E+5", "1e-05",
        "1e400", "123456789012345678901234567890",
        /* strings */
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "\"{[,:]}\"", "\"\\\\\"", "\"\xf0\x9f\xa6\x86\"",
        /* strings that a stricter reader refuses: they shall not cost their page */
        "\"\\ud83d\"", "\"\\x\"", "\"\xff\"", "\"a\nb\""};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        say(texts[i]);
        g_assert_true(accepts(texts[i], strlen(texts[i])));
    }
    g_assert_true(accepts(BYTES("\"a\0b\"")));
}

static void rejects_what_is_not_one_value(void)
{
    static const char *const texts[] = {
        "", " ", "1 2", "{}{}", "[] x", "nul", "True", "NULL", "undefined", "NaN", "Infinity",
        "'a'", "a", "// c\n1", "/**/1", "\xef\xbb\xbf{}",
        /* numbers */
        "+1", "01", "-01", "00", "1.", ".5", "-", "-.5", "1e", "1e+", "1.e5", "0x10", "1_000",
        "--1", "1a",
        /* strings */
        "\"", "\"a", "\"\\\"", "\"a\" \"",
        /* containers */
        "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1 2]", "[1}", "[1,,2]", "{]",
        "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{a:1}",
        "{1:2}", "{\"a\":1]", "{\"a\"::1}", "[1]]", "[\"a\":1]"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        say(texts[i]);
        g_assert_false(accepts(texts[i], strlen(texts[i])));
    }
}

static void rejects_nul_outside_strings(void)
{
    g_assert_false(accepts(BYTES("\0")));
    g_assert_false(accepts(BYTES("1\0")));
    g_assert_false(accepts(BYTES("{}\0")));
    g_assert_false(accepts(BYTES("[1\0,2]")));
    g_assert_false(accepts(BYTES("[\0]")));
    g_assert_false(accepts(BYTES("nul\0")));
}

static void rejects_a_text_cut_anywhere(void)
{
    static const char sample[] =
        "{\"data\": [{\"id\": \"cthi_1\", \"text\": \"a\\\"b\\\\ \\u00e9 \xc3\xa9\", \"n\": "
        "-1.50e+10,"
        " \"t\": true, \"f\": false, \"z\": null, \"empty\": [{}, []]}], \"has_more\": false}";
    for (gsize size = 0; size < sizeof sample - 1; size++)
        g_assert_false(accepts(sample, size));
    g_assert_true(accepts(sample, sizeof sample - 1));
}

static void limits_nesting(void)
{
    g_autofree char *arrays = nested(CK_JSON_MAX_DEPTH, "[", "1", "]");
    g_autofree char *objects = nested(CK_JSON_MAX_DEPTH, "{\"a\":", "1", "}");
    g_autofree char *deep_arrays = nested(CK_JSON_MAX_DEPTH + 1, "[", "", "]");
    g_autofree char *deep_objects = nested(CK_JSON_MAX_DEPTH + 1, "{\"a\":", "1", "}");
    g_autofree char *endless = nested(1000000, "[", "", "");
    g_assert_true(accepts(arrays, strlen(arrays)));
    g_assert_true(accepts(objects, strlen(objects)));
    g_assert_false(accepts(deep_arrays, strlen(deep_arrays)));
    g_assert_false(accepts(deep_objects, strlen(deep_objects)));
    g_assert_false(accepts(endless, strlen(endless)));
}

static void says_that_it_is_a_bad_response(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(ck_json_check(slice("<html>"), &error));
    g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
}

/* Depth */

static void counts_what_is_open_at_the_deepest_place(void)
{
    static const struct {
        const char *text;
        guint depth;
    } cases[] = {
        {"1", 0},
        {"\"[[[{\"", 0},
        {"[]", 1},
        {" { } ", 1},
        {"[[],[[]],[]]", 3},
        {"{\"a\":{\"b\":1},\"c\":[{}]}", 3},
        {"[\"\\\"[[\"]", 1},
        {"[[],[],[],[],[]]", 2},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpuint(ck_json_depth(slice(cases[i].text)), ==, cases[i].depth);
    g_autofree char *deep = nested(CK_JSON_MAX_DEPTH, "[", "", "]");
    g_assert_cmpuint(ck_json_depth(slice(deep)), ==, CK_JSON_MAX_DEPTH);
}

/* Iteration and members */

static char *walk(const char *text)
{
    GString *found = g_string_new(NULL);
    CkJsonIter iter;
    ck_json_iter_init(&iter, slice(text));
    while (ck_json_iter_next(&iter))
        g_string_append_printf(found, "<%.*s=%.*s>", (int)iter.key.size, iter.key.data,
                               (int)iter.value.size, iter.value.data);
    g_assert_false(ck_json_iter_next(&iter));
    return g_string_free(found, FALSE);
}

static void counts_values_outside_of_strings(void)
{
    static const struct {
        const char *text;
        gsize most;
    } cases[] = {
        {"1", 1}, {"\"a,[{\"", 1}, {"[]", 2}, {"[0,0,0]", 4}, {"{\"a,\":[1,{}]}", 5},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpuint(ck_json_count(slice(cases[i].text)), ==, cases[i].most);
}

static void walks_containers_whatever_the_white_space(void)
{
    static const struct {
        const char *text, *found;
    } cases[] = {
        {"[]", ""},
        {"{}", ""},
        {" \n[ \t\r\n] ", ""},
        {"[1]", "<=1>"},
        {"\n\t[ \r1\n,\t\"a, ]\" ,null ] \n", "<=1><=\"a, ]\"><=null>"},
        {"[[1,2],[ ],{\"a\":[3]}]", "<=[1,2]><=[ ]><={\"a\":[3]}>"},
        {"{\"a\":1,\"b\":[2, 3]}", "<\"a\"=1><\"b\"=[2, 3]>"},
        {"\r\n{ \"a\"\t:\n1 ,\r\"b }\\\"\" : { } }\t", "<\"a\"=1><\"b }\\\"\"={ }>"},
        {"{\"a\":1,\"a\":2}", "<\"a\"=1><\"a\"=2>"},
        {"{\"\":\"\"}", "<\"\"=\"\">"},
        {"1", ""},
        {"\"[1]\"", ""},
        {"null", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = walk(cases[i].text);
        g_assert_cmpstr(found, ==, cases[i].found);
    }
}

static void finds_members_and_takes_the_last_of_several(void)
{
    static const struct {
        const char *text, *name, *value; /* value NULL: no such member */
    } cases[] = {
        {"{\"id\":\"x\"}", "id", "\"x\""},
        {"{ \"a\" : 1 , \"id\" : { \"id\" : 2 } }", "id", "{ \"id\" : 2 }"},
        {"{\"id\":1,\"b\":2,\"id\":3}", "id", "3"},
        {"{\"id\":1,\"id\":null}", "id", "null"},
        {"{\"ids\":1,\"i\":2,\"ID\":3}", "id", NULL},
        {"{\"a\":{\"id\":1}}", "id", NULL},
        {"{\"a\":\"id\"}", "id", NULL},
        {"{\"\":7}", "", "7"},
        {"{}", "id", NULL},
        {"[\"id\",1]", "id", NULL},
        {"\"id\"", "id", NULL},
        {"null", "id", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CkSlice value = {0};
        gboolean found = ck_json_member(slice(cases[i].text), cases[i].name, &value);
        g_autofree char *text = g_strndup(value.data, value.size);
        say(cases[i].text);
        g_assert_cmpint(found, ==, cases[i].value != NULL);
        g_assert_cmpstr(text, ==, cases[i].value);
    }
}

/* Layouts */

/* indented: as jq 1.6 prints text, but for the tokens, which stay as they are. */
static const struct {
    const char *text, *indented, *compact;
} layouts[] = {
    {"null", "null\n", "null\n"},
    {" \"a b\" ", "\"a b\"\n", "\"a b\"\n"},
    {"{}", "{}\n", "{}\n"},
    {"[ \n ]", "[]\n", "[]\n"},
    {"[{}]", "[\n  {}\n]\n", "[{}]\n"},
    {"[1,2]", "[\n  1,\n  2\n]\n", "[1,2]\n"},
    {"{\"a\":[],\"b\":{}}", "{\n  \"a\": [],\n  \"b\": {}\n}\n", "{\"a\":[],\"b\":{}}\n"},
    {"\t{ \"b\"\n:1 ,\"a\":[ 1,[2 ,{\"c\" : null}],true] }\r\n",
     "{\n  \"b\": 1,\n  \"a\": [\n    1,\n    [\n      2,\n      {\n        \"c\": null\n      }\n"
     "    ],\n    true\n  ]\n}\n",
     "{\"b\":1,\"a\":[1,[2,{\"c\":null}],true]}\n"},
    /* what looks like structure inside strings */
    {"[\"{[ , : ]}\",\"\\\"\",\"\\\\\",\"a\\n b\"]",
     "[\n  \"{[ , : ]}\",\n  \"\\\"\",\n  \"\\\\\",\n  \"a\\n b\"\n]\n",
     "[\"{[ , : ]}\",\"\\\"\",\"\\\\\",\"a\\n b\"]\n"},
    /* tokens are kept as they came, where jq would decode them */
    {"[9007199254740993,2.50,1e400,-0,1E+2]",
     "[\n  9007199254740993,\n  2.50,\n  1e400,\n  -0,\n  1E+2\n]\n",
     "[9007199254740993,2.50,1e400,-0,1E+2]\n"},
    {"[\"\\u00e9\\/\\ud83d\", \"\xc3\xa9\"]", "[\n  \"\\u00e9\\/\\ud83d\",\n  \"\xc3\xa9\"\n]\n",
     "[\"\\u00e9\\/\\ud83d\",\"\xc3\xa9\"]\n"},
    {"{\"z\":1,\"a\":2,\"z\":3}", "{\n  \"z\": 1,\n  \"a\": 2,\n  \"z\": 3\n}\n",
     "{\"z\":1,\"a\":2,\"z\":3}\n"},
    {"{\"\":\"\"}", "{\n  \"\": \"\"\n}\n", "{\"\":\"\"}\n"},
};

static void indents_as_jq_does(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(layouts); i++) {
        g_autoptr(GString) text = written(ck_json_indent, slice(layouts[i].text));
        g_assert_cmpstr(text->str, ==, layouts[i].indented);
    }
}

static void shows_escaped_characters_and_stays_the_same_json(void)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"\"Z\\u00fcrich\"", "\"Z\xc3\xbcrich\"\n"},
        {"\"\\u00e9\\u00E9\"", "\"\xc3\xa9\xc3\xa9\"\n"},
        {"\"a\\/b\"", "\"a/b\"\n"},
        {"\"\\ud83d\\ude00!\"", "\"\xf0\x9f\x98\x80!\"\n"},
        {"\"\\ud83d!\"", "\"\\ud83d!\"\n"},
        {"\"\\ude00\\ud83d\"", "\"\\ude00\\ud83d\"\n"},
        {"\"\\u0022\\u005c\"", "\"\\u0022\\u005c\"\n"},
        {"\"\\u001b\\u0000\\u009b\\n\"", "\"\\u001b\\u0000\\u009b\\n\"\n"},
        {"\"\\\\u00fc\"", "\"\\\\u00fc\"\n"},
        {"{\"\\u00fc\":2.50}", "{\n  \"\xc3\xbc\": 2.50\n}\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = written(ck_json_show, slice(cases[i].text));
        g_assert_cmpstr(text->str, ==, cases[i].shown);
    }
}

static void compacts_to_one_line(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(layouts); i++) {
        g_autoptr(GString) text = written(ck_json_compact, slice(layouts[i].text));
        g_assert_cmpstr(text->str, ==, layouts[i].compact);
    }
}

static void layouts_keep_every_byte_of_a_string(void)
{
    CkSlice value = {BYTES("[ \"a\0b \xff\" ]")};
    g_autoptr(GString) indented = written(ck_json_indent, value);
    g_autoptr(GString) compact = written(ck_json_compact, value);
    assert_same(slice_of(indented), (CkSlice){BYTES("[\n  \"a\0b \xff\"\n]\n")});
    assert_same(slice_of(compact), (CkSlice){BYTES("[\"a\0b \xff\"]\n")});
}

/* Repair */

#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

static void repairs_what_a_strict_decoder_refuses(void)
{
    static const struct {
        const char *text;
        gsize size;
        const char *repaired;
        const char *decoded; /* by cJSON, for a string */
    } cases[] = {
        {BYTES("\"plain \xc3\xa9\""), "\"plain \xc3\xa9\"", "plain \xc3\xa9"},
        {BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\""), "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
         "\"\\/\b\f\n\r\t\xc3\xa9"},
        {BYTES("\"\\ud83e\\udd86\""), "\"\\ud83e\\udd86\"", "\xf0\x9f\xa6\x86"},
        {BYTES("\"a\\ud83eb\""), "\"a" REPLACED "b\"", "a" REPLACED "b"},
        {BYTES("\"a\\ud83e\""), "\"a" REPLACED "\"", "a" REPLACED},
        {BYTES("\"\\uDD86b\""), "\"" REPLACED "b\"", REPLACED "b"},
        {BYTES("\"\\ud83e\\ud83e\\udd86\""), "\"" REPLACED "\\ud83e\\udd86\"",
         REPLACED "\xf0\x9f\xa6\x86"},
        {BYTES("\"\\ud83e\\u0041\""), "\"" REPLACED "\\u0041\"", REPLACED "A"},
        {BYTES("\"\\ud83e\\ue000\""), "\"" REPLACED "\\ue000\"", REPLACED "\xee\x80\x80"},
        {BYTES("\"\\ud83e\\n\""), "\"" REPLACED "\\n\"", REPLACED "\n"},
        {BYTES("\"a\\u0000b\""), "\"a\\u2400b\"",
         "a\xe2\x90\x80"
         "b"},
        {BYTES("\"\\\\u0000\""), "\"\\\\u0000\"", "\\u0000"},
        {BYTES("\"a\0b\""),
         "\"a\xe2\x90\x80"
         "b\"",
         "a\xe2\x90\x80"
         "b"},
        {BYTES("\"a\xff\xc3\""), "\"a" REPLACED REPLACED "\"", "a" REPLACED REPLACED},
        {BYTES("\"\xed\xa0\x80\""), "\"" REPLACED REPLACED REPLACED "\"",
         REPLACED REPLACED REPLACED},
        {BYTES("\"a\\xb\""), "\"a" REPLACED "b\"", "a" REPLACED "b"},
        {BYTES("\"\\u12\""), "\"" REPLACED "12\"", REPLACED "12"},
        {BYTES("\"\\u12g4\""), "\"" REPLACED "12g4\"", REPLACED "12g4"},
        {BYTES("\"\\\0\""), "\"" REPLACED "\"", REPLACED},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *copy = g_memdup2(cases[i].text, cases[i].size);
        g_autofree char *repaired = ck_json_repair((CkSlice){copy, cases[i].size});
        g_assert_cmpstr(repaired, ==, cases[i].repaired);
        g_autoptr(cJSON) decoded = cJSON_Parse(repaired);
        g_assert_cmpstr(cJSON_GetStringValue(decoded), ==, cases[i].decoded);
    }
}

static void repairs_in_keys_and_values_alike(void)
{
    g_autofree char *repaired =
        ck_json_repair(slice("{ \"\\ud83e\": [\"\\u0000\", true, null, 1.50] }"));
    g_assert_cmpstr(repaired, ==, "{ \"" REPLACED "\": [\"\\u2400\", true, null, 1.50] }");
}

static void replaces_numbers_that_are_too_long(void)
{
    g_autofree char *sixty = g_strnfill(60, '9');
    g_autofree char *hundred = g_strnfill(100, '9');
    g_autofree char *text =
        g_strdup_printf("[%s, %s, -%s, \"%s\"]", sixty, hundred, hundred, hundred);
    g_autofree char *expected = g_strdup_printf("[%s, 0, 0, \"%s\"]", sixty, hundred);
    g_autofree char *repaired = ck_json_repair(slice(text));
    g_autoptr(cJSON) decoded = cJSON_Parse(repaired);
    g_assert_cmpstr(repaired, ==, expected);
    g_assert_cmpint(cJSON_GetArraySize(decoded), ==, 4);
}

/* Random texts */

/* Writes tokens twice: with random white space, and without any. */
typedef struct {
    GRand *random;
    GString *spaced, *tight;
} Generator;

static void put_space(Generator *to)
{
    while (g_rand_int_range(to->random, 0, 3) == 0)
        g_string_append_c(to->spaced, " \t\r\n"[g_rand_int_range(to->random, 0, 4)]);
}

static void put_token(Generator *to, const char *token, gsize size)
{
    put_space(to);
    g_string_append_len(to->spaced, token, (gssize)size);
    g_string_append_len(to->tight, token, (gssize)size);
    put_space(to);
}

/* A string of good and broken pieces: escapes, halves of surrogate pairs, any bytes. */
static void put_random_string(Generator *to)
{
    static const char *const pieces[] = {"\\\"",    "\\\\", "\\n",  "\\u0000",          "\\ud83e",
                                         "\\udd86", "\\x",  "\\u1", "\xf0\x9f\xa6\x86", "{",
                                         "],",      ": ",   "  ",   "\xc3\xa9"};
    g_autoptr(GString) string = g_string_new("\"");
    for (int i = g_rand_int_range(to->random, 0, 6); i > 0; i--) {
        char byte = (char)g_rand_int_range(to->random, 0, 256);
        if (g_rand_boolean(to->random))
            g_string_append(string, pieces[g_rand_int_range(to->random, 0, G_N_ELEMENTS(pieces))]);
        else
            g_string_append_c(string, byte == '"' || byte == '\\' ? 'q' : byte);
    }
    g_string_append_c(string, '"');
    put_token(to, string->str, string->len);
}

static void put_random_scalar(Generator *to)
{
    static const char *const scalars[] = {
        "null", "true", "false", "0", "-0", "2.50", "1e400", "9007199254740993", "-1.5E-7"};
    const char *scalar = scalars[g_rand_int_range(to->random, 0, G_N_ELEMENTS(scalars))];
    put_token(to, scalar, strlen(scalar));
}

static void put_random_value(Generator *to, int depth)
{
    int kind = g_rand_int_range(to->random, 0, depth > 0 ? 4 : 2);
    if (kind == 0) {
        put_random_scalar(to);
        return;
    }
    if (kind == 1) {
        put_random_string(to);
        return;
    }
    put_token(to, kind == 2 ? "[" : "{", 1);
    for (int i = 0, count = g_rand_int_range(to->random, 0, 5); i < count; i++) {
        if (i > 0)
            put_token(to, ",", 1);
        if (kind == 3) {
            put_random_string(to);
            put_token(to, ":", 1);
        }
        put_random_value(to, depth - 1);
    }
    put_token(to, kind == 2 ? "]" : "}", 1);
}

static void assert_round_trip(const GString *spaced, const GString *tight)
{
    g_assert_true(accepts(spaced->str, spaced->len));
    g_autoptr(GString) compact = written(ck_json_compact, slice_of(spaced));
    assert_same((CkSlice){compact->str, compact->len - 1}, slice_of(tight));
    g_autoptr(GString) indented = written(ck_json_indent, slice_of(spaced));
    g_assert_true(accepts(indented->str, indented->len));
    g_autoptr(GString) back = written(ck_json_compact, slice_of(indented));
    assert_same(slice_of(back), slice_of(compact));
    g_autoptr(GString) again = written(ck_json_indent, slice_of(indented));
    assert_same(slice_of(again), slice_of(indented));
    g_assert_cmpuint(ck_json_depth(slice_of(indented)), ==, ck_json_depth(slice_of(tight)));
    g_autofree char *repaired = ck_json_repair(slice_of(spaced));
    g_autoptr(cJSON) decoded = cJSON_Parse(repaired);
    g_assert_nonnull(decoded);
    g_assert_true(g_utf8_validate(repaired, -1, NULL));
}

static void random_texts_round_trip_and_can_be_repaired(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
    for (int i = 0; i < 5000; i++) {
        g_autoptr(GString) spaced = g_string_new(NULL);
        g_autoptr(GString) tight = g_string_new(NULL);
        put_random_value(&(Generator){random, spaced, tight}, 6);
        assert_round_trip(spaced, tight);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/check/accepts-every-kind-of-value", accepts_every_kind_of_value);
    g_test_add_func("/json/check/rejects-what-is-not-one-value", rejects_what_is_not_one_value);
    g_test_add_func("/json/check/rejects-nul-outside-strings", rejects_nul_outside_strings);
    g_test_add_func("/json/check/rejects-a-text-cut-anywhere", rejects_a_text_cut_anywhere);
    g_test_add_func("/json/check/limits-nesting", limits_nesting);
    g_test_add_func("/json/check/says-bad-response", says_that_it_is_a_bad_response);
    g_test_add_func("/json/depth", counts_what_is_open_at_the_deepest_place);
    g_test_add_func("/json/count", counts_values_outside_of_strings);
    g_test_add_func("/json/iter", walks_containers_whatever_the_white_space);
    g_test_add_func("/json/member", finds_members_and_takes_the_last_of_several);
    g_test_add_func("/json/indent", indents_as_jq_does);
    g_test_add_func("/json/show", shows_escaped_characters_and_stays_the_same_json);
    g_test_add_func("/json/compact", compacts_to_one_line);
    g_test_add_func("/json/layouts-keep-every-byte", layouts_keep_every_byte_of_a_string);
    g_test_add_func("/json/repair/strings", repairs_what_a_strict_decoder_refuses);
    g_test_add_func("/json/repair/keys-and-values", repairs_in_keys_and_values_alike);
    g_test_add_func("/json/repair/long-numbers", replaces_numbers_that_are_too_long);
    g_test_add_func("/json/random-texts", random_texts_round_trip_and_can_be_repaired);
    return g_test_run();
}
