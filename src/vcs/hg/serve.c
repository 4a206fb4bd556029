// SPDX-License-Identifier: Apache-2.0
/*
 * Sets Mercurial's hgweb up to answer one request of a client of Mercurial (contract 08 §7), by the
 * program serve.py. hg itself has no command that does so. `hg serve --stdio` speaks the protocol
 * of ssh, in which nothing is compressed.
 */
#include "hg.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/time.h"
#include "vcs/hg_program.h"

static const char program[] =
#include "hg_serve.def"
    ;

/* Reading and writing is decided before the program starts; it holds what was decided. */
/* clang-format off */
static const char *const both[] = {
    "web.allow-pull=yes",
    "web.encoding=UTF-8",
    "web.view=served",
    "server.view=served",             /* neither secret nor hidden changesets */
    "server.maxhttpheaderlen=4096",   /* httpd takes 8190 bytes by default, and 100 headers */
    "server.uncompressed=yes",        /* a clone may copy files: `hg clone --stream` */
    "server.uncompressedallowsecret=no",
    "server.preferuncompressed=no",
    "server.disablefullbundle=no",
    "server.pullbundle=no",           /* no file of the repository that names others */
    "server.bundle1=yes",             /* clients before 3.5 */
    "server.zliblevel=6",
    "server.zstdlevel=3",
    "server.validate=yes",            /* a push brings all files of its changesets */
    "server.streamunbundle=yes",      /* its whole body is there already */
    "server.concurrent-push-mode=check-related",
    "push.pushvars.server=no",
    "profiling.enabled=no",
    NULL,
};
static const char *const writing[] = {"web.allow-push=*", "web.push_ssl=no", NULL};
static const char *const reading[] = {"web.allow-push=", NULL};
/* clang-format on */

static void add_all(apr_array_header_t *all, const char *const *words)
{
    for (; *words; words++)
        APR_ARRAY_PUSH(all, const char *) = *words;
}

static rc_err_t *server_arguments(const char *const **argv, const rc_serve_t *serve,
                                  const char *place, apr_pool_t *pool)
{
    const char *const options[] = {"-I", "-c", program, serve->path, place, NULL};
    apr_array_header_t *all = apr_array_make(pool, 60, sizeof(const char *));
    const char *const *interpreter;

    RC_TRY(rc_hg_interpreter(&interpreter, pool));
    add_all(all, interpreter);
    add_all(all, options);
    add_all(all, rc_hg_settings());
    add_all(all, both);
    add_all(all, serve->writes ? writing : reading);
    APR_ARRAY_PUSH(all, const char *) =
        apr_psprintf(pool, "rcapi.push-max=%" APR_OFF_T_FMT, serve->max_push);
    APR_ARRAY_PUSH(all, const char *) = NULL;
    *argv = (const char *const *)all->elts;
    return NULL;
}

static const char *const *request_environment(const rc_serve_t *serve, apr_pool_t *pool)
{
    static const char *const fixed[] = {"GATEWAY_INTERFACE=CGI/1.1", "SERVER_PROTOCOL=HTTP/1.1",
                                        "SERVER_NAME=localhost", "SERVER_PORT=80", NULL};
    apr_array_header_t *all = apr_array_make(pool, 40, sizeof(const char *));

    add_all(all, rc_hg_environment(serve->home, pool));
    add_all(all, fixed);
    apr_array_cat(all, serve->request);
    APR_ARRAY_PUSH(all, const char *) = NULL;
    return (const char *const *)all->elts;
}

/* The deadline holds while this process lives; this limit, also afterwards. */
static int cpu_seconds(apr_time_t deadline)
{
    apr_time_t left = deadline - rc_clock();

    return left > 0 ? (int)apr_time_sec(left) + 1 : 1;
}

/* What is at the path now; the program serves nothing else. */
static rc_err_t *find_inode(const char **place, const rc_serve_t *serve, apr_pool_t *pool)
{
    rc_hg_layout_t layout;
    const char *why = NULL;
    struct stat st;

    if (rc_hg_find(&layout, &why, serve->path, pool) != RC_FOUND_REPOSITORY)
        return rc_err_failed(pool, "%s: %s", serve->path, why ? why : "no Mercurial repository");
    if (lstat(layout.hg, &st))
        return rc_fs_err(pool, "look at", layout.hg);
    *place = apr_psprintf(pool, "%" APR_UINT64_T_FMT ":%" APR_UINT64_T_FMT, (apr_uint64_t)st.st_dev,
                          (apr_uint64_t)st.st_ino);
    return NULL;
}

rc_err_t *rc_hg_serve(rc_proc_t *proc, const rc_serve_t *serve, apr_pool_t *pool)
{
    const char *place = NULL;

    RC_TRY(find_inode(&place, serve, pool));
    RC_TRY(server_arguments(&proc->argv, serve, place, pool));
    proc->env = request_environment(serve, pool);
    proc->dir = serve->home;
    proc->max_memory = serve->max_memory;
    proc->deadline = serve->deadline;
    proc->max_cpu = cpu_seconds(serve->deadline);
    proc->outlives_us = serve->writes; /* else a push would be left half done */
    return NULL;
}
