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
#include <git2/sys/odb_backend.h>

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

/* Returns @a text without what ends a name in a commit. */
static const char *person_text(const char *text, apr_pool_t *pool)
{
    char *clean = apr_pstrdup(pool, text), *to = clean;

    for (; *text; text++)
        if (!strchr("<>\n", *text))
            *to++ = *text;
    *to = '\0';
    return *clean ? clean : "unknown";
}

static const char *commit_text(const merging_t *merging, const char *tree)
{
    const rc_merge_t *merge = merging->merge;
    apr_pool_t *pool = merging->job.pool;
    const char *person =
        apr_psprintf(pool, "%s <%s> %" APR_INT64_T_FMT " +0000", person_text(merge->author, pool),
                     person_text(merge->email, pool), (apr_int64_t)apr_time_sec(apr_time_now()));

    return apr_psprintf(pool, "tree %.*s\nparent %s\nparent %s\nauthor %s\ncommitter %s\n\n%s",
                        GIT_OID_HEXSZ, tree, merge->target, merge->source, person, person,
                        merge->message);
}

/* Writes the commit into the quarantine: a program of git would cost as much as the merge. */
static rc_err_t *make_commit(const char **id, const merging_t *merging, const char *tree)
{
    apr_pool_t *pool = merging->job.pool;
    const char *objects = apr_pstrcat(pool, merging->job.git_dir, "/objects", NULL);
    const char *text = commit_text(merging, tree);
    git_odb_backend *loose = NULL;
    git_odb *odb = NULL;
    git_oid oid;
    int n = git_odb_new(&odb);

    if (!n && !(n = git_odb_backend_loose(&loose, objects, -1, 0, 0, 0)) &&
        (n = git_odb_add_backend(odb, loose, 1)))
        loose->free(loose);
    if (!n)
        n = git_odb_write(&oid, odb, text, strlen(text), GIT_OBJECT_COMMIT);
    git_odb_free(odb);
    *id = n ? NULL : apr_pstrdup(pool, git_oid_tostr_s(&oid));
    return n ? rc_git_err(pool, "cannot write a commit in %s", objects) : NULL;
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

    *reason = RC_MERGE_POSSIBLE;
    *id = merge->target;
    if (merge->reached)
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
