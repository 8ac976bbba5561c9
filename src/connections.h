/* SPDX-License-Identifier: MIT */
/*
 * The TCP connections that curl has open: in use, being made, and kept for later. curl shows them
 * to its callers as sockets that are made and closed, and as ports; here they are things with a
 * past. Each carries one request at a time.
 */
#pragma once

#include <curl/curl.h>
#include <glib.h>

typedef struct {
    int fd;
    guint number;     /* from 1 on; never that of another one */
    gboolean busy;    /* a request is under way over it */
    gboolean carried; /* one has been */
    gboolean http2;   /* so the last answer was sent */
} CkConnection;

typedef struct _CkConnections CkConnections;

CkConnections *ck_connections_new(void);
void ck_connections_free(CkConnections *connections);

/* A socket was made, is closed. */
void ck_connections_add(CkConnections *connections, int fd);
void ck_connections_remove(CkConnections *connections, int fd);

/* Borrowed until it is removed; NULL: there is none. own_port: on this machine. */
CkConnection *ck_connections_numbered(const CkConnections *connections, guint number);
CkConnection *ck_connections_from(const CkConnections *connections, int own_port);

/* Whether there is something to read: in the socket, or read ahead by TLS, which is that of easy.
 */
gboolean ck_connection_has_input(const CkConnection *connection, CURL *easy);

/* Has curl find it closed. A request that uses it fails. */
void ck_connection_shut_down(const CkConnection *connection);

/* The same of those that are not busy, and have been silent for so long. */
void ck_connections_shut_down_silent(const CkConnections *connections, guint milliseconds);
