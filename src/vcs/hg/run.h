// SPDX-License-Identifier: Apache-2.0
/*
 * Runs one command of hg on a repository of this server; no remote takes part.
 */
#ifndef RC_VCS_HG_RUN_H
#define RC_VCS_HG_RUN_H

#include "base/err.h"

#define RC_HG_MEMORY ((apr_off_t)4 << 30) /* bytes that hg may use: it holds whole files */

/** Runs @a command (ended by NULL) on the repository at @a path; @a temp is a directory of ours for
 * temporary files. RC_E_FAILED with hg's messages when it fails. */
rc_err_t *rc_hg_run(const char *path, const char *temp, const char *const *command,
                    apr_pool_t *pool);

#endif
