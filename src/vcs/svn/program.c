// SPDX-License-Identifier: Apache-2.0
/*
 * Runs Subversion's programs for a fetch: with settings of their own, a clean environment, limits
 * and a deadline. By HTTP they connect through a proxy that leads to the checked addresses only; by
 * the protocol svn they get an address in place of a name. The password comes by standard input.
 */
#include "fetch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/fs.h"

#define MAX_ANSWER ((apr_off_t)64 * 1024)
#define MAX_DETAIL 1500
#define MAX_MEMORY ((apr_off_t)1 << 30)
#define MEASURE    apr_time_from_sec(1) /* at least between two looks at the shadow */
#define SHADOW     4 /* what is loaded may have so many times the size of what arrived */

static rc_err_t *write_settings(const char *path, const char *text, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_WRITE | APR_CREATE | APR_EXCL,
                                    APR_FPROT_UREAD | APR_FPROT_UWRITE, pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_write_full(file, text, strlen(text), NULL);
        apr_file_close(file);
    }
    return rv == APR_SUCCESS ? NULL : rc_fs_status(pool, rv, "write", path);
}

static const char *below(const rc_svn_fetch_t *fetch, const char *name)
{
    return apr_pstrcat(fetch->pool, fetch->dir, name, NULL);
}

rc_err_t *rc_svn_program_prepare(rc_svn_fetch_t *fetch)
{
    static const char *const settings = "[auth]\npassword-stores =\n"
                                        "[helpers]\n[tunnels]\n"
                                        "[miscellany]\nuse-commit-times = no\n";
    const char *servers = "[global]\nstore-passwords = no\nstore-auth-creds = no\n"
                          "http-auth-types = basic;digest\nhttp-timeout = 60\n"
                          "ssl-trust-default-ca = yes\n";

    RC_TRY(rc_fs_make_folders(below(fetch, "/config"), fetch->pool));
    if (strncmp(fetch->url->scheme, "http", 4) == 0) {
        RC_TRY(rc_proxy_open(&fetch->proxy, fetch->url, fetch->scratch));
        servers = apr_psprintf(fetch->pool, "%shttp-proxy-host = 127.0.0.1\nhttp-proxy-port = %d\n",
                               servers, rc_proxy_port(fetch->proxy));
    }
    RC_TRY(write_settings(below(fetch, "/config/servers"), servers, fetch->pool));
    return write_settings(below(fetch, "/config/config"), settings, fetch->pool);
}

/* --- limits --- */

/* Looks at what came from the remote, and at the dump that it became. */
static bool dump_fits(const rc_svn_fetch_t *fetch)
{
    apr_off_t most = fetch->policy->max_size;
    struct stat info;

    if (!most)
        return true;
    if (fetch->proxy && rc_proxy_received(fetch->proxy) > most + most / 4 + MAX_ANSWER)
        return false;
    return fetch->dump < 0 || fstat(fetch->dump, &info) || info.st_size <= most;
}

/* Measuring takes time, so it is done less often the longer it takes. */
static void measure_shadow(rc_svn_fetch_t *fetch)
{
    apr_time_t begin = rc_clock(), took;

    if (!fetch->policy->max_size || !fetch->shadow || begin < fetch->next_measure)
        return;
    fetch->fits = rc_svn_shadow_size(fetch) / SHADOW <= fetch->policy->max_size;
    took = (rc_clock() - begin) * 20;
    fetch->next_measure = rc_clock() + (took > MEASURE ? took : MEASURE);
}

static bool may_go_on(void *baton)
{
    rc_svn_fetch_t *fetch = baton;

    measure_shadow(fetch);
    return fetch->fits && dump_fits(fetch) && !rc_remote_client_gone(fetch->policy);
}

static rc_err_t *judge_program(const rc_svn_fetch_t *fetch, const char *program,
                               const rc_proc_result_t *result)
{
    apr_pool_t *pool = fetch->pool;
    const char *from = rc_remote_shown(fetch->url, pool);
    const char *refused = fetch->proxy ? rc_proxy_refused(fetch->proxy) : NULL;
    rc_proc_result_t shown = *result;

    if (result->timed_out)
        return rc_err_failed(pool, "%s: %s took longer than %d seconds", from, program,
                             (int)apr_time_sec(fetch->policy->timeout));
    if (!fetch->fits || !dump_fits(fetch))
        return rc_err_failed(pool, "%s: more than %" APR_OFF_T_FMT " bytes", from,
                             fetch->policy->max_size);
    if (result->status == 0)
        return NULL;
    if (result->stopped)
        return rc_err(pool, RC_E_GONE, "The client has gone");
    if (refused)
        return rc_err_failed(pool, "%s: it leads to %s: not followed", from,
                             rc_remote_scrub(refused, fetch->url, MAX_DETAIL, pool));
    shown.text = rc_remote_scrub(result->text, fetch->url, MAX_DETAIL, pool);
    return rc_err_failed(pool, "%s: %s ended with %s", from, program,
                         rc_proc_end_text(&shown, pool));
}

