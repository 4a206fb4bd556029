// SPDX-License-Identifier: Apache-2.0
/*
 * Implements disk transactions: renames that are kept or undone with a database transaction.
 */
#include "disk_step.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "base/log.h"
#include "domain/scan.h"
#include "store/setting.h"

#define TRIES 100 /* to undo a change of our own */
#define PAUSE apr_time_from_msec(10)

struct rc_disk_txn_t {
    rc_env_t *env;
    rc_db_t *db; /* since rc_disk_txn_apply */
    apr_pool_t *pool;
    apr_array_header_t *list; /* of rc_move_t */
    apr_array_header_t *made; /* const char *: synced trees in .rc_tmp */
    apr_array_header_t *done; /* const char *: T.done files whose tokens this change deletes */
    const char *token, *op;   /* op: path of the intention */
    int fd;                   /* of op, holds its lock */
    int applied;              /* steps made */
};

rc_disk_txn_t *rc_disk_txn_begin(rc_env_t *env, apr_pool_t *pool)
{
    rc_disk_txn_t *disk = apr_pcalloc(pool, sizeof(*disk));

    disk->env = env;
    disk->pool = pool;
    disk->list = apr_array_make(pool, 2, sizeof(rc_move_t));
    disk->made = apr_array_make(pool, 2, sizeof(const char *));
    disk->done = apr_array_make(pool, 2, sizeof(const char *));
    disk->fd = -1;
    return disk;
}

rc_err_t *rc_disk_txn_made(rc_disk_txn_t *disk, const char *path)
{
    APR_ARRAY_PUSH(disk->made, const char *) = apr_pstrdup(disk->pool, path);
    return rc_fs_sync_tree(path, disk->pool);
}

void rc_disk_txn_add(rc_disk_txn_t *disk, const char *from, const char *to)
{
    rc_move_t *move = apr_array_push(disk->list);

    move->from = apr_pstrdup(disk->pool, from);
    move->to = apr_pstrdup(disk->pool, to);
}

static rc_err_t *open_op(rc_disk_txn_t *disk)
{
    int gate = rc_work_lock(disk->env, LOCK_SH);
    rc_err_t *err = NULL;

    if (gate < 0)
        return rc_fs_err(disk->pool, "lock", disk->env->work_dir);
    disk->op = apr_pstrcat(disk->pool, disk->env->work_dir, "/", disk->token, ".op", NULL);
    disk->fd = open(disk->op, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (disk->fd < 0)
        err = rc_fs_err(disk->pool, "create", disk->op);
    else if (flock(disk->fd, LOCK_EX)) /* without its lock it looks like that of a dead process */
        err = rc_fs_err(disk->pool, "lock", disk->op);
    close(gate);
    return err;
}

/* Writes paths relative to the root, which may have moved when a recovery reads them. */
static rc_err_t *write_path(const rc_disk_txn_t *disk, const char *path)
{
    apr_size_t skip = *path ? strlen(disk->env->config->repo_root) + 1 : 0;
    ssize_t size = (ssize_t)strlen(path + skip) + 1;

    return write(disk->fd, path + skip, (size_t)size) == size
               ? NULL
               : rc_fs_err(disk->pool, "write", disk->op);
}

/* Writes the intention: from, NUL, to, NUL, for each step. */
static rc_err_t *write_op(rc_disk_txn_t *disk)
{
    int i;

    RC_TRY(open_op(disk));
    for (i = 0; i < disk->list->nelts; i++) {
        const rc_move_t *move = &APR_ARRAY_IDX(disk->list, i, rc_move_t);

        RC_TRY(write_path(disk, move->from));
        RC_TRY(write_path(disk, move->to));
    }
    if (fsync(disk->fd))
        return rc_fs_err(disk->pool, "sync", disk->op);
    return rc_fs_sync_folder_of(disk->op, disk->pool);
}

static bool is_target(const apr_array_header_t *list, const char *path)
{
    int i;

    for (i = 0; i < list->nelts; i++)
        if (!strcmp(APR_ARRAY_IDX(list, i, rc_move_t).to, path))
            return true;
    return false;
}

static bool is_source(const apr_array_header_t *list, const char *path)
{
    int i;

    for (i = 0; i < list->nelts; i++)
        if (!strcmp(APR_ARRAY_IDX(list, i, rc_move_t).from, path))
            return true;
    return false;
}

typedef struct plan_t {
    apr_array_header_t *list; /* of rc_move_t: every step */
    const rc_disk_txn_t *disk;
    bool others; /* other changes are unfinished */
} plan_t;

static rc_err_t *plan_folder(plan_t *plan, const char *path);

/* Plans to move out of the way what is at a target: a crash or a restore left it, since the
 * database does not have it. It is renamed, never removed. A repository of any type is an error
 * instead. */
static rc_err_t *set_aside(plan_t *plan, const char *path)
{
    apr_pool_t *pool = plan->disk->pool;
    const char *root = plan->disk->env->config->repo_root;
    const char *name = path + strlen(root) + 1, *aside;

    if (plan->others)
        return rc_err_failed(pool, "%s exists, and another change of the disk is unfinished", path);
    if (*name != '.' && rc_holds_repository(path, pool))
        return rc_err_failed(pool, RC_UNKNOWN_REPOSITORY, path);
    aside = apr_pstrcat(pool, root, RC_LEFT, plan->disk->token, "/", name, NULL);
    RC_TRY(plan_folder(plan, rc_fs_folder(aside, pool)));
    *(rc_move_t *)apr_array_push(plan->list) = (rc_move_t){path, aside};
    return NULL;
}

/* True for a file in place of a directory; a link, which the administrator made, is accepted. */
static bool is_no_folder(const char *path)
{
    struct stat st;

    return !lstat(path, &st) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode);
}

