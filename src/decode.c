/* SPDX-License-Identifier: MIT */
#include "decode.h"

#include <cjson/cJSON.h>

#include "error.h"
#include "names.h"

/* What is deeper or has more values is shown as it was sent and not looked into: cJSON takes 64
 * bytes and more for each value, be it "0,". */
#define DECODE_MAX_DEPTH  64
#define DECODE_MAX_VALUES 200000

/* The largest error object that is looked into, in bytes. */
#define ERROR_MAX 65536

G_DEFINE_AUTOPTR_CLEANUP_FUNC(cJSON, cJSON_Delete)

static cJSON *parse(CkSlice json)
{
    /* A value takes a byte at least: most need not be counted. */
    gboolean may_be_many = json.size >= DECODE_MAX_VALUES;
    if (ck_json_depth(json) > DECODE_MAX_DEPTH ||
        (may_be_many && ck_json_count(json) > DECODE_MAX_VALUES))
        return NULL;
    g_autofree char *repaired = ck_json_repair(json);
    return cJSON_Parse(repaired);
}

/* As parse(), but of an object that is too much as a whole those members that are not. whole, if
 * not NULL, tells which it was. */
static cJSON *parse_object(CkSlice json, gboolean *whole)
{
    CkJsonIter iter;
    cJSON *object = parse(json);
    if (whole)
        *whole = object != NULL;
    if (object)
        return object;
    object = cJSON_CreateObject();
    ck_json_iter_init(&iter, json);
    while (ck_json_iter_next(&iter)) {
        g_autoptr(cJSON) key = parse(iter.key);
        cJSON *value = parse(iter.value);
        if (cJSON_IsString(key) && value)
            cJSON_AddItemToObject(object, key->valuestring, value);
        else
            cJSON_Delete(value);
    }
    return object;
}

/* The member of that name, of several the last, as ck_json_member(); NULL where there is none. */
static const cJSON *get(const cJSON *object, const char *name)
{
    const cJSON *child, *found = NULL;
    if (!cJSON_IsObject(object))
        return NULL;
    cJSON_ArrayForEach(child, object) {
        if (strcmp(child->string, name) == 0)
            found = child;
    }
    return found;
}

/* The string member of that name, NULL where it is missing, null or no string. */
static const char *string_member(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(get(object, name));
}

/* The same, and NULL for "" as well. */
static const char *filled_member(const cJSON *object, const char *name)
{
    const char *text = string_member(object, name);
    return text && *text ? text : NULL;
}

/* Seconds since 1970, 0 where there is no sensible number. */
static gint64 time_member(const cJSON *object, const char *name)
{
    const cJSON *member = get(object, name);
    if (!cJSON_IsNumber(member) || !(member->valuedouble > 0) || member->valuedouble > 1e15)
        return 0;
    return (gint64)member->valuedouble;
}

/* A type without the prefix that OpenAPI gives it and the reference's examples do not. */
static const char *plain_type(const cJSON *object)
{
    const char *type = string_member(object, "type");
    if (!type)
        return "";
    return g_str_has_prefix(type, "chatkit.") ? type + strlen("chatkit.") : type;
}

/* Pages */

static gboolean bad_page(GError **error, const char *what)
{
    g_set_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE, "the answer is not a list: %s", what);
    return FALSE;
}

static gboolean is_word(CkSlice value, const char *word)
{
    return value.size == strlen(word) && memcmp(value.data, word, value.size) == 0;
}

/* null and missing are both NULL; anything else must be a string. */
static gboolean page_id(CkSlice page, const char *name, char **id, GError **error)
{
    CkSlice value;
    if (!ck_json_member(page, name, &value) || is_word(value, "null"))
        return TRUE;
    g_autoptr(cJSON) string = parse(value);
    if (!cJSON_IsString(string))
        return bad_page(error, "a cursor that is no string");
    *id = g_strdup(string->valuestring);
    return TRUE;
}

