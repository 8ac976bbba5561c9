/* SPDX-License-Identifier: MIT */
#include "store.h"

#include "error.h"
#include "render.h"
#include "rows.h"

#define MANY 5000

/* Threads */

static void a_thread_becomes_a_row(void)
{
    static const char json[] = "{\"id\":\"cthr_1\",\"title\":\"Hello, world\",\"user\":\"ann\","
                               "\"created_at\":1700000000,\"status\":{\"type\":\"active\"}}";
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0}, by_row = {0}, by_name = {0};
    g_auto(CkUserRow) user = {0};
    rows_put_thread(store, json);
    rows_get_thread(store, "cthr_1", &thread);

    g_assert_cmpstr(thread.id, ==, "cthr_1");
    g_assert_cmpstr(thread.name, ==, "Hello-world.cthr_1");
    g_assert_cmpint(thread.created_at, ==, 1700000000);
    g_assert_cmpint(thread.newest_at, ==, 1700000000);
    g_assert_cmpuint(thread.items, ==, 0);
    g_assert_cmpuint(thread.md_size, ==, 0);
    g_assert_cmpuint(thread.jsonl_size, ==, 0);
    g_assert_cmpint(ck_store_thread(store, thread.row, &by_row, NULL), ==, CK_FOUND);
    g_assert_cmpstr(by_row.id, ==, "cthr_1");
    g_assert_cmpint(ck_store_thread_named(store, thread.name, &by_name, NULL), ==, CK_FOUND);
    g_assert_cmpint(by_name.row, ==, thread.row);
    g_assert_cmpint(ck_store_user(store, thread.user, &user, NULL), ==, CK_FOUND);
    g_assert_cmpstr(user.id, ==, "ann");
}

static void sizes_are_those_of_the_renderers(void)
{
    static const char json[] = "{\"id\":\"cthr_1\",\"title\":\"Größe\",\"tags\":[1,2,{\"a\":[]}]}";
    static const char item_json[] =
        "{ \"id\": \"cthi_1\", \"type\": \"assistant_message\", \"created_at\": 5,"
        " \"content\": [{\"type\": \"output_text\", \"text\": \"a\\u0007b\"}] }";
    CkSlice slice = {json, strlen(json)}, item_slice = {item_json, strlen(item_json)};
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) row = {0};
    g_auto(CkItemRow) item_row = {0};
    g_autoptr(CkThread) thread = ck_decode_thread(slice, NULL);
    g_autoptr(CkItem) item = ck_decode_item(item_slice, NULL);
    CkSink thread_json = {0}, head = {0}, indented = {0}, md = {0}, line = {0};
    ck_json_indent(slice, &thread_json);
    ck_render_thread_head(thread, &head);
    ck_json_indent(item_slice, &indented);
    ck_render_item(item, &md);
    ck_json_compact(item_slice, &line);
    rows_put_thread(store, json);
    rows_put_item(store, "cthr_1", item_json);
    rows_get_thread(store, "cthr_1", &row);
    rows_get_item(store, row.row, 1, &item_row);

    g_assert_cmpuint(row.json_size, ==, thread_json.size);
    g_assert_cmpuint(row.head_size, ==, head.size);
    g_assert_cmpuint(item_row.json_size, ==, indented.size);
    g_assert_cmpuint(item_row.md_size, ==, md.size);
    g_assert_cmpuint(item_row.jsonl_size, ==, line.size);
    g_assert_cmpstr(item_row.role, ==, "assistant");
}

static void json_is_kept_as_it_was_sent(void)
{
    static const char json[] = "{ \"id\":\"cthr_1\",  \"n\":1.00000000000000000001e-400 }";
    static const char item[] = "[\"\\ud83d\", 12345678901234567890]";
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) row = {0};
    rows_put_thread(store, json);
    rows_put_item(store, "cthr_1", item);
    rows_get_thread(store, "cthr_1", &thread);
    rows_get_item(store, thread.row, 1, &row);
    g_autoptr(GBytes) thread_json = ck_store_thread_json(store, thread.row, NULL);
    g_autoptr(GBytes) item_json = ck_store_item_json(store, row.row, NULL);

    g_autoptr(GBytes) sent_thread = g_bytes_new_static(json, strlen(json));
    g_autoptr(GBytes) sent_item = g_bytes_new_static(item, strlen(item));
    g_assert_true(g_bytes_equal(thread_json, sent_thread));
    g_assert_true(g_bytes_equal(item_json, sent_item));
}

static void a_new_title_keeps_the_row_and_the_former_names(void)
{
    static const char *const names[] = {"One.cthr_1", "Two.cthr_1", "cthr_1", "Three.cthr_1"};
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) first = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"One\"}");
    rows_get_thread(store, "cthr_1", &first);
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"Two\"}");
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":null}");
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"Three\"}");

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_auto(CkThreadRow) thread = {0};
        g_assert_cmpint(ck_store_thread_named(store, names[i], &thread, NULL), ==, CK_FOUND);
        g_assert_cmpint(thread.row, ==, first.row);
        g_assert_cmpstr(thread.name, ==, "Three.cthr_1");
    }
}

static void a_title_may_come_back(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) one = {0}, two = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"One\"}");
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"Two\"}");
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"One\"}");

    g_assert_cmpint(ck_store_thread_named(store, "One.cthr_1", &one, NULL), ==, CK_FOUND);
    g_assert_cmpstr(one.name, ==, "One.cthr_1");
    g_assert_cmpint(ck_store_thread_named(store, "Two.cthr_1", &two, NULL), ==, CK_FOUND);
    g_assert_cmpint(two.row, ==, one.row);
}

static void an_update_keeps_the_items(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) before = {0}, after = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"created_at\":10}");
    rows_put_message(store, "cthr_1", "cthi_1", 50, "text");
    rows_get_thread(store, "cthr_1", &before);
    rows_put_thread(store,
                    "{\"id\":\"cthr_1\",\"created_at\":20,\"title\":\"New\",\"user\":\"x\"}");
    rows_get_thread(store, "cthr_1", &after);

    g_assert_cmpuint(after.items, ==, 1);
    g_assert_cmpuint(after.md_size, ==, before.md_size);
    g_assert_cmpuint(after.jsonl_size, ==, before.jsonl_size);
    g_assert_cmpint(after.created_at, ==, 20);
    g_assert_cmpint(after.newest_at, ==, 50);
    g_assert_cmpint(after.user, !=, before.user);
    g_assert_cmpuint(after.json_size, >, before.json_size);
    g_assert_cmpuint(after.head_size, !=, before.head_size);
}

/* An id with a dot in it makes the name of a thread that has a title. */
static void threads_of_one_name_are_both_kept(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) titled = {0}, untitled = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"a\"}");
    rows_put_thread(store, "{\"id\":\"a.cthr_1\"}");
    rows_get_thread(store, "cthr_1", &titled);
    rows_get_thread(store, "a.cthr_1", &untitled);
    g_assert_cmpint(titled.row, !=, untitled.row);
    g_assert_cmpstr(titled.name, !=, untitled.name);
}

static void put_thread(CkStore *store, const char *id, const char *user, const char *name,
                       const char *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkPreparedThread) thread = ck_prepare_thread((CkSlice){json, strlen(json)}, NULL);
    ck_store_put_thread(store, id, user, name, thread, &(gboolean){0}, &error);
    g_assert_no_error(error);
}

static void a_thread_is_what_its_arguments_say(void)
{
    static const char json[] =
        "{\"id\":\"cthr_9\",\"user\":\"bob\",\"title\":\"Title\",\"created_at\":7}";
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0}, none = {0};
    g_auto(CkUserRow) user = {0};
    put_thread(store, "no-id~1", "ann", "a name", json);
    rows_get_thread(store, "no-id~1", &thread);
    g_assert_cmpstr(thread.name, ==, "a name");
    g_assert_cmpint(thread.created_at, ==, 7);
    g_assert_cmpint(ck_store_user(store, thread.user, &user, NULL), ==, CK_FOUND);
    g_assert_cmpstr(user.id, ==, "ann");
    g_assert_cmpint(ck_store_thread_by_id(store, "cthr_9", &none, NULL), ==, CK_ABSENT);
}

