/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "error.h"
#include "private_directory.h"
#include "store_file.h"
#include "worker.h"

/* How often it is looked whether the file has grown too large, in seconds; how long it may be made
 * smaller at first; and afterwards, how long the loop has for other things between two parts. */
#define LOOK_SECONDS 60
#define AT_ONCE_MS   1000
#define PAUSE_MS     20

/* A thread that was used within that time, in seconds, keeps its items: somebody may be reading. */
#define IN_USE_SECONDS 600

/* Down to how much of its size it is made smaller. */
#define EVICT_TO 0.9

struct _CkCache {
    GMainContext *context;
    const CkConfig *config;
    CkStore *store;
    char *directory;  /* NULL: it is kept nowhere */
    char *path;       /* of the file; NULL: another mount has it */
    int lock;         /* of the lock file, -1: none */
    CkWorker *worker; /* NULL until the log has grown */
    gboolean at_work; /* bringing the log into the file */
    GSource *look;
    GSource *replacing; /* the file, which is damaged */
    gboolean evicting;
    void (*replaced)(const GError *error, gpointer data); /* or NULL */
    gpointer replaced_data;
};

/* Names */

/* With its length before it, so that no two sequences of texts are the same. */
static void add(GHmac *hmac, const char *text)
{
    guint64 length = GUINT64_TO_BE(text ? strlen(text) : 0);
    g_hmac_update(hmac, (const guchar *)&length, sizeof length);
    g_hmac_update(hmac, (const guchar *)(text ? text : ""), (gssize)GUINT64_FROM_BE(length));
}

char *ck_cache_name(const CkConfig *config)
{
    g_autofree char *url = g_strdup(config->account.base_url.value);
    for (gsize i = strlen(url); i > 0 && url[i - 1] == '/'; i--)
        url[i - 1] = '\0';
    const char *key = ck_key_text(config->key);
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)key, strlen(key));
    add(hmac, url);
    add(hmac, config->account.organization.value);
    add(hmac, config->account.project.value);
    char *name = g_strndup(g_hmac_get_string(hmac), 32);
    g_hmac_unref(hmac);
    return name;
}

/* Files and their permissions */

static gboolean fail_with_errno(GError **error, const char *directory)
{
    return ck_error_invalid(
        error,
        "can't write to the cache directory %s: %s; make it writable and make room there, "
        "or choose another --cache-dir",
        directory, g_strerror(errno));
}

/* Opens a file of ours, made if need be; -1 with the error set. It is never a link. */
static int open_own(const char *directory, const char *path, GError **error)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_uid == geteuid() && status.st_nlink == 1 && fchmod(fd, 0600) == 0)
        return fd;
    if (fd < 0 && errno != ELOOP && errno != EISDIR)
        fail_with_errno(error, directory);
    else
        ck_error_invalid(
            error, "%s is no file of chatkitfs: remove it, or choose another --cache-dir", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

static gboolean make_file(const CkCache *cache, GError **error)
{
    int fd = open_own(cache->directory, cache->path, error);
    if (fd >= 0)
        close(fd); /* before SQLite has it open: closing it would drop SQLite's locks */
    return fd >= 0;
}

/* Of a database, which may hold committed data in any of them. */
static const char *const parts[] = {"-journal", "-wal", "-shm", ""};

static gboolean has_part(const char *path, const char *part)
{
    g_autofree char *file = g_strconcat(path, part, NULL);
    return g_access(file, F_OK) == 0;
}

static void remove_file(const char *path)
{
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *part = g_strconcat(path, parts[i], NULL);
        unlink(part);
    }
}

/* A log alone counts: SQLite would bring it into whatever file gets its name. */
static gboolean has_any_part(const char *path)
{
    gboolean any = FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        any |= has_part(path, parts[i]);
    return any;
}

/* The file itself comes last: a mount that is killed in between leaves the rest to the next one. */
static gboolean move_file(const CkCache *cache, const char *path, const char *to, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *from_part = g_strconcat(path, parts[i], NULL);
        g_autofree char *to_part = g_strconcat(to, parts[i], NULL);
        if (rename(from_part, to_part) != 0 && errno != ENOENT)
            return fail_with_errno(error, cache->directory);
    }
    return TRUE;
}

/* The last damaged one is kept, for whoever wants to know. */
static gboolean move_damaged(const CkCache *cache, const GError *why, GError **error)
{
    g_autofree char *aside = g_strconcat(cache->path, ".damaged", NULL);
    remove_file(aside);
    if (!move_file(cache, cache->path, aside, error))
        return FALSE;
    g_warning("the cache is damaged (%s): it is now %s, and a new one is begun", why->message,
              aside);
    return TRUE;
}

/* Files of other versions: none is ever written to, overwritten or removed. */

