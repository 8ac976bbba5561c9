/* SPDX-License-Identifier: MIT */
#include "contents.h"

#include "render.h"

/* The sizes of what is worth keeping, in bytes: more than a read or two, and not too much to hold.
 */
#define KEPT_MIN (256 * 1024)
#define KEPT_MAX (64 * 1024 * 1024)

struct _CkContents {
    CkStore *store;
    /* The last large item that was read: how it was rendered, from what, and the result. It is
     * still the same while the store has not changed, or if its JSON is. */
    CkFile file;
    gint64 row; /* 0: none yet */
    gint64 changes;
    GBytes *json;
    GString *text;
};

CkContents *ck_contents_new(CkStore *store)
{
    CkContents *contents = g_new0(CkContents, 1);
    contents->store = store;
    contents->text = g_string_new(NULL);
    return contents;
}

void ck_contents_free(CkContents *contents)
{
    g_clear_pointer(&contents->json, g_bytes_unref);
    g_string_free(contents->text, TRUE);
    g_free(contents);
}

/* A window on a file that is produced piece by piece. */
typedef struct {
    guint64 offset; /* bytes still to be skipped */
    gsize size;     /* bytes still wanted */
    GString *out;
} Window;

/* A sink that keeps of the next piece what falls into the window. */
static CkSink open_piece(const Window *window)
{
    guint64 end = window->offset + MIN(window->size, G_MAXUINT64 - window->offset);
    return (CkSink){.text = window->out, .from = window->offset, .to = end};
}

static void close_piece(Window *window, const CkSink *piece)
{
    guint64 skipped = MIN(window->offset, piece->size);
    window->size -= (gsize)MIN(window->size, piece->size - skipped);
    window->offset -= skipped;
}

/* Renders an item as the kind says: CK_FILE_ITEM_JSON, CK_FILE_ITEM_MD, or CK_FILE_ITEMS_JSONL for
 * its line there. */
static void render_item(CkFile file, CkSlice json, CkSink *out)
{
    if (file == CK_FILE_ITEM_JSON) {
        ck_json_indent(json, out);
    } else if (file == CK_FILE_ITEMS_JSONL) {
        ck_json_compact(json, out);
    } else {
        g_autoptr(CkItem) item = ck_decode_item(json);
        ck_render_item(item, out);
    }
}

static gboolean is_kept(const CkContents *contents, CkFile file, gint64 row)
{
    return contents->row == row && contents->file == file;
}

/* Renders an item and keeps the result. */
static void keep(CkContents *contents, CkFile file, gint64 row, GBytes *json)
{
    g_clear_pointer(&contents->json, g_bytes_unref);
    contents->json = g_bytes_ref(json);
    contents->file = file;
    contents->row = row;
    g_string_truncate(contents->text, 0);
    render_item(file, ck_slice_bytes(json), &(CkSink){.text = contents->text});
}

static guint64 size_of(const CkItemRow *item, CkFile file)
{
    return file == CK_FILE_ITEM_JSON ? item->json_size
           : file == CK_FILE_ITEM_MD ? item->md_size
                                     : item->jsonl_size;
}

/* An item that was stored a short time ago; FALSE where it was not. */
static gboolean put_recent(CkContents *contents, gint64 row, CkFile file, CkSink *out)
{
    const CkRecentItem *item = ck_store_recent_item(contents->store, row);
    if (item && file == CK_FILE_ITEM_MD)
        ck_sink_bytes(out, g_bytes_get_data(item->md, NULL), g_bytes_get_size(item->md));
    else if (item)
        render_item(file, ck_slice_bytes(item->json), out);
    return item != NULL;
}

