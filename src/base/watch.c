// SPDX-License-Identifier: Apache-2.0
/*
 * Watches a running program: reads its standard error, detects its end, and kills the rest of its
 * process group.
 */
#include "spawn.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#define GROUP_GRACE apr_time_from_msec(500)

static const struct timespec pause_of_5ms = {.tv_nsec = 5 * 1000 * 1000};

static void close_text(rc_run_t *run)
{
    close(run->text_fd);
    run->text_fd = -1;
}

bool rc_run_read_text(rc_run_t *run)
{
    ssize_t n;

    if (run->text_fd < 0)
        return false;
    if (run->used > RC_PROC_TEXT) {
        memmove(run->text, run->text + run->used - RC_PROC_TEXT, RC_PROC_TEXT);
        run->used = RC_PROC_TEXT;
        run->cut = true;
    }
    n = read(run->text_fd, run->text + run->used, sizeof(run->text) - run->used);
    if (n < 0)
        return errno == EINTR;
    if (n == 0)
        close_text(run);
    else if (run->proc->hear)
        run->proc->hear(run->proc->hear_baton, run->text + run->used, (apr_size_t)n);
    run->used += (apr_size_t)n;
    return n > 0;
}

bool rc_run_has_ended(rc_run_t *run)
{
    siginfo_t info = {.si_pid = 0};
    int n;

    do
        n = waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    while (n < 0 && errno == EINTR);
    run->lost = n < 0; /* another thread waited for it, or SIGCHLD is ignored */
    return run->lost || info.si_pid == run->pid;
}

/* Gives the programs time to remove their temporary files and locks. */
static void ask_to_end(rc_run_t *run)
{
    apr_time_t until = rc_clock() + GROUP_GRACE;

    if (rc_run_has_ended(run))
        return;
    kill(-run->pid, SIGTERM);
    while (!rc_run_has_ended(run) && rc_clock() < until)
        nanosleep(&pause_of_5ms, NULL);
}

void rc_run_finish(rc_run_t *run)
{
    bool killed = run->timed_out || run->stopped;
    apr_time_t until;
    pid_t n;

    if (run->pid <= 0) /* never started; 0 would be the group of this process */
        return;
    if (run->proc->gentle)
        ask_to_end(run);
    until = rc_clock() + GROUP_GRACE;
    if (!run->lost)
        kill(-run->pid, SIGKILL);
    do
        n = waitpid(run->pid, &run->status, 0);
    while (n < 0 && errno == EINTR);
    run->lost = run->lost || n < 0;
    while (killed && kill(-run->pid, 0) == 0 && rc_clock() < until)
        nanosleep(&pause_of_5ms, NULL); /* the other processes may still write; init reaps them */
    while (rc_run_read_text(run))
        ;
}

/* Returns the kept text, without an incomplete first line: half a secret could not be redacted. */
static const char *kept_text(const rc_run_t *run, apr_pool_t *pool)
{
    const char *from = run->text;
    const char *end = run->text + run->used;
    char *text, *p;

    if (run->used > RC_PROC_TEXT)
        from = end - RC_PROC_TEXT;
    if (run->cut || from > run->text) {
        from = memchr(from, '\n', (apr_size_t)(end - from));
        from = from ? from + 1 : end;
    }
    text = apr_pstrmemdup(pool, from, (apr_size_t)(end - from));
    for (p = text; p < text + (end - from); p++)
        if (*p == '\0')
            *p = '?';
    return text;
}

void rc_run_result(rc_proc_result_t *result, const rc_run_t *run, apr_pool_t *pool)
{
    memset(result, 0, sizeof(*result));
    result->status = WIFEXITED(run->status) ? WEXITSTATUS(run->status) : -1;
    result->signal = WIFSIGNALED(run->status) ? WTERMSIG(run->status) : 0;
    result->timed_out = run->timed_out;
    result->stopped = run->stopped;
    result->text = kept_text(run, pool);
}

rc_err_t *rc_run_lost(const rc_run_t *run, apr_pool_t *pool)
{
    return run->lost ? rc_err_internal(pool, APR_SUCCESS,
                                       "cannot wait for %s: its exit status was taken elsewhere",
                                       run->file)
                     : NULL;
}
