/* SPDX-License-Identifier: MIT */
/* When a request is sent again: a pure decision, as OpenAI's official SDKs take it. */
#pragma once

#include <glib.h>

#define CK_RETRY_MAX 2 /* retries after the first attempt; max_retries of the SDKs */

/* How an attempt ended. */
typedef struct {
    int status;                 /* HTTP status; 0: no answer arrived (a transport error) */
    const char *retry_after_ms; /* response headers; NULL where missing */
    const char *retry_after;    /* seconds, or an HTTP date (RFC 9110, 10.2.3) */
    const char *should_retry;   /* x-should-retry: "true" and "false" override the status */
} CkAttempt;

/*
 * Milliseconds to wait before the next attempt, -1 for none.
 *
 * retries: how many retries were made already. now: seconds since 1970, for dates. jitter: 0 to 1,
 * random; takes up to a quarter off the backoff of 0.5 s · 2^retries, at most 8 s. left: how many
 * milliseconds the caller can still wait; a wait that does not fit is -1 at once.
 */
gint64 ck_retry_delay(const CkAttempt *attempt, guint retries, gint64 now, double jitter,
                      gint64 left);

/* Milliseconds for which the server asks not to be asked again, at most CK_RETRY_PAUSE_MAX; 0 where
 * it does not say. now: as above. */
#define CK_RETRY_PAUSE_MAX ((gint64)31 * 86400 * 1000)
gint64 ck_retry_pause(const CkAttempt *attempt, gint64 now);
