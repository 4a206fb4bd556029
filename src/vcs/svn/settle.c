// SPDX-License-Identifier: Apache-2.0
/*
 * Undoes what a killed commit left in a repository, before the next writer begins. libsvn 1.14 does
 * not, in two cases:
 *
 * It writes the properties of a new revision straight into their file, makes that read-only, and
 * names the revision in db/current afterwards. Killed in between, every later commit fails, because
 * libsvn opens the same file for writing ("Permission denied"). svn_fs_recover would make a
 * revision of it, although the file may be half written.
 *
 * It appends the directories of a commit to the transaction's file. A client that hears nothing
 * sends its commit again, and they are appended a second time: the new revision has two nodes of
 * one number, and `svnadmin verify` calls the repository damaged. So each commit has a mark while
 * it runs. Transactions that were written to since a dead commit's mark are removed: the client is
 * told that its transaction has gone, and can commit again.
 */
#include "svn.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <apr_strings.h>

#include <svn_dirent_uri.h>

#include "base/fs.h"

#define LOCKS "/locks"
#define MARK  "rc-commit-"
#define NEW   "/.rc-commit-XXXXXX" /* not locked yet: no mark */

#define PATIENCE apr_time_from_sec(10)

typedef struct settle_t {
    const char *path;
    apr_array_header_t *dead; /* marks, const char * */
    struct timespec since;    /* the time of the oldest one */
    svn_fs_t *fs;
    rc_err_t *err;
    apr_pool_t *pool;
} settle_t;

/* --- marks --- */

typedef struct mark_t {
    int fd;
    const char *name;
} mark_t;

static apr_status_t remove_mark(void *data)
{
    mark_t *mark = data;

    unlink(mark->name);
    close(mark->fd);
    return APR_SUCCESS;
}

