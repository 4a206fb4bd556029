// SPDX-License-Identifier: Apache-2.0
/*
 * Creates and copies repositories.
 */
#include "svn.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <svn_dirent_uri.h>

#include "base/fs.h"

/* Repositories can be read by svn from this version on (contract 07 §5). */
#define COMPATIBLE "1.9.0"

/* No hook is created or copied: what stands there is removed. */
static rc_err_t *empty_hooks(const char *path, apr_pool_t *pool)
{
    const char *hooks = apr_pstrcat(pool, path, "/hooks", NULL);
    apr_status_t rv;

    RC_TRY(rc_fs_remove_tree(hooks, pool));
    rv = apr_dir_make(hooks, APR_FPROT_OS_DEFAULT, pool);
    return rv == APR_SUCCESS ? NULL : rc_fs_status(pool, rv, "create", hooks);
}

static svn_error_t *create_at(const char *path, apr_pool_t *pool)
{
    apr_hash_t *config = apr_hash_make(pool);
    svn_repos_t *repos;

    apr_hash_set(config, SVN_FS_CONFIG_FS_TYPE, APR_HASH_KEY_STRING, SVN_FS_TYPE_FSFS);
    apr_hash_set(config, SVN_FS_CONFIG_COMPATIBLE_VERSION, APR_HASH_KEY_STRING, COMPATIBLE);
    /* the caller syncs the finished tree */
    apr_hash_set(config, SVN_FS_CONFIG_NO_FLUSH_TO_DISK, APR_HASH_KEY_STRING, "1");
    return svn_repos_create(&repos, svn_dirent_internal_style(path, pool), NULL, NULL, NULL, config,
                            pool);
}

rc_err_t *rc_svn_create(const char *path, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    rc_err_t *err;

    apr_pool_create(&scratch, pool);
    err =
        rc_svn_err(RC_SVN(create_at(path, scratch)), pool, "cannot create the repository %s", path);
    apr_pool_destroy(scratch); /* closes its files */
    return err ? err : empty_hooks(path, pool);
}

/* A copy has an identity of its own, so that no cache takes it for its source. */
static svn_error_t *copy_to(const char *from, const char *to, rc_svn_going_t *going,
                            apr_pool_t *pool)
{
    svn_repos_t *repos;

    from = svn_dirent_internal_style(from, pool);
    to = svn_dirent_internal_style(to, pool);
    SVN_ERR(svn_repos_hotcopy3(from, to, FALSE, FALSE, NULL, NULL, rc_svn_go_on, going, pool));
    SVN_ERR(svn_repos_open3(&repos, to, NULL, pool, pool));
    return svn_fs_set_uuid(svn_repos_fs(repos), NULL, pool);
}

rc_err_t *rc_svn_copy(const char *from, const char *to, rc_work_t *work, apr_pool_t *pool)
{
    rc_svn_going_t going = {.work = work, .pool = pool};
    apr_pool_t *scratch;
    rc_err_t *err;

    apr_pool_create(&scratch, pool);
    err = rc_svn_err(RC_SVN(copy_to(from, to, &going, scratch)), pool,
                     "cannot copy the repository %s", from);
    apr_pool_destroy(scratch);
    if (going.err)
        return going.err;
    if (err)
        return err;
    RC_TRY(empty_hooks(to, pool));
    /* locks of users belong to the source */
    return rc_fs_remove_tree(apr_pstrcat(pool, to, "/db/locks", NULL), pool);
}
