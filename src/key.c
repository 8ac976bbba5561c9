/* SPDX-License-Identifier: MIT */
#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

/* This key and so many before it are remembered: a request may still be under way with one. */
#define KEPT 3

/* So much of a key, in bytes, is taken for a part of it. Its first characters, such as "sk-proj-",
 * tell nothing. */
#define PART 12

/* What is secret, in pages of its own. */
typedef struct {
    char texts[KEPT][CK_KEY_MAX + 1]; /* this key, and those before it; "": none */
    char read[CK_KEY_MAX + 3];        /* a file, as it is read: one byte more than may be in it */
} Secrets;

struct _CkKey {
    char *file;         /* NULL: none was named, and no credential found so far */
    char *directory;    /* of credentials; NULL: none */
    char *default_file; /* the configuration's, until it is known that it is needed; or NULL */
    guint count;
    Secrets *secrets;
};

/* Secrets */

CkKey *ck_key_new(void)
{
    CkKey *key = g_new0(CkKey, 1);
    void *pages =
        mmap(NULL, sizeof(Secrets), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        g_error("no memory for the API key"); /* as GLib ends where there is none */
    madvise(pages, sizeof(Secrets), MADV_DONTDUMP);
    mlock(pages, sizeof(Secrets)); /* more than the limit allows is better than no key at all */
    key->secrets = pages;
    return key;
}

void ck_key_free(CkKey *key)
{
    explicit_bzero(key->secrets, sizeof(Secrets));
    munmap(key->secrets, sizeof(Secrets));
    g_free(key->file);
    g_free(key->directory);
    g_free(key->default_file);
    g_free(key);
}

const char *ck_key_text(const CkKey *key)
{
    return key->secrets->texts[0];
}

guint ck_key_count(const CkKey *key)
{
    return key->count;
}

/* text is shorter than CK_KEY_MAX + 1. */
static void put(CkKey *key, const char *text)
{
    char(*texts)[CK_KEY_MAX + 1] = key->secrets->texts;
    if (strcmp(texts[0], text) == 0)
        return;
    if (*texts[0])
        memmove(texts[1], texts[0], (KEPT - 1) * sizeof texts[0]);
    memset(texts[0], 0, sizeof texts[0]);
    memcpy(texts[0], text, strlen(text));
    key->count++;
}

/* Where it comes from */

static void set_path(char **setting, const char *path)
{
    gboolean at_home = g_str_has_prefix(path, "~/");
    g_autofree char *from = at_home ? g_strdup(g_get_home_dir()) : g_get_current_dir();
    g_free(*setting);
    *setting = g_path_is_absolute(path) ? g_strdup(path)
                                        : g_build_filename(from, at_home ? path + 2 : path, NULL);
}

void ck_key_set_file(CkKey *key, const char *path)
{
    set_path(&key->file, path);
}

void ck_key_set_default_file(CkKey *key, const char *path)
{
    set_path(&key->default_file, path);
}

const char *ck_key_file(const CkKey *key)
{
    return key->file;
}

void ck_key_set_environment(CkKey *key, char **environment)
{
    const char *directory = g_environ_getenv(environment, "CREDENTIALS_DIRECTORY");
    const char *text = g_environ_getenv(environment, CK_KEY_VARIABLE);
    g_free(key->directory);
    key->directory = directory && *directory ? g_strdup(directory) : NULL;
    /* One that does not fit is as good as none with a control character: it is refused when read.
     */
    if (text && *text)
        put(key, strlen(text) <= CK_KEY_MAX ? text : "\n");
}

void ck_key_wipe_environment(char **environment)
{
    static const char prefix[] = CK_KEY_VARIABLE "=";
    for (char **entry = environment; entry && *entry; entry++)
        if (g_str_has_prefix(*entry, prefix))
            explicit_bzero(*entry + strlen(prefix), strlen(*entry + strlen(prefix)));
}

/* Reading */

/* A bearer token has no other characters (RFC 6750, 2.1); a header could not carry all of them. */
static gboolean is_printable(const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isgraph(text[i]))
            return FALSE;
    return TRUE;
}

/* systemd guards the directory, and a credential may show more in its mode: the mask of the ACL
 * that lets the service's user read it. */
static gboolean is_credential(const CkKey *key, const char *path)
{
    g_autofree char *directory = g_path_get_dirname(path);
    return g_strcmp0(directory, key->directory) == 0;
}

static gboolean cannot_read(const char *path, GError **error)
{
    return ck_error_invalid(
        error, "can't read the API key file %s: %s; write the key into it, for yourself alone",
        path, g_strerror(errno));
}

