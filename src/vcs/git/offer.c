// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the commits that a pull request offers, and keeps them in the target: their objects in a
 * pack, and the newest one under refs/rc/pull/ID/head, ID being its id. So any number of pull
 * requests and versions share what they keep, and a reference exists before the row that needs it.
 * Clients neither see nor change references below refs/rc (wire_program.c); git's own maintenance
 * keeps what they reach.
 */
#include "merge.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "env.h"
#include "git.h"
#include "job.h"
#include "quarantine.h"
#include "refs.h"
#include "run.h"
#include "base/fs.h"

#define LINE         (GIT_OID_HEXSZ + 1)
#define KEEPERS_MOST ((apr_size_t)1 << 20) /* bytes of a list of ids */

static const char *kept_name(const char *id, apr_pool_t *pool)
{
    return apr_pstrcat(pool, RC_GIT_HIDDEN_RC "/pull/", id, "/head", NULL);
}

/* Each repository borrows the objects of the other one. */
static rc_git_job_t job_in(const char *path, const char *lender, const rc_offer_t *offer,
                           apr_pool_t *pool)
{
    return (rc_git_job_t){
        .git_dir = rc_git_dir(path, pool),
        .lender = strcmp(path, lender) ? rc_git_dir(lender, pool) : NULL,
        .work_dir = offer->work_dir,
        .work = offer->work,
        .pool = pool,
    };
}

/* --- what is offered --- */

static rc_err_t *split_ids(rc_offered_t *offered, const char *lines, apr_pool_t *pool)
{
    offered->commits = apr_array_make(pool, 16, sizeof(const char *));
    for (; strlen(lines) >= LINE; lines += LINE)
        APR_ARRAY_PUSH(offered->commits, const char *) = apr_pstrmemdup(pool, lines, GIT_OID_HEXSZ);
    if (offered->commits->nelts <= RC_OFFER_MOST)
        return NULL;
    return rc_err(pool, RC_E_LIMIT, "a pull request has at most %d commits", RC_OFFER_MOST);
}

static rc_err_t *find_base(rc_offered_t *offered, const rc_git_job_t *job, const rc_offer_t *offer)
{
    const char *const argv[] = {"git", "merge-base", offer->target_id, offer->source_id, NULL};
    const char *text;
    int status;

    RC_TRY(rc_git_job_read(&status, &text, job, argv, LINE));
    if (status > 1)
        return rc_err_internal(job->pool, APR_SUCCESS, "git merge-base in %s ended with %d",
                               job->git_dir, status);
    if (status == 0)
        offered->base = apr_pstrmemdup(job->pool, text, GIT_OID_HEXSZ);
    return NULL;
}

rc_err_t *rc_git_offered(rc_offered_t *offered, const rc_offer_t *offer, apr_pool_t *pool)
{
    const char *most = apr_psprintf(pool, "--max-count=%d", RC_OFFER_MOST + 1);
    const char *const argv[] = {
        "git", "rev-list", "--date-order", most, offer->source_id, "--not", offer->target_id, NULL};
    rc_git_job_t job = job_in(offer->source_path, offer->target_path, offer, pool);
    const char *lines;

    *offered = (rc_offered_t){NULL};
    RC_TRY(rc_git_job_read(NULL, &lines, &job, argv, (apr_size_t)(RC_OFFER_MOST + 1) * LINE));
    RC_TRY(split_ids(offered, lines, pool));
    return find_base(offered, &job, offer);
}

/* --- what is kept --- */

/* Lists the objects that the target lacks, by its references. */
static rc_err_t *list_missing(apr_file_t **list, const rc_git_job_t *job, const char *id)
{
    const char *const argv[] = {"git", "rev-list", "--objects", id, "--not", "--all", NULL};
    rc_git_command_t command = {.argv = argv};

    RC_TRY(rc_git_job_file(list, job));
    command.out = *list;
    RC_TRY(rc_git_job(NULL, job, &command));
    return rc_fs_rewind(*list, job->pool);
}

