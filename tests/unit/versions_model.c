/* SPDX-License-Identifier: MIT */
#include "error.h"
#include "rows.h"
#include "stride.h"
#include "tree.h"

/*
 * A thread that items are added to, and that changes as it likes. Whatever has been handed out of
 * it must stay what it was: every node of a file, with its version, is remembered with its bytes,
 * and all of them are read again after each step. A transcript may have grown. What a name leads to
 * is what a thread says that has never been anything else.
 */
#define SEEDS     200
#define STEPS     16
#define ITEMS_MAX 7
#define LARGE     (300 * 1024) /* bytes: what is rendered once for many reads (contents.c) */

/* A file that was handed out. */
typedef struct {
    guint64 node;
    gboolean grows; /* a transcript */
    GString *bytes;
} Known;

typedef struct {
    char *json;
    gboolean finished;
} Item;

typedef struct {
    GRand *random;
    CkConfig *config;
    CkStore *store;
    CkTree *tree;
    CkStore *fresh; /* where the thread never was anything but what it is now */
    CkTree *fresh_tree;
    char *thread;         /* JSON */
    GPtrArray *items;     /* Item */
    GHashTable *known;    /* node → Known */
    gboolean any_version; /* transcripts may change where they are */
} Model;

static void known_free(gpointer data)
{
    Known *known = data;
    g_string_free(known->bytes, TRUE);
    g_free(known);
}

static void item_free(gpointer data)
{
    Item *item = data;
    g_free(item->json);
    g_free(item);
}

static gboolean one_in(Model *m, gint32 n)
{
    return g_rand_int_range(m->random, 0, n) == 0;
}

/* What is stored */

/* Of any length, and some of it takes more bytes in one file than in another. */
static char *make_text(Model *m, gsize size)
{
    static const char *const words[] = {"word ", "ö", "\\n", "\\u001b", "\\\"", "```", "| ", "  "};
    GString *text = g_string_new(NULL);
    while (text->len < size)
        g_string_append(text, words[g_rand_int_range(m->random, 0, G_N_ELEMENTS(words))]);
    return g_string_free(text, FALSE);
}

static char *make_item(Model *m, guint number, gboolean finished)
{
    gsize size = one_in(m, 1500) ? LARGE : (gsize)g_rand_int_range(m->random, 0, 60);
    g_autofree char *text = make_text(m, size);
    return g_strdup_printf("{\"id\":\"i%u\", \"type\":\"client_tool_call\",\"created_at\":%u,"
                           "\"status\":\"%s\",\"name\":\"n\",\"x\":%u,\"output\":\"%s\"}",
                           number, 1000 + number, finished ? "completed" : "in_progress",
                           g_rand_int(m->random), text);
}

static char *make_thread(Model *m)
{
    g_autofree char *title = make_text(m, (gsize)g_rand_int_range(m->random, 0, 40));
    return g_strdup_printf("{\"id\":\"t\",\"title\":\"%s\",\"created_at\":10, \"x\":%u}", title,
                           g_rand_int(m->random));
}

static void put_thread(CkStore *store, const char *json)
{
    rows_put_thread_as(store, "t", json);
}

/* Puts the thread, which the store does not know, as it is now. */
static void put_all(Model *m, CkStore *store)
{
    g_assert_true(ck_store_begin(store, NULL));
    put_thread(store, m->thread);
    for (guint i = 0; i < m->items->len; i++)
        rows_put_item(store, "t", ((Item *)g_ptr_array_index(m->items, i))->json);
    g_assert_true(ck_store_put_listing(store, "items:t", NULL, TRUE, NULL));
    g_assert_true(ck_store_commit(store, NULL));
}

static Model *model_new(guint32 seed)
{
    Model *m = g_new0(Model, 1);
    m->random = g_rand_new_with_seed(seed);
    m->config = ck_config_new();
    m->items = g_ptr_array_new_with_free_func(item_free);
    m->known = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, known_free);
    m->thread = make_thread(m);
    m->store = rows_new_store();
    m->tree = ck_tree_new(m->store, m->config);
    m->fresh = rows_new_store();
    m->fresh_tree = ck_tree_new(m->fresh, m->config);
    put_all(m, m->store);
    return m;
}

