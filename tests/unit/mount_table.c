/* SPDX-License-Identifier: MIT */
#include "mount_table.h"

#define ROOT  "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
#define LOWER "40 21 0:39 / /mnt/threads ro - fuse.chatkitfs chatkitfs ro,user_id=0\n"
#define UPPER "38 40 0:40 / /mnt/threads rw shared:3 master:1 - nfs4 host:/ rw\n"

static void assert_type(const char *table, const char *path, const char *expected)
{
    g_autofree char *type = ck_mount_table_type(table, path);
    g_assert_cmpstr(type, ==, expected);
}

static void finds_what_is_mounted_at_a_path(void)
{
    assert_type(ROOT LOWER, "/mnt/threads", "fuse.chatkitfs");
    assert_type(ROOT LOWER, "/", "ext4");
    assert_type(ROOT LOWER, "/mnt", NULL);
    assert_type(ROOT LOWER, "/mnt/threads/a", NULL);
}

static void takes_the_one_on_top_in_any_order(void)
{
    assert_type(ROOT LOWER UPPER, "/mnt/threads", "nfs4");
    assert_type(ROOT UPPER LOWER, "/mnt/threads", "nfs4");
}

static void reads_escaped_characters(void)
{
    assert_type("40 21 0:39 / /a\\040b\\134c\\011,K\303\266ln ro - fuse.x y ro\n",
                "/a b\\c\t,K\303\266ln", "fuse.x");
}

static void takes_options_of_any_name(void)
{
    assert_type("40 21 0:39 - /a ro - - fuse.x y ro\n", "/a", "-");
    assert_type("40 21 0:39 / /a - shared:1 - fuse.x y ro\n", "/a", "fuse.x");
}

static void takes_nothing_from_what_is_no_table(void)
{
    assert_type("", "/", NULL);
    assert_type("\n\n40\n40 21\n40 21 0:39 / /a\n40 21 0:39 / /a ro\n40 21 0:39 / /a ro -", "/a",
                NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mount-table/at", finds_what_is_mounted_at_a_path);
    g_test_add_func("/mount-table/on-top", takes_the_one_on_top_in_any_order);
    g_test_add_func("/mount-table/escaped", reads_escaped_characters);
    g_test_add_func("/mount-table/options", takes_options_of_any_name);
    g_test_add_func("/mount-table/none", takes_nothing_from_what_is_no_table);
    return g_test_run();
}
