/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include "breaker.h"
#include "error.h"

#define FAR   (g_get_monotonic_time() + (gint64)3600 * G_USEC_PER_SEC)
#define CALLS 32

/* An attempt, and what became of it. */
typedef struct {
    CkTicket *ticket;
    gboolean through;
    GError *refusal;
    guint place; /* in the order of those let through, from 1 */
    guint *count;
} Call;

typedef struct {
    GMainContext *context;
    CkGate *gate;
    guint count; /* of those let through */
    Call calls[CALLS];
} Fixture;

static Fixture *fixture_new(guint concurrency)
{
    Fixture *f = g_new0(Fixture, 1);
    f->context = g_main_context_new();
    f->gate = ck_gate_new(f->context, concurrency);
    return f;
}

static void fixture_free(Fixture *f)
{
    ck_gate_close(f->gate);
    for (guint i = 0; i < CALLS; i++) {
        g_clear_pointer(&f->calls[i].ticket, ck_gate_return);
        g_clear_error(&f->calls[i].refusal);
    }
    ck_gate_free(f->gate);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static void on_admitted(const GError *refusal, gpointer data)
{
    Call *call = data;
    if (refusal) {
        call->ticket = NULL;
        call->refusal = g_error_copy(refusal);
        return;
    }
    call->through = TRUE;
    call->place = ++*call->count;
}

static Call *enter(Fixture *f, guint index, gint64 deadline, gboolean again)
{
    Call *call = &f->calls[index];
    g_clear_error(&call->refusal);
    *call = (Call){.count = &f->count};
    call->ticket = ck_gate_enter(f->gate, deadline, again, on_admitted, call);
    return call;
}

static void enter_many(Fixture *f, guint from, guint to)
{
    for (guint i = from; i < to; i++)
        enter(f, i, FAR, FALSE);
}

static guint through(const Fixture *f)
{
    guint count = 0;
    for (guint i = 0; i < CALLS; i++)
        count += f->calls[i].through && f->calls[i].ticket;
    return count;
}

static void answer(Call *call)
{
    ck_gate_return_answered(g_steal_pointer(&call->ticket));
}

static void limit(Call *call, gint64 pause_ms)
{
    ck_gate_return_limited(g_steal_pointer(&call->ticket), pause_ms);
}

static void fail(Call *call)
{
    g_autoptr(GError) failure = g_error_new_literal(CK_ERROR, CK_ERROR_REFUSED, "refused");
    ck_gate_return_failed(g_steal_pointer(&call->ticket), failure);
}

static void run_until_refused(Fixture *f, const Call *call)
{
    while (!call->refusal)
        g_main_context_iteration(f->context, TRUE);
}

static void open_the_breaker(Fixture *f)
{
    for (guint i = 0; i < CK_BREAKER_FAILURES; i++)
        fail(enter(f, 0, FAR, FALSE));
}

static void as_many_as_configured_are_through_at_once_in_order(void)
{
    g_autoptr(Fixture) f = fixture_new(3);
    enter_many(f, 0, 5);
    g_assert_cmpuint(through(f), ==, 3);
    answer(&f->calls[1]);
    g_assert_true(f->calls[3].through);
    g_assert_false(f->calls[4].through);
    answer(&f->calls[0]);
    g_assert_cmpuint(f->calls[4].place, ==, 5);
}

static void a_further_attempt_goes_first(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    enter_many(f, 0, 3);
    enter(f, 3, FAR, TRUE);
    answer(&f->calls[0]);
    g_assert_true(f->calls[3].through);
    g_assert_false(f->calls[1].through);
}

static void one_that_leaves_makes_room(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    enter_many(f, 0, 3);
    g_clear_pointer(&f->calls[1].ticket, ck_gate_return); /* waits */
    g_clear_pointer(&f->calls[0].ticket, ck_gate_return);
    g_assert_true(f->calls[2].through);
}

static void a_429_stops_all_until_its_time_and_then_lets_half_of_them_go(void)
{
    g_autoptr(Fixture) f = fixture_new(8);
    enter_many(f, 0, 20);
    g_assert_cmpuint(through(f), ==, 8);
    for (guint i = 0; i < 8; i++)
        limit(&f->calls[i], 20);
    g_assert_cmpuint(through(f), ==, 0);
    g_assert_cmpint(ck_gate_state(f->gate).pause_left, >, 0);
    gint64 begun = g_get_monotonic_time();
    while (through(f) == 0)
        g_main_context_iteration(f->context, TRUE);
    g_assert_cmpint(g_get_monotonic_time() - begun, >, 0);
    g_assert_cmpint(ck_gate_state(f->gate).pause_left, ==, 0);
    g_assert_cmpuint(through(f), ==, 4);
    g_assert_cmpuint(ck_gate_state(f->gate).allowed, ==, 4);
}

static void who_can_not_wait_so_long_is_refused(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    enter(f, 0, FAR, FALSE);
    const Call *soon = enter(f, 1, g_get_monotonic_time() + (gint64)30 * G_USEC_PER_SEC, FALSE);
    const Call *patient = enter(f, 2, FAR, FALSE);
    limit(&f->calls[0], 100 * 1000);
    g_assert_null(soon->refusal); /* not from within a call */
    run_until_refused(f, soon);
    g_assert_error(soon->refusal, CK_ERROR, CK_ERROR_RATE_LIMITED);
    g_assert_cmpstr(soon->refusal->message, ==, "the server asks not to be asked for 100 s");
    const Call *later = enter(f, 3, g_get_monotonic_time() + (gint64)30 * G_USEC_PER_SEC, FALSE);
    run_until_refused(f, later);
    g_assert_null(patient->refusal);
    g_assert_false(patient->through);
}

static void a_server_out_of_reach_is_not_asked(void)
{
    g_autoptr(Fixture) f = fixture_new(8);
    open_the_breaker(f);
    g_assert_false(ck_gate_state(f->gate).reachable);
    const Call *call = enter(f, 1, FAR, FALSE);
    run_until_refused(f, call);
    g_assert_error(call->refusal, CK_ERROR, CK_ERROR_REFUSED);
    g_assert_cmpstr(call->refusal->message, ==, "refused; it is not tried again for 1 s");
    g_assert_cmpuint(f->count, ==, CK_BREAKER_FAILURES);
}

/* What waited for room while the server became unreachable is refused as well. */
static void those_in_the_queue_are_refused_when_it_opens(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    enter_many(f, 0, CK_BREAKER_FAILURES + 3);
    for (guint i = 0; i < CK_BREAKER_FAILURES; i++)
        fail(&f->calls[i]);
    run_until_refused(f, &f->calls[CK_BREAKER_FAILURES + 2]);
    g_assert_cmpuint(f->count, ==, CK_BREAKER_FAILURES);
}

/* Lets the second pass that it is open, and returns the probe. */
static Call *wait_for_probe(Fixture *f)
{
    Call *call = &f->calls[0];
    do {
        enter(f, 0, FAR, FALSE);
        while (!call->through && !call->refusal)
            g_main_context_iteration(f->context, TRUE);
    } while (call->refusal);
    return call;
}

static void one_probe_goes_and_the_others_share_its_fate(void)
{
    g_autoptr(Fixture) f = fixture_new(8);
    open_the_breaker(f);
    Call *probe = wait_for_probe(f);
    enter_many(f, 1, 4);
    g_assert_cmpuint(through(f), ==, 1);
    fail(probe);
    run_until_refused(f, &f->calls[3]);
    g_assert_cmpuint(f->count, ==, CK_BREAKER_FAILURES + 1);
    g_assert_cmpstr(f->calls[3].refusal->message, ==, "refused; it is not tried again for 2 s");
    probe = wait_for_probe(f);
    enter_many(f, 4, 7);
    g_clear_pointer(&probe->ticket, ck_gate_return); /* nobody wants to know: the next is one */
    g_assert_cmpuint(through(f), ==, 1);
    answer(&f->calls[4]);
    g_assert_cmpuint(through(f), ==, 2);
    g_assert_true(ck_gate_state(f->gate).reachable);
}

static void a_refused_one_may_leave_before_it_is_told(void)
{
    g_autoptr(Fixture) f = fixture_new(8);
    open_the_breaker(f);
    enter_many(f, 1, 3);
    g_clear_pointer(&f->calls[1].ticket, ck_gate_return);
    run_until_refused(f, &f->calls[2]);
    g_assert_null(f->calls[1].refusal);
}

static void nothing_goes_through_a_closed_gate(void)
{
    g_autoptr(Fixture) f = fixture_new(1);
    enter_many(f, 0, 2);
    ck_gate_close(f->gate);
    g_clear_pointer(&f->calls[0].ticket, ck_gate_return);
    g_assert_false(f->calls[1].through);
}

#define TEST(name) g_test_add_func("/gate/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(as_many_as_configured_are_through_at_once_in_order);
    TEST(a_further_attempt_goes_first);
    TEST(one_that_leaves_makes_room);
    TEST(a_429_stops_all_until_its_time_and_then_lets_half_of_them_go);
    TEST(who_can_not_wait_so_long_is_refused);
    TEST(a_server_out_of_reach_is_not_asked);
    TEST(those_in_the_queue_are_refused_when_it_opens);
    TEST(one_probe_goes_and_the_others_share_its_fate);
    TEST(a_refused_one_may_leave_before_it_is_told);
    TEST(nothing_goes_through_a_closed_gate);
    return g_test_run();
}
