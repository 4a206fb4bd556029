// SPDX-License-Identifier: Apache-2.0
/*
 * The table of what is shared of repositories in this process. Private to share*.c.
 */
#ifndef RC_VCS_GIT_SHARE_H
#define RC_VCS_GIT_SHARE_H

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "git.h"

typedef enum { RC_GIT_REFS, RC_GIT_ORDER, RC_GIT_PARTS } rc_git_part_t;

/* One repository. The mutex guards all members but what `busy` guards. */
struct rc_git_shared_t {
    rc_git_shared_t *next;          /* in its bucket; of garbage: the next one */
    rc_git_shared_t *older, *newer; /* by the last use */
    char *path;
    dev_t dev;
    ino_t ino;
    int handles;
    apr_time_t used;
    apr_size_t weight;     /* bytes, as they count in the sum */
    rc_git_refs_t *refs;   /* or NULL */
    rc_git_order_t *order; /* or NULL; perhaps of earlier references */
    bool busy;             /* a thread reads */
    apr_time_t began;      /* the reading of refs */
    struct {
        apr_time_t began;
        apr_pool_t *pool;
        rc_err_t *err;
    } failed[RC_GIT_PARTS]; /* the last reading, if it failed */
};

/* What has been taken out of the table, to be freed without the mutex. */
typedef struct rc_git_garbage_t {
    rc_git_shared_t *first;
    apr_size_t bytes;
} rc_git_garbage_t;

void rc_git_share_lock(void);
void rc_git_share_unlock(void);

/** Waits until a reading has ended, for at most @a time. The mutex is held. */
void rc_git_share_wait(apr_interval_time_t time);
void rc_git_share_wake(void);

/** The entry of the repository at @a path, with this device and inode, or NULL. The mutex is held.
 */
rc_git_shared_t *rc_git_share_find(const char *path, dev_t dev, ino_t ino);

/** Notes that @a shared is used now, and takes out what is to be let go. The mutex is held. */
void rc_git_share_use(rc_git_garbage_t *garbage, rc_git_shared_t *shared);

/** Counts @a shared anew, whose references or order have changed. The mutex is held. */
void rc_git_share_weigh(rc_git_shared_t *shared);

/** Frees what was taken out. The mutex is not held. */
void rc_git_share_free(rc_git_garbage_t *garbage);

#endif
