/* SPDX-License-Identifier: MIT */
#include "check_command.h"

#include <stdio.h>
#include <string.h>

#include "api.h"
#include "cache.h"
#include "confine.h"
#include "error.h"
#include "mountpoint.h"
#include "private_directory.h"
#include "timestamp.h"

/* What the server said. */
typedef struct {
    GMainLoop *loop; /* NULL: it was not asked */
    const CkConfig *config;
    gboolean arrived;
    guint threads; /* of the first page, that would be shown */
    gboolean more; /* there may be more on the next one */
    GError *failure;
} Answer;

static void on_page(CkPage *page, const GError *error, gpointer data)
{
    Answer *answer = data;
    answer->arrived = TRUE;
    answer->failure = error ? g_error_copy(error) : NULL;
    answer->more = page && page->has_more;
    for (guint i = 0; page && i < page->prepared->len; i++) {
        const CkPreparedThread *thread = page->prepared->pdata[i];
        answer->threads += ck_config_shows(answer->config, thread->created_at);
        /* They come newest first. */
        answer->more = answer->more &&
                       (thread->created_at == 0 || thread->created_at >= answer->config->since);
    }
    g_main_loop_quit(answer->loop);
}

static gboolean on_timeout(gpointer data)
{
    g_main_loop_quit(((Answer *)data)->loop);
    return G_SOURCE_REMOVE;
}

/* The first page, as a mount asks for it. */
static gboolean ask(GMainLoop *loop, const CkConfig *config, Answer *answer, GError **error)
{
    GMainContext *context = g_main_loop_get_context(loop);
    g_autoptr(CkApi) api = ck_api_new(context, config, error);
    if (!api)
        return FALSE;
    const CkListQuery query = {.limit = config->page_size, .user = config->user};
    answer->loop = loop;
    answer->config = config;
    ck_api_list_threads(api, &query, on_page, answer);
    g_timeout_add_seconds(config->timeout, on_timeout, answer);
    g_main_loop_run(loop);
    g_autoptr(GError) failure = g_steal_pointer(&answer->failure);
    /* One turn of the loop may bring the page and the end of the time. */
    if (!answer->arrived)
        g_set_error_literal(&failure, CK_ERROR, CK_ERROR_TIMED_OUT, "the server did not answer");
    if (!failure)
        return TRUE;
    g_autofree char *remedy = ck_account_remedy(&config->account, failure->code);
    g_set_error(error, CK_ERROR, failure->code, "%s: %s: %s", config->account.base_url.value,
                failure->message, remedy);
    return FALSE;
}

/* In plain words */

static void append_time(GString *out, const char *what, gint64 seconds)
{
    g_autofree char *text = ck_timestamp_format(seconds);
    g_string_append_printf(out, "%s%s", what, text ? text : "ever");
}

static void append_threads(GString *out, const CkConfig *config, const Answer *answer)
{
    g_string_append(out, "threads        ");
    if (config->user)
        g_string_append_printf(out, "those of the user %s", config->user);
    else
        g_string_append(out, "everybody's");
    if (config->since > 0)
        append_time(out, ", created since ", config->since);
    if (config->until < G_MAXINT64)
        append_time(out, ", created until ", config->until);
    if (answer->loop)
        g_string_append_printf(out, "; there are %u%s", answer->threads,
                               answer->more ? " or more" : "");
    g_string_append_c(out, '\n');
}

static void append_folders(GString *out, const CkConfig *config)
{
    static const struct {
        CkFormats format;
        const char *files;
    } formats[] = {{CK_FORMAT_JSON, "NNNN-ROLE.json, thread.json"},
                   {CK_FORMAT_MD, "NNNN-ROLE.md"},
                   {CK_FORMAT_TRANSCRIPT, "thread.md"},
                   {CK_FORMAT_JSONL, "items.jsonl"}};
    const char *separator = "";
    g_string_append_printf(out, "folders        %sone for each thread, called by its %s\n",
                           config->group_by_user ? "one for each user, and in that " : "",
                           config->name_by_id ? "id" : "title and id");
    g_string_append(out, "files          ");
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (!(config->formats & formats[i].format))
            continue;
        g_string_append_printf(out, "%s%s", separator, formats[i].files);
        separator = ", ";
    }
    g_string_append_c(out, '\n');
}

