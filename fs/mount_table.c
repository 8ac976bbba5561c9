/* SPDX-License-Identifier: MIT */
#include "mount_table.h"

#include <string.h>

/* Fields of a line: ID, parent's ID, device, root, mountpoint, options, any number of others, "-",
 * type and so on. */
enum { ID, PARENT, MOUNTPOINT = 4, OPTIONS };

/* NULL where a line is none. */
static const char *type_of(char **fields)
{
    for (guint i = 0; fields[i]; i++)
        if (i > OPTIONS && strcmp(fields[i], "-") == 0)
            return fields[i + 1];
    return NULL;
}

/* White space and backslashes stand there as octal numbers. */
static gboolean is_at(char **fields, const char *path)
{
    g_autofree char *place = g_strcompress(fields[MOUNTPOINT]);
    return strcmp(place, path) == 0;
}

/* What is mounted on another one has that as its parent. */
static gboolean is_covered(GPtrArray *mounts, const char *id)
{
    for (guint i = 0; i < mounts->len; i++)
        if (strcmp(((char **)mounts->pdata[i])[PARENT], id) == 0)
            return TRUE;
    return FALSE;
}

char *ck_mount_table_type(const char *table, const char *path)
{
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    g_autoptr(GPtrArray) mounts = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, " ", -1);
        if (type_of(fields) && is_at(fields, path))
            g_ptr_array_add(mounts, g_steal_pointer(&fields));
    }
    for (guint i = 0; i < mounts->len; i++) {
        char **fields = mounts->pdata[i];
        if (!is_covered(mounts, fields[ID]))
            return g_strdup(type_of(fields));
    }
    return NULL;
}