static rc_err_t *pack(apr_file_t **made, const rc_git_job_t *job, apr_file_t *list)
{
    static const char *const argv[] = {"git",      "pack-objects",        "-q",
                                       "--stdout", "--delta-base-offset", NULL};
    rc_git_command_t command = {.argv = argv, .in = list};

    RC_TRY(rc_git_job_file(made, job));
    command.out = *made;
    RC_TRY(rc_git_job(NULL, job, &command));
    return rc_fs_rewind(*made, job->pool);
}

/* Checks the objects as those of a push: the source may be a repository of unknown origin. */
static rc_err_t *index_pack(const rc_git_job_t *job, const char *quarantine, apr_file_t *made)
{
    const char *const argv[] = {"git", "index-pack", "--stdin",
                                rc_git_env_strict("--strict", job->pool), NULL};
    const rc_git_job_t there = {.git_dir = quarantine,
                                .lender = job->lender,
                                .work_dir = job->work_dir,
                                .work = job->work,
                                .pool = job->pool};
    const rc_git_command_t command = {.argv = argv, .in = made};

    return rc_git_job(NULL, &there, &command);
}

static rc_err_t *bring(const rc_git_job_t *job, const char *quarantine, apr_file_t *list)
{
    apr_file_t *made;

    RC_TRY(pack(&made, job, list));
    RC_TRY(index_pack(job, quarantine, made));
    return rc_quarantine_publish(quarantine, job->git_dir, job->pool);
}

static rc_err_t *bring_missing(const rc_offer_t *offer, apr_pool_t *pool)
{
    rc_git_job_t job = job_in(offer->target_path, offer->source_path, offer, pool);
    const char *quarantine;
    apr_file_t *list;
    rc_err_t *err;
    char c;

    RC_TRY(list_missing(&list, &job, offer->source_id));
    if (apr_file_getc(&c, list)) /* the target has everything */
        return NULL;
    RC_TRY(rc_fs_rewind(list, job.pool));
    RC_TRY(rc_quarantine_make(&quarantine, offer->work_dir, job.git_dir, pool));
    err = bring(&job, quarantine, list);
    rc_quarantine_remove(quarantine);
    return err;
}

/* A program that changes a reference is not killed: it would leave a lock. */
static rc_err_t *set_reference(const char *git_dir, const char *id, int lock, apr_pool_t *pool)
{
    const char *argv[] = {"git", "update-ref", NULL, NULL, NULL};

    argv[2] = kept_name(id, pool);
    argv[3] = id;
    RC_TRY(rc_git_run(git_dir, argv, lock, NULL, pool));
    return rc_fs_sync_folders(apr_pstrcat(pool, git_dir, "/", argv[2], NULL), git_dir, pool);
}

/* The file that tells how old a reference is: its own or, of a packed one, that of all of them. */
static const char *file_of(const char *git_dir, const char *name, apr_pool_t *pool)
{
    const char *own = apr_pstrcat(pool, git_dir, "/", name, NULL);

    return rc_fs_exists(own) ? own : apr_pstrcat(pool, git_dir, "/packed-refs", NULL);
}

rc_err_t *rc_git_keep(const rc_offer_t *offer, int lock, apr_pool_t *pool)
{
    const char *git_dir = rc_git_dir(offer->target_path, pool);
    bool kept;

    RC_TRY(rc_git_is_kept(&kept, offer->target_path, offer->source_id, pool));
    if (kept) {
        rc_fs_touch(file_of(git_dir, kept_name(offer->source_id, pool), pool));
        return NULL;
    }
    if (strcmp(offer->source_path, offer->target_path))
        RC_TRY(bring_missing(offer, pool));
    return set_reference(git_dir, offer->source_id, lock, pool);
}

/* Returns whether @a name names a commit there. */
static rc_err_t *is_commit(bool *is, const char *path, const char *name, apr_pool_t *pool)
{
    const char *const argv[] = {"git", "cat-file", "-e", apr_pstrcat(pool, name, "^{commit}", NULL),
                                NULL};
    rc_git_job_t job = {.git_dir = rc_git_dir(path, pool), .pool = pool};
    const rc_git_command_t command = {.argv = argv};
    int status;

    job.work_dir = job.git_dir;
    RC_TRY(rc_git_job(&status, &job, &command));
    *is = status == 0;
    return NULL;
}

