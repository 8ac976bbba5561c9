/* SPDX-License-Identifier: MIT */
#include "removals.h"

/* Folders and files are told by their nodes, processes by their numbers. */
#define FOLDER 16
#define OTHER  32
#define FILE_1 17
#define FILE_2 18

typedef struct {
    GMainContext *context;
    CkRemovals *removals;
} Fixture;

/* Those above it have ended. */
#define LAST_ALIVE 1000

static gboolean is_alive(guint64 process)
{
    return process <= LAST_ALIVE;
}

static Fixture *fixture_new(void)
{
    Fixture *f = g_new(Fixture, 1);
    f->context = g_main_context_new();
    f->removals = ck_removals_new(f->context, is_alive);
    return f;
}

static void fixture_free(Fixture *f)
{
    ck_removals_free(f->removals);
    g_main_context_unref(f->context);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static void test_who_has_the_folder_open_unlinks(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_assert_false(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    guint64 handle = ck_removals_open(f->removals, FOLDER, 1);
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 1, FILE_2));
    ck_removals_rmdir(f->removals, FOLDER);
    ck_removals_close(f->removals, handle);
    g_assert_false(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
}

static void test_others_do_not(void)
{
    g_autoptr(Fixture) f = fixture_new();
    ck_removals_open(f->removals, FOLDER, 1);
    g_assert_false(ck_removals_unlink(f->removals, FOLDER, 2, FILE_1));
    g_assert_false(ck_removals_unlink(f->removals, OTHER, 1, FILE_1));
}

/* All processes of which nothing is known would be one. */
static void test_nor_does_one_that_is_unknown(void)
{
    g_autoptr(Fixture) f = fixture_new();
    ck_removals_open(f->removals, FOLDER, 0);
    g_assert_false(ck_removals_unlink(f->removals, FOLDER, 0, FILE_1));
}

static void test_a_file_is_unlinked_once(void)
{
    g_autoptr(Fixture) f = fixture_new();
    guint64 handle = ck_removals_open(f->removals, FOLDER, 1);
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    g_assert_false(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    ck_removals_close(f->removals, handle);
    ck_removals_open(f->removals, FOLDER, 1);
    g_assert_false(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 1, FILE_2));
    /* But again where the folder was removed, and by somebody else. */
    ck_removals_rmdir(f->removals, FOLDER);
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    ck_removals_open(f->removals, FOLDER, 2);
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 2, FILE_1));
}

static void test_and_again_in_another_attempt(void)
{
    g_autoptr(Fixture) f = fixture_new();
    guint64 handle = ck_removals_open(f->removals, FOLDER, 1);
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    ck_removals_refused(f->removals, FOLDER, 1);
    ck_removals_refused(f->removals, FOLDER, 2); /* which has begun nothing */
    g_assert_false(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    ck_removals_close(f->removals, handle);
    g_assert_true(ck_removals_has_unlinked(f->removals, FOLDER, 1, FILE_1));
    ck_removals_open(f->removals, FOLDER, 1);
    g_assert_true(ck_removals_has_begun(f->removals, FOLDER, 1));
    g_assert_false(ck_removals_has_unlinked(f->removals, FOLDER, 1, FILE_1));
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    g_assert_false(g_main_context_pending(f->context));
}

/* It may still think that it removes the folder. */
static void test_who_is_refused_a_file_has_begun_as_well(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_assert_false(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    g_assert_true(ck_removals_has_begun(f->removals, FOLDER, 1));
    g_assert_false(ck_removals_has_unlinked(f->removals, FOLDER, 1, FILE_1));
    g_assert_false(ck_removals_has_begun(f->removals, FOLDER, 2));
}

static void test_what_one_begins_is_not_the_others(void)
{
    g_autoptr(Fixture) f = fixture_new();
    for (guint64 process = 1; process <= 2; process++)
        ck_removals_open(f->removals, FOLDER, process);
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 2, FILE_2));
    g_assert_true(ck_removals_has_begun(f->removals, FOLDER, 1));
    g_assert_true(ck_removals_has_unlinked(f->removals, FOLDER, 1, FILE_1));
    g_assert_true(ck_removals_has_unlinked(f->removals, FOLDER, 1, FILE_2)); /* side by side */
    ck_removals_refused(f->removals, FOLDER, 2);
    g_assert_false(ck_removals_has_unlinked(f->removals, FOLDER, 1, FILE_2));
    g_assert_true(ck_removals_has_unlinked(f->removals, FOLDER, 2, FILE_2));
    ck_removals_rmdir(f->removals, FOLDER);
    g_assert_false(ck_removals_has_begun(f->removals, FOLDER, 1));
    g_assert_false(ck_removals_has_begun(f->removals, FOLDER, 2));
}

