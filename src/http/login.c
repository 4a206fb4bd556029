// SPDX-License-Identifier: Apache-2.0
/*
 * Checks logins. `AuthBasicProvider rcapi` checks passwords of local users for httpd; a face then
 * gets the name as the request's login. `Require rcapi` requires a login only when neither the key
 * nor anonymous access permits the request.
 */
#include "http.h"

#include <http_core.h>
#include <http_request.h>
#include <mod_auth.h>

#include <apr_optional.h>
#include <apr_strings.h>

#include "base/password.h"
#include "domain/login.h"
#include "domain/sign_in.h"

#define PROVIDER "rcapi"

/*
 * Stores a hash of the password in mod_authn_socache for the next request: not the one from the
 * database, which is slow to check on purpose. Users with an address restriction are not stored, so
 * that each request checks the address.
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

/* Remembers that the login is of a local user. */
static void note_login(request_rec *r)
{
    if (rc_http_path(r))
        rc_http_note(r)->login = r->user;
    else
        apr_table_setn(r->notes, RC_LOGIN_NOTE, r->user);
}

/* Accepts a login. r->user becomes the name as stored, so that `Require user` and logs do not
 * depend on case. */
static void let_in(request_rec *r, const rc_caller_t *caller, const char *login,
                   const char *password, apr_pool_t *pool)
{
    r->user = apr_pstrdup(r->pool, caller->username);
    note_login(r);
    if (!strcmp(login, caller->username)) /* the cache's key is the name as sent */
        keep_in_cache(r, caller, password, pool);
}

/* Returns whether a token counts as a password here. */
static bool takes_tokens(request_rec *r)
{
    const rc_face_t *face;

    if (!rc_http_path(r))
        return rc_http_dir_conf(r)->guards_repos;
    /* this drops a verdict without the login, which is obsolete and would hold a connection */
    face = rc_http_face(r);
    return face && face->basic;
}

/*
 * Accepts a main key or a token in place of the password where that is allowed. It is not kept in
 * mod_authn_socache, where it would become the user's password for all faces.
 */
static rc_err_t *let_token_in(bool *done, request_rec *r, rc_env_t *env, const char *login,
                              const char *password, apr_pool_t *pool)
{
    rc_caller_t *owner = NULL;

    if (takes_tokens(r))
        RC_TRY(rc_sign_in_token(&owner, env, login, password, pool));
    *done = owner != NULL;
    if (owner) {
        r->user = apr_pstrdup(r->pool, owner->username);
        note_login(r);
    }
    return NULL;
}

/* Logs why a correct login was refused. httpd only logs that the password is wrong. */
static void log_reason(const request_rec *r, const rc_identity_t *who)
{
    const char *why = who->refusal == RC_REFUSED_ADDRESS
                          ? apr_psprintf(r->pool, "is not allowed from %s", r->useragent_ip)
                          : "is inactive";

    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  RCLOGNO(0062) "login refused despite the correct password: user '%s' %s",
                  who->caller->username, why);
}

static void come_again(request_rec *r, const char *why)
{
    apr_table_setn(r->err_headers_out, "Retry-After", "1");
    rc_http_refuse_as(r, HTTP_SERVICE_UNAVAILABLE, why);
}

/* Returns the address that a login requires. Below a mount the face checks it, and answers 403; and
 * so does Require rcapi-repo. */
static const char *address_of(const request_rec *r)
{
    return rc_http_path(r) || rc_http_dir_conf(r)->guards_repos ? NULL : r->useragent_ip;
}

/* Checks a password, and where address_of says so the address. */
static authn_status check(request_rec *r, rc_env_t *env, const char *login, const char *password,
                          apr_pool_t *pool)
{
    static const authn_status answers[] = {[RC_LOGIN_UNKNOWN] = AUTH_USER_NOT_FOUND,
                                           [RC_LOGIN_WRONG] = AUTH_DENIED,
                                           [RC_LOGIN_REFUSED] = AUTH_DENIED,
                                           [RC_LOGIN_RIGHT] = AUTH_GRANTED};
    const rc_login_try_t attempt = {login, password, address_of(r)};
    rc_identity_t who;
    rc_login_t result;
    rc_err_t *err;
    bool done;

    rc_http_log_request(r);
    err = let_token_in(&done, r, env, login, password, pool);
    if (!err && !done)
        err = rc_login(&result, &who, env->db_pool, &env->passwords, &attempt, pool);
    rc_http_log_request(NULL);
    if (err) {
        rc_http_log_err(r, err);
        if (err->kind == RC_E_BUSY)
            come_again(r, err->msg);
        return AUTH_GENERAL_ERROR;
    }
    if (done)
        return AUTH_GRANTED;
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
                                    ": the user database is not open; is there a "
                                    "SetHandler " RC_HANDLER " in this virtual host?");
        return AUTH_GENERAL_ERROR;
    }
    apr_pool_create(&work, r->pool);
    apr_pool_tag(work, "rcapi login");
    rc_http_at_work(work);
    status = check(r, env, login, password, work);
    apr_pool_destroy(work);
    return status;
}

/*
 * Returns whether a login is required: when the request is refused without a user or as the default
 * user, and when a password was sent but is not checked yet.
 */
static bool wants_login(const request_rec *r, const rc_note_t *note)
{
    if (note->err || note->answer->user)
        return false;
    return note->answer->status == HTTP_UNAUTHORIZED || note->answer->status == HTTP_FORBIDDEN ||
           (!r->user && apr_table_get(r->headers_in, "Authorization"));
}

/* Require rcapi: httpd calls it before a login, and again after it. */
static authz_status check_view(request_rec *r, const char *line, const void *parsed)
{
    rc_note_t *note;

    (void)line;
    (void)parsed;
    if (!rc_http_path(r)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      RCLOGNO(0061) "Require " PROVIDER " is set where SetHandler " RC_HANDLER
                                    " is not");
        return AUTHZ_DENIED;
    }
    if (!ap_auth_type(r)) /* no AuthType: httpd cannot require a login */
        return AUTHZ_GRANTED;
    note = rc_http_decide(r);
    if ((note->face && !note->face->decide) || !wants_login(r, note))
        return AUTHZ_GRANTED; /* the handler may still refuse it */
    if (r->user || !apr_table_get(r->headers_in, "Authorization")) { /* else checked next */
        rc_http_log_refusal(r, note->answer);
        rc_http_refuse_quietly(r);
    }
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
