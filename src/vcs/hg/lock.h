// SPDX-License-Identifier: Apache-2.0
/*
 * Takes Mercurial's own locks, so that hg does not write meanwhile.
 */
#ifndef RC_VCS_HG_LOCK_H
#define RC_VCS_HG_LOCK_H

#include "hg.h"

/* How long to wait for hg (contract 08 §8). */
#define RC_HG_PATIENCE apr_time_from_sec(10)

/** Creates the lock @a path, which is held until @a pool ends. Waits at most @a patience; then
 * returns RC_E_FAILED. Fails when the time of @a work is over. */
rc_err_t *rc_hg_lock(const char *path, apr_interval_time_t patience, rc_work_t *work,
                     apr_pool_t *pool);

/** Locks the store of a repository. */
rc_err_t *rc_hg_lock_store(const rc_hg_layout_t *layout, rc_work_t *work, apr_pool_t *pool);

/** Locks the store, and before it everything else, as hg does. */
rc_err_t *rc_hg_lock_all(const rc_hg_layout_t *layout, rc_work_t *work, apr_pool_t *pool);

/** Returns whether somebody holds the lock of the store. */
bool rc_hg_is_locked(const rc_hg_layout_t *layout, apr_pool_t *pool);

#endif
