/* SPDX-License-Identifier: MIT */
/* What strangers wrote, in a form that can't drive a terminal. */
#pragma once

#include "sink.h"

/* Whether a character is a control other than newline and tab: C0, DEL or C1. */
gboolean ck_text_is_control(gunichar c);

/* Writes size bytes of valid UTF-8 without NUL: controls as Unicode control pictures (U+2400 to
 * U+2421; C1 controls, which have none, as U+FFFD), a carriage return before a newline not at
 * all. */
void ck_text_put(CkSink *out, const char *text, gsize size);

/* A text as one line for a terminal, to be freed: newlines and tabs are pictures as well, and what
 * would turn the direction of writing is U+FFFD. text: any bytes. */
char *ck_text_line(const char *text);
