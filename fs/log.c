/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdio.h>
#include <syslog.h>

#include "error.h"

#define REPEAT_SECONDS 60

struct _CkLog {
    gboolean syslog;
    char *last; /* the last failure logged, and when (monotonic µs) */
    gint64 last_time;
};

static const char *message_of(const GLogField *fields, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (g_strcmp0(fields[i].key, "MESSAGE") == 0)
            return fields[i].value;
    return "";
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
    if (log->syslog)
        syslog(priority, "%s", message_of(fields, count));
    else
        fprintf(stderr, "chatkitfs: %s\n", message_of(fields, count));
    return G_LOG_WRITER_HANDLED;
}

CkLog *ck_log_new(void)
{
    CkLog *log = g_new0(CkLog, 1);
    g_log_set_writer_func(write_log, log, NULL);
    return log;
}

void ck_log_to_syslog(CkLog *log)
{
    openlog("chatkitfs", LOG_PID, LOG_DAEMON);
    log->syslog = TRUE;
}

void ck_log_failure(const GError *error, gpointer data)
{
    CkLog *log = data;
    gint64 now = g_get_monotonic_time();
    if (g_strcmp0(log->last, error->message) == 0 &&
        now - log->last_time < REPEAT_SECONDS * G_USEC_PER_SEC)
        return;
    g_free(log->last);
    log->last = g_strdup(error->message);
    log->last_time = now;
    if (error->domain == CK_ERROR)
        g_warning("%s: %s", error->message, ck_error_remedy((CkError)error->code));
    else
        g_warning("%s", error->message);
}
