/* SPDX-License-Identifier: MIT */
#include "nearest.h"

static const char *const names[] = {"ttl",  "timeout",     "base-url", "until",
                                    "user", "concurrency", NULL};

static void finds_what_was_mistyped(void)
{
    static const struct {
        const char *typed, *meant;
    } cases[] = {
        {"ttl", "ttl"},
        {"ttll", "ttl"},
        {"tl", "ttl"},
        {"tttl", "ttl"},
        {"timeotu", "timeout"},
        {"time-out", "timeout"},
        {"baseurl", "base-url"},
        {"base_url", "base-url"},
        {"unitl", "until"},
        {"users", "user"},
        {"concurency", "concurrency"},
        {"concurrencies", "concurrency"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(ck_nearest(names, cases[i].typed), ==, cases[i].meant);
}

static void finds_nothing_in_what_is_far_from_all(void)
{
    static const char *const typed[] = {"", "x", "api-key", "frobnicate", "t", "url"};
    for (gsize i = 0; i < G_N_ELEMENTS(typed); i++)
        g_assert_null(ck_nearest(names, typed[i]));
}

static void of_several_the_first_is_taken(void)
{
    static const char *const alike[] = {"aaab", "aaac", NULL};
    g_assert_cmpstr(ck_nearest(alike, "aaad"), ==, "aaab");
    g_assert_cmpstr(ck_nearest(alike, "aaac"), ==, "aaac");
}

static void nothing_is_near_to_what_is_endless(void)
{
    g_autofree char *line = g_strnfill(100000, 't');
    const char *const endless[] = {line, "ttl", NULL};
    g_assert_null(ck_nearest(names, line));
    g_assert_cmpstr(ck_nearest(endless, "ttl"), ==, "ttl");
}

#define TEST(name) g_test_add_func("/nearest/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(finds_what_was_mistyped);
    TEST(finds_nothing_in_what_is_far_from_all);
    TEST(of_several_the_first_is_taken);
    TEST(nothing_is_near_to_what_is_endless);
    return g_test_run();
}
