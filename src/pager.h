/* SPDX-License-Identifier: MIT */
/*
 * Brings pages of the API into the store, one at a time, when somebody waits for them.
 *
 * Each listing of the API is read lazily: it has at most one request under way, whoever waits for
 * it (single-flight), and a page is asked for only while somebody waits. A page is stored
 * whole or not at all, together with the cursor that follows it; then everybody who waits is
 * woken, looks at the store again, and may wait again.
 *
 * A page that is too large to be taken is asked for again with half as many elements.
 *
 * A page that fails leaves the store as it was: what was read before stays, the listing stays
 * incomplete, those who wait get the error, and the next one to wait tries that page again; but
 * where the server rejects the cursor, the listing from its beginning.
 */
#pragma once

#include "api.h"
#include "store.h"

typedef struct _CkPager CkPager;
typedef struct _CkWait CkWait;

typedef enum {
    CK_WANT_NOTHING,
    CK_WANT_THREADS,      /* the next page of all threads, newest first */
    CK_WANT_USER_THREADS, /* the next page of a user's threads, newest first; id: the user */
    CK_WANT_ITEMS,        /* the next page of a thread's items, oldest first; id: the thread's */
    CK_WANT_THREAD,       /* one thread, not by way of a listing; id: its id */
} CkWantKind;

/* What an operation lacks in the store. */
typedef struct {
    CkWantKind kind;
    char *id; /* NULL where the kind has none */
} CkWant;

CkWant ck_want_copy(const CkWant *want);
void ck_want_clear(CkWant *want);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CkWant, ck_want_clear)

/* The listing that brings a user's threads or, for NULL, all that the mount shows: filtered by the
 * user where it can be, see list-threads in the API reference. Borrows user and from config. */
CkWant ck_want_threads_of(const char *user, const CkConfig *config);

/* The name of a listing in the store, see ck_store_listing(); to be freed. */
char *ck_want_key(const CkWant *want);

/* What is done to satisfy it, such as "listing threads", for errors; to be freed. */
char *ck_want_describe(const CkWant *want);

/* error NULL: something new is in the store (or the listing turned out to be complete). */
typedef void (*CkWoken)(const GError *error, gpointer data);

/* Context, store, API and configuration must outlive the pager. */
CkPager *ck_pager_new(GMainContext *context, CkStore *store, CkApi *api, const CkConfig *config);

/* Told of every failure once, however many waited; for the log. */
typedef void (*CkPagerReport)(const GError *error, gpointer data);
void ck_pager_set_report(CkPager *pager, CkPagerReport report, gpointer data);

/* Cancels what is under way; those who wait are not woken. */
void ck_pager_free(CkPager *pager);

/* Calls woken once, later, from the main context, unless the wait is cancelled. The result is
 * valid until then. The want is copied. */
CkWait *ck_pager_wait(CkPager *pager, const CkWant *want, CkWoken woken, gpointer data);

/* Frees the wait; woken is not called any more. The request goes on. */
void ck_pager_cancel(CkWait *wait);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkPager, ck_pager_free)
