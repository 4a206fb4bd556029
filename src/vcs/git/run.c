// SPDX-License-Identifier: Apache-2.0
/*
 * Runs git for work inside one repository.
 */
#include "run.h"

#include <apr_portable.h>

#include "env.h"
#include "base/process.h"

#define PATIENCE      apr_time_from_sec(3600)
#define READ_PATIENCE apr_time_from_sec(600)

/* The limits that are checked while a child runs. */
typedef struct watch_t {
    rc_work_t *work;
    apr_pool_t *pool;
    rc_err_t *err;
} watch_t;

static bool work_may_go_on(void *baton)
{
    watch_t *watch = baton;

    watch->err = rc_work_look(watch->work, watch->pool);
    return !watch->err;
}

rc_err_t *rc_git_run(const char *git_dir, const char *const *argv, int lock, rc_work_t *work,
                     apr_pool_t *pool)
{
    watch_t watch = {work, pool, NULL};
    rc_git_env_t *env = rc_git_env(git_dir, git_dir, pool);
    rc_proc_t proc = {
        .argv = argv, .dir = git_dir, .in = -1, .out = -1, .keep = lock, .gentle = true};
    rc_proc_result_t result;

    proc.outlives_us = !work;
    proc.check = work ? work_may_go_on : NULL;
    proc.baton = &watch;
    rc_git_env_config(env, "core.fsync", "committed,reference");
    proc.env = rc_git_env_list(env);
    proc.deadline = rc_clock() + PATIENCE;
    RC_TRY(rc_proc_run(&result, &proc, pool));
    if (result.stopped)
        return watch.err;
    if (result.status == 0)
        return NULL;
    return rc_err_failed(pool, "git %s in %s ended with %s", argv[1], git_dir,
                         rc_proc_end_text(&result, pool));
}

rc_err_t *rc_git_output(apr_file_t *out, apr_off_t max, const char *git_dir,
                        const char *const *argv, rc_work_t *work, apr_pool_t *pool)
{
    watch_t watch = {work, pool, NULL};
    rc_git_env_t *env = rc_git_env(git_dir, git_dir, pool);
    rc_proc_t proc = {.argv = argv,
                      .dir = git_dir,
                      .in = -1,
                      .max_file = max,
                      .check = work_may_go_on,
                      .baton = &watch};
    rc_proc_result_t result;
    apr_os_file_t fd;
    apr_status_t rv;

    if ((rv = apr_os_file_get(&fd, out)))
        return rc_err_internal(pool, rv, "cannot use a file");
    rc_git_env_config(env, "core.bigFileThreshold", "1m"); /* limits memory where possible */
    proc.out = fd;
    proc.env = rc_git_env_list(env);
    proc.deadline = rc_clock() + READ_PATIENCE;
    RC_TRY(rc_proc_run(&result, &proc, pool));
    if (result.stopped)
        return watch.err;
    if (result.status == 0)
        return NULL;
    return rc_err_internal(pool, APR_SUCCESS, "git %s in %s ended with %s", argv[1], git_dir,
                           rc_proc_end_text(&result, pool));
}
