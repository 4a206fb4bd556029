// SPDX-License-Identifier: Apache-2.0
/*
 * Passwords of users: bcrypt. Both functions take some 50 to 100 ms of a core on purpose, so
 * neither belongs inside a write transaction.
 */
#ifndef RC_BASE_PASSWORD_H
#define RC_BASE_PASSWORD_H

#include <stdbool.h>

#include "base/limit.h"

/* How many are worked at, so that the process keeps processors for its other work, and how many
 * threads may wait for a place, a few seconds at most. Beyond that: RC_E_BUSY. */
typedef struct rc_password_limits_t {
    rc_limit_t *working, *waiting;
} rc_password_limits_t;

/** Hash of @a password, with a random salt, in @a pool. An empty one: NULL, no password login.
 * NULL @a limits: there are none. */
rc_err_t *rc_password_hash(const char **hash, const rc_password_limits_t *limits,
                           const char *password, apr_pool_t *pool);

/** Is @a password the one behind @a hash? A NULL @a hash fits none, after as long a time. */
rc_err_t *rc_password_matches(bool *matches, const rc_password_limits_t *limits, const char *hash,
                              const char *password, apr_pool_t *pool);

/**
 * Another hash of @a password, with a salt, that is checked in less than a millisecond: for a cache
 * in memory and of short life, never for the database. apr_password_validate knows it.
 */
rc_err_t *rc_password_quick_hash(const char **hash, const char *password, apr_pool_t *pool);

#endif
