// SPDX-License-Identifier: Apache-2.0
/*
 * Tests how the Subversion back end compares texts: the differences that it finds turn one text
 * into the other, whether libsvn compares all of it or parts between unique lines.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "vcs/svn/text.h"

#define ROUNDS 400

static unsigned state = 7;

static unsigned pick(unsigned n)
{
    state = state * 1103515245u + 12345u;
    return (state >> 16) % n;
}

/* Returns @a n lines of one of @a kinds kinds; the last may lack its end. */
static const char *random_text(int n, unsigned kinds, apr_pool_t *p)
{
    char *text = apr_palloc(p, (apr_size_t)n * 12 + 1), *end = text;
    int i;

    for (i = 0; i < n; i++)
        end += apr_snprintf(end, 12, "%u%s\n", pick(kinds), pick(4) ? "" : " ");
    if (n && !pick(5))
        end--;
    *end = '\0';
    return text;
}

static const char *line_after(const char *p)
{
    const char *end = strchr(p, '\n');

    return end ? end + 1 : p + strlen(p);
}

static const char *skip_lines(const char *p, apr_int64_t n)
{
    while (n-- > 0 && *p)
        p = line_after(p);
    return p;
}

/* Builds the new text from the old one, and from the new lines of the regions alone. */
static const char *apply(const char *old, const char *new, const apr_array_header_t *regions,
                         apr_pool_t *p)
{
    const char *out = "", *at = old;
    apr_int64_t line = 0;
    int i;

    for (i = 0; i < regions->nelts; i++) {
        const rc_svn_region_t *region = &APR_ARRAY_IDX(regions, i, rc_svn_region_t);
        const char *kept = skip_lines(at, region->old_at - line);
        const char *added = skip_lines(new, region->new_at);

        assert_true(region->old_at >= line);
        out = apr_pstrcat(
            p, out, apr_pstrmemdup(p, at, (apr_size_t)(kept - at)),
            apr_pstrmemdup(p, added, (apr_size_t)(skip_lines(added, region->new_n) - added)), NULL);
        at = skip_lines(kept, region->old_n);
        line = region->old_at + region->old_n;
    }
    return apr_pstrcat(p, out, at, NULL);
}

static apr_array_header_t *regions_of(const char *old, const char *new, bool ignore, apr_pool_t *p)
{
    rc_svn_text_t before = {old, strlen(old)}, after = {new, strlen(new)};
    rc_svn_compare_t compare = {.ignore_space = ignore, .err_pool = p, .pool = p};
    apr_array_header_t *regions;

    ASSERT_OK(rc_svn_regions(&regions, &before, &after, &compare));
    return regions;
}

static void near_texts(void **unused)
{
    int i;

    (void)unused;
    for (i = 0; i < ROUNDS; i++) {
        apr_pool_t *p;
        const char *old, *new;

        apr_pool_create(&p, pool);
        old = random_text((int)pick(40), 6, p);
        new = random_text((int)pick(40), 6, p);
        assert_string_equal(apply(old, new, regions_of(old, new, false, p), p), new);
        assert_int_equal(regions_of(old, old, false, p)->nelts, 0);
        apr_pool_destroy(p);
    }
}

/* 20,000 lines each: more than libsvn is given at once. */
static void far_texts(void **unused)
{
    const char *old = random_text(20000, 1000000, pool), *half = skip_lines(old, 10000);
    const char *new = apr_pstrcat(pool, half, "moved\n", old, NULL);
    const char *other = random_text(20000, 3, pool);
    apr_array_header_t *regions;

    (void)unused;
    assert_string_equal(apply(old, new, regions_of(old, new, false, pool), pool), new);
    assert_string_equal(apply(old, other, regions_of(old, other, false, pool), pool), other);
    new = apr_pstrcat(pool, "first\n", old, "\nlast\n", NULL);
    regions = regions_of(old, new, false, pool);
    assert_true(regions->nelts <= 2);
}

static void blanks(void **unused)
{
    (void)unused;
    assert_int_equal(regions_of("a b\nc\n", "ab\n c \n", true, pool)->nelts, 0);
    assert_int_equal(regions_of("a b\nc\n", "ab\n c \n", false, pool)->nelts, 1);
    assert_int_equal(regions_of("a\n\n", "a\n", true, pool)->nelts, 1);
    assert_int_equal(regions_of("a\r\nb", "a\nb\n", true, pool)->nelts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(near_texts), cmocka_unit_test(far_texts),
                                       cmocka_unit_test(blanks)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
