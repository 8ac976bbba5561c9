/* SPDX-License-Identifier: MIT */
#include "contents.h"

#include "error.h"
#include "rows.h"

#define ALL G_MAXSIZE

typedef struct {
    CkFile file;
    gint64 row;
    guint64 size; /* as the rows have it */
} File;

/* A thread whose items have texts of these many characters. */
static CkStore *new_store(const gsize *lengths, gsize count)
{
    CkStore *store = rows_new_store();
    rows_put_thread(store, "{ \"id\":\"cthr_1\", \"title\":\"Größe \\u0007\", \"created_at\":10,"
                           "\"status\":{\"type\":\"locked\",\"reason\":\"r\"}, \"x\":[1,{}] }");
    for (gsize i = 0; i < count; i++) {
        g_autofree char *id = g_strdup_printf("cthi_%zu", i);
        g_autoptr(GString) text = g_string_new(NULL);
        while (text->len < lengths[i])
            g_string_append_printf(text, "%zu wörds\\u001b\\n", text->len);
        rows_put_message(store, "cthr_1", id, 100 + (gint64)i, text->str);
    }
    rows_put_item(store, "cthr_1", "{ \"type\" : \"from_tomorrow\", \"text\" : \"\\ud83d\" }");
    rows_put_item(store, "cthr_1", "4711");
    return store;
}

static CkStore *new_small_store(void)
{
    static const gsize lengths[] = {0, 1, 20, 300, 1000, 5, 0};
    return new_store(lengths, G_N_ELEMENTS(lengths));
}

static void add_file(GArray *files, CkFile file, gint64 row, guint64 size)
{
    g_array_append_val(files, ((File){file, row, size}));
}

/* All files of the thread, as File. */
static GArray *all_files(CkStore *store)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(File));
    g_auto(CkThreadRow) thread = {0};
    rows_get_thread(store, "cthr_1", &thread);
    add_file(files, CK_FILE_THREAD_JSON, thread.row, thread.json_size);
    add_file(files, CK_FILE_THREAD_MD, thread.row, thread.head_size + thread.md_size);
    add_file(files, CK_FILE_ITEMS_JSONL, thread.row, thread.jsonl_size);
    for (guint64 number = 1; number <= thread.items; number++) {
        g_auto(CkItemRow) item = {0};
        rows_get_item(store, thread.row, number, &item);
        add_file(files, CK_FILE_ITEM_JSON, item.row, item.json_size);
        add_file(files, CK_FILE_ITEM_MD, item.row, item.md_size);
    }
    return files;
}