/* Whether the file that was opened is one that a key is taken from. */
static gboolean is_private(const CkKey *key, const char *path, int fd, GError **error)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return cannot_read(path, error);
    if (!S_ISREG(status.st_mode))
        return ck_error_invalid(
            error, "the API key file %s is not a regular file: write the key into one", path);
    if ((status.st_mode & 077) && !is_credential(key, path))
        return ck_error_invalid(error, "others can use the API key file %s: chmod 600 %s", path,
                                path);
    return TRUE;
}

/* Reads the file to key->secrets->read, as much as fits there. Its length, -1 with errno set. */
static ssize_t read_all(CkKey *key, int fd)
{
    char *bytes = key->secrets->read;
    gsize length = 0;
    ssize_t count;
    do
        if ((count = read(fd, bytes + length, sizeof key->secrets->read - length)) > 0)
            length += (gsize)count;
    while (count > 0 || (count < 0 && errno == EINTR));
    return count < 0 ? -1 : (ssize_t)length;
}

/* What was read, but for one line break at its end, is the key. */
static gboolean take(CkKey *key, const char *path, gsize length, GError **error)
{
    char *text = key->secrets->read;
    if (length > 0 && text[length - 1] == '\n')
        length--;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    if (length == 0)
        return ck_error_invalid(error, "the API key file %s is empty: write the key into it", path);
    if (length > CK_KEY_MAX)
        return ck_error_invalid(
            error, "the API key file %s is too large: it must hold nothing but the key", path);
    if (!is_printable(text, length))
        return ck_error_invalid(
            error,
            "the API key file %s has a space, a control character, a second line or no ASCII"
            " in it: it must hold nothing but the key",
            path);
    text[length] = '\0';
    put(key, text);
    return TRUE;
}

static gboolean read_opened(CkKey *key, const char *path, int fd, GError **error)
{
    if (!is_private(key, path, fd, error))
        return FALSE;
    ssize_t length = read_all(key, fd);
    gboolean ok = length < 0 ? cannot_read(path, error) : take(key, path, (gsize)length, error);
    explicit_bzero(key->secrets->read, sizeof key->secrets->read);
    return ok;
}

/* What is checked is what is read: the file that was opened. A FIFO is not waited for. */
static gboolean read_file(CkKey *key, const char *path, gboolean *missing, GError **error)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    *missing = fd < 0 && errno == ENOENT;
    if (fd < 0)
        return cannot_read(path, error);
    gboolean ok = read_opened(key, path, fd, error);
    close(fd);
    return ok;
}

static gboolean check_environment(CkKey *key, GError **error)
{
    const char *text = ck_key_text(key);
    if (!*text && key->default_file) {
        key->file = g_steal_pointer(&key->default_file);
        return read_file(key, key->file, &(gboolean){0}, error);
    }
    if (!*text)
        return ck_error_invalid(error,
                                "no API key: set " CK_KEY_VARIABLE ", or give --api-key-file");
    if (!is_printable(text, strlen(text)))
        return ck_error_invalid(
            error, "the API key has a control character, a space or no ASCII in it (a line"
                   " break at its end, perhaps): set " CK_KEY_VARIABLE " again");
    return TRUE;
}

gboolean ck_key_read(CkKey *key, GError **error)
{
    gboolean missing;
    if (key->file)
        return read_file(key, key->file, &missing, error);
    if (!key->directory)
        return check_environment(key, error);
    g_autofree char *path = g_build_filename(key->directory, CK_KEY_CREDENTIAL, NULL);
    g_autoptr(GError) reason = NULL;
    gboolean ok = read_file(key, path, &missing, &reason);
    if (missing)
        return check_environment(key, error);
    if (ok)
        key->file = g_steal_pointer(&path);
    else
        g_propagate_error(error, g_steal_pointer(&reason));
    return ok;
}

gboolean ck_key_can_change(const CkKey *key)
{
    return key->file || key->directory || key->default_file;
}

/* Cutting it out */

static gsize common_length(const char *a, const char *b)
{
    gsize length = 0;
    while (a[length] && a[length] == b[length])
        length++;
    return length;
}

/* How many bytes at the beginning of text are one of the keys, or a part of one; 0: none. */
static gsize secret_length(const CkKey *key, const char *text)
{
    gsize longest = 0;
    for (gsize i = 0; i < KEPT; i++) {
        const char *one = key->secrets->texts[i];
        gsize least = MIN(strlen(one), PART);
        for (const char *at = one; *at; at++) {
            gsize length = common_length(text, at);
            if (length >= least)
                longest = MAX(longest, length);
        }
    }
    return longest;
}

void ck_key_cut_out(const CkKey *key, GString *text)
{
    static const char mark[] = "[key]";
    for (gsize at = 0; at < text->len;) {
        gsize length = secret_length(key, text->str + at);
        if (length == 0) {
            at++;
            continue;
        }
        memset(text->str + at, 0, length);
        g_string_erase(text, (gssize)at, (gssize)length);
        g_string_insert(text, (gssize)at, mark);
        at += strlen(mark);
    }
}
