/* SPDX-License-Identifier: MIT */
/*
 * Every allocation failing in turn: the first one, the second one … until what is done passes
 * without a failure. Whatever is decoded, stored or listed is whole or an error, and whole when it
 * is tried again.
 *
 * cJSON and SQLite take their memory from here. GLib ends the program where it gets none.
 */
#include <cjson/cJSON.h>
#include <sqlite3.h>

#include "client.h"
#include "error.h"
#include "listing.h"
#include "pager.h"
#include "parts.h"
#include "prepare.h"
#include "rows.h"
#include "store_file.h"
#include "store_private.h"
#include "stride.h"

/* What fails. Another thread decodes what comes from a server. */
static struct {
    gint left;    /* allocations until one fails; negative: none does */
    gboolean all; /* those after it, too */
    gint failed;
    gint live; /* what has been allocated, and not freed */
} memory = {.left = -1};

static gboolean is_to_fail(void)
{
    gint left = g_atomic_int_add(&memory.left, -1);
    gboolean fails = left == 0 || (memory.all && left < 0 && g_atomic_int_get(&memory.failed) > 0);
    if (fails)
        g_atomic_int_inc(&memory.failed);
    return fails;
}

static void fail_at(guint which, gboolean all)
{
    memory.all = all;
    g_atomic_int_set(&memory.failed, 0);
    g_atomic_int_set(&memory.left, (gint)which);
}

/* Whether one has failed; none does any more. */
static gboolean has_failed(void)
{
    memory.all = FALSE;
    g_atomic_int_set(&memory.left, -1);
    return g_atomic_int_get(&memory.failed) > 0;
}

/* cJSON */

static void *json_malloc(size_t size)
{
    if (is_to_fail())
        return NULL;
    g_atomic_int_inc(&memory.live);
    return malloc(size);
}

static void json_free(void *data)
{
    if (data)
        g_atomic_int_add(&memory.live, -1);
    free(data);
}

static const char *const elements[] = {
    "{\"id\":\"cthi_1\",\"type\":\"chatkit.user_message\",\"created_at\":1,\"content\":["
    "{\"type\":\"input_text\",\"text\":\"a "
    "\\u00e9\\ud83d\"},{\"type\":\"quoted_text\",\"text\":\"b\"}"
    "],\"attachments\":[{\"id\":\"f\",\"name\":\"n\",\"mime_type\":\"m\",\"preview_url\":\"u\"}],"
    "\"inference_options\":{\"model\":\"m\",\"tool_choice\":{\"id\":\"t\"}},\"more\":[{\"x\":[1]}]"
    "}",
    "{\"id\":\"cthi_2\",\"type\":\"chatkit.assistant_message\",\"content\":[{\"type\":"
    "\"output_text\",\"text\":\"c\",\"annotations\":[{\"type\":\"url\",\"source\":{\"url\":\"u\","
    "\"title\":\"t\"}},{\"type\":\"file\",\"source\":{\"filename\":\"f\"}},{}]}]}",
    "{\"id\":\"cthi_3\",\"type\":\"chatkit.widget\",\"widget\":\"{\\\"type\\\":\\\"Card\\\","
    "\\\"children\\\":[{\\\"type\\\":\\\"Text\\\",\\\"value\\\":\\\"d\\\"},{\\\"type\\\":"
    "\\\"Button\\\",\\\"label\\\":\\\"e\\\"}]}\"}",
    "{\"id\":\"cthi_4\",\"type\":\"chatkit.widget\",\"widget\":{\"type\":\"Title\",\"value\":\"x\"}"
    "}",
    "{\"id\":\"cthi_5\",\"type\":\"chatkit.client_tool_call\",\"name\":\"f\",\"call_id\":\"c\","
    "\"status\":\"in_progress\",\"arguments\":\"{\\\"a\\\":[1]}\",\"output\":null}",
    "{\"id\":\"cthi_6\",\"type\":\"chatkit.task\",\"heading\":\"h\",\"summary\":\"s\"}",
    "{\"id\":\"cthi_7\",\"type\":\"chatkit.task_group\",\"tasks\":[{\"heading\":\"h\"},5]}",
    "{\"id\":\"cthi_8\",\"type\":\"hologram\",\"text\":{\"deep\":[\"light\"]},\"title\":\"T\","
    "\"status\":{\"type\":\"locked\",\"reason\":\"r\"},\"user\":\"ann\"}",
    "[\"no object\",{\"a\":1}]",
};

