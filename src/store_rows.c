/* SPDX-License-Identifier: MIT */
#include "store_private.h"

/* Reading rows; the columns stand in the order of the *_COLUMNS. */

static guint64 column_size(sqlite3_stmt *statement, int column)
{
    return (guint64)sqlite3_column_int64(statement, column);
}

/* Of a column that can't be NULL, but in a damaged file. */
static char *column_name(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return g_strdup(text ? text : "");
}

static CkFound read_user(CkStore *store, sqlite3_stmt *statement, CkUserRow *user, GError **error)
{
    CkFound found = first(store, statement, error);
    if (found != CK_FOUND)
        return found;
    *user = (CkUserRow){
        .row = sqlite3_column_int64(statement, 0),
        .id = column_name(statement, 1),
        .name = column_name(statement, 2),
        .newest_at = sqlite3_column_int64(statement, 3),
    };
    done(statement);
    return found;
}

static CkFound read_thread(CkStore *store, sqlite3_stmt *statement, CkThreadRow *thread,
                           GError **error)
{
    CkFound found = first(store, statement, error);
    if (found != CK_FOUND)
        return found;
    *thread = (CkThreadRow){
        .row = sqlite3_column_int64(statement, 0),
        .place = column_size(statement, 1),
        .user = sqlite3_column_int64(statement, 2),
        .id = column_name(statement, 3),
        .name = column_name(statement, 4),
        .created_at = sqlite3_column_int64(statement, 5),
        .newest_at = sqlite3_column_int64(statement, 6),
        .json_size = column_size(statement, 7),
        .head_size = column_size(statement, 8),
        .items = column_size(statement, 9),
        .md_size = column_size(statement, 10),
        .jsonl_size = column_size(statement, 11),
        .settled = column_size(statement, 12),
        .settled_md_size = column_size(statement, 13),
        .settled_jsonl_size = column_size(statement, 14),
        .changes = (guint)sqlite3_column_int(statement, 15),
        .json_version = (guint)sqlite3_column_int(statement, 16),
        .jsonl_version = (guint)sqlite3_column_int(statement, 17),
        .grown = column_size(statement, 18),
        .changed_at = sqlite3_column_int64(statement, 19),
        .seen_at = sqlite3_column_int64(statement, 20),
    };
    thread->md_version = MAX(thread->json_version, thread->jsonl_version);
    done(statement);
    return found;
}

/* The item of the row that has been stepped to; its role is the statement's. */
static CkItemRow item_of(sqlite3_stmt *statement)
{
    gint64 row = sqlite3_column_int64(statement, 0);
    return (CkItemRow){
        .row = row,
        .thread = sqlite3_column_int64(statement, 1),
        .number = (guint64)row & ITEMS_MAX,
        .role = (char *)sqlite3_column_text(statement, 2),
        .created_at = sqlite3_column_int64(statement, 3),
        .finished = sqlite3_column_int(statement, 4),
        .json_size = column_size(statement, 5),
        .md_size = column_size(statement, 6),
        .jsonl_size = column_size(statement, 7),
        .md_offset = column_size(statement, 8),
        .jsonl_offset = column_size(statement, 9),
        .version = (guint)sqlite3_column_int(statement, 10),
        .changed_at = sqlite3_column_int64(statement, 11),
    };
}

CkFound ck_store_read_item(CkStore *store, sqlite3_stmt *statement, CkItemRow *item, GError **error)
{
    CkFound found = first(store, statement, error);
    if (found != CK_FOUND)
        return found;
    *item = item_of(statement);
    item->role = g_strdup(item->role);
    done(statement);
    return found;
}

void ck_user_row_clear(CkUserRow *user)
{
    g_clear_pointer(&user->id, g_free);
    g_clear_pointer(&user->name, g_free);
}

void ck_thread_row_clear(CkThreadRow *thread)
{
    g_clear_pointer(&thread->id, g_free);
    g_clear_pointer(&thread->name, g_free);
}

