/* SPDX-License-Identifier: MIT */
/* The log: standard error in the foreground, syslog (the journal) once a daemon. Where standard
 * error is the journal, as of a service, lines carry their levels. */
#pragma once

#include "account.h"

typedef struct _CkLog CkLog;

/* Takes over GLib's messages, for the life of the program: GLib lets nobody take them back, so
 * there is no function that frees it. Writes to standard error, "chatkitfs: …". */
CkLog *ck_log_new(void);

/* Why the program ends, as its last line. */
void ck_log_end(const CkLog *log, const GError *error);

/* A line that is no message of GLib's, which a terminal gets on standard output. */
void ck_log_note(const CkLog *log, const char *line);

/* Opens what ck_log_to_syslog() needs, before the program is confined. */
void ck_log_open_syslog(CkLog *log);

/* From now on writes to syslog. */
void ck_log_to_syslog(CkLog *log);

/* Whose settings failures name; it must outlive the log. */
void ck_log_set_account(CkLog *log, const CkAccount *account);

/* One line for a failure, once there is an account: what happened and what to do. One like the last
 * of its code, and those of a code after its tenth line, are only counted for a minute. A
 * CkPagerReport; data: the log. */
void ck_log_failure(const GError *error, gpointer data);

/* The last failure that it was told of, borrowed until the next one; NULL: none. *time: when it
 * was, in seconds since 1970. */
const GError *ck_log_last_failure(const CkLog *log, gint64 *time);
