// SPDX-License-Identifier: Apache-2.0
/*
 * Making and changing user groups.
 */
#include "domain/user_group.h"

#include <string.h>

#include "store/group.h"
#include "domain/repo.h"
#include "base/text.h"

#define NAME_LIMIT 255

/* A name that reads as an id would be taken for one. */
static rc_err_t *check_name(const char *name, apr_pool_t *pool)
{
    if (!*name)
        return rc_err_failed(pool, "the name is empty");
    if (rc_text_characters(name) > NAME_LIMIT)
        return rc_err_failed(pool, "the name is longer than %d characters", NAME_LIMIT);
    if (rc_text_digits(*name == '_' ? name + 1 : name))
        return rc_err_failed(pool, "the name is all digits, like an id");
    if (rc_text_has_control(name))
        return rc_err_failed(pool, "the name holds a control character");
    return NULL;
}

rc_err_t *rc_model_user_group_create(rc_user_group_t *group, rc_db_t *db, apr_pool_t *pool)
{
    RC_TRY(check_name(group->name, pool));
    RC_TRY(rc_store_user_group_insert(group, db));
    RC_TRY(rc_model_grant_everyone(db, RC_KIND_USER_GROUP, group->id, false, pool));
    return rc_rule_grant_user(db, RC_KIND_USER_GROUP, group->id, group->owner_id, RC_ADMIN);
}

rc_err_t *rc_model_user_group_update(rc_db_t *db, const rc_user_group_t *from,
                                     const rc_user_group_t *to, apr_pool_t *pool)
{
    if (strcmp(from->name, to->name))
        RC_TRY(check_name(to->name, pool));
    return rc_store_user_group_update(db, to);
}
