/* SPDX-License-Identifier: MIT */
#include "sync_command.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cache.h"
#include "confine.h"
#include "error.h"
#include "sync.h"

/* How often progress is told: on a terminal, and elsewhere, in ms. */
#define TERMINAL_MS 200
#define PLAIN_MS    10000

/* Columns that a line takes at most on a terminal that does not tell how wide it is. */
#define COLUMNS 79

/* How much must have been read before it is told how long the rest takes: so many threads for each
 * that is read at once, or so many seconds. */
#define ROUNDS  4
#define SECONDS 10

typedef struct {
    GMainLoop *loop;
    CkCache *cache;
    CkStore *store;
    CkApi *api;
    CkSync *sync;
    const CkAccount *account;
    gint64 began; /* monotonic time */
    guint concurrency;
    guint64 cache_size;
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

static double seconds_since(gint64 time)
{
    return (double)(g_get_monotonic_time() - time) / G_USEC_PER_SEC;
}

/* How long the rest takes if each thread takes as long as those that were asked for. */
static void append_left(GString *line, const Command *command, guint64 threads)
{
    CkSyncProgress progress = ck_sync_progress(command->sync);
    double seconds = seconds_since(progress.listed_at);
    if (progress.read == 0 || progress.threads > threads ||
        (progress.read < ROUNDS * command->concurrency && seconds < SECONDS))
        return;
    double left = (double)(threads - progress.threads) * seconds / (double)progress.read;
    append_time(line, (gint64)left + 1);
    g_string_append(line, " left");
}

/* threads 120/340  items 3400  requests 133  66/s  4 s left */
static GString *describe(const Command *command, gboolean ended)
{
    GString *line = g_string_new(NULL);
    CkSyncProgress progress = ck_sync_progress(command->sync);
    CkStoreCounts counts = {0};
    double seconds = seconds_since(command->began);
    guint64 requests = count_requests(command);
    ck_store_counts(command->store, &counts, NULL);
    if (progress.listed_at)
        g_string_append_printf(line, "threads %" G_GUINT64_FORMAT "/%" G_GINT64_FORMAT,
                               progress.threads, counts.listed);
    else
        g_string_append_printf(line, "threads listed %" G_GINT64_FORMAT, counts.listed);
    g_string_append_printf(line,
                           "  items %" G_GINT64_FORMAT "  requests %" G_GUINT64_FORMAT "  %.0f/s  ",
                           counts.items, requests, (double)requests / MAX(seconds, 1));
    if (ended) {
        g_string_append(line, "in ");
        append_time(line, (gint64)(seconds + 0.5));
    } else if (progress.listed_at) {
        append_left(line, command, (guint64)counts.listed);
    }
    return line;
}

/* Columns of the terminal but for the last one, in which the cursor stands. */
static int columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1
                                                                           : COLUMNS;
}

/* A reader that has gone away is no reason to end: what is read is kept all the same. */
static void tell(const Command *command, gboolean ended)
{
    GString *line = describe(command, ended);
    if (command->terminal) /* and erase what is left of the line before */
        printf("\r%.*s\033[K%s", columns(), g_strchomp(line->str), ended ? "\n" : "");
    else
        printf("%s\n", g_strchomp(line->str));
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
    gboolean outlives = signal(SIGHUP, SIG_IGN) == SIG_IGN; /* started with nohup(1) */
    guint ids[] = {
        g_unix_signal_add(SIGINT, on_signal, command),
        g_unix_signal_add(SIGTERM, on_signal, command),
        g_timeout_add(command->terminal ? TERMINAL_MS : PLAIN_MS, on_tick, command),
        outlives ? 0 : g_unix_signal_add(SIGHUP, on_signal, command),
    };
    g_main_loop_run(command->loop);
    for (gsize i = 0; i < G_N_ELEMENTS(ids) - outlives; i++)
        g_source_remove(ids[i]);
}

/* What ended it before its time, or left threads out. */
static void tell_failure(const Command *command, const CkSyncProgress *progress,
                         const GError *failure, GError **error)
{
    g_autofree char *remedy = ck_account_remedy(command->account, failure->code);
    if (progress->complete)
        g_set_error(error, CK_ERROR, failure->code,
                    "%" G_GUINT64_FORMAT " %s could not be read, the first because of: %s: %s",
                    progress->failed, progress->failed == 1 ? "thread" : "threads",
                    failure->message, remedy);
    else
        g_set_error(error, CK_ERROR, failure->code, "%s: %s; the next --sync goes on from here",
                    failure->message, remedy);
}

/* What does not fit is dropped again, some of it perhaps already. */
static gboolean fits(const Command *command, GError **error)
{
    CkStoreCounts counts;
    CkStoreChecks checks;
    if (!ck_store_counts(command->store, &counts, error) ||
        !ck_store_checks(command->store, &checks, error))
        return FALSE;
    if (!ck_cache_is_full(command->cache) && checks.threads >= counts.listed)
        return TRUE;
    g_autofree char *most = g_format_size_full(command->cache_size, G_FORMAT_SIZE_IEC_UNITS);
    g_set_error(error, CK_ERROR, CK_ERROR_INVALID,
                "all was read, but it is more than the %s that the cache may take, and does not "
                "stay: raise --cache-size",
                most);
    return FALSE;
}

static gboolean conclude(Command *command, GError **error)
{
    CkSyncProgress progress = ck_sync_progress(command->sync);
    g_autoptr(GError) failure = g_steal_pointer(&command->failure);
    tell(command, TRUE);
    if (command->stopped)
        g_set_error_literal(error, CK_ERROR, CK_ERROR_CLOSING,
                            "stopped; the next --sync goes on from here");
    else if (failure)
        tell_failure(command, &progress, failure, error);
    return !command->stopped && !failure && fits(command, error);
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

/* Once the files are open that it needs, and before it has another thread. */
static void confine(const CkConfig *config, const CkCache *cache)
{
    const CkConfined confined =
        ck_confine(config->account.base_url.value, ck_cache_directory(cache));
    g_autofree char *words = ck_confined_describe(&confined);
    printf("chatkitfs: %s\n", words);
    fflush(stdout);
}

gboolean ck_sync_command(const CkOptions *options, CkLog *log, GError **error)
{
    const CkConfig *config = options->config;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    GMainContext *context = g_main_loop_get_context(loop);
    if (!ck_key_read(config->key, error) || !ck_config_check(config, error))
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
    signal(SIGPIPE, SIG_IGN);
    confine(config, cache);
    g_autoptr(CkApi) api = ck_api_new(context, config, error);
    if (!api)
        return FALSE;
    ck_api_set_report(api, ck_log_failure, log);
    Command command = {
        .loop = loop,
        .cache = cache,
        .store = ck_cache_store(cache),
        .api = api,
        .account = &config->account,
        .concurrency = config->concurrency,
        .cache_size = config->cache_size,
        .terminal = isatty(STDOUT_FILENO) && g_strcmp0(g_getenv("TERM"), "dumb") != 0,
    };
    return sync_all(&command, context, config, error);
}
