// SPDX-License-Identifier: Apache-2.0
/*
 * Prints the differences between two texts in the unified format, as `svn diff` does.
 */
#include "text.h"

#include <string.h>

#include <apr_tables.h>

/* A place in a text. */
typedef struct cursor_t {
    const char *p, *end;
    apr_int64_t line;
} cursor_t;

typedef struct hunks_t {
    rc_spool_t *spool;
    const rc_svn_style_t *style;
    const apr_array_header_t *regions;
    cursor_t old, new;
    apr_int64_t old_lines; /* of the whole text */
} hunks_t;

static const char *end_of_line(const cursor_t *at)
{
    const char *stop = memchr(at->p, '\n', (size_t)(at->end - at->p));

    return stop ? stop + 1 : at->end;
}

static void move_to(cursor_t *at, apr_int64_t line)
{
    for (; at->line < line && at->p < at->end; at->line++)
        at->p = end_of_line(at);
}

/* Prints @a n lines behind @a sign. */
static rc_err_t *put_lines(hunks_t *hunks, cursor_t *at, char sign, apr_int64_t n)
{
    for (; n && at->p < at->end; n--, at->line++) {
        const char *stop = end_of_line(at);

        RC_TRY(rc_spool_write(hunks->spool, &sign, 1));
        RC_TRY(rc_spool_write(hunks->spool, at->p, (apr_size_t)(stop - at->p)));
        if (stop[-1] != '\n')
            RC_TRY(rc_spool_printf(hunks->spool, "\n\\ No newline at end of %s\n",
                                   hunks->style->noun));
        at->p = stop;
    }
    return NULL;
}

/* Prints " -3,2": lines are counted from 1, but an empty range stands behind the line before. */
static rc_err_t *put_range(rc_spool_t *spool, char sign, apr_int64_t at, apr_int64_t n)
{
    RC_TRY(rc_spool_printf(spool, " %c%" APR_INT64_T_FMT, sign, n ? at + 1 : at));
    return n == 1 ? NULL : rc_spool_printf(spool, ",%" APR_INT64_T_FMT, n);
}

static const rc_svn_region_t *region_at(const hunks_t *hunks, int i)
{
    return &APR_ARRAY_IDX(hunks->regions, i, rc_svn_region_t);
}

/* Returns the number of the last region whose context overlaps that of the regions from @a first
 * on. */
static int last_of_hunk(const hunks_t *hunks, int first)
{
    apr_int64_t reach = 2 * (apr_int64_t)hunks->style->context;
    int last = first;

    while (last + 1 < hunks->regions->nelts &&
           region_at(hunks, last + 1)->old_at -
                   (region_at(hunks, last)->old_at + region_at(hunks, last)->old_n) <
               reach)
        last++;
    return last;
}

static rc_err_t *put_regions(hunks_t *hunks, int first, int last, apr_int64_t end)
{
    int i;

    for (i = first; i <= last; i++) {
        const rc_svn_region_t *region = region_at(hunks, i);

        RC_TRY(put_lines(hunks, &hunks->old, ' ', region->old_at - hunks->old.line));
        move_to(&hunks->new, region->new_at);
        RC_TRY(put_lines(hunks, &hunks->old, '-', region->old_n));
        RC_TRY(put_lines(hunks, &hunks->new, '+', region->new_n));
    }
    return put_lines(hunks, &hunks->old, ' ', end - hunks->old.line);
}

static rc_err_t *put_hunk(hunks_t *hunks, int first, int last)
{
    const rc_svn_region_t *from = region_at(hunks, first), *to = region_at(hunks, last);
    apr_int64_t context = hunks->style->context;
    apr_int64_t before = from->old_at < context ? from->old_at : context;
    apr_int64_t start = from->old_at - before, end = to->old_at + to->old_n + context;

    if (end > hunks->old_lines)
        end = hunks->old_lines;
    RC_TRY(rc_spool_puts(hunks->spool, hunks->style->mark));
    RC_TRY(put_range(hunks->spool, '-', start, end - start));
    RC_TRY(
        put_range(hunks->spool, '+', from->new_at - before,
                  to->new_at + to->new_n - from->new_at + before + (end - to->old_at - to->old_n)));
    RC_TRY(rc_spool_printf(hunks->spool, " %s\n", hunks->style->mark));
    move_to(&hunks->old, start);
    return put_regions(hunks, first, last, end);
}

static void count_regions(rc_svn_tally_t *tally, const apr_array_header_t *regions)
{
    int i;

    for (i = 0; i < regions->nelts; i++) {
        tally->deleted += APR_ARRAY_IDX(regions, i, rc_svn_region_t).old_n;
        tally->added += APR_ARRAY_IDX(regions, i, rc_svn_region_t).new_n;
    }
    tally->hunks = regions->nelts > 0;
}

rc_err_t *rc_svn_print_hunks(rc_svn_tally_t *tally, rc_spool_t *spool, const char *head,
                             const rc_svn_text_t *before, const rc_svn_text_t *after,
                             const rc_svn_style_t *style, const rc_svn_compare_t *compare)
{
    hunks_t hunks = {.spool = spool,
                     .style = style,
                     .old = {before->data, before->data + before->len, 0},
                     .new = {after->data, after->data + after->len, 0}};
    apr_array_header_t *regions;
    int first, last;

    RC_TRY(rc_svn_regions(&regions, before, after, compare));
    count_regions(tally, regions);
    if (!regions->nelts || !spool)
        return NULL;
    hunks.regions = regions;
    hunks.old_lines = rc_svn_count_lines(before->data, before->data + before->len);
    RC_TRY(rc_spool_puts(spool, head));
    for (first = 0; first < regions->nelts; first = last + 1) {
        last = last_of_hunk(&hunks, first);
        RC_TRY(put_hunk(&hunks, first, last));
    }
    return NULL;
}
