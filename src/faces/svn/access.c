// SPDX-License-Identifier: Apache-2.0
/*
 * Decides whether the caller may read from or write to the Subversion repository of a URL, in the
 * order of contract 07 §5: identity, address, repository, right, lock. Locks refuse writes only.
 */
#include <string.h>

#include <apr_strings.h>

#include "call.h"

/* Refuses a repository of another type. A GET for one can only be a view that does not exist. */
static rc_err_t *refuse_type(rc_face_svn_call_t *call, const rc_repo_t *repo)
{
    if (call->plain)
        return rc_answer_refuse(call->answer, 404, NULL, "no view has this URL");
    return rc_face_refuse_type(call->answer, &call->actor, repo, RC_FACE_SVN_TYPE);
}

/* No repository is below another one, so the shortest name is the only one. */
static rc_err_t *find_shortest(rc_repo_t **repo, const char **end, rc_actor_t *actor,
                               const char *path)
{
    const char *name;

    *end = path;
    while (!*repo && (name = rc_face_svn_next_name(end, path, actor->pool)))
        RC_TRY(rc_store_repo_seen_by_name(repo, actor->db, rc_caller_viewer(actor->caller), name,
                                          actor->pool));
    return NULL;
}

/* Sets call->repo to the repository that a beginning of the path names, by its id or its name.
 * Refuses one of another type. */
static rc_err_t *find_repository(rc_face_svn_call_t *call)
{
    const char *path = call->request->decoded, *end = path;
    rc_actor_t *actor = &call->actor;
    rc_repo_t *repo = NULL;
    apr_int64_t id = rc_face_svn_id(&end, actor->pool);

    if (id)
        RC_TRY(rc_store_repo_seen_by_id(&repo, actor->db, rc_caller_viewer(actor->caller), id,
                                        actor->pool));
    else
        RC_TRY(find_shortest(&repo, &end, actor, path));
    if (repo && strcmp(repo->type, RC_FACE_SVN_TYPE))
        return refuse_type(call, repo);
    call->answer->repo = call->repo = repo;
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
    RC_TRY(find_repository(call));
    if (answer->status != 200)
        return NULL;
    RC_TRY(rc_transfer_check(&verdict, actor, call->repo, call->writes ? RC_PUSH : RC_PULL));
    if (verdict.kind == RC_TRANSFER_FORBIDDEN)
        verdict.text = apr_psprintf(actor->pool, "You may not commit to `%s`", call->repo->name);
    if (call->writes || verdict.kind != RC_TRANSFER_LOCKED)
        RC_TRY(rc_face_take_verdict(answer, actor, &verdict));
    return answer->status == 200 ? check_what(call) : NULL;
}

/* Who sends no name and password is hardly a client of Subversion: what was meant may be a view
 * that does not exist. */
static void name_both(const rc_face_svn_call_t *call)
{
    if (call->answer->status == 401 && call->plain && !call->request->basic_user)
        call->answer->text = "No view has this URL, and no Subversion repository opens without a "
                             "login, or a token with the role vcs or all in a header";
}

rc_err_t *rc_face_svn_access(rc_face_svn_call_t *call)
{
    const rc_request_t *request = call->request;
    rc_actor_t *actor = &call->actor;

    rc_env_work_begin(&actor->work, request->env, request->gone, request->server, request->pool);
    RC_TRY(rc_face_sign_in(&call->credentials, request));
    RC_TRY(rc_actor_ask(actor, decide_in_snapshot, call));
    name_both(call);
    return NULL;
}
