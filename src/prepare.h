/* SPDX-License-Identifier: MIT */
/*
 * What the store keeps of a thread and of an item: decoded, rendered and measured. All of it is
 * told from the JSON alone, so that a page can be prepared on a thread of its own before the loop,
 * which alone writes to the store, gets it.
 */
#pragma once

#include "decode.h"

typedef struct {
    CkSlice json;      /* borrowed from what it was prepared from */
    char *id;          /* an identity, see ck_decode_identity(); NULL: none given */
    char *user;        /* the same */
    char *title;       /* NULL: untitled */
    gint64 created_at; /* seconds since 1970; 0: none given */
    guint64 json_size; /* bytes of thread.json, … */
    guint64 head_size; /* of what precedes the items in thread.md */
} CkPreparedThread;

typedef struct {
    CkSlice json; /* borrowed from what it was prepared from */
    char *id;     /* as that of a thread */
    char *role;
    gint64 created_at; /* seconds since 1970; 0: none given */
    gboolean finished;
    guint64 json_size; /* bytes of NNNN-ROLE.json, NNNN-ROLE.md and the line of items.jsonl */
    guint64 md_size;
    guint64 jsonl_size;
    GBytes *md; /* its .md; NULL where the item is too large for that to be kept */
} CkPreparedItem;

/* The thread, or the item, that an element of a page is. Error: CK_ERROR_NO_MEMORY alone. */
CkPreparedThread *ck_prepare_thread(CkSlice json, GError **error);
void ck_prepared_thread_free(CkPreparedThread *thread);

CkPreparedItem *ck_prepare_item(CkSlice json, GError **error);
void ck_prepared_item_free(CkPreparedItem *item);

/* As ck_decode_page(), with page->prepared set: all of its elements, or an error. */
CkPage *ck_prepare_threads(GBytes *body, GError **error);
CkPage *ck_prepare_items(GBytes *body, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkPreparedThread, ck_prepared_thread_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkPreparedItem, ck_prepared_item_free)