/* An item of which some is too much to be looked into: its members are parsed one by one. */
static char *large_element(void)
{
    GString *json = g_string_new("{\"id\":\"cthi_9\",\"type\":\"user_message\",\"\\u0061\":[0");
    for (guint i = 0; i < 200001; i++)
        g_string_append(json, ",0");
    g_string_append(json, "],\"content\":[{\"text\":\"T\"}],\"b\":{\"c\":[null]}}");
    return g_string_free(json, FALSE);
}

/* All that is made of an item, in one text. */
static char *describe_item(CkSlice json, GError **error)
{
    g_autoptr(CkItem) item = ck_decode_item(json, error);
    g_autoptr(CkPreparedItem) prepared = item ? ck_prepare_item(json, error) : NULL;
    if (!prepared)
        return NULL;
    g_autofree char *parts = parts_describe(item);
    CkSlice md = prepared->md ? ck_slice_bytes(prepared->md) : (CkSlice){"", 0};
    return g_strdup_printf("%s %s %s %d %zu %.*s", prepared->id, prepared->role, parts,
                           prepared->finished, (gsize)prepared->md_size, (int)md.size, md.data);
}

static char *describe_thread(CkSlice json, GError **error)
{
    g_autoptr(CkThread) thread = ck_decode_thread(json, error);
    g_autoptr(CkPreparedThread) prepared = thread ? ck_prepare_thread(json, error) : NULL;
    if (!prepared)
        return NULL;
    return g_strdup_printf("%s %s %s %s %s %zu", prepared->id, prepared->title, prepared->user,
                           thread->status, thread->reason, (gsize)prepared->head_size);
}

static char *describe_page(CkSlice json, GError **error)
{
    g_autoptr(GBytes) body = g_bytes_new_static(json.data, json.size);
    g_autoptr(CkPage) items = ck_prepare_items(body, error);
    g_autoptr(CkPage) threads = items ? ck_prepare_threads(body, error) : NULL;
    if (!threads)
        return NULL;
    g_assert_cmpuint(items->prepared->len, ==, items->elements->len);
    g_assert_cmpuint(threads->prepared->len, ==, threads->elements->len);
    GString *text = g_string_new(items->last_id);
    for (guint i = 0; i < items->prepared->len; i++) {
        const CkPreparedItem *item = g_ptr_array_index(items->prepared, i);
        const CkPreparedThread *thread = g_ptr_array_index(threads->prepared, i);
        g_string_append_printf(text, " %s %s %zu %s %s", item->id, item->role, (gsize)item->md_size,
                               thread->id, thread->title);
    }
    return g_string_free(text, FALSE);
}

typedef char *(*Describe)(CkSlice json, GError **error);

static void assert_whole_or_error(Describe describe, const char *text, gboolean all)
{
    CkSlice json = {text, strlen(text)};
    g_autofree char *whole = describe(json, NULL);
    gint live = memory.live;
    gboolean failed = TRUE;
    g_assert_nonnull(whole);
    for (guint which = 0; failed; which++) {
        g_autoptr(GError) error = NULL;
        fail_at(which, all);
        g_autofree char *made = describe(json, &error);
        failed = has_failed();
        if (failed) {
            g_assert_null(made);
            g_assert_error(error, CK_ERROR, CK_ERROR_NO_MEMORY);
        } else {
            g_assert_cmpuint(which, >, 0);
            g_assert_no_error(error);
            g_assert_cmpstr(made, ==, whole);
        }
        g_assert_cmpint(memory.live, ==, live);
    }
}

static void assert_always_whole_or_error(Describe describe, const char *text)
{
    assert_whole_or_error(describe, text, FALSE);
    assert_whole_or_error(describe, text, TRUE);
}

static void what_is_decoded_is_whole_or_an_error(void)
{
    g_autoptr(GString) page = g_string_new("{\"data\":[");
    g_autofree char *large = large_element();
    for (gsize i = 0; i < G_N_ELEMENTS(elements); i++) {
        assert_always_whole_or_error(describe_item, elements[i]);
        assert_always_whole_or_error(describe_thread, elements[i]);
        g_string_append_printf(page, "%s,", elements[i]);
    }
    assert_always_whole_or_error(describe_item, large);
    assert_always_whole_or_error(describe_thread, large);
    g_string_append(page, "5],\"last_id\":\"cthi_9\",\"has_more\":true}");
    assert_always_whole_or_error(describe_page, page->str);
}

