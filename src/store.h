/* SPDX-License-Identifier: MIT */
/*
 * The tree of the mount, in SQLite. Every thread and item that a page brings in becomes a row, and
 * all that is asked of the file system is answered from rows.
 *
 *   user     one row for each user that threads name; the one with id "" stands for "no user"
 *   thread   one row for each thread, with running totals of its items
 *   item     numbered 1, 2, 3 … within its thread in the order of creation
 *   former_name   names that threads had before their titles changed
 *   former_thread, former_item   what threads and items were before they changed
 *   listing  how far each listing of the API has been read, and when it was last known to be
 * current
 *
 * Invariants: rows are never reused (AUTOINCREMENT; an item's is made of its thread's and of its
 * number), since inode numbers are made of them. An item's number never changes. A thread's place
 * never changes either, and within every listing (all threads, one user's) places ascend in the
 * order in which the server lists: each listing is read from its front on, and perhaps from its
 * back on, and a thread gets its place when the first of them brings it; see CkPlacing. Positions
 * in directories are made of places and numbers. A thread's totals and its items' offsets agree: an
 * item's offset is the sum of the sizes of the items before it. Between ck_store_begin() and
 * ck_store_commit() everything or nothing is written.
 *
 * The transcripts of a thread, thread.md and items.jsonl, hold its settled items: all up to the
 * last finished one. An item that is not finished can still change; as long as no finished one
 * follows, it stays out, so that who follows a transcript sees it grow and nothing else.
 *
 * Versions. Whatever has been shown stays what it was for those who are reading it: when a thread,
 * an unfinished item or a transcript changes otherwise than by growing, it gets a new version, and
 * is another file from then on. The versions of a thread, its transcripts and its items all count
 * from one number, thread.changes; a file has that of its last change. What a thread or item was
 * "until" a version is kept beside it, so that a file of version v is made of the first forms with
 * until > v, or of the present ones. A file of version CK_VERSION_MAX changes where it is, and in
 * its transcripts.
 *
 * All functions run on one thread. They fail with CK_ERROR_STORE, CK_ERROR_STORE_FULL or
 * CK_ERROR_NO_MEMORY. A function that finds a row returns CK_FOUND (the row is set, and to be
 * cleared by the caller), CK_ABSENT, or CK_FAILED with the error set.
 */
#pragma once

#include "prepare.h"
#include "recent.h"

typedef struct _CkStore CkStore;

typedef enum { CK_FAILED = -1, CK_ABSENT, CK_FOUND } CkFound;

/* Whether a row was found, for callers to whom a missing one is a failure (CK_ERROR_STORE). */
gboolean ck_store_must_find(CkFound found, GError **error);

typedef struct {
    gint64 row;
    char *id;         /* "" for the row that stands for no user */
    char *name;       /* its folder's */
    gint64 newest_at; /* created_at of the newest known thread */
} CkUserRow;

typedef struct {
    gint64 row;
    guint64
        place;   /* its place among the listed threads, from 1; 0: no listing has brought it yet */
    gint64 user; /* row */
    char *id;
    char *name;        /* its folder's present name */
    gint64 created_at; /* seconds since 1970; 0: unknown */
    gint64 newest_at;  /* created_at of its newest known item, else its own */
    guint64 json_size; /* bytes of thread.json, … */
    guint64 head_size; /* of what precedes the items in thread.md, … */
    guint64 items;     /* known items, and their totals: */
    guint64 md_size;
    guint64 jsonl_size;
    guint64 settled; /* how many of these are in the transcripts, and their totals: */
    guint64 settled_md_size;
    guint64 settled_jsonl_size;
    guint changes; /* see above */
    guint json_version;
    guint md_version; /* of thread.md; that of items.jsonl: */
    guint jsonl_version;
    guint64 grown;     /* how often items came that were not there when all had been read */
    gint64 changed_at; /* when the last change was seen, in seconds since 1970; 0: never */
    gint64 seen_at;    /* when the server last sent the thread, in microseconds since 1970 */
} CkThreadRow;

#define CK_VERSION_MAX 255

typedef struct {
    gint64 row;
    gint64 thread; /* row */
    guint64 number;
    char *role;
    gint64 created_at; /* the item's own, else its thread's */
    gboolean finished;
    guint64 json_size; /* bytes of NNNN-ROLE.json, NNNN-ROLE.md and the line of items.jsonl */
    guint64 md_size;
    guint64 jsonl_size;
    guint64 md_offset; /* where its .md begins among the .md of its thread's items */
    guint64 jsonl_offset;
    guint version;
    gint64 changed_at; /* as that of a thread */
} CkItemRow;

/* What a thread or an item was until a version. */
typedef struct {
    guint64 number; /* of an item */
    gint64 time;    /* that of its files: seconds since 1970 */
    guint64 json_size;
    guint64 head_size; /* of a thread */
    guint64 md_size;   /* of an item, as the next one */
    guint64 jsonl_size;
    GBytes *json;
} CkForm;

