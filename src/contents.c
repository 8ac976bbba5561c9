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
static gboolean render_item(CkFile file, CkSlice json, CkSink *out, GError **error)
{
    if (file == CK_FILE_ITEM_JSON) {
        ck_json_indent(json, out);
    } else if (file == CK_FILE_ITEMS_JSONL) {
        ck_json_compact(json, out);
    } else {
        g_autoptr(CkItem) item = ck_decode_item(json, error);
        if (!item)
            return FALSE;
        ck_render_item(item, out);
    }
    return TRUE;
}

static gboolean is_kept(const CkContents *contents, CkFile file, gint64 row)
{
    return contents->row == row && contents->file == file;
}

/* Renders an item and keeps the result. */
static gboolean keep(CkContents *contents, CkFile file, gint64 row, GBytes *json, GError **error)
{
    g_clear_pointer(&contents->json, g_bytes_unref);
    contents->row = 0;
    g_string_truncate(contents->text, 0);
    if (!render_item(file, ck_slice_bytes(json), &(CkSink){.text = contents->text}, error))
        return FALSE;
    contents->json = g_bytes_ref(json);
    contents->file = file;
    contents->row = row;
    return TRUE;
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
        render_item(file, ck_slice_bytes(item->json), out, NULL); /* nothing is decoded for that */
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
        if (size < KEPT_MIN || size > KEPT_MAX)
            return render_item(file, ck_slice_bytes(json), out, error);
        if ((!kept || !g_bytes_equal(contents->json, json)) &&
            !keep(contents, file, item->row, json, error))
            return FALSE;
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

/* A version of a transcript. What it is made of is present but for some items, which have changed
 * since; those behind these stand elsewhere now. */
typedef struct {
    const CkThreadRow *thread;
    CkFile file;     /* CK_FILE_THREAD_MD or CK_FILE_ITEMS_JSONL */
    CkFile each;     /* as what an item stands in it */
    GArray *formers; /* Former, by number; NULL: none */
} Transcript;

typedef struct {
    CkForm form;
    gint64 more; /* bytes that it had more than it has now */
} Former;

static void former_clear(gpointer data)
{
    ck_form_clear(&((Former *)data)->form);
}

static void transcript_clear(Transcript *transcript)
{
    g_clear_pointer(&transcript->formers, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Transcript, transcript_clear)

static guint present_version(const CkThreadRow *thread, CkFile file)
{
    return file == CK_FILE_THREAD_JSON ? thread->json_version
           : file == CK_FILE_THREAD_MD ? thread->md_version
                                       : thread->jsonl_version;
}

static gboolean open_transcript(CkStore *store, CkFile file, const CkThreadRow *thread,
                                guint version, Transcript *transcript, GError **error)
{
    CkFile each = file == CK_FILE_THREAD_MD ? CK_FILE_ITEM_MD : CK_FILE_ITEMS_JSONL;
    *transcript = (Transcript){thread, file, each, NULL};
    if (version >= present_version(thread, file))
        return TRUE;
    g_autoptr(GArray) forms = ck_store_former_items(store, thread->row, version, error);
    if (!forms)
        return FALSE;
    transcript->formers = g_array_new(FALSE, FALSE, sizeof(Former));
    g_array_set_clear_func(transcript->formers, former_clear);
    for (guint i = 0; i < forms->len; i++) {
        const CkForm *form = &g_array_index(forms, CkForm, i);
        g_auto(CkItemRow) item = {0};
        Former former = {.form = *form};
        CkFound found = ck_store_item_numbered(store, thread->row, form->number, &item, error);
        if (!ck_store_must_find(found, error))
            return FALSE;
        former.form.json = g_bytes_ref(form->json);
        former.more = each == CK_FILE_ITEM_MD ? (gint64)form->md_size - (gint64)item.md_size
                                              : (gint64)form->jsonl_size - (gint64)item.jsonl_size;
        g_array_append_val(transcript->formers, former);
    }
    return TRUE;
}

/* How many bytes more there were before the item of that number. */
static gint64 more_before(const Transcript *transcript, guint64 number)
{
    gint64 more = 0;
    for (guint i = 0; transcript->formers && i < transcript->formers->len; i++) {
        const Former *former = &g_array_index(transcript->formers, Former, i);
        if (former->form.number >= number)
            break;
        more += former->more;
    }
    return more;
}

static const CkForm *former_of(const Transcript *transcript, guint64 number)
{
    for (guint i = 0; transcript->formers && i < transcript->formers->len; i++) {
        const Former *former = &g_array_index(transcript->formers, Former, i);
        if (former->form.number == number)
            return &former->form;
    }
    return NULL;
}

/* The number of the item that holds the byte at offset among the transcript's items, by bisection:
 * offsets grow with numbers. *begins: that item's offset. 0 with the error set. */
static guint64 item_at(CkStore *store, const Transcript *transcript, guint64 offset,
                       guint64 *begins, GError **error)
{
    guint64 low = 1, high = transcript->thread->settled;
    *begins = 0;
    while (low < high) {
        guint64 middle = low + (high - low + 1) / 2;
        g_auto(CkItemRow) item = {0};
        CkFound found =
            ck_store_item_numbered(store, transcript->thread->row, middle, &item, error);
        if (!ck_store_must_find(found, error))
            return 0;
        guint64 at = transcript->each == CK_FILE_ITEM_MD ? item.md_offset : item.jsonl_offset;
        at += (guint64)more_before(transcript, middle);
        if (at <= offset) {
            low = middle;
            *begins = at;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/* The part of the window that the transcript's items fill. */
static gboolean read_items(CkContents *contents, const Transcript *transcript, Window *window,
                           GError **error)
{
    CkStore *store = contents->store;
    const CkThreadRow *thread = transcript->thread;
    guint64 begins;
    guint64 number = item_at(store, transcript, window->offset, &begins, error);
    if (number == 0)
        return FALSE;
    window->offset -= begins;
    for (; number <= thread->settled && window->size > 0; number++) {
        g_auto(CkItemRow) item = {0};
        const CkForm *former = former_of(transcript, number);
        if (former) {
            CkSink piece = open_piece(window);
            if (!render_item(transcript->each, ck_slice_bytes(former->json), &piece, error))
                return FALSE;
            close_piece(window, &piece);
            continue;
        }
        CkFound found = ck_store_item_numbered(store, thread->row, number, &item, error);
        if (!ck_store_must_find(found, error) ||
            !add_item(contents, &item, transcript->each, window, error))
            return FALSE;
    }
    return TRUE;
}

/* What thread.json is, or what precedes the items in thread.md. */
static gboolean add_thread(CkFile file, GBytes *json, Window *window, GError **error)
{
    CkSink piece = open_piece(window);
    if (file == CK_FILE_THREAD_JSON) {
        ck_json_indent(ck_slice_bytes(json), &piece);
    } else {
        g_autoptr(CkThread) thread = ck_decode_thread(ck_slice_bytes(json), error);
        if (!thread)
            return FALSE;
        ck_render_thread_head(thread, &piece);
    }
    close_piece(window, &piece);
    return TRUE;
}

/* The thread as it was in a version of one of its files. */
static gboolean read_form(CkStore *store, CkFile file, const CkThreadRow *thread, guint version,
                          CkForm *form, GError **error)
{
    CkFound found = version < present_version(thread, file)
                        ? ck_store_former_thread(store, thread->row, version, form, error)
                        : CK_ABSENT;
    if (found == CK_ABSENT)
        *form = (CkForm){.json_size = thread->json_size, .head_size = thread->head_size};
    if (found == CK_ABSENT)
        form->json = ck_store_thread_json(store, thread->row, error);
    return form->json != NULL;
}

static gboolean read_thread_file(CkContents *contents, gint64 row, CkFile file, guint version,
                                 Window *window, GError **error)
{
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkForm) form = {0};
    g_auto(Transcript) transcript = {0};
    CkStore *store = contents->store;
    if (!ck_store_must_find(ck_store_thread(store, row, &thread, error), error))
        return FALSE;
    gboolean past_head = file == CK_FILE_THREAD_MD && version >= thread.md_version &&
                         window->offset >= thread.head_size;
    if (past_head)
        window->offset -= thread.head_size;
    else if (file != CK_FILE_ITEMS_JSONL) {
        if (!read_form(store, file, &thread, version, &form, error) ||
            !add_thread(file, form.json, window, error))
            return FALSE;
    }
    if (file == CK_FILE_THREAD_JSON || thread.settled == 0 || window->size == 0)
        return TRUE;
    return open_transcript(store, file, &thread, version, &transcript, error) &&
           read_items(contents, &transcript, window, error);
}

static gboolean read_item_file(CkContents *contents, gint64 row, CkFile file, guint version,
                               Window *window, GError **error)
{
    g_auto(CkItemRow) item = {0};
    g_auto(CkForm) form = {0};
    CkSink piece = open_piece(window);
    /* One that was stored just now has not changed. */
    if (put_recent(contents, row, file, &piece))
        return TRUE;
    if (!ck_store_must_find(ck_store_item(contents->store, row, &item, error), error))
        return FALSE;
    if (version >= item.version)
        return add_item(contents, &item, file, window, error);
    CkFound found = ck_store_former_item(contents->store, row, version, &form, error);
    if (!ck_store_must_find(found, error))
        return FALSE;
    return render_item(file, ck_slice_bytes(form.json), &piece, error);
}

gboolean ck_contents_read(CkContents *contents, CkFile file, gint64 row, guint version,
                          guint64 offset, gsize size, GString *out, GError **error)
{
    Window window = {offset, size, out};
    if (size == 0)
        return TRUE;
    return file == CK_FILE_ITEM_JSON || file == CK_FILE_ITEM_MD
               ? read_item_file(contents, row, file, version, &window, error)
               : read_thread_file(contents, row, file, version, &window, error);
}

gboolean ck_contents_measure(CkContents *contents, CkFile file, const CkThreadRow *thread,
                             guint version, guint64 *size, GError **error)
{
    g_auto(CkForm) form = {0};
    g_auto(Transcript) transcript = {0};
    CkStore *store = contents->store;
    if (!open_transcript(store, file, thread, version, &transcript, error) ||
        (file == CK_FILE_THREAD_MD && !read_form(store, file, thread, version, &form, error)))
        return FALSE;
    guint64 items =
        file == CK_FILE_THREAD_MD ? thread->settled_md_size : thread->settled_jsonl_size;
    *size = form.head_size + items + (guint64)more_before(&transcript, G_MAXUINT64);
    return TRUE;
}
