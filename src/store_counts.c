/* SPDX-License-Identifier: MIT */
#include "store_private.h"

/*
 * How many rows there are. SQLite would count them one by one, so it tells of each row that comes
 * or goes instead (c3ref/update_hook.html). It does so where rows are added and deleted, also by
 * ON CONFLICT DO UPDATE, but not of what INSERT OR REPLACE deletes: rows of these tables are never
 * written that way. They are counted once when somebody asks: of a file that had rows when it was
 * opened, and after a rollback.
 */

static const char *const tables[N_COUNTS] = {
    [COUNT_USERS] = "user", [COUNT_THREADS] = "thread", [COUNT_ITEMS] = "item"};

static void on_row(void *data, int operation, const char *database, const char *table,
                   sqlite3_int64 row)
{
    CkStore *store = data;
    (void)database;
    (void)row;
    if (operation == SQLITE_UPDATE)
        return;
    for (int i = 0; i < N_COUNTS; i++)
        if (strcmp(table, tables[i]) == 0)
            store->counts[i] += operation == SQLITE_INSERT ? 1 : -1;
}

static void on_rollback(void *data)
{
    ((CkStore *)data)->counted = FALSE;
}

/* Reads the numbers that a query gives, in its one row. */
static gboolean query(CkStore *store, const char *sql, gint64 *numbers, GError **error)
{
    sqlite3_stmt *statement = NULL;
    gboolean ok = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK &&
                  sqlite3_step(statement) == SQLITE_ROW;
    for (int i = 0; ok && i < sqlite3_column_count(statement); i++)
        numbers[i] = sqlite3_column_int64(statement, i);
    if (!ok)
        set_error(store, error);
    sqlite3_finalize(statement);
    return ok;
}

static gboolean count(CkStore *store, GError **error)
{
    if (!store->counted)
        store->counted = query(store,
                               "SELECT (SELECT count(*) FROM user), (SELECT count(*) FROM thread),"
                               " (SELECT count(*) FROM item)",
                               store->counts, error);
    return store->counted;
}

void ck_store_watch_counts(CkStore *store)
{
    sqlite3_update_hook(store->db, on_row, store);
    sqlite3_rollback_hook(store->db, on_rollback, store);
    store->counted = FALSE;
}

gboolean ck_store_counts(CkStore *store, CkStoreCounts *counts, GError **error)
{
    /* The row that stands for no user; threads that were retrieved and not listed, which are few.
     */
    gint64 besides[2];
    if (!count(store, error) || !query(store,
                                       "SELECT EXISTS (SELECT 1 FROM user WHERE id = ''),"
                                       " (SELECT count(*) FROM thread WHERE place IS NULL)",
                                       besides, error))
        return FALSE;
    *counts = (CkStoreCounts){
        .users = store->counts[COUNT_USERS] - besides[0],
        .threads = store->counts[COUNT_THREADS],
        .listed = store->counts[COUNT_THREADS] - besides[1],
        .items = store->counts[COUNT_ITEMS],
    };
    return TRUE;
}

gboolean ck_store_checks(CkStore *store, CkStoreChecks *checks, GError **error)
{
    gint64 found[3];
    if (!query(store,
               "SELECT count(*), min(checked_at) / 1000000, max(checked_at) / 1000000"
               " FROM listing WHERE key >= 'items:' AND key < 'items;' AND complete",
               found, error))
        return FALSE;
    *checks = (CkStoreChecks){found[0], found[1], found[2]};
    return TRUE;
}
