/* SPDX-License-Identifier: MIT */
/*
 * The body of an answer: a page of a list, one element, an error; and the same bytes once more as a
 * text that somebody wrote, wherever an item or a thread holds one.
 */
#include "fuzz.h"

#include "error.h"
#include "markdown.h"
#include "render.h"
#include "status_error.h"
#include "text.h"

#define KEY "sk-key"

/* A text without these stands as it was written. */
#define MARKS "`~<>[^#*+-.)"

typedef void (*Writer)(gconstpointer what, CkSink *out);

static void indent(gconstpointer json, CkSink *out)
{
    ck_json_indent(*(const CkSlice *)json, out);
}

static void show(gconstpointer json, CkSink *out)
{
    ck_json_show(*(const CkSlice *)json, out);
}

static void compact(gconstpointer json, CkSink *out)
{
    ck_json_compact(*(const CkSlice *)json, out);
}

static void item_markdown(gconstpointer item, CkSink *out)
{
    ck_render_item(item, out);
}

static void thread_head(gconstpointer thread, CkSink *out)
{
    ck_render_thread_head(thread, out);
}

/* What writer writes; counting must come to the same size, and a part of it be that part. */
static GString *written(Writer writer, gconstpointer what)
{
    g_autoptr(GString) part = g_string_new(NULL);
    CkSink keep = {.text = g_string_new(NULL)}, count = {0};
    writer(what, &keep);
    writer(what, &count);
    g_assert_cmpuint(keep.size, ==, keep.text->len);
    g_assert_cmpuint(count.size, ==, keep.text->len);
    CkSink window = {.text = part, .from = keep.size / 3, .to = keep.size / 3 * 2 + 1};
    writer(what, &window);
    g_assert_cmpuint(window.size, ==, keep.size);
    g_assert_cmpmem(part->str, part->len, keep.text->str + window.from,
                    MIN(window.to, keep.size) - window.from);
    return keep.text;
}

/* What writer makes of its own or another writer's output, which must be JSON. */
static GString *rewritten(Writer writer, const GString *json)
{
    CkSlice slice = {json->str, json->len};
    CkSink keep = {.text = g_string_new(NULL)};
    g_assert_true(ck_json_check(slice, NULL));
    writer(&slice, &keep);
    return keep.text;
}

static void assert_same(const GString *one, const GString *other)
{
    g_assert_cmpmem(one->str, one->len, other->str, other->len);
}

/* JSON without the white space between its tokens. *broken: a string has a raw line break in it,
 * as RFC 8259 does not allow. */
static GString *tokens(const char *json, gsize size, gboolean *broken)
{
    GString *kept = g_string_new(NULL);
    gboolean quoted = FALSE, escaped = FALSE;
    *broken = FALSE;
    for (gsize i = 0; i < size; i++) {
        char c = json[i];
        *broken |= quoted && (c == '\n' || c == '\r');
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        if (quoted || !c || !strchr(" \t\r\n", c))
            g_string_append_c(kept, c);
    }
    return kept;
}

/* However JSON is written, it is the same JSON. */
static void check_json(CkSlice json)
{
    gboolean broken;
    g_autoptr(GString) lines = written(indent, &json);
    g_autoptr(GString) line = written(compact, &json);
    g_autoptr(GString) lines_of_lines = rewritten(indent, lines);
    g_autoptr(GString) line_of_lines = rewritten(compact, lines);
    g_autoptr(GString) lines_of_line = rewritten(indent, line);
    g_autoptr(GString) sent = tokens(json.data, json.size, &broken);
    g_autoptr(GString) kept = tokens(lines->str, lines->len, &broken);
    assert_same(lines_of_lines, lines);
    assert_same(line_of_lines, line);
    guint lost = 0; /* broken escapes may come to look whole when what is behind them is shown */
    g_free(ck_json_repair(json, &lost));
    if (lost == 0) {
        g_autoptr(GString) shown = written(show, &json);
        g_autoptr(GString) shown_again = rewritten(show, shown);
        assert_same(shown_again, shown);
    }
    assert_same(kept, sent);
    g_assert_true(memchr(line->str, '\n', line->len) == line->str + line->len - 1);
    g_autofree char *repaired = ck_json_repair(json, NULL);
    g_assert_true(g_utf8_validate(repaired, -1, NULL));
    g_assert_true(ck_json_check((CkSlice){repaired, strlen(repaired)}, NULL));
    if (broken)
        return;
    assert_same(lines_of_line, lines);
    g_assert_null(strstr(lines->str, "\n\n"));
    g_assert_null(strstr(lines->str, " \n"));
    g_string_append_c(sent, '\n');
    assert_same(line, sent);
}

/* Whether a text can't drive a terminal, nor change the direction of what stands around it. */
static gboolean is_plain_text(const char *text, gsize size)
{
    if (!fuzz_is_text(text, size, "\n\t"))
        return FALSE;
    for (const char *at = text; at < text + size; at = g_utf8_next_char(at))
        if (ck_text_is_control(g_utf8_get_char(at)))
            return FALSE;
    return TRUE;
}

static void check_markdown(const GString *text)
{
    g_assert_true(is_plain_text(text->str, text->len));
    g_assert_true(g_str_has_suffix(text->str, "\n\n"));
}

