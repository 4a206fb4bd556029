// SPDX-License-Identifier: Apache-2.0
/*
 * Lets one thread at a time read the references and the order of a repository, and keeps the error
 * of a reading for the threads that waited for it.
 */
#include "share.h"

#include "base/time.h"

#define WAIT_MOST apr_time_from_sec(30) /* how long to wait for another thread's reading */

rc_err_t *rc_git_share_begin(rc_git_shared_t *shared, apr_pool_t *pool)
{
    apr_time_t end = rc_clock() + WAIT_MOST, now;
    bool busy;

    rc_git_share_lock();
    while (shared->busy && (now = rc_clock()) < end)
        rc_git_share_wait(end - now);
    busy = shared->busy;
    shared->busy = true;
    rc_git_share_unlock();
    return busy ? rc_err(pool, RC_E_BUSY, "the repository is being read; try again") : NULL;
}

rc_work_t *rc_git_share_unlimited(rc_git_t *git)
{
    rc_work_t *work = git->work;

    git->work = NULL;
    return work;
}

void rc_git_share_fail(rc_git_shared_t *shared, rc_git_part_t part, apr_time_t began,
                       const rc_err_t *err)
{
    if (shared->failed[part].pool)
        apr_pool_destroy(shared->failed[part].pool);
    shared->failed[part].pool = NULL;
    if (!err || err->kind == RC_E_BUSY ||
        apr_pool_create_unmanaged_ex(&shared->failed[part].pool, NULL, NULL))
        return;
    shared->failed[part].began = began;
    shared->failed[part].err = rc_err_copy(err, shared->failed[part].pool);
}

void rc_git_share_end(rc_git_shared_t *shared)
{
    rc_git_garbage_t garbage = {NULL, 0};

    rc_git_share_lock();
    shared->busy = false;
    rc_git_share_use(&garbage, shared);
    rc_git_share_wake();
    rc_git_share_unlock();
    rc_git_share_free(&garbage);
}

const rc_err_t *rc_git_share_failed(const rc_git_shared_t *shared, rc_git_part_t part,
                                    apr_time_t start)
{
    return shared->failed[part].pool && shared->failed[part].began >= start
               ? shared->failed[part].err
               : NULL;
}
