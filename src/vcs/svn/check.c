// SPDX-License-Identifier: Apache-2.0
/*
 * Checks a Subversion repository for damage: whether it can be opened, and whether its last
 * revision can be read. It does not walk the history; `svnadmin verify` does. It repairs nothing:
 * svnadmin can.
 */
#include "svn.h"

#include <apr_strings.h>

#define VERIFY "`svnadmin verify %s` says what is damaged; restore it from a backup"

rc_err_t *rc_svn_check(const char **problem, const char *path, apr_pool_t *pool)
{
    const char *why = NULL;

    *problem = NULL;
    if (rc_svn_detect(&why, path, pool) == RC_FOUND_UNUSABLE)
        *problem = apr_pstrcat(pool, "it is ", why, NULL);
    return NULL;
}

rc_err_t *rc_svn_repair(const char **done, const char *path, const char *wanted, apr_pool_t *pool)
{
    (void)path;
    (void)wanted;
    (void)pool;
    *done = NULL;
    return NULL;
}

static rc_err_t *read_youngest(rc_vcs_t *vcs, apr_pool_t *scratch)
{
    svn_revnum_t youngest;
    apr_hash_t *entries;
    svn_fs_root_t *root;
    rc_position_t place;

    RC_TRY(rc_svn_youngest(&youngest, vcs));
    RC_TRY(rc_svn_root(&root, vcs, youngest));
    RC_TRY(rc_svn_err(RC_SVN(svn_fs_dir_entries(&entries, root, "/", scratch)), vcs->pool,
                      "cannot read revision %ld of %s", youngest, vcs->path));
    return youngest ? rc_svn_position(&place, vcs, youngest - 1, scratch) : NULL;
}

rc_err_t *rc_svn_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    rc_err_t *err;

    *problem = NULL;
    apr_pool_create(&scratch, pool);
    err = read_youngest(vcs, scratch);
    apr_pool_destroy(scratch);
    if (err)
        *problem = apr_psprintf(pool, "%s: " VERIFY, rc_err_log_text(err, pool), vcs->path);
    return NULL;
}
