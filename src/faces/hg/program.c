// SPDX-License-Identifier: Apache-2.0
/*
 * The program that answers a request: what it gets of it, how it ended, and the first line of what
 * it prints.
 */
#include "call.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "domain/repo.h"
#include "faces/body.h"

#define HEADERS_MOST 200 /* headers that carry one text */
#define TYPE_MOST    100 /* bytes of a media type */

#define NO_HG     "Mercurial is not installed on this server"
#define NO_SERVED "This repository cannot be served to clients of Mercurial"

rc_err_t *rc_face_hg_read_body(rc_face_hg_call_t *call, apr_off_t most)
{
    if (strcmp(call->request->method, "POST"))
        return NULL;
    call->body = rc_spool_create(call->request->env->config->temp_dir, call->pool);
    if (most)
        rc_body_set_limit(call->request->body, most);
    return rc_face_body_spool(call->body, call->request->body, call->pool);
}

/* --- what the program gets --- */

/* Calls @a fn for each part of a text that headers carry: NAME-1, NAME-2, ... */
static void each_part(const rc_face_hg_call_t *call, const char *name,
                      void (*fn)(void *baton, int number, const char *value), void *baton)
{
    const rc_request_t *request = call->request;
    const char *value;
    int i;

    for (i = 1; i <= HEADERS_MOST; i++) {
        value = request->header(request->server, apr_psprintf(call->pool, "%s-%d", name, i));
        if (!value)
            return;
        fn(baton, i, value);
    }
}

static void add_variable(apr_array_header_t *all, const char *name, const char *value)
{
    APR_ARRAY_PUSH(all, const char *) = apr_pstrcat(all->pool, name, "=", value, NULL);
}

static void add_argument(void *baton, int number, const char *value)
{
    add_variable(
        baton, apr_psprintf(((apr_array_header_t *)baton)->pool, "HTTP_X_HGARG_%d", number), value);
}

static void add_capability(void *baton, int number, const char *value)
{
    add_variable(baton,
                 apr_psprintf(((apr_array_header_t *)baton)->pool, "HTTP_X_HGPROTO_%d", number),
                 value);
}

/* Returns how many bytes of the body are arguments, which then count in place of the headers. */
static apr_off_t posted(const rc_face_hg_call_t *call)
{
    const rc_request_t *request = call->request;
    const char *value = request->header(request->server, "X-HgArgs-Post");
    apr_int64_t len = 0;

    if (!call->body || !value || !rc_text_int(&len, value) || len < 0)
        return 0;
    return len < rc_spool_size(call->body) ? len : rc_spool_size(call->body);
}

/* The variables of CGI. The last cmd in a query is the one that counts for hg. */
static apr_array_header_t *variables(const rc_face_hg_call_t *call)
{
    const rc_request_t *request = call->request;
    apr_array_header_t *all = apr_array_make(call->pool, 16, sizeof(const char *));

    add_variable(all, "REQUEST_METHOD", request->method);
    add_variable(all, "QUERY_STRING",
                 apr_pstrcat(call->pool, request->query, "&cmd=", call->command->name, NULL));
    each_part(call, "X-HgArg", add_argument, all);
    each_part(call, "X-HgProto", add_capability, all);
    if (call->body)
        add_variable(all, "CONTENT_LENGTH",
                     apr_psprintf(call->pool, "%" APR_OFF_T_FMT, rc_spool_size(call->body)));
    if (posted(call))
        add_variable(all, "HTTP_X_HGARGS_POST",
                     apr_psprintf(call->pool, "%" APR_OFF_T_FMT, posted(call)));
    return all;
}

static void append_part(void *baton, int number, const char *value)
{
    (void)number;
    APR_ARRAY_PUSH((apr_array_header_t *)baton, const char *) = value;
}

/* Returns the body as a text. It has no NUL, which would end it for us, and not for hg. */
static rc_err_t *read_posted(const char **text, const rc_face_hg_call_t *call)
{
    *text = "";
    if (!call->body)
        return NULL;
    RC_TRY(rc_spool_string(text, call->body, call->pool));
    return strlen(*text) == (apr_size_t)rc_spool_size(call->body)
               ? NULL
               : rc_err(call->pool, RC_E_ARG, "the arguments hold a NUL");
}

