// SPDX-License-Identifier: Apache-2.0
/*
 * Parses a raw commit object as git does (parse_commit_buffer in its commit.c, split_ident_line in
 * ident.c): tree, parents, dates, author, encoding and message.
 */
#include "git.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* True when the line begins with the word @a name and a blank; *@a rest is the text after them. */
static bool word(const char **rest, const char *line, const char *end, const char *name)
{
    size_t len = strlen(name);

    if ((size_t)(end - line) <= len || memcmp(line, name, len) || line[len] != ' ')
        return false;
    *rest = line + len + 1;
    return true;
}

static const char *skip_spaces_to(const char *p, const char *end)
{
    while (p < end && apr_isspace(*p))
        p++;
    return p;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && apr_isdigit(*p))
        p++;
    return p;
}

/* Parses an unsigned number as C does, with leading blanks and a sign. */
static apr_uint64_t number_at(const char *p, const char *end)
{
    char digits[32];
    apr_size_t room;

    p = skip_spaces_to(p, end);
    room = (apr_size_t)(end - p) + 1;
    apr_cpystrn(digits, p, room < sizeof(digits) ? room : sizeof(digits));
    return strtoumax(digits, NULL, 10);
}

bool rc_git_ident_date(apr_uint64_t *seconds, int *zone, const char *ident, const char *end)
{
    const char *mail = memchr(ident, '<', (size_t)(end - ident));
    const char *mark = mail ? memrchr(mail, '>', (size_t)(end - mail)) : NULL;
    const char *date = mark ? skip_spaces_to(mark + 1, end) : end;
    const char *date_end = skip_digits(date, end), *sign = skip_spaces_to(date_end, end);
    const char *zone_end = sign < end ? skip_digits(sign + 1, end) : end;
    char digits[10];

    *seconds = 0;
    *zone = 0;
    if (date == date_end || sign == end || (*sign != '+' && *sign != '-') || zone_end == sign + 1)
        return false;
    *seconds = number_at(date, date_end);
    if (*seconds > APR_INT64_MAX) {
        *seconds = 0;
    } else if (zone_end - sign < (long)sizeof(digits)) { /* git does not accept a longer zone */
        apr_cpystrn(digits, sign, (apr_size_t)(zone_end - sign) + 1);
        *zone = (int)strtol(digits, NULL, 10);
    }
    return true;
}

/*
 * Returns the time by which git orders commits: the number after the first '>' of the "author" and
 * "committer" lines, which begin at @a p after the parents, else 0. git shows another date:
 * rc_git_ident_date.
 */
static apr_uint64_t order_time(const char *p, const char *stop)
{
    const char *line = p < stop ? memchr(p, '\n', (size_t)(stop - p)) : NULL, *mark;

    if (!line || stop - line <= 10 || memcmp(p, "author", 6) || memcmp(line + 1, "committer", 9))
        return 0;
    mark = memchr(line, '>', (size_t)(stop - line));
    if (!mark || !memchr(mark, '\n', (size_t)(stop - mark)))
        return 0;
    return number_at(mark + 1, stop);
}

/* Sets "Name <mail>", without the time and zone that follow. */
static void set_author(rc_git_header_t *header, const char *p, const char *end)
{
    const char *mark = memrchr(p, '>', (size_t)(end - p));

    header->author = p;
    header->author_end = mark ? mark + 1 : end;
}

static void head_line(rc_git_header_t *header, const char *line, const char *end)
{
    const char *rest;
    int zone;

    if (word(&rest, line, end, "author") && !header->author) {
        set_author(header, rest, end);
    } else if (word(&rest, line, end, "committer")) {
        rc_git_ident_date(&header->date, &zone, rest, end);
    } else if (word(&rest, line, end, "encoding")) {
        header->encoding = rest;
        header->encoding_end = end;
    }
}

/* Parses the parent lines; *@a p is then the text after them. */
static bool parent_lines(rc_git_header_t *header, const char **p, const char *stop)
{
    const char *rest, *end;
    git_oid id;

    for (; *p < stop && (end = memchr(*p, '\n', (size_t)(stop - *p))); *p = end + 1) {
        if (!word(&rest, *p, end, "parent"))
            return true;
        if (!rc_git_whole_id(&id, rest, end))
            return false;
        if (header->parents)
            APR_ARRAY_PUSH(header->parents, git_oid) = id;
    }
    return true;
}

bool rc_git_header_parse(rc_git_header_t *header, const char *raw, size_t len)
{
    const char *p = raw, *stop = raw + len, *end, *rest;

    end = memchr(p, '\n', len);
    if (!end || !word(&rest, p, end, "tree") || !rc_git_whole_id(&header->tree, rest, end))
        return false;
    p = end + 1;
    if (!parent_lines(header, &p, stop))
        return false;
    header->time = order_time(p, stop);
    for (; p < stop && *p != '\n'; p = end + 1) {
        end = memchr(p, '\n', (size_t)(stop - p));
        if (!end)
            end = stop;
        head_line(header, p, end);
    }
    header->message = p < stop ? p + 1 : stop;
    header->end = stop;
    return true;
}
