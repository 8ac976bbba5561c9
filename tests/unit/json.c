/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <cjson/cJSON.h>

#include "error.h"
#include "exact.h"

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

static gboolean accepts(const char *text, gsize size)
{
    g_autofree char *block = NULL;
    return ck_json_check((CkSlice){exact_copy(text, size, &block), size}, NULL);
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
        /* words for which JSON has none, of Python's json module */
        "NaN", "Infinity", "-Infinity", " [NaN,Infinity , -Infinity]\n", "{\"a\":NaN}",
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
        "", " ", "1 2", "{}{}", "[] x", "nul", "True", "NULL", "undefined", "nan", "-NaN",
        "+Infinity", "-Inf", "Inf", "infinity", "NaN1", "Infinity0", "[NaN Infinity]", "{NaN:1}",
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

/* Each container opens so many levels. */
static void takes_64_levels_and_no_more(void)
{
    static const struct {
        const char *open, *inside, *close;
        guint levels;
    } containers[] = {{"[", "", "]", 1},
                      {"{\"a\":", "1", "}", 1},
                      {"[{},", "[]", ",[0]]", 1},
                      {"[0,{\"a\":1,\"b\":", "2", ",\"c\":3}]", 2}};
    for (gsize i = 0; i < G_N_ELEMENTS(containers); i++) {
        guint inside = *containers[i].inside == '[';
        guint most = (CK_JSON_DEPTH_MAX - inside) / containers[i].levels;
        g_autofree char *text =
            nested(most, containers[i].open, containers[i].inside, containers[i].close);
        g_autofree char *deeper =
            nested(most + 1, containers[i].open, containers[i].inside, containers[i].close);
        g_autofree char *abyss =
            nested(1000000, containers[i].open, containers[i].inside, containers[i].close);
        g_autoptr(GError) error = NULL, abyss_error = NULL;
        g_assert_cmpuint(ck_json_depth(slice(text)), ==, CK_JSON_DEPTH_MAX);
        g_assert_true(accepts(text, strlen(text)));
        g_assert_false(accepts(text, strlen(text) - 1));
        g_assert_false(ck_json_check(slice(deeper), &error));
        g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
        g_assert_nonnull(strstr(error->message, "deeper than 64 levels"));
        g_assert_false(ck_json_check(slice(abyss), &abyss_error));
        g_assert_cmpstr(abyss_error->message, ==, error->message);
    }
}

/* What is not nested may be as long as it likes, and so may brackets in a string. */
static void does_not_count_what_has_been_closed(void)
{
    g_autofree char *beside = nested(10000, "[[]],", "0", "");
    g_autofree char *array = g_strconcat("[", beside, "]", NULL);
    g_autofree char *brackets = g_strnfill(10000, '[');
    g_autofree char *string = g_strconcat("\"", brackets, "\"", NULL);
    g_assert_true(accepts(array, strlen(array)));
    g_assert_true(accepts(string, strlen(string)));
}

static void rejects_brackets_that_nothing_closes(void)
{
    g_autofree char *arrays = nested(1000000, "[", "", "");
    g_autofree char *objects = nested(1000000, "{\"a\":", "", "");
    g_autofree char *crossed = nested(1000000, "[{\"a\":", "1", "]}");
    g_assert_false(accepts(arrays, strlen(arrays)));
    g_assert_false(accepts(objects, strlen(objects)));
    g_assert_false(accepts(crossed, strlen(crossed)));
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
        {"[NaN,[-Infinity]]", 2},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpuint(ck_json_depth(slice(cases[i].text)), ==, cases[i].depth);
    g_autofree char *deep = nested(100000, "[", "", "]");
    g_assert_cmpuint(ck_json_depth(slice(deep)), ==, 100000);
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
        {"[NaN,-Infinity]", "<=NaN><=-Infinity>"},
        {"{\"\\u0061\":Infinity}", "<\"\\u0061\"=Infinity>"},
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
        /* a name is the same however its letters are written */
        {"{\"\\u0069d\":1}", "id", "1"},
        {"{\"i\\u0064\":1}", "id", "1"},
        {"{\"\\u0069\\u0064\" : [1]}", "id", "[1]"},
        {"{\"id\":1,\"i\\u0064\":2}", "id", "2"},
        {"{\"\\u0069\\u0064\":1,\"id\":2}", "id", "2"},
        {"{\"l\\u006f\\u006F\\u006B\":1}", "look", "1"},
        {"{\"a\\u005fb\":1}", "a_b", "1"},
        {"{\"\\u0069\\u0064s\":1,\"\\u0069\":2,\"\\u0049d\":3}", "id", NULL},
        {"{\"\\\\u0069d\":1}", "id", NULL},
        {"{\"\\u0169d\":1,\"\\ud83ed\":2,\"\\u69d\":3,\"\\u006\":4}", "id", NULL},
        {"{\"id\\u0000\":1,\"\\u0000id\":2,\"\\id\":3}", "id", NULL},
        {"{\"\\u0000\":1}", "", NULL},
        {"{}", "id", NULL},
        {"[\"id\",1]", "id", NULL},
        {"\"id\"", "id", NULL},
        {"null", "id", NULL},
        {"NaN", "id", NULL},
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
    {"[NaN ,Infinity, -Infinity]", "[\n  NaN,\n  Infinity,\n  -Infinity\n]\n",
     "[NaN,Infinity,-Infinity]\n"},
};

static void indents_as_jq_does(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(layouts); i++) {
        g_autoptr(GString) text = written(ck_json_indent, slice(layouts[i].text));
        g_assert_cmpstr(text->str, ==, layouts[i].indented);
    }
}