/* Names are as unique as ids are; should they not be, nothing is lost silently. */
static void a_name_that_another_thread_has_is_an_error(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_autoptr(GError) error = NULL;
    g_autoptr(CkPreparedThread) thread = ck_prepare_thread((CkSlice){"{}", 2}, NULL);
    g_auto(CkThreadRow) first = {0}, second = {0};
    put_thread(store, "cthr_1", NULL, "name", "{}");
    g_assert_false(
        ck_store_put_thread(store, "cthr_2", NULL, "name", thread, &(gboolean){0}, &error));
    g_assert_error(error, CK_ERROR, CK_ERROR_STORE);
    g_assert_cmpint(ck_store_thread_by_id(store, "cthr_2", &second, NULL), ==, CK_ABSENT);
    rows_get_thread(store, "cthr_1", &first);
    g_assert_cmpstr(first.name, ==, "name");
}

static void threads_that_look_alike_are_told_apart_by_their_ids(void)
{
    static const char *const ids[] = {"cthr_1",          "CTHR_1",       "\xff\"\\ud83d\"",
                                      "\xff\"\\ud83e\"", "\xff\"\xe9\"", "\xff\"\xe8\""};
    g_autoptr(CkStore) store = rows_new_store();
    for (int round = 0; round < 2; round++)
        for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
            g_autofree char *name = ck_name_thread("Title", ids[i]);
            put_thread(store, ids[i], NULL, name, "{\"title\":\"Title\"}");
        }
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_auto(CkThreadRow) thread = {0}, named = {0};
        rows_get_thread(store, ids[i], &thread);
        g_assert_cmpint(thread.row, ==, i + 1);
        g_assert_cmpstr(thread.id, ==, ids[i]);
        g_assert_cmpint(ck_store_thread_named(store, thread.name, &named, NULL), ==, CK_FOUND);
        g_assert_cmpint(named.row, ==, thread.row);
    }
}

/* Users */

static void threads_without_a_user_belong_to_one_row(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) one = {0}, two = {0}, three = {0};
    g_auto(CkUserRow) none = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"user\":null}");
    rows_put_thread(store, "{\"id\":\"cthr_2\"}");
    rows_put_thread(store, "{\"id\":\"cthr_3\",\"user\":\"\"}");
    rows_get_thread(store, "cthr_1", &one);
    rows_get_thread(store, "cthr_2", &two);
    rows_get_thread(store, "cthr_3", &three);

    g_assert_cmpint(one.user, ==, two.user);
    g_assert_cmpint(one.user, ==, three.user);
    g_assert_cmpint(ck_store_user_named(store, "%none", &none, NULL), ==, CK_FOUND);
    g_assert_cmpint(none.row, ==, one.user);
    g_assert_cmpstr(none.id, ==, "");
}

static void a_user_has_one_row_and_the_time_of_the_newest_thread(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkUserRow) user = {0};
    g_auto(CkThreadRow) one = {0}, two = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"user\":\"org/team\",\"created_at\":30}");
    rows_put_thread(store, "{\"id\":\"cthr_2\",\"user\":\"org/team\",\"created_at\":20}");
    rows_get_thread(store, "cthr_1", &one);
    rows_get_thread(store, "cthr_2", &two);

    g_assert_cmpint(one.user, ==, two.user);
    g_assert_cmpint(ck_store_user_named(store, "org%2Fteam", &user, NULL), ==, CK_FOUND);
    g_assert_cmpint(user.row, ==, one.user);
    g_assert_cmpstr(user.id, ==, "org/team");
    g_assert_cmpint(user.newest_at, ==, 30);
}

static void users_that_look_alike_are_told_apart(void)
{
    static const char *const users[] = {
        "ann", "Ann", "ann ", "\xff\"\\ud83d\"", "\xff\"\\ud83e\"", "\xff\"\xe9\"", "\xff\"\xe8\""};
    g_autoptr(CkStore) store = rows_new_store();
    gint64 after = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(users); i++) {
        g_autofree char *id = g_strdup_printf("cthr_%zu", i);
        put_thread(store, id, users[i], id, "{}");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(users); i++) {
        g_auto(CkUserRow) user = {0}, named = {0};
        g_assert_cmpint(ck_store_next_user(store, after, &user, NULL), ==, CK_FOUND);
        g_assert_cmpstr(user.id, ==, users[i]);
        g_assert_true(g_utf8_validate(user.name, -1, NULL));
        g_assert_cmpint(ck_store_user_named(store, user.name, &named, NULL), ==, CK_FOUND);
        g_assert_cmpint(named.row, ==, user.row);
        after = user.row;
    }
}

/* Items */

static void items_are_numbered_within_their_thread(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) one = {0}, two = {0};
    g_auto(CkItemRow) first = {0}, second = {0}, other = {0}, by_row = {0}, none = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    rows_put_thread(store, "{\"id\":\"cthr_2\"}");
    rows_put_message(store, "cthr_1", "cthi_1", 1, "a");
    rows_put_message(store, "cthr_2", "cthi_2", 2, "b");
    rows_put_message(store, "cthr_1", "cthi_3", 3, "c");
    rows_get_thread(store, "cthr_1", &one);
    rows_get_thread(store, "cthr_2", &two);
    rows_get_item(store, one.row, 1, &first);
    rows_get_item(store, one.row, 2, &second);
    rows_get_item(store, two.row, 1, &other);

    g_assert_cmpuint(one.items, ==, 2);
    g_assert_cmpuint(two.items, ==, 1);
    g_assert_cmpint(first.created_at, ==, 1);
    g_assert_cmpint(second.created_at, ==, 3);
    g_assert_cmpint(other.created_at, ==, 2);
    g_assert_cmpint(other.thread, ==, two.row);
    g_assert_cmpint(ck_store_item(store, second.row, &by_row, NULL), ==, CK_FOUND);
    g_assert_cmpuint(by_row.number, ==, 2);
    g_assert_cmpint(ck_store_item_numbered(store, one.row, 3, &none, NULL), ==, CK_ABSENT);
}

/* Whatever rows are made of. */
static void no_number_leads_to_another_thread(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) one = {0};
    g_auto(CkItemRow) none = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    rows_put_thread(store, "{\"id\":\"cthr_2\"}");
    rows_put_message(store, "cthr_1", "cthi_1", 1, "a");
    rows_put_message(store, "cthr_2", "cthi_2", 2, "b");
    rows_get_thread(store, "cthr_1", &one);

    for (int bit = 1; bit < 64; bit++) {
        guint64 number = ((guint64)1 << bit) + 1;
        g_assert_cmpint(ck_store_item_numbered(store, one.row, number, &none, NULL), ==, CK_ABSENT);
    }
}

/* What a thread's items are, as they are given. */
typedef struct {
    CkStore *store;
    GString *times; /* their created_at, each followed by a space */
    guint room;     /* how many are wanted */
} Given;

/* A CkStoreTake. */
static gboolean take_item(const CkItemRow *item, gpointer data)
{
    Given *given = data;
    g_auto(CkItemRow) alone = {0};
    rows_get_item(given->store, item->thread, item->number, &alone);
    g_assert_cmpint(item->row, ==, alone.row);
    g_assert_cmpstr(item->role, ==, alone.role);
    g_assert_cmpint(item->created_at, ==, alone.created_at);
    g_assert_cmpint(item->finished, ==, alone.finished);
    g_assert_cmpuint(item->json_size, ==, alone.json_size);
    g_assert_cmpuint(item->md_size, ==, alone.md_size);
    g_assert_cmpuint(item->jsonl_size, ==, alone.jsonl_size);
    g_assert_cmpuint(item->md_offset, ==, alone.md_offset);
    g_assert_cmpuint(item->jsonl_offset, ==, alone.jsonl_offset);
    g_string_append_printf(given->times, "%" G_GINT64_FORMAT " ", item->created_at);
    return --given->room > 0;
}

