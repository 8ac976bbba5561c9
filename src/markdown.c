/* SPDX-License-Identifier: MIT */
#include "markdown.h"

#include <string.h>

/*
 * The first phase of CommonMark's parsing strategy (spec, appendix): a text is read line by line
 * into blocks. Of these only the open ones are kept: the containers, outermost first, and the leaf
 * inside the last of them. What can't be open behind its line (headings, thematic breaks) is a
 * leaf NOTHING. Where implementations differ this does as cmark.
 */

typedef enum { QUOTE, ITEM } ContainerKind;

typedef struct {
    ContainerKind kind;
    guint indent;   /* of an item: columns that a line must be indented to belong to it */
    gboolean empty; /* of an item: it began with an empty line, and nothing followed yet */
} Container;

/* HTML_1 to HTML_7 are the seven kinds of HTML blocks, in the order of the spec (4.6). */
typedef enum {
    NOTHING,
    PARAGRAPH,
    INDENTED, /* code */
    FENCED,
    HTML_1,
    HTML_2,
    HTML_3,
    HTML_4,
    HTML_5,
    HTML_6,
    HTML_7,
} Leaf;

/* Deeper ones are taken for text: a line can open many of them, and each later line asks all. */
#define CONTAINERS_MAX 32

typedef struct {
    Container open[CONTAINERS_MAX];
    guint depth;
    Leaf leaf;
    char fence; /* of FENCED: its character and length */
    gsize fence_length;
    const char *tag;      /* of HTML_1: the element that opened it */
    gboolean definitions; /* of PARAGRAPH: its lines are link reference definitions (4.7) */
    gboolean after_list;  /* the last block outside of all containers is a list, open or not */
} Blocks;

/* What is left of a line. A tab reaches to the next column that 4 divides; a part of one may have
 * been consumed. */
typedef struct {
    const char *at, *end;
    const char *text; /* behind the white space at at */
    guint column;
    guint tab_left; /* columns of the tab at at that are left, 0: all */
} Line;

/* Lines */

static guint width(const Line *line)
{
    if (*line->at != '\t')
        return 1;
    return line->tab_left ? line->tab_left : 4 - line->column % 4;
}

static gboolean at_space(const Line *line)
{
    return line->at < line->end && (*line->at == ' ' || *line->at == '\t');
}

/* Consumes one column of white space. */
static void advance_column(Line *line)
{
    guint columns = width(line);
    line->column++;
    line->tab_left = columns - 1;
    if (columns == 1)
        line->at++;
}

