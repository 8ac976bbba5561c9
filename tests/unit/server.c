/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HEAD_MAX 65536

/* Locks the server until the end of the block. */
#define LOCK_TO_THE_END(server)                                                                    \
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&(server)->lock)

typedef struct {
    char *request; /* a pattern */
    GBytes *answer;
} Line;

struct _Server {
    GMainContext *context;
    GSource *watchdog;
    GSocketListener *listener;
    guint port;
    GCancellable *stop;
    GThread *accepting;

    GMutex lock; /* of all that follows */
    GCond changed;
    GPtrArray *connections; /* GThread */
    GPtrArray *script;      /* Line; those not used yet */
    GPtrArray *heads;       /* char *: the heads of the requests seen */
    guint unscripted, under_way, most_at_once;
    gboolean may_leave; /* not all of the script need be used */
    gboolean reset;     /* connections after their answers */
    gboolean held;
    guint released; /* answers that may go although held */
    guint rounds;   /* of server_release_held(); they let go what came in an earlier one */
};

typedef struct {
    Server *server;
    GSocketConnection *stream;
} Connection;

static void line_free(gpointer data)
{
    Line *line = data;
    g_free(line->request);
    g_bytes_unref(line->answer);
    g_free(line);
}

/* "METHOD TARGET", the first line of a head but for the version. */
static char *request_of(const char *head)
{
    const char *end = strstr(head, " HTTP/");
    return end ? g_strndup(head, (gsize)(end - head)) : g_strdup(head);
}

/* Takes the answer to a request out of the script. */
static GBytes *answer_to(Server *server, const char *request)
{
    static const char unscripted[] = "HTTP/1.1 599 Unscripted\r\nContent-Length: 0\r\n\r\n";
    for (guint i = 0; i < server->script->len; i++) {
        Line *line = g_ptr_array_index(server->script, i);
        if (g_pattern_match_simple(line->request, request)) {
            GBytes *answer = g_bytes_ref(line->answer);
            g_ptr_array_remove_index(server->script, i);
            return answer;
        }
    }
    server->unscripted++;
    g_printerr("# the script has no answer to %s\n", request);
    return g_bytes_new_static(unscripted, strlen(unscripted));
}

/* Notes the request and waits until its answer may go. */
static GBytes *take_request(Server *server, const char *head)
{
    g_autofree char *request = request_of(head);
    LOCK_TO_THE_END(server);
    GBytes *answer = answer_to(server, request);
    g_ptr_array_add(server->heads, g_strdup(head));
    server->under_way++;
    server->most_at_once = MAX(server->most_at_once, server->under_way);
    g_main_context_wakeup(server->context);
    guint round = server->rounds;
    while (server->held && server->released == 0 && round == server->rounds)
        g_cond_wait(&server->changed, &server->lock);
    if (server->held && round == server->rounds)
        server->released--;
    server->under_way--;
    return answer;
}

/* Reads up to the empty line; NULL where the client goes away before. */
static char *read_head(Connection *connection)
{
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection->stream));
    g_autoptr(GString) head = g_string_new(NULL);
    char c;
    while (head->len < HEAD_MAX && !g_str_has_suffix(head->str, "\r\n\r\n")) {
        if (g_input_stream_read(in, &c, 1, connection->server->stop, NULL) != 1)
            return NULL;
        g_string_append_c(head, c);
    }
    return g_strdup(head->str);
}

/* Closing a socket that does not linger resets the connection (socket(7), tcp(7)). */
static void prepare_reset(Connection *connection)
{
    const struct linger none = {.l_onoff = 1};
    int fd = g_socket_get_fd(g_socket_connection_get_socket(connection->stream));
    LOCK_TO_THE_END(connection->server);
    if (connection->server->reset)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

static gpointer serve(gpointer data)
{
    Connection *connection = data;
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection->stream));
    g_autofree char *head = read_head(connection);
    if (head) {
        g_autoptr(GBytes) answer = take_request(connection->server, head);
        gsize size;
        const void *bytes = g_bytes_get_data(answer, &size);
        /* A client that has gone away fails this; that is its right. */
        g_output_stream_write_all(out, bytes, size, NULL, connection->server->stop, NULL);
        prepare_reset(connection);
    }
    g_io_stream_close(G_IO_STREAM(connection->stream), NULL, NULL);
    g_object_unref(connection->stream);
    g_free(connection);
    return NULL;
}

static gpointer accept_connections(gpointer data)
{
    Server *server = data;
    GSocketConnection *stream;
    while ((stream = g_socket_listener_accept(server->listener, NULL, server->stop, NULL))) {
        Connection *connection = g_new(Connection, 1);
        *connection = (Connection){server, stream};
        g_mutex_lock(&server->lock);
        g_ptr_array_add(server->connections, g_thread_new("connection", serve, connection));
        g_mutex_unlock(&server->lock);
    }
    return NULL;
}

static gboolean on_watchdog(gpointer data)
{
    g_error("what the test waits for did not happen in %u s", GPOINTER_TO_UINT(data));
    return G_SOURCE_REMOVE;
}

