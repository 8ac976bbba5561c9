/* SPDX-License-Identifier: MIT */
/*
 * Failures of what readers wait for, kept for those who wait in the kernel.
 *
 * Readers that wait here for the same page are all told how that ended. But of those that look for
 * the same name at a time the kernel asks here for one alone, and has the others wait until that
 * one is answered (d_alloc_parallel(), fs/dcache.c); where there turns out to be such a name, it is
 * theirs as well. A failure is not: the next one asks, and the others wait again. A thousand
 * readers would have a thousand fetches made and fail, one after the other. So who may have waited
 * in the kernel when something failed is told of that failure, and nothing is fetched.
 *
 * Who can't have waited has it fetched anew, at once: a thread that has been told of the failure,
 * and asks again; and one that began after it. A failure is forgotten when there is no such reader
 * for a second, and when what failed has come.
 */
#pragma once

#include "want.h"

typedef struct _CkFailures CkFailures;

/* Both in microseconds since boot (CLOCK_BOOTTIME). */
typedef struct {
    gint64 (*now)(void);
    gint64 (*began)(int thread); /* by then it had begun; G_MININT64: not known */
} CkThreadClock;

extern const CkThreadClock ck_thread_clock;

/* clock: borrowed. */
CkFailures *ck_failures_new(const CkThreadClock *clock);
void ck_failures_free(CkFailures *failures);

/* A thread (a pid as FUSE tells it; 0: of another pid namespace) is told that what it waited for
 * failed. */
void ck_failures_add(CkFailures *failures, const CkWant *want, int thread, const GError *error);

/* What the thread, which wants that now, is to be told at once; borrowed. NULL: it is to be
 * fetched. */
const GError *ck_failures_find(CkFailures *failures, const CkWant *want, int thread);

/* It has come. */
void ck_failures_forget(CkFailures *failures, const CkWant *want);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkFailures, ck_failures_free)
