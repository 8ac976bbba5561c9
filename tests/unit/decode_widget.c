/* SPDX-License-Identifier: MIT */
#include "decode_item.h"
#include "parts.h"

typedef struct {
    const char *component, *parts;
} WidgetCase;

/* What a person reads in a widget. */
static char *describe_widget(const char *component)
{
    g_autoptr(cJSON) tree = NULL;
    g_assert_true(ck_value_parse(parts_slice(component), NULL, &tree, NULL));
    g_autoptr(CkItem) item = ck_decode_item(parts_slice("{\"type\":\"task_group\"}"), NULL);
    g_assert_cmpuint(item->parts->len, ==, 0);
    ck_item_add_widget(item, (CkValue){tree, parts_slice(component)});
    return parts_describe(item);
}

static void assert_widgets(const WidgetCase *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *parts = describe_widget(cases[i].component);
        g_test_message("%s", cases[i].component);
        g_assert_cmpstr(parts, ==, cases[i].parts);
    }
}

static void reads_each_component(void)
{
    static const WidgetCase cases[] = {
        {"{\"type\":\"Text\",\"value\":\"a *b*\"}", "plain text=a *b*"},
        {"{\"type\":\"Caption\",\"value\":\"a\"}", "plain text=a"},
        {"{\"type\":\"Label\",\"value\":\"a\",\"fieldName\":\"f\"}", "plain text=a"},
        {"{\"type\":\"Badge\",\"label\":\"New\",\"color\":\"info\"}", "plain text=New"},
        {"{\"type\":\"Title\",\"value\":\"T\",\"size\":\"lg\"}", "heading label=T"},
        {"{\"type\":\"Markdown\",\"value\":\"# a\\n\\n- b\"}", "text text=# a\n\n- b"},
        {"{\"type\":\"Button\",\"label\":\"12A\",\"iconStart\":\"seat\","
         "\"onClickAction\":{\"type\":\"book\",\"payload\":{\"title\":\"x\"}}}",
         "plain text=[12A]"},
        {"{\"type\":\"Checkbox\",\"label\":\"Yes\",\"name\":\"n\"}", "plain text=[ ] Yes"},
        {"{\"type\":\"Checkbox\",\"label\":\"Yes\",\"defaultChecked\":true}", "plain text=[x] Yes"},
        {"{\"type\":\"Checkbox\",\"label\":\"Yes\",\"defaultChecked\":\"true\"}",
         "plain text=[ ] Yes"},
        {"{\"type\":\"Input\",\"name\":\"n\",\"placeholder\":\"Your "
         "name\",\"defaultValue\":\"Ada\"}",
         "plain text=Your name · Ada"},
        {"{\"type\":\"Textarea\",\"name\":\"n\",\"placeholder\":\"Say it\"}", "plain text=Say it"},
        {"{\"type\":\"DatePicker\",\"name\":\"n\",\"placeholder\":\"When\",\"defaultValue\":\"2024-"
         "04-05\"}",
         "plain text=When · 2024-04-05"},
        {"{\"type\":\"Select\",\"name\":\"n\",\"options\":[{\"label\":\"A\",\"value\":\"a\"},"
         "{\"label\":\"B\",\"value\":\"b\",\"description\":\"the "
         "other\"}],\"placeholder\":\"Pick\"}",
         "plain text=Pick · ( ) A · ( ) B · the other"},
        {"{\"type\":\"RadioGroup\",\"ariaLabel\":\"Size\",\"options\":[{\"label\":\"S\"}]}",
         "plain text=Size · ( ) S"},
        {"{\"type\":\"Image\",\"src\":\"https://x/a.png\",\"alt\":\"a cat\"}",
         "link label=a cat url=https://x/a.png"},
        {"{\"type\":\"Image\",\"src\":\"https://x/a.png\"}",
         "link label=https://x/a.png url=https://x/a.png"},
        {"{\"type\":\"Image\",\"src\":\"data:image/png;base64,AAAA\",\"alt\":\"a cat\"}",
         "plain text=a cat"},
        {"{\"type\":\"Image\",\"alt\":\"a cat\"}", "plain text=a cat"},
        {"{\"type\":\"Image\",\"src\":\"data:image/png;base64,AAAA\"}", ""},
        {"{\"type\":\"Icon\",\"name\":\"seat\"}", ""},
        {"{\"type\":\"Divider\",\"spacing\":\"lg\"}", ""},
        {"{\"type\":\"Spacer\",\"minSize\":1}", ""},
    };
    assert_widgets(cases, G_N_ELEMENTS(cases));
}

