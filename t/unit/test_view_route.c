// SPDX-License-Identifier: Apache-2.0
/*
 * Tests which views a URL can name, and in which order they are tried.
 */
#include "unit.h"

#include "faces/raw/view.h"

/* Returns "repository|revision ..." for all readings of the path. */
static const char *readings(const char *path)
{
    apr_array_header_t *routes = rc_view_routes(&rc_raw_views, path, pool);
    const char *text = "";
    int i;

    for (i = 0; i < routes->nelts; i++) {
        const rc_view_route_t *route = &APR_ARRAY_IDX(routes, i, rc_view_route_t);
        const char *repo = route->repo;

        if (!repo)
            repo = apr_psprintf(pool, "#%" APR_INT64_T_FMT, route->repo_id);
        text = apr_pstrcat(pool, text, *text ? " " : "", repo, "|", route->rev, NULL);
    }
    return text;
}

static void splitting(void **state)
{
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"/", ""},
        {"/r", ""},
        {"/r/changeset-diff", ""},
        {"/r/changeset-diff/", ""},
        {"/changeset-diff/tip", ""},
        {"//changeset-diff/tip", ""},
        {"/r/changeset-diff/tip", "r|tip"},
        {"/r/raw-changeset/tip", "r|tip"},
        {"/r/changeset-diff/tip/", ""},
        {"/r/changeset-diff/tip/x", ""},
        {"/r/changeset-diffs/tip", ""},
        {"/r/changeset-dif/tip", ""},
        {"/r/Changeset-Diff/tip", ""},
        {"/a/b/c/changeset-diff/1...2", "a/b/c|1...2"},
        {"/_12/changeset-diff/tip", "#12|tip"},
        {"/_12/any/thing/changeset-diff/tip", "#12|tip"},
        {"/_12x/changeset-diff/tip", "_12x|tip"},
        {"/_/changeset-diff/tip", "_|tip"},
        {"/_99999999999999999999/changeset-diff/tip", "_99999999999999999999|tip"},
        {"/r/changeset-diff/a/changeset-diff/b", "r/changeset-diff/a|b"},
        {"/changeset-diff/changeset-diff/changeset-diff", "changeset-diff|changeset-diff"},
        {"/_admin/changeset-diff/tip", ""},
        {"/_admin/x/changeset-diff/tip", ""},
        {"/_administrator/changeset-diff/tip", "_administrator|tip"},
        {"/r/changeset-diff/..", "r|.."},
        {"/a%2Fb/changeset-diff/fix%2f7", "a/b|fix/7"},
        {"/_12%2Fx/changeset-diff/a%2Fb%2Fc", "#12|a/b/c"},
        {"/r/changeset-diff%2Ftip", ""},
        {"/r%2Fchangeset-diff/tip", ""},
        {"/r/changeset-diff/a%252Fb", "r|a%2Fb"},
        {"/r%20x/changeset-diff/%e4%zz%00", "r x|\344%zz%00"},
        {"/r+x/changeset-diff/a+b", "r+x|a+b"},
        {"/_admin%2Fx/changeset-diff/tip", ""},
        {"/%5Fadmin/x/changeset-diff/tip", ""},
        {"/_12/changeset-diff/a/changeset-diff/b", "#12|b"},
        {"/r/raw/tip/a", "r|tip"},
        {"/r/raw/tip", "r|tip"},
        {"/r/raw/", ""},
        {"/r/raw/a/raw/b", "r/raw/a|b r|a"},
        {"/r/raw/a/raw/b/rawfile/c/d", "r/raw/a/raw/b|c r/raw/a|b r|a"},
        {"/_12/x/raw/a/raw/b", "#12|a"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        if (strcmp(readings(rows[i].path), rows[i].want))
            fail_msg("%s: %s", rows[i].path, readings(rows[i].path));
}

/* A URL that is made to have many readings costs a limited number of lookups, and keeps the right
 * one. */
static void bounded(void **state)
{
    const char *path = "/r", *deep = "/r";
    apr_array_header_t *routes;
    int i;

    (void)state;
    for (i = 0; i < 400; i++)
        path = apr_pstrcat(pool, path, "/changeset-diff/x", NULL);
    assert_true(rc_view_routes(&rc_raw_views, path, pool)->nelts <= 16);
    for (i = 0; i < 2000; i++)
        deep = apr_pstrcat(pool, deep, "/raw", NULL);
    routes = rc_view_routes(&rc_raw_views, deep, pool);
    assert_true(routes->nelts <= 64);
    assert_string_equal(APR_ARRAY_IDX(routes, routes->nelts - 1, rc_view_route_t).repo, "r");
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(splitting), cmocka_unit_test(bounded)};

UNIT_MAIN(tests)
