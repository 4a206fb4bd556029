// SPDX-License-Identifier: Apache-2.0
/*
 * The sender of webhooks: finds what is due, and gives each lane of deliveries a thread
 * (deliver_lane.c) while it has any.
 */
#include "deliver_lane.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "domain/journal.h"
#include "remote/post.h"

#define TURN      apr_time_from_msec(250) /* between looks at the queue */
#define TIDY      apr_time_from_sec(60)
#define LEASE     apr_time_from_sec(60) /* how long another machine waits for this one */
#define RENEW     apr_time_from_sec(20)
#define HOST_NAME 256

typedef struct sender_t {
    rc_lanes_t lanes;
    apr_time_t leased; /* rc_clock(); 0: this machine does not send */
    apr_time_t tidied;
    apr_int64_t waiting; /* as the gauge has it */
    char host[HOST_NAME];
} sender_t;

/* --- who sends --- */

typedef struct taking_t {
    const char *host;
    bool is;
} taking_t;

static rc_err_t *take_lease(void *baton, rc_db_t *db)
{
    taking_t *taking = baton;

    return rc_store_sender_take(&taking->is, db, taking->host, LEASE);
}

/* Renews the lease of this machine; *@a ours: it sends. */
static rc_err_t *hold_lease(bool *ours, sender_t *sender, rc_db_t *db)
{
    taking_t taking = {sender->host, true};

    if (!sender->leased || rc_clock() - sender->leased > RENEW) {
        RC_TRY(rc_db_txn_lazy(db, take_lease, &taking));
        sender->leased = taking.is ? rc_clock() : 0;
    }
    *ours = taking.is;
    return NULL;
}

/* One process of a machine: the place is free again as soon as its holder has ended. */
static rc_err_t *await_place(bool *taken, sender_t *sender, apr_pool_t *pool)
{
    const rc_sender_config_t *config = sender->lanes.config;

    for (;;) {
        RC_TRY(rc_fs_take_place(taken, sender->lanes.env->places_dir, "webhooks", 1, pool));
        if (*taken || config->once || !rc_lanes_go_on(&sender->lanes))
            return NULL;
        apr_sleep(TURN);
    }
}

/* --- one look --- */

static void show_waiting(sender_t *sender, apr_int64_t waiting)
{
    rc_gauge_add(RC_GAUGE_WEBHOOKS, waiting - sender->waiting);
    sender->waiting = waiting;
}

static rc_err_t *tidy(void *baton, rc_db_t *db)
{
    (void)baton;
    return rc_store_webhooks_tidy(db);
}

/* Pulls are events when their entries of the journal are stored. */
static rc_err_t *store_pulls(sender_t *sender, rc_db_t *db, apr_pool_t *pool)
{
    bool wanted;

    RC_TRY(rc_store_event_wanted(&wanted, db, "repo-pull"));
    if (wanted)
        rc_journal_settle(db, false, pool);
    if (sender->tidied && rc_clock() - sender->tidied < TIDY)
        return NULL;
    sender->tidied = rc_clock();
    return rc_db_txn_lazy(db, tidy, NULL);
}

/* Starts what is due, as far as there is room; *@a due: there was something. */
static rc_err_t *start_due(bool *due, sender_t *sender, rc_db_t *db, apr_pool_t *pool)
{
    apr_array_header_t *lanes;
    apr_int64_t waiting;
    bool ours;
    int i;

    *due = false;
    RC_TRY(store_pulls(sender, db, pool));
    RC_TRY(rc_store_lanes_due(&lanes, db, &rc_lane_limits, pool));
    if (!lanes->nelts && !sender->waiting)
        return NULL;
    RC_TRY(rc_store_deliveries_waiting(&waiting, db));
    show_waiting(sender, waiting);
    if (!lanes->nelts)
        return NULL;
    RC_TRY(hold_lease(&ours, sender, db));
    *due = ours;
    for (i = 0; ours && i < lanes->nelts; i++)
        rc_lanes_start(&sender->lanes, &APR_ARRAY_IDX(lanes, i, rc_lane_t));
    return NULL;
}

static rc_err_t *look_with_connection(bool *due, sender_t *sender, apr_pool_t *pool)
{
    rc_err_t *err;
    rc_db_t *db;

    *due = false;
    RC_TRY(rc_db_acquire(&db, sender->lanes.env->db_pool, pool));
    err = start_due(due, sender, db, pool);
    rc_db_release(db);
    return err;
}

/* Goes on after an error: the database may be away for some time. */
static void send_all(sender_t *sender, apr_pool_t *pool)
{
    bool once = sender->lanes.config->once, due, failing = false;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    while (rc_lanes_go_on(&sender->lanes)) {
        rc_err_t *err;

        apr_pool_clear(scratch);
        err = look_with_connection(&due, sender, scratch);
        if (err && !failing)
            rc_log(RC_LOG_ERR, err->cause, "webhooks: %s", rc_err_log_text(err, scratch));
        failing = err != NULL;
        if (once && !due && !rc_lanes_busy(&sender->lanes))
            break;
        rc_lanes_wait(&sender->lanes, TURN);
    }
    apr_pool_destroy(scratch);
}

rc_err_t *rc_deliver(rc_env_t *env, const rc_sender_config_t *config, apr_pool_t *pool)
{
    sender_t sender = {.leased = 0};
    bool taken;

    RC_TRY(rc_lanes_open(&sender.lanes, env, config, pool));
    if (gethostname(sender.host, sizeof(sender.host) - 1))
        apr_cpystrn(sender.host, "?", sizeof(sender.host));
    rc_post_startup();
    RC_TRY(await_place(&taken, &sender, pool));
    if (!taken)
        return config->once ? rc_err(pool, RC_E_BUSY, "the server sends, or another rcapi-admin")
                            : NULL;
    send_all(&sender, pool);
    rc_lanes_close(&sender.lanes);
    show_waiting(&sender, 0);
    return NULL;
}
