/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include "breaker.h"
#include "error.h"
#include "throttle.h"

/*
 * A ticket is in exactly one of these places:
 *   waiting   in gate->waiting
 *   through   counted by gate->through
 *   refused   in gate->refused, with its refusal, until the loop tells its owner
 *   gone      freed, having been returned or refused
 * None waits while another could be let through.
 */
struct _CkTicket {
    CkGate *gate;
    gint64 deadline;
    CkAdmitted admitted;
    gpointer data;
    gboolean through, probe;
    gint64 sent_at;
    GError *refusal; /* or NULL */
};

struct _CkGate {
    GMainContext *context;
    CkThrottle throttle;
    CkBreaker breaker;
    GError *failure; /* the last one, or NULL */
    gboolean closed;
    guint through;
    GQueue waiting, refused;
    GSource *refusing;   /* tells the refused, or NULL */
    GSource *pause_over; /* or NULL */
};

static void let_through(CkGate *gate);

static void clear_source(GSource **source)
{
    if (*source)
        g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void set_source(CkGate *gate, GSource **place, GSource *source, GSourceFunc callback)
{
    clear_source(place);
    *place = source;
    g_source_set_callback(source, callback, gate, NULL);
    g_source_attach(source, gate->context);
}

static void ticket_free(CkTicket *ticket)
{
    g_clear_error(&ticket->refusal);
    g_free(ticket);
}

static gboolean on_refused(gpointer data)
{
    CkGate *gate = data;
    CkTicket *ticket;
    clear_source(&gate->refusing);
    while ((ticket = g_queue_pop_head(&gate->refused))) {
        g_autoptr(GError) refusal = g_steal_pointer(&ticket->refusal);
        CkAdmitted admitted = ticket->admitted;
        gpointer owner = ticket->data;
        ticket_free(ticket);
        admitted(refusal, owner);
    }
    return G_SOURCE_REMOVE;
}

static void refuse(CkGate *gate, GList *link, GError *refusal)
{
    CkTicket *ticket = link->data;
    ticket->refusal = refusal;
    g_queue_delete_link(&gate->waiting, link);
    g_queue_push_tail(&gate->refused, ticket);
    if (!gate->refusing)
        set_source(gate, &gate->refusing, g_idle_source_new(), on_refused);
}

static guint whole_seconds(gint64 microseconds)
{
    return (guint)((microseconds + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
}

/* Those to whom the pause is too long. */
static void refuse_impatient(CkGate *gate, gint64 pause)
{
    GList *next;
    for (GList *link = gate->waiting.head; link; link = next) {
        next = link->next;
        if (((const CkTicket *)link->data)->deadline < gate->throttle.paused_until)
            refuse(gate, link,
                   g_error_new(CK_ERROR, CK_ERROR_RATE_LIMITED,
                               "the server asks not to be asked for %u s", whole_seconds(pause)));
    }
}

static GError *unreachable(const CkGate *gate, gint64 now)
{
    guint seconds = whole_seconds(gate->breaker.open_until - now);
    return g_error_new(CK_ERROR, gate->failure->code, "%s; it is not tried again for %u s",
                       gate->failure->message, seconds);
}

static gboolean on_pause_over(gpointer data)
{
    CkGate *gate = data;
    clear_source(&gate->pause_over);
    let_through(gate);
    return G_SOURCE_REMOVE;
}

static void admit(CkGate *gate, gboolean probe, gint64 now)
{
    CkTicket *ticket = g_queue_pop_head(&gate->waiting);
    ticket->through = TRUE;
    ticket->probe = probe;
    ticket->sent_at = now;
    gate->through++;
    ticket->admitted(NULL, ticket->data);
}

static void let_through(CkGate *gate)
{
    gint64 now = g_get_monotonic_time();
    gint64 pause = gate->throttle.paused_until - now;
    if (gate->closed)
        return;
    if (pause > 0 && gate->waiting.length > 0) {
        refuse_impatient(gate, pause);
        set_source(gate, &gate->pause_over, g_timeout_source_new((guint)((pause + 999) / 1000)),
                   on_pause_over);
        return;
    }
    while (gate->waiting.length > 0) {
        gboolean room = gate->through < ck_throttle_allowed(&gate->throttle);
        CkBreakerWord word = ck_breaker_ask(&gate->breaker, room, now);
        if (word == CK_BREAKER_WAIT)
            return;
        if (word == CK_BREAKER_REFUSE)
            refuse(gate, gate->waiting.head, unreachable(gate, now));
        else
            admit(gate, word == CK_BREAKER_PROBE, now);
    }
}

CkTicket *ck_gate_enter(CkGate *gate, gint64 deadline, gboolean again, CkAdmitted admitted,
                        gpointer data)
{
    CkTicket *ticket = g_new(CkTicket, 1);
    *ticket = (CkTicket){
        .gate = gate,
        .deadline = deadline,
        .admitted = admitted,
        .data = data,
    };
    if (again)
        g_queue_push_head(&gate->waiting, ticket);
    else
        g_queue_push_tail(&gate->waiting, ticket);
    let_through(gate);
    return ticket;
}

/* Its attempt is over. */
static void take_back(CkTicket *ticket)
{
    CkGate *gate = ticket->gate;
    gate->through--;
    ticket_free(ticket);
    let_through(gate);
}

void ck_gate_return_answered(CkTicket *ticket)
{
    ck_breaker_close(&ticket->gate->breaker);
    ck_throttle_grow(&ticket->gate->throttle);
    take_back(ticket);
}

void ck_gate_return_limited(CkTicket *ticket, gint64 pause_ms)
{
    gint64 now = g_get_monotonic_time();
    ck_breaker_close(&ticket->gate->breaker);
    ck_throttle_limit(&ticket->gate->throttle, ticket->sent_at, now, now + pause_ms * 1000);
    take_back(ticket);
}

void ck_gate_return_failed(CkTicket *ticket, const GError *failure)
{
    CkGate *gate = ticket->gate;
    g_clear_error(&gate->failure);
    gate->failure = g_error_copy(failure);
    ck_breaker_fail(&gate->breaker, ticket->probe, ticket->sent_at, g_get_monotonic_time());
    take_back(ticket);
}

void ck_gate_return(CkTicket *ticket)
{
    CkGate *gate = ticket->gate;
    if (ticket->probe)
        ck_breaker_abandon(&gate->breaker);
    if (ticket->through) {
        take_back(ticket);
        return;
    }
    g_queue_remove(ticket->refusal ? &gate->refused : &gate->waiting, ticket);
    ticket_free(ticket);
}

CkGateState ck_gate_state(const CkGate *gate)
{
    return (CkGateState){
        .allowed = ck_throttle_allowed(&gate->throttle),
        .pause_left = MAX(gate->throttle.paused_until - g_get_monotonic_time(), 0) / 1000,
        .reachable = gate->breaker.pause == 0,
    };
}

CkGate *ck_gate_new(GMainContext *context, guint concurrency)
{
    CkGate *gate = g_new0(CkGate, 1);
    gate->context = g_main_context_ref(context);
    gate->throttle = ck_throttle_new(concurrency);
    return gate;
}

void ck_gate_close(CkGate *gate)
{
    gate->closed = TRUE;
}

void ck_gate_free(CkGate *gate)
{
    clear_source(&gate->refusing);
    clear_source(&gate->pause_over);
    g_clear_error(&gate->failure);
    g_main_context_unref(gate->context);
    g_free(gate);
}
