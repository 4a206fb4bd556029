// SPDX-License-Identifier: Apache-2.0
/*
 * Connects the URLs of Subversion repositories with the server: their row in the table of faces.
 * The server's mod_dav_svn answers what this face allows. Without a repository of this type, the
 * face claims no URL.
 */
#include "faces/svn.h"

#include <string.h>

#include <apr_strings.h>

#include "base/xml.h"
#include "call.h"
#include "vcs/library.h"

#define RESERVED "/_" /* begins no name of a repository, but its id */

/* svn prints this error with the text. SVN_ERR_RA_DAV_REQUEST_FAILED */
#define ERROR_CODE "175002"

static const rc_face_svn_settings_t defaults = {.on = true};

/* clang-format off */
static const rc_directive_t rows[] = {
    {"RcapiSvn", "whether Subversion's clients reach repositories by mod_dav_svn (default On)",
     RC_PLACE, RC_FLAG(rc_face_svn_settings_t, on)},
};
/* clang-format on */

static const rc_directives_t directives = RC_DIRECTIVES(rows, defaults);

/* --- claims --- */

static bool is_possible(const rc_request_t *request)
{
    const char *path = request->decoded;

    if (!request->env || !((const rc_face_svn_settings_t *)request->settings)->on || !path[1])
        return false;
    return strncmp(path, RESERVED, strlen(RESERVED)) != 0 || rc_face_svn_id(&path, request->pool);
}

/* Claims the URL if there is a repository of this type at all. Whether the URL names one, and
 * whether that is hidden, makes no difference. If the look-up fails, decide reports that. */
static bool claim(void **state, const rc_request_t *request)
{
    rc_actor_t actor = {.env = request->env, .pool = request->pool, .ip = request->client_ip};
    bool any = false;
    rc_err_t *err = rc_actor_open(&actor);
    rc_face_svn_call_t *call;

    if (!err)
        err = rc_store_repo_of_type(&any, actor.db, RC_FACE_SVN_TYPE);
    rc_actor_close(&actor);
    if (!err && !any)
        return false;
    call = apr_pcalloc(request->pool, sizeof(*call));
    call->request = request;
    call->err = err;
    call->actor = actor;
    call->plain = request->readonly && !rc_face_svn_is_special(request);
    call->writes = rc_face_svn_writes(request);
    *state = call;
    return true;
}

/* Claims what only clients of Subversion send, before views and git, for which a part of the URL
 * can look like one of theirs. */
static bool claims_client(void **state, const rc_request_t *request)
{
    return is_possible(request) && rc_face_svn_is_client(request) && claim(state, request);
}

/* Claims what nobody else knows: files and directories, as browsers read them. */
static bool claims_last(void **state, const rc_request_t *request)
{
    return is_possible(request) && claim(state, request);
}

/* --- access --- */

static rc_err_t *decide_url(rc_answer_t *answer, const rc_request_t *request)
{
    rc_face_svn_call_t *call = answer->state;

    (void)request;
    call->answer = answer;
    return call->err ? call->err : rc_face_svn_access(call);
}

/* Locks the repository against renaming and deleting, marks the end of a commit, and looks for
 * hooks, which libsvn would run as the server. */
static rc_err_t *prepare_write(rc_face_svn_call_t *call, const char *path)
{
    const rc_env_config_t *config = call->request->env->config;
    apr_pool_t *pool = call->actor.pool;
    const char *hook;

    RC_TRY(rc_actor_open(&call->actor));
    RC_TRY(rc_face_lock(&call->locks, call->answer, &call->actor, call->repo));
    if (call->answer->status != 200)
        return NULL;
    if (!strcmp(call->request->method, "MERGE"))
        RC_TRY(rc_vcs_mark_commit(call->repo->type, path, call->request->pool));
    if (config->svn_hooks || !(hook = rc_vcs_find_hook(path, pool)))
        return NULL;
    return rc_answer_refuse(call->answer, 403,
                            "This repository has hooks, which the server does not run",
                            apr_psprintf(pool, "%s/hooks/%s: see RcapiSvnHooks", path, hook));
}

static rc_err_t *serve_url(rc_answer_t *answer, const rc_request_t *request)
{
    rc_face_svn_call_t *call = answer->state;
    const char *path = rc_env_repo_path(request->env, call->repo->name, request->pool);
    rc_handover_t *over = apr_palloc(request->pool, sizeof(*over));

    if (call->writes)
        RC_TRY(prepare_write(call, path));
    rc_actor_close(&call->actor); /* hold no connection while the client reads or sends */
    if (answer->status != 200)
        return NULL;
    over->type = call->repo->type;
    over->url = apr_pstrmemdup(request->pool, request->decoded,
                               (apr_size_t)(call->inside - request->decoded));
    over->path = path;
    over->writes = call->writes;
    over->whole_url = !call->plain;
    answer->over = over;
    return NULL;
}

static rc_err_t *record_commit(rc_answer_t *answer, const rc_request_t *request,
                               const char *revision)
{
    rc_face_svn_call_t *call = answer->state;
    const char *note; /* svn shows no texts of the server */
    rc_err_t *err;

    (void)request;
    RC_TRY(rc_actor_open(&call->actor));
    err = rc_transfer_committed(&note, &call->actor, call->repo, revision);
    rc_actor_close(&call->actor);
    return err;
}

/* --- refusals --- */

static const char *words_for(const rc_answer_t *answer)
{
    if (answer->text)
        return answer->text;
    switch (answer->status) {
    case 503:
        return "The server is busy; try again in a moment";
    default:
        return "The server cannot answer this request";
    }
}

/* In the form that svn prints. Browsers, and all that must send a password, get plain text. */
static rc_err_t *print_refusal(rc_answer_t *answer, const rc_request_t *request)
{
    const rc_face_svn_call_t *call = answer->state;
    rc_xml_t xml;

    if (answer->status == 401)
        rc_face_ask_password(answer, request);
    if (answer->status == 401 || call->plain)
        return NULL;
    answer->type = "text/xml; charset=\"utf-8\"";
    rc_answer_headers(answer, rc_answer_sandbox);
    rc_xml_init(&xml, answer->spool);
    rc_xml_markup(&xml, "<D:error xmlns:D=\"DAV:\" xmlns:m=\"http://apache.org/dav/xmlns\" "
                        "xmlns:C=\"svn:\">\n<C:error/>\n"
                        "<m:human-readable errcode=\"" ERROR_CODE "\">\n");
    rc_xml_text(&xml, words_for(answer));
    rc_xml_markup(&xml, "\n</m:human-readable>\n</D:error>\n");
    return rc_xml_finish(&xml);
}

const rc_face_t rc_face_svn = {
    .name = "svn",
    .basic = true,
    .directives = &directives,
    .hands_over = true,
    .clients = RC_FACE_SVN_TYPE,
    .on = offsetof(rc_face_svn_settings_t, on),
    .claims = claims_client,
    .claims_last = claims_last,
    .decide = decide_url,
    .serve = serve_url,
    .changed = record_commit,
    .refuse = print_refusal,
};
