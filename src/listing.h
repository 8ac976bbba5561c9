/* SPDX-License-Identifier: MIT */
/*
 * How far a listing of the API has been read: what its next page is asked to come after, and how a
 * page that has come gets into the store.
 *
 * Every listing is read from its front: threads newest first, items oldest first. A page is stored
 * whole or not at all, together with the cursor that follows it. The listing is complete when the
 * server says that there is no more.
 *
 * A cursor is only known when the page before it has come, so that pages can't be asked for side by
 * side. But a listing of threads can be read from its back as well, oldest first, and is complete
 * too when front and back have met:
 *
 *   newest  1 2 3 … → front            gap            back ← … 3 2 1  oldest
 *
 * Front and back have met when their last pages have a thread in common, and the last thread of the
 * back was created after the last one of the front: all that were created after the one have come
 * from the front, all before the other from the back. Of threads created in one second the server
 * need not have the same order both ways; where both ends stop in the same second, they have met
 * when the last threads of the front, at least two, are the last ones of the back the other way
 * round. That takes one page more than the front alone where the number of threads is a multiple of
 * the page size, or one less.
 *
 * Threads of the back have places after CK_BACK_PLACE (store.h) and are not shown while there is
 * a gap. The back is given up, and the front goes on alone, where what it brings can't be trusted:
 * times that are missing or do not descend, ids that are missing or come twice.
 */
#pragma once

#include "decode.h"
#include "store.h"
#include "want.h"

typedef struct _CkListing CkListing;

typedef enum { CK_FRONT, CK_BACK } CkEnd;

/* How far the listing that the want is of has been read, see ck_store_listing(). */
gboolean ck_listing_state(CkStore *store, const CkWant *want, CkListingState *state,
                          GError **error);

/* want: one that is a listing. Store and configuration must outlive the result. */
CkListing *ck_listing_new(CkStore *store, const CkConfig *config, const CkWant *want);
void ck_listing_free(CkListing *listing);

/* What the next page at that end comes after, to be freed; NULL: the first one. */
gboolean ck_listing_cursor(CkListing *listing, CkEnd end, char **cursor, GError **error);

/* Whether a page should be asked for at the back too: a reader has gone on past the second page,
 * and there is likely more than a page between front and back. */
gboolean ck_listing_takes_back(const CkListing *listing);

/* Whether the ends are so far apart that each can be read on without a look at the other. */
gboolean ck_listing_is_wide(const CkListing *listing);

/* What the page after this one, which has come and is not taken yet, comes after; to be freed. NULL
 * where there is none, or it can't be told. */
char *ck_listing_peek_cursor(CkListing *listing, CkEnd end, const CkPage *page);

/* Where the page after this one begins, to be freed; NULL after the last one. Error:
 * CK_ERROR_BAD_RESPONSE where the server does not say, or says what is no id: the API's cursors are
 * ids of elements (API reference, "after"). */
gboolean ck_listing_next_cursor(const CkPage *page, char **cursor, GError **error);

/* When what a cursor of that listing names was created, for `after_at` of a query; 0: not known. */
gint64 ck_listing_time_of(CkStore *store, const CkWant *want, const char *cursor);

/* Whether a page failed because the server does not know its cursor: the thread was deleted. */
gboolean ck_listing_is_cursor_lost(const GError *error);

/* Whether nothing comes after a cursor, which was said to be in the middle. A server may answer so
 * for one whose thread is gone, and to take that for the end would be to lose what is behind it. */
gboolean ck_listing_is_doubtful_end(const CkPage *page, const char *cursor);

/* The end is the end: the listing is complete. */
gboolean ck_listing_end(CkListing *listing, GError **error);

/* Whether no page of the back has come yet. */
gboolean ck_listing_knows_no_back(const CkListing *listing);

/* Stores a page that was asked for at that end. Errors: the store's; CK_ERROR_BAD_RESPONSE where
 * the page does not fit those before it. The store is then as it was, but that a listing which an
 * earlier mount has begun begins again where its cursors go in a circle. A page of the back that
 * can't be trusted is dropped without an error. */
gboolean ck_listing_take(CkListing *listing, CkEnd end, const CkPage *page, GError **error);

/* The ids of threads that were known before the last page was taken, and as something else; the
 * rows (gint64) of such items. */
const GPtrArray *ck_listing_changed(const CkListing *listing);
const GArray *ck_listing_changed_items(const CkListing *listing);

/* Whether that page added an item to a listing that was complete. */
gboolean ck_listing_has_grown(const CkListing *listing);

/* Adds a thread to the store, or brings it up to date, under the name that the mount gives it.
 * *changed: as ck_store_put_thread(). */
gboolean ck_listing_put_thread(CkStore *store, const CkConfig *config, const char *id,
                               const CkPreparedThread *thread, gboolean *changed, GError **error);

/* Whether the mount is to show a thread that a page has brought. */
gboolean ck_listing_shows(CkStore *store, const CkConfig *config, const CkPreparedThread *thread);

/* Takes a thread out of the store, in a transaction. CK_FOUND: *gone is what it was, to be cleared;
 * CK_ABSENT: there was none. */
CkFound ck_listing_drop_thread(CkStore *store, const char *id, CkThreadRow *gone, GError **error);

/* Reads the front from the listing's beginning again; what is known stays known. */
void ck_listing_begin_again(CkListing *listing);

/* The same where the cursor, which the server does not know, is that of a thread that was deleted
 * by way of this mount, or one up to which an earlier mount has listed, and which may have been
 * since; FALSE: it is neither, or a page led to it once more after that. */
gboolean ck_listing_begin_after_deletion(CkListing *listing, const char *cursor);

/* The back is not to be asked any more. */
void ck_listing_give_up_back(CkListing *listing);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkListing, ck_listing_free)
