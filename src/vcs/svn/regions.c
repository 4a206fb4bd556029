// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the differences between two texts by libsvn's own comparison, so that they are those that
 * `svn diff` shows. Its time grows with the product of both numbers of lines and it cannot be
 * stopped: larger texts are divided first.
 */
#include "text.h"

#include <string.h>

#include <apr_tables.h>

#include <svn_diff.h>

#include "svn.h"

#define PRODUCT_MOST 1e8 /* lines of both texts, multiplied, that libsvn compares */
#define LINES_MOST   ((apr_int64_t)1 << 20) /* lines of texts that are divided */
#define KEPT         50 /* equal lines at the end that take part, as in svn's diff_file.c */

/* The baton of libsvn's callbacks: the lines to compare, and the results. */
typedef struct comparison_t {
    rc_svn_lines_t lines;
    apr_int64_t next[2];        /* the next line of each text */
    apr_int64_t old_at, new_at; /* of the first lines in the whole texts */
    apr_array_header_t *regions;
    bool ignore_space;
} comparison_t;

/* --- libsvn's callbacks --- */

static svn_error_t *open_both(void *baton, apr_off_t *prefix, apr_off_t *suffix,
                              const svn_diff_datasource_e *sources, apr_size_t n)
{
    comparison_t *compared = baton;

    (void)sources;
    (void)n;
    *prefix = *suffix = 0;
    compared->next[0] = compared->next[1] = 0;
    return NULL;
}

static svn_error_t *close_one(void *baton, svn_diff_datasource_e source)
{
    (void)baton;
    (void)source;
    return NULL;
}

static svn_error_t *next_token(apr_uint32_t *hash, void **token, void *baton,
                               svn_diff_datasource_e source)
{
    comparison_t *compared = baton;
    bool old = source == svn_diff_datasource_original;
    apr_int64_t *next = &compared->next[old ? 0 : 1];
    rc_svn_line_t *line;

    *token = NULL; /* ends the text; a token that is left untouched would be read for ever */
    if (*next >= (old ? compared->lines.old_n : compared->lines.new_n))
        return NULL;
    line = &(old ? compared->lines.old : compared->lines.new)[(*next)++];
    *hash = rc_svn_line_hash(line, compared->ignore_space);
    *token = line;
    return NULL;
}

static svn_error_t *compare_tokens(void *baton, void *a, void *b, int *result)
{
    *result = rc_svn_line_compare(a, b, ((comparison_t *)baton)->ignore_space);
    return NULL;
}

static void drop_token(void *baton, void *token)
{
    (void)baton;
    (void)token;
}

static void drop_tokens(void *baton)
{
    (void)baton;
}

static const svn_diff_fns2_t reading = {.datasources_open = open_both,
                                        .datasource_close = close_one,
                                        .datasource_get_next_token = next_token,
                                        .token_compare = compare_tokens,
                                        .token_discard = drop_token,
                                        .token_discard_all = drop_tokens};

static void add_region(comparison_t *compared, apr_int64_t old_at, apr_int64_t old_n,
                       apr_int64_t new_at, apr_int64_t new_n)
{
    if (old_n || new_n)
        APR_ARRAY_PUSH(compared->regions, rc_svn_region_t) =
            (rc_svn_region_t){compared->old_at + old_at, old_n, compared->new_at + new_at, new_n};
}

static svn_error_t *on_difference(void *baton, apr_off_t old_at, apr_off_t old_n, apr_off_t new_at,
                                  apr_off_t new_n, apr_off_t latest_at, apr_off_t latest_n)
{
    (void)latest_at;
    (void)latest_n;
    add_region(baton, old_at, old_n, new_at, new_n);
    return NULL;
}

static const svn_diff_output_fns_t differences = {.output_diff_modified = on_difference};

/* --- ranges of lines --- */

static svn_error_t *run_libsvn(comparison_t *compared, apr_pool_t *pool)
{
    svn_diff_t *diff;

    SVN_ERR(svn_diff_diff_2(&diff, compared, &reading, pool));
    return svn_diff_output2(diff, compared, &differences, NULL, NULL);
}

static bool is_near(const rc_svn_lines_t *lines)
{
    return (double)lines->old_n * (double)lines->new_n <= PRODUCT_MOST;
}

