// SPDX-License-Identifier: Apache-2.0
/*
 * Connects git's URLs with the server: its row in the table of faces.
 */
#include "faces/git.h"

#include <string.h>

#include <apr_strings.h>

#include "base/query.h"
#include "call.h"
#include "faces/sign_in.h"

#define LFS_TYPE "application/vnd.git-lfs+json"

/* Sets which service the URL names. */
static void read_service(rc_face_git_call_t *call)
{
    const char *asked = rc_query_parameter(call->request->query, "service", call->pool);
    rc_wire_service_t service;

    call->served = call->route.what == RC_FACE_GIT_FETCH || call->route.what == RC_FACE_GIT_PUSH;
    call->service = call->route.what == RC_FACE_GIT_PUSH ? RC_RECEIVE_PACK : RC_UPLOAD_PACK;
    if (call->route.what != RC_FACE_GIT_REFS || !asked)
        return;
    for (service = RC_UPLOAD_PACK; service <= RC_RECEIVE_PACK; service++)
        if (!strcmp(asked, rc_wire_service_name(service))) {
            call->served = true;
            call->service = service;
        }
}

/* Claims each URL of git. */
static bool claims_rest(void **state, const rc_request_t *request)
{
    rc_face_git_call_t *call = apr_pcalloc(request->pool, sizeof(*call));

    if (!((const rc_face_git_settings_t *)request->settings)->on ||
        !rc_face_git_route(&call->route, request->path, request->pool))
        return false;
    call->request = request;
    call->settings = request->settings;
    call->pool = request->pool;
    read_service(call);
    *state = call;
    return true;
}

/* Claims what only git sends. Other URLs of git could be those of a file or a revision in a view
 * ("/r/raw-changeset/HEAD"): they are git's if no view claims them. */
static bool claims_url(void **state, const rc_request_t *request)
{
    rc_face_git_route_t route;

    if (request->readonly && !rc_query_parameter(request->query, "service", request->pool))
        return false;
    return rc_face_git_route(&route, request->path, request->pool) &&
           (!request->readonly || route.what == RC_FACE_GIT_REFS) && claims_rest(state, request);
}

static rc_err_t *decide_url(rc_answer_t *answer, const rc_request_t *request)
{
    rc_face_git_call_t *call = answer->state;

    call->answer = answer;
    call->version = rc_wire_version(request->header(request->server, "Git-Protocol"));
    if (!rc_face_git_has_method(&call->route, request->method))
        return rc_answer_refuse(answer, 405, NULL, "not a method of this URL");
    return rc_face_git_access(call);
}

static rc_err_t *serve_url(rc_answer_t *answer, const rc_request_t *request)
{
    rc_face_git_call_t *call = answer->state;

    (void)request;
    switch (call->route.what) {
    case RC_FACE_GIT_REFS:
        return rc_face_git_refs(call);
    case RC_FACE_GIT_FETCH:
        return rc_face_git_fetch(call);
    case RC_FACE_GIT_PUSH:
        return rc_face_git_push(call);
    default:
        return rc_answer_refuse(answer, 404, NULL, "not served");
    }
}

/* git shows the text of a refusal if its type is text/plain, which it is. */
static rc_err_t *refuse(rc_answer_t *answer, const rc_request_t *request)
{
    const rc_face_git_call_t *call = answer->state;

    if (answer->status == 401)
        rc_face_ask_password(answer, request);
    if (answer->status == 405)
        rc_answer_header(answer, "Allow", call->route.methods);
    if (answer->status != 404 || call->route.what != RC_FACE_GIT_LFS || !call->repo)
        return NULL;
    answer->type = LFS_TYPE;
    rc_answer_headers(answer, rc_answer_sandbox);
    return rc_spool_printf(answer->spool, "{\"message\":\"%s\"}", answer->text);
}

const rc_face_t rc_face_git = {
    .name = "git",
    .reads_body = true,
    .basic = true,
    .directives = &rc_face_git_directives,
    .clients = RC_FACE_GIT_TYPE,
    .on = offsetof(rc_face_git_settings_t, on),
    .claims = claims_url,
    .claims_rest = claims_rest,
    .decide = decide_url,
    .serve = serve_url,
    .refuse = refuse,
};
