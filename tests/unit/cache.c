/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "keys.h"
#include "private_directory.h"
#include "rows.h"
#include "store_file.h"
#include "stride.h"

/* So many threads are several levels of pages. */
#define THREADS 300
#define ITEMS   4

/* A directory for caches, what is to be opened, and what was said. */
typedef struct {
    GMainContext *context;
    char *root;
    char *directory;
    CkConfig *config;
    GString *log; /* a line for each message */
    guint replaced;
} Fixture;

static void on_message(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
    Fixture *f = data;
    (void)domain;
    g_string_append_printf(f->log, "%s%s\n", level & G_LOG_LEVEL_WARNING ? "warning: " : "",
                           message);
}

static gboolean is_fatal(const char *domain, GLogLevelFlags level, const char *message,
                         gpointer data)
{
    (void)domain;
    (void)message;
    (void)data;
    return !(level & G_LOG_LEVEL_WARNING);
}

static Fixture *fixture_new(void)
{
    Fixture *f = g_new0(Fixture, 1);
    f->context = g_main_context_new();
    f->root = g_dir_make_tmp("cache-XXXXXX", NULL);
    f->directory = g_build_filename(f->root, "some", "cache", NULL);
    f->config = ck_config_new();
    f->config->cache_dir = g_strdup(f->directory);
    keys_set(f->config->key, "sk-secret");
    f->log = g_string_new(NULL);
    g_log_set_handler("chatkitfs", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_FLAG_FATAL,
                      on_message, f);
    g_test_log_set_fatal_handler(is_fatal, NULL);
    return f;
}

static void remove_all(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;
    while (directory && (name = g_dir_read_name(directory))) {
        g_autofree char *entry = g_build_filename(path, name, NULL);
        if (g_file_test(entry, G_FILE_TEST_IS_DIR) && !g_file_test(entry, G_FILE_TEST_IS_SYMLINK))
            remove_all(entry);
        g_unlink(entry);
    }
    g_rmdir(path);
}

static void fixture_free(Fixture *f)
{
    remove_all(f->root);
    g_main_context_unref(f->context);
    ck_config_free(f->config);
    g_string_free(f->log, TRUE);
    g_free(f->root);
    g_free(f->directory);
    g_free(f);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static CkCache *open_cache(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    CkCache *cache = ck_cache_open(f->context, f->config, "/nowhere", &error);
    g_assert_no_error(error);
    g_assert_nonnull(cache);
    return cache;
}

/* A file of the account: "db", "lock", "db.damaged" …; to be freed. */
static char *file_of(Fixture *f, const char *extension)
{
    g_autofree char *name = ck_cache_name(f->config);
    return g_strdup_printf("%s/%s.%s", f->directory, name, extension);
}

static gboolean has_file(Fixture *f, const char *extension)
{
    g_autofree char *path = file_of(f, extension);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void assert_invalid(const GError *error, const char *regex)
{
    g_assert_error(error, CK_ERROR, CK_ERROR_INVALID);
    g_assert_null(strchr(error->message, '\n'));
    if (!g_regex_match_simple(regex, error->message, 0, 0))
        g_error("\"%s\" does not match %s", error->message, regex);
}

static void assert_fails(Fixture *f, const char *mountpoint, const char *regex)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(ck_cache_open(f->context, f->config, mountpoint, &error));
    assert_invalid(error, regex);
}

/* The same, and the check says so before. */
static void assert_checked(Fixture *f, const char *mountpoint, const char *regex)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(ck_private_directory_check(f->config->cache_dir, mountpoint, &error));
    assert_invalid(error, regex);
    assert_fails(f, mountpoint, regex);
}

/* Rows */

static void put_listing(CkStore *store, const char *key, const char *cursor, gboolean complete)
{
    g_assert_true(ck_store_put_listing(store, key, cursor, complete, NULL));
}

static void put_items(CkStore *store, const char *thread, guint count, gboolean complete)
{
    g_autofree char *key = g_strconcat("items:", thread, NULL);
    g_autofree char *text = g_strnfill(400, 'x');
    for (guint i = 1; i <= count; i++) {
        g_autofree char *id = g_strdup_printf("cthi_%s_%u", thread, i);
        rows_put_message(store, thread, id, 1000, text);
    }
    put_listing(store, key, complete ? NULL : "cursor", complete);
}

static void put_account(CkStore *store)
{
    g_assert_true(ck_store_begin(store, NULL));
    for (guint i = 0; i < THREADS; i++) {
        g_autofree char *id = g_strdup_printf("cthr_%03u", i);
        g_autofree char *json = g_strdup_printf(
            "{\"id\":\"%s\",\"title\":\"Title %u\",\"user\":\"%s\",\"created_at\":%u}", id, i,
            i % 2 ? "ann" : "bob", 1000 + i);
        rows_put_thread(store, json);
        put_items(store, id, ITEMS, TRUE);
    }
    put_listing(store, "threads:", NULL, TRUE);
    g_assert_true(ck_store_commit(store, NULL));
}

static guint count_threads(CkStore *store)
{
    guint count = 0;
    for (guint i = 0; i < THREADS; i++) {
        g_autofree char *id = g_strdup_printf("cthr_%03u", i);
        g_auto(CkThreadRow) row = {0};
        count += ck_store_thread_by_id(store, id, &row, NULL) == CK_FOUND;
    }
    return count;
}

static gboolean is_complete(CkStore *store, const char *key)
{
    g_auto(CkListingState) state = {0};
    g_assert_true(ck_store_listing(store, key, &state, NULL));
    return state.complete;
}

static void make_cache(Fixture *f)
{
    g_autoptr(CkCache) cache = open_cache(f);
    put_account(ck_cache_store(cache));
}

/* Reads all that there is, as far as it can be read. */
static gboolean read_all(CkStore *store)
{
    gboolean ok = TRUE;
    for (gint64 row = 1; row <= THREADS; row++) {
        g_auto(CkThreadRow) thread = {0};
        g_autoptr(GBytes) json = NULL;
        ok = ok && ck_store_thread(store, row, &thread, NULL) == CK_FOUND &&
             (json = ck_store_thread_json(store, row, NULL));
        for (guint64 number = 1; ok && number <= ITEMS; number++) {
            g_auto(CkItemRow) item = {0};
            g_autoptr(GBytes) bytes = NULL;
            ok = ck_store_item_numbered(store, row, number, &item, NULL) == CK_FOUND &&
                 (bytes = ck_store_item_json(store, item.row, NULL));
        }
    }
    return ok;
}

/* Names */

static char *name_with(const char *key, const char *url, const char *organization,
                       const char *project)
{
    g_autoptr(CkConfig) config = ck_config_new();
    g_free(config->account.base_url.value);
    keys_set(config->key, key);
    config->account.base_url.value = g_strdup(url);
    config->account.organization.value = g_strdup(organization);
    config->account.project.value = g_strdup(project);
    return ck_cache_name(config);
}

