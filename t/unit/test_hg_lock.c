// SPDX-License-Identifier: Apache-2.0
/*
 * Tests hg's lock of a store: who holds it, how long is waited for it, and when it is released.
 */
#include "unit.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "vcs/hg/lock.h"

static void held_and_released(void **unused)
{
    const char *store = in_dir("held"), *path = in_dir("held/lock");
    char target[300];
    apr_pool_t *holder;
    ssize_t len;

    (void)unused;
    assert_int_equal(mkdir(store, 0700), 0);
    apr_pool_create(&holder, pool);
    ASSERT_OK(rc_hg_lock(path, 0, NULL, holder));
    len = readlink(path, target, sizeof(target) - 1);
    assert_true(len > 0);
    target[len] = '\0';
    /* "host/namespace:process", or without the namespace */
    assert_string_equal(strrchr(target, ':'), apr_psprintf(pool, ":%ld", (long)getpid()));
    apr_pool_destroy(holder);
    assert_int_equal(readlink(path, target, sizeof(target)), -1);
}

/* The repository of a lock was replaced, and somebody has locked the new one. */
static void replaced(void **unused)
{
    const char *path = in_dir("replaced/lock");
    apr_pool_t *holder;

    (void)unused;
    assert_int_equal(mkdir(in_dir("replaced"), 0700), 0);
    apr_pool_create(&holder, pool);
    ASSERT_OK(rc_hg_lock(path, 0, NULL, holder));
    assert_int_equal(rename(path, in_dir("replaced/old")), 0);
    assert_int_equal(symlink("elsewhere:1", path), 0);
    apr_pool_destroy(holder);
    assert_int_equal(unlink(path), 0);
}

static void waited_for(void **unused)
{
    const char *store = in_dir("busy"), *path = in_dir("busy/lock");
    rc_err_t *err;

    (void)unused;
    assert_int_equal(mkdir(store, 0700), 0);
    assert_int_equal(symlink("elsewhere:1", path), 0);
    err = rc_hg_lock(path, apr_time_from_msec(120), NULL, pool);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_FAILED);
    assert_string_equal(err->detail, apr_psprintf(pool, "hg holds the lock %s", path));
    assert_int_equal(access(path, F_OK), -1); /* it leads nowhere, */
    assert_int_equal(unlink(path), 0);        /* and still exists */
    err = rc_hg_lock(in_dir("none/lock"), 0, NULL, pool);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_INTERNAL);
}

/* Takes the lock of @a holder, which is broken when nobody can hold it any more. */
static void left_by(const char *path, const char *holder, bool broken)
{
    char target[300] = "";
    apr_pool_t *own;
    rc_err_t *err;

    apr_pool_create(&own, pool);
    assert_int_equal(symlink(holder, path), 0);
    err = rc_hg_lock(path, apr_time_from_msec(60), NULL, own);
    assert_int_equal(err == NULL, broken);
    assert_true(readlink(path, target, sizeof(target) - 1) > 0);
    assert_int_equal(strcmp(target, holder) == 0, !broken);
    apr_pool_destroy(own);
    unlink(path);
    assert_int_equal(unlink(apr_pstrcat(pool, path, ".break", NULL)), -1);
}

static void left_behind(void **unused)
{
    const char *store = in_dir("left"), *path = in_dir("left/lock");
    char self[300] = "", *colon;
    apr_pool_t *holder;
    pid_t ended = fork();

    (void)unused;
    if (!ended)
        _exit(0);
    assert_int_equal(waitpid(ended, NULL, 0), ended);
    assert_int_equal(mkdir(store, 0700), 0);
    apr_pool_create(&holder, pool);
    ASSERT_OK(rc_hg_lock(path, 0, NULL, holder));
    assert_true(readlink(path, self, sizeof(self) - 1) > 0);
    apr_pool_destroy(holder);
    colon = strrchr(self, ':');
    *colon = '\0';
    left_by(path, apr_psprintf(pool, "%s:%ld", self, (long)ended), true);
    left_by(path, apr_psprintf(pool, "%s:%ld", self, (long)getpid()), false);
    left_by(path, apr_psprintf(pool, "x%s:%ld", self, (long)ended), false);
    left_by(path, apr_psprintf(pool, "%s:", self), false);
    left_by(path, "nobody", false);
}

static const struct CMUnitTest all[] = {cmocka_unit_test(held_and_released),
                                        cmocka_unit_test(replaced), cmocka_unit_test(waited_for),
                                        cmocka_unit_test(left_behind)};

UNIT_MAIN(all)
