/* SPDX-License-Identifier: MIT */
#include "decode_item.h"

#include "names.h"

/* An item while it is decoded. */
typedef struct {
    CkItem *item;
    CkValue object;     /* the whole of it, as far as it can be looked into */
    GPtrArray *taken;   /* cJSON: those members of object that the parts show */
    GPtrArray *missing; /* names of members that they do not show */
    guint lost;         /* characters of it that are no text */
    GError *error;      /* of the first part that could not be decoded, or NULL */
} Decoding;

static void part_free(gpointer data)
{
    CkPart *part = data;
    g_free((char *)part->text);
    g_free((char *)part->label);
    g_free((char *)part->url);
    g_free((char *)part->detail);
    g_free(part);
}

void ck_item_add(CkItem *item, CkPart part)
{
    CkPart *copy = g_new(CkPart, 1);
    *copy = (CkPart){part.kind, g_strdup(part.text), g_strdup(part.label), g_strdup(part.url),
                     g_strdup(part.detail)};
    g_ptr_array_add(item->parts, copy);
}

/* Members. One counts as shown once it was taken, and that it is only if it has the type that the
 * API gives it. */

static const cJSON *take(Decoding *decoding, const char *name, cJSON_bool (*is)(const cJSON *))
{
    const cJSON *member = ck_value_get(decoding->object.value, name);
    if (!member || !is(member))
        return NULL;
    g_ptr_array_add(decoding->taken, (gpointer)member);
    return member;
}

static const char *take_string(Decoding *decoding, const char *name)
{
    return cJSON_GetStringValue(take(decoding, name, cJSON_IsString));
}

static cJSON_bool is_anything(const cJSON *value)
{
    return !cJSON_IsNull(value);
}

/* Whether a member is missing, null or a string. */
static gboolean is_text_or_nothing(const cJSON *object, const char *name)
{
    const cJSON *member = ck_value_get(object, name);
    return !member || cJSON_IsNull(member) || cJSON_IsString(member);
}

/* Parts of what this version does not know */

/* Adds as text every string in value, in the order sent, but for what tells what it is. */
static void add_strings(CkItem *item, const cJSON *value)
{
    static const char *const skipped[] = {"id", "object", "thread_id", "type", NULL};
    const cJSON *child;
    cJSON_ArrayForEach(child, value) {
        const char *text = cJSON_GetStringValue(child);
        if (!text)
            add_strings(item, child);
        else if (*text && !(child->string && g_strv_contains(skipped, child->string)))
            CK_ITEM_ADD(item, CK_PART_TEXT, .text = text);
    }
}

/* A value as it was sent, to be freed. */
static char *source_text(CkValue value)
{
    return g_utf8_make_valid(value.source.data, (gssize)value.source.size);
}

/* Its strings, then the whole of it as it was sent. */
static void add_unknown(Decoding *decoding, CkValue value, const char *label)
{
    g_autofree char *text = source_text(value);
    add_strings(decoding->item, value.value);
    CK_ITEM_ADD(decoding->item, CK_PART_JSON, .text = text, .label = label);
}

/* Messages */

static void add_annotation(Decoding *decoding, CkValue annotation)
{
    const cJSON *source = ck_value_get(annotation.value, "source");
    const char *url = ck_value_filled(source, "url");
    const char *name = ck_value_filled(source, "filename");
    const char *title = ck_value_filled(source, "title");
    const char *label = name ? name : title ? title : url;
    if (label)
        CK_ITEM_ADD(decoding->item, CK_PART_SOURCE, .label = label, .url = url);
    else
        add_unknown(decoding, annotation, "Annotation");
}

static void add_annotations(Decoding *decoding, CkValue content)
{
    const cJSON *member = ck_value_get(content.value, "annotations");
    if (!member || cJSON_IsNull(member))
        return;
    CkValue annotations = ck_value_child(content, member), annotation;
    CkValueIter iter;
    if (!cJSON_IsArray(member)) {
        add_unknown(decoding, annotations, "Annotations");
        return;
    }
    ck_value_iter_init(&iter, annotations);
    while (ck_value_iter_next(&iter, &annotation))
        add_annotation(decoding, annotation);
}

static void add_content_element(Decoding *decoding, CkValue element)
{
    const char *text = cJSON_IsString(element.value) ? element.value->valuestring
                                                     : ck_value_string(element.value, "text");
    if (!text) {
        add_unknown(decoding, element, "Content");
        return;
    }
    gboolean quoted = strcmp(ck_value_type(element.value), "quoted_text") == 0;
    CK_ITEM_ADD(decoding->item, quoted ? CK_PART_QUOTE : CK_PART_TEXT, .text = text);
    add_annotations(decoding, element);
}