static void the_name_of_an_account_stays_the_same(void)
{
    /* printf '\0\0\0\0\0\0\0\x15https://example.org/1\0\0\0\0\0\0\0\x05org-1\0\0\0\0\0\0\0\0' |
     *     openssl dgst -sha256 -hmac sk-1 */
    g_autofree char *name = name_with("sk-1", "https://example.org/1", "org-1", NULL);
    g_assert_cmpstr(name, ==, "e79f52084724ee86169956cd4b82b67b");
    g_autofree char *slash = name_with("sk-1", "https://example.org/1/", "org-1", "");
    g_assert_cmpstr(slash, ==, name);
}

static void names_of_accounts_differ(void)
{
    static const struct {
        const char *key, *url, *organization, *project;
    } accounts[] = {
        {"k", "https://a/v1", NULL, NULL},   {"l", "https://a/v1", NULL, NULL},
        {"k", "https://b/v1", NULL, NULL},   {"k", "https://a/v1", "ab", NULL},
        {"k", "https://a/v1", NULL, "ab"},   {"k", "https://a/v1", "a", "b"},
        {"k", "https://a/v1ab", NULL, NULL}, {"k", "https://a/v1a", "b", NULL},
    };
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(accounts); i++) {
        char *name = name_with(accounts[i].key, accounts[i].url, accounts[i].organization,
                               accounts[i].project);
        g_assert_cmpuint(strlen(name), ==, 32);
        g_assert_cmpuint(strspn(name, "0123456789abcdef"), ==, 32);
        g_assert_true(g_hash_table_add(names, name));
    }
}

/* Directory and files */

static guint mode_of(const char *path)
{
    GStatBuf status;
    g_assert_cmpint(g_lstat(path, &status), ==, 0);
    return status.st_mode & 07777;
}

static void directory_and_files_are_for_their_owner_alone(void)
{
    static const char *const extensions[] = {"db", "db-wal", "db-shm", "lock"};
    g_autoptr(Fixture) f = fixture_new();
    g_autofree char *parent = g_path_get_dirname(f->directory);
    mode_t before = umask(0);
    CkCache *cache = open_cache(f);
    umask(before);
    g_assert_cmpuint(mode_of(f->directory), ==, 0700);
    g_assert_cmpuint(mode_of(parent), ==, 0700);
    for (gsize i = 0; i < G_N_ELEMENTS(extensions); i++) {
        g_autofree char *path = file_of(f, extensions[i]);
        g_assert_cmpuint(mode_of(path), ==, 0600);
    }
    ck_cache_free(cache);
}

static void a_directory_that_others_can_use_is_refused(void)
{
    static const guint modes[] = {0710, 0750, 0701, 0704, 0720, 0777, 01700 | 07};
    g_autoptr(Fixture) f = fixture_new();
    g_assert_cmpint(g_mkdir_with_parents(f->directory, 0700), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_assert_cmpint(g_chmod(f->directory, modes[i]), ==, 0);
        assert_checked(f, "/nowhere", "others can use .*/some/cache: chmod 700 /.*/some/cache$");
    }
    g_assert_cmpint(g_chmod(f->directory, 0700), ==, 0);
    ck_cache_free(open_cache(f));
}

static void what_is_no_directory_of_ours_is_refused(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autofree char *parent = g_path_get_dirname(f->directory);
    g_autofree char *file = g_build_filename(f->root, "file", NULL);
    g_autofree char *in_file = g_build_filename(file, "cache", NULL);
    g_assert_true(g_file_set_contents(file, "", 0, NULL));
    ck_config_set(f->config, CK_SOURCE_COMMAND_LINE, "cache-dir", file, NULL);
    assert_checked(f, "/nowhere",
                   "can't make .*/file: (Not a directory|File exists)|file is no directory");
    ck_config_set(f->config, CK_SOURCE_COMMAND_LINE, "cache-dir", in_file, NULL);
    assert_checked(f, "/nowhere", "can't make .*/file/cache: Not a directory");
    ck_config_set(f->config, CK_SOURCE_COMMAND_LINE, "cache-dir",
                  geteuid() == 0 ? "/proc/1/net" : "/", NULL);
    assert_checked(f, "/nowhere", "others can use|belongs to another user");
    ck_config_set(f->config, CK_SOURCE_COMMAND_LINE, "cache-dir", f->directory, NULL);
    assert_checked(f, parent, "some/cache is in the mountpoint");
    assert_checked(f, f->directory, "some/cache is in the mountpoint");
    g_assert_true(ck_private_directory_check(f->config->cache_dir, "/nowhere", NULL));
    g_assert_false(g_file_test(parent, G_FILE_TEST_EXISTS));
}

static void a_link_is_never_followed(void)
{
    static const char *const extensions[] = {"db", "lock"};
    for (gsize i = 0; i < G_N_ELEMENTS(extensions); i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_autofree char *target = g_build_filename(f->root, "target", NULL);
        g_autofree char *path = file_of(f, extensions[i]);
        g_autofree char *bytes = NULL;
        g_assert_cmpint(g_mkdir_with_parents(f->directory, 0700), ==, 0);
        g_assert_true(g_file_set_contents(target, "mine", -1, NULL));
        g_assert_cmpint(symlink(target, path), ==, 0);
        assert_fails(f, "/nowhere", "is no file of chatkitfs: remove it");
        g_assert_true(g_file_get_contents(target, &bytes, NULL, NULL));
        g_assert_cmpstr(bytes, ==, "mine");
    }
}

/* What is kept */

static void rows_are_there_the_next_time(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(CkThreadRow) thread = {0}, added = {0};
    make_cache(f);
    g_assert_false(has_file(f, "db-wal"));
    g_autoptr(CkCache) cache = open_cache(f);
    CkStore *store = ck_cache_store(cache);
    g_assert_true(read_all(store));
    g_assert_true(is_complete(store, "threads:"));
    rows_get_thread(store, "cthr_299", &thread);
    rows_put_thread(store, "{\"id\":\"cthr_new\"}");
    rows_get_thread(store, "cthr_new", &added);
    g_assert_cmpuint(added.place, ==, thread.place + 1);
    g_assert_cmpint(added.row, ==, thread.row + 1);
    g_assert_cmpstr(f->log->str, ==, "");
}

/* As a kill leaves it: all that was committed is in the log alone. */
static void make_cache_and_be_killed(Fixture *f)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        CkCache *cache = open_cache(f);
        put_account(ck_cache_store(cache));
        ck_store_begin(ck_cache_store(cache), NULL);
        rows_put_thread(ck_cache_store(cache), "{\"id\":\"cthr_uncommitted\"}");
        _exit(0);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    g_assert_true(has_file(f, "db-wal"));
}

