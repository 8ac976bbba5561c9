/* SPDX-License-Identifier: MIT */
#include "keys.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

#define KEY   "sk-proj-a-secret-0123456789"
#define OTHER "sk-proj-another-secret-5678"

typedef struct {
    char *directory, *path;
    CkKey *key; /* of the file at path */
} Fixture;

static Fixture *fixture_new(void)
{
    Fixture *f = g_new0(Fixture, 1);
    f->directory = g_dir_make_tmp("key-XXXXXX", NULL);
    f->path = g_build_filename(f->directory, CK_KEY_CREDENTIAL, NULL);
    f->key = ck_key_new();
    ck_key_set_file(f->key, f->path);
    return f;
}

static void fixture_free(Fixture *f)
{
    g_remove(f->path);
    g_rmdir(f->directory);
    ck_key_free(f->key);
    g_free(f->directory);
    g_free(f->path);
    g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static void write_bytes(Fixture *f, const char *bytes, gsize size, guint mode)
{
    g_assert_true(g_file_set_contents(f->path, bytes, (gssize)size, NULL));
    g_assert_cmpint(chmod(f->path, mode), ==, 0);
}

static void write_key(Fixture *f, const char *text)
{
    write_bytes(f, text, strlen(text), 0600);
}

static void assert_reads(CkKey *key, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ck_key_read(key, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(ck_key_text(key), ==, text);
}

/* It can't be read, in one line that has the words and nothing of a secret. */
static void assert_refused(CkKey *key, const char *word, const char *other_word)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(ck_key_read(key, &error));
    g_assert_error(error, CK_ERROR, CK_ERROR_INVALID);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, word));
    g_assert_nonnull(strstr(error->message, other_word));
    g_assert_null(strstr(error->message, "sk-"));
    g_assert_null(strpbrk(error->message, "\r\n"));
}

/* A file */

static void a_file_holds_the_key_and_one_line_break(void)
{
    static const char *const ends[] = {"", "\n", "\r\n"};
    g_autofree char *longest = g_strnfill(CK_KEY_MAX, 'k');
    const char *const keys[] = {KEY, "k", "a.b~c+d/e_f-g==", longest};
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(keys); k++) {
            g_autoptr(Fixture) f = fixture_new();
            g_autofree char *text = g_strconcat(keys[k], ends[i], NULL);
            write_key(f, text);
            assert_reads(f->key, keys[k]);
            g_assert_cmpuint(ck_key_count(f->key), ==, 1);
        }
}

static void what_is_no_key_is_refused(void)
{
    g_autofree char *large = g_strnfill(CK_KEY_MAX + 1, 'k');
    g_autofree char *larger = g_strnfill(1 << 20, 'k');
    const struct {
        const char *text, *why;
    } cases[] = {
        {"", "empty"},
        {"\n", "empty"},
        {"\r\n", "empty"},
        {KEY "\n\n", "nothing but the key"},
        {KEY "\n" OTHER "\n", "nothing but the key"},
        {" " KEY, "nothing but the key"},
        {KEY " \n", "nothing but the key"},
        {KEY "\t", "nothing but the key"},
        {KEY "\x1b[0m", "nothing but the key"},
        {KEY "\x7f", "nothing but the key"},
        {"\xef\xbb\xbf" KEY, "nothing but the key"},
        {large, "too large"},
        {larger, "too large"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fixture) f = fixture_new();
        write_key(f, cases[i].text);
        assert_refused(f->key, f->path, cases[i].why);
        g_assert_cmpstr(ck_key_text(f->key), ==, "");
    }
    g_autoptr(Fixture) f = fixture_new();
    write_bytes(f, KEY "\0more", strlen(KEY) + 5, 0600);
    assert_refused(f->key, f->path, "nothing but the key");
}

