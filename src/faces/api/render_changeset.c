// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a commit as JSON: changeset_obj (contract 02 §1.7).
 */
#include "method.h"

#include "base/time.h"

static void write_parents(rc_json_t *out, const char *const *parents)
{
    rc_json_key(out, "parents");
    rc_json_array_begin(out);
    for (; *parents; parents++) {
        rc_json_object_begin(out);
        rc_json_member_string(out, "raw_id", *parents);
        rc_json_object_end(out);
    }
    rc_json_array_end(out);
}

/* Returns the empty commit of a type of repository (contract 02 §1.7). */
static rc_commit_t no_commit(const char *type)
{
    static const char *const no_parents[] = {NULL};
    const rc_capabilities_t *can = rc_vcs_capabilities(type);
    const char *id = can && can->null_id ? can->null_id : "";

    return (rc_commit_t){
        .id = id, .revision = -1, .message = "", .author = "", .parents = no_parents};
}

void rc_render_changeset(rc_json_t *out, const char *type, const rc_commit_t *commit,
                         apr_pool_t *pool)
{
    rc_commit_t none = no_commit(type);
    const rc_commit_t *c = commit ? commit : &none;

    rc_json_member_string(out, "short_id", rc_vcs_short_id(type, c->id, pool));
    rc_json_member_string(out, "raw_id", c->id);
    rc_json_member_int(out, "revision", c->revision);
    rc_json_member_string(out, "message", c->message);
    rc_json_member_string(out, "date",
                          commit ? rc_time_utc(c->time, pool) : rc_time_local(0, pool));
    rc_json_member_string(out, "author", c->author);
    write_parents(out, c->parents);
    rc_json_member_string(out, "branch", c->branch);
}
