/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "error.h"
#include "nearest.h"
#include "timestamp.h"

CkConfig *ck_config_new(void)
{
    CkConfig *config = g_new0(CkConfig, 1);
    ck_account_init(&config->account);
    config->key = ck_key_new();
    config->concurrency = 16;
    config->page_size = 100;
    config->timeout = 30;
    config->ttl = 30;
    config->relist = 600;
    config->until = G_MAXINT64;
    config->cache_size = (guint64)1 << 30;
    config->formats = CK_FORMAT_JSON | CK_FORMAT_MD | CK_FORMAT_TRANSCRIPT;
    return config;
}

void ck_config_free(CkConfig *config)
{
    ck_key_free(config->key);
    ck_account_clear(&config->account);
    g_free(config->ca_file);
    g_free(config->user);
    g_free(config->cache_dir);
    g_free(config);
}

static void replace(char **setting, const char *value)
{
    g_free(*setting);
    *setting = g_strdup(value);
}

gboolean ck_config_complete(CkConfig *config, char **environment, GError **error)
{
    const char *ca_file = g_environ_getenv(environment, "SSL_CERT_FILE");
    if (ca_file && *ca_file)
        replace(&config->ca_file, ca_file);
    return ck_account_choose(&config->account, config->key, environment, error);
}

/* A value as it can stand in an error, which is one line; to be freed. */
static char *shown_value(const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    GString *shown = g_string_new(NULL);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(shown, g_unichar_iscntrl(c) ? '?' : c);
    }
    return g_string_free(shown, FALSE);
}

static gboolean bad_value(GError **error, const char *name, const char *value, const char *allowed)
{
    g_autofree char *shown = shown_value(value);
    g_set_error(error, CK_ERROR, CK_ERROR_INVALID, "--%s=%s: must be %s", name, shown, allowed);
    return FALSE;
}

static gboolean set_group_by(CkConfig *config, const char *value, GError **error)
{
    if (strcmp(value, "user") != 0)
        return bad_value(error, "group-by", value, "user");
    config->group_by_user = TRUE;
    return TRUE;
}

static gboolean set_names(CkConfig *config, const char *value, GError **error)
{
    gboolean id = strcmp(value, "id") == 0;
    if (!id && strcmp(value, "title") != 0)
        return bad_value(error, "names", value, "title or id");
    config->name_by_id = id;
    return TRUE;
}

#define SECONDS_MAX (365 * 86400)

static const struct {
    const char *word;
    CkFormats format;
} known_formats[] = {{"json", CK_FORMAT_JSON},
                     {"md", CK_FORMAT_MD},
                     {"transcript", CK_FORMAT_TRANSCRIPT},
                     {"jsonl", CK_FORMAT_JSONL}};

char *ck_config_formats(const CkConfig *config)
{
    GString *words = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(known_formats); i++)
        if (config->formats & known_formats[i].format)
            g_string_append_printf(words, "%s%s", words->len > 0 ? "," : "", known_formats[i].word);
    return g_string_free(words, FALSE);
}

/* A colon separates as well as a comma, which ends an option within -o. */
static gboolean set_formats(CkConfig *config, const char *value, GError **error)
{
    static const char allowed[] = "one or more of json, md, transcript and jsonl, comma-separated";
    g_auto(GStrv) words = g_strsplit_set(value, ",:", -1);
    CkFormats formats = 0;
    for (char **word = words; *word; word++) {
        gsize i = 0;
        while (i < G_N_ELEMENTS(known_formats) && strcmp(*word, known_formats[i].word) != 0)
            i++;
        if (i == G_N_ELEMENTS(known_formats))
            return bad_value(error, "formats", value, allowed);
        formats |= known_formats[i].format;
    }
    if (formats == 0)
        return bad_value(error, "formats", value, allowed);
    config->formats = formats;
    return TRUE;
}

/* The API's bounds of the parameter "user" (list-threads in the API reference). */
static gboolean set_user(CkConfig *config, const char *value, GError **error)
{
    if (!g_utf8_validate(value, -1, NULL) || !*value || g_utf8_strlen(value, -1) > CK_USER_MAX)
        return bad_value(error, "user", value, "a user of 1 to 512 characters");
    replace(&config->user, value);
    return TRUE;
}

