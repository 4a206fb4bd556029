// SPDX-License-Identifier: Apache-2.0
/*
 * Connects the API with the server: its row in the table of faces. The API has one URL; the body of
 * a request is one call. The key in the body identifies the caller, so the row has no decide.
 */
#include "faces/api.h"

#include <string.h>

#include <apr_strings.h>

#include "base/hex.h"
#include "base/secret.h"
#include "faces/face.h"
#include "openrpc.h"

#define DOCUMENT "/_admin/api/openrpc.json"
#define ETAG     10 /* bytes of the digest in the ETag of the document */

static const char *const headers[] = {"X-Content-Type-Options", "nosniff", "Cache-Control",
                                      "no-store", NULL};

static const char *const document_headers[] = {"X-Content-Type-Options", "nosniff", "Cache-Control",
                                               "no-cache", NULL};

typedef struct settings_t {
    const char *level;
    apr_off_t max_body;
} settings_t;

static const settings_t defaults = {.level = RC_API_LEVEL, .max_body = 1 << 20};

static const rc_directive_t rows[] = {
    {"RcapiApiLevel", "the version that get_server_info returns (default 3.0.0)", RC_SERVER,
     RC_STRING(settings_t, level)},
    {"RcapiMaxRequestBody", "largest request body of the API in bytes (default 1M)", RC_PLACE,
     RC_SIZE(settings_t, max_body, 1, 1 << 30)},
};

static const rc_directives_t directives = RC_DIRECTIVES(rows, defaults);

/* What the URL is, and what a refusal says. */
typedef struct of_url_t {
    bool document;
    const char *refusal; /* NULL: the same for all */
} of_url_t;

static bool claims(void **state, const rc_request_t *request)
{
    const char *path = request->decoded;
    bool document = !strcmp(path, DOCUMENT);
    of_url_t *own;

    if (!document && strcmp(path, "/_admin/api") && strcmp(path, "/_admin/api/"))
        return false;
    own = apr_pcalloc(request->pool, sizeof(*own));
    own->document = document;
    *state = own;
    return true;
}

static void describe(rc_answer_t *answer)
{
    answer->type = "application/json";
    rc_answer_headers(answer, headers);
}

/* Reads the body of a method that has one. */
static rc_err_t *read_body(rc_api_request_t *call, const rc_request_t *request, apr_off_t most)
{
    rc_body_state_t state;

    if (strcmp(request->method, "POST") && strcmp(request->method, "GET"))
        return NULL;
    rc_body_set_limit(request->body, most);
    state = rc_body_whole(&call->body, &call->len, request->body, request->pool);
    if (state == RC_BODY_TOO_LARGE)
        call->too_large = (apr_size_t)most;
    return state == RC_BODY_END || state == RC_BODY_TOO_LARGE ? NULL
                                                              : rc_body_error(state, request->pool);
}

/* Answers with the OpenRPC document. Its ETag is made of its text. */
static rc_err_t *serve_document(rc_answer_t *answer, const rc_request_t *request)
{
    unsigned char digest[RC_DIGEST_SIZE];
    const char *text;
    rc_json_t json;

    if (!request->readonly)
        return rc_answer_refuse(answer, 405, NULL, "not a method of this URL");
    answer->type = "application/json";
    rc_answer_headers(answer, document_headers);
    rc_json_init(&json, answer->spool);
    RC_TRY(rc_openrpc_write(&json, request->base_url, request->pool));
    RC_TRY(rc_spool_puts(answer->spool, "\n"));
    RC_TRY(rc_spool_string(&text, answer->spool, request->pool));
    rc_key_digest(digest, text);
    answer->etag = rc_hex_text(digest, ETAG, request->pool);
    answer->conditional = true;
    return NULL;
}

static rc_err_t *serve(rc_answer_t *answer, const rc_request_t *request)
{
    const settings_t *settings = request->settings;
    of_url_t *state = answer->state;
    rc_api_request_t call = {.http_method = request->method,
                             .header_key = request->header_key,
                             .client_ip = request->client_ip,
                             .base_url = request->base_url,
                             .level = settings->level,
                             .gone = request->gone,
                             .gone_baton = request->server};
    rc_err_t *err;

    if (state->document)
        return serve_document(answer, request);
    describe(answer);
    RC_TRY(read_body(&call, request, settings->max_body));
    err = rc_api_serve(answer->spool, request->env, &call, request->pool);
    if (err && err->kind == RC_E_BUSY && !err->msg)
        RC_TRY(rc_spool_string(&state->refusal, answer->spool, answer->pool));
    RC_TRY(err);
    if (!rc_spool_size(answer->spool)) { /* nothing but notifications */
        answer->status = 204;
        answer->type = NULL;
    }
    return NULL;
}

/* Answers when the API is not available or fails: the only case in which its status is not 200. */
static rc_err_t *refuse(rc_answer_t *answer, const rc_request_t *request)
{
    const of_url_t *state = answer->state;

    (void)request;
    if (state->document) {
        rc_answer_header(answer, "Allow", "GET, HEAD");
        return NULL;
    }
    describe(answer);
    if (answer->status == 503)
        rc_answer_header(answer, "Retry-After", "3");
    return rc_spool_puts(answer->spool, state->refusal ? state->refusal
                                                       : "{\"id\":null,\"result\":null,"
                                                         "\"error\":\"Internal server error\"}\n");
}

const rc_face_t rc_face_api = {
    .name = "api",
    .reads_body = true,
    .directives = &directives,
    .claims = claims,
    .serve = serve,
    .refuse = refuse,
    .check = rc_api_check_table,
};
