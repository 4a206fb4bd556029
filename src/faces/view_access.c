// SPDX-License-Identifier: Apache-2.0
/*
 * Decides whether the caller may see a view, in the order of contract 03 §3. The address is checked
 * before the repository is looked up. The answer is the same for a repository that does not exist
 * and for one that the caller may not read.
 */
#include "faces/view.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/identify.h"
#include "domain/repo_sync.h"
#include "domain/session.h"
#include "base/hex.h"
#include "faces/session.h"
#include "faces/whitelist.h"

#define ROLES_OF_VIEWS (RC_ROLE_ALL | RC_ROLE_HTTP | RC_ROLE_API)

rc_err_t *rc_view_refuse(rc_view_call_t *call, int status, const char *message)
{
    call->status = status;
    call->message = message;
    return NULL;
}

/* A reason that is already set stays: why a key was ignored explains more than what followed. */
static rc_err_t *deny(rc_view_call_t *call, int status, const char *why)
{
    if (!call->why)
        call->why = why;
    return rc_view_refuse(call, status, NULL);
}

static const char *name_of_caller(const rc_view_call_t *call)
{
    return call->actor.caller->anonymous
               ? "a visitor"
               : apr_psprintf(call->pool, "user '%s'", call->actor.caller->username);
}

static unsigned route_roles(const rc_view_route_t *route)
{
    return route->view->flags & RC_VIEW_FEED ? ROLES_OF_VIEWS | RC_ROLE_FEED : ROLES_OF_VIEWS;
}

/* Whitelist and roles apply to keys only: a user who logged in sees every view of what they may
 * read. */
static bool may_open(const rc_view_call_t *call, const rc_view_route_t *route)
{
    if (call->actor.caller->anonymous)
        return !(route->view->flags & RC_VIEW_LOGIN);
    return call->actor.caller->login ||
           ((call->actor.caller->role & route_roles(route)) &&
            (route->view->flags & RC_VIEW_FEED ||
             rc_whitelist_has(call->request->whitelist, route->view->action)));
}

/* Returns, for the log, why a key that the client sent was ignored; NULL when none was. */
static const char *ignored(const rc_identity_t *who, apr_pool_t *pool)
{
    switch (who->ignored) {
    case RC_REFUSED_NOT:
        return NULL;
    case RC_REFUSED_UNKNOWN:
        return "the key is unknown or expired";
    case RC_REFUSED_INACTIVE:
        return apr_psprintf(pool, "user '%s' is inactive", who->owner->username);
    default:
        return apr_psprintf(pool, "a key of user '%s' with %s opens no such view",
                            who->owner->username, rc_role_name(who->owner->role));
    }
}

/* Returns the roles that open at least one of the views that the URL can name. */
static unsigned roles_of(const apr_array_header_t *routes)
{
    unsigned roles = 0;
    int i;

    for (i = 0; i < routes->nelts; i++)
        roles |= route_roles(&APR_ARRAY_IDX(routes, i, rc_view_route_t));
    return roles;
}

/* Returns the session that may open the views: not those of feeds without a repository, which
 * programs fetch (contract 10 §6). */
static const char *cookie_of(const rc_request_t *request, const apr_array_header_t *routes)
{
    const rc_view_t *view = APR_ARRAY_IDX(routes, 0, rc_view_route_t).view;

    return *view->pattern == '/' && view->flags & RC_VIEW_FEED
               ? NULL
               : rc_face_cookie(request, RC_COOKIE_SESSION);
}

static rc_err_t *identify(rc_refusal_t *refusal, rc_view_call_t *call,
                          const apr_array_header_t *routes)
{
    const rc_request_t *request = call->request;
    const rc_credentials_t credentials = {
        .key = request->query_key ? request->query_key : request->header_key,
        .roles = roles_of(routes),
        .login = request->login,
        .session = cookie_of(request, routes),
        .anonymous = true,
        .ip = request->client_ip,
    };
    rc_identity_t who;

    RC_TRY(rc_identify(&who, call->actor.db, &credentials, call->pool));
    rc_actor_is(&call->actor, who.caller);
    call->why = ignored(&who, call->pool);
    *refusal = who.refusal;
    return NULL;
}

const char *const rc_view_query_keys[] = {"auth_token", "api_key", NULL};

static void take_route(rc_view_call_t *call, const rc_view_route_t *route)
{
    call->view = route->view;
    call->id = route->id;
    call->rev = route->rev;
    call->by_id = route->repo_id != 0;
    if (route->rest)
        call->rest = rc_hex_unescape(route->rest, strlen(route->rest), call->pool);
}

