/* SPDX-License-Identifier: MIT */
#include "store_private.h"

#include "names.h"
#include "store_file.h"

/* Bytes of recent items: those of the threads that are fetched ahead of a reader, and more. */
#define RECENT_BYTES (4 * 1024 * 1024)

/* Numbers for the statements below. */
#define TEXT(number)     #number
#define TEXT_OF(number)  TEXT(number)
#define VERSION_MAX      TEXT_OF(CK_VERSION_MAX)
#define NUMBER_BITS_TEXT TEXT_OF(NUMBER_BITS)

/* json stands last in its rows: what is behind a large value is found by reading all of its pages
 * (fileformat2.html, 1.6). */
static const char schema[] =
    "CREATE TABLE user ("
    "  row INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE,"
    "  name TEXT NOT NULL UNIQUE,"
    "  newest_at INTEGER NOT NULL);"
    "CREATE TABLE thread ("
    "  row INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  place INTEGER UNIQUE," /* NULL until a listing has brought it */
    "  user INTEGER NOT NULL,"
    "  id TEXT NOT NULL UNIQUE,"
    "  name TEXT NOT NULL UNIQUE,"
    "  created_at INTEGER NOT NULL,"
    "  newest_at INTEGER NOT NULL,"
    "  json_size INTEGER NOT NULL,"
    "  head_size INTEGER NOT NULL,"
    "  items INTEGER NOT NULL DEFAULT 0,"
    "  md_size INTEGER NOT NULL DEFAULT 0,"
    "  jsonl_size INTEGER NOT NULL DEFAULT 0,"
    "  settled INTEGER NOT NULL DEFAULT 0,"
    "  settled_md_size INTEGER NOT NULL DEFAULT 0,"
    "  settled_jsonl_size INTEGER NOT NULL DEFAULT 0,"
    "  changes INTEGER NOT NULL DEFAULT 0,"
    "  json_version INTEGER NOT NULL DEFAULT 0,"
    "  jsonl_version INTEGER NOT NULL DEFAULT 0,"
    "  grown INTEGER NOT NULL DEFAULT 0,"
    "  changed_at INTEGER NOT NULL DEFAULT 0,"
    "  seen_at INTEGER NOT NULL,"
    "  json BLOB NOT NULL);"
    "CREATE INDEX thread_of_user ON thread (user, place);"
    "CREATE TABLE former_name (name TEXT PRIMARY KEY, thread INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE item ("
    "  row INTEGER PRIMARY KEY,"
    "  thread INTEGER NOT NULL,"
    "  id TEXT NOT NULL,"
    "  role TEXT NOT NULL,"
    "  created_at INTEGER NOT NULL,"
    "  finished INTEGER NOT NULL,"
    "  json_size INTEGER NOT NULL,"
    "  md_size INTEGER NOT NULL,"
    "  jsonl_size INTEGER NOT NULL,"
    "  md_offset INTEGER NOT NULL,"
    "  jsonl_offset INTEGER NOT NULL,"
    "  version INTEGER NOT NULL DEFAULT 0,"
    "  changed_at INTEGER NOT NULL DEFAULT 0,"
    "  json BLOB NOT NULL,"
    "  UNIQUE (thread, id));"
    "CREATE INDEX item_unfinished ON item (row) WHERE NOT finished;"
    "CREATE TABLE former_thread ("
    "  thread INTEGER NOT NULL,"
    "  until INTEGER NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  json_size INTEGER NOT NULL,"
    "  head_size INTEGER NOT NULL,"
    "  json BLOB NOT NULL,"
    "  PRIMARY KEY (thread, until));"
    "CREATE TABLE former_item ("
    "  item INTEGER NOT NULL,"
    "  until INTEGER NOT NULL,"
    "  settled INTEGER NOT NULL," /* whether it was in the transcripts like this */
    "  time INTEGER NOT NULL,"
    "  json_size INTEGER NOT NULL,"
    "  md_size INTEGER NOT NULL,"
    "  jsonl_size INTEGER NOT NULL,"
    "  json BLOB NOT NULL,"
    "  PRIMARY KEY (item, until));"
    "CREATE TABLE listing ("
    "  key TEXT PRIMARY KEY,"
    "  cursor TEXT,"
    "  complete INTEGER NOT NULL,"
    "  checked_at INTEGER NOT NULL DEFAULT 0,"
    "  listed_at INTEGER NOT NULL DEFAULT 0,"
    "  newest_row INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE listed (thread INTEGER PRIMARY KEY);"
    "CREATE TABLE used (thread INTEGER PRIMARY KEY, at INTEGER NOT NULL);"
    "CREATE INDEX used_since ON used (at);"
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;";