static void assert_items(CkStore *store, gint64 thread, guint64 from, guint room, CkFound found,
                         const char *times)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    Given given = {store, text, room};
    g_assert_cmpint(ck_store_items(store, thread, from, take_item, &given, &error), ==, found);
    g_assert_no_error(error);
    g_assert_cmpstr(text->str, ==, times);
}

static CkStore *store_with_items_of_two_threads(void)
{
    CkStore *store = rows_new_store();
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    rows_put_thread(store, "{\"id\":\"cthr_2\"}");
    rows_put_message(store, "cthr_1", "cthi_1", 1, "a");
    rows_put_message(store, "cthr_2", "cthi_2", 2, "b");
    rows_put_message(store, "cthr_1", "cthi_3", 3, "c");
    rows_put_message(store, "cthr_1", "cthi_4", 4, "d");
    return store;
}

static void items_are_given_from_a_number_on(void)
{
    g_autoptr(CkStore) store = store_with_items_of_two_threads();
    g_auto(CkThreadRow) one = {0}, two = {0};
    rows_get_thread(store, "cthr_1", &one);
    rows_get_thread(store, "cthr_2", &two);
    assert_items(store, one.row, 1, MANY, CK_ABSENT, "1 3 4 ");
    assert_items(store, one.row, 2, MANY, CK_ABSENT, "3 4 ");
    assert_items(store, one.row, 4, MANY, CK_ABSENT, "");
    assert_items(store, two.row, 1, MANY, CK_ABSENT, "2 ");
    assert_items(store, two.row + 1, 1, MANY, CK_ABSENT, "");
    for (int bit = 2; bit < 64; bit++)
        assert_items(store, one.row, (guint64)1 << bit, MANY, CK_ABSENT, "");
}

static void no_more_items_are_given_than_are_wanted(void)
{
    g_autoptr(CkStore) store = store_with_items_of_two_threads();
    g_auto(CkThreadRow) one = {0};
    rows_get_thread(store, "cthr_1", &one);
    assert_items(store, one.row, 1, 1, CK_FOUND, "1 ");
    assert_items(store, one.row, 1, 2, CK_FOUND, "1 3 ");
    assert_items(store, one.row, 3, 1, CK_FOUND, "4 "); /* that it was the last is not known */
    rows_put_message(store, "cthr_1", "cthi_5", 5, "e");
    assert_items(store, one.row, 3, MANY, CK_ABSENT, "4 5 ");
}

/* A CkStoreTake that does what it may not. */
static gboolean ask_in_turn(const CkItemRow *item, gpointer data)
{
    Given *given = data;
    g_autoptr(GError) error = NULL;
    CkFound found = ck_store_items(given->store, item->thread, 1, ask_in_turn, data, &error);
    g_assert_cmpint(found, ==, CK_FAILED);
    g_assert_error(error, CK_ERROR, CK_ERROR_STORE);
    return take_item(item, data);
}

static void items_asked_for_while_items_are_given_are_an_error(void)
{
    g_autoptr(CkStore) store = store_with_items_of_two_threads();
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) times = g_string_new(NULL);
    g_auto(CkThreadRow) one = {0};
    Given given = {store, times, MANY};
    rows_get_thread(store, "cthr_1", &one);
    CkFound found = ck_store_items(store, one.row, 1, ask_in_turn, &given, &error);
    g_assert_cmpint(found, ==, CK_ABSENT);
    g_assert_no_error(error);
    g_assert_cmpstr(times->str, ==, "1 3 4 ");
}

static void an_item_that_came_before_is_ignored(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) before = {0}, after = {0};
    g_auto(CkItemRow) next = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    rows_put_message(store, "cthr_1", "cthi_1", 1, "a");
    rows_get_thread(store, "cthr_1", &before);
    rows_put_message(store, "cthr_1", "cthi_1", 99, "another text");
    rows_get_thread(store, "cthr_1", &after);
    g_assert_cmpuint(after.items, ==, 1);
    g_assert_cmpuint(after.md_size, ==, before.md_size);
    g_assert_cmpint(after.newest_at, ==, 1);

    rows_put_message(store, "cthr_1", "cthi_2", 2, "b");
    rows_get_item(store, after.row, 2, &next);
    g_assert_cmpint(next.created_at, ==, 2);
}

static void the_same_item_id_in_two_threads_is_two_items(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) one = {0}, two = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    rows_put_thread(store, "{\"id\":\"cthr_2\"}");
    rows_put_message(store, "cthr_1", "cthi_1", 1, "a");
    rows_put_message(store, "cthr_2", "cthi_1", 1, "a");
    rows_get_thread(store, "cthr_1", &one);
    rows_get_thread(store, "cthr_2", &two);
    g_assert_cmpuint(one.items, ==, 1);
    g_assert_cmpuint(two.items, ==, 1);
}

/* What the JSON says of an id is the pager's to judge. */
static void items_are_told_apart_by_the_ids_they_are_given(void)
{
    static const char json[] = "{\"id\":\"cthi_1\",\"type\":\"task\"}";
    static const struct {
        const char *id;
        guint items; /* with it */
    } steps[] = {
        {"cthi_1", 1},
        {"no-id~1", 2},
        {"no-id~2", 3},
        {"cthi_1", 3},
        {"CTHI_1", 4},
        {"cthi_1 ", 5},
        {"no-id~1", 5},
        /* lone surrogates, and bytes that are not UTF-8 */
        {"\xff\"\\ud83d\"", 6},
        {"\xff\"\\ud83e\"", 7},
        {"\xff\"\\ud83d\"", 7},
        {"\xff\"\xe9\"", 8},
        {"\xff\"\xe8\"", 9},
        {"\xff\"\xe9\"", 9},
    };
    g_autoptr(CkStore) store = rows_new_store();
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(CkPreparedItem) item = ck_prepare_item((CkSlice){json, strlen(json)}, NULL);
        g_auto(CkThreadRow) thread = {0};
        rows_get_thread(store, "cthr_1", &thread);
        g_assert_true(ck_store_put_item(store, &thread, steps[i].id, item, &(gint64){0}, NULL));
        g_assert_true(ck_store_put_totals(store, &thread, NULL));
        g_assert_cmpuint(thread.items, ==, steps[i].items);
    }
}

static void an_unfinished_item_is_marked(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) running = {0}, ended = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    rows_put_item(store, "cthr_1", "{\"type\":\"client_tool_call\",\"status\":\"in_progress\"}");
    rows_put_item(store, "cthr_1", "{\"type\":\"client_tool_call\",\"status\":\"completed\"}");
    rows_get_thread(store, "cthr_1", &thread);
    rows_get_item(store, thread.row, 1, &running);
    rows_get_item(store, thread.row, 2, &ended);
    g_assert_false(running.finished);
    g_assert_true(ended.finished);
}

static void an_item_without_a_time_has_that_of_its_thread(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) item = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"created_at\":700}");
    rows_put_message(store, "cthr_1", "cthi_1", 0, "a");
    rows_get_thread(store, "cthr_1", &thread);
    rows_get_item(store, thread.row, 1, &item);
    g_assert_cmpint(item.created_at, ==, 700);
    g_assert_cmpint(thread.newest_at, ==, 700);
}

