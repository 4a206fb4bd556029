// SPDX-License-Identifier: Apache-2.0
/*
 * Prints the table of changes in a mail (`git --stat --summary`).
 */
#ifndef RC_BASE_PATCH_STAT_H
#define RC_BASE_PATCH_STAT_H

#include <stdbool.h>

#include <apr_tables.h>

#include "base/spool.h"

/* One change. */
typedef struct rc_stat_row_t {
    const char *old_path, *new_path;
    apr_uint32_t old_mode, new_mode; /* as git has them; 0: missing */
    bool renamed;
    int similarity;              /* of a rename, in percent */
    bool binary;                 /* the numbers are sizes in bytes, else lines */
    apr_uint64_t added, deleted; /* the new size, and the old one */
    const char *name;            /* set by rc_patch_stat */
} rc_stat_row_t;

/** Prints the table that `git --stat` prints in a mail for @a rows (rc_stat_row_t). */
rc_err_t *rc_patch_stat(rc_spool_t *spool, const apr_array_header_t *rows, apr_pool_t *pool);

/** Prints what `git --summary` prints: created, deleted and renamed files, and changed modes. */
rc_err_t *rc_patch_summary(rc_spool_t *spool, const apr_array_header_t *rows, apr_pool_t *pool);

#endif