static GString *read_again(CkContents *contents, CkFile file, gint64 row, guint64 offset,
                           gsize size)
{
    g_autoptr(GError) error = NULL;
    GString *out = g_string_new(NULL);
    gboolean ok = ck_contents_read(contents, file, row, CK_VERSION_MAX, offset, size, out, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    g_assert_cmpuint(out->len, <=, size);
    return out;
}

/* By somebody who has read nothing before. */
static GString *read_window(CkStore *store, CkFile file, gint64 row, guint64 offset, gsize size)
{
    g_autoptr(CkContents) contents = ck_contents_new(store);
    return read_again(contents, file, row, offset, size);
}

static GString *read_whole(CkStore *store, CkFile file, gint64 row)
{
    return read_window(store, file, row, 0, ALL);
}

/* Reads a file of the thread with that id. */
static GString *read_thread_file(CkStore *store, const char *id, CkFile file)
{
    g_auto(CkThreadRow) thread = {0};
    rows_get_thread(store, id, &thread);
    return read_whole(store, file, thread.row);
}

static void assert_windows_make_the_whole(CkStore *store, gsize window)
{
    g_autoptr(GArray) files = all_files(store);
    for (guint i = 0; i < files->len; i++) {
        File file = g_array_index(files, File, i);
        g_autoptr(GString) whole = read_whole(store, file.file, file.row);
        g_autoptr(GString) put_together = g_string_new(NULL);
        while (put_together->len < whole->len) {
            g_autoptr(GString) part =
                read_window(store, file.file, file.row, put_together->len, window);
            g_assert_cmpuint(part->len, ==, MIN(window, whole->len - put_together->len));
            g_string_append_len(put_together, part->str, (gssize)part->len);
        }
        g_assert_true(g_string_equal(put_together, whole));
    }
}

static void sizes_are_those_of_the_rows(void)
{
    g_autoptr(CkStore) store = new_small_store();
    g_autoptr(GArray) files = all_files(store);
    g_assert_cmpuint(files->len, ==, 3 + 2 * 9);
    for (guint i = 0; i < files->len; i++) {
        File file = g_array_index(files, File, i);
        g_autoptr(GString) whole = read_whole(store, file.file, file.row);
        g_assert_cmpuint(whole->len, >, 0);
        g_assert_cmpuint(whole->len, ==, file.size);
    }
}

static void windows_of_1_byte_make_the_whole(void)
{
    g_autoptr(CkStore) store = new_small_store();
    assert_windows_make_the_whole(store, 1);
}

static void windows_of_7_bytes_make_the_whole(void)
{
    g_autoptr(CkStore) store = new_small_store();
    assert_windows_make_the_whole(store, 7);
}

static void windows_of_a_page_make_the_whole(void)
{
    static const gsize lengths[] = {4096, 70000, 3, 4095, 9000, 0, 12000};
    g_autoptr(CkStore) store = new_store(lengths, G_N_ELEMENTS(lengths));
    assert_windows_make_the_whole(store, 4096);
}

static void a_window_beyond_the_end_ends_there(void)
{
    g_autoptr(CkStore) store = new_small_store();
    g_autoptr(GArray) files = all_files(store);
    for (guint i = 0; i < files->len; i++) {
        File file = g_array_index(files, File, i);
        g_autoptr(GString) last = read_window(store, file.file, file.row, file.size - 1, 4096);
        g_autoptr(GString) at_end = read_window(store, file.file, file.row, file.size, 4096);
        g_autoptr(GString) beyond = read_window(store, file.file, file.row, G_MAXINT64, ALL);
        g_autoptr(GString) nothing = read_window(store, file.file, file.row, 0, 0);
        g_assert_cmpuint(last->len, ==, 1);
        g_assert_cmpuint(at_end->len, ==, 0);
        g_assert_cmpuint(beyond->len, ==, 0);
        g_assert_cmpuint(nothing->len, ==, 0);
    }
}

static void what_is_read_is_appended(void)
{
    g_autoptr(CkStore) store = new_small_store();
    g_autoptr(CkContents) contents = ck_contents_new(store);
    g_autoptr(GString) out = g_string_new("before ");
    g_auto(CkThreadRow) thread = {0};
    rows_get_thread(store, "cthr_1", &thread);
    g_assert_true(ck_contents_read(contents, CK_FILE_THREAD_MD, thread.row, 0, 0, 3, out, NULL));
    g_assert_cmpstr(out->str, ==, "before ---");
}

/* The .md or .json of each item in turn, as one text. */
static GString *read_items(CkStore *store, CkFile file)
{
    g_auto(CkThreadRow) thread = {0};
    GString *all = g_string_new(NULL);
    rows_get_thread(store, "cthr_1", &thread);
    for (guint64 number = 1; number <= thread.items; number++) {
        g_auto(CkItemRow) item = {0};
        rows_get_item(store, thread.row, number, &item);
        g_autoptr(GString) one = read_whole(store, file, item.row);
        g_string_append_len(all, one->str, (gssize)one->len);
    }
    return all;
}

static void thread_md_is_its_head_and_the_md_of_its_items(void)
{
    g_autoptr(CkStore) store = new_small_store();
    g_auto(CkThreadRow) thread = {0};
    rows_get_thread(store, "cthr_1", &thread);
    g_autoptr(GString) whole = read_whole(store, CK_FILE_THREAD_MD, thread.row);
    g_autoptr(GString) items = read_items(store, CK_FILE_ITEM_MD);
    g_assert_true(g_str_has_prefix(whole->str, "---\nid: \"cthr_1\"\n"));
    g_assert_cmpuint(whole->len, >, thread.head_size);
    g_assert_cmpstr(whole->str + thread.head_size, ==, items->str);
}

static void thread_md_of_a_thread_without_items_is_its_head(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"Empty\"}");
    g_autoptr(GString) md = read_thread_file(store, "cthr_1", CK_FILE_THREAD_MD);
    g_autoptr(GString) jsonl = read_thread_file(store, "cthr_1", CK_FILE_ITEMS_JSONL);
    g_assert_true(g_str_has_suffix(md->str, "# Empty\n\n"));
    g_assert_cmpuint(jsonl->len, ==, 0);
}

