// SPDX-License-Identifier: Apache-2.0
/*
 * The stored copy of a repository's last commit, which is kept in its row so that lists need not
 * open repositories. With it is stored the state of the references (rc_vcs_state) when it was read.
 * Code that has the repository open and finds a different state stores the commit again.
 */
#ifndef RC_DOMAIN_LAST_CHANGESET_H
#define RC_DOMAIN_LAST_CHANGESET_H

#include "domain/env.h"
#include "store/repo.h"

/** Returns the stored commit, in @a pool; NULL for an empty repository. */
const rc_commit_t *rc_last_commit(const rc_last_t *last, apr_pool_t *pool);

/** Reads the last commit of an open repository in the form that is stored: a long message is cut to
 * RC_LAST_MESSAGE_MAX bytes. */
rc_err_t *rc_last_read(rc_last_t *last, rc_vcs_t *vcs, apr_pool_t *pool);

#define RC_LAST_MESSAGE_MAX 16384

/** The same if the references differ from the state stored with @a repo; else @a last->state is
 * NULL. */
rc_err_t *rc_last_if_moved(rc_last_t *last, rc_vcs_t *vcs, const rc_repo_t *repo, apr_pool_t *pool);

/** True when the stored copy of @a repo is known to be current. Checks file times only; false means
 * that the repository must be opened to know. */
bool rc_last_is_current(const rc_repo_t *repo, const rc_env_t *env, apr_pool_t *pool);

/** Stores what rc_last_if_moved read, in a transaction of its own that does not wait for the disk;
 * does nothing when another writer has stored a different state meanwhile. */
rc_err_t *rc_last_keep(rc_db_t *db, const rc_repo_t *repo, const rc_last_t *last);

/** Opens the repository and stores its last commit if the references moved. For rescans and hooks,
 * which find changes that were made without the server. */
rc_err_t *rc_last_refresh(const rc_repo_t *repo, const rc_env_t *env, rc_db_t *db,
                          apr_pool_t *pool);

#endif
