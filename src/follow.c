/* SPDX-License-Identifier: MIT */
#include "follow.h"

/* How long after it has expired a listing is asked for by somebody who polls each second, at most;
 * in microseconds. */
#define LATE (3 * G_USEC_PER_SEC)

/* Who is followed: those beyond that many have to wait for their questions. */
#define FOLLOWED_MAX 256

/* Longer times are none: nobody follows for so long without another question. */
#define SECONDS_MAX 86400

typedef struct {
    CkFollow *follow;
    CkWant listing;
    gint64 asked_at; /* monotonic time */
    guint times;     /* that it was asked for, each about a ttl after the one before */
    GSource *timer;  /* until it expires */
} Followed;

struct _CkFollow {
    GMainContext *context;
    const CkConfig *config;
    void (*due)(const CkWant *listing, gpointer data);
    gpointer data;
    GHashTable *followed; /* key → Followed */
};

static void stop_timer(Followed *followed)
{
    if (followed->timer)
        g_source_destroy(followed->timer);
    g_clear_pointer(&followed->timer, g_source_unref);
}

static void followed_free(gpointer data)
{
    Followed *followed = data;
    stop_timer(followed);
    ck_want_clear(&followed->listing);
    g_free(followed);
}

CkFollow *ck_follow_new(GMainContext *context, const CkConfig *config,
                        void (*due)(const CkWant *listing, gpointer data), gpointer data)
{
    CkFollow *follow = g_new(CkFollow, 1);
    *follow = (CkFollow){context, config, due, data,
                         g_hash_table_new_full(g_str_hash, g_str_equal, g_free, followed_free)};
    return follow;
}

void ck_follow_free(CkFollow *follow)
{
    g_hash_table_unref(follow->followed);
    g_free(follow);
}

static gint64 ttl(const CkFollow *follow)
{
    return (gint64)follow->config->ttl * G_USEC_PER_SEC;
}

/* Those who have not asked for a long time are forgotten. */
static gboolean is_over(gpointer key, gpointer value, gpointer data)
{
    const Followed *followed = value;
    (void)key;
    return *(const gint64 *)data - followed->asked_at > 2 * ttl(followed->follow) + LATE;
}

void ck_follow_asked(CkFollow *follow, const CkWant *listing)
{
    gint64 now = g_get_monotonic_time();
    g_autofree char *key = ck_want_key(listing);
    Followed *followed = g_hash_table_lookup(follow->followed, key);
    if (follow->config->ttl == 0 || follow->config->ttl == CK_NEVER)
        return;
    if (!followed) {
        if (g_hash_table_size(follow->followed) >= FOLLOWED_MAX)
            g_hash_table_foreach_remove(follow->followed, is_over, &now);
        if (g_hash_table_size(follow->followed) >= FOLLOWED_MAX)
            return;
        followed = g_new0(Followed, 1);
        followed->follow = follow;
        followed->listing = ck_want_copy(listing);
        g_hash_table_insert(follow->followed, g_steal_pointer(&key), followed);
    } else if (now - followed->asked_at < ttl(follow) / 2) {
        return; /* a part of the same question */
    } else if (is_over(NULL, followed, &now)) {
        followed->times = 0;
    }
    followed->asked_at = now;
    followed->times++;
}

static gboolean on_expired(gpointer data)
{
    Followed *followed = data;
    gint64 now = g_get_monotonic_time();
    g_clear_pointer(&followed->timer, g_source_unref);
    if (now - followed->asked_at > ttl(followed->follow) + LATE)
        followed->times = 0;
    else
        followed->follow->due(&followed->listing, followed->follow->data);
    return G_SOURCE_REMOVE;
}

void ck_follow_checked(CkFollow *follow, const CkWant *listing)
{
    g_autofree char *key = ck_want_key(listing);
    Followed *followed = g_hash_table_lookup(follow->followed, key);
    if (!followed || followed->times < 2)
        return;
    stop_timer(followed);
    followed->timer = g_timeout_source_new(MIN(follow->config->ttl, SECONDS_MAX) * 1000);
    g_source_set_callback(followed->timer, on_expired, followed, NULL);
    g_source_attach(followed->timer, follow->context);
}
