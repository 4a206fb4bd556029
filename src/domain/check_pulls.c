// SPDX-License-Identifier: Apache-2.0
/*
 * Checks pull requests: whether each target keeps the commits that were offered, and whether a
 * merge was interrupted.
 */
#include "check.h"

#include "store/pull_request.h"
#include "vcs/merge.h"

/* A repository that cannot be read has a note of its own. */
static rc_err_t *check_pull(void *baton, const rc_pull_kept_t *kept, apr_pool_t *scratch)
{
    rc_check_t *check = baton;
    const char *path = rc_env_repo_path(check->env, kept->repo, scratch);
    bool there = true;

    if (!rc_is_repository(path, scratch) ||
        rc_vcs_is_kept(&there, kept->type, path, kept->commit, scratch))
        return NULL;
    if (!there)
        rc_check_note(check,
                      "repository %s does not keep commit %s of pull request %" APR_INT64_T_FMT
                      ": restore its folder, or close the pull request and make a new one",
                      kept->repo, kept->commit, kept->id);
    if (kept->merging)
        rc_check_note(check,
                      "the merge of pull request %" APR_INT64_T_FMT
                      " in %s was interrupted: it is ended when the server starts, or by "
                      "get_pull_request",
                      kept->id, kept->repo);
    return NULL;
}

rc_err_t *rc_check_pulls(rc_check_t *check)
{
    return rc_store_pulls_kept(check->db, check_pull, check, check->pool);
}