static void components_that_hold_nothing_say_nothing(void)
{
    static const char *const types[] = {
        "Badge", "Basic",    "Box",          "Button",   "Caption",    "Card",  "Chart",
        "Col",   "Checkbox", "DatePicker",   "Divider",  "Form",       "Icon",  "Image",
        "Input", "Label",    "ListView",     "Markdown", "RadioGroup", "Row",   "Select",
        "Text",  "Spacer",   "ListViewItem", "Textarea", "Title",      "Other", "Transition"};
    static const char *const members[] = {
        "",
        ",\"children\":[],\"value\":\"\",\"label\":\"\",\"alt\":\"\",\"src\":\"\",\"options\":[]",
        ",\"children\":null,\"value\":null,\"label\":null,\"alt\":null,\"src\":null,\"data\":null",
        (",\"children\":7,\"value\":7,\"label\":7,\"alt\":7,\"src\":7,\"options\":7,\"data\":7,"
         "\"series\":7,\"status\":7,\"confirm\":7,\"cancel\":7"),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(types) * G_N_ELEMENTS(members); i++) {
        g_autofree char *component =
            g_strdup_printf("{\"type\":\"%s\"%s}", types[i % G_N_ELEMENTS(types)],
                            members[i / G_N_ELEMENTS(types)]);
        g_autofree char *parts = describe_widget(component);
        g_test_message("%s", component);
        g_assert_cmpstr(parts, ==, "");
    }
}

#define TEXT(value)   "{\"type\":\"Text\",\"value\":\"" value "\"}"
#define BUTTON(label) "{\"type\":\"Button\",\"label\":\"" label "\"}"

static void boxes_stand_one_part_below_the_other(void)
{
    static const char *const types[] = {"Basic", "Box", "Card", "Col", "Form", "ListViewItem"};
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *component = g_strdup_printf(
            "{\"type\":\"%s\",\"children\":[" TEXT("a") "," BUTTON("b") "]}", types[i]);
        g_autofree char *parts = describe_widget(component);
        g_assert_cmpstr(parts, ==, "plain text=a; plain text=[b]");
    }
}

static void cards_have_a_status_above_and_actions_below(void)
{
    static const WidgetCase cases[] = {
        {"{\"type\":\"Card\",\"confirm\":{\"label\":\"Send\",\"action\":{\"type\":\"s\"}},"
         "\"cancel\":{\"label\":\"Drop\"},\"status\":{\"text\":\"Draft\",\"icon\":\"x\"},"
         "\"children\":[" TEXT("a") "]}",
         "plain text=Draft; plain text=a; plain text=[Send] · [Drop]"},
        {"{\"type\":\"Card\",\"children\":[" TEXT("a") "],\"cancel\":{\"label\":\"Drop\"}}",
         "plain text=a; plain text=[Drop]"},
        {"{\"type\":\"ListView\",\"status\":{\"text\":\"Found 2\"},\"children\":[]}",
         "plain text=Found 2"},
        {"{\"type\":\"Card\",\"status\":{\"text\":7},\"confirm\":{\"label\":\"\"}}", ""},
    };
    assert_widgets(cases, G_N_ELEMENTS(cases));
}

