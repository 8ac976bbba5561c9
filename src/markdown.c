/* SPDX-License-Identifier: MIT */
#include "markdown.h"

#include "text.h"

/* Renderers that limit how deep blocks nest (markdown-it: 100 levels) drop what is deeper, and all
 * that follows with it. A level takes a column at least. */
#define COLUMNS_MAX 64

/* cmark knows no longer code spans, and of much longer fences not how long they are. */
#define RUN_MAX 80

/* A line, and how far it has been read. */
typedef struct {
    const char *begin, *end;
    const char *text;   /* behind the marks of quotes and items that were read, and white space */
    guint column;       /* of text; a tab reaches to the next that 4 divides */
    guint base;         /* where the contents of the last of these begin */
    const char *quoted; /* behind the last mark of a quote; begin where there is none */
    guint quoted_column;
} Line;

/* What is known of a text where a line of it begins. */
typedef struct {
    CkSink *out;
    const char *mark;
    gsize fence; /* length of the one that is open, 0: none */
    Line opener; /* the line that opened it, read up to the fence */
    /* Where the contents of those list items begin that are surely open, and outside of quotes;
     * outermost first. */
    guint items[COLUMNS_MAX];
    guint depth;
    gboolean fresh; /* no paragraph goes on in this line */
    gboolean joins; /* see ck_markdown_put() */
    /* Of the lines since the last empty one: */
    gboolean sure;  /* no backtick or bracket of theirs pairs with one that follows */
    gboolean named; /* they may have the text of a turn's heading */
    gboolean table; /* they may be a table, in which a | ends a code span */
    guint brackets; /* of this line that are open */
} Scan;

/* Lines */

static gboolean is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Goes on behind count characters that are no white space, and the white space that follows. */
static void skip(Line *line, gsize count)
{
    line->text += count;
    line->column += (guint)count;
    for (; line->text < line->end && is_space(*line->text); line->text++)
        line->column = *line->text == '\t' ? (line->column | 3) + 1 : line->column + 1;
}

static gsize run_of(const char *at, const char *end)
{
    const char *begin = at;
    while (at < end && *at == *begin)
        at++;
    return (gsize)(at - begin);
}

static gboolean has_only(const char *at, const char *end, const char *characters)
{
    while (at < end && strchr(characters, *at))
        at++;
    return at == end;
}

static gboolean holds(const char *at, const char *end, char c)
{
    return at < end && memchr(at, c, (gsize)(end - at));
}

static gboolean has_dot(const char *at, const char *end)
{
    return memmem(at, (gsize)(end - at), "·", strlen("·")) != NULL;
}

/* Whether the text of a heading may be a turn's: that has a dot, which an entity may be. */
static gboolean may_name_turn(const char *at, const char *end)
{
    const char *entity = memchr(at, '&', (gsize)(end - at));
    return has_dot(at, end) || (entity && holds(entity, end, ';'));
}

/* Whether the next line may be a table's second. */
static gboolean is_delimiter_row(const char *text)
{
    gsize size = text ? strspn(text, " \t|:->\r") : 0;
    return size > 0 && (!text[size] || text[size] == '\n') && memchr(text, '-', size);
}

/* The length of an item's marker (CommonMark 5.2), 0 for none. */
static gsize item_marker(const char *at, const char *end)
{
    const char *begin = at;
    while (at < end && g_ascii_isdigit(*at))
        at++;
    gsize digits = (gsize)(at - begin);
    if (at == end || digits > 9 || !strchr(digits ? ".)" : "*+-", *at++))
        return 0;
    return at == end || is_space(*at) ? digits + 1 : 0;
}

/* Inlines */

/* The length of the code span at at, if it surely is one, else of its backticks. */
static gsize code_span(Scan *scan, const char *at, const char *end)
{
    gsize length = run_of(at, end), run;
    for (const char *to = at + length; scan->sure && to < end; to += run) {
        run = *to == '`' ? run_of(to, end) : 1;
        if (*to == '`' && run == length && length <= RUN_MAX &&
            !(scan->table && holds(at, to, '|')))
            return (gsize)(to - at) + length;
    }
    scan->sure = FALSE;
    return length;
}

