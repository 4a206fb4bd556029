// SPDX-License-Identifier: Apache-2.0
/*
 * The repository root, looked through: what is there, what of it the database does not know, and
 * what it knows that is not there.
 */
#ifndef RC_DOMAIN_SCAN_H
#define RC_DOMAIN_SCAN_H

#include <apr_tables.h>

#include "domain/env.h"
#include "store/journal.h"

/* A directory that is not served. */
typedef struct rc_skipped_t {
    const char *name; /* full path below the root */
    const char *why;
} rc_skipped_t;

typedef struct rc_scan_t {
    apr_array_header_t *names;   /* const char *: full names of repositories, sorted */
    apr_array_header_t *skipped; /* rc_skipped_t, sorted by name */
} rc_scan_t;

/** All repositories below the root, of every type that rc_vcs_detect knows; and what
 * looks like one, but has a name that cannot be, is a link, may not be read, or is of another kind.
 * Passes over files, names that begin with a dot and removed repositories, and does not look into
 * repositories. */
rc_err_t *rc_scan_root(rc_scan_t *scan, const rc_env_t *env, apr_pool_t *pool);

/** Is there a repository at @a path, as far as names show? */
bool rc_is_repository(const char *path, apr_pool_t *pool);

/** The same, or one that cannot be served: of another type, or without some of its directories. */
bool rc_holds_repository(const char *path, apr_pool_t *pool);

/** Why the directory @a path, which looks like a repository, is none that can be served; NULL for
 * all else. */
const char *rc_near_miss(const char *path, apr_pool_t *pool);

/** Does @a path look like a repository, if only a damaged one that can be mended? */
bool rc_could_be_repository(const char *path, apr_pool_t *pool);

/** Adds those that the database does not have, with missing groups; *@a added are their names.
 * Stores the last commit of those that it has, where it moved. What is not served is logged and,
 * unless the database has it, in *@a skipped (rc_skipped_t), also what cannot be opened. The
 * journal names @a actor (NULL: no entries). */
rc_err_t *rc_scan_add(apr_array_header_t **added, apr_array_header_t **skipped, rc_env_t *env,
                      rc_db_t *db, const rc_journal_actor_t *actor, apr_pool_t *pool);

/** Deletes from the database what the disk does not have: repositories, then groups left without
 * anything and without a directory. *@a removed are their names. The disk is not touched. */
rc_err_t *rc_scan_remove(apr_array_header_t **removed, rc_env_t *env, rc_db_t *db,
                         const rc_journal_actor_t *actor, apr_pool_t *pool);

/** Mends what can be mended in repositories and gists: damaged ones, and gists that the
 * database does not know. What it does is logged. */
rc_err_t *rc_data_mend(rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

/** Do database, secret and disk agree? *@a problems (const char *) is empty when they do. */
rc_err_t *rc_data_check(apr_array_header_t **problems, rc_env_t *env, rc_db_t *db,
                        apr_pool_t *pool);

#endif
