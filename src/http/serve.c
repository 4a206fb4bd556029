// SPDX-License-Identifier: Apache-2.0
/*
 * The handler: one API call, or one view. What is needed to make an answer (database connection,
 * repository handle, request body) lives in a pool that ends before the answer is sent, so that
 * slow readers hold none of it.
 */
#include "http.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include <apr_strings.h>

#include "faces/api.h"
#include "base/time.h"

/* The API layer is not there, or broke down: the one case in which its status is not 200. */
static void write_failure(request_rec *r, rc_spool_t *spool, int status)
{
    rc_err_t *err = rc_spool_reset(spool);

    if (!err)
        err = rc_spool_puts(spool, "{\"id\":null,\"result\":null,"
                                   "\"error\":\"Internal server error\"}\n");
    if (err)
        rc_http_log_err(r, err);
    r->status = status;
}

static int call_api(request_rec *r, rc_env_t *env, rc_spool_t *spool, apr_pool_t *work)
{
    const rc_note_t *note = rc_http_note(r);
    apr_size_t limit = rc_http_max_body(rc_http_dir_conf(r));
    rc_rpc_request_t request = {0};
    rc_body_t body = {0};
    rc_err_t *err;
    int status;

    if (r->method_number != M_POST && r->method_number != M_GET)
        rc_http_skip_body(r);
    else if ((status = rc_http_read_body(&body, r, limit, work)) != OK)
        return status;
    request.http_method = r->method;
    request.body = body.data;
    request.len = body.len;
    request.too_large = body.too_large ? limit : 0;
    request.header_key = note->header_key;
    request.client_ip = r->useragent_ip;
    request.base_url = rc_http_base_url(r, work);
    request.gone = rc_http_client_gone;
    request.gone_baton = r;
    rc_http_log_request(r);
    err = rc_rpc_serve(spool, env, &request, work);
    rc_http_log_request(NULL);
    if (err) {
        rc_http_log_err(r, err);
        write_failure(r, spool, HTTP_INTERNAL_SERVER_ERROR);
    }
    return OK;
}

static int serve_api(request_rec *r)
{
    rc_env_t *env = rc_http_env(r);
    rc_spool_t *spool = rc_spool_create(env ? env->config->temp_dir : "/", r->pool);
    apr_pool_t *work;
    int status = OK;

    if (env) {
        apr_pool_create(&work, r->pool);
        apr_pool_tag(work, "rcapi call");
        status = call_api(r, env, spool, work);
        apr_pool_destroy(work);
    } else {
        write_failure(r, spool, HTTP_SERVICE_UNAVAILABLE);
    }
    if (status != OK)
        return status;
    ap_set_content_type(r, "application/json");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    return rc_http_send_spool(r, spool);
}

/*
 * mod_deflate and mod_brotli add "-gzip" and "-br" to the ETag of what they compress, but do not
 * take them off when a client sends it back: that would be a 200 for ever.
 */
static void accept_compressed(request_rec *r, const char *etag)
{
    static const char *const suffixes[] = {"-gzip\"", "-br\""};
    const char *sent = apr_table_get(r->headers_in, "If-None-Match"), *found;
    apr_size_t len = strlen(etag), i;

    if (!sent || !(found = strstr(sent, etag)))
        return;
    for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
        if (!strncmp(found + len, suffixes[i], strlen(suffixes[i]))) {
            const char *head = apr_pstrmemdup(r->pool, sent, (apr_size_t)(found - sent) + len);

            apr_table_setn(r->headers_in, "If-None-Match",
                           apr_pstrcat(r->pool, head, found + len + strlen(suffixes[i]) - 1, NULL));
            return;
        }
}

