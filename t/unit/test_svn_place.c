// SPDX-License-Identifier: Apache-2.0
/*
 * Tests that what is read of a Subversion repository is no other one's, which has got its place.
 */
#include "unit.h"

#include "vcs/library.h"
#include "vcs/vcs.h"

static rc_err_t *no_item(void *baton, const rc_item_t *item)
{
    (void)baton;
    (void)item;
    fail();
    return NULL;
}

static void moved(void **unused)
{
    const char *path = in_dir("r");
    rc_vcs_pool_t *handles;
    rc_vcs_t *vcs;
    rc_err_t *err;

    (void)unused;
    ASSERT_OK(rc_vcs_startup(pool));
    ASSERT_OK(rc_vcs_pool_create(&handles, 1, pool));
    ASSERT_OK(rc_vcs_create("svn", path, pool));
    ASSERT_OK(rc_vcs_open(&vcs, handles, "svn", path, NULL, pool));
    ASSERT_OK(rc_vcs_export(vcs, "0", "", unit_dir, no_item, NULL, pool));
    assert_int_equal(rename(path, in_dir("away")), 0);
    ASSERT_OK(rc_vcs_create("svn", path, pool));
    err = rc_vcs_export(vcs, "0", "", unit_dir, no_item, NULL, pool);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_INTERNAL);
    assert_non_null(strstr(rc_err_log_text(err, pool), "/r was moved"));
}

static const struct CMUnitTest all[] = {cmocka_unit_test(moved)};

UNIT_MAIN(all)
