/* SPDX-License-Identifier: MIT */
#include "walk.h"

#include "listing.h"
#include "names.h"

/* How many readers are told apart. */
#define WALKS 8

typedef enum { LISTED, BACKWARDS, NAMED, N_ORDERS } Order;

/*
 * A reader that was seen in one thread, or in several.
 *
 * path holds threads as they follow one another in the walk's order: some that the reader has
 * passed, the farthest it has come to, and up to window threads after it, which are fetched. Until
 * the second thread there is no order and no window, and path holds the first one alone. Readers
 * with several threads of their own overtake themselves a little: a thread of the path that was
 * passed by is not the begin of another walk.
 */
typedef struct {
    CkWalks *walks;
    gint64 user; /* the row of whose threads are walked through; 0: everybody's */
    Order order;
    guint window;
    guint budget;       /* requests that may still be made before the reader comes to a thread */
    GArray *path;       /* Stop */
    guint farthest;     /* index into path */
    guint asked;        /* the same: the first one whose items nobody has asked for */
    GPtrArray *fetches; /* Fetch, under way */
    CkCause cause;      /* the reader, as it was seen last while there were such */
    guint64 used;       /* when, in visits */
} Walk;

/* A thread of a path. */
typedef struct {
    gint64 row;
    gboolean left; /* its items were asked for, and not all, for want of budget */
} Stop;

/* Fetches the rest of a listing, page after page. */
typedef struct {
    Walk *walk;
    gint64 thread; /* the row of the one whose items they are; 0: the listing of threads */
    CkWant want;
    CkWait *wait;
} Fetch;

struct _CkWalks {
    CkStore *store;
    CkPager *pager;
    const CkConfig *config;
    Walk walks[WALKS];
    guint under_way; /* fetches of all walks */
    guint64 visits;
};

static void fetch_free(gpointer data)
{
    Fetch *fetch = data;
    fetch->walk->walks->under_way--;
    g_clear_pointer(&fetch->wait, ck_pager_cancel);
    ck_want_clear(&fetch->want);
    g_free(fetch);
}

/* The reader is taken for gone: no more is asked for. */
static void stop(Walk *walk)
{
    walk->window = walk->budget = 0;
    g_ptr_array_set_size(walk->fetches, 0);
    g_array_set_size(walk->path, MIN(walk->path->len, walk->farthest + 1));
    walk->asked = walk->path->len;
}

/* Fetching */

static gboolean is_read(Walk *walk, const CkWant *want)
{
    g_auto(CkListingState) state = {0};
    return !ck_listing_state(walk->walks->store, want, &state, NULL) || state.complete;
}

/* A user's threads are all known where all threads are. */
static gboolean is_complete(Walk *walk, const CkWant *want)
{
    const CkWant all = ck_want_threads_of(NULL, walk->walks->config);
    return is_read(walk, want) || (want->kind != CK_WANT_ITEMS && is_read(walk, &all));
}

static Stop *stop_at(const Walk *walk, guint index)
{
    return &g_array_index(walk->path, Stop, index);
}

/* The thread's index in the path, G_MAXUINT where it is not on it. */
static guint index_of(const Walk *walk, gint64 thread)
{
    for (guint i = 0; i < walk->path->len; i++)
        if (stop_at(walk, i)->row == thread)
            return i;
    return G_MAXUINT;
}

static void go_on(Fetch *fetch);

static void on_page(const GError *error, gpointer data);

/* Asks for the next page; FALSE where there is none, or enough has been asked for. */
static gboolean ask(Fetch *fetch)
{
    Walk *walk = fetch->walk;
    if (walk->budget == 0 || is_complete(walk, &fetch->want))
        return FALSE;
    walk->budget--;
    fetch->wait = ck_pager_wait(walk->walks->pager, &fetch->want, on_page, fetch);
    return TRUE;
}

static void on_page(const GError *error, gpointer data)
{
    Fetch *fetch = data;
    Walk *walk = fetch->walk;
    fetch->wait = NULL;
    if (error) { /* the pager has reported it; whoever reads on asks again */
        stop(walk);
        return;
    }
    CkCauses *causes = ck_pager_causes(walk->walks->pager);
    CkCause before = ck_causes_swap(causes, walk->cause);
    go_on(fetch);
    ck_causes_swap(causes, before);
}

