// SPDX-License-Identifier: Apache-2.0
/*
 * Makes files, directories and trees durable, so that they survive a power cut.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

/* The most entries of a tree that are synced one by one: 0.2 ms each on a virtual disk. For a
 * larger tree its whole file system is synced, with what all other processes have written there. */
#define SYNC_SINGLY 128

static rc_err_t *sync_by(int (*sync)(int fd), const char *path, apr_pool_t *pool)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    rc_err_t *err = fd >= 0 && !sync(fd) ? NULL : rc_fs_err(pool, "sync", path);

    if (fd >= 0)
        close(fd);
    return err;
}

rc_err_t *rc_fs_sync_folder_of(const char *path, apr_pool_t *pool)
{
    const char *folder = rc_fs_folder(path, pool);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc_err_t *err = fd >= 0 && !fsync(fd) ? NULL : rc_fs_err(pool, "sync", folder);

    if (fd >= 0)
        close(fd);
    return err;
}

rc_err_t *rc_fs_sync_folders(const char *path, const char *top, apr_pool_t *pool)
{
    apr_size_t len = strlen(top);

    for (; strlen(path) > len && !strncmp(path, top, len); path = rc_fs_folder(path, pool))
        RC_TRY(rc_fs_sync_folder_of(path, pool));
    return NULL;
}

/* A directory is synced after its entries (FTS_DP). */
static rc_err_t *sync_entries(FTS *tree, const char *path, apr_pool_t *pool)
{
    FTSENT *entry;
    int n = 0;

    while ((entry = fts_read(tree))) {
        switch (entry->fts_info) {
        case FTS_F:
        case FTS_DP:
            if (++n > SYNC_SINGLY)
                return sync_by(syncfs, path, pool);
            RC_TRY(sync_by(fsync, entry->fts_path, pool));
            break;
        case FTS_DNR:
        case FTS_ERR:
        case FTS_NS:
            errno = entry->fts_errno;
            return rc_fs_err(pool, "sync", entry->fts_path);
        default:
            break;
        }
    }
    return errno ? rc_fs_err(pool, "sync", path) : NULL;
}

rc_err_t *rc_fs_sync_tree(const char *path, apr_pool_t *pool)
{
    char *const roots[] = {apr_pstrdup(pool, path), NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    rc_err_t *err;

    if (!tree)
        return rc_fs_err(pool, "sync", path);
    err = sync_entries(tree, path, pool);
    fts_close(tree);
    return err ? err : rc_fs_sync_folder_of(path, pool);
}
