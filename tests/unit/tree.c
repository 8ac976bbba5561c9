/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include "error.h"
#include "names.h"
#include "rows.h"
#include "store_file.h"

typedef struct {
    CkStore *store;
    CkConfig *config;
    CkTree *tree;
} Fixture;

static Fixture *fixture_new(gboolean group_by_user)
{
    Fixture *f = g_new(Fixture, 1);
    f->store = rows_new_store();
    f->config = ck_config_new();
    f->config->group_by_user = group_by_user;
    f->tree = ck_tree_new(f->store, f->config);
    return f;
}

static void fixture_free(Fixture *f)
{
    ck_tree_free(f->tree);
    ck_config_free(f->config);
    ck_store_free(f->store);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* Three threads of two users; the first has two items, and was "Old" before. */
static Fixture *fixture_with_threads(gboolean group_by_user)
{
    Fixture *f = fixture_new(group_by_user);
    rows_put_thread(f->store,
                    "{\"id\":\"cthr_1\",\"title\":\"Old\",\"user\":\"ann\",\"created_at\":10}");
    rows_put_thread(f->store,
                    "{\"id\":\"cthr_1\",\"title\":\"New\",\"user\":\"ann\",\"created_at\":10}");
    rows_put_thread(f->store, "{\"id\":\"cthr_2\",\"user\":\"bob\",\"created_at\":20}");
    rows_put_thread(f->store, "{\"id\":\"cthr_3\",\"title\":\"No user\",\"created_at\":30}");
    rows_put_message(f->store, "cthr_1", "cthi_1", 11, "hello");
    rows_put_item(f->store, "cthr_1",
                  "{\"type\":\"client_tool_call\",\"status\":\"in_progress\",\"created_at\":12}");
    return f;
}

/* A thread whose id can't be asked for, as the pager gives it. */
#define NAMELESS "no-id~0123456789abcdef0123456789abcdef"

static Fixture *fixture_with_nameless_thread(void)
{
    Fixture *f = fixture_new(FALSE);
    rows_put_thread_as(f->store, NAMELESS, "{\"title\":\"No id\",\"created_at\":10}");
    return f;
}

#define ALL_FORMATS (CK_FORMAT_JSON | CK_FORMAT_MD | CK_FORMAT_TRANSCRIPT | CK_FORMAT_JSONL)

static void complete(Fixture *f, const char *listing)
{
    g_assert_true(ck_store_put_listing(f->store, listing, NULL, TRUE, NULL));
}

/* Asking, and what must come of it */

static guint64 find(Fixture *f, guint64 folder, const char *name, CkStat *stat)
{
    g_autoptr(GError) error = NULL;
    g_auto(CkWant) want = {0};
    CkStat found = {0};
    CkTreeResult result = ck_tree_lookup(f->tree, folder, name, FALSE, &found, &want, &error);
    g_assert_no_error(error);
    g_assert_cmpint(result, ==, CK_TREE_OK);
    if (stat)
        *stat = found;
    return found.node;
}

static void assert_absent(Fixture *f, guint64 folder, const char *name)
{
    g_auto(CkWant) want = {0};
    CkStat stat;
    CkTreeResult result = ck_tree_lookup(f->tree, folder, name, FALSE, &stat, &want, NULL);
    g_assert_cmpint(result, ==, CK_TREE_ABSENT);
    g_assert_cmpint(want.kind, ==, CK_WANT_NOTHING);
}

static void assert_wants(Fixture *f, guint64 folder, const char *name, CkWantKind kind,
                         const char *id)
{
    g_auto(CkWant) want = {0};
    CkStat stat;
    CkTreeResult result = ck_tree_lookup(f->tree, folder, name, FALSE, &stat, &want, NULL);
    g_assert_cmpint(result, ==, CK_TREE_WANT);
    g_assert_cmpint(want.kind, ==, kind);
    g_assert_cmpstr(want.id, ==, id);
}

static char *link_text(Fixture *f, guint64 node)
{
    char *target = NULL;
    g_assert_cmpint(ck_tree_read_link(f->tree, node, &target, NULL), ==, CK_TREE_OK);
    return target;
}

/* A reader of a folder with room for that many entries at once. */
typedef struct {
    GString *names; /* each followed by a space */
    guint room;
    guint64 position;
} Reader;

static gboolean take(const char *name, const CkStat *stat, guint64 position, gpointer data)
{
    Reader *reader = data;
    g_assert_cmpuint(stat->node, !=, 0);
    g_assert_cmpuint(position, >, reader->position);
    if (reader->room == 0)
        return FALSE;
    reader->room--;
    reader->position = position;
    g_string_append_printf(reader->names, "%s ", name);
    return TRUE;
}

/* Lists once; *names: what was given, to be freed. */
static CkTreeResult list_once(Fixture *f, guint64 folder, guint64 position, guint room,
                              char **names, CkWant *want)
{
    g_autoptr(GError) error = NULL;
    Reader reader = {g_string_new(NULL), room, position};
    CkTreeResult result = ck_tree_list(f->tree, folder, position, take, &reader, want, &error);
    g_assert_no_error(error);
    *names = g_string_free(reader.names, FALSE);
    return result;
}

/* Lists in rounds of that many entries until a round gives none; the last result. */
static CkTreeResult list_all(Fixture *f, guint64 folder, guint room, char **names, CkWant *want)
{
    Reader reader = {g_string_new(NULL), 0, 0};
    CkTreeResult result;
    gsize before;
    do {
        before = reader.names->len;
        reader.room = room;
        result = ck_tree_list(f->tree, folder, reader.position, take, &reader, want, NULL);
    } while (result == CK_TREE_OK && reader.names->len > before);
    if (result == CK_TREE_WANT) /* comes only when none is known */
        g_assert_cmpuint(reader.names->len, ==, before);
    *names = g_string_free(reader.names, FALSE);
    return result;
}

/* Lookups of threads in the root */

static void root_finds_folders_by_name(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    CkStat stat;
    find(f, CK_TREE_ROOT, "New.cthr_1", &stat);
    g_assert_cmpint(stat.type, ==, CK_TYPE_FOLDER);
    g_assert_cmpint(stat.time, >, 20); /* it has changed, just now */
    g_assert_cmpuint(stat.nanoseconds, ==, 1);
    find(f, CK_TREE_ROOT, "cthr_2", &stat);
    g_assert_cmpint(stat.type, ==, CK_TYPE_FOLDER); /* untitled: the bare id is its name */
    g_assert_cmpint(stat.time, ==, 20);
}

static void root_finds_folders_by_former_names(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    CkStat stat;
    guint64 node = find(f, CK_TREE_ROOT, "Old.cthr_1", &stat);
    g_assert_cmpint(stat.type, ==, CK_TYPE_FOLDER);
    g_assert_cmpuint(node, ==, find(f, CK_TREE_ROOT, "New.cthr_1", NULL));
}

static void bare_id_of_a_titled_thread_is_a_link(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    CkStat stat;
    guint64 link = find(f, CK_TREE_ROOT, "cthr_1", &stat);
    g_autofree char *target = link_text(f, link);
    g_assert_cmpint(stat.type, ==, CK_TYPE_LINK);
    g_assert_cmpuint(stat.size, ==, strlen("New.cthr_1"));
    g_assert_cmpint(stat.time, ==, 10);
    g_assert_cmpstr(target, ==, "New.cthr_1");
}

static void names_that_no_thread_has_are_absent_without_a_want(void)
{
    static const char *const names[] = {
        ".git",    ".Trash-1000", "autorun.inf", "thread.md", "cthr_a b", "cthr_/",
        ".cthr_1", "CTHR_1",      "New.cthr_1.", "New.x_1",   "",
    };
    g_autoptr(Fixture) f = fixture_new(FALSE);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        assert_absent(f, CK_TREE_ROOT, names[i]);
}

static void unknown_threads_are_wanted_by_their_id(void)
{
    g_autoptr(Fixture) f = fixture_new(FALSE);
    assert_wants(f, CK_TREE_ROOT, "cthr_9", CK_WANT_THREAD, "cthr_9");
    assert_wants(f, CK_TREE_ROOT, "Some-title.cthr_9", CK_WANT_THREAD, "cthr_9");
}

static void a_known_thread_has_no_other_titles(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    assert_absent(f, CK_TREE_ROOT, "Other.cthr_1");
    assert_absent(f, CK_TREE_ROOT, "Other.cthr_2");
}

static void plain_root_has_no_users(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    assert_absent(f, CK_TREE_ROOT, "ann");
    assert_absent(f, CK_TREE_ROOT, "%none");
}

/* Lookups when grouped by user */

static void grouped_root_finds_users(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    CkStat ann, none;
    find(f, CK_TREE_ROOT, "ann", &ann);
    find(f, CK_TREE_ROOT, "%none", &none);
    g_assert_cmpint(ann.type, ==, CK_TYPE_FOLDER);
    g_assert_cmpint(ann.time, ==, 10);
    g_assert_cmpint(none.time, ==, 30);
    g_assert_cmpuint(ann.node, !=, none.node);
}

static void grouped_root_wants_unknown_users_by_their_identifier(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    assert_wants(f, CK_TREE_ROOT, "eve", CK_WANT_USER_THREADS, "eve");
    assert_wants(f, CK_TREE_ROOT, "org%2Fteam", CK_WANT_USER_THREADS, "org/team");
    complete(f, "user:eve");
    assert_absent(f, CK_TREE_ROOT, "eve");
}

static void grouped_root_has_no_names_that_no_user_gives(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    assert_absent(f, CK_TREE_ROOT, ".git");
    assert_absent(f, CK_TREE_ROOT, "org%2fteam");
    assert_absent(f, CK_TREE_ROOT, "100%");
    assert_absent(f, CK_TREE_ROOT, "%61nn");
}

static void only_the_listing_can_tell_hashed_users_and_none(void)
{
    g_autofree char *user = g_strnfill(400, 'u');
    g_autofree char *json = g_strdup_printf("{\"id\":\"cthr_1\",\"user\":\"%s\"}", user);
    g_autoptr(CkStore) other = rows_new_store();
    g_auto(CkUserRow) row = {0};
    g_autoptr(Fixture) f = fixture_new(TRUE);
    rows_put_thread(other, json);
    g_assert_cmpint(ck_store_next_user(other, 0, &row, NULL), ==, CK_FOUND);

    assert_wants(f, CK_TREE_ROOT, row.name, CK_WANT_THREADS, NULL);
    assert_wants(f, CK_TREE_ROOT, "%none", CK_WANT_THREADS, NULL);
    rows_put_thread(f->store, json);
    find(f, CK_TREE_ROOT, row.name, NULL);
    complete(f, "threads:");
    assert_absent(f, CK_TREE_ROOT, "%none");
}

static void grouped_root_links_bare_ids_into_users(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    static const struct {
        const char *id, *target;
    } links[] = {
        {"cthr_1", "ann/New.cthr_1"}, {"cthr_2", "bob/cthr_2"}, {"cthr_3", "%none/No-user.cthr_3"}};
    for (gsize i = 0; i < G_N_ELEMENTS(links); i++) {
        CkStat stat;
        g_autofree char *target = link_text(f, find(f, CK_TREE_ROOT, links[i].id, &stat));
        g_assert_cmpint(stat.type, ==, CK_TYPE_LINK);
        g_assert_cmpstr(target, ==, links[i].target);
        g_assert_cmpuint(stat.size, ==, strlen(target));
    }
    assert_wants(f, CK_TREE_ROOT, "cthr_9", CK_WANT_THREAD, "cthr_9");
}

/* Lookups where one user's threads are shown */

static void only_that_user_has_a_folder(void)
{
    static const char *const others[] = {
        "eve",
        "bob",
        "%none",
        ".git",
        "an",
        "anna",
        "Ann",
        "%61nn",
        "org%2Fteam",
        "x%~0123456789abcdef0123456789abcdef", /* a digest, that only the listing could tell */
    };
    g_autoptr(Fixture) f = fixture_new(TRUE);
    f->config->user = g_strdup("ann");
    for (int known = 0; known < 2; known++) {
        for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
            assert_absent(f, CK_TREE_ROOT, others[i]);
        if (known)
            find(f, CK_TREE_ROOT, "ann", NULL);
        else
            assert_wants(f, CK_TREE_ROOT, "ann", CK_WANT_USER_THREADS, "ann");
        rows_put_thread(f->store, "{\"id\":\"cthr_1\",\"user\":\"ann\"}");
    }
}

static void that_user_is_absent_without_threads(void)
{
    g_autoptr(Fixture) f = fixture_new(TRUE);
    f->config->user = g_strdup("ann");
    complete(f, "user:ann");
    assert_absent(f, CK_TREE_ROOT, "ann");
}

static void that_user_may_have_any_name(void)
{
    g_autofree char *long_user = g_strnfill(400, 'u'); /* its folder's name ends in a digest */
    const char *users[] = {"org/team", "-rf", "李雷", "a b", long_user, "cthr_1", "%none", "\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(users); i++) {
        g_autoptr(Fixture) f = fixture_new(TRUE);
        g_autofree char *name = ck_name_user(users[i]);
        f->config->user = g_strdup(users[i]);
        if (strcmp(users[i], "cthr_1") == 0) /* a bare id is a thread's until the user is known */
            assert_wants(f, CK_TREE_ROOT, name, CK_WANT_THREAD, "cthr_1");
        else
            assert_wants(f, CK_TREE_ROOT, name, CK_WANT_USER_THREADS, users[i]);
        assert_absent(f, CK_TREE_ROOT, "%none");
    }
}

static void bare_ids_are_wanted_whoever_is_shown(void)
{
    for (int grouped = 0; grouped < 2; grouped++) {
        g_autoptr(Fixture) f = fixture_new(grouped);
        f->config->user = g_strdup("ann");
        assert_wants(f, CK_TREE_ROOT, "cthr_9", CK_WANT_THREAD, "cthr_9");
    }
}

static void user_folder_finds_its_threads(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    guint64 ann = find(f, CK_TREE_ROOT, "ann", NULL);
    guint64 bob = find(f, CK_TREE_ROOT, "bob", NULL);
    CkStat stat;
    guint64 node = find(f, ann, "New.cthr_1", &stat);
    g_assert_cmpint(stat.type, ==, CK_TYPE_FOLDER);
    g_assert_cmpuint(find(f, ann, "Old.cthr_1", &stat), ==, node);
    g_assert_cmpint(stat.type, ==, CK_TYPE_FOLDER);
    find(f, bob, "cthr_2", &stat);
    g_assert_cmpint(stat.type, ==, CK_TYPE_FOLDER);
    assert_wants(f, ann, "Title.cthr_9", CK_WANT_THREAD, "cthr_9");
    assert_absent(f, ann, ".git");
}

/* The API was asked for that thread, and has none. */
static void what_is_no_thread_may_be_a_user(void)
{
    static const struct {
        gboolean user_folder; /* else the root */
        gboolean group_by_user;
        CkTreeResult result;
    } cases[] = {
        {FALSE, TRUE, CK_TREE_WANT},
        {FALSE, FALSE, CK_TREE_ABSENT},
        {TRUE, TRUE, CK_TREE_ABSENT},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_with_threads(cases[i].group_by_user);
        guint64 folder = cases[i].user_folder ? find(f, CK_TREE_ROOT, "ann", NULL) : CK_TREE_ROOT;
        g_auto(CkWant) want = {0};
        CkStat stat;
        CkTreeResult result =
            ck_tree_lookup(f->tree, folder, "cthr_none", TRUE, &stat, &want, NULL);
        g_assert_cmpint(result, ==, cases[i].result);
        if (result == CK_TREE_WANT) {
            g_assert_cmpint(want.kind, ==, CK_WANT_USER_THREADS);
            g_assert_cmpstr(want.id, ==, "cthr_none");
        }
    }
}

static void bare_id_in_a_user_folder_links_within_it(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    CkStat stat;
    guint64 link = find(f, find(f, CK_TREE_ROOT, "ann", NULL), "cthr_1", &stat);
    g_autofree char *target = link_text(f, link);
    g_assert_cmpint(stat.type, ==, CK_TYPE_LINK);
    g_assert_cmpstr(target, ==, "New.cthr_1");
    g_assert_cmpuint(stat.size, ==, strlen(target));
    g_assert_cmpuint(link, !=, find(f, CK_TREE_ROOT, "cthr_1", NULL)); /* another text */
}

static void user_folder_has_no_threads_of_others(void)
{
    static const char *const names[] = {"New.cthr_1", "Old.cthr_1", "cthr_1", "cthr_3",
                                        "No-user.cthr_3"};
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    guint64 bob = find(f, CK_TREE_ROOT, "bob", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        assert_absent(f, bob, names[i]);
    assert_absent(f, find(f, CK_TREE_ROOT, "ann", NULL), "cthr_2");
}

/* Lookups in a thread */

static void item_files_are_found_by_number_role_and_extension(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    CkStat json, md, tool;
    find(f, thread, "0001-user.json", &json);
    find(f, thread, "0001-user.md", &md);
    find(f, thread, "0002-tool.md", &tool);
    g_assert_cmpint(json.type, ==, CK_TYPE_FILE);
    g_assert_cmpint(md.time, ==, 11);
    g_assert_cmpuint(json.node, !=, md.node);
    g_assert_true(md.final);
    g_assert_false(tool.final);
}

static void wrong_item_names_are_absent(void)
{
    static const char *const names[] = {
        "0001-assistant.md", "0001-user.txt", "0001-user.",  "1-user.md",     "00001-user.md",
        "0000-user.md",      "0001-user.md~", "0001user.md", ".0001-user.md", "notes.txt",
    };
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        assert_absent(f, thread, names[i]);
}

static void items_beyond_what_is_known_are_wanted_until_the_listing_ends(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    assert_wants(f, thread, "0003-user.md", CK_WANT_ITEMS, "cthr_1");
    assert_wants(f, thread, "999999-user.json", CK_WANT_ITEMS, "cthr_1");
    complete(f, "items:cthr_1");
    assert_absent(f, thread, "0003-user.md");
    assert_absent(f, thread, "999999-user.json");
}

static void thread_json_is_known_at_once(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    CkStat stat;
    find(f, find(f, CK_TREE_ROOT, "New.cthr_1", NULL), "thread.json", &stat);
    g_assert_cmpint(stat.type, ==, CK_TYPE_FILE);
    g_assert_cmpint(stat.time, >, 10); /* it was called Old before */
    g_assert_cmpuint(stat.size, >, 0);
}

static void files_of_all_items_want_all_items(void)
{
    static const char *const names[] = {"thread.md", "items.jsonl"};
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        assert_wants(f, thread, names[i], CK_WANT_ITEMS, "cthr_1");
    complete(f, "items:cthr_1");
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        CkStat stat;
        find(f, thread, names[i], &stat);
        g_assert_cmpint(stat.type, ==, CK_TYPE_FILE);
        g_assert_true(i == 0 ? stat.time > 12 : stat.time == 12); /* the head has changed */
    }
}

static void files_hold_nothing(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    assert_absent(f, find(f, thread, "thread.json", NULL), "x");
    assert_absent(f, find(f, thread, "0001-user.md", NULL), "x");
    assert_absent(f, find(f, CK_TREE_ROOT, "cthr_1", NULL), "x"); /* a link */
}

static void files_open_by_name_whichever_are_listed(void)
{
    static const char *const names[] = {"thread.json",    "thread.md",    "items.jsonl",
                                        "0001-user.json", "0001-user.md", "0002-tool.json",
                                        "0002-tool.md"};
    for (guint formats = 1; formats <= ALL_FORMATS; formats++) {
        g_autoptr(Fixture) f = fixture_with_threads(FALSE);
        guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
        f->config->formats = formats;
        complete(f, "items:cthr_1");
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
            CkStat stat;
            find(f, thread, names[i], &stat);
            g_assert_cmpint(stat.type, ==, CK_TYPE_FILE);
            g_assert_cmpuint(stat.size, >, 0);
        }
    }
}

