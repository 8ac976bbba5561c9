/* SPDX-License-Identifier: MIT */
/* Items for tests: decoded from text, and their parts in one line. */
#pragma once

#include "decode.h"

static inline CkSlice parts_slice(const char *text)
{
    return (CkSlice){text, strlen(text)};
}

/* The item that text is, which it must hold as it is. text is logged, for the case that it fails.
 */
static inline CkItem *parts_item(const char *text)
{
    CkItem *item = ck_decode_item(parts_slice(text), NULL);
    g_autofree char *line = g_strescape(text, NULL);
    g_test_message("%.2000s", line);
    g_assert_true(item->json.data == text);
    g_assert_cmpuint(item->json.size, ==, strlen(text));
    return item;
}

static inline void parts_describe_field(GString *out, const char *name, const char *value)
{
    if (value)
        g_string_append_printf(out, " %s=%s", name, value);
}

/* The parts in one line, e.g. "text text=Hello; source label=a.pdf"; to be freed. */
static inline char *parts_describe(const CkItem *item)
{
    static const char *const kinds[] = {[CK_PART_TEXT] = "text",
                                        [CK_PART_PLAIN] = "plain",
                                        [CK_PART_BULLET] = "bullet",
                                        [CK_PART_QUOTE] = "quote",
                                        [CK_PART_CODE] = "code",
                                        [CK_PART_JSON] = "json",
                                        [CK_PART_ATTACHMENT] = "attachment",
                                        [CK_PART_SOURCE] = "source",
                                        [CK_PART_LINK] = "link",
                                        [CK_PART_HEADING] = "heading",
                                        [CK_PART_NOTE] = "note"};
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < item->parts->len; i++) {
        const CkPart *part = g_ptr_array_index(item->parts, i);
        g_string_append_printf(out, "%s%s", i > 0 ? "; " : "", kinds[part->kind]);
        parts_describe_field(out, "text", part->text);
        parts_describe_field(out, "label", part->label);
        parts_describe_field(out, "url", part->url);
        parts_describe_field(out, "detail", part->detail);
    }
    return g_string_free(out, FALSE);
}
