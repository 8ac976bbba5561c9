/* SPDX-License-Identifier: MIT */
/*
 * What store.c, which opens and writes, store_rows.c, which reads, and store_counts.c have in
 * common: the database and its statements, and the few steps in which each of them is run.
 */
#pragma once

#include <sqlite3.h>

#include "error.h"
#include "store.h"

/* An item's row is made of its thread's row and its number, which are never reused either: the
 * items of a thread stand together, and one is found by its number without an index. */
#define NUMBER_BITS 24
#define ITEMS_MAX   0xffffff
#define THREADS_MAX 0xfffffff /* rows with which an item's fits into a node (tree.h) */

/* What the SELECT of a row gives, in the order in which store_rows.c reads it. */
#define USER_COLUMNS "row, id, name, newest_at"
#define THREAD_COLUMNS                                                                             \
    "row, place, user, id, name, created_at, newest_at, json_size, head_size, items, md_size, "    \
    "jsonl_size, settled, settled_md_size, settled_jsonl_size, changes, json_version, "            \
    "jsonl_version, grown, changed_at, seen_at"
#define ITEM_COLUMNS                                                                               \
    "row, thread, role, created_at, finished, json_size, md_size, jsonl_size, md_offset, "         \
    "jsonl_offset, version, changed_at"

enum {
    BEGIN,
    COMMIT,
    ROLLBACK,
    PUT_USER,
    USER_BY_ROW,
    USER_BY_NAME,
    NEXT_USER,
    ADD_THREAD,
    KEEP_FORMER_NAME,
    KEEP_FORMER_THREAD,
    UPDATE_THREAD,
    SEE_THREAD,
    LAST_PLACE,
    FIRST_PLACE,
    PLACE_THREAD,
    FORGET_LISTED,
    SET_LISTED,
    IS_PLACED,
    NEXT_UNLISTED,
    NEWEST_ROW,
    DROP_ITEMS,
    DROP_FORMER_ITEMS,
    DROP_FORMER_THREADS,
    DROP_LISTING,
    DROP_NAMES,
    DROP_USER,
    DROP_THREAD,
    THREAD_BY_ROW,
    THREAD_BY_ID,
    THREAD_BY_NAME,
    THREAD_BY_FORMER_NAME,
    NEXT_THREAD,
    NEXT_THREAD_OF_USER,
    PREVIOUS_THREAD,
    PREVIOUS_THREAD_OF_USER,
    NEXT_NAMED_THREAD,
    THREAD_BEHIND,
    THREAD_OF_USER_BEHIND,
    THREAD_JSON,
    ADD_ITEM,
    KNOWN_ITEM,
    KEEP_FORMER_ITEM,
    UPDATE_ITEM,
    MOVE_ITEMS,
    PUT_TOTALS,
    ITEM_BY_ROW,
    ITEMS_BY_ROW,
    ITEM_JSON,
    ITEM_ID,
    ITEM_TIME,
    NEXT_UNFINISHED,
    FORMER_THREAD,
    FORMER_ITEM,
    FORMER_ITEMS,
    GET_LISTING,
    PUT_LISTING,
    SET_CHECKED,
    LISTINGS,
    PUT_USED,
    LEAST_USED,
    FORGET_TOTALS,
    DROP_USED,
    N_STATEMENTS
};

/* Tables whose rows are counted as they come and go (store_counts.c). */
enum { COUNT_USERS, COUNT_THREADS, COUNT_ITEMS, N_COUNTS };

struct _CkStore {
    sqlite3 *db;
    CkRecent *recent;
    gint64 rollbacks;
    GHashTable *deleted;             /* ids of threads, see ck_store_set_deleted() */
    gint64 places[CK_PLACINGS];      /* see read_place(); -1: to be read */
    gint64 places_kept[CK_PLACINGS]; /* as they are after a rollback */
    sqlite3_stmt *prepared[N_STATEMENTS];
    gint64 counts[N_COUNTS];
    gboolean counted; /* else they are to be counted in the tables first */
    GHashTable *used; /* rows of threads read since ck_store_flush_used(); NULL: of no interest */
    gint64 first_row; /* the last one that was given before it was opened */
    gboolean damaged; /* the database; on_damaged has been told */
    void (*on_damaged)(gpointer data); /* or NULL */
    gpointer damaged_data;
    void (*on_grown)(gpointer data);
    gpointer grown_data;
};

/* To be called with each database that the store gets, before anything is written to it. */
void ck_store_watch_counts(CkStore *store);

/* A store without a database; its private database, without a table; its statements. */
CkStore *ck_store_alloc(void);
gboolean ck_store_open_private(CkStore *store, GError **error);
gboolean ck_store_prepare(CkStore *store, GError **error);

/* The statements that make the tables. */
const char *ck_store_schema(void);

/* Statements that are run once, or seldom: as they stand; the first column of the first row, as
 * text to be freed and NULL where there is no row; prepared, to be finalized, NULL with the error
 * set. */
gboolean ck_store_execute(CkStore *store, const char *sql, GError **error);
gboolean ck_store_execute_with(CkStore *store, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
gboolean ck_store_get_number(CkStore *store, const char *sql, gint64 *number, GError **error);
gboolean ck_store_get_text(CkStore *store, const char *sql, char **text, GError **error);
sqlite3_stmt *ck_store_prepare_one(CkStore *store, const char *sql, GError **error);

/* Runs statements that take a row and return none. */
gboolean ck_store_run_all(CkStore *store, const int *which, gsize count, gint64 row,
                          GError **error);

/* The thread has been used now, if it has items. */
gboolean ck_store_put_used(CkStore *store, gint64 thread, GError **error);

/* Sets the error that SQLite has just told, and tells on_damaged if it is that. */
gboolean ck_store_fail(CkStore *store, GError **error);

static inline gboolean set_error(CkStore *store, GError **error)
{
    return ck_store_fail(store, error);
}

/* The same, but written later. */
static inline void note_used(CkStore *store, gint64 thread)
{
    if (store->used)
        g_hash_table_add(store->used, GSIZE_TO_POINTER((gsize)thread));
}

/* Statements: fetched with use(), bound, stepped once (but ck_store_items()), and reset by run(),
 * first() or done(). */

static inline sqlite3_stmt *use(CkStore *store, int which)
{
    return store->prepared[which];
}

static inline void done(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

static inline void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

/* Runs a statement that returns no row. */
static inline gboolean run(CkStore *store, sqlite3_stmt *statement, GError **error)
{
    gboolean ok = sqlite3_step(statement) == SQLITE_DONE || set_error(store, error);
    done(statement);
    return ok;
}

/* Steps to the first row; unless that is CK_FOUND the statement is reset. */
static inline CkFound first(CkStore *store, sqlite3_stmt *statement, GError **error)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return CK_FOUND;
    if (code != SQLITE_DONE)
        set_error(store, error);
    done(statement);
    return code == SQLITE_DONE ? CK_ABSENT : CK_FAILED;
}

static inline char *column_text(sqlite3_stmt *statement, int column)
{
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}

/* The item that the statement finds. */
CkFound ck_store_read_item(CkStore *store, sqlite3_stmt *statement, CkItemRow *item,
                           GError **error);

static inline gint64 item_row(gint64 thread, guint64 number)
{
    return thread << NUMBER_BITS | (gint64)number;
}
