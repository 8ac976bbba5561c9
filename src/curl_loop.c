/* SPDX-License-Identifier: MIT */
#include "curl_loop.h"

#include <glib-unix.h>

struct _CkCurlLoop {
    GMainContext *context;
    CURLM *multi;
    CkCurlLoopProgress progress;
    gpointer data;
    GSource *timer;      /* or NULL */
    GHashTable *sockets; /* fd → GSource */
};

static gboolean on_socket(int fd, GIOCondition condition, gpointer data)
{
    CkCurlLoop *loop = data;
    int running, events = 0;
    if (condition & (G_IO_IN | G_IO_HUP))
        events |= CURL_CSELECT_IN;
    if (condition & G_IO_OUT)
        events |= CURL_CSELECT_OUT;
    if (condition & G_IO_ERR)
        events |= CURL_CSELECT_ERR;
    curl_multi_socket_action(loop->multi, fd, events, &running);
    loop->progress(loop->data);
    return G_SOURCE_CONTINUE;
}

static void source_destroy(gpointer data)
{
    g_source_destroy(data);
    g_source_unref(data);
}

/* CURLMOPT_SOCKETFUNCTION: a socket is to be watched, watched otherwise, or forgotten. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
    CkCurlLoop *loop = data;
    (void)easy;
    (void)socket_data;
    if (what == CURL_POLL_REMOVE) {
        g_hash_table_remove(loop->sockets, GINT_TO_POINTER(fd));
        return 0;
    }
    GIOCondition condition = (what & CURL_POLL_IN ? G_IO_IN : 0) |
                             (what & CURL_POLL_OUT ? G_IO_OUT : 0) | G_IO_ERR | G_IO_HUP;
    GSource *source = g_unix_fd_source_new(fd, condition);
    g_source_set_callback(source, G_SOURCE_FUNC(on_socket), loop, NULL);
    g_source_attach(source, loop->context);
    g_hash_table_replace(loop->sockets, GINT_TO_POINTER(fd), source);
    return 0;
}

static void clear_timer(CkCurlLoop *loop)
{
    g_clear_pointer(&loop->timer, source_destroy);
}

static gboolean on_timer(gpointer data)
{
    CkCurlLoop *loop = data;
    int running;
    clear_timer(loop);
    curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    loop->progress(loop->data);
    return G_SOURCE_REMOVE;
}

/* CURLMOPT_TIMERFUNCTION: wake curl once after that time, -1 for never. */
static int set_timer(CURLM *multi, long timeout_ms, void *data)
{
    CkCurlLoop *loop = data;
    (void)multi;
    clear_timer(loop);
    if (timeout_ms >= 0) {
        loop->timer = g_timeout_source_new((guint)timeout_ms);
        g_source_set_callback(loop->timer, on_timer, loop, NULL);
        g_source_attach(loop->timer, loop->context);
    }
    return 0;
}

CkCurlLoop *ck_curl_loop_new(GMainContext *context, CURLM *multi, CkCurlLoopProgress progress,
                             gpointer data)
{
    CkCurlLoop *loop = g_new(CkCurlLoop, 1);
    *loop = (CkCurlLoop){
        .context = g_main_context_ref(context),
        .multi = multi,
        .progress = progress,
        .data = data,
        .sockets = g_hash_table_new_full(NULL, NULL, NULL, source_destroy),
    };
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, loop);
    return loop;
}

void ck_curl_loop_free(CkCurlLoop *loop)
{
    clear_timer(loop);
    g_hash_table_unref(loop->sockets);
    g_main_context_unref(loop->context);
    g_free(loop);
}
