/* SPDX-License-Identifier: MIT */
#include "account.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

#define DEFAULT_BASE_URL "https://api.openai.com/v1"

/* By CkAccountSetting: the option, and the variable of the environment. */
static const struct {
    const char *name, *variable;
} settings[CK_ACCOUNT_SETTINGS] = {{"api-key-file", NULL},
                                   {"api-key-env", CK_KEY_VARIABLE},
                                   {"base-url", "OPENAI_BASE_URL"},
                                   {"organization", "OPENAI_ORG_ID"},
                                   {"project", "OPENAI_PROJECT_ID"}};

static char *describe(const CkAccount *account, CkSource source, CkAccountSetting setting)
{
    const char *name = settings[setting].name;
    switch (source) {
    case CK_SOURCE_COMMAND_LINE:
        return g_strconcat("--", name, NULL);
    case CK_SOURCE_PROFILE:
    case CK_SOURCE_DEFAULT:
        return g_strdup_printf("%s of the profile %s", name, account->profile);
    case CK_SOURCE_CREDENTIAL:
        return g_strdup("the systemd credential " CK_KEY_CREDENTIAL);
    case CK_SOURCE_ENVIRONMENT:
        return g_strdup(settings[setting].variable);
    default:
        return g_strdup("the default");
    }
}

static void setting_clear(CkSetting *setting)
{
    g_free(setting->value);
    g_free(setting->from);
    *setting = (CkSetting){0};
}

/* Takes the setting from that source; none where that has none. */
static void take(CkAccount *account, CkSetting *chosen, CkAccountSetting setting, CkSource source)
{
    const char *value = account->collected[source][setting];
    setting_clear(chosen);
    if (value)
        *chosen = (CkSetting){g_strdup(value), describe(account, source, setting), source};
}

void ck_account_init(CkAccount *account)
{
    account->collected[CK_SOURCE_BUILT_IN][CK_ACCOUNT_BASE_URL] = g_strdup(DEFAULT_BASE_URL);
    take(account, &account->base_url, CK_ACCOUNT_BASE_URL, CK_SOURCE_BUILT_IN);
}

void ck_account_clear(CkAccount *account)
{
    setting_clear(&account->key);
    setting_clear(&account->base_url);
    setting_clear(&account->organization);
    setting_clear(&account->project);
    g_clear_pointer(&account->profile, g_free);
    for (int source = 0; source < CK_SOURCES; source++)
        for (int setting = 0; setting < CK_ACCOUNT_SETTINGS; setting++)
            g_clear_pointer(&account->collected[source][setting], g_free);
}

/* Collecting */

static void collect(CkAccount *account, CkSource source, CkAccountSetting setting,
                    const char *value)
{
    g_free(account->collected[source][setting]);
    account->collected[source][setting] = g_strdup(value);
}

/* A name as a shell takes it, which keeps most keys out. */
static gboolean is_variable(const char *name)
{
    return *name && !g_ascii_isdigit(*name) &&
           strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_") == strlen(name);
}

gboolean ck_account_collect(CkAccount *account, CkSource source, const char *name,
                            const char *value, GError **error)
{
    CkAccountSetting setting = 0;
    while (strcmp(settings[setting].name, name) != 0)
        g_return_val_if_fail(++setting < CK_ACCOUNT_SETTINGS, FALSE);
    if (setting == CK_ACCOUNT_KEY_FILE && !*value)
        return ck_error_invalid(error, "--api-key-file=: must be a file");
    if (setting == CK_ACCOUNT_KEY_VARIABLE && !is_variable(value))
        return ck_error_invalid(error, "--api-key-env: must be the name of a variable of the "
                                       "environment, not the key itself");
    collect(account, source, setting, value);
    if (account->collected[source][CK_ACCOUNT_KEY_FILE] &&
        account->collected[source][CK_ACCOUNT_KEY_VARIABLE])
        return ck_error_invalid(
            error, "--api-key-file and --api-key-env contradict each other: leave one of them out");
    return TRUE;
}

/* A credential that is there but can't be read is the key all the same, and reading it says why. */
static void collect_credential(CkAccount *account, const char *directory)
{
    g_autofree char *path =
        directory && *directory ? g_build_filename(directory, CK_KEY_CREDENTIAL, NULL) : NULL;
    if (path && (g_access(path, F_OK) == 0 || errno != ENOENT))
        collect(account, CK_SOURCE_CREDENTIAL, CK_ACCOUNT_KEY_FILE, path);
}

static void collect_environment(CkAccount *account, char **environment)
{
    for (CkAccountSetting setting = 0; setting < CK_ACCOUNT_SETTINGS; setting++) {
        const char *variable = settings[setting].variable;
        const char *value = variable ? g_environ_getenv(environment, variable) : NULL;
        if (value && *value)
            collect(account, CK_SOURCE_ENVIRONMENT, setting,
                    setting == CK_ACCOUNT_KEY_VARIABLE ? variable : value);
    }
}

/* Choosing */

static CkSource source_of(const CkAccount *account, CkAccountSetting setting)
{
    CkSource source = CK_SOURCES - 1;
    while (source > CK_SOURCE_BUILT_IN && !account->collected[source][setting])
        source--;
    return source;
}

static CkSource family(CkSource source)
{
    return source == CK_SOURCE_CREDENTIAL ? CK_SOURCE_ENVIRONMENT : source;
}