static void small_things_in_a_row_stand_on_one_line(void)
{
    static const WidgetCase cases[] = {
        {"{\"type\":\"Row\",\"children\":[" TEXT("a") "," BUTTON(
             "b") ","
                  "{\"type\":\"Spacer\"},{\"type\":\"Title\",\"value\":\"c\"},"
                  "{\"type\":\"Badge\",\"label\":\"d\"},{\"type\":\"Image\",\"alt\":\"e\",\"src\":"
                  "\"https://x\"},"
                  "{\"type\":\"Checkbox\",\"label\":\"f\",\"defaultChecked\":true}]}",
         "plain text=a · [b] · c · d · e · [x] f"},
        {"{\"type\":\"Row\",\"children\":[{\"type\":\"Col\",\"children\":[" TEXT("a") "," TEXT(
             "b") "]},"
                  "{\"type\":\"Row\",\"children\":[" TEXT("c") "]}]}",
         "plain text=a · b · c"},
        {"{\"type\":\"Row\",\"children\":[" TEXT("") "," BUTTON("") "," TEXT("a") "]}",
         "plain text=a"},
        /* what takes more than a line takes its row apart */
        {"{\"type\":\"Row\",\"children\":[" TEXT("a") "," TEXT("b\\nc") "]}",
         "plain text=a; plain text=b\nc"},
        {"{\"type\":\"Row\",\"children\":[" TEXT("a") ",{\"type\":\"Markdown\",\"value\":\"b\"}]}",
         "plain text=a; text text=b"},
        {"{\"type\":\"Row\",\"children\":[" TEXT("a") ",{\"type\":\"New\",\"text\":\"b\"}]}",
         "plain text=a; plain text=b"},
        {"{\"type\":\"Row\",\"children\":[{\"type\":\"Title\",\"value\":\"a\"},"
         "{\"type\":\"Row\",\"children\":[" TEXT("b") "," BUTTON("c\\nd") "]}]}",
         "heading label=a; plain text=b; plain text=c\nd"},
        {"{\"type\":\"Row\",\"children\":[{\"type\":\"Card\",\"status\":{\"text\":\"s\"},"
         "\"children\":[" TEXT("a") "]}]}",
         "plain text=s; plain text=a"},
        {"{\"type\":\"Row\",\"children\":[{\"type\":\"Card\",\"cancel\":{\"label\":\"c\"},"
         "\"children\":[" TEXT("a") "]}]}",
         "plain text=a; plain text=[c]"},
        {"{\"type\":\"Row\",\"children\":[{\"type\":\"ListView\",\"children\":[" TEXT("a") "]}]}",
         "bullet text=a"},
    };
    assert_widgets(cases, G_N_ELEMENTS(cases));
}

static void items_of_a_list_are_a_line_each(void)
{
    static const WidgetCase cases[] = {
        {"{\"type\":\"ListView\",\"children\":["
         "{\"type\":\"ListViewItem\",\"children\":[" TEXT("a") "," BUTTON(
             "b") "]},"
                  "{\"type\":\"ListViewItem\",\"children\":[{\"type\":\"Row\",\"children\":[" TEXT(
                      "c") "]}]}]}",
         "bullet text=a · [b]; bullet text=c"},
        {"{\"type\":\"ListView\",\"children\":[" TEXT(
             "a") ","
                  "{\"type\":\"ListViewItem\",\"children\":[" TEXT("b\\nc") "]}," TEXT("d") "]}",
         "bullet text=a; plain text=b\nc; bullet text=d"},
        /* an item without words is no item */
        {"{\"type\":\"ListView\",\"children\":[" TEXT(
             "a") ","
                  "{\"type\":\"ListViewItem\",\"children\":[{\"type\":\"Icon\",\"name\":\"x\"}]},"
                  "{\"type\":\"Divider\"}," TEXT("b") "]}",
         "bullet text=a; bullet text=b"},
    };
    assert_widgets(cases, G_N_ELEMENTS(cases));
}

