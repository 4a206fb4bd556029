// SPDX-License-Identifier: Apache-2.0
/*
 * Scans the repository root and updates the database from it: adds repositories that it does not
 * have, and deletes rows whose repository is gone.
 */
#ifndef RC_DOMAIN_SCAN_H
#define RC_DOMAIN_SCAN_H

#include <apr_tables.h>

#include "domain/actor.h"

/* A directory that is not served. */
typedef struct rc_skipped_t {
    const char *name; /* full path below the root */
    const char *why;
} rc_skipped_t;

typedef struct rc_scan_t {
    apr_array_header_t *names;   /* const char *: full names of repositories, sorted */
    apr_array_header_t *skipped; /* rc_skipped_t, sorted by name */
} rc_scan_t;

/** Lists all repositories below the root of every type that rc_vcs_detect knows; and, as skipped,
 * those that cannot be served: with an invalid name, behind a link, unreadable, or of another type.
 * Ignores files, names that begin with a dot, removed repositories, and everything inside
 * repositories. */
rc_err_t *rc_scan_root(rc_scan_t *scan, const rc_env_t *env, apr_pool_t *pool);

/** True when a repository that can be served is at @a path, judged by file names. */
bool rc_is_repository(const char *path, apr_pool_t *pool);

/** The same, but also true for a repository that cannot be served (RC_FOUND_UNUSABLE). */
bool rc_holds_repository(const char *path, apr_pool_t *pool);

/** Returns why the repository in the directory @a path cannot be served; NULL when there is none,
 * or it can. */
const char *rc_near_miss(const char *path, apr_pool_t *pool);

/** True for a repository that can be served, and for a damaged one that may be repaired. */
bool rc_could_be_repository(const char *path, apr_pool_t *pool);

/** Adds the repositories that the database does not have, and their missing groups; *@a added are
 * their names. For those that it has, stores the last commit if it moved. Repositories that cannot
 * be served or opened are logged and, unless the database has them, listed in *@a skipped
 * (rc_skipped_t). Requires a super-admin, again in the transaction of each repository. */
rc_err_t *rc_scan_add(apr_array_header_t **added, apr_array_header_t **skipped, rc_actor_t *actor);

/** Deletes rows from the database whose objects are gone from the disk: repositories, then groups
 * that are empty and have no directory. *@a removed are their names. A server keeps what was in a
 * directory that is empty now, or a symbolic link to nothing, because its file system may not be
 * mounted, and adds that to the list @a skipped (rc_skipped_t). Does not change the disk. Requires
 * a super-admin. */
rc_err_t *rc_scan_remove(apr_array_header_t **removed, apr_array_header_t *skipped,
                         rc_actor_t *actor);

#endif
