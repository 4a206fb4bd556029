// SPDX-License-Identifier: Apache-2.0
/*
 * The table of changes that stands in a mail.
 */
#ifndef RC_VCS_GIT_DIFF_MAIL_STAT_H
#define RC_VCS_GIT_DIFF_MAIL_STAT_H

#include "print.h"

typedef struct rc_git_row_t {
    const rc_git_change_t *change;
    rc_git_tally_t tally;
    const char *name; /* mail_stat.c's own */
} rc_git_row_t;

/** Prints the table of @a rows (rc_git_row_t) that `git --stat` shows in a mail. */
rc_err_t *rc_git_print_stat(rc_spool_t *spool, const apr_array_header_t *rows, apr_pool_t *pool);

/** Prints what `git --summary` prints of created, deleted, renamed files and of modes. */
rc_err_t *rc_git_print_summary(rc_spool_t *spool, const apr_array_header_t *rows, apr_pool_t *pool);

#endif