static void what_was_committed_outlives_a_kill(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache_and_be_killed(f);
    g_autoptr(CkCache) cache = open_cache(f);
    g_auto(CkThreadRow) thread = {0};
    g_assert_true(read_all(ck_cache_store(cache)));
    g_assert_cmpint(ck_store_thread_by_id(ck_cache_store(cache), "cthr_uncommitted", &thread, NULL),
                    ==, CK_ABSENT);
    g_assert_cmpstr(f->log->str, ==, "");
}

static void the_key_is_in_no_file(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    g_autoptr(CkCache) cache = open_cache(f);
    rows_put_thread(ck_cache_store(cache), "{\"id\":\"cthr_more\"}");
    g_autoptr(GDir) directory = g_dir_open(f->directory, 0, NULL);
    const char *name;
    guint files = 0;
    while ((name = g_dir_read_name(directory))) {
        g_autofree char *path = g_build_filename(f->directory, name, NULL);
        g_autofree char *bytes = NULL;
        gsize size;
        g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
        g_assert_null(
            memmem(bytes, size, ck_key_text(f->config->key), strlen(ck_key_text(f->config->key))));
        files++;
    }
    g_assert_cmpuint(files, ==, 4);
}

static void without_a_directory_nothing_is_kept(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_clear_pointer(&f->config->cache_dir, g_free);
    make_cache(f);
    g_autoptr(CkCache) cache = open_cache(f);
    g_assert_cmpuint(count_threads(ck_cache_store(cache)), ==, 0);
}

/* Damage */

static GByteArray *load_file(Fixture *f, const char *extension)
{
    g_autofree char *path = file_of(f, extension);
    char *bytes;
    gsize size;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    return g_byte_array_new_take((guint8 *)bytes, size);
}

/* The account's file as it is, to be changed. */
static GByteArray *load(Fixture *f)
{
    return load_file(f, "db");
}

static void assert_bytes(Fixture *f, const char *extension, const GByteArray *bytes)
{
    g_autoptr(GByteArray) now = load_file(f, extension);
    g_assert_cmpmem(now->data, now->len, bytes->data, bytes->len);
}

/* unnoticed: with the time that it had, so that it is taken for the file that was left. */
static void save(Fixture *f, const GByteArray *bytes, gboolean unnoticed)
{
    g_autofree char *path = file_of(f, "db");
    GStatBuf status;
    g_assert_cmpint(g_stat(path, &status), ==, 0);
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    g_assert_cmpint(write(fd, bytes->data, bytes->len), ==, bytes->len);
    const struct timespec times[2] = {
        status.st_mtim,
        unnoticed ? status.st_mtim : (struct timespec){.tv_sec = status.st_mtim.tv_sec + 5}};
    g_assert_cmpint(futimens(fd, times), ==, 0);
    close(fd);
}

static void assert_moved_aside(Fixture *f, const GByteArray *bytes)
{
    g_autofree char *path = file_of(f, "db.damaged");
    assert_bytes(f, "db.damaged", bytes);
    g_assert_true(g_str_has_prefix(f->log->str, "warning: the cache is damaged"));
    g_assert_nonnull(strstr(f->log->str, path));
    g_assert_cmpint(strchr(f->log->str, '\n') - f->log->str, ==, f->log->len - 1); /* one line */
    g_string_truncate(f->log, 0);
    g_unlink(path);
}

/* Opens what was damaged: nothing of it is there, and a new file works. */
static void assert_begins_anew(Fixture *f, const GByteArray *bytes)
{
    {
        g_autoptr(CkCache) cache = open_cache(f);
        assert_moved_aside(f, bytes);
        g_assert_cmpuint(count_threads(ck_cache_store(cache)), ==, 0);
        g_assert_false(is_complete(ck_cache_store(cache), "threads:"));
        put_account(ck_cache_store(cache));
    }
    g_autoptr(CkCache) cache = open_cache(f);
    g_assert_true(read_all(ck_cache_store(cache)));
    g_assert_cmpstr(f->log->str, ==, "");
}

static void what_is_no_database_is_moved_aside(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    g_autoptr(GByteArray) bytes = load(f);
    for (guint i = 0; i < bytes->len; i++)
        bytes->data[i] = (guint8)g_test_rand_int();
    save(f, bytes, FALSE);
    assert_begins_anew(f, bytes);
    g_byte_array_set_size(bytes, 0);
    g_byte_array_append(bytes, (const guint8 *)"some text\n", 10);
    save(f, bytes, FALSE);
    assert_begins_anew(f, bytes);
}

static void a_file_that_is_cut_is_moved_aside(void)
{
    static const guint parts[] = {1, 20, 100, 300, 500, 700, 900, 999};
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    for (gsize i = 0; i < 2 * G_N_ELEMENTS(parts); i++) {
        g_autoptr(GByteArray) bytes = load(f);
        guint length = bytes->len / 1000 * parts[i / 2];
        /* at any byte, and where a page ends */
        g_byte_array_set_size(bytes, i % 2 ? MAX(length & ~4095U, 4096) : length);
        save(f, bytes, i % 4 == 0);
        assert_begins_anew(f, bytes);
    }
}

/* What is written over in the pages that hold the trees. Not every byte is one that matters: but
 * what does is found, and what is not found does no harm. */
static void pages_that_are_written_over_are_found(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    g_autoptr(GByteArray) whole = load(f);
    guint found = 0;
    for (guint at = 0; at < whole->len; at += 4096 * 7) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_byte_array_append(bytes, whole->data, whole->len);
        for (guint i = 0; i < 40; i++)
            bytes->data[at + i] ^= 0x55;
        save(f, bytes, FALSE);
        g_autoptr(CkCache) cache = open_cache(f);
        if (f->log->len > 0) {
            assert_moved_aside(f, bytes);
            g_assert_cmpuint(count_threads(ck_cache_store(cache)), ==, 0);
            found++;
        } else {
            read_all(ck_cache_store(cache));
        }
        g_clear_pointer(&cache, ck_cache_free);
        save(f, whole, FALSE);
        g_string_truncate(f->log, 0);
    }
    g_assert_cmpuint(found, >, 5);
}

static void single_bytes_that_flip_do_no_harm(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    g_autoptr(GByteArray) whole = load(f);
    for (guint i = 0; i < 80; i += stride()) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_byte_array_append(bytes, whole->data, whole->len);
        bytes->data[(guint)g_test_rand_int_range(0, (gint32)bytes->len)] ^= (guint8)(1 << (i % 8));
        save(f, bytes, i % 2);
        g_autoptr(CkCache) cache = open_cache(f);
        read_all(ck_cache_store(cache));
        while (g_main_context_iteration(f->context, FALSE))
            ;
        rows_put_thread(ck_cache_store(cache), "{\"id\":\"cthr_still_works\"}");
        g_clear_pointer(&cache, ck_cache_free);
        save(f, whole, TRUE);
    }
}