static void a_file_is_for_its_owner_alone(void)
{
    static const guint refused[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666, 0777};
    static const guint taken[] = {0600, 0400, 0700};
    g_autoptr(Fixture) f = fixture_new();
    g_autofree char *remedy = g_strdup_printf("chmod 600 %s", f->path);
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        write_bytes(f, KEY, strlen(KEY), refused[i]);
        assert_refused(f->key, "others can use", remedy);
        g_remove(f->path);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(taken); i++) {
        write_bytes(f, KEY, strlen(KEY), taken[i]);
        assert_reads(f->key, KEY);
        g_remove(f->path);
    }
}

static void what_is_no_regular_file_is_refused_at_once(void)
{
    g_autoptr(Fixture) f = fixture_new();
    assert_refused(f->key, f->path, "No such file");
    g_assert_cmpint(mkfifo(f->path, 0600), ==, 0);
    assert_refused(f->key, f->path, "not a regular file");
    g_remove(f->path);
    g_assert_cmpint(g_mkdir(f->path, 0700), ==, 0);
    assert_refused(f->key, f->path, "not a regular file");
    g_rmdir(f->path);
    ck_key_set_file(f->key, "/dev/null");
    assert_refused(f->key, "/dev/null", "not a regular file");
}

/* The mode that counts is that of the file itself. */
static void a_link_is_followed(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autofree char *link_path = g_build_filename(f->directory, "link", NULL);
    g_assert_cmpint(symlink(CK_KEY_CREDENTIAL, link_path), ==, 0);
    ck_key_set_file(f->key, link_path);
    write_bytes(f, KEY, strlen(KEY), 0644);
    assert_refused(f->key, "others can use", link_path);
    write_key(f, KEY);
    assert_reads(f->key, KEY);
    g_remove(link_path);
}

static void paths_begin_here_or_at_home(void)
{
    g_autoptr(Fixture) f = fixture_new();
    g_autofree char *here = g_get_current_dir();
    g_autofree char *at_home = g_strdup_printf("%s/no/such/key", g_get_home_dir());
    write_key(f, KEY);
    g_assert_cmpint(chdir(f->directory), ==, 0);
    ck_key_set_file(f->key, CK_KEY_CREDENTIAL);
    g_assert_cmpint(chdir("/"), ==, 0); /* as a daemon does */
    assert_reads(f->key, KEY);
    g_assert_cmpint(chdir(here), ==, 0);
    ck_key_set_file(f->key, "~/no/such/key");
    assert_refused(f->key, at_home, "No such file");
}

/* Reading it again */

static void a_key_that_was_exchanged_is_another_one(void)
{
    g_autoptr(Fixture) f = fixture_new();
    write_key(f, KEY);
    assert_reads(f->key, KEY);
    assert_reads(f->key, KEY);
    g_assert_cmpuint(ck_key_count(f->key), ==, 1);
    write_key(f, OTHER "\n");
    assert_reads(f->key, OTHER);
    g_assert_cmpuint(ck_key_count(f->key), ==, 2);
    write_key(f, "k");
    assert_reads(f->key, "k");
    g_assert_cmpuint(ck_key_count(f->key), ==, 3);
}

static void a_key_stays_where_there_is_no_better_one(void)
{
    g_autoptr(Fixture) f = fixture_new();
    write_key(f, KEY);
    assert_reads(f->key, KEY);
    write_key(f, "");
    assert_refused(f->key, f->path, "empty");
    write_bytes(f, OTHER, strlen(OTHER), 0644);
    assert_refused(f->key, f->path, "chmod 600");
    g_remove(f->path);
    assert_refused(f->key, f->path, "No such file");
    g_assert_cmpstr(ck_key_text(f->key), ==, KEY);
    g_assert_cmpuint(ck_key_count(f->key), ==, 1);
}

/* Variables and credentials */

static void a_variable_holds_the_key(void)
{
    g_autoptr(CkKey) key = keys_new(KEY);
    assert_reads(key, KEY);
    assert_reads(key, KEY);
    g_assert_cmpuint(ck_key_count(key), ==, 1);
    g_assert_false(ck_key_can_change(key));
}

