// SPDX-License-Identifier: Apache-2.0
/*
 * Sends the deliveries of one webhook about one repository, one after the other, in a thread. After
 * a failure the lane waits until the delivery is due again.
 */
#include "deliver_lane.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "domain/webhook.h"
#include "remote/post.h"

#define FAILURES  50        /* in a row: then the webhook is disabled */
#define BODY_MOST (1 << 20) /* bytes */

/* What was sent and could not be recorded is sent again: not at once. */
#define AFTER_ERROR apr_time_from_sec(3)

const rc_lane_limits_t rc_lane_limits = {8, RC_LANES / 2, RC_LANES};

/* The waits before the second, third and fourth attempt, in units of RcapiWebhookRetry. */
static const int waits[] = {1, 10, 60};
#define WAITS ((int)(sizeof(waits) / sizeof(*waits)))

/* --- one delivery --- */

static rc_err_t *post(int *status, rc_lanes_t *lanes, const rc_delivery_t *delivery,
                      const char *url, const char *secret, rc_spool_t *body, apr_pool_t *pool)
{
    const char *headers[6] = {"Content-Type: application/json"};
    rc_post_t request = {.url = url,
                         .headers = headers,
                         .len = (apr_size_t)rc_spool_size(body),
                         .agent = lanes->config->agent,
                         .timeout = lanes->env->config->webhook_timeout};
    const char *signature;

    RC_TRY(rc_spool_string(&request.body, body, pool));
    headers[1] = apr_pstrcat(pool, "X-Rcapi-Event: ", delivery->event.name, NULL);
    headers[2] = apr_psprintf(pool, "X-Rcapi-Delivery: %" APR_INT64_T_FMT, delivery->id);
    if (*secret) {
        signature = apr_pstrcat(
            pool, "sha256=", rc_key_hmac(secret, request.body, request.len, pool), NULL);
        headers[3] = apr_pstrcat(pool, "X-Rcapi-Signature: ", signature, NULL);
        headers[4] = apr_pstrcat(pool, "X-Hub-Signature-256: ", signature, NULL);
    }
    return rc_post_send(status, &request, &lanes->env->config->remote, pool);
}

static rc_err_t *make_body(rc_spool_t *body, rc_lanes_t *lanes, const rc_delivery_t *delivery,
                           const char *token, apr_pool_t *pool)
{
    rc_actor_t actor;
    rc_err_t *err;

    rc_actor_local(&actor, lanes->env, pool);
    err = rc_actor_open(&actor);
    if (!err)
        err = lanes->config->render(body, &actor, delivery, token);
    rc_actor_close(&actor);
    return err;
}

/* *@a where: the address, as it is shown. */
static rc_err_t *send_one(int *status, const char **where, rc_lanes_t *lanes,
                          const rc_delivery_t *delivery, apr_pool_t *pool)
{
    rc_spool_t *body = rc_spool_create(lanes->env->config->temp_dir, pool);
    const char *url, *secret;

    *status = 0;
    *where = "its address";
    if (!delivery->permitted)
        return rc_err_failed(pool, "the owner of the webhook may not read the repository");
    rc_spool_set_limit(body, BODY_MOST);
    RC_TRY(
        rc_webhook_target(&url, &secret, lanes->env, delivery->target, delivery->target_len, pool));
    *where = rc_webhook_mask(url, pool);
    RC_TRY(make_body(body, lanes, delivery, delivery->with_token ? secret : "", pool));
    return post(status, lanes, delivery, url, secret, body, pool);
}

/* Clients read the error: what is not meant for them stays in the log. */
static const char *public_text(const rc_err_t *err, const rc_delivery_t *delivery, apr_pool_t *pool)
{
    if (err->kind == RC_E_FAILED || err->kind == RC_E_LIMIT)
        return rc_err_log_text(err, pool);
    rc_log(RC_LOG_ERR, err->cause, "webhook %" APR_INT64_T_FMT ": %s", delivery->lane.webhook_id,
           rc_err_log_text(err, pool));
    return "internal error";
}

/* --- its end --- */

typedef struct recording_t {
    const rc_delivery_t *delivery;
    rc_attempt_t attempt;
    bool disabled;
} recording_t;

