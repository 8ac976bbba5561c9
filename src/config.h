/* SPDX-License-Identifier: MIT */
/* What a mount is told: settings from the environment and from options, checked once. */
#pragma once

#include "account.h"

/* Files that a thread's folder can list; the others open by their names all the same. */
typedef enum {
    CK_FORMAT_JSON = 1 << 0,       /* NNNN-ROLE.json and thread.json */
    CK_FORMAT_MD = 1 << 1,         /* NNNN-ROLE.md */
    CK_FORMAT_TRANSCRIPT = 1 << 2, /* thread.md */
    CK_FORMAT_JSONL = 1 << 3,      /* items.jsonl */
} CkFormats;

#define CK_NEVER    G_MAXUINT
#define CK_USER_MAX 512 /* characters of a user that the API filters by (list-threads) */

typedef struct {
    CkAccount account;
    CkKey *key;          /* to be read before it is used */
    char *ca_file;       /* certificates to trust; NULL: the system's */
    char *user;          /* only this user's threads; NULL: everybody's */
    gint64 since, until; /* only threads created from then to then, in seconds since 1970 */
    gboolean group_by_user;
    gboolean name_by_id; /* threads' folders are called by their ids alone */
    CkFormats formats;
    guint concurrency; /* requests under way at once */
    guint page_size;   /* elements asked for at once, up to 100 */
    guint timeout;     /* seconds that a file operation waits, in all */
    guint ttl;         /* seconds for which a listing counts as current, or CK_NEVER to check it */
    guint relist;      /* seconds after which all threads are listed anew, or CK_NEVER */
    gboolean strict;   /* what can't be checked is an error */
    gboolean allow_delete; /* chatkitfs --delete may delete threads */
    gboolean offline;      /* nothing is asked for: there is what the cache has */
    char *cache_dir;       /* where what was fetched is kept; NULL: nowhere */
    guint64 cache_size;    /* bytes that it may take there */
} CkConfig;

/* The defaults. */
CkConfig *ck_config_new(void);
void ck_config_free(CkConfig *config);

/* Once all has been set: takes SSL_CERT_FILE of the environment, as OpenSSL's own programs and the
 * official SDKs do, and chooses the account, see ck_account_choose(). */
gboolean ck_config_complete(CkConfig *config, char **environment, GError **error);

/* Whether there is a setting of that name, e.g. "group-by". */
gboolean ck_config_has(const char *name);

/* The same for one that is switched on by its name alone, e.g. "strict". */
gboolean ck_config_has_switch(const char *name);
void ck_config_switch_on(CkConfig *config, const char *name);

/* The name of the setting or switch that was meant, perhaps; NULL: none is near. */
const char *ck_config_nearest(const char *typed);

/* Sets one; name: one that ck_config_has(). Error: CK_ERROR_INVALID, naming the value and what is
 * allowed. Ages such as 7d are counted back from now. What belongs to the account waits for
 * ck_config_complete(); otherwise the last one counts. */
gboolean ck_config_set(CkConfig *config, CkSource source, const char *name, const char *value,
                       GError **error);

/* The formats, as the setting takes them; to be freed. */
char *ck_config_formats(const CkConfig *config);

/* Whether a thread created then is to be shown. One of unknown time (0) is. */
gboolean ck_config_shows(const CkConfig *config, gint64 created_at);

/* Whether a key may be sent there: url is https, or http to this very machine (127.0.0.0/8, ::1,
 * localhost); without user name, query or fragment. */
gboolean ck_config_is_safe_url(const char *url);

/* Whether a mount can be tried with it, given a key. Error: CK_ERROR_INVALID, naming what to set.
 */
gboolean ck_config_check(const CkConfig *config, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkConfig, ck_config_free)