/* Sets call->repo when the route's repository exists and the caller may read it. */
static rc_err_t *look_up_view(rc_view_call_t *call, const rc_view_route_t *route)
{
    rc_viewer_t viewer = rc_caller_viewer(call->actor.caller);
    rc_repo_t *repo;

    if (route->repo)
        RC_TRY(rc_store_repo_seen_by_name(&repo, call->actor.db, viewer, route->repo, call->pool));
    else
        RC_TRY(rc_store_repo_seen_by_id(&repo, call->actor.db, viewer, route->repo_id, call->pool));
    if (!repo)
        return NULL;
    call->repo = repo;
    take_route(call, route);
    return NULL;
}

/* Returns, for the log, why may_open returned false. */
static const char *unlisted(const rc_view_call_t *call, const rc_view_route_t *route)
{
    return apr_psprintf(call->pool, "%s is not open to %s", route->view->action,
                        call->actor.caller->anonymous ? "visitors" : "keys, by the whitelist");
}

/* Takes the first route whose view is open to the caller and whose repository they may read. */
static rc_err_t *find_repository(rc_view_call_t *call, const apr_array_header_t *routes)
{
    bool asked = false;
    int i;

    for (i = 0; i < routes->nelts && !call->repo; i++) {
        const rc_view_route_t *route = &APR_ARRAY_IDX(routes, i, rc_view_route_t);

        if (!may_open(call, route))
            continue;
        asked = true;
        RC_TRY(look_up_view(call, route));
    }
    if (call->repo)
        return NULL;
    if (!asked)
        return deny(call, 401, unlisted(call, &APR_ARRAY_IDX(routes, 0, rc_view_route_t)));
    return deny(call, call->actor.caller->anonymous ? 401 : 404,
                apr_psprintf(call->pool, "%s may read no such repository", name_of_caller(call)));
}

/* For views without a repository. */
static rc_err_t *find_view(rc_view_call_t *call, const rc_view_route_t *route)
{
    if (!may_open(call, route))
        return deny(call, 401, unlisted(call, route));
    take_route(call, route);
    return NULL;
}

typedef struct decision_t {
    rc_view_call_t *call;
    const apr_array_header_t *routes;
} decision_t;

static rc_err_t *decide_access(rc_actor_t *actor, void *baton)
{
    const decision_t *decision = baton;
    const apr_array_header_t *routes = decision->routes;
    rc_view_call_t *call = decision->call;
    const rc_view_route_t *first = &APR_ARRAY_IDX(routes, 0, rc_view_route_t);
    const char *ip = call->request->client_ip;
    rc_refusal_t refusal;

    (void)actor;
    RC_TRY(identify(&refusal, call, routes));
    if (!call->actor.caller)
        return deny(call, 401, "no key, no login, and no anonymous access");
    if (refusal) { /* with a caller set, only the address can be refused */
        call->why = apr_psprintf(call->pool, "%s is not allowed from %s", name_of_caller(call), ip);
        return rc_view_refuse(call, 403, apr_psprintf(call->pool, "IP %s not allowed", ip));
    }
    return *first->view->pattern == '/' ? find_view(call, first) : find_repository(call, routes);
}

rc_err_t *rc_view_access(rc_view_call_t **out, const apr_array_header_t *routes,
                         const rc_request_t *request)
{
    apr_pool_t *pool = request->pool;
    rc_view_call_t *call = apr_pcalloc(pool, sizeof(*call));
    decision_t decision = {call, routes};

    *out = call;
    call->env = request->env;
    call->request = request;
    call->pool = pool;
    call->actor = (rc_actor_t){.env = call->env, .pool = pool, .ip = request->client_ip};
    rc_env_work_begin(&call->actor.work, call->env, request->gone, request->server, pool);
    call->status = 200;
    call->length = -1;
    if (!request->readonly)
        return rc_view_refuse(call, 405, NULL);
    RC_TRY(rc_actor_ask(&call->actor, decide_access, &decision)); /* all in one snapshot */
    if (call->actor.caller && call->actor.caller->csrf)
        rc_session_use(&call->actor, rc_face_cookie(request, RC_COOKIE_SESSION));
    if (call->status == 200) /* an invalid key was ignored, and visitors may see the view */
        call->why = NULL;
    return NULL;
}

rc_err_t *rc_view_write(rc_view_call_t *call, rc_spool_t *spool)
{
    rc_actor_close(&call->actor); /* writing can take minutes: hold no connection meanwhile */
    RC_TRY(call->view->write(call, spool));
    if (call->repo && call->vcs) /* the repository may be newer than its stored last commit */
        rc_repo_notice(&call->actor, call->repo, call->vcs);
    return NULL;
}
