// SPDX-License-Identifier: Apache-2.0
/*
 * Fetches from another Mercurial repository: hg pulls into a shadow of the repository, which then
 * takes its place; a new repository is filled directly. hg resolves names and follows redirects
 * itself, so it gets a proxy, which leads to the checked addresses only.
 */
#include "hg.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "run.h"
#include "shadow.h"
#include "base/fs.h"
#include "remote/hear.h"
#include "remote/local.h"
#include "remote/program.h"
#include "vcs/hg_program.h"

typedef struct hg_fetch_t {
    const rc_remote_policy_t *policy;
    const rc_remote_url_t *url;
    const char *dir;     /* everything of this fetch; removed at its end */
    const char *target;  /* the repository that hg pulls into */
    apr_off_t size;      /* of its store before */
    apr_time_t deadline; /* on rc_clock() */
    apr_pool_t *pool;    /* the caller's: errors live in it */
    apr_pool_t *scratch;
} hg_fetch_t;

/* --- what may be fetched --- */

static rc_err_t *check_form(const rc_remote_url_t *url, apr_pool_t *pool)
{
    if (url->user && !strncmp(url->scheme, "http", 4) && (!url->password || !*url->password))
        return rc_err_failed(pool, "remote address: a user needs a password: hg would ask for one");
    if (!url->url_form && url->host)
        return rc_err_failed(pool, "remote address: hg needs the form ssh://user@host/path");
    return NULL;
}

/* Settings of the remote have no effect, and requirements that hg could act on are rejected. */
static rc_err_t *check_local(const rc_local_t *look)
{
    const char *real, *why = NULL;
    rc_hg_layout_t layout;

    RC_TRY(rc_local_resolve(&real, look, look->url->plain));
    if (!real)
        return rc_local_refuse(look, "does not exist");
    if (rc_fs_exists(apr_pstrcat(look->pool, real, "/.hg", NULL)))
        RC_TRY(rc_local_check_tree(look, apr_pstrcat(look->pool, real, "/.hg", NULL)));
    if (rc_hg_find(&layout, &why, real, look->pool) == RC_FOUND_REPOSITORY)
        return NULL;
    return rc_local_refuse(look, why ? apr_pstrcat(look->pool, "is ", why, NULL)
                                     : "is no Mercurial repository");
}

rc_err_t *rc_hg_check_remote(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                             apr_time_t deadline, apr_pool_t *pool)
{
    rc_local_t *look;

    RC_TRY(check_form(url, pool));
    RC_TRY(rc_local_begin(&look, policy, url, deadline, pool));
    return look ? check_local(look) : NULL;
}

/* --- settings --- */

/* The URL without credentials. */
static const char *target_of(const rc_remote_url_t *url, apr_pool_t *pool)
{
    const char *user = "", *port = "";

    if (!url->host)
        return apr_pstrcat(pool, "file://", apr_pescape_path(pool, url->plain, 1), NULL);
    if (url->user && !strcmp(url->scheme, "ssh"))
        user = apr_pstrcat(pool, url->user, "@", NULL);
    if (url->port)
        port = apr_psprintf(pool, ":%d", url->port);
    return apr_pstrcat(pool, url->scheme, "://", user, rc_remote_bracketed(url->host, pool), port,
                       url->path, NULL);
}

/* The remote is called "default", as in a clone: hg names bookmarks that differ after it. */
static rc_err_t *settings_of(const char *const **settings, rc_proxy_t **proxy,
                             const hg_fetch_t *fetch)
{
    const rc_remote_url_t *url = fetch->url;
    const char **all = apr_pcalloc(fetch->pool, 8 * sizeof(*all));

    *settings = all;
    *proxy = NULL;
    *all++ = apr_pstrcat(fetch->pool, "paths.default=", target_of(url, fetch->pool), NULL);
    if (!strcmp(url->scheme, "ssh"))
        *all++ = apr_pstrcat(fetch->pool, "ui.ssh=", rc_remote_ssh(url, fetch->pool), NULL);
    if (strncmp(url->scheme, "http", 4))
        return NULL;
    RC_TRY(rc_proxy_open(proxy, url, fetch->scratch));
    rc_proxy_single(*proxy);
    *all++ = apr_psprintf(fetch->pool, "http_proxy.host=127.0.0.1:%d", rc_proxy_port(*proxy));
    *all++ = "http_proxy.always=yes";
    *all++ = "http.timeout=60";
    *all++ = "ui.interactive=yes"; /* user and password are asked for, on standard input */
    *all++ = "ui.nontty=yes";
    return NULL;
}

/* --- fetching --- */

