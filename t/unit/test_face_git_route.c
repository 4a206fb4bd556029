// SPDX-License-Identifier: Apache-2.0
/*
 * Tests what URLs of git mean.
 */
#include "unit.h"

#include "faces/git/route.h"

static const char *const whats[] = {"refs", "fetch", "push", "archive", "dumb", "lfs"};

/* Returns "what name name ...", or "" when the path is none of git's. */
static const char *meaning(const char *path)
{
    rc_face_git_route_t route;
    const char *text;
    int i;

    if (!rc_face_git_route(&route, path, pool))
        return "";
    text = whats[route.what];
    for (i = 0; i < route.n_repos; i++)
        text = route.repos[i].name
                   ? apr_pstrcat(pool, text, " ", route.repos[i].name, NULL)
                   : apr_psprintf(pool, "%s #%" APR_INT64_T_FMT, text, route.repos[i].id);
    return text;
}

static void shapes(void **state)
{
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"/r/info/refs", "refs r"},
        {"/g/h/r/info/refs", "refs g/h/r"},
        {"/g%2Fr/info/refs", "refs g/r"},
        {"/r%20x/git-upload-pack", "fetch r x"},
        {"/r/git-receive-pack", "push r"},
        {"/r/git-upload-archive", "archive r"},
        {"/r/HEAD", "dumb r"},
        {"/r/objects/info/packs", "dumb r"},
        {"/r/objects/ab/cdef", "dumb r"},
        {"/r/objects/objects/ab/cdef", "dumb r/objects"},
        {"/r/objects/ab", ""},
        {"/r/objects/ab/cd/ef", ""},
        {"/r/info/lfs", "lfs r"},
        {"/r/info/lfs/locks", "lfs r"},
        {"/r/info/lfs/objects/batch", "lfs r"},
        {"/r/info/lfs/locks/7/unlock", "lfs r"},
        {"/r/info/lfs/a/b/c/d", ""},
        {"/r.git/info/refs", "refs r.git r"},
        {"/r.git.git/info/refs", "refs r.git.git r.git"},
        {"/r.git/HEAD", "dumb r.git r"},
        {"/.git/info/refs", "refs .git"},
        {"/_12/info/refs", "refs #12"},
        {"/_12/any/thing/info/refs", "refs #12"},
        {"/_12%2Fx/info/refs", "refs #12"},
        {"/_12.git/info/refs", "refs _12.git #12"},
        {"/_12x/info/refs", "refs _12x"},
        {"/_admin/info/refs", ""},
        {"/_admin/gists/info/refs", ""},
        {"/%5Fadmin/x/info/refs", ""},
        {"/_admin.git/info/refs", "refs _admin.git"},
        {"/info/refs", ""},
        {"//info/refs", ""},
        {"/git-upload-pack", ""},
        {"/HEAD", ""},
        {"/r/info/refs/", ""},
        {"/r/info/refsx", ""},
        {"/r/xinfo/refs", ""},
        {"/r/Info/refs", ""},
        {"/r/info%2Frefs", ""},
        {"/r/git-upload-pack/x", ""},
        {"/", ""},
        {"", ""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        if (strcmp(meaning(rows[i].path), rows[i].want))
            fail_msg("%s: '%s', not '%s'", rows[i].path, meaning(rows[i].path), rows[i].want);
}

static void long_names(void **state)
{
    char name[256 + 1] = {0};

    (void)state;
    memset(name, 'a', 255);
    assert_string_equal(meaning(apr_pstrcat(pool, "/", name, "/info/refs", NULL)),
                        apr_pstrcat(pool, "refs ", name, NULL));
    name[255] = 'a';
    assert_string_equal(meaning(apr_pstrcat(pool, "/", name, "/info/refs", NULL)), "");
}

static void methods(void **state)
{
    rc_face_git_route_t route;

    (void)state;
    assert_true(rc_face_git_route(&route, "/r/info/refs", pool));
    assert_true(rc_face_git_has_method(&route, "GET"));
    assert_true(rc_face_git_has_method(&route, "HEAD"));
    assert_false(rc_face_git_has_method(&route, "POST"));
    assert_false(rc_face_git_has_method(&route, "HEA"));
    assert_false(rc_face_git_has_method(&route, ""));
    assert_true(rc_face_git_route(&route, "/r/git-upload-pack", pool));
    assert_true(rc_face_git_has_method(&route, "POST"));
    assert_false(rc_face_git_has_method(&route, "GET"));
    assert_true(rc_face_git_route(&route, "/r/info/lfs", pool));
    assert_true(rc_face_git_has_method(&route, "PATCH"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(shapes),
    cmocka_unit_test(long_names),
    cmocka_unit_test(methods),
};

UNIT_MAIN(tests)