static const char *skip_spaces(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* Consumes characters that are no white space. */
static void advance(Line *line, gsize count)
{
    line->at += count;
    line->column += (guint)count;
    line->text = skip_spaces(line->at, line->end);
}

/* How many columns of white space begin the line; enough: not counted further. */
static guint indentation(const Line *line, guint enough)
{
    Line ahead = *line;
    while (at_space(&ahead) && ahead.column - line->column < enough)
        advance_column(&ahead);
    return ahead.column - line->column;
}

static gboolean is_blank(const char *at, const char *end)
{
    return skip_spaces(at, end) == end;
}

static gsize run_of(const char *at, const char *end, char c)
{
    const char *begin = at;
    while (at < end && *at == c)
        at++;
    return (gsize)(at - begin);
}

static gboolean holds(const char *at, const char *end, const char *needle)
{
    return g_strstr_len(at, end - at, needle) != NULL;
}

/* Where the text begins with the word, in any case: the place after it; else NULL. */
static const char *after_word(const char *at, const char *end, const char *word)
{
    gsize size = strlen(word);
    return (gsize)(end - at) >= size && g_ascii_strncasecmp(at, word, size) == 0 ? at + size : NULL;
}

/* What begins a block; at is the first character of a line that is indented less than 4 columns. */

/* 4.2 */
static gboolean is_atx_heading(const char *at, const char *end)
{
    gsize level = run_of(at, end, '#');
    return level >= 1 && level <= 6 && (at + level == end || strchr(" \t", at[level]));
}

/* 4.1 */
static gboolean is_thematic_break(const char *at, const char *end)
{
    char mark = *at;
    guint count = 0;
    if (mark != '*' && mark != '-' && mark != '_')
        return FALSE;
    for (; at < end; at++) {
        if (*at == mark)
            count++;
        else if (*at != ' ' && *at != '\t')
            return FALSE;
    }
    return count >= 3;
}

/* 4.3 */
static gboolean is_setext_underline(const char *at, const char *end)
{
    return (*at == '=' || *at == '-') && is_blank(at + run_of(at, end, *at), end);
}

/* 4.7, of one line: [label]: target "title". A paragraph of these alone is none, and can't become a
 * heading. */
static gboolean is_definition(const char *at, const char *end)
{
    const char *close = *at == '[' ? memchr(at, ']', (gsize)(end - at)) : NULL;
    if (!close || is_blank(at + 1, close) || close + 1 == end || close[1] != ':')
        return FALSE;
    at = skip_spaces(close + 2, end);
    const char *target = at;
    while (at < end && *at != ' ' && *at != '\t')
        at++;
    const char *title = skip_spaces(at, end);
    while (end > title && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    gboolean titled = end - title >= 2 && ((*title == '(' && end[-1] == ')') ||
                                           (strchr("\"'", *title) && end[-1] == *title));
    return at > target && (title == end || titled);
}

/* 4.5; the length of an opening fence, 0 for none. */
static gsize opening_fence(const char *at, const char *end)
{
    gsize length = *at == '`' || *at == '~' ? run_of(at, end, *at) : 0;
    gboolean broken = *at == '`' && memchr(at + length, '`', (gsize)(end - at) - length);
    return length >= 3 && !broken ? length : 0;
}

/* 5.2; the length of an item's marker, 0 for none. */
static gsize item_marker(const char *at, const char *end)
{
    gsize digits = 0;
    gsize length = 0;
    while (at + digits < end && g_ascii_isdigit(at[digits]))
        digits++;
    if (digits == 0 && at < end && strchr("*+-", *at))
        length = 1;
    else if (digits >= 1 && digits <= 9 && at + digits < end && strchr(".)", at[digits]))
        length = digits + 1;
    return length && (at + length == end || strchr(" \t", at[length])) ? length : 0;
}

static const char *const raw_tags[] = {"script", "pre", "style", "textarea", NULL};

static const char *const block_tags[] = {
    "address",  "article",  "aside",    "base",       "basefont", "blockquote", "body",   "caption",
    "center",   "col",      "colgroup", "dd",         "details",  "dialog",     "dir",    "div",
    "dl",       "dt",       "fieldset", "figcaption", "figure",   "footer",     "form",   "frame",
    "frameset", "h1",       "h2",       "h3",         "h4",       "h5",         "h6",     "head",
    "header",   "hr",       "html",     "iframe",     "legend",   "li",         "link",   "main",
    "menu",     "menuitem", "nav",      "noframes",   "ol",       "optgroup",   "option", "p",
    "param",    "section",  "source",   "summary",    "table",    "tbody",      "td",     "tfoot",
    "th",       "thead",    "title",    "tr",         "track",    "ul",         NULL,
};

/* The tag of the list whose name stands at at, with what may follow one; NULL for none. */
static const char *tag_at(const char *at, const char *end, const char *const *tags,
                          gboolean self_closing)
{
    for (; *tags; tags++) {
        const char *after = after_word(at, end, *tags);
        if (after && (after == end || strchr(" \t>", *after) ||
                      (self_closing && after_word(after, end, "/>"))))
            return *tags;
    }
    return NULL;
}

/* 6.6; the place after an attribute's value, NULL where there is none. */
static const char *after_value(const char *at, const char *end)
{
    const char *begin = at;
    if (at < end && (*at == '"' || *at == '\'')) {
        const char *quote = memchr(at + 1, *at, (gsize)(end - at - 1));
        return quote ? quote + 1 : NULL;
    }
    while (at < end && !strchr(" \t\"'=<>`", *at))
        at++;
    return at > begin ? at : NULL;
}

/* 6.6; whether the line is an opening or closing tag, complete, and nothing else. */
static gboolean is_lone_tag(const char *at, const char *end)
{
    gboolean closing = at + 1 < end && at[1] == '/';
    at += closing ? 2 : 1;
    if (at >= end || !g_ascii_isalpha(*at))
        return FALSE;
    while (at < end && (g_ascii_isalnum(*at) || *at == '-'))
        at++;
    for (;;) {
        const char *next = skip_spaces(at, end);
        if (next < end && *next == '>')
            return is_blank(next + 1, end);
        if (closing)
            return FALSE;
        if (next + 1 < end && next[0] == '/' && next[1] == '>')
            return is_blank(next + 2, end);
        if (next == at || next == end || !(g_ascii_isalpha(*next) || strchr("_:", *next)))
            return FALSE;
        for (at = next; at < end && (g_ascii_isalnum(*at) || strchr("_.:-", *at));)
            at++;
        next = skip_spaces(at, end);
        if (next < end && *next == '=' && !(at = after_value(skip_spaces(next + 1, end), end)))
            return FALSE;
    }
}

/* 4.6; the kind of HTML block that begins here, NOTHING for none. */
static Leaf html_start(const char *at, const char *end, const char **tag)
{
    if (*at != '<' || at + 1 == end)
        return NOTHING;
    if ((*tag = tag_at(at + 1, end, raw_tags, FALSE)))
        return HTML_1;
    if (after_word(at, end, "<!--"))
        return HTML_2;
    if (at[1] == '?')
        return HTML_3;
    if (after_word(at, end, "<![CDATA["))
        return HTML_5;
    if (at[1] == '!') /* as cmark 0.30.2; the spec takes any letter */
        return at + 2 < end && g_ascii_isupper(at[2]) ? HTML_4 : NOTHING;
    if (tag_at(at + 1 + (at[1] == '/'), end, block_tags, TRUE))
        return HTML_6;
    return is_lone_tag(at, end) ? HTML_7 : NOTHING;
}

static gboolean holds_raw_closing(const char *at, const char *end)
{
    static const char *const closings[] = {"</script>", "</pre>", "</style>", "</textarea>"};
    for (; at < end && (at = memchr(at, '<', (gsize)(end - at))); at++)
        for (gsize i = 0; i < G_N_ELEMENTS(closings); i++)
            if (after_word(at, end, closings[i]))
                return TRUE;
    return FALSE;
}

/* Whether a line holds what ends an HTML block of that kind. */
static gboolean html_ends(Leaf kind, const char *at, const char *end)
{
    switch (kind) {
    case HTML_1:
        return holds_raw_closing(at, end);
    case HTML_2:
        return holds(at, end, "-->");
    case HTML_3:
        return holds(at, end, "?>");
    case HTML_4:
        return holds(at, end, ">");
    case HTML_5:
        return holds(at, end, "]]>");
    default:
        return is_blank(at, end);
    }
}

/* Reading a line */

/* Closes all but the outermost containers, and the leaf with them. */
static void close_to(Blocks *blocks, guint depth)
{
    if (depth < blocks->depth)
        blocks->leaf = NOTHING;
    blocks->depth = depth;
}

static void begin_leaf(Blocks *blocks, guint depth, Leaf leaf)
{
    close_to(blocks, depth);
    blocks->leaf = leaf;
    for (guint i = 0; i < blocks->depth; i++)
        blocks->open[i].empty = FALSE;
    if (depth == 0)
        blocks->after_list = FALSE;
}

static void begin_container(Blocks *blocks, guint depth, Container container)
{
    begin_leaf(blocks, depth, NOTHING);
    blocks->open[blocks->depth++] = container;
    if (depth == 0)
        blocks->after_list = container.kind == ITEM;
}

/* Whether the line goes on with the container, of which it then consumes the marks. */
static gboolean continues(const Container *container, Line *line)
{
    if (container->kind == ITEM) {
        guint indent = indentation(line, container->indent);
        gboolean blank_inside = line->text == line->end && !container->empty;
        if (indent < container->indent && !blank_inside)
            return FALSE;
        for (guint i = MIN(indent, container->indent); i > 0; i--)
            advance_column(line);
        return TRUE;
    }
    if (indentation(line, 4) >= 4 || line->text == line->end || *line->text != '>')
        return FALSE;
    while (at_space(line))
        advance_column(line);
    advance(line, 1);
    if (at_space(line))
        advance_column(line);
    return TRUE;
}

/* Whether the line is part of the leaf, which then may have ended with it. */
static gboolean is_in_leaf(Blocks *blocks, const Line *line)
{
    const char *text = line->text;
    guint indent = indentation(line, 4);
    gboolean blank = text == line->end;
    switch (blocks->leaf) {
    case FENCED: {
        gsize length = indent < 4 ? run_of(text, line->end, blocks->fence) : 0;
        if (length >= blocks->fence_length && is_blank(text + length, line->end))
            blocks->leaf = NOTHING;
        return TRUE;
    }
    case INDENTED:
        if (blank || indent >= 4)
            return TRUE;
        blocks->leaf = NOTHING;
        return FALSE;
    case PARAGRAPH:
        if (blank)
            blocks->leaf = NOTHING;
        return blank;
    case NOTHING:
        return blank;
    default: /* HTML */
        if (html_ends(blocks->leaf, line->at, line->end))
            blocks->leaf = NOTHING;
        return TRUE;
    }
}

/* Consumes the marker and what belongs to it of the white space behind it (5.2). */
static Container read_item(Line *line, guint indent, gsize marker)
{
    while (at_space(line))
        advance_column(line);
    advance(line, marker);
    Line behind = *line;
    gboolean empty = is_blank(line->at, line->end);
    guint spaces = 0;
    while (at_space(&behind) && spaces < 5) {
        advance_column(&behind);
        spaces++;
    }
    if (!empty && spaces < 5)
        *line = behind;
    else if (at_space(line))
        advance_column(line);
    return (Container){ITEM, indent + (guint)marker + (!empty && spaces < 5 ? spaces : 1), empty};
}

/* A list item that interrupts a paragraph must not be empty, nor begin with another number than
 * 1. */
static gboolean may_interrupt(const char *text, gsize marker, const char *end)
{
    return (marker == 1 || g_ascii_strtoull(text, NULL, 10) == 1) && !is_blank(text + marker, end);
}

static void read_line(Blocks *blocks, Line line)
{
    guint depth = 0; /* containers that the line is in */
    while (depth < blocks->depth && continues(&blocks->open[depth], &line))
        depth++;
    gboolean all = depth == blocks->depth;
    if (all && is_in_leaf(blocks, &line))
        return;
    if (!all && blocks->leaf != PARAGRAPH)
        blocks->leaf = NOTHING;

    for (;;) {
        gboolean paragraph = blocks->leaf == PARAGRAPH; /* in which the line may be, too */
        gboolean inside = paragraph && depth == blocks->depth;
        guint indent = indentation(&line, 4);
        const char *text = line.text;
        const char *tag = NULL;
        gsize length;
        Leaf html;
        if (text == line.end) {
            close_to(blocks, depth);
            return;
        }
        if (indent >= 4) {
            if (!paragraph)
                begin_leaf(blocks, depth, INDENTED);
            return;
        }
        if (*text == '>' && depth < CONTAINERS_MAX) {
            begin_container(blocks, depth, (Container){.kind = QUOTE});
            continues(&blocks->open[depth++], &line);
            continue;
        }
        if (is_atx_heading(text, line.end)) {
            begin_leaf(blocks, depth, NOTHING);
            return;
        }
        if ((length = opening_fence(text, line.end))) {
            begin_leaf(blocks, depth, FENCED);
            blocks->fence = *text;
            blocks->fence_length = length;
            return;
        }
        html = html_start(text, line.end, &tag);
        if (html != NOTHING && !(html == HTML_7 && paragraph)) {
            begin_leaf(blocks, depth, html_ends(html, text, line.end) ? NOTHING : html);
            blocks->tag = tag;
            return;
        }
        gboolean heading = inside && !blocks->definitions && is_setext_underline(text, line.end);
        if (heading || is_thematic_break(text, line.end)) {
            begin_leaf(blocks, depth, NOTHING);
            return;
        }
        length = depth < CONTAINERS_MAX ? item_marker(text, line.end) : 0;
        if (length && (!inside || may_interrupt(text, length, line.end))) {
            begin_container(blocks, depth, read_item(&line, indent, length));
            depth++;
            continue;
        }
        blocks->definitions = (blocks->definitions || !paragraph) && is_definition(text, line.end);
        if (!paragraph)
            begin_leaf(blocks, depth, PARAGRAPH);
        return; /* else it goes on with the paragraph, if only lazily (5.1) */
    }
}

static void read_text(Blocks *blocks, const char *text)
{
    gboolean blank = FALSE;
    memset(blocks, 0, sizeof *blocks);
    while (*text) {
        const char *end = strchr(text, '\n');
        const char *next = end ? end + 1 : text + strlen(text);
        end = end ? end : next;
        if (end > text && end < next && end[-1] == '\r')
            end--;
        /* A second empty line changes nothing, and there may be millions. */
        if (end > text || !blank)
            read_line(blocks, (Line){.at = text, .end = end, .text = skip_spaces(text, end)});
        blank = end == text;
        text = next;
    }
}

/* What ends the leaf, NULL where an empty line does; to be freed. */
static char *leaf_closer(const Blocks *blocks)
{
    switch (blocks->leaf) {
    case FENCED:
        return g_strnfill(blocks->fence_length, blocks->fence);
    case HTML_1:
        return g_strdup_printf("</%s>", blocks->tag);
    case HTML_2:
        return g_strdup("-->");
    case HTML_3:
        return g_strdup("?>");
    case HTML_4:
        return g_strdup(">");
    case HTML_5:
        return g_strdup("]]>");
    default:
        return NULL;
    }
}

char *ck_markdown_closer(const char *text)
{
    /* Most have none of these, and need not be read. */
    if (!strchr(text, '<') && !strstr(text, "```") && !strstr(text, "~~~"))
        return NULL;
    Blocks blocks;
    read_text(&blocks, text);
    guint indent = 0;
    for (guint i = 0; i < blocks.depth; i++) {
        if (blocks.open[i].kind == QUOTE) /* ended by an empty line, with all it holds */
            return NULL;
        indent += blocks.open[i].indent;
    }
    g_autofree char *closer = leaf_closer(&blocks);
    g_autofree char *space = g_strnfill(indent, ' ');
    return closer ? g_strconcat(space, closer, NULL) : NULL;
}

gboolean ck_markdown_continues_list(const char *text)
{
    const char *end = text + strcspn(text, "\r\n");
    return *text == ' ' || *text == '\t' || text == end || item_marker(text, end) > 0;
}

gboolean ck_markdown_joins(const char *text, const char *next)
{
    if (!ck_markdown_continues_list(next))
        return FALSE;
    Blocks blocks;
    read_text(&blocks, text);
    return blocks.after_list || (blocks.depth == 0 && blocks.leaf == INDENTED);
}