/* --- running --- */

/* Returns @a argv with what every program needs that connects to the remote. */
static const char *const *with_options(const rc_svn_fetch_t *fetch, const char *const *argv)
{
    apr_array_header_t *all = apr_array_make(fetch->pool, 16, sizeof(const char *));

    for (; *argv; argv++)
        APR_ARRAY_PUSH(all, const char *) = *argv;
    APR_ARRAY_PUSH(all, const char *) = "--non-interactive";
    APR_ARRAY_PUSH(all, const char *) = "--no-auth-cache";
    APR_ARRAY_PUSH(all, const char *) = "--config-dir";
    APR_ARRAY_PUSH(all, const char *) = below(fetch, "/config");
    if (fetch->url->user) {
        APR_ARRAY_PUSH(all, const char *) =
            apr_pstrcat(fetch->pool, "--username=", fetch->url->user, NULL);
        APR_ARRAY_PUSH(all, const char *) = "--password-from-stdin";
    }
    APR_ARRAY_PUSH(all, const char *) = NULL;
    return (const char *const *)all->elts;
}

static const char *const *environment(const rc_svn_fetch_t *fetch)
{
    const char **env = apr_pcalloc(fetch->pool, 5 * sizeof(*env));

    env[0] = "PATH=" RC_PROC_PATH;
    env[1] = "LC_ALL=C.UTF-8";
    env[2] = apr_pstrcat(fetch->pool, "HOME=", fetch->dir, NULL);
    env[3] = apr_pstrcat(fetch->pool, "TMPDIR=", fetch->dir, NULL);
    return env;
}

/* Returns a file in memory with the password; -1 when that fails. */
static int password_file(const rc_svn_fetch_t *fetch)
{
    const char *text = apr_pstrcat(fetch->scratch, fetch->url->password, "\n", NULL);
    int fd = memfd_create("input", MFD_CLOEXEC);
    ssize_t len = (ssize_t)strlen(text);

    if (fd >= 0 && pwrite(fd, text, (apr_size_t)len, 0) == len)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static rc_err_t *run(rc_svn_fetch_t *fetch, const rc_svn_step_t *step, int in,
                     const char *const *argv)
{
    apr_time_t left = fetch->deadline - rc_clock();
    rc_proc_t proc = {.argv = argv, .env = environment(fetch), .dir = fetch->dir, .in = in};
    rc_proc_result_t result;

    proc.out = step->out;
    proc.deadline = fetch->deadline;
    proc.max_file = step->max_file;
    proc.max_memory = MAX_MEMORY;
    proc.max_cpu = (int)apr_time_sec(left > 0 ? left : 0) + 10;
    proc.check = may_go_on;
    proc.baton = fetch;
    RC_TRY(rc_proxy_run(&result, &proc, step->remote ? fetch->proxy : NULL, fetch->scratch));
    fetch->next_measure = 0;
    measure_shadow(fetch);
    return judge_program(fetch, argv[0], &result);
}

rc_err_t *rc_svn_program_run(rc_svn_fetch_t *fetch, const rc_svn_step_t *step,
                             const char *const *argv)
{
    rc_err_t *err;
    int in;

    if (!step->remote)
        return run(fetch, step, step->in, argv);
    argv = with_options(fetch, argv);
    if (!fetch->url->user)
        return run(fetch, step, -1, argv);
    in = password_file(fetch);
    if (in < 0)
        return rc_err_internal(fetch->pool, errno, "cannot make a file in memory");
    err = run(fetch, step, in, argv);
    close(in);
    return err;
}

static rc_err_t *read_answer_file(const char **answer, int fd, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, MAX_ANSWER + 1);
    ssize_t len = pread(fd, text, (apr_size_t)MAX_ANSWER, 0);

    if (len < 0)
        return rc_err_internal(pool, errno, "cannot read the answer of a program");
    text[len] = '\0';
    *answer = text;
    return NULL;
}

rc_err_t *rc_svn_program_ask(const char **answer, rc_svn_fetch_t *fetch, const char *const *argv)
{
    int out = memfd_create("answer", MFD_CLOEXEC);
    rc_svn_step_t step = {.remote = true, .in = -1, .out = out, .max_file = MAX_ANSWER};
    rc_err_t *err;

    if (out < 0)
        return rc_err_internal(fetch->pool, errno, "cannot make a file in memory");
    err = rc_svn_program_run(fetch, &step, argv);
    if (!err)
        err = read_answer_file(answer, out, fetch->pool);
    close(out);
    return err;
}