/* The server's words are not worth another error. */
static void an_error_is_told_without_words(void)
{
    static const char text[] = "{\"error\":{\"message\":\"m\",\"code\":\"c\"}}";
    g_autoptr(GBytes) body = g_bytes_new_static(text, strlen(text));
    gboolean failed = TRUE;
    for (guint which = 0; failed; which++) {
        g_autofree char *message = NULL, *code = NULL;
        fail_at(which, FALSE);
        ck_decode_error(body, &message, &code);
        failed = has_failed();
        g_assert_cmpstr(message, ==, failed ? NULL : "m");
        g_assert_cmpstr(code, ==, failed ? NULL : "c");
        g_assert_cmpint(memory.live, ==, 0);
    }
}

/* SQLite */

static sqlite3_mem_methods usual; /* SQLite's own */

static void *sql_malloc(int size)
{
    return is_to_fail() ? NULL : usual.xMalloc(size);
}

static void *sql_realloc(void *data, int size)
{
    return is_to_fail() ? NULL : usual.xRealloc(data, size);
}

/* Every allocation is to come here, none from a stock that SQLite made before (lookaside). */
static void take_over_sqlite(void)
{
    g_assert_cmpint(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual), ==, SQLITE_OK);
    sqlite3_mem_methods methods = usual;
    methods.xMalloc = sql_malloc;
    methods.xRealloc = sql_realloc;
    g_assert_cmpint(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1), ==, SQLITE_OK);
}

/* Too long for the space that SQLite has for short texts. */
#define LONG                                                                                       \
    "a-text-of-more-than-a-hundred-bytes-that-takes-an-allocation-of-its-own-wherever-it-"         \
    "is-read-or-written-0123456789"
#define THREAD_1 "cthr_1"
#define THREAD_2 "cthr_" LONG
#define RUNNING  "{\"id\":\"cthi_run\",\"type\":\"client_tool_call\",\"status\":\"in_progress\"}"
#define FINISHED "{\"id\":\"cthi_run\",\"type\":\"client_tool_call\",\"status\":\"completed\"}"

static CkStore *new_filled_store(void)
{
    CkStore *store = rows_new_store();
    g_autofree char *large = g_strnfill(20000, 'x');
    rows_put_thread(store, "{\"id\":\"" THREAD_1
                           "\",\"user\":\"ann\",\"title\":\"One\",\"created_at\":9}");
    rows_put_thread(store, "{\"id\":\"" THREAD_2 "\",\"user\":\"" LONG "\",\"created_at\":8}");
    rows_put_thread(store, "{\"id\":\"cthr_3\",\"created_at\":7}");
    rows_put_thread(store, "{\"id\":\"" THREAD_1
                           "\",\"user\":\"ann\",\"title\":\"Two\",\"created_at\":9}");
    rows_put_message(store, THREAD_1, "cthi_1", 10, "text");
    rows_put_message(store, THREAD_1, "cthi_" LONG, 11, large);
    rows_put_item(store, THREAD_1,
                  "{\"id\":\"cthi_3\",\"type\":\"client_tool_call\","
                  "\"status\":\"in_progress\"}");
    rows_put_item(store, THREAD_1, "{\"id\":\"cthi_3\",\"type\":\"client_tool_call\"}");
    rows_put_item(store, THREAD_1, RUNNING);
    rows_put_message(store, THREAD_2, "cthi_9", 10, "text");
    g_assert_true(ck_store_put_listing(store, "threads:", "cthr_" LONG, FALSE, NULL));
    g_assert_true(ck_store_put_listing(store, "items:" THREAD_1, NULL, TRUE, NULL));
    g_assert_true(ck_store_put_listing(store, "user:" LONG, "x", FALSE, NULL));
    g_assert_true(ck_store_set_checked(store, "items:" THREAD_1, 5, TRUE, NULL));
    return store;
}