void ck_item_row_clear(CkItemRow *item)
{
    g_clear_pointer(&item->role, g_free);
}

CkFound ck_store_user(CkStore *store, gint64 row, CkUserRow *user, GError **error)
{
    sqlite3_bind_int64(use(store, USER_BY_ROW), 1, row);
    return read_user(store, use(store, USER_BY_ROW), user, error);
}

CkFound ck_store_user_named(CkStore *store, const char *name, CkUserRow *user, GError **error)
{
    bind_text(use(store, USER_BY_NAME), 1, name);
    return read_user(store, use(store, USER_BY_NAME), user, error);
}

CkFound ck_store_next_user(CkStore *store, gint64 after, CkUserRow *user, GError **error)
{
    sqlite3_bind_int64(use(store, NEXT_USER), 1, after);
    return read_user(store, use(store, NEXT_USER), user, error);
}

CkFound ck_store_thread(CkStore *store, gint64 row, CkThreadRow *thread, GError **error)
{
    sqlite3_bind_int64(use(store, THREAD_BY_ROW), 1, row);
    return read_thread(store, use(store, THREAD_BY_ROW), thread, error);
}

CkFound ck_store_thread_by_id(CkStore *store, const char *id, CkThreadRow *thread, GError **error)
{
    bind_text(use(store, THREAD_BY_ID), 1, id);
    return read_thread(store, use(store, THREAD_BY_ID), thread, error);
}

CkFound ck_store_thread_named(CkStore *store, const char *name, CkThreadRow *thread, GError **error)
{
    bind_text(use(store, THREAD_BY_NAME), 1, name);
    CkFound found = read_thread(store, use(store, THREAD_BY_NAME), thread, error);
    if (found != CK_ABSENT)
        return found;
    bind_text(use(store, THREAD_BY_FORMER_NAME), 1, name);
    return read_thread(store, use(store, THREAD_BY_FORMER_NAME), thread, error);
}

CkFound ck_store_next_thread(CkStore *store, gint64 user, guint64 after, guint64 before,
                             CkThreadRow *thread, GError **error)
{
    sqlite3_stmt *statement = use(store, user ? NEXT_THREAD_OF_USER : NEXT_THREAD);
    sqlite3_bind_int64(statement, 1, (gint64)after);
    sqlite3_bind_int64(statement, 2, (gint64)before);
    if (user)
        sqlite3_bind_int64(statement, 3, user);
    return read_thread(store, statement, thread, error);
}

CkFound ck_store_thread_behind(CkStore *store, gint64 user, guint64 after, guint skip,
                               CkThreadRow *thread, GError **error)
{
    sqlite3_stmt *statement = use(store, user ? THREAD_OF_USER_BEHIND : THREAD_BEHIND);
    sqlite3_bind_int64(statement, 1, (gint64)after);
    sqlite3_bind_int64(statement, 2, skip);
    if (user)
        sqlite3_bind_int64(statement, 3, user);
    return read_thread(store, statement, thread, error);
}

CkFound ck_store_next_unlisted(CkStore *store, gint64 user, gint64 after, gint64 max_row,
                               gint64 created_at, CkThreadRow *thread, GError **error)
{
    sqlite3_stmt *statement = use(store, NEXT_UNLISTED);
    sqlite3_bind_int64(statement, 1, after);
    sqlite3_bind_int64(statement, 2, max_row);
    sqlite3_bind_int64(statement, 3, created_at);
    sqlite3_bind_int64(statement, 4, user);
    return read_thread(store, statement, thread, error);
}

gint64 ck_store_newest_row(CkStore *store, GError **error)
{
    sqlite3_stmt *statement = use(store, NEWEST_ROW);
    if (!ck_store_must_find(first(store, statement, error), error))
        return -1;
    gint64 row = sqlite3_column_int64(statement, 0);
    done(statement);
    return row;
}

