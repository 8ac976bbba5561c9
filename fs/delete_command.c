/* SPDX-License-Identifier: MIT */
#include "delete_command.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "error.h"
#include "names.h"
#include "text.h"
#include "thread_ioctl.h"
#include "timestamp.h"

/* A line that is typed has no more bytes (termios(3), canonical mode). */
#define ANSWER_MAX 4096

/* What is deleted is the thread of this id, whatever its folder is called by then. */
typedef struct {
    int mount; /* a folder of it */
    char *id;
    char *title; /* as it can be shown */
    gint64 created_at;
} Chosen;

typedef struct {
    const CkOptions *options;
    GHashTable *mounts; /* device (dev_t) → descriptor of a folder of that mount */
    GHashTable *seen;   /* "MOUNT ID" */
    GPtrArray *chosen;  /* Chosen */
    guint unknown;      /* folders of which it can't be known whether they are idle; told */
    guint deleted;
    gboolean ended; /* a mount has ended, which has been told */
} Command;

/* By that signal; 0: it is not. A call that waits ends with EINTR then. */
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = number;
}

static void watch_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (signal(SIGHUP, SIG_IGN) != SIG_IGN) /* it is, with nohup(1) */
        sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* who reads no more is no reason to end between two threads */
}

static void chosen_free(gpointer data)
{
    Chosen *chosen = data;
    g_free(chosen->id);
    g_free(chosen->title);
    g_free(chosen);
}

static void close_mount(gpointer fd)
{
    close(GPOINTER_TO_INT(fd));
}

/* Asking the mount */

/* What an errno means that came without words. */
static const char *words_of(int failure)
{
    switch (failure) {
    case ENOTTY:
    case ENOSYS:
    case EINVAL:
        return "no chatkitfs of this version serves it; see findmnt -t fuse.chatkitfs";
    case EPERM:
        return "only the user who mounted it can delete there";
    case EROFS:
        return "the mount deletes nothing; unmount it, and mount it with --allow-delete, and "
               "without --offline";
    case ENOENT:
    case ESTALE:
        return "it is gone";
    case ENOTCONN:
        return "the mount has ended";
    case EINTR:
        return "interrupted";
    default:
        return g_strerror(failure);
    }
}

/* CK_ERROR_CLOSING: there is no use in going on; CK_ERROR_TIMED_OUT: it may be done all the same.
 */
static CkError code_of(int failure)
{
    switch (failure) {
    case ENOTCONN:
        return CK_ERROR_CLOSING;
    case ETIMEDOUT:
    case EINTR:
        return CK_ERROR_TIMED_OUT;
    case ENOENT:
    case ESTALE:
        return CK_ERROR_NOT_FOUND;
    default:
        return CK_ERROR_INVALID;
    }
}

/* Sets the error to why it failed, without saying what. */
static gboolean ask(int fd, unsigned request, CkThreadIoctl *thread, GError **error)
{
    int failure = ioctl(fd, request, thread) == 0 ? thread->error : errno;
    if (failure == 0)
        return TRUE;
    thread->why[sizeof thread->why - 1] = '\0';
    g_autofree char *why = thread->error ? ck_text_line(thread->why) : g_strdup(words_of(failure));
    g_set_error_literal(error, CK_ERROR, code_of(failure), why);
    return FALSE;
}

/* Choosing */

static void append_time(GString *line, const char *what, gint64 seconds)
{
    g_autofree char *time = seconds ? ck_timestamp_format(seconds) : NULL;
    g_string_append_printf(line, "%s %s", what, time ? time : "at an unknown time");
}

static void show(const CkThreadIoctl *thread, const char *title)
{
    g_autofree char *user = ck_text_line(thread->user);
    g_autoptr(GString) line = g_string_new(thread->id);
    append_time(line, "  begun", thread->created_at);
    if (thread->items > 0)
        append_time(line, ", newest item", thread->newest_at);
    g_string_append_printf(line, ", %" G_GUINT64_FORMAT " item%s, %s%s: %s", thread->items,
                           thread->items == 1 ? "" : "s", *user ? "user " : "no user", user, title);
    printf("%s\n", line->str);
    fflush(stdout);
}

