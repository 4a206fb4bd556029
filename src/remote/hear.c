// SPDX-License-Identifier: Apache-2.0
/*
 * Divides what a program says into lines, which end with a line feed or, when the next one will
 * overwrite them on a terminal, with a carriage return. A line is passed on only as a whole: half a
 * password could not be recognised.
 */
#include "remote/hear.h"

#include <string.h>

#include <apr_strings.h>

bool rc_remote_is_heard(const rc_remote_policy_t *policy)
{
    return policy->work && policy->work->progress;
}

static void pass_on(rc_hearing_t *hearing)
{
    apr_pool_t *scratch;
    const char *line;

    while (hearing->len && strchr(" \t", hearing->line[hearing->len - 1]))
        hearing->len--;
    if (!hearing->len)
        return;
    hearing->line[hearing->len] = '\0';
    apr_pool_create(&scratch, NULL);
    line = rc_remote_scrub(hearing->line, hearing->url, RC_HEARD_LINE, scratch);
    hearing->work->progress(hearing->work->baton, line);
    apr_pool_destroy(scratch);
}

void rc_remote_hear(void *baton, const char *text, apr_size_t len)
{
    rc_hearing_t *hearing = baton;
    const char *end = text + len;

    for (; text < end; text++) {
        if (*text != '\r' && *text != '\n') {
            if (hearing->len < RC_HEARD_LINE)
                hearing->line[hearing->len] = *text ? *text : '?';
            if (hearing->len <= RC_HEARD_LINE)
                hearing->len++;
            continue;
        }
        if (hearing->len <= RC_HEARD_LINE)
            pass_on(hearing);
        hearing->len = 0;
    }
}

/* Returns whether the line says how far a step is: the last state of one that was overwritten. */
static bool is_progress(const char *line, apr_size_t len)
{
    static const char done[] = ", done.";
    apr_size_t size = sizeof(done) - 1;

    while (len && line[len - 1] == ' ')
        len--;
    return memchr(line, '%', len) || (len >= size && !memcmp(line + len - size, done, size));
}

const char *rc_remote_final(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(text) + 2), *to = out, *line = out;
    bool overwritten = false;

    for (;; text++) {
        if (*text == '\r' && text[1] != '\n') {
            overwritten = true;
            to = line;
        } else if (*text && *text != '\n') {
            *to++ = *text;
        } else {
            if (overwritten && is_progress(line, (apr_size_t)(to - line)))
                to = line;
            else if (*text)
                *to++ = '\n';
            line = to;
            overwritten = false;
            if (!*text)
                break;
        }
    }
    *to = '\0';
    return out;
}