static void dump_table(CkStore *store, const char *table, GString *out)
{
    g_autofree char *sql = g_strdup_printf("SELECT * FROM %s ORDER BY 1", table);
    sqlite3_stmt *statement;
    g_assert_cmpint(sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL), ==, SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        g_string_append(out, table);
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *name = sqlite3_column_name(statement, i);
            const char *text = (const char *)sqlite3_column_text(statement, i);
            /* They are of the time at which something was done. */
            gboolean clock = strcmp(name, "seen_at") == 0 || strcmp(name, "at") == 0 ||
                             strcmp(name, "changed_at") == 0 || strcmp(name, "time") == 0;
            g_string_append_printf(out, " %s", clock ? "-" : text ? text : "NULL");
        }
        g_string_append_c(out, '\n');
    }
    g_assert_cmpint(sqlite3_finalize(statement), ==, SQLITE_OK);
}

/* All that the store holds, and how much it says that this is. */
static char *dump(CkStore *store)
{
    static const char *const tables[] = {"user",    "thread",      "former_name",
                                         "item",    "former_item", "former_thread",
                                         "listing", "listed",      "used"};
    GString *out = g_string_new(NULL);
    CkStoreCounts counts;
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        dump_table(store, tables[i], out);
    g_assert_true(ck_store_counts(store, &counts, NULL));
    g_string_append_printf(out, "%d users, %d threads, %d listed, %d items", (int)counts.users,
                           (int)counts.threads, (int)counts.listed, (int)counts.items);
    return g_string_free(out, FALSE);
}

/* What is done: out gets what comes of it. */
typedef gboolean (*Act)(CkStore *store, GString *out, GError **error);

static void say_thread(GString *out, CkFound found, CkThreadRow *thread)
{
    if (found == CK_FOUND)
        g_string_append_printf(out, "[%s %s %d %d]", thread->id, thread->name, (int)thread->row,
                               (int)thread->items);
    else
        g_string_append_printf(out, "[%d]", found);
    ck_thread_row_clear(thread);
}

static void say_item(GString *out, CkFound found, CkItemRow *item)
{
    if (found == CK_FOUND)
        g_string_append_printf(out, "[%d %s]", (int)item->number, item->role);
    else
        g_string_append_printf(out, "[%d]", found);
    ck_item_row_clear(item);
}

/* Each of several readings, until one fails. */
#define READ_THREAD(function, ...)                                                                 \
    do {                                                                                           \
        CkThreadRow row = {0};                                                                     \
        CkFound found = function(store, __VA_ARGS__, &row, error);                                 \
        say_thread(out, found, &row);                                                              \
        if (found == CK_FAILED)                                                                    \
            return FALSE;                                                                          \
    } while (0)

#define READ_ITEM(function, ...)                                                                   \
    do {                                                                                           \
        CkItemRow row = {0};                                                                       \
        CkFound found = function(store, __VA_ARGS__, &row, error);                                 \
        say_item(out, found, &row);                                                                \
        if (found == CK_FAILED)                                                                    \
            return FALSE;                                                                          \
    } while (0)

static gboolean read_threads(CkStore *store, GString *out, GError **error)
{
    READ_THREAD(ck_store_thread, 2);
    READ_THREAD(ck_store_thread_by_id, THREAD_2);
    READ_THREAD(ck_store_thread_by_id, "cthr_none_" LONG);
    READ_THREAD(ck_store_thread_named, "One." THREAD_1);
    READ_THREAD(ck_store_thread_named, THREAD_2);
    READ_THREAD(ck_store_next_thread, 0, CK_FRONT_PLACE, G_MAXINT64);
    READ_THREAD(ck_store_next_thread, 2, 0, G_MAXINT64);
    READ_THREAD(ck_store_previous_thread, 0, G_MAXINT64);
    READ_THREAD(ck_store_previous_thread, 1, G_MAXINT64);
    READ_THREAD(ck_store_next_named, "cthr_" LONG);
    READ_THREAD(ck_store_thread_behind, 0, 0, 1);
    READ_THREAD(ck_store_next_unlisted, 0, 1, 100, 0);
    return TRUE;
}

static gboolean read_items(CkStore *store, GString *out, GError **error)
{
    gint64 second = item_row(1, 2);
    READ_ITEM(ck_store_item, second);
    READ_ITEM(ck_store_item_numbered, 1, 3);
    READ_ITEM(ck_store_next_unfinished, 1, 1);
    READ_ITEM(ck_store_item_numbered, 3, 1);
    g_autofree char *id = ck_store_item_id(store, second, error);
    g_string_append(out, id ? id : "none");
    return id != NULL;
}

