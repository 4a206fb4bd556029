// SPDX-License-Identifier: Apache-2.0
/*
 * Serves one request of the API (contract 00 §1 to §4): parses the body, chooses the dialect, runs
 * the call and writes the envelope of RhodeCode; rpc2.c does so for JSON-RPC 2.0. Only in these two
 * files an error becomes an answer of the API.
 */
#include "dispatch.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json_read.h"
#include "base/json_scan.h"
#include "store/journal.h"
#include "base/log.h"
#include "body_kind.h"
#include "reason.h"
#include "rpc2.h"

typedef struct envelope_t {
    rc_spool_t *spool;
    rc_env_t *env;
    const rc_api_request_t *request;
    apr_pool_t *pool;
    bool old;       /* 1.2 dialect: no id key in the answer */
    const char *id; /* JSON text, on one line */
} envelope_t;

static void begin_answer(rc_json_t *json, const envelope_t *envelope)
{
    rc_json_init(json, envelope->spool);
    rc_json_object_begin(json);
    if (envelope->old)
        return;
    rc_json_key(json, "id");
    rc_json_raw(json, envelope->id, strlen(envelope->id));
}

static rc_err_t *end_answer(rc_json_t *json)
{
    rc_json_object_end(json);
    if (!json->err)
        json->err = rc_spool_puts(json->spool, "\n");
    return rc_json_finish(json);
}

static rc_err_t *answer_error(const envelope_t *envelope, const char *text)
{
    rc_json_t json;

    RC_TRY(rc_spool_reset(envelope->spool));
    begin_answer(&json, envelope);
    rc_json_member_null(&json, "result");
    rc_json_member_string(&json, "error", text);
    return end_answer(&json);
}

/* Refuses a request before its method is known. */
static rc_err_t *refuse_request(const envelope_t *envelope, const char *key, const char *text)
{
    rc_log_refused_call(text, key, envelope->pool);
    return answer_error(envelope, text);
}

static rc_err_t *serve_call(const envelope_t *envelope, rc_call_t *call)
{
    rc_json_t json;
    rc_err_t *err;

    rc_call_begin(call);
    rc_spool_set_limit(envelope->spool, call->env->config->range_bytes);
    begin_answer(&json, envelope);
    rc_json_key(&json, "result");
    err = rc_dispatch(call, &json);
    if (err && rc_call_is_away(call, err)) {
        RC_TRY(answer_error(envelope, RC_MSG_INTERNAL));
        return err;
    }
    if (err)
        return answer_error(envelope, rc_call_error_text(call, err));
    rc_json_member_null(&json, "error");
    return end_answer(&json);
}

static rc_err_t *serve_object(const envelope_t *envelope, json_object *body)
{
    rc_call_t *call = apr_pcalloc(envelope->pool, sizeof(*call));
    json_object *method, *args;
    const char *name;

    call->key = rc_request_key(body, envelope->request);
    if (!call->key)
        return refuse_request(envelope, NULL,
                              "Incorrect JSON data. Missing 'api_key or auth_token'");
    if (!json_object_object_get_ex(body, "method", &method))
        return refuse_request(envelope, NULL, "Incorrect JSON data. Missing 'method'");
    if (!json_object_object_get_ex(body, "args", &args))
        return refuse_request(envelope, NULL, "Incorrect JSON data. Missing 'args'");
    name = rc_value_text(method, envelope->pool);
    if (!name && !(name = json_object_to_json_string(method)))
        return rc_err_internal(envelope->pool, APR_ENOMEM, "cannot hold the method's name");
    if (!(call->method = rc_method_find(name, envelope->old)))
        return refuse_request(envelope, call->key,
                              apr_psprintf(envelope->pool, "No such method: %s", name));
    call->env = envelope->env;
    call->request = envelope->request;
    call->pool = envelope->pool;
    call->old = envelope->old;
    call->args_sent = json_object_is_type(args, json_type_object) ? args : NULL;
    return serve_call(envelope, call);
}

