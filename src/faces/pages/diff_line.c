// SPDX-License-Identifier: Apache-2.0
/*
 * Implements diff_line.h.
 */
#include "diff_line.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define GIT   "diff --git "
#define INDEX "Index: "

void rc_diff_reader_init(rc_diff_reader_t *reader, const char *text, apr_size_t len)
{
    *reader = (rc_diff_reader_t){.at = text, .end = text + len};
}

bool rc_diff_begins(const rc_diff_line_t *line, const char *word)
{
    apr_size_t len = strlen(word);

    return line->len >= len && !memcmp(line->text, word, len);
}

/* --- hunks --- */

/* Reads digits at *@a p, before @a end. */
static apr_int64_t read_digits(const char **p, const char *end)
{
    apr_int64_t number = 0;

    for (; *p < end && apr_isdigit(**p) && number < APR_INT64_MAX / 20; (*p)++)
        number = 10 * number + (**p - '0');
    return number;
}

/* Reads "12,3" or "12": a first line and a number of lines. */
static void read_range(apr_int64_t *first, apr_int64_t *count, const char **p, const char *end)
{
    *first = read_digits(p, end);
    *count = 1;
    if (*p < end && **p == ',') {
        ++*p;
        *count = read_digits(p, end);
    }
}

/* Reads "@@ -1,2 +3,4 @@ ...". */
static void begin_hunk(rc_diff_reader_t *reader, const rc_diff_line_t *line)
{
    const char *p = line->text + strlen("@@ -"), *end = line->text + line->len;

    read_range(&reader->old, &reader->old_left, &p, end);
    while (p < end && (*p == ' ' || *p == '+'))
        p++;
    read_range(&reader->new, &reader->new_left, &p, end);
}

/* Sets kind and numbers of a line inside of a hunk. */
static void read_content(rc_diff_line_t *line, rc_diff_reader_t *reader)
{
    char mark = line->len ? *line->text : ' ';

    line->old = reader->old;
    line->new = reader->new;
    line->kind = mark == '-' ? RC_LINE_OLD : mark == '+' ? RC_LINE_NEW : RC_LINE_SAME;
    if (mark == '\\') {
        line->kind = RC_LINE_NOTE;
        return;
    }
    if (mark != '+') {
        reader->old++;
        reader->old_left--;
    }
    if (mark != '-') {
        reader->new ++;
        reader->new_left--;
    }
}

/* --- lines --- */

/* Sets the kind of a line outside of hunks; returns false for one that is left out. */
static bool read_outside(rc_diff_line_t *line, rc_diff_reader_t *reader)
{
    bool git = rc_diff_begins(line, GIT), index = rc_diff_begins(line, INDEX);

    if (git || index) {
        line->kind = git && reader->indexed ? RC_LINE_HEAD : RC_LINE_FILE;
        reader->indexed = index;
        reader->binary = reader->properties = false;
    } else if (rc_diff_begins(line, "@@ -")) {
        line->kind = RC_LINE_HUNK;
        begin_hunk(reader, line);
    } else if (rc_diff_begins(line, "\\ ")) {
        line->kind = RC_LINE_NOTE;
    } else if (rc_diff_begins(line, "GIT binary patch") || rc_diff_begins(line, "Binary files ")) {
        line->kind = RC_LINE_BINARY;
        reader->binary = true;
    } else {
        reader->properties = reader->properties || rc_diff_begins(line, "Property changes on: ");
        line->kind = reader->properties ? RC_LINE_OTHER : RC_LINE_HEAD;
        return !reader->binary && line->len > 0;
    }
    return true;
}

bool rc_diff_next(rc_diff_line_t *line, rc_diff_reader_t *reader)
{
    while (reader->at < reader->end) {
        apr_size_t left = (apr_size_t)(reader->end - reader->at);
        const char *feed = memchr(reader->at, '\n', left);

        line->text = reader->at;
        line->len = feed ? (apr_size_t)(feed - reader->at) : left;
        reader->at += line->len + (feed != NULL);
        if (reader->old_left > 0 || reader->new_left > 0) {
            read_content(line, reader);
            return true;
        }
        if (read_outside(line, reader))
            return true;
    }
    return false;
}

/* --- names --- */

/* Returns the byte of an escape in git's C style; moves *@a p behind it. */
static char unescape_name(const char **p, const char *end)
{
    static const char letters[] = "abtnvfr", values[] = "\a\b\t\n\v\f\r";
    char c = *(*p)++;
    const char *letter = c ? strchr(letters, c) : NULL;
    int i, value = c - '0';

    if (letter)
        return values[letter - letters];
    if (c < '0' || c > '3')
        return c;
    for (i = 0; i < 2 && *p < end && **p >= '0' && **p <= '7'; i++)
        value = 8 * value + (*(*p)++ - '0');
    return (char)value;
}

/* Returns the quoted text that begins behind a quote at @a p. */
static const char *unquoted(const char *p, const char *end, apr_pool_t *pool)
{
    char *name = apr_palloc(pool, (apr_size_t)(end - p) + 1), *out = name;

    while (p < end && *p != '"')
        if (*p == '\\' && p + 1 < end) {
            p++;
            *out++ = unescape_name(&p, end);
        } else {
            *out++ = *p++;
        }
    *out = '\0';
    return name;
}

static const char *without_side(const char *name)
{
    return (*name == 'a' || *name == 'b') && name[1] == '/' ? name + 2 : name;
}

const char *rc_diff_name(const rc_diff_line_t *line, apr_size_t skip, bool sided, apr_pool_t *pool)
{
    const char *p = line->text + skip, *end = line->text + line->len, *tab, *name;

    if (p >= end)
        return "";
    if (*p == '"')
        name = unquoted(p + 1, end, pool);
    else if ((tab = memchr(p, '\t', (apr_size_t)(end - p)))) /* behind it: a revision or nothing */
        name = apr_pstrmemdup(pool, p, (apr_size_t)(tab - p));
    else
        name = apr_pstrmemdup(pool, p, (apr_size_t)(end - p));
    if (!sided)
        return name;
    return strcmp(name, "/dev/null") ? without_side(name) : NULL;
}

const char *rc_diff_git_name(const rc_diff_line_t *line, apr_pool_t *pool)
{
    apr_size_t skip = strlen(GIT), half;

    if (line->len <= skip)
        return "";
    half = (line->len - skip) / 2; /* "a/X b/X": both have the same length */
    if (line->text[skip] == '"')
        return without_side(unquoted(line->text + skip + 1, line->text + line->len, pool));
    return without_side(apr_pstrmemdup(pool, line->text + skip, half));
}