/* Plans the missing directories as steps before the renames that need them, so that undoing removes
 * exactly these, and no empty directory that existed before. */
static rc_err_t *plan_folder(plan_t *plan, const char *path)
{
    if (!*path || is_target(plan->list, path))
        return NULL;
    if (is_no_folder(path) && !is_source(plan->list, path))
        RC_TRY(set_aside(plan, path));
    else if (rc_fs_exists(path))
        return NULL;
    RC_TRY(plan_folder(plan, rc_fs_folder(path, plan->disk->pool)));
    *(rc_move_t *)apr_array_push(plan->list) = (rc_move_t){"", path};
    return NULL;
}

static rc_err_t *plan_steps(rc_disk_txn_t *disk, bool others)
{
    plan_t plan = {.disk = disk, .others = others};
    int i;

    plan.list = apr_array_make(disk->pool, disk->list->nelts + 2, sizeof(rc_move_t));
    for (i = 0; i < disk->list->nelts; i++) {
        const rc_move_t *move = &APR_ARRAY_IDX(disk->list, i, rc_move_t);

        RC_TRY(plan_folder(&plan, rc_fs_folder(move->to, disk->pool)));
        if (rc_fs_exists(move->to) && !is_source(plan.list, move->to))
            RC_TRY(set_aside(&plan, move->to));
        *(rc_move_t *)apr_array_push(plan.list) = *move;
    }
    disk->list = plan.list;
    return NULL;
}

/* Logs what was set aside, and where it is. */
static void report_asides(const rc_disk_txn_t *disk)
{
    const char *left = apr_pstrcat(disk->pool, disk->env->config->repo_root, RC_LEFT, NULL);
    int i;

    for (i = 0; i < disk->list->nelts; i++) {
        const rc_move_t *move = &APR_ARRAY_IDX(disk->list, i, rc_move_t);

        if (*move->from && !strncmp(move->to, left, strlen(left)))
            rc_log(RC_LOG_WARNING, APR_SUCCESS,
                   "%s is not in the database and was in the way: it is set aside as %s",
                   move->from, move->to);
    }
}

/* Deletes the tokens of finished changes from the database, in the transaction of this change.
 * Their files are removed after the commit only; else a token could stay in the database forever.
 */
