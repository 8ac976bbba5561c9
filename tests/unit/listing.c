/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include "error.h"
#include "stride.h"

/* An account of threads, and a server that lists it. Threads are known by their index, the newest
 * first; several can have the same time. */
typedef struct {
    GArray *times;        /* gint64, descending */
    GHashTable *gone;     /* indexes of threads that were deleted */
    gboolean ties_follow; /* of one second, the lower index first in both orders: as a server may
                             list that sorts by time alone */
    guint page_size;
} Account;

/* A listing under test, and what was asked for it. */
typedef struct {
    CkConfig *config;
    CkStore *store;
    CkListing *listing;
    Account account;
    guint asked[2];
} Fixture;

static Fixture *fixture_new(guint page_size)
{
    Fixture *f = g_new0(Fixture, 1);
    const CkWant threads = {CK_WANT_THREADS, NULL};
    f->config = ck_config_new();
    f->config->page_size = f->account.page_size = page_size;
    f->store = ck_store_new(NULL);
    f->listing = ck_listing_new(f->store, f->config, &threads);
    f->account.times = g_array_new(FALSE, FALSE, sizeof(gint64));
    f->account.gone = g_hash_table_new(NULL, NULL);
    return f;
}

static void fixture_free(Fixture *f)
{
    ck_listing_free(f->listing);
    ck_store_free(f->store);
    ck_config_free(f->config);
    g_array_unref(f->account.times);
    g_hash_table_unref(f->account.gone);
    g_free(f);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* count threads, the newest at time newest, each older by step than the one before. */
static void add_threads(Fixture *f, guint count, gint64 newest, gint64 step)
{
    for (guint i = 0; i < count; i++) {
        gint64 time = newest - i * step;
        g_array_append_val(f->account.times, time);
    }
}

static gint64 time_of(const Account *account, guint index)
{
    return g_array_index(account->times, gint64, index);
}

static gboolean is_gone(const Account *account, guint index)
{
    return g_hash_table_contains(account->gone, GUINT_TO_POINTER(index));
}

/* The indexes of all threads as that end lists them. */
static GArray *order_of(const Account *account, CkEnd end)
{
    GArray *order = g_array_new(FALSE, FALSE, sizeof(guint));
    guint count = account->times->len;
    for (guint i = 0; i < count; i++) {
        guint index = end == CK_FRONT ? i : count - 1 - i;
        g_array_append_val(order, index);
    }
    for (guint from = 0, to; end == CK_BACK && account->ties_follow && from < count; from = to) {
        guint *indexes = &g_array_index(order, guint, from);
        for (to = from; to < count && time_of(account, g_array_index(order, guint, to)) ==
                                          time_of(account, indexes[0]);)
            to++;
        for (guint i = 0; i < (to - from) / 2; i++) {
            guint other = indexes[to - from - 1 - i];
            indexes[to - from - 1 - i] = indexes[i];
            indexes[i] = other;
        }
    }
    return order;
}

/* The page that follows cursor ("t12", or NULL) in the order of that end. */
static CkPage *page_after(const Account *account, CkEnd end, const char *cursor)
{
    g_autoptr(GArray) order = order_of(account, end);
    g_autoptr(GString) body = g_string_new("{\"data\":[");
    guint taken = 0, at = 0;
    gboolean more = FALSE;
    while (cursor && (guint)atoi(cursor + 1) != g_array_index(order, guint, at))
        at++;
    for (at += cursor != NULL; at < order->len && !more; at++) {
        guint index = g_array_index(order, guint, at);
        if (is_gone(account, index))
            continue;
        more = taken == account->page_size;
        if (!more)
            g_string_append_printf(body, "%s{\"id\":\"t%u\",\"created_at\":%" G_GINT64_FORMAT "}",
                                   taken++ ? "," : "", index, time_of(account, index));
    }
    g_string_append_printf(body, "],\"has_more\":%s}", more ? "true" : "false");
    g_autoptr(GBytes) bytes = g_bytes_new(body->str, body->len);
    CkPage *page = ck_prepare_threads(bytes, NULL);
    g_assert_nonnull(page);
    return page;
}

/* What a page at that end is asked for; a copy of the cursor. */
static char *ask(Fixture *f, CkEnd end)
{
    char *cursor = NULL;
    g_assert_true(ck_listing_cursor(f->listing, end, &cursor, NULL));
    f->asked[end]++;
    return cursor;
}

static void take_page(Fixture *f, CkEnd end, const char *cursor)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkPage) page = page_after(&f->account, end, cursor);
    ck_listing_take(f->listing, end, page, &error);
    g_assert_no_error(error);
}

static gboolean is_complete(Fixture *f)
{
    g_auto(CkListingState) state = {0};
    g_assert_true(ck_store_listing(f->store, "threads:", &state, NULL));
    return state.complete;
}

/* One round as the pager does it: the back's first page alone, then both ends side by side, of
 * which either may come first. */
