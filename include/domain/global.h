// SPDX-License-Identifier: Apache-2.0
/*
 * Sets global permissions of users and user groups (contract 01 §3).
 */
#ifndef RC_DOMAIN_GLOBAL_H
#define RC_DOMAIN_GLOBAL_H

#include "domain/actor.h"
#include "store/global.h"

/** Gives the holder the global permission @a name and removes all others of its kind
 * ("hg.fork.none" replaces "hg.fork.repository"). Returns RC_E_ARG for an unknown name. In the
 * caller's transaction. */
rc_err_t *rc_global_set(rc_db_t *db, rc_holder_t holder, apr_int64_t id, const char *name,
                        apr_pool_t *pool);

typedef struct rc_globals_change_t {
    rc_holder_t holder;
    apr_int64_t id;
    const char *name;                /* of the holder, for the journal */
    const apr_array_header_t *words; /* const char *: permissions, inherit=on, inherit=off */
} rc_globals_change_t;

/** Changes global permissions and the inherit flag; all of the words or none. Requires a
 * super-admin. */
rc_err_t *rc_globals_change(rc_actor_t *actor, const rc_globals_change_t *request);

#endif
