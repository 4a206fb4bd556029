// SPDX-License-Identifier: Apache-2.0
/*
 * The pages below /_admin: login, logout, the account and its password (contract 10 §3). A session
 * opens them, and no key; each form holds its secret.
 */
#include "account.h"

#include <string.h>

#include <apr_strings.h>

#include "base/query.h"
#include "domain/identify.h"
#include "faces/session.h"

/* Bytes of a form. Those of a session have texts of 64 KiB, each byte of which can be sent as
 * three, and the end of a line as six. */
#define FORM_MOST  16384
#define TEXTS_MOST ((apr_off_t)512 << 10)

#define OLD_FORM                                                                                   \
    "This form is too old, or another site has sent it. Go back, load the page again, and try "    \
    "again."

#define ADMIN "/_admin/" /* before the path of each of these pages */

struct rc_page_account_t {
    const char *path;
    bool session; /* it needs one */
    rc_err_t *(*show)(rc_page_account_call_t *account);
    rc_err_t *(*act)(rc_page_account_call_t *account); /* NULL: there is no form */
};

/* --- what they share --- */

const char *rc_page_field(const rc_page_account_call_t *account, const char *name)
{
    const char *value = rc_query_parameter(account->form, name, account->request->pool);

    return value ? value : "";
}

rc_err_t *rc_page_redirect(rc_page_account_call_t *account, const char *path)
{
    rc_page_headers(account->answer);
    rc_answer_header(account->answer, "Location", path);
    account->answer->status = 303;
    return NULL;
}

const char *rc_page_mounted(const rc_page_account_call_t *account, const char *path)
{
    return apr_pstrcat(account->request->pool,
                       rc_page_base(account->request, account->request->pool), path, NULL);
}

rc_err_t *rc_page_account_open(rc_html_t *html, rc_page_account_call_t *account, const char *title)
{
    *html = (rc_html_t){.spool = account->answer->spool};
    account->answer->type = "text/html; charset=utf-8";
    rc_page_headers(account->answer);
    rc_answer_header(account->answer, "Cache-Control", "no-store");
    rc_page_open(html, account->call, title, NULL);
    return html->err;
}

static rc_err_t *go_to_account(rc_page_account_call_t *account)
{
    return rc_page_redirect(account, rc_page_mounted(account, "/_admin/my_account"));
}

/* --- all of them --- */

static const rc_page_account_t pages[] = {
    {"/_admin/login", false, rc_page_login_show, rc_page_log_in},
    {"/_admin/logout", true, go_to_account, rc_page_log_out},
    {"/_admin/my_account", true, rc_page_account_show, NULL},
    {"/_admin/my_account/password", true, go_to_account, rc_page_change_password},
    {"/_admin/my_account/auth_tokens", true, rc_page_tokens_show, NULL},
    {"/_admin/my_account/auth_tokens/new", true, rc_page_to_tokens, rc_page_token_new},
    {"/_admin/my_account/auth_tokens/delete", true, rc_page_to_tokens, rc_page_token_delete},
    {"/_admin/pull_request/new", true, go_to_account, rc_page_pull_new},
    {"/_admin/pull_request/comment", true, go_to_account, rc_page_pull_comment},
    {"/_admin/pull_request/update", true, go_to_account, rc_page_pull_update},
    {"/_admin/pull_request/commits", true, go_to_account, rc_page_pull_commits_now},
    {"/_admin/pull_request/close", true, go_to_account, rc_page_pull_close},
    {"/_admin/pull_request/merge", true, go_to_account, rc_page_pull_merge},
    {"/_admin/console", true, rc_page_console_show, NULL},
    {"/_admin/console/token", true, go_to_account, rc_page_console_token},
};

const rc_page_account_t *rc_page_account(const char *path)
{
    apr_size_t i;

    if (strncmp(path, ADMIN, strlen(ADMIN)) != 0) /* most URLs */
        return NULL;
    for (i = 0; i < sizeof(pages) / sizeof(*pages); i++)
        if (!strcmp(pages[i].path, path))
            return &pages[i];
    return NULL;
}