static void take_round(Fixture *f, gboolean back_first)
{
    gboolean takes_back = ck_listing_takes_back(f->listing);
    gboolean first = takes_back && ck_listing_knows_no_back(f->listing);
    g_autofree char *back = takes_back ? ask(f, CK_BACK) : NULL;
    g_autofree char *front = first ? NULL : ask(f, CK_FRONT);
    if (takes_back && back_first)
        take_page(f, CK_BACK, back);
    if (!first)
        take_page(f, CK_FRONT, front);
    if (takes_back && !back_first)
        take_page(f, CK_BACK, back);
}

static void read_to_the_end(Fixture *f)
{
    for (guint i = 0; !is_complete(f); i++) {
        g_assert_cmpuint(i, <, 2 * f->account.times->len + 10);
        take_round(f, i % 3 == 0);
    }
}

/* The indexes of what is listed, in order. */
static GArray *listed(Fixture *f)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint64 after = 0;;) {
        g_auto(CkThreadRow) thread = {0};
        if (ck_store_next_thread(f->store, 0, after, G_MAXINT64, &thread, NULL) != CK_FOUND)
            return found;
        guint index = (guint)atoi(thread.id + 1);
        g_array_append_val(found, index);
        after = thread.place;
    }
}

/* Every thread that was there from the first page to the last is listed, none twice, and (ordered)
 * with descending times. */
static void assert_listed(Fixture *f, gboolean ordered)
{
    g_autoptr(GArray) found = listed(f);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < found->len; i++) {
        guint index = g_array_index(found, guint, i);
        g_assert_true(g_hash_table_add(seen, GUINT_TO_POINTER(index)));
        if (i > 0 && ordered)
            g_assert_cmpint(time_of(&f->account, index), <=,
                            time_of(&f->account, g_array_index(found, guint, i - 1)));
    }
    for (guint index = 0; index < f->account.times->len; index++)
        if (!is_gone(&f->account, index))
            g_assert_true(g_hash_table_contains(seen, GUINT_TO_POINTER(index)));
}

static void assert_all_listed(Fixture *f)
{
    assert_listed(f, TRUE);
}

static guint pages(guint threads, guint page_size)
{
    return (threads + page_size - 1) / page_size;
}

static void short_listings_are_read_from_the_front(void)
{
    for (guint count = 0; count <= 20; count++) {
        g_autoptr(Fixture) f = fixture_new(10);
        add_threads(f, count, 1000, 7);
        read_to_the_end(f);
        assert_all_listed(f);
        g_assert_cmpuint(f->asked[CK_FRONT], ==, MAX(1, pages(count, 10)));
        g_assert_cmpuint(f->asked[CK_BACK], ==, 0);
    }
}

/* With evenly spread threads: one page more than there are where the last ones of both ends would
 * be neighbours or the same one. */
static void long_ones_take_half_as_many_rounds(void)
{
    for (guint count = 21; count <= 250; count += stride()) {
        g_autoptr(Fixture) f = fixture_new(10);
        guint all = pages(count, 10), more = count % 10 == 0 || count % 10 == 9;
        add_threads(f, count, 100000, 7);
        read_to_the_end(f);
        assert_all_listed(f);
        g_assert_cmpuint(f->asked[CK_FRONT] + f->asked[CK_BACK], ==, all + more);
        g_assert_cmpuint(f->asked[CK_FRONT], <=, all / 2 + 3);
    }
}

static void what_is_behind_the_gap_is_not_shown(void)
{
    g_autoptr(Fixture) f = fixture_new(2);
    add_threads(f, 20, 1000, 10);
    for (int i = 0; i < 3; i++)
        take_round(f, FALSE); /* two pages of the front, one of the back */
    guint shown = 0;
    for (guint64 after = 0;;) {
        g_auto(CkThreadRow) thread = {0};
        if (ck_store_next_thread(f->store, 0, after, CK_BACK_PLACE, &thread, NULL) != CK_FOUND)
            break;
        after = thread.place;
        shown++;
    }
    g_assert_cmpuint(f->asked[CK_BACK], ==, 1);
    g_assert_cmpuint(shown, ==, 4);
    read_to_the_end(f);
    assert_all_listed(f);
}

/* A server may say so of a cursor that is gone. */
static void where_nothing_comes_after_the_back_the_front_goes_on_alone(void)
{
    static const char nothing[] = "{\"data\":[],\"has_more\":false}";
    g_autoptr(Fixture) f = fixture_new(2);
    g_autoptr(GBytes) bytes = g_bytes_new_static(nothing, strlen(nothing));
    g_autoptr(CkPage) page = ck_prepare_threads(bytes, NULL);
    add_threads(f, 20, 1000, 10);
    for (int i = 0; i < 3; i++)
        take_round(f, FALSE);
    g_assert_true(ck_listing_takes_back(f->listing));
    g_assert_true(ck_listing_take(f->listing, CK_BACK, page, NULL));
    g_assert_false(is_complete(f));
    g_assert_false(ck_listing_takes_back(f->listing));
    read_to_the_end(f);
    g_assert_cmpuint(f->asked[CK_FRONT], ==, 10);
    assert_all_listed(f);
}

