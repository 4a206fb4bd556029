// SPDX-License-Identifier: Apache-2.0
/*
 * Removes a commit and its descendants from a branch.
 */
#include "table.h"

#include <apr_strings.h>

#include "drop.h"
#include "run.h"
#include "base/fs.h"
#include "base/log.h"

/* Returns the only parent of the commit. RC_E_FAILED for a merge, a root commit, or where a shallow
 * history ends. */
static rc_err_t *only_parent(git_oid *parent, rc_git_t *git, const git_oid *id, apr_pool_t *pool)
{
    git_odb_object *object;
    rc_git_header_t header = {.parents = apr_array_make(pool, 2, sizeof(git_oid))};
    bool parsed;

    RC_TRY(rc_git_read(&object, git, id, GIT_OBJECT_COMMIT, pool));
    parsed = rc_git_header_parse(&header, git_odb_object_data(object), git_odb_object_size(object));
    git_odb_object_free(object);
    if (!parsed || header.parents->nelts != 1 || rc_git_cut_off(git->refs, id))
        return rc_err_failed(pool, "%s does not have exactly one parent", git_oid_tostr_s(id));
    *parent = APR_ARRAY_IDX(header.parents, 0, git_oid);
    return NULL;
}

static rc_err_t *check_holds(rc_git_t *git, const git_oid *tip, const git_oid *id, apr_pool_t *pool)
{
    int n = git_oid_equal(tip, id) ? 1 : git_graph_descendant_of(git->repo, tip, id);

    if (n < 0)
        return rc_git_err(pool, "cannot walk the history of %s", git->path);
    return n ? NULL : rc_err_failed(pool, "the branch does not contain %s", git_oid_tostr_s(id));
}

/* Runs git in a child that finishes even if this process is killed, because a half-done update
 * would leave a lock. */
static rc_err_t *set_branch(rc_git_t *git, const char *branch, const git_oid *to,
                            const git_oid *from, int lock, apr_pool_t *pool)
{
    const char *argv[] = {"git", "update-ref", NULL, NULL, NULL, NULL};

    argv[2] = apr_pstrcat(pool, "refs/heads/", branch, NULL);
    argv[3] = apr_pstrdup(pool, git_oid_tostr_s(to));
    argv[4] = apr_pstrdup(pool, git_oid_tostr_s(from));
    RC_TRY(rc_git_run(git->path, argv, lock, NULL, pool));
    /* git syncs the file, but not the directory entry */
    return rc_fs_sync_folders(apr_pstrcat(pool, git->path, "/", argv[2], NULL), git->path, pool);
}

/* The branch has changed for good: what stays is removed by maintenance, after two weeks. */
static void drop_objects(const rc_git_t *git, const char *branch, const git_oid *tip,
                         apr_pool_t *pool)
{
    rc_err_t *err = rc_git_drop(git->path, branch, tip, pool);

    if (err)
        rc_log(RC_LOG_WARNING, err->cause, "stripped commits stay in %s for two weeks: %s",
               git->path, rc_err_log_text(err, pool));
}

rc_err_t *rc_git_strip(rc_vcs_t *vcs, const char *branch, const char *id, int lock,
                       const char *work_dir, apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;
    const rc_git_ref_t *ref;
    git_oid oid, parent, tip;

    (void)work_dir;
    RC_TRY(rc_git_look(git, false, pool));
    ref = rc_git_ref_find(git->refs->branches, branch);
    if (!rc_git_hex(&oid, id) || !ref)
        return rc_err_failed(pool, "no such revision or branch");
    RC_TRY(only_parent(&parent, git, &oid, pool));
    RC_TRY(check_holds(git, &ref->commit, &oid, pool));
    tip = ref->target;
    RC_TRY(set_branch(git, branch, &parent, &tip, lock, pool));
    drop_objects(git, branch, &tip, pool);
    return rc_git_refresh(git, true, pool);
}
