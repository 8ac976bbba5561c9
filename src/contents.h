/* SPDX-License-Identifier: MIT */
/*
 * The bytes of the files, rendered from the store's rows when they are read. Their sizes are in
 * the rows, counted by the same renderers when the rows were stored.
 */
#pragma once

#include "store.h"

/* What large items looked like last: a reader takes a file in many parts, and to render all of it
 * for each would cost the square of its size. */
typedef struct _CkContents CkContents;

typedef enum {
    CK_FILE_THREAD_JSON, /* of a thread's row */
    CK_FILE_THREAD_MD,
    CK_FILE_ITEMS_JSONL,
    CK_FILE_ITEM_JSON, /* of an item's row */
    CK_FILE_ITEM_MD,
} CkFile;

/* The store must outlive it. */
CkContents *ck_contents_new(CkStore *store);
void ck_contents_free(CkContents *contents);

/* Appends to out what stands in that version of the file (store.h) from offset on, at most size
 * bytes; less only at its end. Of a file with all items of a thread only the items in that window
 * are rendered, and one at a time. Error: the store's. */
gboolean ck_contents_read(CkContents *contents, CkFile file, gint64 row, guint version,
                          guint64 offset, gsize size, GString *out, GError **error);

/* The size of a version of a thread's transcript, CK_FILE_THREAD_MD or CK_FILE_ITEMS_JSONL. */
gboolean ck_contents_measure(CkContents *contents, CkFile file, const CkThreadRow *thread,
                             guint version, guint64 *size, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkContents, ck_contents_free)
