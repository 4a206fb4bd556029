// SPDX-License-Identifier: Apache-2.0
/*
 * The methods for webhooks and their deliveries (contract 12 §1).
 */
#include "../method.h"

#include <string.h>

#include <apr_strings.h>

#include "base/time.h"
#include "domain/webhook.h"

#define LEAST 1
#define MOST  1000 /* deliveries of one answer */

/* --- arguments --- */

static rc_err_t *arg_id(apr_int64_t *id, rc_call_t *call, rc_param_id_t arg)
{
    *id = 0;
    rc_value_id(id, rc_arg_json(call, arg), true); /* what is no id names nothing */
    return NULL;
}

/* Gives the error for what does not exist the text of the contract. */
static rc_err_t *explain_missing(rc_err_t *err, rc_call_t *call, const char *what,
                                 rc_param_id_t arg)
{
    if (!err || err->kind != RC_E_NOTFOUND)
        return err;
    return rc_err(call->pool, RC_E_ARG, "%s `%s` does not exist", what,
                  rc_arg_sent(call, arg) ? rc_arg_sent(call, arg) : "");
}

static rc_err_t *explain_webhook(rc_err_t *err, rc_call_t *call)
{
    return explain_missing(err, call, "webhook", RC_P_WEBHOOKID);
}

static rc_err_t *read_events(const apr_array_header_t **events, rc_call_t *call)
{
    json_object *value = rc_arg_json(call, RC_P_EVENTS);
    apr_array_header_t *list;
    size_t i;

    *events = NULL;
    if (!value)
        return NULL;
    list = apr_array_make(call->pool, 4, sizeof(const char *));
    for (i = 0; json_object_is_type(value, json_type_array) && i < json_object_array_length(value);
         i++) {
        json_object *name = json_object_array_get_idx(value, i);

        if (!json_object_is_type(name, json_type_string))
            break;
        APR_ARRAY_PUSH(list, const char *) = json_object_get_string(name);
    }
    *events = list;
    if (json_object_is_type(value, json_type_array) && i == json_object_array_length(value))
        return NULL;
    return rc_err(call->pool, RC_E_ARG, "events must be a list of names");
}

static rc_err_t *plan_wish(rc_call_t *call, void *baton)
{
    rc_webhook_wish_t *wish = baton;

    *wish = (rc_webhook_wish_t){
        .url = rc_arg_given_text(call, RC_P_URL),
        .secret = rc_arg_given_text(call, RC_P_SECRET),
        .with_token = rc_arg_flag(call, RC_P_SEND_TOKEN),
        .active = rc_arg_flag(call, RC_P_ACTIVE),
        .server_url = call->request->base_url,
        .repo = rc_arg_repo(call, RC_P_REPOID),
        .group = rc_arg_repo_group(call, RC_P_REPOGROUPID),
    };
    if (wish->repo && wish->group)
        return rc_arg_fault(
            call, rc_err(call->pool, RC_E_ARG, "repoid and repogroupid exclude each other"));
    RC_TRY(arg_id(&wish->id, call, RC_P_WEBHOOKID));
    return rc_arg_fault(call, read_events(&wish->events, call));
}

/* --- objects --- */

static void write_events(rc_json_t *out, const char *events)
{
    const char *name = events + 1, *end;

    rc_json_key(out, "events");
    rc_json_array_begin(out);
    for (; (end = strchr(name, '|')); name = end + 1)
        rc_json_string_len(out, name, (apr_size_t)(end - name));
    rc_json_array_end(out);
}

static void write_webhook(rc_json_t *out, const rc_webhook_t *webhook, apr_pool_t *pool)
{
    rc_json_object_begin(out);
    rc_json_member_int(out, "webhook_id", webhook->id);
    rc_json_member_string(out, "url", webhook->url);
    write_events(out, webhook->events);
    rc_json_member_string(out, "repo_name", webhook->repo);
    rc_json_member_string(out, "repo_group_name", webhook->group);
    rc_json_member_bool(out, "global", !webhook->repo_id && !webhook->group_id);
    rc_json_member_string(out, "owner", webhook->owner);
    rc_json_member_bool(out, "signed", webhook->is_signed);
    rc_json_member_bool(out, "send_token", webhook->with_token);
    rc_json_member_bool(out, "active", webhook->active);
    rc_json_member_int(out, "failures", webhook->failures);
    rc_json_member_string(out, "created_on", rc_time_local(webhook->created_on, pool));
    rc_json_object_end(out);
}