static void thread_files_hold_no_items_of_other_threads(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    rows_put_thread(store, "{\"id\":\"cthr_2\"}");
    rows_put_item(store, "cthr_1", "{\"id\":\"a\"}");
    rows_put_item(store, "cthr_2", "{\"id\":\"b\"}");
    rows_put_item(store, "cthr_1", "{\"id\":\"c\"}");
    g_autoptr(GString) jsonl = read_thread_file(store, "cthr_1", CK_FILE_ITEMS_JSONL);
    g_assert_cmpstr(jsonl->str, ==, "{\"id\":\"a\"}\n{\"id\":\"c\"}\n");
}

static void json_files_are_indented(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) item = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"n\":1.10}");
    rows_put_item(store, "cthr_1", "{\"id\":\"a\",\"l\":[1]}");
    rows_get_thread(store, "cthr_1", &thread);
    rows_get_item(store, thread.row, 1, &item);
    g_autoptr(GString) thread_json = read_whole(store, CK_FILE_THREAD_JSON, thread.row);
    g_autoptr(GString) item_json = read_whole(store, CK_FILE_ITEM_JSON, item.row);
    g_assert_cmpstr(thread_json->str, ==, "{\n  \"id\": \"cthr_1\",\n  \"n\": 1.10\n}\n");
    g_assert_cmpstr(item_json->str, ==, "{\n  \"id\": \"a\",\n  \"l\": [\n    1\n  ]\n}\n");
}

static void items_jsonl_has_one_line_for_each_item(void)
{
    g_autoptr(CkStore) store = new_small_store();
    g_autoptr(GString) jsonl = read_thread_file(store, "cthr_1", CK_FILE_ITEMS_JSONL);
    g_auto(GStrv) lines = g_strsplit(jsonl->str, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 9 + 1);
    for (guint i = 0; i < 9; i++)
        g_assert_true(ck_json_check((CkSlice){lines[i], strlen(lines[i])}, NULL));
    g_assert_cmpstr(lines[7], ==, "{\"type\":\"from_tomorrow\",\"text\":\"\\ud83d\"}");
    g_assert_cmpstr(lines[8], ==, "4711");
    g_assert_cmpstr(lines[9], ==, "");
}

static void a_new_title_shows_at_once(void)
{
    g_autoptr(CkStore) store = rows_new_store();
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"Old\"}");
    rows_put_item(store, "cthr_1", "{\"id\":\"a\"}");
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"A longer new one\"}");
    g_auto(CkThreadRow) thread = {0};
    rows_get_thread(store, "cthr_1", &thread);
    g_autoptr(GString) md = read_whole(store, CK_FILE_THREAD_MD, thread.row);
    g_assert_nonnull(strstr(md->str, "# A longer new one\n"));
    g_assert_null(strstr(md->str, "Old"));
    g_assert_cmpuint(md->len, ==, thread.head_size + thread.md_size);
}

/* Large items, of which the last one is kept */

#define LARGE (128 * 1024) /* bytes of JSON from which on an item is kept */

/* A message of that many bytes of JSON, all text of it one letter. */
static void put_large(CkStore *store, const char *id, gsize size, char letter)
{
    static const char head[] = "{\"type\":\"chatkit.user_message\",\"id\":\"",
                      middle[] = "\",\"content\":[{\"type\":\"input_text\",\"text\":\"",
                      tail[] = "\"}]}";
    gsize rest = strlen(head) + strlen(id) + strlen(middle) + strlen(tail);
    g_autofree char *text = g_strnfill(size - rest, letter);
    g_autofree char *json = g_strconcat(head, id, middle, text, tail, NULL);
    g_assert_cmpuint(strlen(json), ==, size);
    rows_put_item(store, "cthr_1", json);
}

