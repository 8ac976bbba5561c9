/* SPDX-License-Identifier: MIT */
#include "connections.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>

struct _CkConnections {
    GPtrArray *open; /* CkConnection */
    guint opened;    /* so far */
};

void ck_connections_add(CkConnections *connections, int fd)
{
    CkConnection *connection = g_new(CkConnection, 1);
    *connection = (CkConnection){.fd = fd, .number = ++connections->opened};
    g_ptr_array_add(connections->open, connection);
}

void ck_connections_remove(CkConnections *connections, int fd)
{
    for (guint i = 0; i < connections->open->len; i++) {
        const CkConnection *connection = g_ptr_array_index(connections->open, i);
        if (connection->fd == fd) {
            g_ptr_array_remove_index_fast(connections->open, i);
            return;
        }
    }
}

CkConnection *ck_connections_numbered(const CkConnections *connections, guint number)
{
    for (guint i = 0; i < connections->open->len; i++) {
        CkConnection *connection = g_ptr_array_index(connections->open, i);
        if (connection->number == number)
            return connection;
    }
    return NULL;
}

/* The TCP port that a socket has on this machine; 0: none. */
static int own_port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } address = {.any.sa_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.ipv6.sin6_port
                                                   : address.ipv4.sin_port);
}

CkConnection *ck_connections_from(const CkConnections *connections, int own_port)
{
    for (guint i = 0; i < connections->open->len; i++) {
        CkConnection *connection = g_ptr_array_index(connections->open, i);
        if (own_port_of(connection->fd) == own_port)
            return connection;
    }
    return NULL;
}

gboolean ck_connection_has_input(const CkConnection *connection, CURL *easy)
{
    struct pollfd socket = {.fd = connection->fd, .events = POLLIN};
    struct curl_tlssessioninfo *tls = NULL;
    if (poll(&socket, 1, 0) != 0)
        return TRUE;
    return curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls->internals &&
           tls->backend == CURLSSLBACKEND_OPENSSL && SSL_has_pending(tls->internals);
}

void ck_connection_shut_down(const CkConnection *connection)
{
    shutdown(connection->fd, SHUT_RDWR);
}

/* FALSE too where the kernel does not tell, as qemu-user's. */
static gboolean is_silent(const CkConnection *connection, guint milliseconds)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    return getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           size > offsetof(struct tcp_info, tcpi_last_data_recv) &&
           info.tcpi_state == TCP_ESTABLISHED && info.tcpi_last_data_recv >= milliseconds;
}

void ck_connections_shut_down_silent(const CkConnections *connections, guint milliseconds)
{
    for (guint i = 0; i < connections->open->len; i++) {
        const CkConnection *connection = g_ptr_array_index(connections->open, i);
        if (!connection->busy && is_silent(connection, milliseconds))
            ck_connection_shut_down(connection);
    }
}

CkConnections *ck_connections_new(void)
{
    CkConnections *connections = g_new0(CkConnections, 1);
    connections->open = g_ptr_array_new_with_free_func(g_free);
    return connections;
}

void ck_connections_free(CkConnections *connections)
{
    g_ptr_array_unref(connections->open);
    g_free(connections);
}
