// SPDX-License-Identifier: Apache-2.0
/*
 * Making user groups.
 */
#include "rc_user_group_model.h"

#include <string.h>

#include <apr_strings.h>

#include "rc_text.h"
#include "rc_user.h"

#define NAME_LIMIT 255

static bool name_usable(const char *name)
{
    const char *digits = *name == '_' ? name + 1 : name;

    return *name && strlen(name) <= NAME_LIMIT && !rc_text_digits(digits) &&
           !rc_text_has_control(name);
}

rc_err_t *rc_model_user_group_create(rc_user_group_t *group, rc_db_t *db, apr_pool_t *pool)
{
    rc_user_t *anyone;
    rc_level_t level;

    if (!name_usable(group->name))
        return rc_err_failed(pool, "unusable name of a user group");
    RC_TRY(rc_store_user_group_insert(group, db));
    RC_TRY(rc_store_user_by_name(&anyone, db, "default", pool));
    RC_TRY(rc_rule_new_object_level(&level, db, RC_KIND_USER_GROUP));
    if (anyone)
        RC_TRY(rc_rule_grant_user(db, RC_KIND_USER_GROUP, group->id, anyone->id, level));
    return rc_rule_grant_user(db, RC_KIND_USER_GROUP, group->id, group->owner_id, RC_ADMIN);
}
