// SPDX-License-Identifier: Apache-2.0
/*
 * Grants and revokes permissions on repositories, repository groups and user groups.
 */
#include "domain/account.h"

#include <apr_strings.h>

/* Returns a text for the journal: "granted repository.read to user bob", "revoked user group devs".
 */
static const char *describe_right(const rc_granting_t *request, apr_pool_t *pool)
{
    const char *what = "revoked ";

    if (request->perm)
        what = apr_pstrcat(pool, "granted ", request->perm, " to ", NULL);
    what = apr_pstrcat(pool, what, request->grant.to_group ? "user group " : "user ", request->to,
                       NULL);
    return request->below ? apr_pstrcat(pool, what, ", also below: ", request->also, NULL) : what;
}

/* Records a change of permissions as an update of the object. */
static rc_err_t *journal(rc_actor_t *actor, const rc_granting_t *request)
{
    const char *what = describe_right(request, actor->pool);

    if (request->repo)
        return rc_actor_journal(actor, request->repo, "user_updated_repo", what);
    return rc_actor_journal_named(actor,
                                  request->grant.kind == RC_KIND_REPO_GROUP
                                      ? "user_updated_repo_group"
                                      : "admin_updated_users_group",
                                  request->name, what);
}

/* Requires the right to administer the object and, for a user group, to read that. */
static rc_err_t *check_right(const rc_actor_t *actor, const rc_grant_t *grant)
{
    RC_TRY(rc_actor_require_on(actor, grant->kind, grant->object_id, RC_ADMIN));
    if (!grant->to_group)
        return NULL;
    return rc_actor_require_on(actor, RC_KIND_USER_GROUP, grant->grantee_id, RC_READ);
}

static rc_err_t *set(rc_actor_t *actor, void *baton)
{
    const rc_granting_t *request = *(const rc_granting_t **)baton;

    RC_TRY(check_right(actor, &request->grant));
    if (request->perm)
        RC_TRY(rc_rule_grant(actor->db, &request->grant, request->below));
    else
        RC_TRY(rc_rule_revoke(actor->db, &request->grant, request->below));
    return journal(actor, request);
}

rc_err_t *rc_right_set(rc_actor_t *actor, const rc_granting_t *request)
{
    return rc_actor_txn(actor, set, &request);
}