static void model_free(Model *m)
{
    ck_tree_free(m->tree);
    ck_tree_free(m->fresh_tree);
    ck_store_free(m->store);
    ck_store_free(m->fresh);
    ck_config_free(m->config);
    g_hash_table_unref(m->known);
    g_ptr_array_unref(m->items);
    g_free(m->thread);
    g_rand_free(m->random);
    g_free(m);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Model, model_free)

/* Reading */

static guint64 find(CkTree *tree, guint64 folder, const char *name, guint64 *size)
{
    g_auto(CkWant) want = {0};
    g_autoptr(GError) error = NULL;
    CkStat stat;
    CkTreeResult result = ck_tree_lookup(tree, folder, name, FALSE, &stat, &want, &error);
    g_assert_no_error(error);
    g_assert_cmpint(result, ==, CK_TREE_OK);
    *size = stat.size;
    return stat.node;
}

static guint64 find_folder(CkStore *store, CkTree *tree)
{
    g_auto(CkThreadRow) thread = {0};
    guint64 size;
    rows_get_thread(store, "t", &thread);
    return find(tree, CK_TREE_ROOT, thread.name, &size);
}

static void read_window(CkTree *tree, guint64 node, guint64 offset, gsize size, GString *out)
{
    g_autoptr(GError) error = NULL;
    CkTreeResult result = ck_tree_read(tree, node, offset, size, out, &(CkWant){0}, &error);
    g_assert_no_error(error);
    g_assert_cmpint(result, ==, CK_TREE_OK);
}

static GString *read_all(CkTree *tree, guint64 node)
{
    GString *bytes = g_string_new(NULL);
    read_window(tree, node, 0, G_MAXSIZE, bytes);
    return bytes;
}

static void assert_stat(Model *m, guint64 node, gsize size)
{
    g_auto(CkWant) want = {0};
    g_autoptr(GError) error = NULL;
    CkStat stat = {0};
    CkTreeResult result = ck_tree_stat(m->tree, node, &stat, &want, &error);
    g_assert_no_error(error);
    g_assert_cmpint(result, ==, CK_TREE_OK);
    g_assert_cmpuint(stat.node, ==, node);
    g_assert_cmpuint(stat.size, ==, size);
    g_assert_cmpint(stat.type, ==, CK_TYPE_FILE);
}

/* Windows anywhere, also beyond the end. */
static void assert_windows(Model *m, guint64 node, const GString *bytes)
{
    g_autoptr(GString) part = g_string_new(NULL);
    for (int i = 0; i < 2; i++) {
        gsize offset = (gsize)g_rand_int_range(m->random, 0, (gint32)bytes->len + 2);
        gsize size = (gsize)g_rand_int_range(m->random, 1, one_in(m, 2) ? 50 : 5000);
        gsize left = bytes->len - MIN(offset, bytes->len);
        g_string_truncate(part, 0);
        read_window(m->tree, node, offset, size, part);
        g_assert_cmpuint(part->len, ==, MIN(size, left));
        g_assert_true(memcmp(part->str, bytes->str + MIN(offset, bytes->len), part->len) == 0);
    }
}

/* Whether a change may be made where the file is: there are no more versions. */
static gboolean is_last_version(guint64 node)
{
    return node >> 56 == CK_VERSION_MAX;
}

/* Checking */

static void check_known(Model *m, Known *known)
{
    g_autoptr(GString) bytes = read_all(m->tree, known->node);
    assert_stat(m, known->node, bytes->len);
    assert_windows(m, known->node, bytes);
    gboolean may_change = is_last_version(known->node) || (m->any_version && known->grows);
    if (!may_change) {
        g_assert_cmpuint(bytes->len, >=, known->bytes->len);
        g_assert_true(memcmp(bytes->str, known->bytes->str, known->bytes->len) == 0);
        g_assert_true(known->grows || bytes->len == known->bytes->len);
    }
    g_string_free(known->bytes, TRUE);
    known->bytes = g_steal_pointer(&bytes);
}