/* The file that another version left for the account, to be freed; NULL if there is none, or if
 * this version has begun its own. *version: of the program that made it. The name NAME.sqlite is
 * only 0.1's: it empties a file of that name that it did not make. */
static char *find_other(const char *directory, const char *name, char **version)
{
    g_autofree char *path = g_strdup_printf("%s/%s.db", directory, name);
    g_autofree char *former = g_strdup_printf("%s/%s.sqlite", directory, name);
    if ((*version = ck_store_other_version(path)))
        return g_steal_pointer(&path);
    if (has_part(path, "") || !has_part(former, ""))
        return NULL;
    *version = g_strdup("0.1.0");
    return g_steal_pointer(&former);
}

/* Whether a file can be moved there; also the rest of one, see move_file(). */
static gboolean is_free(const char *path, const char *to)
{
    gboolean taken = has_part(to, "");
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        taken |= has_part(path, parts[i]) && has_part(to, parts[i]);
    return !taken;
}

static gboolean move_other(const CkCache *cache, const char *name, GError **error)
{
    g_autofree char *version = NULL;
    g_autofree char *path = find_other(cache->directory, name, &version);
    if (!path)
        return TRUE;
    g_autofree char *aside = g_strdup_printf("%s.%s", path, version);
    for (guint i = 2; !is_free(path, aside); i++) {
        g_free(aside);
        aside = g_strdup_printf("%s.%s.%u", path, version, i);
    }
    if (!move_file(cache, path, aside, error))
        return FALSE;
    g_message("the cache was made by chatkitfs %s, and this version can't use it: it is kept as "
              "%s, and everything is fetched again",
              version, aside);
    return TRUE;
}

gboolean ck_cache_check(const CkConfig *config, char **other, GError **error)
{
    g_autofree char *name = ck_cache_name(config);
    g_autofree char *version = NULL;
    g_autofree char *real =
        realpath(config->cache_dir, NULL); /* SQLite follows no link on the way */
    g_autofree char *path = real ? find_other(real, name, &version) : NULL;
    *other = path ? g_strdup_printf("%s was made by chatkitfs %s", path, version) : NULL;
    return !path || !config->offline ||
           ck_error_invalid(error,
                            "the cache %s, and this version can't show it: use that version, or "
                            "mount without --offline (or run chatkitfs --sync), which keeps the "
                            "file under another name and fetches everything again",
                            *other);
}

/* How the file was left: "clean SIZE TIME INODE", which vouches for a file that nobody has written
 * to since. It stands in the lock file, and is taken out while the file is in use. */

/* NULL where the file is in use, or is none. */
static char *describe_file(const CkCache *cache)
{
    g_autofree char *wal = g_strconcat(cache->path, "-wal", NULL);
    struct stat status;
    if (g_access(wal, F_OK) == 0 || lstat(cache->path, &status) != 0)
        return NULL;
    return g_strdup_printf("clean %jd %jd.%09ld %ju\n", (intmax_t)status.st_size,
                           (intmax_t)status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                           (uintmax_t)status.st_ino);
}

static gboolean is_as_left(const CkCache *cache)
{
    char left[128] = "";
    g_autofree char *now = describe_file(cache);
    ssize_t size = pread(cache->lock, left, sizeof left - 1, 0);
    return size > 0 && now && strcmp(left, now) == 0;
}

static void set_in_use(const CkCache *cache)
{
    /* On the disk before the file is written to, lest it vouch for that after a power failure. */
    if (ftruncate(cache->lock, 0) == 0)
        fsync(cache->lock);
}

static void set_left(const CkCache *cache)
{
    g_autofree char *left = describe_file(cache);
    if (left && pwrite(cache->lock, left, strlen(left), 0) < 0)
        set_in_use(cache);
}

/* A key that was exchanged is another account's for the next mount, which knows only the new one:
 * the file gets the name that it will look for. Where there is such a file, both stay. */
static void follow_key(CkCache *cache)
{
    g_autofree char *name = ck_cache_name(cache->config);
    g_autofree char *lock_path = g_strdup_printf("%s/%s.lock", cache->directory, name);
    g_autofree char *path = g_strdup_printf("%s/%s.db", cache->directory, name);
    g_autofree char *left = describe_file(cache);
    int lock =
        left && strcmp(path, cache->path) != 0 ? open_own(cache->directory, lock_path, NULL) : -1;
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 && !has_any_part(path) &&
        rename(cache->path, path) == 0) {
        close(cache->lock);
        cache->lock = lock;
        g_free(cache->path);
        cache->path = g_steal_pointer(&path);
    } else if (lock >= 0) {
        close(lock);
    }
}

/* Size */

static gint64 now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

/* One part of what there is to do; FALSE where there is nothing, or it fails: then it is tried
 * again at the next look. */
