// SPDX-License-Identifier: Apache-2.0
/*
 * Recovers after crashes: finishes or undoes the disk changes of processes that died, and removes
 * their directories.
 */
#include "disk_step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "base/log.h"
#include "store/setting.h"

#define MAX_OP ((off_t)64 << 20) /* bytes */

typedef struct visit_t {
    rc_env_t *env;
    rc_db_t *db;
    bool ops;                  /* visit intentions (.op); else directories */
    apr_array_header_t *names; /* only list what is left, in here; NULL: repair it */
} visit_t;

/* Makes a path of an intention absolute; earlier versions wrote absolute ones. */
static const char *absolute(const char *path, const char *root, apr_pool_t *pool)
{
    return !*path || *path == '/' ? path : apr_pstrcat(pool, root, "/", path, NULL);
}

static apr_array_header_t *parse_op(const char *text, apr_size_t len, const char *root,
                                    apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(rc_move_t));
    const char *p = text, *end = text + len;

    while (p < end) {
        const char *to = memchr(p, '\0', (size_t)(end - p));
        const char *next = to ? memchr(to + 1, '\0', (size_t)(end - to - 1)) : NULL;
        rc_move_t *move;

        if (!next)
            break; /* incomplete: the process died before the first rename */
        move = apr_array_push(list);
        move->from = absolute(p, root, pool);
        move->to = absolute(to + 1, root, pool);
        p = next + 1;
    }
    return list;
}

/* *@a list stays NULL for anything that is not our file, such as a link. */
static rc_err_t *read_op(apr_array_header_t **list, const char *path, const char *root,
                         apr_pool_t *pool)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    ssize_t len = -1;
    char *text;

    *list = NULL;
    if (fd < 0)
        return errno == ELOOP ? NULL : rc_fs_err(pool, "open", path);
    if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= MAX_OP) {
        text = apr_palloc(pool, (apr_size_t)st.st_size + 1);
        if ((len = read(fd, text, (size_t)st.st_size)) >= 0)
            *list = parse_op(text, (apr_size_t)len, root, pool);
    }
    close(fd);
    return NULL;
}

static void redo(const rc_env_t *env, const apr_array_header_t *list, apr_pool_t *pool)
{
    rc_err_t *err;
    int i;

    for (i = 0; i < list->nelts; i++) {
        const rc_move_t *move = &APR_ARRAY_IDX(list, i, rc_move_t);

        if (!rc_fs_exists(move->from) || rc_fs_exists(move->to))
            continue;
        if ((err = rc_move_make(env, move, pool)))
            rc_log(RC_LOG_ERR, err->cause, "cannot finish: %s", rc_err_log_text(err, pool));
    }
}

/* True when all paths of an intention lie below the repository root; others are refused. */
static bool is_ours(const rc_env_t *env, const apr_array_header_t *list)
{
    const char *root = env->config->repo_root;
    int i;

    for (i = 0; i < list->nelts; i++) {
        const rc_move_t *move = &APR_ARRAY_IDX(list, i, rc_move_t);

        if ((*move->from && !rc_fs_is_below(root, move->from)) || !rc_fs_is_below(root, move->to))
            return false;
    }
    return true;
}

/* Keeps a refused file under a name that recovery ignores. */
static void refuse_op(const char *path, apr_pool_t *pool)
{
    const char *kept = apr_pstrcat(pool, path, ".refused", NULL);

    rc_log(RC_LOG_ERR, APR_SUCCESS,
           "%s is not a list of renames below the repository root: it is set aside as %s", path,
           rename(path, kept) ? path : kept);
}

static rc_err_t *repair_op(const visit_t *visit, const char *path, const char *token,
                           apr_pool_t *pool)
{
    apr_array_header_t *list = NULL;
    bool stands;

    RC_TRY(rc_store_disk_change_stands(&stands, visit->db, token));
    RC_TRY(read_op(&list, path, visit->env->config->repo_root, pool));
    if (!list || !is_ours(visit->env, list)) {
        refuse_op(path, pool);
        return NULL;
    }
    rc_log(RC_LOG_WARNING, APR_SUCCESS, "a change of the disk was interrupted: %s it",
           stands ? "finishing" : "undoing");
    if (stands) {
        redo(visit->env, list, pool);
        rc_move_finish(path, list, pool);
        return NULL;
    }
    rc_move_undo(visit->env, list, list->nelts, pool);
    unlink(path);
    return NULL;
}

/* Sets *@a path when the entry was left by a process that died: nothing holds its lock. Accepts
 * only intentions, or with @a ops false only directories; else leaves *@a path NULL. */
