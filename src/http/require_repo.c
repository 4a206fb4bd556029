// SPDX-License-Identifier: Apache-2.0
/*
 * `Require rcapi-repo read|write|auto [PREFIX]`: rights, addresses and locks of repositories for
 * handlers that are not ours (git-http-backend, hgweb, files). The repository is the one whose full
 * name follows the prefix, by default the path of the <Location>. Such a handler looks for the same
 * name on the disk; so no other form of a name counts here.
 */
#include "http.h"

#include <http_core.h>
#include <http_request.h>
#include <mod_auth.h>

#include <apr_strings.h>

#include "base/redact.h"
#include "base/text.h"
#include "domain/sign_in.h"
#include "domain/transfer.h"

#define NAME "rcapi-repo"

typedef enum { WANTS_READ, WANTS_WRITE, WANTS_AUTO } wants_t;

/* One line of the configuration. */
typedef struct guard_t {
    wants_t wants;
    const char *prefix; /* without a slash at its end */
} guard_t;

/* The check of one request. */
typedef struct try_t {
    request_rec *r;
    rc_credentials_t credentials;
    const char *path; /* after the prefix, with a leading slash */
    rc_transfer_t kind;
    rc_verdict_t verdict;
} try_t;

/* --- what is requested --- */

/* Returns the query and the arguments that hg sends in headers, X-HgArg-1 and so on: a long one is
 * cut anywhere, and goes on in the header with the next number. */
static char *arguments_of(const request_rec *r, apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, 4, sizeof(const char *));
    const char *part = r->args ? r->args : "";
    int i = 1;

    APR_ARRAY_PUSH(parts, const char *) = apr_pstrcat(pool, part, "&", NULL);
    while ((part = apr_table_get(r->headers_in, apr_psprintf(pool, "X-HgArg-%d", i++))))
        APR_ARRAY_PUSH(parts, const char *) = part;
    return apr_array_pstrcat(pool, parts, '\0');
}

/* Returns whether a parameter, or an argument that hg sends in a header, names a command that
 * writes. A name that only looks like one requires more than is needed. */
static bool names_write(const request_rec *r, apr_pool_t *pool)
{
    static const char *const words[] = {"git-receive-pack", "unbundle", "pushkey"};
    char *text = arguments_of(r, pool);
    apr_size_t i;

    if (ap_unescape_urlencoded(text) != OK)
        return true;
    for (i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strstr(text, words[i]))
            return true;
    return false;
}

/* Everything that is not known to read is a push. */
static rc_transfer_t kind_of(const request_rec *r, apr_pool_t *pool)
{
    static const char *const reading[] = {"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"};
    apr_size_t i;

    if (rc_text_ends(r->uri, "/git-receive-pack") || names_write(r, pool))
        return RC_PUSH;
    if (!strcmp(r->method, "POST") && rc_text_ends(r->uri, "/git-upload-pack"))
        return RC_PULL;
    for (i = 0; i < sizeof(reading) / sizeof(*reading); i++)
        if (!strcmp(r->method, reading[i]))
            return RC_PULL;
    return RC_PUSH;
}

/* --- who and where --- */

/* Returns the user whom httpd has authenticated, if the login is ours or trusted. */
static const char *trusted_login(const request_rec *r)
{
    const request_rec *q;

    if (r->user && rc_http_place(r)->trust_login)
        return r->user;
    for (q = r; r->user && q; q = q->main ? q->main : q->prev) {
        const char *ours = apr_table_get(q->notes, RC_LOGIN_NOTE);

        if (ours && !strcmp(ours, r->user))
            return r->user;
    }
    return NULL;
}

/* Finds the repository that the beginning of the path names; NULL: there is none, or it is hidden.
 */
static rc_err_t *find_named(rc_repo_t **repo, rc_actor_t *actor, const char *path)
{
    const char *end = path;

    *repo = NULL;
    while (!*repo && *end) {
        const char *name;

        end += 1 + strcspn(end + 1, "/");
        name = apr_pstrmemdup(actor->pool, path + 1, (apr_size_t)(end - path - 1));
        if (!rc_repo_name_fits(name))
            return NULL;
        RC_TRY(rc_store_repo_seen_by_name(repo, actor->db, rc_caller_viewer(actor->caller), name,
                                          actor->pool));
    }
    return NULL;
}

/* In one snapshot. */
static rc_err_t *judge_request(rc_actor_t *actor, void *baton)
{
    try_t *try = baton;
    rc_identity_t who;
    rc_repo_t *repo;

    RC_TRY(rc_identify(&who, actor->db, &try->credentials, actor->pool));
    actor->caller = who.caller;
    if (who.refusal) {
        bool address = who.refusal == RC_REFUSED_ADDRESS;

        try->verdict.kind = address ? RC_TRANSFER_FORBIDDEN : RC_TRANSFER_SIGN_IN;
        try->verdict.text = address ? "This address is not allowed" : NULL;
        return NULL;
    }
    RC_TRY(find_named(&repo, actor, try->path));
    return rc_transfer_check(&try->verdict, actor, repo, try->kind);
}

/* Judges the request. The handler sees a caller with a key as a user (REMOTE_USER). */
static rc_err_t *judge_try(try_t *try, rc_env_t *env, const char *key, apr_pool_t *pool)
{
    request_rec *r = try->r;
    const rc_sign_in_t sent = {.key = key, .login = trusted_login(r), .ip = r->useragent_ip};
    rc_actor_t actor = {.env = env, .pool = pool, .ip = r->useragent_ip};

    RC_TRY(rc_sign_in(&try->credentials, env, &sent, pool));
    RC_TRY(rc_actor_ask(&actor, judge_request, try));
    if (try->verdict.kind == RC_TRANSFER_ALLOWED && !actor.caller->anonymous)
        r->user = apr_pstrdup(r->pool, actor.caller->username);
    return NULL;
}