static void reads_charts(void)
{
    static const WidgetCase cases[] = {
        {"{\"type\":\"Chart\",\"xAxis\":\"day\",\"series\":[{\"type\":\"bar\",\"dataKey\":\"n\","
         "\"label\":\"Calls\"},{\"dataKey\":\"m\",\"label\":\"Errors\"}],"
         "\"data\":[{\"day\":\"Mon\",\"n\":3,\"m\":0.5},{\"day\":\"Tue\",\"n\":-1,\"m\":0}]}",
         "plain text=Calls · Errors; bullet text=Mon · 3 · 0.5; bullet text=Tue · -1 · 0"},
        {"{\"type\":\"Chart\",\"data\":[{\"a\":1}]}", "bullet text=1"},
        {"{\"type\":\"Chart\",\"series\":[{\"label\":\"S\"}],\"data\":[]}", "plain text=S"},
        {"{\"type\":\"Chart\",\"data\":[{},{\"a\":\"b\"},7]}", "bullet text=b"},
    };
    assert_widgets(cases, G_N_ELEMENTS(cases));
}

/* What was 9007199254740993 or 2.50 shall not be read as another number. */
static void numbers_of_a_chart_are_those_that_were_sent(void)
{
    static const char *const numbers[] = {"9007199254740993",   "2.50", "1e400", "1E2", "0.1",
                                          "123456789.123456789"};
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *text = g_strdup_printf(
            "{\"type\":\"widget\",\"widget\":{\"type\":\"Chart\",\"data\":[{\"n\":%s}]}}",
            numbers[i]);
        g_autoptr(CkItem) item = parts_item(text);
        const CkPart *part = g_ptr_array_index(item->parts, 0);
        g_assert_cmpstr(part->text, ==, numbers[i]);
    }
}

static void a_transition_has_one_child(void)
{
    static const WidgetCase cases[] = {
        {"{\"type\":\"Transition\",\"children\":" TEXT("a") "}", "plain text=a"},
        {"{\"type\":\"Transition\",\"children\":{\"type\":\"Card\",\"children\":[" TEXT("a") "]}}",
         "plain text=a"},
        {"{\"type\":\"Transition\",\"children\":[" TEXT("a") "]}", "plain text=a"},
        {"{\"type\":\"Transition\",\"children\":null}", ""},
        {"{\"type\":\"Row\",\"children\":[{\"type\":\"Transition\",\"children\":" TEXT("a") "}]}",
         "plain text=a"},
    };
    assert_widgets(cases, G_N_ELEMENTS(cases));
}

/* Of what this version does not know, that is read in which words would be. */
static void reads_words_of_components_it_does_not_know(void)
{
    static const WidgetCase cases[] = {
        {"{\"type\":\"Seat\",\"id\":\"s1\",\"title\":\"12A\",\"icon\":\"seat\",\"color\":\"red\","
         "\"description\":\"by the window\"}",
         "plain text=12A; plain text=by the window"},
        {"{\"type\":\"Grid\",\"cells\":[\"a\",[\"b\"]," BUTTON("c") ",7,null]}",
         "plain text=a; plain text=b; plain text=[c]"},
        {"{\"type\":\"Grid\",\"header\":" TEXT("a") ",\"rows\":{\"first\":{\"text\":\"b\"}}}",
         "plain text=a; plain text=b"},
        {"{\"type\":\"New\",\"label\":\"a\",\"onClickAction\":{\"payload\":{\"text\":\"no\"}},"
         "\"action\":{\"label\":\"no\"},\"payload\":{\"title\":\"no\"}}",
         "plain text=a"},
        {"{\"title\":\"no type\",\"n\":1}", "plain text=no type"},
        {"{\"type\":7,\"text\":\"a\"}", "plain text=a"},
        {"{\"type\":\"text\",\"value\":\"a\"}", "plain text=a"},
        /* known ones that are not as documented */
        {"{\"type\":\"Text\",\"value\":[\"a\",\"b\"]}", "plain text=a; plain text=b"},
        {"{\"type\":\"Text\",\"text\":\"a\"}", "plain text=a"},
        {"{\"type\":\"Title\",\"value\":\"a\\nb\"}", "plain text=a\nb"},
        {"{\"type\":\"Input\",\"placeholder\":\"a\\nb\"}", "plain text=a\nb"},
        {"[" TEXT("a") "," TEXT("b") "]", "plain text=a; plain text=b"},
        {"[\"a\"]", "plain text=a"},
        {"7", ""},
        {"null", ""},
        {"[]", ""},
        {"{}", ""},
    };
    assert_widgets(cases, G_N_ELEMENTS(cases));
}

