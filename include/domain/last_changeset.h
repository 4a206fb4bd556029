// SPDX-License-Identifier: Apache-2.0
/*
 * The copy of a repository's last commit that is stored with its row, so that lists open no
 * repository: the commit, and the state of the references that it was read at. Code that has the
 * repository open and finds another state stores the commit anew.
 */
#ifndef RC_DOMAIN_LAST_CHANGESET_H
#define RC_DOMAIN_LAST_CHANGESET_H

#include "domain/env.h"
#include "store/repo.h"

/** The stored commit, in @a pool; NULL for the empty repository. */
const rc_commit_t *rc_last_commit(const rc_last_t *last, apr_pool_t *pool);

/** Reads the last commit of an opened repository, as it will be stored: of a long message the first
 * RC_LAST_MESSAGE_MAX bytes. */
rc_err_t *rc_last_read(rc_last_t *last, rc_vcs_t *vcs, apr_pool_t *pool);

#define RC_LAST_MESSAGE_MAX 16384

/** The same when the references are not in the state that @a repo was stored at; else
 * @a last->state is NULL. */
rc_err_t *rc_last_if_moved(rc_last_t *last, rc_vcs_t *vcs, const rc_repo_t *repo, apr_pool_t *pool);

/** True when the stored copy of @a repo is known to be that of its references as they are, at the
 * price of a look at file times; false when the repository must be opened to know. */
bool rc_last_is_current(const rc_repo_t *repo, const rc_env_t *env, apr_pool_t *pool);

/** Stores what rc_last_if_moved read, in a transaction of its own, which does not wait for
 * the disk; not when somebody else stored another state meanwhile. */
rc_err_t *rc_last_keep(rc_db_t *db, const rc_repo_t *repo, const rc_last_t *last);

/** Opens the repository and stores its last commit when the references moved, for what is done
 * beside the server: rescans and hooks. */
rc_err_t *rc_last_refresh(const rc_repo_t *repo, const rc_env_t *env, rc_db_t *db,
                          apr_pool_t *pool);

#endif