/* Compares a range; one that is too large becomes one difference. */
static rc_err_t *compare_range(comparison_t *compared, const rc_svn_compare_t *compare)
{
    const rc_svn_lines_t *lines = &compared->lines;

    RC_TRY(rc_work_spend(compare->work, 0, compare->err_pool));
    if (lines->old_n && lines->new_n && is_near(lines))
        return rc_svn_err(RC_SVN(run_libsvn(compared, compare->pool)), compare->err_pool,
                          "cannot compare two texts");
    add_region(compared, 0, lines->old_n, 0, lines->new_n);
    return NULL;
}

/* Compares what stands between the anchors. */
static rc_err_t *compare_divided(const comparison_t *whole, const rc_svn_compare_t *compare)
{
    apr_array_header_t *anchors = rc_svn_anchors(&whole->lines, whole->ignore_space, compare->pool);
    rc_svn_region_t from = {0, 0, 0, 0}, end = {whole->lines.old_n, 0, whole->lines.new_n, 0};
    int i;

    for (i = 0; i <= anchors->nelts; i++) {
        const rc_svn_region_t *to =
            i < anchors->nelts ? &APR_ARRAY_IDX(anchors, i, rc_svn_region_t) : &end;
        comparison_t part = *whole;

        part.lines =
            (rc_svn_lines_t){whole->lines.old + from.old_at, whole->lines.new + from.new_at,
                             to->old_at - from.old_at, to->new_at - from.new_at};
        part.old_at += from.old_at;
        part.new_at += from.new_at;
        RC_TRY(compare_range(&part, compare));
        from.old_at = to->old_at + 1;
        from.new_at = to->new_at + 1;
    }
    return NULL;
}

/* --- texts --- */

apr_int64_t rc_svn_count_lines(const char *p, const char *end)
{
    apr_int64_t n = 0;

    for (; p < end; n++) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p)
            return n + 1;
        p++;
    }
    return n;
}

static rc_svn_line_t *split_lines(const char *p, const char *end, apr_int64_t n, apr_pool_t *pool)
{
    rc_svn_line_t *lines = apr_palloc(pool, ((size_t)n + 1) * sizeof(*lines)), *line = lines;

    for (; p < end; p += line->len, line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));

        line->text = p;
        line->len = (apr_size_t)((stop ? stop + 1 : end) - p);
    }
    return lines;
}

/* Returns the bytes of the equal whole lines at the start. */
static apr_size_t equal_start(const rc_svn_text_t *a, const rc_svn_text_t *b)
{
    apr_size_t least = a->len < b->len ? a->len : b->len, n = 0;

    while (n < least && a->data[n] == b->data[n])
        n++;
    if (n == a->len && n == b->len)
        return n;
    while (n && a->data[n - 1] != '\n')
        n--;
    return n;
}

/* Returns the bytes of the equal whole lines at the end, less the KEPT ones. */
static apr_size_t equal_end(const rc_svn_text_t *a, const rc_svn_text_t *b, apr_size_t start)
{
    apr_size_t least = (a->len < b->len ? a->len : b->len) - start, n = 0;
    const char *p, *end = a->data + a->len;
    int kept;

    while (n < least && a->data[a->len - n - 1] == b->data[b->len - n - 1])
        n++;
    p = end - n;
    for (kept = 0; kept <= KEPT && p; kept++) {
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    return p ? (apr_size_t)(end - p) : 0;
}

rc_err_t *rc_svn_regions(apr_array_header_t **out, const rc_svn_text_t *before,
                         const rc_svn_text_t *after, const rc_svn_compare_t *compare)
{
    apr_size_t start = equal_start(before, after), end = equal_end(before, after, start);
    const char *old = before->data + start, *old_end = before->data + before->len - end;
    const char *new = after->data + start, *new_end = after->data + after->len - end;
    comparison_t whole = {.ignore_space = compare->ignore_space};

    *out = whole.regions = apr_array_make(compare->pool, 16, sizeof(rc_svn_region_t));
    if (start == before->len && start == after->len)
        return NULL;
    whole.old_at = whole.new_at = rc_svn_count_lines(before->data, old);
    whole.lines.old_n = rc_svn_count_lines(old, old_end);
    whole.lines.new_n = rc_svn_count_lines(new, new_end);
    if (whole.lines.old_n > LINES_MOST || whole.lines.new_n > LINES_MOST) {
        add_region(&whole, 0, whole.lines.old_n, 0, whole.lines.new_n);
        return NULL;
    }
    whole.lines.old = split_lines(old, old_end, whole.lines.old_n, compare->pool);
    whole.lines.new = split_lines(new, new_end, whole.lines.new_n, compare->pool);
    return is_near(&whole.lines) ? compare_range(&whole, compare)
                                 : compare_divided(&whole, compare);
}
