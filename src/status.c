/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "text.h"
#include "timestamp.h"

/* Writing JSON */

typedef struct {
    GString *out;
    int depth;
    gboolean has_members; /* the object that is open */
} Writer;

static void write_line(Writer *writer)
{
    g_string_append_printf(writer->out, "\n%*s", writer->depth * 2, "");
}

static void write_string(Writer *writer, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_string_append_c(writer->out, '"');
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == '"' || c == '\\')
            g_string_append_printf(writer->out, "\\%c", (char)c);
        else if (c < 0x20 || ck_text_is_control(c))
            g_string_append_printf(writer->out, "\\u%04x", c);
        else
            g_string_append_unichar(writer->out, c);
    }
    g_string_append_c(writer->out, '"');
}

static void begin_member(Writer *writer, const char *name)
{
    if (writer->has_members)
        g_string_append_c(writer->out, ',');
    write_line(writer);
    write_string(writer, name);
    g_string_append(writer->out, ": ");
    writer->has_members = TRUE;
}

static void begin_object(Writer *writer)
{
    g_string_append_c(writer->out, '{');
    writer->depth++;
    writer->has_members = FALSE;
}

static void end_object(Writer *writer)
{
    writer->depth--;
    if (writer->has_members)
        write_line(writer);
    g_string_append_c(writer->out, '}');
    writer->has_members = TRUE; /* of the one around it: this */
}

static void begin(Writer *writer, const char *name)
{
    begin_member(writer, name);
    begin_object(writer);
}

/* text: NULL for null */
static void text(Writer *writer, const char *name, const char *value)
{
    begin_member(writer, name);
    if (value)
        write_string(writer, value);
    else
        g_string_append(writer->out, "null");
}

static void number(Writer *writer, const char *name, guint64 value)
{
    begin_member(writer, name);
    g_string_append_printf(writer->out, "%" G_GUINT64_FORMAT, value);
}

static void boolean(Writer *writer, const char *name, gboolean value)
{
    begin_member(writer, name);
    g_string_append(writer->out, value ? "true" : "false");
}

/* CK_NEVER for no end */
static void seconds(Writer *writer, const char *name, guint value)
{
    if (value == CK_NEVER)
        text(writer, name, "inf");
    else
        number(writer, name, value);
}

/* RFC 3339, in UTC; null where such a time can't be written (no limit, for one). */
static void point_in_time(Writer *writer, const char *name, gint64 seconds)
{
    g_autofree char *shown = ck_timestamp_format(seconds);
    text(writer, name, shown);
}

/* The parts */

static void write_account(Writer *writer, const CkConfig *config)
{
    begin(writer, "account");
    text(writer, "base_url", config->account.base_url.value);
    text(writer, "organization", config->account.organization.value);
    text(writer, "project", config->account.project.value);
    end_object(writer);
}

static void write_view(Writer *writer, const CkConfig *config)
{
    g_autofree char *formats = ck_config_formats(config);
    begin(writer, "view");
    text(writer, "user", config->user);
    if (config->since > 0)
        point_in_time(writer, "since", config->since);
    else
        text(writer, "since", NULL);
    point_in_time(writer, "until", config->until);
    text(writer, "group_by", config->group_by_user ? "user" : NULL);
    text(writer, "names", config->name_by_id ? "id" : "title");
    text(writer, "formats", formats);
    end_object(writer);
}

static void write_options(Writer *writer, const CkConfig *config)
{
    begin(writer, "options");
    seconds(writer, "ttl", config->ttl);
    seconds(writer, "relist", config->relist);
    boolean(writer, "strict", config->strict);
    boolean(writer, "allow_delete", config->allow_delete);
    number(writer, "concurrency", config->concurrency);
    number(writer, "page_size", config->page_size);
    number(writer, "timeout", config->timeout);
    boolean(writer, "offline", config->offline);
    text(writer, "cache_dir", config->cache_dir);
    number(writer, "cache_size", config->cache_size);
    end_object(writer);
}