static void files_of_a_thread_without_a_usable_id_want_its_items(void)
{
    static const char *const names[] = {"thread.md", "items.jsonl", "0001-user.md",
                                        "0002-tool.json"};
    g_autoptr(Fixture) f = fixture_with_nameless_thread();
    guint64 thread = find(f, CK_TREE_ROOT, "No-id." NAMELESS, NULL);
    CkStat stat;
    find(f, thread, "thread.json", &stat);
    g_assert_cmpuint(stat.size, >, 0);
    g_assert_cmpint(stat.time, ==, 10);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        assert_wants(f, thread, names[i], CK_WANT_ITEMS, NAMELESS);
    assert_absent(f, thread, "notes.txt");
}

/* It can't be asked for: it is there where a listing has brought it, under its folder's name. */
static void a_thread_without_a_usable_id_has_no_link(void)
{
    g_autoptr(Fixture) f = fixture_with_nameless_thread();
    assert_absent(f, CK_TREE_ROOT, NAMELESS);
    assert_absent(f, CK_TREE_ROOT, "Other." NAMELESS);
    assert_absent(f, CK_TREE_ROOT, "no-id~fedcba9876543210fedcba9876543210");
}

/* Attributes and contents */

/* stat of a node is what its lookup gave. */
static void assert_stat(Fixture *f, guint64 folder, const char *name)
{
    g_auto(CkWant) want = {0};
    CkStat looked_up, stat = {0};
    find(f, folder, name, &looked_up);
    g_assert_cmpint(ck_tree_stat(f->tree, looked_up.node, &stat, &want, NULL), ==, CK_TREE_OK);
    g_assert_cmpuint(stat.node, ==, looked_up.node);
    g_assert_cmpint(stat.type, ==, looked_up.type);
    g_assert_cmpuint(stat.size, ==, looked_up.size);
    g_assert_cmpint(stat.time, ==, looked_up.time);
    g_assert_cmpint(stat.final, ==, looked_up.final);
}

