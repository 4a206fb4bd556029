// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the cost limits of an answer, and the limiter behind them: each limit ends the work with
 * its own error, slots are released with their pool, and threads together never exceed the limit.
 */
#include "unit.h"

#include <pthread.h>

#include "base/time.h"
#include "base/work.h"

static void amounts_are_released_with_their_pool(void **state)
{
    apr_pool_t *use;
    rc_limit_t *limit = rc_limit_create(10, "come again", pool);
    rc_err_t *err;

    (void)state;
    apr_pool_create(&use, pool);
    ASSERT_OK(rc_limit_take(limit, 7, use));
    err = rc_limit_take(limit, 4, use);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_BUSY);
    assert_string_equal(err->msg, "come again");
    ASSERT_OK(rc_limit_take(limit, 3, use));
    assert_int_equal(rc_limit_used(limit), 10);
    apr_pool_destroy(use);
    assert_int_equal(rc_limit_used(limit), 0);
    assert_false(rc_limit_add(limit, 11));
    assert_true(rc_limit_add(limit, 10));
    rc_limit_give(limit, 10);
}

static void no_limit(void **state)
{
    rc_limit_t *limit = rc_limit_create(0, "", pool);

    (void)state;
    ASSERT_OK(rc_limit_take(limit, APR_INT64_MAX, pool));
    assert_non_null(rc_limit_take(limit, 1, pool));
}

#define THREADS 4

static int most;

static void *take_and_give(void *limit)
{
    int i;

    for (i = 0; i < 20000; i++)
        if (rc_limit_add(limit, 1)) {
            int used = (int)rc_limit_used(limit);

            if (used > __atomic_load_n(&most, __ATOMIC_RELAXED))
                __atomic_store_n(&most, used, __ATOMIC_RELAXED);
            rc_limit_give(limit, 1);
        }
    return NULL;
}

static void threads_share_it(void **state)
{
    rc_limit_t *limit = rc_limit_create(THREADS - 1, "", pool);
    pthread_t threads[THREADS];
    int i;

    (void)state;
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, limit), 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(most < THREADS);
    assert_int_equal(rc_limit_used(limit), 0);
}

static void bad(rc_err_kind_t kind, rc_err_t *err)
{
    assert_non_null(err);
    assert_int_equal(err->kind, kind);
}

static void contents_and_entries_are_counted(void **state)
{
    rc_work_t work;

    (void)state;
    rc_work_begin(&work, pool);
    ASSERT_OK(rc_work_spend(&work, RC_WORK_CHEAP * 100, pool));
    work.bytes = 100;
    ASSERT_OK(rc_work_spend(&work, 60, pool));
    bad(RC_E_LIMIT, rc_work_spend(&work, 41, pool));
    ASSERT_OK(rc_work_spend(&work, 40, pool));
    work.entries = 1;
    ASSERT_OK(rc_work_entry(&work, pool));
    bad(RC_E_LIMIT, rc_work_entry(&work, pool));
    ASSERT_OK(rc_work_spend(NULL, 1, pool));
    ASSERT_OK(rc_work_entry(NULL, pool));
    ASSERT_OK(rc_work_costly(NULL, pool));
    ASSERT_OK(rc_work_look(NULL, pool));
}

/* The sum counts, however small each part is; a slot is acquired only once. */
static void costly_work_takes_a_slot(void **state)
{
    apr_pool_t *answer;
    rc_limit_t *places = rc_limit_create(1, "all taken", pool);
    rc_work_t first, second;

    (void)state;
    apr_pool_create(&answer, pool);
    rc_work_begin(&first, answer);
    rc_work_begin(&second, pool);
    first.expensive = second.expensive = places;
    ASSERT_OK(rc_work_spend(&first, RC_WORK_CHEAP - 1, pool));
    assert_int_equal(rc_limit_used(places), 0);
    ASSERT_OK(rc_work_spend(&first, 2, pool));
    ASSERT_OK(rc_work_spend(&first, 2, pool));
    assert_int_equal(rc_limit_used(places), 1);
    bad(RC_E_BUSY, rc_work_spend(&second, RC_WORK_CHEAP + 1, pool));
    apr_pool_destroy(answer);
    ASSERT_OK(rc_work_costly(&second, pool));
}

static bool left(void *baton)
{
    ++*(int *)baton;
    return true;
}

static void deadline_and_disconnect_end_the_work(void **state)
{
    int asked = 0, i;
    rc_work_t work;

    (void)state;
    rc_work_begin(&work, pool);
    rc_work_set_time(&work, apr_time_from_sec(3600));
    ASSERT_OK(rc_work_spend(&work, 0, pool));
    work.deadline = rc_clock() - 1;
    bad(RC_E_LIMIT, rc_work_look(&work, pool));
    rc_work_set_time(&work, 0);
    ASSERT_OK(rc_work_look(&work, pool));
    work.gone = left;
    work.baton = &asked;
    work.next_look = APR_INT64_MAX;
    for (i = 0; i < 10; i++)
        ASSERT_OK(rc_work_spend(&work, 0, pool)); /* not yet */
    assert_int_equal(asked, 0);
    work.next_look = 0;
    bad(RC_E_GONE, rc_work_spend(&work, 0, pool));
    assert_int_equal(asked, 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(amounts_are_released_with_their_pool),
    cmocka_unit_test(no_limit),
    cmocka_unit_test(threads_share_it),
    cmocka_unit_test(contents_and_entries_are_counted),
    cmocka_unit_test(costly_work_takes_a_slot),
    cmocka_unit_test(deadline_and_disconnect_end_the_work),
};

UNIT_MAIN(tests)
