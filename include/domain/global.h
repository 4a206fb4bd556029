// SPDX-License-Identifier: Apache-2.0
/*
 * Sets global permissions of users and user groups (contract 01 §3).
 */
#ifndef RC_DOMAIN_GLOBAL_H
#define RC_DOMAIN_GLOBAL_H

#include "store/global.h"

/** Gives the holder the global permission @a name and removes all others of its kind
 * ("hg.fork.none" replaces "hg.fork.repository"). Returns RC_E_ARG for an unknown name. */
rc_err_t *rc_global_set(rc_db_t *db, rc_holder_t holder, apr_int64_t id, const char *name,
                        apr_pool_t *pool);

#endif
