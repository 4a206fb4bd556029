// SPDX-License-Identifier: Apache-2.0
/*
 * The threads of the sender of webhooks: one for each lane that has deliveries. Private to
 * src/domain.
 */
#ifndef RC_DOMAIN_DELIVER_LANE_H
#define RC_DOMAIN_DELIVER_LANE_H

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include "domain/deliver.h"

#define RC_LANES 64 /* deliveries that are sent at once */

/* Slow receivers leave room for those of other webhooks and of other owners. */
extern const rc_lane_limits_t rc_lane_limits;

struct rc_lanes_t;

typedef struct rc_lane_slot_t {
    rc_lane_t lane;
    bool busy;
    struct rc_lanes_t *all;
    apr_thread_t *thread; /* NULL: none, or it was reaped */
    apr_pool_t *pool;     /* of the thread */
} rc_lane_slot_t;

typedef struct rc_lanes_t {
    rc_env_t *env;
    const rc_sender_config_t *config;
    apr_thread_mutex_t *mutex; /* guards the rest */
    apr_thread_cond_t *changed;
    rc_lane_slot_t slots[RC_LANES];
    int busy;
} rc_lanes_t;

rc_err_t *rc_lanes_open(rc_lanes_t *lanes, rc_env_t *env, const rc_sender_config_t *config,
                        apr_pool_t *pool);

/** Waits for the threads to end. */
void rc_lanes_close(rc_lanes_t *lanes);

/** Starts a thread that sends what is due in @a lane, unless one does or the limits are reached. */
void rc_lanes_start(rc_lanes_t *lanes, const rc_lane_t *lane);

/** Waits until a thread ends, at most @a time. */
void rc_lanes_wait(rc_lanes_t *lanes, apr_interval_time_t time);

/** Returns whether any thread runs. */
bool rc_lanes_busy(rc_lanes_t *lanes);

/** Returns config->go_on(). */
bool rc_lanes_go_on(const rc_lanes_t *lanes);

#endif
