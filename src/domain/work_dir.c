// SPDX-License-Identifier: Apache-2.0
/*
 * Creates and removes private directories in <root>/.rc_tmp, where processes prepare repositories
 * before they are moved to their places.
 */
#include "disk_step.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/log.h"
#include "env_lock.h"

int rc_work_lock(const rc_env_t *env, int how)
{
    int fd = open(env->work_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    int why;

    if (fd < 0 || !flock(fd, how))
        return fd;
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

static apr_status_t remove_work_dir(void *data)
{
    apr_pool_t *pool;
    rc_err_t *err;

    apr_pool_create(&pool, NULL);
    if ((err = rc_fs_remove_tree(data, pool)))
        rc_log(RC_LOG_WARNING, err->cause, "%s", rc_err_log_text(err, pool));
    apr_pool_destroy(pool);
    return APR_SUCCESS;
}

/* The gate is between the processes of this machine. Others see no directory without the lock of
 * the database, which is there before it. */
static rc_err_t *make_locked(const char *path, const rc_env_t *env, apr_pool_t *pool)
{
    bool locked = true;
    int life = 0;

    if (env->locks)
        RC_TRY(rc_db_lock(&locked, &life, env->locks, rc_env_lock_name(env, path), false, pool));
    if (mkdir(path, 0700))
        return rc_fs_err(pool, "create", path);
    if (locked)
        RC_TRY(rc_fs_lock(&locked, path, 0, pool));
    return locked ? NULL : rc_err_internal(pool, APR_EBUSY, "cannot lock %s", path);
}

rc_err_t *rc_work_dir(const char **path, rc_env_t *env, apr_pool_t *pool)
{
    int gate = rc_work_lock(env, LOCK_SH);
    const char *name;
    rc_err_t *err;

    if (gate < 0)
        return rc_fs_err(pool, "lock", env->work_dir);
    err = rc_random_text(&name, "0123456789abcdefghijklmnopqrstuvwxyz", 16, pool);
    if (!err) {
        *path = apr_pstrcat(pool, env->work_dir, "/", name, NULL);
        err = make_locked(*path, env, pool);
    }
    if (!err)
        apr_pool_cleanup_register(pool, *path, remove_work_dir, apr_pool_cleanup_null);
    close(gate);
    return err;
}

rc_err_t *rc_work_dir_is_left(bool *left, const rc_env_t *env, const char *name, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, env->work_dir, "/", name, NULL);
    apr_pool_t *sub;
    int fd, life = 0;
    rc_err_t *err;

    apr_pool_create(&sub, pool);
    err = rc_err_copy(rc_env_lock(&fd, &life, env, path, false, sub), pool);
    *left = !err && (fd >= 0 || !rc_fs_exists(path));
    apr_pool_destroy(sub);
    return err;
}