static void stat_of_every_kind_is_that_of_its_lookup(void)
{
    static const char *const files[] = {"thread.json",    "thread.md",    "items.jsonl",
                                        "0001-user.json", "0001-user.md", "0002-tool.json"};
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    guint64 user = find(f, CK_TREE_ROOT, "ann", NULL);
    guint64 thread = find(f, user, "New.cthr_1", NULL);
    complete(f, "items:cthr_1");
    assert_stat(f, CK_TREE_ROOT, "ann");
    assert_stat(f, CK_TREE_ROOT, "%none");
    assert_stat(f, CK_TREE_ROOT, "cthr_1");
    assert_stat(f, user, "New.cthr_1");
    assert_stat(f, user, "cthr_1");
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        assert_stat(f, thread, files[i]);
}

static void stat_of_the_root_needs_nothing(void)
{
    gint64 before = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(Fixture) f = fixture_new(FALSE);
    g_auto(CkWant) want = {0};
    CkStat stat;
    g_assert_cmpint(ck_tree_stat(f->tree, CK_TREE_ROOT, &stat, &want, NULL), ==, CK_TREE_OK);
    g_assert_cmpuint(stat.node, ==, CK_TREE_ROOT);
    g_assert_cmpint(stat.type, ==, CK_TYPE_FOLDER);
    g_assert_cmpint(stat.time, >=, before);
}

static void stat_of_a_file_of_all_items_wants_them(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    g_auto(CkWant) want = {0};
    CkStat stat;
    complete(f, "items:cthr_1");
    guint64 node = find(f, thread, "thread.md", NULL);
    /* As after a refresh that has more to read. */
    g_assert_true(ck_store_put_listing(f->store, "items:cthr_1", "cthi_1", FALSE, NULL));
    g_assert_cmpint(ck_tree_stat(f->tree, node, &stat, &want, NULL), ==, CK_TREE_WANT);
    g_assert_cmpint(want.kind, ==, CK_WANT_ITEMS);
    g_assert_cmpstr(want.id, ==, "cthr_1");
}

static void nodes_of_no_row_are_absent(void)
{
    g_autoptr(Fixture) f = fixture_new(FALSE);
    for (guint64 kind = 2; kind <= 10; kind++) {
        g_auto(CkWant) want = {0};
        CkStat stat;
        CkTreeResult result = ck_tree_stat(f->tree, 4711 * 16 + kind, &stat, &want, NULL);
        g_assert_cmpint(result, ==, CK_TREE_ABSENT);
    }
}

static void sizes_are_the_bytes_that_can_be_read(void)
{
    static const char *const names[] = {"thread.json",    "thread.md",    "items.jsonl",
                                        "0001-user.json", "0001-user.md", "0002-tool.json",
                                        "0002-tool.md"};
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    complete(f, "items:cthr_1");
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        CkStat stat;
        g_autoptr(GString) out = g_string_new(NULL);
        g_auto(CkWant) want = {0};
        guint64 node = find(f, thread, names[i], &stat);
        g_assert_cmpint(ck_tree_read(f->tree, node, 0, 1 << 20, out, &want, NULL), ==, CK_TREE_OK);
        g_assert_cmpuint(out->len, ==, stat.size);
        g_assert_cmpuint(out->len, >, 0);
    }
}

