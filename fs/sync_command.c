/* SPDX-License-Identifier: MIT */
#include "sync_command.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cache.h"
#include "error.h"
#include "sync.h"

/* How often progress is told: on a terminal, and elsewhere, in ms. */
#define TERMINAL_MS 200
#define PLAIN_MS    10000

/* Columns that a line on a terminal may take. */
#define COLUMNS 79

typedef struct {
    GMainLoop *loop;
    CkLog *log;
    CkStore *store;
    CkApi *api;
    CkSync *sync;
    gint64 began; /* monotonic time */
    gboolean terminal;
    gboolean stopped;
    GError *failure;
} Command;

/* What it is about: h, min or s, whichever is at least 2. */
static void append_time(GString *line, gint64 seconds)
{
    if (seconds >= 7200)
        g_string_append_printf(line, "%" G_GINT64_FORMAT " h", seconds / 3600);
    else if (seconds >= 120)
        g_string_append_printf(line, "%" G_GINT64_FORMAT " min", seconds / 60);
    else
        g_string_append_printf(line, "%" G_GINT64_FORMAT " s", seconds);
}

static guint64 count_requests(const Command *command)
{
    CkApiUsage usage = ck_api_usage(command->api);
    guint64 sum = 0;
    for (int i = 0; i < CK_API_KINDS; i++)
        sum += usage.sent[i];
    return sum;
}

/* threads 120/340  items 3400  requests 133  66/s  4 s left */
static GString *describe(const Command *command, gboolean ended)
{
    GString *line = g_string_new(NULL);
    CkSyncProgress progress = ck_sync_progress(command->sync);
    CkStoreCounts counts = {0};
    double seconds = (double)(g_get_monotonic_time() - command->began) / G_USEC_PER_SEC;
    guint64 requests = count_requests(command);
    ck_store_counts(command->store, &counts, NULL);
    if (progress.listed)
        g_string_append_printf(line, "threads %" G_GUINT64_FORMAT "/%" G_GINT64_FORMAT,
                               progress.threads, counts.listed);
    else
        g_string_append_printf(line, "threads listed %" G_GINT64_FORMAT, counts.listed);
    g_string_append_printf(line,
                           "  items %" G_GINT64_FORMAT "  requests %" G_GUINT64_FORMAT "  %.0f/s",
                           counts.items, requests, (double)requests / MAX(seconds, 0.001));
    guint64 left = (guint64)MAX(counts.listed, 0) - progress.threads;
    if (!ended && progress.listed && progress.read > 0 && progress.threads > 0 &&
        progress.threads <= (guint64)counts.listed) {
        g_string_append(line, "  ");
        append_time(line, (gint64)((double)left * seconds / (double)progress.threads) + 1);
        g_string_append(line, " left");
    }
    return line;
}

static void tell(const Command *command, gboolean ended)
{
    GString *line = describe(command, ended);
    if (command->terminal)
        printf("\r%-*.*s%s", COLUMNS, COLUMNS, line->str, ended ? "\n" : "");
    else
        printf("%s\n", line->str);
    fflush(stdout);
    g_string_free(line, TRUE);
}

static gboolean on_tick(gpointer data)
{
    tell(data, FALSE);
    return G_SOURCE_CONTINUE;
}

static gboolean on_signal(gpointer data)
{
    Command *command = data;
    command->stopped = TRUE;
    g_main_loop_quit(command->loop);
    return G_SOURCE_CONTINUE;
}

static void on_synced(const GError *error, gpointer data)
{
    Command *command = data;
    command->failure = error ? g_error_copy(error) : NULL;
    g_main_loop_quit(command->loop);
}

static void run_loop(Command *command)
{
    guint ids[] = {
        g_unix_signal_add(SIGINT, on_signal, command),
        g_unix_signal_add(SIGTERM, on_signal, command),
        g_unix_signal_add(SIGHUP, on_signal, command),
        g_timeout_add(command->terminal ? TERMINAL_MS : PLAIN_MS, on_tick, command),
    };
    g_main_loop_run(command->loop);
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
        g_source_remove(ids[i]);
}

static gboolean conclude(Command *command, GError **error)
{
    CkSyncProgress progress = ck_sync_progress(command->sync);
    g_autoptr(GError) failure = g_steal_pointer(&command->failure);
    tell(command, TRUE);
    if (command->stopped)
        g_set_error_literal(error, CK_ERROR, CK_ERROR_CLOSING,
                            "stopped; the next --sync goes on from here");
    else if (progress.failed > 0)
        g_set_error(error, CK_ERROR, failure->code,
                    "%" G_GUINT64_FORMAT " threads could not be read, the first because of: %s: %s",
                    progress.failed, failure->message, ck_error_remedy((CkError)failure->code));
    else if (failure)
        g_set_error(error, CK_ERROR, failure->code, "%s: %s; the next --sync goes on from here",
                    failure->message, ck_error_remedy((CkError)failure->code));
    return !command->stopped && !failure;
}

static gboolean sync_all(Command *command, GMainContext *context, const CkConfig *config,
                         GError **error)
{
    g_autoptr(CkPager) pager = ck_pager_new(context, command->store, command->api, config);
    g_autoptr(CkSync) sync =
        ck_sync_new(context, command->store, command->api, pager, config, on_synced, command);
    command->sync = sync;
    command->began = g_get_monotonic_time();
    run_loop(command);
    return conclude(command, error);
}

gboolean ck_sync_command(const CkOptions *options, CkLog *log, GError **error)
{
    const CkConfig *config = options->config;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    GMainContext *context = g_main_loop_get_context(loop);
    if (!ck_config_check(config, error))
        return FALSE;
    g_autoptr(CkCache) cache = ck_cache_open(context, config, NULL, error);
    if (!cache)
        return FALSE;
    if (!ck_cache_is_own(cache)) {
        g_set_error(error, CK_ERROR, CK_ERROR_INVALID,
                    "the cache in %s is in use; unmount that, or have it read everything with "
                    "grep -r",
                    config->cache_dir);
        return FALSE;
    }
    g_autoptr(CkApi) api = ck_api_new(context, config, error);
    if (!api)
        return FALSE;
    signal(SIGPIPE, SIG_IGN);
    Command command = {
        .loop = loop,
        .log = log,
        .store = ck_cache_store(cache),
        .api = api,
        .terminal = isatty(STDOUT_FILENO),
    };
    return sync_all(&command, context, config, error);
}
