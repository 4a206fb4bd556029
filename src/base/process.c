// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a program and waits for its end.
 */
#include "base/process.h"

#include <poll.h>

#include <apr_strings.h>

#include "spawn.h"

static void sleep_until_something(rc_run_t *run, apr_time_t until)
{
    struct pollfd fds[2] = {{.fd = run->text_fd, .events = POLLIN},
                            {.fd = run->pid_fd, .events = POLLIN}};
    apr_time_t wait = until - rc_clock();

    if (run->pid_fd < 0 && wait > RC_RUN_BLIND_WAIT)
        wait = RC_RUN_BLIND_WAIT;
    if (wait > 0)
        poll(fds, 2, (int)apr_time_as_msec(wait) + 1);
}

/* Waits until the program ends, the deadline passes, or check() returns false. */
static void attend(rc_run_t *run)
{
    const rc_proc_t *proc = run->proc;
    apr_time_t next_check = rc_clock() + RC_RUN_CHECK_EVERY;

    while (!rc_run_has_ended(run)) {
        apr_time_t now = rc_clock();

        run->timed_out = now >= proc->deadline;
        if (!run->timed_out && now >= next_check) {
            run->stopped = proc->check && !proc->check(proc->baton);
            next_check = now + RC_RUN_CHECK_EVERY;
        }
        if (run->timed_out || run->stopped)
            return;
        sleep_until_something(run, next_check < proc->deadline ? next_check : proc->deadline);
        rc_run_read_text(run);
    }
}

static rc_err_t *run_it(rc_run_t *run, apr_pool_t *pool)
{
    rc_err_t *err = rc_run_start(run, false, pool);

    if (!err)
        attend(run);
    rc_run_finish(run);
    return err ? err : rc_run_lost(run, pool);
}

rc_err_t *rc_proc_run(rc_proc_result_t *result, const rc_proc_t *proc, apr_pool_t *pool)
{
    rc_run_t *run = rc_run_create(proc, pool);
    rc_err_t *err = run_it(run, pool);

    rc_run_close(run);
    rc_run_result(result, run, pool);
    return err;
}

const char *rc_proc_end_text(const rc_proc_result_t *result, apr_pool_t *pool)
{
    return result->signal ? apr_psprintf(pool, "signal %d: %s", result->signal, result->text)
                          : apr_psprintf(pool, "status %d: %s", result->status, result->text);
}

rc_err_t *rc_proc_judge(const rc_proc_result_t *result, const char *program, bool status,
                        apr_pool_t *pool)
{
    if (result->timed_out)
        return rc_err_busy(pool, "%s: the deadline passed: %s", program, result->text);
    if (result->stopped)
        return rc_err(pool, RC_E_GONE, "the client has left");
    if (result->signal || (status && result->status))
        return rc_err_internal(pool, APR_SUCCESS, "%s ended with %s", program,
                               rc_proc_end_text(result, pool));
    return NULL;
}