static gboolean fill_page(CkPage *page, GError **error)
{
    CkSlice body = ck_slice_bytes(page->body), value;
    CkJsonIter iter;
    if (!ck_json_check(body, error))
        return FALSE;
    if (!ck_json_member(body, "data", &value) || *value.data != '[')
        return bad_page(error, "no array \"data\"");
    ck_json_iter_init(&iter, value);
    while (ck_json_iter_next(&iter))
        g_array_append_val(page->elements, iter.value);
    if (!ck_json_member(body, "has_more", &value) ||
        !(is_word(value, "true") || is_word(value, "false")))
        return bad_page(error, "no boolean \"has_more\"");
    page->has_more = is_word(value, "true");
    return page_id(body, "first_id", &page->first_id, error) &&
           page_id(body, "last_id", &page->last_id, error);
}

CkPage *ck_decode_page(GBytes *body, GError **error)
{
    g_autoptr(CkPage) page = g_new0(CkPage, 1);
    page->body = g_bytes_ref(body);
    page->elements = g_array_new(FALSE, FALSE, sizeof(CkSlice));
    return fill_page(page, error) ? g_steal_pointer(&page) : NULL;
}

void ck_page_free(CkPage *page)
{
    g_bytes_unref(page->body);
    g_array_unref(page->elements);
    g_free(page->first_id);
    g_free(page->last_id);
    g_free(page);
}

char *ck_decode_id(CkSlice element)
{
    CkSlice value;
    if (!ck_json_member(element, "id", &value))
        return NULL;
    g_autoptr(cJSON) id = parse(value);
    const char *string = cJSON_GetStringValue(id);
    return string && *string ? g_strdup(string) : NULL;
}

/* Threads */

CkThread *ck_decode_thread(CkSlice json, GError **error)
{
    g_autoptr(cJSON) object = parse_object(json, NULL);
    const char *id = filled_member(object, "id");
    if (!id) {
        g_set_error_literal(error, CK_ERROR, CK_ERROR_BAD_RESPONSE,
                            "a thread in the answer has no id");
        return NULL;
    }
    const cJSON *status = get(object, "status");
    CkThread *thread = g_new0(CkThread, 1);
    thread->json = json;
    thread->id = g_strdup(id);
    thread->title = g_strdup(string_member(object, "title"));
    thread->user = g_strdup(string_member(object, "user"));
    thread->status =
        g_strdup(cJSON_IsString(status) ? status->valuestring : string_member(status, "type"));
    thread->reason = g_strdup(string_member(status, "reason"));
    thread->created_at = time_member(object, "created_at");
    return thread;
}

void ck_thread_free(CkThread *thread)
{
    g_free(thread->id);
    g_free(thread->title);
    g_free(thread->user);
    g_free(thread->status);
    g_free(thread->reason);
    g_free(thread);
}

/* Items */

static void part_free(gpointer data)
{
    CkPart *part = data;
    g_free((char *)part->text);
    g_free((char *)part->label);
    g_free((char *)part->url);
    g_free((char *)part->detail);
    g_free(part);
}

/* Adds a copy of part, a literal of borrowed strings. */
static void add(CkItem *item, CkPart part)
{
    CkPart *copy = g_new(CkPart, 1);
    *copy = (CkPart){part.kind, g_strdup(part.text), g_strdup(part.label), g_strdup(part.url),
                     g_strdup(part.detail)};
    g_ptr_array_add(item->parts, copy);
}

#define ADD(item, what, ...) add(item, (CkPart){.kind = (what), __VA_ARGS__})

/* Members in which widgets keep what a person reads. */
static gboolean is_widget_text(const char *name)
{
    static const char *const names[] = {"alt",     "content", "body",  "caption",     "description",
                                        "heading", "label",   "name",  "placeholder", "subtitle",
                                        "summary", "text",    "title", "value",       NULL};
    return !name || g_strv_contains(names, name); /* strings of an array have no name */
}

/* Of what this version does not know, everything but what tells what it is. */
static gboolean is_any_text(const char *name)
{
    static const char *const names[] = {"id", "object", "thread_id", "type", NULL};
    return !name || !g_strv_contains(names, name);
}

