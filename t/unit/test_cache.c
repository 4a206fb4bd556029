// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the cache of finished files: each is made once and shared, and no fault of its directory
 * makes a request fail.
 */
#include "cache_fixture.h"

#include <signal.h>
#include <sys/wait.h>

static void made_once(void **state)
{
    rc_cache_t cache = cache_in("once", 1000);
    maker_t first = {.text = "one"}, second = {.text = "two"};
    struct stat st;

    (void)state;
    assert_got(&cache, "x", &first, "one");
    assert_got(&cache, "x", &second, "one");
    assert_got(&cache, "y", &second, "two");
    assert_int_equal(first.made, 1);
    assert_int_equal(second.made, 1);
    assert_int_equal(stat(cache.dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(file_of(&cache, "x"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_false(is_there(&cache, "x.part"));
}

static void failures_leave_nothing(void **state)
{
    rc_cache_t cache = cache_in("failures", 1000);
    maker_t broken = {.text = "half", .err = rc_err(pool, RC_E_FORBIDDEN, "no")};
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);
    rc_err_t *err = rc_cache_get(spool, &cache, "x", make, &broken, pool);
    maker_t good = {.text = "good"};

    (void)state;
    assert_ptr_equal(err, broken.err);
    assert_int_equal(broken.made, 1);
    assert_int_equal(rc_spool_size(spool), 0);
    assert_false(is_there(&cache, "x"));
    assert_false(is_there(&cache, "x.part"));
    assert_got(&cache, "x", &good, "good");
}

/* Eight processes request the same entry at once; each make takes a while and leaves a mark. */
static void one_maker_among_processes(void **state)
{
    rc_cache_t cache = cache_in("flight", 1000);
    pid_t children[8];
    int i, status, sum = 0;

    (void)state;
    for (i = 0; i < 8; i++)
        if (!(children[i] = fork())) {
            maker_t maker = {.text = "shared", .pause = 200 * 1000};
            rc_spool_t *spool = rc_spool_create(unit_dir, pool);
            rc_err_t *err = rc_cache_get(spool, &cache, "x", make, &maker, pool);

            _exit(err || rc_spool_size(spool) != 6 ? 100 : maker.made);
        }
    for (i = 0; i < 8; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    assert_int_equal(sum, 1);
}

/*
 * Four processes race for each of many files, and for their directories. Making a file takes no
 * time, so that they collide.
 */
static void one_maker_each_time(void **state)
{
    pid_t children[4];
    int i, status, sum = 0;

    (void)state;
    for (i = 0; i < 4; i++)
        if (!(children[i] = fork())) {
            maker_t maker = {.text = "shared"};
            int round;

            for (round = 0; round < 200; round++) {
                rc_cache_t cache = cache_in(apr_psprintf(pool, "races-%d", round / 2), 1 << 20);

                if (rc_cache_get(rc_spool_create(unit_dir, pool), &cache,
                                 apr_psprintf(pool, "%d", round), make, &maker, pool))
                    maker.made = 250;
            }
            _exit(maker.made);
        }
    for (i = 0; i < 4; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    assert_int_equal(sum, 200);
}

static void waiting_has_a_time_limit(void **state)
{
    rc_cache_t cache = cache_in("waiting", 1000);
    maker_t maker = {.text = "slow", .pause = apr_time_from_sec(20)}, other = {.text = "x"};
    rc_err_t *err;
    pid_t child;

    (void)state;
    if (!(child = fork())) {
        rc_cache_get(rc_spool_create(unit_dir, pool), &cache, "x", make, &maker, pool);
        _exit(0);
    }
    while (!is_there(&cache, "x.part"))
        apr_sleep(1000);
    apr_sleep(100 * 1000);
    cache.wait = 50 * 1000;
    err = rc_cache_get(rc_spool_create(unit_dir, pool), &cache, "x", make, &other, pool);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_BUSY);
    assert_int_equal(other.made, 0);

    kill(child, SIGKILL); /* its partial file is left, and the entry is made again */
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(is_there(&cache, "x.part"));
    assert_got(&cache, "x", &other, "x");
    assert_false(is_there(&cache, "x.part"));
}

static void broken_folders(void **state)
{
    rc_cache_t cache = cache_in("broken", 1000);
    maker_t maker = {.text = "text"};

    (void)state;
    cache.dir = in_dir("no/such/place");
    assert_got(&cache, "x", &maker, "text");
    cache.dir = in_dir("a-file");
    put(cache.dir, "");
    assert_got(&cache, "x", &maker, "text");
    cache.dir = "/proc/self";
    assert_got(&cache, "x", &maker, "text");
    cache.dir = NULL;
    assert_got(&cache, "x", &maker, "text");
    cache.dir = in_dir("odd");
    assert_int_equal(mkdir(cache.dir, 0700), 0);
    assert_int_equal(mkdir(file_of(&cache, "x"), 0700), 0);
    assert_got(&cache, "x", &maker, "text");
    assert_int_equal(mkdir(file_of(&cache, "y.part"), 0700), 0);
    assert_got(&cache, "y", &maker, "text");
    assert_int_equal(symlink("/etc/passwd", file_of(&cache, "z")), 0);
    assert_got(&cache, "z", &maker, "text");
    assert_int_equal(maker.made, 7);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(made_once),
    cmocka_unit_test(failures_leave_nothing),
    cmocka_unit_test(waiting_has_a_time_limit),
    cmocka_unit_test(one_maker_among_processes),
    cmocka_unit_test(one_maker_each_time),
    cmocka_unit_test(broken_folders),
};

UNIT_MAIN(tests)