/* Whether the parenthesis that follows ](, and may be a link's target, ends as a URL alone does. A
 * backtick in another one may be the end of a code span or not. */
static gboolean is_plain_target(const char *at, const char *end)
{
    for (guint open = 1; at < end && !strchr(" \t<`\"'\\[]", *at); at++) {
        open += *at == '(';
        open -= *at == ')';
        if (open == 0)
            return TRUE;
    }
    return FALSE;
}

/* Whether this is an autolink (CommonMark 6.5) without a backtick, or no HTML for another reason.
 */
static gboolean is_autolink(const char *at, const char *end)
{
    const char *to = at + 1;
    while (to < end && (g_ascii_isalnum(*to) || (to > at + 1 && strchr("+.-_", *to))))
        to++;
    if (to == end || !strchr(":@", *to))
        return FALSE;
    while (to < end && !strchr(" \t<>`", *to))
        to++;
    return to < end && *to == '>';
}

/* Whether a URL may begin here that readers make a link of: its backticks and backslashes, up to
 * white space, are no Markdown then. */
static gboolean is_url(const char *at, const char *end)
{
    gsize left = (gsize)(end - at);
    return (left > 2 && memcmp(at, "://", 3) == 0) || (left > 3 && memcmp(at, "www.", 4) == 0);
}

static void put_inline(Scan *scan, const char *at, const char *end)
{
    const char *begin = at;
    gboolean url = FALSE;
    while (at < end) {
        char next = at + 1 < end ? at[1] : ' ';
        gsize length = 1;
        gboolean escape = FALSE;
        switch (*at) {
        case ' ':
        case '\t':
            url = FALSE;
            break;
        case ':':
        case 'w':
            url |= is_url(at, end);
            break;
        case '\\':
            length += g_ascii_ispunct(next) && !(url && strchr("<^`", next));
            break;
        case '`':
            scan->sure &= !url;
            length = code_span(scan, at, end);
            break;
        case '<':
            escape = (g_ascii_isalpha(next) || strchr("/!?", next)) && !is_autolink(at, end);
            break;
        case '^':
            escape = next == '[';
            break;
        case '[':
            scan->brackets++;
            break;
        case ']':
            scan->brackets -= scan->brackets > 0;
            escape = next == ':' && !scan->sure; /* may end a label */
            if (next == '(' && !is_plain_target(at + 2, end))
                scan->sure = FALSE;
            break;
        }
        if (escape) {
            ck_text_put(scan->out, begin, (gsize)(at - begin));
            ck_sink_string(scan->out, !url || *at == ']' ? "\\" : *at == '<' ? "&lt;" : "&#94;");
            begin = !url || *at == ']' ? at : at + 1;
        }
        at += length;
    }
    ck_text_put(scan->out, begin, (gsize)(end - begin));
}

/* Behind a bracket that is still open markdown-it 14 reads no code span if another backtick follows
 * that pairs with none; and the bracket may begin a label that ends on another line. */
static gboolean line_is_sure(const Scan *scan, const char *at, const char *end)
{
    CkSink nothing = {0};
    Scan ahead = *scan;
    if (!scan->sure || !holds(at, end, '['))
        return scan->sure;
    ahead.out = &nothing;
    ahead.brackets = 0;
    put_inline(&ahead, at, end);
    return ahead.sure && ahead.brackets == 0;
}

/* Writes what is left of a line from at on, with a backslash at a place of it, if not NULL. */
static void put_escaped(Scan *scan, const char *at, const char *escape, const char *end)
{
    scan->sure = line_is_sure(scan, at, end);
    if (escape) {
        put_inline(scan, at, escape);
        ck_sink_char(scan->out, '\\');
        ck_sink_char(scan->out, *escape);
        at = escape + 1;
    }
    put_inline(scan, at, end);
    ck_sink_char(scan->out, '\n');
}

/* Fences */

/* What stood before has ended: no paragraph, and nothing inline, goes on. */
static void end_paragraph(Scan *scan)
{
    scan->fresh = scan->sure = TRUE;
    scan->named = scan->table = FALSE;
}

static void begin_line(const Scan *scan, gboolean empty)
{
    ck_sink_bytes(scan->out, scan->mark, strlen(scan->mark) / (empty ? 2 : 1)); /* ">" alone */
}

