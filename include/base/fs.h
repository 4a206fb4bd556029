// SPDX-License-Identifier: Apache-2.0
/*
 * Functions for files and directories that APR lacks.
 */
#ifndef RC_BASE_FS_H
#define RC_BASE_FS_H

#include <stdbool.h>
#include <sys/stat.h>

#include <apr_file_io.h>
#include <apr_time.h>

#include "base/err.h"

/** Returns the error of a call that failed with @a status: "cannot <what> <path>", with
 * rc_fs_rights when access is denied. */
rc_err_t *rc_fs_status(apr_pool_t *pool, apr_status_t status, const char *what, const char *path);

/** The same for a system call that has just failed; reads errno. */
rc_err_t *rc_fs_err(apr_pool_t *pool, const char *what, const char *path);

/** Returns the owner and mode of @a path and the account of this process, in @a pool: "it belongs
 * to root, mode 600; this process runs as www-data". When @a path is missing or cannot be read, it
 * describes the nearest directory above: "/srv/rcapi belongs to ...". */
const char *rc_fs_rights(const char *path, apr_pool_t *pool);

/** Returns the directory that contains @a path, in @a pool. */
const char *rc_fs_folder(const char *path, apr_pool_t *pool);

/** Removes a file or a whole tree, without following links; a missing path is no error. Removes the
 * rest when something cannot be removed, which is one. */
rc_err_t *rc_fs_remove_tree(const char *path, apr_pool_t *pool);

/** Creates the directory @a path, and the missing ones above it (mode 0700). */
rc_err_t *rc_fs_make_folders(const char *path, apr_pool_t *pool);

/** Makes the entries of the directory that contains @a path durable. */
rc_err_t *rc_fs_sync_folder_of(const char *path, apr_pool_t *pool);

/** The same for all directories above @a path, up to and with @a top. */
rc_err_t *rc_fs_sync_folders(const char *path, const char *top, apr_pool_t *pool);

/** Makes a file, or a whole tree with its contents, durable, and its entry in the directory that
 * contains it. Links are not followed. */
rc_err_t *rc_fs_sync_tree(const char *path, apr_pool_t *pool);

/**
 * Opens the regular file @a path for reading and returns the descriptor, which the caller closes;
 * @a flags may be O_NOFOLLOW. -1 with errno on failure: EINVAL for a pipe, a directory or anything
 * else that is not a regular file.
 */
int rc_fs_open_regular(struct stat *st, const char *path, int flags);

/** The same for the file @a name of the open directory @a dir, which may have been removed. */
int rc_fs_open_regular_in(struct stat *st, int dir, const char *name, int flags);

/** Reads exactly @a len bytes; returns false when there are fewer, or the read fails. */
bool rc_fs_read_full(int fd, void *buf, apr_size_t len);

/** Returns the file descriptor of @a file; -1 when that is NULL. */
int rc_fs_number(apr_file_t *file);

/** Prepares a file that was written for reading: by a program, or by apr_file_gets. */
rc_err_t *rc_fs_rewind(apr_file_t *file, apr_pool_t *pool);

/**
 * Reads the regular file @a path, of at most @a max bytes, into @a pool, with a NUL after it.
 * *@a text is NULL when there is no such file. @a flags as above. RC_E_INTERNAL when it is larger.
 */
rc_err_t *rc_fs_read(const char **text, apr_size_t *len, const char *path, int flags,
                     apr_size_t max, apr_pool_t *pool);

/** Maps the first @a len bytes of an open file for reading, until @a pool ends. *@a data is "" when
 * @a len is 0. The file must not become shorter meanwhile. */
rc_err_t *rc_fs_map(const char **data, int fd, apr_size_t len, apr_pool_t *pool);

/** Copies the regular file @a from to @a to, which may exist. @a flags as above. */
rc_err_t *rc_fs_copy(const char *from, const char *to, int flags, apr_pool_t *pool);

/** Exchanges what is at the paths @a one and @a two, on one file system, in one step. RC_E_INTERNAL
 * also where the file system cannot do that. */
rc_err_t *rc_fs_exchange(const char *one, const char *two, apr_pool_t *pool);

/** Sets the time of a file to now, if that is possible. */
void rc_fs_touch(const char *path);

/** Returns whether anything exists at @a path; a dangling link counts. */
bool rc_fs_exists(const char *path);

/** Returns whether nothing is at @a path for certain, also not behind a link; false when that
 * cannot be determined. */
bool rc_fs_is_missing(const char *path);

/* -- fs_below.c: no link below the root is followed -- */

/** Returns whether @a path lies below the directory @a root, without "." and ".." in its names. */
bool rc_fs_is_below(const char *root, const char *path);

/** Renames @a from to @a to, both below @a root; RC_E_FAILED when @a to exists. With @a make,
 * creates the missing directories of @a to. */
rc_err_t *rc_fs_rename_below(const char *root, const char *from, const char *to, bool make,
                             apr_pool_t *pool);

/** Creates the directory @a path below @a root, and the missing ones above it; it may exist. */
rc_err_t *rc_fs_make_below(const char *root, const char *path, apr_pool_t *pool);

/** Removes the directory @a path below @a root if it is empty. */
void rc_fs_rmdir_below(const char *root, const char *path, apr_pool_t *pool);

/* -- fs.c: locks -- */

/**
 * Acquires the exclusive lock of @a path (a file or directory), against this and other processes,
 * until @a pool ends. Waits up to @a patience (0: does not wait). *@a locked is false when the wait
 * was too long, or @a path does not exist; any other failure is an error.
 */
rc_err_t *rc_fs_lock(bool *locked, const char *path, apr_interval_time_t patience,
                     apr_pool_t *pool);

/** The same for a shared lock: it excludes rc_fs_lock, not another rc_fs_share. */
rc_err_t *rc_fs_share(bool *locked, const char *path, apr_interval_time_t patience,
                      apr_pool_t *pool);

/** As rc_fs_lock; *@a fd is the descriptor that holds the lock, -1 when it was not acquired. */
rc_err_t *rc_fs_lock_fd(int *fd, const char *path, apr_interval_time_t patience, apr_pool_t *pool);

/** As rc_fs_share; *@a fd as by rc_fs_lock_fd. */
rc_err_t *rc_fs_share_fd(int *fd, const char *path, apr_interval_time_t patience, apr_pool_t *pool);

/**
 * Acquires one of @a max slots called @a name in the directory @a dir, shared by all processes,
 * until @a pool ends or the process dies; never waits. *@a taken is false when all are in use.
 */
rc_err_t *rc_fs_take_place(bool *taken, const char *dir, const char *name, int max,
                           apr_pool_t *pool);

/* -- fs_unnamed.c: temporary files -- */

#define RC_FS_LINK 32 /* bytes of a path of rc_fs_unnamed */

/**
 * Creates a file without a name in the directory @a dir. Returns a descriptor that appends to it,
 * and in @a link a path by which this process can open it again while the descriptor is open. The
 * file goes with its last descriptor. Returns -1 where that is impossible: use a named file.
 */
int rc_fs_unnamed(char *link, const char *dir);

/* -- fs_mark.c: marks on directories, for other processes -- */

/**
 * Marks the directory @a dir in the file @a marks, which is created, until @a pool ends or this
 * process dies. Several processes and threads may mark the same directory. Does nothing when @a dir
 * does not exist.
 */
rc_err_t *rc_fs_mark(const char *marks, const char *dir, apr_pool_t *pool);

/** Returns whether anybody has marked the directory @a dir in the file @a marks. */
bool rc_fs_is_marked(const char *marks, const char *dir);

#endif
