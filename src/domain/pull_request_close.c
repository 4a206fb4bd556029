// SPDX-License-Identifier: Apache-2.0
/*
 * Closes pull requests without a merge (contract 09 §2).
 */
#include "pull_request.h"

static rc_err_t *check_close(const rc_actor_t *actor, const rc_pull_act_t *act)
{
    rc_level_t level;

    RC_TRY(rc_pull_level(&level, actor, act));
    if (!rc_pull_may_change(act, level))
        return rc_err(actor->pool, RC_E_ARG,
                      "pull request `%s` close failed, no permission to close.", act->sent);
    if (act->pull->closed)
        return rc_err(actor->pool, RC_E_ARG, "pull request `%s` is already closed", act->sent);
    return NULL;
}

static rc_err_t *close_it(rc_actor_t *actor, void *baton)
{
    const rc_pull_closing_t *request = *(const rc_pull_closing_t **)baton;
    apr_int64_t id;

    RC_TRY(check_close(actor, &request->act));
    RC_TRY(rc_pull_check_settled(actor, request->act.pull));
    if (request->message && *request->message)
        RC_TRY(rc_pull_say(&id, actor, &request->act, request->message, NULL));
    RC_TRY(rc_store_pull_close(actor->db, request->act.pull->id));
    return rc_pull_journal(actor, request->act.pull, "user_closed_pull_request");
}

rc_err_t *rc_pull_close(rc_actor_t *actor, const rc_pull_closing_t *request)
{
    bool closed;

    RC_TRY(check_close(actor, &request->act));
    if (request->act.pull->merge_rev)
        RC_TRY(rc_pull_settle(&closed, actor, request->act.pull));
    return rc_actor_txn(actor, close_it, &request);
}
