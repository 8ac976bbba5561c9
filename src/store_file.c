/* SPDX-License-Identifier: MIT */
#include "store_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store_private.h"

/* Of the tables and of what names, roles and sizes are made by; see store_file.h. */
#define STORE_VERSION 4

/* user_version is STORE_VERSION times this, plus the program's version: 4000200 for 0.2.0. */
#define PROGRAMS 1000000

/* "CkFS", in the header of the file. */
#define APPLICATION_ID 0x436b4653

/* How long another program may hold the file, in ms: one that copies it does so for a moment. */
#define BUSY_MS 2000

/* Pages of the log from which on it is brought into the file; and so many that this is waited for,
 * since it can't be begun anew while more is written all the time. */
#define LOG_PAGES     1000
#define LOG_PAGES_MAX 16000

/* Pages that are given back at a time. */
#define SHRINK_PAGES 256

/* More than a mount can bring, and less than what inode numbers have room for (tree.h). */
#define ROWS_AHEAD ((gint64)1 << 24)
#define ROWS_MAX   ((gint64)THREADS_MAX)

/* Errors */

static gboolean is_full(int cause)
{
    return cause == ENOSPC || cause == EDQUOT || cause == EFBIG;
}

/* Of a write that fails in a COMMIT SQLite tells no errno but that of the file: the database, its
 * journal or log. */
static gboolean has_no_room(sqlite3 *db)
{
    sqlite3_file *journal = NULL;
    int cause = 0, cause_of_journal = 0;
    sqlite3_file_control(db, NULL, SQLITE_FCNTL_LAST_ERRNO, &cause);
    sqlite3_file_control(db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &journal);
    if (journal && journal->pMethods)
        journal->pMethods->xFileControl(journal, SQLITE_FCNTL_LAST_ERRNO, &cause_of_journal);
    return is_full(sqlite3_system_errno(db)) || is_full(cause) || is_full(cause_of_journal);
}

static CkError code_of(sqlite3 *db)
{
    switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_NOMEM:
        return CK_ERROR_NO_MEMORY;
    case SQLITE_FULL:
        return CK_ERROR_STORE_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return CK_ERROR_STORE_DAMAGED;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return has_no_room(db) ? CK_ERROR_STORE_FULL : CK_ERROR_STORE;
    default:
        return CK_ERROR_STORE;
    }
}

gboolean ck_store_fail(CkStore *store, GError **error)
{
    CkError code = code_of(store->db);
    g_set_error(error, CK_ERROR, code, "the store: %s", sqlite3_errmsg(store->db));
    if (code == CK_ERROR_STORE_DAMAGED && !store->damaged) {
        store->damaged = TRUE;
        if (store->on_damaged)
            store->on_damaged(store->damaged_data);
    }
    return FALSE;
}

static gboolean damaged(GError **error, const char *what)
{
    g_set_error(error, CK_ERROR, CK_ERROR_STORE_DAMAGED, "the store: %s", what);
    return FALSE;
}

void ck_store_set_damaged(CkStore *store, void (*on_damaged)(gpointer data), gpointer data)
{
    store->on_damaged = on_damaged;
    store->damaged_data = data;
}

/* Statements that are run once, or seldom */

gboolean ck_store_execute(CkStore *store, const char *sql, GError **error)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || set_error(store, error);
}

gboolean ck_store_execute_with(CkStore *store, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *sql = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return ck_store_execute(store, sql, error);
}

sqlite3_stmt *ck_store_prepare_one(CkStore *store, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL))
        set_error(store, error);
    return statement;
}

gboolean ck_store_get_number(CkStore *store, const char *sql, gint64 *number, GError **error)
{
    sqlite3_stmt *statement = ck_store_prepare_one(store, sql, error);
    if (!statement)
        return FALSE;
    gboolean ok = sqlite3_step(statement) == SQLITE_ROW || set_error(store, error);
    if (ok)
        *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return ok;
}

gboolean ck_store_get_text(CkStore *store, const char *sql, char **text, GError **error)
{
    sqlite3_stmt *statement = ck_store_prepare_one(store, sql, error);
    *text = NULL;
    if (!statement)
        return FALSE;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *text = column_text(statement, 0);
    gboolean ok = code == SQLITE_ROW || code == SQLITE_DONE || set_error(store, error);
    sqlite3_finalize(statement);
    return ok;
}