static void no_key_is_an_error(void)
{
    g_autoptr(CkKey) none = ck_key_new();
    assert_refused(none, "set OPENAI_API_KEY", "--api-key-file");
}

static void a_variable_that_would_break_a_header_is_refused(void)
{
    static const char *const ends[] = {"\n", "\r\n", "\x1b", "\x7f", " ", "é", "\r\nX-Other: 1"};
    g_autofree char *large = g_strnfill(CK_KEY_MAX + 1, 'k');
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *text = g_strconcat(KEY, ends[i], NULL);
        g_autoptr(CkKey) key = keys_new(text);
        assert_refused(key, "control character", "OPENAI_API_KEY");
    }
    g_autoptr(CkKey) too_large = ck_key_new();
    ck_key_set_variable(too_large, "WORK_KEY", large);
    assert_refused(too_large, "control character", "set WORK_KEY again");
}

/* systemd shows the mask of an ACL in the mode of a credential, and guards the directory. */
static void the_mode_of_a_credential_does_not_matter(void)
{
    g_autoptr(Fixture) f = fixture_new();
    write_bytes(f, KEY, strlen(KEY), 0440);
    ck_key_set_credentials(f->key, "/nowhere");
    assert_refused(f->key, "others can use", f->path);
    ck_key_set_credentials(f->key, f->directory);
    assert_reads(f->key, KEY);
}

static void a_hidden_variable_is_wiped_in_place_and_removed(void)
{
    char first[] = "WORK_KEY=" KEY, second[] = "WORK_KEY=" OTHER;
    char longer[] = "WORK_KEYS=1", home[] = "HOME=/root";
    char *environment[] = {home, first, longer, second, NULL}, **own = environ;
    environ = environment;
    ck_key_hide("WORK_KEY");
    environ = own;
    for (gsize i = strlen("WORK_KEY="); i < sizeof first; i++)
        g_assert_cmpint(first[i], ==, '\0');
    for (gsize i = strlen("WORK_KEY="); i < sizeof second; i++)
        g_assert_cmpint(second[i], ==, '\0');
    g_assert_cmpstr(environment[0], ==, "HOME=/root");
    g_assert_cmpstr(environment[1], ==, "WORK_KEYS=1");
    g_assert_null(environment[2]);
}

/* Memory */

