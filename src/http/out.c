// SPDX-License-Identifier: Apache-2.0
/*
 * Sends a complete answer: text in memory, or a file that the event MPM can send without a thread,
 * or one in the middle of a text. httpd handles length, ranges and HEAD.
 */
#include "wire.h"

#include <poll.h>
#include <sched.h>

#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include <apr_atomic.h>
#include <apr_buckets.h>
#include <apr_lib.h>
#include <apr_portable.h>
#include <apr_strings.h>

#define HELD  4096 /* bytes in memory that httpd sends at once */
#define TRIAL 16
#define LUCK  8

/* Returns whether the client has asked again. */
static bool has_asked(conn_rec *c)
{
    struct pollfd at = {.fd = rc_http_client_fd(c), .events = POLLIN};

    return poll(&at, 1, 0) > 0;
}

/*
 * Lets a client on this machine, such as a balancer, read its answer and ask again: it may need the
 * processor of this thread. Else httpd finds no request, and gives the connection to the listener,
 * which gives it to another thread: six system calls and two switches more. A client with many
 * connections may ask on another one; then it costs two switches for nothing. So one answer in
 * TRIAL is a trial, and the others follow what came of the last trials.
 */
static void let_client_ask(conn_rec *c)
{
    static apr_uint32_t answers, luck; /* of this process, 0 to LUCK */
    apr_uint32_t now = apr_atomic_read32(&luck);
    bool trial;

    if (!rc_http_is_local(c))
        return;
    trial = apr_atomic_inc32(&answers) % TRIAL == 0;
    if (!trial && now < LUCK / 2)
        return;
    sched_yield();
    if (trial && has_asked(c))
        apr_atomic_set32(&luck, now < LUCK ? now + 1 : LUCK);
    else if (trial)
        apr_atomic_set32(&luck, now ? now - 1 : 0);
}

/*
 * Sends @a bb with EOS; returns the handler's status. httpd would hold a short answer until it has
 * looked for the client's next request, which cannot be there yet: the connection would go to the
 * listener and to another thread. A fast client's next request is there after an answer that leaves
 * at once, as files do.
 */
static int pass(request_rec *r, apr_bucket_brigade *bb, apr_off_t length)
{
    conn_rec *c = r->connection;
    apr_status_t rv;

    ap_set_content_length(r, length);
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(c->bucket_alloc));
    rv = rc_http_pass(r, bb);
    apr_brigade_cleanup(bb);
    if (rv == APR_SUCCESS && length < HELD && c->data_in_output_filters && !c->master) {
        rv = rc_http_push(c);
        let_client_ask(c);
    }
    if (rv == APR_SUCCESS || rv == AP_FILTER_ERROR)
        return rv == APR_SUCCESS ? OK : AP_FILTER_ERROR; /* a filter has sent an answer */
    ap_log_rerror(APLOG_MARK, c->aborted ? APLOG_DEBUG : APLOG_INFO, rv, r,
                  RCLOGNO(0040) "cannot send the answer");
    c->keepalive = AP_CONN_CLOSE;
    return OK; /* headers may be sent already: no second answer */
}

/*
 * Inserts FILE buckets with sendfile, unless "EnableSendfile Off" is set. Only with sendfile can
 * httpd send to a slow reader without a thread: bytes that it reads or maps count as memory, and
 * beyond 64 KiB of them it holds the thread. The file is local, so sendfile is safe. (mapped.c
 * sends the first bytes of it to a client that takes them at once.)
 */
rc_err_t *rc_http_insert_file(apr_bucket_brigade *bb, apr_file_t *file, apr_off_t start,
                              apr_off_t size, request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    apr_int32_t flags = APR_FOPEN_READ | APR_FOPEN_BINARY;
    apr_os_file_t fd;
    apr_status_t rv;

    if (core->enable_sendfile != ENABLE_SENDFILE_OFF)
        flags |= APR_FOPEN_SENDFILE_ENABLED;
    /* a second apr_file_t for the descriptor, which its spool closes */
    if ((rv = apr_os_file_get(&fd, file)) || (rv = apr_os_file_put(&file, &fd, flags, r->pool)))
        return rc_err_internal(r->pool, rv, "cannot use a temporary file");
    apr_brigade_insert_file(bb, file, start, size, r->pool);
    return NULL;
}

/* Sets one header; WWW-Authenticate in the same table as httpd's modules. */
static void set_header(request_rec *r, const char *name, const char *value)
{
    if (rc_http_is_header(name, "Vary"))
        apr_table_mergen(r->headers_out, name, value);
    else if (rc_http_is_header(name, "WWW-Authenticate"))
        apr_table_setn(r->err_headers_out, name, value);
    else
        apr_table_setn(r->headers_out, name, value);
}

/* Returns the status line with the reason of the face, whose characters all clients take. */
static char *status_line(const request_rec *r, const rc_answer_t *answer)
{
    char *line = apr_psprintf(r->pool, "%d %s", answer->status, answer->reason), *p;

    for (p = line; *p; p++)
        if (!apr_isascii(*p) || apr_iscntrl(*p))
            *p = '?';
    return line;
}