/* Opening */

static guint own_version(void)
{
    guint major = 0, minor = 0, patch = 0;
    sscanf(CK_VERSION, "%u.%u.%u", &major, &minor, &patch);
    return STORE_VERSION * PROGRAMS + major * 10000 + minor * 100 + patch;
}

static guint number_at(const guint8 *bytes)
{
    guint32 number;
    memcpy(&number, bytes, sizeof number);
    return GUINT32_FROM_BE(number);
}

/* The program that made the file (0.2.0), to be freed, if its STORE_VERSION was another one. Reads
 * the header of the file itself, which make_tables() writes before there is a log: SQLite would
 * write to the file, or beside it, even to read it. */
static char *other_version(sqlite3 *db)
{
    guint8 header[100]; /* see fileformat.html */
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        file->pMethods->xRead(file, header, sizeof header, 0) != SQLITE_OK ||
        number_at(header + 68) != APPLICATION_ID)
        return NULL;
    guint version = number_at(header + 60);
    if (version / PROGRAMS == STORE_VERSION)
        return NULL;
    return g_strdup_printf("%u.%u.%u", version % PROGRAMS / 10000, version % 10000 / 100,
                           version % 100);
}

char *ck_store_other_version(const char *path)
{
    sqlite3 *db = NULL;
    char *version = NULL;
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR) && /* to open a pipe would wait */
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW, NULL) == SQLITE_OK)
        version = other_version(db);
    sqlite3_close(db);
    return version;
}

/* Nothing is written to a file of another version. */
static gboolean check_version(CkStore *store, GError **error)
{
    g_autofree char *version = other_version(store->db);
    if (version)
        g_set_error(error, CK_ERROR, CK_ERROR_STORE_VERSION, "the store: made by chatkitfs %s",
                    version);
    return !version;
}

/* *is_new: there is nothing in the file. */
static gboolean check_kind(CkStore *store, gboolean *is_new, GError **error)
{
    gint64 application, tables, foreign;
    if (!check_version(store, error) ||
        !ck_store_get_number(store, "PRAGMA application_id", &application, error) ||
        !ck_store_get_number(store, "SELECT count(*) FROM sqlite_schema", &tables, error) ||
        !ck_store_get_number(store,
                             "SELECT count(*) FROM sqlite_schema WHERE type IN ('view', 'trigger')",
                             &foreign, error))
        return FALSE;
    *is_new = tables == 0 && application == 0;
    return *is_new || (application == APPLICATION_ID && foreign == 0) ||
           damaged(error, "another program's database");
}

static gboolean make_tables(CkStore *store, GError **error)
{
    return ck_store_execute_with(store, error,
                                 "BEGIN; %s PRAGMA application_id = %d;"
                                 "PRAGMA user_version = %u; COMMIT",
                                 ck_store_schema(), APPLICATION_ID, own_version());
}

/* WAL: commits need not wait for the disk, and another mount can read. Of synchronous = NORMAL see
 * pragma.html: nothing is lost but with the power. */
static gboolean set_up(CkStore *store, gboolean is_new, GError **error)
{
    g_autofree char *mode = NULL;
    if (is_new && (!ck_store_execute(store, "PRAGMA auto_vacuum = INCREMENTAL", error) ||
                   !make_tables(store, error)))
        return FALSE;
    if (!ck_store_execute(store,
                          "PRAGMA trusted_schema = OFF;"
                          "PRAGMA cell_size_check = ON;"
                          "PRAGMA secure_delete = ON;" /* nothing stays of a thread that is gone */
                          "PRAGMA cache_size = -8192;",
                          error) ||
        !ck_store_get_text(store, "PRAGMA journal_mode = WAL", &mode, error))
        return FALSE;
    if (g_strcmp0(mode, "wal") != 0) {
        g_set_error_literal(error, CK_ERROR, CK_ERROR_STORE,
                            "the store: this file system does not let files be shared in memory");
        return FALSE;
    }
    return ck_store_execute(
        store, "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864", error);
}

