/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <string.h>

#define SEED   20240607
#define ROUNDS 100000 /* generated names in each property test */

#define ZWJ      "\xe2\x80\x8d" /* U+200D */
#define RLO      "\xe2\x80\xae" /* U+202E, right-to-left override */
#define PDF      "\xe2\x80\xac" /* U+202C, its end */
#define LS       "\xe2\x80\xa8" /* U+2028, line separator */
#define NEL      "\xc2\x85"     /* U+0085, a C1 control */
#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

static char *repeated(const char *text, guint count)
{
    GString *out = g_string_new(NULL);
    while (count-- > 0)
        g_string_append(out, text);
    return g_string_free(out, FALSE);
}

static gboolean can_stand(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return FALSE;
    default:
        return c != '/';
    }
}

/* What names.h promises of every name. */
static void assert_can_stand_in_a_directory(const char *name)
{
    g_assert_cmpuint(strlen(name), >=, 1);
    g_assert_cmpuint(strlen(name), <=, CK_NAME_MAX);
    g_assert_true(g_utf8_validate(name, -1, NULL));
    g_assert_cmpint(*name, !=, '-');
    g_assert_cmpint(*name, !=, '.');
    for (const char *at = name; *at; at = g_utf8_next_char(at))
        g_assert_true(can_stand(g_utf8_get_char(at)));
}

/* Ids */