/* The flags of the mapping that an address is in (VmFlags in proc(5)). */
static char *flags_of(const void *address)
{
    g_autofree char *maps = NULL;
    g_assert_true(g_file_get_contents("/proc/self/smaps", &maps, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(maps, "\n", -1);
    gboolean here = FALSE;
    for (char **line = lines; *line; line++) {
        guint64 begin, end;
        if (sscanf(*line, "%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x ", &begin, &end) == 2)
            here = GPOINTER_TO_SIZE(address) >= begin && GPOINTER_TO_SIZE(address) < end;
        else if (here && g_str_has_prefix(*line, "VmFlags:"))
            return g_strconcat(*line, " ", NULL);
    }
    return g_strdup("");
}

static gboolean is_out_of_cores(const char *flags)
{
    return strstr(flags, " dd ") != NULL; /* MADV_DONTDUMP */
}

/* Every kernel can, but qemu-user may ignore that it is told so. */
static gboolean can_be_out_of_cores(void)
{
    gsize size = (gsize)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(page != MAP_FAILED);
    madvise(page, size, MADV_DONTDUMP);
    g_autofree char *flags = flags_of(page);
    munmap(page, size);
    return is_out_of_cores(flags);
}

static void it_is_in_no_core_and_its_pages_are_given_back(void)
{
    g_autoptr(CkKey) key = keys_new(KEY);
    const char *text = ck_key_text(key);
    g_autofree char *flags = flags_of(text);
    g_assert_cmpint(is_out_of_cores(flags), ==, can_be_out_of_cores());
    gsize page = (gsize)sysconf(_SC_PAGESIZE);
    void *pages = (void *)(GPOINTER_TO_SIZE(text) / page * page);
    unsigned char in_memory;
    g_assert_cmpint(mincore(pages, page, &in_memory), ==, 0);
    g_clear_pointer(&key, ck_key_free);
    /* Before anything is allocated, which may come there. */
    g_assert_cmpint(mincore(pages, page, &in_memory), ==, -1);
    g_assert_cmpint(errno, ==, ENOMEM);
}

/* Cutting it out */

static void assert_cut(CkKey *key, const char *text, const char *expected)
{
    g_autoptr(GString) cut = g_string_new(text);
    ck_key_cut_out(key, cut);
    g_assert_cmpstr(cut->str, ==, expected);
    g_assert_cmpuint(cut->len, ==, strlen(expected));
}

static void it_is_cut_out_of_what_a_server_says(void)
{
    g_autoptr(CkKey) key = keys_new(KEY);
    assert_cut(key, "", "");
    assert_cut(key, "no such thread", "no such thread");
    assert_cut(key, KEY, "[key]");
    assert_cut(key, "bad " KEY ", really " KEY, "bad [key], really [key]");
    assert_cut(key, KEY KEY, "[key][key]");
    assert_cut(key, "é" KEY "é", "é[key]é");
}

/* The server may have shortened or quoted it. */
static void parts_of_it_are_cut_out(void)
{
    g_autoptr(CkKey) key = keys_new(KEY);
    g_autoptr(CkKey) odd = keys_new("abcdefghijklm+nopqrstuvwxyz");
    assert_cut(key, "bad sk-proj-a-sec...", "bad [key]...");
    assert_cut(key, "bad ...secret-0123456789", "bad ...[key]");
    assert_cut(key, "bad sk-proj-***6789", "bad sk-proj-***6789"); /* as OpenAI does, and is fine */
    assert_cut(odd, "abcdefghijklm%2Bnopqrstuvwxyz", "[key]%2B[key]");
}

static void a_short_one_is_cut_out_as_a_whole(void)
{
    g_autoptr(CkKey) key = keys_new("sk-1");
    assert_cut(key, "sk-1 sk-2 sk-", "[key] sk-2 sk-");
}

static void without_a_key_nothing_is_cut_out(void)
{
    g_autoptr(CkKey) none = ck_key_new();
    assert_cut(none, "any text at all", "any text at all");
}

static void those_before_it_are_cut_out_as_well(void)
{
    g_autoptr(Fixture) f = fixture_new();
    write_key(f, KEY);
    assert_reads(f->key, KEY);
    write_key(f, OTHER);
    assert_reads(f->key, OTHER);
    assert_cut(f->key, "not " KEY " but " OTHER, "not [key] but [key]");
    write_key(f, "a-third-key-for-the-server");
    assert_reads(f->key, "a-third-key-for-the-server");
    assert_cut(f->key, "not " KEY " but " OTHER, "not [key] but [key]");
}

#define TEST(name) g_test_add_func("/key/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_file_holds_the_key_and_one_line_break);
    TEST(what_is_no_key_is_refused);
    TEST(a_file_is_for_its_owner_alone);
    TEST(what_is_no_regular_file_is_refused_at_once);
    TEST(a_link_is_followed);
    TEST(paths_begin_here_or_at_home);
    TEST(a_key_that_was_exchanged_is_another_one);
    TEST(a_key_stays_where_there_is_no_better_one);
    TEST(a_variable_holds_the_key);
    TEST(no_key_is_an_error);
    TEST(a_variable_that_would_break_a_header_is_refused);
    TEST(the_mode_of_a_credential_does_not_matter);
    TEST(a_hidden_variable_is_wiped_in_place_and_removed);
    TEST(it_is_in_no_core_and_its_pages_are_given_back);
    TEST(it_is_cut_out_of_what_a_server_says);
    TEST(parts_of_it_are_cut_out);
    TEST(a_short_one_is_cut_out_as_a_whole);
    TEST(without_a_key_nothing_is_cut_out);
    TEST(those_before_it_are_cut_out_as_well);
    return g_test_run();
}