/* end: a date means its end. */
static gboolean set_time(gint64 *setting, const char *name, const char *value, gboolean end,
                         GError **error)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    return ck_timestamp_parse(value, now, end, setting) ||
           bad_value(error, name, value, CK_TIMESTAMP_FORMS);
}

static gboolean set_number(guint *setting, const char *name, const char *value, guint min,
                           guint max, GError **error)
{
    guint64 number;
    g_autofree char *allowed = g_strdup_printf("a number from %u to %u", min, max);
    if (!g_ascii_string_to_unsigned(value, 10, min, max, &number, NULL))
        return bad_value(error, name, value, allowed);
    *setting = (guint)number;
    return TRUE;
}

/* A number of seconds, or with a unit. */
static gboolean set_seconds(guint *setting, const char *name, const char *value, guint min,
                            GError **error)
{
    static const struct {
        const char *unit;
        guint64 seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    g_autofree char *allowed =
        g_strdup_printf("a time from %u seconds to 365 days, such as 30, 10m or 2h, or inf", min);
    gsize digits = strspn(value, "0123456789");
    g_autofree char *number = g_strndup(value, digits);
    guint64 count;
    if (strcmp(value, "inf") == 0) {
        *setting = CK_NEVER;
        return TRUE;
    }
    if (!g_ascii_string_to_unsigned(number, 10, 0, SECONDS_MAX, &count, NULL))
        return bad_value(error, name, value, allowed);
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        guint64 seconds = count * units[i].seconds;
        if (strcmp(value + digits, units[i].unit) != 0 || seconds < min || seconds > SECONDS_MAX)
            continue;
        *setting = (guint)seconds;
        return TRUE;
    }
    return bad_value(error, name, value, allowed);
}

static gboolean set_cache_dir(CkConfig *config, const char *value, GError **error)
{
    if (!*value)
        return bad_value(error, "cache-dir", value, "a directory");
    g_free(config->cache_dir);
    config->cache_dir = g_str_has_prefix(value, "~/")
                            ? g_build_filename(g_get_home_dir(), value + 2, NULL)
                            : g_strdup(value);
    return TRUE;
}

/* Digits, and K, M or G for so many times 1024. */
static gboolean set_cache_size(CkConfig *config, const char *value, GError **error)
{
    static const char units[] = "KMG";
    guint64 number, least = 1024 * 1024;
    g_autofree char *digits = g_strdup(value);
    gsize length = strlen(digits);
    const char *unit = length > 0 ? strchr(units, digits[length - 1]) : NULL;
    guint shift = unit ? (guint)(unit - units + 1) * 10 : 0;
    if (unit)
        digits[length - 1] = '\0';
    if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64 >> shift, &number, NULL) ||
        number << shift < least)
        return bad_value(error, "cache-size", value, "a size from 1M on, such as 500M or 2G");
    config->cache_size = number << shift;
    return TRUE;
}

static const char *const names[] = {
    "api-key-env", "api-key-file", "base-url", "cache-dir", "cache-size",
    "concurrency", "formats",      "group-by", "names",     "organization",
    "page-size",   "project",      "relist",   "since",     "timeout",
    "ttl",         "until",        "user",     NULL,
};

gboolean ck_config_has(const char *name)
{
    return g_strv_contains(names, name);
}

static const char *const switches[] = {"allow-delete", "offline", "strict", NULL};

gboolean ck_config_has_switch(const char *name)
{
    return g_strv_contains(switches, name);
}

const char *ck_config_nearest(const char *typed)
{
    const char *all[G_N_ELEMENTS(names) + G_N_ELEMENTS(switches) - 1];
    memcpy(all, names, sizeof names);
    memcpy(all + G_N_ELEMENTS(names) - 1, switches, sizeof switches);
    return ck_nearest(all, typed);
}

void ck_config_switch_on(CkConfig *config, const char *name)
{
    if (strcmp(name, "strict") == 0)
        config->strict = TRUE;
    else if (strcmp(name, "allow-delete") == 0)
        config->allow_delete = TRUE;
    else
        config->offline = TRUE;
}