static void extend(Walk *walk);

/* A page has come: asks for what comes next. */
static void go_on(Fetch *fetch)
{
    Walk *walk = fetch->walk;
    guint index = index_of(walk, fetch->thread);
    /* Of the threads' pages only those that the path comes to. */
    if (fetch->thread == 0 || !ask(fetch)) {
        if (index != G_MAXUINT)
            stop_at(walk, index)->left = !is_complete(walk, &fetch->want);
        g_ptr_array_remove_fast(walk->fetches, fetch);
    }
    extend(walk);
}

static gboolean is_under_way(const Walk *walk, gint64 thread)
{
    for (guint i = 0; i < walk->fetches->len; i++)
        if (((const Fetch *)g_ptr_array_index(walk->fetches, i))->thread == thread)
            return TRUE;
    return FALSE;
}

static void fetch(Walk *walk, gint64 thread, const CkWant *want)
{
    if (is_under_way(walk, thread))
        return;
    Fetch *fetch = g_new0(Fetch, 1);
    fetch->walk = walk;
    fetch->thread = thread;
    fetch->want = ck_want_copy(want);
    walk->walks->under_way++;
    if (ask(fetch))
        g_ptr_array_add(walk->fetches, fetch);
    else
        fetch_free(fetch);
}

/* The path */

/* The listing that brings the threads of the path. */
static gboolean listing_of(Walk *walk, CkWant *listing)
{
    g_auto(CkUserRow) user = {0};
    if (walk->user && ck_store_user(walk->walks->store, walk->user, &user, NULL) != CK_FOUND)
        return FALSE;
    const CkWant threads = ck_want_threads_of(user.id, walk->walks->config);
    *listing = ck_want_copy(&threads);
    return TRUE;
}

static gboolean is_listed(Walk *walk)
{
    g_auto(CkWant) threads = {0};
    return listing_of(walk, &threads) && is_complete(walk, &threads);
}

/* The thread that follows another one in an order. What comes after the gap of a listing does not
 * follow what comes before it. */
static CkFound next_in(Walk *walk, Order order, const CkThreadRow *thread, CkThreadRow *next)
{
    CkStore *store = walk->walks->store;
    switch (order) {
    case LISTED: {
        guint64 before =
            thread->place < CK_BACK_PLACE && !is_listed(walk) ? CK_BACK_PLACE : G_MAXINT64;
        return ck_store_next_thread(store, walk->user, thread->place, before, next, NULL);
    }
    case BACKWARDS:
        return ck_store_previous_thread(store, walk->user, thread->place, next, NULL);
    case NAMED:
        return walk->user ? CK_ABSENT : ck_store_next_named(store, thread->name, next, NULL);
    default:
        return CK_ABSENT;
    }
}

static void fetch_listing(Walk *walk)
{
    g_auto(CkWant) threads = {0};
    if (listing_of(walk, &threads))
        fetch(walk, 0, &threads);
}

static gboolean may_ask(const Walk *walk)
{
    return walk->budget > 0 && walk->walks->under_way < walk->walks->config->concurrency;
}

static void append(Walk *walk, gint64 thread)
{
    const Stop stop = {.row = thread};
    g_array_append_val(walk->path, stop);
}

/* Adds the thread that follows the path to it; FALSE where none is known. */
static gboolean step(Walk *walk)
{
    g_auto(CkThreadRow) last = {0};
    g_auto(CkThreadRow) next = {0};
    gint64 row = stop_at(walk, walk->path->len - 1)->row;
    if (ck_store_thread(walk->walks->store, row, &last, NULL) != CK_FOUND ||
        next_in(walk, walk->order, &last, &next) != CK_FOUND)
        return FALSE;
    append(walk, next.row);
    return TRUE;
}

static void fetch_items(Walk *walk, Stop *stop)
{
    g_auto(CkThreadRow) thread = {0};
    stop->left = FALSE;
    if (ck_store_thread(walk->walks->store, stop->row, &thread, NULL) != CK_FOUND)
        return;
    const CkWant items = {CK_WANT_ITEMS, thread.id};
    if (ck_name_is_id(thread.id))
        fetch(walk, stop->row, &items);
}

