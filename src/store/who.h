// SPDX-License-Identifier: Apache-2.0
/*
 * What the permission rule asks about a user, whatever the object is: it is remembered, so that a
 * look at one repository need not evaluate it again. Private to src/store.
 */
#ifndef RC_STORE_WHO_H
#define RC_STORE_WHO_H

#include "members.h"
#include "seen.h"
#include "store/viewer.h"

#define RC_WHO_GROUPS 16 /* of which each is looked up; more are rare */

/* A user, as the fragment ME of sql/00-rule.sql finds them. */
typedef struct rc_who_t {
    apr_int64_t user_id, anyone_id; /* anyone_id: of the default user */
    bool admin, is_default, takes_defaults;
    int count;
    apr_int64_t groups[RC_WHO_GROUPS]; /* the active ones that they are in */
} rc_who_t;

/** Reads the user of @a viewer; *@a out is NULL for a scoped token, one that does not exist, or one
 * who is in more than RC_WHO_GROUPS groups. */
rc_err_t *rc_who_read(rc_who_t **out, rc_db_t *db, rc_viewer_t viewer, apr_pool_t *pool);

/** The same from memory; *@a out is also NULL where nothing is remembered. What is read since the
 * last rc_recall includes what it was made of, unless it had to be read. */
rc_err_t *rc_who_remembered(rc_who_t **out, rc_db_t *db, rc_viewer_t viewer, apr_pool_t *pool);

/** Looks up the repository of this name, or of this id when @a name is NULL, and the level of the
 * user on it, as rc_seen_one. */
rc_err_t *rc_who_ask(rc_seen_t *seen, rc_db_t *db, const rc_who_t *who, const char *name,
                     apr_int64_t id);

/** Returns the level of a user on a repository: REPO_LEVEL of sql/00-rule.sql, from its member
 * list. */
rc_level_t rc_who_level(const rc_who_t *who, apr_int64_t owner_id, bool private_,
                        const apr_array_header_t *members);

#endif
