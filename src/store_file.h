/* SPDX-License-Identifier: MIT */
/*
 * A store that outlives the mount: its database is a file. What was committed is there after any
 * end of the program, SIGKILL included; a power failure may cost the last moments, and no more.
 *
 * Whoever opens the file is its only writer (cache.h sees to that), and others may copy it
 * meanwhile. STORE_VERSION is the version of the tables and of what the renderers put into them:
 * names, roles and sizes. It is to be raised when one of these changes. The file also tells which
 * program made it, for messages alone.
 */
#pragma once

#include "config.h"
#include "store.h"

/* Opens the file, which may be empty. check: whether all of it is read to find damage, which takes
 * seconds for a gigabyte. Errors: CK_ERROR_STORE_DAMAGED, also for another program's database;
 * CK_ERROR_STORE_VERSION; CK_ERROR_STORE_FULL; CK_ERROR_STORE. */
CkStore *ck_store_open(const char *path, gboolean check, GError **error);

/* The version of chatkitfs that made the file, such as "0.3.0", to be freed, if the file has
 * another STORE_VERSION; NULL if it has this one, is no store or is not there. Touches nothing. */
char *ck_store_other_version(const char *path);

/* A private store with what is in the file at this moment; the same errors. */
CkStore *ck_store_copy(const char *path, GError **error);

/* Where files without a name are from now on that a store needs: by default SQLite's own choice,
 * see tempfilesonly.html. For the life of the program. */
void ck_store_set_temporary(const char *directory);

/* Calls damaged, once, when the database turns out to be damaged while it is used. It is in the
 * middle of something then: the store may be replaced only later. */
void ck_store_set_damaged(CkStore *store, void (*damaged)(gpointer data), gpointer data);

/* Calls grown whenever so much has been committed to the log beside the file that it should be
 * brought into the file with ck_store_checkpoint(), until that has been done. If it is never
 * called, SQLite does it within a commit, which then waits for the disk. */
void ck_store_set_grown(CkStore *store, void (*grown)(gpointer data), gpointer data);

/* For a thread of its own: nothing else of the store may be used there. */
void ck_store_checkpoint(const char *path);

/* Puts other, which is freed, in the place of the store's database, which is closed. */
void ck_store_replace(CkStore *store, CkStore *other);

/* The row above which a new database has to begin so that none comes twice, whatever is left of
 * this one; and to begin there. */
gint64 ck_store_rows_end(CkStore *store);
gboolean ck_store_begin_rows(CkStore *store, gint64 row, GError **error);

/*
 * Makes what an earlier mount left fit for this one. If that had another view (names, user, since,
 * until, group-by), threads that this one excludes are dropped and the others wait to be listed
 * anew. Listings that can't be read on where they were left, since something about them was known
 * to that mount alone, begin again.
 */
gboolean ck_store_take_up(CkStore *store, const CkConfig *config, GError **error);

/* Bytes that the rows take. */
guint64 ck_store_size(CkStore *store);

/* Forgets the items of the thread that was used longest ago, and before then (seconds since 1970).
 * any: also of one whose items have not been read to their end, which must not be if somebody may
 * be reading them on. CK_ABSENT: there is none. */
CkFound ck_store_evict(CkStore *store, gint64 then, gboolean any, GError **error);

/* Gives space that is free within the file back, a part at a time, down to that size. CK_ABSENT:
 * there is no more to give back. */
CkFound ck_store_shrink(CkStore *store, guint64 bytes, GError **error);

/* Writes which threads have been used. */
gboolean ck_store_flush_used(CkStore *store, GError **error);
