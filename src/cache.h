/* SPDX-License-Identifier: MIT */
/*
 * Where the store is kept: for the life of the mount, or in a file of --cache-dir for the next one.
 *
 *   DIR/NAME.db       what an account holds, with SQLite's -wal and -shm while it is in use; NAME
 *                     tells neither the account nor the key, and the file does not hold the key
 *   DIR/NAME.lock     locked by the mount that the file belongs to (flock(2), so that the lock goes
 *                     with the process); else it says how that mount left the file
 *   DIR/NAME.db.damaged   the last one that was found to be damaged
 *   DIR/NAME.sqlite   the file of chatkitfs 0.1, which has the same lock
 *   DIR/NAME.sqlite.0.1.0, DIR/NAME.db.0.3.0   files of other versions
 *
 * The store takes itself for the only writer. So a mount that finds the file locked works on a
 * private copy, and what it fetches goes with it.
 *
 * If the key is exchanged while it is open, the file gets the name of the new one when it is
 * closed.
 *
 * A file that is as it was left, by size and time, is trusted as any other file is. Where it is
 * not, or was not closed, all of it is read once to find damage. A file that is damaged, when it is
 * opened or later, is moved aside, and a new one begun.
 *
 * A file of another version (store_file.h) is moved aside whole, by the mount that has the lock,
 * and stays there: nothing is written to it. With --offline it stays where it is, and is an error.
 */
#pragma once

#include "config.h"
#include "store.h"

typedef struct _CkCache CkCache;

/* mountpoint: an absolute path that the directory must not be in. The configuration must outlive
 * the result. Error: CK_ERROR_INVALID or one of the store's, naming directory and remedy. */
CkCache *ck_cache_open(GMainContext *context, const CkConfig *config, const char *mountpoint,
                       GError **error);

/* Closes the store. */
void ck_cache_free(CkCache *cache);

/* Borrowed. */
CkStore *ck_cache_store(CkCache *cache);

/* The one directory in which files are written from now on, borrowed; NULL: none. The cache has no
 * thread before its store is written to. */
const char *ck_cache_directory(const CkCache *cache);

/* Whether what is put into the store is kept: no other process had the file before. */
gboolean ck_cache_is_own(const CkCache *cache);

/* Whether more is in it than --cache-size allows, so that some of it is going to be dropped. */
gboolean ck_cache_is_full(const CkCache *cache);

/* Called when a damaged file has been replaced and the store has lost all that it held. */
void ck_cache_set_replaced(CkCache *cache, void (*replaced)(const GError *error, gpointer data),
                           gpointer data);

/* Looks for a file that another version left in the place of the account's, and touches nothing.
 * *other tells of it ("PATH was made by ..."), to be freed; NULL if there is none. With --offline
 * it is an error, CK_ERROR_INVALID, which ck_cache_open() gives as well. */
gboolean ck_cache_check(const CkConfig *config, char **other, GError **error);

/* What the files of an account are called, without what follows a dot: 32 hexadecimal digits, to be
 * freed. */
char *ck_cache_name(const CkConfig *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkCache, ck_cache_free)
