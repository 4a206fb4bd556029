// SPDX-License-Identifier: Apache-2.0
/*
 * Recovers after crashes: finishes or undoes the disk changes of processes that died, and removes
 * their directories.
 */
#include "disk_step.h"
#include "root.h"

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

#define TRIES  200 /* to begin a transaction while a process is just dying */
#define PAUSE  apr_time_from_msec(10)
#define MAX_OP ((off_t)64 << 20) /* bytes */

/* A disk change of a process that died before its transaction was committed. */
typedef struct doomed_t {
    const char *op;
    apr_array_header_t *list; /* of rc_move_t */
} doomed_t;

typedef struct repair_t {
    const rc_env_t *env;
    apr_pool_t *pool;
    rc_db_t *db;                /* in a write transaction */
    apr_array_header_t *doomed; /* of doomed_t: to be undone after the commit */
    int gate;
} repair_t;

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

/* Finishes the change if its token was committed. Else refuses the token, so that it never will be,
 * and remembers the change. */
static rc_err_t *repair_op(void *baton, const char *path, const char *name, apr_pool_t *scratch)
{
    const repair_t *repair = baton;
    const char *token = apr_pstrmemdup(scratch, name, strlen(name) - 3);
    apr_array_header_t *list = NULL;
    bool stands;

    RC_TRY(rc_store_disk_change_stands(&stands, repair->db, token));
    RC_TRY(read_op(&list, path, repair->env->config->repo_root, repair->pool));
    if (!list || !is_ours(repair->env, list)) {
        refuse_op(path, scratch);
        return NULL;
    }
    rc_log(RC_LOG_WARNING, APR_SUCCESS, "a change of the disk was interrupted: %s it",
           stands ? "finishing" : "undoing");
    if (stands) {
        redo(repair->env, list, scratch);
        rc_move_finish(path, list, scratch);
        return NULL;
    }
    RC_TRY(rc_store_disk_change_refuse(repair->db, token));
    *(doomed_t *)apr_array_push(repair->doomed) = (doomed_t){apr_pstrdup(repair->pool, path), list};
    return NULL;
}

/* The writers' lock is taken before the gate, as each change of the disk does. */
static rc_err_t *judge_ops(void *baton, rc_db_t *db)
{
    repair_t *repair = baton;
    rc_left_visit_t visit = {.env = repair->env, .ops = true, .fn = repair_op, .baton = repair};

    repair->db = db;
    repair->gate = rc_work_lock(repair->env, LOCK_EX);
    if (repair->gate < 0)
        return rc_fs_err(repair->pool, "lock", repair->env->work_dir);
    return rc_left_visit(&visit, repair->pool);
}

static void undo_all(const repair_t *repair)
{
    int i;

    for (i = 0; i < repair->doomed->nelts; i++) {
        const doomed_t *doomed = &APR_ARRAY_IDX(repair->doomed, i, doomed_t);

        rc_move_undo(repair->env, doomed->list, doomed->list->nelts, repair->pool);
        unlink(doomed->op);
    }
}

/* Undoes only what can never be committed any more: see rc_store_disk_change_refuse. */
static rc_err_t *repair_ops(const rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    repair_t repair = {.env = env, .pool = pool, .gate = -1};
    rc_err_t *err;

    repair.doomed = apr_array_make(pool, 2, sizeof(doomed_t));
    err = rc_db_txn(db, judge_ops, &repair);
    if (!err)
        undo_all(&repair);
    if (repair.gate >= 0)
        close(repair.gate);
    return err;
}

rc_err_t *rc_disk_txn_settle(bool *busy, rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    apr_array_header_t *tokens, *dead = apr_array_make(pool, 2, sizeof(const char *));

    RC_TRY(rc_left_tokens(&tokens, env, pool));
    *busy = tokens->nelts > 0;
    if (!*busy)
        return NULL;
    RC_TRY(rc_left_list(dead, env, true));
    if (dead->nelts)
        RC_TRY(repair_ops(env, db, pool));
    RC_TRY(rc_left_tokens(&tokens, env, pool));
    *busy = tokens->nelts > 0;
    return NULL;
}

/* --- transactions --- */

