// SPDX-License-Identifier: Apache-2.0
/*
 * Locks paths against the processes of this machine by a lock of the file, which also holds between
 * threads and outlives the process with its programs; and against other machines by a lock of the
 * database with the path's name.
 */
#include "env_lock.h"

#include <string.h>

#include "base/fs.h"

const char *rc_env_lock_name(const rc_env_t *env, const char *path)
{
    return path + strlen(env->config->repo_root) + 1;
}

rc_err_t *rc_env_lock(int *fd, int *life, const rc_env_t *env, const char *path, bool share,
                      apr_pool_t *pool)
{
    apr_pool_t *sub;
    bool locked;
    rc_err_t *err;

    apr_pool_create(&sub, pool);
    err = share ? rc_fs_share_fd(fd, path, 0, sub) : rc_fs_lock_fd(fd, path, 0, sub);
    locked = !err && *fd >= 0;
    if (locked && env->locks)
        err = rc_db_lock(&locked, life, env->locks, rc_env_lock_name(env, path), share, sub);
    if (!err && locked)
        return NULL;
    err = rc_err_copy(err, pool);
    *fd = -1;
    apr_pool_destroy(sub);
    return err;
}
