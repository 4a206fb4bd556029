// SPDX-License-Identifier: Apache-2.0
/*
 * Queues the writers of all processes on a lock file beside the database: SQLite's own waiting is
 * not fair and can starve a writer.
 */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>

#include "base/metrics.h"
#include "base/time.h"

/* The lock file's bytes, one per lock. */
enum { WRITER, GATE };

/* Pauses between two attempts to acquire a lock. */
#define FIRST_PAUSE   50 /* microseconds */
#define LONGEST_PAUSE apr_time_from_msec(1)

/* Acquires or releases one byte of the lock file for this connection. */
static bool set_lock(const rc_sqlite_t *own, short type, off_t byte)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

    return !fcntl(own->write_lock, F_OFD_SETLK, &lock);
}

/* Polls, because a wait in the kernel would not end when a writer is stopped by a signal. */
static rc_err_t *wait_for(rc_db_t *db, off_t byte, apr_time_t until)
{
    apr_interval_time_t pause = FIRST_PAUSE;

    while (!set_lock(db->handle, F_WRLCK, byte)) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return rc_err_internal(db->pool, APR_FROM_OS_ERROR(errno), "cannot lock the database");
        if (rc_clock() >= until)
            return rc_err_busy(db->pool, "the database is busy: a writer holds %s.lock",
                               db->config->path);
        apr_sleep(pause);
        pause = pause < LONGEST_PAUSE ? pause * 2 : pause;
    }
    return NULL;
}

/* The next writer holds the GATE lock until the current one finishes, so that a writer that returns
 * at once cannot overtake those that wait. */
rc_err_t *rc_sqlite_lock_writers(rc_db_t *db, apr_interval_time_t wait)
{
    apr_time_t until = rc_clock() + wait;
    rc_sqlite_t *own = db->handle;
    rc_err_t *err;

    RC_TRY(wait_for(db, GATE, until));
    err = wait_for(db, WRITER, until);
    set_lock(own, F_UNLCK, GATE);
    rc_metric_add(RC_METRIC_DATABASE, "writer", NULL, (apr_uint64_t)(rc_clock() + wait - until));
    own->locked = !err;
    return err;
}

void rc_sqlite_unlock_writers(rc_db_t *db)
{
    rc_sqlite_t *own = db->handle;

    if (own->locked)
        set_lock(own, F_UNLCK, WRITER);
    own->locked = false;
}
