// SPDX-License-Identifier: Apache-2.0
/*
 * The parts of the check in check.c, and the repairs. Each problem becomes one sentence that says
 * what to do.
 */
#ifndef RC_DOMAIN_CHECK_H
#define RC_DOMAIN_CHECK_H

#include "domain/scan.h"

typedef struct rc_check_t {
    apr_array_header_t *problems; /* const char * */
    rc_env_t *env;
    rc_db_t *db;
    apr_pool_t *pool;
    apr_array_header_t *suspects; /* const char *: names to be checked again in a transaction */
    int keys, unreadable;         /* sealed keys, and those that the secret does not open */
} rc_check_t;

/** Adds a problem to the list. Control characters in it become "?". */
__attribute__((format(printf, 2, 3))) void rc_check_note(rc_check_t *check, const char *fmt, ...);

/** Checks the rows, directories and references of repositories. @a user_id is a super-admin. */
rc_err_t *rc_check_repos(rc_check_t *check, apr_int64_t user_id);

/** Checks the same for gists. */
rc_err_t *rc_check_gists(rc_check_t *check);

/** Checks that repositories keep the commits of pull requests. */
rc_err_t *rc_check_pulls(rc_check_t *check);

/** Removes commits that @a repo has kept for more than a day, and that no pull request needs. Logs
 * each. */
rc_err_t *rc_check_unkeep(rc_env_t *env, rc_db_t *db, const rc_repo_t *repo, apr_pool_t *pool);

/** Repairs damaged repositories and gists, and adds gists that the database does not have. Logs
 * each repair. */
rc_err_t *rc_check_mend(rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

/** Lists the directories of gists by their names (const char *), in @a pool. */
rc_err_t *rc_gist_folders(apr_array_header_t **names, const rc_env_t *env, apr_pool_t *pool);

#endif
