// SPDX-License-Identifier: Apache-2.0
/*
 * The method get_repo_refs, which lists branches, bookmarks and tags (contract 02 §10).
 */
#include "../method.h"

#include "domain/repo.h"

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

static rc_err_t *get_repo_refs(rc_call_t *call, rc_json_t *out)
{
    static const struct {
        const char *key;
        rc_refs_t kind;
    } kinds[] = {{"branches", RC_BRANCHES},
                 {"bookmarks", RC_BOOKMARKS},
                 {"tags", RC_TAGS},
                 {"branches_closed", RC_CLOSED_BRANCHES}};
    rc_vcs_t *vcs;
    int i;

    RC_TRY(rc_repo_open(&vcs, call->env, rc_arg_repo(call, RC_P_REPOID), &call->actor.work,
                        call->pool));
    rc_json_object_begin(out);
    for (i = 0; i < 4; i++) {
        rc_json_key(out, kinds[i].key);
        rc_json_object_begin(out);
        RC_TRY(rc_vcs_refs(vcs, kinds[i].kind, render_ref, out));
        if (kinds[i].kind == RC_TAGS)
            RC_TRY(render_tip(vcs, out, call->pool));
        rc_json_object_end(out);
    }
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_refs[] = {
    {"get_repo_refs", get_repo_refs, RC_ANYONE, RC_AWAY,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ)),
     "failed to get repo: `{repoid.name}` references", "List branches and tags of a repository."},
    {.name = NULL},
};
/* clang-format on */