/* An array of typed elements, or what a server sends instead. */
static void add_content(Decoding *decoding)
{
    const cJSON *member = take(decoding, "content", is_anything);
    CkValue content = ck_value_child(decoding->object, member), element;
    CkValueIter iter;
    if (cJSON_IsString(member)) {
        CK_ITEM_ADD(decoding->item, CK_PART_TEXT, .text = member->valuestring);
    } else if (cJSON_IsArray(member)) {
        ck_value_iter_init(&iter, content);
        while (ck_value_iter_next(&iter, &element))
            add_content_element(decoding, element);
    } else if (member) {
        add_unknown(decoding, content, "Content");
    }
}

static void add_attachment(Decoding *decoding, CkValue attachment)
{
    const char *name = ck_value_filled(attachment.value, "name");
    const char *id = ck_value_filled(attachment.value, "id");
    const char *type = ck_value_filled(attachment.value, "mime_type");
    if (id || name)
        CK_ITEM_ADD(decoding->item, CK_PART_ATTACHMENT, .label = name ? name : id,
                    .url = ck_value_filled(attachment.value, "preview_url"),
                    .detail = type ? type : ck_value_filled(attachment.value, "type"));
    else
        add_unknown(decoding, attachment, "Attachment");
}

/* Each element of an array member; nothing where it is none. */
static void add_each(Decoding *decoding, const char *name,
                     void (*add)(Decoding *decoding, CkValue element))
{
    CkValue element;
    CkValueIter iter;
    ck_value_iter_init(&iter,
                       ck_value_child(decoding->object, take(decoding, name, cJSON_IsArray)));
    while (ck_value_iter_next(&iter, &element))
        add(decoding, element);
}

static void add_inference_options(Decoding *decoding)
{
    const cJSON *options = ck_value_get(decoding->object.value, "inference_options");
    const cJSON *choice = ck_value_get(options, "tool_choice");
    const char *model = ck_value_string(options, "model");
    const char *tool = ck_value_string(choice, "id");
    if (is_text_or_nothing(options, "model") && (tool || !choice || cJSON_IsNull(choice)))
        take(decoding, "inference_options", cJSON_IsObject);
    if (!model && !tool)
        return;
    g_autofree char *text =
        g_strconcat(model ? "model: " : "", model ? model : "", model && tool ? ", " : "",
                    tool ? "tool: " : "", tool, NULL);
    CK_ITEM_ADD(decoding->item, CK_PART_NOTE, .text = text);
}

static void decode_message(Decoding *decoding)
{
    add_content(decoding);
    add_each(decoding, "attachments", add_attachment);
    add_inference_options(decoding);
}

/* Other items */

/* The payload is JSON in a string or (who knows) as it is. It stands as it was sent, on one line:
 * what there is to read of it stands above. */
static void decode_widget(Decoding *decoding)
{
    const cJSON *widget = take(decoding, "widget", is_anything);
    if (!widget)
        return;
    gboolean is_string = cJSON_IsString(widget);
    g_autofree char *payload = is_string ? g_strdup(widget->valuestring)
                                         : source_text(ck_value_child(decoding->object, widget));
    CkSlice json = {payload, strlen(payload)};
    guint *lost = is_string ? &decoding->lost : NULL; /* else they are counted already */
    g_autoptr(cJSON) tree = NULL;
    if (ck_json_check(json, NULL) && !ck_value_parse(json, lost, &tree, &decoding->error))
        return;
    ck_item_add_widget(decoding->item, (CkValue){tree, json});
    CK_ITEM_ADD(decoding->item, CK_PART_CODE, .text = payload, .label = "Widget");
}

/* JSON in a string, as the API sends it, or (who knows) as it is; nothing for null. */
static void add_json(Decoding *decoding, const char *label, const char *name)
{
    const cJSON *value = take(decoding, name, is_anything);
    if (!value)
        return;
    g_autofree char *text = cJSON_IsString(value)
                                ? g_strdup(value->valuestring)
                                : source_text(ck_value_child(decoding->object, value));
    CK_ITEM_ADD(decoding->item, CK_PART_JSON, .text = text, .label = label);
}

static void decode_tool_call(Decoding *decoding)
{
    const char *name = take_string(decoding, "name");
    const char *call = take_string(decoding, "call_id");
    const char *status = take_string(decoding, "status");
    gboolean both = call && *call && status && *status;
    g_autofree char *detail = g_strconcat(call ? call : "", both ? ", " : "", status, NULL);
    CK_ITEM_ADD(decoding->item, CK_PART_HEADING, .label = name ? name : "a tool",
                .detail = *detail ? detail : NULL);
    add_json(decoding, "Arguments", "arguments");
    add_json(decoding, "Output", "output");
    decoding->item->finished = !status || strcmp(status, "in_progress") != 0;
}

