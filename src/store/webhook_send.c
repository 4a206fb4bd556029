// SPDX-License-Identifier: Apache-2.0
/*
 * The queue of webhooks as its sender sees it: what is due, and what became of it.
 */
#include "store/webhook.h"

#include "sql.h"
#include "store/rule.h"

#define SENT_KEPT   100 /* deliveries of a webhook that are kept when they have ended */
#define FAILED_KEPT 1000

rc_err_t *rc_store_lanes_due(apr_array_header_t **out, rc_db_t *db, const rc_lane_limits_t *limits,
                             apr_pool_t *pool)
{
    apr_int64_t taken = apr_time_now();
    rc_stmt_t *st;
    bool found;

    *out = apr_array_make(pool, 16, sizeof(rc_lane_t));
    RC_TRY(rc_query(&st, db, SQL_LANES_DUE, "iddd", taken, limits->webhook, limits->owner,
                    limits->all));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*out, rc_lane_t) =
            (rc_lane_t){rc_column_int(st, 0), rc_column_int(st, 1), rc_column_int(st, 2)};
    }
}

/* The only place that knows the columns of LANE_HEAD. */
static void read_delivery(rc_delivery_t *out, rc_stmt_t *st, apr_pool_t *pool)
{
    rc_blob_t target = rc_column_blob(st, 11, pool);

    out->id = rc_column_int(st, 0);
    out->event = (rc_event_t){
        .name = rc_column_text(st, 1, pool),
        .created_on = rc_column_int(st, 2),
        .user_id = rc_column_int(st, 3),
        .username = rc_column_text(st, 4, pool),
        .ip = rc_column_text(st, 5, pool),
        .repo_id = out->lane.repo_id,
        .repo_name = rc_column_text(st, 16, pool),
        .about = rc_column_text(st, 8, pool),
    };
    out->repo_type = rc_column_text(st, 7, pool);
    out->comment_id = rc_column_int(st, 9);
    out->attempts = (int)rc_column_int(st, 10);
    out->target = target.data;
    out->target_len = target.len;
    out->server_url = rc_column_text(st, 12, pool);
    out->with_token = rc_column_bool(st, 13);
    out->owner_id = rc_column_int(st, 14);
    out->repo_exists = rc_column_bool(st, 15);
    out->permitted = rc_column_bool(st, 17);
}

/* The owner may be another one than when the event was queued, or have lost their right. */
static rc_err_t *check_owner_reads(rc_delivery_t *delivery, rc_db_t *db)
{
    rc_level_t level;

    if (!delivery->permitted || !delivery->repo_exists)
        return NULL;
    RC_TRY(rc_rule_level(&level, db, RC_KIND_REPO, rc_viewer_user(delivery->owner_id),
                         delivery->lane.repo_id));
    delivery->permitted = level >= RC_READ;
    return NULL;
}

rc_err_t *rc_store_lane_head(rc_delivery_t **out, rc_db_t *db, const rc_lane_t *lane,
                             apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *out = NULL;
    RC_TRY(rc_query(&st, db, SQL_LANE_HEAD, "iii", lane->webhook_id, lane->repo_id,
                    (apr_int64_t)apr_time_now()));
    RC_TRY(rc_step(&found, st, db));
    if (!found)
        return NULL;
    *out = apr_pcalloc(pool, sizeof(**out));
    (*out)->lane = *lane;
    read_delivery(*out, st, pool);
    rc_done(st);
    return check_owner_reads(*out, db);
}

/* Deletes the oldest of those that have ended. */
static rc_err_t *trim(rc_db_t *db, apr_int64_t webhook_id, bool sent)
{
    return rc_execute(db, SQL_DELIVERIES_TRIM, "isd", webhook_id, sent ? "sent" : "failed",
                      sent ? SENT_KEPT : FAILED_KEPT);
}

rc_err_t *rc_store_webhook_give_up(rc_db_t *db, apr_int64_t id, const char *error)
{
    RC_TRY(rc_execute(db, SQL_DELIVERIES_GIVE_UP, "is", id, error));
    return trim(db, id, false);
}

/* Counts the failure. Too many in a row end it. */
static rc_err_t *count_failure(bool *disabled, rc_db_t *db, apr_int64_t webhook_id, int failures)
{
    RC_TRY(rc_execute(db, SQL_WEBHOOK_ILL, "i", webhook_id));
    RC_TRY(rc_execute(db, SQL_WEBHOOK_DISABLE, "id", webhook_id, failures));
    *disabled = rc_changes(db) > 0;
    return *disabled ? rc_store_webhook_give_up(db, webhook_id,
                                                "the webhook was disabled after too many failures")
                     : NULL;
}

rc_err_t *rc_store_attempt(bool *disabled, rc_db_t *db, const rc_delivery_t *delivery,
                           const rc_attempt_t *attempt, int failures)
{
    apr_int64_t webhook_id = delivery->lane.webhook_id, taken = apr_time_now();
    const char *state = !attempt->error ? "sent" : attempt->repeat ? "waiting" : "failed";

    *disabled = false;
    RC_TRY(rc_execute(db, SQL_DELIVERY_ENDED, "isrrs", delivery->id, state,
                      attempt->error && attempt->repeat ? taken + attempt->repeat : 0,
                      (apr_int64_t)attempt->status_code, attempt->error));
    if (!attempt->error || !attempt->repeat)
        RC_TRY(rc_execute(db, SQL_LANE_NEXT, "iii", webhook_id, delivery->lane.repo_id, taken));
    if (!attempt->error)
        RC_TRY(rc_execute(db, SQL_WEBHOOK_WELL, "i", webhook_id));
    else if (delivery->permitted)
        RC_TRY(count_failure(disabled, db, webhook_id, failures));
    return attempt->repeat ? NULL : trim(db, webhook_id, !attempt->error);
}

rc_err_t *rc_store_sender_take(bool *is, rc_db_t *db, const char *host, apr_interval_time_t time)
{
    apr_int64_t taken = apr_time_now(), until = taken + time;

    RC_TRY(rc_execute(db, SQL_SENDER_TAKE, "sii", host, until, taken));
    *is = rc_changes(db) > 0;
    return NULL;
}
