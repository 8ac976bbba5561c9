/* SPDX-License-Identifier: MIT */
/*
 * From the API's JSON to what the rest of the program works with; the only code that knows cJSON.
 *
 * A page is cut into the raw bytes of its elements first (json.h) and each element is decoded by
 * itself. A bad item can't cost its neighbours. A thread without an id fails its page, since it
 * can't be a folder and a listing must not end short. Fields and types: schemas
 * ThreadResource and ThreadItem of the OpenAPI document. The reference's own examples leave out
 * required fields, therefore only a thread's id is needed and the rest is optional.
 */
#pragma once

#include "json.h"

/* One page of a listing: {object, data, first_id, last_id, has_more}. */
typedef struct {
    GBytes *body;
    GArray *elements; /* CkSlice into body, in the order sent */
    char *first_id;   /* NULL where the server says null or nothing */
    char *last_id;
    gboolean has_more;
} CkPage;

typedef struct {
    CkSlice json; /* borrowed from what it was decoded from */
    char *id;
    char *title;       /* NULL: untitled */
    char *user;        /* NULL: the server names none */
    char *status;      /* "active", "locked", "closed" or a newer word; NULL: none given */
    char *reason;      /* why it is locked or closed, or NULL */
    gint64 created_at; /* seconds since 1970; 0: none given */
} CkThread;

/* What an item says, as a flat list of parts for the renderer. */
typedef enum {
    CK_PART_TEXT,       /* text: Markdown or plain text as it was written */
    CK_PART_QUOTE,      /* text: what somebody quotes */
    CK_PART_CODE,       /* text in a fence with label above it, as it was written */
    CK_PART_JSON,       /* the same, but indented if it is JSON */
    CK_PART_ATTACHMENT, /* label: file name, url or NULL, detail: MIME type */
    CK_PART_SOURCE,     /* label: file name or URL, url or NULL */
    CK_PART_TASK,       /* label: heading, text: summary (each may be NULL), detail: its kind */
    CK_PART_NOTE,       /* text: one line that is said about the item, not in it */
} CkPartKind;

typedef struct {
    CkPartKind kind;
    const char *text, *label, *url, *detail; /* owned; NULL where the kind has no use for it */
} CkPart;

typedef struct {
    CkSlice json;      /* borrowed from what it was decoded from */
    char *id;          /* NULL: none given */
    char *role;        /* for the file name and the heading, see ck_name_role() */
    gint64 created_at; /* seconds since 1970; 0: none given */
    gboolean finished; /* FALSE while a tool call is in progress: the item can still change */
    GPtrArray *parts;  /* CkPart */
} CkItem;

/* Error: CK_ERROR_BAD_RESPONSE where body is not such a list. */
CkPage *ck_decode_page(GBytes *body, GError **error);
void ck_page_free(CkPage *page);

/* Error: CK_ERROR_BAD_RESPONSE where json is not an object with an id. */
CkThread *ck_decode_thread(CkSlice json, GError **error);
void ck_thread_free(CkThread *thread);

/* Never fails: what can't be decoded becomes a note among the parts. */
CkItem *ck_decode_item(CkSlice json);
void ck_item_free(CkItem *item);

/* The message and the code of OpenAI's error object {"error":{"message","code"}}; each is NULL
 * where body has none. */
void ck_decode_error(GBytes *body, char **message, char **code);

/* The id that an element of a page has, NULL if none. */
char *ck_decode_id(CkSlice element);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkPage, ck_page_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkThread, ck_thread_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkItem, ck_item_free)