gboolean ck_config_set(CkConfig *config, CkSource source, const char *name, const char *value,
                       GError **error)
{
    if (strcmp(name, "group-by") == 0)
        return set_group_by(config, value, error);
    if (strcmp(name, "names") == 0)
        return set_names(config, value, error);
    if (strcmp(name, "formats") == 0)
        return set_formats(config, value, error);
    if (strcmp(name, "cache-dir") == 0)
        return set_cache_dir(config, value, error);
    if (strcmp(name, "cache-size") == 0)
        return set_cache_size(config, value, error);
    if (strcmp(name, "user") == 0)
        return set_user(config, value, error);
    if (strcmp(name, "since") == 0)
        return set_time(&config->since, name, value, FALSE, error);
    if (strcmp(name, "until") == 0)
        return set_time(&config->until, name, value, TRUE, error);
    if (strcmp(name, "concurrency") == 0)
        return set_number(&config->concurrency, name, value, 1, 256, error);
    if (strcmp(name, "page-size") == 0)
        return set_number(&config->page_size, name, value, 1, 100, error);
    if (strcmp(name, "timeout") == 0)
        return set_number(&config->timeout, name, value, 1, 3600, error);
    if (strcmp(name, "ttl") == 0)
        return set_seconds(&config->ttl, name, value, 0, error);
    if (strcmp(name, "relist") == 0)
        return set_seconds(&config->relist, name, value, 1, error);
    return ck_account_collect(&config->account, source, name, value, error);
}

gboolean ck_config_shows(const CkConfig *config, gint64 created_at)
{
    return created_at == 0 || (created_at >= config->since && created_at <= config->until);
}

gboolean ck_config_is_safe_url(const char *url)
{
    for (const char *at = url; *at; at++)
        if (!g_ascii_isgraph(*at)) /* GLib would take them (RFC 3986, section 2, does not) */
            return FALSE;
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *host = uri ? g_uri_get_host(uri) : NULL;
    if (!host || !*host || g_uri_get_userinfo(uri) || g_uri_get_query(uri) ||
        g_uri_get_fragment(uri))
        return FALSE;
    if (strcmp(g_uri_get_scheme(uri), "https") == 0)
        return TRUE;
    if (strcmp(g_uri_get_scheme(uri), "http") != 0)
        return FALSE;
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
    return address ? g_inet_address_get_is_loopback(address)
                   : g_ascii_strcasecmp(host, "localhost") == 0;
}

static gboolean has_control_characters(const char *text)
{
    for (; text && *text; text++)
        if (g_ascii_iscntrl(*text))
            return TRUE;
    return FALSE;
}

static gboolean check_header(const char *what, const CkSetting *setting, GError **error)
{
    return !has_control_characters(setting->value) ||
           ck_error_invalid(error, "the %s has a control character in it: set %s again", what,
                            setting->from);
}

static gboolean check_base_url(const CkSetting *url, GError **error)
{
    if (ck_config_is_safe_url(url->value))
        return TRUE;
    g_autofree char *shown = shown_value(url->value);
    gboolean secret = strpbrk(url->value, "@?#") != NULL; /* a password or key in it */
    return ck_error_invalid(error,
                            "base URL %s: must be https://HOST/…, or http:// to this machine "
                            "(127.0.0.1, ::1, localhost); set %s again",
                            secret ? "with a user name or query" : shown, url->from);
}

static gboolean check_span(const CkConfig *config, GError **error)
{
    if (config->since <= config->until)
        return TRUE;
    g_autofree char *from = ck_timestamp_format(config->since);
    g_autofree char *to = ck_timestamp_format(config->until);
    return ck_error_invalid(
        error, "--since (%s) is later than --until (%s): no thread can be in between", from, to);
}

gboolean ck_config_check(const CkConfig *config, GError **error)
{
    const CkAccount *account = &config->account;
    return check_header("organization", &account->organization, error) &&
           check_header("project", &account->project, error) && check_span(config, error) &&
           check_base_url(&account->base_url, error);
}