static rc_err_t *forget_done(bool *others, rc_disk_txn_t *disk, rc_db_t *db)
{
    apr_finfo_t entry;
    apr_dir_t *dir;

    *others = false;
    if (apr_dir_open(&dir, disk->env->work_dir, disk->pool) != APR_SUCCESS)
        return rc_fs_err(disk->pool, "read", disk->env->work_dir);
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        const char *dot = strrchr(entry.name, '.');

        if (dot && !strcmp(dot, ".op"))
            *others = true;
        if (!dot || strcmp(dot, ".done"))
            continue;
        RC_TRY(rc_store_disk_change_forget(
            db, apr_pstrmemdup(disk->pool, entry.name, (apr_size_t)(dot - entry.name))));
        APR_ARRAY_PUSH(disk->done, const char *) =
            apr_pstrcat(disk->pool, disk->env->work_dir, "/", entry.name, NULL);
    }
    apr_dir_close(dir);
    return NULL;
}

/* A commit that failed may still be found in the -wal file after a crash. So the change is undone
 * as that of a dead process is: after the token was refused. A process that just tries the lock of
 * the intention makes it look like that of one that lives; then it is tried again. */
static void end_failed(rc_disk_txn_t *disk)
{
    rc_err_t *err;
    int tries;
    bool busy;

    close(disk->fd); /* gives up its lock */
    for (tries = 0; tries < TRIES; tries++) {
        if (tries)
            apr_sleep(PAUSE);
        err = rc_disk_txn_settle(&busy, disk->env, disk->db, disk->pool);
        if (err || !busy || !rc_fs_exists(disk->op))
            break;
    }
    if (err)
        rc_log(RC_LOG_ERR, err->cause, "%s stays until the next change: %s", disk->op,
               rc_err_log_text(err, disk->pool));
}

static void end_committed(const rc_disk_txn_t *disk)
{
    int i;

    report_asides(disk);
    rc_move_finish(disk->op, disk->list, disk->pool);
    for (i = 0; i < disk->done->nelts; i++)
        unlink(APR_ARRAY_IDX(disk->done, i, const char *));
    close(disk->fd);
}

void rc_disk_txn_end(rc_disk_txn_t *disk, bool committed)
{
    if (disk->fd < 0)
        return;
    if (committed) {
        end_committed(disk);
    } else if (disk->applied) {
        end_failed(disk);
    } else { /* a step failed, and those before it are undone */
        unlink(disk->op);
        close(disk->fd);
    }
    disk->fd = -1;
}

static bool holds(const apr_array_header_t *list, const char *text)
{
    int i = list->nelts;

    while (i-- > 0)
        if (!strcmp(APR_ARRAY_IDX(list, i, const char *), text))
            return true;
    return false;
}

/* Checks that everything that leaves .rc_tmp was synced. */
static rc_err_t *check_made(const rc_disk_txn_t *disk)
{
    const char *inside = apr_pstrcat(disk->pool, disk->env->work_dir, "/", NULL);
    int i;

    for (i = 0; i < disk->list->nelts; i++) {
        const char *from = APR_ARRAY_IDX(disk->list, i, rc_move_t).from;

        if (!strncmp(from, inside, strlen(inside)) && !holds(disk->made, from))
            return rc_err_internal(disk->pool, APR_SUCCESS, "%s is not made durable", from);
    }
    return NULL;
}

rc_err_t *rc_disk_txn_apply(rc_disk_txn_t *disk, rc_db_t *db)
{
    bool others;

    if (!disk->list->nelts)
        return NULL;
    disk->db = db;
    RC_TRY(check_made(disk));
    RC_TRY(rc_random_text(&disk->token, "0123456789abcdef", 32, disk->pool));
    RC_TRY(forget_done(&others, disk, db));
    RC_TRY(rc_store_disk_change_add(db, disk->token));
    RC_TRY(plan_steps(disk, others));
    RC_TRY(write_op(disk));
    for (; disk->applied < disk->list->nelts; disk->applied++) {
        const rc_move_t *move = &APR_ARRAY_IDX(disk->list, disk->applied, rc_move_t);
        rc_err_t *err = rc_move_make(disk->env, move, disk->pool);

        if (err) { /* undo before the transaction ends and others can write */
            rc_move_undo(disk->env, disk->list, disk->applied, disk->pool);
            disk->applied = 0;
            return err;
        }
    }
    return NULL;
}
