// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the object that an argument names, by its name or its id (contract 00 §6). Objects that the
 * caller may not read are not found.
 */
#include "method.h"

#include "base/text.h"

bool rc_value_id(apr_int64_t *id, json_object *value, bool blanks)
{
    const char *text;

    if (json_object_is_type(value, json_type_int)) {
        *id = json_object_get_int64(value);
        return true;
    }
    if (!json_object_is_type(value, json_type_string))
        return false;
    text = json_object_get_string(value);
    return (blanks || rc_text_digits(text)) && rc_text_int(id, text);
}

rc_err_t *rc_find_user(rc_user_t **out, rc_call_t *call, json_object *value)
{
    apr_int64_t id;

    *out = NULL;
    if (rc_value_id(&id, value, true))
        RC_TRY(rc_store_user_by_id(out, call->actor.db, id, call->pool));
    if (!*out && json_object_is_type(value, json_type_string))
        RC_TRY(
            rc_store_user_by_name(out, call->actor.db, json_object_get_string(value), call->pool));
    return NULL;
}

static const char *text_of(json_object *value)
{
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

rc_err_t *rc_find_repo(rc_repo_t **out, rc_call_t *call, json_object *value)
{
    rc_viewer_t viewer = rc_caller_viewer(call->actor.caller);
    apr_int64_t id;
    const char *name = text_of(value);

    *out = NULL;
    if (name)
        RC_TRY(rc_store_repo_seen_by_name(out, call->actor.db, viewer, name, call->pool));
    if (!*out && rc_value_id(&id, value, false))
        RC_TRY(rc_store_repo_seen_by_id(out, call->actor.db, viewer, id, call->pool));
    return NULL;
}

rc_err_t *rc_find_repo_group(rc_repo_group_t **out, rc_call_t *call, json_object *value)
{
    rc_viewer_t viewer = rc_caller_viewer(call->actor.caller);
    apr_int64_t id;
    const char *name = text_of(value);

    *out = NULL;
    if (name)
        RC_TRY(rc_store_repo_group_seen_by_name(out, call->actor.db, viewer, name, call->pool));
    if (!*out && rc_value_id(&id, value, false))
        RC_TRY(rc_store_repo_group_seen_by_id(out, call->actor.db, viewer, id, call->pool));
    return NULL;
}

rc_err_t *rc_find_user_group(rc_user_group_t **out, rc_call_t *call, json_object *value)
{
    rc_viewer_t viewer = rc_caller_viewer(call->actor.caller);
    apr_int64_t id;
    const char *name = text_of(value);

    *out = NULL;
    if (name)
        RC_TRY(rc_store_user_group_seen_by_name(out, call->actor.db, viewer, name, call->pool));
    if (!*out && rc_value_id(&id, value, false))
        RC_TRY(rc_store_user_group_seen_by_id(out, call->actor.db, viewer, id, call->pool));
    return NULL;
}