static rc_err_t *record_in_txn(void *baton, rc_db_t *db)
{
    recording_t *recording = baton;

    return rc_store_attempt(&recording->disabled, db, recording->delivery, &recording->attempt,
                            FAILURES);
}

static void count_attempt(const rc_attempt_t *attempt)
{
    rc_metric_add(RC_METRIC_WEBHOOKS,
                  !attempt->error   ? "sent"
                  : attempt->repeat ? "repeated"
                                    : "failed",
                  NULL, 1);
}

static rc_err_t *record_attempt(rc_lanes_t *lanes, recording_t *recording, apr_pool_t *pool)
{
    rc_err_t *err;
    rc_db_t *db;

    RC_TRY(rc_db_acquire(&db, lanes->env->db_pool, pool));
    err = rc_db_txn_lazy(db, record_in_txn, recording);
    rc_db_release(db);
    if (err)
        return err;
    count_attempt(&recording->attempt);
    if (recording->disabled)
        rc_log(RC_LOG_WARNING, APR_SUCCESS,
               "webhook %" APR_INT64_T_FMT " is disabled after %d failures in a row: %s",
               recording->delivery->lane.webhook_id, FAILURES, recording->attempt.error);
    return NULL;
}

static void log_attempt(const rc_delivery_t *delivery, const rc_attempt_t *attempt,
                        const char *where)
{
    rc_log(attempt->repeat ? RC_LOG_INFO : RC_LOG_WARNING, APR_SUCCESS,
           "webhook %" APR_INT64_T_FMT ": delivery %" APR_INT64_T_FMT " (%s) to %s: attempt %d has "
           "failed%s: %s",
           delivery->lane.webhook_id, delivery->id, delivery->event.name, where,
           delivery->attempts + 1, attempt->repeat ? "" : ", the last one", attempt->error);
}

/* Sends @a delivery; *@a sent: the next one may follow. */
static rc_err_t *deliver(bool *sent, rc_lanes_t *lanes, const rc_delivery_t *delivery,
                         apr_pool_t *pool)
{
    apr_interval_time_t unit = lanes->env->config->webhook_retry;
    recording_t recording = {.delivery = delivery};
    const char *where;
    rc_err_t *err = send_one(&recording.attempt.status_code, &where, lanes, delivery, pool);

    if (err) {
        recording.attempt.error = public_text(err, delivery, pool);
        if (delivery->permitted && delivery->attempts < WAITS) /* 0 would mean never */
            recording.attempt.repeat = waits[delivery->attempts] * unit + 1;
        log_attempt(delivery, &recording.attempt, where);
    }
    *sent = !err;
    return record_attempt(lanes, &recording, pool);
}

static rc_err_t *next_delivery(rc_delivery_t **delivery, rc_lanes_t *lanes, const rc_lane_t *lane,
                               apr_pool_t *pool)
{
    rc_err_t *err;
    rc_db_t *db;

    RC_TRY(rc_db_acquire(&db, lanes->env->db_pool, pool));
    err = rc_store_lane_head(delivery, db, lane, pool);
    rc_db_release(db);
    return err;
}

/* --- the thread --- */

static rc_err_t *send_next(bool *more, rc_lanes_t *lanes, const rc_lane_t *lane, apr_pool_t *pool)
{
    rc_delivery_t *delivery;

    *more = false;
    RC_TRY(next_delivery(&delivery, lanes, lane, pool));
    return delivery ? deliver(more, lanes, delivery, pool) : NULL;
}

static void *APR_THREAD_FUNC send_lane(apr_thread_t *thread, void *baton)
{
    rc_lane_slot_t *slot = baton;
    rc_lanes_t *lanes = slot->all;
    apr_pool_t *pool;
    bool more = true;

    (void)thread;
    apr_pool_create(&pool, NULL);
    apr_pool_tag(pool, "rc_lane");
    while (more && rc_lanes_go_on(lanes)) {
        rc_err_t *err;

        apr_pool_clear(pool);
        if ((err = send_next(&more, lanes, &slot->lane, pool))) {
            rc_log(RC_LOG_ERR, err->cause, "webhook %" APR_INT64_T_FMT ": %s",
                   slot->lane.webhook_id, rc_err_log_text(err, pool));
            more = false;
            apr_sleep(AFTER_ERROR);
        }
    }
    apr_pool_destroy(pool);
    apr_thread_mutex_lock(lanes->mutex);
    slot->busy = false;
    lanes->busy--;
    apr_thread_cond_signal(lanes->changed);
    apr_thread_mutex_unlock(lanes->mutex);
    return NULL;
}

