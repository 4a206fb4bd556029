// SPDX-License-Identifier: Apache-2.0
/*
 * Counts the bytes in temporary files of answers, of all threads of this process.
 */
#ifndef RC_BASE_SPOOL_TOTAL_H
#define RC_BASE_SPOOL_TOTAL_H

#include "base/err.h"

/** Counts @a bytes; RC_E_BUSY, in @a pool, when the limit of rc_spool_set_total is exceeded. */
rc_err_t *rc_spool_total_add(apr_off_t bytes, apr_pool_t *pool);

/** Releases @a bytes that were counted. */
void rc_spool_total_give(apr_off_t bytes);

#endif
