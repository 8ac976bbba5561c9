/* SPDX-License-Identifier: MIT */
/*
 * libcurl's multi interface on a GLib main context: the sockets that curl wants to be told about
 * and its one timer as sources (libcurl-multi(3), "multi_socket").
 */
#pragma once

#include <curl/curl.h>
#include <glib.h>

typedef struct _CkCurlLoop CkCurlLoop;

/* Called from the main context when curl has done something: transfers may have ended. */
typedef void (*CkCurlLoopProgress)(gpointer data);

/* multi is borrowed, and must be cleaned up before the loop is freed. */
CkCurlLoop *ck_curl_loop_new(GMainContext *context, CURLM *multi, CkCurlLoopProgress progress,
                             gpointer data);

/* Not from within progress. */
void ck_curl_loop_free(CkCurlLoop *loop);