/* Fetches what the window still lacks: what the reader comes to first, first. */
static void extend(Walk *walk)
{
    gboolean full;
    while (!(full = walk->path->len - 1 - walk->farthest >= walk->window) && step(walk))
        ;
    for (guint i = walk->farthest + 1; i < walk->path->len && may_ask(walk); i++) {
        if (i >= walk->asked || stop_at(walk, i)->left)
            fetch_items(walk, stop_at(walk, i));
        walk->asked = MAX(walk->asked, i + 1);
    }
    if (!full && walk->order == LISTED && may_ask(walk))
        fetch_listing(walk);
}

/* Readers */

/* Somebody who was in one thread until now has come to one of its neighbours. */
static gboolean has_begun(Walk *walk, const CkThreadRow *thread)
{
    g_auto(CkThreadRow) first = {0};
    if (walk->path->len == 0 || walk->window > 0 ||
        ck_store_thread(walk->walks->store, stop_at(walk, walk->farthest)->row, &first, NULL) !=
            CK_FOUND)
        return FALSE;
    for (Order order = LISTED; order < N_ORDERS; order++) {
        g_auto(CkThreadRow) next = {0};
        if (next_in(walk, order, &first, &next) != CK_FOUND || next.row != thread->row)
            continue;
        walk->order = order;
        walk->window = 1;
        append(walk, thread->row);
        return TRUE;
    }
    return FALSE;
}

/* The reader has come to the thread at that index of the path. */
static void advance(Walk *walk, guint index)
{
    guint most = walk->walks->config->concurrency;
    if (index <= walk->farthest)
        return;
    walk->farthest = index;
    walk->window = MIN(walk->window * 2, most);
    walk->budget = walk->window;
    if (walk->farthest > most) {
        guint passed = walk->farthest - most;
        g_array_remove_range(walk->path, 0, passed);
        walk->farthest -= passed;
        walk->asked -= MIN(walk->asked, passed);
    }
    walk->asked = MAX(walk->asked, walk->farthest + 1);
    extend(walk);
    if (walk->fetches->len > 0) /* else nothing is asked for later */
        walk->cause = ck_causes_current(ck_pager_causes(walk->walks->pager));
}

static void begin(Walk *walk, gint64 user, gint64 thread)
{
    stop(walk);
    walk->user = user;
    walk->farthest = 0;
    walk->asked = 1;
    g_array_set_size(walk->path, 0);
    append(walk, thread);
}

/* The walk that the thread belongs to, else one that nobody has gone on with for the longest time,
 * begun anew. */
static Walk *find(CkWalks *walks, const CkThreadRow *thread, gint64 user)
{
    Walk *oldest = &walks->walks[0];
    for (guint i = 0; i < WALKS; i++) {
        Walk *walk = &walks->walks[i];
        if (walk->user == user && index_of(walk, thread->row) != G_MAXUINT)
            return walk;
    }
    for (guint i = 0; i < WALKS; i++) {
        Walk *walk = &walks->walks[i];
        if (walk->user == user && has_begun(walk, thread))
            return walk;
        if (walk->used < oldest->used)
            oldest = walk;
    }
    begin(oldest, user, thread->row);
    return oldest;
}

void ck_walks_visit(CkWalks *walks, gint64 thread)
{
    g_auto(CkThreadRow) row = {0};
    /* One that was looked up and not listed has no neighbours. */
    if (thread == 0 || ck_store_thread(walks->store, thread, &row, NULL) != CK_FOUND ||
        row.place == 0)
        return;
    Walk *walk = find(walks, &row, walks->config->group_by_user ? row.user : 0);
    walk->used = ++walks->visits;
    advance(walk, index_of(walk, thread));
}

CkWalks *ck_walks_new(CkStore *store, CkPager *pager, const CkConfig *config)
{
    CkWalks *walks = g_new0(CkWalks, 1);
    walks->store = store;
    walks->pager = pager;
    walks->config = config;
    for (guint i = 0; i < WALKS; i++) {
        walks->walks[i].walks = walks;
        walks->walks[i].path = g_array_new(FALSE, FALSE, sizeof(Stop));
        walks->walks[i].fetches = g_ptr_array_new_with_free_func(fetch_free);
    }
    return walks;
}

void ck_walks_free(CkWalks *walks)
{
    for (guint i = 0; i < WALKS; i++) {
        g_ptr_array_unref(walks->walks[i].fetches);
        g_array_unref(walks->walks[i].path);
    }
    g_free(walks);
}
