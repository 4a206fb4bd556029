// SPDX-License-Identifier: Apache-2.0
/*
 * Runs Subversion's programs for a fetch: with settings of their own, a clean environment, limits
 * and a deadline. By HTTP they connect through a proxy that leads to the checked addresses only; by
 * the protocol svn they get an address in place of a name. The password comes by standard input.
 */
#include "fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "remote/program.h"

#define MAX_ANSWER ((apr_off_t)64 * 1024)
#define MAX_MEMORY ((apr_off_t)1 << 30)
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

static apr_off_t size_of_all(void *baton)
{
    const rc_svn_fetch_t *fetch = baton;
    struct stat info;

    if (fetch->shadow)
        return rc_svn_shadow_size(fetch) / SHADOW;
    return fetch->dump < 0 || fstat(fetch->dump, &info) ? 0 : info.st_size;
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

/* OpenSSL reads which certificates are trusted from httpd's own environment, if they stand there.
 */
static const char *const *environment(const rc_svn_fetch_t *fetch)
{
    static const char *const kept[] = {"SSL_CERT_FILE", "SSL_CERT_DIR"};
    const char **env = apr_pcalloc(fetch->pool, 7 * sizeof(*env)), **next = env + 4, *value;
    apr_size_t i;

    env[0] = "PATH=" RC_PROC_PATH;
    env[1] = "LC_ALL=C.UTF-8";
    env[2] = apr_pstrcat(fetch->pool, "HOME=", fetch->dir, NULL);
    env[3] = apr_pstrcat(fetch->pool, "TMPDIR=", fetch->dir, NULL);
    for (i = 0; i < sizeof(kept) / sizeof(*kept); i++)
        if ((value = getenv(kept[i])))
            *next++ = apr_pstrcat(fetch->pool, kept[i], "=", value, NULL);
    return env;
}

rc_err_t *rc_svn_program_run(rc_svn_fetch_t *fetch, const rc_svn_step_t *step,
                             const char *const *argv)
{
    rc_remote_program_t program = {.policy = fetch->policy,
                                   .url = fetch->url,
                                   .env = environment(fetch),
                                   .dir = fetch->dir,
                                   .in = step->in,
                                   .out = step->out};

    program.max_file = step->max_file;
    program.max_memory = MAX_MEMORY;
    program.deadline = fetch->deadline;
    program.size = size_of_all;
    program.baton = fetch;
    if (!step->remote)
        return rc_remote_run(&program, argv, fetch->pool);
    program.proxy = fetch->proxy;
    if (fetch->url->user)
        program.input = apr_pstrcat(fetch->pool, fetch->url->password, "\n", NULL);
    return rc_remote_run(&program, with_options(fetch, argv), fetch->pool);
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
