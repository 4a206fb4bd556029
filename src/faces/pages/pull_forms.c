// SPDX-License-Identifier: Apache-2.0
/*
 * What the forms on the page of a pull request do: comment and vote, close, merge. They lead back
 * to the page.
 */
#include "account.h"

#include <apr_strings.h>

#include "base/text.h"
#include "domain/pull_request.h"

#define NO_SUCH "There is no such pull request."

/* Who acts on which pull request; read before the use case begins, and again in its transaction. */
typedef struct acting_t {
    rc_page_account_call_t *account;
    rc_pull_act_t *act;
    apr_int64_t id;
    rc_err_t *(*renew)(void *baton); /* of the session */
    void *baton;
} acting_t;

static rc_err_t *load_acting(rc_actor_t *actor, void *baton)
{
    acting_t *acting = baton;
    rc_pull_request_t *pull;
    rc_user_t *user;

    RC_TRY(rc_pull_find(&pull, actor, acting->id));
    RC_TRY(rc_store_user_by_id(&user, actor->db, actor->caller->user_id, actor->pool));
    if (!pull || !user)
        return rc_err(actor->pool, RC_E_NOTFOUND, NO_SUCH);
    acting->act->pull = pull;
    acting->act->user = user;
    return NULL;
}

static rc_err_t *renew_acting(void *baton)
{
    acting_t *acting = baton;

    RC_TRY(acting->renew(acting->baton));
    return load_acting(&acting->account->call->actor, acting);
}

/* Turns the errors of a client into a refusal that says what is wrong. */
static rc_err_t *explain(rc_err_t *err, rc_page_account_call_t *account)
{
    const char *why = err ? rc_err_log_text(err, account->request->pool) : NULL;

    if (!err)
        return NULL;
    switch (err->kind) {
    case RC_E_NOTFOUND:
        return rc_answer_refuse(account->answer, 404, NO_SUCH, why);
    case RC_E_FORBIDDEN:
        return rc_answer_refuse(account->answer, 403, NULL, why);
    case RC_E_ARG:
        return rc_answer_refuse(account->answer, 400, err->msg, why);
    case RC_E_FAILED:
        return rc_answer_refuse(account->answer, 400, "The server does not accept this.", why);
    default:
        return err;
    }
}

/* Reads the form's pull request into @a act. */
static rc_err_t *begin_acting(acting_t *acting, rc_page_account_call_t *account, rc_pull_act_t *act)
{
    rc_actor_t *actor = &account->call->actor;

    *acting =
        (acting_t){.account = account, .act = act, .renew = actor->renew, .baton = actor->baton};
    act->sent = rc_page_field(account, "pull_request_id");
    RC_TRY(rc_actor_open(actor));
    if (!rc_text_digits(act->sent) || !rc_text_int(&acting->id, act->sent))
        return rc_err(actor->pool, RC_E_NOTFOUND, NO_SUCH);
    RC_TRY(rc_actor_read(actor, load_acting, acting));
    actor->renew = renew_acting;
    actor->baton = acting;
    return NULL;
}

static rc_err_t *go_back(rc_page_account_call_t *account, const rc_pull_request_t *pull,
                         const char *anchor)
{
    apr_pool_t *pool = account->request->pool;

    return rc_page_redirect(account, apr_psprintf(pool, "%s/%s/pull-request/%" APR_INT64_T_FMT "%s",
                                                  rc_page_base(account->request, pool),
                                                  rc_page_escape(pull->target.repo, true, pool),
                                                  pull->id, anchor));
}

rc_err_t *rc_page_pull_comment(rc_page_account_call_t *account)
{
    rc_pull_commenting_t request = {.message = rc_page_field(account, "message"),
                                    .vote = rc_page_field(account, "status")};
    acting_t acting;
    apr_int64_t id;
    bool voted;
    rc_err_t *err = begin_acting(&acting, account, &request.act);

    if (!err)
        err = rc_pull_comment(&id, &voted, &account->call->actor, &request);
    return err ? explain(err, account) : go_back(account, request.act.pull, "#comments");
}

rc_err_t *rc_page_pull_close(rc_page_account_call_t *account)
{
    rc_pull_closing_t request = {.message = NULL};
    acting_t acting;
    rc_err_t *err = begin_acting(&acting, account, &request.act);

    if (!err)
        err = rc_pull_close(&account->call->actor, &request);
    return err ? explain(err, account) : go_back(account, request.act.pull, "");
}

/* Tells why it cannot be merged. */
static rc_err_t *refuse_merge(rc_page_account_call_t *account, const rc_pull_request_t *pull)
{
    rc_mergeable_t mergeable;

    RC_TRY(rc_pull_mergeable(&mergeable, &account->call->actor, pull));
    return rc_answer_refuse(account->answer, 409,
                            mergeable.possible ? "Try again in a moment." : mergeable.message,
                            "the merge was not possible");
}

rc_err_t *rc_page_pull_merge(rc_page_account_call_t *account)
{
    rc_pull_merged_t merged;
    rc_pull_act_t act;
    acting_t acting;
    rc_err_t *err = begin_acting(&acting, account, &act);

    if (!err)
        err = rc_pull_merge(&merged, &account->call->actor, &act);
    if (err)
        return explain(err, account);
    return merged.executed ? go_back(account, act.pull, "") : refuse_merge(account, act.pull);
}
