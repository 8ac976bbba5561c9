/* SPDX-License-Identifier: MIT */
/*
 * The bytes of the files, rendered from the store's rows when they are read. Their sizes are in
 * the rows, counted by the same renderers when the rows were stored.
 */
#pragma once

#include "store.h"

typedef enum {
    CK_FILE_THREAD_JSON, /* of a thread's row */
    CK_FILE_THREAD_MD,
    CK_FILE_ITEMS_JSONL,
    CK_FILE_ITEM_JSON, /* of an item's row */
    CK_FILE_ITEM_MD,
} CkFile;

/* Appends to out what stands in the file from offset on, at most size bytes; less only at its
 * end. Of a file with all items of a thread only the items in that window are rendered, and one at
 * a time. Error: the store's. */
gboolean ck_contents_read(CkStore *store, CkFile file, gint64 row, guint64 offset, gsize size,
                          GString *out, GError **error);
