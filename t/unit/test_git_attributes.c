// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the limits on the cost of comparing paths with attribute patterns. (t/3f-web-archive-git.t
 * compares the attributes with git's own.)
 */
#include "unit.h"

#include <apr_strings.h>

#include "vcs/git/attributes.h"
#include "vcs/git/pattern.h"

static rc_git_attributes_t *with_rules(const char *text)
{
    rc_git_attributes_t *attributes = rc_git_attributes_create(pool);
    git_oid id = {{1}};

    ASSERT_OK(rc_git_attributes_add(attributes, &id, text, strlen(text), 0));
    return attributes;
}

static char *repeat(const char *text, int n)
{
    char *all = apr_palloc(pool, strlen(text) * (size_t)n + 1), *end = all;

    for (*all = '\0'; n > 0; n--)
        end = apr_cpystrn(end, text, strlen(text) + 1);
    return all;
}

static bool is_ignored(rc_git_attributes_t *attributes, const char *path)
{
    const char *slash = strrchr(path, '/'), *const * values;

    ASSERT_OK(rc_git_attributes_of(&values, attributes, path, slash ? slash + 1 : path, false));
    return values[RC_GIT_EXPORT_IGNORE] == rc_git_set;
}

/* Patterns like "*.c" are compared at the end of a name, without a step for each character. */
static void endings(void **state)
{
    rc_git_attributes_t *attributes = with_rules("*.c export-ignore\n*x -export-ignore\n");

    (void)state;
    assert_true(is_ignored(attributes, "a.c"));
    assert_true(is_ignored(attributes, "d/.c"));
    assert_false(is_ignored(attributes, "c"));
    assert_false(is_ignored(attributes, "a.c/b"));
    assert_true(is_ignored(with_rules("* export-ignore\n"), "d/a"));
}

/* A path that takes too long to compare is an error, not a result. */
static void one_path(void **state)
{
    const char *rule = apr_pstrcat(pool, "**/", repeat("a/", 500), "x export-ignore\n", NULL);
    rc_git_attributes_t *attributes = with_rules(repeat(rule, 400));
    const char *path = repeat("a/", 2000), *const * values;
    rc_err_t *err;

    (void)state;
    assert_false(is_ignored(attributes, "a/a"));
    err = rc_git_attributes_of(&values, attributes, path, "", false);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_LIMIT);
}

/* git's wildmatch needs exponential time for these. */
static void steps(void **state)
{
    const char *stars = apr_pstrcat(pool, repeat("*a", 200), "b", NULL);
    const char *deep = apr_pstrcat(pool, repeat("**/a/", 200), "b", NULL);
    apr_int64_t left = 1000000;

    (void)state;
    assert_false(rc_git_pattern_match(stars, repeat("a", 4000), &left));
    assert_false(rc_git_pattern_match(deep, repeat("a/", 2000), &left));
    assert_true(left > 0);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(endings), cmocka_unit_test(one_path),
                                          cmocka_unit_test(steps)};

UNIT_MAIN(tests)