static void read_gives_the_window_asked_for(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    guint64 node = find(f, thread, "0001-user.md", NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(CkWant) want = {0};
    g_assert_cmpint(ck_tree_read(f->tree, node, 3, 4, out, &want, NULL), ==, CK_TREE_OK);
    g_assert_cmpstr(out->str, ==, "user");
}

static void reading_a_folder_fails(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(CkWant) want = {0};
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    g_assert_cmpint(ck_tree_read(f->tree, thread, 0, 9, out, &want, &error), ==, CK_TREE_FAILED);
    g_assert_error(error, CK_ERROR, CK_ERROR_INVALID);
}

static void files_of_a_thread_that_is_gone_are_absent(void)
{
    static const char *const names[] = {"thread.json", "thread.md", "items.jsonl", "0001-user.md",
                                        "0001-user.json"};
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    g_auto(CkThreadRow) row = {0};
    guint64 nodes[G_N_ELEMENTS(names)];
    complete(f, "items:cthr_1");
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        nodes[i] = find(f, thread, names[i], NULL);
    rows_get_thread(f->store, "cthr_1", &row);
    g_assert_true(ck_store_drop_thread(f->store, row.row, NULL));
    ck_store_rollback(f->store); /* has it forget what was added a short time ago */
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) out = g_string_new(NULL);
        g_auto(CkWant) want = {0};
        g_assert_cmpint(ck_tree_read(f->tree, nodes[i], 0, 9, out, &want, &error), ==,
                        CK_TREE_ABSENT);
        g_assert_no_error(error);
    }
}

/* Nodes stay when items are forgotten: the items come again, and are the same. */
static void items_that_were_forgotten_are_wanted(void)
{
    static const char *const names[] = {"0001-user.json", "0001-user.md", "thread.md",
                                        "items.jsonl"};
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 nodes[G_N_ELEMENTS(names)];
    complete(f, "items:cthr_1");
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        nodes[i] = find(f, thread, names[i], NULL);
    while (ck_store_evict(f->store, G_MAXINT64, TRUE, NULL) == CK_FOUND)
        ;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) out = g_string_new(NULL);
        g_auto(CkWant) of_stat = {0}, of_read = {0}, of_lookup = {0};
        CkStat stat;
        g_assert_cmpint(ck_tree_stat(f->tree, nodes[i], &stat, &of_stat, &error), ==, CK_TREE_WANT);
        g_assert_cmpint(ck_tree_read(f->tree, nodes[i], 0, 9, out, &of_read, &error), ==,
                        CK_TREE_WANT);
        g_assert_cmpint(ck_tree_lookup(f->tree, thread, names[i], FALSE, &stat, &of_lookup, &error),
                        ==, CK_TREE_WANT);
        g_assert_no_error(error);
        g_assert_cmpint(of_stat.kind, ==, CK_WANT_ITEMS);
        g_assert_cmpstr(of_stat.id, ==, "cthr_1");
        g_assert_cmpint(of_read.kind, ==, CK_WANT_ITEMS);
        g_assert_cmpint(of_lookup.kind, ==, CK_WANT_ITEMS);
    }
}

/* The same where the server has fewer of them by now. */
static void an_item_that_does_not_come_again_is_absent(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(CkWant) want = {0};
    CkStat stat;
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    guint64 node = find(f, thread, "0001-user.md", NULL);
    while (ck_store_evict(f->store, G_MAXINT64, TRUE, NULL) == CK_FOUND)
        ;
    complete(f, "items:cthr_1");
    g_assert_cmpint(ck_tree_stat(f->tree, node, &stat, &want, NULL), ==, CK_TREE_ABSENT);
    g_assert_cmpint(ck_tree_read(f->tree, node, 0, 9, out, &want, NULL), ==, CK_TREE_ABSENT);
}

static void a_link_follows_the_title(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 link = find(f, CK_TREE_ROOT, "cthr_1", NULL);
    rows_put_thread(f->store, "{\"id\":\"cthr_1\",\"title\":\"Newest\",\"user\":\"ann\"}");
    g_autofree char *target = link_text(f, link);
    g_assert_cmpstr(target, ==, "Newest.cthr_1");
}

/* Listings */

static void assert_lists_in_rounds_of_any_size(Fixture *f, guint64 folder, const char *expected)
{
    static const guint rooms[] = {1, 2, 3, 7, 1000};
    for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autofree char *names = NULL;
        g_auto(CkWant) want = {0};
        g_assert_cmpint(list_all(f, folder, rooms[i], &names, &want), ==, CK_TREE_OK);
        g_assert_cmpstr(names, ==, expected);
    }
}

static void plain_root_lists_threads(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    complete(f, "threads:");
    assert_lists_in_rounds_of_any_size(f, CK_TREE_ROOT, "New.cthr_1 cthr_2 No-user.cthr_3 ");
}

static void grouped_root_lists_users(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    complete(f, "threads:");
    assert_lists_in_rounds_of_any_size(f, CK_TREE_ROOT, "ann bob %none ");
}

static void user_folder_lists_its_threads(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    rows_put_thread(f->store, "{\"id\":\"cthr_4\",\"user\":\"ann\"}");
    complete(f, "user:ann");
    guint64 ann = find(f, CK_TREE_ROOT, "ann", NULL);
    assert_lists_in_rounds_of_any_size(f, ann, "New.cthr_1 cthr_4 ");
}

static void folder_of_no_user_lists_by_way_of_all_threads(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    guint64 none = find(f, CK_TREE_ROOT, "%none", NULL);
    g_autofree char *names = NULL;
    g_auto(CkWant) want = {0};
    g_assert_cmpint(list_all(f, none, 10, &names, &want), ==, CK_TREE_WANT);
    g_assert_cmpint(want.kind, ==, CK_WANT_THREADS);
    g_assert_cmpstr(names, ==, "No-user.cthr_3 ");
    complete(f, "threads:");
    assert_lists_in_rounds_of_any_size(f, none, "No-user.cthr_3 ");
}

static void thread_lists_items_then_its_own_files(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    complete(f, "items:cthr_1");
    assert_lists_in_rounds_of_any_size(f, find(f, CK_TREE_ROOT, "New.cthr_1", NULL),
                                       "0001-user.json 0001-user.md 0002-tool.json 0002-tool.md "
                                       "thread.json thread.md ");
}

static void a_thread_lists_the_files_of_its_formats(void)
{
    static const struct {
        guint formats;
        const char *names;
    } cases[] = {
        {CK_FORMAT_JSON, "0001-user.json 0002-tool.json thread.json "},
        {CK_FORMAT_MD, "0001-user.md 0002-tool.md "},
        {CK_FORMAT_TRANSCRIPT, "thread.md "},
        {CK_FORMAT_JSONL, "items.jsonl "},
        {CK_FORMAT_MD | CK_FORMAT_TRANSCRIPT, "0001-user.md 0002-tool.md thread.md "},
        {CK_FORMAT_JSON | CK_FORMAT_JSONL,
         "0001-user.json 0002-tool.json thread.json items.jsonl "},
        {CK_FORMAT_TRANSCRIPT | CK_FORMAT_JSONL, "thread.md items.jsonl "},
        {ALL_FORMATS, "0001-user.json 0001-user.md 0002-tool.json 0002-tool.md thread.json "
                      "thread.md items.jsonl "},
    };
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    complete(f, "items:cthr_1");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        f->config->formats = cases[i].formats;
        assert_lists_in_rounds_of_any_size(f, thread, cases[i].names);
    }
}

static void a_users_threads_are_listed_by_the_filter_where_there_is_one(void)
{
    g_autofree char *too_long = g_strnfill(CK_USER_MAX + 1, 'u');
    const struct {
        const char *user; /* in JSON */
        CkWantKind kind;
        const char *id;
    } cases[] = {
        {"ann", CK_WANT_USER_THREADS, "ann"}, {"org/team", CK_WANT_USER_THREADS, "org/team"},
        {too_long, CK_WANT_THREADS, NULL},    {"\\ud83d", CK_WANT_THREADS, NULL},
        {"", CK_WANT_THREADS, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new(TRUE);
        g_auto(CkUserRow) user = {0};
        g_auto(CkWant) want = {0};
        g_autofree char *names = NULL;
        g_autofree char *json =
            g_strdup_printf("{\"id\":\"cthr_1\",\"user\":\"%s\"}", cases[i].user);
        rows_put_thread(f->store, json);
        g_assert_cmpint(ck_store_next_user(f->store, 0, &user, NULL), ==, CK_FOUND);
        guint64 folder = find(f, CK_TREE_ROOT, user.name, NULL);
        g_assert_cmpint(list_all(f, folder, 10, &names, &want), ==, CK_TREE_WANT);
        g_assert_cmpstr(names, ==, "cthr_1 ");
        g_assert_cmpint(want.kind, ==, cases[i].kind);
        g_assert_cmpstr(want.id, ==, cases[i].id);
    }
}

/* What is there is given; a want comes only when nothing is. */
static void assert_wants_at_the_end(Fixture *f, guint64 folder, const char *known, CkWantKind kind,
                                    const char *id)
{
    static const guint rooms[] = {1, 3, 1000};
    for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autofree char *names = NULL;
        g_auto(CkWant) want = {0};
        g_assert_cmpint(list_all(f, folder, rooms[i], &names, &want), ==, CK_TREE_WANT);
        g_assert_cmpstr(names, ==, known);
        g_assert_cmpint(want.kind, ==, kind);
        g_assert_cmpstr(want.id, ==, id);
    }
}