static rc_err_t *answer_webhook(rc_json_t *out, rc_call_t *call, const char *done,
                                const rc_webhook_t *webhook)
{
    rc_json_object_begin(out);
    rc_json_member_string(
        out, "msg", apr_psprintf(call->pool, "%s webhook ID:%" APR_INT64_T_FMT, done, webhook->id));
    rc_json_key(out, "webhook");
    write_webhook(out, webhook, call->pool);
    rc_json_object_end(out);
    return NULL;
}

static void write_delivery(rc_json_t *out, const rc_delivery_row_t *row, apr_pool_t *pool)
{
    rc_json_object_begin(out);
    rc_json_member_int(out, "id", row->id);
    rc_json_member_string(out, "event", row->event);
    rc_json_member_string(out, "state", row->state);
    rc_json_member_string(out, "created_on", rc_time_local(row->created_on, pool));
    rc_json_member_int_or_null(out, "status_code", row->status_code);
    rc_json_member_int(out, "attempts", row->attempts);
    rc_json_member_string(out, "next_attempt", row->due ? rc_time_local(row->due, pool) : NULL);
    rc_json_member_string(out, "error", row->error);
    rc_json_object_end(out);
}

/* --- methods --- */

static rc_err_t *create_webhook(rc_call_t *call, rc_json_t *out)
{
    rc_webhook_wish_t wish;

    RC_TRY(rc_call_plan(call, plan_wish, &wish));
    if (!wish.url)
        return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG, "url must be a text"));
    RC_TRY(rc_webhook_create(&call->actor, &wish));
    return answer_webhook(out, call, "created new", wish.made);
}

static rc_err_t *update_webhook(rc_call_t *call, rc_json_t *out)
{
    rc_webhook_wish_t wish;

    RC_TRY(rc_call_plan(call, plan_wish, &wish));
    RC_TRY(explain_webhook(rc_webhook_update(&call->actor, &wish), call));
    return answer_webhook(out, call, "updated", wish.made);
}

static rc_err_t *delete_webhook(rc_call_t *call, rc_json_t *out)
{
    apr_int64_t id;

    RC_TRY(arg_id(&id, call, RC_P_WEBHOOKID));
    RC_TRY(explain_webhook(rc_webhook_delete(&call->actor, id), call));
    return rc_call_answer_success(out, call, "deleted webhook ID:{webhookid}");
}

static rc_err_t *get_webhooks(rc_call_t *call, rc_json_t *out)
{
    apr_array_header_t *all;
    int i;

    RC_TRY(rc_webhooks(&all, &call->actor, rc_arg_repo(call, RC_P_REPOID)));
    rc_json_array_begin(out);
    for (i = 0; i < all->nelts; i++)
        write_webhook(out, &APR_ARRAY_IDX(all, i, rc_webhook_t), call->pool);
    rc_json_array_end(out);
    return NULL;
}

static rc_err_t *get_webhook_deliveries(rc_call_t *call, rc_json_t *out)
{
    apr_array_header_t *rows;
    rc_webhook_t *webhook;
    apr_int64_t id, most = 50;
    int i;

    RC_TRY(arg_id(&id, call, RC_P_WEBHOOKID));
    RC_TRY(explain_webhook(rc_webhook_find(&webhook, &call->actor, id), call));
    if (rc_arg_given(call, RC_P_LIMIT) &&
        (!rc_value_id(&most, rc_arg_json(call, RC_P_LIMIT), true) || most < LEAST || most > MOST))
        return rc_arg_fault(
            call, rc_err(call->pool, RC_E_ARG, "limit must be a number from 1 to %d", MOST));
    RC_TRY(rc_store_deliveries(&rows, call->actor.db, webhook->id, (int)most, call->pool));
    rc_json_array_begin(out);
    for (i = 0; i < rows->nelts; i++)
        write_delivery(out, &APR_ARRAY_IDX(rows, i, rc_delivery_row_t), call->pool);
    rc_json_array_end(out);
    return NULL;
}

