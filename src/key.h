/* SPDX-License-Identifier: MIT */
/*
 * The API key, and where it is kept. It comes from a file for its owner alone, as ssh(1) wants its
 * keys to be, or from a variable of the environment; a credential (LoadCredential= of
 * systemd.exec(5)) is a file as well. src/account.h says which one is taken.
 *
 * A file can be read again, so that a key can be exchanged while it is in use: those who send it
 * take what ck_key_text() is at that time. Previous keys are kept for ck_key_cut_out().
 *
 * All of them are kept in pages of their own, which are in no core and, as far as RLIMIT_MEMLOCK
 * allows, in no swap either, and which are wiped in the end.
 */
#pragma once

#include <glib.h>

#define CK_KEY_VARIABLE   "OPENAI_API_KEY"
#define CK_KEY_CREDENTIAL "openai-api-key" /* in CREDENTIALS_DIRECTORY */
#define CK_KEY_MAX        4096             /* bytes */

typedef struct _CkKey CkKey;

/* None yet: the text is "". */
CkKey *ck_key_new(void);
void ck_key_free(CkKey *key);

/* Reads it from that file from now on; ~/ at its beginning is the home directory, and a path that
 * is not absolute begins in the present working directory. */
void ck_key_set_file(CkKey *key, const char *path);

/* Takes text, the value of that variable. */
void ck_key_set_variable(CkKey *key, const char *variable, const char *text);

/* CREDENTIALS_DIRECTORY, or NULL: the mode of a file in it does not matter, since systemd guards
 * the directory. */
void ck_key_set_credentials(CkKey *key, const char *directory);

/* Overwrites the value of a variable in environ(7), where everybody of this user would see it in
 * /proc/PID/environ even after unsetenv(3), and removes the variable. */
void ck_key_hide(const char *variable);

/* The file it comes from; NULL: a variable, or there is none. */
const char *ck_key_file(const CkKey *key);

/* Reads it, for the first time or again. Error: CK_ERROR_INVALID, naming where it should be and
 * what to do, and nothing of what was read; a key that there was before stays. */
gboolean ck_key_read(CkKey *key, GError **error);

/* Whether reading it again may bring another one: not where it comes from a variable. */
gboolean ck_key_can_change(const CkKey *key);

/* Borrowed until the next ck_key_read(); secret: not for messages, options, logs or files. */
const char *ck_key_text(const CkKey *key);

/* How many keys there have been so far: which one it is. */
guint ck_key_count(const CkKey *key);

/* Puts "[key]" in place of this key, of the last ones before it, and of what can be told to be a
 * part of one of them. For what a server said. */
void ck_key_cut_out(const CkKey *key, GString *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkKey, ck_key_free)