static gboolean make_smaller(CkCache *cache, gint64 then, gboolean any)
{
    guint64 most = cache->config->cache_size;
    guint64 size = ck_store_size(cache->store);
    cache->evicting = size > (cache->evicting ? (guint64)((double)most * EVICT_TO) : most);
    if (cache->evicting && ck_store_evict(cache->store, then, any, NULL) == CK_FOUND)
        return TRUE;
    cache->evicting = FALSE;
    return ck_store_shrink(cache->store, most, NULL) == CK_FOUND;
}

static void look_in(CkCache *cache, guint ms);

static gboolean on_look(gpointer data)
{
    CkCache *cache = data;
    ck_store_flush_used(cache->store, NULL);
    gboolean more = make_smaller(cache, now() - IN_USE_SECONDS, FALSE);
    look_in(cache, more ? PAUSE_MS : LOOK_SECONDS * 1000);
    return G_SOURCE_REMOVE;
}

static void drop_source(GSource **source)
{
    if (*source)
        g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void look_in(CkCache *cache, guint ms)
{
    drop_source(&cache->look);
    cache->look = g_timeout_source_new(ms);
    g_source_set_callback(cache->look, on_look, cache, NULL);
    g_source_attach(cache->look, cache->context);
}

/* Before anybody reads, so that any thread may lose its items. What takes long goes on later. */
static void make_smaller_at_once(CkCache *cache)
{
    gint64 end = g_get_monotonic_time() + AT_ONCE_MS * 1000;
    gboolean more = TRUE;
    while (more && g_get_monotonic_time() < end)
        more = make_smaller(cache, G_MAXINT64, TRUE);
    look_in(cache, more ? PAUSE_MS : LOOK_SECONDS * 1000);
}

/* The log of SQLite is brought into the file beside the loop, since that waits for the disk. */

/* On the worker's thread: path does not change. */
static void bring_in(gpointer data)
{
    ck_store_checkpoint(((const CkCache *)data)->path);
}

static void leave(gpointer data)
{
    (void)data; /* the cache outlives its worker */
}

static void on_brought_in(gpointer data)
{
    CkCache *cache = data;
    cache->at_work = FALSE;
}

static void on_grown(gpointer data)
{
    CkCache *cache = data;
    if (cache->at_work)
        return;
    if (!cache->worker)
        cache->worker = ck_worker_new(cache->context);
    cache->at_work = TRUE;
    ck_worker_run(cache->worker, bring_in, on_brought_in, cache, leave);
}

/* No file may be closed while its log is worked on. */
static void stop_work(CkCache *cache)
{
    g_clear_pointer(&cache->worker, ck_worker_free);
    cache->at_work = FALSE;
}

/* Opening */

/* A store on the file as it is. */
static CkStore *try_file(CkCache *cache, gboolean check, GError **error)
{
    g_autoptr(CkStore) store = NULL;
    if (!make_file(cache, error) || !(store = ck_store_open(cache->path, check, error)) ||
        !ck_store_take_up(store, cache->config, error))
        return NULL;
    return g_steal_pointer(&store);
}

/* The same on a file that may be replaced. */
static CkStore *open_file(CkCache *cache, gboolean check, GError **error)
{
    g_autoptr(GError) reason = NULL;
    CkStore *store = try_file(cache, check, &reason);
    if (g_error_matches(reason, CK_ERROR, CK_ERROR_STORE_DAMAGED))
        return move_damaged(cache, reason, error) ? try_file(cache, FALSE, error) : NULL;
    if (reason)
        g_propagate_error(error, g_steal_pointer(&reason));
    return store;
}

static CkStore *open_own_file(CkCache *cache, GError **error)
{
    gboolean check = !is_as_left(cache);
    g_autoptr(GError) reason = NULL;
    set_in_use(cache);
    CkStore *store = open_file(cache, check, &reason);
    if (g_error_matches(reason, CK_ERROR, CK_ERROR_INVALID))
        g_propagate_error(error, g_steal_pointer(&reason));
    else if (reason)
        ck_error_invalid(
            error,
            "can't keep the cache in %s (%s): make it writable and make room there, or choose "
            "another --cache-dir on a local disk",
            cache->directory, reason->message);
    return store;
}

/* Where the file belongs to another mount. What can't be copied now is fetched. */
static CkStore *copy_file(CkCache *cache, const char *path, GError **error)
{
    g_autoptr(CkStore) store = ck_store_copy(path, NULL);
    if (store && ck_store_take_up(store, cache->config, NULL))
        return g_steal_pointer(&store);
    return ck_store_new(error);
}

static void on_damaged(gpointer data);

static gboolean open_store(CkCache *cache, GError **error)
{
    g_autofree char *name = ck_cache_name(cache->config);
    g_autofree char *lock = g_strdup_printf("%s/%s.lock", cache->directory, name);
    g_autofree char *path = g_strdup_printf("%s/%s.db", cache->directory, name);
    if ((cache->lock = open_own(cache->directory, lock, error)) < 0)
        return FALSE;
    if (flock(cache->lock, LOCK_EX | LOCK_NB) == 0) {
        cache->path = g_steal_pointer(&path);
        cache->store = move_other(cache, name, error) ? open_own_file(cache, error) : NULL;
    } else if (errno != EWOULDBLOCK) {
        fail_with_errno(error, cache->directory);
    } else {
        cache->store = copy_file(cache, path, error);
    }
    return cache->store != NULL;
}

CkCache *ck_cache_open(GMainContext *context, const CkConfig *config, const char *mountpoint,
                       GError **error)
{
    g_autoptr(CkCache) cache = g_new0(CkCache, 1);
    cache->context = context;
    cache->config = config;
    cache->lock = -1;
    if (!config->cache_dir)
        return (cache->store = ck_store_new(error)) ? g_steal_pointer(&cache) : NULL;
    cache->directory = ck_private_directory_make(config->cache_dir, mountpoint, error);
    if (!cache->directory)
        return NULL;
    g_autofree char *other = NULL;
    ck_store_set_temporary(cache->directory);
    if (!ck_cache_check(config, &other, error) || !open_store(cache, error))
        return NULL;
    ck_store_set_damaged(cache->store, on_damaged, cache);
    if (!cache->path)
        return g_steal_pointer(&cache);
    make_smaller_at_once(cache);
    ck_store_set_grown(cache->store, on_grown, cache); /* which starts a thread */
    return g_steal_pointer(&cache);
}

/* Damage that is found later */

/* The store goes on with what is in other, which is taken; row: see ck_store_rows_end(). */
static void go_on_with(CkCache *cache, CkStore *other, gint64 row)
{
    ck_store_begin_rows(other, row, NULL);
    ck_store_replace(cache->store, other);
}

/* SQLite removes by their names what belongs to a file that it closes: so it is closed, and moved
 * aside, before there is a new one. */
static gboolean on_replace(gpointer data)
{
    CkCache *cache = data;
    g_autoptr(GError) why =
        g_error_new_literal(CK_ERROR, CK_ERROR_STORE_DAMAGED, "the store: found while it was read");
    g_autoptr(GError) error = NULL;
    gint64 row = ck_store_rows_end(cache->store);
    CkStore *other = ck_store_new(&error);
    drop_source(&cache->replacing);
    stop_work(cache);
    if (!other) {
        g_warning("%s", error->message);
        return G_SOURCE_REMOVE;
    }
    go_on_with(cache, other, row);
    other =
        cache->path && move_damaged(cache, why, &error) ? open_file(cache, FALSE, &error) : NULL;
    if (other) {
        go_on_with(cache, other, row);
        ck_store_set_grown(cache->store, on_grown, cache);
    } else if (!cache->path) {
        g_warning("the copy of the cache is damaged: all is fetched again");
    } else if (error) {
        g_warning("%s; what is fetched from now on is not kept", error->message);
    }
    if (cache->replaced)
        cache->replaced(why, cache->replaced_data);
    return G_SOURCE_REMOVE;
}

/* The store is in the middle of something. */
static void on_damaged(gpointer data)
{
    CkCache *cache = data;
    if (cache->replacing)
        return;
    cache->replacing = g_idle_source_new();
    g_source_set_priority(cache->replacing, G_PRIORITY_HIGH);
    g_source_set_callback(cache->replacing, on_replace, cache, NULL);
    g_source_attach(cache->replacing, cache->context);
}

gboolean ck_cache_is_full(const CkCache *cache)
{
    return ck_store_size(cache->store) > cache->config->cache_size;
}

void ck_cache_set_replaced(CkCache *cache, void (*replaced)(const GError *error, gpointer data),
                           gpointer data)
{
    cache->replaced = replaced;
    cache->replaced_data = data;
}

gboolean ck_cache_is_own(const CkCache *cache)
{
    return cache->path != NULL;
}

const char *ck_cache_directory(const CkCache *cache)
{
    return cache->directory;
}

CkStore *ck_cache_store(CkCache *cache)
{
    return cache->store;
}

void ck_cache_free(CkCache *cache)
{
    gboolean damaged = cache->replacing != NULL;
    drop_source(&cache->look);
    drop_source(&cache->replacing);
    if (cache->store) {
        ck_store_set_damaged(cache->store, NULL, NULL);
        ck_store_flush_used(cache->store, NULL); /* which may begin work on the log */
        stop_work(cache);
        ck_store_free(cache->store);
        if (cache->path && !damaged) {
            follow_key(cache);
            set_left(cache);
        }
    }
    if (cache->lock >= 0)
        close(cache->lock);
    g_free(cache->directory);
    g_free(cache->path);
    g_free(cache);
}
