// SPDX-License-Identifier: Apache-2.0
/*
 * Runs git for one step of a fetch: within the limits of the policy, in a minimal environment, with
 * files in the quarantine.
 */
#include "fetch_step.h"

#include <errno.h>
#include <unistd.h>

#include <apr_strings.h>

#include "env.h"
#include "base/process.h"
#include "quarantine.h"
#include "remote/hear.h"
#include "base/fs.h"
#include "base/unconst.h"

#define MAX_DETAIL    1500
#define MAX_MEMORY    ((apr_off_t)4 << 30)
#define SLACK         ((apr_off_t)1 << 20) /* added to the file limit, for indexes of small packs */
#define MAX_LISTING   ((apr_off_t)256 << 20) /* bytes of a list of references */
#define LIST_MEMORY   ((apr_off_t)1 << 30)
#define PUBLISH_GRACE apr_time_from_sec(300) /* time for a step that changes the repository */

bool rc_git_step_within(const rc_git_fetch_t *fetch)
{
    return !fetch->policy->max_size ||
           rc_quarantine_size(fetch->quarantine) <= fetch->policy->max_size;
}

static bool fetch_may_go_on(void *baton)
{
    return rc_git_step_within(baton) &&
           !rc_remote_client_gone(((const rc_git_fetch_t *)baton)->policy);
}

rc_err_t *rc_git_step_too_large(const rc_git_fetch_t *fetch)
{
    return rc_err_failed(fetch->pool, "%s: more than %" APR_OFF_T_FMT " bytes",
                         rc_remote_shown(fetch->url, fetch->pool), fetch->policy->max_size);
}

/* Turns the result of a step into an error. */
static rc_err_t *judge_step(const rc_git_fetch_t *fetch, const rc_git_step_t *step,
                            const rc_proc_result_t *result)
{
    apr_pool_t *pool = fetch->pool;
    const char *from = rc_remote_shown(fetch->url, pool);
    rc_proc_result_t shown = *result;
    const char *text;

    shown.text =
        rc_remote_scrub(step->progress ? rc_remote_final(result->text, pool) : result->text,
                        fetch->url, MAX_DETAIL, pool);
    if (result->status == 0)
        return NULL;
    if (result->timed_out && !step->commits)
        return rc_err_failed(pool, "%s: %s took longer than %d seconds", from, step->what,
                             (int)apr_time_sec(fetch->policy->timeout));
    if (!rc_git_step_within(fetch))
        return rc_git_step_too_large(fetch);
    if (result->stopped)
        return rc_err(pool, RC_E_GONE, "The client has gone");
    text = apr_psprintf(pool, "%s: %s ended with %s", from, step->what,
                        rc_proc_end_text(&shown, pool));
    return step->ours ? rc_err_internal(pool, APR_SUCCESS, "%s", text)
                      : rc_err_failed(pool, "%s", text);
}

static void set_limits(rc_proc_t *proc, const rc_git_fetch_t *fetch, const rc_git_step_t *step)
{
    apr_time_t left = fetch->deadline - rc_clock();

    proc->max_memory = step->lists ? LIST_MEMORY : MAX_MEMORY;
    proc->max_cpu = (int)apr_time_sec(left > 0 ? left : 0) * 4 + 10; /* git uses several threads */
    proc->check = fetch_may_go_on;
    proc->baton = rc_unconst(fetch);
    if (fetch->policy->max_size)
        proc->max_file = fetch->policy->max_size + fetch->policy->max_size / 4 + SLACK;
    if (step->lists)
        proc->max_file = MAX_LISTING;
}

rc_err_t *rc_git_step_run(const rc_git_fetch_t *fetch, const rc_git_step_t *step,
                          const char *const *argv)
{
    rc_hearing_t hearing = {.work = fetch->policy->work, .url = fetch->url};
    rc_proc_t proc = {.argv = argv, .env = step->env, .dir = fetch->quarantine};
    rc_proc_result_t result;

    proc.in = rc_fs_number(step->in);
    proc.out = rc_fs_number(step->out);
    proc.deadline = step->commits ? rc_clock() + PUBLISH_GRACE : fetch->deadline;
    proc.outlives_us = step->commits;
    proc.keep = step->commits ? fetch->policy->lock : 0;
    if (step->progress) {
        proc.hear = rc_remote_hear;
        proc.hear_baton = &hearing;
    }
    if (!step->ours)
        set_limits(&proc, fetch, step);
    RC_TRY(rc_proc_run(&result, &proc, fetch->pool));
    return judge_step(fetch, step, &result);
}

const char *const *rc_git_step_env(const rc_git_fetch_t *fetch, const char *git_dir)
{
    return rc_git_env_list(rc_git_env(git_dir, fetch->quarantine, fetch->pool));
}

const char *const *rc_git_step_remote_env(const rc_git_fetch_t *fetch)
{
    rc_git_env_t *env = rc_git_env(fetch->quarantine, fetch->quarantine, fetch->pool);

    rc_git_env_remote(env, fetch->url);
    return rc_git_env_list(env);
}

/* Creates a file in the quarantine, for output that is read back or passed to git. */
rc_err_t *rc_git_step_file(apr_file_t **file, const rc_git_fetch_t *fetch, const char *name)
{
    const apr_int32_t how = APR_READ | APR_WRITE | APR_CREATE | APR_EXCL | APR_BUFFERED;
    const char *path = apr_pstrcat(fetch->pool, fetch->quarantine, "/", name, NULL);
    apr_status_t rv = apr_file_open(file, path, how, APR_OS_DEFAULT, fetch->scratch);

    return rv == APR_SUCCESS ? NULL : rc_fs_status(fetch->pool, rv, "make", path);
}
