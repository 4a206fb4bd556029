// SPDX-License-Identifier: Apache-2.0
/*
 * Splits texts into lines and finds where they differ.
 */
#include "lines.h"

#include <string.h>

#include <apr_tables.h>

#define LINES_MOST ((apr_size_t)1 << 24)

static apr_size_t lines_of_text(const rc_hg_text_t *text)
{
    const char *p = text->data, *end = p + text->len;
    apr_size_t n = 0;

    for (; p < end; n++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));

        p = stop ? stop + 1 : end;
    }
    return n;
}

rc_err_t *rc_hg_split(rc_hg_lines_t *lines, const rc_hg_text_t *text,
                      const rc_hg_compare_t *compare)
{
    const char *p = text->data, *end = p + text->len;
    apr_size_t count = lines_of_text(text);
    rc_hg_line_t *line;

    if (count > LINES_MOST)
        return rc_err(compare->err_pool, RC_E_LIMIT, "A file has too many lines");
    lines->count = (int)count;
    lines->line = line = apr_palloc(compare->pool, (count + 1) * sizeof(*line));
    for (; p < end; p += line->len, line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));

        *line = (rc_hg_line_t){p, (apr_size_t)((stop ? stop + 1 : end) - p)};
    }
    return NULL;
}

/* Leaves out blanks, as hg's option -w. */
static rc_hg_text_t without_blanks(const rc_hg_text_t *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, text->len + 1), *to = out;
    apr_size_t i;

    for (i = 0; i < text->len; i++)
        if (text->data[i] != ' ' && text->data[i] != '\t' && text->data[i] != '\r')
            *to++ = text->data[i];
    *to = '\0';
    return (rc_hg_text_t){out, (apr_size_t)(to - out)};
}

static void add_difference(apr_array_header_t *out, int old_start, int old_end, int new_start,
                           int new_end)
{
    if (old_start < old_end || new_start < new_end)
        APR_ARRAY_PUSH(out, rc_hg_block_t) =
            (rc_hg_block_t){old_start, old_end, new_start, new_end};
}

static rc_err_t *compare_lines(apr_array_header_t *out, const rc_hg_text_t *before,
                               const rc_hg_text_t *after, const rc_hg_compare_t *compare)
{
    rc_hg_block_t last = {0, 0, 0, 0};
    apr_array_header_t *blocks;
    rc_hg_lines_t old, new;
    int i;

    RC_TRY(rc_hg_split(&old, before, compare));
    RC_TRY(rc_hg_split(&new, after, compare));
    RC_TRY(rc_hg_equal_blocks(&blocks, &old, &new, compare));
    for (i = 0; i < blocks->nelts; i++) {
        const rc_hg_block_t *block = &APR_ARRAY_IDX(blocks, i, rc_hg_block_t);

        add_difference(out, last.old_end, block->old_start, last.new_end, block->new_start);
        last = *block;
    }
    add_difference(out, last.old_end, old.count, last.new_end, new.count);
    return NULL;
}

rc_err_t *rc_hg_differences(apr_array_header_t **out, const rc_hg_text_t *before,
                            const rc_hg_text_t *after, bool ignore_space,
                            const rc_hg_compare_t *compare)
{
    rc_hg_text_t old = *before, new = *after;

    *out = apr_array_make(compare->pool, 16, sizeof(rc_hg_block_t));
    if (!before->len || !after->len) {
        add_difference(*out, 0, (int)lines_of_text(before), 0, (int)lines_of_text(after));
        return NULL;
    }
    if (ignore_space) {
        old = without_blanks(before, compare->pool);
        new = without_blanks(after, compare->pool);
    }
    if (old.len == new.len && !memcmp(old.data, new.data, old.len))
        return NULL;
    return compare_lines(*out, &old, &new, compare);
}
