/* SPDX-License-Identifier: MIT */
/* What an earlier mount left, made fit for this one. */
#include "names.h"
#include "store_file.h"
#include "store_private.h"
#include "want.h"

/* All that decides which threads the rows are of, and in what order they were listed. */
static char *describe_view(const CkConfig *config)
{
    return g_strdup_printf("since=%" G_GINT64_FORMAT " until=%" G_GINT64_FORMAT " user=%s",
                           config->since, config->until, config->user ? config->user : "");
}

/* Items are listed the same in every view. */
#define OF_THREADS "substr(key, 1, 6) <> 'items:'"

static gboolean unlist_threads(CkStore *store, GError **error)
{
    return ck_store_execute(store,
                            "DELETE FROM listing WHERE " OF_THREADS ";"
                            "UPDATE thread SET place = NULL WHERE place IS NOT NULL;",
                            error);
}

/* Puts into listed the threads that the view excludes, see ck_config_shows(). */
static gboolean find_excluded(CkStore *store, const CkConfig *config, GError **error)
{
    sqlite3_stmt *statement = ck_store_prepare_one(
        store,
        "INSERT INTO listed SELECT row FROM thread"
        " WHERE (created_at <> 0 AND (created_at < ?1 OR created_at > ?2))"
        " OR (?3 IS NOT NULL AND user NOT IN (SELECT row FROM user WHERE id = ?3))",
        error);
    if (!statement)
        return FALSE;
    sqlite3_bind_int64(statement, 1, config->since);
    sqlite3_bind_int64(statement, 2, config->until);
    bind_text(statement, 3, config->user);
    gboolean ok = run(store, statement, error);
    sqlite3_finalize(statement);
    return ok;
}

static gboolean drop_excluded(CkStore *store, const CkConfig *config, GError **error)
{
    return ck_store_execute(store, "DELETE FROM listed", error) &&
           find_excluded(store, config, error) &&
           ck_store_execute(
               store,
               "DELETE FROM item WHERE thread IN (SELECT thread FROM listed);"
               "DELETE FROM listing WHERE key IN"
               " (SELECT 'items:' || id FROM thread WHERE row IN (SELECT thread FROM listed));"
               "DELETE FROM used WHERE thread IN (SELECT thread FROM listed);"
               "DELETE FROM former_name WHERE thread IN (SELECT thread FROM listed);"
               "DELETE FROM thread WHERE row IN (SELECT thread FROM listed);"
               "DELETE FROM listed;"
               "DELETE FROM user WHERE row NOT IN (SELECT user FROM thread);"
               "UPDATE user SET newest_at ="
               " (SELECT max(created_at) FROM thread WHERE thread.user = user.row)",
               error);
}

static gboolean rename_thread(CkStore *store, gint64 row, const char *name, GError **error)
{
    sqlite3_stmt *statement =
        ck_store_prepare_one(store, "UPDATE thread SET name = ?2 WHERE row = ?1", error);
    if (!statement)
        return FALSE;
    sqlite3_bind_int64(statement, 1, row);
    bind_text(statement, 2, name);
    gboolean ok = run(store, statement, error);
    sqlite3_finalize(statement);
    return ok;
}

/* Names end in ids, so that one that a thread gets no other one has now, either. */
static gboolean rename_threads(CkStore *store, const CkConfig *config, GError **error)
{
    sqlite3_stmt *statement =
        ck_store_prepare_one(store, "SELECT row, id, json FROM thread", error);
    int code = statement ? SQLITE_ROW : SQLITE_ERROR;
    gboolean ok = statement != NULL;
    while (ok && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *id = (const char *)sqlite3_column_text(statement, 1);
        const char *json = sqlite3_column_blob(statement, 2);
        CkSlice slice = {json, (gsize)sqlite3_column_bytes(statement, 2)};
        g_autoptr(CkThread) thread = config->name_by_id ? NULL : ck_decode_thread(slice, error);
        if (!thread && !config->name_by_id) {
            sqlite3_finalize(statement);
            return FALSE;
        }
        g_autofree char *name = ck_name_thread(thread ? thread->title : NULL, id);
        ok = rename_thread(store, sqlite3_column_int64(statement, 0), name, error);
    }
    ok = ok && (code == SQLITE_DONE || set_error(store, error));
    sqlite3_finalize(statement);
    return ok;
}

/* What meta has under a name; NULL where it has nothing. */
static gboolean get_meta(CkStore *store, const char *name, char **value, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT value FROM meta WHERE name = '%s'", name);
    return ck_store_get_text(store, sql, value, error);
}

