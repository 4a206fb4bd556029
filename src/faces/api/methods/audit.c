// SPDX-License-Identifier: Apache-2.0
/*
 * The methods that tell who did what: get_user_audit_logs, and for super-admins get_audit_logs
 * (contract 12 §2).
 */
#include "../list.h"

#include "domain/journal.h"
#include "faces/audit.h"

#define LEAST 1
#define MOST  10000 /* entries of one answer of get_audit_logs */

static rc_err_t *write_audit(void *baton, const rc_audit_t *entry)
{
    rc_call_t *call = baton;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, call->pool);
    rc_audit_write(call->out, entry, scratch);
    apr_pool_destroy(scratch);
    return rc_json_finish(call->out);
}

static rc_err_t *list_own(rc_actor_t *actor, void *baton)
{
    static const rc_list_kind_t kind = {false, NULL};
    rc_call_t *call = baton;
    rc_slice_t page;

    RC_TRY(rc_list_begin(&page, call->out, call, &kind));
    RC_TRY(rc_store_audit_of(actor->db, rc_caller_viewer(actor->caller), actor->caller->admin,
                             rc_arg_user(call, RC_P_USERID)->id, &page, write_audit, call,
                             actor->pool));
    rc_list_end(call->out);
    return NULL;
}

static rc_err_t *get_user_audit_logs(rc_call_t *call, rc_json_t *out)
{
    (void)out;
    rc_journal_settle(call->actor.db, false, call->pool);
    return rc_actor_read(&call->actor, list_own, call);
}

static rc_err_t *read_positive(apr_int64_t *number, rc_call_t *call, rc_param_id_t arg,
                               apr_int64_t most)
{
    if (!rc_arg_given(call, arg) ||
        (rc_value_id(number, rc_arg_json(call, arg), true) && *number >= LEAST && *number <= most))
        return NULL;
    return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG,
                                     "%s must be a number from 1 to %" APR_INT64_T_FMT,
                                     rc_param_name(arg), most));
}

static rc_err_t *list_all(rc_actor_t *actor, void *baton)
{
    rc_call_t *call = baton;
    const char *words = rc_arg_given_text(call, RC_P_QUERY);
    apr_int64_t most = 100, after = 0;

    RC_TRY(read_positive(&most, call, RC_P_LIMIT, MOST));
    RC_TRY(read_positive(&after, call, RC_P_AFTER_ID, APR_INT64_MAX));
    rc_json_array_begin(call->out);
    RC_TRY(rc_store_audit_found(actor->db, words ? words : "", after, most, write_audit, call,
                                actor->pool));
    rc_json_array_end(call->out);
    return NULL;
}

static rc_err_t *get_audit_logs(rc_call_t *call, rc_json_t *out)
{
    (void)out;
    rc_journal_settle(call->actor.db, false, call->pool);
    return rc_actor_read(&call->actor, list_all, call);
}

/* clang-format off */
const rc_method_t rc_methods_audit[] = {
    {"get_user_audit_logs", get_user_audit_logs, RC_ANYONE, RC_ALONE | RC_LISTS,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_SELF, RC_CALLER), RC_LIST_PARAMS),
     NULL, "List what a user has done, the newest first."},
    {"get_audit_logs", get_audit_logs, RC_ADMINS, RC_ALONE | RC_LISTS,
     RC_PARAMS(RC_ARG(RC_P_QUERY, RC_TEXT, "''"),
               RC_ARG(RC_P_LIMIT, RC_ANY, "100"),
               RC_ARG(RC_P_AFTER_ID, RC_ANY, "None")),
     NULL, "List what all users have done: the newest entries, or those after one."},
    {.name = NULL},
};
/* clang-format on */
