// SPDX-License-Identifier: Apache-2.0
/*
 * Fetches the revisions of a remote that are not here yet: svnrdump writes them into a file,
 * svnadmin loads it into a shadow of the repository, and then the new revisions move in, all of
 * them or none. Numbers, dates and the UUID are the remote's, so a repository continues only the
 * one that it came from, and only while it has no commits of its own.
 */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "remote/hear.h"
#include "remote/local.h"
#include "remote/program.h"

#define SLACK         ((apr_off_t)1 << 20)
#define NO_REPOSITORY "is no Subversion repository"

/* svn reads a repository in the directory itself or above it; here it must be the directory. */
static rc_err_t *check_local(const rc_local_t *look)
{
    const char *real, *why = NULL;

    RC_TRY(rc_local_resolve(&real, look, look->url->plain));
    if (!real)
        return rc_local_refuse(look, "does not exist");
    if (!rc_fs_exists(apr_pstrcat(look->pool, real, "/format", NULL)))
        return rc_local_refuse(look, NO_REPOSITORY);
    RC_TRY(rc_local_check_tree(look, real));
    switch (rc_svn_find(&why, real, look->pool)) {
    case RC_FOUND_REPOSITORY:
        return NULL;
    case RC_FOUND_NOTHING:
        return rc_local_refuse(look, NO_REPOSITORY);
    default:
        return rc_local_refuse(look, apr_pstrcat(look->pool, "is ", why, NULL));
    }
}

rc_err_t *rc_svn_check_remote(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                              apr_time_t deadline, apr_pool_t *pool)
{
    rc_local_t *look;

    if (url->user && !url->password)
        return rc_err_failed(pool, "remote address: a user needs a password: "
                                   "svn would show a user alone, maybe a token, to everybody here");
    RC_TRY(rc_local_begin(&look, policy, url, deadline, pool));
    return look ? check_local(look) : NULL;
}

/* --- the steps --- */

static rc_err_t *get_dump(rc_svn_fetch_t *fetch)
{
    const char *range =
        apr_psprintf(fetch->pool, "%ld:%ld", fetch->base ? fetch->base + 1 : 0, fetch->head);
    const char *quiet = rc_remote_is_heard(fetch->policy) ? NULL : "-q";
    const char *const argv[] = {"svnrdump",
                                "dump",
                                "-r",
                                range,
                                fetch->target,
                                fetch->base ? "--incremental" : quiet,
                                fetch->base ? quiet : NULL,
                                NULL};
    rc_svn_step_t step = {.remote = true, .in = -1, .out = fetch->dump};
    apr_off_t most = fetch->policy->max_size;

    step.max_file = most ? most + most / 4 + SLACK : 0;
    return rc_svn_program_run(fetch, &step, argv);
}

/* Loads without its own checks of properties: old repositories have logs with CR in them. */
static rc_err_t *load_dump(rc_svn_fetch_t *fetch)
{
    const char *const argv[] = {
        "svnadmin",    "load", "-q", "--no-flush-to-disk", "--bypass-prop-validation",
        fetch->shadow, NULL};
    rc_svn_step_t step = {.in = fetch->dump, .out = -1};

    if (lseek(fetch->dump, 0, SEEK_SET) < 0)
        return rc_err_internal(fetch->pool, errno, "cannot rewind a file");
    return rc_svn_program_run(fetch, &step, argv);
}

/* The dump may hold fewer revisions than were asked for, if the remote was damaged meanwhile. */
static rc_err_t *check_loaded(const rc_svn_fetch_t *fetch)
{
    const char *text;
    apr_size_t len;

    RC_TRY(rc_fs_read(&text, &len, apr_pstrcat(fetch->scratch, fetch->shadow, "/db/current", NULL),
                      0, 4096, fetch->scratch));
    if (text && apr_atoi64(text) == fetch->head)
        return NULL;
    return rc_err_failed(fetch->pool, "%s: revision %ld did not arrive",
                         rc_remote_shown(fetch->url, fetch->pool), fetch->head);
}

static rc_err_t *get_revisions(rc_svn_fetch_t *fetch)
{
    const char *name = apr_pstrcat(fetch->scratch, fetch->dir, "/dump", NULL);
    rc_err_t *err;

    fetch->dump = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fetch->dump < 0)
        return rc_fs_err(fetch->pool, "create", name);
    err = get_dump(fetch);
    fetch->shadow = apr_pstrcat(fetch->pool, fetch->dir, "/shadow", NULL);
    if (!err)
        err = rc_svn_shadow_make(fetch);
    if (!err)
        err = load_dump(fetch);
    close(fetch->dump);
    fetch->dump = -1;
    return err ? err : check_loaded(fetch);
}

static rc_err_t *get_base(rc_svn_fetch_t *fetch, const rc_svn_t *svn)
{
    return rc_svn_err(RC_SVN(svn_fs_youngest_rev(&fetch->base, svn->fs, fetch->scratch)),
                      fetch->pool, "cannot read the last revision of %s", fetch->path);
}

static rc_err_t *look_at_both(rc_svn_fetch_t *fetch, const rc_origin_t *origin)
{
    rc_err_t *err;
    void *svn;

    RC_TRY(rc_svn_ask_remote(fetch));
    RC_TRY(rc_svn_open(&svn, fetch->path, fetch->pool));
    err = get_base(fetch, svn);
    if (!err)
        err = rc_svn_ask_continues(fetch, origin, ((rc_svn_t *)svn)->fs);
    rc_svn_close(svn);
    return err;
}

static rc_err_t *fetch_all(rc_svn_fetch_t *fetch, const rc_origin_t *origin)
{
    RC_TRY(rc_svn_program_prepare(fetch));
    RC_TRY(look_at_both(fetch, origin));
    if (fetch->head == fetch->base)
        return NULL;
    RC_TRY(get_revisions(fetch));
    if (fetch->policy->confirm)
        RC_TRY(fetch->policy->confirm(fetch->policy->confirm_baton));
    return rc_svn_publish(fetch);
}

rc_err_t *rc_svn_fetch(const rc_remote_policy_t *policy, const char *path,
                       const rc_remote_url_t *url, apr_time_t deadline, bool set_head,
                       apr_pool_t *pool)
{
    rc_svn_fetch_t fetch = {
        .policy = policy, .url = url, .deadline = deadline, .pool = pool, .dump = -1};
    rc_origin_t none = {NULL, 0}, *origin = policy->origin ? policy->origin : &none;
    char real_path[PATH_MAX];
    rc_err_t *err;

    (void)set_head; /* there is no default branch */
    if (!realpath(path, real_path))
        return rc_fs_err(pool, "find", path);
    fetch.path = real_path;
    RC_TRY(rc_remote_make_dir(&fetch.dir, policy, pool));
    apr_pool_create(&fetch.scratch, pool);
    err = fetch_all(&fetch, origin);
    apr_pool_destroy(fetch.scratch);
    if (!err)
        *origin = (rc_origin_t){fetch.uuid, fetch.head};
    return err ? err : rc_fs_remove_tree(fetch.dir, pool); /* else it goes with work_dir */
}
