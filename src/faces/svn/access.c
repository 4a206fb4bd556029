// SPDX-License-Identifier: Apache-2.0
/*
 * Decides whether the caller may read from or write to the Subversion repository of a URL, in the
 * order of contract 07 §5: identity, address, repository, right, lock. Locks refuse writes only.
 */
#include <string.h>

#include <apr_strings.h>

#include "call.h"

/* Sets call->repo to the repository that a beginning of the path names: no repository is below
 * another one, so the shortest is the only one. */
static rc_err_t *find_shortest(rc_face_svn_call_t *call)
{
    const char *path = call->request->decoded, *end = path, *name;
    rc_actor_t *actor = &call->actor;
    rc_repo_t *repo = NULL;

    while (!repo && (name = rc_face_svn_next_name(&end, path, actor->pool)))
        RC_TRY(rc_store_repo_seen_by_name(&repo, actor->db, actor->caller->user_id, name,
                                          actor->pool));
    if (repo && !strcmp(repo->type, RC_FACE_SVN_TYPE))
        call->repo = repo;
    call->inside = end;
    return NULL;
}

/* Revision properties are history: nobody changes them from outside. */
static rc_err_t *check_what(rc_face_svn_call_t *call)
{
    if (!strcmp(call->request->method, "PROPPATCH") && !rc_face_svn_in_commit(call->inside))
        return rc_answer_refuse(call->answer, 403, "Revision properties cannot be changed here",
                                NULL);
    return NULL;
}

static rc_err_t *decide_in_snapshot(rc_actor_t *actor, void *baton)
{
    rc_face_svn_call_t *call = baton;
    rc_answer_t *answer = call->answer;
    rc_verdict_t verdict;

    RC_TRY(rc_face_identify(actor, answer, call->request, &call->credentials));
    if (answer->status != 200)
        return NULL;
    RC_TRY(find_shortest(call));
    RC_TRY(rc_transfer_check(&verdict, actor, call->repo, call->writes ? RC_PUSH : RC_PULL));
    if (verdict.kind == RC_TRANSFER_FORBIDDEN)
        verdict.text = apr_psprintf(actor->pool, "You may not commit to `%s`", call->repo->name);
    if (call->writes || verdict.kind != RC_TRANSFER_LOCKED)
        RC_TRY(rc_face_take_verdict(answer, actor, &verdict));
    return answer->status == 200 ? check_what(call) : NULL;
}

rc_err_t *rc_face_svn_access(rc_face_svn_call_t *call)
{
    const rc_request_t *request = call->request;
    rc_actor_t *actor = &call->actor;

    rc_env_work_begin(&actor->work, request->env, request->gone, request->server, request->pool);
    RC_TRY(rc_face_sign_in(&call->credentials, request));
    RC_TRY(rc_actor_open(actor));
    return rc_actor_read(actor, decide_in_snapshot, call);
}
