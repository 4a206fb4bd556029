// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the message of a commit as a mail, as git's format-patch does (pretty.c): the first
 * paragraph is the subject, the rest is the body.
 */
#include "base/mail.h"

#include <stdbool.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

#define MIME                                                                                       \
    "MIME-Version: 1.0\n"                                                                          \
    "Content-Type: text/plain; charset=UTF-8\n"                                                    \
    "Content-Transfer-Encoding: 8bit\n"

/* Returns the length of a line without trailing blanks. */
static size_t trimmed(const char *line)
{
    const char *end = rc_text_line_end(line);

    while (end > line && rc_text_is_blank(end[-1]))
        end--;
    return (size_t)(end - line);
}

/* Moves to the next line that is not blank. */
static const char *skip_blank_lines(const char *p)
{
    while (*p && !trimmed(p))
        p = rc_text_next_line(p);
    return p;
}

/* Joins the lines from *p up to a blank one into one line. */
static const char *take_title(const char **p, apr_pool_t *pool)
{
    char *title = apr_palloc(pool, strlen(*p) + 1), *out = title;

    for (; **p && trimmed(*p); *p = rc_text_next_line(*p)) {
        if (out > title)
            *out++ = ' ';
        memcpy(out, *p, trimmed(*p));
        out += trimmed(*p);
    }
    *out = '\0';
    return title;
}

/* Returns all lines from @a p on, without trailing blanks. */
static const char *take_body(const char *p, apr_pool_t *pool)
{
    char *body = apr_palloc(pool, strlen(p) + 2), *out = body;

    for (p = skip_blank_lines(p); *p; p = rc_text_next_line(p)) {
        memcpy(out, p, trimmed(p));
        out += trimmed(p);
        *out++ = '\n';
    }
    while (out > body + 1 && out[-2] == '\n') /* blank lines at the end */
        out--;
    *out = '\0';
    return body;
}

static bool has_8bit(const char *text)
{
    for (; *text; text++)
        if ((*text & 0x80) || *text == '\033')
            return true;
    return false;
}

const char *rc_mail_message(const char *prefix, const char *message, apr_pool_t *pool)
{
    const char *p = skip_blank_lines(message ? message : "");
    const char *title = take_title(&p, pool);

    return apr_pstrcat(pool, rc_mail_subject(prefix, title, pool),
                       message && has_8bit(message) ? MIME : "", "\n", take_body(p, pool), NULL);
}

const char *rc_mail_prefix(apr_int64_t number, apr_int64_t total, apr_pool_t *pool)
{
    const char *all;

    if (!total)
        return "[PATCH]";
    all = apr_psprintf(pool, "%" APR_INT64_T_FMT, total);
    return apr_psprintf(pool, "[PATCH %0*" APR_INT64_T_FMT "/%s]", (int)strlen(all), number, all);
}
