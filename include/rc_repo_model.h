// SPDX-License-Identifier: Apache-2.0
/*
 * What must be right in the database and on the disk: making and pulling repositories.
 */
#ifndef RC_REPO_MODEL_H
#define RC_REPO_MODEL_H

#include "rc_env.h"
#include "rc_repo.h"

/** @a name without empty parts: "//g/r//" -> "g/r". In @a pool. */
const char *rc_repo_name_clean(const char *name, apr_pool_t *pool);

/** May a repository or group be called this (a cleaned full path)? Contract 02 create_repo, 05. */
bool rc_repo_name_usable(const char *name);

/** May one part of a name be this? Not hidden, not the name of something removed. */
bool rc_repo_part_usable(const char *part);

/** "g/h/r" -> "g/h"; NULL at top level. In @a pool. */
const char *rc_repo_name_parent(const char *name, apr_pool_t *pool);

/** The part behind the last slash. */
const char *rc_repo_name_last(const char *name);

/* What stands behind the time in names of deleted things. */
#define RC_REMOVED_REPO  "__"
#define RC_REMOVED_GROUP "_GROUP_"

/** What the directory of something that is deleted now is called: rm__<date>_<time>_<6 digits>,
 * then @a infix (one of these) and @a last, cut where a file name ends. In @a pool. */
const char *rc_repo_name_removed(const char *infix, const char *last, apr_pool_t *pool);

/** A repository made ready in .rc_tmp, which a transaction then moves to its place. */
typedef struct rc_new_repo_t {
    rc_repo_t row;         /* name, type, owner_id, flags, texts: set before preparing */
    const char *clone_uri; /* the whole URI, or NULL */
    bool copy_permissions; /* of the parent group */
    const char *path;      /* where it was prepared */
} rc_new_repo_t;

/**
 * Makes the repository's content: an empty one, or a clone of clone_uri. Sets row.clone_uri,
 * row.clone_uri_sealed, row.last_changeset and path. What it left is removed with @a pool.
 */
rc_err_t *rc_model_repo_prepare(rc_new_repo_t *repo, rc_env_t *env,
                                const char *(*changeset_json)(const rc_commit_t *commit,
                                                              apr_pool_t *pool),
                                apr_pool_t *pool);

/** Inside a transaction: makes missing groups, the row, its permissions. */
rc_err_t *rc_model_repo_insert(rc_new_repo_t *repo, rc_db_t *db, apr_pool_t *pool);

/** Inside a transaction: the default user's row of a new object; level none when it is @a closed
 * (a private repository), else the level of his global row of that kind. */
rc_err_t *rc_model_grant_everyone(rc_db_t *db, rc_kind_t kind, apr_int64_t id, bool closed,
                                  apr_pool_t *pool);

/** The whole clone URI of a repository, with its password; NULL if none. */
rc_err_t *rc_model_clone_uri(const char **uri, const rc_env_t *env, const rc_repo_t *repo,
                             apr_pool_t *pool);

/** Opens the repository on the disk. */
rc_err_t *rc_model_repo_open(rc_vcs_t **vcs, rc_env_t *env, const rc_repo_t *repo,
                             apr_pool_t *pool);

/** Fetches a repository from its clone_uri. Waits for other writers of it. RC_E_FAILED when there
 * is none, or the other side fails. */
rc_err_t *rc_model_repo_pull(rc_env_t *env, const rc_repo_t *repo, apr_pool_t *pool);

#endif