static void run_sql(Fixture *f, const char *sql)
{
    g_autofree char *path = file_of(f, "db");
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

/* The one value that the statement gives, to be freed. */
static char *get_text(Fixture *f, const char *extension, const char *sql)
{
    g_autofree char *path = file_of(f, extension);
    sqlite3_stmt *statement;
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
    char *text = g_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return text;
}

static void another_programs_database_is_moved_aside(void)
{
    static const char *const changes[] = {
        "PRAGMA application_id = 7",
        "CREATE TRIGGER t AFTER INSERT ON thread BEGIN DELETE FROM item; END",
        "CREATE VIEW v AS SELECT 1",
        "DROP TABLE former_name",
        "ALTER TABLE item DROP COLUMN role",
        "UPDATE sqlite_sequence SET seq = 1 << 40",
    };
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        run_sql(f, changes[i]);
        g_autoptr(GByteArray) bytes = load(f);
        assert_begins_anew(f, bytes);
    }
}

static void on_replaced(const GError *error, gpointer data)
{
    g_assert_error(error, CK_ERROR, CK_ERROR_STORE_DAMAGED);
    ((Fixture *)data)->replaced++;
}

static void damage_that_is_found_later_is_moved_aside_then(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(CkThreadRow) thread = {0};
    make_cache(f);
    g_autoptr(GByteArray) bytes = load(f);
    const char *json = "\"cthi_cthr_150_2\",\"type\"";
    guint8 *item = memmem(bytes->data, bytes->len, json, strlen(json));
    g_assert_nonnull(item);
    memset(bytes->data + (item - bytes->data) / 4096 * 4096, 0xff, 4096);
    save(f, bytes, TRUE);
    g_autoptr(CkCache) cache = open_cache(f);
    CkStore *store = ck_cache_store(cache);
    gint64 changes = ck_store_changes(store);
    ck_cache_set_replaced(cache, on_replaced, f);
    g_assert_cmpstr(f->log->str, ==, "");
    g_assert_false(read_all(store));
    g_assert_cmpuint(f->replaced, ==, 0);
    while (g_main_context_iteration(f->context, FALSE))
        ;
    g_assert_cmpuint(f->replaced, ==, 1);
    g_assert_nonnull(strstr(f->log->str, "is now "));
    g_assert_true(has_file(f, "db.damaged"));
    g_assert_cmpint(ck_store_changes(store), >, changes);
    g_assert_cmpuint(count_threads(store), ==, 0);
    put_account(store);
    rows_get_thread(store, "cthr_000", &thread);
    g_assert_cmpint(thread.row, >, THREADS); /* none comes twice */
    g_clear_pointer(&cache, ck_cache_free);
    cache = open_cache(f);
    g_assert_cmpuint(count_threads(ck_cache_store(cache)), ==, THREADS);
}

static void assert_counts(CkStore *store, gint64 threads, gint64 items)
{
    CkStoreCounts counts;
    g_assert_true(ck_store_counts(store, &counts, NULL));
    g_assert_cmpint(counts.threads, ==, threads);
    g_assert_cmpint(counts.items, ==, items);
}

static void what_comes_is_counted_in_a_file_and_in_a_copy(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autoptr(CkCache) first = open_cache(f);
    assert_counts(ck_cache_store(first), 0, 0);
    put_account(ck_cache_store(first));
    assert_counts(ck_cache_store(first), THREADS, THREADS * ITEMS);
    g_autoptr(CkCache) second = open_cache(f);
    assert_counts(ck_cache_store(second), THREADS, THREADS * ITEMS);
    rows_put_thread(ck_cache_store(second), "{\"id\":\"cthr_of_second\"}");
    assert_counts(ck_cache_store(second), THREADS + 1, THREADS * ITEMS);
}

static void what_comes_instead_of_what_was_damaged_is_counted(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    g_autoptr(CkCache) cache = open_cache(f);
    CkStore *store = ck_cache_store(cache);
    assert_counts(store, THREADS, THREADS * ITEMS);
    ck_store_replace(store, ck_store_new(NULL));
    assert_counts(store, 0, 0);
    put_account(store);
    assert_counts(store, THREADS, THREADS * ITEMS);
}

/* Two at once */

static void the_second_works_on_a_copy(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(CkThreadRow) thread = {0};
    g_autoptr(CkCache) first = open_cache(f);
    put_account(ck_cache_store(first));
    /* What is not committed is not there yet. */
    g_assert_true(ck_store_begin(ck_cache_store(first), NULL));
    rows_put_thread(ck_cache_store(first), "{\"id\":\"cthr_later\"}");
    {
        g_autoptr(CkCache) second = open_cache(f);
        CkStore *store = ck_cache_store(second);
        g_assert_false(ck_cache_is_own(second));
        g_assert_true(read_all(store));
        g_assert_cmpint(ck_store_thread_by_id(store, "cthr_later", &thread, NULL), ==, CK_ABSENT);
        rows_put_thread(store, "{\"id\":\"cthr_of_second\"}");
        g_assert_true(ck_store_commit(ck_cache_store(first), NULL));
    }
    g_assert_cmpint(ck_store_thread_by_id(ck_cache_store(first), "cthr_of_second", &thread, NULL),
                    ==, CK_ABSENT);
    rows_put_thread(ck_cache_store(first), "{\"id\":\"cthr_and_on\"}");
    g_clear_pointer(&first, ck_cache_free);
    g_string_truncate(f->log, 0);
    first = open_cache(f);
    rows_get_thread(ck_cache_store(first), "cthr_later", &thread);
    g_assert_true(read_all(ck_cache_store(first)));
    g_assert_cmpstr(f->log->str, ==, "");
}

/* Views */

static void another_view_lists_the_threads_anew(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    f->config->since = 1010;
    f->config->until = 1019;
    ck_config_set(f->config, CK_SOURCE_COMMAND_LINE, "user", "ann", NULL);
    {
        g_autoptr(CkCache) cache = open_cache(f);
        CkStore *store = ck_cache_store(cache);
        g_auto(CkThreadRow) thread = {0};
        g_auto(CkUserRow) user = {0};
        g_auto(CkItemRow) item = {0};
        g_assert_cmpuint(count_threads(store), ==, 5);
        rows_get_thread(store, "cthr_011", &thread);
        g_assert_cmpuint(thread.place, ==, 0);
        g_assert_cmpuint(thread.items, ==, ITEMS);
        g_assert_cmpstr(thread.name, ==, "Title-11.cthr_011");
        rows_get_item(store, thread.row, ITEMS, &item);
        g_assert_true(is_complete(store, "items:cthr_011"));
        g_assert_false(is_complete(store, "items:cthr_012"));
        g_assert_false(is_complete(store, "threads:"));
        g_assert_cmpint(ck_store_user_named(store, "ann", &user, NULL), ==, CK_FOUND);
        g_assert_cmpint(user.newest_at, ==, 1019);
        ck_user_row_clear(&user);
        g_assert_cmpint(ck_store_user_named(store, "bob", &user, NULL), ==, CK_ABSENT);
        put_listing(store, "user:ann", NULL, TRUE);
    }
    g_autoptr(CkCache) cache = open_cache(f);
    g_assert_true(is_complete(ck_cache_store(cache), "user:ann")); /* the same view */
}

