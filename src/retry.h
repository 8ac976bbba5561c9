/* SPDX-License-Identifier: MIT */
/* When a request is sent again: a pure decision, as OpenAI's official SDKs take it. */
#pragma once

#include <glib.h>

#define CK_RETRY_MAX 2 /* retries after the first attempt; max_retries of the SDKs */

/* How long an attempt may take, in seconds: to connect, without a byte, and in all. */
typedef struct {
    guint connect, stall, total;
} CkRetryLimits;

/* patience: how long a file operation waits, in seconds. Above 30 an attempt gets that much in all,
 * and a third of it without a byte: whoever raises --timeout has a slow server. */
CkRetryLimits ck_retry_limits(guint patience);

/* How an attempt ended. */
typedef struct {
    int status;                 /* HTTP status; 0: no answer arrived (a transport error) */
    gboolean out_of_quota;      /* 429 because the account has no credit left: it won't pass */
    const char *retry_after_ms; /* response headers; NULL where missing */
    const char *retry_after;    /* seconds, or an HTTP date (RFC 9110, 10.2.3) */
    const char *should_retry;   /* x-should-retry: "true" and "false" override the status */
} CkAttempt;

/*
 * Milliseconds to wait before the server is asked again: what it asks for, up to 120 s; else
 * 0.5 s · 2^retries, at most 8 s, less up to a quarter.
 *
 * retries: how many were made already. now: seconds since 1970, for dates. jitter: 0 to 1, random.
 */
gint64 ck_retry_wait(const CkAttempt *attempt, guint retries, gint64 now, double jitter);

/* Whether there is another attempt after that wait. left: how many milliseconds the caller can
 * still wait; one that does not fit is none. */
gboolean ck_retry_again(const CkAttempt *attempt, guint retries, gint64 wait, gint64 left);

/* Whether nothing at all is to be sent before the wait is over. */
gboolean ck_retry_pauses(const CkAttempt *attempt);