/* When something was last known to be current, and how long ago that is; 0: never. */
static void age(Writer *writer, const char *name, gint64 at, gint64 now)
{
    begin(writer, name);
    if (at == 0) {
        text(writer, "at", NULL);
        text(writer, "seconds_ago", NULL);
    } else {
        point_in_time(writer, "at", at);
        number(writer, "seconds_ago", (guint64)MAX(now - at, 0));
    }
    end_object(writer);
}

static void write_known(Writer *writer, const CkStatus *status)
{
    begin(writer, "counts");
    number(writer, "threads", (guint64)status->counts.threads);
    number(writer, "users", (guint64)status->counts.users);
    number(writer, "items", (guint64)status->counts.items);
    end_object(writer);
    begin(writer, "listing");
    boolean(writer, "complete", status->complete);
    number(writer, "threads", (guint64)status->counts.listed);
    age(writer, "newest_checked", status->checked_at, status->now);
    age(writer, "all_listed", status->listed_at, status->now);
    end_object(writer);
    begin(writer, "items");
    number(writer, "threads_read", (guint64)status->checks.threads);
    age(writer, "oldest_check", status->checks.oldest, status->now);
    age(writer, "newest_check", status->checks.newest, status->now);
    end_object(writer);
}

static void write_requests(Writer *writer, const CkApiUsage *usage)
{
    static const char *const kinds[CK_API_KINDS] = {
        [CK_API_LIST_THREADS] = "list_threads",
        [CK_API_LIST_ITEMS] = "list_items",
        [CK_API_GET_THREAD] = "retrieve_thread",
        [CK_API_DELETE_THREAD] = "delete_thread",
    };
    begin(writer, "requests");
    for (int i = 0; i < CK_API_KINDS; i++)
        number(writer, kinds[i], usage->sent[i]);
    number(writer, "retries", usage->retries);
    number(writer, "failed", usage->failed);
    number(writer, "under_way", usage->under_way);
    end_object(writer);
    begin(writer, "bytes_received");
    number(writer, "wire", usage->wire);
    number(writer, "decoded", usage->decoded);
    end_object(writer);
}

static void write_rate_limit(Writer *writer, const CkApiUsage *usage)
{
    begin(writer, "rate_limit");
    begin(writer, "headers");
    for (const char *const *header = usage->rate_limit; header && *header; header += 2)
        text(writer, header[0], header[1]);
    end_object(writer);
    number(writer, "pause_seconds", (guint64)(usage->gate.pause_left + 999) / 1000);
    number(writer, "answers_429", usage->limited);
    number(writer, "requests_at_once", usage->gate.allowed);
    end_object(writer);
}

static void write_last_error(Writer *writer, const CkStatus *status)
{
    if (!status->last_error.message) {
        text(writer, "last_error", NULL);
        return;
    }
    begin(writer, "last_error");
    text(writer, "message", status->last_error.message);
    point_in_time(writer, "time", status->last_error.time);
    text(writer, "remedy", status->last_error.remedy);
    end_object(writer);
}

static void write_confined(Writer *writer, const CkStatus *status)
{
    begin(writer, "confined");
    boolean(writer, "files", status->confined.files);
    boolean(writer, "tcp", status->confined.tcp);
    boolean(writer, "sockets", status->confined.sockets);
    boolean(writer, "system_calls", status->confined.system_calls);
    end_object(writer);
}

void ck_status_write(const CkStatus *status, GString *out)
{
    Writer writer = {.out = out};
    begin_object(&writer);
    text(&writer, "version", CK_VERSION);
    point_in_time(&writer, "mounted_since", status->mounted_at);
    write_account(&writer, status->config);
    write_view(&writer, status->config);
    write_options(&writer, status->config);
    write_confined(&writer, status);
    write_known(&writer, status);
    write_requests(&writer, &status->usage);
    begin(&writer, "cache");
    number(&writer, "operations", status->operations);
    number(&writer, "waited", status->waited);
    end_object(&writer);
    write_rate_limit(&writer, &status->usage);
    if (status->config->offline) /* it is not asked */
        text(&writer, "server_reachable", NULL);
    else
        boolean(&writer, "server_reachable", status->usage.gate.reachable);
    write_last_error(&writer, status);
    end_object(&writer);
    g_string_append_c(out, '\n');
}