static void threads_are_called_as_this_view_calls_them(void)
{
    g_autoptr(Fixture) f = fixture_new();
    {
        g_autoptr(CkCache) cache = open_cache(f);
        rows_put_thread(ck_cache_store(cache), "{\"id\":\"cthr_1\",\"title\":\"Old\"}");
        rows_put_thread(ck_cache_store(cache), "{\"id\":\"cthr_1\",\"title\":\"New\"}");
    }
    for (guint i = 0; i < 4; i++) {
        static const char *const names[] = {"Old.cthr_1", "New.cthr_1", "cthr_1"};
        const char *name = i % 2 ? "New.cthr_1" : "cthr_1";
        f->config->name_by_id = i % 2 == 0;
        g_autoptr(CkCache) cache = open_cache(f);
        for (gsize j = 0; j < G_N_ELEMENTS(names); j++) {
            g_auto(CkThreadRow) thread = {0};
            CkFound found = ck_store_thread_named(ck_cache_store(cache), names[j], &thread, NULL);
            g_assert_cmpint(found, ==, strcmp(names[j], name) == 0 ? CK_FOUND : CK_ABSENT);
        }
    }
}

/* A listing that was read in part goes on, unless that can't be. */

static void a_listing_is_read_on_where_it_was_left(void)
{
    static const struct {
        const char *thread, *item;
        const char *threads_go_on, *items_go_on;
    } cases[] = {
        {"cthr_1", "cthi_1", "c", "d"},
        {"no-id~0123", "cthi_1", NULL, "d"},
        {"cthr_1", "no-id~0123-2", "c", NULL},
        {"cthr_1", "no-idea", "c", "d"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new();
        g_auto(CkThreadRow) thread = {0};
        g_auto(CkListingState) threads = {0}, items = {0};
        g_autofree char *key = g_strconcat("items:", cases[i].thread, NULL);
        {
            g_autoptr(CkCache) cache = open_cache(f);
            CkStore *store = ck_cache_store(cache);
            rows_put_thread_as(store, cases[i].thread, "{\"title\":\"x\"}");
            rows_put_message(store, cases[i].thread, cases[i].item, 1, "text");
            put_listing(store, "threads:", "c", FALSE);
            put_listing(store, key, "d", FALSE);
            put_listing(store, "items:other", NULL, TRUE);
        }
        g_autoptr(CkCache) cache = open_cache(f);
        CkStore *store = ck_cache_store(cache);
        ck_store_listing(store, "threads:", &threads, NULL);
        ck_store_listing(store, key, &items, NULL);
        g_assert_cmpstr(threads.cursor, ==, cases[i].threads_go_on);
        g_assert_cmpstr(items.cursor, ==, cases[i].items_go_on);
        g_assert_true(is_complete(store, "items:other"));
        rows_get_thread(store, cases[i].thread, &thread);
        g_assert_cmpuint(thread.items, ==, 1);
        g_assert_cmpint(thread.place > 0, ==, cases[i].threads_go_on != NULL);
    }
}

/* Size */

static void the_least_used_go_first(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_auto(CkThreadRow) thread = {0};
    g_auto(CkItemRow) item = {0};
    make_cache(f);
    run_sql(f, "UPDATE used SET at = 1000000 - thread"); /* the last thread longest ago */
    g_autoptr(CkCache) cache = open_cache(f);
    CkStore *store = ck_cache_store(cache);
    put_listing(store, "items:cthr_298", "cursor", FALSE); /* is being read, maybe */
    guint64 before = ck_store_size(store);
    rows_get_thread(store, "cthr_299", &thread);
    g_bytes_unref(ck_store_item_json(store, thread.row << 24 | 1, NULL)); /* it is used */
    g_assert_true(ck_store_flush_used(store, NULL));
    for (guint i = 0; i < 100; i++)
        g_assert_cmpint(ck_store_evict(store, 1000000, FALSE, NULL), ==, CK_FOUND);
    g_assert_cmpuint(ck_store_size(store), <, before);

    for (guint i = 0; i < THREADS; i++) {
        g_autofree char *id = g_strdup_printf("cthr_%03u", i);
        g_autofree char *key = g_strdup_printf("items:%s", id);
        gboolean kept = i < 198 || i >= 298;
        g_auto(CkThreadRow) row = {0};
        rows_get_thread(store, id, &row);
        g_assert_cmpuint(row.items, ==, kept ? ITEMS : 0);
        g_assert_cmpint(row.md_size > 0, ==, kept);
        g_assert_cmpint(row.jsonl_size > 0, ==, kept);
        g_assert_cmpint(row.newest_at, ==, kept ? 1000 : row.created_at);
        g_assert_cmpint(is_complete(store, key), ==, kept && i != 298);
    }
    g_assert_cmpint(ck_store_evict(store, 1000000 - THREADS + 5, FALSE, NULL), ==, CK_ABSENT);
    g_assert_cmpint(ck_store_evict(store, 1000000 - THREADS + 5, TRUE, NULL), ==, CK_FOUND);

    put_items(store, "cthr_200", ITEMS, TRUE); /* comes again as it was */
    ck_thread_row_clear(&thread);
    rows_get_thread(store, "cthr_200", &thread);
    rows_get_item(store, thread.row, ITEMS, &item);
    g_assert_cmpuint(thread.items, ==, ITEMS);
}

static guint64 size_of_file(Fixture *f)
{
    g_autofree char *path = file_of(f, "db");
    GStatBuf status;
    g_assert_cmpint(g_stat(path, &status), ==, 0);
    return (guint64)status.st_size;
}

static void a_cache_is_made_smaller_when_it_is_opened(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autoptr(CkCache) cache = open_cache(f);
    CkStore *store = ck_cache_store(cache);
    put_account(store);
    for (guint i = 0; i < 10; i++) {
        g_autofree char *id = g_strdup_printf("cthr_more%u", i);
        g_autofree char *json = g_strdup_printf("{\"id\":\"%s\",\"created_at\":1}", id);
        rows_put_thread(store, json);
        put_items(store, id, 300, TRUE);
    }
    g_assert_false(ck_cache_is_full(cache));
    f->config->cache_size = 1 << 20;
    g_assert_true(ck_cache_is_full(cache));
    g_clear_pointer(&cache, ck_cache_free);
    g_assert_cmpuint(size_of_file(f), >, 2 << 20);

    cache = open_cache(f);
    while (ck_store_size(ck_cache_store(cache)) > (1 << 20) * 9 / 10)
        g_main_context_iteration(f->context, TRUE);
    guint64 size = ck_store_size(ck_cache_store(cache));
    g_assert_false(ck_cache_is_full(cache));
    g_assert_cmpuint(size, <=, (1 << 20) * 9 / 10);
    g_assert_cmpuint(size, >, (1 << 20) / 2); /* and no smaller than that takes */
    g_assert_cmpuint(count_threads(ck_cache_store(cache)), ==, THREADS);
    do { /* what takes longer than a mount may wait is done later */
        g_clear_pointer(&cache, ck_cache_free);
        cache = open_cache(f);
    } while (size_of_file(f) > 1 << 20);
    g_assert_cmpuint(ck_store_size(ck_cache_store(cache)), ==, size);
}

/* What is committed comes from the log into the file while the cache is open, beside the loop. */
static void the_log_is_brought_into_the_file(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autoptr(CkCache) cache = open_cache(f);
    CkStore *store = ck_cache_store(cache);
    guint64 before = size_of_file(f);
    for (guint i = 0; size_of_file(f) < before + 500 * 4096; i++) {
        g_autofree char *id = g_strdup_printf("cthr_%u", i);
        g_autofree char *json = g_strdup_printf("{\"id\":\"%s\"}", id);
        g_assert_true(ck_store_begin(store, NULL));
        rows_put_thread(store, json);
        put_items(store, id, 200, TRUE);
        g_assert_true(ck_store_commit(store, NULL));
        g_main_context_iteration(f->context, FALSE);
    }
    /* Long before a commit has to wait for that. */
    g_autofree char *log = file_of(f, "db-wal");
    GStatBuf status;
    g_assert_cmpint(g_stat(log, &status), ==, 0);
    g_assert_cmpint(status.st_size, <, 32 << 20);

    g_bytes_unref(ck_store_item_json(store, 1 << 28 | 1, NULL)); /* so that closing writes, too */
    g_clear_pointer(&cache, ck_cache_free);
    g_assert_false(has_file(f, "db-wal"));
}

/* Versions */

static guint count_in_next(Fixture *f)
{
    g_autoptr(CkCache) cache = open_cache(f);
    return count_threads(ck_cache_store(cache));
}

/* A file of the account made one of another version: with this in the place of its user_version,
 * written past SQLite. */
static void set_version(Fixture *f, guint32 version)
{
    g_autofree char *path = file_of(f, "db");
    guint32 bytes = GUINT32_TO_BE(version);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    g_assert_cmpint(pwrite(fd, &bytes, sizeof bytes, 60), ==, sizeof bytes);
    close(fd);
}

static void rename_file(Fixture *f, const char *from, const char *to)
{
    g_autofree char *from_path = file_of(f, from);
    g_autofree char *to_path = file_of(f, to);
    g_assert_cmpint(g_rename(from_path, to_path), ==, 0);
}

static void add_times(GString *out, const char *path)
{
    GStatBuf status;
    g_assert_cmpint(g_stat(path, &status), ==, 0);
    g_string_append_printf(out, " %jd.%09ld %jd.%09ld\n", (intmax_t)status.st_mtim.tv_sec,
                           status.st_mtim.tv_nsec, (intmax_t)status.st_ctim.tv_sec,
                           status.st_ctim.tv_nsec);
}

/* The directory with all that would tell that it was touched, to be freed. */
static char *describe_directory(Fixture *f)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GDir) directory = g_dir_open(f->directory, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(directory))) {
        g_autofree char *path = g_build_filename(f->directory, name, NULL);
        g_autofree char *bytes = NULL;
        gsize size;
        g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
        g_autofree char *sum =
            g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, size);
        g_string_append_printf(out, "%s %s", name, sum);
        add_times(out, path);
    }
    add_times(out, f->directory);
    return g_string_free(out, FALSE);
}

