/* SPDX-License-Identifier: MIT */
/*
 * The API key: where it comes from, and where it is kept. It comes from the first of these:
 *
 *   - a file that an option names, for its owner alone, as ssh(1) wants its keys to be
 *   - a credential (LoadCredential= of systemd.exec(5)): CK_KEY_CREDENTIAL in the directory
 *     CREDENTIALS_DIRECTORY
 *   - the environment, CK_KEY_VARIABLE
 *   - a file that the configuration names
 *
 * Files and credentials can be read again, so that a key can be exchanged while it is in use: those
 * who send it take what ck_key_text() is at that time. Keys of before are remembered for
 * ck_key_cut_out().
 *
 * All of them are kept in pages of their own, which are in no core and, as far as RLIMIT_MEMLOCK
 * allows, in no swap either, and which are wiped in the end.
 */
#pragma once

#include <glib.h>

#define CK_KEY_VARIABLE   "OPENAI_API_KEY"
#define CK_KEY_CREDENTIAL "openai-api-key"
#define CK_KEY_MAX        4096 /* bytes */

typedef struct _CkKey CkKey;

/* None yet: the text is "". */
CkKey *ck_key_new(void);
void ck_key_free(CkKey *key);

/* Reads it from that file from now on; ~/ at its beginning is the home directory, and a path that
 * is not absolute begins in the present working directory. */
void ck_key_set_file(CkKey *key, const char *path);

/* The same of the one of the configuration, which is the last in order. */
void ck_key_set_default_file(CkKey *key, const char *path);

/* CK_KEY_VARIABLE and CREDENTIALS_DIRECTORY, of a GStrv as from g_get_environ(). An empty variable
 * counts as not set. */
void ck_key_set_environment(CkKey *key, char **environment);

/* Overwrites the value of CK_KEY_VARIABLE in place: of environ(7) it is what everybody of this
 * user sees in /proc/PID/environ, also after unsetenv(3). */
void ck_key_wipe_environment(char **environment);

/* Where it comes from, once it has been read: a file, or NULL: the environment. */
const char *ck_key_file(const CkKey *key);

/* Reads it, for the first time or again. Error: CK_ERROR_INVALID, naming where it should be and
 * what to do, and nothing of what was read; a key that there was before stays. */
gboolean ck_key_read(CkKey *key, GError **error);

/* Whether reading it again may bring another one: not where it comes from the environment. */
gboolean ck_key_can_change(const CkKey *key);

/* Borrowed until the next ck_key_read(); secret: not for messages, options, logs or files. */
const char *ck_key_text(const CkKey *key);

/* How many keys there have been so far: which one it is. */
guint ck_key_count(const CkKey *key);

/* Puts "[key]" in place of this key, of the last ones before it, and of what can be told to be a
 * part of one of them. For what a server said. */
void ck_key_cut_out(const CkKey *key, GString *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkKey, ck_key_free)