/* Organization or project. */
static void take_with_key(CkAccount *account, CkSetting *chosen, CkAccountSetting setting)
{
    gboolean given = account->collected[CK_SOURCE_COMMAND_LINE][setting] != NULL;
    take(account, chosen, setting, given ? CK_SOURCE_COMMAND_LINE : family(account->key.source));
}

static gboolean is_of_file(const CkSetting *setting)
{
    return setting->source == CK_SOURCE_DEFAULT || setting->source == CK_SOURCE_PROFILE;
}

/* How to have a key and a URL of one source. own: the one that is of a profile. */
static char *belonging(const CkAccount *account, const CkSetting *own)
{
    char *const *beside = account->collected[own->source];
    gboolean is_key = own == &account->key;
    gboolean has_other = is_key ? beside[CK_ACCOUNT_BASE_URL] != NULL
                                : beside[CK_ACCOUNT_KEY_FILE] || beside[CK_ACCOUNT_KEY_VARIABLE];
    if (has_other && account->base_url.source == CK_SOURCE_COMMAND_LINE)
        return g_strdup("leave out --base-url");
    if (has_other)
        return g_strdup_printf("name the profile to use its own %s (%s:)", is_key ? "URL" : "key",
                               account->profile);
    return g_strdup_printf("set %s in the profile %s",
                           is_key ? "base-url=URL" : "api-key-file=FILE or api-key-env=VARIABLE",
                           account->profile);
}

static gboolean check_url(const CkAccount *account, GError **error)
{
    const CkSetting *key = &account->key, *url = &account->base_url;
    if (!key->value || url->source == CK_SOURCE_BUILT_IN || url->source == family(key->source) ||
        key->source == CK_SOURCE_COMMAND_LINE ||
        (url->source == CK_SOURCE_COMMAND_LINE && !is_of_file(key)))
        return TRUE;
    g_autofree char *remedy = belonging(account, is_of_file(url) ? url : key);
    return ck_error_invalid(error,
                            "the API key from %s is not sent to %s, which may be another server: "
                            "%s, or give --api-key-file",
                            key->from, url->from, remedy);
}

/* A key of a profile is meant for what stands beside it. Any other one was given for this mount,
 * perhaps in the belief that the rest of the account stays. */
static void tell_what_is_left_out(const CkAccount *account, const CkSetting *chosen,
                                  CkAccountSetting setting)
{
    CkSource source = source_of(account, setting);
    if (source == chosen->source || !account->key.value || is_of_file(&account->key))
        return;
    g_autofree char *from = describe(account, source, setting);
    g_message("%s is not sent with the API key from %s: give --%s if it belongs to that", from,
              account->key.from, settings[setting].name);
}

static gboolean take_key(CkAccount *account, CkKey *key, char **environment, GError **error)
{
    CkSource source =
        MAX(source_of(account, CK_ACCOUNT_KEY_FILE), source_of(account, CK_ACCOUNT_KEY_VARIABLE));
    gboolean variable = account->collected[source][CK_ACCOUNT_KEY_VARIABLE] != NULL;
    take(account, &account->key, variable ? CK_ACCOUNT_KEY_VARIABLE : CK_ACCOUNT_KEY_FILE, source);
    if (!account->key.value)
        return TRUE;
    if (!variable) {
        ck_key_set_file(key, account->key.value);
        return TRUE;
    }
    const char *text = g_environ_getenv(environment, account->key.value);
    if (!text || !*text) /* its name may be a key that was written there */
        return ck_error_invalid(error, "the variable that %s names is not set: export it",
                                account->key.from);
    ck_key_set_variable(key, account->key.value, text);
    return TRUE;
}

gboolean ck_account_choose(CkAccount *account, CkKey *key, char **environment, GError **error)
{
    const char *credentials = g_environ_getenv(environment, "CREDENTIALS_DIRECTORY");
    collect_environment(account, environment);
    collect_credential(account, credentials);
    ck_key_set_credentials(key, credentials);
    if (!take_key(account, key, environment, error))
        return FALSE;
    take(account, &account->base_url, CK_ACCOUNT_BASE_URL, source_of(account, CK_ACCOUNT_BASE_URL));
    take_with_key(account, &account->organization, CK_ACCOUNT_ORGANIZATION);
    take_with_key(account, &account->project, CK_ACCOUNT_PROJECT);
    if (!check_url(account, error))
        return FALSE;
    tell_what_is_left_out(account, &account->organization, CK_ACCOUNT_ORGANIZATION);
    tell_what_is_left_out(account, &account->project, CK_ACCOUNT_PROJECT);
    return TRUE;
}

void ck_account_hide_keys(const CkAccount *account)
{
    for (CkSource source = 0; source < CK_SOURCES; source++)
        if (account->collected[source][CK_ACCOUNT_KEY_VARIABLE])
            ck_key_hide(account->collected[source][CK_ACCOUNT_KEY_VARIABLE]);
}

char *ck_account_remedy(const CkAccount *account, int code)
{
    GString *remedy = g_string_new(ck_error_remedy((CkError)code));
    if (account->base_url.source != CK_SOURCE_BUILT_IN)
        g_string_replace(remedy, "the base URL", account->base_url.from, 0);
    if (account->key.value)
        g_string_replace(remedy, "the API key", account->key.from, 0);
    return g_string_free(remedy, FALSE);
}