static gboolean take_item(const CkItemRow *item, gpointer data)
{
    g_string_append_printf(data, "[%d %s]", (int)item->number, item->role ? item->role : "no role");
    return item->number < 3;
}

static gboolean read_folder(CkStore *store, GString *out, GError **error)
{
    CkFound found = ck_store_items(store, 1, 1, take_item, out, error);
    g_string_append_printf(out, " %d", found);
    if (found != CK_FAILED)
        found = ck_store_items(store, 2, 1, take_item, out, error);
    g_string_append_printf(out, " %d", found);
    return found != CK_FAILED;
}

static gboolean say_bytes(GString *out, GBytes *bytes)
{
    g_autoptr(GBytes) taken = bytes;
    if (taken) {
        CkSlice slice = ck_slice_bytes(taken);
        g_string_append_len(out, slice.data, (gssize)slice.size);
    }
    return taken != NULL;
}

static gboolean read_json(CkStore *store, GString *out, GError **error)
{
    return say_bytes(out, ck_store_thread_json(store, 2, error)) &&
           say_bytes(out, ck_store_item_json(store, item_row(1, 2), error)) &&
           say_bytes(out, ck_store_item_json(store, item_row(1, 4), error));
}

static gboolean read_formers(CkStore *store, GString *out, GError **error)
{
    g_auto(CkForm) thread = {0}, item = {0};
    g_autoptr(GArray) items = NULL;
    if (ck_store_former_thread(store, 1, 0, &thread, error) != CK_FOUND ||
        ck_store_former_item(store, item_row(1, 3), 0, &item, error) != CK_FOUND ||
        !(items = ck_store_former_items(store, 1, 0, error)))
        return FALSE;
    g_string_append_printf(out, "%d ", items->len);
    return say_bytes(out, g_bytes_ref(thread.json)) && say_bytes(out, g_bytes_ref(item.json));
}

static gboolean read_users(CkStore *store, GString *out, GError **error)
{
    g_auto(CkUserRow) one = {0}, named = {0}, next = {0};
    if (ck_store_user(store, 2, &one, error) != CK_FOUND ||
        ck_store_user_named(store, LONG, &named, error) != CK_FOUND ||
        ck_store_next_user(store, 1, &next, error) != CK_FOUND)
        return FALSE;
    g_string_append_printf(out, "%s %s %s %d %s", one.id, one.name, named.id, (int)next.row,
                           next.name);
    return TRUE;
}

static gboolean read_listings(CkStore *store, GString *out, GError **error)
{
    g_auto(CkListingState) threads = {0}, items = {0}, none = {0};
    g_autoptr(GPtrArray) users = NULL;
    CkStoreCounts counts;
    CkStoreChecks checks;
    gint64 newest = ck_store_newest_row(store, error);
    if (newest < 0 || !ck_store_listing(store, "threads:", &threads, error) ||
        !ck_store_listing(store, "items:" THREAD_1, &items, error) ||
        !ck_store_listing(store, "items:" LONG, &none, error) ||
        !(users = ck_store_listings(store, "user:", error)) ||
        !ck_store_counts(store, &counts, error) || !ck_store_checks(store, &checks, error))
        return FALSE;
    g_assert_cmpuint(users->len, ==, 1);
    g_string_append_printf(out, "%s %d %d %s %d %d %s %d %d %d", threads.cursor, threads.complete,
                           items.complete, none.cursor, none.complete, (int)items.checked_at,
                           (const char *)g_ptr_array_index(users, 0), (int)counts.items,
                           (int)checks.threads, (int)newest);
    return TRUE;
}

static gboolean put_thread(CkStore *store, const char *id, const char *json, GString *out,
                           GError **error)
{
    g_autoptr(CkPreparedThread) thread = ck_prepare_thread((CkSlice){json, strlen(json)}, error);
    if (!thread)
        return FALSE;
    g_autofree char *name = ck_name_thread(thread->title, id);
    gboolean changed = FALSE;
    gboolean ok = ck_store_put_thread(store, id, thread->user, name, thread, &changed, error);
    g_string_append_printf(out, " %d", changed);
    return ok;
}

