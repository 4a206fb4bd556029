// SPDX-License-Identifier: Apache-2.0
/*
 * What must be right in the database and on the disk: making, changing, deleting and pulling
 * repositories.
 */
#ifndef RC_DOMAIN_REPO_H
#define RC_DOMAIN_REPO_H

#include "domain/env.h"
#include "domain/disk_transaction.h"
#include "store/repo.h"

#define RC_REPO_NAME_MAX 255 /* characters of a full name */

/** @a name without empty parts: "//g/r//" -> "g/r". In @a pool. */
const char *rc_repo_name_clean(const char *name, apr_pool_t *pool);

/** Why a repository or group may not be called this (a cleaned full path), as the end of a sentence
 * about the name; NULL: it may. Contract 02 create_repo, 05. */
const char *rc_repo_name_problem(const char *name);

/** The same as an error (RC_E_FAILED). */
rc_err_t *rc_repo_name_check(const char *name, apr_pool_t *pool);

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
    rc_repo_t row;           /* name, type, owner_id, flags, texts: set before preparing */
    const char *clone_uri;   /* the whole URI, or NULL */
    const rc_repo_t *source; /* what it is a fork of, or NULL */
    bool copy_permissions;   /* of the source, else of the parent group */
    const char *path;        /* where it was prepared */
} rc_new_repo_t;

/**
 * Makes the repository's content: an empty one, a clone of clone_uri, a copy of the source. Sets
 * row.clone_uri, row.clone_uri_sealed, row.last and path. What it left is removed with @a
 * pool. Ends when the client of @a work has gone.
 */
rc_err_t *rc_repo_prepare(rc_new_repo_t *repo, rc_env_t *env, rc_work_t *work, apr_pool_t *pool);

/** Inside a transaction: makes missing groups, the row, its permissions. */
rc_err_t *rc_repo_insert(rc_new_repo_t *repo, rc_db_t *db, apr_pool_t *pool);

/** Inside a transaction: the default user's row of a new object; level none when it is @a closed
 * (a private repository), else the level of their global row of that kind. */
rc_err_t *rc_grant_everyone(rc_db_t *db, rc_kind_t kind, apr_int64_t id, bool closed,
                            apr_pool_t *pool);

/** What the sealed form of a clone URI is bound to. */
#define RC_CLONE_URI_CONTEXT "clone_uri"

/** The whole clone URI of a repository, with its password; NULL if none. */
rc_err_t *rc_repo_clone_uri(const char **uri, const rc_env_t *env, const rc_repo_t *repo,
                            apr_pool_t *pool);

/** Opens the repository on the disk; reading it counts against @a work (rc_vcs_open). */
rc_err_t *rc_repo_open(rc_vcs_t **vcs, rc_env_t *env, const rc_repo_t *repo, rc_work_t *work,
                       apr_pool_t *pool);

/* Locks on the disk, tried without waiting: whoever wants to wait gives them back first, and with
 * them the database. */
typedef struct rc_locks_t {
    apr_pool_t *pool; /* they are held until it ends; errors live in it */
    int fd;           /* descriptor of the last repository's lock */
    const char *busy; /* set with an error: what somebody else holds just now */
} rc_locks_t;

/**
 * Locks a repository on the disk against other writers: before it is written to, renamed or
 * deleted, and outside of transactions. RC_E_FAILED when it is not called @a name any more, is not
 * there, or somebody else has it.
 */
rc_err_t *rc_repo_lock(rc_locks_t *locks, rc_env_t *env, rc_db_t *db, apr_int64_t repo_id,
                       const char *name);

/**
 * Locks the directory of a group that is to be renamed; outside of transactions. Nobody pulls into
 * a repository below it then, nor renames one. RC_E_FAILED when it is not there, or somebody is at
 * work in it.
 */
rc_err_t *rc_repo_group_lock(rc_locks_t *locks, rc_env_t *env, rc_db_t *db,
                             const rc_repo_group_t *group);

/** Is there anything where the repository should be? What a crash left half done is put in order
 * before the answer is no. Outside of transactions. */
rc_err_t *rc_repo_on_disk(bool *there, rc_env_t *env, rc_db_t *db, const char *name,
                          apr_pool_t *pool);

/** Gives @a repo this clone URI, its password sealed; NULL: none. */
rc_err_t *rc_repo_set_clone_uri(rc_repo_t *repo, const rc_env_t *env, const char *uri,
                                apr_pool_t *pool);

/** Sets the flags of @a repo to what the server's settings want for new repositories. */
rc_err_t *rc_repo_defaults(rc_repo_t *repo, rc_db_t *db, apr_pool_t *pool);

#endif
