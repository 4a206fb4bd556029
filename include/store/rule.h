// SPDX-License-Identifier: Apache-2.0
/*
 * The one rule (src/store/sql/00-rule.sql) that says what a user may do (contract 01 §3, §4), and
 * the rows that it evaluates.
 */
#ifndef RC_STORE_RULE_H
#define RC_STORE_RULE_H

#include <apr_tables.h>

#include "db/db.h"
#include "store/permission.h"

/* A row of a member list (contract 01 §10). */
typedef struct rc_member_t {
    const char *kind; /* user, user_group */
    const char *name;
    rc_level_t level;
    const char *origin; /* permission, owner, super-admin */
} rc_member_t;

/** Level of a user on one object, by the rule. An object that does not exist: RC_NONE. */
rc_err_t *rc_rule_level(rc_level_t *level, rc_db_t *db, rc_kind_t kind, apr_int64_t user_id,
                        apr_int64_t object_id);

/** Every object of @a kind by name, with the user's level on it. */
rc_err_t *rc_rule_levels(rc_db_t *db, rc_kind_t kind, apr_int64_t user_id,
                         rc_err_t *(*fn)(void *baton, const char *name, rc_level_t level),
                         void *baton, apr_pool_t *pool);

/** Global permission names of a user (const char *), sorted. @a admin: are they a super-admin? */
rc_err_t *rc_rule_global_names(apr_array_header_t **names, rc_db_t *db, apr_int64_t user_id,
                               bool admin, apr_pool_t *pool);

/** Has the user this global permission? Super-admins have every right: true. */
rc_err_t *rc_rule_has_global(bool *has, rc_db_t *db, apr_int64_t user_id, bool admin,
                             const char *name);

/** The default user's own global row of a kind, e.g. "repository." -> RC_READ (RC_NONE if none):
 * the level that new objects give to everyone. */
rc_err_t *rc_rule_new_object_level(rc_level_t *level, rc_db_t *db, rc_kind_t kind);

/** Sets the level of a user on an object. */
rc_err_t *rc_rule_grant_user(rc_db_t *db, rc_kind_t kind, apr_int64_t object_id,
                             apr_int64_t user_id, rc_level_t level);

/* Who has which level on what. */
typedef struct rc_grant_t {
    rc_kind_t kind; /* of the object */
    apr_int64_t object_id;
    bool to_group; /* grantee_id is a user group, not a user */
    apr_int64_t grantee_id;
    rc_level_t level;
} rc_grant_t;

/* What below a repository group is meant, too, at any depth. A private repository's row for the
 * default user never changes that way. */
#define RC_BELOW_REPOS  1
#define RC_BELOW_GROUPS 2

/** Sets the level of @a grant on its object and, of a repository group, on what is @a below. */
rc_err_t *rc_rule_grant(rc_db_t *db, const rc_grant_t *grant, unsigned below);

/** Takes it away (the level does not matter). No row: no error. */
rc_err_t *rc_rule_revoke(rc_db_t *db, const rc_grant_t *grant, unsigned below);

/** The member list of an object, in its order. A member's name lives until @a fn returns. */
rc_err_t *rc_rule_members(rc_db_t *db, rc_kind_t kind, apr_int64_t object_id,
                          rc_err_t *(*fn)(void *baton, const rc_member_t *member), void *baton);

/** Gives a repository all rows of a repository group (contract 01 §6). */
rc_err_t *rc_rule_copy_group_to_repo(rc_db_t *db, apr_int64_t group_id, apr_int64_t repo_id);

/** Gives a repository all rows of another one. */
rc_err_t *rc_rule_copy_repo(rc_db_t *db, apr_int64_t source_id, apr_int64_t repo_id);

#endif
