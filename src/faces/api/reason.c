// SPDX-License-Identifier: Apache-2.0
/*
 * Says why an API call failed or was refused: to the log, and to the client. The contract's texts
 * for clients often do not contain the reason.
 */
#include "reason.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/redact.h"

#define MAX_SHOWN 400 /* bytes of a reason, which can contain a client's text */

/* Returns @a text cut before the key, which a client may have sent in the wrong place. */
static const char *without_key(const char *text, const char *key, apr_pool_t *pool)
{
    const char *found;

    text = apr_pstrmemdup(pool, text, strnlen(text, MAX_SHOWN));
    if (!key || strlen(key) < 8 || !(found = strstr(text, key)))
        return text;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(found - text)), RC_HIDDEN,
                       NULL);
}

void rc_log_refused_call(const char *text, const char *key, apr_pool_t *pool)
{
    rc_metric_add(RC_METRIC_CALLS, "none", "refused", 1);
    rc_log(RC_LOG_INFO, APR_SUCCESS, "call refused: %s", without_key(text, key, pool));
}

static void log_failed_call(const rc_call_t *call, const rc_err_t *err)
{
    rc_log_level_t level = rc_err_log_level(err->kind);
    const char *who = call->actor.caller ? call->actor.caller->username : NULL;

    rc_log(level, err->cause, "method %s %s%s%s%s: %s", call->method->name,
           level == RC_LOG_INFO ? "refused" : "failed", who ? " (user '" : "", who ? who : "",
           who ? "')" : "", without_key(rc_err_log_text(err, call->pool), call->key, call->pool));
}

bool rc_call_is_away(const rc_call_t *call, const rc_err_t *err)
{
    return err->kind == RC_E_BUSY && !err->msg &&
           (!call->actor.db || !call->checked || !call->method->failure);
}

/* The text of a full limiter is sent as it is, because a retry can succeed. */
const char *rc_call_error_text(const rc_call_t *call, const rc_err_t *err)
{
    log_failed_call(call, err);
    if (call->fault == RC_FAULT_DATABASE || rc_call_is_away(call, err))
        return RC_MSG_INTERNAL;
    if (err->kind == RC_E_ARG)
        return err->msg;
    if (err->kind == RC_E_FORBIDDEN)
        return RC_MSG_FORBIDDEN;
    if (err->kind == RC_E_BUSY && err->msg)
        return err->msg;
    if (call->method->failure)
        return rc_call_text(call, call->method->failure);
    return err->kind == RC_E_LIMIT ? err->msg : RC_MSG_INTERNAL;
}

/* True when the caller administers what the call is about. */
static bool administers(const rc_call_t *call)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);
    const rc_repo_group_t *group = rc_arg_repo_group(call, RC_P_REPOGROUPID);

    return (repo && repo->level >= RC_ADMIN) || (group && group->level >= RC_ADMIN);
}

/* True when the call creates something; whoever may not is refused with another kind of error. */
static bool creates(const rc_call_t *call)
{
    return !strncmp(call->method->name, "create_", 7) || !strcmp(call->method->name, "fork_repo");
}

const char *rc_call_reason(const rc_call_t *call, const rc_err_t *err)
{
    const rc_caller_t *caller = call->actor.caller;

    if (err->kind != RC_E_FAILED || !caller)
        return NULL;
    if (!caller->admin && !administers(call) && !creates(call))
        return NULL;
    return without_key(rc_err_log_text(err, call->pool), call->key, call->pool);
}
