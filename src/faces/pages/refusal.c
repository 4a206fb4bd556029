// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the page that says why there is no other: not found, forbidden, busy; or the login form.
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

bool rc_page_for_browser(const rc_request_t *request)
{
    const char *accept = request->header(request->server, "Accept");

    return accept && strstr(accept, "text/html");
}

static const char *title_of(int status)
{
    switch (status) {
    case 400:
        return "Bad request";
    case 401:
        return "Log in";
    case 403:
        return "Forbidden";
    case 404:
        return "Not found";
    case 413:
        return "Too large";
    case 429:
        return "Too many tries";
    case 503:
        return "Busy";
    default:
        return "Error";
    }
}

static const char *sentence_for(const rc_answer_t *answer)
{
    if (answer->text)
        return answer->text;
    switch (answer->status) {
    case 404:
        return "There is no such page, or you may not see it.";
    case 503:
        return "The server is busy. Try again in a moment.";
    default:
        return "The server cannot answer this request.";
    }
}

/* Headers of a status that says when or how to come again. */
static void put_status_headers(rc_answer_t *answer, const rc_request_t *request)
{
    const rc_page_visit_t *visit = answer->state;
    int wait = visit->wait ? visit->wait : answer->status == 503 ? 3 : 0;

    if (answer->status == 401)
        rc_answer_header(answer, "WWW-Authenticate", "Bearer realm=\"rcapi\"");
    if (answer->status == 405)
        rc_answer_header(answer, "Allow", visit->account ? "GET, HEAD, POST" : "GET, HEAD");
    if (wait)
        rc_answer_header(answer, "Retry-After", apr_itoa(request->pool, wait));
}

/* The URL of the request, to which a login leads back. */
static const char *this_url(const rc_request_t *request)
{
    const char *url =
        apr_pstrcat(request->pool, rc_page_base(request, request->pool), request->path,
                    request->query ? "?" : "", request->query ? request->query : "", NULL);

    return rc_page_back(request, url); /* "//host/" would be another server */
}

static rc_err_t *write_refusal(rc_answer_t *answer, const rc_request_t *request)
{
    const rc_page_visit_t *visit = answer->state;
    const rc_caller_t *caller = visit->call ? visit->call->actor.caller : NULL;
    rc_html_t html = {.spool = answer->spool};
    const rc_page_t page = {.request = request,
                            .user = answer->user,
                            .csrf = answer->user && caller ? caller->csrf : NULL,
                            .title = title_of(answer->status)};

    rc_page_begin(&html, &page);
    if (answer->status == 401)
        RC_TRY(rc_page_login_form(&html, answer, request,
                                  visit->back ? visit->back : this_url(request), answer->text));
    else
        rc_html_put(&html, "<h1>%s</h1>\n<p>%s</p>\n", page.title, sentence_for(answer));
    rc_page_end(&html);
    return html.err;
}

rc_err_t *rc_page_refuse(rc_answer_t *answer, const rc_request_t *request)
{
    put_status_headers(answer, request);
    if (!rc_page_for_browser(request))
        return NULL;
    answer->type = "text/html; charset=utf-8";
    rc_page_headers(answer);
    rc_answer_header(answer, "Cache-Control", "no-store");
    return write_refusal(answer, request);
}
