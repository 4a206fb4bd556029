// SPDX-License-Identifier: Apache-2.0
/*
 * Whether the repository root is the one of the database.
 */
#ifndef RC_DOMAIN_ROOT_H
#define RC_DOMAIN_ROOT_H

#include "domain/env.h"

/* The text about a root that has no repository of a database: their names. */
#define RC_ROOT_EMPTY                                                                              \
    "%s has none of the repositories of %s: is its file system mounted, and is it the directory "  \
    "that other servers have? If all of them are lost, rcapi-admin call rescan_repos "             \
    "remove_obsolete:=true forgets them"

/** Refuses an empty root when the database has repositories: its file system is not mounted. To
 * serve would make repositories where other servers do not find them, and delete them from the
 * database alone. Logs when something is there, but none of them: a database that was restored can
 * be older than all that is on the disk. */
rc_err_t *rc_root_check(const rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

/** Notes which directory the root is, for rc_root_still. */
rc_err_t *rc_root_note(rc_env_t *env, apr_pool_t *pool);

/** Returns RC_E_BUSY when the root is another directory than the one that was noted, if one was,
 * and has none of the repositories: its file system was unmounted while the process runs. */
rc_err_t *rc_root_still(const rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

/** Returns, in @a pool, the name of the directory below the root that was or held the repository or
 * group @a name, if it is there and empty, or a symbolic link to nothing: its file system may not
 * be mounted. Else NULL. */
const char *rc_root_unmounted(const rc_env_t *env, const char *name, apr_pool_t *pool);

#endif
