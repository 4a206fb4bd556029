// SPDX-License-Identifier: Apache-2.0
/*
 * Finds, creates, moves and removes the files of an SQLite database, and reports why they cannot be
 * used.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/nfs.h"

#define SPILL ".spill"

/* Suffixes of the files of a database. */
static const char *const parts[] = {"", "-wal", "-shm", SPILL};

#define PARTS (int)(sizeof(parts) / sizeof(*parts))

static bool is_empty(const char *path)
{
    struct stat st;

    return lstat(path, &st) ? errno == ENOENT : S_ISREG(st.st_mode) && st.st_size == 0;
}

static rc_err_t *cannot(const char *what, const char *path, apr_pool_t *pool)
{
    int n = errno;

    return rc_err_internal(pool, APR_FROM_OS_ERROR(n), "cannot %s %s (%s)", what, path,
                           rc_fs_rights(path, pool));
}

static rc_err_t *missing(const char *path, apr_pool_t *pool)
{
    return rc_err_internal(pool, APR_SUCCESS, "%s does not exist; run init first", path);
}

/* Rejects a path unless it is a regular file that this process may write. */
static rc_err_t *check_file(const char *path, bool create, apr_pool_t *pool)
{
    struct stat st;

    if (lstat(path, &st)) {
        if (errno != ENOENT)
            return cannot("examine", path, pool);
        return create ? NULL : missing(path, pool);
    }
    if (S_ISLNK(st.st_mode))
        return rc_err_internal(pool, APR_SUCCESS,
                               "the database %s is a link: use the path of its target", path);
    if (!S_ISREG(st.st_mode))
        return rc_err_internal(pool, APR_SUCCESS, "the database %s is not a file", path);
    return euidaccess(path, R_OK | W_OK) ? cannot("read and write the database", path, pool) : NULL;
}

rc_err_t *rc_sqlite_find(const char **path, const rc_db_config_t *config, apr_pool_t *pool)
{
    const char *folder = rc_fs_folder(config->path, pool);
    char real[PATH_MAX];

    if (!realpath(folder, real))
        return errno == ENOENT ? missing(config->path, pool)
                               : cannot("reach the folder of the database,", folder, pool);
    *path = apr_pstrcat(pool, real, "/", strrchr(config->path, '/') + 1, NULL);
    RC_TRY(check_file(*path, config->create, pool));
    if (rc_nfs_is(real))
        return rc_err_internal(pool, APR_SUCCESS, RC_DB_MISPLACED, *path);
    if (euidaccess(real, R_OK | W_OK | X_OK)) /* SQLite makes the -wal file beside it */
        return cannot("write to the folder of the database,", real, pool);
    return NULL;
}

#define MAGIC "SQLite format 3" /* the first 16 bytes of every database */

static bool has_magic(const char *path)
{
    char first[sizeof(MAGIC)];
    struct stat st;
    int fd = rc_fs_open_regular(&st, path, 0);
    bool has = fd >= 0 && rc_fs_read_full(fd, first, sizeof(first)) &&
               !memcmp(first, MAGIC, sizeof(MAGIC));

    if (fd >= 0)
        close(fd);
    return has;
}

/* A non-empty -wal file alone counts: it holds changes to a database that is missing. */
bool rc_sqlite_file_exists(const rc_db_config_t *config, apr_pool_t *pool)
{
    if (config->foreign)
        return has_magic(config->path);
    return !is_empty(config->path) || !is_empty(apr_pstrcat(pool, config->path, "-wal", NULL));
}

const char *rc_sqlite_spill_path(const rc_db_config_t *config, apr_pool_t *pool)
{
    return apr_pstrcat(pool, config->path, SPILL, NULL);
}

static rc_err_t *remove_parts(const char *path, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < PARTS; i++)
        RC_TRY(rc_fs_remove_tree(apr_pstrcat(pool, path, parts[i], NULL), pool));
    return NULL;
}

static rc_err_t *move_parts(const char *from, const char *to, apr_pool_t *pool)
{
    int i;

    RC_TRY(remove_parts(to, pool));
    for (i = 0; i < PARTS; i++)
        if (rename(apr_pstrcat(pool, from, parts[i], NULL),
                   apr_pstrcat(pool, to, parts[i], NULL)) &&
            errno != ENOENT)
            return rc_err_internal(pool, APR_FROM_OS_ERROR(errno), "cannot rename %s", from);
    return NULL;
}

