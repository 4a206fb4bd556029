// SPDX-License-Identifier: Apache-2.0
/*
 * The parts of the check (check.c): one sentence for everything that is wrong, with what to do.
 */
#ifndef RC_DOMAIN_CHECK_H
#define RC_DOMAIN_CHECK_H

#include "domain/scan.h"

typedef struct rc_check_t {
    apr_array_header_t *problems; /* const char * */
    rc_env_t *env;
    rc_db_t *db;
    apr_pool_t *pool;
    apr_array_header_t *suspects; /* const char *: what seems to be on one side only */
    int keys, unreadable;         /* sealed keys, and those that the secret does not open */
} rc_check_t;

__attribute__((format(printf, 2, 3))) void rc_check_note(rc_check_t *check, const char *fmt, ...);

/** Repositories: rows and directories, references. @a user_id sees all of them. */
rc_err_t *rc_check_repos(rc_check_t *check, apr_int64_t user_id);

/** The same of gists. */
rc_err_t *rc_check_gists(rc_check_t *check);

/** What is wrong inside the repository at @a path, which is there; NULL: nothing. Opens it. */
rc_err_t *rc_check_inside(const char **problem, rc_env_t *env, const char *type, const char *path,
                          apr_pool_t *pool);

/** Names (const char *) of the directories of gists. */
rc_err_t *rc_gist_folders(apr_array_header_t **names, const rc_env_t *env, apr_pool_t *pool);

#endif