/* Items around the size from which on they are kept, some alike but for a letter. */
static CkStore *new_large_store(void)
{
    static const struct {
        gsize size;
        char letter;
    } items[] = {{300, 'a'},       {LARGE - 1, 'a'}, {LARGE, 'a'},     {LARGE, 'b'},
                 {LARGE + 1, 'a'}, {300, 'b'},       {3 * LARGE, 'a'}, {3 * LARGE, 'b'}};
    CkStore *store = rows_new_store();
    rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"Large\"}");
    for (gsize i = 0; i < G_N_ELEMENTS(items); i++) {
        g_autofree char *id = g_strdup_printf("cthi_%zu", i);
        put_large(store, id, items[i].size, items[i].letter);
    }
    return store;
}

static void assert_same_bytes(const GString *part, const char *bytes, gsize size)
{
    g_assert_cmpuint(part->len, ==, size);
    g_assert_true(memcmp(part->str, bytes, size) == 0);
}

/* All files from beginning to end, each in turn one window further. */
static void readers_of_large_items_do_not_disturb_each_other(void)
{
    enum { WINDOW = 50000 };
    g_autoptr(CkStore) store = new_large_store();
    g_autoptr(CkContents) contents = ck_contents_new(store);
    g_autoptr(GArray) files = all_files(store);
    g_autoptr(GPtrArray) wholes = g_ptr_array_new();
    guint reading = files->len;
    for (guint i = 0; i < files->len; i++) {
        File file = g_array_index(files, File, i);
        g_ptr_array_add(wholes, read_whole(store, file.file, file.row));
    }
    for (gsize offset = 0; reading > 0; offset += WINDOW) {
        reading = 0;
        for (guint i = 0; i < files->len; i++) {
            File file = g_array_index(files, File, i);
            GString *whole = g_ptr_array_index(wholes, i);
            if (offset >= whole->len)
                continue;
            g_autoptr(GString) part = read_again(contents, file.file, file.row, offset, WINDOW);
            assert_same_bytes(part, whole->str + offset, MIN(WINDOW, whole->len - offset));
            reading++;
        }
    }
    for (guint i = 0; i < wholes->len; i++)
        g_string_free(g_ptr_array_index(wholes, i), TRUE);
}

static void any_window_on_large_items_is_right_in_any_order(void)
{
    enum { ROUNDS = 200 };
    g_autoptr(CkStore) store = new_large_store();
    g_autoptr(CkContents) contents = ck_contents_new(store);
    g_autoptr(GArray) files = all_files(store);
    g_autoptr(GPtrArray) wholes = g_ptr_array_new();
    g_autoptr(GRand) random = g_rand_new_with_seed(20260701);
    for (guint i = 0; i < files->len; i++) {
        File file = g_array_index(files, File, i);
        g_ptr_array_add(wholes, read_whole(store, file.file, file.row));
        g_assert_cmpuint(((GString *)g_ptr_array_index(wholes, i))->len, ==, file.size);
    }
    for (int i = 0; i < ROUNDS; i++) {
        guint which = (guint)g_rand_int_range(random, 0, (gint32)files->len);
        File file = g_array_index(files, File, which);
        GString *whole = g_ptr_array_index(wholes, which);
        gsize offset = (gsize)g_rand_int_range(random, 0, (gint32)whole->len);
        gsize size = (gsize)g_rand_int_range(random, 1, 2 * LARGE);
        g_autoptr(GString) part = read_again(contents, file.file, file.row, offset, size);
        assert_same_bytes(part, whole->str + offset, MIN(size, whole->len - offset));
    }
    for (guint i = 0; i < wholes->len; i++)
        g_string_free(g_ptr_array_index(wholes, i), TRUE);
}