/* A descriptor of that mount, which outlives fd. */
static int mount_of(Command *command, int fd, dev_t device)
{
    gpointer key = GSIZE_TO_POINTER((gsize)device), found;
    if (g_hash_table_lookup_extended(command->mounts, key, NULL, &found))
        return GPOINTER_TO_INT(found);
    int mount = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (mount >= 0)
        g_hash_table_insert(command->mounts, key, GINT_TO_POINTER(mount));
    return mount;
}

static gboolean choose(Command *command, int fd, const CkThreadIoctl *thread, GError **error)
{
    struct stat status;
    int mount = fstat(fd, &status) == 0 ? mount_of(command, fd, status.st_dev) : -1;
    if (mount < 0)
        return ck_error_invalid(error, "%s", g_strerror(errno));
    g_autofree char *which = g_strdup_printf("%d %s", mount, thread->id);
    if (!g_hash_table_add(command->seen, g_steal_pointer(&which)))
        return TRUE;
    Chosen *chosen = g_new(Chosen, 1);
    *chosen = (Chosen){
        .mount = mount,
        .id = g_strdup(thread->id),
        .title = ck_text_line(*thread->title ? thread->title : "untitled"),
        .created_at = thread->created_at,
    };
    g_ptr_array_add(command->chosen, chosen);
    show(thread, chosen->title);
    return TRUE;
}

/* Opens a folder, and has the mount look at it: what thread it is of, with the server's word on
 * that. -1: it fails, with CK_ERROR_NOT_FOUND where there is no such name. */
static int open_and_look(const Command *command, int parent, const char *path, int flags,
                         CkThreadIoctl *thread, GError **error)
{
    int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
    *thread = (CkThreadIoctl){.idle_since = command->options->idle_since};
    if (fd < 0) {
        g_set_error_literal(error, CK_ERROR,
                            errno == ENOENT ? CK_ERROR_NOT_FOUND : CK_ERROR_INVALID,
                            errno == ENOTDIR ? "it is no folder" : g_strerror(errno));
        return -1;
    }
    if (!ask(fd, CK_THREAD_LOOK, thread, error)) {
        close(fd);
        return -1;
    }
    thread->id[sizeof thread->id - 1] = thread->title[sizeof thread->title - 1] =
        thread->user[sizeof thread->user - 1] = '\0';
    if (*thread->id && !ck_name_is_id(thread->id)) { /* another program's mount */
        close(fd);
        ck_error_invalid(error, "%s", words_of(ENOTTY));
        return -1;
    }
    return fd;
}

static gboolean choose_path(Command *command, const char *path, GError **error)
{
    CkThreadIoctl thread;
    int fd = open_and_look(command, AT_FDCWD, path, 0, &thread, error);
    if (fd < 0)
        return FALSE;
    gboolean ok = *thread.id ? choose(command, fd, &thread, error)
                             : ck_error_invalid(error, "it is not the folder of a thread");
    close(fd);
    return ok;
}

static gboolean choose_paths(Command *command, GError **error)
{
    for (char **path = command->options->paths; *path && !interrupted; path++) {
        g_autoptr(GError) reason = NULL;
        if (choose_path(command, *path, &reason))
            continue;
        g_autofree char *shown = ck_text_line(*path);
        return ck_error_invalid(error, "%s: %s; nothing was deleted", shown, reason->message);
    }
    return TRUE;
}

/* Idle threads */

/* The folders in a folder, all of them or NULL. */
static GPtrArray *list(int fd, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = own >= 0 ? fdopendir(own) : NULL;
    const struct dirent *entry;
    int failure = directory ? 0 : errno;
    while (directory && !interrupted && (errno = 0, entry = readdir(directory)))
        if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0)
            g_ptr_array_add(names, g_strdup(entry->d_name));
    if (directory && !interrupted)
        failure = errno;
    if (directory)
        closedir(directory);
    else if (own >= 0)
        close(own);
    if (failure) {
        ck_error_invalid(error, "%s", g_strerror(failure));
        return NULL;
    }
    return g_steal_pointer(&names);
}

