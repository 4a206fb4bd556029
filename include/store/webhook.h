// SPDX-License-Identifier: Apache-2.0
/*
 * Webhooks and their queue (contract 12 §1): which webhooks get an event, what waits for each, and
 * what became of it.
 */
#ifndef RC_STORE_WEBHOOK_H
#define RC_STORE_WEBHOOK_H

#include <apr_tables.h>

#include "db/db.h"
#include "store/viewer.h"

/* --- events, in the transaction of the change --- */

/* What happened. */
typedef struct rc_event_t {
    const char *name; /* "repo-push" */
    apr_time_t created_on;
    apr_int64_t user_id;  /* who did it; 0: no user */
    const char *username; /* NULL: that of the user */
    const char *ip;
    apr_int64_t repo_id; /* it still exists */
    const char *repo_name;
    const char *about; /* what was pushed, one word on a line, or the id of the object */
    bool comment;      /* it is about the newest comment of the repository */
    bool vote;         /* the same, and only if that has a vote */
} rc_event_t;

/** Queues @a event for each active webhook that is for it and whose owner may read the repository.
 * Its texts may be any text of a client. A webhook for which too many wait is disabled instead. */
rc_err_t *rc_store_event_add(rc_db_t *db, const rc_event_t *event);

/** Sets *@a wanted to whether any active webhook is for events called @a name. */
rc_err_t *rc_store_event_wanted(bool *wanted, rc_db_t *db, const char *name);

/* --- webhooks --- */

typedef struct rc_webhook_t {
    apr_int64_t id;
    apr_int64_t owner_id; /* 0: deleted */
    const char *owner;    /* username, or NULL */
    apr_int64_t repo_id, group_id;
    const char *repo, *group; /* names; NULL: none, or deleted */
    const char *url;          /* as it is shown */
    const char *events;       /* names, each between two '|' */
    bool is_signed, with_token, active;
    int failures;           /* in a row */
    apr_int64_t created_on; /* microseconds */
    const void *target;     /* sealed: address and secret */
    int target_len;
    const char *server_url; /* what URLs in the events begin with */
} rc_webhook_t;

/** Reads a webhook into @a pool; NULL when there is none. */
rc_err_t *rc_store_webhook(rc_webhook_t **out, rc_db_t *db, apr_int64_t id, apr_pool_t *pool);

/** Lists the webhooks that @a viewer may administer, of one repository or all (0): rc_webhook_t. */
rc_err_t *rc_store_webhooks(apr_array_header_t **out, rc_db_t *db, rc_viewer_t viewer,
                            apr_int64_t repo_id, apr_pool_t *pool);

/** Counts the webhooks for one repository or group, or for all repositories (both 0). */
rc_err_t *rc_store_webhooks_count(int *count, rc_db_t *db, apr_int64_t repo_id,
                                  apr_int64_t group_id);

/** Inserts @a webhook; sets its id and created_on. */
rc_err_t *rc_store_webhook_insert(rc_webhook_t *webhook, rc_db_t *db);

/** Sets *@a full to whether so many deliveries wait for a webhook that no more are queued. */
rc_err_t *rc_store_webhook_full(bool *full, rc_db_t *db, apr_int64_t id);

/** Lets all that waits for a webhook fail; @a error says why. In a transaction. */
rc_err_t *rc_store_webhook_give_up(rc_db_t *db, apr_int64_t id, const char *error);

/** Deletes the deliveries of a webhook about repositories that were deleted. */
rc_err_t *rc_store_webhook_forget(rc_db_t *db, apr_int64_t id);

/** Stores everything but what it belongs to; its failures count anew. What waits for one that is
 * not active any more has failed. */
rc_err_t *rc_store_webhook_update(rc_db_t *db, const rc_webhook_t *webhook);

/** Deletes a webhook with all that waits for it. */
rc_err_t *rc_store_webhook_delete(rc_db_t *db, apr_int64_t id);

/* --- deliveries --- */

