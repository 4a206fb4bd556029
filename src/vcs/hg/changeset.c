// SPDX-License-Identifier: Apache-2.0
/*
 * Reads changesets: manifest, user, date and extra values, files, description.
 */
#include "hg.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

#define SECONDS_MOST (APR_INT64_C(1) << 40) /* of a date: some 35,000 years */

/* Returns @a text in UTF-8, in @a pool: what is not, is Latin-1 (05 "Bodies"; hg shows the same).
 */
static const char *to_utf8(const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *out, *to;
    apr_size_t i;

    if (rc_utf8_valid(text, len))
        return apr_pstrmemdup(pool, text, len);
    to = out = apr_palloc(pool, 2 * len + 1);
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x80) {
            *to++ = (char)(0xc0 | c >> 6);
            c = 0x80 | (c & 0x3f);
        }
        *to++ = (char)c;
    }
    *to = '\0';
    return out;
}

/* Undoes the escapes of an extra value in place; returns its new length. */
static apr_size_t unescape(char *text, apr_size_t len)
{
    static const char from[] = "nr0\\", to[] = "\n\r\0\\";
    apr_size_t i, n = 0;

    for (i = 0; i < len; i++) {
        const char *at = text[i] == '\\' && i + 1 < len ? strchr(from, text[i + 1]) : NULL;

        if (at && *at) {
            text[n++] = to[at - from];
            i++;
        } else
            text[n++] = text[i];
    }
    return n;
}

/* Reads the extra values, "key:value" with NULs between them. */
static void read_extra(rc_hg_changeset_t *out, const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *copy = apr_pstrmemdup(pool, text, len), *p = copy, *end = copy + len;

    while (p < end) {
        char *stop = memchr(p, '\0', (size_t)(end - p));
        apr_size_t n = unescape(p, (apr_size_t)((stop ? stop : end) - p));

        if (n >= 7 && !memcmp(p, "branch:", 7))
            out->branch = to_utf8(p + 7, n - 7, pool);
        else if (n >= 6 && !memcmp(p, "close:", 6))
            out->closes = true;
        p = stop ? stop + 1 : end;
    }
}

/* Returns the number at @a text, within bounds that no calculation leaves. */
static apr_int64_t bounded(const char *text)
{
    apr_int64_t number = apr_atoi64(text);

    return number > SECONDS_MOST ? SECONDS_MOST : number < -SECONDS_MOST ? -SECONDS_MOST : number;
}

/* Reads "time zone", and after another blank the extra values. */
static bool read_date(rc_hg_changeset_t *out, const char *line, const char *end, apr_pool_t *pool)
{
    const char *zone = memchr(line, ' ', (size_t)(end - line));
    const char *extra = zone ? memchr(zone + 1, ' ', (size_t)(end - zone - 1)) : NULL;

    if (!zone)
        return false;
    out->time = bounded(line);
    out->zone = bounded(zone);
    out->branch = "default";
    if (extra)
        read_extra(out, extra + 1, (apr_size_t)(end - extra - 1), pool);
    return true;
}

/* The files, which are not needed, and the description follow the date. */
static bool read_rest(rc_hg_changeset_t *out, const char *p, const char *end, apr_pool_t *pool)
{
    const char *blank = p < end && *p == '\n' ? p - 1 : memmem(p, (size_t)(end - p), "\n\n", 2);

    if (!blank)
        return false;
    out->message = to_utf8(blank + 2, (apr_size_t)(end - blank - 2), pool);
    return true;
}

static bool parse_changeset(rc_hg_changeset_t *out, const rc_hg_text_t *text, apr_pool_t *pool)
{
    const char *end = text->data + text->len, *user = text->data + RC_HG_HEX + 1, *date, *rest;

    if (text->len <= RC_HG_HEX + 1 || user[-1] != '\n' ||
        !rc_hg_read_node(out->manifest, text->data))
        return false;
    date = memchr(user, '\n', (size_t)(end - user));
    rest = date ? memchr(date + 1, '\n', (size_t)(end - date - 1)) : NULL;
    if (!rest)
        return false;
    out->user = to_utf8(user, (apr_size_t)(date - user), pool);
    return read_date(out, date + 1, rest, pool) && read_rest(out, rest + 1, end, pool);
}

rc_err_t *rc_hg_read_changeset(rc_hg_changeset_t *out, rc_vcs_t *vcs, int rev, apr_pool_t *pool)
{
    rc_hg_snapshot_t *snapshot;
    rc_hg_text_t text;

    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    RC_TRY(rc_work_spend(vcs->work, 0, vcs->pool));
    *out = (rc_hg_changeset_t){.rev = rev};
    RC_TRY(rc_hg_read_text(&text, vcs, snapshot->log, rev, pool));
    return parse_changeset(out, &text, pool)
               ? NULL
               : rc_err_internal(vcs->pool, APR_SUCCESS, "changeset %d of %s is damaged", rev,
                                 vcs->path);
}
