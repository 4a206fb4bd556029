// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a diff as HTML: a table of the files with the numbers of their lines, and the lines of
 * each file in colour. The text of the raw view is read twice, so a page costs little more than
 * that.
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

#include "diff_line.h"

#define ROWS_MOST 20000 /* lines that a page shows */

/* What a diff says about one file. */
typedef struct part_t {
    const char *path, *from; /* from: the old name; NULL: the same */
    char op;                 /* A, M, D, R or C */
    bool binary;
    bool headed; /* more is said than its path, and properties of it */
    apr_int64_t added, deleted;
} part_t;

typedef struct diff_page_t {
    rc_html_t *html;
    const rc_view_call_t *call;
    const char *rev;              /* of the links; NULL: there are none */
    const rc_page_notes_t *notes; /* or NULL */
    apr_array_header_t *parts;
    int part; /* the number of the one that is being written, from 1; 0: none */
    int rows; /* written until now */
    apr_pool_t *pool;
} diff_page_t;

/* --- the files --- */

typedef struct head_word_t {
    const char *word;
    char op; /* what it makes of the file; ' ': nothing */
    enum { NO_NAME, OLD_NAME, NEW_NAME, FROM_NAME } name; /* that follows it */
} head_word_t;

/* clang-format off */
static const head_word_t words[] = {
    {"new file mode ",     'A', NO_NAME},
    {"deleted file mode ", 'D', NO_NAME},
    {"rename from ",       'R', FROM_NAME},
    {"rename to ",         ' ', NEW_NAME},
    {"copy from ",         'C', FROM_NAME},
    {"copy to ",           ' ', NEW_NAME},
    {"--- ",               ' ', OLD_NAME},
    {"+++ ",               ' ', NEW_NAME},
};
/* clang-format on */

static void take_head(part_t *part, const rc_diff_line_t *line, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
        const head_word_t *word = &words[i];
        bool sided = *word->word == '-' || *word->word == '+';
        const char *name;

        if (!rc_diff_begins(line, word->word))
            continue;
        if (word->op != ' ')
            part->op = word->op;
        name = word->name == NO_NAME ? NULL : rc_diff_name(line, strlen(word->word), sided, pool);
        if (name && word->name == FROM_NAME)
            part->from = name;
        else if (name && (word->name == NEW_NAME || part->op == 'D'))
            part->path = name;
        return;
    }
}

static void take_line(diff_page_t *page, const rc_diff_line_t *line)
{
    apr_array_header_t *parts = page->parts;
    part_t *part = parts->nelts ? &APR_ARRAY_IDX(parts, parts->nelts - 1, part_t) : NULL;

    if (line->kind == RC_LINE_FILE) {
        part = apr_array_push(parts);
        *part = (part_t){.op = 'M'};
        part->path = *line->text == 'd' ? rc_diff_git_name(line, page->pool)
                                        : rc_diff_name(line, strlen("Index: "), false, page->pool);
    } else if (!part) {
        return;
    } else if (line->kind == RC_LINE_HEAD) {
        part->headed = part->headed || *line->text != '='; /* which follows each "Index: " */
        take_head(part, line, page->pool);
    } else if (line->kind == RC_LINE_BINARY) {
        part->binary = true;
    }
    part->added += line->kind == RC_LINE_NEW;
    part->deleted += line->kind == RC_LINE_OLD;
}

static void find_parts(diff_page_t *page, const char *diff, apr_size_t len)
{
    rc_diff_reader_t reader;
    rc_diff_line_t line;

    page->parts = apr_array_make(page->pool, 16, sizeof(part_t));
    rc_diff_reader_init(&reader, diff, len);
    while (rc_diff_next(&line, &reader))
        take_line(page, &line);
}

/* What a diff of Subversion says of a directory are its properties, whether it is still there or
 * not. */
static rc_err_t *mark_gone(const diff_page_t *page)
{
    rc_entry_t entry;
    int i;

    for (i = 0; page->rev && i < page->parts->nelts; i++) {
        part_t *part = &APR_ARRAY_IDX(page->parts, i, part_t);

        if (part->headed)
            continue;
        RC_TRY(rc_vcs_entry(&entry, page->call->vcs, page->rev, part->path, page->pool));
        if (entry.kind == RC_ENTRY_NONE)
            part->op = 'D';
    }
    return NULL;
}

static const char *word_of(char op)
{
    switch (op) {
    case 'A':
        return "added";
    case 'D':
        return "deleted";
    case 'R':
        return "renamed";
    case 'C':
        return "copied";
    default:
        return "changed";
    }
}