static void newest_is_the_time_of_the_newest_item(void)
{
    static const struct {
        gint64 item, newest;
    } steps[] = {{40, 40}, {90, 90}, {60, 90}, {0, 90}};
    g_autoptr(CkStore) store = rows_new_store();
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"created_at\":50}");
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autofree char *id = g_strdup_printf("cthi_%zu", i);
        g_auto(CkThreadRow) thread = {0};
        rows_put_message(store, "cthr_1", id, steps[i].item, "a");
        rows_get_thread(store, "cthr_1", &thread);
        g_assert_cmpint(thread.newest_at, ==, steps[i].newest);
    }
}

static void newest_of_a_thread_without_items_follows_its_time(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"created_at\":50}");
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"created_at\":60}");
    rows_get_thread(store, "cthr_1", &thread);
    g_assert_cmpint(thread.newest_at, ==, 60);
}

static void offsets_are_the_sums_of_the_sizes_before(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0};
    guint64 md = 0, jsonl = 0;
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    ck_store_begin(store, NULL);
    for (guint i = 1; i <= MANY; i++) {
        g_autofree char *id = g_strdup_printf("cthi_%u", i);
        g_autofree char *text = g_strnfill(i % 97, 'x');
        rows_put_message(store, "cthr_1", id, i, text);
    }
    g_assert_true(ck_store_commit(store, NULL));
    rows_get_thread(store, "cthr_1", &thread);
    for (guint i = 1; i <= MANY; i++) {
        g_auto(CkItemRow) item = {0};
        rows_get_item(store, thread.row, i, &item);
        g_assert_cmpint(item.created_at, ==, i);
        g_assert_cmpuint(item.md_offset, ==, md);
        g_assert_cmpuint(item.jsonl_offset, ==, jsonl);
        md += item.md_size;
        jsonl += item.jsonl_size;
    }
    g_assert_cmpuint(thread.items, ==, MANY);
    g_assert_cmpuint(thread.md_size, ==, md);
    g_assert_cmpuint(thread.jsonl_size, ==, jsonl);
    g_assert_cmpint(thread.newest_at, ==, MANY);
}

/* Walking */

static void put_threads_of_two_users(CkStore *store)
{
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"user\":\"ann\"}");
    rows_put_thread(store, "{\"id\":\"cthr_2\",\"user\":\"bob\"}");
    rows_put_thread(store, "{\"id\":\"cthr_3\",\"user\":\"ann\"}");
    rows_put_thread(store, "{\"id\":\"cthr_4\"}");
    /* An update does not move a row. */
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"user\":\"ann\",\"title\":\"New\"}");
}

/* The ids of the threads in the order of ck_store_next_thread(). */
static char *walk_threads(CkStore *store, gint64 user)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    guint64 after = 0;
    for (;;) {
        g_auto(CkThreadRow) thread = {0};
        if (ck_store_next_thread(store, user, after, G_MAXINT64, &thread, NULL) != CK_FOUND)
            return g_strdup(ids->str);
        g_string_append_printf(ids, "%s ", thread.id);
        g_assert_cmpuint(thread.place, >, after);
        after = thread.place;
    }
}

static void threads_follow_in_the_order_they_came(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    put_threads_of_two_users(store);
    g_autofree char *all = walk_threads(store, 0);
    g_assert_cmpstr(all, ==, "cthr_1 cthr_2 cthr_3 cthr_4 ");
}

static void threads_of_one_user_follow_alone(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkUserRow) ann = {0}, none = {0};
    put_threads_of_two_users(store);
    g_assert_cmpint(ck_store_user_named(store, "ann", &ann, NULL), ==, CK_FOUND);
    g_assert_cmpint(ck_store_user_named(store, "%none", &none, NULL), ==, CK_FOUND);
    g_autofree char *of_ann = walk_threads(store, ann.row);
    g_autofree char *of_none = walk_threads(store, none.row);
    g_autofree char *of_unknown = walk_threads(store, 4711);
    g_assert_cmpstr(of_ann, ==, "cthr_1 cthr_3 ");
    g_assert_cmpstr(of_none, ==, "cthr_4 ");
    g_assert_cmpstr(of_unknown, ==, "");
}

/* The ids of the threads in the order of ck_store_previous_thread(). */
static char *walk_back(CkStore *store, gint64 user, guint64 before)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    for (;;) {
        g_auto(CkThreadRow) thread = {0};
        if (ck_store_previous_thread(store, user, before, &thread, NULL) != CK_FOUND)
            return g_strdup(ids->str);
        g_string_append_printf(ids, "%s ", thread.id);
        g_assert_cmpuint(thread.place, <, before);
        before = thread.place;
    }
}

static void tells_whether_a_thread_has_changed(void)
{
    static const struct {
        const char *json;
        gboolean changed;
    } steps[] = {
        {"{\"title\":\"One\"}", FALSE}, {"{\"title\":\"One\"}", FALSE},
        {"{\"title\":\"Two\"}", TRUE},  {"{\"title\":\"Two\"}", FALSE},
        {"{\"title\": \"Two\"}", TRUE},
    };
    g_autoptr(CkStore) store = rows_new_store();
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(CkPreparedThread) thread =
            ck_prepare_thread((CkSlice){steps[i].json, strlen(steps[i].json)}, NULL);
        gboolean changed = !steps[i].changed;
        g_assert_true(ck_store_put_thread(store, "cthr_1", NULL, "name", thread, &changed, NULL));
        g_assert_cmpint(changed, ==, steps[i].changed);
    }
}

/* A thread that was retrieved by its id, and is in no listing. */
static void put_unlisted(CkStore *store, const char *id, const char *name)
{
    g_autoptr(CkPreparedThread) thread = ck_prepare_thread((CkSlice){"{}", 2}, NULL);
    g_assert_true(ck_store_put_thread(store, id, "ann", name, thread, &(gboolean){0}, NULL));
}

static void threads_precede_in_the_order_they_came(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkUserRow) ann = {0};
    g_auto(CkThreadRow) third = {0};
    put_unlisted(store, "cthr_0", "A.cthr_0");
    put_threads_of_two_users(store);
    put_unlisted(store, "cthr_9", "Z.cthr_9");
    g_assert_cmpint(ck_store_user_named(store, "ann", &ann, NULL), ==, CK_FOUND);
    rows_get_thread(store, "cthr_3", &third);
    g_autofree char *all = walk_back(store, 0, G_MAXINT64);
    g_autofree char *rest = walk_back(store, 0, third.place);
    g_autofree char *of_ann = walk_back(store, ann.row, G_MAXINT64);
    g_autofree char *of_ann_rest = walk_back(store, ann.row, third.place);
    g_autofree char *of_unknown = walk_back(store, 4711, G_MAXINT64);
    g_autofree char *of_none = walk_back(store, 0, 0);
    g_assert_cmpstr(all, ==, "cthr_4 cthr_3 cthr_2 cthr_1 ");
    g_assert_cmpstr(rest, ==, "cthr_2 cthr_1 ");
    g_assert_cmpstr(of_ann, ==, "cthr_3 cthr_1 ");
    g_assert_cmpstr(of_ann_rest, ==, "cthr_1 ");
    g_assert_cmpstr(of_unknown, ==, "");
    g_assert_cmpstr(of_none, ==, "");
}

static void threads_follow_by_name_as_bytes_compare(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_autoptr(GString) names = g_string_new("");
    g_autofree char *after = g_strdup("");
    put_unlisted(store, "cthr_0", "Ba.cthr_0");
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"b\"}");
    rows_put_thread(store, "{\"id\":\"cthr_2\",\"title\":\"é\"}");
    rows_put_thread(store, "{\"id\":\"cthr_3\",\"title\":\"B\"}");
    rows_put_thread(store, "{\"id\":\"cthr_4\",\"title\":\"a\"}");
    rows_put_thread(store, "{\"id\":\"cthr_5\",\"title\":\"Old\"}");
    rows_put_thread(store, "{\"id\":\"cthr_5\",\"title\":\"New\"}"); /* by its present name alone */
    for (;;) {
        g_auto(CkThreadRow) thread = {0};
        if (ck_store_next_named(store, after, &thread, NULL) != CK_FOUND)
            break;
        g_string_append_printf(names, "%s ", thread.name);
        g_free(after);
        after = g_strdup(thread.name);
    }
    g_assert_cmpstr(names->str, ==, "B.cthr_3 New.cthr_5 a.cthr_4 b.cthr_1 é.cthr_2 ");
}