/* What a line in the fence has where the one that opened it has c. */
static char inner_mark(char c)
{
    return c == '>' || c == '\t' ? c : ' ';
}

/* Writes a line that ends the fence: in its column, in another one it might not. */
static void close_fence(Scan *scan, const char *run, gsize length)
{
    begin_line(scan, FALSE);
    for (const char *at = scan->opener.begin; at < scan->opener.text; at++)
        ck_sink_char(scan->out, inner_mark(*at));
    ck_sink_bytes(scan->out, run, length);
    ck_sink_char(scan->out, '\n');
    scan->fence = 0;
    end_paragraph(scan);
}

static void put_code_line(CkSink *out, const char *at, const char *end)
{
    if (end - at > 3 && strncmp(at, "## ", 3) == 0 && has_dot(at, end))
        ck_sink_char(out, '\\');
    ck_text_put(out, at, (gsize)(end - at));
    ck_sink_char(out, '\n');
}

/* A line while a fence is open. It is in it, whatever items are open, if it has the same quote
 * marks in the same columns and goes on in the fence's column or further right. FALSE where it may
 * not be in it, which is closed then. */
static gboolean put_fenced(Scan *scan, Line line)
{
    const Line *opener = &scan->opener;
    gsize quotes = (gsize)(opener->quoted - opener->begin), same = 0;
    while (same < quotes && line.begin + same < line.end &&
           line.begin[same] == inner_mark(opener->begin[same]))
        same++;
    if (same == quotes && quotes > 0) {
        line.text = line.begin + quotes;
        line.column = opener->quoted_column;
        skip(&line, 0);
    }
    gboolean blank = line.text == line.end;
    gsize run = !blank && *line.text == *opener->text ? run_of(line.text, line.end) : 0;
    if (same == quotes && run >= scan->fence && line.column <= opener->column + 3 &&
        has_only(line.text + run, line.end, " \t")) {
        close_fence(scan, line.text, (gsize)(line.end - line.text));
        return TRUE;
    }
    /* The contents of an item begin two columns behind those of what it is in. */
    gboolean in_item = opener->column > opener->quoted_column + 1;
    gboolean left = in_item && !blank && line.column < opener->column;
    if (same < quotes || (left && line.column < opener->base)) {
        close_fence(scan, opener->text, scan->fence);
        return FALSE;
    }
    begin_line(scan, line.begin == line.end);
    if (left) { /* of white space a fence takes no more than it has before itself */
        ck_text_put(scan->out, line.begin, (gsize)(line.text - line.begin));
        ck_sink_fill(scan->out, ' ', opener->column - line.column);
        line.begin = line.text;
    }
    put_code_line(scan->out, line.begin, line.end);
    return TRUE;
}

/* The length of what may be an opening fence (CommonMark 4.5), 0 for none. */
static gsize fence_length(const Line *line)
{
    gsize length = run_of(line->text, line->end);
    gboolean tildes = *line->text == '~';
    gboolean ticks = *line->text == '`' && !holds(line->text + length, line->end, '`');
    return length >= 3 && (ticks || tildes) ? length : 0;
}

/* Other lines */

/* Reads the marks of quotes and items before the line's text. Returns whether all of them surely
 * are that. An item without text, or a thematic break, is left to be text. *deep: the place for a
 * backslash before one that stands too far right. */
static gboolean read_marks(Scan *scan, Line *line, const char **deep)
{
    gboolean sure = TRUE, numbers = scan->fresh; /* in a paragraph only 1 can begin a list */
    if (line->text < line->end)
        for (; scan->depth > 0 && line->column < scan->items[scan->depth - 1]; scan->depth--)
            numbers = TRUE; /* if there is one it is the item's */
    if (scan->depth > 0)
        line->base = scan->items[scan->depth - 1];
    for (;;) {
        const char *text = line->text;
        gboolean quote = text < line->end && *text == '>';
        gsize marker = quote ? 1 : item_marker(text, line->end);
        if (!quote && (marker == 0 || has_only(text + marker, line->end, "*+-_ \t")))
            return sure;
        if (line->column >= COLUMNS_MAX) {
            *deep = text + marker - 1;
            return FALSE;
        }
        gboolean interrupts = numbers || marker == 1 || (marker == 2 && *text == '1');
        sure = sure && interrupts && line->column - line->base <= 3;
        guint behind = line->column + (guint)marker;
        skip(line, marker);
        guint spaces = line->column - behind;
        line->base = quote ? behind + MIN(1, spaces) : spaces > 4 ? behind + 1 : line->column;
        if (quote) {
            line->quoted = text + 1;
            line->quoted_column = behind;
        } else if (sure && line->quoted == line->begin) {
            scan->items[scan->depth++] = line->base;
        }
        numbers |= !quote;
    }
}

