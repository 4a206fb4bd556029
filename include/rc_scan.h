// SPDX-License-Identifier: Apache-2.0
/*
 * The repository root, looked through: what is there, what of it the database does not know, and
 * what it knows that is not there.
 */
#ifndef RC_SCAN_H
#define RC_SCAN_H

#include <apr_tables.h>

#include "rc_env.h"

/** Full names (const char *) of all repositories below the root, sorted. Skips files, names that
 * begin with a dot, removed repositories, and does not look into repositories. */
rc_err_t *rc_model_scan(apr_array_header_t **names, const rc_env_t *env, apr_pool_t *pool);

/** Adds those that the database does not have, with missing groups; *@a added are their names. */
rc_err_t *rc_model_scan_add(apr_array_header_t **added, rc_env_t *env, rc_db_t *db,
                            apr_pool_t *pool);

/** Do database, secret and disk agree? *@a problems (const char *) is empty when they do. */
rc_err_t *rc_model_check(apr_array_header_t **problems, rc_env_t *env, rc_db_t *db,
                         apr_pool_t *pool);

#endif