typedef struct settled_t {
    rc_env_t *env;
    apr_pool_t *pool;
    rc_err_t *(*fn)(void *baton, rc_db_t *db);
    void *baton;
    bool half_made; /* fn has not run: a change of the disk is to be undone or finished first */
} settled_t;

/* While this transaction holds the writers' lock, processes that live have only committed changes:
 * they are about to mark them as done. */
static rc_err_t *find_half_made(settled_t *settled, rc_db_t *db, apr_pool_t *pool)
{
    apr_array_header_t *tokens;
    const char *dead;
    rc_err_t *err;
    bool stands;
    int i;

    RC_TRY(rc_left_tokens(&tokens, settled->env, pool));
    settled->half_made = false;
    for (i = 0; i < tokens->nelts && !settled->half_made; i++) {
        const char *token = APR_ARRAY_IDX(tokens, i, const char *);

        RC_TRY(rc_store_disk_change_stands(&stands, db, token));
        err = rc_left_find(&dead, settled->env, apr_pstrcat(pool, token, ".op", NULL), true, pool);
        if (err)
            rc_log(RC_LOG_ERR, err->cause, "repair: %s", rc_err_log_text(err, pool));
        else
            settled->half_made = !stands || dead;
    }
    return NULL;
}

static rc_err_t *run_settled(void *baton, rc_db_t *db)
{
    settled_t *settled = baton;
    apr_pool_t *scratch;
    rc_err_t *err;

    apr_pool_create(&scratch, settled->pool);
    err = rc_root_still(settled->env, db, scratch);
    if (!err)
        err = find_half_made(settled, db, scratch);
    err = rc_err_copy(err, settled->pool);
    apr_pool_destroy(scratch); /* and the locks that it tried */
    RC_TRY(err);
    if (settled->half_made)
        return rc_err_failed(settled->pool, "another change of the disk is unfinished");
    return settled->fn(settled->baton, db);
}

rc_err_t *rc_disk_txn_run(rc_env_t *env, rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db),
                          void *baton, apr_pool_t *pool)
{
    settled_t settled = {.env = env, .pool = pool, .fn = fn, .baton = baton};
    rc_err_t *err;
    bool busy;
    int tries;

    for (tries = 0;; tries++) {
        err = rc_db_txn(db, run_settled, &settled);
        if (!settled.half_made || tries == TRIES)
            return err;
        if (tries)
            apr_sleep(PAUSE);
        RC_TRY(rc_disk_txn_settle(&busy, env, db, pool));
    }
}

/* --- starts --- */

static rc_err_t *remove_folder(void *baton, const char *path, const char *name, apr_pool_t *pool)
{
    (void)baton;
    (void)name;
    return rc_fs_remove_tree(path, pool);
}

/* Intentions first: undoing one moves files back into directories that are removed afterwards. */
static rc_err_t *recover(rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    rc_left_visit_t visit = {.env = env, .fn = remove_folder};
    apr_array_header_t *dead = apr_array_make(pool, 2, sizeof(const char *));
    bool busy;

    RC_TRY(rc_disk_txn_settle(&busy, env, db, pool));
    RC_TRY(rc_left_list(dead, env, true));
    return dead->nelts ? NULL : rc_left_visit_alone(&visit, pool);
}

/* A server whose disk is full still starts: the next change is begun by the same repair. */
rc_err_t *rc_disk_txn_recover(rc_env_t *env, apr_pool_t *pool)
{
    apr_pool_t *sub;
    rc_err_t *err;
    rc_db_t *db;

    apr_pool_create(&sub, pool);
    err = rc_db_acquire(&db, env->db_pool, sub);
    if (err)
        return rc_err_internal(pool, err->cause, "%s", rc_err_log_text(err, pool));
    if ((err = recover(env, db, sub)))
        rc_log(RC_LOG_ERR, err->cause, "repair: %s", rc_err_log_text(err, sub));
    apr_pool_destroy(sub);
    return NULL;
}

rc_err_t *rc_disk_txn_unfinished(apr_array_header_t **names, rc_env_t *env, apr_pool_t *pool)
{
    *names = apr_array_make(pool, 2, sizeof(const char *));
    RC_TRY(rc_left_list(*names, env, true));
    return rc_left_list(*names, env, false);
}