static gboolean choose_idle(Command *command, int fd, const CkThreadIoctl *thread, GError **error)
{
    if (thread->state == CK_THREAD_UNDATED)
        g_message("%s is not deleted: it, or its newest item, has no date", thread->id);
    return thread->state != CK_THREAD_DUE || choose(command, fd, thread, error);
}

static gboolean choose_idle_in(Command *command, int fd, gboolean of_user, GError **error);

static gboolean is_same_mount(int one, int other)
{
    struct stat first, second;
    return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev;
}

/* A folder of that mount: a thread's or, but not of_user, that of a user. */
static gboolean choose_idle_at(Command *command, int fd, gboolean of_user,
                               const CkThreadIoctl *thread, GError **error)
{
    if (*thread->id)
        return choose_idle(command, fd, thread, error);
    return of_user ? ck_error_invalid(error, "it is not the folder of a thread")
                   : choose_idle_in(command, fd, TRUE, error);
}

/* A thread of which it can't be known whether it is idle stays, and does not keep the others. */
static void choose_idle_named(Command *command, int parent, const char *name, gboolean of_user)
{
    CkThreadIoctl thread;
    g_autoptr(GError) reason = NULL;
    int fd = open_and_look(command, parent, name, O_NOFOLLOW, &thread, &reason);
    gboolean ok = fd >= 0 && (!is_same_mount(fd, parent) ||
                              choose_idle_at(command, fd, of_user, &thread, &reason));
    if (fd >= 0)
        close(fd);
    if (ok || interrupted || g_error_matches(reason, CK_ERROR, CK_ERROR_NOT_FOUND))
        return;
    g_autofree char *shown = ck_text_line(name);
    g_warning("%s is not deleted: %s", shown, reason->message);
    command->ended |= g_error_matches(reason, CK_ERROR, CK_ERROR_CLOSING);
    command->unknown++;
}

static gboolean choose_idle_in(Command *command, int fd, gboolean of_user, GError **error)
{
    g_autoptr(GPtrArray) names = list(fd, error);
    for (guint i = 0; names && i < names->len && !interrupted && !command->ended; i++)
        choose_idle_named(command, fd, names->pdata[i], of_user);
    return names != NULL;
}

static gboolean choose_all_idle(Command *command, GError **error)
{
    CkThreadIoctl thread;
    const char *path = command->options->paths[0];
    g_autoptr(GError) reason = NULL;
    int fd = open_and_look(command, AT_FDCWD, path, 0, &thread, &reason);
    gboolean ok = fd >= 0 && (*thread.id ? ck_error_invalid(&reason, "it is the folder of a single "
                                                                     "thread; give the mountpoint")
                                         : choose_idle_in(command, fd, FALSE, &reason));
    if (fd >= 0)
        close(fd);
    if (ok)
        return TRUE;
    g_autofree char *shown = ck_text_line(path);
    return ck_error_invalid(error, "%s: %s; nothing was deleted", shown, reason->message);
}

/* Asking the user */

static gboolean is_terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* A signal that comes just before it waits is not missed. */
static gboolean can_read_answer(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    sigset_t signals, before;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, &before);
    gboolean can = !interrupted && ppoll(&input, 1, NULL, &before) > 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return can;
}

static gboolean is_agreed(const Command *command)
{
    char answer[ANSWER_MAX + 1] = "";
    if (command->options->yes)
        return TRUE;
    tcflush(STDIN_FILENO, TCIFLUSH); /* what was typed before the question answers nothing */
    printf("Delete %u thread%s for good? [y/N] ", command->chosen->len,
           command->chosen->len == 1 ? "" : "s");
    fflush(stdout);
    if (!can_read_answer() || read(STDIN_FILENO, answer, sizeof answer - 1) <= 0)
        printf("\n");
    g_strstrip(answer);
    return g_ascii_strcasecmp(answer, "y") == 0 || g_ascii_strcasecmp(answer, "yes") == 0;
}