static void check_name(Model *m, const guint64 folders[2], const char *name)
{
    guint64 size, fresh_size;
    guint64 node = find(m->tree, folders[0], name, &size);
    g_autoptr(GString) bytes = read_all(m->tree, node);
    g_autoptr(GString) expected =
        read_all(m->fresh_tree, find(m->fresh_tree, folders[1], name, &fresh_size));
    g_assert_true(g_string_equal(bytes, expected));
    g_assert_cmpuint(size, ==, bytes->len);
    g_assert_cmpuint(fresh_size, ==, bytes->len);
    Known *known = g_hash_table_lookup(m->known, &node);
    if (known) /* all of which have been checked */
        return;
    known = g_new(Known, 1);
    *known = (Known){node, ck_tree_thread(node) != 0, g_steal_pointer(&bytes)};
    g_hash_table_insert(m->known, &known->node, known);
}

static void check_offsets(Model *m)
{
    g_auto(CkThreadRow) thread = {0};
    guint64 md = 0, jsonl = 0, settled = 0, settled_md = 0, settled_jsonl = 0;
    rows_get_thread(m->store, "t", &thread);
    g_assert_cmpuint(thread.items, ==, m->items->len);
    for (guint64 number = 1; number <= thread.items; number++) {
        g_auto(CkItemRow) item = {0};
        rows_get_item(m->store, thread.row, number, &item);
        g_assert_cmpuint(item.md_offset, ==, md);
        g_assert_cmpuint(item.jsonl_offset, ==, jsonl);
        md += item.md_size;
        jsonl += item.jsonl_size;
        if (item.finished) {
            settled = number;
            settled_md = md;
            settled_jsonl = jsonl;
        }
    }
    g_assert_cmpuint(thread.md_size, ==, md);
    g_assert_cmpuint(thread.jsonl_size, ==, jsonl);
    g_assert_cmpuint(thread.settled, ==, settled);
    g_assert_cmpuint(thread.settled_md_size, ==, settled_md);
    g_assert_cmpuint(thread.settled_jsonl_size, ==, settled_jsonl);
}

static void check(Model *m)
{
    static const char *const names[] = {"thread.json", "thread.md", "items.jsonl"};
    g_auto(CkThreadRow) before = {0};
    if (ck_store_thread_by_id(m->fresh, "t", &before, NULL) == CK_FOUND)
        g_assert_true(ck_store_drop_thread(m->fresh, before.row, NULL));
    put_all(m, m->fresh);
    const guint64 folders[] = {find_folder(m->store, m->tree),
                               find_folder(m->fresh, m->fresh_tree)};
    GHashTableIter iter;
    gpointer known;
    check_offsets(m);
    g_hash_table_iter_init(&iter, m->known);
    while (g_hash_table_iter_next(&iter, NULL, &known))
        check_known(m, known);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        check_name(m, folders, names[i]);
    for (guint i = 1; i <= m->items->len; i++) {
        g_autofree char *json = g_strdup_printf("%04u-tool.json", i);
        g_autofree char *md = g_strdup_printf("%04u-tool.md", i);
        check_name(m, folders, json);
        check_name(m, folders, md);
    }
}

/* What happens */

static void add_item(Model *m)
{
    Item *item = g_new(Item, 1);
    item->finished = one_in(m, 2);
    item->json = make_item(m, m->items->len + 1, item->finished);
    g_ptr_array_add(m->items, item);
    rows_put_item(m->store, "t", item->json);
}

/* A finished one does not change, whatever the server says. */
static void change_item(Model *m)
{
    if (m->items->len == 0)
        return;
    guint which = (guint)g_rand_int_range(m->random, 0, (gint32)m->items->len);
    Item *item = g_ptr_array_index(m->items, which);
    gboolean finished = one_in(m, 3);
    g_autofree char *json = make_item(m, which + 1, finished);
    rows_put_item(m->store, "t", json);
    if (item->finished)
        return;
    g_free(item->json);
    item->json = g_steal_pointer(&json);
    item->finished = finished;
}

static void change_thread(Model *m)
{
    g_free(m->thread);
    m->thread = make_thread(m);
    put_thread(m->store, m->thread);
}

