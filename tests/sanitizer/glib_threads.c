/* SPDX-License-Identifier: MIT */
/*
 * Part of every program of a build with -fsanitize=thread: tells TSan of GLib's locks and queues.
 *
 * GLib is not instrumented and makes its locks itself, of futexes, so TSan would not see that one
 * thread waits for another, and report a race wherever a lock does its work. Here every call of
 * ours to one of these functions (the linker's --wrap, see meson.build) says what POSIX and GLib
 * promise of it, and nothing more: what is read or written without it is still a race. Threads,
 * their end, and g_atomic_*() TSan knows by itself. What GLib does within the queues and pools, of
 * which TSan sees only malloc() and free(), is left out.
 *
 * Who hands data to another thread by a function that is not here adds it, here and there.
 */
#include <glib.h>
#include <sanitizer/tsan_interface.h>

/* Declares the function of GLib's and the one that is called in its place. */
#define WRAP(type, name, ...)                                                                      \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

/* Between the two this thread reads and writes unseen. */
void __tsan_ignore_thread_begin(void);
void __tsan_ignore_thread_end(void);

WRAP(void, g_mutex_lock, GMutex *mutex)
{
    __real_g_mutex_lock(mutex);
    __tsan_acquire(mutex);
}

WRAP(gboolean, g_mutex_trylock, GMutex *mutex)
{
    gboolean locked = __real_g_mutex_trylock(mutex);
    if (locked)
        __tsan_acquire(mutex);
    return locked;
}

WRAP(void, g_mutex_unlock, GMutex *mutex)
{
    __tsan_release(mutex);
    __real_g_mutex_unlock(mutex);
}

WRAP(void, g_cond_wait, GCond *cond, GMutex *mutex)
{
    __tsan_release(mutex);
    __real_g_cond_wait(cond, mutex);
    __tsan_acquire(mutex);
}

WRAP(gboolean, g_cond_wait_until, GCond *cond, GMutex *mutex, gint64 end_time)
{
    __tsan_release(mutex);
    gboolean signalled = __real_g_cond_wait_until(cond, mutex, end_time);
    __tsan_acquire(mutex);
    return signalled;
}

WRAP(void, g_async_queue_push, GAsyncQueue *queue, gpointer data)
{
    __tsan_release(queue);
    __tsan_ignore_thread_begin();
    __real_g_async_queue_push(queue, data);
    __tsan_ignore_thread_end();
}

WRAP(gpointer, g_async_queue_pop, GAsyncQueue *queue)
{
    __tsan_ignore_thread_begin();
    gpointer data = __real_g_async_queue_pop(queue);
    __tsan_ignore_thread_end();
    __tsan_acquire(queue);
    return data;
}

WRAP(gpointer, g_async_queue_try_pop, GAsyncQueue *queue)
{
    __tsan_ignore_thread_begin();
    gpointer data = __real_g_async_queue_try_pop(queue);
    __tsan_ignore_thread_end();
    __tsan_acquire(queue);
    return data;
}

/* What a pool's threads call, and what has been put before it. */
typedef struct {
    GFunc work;
    gpointer data;
} Pool;

static void work(gpointer task, gpointer data)
{
    Pool *pool = data;
    __tsan_acquire(pool);
    pool->work(task, pool->data);
    __tsan_release(pool);
}

WRAP(GThreadPool *, g_thread_pool_new, GFunc func, gpointer data, gint max_threads,
     gboolean exclusive, GError **error)
{
    Pool *pool = g_new(Pool, 1);
    *pool = (Pool){func, data};
    __tsan_ignore_thread_begin();
    GThreadPool *threads = __real_g_thread_pool_new(work, pool, max_threads, exclusive, error);
    __tsan_ignore_thread_end();
    return threads;
}

WRAP(gboolean, g_thread_pool_push, GThreadPool *threads, gpointer task, GError **error)
{
    __tsan_ignore_thread_begin();
    __tsan_release(threads->user_data);
    gboolean started = __real_g_thread_pool_push(threads, task, error);
    __tsan_ignore_thread_end();
    return started;
}

WRAP(void, g_thread_pool_free, GThreadPool *threads, gboolean immediate, gboolean wait)
{
    __tsan_ignore_thread_begin();
    Pool *pool = threads->user_data;
    __real_g_thread_pool_free(threads, immediate, wait);
    __tsan_ignore_thread_end();
    if (!wait)
        return; /* its threads may still need it */
    __tsan_acquire(pool);
    g_free(pool);
}