static gboolean put_item(CkContents *contents, const CkItemRow *item, CkFile file, CkSink *out,
                         GError **error)
{
    if (put_recent(contents, item->row, file, out))
        return TRUE;
    gint64 changes = ck_store_changes(contents->store);
    guint64 size = size_of(item, file);
    gboolean kept = is_kept(contents, file, item->row);
    if (!kept || contents->changes != changes) {
        g_autoptr(GBytes) json = ck_store_item_json(contents->store, item->row, error);
        if (!json)
            return FALSE;
        if (size < KEPT_MIN || size > KEPT_MAX) {
            render_item(file, ck_slice_bytes(json), out);
            return TRUE;
        }
        if (!kept || !g_bytes_equal(contents->json, json))
            keep(contents, file, item->row, json);
        contents->changes = changes;
    }
    ck_sink_bytes(out, contents->text->str, contents->text->len);
    return TRUE;
}

static gboolean add_item(CkContents *contents, const CkItemRow *item, CkFile file, Window *window,
                         GError **error)
{
    CkSink piece = open_piece(window);
    if (!put_item(contents, item, file, &piece, error))
        return FALSE;
    close_piece(window, &piece);
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
static gboolean read_items(CkContents *contents, const CkThreadRow *thread, CkFile file,
                           Window *window, GError **error)
{
    CkStore *store = contents->store;
    CkFile each = file == CK_FILE_THREAD_MD ? CK_FILE_ITEM_MD : CK_FILE_ITEMS_JSONL;
    guint64 begins;
    guint64 number = item_at(store, thread, file, window->offset, &begins, error);
    if (number == 0)
        return FALSE;
    window->offset -= begins;
    for (; number <= thread->items && window->size > 0; number++) {
        g_auto(CkItemRow) item = {0};
        CkFound found = ck_store_item_numbered(store, thread->row, number, &item, error);
        if (!ck_store_must_find(found, error) || !add_item(contents, &item, each, window, error))
            return FALSE;
    }
    return TRUE;
}

/* What thread.json is, or what precedes the items in thread.md. */
static gboolean add_thread(CkContents *contents, gint64 row, CkFile file, Window *window,
                           GError **error)
{
    g_autoptr(GBytes) json = ck_store_thread_json(contents->store, row, error);
    if (!json)
        return FALSE;
    CkSink piece = open_piece(window);
    if (file == CK_FILE_THREAD_JSON) {
        ck_json_indent(ck_slice_bytes(json), &piece);
    } else {
        g_autoptr(CkThread) thread = ck_decode_thread(ck_slice_bytes(json));
        ck_render_thread_head(thread, &piece);
    }
    close_piece(window, &piece);
    return TRUE;
}

static gboolean read_thread_file(CkContents *contents, gint64 row, CkFile file, Window *window,
                                 GError **error)
{
    g_auto(CkThreadRow) thread = {0};
    if (file == CK_FILE_THREAD_JSON)
        return add_thread(contents, row, file, window, error);
    if (!ck_store_must_find(ck_store_thread(contents->store, row, &thread, error), error))
        return FALSE;
    if (file == CK_FILE_THREAD_MD && window->offset >= thread.head_size)
        window->offset -= thread.head_size;
    else if (file == CK_FILE_THREAD_MD && !add_thread(contents, row, file, window, error))
        return FALSE;
    return thread.items == 0 || window->size == 0 ||
           read_items(contents, &thread, file, window, error);
}

static gboolean read_item_file(CkContents *contents, gint64 row, CkFile file, Window *window,
                               GError **error)
{
    g_auto(CkItemRow) item = {0};
    CkSink piece = open_piece(window);
    if (put_recent(contents, row, file, &piece))
        return TRUE;
    return ck_store_must_find(ck_store_item(contents->store, row, &item, error), error) &&
           add_item(contents, &item, file, window, error);
}

gboolean ck_contents_read(CkContents *contents, CkFile file, gint64 row, guint64 offset, gsize size,
                          GString *out, GError **error)
{
    Window window = {offset, size, out};
    if (size == 0)
        return TRUE;
    return file == CK_FILE_ITEM_JSON || file == CK_FILE_ITEM_MD
               ? read_item_file(contents, row, file, &window, error)
               : read_thread_file(contents, row, file, &window, error);
}
