/* SPDX-License-Identifier: MIT */
#include "contents.h"

#include "render.h"

/* A window on a file that is produced piece by piece: appends what of a piece falls into it. */
typedef struct {
    guint64 offset; /* bytes still to be skipped */
    gsize size;     /* bytes still wanted */
    GString *out;
} Window;

static void add_piece(Window *window, const GString *piece)
{
    gsize skip = (gsize)MIN(window->offset, piece->len);
    gsize size = MIN(window->size, piece->len - skip);
    g_string_append_len(window->out, piece->str + skip, (gssize)size);
    window->offset -= skip;
    window->size -= size;
}

/* Renders one item as the kind says: CK_FILE_ITEM_JSON, CK_FILE_ITEM_MD, or CK_FILE_ITEMS_JSONL for
 * its line there. */
static gboolean add_item(CkStore *store, gint64 row, CkFile file, Window *window, GError **error)
{
    g_autoptr(GBytes) json = ck_store_item_json(store, row, error);
    g_autoptr(GString) piece = g_string_new(NULL);
    CkSink sink = {.text = piece};
    if (!json)
        return FALSE;
    if (file == CK_FILE_ITEM_JSON) {
        ck_json_indent(ck_slice_bytes(json), &sink);
    } else if (file == CK_FILE_ITEMS_JSONL) {
        ck_json_compact(ck_slice_bytes(json), &sink);
    } else {
        g_autoptr(CkItem) item = ck_decode_item(ck_slice_bytes(json));
        ck_render_item(item, &sink);
    }
    add_piece(window, piece);
    return TRUE;
}

/* The number of the item that holds the byte at offset among the thread's items, by bisection:
 * offsets grow with numbers. *begins: that item's offset. 0 with the error set. */
static guint64 item_at(CkStore *store, const CkThreadRow *thread, CkFile file, guint64 offset,
                       guint64 *begins, GError **error)
{
    guint64 low = 1, high = thread->items;
    *begins = 0;
    while (low < high) {
        guint64 middle = low + (high - low + 1) / 2;
        g_auto(CkItemRow) item = {0};
        CkFound found = ck_store_item_numbered(store, thread->row, middle, &item, error);
        if (!ck_store_must_find(found, error))
            return 0;
        guint64 at = file == CK_FILE_THREAD_MD ? item.md_offset : item.jsonl_offset;
        if (at <= offset) {
            low = middle;
            *begins = at;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/* The part of the window that the thread's items fill. */
static gboolean read_items(CkStore *store, const CkThreadRow *thread, CkFile file, Window *window,
                           GError **error)
{
    CkFile each = file == CK_FILE_THREAD_MD ? CK_FILE_ITEM_MD : CK_FILE_ITEMS_JSONL;
    guint64 begins;
    guint64 number = item_at(store, thread, file, window->offset, &begins, error);
    if (number == 0)
        return FALSE;
    window->offset -= begins;
    for (; number <= thread->items && window->size > 0; number++) {
        g_auto(CkItemRow) item = {0};
        CkFound found = ck_store_item_numbered(store, thread->row, number, &item, error);
        if (!ck_store_must_find(found, error) || !add_item(store, item.row, each, window, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_thread_file(CkStore *store, gint64 row, CkFile file, Window *window,
                                 GError **error)
{
    g_auto(CkThreadRow) thread_row = {0};
    g_autoptr(GBytes) json = ck_store_thread_json(store, row, error);
    g_autoptr(GString) piece = g_string_new(NULL);
    CkSink sink = {.text = piece};
    if (!json || !ck_store_must_find(ck_store_thread(store, row, &thread_row, error), error))
        return FALSE;
    if (file == CK_FILE_THREAD_JSON) {
        ck_json_indent(ck_slice_bytes(json), &sink);
    } else if (file == CK_FILE_THREAD_MD) {
        g_autoptr(CkThread) thread = ck_decode_thread(ck_slice_bytes(json), error);
        if (!thread)
            return FALSE;
        ck_render_thread_head(thread, &sink);
    }
    add_piece(window, piece);
    return file == CK_FILE_THREAD_JSON || thread_row.items == 0 || window->size == 0 ||
           read_items(store, &thread_row, file, window, error);
}

gboolean ck_contents_read(CkStore *store, CkFile file, gint64 row, guint64 offset, gsize size,
                          GString *out, GError **error)
{
    Window window = {offset, size, out};
    if (file == CK_FILE_ITEM_JSON || file == CK_FILE_ITEM_MD)
        return add_item(store, row, file, &window, error);
    return read_thread_file(store, row, file, &window, error);
}
