/* SPDX-License-Identifier: MIT */
#include "prepare.h"

#include "render.h"

/* Items whose JSON is larger are rendered without keeping the text. */
#define KEPT_JSON_MAX (64 * 1024)

CkPreparedThread *ck_prepare_thread(CkSlice json, GError **error)
{
    g_autoptr(CkThread) thread = ck_decode_thread(json, error);
    if (!thread)
        return NULL;
    CkSink indented = {0}, head = {0};
    ck_json_indent(json, &indented);
    ck_render_thread_head(thread, &head);
    CkPreparedThread *prepared = g_new(CkPreparedThread, 1);
    *prepared = (CkPreparedThread){
        .json = json,
        .id = ck_decode_identity(json, "id"),
        .user = ck_decode_identity(json, "user"),
        .title = g_steal_pointer(&thread->title),
        .created_at = thread->created_at,
        .json_size = indented.size,
        .head_size = head.size,
    };
    return prepared;
}

void ck_prepared_thread_free(CkPreparedThread *thread)
{
    g_free(thread->id);
    g_free(thread->user);
    g_free(thread->title);
    g_free(thread);
}

CkPreparedItem *ck_prepare_item(CkSlice json, GError **error)
{
    g_autoptr(CkItem) item = ck_decode_item(json, error);
    if (!item)
        return NULL;
    GString *text = json.size <= KEPT_JSON_MAX ? g_string_sized_new(json.size) : NULL;
    CkSink indented = {0}, md = {.text = text}, line = {0};
    ck_json_indent(json, &indented);
    ck_render_item(item, &md);
    ck_json_compact(json, &line);
    CkPreparedItem *prepared = g_new(CkPreparedItem, 1);
    *prepared = (CkPreparedItem){
        .json = json,
        .id = ck_decode_identity(json, "id"),
        .role = g_steal_pointer(&item->role),
        .created_at = item->created_at,
        .finished = item->finished,
        .json_size = indented.size,
        .md_size = md.size,
        .jsonl_size = line.size,
        .md = text ? g_string_free_to_bytes(text) : NULL,
    };
    return prepared;
}

void ck_prepared_item_free(CkPreparedItem *item)
{
    g_free(item->id);
    g_free(item->role);
    g_clear_pointer(&item->md, g_bytes_unref);
    g_free(item);
}

/* Each element, prepared by one of the above. */
typedef gpointer (*Prepare)(CkSlice json, GError **error);

static CkPage *prepare_page(GBytes *body, Prepare prepare, GDestroyNotify free_prepared,
                            GError **error)
{
    g_autoptr(CkPage) page = ck_decode_page(body, error);
    if (!page)
        return NULL;
    page->prepared = g_ptr_array_new_with_free_func(free_prepared);
    for (guint i = 0; i < page->elements->len; i++) {
        gpointer prepared = prepare(g_array_index(page->elements, CkSlice, i), error);
        if (!prepared)
            return NULL;
        g_ptr_array_add(page->prepared, prepared);
    }
    return g_steal_pointer(&page);
}

CkPage *ck_prepare_threads(GBytes *body, GError **error)
{
    return prepare_page(body, (Prepare)ck_prepare_thread, (GDestroyNotify)ck_prepared_thread_free,
                        error);
}

CkPage *ck_prepare_items(GBytes *body, GError **error)
{
    return prepare_page(body, (Prepare)ck_prepare_item, (GDestroyNotify)ck_prepared_item_free,
                        error);
}
