/* SPDX-License-Identifier: MIT */
/*
 * How many requests may be under way at once, and from when on: pure, told of what came of them.
 *
 * An answer of 429 stops everything until its time has come, and halves how many may be under way
 * after that; those that were sent before it was known halve nothing once more. Each answer of
 * another kind lets it grow again, by one for as many as may be under way (additive increase,
 * multiplicative decrease: RFC 5681, 3.1, of TCP).
 *
 * Times are monotonic, in microseconds.
 */
#pragma once

#include <glib.h>

typedef struct {
    guint most;          /* as configured */
    double allowed;      /* 1 to most */
    gint64 paused_until; /* nothing is sent before */
    gint64 halved_at;
} CkThrottle;

CkThrottle ck_throttle_new(guint most);

/* A request that was sent then was answered 429, and nothing is to be sent before the other time.
 */
void ck_throttle_limit(CkThrottle *throttle, gint64 sent_at, gint64 now, gint64 until);

/* A request was answered otherwise. */
void ck_throttle_grow(CkThrottle *throttle);

/* How many may be under way at once, without regard to a pause. */
guint ck_throttle_allowed(const CkThrottle *throttle);