static gboolean write_threads(CkStore *store, GString *out, GError **error)
{
    return put_thread(store, "cthr_7",
                      "{\"id\":\"cthr_7\",\"user\":\"new-" LONG "\",\"title\":\"N\"}", out,
                      error) &&
           ck_store_place_thread(store, "cthr_7", CK_PLACE_NEW, error) &&
           put_thread(store, THREAD_1, "{\"id\":\"" THREAD_1 "\",\"title\":\"" LONG "\"}", out,
                      error) &&
           put_thread(store, THREAD_2,
                      "{\"id\":\"" THREAD_2 "\",\"user\":\"" LONG "\",\"created_at\":8}", out,
                      error) &&
           put_thread(store, "cthr_8", "{\"id\":\"cthr_8\"}", out, error) &&
           ck_store_place_thread(store, "cthr_8", CK_PLACE_FRONT, error) &&
           ck_store_put_listing(store, "threads:", "cthr_8", TRUE, error) &&
           ck_store_set_checked(store, "threads:", 6, TRUE, error);
}

static gboolean put_item(CkStore *store, CkThreadRow *thread, const char *id, const char *json,
                         GString *out, GError **error)
{
    g_autoptr(CkPreparedItem) item = ck_prepare_item((CkSlice){json, strlen(json)}, error);
    gint64 changed = 0;
    gboolean ok = item && ck_store_put_item(store, thread, id, item, &changed, error);
    g_string_append_printf(out, " %d", (int)changed);
    return ok;
}

static gboolean write_items(CkStore *store, GString *out, GError **error)
{
    g_auto(CkThreadRow) thread = {0};
    g_autofree char *large = g_strnfill(30000, ' ');
    g_autofree char *json = g_strdup_printf("{\"id\":\"%s\",\"x\":%s1}", LONG, large);
    return ck_store_thread_by_id(store, THREAD_1, &thread, error) == CK_FOUND &&
           put_item(store, &thread, "cthi_run", FINISHED, out, error) &&
           put_item(store, &thread, LONG, json, out, error) &&
           put_item(store, &thread, "cthi_1", RUNNING, out, error) &&
           ck_store_put_totals(store, &thread, error) &&
           ck_store_put_listing(store, "items:" THREAD_1, LONG, FALSE, error);
}

static gboolean write_listed(CkStore *store, GString *out, GError **error)
{
    gboolean one = FALSE, two = FALSE;
    gboolean ok = ck_store_forget_listed(store, error) &&
                  ck_store_set_listed(store, THREAD_1, &one, error) &&
                  ck_store_set_listed(store, THREAD_2, &two, error);
    g_string_append_printf(out, "%d %d", one, two);
    return ok;
}

static gboolean write_drop(CkStore *store, GString *out, GError **error)
{
    g_string_append(out, "dropped");
    return ck_store_drop_thread(store, 1, error) && ck_store_drop_thread(store, 3, error);
}

/* What has a transaction of its own is not run in another. */
static gboolean write_evict(CkStore *store, GString *out, GError **error)
{
    CkFound found = ck_store_evict(store, G_MAXINT64, TRUE, error);
    g_string_append_printf(out, "%d", found);
    return found != CK_FAILED;
}

typedef struct {
    Act act;
    enum { READS, WRITES, WRITES_BY_ITSELF } kind;
} Case;

static gboolean run_case(const Case *c, CkStore *store, GString *out, GError **error)
{
    if (c->kind != WRITES)
        return c->act(store, out, error);
    if (ck_store_begin(store, error) && c->act(store, out, error) && ck_store_commit(store, error))
        return TRUE;
    ck_store_rollback(store);
    return FALSE;
}

/* What comes of it where all goes well, and what the store is then; to be freed. */
static GString *run_well(const Case *c, char **after)
{
    g_autoptr(CkStore) store = new_filled_store();
    g_autoptr(GError) error = NULL;
    GString *out = g_string_new(NULL);
    g_assert_true(run_case(c, store, out, &error));
    g_assert_no_error(error);
    *after = dump(store);
    return out;
}

