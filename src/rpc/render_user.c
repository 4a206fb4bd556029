// SPDX-License-Identifier: Apache-2.0
/*
 * user_obj (contract 02 §1.1).
 */
#include "method.h"

rc_err_t *rc_render_user_members(rc_json_t *out, rc_call_t *call, const rc_user_t *user,
                                 rc_keys_t keys)
{
    (void)call;
    (void)keys;
    rc_json_member_int(out, "user_id", user->id);
    rc_json_member_string(out, "username", user->username);
    return NULL;
}

rc_err_t *rc_render_user(rc_json_t *out, rc_call_t *call, const rc_user_t *user, rc_keys_t keys)
{
    rc_json_object_begin(out);
    RC_TRY(rc_render_user_members(out, call, user, keys));
    rc_json_object_end(out);
    return rc_json_finish(out);
}
