/* SPDX-License-Identifier: MIT */
/*
 * From the API's JSON to what the rest of the program works with; the only code that knows cJSON.
 *
 * A page is cut into the raw bytes of its elements first (json.h) and each element is decoded by
 * itself, so that a bad one can't cost its neighbours. Fields and types: schemas ThreadResource and
 * ThreadItem of the OpenAPI document. The reference's own examples leave out required fields, and
 * servers may send anything: every field is optional, and one of another type than is expected
 * counts as missing.
 *
 * All strings are valid UTF-8, with U+FFFD for what was no text in the server's, but for
 * identities, which must not come to look alike: see ck_decode_identity().
 */
#pragma once

#include "json.h"

/* One page of a listing: {object, data, first_id, last_id, has_more}. */
typedef struct {
    GBytes *body;
    GArray *elements;    /* CkSlice into body, in the order sent */
    GPtrArray *prepared; /* of each element, in the same order, see prepare.h; NULL: not done */
    char *last_id;       /* an identity; NULL where the server says none */
    gboolean has_more;
    CkSlice object; /* what it says it is, as sent; of size 0 where it says nothing */
} CkPage;

typedef struct {
    CkSlice json;      /* borrowed from what it was decoded from */
    char *id;          /* NULL: none given */
    char *title;       /* NULL: untitled */
    char *user;        /* NULL: the server names none */
    char *status;      /* "active", "locked", "closed" or a newer word; NULL: none given */
    char *reason;      /* why it is locked or closed, or NULL */
    gint64 created_at; /* seconds since 1970; 0: none given */
} CkThread;

/* What an item says, as a flat list of parts for the renderer. */
typedef enum {
    CK_PART_TEXT,       /* text: Markdown as it was written */
    CK_PART_PLAIN,      /* text that is no Markdown */
    CK_PART_BULLET,     /* the same on one line, an item of a list */
    CK_PART_QUOTE,      /* text: what somebody quotes */
    CK_PART_CODE,       /* text in a fence with label above it, as it was written */
    CK_PART_JSON,       /* the same, but indented if it is JSON */
    CK_PART_ATTACHMENT, /* label: file name, url or NULL, detail: MIME type */
    CK_PART_SOURCE,     /* label: file name or URL, url or NULL */
    CK_PART_LINK,       /* label, url */
    CK_PART_HEADING,    /* label, detail: a title within the item and what kind of thing it heads */
    CK_PART_NOTE,       /* text: one line that is said about the item, not in it */
} CkPartKind;

typedef struct {
    CkPartKind kind;
    const char *text, *label, *url, *detail; /* owned; NULL where the kind has no use for it */
} CkPart;

typedef struct {
    CkSlice json;      /* borrowed from what it was decoded from */
    char *role;        /* for the file name and the heading, see ck_name_role() */
    gint64 created_at; /* seconds since 1970; 0: none given */
    gboolean finished; /* FALSE while a tool call is in progress: the item can still change */
    GPtrArray *parts;  /* CkPart */
} CkItem;

/* Error: CK_ERROR_BAD_RESPONSE where body is not such a list. */
CkPage *ck_decode_page(GBytes *body, GError **error);
void ck_page_free(CkPage *page);

/* The thread that an element of a page, or an answer, is. Error: CK_ERROR_NO_MEMORY alone. */
CkThread *ck_decode_thread(CkSlice json, GError **error);
void ck_thread_free(CkThread *thread);

/* What can't be shown is named in a note among the parts. Error: CK_ERROR_NO_MEMORY alone. */
CkItem *ck_decode_item(CkSlice json, GError **error);
void ck_item_free(CkItem *item);

/* Whether an answer says that a thread has been deleted (schema DeletedThreadResource of the
 * OpenAPI document). Error: CK_ERROR_BAD_RESPONSE. */
gboolean ck_decode_deleted(CkSlice json, GError **error);

/* The message and the code of OpenAI's error object {"error":{"message","code"}}; each is NULL
 * where body has none. */
void ck_decode_error(GBytes *body, char **message, char **code);

/* The string by which an object's member of that name (such as "id") identifies something: its
 * text or, where it is no text (lone surrogates, NUL, bytes that are not UTF-8), the byte 0xFF,
 * which no text has, and the token as it was sent. NULL where it is missing, "" or no string. */
char *ck_decode_identity(CkSlice object, const char *name);

/* The same of a value, which may be of size 0. */
char *ck_decode_string(CkSlice value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkPage, ck_page_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkThread, ck_thread_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkItem, ck_item_free)