/* Fails one allocation after the other of one store: each failure leaves it as it was. */
static void fail_each(const Case *c, gboolean all)
{
    g_autofree char *after = NULL;
    g_autoptr(GString) expected = run_well(c, &after);
    g_autoptr(CkStore) store = new_filled_store();
    g_autofree char *before = dump(store);
    gboolean failed = TRUE;
    for (guint which = 0; failed; which += stride()) {
        g_autoptr(GString) out = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        sqlite3_db_release_memory(store->db);
        fail_at(which, all);
        gboolean ok = run_case(c, store, out, &error);
        failed = has_failed();
        g_autofree char *now = dump(store);
        if (ok) { /* SQLite can do without some */
            g_assert_no_error(error);
            g_assert_cmpstr(out->str, ==, expected->str);
            g_assert_cmpstr(now, ==, c->kind == READS ? before : after);
            if (failed && c->kind != READS) {
                ck_store_free(store);
                store = new_filled_store();
            }
        } else {
            g_assert_true(failed);
            g_assert_error(error, CK_ERROR, CK_ERROR_NO_MEMORY);
            g_assert_cmpstr(now, ==, before);
        }
    }
}

static void what_is_read_or_written_is_whole_or_an_error(gconstpointer data)
{
    fail_each(data, FALSE);
    fail_each(data, TRUE);
}

/* One in seven of the thousands of allocations that the statements take. */
static void a_store_is_made_or_not(void)
{
    gboolean failed = TRUE;
    for (guint which = 0; failed; which += 7 * stride()) {
        g_autoptr(GError) error = NULL;
        sqlite3_int64 used = sqlite3_memory_used();
        fail_at(which, FALSE);
        CkStore *store = ck_store_new(&error);
        failed = has_failed();
        g_assert_true((store == NULL) == (error != NULL));
        if (store) {
            rows_put_thread(store, "{\"id\":\"cthr_1\"}");
            ck_store_free(store);
        } else {
            g_assert_error(error, CK_ERROR, CK_ERROR_NO_MEMORY);
        }
        g_assert_cmpint(sqlite3_memory_used(), ==, used);
    }
}

