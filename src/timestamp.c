/* SPDX-License-Identifier: MIT */
#include "timestamp.h"

#include <string.h>

#define DAY 86400

/* The last second that GDateTime can have, of the year 9999. */
#define LAST G_GINT64_CONSTANT(253402300799)

gboolean ck_timestamp_parse_age(const char *text, gint64 now, gint64 *seconds)
{
    static const struct {
        char unit;
        gint64 seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY}, {'w', 7 * DAY}};
    gsize digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || strlen(text) != digits + 1)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        if (text[digits] == units[i].unit) {
            *seconds = MAX(now - (gint64)g_ascii_strtoull(text, NULL, 10) * units[i].seconds, 0);
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean parse_seconds(const char *text, gint64 *seconds)
{
    guint64 number;
    if (strlen(text) == strlen("YYYYMMDD") ||
        !g_ascii_string_to_unsigned(text, 10, 0, LAST, &number, NULL))
        return FALSE;
    *seconds = (gint64)number;
    return TRUE;
}

static gboolean is_date(const char *text)
{
    static const char form[] = "0000-00-00";
    for (gsize i = 0; i < strlen(form); i++)
        if (form[i] == '0' ? !g_ascii_isdigit(text[i]) : text[i] != form[i])
            return FALSE;
    return TRUE;
}

static gboolean parse_iso(const char *text, gboolean end, gint64 *seconds)
{
    if (!is_date(text))
        return FALSE;
    const char *clock = text + strlen("YYYY-MM-DD");
    if (*clock && (strlen(clock) < strlen("THH:MM") || clock[3] != ':'))
        return FALSE;
    gboolean minutes_only = *clock && strchr("Z+-", clock[6]);
    g_autofree char *whole = minutes_only
                                 ? g_strdup_printf("%.16s:00%s", text, clock + strlen("THH:MM"))
                                 : g_strconcat(text, *clock ? "" : "T00:00:00", NULL);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, utc);
    gint64 found = time ? g_date_time_to_unix(time) : -1;
    /* GLib takes a leap second for the one before it. */
    if (found < 0 || found > LAST || g_str_has_prefix(whole + strlen("YYYY-MM-DDTHH:MM"), ":6"))
        return FALSE;
    *seconds = found + (end && !*clock ? DAY - 1 : 0);
    return TRUE;
}

gboolean ck_timestamp_parse(const char *text, gint64 now, gboolean end, gint64 *seconds)
{
    return ck_timestamp_parse_age(text, now, seconds) || parse_seconds(text, seconds) ||
           parse_iso(text, end, seconds);
}

char *ck_timestamp_format(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
    return time ? g_date_time_format_iso8601(time) : NULL;
}