/* All comes as it was. */
static void change_nothing(Model *m)
{
    put_thread(m->store, m->thread);
    for (guint i = 0; i < m->items->len; i++)
        rows_put_item(m->store, "t", ((Item *)g_ptr_array_index(m->items, i))->json);
}

static void undo_changes(Model *m)
{
    g_assert_true(ck_store_begin(m->store, NULL));
    for (guint i = 0; i < 3; i++) {
        g_autofree char *item = make_item(m, i + 1, one_in(m, 2));
        g_autofree char *thread = make_thread(m);
        rows_put_item(m->store, "t", item);
        put_thread(m->store, thread);
    }
    ck_store_rollback(m->store);
}

static void step(Model *m)
{
    switch (g_rand_int_range(m->random, 0, 8)) {
    case 0:
    case 1:
        if (m->items->len < ITEMS_MAX)
            add_item(m);
        break;
    case 2:
        change_thread(m);
        break;
    case 3:
        change_nothing(m);
        break;
    case 4:
        undo_changes(m);
        break;
    default:
        change_item(m);
    }
}

static void what_was_handed_out_stays_what_it_was(void)
{
    for (guint32 seed = 0; seed < SEEDS; seed += stride()) {
        g_test_message("seed %u", seed);
        g_autoptr(Model) m = model_new(seed);
        check(m);
        for (guint i = 0; i < STEPS; i++) {
            step(m);
            check(m);
        }
    }
}

/* There are no more versions than CK_VERSION_MAX: files of that one change where they are, and none
 * that was handed out before. */
static void with_no_versions_left_files_change_where_they_are(void)
{
    for (guint32 seed = 0; seed < 8; seed++) {
        g_test_message("seed %u", seed);
        g_autoptr(Model) m = model_new(seed);
        g_auto(CkThreadRow) thread = {0};
        add_item(m);
        for (guint i = 0; i < ITEMS_MAX / 2; i++)
            step(m);
        check(m);
        for (guint i = 0; i < CK_VERSION_MAX - 4; i++)
            change_thread(m);
        for (guint i = 0; i < STEPS; i++) {
            check(m);
            step(m);
            m->any_version = TRUE;
        }
        for (guint i = 0; i < 5; i++)
            change_thread(m);
        check(m);
        rows_get_thread(m->store, "t", &thread);
        g_assert_cmpuint(thread.changes, ==, CK_VERSION_MAX);
    }
}

static void a_dropped_thread_leaves_nothing(void)
{
    for (guint32 seed = 0; seed < 10; seed++) {
        g_autoptr(Model) m = model_new(seed);
        g_auto(CkThreadRow) thread = {0};
        GHashTableIter iter;
        gpointer value;
        for (guint i = 0; i < STEPS; i++) {
            step(m);
            check(m);
        }
        rows_get_thread(m->store, "t", &thread);
        g_assert_true(ck_store_drop_thread(m->store, thread.row, NULL));
        g_hash_table_iter_init(&iter, m->known);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
            const Known *known = value;
            g_autoptr(GString) out = g_string_new(NULL);
            g_auto(CkWant) want = {0};
            CkStat stat;
            g_assert_cmpint(ck_tree_read(m->tree, known->node, 0, 10, out, &(CkWant){0}, NULL), ==,
                            CK_TREE_ABSENT);
            g_assert_cmpuint(out->len, ==, 0);
            g_assert_cmpint(ck_tree_stat(m->tree, known->node, &stat, &want, NULL), ==,
                            CK_TREE_ABSENT);
        }
        for (guint version = 0; version < CK_VERSION_MAX; version++) {
            g_auto(CkForm) form = {0};
            g_assert_cmpint(ck_store_former_thread(m->store, thread.row, version, &form, NULL), ==,
                            CK_ABSENT);
        }
        g_autoptr(GArray) formers = ck_store_former_items(m->store, thread.row, 0, NULL);
        g_assert_cmpuint(formers->len, ==, 0);
    }
}

#define TEST(name) g_test_add_func("/versions_model/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(what_was_handed_out_stays_what_it_was);
    TEST(with_no_versions_left_files_change_where_they_are);
    TEST(a_dropped_thread_leaves_nothing);
    return g_test_run();
}