static gboolean put_meta(CkStore *store, const char *name, const char *value, GError **error)
{
    sqlite3_stmt *statement = ck_store_prepare_one(
        store, "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)", error);
    if (!statement)
        return FALSE;
    bind_text(statement, 1, name);
    bind_text(statement, 2, value);
    gboolean ok = run(store, statement, error);
    sqlite3_finalize(statement);
    return ok;
}

/* Users' listings, which are read where threads are grouped by users, give places in the order in
 * which they were read: the listing of all threads is not in order then. */
static gboolean is_in_order(CkStore *store, const CkConfig *config, gboolean *in_order,
                            GError **error)
{
    const CkWant all = ck_want_threads_of(NULL, config);
    g_autofree char *key = ck_want_key(&all);
    sqlite3_stmt *statement = ck_store_prepare_one(
        store, "SELECT NOT EXISTS (SELECT 1 FROM listing WHERE " OF_THREADS " AND key <> ?1)",
        error);
    if (!statement)
        return FALSE;
    bind_text(statement, 1, key);
    gboolean ok = first(store, statement, error) == CK_FOUND;
    *in_order = ok && sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return ok;
}

/* Brings the rows from the view that they were made in to that of the configuration. */
static gboolean change_view(CkStore *store, const CkConfig *config, GError **error)
{
    g_autofree char *view = describe_view(config);
    const char *names = config->name_by_id ? "id" : "title";
    g_autofree char *old_view = NULL, *old_names = NULL;
    gboolean in_order = TRUE;
    if (!get_meta(store, "view", &old_view, error) || !get_meta(store, "names", &old_names, error))
        return FALSE;
    gboolean other_view = old_view && strcmp(old_view, view) != 0;
    gboolean other_names = old_names && strcmp(old_names, names) != 0;
    if (!config->group_by_user && !is_in_order(store, config, &in_order, error))
        return FALSE;
    other_view |= !in_order;
    if ((other_view || other_names) &&
        !(unlist_threads(store, error) &&
          ck_store_execute(store, "DELETE FROM former_name", error) &&
          drop_excluded(store, config, error)))
        return FALSE;
    if (other_names && !rename_threads(store, config, error))
        return FALSE;
    return put_meta(store, "view", view, error) && put_meta(store, "names", names, error);
}

/* Nobody has a file open any more: of versions only that there were some is of interest, since it
 * gives files the time of the change. */
static gboolean forget_versions(CkStore *store, GError **error)
{
    g_autofree char *threads = g_strdup_printf(
        "SELECT thread FROM former_thread UNION SELECT item >> %d FROM former_item", NUMBER_BITS);
    return ck_store_execute_with(
        store, error,
        "UPDATE item SET version = 1 WHERE row IN (SELECT item FROM former_item);"
        "UPDATE thread SET changes = 1, json_version = min(json_version, 1),"
        " jsonl_version = min(jsonl_version, 1) WHERE row IN (%s);"
        "DELETE FROM former_thread; DELETE FROM former_item;",
        threads);
}

/* Elements without an id are told apart by counting them from the beginning of a listing
 * (listing.c): one that has any can't be read on. */
#define NO_ID "id >= 'no-id~' AND id < 'no-id\x7f'"

static gboolean begin_uncounted_again(CkStore *store, GError **error)
{
    gint64 threads;
    if (!ck_store_get_number(
            store,
            "SELECT EXISTS (SELECT 1 FROM listing WHERE NOT complete AND " OF_THREADS ")"
            " AND EXISTS (SELECT 1 FROM thread WHERE " NO_ID ")",
            &threads, error))
        return FALSE;
    if (threads && !unlist_threads(store, error))
        return FALSE;
    return ck_store_execute(store,
                            "DELETE FROM listing WHERE NOT complete AND EXISTS (SELECT 1 FROM item"
                            " WHERE item.thread = (SELECT row FROM thread"
                            " WHERE 'items:' || thread.id = listing.key) AND item." NO_ID ")",
                            error);
}

gboolean ck_store_take_up(CkStore *store, const CkConfig *config, GError **error)
{
    if (ck_store_begin(store, error) && change_view(store, config, error) &&
        forget_versions(store, error) && begin_uncounted_again(store, error) &&
        ck_store_commit(store, error))
        return TRUE;
    ck_store_rollback(store);
    return FALSE;
}