rc_err_t *rc_git_is_kept(bool *kept, const char *path, const char *id, apr_pool_t *pool)
{
    return is_commit(kept, path, kept_name(id, pool), pool);
}

rc_err_t *rc_git_has_commit(bool *has, const char *path, const char *id, apr_pool_t *pool)
{
    return is_commit(has, path, id, pool);
}

/* Returns when a reference was written; of a packed one, when all of them were packed. */
static apr_time_t written(const char *git_dir, const char *name, apr_pool_t *pool)
{
    struct stat st;

    return stat(file_of(git_dir, name, pool), &st) ? APR_INT64_MAX : apr_time_from_sec(st.st_mtime);
}

rc_err_t *rc_git_kept_before(apr_array_header_t *ids, const char *path, apr_time_t before,
                             const char *work_dir, apr_pool_t *pool)
{
    static const char *const argv[] = {"git", "for-each-ref", "--format=%(refname)",
                                       RC_GIT_HIDDEN_RC "/pull", NULL};
    rc_git_job_t job = {.git_dir = rc_git_dir(path, pool), .work_dir = work_dir, .pool = pool};
    apr_size_t begin = strlen(RC_GIT_HIDDEN_RC "/pull/");
    const char *lines, *id;
    char *name, *state = NULL;

    RC_TRY(rc_git_job_read(NULL, &lines, &job, argv, KEEPERS_MOST));
    for (name = apr_strtok(apr_pstrdup(pool, lines), "\n", &state); name;
         name = apr_strtok(NULL, "\n", &state)) {
        id = strlen(name) > begin ? apr_pstrmemdup(pool, name + begin, GIT_OID_HEXSZ) : "";
        if (!strcmp(name, kept_name(id, pool)) && written(job.git_dir, name, pool) < before)
            APR_ARRAY_PUSH(ids, const char *) = id;
    }
    return NULL;
}

rc_err_t *rc_git_unkeep(const char *path, const char *id, int lock, apr_pool_t *pool)
{
    const char *const argv[] = {"git", "update-ref", "-d", kept_name(id, pool), NULL};

    return rc_git_run(rc_git_dir(path, pool), argv, lock, NULL, pool);
}

/* git fails when it has no such commit. */
rc_err_t *rc_git_keepers(const char **ids, const char *path, const char *id, const char *work_dir,
                         apr_pool_t *pool)
{
    const char *const argv[] = {
        "git",           "for-each-ref",           "--contains", id, "--format",
        "%(objectname)", RC_GIT_HIDDEN_RC "/pull", NULL};
    rc_git_job_t job = {.git_dir = rc_git_dir(path, pool), .work_dir = work_dir, .pool = pool};
    int status;

    return rc_git_job_read(&status, ids, &job, argv, KEEPERS_MOST);
}

/* --- what is shown --- */

rc_err_t *rc_git_kept_diff(rc_spool_t *spool, const rc_merge_t *merge, apr_off_t most,
                           apr_pool_t *pool)
{
    const char *const argv[] = {
        "git",           "diff-tree",     "-r",          "-p",          "-M", "--full-index",
        "--no-ext-diff", "--no-textconv", merge->target, merge->source, NULL};
    apr_off_t before = rc_spool_size(spool);
    apr_file_t *file;
    rc_err_t *err;

    RC_TRY(rc_spool_lend(&file, spool));
    err =
        rc_git_output(file, before + most, rc_git_dir(merge->path, pool), argv, merge->work, pool);
    RC_TRY(rc_spool_take_back(spool));
    if (err && rc_spool_size(spool) >= before + most)
        return rc_err(pool, RC_E_LIMIT, "the diff has more than %" APR_OFF_T_FMT " bytes", most);
    return err;
}