/* Frees what a thread that has ended leaves. The mutex is held. */
static void reap(rc_lane_slot_t *slot)
{
    apr_status_t rv;

    if (slot->busy || !slot->thread)
        return;
    apr_thread_join(&rv, slot->thread);
    apr_pool_destroy(slot->pool);
    slot->thread = NULL;
}

/* Returns a free slot; NULL when there is none, or when the lane must wait. */
static rc_lane_slot_t *free_slot(rc_lanes_t *lanes, const rc_lane_t *lane)
{
    rc_lane_limits_t left = rc_lane_limits;
    rc_lane_slot_t *slot, *found = NULL;

    for (slot = lanes->slots; slot < lanes->slots + RC_LANES; slot++) {
        reap(slot);
        if (!slot->busy)
            found = slot;
        else if (slot->lane.webhook_id == lane->webhook_id &&
                 (slot->lane.repo_id == lane->repo_id || --left.webhook <= 0))
            return NULL;
        else if (slot->lane.owner_id == lane->owner_id && --left.owner <= 0)
            return NULL;
    }
    return found;
}

static void start_lane(rc_lane_slot_t *slot)
{
    apr_status_t rv;

    apr_pool_create(&slot->pool, NULL);
    rv = rc_thread_start(&slot->thread, send_lane, slot, slot->pool);
    slot->busy = !rv;
    slot->all->busy += slot->busy;
    if (!rv)
        return;
    rc_log(RC_LOG_ERR, rv, "cannot start a thread for a webhook");
    apr_pool_destroy(slot->pool);
    slot->thread = NULL;
}

void rc_lanes_start(rc_lanes_t *lanes, const rc_lane_t *lane)
{
    rc_lane_slot_t *slot;

    apr_thread_mutex_lock(lanes->mutex);
    if ((slot = free_slot(lanes, lane))) {
        *slot = (rc_lane_slot_t){.lane = *lane, .all = lanes};
        start_lane(slot);
    }
    apr_thread_mutex_unlock(lanes->mutex);
}

void rc_lanes_wait(rc_lanes_t *lanes, apr_interval_time_t time)
{
    apr_thread_mutex_lock(lanes->mutex);
    apr_thread_cond_timedwait(lanes->changed, lanes->mutex, time);
    apr_thread_mutex_unlock(lanes->mutex);
}

bool rc_lanes_busy(rc_lanes_t *lanes)
{
    bool busy;

    apr_thread_mutex_lock(lanes->mutex);
    busy = lanes->busy > 0;
    apr_thread_mutex_unlock(lanes->mutex);
    return busy;
}

bool rc_lanes_go_on(const rc_lanes_t *lanes)
{
    const rc_sender_config_t *config = lanes->config;

    return !config->go_on || config->go_on(config->baton);
}

rc_err_t *rc_lanes_open(rc_lanes_t *lanes, rc_env_t *env, const rc_sender_config_t *config,
                        apr_pool_t *pool)
{
    apr_status_t rv;

    lanes->env = env;
    lanes->config = config;
    rv = apr_thread_mutex_create(&lanes->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (!rv)
        rv = apr_thread_cond_create(&lanes->changed, pool);
    return rv ? rc_err_internal(pool, rv, "cannot make the threads of webhooks") : NULL;
}

void rc_lanes_close(rc_lanes_t *lanes)
{
    int i;

    while (rc_lanes_busy(lanes))
        rc_lanes_wait(lanes, apr_time_from_msec(100));
    apr_thread_mutex_lock(lanes->mutex);
    for (i = 0; i < RC_LANES; i++)
        reap(&lanes->slots[i]);
    apr_thread_mutex_unlock(lanes->mutex);
}