static void add_store_tests(void)
{
    static const struct {
        const char *name;
        Case c;
    } tests[] = {
        {"read/threads", {read_threads, READS}},   {"read/items", {read_items, READS}},
        {"read/folder", {read_folder, READS}},     {"read/json", {read_json, READS}},
        {"read/formers", {read_formers, READS}},   {"read/users", {read_users, READS}},
        {"read/listings", {read_listings, READS}}, {"write/threads", {write_threads, WRITES}},
        {"write/items", {write_items, WRITES}},    {"write/listed", {write_listed, WRITES}},
        {"write/drop", {write_drop, WRITES}},      {"write/evict", {write_evict, WRITES_BY_ITSELF}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strconcat("/allocation/store/", tests[i].name, NULL);
        g_test_add_data_func(path, &tests[i].c, what_is_read_or_written_is_whole_or_an_error);
    }
    g_test_add_func("/allocation/store/new", a_store_is_made_or_not);
}

/* The pager */

#define THREADS "GET /v1/chatkit/threads?limit=2&order=desc"
#define ITEMS   "GET /v1/chatkit/threads/cthr_1/items?limit=2&order=asc"

/* A mount without a mount: two pages of threads, of which one has two pages of items. */
typedef struct {
    GMainContext *context;
    Server *server;
    CkConfig *config;
    CkStore *store;
    CkApi *api;
    CkPager *pager;
} Account;

static void script_answers(Server *server)
{
    server_json(server, THREADS,
                "{\"data\":[{\"id\":\"cthr_1\",\"title\":\"One\"},{\"id\":"
                "\"cthr_2\"}],\"last_id\":\"cthr_2\",\"has_more\":true}");
    server_json(server, THREADS "&after=cthr_2",
                "{\"data\":[{\"id\":\"cthr_3\",\"user\":\"" LONG "\"}],\"has_more\":false}");
    server_json(server, ITEMS,
                "{\"data\":[{\"id\":\"cthi_1\",\"type\":\"widget\",\"widget\":\"[1]\"},"
                "{\"id\":\"cthi_2\"}],\"last_id\":\"cthi_2\",\"has_more\":true}");
    server_json(server, ITEMS "&after=cthi_2",
                "{\"data\":[{\"id\":\"cthi_3\"}],\"has_more\":false}");
}

static Account *account_new(void)
{
    Account *a = g_new0(Account, 1);
    a->context = g_main_context_new();
    a->server = server_new(a->context);
    a->config = client_config(a->server);
    a->config->page_size = 2;
    a->store = rows_new_store();
    a->api = client_api(a->context, a->config);
    a->pager = ck_pager_new(a->context, a->store, a->api, a->config);
    /* Each page may have to be asked for twice, or the listing be begun again. */
    script_answers(a->server);
    script_answers(a->server);
    server_may_leave(a->server);
    return a;
}

static void account_free(Account *a)
{
    ck_pager_free(a->pager);
    ck_api_free(a->api);
    ck_store_free(a->store);
    server_free(a->server);
    ck_config_free(a->config);
    g_main_context_unref(a->context);
    g_free(a);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Account, account_free)

typedef struct {
    gboolean woken;
    GError *error;
} Waiter;

static void on_woken(const GError *error, gpointer data)
{
    Waiter *waiter = data;
    waiter->woken = TRUE;
    waiter->error = error ? g_error_copy(error) : NULL;
}

/* Reads a listing to its end, as a reader does who looks at it after each page. */
static gboolean read_listing(Account *a, const CkWant *want, GError **error)
{
    for (;;) {
        g_auto(CkListingState) state = {0};
        Waiter waiter = {0};
        if (!ck_listing_state(a->store, want, &state, error))
            return FALSE;
        if (state.complete)
            return TRUE;
        ck_pager_wait(a->pager, want, on_woken, &waiter);
        server_run_until(a->context, waiter.woken);
        if (waiter.error) {
            g_propagate_error(error, waiter.error);
            return FALSE;
        }
    }
}

static gboolean read_account(Account *a, GError **error)
{
    const CkWant threads = {CK_WANT_THREADS, NULL}, items = {CK_WANT_ITEMS, (char *)"cthr_1"};
    return read_listing(a, &threads, error) && read_listing(a, &items, error);
}

/* What a listing has: whole pages, and all of them if it says that it is complete. */
static void assert_whole_pages(Account *a)
{
    const CkWant threads = {CK_WANT_THREADS, NULL}, items = {CK_WANT_ITEMS, (char *)"cthr_1"};
    g_auto(CkListingState) of_threads = {0}, of_items = {0};
    CkStoreCounts counts;
    g_assert_true(ck_listing_state(a->store, &threads, &of_threads, NULL));
    g_assert_true(ck_listing_state(a->store, &items, &of_items, NULL));
    g_assert_true(ck_store_counts(a->store, &counts, NULL));
    g_assert_cmpint(counts.listed, ==, of_threads.complete ? 3 : of_threads.cursor ? 2 : 0);
    g_assert_cmpint(counts.items, ==, of_items.complete ? 3 : of_items.cursor ? 2 : 0);
}

static void assert_all(Account *a, const char *expected)
{
    g_autoptr(GString) all = g_string_new(NULL);
    CkThreadRow thread = {0};
    for (guint64 after = 0;;) {
        CkFound found = ck_store_next_thread(a->store, 0, after, G_MAXINT64, &thread, NULL);
        if (found != CK_FOUND)
            break;
        after = thread.place;
        say_thread(all, found, &thread);
    }
    g_assert_cmpint(ck_store_items(a->store, 1, 1, take_item, all, NULL), !=, CK_FAILED);
    g_assert_cmpstr(all->str, ==, expected);
}

/* Those of cJSON and SQLite together, while the server is a real one. */
static void a_listing_is_whole_or_an_error(void)
{
    gboolean failed = TRUE;
    for (guint which = 0; failed; which += stride()) {
        g_autoptr(Account) a = account_new();
        g_autoptr(GError) error = NULL;
        fail_at(which, FALSE);
        gboolean ok = read_account(a, &error);
        failed = has_failed();
        if (!ok)
            g_assert_error(error, CK_ERROR, CK_ERROR_NO_MEMORY);
        assert_whole_pages(a);
        g_clear_error(&error);
        g_assert_true(read_account(a, &error));
        g_assert_no_error(error);
        assert_all(a, "[cthr_1 One.cthr_1 1 3][cthr_2 cthr_2 2 0][cthr_3 cthr_3 3 0]"
                      "[1 widget][2 item][3 item]");
    }
}

int main(int argc, char **argv)
{
    cJSON_Hooks hooks = {json_malloc, json_free};
    cJSON_InitHooks(&hooks);
    take_over_sqlite();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/allocation/decode", what_is_decoded_is_whole_or_an_error);
    g_test_add_func("/allocation/decode-error", an_error_is_told_without_words);
    add_store_tests();
    g_test_add_func("/allocation/pager", a_listing_is_whole_or_an_error);
    return g_test_run();
}