#define NEWEST_THREAD "SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'thread'"

static const char *const statements[N_STATEMENTS] = {
    [BEGIN] = "BEGIN",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [PUT_USER] = "INSERT INTO user (id, name, newest_at) VALUES (?1, ?2, ?3) ON CONFLICT (id)"
                 " DO UPDATE SET newest_at = excluded.newest_at"
                 " WHERE newest_at < excluded.newest_at",
    [USER_BY_ROW] = "SELECT " USER_COLUMNS " FROM user WHERE row = ?1",
    [USER_BY_NAME] = "SELECT " USER_COLUMNS " FROM user WHERE name = ?1",
    [NEXT_USER] = "SELECT " USER_COLUMNS " FROM user WHERE row > ?1 ORDER BY row LIMIT 1",
    [ADD_THREAD] = "INSERT OR IGNORE INTO thread (user, id, name, created_at, newest_at, json,"
                   " json_size, head_size, seen_at)"
                   " SELECT (SELECT row FROM user WHERE id = ?1), ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8"
                   " WHERE NOT EXISTS (SELECT 1 FROM thread WHERE id = ?2)", /* else takes a row */
    [KEEP_FORMER_NAME] = "INSERT OR REPLACE INTO former_name (name, thread)"
                         " SELECT name, row FROM thread WHERE id = ?1 AND name <> ?2",
    /* Of the last version there is a former form already where the file has had it before. */
    [KEEP_FORMER_THREAD] = "INSERT OR IGNORE INTO former_thread (thread, until, time, json_size,"
                           " head_size, json) SELECT row, min(changes + 1, " VERSION_MAX "),"
                           " iif(json_version, changed_at, created_at), json_size, head_size, json"
                           " FROM thread WHERE id = ?1 AND json <> ?2",
    [UPDATE_THREAD] = "UPDATE thread SET user = (SELECT row FROM user WHERE id = ?1), name = ?3,"
                      " created_at = ?4, newest_at = iif(items, newest_at, ?4), json = ?5,"
                      " json_size = ?6, head_size = ?7, changed_at = ?8 / 1000000,"
                      " changes = min(changes + 1, " VERSION_MAX "),"
                      " json_version = min(changes + 1, " VERSION_MAX ")"
                      " WHERE id = ?2 AND json <> ?5",
    [SEE_THREAD] = "UPDATE thread SET seen_at = ?2 WHERE id = ?1",
    [LAST_PLACE] = "SELECT max(place) FROM thread WHERE place >= ?1 AND place < ?2",
    [FIRST_PLACE] = "SELECT min(place) FROM thread WHERE place >= ?1 AND place < ?2",
    [PLACE_THREAD] = "UPDATE thread SET place = ?2 WHERE id = ?1 AND place IS NULL",
    [FORGET_LISTED] = "DELETE FROM listed",
    [SET_LISTED] = "INSERT OR IGNORE INTO listed SELECT row FROM thread WHERE id = ?1",
    [IS_PLACED] = "SELECT place IS NOT NULL FROM thread WHERE id = ?1",
    [NEXT_UNLISTED] = "SELECT " THREAD_COLUMNS " FROM thread WHERE row > ?1 AND row <= ?2"
                      " AND created_at >= ?3 AND (?4 = 0 OR user = ?4)"
                      " AND NOT EXISTS (SELECT 1 FROM listed WHERE listed.thread = thread.row)"
                      " ORDER BY row LIMIT 1",
    [NEWEST_ROW] = NEWEST_THREAD,
    [DROP_ITEMS] = "DELETE FROM item WHERE thread = ?1",
    [DROP_FORMER_ITEMS] = "DELETE FROM former_item WHERE item BETWEEN ?1 << " NUMBER_BITS_TEXT
                          " AND ((?1 + 1) << " NUMBER_BITS_TEXT ") - 1",
    [DROP_FORMER_THREADS] = "DELETE FROM former_thread WHERE thread = ?1",
    [DROP_LISTING] = "DELETE FROM listing WHERE key ="
                     " (SELECT 'items:' || id FROM thread WHERE row = ?1)",
    [DROP_NAMES] = "DELETE FROM former_name WHERE thread = ?1",
    [DROP_USER] = "DELETE FROM user WHERE row = (SELECT user FROM thread WHERE row = ?1)"
                  " AND NOT EXISTS (SELECT 1 FROM thread WHERE user = user.row AND row <> ?1)",
    [DROP_THREAD] = "DELETE FROM thread WHERE row = ?1",
    [THREAD_BY_ROW] = "SELECT " THREAD_COLUMNS " FROM thread WHERE row = ?1",
    [THREAD_BY_ID] = "SELECT " THREAD_COLUMNS " FROM thread WHERE id = ?1",
    [THREAD_BY_NAME] = "SELECT " THREAD_COLUMNS " FROM thread WHERE name = ?1",
    [THREAD_BY_FORMER_NAME] = "SELECT " THREAD_COLUMNS " FROM thread WHERE row ="
                              " (SELECT thread FROM former_name WHERE former_name.name = ?1)",
    [NEXT_THREAD] = "SELECT " THREAD_COLUMNS " FROM thread WHERE place > ?1 AND place < ?2"
                    " ORDER BY place LIMIT 1",
    [NEXT_THREAD_OF_USER] = "SELECT " THREAD_COLUMNS " FROM thread WHERE user = ?3"
                            " AND place > ?1 AND place < ?2 ORDER BY place LIMIT 1",
    [PREVIOUS_THREAD] = "SELECT " THREAD_COLUMNS " FROM thread WHERE place < ?1"
                        " ORDER BY place DESC LIMIT 1",
    [PREVIOUS_THREAD_OF_USER] = "SELECT " THREAD_COLUMNS " FROM thread WHERE user = ?2"
                                " AND place < ?1 ORDER BY place DESC LIMIT 1",
    [NEXT_NAMED_THREAD] = "SELECT " THREAD_COLUMNS " FROM thread WHERE name > ?1"
                          " AND place IS NOT NULL ORDER BY name LIMIT 1",
    [THREAD_BEHIND] = "SELECT " THREAD_COLUMNS " FROM thread WHERE place > ?1"
                      " ORDER BY place LIMIT 1 OFFSET ?2",
    [THREAD_OF_USER_BEHIND] = "SELECT " THREAD_COLUMNS " FROM thread WHERE user = ?3"
                              " AND place > ?1 ORDER BY place LIMIT 1 OFFSET ?2",
    [THREAD_JSON] = "SELECT json FROM thread WHERE row = ?1",
    [ADD_ITEM] = "INSERT OR IGNORE INTO item (row, thread, id, role, created_at, finished, json,"
                 " json_size, md_size, jsonl_size, md_offset, jsonl_offset)"
                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [KNOWN_ITEM] = "SELECT " ITEM_COLUMNS " FROM item WHERE thread = ?1 AND id = ?2"
                   " AND NOT finished AND json <> ?3",
    [KEEP_FORMER_ITEM] = "INSERT OR IGNORE INTO former_item (item, until, settled, time, json_size,"
                         " md_size, jsonl_size, json) SELECT row, ?2, ?3, iif(version, changed_at,"
                         " created_at), json_size, md_size, jsonl_size, json FROM item"
                         " WHERE row = ?1",
    [UPDATE_ITEM] = "UPDATE item SET finished = ?2, json = ?3, json_size = ?4, md_size = ?5,"
                    " jsonl_size = ?6, version = ?7, changed_at = ?8 WHERE row = ?1",
    [MOVE_ITEMS] = "UPDATE item SET md_offset = md_offset + ?3, jsonl_offset = jsonl_offset + ?4"
                   " WHERE row > ?1 AND row <= ?2",
    [PUT_TOTALS] = "UPDATE thread SET items = ?2, md_size = ?3, jsonl_size = ?4, newest_at = ?5,"
                   " settled = ?6, settled_md_size = ?7, settled_jsonl_size = ?8, changes = ?9,"
                   " jsonl_version = ?10, grown = ?11, changed_at = ?12 WHERE row = ?1",
    [ITEM_BY_ROW] = "SELECT " ITEM_COLUMNS " FROM item WHERE row = ?1",
    [ITEMS_BY_ROW] = "SELECT " ITEM_COLUMNS " FROM item WHERE row BETWEEN ?1 AND ?2 ORDER BY row",
    [ITEM_JSON] = "SELECT json FROM item WHERE row = ?1",
    [ITEM_ID] = "SELECT id FROM item WHERE row = ?1",
    [ITEM_TIME] = "SELECT created_at FROM item"
                  " WHERE thread = (SELECT row FROM thread WHERE id = ?1) AND id = ?2",
    [NEXT_UNFINISHED] = "SELECT " ITEM_COLUMNS " FROM item WHERE row BETWEEN ?1 AND ?2"
                        " AND NOT finished ORDER BY row LIMIT 1",
    [FORMER_THREAD] = "SELECT time, json_size, head_size, json FROM former_thread"
                      " WHERE thread = ?1 AND until > ?2 ORDER BY until LIMIT 1",
    [FORMER_ITEM] = "SELECT item, time, json_size, md_size, jsonl_size, json FROM former_item"
                    " WHERE item = ?1 AND until > ?2 ORDER BY until LIMIT 1",
    /* The bare columns are those of the row with the minimum (lang_select.html, 2.5). */
    [FORMER_ITEMS] = "SELECT item, time, json_size, md_size, jsonl_size, json, min(until)"
                     " FROM former_item WHERE item BETWEEN ?1 AND ?2 AND until > ?3 AND settled"
                     " GROUP BY item ORDER BY item",
    [GET_LISTING] = "SELECT cursor, complete, checked_at, listed_at, newest_row FROM listing"
                    " WHERE key = ?1",
    [PUT_LISTING] = "INSERT INTO listing (key, cursor, complete) VALUES (?1, ?2, ?3)"
                    " ON CONFLICT (key) DO UPDATE SET cursor = ?2, complete = ?3",
    [SET_CHECKED] = "UPDATE listing SET checked_at = ?2, listed_at = iif(?3, ?2, listed_at),"
                    " newest_row = (" NEWEST_THREAD ") WHERE key = ?1",
    [LISTINGS] = "SELECT substr(key, length(?1) + 1) FROM listing"
                 " WHERE substr(key, 1, length(?1)) = ?1",
    [PUT_USED] = "INSERT INTO used (thread, at) SELECT row, ?2 FROM thread"
                 " WHERE row = ?1 AND items > 0"
                 " ON CONFLICT (thread) DO UPDATE SET at = excluded.at",
    [LEAST_USED] = "SELECT used.thread FROM used JOIN thread ON thread.row = used.thread"
                   " WHERE at < ?1 AND (?2 OR EXISTS (SELECT 1 FROM listing"
                   " WHERE key = 'items:' || thread.id AND complete)) ORDER BY at LIMIT 1",
    [FORGET_TOTALS] = "UPDATE thread SET items = 0, md_size = 0, jsonl_size = 0,"
                      " newest_at = created_at WHERE row = ?1",
    [DROP_USED] = "DELETE FROM used WHERE thread = ?1",
};