/* As --ttl takes it. */
static void append_seconds(GString *out, const char *what, guint seconds, const char *never)
{
    if (seconds == CK_NEVER)
        g_string_append_printf(out, "%s %s", what, never);
    else
        g_string_append_printf(out, "%s after %u s", what, seconds);
}

static void append_currency(GString *out, const CkConfig *config)
{
    g_string_append(out, "current        ");
    if (config->offline) {
        g_string_append(out, "as the cache is: nothing is asked for\n");
        return;
    }
    append_seconds(out, "what is known is checked", config->ttl, "never");
    append_seconds(out, ", all threads are listed anew", config->relist, "never");
    g_string_append(out, config->strict ? "; what can't be checked is an error\n" : "\n");
}

static void append_deleting(GString *out, const CkConfig *config)
{
    g_string_append_printf(out, "deleting       %s\n",
                           config->allow_delete ? "chatkitfs --delete may delete threads, for good"
                                                : "nothing can be deleted");
}

static void append_cache(GString *out, const CkConfig *config, const char *other)
{
    g_autofree char *size = g_format_size_full(config->cache_size, G_FORMAT_SIZE_IEC_UNITS);
    if (config->cache_dir)
        g_string_append_printf(out, "cache          up to %s in %s, unencrypted\n", size,
                               config->cache_dir);
    else
        g_string_append(out,
                        "cache          none: what is read is fetched again by the next mount\n");
    if (other)
        g_string_append_printf(
            out, "               %s: a mount keeps it under another name, and begins anew\n",
            other);
}

/* shown: its value. What a message would call by that alone has no source to tell. */
static void append_setting(GString *out, const char *what, const char *shown,
                           const CkSetting *setting, const char *outcome)
{
    if (strcmp(shown, setting->from) == 0)
        g_string_append_printf(out, "%s%s%s\n", what, shown, outcome);
    else
        g_string_append_printf(out, "%s%s (%s)%s\n", what, shown, setting->from, outcome);
}

static void append_account(GString *out, const CkOptions *options)
{
    const CkConfig *config = options->config;
    const CkAccount *account = &config->account;
    const char *file = ck_key_file(config->key);
    if (account->profile)
        g_string_append_printf(out, "configuration  %s, profile %s\n", options->config_file,
                               account->profile);
    else
        g_string_append_printf(out, "configuration  %s%s\n",
                               options->config_file ? options->config_file : "none",
                               options->config_file ? ", no profile of it" : "");
    append_setting(out, "server         ", account->base_url.value, &account->base_url,
                   config->offline ? ", not asked (--offline)" : ", answers");
    append_setting(out, "key            from ", file ? file : account->key.value, &account->key,
                   config->offline ? "" : ", accepted");
    if (account->organization.value)
        append_setting(out, "organization   ", account->organization.value, &account->organization,
                       "");
    if (account->project.value)
        append_setting(out, "project        ", account->project.value, &account->project, "");
}

static void tell(const CkOptions *options, const char *mountpoint, const char *other,
                 const Answer *answer)
{
    GString *out = g_string_new(NULL);
    append_account(out, options);
    append_threads(out, options->config, answer);
    append_folders(out, options->config);
    append_currency(out, options->config);
    append_deleting(out, options->config);
    append_cache(out, options->config, other);
    if (mountpoint)
        g_string_append_printf(out, "mountpoint     %s, free\n", mountpoint);
    fputs(out->str, stdout);
    g_string_free(out, TRUE);
}

gboolean ck_check_command(const CkOptions *options, GError **error)
{
    const CkConfig *config = options->config;
    g_autofree char *mountpoint = NULL, *other = NULL;
    Answer answer = {0};
    if (!ck_key_read(config->key, error) || !ck_config_check(config, error))
        return FALSE;
    if (options->mountpoint &&
        !(mountpoint = ck_mountpoint_resolve(options->mountpoint, options->non_empty, error)))
        return FALSE;
    if (config->cache_dir && (!ck_private_directory_check(config->cache_dir, mountpoint, error) ||
                              !ck_cache_check(config, &other, error)))
        return FALSE;
    if (!config->offline) {
        ck_confine(config->account.base_url.value, NULL);
        g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
        if (!ask(loop, config, &answer, error))
            return FALSE;
    }
    tell(options, mountpoint, other, &answer);
    return TRUE;
}
