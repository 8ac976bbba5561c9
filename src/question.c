/* SPDX-License-Identifier: MIT */
#include "question.h"

#include "error.h"
#include "names.h"

CkQuestion *ck_question_new(CkApiKind kind, const char *id, const CkListQuery *query)
{
    CkQuestion *question = g_atomic_rc_box_new0(CkQuestion);
    question->kind = kind;
    question->id = g_strdup(id);
    if (query) {
        question->query = *query;
        question->query.after = g_strdup(query->after);
        question->query.before = g_strdup(query->before);
        question->query.user = g_strdup(query->user);
    }
    return question;
}

CkQuestion *ck_question_ref(CkQuestion *question)
{
    return g_atomic_rc_box_acquire(question);
}

static void clear(gpointer data)
{
    CkQuestion *question = data;
    g_free(question->id);
    g_free((char *)question->query.after);
    g_free((char *)question->query.before);
    g_free((char *)question->query.user);
}

void ck_question_unref(CkQuestion *question)
{
    g_atomic_rc_box_release_full(question, clear);
}

/* URLs */

static gboolean is_id_or_none(const char *id)
{
    return !id || ck_name_is_id(id);
}

static void add_parameter(GString *url, const char *name, const char *value)
{
    if (!value)
        return;
    g_string_append_c(url, strchr(url->str, '?') ? '&' : '?');
    g_string_append_printf(url, "%s=", name);
    g_string_append_uri_escaped(url, value, NULL, FALSE);
}

char *ck_question_url(const CkQuestion *question, const char *base, GError **error)
{
    static const char *const orders[] = {NULL, "asc", "desc"};
    const CkListQuery *query = &question->query;
    if (!is_id_or_none(question->id) || !is_id_or_none(query->after) ||
        !is_id_or_none(query->before)) {
        g_set_error_literal(error, CK_ERROR, CK_ERROR_BAD_RESPONSE,
                            "an id that can't stand in a URL");
        return NULL;
    }
    g_autofree char *limit = query->limit ? g_strdup_printf("%u", query->limit) : NULL;
    GString *url = g_string_new(base);
    while (url->len > 0 && url->str[url->len - 1] == '/')
        g_string_truncate(url, url->len - 1);
    g_string_append(url, "/chatkit/threads");
    if (question->id)
        g_string_append_printf(url, "/%s", question->id);
    if (question->kind == CK_API_LIST_ITEMS)
        g_string_append(url, "/items");
    add_parameter(url, "limit", limit);
    add_parameter(url, "order", orders[query->order]);
    add_parameter(url, "after", query->after);
    add_parameter(url, "before", query->before);
    add_parameter(url, "user", query->user);
    return g_string_free(url, FALSE);
}

/* Answers */

static gboolean no_answer(GError **error, const char *what)
{
    g_set_error(error, CK_ERROR, CK_ERROR_BAD_RESPONSE,
                "the answer is not one to what was asked: %s", what);
    return FALSE;
}

/* Whether an object is, or may be, of that kind: schemas ThreadListResource,
 * ThreadItemListResource, ThreadResource, ThreadItem and DeletedThreadResource of the OpenAPI
 * document. */
static gboolean is_kind(CkSlice object, const char *kind)
{
    g_autofree char *given = ck_decode_string(object);
    return !given || strcmp(given, kind) == 0;
}

static gboolean is_other(const char *given, const char *asked_for)
{
    return given && asked_for && strcmp(given, asked_for) != 0;
}

/* What of an element tells which question it answers. */
typedef struct {
    CkSlice object;
    gint64 created_at; /* 0: none given */
    char *id, *thread_id, *user;
} Element;

static void element_clear(Element *element)
{
    g_free(element->id);
    g_free(element->thread_id);
    g_free(element->user);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Element, element_clear)

/* A time given as a whole number, as the API does. */
static gint64 whole_number(CkSlice token)
{
    gint64 number = 0;
    g_autofree char *text = g_strndup(token.data, MIN(token.size, 20));
    return g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &number, NULL) ? number : 0;
}

static Element element_of(CkSlice json)
{
    static const char *const names[] = {"object", "created_at", "id", "thread_id", "user"};
    CkSlice values[G_N_ELEMENTS(names)];
    ck_json_members(json, G_N_ELEMENTS(names), names, values);
    return (Element){
        .object = values[0],
        .created_at = whole_number(values[1]),
        .id = ck_decode_string(values[2]),
        .thread_id = ck_decode_string(values[3]),
        .user = ck_decode_string(values[4]),
    };
}

/* Whether an element of that time may come after one of the other. */
static gboolean is_in_order(CkOrder order, gint64 before, gint64 time)
{
    if (before == 0 || time == 0 || order == CK_ORDER_DEFAULT)
        return TRUE;
    return order == CK_ORDER_ASC ? time >= before : time <= before;
}

gboolean ck_question_fits_page(const CkQuestion *question, const CkPage *page, GError **error)
{
    const CkListQuery *query = &question->query;
    gboolean items = question->kind == CK_API_LIST_ITEMS;
    gint64 before = query->after_at;
    if (!is_kind(page->object, "list"))
        return no_answer(error, "an object that is no list");
    if (query->limit > 0 && page->elements->len > query->limit)
        return no_answer(error, "a page of more elements than asked for");
    for (guint i = 0; i < page->elements->len; i++) {
        g_auto(Element) element = element_of(g_array_index(page->elements, CkSlice, i));
        if (!is_kind(element.object, items ? "chatkit.thread_item" : "chatkit.thread"))
            return no_answer(error,
                             items ? "an element that is no item" : "an element that is no thread");
        if (element.id && g_str_has_prefix(element.id, items ? "cthr_" : "cthi_"))
            return no_answer(error, items ? "an item with the id of a thread"
                                          : "a thread with the id of an item");
        if (items && is_other(element.thread_id, question->id))
            return no_answer(error, "an item of another thread");
        if (!items && is_other(element.user, query->user))
            return no_answer(error, "a thread of another user");
        if (query->after && g_strcmp0(element.id, query->after) == 0)
            return no_answer(error, "the element that the page was to come after");
        if (!is_in_order(query->order, before, element.created_at))
            return no_answer(error, "elements that are not in the order asked for");
        before = element.created_at ? element.created_at : before;
    }
    return TRUE;
}

gboolean ck_question_fits_thread(const CkQuestion *question, CkSlice json, GError **error)
{
    gboolean deleted = question->kind == CK_API_DELETE_THREAD;
    g_auto(Element) thread = element_of(json);
    if (!is_kind(thread.object, deleted ? "chatkit.thread.deleted" : "chatkit.thread"))
        return no_answer(error, "an object that is no thread");
    if (!thread.id || is_other(thread.id, question->id))
        return no_answer(error, thread.id ? "another thread" : "a thread without an id");
    return TRUE;
}

gboolean ck_question_may_find_nothing(const CkQuestion *question)
{
    const CkListQuery *query = &question->query;
    gboolean items = question->kind == CK_API_LIST_ITEMS;
    return !query->after && (items ? query->order == CK_ORDER_ASC : query->user != NULL);
}

gint64 ck_question_time_of(const CkPage *page, const char *id)
{
    for (guint i = page->elements->len; i-- > 0;) {
        g_auto(Element) element = element_of(g_array_index(page->elements, CkSlice, i));
        if (g_strcmp0(element.id, id) == 0)
            return element.created_at;
    }
    return 0;
}
