// SPDX-License-Identifier: Apache-2.0
/*
 * Two worlds, one truth: renames on the disk that the database's commit decides.
 *
 * <root>/.rc_tmp holds: T.op, the intention of a change with token T, locked by the process that
 * works on it; T.done, a change that is over, whose token the next change takes out of the
 * database; folders, each locked by its process. What is not locked was left by a crash.
 * New entries are made under a shared lock of .rc_tmp itself and repair runs under an exclusive
 * one, so that repair never sees an entry between its making and its locking.
 */
#include "rc_moves.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "rc_setting.h"
#include "rc_fs.h"
#include "rc_log.h"

typedef struct move_t {
    const char *from, *to; /* from "": a folder that was not there and is made */
} move_t;

struct rc_moves_t {
    rc_env_t *env;
    apr_pool_t *pool;
    apr_array_header_t *list; /* of move_t */
    apr_array_header_t *done; /* const char *: files whose tokens this change forgets */
    const char *token, *op;
    int fd; /* of op, which it locks */
    int applied;
};

rc_moves_t *rc_moves_begin(rc_env_t *env, apr_pool_t *pool)
{
    rc_moves_t *moves = apr_pcalloc(pool, sizeof(*moves));

    moves->env = env;
    moves->pool = pool;
    moves->list = apr_array_make(pool, 2, sizeof(move_t));
    moves->done = apr_array_make(pool, 2, sizeof(const char *));
    moves->fd = -1;
    return moves;
}

void rc_moves_add(rc_moves_t *moves, const char *from, const char *to)
{
    move_t *move = apr_array_push(moves->list);

    move->from = apr_pstrdup(moves->pool, from);
    move->to = apr_pstrdup(moves->pool, to);
}

static rc_err_t *os_error(apr_pool_t *pool, const char *what, const char *path)
{
    return rc_err_internal(pool, APR_FROM_OS_ERROR(errno), "cannot %s %s", what, path);
}

/* Locks .rc_tmp itself; the descriptor keeps the lock. -1 when that fails. */
static int lock_work_dir(rc_env_t *env, int how)
{
    int fd = open(env->work_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && flock(fd, how)) {
        close(fd);
        return -1;
    }
    return fd;
}

