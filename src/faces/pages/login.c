// SPDX-License-Identifier: Apache-2.0
/*
 * Login and logout. Before a login there is no session, so the secret that keeps other sites from
 * sending the form is a cookie of its own.
 */
#include "account.h"

#include <string.h>

#include <apr_strings.h>

#include "base/query.h"
#include "base/secret.h"
#include "domain/login.h"
#include "domain/session.h"
#include "domain/tries.h"
#include "faces/session.h"

#define WRONG_LOGIN "Wrong user name or password"

/* --- the form --- */

rc_err_t *rc_page_login_form(rc_html_t *html, rc_answer_t *answer, const rc_request_t *request,
                             const char *back, const char *message)
{
    const char *secret = rc_face_cookie(request, RC_COOKIE_FORM);
    const char *base = rc_page_base(request, request->pool);

    if (!secret || strlen(secret) != 40) {
        RC_TRY(rc_key_generate(&secret, request->pool));
        rc_face_set_cookie(answer, request, RC_COOKIE_FORM, secret);
    }
    rc_html_put(html, "<h1>Log in</h1>\n");
    if (message)
        rc_html_put(html, "<p role=alert>%s</p>\n", message);
    rc_html_put(html,
                "<form class=tall method=post action=\"%s/_admin/login\">\n"
                "<input type=hidden name=csrf_token value=\"%s\">\n"
                "<input type=hidden name=came_from value=\"%s\">\n"
                "<label>User name <input name=username autocomplete=username required "
                "maxlength=255></label>\n"
                "<label>Password <input type=password name=password autocomplete=current-password "
                "required maxlength=255></label>\n<button>Log in</button>\n</form>\n",
                base, secret, back);
    rc_html_put(html,
                "<p class=dim>A link of another site does not carry your login: if you have logged "
                "in, <a href=\"%s\">open the page again</a>.</p>\n",
                back);
    return html->err;
}

/* --- where it leads --- */

const char *rc_page_back(const rc_request_t *request, const char *path)
{
    const char *base = rc_page_base(request, request->pool), *p;
    apr_size_t len = strlen(base);
    bool ours = !strncmp(path, base, len) && path[len] == '/' && path[len + 1] != '/';

    for (p = path; *p; p++)
        ours = ours && (unsigned char)*p > ' ' && (unsigned char)*p < 0x7f && !strchr("\\\"<>", *p);
    return ours ? path : apr_pstrcat(request->pool, base, "/", NULL);
}

rc_err_t *rc_page_login_show(rc_page_account_call_t *account)
{
    const char *back =
        rc_query_parameter(account->request->query, "came_from", account->request->pool);
    rc_html_t html;

    RC_TRY(rc_page_account_open(&html, account, "Log in"));
    RC_TRY(rc_page_login_form(&html, account->answer, account->request,
                              rc_page_back(account->request, back ? back : ""), NULL));
    rc_page_end(&html);
    return html.err;
}

/* Counts a try; refuses one too many. */
static rc_err_t *begin_try(rc_page_account_call_t *account, const rc_login_try_t *attempt)
{
    const rc_request_t *request = account->request;

    RC_TRY(rc_try_begin(&account->visit->wait, request->env, attempt, request->pool));
    if (!account->visit->wait)
        return NULL;
    return rc_answer_refuse(
        account->answer, 429, "There were too many wrong passwords. Try again later.",
        apr_psprintf(request->pool, "tries of '%s' from %s", attempt->login, attempt->ip));
}

/* Checks a password. Sets *@a caller to its owner; NULL when it is wrong or refused. */
rc_err_t *rc_page_check_password(const rc_caller_t **caller, rc_page_account_call_t *account,
                                 const char *name, const char *password)
{
    const rc_request_t *request = account->request;
    const rc_login_try_t attempt = {name, password, request->client_ip};
    rc_identity_t who;
    rc_login_t result;

    *caller = NULL;
    RC_TRY(begin_try(account, &attempt));
    if (account->answer->status != 200)
        return NULL;
    RC_TRY(rc_login(&result, &who, request->env->db_pool, &request->env->passwords, &attempt,
                    request->pool));
    RC_TRY(rc_try_end(request->env, &attempt, result == RC_LOGIN_RIGHT, request->pool));
    if (who.refusal == RC_REFUSED_ADDRESS)
        return rc_answer_refuse(
            account->answer, 403,
            apr_psprintf(request->pool, "IP %s not allowed", request->client_ip), NULL);
    if (result != RC_LOGIN_RIGHT)
        return NULL;
    *caller = who.caller;
    return NULL;
}

rc_err_t *rc_page_log_in(rc_page_account_call_t *account)
{
    const char *name = rc_page_field(account, "username"), *cookie;
    const rc_caller_t *caller;

    account->visit->back = rc_page_back(account->request, rc_page_field(account, "came_from"));
    RC_TRY(rc_page_check_password(&caller, account, name, rc_page_field(account, "password")));
    if (account->answer->status != 200)
        return NULL;
    if (!caller)
        return rc_answer_refuse(
            account->answer, 401, WRONG_LOGIN,
            apr_psprintf(account->request->pool, "wrong password of '%s'", name));
    RC_TRY(rc_actor_open(&account->call->actor));
    RC_TRY(rc_session_begin(&cookie, &account->call->actor, caller->user_id));
    rc_face_set_cookie(account->answer, account->request, RC_COOKIE_SESSION, cookie);
    account->answer->user = caller->username;
    return rc_page_redirect(account, account->visit->back);
}

rc_err_t *rc_page_log_out(rc_page_account_call_t *account)
{
    RC_TRY(rc_actor_open(&account->call->actor));
    RC_TRY(
        rc_session_end(&account->call->actor, rc_face_cookie(account->request, RC_COOKIE_SESSION)));
    rc_face_set_cookie(account->answer, account->request, RC_COOKIE_SESSION, NULL);
    return rc_page_redirect(account, rc_page_mounted(account, "/"));
}
