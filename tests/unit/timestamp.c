/* SPDX-License-Identifier: MIT */
#include "timestamp.h"

#define NOW 1782898200 /* 2026-07-01T09:30:00Z */

#define DAY 86400

#define LAST G_GINT64_CONSTANT(253402300799) /* of the year 9999 */

typedef struct {
    const char *text;
    gint64 seconds;
} Case;

/* In the log of a failure: which case it was. */
static void say(const char *text)
{
    g_autofree char *line = g_strescape(text, NULL);
    g_test_message("%s", line);
}

static void assert_parsed(const char *text, gint64 now, gboolean end, gint64 expected)
{
    gint64 seconds = -4711;
    say(text);
    g_assert_true(ck_timestamp_parse(text, now, end, &seconds));
    g_assert_cmpint(seconds, ==, expected);
}

/* The same whether or not it is the end of a span. */
static void assert_points(const Case *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        assert_parsed(cases[i].text, NOW, FALSE, cases[i].seconds);
        assert_parsed(cases[i].text, NOW, TRUE, cases[i].seconds);
    }
}

static void assert_refused(const char *const *texts, gsize count)
{
    for (gsize i = 0; i < count * 2; i++) {
        gint64 seconds = -4711;
        say(texts[i / 2]);
        g_assert_false(ck_timestamp_parse(texts[i / 2], NOW, i % 2, &seconds));
    }
}

/* Dates */

static void a_date_is_its_first_second_or_as_an_end_its_last(void)
{
    static const Case cases[] = {
        {"2026-07-01", 1782864000}, {"2024-02-29", 1709164800}, {"2000-02-29", 951782400},
        {"1970-01-01", 0},          {"1970-01-02", DAY},        {"9999-12-31", LAST - DAY + 1},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_parsed(cases[i].text, NOW, FALSE, cases[i].seconds);
        assert_parsed(cases[i].text, NOW, TRUE, cases[i].seconds + DAY - 1);
    }
}

static void a_day_that_never_was_is_none(void)
{
    static const char *const texts[] = {
        "2026-02-29", "2026-02-30", "2100-02-29", "1900-02-29",
        "2026-04-31", "2026-06-31", "2026-07-32", "2026-07-00",
        "2026-00-01", "2026-13-01", "0000-01-01", "2026-02-30T09:30:00Z",
    };
    assert_refused(texts, G_N_ELEMENTS(texts));
}

static void what_was_before_1970_is_none(void)
{
    static const char *const texts[] = {"1969-12-31", "1969-12-31T23:59:59Z",
                                        "1970-01-01T00:00:00+01:00", "1066-10-14", "0001-01-01"};
    assert_refused(texts, G_N_ELEMENTS(texts));
}

static void a_date_has_four_two_and_two_digits_and_dashes(void)
{
    static const char *const texts[] = {
        "2026-7-1",
        "26-07-01",
        "02026-07-01",
        "2026-07-1",
        "2026-07-011",
        "2026-07",
        "2026-07-",
        "2026-07-0x",
        "2026/07/01",
        "2026.07.01",
        "2026-07/01",
        "01.07.2026",
        "2026-W27",
        "2026-W27-3",
        "2026W273",
        "2026-182",
        "+2026-07-01",
        "-2026-07-01",
        "2026-0a-01",
        "2026-07-01 ",
        " 2026-07-01",
        "2026-07-01\n",
        "2026-07-01Z",
        "2026-07-01+02:00",
        "2026-07-01T",
        "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa6-\xd9\xa0\xd9\xa7-\xd9\xa0\xd9\xa1", /* Arabic digits */
    };
    assert_refused(texts, G_N_ELEMENTS(texts));
}

/* Times */

static void a_time_without_a_zone_is_in_utc(void)
{
    static const Case cases[] = {
        {"2026-07-01T09:30:15", 1782898215}, {"2026-07-01T09:30:15Z", 1782898215},
        {"2026-07-01 09:30:15", 1782898215}, {"2026-07-01 09:30:15Z", 1782898215},
        {"2026-07-01T00:00:00", 1782864000}, {"2026-12-31T23:59:59", 1798761599},
        {"2024-02-29T00:00:00", 1709164800}, {"9999-12-31T23:59:59Z", LAST},
        {"1970-01-01T00:00:00Z", 0},
    };
    assert_points(cases, G_N_ELEMENTS(cases));
}

static void a_zone_shifts_the_time(void)
{
    static const Case cases[] = {
        {"2026-07-01T09:30:00+02:00", 1782891000}, {"2026-07-01T09:30:00-05:45", 1782918900},
        {"2026-07-01T09:30:00+14:00", 1782847800}, {"2026-07-01T09:30:00+02", 1782891000},
        {"2026-07-01 09:30:00-05", 1782916200},    {"2026-07-01T09:30:00+00:00", 1782898200},
        {"1970-01-01T00:00:00-01:00", 3600},       {"1970-01-01T01:00:00+01:00", 0},
        {"2026-07-01T23:30:00-02:00", 1782955800},
    };
    assert_points(cases, G_N_ELEMENTS(cases));
}

