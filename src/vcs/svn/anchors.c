// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the lines that occur once in each of two texts and stand there in the same order (Bram
 * Cohen's "patience diff"). They divide texts that are too far apart for one comparison.
 */
#include "text.h"

#include <stdlib.h>
#include <string.h>

#include <apr_tables.h>

#include "base/text.h"

/* One line of either text, while lines are sorted by their hashes. */
typedef struct hashed_t {
    apr_uint32_t hash;
    apr_int64_t at;
    bool new;
} hashed_t;

/* A pair of lines, while the longest rising sequence is looked for. */
typedef struct link_t {
    apr_int64_t old, new;
    apr_int64_t before; /* the pair before it in the best sequence that it ends; -1: none */
} link_t;

apr_uint32_t rc_svn_line_hash(const rc_svn_line_t *line, bool ignore_space)
{
    apr_uint32_t hash = 2166136261u; /* FNV-1a */
    apr_size_t i;

    for (i = 0; i < line->len; i++)
        if (!ignore_space || !rc_text_is_blank(line->text[i]))
            hash = (hash ^ (unsigned char)line->text[i]) * 16777619u;
    return hash;
}

static const char *next_char(const char *p, const char *end)
{
    while (p < end && rc_text_is_blank(*p))
        p++;
    return p;
}

static int compare_loosely(const rc_svn_line_t *a, const rc_svn_line_t *b)
{
    const char *p = a->text, *q = b->text, *p_end = p + a->len, *q_end = q + b->len;

    for (;; p++, q++) {
        p = next_char(p, p_end);
        q = next_char(q, q_end);
        if (p == p_end || q == q_end)
            return (p < p_end) - (q < q_end);
        if (*p != *q)
            return (unsigned char)*p < (unsigned char)*q ? -1 : 1;
    }
}

int rc_svn_line_compare(const rc_svn_line_t *a, const rc_svn_line_t *b, bool ignore_space)
{
    if (ignore_space)
        return compare_loosely(a, b);
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return memcmp(a->text, b->text, a->len);
}

static int by_hash(const void *a, const void *b)
{
    const hashed_t *x = a, *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static int by_old(const void *a, const void *b)
{
    const link_t *x = a, *y = b;

    return x->old < y->old ? -1 : x->old > y->old;
}

/* Returns all lines of both texts, sorted by their hashes. */
static hashed_t *sort_lines(const rc_svn_lines_t *lines, bool ignore_space, apr_pool_t *pool)
{
    size_t total = (size_t)(lines->old_n + lines->new_n);
    hashed_t *all = apr_palloc(pool, (total + 1) * sizeof(*all)), *next = all;
    apr_int64_t i;

    for (i = 0; i < lines->old_n; i++)
        *next++ = (hashed_t){rc_svn_line_hash(&lines->old[i], ignore_space), i, false};
    for (i = 0; i < lines->new_n; i++)
        *next++ = (hashed_t){rc_svn_line_hash(&lines->new[i], ignore_space), i, true};
    qsort(all, total, sizeof(*all), by_hash);
    return all;
}

/* Returns the pairs of lines that occur once in each text (link_t), in the order of the old one. */
static apr_array_header_t *find_pairs(const rc_svn_lines_t *lines, bool ignore_space,
                                      apr_pool_t *pool)
{
    apr_array_header_t *pairs = apr_array_make(pool, 64, sizeof(link_t));
    hashed_t *all = sort_lines(lines, ignore_space, pool), *end = all + lines->old_n + lines->new_n;
    hashed_t *at, *last;

    for (at = all; at < end; at = last) {
        const hashed_t *old = at->new ? at + 1 : at, *new = at->new ? at : at + 1;

        for (last = at; last < end && last->hash == at->hash; last++)
            ;
        if (last - at == 2 && !old->new &&new->new &&
            !rc_svn_line_compare(&lines->old[old->at], &lines->new[new->at], ignore_space))
            APR_ARRAY_PUSH(pairs, link_t) = (link_t){old->at, new->at, -1};
    }
    qsort(pairs->elts, (size_t)pairs->nelts, sizeof(link_t), by_old);
    return pairs;
}

/* Links the pairs into their longest rising sequence; returns the number of its last pair, -1 when
 * there is none. */
static apr_int64_t link_pairs(link_t *pairs, apr_int64_t count, apr_pool_t *pool)
{
    /* ends[n]: the pair with the smallest new line that ends a sequence of n + 1 pairs */
    apr_int64_t *ends = apr_palloc(pool, ((size_t)count + 1) * sizeof(*ends)), length = 0, i;

    for (i = 0; i < count; i++) {
        apr_int64_t low = 0, high = length;

        while (low < high) {
            apr_int64_t middle = low + (high - low) / 2;

            if (pairs[ends[middle]].new < pairs[i].new)
                low = middle + 1;
            else
                high = middle;
        }
        pairs[i].before = low ? ends[low - 1] : -1;
        ends[low] = i;
        if (low == length)
            length++;
    }
    return length ? ends[length - 1] : -1;
}

apr_array_header_t *rc_svn_anchors(const rc_svn_lines_t *lines, bool ignore_space, apr_pool_t *pool)
{
    apr_array_header_t *pairs = find_pairs(lines, ignore_space, pool);
    apr_array_header_t *anchors = apr_array_make(pool, 64, sizeof(rc_svn_region_t));
    apr_int64_t at = link_pairs((link_t *)pairs->elts, pairs->nelts, pool);
    int low, high;

    for (; at >= 0; at = APR_ARRAY_IDX(pairs, at, link_t).before) {
        const link_t *pair = &APR_ARRAY_IDX(pairs, at, link_t);

        APR_ARRAY_PUSH(anchors, rc_svn_region_t) = (rc_svn_region_t){pair->old, 1, pair->new, 1};
    }
    for (low = 0, high = anchors->nelts - 1; low < high; low++, high--) {
        rc_svn_region_t *a = &APR_ARRAY_IDX(anchors, low, rc_svn_region_t);
        rc_svn_region_t *b = &APR_ARRAY_IDX(anchors, high, rc_svn_region_t), kept = *a;

        *a = *b;
        *b = kept;
    }
    return anchors;
}