/* One that takes more than is worth keeping: 700 KiB of JSON, 40 MiB when it is indented. */
static void put_huge(CkStore *store)
{
    enum { DEPTH = 60, VALUES = 340000 };
    g_autoptr(GString) json = g_string_new("{\"type\":\"from_tomorrow\",\"x\":");
    for (int i = 0; i < DEPTH; i++)
        g_string_append_c(json, '[');
    for (int i = 0; i < VALUES; i++)
        g_string_append(json, i ? ",0" : "0");
    for (int i = 0; i < DEPTH; i++)
        g_string_append_c(json, ']');
    g_string_append_c(json, '}');
    rows_put_item(store, "cthr_1", json->str);
}

static void an_item_too_large_to_be_kept_is_read_all_the_same(void)
{
    enum { WINDOW = 4096 };
    g_autoptr(CkStore) store = rows_new_store();
    g_autoptr(CkContents) contents = ck_contents_new(store);
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) kept = {0}, huge = {0};
    rows_put_thread(store, "{\"id\":\"cthr_1\"}");
    put_large(store, "cthi_1", LARGE, 'a');
    put_huge(store);
    rows_get_thread(store, "cthr_1", &thread);
    rows_get_item(store, thread.row, 1, &kept);
    rows_get_item(store, thread.row, 2, &huge);
    g_assert_cmpuint(huge.json_size, >, 40 * 1000 * 1000);
    g_autoptr(GString) whole = read_whole(store, CK_FILE_ITEM_JSON, huge.row);
    g_autoptr(GString) other = read_whole(store, CK_FILE_ITEM_JSON, kept.row);
    g_assert_cmpuint(whole->len, ==, huge.json_size);
    const gsize offsets[] = {0, 1, 32 * 1024 * 1024 - 1, whole->len - WINDOW, whole->len - 1};
    for (gsize i = 0; i < G_N_ELEMENTS(offsets); i++) {
        gsize at = offsets[i];
        g_autoptr(GString) part = read_again(contents, CK_FILE_ITEM_JSON, huge.row, at, WINDOW);
        g_autoptr(GString) again = read_again(contents, CK_FILE_ITEM_JSON, kept.row, i, WINDOW);
        assert_same_bytes(part, whole->str + at, MIN(WINDOW, whole->len - at));
        assert_same_bytes(again, other->str + i, WINDOW);
    }
}

static void a_large_item_stays_the_same_while_the_store_grows(void)
{
    enum { WINDOW = 50000 };
    g_autoptr(CkStore) store = new_large_store();
    g_autoptr(CkContents) contents = ck_contents_new(store);
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) item = {0};
    rows_get_thread(store, "cthr_1", &thread);
    rows_get_item(store, thread.row, 7, &item);
    g_autoptr(GString) whole = read_whole(store, CK_FILE_ITEM_MD, item.row);
    for (gsize at = 0; at < whole->len; at += WINDOW) {
        g_autofree char *id = g_strdup_printf("new_%zu", at);
        g_autoptr(GString) part = read_again(contents, CK_FILE_ITEM_MD, item.row, at, WINDOW);
        assert_same_bytes(part, whole->str + at, MIN(WINDOW, whole->len - at));
        put_large(store, id, LARGE, 'c');
        rows_put_thread(store, "{\"id\":\"cthr_1\",\"title\":\"Larger\"}");
    }
}

/* What was written and undone leaves its row to another item. */
static void a_row_that_another_item_has_got_is_read_anew(void)
{
    static const gsize sizes[] = {LARGE, 2 * LARGE, 300};
    static const CkFile kinds[] = {CK_FILE_ITEM_JSON, CK_FILE_ITEM_MD};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes) * G_N_ELEMENTS(kinds); i++) {
        CkFile file = kinds[i % G_N_ELEMENTS(kinds)];
        g_autoptr(CkStore) store = new_large_store();
        g_autoptr(CkContents) contents = ck_contents_new(store);
        g_auto(CkThreadRow) thread = {0};
        g_auto(CkItemRow) undone = {0}, other = {0};
        rows_get_thread(store, "cthr_1", &thread);
        g_assert_true(ck_store_begin(store, NULL));
        put_large(store, "undone", LARGE, 'u');
        rows_get_item(store, thread.row, thread.items + 1, &undone);
        g_autoptr(GString) before = read_again(contents, file, undone.row, 0, ALL);
        ck_store_rollback(store);
        put_large(store, "others", sizes[i / G_N_ELEMENTS(kinds)], 'o');
        rows_get_item(store, thread.row, thread.items + 1, &other);
        g_assert_cmpint(other.row, ==, undone.row);
        g_autoptr(GString) after = read_again(contents, file, other.row, 0, ALL);
        g_autoptr(GString) expected = read_whole(store, file, other.row);
        assert_same_bytes(after, expected->str, expected->len);
        g_assert_false(g_string_equal(before, after));
    }
}

