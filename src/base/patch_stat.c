// SPDX-License-Identifier: Apache-2.0
/*
 * Prints the size of each change as a table with bars, then created, deleted and renamed files:
 * `git --stat --summary` at the width of a mail. The column widths are those of show_stats in git's
 * diff.c. Then the patch, which ends the mail.
 */
#include "base/patch_stat.h"

#include <string.h>

#include <apr_strings.h>

#include "base/quote.h"

#define WIDTH     72 /* of a line */
#define GRAPH_MIN 6

/* It contains no version, because the mail of a commit must never change. */
#define SIGNATURE "-- \nmod_rcapi\n\n"

typedef struct widths_t {
    apr_int64_t name, number, graph; /* number: of changed lines */
    apr_int64_t most;                /* the largest number of lines changed in one file */
} widths_t;

static apr_int64_t digits(apr_uint64_t n)
{
    apr_int64_t count = 1;

    while (n /= 10)
        count++;
    return count;
}

static apr_int64_t larger(apr_int64_t a, apr_int64_t b)
{
    return a > b ? a : b;
}

static apr_int64_t changed(const rc_stat_row_t *row)
{
    return (apr_int64_t)(row->added + row->deleted);
}

static const char *path_of(const rc_stat_row_t *row)
{
    return row->new_mode ? row->new_path : row->old_path;
}

/* --- names --- */

/* Returns the length of the common start of two paths, up to a slash. */
static size_t common_begin(const char *a, const char *b)
{
    size_t i, len = 0;

    for (i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/')
            len = i + 1;
    return len;
}

/* The same for their common end, from a slash on, which may be the last byte of the common start
 * @a begin. */
static size_t common_end(const char *a, const char *b, size_t begin)
{
    size_t stop = begin ? begin - 1 : 0, a_len = strlen(a), b_len = strlen(b), i, len = 0;

    for (i = 1; a_len >= stop + i && b_len >= stop + i && a[a_len - i] == b[b_len - i]; i++)
        if (a[a_len - i] == '/')
            len = i;
    return len;
}

/* Returns a path without its first @a begin and last @a end bytes, which may overlap in one. */
static const char *middle(const char *path, size_t begin, size_t end, apr_pool_t *pool)
{
    size_t len = strlen(path);

    return len > begin + end ? apr_pstrmemdup(pool, path + begin, len - begin - end) : "";
}

/* Returns "dir/{old => new}/file". */
static const char *rename_text(const char *from, const char *to, apr_pool_t *pool)
{
    const char *quoted_from = rc_quote("", from, pool), *quoted_to = rc_quote("", to, pool);
    size_t begin, end;
    const char *names;

    if (*quoted_from == '"' || *quoted_to == '"')
        return apr_pstrcat(pool, quoted_from, " => ", quoted_to, NULL);
    begin = common_begin(from, to);
    end = common_end(from, to, begin);
    names = apr_pstrcat(pool, middle(from, begin, end, pool), " => ", middle(to, begin, end, pool),
                        NULL);
    if (!begin && !end)
        return names;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, from, begin), "{", names, "}",
                       from + strlen(from) - end, NULL);
}

static const char *name_text(const rc_stat_row_t *row, apr_pool_t *pool)
{
    return row->renamed ? rename_text(row->old_path, row->new_path, pool)
                        : rc_quote("", path_of(row), pool);
}

/* --- widths --- */

/* Divides a line between names and bars; @a bins: width of the longest "Bin 1 -> 2 bytes". */
static void share(widths_t *widths, apr_int64_t bins)
{
    apr_int64_t width = larger(WIDTH, 16 + GRAPH_MIN + widths->number), fixed = widths->number + 6;

    widths->graph = widths->most + 4 > bins ? widths->most : bins - 4;
    if (widths->name + fixed + widths->graph <= width)
        return;
    if (widths->graph > width * 3 / 8 - fixed)
        widths->graph = larger(width * 3 / 8 - fixed, GRAPH_MIN);
    if (widths->name > width - fixed - widths->graph)
        widths->name = width - fixed - widths->graph;
    else
        widths->graph = width - fixed - widths->name;
}

static void measure(widths_t *widths, const apr_array_header_t *rows)
{
    apr_int64_t bins = 0;
    int i;

    memset(widths, 0, sizeof(*widths));
    for (i = 0; i < rows->nelts; i++) {
        const rc_stat_row_t *row = &APR_ARRAY_IDX(rows, i, rc_stat_row_t);

        widths->name = larger(widths->name, (apr_int64_t)strlen(row->name));
        if (row->binary) {
            bins = larger(bins, 14 + digits(row->added) + digits(row->deleted));
            widths->number = 3;
        } else {
            widths->most = larger(widths->most, changed(row));
        }
    }
    widths->number = larger(widths->number, digits((apr_uint64_t)widths->most));
    share(widths, bins);
}

/* --- lines --- */

static rc_err_t *repeat(rc_spool_t *spool, char c, apr_int64_t times)
{
    char text[WIDTH];

    memset(text, c, sizeof(text));
    for (; times > WIDTH; times -= WIDTH)
        RC_TRY(rc_spool_write(spool, text, WIDTH));
    return times > 0 ? rc_spool_write(spool, text, (apr_size_t)times) : NULL;
}

/* Cuts a long name at its start, if possible at a slash. */
static rc_err_t *print_name(rc_spool_t *spool, const char *name, apr_int64_t width)
{
    apr_int64_t len = (apr_int64_t)strlen(name);
    const char *dots = "", *slash;

    if (len > width) {
        dots = "...";
        width -= 3;
        name += len - width;
        slash = strchr(name, '/');
        name = slash ? slash : name;
    }
    RC_TRY(rc_spool_printf(spool, " %s%s", dots, name));
    return repeat(spool, ' ', width - (apr_int64_t)strlen(name));
}

