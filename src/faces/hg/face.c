// SPDX-License-Identifier: Apache-2.0
/*
 * Connects the URLs of Mercurial's clients with the server: their row in the table of faces. Such a
 * URL is that of a repository with a parameter cmd; everything else is for other faces.
 */
#include "faces/hg.h"

#include <string.h>

#include "call.h"
#include "faces/sign_in.h"

#define METHODS "GET, POST"

static bool read_url(rc_repo_url_t *url, const char *path, apr_pool_t *pool)
{
    apr_size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    return len > 1 && rc_repo_url_read(url, path + 1, len - 1, pool);
}

/* Claims a URL with any command. */
static bool claims_rest(void **state, const rc_request_t *request)
{
    const rc_face_hg_settings_t *settings = request->settings;
    const rc_face_hg_command_t *command = rc_face_hg_command(request->query, request->pool);
    rc_face_hg_call_t *call = apr_pcalloc(request->pool, sizeof(*call));

    if (!settings->on || !command || !read_url(&call->url, request->path, request->pool))
        return false;
    call->command = command;
    call->request = request;
    call->settings = settings;
    call->pool = request->pool;
    *state = call;
    return true;
}

/* Claims what only hg sends, before the views, for which a part of the URL can look like one of
 * theirs. */
static bool claims_command(void **state, const rc_request_t *request)
{
    const rc_face_hg_command_t *command = rc_face_hg_command(request->query, request->pool);

    return command && command->name && claims_rest(state, request);
}

static bool has_method(const rc_request_t *request)
{
    return !strcmp(request->method, "GET") || !strcmp(request->method, "POST");
}

static rc_err_t *decide_command(rc_answer_t *answer, const rc_request_t *request)
{
    rc_face_hg_call_t *call = answer->state;

    call->answer = answer;
    if (!has_method(request))
        return rc_answer_refuse(answer, 405, NULL, "not a method of this URL");
    return rc_face_hg_access(call);
}

static rc_err_t *serve_command(rc_answer_t *answer, const rc_request_t *request)
{
    rc_face_hg_call_t *call = answer->state;

    (void)request;
    rc_answer_header(answer, "Cache-Control", "no-cache");
    rc_actor_close(&call->actor); /* hold no connection while the client sends or reads */
    return call->command->kind == RC_FACE_HG_PUSH ? rc_face_hg_push(call) : rc_face_hg_pull(call);
}

/* hg shows nothing but the status line. */
static rc_err_t *word_reason(rc_answer_t *answer, const rc_request_t *request)
{
    answer->reason = answer->text;
    if (answer->status == 401)
        rc_face_ask_password(answer, request);
    if (answer->status == 405)
        rc_answer_header(answer, "Allow", METHODS);
    return NULL;
}

const rc_face_t rc_face_hg = {
    .name = "hg",
    .reads_body = true,
    .basic = true,
    .directives = &rc_face_hg_directives,
    .clients = RC_FACE_HG_TYPE,
    .on = offsetof(rc_face_hg_settings_t, on),
    .claims = claims_command,
    .claims_rest = claims_rest,
    .decide = decide_command,
    .serve = serve_command,
    .refuse = word_reason,
};