/* Only what is asked for is ever written where it is asked for. */
static void a_small_window_takes_little_memory_wherever_it_is(void)
{
    enum { WINDOW = 64 };
    g_autoptr(CkStore) store = new_large_store();
    g_autoptr(CkContents) contents = ck_contents_new(store);
    put_huge(store);
    g_autoptr(GArray) files = all_files(store);
    for (guint i = 0; i < files->len; i++) {
        File file = g_array_index(files, File, i);
        const guint64 offsets[] = {0, file.size / 2, file.size - 1};
        for (gsize k = 0; k < G_N_ELEMENTS(offsets); k++) {
            g_autoptr(GString) part = read_again(contents, file.file, file.row, offsets[k], WINDOW);
            g_assert_cmpuint(part->len, ==, MIN(WINDOW, file.size - offsets[k]));
            g_assert_cmpuint(part->allocated_len, <=, 4 * WINDOW);
        }
    }
}

static void what_is_read_from_a_large_item_is_appended(void)
{
    g_autoptr(CkStore) store = new_large_store();
    g_autoptr(CkContents) contents = ck_contents_new(store);
    g_autoptr(GString) out = g_string_new("before ");
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) item = {0};
    rows_get_thread(store, "cthr_1", &thread);
    rows_get_item(store, thread.row, 3, &item);
    for (int i = 0; i < 2; i++)
        g_assert_true(ck_contents_read(contents, CK_FILE_ITEM_MD, item.row, 0, 0, 7, out, NULL));
    g_assert_cmpstr(out->str, ==, "before ## user## user");
}

static void a_missing_row_is_an_error(void)
{
    static const CkFile files[] = {CK_FILE_THREAD_JSON, CK_FILE_THREAD_MD, CK_FILE_ITEMS_JSONL,
                                   CK_FILE_ITEM_JSON, CK_FILE_ITEM_MD};
    g_autoptr(CkStore) store = new_small_store();
    g_autoptr(CkContents) contents = ck_contents_new(store);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) out = g_string_new(NULL);
        g_assert_false(ck_contents_read(contents, files[i], 4711, 0, 0, ALL, out, &error));
        g_assert_error(error, CK_ERROR, CK_ERROR_STORE);
        g_assert_cmpuint(out->len, ==, 0);
    }
}

#define TEST(name) g_test_add_func("/contents/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(sizes_are_those_of_the_rows);
    TEST(windows_of_1_byte_make_the_whole);
    TEST(windows_of_7_bytes_make_the_whole);
    TEST(windows_of_a_page_make_the_whole);
    TEST(a_window_beyond_the_end_ends_there);
    TEST(what_is_read_is_appended);
    TEST(thread_md_is_its_head_and_the_md_of_its_items);
    TEST(thread_md_of_a_thread_without_items_is_its_head);
    TEST(thread_files_hold_no_items_of_other_threads);
    TEST(json_files_are_indented);
    TEST(items_jsonl_has_one_line_for_each_item);
    TEST(a_new_title_shows_at_once);
    TEST(readers_of_large_items_do_not_disturb_each_other);
    TEST(any_window_on_large_items_is_right_in_any_order);
    TEST(an_item_too_large_to_be_kept_is_read_all_the_same);
    TEST(a_large_item_stays_the_same_while_the_store_grows);
    TEST(a_row_that_another_item_has_got_is_read_anew);
    TEST(a_small_window_takes_little_memory_wherever_it_is);
    TEST(what_is_read_from_a_large_item_is_appended);
    TEST(a_missing_row_is_an_error);
    return g_test_run();
}
