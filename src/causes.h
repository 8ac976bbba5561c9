/* SPDX-License-Identifier: MIT */
/*
 * Which processes caused how many requests.
 *
 * A request has one cause: the process whose file operation made somebody ask for it. While an
 * operation runs, its process is the current cause; whoever begins something that asks later (a
 * call of the API, a fetch, a walk) keeps the cause that was current then, and makes it the current
 * one again for what follows from that. Where nobody has set a cause, it is this process itself.
 *
 * Bounded: what is counted for the least of CK_CAUSES_MAX processes is added to that of all others
 * when one more comes. The sum never loses a request.
 */
#pragma once

#include <glib.h>

#define CK_CAUSES_MAX 256
#define CK_CAUSE_NAME 16 /* TASK_COMM_LEN of linux/sched.h */

typedef struct _CkCauses CkCauses;

/* A process as it was called then. */
typedef struct {
    int pid;                  /* 0: unknown, or gone already */
    char name[CK_CAUSE_NAME]; /* any bytes; "": not looked at yet */
} CkCause;

CkCauses *ck_causes_new(void);
void ck_causes_free(CkCauses *causes);

/* Makes another cause the current one, and returns the one before, which is to be put back. */
CkCause ck_causes_swap(CkCauses *causes, CkCause cause);

/* The same for the process of a thread (a pid as FUSE tells it), which is looked at in /proc only
 * if somebody asks for the cause. 0: of another pid namespace. */
CkCause ck_causes_swap_thread(CkCauses *causes, int thread);

/* This process itself: of what is done for no reader in particular. */
CkCause ck_causes_own(void);

/* The cause of what is begun now. */
CkCause ck_causes_current(CkCauses *causes);

/* One more request. */
void ck_causes_count(CkCauses *causes, const CkCause *cause);

/* Appends "NAME[PID]". What is not printable UTF-8 in a name is written as \xHH, and a backslash
 * twice. */
void ck_cause_write(const CkCause *cause, GString *out);

/* Appends a line "NAME[PID] COUNT" for each process, most requests first, and "others COUNT" at the
 * end. */
void ck_causes_write(const CkCauses *causes, GString *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkCauses, ck_causes_free)
