// SPDX-License-Identifier: Apache-2.0
/*
 * The table of shared references and orders of this process, an entry per repository. Private to
 * share*.c.
 */
#ifndef RC_VCS_GIT_SHARE_H
#define RC_VCS_GIT_SHARE_H

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "git.h"

typedef enum { RC_GIT_REFS, RC_GIT_ORDER, RC_GIT_WIRE, RC_GIT_PARTS } rc_git_part_t;

/* One repository. The mutex guards all members but what `busy` guards. */
struct rc_git_shared_t {
    rc_git_shared_t *next;          /* the next in the bucket, or in the garbage list */
    rc_git_shared_t *older, *newer; /* by the last use */
    char *path;
    dev_t dev;
    ino_t ino;
    int handles;
    apr_time_t used;
    apr_size_t weight;          /* bytes, as counted in the sum */
    rc_git_refs_t *refs;        /* or NULL */
    rc_git_told_t *told;        /* or NULL; see rc_git_share_told */
    rc_git_order_t *order;      /* or NULL; may belong to earlier references */
    struct rc_git_wire_t *wire; /* or NULL */
    struct rc_git_memo_t *memo; /* or NULL */
    bool busy;                  /* a thread reads */
    apr_time_t began;           /* when reading refs began */
    apr_time_t wire_began;      /* when reading wire began */
    struct {
        apr_time_t began;
        apr_pool_t *pool;
        rc_err_t *err;
    } failed[RC_GIT_PARTS]; /* the error of the last reading */
};

/* Entries taken out of the table, to be freed without holding the mutex. */
typedef struct rc_git_garbage_t {
    rc_git_shared_t *first;
    apr_size_t bytes;
} rc_git_garbage_t;

void rc_git_share_lock(void);
void rc_git_share_unlock(void);

/** Waits at most @a time for a reading to end. Needs the mutex. */
void rc_git_share_wait(apr_interval_time_t time);
void rc_git_share_wake(void);

/** Returns the entry of the repository at @a path with this device and inode, or NULL. Needs the
 * mutex. */
rc_git_shared_t *rc_git_share_find(const char *path, dev_t dev, ino_t ino);

/** Marks @a shared as used now, and evicts idle entries to @a garbage. Needs the mutex. */
void rc_git_share_use(rc_git_garbage_t *garbage, rc_git_shared_t *shared);

/** Recomputes the weight of @a shared after what it holds has changed. Needs the mutex. */
void rc_git_share_weigh(rc_git_shared_t *shared);

/** Frees what was taken out. The caller must not hold the mutex. */
void rc_git_share_free(rc_git_garbage_t *garbage);

/* --- share_read.c: exclusive reading --- */

/** Waits until no other thread reads the repository, and keeps others out until
 * rc_git_share_end. RC_E_BUSY when that takes too long. */
rc_err_t *rc_git_share_begin(rc_git_shared_t *shared, apr_pool_t *pool);
void rc_git_share_end(rc_git_shared_t *shared);

/** Takes the limits of this use off @a git: the result is shared, so reading continues even when
 * one client has disconnected. Returns them, to be put back. */
rc_work_t *rc_git_share_unlimited(rc_git_t *git);

/** Stores an error for the threads that wait for the same reading, except RC_E_BUSY, which concerns
 * only one request. NULL: there is none. */
void rc_git_share_fail(rc_git_shared_t *shared, rc_git_part_t part, apr_time_t began,
                       const rc_err_t *err);

/** Returns the stored error of a reading that began at @a start or later, or NULL. */
const rc_err_t *rc_git_share_failed(const rc_git_shared_t *shared, rc_git_part_t part,
                                    apr_time_t start);

#endif