static void users_follow_in_the_order_they_came(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_autoptr(GString) names = g_string_new(NULL);
    gint64 after = 0;
    CkFound found;
    put_threads_of_two_users(store);
    do {
        g_auto(CkUserRow) user = {0};
        found = ck_store_next_user(store, after, &user, NULL);
        g_string_append_printf(names, "%s ", user.name ? user.name : "end");
        after = user.row;
    } while (found == CK_FOUND);
    g_assert_cmpstr(names->str, ==, "ann bob %none end ");
}

static void what_is_not_there_is_absent(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_autoptr(GError) error = NULL;
    g_auto(CkUserRow) user = {0};
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) item = {0};
    g_assert_cmpint(ck_store_user(store, 1, &user, &error), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_user_named(store, "ann", &user, &error), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_next_user(store, 0, &user, &error), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_thread(store, 1, &thread, &error), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_thread_by_id(store, "cthr_1", &thread, &error), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_thread_named(store, "a.cthr_1", &thread, &error), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_next_thread(store, 0, 0, G_MAXINT64, &thread, &error), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_item(store, 1, &item, &error), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_item_numbered(store, 1, 1, &item, &error), ==, CK_ABSENT);
    g_assert_no_error(error);

    g_assert_null(ck_store_thread_json(store, 1, &error));
    g_assert_error(error, CK_ERROR, CK_ERROR_STORE);
    g_clear_error(&error);
    g_assert_null(ck_store_item_json(store, 1, &error));
    g_assert_error(error, CK_ERROR, CK_ERROR_STORE);
}

static void a_row_that_must_be_there_is_an_error_if_missing(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ck_store_must_find(CK_FOUND, &error));
    g_assert_no_error(error);
    g_assert_false(ck_store_must_find(CK_ABSENT, &error));
    g_assert_error(error, CK_ERROR, CK_ERROR_STORE);
    g_clear_error(&error);
    g_assert_false(ck_store_must_find(CK_FAILED, &error)); /* its error is set already */
    g_assert_no_error(error);
}

/* Listings and transactions */

static void assert_listing(CkStore *store, const char *key, const char *cursor, gboolean complete)
{
    g_auto(CkListingState) state = {0};
    g_assert_true(ck_store_listing(store, key, &state, NULL));
    g_assert_cmpstr(state.cursor, ==, cursor);
    g_assert_cmpint(state.complete, ==, complete);
}

static void a_listing_goes_from_unread_to_complete(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    assert_listing(store, "threads:", NULL, FALSE);
    g_assert_true(ck_store_put_listing(store, "threads:", "cthr_9", FALSE, NULL));
    assert_listing(store, "threads:", "cthr_9", FALSE);
    g_assert_true(ck_store_put_listing(store, "threads:", NULL, TRUE, NULL));
    assert_listing(store, "threads:", NULL, TRUE);
    assert_listing(store, "items:cthr_1", NULL, FALSE);
}

static void a_rollback_undoes_everything_since_begin(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) kept = {0}, gone = {0}, former = {0};
    g_auto(CkUserRow) user = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"Kept\"}");
    g_assert_true(ck_store_begin(store, NULL));
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"Changed\"}");
    rows_put_thread(store, "{\"id\":\"cthr_2\",\"user\":\"bob\"}");
    rows_put_message(store, "cthr_1", "cthi_1", 5, "a");
    ck_store_put_listing(store, "threads:", "cthr_2", FALSE, NULL);
    ck_store_rollback(store);

    rows_get_thread(store, "cthr_1", &kept);
    g_assert_cmpstr(kept.name, ==, "Kept.cthr_1");
    g_assert_cmpuint(kept.items, ==, 0);
    g_assert_cmpuint(kept.md_size, ==, 0);
    g_assert_cmpint(ck_store_thread_named(store, "Changed.cthr_1", &former, NULL), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_thread_by_id(store, "cthr_2", &gone, NULL), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_user_named(store, "bob", &user, NULL), ==, CK_ABSENT);
    assert_listing(store, "threads:", NULL, FALSE);
}

static void after_a_rollback_the_next_transaction_works(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) item = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    g_assert_true(ck_store_begin(store, NULL));
    rows_put_message(store, "cthr_1", "cthi_1", 5, "undone");
    ck_store_rollback(store);
    ck_store_rollback(store); /* nothing to undo: nothing happens */
    g_assert_true(ck_store_begin(store, NULL));
    rows_put_message(store, "cthr_1", "cthi_1", 6, "done");
    g_assert_true(ck_store_commit(store, NULL));
    rows_get_thread(store, "cthr_1", &thread);
    rows_get_item(store, thread.row, 1, &item);
    g_assert_cmpuint(thread.items, ==, 1);
    g_assert_cmpint(item.created_at, ==, 6);
    /* They have the same row. */
    g_autoptr(GBytes) json = ck_store_item_json(store, item.row, NULL);
    g_autofree char *text = g_strndup(g_bytes_get_data(json, NULL), g_bytes_get_size(json));
    g_assert_nonnull(strstr(text, "\"done\""));
}

/* What is kept of the last items is what the database has of them. */
static void recent_items_are_as_they_are_read_later(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) first = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    rows_put_message(store, "cthr_1", "cthi_1", 5, "first");
    rows_get_thread(store, "cthr_1", &thread);
    rows_get_item(store, thread.row, 1, &first);
    const CkRecentItem *recent = ck_store_recent_item(store, first.row);
    g_assert_nonnull(recent);
    g_assert_cmpuint(g_bytes_get_size(recent->md), ==, first.md_size);
    g_autoptr(GBytes) json = g_bytes_ref(recent->json);
    g_autofree char *large = g_strnfill(60 * 1024, 'x');
    for (int i = 2; ck_store_recent_item(store, first.row); i++) {
        g_autofree char *id = g_strdup_printf("cthi_%d", i);
        rows_put_message(store, "cthr_1", id, 5, large);
    }
    g_autoptr(GBytes) later = ck_store_item_json(store, first.row, NULL);
    g_assert_true(g_bytes_equal(later, json));
}

static void a_transaction_in_a_transaction_is_an_error(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_autoptr(GError) error = NULL;
    g_assert_true(ck_store_begin(store, &error));
    g_assert_false(ck_store_begin(store, &error));
    g_assert_error(error, CK_ERROR, CK_ERROR_STORE);
}

/* While the number is the same, so is what was read. */
static void changes_grow_with_all_that_is_written(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_autoptr(CkPreparedItem) item = ck_prepare_item((CkSlice){"{}", 2}, NULL);
    g_auto(CkThreadRow) row = {0};
    gint64 before = ck_store_changes(store);
    put_thread(store, "cthr_1", "ann", "One", "{}");
    g_assert_cmpint(ck_store_changes(store), >, before);
    before = ck_store_changes(store);
    put_thread(store, "cthr_1", "ann", "Two", "{\"title\":\"Two\"}");
    g_assert_cmpint(ck_store_changes(store), >, before);
    before = ck_store_changes(store);
    g_assert_true(ck_store_place_thread(store, "cthr_1", CK_PLACE_FRONT, NULL));
    g_assert_cmpint(ck_store_changes(store), >, before);
    before = ck_store_changes(store);
    rows_get_thread(store, "cthr_1", &row);
    g_assert_true(ck_store_put_item(store, &row, "cthi_1", item, &(gint64){0}, NULL));
    g_assert_cmpint(ck_store_changes(store), >, before);
    before = ck_store_changes(store);
    g_assert_true(ck_store_put_listing(store, "threads:", "a", FALSE, NULL));
    g_assert_cmpint(ck_store_changes(store), >, before);
    before = ck_store_changes(store);
    assert_listing(store, "threads:", "a", FALSE);
    g_assert_true(ck_store_begin(store, NULL));
    g_assert_true(ck_store_commit(store, NULL));
    g_assert_cmpint(ck_store_changes(store), ==, before);
}

