/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "operations.h"

/* So many requests are taken at once before curl and the timers get a turn. */
#define BATCH 64

/* How often it is looked whether names can be forgotten that could not be so far. */
#define FORGET_MS 100

/* A name that the kernel is to forget. */
typedef struct {
    guint64 folder;
    char *name;
} Name;

struct _CkSession {
    CkMount *mount;
    struct fuse_session *fuse;
    struct fuse_buf buffer; /* reused by every receive */
    GSource *source;
    CkNotifier *notifier;
    CkStoreAhead *ahead;
    CkExpiry *expiry;
    GHashTable *names; /* Name *, each its own key; they are forgotten when the loop is idle */
    GSource *forgetting;
    void (*ended)(gpointer data);
    gpointer data;
    gboolean begun; /* INIT, the first request, has ended well */
};

/* Whether kernel and libfuse have agreed how to talk, now that the first request is answered. */
static gboolean begin(CkSession *session)
{
    session->begun = session->mount->initialized && !fuse_session_exited(session->fuse);
    if (session->begun)
        session->mount->ready(session->mount->ready_data);
    return session->begun;
}

/* Takes requests until none is left. fuse_session_receive_buf() returns 0 once it is unmounted
 * (ENODEV), else -errno. */
static gboolean on_requests(int fd, GIOCondition condition, gpointer data)
{
    CkSession *session = data;
    (void)fd;
    (void)condition;
    for (int i = 0; i < BATCH; i++) {
        int size = fuse_session_receive_buf(session->fuse, &session->buffer);
        if (size == -EAGAIN || size == -EINTR)
            return G_SOURCE_CONTINUE;
        if (size <= 0) {
            if (size < 0)
                g_warning("can't read the kernel's requests, ending: %s", g_strerror(-size));
            session->ended(session->data);
            return G_SOURCE_REMOVE;
        }
        fuse_session_process_buf(session->fuse, &session->buffer);
        if (!session->begun && !begin(session)) {
            session->ended(session->data);
            return G_SOURCE_REMOVE;
        }
    }
    return G_SOURCE_CONTINUE;
}

#ifndef LIBFUSE_TELLS_OF_PARALLEL_DIROPS /* meson.build */

/* How libfuse reads and writes the descriptor: as it would itself, but for the reply to INIT. */

static ssize_t read_request(int fd, void *bytes, size_t size, void *userdata)
{
    (void)userdata;
    return read(fd, bytes, size);
}

static ssize_t write_reply(int fd, struct iovec *parts, int count, void *userdata)
{
    CkMount *mount = userdata;
    /* In the first reply, before the notifier has anything to write. */
    if (mount->kernel.parallel_dirops && count > 1) {
        ck_kernel_allow_parallel_dirops(parts[1].iov_base, parts[1].iov_len);
        mount->kernel.parallel_dirops = FALSE;
    }
    return writev(fd, parts, count);
}

static gboolean take_io(struct fuse_session *fuse, int fd)
{
    static const struct fuse_custom_io io = {.read = read_request, .writev = write_reply};
    return fuse_session_custom_io(fuse, &io, fd) == 0;
}

#else

static gboolean take_io(struct fuse_session *fuse, int fd)
{
    (void)fuse;
    (void)fd;
    return TRUE;
}

#endif

static struct fuse_session *new_fuse(CkMount *mount, const char *options, gboolean debug)
{
    struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
    struct fuse_session *fuse = NULL;
    if (fuse_opt_add_arg(&args, "chatkitfs") == 0 && fuse_opt_add_arg(&args, "-o") == 0 &&
        fuse_opt_add_arg(&args, options) == 0 && (!debug || fuse_opt_add_arg(&args, "-d") == 0))
        fuse = fuse_session_new(&args, &ck_operations, sizeof ck_operations, mount);
    fuse_opt_free_args(&args);
    return fuse;
}

static void name_free(gpointer data)
{
    Name *name = data;
    g_free(name->name);
    g_free(name);
}

static guint name_hash(gconstpointer data)
{
    const Name *name = data;
    return g_int64_hash(&name->folder) ^ g_str_hash(name->name);
}

