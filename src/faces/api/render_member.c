// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the member list of an object as JSON (contract 02 §1.3, 01 §10).
 */
#include "method.h"

typedef struct member_list_t {
    rc_json_t *out;
    rc_kind_t kind;
    apr_int64_t object_id;
} member_list_t;

static rc_err_t *render(void *baton, const rc_member_t *member)
{
    member_list_t *list = baton;
    rc_json_t *out = list->out;

    rc_json_object_begin(out);
    rc_json_member_string(out, "name", member->name);
    rc_json_member_string(out, "type", member->kind);
    rc_json_member_string(out, "permission", rc_permission_name(list->kind, member->level));
    rc_json_member_string(out, "origin", member->origin);
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *render_list(rc_json_t *out, rc_call_t *call, const void *baton)
{
    member_list_t list = *(const member_list_t *)baton;

    list.out = out;
    rc_json_array_begin(out);
    RC_TRY(rc_rule_members(call->actor.db, list.kind, list.object_id, render, &list));
    rc_json_array_end(out);
    return NULL;
}

rc_err_t *rc_render_members(rc_json_t *out, rc_call_t *call, rc_kind_t kind, apr_int64_t object_id,
                            const char *key, const char *second_key)
{
    const member_list_t list = {NULL, kind, object_id};
    const rc_memory_key_t name = {.kind = 'm', .id = object_id, .data = &kind, .len = sizeof(kind)};
    rc_bytes_t text;

    RC_TRY(rc_call_keep_part(&text, call, &name, render_list, &list));
    rc_json_key(out, key);
    rc_json_raw(out, text.data, text.len);
    if (second_key) {
        rc_json_key(out, second_key);
        rc_json_raw(out, text.data, text.len);
    }
    return NULL;
}
