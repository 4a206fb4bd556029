// SPDX-License-Identifier: Apache-2.0
/*
 * Passwords of users: bcrypt. Both functions take some 50 to 100 ms of a core on purpose, so
 * neither belongs inside a write transaction.
 */
#ifndef RC_PASSWORD_H
#define RC_PASSWORD_H

#include <stdbool.h>

#include "rc_err.h"

/** Hash of @a password, with a random salt, in @a pool. An empty one: NULL, no password login. */
rc_err_t *rc_password_hash(const char **hash, const char *password, apr_pool_t *pool);

/** Is @a password the one behind @a hash? A NULL @a hash fits none, after as long a time. */
bool rc_password_matches(const char *hash, const char *password, apr_pool_t *pool);

/**
 * Another hash of @a password, with a salt, that is checked in less than a millisecond: for a cache
 * in memory and of short life, never for the database. apr_password_validate knows it.
 */
rc_err_t *rc_password_quick_hash(const char **hash, const char *password, apr_pool_t *pool);

#endif