gboolean ck_store_must_find(CkFound found, GError **error)
{
    if (found == CK_ABSENT)
        g_set_error_literal(error, CK_ERROR, CK_ERROR_STORE, "the store: a row is missing");
    return found == CK_FOUND;
}

/* What was given can't be undone any more. */
static void keep_places(CkStore *store)
{
    memcpy(store->places_kept, store->places, sizeof store->places);
}

static void forget_places(CkStore *store)
{
    for (int i = 0; i < CK_PLACINGS; i++)
        store->places[i] = -1;
    keep_places(store);
}

CkStore *ck_store_alloc(void)
{
    CkStore *store = g_new0(CkStore, 1);
    store->recent = ck_recent_new(RECENT_BYTES);
    store->deleted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    forget_places(store);
    return store;
}

const char *ck_store_schema(void)
{
    return schema;
}

gboolean ck_store_prepare(CkStore *store, GError **error)
{
    for (int i = 0; i < N_STATEMENTS; i++)
        if (sqlite3_prepare_v3(store->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->prepared[i], NULL))
            return set_error(store, error);
    return TRUE;
}

CkStore *ck_store_new(GError **error)
{
    g_autoptr(CkStore) store = ck_store_alloc();
    if (!ck_store_open_private(store, error))
        return NULL;
    if (sqlite3_exec(store->db, schema, NULL, NULL, NULL)) {
        set_error(store, error);
        return NULL;
    }
    ck_store_watch_counts(store);
    return ck_store_prepare(store, error) ? g_steal_pointer(&store) : NULL;
}

