// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the index that a file of FSFS ends with since format 7: where each item of each revision
 * begins. (subversion/libsvn_fs_fs/structure-indexes describes it.) An index that is damaged, so
 * that libsvn would not read it either, yields no items.
 */
#include "items.h"

#include <string.h>

#include <apr_strings.h>

#define PREFIX "L2P-INDEX\n"

/* Numbers of 7 bits a byte, the lowest first. */
typedef struct numbers_t {
    const unsigned char *p, *end;
    bool bad;
} numbers_t;

static apr_uint64_t next_number(numbers_t *at)
{
    apr_uint64_t value = 0;
    int shift;

    for (shift = 0; at->p < at->end && shift < 64; shift += 7) {
        unsigned char byte = *at->p++;

        value |= (apr_uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    at->bad = true;
    return 0;
}

static void leave_out(numbers_t *at, apr_uint64_t n)
{
    for (; n && !at->bad; n--)
        next_number(at);
}

/* The last byte is the length of a text: where both indexes begin, and their checksums. The first
 * one ends where the second one begins. */
static bool find_index(numbers_t *index, const rc_svn_revs_t *revs, apr_pool_t *pool)
{
    apr_size_t len = revs->len ? (unsigned char)revs->data[revs->len - 1] : 0;
    char *text, *word, *last;
    apr_int64_t from, to;

    if (!len || len >= revs->len)
        return false;
    text = apr_pstrmemdup(pool, revs->data + revs->len - 1 - len, len);
    if (!(word = apr_strtok(text, " ", &last)))
        return false;
    from = apr_atoi64(word);
    if (!apr_strtok(NULL, " ", &last) || !(word = apr_strtok(NULL, " ", &last)))
        return false;
    to = apr_atoi64(word);
    if (from < 0 || to <= from || to > (apr_int64_t)revs->len ||
        to - from < (apr_int64_t)strlen(PREFIX) ||
        memcmp(revs->data + from, PREFIX, strlen(PREFIX)) != 0)
        return false;
    index->p = (const unsigned char *)revs->data + from + strlen(PREFIX);
    index->end = (const unsigned char *)revs->data + to;
    index->bad = false;
    return true;
}

/* Passes the items of one page; each offset is stored as the difference to the one before. */
static void each_of_page(numbers_t page, apr_uint64_t entries, const rc_svn_revs_t *revs,
                         svn_revnum_t rev, void (*fn)(void *, svn_revnum_t, apr_size_t),
                         void *baton)
{
    apr_uint64_t place = 0, step;

    for (; entries && !page.bad; entries--) {
        step = next_number(&page);
        place += step % 2 ? ~(step / 2) : step / 2; /* modulo 2^64 */
        if (!page.bad && place && place - 1 < revs->len)
            fn(baton, rev, (apr_size_t)place - 1);
    }
}

void rc_svn_each_item(const rc_svn_revs_t *revs, void (*fn)(void *, svn_revnum_t, apr_size_t),
                      void *baton, apr_pool_t *scratch)
{
    numbers_t counts, sizes, page;
    apr_uint64_t first, n, pages, left, entries, i;

    if (!find_index(&counts, revs, scratch))
        return;
    first = next_number(&counts);
    next_number(&counts); /* entries of a full page */
    n = next_number(&counts);
    pages = next_number(&counts);
    if (counts.bad || first != (apr_uint64_t)revs->first || n != (apr_uint64_t)revs->count)
        return;
    sizes = counts;
    leave_out(&sizes, n);
    page = sizes;
    leave_out(&page, pages);
    leave_out(&page, pages);
    for (i = 0; i < n && !page.bad; i++)
        for (left = next_number(&counts); left && !page.bad; left--) {
            apr_uint64_t size = next_number(&sizes);

            entries = next_number(&sizes);
            page.bad = sizes.bad || size > (apr_uint64_t)(page.end - page.p);
            if (page.bad)
                return;
            each_of_page((numbers_t){page.p, page.p + size, false}, entries, revs,
                         revs->first + (svn_revnum_t)i, fn, baton);
            page.p += size;
        }
}
