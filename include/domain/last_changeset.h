// SPDX-License-Identifier: Apache-2.0
/*
 * The copy of a repository's last commit that is stored with its row, so that lists open no
 * repository: changeset_obj (contract 02 §1.7) as JSON, and the state of the references that it was
 * read at. Whoever has the repository open and finds another state stores it anew.
 */
#ifndef RC_DOMAIN_LAST_CHANGESET_H
#define RC_DOMAIN_LAST_CHANGESET_H

#include "domain/env.h"
#include "base/json.h"
#include "store/repo.h"

/** The members of changeset_obj without diff and refs; the empty commit for NULL. */
void rc_changeset_write(rc_json_t *out, const rc_commit_t *commit, apr_pool_t *pool);

/** Reads the last commit of an opened repository, as it will be stored: of a long message the first
 * RC_LAST_MESSAGE_MAX bytes. */
rc_err_t *rc_model_last_read(rc_last_t *last, rc_vcs_t *vcs, const rc_env_t *env, apr_pool_t *pool);

#define RC_LAST_MESSAGE_MAX 16384

/** The same when the references are not in the state that @a repo was stored at; else @a last->json
 * is NULL. */
rc_err_t *rc_model_last_if_moved(rc_last_t *last, rc_vcs_t *vcs, const rc_repo_t *repo,
                                 const rc_env_t *env, apr_pool_t *pool);

/** True when the stored copy of @a repo is known to be that of its references as they are, at the
 * price of a look at file times; false when the repository must be opened to tell. */
bool rc_model_last_is_current(const rc_repo_t *repo, const rc_env_t *env, apr_pool_t *pool);

/** Stores what rc_model_last_if_moved read, in a transaction of its own, which does not wait for
 * the disk; not when somebody else stored another state meanwhile. */
rc_err_t *rc_model_last_keep(rc_db_t *db, const rc_repo_t *repo, const rc_last_t *last);

#endif