/* Accounts of all kinds: bursts of one second, long pauses, with threads that are deleted while the
 * listing is read, and servers with either order of ties. */
static void none_is_missing_and_none_comes_twice(void)
{
    for (guint seed = 0; seed < 500; seed += stride()) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        guint page_size = (guint)g_rand_int_range(random, 1, 12);
        g_autoptr(Fixture) f = fixture_new(page_size);
        guint count = (guint)g_rand_int_range(random, 0, 150);
        guint ties = (guint)g_rand_int_range(random, 0, 100);
        gint64 time = 1000000;
        f->account.ties_follow = g_rand_boolean(random);
        for (guint i = 0; i < count; i++) {
            gboolean tie = (guint)g_rand_int_range(random, 0, 100) < ties;
            gboolean pause = g_rand_int_range(random, 0, 40) == 0;
            time -= tie ? 0 : g_rand_int_range(random, 1, pause ? 5000 : 20);
            g_array_append_val(f->account.times, time);
        }
        gboolean deletes = g_rand_boolean(random);
        for (guint i = 0; !is_complete(f); i++) {
            g_assert_cmpuint(i, <, 2 * count + 10);
            take_round(f, g_rand_boolean(random));
            if (deletes && count > 0)
                g_hash_table_add(f->account.gone,
                                 GUINT_TO_POINTER(g_rand_int_range(random, 0, (gint)count)));
        }
        assert_all_listed(f);
        /* Never many more pages than the front alone would take, however threads are spread. */
        if (!deletes && ties == 0)
            g_assert_cmpuint(f->asked[CK_FRONT] + f->asked[CK_BACK], <=,
                             MAX(1, pages(count, page_size)) + 2);
    }
}

/* A mount that ends, and the next one that goes on with its store. */
static void begin_another_mount(Fixture *f)
{
    const CkWant threads = {CK_WANT_THREADS, NULL};
    ck_listing_free(f->listing);
    f->listing = ck_listing_new(f->store, f->config, &threads);
}

static void what_another_mount_began_is_read_on_from_the_front(void)
{
    g_autoptr(Fixture) f = fixture_new(2);
    add_threads(f, 40, 1000, 10);
    for (int i = 0; i < 5; i++)
        take_round(f, FALSE);
    g_assert_true(ck_listing_takes_back(f->listing));
    guint back = f->asked[CK_BACK], front = f->asked[CK_FRONT];
    begin_another_mount(f);
    read_to_the_end(f);
    assert_all_listed(f);
    g_assert_cmpuint(f->asked[CK_BACK], ==, back);
    g_assert_cmpuint(f->asked[CK_FRONT], ==, 20);
    g_assert_cmpuint(front, >, 2);
}

static void mounts_may_end_at_any_moment(void)
{
    for (guint seed = 0; seed < 300; seed += stride()) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        guint page_size = (guint)g_rand_int_range(random, 1, 12);
        g_autoptr(Fixture) f = fixture_new(page_size);
        guint count = (guint)g_rand_int_range(random, 0, 150);
        add_threads(f, count, 100000, g_rand_int_range(random, 0, 20));
        for (guint i = 0; !is_complete(f); i++) {
            g_assert_cmpuint(i, <, 2 * count + 10);
            take_round(f, g_rand_boolean(random));
            if (g_rand_int_range(random, 0, 5) == 0)
                begin_another_mount(f);
        }
        assert_all_listed(f);
    }
}

/* Not every server may tell times, or list by them. */
static void times_need_not_be_true(void)
{
    for (guint seed = 0; seed < 200; seed += stride()) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(Fixture) f = fixture_new(5);
        add_threads(f, 60, 10000, 10);
        for (gint i = g_rand_int_range(random, 1, 20); i > 0; i--)
            g_array_index(f->account.times, gint64, g_rand_int_range(random, 0, 60)) =
                g_rand_boolean(random) ? 0 : g_rand_int_range(random, 1, 20000);
        while (!is_complete(f))
            take_round(f, g_rand_boolean(random));
        assert_listed(f, FALSE);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/listing/short", short_listings_are_read_from_the_front);
    g_test_add_func("/listing/long", long_ones_take_half_as_many_rounds);
    g_test_add_func("/listing/gap", what_is_behind_the_gap_is_not_shown);
    g_test_add_func("/listing/empty-back",
                    where_nothing_comes_after_the_back_the_front_goes_on_alone);
    g_test_add_func("/listing/random", none_is_missing_and_none_comes_twice);
    g_test_add_func("/listing/another-mount", what_another_mount_began_is_read_on_from_the_front);
    g_test_add_func("/listing/mounts-end", mounts_may_end_at_any_moment);
    g_test_add_func("/listing/untrue-times", times_need_not_be_true);
    return g_test_run();
}