static apr_off_t size_of_store(const char *path, apr_pool_t *pool)
{
    char *const roots[] = {apr_pstrcat(pool, path, "/.hg/store", NULL), NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    apr_off_t size = 0;
    FTSENT *entry;

    while (tree && (entry = fts_read(tree)))
        if (entry->fts_info == FTS_F)
            size += entry->fts_statp->st_size;
    if (tree)
        fts_close(tree);
    return size;
}

static apr_off_t size_of_new(void *baton)
{
    const hg_fetch_t *fetch = baton;

    return size_of_store(fetch->target, fetch->scratch) - fetch->size;
}

static rc_err_t *run_pull(hg_fetch_t *fetch)
{
    const char *const command[] = {"pull", "default",
                                   rc_remote_is_heard(fetch->policy) ? NULL : "-q", NULL};
    rc_remote_program_t program = {.policy = fetch->policy,
                                   .url = fetch->url,
                                   .env = rc_hg_environment(fetch->dir, fetch->pool),
                                   .dir = fetch->dir,
                                   .in = -1,
                                   .out = -1};
    const char *const *settings;

    RC_TRY(settings_of(&settings, &program.proxy, fetch));
    program.max_memory = RC_HG_MEMORY;
    program.deadline = fetch->deadline;
    program.size = size_of_new;
    program.baton = fetch;
    if (program.proxy)
        program.input = fetch->url->user ? apr_pstrcat(fetch->pool, fetch->url->user, "\n",
                                                       fetch->url->password, "\n", NULL)
                                         : "";
    fetch->size = size_of_store(fetch->target, fetch->scratch);
    return rc_remote_run(&program, rc_hg_arguments(fetch->target, settings, command, fetch->pool),
                         fetch->pool);
}

/* A remote can say where the tags of changesets stand, and hg keeps that unchecked, with what it
 * finds by it. It finds them again by itself. */
static rc_err_t *forget_tags(const hg_fetch_t *fetch)
{
    const char *folder = apr_pstrcat(fetch->pool, fetch->target, "/.hg/cache/", NULL), *path;
    DIR *dir = opendir(folder);
    rc_err_t *err = NULL;
    struct dirent *entry;

    while (dir && !err && (entry = readdir(dir)))
        if (!strncmp(entry->d_name, "hgtagsfnodes", 12) || !strncmp(entry->d_name, "tags", 4)) {
            path = apr_pstrcat(fetch->pool, folder, entry->d_name, NULL);
            err = rc_fs_remove_tree(path, fetch->pool);
        }
    if (dir)
        closedir(dir);
    return err;
}

/* A server may choose how its files are stored here, when all of them are new. */
static rc_err_t *check_arrived(rc_hg_layout_t *layout, const hg_fetch_t *fetch)
{
    const char *why = NULL;

    if (rc_hg_find(layout, &why, fetch->target, fetch->pool) == RC_FOUND_REPOSITORY)
        return NULL;
    return rc_err_failed(fetch->pool, "%s: it came as %s", rc_remote_shown(fetch->url, fetch->pool),
                         why ? why : "no Mercurial repository");
}

/* Nothing is published when nothing came. */
static rc_err_t *pull_by_shadow(hg_fetch_t *fetch, const char *path)
{
    rc_hg_shadow_t *shadow;
    rc_hg_layout_t layout;
    const char *before;
    bool recovered;

    RC_TRY(rc_hg_shadow_make(&shadow, path, fetch->dir, NULL, fetch->pool));
    fetch->target = shadow->copy;
    RC_TRY(rc_hg_recover(&recovered, fetch->target, fetch->dir, fetch->pool));
    RC_TRY(check_arrived(&layout, fetch));
    before = rc_hg_stamp(&layout, fetch->pool);
    RC_TRY(run_pull(fetch));
    RC_TRY(forget_tags(fetch));
    RC_TRY(check_arrived(&layout, fetch));
    if (!recovered && !strcmp(before, rc_hg_stamp(&layout, fetch->pool)))
        return NULL;
    if (fetch->policy->confirm)
        RC_TRY(fetch->policy->confirm(fetch->policy->confirm_baton));
    return rc_hg_shadow_publish(shadow);
}

static rc_err_t *fill_new(hg_fetch_t *fetch, const char *path)
{
    rc_hg_layout_t layout;

    fetch->target = path;
    RC_TRY(run_pull(fetch));
    RC_TRY(forget_tags(fetch));
    return check_arrived(&layout, fetch);
}

rc_err_t *rc_hg_fetch(const rc_remote_policy_t *policy, const char *path,
                      const rc_remote_url_t *url, apr_time_t deadline, bool set_head,
                      apr_pool_t *pool)
{
    hg_fetch_t fetch = {.policy = policy, .url = url, .deadline = deadline, .pool = pool};
    char real_path[PATH_MAX];
    rc_err_t *err;

    if (!realpath(path, real_path))
        return rc_fs_err(pool, "find", path);
    RC_TRY(rc_remote_make_dir(&fetch.dir, policy, pool));
    apr_pool_create(&fetch.scratch, pool);
    err = set_head ? fill_new(&fetch, real_path) : pull_by_shadow(&fetch, real_path);
    apr_pool_destroy(fetch.scratch);
    return err ? err : rc_fs_remove_tree(fetch.dir, pool); /* else it goes with work_dir */
}