static gboolean check_all(CkStore *store, GError **error)
{
    g_autofree char *found = NULL;
    if (!ck_store_get_text(store, "PRAGMA quick_check(1)", &found, error))
        return FALSE;
    return g_strcmp0(found, "ok") == 0 || damaged(error, "its pages do not fit together");
}

/* Inode numbers are made of rows. */
static gboolean check_rows(CkStore *store, GError **error)
{
    gint64 least, most;
    if (!ck_store_get_number(store, "SELECT ifnull(min(seq), 0) FROM sqlite_sequence", &least,
                             error) ||
        !ck_store_get_number(store, "SELECT ifnull(max(seq), 0) FROM sqlite_sequence", &most,
                             error))
        return FALSE;
    store->first_row = most;
    return (least >= 0 && most < ROWS_MAX) || damaged(error, "rows out of range");
}

static gboolean open_file(CkStore *store, const char *path, GError **error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(path, &store->db, flags, NULL))
        return set_error(store, error);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    return TRUE;
}

/* Whatever prevents the statements from being prepared, the tables are not ours. */
static gboolean prepare_all(CkStore *store, GError **error)
{
    if (ck_store_prepare(store, error))
        return TRUE;
    if (error && g_error_matches(*error, CK_ERROR, CK_ERROR_STORE))
        (*error)->code = CK_ERROR_STORE_DAMAGED;
    return FALSE;
}

CkStore *ck_store_open(const char *path, gboolean check, GError **error)
{
    g_autoptr(CkStore) store = ck_store_alloc();
    gboolean is_new = FALSE;
    if (!open_file(store, path, error) || !check_kind(store, &is_new, error) ||
        !set_up(store, is_new, error) || (check && !is_new && !check_all(store, error)) ||
        !prepare_all(store, error) || !check_rows(store, error))
        return NULL;
    store->used = g_hash_table_new(NULL, NULL);
    ck_store_watch_counts(store);
    return g_steal_pointer(&store);
}

/* In one step, which nobody writes in between. */
static gboolean copy_all(CkStore *store, CkStore *source, GError **error)
{
    sqlite3_backup *backup = sqlite3_backup_init(store->db, "main", source->db, "main");
    if (!backup)
        return set_error(store, error);
    int code = sqlite3_backup_step(backup, -1);
    sqlite3_backup_finish(backup);
    return code == SQLITE_DONE || set_error(store, error);
}

CkStore *ck_store_copy(const char *path, GError **error)
{
    g_autoptr(CkStore) source = ck_store_alloc();
    g_autoptr(CkStore) store = ck_store_alloc();
    gboolean is_new = FALSE;
    if (!open_file(source, path, error) || !check_kind(source, &is_new, error) ||
        !ck_store_open_private(store, error) || !copy_all(store, source, error) ||
        (is_new && !make_tables(store, error)) || !prepare_all(store, error) ||
        !check_rows(store, error))
        return NULL;
    ck_store_watch_counts(store);
    return g_steal_pointer(&store);
}

/* The log */

/* After each commit; pages: how many are in the log. */
static int on_commit(void *data, sqlite3 *db, const char *name, int pages)
{
    CkStore *store = data;
    if (pages >= LOG_PAGES)
        store->on_grown(store->grown_data);
    if (pages >= LOG_PAGES_MAX)
        sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

void ck_store_set_grown(CkStore *store, void (*grown)(gpointer data), gpointer data)
{
    if (!sqlite3_threadsafe())
        return;
    store->on_grown = grown;
    store->grown_data = data;
    sqlite3_wal_hook(store->db, on_commit, store); /* in the place of SQLite's own */
}

void ck_store_checkpoint(const char *path)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    sqlite3 *db = NULL;
    /* A connection knows of the log once it has read. What fails is tried again after the next
     * commit. */
    if (sqlite3_open_v2(path, &db, flags, NULL) == SQLITE_OK &&
        sqlite3_exec(db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL) == SQLITE_OK)
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    sqlite3_close(db);
}

/* Rows */

