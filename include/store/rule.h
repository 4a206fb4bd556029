// SPDX-License-Identifier: Apache-2.0
/*
 * Evaluates and changes permissions: one rule (src/store/sql/00-rule.sql) decides what a user may
 * do (contract 01 §3, §4) from the rows that this file writes.
 */
#ifndef RC_STORE_RULE_H
#define RC_STORE_RULE_H

#include <apr_tables.h>

#include "db/db.h"
#include "store/permission.h"
#include "store/viewer.h"

/* A row of a member list (contract 01 §10). */
typedef struct rc_member_t {
    const char *kind; /* user, user_group */
    const char *name;
    rc_level_t level;
    const char *origin; /* permission, owner, super-admin */
} rc_member_t;

/** Returns the level of @a viewer on one object; RC_NONE when the object does not exist. */
rc_err_t *rc_rule_level(rc_level_t *level, rc_db_t *db, rc_kind_t kind, rc_viewer_t viewer,
                        apr_int64_t object_id);

/** Calls @a fn for every object of @a kind, by name, with the level of @a viewer on it. */
rc_err_t *rc_rule_levels(rc_db_t *db, rc_kind_t kind, rc_viewer_t viewer,
                         rc_err_t *(*fn)(void *baton, const char *name, rc_level_t level),
                         void *baton, apr_pool_t *pool);

/** Returns the global permission names of a user (const char *), sorted. @a admin: they are a
 * super-admin. */
rc_err_t *rc_rule_global_names(apr_array_header_t **names, rc_db_t *db, apr_int64_t user_id,
                               bool admin, apr_pool_t *pool);

/** *@a has: the viewer has this global permission. A super-admin has all (@a admin), a scoped token
 * none. */
rc_err_t *rc_rule_has_global(bool *has, rc_db_t *db, rc_viewer_t viewer, bool admin,
                             const char *name);

/** Returns the level that a new object gives to everyone: the default user's own global row of this
 * kind, for example "repository.read" -> RC_READ; RC_NONE if there is none. */
rc_err_t *rc_rule_new_object_level(rc_level_t *level, rc_db_t *db, rc_kind_t kind);

/** Sets the level of a user on an object. */
rc_err_t *rc_rule_grant_user(rc_db_t *db, rc_kind_t kind, apr_int64_t object_id,
                             apr_int64_t user_id, rc_level_t level);

/* A level of a user or user group on an object. */
typedef struct rc_grant_t {
    rc_kind_t kind; /* of the object */
    apr_int64_t object_id;
    bool to_group; /* grantee_id is a user group, not a user */
    apr_int64_t grantee_id;
    rc_level_t level;
} rc_grant_t;

/* Extends a change to what is below a repository group, at any depth. The default user's rows of
 * private repositories are never changed that way. */
#define RC_BELOW_REPOS  1
#define RC_BELOW_GROUPS 2

/** Sets the level of @a grant on its object and, for a repository group, on what
 * @a below selects. */
rc_err_t *rc_rule_grant(rc_db_t *db, const rc_grant_t *grant, unsigned below);

/** Removes it; grant->level is ignored. A row that does not exist is not an error. */
rc_err_t *rc_rule_revoke(rc_db_t *db, const rc_grant_t *grant, unsigned below);

/** Calls @a fn for the member list of an object, in the order of contract 01 §10. The member is
 * valid until @a fn returns. */
rc_err_t *rc_rule_members(rc_db_t *db, rc_kind_t kind, apr_int64_t object_id,
                          rc_err_t *(*fn)(void *baton, const rc_member_t *member), void *baton,
                          apr_pool_t *pool);

/** Copies all rows of a repository group to a repository (contract 01 §6). */
rc_err_t *rc_rule_copy_group_to_repo(rc_db_t *db, apr_int64_t group_id, apr_int64_t repo_id);

/** Copies all rows of another repository to a repository. */
rc_err_t *rc_rule_copy_repo(rc_db_t *db, apr_int64_t source_id, apr_int64_t repo_id);

#endif