static void close_database(CkStore *store)
{
    for (int i = 0; i < N_STATEMENTS; i++)
        sqlite3_finalize(store->prepared[i]);
    sqlite3_close(store->db);
}

void ck_store_free(CkStore *store)
{
    close_database(store);
    g_clear_pointer(&store->used, g_hash_table_unref);
    ck_recent_free(store->recent);
    g_hash_table_unref(store->deleted);
    g_free(store);
}

void ck_store_replace(CkStore *store, CkStore *other)
{
    store->rollbacks = ck_store_changes(store) + 1;
    close_database(store);
    store->db = g_steal_pointer(&other->db);
    memcpy(store->prepared, other->prepared, sizeof store->prepared);
    memset(other->prepared, 0, sizeof other->prepared);
    ck_store_watch_counts(store);
    g_clear_pointer(&store->used, g_hash_table_unref);
    store->used = g_steal_pointer(&other->used);
    store->first_row = other->first_row;
    store->damaged = FALSE;
    forget_places(store);
    ck_recent_clear(store->recent);
    ck_store_free(other);
}

gboolean ck_store_begin(CkStore *store, GError **error)
{
    return run(store, use(store, BEGIN), error);
}

gboolean ck_store_commit(CkStore *store, GError **error)
{
    if (!run(store, use(store, COMMIT), error))
        return FALSE;
    keep_places(store);
    return TRUE;
}

