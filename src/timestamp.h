/* SPDX-License-Identifier: MIT */
/* Points in time as people give them to options, and as they are shown. */
#pragma once

#include <glib.h>

/* What ck_timestamp_parse() takes, for messages. */
#define CK_TIMESTAMP_FORMS                                                                         \
    "a date or time (2026-07-01, 2026-07-01T09:30:00Z), an age (90m, 24h, 7d, 2w) or seconds "     \
    "since 1970"

/*
 * Sets *seconds since 1970. text is one of
 *
 * - YYYY-MM-DD: the first second of that day in UTC; with end, the last one;
 * - YYYY-MM-DDTHH:MM[:SS[.S…]][Z|±HH[:MM]], of ISO 8601; UTC if it names no zone;
 * - a number followed by s, m, h, d or w: that long before now (seconds since 1970);
 * - a number: seconds since 1970. Not of eight digits: that is a date without dashes.
 *
 * FALSE where it is none of these, or no such time exists.
 */
gboolean ck_timestamp_parse(const char *text, gint64 now, gboolean end, gint64 *seconds);

/* Of an age alone: *seconds since 1970, not before that. */
gboolean ck_timestamp_parse_age(const char *text, gint64 now, gint64 *seconds);

/* In UTC (RFC 3339), to be freed; NULL where such a time can't be written: after the year 9999. */
char *ck_timestamp_format(gint64 seconds);
