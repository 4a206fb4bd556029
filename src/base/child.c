// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a program whose input and output the caller handles in pieces. Only rc_child_wait and
 * rc_child_end block, until the deadline at most.
 */
#include "base/process.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spawn.h"

struct rc_child_t {
    rc_proc_t proc;
    rc_run_t *run;
    bool over; /* reaped */
    apr_time_t next_check;
};

static apr_status_t end_with_pool(void *baton)
{
    rc_child_t *child = baton;

    if (!child->over) {
        child->run->stopped = true;
        rc_run_finish(child->run);
    }
    child->over = true;
    rc_run_close(child->run);
    return APR_SUCCESS;
}

static rc_err_t *start(rc_child_t **out, const rc_proc_t *proc, bool piped, apr_pool_t *pool)
{
    rc_child_t *child = apr_pcalloc(pool, sizeof(*child));

    child->proc = *proc;
    child->run = rc_run_create(&child->proc, pool);
    apr_pool_cleanup_register(pool, child, end_with_pool, apr_pool_cleanup_null);
    RC_TRY(rc_run_start(child->run, piped, pool));
    child->next_check = rc_clock() + RC_RUN_CHECK_EVERY;
    *out = child;
    return NULL;
}

rc_err_t *rc_child_start(rc_child_t **child, const rc_proc_t *proc, apr_pool_t *pool)
{
    return start(child, proc, true, pool);
}

rc_err_t *rc_child_start_given(rc_child_t **child, const rc_proc_t *proc, apr_pool_t *pool)
{
    return start(child, proc, false, pool);
}

bool rc_child_has_ended(rc_child_t *child)
{
    return child->over || rc_run_has_ended(child->run);
}

static rc_child_io_t no_bytes(void)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return RC_CHILD_LATER;
    return errno == EPIPE || errno == ECONNRESET ? RC_CHILD_CLOSED : RC_CHILD_BROKEN;
}

rc_child_io_t rc_child_write(apr_size_t *taken, rc_child_t *child, const char *data, apr_size_t len)
{
    ssize_t n;

    *taken = 0;
    if (child->run->in_fd < 0)
        return RC_CHILD_CLOSED;
    n = send(child->run->in_fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0)
        return no_bytes();
    *taken = (apr_size_t)n;
    return RC_CHILD_MOVED;
}

void rc_child_end_input(rc_child_t *child)
{
    if (child->run->in_fd >= 0)
        close(child->run->in_fd);
    child->run->in_fd = -1;
}

rc_child_io_t rc_child_read(apr_size_t *got, rc_child_t *child, char *buf, apr_size_t size)
{
    rc_run_t *run = child->run;
    bool ended = rc_child_has_ended(child); /* before the read: loses no output */
    ssize_t n = run->out_fd < 0 ? 0 : read(run->out_fd, buf, size);

    *got = n > 0 ? (apr_size_t)n : 0;
    if (n > 0)
        return RC_CHILD_MOVED;
    if (n < 0 && no_bytes() == RC_CHILD_LATER && !ended)
        return RC_CHILD_LATER;
    /* when it has ended, other processes may still hold the pipe */
    return n == 0 || ended ? RC_CHILD_CLOSED : RC_CHILD_BROKEN;
}

/* Checks the deadline and check(); returns whether the child may continue. */
static bool may_continue(rc_child_t *child)
{
    rc_run_t *run = child->run;
    apr_time_t now = rc_clock();

    if (now >= child->proc.deadline)
        run->timed_out = true;
    if (now >= child->next_check) {
        run->stopped = run->stopped || (child->proc.check && !child->proc.check(child->proc.baton));
        child->next_check = now + RC_RUN_CHECK_EVERY;
    }
    return !run->timed_out && !run->stopped;
}

/* Milliseconds until the next check, at most @a longest. */
static int patience(const rc_child_t *child, apr_interval_time_t longest)
{
    apr_time_t until =
        child->next_check < child->proc.deadline ? child->next_check : child->proc.deadline;
    apr_interval_time_t wait = until - rc_clock();

    if (child->run->pid_fd < 0 && wait > RC_RUN_BLIND_WAIT)
        wait = RC_RUN_BLIND_WAIT;
    if (wait > longest)
        wait = longest;
    return wait > 0 ? (int)apr_time_as_msec(wait) + 1 : 0;
}

/* Of a descriptor that poll must ignore. */
static int or_none(int fd)
{
    return fd > 0 ? fd : -1;
}

bool rc_child_wait(rc_child_t *child, const rc_child_wait_t *wait)
{
    rc_run_t *run = child->run;
    struct pollfd fds[] = {{.fd = wait->output ? run->out_fd : -1, .events = POLLIN},
                           {.fd = run->text_fd, .events = POLLIN},
                           {.fd = run->pid_fd, .events = POLLIN},
                           {.fd = wait->input ? run->in_fd : -1, .events = POLLOUT},
                           {.fd = or_none(wait->readable), .events = POLLIN},
                           {.fd = or_none(wait->writable), .events = POLLOUT}};

    if (!may_continue(child))
        return false;
    poll(fds, sizeof(fds) / sizeof(*fds), patience(child, wait->longest));
    rc_run_read_text(run);
    return may_continue(child);
}

/* Waits for the end of a child; its output is not read any more. */
static void await_end(rc_child_t *child)
{
    rc_run_t *run = child->run;

    rc_child_end_input(child);
    while (!rc_run_has_ended(run) && may_continue(child)) {
        struct pollfd fds[] = {{.fd = run->text_fd, .events = POLLIN},
                               {.fd = run->pid_fd, .events = POLLIN}};

        poll(fds, 2, patience(child, RC_RUN_CHECK_EVERY));
        rc_run_read_text(run);
    }
}

rc_err_t *rc_child_end(rc_proc_result_t *result, rc_child_t *child, bool at_once, apr_pool_t *pool)
{
    rc_run_t *run = child->run;

    if (!child->over) {
        if (!at_once)
            await_end(child);
        else if (!run->timed_out)
            run->stopped = true;
        rc_run_finish(run);
        child->over = true;
        rc_run_close(run);
    }
    rc_run_result(result, run, pool);
    return rc_run_lost(run, pool);
}