/* --- httpd --- */

/* Logs a refusal. Clients come without credentials first, so that is no news. */
static void log_refusal(const request_rec *r, const rc_verdict_t *verdict, int status, bool sent)
{
    const char *why = verdict->kind == RC_TRANSFER_SIGN_IN
                          ? "no login or key that counts, and visitors may not"
                          : "no such repository for this caller";
    int level = verdict->kind == RC_TRANSFER_SIGN_IN && !sent ? APLOG_DEBUG : APLOG_INFO;

    ap_log_rerror(APLOG_MARK, level, 0, r, RCLOGNO(0064) "%s refused with %d: %s",
                  rc_redact(r->uri, r->pool), status, verdict->text ? verdict->text : why);
}

static authz_status answer_try(request_rec *r, const rc_verdict_t *verdict, bool sent)
{
    static const int statuses[] = {[RC_TRANSFER_SIGN_IN] = HTTP_UNAUTHORIZED,
                                   [RC_TRANSFER_HIDDEN] = HTTP_NOT_FOUND,
                                   [RC_TRANSFER_FORBIDDEN] = HTTP_FORBIDDEN,
                                   [RC_TRANSFER_LOCKED] = HTTP_LOCKED};

    if (verdict->kind == RC_TRANSFER_ALLOWED) {
        rc_http_drop_header_key(r); /* a program would find it in its environment */
        return AUTHZ_GRANTED;
    }
    log_refusal(r, verdict, statuses[verdict->kind], sent);
    rc_http_refuse_quietly(r);
    if (verdict->kind == RC_TRANSFER_SIGN_IN)
        return r->user ? AUTHZ_DENIED : AUTHZ_DENIED_NO_USER;
    rc_http_refuse_as(r, statuses[verdict->kind], apr_pstrdup(r->pool, verdict->text));
    return AUTHZ_DENIED;
}

static authz_status check_with(request_rec *r, rc_env_t *env, const guard_t *guard,
                               apr_pool_t *pool)
{
    const char *path = rc_http_behind(guard->prefix, r->uri), *key = rc_http_header_key(r);
    try_t try = {.r = r, .path = path};
    rc_err_t *err;

    if (!path) {
        rc_http_refuse_as(r, HTTP_NOT_FOUND, NULL);
        return AUTHZ_DENIED;
    }
    if (!key && !r->user && apr_table_get(r->headers_in, "Authorization"))
        return AUTHZ_DENIED_NO_USER; /* AuthBasicProvider checks it next */
    try.kind = guard->wants == WANTS_AUTO    ? kind_of(r, pool)
               : guard->wants == WANTS_WRITE ? RC_PUSH
                                             : RC_PULL;
    rc_http_log_request(r);
    err = judge_try(&try, env, key, pool);
    rc_http_log_request(NULL);
    if (!err)
        return answer_try(r, &try.verdict, key || r->user);
    rc_http_log_err(r, err);
    rc_http_refuse_as(r, rc_err_http_status(err->kind), NULL);
    return AUTHZ_DENIED;
}

static authz_status check_repo(request_rec *r, const char *line, const void *parsed)
{
    rc_env_t *env = rc_http_env(r);
    authz_status status;
    apr_pool_t *work;

    (void)line;
    rc_http_refuse_not(r);
    if (!env || !ap_auth_type(r)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      RCLOGNO(0063) "Require " NAME " takes AuthType Basic with AuthBasicProvider "
                                    "rcapi, and a SetHandler " RC_HANDLER " in this virtual host");
        return AUTHZ_DENIED;
    }
    apr_pool_create(&work, r->pool);
    apr_pool_tag(work, "rcapi require");
    rc_http_at_work(work);
    status = check_with(r, env, parsed, work);
    apr_pool_destroy(work);
    return status;
}

/* Sets the prefix to that of the line or, without one, of the <Location>. */
static const char *find_prefix(guard_t *guard, const cmd_parms *cmd, const char *given)
{
    const char *prefix = *given ? given : cmd->path;
    apr_size_t len;

    if (!prefix || *prefix != '/' || (!*given && ap_is_matchexp(prefix)))
        return "Require " NAME " outside of a plain <Location> takes a PREFIX, which begins with /";
    len = strlen(prefix);
    while (len && prefix[len - 1] == '/')
        len--;
    guard->prefix = apr_pstrmemdup(cmd->pool, prefix, len);
    return NULL;
}

static const char *parse_guard(cmd_parms *cmd, const char *line, const void **parsed)
{
    static const char *const words[] = {
        [WANTS_READ] = "read", [WANTS_WRITE] = "write", [WANTS_AUTO] = "auto"};
    guard_t *guard = apr_pcalloc(cmd->pool, sizeof(*guard));
    /* the section has no settings of this module unless a directive of it stands there */
    rc_dir_conf_t *conf =
        ap_set_config_vectors(cmd->server, cmd->context, cmd->path, &rcapi_module, cmd->pool);
    const char *word = ap_getword_conf(cmd->pool, &line);
    const char *given = ap_getword_conf(cmd->pool, &line);
    int i;

    for (i = 0; i < 3 && strcmp(words[i], word); i++)
        ;
    if (i == 3 || *line)
        return "Require " NAME " takes read, write or auto, and perhaps a PREFIX of the URL";
    guard->wants = (wants_t)i;
    conf->guards_repos = true;
    *parsed = guard;
    return find_prefix(guard, cmd, given);
}

static const authz_provider guards = {check_repo, parse_guard};

void rc_http_register_require_repo(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, NAME, AUTHZ_PROVIDER_VERSION, &guards,
                              AP_AUTH_INTERNAL_PER_CONF);
}
