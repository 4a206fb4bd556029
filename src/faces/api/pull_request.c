// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the arguments that the methods of pull requests share (contract 09 §2).
 */
#include "pull_request.h"

#include <string.h>

#include <apr_strings.h>

rc_err_t *rc_pull_no_repo(const rc_call_t *call, const rc_pull_request_t *pull)
{
    return rc_err(call->pool, RC_E_ARG, "repository `%s` does not exist",
                  rc_arg_repo(call, RC_P_REPOID) ? rc_arg_sent(call, RC_P_REPOID)
                                                 : pull->target.repo);
}

/* Finds the acting user: the caller, or `userid` for who administers @a repo, unless that is NULL.
 */
static rc_err_t *find_user(rc_user_t **user, rc_call_t *call, const rc_repo_t *repo)
{
    bool given = rc_has_param(call, RC_P_USERID) && rc_arg_given(call, RC_P_USERID);
    apr_int64_t own = call->actor.caller->user_id;

    if (!given)
        return rc_store_user_by_id(user, call->actor.db, own, call->pool);
    RC_TRY(rc_find_user(user, call, rc_arg_json(call, RC_P_USERID)));
    if (repo && repo->level < RC_ADMIN && (!*user || (*user)->id != own))
        return rc_err(call->pool, RC_E_ARG, RC_MSG_SELF);
    return *user ? NULL
                 : rc_err(call->pool, RC_E_ARG, "user `%s` does not exist",
                          rc_arg_sent(call, RC_P_USERID));
}

/* The text for what does not exist is that for what the caller may not read (05 OPEN-9). */
static rc_err_t *not_found(const rc_call_t *call)
{
    const char *sent = rc_arg_sent(call, RC_P_PULLREQUESTID);

    if (strcmp(call->method->name, "get_pull_request_comments") || !rc_arg_repo(call, RC_P_REPOID))
        return rc_err(call->pool, RC_E_ARG, "pull request `%s` does not exist", sent);
    return rc_err(call->pool, RC_E_ARG, "repository `%s` or pull request `%s` does not exist",
                  rc_arg_sent(call, RC_P_REPOID), sent);
}

static rc_err_t *find_pull(rc_pull_request_t **pull, rc_call_t *call, const rc_repo_t *repo)
{
    apr_int64_t id;

    if (!rc_value_id(&id, rc_arg_json(call, RC_P_PULLREQUESTID), true))
        return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG, "pullrequestid must be an integer"));
    RC_TRY(rc_pull_find(pull, &call->actor, id));
    if (*pull && repo && repo->id != (*pull)->target.repo_id && repo->id != (*pull)->source.repo_id)
        *pull = NULL;
    return *pull ? NULL : not_found(call);
}

/* Who administers only the source may act for nobody else in the target. */
static rc_err_t *check_acting(const rc_call_t *call, const rc_pull_act_t *act)
{
    if (act->user->id == call->actor.caller->user_id || act->pull->level >= RC_ADMIN)
        return NULL;
    return rc_err(call->pool, RC_E_ARG, RC_MSG_SELF);
}

rc_err_t *rc_pull_arg(rc_pull_act_t *act, rc_call_t *call)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);
    rc_pull_request_t *pull;
    rc_user_t *user;

    RC_TRY(find_user(&user, call, repo));
    RC_TRY(find_pull(&pull, call, repo));
    *act = (rc_pull_act_t){pull, user, rc_arg_sent(call, RC_P_PULLREQUESTID)};
    return check_acting(call, act);
}

/* --- plans --- */

typedef struct planning_t {
    rc_call_t *call;
    rc_call_fn_t *plan;
    void *request;
} planning_t;

static rc_err_t *run_plan(rc_actor_t *actor, void *baton)
{
    const planning_t *planning = baton;

    (void)actor;
    return rc_call_plan(planning->call, planning->plan, planning->request);
}

rc_err_t *rc_pull_plan(rc_call_t *call, rc_call_fn_t *plan, void *request)
{
    planning_t planning = {call, plan, request};

    return rc_actor_read(&call->actor, run_plan, &planning);
}

/* --- reviewers --- */

static const char *join_reasons(json_object *reasons, apr_pool_t *pool)
{
    apr_array_header_t *all = apr_array_make(pool, 2, sizeof(const char *));
    size_t i;

    if (!json_object_is_type(reasons, json_type_array))
        return "";
    for (i = 0; i < json_object_array_length(reasons); i++) {
        const char *one = rc_value_text(json_object_array_get_idx(reasons, i), pool);

        if (one && *one)
            APR_ARRAY_PUSH(all, const char *) = one;
    }
    return apr_array_pstrcat(pool, all, '\n');
}

/* A reviewer is a name, an id, or an object {"username", "reasons", "mandatory"}. */
static rc_err_t *read_reviewer(rc_pull_invited_t *invited, rc_call_t *call, json_object *value)
{
    json_object *who = value, *reasons = NULL, *mandatory = NULL;
    const char *sent;
    rc_user_t *user;

    if (json_object_is_type(value, json_type_object)) {
        json_object_object_get_ex(value, "username", &who);
        json_object_object_get_ex(value, "reasons", &reasons);
        json_object_object_get_ex(value, "mandatory", &mandatory);
    }
    sent = rc_value_text(who, call->pool);
    RC_TRY(rc_find_user(&user, call, who));
    if (!user || !strcmp(user->username, RC_DEFAULT_USER)) /* who could never vote */
        return rc_err(call->pool, RC_E_ARG, "user `%s` does not exist", sent ? sent : "None");
    *invited = (rc_pull_invited_t){user, join_reasons(reasons, call->pool),
                                   json_object_get_boolean(mandatory)};
    return NULL;
}

rc_err_t *rc_pull_check_reviewers(apr_size_t count, apr_pool_t *pool)
{
    return count <= RC_PULL_REVIEWERS_MOST
               ? NULL
               : rc_err(pool, RC_E_ARG, "a pull request has at most %d reviewers",
                        RC_PULL_REVIEWERS_MOST);
}

static rc_err_t *add_reviewer(apr_array_header_t *list, rc_call_t *call, json_object *value)
{
    rc_pull_invited_t one;

    RC_TRY(read_reviewer(&one, call, value));
    if (!rc_pull_is_invited(list, one.user))
        APR_ARRAY_PUSH(list, rc_pull_invited_t) = one;
    return NULL;
}

rc_err_t *rc_pull_read_reviewers(apr_array_header_t **reviewers, rc_call_t *call,
                                 json_object *value)
{
    size_t i;

    *reviewers = apr_array_make(call->pool, 4, sizeof(rc_pull_invited_t));
    if (!json_object_is_type(value, json_type_array))
        return value ? add_reviewer(*reviewers, call, value) : NULL;
    RC_TRY(rc_pull_check_reviewers(json_object_array_length(value), call->pool));
    for (i = 0; i < json_object_array_length(value); i++)
        RC_TRY(add_reviewer(*reviewers, call, json_object_array_get_idx(value, i)));
    return NULL;
}

rc_err_t *rc_pull_arg_reviewers(const apr_array_header_t **reviewers, rc_call_t *call)
{
    json_object *value = rc_arg_json(call, RC_P_REVIEWERS);
    apr_array_header_t *list;

    *reviewers = NULL;
    if (!rc_arg_given(call, RC_P_REVIEWERS))
        return NULL;
    if (!json_object_is_type(value, json_type_array))
        return rc_arg_fault(
            call, rc_err(call->pool, RC_E_ARG, "reviewers should be specified as a list"));
    RC_TRY(rc_pull_read_reviewers(&list, call, value));
    *reviewers = list;
    return NULL;
}
