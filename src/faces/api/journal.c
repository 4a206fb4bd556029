// SPDX-License-Identifier: Apache-2.0
/*
 * What calls change goes into the journal.
 */
#include "method.h"

#include <apr_strings.h>

rc_journal_actor_t rc_call_actor(const rc_call_t *call)
{
    return (rc_journal_actor_t){call->caller->user_id, call->request->client_ip,
                                call->request->actor};
}

rc_err_t *rc_call_journal_named(rc_call_t *call, const char *action, const char *name,
                                const char *what)
{
    if (what)
        name = apr_pstrcat(call->pool, name, ": ", what, NULL);
    return rc_call_journal(call, NULL, action, name);
}

rc_err_t *rc_call_journal(rc_call_t *call, const rc_repo_t *repo, const char *action,
                          const char *what)
{
    rc_journal_actor_t actor = rc_call_actor(call);

    if (what)
        action = apr_pstrcat(call->pool, action, ":", what, NULL);
    return rc_store_journal_add(call->db, &actor, repo ? repo->id : 0, repo ? repo->name : NULL,
                                action);
}