static void unread_listings_are_wanted_after_what_is_known(void)
{
    g_autoptr(Fixture) plain = fixture_with_threads(FALSE);
    g_autoptr(Fixture) grouped = fixture_with_threads(TRUE);
    guint64 ann = find(grouped, CK_TREE_ROOT, "ann", NULL);
    guint64 thread = find(plain, CK_TREE_ROOT, "New.cthr_1", NULL);
    assert_wants_at_the_end(plain, CK_TREE_ROOT, "New.cthr_1 cthr_2 No-user.cthr_3 ",
                            CK_WANT_THREADS, NULL);
    assert_wants_at_the_end(grouped, CK_TREE_ROOT, "ann bob %none ", CK_WANT_THREADS, NULL);
    assert_wants_at_the_end(grouped, ann, "New.cthr_1 ", CK_WANT_USER_THREADS, "ann");
    assert_wants_at_the_end(plain, thread,
                            "0001-user.json 0001-user.md 0002-tool.json 0002-tool.md ",
                            CK_WANT_ITEMS, "cthr_1");
}

static void where_one_users_threads_are_shown_these_are_wanted(void)
{
    static const char *const known[] = {"cthr_1 ", "ann "};
    for (int grouped = 0; grouped < 2; grouped++) {
        g_autoptr(Fixture) f = fixture_new(grouped);
        f->config->user = g_strdup("ann");
        assert_wants_at_the_end(f, CK_TREE_ROOT, "", CK_WANT_USER_THREADS, "ann");
        rows_put_thread(f->store, "{\"id\":\"cthr_1\",\"user\":\"ann\"}");
        assert_wants_at_the_end(f, CK_TREE_ROOT, known[grouped], CK_WANT_USER_THREADS, "ann");
        if (grouped)
            assert_wants_at_the_end(f, find(f, CK_TREE_ROOT, "ann", NULL), "cthr_1 ",
                                    CK_WANT_USER_THREADS, "ann");
        complete(f, "user:ann");
        assert_lists_in_rounds_of_any_size(f, CK_TREE_ROOT, known[grouped]);
        if (grouped)
            assert_lists_in_rounds_of_any_size(f, find(f, CK_TREE_ROOT, "ann", NULL), "cthr_1 ");
    }
}

/* Even where none of the files that need them is listed. */
static void items_are_wanted_whichever_files_are_listed(void)
{
    static const struct {
        guint formats;
        const char *known;
    } cases[] = {
        {CK_FORMAT_JSON, "0001-user.json 0002-tool.json "},
        {CK_FORMAT_MD, "0001-user.md 0002-tool.md "},
        {CK_FORMAT_TRANSCRIPT, ""},
        {CK_FORMAT_JSONL, ""},
    };
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        f->config->formats = cases[i].formats;
        assert_wants_at_the_end(f, thread, cases[i].known, CK_WANT_ITEMS, "cthr_1");
    }
}

/* thread.json is known; what else there is can't be asked for, and to end would hide that. */
static void a_thread_without_a_usable_id_lists_thread_json_and_wants_its_items(void)
{
    static const struct {
        guint formats;
        const char *known;
    } cases[] = {
        {CK_FORMAT_JSON | CK_FORMAT_MD | CK_FORMAT_TRANSCRIPT, "thread.json "},
        {ALL_FORMATS, "thread.json "},
        {CK_FORMAT_JSON, "thread.json "},
        {CK_FORMAT_MD, ""},
        {CK_FORMAT_TRANSCRIPT, ""},
        {CK_FORMAT_JSONL, ""},
        {CK_FORMAT_MD | CK_FORMAT_JSONL, ""},
    };
    static const char *const ids[] = {NAMELESS, "a/b", "\xff\"\\ud83d\"", "..", "x y"};
    for (gsize k = 0; k < G_N_ELEMENTS(ids); k++) {
        g_autoptr(Fixture) f = fixture_new(FALSE);
        g_autofree char *name = ck_name_thread(NULL, ids[k]);
        rows_put_thread_as(f->store, ids[k], "{}");
        guint64 thread = find(f, CK_TREE_ROOT, name, NULL);
        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
            f->config->formats = cases[i].formats;
            assert_wants_at_the_end(f, thread, cases[i].known, CK_WANT_ITEMS, ids[k]);
        }
    }
}

static void an_empty_folder_wants_its_listing_then_ends(void)
{
    g_autoptr(Fixture) f = fixture_new(FALSE);
    g_auto(CkWant) want = {0};
    g_autofree char *before = NULL, *after = NULL;
    g_assert_cmpint(list_once(f, CK_TREE_ROOT, 0, 10, &before, &want), ==, CK_TREE_WANT);
    g_assert_cmpint(want.kind, ==, CK_WANT_THREADS);
    complete(f, "threads:");
    g_assert_cmpint(list_once(f, CK_TREE_ROOT, 0, 10, &after, &want), ==, CK_TREE_OK);
    g_assert_cmpstr(before, ==, "");
    g_assert_cmpstr(after, ==, "");
}

static void what_is_given_is_no_want_even_without_room(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    g_auto(CkWant) want = {0};
    g_autofree char *none = NULL, *some = NULL;
    g_assert_cmpint(list_once(f, CK_TREE_ROOT, 0, 0, &none, &want), ==, CK_TREE_OK);
    g_assert_cmpint(list_once(f, CK_TREE_ROOT, 0, 3, &some, &want), ==, CK_TREE_OK);
    g_assert_cmpint(want.kind, ==, CK_WANT_NOTHING);
}

static void a_position_stays_good_when_rows_are_added(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    g_auto(CkWant) want = {0};
    Reader reader = {g_string_new(NULL), 2, 0};
    ck_tree_list(f->tree, CK_TREE_ROOT, 0, take, &reader, &want, NULL);
    rows_put_thread(f->store, "{\"id\":\"cthr_4\"}");
    reader.room = 10;
    ck_tree_list(f->tree, CK_TREE_ROOT, reader.position, take, &reader, &want, NULL);
    g_assert_cmpstr(reader.names->str, ==, "New.cthr_1 cthr_2 No-user.cthr_3 cthr_4 ");
    g_string_free(reader.names, TRUE);
}

/* A program may seek to any position: what comes is never an entry before it, and a want names
 * what it wants. */
static const guint64 positions[] = {
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    1000,
    ((guint64)1 << 48) - 2,
    ((guint64)1 << 48) - 1,
    (guint64)1 << 48,
    ((guint64)1 << 48) + 1,
    ((guint64)1 << 48) + 2,
    G_MAXINT64 - 1,
    G_MAXINT64,
};

static void any_position_is_answered(void)
{
    for (int read = 0; read < 2; read++) {
        g_autoptr(Fixture) f = fixture_with_threads(FALSE);
        guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
        guint64 folders[] = {CK_TREE_ROOT, thread};
        if (read) {
            complete(f, "threads:");
            complete(f, "items:cthr_1");
        }
        for (gsize i = 0; i < G_N_ELEMENTS(positions) * 2 * ALL_FORMATS; i++) {
            f->config->formats = (CkFormats)(1 + i / (G_N_ELEMENTS(positions) * 2));
            guint64 position = positions[i / 2 % G_N_ELEMENTS(positions)];
            g_auto(CkWant) want = {0};
            g_autofree char *names = NULL;
            CkTreeResult result = list_once(f, folders[i % 2], position, 100, &names, &want);
            if (result == CK_TREE_WANT)
                g_assert_cmpint(want.kind, !=, CK_WANT_NOTHING);
            else
                g_assert_cmpint(result, ==, CK_TREE_OK);
            if (read)
                g_assert_cmpint(result, ==, CK_TREE_OK);
        }
    }
}

