// SPDX-License-Identifier: Apache-2.0
/*
 * The method get_repo_refs, which lists branches, bookmarks and tags (contract 02 §10).
 */
#include "../method.h"

#include "domain/repo.h"

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
    for (i = 0; i < 4; i++)
        RC_TRY(rc_render_refs(out, kinds[i].key, vcs, kinds[i].kind, call->pool));
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