static gboolean name_equal(gconstpointer a, gconstpointer b)
{
    const Name *one = a, *other = b;
    return one->folder == other->folder && strcmp(one->name, other->name) == 0;
}

/* Has libfuse take the descriptor of a mount that somebody else made (fuse_session_mount() in
 * fuse_lowlevel.h). */
static gboolean take_descriptor(struct fuse_session *fuse, int fd)
{
    g_autofree char *path = g_strdup_printf("/dev/fd/%d", fd);
    if (fuse_session_mount(fuse, path) == 0)
        return TRUE;
    close(fd);
    return FALSE;
}

CkSession *ck_session_mount(CkMount *mount, CkKeeper *keeper, const char *options, gboolean debug,
                            void (*ended)(gpointer data), gpointer data, GError **error)
{
    struct fuse_session *fuse = new_fuse(mount, options, debug);
    if (!fuse)
        return NULL;
    g_autoptr(CkSession) session = g_new0(CkSession, 1);
    session->mount = mount;
    session->fuse = fuse;
    session->ended = ended;
    session->data = data;
    session->names = g_hash_table_new_full(name_hash, name_equal, name_free, NULL);
    int fd = ck_keeper_mount(keeper, error);
    if (fd < 0 || !take_descriptor(fuse, fd))
        return NULL;
    if (!g_unix_set_fd_nonblocking(fd, TRUE, NULL) || !take_io(fuse, fd))
        return NULL;
    mount->notifier = session->notifier = ck_notifier_new(fuse, mount->context);
    mount->expiry = session->expiry = ck_expiry_new(mount->context, session->notifier);
    mount->refresh = ck_session_refresh;
    mount->flush = ck_session_flush;
    mount->session = session;
    mount->ahead = session->ahead = ck_store_ahead_new(session->notifier, mount->tree);
    session->source = g_unix_fd_source_new(fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_set_callback(session->source, G_SOURCE_FUNC(on_requests), session, NULL);
    g_source_attach(session->source, mount->context);
    return g_steal_pointer(&session);
}

static void invalidate_nodes(CkSession *session, const CkThreadRow *thread)
{
    g_autoptr(GArray) nodes = ck_tree_nodes_of(session->mount->tree, thread);
    for (guint i = 0; i < nodes->len; i++)
        ck_notifier_invalidate(session->notifier, g_array_index(nodes, guint64, i));
}

/* Whether a request waits that holds the folder's lock, as one for a name in it may. No ioctl does.
 */
static gboolean is_waited_for(CkSession *session, guint64 folder)
{
    for (const GList *each = session->mount->parked.head; each; each = each->next) {
        const CkRequest *request = each->data;
        if (request->node == folder && !request->ioctl)
            return TRUE;
    }
    return FALSE;
}

static void forget_names_in(CkSession *session, GSource *source);

/* Names in a thread's folder lead to other files now. To forget a name locks the folder, and a
 * request that waits for a page holds that lock: if the program were killed then, not even SIGKILL
 * would end it. Such names are forgotten when nobody waits any more. For the same reason the names
 * of threads are left alone. */
static gboolean forget_names(gpointer data)
{
    CkSession *session = data;
    GHashTableIter iter;
    gpointer key;
    g_clear_pointer(&session->forgetting, g_source_unref);
    g_hash_table_iter_init(&iter, session->names);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const Name *name = key;
        if (is_waited_for(session, name->folder))
            continue;
        ck_notifier_forget_name(session->notifier, name->folder, name->name);
        g_hash_table_iter_remove(&iter);
    }
    if (g_hash_table_size(session->names) > 0)
        forget_names_in(session, g_timeout_source_new(FORGET_MS));
    return G_SOURCE_REMOVE;
}

static void forget_names_in(CkSession *session, GSource *source)
{
    if (session->forgetting)
        g_source_destroy(session->forgetting);
    g_clear_pointer(&session->forgetting, g_source_unref);
    session->forgetting = source;
    g_source_set_callback(source, forget_names, session, NULL);
    g_source_attach(source, session->mount->context);
}

