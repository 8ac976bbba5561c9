/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "error.h"

#define REPEAT_SECONDS 60
#define LINES_MOST     10 /* of a code, in that time */

/* The last failure of a code that was logged. Times are monotonic, in µs. */
typedef struct {
    char *message; /* NULL: none yet */
    gint64 time;
    gint64 since; /* when the first of the lines was logged that are counted */
    guint lines;
    guint more; /* failures that were not logged after it */
} Logged;

struct _CkLog {
    int socket;               /* for a logger; -1: none */
    gboolean syslog;          /* lines go there */
    gboolean journal;         /* standard error is the journal */
    const CkAccount *account; /* NULL: not known yet */
    Logged logged[CK_ERROR_LAST + 1];
    GError *last; /* or NULL */
    gint64 last_at;
};

static const char *message_of(const GLogField *fields, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (g_strcmp0(fields[i].key, "MESSAGE") == 0)
            return fields[i].value;
    return "";
}

/* Whether standard error is a stream to the journal, which then takes a level from each line
 * ($JOURNAL_STREAM in systemd.exec(5): device and inode). */
static gboolean is_journal(void)
{
    struct stat status;
    if (fstat(STDERR_FILENO, &status) != 0)
        return FALSE;
    g_autofree char *stream =
        g_strdup_printf("%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return g_strcmp0(g_getenv("JOURNAL_STREAM"), stream) == 0;
}

/* As syslog(3) does, which would need another socket for a logger that was started anew, and a
 * confined program gets none: this one is connected again, as it is for the first line. A logger
 * that is away or hangs costs the line; nobody who reads waits for it. */
static void send_line(const CkLog *log, int priority, const char *line)
{
    static const struct sockaddr_un logger = {AF_UNIX, "/dev/log"};
    time_t now = time(NULL);
    struct tm local;
    char when[32];
    strftime(when, sizeof when, "%b %e %T", localtime_r(&now, &local));
    g_autofree char *text = g_strdup_printf("<%d>%s chatkitfs[%d]: %s", LOG_DAEMON | priority, when,
                                            (int)getpid(), line);
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (send(log->socket, text, strlen(text), flags) < 0 && errno != EAGAIN &&
        connect(log->socket, (const struct sockaddr *)&logger, sizeof logger) == 0)
        send(log->socket, text, strlen(text), flags);
}

/* priority: of syslog(3). The journal knows by itself whose line it is; "<4>" is sd-daemon(3)'s. */
static void write_line(const CkLog *log, int priority, const char *line)
{
    if (log->syslog)
        send_line(log, priority, line);
    else if (log->journal)
        fprintf(stderr, "<%d>%s\n", priority, line);
    else
        fprintf(stderr, "chatkitfs: %s\n", line);
}

/* A GLogWriterFunc. */
static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields, gsize count,
                                  gpointer data)
{
    const CkLog *log = data;
    int priority = level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL) ? LOG_ERR
                   : level & G_LOG_LEVEL_WARNING                      ? LOG_WARNING
                                                                      : LOG_INFO;
    if (g_log_writer_default_would_drop(level, G_LOG_DOMAIN))
        return G_LOG_WRITER_HANDLED;
    write_line(log, priority, message_of(fields, count));
    return G_LOG_WRITER_HANDLED;
}

CkLog *ck_log_new(void)
{
    CkLog *log = g_new0(CkLog, 1);
    log->socket = -1;
    log->journal = is_journal();
    g_log_set_writer_func(write_log, log, NULL);
    return log;
}

void ck_log_end(const CkLog *log, const GError *error)
{
    write_line(log, LOG_ERR, error->message);
}

void ck_log_note(const CkLog *log, const char *line)
{
    if (log->syslog || log->journal) {
        write_line(log, LOG_INFO, line);
        return;
    }
    printf("chatkitfs: %s\n", line);
    fflush(stdout);
}

void ck_log_open_syslog(CkLog *log)
{
    log->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void ck_log_to_syslog(CkLog *log)
{
    log->syslog = TRUE;
}

void ck_log_set_account(CkLog *log, const CkAccount *account)
{
    log->account = account;
}

/* Failures of these codes concern all requests alike. */
static gboolean concerns_all(CkError code)
{
    switch (code) {
    case CK_ERROR_DENIED:
    case CK_ERROR_RATE_LIMITED:
    case CK_ERROR_QUOTA:
    case CK_ERROR_SERVER:
    case CK_ERROR_TIMED_OUT:
    case CK_ERROR_REFUSED:
    case CK_ERROR_UNREACHABLE:
    case CK_ERROR_CONNECTION:
    case CK_ERROR_OFFLINE:
    case CK_ERROR_STORE_FULL:
    case CK_ERROR_NO_MEMORY:
        return TRUE;
    default:
        return FALSE;
    }
}

const GError *ck_log_last_failure(const CkLog *log, gint64 *time)
{
    *time = log->last_at;
    return log->last;
}

static void keep_last(CkLog *log, const GError *error)
{
    g_clear_error(&log->last);
    log->last = g_error_copy(error);
    log->last_at = g_get_real_time() / G_USEC_PER_SEC;
}

void ck_log_failure(const GError *error, gpointer data)
{
    CkLog *log = data;
    keep_last(log, error);
    CkError code = error->domain == CK_ERROR ? (CkError)error->code : CK_ERROR_STORE;
    Logged *last = &log->logged[code];
    gint64 now = g_get_monotonic_time(), recent = now - REPEAT_SECONDS * G_USEC_PER_SEC;
    gboolean alike = last->message && last->time > recent &&
                     (concerns_all(code) || strcmp(last->message, error->message) == 0);
    gboolean counts = last->message && last->since > recent;
    if (alike || (counts && last->lines >= LINES_MOST)) {
        last->more++;
        return;
    }
    g_autofree char *more =
        last->more > 0 ? g_strdup_printf(" (and %u more like the one before)", last->more) : NULL;
    g_free(last->message);
    *last = (Logged){
        .message = g_strdup(error->message),
        .time = now,
        .since = counts ? last->since : now,
        .lines = counts ? last->lines + 1 : 1,
    };
    g_autofree char *remedy = ck_account_remedy(log->account, code);
    g_warning("%s: %s%s", error->message, remedy, more ? more : "");
}