static void any_position_in_a_thread_without_a_usable_id_ends_in_a_want(void)
{
    g_autoptr(Fixture) f = fixture_with_nameless_thread();
    guint64 thread = find(f, CK_TREE_ROOT, "No-id." NAMELESS, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(positions) * ALL_FORMATS; i++) {
        guint64 position = positions[i % G_N_ELEMENTS(positions)];
        CkTreeResult result = CK_TREE_OK;
        f->config->formats = (CkFormats)(1 + i / G_N_ELEMENTS(positions));
        for (int round = 0; round < 2 && result == CK_TREE_OK; round++) {
            g_auto(CkWant) want = {0};
            g_autofree char *names = NULL;
            result = list_once(f, thread, position, 100, &names, &want);
            position = (guint64)1 << 48; /* where thread.json stands */
            if (result == CK_TREE_OK)
                g_assert_cmpstr(names, ==, "thread.json ");
            else
                g_assert_cmpstr(want.id, ==, NAMELESS);
        }
        g_assert_cmpint(result, ==, CK_TREE_WANT);
    }
}

static void what_is_known_of_a_thread_without_a_usable_id_is_no_want_even_without_room(void)
{
    g_autoptr(Fixture) f = fixture_with_nameless_thread();
    g_auto(CkWant) want = {0};
    g_autofree char *names = NULL;
    guint64 thread = find(f, CK_TREE_ROOT, "No-id." NAMELESS, NULL);
    g_assert_cmpint(list_once(f, thread, 0, 0, &names, &want), ==, CK_TREE_OK);
    g_assert_cmpint(want.kind, ==, CK_WANT_NOTHING);
}

typedef struct {
    Fixture *f;
    guint64 folder;
    guint seen;
} Comparison;

static gboolean compare_with_lookup(const char *name, const CkStat *stat, guint64 position,
                                    gpointer data)
{
    Comparison *comparison = data;
    CkStat looked_up;
    find(comparison->f, comparison->folder, name, &looked_up);
    g_assert_cmpuint(position, >, 0);
    g_assert_cmpuint(stat->node, ==, looked_up.node);
    g_assert_cmpint(stat->type, ==, looked_up.type);
    g_assert_cmpuint(stat->size, ==, looked_up.size);
    g_assert_cmpint(stat->time, ==, looked_up.time);
    g_assert_cmpint(stat->final, ==, looked_up.final);
    comparison->seen++;
    return TRUE;
}

static void a_listing_gives_the_stats_of_its_lookups(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    guint64 ann = find(f, CK_TREE_ROOT, "ann", NULL);
    guint64 folders[] = {CK_TREE_ROOT, ann, find(f, ann, "New.cthr_1", NULL)};
    complete(f, "items:cthr_1");
    guint seen = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_auto(CkWant) want = {0};
        Comparison comparison = {f, folders[i], 0};
        ck_tree_list(f->tree, folders[i], 0, compare_with_lookup, &comparison, &want, NULL);
        seen += comparison.seen;
    }
    g_assert_cmpuint(seen, ==, 3 + 1 + 6);
}

static void listing_a_file_fails(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    g_autoptr(GError) error = NULL;
    g_auto(CkWant) want = {0};
    Reader reader = {NULL, 0, 0};
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    guint64 file = find(f, thread, "thread.json", NULL);
    g_assert_cmpint(ck_tree_list(f->tree, file, 0, take, &reader, &want, &error), ==,
                    CK_TREE_FAILED);
    g_assert_error(error, CK_ERROR, CK_ERROR_INVALID);
}

/* What a name that is not there says of the future */

static void assert_absent_for_ever(Fixture *f, guint64 folder, const char *name, gboolean for_ever)
{
    g_auto(CkWant) want = {0};
    CkStat stat = {.final = !for_ever};
    CkTreeResult result = ck_tree_lookup(f->tree, folder, name, TRUE, &stat, &want, NULL);
    g_assert_cmpint(result, ==, CK_TREE_ABSENT);
    if (stat.final != for_ever)
        g_error("%s is absent for %s", name, stat.final ? "ever" : "now");
}

static void names_that_nothing_ever_has_are_absent_for_ever(void)
{
    static const char *const never[] = {".git", ".ignore", ".Trash-1000", "-x", "."};
    static const char *const some_day[] = {"cthr_9", "New.cthr_9"};
    for (int grouped = 0; grouped < 2; grouped++) {
        g_autoptr(Fixture) f = fixture_with_threads(grouped);
        complete(f, "threads:");
        for (gsize i = 0; i < G_N_ELEMENTS(never); i++)
            assert_absent_for_ever(f, CK_TREE_ROOT, never[i], TRUE);
    }
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    for (gsize i = 0; i < G_N_ELEMENTS(some_day); i++)
        assert_absent_for_ever(f, CK_TREE_ROOT, some_day[i], FALSE);
}

static void a_user_may_come_some_day(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    complete(f, "threads:");
    complete(f, "user:carol");
    assert_absent_for_ever(f, CK_TREE_ROOT, "carol", FALSE);
}

static void only_names_of_items_may_come_in_a_thread(void)
{
    static const char *const never[] = {"notes.txt", ".rgignore",    "-",          "0001-user.txt",
                                        "1-user.md", "0000-user.md", "thread.md~", ""};
    static const char *const some_day[] = {"0003-user.md", "0001-assistant.md", "9999-tool.json"};
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    complete(f, "items:cthr_1");
    for (gsize i = 0; i < G_N_ELEMENTS(never); i++)
        assert_absent_for_ever(f, thread, never[i], TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(some_day); i++)
        assert_absent_for_ever(f, thread, some_day[i], FALSE);
}

static gboolean is_final(Fixture *f, guint64 folder, const char *name)
{
    CkStat stat;
    find(f, folder, name, &stat);
    return stat.final;
}

static void what_can_change_is_not_final(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    complete(f, "items:cthr_1");
    g_assert_false(is_final(f, CK_TREE_ROOT, "New.cthr_1"));
    g_assert_false(is_final(f, CK_TREE_ROOT, "cthr_1"));
    g_assert_true(is_final(f, thread, "0001-user.json"));
    g_assert_true(is_final(f, thread, "0001-user.md"));
    g_assert_false(is_final(f, thread, "0002-tool.json")); /* in progress */
    g_assert_false(is_final(f, thread, "0002-tool.md"));
}

/* Where files stand */

/* Looks where each file that a listing gives stands. */
typedef struct {
    CkTree *tree;
    guint64 folder;
    guint files;
} Locating;

static gboolean locate(const char *name, const CkStat *stat, guint64 position, gpointer data)
{
    Locating *locating = data;
    guint64 folder, at;
    (void)name;
    g_assert_cmpint(ck_tree_locate(locating->tree, stat->node, &folder, &at, NULL), ==, CK_TREE_OK);
    g_assert_cmpuint(folder, ==, locating->folder);
    g_assert_cmpuint(at, ==, position);
    locating->files++;
    return TRUE;
}

static void files_stand_where_they_are_listed(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    g_auto(CkWant) want = {0};
    f->config->formats = ALL_FORMATS;
    complete(f, "items:cthr_1");
    Locating locating = {f->tree, find(f, CK_TREE_ROOT, "New.cthr_1", NULL), 0};
    g_assert_cmpint(ck_tree_list(f->tree, locating.folder, 0, locate, &locating, &want, NULL), ==,
                    CK_TREE_OK);
    g_assert_cmpuint(locating.files, ==, 7);
}

static void what_is_no_file_stands_nowhere(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    guint64 folder, position;
    guint64 ann = find(f, CK_TREE_ROOT, "ann", NULL);
    const guint64 nodes[] = {
        CK_TREE_ROOT,
        ann,
        find(f, ann, "New.cthr_1", NULL),
        find(f, CK_TREE_ROOT, "cthr_1", NULL),
        find(f, ann, "cthr_1", NULL),
        0,
        ((guint64)4711 << 4) |
            (find(f, find(f, ann, "New.cthr_1", NULL), "0001-user.md", NULL) & 15),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(nodes); i++)
        g_assert_cmpint(ck_tree_locate(f->tree, nodes[i], &folder, &position, NULL), ==,
                        CK_TREE_ABSENT);
}