static void seconds_may_be_left_out(void)
{
    static const Case cases[] = {
        {"2026-07-01T09:30", 1782898200},       {"2026-07-01T09:30Z", 1782898200},
        {"2026-07-01 09:30", 1782898200},       {"2026-07-01T09:30+02:00", 1782891000},
        {"2026-07-01T09:30-05:45", 1782918900}, {"2026-07-01T09:30+02", 1782891000},
        {"2026-07-01T00:00", 1782864000},       {"2026-07-01T23:59", 1782950340},
    };
    assert_points(cases, G_N_ELEMENTS(cases));
}

static void fractions_of_a_second_are_taken_off(void)
{
    static const Case cases[] = {
        {"2026-07-01T09:30:15.0", 1782898215},        {"2026-07-01T09:30:15.5Z", 1782898215},
        {"2026-07-01T09:30:15.123456", 1782898215},   {"2026-07-01T09:30:15.999999Z", 1782898215},
        {"2026-07-01T09:30:00.25+02:00", 1782891000},
    };
    assert_points(cases, G_N_ELEMENTS(cases));
}

static void a_time_has_hours_minutes_and_a_zone_that_can_be(void)
{
    static const char *const texts[] = {
        "2026-07-01T09",
        "2026-07-01T9:30",
        "2026-07-01T0930",
        "2026-07-01T09:3",
        "2026-07-01T09:",
        "2026-07-01T09:30:",
        "2026-07-01T09:30:0",
        "2026-07-01T09:30:00.",
        "2026-07-01T09:30:1Z",
        "2026-07-01T24:00",
        "2026-07-01T25:00:00",
        "2026-07-01T09:60",
        "2026-07-01T09:60:00",
        "2026-07-01T09:30:62",
        "2026-07-01T09:30:99Z",
        "2026-07-01T-9:30:00",
        "2026-07-01T+9:30:00",
        "2026-07-01T09:-3:00",
        "2026-07-01T09:3000",
        "2026-07-01  09:30",
        "2026-07-01X09:30",
        "2026-07-01-09:30",
        "2026-07-01T09:30:00 Z",
        "2026-07-01T09:30:00ZZ",
        "2026-07-01T09:30:00UTC",
        "2026-07-01T09:30:00 CEST",
        "2026-07-01T09:30:00+",
        "2026-07-01T09:30+",
        "2026-07-01T09:30:00+2",
        "2026-07-01T09:30:00+02:",
        "2026-07-01T09:30:00+02:60",
        "2026-07-01T09:30:00+25:00",
        "2026-07-01T09:30:00+02:00:00",
        "2026-07-01T09:30 ",
        "2026-07-01T09:30:00 ",
        " 2026-07-01T09:30:00",
        "2026-07-01T09:30:00\n",
        "2026-07-01T09:30:00Z\n",
        "2026-07-01T09:30:00\xff",
        "T09:30",
        "09:30",
        "2026-07-01T09:30:00.5.5",
    };
    assert_refused(texts, G_N_ELEMENTS(texts));
}

/* Ages */

static void an_age_is_that_long_before_now(void)
{
    static const Case cases[] = {
        {"0s", NOW},        {"1s", NOW - 1},         {"90m", NOW - 90 * 60},
        {"24h", NOW - DAY}, {"7d", NOW - 7 * DAY},   {"2w", NOW - 14 * DAY},
        {"0w", NOW},        {"007d", NOW - 7 * DAY},
    };
    assert_points(cases, G_N_ELEMENTS(cases));
    assert_parsed("90s", 100, FALSE, 10);
    assert_parsed("0d", 0, FALSE, 0);
}

/* Long ago is not before 1970, nor does it come around to the future. */
static void an_age_of_more_than_there_was_is_1970(void)
{
    static const Case cases[] = {{"999999999s", NOW - 999999999},
                                 {"999999999m", 0},
                                 {"999999999h", 0},
                                 {"999999999d", 0},
                                 {"999999999w", 0}};
    assert_points(cases, G_N_ELEMENTS(cases));
    assert_parsed("101s", 100, FALSE, 0);
    assert_parsed("100s", 100, FALSE, 0);
}

static void an_age_alone_is_no_other_form_of_time(void)
{
    gint64 seconds;
    g_assert_true(ck_timestamp_parse_age("7d", NOW, &seconds));
    g_assert_cmpint(seconds, ==, NOW - 7 * DAY);
    g_assert_false(ck_timestamp_parse_age("2026-07-01", NOW, &seconds));
    g_assert_false(ck_timestamp_parse_age("100", NOW, &seconds));
}