/* Nobody may see a mark without its lock, which would look like that of a dead commit. */
rc_err_t *rc_svn_mark_commit(const char *path, apr_pool_t *pool)
{
    char *temp = apr_pstrcat(pool, path, LOCKS NEW, NULL);
    mark_t *mark = apr_palloc(pool, sizeof(*mark));
    rc_err_t *err;

    if ((mark->fd = mkostemp(temp, O_CLOEXEC)) < 0)
        return rc_fs_err(pool, "create", temp);
    mark->name = apr_pstrcat(pool, path, LOCKS "/", strrchr(temp, '/') + 2, NULL);
    if (flock(mark->fd, LOCK_EX) || rename(temp, mark->name)) {
        err = rc_fs_err(pool, "lock or rename", temp);
        unlink(temp);
        close(mark->fd);
        return err;
    }
    apr_pool_cleanup_register(pool, mark, remove_mark, apr_pool_cleanup_null);
    return NULL;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Takes the mark into account if its commit is dead. */
static rc_err_t *look_at_mark(settle_t *settle, const char *mark, apr_pool_t *scratch)
{
    struct stat st;
    bool dead;

    RC_TRY(rc_fs_lock(&dead, mark, 0, scratch));
    if (!dead || stat(mark, &st))
        return NULL;
    if (!settle->dead->nelts || is_before(&st.st_mtim, &settle->since))
        settle->since = st.st_mtim;
    APR_ARRAY_PUSH(settle->dead, const char *) = mark;
    return NULL;
}

/* Appends the paths of all marks to @a marks; without the folder there are none. */
static void list_marks(apr_array_header_t *marks, const char *path, apr_pool_t *pool)
{
    const char *folder = apr_pstrcat(pool, path, LOCKS, NULL);
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (!strncmp(entry->d_name, MARK, strlen(MARK)))
            APR_ARRAY_PUSH(marks, const char *) =
                apr_pstrcat(pool, folder, "/", entry->d_name, NULL);
    if (dir)
        closedir(dir);
}

static rc_err_t *look_at_marks(settle_t *settle, const apr_array_header_t *marks)
{
    apr_pool_t *scratch;
    rc_err_t *err = NULL;
    int i;

    apr_pool_create(&scratch, settle->pool);
    for (i = 0; i < marks->nelts && !err; i++) {
        apr_pool_clear(scratch);
        err = rc_err_copy(look_at_mark(settle, APR_ARRAY_IDX(marks, i, const char *), scratch),
                          settle->pool);
    }
    apr_pool_destroy(scratch);
    return err;
}

/* --- what is left --- */

/* Returns the file of the properties of the revision that the next commit makes. */
static const char *next_properties(const char *path, apr_pool_t *pool)
{
    apr_int64_t size = rc_svn_shard_size(path, pool), next = rc_svn_current(path, pool) + 1;

    if (next <= 0)
        return NULL;
    if (size <= 0)
        return apr_psprintf(pool, "%s/db/revprops/%" APR_INT64_T_FMT, path, next);
    return apr_psprintf(pool, "%s/db/revprops/%" APR_INT64_T_FMT "/%" APR_INT64_T_FMT, path,
                        next / size, next);
}

static bool is_left(const char **file, const char *path, apr_pool_t *pool)
{
    *file = next_properties(path, pool);
    return *file && rc_fs_exists(*file);
}

/* True when the transaction was written to since the oldest dead commit began. Its file lies in one
 * of two folders, by the format of the repository. */
static bool is_doubtful(const settle_t *settle, const char *name, apr_pool_t *pool)
{
    const char *db = apr_pstrcat(pool, settle->path, "/db/", NULL);
    struct stat st;

    if (stat(apr_pstrcat(pool, db, "txn-protorevs/", name, ".rev", NULL), &st) &&
        stat(apr_pstrcat(pool, db, "transactions/", name, ".txn/rev", NULL), &st))
        return false;
    return !is_before(&st.st_mtim, &settle->since);
}

static svn_error_t *remove_transactions(settle_t *settle, apr_pool_t *pool)
{
    apr_array_header_t *names;
    int i;

    SVN_ERR(svn_fs_list_transactions(&names, settle->fs, pool));
    for (i = 0; i < names->nelts; i++)
        if (is_doubtful(settle, APR_ARRAY_IDX(names, i, const char *), pool))
            SVN_ERR(svn_fs_purge_txn(settle->fs, APR_ARRAY_IDX(names, i, const char *), pool));
    return SVN_NO_ERROR;
}

/* Nobody commits meanwhile: properties that are still there belong to no one. */
static svn_error_t *remove_left(void *baton, apr_pool_t *pool)
{
    settle_t *settle = baton;
    const char *file;

    if (settle->dead->nelts)
        SVN_ERR(remove_transactions(settle, pool));
    if (is_left(&file, settle->path, pool) && unlink(file) && errno != ENOENT)
        settle->err = rc_fs_err(settle->pool, "remove", file);
    return SVN_NO_ERROR;
}

static svn_error_t *remove_alone(settle_t *settle)
{
    const char *path = svn_dirent_internal_style(settle->path, settle->pool);
    svn_repos_t *repos;

    SVN_ERR(svn_repos_open3(&repos, path, NULL, settle->pool, settle->pool));
    settle->fs = svn_repos_fs(repos);
    return svn_fs_freeze(settle->fs, remove_left, settle, settle->pool);
}

static rc_err_t *settle_alone(settle_t *settle, const apr_array_header_t *marks)
{
    const char *file;
    int i;

    RC_TRY(look_at_marks(settle, marks));
    if (!settle->dead->nelts && !is_left(&file, settle->path, settle->pool))
        return NULL;
    RC_TRY(rc_svn_err(RC_SVN(remove_alone(settle)), settle->pool,
                      "cannot undo what a killed commit left in %s", settle->path));
    for (i = 0; i < settle->dead->nelts && !settle->err; i++)
        unlink(APR_ARRAY_IDX(settle->dead, i, const char *));
    return settle->err;
}

/* Another writer that finds the same marks waits until they are gone. */
static rc_err_t *settle_locked(settle_t *settle, const apr_array_header_t *marks)
{
    const char *folder = apr_pstrcat(settle->pool, settle->path, "/db", NULL);
    bool locked;

    RC_TRY(rc_fs_lock(&locked, folder, PATIENCE, settle->pool));
    if (!locked)
        return rc_err(settle->pool, RC_E_BUSY,
                      "The repository is being repaired; try again in a moment");
    settle->dead = apr_array_make(settle->pool, 4, sizeof(const char *));
    return settle_alone(settle, marks);
}

rc_err_t *rc_svn_settle(const char *path, apr_pool_t *pool)
{
    settle_t settle = {.path = path};
    apr_array_header_t *marks = apr_array_make(pool, 4, sizeof(const char *));
    const char *file;
    rc_err_t *err;

    list_marks(marks, path, pool);
    if (!marks->nelts && !is_left(&file, path, pool)) /* nearly always */
        return NULL;
    apr_pool_create(&settle.pool, pool);
    err = rc_err_copy(settle_locked(&settle, marks), pool);
    apr_pool_destroy(settle.pool);
    return err;
}
