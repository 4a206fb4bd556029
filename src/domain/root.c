// SPDX-License-Identifier: Apache-2.0
/*
 * Checks that the repository root is the one of the database, by the names of some repositories,
 * and that the clock of its file server is not behind.
 */
#include "root.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "base/nfs.h"
#include "store/repo_change.h"

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

/* By the times of files is decided whether what was just read of them must be read again: the clock
 * of the server may be behind by less than that (base/stamps.c) and a tick of it, 10 ms. */
#define BEHIND_MOST apr_time_from_msec(80)

static void check_clock(const rc_env_t *env)
{
    apr_time_t behind = rc_nfs_is(env->work_dir) ? rc_nfs_behind(env->work_dir) : 0;

    if (behind > BEHIND_MOST)
        rc_log(RC_LOG_WARNING, APR_SUCCESS,
               "the clock of the NFS server of %s is %" APR_TIME_T_FMT
               " ms behind that of this machine: changes may stay unseen; run NTP on both",
               env->config->repo_root, apr_time_as_msec(behind));
}

rc_err_t *rc_root_check(const rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    const char *root = env->config->repo_root;
    bool fits;

    check_clock(env);
    RC_TRY(fits_database(&fits, env, db, pool));
    if (!fits && is_bare_directory(root, pool))
        return rc_err_internal(pool, APR_SUCCESS, RC_ROOT_EMPTY, root, env->config->db.path);
    if (!fits)
        rc_log(RC_LOG_ERR, APR_SUCCESS, RC_ROOT_EMPTY, root, env->config->db.path);
    return NULL;
}

rc_err_t *rc_root_note(rc_env_t *env, apr_pool_t *pool)
{
    struct stat st;

    if (stat(env->config->repo_root, &st))
        return rc_fs_err(pool, "examine", env->config->repo_root);
    env->root_device = st.st_dev;
    env->root_inode = st.st_ino;
    return NULL;
}

rc_err_t *rc_root_still(const rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    const char *root = env->config->repo_root;
    struct stat st;
    bool fits;

    if (!env->root_inode ||
        (!stat(root, &st) && st.st_dev == env->root_device && st.st_ino == env->root_inode))
        return NULL;
    RC_TRY(fits_database(&fits, env, db, pool));
    return fits ? NULL
                : rc_err_busy(pool,
                              "%s is another directory than it was at the start, and has none of "
                              "the repositories of %s: is its file system mounted?",
                              root, env->config->db.path);
}

static bool is_link(const char *path)
{
    struct stat st;

    return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

const char *rc_root_unmounted(const rc_env_t *env, const char *name, apr_pool_t *pool)
{
    char *folder = apr_pstrdup(pool, name), *slash;

    for (;;) {
        const char *path = apr_pstrcat(pool, env->config->repo_root, "/", folder, NULL);

        if (!rc_fs_is_missing(path))
            return is_bare_directory(path, pool) ? folder : NULL;
        if (is_link(path))
            return folder;
        if (!(slash = strrchr(folder, '/')))
            return NULL;
        *slash = '\0';
    }
}