void ck_user_row_clear(CkUserRow *user);
void ck_thread_row_clear(CkThreadRow *thread);
void ck_item_row_clear(CkItemRow *item);
void ck_form_clear(CkForm *form);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CkUserRow, ck_user_row_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CkThreadRow, ck_thread_row_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CkItemRow, ck_item_row_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CkForm, ck_form_clear)

/* A new private store: in memory first, spilling to an unlinked temporary file. */
CkStore *ck_store_new(GError **error);
void ck_store_free(CkStore *store);

gboolean ck_store_begin(CkStore *store, GError **error);
gboolean ck_store_commit(CkStore *store, GError **error);
void ck_store_rollback(CkStore *store);

/* Adds the thread, or brings its row up to date. id and user tell it and its user apart from
 * others, see ck_decode_identity(); user may be NULL. name: its folder's, unique as ids are.
 * *changed: it was known, and as something else. */
gboolean ck_store_put_thread(CkStore *store, const char *id, const char *user, const char *name,
                             const CkPreparedThread *thread, gboolean *changed, GError **error);

/* Which of the places is next. */
typedef enum {
    CK_PLACE_FRONT, /* behind all of the front: CK_FRONT_PLACE, CK_FRONT_PLACE + 1 … */
    CK_PLACE_BACK,  /* before all of the back: CK_LAST_PLACE, CK_LAST_PLACE - 1 … */
    CK_PLACE_NEW,   /* before all: CK_FRONT_PLACE - 1, CK_FRONT_PLACE - 2 … */
    CK_PLACINGS
} CkPlacing;

#define CK_FRONT_PLACE ((guint64)1 << 29)
#define CK_BACK_PLACE  ((guint64)1 << 30) /* from here on: the back's */
#define CK_LAST_PLACE  (((guint64)1 << 31) - 1)

/* Gives the thread the next place, unless it has one: a listing has brought it. A thread that was
 * retrieved by itself waits for its place, so that the listing keeps its order. */
gboolean ck_store_place_thread(CkStore *store, const char *thread_id, CkPlacing placing,
                               GError **error);

/* To find what is gone: forget_listed() at first, then set_listed() for every thread that the
 * server lists, and next_unlisted() for each of the others, placed or not, whose row is after that
 * one and not after max_row, that is of the user or (0) of any, and not older than created_at.
 * *placed: whether it has a place. */
gboolean ck_store_forget_listed(CkStore *store, GError **error);
gboolean ck_store_set_listed(CkStore *store, const char *thread_id, gboolean *placed,
                             GError **error);
CkFound ck_store_next_unlisted(CkStore *store, gint64 user, gint64 after, gint64 max_row,
                               gint64 created_at, CkThreadRow *thread, GError **error);

/* The highest row that a thread has had so far; -1 with the error set. */
gint64 ck_store_newest_row(CkStore *store, GError **error);

/* Takes out the thread with all that is known of it; and its user, if that has no other thread. */
gboolean ck_store_drop_thread(CkStore *store, gint64 row, GError **error);

/* Takes note that the server has deleted a thread: a listing that was asked for before may still
 * bring it, and it is not to be put again. Known for as long as the store is open. */
void ck_store_set_deleted(CkStore *store, const char *thread_id);
gboolean ck_store_is_deleted(CkStore *store, const char *thread_id);

/* Adds the item at the end of the thread, unless it has an item with that id: pages overlap when
 * something is added or deleted between them, and items that are not finished are asked for again.
 * One that was not finished is brought up to date; a finished one stays. thread: its row as it is
 * now, whose totals and versions change; they are to be put before the transaction ends.
 * *changed: the row of the item that was known as something else; else 0. */
gboolean ck_store_put_item(CkStore *store, CkThreadRow *thread, const char *id,
                           const CkPreparedItem *item, gint64 *changed, GError **error);
gboolean ck_store_put_totals(CkStore *store, const CkThreadRow *thread, GError **error);

/* Grows with everything that is written or undone: while it is the same, so is what was read. */
gint64 ck_store_changes(CkStore *store);

CkFound ck_store_user(CkStore *store, gint64 row, CkUserRow *user, GError **error);
CkFound ck_store_user_named(CkStore *store, const char *name, CkUserRow *user, GError **error);
CkFound ck_store_thread(CkStore *store, gint64 row, CkThreadRow *thread, GError **error);
CkFound ck_store_thread_by_id(CkStore *store, const char *id, CkThreadRow *thread, GError **error);
/* The thread whose folder has, or had before, this name. */
CkFound ck_store_thread_named(CkStore *store, const char *name, CkThreadRow *thread,
                              GError **error);
/* The row of the thread that an item's row is of, also when that is gone. */
gint64 ck_store_thread_of_item(gint64 row);
CkFound ck_store_item(CkStore *store, gint64 row, CkItemRow *item, GError **error);
CkFound ck_store_item_numbered(CkStore *store, gint64 thread, guint64 number, CkItemRow *item,
                               GError **error);
