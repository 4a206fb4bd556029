// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases of gists. A gist is a row in the database and a small repository at
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

/** Returns the path of a gist's repository, in @a pool. */
const char *rc_gist_path(const rc_env_t *env, const char *access_id, apr_pool_t *pool);

/** Opens a gist's repository (rc_vcs_open); *@a id is its last commit, NULL when it is empty. */
rc_err_t *rc_gist_open(rc_vcs_t **vcs, const char **id, rc_env_t *env, const char *access_id,
                       rc_work_t *work, apr_pool_t *pool);

/** Adds to @a disk the rename of a gist's repository, if it exists, into the directory @a work,
 * which is removed later. */
void rc_gist_remove(rc_disk_txn_t *disk, rc_env_t *env, const char *access_id, const char *work,
                    apr_pool_t *pool);

/** Returns whether whoever knows the id of @a gist may read it as @a caller: it has not expired,
 * and is not closed to visitors and scoped tokens. NULL: no. */
bool rc_gist_is_open(const rc_gist_t *gist, const rc_caller_t *caller);

typedef struct rc_gist_creation_t {
    rc_import_t files; /* author, email and message are set by the use case */
    rc_owner_t owner;
    const char *type, *acl_level, *description;
    apr_int64_t lifetime; /* minutes, -1: no limit */
    rc_gist_t gist;       /* output */
} rc_gist_creation_t;

/** Creates a gist of files. Returns RC_E_FAILED for an invalid request. */
rc_err_t *rc_gist_create(rc_actor_t *actor, rc_gist_creation_t *request);

/** Finds the gist with this access id. Returns RC_E_ARG with the contract's text when there is none
 * or the caller is neither its owner nor a super-admin, even for a public gist. */
rc_err_t *rc_gist_find(rc_gist_t **gist, rc_actor_t *actor, const char *access_id);

/** Deletes a gist, found as by rc_gist_find; *@a deleted is its access id. */
rc_err_t *rc_gist_delete(const char **deleted, rc_actor_t *actor, const char *access_id);

#endif