static void changes_grow_when_what_was_written_is_undone(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) read = {0}, gone = {0};
    g_assert_true(ck_store_begin(store, NULL));
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    gint64 before = ck_store_changes(store);
    rows_get_thread(store, "cthr_1", &read);
    ck_store_rollback(store);
    g_assert_cmpint(ck_store_thread_by_id(store, "cthr_1", &gone, NULL), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_changes(store), >, before);
}

static void stores_are_private(void)
{
    g_autoptr(CkStore) one = rows_new_store();
    g_autoptr(CkStore) two = rows_new_store();
    g_auto(CkThreadRow) thread = {0};
    rows_put_thread(one, "{\"id\":\"cthr_1\"}");
    g_assert_cmpint(ck_store_thread_by_id(two, "cthr_1", &thread, NULL), ==, CK_ABSENT);
}

/* Places */

static void put_and_place(CkStore *store, const char *id, CkPlacing placing)
{
    put_thread(store, id, NULL, id, "{}");
    g_assert_true(ck_store_place_thread(store, id, placing, NULL));
}

static void assert_place(CkStore *store, const char *id, guint64 place)
{
    g_auto(CkThreadRow) thread = {0};
    rows_get_thread(store, id, &thread);
    g_assert_cmpuint(thread.place, ==, place);
}

static void places_of_each_kind_go_on_from_its_last_one(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    put_and_place(store, "front1", CK_PLACE_FRONT);
    put_and_place(store, "back1", CK_PLACE_BACK);
    put_and_place(store, "new1", CK_PLACE_NEW);
    put_and_place(store, "new2", CK_PLACE_NEW);
    put_and_place(store, "back2", CK_PLACE_BACK);
    put_and_place(store, "front2", CK_PLACE_FRONT);

    assert_place(store, "front1", CK_FRONT_PLACE);
    assert_place(store, "front2", CK_FRONT_PLACE + 1);
    assert_place(store, "back1", CK_LAST_PLACE);
    assert_place(store, "back2", CK_LAST_PLACE - 1);
    assert_place(store, "new1", CK_FRONT_PLACE - 1);
    assert_place(store, "new2", CK_FRONT_PLACE - 2);
    g_autofree char *order = walk_threads(store, 0);
    g_assert_cmpstr(order, ==, "new2 new1 front1 front2 back2 back1 ");
}

static void a_place_that_was_given_stays(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    put_and_place(store, "a", CK_PLACE_FRONT);
    for (CkPlacing placing = CK_PLACE_FRONT; placing < CK_PLACINGS; placing++)
        g_assert_true(ck_store_place_thread(store, "a", placing, NULL));
    assert_place(store, "a", CK_FRONT_PLACE);
    put_and_place(store, "b", CK_PLACE_FRONT); /* none was used up */
    put_and_place(store, "c", CK_PLACE_BACK);
    put_and_place(store, "d", CK_PLACE_NEW);
    assert_place(store, "b", CK_FRONT_PLACE + 1);
    assert_place(store, "c", CK_LAST_PLACE);
    assert_place(store, "d", CK_FRONT_PLACE - 1);
}

static void places_go_on_after_a_rollback(void)
{
    static const struct {
        CkPlacing placing;
        guint64 first;
        int step;
    } cases[] = {{CK_PLACE_FRONT, CK_FRONT_PLACE, 1},
                 {CK_PLACE_BACK, CK_LAST_PLACE, -1},
                 {CK_PLACE_NEW, CK_FRONT_PLACE - 1, -1}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkStore) store = rows_new_store();
        g_assert_true(ck_store_begin(store, NULL));
        put_and_place(store, "undone", cases[i].placing);
        ck_store_rollback(store);
        put_and_place(store, "a", cases[i].placing);
        g_assert_true(ck_store_begin(store, NULL));
        put_and_place(store, "undone", cases[i].placing);
        ck_store_rollback(store);
        put_and_place(store, "b", cases[i].placing);
        assert_place(store, "a", cases[i].first);
        assert_place(store, "b", cases[i].first + cases[i].step);
    }
}

static void drop(CkStore *store, const char *id)
{
    g_auto(CkThreadRow) thread = {0};
    rows_get_thread(store, id, &thread);
    g_assert_true(ck_store_drop_thread(store, thread.row, NULL));
}

/* A reader who stands at the place of a thread that is gone would not see who has it next. */
static void no_place_is_given_twice(void)
{
    static const struct {
        CkPlacing placing;
        guint64 second;
    } cases[] = {{CK_PLACE_FRONT, CK_FRONT_PLACE + 1},
                 {CK_PLACE_BACK, CK_LAST_PLACE - 1},
                 {CK_PLACE_NEW, CK_FRONT_PLACE - 2}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CkStore) store = rows_new_store();
        put_and_place(store, "a", cases[i].placing);
        drop(store, "a");
        g_assert_true(ck_store_begin(store, NULL));
        put_and_place(store, "undone", cases[i].placing);
        ck_store_rollback(store);
        put_and_place(store, "b", cases[i].placing);
        assert_place(store, "b", cases[i].second);
        ck_store_rollback(store); /* of nothing */
        put_and_place(store, "c", cases[i].placing);
    }
}

/* What is gone */

static void set_listed(CkStore *store, const char *id, gboolean is_placed)
{
    gboolean placed = !is_placed;
    g_assert_true(ck_store_set_listed(store, id, &placed, NULL));
    g_assert_cmpint(placed, ==, is_placed);
}

/* The ids of all that ck_store_next_unlisted() gives. */
static void assert_unlisted(CkStore *store, gint64 user, gint64 max_row, gint64 created_at,
                            const char *expected)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    gint64 after = 0;
    for (;;) {
        g_auto(CkThreadRow) thread = {0};
        CkFound found =
            ck_store_next_unlisted(store, user, after, max_row, created_at, &thread, NULL);
        g_assert_cmpint(found, !=, CK_FAILED);
        if (found == CK_ABSENT)
            break;
        g_assert_cmpint(thread.row, >, after);
        after = thread.row;
        g_string_append_printf(ids, "%s%s", ids->len ? " " : "", thread.id);
    }
    g_assert_cmpstr(ids->str, ==, expected);
}

static void tells_which_threads_were_not_listed(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkUserRow) ann = {0};
    g_auto(CkThreadRow) third = {0};
    put_unlisted(store, "retrieved", "retrieved");
    rows_put_thread(store, "{\"id\":\"a\",\"user\":\"ann\",\"created_at\":40}");
    rows_put_thread(store, "{\"id\":\"b\",\"user\":\"bob\",\"created_at\":30}");
    rows_put_thread(store, "{\"id\":\"c\",\"user\":\"ann\",\"created_at\":20}");
    rows_put_thread(store, "{\"id\":\"d\",\"user\":\"bob\"}");
    rows_get_thread(store, "c", &third);
    g_assert_cmpint(ck_store_user_named(store, "ann", &ann, NULL), ==, CK_FOUND);

    assert_unlisted(store, 0, G_MAXINT64, 0, "retrieved a b c d");
    assert_unlisted(store, ann.row, G_MAXINT64, 0, "retrieved a c");
    assert_unlisted(store, 4711, G_MAXINT64, 0, "");
    assert_unlisted(store, 0, third.row, 0, "retrieved a b c");
    assert_unlisted(store, 0, third.row - 1, 0, "retrieved a b");
    assert_unlisted(store, 0, G_MAXINT64, 30, "a b");
    assert_unlisted(store, 0, G_MAXINT64, 31, "a");
    assert_unlisted(store, ann.row, third.row - 1, 20, "a");

    set_listed(store, "a", TRUE);
    set_listed(store, "a", TRUE);
    set_listed(store, "d", TRUE);
    set_listed(store, "retrieved", FALSE);
    assert_unlisted(store, 0, G_MAXINT64, 0, "b c");
    g_assert_true(ck_store_forget_listed(store, NULL));
    assert_unlisted(store, 0, G_MAXINT64, 0, "retrieved a b c d");
}