CkFound ck_store_previous_thread(CkStore *store, gint64 user, guint64 before, CkThreadRow *thread,
                                 GError **error)
{
    sqlite3_stmt *statement = use(store, user ? PREVIOUS_THREAD_OF_USER : PREVIOUS_THREAD);
    sqlite3_bind_int64(statement, 1, (gint64)before);
    if (user)
        sqlite3_bind_int64(statement, 2, user);
    return read_thread(store, statement, thread, error);
}

CkFound ck_store_next_named(CkStore *store, const char *after, CkThreadRow *thread, GError **error)
{
    sqlite3_stmt *statement = use(store, NEXT_NAMED_THREAD);
    bind_text(statement, 1, after);
    return read_thread(store, statement, thread, error);
}

gint64 ck_store_thread_of_item(gint64 row)
{
    return row >> NUMBER_BITS;
}

CkFound ck_store_item(CkStore *store, gint64 row, CkItemRow *item, GError **error)
{
    sqlite3_bind_int64(use(store, ITEM_BY_ROW), 1, row);
    return ck_store_read_item(store, use(store, ITEM_BY_ROW), item, error);
}

CkFound ck_store_item_numbered(CkStore *store, gint64 thread, guint64 number, CkItemRow *item,
                               GError **error)
{
    return number > ITEMS_MAX ? CK_ABSENT
                              : ck_store_item(store, item_row(thread, number), item, error);
}

/* The rows are read as they are wanted: how many there is room for is known to take alone. */
CkFound ck_store_items(CkStore *store, gint64 thread, guint64 from, CkStoreTake take, gpointer data,
                       GError **error)
{
    sqlite3_stmt *statement = use(store, ITEMS_BY_ROW);
    if (from > ITEMS_MAX)
        return CK_ABSENT;
    note_used(store, thread);
    /* Fails where the statement is in use, which means that a take has called this. */
    if (sqlite3_bind_int64(statement, 1, item_row(thread, from))) {
        set_error(store, error);
        return CK_FAILED;
    }
    sqlite3_bind_int64(statement, 2, item_row(thread, ITEMS_MAX));
    CkFound found;
    while ((found = first(store, statement, error)) == CK_FOUND) {
        CkItemRow item = item_of(statement);
        if (!take(&item, data)) {
            done(statement);
            break;
        }
    }
    return found;
}

CkFound ck_store_next_unfinished(CkStore *store, gint64 thread, guint64 from, CkItemRow *item,
                                 GError **error)
{
    sqlite3_stmt *statement = use(store, NEXT_UNFINISHED);
    if (from > ITEMS_MAX)
        return CK_ABSENT;
    sqlite3_bind_int64(statement, 1, item_row(thread, from));
    sqlite3_bind_int64(statement, 2, item_row(thread, ITEMS_MAX));
    return ck_store_read_item(store, statement, item, error);
}

char *ck_store_item_id(CkStore *store, gint64 row, GError **error)
{
    sqlite3_stmt *statement = use(store, ITEM_ID);
    sqlite3_bind_int64(statement, 1, row);
    if (!ck_store_must_find(first(store, statement, error), error))
        return NULL;
    char *id = column_text(statement, 0);
    done(statement);
    return id;
}

gint64 ck_store_item_time(CkStore *store, const char *thread_id, const char *id)
{
    sqlite3_stmt *statement = use(store, ITEM_TIME);
    bind_text(statement, 1, thread_id);
    bind_text(statement, 2, id);
    if (first(store, statement, NULL) != CK_FOUND)
        return 0;
    gint64 time = sqlite3_column_int64(statement, 0);
    done(statement);
    return time;
}

GPtrArray *ck_store_listings(CkStore *store, const char *prefix, GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement = use(store, LISTINGS);
    int code;
    bind_text(statement, 1, prefix);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        g_ptr_array_add(keys, column_text(statement, 0));
    gboolean ok = code == SQLITE_DONE || set_error(store, error);
    done(statement);
    return ok ? g_steal_pointer(&keys) : NULL;
}

