// SPDX-License-Identifier: Apache-2.0
/*
 * Gists: their use cases, and where they are on the disk: one small repository each, at
 * <root>/.rc_gist_store/<access id>.
 */
#ifndef RC_DOMAIN_GIST_H
#define RC_DOMAIN_GIST_H

#include "domain/actor.h"
#include "domain/env.h"
#include "domain/user.h"
#include "store/gist.h"
#include "domain/disk_transaction.h"

/* The type of their repositories. */
#define RC_GIST_TYPE "git"

/** Path of a gist's repository, in @a pool. */
const char *rc_gist_path(const rc_env_t *env, const char *access_id, apr_pool_t *pool);

/** Opens a gist's repository (rc_vcs_open); *@a id is its only commit. */
rc_err_t *rc_gist_open(rc_vcs_t **vcs, const char **id, rc_env_t *env, const char *access_id,
                       rc_work_t *work, apr_pool_t *pool);

/** Adds to @a moves that a gist's repository, if it is there, goes into the directory @a work. */
void rc_gist_remove(rc_disk_txn_t *moves, rc_env_t *env, const char *access_id, const char *work,
                    apr_pool_t *pool);

typedef struct rc_gist_creation_t {
    rc_import_t files; /* its author is the owner */
    rc_owner_t owner;
    const char *type, *acl_level, *description;
    apr_int64_t lifetime; /* minutes, -1: for ever */
    rc_gist_t gist;       /* set */
} rc_gist_creation_t;

/** Makes a gist of files. What cannot be is RC_E_FAILED. */
rc_err_t *rc_gist_create(rc_actor_t *actor, rc_gist_creation_t *request);

/** The gist with this access id; RC_E_ARG with the contract's text when there is none. To all but
 * its owner and super-admins a gist does not exist, public ones included. */
rc_err_t *rc_gist_find(rc_gist_t **gist, rc_actor_t *actor, const char *access_id);

/** Deletes a gist, which is found anew in the transaction; *@a deleted is its access id. */
rc_err_t *rc_gist_delete(const char **deleted, rc_actor_t *actor, const char *access_id);

#endif