/* Answers which delivery was queued. */
static rc_err_t *answer_queued(rc_json_t *out, rc_call_t *call, const char *what,
                               apr_int64_t delivery)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", rc_call_text(call, what));
    rc_json_member_int(out, "delivery", delivery);
    rc_json_member_bool(out, "success", true);
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *redeliver_webhook(rc_call_t *call, rc_json_t *out)
{
    apr_int64_t id, copy;

    RC_TRY(arg_id(&id, call, RC_P_DELIVERYID));
    copy = id;
    RC_TRY(explain_missing(rc_webhook_redeliver(&call->actor, &copy), call, "delivery",
                           RC_P_DELIVERYID));
    return answer_queued(out, call,
                         copy == id ? "webhook delivery ID:{deliveryid} is due now"
                                    : "queued webhook delivery ID:{deliveryid} again",
                         copy);
}

static rc_err_t *test_webhook(rc_call_t *call, rc_json_t *out)
{
    apr_int64_t id, delivery;

    RC_TRY(arg_id(&id, call, RC_P_WEBHOOKID));
    RC_TRY(explain_webhook(rc_webhook_test(&delivery, &call->actor, id), call));
    return answer_queued(out, call, "queued a test of webhook ID:{webhookid}", delivery);
}

/* clang-format off */
const rc_method_t rc_methods_webhook[] = {
    {"create_webhook", create_webhook, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_URL, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_EVENTS, RC_ANY, "None"),
               RC_OBJECT(RC_P_REPOID, RC_REPO, "None", RC_ADMIN),
               RC_OBJECT(RC_P_REPOGROUPID, RC_REPO_GROUP, "None", RC_ADMIN),
               RC_ARG(RC_P_SECRET, RC_TEXT, "None"),
               RC_ARG(RC_P_ACTIVE, RC_YES_NO, "True"),
               RC_ARG(RC_P_SEND_TOKEN, RC_YES_NO, "False")),
     "failed to create webhook",
     "Have events (default: repo-push) of a repository, a group, or all (super-admins) sent to a URL."},
    {"update_webhook", update_webhook, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_WEBHOOKID, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_URL, RC_TEXT, "None"),
               RC_ARG(RC_P_EVENTS, RC_ANY, "None"),
               RC_ARG(RC_P_SECRET, RC_TEXT, "None"),
               RC_ARG(RC_P_ACTIVE, RC_YES_NO, "None"),
               RC_ARG(RC_P_SEND_TOKEN, RC_YES_NO, "None")),
     "failed to update webhook ID:{webhookid}",
     "Change a webhook; the caller becomes its owner, and its failures count anew."},
    {"delete_webhook", delete_webhook, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_WEBHOOKID, RC_ANY, RC_REQUIRED)),
     "failed to delete webhook ID:{webhookid}", "Delete a webhook with what waits for it."},
    {"get_webhooks", get_webhooks, RC_ANYONE, RC_LISTS,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, "None", RC_ADMIN)),
     NULL, "List the webhooks of a repository, or all that the caller may administer."},
    {"get_webhook_deliveries", get_webhook_deliveries, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_WEBHOOKID, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_LIMIT, RC_ANY, "50")),
     NULL, "List what a webhook got, what failed and what waits, the newest first."},
    {"redeliver_webhook", redeliver_webhook, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_DELIVERYID, RC_ANY, RC_REQUIRED)),
     "failed to redeliver webhook delivery ID:{deliveryid}",
     "Send a delivery again, as a new one; one that waits, now."},
    {"test_webhook", test_webhook, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_WEBHOOKID, RC_ANY, RC_REQUIRED)),
     "failed to test webhook ID:{webhookid}", "Send the event webhook-test to a webhook."},
    {.name = NULL},
};
/* clang-format on */