rc_err_t *rc_face_hg_arguments(const char **out, const rc_face_hg_call_t *call)
{
    apr_array_header_t *parts = apr_array_make(call->pool, 8, sizeof(const char *));
    const char *text;

    if (posted(call)) {
        RC_TRY(read_posted(&text, call));
        text = apr_pstrndup(call->pool, text, (apr_size_t)posted(call));
    } else {
        each_part(call, "X-HgArg", append_part, parts);
        text = apr_array_pstrcat(call->pool, parts, 0);
    }
    *out = apr_pstrcat(call->pool, text, "&", call->request->query, NULL);
    return NULL;
}

rc_err_t *rc_face_hg_asked(const char **out, const rc_face_hg_call_t *call)
{
    const char *text;

    RC_TRY(read_posted(&text, call));
    *out = apr_pstrcat(call->pool, apr_array_pstrcat(call->pool, variables(call), '\n'), "\n\n",
                       text, NULL);
    return NULL;
}

/* The program serves what was at the path just before: the right one, if it has that name still. */
static rc_err_t *prepare_start(rc_proc_t *proc, rc_face_hg_call_t *call)
{
    RC_TRY(rc_actor_check_name(&call->actor, call->repo));
    return call->body ? rc_face_body_open(&proc->in, call->body, call->pool) : NULL;
}

rc_err_t *rc_face_hg_program(rc_proc_t *proc, rc_face_hg_call_t *call)
{
    const rc_env_t *env = call->request->env;
    const rc_serve_t serve = {
        .path = rc_env_repo_path(env, call->repo->name, call->pool),
        .home = env->work_dir,
        .request = variables(call),
        .writes = call->command->kind == RC_FACE_HG_PUSH,
        .max_push = call->settings->push_max,
        .max_memory = call->settings->memory,
        .deadline = rc_clock() + call->settings->timeout,
    };
    rc_err_t *err = rc_vcs_serve(proc, RC_FACE_HG_TYPE, &serve, call->pool);
    const char *why;

    proc->in = -1;
    if (!err)
        return prepare_start(proc, call);
    why = rc_err_log_text(err, call->pool);
    rc_log(RC_LOG_ERR, err->cause, "Mercurial cannot serve %s: %s", call->repo->name, why);
    if (err->kind == RC_E_FAILED)
        return rc_answer_refuse(call->answer, 404, NO_SERVED, why);
    return rc_answer_refuse(call->answer, 501, NO_HG, why);
}

/* --- what it returns --- */

/* A repository that has its name still was replaced, by strip or pull. */
static rc_err_t *judge_move(const rc_face_hg_call_t *call, apr_pool_t *pool)
{
    rc_err_t *moved = rc_err_internal(pool, APR_SUCCESS, "it was replaced");

    if (rc_repo_explain(moved, call->request->env, call->repo, pool) == moved)
        return rc_err_busy(pool, "it was replaced meanwhile");
    return rc_err(pool, RC_E_NOTFOUND, "it was renamed or deleted meanwhile");
}

rc_err_t *rc_face_hg_judge(const rc_proc_result_t *result, const rc_face_hg_call_t *call,
                           apr_pool_t *pool)
{
    const char *name = call->repo->name, *command = call->command->name;
    rc_err_t *err;

    RC_TRY(rc_proc_judge(result, "Mercurial", false, pool));
    switch (result->status) {
    case 0:
        return NULL;
    case RC_SERVE_REJECTED:
        err = rc_err(pool, RC_E_ARG, "Mercurial rejects the request");
        break;
    case RC_SERVE_MOVED:
        err = judge_move(call, pool);
        break;
    case RC_SERVE_BUSY:
        err = rc_err_busy(pool, "another process writes to it");
        break;
    default:
        err = rc_err_internal(pool, APR_SUCCESS, "Mercurial failed");
    }
    err->detail = apr_psprintf(pool, "%s of %s: Mercurial ended with %s", command, name,
                               rc_proc_end_text(result, pool));
    return err;
}

rc_err_t *rc_face_hg_read_type(apr_size_t *skip, rc_face_hg_call_t *call, const char *data,
                               apr_size_t len)
{
    const char *end = memchr(data, '\n', len);

    *skip = end ? (apr_size_t)(end - data) + 1 : 0;
    if ((!end && len > TYPE_MOST) || (end && (*skip > TYPE_MOST || *skip < 2)))
        return rc_err_internal(call->pool, APR_SUCCESS, "%s of %s: Mercurial names no media type",
                               call->command->name, call->repo->name);
    if (end)
        call->answer->type = apr_pstrmemdup(call->answer->pool, data, *skip - 1);
    return NULL;
}
