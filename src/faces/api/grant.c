// SPDX-License-Identifier: Apache-2.0
/*
 * Grants and revokes, whatever the object and whoever is meant.
 */
#include "grant.h"

#include <string.h>

#include <apr_strings.h>

#include "store/rule.h"

/* The kind of object that the row's first parameter names. */
static rc_kind_t object_kind(const rc_call_t *call)
{
    switch (call->method->params[0].type) {
    case RC_REPO:
        return RC_KIND_REPO;
    case RC_REPO_GROUP:
        return RC_KIND_REPO_GROUP;
    default:
        return RC_KIND_USER_GROUP;
    }
}

/* The argument of the row's first or second parameter. */
static const rc_arg_t *arg_at(const rc_call_t *call, int index)
{
    return &call->args[call->method->params[index].id];
}

rc_err_t *rc_grant_check_name(rc_call_t *call, const char *name)
{
    if (rc_permission_exists(name))
        return NULL;
    return rc_err(call->pool, RC_E_ARG, "permission `%s` does not exist", name);
}

rc_err_t *rc_grant_check_prefix(rc_call_t *call, const char *name)
{
    rc_kind_t kind = object_kind(call);
    rc_level_t level;

    if (rc_permission_level(&level, kind, name))
        return NULL;
    return rc_err(call->pool, RC_E_ARG, "permission `%s` is invalid, should start with %s", name,
                  rc_permission_prefix(kind));
}

/* Which objects below a repository group are meant (contract 01 §7). */
static unsigned below(rc_call_t *call)
{
    const char *text;

    if (!rc_has_param(call, RC_P_APPLY_TO_CHILDREN))
        return 0;
    text = rc_arg_text(call, RC_P_APPLY_TO_CHILDREN);
    rc_arg_rename(call, RC_P_APPLY_TO_CHILDREN, text); /* messages show the default, too */
    if (!strcmp(text, "all"))
        return RC_BELOW_REPOS | RC_BELOW_GROUPS;
    if (!strcmp(text, "repos"))
        return RC_BELOW_REPOS;
    return !strcmp(text, "groups") ? RC_BELOW_GROUPS : 0;
}

/* "granted repository.read to user bob", "revoked user group devs" */
static const char *describe(rc_call_t *call, const rc_grant_t *grant, unsigned below)
{
    const char *whom = grant->to_group ? "user group " : "user ", *what = "revoked ";

    if (rc_has_param(call, RC_P_PERM))
        what = apr_pstrcat(call->pool, "granted ", rc_arg_text(call, RC_P_PERM), " to ", NULL);
    what = apr_pstrcat(call->pool, what, whom, arg_at(call, 1)->name, NULL);
    if (below)
        what = apr_pstrcat(call->pool, what,
                           ", also below: ", rc_arg_text(call, RC_P_APPLY_TO_CHILDREN), NULL);
    return what;
}

/* An object whose permissions changed was updated. */
static rc_err_t *journal(rc_call_t *call, rc_kind_t kind, const char *what)
{
    if (kind == RC_KIND_REPO)
        return rc_call_journal(call, arg_at(call, 0)->row, "user_updated_repo", what);
    return rc_call_journal_named(
        call, kind == RC_KIND_REPO_GROUP ? "user_updated_repo_group" : "admin_updated_users_group",
        arg_at(call, 0)->name, what);
}

rc_err_t *rc_grant(rc_call_t *call, rc_json_t *out, const char *msg)
{
    rc_grant_t grant = {
        .kind = object_kind(call),
        .object_id = arg_at(call, 0)->id,
        .to_group = call->method->params[1].type == RC_USER_GROUP,
        .grantee_id = arg_at(call, 1)->id,
    };
    unsigned further = below(call);

    if (rc_has_param(call, RC_P_PERM)) {
        rc_permission_level(&grant.level, grant.kind, rc_arg_text(call, RC_P_PERM));
        RC_TRY(rc_rule_grant(call->actor.db, &grant, further));
    } else {
        RC_TRY(rc_rule_revoke(call->actor.db, &grant, further));
    }
    RC_TRY(journal(call, grant.kind, describe(call, &grant, further)));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", rc_call_text(call, msg));
    rc_json_member_bool(out, "success", true);
    rc_json_object_end(out);
    return NULL;
}