static void knows_what_can_stand_in_a_url(void)
{
    g_autofree char *longest = g_strnfill(128, 'a');
    g_autofree char *too_long = g_strnfill(129, 'a');
    g_assert_true(ck_name_is_id("cthr_abc123"));
    g_assert_true(ck_name_is_id("A-Z_09"));
    g_assert_true(ck_name_is_id("-"));
    g_assert_true(ck_name_is_id(longest));
    g_assert_false(ck_name_is_id(too_long));
    static const char *const bad[] = {"",    ".",   "..",    "a/b",         "a b", "a.b",
                                      "a?b", "a#b", "a%2Fb", "caf\xc3\xa9", "a\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(ck_name_is_id(bad[i]));
}

/* Threads */

static void names_threads_by_title_and_id(void)
{
    static const struct {
        const char *title, *name; /* name without ".cthr_1"; "" where no title is left */
    } cases[] = {
        {"Customer escalation", "Customer-escalation"},
        {NULL, ""},
        {"", ""},
        {"   ", ""},
        {"?!...", ""},
        {RLO ZWJ, ""},
        {"\xf0\x9f\xa6\x86 duck", "\xf0\x9f\xa6\x86-duck"},
        {"\xf0\x9f\x91\xa9" ZWJ "\xf0\x9f\x91\xa7", "\xf0\x9f\x91\xa9\xf0\x9f\x91\xa7"},
        {"in" RLO "voice" PDF, "invoice"},
        {"a" ZWJ " b", "a-b"},
        {"a" LS "b" NEL "c\td\ne\x7f"
         "f",
         "a-b-c-d-e-f"},
        {"../../etc/passwd", "etc-passwd"},
        {"it's \"so\" \xe2\x80\x9cgood\xe2\x80\x9d", "it-s-so-good"},
        {".hidden", "hidden"},
        {"--force", "force"},
        {"$(rm -rf ~) > `x`; *", "rm-rf-x"},
        {"C:\\CON|<>?", "C-CON"},
        {"snake_case 100%", "snake_case-100"},
        {"before \xe2\x80\x94 after", "before-after"},
        {"caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac", "caf\xc3\xa9-\xe6\x97\xa5\xe6\x9c\xac"},
        {"caf\xe9 au lait", "caf" REPLACED "-au-lait"},
        {"\xff\xfe", REPLACED REPLACED},
        {"\n", ""},
        {" \t" NEL LS, ""},
        {"a\nb", "a-b"},
        {"%41", "41"},
        {"..", ""},
        /* devices of Windows */
        {"CON", ""},
        {"con:", ""},
        {" Prn.", ""},
        {"aux", ""},
        {"NUL", ""},
        {"COM0", ""},
        {"lpt9", ""},
        {"com\xc2\xb9", ""},
        {"LPT\xc2\xb3", ""},
        {"com", "com"},
        {"com10", "com10"},
        {"comb", "comb"},
        {"lpt\xc2\xb4", "lpt\xc2\xb4"},
        {"COM1 is gone", "COM1-is-gone"},
        {"aux.txt", "aux-txt"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = ck_name_thread(cases[i].title, "cthr_1");
        g_autofree char *expected =
            g_strconcat(cases[i].name, *cases[i].name ? "." : "", "cthr_1", NULL);
        g_assert_cmpstr(name, ==, expected);
        assert_can_stand_in_a_directory(name);
    }
}

static void cuts_long_titles_at_a_character(void)
{
    static const struct {
        const char *piece;
        guint bytes; /* of the name of a title of 5000 such pieces; 248 are the title's */
    } cases[] = {
        {"a", 255},  {"\xc3\xa9", 255}, {"\xe6\x97\xa5", 253}, {"\xf0\x9f\xa6\x86", 255},
        {"a ", 254},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *title = repeated(cases[i].piece, 5000);
        g_autofree char *name = ck_name_thread(title, "cthr_1");
        g_assert_cmpuint(strlen(name), ==, cases[i].bytes);
        g_assert_true(g_str_has_suffix(name, ".cthr_1"));
        g_assert_false(g_str_has_suffix(name, "-.cthr_1"));
        assert_can_stand_in_a_directory(name);
    }
}

static void names_threads_with_strange_ids(void)
{
    static const struct {
        const char *id, *name;
    } cases[] = {
        {"a/b", "T.a%2Fb"},
        {"a.b", "T.a%2Eb"},
        {"a b", "T.a b"},
        {"..", "T.%2E%2E"},
        {"-x", "T.%2Dx"},
        {"100%", "T.100%25"},
        {"x\ny", "T.x%0Ay"},
        {"\xff", "T.%FF"},
        {"a" RLO "b", "T.a%E2%80%AEb"},
        {"\xff\"a\\ud83d\"", "T.%FF\"a\\ud83d\""},
        {"\xff\"\\u0000.\xff\"", "T.%FF\"\\u0000%2E%FF\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *titled = ck_name_thread("T", cases[i].id);
        g_autofree char *bare = ck_name_thread(NULL, cases[i].id);
        g_assert_cmpstr(titled, ==, cases[i].name);
        g_assert_cmpstr(bare, ==, cases[i].name + strlen("T."));
        assert_can_stand_in_a_directory(bare);
    }
}

/* No title can make one thread's name that of another. */
static void no_title_gives_another_threads_name(void)
{
    g_autofree char *titled = ck_name_thread("a", "b");
    g_autofree char *bare = ck_name_thread(NULL, "a.b");
    g_assert_cmpstr(titled, ==, "a.b");
    g_assert_cmpstr(bare, !=, titled);
}

static void tells_long_ids_apart_and_drops_the_title(void)
{
    g_autofree char *id = g_strnfill(400, 'x');
    g_autofree char *other = g_strdup(id);
    other[399] = 'y';
    g_autofree char *name = ck_name_thread("Title", id);
    g_autofree char *other_name = ck_name_thread("Title", other);
    g_assert_cmpstr(name, !=, other_name);
    g_assert_true(g_str_has_prefix(name, "xxx"));
    assert_can_stand_in_a_directory(name);
    assert_can_stand_in_a_directory(other_name);
}

static void gives_the_title_what_the_id_leaves(void)
{
    static const struct {
        guint id_size;
        const char *name_begins;
    } cases[] = {{252, "Ti.x"}, {253, "T.x"}, {254, "xx"}, {255, "xx"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *id = g_strnfill(cases[i].id_size, 'x');
        g_autofree char *name = ck_name_thread("Title", id);
        g_assert_true(g_str_has_prefix(name, cases[i].name_begins));
        g_assert_true(g_str_has_suffix(name, id));
        g_assert_cmpuint(strlen(name), <=, CK_NAME_MAX);
    }
}

static void finds_the_thread_id_in_a_name(void)
{
    static const struct {
        const char *name, *id;
    } cases[] = {
        {"cthr_abc123", "cthr_abc123"},
        {"Customer-escalation.cthr_abc123", "cthr_abc123"},
        {"a.b.cthr_1", "cthr_1"},
        {"cthr_a-b_C", "cthr_a-b_C"},
        {"cthr_1.cthr_2", "cthr_2"},
        {".git", NULL},
        {".Trash-1000", NULL},
        {"thread.md", NULL},
        {"autorun.inf", NULL},
        {"", NULL},
        {".", NULL},
        {"..", NULL},
        {".cthr_1", NULL},
        {".x.cthr_1", NULL},
        {"xcthr_1", NULL},
        {"Cthr_1", NULL},
        {"cthr", NULL},
        {"foo.cthr_1.md", NULL},
        {"foo.cthr_1 ", NULL},
        {"foo.cthr_a%2Fb", NULL},
        {"foo.cthr_caf\xc3\xa9", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(ck_name_thread_id(cases[i].name), ==, cases[i].id);
}

static void no_thread_has_an_id_of_only_the_prefix(void)
{
    g_assert_null(ck_name_thread_id("cthr_"));
    g_assert_null(ck_name_thread_id("foo.cthr_"));
}

/* Users */

static void names_users_reversibly(void)
{
    static const struct {
        const char *user, *name;
    } cases[] = {
        {"alice", "alice"},
        {"alice@example.com", "alice@example.com"},
        {"org/team", "org%2Fteam"},
        {".", "%2E"},
        {"..", "%2E."},
        {".x", "%2Ex"},
        {"-x", "%2Dx"},
        {"a-b.c", "a-b.c"},
        {"A", "A"},
        {"%41", "%2541"},
        {"%none", "%25none"},
        {"%~", "%25~"},
        {"a b", "a b"},
        {"a\nb", "a%0Ab"},
        {"\x7f", "%7F"},
        {NEL, "%C2%85"},
        {LS, "%E2%80%A8"},
        {"a" ZWJ "b", "a%E2%80%8Db"},
        {"\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac"},
        {"\xf0\x9f\xa6\x86", "\xf0\x9f\xa6\x86"},
        {"caf\xe9", "caf%E9"},
        {"\xc3", "%C3"},
        {"\n", "%0A"},
        {"   ", "   "},
        {"%0A", "%250A"},
        {"desktop.ini", "desktop%2Eini"},
        {"Thumbs.db", "Thumbs%2Edb"},
        {"AUTORUN.INF", "AUTORUN%2EINF"},
        {"autorun.inf.b", "autorun.inf.b"},
        /* identities of what is no text, see ck_decode_identity() */
        {"\xff\"a\\ud83d\"", "%FF\"a\\ud83d\""},
        {"\xff\"\\u0000\"", "%FF\"\\u0000\""},
        {"\xff\"\xff\"", "%FF\"%FF\""},
        {"\xff\"a/b\\x\"", "%FF\"a%2Fb\\x\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gboolean listed;
        g_autofree char *name = ck_name_user(cases[i].user);
        g_autofree char *user = ck_name_user_id(name, &listed);
        g_assert_cmpstr(name, ==, cases[i].name);
        g_assert_cmpstr(user, ==, cases[i].user);
        g_assert_false(listed);
        assert_can_stand_in_a_directory(name);
    }
}

/* Texts of 512 characters are what the API takes; in those of one byte each, most are escaped. */
static void names_the_longest_users_apart(void)
{
    static const char *const pieces[] = {"a", "\xe6\x97\xa5", "\n", "\xf0\x9f\xa6\x86",
                                         "%", "..",           "\\"};
    for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autofree char *user = repeated(pieces[i], 511);
        g_autofree char *one = g_strconcat(user, "a", NULL);
        g_autofree char *other = g_strconcat(user, "b", NULL);
        g_autofree char *identity = g_strdup_printf("\xff\"%s\\ud83d\"", user);
        g_autofree char *one_name = ck_name_user(one);
        g_autofree char *other_name = ck_name_user(other);
        g_autofree char *identity_name = ck_name_user(identity);
        g_assert_cmpstr(one_name, !=, other_name);
        g_assert_true(g_str_has_prefix(identity_name, "%FF\""));
        assert_can_stand_in_a_directory(one_name);
        assert_can_stand_in_a_directory(identity_name);
    }
}

static void names_whom_no_thread_names(void)
{
    gboolean listed = FALSE;
    g_autofree char *missing = ck_name_user(NULL);
    g_autofree char *empty = ck_name_user("");
    g_assert_cmpstr(missing, ==, "%none");
    g_assert_cmpstr(empty, ==, "%none");
    g_assert_null(ck_name_user_id("%none", &listed));
    g_assert_true(listed);
}

static void digests_users_that_are_too_long(void)
{
    static const char *const pieces[] = {"a", "\xe6\x97\xa5", "/", "\xf0\x9f\xa6\x86"};
    for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
        gboolean listed = FALSE;
        g_autofree char *user = repeated(pieces[i], 512);
        g_autofree char *longer = repeated(pieces[i], 513);
        g_autofree char *name = ck_name_user(user);
        g_autofree char *again = ck_name_user(user);
        g_autofree char *other = ck_name_user(longer);
        g_assert_cmpstr(name, ==, again);
        g_assert_cmpstr(name, !=, other);
        g_assert_null(ck_name_user_id(name, &listed));
        g_assert_true(listed);
        assert_can_stand_in_a_directory(name);
    }
}

static void keeps_users_that_just_fit(void)
{
    gboolean listed;
    g_autofree char *fits = g_strnfill(255, 'a');
    g_autofree char *too_long = g_strnfill(256, 'a');
    g_autofree char *fits_name = ck_name_user(fits);
    g_autofree char *long_name = ck_name_user(too_long);
    g_autofree char *user = ck_name_user_id(fits_name, &listed);
    g_assert_cmpstr(fits_name, ==, fits);
    g_assert_cmpstr(user, ==, fits);
    g_assert_false(listed);
    g_assert_nonnull(strstr(long_name, "%~"));
}

/* A folder has one name: other spellings of it, and what no encoding gives, are nobody's. */
static void refuses_names_that_no_user_gives(void)
{
    static const char *const names[] = {
        "",      ".git",   "..",         "-x",          "%41",       "%2f",        "%",
        "%2",    "%zz",    "a%00b",      "\xff",        "a\nb",      ZWJ,          "%2E.%",
        "a%~00", "%~none", "%NONE",      "a%20b",       "%C3%A9",    "%ff",        "%FF%20",
        "%22",   "%5C",    "%FF%22a%22", "desktop.ini", "thumbs.db", "Autorun.inf"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        gboolean listed = TRUE;
        g_autofree char *user = ck_name_user_id(names[i], &listed);
        g_assert_null(user);
        g_assert_false(listed);
    }
}

/* Items */

static void names_roles_by_type(void)
{
    static const struct {
        const char *type, *role;
    } cases[] = {
        {"user_message", "user"},
        {"assistant_message", "assistant"},
        {"widget", "widget"},
        {"client_tool_call", "tool"},
        {"task", "task"},
        {"task_group", "tasks"},
        {"workflow", "workflow"},
        {"generated image", "generated-image"},
        {"../x", "x"},
        {"-rf", "rf"},
        {"...", "item"},
        {"", "item"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *prefixed = g_strconcat("chatkit.", cases[i].type, NULL);
        g_autofree char *plain_role = ck_name_role(cases[i].type);
        g_autofree char *prefixed_role = ck_name_role(prefixed);
        g_assert_cmpstr(plain_role, ==, cases[i].role);
        g_assert_cmpstr(prefixed_role, ==, cases[i].role);
    }
}

static void bounds_roles_of_long_types(void)
{
    g_autofree char *type = repeated("\xe6\x97\xa5", 5000);
    g_autofree char *role = ck_name_role(type);
    g_autofree char *name = ck_name_item(G_MAXUINT64, role, "json");
    assert_can_stand_in_a_directory(name);
}

static void numbers_items_with_four_digits_or_more(void)
{
    static const struct {
        guint64 number;
        const char *name;
    } cases[] = {
        {1, "0001-user.md"},
        {9999, "9999-user.md"},
        {10000, "10000-user.md"},
        {123456789, "123456789-user.md"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = ck_name_item(cases[i].number, "user", "md");
        g_assert_cmpstr(name, ==, cases[i].name);
        g_assert_cmpuint(ck_name_item_number(name), ==, cases[i].number);
    }
    g_assert_cmpuint(ck_name_item_number("0042-task-group.json"), ==, 42);
}

static void refuses_names_that_no_item_has(void)
{
    static const char *const names[] = {
        "",
        "thread.md",
        "user.md",
        "1-user.md",
        "001-user.md",
        "0000-user.md",
        "00001-user.md",
        "010000-user.md",
        "0001",
        "0001-user",
        "0001-user.txt",
        "0001-user.md~",
        "0001-user.MD",
        "0001user.md",
        "0001.md",
        " 0001-user.md",
        "+0001-user.md",
        "-0001-user.md",
        "0x01-user.md",
        "18446744073709551617-user.md",
        "99999999999999999999999-user.md",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_cmpuint(ck_name_item_number(names[i]), ==, 0);
}

/* Properties of generated names */

/* Text of any length and kind: plain words, what is special somewhere, any character, any byte. */
static char *generated_text(GRand *random)
{
    static const char *const special[] = {
        "/",        "-",     ".", "%",   "%2F",  "%~", "\n",      " ",       "\\",  "\"",   "'",
        ":",        "\x1b",  ZWJ, RLO,   PDF,    LS,   NEL,       "..",      "\t",  "\x7f", "%none",
        "\xc2\xad", "cthr_", "A", "%41", "\xff", "\"", "\\ud83d", "\\u0000", "%FF", "   "};
    gboolean is_long = g_rand_int_range(random, 0, 50) == 0;
    gboolean no_text = g_rand_int_range(random, 0, 10) == 0; /* see ck_decode_identity() */
    GString *text = g_string_new(no_text ? "\xff\"" : NULL);
    for (int i = g_rand_int_range(random, 0, is_long ? 600 : 24); i > 0; i--) {
        int kind = g_rand_int_range(random, 0, 8);
        gunichar c = (gunichar)g_rand_int_range(random, 1, 0x20000);
        if (kind == 0 && g_unichar_validate(c))
            g_string_append_unichar(text, c);
        else if (kind == 1)
            g_string_append_c(text, (char)g_rand_int_range(random, 1, 256));
        else if (kind < 4)
            g_string_append(text, special[g_rand_int_range(random, 0, G_N_ELEMENTS(special))]);
        else
            g_string_append_c(text, (char)g_rand_int_range(random, 'a', 'z' + 1));
    }
    return g_string_free(text, FALSE);
}

static void every_title_gives_a_safe_name_that_holds_the_id(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
    for (int i = 0; i < ROUNDS; i++) {
        g_autofree char *title = generated_text(random);
        g_autofree char *id = g_strdup_printf("cthr_%08x", g_rand_int(random));
        g_autofree char *name = ck_name_thread(title, id);
        assert_can_stand_in_a_directory(name);
        g_assert_cmpstr(ck_name_thread_id(name), ==, id);
    }
}

/* names: from name to user or id, of all so far. */
static void assert_nobody_else_has(GHashTable *names, const char *name, const char *whose)
{
    const char *owner = g_hash_table_lookup(names, name);
    if (owner)
        g_assert_cmpstr(owner, ==, whose);
    else
        g_hash_table_insert(names, g_strdup(name), g_strdup(whose));
}

static void every_id_gives_a_safe_name_of_its_own(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED + 1);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (int i = 0; i < ROUNDS; i++) {
        g_autofree char *text = generated_text(random);
        g_autofree char *title = generated_text(random);
        g_autofree char *id = g_strconcat(g_rand_boolean(random) || !*text ? "x" : "", text, NULL);
        g_autofree char *name = ck_name_thread(g_rand_boolean(random) ? title : NULL, id);
        assert_can_stand_in_a_directory(name);
        assert_nobody_else_has(names, name, id);
    }
}

static void every_user_gives_a_safe_name_of_its_own(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED + 2);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    guint long_ones = 0;
    for (int i = 0; i < ROUNDS; i++) {
        gboolean listed;
        g_autofree char *user = generated_text(random);
        g_autofree char *name = ck_name_user(user);
        g_autofree char *back = ck_name_user_id(name, &listed);
        assert_can_stand_in_a_directory(name);
        assert_nobody_else_has(names, name, user);
        g_assert_cmpstr(back, ==, listed ? NULL : user);
        g_assert_true(!listed || !*user || strlen(name) > CK_NAME_MAX - 8);
        long_ones += listed && *user;
    }
    g_assert_cmpuint(long_ones, >, 100);
    g_assert_cmpuint(long_ones, <, ROUNDS / 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/names/id", knows_what_can_stand_in_a_url);
    g_test_add_func("/names/thread/title-and-id", names_threads_by_title_and_id);
    g_test_add_func("/names/thread/long-titles", cuts_long_titles_at_a_character);
    g_test_add_func("/names/thread/strange-ids", names_threads_with_strange_ids);
    g_test_add_func("/names/thread/unique", no_title_gives_another_threads_name);
    g_test_add_func("/names/thread/long-ids", tells_long_ids_apart_and_drops_the_title);
    g_test_add_func("/names/thread/room-for-the-title", gives_the_title_what_the_id_leaves);
    g_test_add_func("/names/thread-id", finds_the_thread_id_in_a_name);
    g_test_add_func("/names/user/reversible", names_users_reversibly);
    g_test_add_func("/names/user/none", names_whom_no_thread_names);
    g_test_add_func("/names/user/long", digests_users_that_are_too_long);
    g_test_add_func("/names/user/longest", names_the_longest_users_apart);
    g_test_add_func("/names/user/just-fitting", keeps_users_that_just_fit);
    g_test_add_func("/names/user/no-such-name", refuses_names_that_no_user_gives);
    g_test_add_func("/names/role/types", names_roles_by_type);
    g_test_add_func("/names/role/long-types", bounds_roles_of_long_types);
    g_test_add_func("/names/item/numbers", numbers_items_with_four_digits_or_more);
    g_test_add_func("/names/item/no-such-name", refuses_names_that_no_item_has);
    g_test_add_func("/names/every/title", every_title_gives_a_safe_name_that_holds_the_id);
    g_test_add_func("/names/every/id", every_id_gives_a_safe_name_of_its_own);
    g_test_add_func("/names/every/user", every_user_gives_a_safe_name_of_its_own);
    g_test_add_func("/names/thread-id-prefix-alone", no_thread_has_an_id_of_only_the_prefix);
    return g_test_run();
}