void ck_session_flush(gpointer data)
{
    CkSession *session = data;
    if (!session->forgetting)
        return;
    g_source_destroy(session->forgetting);
    forget_names(session);
}

static void add_names(CkSession *session, const CkThreadRow *thread, gint64 row, gboolean of_item)
{
    g_autoptr(GArray) folders = ck_tree_folders_of(thread);
    g_autoptr(GPtrArray) names = ck_tree_names_of(session->mount->tree, row, of_item);
    for (guint i = 0; i < names->len; i++) {
        const Name name = {g_array_index(folders, guint64, 0),
                           g_strdup(g_ptr_array_index(names, i))};
        g_hash_table_add(session->names, g_memdup2(&name, sizeof name));
    }
    /* When those who waited for just this have been answered. */
    forget_names_in(session, g_idle_source_new());
}

void ck_session_thread_changed(const char *thread_id, gpointer data)
{
    CkSession *session = data;
    g_auto(CkThreadRow) thread = {0};
    ck_tree_set_changed(session->mount->tree);
    if (!session->notifier || !ck_tree_find_thread(session->mount->tree, thread_id, &thread))
        return;
    invalidate_nodes(session, &thread);
    if (thread.changes > 0)
        add_names(session, &thread, thread.row, FALSE);
}

void ck_session_thread_grown(const char *thread_id, gpointer data)
{
    CkSession *session = data;
    g_auto(CkThreadRow) thread = {0};
    if (!session->notifier || !ck_tree_find_thread(session->mount->tree, thread_id, &thread))
        return;
    invalidate_nodes(session, &thread);
    if (thread.jsonl_version > 0)
        add_names(session, &thread, thread.row, FALSE);
}

void ck_session_item_changed(gint64 row, gpointer data)
{
    CkSession *session = data;
    g_auto(CkThreadRow) thread = {0};
    if (session->notifier && ck_tree_find_thread_of(session->mount->tree, row, &thread))
        add_names(session, &thread, row, TRUE);
}

/* A name of it may be known for a while. But who follows that asks for the attributes of what is
 * gone, and looks the name up again. */
void ck_session_thread_gone(const CkThreadRow *thread, gpointer data)
{
    CkSession *session = data;
    ck_tree_set_changed(session->mount->tree);
    if (!session->notifier)
        return;
    invalidate_nodes(session, thread);
    g_autoptr(GArray) folders = ck_tree_folders_of(thread);
    for (guint i = 0; i < folders->len; i++)
        ck_notifier_invalidate(session->notifier, g_array_index(folders, guint64, i));
}

static void forget_folder(guint64 folder, gpointer data)
{
    CkSession *session = data;
    g_auto(CkThreadRow) thread = {0};
    if (ck_tree_find_thread_at(session->mount->tree, folder, &thread))
        invalidate_nodes(session, &thread);
    else
        ck_notifier_invalidate(session->notifier, folder);
}

void ck_session_refresh(gpointer data)
{
    CkSession *session = data;
    ck_tree_set_changed(session->mount->tree);
    if (!session->notifier) /* it is ending */
        return;
    ck_expiry_foreach(session->expiry, forget_folder, session);
    ck_notifier_invalidate(session->notifier, CK_TREE_ROOT);
}

void ck_session_free(CkSession *session)
{
    ck_mount_end_requests(session->mount);
    if (session->forgetting)
        g_source_destroy(session->forgetting);
    g_clear_pointer(&session->forgetting, g_source_unref);
    g_clear_pointer(&session->notifier, ck_notifier_free);
    g_clear_pointer(&session->ahead, ck_store_ahead_free);
    if (session->source) {
        g_source_destroy(session->source);
        g_source_unref(session->source);
    }
    g_clear_pointer(&session->expiry, ck_expiry_free);
    g_hash_table_unref(session->names);
    fuse_session_destroy(session->fuse); /* which closes the descriptor */
    free(session->buffer.mem);           /* allocated by libfuse with malloc */
    g_free(session);
}
