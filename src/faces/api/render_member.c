// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the member list of an object as JSON (contract 02 §1.3, 01 §10).
 */
#include "method.h"

typedef struct member_list_t {
    rc_json_t *out;
    rc_kind_t kind;
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

rc_err_t *rc_render_members(rc_json_t *out, rc_call_t *call, rc_kind_t kind, apr_int64_t object_id,
                            const char *key, const char *second_key)
{
    rc_spool_t *spool = rc_spool_create(call->env->config->temp_dir, call->pool);
    rc_json_t json;
    member_list_t list = {&json, kind};
    const char *text;

    rc_json_init(&json, spool);
    rc_json_array_begin(&json);
    RC_TRY(rc_rule_members(call->actor.db, kind, object_id, render, &list, call->pool));
    rc_json_array_end(&json);
    RC_TRY(rc_json_finish(&json));
    RC_TRY(rc_spool_view(&text, spool, call->pool));
    rc_json_key(out, key);
    rc_json_raw(out, text, (apr_size_t)rc_spool_size(spool));
    if (second_key) {
        rc_json_key(out, second_key);
        rc_json_raw(out, text, (apr_size_t)rc_spool_size(spool));
    }
    return NULL;
}
