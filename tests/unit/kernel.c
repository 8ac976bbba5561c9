/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <linux/fuse.h>
#include <string.h>

static void folders_are_cached_but_where_the_kernel_can_not(void)
{
    static const struct {
        const char *release;
        gboolean caches;
    } cases[] = {
        {"5.15.0-91-generic", TRUE},
        {"6.1.0-18-amd64", TRUE},
        {"6.8.12", TRUE},
        {"6.9.0", FALSE},
        {"6.9", FALSE},
        {"6.10.5-arch1-1", FALSE},
        {"6.12.99+deb13", FALSE},
        {"6.13.0-rc1", TRUE},
        {"6.18.2", TRUE},
        {"6.90.0", TRUE},
        {"7.9.0", TRUE},
        {"5.10.0", TRUE},
        {"5.9.0", TRUE},
        {"16.9.0", TRUE},
        {"6", FALSE},
        {"", FALSE},
        {"unknown", FALSE}, /* what can't be told apart is not trusted */
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        if (ck_kernel_caches_folders(cases[i].release) != cases[i].caches)
            g_error("%s is taken for the wrong kind", cases[i].release);
}

static void parallel_dirops_are_added_to_the_reply(void)
{
    struct fuse_init_out out, before;
    memset(&out, 0xa5, sizeof out);
    out.flags = FUSE_ASYNC_READ | FUSE_DO_READDIRPLUS;
    before = out;
    ck_kernel_allow_parallel_dirops(&out, sizeof out);
    g_assert_cmphex(out.flags, ==, FUSE_ASYNC_READ | FUSE_DO_READDIRPLUS | FUSE_PARALLEL_DIROPS);
    out.flags = before.flags;
    g_assert_cmpmem(&out, sizeof out, &before, sizeof before);
}

/* Kernels before 7.23 are replied to with less. */
static void a_short_reply_keeps_its_size(void)
{
    enum { END = offsetof(struct fuse_init_out, flags) + sizeof(guint32) };
    union {
        struct fuse_init_out out;
        guint8 bytes[sizeof(struct fuse_init_out)];
    } reply, expected;
    for (gsize size = 0; size <= sizeof reply.bytes; size++) {
        memset(&reply, 0, sizeof reply);
        memset(&expected, 0, sizeof expected);
        if (size >= END)
            expected.out.flags = FUSE_PARALLEL_DIROPS;
        ck_kernel_allow_parallel_dirops(&reply, size);
        g_assert_cmpmem(reply.bytes, sizeof reply.bytes, expected.bytes, sizeof expected.bytes);
    }
}

/* What a kernel can do is all that is wanted of it. */
static void nothing_is_wanted_that_the_kernel_can_not(void)
{
    static const unsigned cases[] = {
        0,
        FUSE_CAP_PARALLEL_DIROPS,
        FUSE_CAP_READDIRPLUS,
        FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT,
        ~0U,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        unsigned can = cases[i];
        CkKernel kernel;
        struct fuse_conn_info connection = {
            .capable = can,
            .want = can & (FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_SPLICE_READ | FUSE_CAP_ASYNC_READ)};
        ck_kernel_choose(&kernel, &connection);
        g_assert_cmphex(
            connection.want, ==,
            can & (FUSE_CAP_READDIRPLUS | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_ASYNC_READ));
        g_assert_cmpint(!!kernel.opens_files, ==, !!(can & FUSE_CAP_NO_OPEN_SUPPORT));
        g_assert_cmpint(!!kernel.opens_folders, ==,
                        kernel.caches_folders && can & FUSE_CAP_NO_OPENDIR_SUPPORT);
        g_assert_cmpint(!!kernel.parallel_dirops, ==, !!(can & FUSE_CAP_PARALLEL_DIROPS));
    }
}

#define TEST(name) g_test_add_func("/kernel/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(folders_are_cached_but_where_the_kernel_can_not);
    TEST(parallel_dirops_are_added_to_the_reply);
    TEST(a_short_reply_keeps_its_size);
    TEST(nothing_is_wanted_that_the_kernel_can_not);
    return g_test_run();
}
