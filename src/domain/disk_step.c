// SPDX-License-Identifier: Apache-2.0
/*
 * Makes, undoes and syncs the single steps of a disk change.
 */
#include "disk_step.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/log.h"

/* Two requests cannot both take one name, since no rename overwrites. No link in a path is
 * followed. */
rc_err_t *rc_move_make(const rc_env_t *env, const rc_move_t *move, apr_pool_t *pool)
{
    const char *root = env->config->repo_root;
    rc_err_t *err;
    int tries = 5;

    if (!*move->from)
        return rc_fs_make_below(root, move->to, pool);
    do { /* another process that undoes a change may remove the directories while empty */
        err = rc_fs_rename_below(root, move->from, move->to, true, pool);
    } while (err && APR_STATUS_IS_ENOENT(err->cause) && rc_fs_exists(move->from) && --tries);
    return err;
}

/* The directory in .rc_tmp that a tree came from is removed with the pool of its process. */
static rc_err_t *move_back(const char *root, const rc_move_t *move, apr_pool_t *pool)
{
    const char *folder = rc_fs_folder(move->from, pool);

    if (rc_fs_exists(move->from) || !rc_fs_exists(move->to))
        return NULL;
    if (!rc_fs_exists(folder))
        RC_TRY(rc_fs_make_below(root, folder, pool));
    return rc_fs_rename_below(root, move->to, move->from, false, pool);
}

void rc_move_undo(const rc_env_t *env, const apr_array_header_t *list, int n, apr_pool_t *pool)
{
    const char *root = env->config->repo_root;

    while (n-- > 0) {
        const rc_move_t *move = &APR_ARRAY_IDX(list, n, rc_move_t);
        rc_err_t *err;

        if (!*move->from)
            rc_fs_rmdir_below(root, move->to, pool); /* fails when it is not empty: it stays */
        else if ((err = move_back(root, move, pool)))
            rc_log(RC_LOG_ERR, err->cause, "cannot undo: %s", rc_err_log_text(err, pool));
    }
}

/* At recovery the work directory, or its contents, may already be removed. */
static rc_err_t *sync_folder_of(const char *path, apr_pool_t *pool)
{
    rc_err_t *err = rc_fs_sync_folder_of(path, pool);

    return err && APR_STATUS_IS_ENOENT(err->cause) ? NULL : err;
}

static rc_err_t *sync_moves(const apr_array_header_t *list, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        const rc_move_t *move = &APR_ARRAY_IDX(list, i, rc_move_t);

        RC_TRY(sync_folder_of(move->to, pool));
        if (*move->from)
            RC_TRY(sync_folder_of(move->from, pool));
    }
    return NULL;
}

/* Renames the intention to done only after the renames that it describes are on the disk. */
void rc_move_finish(const char *op, const apr_array_header_t *list, apr_pool_t *pool)
{
    const char *done = apr_pstrcat(pool, apr_pstrmemdup(pool, op, strlen(op) - 3), ".done", NULL);
    rc_err_t *err = sync_moves(list, pool);

    if (err)
        rc_log(RC_LOG_ERR, err->cause, "%s stays: %s", op, rc_err_log_text(err, pool));
    else if (rename(op, done))
        rc_log(RC_LOG_ERR, APR_FROM_OS_ERROR(errno), "cannot rename %s", op);
}