static rc_err_t *open_op(rc_moves_t *moves)
{
    int gate = lock_work_dir(moves->env, LOCK_SH);

    if (gate < 0)
        return os_error(moves->pool, "lock", moves->env->work_dir);
    moves->op = apr_pstrcat(moves->pool, moves->env->work_dir, "/", moves->token, ".op", NULL);
    moves->fd = open(moves->op, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (moves->fd >= 0)
        flock(moves->fd, LOCK_EX);
    close(gate);
    return moves->fd >= 0 ? NULL : os_error(moves->pool, "create", moves->op);
}

/* The intention: from, NUL, to, NUL, for each step. */
static rc_err_t *write_op(rc_moves_t *moves)
{
    int i;

    RC_TRY(open_op(moves));
    for (i = 0; i < moves->list->nelts; i++) {
        const move_t *move = &APR_ARRAY_IDX(moves->list, i, move_t);
        ssize_t from = (ssize_t)strlen(move->from) + 1, to = (ssize_t)strlen(move->to) + 1;

        if (write(moves->fd, move->from, (size_t)from) != from ||
            write(moves->fd, move->to, (size_t)to) != to)
            return os_error(moves->pool, "write", moves->op);
    }
    if (fsync(moves->fd))
        return os_error(moves->pool, "sync", moves->op);
    return rc_fs_sync_folder_of(moves->op, moves->pool);
}

static const char *folder_of(const char *path, apr_pool_t *pool)
{
    return apr_pstrmemdup(pool, path, (apr_size_t)(strrchr(path, '/') - path));
}

/* Two requests can not both take one name; no link on the way is followed. */
static rc_err_t *make_move(const rc_env_t *env, const move_t *move, apr_pool_t *pool)
{
    const char *root = env->config->repo_root;
    rc_err_t *err;
    int tries = 5;

    if (!*move->from)
        return rc_fs_make_below(root, move->to, pool);
    do { /* who undoes a change beside us removes the folders, empty as they still are */
        err = rc_fs_rename_below(root, move->from, move->to, true, pool);
    } while (err && APR_STATUS_IS_ENOENT(err->cause) && rc_fs_exists(move->from) && --tries);
    return err;
}

/* Takes back the first n steps, last one first. */
static void undo(const rc_env_t *env, const apr_array_header_t *list, int n, apr_pool_t *pool)
{
    const char *root = env->config->repo_root;

    while (n-- > 0) {
        const move_t *move = &APR_ARRAY_IDX(list, n, move_t);
        rc_err_t *err;

        if (!*move->from)
            rc_fs_rmdir_below(root, move->to, pool); /* unless it has got something in it */
        else if (!rc_fs_exists(move->from) && rc_fs_exists(move->to) &&
                 (err = rc_fs_rename_below(root, move->to, move->from, false, pool)))
            rc_log(RC_LOG_ERR, err->cause, "cannot undo: %s", rc_err_log_text(err, pool));
    }
}

static bool is_target(const apr_array_header_t *list, const char *path)
{
    int i;

    for (i = 0; i < list->nelts; i++)
        if (!strcmp(APR_ARRAY_IDX(list, i, move_t).to, path))
            return true;
    return false;
}

static void plan_folder(apr_array_header_t *list, const char *path, apr_pool_t *pool)
{
    if (!*path || rc_fs_exists(path) || is_target(list, path))
        return;
    plan_folder(list, folder_of(path, pool), pool);
    *(move_t *)apr_array_push(list) = (move_t){"", path};
}

/* Puts the folders that are missing before the renames that need them, so that undoing removes
 * these, and never an empty one that was there before. */
static void plan_folders(rc_moves_t *moves)
{
    apr_array_header_t *list = apr_array_make(moves->pool, moves->list->nelts + 2, sizeof(move_t));
    int i;

    for (i = 0; i < moves->list->nelts; i++) {
        const move_t *move = &APR_ARRAY_IDX(moves->list, i, move_t);

        plan_folder(list, folder_of(move->to, moves->pool), moves->pool);
        *(move_t *)apr_array_push(list) = *move;
    }
    moves->list = list;
}

/* Tokens of changes that are over leave the database with the next change, in its transaction;
 * their files go only when that is committed, else the tokens would stay for ever. */
static rc_err_t *forget_done(bool *others, rc_moves_t *moves, rc_db_t *db)
{
    apr_finfo_t entry;
    apr_dir_t *dir;

    *others = false;
    if (apr_dir_open(&dir, moves->env->work_dir, moves->pool) != APR_SUCCESS)
        return os_error(moves->pool, "read", moves->env->work_dir);
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        const char *dot = strrchr(entry.name, '.');

        if (dot && !strcmp(dot, ".op"))
            *others = true;
        if (!dot || strcmp(dot, ".done"))
            continue;
        RC_TRY(rc_store_disk_change_forget(
            db, apr_pstrmemdup(moves->pool, entry.name, (apr_size_t)(dot - entry.name))));
        APR_ARRAY_PUSH(moves->done, const char *) =
            apr_pstrcat(moves->pool, moves->env->work_dir, "/", entry.name, NULL);
    }
    apr_dir_close(dir);
    return NULL;
}

static void sync_moves(const apr_array_header_t *list, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < list->nelts; i++)
        rc_fs_sync_folder_of(APR_ARRAY_IDX(list, i, move_t).to, pool);
}

/* The intention may go only when the renames it describes are on the disk. */
static void finish(const char *op, const apr_array_header_t *list, apr_pool_t *pool)
{
    const char *done = apr_pstrcat(pool, apr_pstrmemdup(pool, op, strlen(op) - 3), ".done", NULL);

    sync_moves(list, pool);
    if (rename(op, done))
        rc_log(RC_LOG_ERR, APR_FROM_OS_ERROR(errno), "cannot rename %s", op);
}

void rc_moves_end(rc_moves_t *moves, bool committed)
{
    int i;

    if (moves->fd < 0)
        return;
    if (committed) {
        finish(moves->op, moves->list, moves->pool);
        for (i = 0; i < moves->done->nelts; i++)
            unlink(APR_ARRAY_IDX(moves->done, i, const char *));
    } else {
        undo(moves->env, moves->list, moves->applied, moves->pool);
        unlink(moves->op);
    }
    close(moves->fd);
    moves->fd = -1;
}

