// SPDX-License-Identifier: Apache-2.0
/*
 * Runs one program of a fetch: with a deadline, limits of what comes and is stored, and an end when
 * the client goes.
 */
#include "remote/program.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "remote/hear.h"

#define MAX_DETAIL 1500
#define MEASURE    apr_time_from_sec(1) /* at least between two measurements */
#define SLACK      ((apr_off_t)64 * 1024)

typedef struct fetching_t {
    const rc_remote_program_t *program;
    apr_time_t next_measure;
    bool fits; /* what is stored */
} fetching_t;

/* --- limits --- */

/* Measuring takes time, so it is done less often the longer it takes. */
static void measure_stored(fetching_t *fetching)
{
    const rc_remote_program_t *program = fetching->program;
    apr_time_t begin = rc_clock(), took;

    if (!program->policy->max_size || !program->size || begin < fetching->next_measure)
        return;
    fetching->fits = program->size(program->baton) <= program->policy->max_size;
    took = (rc_clock() - begin) * 20;
    fetching->next_measure = rc_clock() + (took > MEASURE ? took : MEASURE);
}

/* Protocols add to what is stored in the end, for which the limit is. */
static bool is_within(const fetching_t *fetching)
{
    const rc_remote_program_t *program = fetching->program;
    apr_off_t most = program->policy->max_size;

    return fetching->fits && (!most || !program->proxy ||
                              rc_proxy_received(program->proxy) <= most + most / 4 + SLACK);
}

static bool fetching_may_go_on(void *baton)
{
    fetching_t *fetching = baton;

    measure_stored(fetching);
    return is_within(fetching) && !rc_remote_client_gone(fetching->program->policy);
}

/* --- running --- */

static rc_err_t *judge_end(const fetching_t *fetching, const char *name,
                           const rc_proc_result_t *result, apr_pool_t *pool)
{
    const rc_remote_program_t *program = fetching->program;
    const char *from = rc_remote_shown(program->url, pool);
    const char *refused = program->proxy ? rc_proxy_refused(program->proxy) : NULL;
    rc_proc_result_t shown = *result;

    if (result->timed_out)
        return rc_err_failed(pool, "%s: %s took longer than %d seconds", from, name,
                             (int)apr_time_sec(program->policy->timeout));
    if (!is_within(fetching))
        return rc_err_failed(pool, "%s: more than %" APR_OFF_T_FMT " bytes", from,
                             program->policy->max_size);
    if (result->status == 0)
        return NULL;
    if (result->stopped)
        return rc_err(pool, RC_E_GONE, "The client has gone");
    if (refused)
        return rc_err_failed(pool, "%s: it leads to %s: not followed", from,
                             rc_remote_scrub(refused, program->url, MAX_DETAIL, pool));
    shown.text = rc_remote_scrub(result->text, program->url, MAX_DETAIL, pool);
    return rc_err_failed(pool, "%s: %s ended with %s", from, name, rc_proc_end_text(&shown, pool));
}

static rc_err_t *run_with(const rc_remote_program_t *program, int in, const char *const *argv,
                          apr_pool_t *pool)
{
    fetching_t fetching = {.program = program, .fits = true};
    rc_hearing_t hearing = {.work = program->policy->work, .url = program->url};
    apr_time_t left = program->deadline - rc_clock();
    rc_proc_t proc = {.argv = argv, .env = program->env, .dir = program->dir, .in = in};
    rc_proc_result_t result;

    if (rc_remote_is_heard(program->policy)) {
        proc.hear = rc_remote_hear;
        proc.hear_baton = &hearing;
    }
    proc.out = program->out;
    proc.deadline = program->deadline;
    proc.max_file = program->max_file;
    proc.max_memory = program->max_memory;
    proc.max_cpu = (int)apr_time_sec(left > 0 ? left : 0) + 10;
    proc.check = fetching_may_go_on;
    proc.baton = &fetching;
    RC_TRY(rc_proxy_run(&result, &proc, program->proxy, pool));
    fetching.next_measure = 0;
    measure_stored(&fetching);
    return judge_end(&fetching, argv[0], &result, pool);
}

/* Returns a file in memory with @a text; -1 when that fails. */
static int memory_file(const char *text)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    ssize_t len = (ssize_t)strlen(text);

    if (fd >= 0 && pwrite(fd, text, (apr_size_t)len, 0) == len)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

rc_err_t *rc_remote_run(const rc_remote_program_t *program, const char *const *argv,
                        apr_pool_t *pool)
{
    rc_err_t *err;
    int in;

    if (!program->input)
        return run_with(program, program->in, argv, pool);
    in = memory_file(program->input);
    if (in < 0)
        return rc_err_internal(pool, errno, "cannot make a file in memory");
    err = run_with(program, in, argv, pool);
    close(in);
    return err;
}

rc_err_t *rc_remote_make_dir(const char **dir, const rc_remote_policy_t *policy, apr_pool_t *pool)
{
    char work[PATH_MAX], *made;

    if (!realpath(policy->work_dir, work))
        return rc_fs_err(pool, "find", policy->work_dir);
    made = apr_pstrcat(pool, work, "/fetch-XXXXXX", NULL);
    *dir = mkdtemp(made);
    return *dir ? NULL : rc_fs_err(pool, "create a folder in", work);
}