static void what_was_listed_is_undone_by_a_rollback(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    rows_put_thread(store, "{\"id\":\"a\"}");
    g_assert_true(ck_store_begin(store, NULL));
    set_listed(store, "a", TRUE);
    ck_store_rollback(store);
    assert_unlisted(store, 0, G_MAXINT64, 0, "a");
}

static void a_thread_that_is_not_known_can_not_be_listed(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_autoptr(GError) error = NULL;
    g_assert_false(ck_store_set_listed(store, "a", &(gboolean){0}, &error));
    g_assert_error(error, CK_ERROR, CK_ERROR_STORE);
}

static void the_newest_row_counts_those_that_are_gone(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0};
    g_assert_cmpint(ck_store_newest_row(store, NULL), ==, 0);
    rows_put_thread(store, "{\"id\":\"a\"}");
    rows_put_thread(store, "{\"id\":\"b\"}");
    rows_get_thread(store, "b", &thread);
    g_assert_cmpint(ck_store_newest_row(store, NULL), ==, thread.row);
    drop(store, "b");
    g_assert_cmpint(ck_store_newest_row(store, NULL), ==, thread.row);
}

/* Dropping */

static void a_dropped_thread_takes_all_that_is_known_of_it(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) gone = {0}, kept = {0}, none = {0};
    g_auto(CkItemRow) item = {0};
    static const char *const names[] = {"cthr_1", "One.cthr_1", "Two.cthr_1"};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"One\"}");
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"Two\"}");
    rows_put_thread(store, "{\"id\":\"cthr_2\",\"title\":\"One\"}");
    rows_put_thread(store, "{\"id\":\"cthr_2\",\"title\":\"Two\"}");
    rows_put_message(store, "cthr_1", "cthi_1", 5, "gone");
    rows_put_message(store, "cthr_1", "cthi_2", 6, "gone");
    rows_put_message(store, "cthr_2", "cthi_1", 7, "kept");
    g_assert_true(ck_store_put_listing(store, "items:cthr_1", "cthi_2", FALSE, NULL));
    g_assert_true(ck_store_put_listing(store, "items:cthr_2", "cthi_1", FALSE, NULL));
    g_assert_true(ck_store_put_listing(store, "threads:", "cthr_1", FALSE, NULL));
    rows_get_thread(store, "cthr_1", &gone);
    rows_get_thread(store, "cthr_2", &kept);
    g_assert_true(ck_store_drop_thread(store, gone.row, NULL));

    g_assert_cmpint(ck_store_thread(store, gone.row, &none, NULL), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_thread_by_id(store, "cthr_1", &none, NULL), ==, CK_ABSENT);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_cmpint(ck_store_thread_named(store, names[i], &none, NULL), ==, CK_ABSENT);
    for (guint64 number = 1; number <= 2; number++)
        g_assert_cmpint(ck_store_item_numbered(store, gone.row, number, &item, NULL), ==,
                        CK_ABSENT);
    assert_listing(store, "items:cthr_1", NULL, FALSE);
    /* and nothing of others */
    g_assert_cmpint(ck_store_thread_named(store, "One.cthr_2", &none, NULL), ==, CK_FOUND);
    g_assert_cmpint(none.row, ==, kept.row);
    rows_get_item(store, kept.row, 1, &item);
    assert_listing(store, "items:cthr_2", "cthi_1", FALSE);
    assert_listing(store, "threads:", "cthr_1", FALSE);
}

static void a_user_goes_with_the_last_thread(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkUserRow) ann = {0}, bob = {0}, again = {0}, gone = {0};
    rows_put_thread(store, "{\"id\":\"a\",\"user\":\"ann\"}");
    rows_put_thread(store, "{\"id\":\"b\",\"user\":\"ann\"}");
    put_unlisted(store, "c", "c"); /* of ann */
    rows_put_thread(store, "{\"id\":\"d\",\"user\":\"bob\"}");
    g_assert_cmpint(ck_store_user_named(store, "ann", &ann, NULL), ==, CK_FOUND);
    static const char *const ids[] = {"a", "b", "c"};
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_auto(CkUserRow) user = {0};
        g_assert_cmpint(ck_store_user(store, ann.row, &user, NULL), ==, CK_FOUND);
        drop(store, ids[i]);
    }
    g_assert_cmpint(ck_store_user(store, ann.row, &gone, NULL), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_user_named(store, "bob", &bob, NULL), ==, CK_FOUND);

    rows_put_thread(store, "{\"id\":\"e\",\"user\":\"ann\"}");
    g_assert_cmpint(ck_store_user_named(store, "ann", &again, NULL), ==, CK_FOUND);
    g_assert_cmpint(again.row, >, bob.row); /* inode numbers are made of rows */
}

static void rows_of_dropped_threads_are_not_used_again(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) before = {0}, after = {0};
    g_auto(CkItemRow) item = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    rows_put_message(store, "cthr_1", "cthi_1", 5, "text");
    rows_get_thread(store, "cthr_1", &before);
    drop(store, "cthr_1");
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    rows_get_thread(store, "cthr_1", &after);
    g_assert_cmpint(after.row, >, before.row);
    g_assert_cmpuint(after.items, ==, 0);
    g_assert_cmpint(ck_store_item_numbered(store, after.row, 1, &item, NULL), ==, CK_ABSENT);
}

static void dropping_is_undone_by_a_rollback(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) before = {0}, after = {0};
    g_auto(CkItemRow) item = {0};
    g_auto(CkUserRow) user = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"user\":\"ann\"}");
    rows_put_message(store, "cthr_1", "cthi_1", 5, "text");
    rows_get_thread(store, "cthr_1", &before);
    g_assert_true(ck_store_begin(store, NULL));
    drop(store, "cthr_1");
    ck_store_rollback(store);
    rows_get_thread(store, "cthr_1", &after);
    g_assert_cmpint(after.row, ==, before.row);
    g_assert_cmpuint(after.place, ==, before.place);
    rows_get_item(store, after.row, 1, &item);
    g_assert_cmpint(ck_store_user(store, after.user, &user, NULL), ==, CK_FOUND);
}

static void a_thread_behind_another_is_found(void)
{
    static const struct {
        gboolean of_ann;
        guint after; /* the place, counted from the first one; 0: from the beginning */
        guint skip;
        const char *id; /* NULL: there is none */
    } cases[] = {
        {FALSE, 0, 0, "cthr_1"}, {FALSE, 0, 1, "cthr_2"}, {FALSE, 0, 3, "cthr_4"},
        {FALSE, 0, 4, NULL},     {FALSE, 1, 0, "cthr_2"}, {FALSE, 2, 1, "cthr_4"},
        {FALSE, 4, 0, NULL},     {TRUE, 0, 0, "cthr_1"},  {TRUE, 0, 1, "cthr_3"},
        {TRUE, 0, 2, NULL},      {TRUE, 1, 0, "cthr_3"},  {TRUE, 2, 0, "cthr_3"},
        {TRUE, 3, 0, NULL},
    };
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkUserRow) ann = {0};
    put_unlisted(store, "cthr_0", "cthr_0"); /* it is behind none */
    put_threads_of_two_users(store);
    g_assert_cmpint(ck_store_user_named(store, "ann", &ann, NULL), ==, CK_FOUND);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(CkThreadRow) thread = {0};
        guint64 after = cases[i].after ? CK_FRONT_PLACE - 1 + cases[i].after : 0;
        CkFound found = ck_store_thread_behind(store, cases[i].of_ann ? ann.row : 0, after,
                                               cases[i].skip, &thread, NULL);
        g_assert_cmpint(found, ==, cases[i].id ? CK_FOUND : CK_ABSENT);
        g_assert_cmpstr(thread.id, ==, cases[i].id);
    }
}