static rc_err_t *identify_session(rc_actor_t *actor, void *baton)
{
    rc_page_account_call_t *account = baton;
    const rc_credentials_t credentials = {.session =
                                              rc_face_cookie(account->request, RC_COOKIE_SESSION),
                                          .anonymous = false,
                                          .ip = account->request->client_ip};
    rc_identity_t who;

    RC_TRY(rc_identify(&who, actor->db, &credentials, actor->pool));
    if (who.refusal == RC_REFUSED_ADDRESS)
        return rc_answer_refuse(
            account->answer, 403,
            apr_psprintf(actor->pool, "IP %s not allowed", account->request->client_ip), NULL);
    actor->caller = who.refusal ? NULL : who.caller;
    return NULL;
}

/* In the transaction of a change: the session may have ended meanwhile. */
static rc_err_t *renew(void *baton)
{
    rc_page_account_call_t *account = baton;
    rc_actor_t *actor = &account->call->actor;

    RC_TRY(identify_session(actor, account));
    return actor->caller ? NULL : rc_err(actor->pool, RC_E_FORBIDDEN, "the session has ended");
}

static rc_view_call_t *begin_call(const rc_request_t *request)
{
    rc_view_call_t *call = apr_pcalloc(request->pool, sizeof(*call));

    call->env = request->env;
    call->request = request;
    call->pool = request->pool;
    call->actor = (rc_actor_t){.env = call->env, .pool = call->pool, .ip = request->client_ip};
    rc_env_work_begin(&call->actor.work, call->env, request->gone, request->server, call->pool);
    return call;
}

rc_err_t *rc_page_account_decide(rc_answer_t *answer, const rc_request_t *request,
                                 rc_page_visit_t *visit)
{
    rc_view_call_t *call = visit->call = begin_call(request);
    rc_page_account_call_t account = {answer, request, visit, call, NULL};
    bool post = !strcmp(request->method, "POST");

    if (!request->readonly && (!post || !visit->account || !visit->account->act))
        return rc_answer_refuse(answer, 405, NULL, "not a method of this page");
    RC_TRY(rc_actor_open(&call->actor));
    RC_TRY(rc_actor_read(&call->actor, identify_session, &account));
    if (answer->status != 200)
        return NULL;
    if (call->actor.caller)
        answer->user = call->actor.caller->username;
    answer->usual = true;
    if (visit->account && visit->account->session && !call->actor.caller)
        return rc_answer_refuse(answer, 401, NULL, "no session");
    return NULL;
}

/* Reads the form, and refuses one that no page of this server has sent. */
static rc_err_t *read_form(rc_page_account_call_t *account, const rc_page_account_t *page)
{
    const rc_caller_t *caller = account->call->actor.caller;
    const char *secret;
    rc_body_state_t state;
    apr_size_t len;

    rc_body_set_limit(account->request->body, page->session ? TEXTS_MOST : FORM_MOST);
    state = rc_body_whole(&account->form, &len, account->request->body, account->request->pool);
    if (state != RC_BODY_END)
        return rc_body_error(state, account->request->pool);
    if (!account->form)
        account->form = "";
    secret = page->session ? caller->csrf : rc_face_cookie(account->request, RC_COOKIE_FORM);
    if (!rc_face_same_origin(account->request) ||
        !rc_face_same_secret(secret, rc_page_field(account, "csrf_token")))
        return rc_answer_refuse(account->answer, 403, OLD_FORM, NULL);
    return NULL;
}

rc_err_t *rc_page_account_serve(rc_answer_t *answer, const rc_request_t *request,
                                rc_page_visit_t *visit)
{
    const rc_page_account_t *page = visit->account;
    rc_actor_t *actor = &visit->call->actor;
    rc_page_account_call_t account = {answer, request, visit, visit->call, NULL};

    if (request->readonly)
        return page->show(&account);
    rc_actor_close(actor); /* hold no connection while the client sends */
    RC_TRY(read_form(&account, page));
    if (answer->status != 200)
        return NULL;
    if (page->session) {
        actor->renew = renew;
        actor->baton = &account;
    }
    return page->act(&account);
}
