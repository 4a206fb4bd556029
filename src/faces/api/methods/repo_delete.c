// SPDX-License-Identifier: Apache-2.0
/*
 * Deleting a repository, with its forks or without (contract 02 §5 delete_repo).
 */
#include "../method.h"

#include <string.h>

#include <apr_strings.h>

#include "store/repo_change.h"
#include "domain/repo.h"

typedef struct deletion_t {
    rc_disk_txn_t *moves;
    apr_array_header_t *doomed; /* of rc_named_t: what is locked and will go */
    apr_int64_t forks;          /* direct ones that the caller may see */
    apr_int64_t going;          /* those of them that go, too */
    const char *mode;           /* "detach", "delete", or something else */
} deletion_t;

static bool is_mode(const deletion_t *deletion, const char *mode)
{
    return !strcmp(deletion->mode, mode);
}

/* Forks that the caller may not see do not exist: they do not stand in the way, and are not
 * counted. The deletion detaches them, as all that it does not take along. */
static rc_err_t *plan(rc_call_t *call, deletion_t *deletion)
{
    const rc_repo_t *repo = rc_arg_repo(call, "repoid");
    apr_int64_t caller = call->actor.caller->user_id;

    deletion->mode = rc_arg_text(call, "forks");
    RC_TRY(rc_store_repo_fork_count(&deletion->forks, call->actor.db, caller, repo->id, RC_READ));
    RC_TRY(rc_store_repo_fork_count(&deletion->going, call->actor.db, caller, repo->id, RC_ADMIN));
    if (deletion->forks && !is_mode(deletion, "detach") && !is_mode(deletion, "delete"))
        return rc_err(call->pool, RC_E_ARG, "Cannot delete `%s` it still contains attached forks",
                      repo->name);
    return rc_model_repo_doomed(&deletion->doomed, call->actor.db, repo, caller,
                                is_mode(deletion, "delete"), call->pool);
}

static bool same(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i;

    for (i = 0; i < a->nelts && i < b->nelts; i++)
        if (APR_ARRAY_IDX(a, i, rc_named_t).id != APR_ARRAY_IDX(b, i, rc_named_t).id ||
            strcmp(APR_ARRAY_IDX(a, i, rc_named_t).name, APR_ARRAY_IDX(b, i, rc_named_t).name))
            return false;
    return a->nelts == b->nelts;
}

static rc_err_t *tell(rc_call_t *call, const apr_array_header_t *doomed)
{
    int i;

    for (i = 0; i < doomed->nelts; i++) {
        const rc_named_t *gone = &APR_ARRAY_IDX(doomed, i, rc_named_t);
        rc_repo_t repo = {.id = gone->id, .name = gone->name};

        RC_TRY(rc_call_journal(call, &repo, "user_deleted_repo", NULL));
    }
    return NULL;
}

static rc_err_t *delete_in_txn(rc_call_t *call, void *baton)
{
    deletion_t *deletion = baton, now = *deletion;

    RC_TRY(plan(call, &now));
    if (!same(deletion->doomed, now.doomed))
        return rc_err_failed(call->pool, "the repository or its forks changed meanwhile");
    deletion->forks = now.forks;
    deletion->going = now.going;
    RC_TRY(tell(call, now.doomed));
    return rc_model_repo_delete(now.doomed, call->env, now.moves, call->actor.db, call->pool);
}

static void forget_handles(rc_call_t *call, const apr_array_header_t *doomed)
{
    int i;

    for (i = 0; i < doomed->nelts; i++)
        rc_vcs_pool_forget(
            call->env->vcs_pool,
            rc_env_repo_path(call->env, APR_ARRAY_IDX(doomed, i, rc_named_t).name, call->pool));
}

static const char *suffix(const rc_call_t *call, const deletion_t *deletion)
{
    if (is_mode(deletion, "detach"))
        return apr_psprintf(call->pool, " Detached %" APR_INT64_T_FMT " forks", deletion->forks);
    if (is_mode(deletion, "delete"))
        return apr_psprintf(call->pool, " Deleted %" APR_INT64_T_FMT " forks", deletion->going);
    return "";
}

static rc_err_t *lock_doomed(rc_locks_t *locks, rc_actor_t *actor, void *baton)
{
    const deletion_t *deletion = baton;

    return rc_model_repo_lock_doomed(locks, actor->env, actor->db, deletion->doomed);
}

static rc_err_t *delete_repo(rc_call_t *call, rc_json_t *out)
{
    deletion_t deletion = {.moves = rc_disk_txn_begin(call->env, call->pool)};
    rc_locks_t locks;
    rc_err_t *err;

    RC_TRY(plan(call, &deletion));
    RC_TRY(rc_actor_lock(&locks, &call->actor, lock_doomed, &deletion));
    err = rc_call_txn(call, delete_in_txn, &deletion);
    rc_disk_txn_end(deletion.moves, !err);
    RC_TRY(err);
    forget_handles(call, deletion.doomed);
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg",
                          apr_pstrcat(call->pool,
                                      rc_call_text(call, "Deleted repository `{repoid.name}`"),
                                      suffix(call, &deletion), NULL));
    rc_json_member_bool(out, "success", true);
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_repo_delete[] = {
    {"delete_repo", delete_repo, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT("repoid", RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG("forks", RC_TEXT, "''")),
     "failed to delete repository `{repoid.name}`",
     "Delete a repository; its forks: detach or delete."},
    {.name = NULL},
};
/* clang-format on */
