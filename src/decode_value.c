/* SPDX-License-Identifier: MIT */
#include "decode_value.h"

#include "error.h"

/* What has more values is shown as it was sent and not looked into: cJSON takes 64 bytes and more
 * for each, be it "0,". */
#define VALUES_MAX 200000

#define TIME_MAX 253402300799.0 /* the last second of the year 9999 */

static gboolean no_memory(GError **error)
{
    g_set_error_literal(error, CK_ERROR, CK_ERROR_NO_MEMORY, "no memory to decode JSON");
    return FALSE;
}

gboolean ck_value_parse(CkSlice json, guint *lost, cJSON **value, GError **error)
{
    *value = NULL;
    /* A value takes a byte at least: most need not be counted. */
    if (json.size >= VALUES_MAX && ck_json_count(json) > VALUES_MAX)
        return TRUE;
    g_autofree char *repaired = ck_json_repair(json, lost);
    *value = cJSON_Parse(repaired);
    return *value || no_memory(error); /* nothing else is left that cJSON fails of */
}

/* The text of a member's name. */
static char *name_of(CkSlice key)
{
    g_autofree char *repaired = ck_json_repair(key, NULL);
    return ck_json_text((CkSlice){repaired, strlen(repaired)});
}

/* Takes value, or (NULL) adds null. */
static gboolean add_member(cJSON *object, const char *name, cJSON *value, GError **error)
{
    cJSON *member = value ? value : cJSON_CreateNull();
    if (member && cJSON_AddItemToObject(object, name, member))
        return TRUE;
    cJSON_Delete(member);
    return no_memory(error);
}

/* Adds the members of json that there is room for. */
static gboolean parse_members(CkSlice json, cJSON *object, GPtrArray *missing, guint *lost,
                              GError **error)
{
    CkJsonIter iter;
    gsize left = VALUES_MAX;
    ck_json_iter_init(&iter, json);
    while (iter.object && ck_json_iter_next(&iter)) {
        g_autofree char *name = name_of(iter.key);
        gsize count = ck_json_count(iter.value);
        cJSON *value = NULL;
        if (count < left && !ck_value_parse(iter.value, lost, &value, error))
            return FALSE;
        left -= value ? count : 1;
        if (left == 0) {
            cJSON_Delete(value);
            g_ptr_array_add(missing, g_strdup("and more"));
            break;
        }
        if (!value)
            g_ptr_array_add(missing, g_strdup(name));
        if (!add_member(object, name, value, error))
            return FALSE;
    }
    return TRUE;
}

cJSON *ck_value_parse_object(CkSlice json, GPtrArray *missing, guint *lost, GError **error)
{
    g_autoptr(cJSON) object = NULL;
    if (!ck_value_parse(json, lost, &object, error))
        return NULL;
    if (object)
        return g_steal_pointer(&object);
    object = cJSON_CreateObject();
    if (!object) {
        no_memory(error);
        return NULL;
    }
    return parse_members(json, object, missing, lost, error) ? g_steal_pointer(&object) : NULL;
}

void ck_value_iter_init(CkValueIter *iter, CkValue container)
{
    *iter = (CkValueIter){0};
    if (!container.value)
        return;
    iter->next = container.value->child;
    ck_json_iter_init(&iter->source, container.source);
}

gboolean ck_value_iter_next(CkValueIter *iter, CkValue *child)
{
    if (!iter->next || !ck_json_iter_next(&iter->source))
        return FALSE;
    *child = (CkValue){iter->next, iter->source.value};
    iter->next = iter->next->next;
    return TRUE;
}

CkValue ck_value_child(CkValue container, const cJSON *child)
{
    CkValueIter iter;
    CkValue found;
    ck_value_iter_init(&iter, container);
    while (child && ck_value_iter_next(&iter, &found))
        if (found.value == child)
            return found;
    return (CkValue){NULL, {"", 0}};
}

const cJSON *ck_value_get(const cJSON *object, const char *name)
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

const char *ck_value_string(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(ck_value_get(object, name));
}

const char *ck_value_filled(const cJSON *object, const char *name)
{
    const char *text = ck_value_string(object, name);
    return text && *text ? text : NULL;
}

gint64 ck_value_time(const cJSON *object, const char *name)
{
    const cJSON *member = ck_value_get(object, name);
    if (!cJSON_IsNumber(member) || !(member->valuedouble > 0) || member->valuedouble > TIME_MAX)
        return 0;
    return (gint64)member->valuedouble;
}

const char *ck_value_type(const cJSON *object)
{
    const char *type = ck_value_string(object, "type");
    if (!type)
        return "";
    return g_str_has_prefix(type, "chatkit.") ? type + strlen("chatkit.") : type;
}