static void assert_said(Fixture *f, const char *version, const char *extension)
{
    g_autofree char *aside = file_of(f, extension);
    g_autofree char *line =
        g_strdup_printf("the cache was made by chatkitfs %s, and this version can't use it: it is "
                        "kept as %s, and everything is fetched again\n",
                        version, aside);
    g_assert_cmpstr(f->log->str, ==, line);
    g_string_truncate(f->log, 0);
}

static void what_another_version_made_is_moved_aside(void)
{
    static const char *const asides[] = {"db.0.3.1", "db.0.3.1.2", "db.0.3.1.3"};
    g_autoptr(Fixture) f = fixture_new();
    for (gsize i = 0; i < G_N_ELEMENTS(asides); i++) {
        make_cache(f);
        set_version(f, 999000301);
        g_autoptr(GByteArray) bytes = load_file(f, "db");
        {
            g_autoptr(CkCache) cache = open_cache(f);
            assert_said(f, "0.3.1", asides[i]);
            g_assert_cmpuint(count_threads(ck_cache_store(cache)), ==, 0);
            put_account(ck_cache_store(cache));
        }
        f->config->cache_size = 1 << 10; /* which is the file's, not what is kept beside it */
        ck_cache_free(open_cache(f));
        f->config->cache_size = 1 << 30;
        assert_bytes(f, asides[i], bytes);
        g_assert_false(has_file(f, "db.damaged"));
        g_assert_cmpstr(f->log->str, ==, "");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(asides); i++)
        g_assert_true(has_file(f, asides[i]));
}

/* The name that the last of the files got that were moved since the watch began, to be freed. */
static char *last_moved(int watch)
{
    union {
        struct inotify_event event;
        char bytes[4096];
    } buffer;
    const struct inotify_event *event = NULL;
    ssize_t size = read(watch, buffer.bytes, sizeof buffer.bytes);
    for (ssize_t at = 0; at < size; at += (ssize_t)(sizeof *event + event->len))
        event = (const struct inotify_event *)(const void *)(buffer.bytes + at);
    g_assert_nonnull(event);
    return g_strdup(event->name);
}

