/* SPDX-License-Identifier: MIT */
/* Rows for tests: threads and items put into a store as the JSON that the API sends. */
#pragma once

#include <string.h>

#include "names.h"
#include "store.h"

static inline CkStore *rows_new_store(void)
{
    g_autoptr(GError) error = NULL;
    CkStore *store = ck_store_new(&error);
    g_assert_no_error(error);
    return store;
}

/* A thread that a listing has brought, under that id, whatever the JSON says of one. */
static inline void rows_put_thread_as(CkStore *store, const char *id, const char *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkPreparedThread) thread = ck_prepare_thread((CkSlice){json, strlen(json)}, NULL);
    g_autofree char *user = ck_decode_identity(thread->json, "user");
    g_autofree char *name = ck_name_thread(thread->title, id);
    ck_store_put_thread(store, id, user, name, thread, &(gboolean){0}, &error);
    g_assert_no_error(error);
    ck_store_place_thread(store, id, CK_PLACE_FRONT, &error);
    g_assert_no_error(error);
}

static inline void rows_put_thread(CkStore *store, const char *json)
{
    g_autofree char *id = ck_decode_identity((CkSlice){json, strlen(json)}, "id");
    g_assert_nonnull(id);
    rows_put_thread_as(store, id, json);
}

/* The row of a thread that must be there; to be cleared. */
static inline void rows_get_thread(CkStore *store, const char *id, CkThreadRow *row)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(ck_store_thread_by_id(store, id, row, &error), ==, CK_FOUND);
    g_assert_no_error(error);
}

/* An item; one without an id gets one that no other has. */
static inline void rows_put_item(CkStore *store, const char *thread, const char *json)
{
    g_autoptr(GError) error = NULL;
    g_auto(CkThreadRow) row = {0};
    g_autoptr(CkPreparedItem) item = ck_prepare_item((CkSlice){json, strlen(json)}, NULL);
    g_autofree char *id = ck_decode_identity(item->json, "id");
    rows_get_thread(store, thread, &row);
    g_autofree char *other = g_strdup_printf("~%" G_GUINT64_FORMAT, row.items + 1);
    g_assert_true(ck_store_put_item(store, &row, id ? id : other, item, &(gint64){0}, &error) &&
                  ck_store_put_totals(store, &row, &error));
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

static inline void rows_get_item(CkStore *store, gint64 thread, guint64 number, CkItemRow *row)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(ck_store_item_numbered(store, thread, number, row, &error), ==, CK_FOUND);
    g_assert_no_error(error);
}
