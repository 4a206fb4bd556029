// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes webhooks, and lists their deliveries.
 */
#include "store/webhook.h"

#include <apr_strings.h>

#include "sql.h"
#include "store/rule.h"

#define LEVEL_COLUMN 16 /* behind those of WEBHOOK_COLUMNS */

/* The only place that knows the columns of WEBHOOK_COLUMNS. */
static rc_webhook_t read_webhook(rc_stmt_t *st, apr_pool_t *pool)
{
    rc_blob_t target = rc_column_blob(st, 14, pool);

    return (rc_webhook_t){
        .id = rc_column_int(st, 0),
        .owner_id = rc_column_int(st, 1),
        .owner = rc_column_text(st, 2, pool),
        .repo_id = rc_column_int(st, 3),
        .repo = rc_column_text(st, 4, pool),
        .group_id = rc_column_int(st, 5),
        .group = rc_column_text(st, 6, pool),
        .url = rc_column_text(st, 7, pool),
        .events = rc_column_text(st, 8, pool),
        .is_signed = rc_column_bool(st, 9),
        .with_token = rc_column_bool(st, 10),
        .active = rc_column_bool(st, 11),
        .failures = (int)rc_column_int(st, 12),
        .created_on = rc_column_int(st, 13),
        .target = target.data,
        .target_len = target.len,
        .server_url = rc_column_text(st, 15, pool),
    };
}

rc_err_t *rc_store_webhook(rc_webhook_t **out, rc_db_t *db, apr_int64_t id, apr_pool_t *pool)
{
    rc_webhook_t webhook;
    rc_stmt_t *st;
    bool found;

    *out = NULL;
    RC_TRY(rc_query(&st, db, SQL_WEBHOOK_BY_ID, "i", id));
    RC_TRY(rc_step(&found, st, db));
    if (!found)
        return NULL;
    webhook = read_webhook(st, pool);
    *out = apr_pmemdup(pool, &webhook, sizeof(webhook));
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_webhooks(apr_array_header_t **out, rc_db_t *db, rc_viewer_t viewer,
                            apr_int64_t repo_id, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *out = apr_array_make(pool, 8, sizeof(rc_webhook_t));
    RC_TRY(rc_query(&st, db, SQL_WEBHOOKS_OF, "ii", viewer.id, repo_id));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        if (rc_column_int(st, LEVEL_COLUMN) >= RC_ADMIN)
            APR_ARRAY_PUSH(*out, rc_webhook_t) = read_webhook(st, pool);
    }
}

static rc_err_t *one_number(apr_int64_t *number, rc_stmt_t *st, rc_db_t *db)
{
    bool found;

    RC_TRY(rc_step(&found, st, db));
    *number = found ? rc_column_int(st, 0) : 0;
    if (found)
        rc_done(st);
    return NULL;
}

rc_err_t *rc_store_webhooks_count(int *count, rc_db_t *db, apr_int64_t repo_id,
                                  apr_int64_t group_id)
{
    apr_int64_t number;
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_WEBHOOKS_COUNT, "ii", repo_id, group_id));
    RC_TRY(one_number(&number, st, db));
    *count = (int)number;
    return NULL;
}

rc_err_t *rc_store_webhook_insert(rc_webhook_t *webhook, rc_db_t *db)
{
    const rc_blob_t target = {webhook->target, webhook->target_len};
    rc_stmt_t *st;

    webhook->created_on = apr_time_now();
    RC_TRY(rc_query(&st, db, SQL_WEBHOOK_INSERT, "irrbtttdddi", webhook->owner_id, webhook->repo_id,
                    webhook->group_id, &target, webhook->url, webhook->server_url, webhook->events,
                    (int)webhook->is_signed, (int)webhook->with_token, (int)webhook->active,
                    webhook->created_on));
    return rc_insert(&webhook->id, st, db);
}

rc_err_t *rc_store_webhook_update(rc_db_t *db, const rc_webhook_t *webhook)
{
    const rc_blob_t target = {webhook->target, webhook->target_len};

    RC_TRY(rc_execute(db, SQL_WEBHOOK_UPDATE, "irbtttddd", webhook->id, webhook->owner_id, &target,
                      webhook->url, webhook->server_url, webhook->events, (int)webhook->is_signed,
                      (int)webhook->with_token, (int)webhook->active));
    return webhook->active ? NULL
                           : rc_store_webhook_give_up(db, webhook->id, "the webhook was disabled");
}

rc_err_t *rc_store_webhook_forget(rc_db_t *db, apr_int64_t id)
{
    return rc_execute(db, SQL_DELIVERIES_FORGET, "i", id);
}

rc_err_t *rc_store_webhook_delete(rc_db_t *db, apr_int64_t id)
{
    return rc_execute(db, SQL_WEBHOOK_DELETE, "i", id);
}

rc_err_t *rc_store_webhooks_tidy(rc_db_t *db)
{
    return rc_execute(db, SQL_WEBHOOKS_ORPHANS, "");
}

/* --- deliveries --- */

rc_err_t *rc_store_deliveries(apr_array_header_t **out, rc_db_t *db, apr_int64_t webhook_id,
                              int most, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *out = apr_array_make(pool, 16, sizeof(rc_delivery_row_t));
    RC_TRY(rc_query(&st, db, SQL_DELIVERIES_OF, "id", webhook_id, most));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*out, rc_delivery_row_t) = (rc_delivery_row_t){
            .id = rc_column_int(st, 0),
            .event = rc_column_text(st, 1, pool),
            .created_on = rc_column_int(st, 2),
            .status_code = (int)rc_column_int(st, 3),
            .attempts = (int)rc_column_int(st, 4),
            .due = rc_column_int(st, 5),
            .error = rc_column_text(st, 6, pool),
            .state = rc_column_text(st, 7, pool),
        };
    }
}

rc_err_t *rc_store_delivery_webhook(apr_int64_t *webhook_id, bool *waits, rc_db_t *db,
                                    apr_int64_t id)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, SQL_DELIVERY_WEBHOOK, "i", id));
    RC_TRY(rc_step(&found, st, db));
    *webhook_id = found ? rc_column_int(st, 0) : 0;
    *waits = found && rc_column_bool(st, 1);
    if (found)
        rc_done(st);
    return NULL;
}

rc_err_t *rc_store_delivery_now(rc_db_t *db, apr_int64_t id)
{
    return rc_execute(db, SQL_DELIVERY_NOW, "ii", id, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_delivery_again(apr_int64_t *copy, rc_db_t *db, apr_int64_t id)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_DELIVERY_AGAIN, "ii", id, (apr_int64_t)apr_time_now()));
    return rc_insert(copy, st, db);
}

rc_err_t *rc_store_deliveries_waiting(apr_int64_t *count, rc_db_t *db)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_DELIVERIES_WAITING));
    return one_number(count, st, db);
}