static void put_parts(const diff_page_t *page)
{
    rc_html_t *html = page->html;
    apr_int64_t added = 0, deleted = 0;
    int i;

    rc_html_put(
        html,
        "<table class=list>\n<thead><tr><th scope=col>File<th scope=col class=\"fix more\">Change"
        "<th scope=col class=\"fix num\">Lines<tbody>\n");
    for (i = 0; i < page->parts->nelts; i++) {
        const part_t *part = &APR_ARRAY_IDX(page->parts, i, part_t);

        rc_html_put(html, "<tr><td><a href=\"#f%d\">%s</a><td class=\"fix more\">%s", i + 1,
                    part->path, word_of(part->op));
        if (part->binary)
            rc_html_put(html, "<td class=\"fix num\">binary\n");
        else
            rc_html_put(html,
                        "<td class=\"fix num\"><span class=add>+%" APR_INT64_T_FMT
                        "</span> <span class=del>-%" APR_INT64_T_FMT "</span>\n",
                        part->added, part->deleted);
        added += part->added;
        deleted += part->deleted;
    }
    rc_html_put(html,
                "</table>\n<p class=dim>%d %s, %" APR_INT64_T_FMT " %s added, %" APR_INT64_T_FMT
                " deleted</p>\n",
                page->parts->nelts, page->parts->nelts == 1 ? "file" : "files", added,
                added == 1 ? "line" : "lines", deleted);
}

/* --- the lines --- */

static void end_part(const diff_page_t *page)
{
    if (page->part)
        rc_html_put(page->html, "</table>\n");
}

/* Writes the head of the next file, with a link to it where it still exists. */
static void begin_part(diff_page_t *page)
{
    const part_t *part = &APR_ARRAY_IDX(page->parts, page->part, part_t);
    rc_html_t *html = page->html;

    end_part(page);
    page->part++;
    if (part->op == 'D' || !page->rev)
        rc_html_put(html, "<h3 id=f%d>%s", page->part, part->path);
    else
        rc_html_put(html, "<h3 id=f%d><a href=\"%s\">%s</a>", page->part,
                    rc_page_link(page->call, "files", page->rev, part->path, page->pool),
                    part->path);
    if (part->from)
        rc_html_put(html, " <span class=dim>(%s from %s)</span>", word_of(part->op), part->from);
    rc_html_put(html, "</h3>\n<table class=code>\n<colgroup><col class=n><col class=n><col>\n");
}

static bool is_mode(const rc_diff_line_t *line)
{
    return rc_diff_begins(line, "old mode ") || rc_diff_begins(line, "new mode ");
}

static void put_wide(diff_page_t *page, const char *text, apr_size_t len)
{
    rc_html_put(page->html, "<tr class=h><td colspan=3>%.*s\n", (int)len, text);
}

static void put_diff_line(diff_page_t *page, const rc_diff_line_t *line)
{
    rc_html_t *html = page->html;
    int len = (int)line->len;

    switch (line->kind) {
    case RC_LINE_FILE:
        begin_part(page);
        break;
    case RC_LINE_HEAD:
        if (is_mode(line))
            put_wide(page, line->text, line->len);
        break;
    case RC_LINE_BINARY:
        put_wide(page, "Binary file", strlen("Binary file"));
        break;
    case RC_LINE_SAME:
        rc_html_put(html, "<tr><th>%" APR_INT64_T_FMT "<th>%" APR_INT64_T_FMT "<td>%.*s\n",
                    line->old, line->new, len, line->text);
        break;
    case RC_LINE_OLD:
        rc_html_put(html, "<tr class=d><th>%" APR_INT64_T_FMT "<th><td>%.*s\n", line->old, len,
                    line->text);
        break;
    case RC_LINE_NEW:
        rc_html_put(html, "<tr class=a><th><th>%" APR_INT64_T_FMT "<td>%.*s\n", line->new, len,
                    line->text);
        break;
    default:
        put_wide(page, line->text, line->len);
    }
}

/* A line that stays has two numbers. */
static void put_notes(const diff_page_t *page, const rc_diff_line_t *line)
{
    const rc_page_notes_t *notes = page->notes;
    const char *path = APR_ARRAY_IDX(page->parts, page->part - 1, part_t).path;

    if (line->kind == RC_LINE_SAME || line->kind == RC_LINE_OLD)
        notes->put(page->html, notes, path, 'o', line->old);
    if (line->kind == RC_LINE_SAME || line->kind == RC_LINE_NEW)
        notes->put(page->html, notes, path, 'n', line->new);
}

static void put_all_lines(diff_page_t *page, const char *diff, apr_size_t len)
{
    rc_diff_reader_t reader;
    rc_diff_line_t line;

    rc_diff_reader_init(&reader, diff, len);
    while (!page->html->err && page->rows++ < ROWS_MOST && rc_diff_next(&line, &reader)) {
        if (page->part || line.kind == RC_LINE_FILE)
            put_diff_line(page, &line);
        if (page->part && page->notes)
            put_notes(page, &line);
    }
    end_part(page);
    if (page->rows > ROWS_MOST)
        rc_html_put(page->html, "<p>The rest of the diff is not shown here.</p>\n");
}

rc_err_t *rc_page_diff(rc_html_t *html, const rc_view_call_t *call, const char *rev,
                       const char *diff, apr_size_t len, const rc_page_notes_t *notes,
                       apr_pool_t *scratch)
{
    diff_page_t page = {.html = html, .call = call, .rev = rev, .notes = notes, .pool = scratch};

    find_parts(&page, diff, len);
    if (!page.parts->nelts) {
        rc_html_put(html, "<p>No file is changed.</p>\n");
        return html->err;
    }
    RC_TRY(mark_gone(&page));
    put_parts(&page);
    put_all_lines(&page, diff, len);
    return html->err;
}
