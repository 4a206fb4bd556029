// SPDX-License-Identifier: Apache-2.0
/*
 * Merges two commits of a bare repository, as `git merge --no-ff` does in a work tree. git
 * merge-tree (2.38 or later) merges the trees in a quarantine that borrows the repository's
 * objects; the new objects move in when the merge commit is complete, and one change of a reference
 * makes them visible. The config of the repository takes no part, so no merge driver of it runs.
 */
#include "merge.h"

#include <string.h>

#include <apr_strings.h>

#include "git.h"
#include "job.h"
#include "quarantine.h"
#include "refs.h"
#include "run.h"
#include "base/fs.h"
#include "base/log.h"

#define USAGE 129 /* exit status of a git that does not know an option */

typedef struct merging_t {
    const rc_merge_t *merge;
    const char *git_dir;
    rc_git_job_t job; /* in the quarantine */
} merging_t;

static rc_err_t *log_failure(rc_merge_reason_t *reason, const merging_t *merging, int status)
{
    *reason = RC_MERGE_FAILED;
    if (status == USAGE)
        rc_log(RC_LOG_ERR, APR_SUCCESS, "merging needs git 2.38 or later");
    else
        rc_log(RC_LOG_WARNING, APR_SUCCESS,
               "git merge-tree of %s and %s in %s ended with status %d", merging->merge->target,
               merging->merge->source, merging->git_dir, status);
    return NULL;
}

/* Sets *@a tree to the merged tree. */
static rc_err_t *merge_trees(rc_merge_reason_t *reason, const char **tree, const merging_t *merging)
{
    const char *const argv[] = {
        "git",           "merge-tree",           "--write-tree",         "-z", "--name-only",
        "--no-messages", merging->merge->target, merging->merge->source, NULL};
    int status;

    RC_TRY(rc_git_job_read(&status, tree, &merging->job, argv, GIT_OID_HEXSZ));
    *reason = status ? RC_MERGE_CONFLICTS : RC_MERGE_POSSIBLE;
    return status > 1 ? log_failure(reason, merging, status) : NULL;
}

/* --- the quarantine --- */

typedef rc_err_t *work_fn(rc_merge_reason_t *reason, merging_t *merging, void *baton);

static rc_err_t *in_quarantine(rc_merge_reason_t *reason, const rc_merge_t *merge, work_fn *fn,
                               void *baton, apr_pool_t *pool)
{
    merging_t merging = {.merge = merge, .git_dir = rc_git_dir(merge->path, pool)};
    const char *path;
    rc_err_t *err;

    RC_TRY(rc_quarantine_make(&path, merge->work_dir, merging.git_dir, pool));
    merging.job = (rc_git_job_t){
        .git_dir = path, .work_dir = merge->work_dir, .work = merge->work, .pool = pool};
    err = fn(reason, &merging, baton);
    rc_quarantine_remove(path);
    return err;
}

static rc_err_t *try_here(rc_merge_reason_t *reason, merging_t *merging, void *unused)
{
    const char *tree;

    (void)unused;
    return merge_trees(reason, &tree, merging);
}

rc_err_t *rc_git_try_merge(rc_merge_reason_t *reason, const rc_merge_t *merge, apr_pool_t *pool)
{
    return in_quarantine(reason, merge, try_here, NULL, pool);
}

/* --- the merge --- */

/* *@a reached: the target has the source's commit already. */
static rc_err_t *is_merged(bool *reached, const merging_t *merging)
{
    const char *const argv[] = {
        "git", "merge-base", "--is-ancestor", merging->merge->source, merging->merge->target, NULL};
    const rc_git_command_t command = {.argv = argv};
    int status;

    RC_TRY(rc_git_job(&status, &merging->job, &command));
    *reached = status == 0;
    return NULL;
}

static rc_err_t *make_commit(const char **id, const merging_t *merging, const char *tree)
{
    const rc_merge_t *merge = merging->merge;
    const char *const argv[] = {"git",         "commit-tree", tree,          "-p",
                                merge->target, "-p",          merge->source, NULL};
    const rc_git_setting_t person[] = {{"GIT_AUTHOR_NAME", merge->author},
                                       {"GIT_AUTHOR_EMAIL", merge->email},
                                       {"GIT_COMMITTER_NAME", merge->author},
                                       {"GIT_COMMITTER_EMAIL", merge->email},
                                       {NULL, NULL}};
    rc_git_command_t command = {.argv = argv, .variables = person};
    char line[GIT_OID_HEXSZ + 1];
    apr_size_t len = strlen(merge->message);

    RC_TRY(rc_git_job_file(&command.in, &merging->job));
    RC_TRY(rc_git_job_file(&command.out, &merging->job));
    if (apr_file_write_full(command.in, merge->message, len, NULL))
        return rc_err_internal(merging->job.pool, APR_SUCCESS, "cannot write a message");
    RC_TRY(rc_git_job_rewind(command.in, &merging->job));
    RC_TRY(rc_git_job(NULL, &merging->job, &command));
    RC_TRY(rc_git_job_rewind(command.out, &merging->job));
    if (apr_file_gets(line, sizeof(line), command.out))
        return rc_err_internal(merging->job.pool, APR_SUCCESS, "git commit-tree printed no id");
    *id = apr_pstrdup(merging->job.pool, line);
    return NULL;
}

/* Moves the branch if it still leads to the target's commit. The program is not killed: it would
 * leave a lock. */
static rc_err_t *move_branch(rc_merge_reason_t *reason, const merging_t *merging, const char *id)
{
    const rc_merge_t *merge = merging->merge;
    apr_pool_t *pool = merging->job.pool;
    const char *ref = apr_pstrcat(pool, RC_GIT_HEADS, merge->name, NULL);
    const char *const argv[] = {"git", "update-ref", ref, id, merge->target, NULL};
    rc_err_t *err = rc_git_run(merging->git_dir, argv, merge->lock, NULL, pool);

    if (err && err->kind != RC_E_FAILED)
        return err;
    if (err) {
        rc_log(RC_LOG_INFO, APR_SUCCESS, "merge: %s", rc_err_log_text(err, pool));
        *reason = RC_MERGE_NOT_PUSHED;
        return NULL;
    }
    return rc_fs_sync_folders(apr_pstrcat(pool, merging->git_dir, "/", ref, NULL), merging->git_dir,
                              pool);
}

static rc_err_t *merge_here(rc_merge_reason_t *reason, merging_t *merging, void *baton)
{
    const rc_merge_t *merge = merging->merge;
    const char **id = baton, *tree;
    bool reached;

    RC_TRY(is_merged(&reached, merging));
    *reason = RC_MERGE_POSSIBLE;
    *id = merge->target;
    if (reached)
        return merge->begin(merge->baton, *id);
    RC_TRY(merge_trees(reason, &tree, merging));
    if (*reason != RC_MERGE_POSSIBLE)
        return NULL;
    RC_TRY(make_commit(id, merging, tree));
    RC_TRY(rc_quarantine_publish_loose(merging->job.git_dir, merging->git_dir, merging->job.pool));
    RC_TRY(merge->begin(merge->baton, *id));
    return move_branch(reason, merging, *id);
}

rc_err_t *rc_git_merge(rc_merge_reason_t *reason, const char **id, const rc_merge_t *merge,
                       apr_pool_t *pool)
{
    return in_quarantine(reason, merge, merge_here, id, pool);
}
