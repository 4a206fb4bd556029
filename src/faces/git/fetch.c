// SPDX-License-Identifier: Apache-2.0
/*
 * Answers POST git-upload-pack: the references of version 2 itself, everything else by git, whose
 * output is sent while it works. Answers for clones are kept, so that equal clones are made once.
 */
#include "call.h"

#include <string.h>

#include <apr_strings.h>

#include "base/produce.h"
#include "base/secret.h"
#include "base/hex.h"
#include "domain/repo.h"
#include "faces/body.h"
#include "faces/place.h"
#include "fetch_end.h"

#define BODY_MOST ((apr_off_t)10 << 20) /* bytes, inflated */

typedef struct fetch_t {
    rc_face_git_call_t *call;
    rc_fetch_request_t request;
    rc_spool_t *body; /* what git gets */
    const char *name; /* of the answer in the cache; NULL: it is not kept */
    bool failed;      /* git reports a failure */
} fetch_t;

/* The client may have taken minutes for its body: now another repository may have the name. The
 * name is asked for when the repository is open. */
static rc_err_t *answer_refs(const fetch_t *fetch)
{
    const rc_fetch_request_t *request = &fetch->request;
    const rc_wire_ls_refs_t ask = {.peel = request->peel,
                                   .symrefs = request->symrefs,
                                   .unborn = request->unborn,
                                   .prefixes = request->prefixes};
    rc_face_git_call_t *call = fetch->call;
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, call->request->env, call->repo, &call->actor.work, call->pool));
    RC_TRY(rc_actor_check_name(&call->actor, call->repo));
    return rc_wire_ls_refs(call->answer->spool, vcs, &ask, call->pool);
}

/* Sets *@a state to that of all references; NULL when something that is asked for is not there. */
static rc_err_t *read_state(const char **state, const fetch_t *fetch, apr_pool_t *pool)
{
    rc_face_git_call_t *call = fetch->call;
    rc_vcs_t *vcs;

    *state = NULL;
    RC_TRY(rc_repo_open(&vcs, call->request->env, call->repo, NULL, pool));
    return rc_wire_has(vcs, fetch->request.wants) ? rc_wire_state(state, vcs, pool) : NULL;
}

/* Sets *@a name to the name in the cache of the answer to a clone: what the client asks for, and
 * the state of all references, which decides what it gets. That holds while what it asks for is
 * there: git may remove what no reference leads to. NULL: the answer is not kept. */
static rc_err_t *name_answer(const char **name, const fetch_t *fetch)
{
    rc_face_git_call_t *call = fetch->call;
    unsigned char digest[RC_DIGEST_SIZE];
    const char *state;
    apr_pool_t *scratch; /* its end gives the repository back: clients may take long */
    rc_err_t *err;

    *name = NULL;
    apr_pool_create(&scratch, call->pool);
    err = rc_err_copy(read_state(&state, fetch, scratch), call->pool);
    if (!err && state)
        rc_key_digest(
            digest, apr_psprintf(scratch, "%d %s %s", call->version, state, fetch->request.normal));
    apr_pool_destroy(scratch);
    if (err || !state)
        return err;
    *name = apr_psprintf(call->pool, "%" APR_INT64_T_FMT "-%s.fetch", call->repo->id,
                         rc_hex_text(digest, sizeof(digest), call->pool));
    return NULL;
}

/* References can move after the name was made, while git waits or works. */
static bool is_named_so(void *baton, apr_pool_t *pool)
{
    const fetch_t *fetch = baton;
    const char *now;

    (void)pool;
    return !name_answer(&now, fetch) && now && !strcmp(now, fetch->name);
}

/* Waits for a place, then looks whether the path still leads to the repository: git opens it, and
 * works inside of it from then on. */
static rc_err_t *take_place(void *baton, apr_pool_t *pool)
{
    const fetch_t *fetch = baton;
    rc_face_git_call_t *call = fetch->call;

    RC_TRY(rc_face_place(call->request, &call->actor.work, fetch->request.kind != RC_FETCH_PART,
                         pool));
    return rc_actor_check_name(&call->actor, call->repo);
}

/* Judges git's end. With a failure that the client gets to know, the answer is complete: git has
 * told it ("not our ref"), or it is the client's own ("Invalid deepen"), which git tells nobody. */
static rc_err_t *program_ended(const char **more, void *baton, const rc_proc_result_t *result,
                               apr_off_t written, apr_pool_t *pool)
{
    fetch_t *fetch = baton;

    fetch->failed = result->status != 0;
    if (result->status > 0)
        *more = rc_wire_rejection(result->text, pool);
    if (result->status > 0 && !written && !*more)
        return rc_err_internal(pool, APR_SUCCESS, "git upload-pack: exit status %d: %s",
                               result->status, result->text);
    if (result->status > 0)
        rc_log(RC_LOG_INFO, APR_SUCCESS, "git upload-pack of %s: exit status %d: %s",
               fetch->call->repo->name, result->status, result->text);
    return NULL;
}

static rc_err_t *answer_by_git(fetch_t *fetch)
{
    rc_face_git_call_t *call = fetch->call;
    rc_env_t *env = call->request->env;
    const rc_wire_program_t program = {
        .service = RC_UPLOAD_PACK,
        .version = call->version,
        .path = call->path,
        .home = env->work_dir,
        .max_memory = call->settings->memory,
        .deadline = rc_clock() + call->settings->timeout,
    };
    rc_produce_t produce = {
        .temp_dir = env->config->temp_dir,
        .gone = call->request->gone,
        .gone_baton = call->request->server,
        .begin = take_place,
        .ended = program_ended,
        .lasts = is_named_so,
        .baton = fetch,
    };
    rc_stream_t *stream;

    if (fetch->request.normal) {
        RC_TRY(name_answer(&fetch->name, fetch));
        produce.name = fetch->name;
        produce.cache = fetch->name ? &env->cache : NULL;
        fetch->body = rc_spool_beside(fetch->body, call->pool);
        RC_TRY(rc_spool_puts(fetch->body, fetch->request.normal));
    }
    rc_wire_program(&produce.proc, &program, call->pool);
    RC_TRY(rc_face_body_open(&produce.proc.in, fetch->body, call->pool));
    /* the pool of the answer: the file is sent after the request has ended */
    RC_TRY(rc_produce_start(&stream, &produce, call->answer->pool));
    call->answer->stream = rc_face_git_fetch_end(call, &fetch->request, stream, &fetch->failed);
    return NULL;
}

rc_err_t *rc_face_git_fetch(rc_face_git_call_t *call)
{
    fetch_t *fetch = apr_pcalloc(call->pool, sizeof(*fetch));
    const char *data;

    fetch->call = call;
    rc_actor_close(&call->actor); /* hold no connection while the client sends */
    if (!rc_face_git_body(call, BODY_MOST))
        return NULL;
    fetch->body = rc_spool_create(call->request->env->config->temp_dir, call->pool);
    RC_TRY(rc_face_body_spool(fetch->body, call->request->body, call->pool));
    RC_TRY(rc_spool_view(&data, fetch->body, call->pool));
    rc_fetch_request_read(&fetch->request, call->version, data,
                          (apr_size_t)rc_spool_size(fetch->body), call->pool);
    if (fetch->request.kind == RC_FETCH_WRONG)
        return rc_answer_refuse(call->answer, 400, "The body is not of git's protocol", NULL);
    rc_face_git_headers(call, "result");
    if (fetch->request.kind == RC_FETCH_NOTHING)
        return NULL;
    return fetch->request.kind == RC_FETCH_REFS ? answer_refs(fetch) : answer_by_git(fetch);
}
