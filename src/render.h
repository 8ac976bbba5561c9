/* SPDX-License-Identifier: MIT */
/*
 * The Markdown files: pure functions from the API's objects to bytes. Each writes to a sink, so the
 * size of a file and its contents come from the same code.
 *
 * They are for people and grep: text stands as it was written, but for what would change how the
 * rest of a file is read, which is escaped (markdown.h), and for control characters other than
 * newline and tab, which show as pictures so that no text can drive a terminal (text.h).
 */
#pragma once

#include "decode.h"

/* An item's .md: a heading "## ROLE · TIME UTC", then its parts. Ends with an empty line, so that
 * the .md of a thread's items can be put one after the other. */
void ck_render_item(const CkItem *item, CkSink *out);

/* How thread.md begins: YAML front matter and the title as a heading. The items' .md follow. */
void ck_render_thread_head(const CkThread *thread, CkSink *out);
