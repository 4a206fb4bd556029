// SPDX-License-Identifier: Apache-2.0
/*
 * Changesets (contract 02 §5 get_repo_changeset).
 */
#include "../method.h"

#include <string.h>

#include "rc_repo_model.h"

static rc_err_t *check_details(rc_call_t *call, const char *details)
{
    static const char *const known[] = {"basic", "extended", "full"};
    int i;

    for (i = 0; i < 3; i++)
        if (!strcmp(known[i], details))
            return NULL;
    return rc_err(call->pool, RC_E_ARG, "ret_type must be one of basic,extended,full");
}

static rc_err_t *check_revision(rc_call_t *call, const char *name)
{
    json_object *value = rc_arg_json(call, name);

    if (json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double))
        return rc_err(call->pool, RC_E_ARG, "commit_id must be a string value");
    return NULL;
}

/* An unknown revision is not an error: NULL stands for the empty commit. */
static rc_err_t *find_commit(rc_commit_t **commit, rc_call_t *call)
{
    json_object *revision = rc_arg_json(call, "revision");
    const char *id = NULL;
    rc_vcs_t *vcs;

    *commit = NULL;
    RC_TRY(rc_model_repo_open(&vcs, call->env, rc_arg_repo(call, "repoid"), call->pool));
    if (!revision || json_object_is_type(revision, json_type_string))
        RC_TRY(rc_vcs_resolve(&id, vcs, json_object_get_string(revision), call->pool));
    return id ? rc_vcs_commit(commit, vcs, id, call->pool) : NULL;
}

static rc_err_t *get_repo_changeset(rc_call_t *call, rc_json_t *out)
{
    const char *details = rc_arg_text(call, "details");
    rc_commit_t *commit;

    RC_TRY(check_details(call, details));
    RC_TRY(check_revision(call, "revision"));
    if (strcmp(details, "basic"))
        return rc_err_failed(call->pool, "details=%s is not served yet", details);
    RC_TRY(find_commit(&commit, call));
    rc_json_object_begin(out);
    rc_render_changeset(out, commit, call->pool);
    rc_json_key(out, "diff");
    rc_json_array_begin(out);
    rc_json_array_end(out);
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_changeset[] = {
    {"get_repo_changeset", get_repo_changeset, RC_ANYONE, 0,
     RC_PARAMS(RC_OBJECT("repoid", RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG("revision", RC_ANY, RC_REQUIRED),
               RC_ARG("details", RC_TEXT, "'basic'")),
     NULL, "Describe one commit."},
    {.name = NULL},
};
/* clang-format on */