static GBytes *column_bytes(sqlite3_stmt *statement, int column)
{
    /* sqlite3_column_blob() first: it may convert, and the size is that of the result. */
    const void *data = sqlite3_column_blob(statement, column);
    return g_bytes_new(data, (gsize)sqlite3_column_bytes(statement, column));
}

static GBytes *read_json(CkStore *store, int which, gint64 row, GError **error)
{
    sqlite3_stmt *statement = use(store, which);
    sqlite3_bind_int64(statement, 1, row);
    if (!ck_store_must_find(first(store, statement, error), error))
        return NULL;
    GBytes *json = column_bytes(statement, 0);
    done(statement);
    return json;
}

GBytes *ck_store_thread_json(CkStore *store, gint64 row, GError **error)
{
    return read_json(store, THREAD_JSON, row, error);
}

const CkRecentItem *ck_store_recent_item(CkStore *store, gint64 row)
{
    return ck_recent_get(store->recent, row);
}

GBytes *ck_store_item_json(CkStore *store, gint64 row, GError **error)
{
    const CkRecentItem *recent = ck_recent_get(store->recent, row);
    note_used(store, ck_store_thread_of_item(row));
    if (recent)
        return g_bytes_ref(recent->json);
    return read_json(store, ITEM_JSON, row, error);
}

/* What was */

void ck_form_clear(CkForm *form)
{
    g_clear_pointer(&form->json, g_bytes_unref);
}

CkFound ck_store_former_thread(CkStore *store, gint64 row, guint version, CkForm *form,
                               GError **error)
{
    sqlite3_stmt *statement = use(store, FORMER_THREAD);
    sqlite3_bind_int64(statement, 1, row);
    sqlite3_bind_int64(statement, 2, version);
    CkFound found = first(store, statement, error);
    if (found != CK_FOUND)
        return found;
    *form = (CkForm){
        .time = sqlite3_column_int64(statement, 0),
        .json_size = column_size(statement, 1),
        .head_size = column_size(statement, 2),
        .json = column_bytes(statement, 3),
    };
    done(statement);
    return found;
}

static CkForm item_form(sqlite3_stmt *statement)
{
    return (CkForm){
        .number = (guint64)sqlite3_column_int64(statement, 0) & ITEMS_MAX,
        .time = sqlite3_column_int64(statement, 1),
        .json_size = column_size(statement, 2),
        .md_size = column_size(statement, 3),
        .jsonl_size = column_size(statement, 4),
        .json = column_bytes(statement, 5),
    };
}

CkFound ck_store_former_item(CkStore *store, gint64 row, guint version, CkForm *form,
                             GError **error)
{
    sqlite3_stmt *statement = use(store, FORMER_ITEM);
    sqlite3_bind_int64(statement, 1, row);
    sqlite3_bind_int64(statement, 2, version);
    CkFound found = first(store, statement, error);
    if (found != CK_FOUND)
        return found;
    *form = item_form(statement);
    done(statement);
    return found;
}

GArray *ck_store_former_items(CkStore *store, gint64 thread, guint version, GError **error)
{
    g_autoptr(GArray) forms = g_array_new(FALSE, FALSE, sizeof(CkForm));
    sqlite3_stmt *statement = use(store, FORMER_ITEMS);
    int code;
    g_array_set_clear_func(forms, (GDestroyNotify)ck_form_clear);
    sqlite3_bind_int64(statement, 1, item_row(thread, 1));
    sqlite3_bind_int64(statement, 2, item_row(thread, ITEMS_MAX));
    sqlite3_bind_int64(statement, 3, version);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const CkForm form = item_form(statement);
        g_array_append_val(forms, form);
    }
    gboolean ok = code == SQLITE_DONE || set_error(store, error);
    done(statement);
    return ok ? g_steal_pointer(&forms) : NULL;
}
