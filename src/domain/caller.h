// SPDX-License-Identifier: Apache-2.0
/*
 * The steps of the chain in identify.c. Private to src/domain: faces call rc_identify.
 */
#ifndef RC_DOMAIN_CALLER_H
#define RC_DOMAIN_CALLER_H

#include "domain/identify.h"
#include "store/caller.h"

/* How long a record of the use of a key is kept before it is written again. */
#define RC_KEY_USE_KEPT apr_time_from_sec(3600)

/** Makes a caller from a row, with the @a role of their key or login, in @a pool. */
rc_caller_t *rc_auth_make_caller(const rc_caller_row_t *row, rc_role_t role, apr_pool_t *pool);

/** Finds the owner of a key. *@a caller is NULL when the key is unknown, has expired or is that of
 * the default user. Does not check whether the user is active, nor the role. */
rc_err_t *rc_auth_by_key(rc_caller_t **caller, rc_db_t *db, const char *key, apr_pool_t *pool);

/** The same for the key with this number. */
rc_err_t *rc_auth_by_key_id(rc_caller_t **caller, rc_db_t *db, apr_int64_t key_id,
                            apr_pool_t *pool);

/** Finds the default user; NULL unless anonymous access is on. */
rc_err_t *rc_auth_anonymous(rc_caller_t **caller, rc_db_t *db, apr_pool_t *pool);

/** Finds the user who has logged in as @a login (their name in any case, or their main e-mail
 * address); NULL when there is none. Does not check whether the user is active. */
rc_err_t *rc_auth_by_login(rc_caller_t **caller, rc_db_t *db, const char *login, apr_pool_t *pool);

/** Finds the user of the session with this cookie, who is active; NULL when there is none.
 * session_find.c */
rc_err_t *rc_auth_by_session(rc_caller_t **caller, rc_db_t *db, const char *cookie,
                             apr_pool_t *pool);

/** Finds the first super-admin, as whom the command line acts; NULL when there is none. */
rc_err_t *rc_auth_first_admin(rc_caller_t **caller, rc_db_t *db, apr_pool_t *pool);

/** Sets *@a allowed to whether the IP entries allow @a caller the address @a ip (text). Contract 01
 * §9. */
rc_err_t *rc_auth_ip_allowed(bool *allowed, rc_db_t *db, const rc_caller_t *caller, const char *ip,
                             apr_pool_t *pool);

/** Runs the end of the chain: checks active, address and role of who->caller, and sets
 * who->refusal. */
rc_err_t *rc_identity_judge(rc_identity_t *who, rc_db_t *db, const rc_credentials_t *credentials,
                            apr_pool_t *pool);

/** Finds the user called @a login, and the hash of their password (NULL: none). *@a caller is NULL
 * when there is no such user. login_name.c */
rc_err_t *rc_auth_find_login(rc_caller_t **caller, const char **hash, rc_db_t *db,
                             const char *login, apr_pool_t *pool);

#endif