void ck_store_rollback(CkStore *store)
{
    store->rollbacks++;
    /* As they were, and not as the rows have them: a thread that had the last place may be gone. */
    memcpy(store->places, store->places_kept, sizeof store->places);
    ck_recent_clear(store->recent); /* what was added just now never was */
    /* SQLite has rolled back already after some errors (lang_transaction.html, 3.2). */
    if (!sqlite3_get_autocommit(store->db))
        run(store, use(store, ROLLBACK), NULL);
}

/* Writing */

static gboolean put_user(CkStore *store, const char *id, gint64 created_at, GError **error)
{
    g_autofree char *name = ck_name_user(id);
    sqlite3_stmt *statement = use(store, PUT_USER);
    bind_text(statement, 1, id);
    bind_text(statement, 2, name);
    sqlite3_bind_int64(statement, 3, created_at);
    return run(store, statement, error);
}

/* Adds or updates a thread. */
static gboolean put(CkStore *store, int which, const char *id, const char *user, const char *name,
                    const CkPreparedThread *thread, GError **error)
{
    sqlite3_stmt *statement = use(store, which);
    bind_text(statement, 1, user);
    bind_text(statement, 2, id);
    bind_text(statement, 3, name);
    sqlite3_bind_int64(statement, 4, thread->created_at);
    sqlite3_bind_blob64(statement, 5, thread->json.data, thread->json.size, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 6, (gint64)thread->json_size);
    sqlite3_bind_int64(statement, 7, (gint64)thread->head_size);
    sqlite3_bind_int64(statement, 8, g_get_real_time());
    return run(store, statement, error);
}

