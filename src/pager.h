/* SPDX-License-Identifier: MIT */
/*
 * Brings pages of the API into the store when somebody waits for them.
 *
 * Each listing of the API is read lazily: it has at most one request under way for its next page,
 * whoever waits for it (single-flight), and a page is asked for only while somebody waits. Once it
 * has been stored (listing.h), everybody who waits is woken, looks at the store again, and may wait
 * again. Along with a page of the front of a listing of threads one of its back may be asked for,
 * for which nobody waits; and where a listing is wide, the next page of each end as soon as one
 * that was waited for has come.
 *
 * A page that is too large to be taken is asked for again with half as many elements.
 *
 * A page that fails leaves the store as it was: what was read before stays, the listing stays
 * incomplete, those who wait get the error, and the next one to wait tries that page again; but
 * where the server rejects the cursor, the listing from its beginning. So it is where nothing comes
 * after a cursor whose thread, which is then asked for by its id, is gone.
 */
#pragma once

#include "api.h"
#include "store.h"
#include "want.h"

typedef struct _CkPager CkPager;
typedef struct _CkWait CkWait;

/* error NULL: something new is in the store (or the listing turned out to be complete). */
typedef void (*CkWoken)(const GError *error, gpointer data);

/* Context, store, API and configuration must outlive the pager. */
CkPager *ck_pager_new(GMainContext *context, CkStore *store, CkApi *api, const CkConfig *config);

/* Told of every failure once, however many waited; for the log. */
typedef void (*CkPagerReport)(const GError *error, gpointer data);
void ck_pager_set_report(CkPager *pager, CkPagerReport report, gpointer data);

/* Told of every thread that is not as it was before, once that is in the store. */
typedef void (*CkPagerChanged)(const char *thread_id, gpointer data);
void ck_pager_set_changed(CkPager *pager, CkPagerChanged changed, gpointer data);

/* For whom things are fetched: a fetch counts for the cause that is current when it is waited for
 * first, a page that is read ahead for one of those who wait for the page before it. */
CkCauses *ck_pager_causes(CkPager *pager);

/* The store has lost all that it held: ends what is under way, for those who wait with that
 * failure, and reads every listing from its beginning. */
void ck_pager_begin_again(CkPager *pager, const GError *failure);

/* Cancels what is under way; those who wait are not woken. */
void ck_pager_free(CkPager *pager);

/* Calls woken once, later, from the main context, unless the wait is cancelled. The result is
 * valid until then. The want is copied. */
CkWait *ck_pager_wait(CkPager *pager, const CkWant *want, CkWoken woken, gpointer data);

/* Frees the wait; woken is not called any more. The request goes on. */
void ck_pager_cancel(CkWait *wait);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkPager, ck_pager_free)
