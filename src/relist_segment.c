/* SPDX-License-Identifier: MIT */
#include "error.h"
#include "listing.h"
#include "names.h"
#include "relist_private.h"

void ck_segment_free(CkSegment *segment)
{
    g_clear_pointer(&segment->call, ck_api_cancel);
    g_ptr_array_unref(segment->fresh);
    g_hash_table_unref(segment->cursors);
    g_free(segment->bound);
    g_free(segment->cursor);
    g_free(segment->met);
    g_free(segment->before_last);
    g_free(segment);
}

void ck_segment_add(CkRelist *relist, const char *bound)
{
    CkSegment *segment = g_new0(CkSegment, 1);
    segment->relist = relist;
    segment->bound = g_strdup(bound);
    segment->cursor = g_strdup(bound);
    segment->limit = relist->config->page_size;
    segment->fresh = g_ptr_array_new_with_free_func(g_free);
    segment->cursors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_insert(relist->segments, g_strdup(bound ? bound : ""), segment);
    g_queue_push_tail(&relist->waiting, segment);
}

static gboolean is_bound(const CkRelist *relist, const char *id)
{
    return g_hash_table_contains(relist->segments, id) || g_strcmp0(id, relist->last) == 0;
}

/* Stores a thread of the segment. *changed: whether it was known as something else. */
static gboolean take_thread(CkSegment *segment, const CkPreparedThread *thread, gboolean *changed,
                            GError **error)
{
    CkRelist *relist = segment->relist;
    gboolean placed = TRUE;
    if (!ck_listing_shows(relist->store, relist->config, thread))
        return TRUE;
    if (!ck_listing_put_thread(relist->store, relist->config, thread->id, thread, changed, error) ||
        !ck_store_set_listed(relist->store, thread->id, &placed, error))
        return FALSE;
    if (!placed)
        g_ptr_array_add(segment->fresh, g_strdup(thread->id));
    if (placed || thread->created_at > relist->last_at)
        segment->newer = segment->fresh->len;
    return TRUE;
}

/* Of a listing whose times do not descend, no time tells how far it has been read. */
static void check_order(CkRelist *relist, gint64 *before, gint64 created_at)
{
    relist->unordered |= created_at > *before;
    *before = created_at > 0 ? created_at : *before;
}

/* Whether a thread comes behind all that the listing has been read up to, and is not to be. */
static gboolean is_past(CkRelist *relist, const CkPreparedThread *thread)
{
    gint64 since = MAX(relist->config->since, relist->last ? relist->last_at : 0);
    return thread->created_at > 0 && thread->created_at < since;
}

/* Takes threads up to where the segment ends, if that is in this page. Those that changed are added
 * to changed. */
static gboolean take_threads(CkSegment *segment, const CkPage *page, GPtrArray *changed,
                             GError **error)
{
    CkRelist *relist = segment->relist;
    const char *before = segment->cursor;
    gint64 time = G_MAXINT64;
    for (guint i = 0; i < page->prepared->len && !segment->read; i++) {
        const CkPreparedThread *thread = g_ptr_array_index(page->prepared, i);
        gboolean is_changed = FALSE;
        check_order(relist, &time, thread->created_at);
        if (is_past(relist, thread)) {
            segment->read = TRUE;
            segment->met = g_strdup(relist->last);
            segment->passed = relist->last != NULL;
            segment->before_last = g_strdup(before);
        } else if (thread->id) {
            if (!take_thread(segment, thread, &is_changed, error))
                return FALSE;
            if (is_changed)
                g_ptr_array_add(changed, thread->id);
            before = ck_name_is_id(thread->id) ? thread->id : before;
            /* as a cursor, that is */ /* as a cursor, that is */
            segment->read = is_bound(relist, thread->id);
            segment->met = segment->read ? g_strdup(thread->id) : NULL;
        }
    }
    return TRUE;
}

/* Where the segment goes on. */
static gboolean take_cursor(CkSegment *segment, const CkPage *page, GError **error)
{
    g_autofree char *next = NULL;
    if (segment->read)
        return TRUE;
    if (!page->has_more) {
        segment->read = TRUE;
        return TRUE;
    }
    if (!ck_listing_next_cursor(page, &next, error))
        return FALSE;
    if (!g_hash_table_add(segment->cursors, g_strdup(next))) {
        g_set_error_literal(error, CK_ERROR, CK_ERROR_BAD_RESPONSE,
                            "the server's cursors go in a circle");
        return FALSE;
    }
    g_free(segment->cursor);
    segment->cursor = g_steal_pointer(&next);
    return TRUE;
}

static gboolean take_page(CkSegment *segment, const CkPage *page, GError **error)
{
    CkRelist *relist = segment->relist;
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    if (!(ck_store_begin(relist->store, error) && take_threads(segment, page, changed, error) &&
          take_cursor(segment, page, error) && ck_store_commit(relist->store, error))) {
        ck_store_rollback(relist->store);
        return FALSE;
    }
    for (guint i = 0; i < changed->len; i++)
        relist->events.changed(g_ptr_array_index(changed, i), relist->events.data);
    return TRUE;
}

static void on_cursor(CkPreparedThread *thread, const GError *error, gpointer data)
{
    CkSegment *segment = data;
    segment->call = NULL;
    segment->read = thread != NULL;
    segment->stuck = ck_listing_is_cursor_lost(error);
    ck_relist_segment_ended(segment->relist, segment->stuck ? NULL : error);
}

static void on_page(CkPage *page, const GError *error, gpointer data)
{
    CkSegment *segment = data;
    CkRelist *relist = segment->relist;
    g_autoptr(GError) failure = error ? g_error_copy(error) : NULL;
    segment->call = NULL;
    if (segment->limit > 1 && g_error_matches(error, CK_ERROR, CK_ERROR_TOO_LARGE)) {
        segment->limit /= 2;
        ck_segment_read(segment);
        return;
    }
    if (page && ck_listing_is_doubtful_end(page, segment->cursor)) {
        segment->call = ck_api_get_thread(relist->api, segment->cursor, on_cursor, segment);
        return;
    }
    segment->stuck = segment->cursor && ck_listing_is_cursor_lost(error);
    if (segment->stuck)
        ck_relist_segment_ended(relist, NULL);
    else if (!page || !take_page(segment, page, &failure))
        ck_relist_segment_ended(relist, failure);
    else if (segment->read)
        ck_relist_segment_ended(relist, NULL);
    else
        ck_segment_read(segment);
}

void ck_segment_read(CkSegment *segment)
{
    CkRelist *relist = segment->relist;
    const CkWant *want = g_queue_peek_head(&relist->wants);
    CkListQuery query = {
        .limit = segment->limit,
        .order = CK_ORDER_DESC,
        .after = segment->cursor,
        .after_at = ck_listing_time_of(relist->store, want, segment->cursor),
        .user = want->id,
    };
    segment->call = ck_api_list_threads(relist->api, &query, on_page, segment);
}
