/* SPDX-License-Identifier: MIT */
/*
 * An HTTP server on loopback that a test scripts and asks afterwards what it saw. It runs in
 * threads of its own; the test runs the main context that it was made with:
 *
 *   server_json(server, "GET /v1/chatkit/threads?limit=2", "{…}");
 *   … start something …
 *   server_run_until(context, done);
 *   g_assert_cmpuint(server_seen(server), ==, 1);
 *
 * Each line of the script answers one request, "METHOD TARGET", the first one that matches its
 * pattern (GPatternSpec: '*' is anything). A request that no line is left for is answered 599 and
 * fails the test when the server is freed, and so does a line that was not used. Every connection
 * is closed after its answer.
 */
#pragma once

#include <gio/gio.h>

typedef struct _Server Server;

/* Attaches a watchdog to context, which ends the program after 20 s, or $SLOWER times as long. */
Server *server_new(GMainContext *context);
void server_free(Server *server);

/* http://127.0.0.1:PORT and path. */
char *server_url(Server *server, const char *path);

/* The script: bytes as they are (none: the connection is closed without one), … */
void server_raw(Server *server, const char *request, const char *bytes, gsize size);
/* an answer with headers, each ended by "\r\n", and a body, … */
void server_reply(Server *server, const char *request, int status, const char *headers,
                  const char *body);
/* and 200 with a body; the same twice, as for an answer that the client doubts. */
void server_json(Server *server, const char *request, const char *body);
void server_json_twice(Server *server, const char *request, const char *body);

/* Not all of the script need be asked for. */
void server_may_leave(Server *server);

/* From now on connections are reset after their answers, not closed in order. */
void server_reset(Server *server);

/* From now on answers are held until server_release() lets that many of them go. */
void server_hold(Server *server);
void server_release(Server *server, guint answers);
/* Lets all that are held now go, and none that comes after them. */
void server_release_held(Server *server);

/* Requests seen, and the most that were under way at once. */
guint server_seen(Server *server);
guint server_most_at_once(Server *server);
/* "METHOD TARGET" of a request, counted from 0; its header of that name, NULL if it had none. */
char *server_request(Server *server, guint index);
char *server_header(Server *server, guint index, const char *name);

/* A request that is seen wakes the context, so a condition may ask the server. */
#define server_run_until(context, condition)                                                       \
    while (!(condition))                                                                           \
    g_main_context_iteration((context), TRUE)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Server, server_free)