static guint count_lines(const char *text)
{
    guint lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* No title, user or reason can add a line to the front matter or the heading. */
static void check_thread(const CkThread *thread)
{
    const CkThread plain = {.id = (char *)"cthr_1"};
    g_autoptr(GString) head = written(thread_head, thread);
    g_autoptr(GString) plain_head = written(thread_head, &plain);
    check_markdown(head);
    g_assert_cmpuint(count_lines(head->str), ==, count_lines(plain_head->str));
}

/* Text, or what is none after a byte that no text has. */
static gboolean is_identity(const char *id)
{
    return !id || *id == '\xff' || (*id && g_utf8_validate(id, -1, NULL));
}

/* Returns the element as an item's .md. */
static GString *check_element(CkSlice json)
{
    g_autoptr(CkItem) item = ck_decode_item(json, NULL);
    g_autoptr(CkThread) thread = ck_decode_thread(json, NULL);
    g_autofree char *id = ck_decode_identity(json, "id");
    GString *markdown = written(item_markdown, item);
    check_markdown(markdown);
    check_thread(thread);
    g_assert_true(is_identity(id));
    return markdown;
}

static void check_page(GBytes *body)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CkPage) page = ck_decode_page(body, &error);
    CkSlice whole = ck_slice_bytes(body);
    const char *after = whole.data;
    if (!page) {
        g_assert_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE);
        return;
    }
    g_assert_no_error(error);
    g_assert_true(is_identity(page->last_id));
    g_assert_cmpuint(page->elements->len, <, ck_json_count(whole));
    for (guint i = 0; i < page->elements->len; i++) {
        CkSlice element = g_array_index(page->elements, CkSlice, i);
        g_assert_true(element.data > after && element.size > 0);
        after = element.data + element.size;
        g_assert_true(after < whole.data + whole.size);
        g_assert_true(ck_json_check(element, NULL));
        check_json(element);
        g_string_free(check_element(element), TRUE);
    }
}

/* An error that shows what the server said is one line, without the key. */
static void check_failure(GBytes *body)
{
    static CkKey *key;
    if (!key) {
        key = ck_key_new();
        ck_key_set_variable(key, CK_KEY_VARIABLE, KEY);
    }
    g_autoptr(GError) error = ck_status_error(500, body, key);
    g_assert_true(fuzz_is_line(error->message));
    g_assert_null(strstr(error->message, KEY));
}

/* text as a JSON string. What is no UTF-8 stays so. */
static char *quoted(CkSlice text)
{
    GString *string = g_string_new("\"");
    for (gsize i = 0; i < text.size; i++) {
        guchar c = (guchar)text.data[i];
        if (c < 0x20)
            g_string_append_printf(string, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            g_string_append_printf(string, "\\%c", c);
        else
            g_string_append_c(string, (char)c);
    }
    g_string_append_c(string, '"');
    return g_string_free(string, FALSE);
}

/* Every element with text in it, $ for the text. */
static const char *const holders[] = {
    /* the first must show it as it is, see below */
    "{\"type\":\"user_message\",\"content\":[{\"type\":\"input_text\",\"text\":$}]}",
    "{\"type\":\"assistant_message\",\"content\":[{\"type\":\"quoted_text\",\"text\":$,"
    "\"annotations\":[{\"source\":{\"title\":$,\"url\":$}},{\"source\":{\"filename\":$}}]}],"
    "\"attachments\":[{\"id\":$,\"name\":$,\"preview_url\":$,\"mime_type\":$}],"
    "\"inference_options\":{\"model\":$,\"tool_choice\":{\"id\":$}}}",
    "{\"type\":\"widget\",\"widget\":$}",
    "{\"type\":\"client_tool_call\",\"name\":$,\"call_id\":$,\"status\":$,\"arguments\":$,"
    "\"output\":$}",
    "{\"type\":\"task_group\",\"tasks\":[{\"type\":$,\"heading\":$,\"summary\":$}]}",
    "{\"type\":$,\"id\":$,\"title\":$,\"user\":$,\"status\":{\"type\":$,\"reason\":$}}",
};

static void markdown(gconstpointer text, CkSink *out)
{
    ck_markdown_put(out, text, "");
}

static void quotation(gconstpointer text, CkSink *out)
{
    ck_markdown_put(out, text, "> ");
}

/* What was escaped and closed once needs no more of it. */
static void check_escapes(const char *text)
{
    g_autoptr(GString) once = written(markdown, text);
    g_autoptr(GString) twice = written(markdown, once->str);
    g_autoptr(GString) quote = written(quotation, text);
    assert_same(once, twice);
    g_assert_true(g_str_has_suffix(once->str, "\n") && *quote->str == '>');
    ck_markdown_continues_list(text);
}

static void check_text(CkSlice text)
{
    g_autofree char *string = quoted(text);
    g_autofree char *as_written = g_strndup(text.data, text.size);
    if (g_utf8_validate(as_written, -1, NULL))
        check_escapes(as_written);
    for (gsize i = 0; i < G_N_ELEMENTS(holders); i++) {
        g_autoptr(GString) json = g_string_new(holders[i]);
        g_string_replace(json, "$", string, 0);
        g_autoptr(GString) markdown = check_element((CkSlice){json->str, json->len});
        if (i == 0)
            check_json((CkSlice){json->str, json->len});
        if (i == 0 && is_plain_text(text.data, text.size) && !strpbrk(as_written, MARKS))
            g_assert_true(strstr(markdown->str, as_written) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) body = g_bytes_new(data, size);
    CkSlice input = {(const char *)data, size};
    check_page(body);
    check_failure(body);
    check_text(input);
    if (ck_json_check(input, NULL)) {
        check_json(input);
        g_string_free(check_element(input), TRUE);
    }
    return 0;
}