static apr_array_header_t *parse_op(const char *text, apr_size_t len, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(move_t));
    const char *p = text, *end = text + len;

    while (p < end) {
        const char *to = memchr(p, '\0', (size_t)(end - p));
        const char *next = to ? memchr(to + 1, '\0', (size_t)(end - to - 1)) : NULL;
        move_t *move;

        if (!next)
            break; /* cut: it crashed before the first rename */
        move = apr_array_push(list);
        move->from = p;
        move->to = to + 1;
        p = next + 1;
    }
    return list;
}

/* *@a list stays NULL for what is no file of ours, a link say. */
static rc_err_t *read_op(apr_array_header_t **list, const char *path, apr_pool_t *pool)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    ssize_t len = -1;
    char *text;

    *list = NULL;
    if (fd < 0)
        return errno == ELOOP ? NULL : os_error(pool, "open", path);
    if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
        text = apr_palloc(pool, (apr_size_t)st.st_size + 1);
        if ((len = read(fd, text, (size_t)st.st_size)) >= 0)
            *list = parse_op(text, (apr_size_t)len, pool);
    }
    close(fd);
    return NULL;
}

static void redo(const rc_env_t *env, const apr_array_header_t *list, apr_pool_t *pool)
{
    rc_err_t *err;
    int i;

    for (i = 0; i < list->nelts; i++) {
        const move_t *move = &APR_ARRAY_IDX(list, i, move_t);

        if (!rc_fs_exists(move->from) || rc_fs_exists(move->to))
            continue;
        if ((err = make_move(env, move, pool)))
            rc_log(RC_LOG_ERR, err->cause, "cannot finish: %s", rc_err_log_text(err, pool));
    }
}

/* A file here says what to rename: it is obeyed for what lies below the repository root only. */
static bool is_ours(const rc_env_t *env, const apr_array_header_t *list)
{
    const char *root = env->config->repo_root;
    int i;

    for (i = 0; i < list->nelts; i++) {
        const move_t *move = &APR_ARRAY_IDX(list, i, move_t);

        if ((*move->from && !rc_fs_is_below(root, move->from)) || !rc_fs_is_below(root, move->to))
            return false;
    }
    return true;
}

/* What is refused is kept under a name that no repair looks at. */
static void refuse_op(const char *path, apr_pool_t *pool)
{
    const char *kept = apr_pstrcat(pool, path, ".refused", NULL);

    rc_log(RC_LOG_ERR, APR_SUCCESS,
           "%s is no list of renames below the repository root: it is set aside as %s", path,
           rename(path, kept) ? path : kept);
}

static rc_err_t *repair_op(rc_env_t *env, rc_db_t *db, const char *path, const char *token,
                           apr_pool_t *pool)
{
    apr_array_header_t *list = NULL;
    bool stands;

    RC_TRY(rc_store_disk_change_stands(&stands, db, token));
    RC_TRY(read_op(&list, path, pool));
    if (!list || !is_ours(env, list)) {
        refuse_op(path, pool);
        return NULL;
    }
    rc_log(RC_LOG_WARNING, APR_SUCCESS, "a change of the disk was interrupted: %s it",
           stands ? "finishing" : "undoing");
    if (stands) {
        redo(env, list, pool);
        finish(path, list, pool);
        return NULL;
    }
    undo(env, list, list->nelts, pool);
    unlink(path);
    return NULL;
}

/* Nothing left by a crash is locked; what is locked belongs to somebody. Looks for entries that are
 * changes, or for the others; leaves *@a path NULL for what is none, or not left. */
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
    if (!lstat(full, &st) && S_ISLNK(st.st_mode)) { /* none of us makes links here */
        *path = full;
        return NULL;
    }
    RC_TRY(rc_fs_lock(&locked, full, 0, pool));
    if (locked && rc_fs_exists(full)) /* its owner may have ended just before we got the lock */
        *path = full;
    return NULL;
}

