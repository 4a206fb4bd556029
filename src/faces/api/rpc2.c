// SPDX-License-Identifier: Apache-2.0
/*
 * Serves requests of JSON-RPC 2.0: single ones, notifications and batches (contract 10 §5, §6).
 */
#include "rpc2.h"

#include <string.h>

#include <apr_strings.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "dispatch.h"
#include "openrpc.h"
#include "reason.h"

#define MOST_REQUESTS 100 /* of a batch */

#define MARK "\"jsonrpc\""

/* The codes of errors. */
enum {
    PARSE_ERROR = -32700,
    NO_REQUEST = -32600,
    NO_METHOD = -32601,
    BAD_ARGUMENT = -32602,
    INTERNAL_ERROR = -32603,
    OTHER_ERROR = -32000,
    INVALID_KEY = -32001,
    NO_ACCESS = -32003
};

/* What the requests of a body share: the work that the answer may cost, and the caller. */
typedef struct batch_t {
    rc_env_t *env;
    const rc_api_request_t *request;
    rc_work_t work;
    rc_known_t known;
    bool several; /* an array of them */
} batch_t;

/* One request and its answer. */
typedef struct exchange_t {
    batch_t *batch;
    rc_spool_t *spool;
    apr_pool_t *pool;
    const char *id; /* JSON text; NULL: a notification, which is not answered */
} exchange_t;

/* --- answers --- */

static void begin_response(rc_json_t *json, rc_spool_t *spool, const char *id)
{
    rc_json_init(json, spool);
    rc_json_object_begin(json);
    rc_json_member_string(json, "jsonrpc", "2.0");
    rc_json_key(json, "id");
    rc_json_raw(json, id, strlen(id));
}

static rc_err_t *write_error(rc_spool_t *spool, const char *id, int code, const char *text,
                             const char *reason)
{
    rc_json_t json;

    RC_TRY(rc_spool_reset(spool));
    begin_response(&json, spool, id);
    rc_json_key(&json, "error");
    rc_json_object_begin(&json);
    rc_json_member_int(&json, "code", code);
    rc_json_member_string(&json, "message", text);
    if (reason) {
        rc_json_key(&json, "data");
        rc_json_object_begin(&json);
        rc_json_member_string(&json, "reason", reason);
        rc_json_object_end(&json);
    }
    rc_json_object_end(&json);
    rc_json_object_end(&json);
    return rc_json_finish(&json);
}

/* A notification gets no answer, whatever became of it. */
static rc_err_t *answer_failure(const exchange_t *x, int code, const char *text, const char *reason)
{
    return x->id ? write_error(x->spool, x->id, code, text, reason) : rc_spool_reset(x->spool);
}

/* Refuses a request before its method runs. */
static rc_err_t *refuse_request(const exchange_t *x, const char *key, int code, const char *text)
{
    rc_log_refused_call(text, key, x->pool);
    return answer_failure(x, code, text, NULL);
}

/* A request that is none has no id that one could trust. */
static rc_err_t *refuse_form(const exchange_t *x, const char *text)
{
    const exchange_t nameless = {x->batch, x->spool, x->pool, "null"};

    return refuse_request(&nameless, NULL, NO_REQUEST, text);
}

static int code_of(const rc_call_t *call, const rc_err_t *err)
{
    if (err->kind == RC_E_FORBIDDEN)
        return NO_ACCESS;
    if (err->kind == RC_E_INTERNAL || rc_call_is_away(call, err))
        return INTERNAL_ERROR;
    switch (call->fault) {
    case RC_FAULT_KEY:
        return INVALID_KEY;
    case RC_FAULT_ACCESS:
        return NO_ACCESS;
    case RC_FAULT_ARGUMENT:
        return BAD_ARGUMENT;
    default:
        return OTHER_ERROR;
    }
}

/* --- one request --- */

/* Runs the call with the work and the caller of the batch. It does not begin when the time of the
 * whole answer is over, or the client has gone. */
static rc_err_t *run(rc_call_t *call, rc_json_t *out, batch_t *batch)
{
    rc_err_t *err;

    RC_TRY(rc_work_look(&batch->work, call->pool));
    rc_call_begin(call);
    call->actor.work = batch->work;
    call->known = &batch->known;
    err = rc_dispatch(call, out);
    batch->work = call->actor.work;
    if (call->method->flags & RC_ALONE)
        batch->known.key = NULL; /* what it changed may be the rights of the caller */
    return err;
}

