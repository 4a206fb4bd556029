// SPDX-License-Identifier: Apache-2.0
/*
 * Decides whether the caller may fetch from or push to the repository of a URL, in the order of
 * contract 06 §4: identity, address, repository, right, lock.
 */
#include "call.h"

#include <string.h>

#include "faces/sign_in.h"

#define ONLY_SMART "Only the smart protocol is served; use a git of 1.6.6 or later"
#define NO_ARCHIVE "git archive --remote is not served here"
#define NO_MORE    "You may not push to this repository any more"
#define NO_LFS     "Git LFS is not served here"

static rc_err_t *deny(rc_face_git_call_t *call, int status, const char *text, const char *why)
{
    return rc_answer_refuse(call->answer, status, text, why);
}

static rc_transfer_t transfer_of(const rc_face_git_call_t *call)
{
    return call->served && call->service == RC_RECEIVE_PACK ? RC_PUSH : RC_PULL;
}

/* Sets call->repo to the first reading of the URL that exists and that the caller may read; refuses
 * it if it is of another type. */
static rc_err_t *find_repo(rc_face_git_call_t *call)
{
    rc_viewer_t viewer = rc_caller_viewer(call->actor.caller);
    rc_repo_t *repo = NULL;
    int i;

    for (i = 0; i < call->route.n_repos && !repo; i++) {
        const rc_repo_url_t *url = &call->route.repos[i];

        if (url->name)
            RC_TRY(
                rc_store_repo_seen_by_name(&repo, call->actor.db, viewer, url->name, call->pool));
        else
            RC_TRY(rc_store_repo_seen_by_id(&repo, call->actor.db, viewer, url->id, call->pool));
    }
    if (repo && strcmp(repo->type, RC_FACE_GIT_TYPE))
        return rc_face_refuse_type(call->answer, &call->actor, repo, RC_FACE_GIT_TYPE);
    call->answer->repo = call->repo = repo;
    return NULL;
}

/* Refuses what is never served, after everything that would refuse it anyway. */
static rc_err_t *check_what(rc_face_git_call_t *call)
{
    if (call->route.what == RC_FACE_GIT_LFS)
        return deny(call, 404, NO_LFS, NULL);
    if (call->route.what == RC_FACE_GIT_ARCHIVE)
        return deny(call, 403, NO_ARCHIVE, NULL);
    return call->served ? NULL : deny(call, 403, ONLY_SMART, NULL);
}

static bool is_refused(const rc_face_git_call_t *call)
{
    return call->answer->status != 200;
}

static rc_err_t *decide_in_snapshot(rc_actor_t *actor, void *baton)
{
    rc_face_git_call_t *call = baton;
    rc_verdict_t verdict;

    RC_TRY(rc_face_identify(actor, call->answer, call->request, &call->credentials));
    if (is_refused(call))
        return NULL;
    RC_TRY(find_repo(call));
    if (is_refused(call))
        return NULL;
    RC_TRY(rc_transfer_check(&verdict, actor, call->repo, transfer_of(call)));
    if (call->served || verdict.kind != RC_TRANSFER_LOCKED)
        RC_TRY(rc_face_take_verdict(call->answer, actor, &verdict));
    return is_refused(call) ? NULL : check_what(call);
}

rc_err_t *rc_face_git_access(rc_face_git_call_t *call)
{
    const rc_request_t *request = call->request;

    call->actor = (rc_actor_t){.env = request->env, .pool = call->pool, .ip = request->client_ip};
    rc_env_work_begin(&call->actor.work, request->env, request->gone, request->server, call->pool);
    RC_TRY(rc_face_sign_in(&call->credentials, request));
    RC_TRY(rc_actor_ask(&call->actor, decide_in_snapshot, call)); /* all in one snapshot */
    if (call->repo)
        call->path = rc_env_repo_path(request->env, call->repo->name, call->pool);
    return NULL;
}

rc_err_t *rc_face_git_recheck(const char **why, rc_face_git_call_t *call)
{
    rc_verdict_t verdict;
    rc_err_t *err;

    RC_TRY(rc_actor_open(&call->actor));
    err = rc_transfer_recheck(&verdict, &call->actor, &call->credentials, call->repo,
                              transfer_of(call));
    rc_actor_close(&call->actor);
    if (err)
        return err;
    *why = verdict.kind == RC_TRANSFER_ALLOWED ? NULL : verdict.text ? verdict.text : NO_MORE;
    return NULL;
}
