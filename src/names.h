/* SPDX-License-Identifier: MIT */
/*
 * The names of files and folders: pure functions from what the API sends to what can stand in a
 * directory, and back. Titles and users are written by strangers. Every name made here is valid
 * UTF-8 of 1 to 255 bytes, without '/', control characters, line and paragraph separators,
 * bidirectional and zero-width controls (all of Unicode's category Cf), and begins with neither '-'
 * nor '.'.
 */
#pragma once

#include <glib.h>

#define CK_NAME_MAX 255 /* NAME_MAX of every Linux file system, in bytes */

/* Whether id may stand in a URL's path: [A-Za-z0-9_-]{1,128}. */
gboolean ck_name_is_id(const char *id);

/* A thread's folder: its title made safe, a dot, its id; the bare id where no title is left, or one
 * that Windows takes for a device. title may be NULL. Unique because ids are. */
char *ck_name_thread(const char *title, const char *id);

/* The thread id that a folder's name ends in or is, as a pointer into name; NULL for a name that
 * no thread of the API can have (ids are cthr_…, see list-threads in the API reference). */
const char *ck_name_thread_id(const char *name);

/* A user's folder: the identifier with what can't stand percent-encoded, and with the dot of a name
 * that desktops look for in every folder (desktop.ini), so that they ask for nobody. Where that
 * takes more than CK_NAME_MAX bytes: its beginning, "%~" and a digest. NULL or "" (the thread has
 * no user) gives "%none", which no identifier can give. */
char *ck_name_user(const char *user);

/* The user whose folder has this name, to be freed; NULL where the name does not hold one. Then
 * *only_listed tells whether a user may have it all the same ("%none", or a digest), as only the
 * listing of all threads can show; else no user has it. */
char *ck_name_user_id(const char *name, gboolean *only_listed);

/* The role part of an item's file name, for a type of the API with or without "chatkit.". */
char *ck_name_role(const char *type);

/* NNNN-ROLE.EXT. */
char *ck_name_item(guint64 number, const char *role, const char *extension);

/* The number that an item's file name begins with; 0 for a name that is not NNNN-ROLE.json or .md,
 * so that what editors probe for costs no page. */
guint64 ck_name_item_number(const char *name);
