// SPDX-License-Identifier: Apache-2.0
/*
 * The handler: calls the face that claims the URL, and sends its answer. The resources for making
 * an answer (database connection, repository handle, request body) live in a pool that is destroyed
 * before a spool is sent, so that slow clients do not hold them.
 */
#include "measure.h"
#include "parked.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include <apr_strings.h>

#include "base/time.h"
#include "domain/repo.h"

/*
 * mod_deflate and mod_brotli append "-gzip" and "-br" to the ETag of a compressed answer, but do
 * not remove it when the client sends the ETag back. This function does; else the answer would
 * never be 304.
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

/* Whether the only condition is the ETag itself, as nearly all clients send it: what httpd finds
 * out, too, with the parsing that lists, weak tags, dates and ranges need. */
static bool is_unchanged(const request_rec *r)
{
    static const char *const others[] = {"If-Match", "If-Unmodified-Since", "If-Modified-Since",
                                         "Range"};
    const char *sent = apr_table_get(r->headers_in, "If-None-Match");
    const char *etag = apr_table_get(r->headers_out, "ETag");
    apr_size_t i;

    if (!sent || !etag || strcmp(sent, etag) || r->method_number != M_GET || r->no_local_copy ||
        !ap_is_HTTP_SUCCESS(r->status))
        return false;
    for (i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (apr_table_get(r->headers_in, others[i]))
            return false;
    return true;
}

/* Returns OK, or the status of a conditional request that httpd answers without a body. */
static int check_conditions(request_rec *r, const rc_answer_t *answer)
{
    if (answer->etag) {
        apr_table_setn(r->headers_out, "ETag",
                       apr_pstrcat(r->pool, "\"", answer->etag, "\"", NULL));
        accept_compressed(r, answer->etag);
    }
    if (answer->last_modified) {
        ap_update_mtime(r, rc_time_from_sec(answer->last_modified));
        ap_set_last_modified(r);
    } else { /* httpd would compare with the current time (RFC 9110 13.1.3: without a date, ignore
                them) */
        apr_table_unset(r->headers_in, "If-Modified-Since");
        apr_table_unset(r->headers_in, "If-Unmodified-Since");
    }
    return is_unchanged(r) ? HTTP_NOT_MODIFIED : ap_meets_conditions(r);
}

/* Writes the body, unless a condition makes it unnecessary. */
static rc_err_t *write_body(request_rec *r, rc_note_t *note)
{
    rc_answer_t *answer = note->answer;
    int status = answer->conditional ? check_conditions(r, answer) : OK;

    if (status != OK)
        return rc_answer_refuse(answer, status, NULL, NULL);
    if (!answer->write)
        return NULL;
    RC_TRY(answer->write(answer, note->request));
    rc_http_set_headers(r, answer);
    if (!answer->etag) /* the face withdrew it: the body does not match it */
        apr_table_unset(r->headers_out, "ETag");
    return NULL;
}

/* Returns whether the answer is a stream. With another status, a stream ends unused with its pool.
 */
static bool has_stream(const rc_answer_t *answer)
{
    return answer->stream && answer->status < HTTP_MULTIPLE_CHOICES;
}

/* Turns an error into a refusal; its detail is only logged. */
static void refuse_for(request_rec *r, const rc_note_t *note, const rc_err_t *err)
{
    const rc_body_t *body = note->request->body;
    bool late = body && rc_body_state(body) == RC_BODY_LATE, words;

    if (note->answer->repo)
        err = rc_repo_explain(err, note->request->env, note->answer->repo, r->pool);
    words = err->kind == RC_E_LIMIT || err->kind == RC_E_FAILED;
    rc_http_log_err(r, err);
    rc_answer_refuse(note->answer, late ? HTTP_REQUEST_TIME_OUT : rc_err_http_status(err->kind),
                     words ? err->msg : NULL, NULL);
}

/* Lets the face format the refusal. When it writes no body, plain text is sent. */
static void word_refusal(request_rec *r, rc_note_t *note)
{
    rc_answer_t *answer = note->answer;
    rc_err_t *err = rc_spool_reset(answer->spool);

    apr_table_clear(answer->headers);
    answer->length = -1;
    if (!err && note->face && note->face->refuse)
        err = note->face->refuse(answer, note->request);
    if (err)
        rc_http_log_err(r, err);
    answer->text = apr_pstrdup(r->pool, answer->text);
    if (!err && rc_spool_size(answer->spool))
        rc_http_set_headers(r, answer);
}

/* Completes the answer: refusal, log, rest of the body. */
static void finish(request_rec *r, rc_note_t *note, const rc_err_t *err)
{
    rc_answer_t *answer = note->answer;

    if (err && !note->body_failure)
        refuse_for(r, note, err);
    else if (!err)
        rc_http_log_refusal(r, answer);
    if (answer->status >= HTTP_BAD_REQUEST)
        word_refusal(r, note);
    if (note->request->body)
        rc_http_end_body(r, note->request->body);
    else
        rc_http_skip_body(r);
}

static int send_answer(request_rec *r, rc_answer_t *answer)
{
    if (has_stream(answer)) /* it has been sent */
        return OK;
    if (answer->status == HTTP_NOT_MODIFIED)
        return rc_http_send_unchanged(r);
    if (answer->status >= HTTP_BAD_REQUEST && !rc_spool_size(answer->spool))
        return rc_http_send_refusal(r, answer);
    if (answer->length >= 0)
        return rc_http_send_head(r, answer->length);
    return rc_http_send_spool(r, answer);
}

/* Completes the answer, after @a err or what was made of it; returns the handler's status. */
static int complete(request_rec *r, rc_note_t *note, const rc_err_t *err)
{
    rc_answer_t *answer = note->answer;
    char *user = answer->user ? apr_pstrdup(r->pool, answer->user) : NULL;
    int failure = err ? note->body_failure : 0;

    finish(r, note, err);
    rc_http_log_request(NULL);
    rc_http_measure_answer(note);
    rc_http_forget_verdict(note);
    if (user && !r->user)
        r->user = user; /* for the access log */
    return failure ? failure : send_answer(r, answer);
}

static rc_err_t *make_answer(request_rec *r, rc_note_t *note)
{
    rc_answer_t *answer = note->answer;

    if (note->err || answer->status != HTTP_OK)
        return note->err;
    if (note->face->reads_body)
        note->request->body = rc_http_body(r, note);
    if (note->body_failure)
        return rc_body_error(RC_BODY_MALFORMED, note->work);
    RC_TRY(note->face->serve(answer, note->request));
    if (answer->status >= HTTP_BAD_REQUEST)
        return NULL;
    if (answer->over)
        return rc_http_open_door(r, note);
    rc_http_set_headers(r, answer);
    RC_TRY(write_body(r, note));
    if (!has_stream(answer))
        return NULL;
    note->parked = answer->stream->follows ? rc_park_prepare(r, note, complete) : NULL;
    return note->parked ? NULL : rc_http_send_stream(r, answer);
}

/* Has another handler serve the request. The face keeps what it holds until then: the lock of the
 * repository, no database connection. */
static int hand_over(request_rec *r, rc_note_t *note)
{
    int status = rc_http_pass_door(r, note);

    rc_http_log_request(NULL);
    rc_http_measure_answer(note);
    rc_http_forget_verdict(note);
    return status;
}

/* A password that no module of httpd has checked is for the face. */
static rc_note_t *decide(request_rec *r)
{
    if (!r->user)
        rc_http_take_basic(rc_http_note(r), r);
    return rc_http_decide(r);
}

static int serve_request(request_rec *r)
{
    apr_time_t began = rc_clock();
    rc_note_t *note = decide(r);
    const rc_env_t *env = note->request->env;
    rc_err_t *err;

    note->began = began;
    note->answer->spool = rc_spool_create(env ? env->config->temp_dir : "/", r->pool);
    rc_http_log_request(r);
    err = make_answer(r, note);
    if (note->door)
        return hand_over(r, note);
    if (!note->parked)
        return complete(r, note, err);
    rc_http_log_request(NULL);
    return SUSPENDED;
}

int rc_http_handler(request_rec *r)
{
    if (!r->handler || strcasecmp(r->handler, RC_HANDLER) || !rc_http_path(r))
        return DECLINED;
    return serve_request(r);
}
