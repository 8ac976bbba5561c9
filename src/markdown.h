/* SPDX-License-Identifier: MIT */
/*
 * Texts of Markdown that are put one after the other and shall not run into each other. These read
 * a text's block structure, and nothing else of it, as cmark 0.30 does (spec.commonmark.org/0.30).
 * Lines end with a newline, as ck_text_put() writes them.
 */
#pragma once

#include <glib.h>

/* The line that ends what a text left open and what would take in what follows: a fenced code block
 * without its closing fence, or an HTML block such as <!-- without its end; indented where these
 * are in a list. To be freed; NULL where nothing is left open. */
char *ck_markdown_closer(const char *text);

/* Whether next, put after text and an empty line, would continue a list or the indented code at its
 * end, instead of beginning a block of its own. */
gboolean ck_markdown_joins(const char *text, const char *next);

/* Whether text begins as what continues a list would: with white space or the marker of an item. */
gboolean ck_markdown_continues_list(const char *text);