void rc_http_set_headers(request_rec *r, rc_answer_t *answer)
{
    const apr_array_header_t *rows = apr_table_elts(answer->headers);
    int i;

    if (answer->status != HTTP_OK) { /* else keep httpd's status, for example of an ErrorDocument */
        r->status = answer->status;
        r->status_line = answer->reason ? status_line(r, answer) : NULL;
    }
    for (i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        set_header(r, row->key, row->val);
    }
    apr_table_clear(answer->headers);
    if (answer->type)
        ap_set_content_type(r, apr_pstrdup(r->pool, answer->type));
    if (answer->ranges)
        ap_set_accept_ranges(r);
    if (answer->packed) { /* read by mod_deflate and mod_brotli */
        apr_table_setn(r->subprocess_env, "no-gzip", "1");
        apr_table_setn(r->subprocess_env, "no-brotli", "1");
    }
}

/* Returns the default text of a refusal. */
static const char *default_text(int status)
{
    switch (status) {
    case HTTP_BAD_REQUEST:
        return "Bad Request";
    case HTTP_UNAUTHORIZED:
        return "Unauthorized";
    case HTTP_FORBIDDEN:
        return "Forbidden";
    case HTTP_NOT_FOUND:
        return "Not Found";
    case HTTP_METHOD_NOT_ALLOWED:
        return "Method Not Allowed";
    case HTTP_PRECONDITION_FAILED:
        return "Precondition Failed";
    case HTTP_REQUEST_ENTITY_TOO_LARGE:
        return "Too Large";
    case HTTP_REQUEST_TIME_OUT:
        return "Request Timeout";
    case HTTP_UNSUPPORTED_MEDIA_TYPE:
        return "Unsupported Media Type";
    case HTTP_SERVICE_UNAVAILABLE:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

/* Sets the headers of a refusal; they do not depend on what exists. */
static void set_refusal_headers(request_rec *r, int status)
{
    const rc_env_config_t *set = rc_http_settings(r, RC_GROUP_SERVER);
    const char *title = set->site_title && *set->site_title ? set->site_title : "rcapi";
    const char *const *pair;

    for (pair = rc_answer_sandbox; *pair; pair += 2)
        apr_table_setn(r->headers_out, pair[0], pair[1]);
    apr_table_setn(r->headers_out, "Cache-Control", "private, no-cache");
    apr_table_setn(r->headers_out, "Pragma", "no-cache");
    if (status == HTTP_UNAUTHORIZED)
        apr_table_setn(
            r->err_headers_out, "WWW-Authenticate",
            apr_psprintf(r->pool, "Bearer realm=\"%s\"", ap_escape_quotes(r->pool, title)));
    else if (status == HTTP_METHOD_NOT_ALLOWED)
        apr_table_setn(r->headers_out, "Allow", "GET, HEAD");
    else if (status == HTTP_SERVICE_UNAVAILABLE)
        apr_table_setn(r->headers_out, "Retry-After", "3");
}

int rc_http_send_refusal(request_rec *r, rc_answer_t *answer)
{
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    const char *text = answer->text ? answer->text : default_text(answer->status);
    const char *id = rc_http_request_id(r);
    apr_size_t len;

    if (id && answer->status == HTTP_INTERNAL_SERVER_ERROR)
        text = apr_psprintf(r->pool, "%s (request %s)", text, id);
    len = strlen(text);
    apr_table_clear(r->headers_out);
    set_refusal_headers(r, answer->status);
    answer->type = "text/plain; charset=utf-8";
    rc_http_set_headers(r, answer);
    APR_BRIGADE_INSERT_TAIL(
        bb, apr_bucket_pool_create(text, len, r->pool, r->connection->bucket_alloc));
    return pass(r, bb, (apr_off_t)len);
}

/* Inserts the content of @a spool as buckets, and the end of it. */
static rc_err_t *insert_spool(apr_bucket_brigade *bb, rc_spool_t *spool, request_rec *r)
{
    rc_spool_part_t parts[RC_SPOOL_PARTS];
    int i;

    RC_TRY(rc_spool_parts(parts, spool));
    for (i = 0; i < RC_SPOOL_PARTS; i++)
        if (parts[i].file && parts[i].size)
            RC_TRY(rc_http_insert_file(bb, parts[i].file, 0, parts[i].size, r));
        else if (parts[i].size)
            APR_BRIGADE_INSERT_TAIL(bb,
                                    apr_bucket_pool_create(parts[i].data, (apr_size_t)parts[i].size,
                                                           r->pool, r->connection->bucket_alloc));
    return NULL;
}

int rc_http_send_spool(request_rec *r, rc_answer_t *answer)
{
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_off_t size = rc_spool_size(answer->spool);
    rc_err_t *err = insert_spool(bb, answer->spool, r);

    if (err) {
        apr_brigade_cleanup(bb);
        rc_http_log_err(r, err);
        rc_answer_refuse(answer, HTTP_INTERNAL_SERVER_ERROR, NULL, NULL);
        return rc_http_send_refusal(r, answer);
    }
    return pass(r, bb, size);
}

int rc_http_send_unchanged(request_rec *r)
{
    r->status = HTTP_NOT_MODIFIED;
    return pass(r, apr_brigade_create(r->pool, r->connection->bucket_alloc), 0);
}

int rc_http_send_head(request_rec *r, apr_off_t length)
{
    apr_table_unset(r->headers_in, "Range"); /* it has no meaning for HEAD, and there is no body */
    return pass(r, apr_brigade_create(r->pool, r->connection->bucket_alloc), length);
}
