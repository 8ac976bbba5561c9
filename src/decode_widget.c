/* SPDX-License-Identifier: MIT */
/*
 * The text of widgets. A widget is a tree of components, objects with a "type" and mostly
 * "children", of the set that ChatKit's documentation lists (docs: ChatKit widgets). Texts and
 * Markdown stand as they are; what a user could click or fill in stands as in a form on paper:
 * [Button], [x] Checkbox. The small things in a row, or in an item of a list, stand on one line.
 */
#include "decode_item.h"

/* The longest line that is made of several components, in bytes. */
#define LONGEST_LINE 4096

typedef enum {
    BLANK,    /* nothing to read, be it the name of an icon */
    VALUE,    /* "value" is text */
    MARKDOWN, /* "value" is Markdown, of several lines perhaps */
    TITLE,    /* "value" is a title */
    LABEL,    /* "label" is text */
    BUTTON,   /* "label" can be clicked */
    CHECKBOX, /* "label" can be ticked */
    FIELD,    /* to be filled in, or chosen from "options" */
    IMAGE,    /* "alt" and "src" */
    CHART,    /* "series" and rows of "data" */
    ROW,      /* "children" beside each other */
    LIST,     /* "children" are items */
    BOX,      /* "children" one below the other */
    UNKNOWN,
} Kind;

static Kind kind_of(const cJSON *component)
{
    static const struct {
        const char *type;
        Kind kind;
    } known[] = {
        {"Badge", LABEL},    {"Basic", BOX},        {"Box", BOX},           {"Button", BUTTON},
        {"Caption", VALUE},  {"Card", BOX},         {"Chart", CHART},       {"Checkbox", CHECKBOX},
        {"Col", BOX},        {"DatePicker", FIELD}, {"Divider", BLANK},     {"Form", BOX},
        {"Icon", BLANK},     {"Image", IMAGE},      {"Input", FIELD},       {"Label", VALUE},
        {"ListView", LIST},  {"ListViewItem", BOX}, {"Markdown", MARKDOWN}, {"RadioGroup", FIELD},
        {"Row", ROW},        {"Select", FIELD},     {"Spacer", BLANK},      {"Text", VALUE},
        {"Textarea", FIELD}, {"Title", TITLE},      {"Transition", BOX},
    };
    const char *type = ck_value_string(component, "type");
    for (gsize i = 0; type && i < G_N_ELEMENTS(known); i++)
        if (strcmp(type, known[i].type) == 0)
            return known[i].kind;
    return UNKNOWN;
}

/* Of components that this version does not know: members in which a person's words would be. */
static gboolean is_readable(const char *name)
{
    static const char *const names[] = {
        "alt",  "body",        "caption",  "content", "description", "heading", "label", "message",
        "name", "placeholder", "subtitle", "summary", "text",        "title",   "value", NULL};
    return !name || g_strv_contains(names, name); /* strings of an array have no name */
}

/* Lines: what stands side by side, with a dot between. */

static void add_word(GString *line, const char *text)
{
    if (text && *text)
        g_string_append_printf(line, "%s%s", line->len > 0 ? " · " : "", text);
}

static void add_formatted(GString *line, const char *format, const char *text)
{
    g_autofree char *word = text && *text ? g_strdup_printf(format, text) : NULL;
    add_word(line, word);
}

static void add_field(GString *line, const cJSON *field)
{
    static const char *const texts[] = {"ariaLabel", "placeholder", "defaultValue"};
    const cJSON *option;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        add_word(line, ck_value_string(field, texts[i]));
    cJSON_ArrayForEach(option, ck_value_get(field, "options")) {
        add_formatted(line, "( ) %s", ck_value_string(option, "label"));
        add_word(line, ck_value_string(option, "description"));
    }
}

/* The text of a component that is one, NULL where it is missing or there are others. */
static const char *own_text(const cJSON *component, Kind kind)
{
    switch (kind) {
    case VALUE:
    case MARKDOWN:
    case TITLE:
        return ck_value_string(component, "value");
    case LABEL:
    case BUTTON:
    case CHECKBOX:
        return ck_value_string(component, "label");
    case IMAGE:
        return ck_value_string(component, "alt");
    default:
        return NULL;
    }
}

/* Adds what the component says. FALSE, and perhaps something added, where it has more to say than
 * goes on a line, or it is not known what that is. */
static gboolean add_to_line(GString *line, const cJSON *component)
{
    Kind kind = kind_of(component);
    const char *text = own_text(component, kind);
    const cJSON *child;
    if (line->len > LONGEST_LINE)
        return FALSE;
    switch (kind) {
    case BLANK:
        return TRUE;
    case VALUE:
    case TITLE:
    case LABEL:
        add_word(line, text);
        return text && !strchr(text, '\n');
    case BUTTON:
        add_formatted(line, "[%s]", text);
        return !text || !strchr(text, '\n'); /* without a label it has an icon */
    case CHECKBOX:
        add_formatted(line,
                      cJSON_IsTrue(ck_value_get(component, "defaultChecked")) ? "[x] %s" : "[ ] %s",
                      text);
        return !text || !strchr(text, '\n');
    case IMAGE:
        add_word(line, text);
        return !text || !strchr(text, '\n');
    case FIELD:
        add_field(line, component);
        return !strchr(line->str, '\n');
    case ROW:
    case BOX:
        cJSON_ArrayForEach(child, ck_value_get(component, "children")) {
            if (!add_to_line(line, child))
                return FALSE;
        }
        return cJSON_IsArray(ck_value_get(component, "children")) &&
               !ck_value_get(component, "status") && !ck_value_get(component, "confirm") &&
               !ck_value_get(component, "cancel");
    default:
        return FALSE;
    }
}