static void shows_escaped_characters(void)
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
        /* a run of backticks must not grow: it could end the fence that the text stands in */
        {"\"\\u0060``\"", "\"\\u0060``\"\n"},
        {"\"\\u0061\\u0060\"", "\"a\\u0060\"\n"},
        {"\"\\u12g4\\u12\\x\"", "\"\\u12g4\\u12\\x\"\n"},
        {"[NaN]", "[\n  NaN\n]\n"},
        {"{\"\\u00fc\":2.50}", "{\n  \"\xc3\xbc\": 2.50\n}\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = written(ck_json_show, slice(cases[i].text));
        g_assert_cmpstr(text->str, ==, cases[i].shown);
    }
}

/* Control characters do not belong into strings, but may be sent. */
static void shows_controls_as_pictures(void)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"\"\x1b[2J\"", "\"\xe2\x90\x9b[2J\"\n"},
        {"\"a\x01\\u00e9\x02\"", "\"a\xe2\x90\x81\xc3\xa9\xe2\x90\x82\"\n"},
        {"\"\x7f\"", "\"\xe2\x90\xa1\"\n"},
        {"\"\xc2\x9b\"", "\"\xef\xbf\xbd\"\n"},
        {"\"a\tb\nc\"", "\"a\tb\nc\"\n"},
        {"\"a\r\nb\rc\"", "\"a\nb\xe2\x90\x8d"
                          "c\"\n"},
        {"{\"\x07\":1}", "{\n  \"\xe2\x90\x87\": 1\n}\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = written(ck_json_show, slice(cases[i].text));
        g_assert_cmpstr(text->str, ==, cases[i].shown);
    }
}

/* A text of n brackets would become one of n² spaces. */
static void does_not_show_on_lines_what_is_too_deep(void)
{
    guint deepest = CK_JSON_SHOW_MAX;
    g_autofree char *just = nested(deepest, "[", "0, 0", "]");
    g_autofree char *deeper = nested(deepest + 1, "[ ", "0, 0", "]");
    g_autofree char *compact = nested(deepest + 1, "[", "0,0", "]");
    g_autofree char *line = g_strconcat(compact, "\n", NULL);
    g_autofree char *elements = nested(4 * deepest, "[],", "0", "");
    g_autofree char *wide = g_strconcat("[", elements, "]", NULL);
    g_autofree char *space = g_strnfill(2 * deepest, ' ');
    g_autofree char *innermost = g_strconcat("[\n", space, "0,\n", space, "0\n", NULL);
    g_autoptr(GString) just_written = written(ck_json_show, slice(just));
    g_autoptr(GString) deeper_written = written(ck_json_show, slice(deeper));
    g_autoptr(GString) wide_written = written(ck_json_show, slice(wide));
    g_assert_true(g_str_has_prefix(just_written->str, "[\n  [\n    [\n"));
    g_assert_nonnull(strstr(just_written->str, innermost));
    g_assert_cmpstr(deeper_written->str, ==, line);
    g_assert_true(g_str_has_prefix(wide_written->str, "[\n  [],\n  [],\n"));
}