/* Answers a request that may be repeated, and returns @a err, for the status. */
static rc_err_t *answer_away(const exchange_t *x, rc_err_t *err)
{
    RC_TRY(write_error(x->spool, x->id ? x->id : "null", INTERNAL_ERROR, RC_MSG_INTERNAL, NULL));
    RC_TRY(rc_spool_puts(x->spool, "\n"));
    return err;
}

/* Not all of a batch may be repeated: there the error stands in its place. */
static rc_err_t *run_call(const exchange_t *x, rc_call_t *call)
{
    rc_json_t json;
    rc_err_t *err;

    begin_response(&json, x->spool, x->id ? x->id : "null");
    rc_json_key(&json, "result");
    err = run(call, &json, x->batch);
    if (err && !x->batch->several && rc_call_is_away(call, err))
        return answer_away(x, err);
    if (err)
        return answer_failure(x, code_of(call, err), rc_call_error_text(call, err),
                              rc_call_reason(call, err));
    if (!x->id)
        return rc_spool_reset(x->spool);
    rc_json_object_end(&json);
    return rc_json_finish(&json);
}

static void put_object(void *object)
{
    json_object_put(object);
}

/* Returns the arguments by name; NULL when there are more than parameters. */
static json_object *name_arguments(const rc_method_t *method, json_object *array, apr_pool_t *pool)
{
    json_object *named = json_object_new_object();
    const rc_param_t *param = method->params;
    size_t i, count = json_object_array_length(array);

    rc_cleanup(pool, named, put_object);
    for (i = 0; i < count && param->id; i++, param++)
        json_object_object_add(named, rc_param_name(param->id),
                               json_object_get(json_object_array_get_idx(array, i)));
    return i == count ? named : NULL;
}

/* Answers with the description of all methods, which takes no key. */
static rc_err_t *discover(const exchange_t *x)
{
    rc_json_t json;

    if (!x->id)
        return NULL;
    begin_response(&json, x->spool, x->id);
    rc_json_key(&json, "result");
    RC_TRY(rc_openrpc_write(&json, x->batch->request->base_url, x->pool));
    rc_json_object_end(&json);
    return rc_json_finish(&json);
}

static rc_err_t *serve_method(const exchange_t *x, json_object *body, json_object *params)
{
    rc_call_t *call = apr_pcalloc(x->pool, sizeof(*call));
    const char *name = json_object_get_string(json_object_object_get(body, "method"));

    if (!strcmp(name, RC_DISCOVER))
        return discover(x);
    call->key = rc_request_key(body, x->batch->request);
    if (!call->key)
        return refuse_request(x, NULL, INVALID_KEY,
                              "Incorrect JSON data. Missing 'api_key or auth_token'");
    if (!(call->method = rc_method_find(name, false)))
        return refuse_request(x, call->key, NO_METHOD,
                              apr_psprintf(x->pool, "No such method: %s", name));
    call->args_sent = json_object_is_type(params, json_type_array)
                          ? name_arguments(call->method, params, x->pool)
                          : params;
    if (params && !call->args_sent)
        return refuse_request(x, call->key, BAD_ARGUMENT, "more arguments than parameters");
    call->env = x->batch->env;
    call->request = x->batch->request;
    call->pool = x->pool;
    return run_call(x, call);
}

static bool is_version_2(json_object *body)
{
    json_object *version;

    return json_object_object_get_ex(body, "jsonrpc", &version) &&
           json_object_is_type(version, json_type_string) &&
           !strcmp(json_object_get_string(version), "2.0");
}

static bool is_id(json_object *id)
{
    return !id || json_object_is_type(id, json_type_string) ||
           json_object_is_type(id, json_type_int) || json_object_is_type(id, json_type_double);
}

/* Serves the request @a body; x->id is the text of its id, if it has one. */
static rc_err_t *serve_request(exchange_t *x, json_object *body)
{
    json_object *value = NULL, *params = NULL;

    if (!json_object_is_type(body, json_type_object))
        return refuse_form(x, "a request is an object");
    if (!is_version_2(body))
        return refuse_form(x, "jsonrpc is not \"2.0\"");
    if (!json_object_object_get_ex(body, "id", &value))
        x->id = NULL;
    else if (!is_id(value))
        return refuse_form(x, "id is neither a string nor a number nor null");
    if (!json_object_object_get_ex(body, "method", &value) ||
        !json_object_is_type(value, json_type_string))
        return refuse_form(x, "method is not a string");
    if (json_object_object_get_ex(body, "params", &params) &&
        !json_object_is_type(params, json_type_object) &&
        !json_object_is_type(params, json_type_array))
        return refuse_form(x, "params are neither an object nor an array");
    return serve_method(x, body, params);
}