/* It is not as it was: what it was until now is kept. */
static gboolean keep_former_thread(CkStore *store, const char *id, const CkPreparedThread *thread,
                                   GError **error)
{
    sqlite3_stmt *statement = use(store, KEEP_FORMER_THREAD);
    bind_text(statement, 1, id);
    sqlite3_bind_blob64(statement, 2, thread->json.data, thread->json.size, SQLITE_STATIC);
    return run(store, statement, error);
}

static gboolean see_thread(CkStore *store, const char *id, GError **error)
{
    sqlite3_stmt *statement = use(store, SEE_THREAD);
    bind_text(statement, 1, id);
    sqlite3_bind_int64(statement, 2, g_get_real_time());
    return run(store, statement, error);
}

/* To add changes nothing where the id is known, nor does to update where the JSON is the same. */
gboolean ck_store_put_thread(CkStore *store, const char *id, const char *user, const char *name,
                             const CkPreparedThread *thread, gboolean *changed, GError **error)
{
    user = user ? user : "";
    *changed = FALSE;
    if (!put_user(store, user, thread->created_at, error))
        return FALSE;

    if (!put(store, ADD_THREAD, id, user, name, thread, error))
        return FALSE;
    if (sqlite3_changes(store->db) > 0)
        return TRUE;

    sqlite3_stmt *keep = use(store, KEEP_FORMER_NAME);
    bind_text(keep, 1, id);
    bind_text(keep, 2, name);
    if (!run(store, keep, error) || !keep_former_thread(store, id, thread, error) ||
        !put(store, UPDATE_THREAD, id, user, name, thread, error))
        return FALSE;
    *changed = sqlite3_changes(store->db) > 0;
    if (!see_thread(store, id, error))
        return FALSE;
    g_auto(CkThreadRow) known = {0};
    CkFound found = *changed ? CK_FOUND : ck_store_thread_by_id(store, id, &known, error);
    if (found == CK_ABSENT)
        g_set_error(error, CK_ERROR, CK_ERROR_STORE, "the store: the name of thread %s is taken",
                    id);
    return found == CK_FOUND;
}

/* How each kind of place is given: the range that they are in, where the first is taken from, and
 * in which direction the next ones are. */
static const struct {
    int known; /* the statement that finds the last one that was given */
    guint64 from, to;
    gint64 before_first;
    int step;
} placings[CK_PLACINGS] = {
    [CK_PLACE_FRONT] = {LAST_PLACE, CK_FRONT_PLACE, CK_BACK_PLACE, CK_FRONT_PLACE - 1, 1},
    [CK_PLACE_BACK] = {FIRST_PLACE, CK_BACK_PLACE, CK_LAST_PLACE + 1, CK_LAST_PLACE + 1, -1},
    [CK_PLACE_NEW] = {FIRST_PLACE, 1, CK_FRONT_PLACE, CK_FRONT_PLACE, -1},
};

/* The last place that was given. */
static gboolean read_place(CkStore *store, CkPlacing placing, GError **error)
{
    sqlite3_stmt *statement = use(store, placings[placing].known);
    sqlite3_bind_int64(statement, 1, (gint64)placings[placing].from);
    sqlite3_bind_int64(statement, 2, (gint64)placings[placing].to);
    if (!ck_store_must_find(first(store, statement, error), error))
        return FALSE;
    gboolean given = sqlite3_column_type(statement, 0) != SQLITE_NULL;
    store->places[placing] =
        given ? sqlite3_column_int64(statement, 0) : placings[placing].before_first;
    done(statement);
    return TRUE;
}

