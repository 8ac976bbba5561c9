/* SPDX-License-Identifier: MIT */
/* Wires the program together: options, the store, the API, the mount, and one main loop. */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cache.h"
#include "check_command.h"
#include "confine.h"
#include "daemon.h"
#include "delete_command.h"
#include "error.h"
#include "listing.h"
#include "log.h"
#include "mountpoint.h"
#include "no_core.h"
#include "options.h"
#include "refresh.h"
#include "report.h"
#include "revalidate.h"
#include "session.h"
#include "sync_command.h"

#define EXIT_NOT_NOW 32 /* mount(8): the mount failed */

/* The running program. The loop runs twice: until the first page is there, then for the mount. */
typedef struct {
    GMainLoop *loop;
    const CkOptions *options;
    CkLog *log;
    CkConfined confined;
    int ready_fd;   /* for ck_daemon_ready(), in the foreground for ck_daemon_notify() */
    gboolean ready; /* the mount answers */
    gboolean stopped;
    gboolean timed_out;
    gboolean emptied;           /* the cache was damaged, and has been replaced meanwhile */
    gboolean has_terminal;      /* and ends when that hangs up */
    CkSession *session;         /* NULL until it is mounted */
    CkRevalidator *revalidator; /* the same */
    CkApi *api;                 /* NULL until there is one */
    CkPager *pager;
    CkWait *wait;    /* for the first page; NULL once that or its failure is there */
    GError *failure; /* of the first page */
} Program;

static gboolean on_signal(gpointer data)
{
    Program *program = data;
    program->stopped = TRUE;
    g_main_loop_quit(program->loop);
    return G_SOURCE_CONTINUE;
}

