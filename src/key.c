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
    char *file;      /* NULL: it comes from a variable */
    char *variable;  /* NULL: it comes from a file */
    char *directory; /* of credentials; NULL: none */
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
    g_free(key->variable);
    g_free(key->directory);
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

void ck_key_set_file(CkKey *key, const char *path)
{
    gboolean at_home = g_str_has_prefix(path, "~/");
    g_autofree char *from = at_home ? g_strdup(g_get_home_dir()) : g_get_current_dir();
    g_free(key->file);
    key->file = g_path_is_absolute(path) ? g_strdup(path)
                                         : g_build_filename(from, at_home ? path + 2 : path, NULL);
}

void ck_key_set_variable(CkKey *key, const char *variable, const char *text)
{
    g_free(key->variable);
    key->variable = g_strdup(variable);
    /* One that does not fit is as good as none with a control character: it is refused when read.
     */
    put(key, strlen(text) <= CK_KEY_MAX ? text : "\n");
}

void ck_key_set_credentials(CkKey *key, const char *directory)
{
    g_free(key->directory);
    key->directory = g_strdup(directory);
}

const char *ck_key_file(const CkKey *key)
{
    return key->file;
}

void ck_key_hide(const char *variable)
{
    gsize length = strlen(variable);
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, variable, length) == 0 && (*entry)[length] == '=')
            explicit_bzero(*entry + length + 1, strlen(*entry + length + 1));
    unsetenv(variable);
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
    if (status.st_uid != geteuid() && status.st_uid != 0 && !is_credential(key, path))
        return ck_error_invalid(error,
                                "the API key file %s belongs to another user (%u): chown it to"
                                " yourself or to root, or name another file",
                                path, (guint)status.st_uid);
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
static gboolean read_file(CkKey *key, const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return cannot_read(path, error);
    gboolean ok = read_opened(key, path, fd, error);
    close(fd);
    return ok;
}

gboolean ck_key_read(CkKey *key, GError **error)
{
    const char *text = ck_key_text(key);
    if (key->file)
        return read_file(key, key->file, error);
    if (!key->variable)
        return ck_error_invalid(error,
                                "no API key: set " CK_KEY_VARIABLE ", or give --api-key-file");
    if (!is_printable(text, strlen(text)))
        return ck_error_invalid(
            error,
            "the API key has a control character, a space or no ASCII in it (a line"
            " break at its end, perhaps): set %s again",
            key->variable);
    return TRUE;
}

gboolean ck_key_can_change(const CkKey *key)
{
    return key->file != NULL;
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
