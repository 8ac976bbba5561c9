/* SPDX-License-Identifier: MIT */
#include "worker.h"

/* Held shut, it keeps a thread at its work. */
typedef struct {
    GMutex mutex;
    GCond changed;
    gboolean open;
    gint arrived; /* atomic; pieces of work that have come to it */
} Gate;

static void gate_pass(Gate *gate)
{
    g_atomic_int_inc(&gate->arrived);
    g_mutex_lock(&gate->mutex);
    while (!gate->open)
        g_cond_wait(&gate->changed, &gate->mutex);
    g_mutex_unlock(&gate->mutex);
}

static void gate_open(Gate *gate)
{
    g_mutex_lock(&gate->mutex);
    gate->open = TRUE;
    g_cond_broadcast(&gate->changed);
    g_mutex_unlock(&gate->mutex);
}

/* What became of several pieces of work. */
typedef struct {
    GMainContext *context;
    CkWorker *worker;
    Gate gate;
    guint done, freed;
    gint worked; /* atomic */
    GString *order;
} Fixture;

typedef struct {
    Fixture *f;
    char name;
    GThread *worker;
} Piece;

static void setup(Fixture *f)
{
    f->context = g_main_context_new();
    f->worker = ck_worker_new(f->context);
    f->order = g_string_new(NULL);
    g_mutex_init(&f->gate.mutex);
    g_cond_init(&f->gate.changed);
}

static void teardown(Fixture *f)
{
    g_clear_pointer(&f->worker, ck_worker_free);
    g_main_context_unref(f->context);
    g_string_free(f->order, TRUE);
    g_mutex_clear(&f->gate.mutex);
    g_cond_clear(&f->gate.changed);
}

static void work(gpointer data)
{
    Piece *piece = data;
    gate_pass(&piece->f->gate);
    piece->worker = g_thread_self();
    g_atomic_int_inc(&piece->f->worked);
}

static void done(gpointer data)
{
    Piece *piece = data;
    g_assert_true(piece->worker && piece->worker != g_thread_self());
    g_assert_true(g_main_context_is_owner(piece->f->context));
    g_string_append_c(piece->f->order, piece->name);
    piece->f->done++;
}

static void piece_free(gpointer data)
{
    Piece *piece = data;
    piece->f->freed++;
    g_free(piece);
}

static CkTask *begin(Fixture *f, char name)
{
    const Piece piece = {f, name, NULL};
    return ck_worker_run(f->worker, work, done, g_memdup2(&piece, sizeof piece), piece_free);
}

static void wait_for_freed(Fixture *f, guint count)
{
    while (f->freed < count)
        g_main_context_iteration(f->context, TRUE);
}

static void wait_for_arrived(Fixture *f, gint count)
{
    while (g_atomic_int_get(&f->gate.arrived) < count)
        g_thread_yield();
}

static void work_is_done_on_another_thread_and_told_on_this_one(void)
{
    Fixture f = {0};
    setup(&f);
    gate_open(&f.gate);
    begin(&f, 'a');
    wait_for_freed(&f, 1);
    g_assert_cmpuint(f.done, ==, 1);
    teardown(&f);
}

static void one_is_done_after_the_other(void)
{
    Fixture f = {0};
    setup(&f);
    for (char name = 'a'; name <= 'z'; name++)
        begin(&f, name);
    wait_for_arrived(&f, 1);
    g_assert_cmpint(g_atomic_int_get(&f.gate.arrived), ==, 1);
    gate_open(&f.gate);
    wait_for_freed(&f, 26);
    g_assert_cmpstr(f.order->str, ==, "abcdefghijklmnopqrstuvwxyz");
    teardown(&f);
}

static void a_cancelled_task_is_freed_without_a_word(void)
{
    Fixture f = {0};
    setup(&f);
    CkTask *running = begin(&f, 'a');
    CkTask *waiting = begin(&f, 'b');
    begin(&f, 'c');
    wait_for_arrived(&f, 1);
    ck_task_cancel(running);
    ck_task_cancel(waiting);
    g_assert_cmpuint(f.freed, ==, 0); /* a thread works on it */
    gate_open(&f.gate);
    wait_for_freed(&f, 3);
    g_assert_cmpstr(f.order->str, ==, "c");
    teardown(&f);
}

static gpointer open_gate(gpointer data)
{
    Fixture *f = data;
    wait_for_arrived(f, 1);
    gate_open(&f->gate);
    return NULL;
}

/* What is under way is waited for; what has not begun may be left out. */
static void freeing_waits_and_frees_everything(void)
{
    Fixture f = {0};
    setup(&f);
    for (int i = 0; i < 10; i++)
        begin(&f, 'a');
    GThread *opener = g_thread_new("opener", open_gate, &f);
    wait_for_arrived(&f, 1);
    g_clear_pointer(&f.worker, ck_worker_free);
    g_thread_join(opener);
    g_assert_cmpint(g_atomic_int_get(&f.worked), ==, g_atomic_int_get(&f.gate.arrived));
    g_assert_cmpuint(f.freed, ==, 10);
    g_assert_cmpuint(f.done, ==, 0);
    while (g_main_context_iteration(f.context, FALSE))
        g_assert_cmpuint(f.done, ==, 0); /* nothing is left that would tell */
    teardown(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/worker/elsewhere", work_is_done_on_another_thread_and_told_on_this_one);
    g_test_add_func("/worker/in-order", one_is_done_after_the_other);
    g_test_add_func("/worker/cancelled", a_cancelled_task_is_freed_without_a_word);
    g_test_add_func("/worker/freed", freeing_waits_and_frees_everything);
    return g_test_run();
}
