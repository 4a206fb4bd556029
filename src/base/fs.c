// SPDX-License-Identifier: Apache-2.0
/*
 * Errors, trees, paths and locks of files. Locks use flock(2): unlike those of fcntl(2) they also
 * exclude other threads of the same process; and they end with the descriptor, even after a crash.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_user.h>

#include "base/time.h"

static const char *account(uid_t uid, apr_pool_t *pool)
{
    char *name;

    return apr_uid_name_get(&name, uid, pool) == APR_SUCCESS ? name
                                                             : apr_psprintf(pool, "user %u", uid);
}

const char *rc_fs_rights(const char *path, apr_pool_t *pool)
{
    const char *we = apr_pstrcat(pool, "this process runs as ", account(geteuid(), pool), NULL);
    const char *there;
    struct stat st;

    for (there = path; stat(there, &st); there = rc_fs_folder(there, pool))
        if (!strchr(there, '/'))
            return we;
    return apr_psprintf(pool, "%s belongs to %s, mode %o; %s", there == path ? "it" : there,
                        account(st.st_uid, pool), (unsigned)st.st_mode & 07777, we);
}

rc_err_t *rc_fs_status(apr_pool_t *pool, apr_status_t status, const char *what, const char *path)
{
    bool denied = APR_STATUS_IS_EACCES(status) || status == APR_FROM_OS_ERROR(EPERM);

    return rc_err_internal(pool, status, "cannot %s %s%s", what, path,
                           denied ? apr_psprintf(pool, " (%s)", rc_fs_rights(path, pool)) : "");
}

rc_err_t *rc_fs_err(apr_pool_t *pool, const char *what, const char *path)
{
    return rc_fs_status(pool, APR_FROM_OS_ERROR(errno), what, path);
}

static bool is_to_remove(const FTSENT *entry)
{
    return entry->fts_info != FTS_D && !(entry->fts_info == FTS_NS && entry->fts_errno == ENOENT);
}

/* One that cannot be removed keeps none of the others: NFS keeps a file that a process of this
 * machine has open, under another name, and the directories above it. */
rc_err_t *rc_fs_remove_tree(const char *path, apr_pool_t *pool)
{
    char *paths[] = {apr_pstrdup(pool, path), NULL};
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    FTSENT *entry;
    int why = 0;

    if (!walk)
        return rc_fs_err(pool, "remove", path);
    while ((entry = fts_read(walk)))
        if (is_to_remove(entry) && remove(entry->fts_accpath) && errno != ENOENT && !why)
            why = errno;
    fts_close(walk);
    return why ? rc_fs_status(pool, APR_FROM_OS_ERROR(why), "remove", path) : NULL;
}

rc_err_t *rc_fs_make_folders(const char *path, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, path), *slash;

    for (slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0700) && errno != EEXIST)
            return rc_fs_err(pool, "create", copy);
        *slash = '/';
    }
    if (mkdir(copy, 0700) && errno != EEXIST)
        return rc_fs_err(pool, "create", copy);
    return NULL;
}

const char *rc_fs_folder(const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');

    return slash ? apr_pstrmemdup(pool, path, (apr_size_t)(slash - path)) : ".";
}

rc_err_t *rc_fs_exchange(const char *one, const char *two, apr_pool_t *pool)
{
    return renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE)
               ? rc_fs_err(pool, "exchange", two)
               : NULL;
}

void rc_fs_touch(const char *path)
{
    utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

bool rc_fs_exists(const char *path)
{
    struct stat st;

    return !lstat(path, &st);
}

bool rc_fs_is_missing(const char *path)
{
    struct stat st;

    return stat(path, &st) && (errno == ENOENT || errno == ENOTDIR);
}

static apr_status_t close_fd(void *data)
{
    close((int)(intptr_t)data);
    return APR_SUCCESS;
}

/* A lock is on the file, not on its name: returns whether @a path still names the locked file. */
static bool still_there(int fd, const char *path)
{
    struct stat held, named;

    return !fstat(fd, &held) && !stat(path, &named) && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

/* Returns an errno; with 0 and others than open's *@a fd is open. NFS gives an exclusive lock of a
 * file only to somebody who may write to it. The lock of a directory holds on one machine there. */
static int open_locked(int *fd, const char *path, int how)
{
    static const int modes[] = {O_RDONLY, O_RDWR};
    int i, n = EBADF;

    for (i = 0; i < 2 && n == EBADF; i++) {
        if (i)
            close(*fd);
        if ((*fd = open(path, modes[i] | O_NONBLOCK | O_CLOEXEC)) < 0)
            return errno;
        n = flock(*fd, how | LOCK_NB) ? errno : 0;
    }
    return n;
}

static rc_err_t *lock(int *out, const char *path, int how, apr_interval_time_t patience,
                      apr_pool_t *pool)
{
    apr_time_t deadline = rc_clock() + patience;
    int fd, why;

    *out = -1;
    for (;;) {
        why = open_locked(&fd, path, how);
        if (fd < 0)
            return why == ENOENT ? NULL : rc_fs_status(pool, APR_FROM_OS_ERROR(why), "open", path);
        if (!why && still_there(fd, path))
            break;
        close(fd);
        if (why && why != EWOULDBLOCK && why != EINTR)
            return rc_fs_status(pool, APR_FROM_OS_ERROR(why), "lock", path);
        if (rc_clock() >= deadline)
            return NULL;
        apr_sleep(20 * 1000);
    }
    *out = fd;
    apr_pool_cleanup_register(pool, (void *)(intptr_t)fd, close_fd, apr_pool_cleanup_null);
    return NULL;
}

rc_err_t *rc_fs_lock(bool *locked, const char *path, apr_interval_time_t patience, apr_pool_t *pool)
{
    int fd;
    rc_err_t *err = lock(&fd, path, LOCK_EX, patience, pool);

    *locked = !err && fd >= 0;
    return err;
}

rc_err_t *rc_fs_lock_fd(int *fd, const char *path, apr_interval_time_t patience, apr_pool_t *pool)
{
    return lock(fd, path, LOCK_EX, patience, pool);
}

rc_err_t *rc_fs_share_fd(int *fd, const char *path, apr_interval_time_t patience, apr_pool_t *pool)
{
    return lock(fd, path, LOCK_SH, patience, pool);
}

rc_err_t *rc_fs_share(bool *locked, const char *path, apr_interval_time_t patience,
                      apr_pool_t *pool)
{
    int fd;
    rc_err_t *err = lock(&fd, path, LOCK_SH, patience, pool);

    *locked = !err && fd >= 0;
    return err;
}

rc_err_t *rc_fs_take_place(bool *taken, const char *dir, const char *name, int max,
                           apr_pool_t *pool)
{
    int i, fd, why;

    *taken = false;
    for (i = 0; i < max && !*taken; i++) {
        const char *path = apr_psprintf(pool, "%s/%s-%d", dir, name, i);

        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return rc_fs_err(pool, "open", path);
        why = flock(fd, LOCK_EX | LOCK_NB) ? errno : 0;
        *taken = !why;
        if (*taken)
            apr_pool_cleanup_register(pool, (void *)(intptr_t)fd, close_fd, apr_pool_cleanup_null);
        else
            close(fd);
        if (why && why != EWOULDBLOCK && why != EINTR)
            return rc_fs_status(pool, APR_FROM_OS_ERROR(why), "lock", path);
    }
    return NULL;
}