static void no_widget_is_no_words(void)
{
    g_autoptr(CkItem) item = ck_decode_item(parts_slice("{\"type\":\"task_group\"}"), NULL);
    ck_item_add_widget(item, (CkValue){0});
    g_assert_cmpuint(item->parts->len, ==, 0);
}

/* A widget from the documentation, in an item, payload and all. */
static void reads_a_whole_widget(void)
{
    g_autoptr(CkItem) item = parts_item(
        "{\"type\":\"chatkit.widget\",\"widget\":\"{\\\"type\\\":\\\"Card\\\",\\\"children\\\":["
        "{\\\"type\\\":\\\"Title\\\",\\\"value\\\":\\\"Seats\\\"},{\\\"type\\\":\\\"Button\\\","
        "\\\"label\\\":\\\"12A\\\",\\\"icon\\\":\\\"seat\\\"}]}\"}");
    g_autofree char *parts = parts_describe(item);
    g_assert_cmpstr(parts, ==,
                    "heading label=Seats; plain text=[12A]; "
                    "code text={\"type\":\"Card\",\"children\":[{\"type\":\"Title\",\"value\":"
                    "\"Seats\"},{\"type\":\"Button\",\"label\":\"12A\",\"icon\":\"seat\"}]} "
                    "label=Widget");
}

/* Rows in rows: at each level all that is below could be read again. */
static void reads_deep_and_wide_widgets(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < 30; i++)
        g_string_append(text, "{\"type\":\"Row\",\"children\":[");
    for (guint i = 0; i < 10000; i++)
        g_string_append(text, TEXT("a") ",");
    g_string_append(text, TEXT("b\\nc"));
    for (guint i = 0; i < 30; i++)
        g_string_append(text, "]}");
    g_autofree char *parts = describe_widget(text->str);
    g_assert_true(g_str_has_suffix(parts, "plain text=a; plain text=b\nc"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode-widget/components", reads_each_component);
    g_test_add_func("/decode-widget/empty", components_that_hold_nothing_say_nothing);
    g_test_add_func("/decode-widget/box", boxes_stand_one_part_below_the_other);
    g_test_add_func("/decode-widget/card", cards_have_a_status_above_and_actions_below);
    g_test_add_func("/decode-widget/row", small_things_in_a_row_stand_on_one_line);
    g_test_add_func("/decode-widget/list", items_of_a_list_are_a_line_each);
    g_test_add_func("/decode-widget/chart", reads_charts);
    g_test_add_func("/decode-widget/chart-numbers", numbers_of_a_chart_are_those_that_were_sent);
    g_test_add_func("/decode-widget/transition", a_transition_has_one_child);
    g_test_add_func("/decode-widget/unknown", reads_words_of_components_it_does_not_know);
    g_test_add_func("/decode-widget/none", no_widget_is_no_words);
    g_test_add_func("/decode-widget/whole", reads_a_whole_widget);
    g_test_add_func("/decode-widget/deep-and-wide", reads_deep_and_wide_widgets);
    return g_test_run();
}
