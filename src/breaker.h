/* SPDX-License-Identifier: MIT */
/*
 * Whether to ask a server that can't be reached: pure, told of what came of requests.
 *
 * The circuit breaker of M. Nygard's "Release It!":
 *   closed     requests are sent. CK_BREAKER_FAILURES in a row open it; those that were under way
 *              together and fail together (a connection that breaks takes all of them along) are
 *              one of these
 *   open       none is sent, for 1 s at first, twice as long after each probe that failed, 30 s at
 *              most
 *   half open  one is sent to see, the probe; the others wait for what becomes of it
 * Any answer at all closes it, also one of a request that was sent before it opened.
 *
 * Times are monotonic, in microseconds.
 */
#pragma once

#include <glib.h>

#define CK_BREAKER_FAILURES 5
#define CK_BREAKER_FIRST    ((gint64)1 * G_USEC_PER_SEC)
#define CK_BREAKER_LONGEST  ((gint64)30 * G_USEC_PER_SEC)

/* All zero: closed. */
typedef struct {
    guint failures;   /* in a row */
    gint64 failed_at; /* when the last of them was counted */
    gint64 pause;     /* how long it is, or was last, open; 0: it is closed */
    gint64 open_until;
    gboolean probing;
} CkBreaker;

typedef enum {
    CK_BREAKER_SEND,
    CK_BREAKER_PROBE, /* send this one, and tell what becomes of it as that of the probe */
    CK_BREAKER_WAIT,  /* for room, or until the probe has been answered, failed or abandoned */
    CK_BREAKER_REFUSE,
} CkBreakerWord;

/* What to do with a request now; room: whether one more can be sent. After CK_BREAKER_PROBE it
 * counts as sent. */
CkBreakerWord ck_breaker_ask(CkBreaker *breaker, gboolean room, gint64 now);

/* A request was answered. */
void ck_breaker_close(CkBreaker *breaker);

/* A request that was sent then was not answered. */
void ck_breaker_fail(CkBreaker *breaker, gboolean probe, gint64 sent_at, gint64 now);

/* Nobody wants to know any more what becomes of the probe: the next request is one. */
void ck_breaker_abandon(CkBreaker *breaker);
