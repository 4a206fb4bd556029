// SPDX-License-Identifier: Apache-2.0
/*
 * Finds in .rc_tmp what processes that died have left: entries whose locks nobody holds.
 */
#include "disk_step.h"
#include "env_lock.h"

#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "base/log.h"

rc_err_t *rc_left_find(const char **path, const rc_env_t *env, const char *name, bool ops,
                       apr_pool_t *pool)
{
    const char *dot = strrchr(name, '.'), *full;
    bool is_op = dot && !strcmp(dot, ".op");
    int fd, life = 0;
    struct stat st;

    *path = NULL;
    if (is_op != ops || (dot && !is_op))
        return NULL;
    full = apr_pstrcat(pool, env->work_dir, "/", name, NULL);
    if (!lstat(full, &st) && S_ISLNK(st.st_mode)) { /* our processes make no links here */
        *path = full;
        return NULL;
    }
    if (is_op)
        RC_TRY(rc_fs_lock_fd(&fd, full, 0, pool));
    else
        RC_TRY(rc_env_lock(&fd, &life, env, full, false, pool));
    if (fd >= 0 && rc_fs_exists(full)) /* its owner may have removed it before we got the lock */
        *path = full;
    return NULL;
}

static rc_err_t *visit_one(const rc_left_visit_t *visit, const char *name, apr_pool_t *pool)
{
    const char *path;

    RC_TRY(rc_left_find(&path, visit->env, name, visit->ops, pool));
    return path ? visit->fn(visit->baton, path, name, pool) : NULL;
}

rc_err_t *rc_left_visit(const rc_left_visit_t *visit, apr_pool_t *pool)
{
    const char *work_dir = visit->env->work_dir;
    apr_pool_t *scratch;
    apr_finfo_t entry;
    apr_dir_t *dir;
    rc_err_t *err;

    if (apr_dir_open(&dir, work_dir, pool) != APR_SUCCESS)
        return rc_fs_err(pool, "read", work_dir);
    apr_pool_create(&scratch, pool);
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        apr_pool_clear(scratch);
        if ((err = visit_one(visit, entry.name, scratch)))
            rc_log(RC_LOG_ERR, err->cause, "repair: %s", rc_err_log_text(err, scratch));
    }
    apr_pool_destroy(scratch);
    apr_dir_close(dir);
    return NULL;
}

rc_err_t *rc_left_visit_alone(const rc_left_visit_t *visit, apr_pool_t *pool)
{
    int gate = rc_work_lock(visit->env, LOCK_EX);
    rc_err_t *err;

    if (gate < 0)
        return rc_fs_err(pool, "lock", visit->env->work_dir);
    err = rc_left_visit(visit, pool);
    close(gate);
    return err;
}

static rc_err_t *list_name(void *baton, const char *path, const char *name, apr_pool_t *pool)
{
    apr_array_header_t *names = baton;

    (void)path;
    (void)pool;
    APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(names->pool, name);
    return NULL;
}

rc_err_t *rc_left_list(apr_array_header_t *names, const rc_env_t *env, bool ops)
{
    rc_left_visit_t visit = {.env = env, .ops = ops, .fn = list_name, .baton = names};

    return rc_left_visit_alone(&visit, names->pool);
}

rc_err_t *rc_left_tokens(apr_array_header_t **tokens, const rc_env_t *env, apr_pool_t *pool)
{
    apr_finfo_t entry;
    apr_dir_t *dir;

    *tokens = apr_array_make(pool, 2, sizeof(const char *));
    if (apr_dir_open(&dir, env->work_dir, pool) != APR_SUCCESS)
        return rc_fs_err(pool, "read", env->work_dir);
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        const char *dot = strrchr(entry.name, '.');

        if (dot && !strcmp(dot, ".op"))
            APR_ARRAY_PUSH(*tokens, const char *) =
                apr_pstrmemdup(pool, entry.name, (apr_size_t)(dot - entry.name));
    }
    apr_dir_close(dir);
    return NULL;
}
