// SPDX-License-Identifier: Apache-2.0
/*
 * What brings the server's picture of repositories up to date, and strip (contract 02 §2).
 */
#include "../method.h"

#include <apr_strings.h>

#include "domain/repo.h"
#include "domain/scan.h"

static void answer(rc_call_t *call, rc_json_t *out, const char *msg)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", rc_call_text(call, msg));
    rc_json_member_string(out, "repository", rc_arg_repo(call, RC_P_REPOID)->name);
    rc_json_object_end(out);
}

static rc_err_t *invalidate_cache(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);

    rc_vcs_drop_cache(call->env->vcs_pool, repo->type,
                      rc_env_repo_path(call->env, repo->name, call->pool), call->pool);
    RC_TRY(rc_call_refresh(call, repo, NULL, NULL));
    answer(call, out, "Cache for repository `{repoid}` was invalidated");
    return NULL;
}

static rc_err_t *strip(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);
    rc_locks_t locks;

    RC_TRY(rc_work_costly(&call->actor.work, call->pool));
    RC_TRY(rc_actor_lock_repo(&locks, &call->actor, repo));
    RC_TRY(rc_model_repo_strip(call->env, &locks, repo, rc_arg_text(call, RC_P_BRANCH),
                               rc_arg_text(call, RC_P_REVISION), call->pool));
    RC_TRY(rc_call_refresh(call, repo, "user_stripped_commit", rc_arg_text(call, RC_P_REVISION)));
    answer(call, out, "Stripped commit {revision} from repo `{repoid.name}`");
    return NULL;
}

static void write_names(rc_json_t *out, const char *key, const apr_array_header_t *names)
{
    int i;

    rc_json_key(out, key);
    rc_json_array_begin(out);
    for (i = 0; names && i < names->nelts; i++)
        rc_json_string(out, APR_ARRAY_IDX(names, i, const char *));
    rc_json_array_end(out);
}

/* A key that later versions answer, too; without anything to tell the answer is the contract's. */
static void write_skipped(rc_json_t *out, const apr_array_header_t *skipped, apr_pool_t *pool)
{
    int i;

    rc_json_key(out, "errors");
    rc_json_array_begin(out);
    for (i = 0; i < skipped->nelts; i++) {
        const rc_skipped_t *folder = &APR_ARRAY_IDX(skipped, i, rc_skipped_t);

        rc_json_string(out, apr_pstrcat(pool, folder->name, ": ", folder->why, NULL));
    }
    rc_json_array_end(out);
}

static rc_err_t *rescan_repos(rc_call_t *call, rc_json_t *out)
{
    apr_array_header_t *added, *skipped, *removed = NULL;
    rc_journal_actor_t actor = rc_actor_signature(&call->actor);

    RC_TRY(rc_work_costly(&call->actor.work, call->pool));
    RC_TRY(rc_model_scan_add(&added, &skipped, call->env, call->actor.db, &actor, call->pool));
    if (rc_arg_bool(call, RC_P_REMOVE_OBSOLETE))
        RC_TRY(rc_model_scan_remove(&removed, call->env, call->actor.db, &actor, call->pool));
    rc_json_object_begin(out);
    write_names(out, "added", added);
    write_names(out, "removed", removed);
    if (skipped->nelts)
        write_skipped(out, skipped, call->pool);
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_cache[] = {
    {"invalidate_cache", invalidate_cache, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_WRITE),
               RC_ARG(RC_P_DELETE_KEYS, RC_BOOL, "False")),
     "Error occurred during cache invalidation action",
     "Drop what is cached of a repository and read its last commit again."},
    {"strip", strip, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG(RC_P_REVISION, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_BRANCH, RC_TEXT, RC_REQUIRED)),
     "Unable to strip commit {revision} from repo `{repoid.name}`",
     "Remove a commit and its descendants from a branch."},
    {"rescan_repos", rescan_repos, RC_ADMINS, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_REMOVE_OBSOLETE, RC_BOOL, "False")),
     "Error occurred during rescan repositories action",
     "Add repositories found on the disk; remove those that are gone."},
    {.name = NULL},
};
/* clang-format on */
