/* SPDX-License-Identifier: MIT */
/*
 * Lines: status, retries, now, left, then the headers retry-after-ms, retry-after, x-should-retry.
 * Of a header, an empty line is one that is missing or has no value.
 */
#include "fuzz.h"

#include "retry.h"

#define YEAR_10000 253402300800 /* seconds since 1970 */
#define LONGEST    120000       /* ms; the longest wait that a server can ask for */

static gint64 number(const char *line, gint64 min, gint64 max)
{
    return CLAMP(g_ascii_strtoll(line, NULL, 10), min, max);
}

static const char *header(const char *line)
{
    return *line ? line : NULL;
}

/* How long is waited for the next attempt, -1 where there is none. */
static gint64 delay(const CkAttempt *attempt, guint retries, gint64 now, double jitter, gint64 left)
{
    gint64 wait = ck_retry_wait(attempt, retries, now, jitter);
    g_assert_cmpint(wait, >=, 0);
    g_assert_cmpint(wait, <=, LONGEST);
    return ck_retry_again(attempt, retries, wait, left) ? wait : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(GStrv) lines = fuzz_fields(data, size, '\n', 7);
    int status = (int)number(lines[0], 0, 999);
    guint retries = (guint)number(lines[1], 0, G_MAXUINT);
    gint64 now = number(lines[2], 0, YEAR_10000);
    gint64 left = number(lines[3], G_MININT64, G_MAXINT64);
    CkAttempt attempt = {status, FALSE, header(lines[4]), header(lines[5]), header(lines[6])};
    CkAttempt empty = {status, FALSE, lines[4], lines[5], lines[6]};
    CkAttempt silent = {.status = status, .should_retry = attempt.should_retry};

    gint64 latest = delay(&attempt, retries, now, 0, left);
    gint64 soonest = delay(&attempt, retries, now, 1, left);
    gint64 at_all = delay(&attempt, retries, now, 0, LONGEST);

    /* A wait that fits, or none. */
    g_assert_cmpint(latest, >=, -1);
    g_assert_cmpint(latest, <=, MAX(left, -1));
    g_assert_cmpint(latest, <=, LONGEST);
    g_assert_true(latest < 0 || latest == at_all);
    g_assert_true(at_all < 0 || at_all > left || latest == at_all);
    /* Jitter takes off a quarter at most, and nothing of what the server asked for. */
    g_assert_true(latest < 0 || (soonest <= latest && soonest * 4 >= latest * 3));
    /* An empty header is none. */
    g_assert_cmpint(delay(&empty, retries, now, 0, left), ==, latest);

    if (retries >= CK_RETRY_MAX || g_strcmp0(attempt.should_retry, "false") == 0)
        g_assert_cmpint(at_all, ==, -1);
    else if (g_strcmp0(attempt.should_retry, "true") == 0 || status >= 500)
        g_assert_cmpint(at_all, >=, 0);
    /* Of a wait, the status and x-should-retry tell only whether there is one. */
    g_assert_cmpint(at_all < 0, ==, delay(&silent, retries, now, 0, LONGEST) < 0);
    return 0;
}