/* The first item of the thread from that number on that is not finished; its id, to be freed. */
CkFound ck_store_next_unfinished(CkStore *store, gint64 thread, guint64 from, CkItemRow *item,
                                 GError **error);
char *ck_store_item_id(CkStore *store, gint64 row, GError **error);
/* When an item was created, in seconds since 1970; 0: not known. */
gint64 ck_store_item_time(CkStore *store, const char *thread_id, const char *id);

/* What a thread or item was in a version; CK_ABSENT: what it is now. */
CkFound ck_store_former_thread(CkStore *store, gint64 row, guint version, CkForm *form,
                               GError **error);
CkFound ck_store_former_item(CkStore *store, gint64 row, guint version, CkForm *form,
                             GError **error);

/* What those items of a thread's transcript were in a version that have changed since, in their
 * order: CkForm, to be freed with g_array_unref(); NULL with the error set. */
GArray *ck_store_former_items(CkStore *store, gint64 thread, guint version, GError **error);

/* Takes an item, which is borrowed; FALSE when it wants no more. It may read from the store, but
 * neither write to it nor ask for the items of a thread. */
typedef gboolean (*CkStoreTake)(const CkItemRow *item, gpointer data);

/* Gives the items of a thread to take, from that number on and in their order, no further than it
 * wants them. CK_FOUND: it wanted no more; CK_ABSENT: there are no more. */
CkFound ck_store_items(CkStore *store, gint64 thread, guint64 from, CkStoreTake take, gpointer data,
                       GError **error);

/* The thread that has the place nearest behind that one, of that user or (0) of any, but for skip
 * others in between. */
CkFound ck_store_thread_behind(CkStore *store, gint64 user, guint64 after, guint skip,
                               CkThreadRow *thread, GError **error);

/* What the keys of listings that were read have after that prefix, owned; NULL with the error set.
 */
GPtrArray *ck_store_listings(CkStore *store, const char *prefix, GError **error);

/* The user with the lowest row above after; the thread with the lowest place above after and below
 * before, of that user or (0) of any. before: CK_BACK_PLACE while the listing has a gap, else
 * G_MAXINT64. */
CkFound ck_store_next_user(CkStore *store, gint64 after, CkUserRow *user, GError **error);
CkFound ck_store_next_thread(CkStore *store, gint64 user, guint64 after, guint64 before,
                             CkThreadRow *thread, GError **error);

/* The thread with the highest place below before, of that user or (0) of any; the listed thread
 * whose name follows that one, as bytes compare. */
CkFound ck_store_previous_thread(CkStore *store, gint64 user, guint64 before, CkThreadRow *thread,
                                 GError **error);
CkFound ck_store_next_named(CkStore *store, const char *after, CkThreadRow *thread, GError **error);

/* What the server sent for a thread or an item; NULL with the error set. */
GBytes *ck_store_thread_json(CkStore *store, gint64 row, GError **error);
GBytes *ck_store_item_json(CkStore *store, gint64 row, GError **error);

/* The item as it was when it was added, if that was a short time ago, else NULL; borrowed until the
 * store is written to. */
const CkRecentItem *ck_store_recent_item(CkStore *store, gint64 row);

/* How much is known: users that threads name; threads, and how many of them a listing has brought;
 * items. Takes no longer where there is more of them, but after a rollback. */
typedef struct {
    gint64 users, threads, listed, items;
} CkStoreCounts;

gboolean ck_store_counts(CkStore *store, CkStoreCounts *counts, GError **error);

/* Of how many threads all items are known, and when the first and the last of them was known to be
 * current, in seconds since 1970. Takes the longer the more there are. */
typedef struct {
    gint64 threads, oldest, newest;
} CkStoreChecks;

gboolean ck_store_checks(CkStore *store, CkStoreChecks *checks, GError **error);

/* How far a listing was read. The cursor is what the next page comes after; NULL: begin. A listing
 * that was never read has {NULL, FALSE}. */
typedef struct {
    char *cursor;
    gboolean complete;
    gint64 checked_at; /* when its newest end was last known to be current, and … */
    gint64 listed_at;  /* … all of it, in microseconds since 1970; 0: never */
    gint64 newest_row; /* that a thread had at checked_at */
} CkListingState;

gboolean ck_store_listing(CkStore *store, const char *key, CkListingState *state, GError **error);
gboolean ck_store_put_listing(CkStore *store, const char *key, const char *cursor,
                              gboolean complete, GError **error);

/* Says of a listing that was read when it was known to be current. all: not only its newest end. */
gboolean ck_store_set_checked(CkStore *store, const char *key, gint64 at, gboolean all,
                              GError **error);

void ck_listing_state_clear(CkListingState *state);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CkListingState, ck_listing_state_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkStore, ck_store_free)
