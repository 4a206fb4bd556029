// SPDX-License-Identifier: Apache-2.0
/*
 * Logs why an API call failed or was refused. The contract's texts for clients often do not contain
 * the reason.
 */
#include "reason.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
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
    rc_log(RC_LOG_INFO, APR_SUCCESS, "call refused: %s", without_key(text, key, pool));
}

void rc_log_failed_call(const rc_call_t *call, const rc_err_t *err)
{
    rc_log_level_t level = rc_err_log_level(err->kind);
    const char *who = call->actor.caller ? call->actor.caller->username : NULL;

    rc_log(level, err->cause, "method %s %s%s%s%s: %s", call->method->name,
           level == RC_LOG_INFO ? "refused" : "failed", who ? " (user '" : "", who ? who : "",
           who ? "')" : "", without_key(rc_err_log_text(err, call->pool), call->key, call->pool));
}
