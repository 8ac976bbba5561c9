/* SPDX-License-Identifier: MIT */
#include "connections.h"

#include <gio/gio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

/* A connection on loopback, with its other end. */
typedef struct {
    CkConnections *connections;
    GSocket *own, *other;
    CURL *easy;
    CkConnection *connection;
} Fixture;

static int port_of(GSocket *socket)
{
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(socket, NULL);
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
}

static Fixture *fixture_new(void)
{
    Fixture *f = g_new0(Fixture, 1);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any_port = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocket) listener =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    f->own = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    g_assert_true(g_socket_bind(listener, any_port, FALSE, NULL));
    g_assert_true(g_socket_listen(listener, NULL));
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(listener, NULL);
    g_assert_true(g_socket_connect(f->own, address, NULL, NULL));
    f->other = g_socket_accept(listener, NULL, NULL);
    f->easy = curl_easy_init();
    f->connections = ck_connections_new();
    ck_connections_add(f->connections, g_socket_get_fd(f->own));
    f->connection = ck_connections_from(f->connections, port_of(f->own));
    g_assert_nonnull(f->connection);
    return f;
}

static void fixture_free(Fixture *f)
{
    ck_connections_free(f->connections);
    curl_easy_cleanup(f->easy);
    g_object_unref(f->own);
    g_object_unref(f->other);
    g_free(f);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static void a_connection_is_found_by_port_and_number_until_it_is_removed(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_assert_cmpint(f->connection->fd, ==, g_socket_get_fd(f->own));
    g_assert_true(ck_connections_numbered(f->connections, f->connection->number) == f->connection);
    g_assert_null(ck_connections_from(f->connections, port_of(f->other)));
    ck_connections_remove(f->connections, g_socket_get_fd(f->own));
    g_assert_null(ck_connections_from(f->connections, port_of(f->own)));
    g_assert_null(ck_connections_numbered(f->connections, 1));
    g_assert_null(ck_connections_numbered(f->connections, 0));
}

static void a_number_is_not_used_again(void)
{
    g_autoptr(Fixture) f = fixture_new();
    guint number = f->connection->number;
    ck_connections_remove(f->connections, g_socket_get_fd(f->own));
    ck_connections_add(f->connections, g_socket_get_fd(f->own));
    f->connection = ck_connections_from(f->connections, port_of(f->own));
    g_assert_cmpuint(f->connection->number, !=, number);
}

static void what_came_before_it_was_asked_for_is_seen(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_assert_false(ck_connection_has_input(f->connection, f->easy));
    g_assert_cmpint(g_socket_send(f->other, "x", 1, NULL, NULL), ==, 1);
    g_assert_true(g_socket_condition_wait(f->own, G_IO_IN, NULL, NULL));
    g_assert_true(ck_connection_has_input(f->connection, f->easy));
}

/* Whether the kernel tells how long a connection has been silent. */
static gboolean tells_of_silence(Fixture *f)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    return getsockopt(g_socket_get_fd(f->own), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           size > offsetof(struct tcp_info, tcpi_last_data_recv);
}

static gboolean is_closed(Fixture *f)
{
    return (g_socket_condition_check(f->other, G_IO_IN | G_IO_HUP) & G_IO_IN) != 0;
}

static void silent_connections_are_closed_but_for_busy_ones(void)
{
    g_autoptr(Fixture) f = fixture_new();
    ck_connections_shut_down_silent(f->connections, G_MAXUINT);
    g_assert_false(is_closed(f));
    f->connection->busy = TRUE;
    ck_connections_shut_down_silent(f->connections, 0);
    g_assert_false(is_closed(f));
    f->connection->busy = FALSE;
    ck_connections_shut_down_silent(f->connections, 0);
    if (tells_of_silence(f))
        g_assert_true(g_socket_condition_wait(f->other, G_IO_IN, NULL, NULL));
    g_assert_true(is_closed(f) == tells_of_silence(f));
}

#define TEST(name) g_test_add_func("/connections/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_connection_is_found_by_port_and_number_until_it_is_removed);
    TEST(a_number_is_not_used_again);
    TEST(what_came_before_it_was_asked_for_is_seen);
    TEST(silent_connections_are_closed_but_for_busy_ones);
    return g_test_run();
}
