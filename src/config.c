/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "error.h"

#define DEFAULT_BASE_URL "https://api.openai.com/v1"

CkConfig *ck_config_new(void)
{
    CkConfig *config = g_new0(CkConfig, 1);
    config->base_url = g_strdup(DEFAULT_BASE_URL);
    config->key = g_strdup("");
    config->concurrency = 16;
    config->page_size = 100;
    config->timeout = 30;
    return config;
}

void ck_config_free(CkConfig *config)
{
    explicit_bzero(config->key, strlen(config->key));
    g_free(config->key);
    g_free(config->base_url);
    g_free(config->organization);
    g_free(config->project);
    g_free(config->ca_file);
    g_free(config);
}

static void replace(char **setting, const char *value)
{
    g_free(*setting);
    *setting = g_strdup(value);
}

void ck_config_read_environment(CkConfig *config, char **environment)
{
    const struct {
        const char *variable;
        char **setting;
    } strings[] = {
        {"OPENAI_API_KEY", &config->key},         {"OPENAI_BASE_URL", &config->base_url},
        {"OPENAI_ORG_ID", &config->organization}, {"OPENAI_PROJECT_ID", &config->project},
        {"SSL_CERT_FILE", &config->ca_file},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(strings); i++) {
        const char *value = g_environ_getenv(environment, strings[i].variable);
        if (value && *value)
            replace(strings[i].setting, value);
    }
}

static gboolean set_group_by(CkConfig *config, const char *value, GError **error)
{
    if (strcmp(value, "user") != 0) {
        g_set_error(error, CK_ERROR, CK_ERROR_INVALID, "--group-by=%s: must be user", value);
        return FALSE;
    }
    config->group_by_user = TRUE;
    return TRUE;
}

static gboolean set_number(guint *setting, const char *name, const char *value, guint max,
                           GError **error)
{
    guint64 number;
    if (!g_ascii_string_to_unsigned(value, 10, 1, max, &number, NULL)) {
        g_set_error(error, CK_ERROR, CK_ERROR_INVALID, "--%s=%s: must be a number from 1 to %u",
                    name, value, max);
        return FALSE;
    }
    *setting = (guint)number;
    return TRUE;
}

static const char *const names[] = {
    "base-url", "concurrency", "group-by", "organization", "page-size", "project", "timeout", NULL,
};

gboolean ck_config_has(const char *name)
{
    return g_strv_contains(names, name);
}

gboolean ck_config_set(CkConfig *config, const char *name, const char *value, GError **error)
{
    if (strcmp(name, "group-by") == 0)
        return set_group_by(config, value, error);
    if (strcmp(name, "concurrency") == 0)
        return set_number(&config->concurrency, name, value, 256, error);
    if (strcmp(name, "page-size") == 0)
        return set_number(&config->page_size, name, value, 100, error);
    if (strcmp(name, "timeout") == 0)
        return set_number(&config->timeout, name, value, 3600, error);
    if (strcmp(name, "base-url") == 0)
        replace(&config->base_url, value);
    else if (strcmp(name, "organization") == 0)
        replace(&config->organization, value);
    else if (strcmp(name, "project") == 0)
        replace(&config->project, value);
    else
        g_return_val_if_reached(FALSE);
    return TRUE;
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

static gboolean invalid(GError **error, const char *message)
{
    g_set_error_literal(error, CK_ERROR, CK_ERROR_INVALID, message);
    return FALSE;
}

gboolean ck_config_check(const CkConfig *config, GError **error)
{
    if (!*config->key)
        return invalid(error, "no API key: set OPENAI_API_KEY");
    if (has_control_characters(config->key))
        return invalid(error, "the API key has a control character in it (a line break at its end,"
                              " perhaps): set OPENAI_API_KEY again");
    if (has_control_characters(config->organization) || has_control_characters(config->project))
        return invalid(error, "the organization or project has a control character in it");
    if (!ck_config_is_safe_url(config->base_url)) {
        gboolean secret = strpbrk(config->base_url, "@?#") != NULL; /* a password or key in it */
        g_set_error(error, CK_ERROR, CK_ERROR_INVALID,
                    "base URL %s: must be https://HOST/…, or http:// to this machine (127.0.0.1,"
                    " ::1, localhost); set OPENAI_BASE_URL",
                    secret ? "with a user name or query" : config->base_url);
        return FALSE;
    }
    return TRUE;
}
