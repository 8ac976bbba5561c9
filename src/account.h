/* SPDX-License-Identifier: MIT */
/*
 * The account: which server is asked, with which key, for which organization and project. Several
 * sources may have settings of it. They are collected first, then chosen:
 *
 *   - A setting is taken from the source that comes last in CkSource, of those that have it.
 *   - A key goes to a base URL of its own source, or to the default one. A key of the environment
 *     (a credential counts as that) also goes to one of the command line, and a key of the command
 *     line to any. Anything else is an error.
 *   - Organization and project are taken from the command line, else from the source of the key.
 */
#pragma once

#include "key.h"

typedef enum {
    CK_SOURCE_BUILT_IN,
    CK_SOURCE_DEFAULT, /* the section [default], which nobody named */
    CK_SOURCE_ENVIRONMENT,
    CK_SOURCE_CREDENTIAL, /* systemd's, see key.h */
    CK_SOURCE_PROFILE,    /* a section that somebody named */
    CK_SOURCE_COMMAND_LINE,
    CK_SOURCES
} CkSource;

typedef struct {
    char *value;
    char *from; /* the source as messages print it, e.g. "base-url of the profile work" */
    CkSource source;
} CkSetting; /* all zero: there is none */

/* What is collected, by source. */
typedef enum {
    CK_ACCOUNT_KEY_FILE,
    CK_ACCOUNT_KEY_VARIABLE,
    CK_ACCOUNT_BASE_URL,
    CK_ACCOUNT_ORGANIZATION,
    CK_ACCOUNT_PROJECT,
    CK_ACCOUNT_SETTINGS
} CkAccountSetting;

typedef struct {
    CkSetting key;      /* the file or variable that holds it */
    CkSetting base_url; /* with its /v1, as in the official SDKs */
    CkSetting organization, project;
    char *profile; /* the section that CK_SOURCE_DEFAULT or CK_SOURCE_PROFILE means; NULL: none */
    char *collected[CK_SOURCES][CK_ACCOUNT_SETTINGS];
} CkAccount;

/* The default URL, and no key. */
void ck_account_init(CkAccount *account);
void ck_account_clear(CkAccount *account);

/* Collects a setting by the name of its option, such as "base-url"; the last one of a source
 * counts. Error: CK_ERROR_INVALID; a value that may be a key is not told. */
gboolean ck_account_collect(CkAccount *account, CkSource source, const char *name,
                            const char *value, GError **error);

/* Collects what the environment has, a GStrv as from g_get_environ(), in which an empty variable
 * counts as not set: OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_ORG_ID, OPENAI_PROJECT_ID, and a
 * credential. Then chooses, and tells key which one it is. Logs an organization or project that is
 * left out, unless the key is a profile's own. Error: CK_ERROR_INVALID, naming the sources of key
 * and URL where these don't belong together. */
gboolean ck_account_choose(CkAccount *account, CkKey *key, char **environment, GError **error);

/* Removes every variable that may hold a key from the process's environment, see ck_key_hide(). */
void ck_account_hide_keys(const CkAccount *account);

/* ck_error_remedy(), naming the sources of base URL and key; to be freed. */
char *ck_account_remedy(const CkAccount *account, int code);