/* What was committed may be in the log alone. */
static void it_is_moved_with_its_log(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache_and_be_killed(f);
    set_version(f, 999000301);
    g_autoptr(GByteArray) bytes = load_file(f, "db");
    g_autoptr(GByteArray) log = load_file(f, "db-wal");
    g_autofree char *journal = file_of(f, "db-journal");
    g_assert_true(g_file_set_contents(journal, "", 0, NULL));
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    g_assert_cmpint(inotify_add_watch(watch, f->directory, IN_MOVED_TO), >=, 0);
    ck_cache_free(open_cache(f));
    g_autofree char *last = last_moved(watch);
    g_assert_true(g_str_has_suffix(last, ".db.0.3.1")); /* see a_move_that_was_interrupted */
    close(watch);
    assert_said(f, "0.3.1", "db.0.3.1");
    assert_bytes(f, "db.0.3.1", bytes);
    assert_bytes(f, "db.0.3.1-wal", log);
    g_assert_true(has_file(f, "db.0.3.1-shm"));
    g_assert_true(has_file(f, "db.0.3.1-journal"));
    g_assert_false(has_file(f, "db-wal"));

    g_autofree char *threads = get_text(f, "db.0.3.1", "SELECT count(*) FROM thread");
    g_assert_cmpstr(threads, ==, G_STRINGIFY(THREADS));
}

/* The log has been moved, the file not yet: they come together again. */
static void a_move_that_was_interrupted_is_finished(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache_and_be_killed(f);
    set_version(f, 999000301);
    g_autoptr(GByteArray) bytes = load_file(f, "db");
    g_autoptr(GByteArray) log = load_file(f, "db-wal");
    rename_file(f, "db-wal", "db.0.3.1-wal");
    ck_cache_free(open_cache(f));
    assert_said(f, "0.3.1", "db.0.3.1");
    assert_bytes(f, "db.0.3.1", bytes);
    assert_bytes(f, "db.0.3.1-wal", log);
}

/* 0.1 empties a file of its name that it did not make, so it has its name for itself. */
static void a_file_of_0_1_is_moved_aside_once(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache_and_be_killed(f);
    set_version(f, 0); /* which 0.1 first wrote to the log */
    rename_file(f, "db", "sqlite");
    rename_file(f, "db-wal", "sqlite-wal");
    rename_file(f, "db-shm", "sqlite-shm");
    g_autoptr(GByteArray) bytes = load_file(f, "sqlite");
    g_autoptr(GByteArray) log = load_file(f, "sqlite-wal");
    make_cache(f);
    assert_said(f, "0.1.0", "sqlite.0.1.0");
    assert_bytes(f, "sqlite.0.1.0", bytes);
    assert_bytes(f, "sqlite.0.1.0-wal", log);
    g_assert_false(has_file(f, "sqlite"));
    /* One that 0.1 begins later is in nobody's way. */
    rename_file(f, "sqlite.0.1.0", "sqlite");
    g_autoptr(CkCache) cache = open_cache(f);
    g_assert_true(read_all(ck_cache_store(cache)));
    assert_bytes(f, "sqlite", bytes);
    g_assert_cmpstr(f->log->str, ==, "");
}

static void assert_offline_touches_nothing(Fixture *f, const char *extension, const char *version)
{
    g_autofree char *path = file_of(f, extension);
    g_autofree char *regex =
        g_strdup_printf("the cache %s was made by chatkitfs %s, .*--offline", path, version);
    g_autofree char *before = describe_directory(f);
    g_autofree char *other = NULL, *told = NULL;
    f->config->offline = TRUE;
    assert_fails(f, "/nowhere", regex);
    f->config->offline = FALSE;
    g_assert_true(ck_cache_check(f->config, &other, NULL));
    told = g_strdup_printf("%s was made by chatkitfs %s", path, version);
    g_assert_cmpstr(other, ==, told);
    g_autofree char *after = describe_directory(f);
    g_assert_cmpstr(after, ==, before);
    g_assert_cmpstr(f->log->str, ==, "");
}

static void offline_refuses_what_another_version_made(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autofree char *other = NULL;
    make_cache_and_be_killed(f);
    f->config->offline = TRUE;
    g_assert_true(ck_cache_check(f->config, &other, NULL));
    g_assert_null(other);
    set_version(f, 999000301);
    assert_offline_touches_nothing(f, "db", "0.3.1");
    g_autofree char *lock = file_of(f, "lock");
    g_unlink(lock); /* nor is one made */
    rename_file(f, "db", "sqlite");
    assert_offline_touches_nothing(f, "sqlite", "0.1.0");
}

static void what_another_mount_has_open_stays_where_it_is(void)
{
    static const char *const names[] = {"db", "sqlite"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(Fixture) f = fixture_new();
        make_cache(f);
        set_version(f, 999000301);
        if (i > 0)
            rename_file(f, "db", names[i]);
        g_autoptr(GByteArray) bytes = load_file(f, names[i]);
        g_autofree char *lock = file_of(f, "lock");
        int fd = open(lock, O_RDWR | O_CLOEXEC);
        g_assert_cmpint(flock(fd, LOCK_EX), ==, 0);
        g_autoptr(CkCache) cache = open_cache(f);
        g_assert_false(ck_cache_is_own(cache));
        g_assert_cmpuint(count_threads(ck_cache_store(cache)), ==, 0);
        g_clear_pointer(&cache, ck_cache_free);
        assert_bytes(f, names[i], bytes);
        g_assert_cmpstr(f->log->str, ==, "");
        close(fd);
    }
}

static void which_program_made_it_does_not_matter(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    g_autoptr(GByteArray) bytes = load_file(f, "db");
    guint version =
        bytes->data[60] << 24 | bytes->data[61] << 16 | bytes->data[62] << 8 | bytes->data[63];
    guint major = 0, minor = 0, patch = 0;
    sscanf(CK_VERSION, "%u.%u.%u", &major, &minor, &patch);
    g_assert_cmpuint(version % 1000000, ==, major * 10000 + minor * 100 + patch);
    set_version(f, version / 1000000 * 1000000);
    g_assert_cmpuint(count_in_next(f), ==, THREADS);
    set_version(f, version / 1000000 * 1000000 + 999999);
    g_assert_cmpuint(count_in_next(f), ==, THREADS);
    g_assert_cmpstr(f->log->str, ==, "");
}

