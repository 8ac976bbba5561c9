/* SPDX-License-Identifier: MIT */
#include "store_file.h"
#include "store_private.h"

/* A private database needs neither durability nor other readers. cache_size: KiB of pages held in
 * memory, beyond which they go to the temporary file. Nothing but that goes to one: neither a
 * journal nor what is sorted. (temp_store is not for the database itself, which is open by then.)
 */
static const char settings[] = "PRAGMA journal_mode = MEMORY;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA synchronous = OFF;"
                               "PRAGMA locking_mode = EXCLUSIVE;";

/* Has SQLite open the temporary file, which it does when it has more changed pages than may be held
 * in memory: later the process may be confined, and could not (pagerStress() in SQLite's pager.c).
 */
static const char spill[] = "PRAGMA cache_size = 1;"
                            "BEGIN;"
                            "CREATE TABLE spilled (bytes);"
                            "INSERT INTO spilled VALUES (zeroblob(65536));"
                            "ROLLBACK;";

gboolean ck_store_open_private(CkStore *store, GError **error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX; /* one thread */
    if (sqlite3_open_v2("", &store->db, flags, NULL) ||
        sqlite3_exec(store->db, settings, NULL, NULL, NULL))
        return set_error(store, error);
    /* Where that fails there is no room, and it fails when there is more than memory holds. */
    if (sqlite3_exec(store->db, spill, NULL, NULL, NULL))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return ck_store_execute(store, "PRAGMA cache_size = -8192", error);
}

void ck_store_set_temporary(const char *directory)
{
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = sqlite3_mprintf("%s", directory);
}
