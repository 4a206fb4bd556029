// SPDX-License-Identifier: Apache-2.0
/*
 * Checks repositories and gists: whether each is in the database and on the disk, and whether its
 * references lead to existing objects.
 */
#include "check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "store/gist.h"
#include "domain/gist.h"
#include "domain/repo.h"

/* Opens the repository at @a path, which must exist, and sets *@a problem to what is wrong in it;
 * NULL: nothing. */
static rc_err_t *find_problem_inside(const char **problem, rc_env_t *env, const char *type,
                                     const char *path, apr_pool_t *pool)
{
    rc_err_t *err;
    rc_vcs_t *vcs;

    if ((err = rc_vcs_check(problem, type, path, pool)))
        *problem = NULL;
    if (*problem)
        return NULL;
    if (err || (err = rc_vcs_open(&vcs, env->vcs_pool, type, path, NULL, pool)) ||
        (err = rc_vcs_check_refs(problem, vcs, pool)))
        *problem = rc_err_log_text(err, pool);
    return NULL;
}

/* --- repositories --- */

static void suspect(rc_check_t *check, const char *name)
{
    APR_ARRAY_PUSH(check->suspects, const char *) = apr_pstrdup(check->pool, name);
}

static rc_err_t *check_repo(void *baton, const rc_repo_t *repo, apr_pool_t *scratch)
{
    rc_check_t *check = baton;
    const char *path = rc_env_repo_path(check->env, repo->name, scratch), *problem = NULL, *uri;

    if (rc_is_repository(path, scratch))
        RC_TRY(find_problem_inside(&problem, check->env, repo->type, path, scratch));
    if (problem || !rc_is_repository(path, scratch))
        suspect(check, repo->name);
    else if (euidaccess(path, W_OK))
        rc_check_note(check, "repository %s can be read but not changed: %s", repo->name,
                      rc_fs_rights(path, scratch));
    if (rc_repo_clone_uri(&uri, check->env, repo, scratch))
        rc_check_note(
            check,
            "the clone_uri of repository %s cannot be decrypted with the secret file: bring the "
            "old secret back, or set the clone_uri again",
            repo->name);
    return NULL;
}

static rc_err_t *check_unknown(rc_check_t *check, apr_int64_t user_id)
{
    rc_repo_t *known;
    rc_scan_t scan = {0};
    int i;

    RC_TRY(rc_scan_root(&scan, check->env, check->pool));
    for (i = 0; i < scan.skipped->nelts; i++) {
        const rc_skipped_t *folder = &APR_ARRAY_IDX(scan.skipped, i, rc_skipped_t);

        RC_TRY(rc_store_repo_by_name(&known, check->db, rc_viewer_user(user_id), folder->name,
                                     check->pool));
        if (!known) /* a known one is reported by judge_known */
            rc_check_note(check, "%s is not served: %s", folder->name, folder->why);
    }
    for (i = 0; i < scan.names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(scan.names, i, const char *);

        RC_TRY(
            rc_store_repo_by_name(&known, check->db, rc_viewer_user(user_id), name, check->pool));
        if (!known)
            suspect(check, name);
    }
    return NULL;
}

/* Returns why the repository cannot be opened. */
static const char *why_none(rc_env_t *env, const rc_repo_t *repo, apr_pool_t *pool)
{
    rc_vcs_t *vcs;
    rc_err_t *err = rc_repo_open(&vcs, env, repo, NULL, pool);

    return err ? rc_err_log_text(err, pool) : "it is not complete";
}

static rc_err_t *judge_known(rc_check_t *check, const rc_repo_t *repo)
{
    const char *path = rc_env_repo_path(check->env, repo->name, check->pool), *problem;

    if (rc_is_repository(path, check->pool)) {
        RC_TRY(find_problem_inside(&problem, check->env, repo->type, path, check->pool));
        if (problem)
            rc_check_note(check, "repository %s: %s", repo->name, problem);
        return NULL;
    }
    if (euidaccess(path, R_OK | X_OK) && errno != ENOENT) {
        rc_check_note(check, "repository %s cannot be read: %s", repo->name,
                      rc_fs_rights(path, check->pool));
        return NULL;
    }
    if ((problem = rc_near_miss(path, check->pool))) {
        rc_check_note(check, "repository %s: %s", repo->name, problem);
        return NULL;
    }
    if (rc_vcs_check(&problem, repo->type, path, check->pool))
        problem = NULL; /* why_none reports the reason */
    if (problem && rc_could_be_repository(path, check->pool))
        rc_check_note(check, "repository %s: %s", repo->name, problem);
    else
        rc_check_note(
            check,
            "repository %s is in the database but not on the disk: %s; restore its folder, "
            "or let rescan_repos with remove_obsolete forget it",
            repo->name, why_none(check->env, repo, check->pool));
    return NULL;
}

static void judge_unknown(rc_check_t *check, const char *name)
{
    const char *path = rc_env_repo_path(check->env, name, check->pool);
    rc_repo_t repo = {.name = name};
    rc_detected_t detected;
    rc_vcs_t *vcs;
    rc_err_t *err;

    rc_vcs_detect(&detected, path, check->pool);
    if (!(repo.type = detected.type))
        return;
    if ((err = rc_repo_open(&vcs, check->env, &repo, NULL, check->pool)))
        rc_check_note(check, "%s is not served: %s", name, rc_err_log_text(err, check->pool));
    else
        rc_check_note(check,
                      "repository %s is on the disk but not in the database: rescan_repos adds it",
                      name);
}