/* Validators and what else the URL alone decides; known before any content is read. */
static void set_view_headers(request_rec *r, const rc_web_call_t *call)
{
    bool keep = call->immutable && call->caller && !call->caller->anonymous;

    rc_http_set_safety_headers(r);
    apr_table_setn(r->headers_out, "Cache-Control",
                   keep ? "private, max-age=31536000, immutable" : "private, no-cache");
    if (keep) /* in a browser's cache it is not for whoever logs in there next */
        apr_table_mergen(r->headers_out, "Vary", "Authorization, X-Api-Key");
    ap_set_accept_ranges(r);
    if (call->etag) {
        apr_table_setn(r->headers_out, "ETag", apr_pstrcat(r->pool, "\"", call->etag, "\"", NULL));
        accept_compressed(r, call->etag);
    }
    if (call->last_modified) {
        ap_update_mtime(r, rc_time_from_sec(call->last_modified));
        ap_set_last_modified(r);
    } else { /* else httpd compares with now (RFC 9110 13.1.3: without a date, ignore them) */
        apr_table_unset(r->headers_in, "If-Modified-Since");
        apr_table_unset(r->headers_in, "If-Unmodified-Since");
    }
}

/* What the content may decide. */
static void set_content_headers(request_rec *r, const rc_web_call_t *call)
{
    if (call->content_type)
        ap_set_content_type(r, apr_pstrdup(r->pool, call->content_type));
    if (!call->etag) /* what came out is not what it stands for */
        apr_table_unset(r->headers_out, "ETag");
    if (!call->disposition)
        return;
    apr_table_set(r->headers_out, "Content-Disposition", call->disposition);
    if (!strncmp(call->disposition, "attachment", 10)) /* no other site's pages may use it */
        apr_table_setn(r->headers_out, "Cross-Origin-Resource-Policy", "same-origin");
}

/* Makes the answer in @a spool; 200, or the status to answer instead. */
static rc_err_t *make_view(int *status, request_rec *r, rc_web_call_t *call, rc_spool_t *spool)
{
    if ((*status = call->status) != HTTP_OK)
        return NULL;
    RC_TRY(rc_web_prepare(call));
    if ((*status = call->status) != HTTP_OK)
        return NULL;
    set_view_headers(r, call);
    if ((*status = ap_meets_conditions(r)) != OK)
        return NULL;
    RC_TRY(rc_web_write(call, spool));
    set_content_headers(r, call);
    *status = call->status; /* only the content may show that it is too large, say */
    return NULL;
}

static int serve_view(request_rec *r)
{
    rc_note_t *note = rc_http_decide(r);
    const char *message = NULL;
    rc_err_t *err = note->err;
    int status = HTTP_INTERNAL_SERVER_ERROR;
    rc_spool_t *spool = NULL;
    apr_off_t length = -1;

    rc_http_skip_body(r);
    if (!err && note->call) {
        spool = rc_spool_create(note->call->env->config->temp_dir, r->pool);
        rc_http_log_request(r);
        err = make_view(&status, r, note->call, spool);
        rc_http_log_request(NULL);
        message = status == HTTP_OK ? NULL : apr_pstrdup(r->pool, note->call->message);
        length = note->call->length;
    } else if (!err) {
        err = rc_err_internal(r->pool, APR_SUCCESS, "no verdict on this view");
    }
    if (err) {
        rc_http_log_err(r, err);
        status = rc_err_http_status(err->kind);
        /* what broke is for the log */
        message = err->kind == RC_E_LIMIT || err->kind == RC_E_FAILED
                      ? apr_pstrdup(r->pool, err->msg)
                      : NULL;
    } else {
        rc_http_log_refusal(r, note->call);
    }
    rc_http_forget_verdict(note);
    if (status == HTTP_OK)
        return length < 0 ? rc_http_send_spool(r, spool) : rc_http_send_head(r, length);
    return status == HTTP_NOT_MODIFIED ? status : rc_http_send_refusal(r, status, message);
}

int rc_http_handler(request_rec *r)
{
    const char *path;

    if (!r->handler || strcasecmp(r->handler, RC_HANDLER) || !(path = rc_http_path(r)))
        return DECLINED;
    return rc_http_is_api(path) ? serve_api(r) : serve_view(r);
}
