/* SPDX-License-Identifier: MIT */
/*
 * Fields ended by NUL: a title, a user, a thread's id, an item's type, and a name that somebody
 * looks up.
 */
#include "fuzz.h"

#include "names.h"

#define ID_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
#define ID_MAX   128
#define NUMBERS  G_GUINT64_CONSTANT(1000000000000000000) /* an item's number is below */

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
static char *checked(char *name)
{
    g_assert_cmpuint(strlen(name), >=, 1);
    g_assert_cmpuint(strlen(name), <=, CK_NAME_MAX);
    g_assert_true(g_utf8_validate(name, -1, NULL));
    g_assert_null(strchr("-.", *name));
    for (const char *at = name; *at; at = g_utf8_next_char(at))
        g_assert_true(can_stand(g_utf8_get_char(at)));
    return name;
}

static gboolean is_id(const char *text)
{
    gsize size = strlen(text);
    return size >= 1 && size <= ID_MAX && strspn(text, ID_CHARS) == size;
}

static void check_thread(const char *title, const char *id)
{
    g_autofree char *name = checked(ck_name_thread(title, id));
    g_autofree char *bare = checked(ck_name_thread(NULL, id));
    const char *dot = strrchr(name, '.');
    g_assert_null(strchr(bare, '.'));
    g_assert_cmpstr(dot ? dot + 1 : name, ==, bare);
    g_assert_cmpint(ck_name_is_id(id), ==, is_id(id));
    if (is_id(id) && g_str_has_prefix(id, "cthr_") && strlen(id) > strlen("cthr_"))
        g_assert_cmpstr(ck_name_thread_id(name), ==, id);
    else
        g_assert_null(ck_name_thread_id(name));
}

static void check_user(const char *user)
{
    gboolean only_listed;
    g_autofree char *name = checked(ck_name_user(user));
    g_autofree char *back = ck_name_user_id(name, &only_listed);
    if (only_listed)
        g_assert_true(!back && (!*user || strlen(name) > CK_NAME_MAX - 4));
    else
        g_assert_cmpstr(back, ==, user);
}

static void check_item(const char *type, guint64 number)
{
    g_autofree char *role = checked(ck_name_role(type));
    g_autofree char *json = checked(ck_name_item(number, role, "json"));
    g_autofree char *md = checked(ck_name_item(number, role, "md"));
    g_assert_null(strchr(role, '.'));
    g_assert_cmpuint(ck_name_item_number(json), ==, number);
    g_assert_cmpuint(ck_name_item_number(md), ==, number);
}

/* A name that nobody may have: what is read out of it leads back to it. */
static void check_lookup(const char *name)
{
    gboolean only_listed;
    g_autofree char *user = ck_name_user_id(name, &only_listed);
    g_autofree char *users_name = user ? ck_name_user(user) : NULL;
    const char *id = ck_name_thread_id(name);
    guint64 number = ck_name_item_number(name);
    g_autofree char *numbered = g_strdup_printf("%04" G_GUINT64_FORMAT "-", number);
    g_assert_true(!user || (*user && !only_listed && strcmp(users_name, name) == 0));
    g_assert_true(!id || (is_id(id) && g_str_has_prefix(id, "cthr_") && *name != '.'));
    g_assert_true(!id || (id == name || id[-1] == '.'));
    g_assert_true(!id || id + strlen(id) == name + strlen(name));
    g_assert_true(number == 0 || g_str_has_prefix(name, numbered));
    g_assert_cmpuint(number, <, NUMBERS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(GStrv) fields = fuzz_fields(data, size, '\0', 5);
    const char *title = fields[0], *user = fields[1], *id = fields[2], *type = fields[3];
    check_user(user);
    check_user(title);
    if (*id)
        check_thread(title, id);
    check_item(type, g_ascii_strtoull(fields[4], NULL, 10) % (NUMBERS - 1) + 1);
    check_lookup(fields[4]);

    /* No two users and no two threads share a name. */
    g_autofree char *one = ck_name_user(user), *other = ck_name_user(id);
    g_assert_cmpint(strcmp(one, other) == 0, ==, strcmp(user, id) == 0);
    if (*id && *user && strcmp(id, user) != 0) {
        g_autofree char *titled = ck_name_thread(title, id);
        g_autofree char *another = ck_name_thread(type, user);
        g_autofree char *bare = ck_name_thread(NULL, user);
        g_assert_cmpstr(titled, !=, another);
        g_assert_cmpstr(titled, !=, bare);
    }
    return 0;
}