static void nodes_that_hold_all_items_tell_their_thread(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    g_auto(CkThreadRow) row = {0};
    guint64 ann = find(f, CK_TREE_ROOT, "ann", NULL);
    guint64 thread = find(f, ann, "New.cthr_1", NULL);
    rows_get_thread(f->store, "cthr_1", &row);
    complete(f, "items:cthr_1");
    g_assert_cmpint(ck_tree_thread(thread), ==, row.row);
    g_assert_cmpint(ck_tree_thread(find(f, thread, "thread.md", NULL)), ==, row.row);
    g_assert_cmpint(ck_tree_thread(find(f, thread, "items.jsonl", NULL)), ==, row.row);
    g_assert_cmpint(ck_tree_thread(find(f, thread, "thread.json", NULL)), ==, 0);
    g_assert_cmpint(ck_tree_thread(find(f, thread, "0001-user.md", NULL)), ==, 0);
    g_assert_cmpint(ck_tree_thread(find(f, ann, "cthr_1", NULL)), ==, 0);
    g_assert_cmpint(ck_tree_thread(find(f, CK_TREE_ROOT, "cthr_1", NULL)), ==, 0);
    g_assert_cmpint(ck_tree_thread(ann), ==, 0);
    g_assert_cmpint(ck_tree_thread(CK_TREE_ROOT), ==, 0);
}

/* What changes, and what tells of it */

static void assert_source(Fixture *f, guint64 node, gboolean entries, CkWantKind kind,
                          const char *id)
{
    g_auto(CkWant) listing = {CK_WANT_THREAD, NULL};
    ck_tree_source(f->tree, node, entries, &listing);
    g_assert_cmpint(listing.kind, ==, kind);
    g_assert_cmpstr(listing.id, ==, id);
}

static void folders_come_from_the_listing_of_what_they_hold(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    guint64 link = find(f, CK_TREE_ROOT, "cthr_1", NULL);
    assert_source(f, CK_TREE_ROOT, TRUE, CK_WANT_THREADS, NULL);
    assert_source(f, CK_TREE_ROOT, FALSE, CK_WANT_THREADS, NULL);
    assert_source(f, thread, TRUE, CK_WANT_ITEMS, "cthr_1");
    assert_source(f, thread, FALSE, CK_WANT_THREADS, NULL); /* an entry of the root */
    assert_source(f, link, FALSE, CK_WANT_THREADS, NULL);
}

static void folders_of_users_come_from_the_listings_of_these(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    guint64 ann = find(f, CK_TREE_ROOT, "ann", NULL);
    guint64 none = find(f, CK_TREE_ROOT, "%none", NULL);
    assert_source(f, CK_TREE_ROOT, TRUE, CK_WANT_THREADS, NULL);
    assert_source(f, ann, TRUE, CK_WANT_USER_THREADS, "ann");
    assert_source(f, none, TRUE, CK_WANT_THREADS, NULL); /* there is no filter for that */
    assert_source(f, find(f, ann, "New.cthr_1", NULL), FALSE, CK_WANT_USER_THREADS, "ann");
    assert_source(f, find(f, ann, "New.cthr_1", NULL), TRUE, CK_WANT_ITEMS, "cthr_1");
    assert_source(f, find(f, ann, "cthr_1", NULL), FALSE, CK_WANT_USER_THREADS, "ann");
    assert_source(f, find(f, CK_TREE_ROOT, "cthr_1", NULL), FALSE, CK_WANT_THREADS, NULL);
    assert_source(f, find(f, none, "No-user.cthr_3", NULL), FALSE, CK_WANT_THREADS, NULL);
}

static void where_one_users_threads_are_shown_all_come_from_their_listing(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    f->config->user = g_strdup("ann");
    assert_source(f, CK_TREE_ROOT, TRUE, CK_WANT_USER_THREADS, "ann");
    assert_source(f, find(f, CK_TREE_ROOT, "New.cthr_1", NULL), FALSE, CK_WANT_USER_THREADS, "ann");
}

static void files_that_can_change_come_from_the_items(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 thread = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    static const char *const files[] = {"thread.json", "thread.md", "items.jsonl", "0002-tool.json",
                                        "0002-tool.md"};
    complete(f, "items:cthr_1");
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        assert_source(f, find(f, thread, files[i], NULL), FALSE, CK_WANT_ITEMS, "cthr_1");
    assert_source(f, find(f, thread, "0001-user.json", NULL), FALSE, CK_WANT_NOTHING, NULL);
    assert_source(f, find(f, thread, "0001-user.md", NULL), FALSE, CK_WANT_NOTHING, NULL);
}

static void drop(Fixture *f, const char *id)
{
    g_auto(CkThreadRow) row = {0};
    rows_get_thread(f->store, id, &row);
    g_assert_true(ck_store_drop_thread(f->store, row.row, NULL));
}

static void what_is_gone_comes_from_nothing(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    guint64 ann = find(f, CK_TREE_ROOT, "ann", NULL);
    guint64 thread = find(f, ann, "New.cthr_1", NULL);
    guint64 item = find(f, thread, "0002-tool.md", NULL);
    guint64 json = find(f, thread, "thread.json", NULL);
    drop(f, "cthr_1");
    assert_source(f, ann, TRUE, CK_WANT_NOTHING, NULL);
    assert_source(f, thread, TRUE, CK_WANT_NOTHING, NULL);
    assert_source(f, thread, FALSE, CK_WANT_NOTHING, NULL);
    assert_source(f, item, FALSE, CK_WANT_NOTHING, NULL);
    assert_source(f, json, FALSE, CK_WANT_NOTHING, NULL);
}

static void assert_names(Fixture *f, gint64 row, gboolean of_item, const char *expected)
{
    g_autoptr(GPtrArray) names = ck_tree_names_of(f->tree, row, of_item);
    g_ptr_array_add(names, NULL);
    g_autofree char *joined = g_strjoinv(" ", (char **)names->pdata);
    g_assert_cmpstr(joined, ==, expected);
}

static void names_are_those_under_which_files_are_found(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) item = {0};
    f->config->formats = CK_FORMAT_MD; /* they open whichever are listed */
    rows_get_thread(f->store, "cthr_1", &thread);
    rows_get_item(f->store, thread.row, 2, &item);
    assert_names(f, thread.row, FALSE, "thread.json thread.md items.jsonl");
    assert_names(f, item.row, TRUE, "0002-tool.json 0002-tool.md");
    drop(f, "cthr_1");
    assert_names(f, item.row, TRUE, "");
}

static gboolean has_node(const GArray *nodes, guint64 node)
{
    for (guint i = 0; i < nodes->len; i++)
        if (g_array_index(nodes, guint64, i) == node)
            return TRUE;
    return FALSE;
}

static void put_tool(Fixture *f, const char *id, const char *status, const char *name)
{
    g_autofree char *json = g_strdup_printf("{\"id\":\"%s\",\"type\":\"client_tool_call\","
                                            "\"status\":\"%s\",\"name\":\"%s\"}",
                                            id, status, name);
    rows_put_item(f->store, "cthr_1", json);
}

/* Each that is handed out has to be told of, also when there are others now. */
static void all_versions_of_transcripts_tell_of_a_thread(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    guint64 ann = find(f, CK_TREE_ROOT, "ann", NULL);
    guint64 folder = find(f, ann, "New.cthr_1", NULL);
    g_autoptr(GArray) handed_out = g_array_new(FALSE, FALSE, sizeof(guint64));
    g_auto(CkThreadRow) thread = {0};
    complete(f, "items:cthr_1");
    put_tool(f, "a", "in_progress", "1");
    put_tool(f, "b", "completed", "1");
    for (int i = 0; i < 4; i++) {
        g_autofree char *text = g_strdup_printf("changed %d", i);
        guint64 nodes[] = {find(f, folder, "thread.md", NULL),
                           find(f, folder, "items.jsonl", NULL)};
        g_array_append_vals(handed_out, nodes, G_N_ELEMENTS(nodes));
        put_tool(f, "a", "in_progress", text);
    }
    rows_get_thread(f->store, "cthr_1", &thread);
    g_autoptr(GArray) nodes = ck_tree_nodes_of(f->tree, &thread);
    g_assert_true(has_node(nodes, CK_TREE_ROOT));
    g_assert_true(has_node(nodes, ann));
    g_assert_true(has_node(nodes, folder));
    for (guint i = 0; i < handed_out->len; i++)
        g_assert_true(has_node(nodes, g_array_index(handed_out, guint64, i)));
    g_assert_cmpuint(g_array_index(handed_out, guint64, 0), !=,
                     g_array_index(handed_out, guint64, handed_out->len - 2));
    g_assert_false(has_node(nodes, find(f, folder, "0001-user.md", NULL)));
}

static void in_a_plain_root_nothing_is_told_twice(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    g_auto(CkThreadRow) thread = {0};
    rows_get_thread(f->store, "cthr_1", &thread);
    g_autoptr(GArray) nodes = ck_tree_nodes_of(f->tree, &thread);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < nodes->len; i++)
        g_assert_true(g_hash_table_add(seen, &g_array_index(nodes, guint64, i)));
    g_assert_true(has_node(nodes, CK_TREE_ROOT));
}