/* Scales @a n, of at most widths->most, to the bar's width; at least 1 unless @a n is 0. */
static apr_int64_t scale(apr_int64_t n, const widths_t *widths)
{
    return n ? 1 + n * (widths->graph - 1) / widths->most : 0;
}

static rc_err_t *print_bar(rc_spool_t *spool, const rc_stat_row_t *row, const widths_t *widths)
{
    apr_int64_t plus = (apr_int64_t)row->added, minus = (apr_int64_t)row->deleted, all;

    if (widths->graph <= widths->most) {
        all = scale(plus + minus, widths);
        if (all < 2 && plus && minus)
            all = 2;
        if (plus < minus) {
            plus = scale(plus, widths);
            minus = all - plus;
        } else {
            minus = scale(minus, widths);
            plus = all - minus;
        }
    }
    RC_TRY(repeat(spool, '+', plus));
    return repeat(spool, '-', minus);
}

static rc_err_t *print_row(rc_spool_t *spool, const rc_stat_row_t *row, const widths_t *widths)
{
    int width = (int)widths->number;

    RC_TRY(print_name(spool, row->name, widths->name));
    if (row->binary) {
        RC_TRY(rc_spool_printf(spool, " | %*s", width, "Bin"));
        if (row->added || row->deleted)
            RC_TRY(rc_spool_printf(spool, " %" APR_UINT64_T_FMT " -> %" APR_UINT64_T_FMT " bytes",
                                   row->deleted, row->added));
    } else {
        RC_TRY(rc_spool_printf(spool, " | %*" APR_INT64_T_FMT "%s", width, changed(row),
                               changed(row) ? " " : ""));
        RC_TRY(print_bar(spool, row, widths));
    }
    return rc_spool_write(spool, "\n", 1);
}

static const char *plural(apr_uint64_t n)
{
    return n == 1 ? "" : "s";
}

static rc_err_t *print_sum(rc_spool_t *spool, const apr_array_header_t *rows)
{
    apr_uint64_t added = 0, deleted = 0;
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const rc_stat_row_t *row = &APR_ARRAY_IDX(rows, i, rc_stat_row_t);

        added += row->binary ? 0 : row->added;
        deleted += row->binary ? 0 : row->deleted;
    }
    RC_TRY(rc_spool_printf(spool, " %d file%s changed", i, plural((apr_uint64_t)i)));
    if (added || !deleted)
        RC_TRY(
            rc_spool_printf(spool, ", %" APR_UINT64_T_FMT " insertion%s(+)", added, plural(added)));
    if (deleted || !added)
        RC_TRY(rc_spool_printf(spool, ", %" APR_UINT64_T_FMT " deletion%s(-)", deleted,
                               plural(deleted)));
    return rc_spool_write(spool, "\n", 1);
}

/* --- both tables --- */

/* True when only blanks changed, which are ignored. */
static bool unchanged(const rc_stat_row_t *row)
{
    return row->old_mode == row->new_mode && !row->renamed && !row->binary && !changed(row);
}

static rc_err_t *print_table(rc_spool_t *spool, const apr_array_header_t *rows, apr_pool_t *pool)
{
    apr_array_header_t *shown = apr_array_make(pool, rows->nelts, sizeof(rc_stat_row_t));
    widths_t widths;
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const rc_stat_row_t *row = &APR_ARRAY_IDX(rows, i, rc_stat_row_t);

        if (unchanged(row))
            continue;
        APR_ARRAY_PUSH(shown, rc_stat_row_t) = *row;
        APR_ARRAY_IDX(shown, shown->nelts - 1, rc_stat_row_t).name = name_text(row, pool);
    }
    if (!shown->nelts)
        return NULL;
    measure(&widths, shown);
    for (i = 0; i < shown->nelts; i++)
        RC_TRY(print_row(spool, &APR_ARRAY_IDX(shown, i, rc_stat_row_t), &widths));
    return print_sum(spool, shown);
}

static rc_err_t *summarize(rc_spool_t *spool, const rc_stat_row_t *row, apr_pool_t *pool)
{
    apr_uint32_t from = row->old_mode, to = row->new_mode;

    if (!from || !to)
        return rc_spool_printf(spool, " %s mode %06o %s\n", from ? "delete" : "create",
                               from ? from : to, rc_quote("", path_of(row), pool));
    if (row->renamed)
        RC_TRY(
            rc_spool_printf(spool, " rename %s (%d%%)\n", name_text(row, pool), row->similarity));
    if (from == to)
        return NULL;
    RC_TRY(rc_spool_printf(spool, " mode change %06o => %06o", from, to));
    if (!row->renamed)
        RC_TRY(rc_spool_printf(spool, " %s", rc_quote("", path_of(row), pool)));
    return rc_spool_write(spool, "\n", 1);
}

static rc_err_t *print_summary(rc_spool_t *spool, const apr_array_header_t *rows, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < rows->nelts; i++)
        RC_TRY(summarize(spool, &APR_ARRAY_IDX(rows, i, rc_stat_row_t), pool));
    return NULL;
}

rc_err_t *rc_patch_end_mail(rc_spool_t *spool, const apr_array_header_t *rows, rc_spool_t *diff,
                            apr_pool_t *pool)
{
    RC_TRY(rc_spool_puts(spool, "---\n"));
    RC_TRY(print_table(spool, rows, pool));
    RC_TRY(print_summary(spool, rows, pool));
    RC_TRY(rc_spool_puts(spool, "\n"));
    RC_TRY(rc_spool_append(spool, diff));
    return rc_spool_puts(spool, SIGNATURE);
}