/* As many processes as there may ever be would begin something and end. */
static void test_those_who_have_ended_are_forgotten(void)
{
    g_autoptr(Fixture) f = fixture_new();
    const guint64 gone = LAST_ALIVE + 1;
    ck_removals_unlink(f->removals, FOLDER, 1, FILE_1);
    ck_removals_unlink(f->removals, FOLDER, gone, FILE_1);
    for (guint64 i = 0; i < 1000; i++)
        ck_removals_unlink(f->removals, OTHER, gone + i, FILE_1);
    g_assert_true(ck_removals_has_begun(f->removals, FOLDER, 1));
    g_assert_false(ck_removals_has_begun(f->removals, FOLDER, gone));
}

static void test_a_folder_is_open_until_it_is_closed_as_often(void)
{
    g_autoptr(Fixture) f = fixture_new();
    guint64 one = ck_removals_open(f->removals, FOLDER, 1);
    guint64 two = ck_removals_open(f->removals, FOLDER, 1);
    g_assert_cmpuint(one, !=, two);
    ck_removals_close(f->removals, one);
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    ck_removals_close(f->removals, two);
    g_assert_false(ck_removals_unlink(f->removals, FOLDER, 1, FILE_2));
}

static void test_a_removal_goes_from_the_first_file_to_rmdir(void)
{
    g_autoptr(Fixture) f = fixture_new();
    ck_removals_open(f->removals, FOLDER, 1);
    g_assert_false(ck_removals_has_begun(f->removals, FOLDER, 1));
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    g_assert_true(ck_removals_has_begun(f->removals, FOLDER, 1));
    g_assert_true(ck_removals_has_unlinked(f->removals, FOLDER, 1, FILE_1));
    g_assert_false(ck_removals_has_unlinked(f->removals, FOLDER, 1, FILE_2));
    g_assert_false(ck_removals_has_unlinked(f->removals, OTHER, 1, FILE_1));
    g_assert_false(ck_removals_has_begun(f->removals, FOLDER, 2));
    g_assert_false(ck_removals_has_begun(f->removals, OTHER, 1));
    ck_removals_rmdir(f->removals, FOLDER);
    g_assert_false(ck_removals_has_begun(f->removals, FOLDER, 1));
}

static void count_message(const char *domain, GLogLevelFlags level, const char *message,
                          gpointer data)
{
    (void)domain;
    (void)level;
    g_assert_nonnull(strstr(message, "files were to be removed, and are still there (1 of them)"));
    ++*(guint *)data;
}

/* Where the folder is opened again, or removed, nothing is said. */
static void test_what_stays_is_said(void)
{
    g_autoptr(Fixture) f = fixture_new();
    guint messages = 0;
    guint handler = g_log_set_handler(G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, count_message, &messages);
    guint64 removed = ck_removals_open(f->removals, OTHER, 1);
    g_assert_true(ck_removals_unlink(f->removals, OTHER, 1, FILE_1));
    ck_removals_close(f->removals, removed);
    guint64 first = ck_removals_open(f->removals, FOLDER, 1);
    g_assert_true(ck_removals_unlink(f->removals, FOLDER, 1, FILE_1));
    ck_removals_close(f->removals, first);
    guint64 second = ck_removals_open(f->removals, FOLDER, 1);
    ck_removals_close(f->removals, second);
    ck_removals_rmdir(f->removals, OTHER);
    while (messages == 0)
        g_main_context_iteration(f->context, TRUE);
    g_assert_false(g_main_context_pending(f->context));
    g_assert_cmpuint(messages, ==, 1);
    /* Whoever takes his time before the rmdir has named the file all the same. */
    g_assert_true(ck_removals_has_begun(f->removals, FOLDER, 1));
    g_assert_true(ck_removals_has_unlinked(f->removals, FOLDER, 1, FILE_1));
    ck_removals_open(f->removals, FOLDER, 1);
    g_assert_true(ck_removals_has_begun(f->removals, FOLDER, 1));
    g_assert_false(ck_removals_has_unlinked(f->removals, FOLDER, 1, FILE_1));
    g_log_remove_handler(G_LOG_DOMAIN, handler);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/removals/open", test_who_has_the_folder_open_unlinks);
    g_test_add_func("/removals/others", test_others_do_not);
    g_test_add_func("/removals/unknown", test_nor_does_one_that_is_unknown);
    g_test_add_func("/removals/once", test_a_file_is_unlinked_once);
    g_test_add_func("/removals/again", test_and_again_in_another_attempt);
    g_test_add_func("/removals/refused", test_who_is_refused_a_file_has_begun_as_well);
    g_test_add_func("/removals/of-each", test_what_one_begins_is_not_the_others);
    g_test_add_func("/removals/ended", test_those_who_have_ended_are_forgotten);
    g_test_add_func("/removals/twice-open", test_a_folder_is_open_until_it_is_closed_as_often);
    g_test_add_func("/removals/begun", test_a_removal_goes_from_the_first_file_to_rmdir);
    g_test_add_func("/removals/said", test_what_stays_is_said);
    return g_test_run();
}