typedef struct visit_t {
    rc_env_t *env;
    rc_db_t *db;
    bool ops;
    apr_array_header_t *names; /* of what is left; NULL: repair it */
} visit_t;

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
    return repair_op(visit->env, visit->db, path, apr_pstrmemdup(pool, name, strlen(name) - 3),
                     pool);
}

static rc_err_t *visit_entries(const visit_t *visit, apr_pool_t *pool)
{
    const char *work_dir = visit->env->work_dir;
    apr_pool_t *scratch;
    apr_finfo_t entry;
    apr_dir_t *dir;
    rc_err_t *err;

    if (apr_dir_open(&dir, work_dir, pool) != APR_SUCCESS)
        return os_error(pool, "read", work_dir);
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

/* While we have the gate nobody makes new entries. */
static rc_err_t *repair_ops(rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    visit_t visit = {.env = env, .db = db, .ops = true};
    int gate = lock_work_dir(env, LOCK_EX);
    rc_err_t *err;

    if (gate < 0)
        return os_error(pool, "lock", env->work_dir);
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
        return os_error(pool, "read", env->work_dir);
    while (!*has && apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        const char *dot = strrchr(entry.name, '.');

        *has = dot && !strcmp(dot, ".op");
    }
    apr_dir_close(dir);
    return NULL;
}

rc_err_t *rc_moves_settle(bool *busy, rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    RC_TRY(has_ops(busy, env, pool));
    if (!*busy)
        return NULL;
    RC_TRY(repair_ops(env, db, pool));
    return has_ops(busy, env, pool);
}

rc_err_t *rc_moves_apply(rc_moves_t *moves, rc_db_t *db)
{
    bool others;

    if (!moves->list->nelts)
        return NULL;
    RC_TRY(rc_random_text(&moves->token, "0123456789abcdef", 32, moves->pool));
    RC_TRY(forget_done(&others, moves, db));
    if (others) /* a crash has left the disk as this transaction does not know it */
        RC_TRY(repair_ops(moves->env, db, moves->pool));
    RC_TRY(rc_store_disk_change_add(db, moves->token));
    plan_folders(moves);
    RC_TRY(write_op(moves));
    for (; moves->applied < moves->list->nelts; moves->applied++) {
        rc_err_t *err =
            make_move(moves->env, &APR_ARRAY_IDX(moves->list, moves->applied, move_t), moves->pool);

        if (err) { /* undone before others may write again */
            undo(moves->env, moves->list, moves->applied, moves->pool);
            moves->applied = 0;
            return err;
        }
    }
    return NULL;
}

/* Changes first: undoing one moves things back into the folders that go after it. */
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
    int gate = lock_work_dir(env, LOCK_EX);
    rc_err_t *err;
    apr_pool_t *sub;

    if (gate < 0)
        return os_error(pool, "lock", env->work_dir);
    apr_pool_create(&sub, pool);
    err = visit_all(env, names, sub);
    if (err)
        err = rc_err_internal(pool, APR_SUCCESS, "repair: %s", rc_err_log_text(err, pool));
    apr_pool_destroy(sub);
    close(gate);
    return err;
}

rc_err_t *rc_moves_repair(rc_env_t *env, apr_pool_t *pool)
{
    return visit_alone(env, NULL, pool);
}

rc_err_t *rc_moves_left(apr_array_header_t **names, rc_env_t *env, apr_pool_t *pool)
{
    *names = apr_array_make(pool, 2, sizeof(const char *));
    return visit_alone(env, *names, pool);
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

rc_err_t *rc_work_dir(const char **path, rc_env_t *env, apr_pool_t *pool)
{
    int gate = lock_work_dir(env, LOCK_SH);
    const char *name;
    rc_err_t *err;
    bool locked;

    if (gate < 0)
        return os_error(pool, "lock", env->work_dir);
    err = rc_random_text(&name, "0123456789abcdefghijklmnopqrstuvwxyz", 16, pool);
    if (!err) {
        *path = apr_pstrcat(pool, env->work_dir, "/", name, NULL);
        err = mkdir(*path, 0700) ? os_error(pool, "create", *path)
                                 : rc_fs_lock(&locked, *path, 0, pool);
        if (!err)
            apr_pool_cleanup_register(pool, *path, remove_work_dir, apr_pool_cleanup_null);
    }
    close(gate);
    return err;
}
