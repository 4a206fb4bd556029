// SPDX-License-Identifier: Apache-2.0
/*
 * Tests shadows of Mercurial repositories: what they share, when they take the repository's place,
 * and when not.
 */
#include "unit.h"

#include <sys/stat.h>

#include "vcs/hg/shadow.h"

/* Makes an empty repository and its shadow. */
static rc_hg_shadow_t *shadow_of(const char *name)
{
    const char *path = in_dir(name), *dir = in_dir(apr_pstrcat(pool, name, ".work", NULL));
    rc_hg_shadow_t *shadow;

    ASSERT_OK(rc_hg_create(path, pool));
    assert_int_equal(mkdir(dir, 0700), 0);
    ASSERT_OK(rc_hg_shadow_make(&shadow, path, dir, NULL, pool));
    return shadow;
}

static void write_below(const char *path, const char *name, const char *text)
{
    write_text(apr_pstrcat(pool, path, name, NULL), text);
}

static ino_t inode_of(const char *path, const char *name)
{
    struct stat st;

    assert_int_equal(lstat(apr_pstrcat(pool, path, name, NULL), &st), 0);
    return st.st_ino;
}

static void assert_fails(rc_err_t *err, const char *detail)
{
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_FAILED);
    assert_string_equal(err->detail, detail);
}

static void takes_the_place(void **unused)
{
    rc_hg_shadow_t *shadow = shadow_of("one");
    ino_t was = inode_of(shadow->path, "/.hg"), is = inode_of(shadow->copy, "/.hg");

    (void)unused;
    assert_int_equal(inode_of(shadow->path, "/.hg/requires"),
                     inode_of(shadow->copy, "/.hg/requires"));
    write_below(shadow->copy, "/.hg/bookmarks", "");
    ASSERT_OK(rc_hg_shadow_publish(shadow));
    assert_int_equal(inode_of(shadow->path, "/.hg"), is);
    assert_int_equal(inode_of(shadow->copy, "/.hg"), was);
    assert_int_equal(access(apr_pstrcat(pool, shadow->path, "/.hg/bookmarks", NULL), F_OK), 0);
    assert_false(rc_hg_is_locked(&shadow->layout, pool));
}

static void others_have_written(void **unused)
{
    rc_hg_shadow_t *shadow = shadow_of("two");
    ino_t was = inode_of(shadow->path, "/.hg");

    (void)unused;
    write_below(shadow->path, "/.hg/cache/tags2", "a reader writes caches");
    write_below(shadow->path, "/.hg/store/phaseroots", "");
    assert_fails(rc_hg_shadow_publish(shadow),
                 apr_psprintf(pool, "somebody else has changed %s meanwhile", shadow->path));
    assert_int_equal(inode_of(shadow->path, "/.hg"), was);
    assert_false(rc_hg_is_locked(&shadow->layout, pool));
}

static void caches_may_change(void **unused)
{
    rc_hg_shadow_t *shadow = shadow_of("three");

    (void)unused;
    write_below(shadow->path, "/.hg/cache/tags2", "a reader writes caches");
    ASSERT_OK(rc_hg_shadow_publish(shadow));
}

static void requirement_came(void **unused)
{
    rc_hg_shadow_t *shadow = shadow_of("four");

    (void)unused;
    assert_int_equal(unlink(apr_pstrcat(pool, shadow->copy, "/.hg/requires", NULL)), 0);
    write_below(shadow->copy, "/.hg/requires", "revlogv1\nstore\nlfs\n");
    assert_fails(rc_hg_shadow_publish(shadow),
                 apr_psprintf(pool,
                              "%s is a Mercurial repository with the requirement lfs, which is not "
                              "supported",
                              shadow->path));
}

static void gone(void **unused)
{
    rc_hg_shadow_t *shadow;

    (void)unused;
    assert_fails(rc_hg_shadow_make(&shadow, in_dir("none"), in_dir("none.work"), NULL, pool),
                 apr_psprintf(pool, "%s is gone", in_dir("none")));
}

static const struct CMUnitTest all[] = {cmocka_unit_test(takes_the_place),
                                        cmocka_unit_test(others_have_written),
                                        cmocka_unit_test(caches_may_change),
                                        cmocka_unit_test(requirement_came), cmocka_unit_test(gone)};

UNIT_MAIN(all)