/* What rows hold besides JSON, of one element of each kind. */
static const char *const elements[] = {
    "{\"id\":\"1\",\"type\":\"chatkit.user_message\",\"created_at\":1,\"content\":[{\"type\":"
    "\"input_text\",\"text\":\"a \\u0007 <b> `c` ```\\n- é\"},{\"type\":\"quoted_text\",\"text\":"
    "\"q\\nr\"}],\"attachments\":[{\"type\":\"file\",\"name\":\"a.pdf\",\"mime_type\":"
    "\"application/pdf\"}],\"inference_options\":null}",
    "{\"id\":\"2\",\"type\":\"assistant_message\",\"content\":[{\"type\":\"output_text\",\"text\":"
    "\"Yes.\",\"annotations\":[{\"type\":\"url\",\"source\":{\"type\":\"url\",\"url\":"
    "\"https://a.example\"}}]}]}",
    "{\"id\":\"3\",\"type\":\"chatkit.widget\",\"widget\":\"{\\\"type\\\":\\\"Text\\\","
    "\\\"value\\\":\\\"w\\\"}\"}",
    "{\"id\":\"4\",\"type\":\"chatkit.client_tool_call\",\"status\":\"in_progress\",\"name\":\"f\","
    "\"call_id\":\"c\",\"arguments\":\"{}\",\"output\":null}",
    "{\"id\":\"5\",\"type\":\"chatkit.task\",\"task_type\":\"thought\",\"heading\":\"h\","
    "\"summary\":\"s\"}",
    "{\"id\":\"6\",\"type\":\"chatkit.task_group\",\"tasks\":[{\"type\":\"custom\",\"heading\":"
    "\"h\",\"summary\":null}]}",
    "{\"id\":\"7\",\"type\":\"chatkit.some thing\",\"title\":\" A/B: "
    "c?\",\"user\":\"x/y\",\"n\":1e3}",
    "[1, {\"a\": []}]",
};

static void add_text(GChecksum *sum, const char *text)
{
    g_checksum_update(sum, (const guchar *)(text ? text : ""), -1);
    g_checksum_update(sum, (const guchar *)"", 1);
}

/* A cache has in its rows what these functions gave when it was made. If this fails, they give
 * something else now, or the tables are others: raise STORE_VERSION (store_file.c), lest files have
 * the sizes and names that they had, and put the new digest here. */
static void tables_and_rows_are_those_of_the_version(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    make_cache(f);
    g_autofree char *tables = get_text(f, "db", "SELECT group_concat(sql) FROM sqlite_schema");
    add_text(sum, tables);
    for (gsize i = 0; i < G_N_ELEMENTS(elements); i++) {
        CkSlice json = {elements[i], strlen(elements[i])};
        g_autoptr(CkPreparedItem) item = ck_prepare_item(json, NULL);
        g_autoptr(CkPreparedThread) thread = ck_prepare_thread(json, NULL);
        g_autofree char *folder = ck_name_thread(thread->title, "id");
        g_autofree char *user = ck_name_user(thread->user);
        g_autofree char *numbers =
            g_strdup_printf("%" G_GINT64_FORMAT " %d %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                            " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                            item->created_at, item->finished, item->json_size, item->md_size,
                            item->jsonl_size, thread->json_size, thread->head_size);
        add_text(sum, item->role);
        add_text(sum, folder);
        add_text(sum, user);
        add_text(sum, numbers);
    }
    g_assert_cmpstr(g_checksum_get_string(sum), ==,
                    "4d4e1805056f430d5bb4d37b150dc9a3fd2313b4cee47fbe69b0005aa892498c");
}

/* An exchanged key */

static void a_file_goes_with_a_key_that_is_exchanged(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    g_autofree char *before = file_of(f, "db");
    CkCache *cache = open_cache(f);
    keys_set(f->config->key, "sk-other");
    ck_cache_free(cache);
    g_assert_false(g_file_test(before, G_FILE_TEST_EXISTS));
    g_autofree char *lock = file_of(f, "lock");
    g_autofree char *left = NULL;
    g_assert_true(g_file_get_contents(lock, &left, NULL, NULL));
    g_assert_true(g_str_has_prefix(left, "clean "));
    g_assert_cmpuint(count_in_next(f), ==, THREADS);
    keys_set(f->config->key, "sk-secret");
    g_assert_cmpuint(count_in_next(f), ==, 0);
    g_assert_cmpstr(f->log->str, ==, "");
}

static void a_file_of_the_new_key_is_left_alone(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    keys_set(f->config->key, "sk-other");
    g_assert_cmpuint(count_in_next(f), ==, 0); /* and is there from now on */
    keys_set(f->config->key, "sk-secret");
    CkCache *cache = open_cache(f);
    keys_set(f->config->key, "sk-other");
    ck_cache_free(cache);
    g_assert_cmpuint(count_in_next(f), ==, 0);
    keys_set(f->config->key, "sk-secret");
    g_assert_cmpuint(count_in_next(f), ==, THREADS);
}

static void a_name_that_another_mount_has_is_not_taken(void)
{
    g_autoptr(Fixture) f = fixture_new();
    make_cache(f);
    CkCache *cache = open_cache(f);
    keys_set(f->config->key, "sk-other");
    g_autofree char *lock = file_of(f, "lock");
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    g_assert_cmpint(flock(fd, LOCK_EX), ==, 0);
    ck_cache_free(cache);
    g_assert_false(has_file(f, "db"));
    close(fd);
    keys_set(f->config->key, "sk-secret");
    g_assert_cmpuint(count_in_next(f), ==, THREADS);
}

#define TEST(name) g_test_add_func("/cache/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(the_name_of_an_account_stays_the_same);
    TEST(names_of_accounts_differ);
    TEST(what_comes_is_counted_in_a_file_and_in_a_copy);
    TEST(what_comes_instead_of_what_was_damaged_is_counted);
    TEST(directory_and_files_are_for_their_owner_alone);
    TEST(a_directory_that_others_can_use_is_refused);
    TEST(what_is_no_directory_of_ours_is_refused);
    TEST(a_link_is_never_followed);
    TEST(rows_are_there_the_next_time);
    TEST(what_was_committed_outlives_a_kill);
    TEST(the_key_is_in_no_file);
    TEST(without_a_directory_nothing_is_kept);
    TEST(what_is_no_database_is_moved_aside);
    TEST(a_file_that_is_cut_is_moved_aside);
    TEST(pages_that_are_written_over_are_found);
    TEST(single_bytes_that_flip_do_no_harm);
    TEST(another_programs_database_is_moved_aside);
    TEST(what_another_version_made_is_moved_aside);
    TEST(it_is_moved_with_its_log);
    TEST(a_move_that_was_interrupted_is_finished);
    TEST(a_file_of_0_1_is_moved_aside_once);
    TEST(offline_refuses_what_another_version_made);
    TEST(what_another_mount_has_open_stays_where_it_is);
    TEST(which_program_made_it_does_not_matter);
    TEST(damage_that_is_found_later_is_moved_aside_then);
    TEST(the_second_works_on_a_copy);
    TEST(a_file_goes_with_a_key_that_is_exchanged);
    TEST(a_file_of_the_new_key_is_left_alone);
    TEST(a_name_that_another_mount_has_is_not_taken);
    TEST(another_view_lists_the_threads_anew);
    TEST(threads_are_called_as_this_view_calls_them);
    TEST(a_listing_is_read_on_where_it_was_left);
    TEST(the_least_used_go_first);
    TEST(a_cache_is_made_smaller_when_it_is_opened);
    TEST(the_log_is_brought_into_the_file);
    TEST(tables_and_rows_are_those_of_the_version);
    return g_test_run();
}
