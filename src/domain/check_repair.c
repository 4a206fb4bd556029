// SPDX-License-Identifier: Apache-2.0
/*
 * Repairs for check --repair: damaged repositories and gists, and gists that the database does not
 * have.
 */
#include "check.h"

#include <string.h>

#include <apr_strings.h>

#include "store/gist.h"
#include "domain/gist.h"
#include "base/log.h"
#include "domain/repo.h"
#include "base/text.h"
#include "store/user.h"

typedef struct mend_t {
    rc_env_t *env;
    rc_db_t *db;
    const rc_user_t *admin;
    const char *access_id; /* of the gist to add */
    apr_pool_t *pool;
} mend_t;

static rc_err_t *repair(const mend_t *mend, const char *type, const char *path, const char *wanted,
                        apr_pool_t *pool)
{
    const char *done;

    if (!rc_could_be_repository(path, pool))
        return NULL;
    RC_TRY(rc_vcs_sweep(&done, type, path, pool));
    if (done)
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s: %s", path, done);
    RC_TRY(rc_vcs_repair(&done, type, path, wanted, pool));
    if (!done)
        return NULL;
    rc_vcs_pool_forget(mend->env->vcs_pool, path);
    rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s: %s", path, done);
    return NULL;
}

/* A failed repair is logged only: the check that follows reports the problem. */
static void try_repair(const mend_t *mend, const char *type, const char *path, const char *wanted,
                       apr_pool_t *pool)
{
    rc_err_t *err = repair(mend, type, path, wanted, pool);

    if (err)
        rc_log(RC_LOG_WARNING, err->cause, "%s", rc_err_log_text(err, pool));
}

static rc_err_t *mend_repo(void *baton, const rc_repo_t *repo, apr_pool_t *scratch)
{
    const mend_t *mend = baton;
    const char *colon = strchr(repo->landing_rev, ':');
    rc_err_t *err;

    try_repair(mend, repo->type, rc_env_repo_path(mend->env, repo->name, scratch),
               colon ? colon + 1 : NULL, scratch);
    if ((err = rc_check_unkeep(mend->env, mend->db, repo, scratch)))
        rc_log(RC_LOG_WARNING, err->cause, "%s", rc_err_log_text(err, scratch));
    return NULL;
}

/* Takes owner and time from the gist's commit. The caller sets the other values to the most private
 * ones. */
static rc_err_t *read_gist(rc_gist_t *gist, const mend_t *mend)
{
    const char *end;
    rc_commit_t *commit;
    rc_user_t *owner = NULL;
    rc_vcs_t *vcs;

    RC_TRY(rc_vcs_open(&vcs, NULL, RC_GIST_TYPE,
                       rc_gist_path(mend->env, gist->access_id, mend->pool), NULL, mend->pool));
    RC_TRY(rc_vcs_last_commit(&commit, vcs, mend->pool));
    if (!commit)
        return rc_err_failed(mend->pool, "gist %s has no content", gist->access_id);
    if ((end = strstr(commit->author, " <")))
        RC_TRY(rc_store_user_by_name(
            &owner, mend->db,
            apr_pstrmemdup(mend->pool, commit->author, (apr_size_t)(end - commit->author)),
            mend->pool));
    gist->owner_id = owner ? owner->id : mend->admin->id;
    gist->created_on = gist->modified_at = apr_time_from_sec(commit->time);
    return NULL;
}

/* Runs in a write transaction, so the gist is not being created at the same time. */
static rc_err_t *add_gist(void *baton, rc_db_t *db)
{
    const mend_t *mend = baton;
    rc_gist_t *known, gist = {.access_id = mend->access_id, .description = "", .expires = -1};

    RC_TRY(rc_store_gist(&known, db, mend->access_id, mend->pool));
    if (known)
        return NULL;
    if (!rc_text_int(&gist.id, mend->access_id))
        gist.id = 0;
    gist.type = gist.id ? "public" : "private";
    gist.acl_level = "acl_private";
    RC_TRY(read_gist(&gist, mend));
    RC_TRY(rc_store_gist_insert(&gist, db, mend->pool));
    rc_log(RC_LOG_WARNING, APR_SUCCESS, "gist %s was not in the database: it is now, acl_private",
           mend->access_id);
    return NULL;
}

static rc_err_t *mend_gists(mend_t *mend, apr_pool_t *pool)
{
    apr_array_header_t *names;
    rc_err_t *err;
    int i;

    RC_TRY(rc_gist_folders(&names, mend->env, pool));
    apr_pool_create(&mend->pool, pool);
    for (i = 0; i < names->nelts; i++) {
        apr_pool_clear(mend->pool);
        mend->access_id = APR_ARRAY_IDX(names, i, const char *);
        try_repair(mend, RC_GIST_TYPE, rc_gist_path(mend->env, mend->access_id, mend->pool), NULL,
                   mend->pool);
        if ((err = rc_db_txn(mend->db, add_gist, mend)))
            rc_log(RC_LOG_WARNING, err->cause, "gist %s is not added: %s", mend->access_id,
                   rc_err_log_text(err, mend->pool));
    }
    apr_pool_destroy(mend->pool);
    return NULL;
}

rc_err_t *rc_check_mend(rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    mend_t mend = {.env = env, .db = db};
    rc_user_t *admin;

    RC_TRY(rc_store_first_admin(&admin, db, pool));
    if (!admin)
        return NULL; /* the check reports it */
    mend.admin = admin;
    RC_TRY(rc_store_repos_each(db, rc_viewer_user(admin->id), NULL, false, mend_repo, &mend, pool));
    return mend_gists(&mend, pool);
}
