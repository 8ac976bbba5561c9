/* SPDX-License-Identifier: MIT */
#include "causes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    CkCause cause;
    guint64 requests;
    guint64 last; /* when the last one was, in requests of all */
} Entry;

/* How many threads are remembered: to ask for a thread's process takes several times as long as to
 * ask for its name. */
#define SEEN 16

/* A thread that has been looked at. Under another name it may be another program's. */
typedef struct {
    int thread;
    char name[CK_CAUSE_NAME];
    CkCause cause;
} Seen;

struct _CkCauses {
    CkCause current;
    Seen seen[SEEN];
    GArray *entries; /* Entry, one for each process and name */
    guint64 others;
    guint64 counted;
};

/* /proc. Neither file waits for the process, however that waits for us (as cmdline could, for its
 * memory). */

/* Reads a file of a process or thread, as much as there is room for; FALSE where it is gone. */
static gboolean read_proc(int pid, const char *file, char *text, gsize room)
{
    char path[64];
    g_snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    gssize size = fd >= 0 ? read(fd, text, room - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[MAX(size, 0)] = '\0';
    return size >= 0;
}

static gboolean read_name(int pid, char name[static CK_CAUSE_NAME])
{
    char comm[CK_CAUSE_NAME + 1]; /* and a newline */
    if (pid <= 0 || !read_proc(pid, "comm", comm, sizeof comm))
        return FALSE;
    gsize size = strlen(comm);
    if (size > 0 && comm[size - 1] == '\n')
        comm[size - 1] = '\0';
    g_strlcpy(name, *comm ? comm : "?", CK_CAUSE_NAME);
    return TRUE;
}

/* The process of a thread; 0: unknown, or of another pid namespace. proc_pid_status(5):
 * "Tgid:\t812\n", among the first lines. */
static int process_of(int thread)
{
    static const char field[] = "\nTgid:";
    char status[512];
    gboolean known = thread > 0 && read_proc(thread, "status", status, sizeof status);
    const char *found = known ? strstr(status, field) : NULL;
    return found ? atoi(found + strlen(field)) : 0;
}

static CkCause look_at(CkCauses *causes, int thread)
{
    static const CkCause unknown = {.name = "?"};
    char name[CK_CAUSE_NAME];
    CkCause cause = {0};
    if (!read_name(thread, name))
        return unknown;
    Seen *seen = &causes->seen[thread % SEEN];
    if (seen->thread == thread && strcmp(seen->name, name) == 0)
        return seen->cause;
    cause.pid = process_of(thread);
    if (!read_name(cause.pid, cause.name))
        return unknown;
    *seen = (Seen){.thread = thread, .cause = cause};
    g_strlcpy(seen->name, name, sizeof seen->name);
    return cause;
}

/* The current cause */

CkCause ck_causes_swap(CkCauses *causes, CkCause cause)
{
    CkCause before = causes->current;
    causes->current = cause;
    return before;
}

CkCause ck_causes_swap_thread(CkCauses *causes, int thread)
{
    return ck_causes_swap(causes, (CkCause){.pid = thread});
}

CkCause ck_causes_current(CkCauses *causes)
{
    if (*causes->current.name == '\0')
        causes->current = look_at(causes, causes->current.pid);
    return causes->current;
}

/* Counting */

static gboolean is_same(const CkCause *a, const CkCause *b)
{
    return a->pid == b->pid && strcmp(a->name, b->name) == 0;
}

/* Those with the fewest requests come last, of equals those who asked longest ago. */
static int compare(gconstpointer a, gconstpointer b)
{
    const Entry *first = a, *second = b;
    if (first->requests != second->requests)
        return first->requests < second->requests ? 1 : -1;
    return first->last < second->last ? 1 : first->last > second->last ? -1 : 0;
}

/* An entry for one more process. */
static Entry *add(CkCauses *causes, const CkCause *cause)
{
    const Entry entry = {.cause = *cause};
    if (causes->entries->len == CK_CAUSES_MAX) {
        g_array_sort(causes->entries, compare);
        causes->others += g_array_index(causes->entries, Entry, CK_CAUSES_MAX - 1).requests;
        g_array_set_size(causes->entries, CK_CAUSES_MAX - 1);
    }
    g_array_append_val(causes->entries, entry);
    return &g_array_index(causes->entries, Entry, causes->entries->len - 1);
}

void ck_causes_count(CkCauses *causes, const CkCause *cause)
{
    Entry *found = NULL;
    for (guint i = 0; i < causes->entries->len && !found; i++) {
        Entry *entry = &g_array_index(causes->entries, Entry, i);
        found = is_same(&entry->cause, cause) ? entry : NULL;
    }
    if (!found)
        found = add(causes, cause);
    found->requests++;
    found->last = ++causes->counted;
}

/* Writing */

static gboolean is_shown(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);
    return g_unichar_isprint(c) && type != G_UNICODE_LINE_SEPARATOR &&
           type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

static void write_name(const char *name, GString *out)
{
    while (*name) {
        gunichar c = g_utf8_get_char_validated(name, -1);
        gboolean text = c != (gunichar)-1 && c != (gunichar)-2;
        gsize size = text ? (gsize)(g_utf8_next_char(name) - name) : 1;
        if (c == '\\')
            g_string_append(out, "\\\\");
        else if (text && is_shown(c))
            g_string_append_len(out, name, (gssize)size);
        else
            for (gsize i = 0; i < size; i++)
                g_string_append_printf(out, "\\x%02x", (guchar)name[i]);
        name += size;
    }
}

void ck_cause_write(const CkCause *cause, GString *out)
{
    write_name(cause->name, out);
    g_string_append_printf(out, "[%d]", cause->pid);
}

void ck_causes_write(const CkCauses *causes, GString *out)
{
    g_autoptr(GArray) entries = g_array_copy(causes->entries);
    g_array_sort(entries, compare);
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = &g_array_index(entries, Entry, i);
        ck_cause_write(&entry->cause, out);
        g_string_append_printf(out, " %" G_GUINT64_FORMAT "\n", entry->requests);
    }
    if (causes->others > 0)
        g_string_append_printf(out, "others %" G_GUINT64_FORMAT "\n", causes->others);
}

CkCause ck_causes_own(void)
{
    return (CkCause){.pid = getpid()};
}

CkCauses *ck_causes_new(void)
{
    CkCauses *causes = g_new0(CkCauses, 1);
    causes->current = ck_causes_own();
    causes->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    return causes;
}

void ck_causes_free(CkCauses *causes)
{
    g_array_unref(causes->entries);
    g_free(causes);
}
