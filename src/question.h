/* SPDX-License-Identifier: MIT */
/*
 * What the API is asked, and whether an answer can be one to that. A broken server or a middlebox
 * may hand on somebody else's answer, which is as well formed as the right one. So each answer is
 * checked against its question before anything of it is used:
 *
 *   any         `object` says what was asked for
 *   a thread    has the id that was asked for
 *   a page      no more elements than asked for, in the order asked for; none is the one that the
 *               page comes after, and none belongs before that one
 *   of threads  with the user asked for; no id is that of an item
 *   of items    with the thread asked for; no id is that of a thread
 *
 * An element that lacks a member proves nothing by it, and is taken. That a page skips elements
 * can't be seen.
 */
#pragma once

#include "decode.h"

typedef enum {
    CK_API_LIST_THREADS,
    CK_API_LIST_ITEMS,
    CK_API_GET_THREAD,
    CK_API_DELETE_THREAD,
    CK_API_KINDS
} CkApiKind;

typedef enum { CK_ORDER_DEFAULT, CK_ORDER_ASC, CK_ORDER_DESC } CkOrder;

/* The query of a list; what is 0 or NULL is not sent. */
typedef struct {
    guint limit; /* up to 100 */
    CkOrder order;
    const char *after, *before; /* ids of threads or items */
    gint64 after_at;            /* when `after` was created, for the check alone; 0: not known */
    const char *user;           /* list threads only */
} CkListQuery;

/* Immutable. An answer is decoded on another thread, hence the references. */
typedef struct {
    CkApiKind kind;
    char *id;          /* of the thread; NULL: none */
    CkListQuery query; /* owned */
} CkQuestion;

CkQuestion *ck_question_new(CkApiKind kind, const char *id, const CkListQuery *query);
CkQuestion *ck_question_ref(CkQuestion *question);
void ck_question_unref(CkQuestion *question);

/* The URL under base. Error: CK_ERROR_BAD_RESPONSE where an id can't stand in one (see
 * ck_name_is_id()): it came from a server. */
char *ck_question_url(const CkQuestion *question, const char *base, GError **error);

/* Whether an answer fits. Error: CK_ERROR_BAD_RESPONSE. json: what passed ck_json_check(). */
gboolean ck_question_fits_page(const CkQuestion *question, const CkPage *page, GError **error);
gboolean ck_question_fits_thread(const CkQuestion *question, CkSlice json, GError **error);

/* Whether a page without elements is an answer as good as any: a thread may have no items, and a
 * user no threads. Elsewhere it would be odd: behind a page that says that there is more, as the
 * list of all threads, or as the newest items of a thread. */
gboolean ck_question_may_find_nothing(const CkQuestion *question);

/* When the element of a page with that id was created, for `after_at` of the next page; 0: not
 * known. */
gint64 ck_question_time_of(const CkPage *page, const char *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkQuestion, ck_question_unref)
