// SPDX-License-Identifier: Apache-2.0
/*
 * Files and directories: what APR lacks.
 */
#ifndef RC_BASE_FS_H
#define RC_BASE_FS_H

#include <stdbool.h>
#include <sys/stat.h>

#include <apr_time.h>

#include "base/err.h"

/** The error of a call that failed with @a status: "cannot <what> <path>"; where access is denied,
 * with rc_fs_rights. */
rc_err_t *rc_fs_status(apr_pool_t *pool, apr_status_t status, const char *what, const char *path);

/** The same for a system call that has just failed, with errno. */
rc_err_t *rc_fs_err(apr_pool_t *pool, const char *what, const char *path);

/** Whose @a path is, its mode, and who this process is: "it belongs to root, mode 600; this process
 * runs as www-data". Of a path that is not there or hidden, the directory above it: "/srv/rcapi
 * belongs to ...". */
const char *rc_fs_rights(const char *path, apr_pool_t *pool);

/** The directory that @a path stands in. */
const char *rc_fs_folder(const char *path, apr_pool_t *pool);

/** Removes a file or a whole tree, without following links; nothing there is fine. */
rc_err_t *rc_fs_remove_tree(const char *path, apr_pool_t *pool);

/** Makes the directories of @a path that are missing (mode 0700). */
rc_err_t *rc_fs_make_folders(const char *path, apr_pool_t *pool);

/** Makes the entries of the directory of @a path durable. */
rc_err_t *rc_fs_sync_folder_of(const char *path, apr_pool_t *pool);

/** The same for the directories above @a path, up to @a top, which is the last one. */
rc_err_t *rc_fs_sync_folders(const char *path, const char *top, apr_pool_t *pool);

/** Makes a file, or a whole tree with its contents, durable, and its entry in the directory that it
 * stands in. Links are not followed. */
rc_err_t *rc_fs_sync_tree(const char *path, apr_pool_t *pool);

/**
 * Opens the regular file @a path for reading; @a flags may be O_NOFOLLOW. -1 with errno when that
 * cannot be: EINVAL for a pipe, a directory or anything else that is no regular file.
 */
int rc_fs_open_regular(struct stat *st, const char *path, int flags);

/** Reads exactly @a len bytes; false when there are fewer. */
bool rc_fs_read_full(int fd, void *buf, apr_size_t len);

/**
 * Reads the regular file @a path, of at most @a max bytes, into @a pool, with a NUL behind it.
 * *@a text is NULL when there is no such file. @a flags as above.
 */
rc_err_t *rc_fs_read(const char **text, apr_size_t *len, const char *path, int flags,
                     apr_size_t max, apr_pool_t *pool);

/** Is there anything at @a path (a dangling link counts)? */
bool rc_fs_exists(const char *path);

/* -- fs_below.c: no link below the root is followed -- */

/** Does @a path lie below the directory @a root, without "." and ".." in its names? */
bool rc_fs_is_below(const char *root, const char *path);

/** Renames; both lie below @a root, and @a to must not exist (RC_E_FAILED). @a make: makes the
 * directories of @a to that are missing. */
rc_err_t *rc_fs_rename_below(const char *root, const char *from, const char *to, bool make,
                             apr_pool_t *pool);

/** Makes the directory @a path below @a root, and those that it needs; it may exist. */
rc_err_t *rc_fs_make_below(const char *root, const char *path, apr_pool_t *pool);

/** Removes the directory @a path below @a root if it is empty. */
void rc_fs_rmdir_below(const char *root, const char *path, apr_pool_t *pool);

/* -- fs.c: locks -- */

/**
 * Locks @a path (a file or directory) against every other holder, in this process or another, until
 * @a pool ends. Waits up to @a patience (0: not at all); *@a locked tells whether it worked. A path
 * that is not there is not locked.
 */
rc_err_t *rc_fs_lock(bool *locked, const char *path, apr_interval_time_t patience,
                     apr_pool_t *pool);

/** The same, but shared: excludes rc_fs_lock, not another rc_fs_share. */
rc_err_t *rc_fs_share(bool *locked, const char *path, apr_interval_time_t patience,
                      apr_pool_t *pool);

/** The same; *@a fd is the descriptor that holds the lock, -1 when it did not work. */
rc_err_t *rc_fs_lock_fd(int *fd, const char *path, apr_interval_time_t patience, apr_pool_t *pool);

/**
 * Takes one of @a max places that @a name has in the directory @a dir, among all processes, until
 * @a pool ends or the process dies; never waits. *@a taken is false when there is none.
 */
rc_err_t *rc_fs_take_place(bool *taken, const char *dir, const char *name, int max,
                           apr_pool_t *pool);

#endif