gint64 ck_store_rows_end(CkStore *store)
{
    gint64 last = 0;
    /* What can't be read any more is known to be less than what was there before, and more. */
    if (!ck_store_get_number(store, "SELECT ifnull(max(seq), 0) FROM sqlite_sequence", &last,
                             NULL) ||
        last < store->first_row || last >= ROWS_MAX)
        last = store->first_row;
    return last + ROWS_AHEAD;
}

gboolean ck_store_begin_rows(CkStore *store, gint64 row, GError **error)
{
    store->first_row = row;
    return ck_store_execute_with(store, error,
                                 "DELETE FROM sqlite_sequence WHERE name IN ('thread', 'user');"
                                 "INSERT INTO sqlite_sequence (name, seq) VALUES"
                                 " ('thread', %" G_GINT64_FORMAT "), ('user', %" G_GINT64_FORMAT
                                 ")",
                                 row, row);
}

/* Size */

static gint64 page_size(CkStore *store)
{
    gint64 size;
    return ck_store_get_number(store, "PRAGMA page_size", &size, NULL) ? size : 0;
}

guint64 ck_store_size(CkStore *store)
{
    gint64 pages, unused;
    if (!ck_store_get_number(store, "PRAGMA page_count", &pages, NULL) ||
        !ck_store_get_number(store, "PRAGMA freelist_count", &unused, NULL))
        return 0;
    return (guint64)((pages - unused) * page_size(store));
}

gboolean ck_store_run_all(CkStore *store, const int *which, gsize count, gint64 row, GError **error)
{
    for (gsize i = 0; i < count; i++) {
        sqlite3_stmt *statement = use(store, which[i]);
        sqlite3_bind_int64(statement, 1, row);
        if (!run(store, statement, error))
            return FALSE;
    }
    return TRUE;
}

CkFound ck_store_evict(CkStore *store, gint64 then, gboolean any, GError **error)
{
    static const int statements_in_order[] = {DROP_ITEMS, DROP_FORMER_ITEMS, DROP_LISTING,
                                              DROP_USED, FORGET_TOTALS};
    sqlite3_stmt *least = use(store, LEAST_USED);
    sqlite3_bind_int64(least, 1, then);
    sqlite3_bind_int(least, 2, any);
    CkFound found = first(store, least, error);
    if (found != CK_FOUND)
        return found;
    gint64 row = sqlite3_column_int64(least, 0);
    done(least);
    if (ck_store_begin(store, error) &&
        ck_store_run_all(store, statements_in_order, G_N_ELEMENTS(statements_in_order), row,
                         error) &&
        ck_store_commit(store, error)) {
        ck_recent_clear(store->recent);
        return CK_FOUND;
    }
    ck_store_rollback(store);
    return CK_FAILED;
}

CkFound ck_store_shrink(CkStore *store, guint64 bytes, GError **error)
{
    gint64 pages, unused;
    if (!ck_store_get_number(store, "PRAGMA page_count", &pages, error) ||
        !ck_store_get_number(store, "PRAGMA freelist_count", &unused, error))
        return CK_FAILED;
    if (unused == 0 || (guint64)(pages * page_size(store)) <= bytes)
        return CK_ABSENT;
    return ck_store_execute_with(store, error, "PRAGMA incremental_vacuum(%d)", SHRINK_PAGES)
               ? CK_FOUND
               : CK_FAILED;
}

gboolean ck_store_put_used(CkStore *store, gint64 thread, GError **error)
{
    sqlite3_stmt *put = use(store, PUT_USED);
    sqlite3_bind_int64(put, 1, thread);
    sqlite3_bind_int64(put, 2, g_get_real_time() / G_USEC_PER_SEC);
    return run(store, put, error);
}

gboolean ck_store_flush_used(CkStore *store, GError **error)
{
    GHashTableIter iter;
    gpointer row;
    if (!store->used || g_hash_table_size(store->used) == 0)
        return TRUE;
    gboolean ok = ck_store_begin(store, error);
    g_hash_table_iter_init(&iter, store->used);
    while (ok && g_hash_table_iter_next(&iter, &row, NULL))
        ok = ck_store_put_used(store, (gint64)GPOINTER_TO_SIZE(row), error);
    if (!ok || !ck_store_commit(store, error)) {
        ck_store_rollback(store);
        return FALSE;
    }
    g_hash_table_remove_all(store->used);
    return TRUE;
}