/* Every readable string in value, in the order sent. Depth is bounded by parse(). */
static void add_strings(CkItem *item, const cJSON *value, gboolean (*readable)(const char *name))
{
    const cJSON *child;
    cJSON_ArrayForEach(child, value) {
        const char *text = cJSON_GetStringValue(child);
        if (text && *text && readable(child->string))
            ADD(item, CK_PART_TEXT, .text = text);
        else
            add_strings(item, child, readable);
    }
}

/* Something that this version does not know: its strings, then the whole of it; numbers as doubles,
 * the .json has them exactly. */
static void add_unknown(CkItem *item, const cJSON *value, const char *label)
{
    g_autofree char *text = cJSON_PrintUnformatted(value);
    add_strings(item, value, is_any_text);
    ADD(item, CK_PART_JSON, .text = text, .label = label);
}

static void add_annotations(CkItem *item, const cJSON *content)
{
    const cJSON *annotation;
    cJSON_ArrayForEach(annotation, get(content, "annotations")) {
        const cJSON *source = get(annotation, "source");
        const char *url = string_member(source, "url");
        const char *name = filled_member(source, "filename");
        const char *title = filled_member(source, "title");
        const char *label = name ? name : title ? title : url;
        if (label)
            ADD(item, CK_PART_SOURCE, .label = label, .url = url);
        else
            add_unknown(item, annotation, "Annotation");
    }
}

static void add_content_element(CkItem *item, const cJSON *element)
{
    const char *text =
        cJSON_IsString(element) ? element->valuestring : string_member(element, "text");
    if (!text)
        add_unknown(item, element, "Content");
    else if (strcmp(plain_type(element), "quoted_text") == 0)
        ADD(item, CK_PART_QUOTE, .text = text);
    else
        ADD(item, CK_PART_TEXT, .text = text);
    add_annotations(item, element);
}

/* The content of a user or an assistant message: an array of typed elements, or what a server
 * sends instead. */
static void add_content(CkItem *item, const cJSON *object)
{
    const cJSON *content = get(object, "content"), *element;
    if (cJSON_IsString(content)) {
        ADD(item, CK_PART_TEXT, .text = content->valuestring);
    } else if (cJSON_IsArray(content)) {
        cJSON_ArrayForEach(element, content)
            add_content_element(item, element);
    } else if (content && !cJSON_IsNull(content)) {
        add_unknown(item, content, "Content");
    }
}

static void add_attachments(CkItem *item, const cJSON *object)
{
    const cJSON *attachment;
    cJSON_ArrayForEach(attachment, get(object, "attachments")) {
        const char *name = filled_member(attachment, "name");
        const char *id = string_member(attachment, "id");
        if (!id && !name) {
            add_unknown(item, attachment, "Attachment");
            continue;
        }
        ADD(item, CK_PART_ATTACHMENT, .label = name ? name : id,
            .url = string_member(attachment, "preview_url"),
            .detail = string_member(attachment, "mime_type"));
    }
}

static void add_inference_options(CkItem *item, const cJSON *object)
{
    const cJSON *options = get(object, "inference_options");
    const char *model = string_member(options, "model");
    const char *tool = string_member(get(options, "tool_choice"), "id");
    if (!model && !tool)
        return;
    g_autofree char *text =
        g_strconcat(model ? "model: " : "", model ? model : "", model && tool ? ", " : "",
                    tool ? "tool: " : "", tool, NULL);
    ADD(item, CK_PART_NOTE, .text = text);
}

static void decode_message(CkItem *item, const cJSON *object)
{
    add_content(item, object);
    add_attachments(item, object);
    add_inference_options(item, object);
}

static void decode_widget(CkItem *item, const cJSON *object)
{
    const cJSON *widget = get(object, "widget");
    const char *payload = cJSON_GetStringValue(widget);
    if (!payload) {
        add_unknown(item, widget ? widget : object, "Widget");
        return;
    }
    CkSlice json = {payload, strlen(payload)};
    g_autoptr(cJSON) tree = ck_json_check(json, NULL) ? parse(json) : NULL;
    add_strings(item, tree, is_widget_text);
    /* As it was sent, on one line: what there is to read of it stands above. */
    ADD(item, CK_PART_CODE, .text = payload, .label = "Widget");
}