/* Checks the suspects again in a write transaction: a repository that was being created or deleted
 * is not a problem. */
static rc_err_t *judge_owner(rc_check_t *check, apr_int64_t user_id)
{
    int i;

    for (i = 0; i < check->suspects->nelts; i++) {
        const char *name = APR_ARRAY_IDX(check->suspects, i, const char *);
        rc_repo_t *repo;

        RC_TRY(rc_store_repo_by_name(&repo, check->db, rc_viewer_user(user_id), name, check->pool));
        if (repo)
            RC_TRY(judge_known(check, repo));
        else
            judge_unknown(check, name);
    }
    return NULL;
}

static rc_err_t *in_transaction(rc_check_t *check, apr_int64_t user_id,
                                rc_err_t *(*fn)(rc_check_t *check, apr_int64_t user_id))
{
    rc_err_t *err;

    if (!check->suspects->nelts)
        return NULL;
    RC_TRY(rc_db_begin_write(check->db));
    err = fn(check, user_id);
    rc_db_rollback(check->db);
    return err;
}

rc_err_t *rc_check_repos(rc_check_t *check, apr_int64_t user_id)
{
    check->suspects = apr_array_make(check->pool, 4, sizeof(const char *));
    RC_TRY(rc_store_repos_each(check->db, rc_viewer_user(user_id), NULL, false, check_repo, check,
                               check->pool));
    RC_TRY(check_unknown(check, user_id));
    return in_transaction(check, user_id, judge_owner);
}

/* --- gists --- */

rc_err_t *rc_gist_folders(apr_array_header_t **names, const rc_env_t *env, apr_pool_t *pool)
{
    apr_finfo_t entry;
    apr_dir_t *dir;

    *names = apr_array_make(pool, 8, sizeof(const char *));
    if (apr_dir_open(&dir, rc_gist_path(env, "", pool), pool) != APR_SUCCESS)
        return NULL; /* it does not exist before the first gist */
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS)
        if (*entry.name != '.')
            APR_ARRAY_PUSH(*names, const char *) = apr_pstrdup(pool, entry.name);
    apr_dir_close(dir);
    return NULL;
}

/* A gist always has a commit. */
static rc_err_t *gist_problem(const char **problem, rc_check_t *check, const char *access_id,
                              apr_pool_t *pool)
{
    const char *path = rc_gist_path(check->env, access_id, pool), *id = NULL;
    rc_err_t *err;
    rc_vcs_t *vcs;

    *problem = NULL;
    if (!rc_fs_exists(path) && errno != ENOENT) {
        *problem = apr_pstrcat(pool, "it cannot be read: ", rc_fs_rights(path, pool), NULL);
        return NULL;
    }
    if (!rc_fs_exists(path)) {
        *problem = "it is in the database but not on the disk; restore its folder, or delete it by "
                   "delete_gist";
        return NULL;
    }
    RC_TRY(find_problem_inside(problem, check->env, RC_GIST_TYPE, path, pool));
    if (*problem)
        return NULL;
    if ((err = rc_gist_open(&vcs, &id, check->env, access_id, NULL, pool)))
        *problem = rc_err_log_text(err, pool);
    else if (!id)
        *problem = "it has no content; restore its folder, or delete it by delete_gist";
    return NULL;
}

static rc_err_t *check_gist(void *baton, const rc_gist_t *gist, apr_pool_t *scratch)
{
    const char *problem;

    RC_TRY(gist_problem(&problem, baton, gist->access_id, scratch));
    if (problem)
        suspect(baton, gist->access_id);
    return NULL;
}

static rc_err_t *judge_gists(rc_check_t *check, apr_int64_t unused)
{
    const char *problem;
    rc_gist_t *gist;
    int i;

    (void)unused;
    for (i = 0; i < check->suspects->nelts; i++) {
        const char *name = APR_ARRAY_IDX(check->suspects, i, const char *);

        RC_TRY(rc_store_gist(&gist, check->db, name, check->pool));
        if (gist)
            RC_TRY(gist_problem(&problem, check, name, check->pool));
        else
            problem = rc_fs_exists(rc_gist_path(check->env, name, check->pool))
                          ? "it is on the disk but not in the database: --repair adds it"
                          : NULL;
        if (problem)
            rc_check_note(check, "gist %s: %s", name, problem);
    }
    return NULL;
}

rc_err_t *rc_check_gists(rc_check_t *check)
{
    apr_array_header_t *names;
    rc_gist_t *gist;
    int i;

    check->suspects = apr_array_make(check->pool, 4, sizeof(const char *));
    RC_TRY(rc_store_gists_all(check->db, check_gist, check, check->pool));
    RC_TRY(rc_gist_folders(&names, check->env, check->pool));
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        RC_TRY(rc_store_gist(&gist, check->db, name, check->pool));
        if (!gist)
            suspect(check, name);
    }
    return in_transaction(check, 0, judge_gists);
}
