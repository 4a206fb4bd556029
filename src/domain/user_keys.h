// SPDX-License-Identifier: Apache-2.0
#ifndef RC_DOMAIN_USER_KEYS_H
#define RC_DOMAIN_USER_KEYS_H

#include "domain/user.h"

/** Returns, in @a pool, the context that the sealed keys of a user are bound to (rc_secret_seal).
 */
const char *rc_key_context(apr_int64_t user_id, apr_pool_t *pool);

/** Stores the main key of a new user; with a NULL @a key generates one. */
rc_err_t *rc_main_key_create(const char *key, rc_db_t *db, const rc_secret_t *secret,
                             apr_int64_t user_id, apr_pool_t *pool);

#endif
