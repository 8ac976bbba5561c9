/* SPDX-License-Identifier: MIT */
/*
 * Markdown that strangers wrote, put so that it can't change how what stands before or after it is
 * read, by CommonMark or by renderers that also show HTML, tables, tasks, footnotes and bare URLs
 * as links. A backslash where it stands takes the meaning from
 *
 * - the definition of a link or a footnote: from the [ that begins it, or the ] that ends its label
 *   on a later line;
 * - a < before a letter, /, ! or ?, but for autolinks and what is surely in a code span;
 * - a ^ before a [, which begins an inline footnote, but for what is surely in a code span;
 * - a heading of the second level that may look like a turn's: it has a "·", as all of those have
 *   (render.c), or an entity, which may be one. In code only what begins a line with "## " and has
 * a "·": without a renderer it would look like one;
 * - what looks like a code fence, and may be one or not;
 * - the mark of a quote or an item that stands so far right that blocks might nest too deeply.
 *
 * Behind a bare URL it is an entity instead, since the URL would take a backslash for its own.
 *
 * Code fences are closed at the end of the text, and in an item or a quote also where that may end.
 * All else stands as it was written, and most texts as a whole.
 *
 * So nothing here has to know all of CommonMark: what is left as it is must be sure, and whatever
 * is not gets a backslash, which no renderer shows outside code.
 */
#pragma once

#include "sink.h"

/* Writes the text and a line break at its end if it has none. mark is "" or "> ", and begins each
 * line. Returns whether a list item, or an indented line, put after it and an empty line may go on
 * with a list or with code at its end. */
gboolean ck_markdown_put(CkSink *out, const char *text, const char *mark);

/* The same for the text of a code block of which the caller writes the fences. */
void ck_markdown_put_code(CkSink *out, const char *text);

/* Whether text begins as what continues a list would: with white space or the marker of an item. */
gboolean ck_markdown_continues_list(const char *text);
