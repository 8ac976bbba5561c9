/* SPDX-License-Identifier: MIT */
/* The one error domain of the library. fs/to_errno.c says which errno each code becomes. */
#pragma once

#include <glib.h>

#define CK_ERROR (ck_error_quark())

typedef enum {
    CK_ERROR_INVALID,      /* a setting or an argument that can't be used */
    CK_ERROR_DENIED,       /* 401 or 403: the key is wrong or may not do this */
    CK_ERROR_NOT_FOUND,    /* 404 */
    CK_ERROR_REJECTED,     /* any other 4xx: the server did not take the request */
    CK_ERROR_RATE_LIMITED, /* 429, still so after the retries */
    CK_ERROR_QUOTA,        /* 429 because the account has no credit left */
    CK_ERROR_SERVER,       /* 5xx, still so after the retries */
    CK_ERROR_TIMED_OUT,
    CK_ERROR_REFUSED,       /* connection refused */
    CK_ERROR_UNREACHABLE,   /* no route, no such host, no network */
    CK_ERROR_CONNECTION,    /* TLS failed, or the connection broke within a transfer */
    CK_ERROR_BAD_RESPONSE,  /* an answer arrived and can't be read */
    CK_ERROR_TOO_LARGE,     /* an answer is larger than we take */
    CK_ERROR_OFFLINE,       /* it would have to be asked for, and --offline forbids that */
    CK_ERROR_CLOSING,       /* the file system is being unmounted */
    CK_ERROR_STORE,         /* SQLite failed */
    CK_ERROR_STORE_FULL,    /* no room for the store's file */
    CK_ERROR_STORE_DAMAGED, /* the store's file can't be trusted */
    CK_ERROR_STORE_VERSION, /* it was made by another version of this program */
    CK_ERROR_NO_MEMORY,     /* cJSON, curl or SQLite got none; where GLib gets none, it ends us */
    CK_ERROR_LAST = CK_ERROR_NO_MEMORY,
} CkError;

GQuark ck_error_quark(void);

/* What a person can do about an error of this code, as the end of a sentence; never NULL. The
 * account is "the base URL" and "the API key" in it: see ck_account_remedy(). */
const char *ck_error_remedy(CkError code);

/* Sets a CK_ERROR_INVALID, as g_set_error() does, and returns FALSE. */
gboolean ck_error_invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