/* --- batches --- */

static const char *id_text(json_object *body, apr_pool_t *pool)
{
    json_object *id;

    if (!json_object_is_type(body, json_type_object) ||
        !json_object_object_get_ex(body, "id", &id) || !is_id(id))
        return "null";
    return apr_pstrdup(pool, json_object_to_json_string_ext(
                                 id, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* Serves a request of a batch into a spool of its own, and appends that to the answer. */
static rc_err_t *serve_one(rc_spool_t *out, bool *first, batch_t *batch, json_object *body,
                           apr_pool_t *pool)
{
    exchange_t x = {batch, rc_spool_beside(out, pool), pool, id_text(body, pool)};
    rc_err_t *err = serve_request(&x, body);

    if (err || !rc_spool_size(x.spool))
        return err;
    RC_TRY(rc_spool_puts(out, *first ? "[" : ","));
    *first = false;
    return rc_spool_append(out, x.spool);
}

static rc_err_t *serve_all(rc_spool_t *out, batch_t *batch, json_object *array, apr_pool_t *pool)
{
    size_t i, count = json_object_array_length(array);
    bool first = true;
    apr_pool_t *own;
    rc_err_t *err = NULL;

    for (i = 0; i < count && !err; i++) {
        apr_pool_create(&own, pool);
        err = serve_one(out, &first, batch, json_object_array_get_idx(array, i), own);
        err = rc_err_copy(err, pool);
        apr_pool_destroy(own);
    }
    if (err && err->msg) { /* there is no room for all answers together */
        RC_TRY(write_error(out, "null", OTHER_ERROR, err->msg, NULL));
        return rc_spool_puts(out, "\n");
    }
    RC_TRY(err);
    return first ? NULL : rc_spool_puts(out, "]\n");
}

static rc_err_t *serve_batch(rc_spool_t *out, batch_t *batch, json_object *array, apr_pool_t *pool)
{
    size_t count = json_object_array_length(array);
    exchange_t x = {batch, out, pool, "null"};

    if (count && count <= MOST_REQUESTS)
        return serve_all(out, batch, array, pool);
    RC_TRY(refuse_form(&x, count ? "a batch has at most 100 requests" : "a batch has no request"));
    return rc_spool_puts(out, "\n");
}

rc_err_t *rc_rpc2_serve(rc_spool_t *out, rc_env_t *env, const rc_api_request_t *request,
                        json_object *body, const char *id, apr_pool_t *pool)
{
    batch_t batch = {.env = env,
                     .request = request,
                     .known = {.pool = pool},
                     .several = json_object_is_type(body, json_type_array)};
    exchange_t x = {&batch, out, pool, id};

    rc_spool_set_limit(out, env->config->range_bytes);
    rc_env_work_begin(&batch.work, env, request->gone, request->gone_baton, pool);
    if (batch.several)
        return serve_batch(out, &batch, body, pool);
    RC_TRY(serve_request(&x, body));
    return rc_spool_size(out) ? rc_spool_puts(out, "\n") : NULL;
}

/* --- recognition --- */

bool rc_rpc2_claims(json_object *body)
{
    return json_object_is_type(body, json_type_array) ||
           (json_object_is_type(body, json_type_object) && is_version_2(body));
}

bool rc_rpc2_looks_so(const char *text, apr_size_t len)
{
    apr_size_t i = 0, size = strlen(MARK);

    while (i < len && strchr(" \t\r\n", text[i]) && text[i])
        i++;
    if (i < len && text[i] == '[')
        return true;
    for (; i + size <= len; i++)
        if (text[i] == '"' && !memcmp(text + i, MARK, size))
            return true;
    return false;
}

rc_err_t *rc_rpc2_parse_error(rc_spool_t *out, const rc_json_scan_t *scan)
{
    char text[200];

    apr_snprintf(text, sizeof(text), "%s: line %d column %d", scan->what, scan->line, scan->column);
    rc_log(RC_LOG_INFO, APR_SUCCESS, "call refused: %s", text);
    RC_TRY(write_error(out, "null", PARSE_ERROR, text, NULL));
    return rc_spool_puts(out, "\n");
}