static const char *aside(const rc_db_config_t *config, apr_pool_t *pool)
{
    return apr_pstrcat(pool, config->path, ".old", NULL);
}

rc_err_t *rc_sqlite_file_set_aside(const rc_db_config_t *config, apr_pool_t *pool)
{
    return move_parts(config->path, aside(config, pool), pool);
}

rc_err_t *rc_sqlite_file_bring_back(const rc_db_config_t *config, apr_pool_t *pool)
{
    const char *old = aside(config, pool);

    return move_parts(old, config->path, pool)
               ? rc_err_internal(pool, APR_SUCCESS, "the former database is now %s", old)
               : NULL;
}

rc_err_t *rc_sqlite_file_forget_aside(const rc_db_config_t *config, apr_pool_t *pool)
{
    return remove_parts(aside(config, pool), pool);
}

/* Rejects a -wal file without a database: its changes would be lost, or applied to the new
 * database. */
static rc_err_t *check_no_wal(const char *path, apr_pool_t *pool)
{
    const char *wal = apr_pstrcat(pool, path, "-wal", NULL);
    struct stat st;

    if (lstat(wal, &st) || !st.st_size)
        return NULL;
    return rc_err_internal(
        pool, APR_SUCCESS,
        "%s does not exist, but changes to it do, in %s: restore the database, or "
        "move that file away",
        path, wal);
}

/*
 * The -wal and -shm files take the database's mode, so the database must be private before SQLite
 * creates them. The database file itself is never opened here: closing any descriptor of it drops
 * all POSIX locks that SQLite holds on it in this process, and another process could then remove
 * the -wal file in use. So an empty file is created beside it and linked into place.
 */
rc_err_t *rc_sqlite_file_create(const char *path, apr_pool_t *pool)
{
    char *empty = apr_pstrcat(pool, path, ".XXXXXX", NULL);
    int fd, n;

    if (!access(path, F_OK))
        return NULL;
    RC_TRY(check_no_wal(path, pool));
    if ((fd = mkostemp(empty, O_CLOEXEC)) < 0)
        return rc_fs_err(pool, "create", path);
    close(fd);
    n = link(empty, path) && errno != EEXIST ? errno : 0;
    unlink(empty);
    errno = n;
    return n ? rc_fs_err(pool, "create", path) : rc_fs_sync_folder_of(path, pool);
}

/* Opens or creates a file beside the database, with the database's owner. Returns -1 with errno set
 * on failure. */
static int open_beside(const char *file, const char *path)
{
    int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, fd = open(file, flags), n;
    struct stat st;

    if (fd >= 0 || errno != ENOENT)
        return fd;
    fd = open(file, flags | O_CREAT, 0600);
    if (fd < 0 || geteuid() || stat(path, &st) || !fchown(fd, st.st_uid, st.st_gid))
        return fd;
    n = errno;
    close(fd);
    errno = n;
    return -1;
}

/* Replaces a file that only another account can open, for example after a restore by root: no
 * serving process can hold it. The directory is locked meanwhile, so that processes that do this at
 * the same time end up with one file. */
static int replace_beside(const char *file, const char *path, apr_pool_t *pool)
{
    apr_pool_t *sub;
    bool locked;
    int fd, n;

    apr_pool_create(&sub, pool);
    rc_fs_lock(&locked, rc_fs_folder(file, sub), apr_time_from_sec(5), sub);
    fd = open_beside(file, path);
    if (fd < 0 && locked && (errno == EACCES || errno == EPERM) && !unlink(file)) {
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s belonged to another account: made anew", file);
        fd = open_beside(file, path);
    }
    n = errno;
    apr_pool_destroy(sub);
    errno = n;
    return fd;
}

rc_err_t *rc_sqlite_file_beside(int *fd, const char *path, const char *suffix, apr_pool_t *pool)
{
    const char *file = apr_pstrcat(pool, path, suffix, NULL);

    *fd = open_beside(file, path);
    if (*fd < 0)
        *fd = replace_beside(file, path, pool);
    return *fd < 0 ? cannot("open a file of the database,", file, pool) : NULL;
}
