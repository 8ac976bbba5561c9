/* SPDX-License-Identifier: MIT */
/*
 * Where requests wait until they may be sent: as many are let through at once as the server bears
 * (throttle.h), and none while it can't be reached (breaker.h).
 *
 * A request takes a ticket for each attempt. The ticket waits at the gate, is let through, and is
 * handed back with what came of the attempt; or it is refused, when what it would have to wait for
 * can't be over before its deadline.
 */
#pragma once

#include <glib.h>

typedef struct _CkGate CkGate;
typedef struct _CkTicket CkTicket;

/* Called once for each ticket that is not returned before, from the main context or at once from
 * within ck_gate_enter(): it is let through, or (never at once) refused and gone. refusal:
 * CK_ERROR_RATE_LIMITED, or the error because of which nothing is sent; borrowed. */
typedef void (*CkAdmitted)(const GError *refusal, gpointer data);

/* concurrency: how many may be through at once. */
CkGate *ck_gate_new(GMainContext *context, guint concurrency);

/* Lets nothing through any more. */
void ck_gate_close(CkGate *gate);

/* All tickets must have been returned. */
void ck_gate_free(CkGate *gate);

/* deadline: monotonic time in µs. again: it is a further attempt, and goes before first ones. The
 * result is valid until it is returned or refused. */
CkTicket *ck_gate_enter(CkGate *gate, gint64 deadline, gboolean again, CkAdmitted admitted,
                        gpointer data);

/* Each takes the ticket back: the attempt was answered; it was answered 429, and
 * nothing is to be sent for so many ms; it was not answered; nobody wants to know any more (also of
 * one that waits). May let others through before it returns. */
void ck_gate_return_answered(CkTicket *ticket);
void ck_gate_return_limited(CkTicket *ticket, gint64 pause_ms);
void ck_gate_return_failed(CkTicket *ticket, const GError *failure);
void ck_gate_return(CkTicket *ticket);

typedef struct {
    guint allowed;     /* requests that may be under way at once */
    gint64 pause_left; /* ms for which the server asked not to be asked; 0: none */
    gboolean reachable;
} CkGateState;

CkGateState ck_gate_state(const CkGate *gate);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkGate, ck_gate_free)
