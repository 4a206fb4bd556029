// SPDX-License-Identifier: Apache-2.0
/*
 * Prints the table of changes in a mail (`git --stat --summary`).
 */
#ifndef RC_VCS_GIT_DIFF_MAIL_STAT_H
#define RC_VCS_GIT_DIFF_MAIL_STAT_H

#include "print.h"

typedef struct rc_git_row_t {
    const rc_git_change_t *change;
    rc_git_tally_t tally;
    const char *name; /* set by mail_stat.c */
} rc_git_row_t;

/** Prints the table that `git --stat` prints in a mail for @a rows (rc_git_row_t). */
rc_err_t *rc_git_print_stat(rc_spool_t *spool, const apr_array_header_t *rows, apr_pool_t *pool);

/** Prints what `git --summary` prints: created, deleted and renamed files, and changed modes. */
rc_err_t *rc_git_print_summary(rc_spool_t *spool, const apr_array_header_t *rows, apr_pool_t *pool);

#endif
