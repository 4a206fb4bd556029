// SPDX-License-Identifier: Apache-2.0
/*
 * The parts that use cases of repositories share: names, preparing and inserting a repository,
 * clone URIs, opening and locking.
 */
#ifndef RC_DOMAIN_REPO_H
#define RC_DOMAIN_REPO_H

#include "domain/env.h"
#include "domain/disk_transaction.h"
#include "store/repo.h"

#define RC_REPO_NAME_MAX 255 /* characters of a full name */

/** True when the full name is not longer than that. */
bool rc_repo_name_fits(const char *name);

/** Returns what is wrong with the name of a repository or group (a full path, as rc_text_clean_path
 * returns it), as the end of a sentence that begins with "the name"; NULL for a valid name.
 * Contract 02 create_repo, 05. */
const char *rc_repo_name_problem(const char *name);

/** The same as an error (RC_E_FAILED). */
rc_err_t *rc_repo_name_check(const char *name, apr_pool_t *pool);

/** True when @a part may be one part of a name: not empty, not hidden, not the name of a removed
 * repository or group. */
bool rc_repo_part_usable(const char *part);

/** Returns the name of the group, "g/h/r" -> "g/h", in @a pool; NULL at top level. */
const char *rc_repo_name_parent(const char *name, apr_pool_t *pool);

/** Returns the part after the last slash; points into @a name. */
const char *rc_repo_name_last(const char *name);

/* The infix after the time in the names of deleted repositories and groups. */
#define RC_REMOVED_REPO  "__"
#define RC_REMOVED_GROUP "_GROUP_"

/** Returns the directory name for a repository or group that is deleted now, in @a pool:
 * rm__<date>_<time>_<6 digits>, @a infix (one of these) and @a last, cut to the longest file name.
 */
const char *rc_repo_name_removed(const char *infix, const char *last, apr_pool_t *pool);

/** A new repository that is prepared in .rc_tmp; a disk transaction then moves it to its place. */
typedef struct rc_new_repo_t {
    rc_repo_t row;           /* name, type, owner_id, flags, texts: set before preparing */
    const char *clone_uri;   /* the whole URI, or NULL */
    const rc_repo_t *source; /* the parent of a fork, or NULL */
    rc_origin_t origin;      /* what clone_uri brought */
    bool copy_permissions;   /* of the source, else of the parent group */
    const char *path;        /* where it was prepared */
} rc_new_repo_t;

/**
 * Makes the content of the repository in .rc_tmp: empty, a clone of clone_uri, or a copy of the
 * source. Sets row.last and path. What is still there when @a pool is destroyed is removed. Fails
 * when the client of @a work has gone.
 */
rc_err_t *rc_repo_prepare(rc_new_repo_t *repo, rc_env_t *env, rc_work_t *work, apr_pool_t *pool);

/** Inserts the row and its permissions, and creates missing groups. Inside a transaction. */
rc_err_t *rc_repo_insert(rc_new_repo_t *repo, rc_db_t *db, apr_pool_t *pool);

/** Inserts the default user's permission on a new object: none when it is @a closed (a private
 * repository), else the level of their global permission of that kind. Inside a transaction. */
rc_err_t *rc_grant_everyone(rc_db_t *db, rc_kind_t kind, apr_int64_t id, bool closed,
                            apr_pool_t *pool);

/** The context that a sealed clone URI is bound to (rc_secret_seal). */
#define RC_CLONE_URI_CONTEXT "clone_uri"

/** Sets *@a uri to the clone URI of a repository with its password; NULL if it has none. */
rc_err_t *rc_repo_clone_uri(const char **uri, const rc_env_t *env, const rc_repo_t *repo,
                            apr_pool_t *pool);

/* Branches and tags of Subversion repositories, while the settings svn_branch_patterns and
 * svn_tag_patterns are not set (contract 07 §1). */
#define RC_SVN_BRANCHES "/trunk /branches/*"
#define RC_SVN_TAGS     "/tags/*"

/** Opens the repository on the disk; reading it counts against @a work (rc_vcs_open). */
rc_err_t *rc_repo_open(rc_vcs_t **vcs, rc_env_t *env, const rc_repo_t *repo, rc_work_t *work,
                       apr_pool_t *pool);

/* Locks on the disk, acquired without blocking. A caller that must wait releases all of them, and
 * the database connection, first (rc_actor_lock). */
typedef struct rc_locks_t {
    apr_pool_t *pool; /* the locks are released when it is destroyed; errors live in it */
    int fd;           /* descriptor of the last repository's lock */
    int life;         /* for rc_db_locks_hold */
    const char *busy; /* set with an error: the path whose lock has another holder */
    bool share;       /* with busy: a shared lock was wanted */
} rc_locks_t;

/**
 * Locks a repository on the disk against other writers. Required before it is written to, renamed
 * or deleted; outside of transactions. Returns RC_E_FAILED when it is not called @a name any more,
 * is missing, or another writer holds the lock (locks->busy).
 */
rc_err_t *rc_repo_lock(rc_locks_t *locks, rc_env_t *env, rc_db_t *db, apr_int64_t repo_id,
                       const char *name);

/**
 * Locks a repository on the disk for a push, or for other work that adds to it while others do the
 * same: excludes rc_repo_lock, not another rc_repo_share. Otherwise the same as rc_repo_lock. A
 * program that works on the repository keeps locks->fd open, so that the lock outlives this process
 * with it.
 */
rc_err_t *rc_repo_share(rc_locks_t *locks, rc_env_t *env, rc_db_t *db, apr_int64_t repo_id,
                        const char *name);

/**
 * Locks the directory of a group before a rename; outside of transactions. No repository below it
 * can be locked, so none is pulled into or renamed meanwhile. Returns RC_E_FAILED when the
 * directory is missing, or a lock in it has another holder (locks->busy).
 */
rc_err_t *rc_repo_group_lock(rc_locks_t *locks, rc_env_t *env, rc_db_t *db,
                             const rc_repo_group_t *group);

/** Sets *@a there to whether the path of the repository exists. Recovers unfinished changes of the
 * disk before it reports false. Outside of transactions. */
rc_err_t *rc_repo_on_disk(bool *there, rc_env_t *env, rc_db_t *db, const char *name,
                          apr_pool_t *pool);

/** Returns what an error means that somebody met who read @a repo, and holds no lock: RC_E_NOTFOUND
 * when it was renamed or deleted meanwhile, else @a err. Acquires a connection. */
const rc_err_t *rc_repo_explain(const rc_err_t *err, rc_env_t *env, const rc_repo_t *repo,
                                apr_pool_t *pool);

/** Sets the clone URI of @a repo, with its password sealed; NULL: none. */
rc_err_t *rc_repo_set_clone_uri(rc_repo_t *repo, const rc_env_t *env, const char *uri,
                                apr_pool_t *pool);

/** Sets the flags of @a repo to the server's settings for new repositories. */
rc_err_t *rc_repo_defaults(rc_repo_t *repo, rc_db_t *db, apr_pool_t *pool);

#endif
