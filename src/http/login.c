// SPDX-License-Identifier: Apache-2.0
/*
 * Checks logins. `AuthBasicProvider rcapi` checks the passwords of our users wherever httpd asks
 * for one; a face then gets the name as the request's login. `Require rcapi` makes httpd ask only
 * where neither a key nor an anonymous visitor has the right.
 */
#include "http.h"

#include <http_core.h>
#include <http_request.h>
#include <mod_auth.h>

#include <apr_optional.h>
#include <apr_strings.h>

#include "base/password.h"
#include "domain/login.h"

#define PROVIDER  "rcapi"
#define BUSY_NOTE "rcapi-busy"

/*
 * Gives mod_authn_socache something to compare the next request with: not our hash, which is slow
 * to check on purpose. Users that are bound to addresses are not kept, so that each request checks
 * them.
 */
static void keep_in_cache(request_rec *r, const rc_caller_t *caller, const char *password,
                          apr_pool_t *pool)
{
    APR_OPTIONAL_FN_TYPE(ap_authn_cache_store) *store =
        APR_RETRIEVE_OPTIONAL_FN(ap_authn_cache_store);
    const char *hash;
    rc_err_t *err;

    if (!store || caller->restricted)
        return;
    if ((err = rc_password_quick_hash(&hash, password, pool)))
        rc_http_log_err(r, err);
    else
        store(r, PROVIDER, caller->username, NULL, hash);
}

/* r->user becomes the name as we write it, so that `Require user` and logs do not depend on case.
 */
static void let_in(request_rec *r, const rc_caller_t *caller, const char *login,
                   const char *password, apr_pool_t *pool)
{
    r->user = apr_pstrdup(r->pool, caller->username);
    if (rc_http_path(r))
        rc_http_note(r)->login = r->user;
    if (!strcmp(login, caller->username)) /* the cache goes by the name as it was sent */
        keep_in_cache(r, caller, password, pool);
}

/* httpd's own line will say that the password is wrong. */
static void log_reason(const request_rec *r, const rc_identity_t *who)
{
    const char *why = who->refusal == RC_REFUSED_ADDRESS
                          ? apr_psprintf(r->pool, "may not come from %s", r->useragent_ip)
                          : "is inactive";

    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  RCLOGNO(0062) "login refused, though the password is right: user '%s' %s",
                  who->caller->username, why);
}

/* A provider can only fail, which is a 500; the status is changed when the error page is made. */
static void come_again(request_rec *r, const char *why)
{
    apr_table_setn(r->notes, BUSY_NOTE, "1");
    apr_table_setn(r->err_headers_out, "Retry-After", "1");
    ap_custom_response(r, HTTP_INTERNAL_SERVER_ERROR, why);
}

void rc_http_answer_busy(request_rec *r)
{
    if (r->status == HTTP_INTERNAL_SERVER_ERROR && apr_table_get(r->notes, BUSY_NOTE))
        r->status = HTTP_SERVICE_UNAVAILABLE;
}

/* Below our mounts the view looks at the address, and answers 403 to a wrong one. */
static authn_status check(request_rec *r, rc_env_t *env, const char *login, const char *password,
                          apr_pool_t *pool)
{
    static const authn_status answers[] = {[RC_LOGIN_UNKNOWN] = AUTH_USER_NOT_FOUND,
                                           [RC_LOGIN_WRONG] = AUTH_DENIED,
                                           [RC_LOGIN_REFUSED] = AUTH_DENIED,
                                           [RC_LOGIN_RIGHT] = AUTH_GRANTED};
    const rc_login_try_t attempt = {login, password, rc_http_path(r) ? NULL : r->useragent_ip};
    rc_identity_t who;
    rc_login_t result;
    rc_err_t *err;

    rc_http_log_request(r);
    err = rc_login(&result, &who, env->db_pool, &env->passwords, &attempt, pool);
    rc_http_log_request(NULL);
    if (err) {
        rc_http_log_err(r, err);
        if (err->kind == RC_E_BUSY)
            come_again(r, err->msg);
        return AUTH_GENERAL_ERROR;
    }
    if (result == RC_LOGIN_REFUSED)
        log_reason(r, &who);
    if (result == RC_LOGIN_RIGHT)
        let_in(r, who.caller, login, password, pool);
    return answers[result];
}

static authn_status check_password(request_rec *r, const char *login, const char *password)
{
    rc_env_t *env = rc_http_env(r);
    authn_status status;
    apr_pool_t *work;

    if (!env) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      RCLOGNO(0060) "AuthBasicProvider " PROVIDER
                                    ": the users are not open; is there a "
                                    "SetHandler " RC_HANDLER " in this virtual host?");
        return AUTH_GENERAL_ERROR;
    }
    if (rc_http_path(r)) /* a verdict without the login is void: it shall not hold a connection */
        rc_http_forget_verdict(rc_http_note(r));
    apr_pool_create(&work, r->pool);
    apr_pool_tag(work, "rcapi login");
    rc_http_at_work(work);
    status = check(r, env, login, password, work);
    apr_pool_destroy(work);
    return status;
}

/*
 * Would a login help? Yes when nobody or the default user is refused; and a password that was sent
 * is looked at, not ignored.
 */
static bool wants_login(const request_rec *r, const rc_note_t *note)
{
    if (note->err || note->answer->user)
        return false;
    return note->answer->status == HTTP_UNAUTHORIZED || note->answer->status == HTTP_FORBIDDEN ||
           (!r->user && apr_table_get(r->headers_in, "Authorization"));
}

/* Require rcapi: asked before there is a login, and again when there is one. */
static authz_status check_view(request_rec *r, const char *line, const void *parsed)
{
    rc_note_t *note;

    (void)line;
    (void)parsed;
    if (!rc_http_path(r)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      RCLOGNO(0061) "Require " PROVIDER " stands where SetHandler " RC_HANDLER
                                    " does not");
        return AUTHZ_DENIED;
    }
    if (!ap_auth_type(r)) /* nobody would ask for a password */
        return AUTHZ_GRANTED;
    note = rc_http_decide(r);
    if ((note->face && !note->face->decide) || !wants_login(r, note))
        return AUTHZ_GRANTED;                                      /* or refused, by the handler */
    if (r->user || !apr_table_get(r->headers_in, "Authorization")) /* else: yet to be checked */
        rc_http_log_refusal(r, note->answer);
    rc_http_forget_verdict(note);
    return r->user ? AUTHZ_DENIED : AUTHZ_DENIED_NO_USER;
}

static const char *check_line(cmd_parms *cmd, const char *line, const void **parsed)
{
    (void)parsed;
    return *line ? apr_psprintf(cmd->pool, "Require " PROVIDER " takes no argument (%s)", line)
                 : NULL;
}

static const authn_provider passwords = {check_password, NULL};
static const authz_provider views = {check_view, check_line};

void rc_http_register_logins(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHN_PROVIDER_GROUP, PROVIDER, AUTHN_PROVIDER_VERSION,
                              &passwords, AP_AUTH_INTERNAL_PER_CONF);
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, PROVIDER, AUTHZ_PROVIDER_VERSION, &views,
                              AP_AUTH_INTERNAL_PER_CONF);
}
