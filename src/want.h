/* SPDX-License-Identifier: MIT */
/* What an operation lacks: a page of a listing, or a thread; or that one is gone. */
#pragma once

#include "config.h"

typedef enum {
    CK_WANT_NOTHING,
    CK_WANT_THREADS,      /* more of all threads, newest first */
    CK_WANT_USER_THREADS, /* more of a user's threads, newest first; id: the user */
    CK_WANT_ITEMS,        /* more of a thread's items, oldest first; id: the thread's */
    CK_WANT_THREAD,       /* one thread, not by way of a listing; id: its id */
    CK_WANT_NEWEST,       /* a thread's newest page of items, see newest.h; id: its id */
    CK_WANT_DELETED,      /* that a thread is no more; id: its id. See deletion.h */
} CkWantKind;

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

/* How the names of all listings of a kind begin, before the id; to be freed. */
char *ck_want_key_prefix(CkWantKind kind);

/* What is done to satisfy it, such as "listing threads", for errors; to be freed. */
char *ck_want_describe(const CkWant *want);