/* In seconds; longer where the program is made slower. */
static guint watchdog_time(void)
{
    const char *slower = g_getenv("SLOWER");
    return 20 * (slower ? (guint)atoi(slower) : 1);
}

Server *server_new(GMainContext *context)
{
    Server *server = g_new0(Server, 1);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any_port = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocketAddress) address = NULL;
    g_autoptr(GError) error = NULL;
    server->context = g_main_context_ref(context);
    server->watchdog = g_timeout_source_new_seconds(watchdog_time());
    g_source_set_callback(server->watchdog, on_watchdog, GUINT_TO_POINTER(watchdog_time()), NULL);
    g_source_attach(server->watchdog, context);
    server->stop = g_cancellable_new();
    server->connections = g_ptr_array_new();
    server->script = g_ptr_array_new_with_free_func(line_free);
    server->heads = g_ptr_array_new_with_free_func(g_free);
    g_mutex_init(&server->lock);
    g_cond_init(&server->changed);
    server->listener = g_socket_listener_new();
    g_socket_listener_add_address(server->listener, any_port, G_SOCKET_TYPE_STREAM,
                                  G_SOCKET_PROTOCOL_TCP, NULL, &address, &error);
    g_assert_no_error(error);
    server->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
    server->accepting = g_thread_new("accept", accept_connections, server);
    return server;
}

void server_free(Server *server)
{
    g_cancellable_cancel(server->stop);
    g_thread_join(server->accepting);
    g_mutex_lock(&server->lock);
    server->held = FALSE;
    g_cond_broadcast(&server->changed);
    g_mutex_unlock(&server->lock);
    for (guint i = 0; i < server->connections->len; i++)
        g_thread_join(g_ptr_array_index(server->connections, i));
    g_assert_cmpuint(server->unscripted, ==, 0);
    g_assert_true(server->may_leave || server->script->len == 0);
    g_ptr_array_unref(server->connections);
    g_ptr_array_unref(server->script);
    g_ptr_array_unref(server->heads);
    g_object_unref(server->listener);
    g_object_unref(server->stop);
    g_cond_clear(&server->changed);
    g_mutex_clear(&server->lock);
    g_source_destroy(server->watchdog);
    g_source_unref(server->watchdog);
    g_main_context_unref(server->context);
    g_free(server);
}

char *server_url(Server *server, const char *path)
{
    return g_strdup_printf("http://127.0.0.1:%u%s", server->port, path);
}

void server_raw(Server *server, const char *request, const char *bytes, gsize size)
{
    Line *line = g_new(Line, 1);
    *line = (Line){g_strdup(request), g_bytes_new(bytes, size)};
    LOCK_TO_THE_END(server);
    g_ptr_array_add(server->script, line);
}

void server_reply(Server *server, const char *request, int status, const char *headers,
                  const char *body)
{
    g_autofree char *answer = g_strdup_printf("HTTP/1.1 %d Scripted\r\nConnection: close\r\n"
                                              "Content-Length: %zu\r\n%s\r\n%s",
                                              status, strlen(body), headers, body);
    server_raw(server, request, answer, strlen(answer));
}

void server_json(Server *server, const char *request, const char *body)
{
    server_reply(server, request, 200, "Content-Type: application/json\r\n", body);
}

void server_json_twice(Server *server, const char *request, const char *body)
{
    server_json(server, request, body);
    server_json(server, request, body);
}

void server_may_leave(Server *server)
{
    LOCK_TO_THE_END(server);
    server->may_leave = TRUE;
}

void server_reset(Server *server)
{
    LOCK_TO_THE_END(server);
    server->reset = TRUE;
}

void server_hold(Server *server)
{
    LOCK_TO_THE_END(server);
    server->held = TRUE;
    server->released = 0;
}

void server_release(Server *server, guint answers)
{
    LOCK_TO_THE_END(server);
    server->released += answers;
    g_cond_broadcast(&server->changed);
}

void server_release_held(Server *server)
{
    LOCK_TO_THE_END(server);
    server->rounds++;
    g_cond_broadcast(&server->changed);
}

guint server_seen(Server *server)
{
    LOCK_TO_THE_END(server);
    return server->heads->len;
}

guint server_most_at_once(Server *server)
{
    LOCK_TO_THE_END(server);
    return server->most_at_once;
}

char *server_request(Server *server, guint index)
{
    LOCK_TO_THE_END(server);
    g_assert_cmpuint(index, <, server->heads->len);
    return request_of(g_ptr_array_index(server->heads, index));
}

char *server_header(Server *server, guint index, const char *name)
{
    LOCK_TO_THE_END(server);
    g_assert_cmpuint(index, <, server->heads->len);
    g_auto(GStrv) lines = g_strsplit(g_ptr_array_index(server->heads, index), "\r\n", -1);
    gsize size = strlen(name);
    for (char **line = lines; *line; line++)
        if (g_ascii_strncasecmp(*line, name, size) == 0 && (*line)[size] == ':')
            return g_strstrip(g_strdup(*line + size + 1));
    return NULL;
}