static rc_err_t *find_left(const char **path, const rc_env_t *env, const char *name, bool ops,
                           apr_pool_t *pool)
{
    const char *dot = strrchr(name, '.'), *full;
    bool locked, is_op = dot && !strcmp(dot, ".op");
    struct stat st;

    *path = NULL;
    if (is_op != ops || (dot && !is_op))
        return NULL;
    full = apr_pstrcat(pool, env->work_dir, "/", name, NULL);
    if (!lstat(full, &st) && S_ISLNK(st.st_mode)) { /* our processes make no links here */
        *path = full;
        return NULL;
    }
    RC_TRY(rc_fs_lock(&locked, full, 0, pool));
    if (locked && rc_fs_exists(full)) /* its owner may have removed it before we got the lock */
        *path = full;
    return NULL;
}

static rc_err_t *visit_entry(const visit_t *visit, const char *name, apr_pool_t *pool)
{
    const char *path;

    RC_TRY(find_left(&path, visit->env, name, visit->ops, pool));
    if (!path)
        return NULL;
    if (visit->names) {
        APR_ARRAY_PUSH(visit->names, const char *) = apr_pstrdup(visit->names->pool, name);
        return NULL;
    }
    if (!visit->ops)
        return rc_fs_remove_tree(path, pool);
    return repair_op(visit, path, apr_pstrmemdup(pool, name, strlen(name) - 3), pool);
}

static rc_err_t *visit_entries(const visit_t *visit, apr_pool_t *pool)
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
        if ((err = visit_entry(visit, entry.name, scratch)))
            rc_log(RC_LOG_ERR, err->cause, "repair: %s", rc_err_log_text(err, scratch));
    }
    apr_pool_destroy(scratch);
    apr_dir_close(dir);
    return NULL;
}

/* While this process holds the gate lock, no process makes new entries. */
static rc_err_t *repair_ops(rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    visit_t visit = {.env = env, .db = db, .ops = true};
    int gate = rc_work_lock(env, LOCK_EX);
    rc_err_t *err;

    if (gate < 0)
        return rc_fs_err(pool, "lock", env->work_dir);
    err = visit_entries(&visit, pool);
    close(gate);
    return err;
}

static rc_err_t *has_ops(bool *has, const rc_env_t *env, apr_pool_t *pool)
{
    apr_finfo_t entry;
    apr_dir_t *dir;

    *has = false;
    if (apr_dir_open(&dir, env->work_dir, pool) != APR_SUCCESS)
        return rc_fs_err(pool, "read", env->work_dir);
    while (!*has && apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        const char *dot = strrchr(entry.name, '.');

        *has = dot && !strcmp(dot, ".op");
    }
    apr_dir_close(dir);
    return NULL;
}

rc_err_t *rc_disk_txn_settle(bool *busy, rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    RC_TRY(has_ops(busy, env, pool));
    if (!*busy)
        return NULL;
    RC_TRY(repair_ops(env, db, pool));
    return has_ops(busy, env, pool);
}

/* Intentions first: undoing one moves files back into directories that are removed afterwards. */
static rc_err_t *visit_all(rc_env_t *env, apr_array_header_t *names, apr_pool_t *pool)
{
    visit_t visit = {.env = env, .ops = true, .names = names};

    RC_TRY(rc_db_acquire(&visit.db, env->db_pool, pool));
    RC_TRY(visit_entries(&visit, pool));
    visit.ops = false;
    return visit_entries(&visit, pool);
}

static rc_err_t *visit_alone(rc_env_t *env, apr_array_header_t *names, apr_pool_t *pool)
{
    int gate = rc_work_lock(env, LOCK_EX);
    rc_err_t *err;
    apr_pool_t *sub;

    if (gate < 0)
        return rc_fs_err(pool, "lock", env->work_dir);
    apr_pool_create(&sub, pool);
    err = visit_all(env, names, sub);
    if (err)
        err = rc_err_internal(pool, APR_SUCCESS, "%s", rc_err_log_text(err, pool));
    apr_pool_destroy(sub);
    close(gate);
    return err;
}

rc_err_t *rc_disk_txn_recover(rc_env_t *env, apr_pool_t *pool)
{
    return visit_alone(env, NULL, pool);
}

rc_err_t *rc_disk_txn_unfinished(apr_array_header_t **names, rc_env_t *env, apr_pool_t *pool)
{
    *names = apr_array_make(pool, 2, sizeof(const char *));
    return visit_alone(env, *names, pool);
}