static void an_age_is_a_number_and_one_letter(void)
{
    static const char *const texts[] = {
        "",
        "d",
        "s",
        "-1d",
        "+1d",
        " 7d",
        "7d ",
        "7 d",
        "7D",
        "7W",
        "7S",
        "7H",
        "7M",
        "7y",
        "7dd",
        "7ds",
        "1h30",
        "1h30m",
        "1.5d",
        "1,5d",
        "0x7d",
        "7d\n",
        "\t7d",
        "--7d",
        "7days",
        "d7",
        "1e3s",
        "P7D",
        "-7d",
        "7\xff",
        "seven",
        "now",
        "today",
        "9999999999s",
        "99999999999999999999d",
        "18446744073709551617s",
    };
    assert_refused(texts, G_N_ELEMENTS(texts));
}

/* Seconds since 1970 */

static void a_number_is_seconds_since_1970(void)
{
    static const Case cases[] = {
        {"0", 0},
        {"7", 7},
        {"1782898200", NOW},
        {"1234567", 1234567},
        {"123456789", 123456789},
        {"007", 7},
        {"253402300799", LAST},
    };
    assert_points(cases, G_N_ELEMENTS(cases));
}

/* 20260701 would be a day of August 1970. */
static void a_number_of_eight_digits_is_refused(void)
{
    static const char *const texts[] = {"20260701", "00000000", "00000007", "99999999"};
    assert_refused(texts, G_N_ELEMENTS(texts));
}

static void a_number_beyond_the_year_9999_is_refused(void)
{
    static const char *const texts[] = {"253402300800", "9223372036854775807",
                                        "9223372036854775808", "18446744073709551616",
                                        "99999999999999999999999999"};
    assert_refused(texts, G_N_ELEMENTS(texts));
}

static void a_number_is_of_digits_alone(void)
{
    static const char *const texts[] = {" 7",    "7 ",    "+7",  "-7",          "-0",
                                        "7.0",   "7,5",   "1e3", "0x7",         "0b1",
                                        "1_000", "1 000", "7\n", "\xef\xbc\x97"};
    assert_refused(texts, G_N_ELEMENTS(texts));
}

static void a_minute_has_60_seconds(void)
{
    static const char *const texts[] = {"2026-07-01T09:30:60", "2026-07-01T09:30:60Z",
                                        "2026-07-01T09:30:61Z"};
    assert_refused(texts, G_N_ELEMENTS(texts));
}

/* Such a fraction is one of a minute (ISO 8601), and none of the forms. */
static void minutes_have_no_fractions(void)
{
    static const char *const texts[] = {"2026-07-01T09:30.5", "2026-07-01T09:30,5",
                                        "2026-07-01T09:30.5Z"};
    assert_refused(texts, G_N_ELEMENTS(texts));
}

/* What comes out can be shown as a date. */
static void a_zone_leads_to_no_time_beyond_the_year_9999(void)
{
    static const char *const texts[] = {"9999-12-31T23:59:59-00:01", "9999-12-31T23:59:59-12:00"};
    assert_refused(texts, G_N_ELEMENTS(texts));
}

#define TEST(name) g_test_add_func("/timestamp/" #name, name)

static void what_is_shown_is_read_back(void)
{
    static const gint64 times[] = {0, NOW, G_GINT64_CONSTANT(2147483648), LAST};
    for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *shown = ck_timestamp_format(times[i]);
        assert_parsed(shown, NOW, FALSE, times[i]);
    }
    g_autofree char *now = ck_timestamp_format(NOW);
    g_assert_cmpstr(now, ==, "2026-07-01T09:30:00Z");
    g_assert_null(ck_timestamp_format(LAST + 1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_date_is_its_first_second_or_as_an_end_its_last);
    TEST(a_day_that_never_was_is_none);
    TEST(what_was_before_1970_is_none);
    TEST(a_date_has_four_two_and_two_digits_and_dashes);
    TEST(a_time_without_a_zone_is_in_utc);
    TEST(a_zone_shifts_the_time);
    TEST(seconds_may_be_left_out);
    TEST(fractions_of_a_second_are_taken_off);
    TEST(a_time_has_hours_minutes_and_a_zone_that_can_be);
    TEST(an_age_is_that_long_before_now);
    TEST(an_age_of_more_than_there_was_is_1970);
    TEST(an_age_alone_is_no_other_form_of_time);
    TEST(an_age_is_a_number_and_one_letter);
    TEST(a_number_is_seconds_since_1970);
    TEST(a_number_of_eight_digits_is_refused);
    TEST(a_number_beyond_the_year_9999_is_refused);
    TEST(a_number_is_of_digits_alone);
    TEST(a_minute_has_60_seconds);
    TEST(minutes_have_no_fractions);
    TEST(a_zone_leads_to_no_time_beyond_the_year_9999);
    TEST(what_is_shown_is_read_back);
    return g_test_run();
}
