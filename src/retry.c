/* SPDX-License-Identifier: MIT */
#include "retry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BACKOFF_FIRST_MS 500.0
#define BACKOFF_MAX_MS   8000.0
#define SERVER_MAX_MS    120000.0 /* a longer wait that a server asks for counts as none */

#define CONNECT_S 5
#define STALL_S   10
#define TOTAL_S   30

CkRetryLimits ck_retry_limits(guint patience)
{
    return (CkRetryLimits){
        .connect = CONNECT_S,
        .stall = MAX(STALL_S, patience / 3),
        .total = MAX(TOTAL_S, patience),
    };
}

static gboolean worth_retrying(const CkAttempt *attempt)
{
    if (attempt->out_of_quota)
        return FALSE;
    if (g_strcmp0(attempt->should_retry, "true") == 0)
        return TRUE;
    if (g_strcmp0(attempt->should_retry, "false") == 0)
        return FALSE;
    return attempt->status == 0 || attempt->status == 408 || attempt->status == 409 ||
           attempt->status == 429 || attempt->status >= 500;
}

/* A decimal number and nothing else, such as 1.5; FALSE for anything else. */
static gboolean parse_number(const char *text, double *number)
{
    if (!text || !g_ascii_isdigit(*text) || text[strspn(text, "0123456789.")] != '\0')
        return FALSE;
    char *end;
    *number = g_ascii_strtod(text, &end);
    return *end == '\0';
}

/* An IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7); 0 for anything else. */
static gint64 parse_date(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4], zone[4];
    int day, year, hour, minute, second, size = 0;
    if (sscanf(text, "%*3s, %2d %3s %4d %2d:%2d:%2d %3s%n", &day, month, &year, &hour, &minute,
               &second, zone, &size) != 7 ||
        strcmp(zone, "GMT") != 0 || text[size] != '\0')
        return 0;
    const char *found = strstr(months, month);
    if (!found || strlen(month) != 3 || (found - months) % 3 != 0)
        return 0;
    g_autoptr(GDateTime) date =
        g_date_time_new_utc(year, (int)(found - months) / 3 + 1, day, hour, minute, second);
    return date ? g_date_time_to_unix(date) : 0;
}

/* What the server asks for, in milliseconds; negative if it asks for nothing usable. */
static double asked_for(const CkAttempt *attempt, gint64 now)
{
    double number;
    if (parse_number(attempt->retry_after_ms, &number))
        return number;
    if (parse_number(attempt->retry_after, &number))
        return number * 1000;
    gint64 date = attempt->retry_after ? parse_date(attempt->retry_after) : 0;
    return date ? (double)MAX(date - now, 0) * 1000 : -1;
}

gint64 ck_retry_wait(const CkAttempt *attempt, guint retries, gint64 now, double jitter)
{
    double wait = asked_for(attempt, now);
    if (wait < 0 || wait > SERVER_MAX_MS)
        wait =
            fmin(ldexp(BACKOFF_FIRST_MS, (int)MIN(retries, 10)), BACKOFF_MAX_MS) * (1 - jitter / 4);
    return (gint64)ceil(wait);
}

gboolean ck_retry_again(const CkAttempt *attempt, guint retries, gint64 wait, gint64 left)
{
    return retries < CK_RETRY_MAX && worth_retrying(attempt) && wait <= left;
}

gboolean ck_retry_pauses(const CkAttempt *attempt)
{
    return attempt->status == 429 && !attempt->out_of_quota;
}