/* tty(4): of a process without a controlling terminal, or whose terminal has hung up, FALSE. */
static gboolean can_open_terminal(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* SIGHUP says either that the terminal is gone, or, by custom, that all is to be read anew: the
 * key, and with that the threads. */
static gboolean on_hangup(gpointer data)
{
    Program *program = data;
    if (program->has_terminal && !can_open_terminal())
        return on_signal(program);
    if (program->api)
        ck_api_read_key(program->api);
    if (program->revalidator) {
        ck_session_refresh(program->session);
        ck_revalidator_refresh(program->revalidator, NULL, NULL);
    }
    return G_SOURCE_CONTINUE;
}

/* CkCheckEvents, also from before there is a session, and while it ends. */

static void on_thread_changed(const char *thread_id, gpointer data)
{
    if (((Program *)data)->session)
        ck_session_thread_changed(thread_id, ((Program *)data)->session);
}

static void on_thread_grown(const char *thread_id, gpointer data)
{
    if (((Program *)data)->session)
        ck_session_thread_grown(thread_id, ((Program *)data)->session);
}

static void on_item_changed(gint64 row, gpointer data)
{
    if (((Program *)data)->session)
        ck_session_item_changed(row, ((Program *)data)->session);
}

static void on_thread_gone(const CkThreadRow *thread, gpointer data)
{
    if (((Program *)data)->session)
        ck_session_thread_gone(thread, ((Program *)data)->session);
}

static void on_failed(const GError *error, gpointer data)
{
    ck_log_failure(error, ((Program *)data)->log);
}

static void on_first_page(const GError *error, gpointer data)
{
    Program *program = data;
    program->wait = NULL;
    program->failure = error ? g_error_copy(error) : NULL;
    g_main_loop_quit(program->loop);
}

static gboolean on_deadline(gpointer data)
{
    Program *program = data;
    program->timed_out = TRUE;
    g_main_loop_quit(program->loop);
    return G_SOURCE_REMOVE;
}

static void on_mount_ready(gpointer data)
{
    Program *program = data;
    g_autofree char *confined = ck_confined_describe(&program->confined);
    program->ready = TRUE;
    if (program->options->foreground) {
        ck_log_note(program->log, confined);
        ck_daemon_notify(program->ready_fd);
        return;
    }
    ck_log_to_syslog(program->log);
    g_message("%s", confined);
    ck_daemon_ready(program->ready_fd); /* which leaves the terminal */
    program->has_terminal = FALSE;
}

static void on_unmounted(gpointer data)
{
    Program *program = data;
    g_main_loop_quit(program->loop);
}

/* What the cache held was damaged, and is gone. */
static void on_replaced(const GError *error, gpointer data)
{
    Program *program = data;
    ck_pager_begin_again(program->pager, error);
    if (program->revalidator)
        ck_revalidator_begin_again(program->revalidator, error);
    if (program->session)
        ck_session_refresh(program->session);
}

/* Whether the cache has some of what is to be shown. */
static gboolean is_known(Program *program, CkStore *store)
{
    const CkWant threads = ck_want_threads_of(NULL, program->options->config);
    g_auto(CkListingState) state = {0};
    return ck_listing_state(store, &threads, &state, NULL) && state.checked_at > 0;
}

/* As a reader would who came now. */
static void check_what_is_known(CkRevalidator *revalidator, const CkConfig *config)
{
    const CkWant threads = ck_want_threads_of(NULL, config);
    g_autoptr(GError) error = NULL;
    double valid;
    ck_revalidate(revalidator, &threads, FALSE, &valid, &error);
}

/* Checks key and server with the first page of the listing, which is used afterwards. */
static gboolean fetch_first_page(Program *program, CkPager *pager, GError **error)
{
    guint timeout = program->options->config->timeout;
    CkWant threads = ck_want_threads_of(NULL, program->options->config);
    program->wait = ck_pager_wait(pager, &threads, on_first_page, program);
    guint deadline = g_timeout_add_seconds(timeout, on_deadline, program);
    g_main_loop_run(program->loop);
    /* One turn of the loop may bring a signal, the deadline and the page. */
    gboolean arrived = !program->wait;
    g_clear_pointer(&program->wait, ck_pager_cancel);
    if (!program->timed_out)
        g_source_remove(deadline);
    g_autoptr(GError) failure = g_steal_pointer(&program->failure);
    if (g_error_matches(failure, CK_ERROR, CK_ERROR_STORE_DAMAGED) && !program->emptied) {
        program->emptied = TRUE; /* the cache, which has been replaced */
        return fetch_first_page(program, pager, error);
    }
    if (program->stopped) {
        g_set_error_literal(error, CK_ERROR, CK_ERROR_CLOSING, "stopped before mounting");
        return FALSE;
    }
    if (!arrived)
        g_set_error(&failure, CK_ERROR, CK_ERROR_TIMED_OUT, "the server did not answer within %u s",
                    timeout);
    if (!failure)
        return TRUE;
    g_autofree char *remedy = ck_account_remedy(&program->options->config->account, failure->code);
    g_set_error(error, CK_ERROR, failure->code, "%s: %s", failure->message, remedy);
    return FALSE;
}

/* Until it is unmounted or told to end. FALSE without an error where libfuse has printed why it
 * can't be mounted. */
static gboolean serve(Program *program, CkKeeper *keeper, CkCache *cache, GError **error)
{
    GMainContext *context = g_main_loop_get_context(program->loop);
    const CkOptions *options = program->options;
    const CkConfig *config = options->config;
    CkStore *store = ck_cache_store(cache);
    g_autoptr(CkApi) api = ck_api_new(context, config, error);
    if (!api)
        return FALSE;
    program->api = api;
    g_autoptr(CkPager) pager = ck_pager_new(context, store, api, config);
    const CkRevalidatorEvents events = {
        .check = {.thread_changed = on_thread_changed,
                  .grown = on_thread_grown,
                  .item_changed = on_item_changed,
                  .thread_gone = on_thread_gone,
                  .data = program},
        .failed = on_failed,
        .data = program,
    };
    g_autoptr(CkRevalidator) revalidator = ck_revalidator_new(context, store, api, config, &events);
    const CkDeleterEvents deleter_events = {events.check, on_failed, program};
    g_autoptr(CkDeleter) deleter =
        config->allow_delete ? ck_deleter_new(context, store, api, config, &deleter_events) : NULL;
    program->pager = pager;
    ck_cache_set_replaced(cache, on_replaced, program);
    g_autoptr(CkTree) tree = ck_tree_new(store, config);
    g_autoptr(CkWalks) walks = ck_walks_new(store, pager, config);
    /* What the cache has is shown without a word from the server, which may be out of reach. */
    gboolean known = is_known(program, store);
    if (!known && !fetch_first_page(program, pager, error))
        return FALSE;
    ck_pager_set_report(pager, ck_log_failure, program->log);
    ck_api_set_report(program->api, ck_log_failure, program->log);

    CkMount mount = {
        .context = context,
        .config = config,
        .store = store,
        .api = api,
        .pager = pager,
        .revalidator = revalidator,
        .deleter = deleter,
        .tree = tree,
        .walks = walks,
        .log = program->log,
        .confined = program->confined,
        .shared = options->shared,
        .uid = getuid(),
        .gid = getgid(),
        .parked = G_QUEUE_INIT,
        .mounted_at = g_get_real_time() / G_USEC_PER_SEC,
        .ready = on_mount_ready,
        .ready_data = program,
    };
    g_autoptr(CkOwnFiles) own = ck_own_files_new(ck_report_files, CK_REPORT_FILES, &mount);
    mount.own = own;
    g_autoptr(CkFailures) failures = ck_failures_new(&ck_thread_clock);
    mount.failures = failures;
    g_autoptr(CkSession) session = ck_session_mount(&mount, keeper, options->mount_options,
                                                    options->debug, on_unmounted, program, error);
    if (!session)
        return FALSE;
    program->session = session;
    program->revalidator = revalidator;
    if (known)
        check_what_is_known(revalidator, config);
    ck_pager_set_changed(pager, on_thread_changed, program);
    g_main_loop_run(program->loop);
    program->revalidator = NULL;
    program->session = NULL;
    if (!program->ready && !program->stopped)
        return ck_error_invalid(error,
                                "can't mount on %s: it was unmounted at once, or the kernel and"
                                " libfuse don't understand each other",
                                options->mountpoint);
    return TRUE;
}

static void watch_signals(Program *program)
{
    g_unix_signal_add(SIGINT, on_signal, program);
    g_unix_signal_add(SIGTERM, on_signal, program);
    /* SIG_IGN: started with nohup(1). */
    program->has_terminal = signal(SIGHUP, SIG_IGN) != SIG_IGN && can_open_terminal();
    g_unix_signal_add(SIGHUP, on_hangup, program);
}

/* What takes privileges comes first: a process that mounts, and opening the cache. Only then is
 * there another thread (GLib has one for signals), and only then is anything read from the network.
 */
static gboolean run_confined(Program *program, const char *mountpoint, GError **error)
{
    const CkOptions *options = program->options;
    GMainContext *context = g_main_loop_get_context(program->loop);
    g_autoptr(CkKeeper) keeper = ck_keeper_new(mountpoint, options->mount_options, error);
    g_autoptr(CkCache) cache =
        keeper ? ck_cache_open(context, options->config, mountpoint, error) : NULL;
    if (!cache)
        return FALSE;
    if (options->config->cache_dir && !ck_cache_is_own(cache))
        g_message("another mount uses the cache in %s: this one begins with a copy, and what it "
                  "fetches is not kept",
                  options->config->cache_dir);
    if (!options->foreground)
        ck_log_open_syslog(program->log);
    program->confined =
        ck_confine(options->config->offline ? NULL : options->config->account.base_url.value,
                   ck_cache_directory(cache));
    watch_signals(program);
    return serve(program, keeper, cache, error);
}

static gboolean run_mount(const CkOptions *options, CkLog *log, GError **error)
{
    g_autofree char *mountpoint = NULL;
    if (!ck_key_read(options->config->key, error) || !ck_config_check(options->config, error))
        return FALSE;
    if (!(mountpoint = ck_mountpoint_resolve(options->mountpoint, options->non_empty, error)))
        return FALSE;
    Program program = {.options = options, .log = log};
    program.ready_fd = options->foreground ? ck_daemon_open_notify() : ck_daemon_fork();
    if (program.ready_fd < 0 && !options->foreground) {
        g_set_error(error, CK_ERROR, CK_ERROR_INVALID, "can't start a process: %s",
                    g_strerror(errno));
        return FALSE;
    }
    signal(SIGPIPE, SIG_IGN);
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    program.loop = loop;
    g_autoptr(GError) reason = NULL;
    if (run_confined(&program, mountpoint, &reason))
        return TRUE;
    /* A service that is stopped while it starts has not failed. */
    if (options->foreground && g_error_matches(reason, CK_ERROR, CK_ERROR_CLOSING)) {
        g_message("%s", reason->message);
        return TRUE;
    }
    if (reason)
        g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

static gboolean run(const CkOptions *options, CkLog *log, GError **error)
{
    if (options->fake)
        return TRUE;
    if (options->refresh)
        return ck_refresh(options->mountpoint, error);
    if (options->deletes)
        return ck_delete_command(options, error);
    if (options->check)
        return ck_check_command(options, error);
    ck_log_set_account(log, &options->config->account);
    if (options->sync)
        return ck_sync_command(options, log, error);
    return run_mount(options, log, error);
}

static gboolean is_mount(const CkOptions *options)
{
    return options && !options->refresh && !options->check && !options->sync && !options->deletes;
}

/* Of a mount as mount(8) has them: who starts it again by itself does so in vain where somebody has
 * to mend something first. */
static int failure_status(const CkOptions *options, const GError *error)
{
    if (!is_mount(options) || !error || error->domain != CK_ERROR)
        return EXIT_FAILURE;
    switch ((CkError)error->code) {
    case CK_ERROR_INVALID:
    case CK_ERROR_DENIED:
    case CK_ERROR_NOT_FOUND:
    case CK_ERROR_REJECTED:
    case CK_ERROR_OFFLINE:
        return EXIT_FAILURE;
    default:
        return EXIT_NOT_NOW;
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    ck_daemon_begin(argv);
    ck_no_core();
    prctl(PR_SET_NAME, "chatkitfs"); /* for ps(1) and pkill(1), as mount.chatkitfs too */
    CkLog *log = ck_log_new();
    g_autofree char *config =
        g_build_filename(g_get_user_config_dir(), "chatkitfs", "config", NULL);
    g_autoptr(CkOptions) options = ck_options_parse(argc, argv, environ, config, &error);
    /* Neither for who looks into /proc, nor for fusermount3. */
    ck_key_hide(CK_KEY_VARIABLE);
    if (options)
        ck_account_hide_keys(&options->config->account);
    if (options && options->help) {
        fputs(ck_options_help(), stdout);
        return EXIT_SUCCESS;
    }
    if (options && options->version) {
        printf("chatkitfs %s\nlibfuse %s\n", CK_VERSION, fuse_pkgversion());
        return EXIT_SUCCESS;
    }
    if (options && run(options, log, &error))
        return EXIT_SUCCESS;
    if (error)
        ck_log_end(log, error);
    return failure_status(options, error);
}
