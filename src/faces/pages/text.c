// SPDX-License-Identifier: Apache-2.0
/*
 * Cuts and formats the texts of pages: first lines, names of authors, dates.
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

const char *rc_page_first_line(const char *message, apr_size_t most, apr_pool_t *pool)
{
    const char *line, *p;
    apr_size_t n = 0;

    message = message ? message + strspn(message, " \t\r\n") : "";
    line = apr_pstrmemdup(pool, message, strcspn(message, "\r\n"));
    if (!*line)
        return "(no message)";
    if (rc_text_characters(line) <= most)
        return line;
    for (p = line; n < most - 3 || (*p & 0xc0) == 0x80; p++)
        n += (*p & 0xc0) != 0x80;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, line, (apr_size_t)(p - line)), "...", NULL);
}

const char *rc_page_name(const char *author, apr_pool_t *pool)
{
    const char *mail = strchr(author, '<');
    apr_size_t len = mail ? (apr_size_t)(mail - author) : 0;

    while (len && author[len - 1] == ' ')
        len--;
    return len ? apr_pstrmemdup(pool, author, len) : author;
}

void rc_page_date(rc_html_t *html, apr_int64_t time, apr_pool_t *scratch)
{
    const char *text = rc_time_utc(time, scratch);

    rc_html_put(html, "<time datetime=\"%sZ\">%.*s</time>", text, 10, text);
}

void rc_page_time(rc_html_t *html, apr_int64_t time, apr_pool_t *scratch)
{
    const char *text = rc_time_utc(time, scratch);

    rc_html_put(html, "<time datetime=\"%sZ\">%.*s %.*s UTC</time>", text, 10, text, 8, text + 11);
}

const char *rc_page_description(const rc_repo_t *repo)
{
    const char *slash = strrchr(repo->name, '/'), *last = slash ? slash + 1 : repo->name;

    return strcmp(repo->description, last) ? repo->description : "";
}
