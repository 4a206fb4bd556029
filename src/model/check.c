// SPDX-License-Identifier: Apache-2.0
/*
 * Do database, secret and disk agree? Everything that is wrong becomes one sentence in a list.
 */
#include "rc_scan.h"

#include <apr_strings.h>

#include "rc_fs.h"
#include "rc_moves.h"
#include "rc_repo_model.h"
#include "rc_user_model.h"

typedef struct check_t {
    apr_array_header_t *problems;
    rc_env_t *env;
    rc_db_t *db;
    apr_pool_t *pool;
    apr_array_header_t *suspects; /* const char *: repositories that seem to be on one side only */
    int keys, unreadable;         /* sealed keys, and those that the secret does not open */
} check_t;

__attribute__((format(printf, 2, 3))) static void note(check_t *check, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    APR_ARRAY_PUSH(check->problems, const char *) = apr_pvsprintf(check->pool, fmt, ap);
    va_end(ap);
}

static void check_key(check_t *check, const rc_user_key_t *key, apr_pool_t *scratch)
{
    const char *clear;

    check->keys += key->sealed != NULL;
    check->unreadable += rc_model_key_clear(&clear, check->env->secret, key, scratch) != NULL;
}

static rc_err_t *check_user(void *baton, const rc_user_details_t *details, apr_pool_t *scratch)
{
    check_t *check = baton;
    int i;
    bool has_main = false;

    for (i = 0; i < details->keys->nelts; i++) {
        const rc_user_key_t *key = &APR_ARRAY_IDX(details->keys, i, rc_user_key_t);

        check_key(check, key, scratch);
        has_main |= key->main;
    }
    if (!has_main)
        note(check, "user %s has no main key", details->user->username);
    return NULL;
}

static rc_err_t *check_default_user(check_t *check)
{
    rc_user_details_t details;
    apr_array_header_t *lacks;
    rc_user_t *user;
    int i;

    RC_TRY(rc_store_user_by_name(&user, check->db, RC_DEFAULT_USER, check->pool));
    if (!user) {
        note(check, "there is no default user");
        return NULL;
    }
    RC_TRY(rc_store_user_details(&details, check->db, user, check->pool));
    RC_TRY(check_user(check, &details, check->pool));
    RC_TRY(rc_model_default_user_lacks(&lacks, check->db, user, check->pool));
    for (i = 0; i < lacks->nelts; i++)
        note(check, "the default user has no permission row like %s",
             APR_ARRAY_IDX(lacks, i, const char *));
    return NULL;
}

static rc_err_t *check_users(check_t *check)
{
    RC_TRY(check_default_user(check));
    RC_TRY(rc_store_users_each(check->db, RC_USERS_ALL, 0, true, check_user, check, check->pool));
    if (check->unreadable)
        note(check, "%d of %d keys do not open with the secret file: was it replaced?",
             check->unreadable, check->keys);
    return NULL;
}

static rc_err_t *check_repo(void *baton, const rc_repo_t *repo, apr_pool_t *scratch)
{
    check_t *check = baton;
    const char *uri;
    rc_vcs_t *vcs;

    if (rc_model_repo_open(&vcs, check->env, repo, NULL, scratch))
        APR_ARRAY_PUSH(check->suspects, const char *) = apr_pstrdup(check->pool, repo->name);
    if (rc_model_clone_uri(&uri, check->env, repo, scratch))
        note(check, "the clone_uri of repository %s does not open with the secret file",
             repo->name);
    return NULL;
}

static rc_err_t *check_unknown(check_t *check, apr_int64_t user_id)
{
    apr_array_header_t *names;
    rc_repo_t *known;
    int i;

    RC_TRY(rc_model_scan(&names, check->env, check->pool));
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        RC_TRY(rc_store_repo_by_name(&known, check->db, user_id, name, check->pool));
        if (!known)
            APR_ARRAY_PUSH(check->suspects, const char *) = name;
    }
    return NULL;
}

/* Looks again while nobody can change both: what was being made or removed is no problem. */
static rc_err_t *judge(check_t *check, apr_int64_t user_id)
{
    int i;

    for (i = 0; i < check->suspects->nelts; i++) {
        const char *name = APR_ARRAY_IDX(check->suspects, i, const char *);
        rc_err_t *err;
        rc_repo_t *repo;
        rc_vcs_t *vcs;

        RC_TRY(rc_store_repo_by_name(&repo, check->db, user_id, name, check->pool));
        if (repo && (err = rc_model_repo_open(&vcs, check->env, repo, NULL, check->pool)))
            note(check, "repository %s is in the database but not on the disk: %s", name,
                 rc_err_log_text(err, check->pool));
        else if (!repo && rc_fs_exists(rc_env_repo_path(check->env, name, check->pool)))
            note(check, "repository %s is on the disk but not in the database", name);
    }
    return NULL;
}

static rc_err_t *check_repos(check_t *check, apr_int64_t user_id)
{
    rc_err_t *err;

    check->suspects = apr_array_make(check->pool, 4, sizeof(const char *));
    RC_TRY(rc_store_repos_each(check->db, user_id, NULL, check_repo, check, check->pool));
    RC_TRY(check_unknown(check, user_id));
    if (!check->suspects->nelts)
        return NULL;
    RC_TRY(rc_db_begin_write(check->db));
    err = judge(check, user_id);
    rc_db_rollback(check->db);
    return err;
}

static rc_err_t *check_left(check_t *check)
{
    apr_array_header_t *names;
    int i;

    RC_TRY(rc_moves_left(&names, check->env, check->pool));
    for (i = 0; i < names->nelts; i++)
        note(check, "a crash left %s/%s", check->env->work_dir,
             APR_ARRAY_IDX(names, i, const char *));
    return NULL;
}

rc_err_t *rc_model_check(apr_array_header_t **problems, rc_env_t *env, rc_db_t *db,
                         apr_pool_t *pool)
{
    check_t check = {.env = env, .db = db, .pool = pool};
    const char *problem;
    rc_user_t *admin;

    *problems = check.problems = apr_array_make(pool, 4, sizeof(const char *));
    RC_TRY(rc_db_check(&problem, db, pool));
    if (problem)
        note(&check, "%s", problem);
    RC_TRY(check_left(&check));
    RC_TRY(check_users(&check));
    RC_TRY(rc_store_first_admin(&admin, db, pool));
    if (!admin) {
        note(&check, "there is no active super-admin");
        return NULL;
    }
    return check_repos(&check, admin->id);
}