static void assert_listings(CkStore *store, const char *prefix, const char *expected)
{
    g_autoptr(GPtrArray) keys = ck_store_listings(store, prefix, NULL);
    g_autoptr(GString) all = g_string_new(NULL);
    g_assert_nonnull(keys);
    for (guint i = 0; i < keys->len; i++)
        g_string_append_printf(all, "%s%s", i ? " " : "", (char *)g_ptr_array_index(keys, i));
    g_assert_cmpstr(all->str, ==, expected);
}

static void listings_are_found_by_how_their_keys_begin(void)
{
    static const char *const keys[] = {"threads:",     "user:ann",     "user:b%_*",
                                       "items:cthr_1", "username:bob", "USER:carl"};
    g_autoptr(CkStore) store = rows_new_store();
    assert_listings(store, "user:", "");
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        g_assert_true(ck_store_put_listing(store, keys[i], "cursor", i % 2, NULL));
    assert_listings(store, "user:", "ann b%_*");
    assert_listings(store, "user:b%_", "*");
    assert_listings(store, "items:", "cthr_1");
    assert_listings(store, "us_r:", "");
    g_assert_true(ck_store_put_listing(store, "user:ürgen", NULL, TRUE, NULL));
    assert_listings(store, "user:ü", "rgen");
}

/* How much is known */

static void assert_counts(CkStore *store, gint64 users, gint64 threads, gint64 listed, gint64 items)
{
    CkStoreCounts counts;
    g_assert_true(ck_store_counts(store, &counts, NULL));
    g_assert_cmpint(counts.users, ==, users);
    g_assert_cmpint(counts.threads, ==, threads);
    g_assert_cmpint(counts.listed, ==, listed);
    g_assert_cmpint(counts.items, ==, items);
}

static void what_comes_and_goes_is_counted(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0};
    assert_counts(store, 0, 0, 0, 0);
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"user\":\"ann\"}");
    rows_put_thread(store, "{\"id\":\"cthr_2\",\"user\":\"ben\"}");
    rows_put_thread(store, "{\"id\":\"cthr_3\"}"); /* of no user */
    put_unlisted(store, "cthr_4", "cthr_4");
    rows_put_message(store, "cthr_1", "cthi_1", 1, "a");
    rows_put_message(store, "cthr_1", "cthi_2", 1, "b");
    rows_put_message(store, "cthr_2", "cthi_3", 1, "c");
    assert_counts(store, 2, 4, 3, 3);
    /* What is known already. */
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"user\":\"ann\",\"title\":\"new\"}");
    rows_put_message(store, "cthr_1", "cthi_2", 1, "b");
    assert_counts(store, 2, 4, 3, 3);
    rows_get_thread(store, "cthr_2", &thread);
    g_assert_true(ck_store_drop_thread(store, thread.row, NULL));
    assert_counts(store, 1, 3, 2, 2);
}

static void what_is_undone_is_not_counted(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"user\":\"ann\"}");
    g_assert_true(ck_store_begin(store, NULL));
    rows_put_thread(store, "{\"id\":\"cthr_2\",\"user\":\"ben\"}");
    rows_put_message(store, "cthr_1", "cthi_1", 1, "a");
    ck_store_rollback(store);
    rows_put_message(store, "cthr_1", "cthi_2", 1, "b");
    assert_counts(store, 1, 1, 1, 1);
    g_assert_true(ck_store_begin(store, NULL));
    rows_put_thread(store, "{\"id\":\"cthr_3\",\"user\":\"ben\"}");
    g_assert_true(ck_store_commit(store, NULL));
    assert_counts(store, 2, 2, 2, 1);
}

#define TEST(name) g_test_add_func("/store/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_thread_becomes_a_row);
    TEST(sizes_are_those_of_the_renderers);
    TEST(json_is_kept_as_it_was_sent);
    TEST(a_new_title_keeps_the_row_and_the_former_names);
    TEST(a_title_may_come_back);
    TEST(an_update_keeps_the_items);
    TEST(threads_of_one_name_are_both_kept);
    TEST(a_thread_is_what_its_arguments_say);
    TEST(a_name_that_another_thread_has_is_an_error);
    TEST(threads_that_look_alike_are_told_apart_by_their_ids);
    TEST(threads_without_a_user_belong_to_one_row);
    TEST(users_that_look_alike_are_told_apart);
    TEST(a_user_has_one_row_and_the_time_of_the_newest_thread);
    TEST(items_are_numbered_within_their_thread);
    TEST(no_number_leads_to_another_thread);
    TEST(items_are_given_from_a_number_on);
    TEST(no_more_items_are_given_than_are_wanted);
    TEST(items_asked_for_while_items_are_given_are_an_error);
    TEST(an_item_that_came_before_is_ignored);
    TEST(the_same_item_id_in_two_threads_is_two_items);
    TEST(items_are_told_apart_by_the_ids_they_are_given);
    TEST(an_unfinished_item_is_marked);
    TEST(an_item_without_a_time_has_that_of_its_thread);
    TEST(newest_is_the_time_of_the_newest_item);
    TEST(newest_of_a_thread_without_items_follows_its_time);
    TEST(offsets_are_the_sums_of_the_sizes_before);
    TEST(threads_follow_in_the_order_they_came);
    TEST(threads_of_one_user_follow_alone);
    TEST(tells_whether_a_thread_has_changed);
    TEST(threads_precede_in_the_order_they_came);
    TEST(threads_follow_by_name_as_bytes_compare);
    TEST(users_follow_in_the_order_they_came);
    TEST(what_is_not_there_is_absent);
    TEST(a_row_that_must_be_there_is_an_error_if_missing);
    TEST(a_listing_goes_from_unread_to_complete);
    TEST(a_rollback_undoes_everything_since_begin);
    TEST(after_a_rollback_the_next_transaction_works);
    TEST(recent_items_are_as_they_are_read_later);
    TEST(a_transaction_in_a_transaction_is_an_error);
    TEST(places_of_each_kind_go_on_from_its_last_one);
    TEST(a_place_that_was_given_stays);
    TEST(places_go_on_after_a_rollback);
    TEST(no_place_is_given_twice);
    TEST(tells_which_threads_were_not_listed);
    TEST(what_was_listed_is_undone_by_a_rollback);
    TEST(a_thread_that_is_not_known_can_not_be_listed);
    TEST(the_newest_row_counts_those_that_are_gone);
    TEST(a_dropped_thread_takes_all_that_is_known_of_it);
    TEST(a_user_goes_with_the_last_thread);
    TEST(rows_of_dropped_threads_are_not_used_again);
    TEST(dropping_is_undone_by_a_rollback);
    TEST(a_thread_behind_another_is_found);
    TEST(listings_are_found_by_how_their_keys_begin);
    TEST(changes_grow_with_all_that_is_written);
    TEST(stores_are_private);
    TEST(changes_grow_when_what_was_written_is_undone);
    TEST(what_comes_and_goes_is_counted);
    TEST(what_is_undone_is_not_counted);
    return g_test_run();
}
