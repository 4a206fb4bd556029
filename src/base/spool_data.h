// SPDX-License-Identifier: Apache-2.0
/*
 * Declares what a spool consists of, for the files that implement it, and for those that append so
 * few bytes at a time that a call takes as long as they do.
 */
#ifndef RC_BASE_SPOOL_DATA_H
#define RC_BASE_SPOOL_DATA_H

#include "base/spool.h"

struct rc_spool_t {
    apr_pool_t *pool;
    apr_pool_t *err_pool; /* of the first spool in a chain of rc_spool_beside */
    const char *temp_dir;
    char *buf;
    apr_size_t used, size; /* of buf */
    apr_size_t most;       /* that buf can have */
    apr_file_t *file;      /* NULL while all of it fits in memory */
    apr_off_t flushed;     /* bytes in the file */
    apr_off_t limit;       /* of the file; 0 = none */
    apr_off_t counted;     /* bytes of the file that are counted in the total */
    int taken;             /* the descriptor of rc_spool_take_fd; else -1 */

    apr_file_t *joined;    /* a file that belongs into the content; NULL: none */
    apr_off_t joined_size; /* of that file; else 0 */
    apr_size_t joined_at;  /* where in buf; there is no file then */
};

/* As rc_spool_room and rc_spool_fill. The first returns NULL after an error, *@a err. */
static inline char *rc_spool_quick_room(rc_err_t **err, rc_spool_t *spool, apr_size_t len)
{
    char *room;

    if (spool->used + len <= spool->size)
        return spool->buf + spool->used;
    *err = rc_spool_room(&room, spool, len);
    return *err ? NULL : room;
}

static inline void rc_spool_quick_fill(rc_spool_t *spool, const char *end)
{
    spool->used = (apr_size_t)(end - spool->buf);
}

#endif
