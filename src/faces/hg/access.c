// SPDX-License-Identifier: Apache-2.0
/*
 * Decides whether the caller may pull from or push to the repository of a URL, in the order of
 * contract 06 §4: identity, address, repository, right, lock.
 */
#include "call.h"

#include <string.h>

#include "faces/sign_in.h"

#define UNKNOWN "This is not a command of Mercurial that is served here"

/* What is unknown could write. */
static rc_transfer_t transfer_of(const rc_face_hg_call_t *call)
{
    return call->command->kind >= RC_FACE_HG_PUSH ? RC_PUSH : RC_PULL;
}

/* Sets call->repo to the one that the URL names, if the caller may read it; refuses it if it is of
 * another type. */
static rc_err_t *find_hg_repo(rc_face_hg_call_t *call)
{
    rc_viewer_t viewer = rc_caller_viewer(call->actor.caller);
    rc_repo_t *repo;

    if (call->url.name)
        RC_TRY(
            rc_store_repo_seen_by_name(&repo, call->actor.db, viewer, call->url.name, call->pool));
    else
        RC_TRY(rc_store_repo_seen_by_id(&repo, call->actor.db, viewer, call->url.id, call->pool));
    if (repo && strcmp(repo->type, RC_FACE_HG_TYPE))
        return rc_face_refuse_type(call->answer, &call->actor, repo, RC_FACE_HG_TYPE);
    call->answer->repo = call->repo = repo;
    return NULL;
}

/* A push begins with commands that a pull begins with, too: a lock refuses them when it refuses
 * both. hg sends a password only when it is asked for one, so a visitor may be the holder. */
static rc_err_t *judge_lock(rc_verdict_t *verdict, rc_actor_t *actor, const rc_face_hg_call_t *call)
{
    rc_verdict_t push;

    if (call->command->kind == RC_FACE_HG_LIST)
        verdict->kind = RC_TRANSFER_ALLOWED;
    if (call->command->kind != RC_FACE_HG_ASK)
        return NULL;
    RC_TRY(rc_transfer_check(&push, actor, call->repo, RC_PUSH));
    if (push.kind == RC_TRANSFER_ALLOWED || push.kind == RC_TRANSFER_SIGN_IN)
        *verdict = push;
    return NULL;
}

static bool is_refused(const rc_face_hg_call_t *call)
{
    return call->answer->status != 200;
}

static rc_err_t *decide_hg(rc_actor_t *actor, void *baton)
{
    rc_face_hg_call_t *call = baton;
    rc_verdict_t verdict;

    RC_TRY(rc_face_identify(actor, call->answer, call->request, &call->credentials));
    if (is_refused(call))
        return NULL;
    RC_TRY(find_hg_repo(call));
    if (is_refused(call))
        return NULL;
    RC_TRY(rc_transfer_check(&verdict, actor, call->repo, transfer_of(call)));
    if (verdict.kind == RC_TRANSFER_LOCKED)
        RC_TRY(judge_lock(&verdict, actor, call));
    RC_TRY(rc_face_take_verdict(call->answer, actor, &verdict));
    if (!is_refused(call) && call->command->kind == RC_FACE_HG_UNKNOWN)
        return rc_answer_refuse(call->answer, 400, UNKNOWN, NULL);
    return NULL;
}

rc_err_t *rc_face_hg_access(rc_face_hg_call_t *call)
{
    const rc_request_t *request = call->request;

    call->actor = (rc_actor_t){.env = request->env, .pool = call->pool, .ip = request->client_ip};
    rc_env_work_begin(&call->actor.work, request->env, request->gone, request->server, call->pool);
    RC_TRY(rc_face_sign_in(&call->credentials, request));
    return rc_actor_ask(&call->actor, decide_hg, call); /* all in one snapshot */
}

rc_err_t *rc_face_hg_recheck(rc_face_hg_call_t *call)
{
    rc_verdict_t verdict;
    rc_err_t *err;

    RC_TRY(rc_actor_open(&call->actor));
    err = rc_transfer_recheck(&verdict, &call->actor, &call->credentials, call->repo, RC_PUSH);
    rc_actor_close(&call->actor);
    return err ? err : rc_face_take_verdict(call->answer, &call->actor, &verdict);
}