gboolean ck_store_place_thread(CkStore *store, const char *thread_id, CkPlacing placing,
                               GError **error)
{
    gint64 *place = &store->places[placing];
    if (*place < 0 && !read_place(store, placing, error))
        return FALSE;
    gint64 next = *place + placings[placing].step;
    sqlite3_stmt *statement = use(store, PLACE_THREAD);
    bind_text(statement, 1, thread_id);
    sqlite3_bind_int64(statement, 2, next);
    if (!run(store, statement, error))
        return FALSE;
    if (sqlite3_changes(store->db) > 0)
        *place = next;
    if (sqlite3_get_autocommit(store->db))
        keep_places(store);
    return TRUE;
}

gboolean ck_store_forget_listed(CkStore *store, GError **error)
{
    return run(store, use(store, FORGET_LISTED), error);
}

gboolean ck_store_set_listed(CkStore *store, const char *thread_id, gboolean *placed,
                             GError **error)
{
    sqlite3_stmt *statement = use(store, SET_LISTED);
    bind_text(statement, 1, thread_id);
    if (!run(store, statement, error))
        return FALSE;
    statement = use(store, IS_PLACED);
    bind_text(statement, 1, thread_id);
    if (!ck_store_must_find(first(store, statement, error), error))
        return FALSE;
    *placed = sqlite3_column_int(statement, 0);
    done(statement);
    return TRUE;
}

gboolean ck_store_drop_thread(CkStore *store, gint64 row, GError **error)
{
    static const int statements_in_order[] = {DROP_ITEMS,   DROP_FORMER_ITEMS, DROP_FORMER_THREADS,
                                              DROP_LISTING, DROP_NAMES,        DROP_USER,
                                              DROP_USED,    DROP_THREAD};
    ck_recent_clear(store->recent);
    return ck_store_run_all(store, statements_in_order, G_N_ELEMENTS(statements_in_order), row,
                            error);
}

void ck_store_set_deleted(CkStore *store, const char *thread_id)
{
    g_hash_table_add(store->deleted, g_strdup(thread_id));
}

gboolean ck_store_is_deleted(CkStore *store, const char *thread_id)
{
    return g_hash_table_contains(store->deleted, thread_id);
}

gint64 ck_store_changes(CkStore *store)
{
    return sqlite3_total_changes64(store->db) + store->rollbacks;
}

/* Listings */

gboolean ck_store_listing(CkStore *store, const char *key, CkListingState *state, GError **error)
{
    sqlite3_stmt *statement = use(store, GET_LISTING);
    *state = (CkListingState){0};
    bind_text(statement, 1, key);
    CkFound found = first(store, statement, error);
    if (found == CK_FOUND) {
        state->cursor = column_text(statement, 0);
        state->complete = sqlite3_column_int(statement, 1);
        state->checked_at = sqlite3_column_int64(statement, 2);
        state->listed_at = sqlite3_column_int64(statement, 3);
        state->newest_row = sqlite3_column_int64(statement, 4);
        done(statement);
    }
    return found != CK_FAILED;
}

gboolean ck_store_put_listing(CkStore *store, const char *key, const char *cursor,
                              gboolean complete, GError **error)
{
    sqlite3_stmt *statement = use(store, PUT_LISTING);
    bind_text(statement, 1, key);
    bind_text(statement, 2, cursor);
    sqlite3_bind_int(statement, 3, complete);
    return run(store, statement, error);
}

gboolean ck_store_set_checked(CkStore *store, const char *key, gint64 at, gboolean all,
                              GError **error)
{
    sqlite3_stmt *statement = use(store, SET_CHECKED);
    bind_text(statement, 1, key);
    sqlite3_bind_int64(statement, 2, at);
    sqlite3_bind_int(statement, 3, all);
    return run(store, statement, error);
}

void ck_listing_state_clear(CkListingState *state)
{
    g_clear_pointer(&state->cursor, g_free);
}
