// SPDX-License-Identifier: Apache-2.0
/*
 * Writes an entry of the journal as JSON.
 */
#include "faces/audit.h"

#include "base/time.h"

void rc_audit_write(rc_json_t *out, const rc_audit_t *entry, apr_pool_t *scratch)
{
    rc_json_object_begin(out);
    rc_json_member_int(out, "id", entry->id);
    rc_json_member_int_or_null(out, "user_id", entry->user_id);
    rc_json_member_string(out, "username", entry->username);
    rc_json_member_int_or_null(out, "repository_id", entry->repo_id);
    rc_json_member_string(out, "repository_name", entry->repo_name);
    rc_json_member_string(out, "user_ip", entry->ip);
    rc_json_member_string(out, "action_date", rc_time_local(entry->created_on, scratch));
    rc_json_member_string(out, "action", entry->action);
    rc_json_member_int_or_null(out, "auth_token_id", entry->key_id);
    rc_json_object_end(out);
}
