// SPDX-License-Identifier: Apache-2.0
/*
 * What key.c and login.c share.
 */
#ifndef RC_DOMAIN_CALLER_H
#define RC_DOMAIN_CALLER_H

#include "domain/auth.h"
#include "store/caller.h"

/** The caller of a row, whose key or login has the role @a role. */
rc_caller_t *rc_auth_make_caller(const rc_caller_row_t *row, rc_role_t role, apr_pool_t *pool);

#endif
