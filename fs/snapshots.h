/* SPDX-License-Identifier: MIT */
/*
 * What files looked like whose contents change all the time, kept for those who have them open.
 *
 * The kernel opens files by itself, trusts the size that it was told, and reads in pieces, perhaps
 * from its own cache. So that whoever opens such a file reads one text from beginning to end, of
 * just the size it was said to have, each new text gets a number of its own, which is made an inode
 * number of: to the kernel it is another file. It says when it has forgotten a number; a text is
 * kept until then. Texts that are the same have the same number while they are the newest ones of
 * their file.
 */
#pragma once

#include <glib.h>
#include <time.h>

typedef struct _CkSnapshots CkSnapshots;

typedef struct {
    guint64 number; /* never given twice */
    guint file;
    char *text;
    gsize size;
    struct timespec time; /* when it was first so */
    guint64 lookups;      /* how often the kernel has been told of it, and has not forgotten it */
} CkSnapshot;

/* files: how many there are, counted from 0; first: the first number that is given. */
CkSnapshots *ck_snapshots_new(guint files, guint64 first);
void ck_snapshots_free(CkSnapshots *snapshots);

/* The snapshot of a file that looks so now (text is taken), one lookup more; borrowed. */
const CkSnapshot *ck_snapshots_look_up(CkSnapshots *snapshots, guint file, GString *text);

/* NULL where it is forgotten, or never was. */
const CkSnapshot *ck_snapshots_get(CkSnapshots *snapshots, guint64 number);

/* The kernel has forgotten that many lookups. Unknown numbers do nothing. */
void ck_snapshots_forget(CkSnapshots *snapshots, guint64 number, guint64 lookups);

/* How many are kept. */
guint ck_snapshots_count(const CkSnapshots *snapshots);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkSnapshots, ck_snapshots_free)