/* Where the definition of a link or a footnote may begin, with all of its label; NULL for none. */
static const char *definition(const char *text, const char *end)
{
    gboolean task = end - text > 3 && *text == '[' && text[2] == ']' && is_space(text[3]);
    if (task) /* cmark-gfm looks for blocks behind the box */
        text += 3;
    while (task && text < end && strchr(" \t>*+-", *text))
        text++;
    const char *at = text + 1;
    while (at < end && *at != '[' && *at != ']')
        at += *at == '\\' ? 2 : 1;
    return text < end && *text == '[' && at + 1 < end && *at == ']' && at[1] == ':' ? text : NULL;
}

/* Where the text of a line needs a backslash to be no block that could change others. */
static const char *block_escape(const Scan *scan, const char *text, const char *end)
{
    gsize run = run_of(text, end);
    gboolean atx = *text == '#' && run == 2 && (text + 2 == end || is_space(text[2]));
    gboolean setext = *text == '-' && !scan->fresh && has_only(text + run, end, " \t");
    gboolean heading = (atx && may_name_turn(text, end)) || (setext && scan->named);
    return heading ? text : definition(text, end);
}

static void put_line(Scan *scan, Line line)
{
    const char *escape = NULL;
    gboolean blank = line.text == line.end;
    gboolean begins_list = item_marker(line.text, line.end) || line.column >= 4;
    gboolean sure = read_marks(scan, &line, &escape);
    begin_line(scan, line.begin == line.end);
    if (line.text == line.end) {
        put_escaped(scan, line.begin, escape, line.end);
        if (blank || sure)
            end_paragraph(scan);
        return;
    }
    if (scan->depth > 0 || begins_list || scan->fresh)
        scan->joins = scan->depth > 0 || begins_list;
    scan->named |= may_name_turn(line.text, line.end);
    gsize fence = fence_length(&line);
    /* Where no paragraph goes on, what is no fence is indented code, and so is all that would be in
     * the fence. */
    sure = scan->fresh || (sure && line.column - line.base <= 3);
    gboolean table = scan->table && holds(line.text, line.end, '|');
    if (fence > 0 && fence <= RUN_MAX && sure && !table) {
        put_escaped(scan, line.begin, NULL, line.end);
        scan->opener = line;
        scan->fence = fence;
        return;
    }
    if (!escape)
        escape = fence > 0 ? line.text : block_escape(scan, line.text, line.end);
    put_escaped(scan, line.begin, escape, line.end);
    scan->fresh = FALSE;
}

gboolean ck_markdown_put(CkSink *out, const char *text, const char *mark)
{
    Scan scan = {.out = out, .mark = mark};
    guint column = (guint)strlen(mark);
    const char *begin;
    gsize size;
    end_paragraph(&scan);
    while (ck_text_next_line(&text, &begin, &size)) {
        Line line = {begin, begin + size, begin, column, column, begin, column};
        skip(&line, 0);
        if (scan.fence > 0 && put_fenced(&scan, line))
            continue;
        scan.table |= is_delimiter_row(text);
        put_line(&scan, line);
    }
    if (scan.fence > 0)
        close_fence(&scan, scan.opener.text, scan.fence);
    return scan.joins;
}

void ck_markdown_put_code(CkSink *out, const char *text)
{
    const char *line;
    gsize size;
    while (ck_text_next_line(&text, &line, &size))
        put_code_line(out, line, line + size);
}

gboolean ck_markdown_continues_list(const char *text)
{
    const char *end = text + strcspn(text, "\r\n");
    return text == end || is_space(*text) || item_marker(text, end) > 0;
}