static void indents_all_levels_that_there_can_be(void)
{
    g_autofree char *text = nested(CK_JSON_DEPTH_MAX, "[", "0, 0", "]");
    g_autofree char *space = g_strnfill(2 * CK_JSON_DEPTH_MAX, ' ');
    g_autofree char *innermost = g_strconcat("[\n", space, "0,\n", space, "0\n", NULL);
    g_autoptr(GString) indented = written(ck_json_indent, slice(text));
    g_assert_true(g_str_has_prefix(indented->str, "[\n  [\n    [\n"));
    g_assert_nonnull(strstr(indented->str, innermost));
}

static void compacts_to_one_line(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(layouts); i++) {
        g_autoptr(GString) text = written(ck_json_compact, slice(layouts[i].text));
        g_assert_cmpstr(text->str, ==, layouts[i].compact);
    }
}

/* Else a file of lines would have a line that is no value. */
static void compacts_line_breaks_within_strings(void)
{
    static const struct {
        const char *text, *compact;
    } cases[] = {
        {"\"a\nb\"", "\"a\\nb\"\n"},
        {"\"a\r\nb\"", "\"a\\r\\nb\"\n"},
        {"\"\n\n\"", "\"\\n\\n\"\n"},
        {"{ \"\n\" :\n\"\r\" }", "{\"\\n\":\"\\r\"}\n"},
        {"\"a\tb\\n\x1b\"", "\"a\tb\\n\x1b\"\n"},
        /* a backslash before it would make another escape of its escape */
        {"\"a\\\nb\"", "\"a\\nb\"\n"},
        {"\"a\\\r\nb\"", "\"a\\r\\nb\"\n"},
        {"\"a\\\\\nb\"", "\"a\\\\\\nb\"\n"},
        {"\"\\\\\\\n\"", "\"\\\\\\n\"\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = written(ck_json_compact, slice(cases[i].text));
        g_assert_cmpstr(text->str, ==, cases[i].compact);
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
        guint lost;
    } cases[] = {
        {BYTES("\"plain \xc3\xa9\""), "\"plain \xc3\xa9\"", "plain \xc3\xa9", 0},
        {BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\""), "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
         "\"\\/\b\f\n\r\t\xc3\xa9", 0},
        {BYTES("\"\\ud83e\\udd86\""), "\"\\ud83e\\udd86\"", "\xf0\x9f\xa6\x86", 0},
        {BYTES("\"a\\ud83eb\""), "\"a" REPLACED "b\"", "a" REPLACED "b", 1},
        {BYTES("\"a\\ud83e\""), "\"a" REPLACED "\"", "a" REPLACED, 1},
        {BYTES("\"\\uDD86b\""), "\"" REPLACED "b\"", REPLACED "b", 1},
        {BYTES("\"\\ud83e\\ud83e\\udd86\""), "\"" REPLACED "\\ud83e\\udd86\"",
         REPLACED "\xf0\x9f\xa6\x86", 1},
        {BYTES("\"\\ud83e\\u0041\""), "\"" REPLACED "\\u0041\"", REPLACED "A", 1},
        {BYTES("\"\\ud83e\\ue000\""), "\"" REPLACED "\\ue000\"", REPLACED "\xee\x80\x80", 1},
        {BYTES("\"\\ud83e\\n\""), "\"" REPLACED "\\n\"", REPLACED "\n", 1},
        {BYTES("\"a\\u0000b\""), "\"a\\u2400b\"",
         "a\xe2\x90\x80"
         "b",
         0},
        {BYTES("\"\\\\u0000\""), "\"\\\\u0000\"", "\\u0000", 0},
        {BYTES("\"a\0b\""),
         "\"a\xe2\x90\x80"
         "b\"",
         "a\xe2\x90\x80"
         "b",
         0},
        {BYTES("\"a\xff\xc3\""), "\"a" REPLACED REPLACED "\"", "a" REPLACED REPLACED, 2},
        {BYTES("\"\xed\xa0\x80\""), "\"" REPLACED REPLACED REPLACED "\"",
         REPLACED REPLACED REPLACED, 3},
        {BYTES("\"a\\xb\""), "\"a" REPLACED "b\"", "a" REPLACED "b", 1},
        {BYTES("\"\\u12\""), "\"" REPLACED "12\"", REPLACED "12", 1},
        {BYTES("\"\\u12g4\""), "\"" REPLACED "12g4\"", REPLACED "12g4", 1},
        {BYTES("\"\\\0\""), "\"" REPLACED "\"", REPLACED, 1},
        {BYTES("\"\\\xc3\xa9\""), "\"" REPLACED "\"", REPLACED, 1},
        {BYTES("\"\\ud83e \\udd86 \xff\""), "\"" REPLACED " " REPLACED " " REPLACED "\"",
         REPLACED " " REPLACED " " REPLACED, 3},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *block = NULL;
        const char *copy = exact_copy(cases[i].text, cases[i].size, &block);
        guint lost = 10;
        g_autofree char *repaired = ck_json_repair((CkSlice){copy, cases[i].size}, &lost);
        g_autofree char *uncounted = ck_json_repair((CkSlice){copy, cases[i].size}, NULL);
        g_assert_cmpstr(repaired, ==, cases[i].repaired);
        g_assert_cmpstr(uncounted, ==, cases[i].repaired);
        g_assert_cmpuint(lost, ==, 10 + cases[i].lost);
        g_autoptr(cJSON) decoded = cJSON_Parse(repaired);
        g_assert_cmpstr(cJSON_GetStringValue(decoded), ==, cases[i].decoded);
    }
}

