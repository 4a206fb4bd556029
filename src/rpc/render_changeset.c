// SPDX-License-Identifier: Apache-2.0
/*
 * changeset_obj (contract 02 §1.7).
 */
#include "method.h"

#include <apr_strings.h>

#include "rc_time.h"

static void render_parents(rc_json_t *out, const char *const *parents)
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

void rc_render_changeset(rc_json_t *out, const rc_commit_t *commit, apr_pool_t *pool)
{
    static const char *const no_parents[] = {NULL};
    static const rc_commit_t none = {.id = "0000000000000000000000000000000000000000",
                                     .revision = -1,
                                     .message = "",
                                     .author = "",
                                     .parents = no_parents};
    const rc_commit_t *c = commit ? commit : &none;

    rc_json_member_string(out, "short_id", apr_pstrmemdup(pool, c->id, 12));
    rc_json_member_string(out, "raw_id", c->id);
    rc_json_member_int(out, "revision", c->revision);
    rc_json_member_string(out, "message", c->message);
    rc_json_member_string(out, "date",
                          commit ? rc_time_utc(c->time, pool) : rc_time_local(0, pool));
    rc_json_member_string(out, "author", c->author);
    render_parents(out, c->parents);
    rc_json_member_string(out, "branch", c->branch);
}

rc_err_t *rc_changeset_json(const char **json, const rc_commit_t *commit, const rc_env_t *env,
                            apr_pool_t *pool)
{
    rc_spool_t *spool = rc_spool_create(env->config->temp_dir, pool);
    rc_json_t out;

    rc_json_init(&out, spool);
    rc_json_object_begin(&out);
    rc_render_changeset(&out, commit, pool);
    rc_json_object_end(&out);
    RC_TRY(rc_json_finish(&out));
    return rc_spool_string(json, spool, pool);
}
