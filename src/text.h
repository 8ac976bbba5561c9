/* SPDX-License-Identifier: MIT */
/* What strangers wrote, in a form that can't drive a terminal. */
#pragma once

#include "sink.h"

/* Whether a character is a control other than newline and tab: C0, DEL, C1, or one that changes the
 * direction of what follows it (U+202A to U+202E, U+2066 to U+2069). */
gboolean ck_text_is_control(gunichar c);

/* Writes size bytes of valid UTF-8 without NUL: controls as Unicode control pictures (U+2400 to
 * U+2421; C1 controls, which have none, as U+FFFD, and those of direction as U+2426), a carriage
 * return before a newline not at all. */
void ck_text_put(CkSink *out, const char *text, gsize size);

/* A text as one line for a terminal, to be freed: what breaks a line is a picture as well. text:
 * any bytes. */
char *ck_text_line(const char *text);

/* Takes the next line off *text, without its end; FALSE behind the last one. An empty text has one
 * line. */
gboolean ck_text_next_line(const char **text, const char **line, gsize *size);
