// SPDX-License-Identifier: Apache-2.0
/*
 * Writes branches, bookmarks or tags as JSON (contract 02 §10).
 */
#include "method.h"

static rc_err_t *render_ref(void *baton, const char *name, const char *id)
{
    rc_json_t *out = baton;

    rc_json_key_text(out, name);
    rc_json_string(out, id);
    return rc_json_finish(out);
}

/* Mercurial has a tag that moves with the last commit. */
static rc_err_t *render_tip(rc_vcs_t *vcs, rc_json_t *out, apr_pool_t *pool)
{
    rc_rev_t rev;

    if (!rc_vcs_can(vcs)->tip_tag)
        return NULL;
    RC_TRY(rc_vcs_resolve(&rev, vcs, NULL, pool));
    return rev.id ? render_ref(out, "tip", rev.id) : NULL;
}

rc_err_t *rc_render_refs(rc_json_t *out, const char *key, rc_vcs_t *vcs, rc_refs_t kind,
                         apr_pool_t *pool)
{
    rc_json_key(out, key);
    rc_json_object_begin(out);
    RC_TRY(rc_vcs_refs(vcs, kind, render_ref, out));
    if (kind == RC_TAGS)
        RC_TRY(render_tip(vcs, out, pool));
    rc_json_object_end(out);
    return NULL;
}