static void folders_of_a_thread_are_itself_and_its_links(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    guint64 ann = find(f, CK_TREE_ROOT, "ann", NULL);
    g_auto(CkThreadRow) thread = {0}, at = {0};
    rows_get_thread(f->store, "cthr_1", &thread);
    g_autoptr(GArray) nodes = ck_tree_folders_of(&thread);
    g_assert_cmpuint(nodes->len, ==, 3);
    g_assert_true(has_node(nodes, find(f, ann, "New.cthr_1", NULL)));
    g_assert_true(has_node(nodes, find(f, ann, "cthr_1", NULL)));
    g_assert_true(has_node(nodes, find(f, CK_TREE_ROOT, "cthr_1", NULL)));
    g_assert_true(ck_tree_find_thread_at(f->tree, find(f, ann, "New.cthr_1", NULL), &at));
    g_assert_cmpint(at.row, ==, thread.row);
    g_assert_false(ck_tree_find_thread_at(f->tree, ann, &at));
}

/* The time of a node with its nanoseconds, which only grows. */
static gint64 time_of(Fixture *f, guint64 node)
{
    g_auto(CkWant) want = {0};
    CkStat stat;
    g_assert_cmpint(ck_tree_stat(f->tree, node, &stat, &want, NULL), ==, CK_TREE_OK);
    g_assert_cmpuint(stat.nanoseconds, <, 1000000000);
    return stat.time * 1000000000 + stat.nanoseconds;
}

static void folders_that_list_threads_have_another_time_after_each_change(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(TRUE);
    guint64 ann = find(f, CK_TREE_ROOT, "ann", NULL);
    guint64 folder = find(f, ann, "New.cthr_1", NULL);
    gint64 thread = time_of(f, folder);
    for (int i = 0; i < 3; i++) {
        gint64 root = time_of(f, CK_TREE_ROOT), user = time_of(f, ann);
        ck_tree_set_changed(f->tree);
        g_assert_cmpint(time_of(f, CK_TREE_ROOT), >, root);
        g_assert_cmpint(time_of(f, ann), >, user);
    }
    g_assert_cmpint(time_of(f, folder), ==, thread);
}

static void a_threads_folder_has_another_time_after_each_change(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 folder = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    gint64 before = time_of(f, folder);
    put_tool(f, "a", "in_progress", "1"); /* it is read for the first time: no change */
    g_assert_cmpint(time_of(f, folder), ==, before);
    for (int i = 0; i < 3; i++) {
        g_autofree char *text = g_strdup_printf("changed %d", i);
        put_tool(f, "a", "in_progress", text);
        g_assert_cmpint(time_of(f, folder), >, before);
        before = time_of(f, folder);
    }
    rows_put_thread(f->store, "{\"id\":\"cthr_1\",\"title\":\"New\",\"user\":\"ann\","
                              "\"created_at\":10,\"status\":{\"type\":\"locked\"}}");
    g_assert_cmpint(time_of(f, folder), >, before);
}

static void a_new_version_is_newer(void)
{
    g_autoptr(Fixture) f = fixture_with_threads(FALSE);
    guint64 folder = find(f, CK_TREE_ROOT, "New.cthr_1", NULL);
    CkStat before, after, former;
    g_auto(CkWant) want = {0};
    put_tool(f, "a", "in_progress", "1");
    find(f, folder, "0003-tool.md", &before);
    put_tool(f, "a", "completed", "other");
    find(f, folder, "0003-tool.md", &after);
    g_assert_cmpuint(after.node, !=, before.node);
    g_assert_cmpint(after.time, >, before.time);
    g_assert_cmpint(ck_tree_stat(f->tree, before.node, &former, &want, NULL), ==, CK_TREE_OK);
    g_assert_cmpuint(former.node, ==, before.node);
    g_assert_cmpuint(former.size, ==, before.size);
    g_assert_cmpint(former.time, ==, before.time);
    g_assert_true(former.final);
}

#define TEST(name) g_test_add_func("/tree/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(root_finds_folders_by_name);
    TEST(root_finds_folders_by_former_names);
    TEST(bare_id_of_a_titled_thread_is_a_link);
    TEST(names_that_no_thread_has_are_absent_without_a_want);
    TEST(unknown_threads_are_wanted_by_their_id);
    TEST(a_known_thread_has_no_other_titles);
    TEST(plain_root_has_no_users);
    TEST(grouped_root_finds_users);
    TEST(grouped_root_wants_unknown_users_by_their_identifier);
    TEST(grouped_root_has_no_names_that_no_user_gives);
    TEST(only_the_listing_can_tell_hashed_users_and_none);
    TEST(grouped_root_links_bare_ids_into_users);
    TEST(only_that_user_has_a_folder);
    TEST(that_user_is_absent_without_threads);
    TEST(that_user_may_have_any_name);
    TEST(bare_ids_are_wanted_whoever_is_shown);
    TEST(user_folder_finds_its_threads);
    TEST(what_is_no_thread_may_be_a_user);
    TEST(bare_id_in_a_user_folder_links_within_it);
    TEST(user_folder_has_no_threads_of_others);
    TEST(item_files_are_found_by_number_role_and_extension);
    TEST(wrong_item_names_are_absent);
    TEST(items_beyond_what_is_known_are_wanted_until_the_listing_ends);
    TEST(thread_json_is_known_at_once);
    TEST(files_of_all_items_want_all_items);
    TEST(files_hold_nothing);
    TEST(files_open_by_name_whichever_are_listed);
    TEST(files_of_a_thread_without_a_usable_id_want_its_items);
    TEST(a_thread_without_a_usable_id_has_no_link);
    TEST(stat_of_every_kind_is_that_of_its_lookup);
    TEST(stat_of_the_root_needs_nothing);
    TEST(stat_of_a_file_of_all_items_wants_them);
    TEST(nodes_of_no_row_are_absent);
    TEST(sizes_are_the_bytes_that_can_be_read);
    TEST(read_gives_the_window_asked_for);
    TEST(reading_a_folder_fails);
    TEST(files_of_a_thread_that_is_gone_are_absent);
    TEST(items_that_were_forgotten_are_wanted);
    TEST(an_item_that_does_not_come_again_is_absent);
    TEST(a_link_follows_the_title);
    TEST(plain_root_lists_threads);
    TEST(grouped_root_lists_users);
    TEST(user_folder_lists_its_threads);
    TEST(folder_of_no_user_lists_by_way_of_all_threads);
    TEST(thread_lists_items_then_its_own_files);
    TEST(a_thread_lists_the_files_of_its_formats);
    TEST(a_users_threads_are_listed_by_the_filter_where_there_is_one);
    TEST(a_listing_gives_the_stats_of_its_lookups);
    TEST(unread_listings_are_wanted_after_what_is_known);
    TEST(where_one_users_threads_are_shown_these_are_wanted);
    TEST(items_are_wanted_whichever_files_are_listed);
    TEST(a_thread_without_a_usable_id_lists_thread_json_and_wants_its_items);
    TEST(an_empty_folder_wants_its_listing_then_ends);
    TEST(what_is_given_is_no_want_even_without_room);
    TEST(a_position_stays_good_when_rows_are_added);
    TEST(any_position_is_answered);
    TEST(any_position_in_a_thread_without_a_usable_id_ends_in_a_want);
    TEST(listing_a_file_fails);
    TEST(what_is_known_of_a_thread_without_a_usable_id_is_no_want_even_without_room);
    TEST(names_that_nothing_ever_has_are_absent_for_ever);
    TEST(a_user_may_come_some_day);
    TEST(only_names_of_items_may_come_in_a_thread);
    TEST(what_can_change_is_not_final);
    TEST(files_stand_where_they_are_listed);
    TEST(what_is_no_file_stands_nowhere);
    TEST(nodes_that_hold_all_items_tell_their_thread);
    TEST(folders_come_from_the_listing_of_what_they_hold);
    TEST(folders_of_users_come_from_the_listings_of_these);
    TEST(where_one_users_threads_are_shown_all_come_from_their_listing);
    TEST(files_that_can_change_come_from_the_items);
    TEST(what_is_gone_comes_from_nothing);
    TEST(names_are_those_under_which_files_are_found);
    TEST(all_versions_of_transcripts_tell_of_a_thread);
    TEST(in_a_plain_root_nothing_is_told_twice);
    TEST(folders_of_a_thread_are_itself_and_its_links);
    TEST(folders_that_list_threads_have_another_time_after_each_change);
    TEST(a_threads_folder_has_another_time_after_each_change);
    TEST(a_new_version_is_newer);
    return g_test_run();
}
