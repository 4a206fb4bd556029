// SPDX-License-Identifier: Apache-2.0
/*
 * Limits how often passwords are tried: for a name and for an address, over all processes, and over
 * all machines that share a database on a server.
 */
#ifndef RC_DOMAIN_TRIES_H
#define RC_DOMAIN_TRIES_H

#include "domain/env.h"
#include "domain/login.h"

/** Counts a try before its password is checked. *@a wait is 0, or how many seconds to wait when
 * there were too many wrong ones in ten minutes: then this one is not counted, and must be refused.
 */
rc_err_t *rc_try_begin(int *wait, const rc_env_t *env, const rc_login_try_t *attempt,
                       apr_pool_t *pool);

/** Takes back what rc_try_begin has counted when the password was @a right, else has all machines
 * count it. */
rc_err_t *rc_try_end(const rc_env_t *env, const rc_login_try_t *attempt, bool right,
                     apr_pool_t *pool);

#endif
