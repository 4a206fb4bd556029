// SPDX-License-Identifier: Apache-2.0
/*
 * The methods for locks of repositories: lock and get_locks (contract 02 §2, 01 §12).
 */
#include "../method.h"

#include <apr_strings.h>

#include "domain/repo_change.h"
#include "base/time.h"

#define REASON "lock_api"

/* The answer of the method lock. */
typedef struct lock_state_t {
    bool locked, changed;
    apr_int64_t since;
    const char *by, *reason, *msg;
} lock_state_t;

static rc_err_t *answer_state(rc_call_t *call, rc_json_t *out, const lock_state_t *state)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "repo", rc_arg_repo(call, RC_P_REPOID)->name);
    rc_json_member_bool(out, "locked", state->locked);
    if (state->locked)
        rc_json_member_int(out, "locked_since", state->since);
    else
        rc_json_member_null(out, "locked_since");
    rc_json_member_string(out, "locked_by", state->by);
    rc_json_member_string(out, "lock_reason", state->reason);
    rc_json_member_bool(out, "lock_state_changed", state->changed);
    rc_json_member_string(out, "msg", state->msg);
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *query(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);
    rc_user_t *holder = NULL;
    lock_state_t state = {.msg = apr_psprintf(call->pool, "Repo `%s` not locked.", repo->name)};

    if (repo->lock_user_id)
        RC_TRY(rc_store_user_by_id(&holder, call->actor.db, repo->lock_user_id, call->pool));
    if (holder) {
        state.locked = true;
        state.since = repo->locked_on;
        state.by = holder->username;
        state.reason = repo->lock_reason;
        state.msg = apr_psprintf(call->pool, "Repo `%s` locked by `%s` on %s.", repo->name,
                                 holder->username,
                                 rc_time_local(apr_time_from_sec(repo->locked_on), call->pool));
    }
    return answer_state(call, out, &state);
}

static rc_err_t *plan(rc_call_t *call, void *baton)
{
    *(rc_lock_t *)baton =
        (rc_lock_t){rc_arg_repo(call, RC_P_REPOID), rc_arg_user(call, RC_P_USERID),
                    rc_arg_bool(call, RC_P_LOCKED), REASON};
    return NULL;
}

static rc_err_t *set(rc_call_t *call, rc_json_t *out)
{
    lock_state_t state = {.changed = true, .reason = REASON};
    rc_lock_t lock;

    RC_TRY(rc_call_plan(call, plan, &lock));
    RC_TRY(rc_repo_set_lock(&state.since, &call->actor, &lock));
    state.locked = lock.locked;
    state.by = lock.user->username;
    state.msg = apr_psprintf(call->pool, "User `%s` set lock state for repo `%s` to `%s`", state.by,
                             lock.repo->name, state.locked ? "True" : "False");
    return answer_state(call, out, &state);
}

static rc_err_t *lock(rc_call_t *call, rc_json_t *out)
{
    return rc_arg_given(call, RC_P_LOCKED) ? set(call, out) : query(call, out);
}

static rc_err_t *get_locks(rc_call_t *call, rc_json_t *out)
{
    rc_repo_list_t list = {.call = call, .out = out};

    rc_json_array_begin(out);
    RC_TRY(rc_render_repos_begin(&list));
    RC_TRY(rc_store_repos_locked_each(call->actor.db, rc_caller_viewer(call->actor.caller),
                                      rc_arg_user(call, RC_P_USERID)->id, list.fields,
                                      rc_render_listed_repo, &list, call->pool));
    rc_json_array_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_lock[] = {
    {"lock", lock, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_WRITE),
               RC_ARG(RC_P_LOCKED, RC_BOOL, "None"),
               RC_ARG(RC_P_USERID, RC_SELF, RC_CALLER)),
     "Error occurred locking repository `{repoid.name}`",
     "Lock or unlock a repository, or report whether it is locked."},
    {"get_locks", get_locks, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_SELF, RC_CALLER)),
     NULL, "Describe all repositories that a user has locked."},
    {"get_user_locks", get_locks, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_SELF, RC_CALLER)),
     NULL, "Another name of get_locks."},
    {.name = NULL},
};
/* clang-format on */