static void add_task(CkItem *item, const char *heading, const char *summary, const char *kind)
{
    CK_ITEM_ADD(item, CK_PART_HEADING, .label = heading && *heading ? heading : "Task",
                .detail = kind);
    if (summary)
        CK_ITEM_ADD(item, CK_PART_TEXT, .text = summary);
}

static void decode_task(Decoding *decoding)
{
    const char *heading = take_string(decoding, "heading");
    const char *summary = take_string(decoding, "summary");
    add_task(decoding->item, heading, summary, take_string(decoding, "task_type"));
}

static void add_grouped_task(Decoding *decoding, CkValue task)
{
    if (cJSON_IsObject(task.value) && is_text_or_nothing(task.value, "heading") &&
        is_text_or_nothing(task.value, "summary"))
        add_task(decoding->item, ck_value_string(task.value, "heading"),
                 ck_value_string(task.value, "summary"), ck_value_string(task.value, "type"));
    else
        add_unknown(decoding, task, "Task");
}

static void decode_task_group(Decoding *decoding)
{
    add_each(decoding, "tasks", add_grouped_task);
}

/* FALSE for a type that this version does not know. */
static gboolean decode_by_type(Decoding *decoding)
{
    static const struct {
        const char *type;
        void (*decode)(Decoding *decoding);
    } known[] = {
        {"user_message", decode_message},
        {"assistant_message", decode_message},
        {"widget", decode_widget},
        {"client_tool_call", decode_tool_call},
        {"task", decode_task},
        {"task_group", decode_task_group},
    };
    const char *type = ck_value_type(decoding->object.value);
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        if (strcmp(type, known[i].type) == 0) {
            known[i].decode(decoding);
            return TRUE;
        }
    }
    return FALSE;
}

/* Notes */

/* What tells which item it is, and its time, which stands in the heading. */
static void take_what_every_item_has(Decoding *decoding)
{
    static const char *const strings[] = {"id", "object", "thread_id", "type"};
    for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
        take_string(decoding, strings[i]);
    if (decoding->item->created_at > 0)
        take(decoding, "created_at", cJSON_IsNumber);
}

static void find_missing(Decoding *decoding)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, decoding->object.value) {
        if (!cJSON_IsNull(member) && !g_ptr_array_find(decoding->taken, member, NULL))
            g_ptr_array_add(decoding->missing, g_strdup(member->string));
    }
}

static void add_notes(Decoding *decoding)
{
    if (decoding->missing->len > 0) {
        g_ptr_array_add(decoding->missing, NULL);
        g_autofree char *names = g_strjoinv(", ", (char **)decoding->missing->pdata);
        g_autofree char *text = g_strconcat("not shown here, see the .json: ", names, NULL);
        CK_ITEM_ADD(decoding->item, CK_PART_NOTE, .text = text);
    }
    if (decoding->lost > 0) {
        g_autofree char *text = g_strdup_printf(
            "%u %s no text and shown as \xef\xbf\xbd, see the .json", decoding->lost,
            decoding->lost == 1 ? "character is" : "characters are");
        CK_ITEM_ADD(decoding->item, CK_PART_NOTE, .text = text);
    }
}

CkItem *ck_decode_item(CkSlice json, GError **error)
{
    g_autoptr(GPtrArray) taken = g_ptr_array_new();
    g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
    guint lost = 0;
    g_autoptr(cJSON) object = ck_value_parse_object(json, missing, &lost, error);
    if (!object)
        return NULL;
    g_autoptr(CkItem) item = g_new0(CkItem, 1);
    item->json = json;
    item->finished = TRUE;
    item->parts = g_ptr_array_new_with_free_func(part_free);
    Decoding decoding = {item, {object, json}, taken, missing, lost, NULL};
    item->role = ck_name_role(ck_value_type(object));
    item->created_at = ck_value_time(object, "created_at");
    take_what_every_item_has(&decoding);
    if (decode_by_type(&decoding)) {
        find_missing(&decoding);
    } else {
        add_unknown(&decoding, decoding.object, "Item");
        g_ptr_array_set_size(decoding.missing, 0);
    }
    add_notes(&decoding);
    if (decoding.error) {
        g_propagate_error(error, decoding.error);
        return NULL;
    }
    return g_steal_pointer(&item);
}

void ck_item_free(CkItem *item)
{
    g_free(item->role);
    g_ptr_array_unref(item->parts);
    g_free(item);
}
