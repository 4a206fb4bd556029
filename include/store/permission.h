// SPDX-License-Identifier: Apache-2.0
/*
 * Names and levels of permissions (contract 01 §1).
 */
#ifndef RC_STORE_PERMISSION_H
#define RC_STORE_PERMISSION_H

#include <stdbool.h>

/* Level of a user on a repository, repository group or user group. */
typedef enum { RC_NONE = 0, RC_READ = 1, RC_WRITE = 3, RC_ADMIN = 4 } rc_level_t;

typedef enum { RC_KIND_REPO, RC_KIND_REPO_GROUP, RC_KIND_USER_GROUP } rc_kind_t;

/** The name for a level on an object of this kind: "repository.read". */
const char *rc_permission_name(rc_kind_t kind, rc_level_t level);

/** The prefix of these names: "repository.", "group." or "usergroup.". */
const char *rc_permission_prefix(rc_kind_t kind);

/** True when @a name is one of the 30 permission names. */
bool rc_permission_exists(const char *name);

/** Returns the level that @a name stands for; false when @a name is not a permission on @a kind. */
bool rc_permission_level(rc_level_t *level, rc_kind_t kind, const char *name);
/** True when two names exclude each other, that is, differ only in their last word. */
bool rc_permission_same_kind(const char *a, const char *b);

#endif
