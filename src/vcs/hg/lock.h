// SPDX-License-Identifier: Apache-2.0
/*
 * Takes Mercurial's own lock of a store, so that hg does not write meanwhile.
 */
#ifndef RC_VCS_HG_LOCK_H
#define RC_VCS_HG_LOCK_H

#include "base/work.h"

/* How long to wait for hg (contract 08 §8). */
#define RC_HG_PATIENCE apr_time_from_sec(10)

/** Locks the store in the directory @a store until @a pool ends. Waits at most @a patience; then
 * returns RC_E_FAILED. Fails when the time of @a work is over. */
rc_err_t *rc_hg_lock(const char *store, apr_interval_time_t patience, rc_work_t *work,
                     apr_pool_t *pool);

#endif
