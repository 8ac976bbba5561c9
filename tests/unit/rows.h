/* SPDX-License-Identifier: MIT */
/* Rows for tests: threads and items put into a store as the JSON that the API sends. */
#pragma once

#include <string.h>

#include "store.h"

static inline CkStore *rows_new_store(void)
{
    g_autoptr(GError) error = NULL;
    CkStore *store = ck_store_new(&error);
    g_assert_no_error(error);
    return store;
}

/* A thread that a listing has brought. */
static inline void rows_put_thread(CkStore *store, const char *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkThread) thread = ck_decode_thread((CkSlice){json, strlen(json)}, &error);
    g_assert_no_error(error);
    ck_store_put_thread(store, thread, &error);
    g_assert_no_error(error);
    ck_store_place_thread(store, thread->id, &error);
    g_assert_no_error(error);
}

static inline void rows_put_item(CkStore *store, const char *thread, const char *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkItem) item = ck_decode_item((CkSlice){json, strlen(json)});
    ck_store_put_item(store, thread, item, &error);
    g_assert_no_error(error);
}

/* A message of a user; created_at 0: it says nothing of its time. */
static inline void rows_put_message(CkStore *store, const char *thread, const char *id,
                                    gint64 created_at, const char *text)
{
    g_autofree char *json = g_strdup_printf(
        "{\"id\":\"%s\",\"type\":\"chatkit.user_message\",\"created_at\":%" G_GINT64_FORMAT ","
        "\"content\":[{\"type\":\"input_text\",\"text\":\"%s\"}]}",
        id, created_at, text);
    rows_put_item(store, thread, json);
}

/* The row of a thread that must be there; to be cleared. */
static inline void rows_get_thread(CkStore *store, const char *id, CkThreadRow *row)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(ck_store_thread_by_id(store, id, row, &error), ==, CK_FOUND);
    g_assert_no_error(error);
}

static inline void rows_get_item(CkStore *store, gint64 thread, guint64 number, CkItemRow *row)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(ck_store_item_numbered(store, thread, number, row, &error), ==, CK_FOUND);
    g_assert_no_error(error);
}
