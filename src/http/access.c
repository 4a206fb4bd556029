// SPDX-License-Identifier: Apache-2.0
/*
 * Our URLs have no file behind them, and whoever asks for a view must be allowed to. The verdict is
 * made when the handler needs it, or earlier by `Require rcapi`; it ends no request: httpd's own
 * rules have had their say by then, and a refusal is the same plain text with the same headers for
 * GET, HEAD, conditional and range requests, passes the same filters as an answer, and is not
 * replaced by an ErrorDocument. (The API decides for itself, from the key in its body.)
 */
#include "http.h"

#include <http_core.h>
#include <http_request.h>

#include <apr_strings.h>

#include "base/redact.h"

bool rc_http_is_api(const char *path)
{
    return !strcmp(path, "/_admin/api") || !strcmp(path, "/_admin/api/");
}

/* The directory walk that these two spare costs as much as a whole API call. */
int rc_http_translate_name(request_rec *r)
{
    if (!rc_http_path(r))
        return DECLINED;
    if (!r->filename) /* other modules print it */
        r->filename = apr_pstrcat(r->pool, "rcapi:", r->uri, NULL);
    return OK;
}

int rc_http_map_to_storage(request_rec *r)
{
    return r->filename && !strncmp(r->filename, "rcapi:", 6) ? OK : DECLINED;
}

const char *rc_http_base_url(request_rec *r, apr_pool_t *pool)
{
    const rc_dir_conf_t *conf = rc_http_dir_conf(r);

    return conf->base_url ? conf->base_url : ap_construct_url(pool, conf->mount, r);
}

static void fill_request(rc_web_request_t *request, request_rec *r, const rc_note_t *note)
{
    const rc_dir_conf_t *conf = rc_http_dir_conf(r);

    request->path = rc_http_sent_path(r);
    request->query = r->args;
    request->query_key = conf->key_in_query ? note->query_key : NULL; /* not set (-1): yes */
    request->header_key = note->header_key;
    request->login = rc_http_login(r, note);
    request->readonly = r->method_number == M_GET;
    request->client_ip = r->useragent_ip;
    request->base_url = rc_http_base_url(r, note->work);
    request->whitelist = conf->whitelist;
    request->head = r->header_only;
    request->type_of = rc_http_type_of;
    request->type_baton = r;
    request->gone = rc_http_client_gone;
    request->gone_baton = r;
}

static void decide(request_rec *r, rc_note_t *note)
{
    rc_web_request_t *request;
    rc_env_t *env = rc_http_env(r);

    if (!env) {
        note->err = rc_err(r->pool, RC_E_BUSY, "the repositories are not open");
        return;
    }
    apr_pool_create(&note->work, r->pool);
    apr_pool_tag(note->work, "rcapi view");
    request = apr_pcalloc(note->work, sizeof(*request));
    fill_request(request, r, note);
    rc_http_log_request(r);
    note->err = rc_web_access(&note->call, env, request, note->work);
    rc_http_log_request(NULL);
}

/* What the status alone says. */
static const char *no_reason(const rc_web_call_t *call)
{
    return !call->view && call->status == HTTP_NOT_FOUND ? "no such URL"
           : call->status == HTTP_METHOD_NOT_ALLOWED     ? "not a method of a view"
                                                         : "no right";
}

void rc_http_log_refusal(request_rec *r, const rc_web_call_t *call)
{
    const char *why = call->why ? call->why : call->message;

    if (call->status >= HTTP_BAD_REQUEST)
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, RCLOGNO(0051) "%s refused with %d: %s%s",
                      rc_redact(r->uri, r->pool), call->status,
                      rc_redact(why ? why : no_reason(call), r->pool), rc_http_request_words(r));
}

rc_note_t *rc_http_decide(request_rec *r)
{
    rc_note_t *note = rc_http_note(r);

    if ((note->call || note->err) && note->asked_by == r->user)
        return note;
    rc_http_forget_verdict(note);
    note->asked_by = r->user;
    decide(r, note);
    return note;
}