/* Long strings are looked at several bytes at a time. */
static void repairs_at_every_place_of_a_long_string(void)
{
    static const struct {
        char bad;
        const char *repaired;
        guint lost;
    } cases[] = {{'\0', "\xe2\x90\x80", 0}, {'\xff', REPLACED, 1}, {'\x01', "\x01", 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (int at = 0; at < 24; at++) {
            char text[] = "\"........................\"";
            guint lost = 0;
            text[1 + at] = cases[i].bad;
            g_autofree char *expected = g_strdup_printf("\"%.*s%s%.*s\"", at, text + 1,
                                                        cases[i].repaired, 23 - at, text + 2 + at);
            g_autofree char *repaired = ck_json_repair((CkSlice){text, sizeof text - 1}, &lost);
            g_assert_cmpstr(repaired, ==, expected);
            g_assert_cmpuint(lost, ==, cases[i].lost);
        }
    }
}

static void repairs_in_keys_and_values_alike(void)
{
    guint lost = 0;
    g_autofree char *repaired =
        ck_json_repair(slice("{ \"\\ud83e\": [\"\\u0000\", true, null, 1.50] }"), &lost);
    g_assert_cmpuint(lost, ==, 1);
    g_assert_cmpstr(repaired, ==, "{ \"" REPLACED "\": [\"\\u2400\", true, null, 1.50] }");
}

static void replaces_numbers_that_are_too_long(void)
{
    g_autofree char *sixty = g_strnfill(60, '9');
    g_autofree char *hundred = g_strnfill(100, '9');
    g_autofree char *text =
        g_strdup_printf("[%s, %s, -%s, \"%s\"]", sixty, hundred, hundred, hundred);
    g_autofree char *expected = g_strdup_printf("[%s, 0, 0, \"%s\"]", sixty, hundred);
    guint lost = 0;
    g_autofree char *repaired = ck_json_repair(slice(text), &lost);
    g_autoptr(cJSON) decoded = cJSON_Parse(repaired);
    g_assert_cmpstr(repaired, ==, expected);
    g_assert_cmpint(cJSON_GetArraySize(decoded), ==, 4);
    g_assert_cmpuint(lost, ==, 0);
}

static void replaces_words_for_which_json_has_none(void)
{
    guint lost = 0;
    g_autofree char *repaired = ck_json_repair(
        slice("[NaN, Infinity,-Infinity ,\"NaN\",-1,null,{\"Infinity\":NaN}]"), &lost);
    g_autoptr(cJSON) decoded = cJSON_Parse(repaired);
    g_assert_cmpstr(repaired, ==, "[null, null,null ,\"NaN\",-1,null,{\"Infinity\":null}]");
    g_assert_nonnull(decoded);
    g_assert_cmpuint(lost, ==, 0);
}

/* Random texts */

/* Writes tokens twice: with random white space and, as ck_json_compact() would, without any. */
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
    for (gsize i = 0; i < size; i++) {
        if (token[i] == '\n' || token[i] == '\r')
            g_string_append(to->tight, token[i] == '\n' ? "\\n" : "\\r");
        else
            g_string_append_c(to->tight, token[i]);
    }
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
    static const char *const scalars[] = {"null",    "true", "false",    "0",
                                          "-0",      "2.50", "1e400",    "9007199254740993",
                                          "-1.5E-7", "NaN",  "Infinity", "-Infinity"};
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

static guint count_of(const char *text, const char *what)
{
    guint count = 0;
    while ((text = strstr(text, what))) {
        text += strlen(what);
        count++;
    }
    return count;
}

static void assert_round_trip(const GString *spaced, const GString *tight)
{
    g_assert_true(accepts(spaced->str, spaced->len));
    g_autoptr(GString) compact = written(ck_json_compact, slice_of(spaced));
    assert_same((CkSlice){compact->str, compact->len - 1}, slice_of(tight));
    g_autoptr(GString) indented = written(ck_json_indent, slice_of(spaced));
    g_assert_true(accepts(indented->str, indented->len));
    g_assert_null(memchr(compact->str, '\n', compact->len - 1));
    g_assert_null(memchr(compact->str, '\r', compact->len - 1));
    g_autoptr(GString) back = written(ck_json_compact, slice_of(indented));
    assert_same(slice_of(back), slice_of(compact));
    g_autoptr(GString) again = written(ck_json_indent, slice_of(indented));
    assert_same(slice_of(again), slice_of(indented));
    g_assert_cmpuint(ck_json_depth(slice_of(indented)), ==, ck_json_depth(slice_of(tight)));
    guint lost = 0, lost_again = 0;
    g_autofree char *repaired = ck_json_repair(slice_of(spaced), &lost);
    g_autofree char *repaired_again = ck_json_repair(slice(repaired), &lost_again);
    g_autoptr(cJSON) decoded = cJSON_Parse(repaired);
    g_assert_nonnull(decoded);
    g_assert_true(g_utf8_validate(repaired, -1, NULL));
    g_assert_cmpuint(lost, ==, count_of(repaired, REPLACED));
    g_assert_cmpstr(repaired_again, ==, repaired);
    g_assert_cmpuint(lost_again, ==, 0);
    g_autoptr(GString) shown = written(ck_json_show, slice(repaired));
    g_assert_true(accepts(shown->str, shown->len));
    g_assert_true(g_utf8_validate_len(shown->str, shown->len, NULL));
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
    g_test_add_func("/json/check/takes-64-levels", takes_64_levels_and_no_more);
    g_test_add_func("/json/check/takes-any-width", does_not_count_what_has_been_closed);
    g_test_add_func("/json/check/rejects-what-stays-open", rejects_brackets_that_nothing_closes);
    g_test_add_func("/json/check/says-bad-response", says_that_it_is_a_bad_response);
    g_test_add_func("/json/depth", counts_what_is_open_at_the_deepest_place);
    g_test_add_func("/json/count", counts_values_outside_of_strings);
    g_test_add_func("/json/iter", walks_containers_whatever_the_white_space);
    g_test_add_func("/json/member", finds_members_and_takes_the_last_of_several);
    g_test_add_func("/json/indent", indents_as_jq_does);
    g_test_add_func("/json/show", shows_escaped_characters);
    g_test_add_func("/json/show/controls", shows_controls_as_pictures);
    g_test_add_func("/json/show/too-deep", does_not_show_on_lines_what_is_too_deep);
    g_test_add_func("/json/indent/deep", indents_all_levels_that_there_can_be);
    g_test_add_func("/json/compact", compacts_to_one_line);
    g_test_add_func("/json/compact/line-breaks", compacts_line_breaks_within_strings);
    g_test_add_func("/json/layouts-keep-every-byte", layouts_keep_every_byte_of_a_string);
    g_test_add_func("/json/repair/strings", repairs_what_a_strict_decoder_refuses);
    g_test_add_func("/json/repair/long-strings", repairs_at_every_place_of_a_long_string);
    g_test_add_func("/json/repair/keys-and-values", repairs_in_keys_and_values_alike);
    g_test_add_func("/json/repair/long-numbers", replaces_numbers_that_are_too_long);
    g_test_add_func("/json/repair/words", replaces_words_for_which_json_has_none);
    g_test_add_func("/json/random-texts", random_texts_round_trip_and_can_be_repaired);
    return g_test_run();
}