/* JSON in a string, as the API sends it, or (who knows) as it is; nothing for null. */
static void add_json(CkItem *item, const char *label, const cJSON *value)
{
    g_autofree char *printed = cJSON_IsString(value) || cJSON_IsNull(value)
                                   ? g_strdup(value->valuestring)
                                   : cJSON_PrintUnformatted(value);
    if (printed)
        ADD(item, CK_PART_JSON, .text = printed, .label = label);
}

static void decode_tool_call(CkItem *item, const cJSON *object)
{
    const char *name = string_member(object, "name");
    const char *call = string_member(object, "call_id");
    const char *status = string_member(object, "status");
    g_autoptr(GString) summary = g_string_new(NULL);
    g_string_append_printf(summary, "**%s**", name ? name : "a tool");
    if (call || status)
        g_string_append_printf(summary, " (%s%s%s)", call ? call : "", call && status ? ", " : "",
                               status ? status : "");
    ADD(item, CK_PART_TEXT, .text = summary->str);
    add_json(item, "Arguments", get(object, "arguments"));
    add_json(item, "Output", get(object, "output"));
    item->finished = !status || strcmp(status, "in_progress") != 0;
}

static void decode_task(CkItem *item, const cJSON *task, const char *kind)
{
    ADD(item, CK_PART_TASK, .label = string_member(task, "heading"),
        .text = string_member(task, "summary"), .detail = kind);
}

static void decode_by_type(CkItem *item, const cJSON *object)
{
    const char *type = plain_type(object);
    if (strcmp(type, "user_message") == 0 || strcmp(type, "assistant_message") == 0) {
        decode_message(item, object);
    } else if (strcmp(type, "widget") == 0) {
        decode_widget(item, object);
    } else if (strcmp(type, "client_tool_call") == 0) {
        decode_tool_call(item, object);
    } else if (strcmp(type, "task") == 0) {
        decode_task(item, object, string_member(object, "task_type"));
    } else if (strcmp(type, "task_group") == 0) {
        const cJSON *task;
        cJSON_ArrayForEach(task, get(object, "tasks"))
            decode_task(item, task, string_member(task, "type"));
    } else {
        g_autofree char *json = g_utf8_make_valid(item->json.data, (gssize)item->json.size);
        add_strings(item, object, is_any_text);
        ADD(item, CK_PART_JSON, .text = json, .label = "Item");
    }
}

CkItem *ck_decode_item(CkSlice json)
{
    CkItem *item = g_new0(CkItem, 1);
    item->json = json;
    item->finished = TRUE;
    item->parts = g_ptr_array_new_with_free_func(part_free);
    gboolean whole;
    g_autoptr(cJSON) object = parse_object(json, &whole);
    item->id = g_strdup(filled_member(object, "id"));
    item->role = ck_name_role(plain_type(object));
    item->created_at = time_member(object, "created_at");
    if (cJSON_IsObject(object))
        decode_by_type(item, object);
    if (!whole || !cJSON_IsObject(object))
        ADD(item, CK_PART_NOTE, .text = "not all of this item can be shown; see its .json");
    return item;
}

void ck_item_free(CkItem *item)
{
    g_free(item->id);
    g_free(item->role);
    g_ptr_array_unref(item->parts);
    g_free(item);
}

void ck_decode_error(GBytes *body, char **message, char **code)
{
    CkSlice json = ck_slice_bytes(body);
    *message = *code = NULL;
    if (json.size > ERROR_MAX || !ck_json_check(json, NULL))
        return;
    g_autoptr(cJSON) object = parse(json);
    const cJSON *inner = get(object, "error");
    *message = g_strdup(string_member(inner, "message"));
    *code = g_strdup(string_member(inner, "code"));
}
