// SPDX-License-Identifier: Apache-2.0
/*
 * The links of the chain in identify.c. Private to src/domain: faces call rc_identify.
 */
#ifndef RC_DOMAIN_CALLER_H
#define RC_DOMAIN_CALLER_H

#include "domain/identify.h"
#include "store/caller.h"

/** The caller of a row, whose key or login has the role @a role. */
rc_caller_t *rc_auth_make_caller(const rc_caller_row_t *row, rc_role_t role, apr_pool_t *pool);

/** The owner of a key. *@a caller is NULL when it is nobody's, has expired or is the default
 * user's. Inactive users and wrong roles are for the calling code to reject. */
rc_err_t *rc_auth_by_key(rc_caller_t **caller, rc_db_t *db, const char *key, apr_pool_t *pool);

/** The default user when anonymous access is on, else NULL. */
rc_err_t *rc_auth_anonymous(rc_caller_t **caller, rc_db_t *db, apr_pool_t *pool);

/** The user who has logged in as @a login (their name in any case, or their main e-mail address),
 * or NULL. Inactive users are for the calling code to reject. */
rc_err_t *rc_auth_by_login(rc_caller_t **caller, rc_db_t *db, const char *login, apr_pool_t *pool);

/** The super-admin that the command line acts as: the first one; NULL if there is none. */
rc_err_t *rc_auth_first_admin(rc_caller_t **caller, rc_db_t *db, apr_pool_t *pool);

/** May @a caller come from the address @a ip (text)? Contract 01 §9. */
rc_err_t *rc_auth_ip_allowed(bool *allowed, rc_db_t *db, const rc_caller_t *caller, const char *ip,
                             apr_pool_t *pool);

/** The end of the chain: active, address, role of who->caller; sets who->refusal. */
rc_err_t *rc_identity_judge(rc_identity_t *who, rc_db_t *db, const rc_credentials_t *credentials,
                            apr_pool_t *pool);

/** The caller that is called @a login, and the hash of their password (NULL: none); NULL when there
 * is no such user. login_name.c */
rc_err_t *rc_auth_find_login(rc_caller_t **caller, const char **hash, rc_db_t *db,
                             const char *login, apr_pool_t *pool);

#endif