/* A delivery as it is shown. */
typedef struct rc_delivery_row_t {
    apr_int64_t id;
    const char *event, *state; /* waiting, sent, failed */
    apr_int64_t created_on;    /* microseconds */
    int status_code, attempts; /* status_code: 0: there was no answer */
    apr_int64_t due;           /* microseconds; 0: never, or after another one */
    const char *error;         /* or NULL */
} rc_delivery_row_t;

/** Reads the newest @a most deliveries of a webhook: rc_delivery_row_t, the newest first. */
rc_err_t *rc_store_deliveries(apr_array_header_t **out, rc_db_t *db, apr_int64_t webhook_id,
                              int most, apr_pool_t *pool);

/** Finds the webhook of a delivery, 0 when there is none, and whether it waits. */
rc_err_t *rc_store_delivery_webhook(apr_int64_t *webhook_id, bool *waits, rc_db_t *db,
                                    apr_int64_t id);

/** Makes a delivery that waits due at once, after those that wait before it. */
rc_err_t *rc_store_delivery_now(rc_db_t *db, apr_int64_t id);

/** Queues a copy of the delivery @a id, whose id becomes *@a copy. */
rc_err_t *rc_store_delivery_again(apr_int64_t *copy, rc_db_t *db, apr_int64_t id);

/** Queues @a event for one webhook, whatever it is for. */
rc_err_t *rc_store_delivery_add(apr_int64_t *id, rc_db_t *db, apr_int64_t webhook_id,
                                const rc_event_t *event);

/* --- for the sender --- */

/* The deliveries of one webhook about one repository, which are sent one after the other. */
typedef struct rc_lane_t {
    apr_int64_t webhook_id, repo_id;
    apr_int64_t owner_id; /* of the webhook; 0: deleted */
} rc_lane_t;

/* How many lanes are sent at once. */
typedef struct rc_lane_limits_t {
    int webhook, owner, all;
} rc_lane_limits_t;

typedef struct rc_delivery_t {
    apr_int64_t id;
    rc_lane_t lane;
    rc_event_t event;      /* repo_name: as it is called now */
    const char *repo_type; /* "": the event is about no repository */
    bool repo_exists;
    apr_int64_t comment_id; /* 0: none */
    int attempts;           /* before */
    const void *target;
    int target_len;
    const char *server_url;
    bool with_token;
    apr_int64_t owner_id; /* of the webhook */
    bool permitted;       /* the owner is active and may read the repository now, if it exists */
} rc_delivery_t;

/** Reads lanes with deliveries that are due, as many as @a limits allow, one of each owner in turn:
 * rc_lane_t. */
rc_err_t *rc_store_lanes_due(apr_array_header_t **out, rc_db_t *db, const rc_lane_limits_t *limits,
                             apr_pool_t *pool);

/** Reads the delivery of @a lane that is due, into @a pool; NULL when none is. */
rc_err_t *rc_store_lane_head(rc_delivery_t **out, rc_db_t *db, const rc_lane_t *lane,
                             apr_pool_t *pool);

/* What became of an attempt. */
typedef struct rc_attempt_t {
    int status_code;            /* 0: no answer */
    const char *error;          /* NULL: it was sent */
    apr_interval_time_t repeat; /* after an error: when to try again; 0: never */
} rc_attempt_t;

/** Stores it, and lets the next one of the lane be sent if this one has ended. *@a disabled: it was
 * the last failure of @a failures in a row, so nothing more is sent. What was not permitted is no
 * failure of the receiver. Old deliveries that have ended are deleted. In a transaction. */
rc_err_t *rc_store_attempt(bool *disabled, rc_db_t *db, const rc_delivery_t *delivery,
                           const rc_attempt_t *attempt, int failures);

/** Counts the deliveries that wait. */
rc_err_t *rc_store_deliveries_waiting(apr_int64_t *count, rc_db_t *db);

/** Deletes the webhooks of deleted repositories and groups for which nothing waits. */
rc_err_t *rc_store_webhooks_tidy(rc_db_t *db);

/** Makes this machine the one that sends, for @a time from now on, unless another one is: *@a is.
 */
rc_err_t *rc_store_sender_take(bool *is, rc_db_t *db, const char *host, apr_interval_time_t time);

#endif
