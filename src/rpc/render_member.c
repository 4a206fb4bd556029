// SPDX-License-Identifier: Apache-2.0
/*
 * Member lists (contract 02 §1.3, 01 §10).
 */
#include "method.h"

static rc_err_t *keep_member(void *baton, const rc_member_t *member)
{
    apr_array_header_t *list = baton;

    APR_ARRAY_PUSH(list, rc_member_t) = *member;
    return NULL;
}

static void render(rc_json_t *out, const char *key, rc_kind_t kind,
                   const apr_array_header_t *members)
{
    int i;

    rc_json_key(out, key);
    rc_json_array_begin(out);
    for (i = 0; i < members->nelts; i++) {
        const rc_member_t *member = &APR_ARRAY_IDX(members, i, rc_member_t);

        rc_json_object_begin(out);
        rc_json_member_string(out, "name", member->name);
        rc_json_member_string(out, "type", member->kind);
        rc_json_member_string(out, "permission", rc_permission_name(kind, member->level));
        rc_json_member_string(out, "origin", member->origin);
        rc_json_object_end(out);
    }
    rc_json_array_end(out);
}

rc_err_t *rc_render_members(rc_json_t *out, rc_call_t *call, rc_kind_t kind, apr_int64_t object_id,
                            const char *key, const char *second_key)
{
    apr_array_header_t *members = apr_array_make(call->pool, 8, sizeof(rc_member_t));

    RC_TRY(rc_rule_members(call->db, kind, object_id, keep_member, members, call->pool));
    render(out, key, kind, members);
    if (second_key)
        render(out, second_key, kind, members);
    return NULL;
}
