// SPDX-License-Identifier: Apache-2.0
/*
 * Checks that the repository root is the one of the database, by the names of some repositories.
 */
#include "root.h"

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "store/repo_change.h"

#define NONE_OF_THEM                                                                               \
    "%s has none of the repositories of %s: is its file system mounted, and is it the directory "  \
    "that other servers have? If all of them are lost, rcapi-admin call rescan_repos "             \
    "remove_obsolete:=true forgets them"

/* Sets *@a fits to whether the database has no repository, or one that is in the root. */
static rc_err_t *fits_database(bool *fits, const rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    apr_array_header_t *names;
    int i;

    RC_TRY(rc_store_repo_oldest(&names, db, pool));
    *fits = !names->nelts;
    for (i = 0; !*fits && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, rc_named_t).name;

        *fits = !rc_fs_is_missing(apr_pstrcat(pool, env->config->repo_root, "/", name, NULL));
    }
    return NULL;
}

/* Whether a directory has only names that begin with a dot, as those of our own directories. */
static bool is_bare_directory(const char *path, apr_pool_t *pool)
{
    bool bare = true;
    apr_finfo_t info;
    apr_dir_t *dir;

    if (apr_dir_open(&dir, path, pool) != APR_SUCCESS)
        return false;
    while (bare && apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS)
        bare = *info.name == '.';
    apr_dir_close(dir);
    return bare;
}

rc_err_t *rc_root_check(const rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    const char *root = env->config->repo_root;
    bool fits;

    RC_TRY(fits_database(&fits, env, db, pool));
    if (!fits && is_bare_directory(root, pool))
        return rc_err_internal(pool, APR_SUCCESS, NONE_OF_THEM, root, env->config->db.path);
    if (!fits)
        rc_log(RC_LOG_ERR, APR_SUCCESS, NONE_OF_THEM, root, env->config->db.path);
    return NULL;
}