/* The line that a component makes, NULL where it takes more than that; to be freed. */
static char *as_line(const cJSON *component)
{
    g_autoptr(GString) line = g_string_new(NULL);
    return add_to_line(line, component) ? g_string_free(g_steal_pointer(&line), FALSE) : NULL;
}

/* Parts */

static void add_text(CkItem *item, const char *text)
{
    if (text && *text)
        CK_ITEM_ADD(item, CK_PART_PLAIN, .text = text);
}

/* The member of a component that is a list of components, or a single one. */
static CkValue children_of(CkValue component, const char *name)
{
    return ck_value_child(component, ck_value_get(component.value, name));
}

static void add_children(CkItem *item, CkValue component)
{
    CkValue children = children_of(component, "children"), child;
    CkValueIter iter;
    if (cJSON_IsObject(children.value)) { /* of a Transition */
        ck_item_add_widget(item, children);
        return;
    }
    ck_value_iter_init(&iter, children);
    while (ck_value_iter_next(&iter, &child))
        ck_item_add_widget(item, child);
}

static void add_bullet(CkItem *item, const char *line)
{
    if (*line)
        CK_ITEM_ADD(item, CK_PART_BULLET, .text = line);
}

static void add_list(CkItem *item, CkValue list)
{
    CkValue child;
    CkValueIter iter;
    ck_value_iter_init(&iter, children_of(list, "children"));
    while (ck_value_iter_next(&iter, &child)) {
        g_autofree char *line = as_line(child.value);
        if (line)
            add_bullet(item, line);
        else
            ck_item_add_widget(item, child);
    }
}

static void add_image(CkItem *item, const cJSON *image)
{
    const char *alt = ck_value_filled(image, "alt");
    const char *source = ck_value_filled(image, "src");
    gboolean link = source && !g_str_has_prefix(source, "data:"); /* that one is the image */
    if (link)
        CK_ITEM_ADD(item, CK_PART_LINK, .label = alt ? alt : source, .url = source);
    else
        add_text(item, alt);
}

/* The names of its series, then a line for each row of data, with the numbers as they were sent. */
static void add_chart(CkItem *item, CkValue chart)
{
    g_autoptr(GString) line = g_string_new(NULL);
    CkValueIter rows, cells;
    CkValue row, cell;
    const cJSON *series;
    cJSON_ArrayForEach(series, ck_value_get(chart.value, "series"))
        add_word(line, ck_value_string(series, "label"));
    add_text(item, line->str);
    ck_value_iter_init(&rows, children_of(chart, "data"));
    while (ck_value_iter_next(&rows, &row)) {
        g_string_truncate(line, 0);
        ck_value_iter_init(&cells, row);
        while (ck_value_iter_next(&cells, &cell)) {
            g_autofree char *number =
                cJSON_IsNumber(cell.value) ? g_strndup(cell.source.data, cell.source.size) : NULL;
            add_word(line, number ? number : cJSON_GetStringValue(cell.value));
        }
        add_bullet(item, line->str);
    }
}

/* What cards and lists have above and below their children. */
static void add_status(CkItem *item, const cJSON *component)
{
    add_text(item, ck_value_string(ck_value_get(component, "status"), "text"));
}

static void add_actions(CkItem *item, const cJSON *component)
{
    g_autoptr(GString) line = g_string_new(NULL);
    add_formatted(line, "[%s]", ck_value_string(ck_value_get(component, "confirm"), "label"));
    add_formatted(line, "[%s]", ck_value_string(ck_value_get(component, "cancel"), "label"));
    add_text(item, line->str);
}

/* What happens when it is clicked; nothing to read. */
static gboolean is_action(const char *name)
{
    return g_str_has_suffix(name, "Action") || strcmp(name, "action") == 0 ||
           strcmp(name, "payload") == 0;
}

static void add_unknown(CkItem *item, CkValue component)
{
    CkValueIter iter;
    CkValue member;
    ck_value_iter_init(&iter, component);
    while (ck_value_iter_next(&iter, &member)) {
        const char *name = member.value->string;
        const char *text = cJSON_GetStringValue(member.value);
        if (text && is_readable(name))
            add_text(item, text);
        else if (!text && !(name && is_action(name)))
            ck_item_add_widget(item, member); /* components again, it may be */
    }
}

void ck_item_add_widget(CkItem *item, CkValue component)
{
    const cJSON *value = component.value;
    Kind kind = kind_of(value);
    gboolean block = kind == BOX || kind == LIST || kind == CHART || kind == IMAGE;
    g_autofree char *line = block ? NULL : as_line(value);
    const char *text = line ? line : own_text(value, kind);
    switch (kind) {
    case BLANK:
        break;
    case IMAGE:
        add_image(item, value);
        break;
    case CHART:
        add_chart(item, component);
        break;
    case LIST:
        add_status(item, value);
        add_list(item, component);
        break;
    case ROW:
    case BOX:
        if (line) {
            add_text(item, line);
            break;
        }
        add_status(item, value);
        add_children(item, component);
        add_actions(item, value);
        break;
    case TITLE:
        if (line && *line)
            CK_ITEM_ADD(item, CK_PART_HEADING, .label = line);
        else if (!line)
            add_unknown(item, component);
        break;
    case MARKDOWN:
        if (!text)
            add_unknown(item, component);
        else if (*text)
            CK_ITEM_ADD(item, CK_PART_TEXT, .text = text);
        break;
    default:
        if (text)
            add_text(item, text);
        else
            add_unknown(item, component);
    }
}