/* Never shows the body, because it contains the key (contract 00 §3.1). */
static rc_err_t *answer_parse_error(const envelope_t *envelope, const rc_json_scan_t *scan)
{
    const rc_api_request_t *request = envelope->request;
    const char *kind = rc_body_kind(request->body, request->len);
    const char *what = scan->what;

    if (kind)
        what = apr_psprintf(envelope->pool, "%s, but the body is %s", what, kind);
    return refuse_request(envelope, NULL,
                          apr_psprintf(envelope->pool,
                                       "JSON parse error ERR:%s: line %d column %d (char "
                                       "%" APR_SIZE_T_FMT ") RAW:<%" APR_SIZE_T_FMT " bytes>",
                                       what, scan->line, scan->column, scan->offset, request->len));
}

static rc_err_t *serve_body(envelope_t *envelope)
{
    const rc_api_request_t *request = envelope->request;
    apr_size_t mark = rc_body_mark(request->body, request->len);
    const char *text = request->body + mark;
    apr_size_t len = request->len - mark;
    json_object *body = NULL; /* one that is not an object is served as one without keys */
    rc_json_scan_t scan;
    rc_err_t *err;

    if (!rc_json_scan(&scan, text, len, &rc_json_of_clients))
        return rc_rpc2_looks_so(text, len) ? rc_rpc2_parse_error(envelope->spool, &scan)
                                           : answer_parse_error(envelope, &scan);
    if (scan.id)
        envelope->id = rc_json_compact(scan.id, scan.id_len, envelope->pool);
    if ((err = rc_json_read(&body, text, len, RC_JSON_PLAIN, envelope->pool))) {
        rc_log(RC_LOG_ERR, err->cause, "%s", rc_err_log_text(err, envelope->pool));
        return answer_error(envelope, RC_MSG_INTERNAL);
    }
    if (rc_rpc2_claims(body))
        return rc_rpc2_serve(envelope->spool, envelope->env, request, body, envelope->id,
                             envelope->pool);
    envelope->old = !scan.id && json_object_is_type(body, json_type_object);
    return serve_object(envelope, body);
}

rc_err_t *rc_api_serve(rc_spool_t *out, rc_env_t *env, const rc_api_request_t *request,
                       apr_pool_t *pool)
{
    envelope_t envelope = {out, env, request, pool, false, "null"};

    if (strcmp(request->http_method, "POST") && strcmp(request->http_method, "GET"))
        return refuse_request(&envelope, NULL,
                              apr_psprintf(pool,
                                           "unsupported request method \"%s\". Please use POST",
                                           request->http_method));
    if (request->too_large)
        return refuse_request(&envelope, NULL,
                              apr_psprintf(pool,
                                           "Request body is larger than %" APR_SIZE_T_FMT " bytes",
                                           request->too_large));
    if (!request->body)
        return refuse_request(&envelope, NULL, "Empty body, No Content-Length in request");
    if (!request->len)
        return refuse_request(&envelope, NULL, "Content-Length is 0");
    return serve_body(&envelope);
}

rc_err_t *rc_api_call_local(rc_spool_t *out, rc_env_t *env, const char *method, const char *args,
                            apr_pool_t *pool)
{
    rc_api_request_t request = {.http_method = "POST",
                                .client_ip = "127.0.0.1",
                                .base_url = "",
                                .level = RC_API_LEVEL,
                                .actor = RC_LOCAL_ACTOR};
    envelope_t envelope = {out, env, &request, pool, false, "1"};
    rc_call_t *call = apr_pcalloc(pool, sizeof(*call));
    rc_json_scan_t scan;

    if (!(call->method = rc_method_find(method, false)))
        return answer_error(&envelope, apr_psprintf(pool, "No such method: %s", method));
    if (!rc_json_scan(&scan, args, strlen(args), &rc_json_of_clients))
        return answer_error(&envelope, "JSON parse error in the arguments");
    RC_TRY(rc_json_read(&call->args_sent, args, strlen(args), RC_JSON_PLAIN, pool));
    call->env = env;
    call->request = &request;
    call->pool = pool;
    return serve_call(&envelope, call);
}
