// SPDX-License-Identifier: Apache-2.0
/*
 * Prints what follows the message in the mail of a commit: the table of changes (`git --stat
 * --summary`) and the patch.
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
    const char *name;            /* set by rc_patch_end_mail */
} rc_stat_row_t;

/** Ends the mail of a commit: prints the table of @a rows (rc_stat_row_t), the patch @a diff and
 * the signature. */
rc_err_t *rc_patch_end_mail(rc_spool_t *spool, const apr_array_header_t *rows, rc_spool_t *diff,
                            apr_pool_t *pool);

#endif