/* Deleting */

static gboolean delete_one(const Command *command, const Chosen *chosen, GError **error)
{
    CkThreadIoctl thread = {
        .idle_since = command->options->idle_since,
        .created_at = chosen->created_at,
    };
    g_strlcpy(thread.id, chosen->id, sizeof thread.id);
    if (!ask(chosen->mount, CK_THREAD_DELETE, &thread, error))
        return FALSE;
    return thread.state == CK_THREAD_DUE || ck_error_invalid(error, "it has got an item meanwhile");
}

static void delete_chosen(Command *command)
{
    for (guint i = 0; i < command->chosen->len && !interrupted && !command->ended; i++) {
        const Chosen *chosen = command->chosen->pdata[i];
        g_autoptr(GError) reason = NULL;
        if (delete_one(command, chosen, &reason)) {
            printf("deleted %s: %s\n", chosen->id, chosen->title);
            fflush(stdout);
            command->deleted++;
        } else if (g_error_matches(reason, CK_ERROR, CK_ERROR_TIMED_OUT)) {
            g_warning("it is not known whether %s was deleted: %s; chatkitfs --refresh tells",
                      chosen->id, reason->message);
        } else {
            g_warning("%s is not deleted: %s", chosen->id, reason->message);
            command->ended = g_error_matches(reason, CK_ERROR, CK_ERROR_CLOSING);
        }
    }
}

static gboolean conclude(const Command *command, GError **error)
{
    guint count = command->chosen->len;
    g_autoptr(GString) line = g_string_new(interrupted ? "interrupted: " : "");
    if (!interrupted && command->deleted == count && command->unknown == 0)
        return TRUE;
    g_string_append_printf(line, "%u of %u thread%s deleted", command->deleted, count,
                           count == 1 ? "" : "s");
    if (command->unknown > 0)
        g_string_append_printf(line, ", and %u could not be looked at", command->unknown);
    if (command->ended)
        g_string_append(line, "; the others were left alone, since the mount has ended");
    return ck_error_invalid(error, "%s", line->str);
}

/* What is chosen has been shown. */
static gboolean delete_if_agreed(Command *command, GError **error)
{
    guint count = command->chosen->len;
    if (interrupted)
        return ck_error_invalid(error, "interrupted: nothing was deleted");
    if (command->options->dry_run) {
        printf("%u thread%s would be deleted\n", count, count == 1 ? "" : "s");
        return command->unknown == 0 ||
               ck_error_invalid(error, "%u could not be looked at", command->unknown);
    }
    if (count > 0 && !is_agreed(command))
        return ck_error_invalid(error, "%snothing was deleted", interrupted ? "interrupted: " : "");
    delete_chosen(command);
    return conclude(command, error);
}

/* As a program that is interrupted ends: so that a shell's loop ends with it. */
static void end_by_signal(const GError *error)
{
    g_warning("%s", error->message);
    signal(interrupted, SIG_DFL);
    raise(interrupted);
}

gboolean ck_delete_command(const CkOptions *options, GError **error)
{
    if (!options->yes && !options->dry_run && !is_terminal())
        return ck_error_invalid(error, "nothing was deleted: there is no terminal to ask on; give "
                                       "--yes to delete without a question, or --dry-run");
    g_autoptr(GHashTable) mounts = g_hash_table_new_full(NULL, NULL, NULL, close_mount);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) chosen = g_ptr_array_new_with_free_func(chosen_free);
    Command command = {.options = options, .mounts = mounts, .seen = seen, .chosen = chosen};
    watch_signals();
    g_autoptr(GError) failure = NULL;
    gboolean ok = options->idle_since ? choose_all_idle(&command, &failure)
                                      : choose_paths(&command, &failure);
    ok = ok && delete_if_agreed(&command, &failure);
    if (!ok && interrupted)
        end_by_signal(failure);
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&failure));
    return ok;
}
