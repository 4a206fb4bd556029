// SPDX-License-Identifier: Apache-2.0
/*
 * Signs in clients of version control, and turns verdicts on their transfers into refusals.
 * Visitors get 401 for whatever they may not see, so that their client asks for a password; others
 * get the same 404 for a missing and for a hidden repository.
 */
#include "faces/sign_in.h"

#include <string.h>

#include <apr_strings.h>

#define WRONG  "Wrong user name, password or token (a token needs the role vcs or all)"
#define HIDDEN "There is no such repository, or you may not read it"

rc_err_t *rc_face_sign_in(rc_credentials_t *credentials, const rc_request_t *request)
{
    const rc_sign_in_t sent = {.key = request->header_key,
                               .user = request->basic_user,
                               .password = request->basic_password,
                               .login = request->login,
                               .ip = request->client_ip};

    return rc_sign_in(credentials, request->env, &sent, request->pool);
}

static bool sends_credentials(const rc_request_t *request)
{
    return request->header_key || request->basic_user || request->login;
}

/* Returns, for the log, why the caller is unknown. */
static const char *why_unknown(const rc_request_t *request, const rc_identity_t *who,
                               apr_pool_t *pool)
{
    if (!sends_credentials(request))
        return "no credentials, and no anonymous access";
    if (who->refusal == RC_REFUSED_ROLE)
        return apr_psprintf(pool, "a key of user '%s' with %s opens no repository",
                            who->caller->username, rc_role_name(who->caller->role));
    if (who->refusal == RC_REFUSED_INACTIVE)
        return apr_psprintf(pool, "user '%s' is inactive", who->caller->username);
    if (request->header_key)
        return "the key is unknown or expired";
    return apr_psprintf(pool, "wrong name, password or token of user '%s'",
                        request->basic_user ? request->basic_user : request->login);
}

/* Refuses an unknown caller. Each client comes without credentials first: that is no news. */
static rc_err_t *ask_who(rc_answer_t *answer, const rc_request_t *request, const rc_identity_t *who,
                         apr_pool_t *pool)
{
    bool sent = sends_credentials(request);

    answer->usual = !sent;
    return rc_answer_refuse(answer, 401, sent ? WRONG : NULL, why_unknown(request, who, pool));
}

rc_err_t *rc_face_identify(rc_actor_t *actor, rc_answer_t *answer, const rc_request_t *request,
                           const rc_credentials_t *credentials)
{
    const char *ip = actor->ip;
    rc_identity_t who;

    RC_TRY(rc_identify(&who, actor->db, credentials, actor->pool));
    /* with a name, no login line of httpd asks a caller for other credentials */
    if ((!who.refusal || who.refusal == RC_REFUSED_ADDRESS) && !who.caller->anonymous)
        answer->user = who.caller->username;
    if (who.refusal == RC_REFUSED_ADDRESS)
        return rc_answer_refuse(
            answer, 403, apr_psprintf(actor->pool, "IP %s not allowed", ip),
            apr_psprintf(actor->pool, "%s is not allowed from %s", who.caller->username, ip));
    if (who.refusal)
        return ask_who(answer, request, &who, actor->pool);
    rc_actor_is(actor, who.caller);
    return NULL;
}

rc_err_t *rc_face_take_verdict(rc_answer_t *answer, const rc_actor_t *actor,
                               const rc_verdict_t *verdict)
{
    switch (verdict->kind) {
    case RC_TRANSFER_SIGN_IN:
        return rc_answer_refuse(answer, 401, NULL,
                                "a visitor may not, or there is no such repository");
    case RC_TRANSFER_HIDDEN:
        return rc_answer_refuse(
            answer, 404, HIDDEN,
            apr_psprintf(actor->pool, "'%s' may read no such repository", actor->caller->username));
    case RC_TRANSFER_FORBIDDEN:
        return rc_answer_refuse(answer, 403, verdict->text, NULL);
    case RC_TRANSFER_LOCKED:
        return rc_answer_refuse(answer, 423, verdict->text, NULL);
    case RC_TRANSFER_ALLOWED:
        break;
    }
    return NULL;
}

rc_err_t *rc_face_refuse_type(rc_answer_t *answer, const rc_actor_t *actor, const rc_repo_t *repo,
                              const char *client)
{
    return rc_answer_refuse(answer, 404,
                            apr_psprintf(actor->pool, "`%s` is a repository of %s, not of %s",
                                         repo->name, repo->type, client),
                            NULL);
}

rc_err_t *rc_face_lock(rc_locks_t *locks, rc_answer_t *answer, rc_actor_t *actor,
                       const rc_repo_t *repo)
{
    rc_err_t *err = rc_transfer_lock(locks, actor, repo);

    if (!err || (err->kind != RC_E_BUSY && err->kind != RC_E_NOTFOUND))
        return err;
    return rc_answer_refuse(answer, err->kind == RC_E_BUSY ? 503 : 404, err->msg,
                            rc_err_log_text(err, actor->pool));
}

const char *rc_face_record_pull(rc_actor_t *actor, const rc_repo_t *repo, bool complete)
{
    const char *note = NULL;
    rc_err_t *err = rc_transfer_pulled(&note, actor, repo, complete);

    rc_actor_close(actor);
    if (err)
        rc_log(rc_err_log_level(err->kind), err->cause, "a pull from %s is not recorded: %s",
               repo->name, rc_err_log_text(err, actor->pool));
    return err ? NULL : note;
}

/* Returns @a text as the content of a quoted string. */
static const char *quoted(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(text) + 1), *to = out;

    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            *to++ = '\\';
        *to++ = *text;
    }
    *to = '\0';
    return out;
}

void rc_face_ask_password(rc_answer_t *answer, const rc_request_t *request)
{
    const char *title = request->env ? request->env->config->site_title : NULL;

    title = title && *title ? title : "rcapi";
    rc_answer_header(
        answer, "WWW-Authenticate",
        apr_pstrcat(request->pool, "Basic realm=\"", quoted(title, request->pool), "\"", NULL));
}
